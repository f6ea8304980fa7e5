"""Many intervals as one set of instants."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core import _sweeps
from petpro_core.intervals._columns import (
    Int64Array,
    Mask,
    Moments,
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
from petpro_core.intervals._moments import duration_us, from_us

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["IntervalSet"]

_ZERO: Final = timedelta(0)
_SHOWN: Final = 3
_put = object.__setattr__


def _window(within: Interval) -> tuple[Int64Array, Int64Array]:
    return np.array([within.start_us]), np.array([within.end_us])


@attrs.frozen(eq=False, repr=False, init=False)
class IntervalSet:
    """A set of instants, kept as intervals that are sorted, disjoint and coalesced.

    ``starts`` and ``ends`` are read-only int64 columns of microseconds since 1970-01-01T00:00Z. Intervals that overlap
    or touch become one, so two sets of the same instants are always equal, and hash alike. A set has a length, a truth
    (is there anything in it), iterates as `Interval` and is never changed: every operation returns a new one.

    >>> hours = IntervalSet.from_us([0, 50], [30, 80])
    >>> lunch = IntervalSet.from_us([20], [60])
    >>> (hours - lunch).starts.tolist(), (hours - lunch).ends.tolist()
    ([0, 60], [20, 80])

    Operations on a million intervals cost some tens of milliseconds, on ten some ten microseconds. A set is one row of
    an `IntervalBatch` and shares its sweeps.

    Source: ADR 3; ADR 15 (one coverage sweep).
    """

    starts: Int64Array
    ends: Int64Array

    def __init__(self, intervals: Iterable[Interval] = ()) -> None:
        """Take intervals in any order; the same as ``IntervalSet.of(*intervals)``."""
        pairs = [(interval.start_us, interval.end_us) for interval in intervals]
        columns = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        columns.sort(axis=0)
        starts, ends = _sweeps.coalesce(columns[:, 0], columns[:, 1])
        _put(self, "starts", frozen(starts))
        _put(self, "ends", frozen(ends))

    @classmethod
    def _trusted(cls, starts: Int64Array, ends: Int64Array) -> IntervalSet:
        # For results of the sweeps, which are sorted, disjoint and coalesced by their invariants.
        made: IntervalSet = object.__new__(cls)
        _put(made, "starts", frozen(starts))
        _put(made, "ends", frozen(ends))
        return made

    @classmethod
    def from_us(cls, starts: Moments, ends: Moments) -> IntervalSet:
        """Return the set of the intervals ``[starts[i], ends[i])``, in any order, overlapping or not.

        The columns are integers (microseconds since 1970-01-01T00:00Z), ``datetime64[us]`` or aware datetimes; they are
        copied.

        >>> IntervalSet.from_us([60_000_000, 0], [120_000_000, 60_000_000])
        IntervalSet(1970-01-01 00:00 to 00:02 UTC)

        Raises:
            InvalidIntervalError: an end does not lie after its start (``index`` says which).
            InvalidValueError: the columns differ in length, or are no columns of whole numbers.
            OutOfRangeError: an instant lies outside the years 1 to 9999.

        Source: ADR 3: copy at the edge, then freeze. Cost: one sort of each column.
        """
        first, last = checked(starts, ends)
        return cls._trusted(*_sweeps.coalesce(np.sort(first), np.sort(last)))

    @classmethod
    def of(cls, *intervals: Interval) -> IntervalSet:
        """Return the set of some intervals, in any order, overlapping or not.

        >>> IntervalSet.of(Interval.from_us(5, 20), Interval.from_us(0, 10)) == IntervalSet.from_us([0], [20])
        True
        """
        return cls(intervals)

    @classmethod
    def empty(cls) -> IntervalSet:
        """Return the set without any instant.

        >>> IntervalSet.empty()
        IntervalSet(empty)
        """
        return cls()

    def __len__(self) -> int:
        """Return the number of intervals."""
        return len(self.starts)

    def __bool__(self) -> bool:
        """Say whether there is any instant in the set."""
        return len(self.starts) > 0

    def __iter__(self) -> Iterator[Interval]:
        """Give the intervals in order."""
        for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True):
            yield Interval.from_us(start, end)

    def __getitem__(self, index: int) -> Interval:
        """Return one interval by its position, as `overlapping` tells it."""
        return Interval.from_us(int(self.starts[index]), int(self.ends[index]))

    def __contains__(self, moment: datetime) -> bool:
        """Say whether an aware moment lies in the set."""
        return bool(self.contains([moment])[0])

    def __eq__(self, other: object) -> bool:
        """Compare the instants."""
        if not isinstance(other, IntervalSet):
            return NotImplemented
        return same_times(self.starts, other.starts) and same_times(self.ends, other.ends)

    def __hash__(self) -> int:
        """Hash the instants; the cost is linear."""
        return hash((self.starts.tobytes(), self.ends.tobytes()))

    def __reduce__(self) -> tuple[object, tuple[Int64Array, Int64Array]]:
        """Pickle as columns, which come back checked and read-only."""
        return IntervalSet.from_us, (self.starts, self.ends)

    def __repr__(self) -> str:
        """Show the first intervals, and how many more there are."""
        texts: list[str] = []
        read: datetime | None = None
        for start, end in zip(self.starts[:_SHOWN].tolist(), self.ends[:_SHOWN].tolist(), strict=True):
            texts.append(described(from_us(start), from_us(end), after=read))
            read = from_us(end)
        if not texts:
            return "IntervalSet(empty)"
        more = f" and {len(self) - _SHOWN} more" if len(self) > _SHOWN else ""
        return f"IntervalSet({', '.join(texts)} UTC{more})"

    @property
    def duration(self) -> timedelta:
        """The time in the set altogether.

        >>> IntervalSet.from_us([0, 50], [30, 80]).duration
        datetime.timedelta(microseconds=60)
        """
        return timedelta(microseconds=int((self.ends - self.starts).sum()))

    @property
    def span(self) -> Interval | None:
        """The shortest interval around the whole set; None for the empty set.

        >>> IntervalSet.from_us([0, 50], [30, 80]).span == Interval.from_us(0, 80)
        True
        """
        return Interval.from_us(int(self.starts[0]), int(self.ends[-1])) if self else None

    def union(self, other: IntervalSet) -> IntervalSet:
        """Return the instants in either set; ``a | b`` is the same.

        >>> IntervalSet.from_us([0], [10]) | IntervalSet.from_us([10], [20]) == IntervalSet.from_us([0], [20])
        True
        """
        return self._trusted(*_sweeps.union(self.starts, self.ends, other.starts, other.ends))

    def intersection(self, other: IntervalSet) -> IntervalSet:
        """Return the instants in both sets; ``a & b`` is the same.

        >>> IntervalSet.from_us([0], [10]) & IntervalSet.from_us([5], [20]) == IntervalSet.from_us([5], [10])
        True
        """
        return self._trusted(*_sweeps.intersect(self.starts, self.ends, other.starts, other.ends))

    def difference(self, other: IntervalSet) -> IntervalSet:
        """Return the instants in this set that are not in the other; ``a - b`` is the same.

        >>> IntervalSet.from_us([0], [10]) - IntervalSet.from_us([5], [20]) == IntervalSet.from_us([0], [5])
        True
        """
        return self._trusted(*_sweeps.difference(self.starts, self.ends, other.starts, other.ends))

    def __or__(self, other: object) -> IntervalSet:
        """Return the union."""
        return self.union(other) if isinstance(other, IntervalSet) else NotImplemented

    def __and__(self, other: object) -> IntervalSet:
        """Return the intersection."""
        return self.intersection(other) if isinstance(other, IntervalSet) else NotImplemented

    def __sub__(self, other: object) -> IntervalSet:
        """Return the difference."""
        return self.difference(other) if isinstance(other, IntervalSet) else NotImplemented

    def gaps(self, within: Interval) -> IntervalSet:
        """Return the instants of ``within`` that are not in the set, before, between and after its intervals.

        >>> IntervalSet.from_us([10], [20]).gaps(Interval.from_us(0, 30)) == IntervalSet.from_us([0, 20], [10, 30])
        True
        """
        return self._trusted(*_sweeps.difference(*_window(within), self.starts, self.ends))

    def within(self, within: Interval) -> IntervalSet:
        """Return the instants of the set that lie in ``within``; intervals over its edge are cut there.

        >>> IntervalSet.from_us([0, 50], [30, 80]).within(Interval.from_us(20, 50)) == IntervalSet.from_us([20], [30])
        True
        """
        return self._trusted(*_sweeps.intersect(self.starts, self.ends, *_window(within)))

    def pad(self, *, before: timedelta = _ZERO, after: timedelta = _ZERO) -> IntervalSet:
        """Return the set with every interval grown at its start and its end; what then meets becomes one.

        >>> minute = timedelta(minutes=1)
        >>> IntervalSet.from_us([0], [60_000_000]).pad(before=minute, after=2 * minute)
        IntervalSet(1969-12-31 23:59 to 1970-01-01 00:03 UTC)

        Raises:
            InvalidValueError: an amount is negative.
            OutOfRangeError: an interval would leave the years 1 to 9999.
        """
        before_us, after_us = growth_us(before, after)
        return self._trusted(*_sweeps.coalesce(*moved(self.starts, self.ends, start_by=-before_us, end_by=after_us)))

    def shift(self, by: timedelta) -> IntervalSet:
        """Return the set moved by an elapsed time, later or (if negative) earlier.

        >>> IntervalSet.from_us([0], [60_000_000]).shift(timedelta(hours=-1))
        IntervalSet(1969-12-31 23:00 to 23:01 UTC)

        Raises:
            OutOfRangeError: an interval would leave the years 1 to 9999.
        """
        by_us = duration_us(by)
        return self._trusted(*moved(self.starts, self.ends, start_by=by_us, end_by=by_us))

    def dilate(self, *, before: timedelta = _ZERO, after: timedelta = _ZERO) -> IntervalSet:
        """Return every t whose footprint ``[t - before, t + after)`` meets the set.

        With busy time as the set, these are the starts at which something of that footprint cannot be placed.

        >>> busy = IntervalSet.from_us([100], [110])
        >>> busy.dilate(after=timedelta(microseconds=30)) == IntervalSet.from_us([71], [110])
        True

        Raises:
            InvalidValueError: an amount is negative, or both are zero.
            OutOfRangeError: an interval would leave the years 1 to 9999.

        Source: mathematical morphology: inside any window, the complement of the dilation is the erosion of the
        complement.
        """
        before_us, after_us = reach_us(before, after)
        return self._trusted(*_sweeps.coalesce(*moved(self.starts, self.ends, start_by=1 - after_us, end_by=before_us)))

    def erode(self, *, before: timedelta = _ZERO, after: timedelta = _ZERO) -> IntervalSet:
        """Return every t whose footprint ``[t - before, t + after)`` lies in one interval of the set.

        With free time as the set, these are the starts at which something of that footprint fits.

        >>> free = IntervalSet.from_us([100, 200], [110, 240])
        >>> free.erode(after=timedelta(microseconds=30)) == IntervalSet.from_us([200], [211])
        True

        Raises:
            InvalidValueError: an amount is negative, or both are zero.
            OutOfRangeError: a result would leave the years 1 to 9999.

        Source: mathematical morphology; see `dilate`.
        """
        first, last, _ = eroded(self.starts, self.ends, *reach_us(before, after))
        return self._trusted(first, last)

    def covers(self, interval: Interval) -> bool:
        """Say whether every instant of the interval is in the set.

        >>> IntervalSet.from_us([0], [10]).covers(Interval.from_us(5, 11))
        False
        """
        return bool(_sweeps.covers(self.starts, self.ends, *_window(interval))[0])

    def contains(self, moments: Moments) -> Mask:
        """Say for each moment whether it is in the set; starts are, ends are not.

        >>> IntervalSet.from_us([0], [10]).contains([-1, 0, 9, 10]).tolist()
        [False, True, True, False]

        Raises:
            NaiveDatetimeError: a datetime has no zone.
            InvalidValueError: the moments are no column of instants.
            OutOfRangeError: a moment lies outside the years 1 to 9999.
        """
        return _sweeps.contains(self.starts, self.ends, as_us(moments, name="moments"))

    def overlapping(self, interval: Interval) -> Int64Array:
        """Return the positions of those intervals of the set that overlap the given one, in order.

        >>> IntervalSet.from_us([0, 20, 40], [10, 30, 50]).overlapping(Interval.from_us(10, 45)).tolist()
        [1, 2]

        Source: shapely's rule that queries return indices.
        """
        return frozen(_sweeps.overlaps(*_window(interval), self.starts, self.ends)[1])
