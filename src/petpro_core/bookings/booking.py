"""A booking, the resources it holds, and the states it may pass through."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import attrs

from petpro_core._checks import NONE, ZERO, as_choice, as_choices, as_each, as_kind, as_length, handle, kind, whole
from petpro_core.errors import InvalidTransitionError, InvalidValueError
from petpro_core.intervals import Interval, duration_us, from_us, to_us
from petpro_core.reasons import Waiver

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MOST_SEATS", "MOST_UNITS", "Allocation", "Booking", "BookingStatus"]

MOST_UNITS: Final = 1_000_000
MOST_SEATS: Final = 100_000
_YEAR: Final = timedelta(days=366)


class BookingStatus(enum.StrEnum):
    """The state of a booking. ``may_become`` is the table of transitions, ``blocks`` says what keeps its time.

        >>> sorted(BookingStatus.HELD.may_become)
        [<BookingStatus.CANCELLED: 'cancelled'>, <BookingStatus.CONFIRMED: 'confirmed'>]

    Source: ADR 10.
    """

    PENDING = "pending"
    HELD = "held"
    CONFIRMED = "confirmed"
    CHECKED_IN = "checked_in"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"

    @property
    def number(self) -> int:
        """The small number that stands for the state in a column."""
        return _NUMBERS[self]

    @property
    def may_become(self) -> frozenset[BookingStatus]:
        """The states that may follow."""
        return _MAY_BECOME[self]

    def judged_again(self, to: BookingStatus) -> bool:
        """Whether the judge must accept the booking anew before it goes from this state to ``to``.

        A PENDING or NO_SHOW booking did not keep its time, so somebody else may have it by now.

            >>> BookingStatus.PENDING.judged_again(BookingStatus.CONFIRMED)
            True
        """
        keeps = {BookingStatus.HELD, BookingStatus.CONFIRMED, BookingStatus.CHECKED_IN}
        return self in {BookingStatus.PENDING, BookingStatus.NO_SHOW} and to in keeps


_NUMBERS: Final = {status: number for number, status in enumerate(BookingStatus)}
_MAY_BECOME: Final[dict[BookingStatus, frozenset[BookingStatus]]] = {
    BookingStatus.PENDING: frozenset({BookingStatus.HELD, BookingStatus.CONFIRMED, BookingStatus.CANCELLED}),
    BookingStatus.HELD: frozenset({BookingStatus.CONFIRMED, BookingStatus.CANCELLED}),
    BookingStatus.CONFIRMED: frozenset(
        {
            BookingStatus.CHECKED_IN,
            BookingStatus.IN_PROGRESS,
            BookingStatus.COMPLETED,
            BookingStatus.NO_SHOW,
            BookingStatus.CANCELLED,
        }
    ),
    BookingStatus.CHECKED_IN: frozenset(
        {BookingStatus.IN_PROGRESS, BookingStatus.COMPLETED, BookingStatus.NO_SHOW, BookingStatus.CANCELLED}
    ),
    BookingStatus.IN_PROGRESS: frozenset({BookingStatus.COMPLETED, BookingStatus.CANCELLED}),
    BookingStatus.COMPLETED: frozenset(),
    BookingStatus.NO_SHOW: frozenset({BookingStatus.CHECKED_IN}),
    BookingStatus.CANCELLED: frozenset(),
}


@attrs.frozen
class Allocation:
    """Time held on one resource: the visit itself, and with its buffers what is occupied.

    The buffers are frozen when it is booked: a later change of the service moves nothing. Two allocations of one
    resource conflict when their occupied intervals overlap, so that buffers add up.

        >>> from datetime import UTC
        >>> visit = Interval(datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 10, tzinfo=UTC))
        >>> Allocation.of(7, visit, buffer_after=timedelta(minutes=15)).occupied
        Interval(2026-03-02 09:00 to 10:15 UTC)

    Attributes:
        resource: The handle of the calendar, 0 or more.
        interval: The visit.
        occupied: The visit with its buffers; contains ``interval``, which is its default.
        units: How much of the resource's capacity it takes, 1 to 1,000,000; for a session, its seats.

    Raises:
        InvalidValueError: ``occupied`` does not contain the visit, or a value of another type or outside its bounds.

    Source: ADR 5.
    """

    resource: int = attrs.field(validator=whole())
    interval: Interval = attrs.field(validator=kind(Interval))
    occupied: Interval = attrs.field(
        default=attrs.Factory(lambda self: self.interval, takes_self=True), validator=kind(Interval)
    )
    units: int = attrs.field(default=1, validator=whole(1, MOST_UNITS))

    def __attrs_post_init__(self) -> None:
        """Refuse an allocation that does not hold its own visit."""
        if self.occupied.start_us > self.interval.start_us or self.occupied.end_us < self.interval.end_us:
            msg = f"the occupied time contains the visit, got {self.occupied} for {self.interval}"
            raise InvalidValueError(msg, name="occupied", occupied=self.occupied, interval=self.interval)

    @classmethod
    def of(
        cls,
        resource: int,
        interval: Interval,
        *,
        buffer_before: timedelta = timedelta(0),
        buffer_after: timedelta = timedelta(0),
        units: int = 1,
    ) -> Allocation:
        """An allocation from its visit and its buffers.

            >>> visit = Interval.from_us(3_600_000_000, 7_200_000_000)
            >>> Allocation.of(7, visit, buffer_before=timedelta(minutes=10)).occupied
            Interval(1970-01-01 00:50 to 02:00 UTC)

        Args:
            resource: The handle of the calendar, 0 or more.
            interval: The visit.
            buffer_before: Occupied before it; 0 to 366 days.
            buffer_after: Occupied after it; 0 to 366 days.
            units: Units of capacity, 1 to 1,000,000.

        Raises:
            InvalidValueError: A value of another type, or one outside its bounds.
            OutOfRangeError: A buffer reaches out of the years 1 to 9999.
        """
        as_kind("interval", interval, Interval)
        before = duration_us(as_length("buffer_before", buffer_before, ZERO, _YEAR))
        after = duration_us(as_length("buffer_after", buffer_after, ZERO, _YEAR))
        occupied = Interval.from_us(interval.start_us - before, interval.end_us + after)
        return cls(resource, interval, occupied, units)


def _as_allocations(value: Allocation | Iterable[Allocation]) -> tuple[Allocation, ...]:
    return as_each(Allocation, "allocations", value)


def _as_status(value: BookingStatus | str) -> BookingStatus:
    return as_choice(BookingStatus, "status", value)


def _as_instant(value: datetime | None) -> datetime | None:
    as_kind("held_until", value, datetime, NONE)
    return None if value is None else from_us(to_us(value))


def _as_waivers(value: Iterable[Waiver]) -> tuple[Waiver, ...]:
    return as_choices(Waiver, "waived", value)


@attrs.frozen
class Booking:
    """Intervals held on resources, and the state of that. Numbers are the caller's handles, 0 or more.

        >>> from datetime import UTC
        >>> visit = Interval(datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 10, tzinfo=UTC))
        >>> booking = Booking(41, [Allocation(7, visit), Allocation(20, visit)], client=3)
        >>> booking.status, booking.become("cancelled").status
        (<BookingStatus.CONFIRMED: 'confirmed'>, <BookingStatus.CANCELLED: 'cancelled'>)

    Attributes:
        id: The booking's number.
        allocations: At least one, and one at most for each resource; a single one needs no list.
        status: Its state; the word is taken too.
        held_until: When a HELD booking lets go; only, and always, with HELD.
        service: What it is for; ``None`` = not told, likewise below.
        client: Who comes.
        household: Whose household.
        pet: Which patient.
        group: The group whose caps it counts to.
        seats: The size of the session it belongs to, 1 to 100,000; ``None`` = a visit of its own.
        channel: The handle of the channel it came through (online, phone), which caps and releases know; ``None`` = not
            told.
        source: Where it came from (``"walk_in"``, ``"online"``); a word of the caller's, and no rule reads it.
        actual: What really happened; kept apart, it blocks nothing.
        waived: The rules that were set aside when it was booked.

    Raises:
        InvalidValueError: No allocation, or two of one resource; ``held_until`` and HELD without each other; a value of
            another type, or one outside its bounds.
        NaiveDatetimeError: ``held_until`` has no zone.

    Source: ADR 5, ADR 10.
    """

    id: int = attrs.field(validator=whole())
    allocations: tuple[Allocation, ...] = attrs.field(converter=_as_allocations)
    status: BookingStatus = attrs.field(default=BookingStatus.CONFIRMED, converter=_as_status, kw_only=True)
    held_until: datetime | None = attrs.field(default=None, converter=_as_instant, kw_only=True)
    service: int | None = attrs.field(default=None, validator=handle(), kw_only=True)
    client: int | None = attrs.field(default=None, validator=handle(), kw_only=True)
    household: int | None = attrs.field(default=None, validator=handle(), kw_only=True)
    pet: int | None = attrs.field(default=None, validator=handle(), kw_only=True)
    group: int | None = attrs.field(default=None, validator=handle(), kw_only=True)
    seats: int | None = attrs.field(default=None, validator=whole(1, MOST_SEATS, beside=(NONE,)), kw_only=True)
    channel: int | None = attrs.field(default=None, validator=handle(), kw_only=True)
    source: str = attrs.field(default="", validator=kind(str), kw_only=True)
    actual: Interval | None = attrs.field(default=None, validator=kind(Interval, NONE), kw_only=True)
    waived: tuple[Waiver, ...] = attrs.field(default=(), converter=_as_waivers, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse a booking of nothing or of one resource twice, and a hold without an end."""
        resources = [allocation.resource for allocation in self.allocations]
        if not resources or len(set(resources)) < len(resources):
            msg = f"a booking holds at least one resource, and each of them once, got {resources} for booking {self.id}"
            raise InvalidValueError(msg, name="allocations", id=self.id, got=resources)
        if (self.status is BookingStatus.HELD) != (self.held_until is not None):
            msg = f"held_until goes with the status held, and only with it, got {self.status} and {self.held_until}"
            raise InvalidValueError(msg, status=self.status, held_until=self.held_until)

    @property
    def start(self) -> datetime:
        """The first start of its allocations."""
        return min(allocation.interval.start for allocation in self.allocations)

    def become(self, status: BookingStatus | str, *, held_until: datetime | None = None) -> Booking:
        """The booking in another state. Where ``BookingStatus.judged_again`` says so, ask the judge first.

        Args:
            status: The new state; the word is taken too.
            held_until: When it lets go; with HELD only, and always.

        Raises:
            InvalidTransitionError: The table of transitions does not allow it.
            InvalidValueError: No word of a state, or ``held_until`` and HELD without each other.
        """
        status = _as_status(status)
        if status not in self.status.may_become:
            allowed = ", ".join(sorted(self.status.may_become)) or "nothing: it is final"
            msg = f"booking {self.id} is {self.status} and may become {allowed}, got {status}"
            raise InvalidTransitionError(msg, id=self.id, status=self.status, got=status)
        return attrs.evolve(self, status=status, held_until=held_until)
