"""What holds on particular dates: exceptions to the weekly hours, absences, and a zone for a journey."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - the examples of the docstrings use it
from typing import TYPE_CHECKING

import attrs
import numpy as np

from petpro_core._checks import kind
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import FIRST_US, LAST_US, Int64Array, Interval, from_us
from petpro_core.recurrence import Recurrence, overlapping
from petpro_core.schedules.weekly import Ranges, as_date, as_ranges, day_number
from petpro_core.timezones import TimeZone, as_zone

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Closure",
    "DateOverride",
    "ExtraHours",
    "Holiday",
    "TemporaryZone",
    "TimeOff",
    "absences",
    "as_date",
]


def _check_order(first: date, last: date) -> None:
    if last < first:
        msg = f"the last date lies on or after the first, got {first} to {last}"
        raise InvalidValueError(msg, first=first, last=last)


@attrs.frozen
class DateOverride:
    """One local date whose hours are replaced; no ranges = closed.

    It replaces what *starts* on the date: a closed Tuesday leaves Monday's 22:00 to 02:00 alone.

        >>> DateOverride(date(2026, 12, 24), ["09:00-12:00"], name="Christmas Eve").ranges
        (ClockRange(09:00 to 12:00),)

    Attributes:
        day: The local date.
        ranges: Its hours, which may touch but not overlap; text is read by ``ClockRange.parse``.
        name: What a person is told.

    Raises:
        InvalidValueError: The day is no date, or two ranges overlap.

    Source: ADR 6.
    """

    day: date = attrs.field(converter=as_date)
    ranges: Ranges = attrs.field(converter=as_ranges, default=())
    name: str = attrs.field(default="", validator=kind(str))


@attrs.frozen
class ExtraHours:
    """Hours added to one local date, on top of the weekly ones or of the override; they may overlap those.

        >>> ExtraHours(date(2026, 12, 19), "10:00-14:00", name="Saturday before Christmas").ranges
        (ClockRange(10:00 to 14:00),)

    Attributes:
        day: The local date.
        ranges: What is added; text is read by ``ClockRange.parse``.
        name: What a person is told.

    Raises:
        InvalidValueError: The day is no date, or two of these ranges overlap.

    Source: ADR 6.
    """

    day: date = attrs.field(converter=as_date)
    ranges: Ranges = attrs.field(converter=as_ranges)
    name: str = attrs.field(default="", validator=kind(str))


@attrs.frozen
class Holiday:
    """A public holiday: the date is closed unless a ``DateOverride`` says otherwise.

        >>> Holiday(date(2026, 12, 25), "Christmas Day").name
        'Christmas Day'

    Attributes:
        day: The local date.
        name: What a person is told.

    Raises:
        InvalidValueError: The day is no date.

    Source: ADR 6.
    """

    day: date = attrs.field(converter=as_date)
    name: str = attrs.field(default="", validator=kind(str))


@attrs.frozen
class Closure:
    """Local dates, both inclusive, on which nothing opens, whatever hours and overrides say.

        >>> Closure(date(2026, 12, 24), date(2027, 1, 1), "moving house").last
        datetime.date(2027, 1, 1)

    Attributes:
        first: The first local date.
        last: The last one, on or after ``first``.
        name: What a person is told.

    Raises:
        InvalidValueError: A day is no date, or ``last`` lies before ``first``.

    Source: ADR 6.
    """

    first: date = attrs.field(converter=as_date)
    last: date = attrs.field(converter=as_date)
    name: str = attrs.field(default="", validator=kind(str))

    def __attrs_post_init__(self) -> None:
        """Refuse a closure that ends before it begins."""
        _check_order(self.first, self.last)


@attrs.frozen
class TemporaryZone:
    """The zone in which hours are read on some local dates, while somebody travels; both dates inclusive.

        >>> TemporaryZone(date(2026, 11, 30), date(2026, 12, 6), "Asia/Tokyo").zone.key
        'Asia/Tokyo'

    Attributes:
        first: The first local date.
        last: The last one, on or after ``first``.
        zone: The zone of the journey; a key is taken too.

    Raises:
        InvalidValueError: A day is no date, or ``last`` lies before ``first``.
        UnknownTimeZoneError: No zone of that key.

    Source: ADR 6.
    """

    first: date = attrs.field(converter=as_date)
    last: date = attrs.field(converter=as_date)
    zone: TimeZone = attrs.field(converter=as_zone)

    def __attrs_post_init__(self) -> None:
        """Refuse a journey that ends before it begins."""
        _check_order(self.first, self.last)


@attrs.frozen
class TimeOff:
    """An absence, once or recurring: instants in which nothing may be booked, whatever the hours say.

        >>> TimeOff.on(date(2026, 3, 8), zone="America/New_York").interval.duration
        datetime.timedelta(seconds=82800)
        >>> from datetime import datetime, timedelta
        >>> from petpro_core.recurrence import Recurrence
        >>> rounds = Recurrence(datetime(2026, 3, 4, 8), "Europe/Berlin", timedelta(hours=1), rules="FREQ=WEEKLY")
        >>> TimeOff(rounds, "rounds").recurs
        True

    Attributes:
        when: The absence: an interval, or a recurrence.
        name: What a person is told.

    Raises:
        InvalidValueError: ``when`` is none of both.

    Source: ADR 6, ADR 16.
    """

    when: Interval | Recurrence = attrs.field(validator=kind(Interval, Recurrence))
    name: str = attrs.field(default="", validator=kind(str))

    @property
    def recurs(self) -> bool:
        """Whether it is a recurrence."""
        return isinstance(self.when, Recurrence)

    @property
    def interval(self) -> Interval:
        """The one interval of an absence that happens once.

        Raises:
            InvalidValueError: It recurs; ask for those ``within`` a range.
        """
        if not isinstance(self.when, Interval):
            msg = f"an absence that recurs has no one interval, got {self.name or self.when.start}; ask within a range"
            raise InvalidValueError(msg, name="interval", got=self.name)
        return self.when

    def within(self, within: Interval) -> list[Interval]:
        """Each absence that overlaps a range, in full; at most 1,000,000 of a recurrence.

            >>> from datetime import UTC, datetime, timedelta
            >>> from petpro_core.recurrence import Recurrence
            >>> lunch = TimeOff(Recurrence(datetime(2026, 3, 2, 12), "UTC", timedelta(hours=1), rules="FREQ=DAILY"))
            >>> noon = Interval(datetime(2026, 3, 4, 12, 30, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC))
            >>> lunch.within(noon)
            [Interval(2026-03-04 12:00 to 13:00 UTC)]

        Raises:
            LimitExceededError: A recurrence has more.
        """
        if isinstance(self.when, Interval):
            return [self.when] if self.when.overlaps(within) else []
        return list(overlapping(self.when, within=within))

    @classmethod
    def on(cls, first: date, last: date | None = None, *, zone: TimeZone | str, name: str = "") -> TimeOff:
        """Whole local days, both inclusive: midnight to midnight of ``zone``, which may be 23 or 25 hours.

            >>> TimeOff.on(date(2026, 8, 3), date(2026, 8, 14), zone="UTC", name="leave").interval.duration.days
            12

        Args:
            first: The first local date.
            last: The last one; by default the same.
            zone: The zone whose days are meant; a key is taken too.
            name: What a person is told.

        Raises:
            InvalidValueError: A day is no date, or ``last`` lies before ``first``.
            OutOfRangeError: A midnight lies outside the years 1 to 9999.
            UnknownTimeZoneError: No zone of that key.
        """
        begin = as_date(first)
        end = begin if last is None else as_date(last)
        _check_order(begin, end)
        midnights = as_zone(zone).day_starts(day_number(begin), day_number(end) + 1)
        return cls(Interval(from_us(int(midnights[0])), from_us(int(midnights[-1]))), name)


def absences(
    rows: Sequence[Sequence[TimeOff]], start_us: int, end_us: int
) -> tuple[Int64Array, Int64Array, Int64Array]:
    """The absences of many rows, as columns: row, start, end; of recurrences those that overlap a range.

    Raises:
        LimitExceededError: A recurrence has more than 1,000,000 there.
    """
    once = [(row, off.when) for row, absent in enumerate(rows) for off in absent if isinstance(off.when, Interval)]
    row = np.array([row for row, _ in once], np.int64)
    starts = np.array([interval.start_us for _, interval in once], np.int64)
    ends = np.array([interval.end_us for _, interval in once], np.int64)
    if len(once) == sum(map(len, rows)):
        return row, starts, ends
    within = Interval.from_us(max(start_us, FIRST_US), min(end_us, LAST_US))
    parts = [(row, starts, ends)]
    for number, absent in enumerate(rows):
        for off in absent:
            if isinstance(off.when, Recurrence):
                found = overlapping(off.when, within=within)
                parts.append((np.full(len(found), number), found.starts, found.ends))
    row, starts, ends = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return row, starts, ends
