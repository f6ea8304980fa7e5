"""What a change breaks, and how it is mended, is what asking everything anew and trying all plans would say."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import prod
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from petpro_core.availability import LocalDays
from petpro_core.bookings import BookingStatus
from petpro_core.decisions import check_booking, check_move
from petpro_core.intervals import to_us
from petpro_core.reasons import Reason
from petpro_core.repair import (
    NewZoneData,
    OfferStatus,
    Substitutes,
    Waitlist,
    impact,
    match_waitlist,
    plan_repair,
)
from petpro_core.schedules import Schedule
from petpro_core.testing import repairs
from petpro_core.testing.strategies import changes

if TYPE_CHECKING:
    from petpro_core.bookings import Booking, BookingTable
    from petpro_core.intervals import Interval
    from petpro_core.reasons import Conflict, Waiver
    from petpro_core.repair import Impact, RepairPlan, ShiftedBooking, WaitlistEntry
    from petpro_core.testing.strategies.changes import SmallClinic
    from petpro_core.timezones import TimeZone

# An example judges some dozens of proposals, one by one.
FEW: Final = settings(max_examples=max(10, settings().max_examples // 2))
# What a strategy draws is drawn through others, which throw most of it away.
BRIEF: Final = settings(max_examples=max(3, settings().max_examples // 20), suppress_health_check=list(HealthCheck))
MOST_PLANS: Final = 1_500
HALF_HOUR: Final = 30 * 60_000_000

Place = tuple[int, datetime]


def broken(clinic: SmallClinic) -> Impact:
    return impact(
        clinic.change,
        calendars=clinic.calendars,
        bookings=clinic.bookings,
        busy=clinic.busy,
        rules=clinic.rules,
        now=clinic.now,
        policy=clinic.policy,
    )


def mended(clinic: SmallClinic, found: Impact, effort: int = 100_000) -> RepairPlan:
    told = Substitutes(by_service={1: clinic.instead})
    return plan_repair(found, substitutes=told, within=clinic.within, effort=effort)


def world(clinic: SmallClinic, found: Impact, *, without: bool) -> repairs.World:
    gone = [one.booking.id for one in found.broken] if without else []
    practice = found.practice
    return repairs.World(practice.calendars, practice.busy.without(gone), clinic.rules, practice.policy, practice.now)


@FEW
@given(clinic=changes.small_clinics())
def test_what_is_broken_is_what_the_oracle_says(clinic: SmallClinic) -> None:
    found = broken(clinic)
    before = repairs.World(clinic.calendars, clinic.busy, clinic.rules, clinic.policy, clinic.now)
    after = world(clinic, found, without=False)
    numbers = repairs.broken_numbers(before, after, [(booking, booking) for booking in clinic.bookings])
    assert [one.booking.id for one in found.broken] == numbers
    for one in found.broken:
        told = [(c.reason, c.kind, c.ref, c.resource_id) for c in one.conflicts]
        assert told == repairs.conflicts_of(after, one.booking)
        assert one.news
        assert set(one.resources) <= {part.resource for part in one.booking.allocations}


@FEW
@given(clinic=changes.small_clinics())
def test_the_plan_is_the_best_of_all_plans(clinic: SmallClinic) -> None:
    found = broken(clinic)
    assume(found.broken)
    bookings = [one.booking for one in found.broken]
    instead = [
        {
            lost: [one for one in some if all(one != part.resource for part in booking.allocations)]
            for lost, some in clinic.instead.items()
        }
        for booking in bookings
    ]
    without = world(clinic, found, without=True)
    options = repairs.all_places(without, bookings, instead, clinic.within, step=HALF_HOUR)
    assume(prod(len(some) + 1 for some in options) <= MOST_PLANS)
    best = repairs.best_places(without, bookings, options)
    wanted = {
        booking.id: None if place is None else repairs.placed(booking, place)
        for booking, place in zip(bookings, best, strict=True)
    }
    plan = mended(clinic, found)
    got: dict[int, Booking | None] = {booking.id: booking for booking in plan.kept}
    got |= {move.booking.id: move.booking for move in plan.moves}
    got |= {one.booking.id: None for one in plan.unsaved}
    assert got == wanted
    assert plan.exact


@FEW
@given(clinic=changes.small_clinics(), effort=st.sampled_from([0, 50, 100_000]))
def test_every_step_is_accepted_when_its_turn_comes_and_in_the_end(clinic: SmallClinic, effort: int) -> None:
    found = broken(clinic)
    plan = mended(clinic, found, effort)
    practice = found.practice
    busy = practice.busy
    for move in plan.moves:
        assert told(clinic, found, busy, move.before, move.booking, move.waived) == []
        busy = busy.without([move.booking.id]).with_bookings([move.booking])
    for move in plan.moves:
        assert told(clinic, found, busy, move.booking, move.booking, move.waived) == []
    assert sorted(busy.booking.tolist()) == sorted(plan.practice.busy.booking.tolist())
    # Everybody is named once, and nobody else is touched.
    named = [move.booking.id for move in plan.moves] + [one.id for one in plan.kept]
    named += [one.booking.id for one in plan.unsaved]
    assert sorted(named) == sorted(one.booking.id for one in found.broken)
    assert all(one.conflicts for one in plan.unsaved)
    # It is said again in the same words.
    again = mended(clinic, broken(clinic), effort)
    assert (again.moves, again.unsaved, again.cost) == (plan.moves, plan.unsaved, plan.cost)
    # A first plan is never better than one that was searched for.
    assert mended(clinic, found).cost <= plan.cost


def told(
    clinic: SmallClinic,
    found: Impact,
    busy: BookingTable,
    before: Booking,
    booking: Booking,
    waive: tuple[Waiver, ...],
) -> list[Conflict]:
    """What the decision says of each part of a booking at its new place, its own state aside where it stays."""
    return [
        conflict
        for old, part in zip(before.allocations, booking.allocations, strict=True)
        for conflict in check_move(
            found.practice.calendars[part.resource],
            booking=attrs.evolve(before, allocations=attrs.evolve(old, resource=part.resource)),
            start=part.interval.start,
            busy=busy,
            rules=clinic.rules,
            now=clinic.now,
            policy=found.practice.policy,
            waive=waive,
        )
    ]


# --- zones that have new data -----------------------------------------------------------------------------------------


@given(shift=changes.shifted_bookings())
def test_a_booking_keeps_its_wall_time(shift: ShiftedBooking) -> None:
    lengths = [[part.interval.duration for part in booking.allocations] for booking in (shift.before, shift.booking)]
    assert lengths[0] == lengths[1]
    assert shift.by
    moved = {
        new.interval.start - old.interval.start
        for old, new in zip(shift.before.allocations, shift.booking.allocations, strict=True)
    }
    assert moved == {shift.by}


@FEW
@given(data=st.data())
def test_new_zone_data_moves_what_shows_another_time(data: st.DataObject) -> None:
    asked = data.draw(changes.asked_questions())
    q = asked.question
    key = asked.case["calendars"][0]["schedules"][0]["zone"]
    zone = data.draw(changes.rezoned(key, to_us(q.now) // 86_400_000_000))
    calendars = dict(zip(q.calendars.handles.tolist(), q.rows, strict=True))
    found = impact(
        NewZoneData(zone),
        calendars=calendars,
        bookings=asked.bookings,
        busy=q.busy,
        rules=q.rules,
        now=q.now,
        policy=q.policy,
    )
    moved = {one.booking.id: one for one in found.shifted}
    for booking in asked.bookings:
        home = next((calendars[part.resource].zone for part in booking.allocations), None)
        if booking.id not in moved or home is None:
            continue
        one = moved[booking.id]
        shown = zone.to_local(one.booking.start).replace(tzinfo=None)
        promised = home.to_local(booking.start).replace(tzinfo=None)
        # A time that the new clocks skip is read as all such times are.
        assert one.booking.start == zone.to_utc(promised)
        assert shown == promised or zone.to_utc(shown) == zone.to_utc(promised)
    assert [one.before.id for one in found.shifted] == [
        one.id for one in sorted(asked.bookings, key=lambda one: (one.start, one.id)) if one.id in moved
    ]


# --- the waitlist -----------------------------------------------------------------------------------------------------


def naive_fits(
    clinic: SmallClinic, freed: list[Place], entries: list[WaitlistEntry]
) -> list[tuple[int, int, datetime]]:
    """Who fits which start, each pair judged alone."""
    fits = []
    for entry in sorted(entries, key=lambda one: (-one.priority, one.since, one.id)):
        places = sorted(set(freed), key=lambda one: (one[1], [*entry.resources, one[0]].index(one[0])))
        for resource, start in places:
            if resource not in entry.resources or resource not in clinic.calendars:
                continue
            wanted = [one for one in entry.wanted if wants(one, start, clinic.calendars[resource].zone)]
            if (wanted or not entry.wanted) and not check_booking(
                clinic.calendars[resource],
                start=start,
                busy=clinic.busy,
                rules=entry.rules,
                now=clinic.now,
                handle=resource,
                policy=clinic.policy,
                request=entry.request,
            ):
                fits.append((entry.id, resource, start))
    return fits


def wants(one: Interval | LocalDays | Schedule, start: datetime, zone: TimeZone) -> bool:
    if isinstance(one, Schedule):
        wall = one.zone.to_local(start)
        ranges = one.hours[0].openings_us[wall.weekday()]
        at = (wall.hour * 60 + wall.minute) * 60_000_000
        return any(low <= at < high for low, high in ranges)
    if isinstance(one, LocalDays):
        return one.first <= (one.zone or zone).to_local(start).date() <= one.last
    return one.start <= start < one.end


def entries_of(data: st.DataObject) -> list[WaitlistEntry]:
    many = data.draw(st.integers(0, 5))
    return [data.draw(changes.waitlist_entries(number)) for number in range(many)]


def freed_of(clinic: SmallClinic) -> list[Place]:
    begin = clinic.within.start - timedelta(hours=1)
    return [(handle, begin + timedelta(minutes=30) * step) for handle in (7, 8, 9) for step in range(10)]


@FEW
@given(clinic=changes.small_clinics(), data=st.data())
def test_who_fits_is_who_the_judge_accepts_in_order(clinic: SmallClinic, data: st.DataObject) -> None:
    entries, freed = entries_of(data), freed_of(clinic)
    fits = match_waitlist(
        data.draw(st.permutations(freed)),
        data.draw(st.permutations(entries)),
        calendars=clinic.calendars,
        busy=clinic.busy,
        now=clinic.now,
        policy=clinic.policy,
    )
    assert [(fit.entry.id, fit.resource, fit.start) for fit in fits] == naive_fits(clinic, freed, entries)


@FEW
@given(clinic=changes.small_clinics(), data=st.data())
def test_offers_pass_on_and_nobody_gets_the_same_start_twice(clinic: SmallClinic, data: st.DataObject) -> None:
    waiting, freed = Waitlist(entries_of(data)), freed_of(clinic)[::3]
    busy, now = clinic.busy, clinic.now
    for number in range(100, 100 + data.draw(st.integers(1, 10))):
        asked: dict[str, Any] = {"calendars": clinic.calendars, "busy": busy, "now": now, "policy": clinic.policy}
        after, offer = waiting.offer(freed, number=number, hold=timedelta(minutes=20), **asked)
        if offer is None:
            assert after is waiting
        else:
            busy = busy.with_bookings([offer.booking])
            assert offer.booking.held_until is not None
            assert now < offer.booking.held_until <= now + timedelta(minutes=20)
        waiting = after
        step = data.draw(st.sampled_from(["accept", "decline", "wait", "expire"]))
        opened = [one.number for one in waiting.open]
        if step in {"accept", "decline"} and opened:
            chosen = data.draw(st.sampled_from(opened))
            if step == "decline":
                waiting, declined = waiting.decline(chosen)
                busy = busy.without([chosen])
                assert declined.booking.status is BookingStatus.CANCELLED
            else:
                waiting, conflicts = waiting.accept(chosen, **(asked | {"busy": busy}))
                held = next(one for one in waiting.offers if one.number == chosen)
                assert (held.status is OfferStatus.ACCEPTED) is (not conflicts)
                if conflicts:
                    # Nothing else was booked meanwhile, so that only time can be in the way.
                    assert {conflict.reason for conflict in conflicts} == {Reason.STATUS}
                else:
                    busy = busy.without([chosen]).with_bookings([held.booking])
                    assert held.entry.id not in {entry.id for entry in waiting.entries}
        elif step == "expire":
            now += timedelta(minutes=data.draw(st.sampled_from([5, 20])))
            waiting, gone = waiting.expire(now)
            assert all(one.booking.held_until is not None and one.booking.held_until <= now for one in gone)
            assert not any(one.booking.held_until <= now for one in waiting.open if one.booking.held_until)
    offered = [(one.entry.id, *one.place) for one in waiting.offers]
    assert len(set(offered)) == len(offered)


# --- the strategies ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", changes.BY_TYPE, ids=lambda kind: kind.__name__)
@BRIEF
@given(data=st.data())
def test_a_strategy_draws_its_own_type(kind: type, data: st.DataObject) -> None:
    assert isinstance(data.draw(changes.BY_TYPE[kind]()), kind)
