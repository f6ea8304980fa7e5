"""Lengths of time as people write them: ``30m``, ``1h 30m``, ``2 nights``, ``4h working``, ``20 working days``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from petpro_core.bookings import Days, WorkingDays, WorkingTime
from petpro_core.errors import InvalidValueError
from petpro_core.slots.rules import CalendarDays

__all__ = ["read_duration", "read_horizon", "read_notice", "read_span"]

_UNITS: Final = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "n": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
_PART: Final = re.compile(
    r"(\d{1,6})\s*(weeks?|w|days?|d|nights?|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)(?![a-z])\s*"
)
_WHOLE: Final = re.compile(rf"(?:{_PART.pattern})+")
_WORKING: Final = re.compile(r"(?P<time>.*\S)\s+working|(?P<days>\d{1,6})\s+working\s+days?")
_LONGEST: Final = timedelta(days=3660)
_FORM: Final = "a length of time is written 30m, 1h30m or 2 days"


def _parts(text: str, allowed: str) -> list[tuple[int, str]]:
    if len(text) > 60 or not _WHOLE.fullmatch(text.strip().lower()):
        msg = f"{allowed}, got {text[:60]!r}"
        raise InvalidValueError(msg, got=text[:60])
    parts = [(int(count), unit[0]) for count, unit in _PART.findall(text.strip().lower())]
    if _total(parts) > _LONGEST:
        msg = f"a length of time is at most {_LONGEST.days} days, got {text!r}"
        raise InvalidValueError(msg, got=text)
    return parts


def _total(parts: list[tuple[int, str]]) -> timedelta:
    return sum((count * _UNITS[unit] for count, unit in parts), timedelta(0))


def _all_days(parts: list[tuple[int, str]]) -> bool:
    return all(unit in "wdn" for _, unit in parts)


def read_span(text: str) -> timedelta:
    """Elapsed time; a day is 24 hours here.

        >>> read_span("1h 30m")
        datetime.timedelta(seconds=5400)

    Raises:
        InvalidValueError: The text has another form, or says more than 3,660 days.
    """
    return _total(_parts(text, _FORM))


def read_duration(text: str) -> timedelta | CalendarDays:
    """How long a visit lasts: elapsed time, or calendar days where days, nights or weeks are written.

        >>> read_duration("45 minutes")
        datetime.timedelta(seconds=2700)
        >>> read_duration("2 nights")
        CalendarDays(days=2)

    Raises:
        InvalidValueError: The text has another form, or mixes calendar days with hours.
    """
    parts = _parts(text, "a duration is written 30m, 1h30m, or 2 nights")
    if _all_days(parts):
        return CalendarDays(_total(parts).days)
    if any(unit in "wdn" for _, unit in parts):
        msg = (
            f"a visit lasts hours and minutes or calendar days, not both, got {text!r}; write 26h for a day and 2 hours"
        )
        raise InvalidValueError(msg, got=text)
    return _total(parts)


def read_notice(text: str) -> timedelta | WorkingTime:
    """Notice: elapsed (``2h``, ``1 day``), or in opening time (``4h working``).

        >>> read_notice("4h working")
        WorkingTime(time=datetime.timedelta(seconds=14400))

    Raises:
        InvalidValueError: The text has another form.
    """
    form = "a notice is written 2h, 1 day or 4h working"
    found = _WORKING.fullmatch(text.strip().lower())
    if found is None:
        return _total(_parts(text, form))
    parts = _parts(found["time"] or text, form)
    if any(unit in "wdn" for _, unit in parts):
        msg = f"working time is counted in hours and minutes, got {text!r}; write 8h working"
        raise InvalidValueError(msg, got=text)
    return WorkingTime(_total(parts))


def read_horizon(text: str) -> timedelta | Days | WorkingDays:
    """How far ahead: local days (``60 days``), days with opening hours (``20 working days``), or elapsed (``72h``).

        >>> read_horizon("20 working days"), read_horizon("8 weeks")
        (WorkingDays(days=20), Days(days=56))

    Raises:
        InvalidValueError: The text has another form.
    """
    form = "a horizon is written 60 days, 20 working days or 72h"
    found = _WORKING.fullmatch(text.strip().lower())
    if found is not None and found["days"]:
        return WorkingDays(_parts(f"{found['days']} days", form)[0][0])
    parts = _parts(text, form)
    return Days(_total(parts).days) if _all_days(parts) else _total(parts)
