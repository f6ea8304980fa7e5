"""Small clinics and visits of several steps, as plain data (for the brute force) and as objects (for the search)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from hypothesis import assume
from hypothesis import strategies as st

from petpro_core.availability import Calendar
from petpro_core.bookings import BookingTable
from petpro_core.intervals import ALWAYS, Interval, to_us
from petpro_core.matching import DurationRule, Has, Proficiency, Resource, ResourceTable, Role, ServiceType
from petpro_core.schedules import ClockRange, Schedule, WeeklyHours
from petpro_core.visits import (
    PartExplanation,
    PartSummary,
    PlannedPart,
    PlannedStep,
    Step,
    TravelTimes,
    Visit,
    VisitConflict,
    VisitExplanation,
    VisitPlan,
    VisitTable,
    check_visit,
    explain_visit,
    find_visits,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hypothesis.strategies import SearchStrategy

__all__ = [
    "BY_TYPE",
    "MIDNIGHT",
    "asked",
    "cases",
    "travel_times",
    "visit_conflicts",
    "visit_explanations",
    "visit_of",
    "visit_tables",
    "visits",
]

MIDNIGHT: Final = datetime(2026, 11, 23, tzinfo=UTC)
"""A Monday; every case lies on it."""

_QUARTERS: Final = (5, 10, 15, 20, 30)
_LEVELS: Final = list(Proficiency)
_MINUTE_US: Final = 60_000_000


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """A clinic of two to six resources, a few bookings, and a visit of one to three steps, within five hours."""
    resources = [_resource(draw, handle) for handle in range(1, draw(st.integers(2, 6)) + 1)]
    bookings = [_booking(draw, resources) for _ in range(draw(st.integers(0, 5)))]
    steps = [_step(draw, number, resources) for number in range(draw(st.integers(1, 3)))]
    return {
        "resources": resources,
        "bookings": bookings,
        "steps": steps,
        "step": draw(st.sampled_from([10, 15, 30])),
        "gap_step": draw(st.sampled_from([5, 10])),
        "window": [540, 840],
    }


def _resource(draw: st.DrawFn, handle: int) -> dict[str, Any]:
    # Two kinds of which one is rare: most cases should have somebody for every part.
    kind = draw(st.sampled_from(["provider", "provider", "room"]))
    skills = draw(st.dictionaries(st.integers(1, 2), st.integers(1, 4), max_size=2))
    begin = draw(st.sampled_from([540, 550, 555, 600]))
    hours = [[begin, draw(st.sampled_from([660, 720, 840]))]]
    if hours[0][1] < 840 and draw(st.booleans()):
        hours.append([draw(st.sampled_from([hours[0][1], 750])), 840])
    junior = kind == "provider" and draw(st.sampled_from([False, False, True]))
    return {"handle": handle, "kind": kind, "skills": skills, "junior": junior, "hours": hours}


def _booking(draw: st.DrawFn, resources: list[dict[str, Any]]) -> dict[str, Any]:
    start = draw(st.integers(108, 164)) * 5
    return {
        "resource": draw(st.sampled_from([one["handle"] for one in resources])),
        "start": start,
        "end": start + draw(st.sampled_from(_QUARTERS)),
        "before": draw(st.sampled_from([0, 0, 5])),
        "after": draw(st.sampled_from([0, 0, 10])),
    }


def _step(draw: st.DrawFn, number: int, resources: list[dict[str, Any]]) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(["vet", "nurse", "room"]), min_size=1, max_size=2, unique=True))
    # One kind and one count for a name, so that it can be filled throughout.
    roles = [
        {
            "name": name,
            "kind": "room" if name == "room" else "provider",
            "skill": draw(st.sampled_from([None, None, [1, 1], [2, 2]])),
            "count": 1,
            "before": draw(st.sampled_from([0, 0, 5])),
            "after": draw(st.sampled_from([0, 0, 10])),
        }
        for name in names
    ]
    least = draw(st.sampled_from([0, 0, 5])) if number else 0
    providers = [one["handle"] for one in resources if one["kind"] == "provider"]
    slower = {}
    if providers:
        slower = draw(st.dictionaries(st.sampled_from(providers), st.sampled_from(_QUARTERS), max_size=1))
    return {
        "roles": roles,
        "minutes": draw(st.sampled_from(_QUARTERS)),
        "by_provider": slower,
        "min_gap": least,
        "max_gap": least + (draw(st.sampled_from([0, 0, 10, 15])) if number else 0),
        "change": draw(st.lists(st.sampled_from(names), max_size=1)) if number else [],
    }


def visit_of(case: dict[str, Any]) -> Visit:
    """The visit of a case as an object."""
    steps = []
    for number, step in enumerate(case["steps"]):
        roles = [
            Role(
                role["kind"],
                None if role["skill"] is None else Has(role["skill"][0], _LEVELS[role["skill"][1] - 1]),
                role["count"],
                name=role["name"],
                buffer_before=timedelta(minutes=role["before"]),
                buffer_after=timedelta(minutes=role["after"]),
            )
            for role in step["roles"]
        ]
        durations = [
            DurationRule(timedelta(minutes=minutes), provider=handle) for handle, minutes in step["by_provider"].items()
        ]
        service = ServiceType(
            number,
            roles,
            timedelta(minutes=step["minutes"]),
            durations=durations,
            step=timedelta(minutes=case["step"]),
        )
        gaps = timedelta(minutes=step["min_gap"]), timedelta(minutes=step["max_gap"])
        steps.append(Step(service, min_gap=gaps[0], max_gap=gaps[1], change=step["change"]))
    return Visit(steps, gap_step=timedelta(minutes=case["gap_step"]))


def asked(case: dict[str, Any]) -> dict[str, Any]:
    """The rest of the question: ``resources``, ``busy``, ``within`` and ``now``."""
    resources = [
        Resource(
            one["handle"],
            one["kind"],
            Calendar(Schedule("UTC", WeeklyHours({"monday": [_range(*hours) for hours in one["hours"]]}))),
            skills={skill: _LEVELS[rank - 1] for skill, rank in one["skills"].items()},
            supervised=one["junior"],
        )
        for one in case["resources"]
    ]
    base, rows = to_us(MIDNIGHT), case["bookings"]
    busy = BookingTable.from_columns(
        resource=[row["resource"] for row in rows],
        start=[base + row["start"] * _MINUTE_US for row in rows],
        end=[base + row["end"] * _MINUTE_US for row in rows],
        occupied_start=[base + (row["start"] - row["before"]) * _MINUTE_US for row in rows],
        occupied_end=[base + (row["end"] + row["after"]) * _MINUTE_US for row in rows],
        known=ALWAYS,
    )
    first, last = (MIDNIGHT + timedelta(minutes=minute) for minute in case["window"])
    return {
        "resources": ResourceTable.of(resources),
        "busy": busy,
        "within": Interval(first, last),
        "now": MIDNIGHT - timedelta(days=1),
    }


def _range(first: int, last: int) -> ClockRange:
    return ClockRange((MIDNIGHT + timedelta(minutes=first)).time(), (MIDNIGHT + timedelta(minutes=last)).time())


def visits() -> SearchStrategy[Visit]:
    """Visits of one to three steps."""
    return cases().map(visit_of)


@st.composite
def visit_tables(draw: st.DrawFn) -> VisitTable:
    """What a search finds in a small clinic; at least one start."""
    case = draw(cases())
    found = find_visits(visit_of(case), **asked(case))
    assume(len(found))
    return found


@st.composite
def visit_explanations(draw: st.DrawFn) -> VisitExplanation:
    """Why a visit can or cannot start at some quarter of an hour."""
    case = draw(cases())
    question = asked(case)
    within = question.pop("within")
    start = within.start + draw(st.integers(0, 19)) * timedelta(minutes=15)
    return explain_visit(visit_of(case), start=start, **question)


@st.composite
def visit_conflicts(draw: st.DrawFn) -> VisitConflict:
    """What stands against a plan whose time somebody else has booked."""
    case = draw(cases())
    visit, question = visit_of(case), asked(case)
    found = find_visits(visit, **question)
    assume(len(found))
    del question["within"]
    question["busy"] = question["busy"].with_bookings([found[0].booking(1_000)])
    return draw(st.sampled_from(check_visit(visit, found[0], **question)))


def travel_times() -> SearchStrategy[TravelTimes]:
    """Minutes between one to four places."""
    minutes = st.integers(0, 90)
    return (
        st.integers(1, 4)
        .flatmap(lambda size: st.lists(st.lists(minutes, min_size=size, max_size=size), min_size=size, max_size=size))
        .map(TravelTimes)
    )


def _plans() -> SearchStrategy[VisitPlan]:
    return visit_tables().map(lambda table: table[0])


BY_TYPE: Final[Mapping[type, Callable[[], SearchStrategy[Any]]]] = {
    PartExplanation: lambda: visit_explanations().map(lambda told: told.parts[0]),
    PartSummary: lambda: visit_tables().map(lambda table: table.parts[0]),
    PlannedPart: lambda: _plans().map(lambda plan: plan.parts[0]),
    PlannedStep: lambda: _plans().map(lambda plan: plan.steps[-1]),
    Step: lambda: visits().map(lambda visit: visit.steps[-1]),
    TravelTimes: travel_times,
    Visit: visits,
    VisitConflict: visit_conflicts,
    VisitExplanation: visit_explanations,
    VisitPlan: _plans,
    VisitTable: visit_tables,
}
"""The strategy of each type of ``petpro_core.visits``."""
