"""Private kernels: int64 arrays in, int64 arrays out, no classes, and no checks of what the arrays hold.

Words used by every invariant below. A *line* is a pair ``starts, ends`` of int64 arrays of one length. It is *sorted
apart* when each of the two is sorted by itself, so that ``starts[i]`` and ``ends[i]`` need not belong to one interval:
cover at t is ``count(starts <= t) - count(ends <= t)``, and that needs no pairs. It is *disjoint* when ``ends[i] <=
starts[i + 1]``, and *coalesced* when that is strict. Every interval is ``[start, end)`` with ``start < end``.

Many rows are one line once row r is moved to its own stretch of it, ``key = r * width + (t - t0)``; the caller sees to
it that the stretches fit into 62 bits and do not touch. Two sorted runs are merged by a *stable* sort on purpose:
NumPy's stable sort of int64 finds the runs and merges them in linear time, four times faster than its default sort;
gathering by ``take(nonzero)`` is likewise four times faster than a boolean index.

Source: ADR 15 (one coverage sweep).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from petpro_core.errors import OutOfRangeError

if TYPE_CHECKING:
    import numpy.typing as npt

    Int64Array = npt.NDArray[np.int64]
    Line = tuple[Int64Array, Int64Array]

__all__ = [
    "ROOM",
    "at_least",
    "at_least_units",
    "check_line",
    "coalesce",
    "complement",
    "contains",
    "covers",
    "difference",
    "filled",
    "intersect",
    "overlaps",
    "subtract",
    "union",
]

_BEFORE_ALL: Final = np.array([np.iinfo(np.int64).min])
_AFTER_ALL: Final = np.array([np.iinfo(np.int64).max])

ROOM: Final = 2**62


# A key past 62 bits would wrap around in int64 and land on another row, and no kernel could see it.
def check_line(rows: int, width: int) -> None:
    """Raise OutOfRangeError unless ``rows`` stretches of ``width`` microseconds fit on one line."""
    if rows * width >= ROOM:
        message = (
            f"rows times width stays below 2**62 us on one line, got {rows} rows of {width} us; "
            "ask for fewer rows or a shorter range at once"
        )
        raise OutOfRangeError(message, rows=rows, width=width)


# np.full costs four times as much on the small arrays that most queries are made of.
def filled(size: int, value: int) -> Int64Array:
    """Return an array of one value."""
    array = np.empty(size, np.int64)
    array.fill(value)
    return array


# In: arrays that are sorted, or nearly. Out: one sorted array of all.
def _merge(*parts: Int64Array) -> Int64Array:
    merged = np.concatenate(parts)
    merged.sort(kind="stable")
    return merged


# In: a line sorted apart in which some "intervals" may be empty or reversed. Out: those with start + shrink < end, in
# order.
def _real(starts: Int64Array, ends: Int64Array, shrink: int = 0) -> Line:
    kept = ((starts + shrink if shrink else starts) < ends).nonzero()[0]
    return starts.take(kept), ends.take(kept)


# {t : cover(t) >= need} is the union over i of [starts[i + need - 1], ends[i]): if i ends are <= t and the (i+1)-th is
# not, then cover >= need says that at least i + need starts are <= t.
# In: a line sorted apart; need >= 1, one number, or one per row with `offsets` saying which intervals are of which row.
# (Rows lie on the line one after another, so a pair that straddles two has its start behind its end, and falls out.)
# Out: a line sorted apart, each pair a real interval, not coalesced. `shrink` is what the intervals were grown by in
# total before they came here: only those are kept that would be real without it, so they must not be clipped first.
def at_least(
    starts: Int64Array, ends: Int64Array, need: int | Int64Array, offsets: Int64Array | None = None, shrink: int = 0
) -> Line:
    """Return the union of ``[starts[i + need - 1], ends[i])``: where at least ``need`` intervals cover."""
    size = len(starts)
    if offsets is None or np.ndim(need) == 0:
        skip = min(int(need), size + 1) - 1
        return _real(starts[skip:], ends[: size - skip], shrink)
    skips = np.minimum(need, size + 1) - 1
    ahead = np.arange(size) + np.repeat(skips, np.diff(offsets))
    kept = (ahead < size).nonzero()[0]
    return _real(starts.take(ahead.take(kept)), ends.take(kept), shrink)


# In: intervals in any order, each with its units, the rows one after another on the line; one need for all, or one for
# each interval (that of its row). Out: a line sorted apart. Ends come before starts where they fall together, because
# intervals are half-open; the cost does not grow with the units.
def at_least_units(starts: Int64Array, ends: Int64Array, units: Int64Array, need: int | Int64Array) -> Line:
    """Return where intervals of ``need`` units in sum cover."""
    times = np.concatenate((ends, starts))
    order = times.argsort(kind="stable")
    times, cover = times[order], np.concatenate((-units, units))[order].cumsum()
    needs = need if np.ndim(need) == 0 else np.concatenate((need, need))[order]
    full = ((cover >= needs)[:-1] & (times[1:] > times[:-1])).nonzero()[0]
    return times[full], times[full + 1]


# In: a line sorted apart. Out: the same instants, coalesced. A new interval begins at i exactly where starts[i] >
# ends[i - 1]: then i intervals have ended before the (i+1)-th starts, so nothing covers the time between; equality
# means touching.
def coalesce(starts: Int64Array, ends: Int64Array) -> Line:
    """Merge what overlaps and what touches."""
    first = np.ones(len(starts), dtype=np.bool_)
    last = np.ones(len(starts), dtype=np.bool_)
    np.greater(starts[1:], ends[:-1], out=first[1:])
    last[:-1] = first[1:]
    return starts.take(first.nonzero()[0]), ends.take(last.nonzero()[0])


# In: two lines sorted apart. Out: coalesced.
def union(starts: Int64Array, ends: Int64Array, other_starts: Int64Array, other_ends: Int64Array) -> Line:
    """Return the instants in either line."""
    return coalesce(_merge(starts, other_starts), _merge(ends, other_ends))


# In: two disjoint lines. Out: a disjoint line; coalesced if both were, because a touching pair would need a touching
# pair in.
def intersect(starts: Int64Array, ends: Int64Array, other_starts: Int64Array, other_ends: Int64Array) -> Line:
    """Return the instants in both lines: cover by at least two of two."""
    return _real(_merge(starts, other_starts)[1:], _merge(ends, other_ends)[:-1])


# In: a coalesced line. Out: the gaps before, between and after its intervals, coalesced; all are real, none is dropped.
def _gaps(starts: Int64Array, ends: Int64Array) -> Line:
    return np.concatenate((_BEFORE_ALL, ends)), np.concatenate((starts, _AFTER_ALL))


# In: a line sorted apart. Out: where cover is zero, disjoint and sorted, from before all time to after it.
def complement(starts: Int64Array, ends: Int64Array) -> Line:
    """Return the instants outside the line; the first and last interval reach to the ends of int64."""
    return _real(*_gaps(starts, ends))


# In: a disjoint line, and a coalesced one. Out: disjoint; coalesced if the first was.
def difference(starts: Int64Array, ends: Int64Array, cut_starts: Int64Array, cut_ends: Int64Array) -> Line:
    """Return the instants in the first line and not in the second."""
    return intersect(starts, ends, *_gaps(cut_starts, cut_ends))


# In: a disjoint line of pieces (which may touch, and then stay apart), and cuts in any order (which may overlap).
# Out: the remainders, disjoint and sorted, and for each the index of the piece it was part of.
# The gaps between the cuts, [.., cut_starts[0]), [cut_ends[0], cut_starts[1]), ..., cover an instant once where no cut
# does and at most zero times elsewhere, so what is left is where pieces and gaps together cover twice; the unbounded
# ends of the first and the last gap fall out of [S[i + 1], E[i]) by themselves.
def subtract(starts: Int64Array, ends: Int64Array, *cuts: Line) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Return what the cuts leave of the pieces, and which piece each remainder came from."""
    low, high = _real(
        _merge(starts, *[cut_ends for _, cut_ends in cuts]), _merge(ends, *[cut_starts for cut_starts, _ in cuts])
    )
    return low, high, starts.searchsorted(low, "right") - 1


# In: a line sorted apart, points in any order. Out: a mask. With j starts <= p, p is covered unless j ends are <= p
# too.
def contains(starts: Int64Array, ends: Int64Array, points: Int64Array) -> npt.NDArray[np.bool_]:
    """Say for each point whether any interval of the line covers it."""
    if not len(starts):
        return np.zeros(len(points), dtype=np.bool_)
    begun = starts.searchsorted(points, "right")
    return (ends[begun - 1] > points) & (begun > 0)


# In: a coalesced line, and low[i] < high[i] in any order. Out: a mask.
def covers(starts: Int64Array, ends: Int64Array, low: Int64Array, high: Int64Array) -> npt.NDArray[np.bool_]:
    """Say for each ``[low, high)`` whether all of it lies on the line (then one interval holds it)."""
    if not len(starts):
        return np.zeros(len(low), dtype=np.bool_)
    begun = starts.searchsorted(low, "right")
    return (ends[begun - 1] >= high) & (begun > 0)


# In: a line of real intervals in any order, and a disjoint line. Out: index pairs (i, j), by i and then j. Those that
# interval i overlaps are neighbours in the disjoint line: all that end after its start and start before its end. Cost:
# n log m + pairs.
def overlaps(
    starts: Int64Array, ends: Int64Array, other_starts: Int64Array, other_ends: Int64Array
) -> tuple[Int64Array, Int64Array]:
    """Return all pairs (i, j) where interval i of the first line overlaps interval j of the second."""
    begin = other_ends.searchsorted(starts, "right")
    count = other_starts.searchsorted(ends, "left") - begin
    total = count.cumsum()
    left = np.repeat(np.arange(len(starts)), count)
    return left, np.arange(len(left)) + np.repeat(begin - total + count, count)
