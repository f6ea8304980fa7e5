"""A booking that stands, judged where it is or somewhere else; and what all of repair asks about a booking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import attrs

from petpro_core._checks import as_kind, as_whole
from petpro_core.availability import Calendar
from petpro_core.bookings import Booking, BookingStatus, Request
from petpro_core.decisions import check_move
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import Interval, to_us
from petpro_core.reasons import Waiver
from petpro_core.slots import CalendarDays, SlotRules

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from petpro_core.availability import HoursCache
    from petpro_core.bookings import Allocation, BookingPolicy, BookingTable
    from petpro_core.reasons import Conflict
    from petpro_core.timezones import TimeZone

__all__ = [
    "MOVABLE",
    "STANDS",
    "SWAPS",
    "Practice",
    "RulesByService",
    "as_calendars",
    "asked_again",
    "is_ahead",
    "shifted",
    "span_of",
    "with_part",
]

RulesByService = SlotRules | Mapping[int | None, SlotRules]
"""One set of rules for all, or those of each service; ``None`` is the key of bookings without one."""

SWAPS: Final = (Waiver.GRID, Waiver.NOTICE, Waiver.HORIZON, Waiver.DEADLINE, Waiver.STRANDS)
"""What is not asked of a booking that keeps its start on another resource: it was asked when the booking was made."""

STANDS: Final = (*SWAPS, Waiver.RELEASE)
"""What is not asked of a booking that stays where it is."""

MOVABLE: Final = frozenset(
    {BookingStatus.PENDING, BookingStatus.HELD, BookingStatus.CONFIRMED, BookingStatus.CHECKED_IN}
)
"""The states in which a booking may be moved; ``check_move`` refuses the others."""

_LIVE: Final = MOVABLE | {BookingStatus.IN_PROGRESS}


@attrs.frozen(eq=False)
class Practice:
    """Everything that bookings are judged by, at one moment.

    Attributes:
        calendars: The hours of each resource, by handle.
        busy: What is booked, and where that is known.
        rules: How starts are laid out, one for all or by service.
        policy: What the practice allows.
        now: The present.
        cache: Hours expanded before, kept by the caller.
    """

    calendars: Mapping[int, Calendar]
    busy: BookingTable
    rules: RulesByService
    policy: BookingPolicy
    now: datetime
    cache: HoursCache | None = None

    def rules_for(self, service: int | None) -> SlotRules:
        """The rules of a service.

        Raises:
            InvalidValueError: It has none here.
        """
        if isinstance(self.rules, SlotRules):
            return self.rules
        if service not in self.rules:
            msg = f"a booking's service has rules, got none for {service}; name it in rules= (None: for no service)"
            raise InvalidValueError(msg, name="rules", got=service)
        rules = self.rules[service]
        as_kind("rules", rules, SlotRules)
        return rules

    def stays(self, booking: Booking) -> bool:
        """Whether a booking is a stay of calendar days."""
        return isinstance(self.rules_for(booking.service).duration, CalendarDays)

    def with_bookings(self, added: Collection[Booking], *, removed: Collection[int] = ()) -> Practice:
        """The same practice once some bookings are gone and others have come."""
        busy = self.busy.without(removed) if removed else self.busy
        return attrs.evolve(self, busy=busy.with_bookings(added) if added else busy)

    def against(
        self, booking: Booking, part: Allocation, start: datetime, waive: Collection[Waiver]
    ) -> tuple[Conflict, ...]:
        """What stands against one allocation of a booking, on the allocation's resource at a start."""
        return check_move(
            self.calendars[part.resource],
            booking=attrs.evolve(booking, allocations=part),
            start=start,
            busy=self.busy,
            rules=self.rules_for(booking.service),
            now=self.now,
            policy=self.policy,
            waive=waive,
            cache=self.cache,
        )

    def standing(self, booking: Booking, waive: Collection[Waiver] = STANDS) -> tuple[Conflict, ...]:
        """What stands against a booking where it is, on those of its resources that have hours here."""
        return tuple(
            conflict
            for part in booking.allocations
            if part.resource in self.calendars
            for conflict in self.against(booking, part, part.interval.start, waive)
        )


def asked_again(booking: Booking, part: Allocation, rules: SlotRules) -> tuple[SlotRules, Request]:
    """The rules and the request with which an allocation is looked for again: its own length, buffers, units and seats.

    They are those that ``check_move`` judges a move by.
    """
    stay = isinstance(rules.duration, CalendarDays)
    kept = attrs.evolve(
        rules,
        duration=rules.duration if stay else part.interval.duration,
        buffer_before=part.interval.start - part.occupied.start,
        buffer_after=part.occupied.end - part.interval.end,
        seats=booking.seats,
    )
    names = ("service", "client", "household", "pet", "group", "channel")
    return kept, Request(units=part.units, **{name: getattr(booking, name) for name in names})


def as_calendars(calendars: Mapping[int, Calendar]) -> dict[int, Calendar]:
    """The hours of each resource, by handle.

    Raises:
        InvalidValueError: No mapping of handles to calendars.
    """
    as_kind("calendars", calendars, Mapping)
    for handle, calendar in calendars.items():
        as_whole("calendars", handle)
        as_kind("calendars", calendar, Calendar)
    return dict(calendars)


def span_of(booking: Booking) -> tuple[int, int]:
    """The first start and the last end of a booking's visits, in microseconds."""
    visits = [part.interval for part in booking.allocations]
    return min(visit.start_us for visit in visits), max(visit.end_us for visit in visits)


def is_ahead(booking: Booking, now_us: int) -> bool:
    """Whether a booking is still to be kept: it has not ended, and nothing has become of it that ends it."""
    expired = booking.held_until is not None and to_us(booking.held_until) <= now_us
    return booking.status in _LIVE and not expired and span_of(booking)[1] > now_us


def with_part(part: Allocation, *, by: int, end_by: int | None = None, resource: int | None = None) -> Allocation:
    """An allocation moved by some microseconds, and perhaps to another resource; its buffers stay as long as they are.

    ``end_by`` moves the end by something else, for stays over a clock change.
    """
    after = by if end_by is None else end_by
    visit, occupied = part.interval, part.occupied
    return attrs.evolve(
        part,
        resource=part.resource if resource is None else resource,
        interval=Interval.from_us(visit.start_us + by, visit.end_us + after),
        occupied=Interval.from_us(occupied.start_us + by, occupied.end_us + after),
    )


def shifted(booking: Booking, old: TimeZone, new: TimeZone, *, stay: bool) -> Booking:
    """A booking that keeps its wall time where a zone has new data; the same object where that is the same instant.

    What the new data shows as the same wall time stays, the second of two equal ones too. All its allocations move
    with the first start; the end of a stay keeps its own wall time.
    """
    by = _by_wall(booking.start, old, new)
    parts = tuple(
        with_part(part, by=by, end_by=_by_wall(part.interval.end, old, new) if stay else None)
        for part in booking.allocations
    )
    return booking if parts == booking.allocations else attrs.evolve(booking, allocations=parts)


def _by_wall(instant: datetime, old: TimeZone, new: TimeZone) -> int:
    wall, shown = (zone.to_local(instant).replace(tzinfo=None) for zone in (old, new))
    return 0 if wall == shown else to_us(new.to_utc(wall)) - to_us(instant)
