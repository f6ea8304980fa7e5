"""STRANDS: the service minutes that a start makes impossible in the gap of free time in which it lies.

The free gaps are the opening ranges minus what is occupied, each opening range by itself, so that no answer depends on
the window that was asked. With w(x) the waste of a piece of x, a visit that occupies [o, o + L) in the gap [A, B)
strands w(o - A) + w(B - o - L) - w(B - A), or nothing where that is less. The same columns of gaps are read at points
(what each start strands) and turned into intervals of starts that strand too much.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from petpro_core import _sweeps
from petpro_core.intervals import Int64Array, duration_us

if TYPE_CHECKING:
    from petpro_core.bookings import Stranding
    from petpro_core.decisions._question import BookedRows, Question
    from petpro_core.schedules import Openings
    from petpro_core.slots import Footprint, Line

__all__ = ["Pairs", "free_gaps", "stranded_us", "strands", "visit_of", "whole_ranges"]

Pairs = tuple[Int64Array, Int64Array]

_POINTS: Final = 2_000_000  # So many edges at once stay within some hundred megabytes.


def visit_of(question: Question, footprint: Footprint) -> tuple[int, int]:
    """How far before its start a visit occupies its calendar, and how long in all."""
    before, after = question.rules.buffers_us
    return before, before + footprint.length + after


def whole_ranges(openings: Openings) -> tuple[Int64Array, Int64Array, Int64Array]:
    """The opening ranges of each calendar (offsets, starts, ends), whole where a clock change had cut them in two."""
    starts, ends, opened, offsets = openings.starts, openings.ends, openings.opened, openings.offsets
    first = np.ones(len(starts), np.bool_)
    first[1:] = (starts[1:] != ends[:-1]) | (opened[1:] != opened[:-1])
    first[offsets[:-1][offsets[:-1] < len(starts)]] = True
    places = first.nonzero()[0]
    last = np.append(places[1:], len(starts))[: len(places)] - 1
    return places.searchsorted(offsets), starts[places], ends[last]


# In: the ranges of each template, disjoint and in order; occupied time of any rows in any order. Out: a line, disjoint
# and in order, whose gaps touch only where ranges do.
def free_gaps(
    ranges: tuple[Int64Array, Int64Array, Int64Array],
    line: Line,
    template: Int64Array,
    held: BookedRows,
    alone: Int64Array,
) -> Pairs:
    """The free time of some rows on the line.

    Args:
        ranges: The opening ranges of each template: offsets, starts, ends.
        line: Where the rows lie.
        template: int64[n]: which of the templates each row has.
        held: What keeps its time.
        alone: The rows in which one visit at a time is held; the others have no gaps.
    """
    offsets, starts, ends = ranges
    count = np.diff(offsets)[template[alone]]
    total = count.cumsum()
    piece = np.arange(int(count.sum())) - np.repeat(total - count - offsets[template[alone]], count)
    row = None if line.rows == 1 else np.repeat(alone, count)
    low, high = line.pack(row, starts[piece], ends[piece])
    taken = line.pack(held.row, held.take("occupied_start"), held.take("occupied_end"))
    low, high, _ = _sweeps.subtract(low, high, taken)
    return low, high


def stranded_us(stranding: Stranding, gaps: Pairs, visit: tuple[int, int], keys: Int64Array) -> Int64Array:
    """What each start on the line strands, in microseconds; nothing outside free time."""
    starts, ends = gaps
    if not len(starts):
        return np.zeros(len(keys), np.int64)
    before, length = visit
    place = np.maximum(starts.searchsorted(keys, "right") - 1, 0)
    ahead = keys - before - starts[place]
    size = ends[place] - starts[place]
    inside = (keys >= starts[place]) & (keys < ends[place])
    return np.where(inside, np.maximum(_stranded(stranding, size, ahead, length), 0), 0)


def _stranded(stranding: Stranding, size: Int64Array, ahead: Int64Array, length: int) -> Int64Array:
    """The waste that is left of gaps of some sizes minus their own, for visits that occupy them from ``ahead`` on."""
    left = stranding.waste_us(ahead) + stranding.waste_us(size - length - ahead)
    return left - stranding.waste_us(size)


def strands(stranding: Stranding, gaps: Pairs, visit: tuple[int, int]) -> Pairs:
    """The starts on the line that strand more than they may. Gaps of one size are worked out once."""
    starts, ends = gaps
    sizes, which = np.unique(ends - starts, return_inverse=True)
    before, length = visit
    per_size = 2 * (sizes + length + before) // stranding.unit_us + 4
    lows, highs, counts = [], [], []
    first = 0
    while first < len(sizes):
        # At least one size at a time, however many edges it has.
        total = per_size[first:].cumsum()
        last = first + max(int(total.searchsorted(_POINTS, "right")), 1)
        number, low, high = _refused(stranding, sizes[first:last], before, length)
        counts.append(np.bincount(number, minlength=last - first))
        lows.append(low)
        highs.append(high)
        first = last
    count = np.concatenate([*counts, np.empty(0, np.int64)])
    begin = count.cumsum() - count
    mine = count[which]
    index = np.arange(int(mine.sum())) + np.repeat(begin[which] - (mine.cumsum() - mine), mine)
    base = np.repeat(starts + before, mine)
    none = np.empty(0, np.int64)
    return base + np.concatenate([*lows, none])[index], base + np.concatenate([*highs, none])[index]


# With u where the visit begins to occupy the gap, and v what is left after it, the waste of u rises by a tick for each
# tick from one sum of lengths to the next, and that of v falls. So the two together stand still between u = k * unit
# and v = k * unit (where it is already the next tick that counts), rise where v is past the end, and fall where u is
# before the beginning: on each piece between those edges one comparison finds what strands too much.
def _refused(
    stranding: Stranding, sizes: Int64Array, before: int, length: int
) -> tuple[Int64Array, Int64Array, Int64Array]:
    """For gaps of some sizes: the number of the size, and the intervals of u in it that strand too much, coalesced."""
    unit, most = stranding.unit_us, duration_us(stranding.most)
    rest = sizes - length
    ups = np.maximum((sizes - before - 1) // unit + 1, 0)
    downs = np.maximum((rest + before) // unit + 1, 0)
    number = np.arange(len(sizes))
    up_of, down_of = np.repeat(number, ups), np.repeat(number, downs)
    up = (np.arange(len(up_of)) - np.repeat(ups.cumsum() - ups, ups)) * unit
    down = rest[down_of] - (np.arange(len(down_of)) - np.repeat(downs.cumsum() - downs, downs)) * unit + 1
    which = np.concatenate([number, up_of, down_of])
    edge = np.concatenate([np.full(len(sizes), -before), up, down])
    inside = edge < sizes[which] - before
    which, edge = which[inside], edge[inside]
    order = np.lexsort((edge, which))
    which, edge = which[order], edge[order]
    until = np.append(edge[1:], 0)
    final = np.append(which[1:] != which[:-1], values=True)[: len(which)]
    until[final] = (sizes - before)[which[final]]
    size = sizes[which]
    over = _stranded(stranding, size, edge, length) - most
    rising, falling = (edge >= 0) & (edge > size - length), (edge < 0) & (edge <= size - length)
    low = np.where(rising, edge + np.maximum(1 - over, 0), edge)
    high = np.where(falling, np.minimum(until, edge + over), until)
    real = ((low < high) & (rising | (over > 0))).nonzero()[0]
    which, low, high = which[real], low[real], high[real]
    # On a line of one stretch for each size what touches is joined.
    width = int(sizes.max(initial=0)) + 2
    low, high = _sweeps.coalesce(low + before + which * width, high + before + which * width)
    number = low // width
    return number, low - number * width - before, high - number * width - before
