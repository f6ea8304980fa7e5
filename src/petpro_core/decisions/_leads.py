"""How soon and how far ahead: notice and horizon, as bounds of starts for each calendar.

Working time is counted on a calendar's own hours, from ``now`` on, and no further than ``SEARCH_DAYS``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core._sweeps import filled
from petpro_core.bookings import Days, WorkingDays
from petpro_core.intervals import DAY_US, NEVER, Int64Array, duration_us
from petpro_core.timezones import Instants

if TYPE_CHECKING:
    from collections.abc import Sequence

    from petpro_core.availability import Calendar
    from petpro_core.decisions._question import Question

__all__ = ["SEARCH_DAYS", "Leads", "leads"]

SEARCH_DAYS: Final = 1100


@attrs.frozen(eq=False)
class WorkingClock:
    """A calendar's opening time counted from ``now``: ranges after it, and how much has passed at the end of each."""

    starts: Int64Array
    ends: Int64Array
    passed: Int64Array

    @classmethod
    def of(cls, starts: Int64Array, ends: Int64Array, now_us: int) -> WorkingClock:
        """A clock over ranges that are sorted and disjoint."""
        later = ends > now_us
        starts, ends = np.maximum(starts[later], now_us), ends[later]
        return cls(starts, ends, (ends - starts).cumsum())

    def after(self, work_us: int, *, until: int) -> int:
        """The first instant by which so much has passed; ``NEVER`` if that is later than ``until``."""
        place = int(self.passed.searchsorted(work_us, "left"))
        if place == len(self.passed):
            return NEVER
        instant = int(self.ends[place] - (self.passed[place] - work_us))
        return instant if instant <= until else NEVER

    def before(self, instants: Int64Array, work_us: int) -> Int64Array:
        """The last instant from which so much passes until each of ``instants`` (each has that much since now)."""
        passed = np.append(0, self.passed)
        place = self.starts.searchsorted(instants, "right")
        # What has passed at an instant: the ranges before it, and of the one it lies in what it is past its start.
        at = passed[place] - np.maximum(self.ends[place - 1] - instants, 0) * (place > 0)
        target = at - work_us
        place = self.passed.searchsorted(target, "right")
        latest: Int64Array = self.starts[place] + (target - passed[place])
        return latest


@attrs.frozen(eq=False)
class Leads:
    """Bounds of starts for each distinct calendar.

    Attributes:
        lower: int64[t]: notice refuses what starts before.
        upper: int64[t]: the horizon refuses what starts here or after; ``NEVER`` = no horizon.
        notice: Elapsed notice in microseconds, or the working clocks and the working time.
        next_midnight: When a horizon in days moves on, for the first calendar to do so; ``NEVER`` = not in days.
    """

    lower: Int64Array
    upper: Int64Array
    notice: int | tuple[tuple[WorkingClock, ...], int]
    next_midnight: int

    def offered_until(self, template: Int64Array, starts: Int64Array) -> Int64Array:
        """The instant from which notice in working time refuses each start, for starts that it allows now."""
        clocks, work = self.notice  # type: ignore[misc]  # elapsed notice needs no clock, and nobody asks here
        until = np.empty_like(starts)
        for number in np.unique(template).tolist():
            mine = template == number
            until[mine] = clocks[number].before(starts[mine], work) + 1
        return until


def leads(question: Question, calendars: Sequence[Calendar], until_us: int) -> Leads:
    """Notice and horizon for each distinct calendar; working time is known up to ``until_us`` at least."""
    policy, now, size = question.policy, question.now_us, len(calendars)
    lower, upper = filled(size, now), filled(size, NEVER)
    notice: int | tuple[tuple[WorkingClock, ...], int] = 0
    next_midnight = NEVER
    if isinstance(policy.min_notice, timedelta):
        notice = duration_us(policy.min_notice)
        lower += notice
    else:
        work = duration_us(policy.min_notice.time)
        clocks = tuple(_clock(question, calendar, work, until_us) for calendar in calendars)
        lower[:] = [clock.after(work, until=now + SEARCH_DAYS * DAY_US) if work else now for clock in clocks]
        notice = (clocks, work) if work else 0
    if isinstance(policy.horizon, timedelta):
        upper[:] = now + duration_us(policy.horizon) + 1
    elif policy.horizon is not None:
        for number, calendar in enumerate(calendars):
            today = int(calendar.zone.day_of(Instants(np.array([now])))[0])
            last = _last_day(question, calendar, policy.horizon, today)
            upper[number] = calendar.zone.day_starts(last + 1, last + 1)[0]
            next_midnight = min(next_midnight, int(calendar.zone.day_starts(today + 1, today + 1)[0]))
    return Leads(lower, upper, notice, next_midnight)


def _clock(question: Question, calendar: Calendar, work: int, until_us: int) -> WorkingClock:
    today = question.now_us // DAY_US
    needed = max(until_us // DAY_US - today, 14)

    def of(days: int) -> WorkingClock:
        hours = question.hours((calendar,), today - 3, today + days + 3)
        return WorkingClock.of(hours.starts, hours.ends, question.now_us)

    near = of(needed)
    return near if len(near.passed) and near.passed[-1] >= work else of(max(needed, SEARCH_DAYS))


def _last_day(question: Question, calendar: Calendar, horizon: Days | WorkingDays, today: int) -> int:
    if isinstance(horizon, Days) or horizon.days == 0:
        return today + horizon.days
    for days in (7 + 2 * horizon.days, SEARCH_DAYS):
        hours = question.hours((calendar,), today - 2, today + days)
        worked = np.unique(calendar.zone.day_of(Instants(hours.opened)))
        worked = worked[(worked > today) & (worked <= today + days)]
        if len(worked) >= horizon.days:
            return int(worked[horizon.days - 1])
    return today + SEARCH_DAYS
