"""All bookings against each other: where a resource is held beyond its capacity."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core import _sweeps
from petpro_core.bookings import BookingPolicy
from petpro_core.bookings.table import FEED
from petpro_core.decisions._question import BookedRows, Question, blocks
from petpro_core.intervals import Interval
from petpro_core.slots import Line, SlotRules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from petpro_core.bookings import BookingTable
    from petpro_core.intervals import Int64Array

__all__ = ["Overlap", "OverlapTable", "find_conflicts"]

_ANY: Final = SlotRules(timedelta(microseconds=1))
_NONE: Final = np.empty(0, np.int64)
_COLUMNS: Final = ("resource", "start", "end", "units", "capacity", "bookings")


@attrs.frozen
class Overlap:
    """One stretch of time in which a resource is held beyond its capacity.

    Attributes:
        resource_id: The resource.
        interval: The stretch.
        bookings: The numbers of the bookings there, in order of their start.
        units: The most units held at one instant of it.
        capacity: What there is, with what the policy sells beyond it.
    """

    resource_id: int
    interval: Interval
    bookings: tuple[int, ...]
    units: int
    capacity: int


@attrs.frozen(eq=False)
class OverlapTable:
    """Stretches of overfull time as columns; stretch i has the bookings ``bookings[offsets[i]:offsets[i + 1]]``."""

    resource: Int64Array
    start: Int64Array
    end: Int64Array
    units: Int64Array
    capacity: Int64Array
    offsets: Int64Array
    bookings: Int64Array

    def __len__(self) -> int:
        """How many stretches."""
        return len(self.resource)

    def __iter__(self) -> Iterator[Overlap]:
        """Each stretch as an object."""
        for i in range(len(self)):
            numbers = tuple(self.bookings[self.offsets[i] : self.offsets[i + 1]].tolist())
            interval = Interval.from_us(int(self.start[i]), int(self.end[i]))
            yield Overlap(int(self.resource[i]), interval, numbers, int(self.units[i]), int(self.capacity[i]))


def find_conflicts(
    busy: BookingTable,
    *,
    now: datetime,
    policy: BookingPolicy = BookingPolicy(),  # noqa: B008  # frozen, and the same for everybody
    capacities: Mapping[int, int] | None = None,
) -> OverlapTable:
    """Where bookings that are there already hold a resource beyond its capacity together.

    The judge lets none of these in; they come from feeds, imports and two systems that both sell one day. Cost without
    conflicts is two passes over the columns (they are kept in order of resource and start).

        >>> from petpro_core.bookings import BookingTable
        >>> from petpro_core.intervals import ALWAYS
        >>> from datetime import UTC, datetime
        >>> table = BookingTable.from_columns(resource=[0, 0], start=[0, 30], end=[60, 90], known=ALWAYS)
        >>> [overlap.bookings for overlap in find_conflicts(table, now=datetime(2026, 1, 1, tzinfo=UTC))]
        [(0, 1)]

    Args:
        busy: All bookings.
        now: The present; holds that have expired hold nothing.
        policy: Says whether PENDING bookings keep their time, and how much is overbooked on purpose.
        capacities: Units of the resources that have more than one.

    Source: ADR 5 (what conflicts), ADR 15 (the sweep).
    """
    question = Question.of(busy=busy, rules=_ANY, now=now, policy=policy)
    rows = BookedRows(busy, slice(0, len(busy)), None)
    rows = rows.where(blocks(rows, question))
    resource, start, end = rows.take("resource"), rows.take("occupied_start"), rows.take("occupied_end")
    meeting = _meeting(resource, start, end)
    if not len(meeting):
        return _joined([])
    rows = rows.at(meeting)
    handles, row = np.unique(resource[meeting], return_inverse=True)
    limits = np.array([(capacities or {}).get(handle, 1) for handle in handles.tolist()], np.int64)
    extra = np.zeros(len(handles), np.int64) + question.oversold(handles)
    first, last = int(start[meeting].min()), int(end[meeting].max())
    # Far-apart bookings take a long line each; then fewer resources share one.
    at_once = max(1, (_sweeps.ROOM - 1) // (last - first + 2))
    parts = []
    for low in range(0, len(handles), at_once):
        some = slice(low, low + at_once)
        mine = np.arange(*row.searchsorted([low, low + at_once]))
        booked = attrs.evolve(rows.at(mine), row=row[mine] - low)
        line = Line.over(len(handles[some]), first, last)
        parts.append(_overfull(booked, handles[some], limits[some] + extra[some], extra[some], line))
    return _joined(parts)


# In: intervals in order of row and then of start. If i overlaps any later one of its row, it overlaps the next; and
# those it overlaps follow it without a gap, up to the first that starts at its end or after.
def _meeting(row: Int64Array, start: Int64Array, end: Int64Array) -> Int64Array:
    """The places of the intervals that overlap another one of their row."""
    clash = ((end[:-1] > start[1:]) & (row[:-1] == row[1:])).nonzero()[0]
    until, low, high = end[clash], clash + 2, row.searchsorted(row[clash], "right")
    while np.count_nonzero(low < high):
        middle = (low + high) >> 1
        met = (low < high) & (start.take(middle, mode="clip") < until)
        low, high = np.where(met, middle + 1, low), np.where(met, high, np.minimum(middle, high))
    first, last = _sweeps.coalesce(clash, np.sort(low))
    count = last - first
    places: Int64Array = np.arange(int(count.sum())) + np.repeat(last - count.cumsum(), count)
    return places


def _joined(parts: list[OverlapTable]) -> OverlapTable:
    columns = {name: np.concatenate([getattr(part, name) for part in parts] or [_NONE]) for name in _COLUMNS}
    count = np.concatenate([np.diff(part.offsets) for part in parts] or [_NONE])
    return OverlapTable(**columns, offsets=np.append(0, count.cumsum()))


def _overfull(rows: BookedRows, handles: Int64Array, limits: Int64Array, extra: Int64Array, line: Line) -> OverlapTable:
    """The stretches of some resources: cover by units of more than the capacity; a session takes all of it, once."""
    start, end = line.pack(rows.row, rows.take("occupied_start"), rows.take("occupied_end"))
    row = np.asarray(rows.row)
    swept_row, swept_start, swept_end, units = _sessions_once(rows, row, start, end, limits, extra)
    full = _sweeps.at_least_units(swept_start, swept_end, units, limits[swept_row] + 1)
    full_start, full_end = _sweeps.coalesce(*full)
    which, stretch = _sweeps.overlaps(start, end, full_start, full_end)
    # The cover is highest at the stretch's start or where one of its bookings begins.
    moment = np.maximum(start[which], full_start[stretch])
    cover = _running(swept_start, units, moment) - _running(swept_end, units, moment)
    most = np.zeros(len(full_start), np.int64)
    np.maximum.at(most, stretch, cover)
    order = np.lexsort((rows.take("booking")[which], start[which], stretch))
    of_row = full_start // line.width
    base = of_row * line.width - line.origin
    return OverlapTable(
        resource=handles[of_row],
        start=full_start - base,
        end=full_end - base,
        units=most,
        capacity=limits[of_row],
        offsets=np.append(0, np.bincount(stretch, minlength=len(full_start)).cumsum()),
        bookings=rows.take("booking")[which[order]],
    )


def _running(times: Int64Array, units: Int64Array, moments: Int64Array) -> Int64Array:
    """The units of all times up to each moment."""
    order = times.argsort(kind="stable")
    total = np.append(0, units[order].cumsum())
    running: Int64Array = total[times[order].searchsorted(moments, "right")]
    return running


def _sessions_once(
    rows: BookedRows, row: Int64Array, start: Int64Array, end: Int64Array, limits: Int64Array, extra: Int64Array
) -> tuple[Int64Array, Int64Array, Int64Array, Int64Array]:
    """What takes units: row, start, end, units. A session takes the whole resource, and a unit more if oversold."""
    # A booking may ask for more than there is; a feed takes all there is, and no more.
    most_units = limits[row] + (rows.take("booking") != FEED)
    units = np.minimum(rows.take("units"), most_units)
    seats = rows.take("seats")
    if not seats.any():
        return row, start, end, units
    plain, session = (seats == 0).nonzero()[0], (seats > 0).nonzero()[0]
    key = np.stack([row, *(rows.take(name) for name in ("service", "start", "end"))])[:, session]
    _, first, group = np.unique(key, axis=1, return_index=True, return_inverse=True)
    taken = np.bincount(group, rows.take("units")[session])
    most, low, high = np.zeros(len(first), np.int64), start[session][first], end[session][first]
    np.maximum.at(most, group, seats[session])
    np.minimum.at(low, group, start[session])
    np.maximum.at(high, group, end[session])
    whole = limits[row[session][first]]
    return (
        np.append(row[plain], row[session][first]),
        np.append(start[plain], low),
        np.append(end[plain], high),
        np.append(units[plain], np.where(taken > most + extra[row[session][first]], whole + 1, whole)),
    )
