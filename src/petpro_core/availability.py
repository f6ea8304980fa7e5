"""Calendars and their hours: what is open and what is free, for one calendar or for many.

A ``Calendar`` is one resource's schedules and time off, without bookings. Many rows often share a few of them, so a
``CalendarBatch`` keeps the distinct ones once and a number for each row; hours are expanded once for each distinct one.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core import _sweeps
from petpro_core._checks import as_column, as_each, as_kind, frozen, whole
from petpro_core.errors import InvalidValueError, OutOfRangeError
from petpro_core.intervals import DAY_US, Int64Array, Interval, IntervalBatch, IntervalSet
from petpro_core.schedules import Openings, Schedule, TimeOff, expand
from petpro_core.schedules.dates import absences, as_date
from petpro_core.schedules.weekly import day_number
from petpro_core.timezones import as_zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from petpro_core.timezones import TimeZone

__all__ = ["Calendar", "CalendarBatch", "HoursCache", "LocalDays", "free_time", "open_hours"]

_MARGIN_DAYS: Final = 3  # A date's hours lie within two days of it by the clock, and one more by any zone's offset.
# The day before the first and the day after the last exist too, and no zone's midnight lies a day from that of UTC.
_FIRST_DAY: Final = date(1, 1, 2)
_LAST_DAY: Final = date(9999, 12, 30)


def _as_schedules(value: Schedule | Iterable[Schedule]) -> tuple[Schedule, ...]:
    return as_each(Schedule, "schedules", value)


def _as_time_off(value: TimeOff | Iterable[TimeOff]) -> tuple[TimeOff, ...]:
    return as_each(TimeOff, "time_off", value)


@attrs.frozen(cache_hash=True)
class Calendar:
    """One resource's hours: its schedules (one for each place it works at) and its time off, without bookings.

        >>> from petpro_core.schedules import WeeklyHours
        >>> Calendar(Schedule("Europe/Berlin", WeeklyHours({"monday": ["09:00-17:00"]}))).zone.key
        'Europe/Berlin'

    Attributes:
        schedules: At least one; their hours are joined. The zone of the first is the calendar's home zone, in which
            caps and local days are counted.
        time_off: Absences; they cut the hours of every place.
        capacity: How many units may be held at one instant; 1 to 10,000.

    Raises:
        InvalidValueError: No schedule, or a value of another type or outside its bounds.

    Source: RFC 7953 (availability); ADR 5 (capacity).
    """

    schedules: tuple[Schedule, ...] = attrs.field(converter=_as_schedules)
    time_off: tuple[TimeOff, ...] = attrs.field(converter=_as_time_off, default=())
    capacity: int = attrs.field(default=1, validator=whole(1, 10_000), kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse a calendar that says nothing."""
        if not self.schedules:
            msg = "a calendar has at least one schedule (closed all week is a schedule without hours), got none"
            raise InvalidValueError(msg)

    @property
    def zone(self) -> TimeZone:
        """The home zone: caps and local days are counted in it."""
        return self.schedules[0].zone


@attrs.frozen(eq=False, repr=False)
class CalendarBatch:
    """Many calendars as rows: the distinct ones once, and columns that say which row has which.

        >>> from petpro_core.schedules import WeeklyHours
        >>> berlin = Schedule("Europe/Berlin", WeeklyHours({"monday": ["09:00-17:00"]}))
        >>> CalendarBatch.of([Calendar(berlin), Calendar(berlin, capacity=2)], handles=[70, 71])
        <CalendarBatch of 2 rows, 1 distinct>

    Every column is read-only.

    Attributes:
        distinct: Calendars that differ in hours or time off (by identity of their parts, never by hashing them).
        index: int64[n]: which of them each row has.
        handles: int64[n]: the caller's number for each row, 0 or more; results and bookings name rows by it.
        capacities: int64[n]: units that each row may hold at one instant.

    Source: ADR 3, ADR 9.
    """

    distinct: tuple[Calendar, ...]
    index: Int64Array
    handles: Int64Array
    capacities: Int64Array

    def __attrs_post_init__(self) -> None:
        """Freeze the columns."""
        for column in (self.index, self.handles, self.capacities):
            frozen(column)

    @classmethod
    def of(
        cls, calendars: Calendar | CalendarBatch | Sequence[Calendar], handles: Sequence[int] | Int64Array | None = None
    ) -> CalendarBatch:
        """Rows from calendars; without ``handles`` they are numbered 0, 1, 2, ...

            >>> CalendarBatch.of([Calendar(Schedule("UTC"))] * 3).handles.tolist()
            [0, 1, 2]

        Args:
            calendars: One, several, or a batch, which is given back as it is.
            handles: The caller's numbers, 0 or more, one for each calendar; not for a batch, which has its own.

        Raises:
            InvalidValueError: Something else than calendars; not one handle for each, one twice, a negative one, one
                that is no whole number, or handles for a batch.
        """
        if isinstance(calendars, CalendarBatch):
            if handles is not None:
                msg = f"a batch has its own handles, got {handles} too; leave them out, or give the calendars"
                raise InvalidValueError(msg, name="handles", got=handles)
            return calendars
        rows = as_each(Calendar, "calendars", calendars)
        numbers = np.arange(len(rows)) if handles is None else _handles(rows, handles)
        seen: dict[object, int] = {}
        distinct: list[Calendar] = []
        index: list[int] = []
        for calendar in rows:
            parts = calendar.schedules
            key: object = id(parts[0]) if len(parts) == 1 else tuple(map(id, parts))
            if calendar.time_off:
                key = (key, *map(id, calendar.time_off))
            number = seen.setdefault(key, len(distinct))
            if number == len(distinct):
                distinct.append(calendar)
            index.append(number)
        capacities = np.array([calendar.capacity for calendar in rows], np.int64)
        return cls(tuple(distinct), np.array(index, np.int64), numbers, capacities)

    def __repr__(self) -> str:
        """Say how much there is; its columns would fill a page."""
        return f"<CalendarBatch of {len(self)} rows, {len(self.distinct)} distinct>"

    def __len__(self) -> int:
        """How many rows."""
        return len(self.index)

    def rows(self, start: int, stop: int) -> CalendarBatch:
        """The rows ``start:stop``, with only the calendars that they use."""
        used, index = np.unique(self.index[start:stop], return_inverse=True)
        distinct = tuple(self.distinct[i] for i in used.tolist())
        return CalendarBatch(distinct, index, self.handles[start:stop], self.capacities[start:stop])


def _handles(rows: Sequence[Calendar], handles: Sequence[int] | Int64Array) -> Int64Array:
    numbers = as_column("handles", handles)
    if numbers.shape != (len(rows),) or len(set(numbers.tolist())) < len(rows) or numbers.min(initial=0) < 0:
        msg = f"each calendar has one handle of its own, 0 or more, got {len(rows)} calendars and the handles {handles}"
        raise InvalidValueError(msg, name="handles", got=handles, calendars=len(rows), handles=handles)
    return numbers


@attrs.frozen
class LocalDays:
    """A range of local dates, both inclusive, in one zone or in each calendar's own.

    "14 days" is no interval on the UTC line when calendars lie in several zones: each row's days begin at its own
    midnight.

        >>> LocalDays(date(2026, 3, 28), date(2026, 3, 29), "Europe/Berlin").zone.key
        'Europe/Berlin'

    Attributes:
        first: The first local date; 0001-01-02 or later, so that its midnight is an instant in every zone.
        last: The last one, on or after ``first``; 9999-12-30 or earlier, likewise.
        zone: The zone whose days are meant; a key is taken too. ``None`` = each calendar's home zone.

    Raises:
        InvalidValueError: A day is no date, or ``last`` lies before ``first``.
        OutOfRangeError: A day lies outside its bounds.
        UnknownTimeZoneError: No zone of that key.

    Source: ADR 11.
    """

    first: date = attrs.field(converter=as_date)
    last: date = attrs.field(converter=as_date)
    zone: TimeZone | None = attrs.field(converter=attrs.converters.optional(as_zone), default=None)

    def __attrs_post_init__(self) -> None:
        """Refuse a range that ends before it begins, and days without a midnight that can be told."""
        if self.last < self.first:
            msg = f"a range of days ends on or after the day it begins, got {self.first} to {self.last}"
            raise InvalidValueError(msg, first=self.first, last=self.last)
        if self.first < _FIRST_DAY or self.last > _LAST_DAY:
            msg = f"local days lie from {_FIRST_DAY} to {_LAST_DAY}, got {self.first} to {self.last}; use nearer ones"
            raise OutOfRangeError(msg, first=self.first, last=self.last, minimum=_FIRST_DAY, maximum=_LAST_DAY)

    def bounds_us(self, home: TimeZone) -> tuple[int, int]:
        """First instant and first instant after, in microseconds, for a calendar at home in ``home``."""
        days = (self.zone or home).day_starts(day_number(self.first), day_number(self.last) + 1)
        return int(days[0]), int(days[-1])


class HoursCache:
    """Expanded hours, kept by whoever asks again: pass one to several queries and throw it away with them.

    Entries are found by the identity of schedules and time off, and hold on to those. There is no other memory in the
    core: without a cache every query expands anew.

        >>> from petpro_core.schedules import WeeklyHours
        >>> cache, week = HoursCache(), Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-17:00"]})))
        >>> hours = cache.hours([week], 0, 6, split=False, location=None)
        >>> hours is cache.hours([week], 0, 6, split=False, location=None)
        True

    Source: ADR 9.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._entries: dict[object, tuple[object, Openings]] = {}

    def hours(
        self, distinct: Sequence[Calendar], first_day: int, last_day: int, *, split: bool, location: int | None
    ) -> Openings:
        """``calendar_hours`` of these calendars, from memory if they were asked for before."""
        parts = [(*calendar.schedules, *calendar.time_off) for calendar in distinct]
        key = (tuple(tuple(map(id, part)) for part in parts), first_day, last_day, split, location)
        if key not in self._entries:
            fresh = calendar_hours(distinct, first_day, last_day, split=split, location=location)
            self._entries[key] = (parts, fresh)
        return self._entries[key][1]


def calendar_hours(
    distinct: Sequence[Calendar], first_day: int, last_day: int, *, split: bool = False, location: int | None = None
) -> Openings:
    """Opening ranges minus time off, a row for each calendar, for openings that begin on these local days.

    What time off leaves of a range keeps the range's own beginning, so that its grid stays where it was.
    """
    rows = [
        calendar.schedules
        if location is None
        else [schedule for schedule in calendar.schedules if schedule.location in (None, location)]
        for calendar in distinct
    ]
    openings = expand(rows, first_day=first_day, last_day=last_day, split_at_changes=split)
    if not any(calendar.time_off for calendar in distinct):
        return openings
    origin, width = (first_day - _MARGIN_DAYS) * DAY_US, (last_day - first_day + 3 * _MARGIN_DAYS) * DAY_US
    _sweeps.check_line(len(rows), width)
    row, away_from, away_to = absences([calendar.time_off for calendar in distinct], origin, origin + width)
    # A long absence is clipped to its row's part of the line, never dropped.
    cut_starts = row * width + np.clip(away_from - origin, 0, width - 1)
    cut_ends = row * width + np.clip(away_to - origin, 0, width - 1)
    line = np.repeat(np.arange(len(rows)) * width - origin, np.diff(openings.offsets))
    starts, ends, source = _sweeps.subtract(openings.starts + line, openings.ends + line, (cut_starts, cut_ends))
    back = line[source]
    offsets = source.searchsorted(openings.offsets)
    return Openings(offsets, starts - back, ends - back, openings.opened[source], openings.midnights[source])


def days_around(start_us: int, end_us: int) -> tuple[int, int]:
    """The day numbers whose hours can reach into an interval, in any zone."""
    return start_us // DAY_US - _MARGIN_DAYS, -(-end_us // DAY_US) + 1


def open_hours(
    calendars: Calendar | CalendarBatch | Sequence[Calendar], *, within: Interval, location: int | None = None
) -> IntervalBatch:
    """Opening hours minus time off, a row for each calendar, clipped to ``within``.

        >>> from petpro_core.schedules import WeeklyHours
        >>> from datetime import UTC, datetime
        >>> berlin = Calendar(Schedule("Europe/Berlin", WeeklyHours({"monday": ["09:00-17:00"]})))
        >>> day = Interval(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC))
        >>> list(open_hours(berlin, within=day)[0])
        [Interval(2026-11-23 08:00 to 16:00 UTC)]

    Args:
        calendars: The rows.
        within: The time of interest.
        location: The handle of a place: only its hours, and those of no place in particular; ``None`` = all.

    Raises:
        InvalidValueError: Something else than calendars, or ``within`` is no interval.

    Source: ADR 6; RFC 7953.
    """
    as_kind("within", within, Interval)
    batch = CalendarBatch.of(calendars)
    hours = calendar_hours(batch.distinct, *days_around(within.start_us, within.end_us), location=location)
    rows = [
        IntervalSet.from_us(hours.starts[a:b], hours.ends[a:b]).within(within)
        for a, b in zip(hours.offsets[:-1].tolist(), hours.offsets[1:].tolist(), strict=True)
    ]
    return IntervalBatch.from_sets([rows[i] for i in batch.index.tolist()])


def free_time(
    calendars: Calendar | CalendarBatch | Sequence[Calendar],
    *,
    busy: IntervalBatch | IntervalSet,
    within: Interval,
    location: int | None = None,
) -> IntervalBatch:
    """Free = hours - busy, a row for each calendar; ``busy`` has a row for each, or is one set for all.

    This is time, not starts: buffers, notice and caps belong to ``find_slots``.

        >>> from petpro_core.schedules import WeeklyHours
        >>> from datetime import UTC, datetime
        >>> berlin = Calendar(Schedule("Europe/Berlin", WeeklyHours({"monday": ["09:00-17:00"]})))
        >>> day = Interval(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC))
        >>> lunch = Interval(datetime(2026, 11, 23, 11, tzinfo=UTC), datetime(2026, 11, 23, 12, tzinfo=UTC))
        >>> list(free_time(berlin, busy=IntervalSet.of(lunch), within=day)[0])
        [Interval(2026-11-23 08:00 to 11:00 UTC), Interval(2026-11-23 12:00 to 16:00 UTC)]

    Args:
        calendars: The rows.
        busy: What is taken: a row for each calendar, in their order, or one set for all.
        within: The time of interest.
        location: The handle of a place: only its hours, and those of no place in particular; ``None`` = all.

    Raises:
        InvalidValueError: Something else than calendars, an interval or busy time, or not one busy row for each
            calendar.

    Source: ADR 3; RFC 7953.
    """
    as_kind("busy", busy, IntervalBatch, IntervalSet)
    return open_hours(calendars, within=within, location=location).difference(busy)
