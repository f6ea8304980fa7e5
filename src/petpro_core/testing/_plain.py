"""The words of a plain case: instants, lengths and clock times, as numbers or as text that people write."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

__all__ = ["WEEKDAYS", "Case", "clock_range", "day_number", "instant", "length", "optional_instant", "optional_length"]

Case = dict[str, Any]
"""A question as a plain dict that JSON can hold; ``petpro_core.testing.oracle`` says what may stand in it."""

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UNITS: Final = {"d": 86_400_000_000, "h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "us": 1}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def instant(value: int | str) -> int:
    """Microseconds since 1970 from themselves, or from ISO 8601 text with an offset.

    >>> instant("1970-01-01T01:00+00:00")
    3600000000
    """
    return (datetime.fromisoformat(value) - _EPOCH) // timedelta(microseconds=1) if isinstance(value, str) else value


def length(value: int | str) -> int:
    """Microseconds from themselves, or from text such as ``1h30m``.

    >>> length("1h30m")
    5400000000
    """
    if isinstance(value, int):
        return value
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)(us|[dhms])", value))


def optional_instant(value: int | str | None) -> int | None:
    """``instant``, or ``None`` as it is."""
    return None if value is None else instant(value)


def optional_length(value: int | str | None) -> int | None:
    """``length``, or ``None`` as it is."""
    return None if value is None else length(value)


def clock_range(text: str) -> tuple[int, int]:
    """``22:00-02:00`` as microseconds from the midnight of its date; an end at or before the start is the next day's.

    >>> [edge // 3_600_000_000 for edge in clock_range("22:00-02:00")]
    [22, 26]
    """
    start, end = (instant(f"1970-01-01T{clock}Z") for clock in text.replace("24:00", "00:00").split("-"))
    return start, end if end > start else end + _UNITS["d"]


def day_number(text: str) -> int:
    """The days from 1970-01-01 to an ISO date."""
    return date.fromisoformat(text).toordinal() - _EPOCH.toordinal()
