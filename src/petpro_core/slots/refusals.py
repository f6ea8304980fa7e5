"""The grid of starts and the refusal table, and its two readings: at points, and as ranges.

Rows lie on one line, ``row * width + (instant - origin)``; a single row keeps its instants as they are, and nothing of
it is ever clipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core import _sweeps
from petpro_core.intervals import ALWAYS, Int64Array
from petpro_core.reasons import Reason

if TYPE_CHECKING:
    import numpy.typing as npt

    from petpro_core.schedules import Openings
    from petpro_core.slots.footprint import Rows

__all__ = ["Grid", "Line", "Progressions", "Ranges", "RefusalTable", "decide", "open_ranges", "sweep"]

_CLEAR: Final = np.uint32(0)
_BIT: Final = {reason: np.uint32(reason) for reason in Reason}


@attrs.frozen(eq=False)
class Line:
    """How many rows share one line, and where each row's stretch lies on it."""

    rows: int
    origin: int
    width: int

    @classmethod
    def over(cls, rows: int, first: int, last: int) -> Line:
        """Stretches wide enough for the instants ``first`` to ``last`` of each of ``rows`` rows.

        Raises:
            OutOfRangeError: They do not fit into 62 bits.
        """
        _sweeps.check_line(rows, last - first + 2)
        return cls(rows, first, last - first + 2)

    def bases(self) -> Int64Array:
        """What to add to an instant of each row to find it on the line."""
        return np.arange(self.rows) * self.width - self.origin

    def pack(self, row: Rows, starts: Int64Array, ends: Int64Array) -> tuple[Int64Array, Int64Array]:
        """Move intervals to their rows' stretches. What reaches past a stretch is clipped to it, never dropped."""
        if row is None:
            return starts, ends
        base = row * self.width - self.origin
        packed = []
        for column in (starts, ends):
            keys = np.maximum(column, self.origin)
            np.minimum(keys, self.origin + self.width - 1, out=keys)
            keys += base
            packed.append(keys)
        return packed[0], packed[1]


@attrs.frozen(eq=False)
class Grid:
    """Where starts may lie: for each template of hours its opening ranges and the grid in each.

    Attributes:
        line: The line on which the templates lie.
        offsets: int64[t + 1]: the ranges of each template.
        keys: Starts of the ranges on the line.
        starts: Starts of the ranges.
        ends: First instants after them.
        stops: First starts that no longer fit before the hours end (a visit may run on into a range that touches).
        anchors: Where the grid of each range is counted from.
        step: The distance between starts, in microseconds.
    """

    line: Line
    offsets: Int64Array
    keys: Int64Array
    starts: Int64Array
    ends: Int64Array
    stops: Int64Array
    anchors: Int64Array
    step: int

    @classmethod
    def of(cls, hours: Openings, anchors: Int64Array, *, line: Line, step: int, length: int) -> Grid:
        """A grid over hours, for visits that must fit ``length`` microseconds into a run (0: only their start).

        A run is what touching ranges make together; each range keeps its own grid in it.
        """
        if line.rows == 1:
            keys, key_ends = hours.starts, hours.ends
        else:
            base = np.repeat(line.bases(), np.diff(hours.offsets))
            keys, key_ends = hours.starts + base, hours.ends + base
        stops = hours.ends
        if length:
            apart = key_ends[:-1] < keys[1:]
            stops = hours.ends - (length - 1)
            if np.count_nonzero(apart) < len(apart):
                last = np.append(apart, values=True).nonzero()[0]
                stops = np.minimum(hours.ends, stops[last][last.searchsorted(np.arange(len(keys)))])
        return cls(line, hours.offsets, keys, hours.starts, hours.ends, stops, anchors, step)

    def piece_at(self, template: Int64Array, starts: Int64Array) -> tuple[Int64Array, npt.NDArray[np.bool_]]:
        """The range that each start lies in, and whether it lies in any."""
        if not len(self.keys):
            return np.zeros(len(starts), np.int64), np.zeros(len(starts), np.bool_)
        key = starts if self.line.rows == 1 else starts + (template * self.line.width - self.line.origin)
        piece = self.keys.searchsorted(key, "right") - 1
        return piece, (piece >= self.offsets[template]) & (starts < self.ends[piece])

    def first_from(self, low: Int64Array, high: Int64Array) -> int | None:
        """The first start of the grid from ``low`` to ``high`` (for each template) in any template, refusals aside."""
        if self.line.rows > 1:
            count = np.diff(self.offsets)
            low, high = np.repeat(low, count), np.repeat(high, count)
        starts, stops = np.maximum(self.starts, low), np.minimum(self.stops, high)
        first = starts + (self.anchors - starts) % self.step
        first = first[first < stops]
        return int(first.min()) if len(first) else None

    def off_grid_run(self, start: int) -> tuple[int, int]:
        """The unbroken run of starts around one off the grid that are off it too (one template only).

        It goes on into ranges that touch, and ends where the hours do: what is closed is not off the grid.
        """
        starts, ends, anchors = self.starts.tolist(), self.ends.tolist(), self.anchors.tolist()
        here = int(self.keys.searchsorted(start, "right")) - 1
        low, high, piece = start, start, here
        while True:
            low = max(low - (low - anchors[piece]) % self.step + 1, starts[piece])
            if low > starts[piece] or not piece or ends[piece - 1] < starts[piece]:
                break
            piece, low = piece - 1, starts[piece] - 1
            if (low - anchors[piece]) % self.step == 0:
                low += 1
                break
        piece = here
        while True:
            high = min(high + (anchors[piece] - high) % self.step, ends[piece])
            if high < ends[piece] or piece + 1 == len(starts) or starts[piece + 1] > ends[piece]:
                break
            piece += 1
        return low, high

    def after(self, piece: Int64Array, starts: Int64Array) -> Int64Array:
        """How far each start lies after the last point of its range's grid; 0 = on it."""
        return (starts - self.anchors[piece]) % self.step


@attrs.frozen(eq=False)
class RefusalTable:
    """Everything that ``now``, rules, policy, hours and bookings say, as data.

    Attributes:
        line: The line on which the rows lie.
        template: int64[n]: which of the grid's templates each row has.
        grid: Where starts lie.
        lower: int64[n]: NOTICE refuses what starts before.
        upper: int64[n]: HORIZON refuses what starts here or after.
        refused: For each reason intervals of starts on the line, in any order.
        waived: Bits that the hours and the grid would set, and that were waived.
        waits: For refusals that time alone lifts as a start comes near: how long before it, in microseconds, and the
            intervals, which ``refused`` has too.
        gaps: Free time on the line, disjoint and in order, where a rule asks what a start leaves of it.
    """

    line: Line
    template: Int64Array
    grid: Grid
    lower: Int64Array
    upper: Int64Array
    refused: tuple[tuple[Reason, Int64Array, Int64Array], ...]
    waived: int
    waits: tuple[tuple[int, Int64Array, Int64Array], ...] = ()
    gaps: tuple[Int64Array, Int64Array] | None = None

    def run(self, reason: Reason, start: int) -> tuple[int, int]:
        """The unbroken run of starts around ``start`` that a reason of the table refuses (one row only)."""
        columns = [(starts, ends) for bit, starts, ends in self.refused if bit is reason]
        starts, ends = _sweeps.coalesce(*(np.sort(np.concatenate(part)) for part in zip(*columns, strict=True)))
        place = int(starts.searchsorted(start, "right")) - 1
        return max(int(starts[place]), ALWAYS.start_us), min(int(ends[place]), ALWAYS.end_us)


def decide(table: RefusalTable, row: Rows, starts: Int64Array) -> npt.NDArray[np.uint32]:
    """Read the table at points: for each start the mask of every reason against it; 0 = bookable."""
    rows = np.zeros(len(starts), np.int64) if row is None else row
    grid, template = table.grid, table.template[rows]
    piece, inside = grid.piece_at(template, starts)
    mask = np.zeros(len(starts), np.uint32)
    if len(grid.keys):
        fits = inside & (starts < grid.stops[piece])
        mask |= np.where(fits, _CLEAR, _BIT[Reason.CLOSED])
        mask |= np.where(inside & (grid.after(piece, starts) != 0), _BIT[Reason.OFF_GRID], _CLEAR)
    else:
        mask |= _BIT[Reason.CLOSED]
    mask |= np.where(starts < table.lower[rows], _BIT[Reason.NOTICE], _CLEAR)
    mask |= np.where(starts >= table.upper[rows], _BIT[Reason.HORIZON], _CLEAR)
    keys = starts if row is None else starts + (rows * table.line.width - table.line.origin)
    for bit, low, high in table.refused:
        mask |= np.where(_sweeps.contains(np.sort(low), np.sort(high), keys), _BIT[bit], _CLEAR)
    return mask & ~np.uint32(table.waived)


@attrs.frozen(eq=False)
class Progressions:
    """Starts as arithmetic progressions: where each begins and how many it has, in order of row and time.

    Attributes:
        rows: How many rows were asked.
        row: The row of each progression.
        first: Its first start.
        count: How many starts it has; at least 1.
        step: The distance between them.
    """

    rows: int
    row: Int64Array
    first: Int64Array
    count: Int64Array
    step: int

    def counts(self) -> Int64Array:
        """How many starts each row has."""
        if self.rows == 1:
            return _sweeps.filled(1, int(self.count.sum()))
        total = np.zeros(len(self.count) + 1, np.int64)
        np.cumsum(self.count, out=total[1:])
        return np.diff(total[self.row.searchsorted(np.arange(self.rows + 1))])

    def starts(self) -> Int64Array:
        """Every start: one running sum of steps, with a jump where a progression begins."""
        if not len(self.first):
            return self.first
        total = self.count.cumsum()
        every = _sweeps.filled(int(total[-1]), self.step)
        every[0] = self.first[0]
        every[total[:-1]] = self.first[1:] - self.first[:-1] - (self.count[:-1] - 1) * self.step
        return every.cumsum(out=every)

    def firsts(self) -> Progressions:
        """The first start of each row that has one."""
        kept = np.append(True, self.row[1:] != self.row[:-1])[: len(self.row)].nonzero()[0]
        return Progressions(self.rows, self.row[kept], self.first[kept], np.ones(len(kept), np.int64), self.step)


@attrs.frozen(eq=False)
class Ranges:
    """What is left of the hours: ranges of starts on the line that nothing refuses, and their grids' anchors."""

    row: Rows
    starts: Int64Array
    stops: Int64Array
    anchors: Int64Array


def open_ranges(table: RefusalTable, low: Int64Array, high: Int64Array) -> Ranges:
    """The hours minus everything refused, for starts from ``low`` to ``high``, before any grid is laid over it."""
    grid, line = table.grid, table.line
    low, high = np.maximum(table.lower, low), np.minimum(table.upper, high)
    if line.rows == 1:
        row, anchors = None, grid.anchors
        starts, stops = np.maximum(grid.starts, low), np.minimum(grid.stops, high)
    else:
        count = np.diff(grid.offsets)[table.template]
        total = count.cumsum()
        row = np.repeat(np.arange(line.rows), count)
        piece = np.arange(len(row)) - (total - count - grid.offsets[table.template])[row]
        base = row * line.width - line.origin
        starts = np.maximum(grid.starts[piece], low[row]) + base
        stops, anchors = np.minimum(grid.stops[piece], high[row]) + base, grid.anchors[piece] + base
    kept = (starts < stops).nonzero()[0]
    starts, stops, anchors = starts.take(kept), stops.take(kept), anchors.take(kept)
    if table.refused:
        # Each reason comes nearly in order, and the stable sort inside merges runs.
        starts, stops, source = _sweeps.subtract(starts, stops, *[(cuts, ends) for _, cuts, ends in table.refused])
        anchors = anchors.take(source)
    return Ranges(None if row is None else starts // line.width, starts, stops, anchors)


def sweep(table: RefusalTable, low: Int64Array, high: Int64Array) -> Progressions:
    """Read the table as ranges: the grid in the hours, minus everything refused, from ``low`` to ``high``.

    Args:
        table: What was compiled.
        low: int64[n]: first start asked of each row.
        high: int64[n]: first start no longer asked.
    """
    grid, line = table.grid, table.line
    left = open_ranges(table, low, high)
    # The first point of the grid at or after the start; then as many as there are steps before the stop.
    first = left.starts + (left.anchors - left.starts) % grid.step
    count = (left.stops - first + (grid.step - 1)) // grid.step
    kept = (count > 0).nonzero()[0]
    first, count = first.take(kept), count.take(kept)
    if left.row is None:
        return Progressions(1, np.zeros(len(first), np.int64), first, count, grid.step)
    row = left.row.take(kept)
    return Progressions(line.rows, row, first - (row * line.width - line.origin), count, grid.step)
