"""Strategies for who should: loads and candidates, choices and their records, batches, working time and rosters."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import strategies as st

from petpro_core.availability import LocalDays
from petpro_core.bookings import BookingStatus, BookingTable, Period
from petpro_core.intervals import ALWAYS, Interval, IntervalBatch, IntervalSet, to_us
from petpro_core.matching.assignment import Assignment, AssignmentTable, assign
from petpro_core.matching.rosters import CoverageGap, CoverageTable, StaffDemand, find_coverage_gaps
from petpro_core.matching.strategies import (
    NOT_YET,
    CandidateRanking,
    Candidates,
    Choice,
    ChoiceRecord,
    Criterion,
    Familiarity,
    LoadTable,
    Strategy,
    choose,
    rank_candidates,
)
from petpro_core.matching.working_time import (
    DailyRest,
    FloatingBreak,
    MostWork,
    RefusedStarts,
    WorkingTimeViolation,
    check_working_time,
    find_refused_starts,
)
from petpro_core.matching.workload import WorkloadRow, WorkloadTable
from petpro_core.testing.strategies._moments import instants, intervals, zone_keys, zones

if TYPE_CHECKING:
    from datetime import datetime

    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = [
    "assignment_problems",
    "assignment_tables",
    "assignments",
    "candidate_rankings",
    "candidates",
    "choice_records",
    "choices",
    "considered",
    "coverage_gaps",
    "coverage_tables",
    "criteria",
    "daily_rests",
    "familiarities",
    "floating_breaks",
    "load_tables",
    "most_work",
    "one_criterion",
    "refused_starts",
    "rosters",
    "staff_demands",
    "working_time_violations",
    "workload_rows",
    "workload_tables",
]

_MINUTE = 60_000_000
_PEOPLE = (1, 2, 3, 4)
_ONE_DAY = 1_795_392_000_000_000  # 2026-11-23T00:00Z
_STATES = [status.number for status in BookingStatus if status is not BookingStatus.HELD]
_IN_TIME = {Strategy.SOONEST, Strategy.FEWEST_MINUTES, Strategy.LEAST_RECENT}


@st.composite
def candidates(draw: DrawFn, *, alone: bool = False) -> Candidates:
    """Candidates among the people 1 to 4, of one person each or (unless ``alone``) of several, often equal in time."""
    sizes = draw(st.lists(st.just(1) if alone else st.sampled_from([1, 1, 2]), max_size=8))
    resource, start, end = [], [], []
    for size in sizes:
        people = draw(st.permutations(_PEOPLE))[:size]
        begin = draw(st.integers(0, 4)) * 15 * _MINUTE
        resource += people
        start += [begin] * size
        end += [begin + draw(st.sampled_from([15, 30])) * _MINUTE for _ in people]
    costs = draw(st.lists(st.integers(0, 2), min_size=len(sizes), max_size=len(sizes)))
    offsets = [0, *np.cumsum(sizes, dtype=np.int64).tolist()]
    return Candidates.from_columns(resource=resource, start=start, end=end, cost=costs, offsets=offsets)


@st.composite
def load_tables(draw: DrawFn) -> LoadTable:
    """What the people 1 to 4 should get and have got; loads are often near each other, or equal."""
    size = len(_PEOPLE)

    def column(numbers: SearchStrategy[int]) -> list[int]:
        return draw(st.lists(numbers, min_size=size, max_size=size))

    return LoadTable.from_columns(
        draw(st.permutations(_PEOPLE)),
        weight=column(st.sampled_from([1, 1, 2, 3, 5])),
        booked_us=column(st.integers(0, 6).map(lambda step: step * 10 * _MINUTE) | st.integers(0, 10**9)),
        visits=column(st.integers(0, 5)),
        last_us=column(st.just(NOT_YET) | st.integers(-3, 3).map(lambda step: step * 10 * _MINUTE)),
    )


@st.composite
def familiarities(draw: DrawFn) -> Familiarity:
    """Some of the people 1 to 4 who have seen a pet, or its client with another pet."""
    people = draw(st.permutations(_PEOPLE))[: draw(st.integers(0, len(_PEOPLE)))]
    pets = draw(st.lists(st.integers(0, 3), min_size=len(people), max_size=len(people)))
    return Familiarity.from_columns(
        people, pet_visits=pets, client_visits=[seen + draw(st.integers(0, 2)) for seen in pets]
    )


@st.composite
def one_criterion(draw: DrawFn, *, exact: bool = False) -> Criterion:
    """One strategy, with or (if ``exact``) without a tolerance."""
    strategy = draw(st.sampled_from(Strategy))
    if exact:
        return Criterion(strategy)
    if strategy in _IN_TIME:
        return Criterion(strategy, draw(st.sampled_from([0, 1, 10, 30])) * timedelta(minutes=1))
    return Criterion(strategy, draw(st.sampled_from([0, 0, 1, 2])))


def criteria(*, exact: bool = False) -> SearchStrategy[list[Criterion]]:
    """One to three different strategies, the first of which decides."""
    return st.lists(one_criterion(exact=exact), min_size=1, max_size=3, unique_by=lambda one: one.strategy)


def considered() -> SearchStrategy[dict[str, Any]]:
    """All that a choice may look at, for ``choose`` and ``rank_candidates``; nobody is both preferred and avoided."""
    orders = st.lists(st.sampled_from([1, 2]), unique=True) | st.dictionaries(
        st.sampled_from([1, 2]), st.integers(-1, 2)
    )
    return st.fixed_dictionaries(
        {
            "loads": load_tables(),
            "familiarity": familiarities(),
            "priority": orders,
            "preferred": orders,
            "avoided": st.lists(st.sampled_from([3, 4]), max_size=2),
        }
    )


def choices() -> SearchStrategy[Choice]:
    """Who was chosen, and what decided it; sometimes nobody."""
    return st.builds(
        lambda given, by, told: choose(given, strategies=by, **told), candidates(), criteria(), considered()
    )


def candidate_rankings() -> SearchStrategy[CandidateRanking]:
    """Candidates in order."""
    return st.builds(
        lambda given, by, told: rank_candidates(given, strategies=by, **told), candidates(), criteria(), considered()
    )


def choice_records() -> SearchStrategy[ChoiceRecord]:
    """Choices with what they were made from."""
    return st.builds(
        lambda given, by, told: ChoiceRecord.of(given, strategies=by, **told), candidates(), criteria(), considered()
    )


@st.composite
def assignment_problems(draw: DrawFn, *, requests: int = 5, people: int = 3) -> dict[str, Any]:
    """The arguments of ``assign``: a few requests in a short time, a few people, costs of both signs."""
    rows, columns = draw(st.integers(0, requests)), draw(st.integers(0, people))

    def matrix(elements: SearchStrategy[Any]) -> list[list[Any]]:
        return [draw(st.lists(elements, min_size=columns, max_size=columns)) for _ in range(rows)]

    start = [draw(st.integers(0, 12)) for _ in range(rows)]
    free = st.sampled_from([True, True, True, False])
    return {
        "request": draw(st.permutations(range(10, 10 + rows))),
        "start": start,
        "end": [begin + draw(st.integers(1, 6)) for begin in start],
        "resource": draw(st.lists(st.integers(1, 3), min_size=columns, max_size=columns)),
        "cost": np.array(matrix(st.integers(-4, 4)), np.int64).reshape(rows, columns),
        "eligible": np.array(matrix(free), np.bool_).reshape(rows, columns),
        "free": np.array(matrix(free), np.bool_).reshape(rows, columns),
        "limit": draw(st.sampled_from([2_000, 3, 1])),
    }


def assignment_tables() -> SearchStrategy[AssignmentTable]:
    """Who takes what, and why some get nobody."""
    return assignment_problems().map(lambda problem: assign(**problem))


def assignments() -> SearchStrategy[Assignment]:
    """One request, with who takes it or why nobody does."""
    return assignment_tables().filter(len).flatmap(lambda table: st.sampled_from(list(table)))


@st.composite
def _near(draw: DrawFn, moment: datetime) -> BookingTable:
    """A few bookings of the people 1 to 3 within days of a moment, in every status but HELD."""
    hours = draw(st.lists(st.integers(-100, 100), max_size=6))
    size = len(hours)
    start = [to_us(moment) + hour * 60 * _MINUTE for hour in hours]
    return BookingTable.from_columns(
        resource=[draw(st.integers(1, 3)) for _ in hours],
        start=start,
        end=[begin + draw(st.sampled_from([15, 60, 600])) * _MINUTE for begin in start],
        status=draw(st.lists(st.sampled_from(_STATES), min_size=size, max_size=size)),
        known=draw(st.just(ALWAYS) | st.just(Interval(moment - timedelta(days=2), moment + timedelta(days=20)))),
    )


@st.composite
def workload_tables(draw: DrawFn) -> WorkloadTable:
    """The work of some people in a few weeks of some zone."""
    now = draw(instants())
    table = draw(_near(now))
    due = {
        number: now + timedelta(hours=draw(st.integers(-100, 100)))
        for number in range(len(table))
        if draw(st.booleans())
    }
    days = LocalDays(now.date(), now.date() + timedelta(days=draw(st.integers(0, 15))), draw(zone_keys()))
    people = draw(st.lists(st.integers(1, 4), unique=True))
    return WorkloadTable.of(table, resources=people, within=days, now=now, due=due)


def workload_rows() -> SearchStrategy[WorkloadRow]:
    """One person in one week."""
    return workload_tables().filter(len).flatmap(lambda table: st.sampled_from(list(table)))


@st.composite
def floating_breaks(draw: DrawFn) -> FloatingBreak:
    """Breaks of some minutes between hours of the day, over midnight and in the hours when clocks change too."""
    between = draw(
        st.sampled_from(["12:00-14:00", "12:00-13:00", "01:30-03:30", "01:30-03:00", "22:00-02:00", "00:00-00:00"])
    )
    return FloatingBreak(timedelta(minutes=draw(st.sampled_from([30, 15, 60]))), between)


def daily_rests() -> SearchStrategy[DailyRest]:
    """Rests of some hours between days."""
    hours = st.sampled_from([11, 8, 24, 36]).map(lambda length: timedelta(hours=length))
    return st.builds(DailyRest, hours, on_duty=st.booleans())


def most_work() -> SearchStrategy[MostWork]:
    """At most some hours of work in a day, a week or a month."""
    hours = st.integers(0, 10).map(lambda length: timedelta(hours=length))
    return st.builds(MostWork, hours, per=st.sampled_from(Period), on_duty=st.booleans())


@st.composite
def refused_starts(draw: DrawFn) -> RefusedStarts:
    """The starts that some rules refuse somebody, on a day when clocks change as often as not."""
    zone = draw(zone_keys())
    moment = draw(instants(zone))
    return find_refused_starts(
        draw(st.lists(st.one_of(floating_breaks(), daily_rests(), most_work()), max_size=3)),
        busy=draw(_near(moment)),
        resource=draw(st.integers(1, 3)),
        zone=zone,
        within=Interval(moment, moment + timedelta(hours=draw(st.integers(1, 60)))),
        now=moment,
        duration=timedelta(minutes=draw(st.sampled_from([15, 60, 600]))),
        hours=draw(st.none() | _hours_of_one_day()),
    )


@st.composite
def working_time_violations(draw: DrawFn) -> WorkingTimeViolation:
    """A day, week or month with work in it where none is allowed."""
    visit = draw(intervals())
    nothing = MostWork(timedelta(0), per=draw(st.sampled_from(Period)))
    busy = BookingTable.from_columns(resource=[1], start=[visit.start_us], end=[visit.end_us], known=ALWAYS)
    return check_working_time(nothing, busy=busy, resource=1, zone=draw(zones()), within=visit, now=visit.start)[0]


def _hours_of_one_day() -> SearchStrategy[IntervalSet]:
    """Some hours of one day, the same for everybody who draws."""
    hour = 60 * _MINUTE
    pairs = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 8)), max_size=3)
    return pairs.map(
        lambda drawn: IntervalSet.from_us(
            [_ONE_DAY + start * hour for start, _ in drawn],
            [_ONE_DAY + (start + length) * hour for start, length in drawn],
        )
    )


@st.composite
def staff_demands(draw: DrawFn) -> StaffDemand:
    """How many of the people 0 to 3 are wanted, and when."""
    least = draw(st.integers(0, 3))
    return StaffDemand(
        draw(_hours_of_one_day()),
        least=least,
        most=draw(st.none() | st.integers(least, 4)),
        among=draw(st.none() | st.lists(st.integers(0, 3), unique=True)),
        name=draw(st.sampled_from(["", "a dentist"])),
    )


def rosters() -> SearchStrategy[IntervalBatch]:
    """The time on duty of four people in one day."""
    return st.lists(_hours_of_one_day(), min_size=4, max_size=4).map(IntervalBatch)


def coverage_tables() -> SearchStrategy[CoverageTable]:
    """Where four people on duty are too few or too many."""
    return st.builds(
        lambda demands, on_duty: find_coverage_gaps(demands, on_duty=on_duty),
        st.lists(staff_demands(), max_size=3),
        rosters(),
    )


def coverage_gaps() -> SearchStrategy[CoverageGap]:
    """One such time."""
    return coverage_tables().filter(len).flatmap(lambda table: st.sampled_from(list(table)))
