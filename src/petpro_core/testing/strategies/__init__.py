"""Hypothesis strategies for every type of the core and for whole questions; odd zones and clock changes come often.

The strategies of values give domain objects; ``of(SomeType)`` gives the one of a type. ``cases`` gives plain dicts,
which ``petpro_core.testing.cases.build`` turns into objects and ``petpro_core.testing.oracle`` reads as they are;
``questions`` gives both, and ``around`` asks about calendars, rules and a policy of your own.

Needs the extra ``testing``.

Source: ADR 14.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Final

try:
    from hypothesis import strategies as st
except ImportError as reason:
    _MESSAGE: Final = "the strategies need hypothesis; install it with: pip install 'petpro[testing]'"
    raise ImportError(_MESSAGE) from reason

import petpro_core as core
from petpro_core.errors import InvalidValueError
from petpro_core.index import SlotIndex
from petpro_core.interop.clinic import Clinic
from petpro_core.recurrence import Occurrences, Recurrence, RecurrenceRule, WeekdayNum
from petpro_core.testing.strategies import changes, queues, resources, visits
from petpro_core.testing.strategies._around import around
from petpro_core.testing.strategies._booked import allocations, booking_tables, bookings, one_booking, requests
from petpro_core.testing.strategies._moments import (
    ODD_ZONES,
    given_zones,
    instant_columns,
    instants,
    interval_batches,
    interval_sets,
    intervals,
    local_columns,
    local_dates,
    local_days,
    local_times,
    zone_keys,
    zones,
)
from petpro_core.testing.strategies._questions import (
    cases,
    conflicts,
    explanations,
    fixes,
    overlap_tables,
    overlaps,
    questions,
    range_explanations,
    slot_indexes,
    slot_tables,
    slots,
)
from petpro_core.testing.strategies._rules import (
    calendar_batches,
    calendar_days,
    calendars,
    caps,
    clock_ranges,
    closures,
    date_overrides,
    day_counts,
    extra_hours,
    holidays,
    minimum_gaps,
    overbookings,
    policies,
    releases,
    schedules,
    seasons,
    slot_rules,
    strandings,
    temporary_zones,
    time_off,
    weekly_hours,
    working_day_counts,
    working_times,
)
from petpro_core.testing.strategies._series import occurrences, weekday_nums
from petpro_core.testing.strategies.recurring import recurrence_rules, recurrences
from petpro_core.testing.strategies.whole_clinics import clinics

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hypothesis.strategies import SearchStrategy

__all__ = [
    "BY_TYPE",
    "ODD_ZONES",
    "allocations",
    "around",
    "booking_tables",
    "bookings",
    "calendar_batches",
    "calendar_days",
    "calendars",
    "caps",
    "cases",
    "clinics",
    "clock_ranges",
    "closures",
    "conflicts",
    "date_overrides",
    "day_counts",
    "explanations",
    "extra_hours",
    "fixes",
    "given_zones",
    "holidays",
    "instant_columns",
    "instants",
    "interval_batches",
    "interval_sets",
    "intervals",
    "local_columns",
    "local_dates",
    "local_days",
    "local_times",
    "minimum_gaps",
    "occurrences",
    "of",
    "one_booking",
    "overbookings",
    "overlap_tables",
    "overlaps",
    "policies",
    "questions",
    "range_explanations",
    "recurrence_rules",
    "recurrences",
    "releases",
    "requests",
    "schedules",
    "seasons",
    "slot_indexes",
    "slot_rules",
    "slot_tables",
    "slots",
    "strandings",
    "temporary_zones",
    "time_off",
    "weekday_nums",
    "weekly_hours",
    "working_day_counts",
    "working_times",
    "zone_keys",
    "zones",
]

BY_TYPE: Final[Mapping[type, Callable[[], SearchStrategy[Any]]]] = {
    core.Allocation: allocations,
    core.Booking: one_booking,
    core.BookingPolicy: policies,
    core.BookingTable: booking_tables,
    core.Calendar: calendars,
    core.CalendarBatch: calendar_batches,
    core.CalendarDays: calendar_days,
    core.Cap: caps,
    core.ClockRange: clock_ranges,
    core.Closure: closures,
    core.Conflict: conflicts,
    core.DateOverride: date_overrides,
    core.Days: day_counts,
    core.Explanation: explanations,
    core.ExtraHours: extra_hours,
    core.Fix: fixes,
    core.Holiday: holidays,
    core.Interval: intervals,
    core.IntervalBatch: interval_batches,
    core.IntervalSet: interval_sets,
    core.LocalDays: local_days,
    core.MinimumGap: minimum_gaps,
    core.Overbooking: overbookings,
    core.Overlap: overlaps,
    core.OverlapTable: overlap_tables,
    core.RangeExplanation: range_explanations,
    core.Release: releases,
    core.Request: requests,
    core.Schedule: schedules,
    core.Season: seasons,
    core.Slot: slots,
    core.SlotRules: slot_rules,
    core.SlotTable: slot_tables,
    core.Stranding: strandings,
    core.TemporaryZone: temporary_zones,
    core.TimeOff: time_off,
    core.TimeZone: zones,
    core.WeeklyHours: weekly_hours,
    core.WorkingDays: working_day_counts,
    core.WorkingTime: working_times,
    Clinic: clinics,
    Occurrences: occurrences,
    Recurrence: recurrences,
    RecurrenceRule: recurrence_rules,
    SlotIndex: slot_indexes,
    WeekdayNum: weekday_nums,
    **changes.BY_TYPE,
    **queues.BY_TYPE,
    **resources.BY_TYPE,
    **visits.BY_TYPE,
}
"""The strategy of each frozen type that the core offers. A test keeps it whole."""


def of(kind: type) -> SearchStrategy[Any]:
    """The strategy of a type of the core: a frozen class by ``BY_TYPE``, a set of words by its members.

    >>> of(core.Interval)
    intervals()

    Raises:
        InvalidValueError: The type has no strategy here.
    """
    if kind in BY_TYPE:
        return BY_TYPE[kind]()
    if issubclass(kind, enum.Enum):
        return st.sampled_from(kind)
    msg = f"a type of the core has a strategy, got {kind.__name__}; hypothesis.strategies.builds makes one of your own"
    raise InvalidValueError(msg, got=kind)
