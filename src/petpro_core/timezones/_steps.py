"""Step functions of time, as sorted arrays: the one look-up behind every conversion of a zone.

Source: RFC 9636 section 3.2 for the meaning of a transition; the fold into one cycle rests on the Gregorian calendar,
which repeats after 400 years.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import Final

import attrs
import numpy as np
import numpy.typing as npt

from petpro_core.intervals import DAY_US

__all__ = ["CYCLE_US", "Steps", "WallSteps", "bounds_of", "wall_steps"]

CYCLE_US: Final = 146_097 * DAY_US

_SMALL: Final = 64
_MANY: Final = 4096
_FEW: Final = 8
_BEFORE_ALL: Final = -(2**62)
_AFTER_ALL: Final = 2**62


def bounds_of(points: npt.NDArray[np.int64]) -> tuple[int, int]:
    """Give the least and the largest of some points (at least one)."""
    if points.size <= _SMALL:
        # Two NumPy reductions cost more than a short list does.
        listed = points.ravel().tolist()
        return min(listed), max(listed)
    return int(points.min()), int(points.max())


@attrs.frozen(eq=False)
class Steps:
    """A function that is ``values[i]`` before ``at[i]`` and ``values[i + 1]`` from there on.

    Invariant: ``at`` ascends strictly, ``values`` has one entry more. Where ``repeats_from`` is given, the function on
    ``[repeats_from, repeats_from + CYCLE_US)`` repeats for ever after, and ``at`` reaches past the end of that range.
    """

    at: npt.NDArray[np.int64]
    values: npt.NDArray[np.int64]
    repeats_from: int | None

    @classmethod
    def of(cls, at: npt.NDArray[np.int64], values: npt.NDArray[np.int64], repeats_from: int | None) -> Steps:
        """Keep the steps where the value changes, in arrays that nobody can write to."""
        changes = values[1:] != values[:-1]
        kept_at, kept_values = at[changes], values[np.append(True, changes)]
        kept_at.setflags(write=False)
        kept_values.setflags(write=False)
        return cls(kept_at, kept_values, repeats_from)

    @cached_property
    def _at(self) -> list[int]:
        # Bisecting a list of ints is several times faster than a NumPy call on one point.
        listed: list[int] = self.at.tolist()
        return listed

    @cached_property
    def _values(self) -> list[int]:
        listed: list[int] = self.values.tolist()
        return listed

    @cached_property
    def _folds_at(self) -> int:
        return _AFTER_ALL if self.repeats_from is None else self.repeats_from + CYCLE_US

    def value_at(self, point: int) -> int:
        """Give the value at one point."""
        if point >= self._folds_at:
            point -= (point - self._folds_at + CYCLE_US) // CYCLE_US * CYCLE_US
        return self._values[bisect_right(self._at, point)]

    def look_up(self, points: npt.NDArray[np.int64], low: int, high: int) -> int | npt.NDArray[np.int64]:
        """Give the values at points that lie in ``[low, high]``, or one number where all of them have the same."""
        if high >= self._folds_at:
            past = np.maximum((points - self._folds_at) // CYCLE_US + 1, 0)
            points = points - past * CYCLE_US
            low, high = bounds_of(points)
        # Only the steps inside the window are searched: a year of a million times meets two of them, not eight hundred.
        first = bisect_right(self._at, low)
        last = bisect_right(self._at, high, first)
        if first == last:
            return self._values[first]
        values = self.values[first : last + 1]
        if last - first > _FEW or points.size <= _MANY:
            return values.take(self.at[first:last].searchsorted(points, "right"))
        # Counting the steps behind each point has no branches to mispredict: three times as fast on unsorted points.
        passed = np.zeros(points.shape, np.int8)
        for step in self._at[first:last]:
            passed += (points >= step).view(np.int8)
        return values[passed]

    def between(self, start: int, end: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Give the steps inside ``(start, end]``, and the values between them: one more than steps."""
        at, values = self.at, self.values
        if self.repeats_from is not None and end >= self._folds_at:
            at, values = self._unrolled(self.repeats_from, end)
        first, last = int(at.searchsorted(start, "right")), int(at.searchsorted(end, "right"))
        return at[first:last], values[first : last + 1]

    def _unrolled(self, repeats_from: int, end: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        first, last = self.at.searchsorted([repeats_from, repeats_from + CYCLE_US]).tolist()
        copies = (end - repeats_from) // CYCLE_US + 1
        cycles = self.at[first:last] + CYCLE_US * np.arange(copies, dtype=np.int64)[:, None]
        at = np.concatenate([self.at[:first], cycles.ravel()])
        values = np.concatenate([self.values[: first + 1], np.tile(self.values[first + 1 : last + 1], copies)])
        at.setflags(write=False)
        values.setflags(write=False)
        return at, values


@attrs.frozen(eq=False)
class WallSteps:
    """What each wall-clock time means: three offsets to choose from, and how often the time exists.

    ``times_shown`` is 1 for an ordinary time, 0 for one in a gap, 2 for one that exists at least twice.
    """

    compatible: Steps
    earlier: Steps
    later: Steps
    times_shown: Steps


def wall_steps(instants: Steps) -> WallSteps:
    """Turn the offsets by instant into offsets by wall-clock time.

    Nothing is assumed about the distance of two clock changes, so that gaps and repeated hours may overlap: each
    stretch of wall-clock time between two edges is given to the first and the last stretch of instants that shows it.
    One that nothing shows lies in a gap, and belongs to the first clock change that jumps over it.
    """
    at, offsets, repeats_from = instants.at, instants.values, instants.repeats_from
    if not at.size:
        once = Steps.of(at, np.ones(1, np.int64), repeats_from)
        return WallSteps(instants, instants, instants, once)
    # Segment i of constant offset shows the wall-clock times [begins[i], ends[i]).
    begins = np.append(_BEFORE_ALL, at + offsets[1:])
    ends = np.append(at + offsets[:-1], _AFTER_ALL)
    edges = np.unique(np.concatenate([begins[1:], ends[:-1]]))
    walls = np.append(edges[0] - 1, edges)
    # An offset is less than a day, so only the segments within a day of a time can show it.
    nearest, farthest = at.searchsorted(walls - DAY_US, "right"), at.searchsorted(walls + DAY_US, "left")
    first = np.full(walls.shape, -1)
    last, jumped = first, first
    for step in range(int((farthest - nearest).max()) + 1):
        segment = np.minimum(nearest + step, farthest)
        shows = (begins[segment] <= walls) & (walls < ends[segment])
        first = np.where(shows & (first < 0), segment, first)
        last = np.where(shows, segment, last)
        following = np.minimum(segment + 1, farthest)
        skips = (ends[segment] <= walls) & (walls < begins[following])
        jumped = np.where(skips & (jumped < 0), segment, jumped)
    skipped = first < 0
    before, after = np.where(skipped, jumped, first), np.where(skipped, jumped + 1, first)
    shown = np.where(skipped, 0, np.where(first == last, 1, 2))
    return WallSteps(
        compatible=Steps.of(edges, offsets[before], repeats_from),
        earlier=Steps.of(edges, offsets[after], repeats_from),
        later=Steps.of(edges, offsets[np.where(skipped, jumped, last)], repeats_from),
        times_shown=Steps.of(edges, shown, repeats_from),
    )
