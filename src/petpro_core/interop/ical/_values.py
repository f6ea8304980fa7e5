"""Dates, times, durations and periods of an iCalendar text, as instants of our own zones.

Source: RFC 5545 sections 3.3.4 to 3.3.6, 3.3.9 and 3.3.14.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

import attrs

from petpro_core.errors import OutOfRangeError
from petpro_core.intervals import to_us

if TYPE_CHECKING:
    from petpro_core.interop.ical._lines import Property
    from petpro_core.timezones import TimeZone

__all__ = [
    "DAY_US",
    "SECOND_US",
    "Clocks",
    "Moment",
    "Span",
    "ended",
    "placed",
    "read_moment",
    "read_moments",
    "read_offset",
    "read_period",
    "read_span",
    "read_wall",
    "wall_us",
]

SECOND_US: Final = 1_000_000
DAY_US: Final = 86_400 * SECOND_US

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - wall times are counted from here, in no zone
_MICROSECOND: Final = timedelta(microseconds=1)
_DATE: Final = r"([0-9]{4})([0-9]{2})([0-9]{2})"
_MOMENT: Final = re.compile(_DATE + r"(?:T([0-9]{2})([0-9]{2})([0-9]{2})(Z?))?", re.ASCII)
_SPAN: Final = re.compile(
    r"([+-]?)P(?=[0-9T])(?:([0-9]{1,7})W)?(?:([0-9]{1,7})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})S)?)?",
    re.IGNORECASE,
)
_OFFSET: Final = re.compile(r"([+-])([01][0-9]|2[0-3])([0-5][0-9])([0-5][0-9])?")
_DATES: Final = "YYYYMMDD"
_TIMES: Final = "YYYYMMDDTHHMMSS, with Z for UTC"
_SPANS: Final = "a length such as P1D, P2W, PT30M or P1DT2H"
_TOP_SECOND: Final = 59


class Clocks(Protocol):
    """Where the zones of a calendar come from."""

    @property
    def floating(self) -> TimeZone:
        """The zone of times that name none, and of all-day events."""

    @property
    def utc(self) -> TimeZone:
        """The zone of times that end in Z."""

    def find(self, tzid: str, named: Property) -> TimeZone:
        """Give the zone that a TZID names."""


@attrs.frozen
class Moment:
    """A wall time with its zone and the instant it is; of a date, local midnight."""

    wall: datetime
    zone: TimeZone
    is_date: bool
    us: int


@attrs.frozen
class Span:
    """A length: calendar days of the local clock first, exact microseconds after them."""

    days: int
    exact_us: int


def wall_us(wall: datetime) -> int:
    """Count the microseconds of a wall time since 1970-01-01T00:00 on the same clock."""
    return (wall - _EPOCH) // _MICROSECOND


def read_wall(text: str, named: Property, *, allowed: str = f"{_DATES} or {_TIMES}") -> tuple[datetime, bool, bool]:
    """Read a date or a time as (wall time, whether it is a date, whether it is UTC).

    A second of 60 is read as 59, as the standard says: leap seconds do not exist here.
    """
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise named.error(rule="a date or time must be readable", got=text, allowed=allowed)
    year, month, day = (int(part) for part in match.groups()[:3])
    hour, minute, second = (int(part or 0) for part in match.groups()[3:6])
    try:
        wall = datetime(year, month, day, hour, minute, second - (second > _TOP_SECOND))  # noqa: DTZ001 - a wall time
    except ValueError:
        raise named.error(rule="a date or time must exist", got=text, allowed=allowed) from None
    return wall, match[4] is None, match[7] == "Z"


def placed(wall: datetime, zone: TimeZone, *, is_date: bool, named: Property) -> Moment:
    """Convert a wall time: inside a gap it takes the offset before, and the first of two."""
    try:
        us = to_us(zone.to_utc(wall))
    except OutOfRangeError:
        raise named.error(rule="a time lies in the years 1 to 9999 UTC", allowed="a nearer time") from None
    return Moment(wall, zone, is_date, us)


def read_moment(text: str, named: Property, clocks: Clocks) -> Moment:
    """Read one date or time. A Z wins over a TZID; a date without VALUE=DATE is still a date.

    Raises:
        InvalidCalendarError: the text is neither, does not exist, is not of the VALUE that the line announces, or its
            TZID is unknown.
    """
    announced = (named.parameter("VALUE") or "").upper()
    wall, is_date, is_utc = read_wall(text, named)
    if (announced == "DATE" and not is_date) or (announced == "DATE-TIME" and is_date):
        allowed = _DATES if announced == "DATE" else _TIMES
        raise named.error(rule=f"the value must be of its VALUE={announced}", got=text, allowed=allowed)
    tzid = named.parameter("TZID")
    if is_utc:
        zone = clocks.utc
    elif is_date or tzid is None:
        zone = clocks.floating
    else:
        zone = clocks.find(tzid, named)
    return placed(wall, zone, is_date=is_date, named=named)


def read_moments(named: Property, clocks: Clocks) -> list[Moment]:
    """Read a comma list of dates or times."""
    return [read_moment(text, named, clocks) for text in named.value.split(",")]


def read_span(text: str, named: Property) -> Span:
    """Read a DURATION: weeks and days are days of the local clock, the rest is exact.

    Raises:
        InvalidCalendarError: it is not a duration, or it is negative.
    """
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise named.error(rule="a duration must be readable", got=text, allowed=_SPANS)
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    span = Span(weeks * 7 + days, ((hours * 60 + minutes) * 60 + seconds) * SECOND_US)
    if match[1] == "-" and span != Span(0, 0):
        raise named.error(rule="a duration must not be negative", got=text, allowed=_SPANS)
    return span


def ended(start: Moment, span: Span, named: Property) -> int:
    """Give the instant at which a span that begins at ``start`` ends."""
    try:
        later = start.wall + timedelta(days=span.days)
        first = placed(later, start.zone, is_date=False, named=named).us if span.days else start.us
    except OverflowError:
        raise named.error(rule="a time lies in the years 1 to 9999", allowed="a shorter duration") from None
    return first + span.exact_us


def read_period(text: str, named: Property, clocks: Clocks) -> tuple[Moment, int]:
    """Read ``start/end`` or ``start/duration`` as its start and the instant of its end.

    Raises:
        InvalidCalendarError: it is not a period of two times, or it ends before it starts.
    """
    opening, slash, closing = text.partition("/")
    start = read_moment(opening, named, clocks)
    if not slash or start.is_date:
        raise named.error(rule="a period must be readable", got=text, allowed="start/end or start/duration")
    if closing.strip()[:1] in ("P", "p", "+", "-"):
        end = ended(start, read_span(closing, named), named)
    else:
        end = read_moment(closing, named, clocks).us
    if end < start.us:
        raise named.error(
            rule="a period must not end before it starts", got=text, allowed="start/end or start/duration"
        )
    return start, end


def read_offset(named: Property) -> timedelta:
    """Read an offset from UTC such as -0500."""
    match = _OFFSET.fullmatch(named.value.strip())
    if match is None:
        raise named.error(rule="an offset from UTC must be readable", allowed="+HHMM, -HHMM or +HHMMSS below 24 hours")
    size = timedelta(hours=int(match[2]), minutes=int(match[3]), seconds=int(match[4] or 0))
    return -size if match[1] == "-" else size
