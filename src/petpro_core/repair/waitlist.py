"""The waitlist: who fits a start that was freed, in which order; and offers that are held, and pass on.

The order is one for all: the higher priority first, then who has waited longer, then the lower number. Whether a start
fits is said by the judge of ``decisions``, with each entry's own rules and request. An offer is a HELD booking: until
it expires nobody else is offered its time, and after that it goes to the next. Nobody is offered the same start twice.

Nothing here has a clock or keeps anything: each step gives the next state.

Source: ADR 2 (one judge), ADR 10 (holds).
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Unpack

import attrs

from petpro_core._checks import LONGEST, TICK, as_choice, as_each, as_length, as_whole, kind
from petpro_core.availability import CalendarBatch
from petpro_core.bookings import Allocation, Booking, BookingStatus
from petpro_core.decisions import check_booking, find_slots
from petpro_core.errors import InvalidTransitionError, InvalidValueError
from petpro_core.intervals import Interval, from_us, to_us
from petpro_core.reasons import Conflict, Kind, Reason
from petpro_core.repair._fits import Freed, WaitlistEntry, WaitlistFit, asked_for, in_order, match_waitlist
from petpro_core.repair._standing import as_calendars

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, timedelta

    from petpro_core.availability import Calendar
    from petpro_core.bookings import BookingTable
    from petpro_core.decisions._question import Asked

__all__ = ["Freed", "OfferStatus", "Waitlist", "WaitlistEntry", "WaitlistFit", "WaitlistOffer", "match_waitlist"]


class OfferStatus(enum.StrEnum):
    """What has become of an offer; the values are stable codes.

        >>> OfferStatus("open").value
        'open'

    Source: ADR 10.
    """

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"


def _as_status(value: OfferStatus | str) -> OfferStatus:
    return as_choice(OfferStatus, "status", value)


@attrs.frozen
class WaitlistOffer:
    """A start that was offered to somebody who waits, and the booking that holds it.

    Attributes:
        entry: Who it was offered to.
        booking: HELD while the offer is open and when it has expired, CONFIRMED once it is accepted, CANCELLED once it
            is declined.
        status: What has become of it; its word is taken too.

    Source: ADR 10.
    """

    entry: WaitlistEntry = attrs.field(validator=kind(WaitlistEntry))
    booking: Booking = attrs.field(validator=kind(Booking))
    status: OfferStatus = attrs.field(default=OfferStatus.OPEN, converter=_as_status)

    @property
    def number(self) -> int:
        """The number of its booking, by which it is named."""
        return self.booking.id

    @property
    def place(self) -> tuple[int, datetime]:
        """The resource and the start that are offered."""
        return self.booking.allocations[0].resource, self.booking.start


def _as_entries(value: Iterable[WaitlistEntry]) -> tuple[WaitlistEntry, ...]:
    return tuple(in_order(value))


def _as_offers(value: Iterable[WaitlistOffer]) -> tuple[WaitlistOffer, ...]:
    return as_each(WaitlistOffer, "offers", value)


@attrs.frozen
class Waitlist:
    """Who waits, and every offer that was made to them: a state, from which each step gives the next one.

        >>> from datetime import UTC, datetime, timedelta
        >>> from petpro_core import ALWAYS, BookingTable, Calendar, Schedule, SlotRules, WeeklyHours
        >>> week = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]})))
        >>> nine, hour = datetime(2026, 11, 23, 9, tzinfo=UTC), timedelta(hours=1)
        >>> waiting = Waitlist(
        ...     WaitlistEntry(number, since=nine, rules=SlotRules(hour), resources=7) for number in (1, 2)
        ... )
        >>> asked = {"calendars": {7: week}, "busy": BookingTable.empty(known=ALWAYS), "now": nine - 12 * hour}
        >>> waiting, offer = waiting.offer([(7, nine)], number=100, hold=hour, **asked)
        >>> offer.entry.id, str(offer.booking.status), offer.booking.held_until.hour
        (1, 'held', 22)
        >>> waiting, gone = waiting.expire(nine - 11 * hour)
        >>> waiting, offer = waiting.offer([gone[0].place], number=101, hold=hour, **asked)
        >>> offer.entry.id
        2

    Attributes:
        entries: Who waits, in order.
        offers: Every offer, open ones and those that are over, in the order in which they were made.

    Raises:
        InvalidValueError: An entry twice, two offers of one number, or a value of another type.

    Source: ADR 10.
    """

    entries: tuple[WaitlistEntry, ...] = attrs.field(converter=_as_entries, default=())
    offers: tuple[WaitlistOffer, ...] = attrs.field(converter=_as_offers, default=())

    def __attrs_post_init__(self) -> None:
        """Refuse offers that could not be told apart."""
        numbers = [offer.number for offer in self.offers]
        if len(set(numbers)) < len(numbers):
            msg = f"each offer has a number of its own, got {numbers}"
            raise InvalidValueError(msg, name="offers", got=numbers)

    @property
    def open(self) -> tuple[WaitlistOffer, ...]:
        """The offers that may still be accepted, unless they have expired."""
        return tuple(offer for offer in self.offers if offer.status is OfferStatus.OPEN)

    def with_entries(self, entries: Iterable[WaitlistEntry]) -> Waitlist:
        """The list with more who wait.

        Raises:
            InvalidValueError: One that waits already, or something else than entries.
        """
        return attrs.evolve(self, entries=(*self.entries, *as_each(WaitlistEntry, "entries", entries)))

    def without(self, numbers: Iterable[int]) -> Waitlist:
        """The list without some entries, who do not wait any more; offers that are open to them stay so."""
        gone = {as_whole("numbers", number) for number in numbers}
        return attrs.evolve(self, entries=tuple(entry for entry in self.entries if entry.id not in gone))

    def offer(
        self,
        freed: Freed,
        *,
        number: int,
        hold: timedelta,
        calendars: Mapping[int, Calendar],
        busy: BookingTable,
        now: datetime,
        **asked: Unpack[Asked],
    ) -> tuple[Waitlist, WaitlistOffer | None]:
        """The next offer: the first who fits a freed start and has not been offered it, and the first such start.

        Passed over are those who have an open offer. The hold ends no later than the start could be booked, so that who
        accepts in time is not too late for the notice. Add the offer's booking to ``busy`` before the next one is made.

        Args:
            freed: As in ``match_waitlist``, likewise all others that are not explained.
            number: The number of the booking that holds the start; of no other offer.
            hold: How long it is held, more than zero.
            calendars: The hours of each resource.
            busy: What is booked now, the bookings of open offers included.
            now: The present.
            **asked: ``policy``, ``waive``, ``cache``.

        Returns:
            The list afterwards, and the offer; the same list and ``None`` where nobody is left whom a start fits.

        Raises:
            InvalidValueError: A number that an offer has, or a value of another type or outside its bounds.
            NaiveDatetimeError: ``now`` or a start without a zone.
        """
        as_whole("number", number)
        if any(one.number == number for one in self.offers):
            msg = f"each offer has a number of its own, got {number} again"
            raise InvalidValueError(msg, name="number", got=number)
        as_length("hold", hold, TICK, LONGEST)
        said = {(one.entry.id, *one.place) for one in self.offers}
        asks = {one.entry.id for one in self.open if not _expired(one, now)}
        waiting = [entry for entry in self.entries if entry.id not in asks]
        fits = match_waitlist(freed, waiting, calendars=calendars, busy=busy, now=now, **asked)
        fit = next((one for one in fits if (one.entry.id, one.resource, one.start) not in said), None)
        if fit is None:
            return self, None
        offer = WaitlistOffer(fit.entry, _held(fit, number, now + hold, calendars[fit.resource], busy, now, asked))
        return attrs.evolve(self, offers=(*self.offers, offer)), offer

    def accept(
        self,
        number: int,
        *,
        calendars: Mapping[int, Calendar],
        busy: BookingTable,
        now: datetime,
        **asked: Unpack[Asked],
    ) -> tuple[Waitlist, tuple[Conflict, ...]]:
        """The list once an offer is accepted, and what stands against that: it is a booking, judged again.

        Without conflicts the offer's booking is CONFIRMED, and its entry does not wait any more. With conflicts nothing
        has changed: the offer has expired (``status``), or something else has come in its way since.

        Args:
            number: The number of the offer's booking.
            calendars: The hours of each resource.
            busy: What is booked now; the hold may be among it.
            now: The present.
            **asked: ``policy``, ``waive``, ``cache``.

        Raises:
            InvalidValueError: No offer of that number, or no calendar of its resource.
            InvalidTransitionError: The offer is over.
            NaiveDatetimeError: ``now`` without a zone.
        """
        offer = self._opened(number, OfferStatus.ACCEPTED)
        entry, (resource, start) = offer.entry, offer.place
        if _expired(offer, now):
            return self, (Conflict(Reason.STATUS, Kind.STATUS, resource_id=resource, ref=offer.number),)
        hours = as_calendars(calendars)
        if resource not in hours:
            msg = f"an offer is judged again where it was made, got no calendar of resource {resource}; give it too"
            raise InvalidValueError(msg, name="calendars", got=resource)
        conflicts = check_booking(
            hours[resource],
            start=start,
            busy=busy,
            rules=entry.rules,
            now=now,
            handle=resource,
            request=entry.request,
            replacing=offer.number,
            **asked_for(asked),
        )
        if conflicts:
            return self, conflicts
        booked = attrs.evolve(offer, booking=offer.booking.become(BookingStatus.CONFIRMED), status=OfferStatus.ACCEPTED)
        return self._with(booked).without([entry.id]), ()

    def decline(self, number: int) -> tuple[Waitlist, WaitlistOffer]:
        """The list once an offer is declined, and the offer: its booking is CANCELLED, and its entry waits on.

        Raises:
            InvalidValueError: No offer of that number.
            InvalidTransitionError: The offer is over.
        """
        offer = self._opened(number, OfferStatus.DECLINED)
        declined = attrs.evolve(
            offer, booking=offer.booking.become(BookingStatus.CANCELLED), status=OfferStatus.DECLINED
        )
        return self._with(declined), declined

    def expire(self, now: datetime) -> tuple[Waitlist, tuple[WaitlistOffer, ...]]:
        """The list in which every offer whose hold has let go is over, and these offers, in the order they were made.

        What they held is free again: offer their places to the next.

        Raises:
            NaiveDatetimeError: ``now`` without a zone.
        """
        over = tuple(attrs.evolve(one, status=OfferStatus.EXPIRED) for one in self.open if _expired(one, now))
        after = self
        for one in over:
            after = after._with(one)
        return after, over

    def _opened(self, number: int, to: OfferStatus) -> WaitlistOffer:
        offer = next((one for one in self.offers if one.number == number), None)
        if offer is None:
            msg = f"an offer is named by the number of its booking, got {number}"
            raise InvalidValueError(msg, name="number", got=number)
        if offer.status is not OfferStatus.OPEN:
            msg = f"offer {number} is {offer.status} and may become nothing else, got {to}; make another offer"
            raise InvalidTransitionError(msg, id=number, status=offer.status, got=to)
        return offer

    def _with(self, offer: WaitlistOffer) -> Waitlist:
        offers = tuple(offer if one.number == offer.number else one for one in self.offers)
        return attrs.evolve(self, offers=offers)


def _expired(offer: WaitlistOffer, now: datetime) -> bool:
    until = offer.booking.held_until
    return until is not None and to_us(until) <= to_us(now)


def _held(
    fit: WaitlistFit,
    number: int,
    until: datetime,
    calendar: Calendar,
    busy: BookingTable,
    now: datetime,
    asked: Asked,
) -> Booking:
    """The booking that holds a start: the visit that the entry's rules and request make there."""
    entry, request, start = fit.entry, fit.entry.request, to_us(fit.start)
    table = find_slots(
        CalendarBatch.of((calendar,), [fit.resource]),
        busy=busy,
        rules=entry.rules,
        within=Interval.from_us(start, start + 1),
        now=now,
        request=request,
        **asked_for(asked),
    )
    before, after = entry.rules.buffers_us
    end = int(table.ends[0])
    occupied = Interval.from_us(start - before, end + after)
    names = ("service", "client", "household", "pet", "group", "channel")
    return Booking(
        number,
        Allocation(fit.resource, Interval.from_us(start, end), occupied, request.units),
        status=BookingStatus.HELD,
        held_until=from_us(min(to_us(until), int(table.offered_until[0]))),
        seats=entry.rules.seats,
        source="waitlist",
        **{name: getattr(request, name) for name in names},
    )
