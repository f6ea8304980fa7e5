"""Many rows on one line, so that one sweep serves them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from petpro_core import _sweeps

if TYPE_CHECKING:
    from petpro_core.intervals._columns import Int64Array

__all__ = ["Line"]


@attrs.frozen(eq=False)
class Line:
    """A place for each of ``rows`` rows: row r holds the keys from ``r * width`` up to ``(r + 1) * width``.

    Inside a row a time t stands at ``t - low``. Where rows times width would not fit into 62 bits (fifteen rows that
    span all years are enough), it stands at its rank among the times that occur: every set operation asks only for the
    order of times, so the same kernels serve, at the price of a sort.
    """

    rows: int
    width: int
    low: int
    high: int
    ranked: Int64Array | None

    @classmethod
    def through(cls, rows: int, *columns: Int64Array) -> Line:
        """Return a line on which every time of the columns has its place in every row."""
        filled = [column for column in columns if column.size]
        # Place 0 stays free, so that no row touches the one before it.
        low = min((int(column.min()) for column in filled), default=0) - 1
        high = max((int(column.max()) for column in filled), default=0)
        width = high - low + 1
        if rows * width < _sweeps.ROOM:
            return cls(rows, width, low, high, None)
        ranked = np.unique(np.concatenate(filled))
        return cls(rows, len(ranked) + 1, low, high, ranked)

    def _bases(self, offsets: Int64Array) -> Int64Array:
        return np.repeat(np.arange(self.rows) * self.width, np.diff(offsets))

    def _places(self, times: Int64Array) -> Int64Array:
        return times - self.low if self.ranked is None else self.ranked.searchsorted(times, "right")

    def _times(self, places: Int64Array) -> Int64Array:
        return places + self.low if self.ranked is None else self.ranked.take(places - 1)

    def keys(self, offsets: Int64Array, *columns: Int64Array) -> tuple[Int64Array, ...]:
        """Return the keys of columns whose rows the offsets give."""
        bases = self._bases(offsets)
        return tuple(self._places(column) + bases for column in columns)

    def keys_in(self, rows: Int64Array, times: Int64Array) -> Int64Array:
        """Return the keys of any times, each in its row; a time beyond all others stands at the edge of its row."""
        return self._places(np.clip(times, self.low, self.high)) + rows * self.width

    def spread(self, starts: Int64Array, ends: Int64Array) -> tuple[Int64Array, Int64Array, Int64Array]:
        """Return offsets, starts and ends in time for sorted keys."""
        offsets = starts.searchsorted(np.arange(self.rows + 1) * self.width).astype(np.int64, copy=False)
        bases = self._bases(offsets)
        return offsets, self._times(starts - bases), self._times(ends - bases)
