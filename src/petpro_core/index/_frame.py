"""What stays as it is while bookings and time change: the rows, the question, and the candidate starts.

The candidates of a calendar are the starts that it would offer if nothing were booked: what the judge lets through
without bookings. The cells of a row are those of them that it lets through with them. No rule is said here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core import _sweeps
from petpro_core._checks import frozen
from petpro_core._sweeps import filled
from petpro_core.availability import CalendarBatch
from petpro_core.bookings import BookingPolicy, BookingTable, Request
from petpro_core.decisions._compile import compile_rows, gaps_of, prepare, windows, zones_of
from petpro_core.decisions._releases import kept_starts
from petpro_core.decisions._search import chunks
from petpro_core.decisions._whole import stranded_us, visit_of
from petpro_core.errors import LimitExceededError
from petpro_core.index._bits import packed, words_for
from petpro_core.intervals import ALWAYS, NEVER, Int64Array
from petpro_core.reasons import Waiver
from petpro_core.schedules import Openings
from petpro_core.slots import Line, sweep

if TYPE_CHECKING:
    from collections.abc import Collection

    from petpro_core.availability import Calendar, LocalDays
    from petpro_core.decisions._compile import Prepared
    from petpro_core.decisions._question import Question
    from petpro_core.index._bits import Words
    from petpro_core.intervals import Interval

__all__ = ["Candidates", "Frame"]

_MOST_CANDIDATES: Final = 50_000_000


@attrs.frozen(eq=False)
class Candidates:
    """The starts that each distinct calendar would offer if nothing were booked.

    Attributes:
        offsets: int64[t + 1]: the candidates of each calendar.
        starts: int64[c]: they themselves, in order of time within a calendar.
        axis: int64[a]: all of them together, each once, in order of time.
        places: int64[c]: where each candidate stands on the axis.
    """

    offsets: Int64Array
    starts: Int64Array
    axis: Int64Array
    places: Int64Array

    @classmethod
    def of(cls, offsets: Int64Array, starts: Int64Array) -> Candidates:
        """The candidates of each calendar, and the axis that they share."""
        axis = np.unique(starts)
        every = cls(offsets, starts, axis, axis.searchsorted(starts))
        for column in (every.offsets, every.starts, every.axis, every.places):
            frozen(column)
        return every

    def before(self, instants: Int64Array) -> Int64Array:
        """How many candidates each calendar has before an instant of its own."""
        earlier = self.starts < instants.repeat(np.diff(self.offsets))
        return np.diff(np.append(0, earlier.cumsum())[self.offsets])


@attrs.frozen(eq=False)
class Frame:
    """The rows and the candidate starts of an index.

    Attributes:
        prepared: Hours and window, for all rows; notice and horizon are left open in it.
        within: The range as it was asked.
        candidates: The starts that a cell can stand for.
        begins: int64[n]: where each row's candidates begin.
        width: How many words a row takes.
        handles: int64[n]: the handles in order.
        rows: int64[n]: the row of each of them.
        kept: For each release that bears on the question its lead, the candidates whose visit meets its kept time, and
            the rows whose time is kept.
        alone: What was prepared for single calendars; each is cut out when one of its rows first changes.
    """

    prepared: Prepared
    within: Interval | LocalDays
    candidates: Candidates
    begins: Int64Array
    width: int
    handles: Int64Array
    rows: Int64Array
    kept: tuple[tuple[int, Words, Int64Array], ...]
    alone: dict[int, Prepared] = attrs.field(factory=dict, init=False)

    @classmethod
    def of(
        cls,
        question: Question,
        batch: CalendarBatch,
        within: Interval | LocalDays,
        limit: int,
        candidates: Candidates | None = None,
    ) -> Frame:
        """The frame of a question; its candidates are found unless they are known.

        Raises:
            LimitExceededError: More cells than ``limit``.
        """
        prepared = prepare(question, batch, *windows(batch, within))
        # What ``now`` says is clipped off the matrix when it is read, so that time may pass without another matrix.
        size = len(batch.distinct)
        bounds = attrs.evolve(prepared.leads, lower=filled(size, ALWAYS.start_us), upper=filled(size, NEVER))
        prepared = attrs.evolve(prepared, leads=bounds)
        order = batch.handles.argsort()
        found = _candidates(prepared, limit) if candidates is None else candidates
        width = words_for(int(np.diff(found.offsets).max(initial=0)))
        return cls(
            prepared=prepared,
            within=within,
            candidates=found,
            begins=found.offsets[batch.index],
            width=width,
            handles=batch.handles[order],
            rows=order,
            kept=_kept(prepared, found, width) if question.releases else (),
        )

    @property
    def batch(self) -> CalendarBatch:
        """The rows."""
        return self.prepared.batch

    def rows_of(self, resources: Collection[int]) -> Int64Array:
        """The rows of some resources, in order; those that are no rows have none."""
        places = [(int(self.handles.searchsorted(resource)), resource) for resource in resources]
        known = [place for place, resource in places if place < len(self.handles) and self.handles[place] == resource]
        return np.sort(self.rows[known]) if known else self.rows[:0]

    def calendar(self, row: int) -> Calendar:
        """The calendar of a row, with the row's own capacity."""
        calendar: Calendar = self.batch.distinct[int(self.batch.index[row])]
        capacity = int(self.batch.capacities[row])
        return calendar if calendar.capacity == capacity else attrs.evolve(calendar, capacity=capacity)

    def cells(self, question: Question, busy: BookingTable, rows: Int64Array) -> Words:
        """The words of some rows, compiled by the judge."""
        asked = attrs.evolve(question, busy=busy)
        if self.kept:
            # What is kept and when it is let go is clipped off the matrix when it is read, as notice is.
            asked = attrs.evolve(asked, waive=question.waive | {Waiver.RELEASE})
        parts: list[Words] = [np.empty((0, self.width), np.uint64)]
        for first in range(0, len(rows), self.prepared.chunk):
            chosen = self._only(asked, rows[first : first + self.prepared.chunk])
            table, _, index = compile_rows(chosen, 0, len(chosen.batch))
            found = sweep(table, chosen.low[index], chosen.high[index])
            # A progression runs over candidates that follow each other.
            column = self._columns(self.batch.index[rows[first : first + len(index)]], found.row, found.first)
            total = found.count.cumsum()
            column = (column - total + found.count).repeat(found.count) + np.arange(int(found.count.sum()))
            parts.append(packed(found.row.repeat(found.count), column, len(index), self.width))
        return parts[1] if len(parts) == 2 else np.concatenate(parts)

    def stranded(self, question: Question, busy: BookingTable, rows: Int64Array, starts: Int64Array) -> Int64Array:
        """What each of some starts strands; each is of one of ``rows``, and ``busy`` has the bookings of those."""
        found = np.zeros(len(starts), np.int64)
        used, which = np.unique(rows, return_inverse=True)
        asked = attrs.evolve(question, busy=busy)
        for first in range(0, len(used), self.prepared.chunk):
            chosen = self._only(asked, used[first : first + self.prepared.chunk])
            line = Line.over(len(chosen.batch), *chosen.span)
            gaps = gaps_of(chosen, line, slice(None))
            if asked.stranding is not None and gaps is not None:
                mine = ((which >= first) & (which < first + line.rows)).nonzero()[0]
                keys = starts[mine] if line.rows == 1 else starts[mine] + line.bases()[which[mine] - first]
                found[mine] = stranded_us(asked.stranding, gaps, visit_of(asked, chosen.footprint), keys)
        return found

    def _only(self, question: Question, rows: Int64Array) -> Prepared:
        """Some rows of what was prepared; the hours of a calendar alone are cut out once, and kept."""
        batch = self.batch
        index, handles, capacities = batch.index[rows], batch.handles[rows], batch.capacities[rows]
        number = int(index[0])
        if (index != number).any():
            chosen = CalendarBatch(batch.distinct, index, handles, capacities)
            zones = self.prepared.zones
            if zones.of_row is not None:
                zones = attrs.evolve(zones, of_row=zones.of_row[rows])
            return attrs.evolve(self.prepared, question=question, batch=chosen, zones=zones)
        if number not in self.alone:
            self.alone[number] = _alone(self.prepared, number, int(rows[0]))
        one = CalendarBatch((batch.distinct[number],), np.zeros(len(rows), np.int64), handles, capacities)
        return attrs.evolve(self.alone[number], question=question, batch=one)

    def _columns(self, own: Int64Array, row: Int64Array, starts: Int64Array) -> Int64Array:
        """Which of its calendar's candidates each start is; ``own`` has the calendar of each row."""
        offsets, every = self.candidates.offsets, self.candidates.starts
        if (own == own[0]).all():
            mine: Int64Array = every[offsets[own[0]] : offsets[own[0] + 1]]
            return mine.searchsorted(starts)
        # The calendars of these rows one after another on a line, as their rows are.
        used, which = np.unique(own, return_inverse=True)
        first, last = self.prepared.window
        count = offsets[used + 1] - offsets[used]
        begin = count.cumsum() - count
        key = np.concatenate([every[offsets[one] : offsets[one + 1]] for one in used.tolist()]) - first
        key += np.arange(len(used)).repeat(count) * (last - first)
        columns: Int64Array = key.searchsorted(which[row] * (last - first) + (starts - first)) - begin[which[row]]
        return columns


def _alone(prepared: Prepared, number: int, row: int) -> Prepared:
    """What was prepared, for one of its calendars, which a row has: then nothing is looked up for each row."""
    leads, zones, footprint = prepared.leads, prepared.zones, prepared.footprint
    if zones.of_row is not None:
        place = int(zones.of_row[row])
        zones = attrs.evolve(zones, zones=(zones.zones[place],), of_row=None)
        footprint = attrs.evolve(footprint, zone_of_row=None, segments=footprint.segments[place : place + 1])
    one = slice(number, number + 1)
    hours, mine = _row(prepared.hours, number)
    return attrs.evolve(
        prepared,
        batch=prepared.batch.rows(0, 0),
        low=prepared.low[one],
        high=prepared.high[one],
        hours=hours,
        openings=_row(prepared.openings, number)[0],
        anchors=prepared.anchors[mine],
        leads=attrs.evolve(leads, lower=leads.lower[one], upper=leads.upper[one]),
        zones=zones,
        footprint=footprint,
    )


def _row(hours: Openings, number: int) -> tuple[Openings, slice]:
    """The hours of one calendar, and where they stand."""
    mine = slice(int(hours.offsets[number]), int(hours.offsets[number + 1]))
    columns = (column[mine] for column in (hours.starts, hours.ends, hours.opened, hours.midnights))
    return Openings(np.array([0, mine.stop - mine.start]), *columns), mine


def _kept(prepared: Prepared, candidates: Candidates, width: int) -> tuple[tuple[int, Words, Int64Array], ...]:
    """What each release keeps, whenever it is let go."""
    question, batch, size = prepared.question, prepared.batch, len(prepared.batch.distinct)
    zones = zones_of(batch.distinct, np.arange(size))
    footprint = attrs.evolve(prepared.footprint, zone_of_row=zones.of_row if prepared.footprint.segments else None)
    line = Line.over(size, *prepared.span)
    count = np.diff(candidates.offsets)
    own = np.arange(size).repeat(count)
    column = np.arange(len(own)) - candidates.offsets[own]
    keys = candidates.starts if size == 1 else candidates.starts + line.bases()[own]
    found = []
    for release in question.releases:
        first, last = kept_starts(question, release, line, footprint, prepared.window, None)
        kept = _sweeps.contains(np.sort(first), np.sort(last), keys).nonzero()[0]
        rows = np.arange(len(batch))
        if release.resources is not None:
            rows = np.isin(batch.handles, release.resources).nonzero()[0]
        found.append((release.lead_us, packed(own[kept], column[kept], size, width), rows))
    return tuple(found)


def _candidates(prepared: Prepared, limit: int) -> Candidates:
    """Every start that each calendar would offer if nothing were booked and nobody counted.

    Source: ADR 18.
    """
    distinct, asked = prepared.batch.distinct, prepared.question
    bare = attrs.evolve(
        asked,
        busy=BookingTable.empty(known=ALWAYS),
        policy=BookingPolicy(),
        request=Request(location=asked.request.location),
        replacing=None,
    )
    number = np.arange(len(distinct))
    each = CalendarBatch(distinct, number, number, np.ones(len(distinct), np.int64))
    counts, starts, total = [np.zeros(1, np.int64)], [np.empty(0, np.int64)], 0
    zones = zones_of(distinct, number)
    for table, index in chunks(attrs.evolve(prepared, question=bare, batch=each, zones=zones)):
        found = sweep(table, prepared.low[index], prepared.high[index])
        counts.append(found.counts())
        total += int(counts[-1].sum())
        columns = int(counts[-1].max())
        if columns * len(prepared.batch) > limit:
            msg = (
                f"an index has at most limit={limit} cells, got {len(prepared.batch)} rows of {columns} or more; "
                "ask for a shorter range or a longer step, or raise the limit"
            )
            raise LimitExceededError(msg, limit=limit, got=columns * len(prepared.batch), bound="limit")
        if total > _MOST_CANDIDATES:
            msg = (
                f"the calendars of an index have at most {_MOST_CANDIDATES:,} candidate starts, got {total} or more; "
                "ask for a shorter range or a longer step"
            )
            raise LimitExceededError(msg, limit=_MOST_CANDIDATES, got=total, bound="candidates")
        starts.append(found.starts())
    return Candidates.of(np.concatenate(counts).cumsum(), np.concatenate(starts))
