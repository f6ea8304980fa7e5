"""The waitlist by example: who fits, in which order, and how an offer passes on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import attrs
import pytest

from petpro_core import (
    ALWAYS,
    Allocation,
    Booking,
    BookingPolicy,
    BookingStatus,
    BookingTable,
    Calendar,
    CalendarBatch,
    Cap,
    Interval,
    InvalidTransitionError,
    InvalidValueError,
    LocalDays,
    NaiveDatetimeError,
    Request,
    Schedule,
    SlotRules,
    Waiver,
    WeeklyHours,
    WorkingTime,
    find_slots,
)
from petpro_core.repair import (
    OfferStatus,
    Waitlist,
    WaitlistEntry,
    WaitlistOffer,
    delta_of_bookings,
    match_waitlist,
)

HOUR: Final = timedelta(hours=1)
MONDAY: Final = datetime(2026, 11, 23, tzinfo=UTC)
NOW: Final = MONDAY - timedelta(days=3)
WEEK: Final = Calendar(Schedule("UTC", WeeklyHours({"monday": ("09:00-12:00",)})))
HOURLY: Final = SlotRules(HOUR, step=HOUR)
NOTHING: Final = BookingTable.empty(known=ALWAYS)
HOURS: Final = {7: WEEK, 8: WEEK}
FREED: Final = [(7, MONDAY + 9 * HOUR), (8, MONDAY + 10 * HOUR)]


def at(hour: int, minute: int = 0) -> datetime:
    return MONDAY + timedelta(hours=hour, minutes=minute)


def waits(number: int, **more: Any) -> WaitlistEntry:
    told: dict[str, Any] = {"since": NOW, "rules": HOURLY, "resources": [7, 8]}
    return WaitlistEntry(number, **(told | more))


def matched(*entries: WaitlistEntry, freed: Any = FREED, **more: Any) -> list[tuple[int, int, int]]:
    asked: dict[str, Any] = {"calendars": HOURS, "busy": NOTHING, "now": NOW} | more
    return [(fit.entry.id, fit.resource, fit.start.hour) for fit in match_waitlist(freed, entries, **asked)]


# --- who fits ---------------------------------------------------------------------------------------------------------


def test_order_is_priority_then_since_then_number() -> None:
    entries = [
        waits(4),
        waits(3),
        waits(2, since=NOW - HOUR),
        waits(1, priority=-1),
        waits(5, priority=2, since=NOW + HOUR),
    ]
    order = [number for number, _, _ in matched(*entries, freed=FREED[:1])]
    assert order == [5, 2, 3, 4, 1]


def test_each_ones_starts_come_in_time_and_then_as_liked() -> None:
    freed = [(7, at(10)), (8, at(10)), (7, at(9)), (8, at(11)), (8, at(11))]
    likes_eight = waits(1, resources=[8, 7])
    assert matched(likes_eight, freed=freed) == [(1, 7, 9), (1, 8, 10), (1, 7, 10), (1, 8, 11)]


def test_what_is_wanted_is_told_by_instants_days_and_the_wall_clock() -> None:
    freed = [(7, at(hour)) for hour in (9, 10, 11)]
    for wanted, hours in (
        (Interval(at(10), at(11)), [10]),
        (LocalDays(date(2026, 11, 23), date(2026, 11, 23)), [9, 10, 11]),
        (LocalDays(date(2026, 11, 24), date(2026, 11, 24), "Pacific/Kiritimati"), [10, 11]),
        (Schedule("Europe/Berlin", WeeklyHours({"monday": ["10:00-11:30"]})), [9, 10]),
        ([Interval(at(9), at(10)), Interval(at(11), at(12))], [9, 11]),
        (Interval(at(13), at(14)), []),
        ((), [9, 10, 11]),
    ):
        assert [hour for _, _, hour in matched(waits(1, wanted=wanted), freed=freed)] == hours


def test_the_judge_asks_each_with_their_own_rules_and_request() -> None:
    freed = [(7, at(hour)) for hour in (9, 10, 11)]
    busy = BookingTable.of([Booking(1, Allocation(8, Interval(at(9), at(10))), client=3)], known=ALWAYS)
    policy = BookingPolicy(caps=Cap(1, per="day", by="client"))
    long, known, other = waits(1, rules=SlotRules(2 * HOUR, step=HOUR)), waits(2, request=Request(client=3)), waits(3)
    asked = {"freed": freed, "busy": busy, "policy": policy}
    assert matched(long, known, other, **asked) == [(1, 7, 9), (1, 7, 10), (3, 7, 9), (3, 7, 10), (3, 7, 11)]
    assert matched(known, **asked, waive=[Waiver.CAP]) == [(2, 7, 9), (2, 7, 10), (2, 7, 11)]


def test_freed_starts_come_from_a_delta_or_an_answer() -> None:
    gone = Booking(1, Allocation(8, Interval(at(9), at(10))))
    rows = CalendarBatch.of([WEEK, WEEK], [7, 8])
    asked: dict[str, Any] = {"rules": HOURLY, "within": Interval(MONDAY, MONDAY + timedelta(days=1)), "now": NOW}
    busy = BookingTable.of([gone], known=ALWAYS)
    delta = delta_of_bookings(rows, busy=busy, removed=[gone], **asked)
    assert matched(waits(1), freed=delta) == [(1, 8, 9)]
    table = find_slots(rows, busy=busy, **asked)
    assert len(matched(waits(1), freed=table, busy=busy)) == 5


def test_who_nobody_could_take_is_matched_with_nobody() -> None:
    assert matched(waits(1, resources=99)) == []
    assert matched(waits(1), freed=[(99, at(9))]) == []
    assert matched(waits(1), freed=[]) == []
    assert matched() == []
    assert matched(waits(1), freed=[(7, at(9, 30))]) == []


# --- offers -----------------------------------------------------------------------------------------------------------


def offered(waiting: Waitlist, number: int = 100, **more: Any) -> tuple[Waitlist, WaitlistOffer | None]:
    asked: dict[str, Any] = {"hold": HOUR, "calendars": HOURS, "busy": NOTHING, "now": NOW} | more
    return waiting.offer(asked.pop("freed", FREED), number=number, **asked)


def made(waiting: Waitlist, number: int = 100, **more: Any) -> tuple[Waitlist, WaitlistOffer]:
    after, offer = offered(waiting, number, **more)
    assert offer is not None
    return after, offer


def test_an_offer_is_a_held_booking_of_what_was_asked() -> None:
    rules = SlotRules(HOUR, step=HOUR, buffer_after=HOUR, seats=4)
    entry = waits(1, rules=rules, request=Request(client=3, pet=4, service=5, units=2, channel=6))
    waiting, offer = made(Waitlist([entry]))
    booking = offer.booking
    assert booking.allocations == (Allocation(7, Interval(at(9), at(10)), Interval(at(9), at(11)), 2),)
    assert (booking.status, booking.held_until) == (BookingStatus.HELD, NOW + HOUR)
    assert (booking.client, booking.pet, booking.service, booking.channel, booking.seats) == (3, 4, 5, 6, 4)
    assert (booking.source, offer.number, offer.place) == ("waitlist", 100, (7, at(9)))
    assert waiting.open == (offer,)


def test_the_hold_ends_before_it_would_be_too_late() -> None:
    policy = BookingPolicy(min_notice=2 * HOUR)
    _, offer = made(Waitlist([waits(1)]), now=at(6, 30), policy=policy)
    assert offer.booking.held_until == at(7) + timedelta(microseconds=1)
    working = BookingPolicy(min_notice=WorkingTime(HOUR))
    _, offer = made(Waitlist([waits(1)]), now=at(8, 50), policy=working, freed=[(7, at(10))])
    assert offer.booking.held_until == at(9) + timedelta(microseconds=1)
    _, offer = made(Waitlist([waits(1)]), now=at(6, 30), policy=policy, waive=[Waiver.NOTICE])
    assert offer.booking.held_until == at(7, 30)


def test_it_passes_on_when_it_expires_and_nobody_is_asked_twice() -> None:
    waiting, first = made(Waitlist([waits(1), waits(2)]), freed=FREED[:1])
    busy = NOTHING.with_bookings([first.booking])
    # The first has an open offer, and the start is held: there is nothing for anybody.
    same, none = offered(waiting, 101, busy=busy, freed=FREED[:1])
    assert (none, same) == (None, waiting)
    now = NOW + HOUR
    waiting, gone = waiting.expire(now)
    assert [(one.entry.id, one.status) for one in gone] == [(1, OfferStatus.EXPIRED)]
    assert waiting.expire(now) == (waiting, ())
    waiting, second = made(waiting, 101, busy=busy, freed=[gone[0].place], now=now)
    assert second.entry.id == 2
    waiting, declined = waiting.decline(101)
    assert (declined.status, declined.booking.status) == (OfferStatus.DECLINED, BookingStatus.CANCELLED)
    _, none = offered(waiting, 102, freed=FREED[:1], now=now)
    assert none is None
    _, third = made(waiting, 102, now=now)
    assert (third.entry.id, third.place) == (1, FREED[1])


def test_who_has_an_expired_offer_is_asked_again_before_it_is_cleared() -> None:
    waiting, _ = made(Waitlist([waits(1)]))
    _, again = made(waiting, 101, now=NOW + HOUR)
    assert again.place == FREED[1]


def test_an_accepted_offer_is_a_booking_judged_again() -> None:
    waiting, offer = made(Waitlist([waits(1), waits(2)]))
    busy = NOTHING.with_bookings([offer.booking])
    asked: dict[str, Any] = {"calendars": HOURS, "busy": busy, "now": NOW}
    after, conflicts = waiting.accept(100, **asked)
    assert conflicts == ()
    assert [entry.id for entry in after.entries] == [2]
    assert after.offers[0].booking.status is BookingStatus.CONFIRMED
    assert after.offers[0].status is OfferStatus.ACCEPTED
    assert after.open == ()
    # Something came in its way by force.
    crowded = busy.with_bookings([Booking(5, Allocation(7, Interval(at(9), at(10))))])
    same, conflicts = waiting.accept(100, **(asked | {"busy": crowded}))
    assert same is waiting
    assert [str(conflict.kind) for conflict in conflicts] == ["overlap"]
    same, conflicts = waiting.accept(100, **(asked | {"now": NOW + HOUR}))
    assert same is waiting
    assert [(str(conflict.kind), conflict.ref, conflict.resource_id) for conflict in conflicts] == [("status", 100, 7)]


def test_people_come_and_go() -> None:
    waiting = Waitlist([waits(2)]).with_entries([waits(1), waits(3, priority=1)])
    assert [entry.id for entry in waiting.entries] == [3, 1, 2]
    waiting, _ = made(waiting)
    assert [entry.id for entry in waiting.without([3, 9]).entries] == [1, 2]
    assert len(waiting.without([3]).open) == 1


# --- what is refused --------------------------------------------------------------------------------------------------


def test_an_offer_that_is_over_is_over() -> None:
    waiting, _ = made(Waitlist([waits(1)]))
    over, _ = waiting.decline(100)
    with pytest.raises(InvalidTransitionError, match="offer 100 is declined"):
        over.decline(100)
    with pytest.raises(InvalidTransitionError, match="make another offer"):
        over.accept(100, calendars=HOURS, busy=NOTHING, now=NOW)
    with pytest.raises(InvalidValueError, match="named by the number"):
        over.decline(7)
    with pytest.raises(InvalidValueError, match="no calendar of resource 7"):
        waiting.accept(100, calendars={8: WEEK}, busy=NOTHING, now=NOW)
    with pytest.raises(InvalidValueError, match="100 again"):
        offered(waiting, 100)


@pytest.mark.parametrize(
    "make",
    [
        lambda: waits(1, resources=[]),
        lambda: waits(1, resources=["7"]),
        lambda: waits(1, wanted="mornings"),
        lambda: waits(1, since="yesterday"),
        lambda: waits(1, priority=10**10),
        lambda: waits(1, rules=HOUR),
        lambda: waits(1, request=3),
        lambda: waits(-1),
        lambda: matched(waits(1), waits(1)),
        lambda: matched(3),  # type: ignore[arg-type]
        lambda: matched(waits(1), request=Request()),
        lambda: matched(waits(1), replacing=3),
        lambda: matched(waits(1), waive=[Waiver.GRID]),
        lambda: matched(waits(1), freed=[(-1, at(9))]),
        lambda: matched(waits(1), calendars=[WEEK]),
        lambda: Waitlist([waits(1), waits(1)]),
        lambda: Waitlist([waits(1)]).with_entries([waits(1)]),
        lambda: Waitlist((), [3]),  # type: ignore[list-item]
        lambda: WaitlistOffer(waits(1), 3),  # type: ignore[arg-type]
        lambda: Waitlist().without([-1]),
        lambda: offered(Waitlist(), hold=timedelta(0)),
        lambda: offered(Waitlist(), number=-1),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any) -> None:
    with pytest.raises(InvalidValueError):
        make()


def test_instants_have_zones() -> None:
    with pytest.raises(NaiveDatetimeError):
        waits(1, since=NOW.replace(tzinfo=None))
    with pytest.raises(NaiveDatetimeError):
        matched(waits(1), freed=[(7, NOW.replace(tzinfo=None))])


def test_offers_have_numbers_of_their_own() -> None:
    _, offer = made(Waitlist([waits(1)]))
    other = attrs.evolve(offer, status="expired")
    with pytest.raises(InvalidValueError, match="number of its own"):
        Waitlist((), [offer, other])
    with pytest.raises(InvalidValueError, match="status"):
        attrs.evolve(offer, status="gone")
