"""From one event to its occurrences: recurrence rules, added and excluded dates, and changes of all later instances.

Source: RFC 5545 sections 3.8.4.4 (RECURRENCE-ID), 3.2.13 (RANGE) and 3.8.5.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from petpro_core.interop.ical._rules import expand, later
from petpro_core.interop.ical._values import DAY_US, wall_us
from petpro_core.timezones import Instants, LocalTimes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from petpro_core.interop.ical._events import Event
    from petpro_core.interop.ical._rules import Budget, Rule
    from petpro_core.interop.ical._values import Moment, Span
    from petpro_core.intervals import Interval
    from petpro_core.timezones import TimeZone

__all__ = ["Column", "series"]

Column = npt.NDArray[np.int64]

# Offsets are below a day, so a wall time two days away lies outside the window in any zone.
_MARGIN_DAYS: Final = 2
_NONE: Final = np.empty(0, dtype=np.int64)
_LAST: Final = 2**62


def series(
    event: Event, changes: Sequence[tuple[Moment, Event]], replaced: frozenset[int], within: Interval, budget: Budget
) -> tuple[Column, Column]:
    """Give the starts and ends of the occurrences near the window that take time.

    Each of the ``changes`` comes with the instance that it names. From there on, up to the next one, every instance
    takes over its place and length: the distance by the wall clock between instances stays, and so does the clock time
    where the offset changes. The named instance itself is left to the change.

    Raises:
        InvalidCalendarError: a change names an instance of another kind (a date or a time) than the series has.
        LimitExceededError: a rule takes too many steps.
        OutOfRangeError: an occurrence lies outside the years 1 to 9999.
    """
    start = event.start
    if start is None:
        return _NONE, _NONE
    edges = [*sorted({named.us for named, _ in changes}), _LAST]
    refused = np.array(sorted(event.excluded | replaced), dtype=np.int64)
    parts: list[tuple[Column, Column]] = [(_NONE, _NONE)]
    if event.blocks:
        _, starts, ends = _originals(event, start, _bounds(within, event.span, 0), budget)
        kept = (starts < edges[0]) & ~np.isin(starts, refused)
        parts.append((starts[kept], ends[kept]))
    for named, change in changes:
        if named.is_date != start.is_date:
            allowed = "VALUE=DATE" if start.is_date else "a time"
            rule = "this must be a date or a time as DTSTART of the series is"
            raise change.source.needed("RECURRENCE-ID").error(rule, allowed=allowed)
        if change.blocks and change.start is not None:
            shift = wall_us(change.start.wall) - _shown(named, start.zone)
            walls, originals, _ = _originals(event, start, _bounds(within, change.span, shift), budget)
            last = edges[bisect_right(edges, named.us)]
            kept = (originals > named.us) & (originals < last) & ~np.isin(originals, refused)
            local = walls[kept] + shift
            parts.append(_lasting(local, change.start.zone, change.span))
    return np.concatenate([one for one, _ in parts]), np.concatenate([one for _, one in parts])


def _shown(moment: Moment, zone: TimeZone) -> int:
    """Give what the clock of a zone shows at a moment."""
    return int(zone.to_local_us(Instants(np.array([moment.us], dtype=np.int64)))[0])


def _bounds(within: Interval, span: Span, shift: int) -> tuple[datetime, datetime]:
    """Give the wall times between which instances may start that reach the window once they are shifted."""
    days = shift // DAY_US
    lower = later(within.start.replace(tzinfo=None), days=-(span.days + span.exact_us // DAY_US + _MARGIN_DAYS + days))
    return lower, later(within.end.replace(tzinfo=None), days=_MARGIN_DAYS - days)


def _lasting(local: Column, zone: TimeZone, span: Span) -> tuple[Column, Column]:
    """Give the instants at which spans begin and end that begin at these wall times."""
    starts: Column = zone.to_utc_us(LocalTimes(local))
    ends = zone.to_utc_us(LocalTimes(local + span.days * DAY_US)) if span.days else starts
    return starts, ends + span.exact_us


def _originals(
    event: Event, start: Moment, bounds: tuple[datetime, datetime], budget: Budget
) -> tuple[Column, Column, Column]:
    """Give an event's own instances near the bounds: wall times of its zone, starts and ends."""
    zone = start.zone
    lower, upper = bounds

    def walls(rules: Iterable[Rule], *, with_start: bool = False) -> list[LocalTimes]:
        return [expand(rule, start, lower=lower, upper=upper, budget=budget, with_start=with_start) for rule in rules]

    # The start is always an occurrence, whether or not the rule would give it. Whether COUNT counts it then is read as
    # what leaves less time free: it does for hours, and does not for what takes time.
    first = np.array([wall_us(start.wall)], dtype=np.int64)
    local = np.unique(np.concatenate([first, *walls(event.rules, with_start=event.source.name == "AVAILABLE")]))
    starts, ends = _lasting(local, zone, event.span)
    for refused in walls(event.excluding):
        kept = ~np.isin(starts, zone.to_utc_us(refused))
        local, starts, ends = local[kept], starts[kept], ends[kept]
    added = np.array([(moment.us, end) for moment, end in event.added], dtype=np.int64).reshape(-1, 2)
    return (
        np.concatenate([local, zone.to_local_us(Instants(added[:, 0]))]),
        np.concatenate([starts, added[:, 0]]),
        np.concatenate([ends, added[:, 1]]),
    )
