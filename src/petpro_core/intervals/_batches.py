"""Many sets of instants, row by row."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, overload

import attrs
import numpy as np

from petpro_core import _sweeps
from petpro_core.errors import InvalidValueError
from petpro_core.intervals._columns import (
    Int64Array,
    Mask,
    Moments,
    as_counts,
    as_us,
    checked,
    eroded,
    frozen,
    growth_us,
    moved,
    reach_us,
    same_times,
)
from petpro_core.intervals._interval import Interval, described
from petpro_core.intervals._lines import Line
from petpro_core.intervals._moments import duration_us, from_us
from petpro_core.intervals._sets import IntervalSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Sweep = Callable[[Int64Array, Int64Array, Int64Array, Int64Array], tuple[Int64Array, Int64Array]]

__all__ = ["IntervalBatch"]

_ZERO: Final = timedelta(0)
_put = object.__setattr__


def _checked_offsets(values: object, size: int) -> Int64Array:
    offsets = as_counts(values, name="offsets")
    if not len(offsets) or offsets[0] != 0 or offsets[-1] != size or (offsets[1:] < offsets[:-1]).any():
        message = (
            f"offsets rise from 0 to the number of intervals, here {size}, got {_ends_of(offsets)}; "
            "give one more than there are rows"
        )
        raise InvalidValueError(message, offsets=offsets, size=size)
    return offsets


def _ends_of(offsets: Int64Array) -> str:
    return f"{offsets[0]} to {offsets[-1]}" if len(offsets) else "none"


@attrs.frozen(eq=False, repr=False, init=False)
class IntervalBatch:
    """Rows of instants: row i is the `IntervalSet` at ``offsets[i]:offsets[i + 1]`` of ``starts`` and ``ends``.

    All three are read-only int64 columns. A batch has as many items as rows, and iterates as sets that share its
    columns. An operation does to each row what it does to a set, with the same keywords, in one sweep over all rows;
    the other operand is a batch of as many rows, or one set that stands for every row. Rows carry no names: they are
    known by their index.

    >>> batch = IntervalBatch([IntervalSet.from_us([0, 20], [10, 30]), IntervalSet.empty()])
    >>> len(batch), batch.offsets.tolist(), batch.starts.tolist()
    (2, [0, 2, 2], [0, 20])

    Source: ADR 3 (the layout is compressed sparse rows).
    """

    offsets: Int64Array
    starts: Int64Array
    ends: Int64Array

    def __init__(self, sets: Iterable[IntervalSet] = ()) -> None:
        """Take one set for each row; the same as `from_sets`."""
        rows = list(sets)
        offsets = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum([len(row) for row in rows], out=offsets[1:])
        nothing = np.empty(0, dtype=np.int64)
        _put(self, "offsets", frozen(offsets))
        _put(self, "starts", frozen(np.concatenate([nothing, *(row.starts for row in rows)])))
        _put(self, "ends", frozen(np.concatenate([nothing, *(row.ends for row in rows)])))

    @classmethod
    def _trusted(cls, offsets: Int64Array, starts: Int64Array, ends: Int64Array) -> IntervalBatch:
        made: IntervalBatch = object.__new__(cls)
        _put(made, "offsets", frozen(offsets))
        _put(made, "starts", frozen(starts))
        _put(made, "ends", frozen(ends))
        return made

    @classmethod
    def from_sets(cls, sets: Iterable[IntervalSet]) -> IntervalBatch:
        """Return a batch with one row for each set.

        >>> IntervalBatch.from_sets([IntervalSet.from_us([0], [60_000_000])] * 3)
        IntervalBatch(3 rows, 3 intervals, 1970-01-01 00:00 to 00:01 UTC)
        """
        return cls(sets)

    @classmethod
    def from_us(cls, offsets: Sequence[int] | Int64Array, starts: Moments, ends: Moments) -> IntervalBatch:
        """Return a batch of columns; inside its row an interval may stand anywhere and overlap others.

        >>> batch = IntervalBatch.from_us([0, 2, 2], [5, 0], [20, 10])
        >>> [(row.starts.tolist(), row.ends.tolist()) for row in batch]
        [([0], [20]), ([], [])]

        Raises:
            InvalidIntervalError: an end does not lie after its start (``index`` says which).
            InvalidValueError: the columns differ in length, the offsets do not rise from 0 to that length, or something
            is
                no column of whole numbers.
            OutOfRangeError: an instant lies outside the years 1 to 9999.

        Source: ADR 3: copy at the edge, then freeze. Cost: one sort of each column.
        """
        first, last = checked(starts, ends)
        rows = _checked_offsets(offsets, len(first))
        line = Line.through(len(rows) - 1, first, last)
        first, last = line.keys(rows, first, last)
        first.sort()
        last.sort()
        return cls._trusted(*line.spread(*_sweeps.coalesce(first, last)))

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> IntervalSet:
        """Return one row as a set that shares the columns; a negative row counts from the last."""
        index = range(len(self))[row]
        part = slice(int(self.offsets[index]), int(self.offsets[index + 1]))
        return IntervalSet._trusted(self.starts[part], self.ends[part])  # noqa: SLF001 - same package

    def __iter__(self) -> Iterator[IntervalSet]:
        """Give the rows in order."""
        return (self[row] for row in range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Compare row by row."""
        if not isinstance(other, IntervalBatch):
            return NotImplemented
        return (
            same_times(self.offsets, other.offsets)
            and same_times(self.starts, other.starts)
            and same_times(self.ends, other.ends)
        )

    def __hash__(self) -> int:
        """Hash all rows; the cost is linear."""
        return hash((self.offsets.tobytes(), self.starts.tobytes(), self.ends.tobytes()))

    def __reduce__(self) -> tuple[object, tuple[Int64Array, Int64Array, Int64Array]]:
        """Pickle as columns, which come back checked and read-only."""
        return IntervalBatch.from_us, (self.offsets, self.starts, self.ends)

    def __repr__(self) -> str:
        """Show the number of rows and intervals, and the time around them."""
        rows = f"{len(self)} {'row' if len(self) == 1 else 'rows'}"
        if not self.starts.size:
            return f"IntervalBatch({rows}, empty)"
        size = f"{self.starts.size} {'interval' if self.starts.size == 1 else 'intervals'}"
        span = described(from_us(int(self.starts.min())), from_us(int(self.ends.max())))
        return f"IntervalBatch({rows}, {size}, {span} UTC)"

    @property
    def duration_us(self) -> Int64Array:
        """The time in each row altogether, in microseconds.

        >>> IntervalBatch.from_us([0, 2, 2], [0, 20], [10, 30]).duration_us.tolist()
        [20, 0]
        """
        # The running sum may wrap around int64 over many long rows; its differences, taken modulo 2**64, are right all
        # the same.
        total = np.concatenate(([0], (self.ends - self.starts).cumsum()))
        return frozen(np.diff(total[self.offsets]))

    def _matched(self, other: IntervalBatch | IntervalSet) -> IntervalBatch:
        rows = len(self)
        if isinstance(other, IntervalSet):
            return _tiled(other, rows)
        if len(other) != rows:
            message = (
                f"both batches have as many rows, got {rows} and {len(other)}; give one set to use it for every row"
            )
            raise InvalidValueError(message, rows=rows, other_rows=len(other))
        return other

    def _swept(self, other: IntervalBatch | IntervalSet, sweep: Sweep) -> IntervalBatch:
        right = self._matched(other)
        line = Line.through(len(self), self.starts, self.ends, right.starts, right.ends)
        mine = line.keys(self.offsets, self.starts, self.ends)
        return IntervalBatch._trusted(*line.spread(*sweep(*mine, *line.keys(right.offsets, right.starts, right.ends))))

    def _coalesced(self, starts: Int64Array, ends: Int64Array) -> IntervalBatch:
        line = Line.through(len(self), starts, ends)
        return IntervalBatch._trusted(*line.spread(*_sweeps.coalesce(*line.keys(self.offsets, starts, ends))))

    def union(self, other: IntervalBatch | IntervalSet) -> IntervalBatch:
        """Return, row by row, the instants in either; ``a | b`` is the same.

        >>> list(IntervalBatch.from_us([0, 1], [0], [10]) | IntervalSet.from_us([10], [20]))[0].ends.tolist()
        [20]

        Raises:
            InvalidValueError: the other batch has another number of rows.
        """
        return self._swept(other, _sweeps.union)

    def intersection(self, other: IntervalBatch | IntervalSet) -> IntervalBatch:
        """Return, row by row, the instants in both; ``a & b`` is the same.

        >>> (IntervalBatch.from_us([0, 1], [0], [10]) & IntervalSet.from_us([5], [20])).starts.tolist()
        [5]

        Raises:
            InvalidValueError: the other batch has another number of rows.
        """
        return self._swept(other, _sweeps.intersect)

    def difference(self, other: IntervalBatch | IntervalSet) -> IntervalBatch:
        """Return, row by row, the instants in this batch and not in the other; ``a - b`` is the same.

        >>> (IntervalBatch.from_us([0, 1], [0], [10]) - IntervalSet.from_us([5], [20])).ends.tolist()
        [5]

        Raises:
            InvalidValueError: the other batch has another number of rows.
        """
        return self._swept(other, _sweeps.difference)

    def __or__(self, other: object) -> IntervalBatch:
        """Return the union."""
        return self.union(other) if isinstance(other, IntervalBatch | IntervalSet) else NotImplemented

    def __and__(self, other: object) -> IntervalBatch:
        """Return the intersection."""
        return self.intersection(other) if isinstance(other, IntervalBatch | IntervalSet) else NotImplemented

    def __sub__(self, other: object) -> IntervalBatch:
        """Return the difference."""
        return self.difference(other) if isinstance(other, IntervalBatch | IntervalSet) else NotImplemented

    def gaps(self, within: Interval) -> IntervalBatch:
        """Return, row by row, the instants of ``within`` that are not in the row.

        >>> IntervalBatch.from_us([0, 1, 1], [10], [20]).gaps(Interval.from_us(0, 30)).starts.tolist()
        [0, 20, 0]
        """
        return _tiled(IntervalSet.of(within), len(self)).difference(self)

    def within(self, within: Interval) -> IntervalBatch:
        """Return, row by row, the instants that lie in ``within``; intervals over its edge are cut there.

        >>> IntervalBatch.from_us([0, 2], [0, 50], [30, 80]).within(Interval.from_us(20, 50)).starts.tolist()
        [20]
        """
        return self.intersection(IntervalSet.of(within))

    def pad(self, *, before: timedelta = _ZERO, after: timedelta = _ZERO) -> IntervalBatch:
        """Return every row with its intervals grown; what then meets becomes one. See `IntervalSet.pad`.

        >>> IntervalBatch.from_us([0, 1], [5], [10]).pad(after=timedelta(microseconds=1)).ends.tolist()
        [11]

        Raises:
            InvalidValueError: an amount is negative.
            OutOfRangeError: an interval would leave the years 1 to 9999.
        """
        before_us, after_us = growth_us(before, after)
        return self._coalesced(*moved(self.starts, self.ends, start_by=-before_us, end_by=after_us))

    def shift(self, by: timedelta) -> IntervalBatch:
        """Return every row moved by one elapsed time, later or (if negative) earlier.

        >>> IntervalBatch.from_us([0, 1], [5], [10]).shift(timedelta(microseconds=-5)).starts.tolist()
        [0]

        Raises:
            OutOfRangeError: an interval would leave the years 1 to 9999.
        """
        by_us = duration_us(by)
        starts, ends = moved(self.starts, self.ends, start_by=by_us, end_by=by_us)
        return IntervalBatch._trusted(self.offsets, starts, ends)

    def dilate(self, *, before: timedelta = _ZERO, after: timedelta = _ZERO) -> IntervalBatch:
        """Return, row by row, every t whose footprint meets the row. See `IntervalSet.dilate`.

        >>> IntervalBatch.from_us([0, 1], [100], [110]).dilate(after=timedelta(microseconds=30)).starts.tolist()
        [71]

        Raises:
            InvalidValueError: an amount is negative, or both are zero.
            OutOfRangeError: an interval would leave the years 1 to 9999.
        """
        before_us, after_us = reach_us(before, after)
        return self._coalesced(*moved(self.starts, self.ends, start_by=1 - after_us, end_by=before_us))

    def erode(self, *, before: timedelta = _ZERO, after: timedelta = _ZERO) -> IntervalBatch:
        """Return, row by row, every t whose footprint lies in one interval of the row. See `IntervalSet.erode`.

        >>> IntervalBatch.from_us([0, 1], [200], [240]).erode(after=timedelta(microseconds=30)).ends.tolist()
        [211]

        Raises:
            InvalidValueError: an amount is negative, or both are zero.
            OutOfRangeError: a result would leave the years 1 to 9999.
        """
        starts, ends, kept = eroded(self.starts, self.ends, *reach_us(before, after))
        # An offset counts the intervals before it, so the new one counts those of them that were kept.
        return IntervalBatch._trusted(kept.searchsorted(self.offsets).astype(np.int64, copy=False), starts, ends)

    @overload
    def at_least(self, need: int) -> IntervalSet: ...

    @overload
    def at_least(
        self,
        need: int | Sequence[int] | Int64Array,
        *,
        groups: Sequence[int] | Int64Array,
        group_count: int | None = None,
    ) -> IntervalBatch: ...

    def at_least(
        self,
        need: int | Sequence[int] | Int64Array,
        *,
        groups: Sequence[int] | Int64Array | None = None,
        group_count: int | None = None,
    ) -> IntervalSet | IntervalBatch:
        """Return the instants that lie in at least ``need`` rows: of all rows, or of the rows of each group.

        One is the union of the rows, their number is the intersection. With ``groups`` (for each row the index of its
        group) the answer is a batch with one row for each group, and ``need`` may be one number for each. There are as
        many groups as ``group_count``, or as numbers in ``need``, or as the highest index says; one without rows comes
        out empty.

        >>> staff = IntervalBatch.from_us([0, 1, 2, 3], [0, 10, 20], [30, 40, 50])
        >>> staff.at_least(2) == IntervalSet.from_us([10], [40])
        True
        >>> [row.starts.tolist() for row in staff.at_least([1, 2], groups=[0, 1, 1])]
        [[0], [20]]

        Raises:
            InvalidValueError: a need is less than one, ``groups`` does not name a group for every row, or the number of
                groups is said twice and differs.

        Source: ADR 15: the sweep behind union, intersection, capacity and N-of-M.
        """
        whole = groups is None
        of_row = np.zeros(len(self), dtype=np.int64) if groups is None else as_counts(groups, name="groups")
        needs = as_counts(need if np.ndim(need) else [need], name="need")
        if whole:
            count = 1
        elif group_count is not None:
            count = group_count
        else:
            count = len(needs) if np.ndim(need) else int(of_row.max(initial=-1)) + 1
        _check_groups(needs if np.ndim(need) else np.repeat(needs, count), of_row, rows=len(self), count=count)
        if (needs < 1).any():
            message = f"at least one row has to cover, got need={int(needs.min())}; give 1 for the union"
            raise InvalidValueError(message, need=int(needs.min()))
        owner = np.repeat(of_row, np.diff(self.offsets))
        line = Line.through(count, self.starts, self.ends)
        starts, ends = line.keys_in(owner, self.starts), line.keys_in(owner, self.ends)
        starts.sort()
        ends.sort()
        sizes = np.concatenate(([0], np.bincount(owner, minlength=count).cumsum()))
        found = _sweeps.at_least(starts, ends, needs if np.ndim(need) else int(needs[0]), sizes)
        answer = IntervalBatch._trusted(*line.spread(*_sweeps.coalesce(*found)))
        return answer[0] if whole else answer

    def covers(self, interval: Interval) -> Mask:
        """Say for each row whether every instant of the interval is in it.

        >>> IntervalBatch.from_us([0, 1, 1], [0], [10]).covers(Interval.from_us(5, 10)).tolist()
        [True, False]
        """
        window = _tiled(IntervalSet.of(interval), len(self))
        line = Line.through(len(self), self.starts, self.ends, window.starts, window.ends)
        mine = line.keys(self.offsets, self.starts, self.ends)
        return _sweeps.covers(*mine, *line.keys(window.offsets, window.starts, window.ends))

    def contains(self, rows: int | Sequence[int] | Int64Array, moments: Moments) -> Mask:
        """Say for each moment whether it is in its row: one row for all of them, or one for each.

        >>> batch = IntervalBatch.from_us([0, 1, 2], [0, 10], [10, 20])
        >>> batch.contains([0, 1, 1], [9, 9, 10]).tolist()
        [True, False, True]

        Raises:
            NaiveDatetimeError: a datetime has no zone.
            InvalidValueError: there are not as many rows as moments, or a row does not exist.
            OutOfRangeError: a moment lies outside the years 1 to 9999.
        """
        points = as_us(moments, name="moments")
        of_point = as_counts(rows if np.ndim(rows) else [rows] * len(points), name="rows")
        if len(of_point) != len(points) or ((of_point < 0) | (of_point >= len(self))).any():
            message = (
                f"every moment has a row from 0 to {len(self) - 1}, got {len(of_point)} for {len(points)} moments; "
                "give one row for all, or one for each"
            )
            raise InvalidValueError(message, rows=len(self), got=len(of_point), moments=len(points))
        line = Line.through(len(self), self.starts, self.ends)
        starts, ends = line.keys(self.offsets, self.starts, self.ends)
        return _sweeps.contains(starts, ends, line.keys_in(of_point, points))

    def overlapping(self, other: IntervalBatch | IntervalSet) -> tuple[Int64Array, Int64Array, Int64Array]:
        """Return all overlapping pairs, row by row, as columns ``(row, i, j)``.

        Interval i of the row (counted inside it) overlaps interval j of the same row of ``other``; touching is not
        overlapping. Pairs come by row, then i, then j; there are fewer of them than intervals in both.

        >>> mine, theirs = IntervalBatch.from_us([0, 0, 2], [0, 20], [10, 30]), IntervalSet.from_us([5], [25])
        >>> [column.tolist() for column in mine.overlapping(theirs)]
        [[1, 1], [0, 1], [0, 0]]

        Raises:
            InvalidValueError: the other batch has another number of rows.

        Source: shapely's rule that queries return indices.
        """
        right = self._matched(other)
        line = Line.through(len(self), self.starts, self.ends, right.starts, right.ends)
        mine = line.keys(self.offsets, self.starts, self.ends)
        i, j = _sweeps.overlaps(*mine, *line.keys(right.offsets, right.starts, right.ends))
        row = self.offsets.searchsorted(i, "right") - 1
        return frozen(row), frozen(i - self.offsets[row]), frozen(j - right.offsets[row])


def _tiled(row: IntervalSet, rows: int) -> IntervalBatch:
    offsets = np.arange(rows + 1) * len(row)
    # The constructor that trusts: a repeated row is still a row.
    return IntervalBatch._trusted(offsets, np.tile(row.starts, rows), np.tile(row.ends, rows))  # noqa: SLF001


def _check_groups(needs: Int64Array, groups: Int64Array, *, rows: int, count: int) -> None:
    if len(groups) != rows or len(needs) != count or ((groups < 0) | (groups >= count)).any():
        message = (
            f"every row has a group and every group a need, got {len(groups)} group numbers for {rows} rows and "
            f"{len(needs)} needs for {count} groups; number the groups from 0"
        )
        raise InvalidValueError(message, groups=len(groups), rows=rows, needs=len(needs), count=count)
