"""A booking: what it holds, and the states it passes through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from petpro_core.bookings import Allocation, Booking, BookingStatus
from petpro_core.errors import InvalidIntervalError, InvalidTransitionError, InvalidValueError, NaiveDatetimeError
from petpro_core.intervals import Interval
from petpro_core.reasons import Waiver


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 23, hour, minute, tzinfo=UTC)


VISIT = Interval(at(9), at(10))
HELD = BookingStatus.HELD

MAY_BECOME = {
    "pending": {"held", "confirmed", "cancelled"},
    "held": {"confirmed", "cancelled"},
    "confirmed": {"checked_in", "in_progress", "completed", "no_show", "cancelled"},
    "checked_in": {"in_progress", "completed", "no_show", "cancelled"},
    "in_progress": {"completed", "cancelled"},
    "completed": set(),
    "no_show": {"checked_in"},
    "cancelled": set(),
}


class TestStatus:
    def test_table_of_transitions(self) -> None:
        assert {str(status): {str(s) for s in status.may_become} for status in BookingStatus} == MAY_BECOME

    def test_numbers_never_change(self) -> None:
        assert [status.number for status in BookingStatus] == list(range(8))
        assert (BookingStatus.PENDING.number, BookingStatus.CONFIRMED.number) == (0, 2)

    def test_what_kept_no_time_is_judged_again(self) -> None:
        again = {(str(a), str(b)) for a in BookingStatus for b in a.may_become if a.judged_again(b)}
        assert again == {("pending", "held"), ("pending", "confirmed"), ("no_show", "checked_in")}


class TestAllocation:
    def test_buffers_are_occupied_and_no_visit(self) -> None:
        held = Allocation.of(7, VISIT, buffer_before=timedelta(minutes=10), buffer_after=timedelta(minutes=5), units=2)
        assert (held.interval, held.occupied, held.units) == (VISIT, Interval(at(8, 50), at(10, 5)), 2)
        assert Allocation(7, VISIT).occupied == VISIT

    @pytest.mark.parametrize(
        "occupied", [Interval(at(9, 1), at(10)), Interval(at(9), at(9, 59)), Interval(at(11), at(12))]
    )
    def test_the_occupied_time_contains_the_visit(self, occupied: Interval) -> None:
        with pytest.raises(InvalidValueError) as caught:
            Allocation(7, VISIT, occupied)
        assert (caught.value.occupied, caught.value.interval) == (occupied, VISIT)

    def test_a_negative_buffer_is_refused(self) -> None:
        with pytest.raises(InvalidValueError):
            Allocation.of(7, VISIT, buffer_after=timedelta(minutes=-1))

    @pytest.mark.parametrize("units", [0, -1])
    def test_an_allocation_takes_something(self, units: int) -> None:
        with pytest.raises(InvalidValueError) as caught:
            Allocation(7, VISIT, units=units)
        assert caught.value.got == units

    def test_a_visit_ends_after_it_starts_and_has_a_zone(self) -> None:
        with pytest.raises(InvalidIntervalError):
            Allocation(7, Interval(at(10), at(9)))
        with pytest.raises(NaiveDatetimeError):
            Allocation(7, Interval(datetime(2026, 11, 23, 9), at(10)))  # noqa: DTZ001 - that is the case


class TestBooking:
    def test_a_booking_starts_when_its_first_allocation_does(self) -> None:
        room = Allocation(1, Interval(at(8, 30), at(11)))
        assert Booking(1, [Allocation(7, VISIT), room]).start == at(8, 30)

    def test_words_are_taken_for_states_and_waivers(self) -> None:
        booking = Booking(1, Allocation(7, VISIT), status="no_show", waived=map(Waiver, ["notice", "cap", "notice"]))
        assert (booking.status, booking.waived) == (BookingStatus.NO_SHOW, (Waiver.CAP, Waiver.NOTICE))

    def test_a_booking_holds_something(self) -> None:
        with pytest.raises(InvalidValueError) as caught:
            Booking(5, [])
        assert caught.value.id == 5

    @pytest.mark.parametrize("wrong", [{"status": HELD}, {"held_until": at(9)}])
    def test_a_hold_has_an_end_and_nothing_else_has(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(InvalidValueError, match="held_until goes with the status held"):
            Booking(5, Allocation(7, VISIT), **wrong)

    def test_the_end_of_a_hold_is_an_instant(self) -> None:
        tokyo = datetime(2026, 11, 23, 18, tzinfo=timezone(timedelta(hours=9)))
        held = Booking(5, Allocation(7, VISIT), status=HELD, held_until=tokyo)
        assert held.held_until == at(9)
        assert held.held_until is not None
        assert held.held_until.tzinfo is UTC
        with pytest.raises(NaiveDatetimeError):
            Booking(5, Allocation(7, VISIT), status=HELD, held_until=datetime(2026, 11, 23))  # noqa: DTZ001 - that is the case

    def test_a_booking_becomes_what_its_state_allows(self) -> None:
        pending = Booking(5, Allocation(7, VISIT), status=BookingStatus.PENDING, client=3)
        held = pending.become(HELD, held_until=at(8))
        confirmed = held.become(BookingStatus.CONFIRMED)
        assert (held.status, held.held_until) == (HELD, at(8))
        assert (confirmed.status, confirmed.held_until, confirmed.client) == (BookingStatus.CONFIRMED, None, 3)

    def test_other_transitions_are_refused(self) -> None:
        with pytest.raises(InvalidTransitionError) as caught:
            Booking(5, Allocation(7, VISIT)).become(BookingStatus.PENDING)
        assert (caught.value.id, caught.value.status, caught.value.got) == (5, "confirmed", "pending")
        with pytest.raises(InvalidTransitionError, match="may become nothing: it is final"):
            Booking(5, Allocation(7, VISIT), status=BookingStatus.CANCELLED).become(BookingStatus.CONFIRMED)
