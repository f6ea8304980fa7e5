"""Visits of several steps: what is refused, what an answer says, and how a plan is judged again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import attrs
import numpy as np
import pytest

from petpro_core import (
    ALWAYS,
    BookingPolicy,
    BookingTable,
    Calendar,
    CalendarDays,
    Days,
    Interval,
    LimitExceededError,
    Reason,
    Release,
    Schedule,
    WeeklyHours,
    WorkingTime,
)
from petpro_core.errors import InvalidValueError
from petpro_core.matching import DurationRule, Has, Lack, Preparation, Resource, ResourceTable, Role, ServiceType
from petpro_core.visits import (
    Step,
    TravelTimes,
    Visit,
    VisitConflict,
    check_visit,
    explain_visit,
    find_visits,
)

MINUTE: Final = timedelta(minutes=1)
MONDAY: Final = datetime(2026, 11, 23, tzinfo=UTC)
DAY: Final = Interval(MONDAY, MONDAY + timedelta(days=1))
NOTHING: Final = BookingTable.empty(known=ALWAYS)


def resource(number: int, kind: str = "provider", hours: str = "09:00-12:00", **told: Any) -> Resource:
    return Resource(number, kind, Calendar(Schedule("UTC", WeeklyHours({"monday": [hours]}))), **told)


def clinic(*resources: Resource) -> dict[str, Any]:
    return {"resources": ResourceTable.of(resources), "busy": NOTHING, "now": MONDAY - timedelta(days=3)}


VET: Final = Role("provider", name="vet")
ROOM: Final = Role("room")
CHECKUP: Final = ServiceType(1, [VET, ROOM], 30 * MINUTE)
BLOODS: Final = ServiceType(2, Role("provider", name="nurse"), 10 * MINUTE)


def clock(moment: datetime) -> str:
    return f"{moment:%H:%M}"


# --- what is refused --------------------------------------------------------------------------------------------------


def test_a_gap_has_a_longest_at_least_as_long_as_its_shortest() -> None:
    with pytest.raises(InvalidValueError, match="the longest gap is at least the shortest"):
        Step(BLOODS, min_gap=10 * MINUTE, max_gap=5 * MINUTE)
    assert Step(BLOODS, min_gap=10 * MINUTE).max_gap == 10 * MINUTE


def test_a_change_names_a_role_of_its_step() -> None:
    with pytest.raises(InvalidValueError, match=r"\(nurse\), got 'vet'"):
        Step(BLOODS, change="vet")


@pytest.mark.parametrize("steps", [[], [BLOODS] * 21])
def test_a_visit_has_steps_and_not_too_many(steps: list[ServiceType]) -> None:
    with pytest.raises(InvalidValueError, match="1 to 20 steps"):
        Visit(steps)


@pytest.mark.parametrize("first", [Step(BLOODS, max_gap=MINUTE), Step(BLOODS, change="nurse")])
def test_the_first_step_follows_nothing(first: Step) -> None:
    with pytest.raises(InvalidValueError, match="the first step follows nothing"):
        Visit(first)


@pytest.mark.parametrize(
    "service",
    [
        ServiceType(3, VET, CalendarDays(2)),
        ServiceType(3, VET, MINUTE, seats=4),
        ServiceType(3, VET, MINUTE, durations=DurationRule(CalendarDays(1), species="dog")),
    ],
)
def test_stays_and_sessions_are_visits_of_one_step(service: ServiceType) -> None:
    assert len(Visit.of(service).steps) == 1
    with pytest.raises(InvalidValueError, match="visits of one step"):
        Visit([service, BLOODS])


def test_roles_of_one_name_want_the_same_number() -> None:
    two = ServiceType(4, Role("provider", count=2, name="vet"), 10 * MINUTE)
    with pytest.raises(InvalidValueError, match=r"same resources in each step, got \[1, 2\]"):
        find_visits(Visit([CHECKUP, two]), within=DAY, **clinic(resource(1), resource(2), resource(7, "room")))
    apart = Visit([CHECKUP, Step(two, change="vet")])
    found = find_visits(apart, within=DAY, **clinic(*map(resource, (1, 2, 3)), resource(7, "room")))
    assert found.places == ("vet", "room", "vet", "vet")


def test_too_many_ways_are_refused_before_they_are_tried() -> None:
    steps = [Step(BLOODS), *[Step(BLOODS, max_gap=timedelta(hours=4))] * 3]
    with pytest.raises(LimitExceededError, match=r"at most 2000 ways.*got 117649"):
        find_visits(steps, within=DAY, **clinic(resource(1)))


def test_too_many_pairs_are_refused_before_they_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("petpro_core.visits.search._MOST_CELLS", 10)
    with pytest.raises(LimitExceededError, match="at most 10 pairs of a resource and a start, got 12 starts"):
        find_visits(BLOODS, within=DAY, **clinic(resource(1)))


def test_whose_hours_are_not_told_cannot_be_searched() -> None:
    with pytest.raises(InvalidValueError, match=r"got none for \[2\]"):
        find_visits(BLOODS, within=DAY, **clinic(resource(1), Resource(2, "provider")))


def test_a_preference_names_a_resource_that_is_there() -> None:
    with pytest.raises(InvalidValueError, match="got 9"):
        find_visits(BLOODS, within=DAY, prefer=[9], **clinic(resource(1)))


# --- what an answer says ----------------------------------------------------------------------------------------------


def test_the_same_vet_throughout_is_one_allocation() -> None:
    visit = Visit([CHECKUP, Step(ServiceType(3, VET, 15 * MINUTE), min_gap=15 * MINUTE)])
    found = find_visits(visit, within=DAY, **clinic(resource(1), resource(2), resource(7, "room")))
    booking = found[0].booking(5, client=3)
    assert [(a.resource, clock(a.interval.start), clock(a.interval.end)) for a in booking.allocations] == [
        (1, "09:00", "10:00"),
        (7, "09:00", "09:30"),
    ]
    assert (booking.service, booking.client) == (1, 3)
    assert found.ends.tolist() == [start + 3_600_000_000 for start in found.starts.tolist()]


def test_those_who_are_preferred_come_first() -> None:
    asked = clinic(resource(1), resource(2), resource(3))
    assert find_visits(BLOODS, within=DAY, **asked)[0].resources == (1,)
    assert find_visits(BLOODS, within=DAY, prefer=[3, 2], **asked)[0].resources == (3,)


def test_everybody_of_a_role_takes_part() -> None:
    round_table = ServiceType(5, Role("provider", count="all", name="team"), 30 * MINUTE)
    found = find_visits(round_table, within=DAY, **clinic(resource(1), resource(2, hours="10:00-12:00")))
    assert {plan.resources for plan in found} == {(1, 2)}
    assert clock(found[0].start) == "10:00"


def test_nobody_eligible_is_a_reason() -> None:
    service = ServiceType(6, Role("provider", Has(9)), 30 * MINUTE)
    found = find_visits([CHECKUP, service], within=DAY, **clinic(resource(1), resource(7, "room")))
    assert (len(found), found.lack, found.tried) == (0, Lack.NO_SUCH_SKILL, 0)
    assert [part.lack for part in found.parts] == [None, None, Lack.NO_SUCH_SKILL]
    assert repr(found) == "<VisitTable of 0 starts>"


def test_somebody_for_each_step_and_nobody_for_all_is_a_reason() -> None:
    one = ServiceType(6, Role("provider", Has(1), name="vet"), 30 * MINUTE)
    other = ServiceType(7, Role("provider", Has(2), name="vet"), 30 * MINUTE)
    asked = clinic(resource(1, skills={1: "basic"}), resource(2, skills={2: "basic"}))
    assert find_visits([one, other], within=DAY, **asked).lack is Lack.TOO_FEW_ELIGIBLE
    assert len(find_visits([one, Step(other, change="vet")], within=DAY, **asked))


def test_nobody_free_and_never_together_are_told_apart() -> None:
    late = clinic(resource(1), resource(7, "room", hours="12:00-13:00"))
    found = find_visits(CHECKUP, within=DAY, **late)
    assert (found.lack, [part.free for part in found.parts]) == (Lack.NOBODY_FREE, [11, 0])
    pair = ServiceType(8, [VET, Role("provider", name="second")], 30 * MINUTE)
    alone = find_visits(pair, within=DAY, **clinic(resource(1)))
    assert (alone.lack, len(alone), alone.tried) == (Lack.TOO_FEW_TOGETHER, 0, 11)


def test_what_the_policy_allows_is_asked_of_the_whole_visit() -> None:
    asked = clinic(resource(1), resource(2), resource(7, "room"))
    visit = Visit([CHECKUP, Step(BLOODS, max_gap=15 * MINUTE)])
    short = BookingPolicy(max_duration=35 * MINUTE)
    assert find_visits(visit, within=DAY, policy=short, **asked).lack is Reason.DURATION
    long = BookingPolicy(min_duration=50 * MINUTE)
    found = find_visits(visit, within=DAY, policy=long, **asked)
    assert found[0].end - found[0].start == 50 * MINUTE
    assert find_visits(visit, within=DAY, **asked)[0].end - MONDAY == timedelta(hours=9, minutes=40)


def test_a_stay_lasts_by_the_clock_of_its_place() -> None:
    night = ServiceType(9, Role("room", name="kennel"), CalendarDays(1))
    hours = Calendar(Schedule("Europe/Berlin", WeeklyHours({day: ["10:00-11:00"] for day in ("saturday", "sunday")})))
    saturday = datetime(2026, 3, 28, tzinfo=UTC)
    asked = clinic(Resource(1, "room", hours)) | {"now": saturday - timedelta(days=3)}
    found = find_visits(night, within=Interval(saturday, saturday + timedelta(days=1)), **asked)
    assert found[0].end - found[0].start == timedelta(hours=23)
    assert check_visit(night, found[0], **asked) == ()


def test_stays_may_differ_by_place() -> None:
    kennel = Role("room", name="kennel")
    nights = ServiceType(9, kennel, CalendarDays(1), durations=DurationRule(CalendarDays(2), provider=1))
    asked = clinic(
        *(Resource(n, "room", Calendar(Schedule("UTC", WeeklyHours([["10:00-11:00"]] * 7)))) for n in (1, 2))
    )
    first = find_visits(nights, within=DAY, **asked)[0]
    assert (first.resources, first.end - first.start) == ((2,), timedelta(days=1))
    asked["busy"] = NOTHING.with_bookings([first.booking(1)])
    other = find_visits(nights, within=DAY, **asked)[0]
    assert (other.resources, other.end - other.start) == ((1,), timedelta(days=2))


def test_a_preparation_takes_notice() -> None:
    fasting = ServiceType(9, VET, 30 * MINUTE, preparation=Preparation("no food", timedelta(hours=12)))
    asked = clinic(resource(1)) | {"now": MONDAY - timedelta(hours=2)}
    assert clock(find_visits(fasting, within=DAY, **asked)[0].start) == "10:00"


def test_an_answer_is_valid_until_time_changes_it() -> None:
    asked = clinic(resource(1), resource(7, "room", "08:00-12:00"))
    assert find_visits(CHECKUP, within=DAY, **asked).valid_until == MONDAY + timedelta(hours=9, microseconds=1)
    # Notice in opening time is counted for each resource in its own hours: from 8 to 9 an hour of the room's passes.
    asked["now"] = MONDAY + timedelta(hours=8)
    working = BookingPolicy(min_notice=WorkingTime(timedelta(hours=1)), horizon=Days(0))
    found = find_visits(CHECKUP, within=DAY, policy=working, **asked)
    assert clock(found[0].start) == "10:00"
    assert found.valid_until == MONDAY + timedelta(hours=9, microseconds=1)
    apart = clinic(resource(1), resource(7, "room", "12:00-13:00")) | {"now": asked["now"]}
    assert find_visits(CHECKUP, within=DAY, policy=working, **apart).lack is Lack.NOBODY_FREE
    shut = find_visits(
        CHECKUP, within=DAY, policy=working, **(asked | {"now": MONDAY + timedelta(hours=11, minutes=45)})
    )
    assert (len(shut), shut.valid_until) == (0, None)


def test_kept_time_of_a_later_step_is_let_go_in_time() -> None:
    mornings = Release(
        Schedule("UTC", WeeklyHours({"monday": ["09:30-12:00"]})), lead=timedelta(hours=1), resources=[2]
    )
    policy = BookingPolicy(releases=mornings)
    nurse = ServiceType(2, Role("provider", name="nurse", among=[2]), 10 * MINUTE)
    visit = [ServiceType(1, Role("provider", name="vet", among=[1]), 30 * MINUTE), nurse]
    asked = clinic(resource(1), resource(2)) | {"policy": policy, "now": MONDAY + timedelta(hours=8)}
    found = find_visits(visit, within=DAY, **asked)
    # What the nurse does at 9:30 is let go at 8:30, and the start at nine with it.
    assert (len(found), found.valid_until) == (0, MONDAY + timedelta(hours=8, minutes=30))
    assert found.valid_until is not None
    later = find_visits(visit, within=DAY, **(asked | {"now": found.valid_until}))
    assert clock(later[0].start) == "09:00"
    two = clinic(resource(1), resource(2), resource(3)) | {"policy": policy, "now": asked["now"]}
    among = Role("provider", name="nurse", among=[2, 3])
    sooner = find_visits([visit[0], attrs.evolve(nurse, roles=among)], within=DAY, **two)
    assert sooner[0].resources == (1, 3)
    assert sooner.valid_until == found.valid_until


def test_an_empty_range_of_hours_is_an_empty_answer() -> None:
    tuesday = Interval(MONDAY + timedelta(days=1), MONDAY + timedelta(days=2))
    found = find_visits(
        [CHECKUP, Step(BLOODS, max_gap=MINUTE)], within=tuesday, **clinic(*map(resource, (1, 2)), resource(7, "room"))
    )
    assert (len(found), found.tried, found.lack) == (0, 0, Lack.NOBODY_FREE)


# --- a plan judged again ----------------------------------------------------------------------------------------------


def test_who_does_not_fit_is_said() -> None:
    senior, junior = resource(1, skills={1: "expert"}), resource(2, skills={1: "basic"}, supervised=True)
    asked = clinic(senior, junior, resource(3))
    pair = ServiceType(1, [Role("provider", Has(1), name="vet"), Role("provider", name="second")], 30 * MINUTE)
    plan = find_visits(pair, within=DAY, **asked)[0]
    assert plan.resources == (1, 2)

    def against(*names: int) -> list[tuple[str, int | None, Lack | None]]:
        parts = [attrs.evolve(part, resources=(name,)) for part, name in zip(plan.parts, names, strict=True)]
        found = check_visit(pair, attrs.evolve(plan, parts=tuple(parts)), **asked)
        return [(one.part, one.resource, one.lack) for one in found]

    assert against(1, 2) == []
    assert against(1, 1) == [("second", 1, Lack.TOO_FEW_TOGETHER)]
    assert against(3, 1) == [("vet", 3, Lack.NOBODY_ELIGIBLE)]
    assert against(2, 3) == [("vet", None, Lack.NO_SENIOR)]
    assert against(2, 1) == []


def test_a_plan_of_another_visit_is_refused() -> None:
    asked = clinic(resource(1), resource(2), resource(7, "room"))
    plan = find_visits(CHECKUP, within=DAY, **asked)[0]
    with pytest.raises(InvalidValueError, match="a plan fills the parts of its visit"):
        check_visit(BLOODS, plan, **asked)
    longer = attrs.evolve(CHECKUP, duration=45 * MINUTE)
    with pytest.raises(InvalidValueError, match="a plan lays its steps as its visit allows"):
        check_visit(longer, plan, **asked)
    buffered = attrs.evolve(CHECKUP, roles=(attrs.evolve(VET, buffer_after=5 * MINUTE), ROOM))
    with pytest.raises(InvalidValueError, match="a plan lays its steps as its visit allows"):
        check_visit(buffered, plan, **asked)


def test_what_the_judge_says_is_passed_on() -> None:
    asked = clinic(resource(1), resource(7, "room"))
    plan = find_visits(CHECKUP, within=DAY, **asked)[0]
    booked = asked | {"busy": NOTHING.with_bookings([plan.booking(1)])}
    against = check_visit(CHECKUP, plan, **booked)
    assert [(one.part, one.resource, str(one.conflict and one.conflict.kind)) for one in against] == [
        ("vet", 1, "overlap"),
        ("room", 7, "overlap"),
    ]
    assert isinstance(against[0], VisitConflict)
    assert check_visit(CHECKUP, plan, replacing=1, **booked) == ()


def test_a_start_that_works_by_a_longer_gap_is_explained_with_its_plan() -> None:
    slow = resource(2, hours="09:45-12:00")
    told = explain_visit(
        [CHECKUP, Step(BLOODS, max_gap=30 * MINUTE)],
        start=MONDAY + timedelta(hours=9),
        **clinic(resource(1), slow, resource(7, "room")),
    )
    assert told.plan is not None
    assert clock(told.plan.steps[1].interval.start) == "09:45"


def test_why_a_visit_cannot_start_is_told_part_by_part() -> None:
    asked = clinic(resource(1), resource(7, "room", "10:00-12:00"))
    told = explain_visit(CHECKUP, start=MONDAY + timedelta(hours=9), **asked)
    assert (told.plan, told.lack) == (None, None)
    vet, room = told.parts
    assert (vet.free, vet.refused, room.free) == ((1,), {}, ())
    assert [conflict.reason for conflict in room.refused[7]] == [Reason.CLOSED]
    pair = ServiceType(8, [VET, Role("provider", name="second")], 30 * MINUTE)
    assert explain_visit(pair, start=MONDAY + timedelta(hours=9), **asked).lack is Lack.TOO_FEW_TOGETHER
    unknown = ServiceType(6, Role("provider", Has(9)), 30 * MINUTE)
    never = explain_visit(unknown, start=MONDAY + timedelta(hours=9), **asked)
    assert [part.lack for part in never.parts] == [Lack.NO_SUCH_SKILL]
    short = BookingPolicy(max_duration=5 * MINUTE)
    nothing = explain_visit([CHECKUP, BLOODS], start=MONDAY + timedelta(hours=9), policy=short, **asked)
    assert nothing.parts == ()
    by_vet = ServiceType(1, VET, 30 * MINUTE, durations=DurationRule(45 * MINUTE, provider=1))
    slow = explain_visit(by_vet, start=MONDAY + timedelta(hours=11, minutes=30), **clinic(resource(1), resource(2)))
    assert slow.plan is not None
    assert slow.plan.resources == (2,)


# --- home visits ------------------------------------------------------------------------------------------------------


def test_the_way_between_two_places_is_kept_free() -> None:
    travel = TravelTimes([[0, 20], [35, 0]])
    busy = BookingTable.from_columns(
        resource=[1, 1],
        start=[int((MONDAY + timedelta(hours=h)).timestamp()) * 1_000_000 for h in (10, 11)],
        end=[int((MONDAY + timedelta(hours=h, minutes=30)).timestamp()) * 1_000_000 for h in (10, 11)],
        booking=[4, 5],
        known=ALWAYS,
    )
    at_home = ServiceType(1, VET, 30 * MINUTE, step=5 * MINUTE)
    asked = clinic(resource(1)) | {"busy": travel.around(busy, places={4: 1}, to=0)}
    starts = [clock(plan.start) for plan in find_visits(at_home, within=DAY, **asked)]
    # Twenty minutes to the booking at ten; thirty-five back from it end when somebody else has begun.
    assert starts == ["09:00", "09:05", "09:10", "11:30"]


@pytest.mark.parametrize("minutes", [[[0, 1]], [0, 1], [[0, -1], [1, 0]], [[0, 10_081], [1, 0]]])
def test_travel_times_are_a_square_of_minutes(minutes: list[Any]) -> None:
    with pytest.raises(InvalidValueError):
        TravelTimes(minutes)


def test_places_are_those_of_the_matrix() -> None:
    travel = TravelTimes(np.zeros((2, 2), np.int64))
    with pytest.raises(InvalidValueError, match="to is a whole number from 0 to 1"):
        travel.around(NOTHING, places={}, to=2)
    with pytest.raises(InvalidValueError, match="places is a whole number from 0 to 1"):
        travel.around(NOTHING, places={3: 5}, to=1)
