"""The answer of a search: starts as columns, objects only when somebody iterates."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from itertools import repeat
from typing import TYPE_CHECKING

import attrs
import numpy as np

from petpro_core._checks import frozen
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import NEVER, Int64Array, from_us
from petpro_core.schedules.weekly import day_of_number
from petpro_core.timezones import Instants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date, datetime

    from petpro_core.slots.footprint import Footprint
    from petpro_core.slots.rules import SlotRules
    from petpro_core.timezones import TimeZone

__all__ = ["Slot", "SlotTable"]


@attrs.frozen(order=True)
class Slot:
    """One bookable start.

        >>> from datetime import UTC, datetime
        >>> Slot(datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 9, 30, tzinfo=UTC), 7).duration
        datetime.timedelta(seconds=1800)

    Attributes:
        start: When the visit would start, in UTC.
        end: When it would end, buffers aside.
        resource_id: The handle of the calendar.
        rule: Which of the rules asked it belongs to, counted from 0.
        stranded: The service time that it makes impossible in its calendar; ``None`` where no policy asked.

    Source: ADR 2, ADR 20.
    """

    start: datetime
    end: datetime
    resource_id: int
    rule: int = 0
    stranded: timedelta | None = None

    @property
    def duration(self) -> timedelta:
        """The elapsed time of the visit."""
        return self.end - self.start


@attrs.frozen(eq=False, repr=False)
class SlotTable:
    """Starts of many rows, as columns; row i has ``starts[offsets[i]:offsets[i + 1]]``, in order of time.

    With several rules in one query there is a row for each rule and calendar, all calendars of the first rule first.
    Every column is read-only. It iterates as ``Slot`` objects; ``find_slots`` makes it.

        >>> from datetime import UTC, datetime, timedelta
        >>> from petpro_core import (
        ...     ALWAYS,
        ...     BookingTable,
        ...     Calendar,
        ...     Interval,
        ...     Schedule,
        ...     SlotRules,
        ...     WeeklyHours,
        ...     find_slots,
        ... )
        >>> table = find_slots(
        ...     Calendar(Schedule("Europe/Berlin", WeeklyHours({"monday": ["09:00-10:00"]}))),
        ...     busy=BookingTable.empty(known=ALWAYS),
        ...     rules=SlotRules(timedelta(minutes=30)),
        ...     within=Interval(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)),
        ...     now=datetime(2026, 11, 1, tzinfo=UTC),
        ... )
        >>> table
        <SlotTable of 3 starts in 1 rows, first 2026-11-23 08:00+00:00>
        >>> [str(slot.start.time()) for slot in table]
        ['08:00:00', '08:15:00', '08:30:00']

    Attributes:
        handles: int64[n]: the caller's number of each row's calendar.
        rule: int64[n]: which of ``rules`` each row is of.
        offsets: int64[n + 1]: where each row begins and ends.
        starts: int64[m]: microseconds since 1970-01-01T00:00Z.
        rules: The rules asked.
        valid_until: The next instant at which time alone may change this answer; before it the same question has the
            same answer. ``None`` = never.
        untested: What could not be tested because the request does not tell it.

    Source: ADR 2, ADR 3, ADR 20.
    """

    handles: Int64Array
    rule: Int64Array
    offsets: Int64Array
    starts: Int64Array
    rules: tuple[SlotRules, ...]
    valid_until: datetime | None
    untested: tuple[str, ...]
    _footprints: tuple[Footprint, ...]
    _calendar: Int64Array
    _notice: int | Int64Array | None
    _stranded: Int64Array | Callable[[SlotTable], Int64Array] | None = None

    def __attrs_post_init__(self) -> None:
        """Freeze the columns: an answer is read, and may be kept and shared."""
        for column in (self.handles, self.rule, self.offsets, self.starts, self._calendar):
            frozen(column)
        if isinstance(self._notice, np.ndarray):
            frozen(self._notice)

    def __len__(self) -> int:
        """How many starts."""
        return len(self.starts)

    @property
    def counts(self) -> Int64Array:
        """int64[n]: how many starts each row has."""
        return frozen(np.diff(self.offsets))

    @cached_property
    def rows(self) -> Int64Array:
        """int64[m]: the row of each start."""
        return frozen(np.repeat(np.arange(len(self.handles)), self.counts))

    @cached_property
    def ends(self) -> Int64Array:
        """int64[m]: when the visit of each start would end, buffers aside."""
        result = np.empty_like(self.starts)
        for number, footprint in enumerate(self._footprints):
            mine = (self.rule[self.rows] == number).nonzero()[0]
            result[mine] = self.starts[mine] + footprint.lengths(self._calendar[self.rows[mine]], self.starts[mine])
        return frozen(result)

    @property
    def offered_until(self) -> Int64Array:
        """int64[m]: the instant from which notice alone refuses each start; ``NEVER`` where notice was waived."""
        if self._notice is None:
            return frozen(np.full(len(self), NEVER))
        if isinstance(self._notice, int):
            return frozen(self.starts - (self._notice - 1))
        return self._notice

    @cached_property
    def stranded(self) -> Int64Array | None:
        """int64[m]: the microseconds of service that each start makes impossible; ``None`` where no policy asked."""
        found = self._stranded
        return None if found is None else frozen(found if isinstance(found, np.ndarray) else found(self))

    def whole_first(self) -> Int64Array:
        """int64[m]: the places of all starts, row by row; those first that strand the least, and then in order of time.

        Raises:
            InvalidValueError: The policy did not ask what starts strand.
        """
        return np.lexsort((self.starts, self._told_stranded(), self.rows))

    def least_stranding(self) -> SlotTable:
        """The table with only the starts of each row that strand the least; the others are still bookable.

        Raises:
            InvalidValueError: The policy did not ask what starts strand.
        """
        stranded = self._told_stranded()
        least = np.full(len(self.handles), NEVER)
        np.minimum.at(least, self.rows, stranded)
        return self.take((stranded == least[self.rows]).nonzero()[0])

    def _told_stranded(self) -> Int64Array:
        if self.stranded is None:
            msg = "what starts strand is told where the policy has a Stranding, got none; give it one"
            raise InvalidValueError(msg, name="stranding", got=None)
        return self.stranded

    def row(self, number: int) -> Int64Array:
        """The starts of one row."""
        return self.starts[self.offsets[number] : self.offsets[number + 1]]

    def __getitem__(self, place: int) -> Slot:
        """One start as an object."""
        row = int(self.rows[place])
        return Slot(
            from_us(int(self.starts[place])),
            from_us(int(self.ends[place])),
            int(self.handles[row]),
            int(self.rule[row]),
            None if self.stranded is None else timedelta(microseconds=int(self.stranded[place])),
        )

    def __iter__(self) -> Iterator[Slot]:
        """Every start as an object, row by row (about 2 microseconds each)."""
        stranded: Iterable[timedelta | None] = repeat(None, len(self))
        if self.stranded is not None:
            stranded = (timedelta(microseconds=us) for us in self.stranded.tolist())
        columns = (self.starts.tolist(), self.ends.tolist(), self.rows.tolist(), stranded)
        for start, end, row, left in zip(*columns, strict=True):
            yield Slot(from_us(start), from_us(end), int(self.handles[row]), int(self.rule[row]), left)

    def take(self, places: Int64Array) -> SlotTable:
        """The table with only these starts, given by their places in ascending order."""
        offsets = np.append(0, np.bincount(self.rows[places], minlength=len(self.handles)).cumsum())
        notice = self._notice[places] if isinstance(self._notice, np.ndarray) else self._notice
        # What is worked out for a table when it is read knows how to read a part of it.
        stranded = self._stranded[places] if isinstance(self._stranded, np.ndarray) else self._stranded
        return attrs.evolve(self, offsets=offsets, starts=self.starts[places], notice=notice, stranded=stranded)

    def by_day(self, zone: TimeZone) -> dict[date, SlotTable]:
        """The starts of each local day of ``zone``, for days that have any.

        A day is midnight to midnight, as caps count it, not what the clock shows: where clocks go back over midnight
        the repeated minutes belong to the day that has begun.
        """
        days = zone.day_of(Instants(self.starts))
        found = np.unique(days)
        return {day_of_number(int(day)): self.take((days == day).nonzero()[0]) for day in found}

    def __repr__(self) -> str:
        """Say how much there is, and show the first."""
        first = f", first {from_us(int(self.starts.min())).isoformat(' ', 'minutes')}" if len(self) else ""
        return f"<SlotTable of {len(self)} starts in {len(self.handles)} rows{first}>"
