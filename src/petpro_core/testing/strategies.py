"""Hypothesis strategies for the types of the core and for whole questions; odd zones and clock changes come often.

The strategies of values give domain objects. ``cases`` gives plain dicts, which ``petpro_core.testing.cases.build``
turns into objects and ``petpro_core.testing.oracle`` reads as they are; ``questions`` gives both.

Needs the extra ``testing``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

try:
    from hypothesis import strategies as st
except ImportError as reason:
    _MESSAGE: Final = "the strategies need hypothesis; install it with: pip install 'petpro[testing]'"
    raise ImportError(_MESSAGE) from reason

from petpro_core.intervals import Interval, IntervalSet, from_us, to_us
from petpro_core.schedules import ClockRange
from petpro_core.testing import _draws
from petpro_core.testing._clocks import DAY, clock
from petpro_core.testing.cases import (
    Question,
    build,
    build_booking,
    build_calendar,
    build_policy,
    build_rules,
    build_schedule,
    build_weekly,
)
from petpro_core.timezones import TimeZone, load_zone

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hypothesis.strategies import DrawFn, SearchStrategy

    from petpro_core.availability import Calendar
    from petpro_core.bookings import Booking, BookingPolicy
    from petpro_core.schedules import Schedule, WeeklyHours
    from petpro_core.slots.rules import SlotRules
    from petpro_core.testing._plain import Case

__all__ = [
    "ODD_ZONES",
    "bookings",
    "calendars",
    "cases",
    "clock_ranges",
    "instants",
    "interval_sets",
    "intervals",
    "policies",
    "questions",
    "schedules",
    "slot_rules",
    "weekly_hours",
    "zones",
]

ODD_ZONES: Final = _draws.ODD_ZONES
"""Zones whose clocks do what clocks are not expected to do, and a few plain ones."""


def zones() -> SearchStrategy[TimeZone]:
    """Odd zones, compiled."""
    return st.sampled_from(ODD_ZONES).map(load_zone)


@st.composite
def instants(draw: DrawFn, zone: str | None = None) -> datetime:
    """Instants of the years 2000 to 2060, often within some hours, a second or a microsecond of a clock change."""
    shown = clock(zone or draw(st.sampled_from(ODD_ZONES)))
    day = draw(_draws.case_day(shown))
    changes = [change for change in shown.changes if day * DAY <= change < (day + 1) * DAY]
    beside = draw(st.sampled_from([None, 0, 1, -1, 1_000_000, -1_000_000]))
    if changes and beside is not None:
        return from_us(changes[0] + beside)
    return from_us(day * DAY + draw(st.integers(0, 287)) * _draws.TICK)


@st.composite
def intervals(draw: DrawFn, zone: str | None = None) -> Interval:
    """Intervals of a microsecond to some days that begin at ``instants``."""
    start = draw(instants(zone))
    lengths = [timedelta(microseconds=1), timedelta(minutes=15), timedelta(hours=8), timedelta(days=1)]
    return Interval(start, start + draw(st.sampled_from(lengths)) * draw(st.integers(1, 4)))


def interval_sets(zone: str | None = None) -> SearchStrategy[IntervalSet]:
    """Sets of at most six intervals, the empty one among them."""
    return st.lists(intervals(zone), max_size=6).map(lambda drawn: IntervalSet.of(*drawn))


def clock_ranges() -> SearchStrategy[ClockRange]:
    """Hours of one day, over midnight and of 24 hours among them."""
    return _draws.plain_ranges.filter(bool).map(lambda ranges: ClockRange.parse(ranges[-1]))


def _days() -> SearchStrategy[tuple[str, int]]:
    return st.sampled_from(ODD_ZONES).flatmap(lambda zone: st.tuples(st.just(zone), _draws.case_day(clock(zone))))


def weekly_hours() -> SearchStrategy[WeeklyHours]:
    """Weekly hours with breaks, seasons, alternating weeks and dates on which they begin or end."""
    return _days().flatmap(lambda drawn: _draws.plain_weekly(drawn[1])).map(build_weekly)


def schedules() -> SearchStrategy[Schedule]:
    """Schedules with overrides, extra hours, holidays, closures and journeys around a clock change."""
    return _days().flatmap(lambda drawn: _draws.plain_schedule(*drawn)).map(build_schedule)


def calendars() -> SearchStrategy[Calendar]:
    """Calendars of one to three schedules, with time off and a capacity."""
    return _days().flatmap(lambda drawn: _draws.plain_calendar(*drawn, 0)).map(build_calendar)


def slot_rules() -> SearchStrategy[SlotRules]:
    """Slot rules with steps that do not divide an hour, offsets, buffers, seats and stays of some days."""
    return _draws.plain_rules().map(build_rules)


def policies() -> SearchStrategy[BookingPolicy]:
    """Policies with notice, horizon, caps and gaps of every kind."""
    return _draws.plain_policy().map(build_policy)


@st.composite
def bookings(draw: DrawFn) -> list[Booking]:
    """Bookings in every status on the resources 1 to 3, around one day."""
    start = draw(instants())
    now = to_us(start)
    marks = [(now + step * _draws.TICK, now + (step + 6) * _draws.TICK) for step in range(-6, 7, 3)]
    drawn = draw(_draws.plain_bookings(now, draw(_draws.plain_rules()), [1, 2, 3], marks))
    return [build_booking(plain) for plain in drawn]


def cases(
    zones: Sequence[str] = ODD_ZONES, *, rows: int = 3, grid_waived: bool = False, months: bool = True
) -> SearchStrategy[Case]:
    """Whole questions as plain dicts.

    Args:
        zones: Keys to draw from.
        rows: The most calendars.
        grid_waived: Whether the grid may be waived, which ``find_slots`` refuses.
        months: Whether windows of five weeks are drawn.
    """
    return _draws.plain_case(zones, rows=rows, grid_waived=grid_waived, months=months)


def questions() -> SearchStrategy[tuple[Case, Question]]:
    """Whole questions, as plain dict and as objects."""
    return cases().map(lambda case: (case, build(case)))
