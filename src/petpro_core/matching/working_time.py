"""Working time: breaks, rest and hours, as starts that would break a rule and as violations of what is booked.

Rules look at one person. They refuse starts in the way of the judge, as half-open intervals; a start is refused exactly
when the visit, once booked, would take part in breaking the rule. A day that breaks a rule already refuses whatever
would lie in it, and nothing else; so more work never allows a start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core._checks import NONE, TICK, ZERO, as_kind, as_length, as_whole
from petpro_core.intervals import ALWAYS, DAY_US, Interval, IntervalBatch, IntervalSet, duration_us, to_us
from petpro_core.matching._work import WORKED, check_known, worked
from petpro_core.matching._working_rules import (
    DailyRest,
    FloatingBreak,
    MostWork,
    Work,
    WorkingTimeReason,
    WorkingTimeRule,
    WorkingTimeViolation,
)
from petpro_core.timezones import as_zone

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime, timedelta

    from petpro_core.bookings import BookingStatus, BookingTable
    from petpro_core.matching._working_rules import Pair
    from petpro_core.timezones import TimeZone

__all__ = [
    "DailyRest",
    "FloatingBreak",
    "MostWork",
    "RefusedStarts",
    "WorkingTimeReason",
    "WorkingTimeRule",
    "WorkingTimeViolation",
    "check_working_time",
    "find_refused_starts",
]

_RULES: Final = (FloatingBreak, DailyRest, MostWork)
_MARGIN_US: Final = 40 * DAY_US  # a month and a week: no rule looks further than this from what is asked


@attrs.frozen
class RefusedStarts:
    """The starts that rules of working time refuse one person.

    Attributes:
        rules: The rules asked.
        refused: A row for each of them: the starts that would break it.
        unknown: Starts that cannot be judged, because bookings which a rule looks at are not known.

    Source: ADR 2, ADR 4 (unknown is not free).
    """

    rules: tuple[WorkingTimeRule, ...]
    refused: IntervalBatch
    unknown: IntervalSet

    @property
    def every(self) -> IntervalSet:
        """The starts that any rule refuses, or that cannot be judged."""
        return self.refused.at_least(1) | self.unknown


def _as_rules(rules: WorkingTimeRule | Iterable[WorkingTimeRule]) -> tuple[WorkingTimeRule, ...]:
    given = (rules,) if isinstance(rules, _RULES) else tuple(rules)  # type: ignore[arg-type]  # checked in the next line
    for rule in given:
        as_kind("rules", rule, *_RULES)
    return given


def _work(
    busy: BookingTable,
    resource: int,
    zone: TimeZone,
    around: tuple[int, int],
    *,
    now: datetime,
    hours: IntervalSet | None,
    replacing: int | None,
    statuses: Collection[BookingStatus],
) -> Work:
    as_whole("resource", resource)
    as_kind("hours", hours, IntervalSet, NONE)
    first, last = (int(busy.resource.searchsorted(resource, side)) for side in ("left", "right"))
    rows = worked(busy, np.arange(first, last), now_us=to_us(now), statuses=statuses)
    near = (busy.occupied_end[rows] > around[0]) & (busy.occupied_start[rows] < around[1])
    if replacing is not None:
        near &= busy.booking[rows] != as_whole("replacing", replacing)
    rows = rows[near]
    duty = IntervalSet.empty() if hours is None else hours
    on_duty = (duty.ends > around[0]) & (duty.starts < around[1])
    return Work(
        busy.occupied_start[rows],
        busy.occupied_end[rows],
        duty.starts[on_duty],
        duty.ends[on_duty],
        as_zone(zone),
    )


def find_refused_starts(
    rules: WorkingTimeRule | Iterable[WorkingTimeRule],
    *,
    busy: BookingTable,
    resource: int,
    zone: TimeZone | str,
    within: Interval,
    now: datetime,
    duration: timedelta,
    buffer_before: timedelta = ZERO,
    buffer_after: timedelta = ZERO,
    hours: IntervalSet | None = None,
    replacing: int | None = None,
    statuses: Collection[BookingStatus] = WORKED,
) -> RefusedStarts:
    """The starts at which one more visit would break a rule of working time, exact to the microsecond.

        >>> from datetime import UTC, datetime, timedelta
        >>> from petpro_core import ALWAYS, Allocation, Booking, BookingTable
        >>> def at(hour, minute=0):
        ...     return datetime(2026, 11, 23, hour, minute, tzinfo=UTC)
        >>> busy = BookingTable.of([Booking(1, Allocation(7, Interval(at(12), at(13))))], known=ALWAYS)
        >>> found = find_refused_starts(
        ...     FloatingBreak(timedelta(minutes=30), "12:00-14:00"),
        ...     busy=busy,
        ...     resource=7,
        ...     zone="UTC",
        ...     within=Interval(at(8), at(18)),
        ...     now=at(8),
        ...     duration=timedelta(hours=1),
        ... )
        >>> found.refused[0]
        IntervalSet(2026-11-23 12:30:00.000001 to 13:30 UTC)

    A visit of an hour from 12:30 would leave 13:30 to 14:00, and one from 13:30 leaves 13:00 to 13:30.

    Args:
        rules: One or several.
        busy: What is booked; feeds are nobody's work.
        resource: Whose working time.
        zone: The zone of their days and hours; a key is taken too.
        within: The starts of interest.
        now: The present: a hold that has let go does not count.
        duration: How long the visit lasts, more than zero, at most 3,660 days.
        buffer_before: Occupied before it, likewise from zero.
        buffer_after: Occupied after it, likewise.
        hours: When they are on duty: a night on duty is one working day, and rules may count all of it as work.
        replacing: The number of a booking that does not count, because it is the one that moves.
        statuses: The states that count; all but CANCELLED and NO_SHOW by default.

    Raises:
        InvalidValueError: A value of another type or outside its bounds.
        UnknownTimeZoneError: No zone of that key.

    Cost: linear in the bookings near, and in the days of ``within``. Source: ADR 2 (refusals as intervals of starts).
    """
    given = _as_rules(rules)
    as_kind("within", within, Interval)
    before = duration_us(as_length("buffer_before", buffer_before))
    total = before + duration_us(as_length("duration", duration, TICK))
    total += duration_us(as_length("buffer_after", buffer_after))
    low, high = within.start_us - before, within.end_us - before
    around = (low - _MARGIN_US, high + total + _MARGIN_US)
    work = _work(busy, resource, as_zone(zone), around, now=now, hours=hours, replacing=replacing, statuses=statuses)
    gaps = busy.known.gaps(ALWAYS)
    rows = [_clipped(rule.refused(work, total, low, high), before, within) for rule in given]
    unsure = [_clipped(rule.unsure(work, (gaps.starts, gaps.ends), total, low, high), before, within) for rule in given]
    return RefusedStarts(given, IntervalBatch(rows), IntervalBatch(unsure).at_least(1))


# Reaches to starts, inside what was asked.
def _clipped(reaches: Pair, before: int, within: Interval) -> IntervalSet:
    starts, ends = (np.clip(edge + before, within.start_us, within.end_us) for edge in reaches)
    real = starts < ends
    return IntervalSet.from_us(starts[real], ends[real])


def check_working_time(
    rules: WorkingTimeRule | Iterable[WorkingTimeRule],
    *,
    busy: BookingTable,
    resource: int,
    zone: TimeZone | str,
    within: Interval,
    now: datetime,
    hours: IntervalSet | None = None,
    replacing: int | None = None,
    statuses: Collection[BookingStatus] = WORKED,
) -> tuple[WorkingTimeViolation, ...]:
    """Where one person's bookings break rules of working time; empty where they keep them all.

        >>> from datetime import UTC, datetime, timedelta
        >>> from petpro_core import ALWAYS, Allocation, Booking, BookingTable
        >>> late = Interval(datetime(2026, 11, 23, 20, tzinfo=UTC), datetime(2026, 11, 23, 22, tzinfo=UTC))
        >>> early = Interval(datetime(2026, 11, 24, 7, tzinfo=UTC), datetime(2026, 11, 24, 8, tzinfo=UTC))
        >>> (short,) = check_working_time(
        ...     DailyRest(timedelta(hours=11)),
        ...     busy=BookingTable.of([Booking(1, Allocation(7, late)), Booking(2, Allocation(7, early))], known=ALWAYS),
        ...     resource=7,
        ...     zone="UTC",
        ...     within=Interval(late.start, early.end),
        ...     now=late.start,
        ... )
        >>> str(short.reason), short.actual_us // 3_600_000_000, short.interval
        ('short_rest', 9, Interval(2026-11-23 22:00 to 2026-11-24 09:00 UTC))

    Args:
        rules: As in ``find_refused_starts``, likewise all others.
        busy: Known for all of ``within``. What lies around it, in the same week or the night before, is looked at as
            far as it is known.
        resource: Whose working time.
        zone: The zone of their days and hours.
        within: What is looked at: every violation whose interval overlaps it is told.
        now: The present.
        hours: When they are on duty.
        replacing: The number of a booking that does not count.
        statuses: The states that count.

    Raises:
        InvalidValueError: A value of another type or outside its bounds, or bookings not known for all of ``within``.
        UnknownTimeZoneError: No zone of that key.

    Source: ADR 2 (reasons, each with its interval).
    """
    given = _as_rules(rules)
    as_kind("within", within, Interval)
    check_known(busy, within.start_us, within.end_us)
    low, high = within.start_us, within.end_us
    around = (low - _MARGIN_US, high + _MARGIN_US)
    work = _work(busy, resource, as_zone(zone), around, now=now, hours=hours, replacing=replacing, statuses=statuses)
    return tuple(violation for rule in given for violation in rule.broken(work, low, high))
