"""Moments and lengths as whole microseconds, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from petpro_core._checks import as_kind
from petpro_core.errors import NaiveDatetimeError, OutOfRangeError

__all__ = ["DAY_US", "FIRST_US", "LAST_US", "NEVER", "duration_us", "from_us", "in_range", "to_us"]

DAY_US: Final = 86_400_000_000
"""Twenty-four hours; a local day may be another length."""

NEVER: Final[int] = int(np.iinfo(np.int64).max)
"""An instant after all others, for "until when" where there is no end. It is no datetime and lies in no interval."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def duration_us(length: timedelta) -> int:
    """Return a length in whole microseconds, exactly, with its sign.

    >>> duration_us(timedelta(hours=1, microseconds=1))
    3600000001

    Source: timedelta keeps days, seconds and microseconds as integers; ``total_seconds`` is a float and loses the last
    ones.
    """
    return (length.days * 86_400 + length.seconds) * 1_000_000 + length.microseconds


# datetime ends at 9999-12-31 23:59:59.999999, so this is the last instant that can be an end.
FIRST_US: Final[int] = duration_us(datetime.min.replace(tzinfo=UTC) - _EPOCH)
LAST_US: Final[int] = duration_us(datetime.max.replace(tzinfo=UTC) - _EPOCH)


def in_range(first_us: int, last_us: int) -> None:
    """Raise OutOfRangeError unless both instants lie in the years 1 to 9999."""
    for us in (first_us, last_us):
        if not FIRST_US <= us <= LAST_US:
            message = (
                f"an instant lies in the years 1 to 9999 UTC, got {us} us since 1970, outside {FIRST_US} to {LAST_US}; "
                "use a nearer one"
            )
            raise OutOfRangeError(message, us=us, minimum=FIRST_US, maximum=LAST_US)


def to_us(moment: datetime) -> int:
    """Return an aware datetime as microseconds since 1970-01-01T00:00Z, exactly.

    A wall time that exists twice is told apart by its ``fold``, as in the standard library.

    >>> to_us(datetime(1970, 1, 1, 1, 0, tzinfo=UTC))
    3600000000

    Raises:
        NaiveDatetimeError: the datetime has no zone.
        InvalidValueError: it is no datetime.
        OutOfRangeError: it lies outside the years 1 to 9999 once it is UTC.

    Source: ADR 3: instants are int64 microseconds inside, aware datetimes at the edge.
    """
    as_kind("an instant", moment, datetime)
    if moment.utcoffset() is None:
        message = f"an instant needs a zone, got {moment!s} without one; give it a tzinfo, such as UTC"
        raise NaiveDatetimeError(message, moment=moment)
    us = duration_us(moment - _EPOCH)
    in_range(us, us)
    return us


def from_us(us: int) -> datetime:
    """Return microseconds since 1970-01-01T00:00Z as an aware datetime in UTC.

    >>> from_us(3_600_000_000)
    datetime.datetime(1970, 1, 1, 1, 0, tzinfo=datetime.timezone.utc)

    Raises:
        OutOfRangeError: the instant lies outside the years 1 to 9999 (``NEVER`` does).

    Source: ADR 3.
    """
    in_range(us, us)
    return _EPOCH + timedelta(microseconds=int(us))
