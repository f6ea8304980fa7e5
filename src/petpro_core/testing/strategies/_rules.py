"""Strategies for what people write down: hours and their exceptions, calendars, slot rules, policies."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import attrs
from hypothesis import strategies as st

from petpro_core.availability import Calendar, CalendarBatch
from petpro_core.bookings import (
    BookingPolicy,
    Cap,
    Days,
    MinimumGap,
    Overbooking,
    Release,
    Scope,
    Stranding,
    StrandingMode,
    WorkingDays,
    WorkingTime,
)
from petpro_core.schedules import (
    ClockRange,
    Closure,
    DateOverride,
    ExtraHours,
    Holiday,
    Schedule,
    Season,
    TemporaryZone,
    TimeOff,
    WeeklyHours,
)
from petpro_core.slots import CalendarDays, SlotRules
from petpro_core.testing import _draws
from petpro_core.testing._clocks import clock
from petpro_core.testing.cases import (
    build_calendar,
    build_policy,
    build_release,
    build_rules,
    build_schedule,
    build_weekly,
)
from petpro_core.testing.strategies._moments import ODD_ZONES, intervals, local_dates, zone_keys, zones

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = [
    "calendar_batches",
    "calendar_days",
    "calendars",
    "caps",
    "clock_ranges",
    "closures",
    "date_overrides",
    "day_counts",
    "extra_hours",
    "holidays",
    "minimum_gaps",
    "overbookings",
    "policies",
    "releases",
    "schedules",
    "seasons",
    "slot_rules",
    "strandings",
    "temporary_zones",
    "time_off",
    "weekly_hours",
    "working_day_counts",
    "working_times",
]

_NAMES: Final = st.sampled_from(("", "lunch", "Christmas Eve", "Urlaub, 引っ越し"))


def _hour_lists() -> SearchStrategy[list[str]]:
    return _draws.plain_ranges


def clock_ranges() -> SearchStrategy[ClockRange]:
    """Hours of one day, over midnight and of 24 hours among them, with a name now and then."""
    ranges = _hour_lists().filter(bool).map(lambda drawn: ClockRange.parse(drawn[-1]))
    return st.builds(lambda drawn, name: attrs.evolve(drawn, name=name), ranges, _NAMES)


def _days() -> SearchStrategy[tuple[str, int]]:
    return zone_keys().flatmap(lambda zone: st.tuples(st.just(zone), _draws.case_day(clock(zone))))


def weekly_hours() -> SearchStrategy[WeeklyHours]:
    """Weekly hours with breaks, seasons, alternating weeks and dates on which they begin or end."""
    return _days().flatmap(lambda drawn: _draws.plain_weekly(drawn[1])).map(build_weekly)


def seasons() -> SearchStrategy[Season]:
    """Seasons, over New Year and of one day among them; 29 February may be an edge."""
    edges = st.dates(date(2000, 1, 1), date(2000, 12, 31)).map(lambda day: (day.month, day.day))
    return st.builds(Season, edges | st.just((2, 29)), edges)


def date_overrides() -> SearchStrategy[DateOverride]:
    """Dates whose hours are replaced, the closed one among them."""
    return st.builds(DateOverride, local_dates(), _hour_lists(), name=_NAMES)


def extra_hours() -> SearchStrategy[ExtraHours]:
    """Hours added to a date."""
    return st.builds(ExtraHours, local_dates(), _hour_lists(), name=_NAMES)


def holidays() -> SearchStrategy[Holiday]:
    """Public holidays, often on a day on which clocks change."""
    return st.builds(Holiday, local_dates(), _NAMES)


@st.composite
def closures(draw: DrawFn) -> Closure:
    """Closures of a day to some weeks."""
    first = draw(local_dates())
    return Closure(first, first + timedelta(days=draw(st.integers(0, 30))), draw(_NAMES))


@st.composite
def temporary_zones(draw: DrawFn) -> TemporaryZone:
    """Journeys of a day to some weeks."""
    first = draw(local_dates())
    return TemporaryZone(first, first + timedelta(days=draw(st.integers(0, 30))), draw(zones()))


def time_off() -> SearchStrategy[TimeOff]:
    """Absences of a microsecond to some days."""
    return st.builds(TimeOff, intervals(), _NAMES)


def schedules() -> SearchStrategy[Schedule]:
    """Schedules with overrides, extra hours, holidays, closures and journeys around a clock change."""
    return _days().flatmap(lambda drawn: _draws.plain_schedule(*drawn)).map(build_schedule)


def calendars() -> SearchStrategy[Calendar]:
    """Calendars of one to three schedules, with time off and a capacity."""
    return _days().flatmap(lambda drawn: _draws.plain_calendar(*drawn, 0)).map(build_calendar)


@st.composite
def calendar_batches(draw: DrawFn) -> CalendarBatch:
    """Batches of at most four rows, some of which share a calendar; without rows too."""
    distinct = draw(st.lists(calendars(), min_size=1, max_size=2))
    rows = draw(st.lists(st.sampled_from(distinct), max_size=4))
    first, step = draw(st.integers(0, 5)), draw(st.integers(1, 3))
    return CalendarBatch.of(rows, [first + step * row for row in range(len(rows))])


def calendar_days() -> SearchStrategy[CalendarDays]:
    """Stays of a day to some weeks."""
    return st.builds(CalendarDays, st.integers(1, 30))


def slot_rules() -> SearchStrategy[SlotRules]:
    """Slot rules with steps that do not divide an hour, offsets, buffers, seats and stays of some days."""
    return _draws.plain_rules().map(build_rules)


def _lengths() -> SearchStrategy[timedelta]:
    return st.sampled_from((0, 1, 20, 60, 300, 1440, 20_160)).map(lambda minutes: timedelta(minutes=minutes))


def working_times() -> SearchStrategy[WorkingTime]:
    """Lengths of opening time, none at all among them."""
    return st.builds(WorkingTime, _lengths())


def day_counts() -> SearchStrategy[Days]:
    """Numbers of local days, 0 (only today) among them."""
    return st.builds(Days, st.integers(0, 400))


def working_day_counts() -> SearchStrategy[WorkingDays]:
    """Numbers of local days with opening hours, 0 among them."""
    return st.builds(WorkingDays, st.integers(0, 60))


def caps() -> SearchStrategy[Cap]:
    """Caps of bookings or minutes, per day, week or month, by everybody that can be counted by, 0 among them."""
    return _draws.plain_cap(ODD_ZONES).map(lambda plain: Cap(**plain))


def minimum_gaps() -> SearchStrategy[MinimumGap]:
    """Gaps between two visits, none at all and a microsecond among them."""
    return st.builds(MinimumGap, _lengths() | st.just(timedelta(microseconds=1)), by=st.sampled_from(Scope))


def releases() -> SearchStrategy[Release]:
    """Time kept for some channels, or from everybody, on some resources or all."""
    kept = _draws.plain_release(ODD_ZONES, _draws.FIRST_DAY)
    return st.builds(lambda plain, name: attrs.evolve(build_release(plain), name=name), kept, _NAMES)


def overbookings() -> SearchStrategy[Overbooking]:
    """Units beyond capacity, none among them; some by the risk that they carry."""
    rates = st.floats(0.01, 0.9)
    resources = st.none() | st.sets(st.integers(1, 3))
    told = st.builds(Overbooking, st.integers(0, 20), no_show_rate=rates, resources=resources)
    return told | st.builds(
        Overbooking.at_risk, st.integers(1, 30), no_show_rate=rates, risk=st.floats(0, 0.5), resources=resources
    )


def strandings() -> SearchStrategy[Stranding]:
    """Menus of one length and of several, in every mode."""
    lengths = st.sets(st.integers(1, 36).map(lambda count: timedelta(minutes=5 * count)), min_size=1, max_size=4)
    return st.builds(Stranding, lengths, mode=st.sampled_from(StrandingMode), most=_lengths())


@st.composite
def policies(draw: DrawFn) -> BookingPolicy:
    """Policies with notice, horizon, caps, gaps and deadlines of every kind."""
    policy = build_policy(draw(_draws.plain_policy()))
    deadlines = st.none() | _lengths()
    return attrs.evolve(policy, cancel_deadline=draw(deadlines), move_deadline=draw(deadlines))
