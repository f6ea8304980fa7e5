"""A walk-in becomes a booking when it is called, and the booking follows the queue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from petpro_core.bookings import BookingStatus
from petpro_core.bookings.walk_in import BOOKED_AS, WALK_IN, walk_in_booking
from petpro_core.errors import InvalidValueError, NaiveDatetimeError, OutOfRangeError
from petpro_core.intervals import Interval
from petpro_core.priority import QueueEntry, QueueState

CAME = datetime(2026, 3, 2, 9, 12, tzinfo=UTC)
AT = CAME + timedelta(minutes=28)
QUARTER = timedelta(minutes=15)
CALLED = QueueEntry(7, CAME, "yellow", service=4, client=3, pet=40).become("called", at=AT)


def booked(entry: Any = CALLED, **changes: Any) -> Any:
    asked: dict[str, Any] = {"id": 41, "resources": 2, "start": AT, "duration": QUARTER} | changes
    return walk_in_booking(entry, **asked)


def test_a_called_walk_in_is_a_booking_with_its_source() -> None:
    found = booked(resources=[2, 20], buffer_before=timedelta(minutes=5), buffer_after=timedelta(minutes=10))
    assert (found.id, found.status, found.source) == (41, BookingStatus.CHECKED_IN, WALK_IN)
    assert (found.service, found.client, found.pet) == (4, 3, 40)
    assert [one.resource for one in found.allocations] == [2, 20]
    for one in found.allocations:
        assert one.interval == Interval(AT, AT + QUARTER)
        assert one.occupied == Interval(AT - timedelta(minutes=5), AT + timedelta(minutes=25))


def test_it_has_the_status_of_its_state() -> None:
    served = CALLED.become("in_service", at=AT)
    assert booked(served).status is BookingStatus.IN_PROGRESS
    assert booked(served.become("served", at=AT + QUARTER)).status is BookingStatus.COMPLETED


def test_every_state_has_a_status() -> None:
    assert {str(state): str(status) for state, status in BOOKED_AS.items()} == {
        "waiting": "checked_in",
        "parked": "checked_in",
        "called": "checked_in",
        "in_service": "in_progress",
        "served": "completed",
        "skipped": "no_show",
        "left": "cancelled",
        "no_show": "no_show",
    }
    assert set(BOOKED_AS) == set(QueueState)


@pytest.mark.parametrize("state", QueueState)
def test_whatever_an_entry_may_become_its_booking_may_become_too(state: QueueState) -> None:
    for after in state.may_become:
        old, new = BOOKED_AS[state], BOOKED_AS[after]
        assert old is new or new in old.may_become, after


@pytest.mark.parametrize("state", sorted(set(QueueState) - {"called", "in_service", "served"}))
def test_nobody_is_booked_who_is_not_called(state: QueueState) -> None:
    with pytest.raises(InvalidValueError) as caught:
        booked(QueueEntry(7, CAME, "yellow", state=state))
    assert caught.value.got is state


def test_an_appointment_is_booked_already() -> None:
    with pytest.raises(InvalidValueError) as caught:
        booked(QueueEntry(7, CAME, "yellow", state="called", appointment=AT))
    assert caught.value.appointment == AT


@pytest.mark.parametrize(
    "changes",
    [
        {"entry": None},
        {"resources": []},
        {"resources": [2, 2]},
        {"resources": -1},
        {"resources": "2"},
        {"duration": timedelta(0)},
        {"duration": 15},
        {"buffer_after": timedelta(minutes=-1)},
        {"id": -1},
    ],
)
def test_what_is_no_booking_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError):
        booked(**changes)


def test_a_start_is_an_instant_with_room_for_the_visit() -> None:
    with pytest.raises(NaiveDatetimeError):
        booked(start=AT.replace(tzinfo=None))
    with pytest.raises(OutOfRangeError):
        booked(start=datetime(9999, 12, 31, 23, 50, tzinfo=UTC))
