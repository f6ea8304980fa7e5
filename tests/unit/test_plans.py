"""Repair plans by example: what moves where, in which order, and what cannot be saved."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import attrs
import numpy as np
import pytest

from petpro_core import (
    ALWAYS,
    Allocation,
    Booking,
    BookingPolicy,
    BookingStatus,
    BookingTable,
    Calendar,
    CalendarDays,
    Cap,
    Interval,
    InvalidValueError,
    MinimumGap,
    Schedule,
    SlotRules,
    TimeOff,
    Waiver,
    WeeklyHours,
)
from petpro_core.bookings import Overbooking, Stranding
from petpro_core.repair import (
    Absence,
    NewHours,
    RepairPlan,
    ResourceClosed,
    Substitutes,
    WhyUnsaved,
    _board,
    _bounds,
    _mend,
    impact,
    plan_repair,
)
from petpro_core.testing import repairs

HOUR: Final = timedelta(hours=1)
MONDAY: Final = datetime(2026, 11, 23, tzinfo=UTC)
NOW: Final = MONDAY - timedelta(days=3)
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday")
WEEK: Final = Calendar(Schedule("UTC", WeeklyHours(dict.fromkeys(DAYS, ("09:00-12:00",)))))
ROOM: Final = attrs.evolve(WEEK, capacity=2)
HOURLY: Final = SlotRules(HOUR, step=HOUR)
ILL: Final = Absence(7, TimeOff.on(date(2026, 11, 23), zone="UTC", name="ill"))
VETS: Final = Substitutes({None: {7: [8, 9], 8: [7, 9], 9: [7, 8]}})


def at(hour: int, minute: int = 0, day: int = 0) -> datetime:
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


def booked(number: int, hour: int, *resources: int, day: int = 0, hours: int = 1, **more: Any) -> Booking:
    visit = Interval(at(hour, day=day), at(hour + hours, day=day))
    return Booking(number, [Allocation(resource, visit) for resource in resources or (7,)], **more)


def planned(change: Any, *bookings: Booking, days: int = 2, **more: Any) -> RepairPlan:
    asked: dict[str, Any] = {
        "calendars": {7: WEEK, 8: WEEK, 9: WEEK, 20: ROOM},
        "bookings": bookings,
        "busy": BookingTable.of(bookings, known=ALWAYS),
        "rules": HOURLY,
        "now": NOW,
    }
    how: dict[str, Any] = {"substitutes": VETS, "within": Interval(MONDAY, MONDAY + timedelta(days=days))}
    how |= {name: more.pop(name) for name in ("substitutes", "within", "waive", "effort") if name in more}
    return plan_repair(impact(change, **(asked | more)), **how)


def steps(plan: RepairPlan) -> list[tuple[int, tuple[int, ...], str]]:
    return [
        (move.booking.id, tuple(part.resource for part in move.booking.allocations), f"{move.booking.start:%a %H:%M}")
        for move in plan.moves
    ]


def test_another_resource_at_the_same_time_comes_before_another_time() -> None:
    plan = planned(ILL, booked(1, 9), booked(2, 10), booked(3, 10, 8))
    assert steps(plan) == [(1, (8,), "Mon 09:00"), (2, (9,), "Mon 10:00")]
    assert plan.cost == (0, 0, timedelta(0), 2)
    assert plan.exact
    assert [move.changes for move in plan.moves] == [((7, 8),), ((7, 9),)]
    asked_before = {Waiver.GRID, Waiver.NOTICE, Waiver.HORIZON, Waiver.DEADLINE, Waiver.STRANDS}
    assert set(plan.moves[0].waived) == asked_before
    assert sorted(plan.practice.busy.resource.tolist()) == [8, 8, 9]


def test_the_nearest_other_time_comes_next() -> None:
    full = [booked(number, 9 + number % 3, 8 + number // 3) for number in range(6)]
    plan = planned(ILL, booked(10, 10), *full)
    # Nobody has time on Monday, and 9:00 on Tuesday is the nearest: with the same vet.
    assert steps(plan) == [(10, (7,), "Tue 09:00")]
    assert plan.cost == (0, 1, timedelta(hours=23), 0)
    assert plan.moves[0].waived == (Waiver.DEADLINE,)
    assert plan.moves[0].changes == ()
    assert plan.moves[0].by == timedelta(hours=23)


def test_one_gives_way_so_that_all_are_saved() -> None:
    # 8 is free at 9 alone, 9 at 9 and 10; whoever could go nowhere else comes first.
    bookings = [booked(1, 9), booked(2, 9, 7, hours=1, client=1)]
    calendar = attrs.evolve(WEEK, capacity=2)
    others = [booked(3, 10, 8), booked(4, 11, 8), booked(5, 11, 9)]
    only = Substitutes(by_booking={1: [8, 9], 2: [8]})
    plan = planned(ILL, *bookings, *others, calendars={7: calendar, 8: WEEK, 9: WEEK}, substitutes=only)
    assert steps(plan) == [(1, (9,), "Mon 09:00"), (2, (8,), "Mon 09:00")]
    assert plan.exact


def test_rooms_go_along_and_may_change_too() -> None:
    calendars = {7: WEEK, 8: WEEK, 20: ROOM, 21: WEEK}
    both = Substitutes({None: {7: [8], 20: [21]}})
    plan = planned(ILL, booked(1, 10, 7, 20), calendars=calendars, substitutes=both)
    assert steps(plan) == [(1, (8, 20), "Mon 10:00")]
    closed = ResourceClosed(20, Interval(at(10), at(11)))
    plan = planned([ILL, closed], booked(1, 10, 7, 20), calendars=calendars, substitutes=both)
    assert steps(plan) == [(1, (8, 21), "Mon 10:00")]
    assert plan.moves[0].changes == ((7, 8), (20, 21))
    # The vet has time at ten, and the room at nine and at eleven; both are free at eleven alone.
    busy = booked(2, 9, 8)
    plan = planned([ILL, closed], booked(1, 10, 7, 20), busy, calendars=calendars, substitutes=Substitutes({None: [8]}))
    assert steps(plan) == [(1, (8, 20), "Mon 11:00")]


def test_who_is_pushed_out_may_stay_once_others_have_moved() -> None:
    smaller = NewHours(20, WEEK)
    plan = planned(smaller, booked(1, 9, 7, 20), booked(2, 9, 8, 20), substitutes=Substitutes())
    # Of two plans that cost the same the one in which the first starts earlier is taken.
    assert [booking.id for booking in plan.kept] == [1]
    assert steps(plan) == [(2, (8, 20), "Mon 10:00")]
    assert plan.cost == (0, 1, HOUR, 0)


def test_a_move_waits_until_its_place_is_left() -> None:
    """The room that the first needs is held by the second until that one has moved."""
    calendars = {7: WEEK, 8: WEEK, 20: WEEK, 21: WEEK}
    first, second = booked(1, 9, 7, 20), booked(2, 9, 8, 21)
    changes = [ResourceClosed(20, Interval(at(9), at(10))), ResourceClosed(8, Interval(at(9), at(10)))]
    rooms = Substitutes({None: {20: [21]}})
    plan = planned(changes, first, second, calendars=calendars, substitutes=rooms, days=1)
    assert steps(plan) == [(2, (8, 21), "Mon 10:00"), (1, (7, 21), "Mon 09:00")]


def test_two_that_want_each_others_place_cannot_change_over() -> None:
    calendars = {7: WEEK, 8: WEEK, 20: WEEK}
    early, late = (
        Calendar(Schedule("UTC", WeeklyHours({"monday": [hours]}))) for hours in ("09:00-10:00", "10:00-11:00")
    )
    changes = [NewHours(7, late), NewHours(8, early)]
    bookings = [booked(1, 9, 7, 20), booked(2, 10, 8, 20)]
    plan = planned(changes, *bookings, calendars=calendars, substitutes=Substitutes(), days=1)
    # Either could have the room when the other has it; but each step must be accepted when its turn comes.
    assert plan.moves == ()
    assert [one.why for one in plan.unsaved] == [WhyUnsaved.TAKEN, WhyUnsaved.TAKEN]
    assert plan.exact
    without = repairs.World(
        {7: late, 8: early, 20: WEEK}, BookingTable.empty(known=ALWAYS), HOURLY, BookingPolicy(), NOW
    )
    day = Interval(at(9), at(12))
    options = repairs.all_places(without, bookings, [{}, {}], day, step=3_600_000_000)
    assert options == [[((7, 20), 3_600_000_000)], [((8, 20), -3_600_000_000)]]
    assert repairs.best_places(without, bookings, options) == [None, None]
    # With a second room the first is out of the way for a moment, and with it the second of the two is free to go.
    plan = planned(changes, *bookings, calendars={**calendars, 20: ROOM}, substitutes=Substitutes(), days=1)
    assert steps(plan) == [(1, (7, 20), "Mon 10:00"), (2, (8, 20), "Mon 09:00")]


def test_what_has_no_hours_here_goes_along_where_the_start_is_kept() -> None:
    twins = [booked(1, 9, 7, 99), booked(2, 9, 7, 98)]
    plan = planned(ILL, *twins, calendars={7: ROOM, 8: ROOM}, substitutes=Substitutes({None: {7: [8]}}), days=1)
    assert steps(plan) == [(1, (8, 99), "Mon 09:00"), (2, (8, 98), "Mon 09:00")]
    alone = planned(ILL, twins[0], calendars={7: ROOM, 8: ROOM}, substitutes=Substitutes(), days=5)
    assert [one.why for one in alone.unsaved] == [WhyUnsaved.NOBODY_ELIGIBLE]


def test_what_cannot_be_saved_is_named_with_its_reasons() -> None:
    nobody = planned(ILL, booked(1, 9), substitutes=Substitutes(), days=1)
    assert [(one.booking.id, one.why) for one in nobody.unsaved] == [(1, WhyUnsaved.NOBODY_ELIGIBLE)]
    assert [(str(c.kind), c.resource_id) for c in nobody.unsaved[0].conflicts] == [("time_off", 7)]
    full = [booked(number, 9 + number % 3, 8) for number in range(3)]
    no_start = planned(ILL, booked(10, 9), *full, substitutes=Substitutes({None: [8]}), days=1)
    assert [one.why for one in no_start.unsaved] == [WhyUnsaved.NO_START]
    told = [(str(c.kind), c.resource_id, c.ref) for c in no_start.unsaved[0].conflicts]
    assert told == [("time_off", 7, "ill"), ("overlap", 8, 0)]
    taken = planned(ILL, booked(10, 9), booked(11, 10), *full[:2], substitutes=Substitutes({None: [8]}), days=1)
    # Eleven is nearer to ten than to nine.
    assert steps(taken) == [(11, (8,), "Mon 11:00")]
    assert [(one.booking.id, one.why) for one in taken.unsaved] == [(10, WhyUnsaved.TAKEN)]
    goes_on = planned(ResourceClosed(7), booked(1, 9, status=BookingStatus.IN_PROGRESS), now=at(9, 30))
    assert [one.why for one in goes_on.unsaved] == [WhyUnsaved.STATUS]
    elsewhere = planned(ILL, booked(1, 9, 7, 99), substitutes=Substitutes({None: {7: [8], 99: [98]}}), days=1)
    assert steps(elsewhere) == [(1, (8, 99), "Mon 09:00")]


def test_what_has_begun_stays_with_whom_it_is_or_moves_in_time() -> None:
    plan = planned(ResourceClosed(7, Interval(at(9, 30), at(12))), booked(1, 9), now=at(9, 15), days=1)
    assert steps(plan) == [(1, (8,), "Mon 10:00")]


def test_a_resource_of_the_booking_takes_no_second_place_of_it() -> None:
    plan = planned(ILL, booked(1, 9, 7, 8), substitutes=Substitutes({None: {7: [8, 9]}}), days=1)
    assert steps(plan) == [(1, (9, 8), "Mon 09:00")]
    pair = planned(
        [ILL, ResourceClosed(8)], booked(1, 9, 7, 8), substitutes=Substitutes({None: {7: [9], 8: [9]}}), days=1
    )
    assert [one.why for one in pair.unsaved] == [WhyUnsaved.NO_START]


def test_notice_is_asked_of_another_time_alone() -> None:
    strict = BookingPolicy(min_notice=timedelta(days=1), move_deadline=timedelta(days=9))
    plan = planned(ILL, booked(1, 9), policy=strict, now=at(8))
    assert steps(plan) == [(1, (8,), "Mon 09:00")]
    plan = planned(ILL, booked(1, 9), policy=strict, now=at(8), substitutes=Substitutes())
    assert steps(plan) == [(1, (7,), "Tue 09:00")]
    plan = planned(
        ResourceClosed(7, Interval(at(9), at(10))),
        booked(1, 9),
        policy=strict,
        now=at(8),
        substitutes=Substitutes(),
        waive=[Waiver.NOTICE],
    )
    assert steps(plan) == [(1, (7,), "Mon 10:00")]
    assert plan.moves[0].waived == (Waiver.DEADLINE, Waiver.NOTICE)


@pytest.mark.parametrize(
    "policy",
    [
        BookingPolicy(caps=Cap(1, per="day")),
        BookingPolicy(caps=Cap(2, per="week", by="client"), one_at_a_time=["client"]),  # type: ignore[list-item]
        BookingPolicy(gaps=MinimumGap(HOUR)),
        BookingPolicy(gaps=MinimumGap(HOUR, by="client")),
        BookingPolicy(stranding=Stranding(HOUR, mode="refuse")),
        BookingPolicy(overbooking=Overbooking(1, no_show_rate=0.1)),
    ],
)
def test_every_rule_is_kept_among_the_moves(policy: BookingPolicy) -> None:
    bookings = [booked(number, 9 + number, client=number % 2) for number in range(3)]
    rest = [booked(5, 10, 8, client=0), booked(6, 9, 9, client=1)]
    plan = planned(ILL, *bookings, *rest, policy=policy, days=5)
    assert plan.exact
    assert plan.unsaved == () or policy.caps


def test_sessions_and_pending_bookings_hold_no_place_alone() -> None:
    rules = SlotRules(HOUR, step=HOUR, seats=3)
    seats = [booked(number, 9, service=4, seats=3) for number in range(3)]
    plan = planned(ILL, *seats, rules=rules, substitutes=Substitutes({4: [8]}), days=1)
    assert steps(plan) == [(number, (8,), "Mon 09:00") for number in range(3)]
    both = [booked(1, 9, status=BookingStatus.PENDING), booked(2, 9, status=BookingStatus.PENDING)]
    plan = planned(ILL, *both, substitutes=Substitutes({None: [8]}), days=1)
    assert steps(plan) == [(1, (8,), "Mon 09:00"), (2, (8,), "Mon 09:00")]


def test_a_stay_keeps_its_days_in_another_zone() -> None:
    berlin = Calendar(Schedule("Europe/Berlin", WeeklyHours(dict.fromkeys(DAYS, ("00:00-24:00",)))))
    home = Calendar(Schedule("UTC", WeeklyHours(dict.fromkeys(DAYS, ("00:00-24:00",)))))
    # Berlin puts its clocks back on Sunday, 25 October 2026.
    friday = datetime(2026, 10, 23, 9, tzinfo=UTC)
    stay = Booking(1, Allocation(7, Interval(friday, friday + timedelta(days=3))))
    plan = planned(
        ResourceClosed(7),
        stay,
        calendars={7: home, 8: berlin},
        rules=SlotRules(CalendarDays(3), step=HOUR),
        now=friday - timedelta(days=9),
        within=Interval(friday, friday + timedelta(days=1)),
        substitutes=Substitutes({None: [8]}),
    )
    assert steps(plan) == [(1, (8,), "Fri 09:00")]
    assert plan.moves[0].booking.allocations[0].interval.duration == timedelta(days=3, hours=1)
    other = planned(
        ResourceClosed(7, Interval(friday, friday + HOUR)),
        stay,
        calendars={7: home, 8: berlin},
        rules=SlotRules(CalendarDays(3), step=HOUR),
        now=friday - timedelta(days=9),
        within=Interval(friday, friday + timedelta(days=1)),
        substitutes=Substitutes(),
    )
    assert steps(other) == [(1, (7,), "Fri 10:00")]
    assert other.moves[0].booking.allocations[0].interval.duration == timedelta(days=3)


def test_nothing_broken_needs_no_plan() -> None:
    plan = planned(ILL, booked(1, 9, 8))
    assert (plan.moves, plan.kept, plan.unsaved, plan.exact) == ((), (), (), True)
    assert plan.cost == (0, 0, timedelta(0), 0)
    assert plan.practice.busy.booking.tolist() == [1]


# --- the bound on the search ------------------------------------------------------------------------------------------


def crowded() -> list[Booking]:
    """Six bookings that compete for four places, each with other wishes."""
    return [booked(number, 9 + number % 3, client=number) for number in range(3)] + [
        booked(10, 9, 8),
        booked(11, 10, 9),
        booked(12, 11, 9),
        booked(13, 11, 8),
    ]


def test_a_search_that_may_not_look_says_so() -> None:
    least = planned(ILL, *crowded(), effort=0, substitutes=Substitutes({None: [8, 9]}), days=1)
    best = planned(ILL, *crowded(), substitutes=Substitutes({None: [8, 9]}), days=1)
    assert best.exact
    assert best.cost <= least.cost
    assert least.exact is (best.cost == least.cost)


def test_so_many_at_once_get_a_first_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_mend, "_MOST_TOGETHER", 1)
    plan = planned(ILL, *crowded(), substitutes=Substitutes({None: [8, 9]}), days=1)
    assert not plan.exact
    assert plan.moves


def test_costs_too_large_for_a_column_are_added_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    plans = []
    for largest in (2**62, 1):
        monkeypatch.setattr(_bounds, "_LARGEST", largest)
        plans.append(planned(ILL, *crowded(), substitutes=Substitutes({None: [8, 9]}), days=2))
    assert (steps(plans[0]), plans[0].cost) == (steps(plans[1]), plans[1].cost)
    odd = booked(1, 9)
    off = Booking(2, Allocation(7, Interval(at(9, 7) + timedelta(microseconds=1), at(9, 37))))
    assert planned(ILL, odd, off, days=60, calendars={7: ROOM, 8: WEEK}, substitutes=Substitutes()).exact


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_the_assignment_is_the_cheapest_of_all(size: int) -> None:
    from itertools import permutations

    numbers = np.random.default_rng(size)  # noqa: TID251 - the seed is given
    for _ in range(20):
        matrix = numbers.integers(0, 9, (size, size + 2))
        match, up, across, least = _bounds._hungarian(matrix)
        best = min(sum(int(matrix[i, j]) for i, j in enumerate(way)) for way in permutations(range(size + 2), size))
        assert sum(int(matrix[row, column]) for row, column in enumerate(match)) == best == least[0]
        assert (matrix >= up[:, None] + across).all()
        assert least[-1] == 0
        for row in range(size):
            rest = matrix[row:]
            ways = permutations(range(size + 2), size - row)
            assert least[row] == min(sum(int(rest[i, j]) for i, j in enumerate(way)) for way in ways)


# --- what is refused --------------------------------------------------------------------------------------------------


def test_substitutes_are_handles() -> None:
    told = Substitutes({3: range(2), None: {7: {9, 8}}}, {1: (4,)})
    assert told.by_service == {3: (0, 1), None: {7: (8, 9)}}
    assert told.instead_of(booked(1, 9, 7, 20), [20]) == {20: (4,)}
    assert told.instead_of(booked(2, 9), [7]) == {7: (8, 9)}
    assert told.instead_of(booked(2, 9, service=99), [7]) == {7: ()}
    for wrong in ({3: 4}, {3: "78"}, {-1: [3]}, {3: [-1]}, {3: {7: 8}}, {3: {-7: [8]}}, [3]):
        with pytest.raises(InvalidValueError):
            Substitutes(wrong)  # type: ignore[arg-type]


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="on the grid"):
        planned(ILL, booked(1, 9), waive=[Waiver.GRID])
    with pytest.raises(InvalidValueError, match="effort"):
        planned(ILL, booked(1, 9), effort=-1)
    with pytest.raises(InvalidValueError, match="within"):
        planned(ILL, booked(1, 9), within=MONDAY)
    with pytest.raises(InvalidValueError, match="substitutes"):
        planned(ILL, booked(1, 9), substitutes={7: [8]})
    with pytest.raises(InvalidValueError, match="impact"):
        plan_repair(3, substitutes=VETS, within=ALWAYS)  # type: ignore[arg-type]
    assert _board.OLD == -1
