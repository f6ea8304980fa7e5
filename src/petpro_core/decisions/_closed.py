"""Why a time is closed: time off, a closure, a holiday, an override, a break, or simply not in the hours.

Only asked when the judge has said "closed"; it refines that bit and never sets it.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs
import numpy as np

from petpro_core.availability import Calendar, calendar_hours, days_around
from petpro_core.intervals import DAY_US, Interval, IntervalSet
from petpro_core.reasons import Kind
from petpro_core.schedules.weekly import day_number, day_of_number
from petpro_core.timezones import LocalTimes

if TYPE_CHECKING:
    from datetime import date

    from petpro_core.schedules import Schedule

__all__ = ["ClosedPart", "closed_parts"]


@attrs.frozen
class ClosedPart:
    """A stretch of closed time and what closes it.

    Attributes:
        times: The closed time that this cause explains, after those before it in rank.
        interval: The cause's own extent, for a reader: the whole holiday, the whole break.
        kind: What kind of closing.
        name: Its name, if it has one.
    """

    times: IntervalSet
    interval: Interval
    kind: Kind
    name: str


def closed_parts(calendar: Calendar, within: Interval, location: int | None) -> list[ClosedPart]:
    """All closed time of a range, each instant under the first of its causes in rank.

    Rank: time off, closures, holidays, overrides, breaks, and then the rest of the closed time.
    """
    days = days_around(within.start_us, within.end_us)
    hours = calendar_hours((calendar,), *days, location=location)
    closed = IntervalSet.from_us(hours.starts, hours.ends).gaps(within)
    schedules = [s for s in calendar.schedules if location is None or s.location in (None, location)]
    causes = [(interval, Kind.TIME_OFF, off.name) for off in calendar.time_off for interval in off.within(within)]
    for schedule in schedules:
        causes += _dated(schedule, days)
    for schedule in schedules:
        causes += _breaks(schedule, days)
    parts = []
    for interval, kind, name in causes:
        times = closed.intersection(IntervalSet.of(interval))
        if times:
            parts.append(ClosedPart(times, interval, kind, name))
            closed = closed.difference(times)
    parts += [ClosedPart(IntervalSet.of(rest), rest, Kind.CLOSED, "") for rest in closed]
    return parts


def _whole_days(schedule: Schedule, first: date, last: date) -> tuple[int, int]:
    """First instant and first instant after; the same where the zone left these days out."""
    midnights = schedule.zone.day_starts(day_number(first), day_number(last + timedelta(days=1)))
    return int(midnights[0]), int(midnights[-1])


def _dated(schedule: Schedule, days: tuple[int, int]) -> list[tuple[Interval, Kind, str]]:
    """Closures, holidays and overrides that bear on some days, in rank."""
    first, last = day_of_number(days[0]), day_of_number(days[1])
    overridden = {override.day for override in schedule.overrides}
    spans = [(c.first, c.last, Kind.CLOSED, c.name or "closure") for c in schedule.closures]
    spans += [(h.day, h.day, Kind.HOLIDAY, h.name) for h in schedule.holidays if h.day not in overridden]
    spans += [(o.day, o.day, Kind.CLOSED, o.name or "date override") for o in schedule.overrides]
    found = []
    for start, end, kind, name in spans:
        if start <= last and end >= first:
            begin, after = _whole_days(schedule, max(start, first), min(end, last))
            if begin < after:
                found.append((Interval.from_us(begin, after), kind, name))
    return found


def _breaks(schedule: Schedule, days: tuple[int, int]) -> list[tuple[Interval, Kind, str]]:
    """The named breaks of the weekly hours, then the gaps between two ranges of one day."""
    named: list[tuple[Interval, Kind, str]] = []
    nameless: list[tuple[Interval, Kind, str]] = []
    for day in range(days[0], days[1] + 1):
        date_of_day = day_of_number(day)
        hours = schedule.hours_on(date_of_day)
        if hours is None:
            continue
        weekday = date_of_day.weekday()
        openings = hours.openings_us[weekday]
        spans = [(b.start_us, b.end_us, b.name) for b in hours.breaks[weekday]]
        spans += [(before[1], after[0], "") for before, after in pairwise(openings)]
        zone = schedule.zone_on(date_of_day)
        walls = np.array([day * DAY_US + edge for span in spans for edge in span[:2]], np.int64)
        edges = zone.to_utc_us(LocalTimes(walls)).tolist()
        for (_, _, name), start, end in zip(spans, edges[::2], edges[1::2], strict=True):
            if start < end:
                (named if name else nameless).append((Interval.from_us(start, end), Kind.BREAK, name))
    return named + nameless
