"""A walk-in that is called becomes a booking, in the state that its place in the queue says."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from petpro_core._checks import TICK, ZERO, as_kind, as_length
from petpro_core.bookings.booking import Allocation, Booking, BookingStatus
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import Interval, duration_us, to_us
from petpro_core.priority import QueueEntry, QueueState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

__all__ = ["BOOKED_AS", "WALK_IN", "walk_in_booking"]

WALK_IN: Final = "walk_in"
"""The source of a booking that came out of a queue."""

BOOKED_AS: Final[Mapping[QueueState, BookingStatus]] = MappingProxyType(
    {
        QueueState.WAITING: BookingStatus.CHECKED_IN,
        QueueState.PARKED: BookingStatus.CHECKED_IN,
        QueueState.CALLED: BookingStatus.CHECKED_IN,
        QueueState.IN_SERVICE: BookingStatus.IN_PROGRESS,
        QueueState.SERVED: BookingStatus.COMPLETED,
        QueueState.SKIPPED: BookingStatus.NO_SHOW,
        QueueState.LEFT: BookingStatus.CANCELLED,
        QueueState.NO_SHOW: BookingStatus.NO_SHOW,
    }
)
"""The status of a booking for each state of its queue entry: a called walk-in, or an appointment that is here.

Whatever a queue entry may become, its booking may become too. Who was skipped keeps a place in the queue, but no time
of a provider: the booking is judged again when they come after all."""

_BOOKABLE: Final = (QueueState.CALLED, QueueState.IN_SERVICE, QueueState.SERVED)


def walk_in_booking(
    entry: QueueEntry,
    *,
    id: int,  # noqa: A002 (the field of the booking that it becomes)
    resources: int | Iterable[int],
    start: datetime,
    duration: timedelta,
    buffer_before: timedelta = ZERO,
    buffer_after: timedelta = ZERO,
) -> Booking:
    """The booking of a walk-in that is called, on the resources that serve it; its source is ``walk_in``.

    Ask the judge before you keep it (``check_booking``, with the grid and the notice waived). Another stage of the same
    visit is another booking.

        >>> from datetime import UTC, datetime, timedelta
        >>> at = datetime(2026, 3, 2, 9, 40, tzinfo=UTC)
        >>> entry = QueueEntry(7, at - timedelta(minutes=28), "yellow", client=3).become("called", at=at)
        >>> booking = walk_in_booking(entry, id=41, resources=[2, 20], start=at, duration=timedelta(minutes=15))
        >>> booking.status, booking.source, booking.client, len(booking.allocations)
        (<BookingStatus.CHECKED_IN: 'checked_in'>, 'walk_in', 3, 2)

    Args:
        entry: Who is called, is being served or was served, without an appointment.
        id: The booking's number.
        resources: The handles of the provider, the room and so on; a single one needs no list.
        start: When the visit begins.
        duration: How long it takes; more than zero, at most 3,660 days.
        buffer_before: Occupied before it; 0 to 366 days.
        buffer_after: Occupied after it; 0 to 366 days.

    Raises:
        InvalidValueError: An entry in another state or with an appointment, no resource or one twice, or a value of
            another type or outside its bounds.
        NaiveDatetimeError: ``start`` has no zone.
        OutOfRangeError: The visit or a buffer reaches out of the years 1 to 9999.

    Source: ADR 10 (statuses); explanation/priority.md.
    """
    as_kind("entry", entry, QueueEntry)
    if entry.appointment is not None:
        msg = f"an appointment is booked already, got entry {entry.id}; let its booking become what BOOKED_AS says"
        raise InvalidValueError(msg, name="entry", id=entry.id, appointment=entry.appointment)
    if entry.state not in _BOOKABLE:
        msg = f"a walk-in is booked when it is called, got entry {entry.id}, which is {entry.state}; call it first"
        raise InvalidValueError(msg, name="entry", id=entry.id, got=entry.state, allowed=_BOOKABLE)
    start_us = to_us(start)
    visit = Interval.from_us(start_us, start_us + duration_us(as_length("duration", duration, TICK)))
    given = resources if isinstance(resources, Iterable) else (resources,)
    return Booking(
        id,
        [Allocation.of(one, visit, buffer_before=buffer_before, buffer_after=buffer_after) for one in given],
        status=BOOKED_AS[entry.state],
        service=entry.service,
        client=entry.client,
        pet=entry.pet,
        source=WALK_IN,
    )
