"""The POSIX rule at the end of a zone file: read from its text, unrolled into clock changes.

Source: POSIX.1-2017 section 8.3 (``TZ``); RFC 9636 section 3.3.1 for the hours from -167 to 167 and for daylight time
all year.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core.errors import InvalidTimeZoneDataError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["CYCLE_YEARS", "Tail", "days_to_new_year", "read_tail"]

CYCLE_YEARS: Final = 400
"""The Gregorian calendar repeats after 400 years: 146,097 days, a multiple of seven, so that weekdays repeat too."""

_DAY: Final = 86_400
_NAME: Final = r"(?:<[A-Za-z0-9+-]{3,}>|[A-Za-z]{3,})"
_CLOCK: Final = r"[+-]?\d{1,3}(?::[0-5]\d(?::[0-5]\d)?)?"
_DATE: Final = r"J\d{1,3}|\d{1,3}|M\d{1,2}\.\d\.\d"
_TAIL: Final = re.compile(
    rf"{_NAME}(?P<std>{_CLOCK})"
    rf"(?:{_NAME}(?P<dst>{_CLOCK})?,(?P<start>{_DATE})(?:/(?P<start_at>{_CLOCK}))?,(?P<end>{_DATE})(?:/(?P<end_at>{_CLOCK}))?)?",
    re.ASCII,
)
_MONTH_STARTS: Final = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)
_LONGEST_CLOCK_HOURS: Final = 167
_CHANGE_AT: Final = "2"  # the hour that POSIX takes where a rule names none


def days_to_new_year(years: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Days from 1970-01-01 to 1 January of each year, in the proleptic Gregorian calendar and for any integer year."""
    past = years - 1
    return 365 * past + past // 4 - past // 100 + past // 400 - 719_162


@attrs.frozen
class _YearDay:
    """A day of the year: ``Jn`` (1 to 365, 29 February never counted) or ``n`` (0 to 365, counted)."""

    number: int
    counts_leap_day: bool

    def days(self, years: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Days from 1970-01-01 to this day of each year."""
        first = days_to_new_year(years)
        if self.counts_leap_day:
            return first + self.number
        return first + (self.number - 1) + (_leap_days(years) if self.number >= 60 else 0)


@attrs.frozen
class _MonthDay:
    """The ``week``-th ``weekday`` (Sunday is 0) of a month; week 5 is the last one: ``Mm.w.d``."""

    month: int
    week: int
    weekday: int

    def days(self, years: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Days from 1970-01-01 to this day of each year."""
        leap = _leap_days(years)
        new_year, month = days_to_new_year(years), self.month
        first = new_year + _MONTH_STARTS[month - 1] + (leap if month > 2 else 0)
        stop = new_year + _MONTH_STARTS[month] + (leap if month >= 2 else 0)
        # 1970-01-01 was a Thursday, the fourth day of a week that begins on Sunday.
        day = first + (self.weekday - first - 4) % 7 + 7 * (self.week - 1)
        return np.where(day < stop, day, day - 7)


def _leap_days(years: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return days_to_new_year(years + 1) - days_to_new_year(years) - 365


@attrs.frozen
class _Rule:
    """When one of the two changes happens in a year: a day, and seconds of the wall clock before the change."""

    day: _YearDay | _MonthDay
    clock: int


@attrs.frozen
class Tail:
    """What holds after the last clock change that a zone lists: one offset, or a daylight rule that repeats each year.

    ``std`` and ``dst`` are offsets in seconds east of Greenwich. Without a rule ``dst`` equals ``std``.
    """

    text: str
    std: int
    dst: int
    start: _Rule | None
    end: _Rule | None

    def daylight(self, first_year: int, last_year: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Give the half-open ranges of daylight time that begin in these years, in seconds UTC, sorted and apart.

        Ranges that touch or overlap are one: that is how a rule says "daylight time all year".
        """
        if self.start is None or self.end is None:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        years = np.arange(first_year, last_year + 2, dtype=np.int64)
        starts = self.start.day.days(years) * _DAY + (self.start.clock - self.std)
        ends = self.end.day.days(years) * _DAY + (self.end.clock - self.dst)
        # South of the equator the daylight time that begins in one year ends in the next.
        stops = np.where(ends[:-1] > starts[:-1], ends[:-1], ends[1:])
        starts = starts[:-1]
        apart = stops[:-1] < starts[1:]
        return starts[np.append(True, apart)], stops[np.append(apart, True)]


def read_tail(text: str) -> Tail:
    """Read a POSIX rule such as ``CET-1CEST,M3.5.0,M10.5.0/3``, ``<-03>3`` or ``XXX3EDT4,0/0,J365/23``.

    Raises:
        InvalidTimeZoneDataError: the text is not such a rule, or one of its numbers is out of bounds.
    """
    match = _TAIL.fullmatch(text)
    if match is None:
        msg = f"a zone's last rule is a POSIX one such as 'CET-1CEST,M3.5.0,M10.5.0/3', got {text!r}"
        raise InvalidTimeZoneDataError(msg, tail=text)
    std = -_seconds(match["std"], text, limit_hours=24)
    if match["start"] is None:
        return Tail(text, std, std, None, None)
    dst = std + 3600 if match["dst"] is None else -_seconds(match["dst"], text, limit_hours=24)
    start, end = (_rule(match[edge], match[f"{edge}_at"], text) for edge in ("start", "end"))
    return Tail(text, std, dst, start, end)


def _rule(date: str, clock: str | None, text: str) -> _Rule:
    return _Rule(_day(date, text), _seconds(clock or _CHANGE_AT, text, limit_hours=_LONGEST_CLOCK_HOURS))


def _seconds(clock: str, text: str, *, limit_hours: int) -> int:
    hours, minutes, seconds = ([int(part) for part in clock.lstrip("+-").split(":")] + [0, 0])[:3]
    if hours > limit_hours:
        msg = f"the hours of a zone's last rule are at most {limit_hours} here, got {clock!r} in {text!r}"
        raise InvalidTimeZoneDataError(msg, tail=text, got=clock)
    total = hours * 3600 + minutes * 60 + seconds
    return -total if clock.startswith("-") else total


def _day(date: str, text: str) -> _YearDay | _MonthDay:
    if date.startswith("M"):
        month, week, weekday = (int(part) for part in date[1:].split("."))
        if 1 <= month <= 12 and 1 <= week <= 5 and weekday <= 6:
            return _MonthDay(month, week, weekday)
    else:
        counts_leap_day = not date.startswith("J")
        number = int(date.removeprefix("J"))
        if number <= 365 and (counts_leap_day or number >= 1):
            return _YearDay(number, counts_leap_day)
    msg = f"a day of a zone's last rule is J1 to J365, 0 to 365 or M1.1.0 to M12.5.6, got {date!r} in {text!r}"
    raise InvalidTimeZoneDataError(msg, tail=text, got=date)
