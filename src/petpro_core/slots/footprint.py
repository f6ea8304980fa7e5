"""How far a visit reaches from its start: the one place that knows elapsed time from calendar days.

A stay of calendar days has no fixed length: it is an hour shorter or longer over a clock change. But its length is
constant between a few edges, so everything that is true of elapsed visits is true of a stay on each of those segments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from petpro_core.intervals import ALWAYS, DAY_US, Int64Array, duration_us
from petpro_core.slots.rules import CalendarDays
from petpro_core.timezones import Instants, LocalTimes, TimeZone

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from petpro_core.slots.rules import SlotRules

__all__ = ["Footprint", "Rows"]

Rows = Int64Array | None
"""The row of each element; ``None`` where there is only one row, which spares every kernel a column of zeros."""


@attrs.frozen(eq=False)
class Segments:
    """Stays of one zone: from ``edges[k]`` to ``edges[k + 1]`` a start's stay is ``lengths[k]`` long."""

    edges: Int64Array
    lengths: Int64Array


@attrs.frozen(eq=False)
class Footprint:
    """The visit's length at every start of the window asked, for every row.

    Attributes:
        length: Elapsed microseconds; 0 for a stay, which is told by its segments.
        zone_of_row: For a stay, which of the segments a row has; ``None`` = all the first.
        segments: For a stay, one for each zone.
    """

    length: int
    zone_of_row: Int64Array | None = None
    segments: tuple[Segments, ...] = ()

    @classmethod
    def of(
        cls, rules: SlotRules, zones: Sequence[TimeZone], zone_of_row: Int64Array | None, window: tuple[int, int]
    ) -> Footprint:
        """The footprint of visits that start inside ``window``, in rows at home in ``zones``."""
        if not isinstance(rules.duration, CalendarDays):
            return cls(duration_us(rules.duration))
        return cls(0, zone_of_row, tuple(_stays(zone, rules.duration.days, window) for zone in zones))

    def lengths(self, row: Rows, starts: Int64Array) -> Int64Array:
        """How long the visit is that starts at each instant."""
        if not self.segments:
            return np.full(len(starts), self.length)
        if row is None or self.zone_of_row is None:
            return _lengths(self.segments[0], starts)
        result, zone = np.empty_like(starts), self.zone_of_row[row]
        for number, segments in enumerate(self.segments):
            mine = zone == number
            result[mine] = _lengths(segments, starts[mine])
        return result

    def touching(
        self, row: Rows, starts: Int64Array, ends: Int64Array, *, before: int, after: int
    ) -> tuple[Int64Array | None, Int64Array, Int64Array]:
        """The starts s whose reach ``[s - before, s + length + after)`` meets each interval.

        For an interval [b, e) these are b - length - after < s < e + before, one tick at a time. Gives the interval
        that each result is of (``None``: each of its own, in order), the first start and the first start after.
        """
        return self._moved(row, starts, ends, lambda length: (1 - length - after, before))

    def ending_in(
        self, row: Rows, starts: Int64Array, ends: Int64Array
    ) -> tuple[Int64Array | None, Int64Array, Int64Array]:
        """The starts s whose last instant, ``s + length - 1``, lies in each interval; as ``touching``."""
        return self._moved(row, starts, ends, lambda length: (1 - length, 1 - length))

    def _moved(
        self, row: Rows, starts: Int64Array, ends: Int64Array, by: Callable[[int], tuple[int, int]]
    ) -> tuple[Int64Array | None, Int64Array, Int64Array]:
        """Both edges of each interval moved by what the visit's length says, where it has that length."""
        if not self.segments:
            start_by, end_by = by(self.length)
            return None, starts + start_by, ends + end_by
        zone = None if row is None or self.zone_of_row is None else self.zone_of_row[row]
        parts: list[tuple[Int64Array, Int64Array, Int64Array]] = []
        for number in range(len(self.segments) if zone is not None else 1):
            mine = np.arange(len(starts)) if zone is None else (zone == number).nonzero()[0]
            for first, last, length in self.pieces(number):
                start_by, end_by = by(length)
                low, high = np.maximum(starts[mine] + start_by, first), np.minimum(ends[mine] + end_by, last)
                kept = (low < high).nonzero()[0]
                parts.append((mine[kept], low[kept], high[kept]))
        source, lows, highs = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        return source, lows, highs

    def pieces(self, zone: int) -> list[tuple[int, int, int]]:
        """First start, first start after and length of the visit, where that is constant, for rows of a zone."""
        if not self.segments:
            return [(ALWAYS.start_us, ALWAYS.end_us, self.length)]
        edges, lengths = self.segments[zone].edges.tolist(), self.segments[zone].lengths.tolist()
        return list(zip(edges[:-1], edges[1:], lengths, strict=True))


def _lengths(segments: Segments, starts: Int64Array) -> Int64Array:
    place = segments.edges.searchsorted(starts, "right") - 1
    return segments.lengths[np.clip(place, 0, len(segments.lengths) - 1)]


def _stays(zone: TimeZone, days: int, window: tuple[int, int]) -> Segments:
    """Where the length of a stay changes: at clock changes of its start, and of its end.

    Between two clock changes a start shows ``s + offset`` on the clock, and ends when the clock shows that much plus
    the days; the end's offset changes where that passes a change's later wall time (the gap belongs to the offset
    before).
    """
    low, high = window
    at, offsets = zone.changes(low, high + (days + 3) * DAY_US)
    bounds = [low, *at.tolist(), high + (days + 3) * DAY_US]
    walls = (at + np.maximum(offsets[:-1], offsets[1:])).tolist()
    edges = {low, *at.tolist()}
    for first, last, offset in zip(bounds[:-1], bounds[1:], offsets.tolist(), strict=True):
        edges |= {wall - days * DAY_US - offset for wall in walls if first < wall - days * DAY_US - offset < last}
    starts = np.array(sorted(edge for edge in edges if edge < high), np.int64)
    walls_at_end = starts + zone.offsets_at(Instants(starts)) + days * DAY_US
    return Segments(np.append(starts, high), zone.to_utc_us(LocalTimes(walls_at_end)) - starts)
