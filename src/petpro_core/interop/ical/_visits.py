"""A booking as an event, and an event as the keys of a booking in a clinic file.

Source: RFC 5545 section 3.6.1; ADR 17.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from petpro_core.bookings import BookingStatus
from petpro_core.interop.ical._events import read_event
from petpro_core.interop.ical._lines import unescaped
from petpro_core.interop.ical._model import CalendarComponent, ContentLine, escaped
from petpro_core.interop.ical._pieces import utc_line
from petpro_core.interop.ical._recall import Tree, memory, recalled
from petpro_core.interop.ical._values import ended
from petpro_core.intervals import from_us

if TYPE_CHECKING:
    from petpro_core.bookings import Booking
    from petpro_core.interop.clinic import Clinic
    from petpro_core.interop.ical._lines import Component
    from petpro_core.interop.ical._values import Clocks

__all__ = ["read_visit", "visit_component"]

_BOOKING: Final = "X-PETPRO-BOOKING"
_SAID: Final = ("start", "end", "provider", "room", "equipment", "resources")
_REMEMBERED: Final = (
    *("id", "status", "held_until", "service", "units", "source", "channel", "waived", "buffer_before", "buffer_after"),
    *("client", "household", "pet", "group"),
)
_WORDS: Final = {
    BookingStatus.PENDING: ("TENTATIVE", "OPAQUE"),
    BookingStatus.HELD: ("TENTATIVE", "OPAQUE"),
    BookingStatus.NO_SHOW: ("CONFIRMED", "TRANSPARENT"),
    BookingStatus.CANCELLED: ("CANCELLED", "TRANSPARENT"),
}
_TAKES_TIME: Final = ("CONFIRMED", "OPAQUE")
_CHANGED: Final = {"CANCELLED": BookingStatus.CANCELLED, "TENTATIVE": BookingStatus.PENDING}


def visit_component(node: Tree, booking: Booking, clinic: Clinic, *, made: ContentLine, uid: str) -> CalendarComponent:
    """Write a booking as an event; ``node`` are its keys in a clinic file.

    Raises:
        InvalidValueError: it begins or ends within a second.
    """
    interval = booking.allocations[0].interval
    status, transparency = _WORDS.get(booking.status, _TAKES_TIME)
    names = clinic.names
    held = [names["resource"][one.resource] for one in booking.allocations]
    service = None if booking.service is None else clinic.services[names["service"][booking.service]]
    return CalendarComponent(
        "VEVENT",
        [
            ContentLine.of_text("UID", f"booking-{clinic.booking_ids[booking.id]}@{uid}"),
            made,
            utc_line("DTSTART", interval.start_us),
            utc_line("DTEND", interval.end_us),
            *([] if service is None else [ContentLine.of_text("SUMMARY", service.name)]),
            ContentLine("STATUS", status),
            ContentLine("TRANSP", transparency),
            ContentLine("RESOURCES", ",".join(map(escaped, held))),
            memory(_BOOKING, {key: value for key, value in node.items() if key not in _SAID}),
        ],
    )


def read_visit(component: Component, clocks: Clocks) -> Tree:
    """Read an event as the keys of a booking.

    Raises:
        InvalidCalendarError: it cannot be read, happens more than once, or does not say what it holds.
    """
    event = read_event(component, clocks, tentative_blocks=True)
    for name in ("RRULE", "RDATE", "EXRULE", "EXDATE", "RECURRENCE-ID"):
        for again in component.every(name):
            raise again.error("a booking happens once", allowed="an event for each booking")
    first = component.needed("DTSTART")
    if event.start is None or not (event.span.days or event.span.exact_us):
        raise first.error("a booking has a length", allowed="a DTEND or a DURATION")
    held = component.needed("RESOURCES")
    named = component.one(_BOOKING)
    tree: Tree = {"id": unescaped(component.needed("UID").value)} if named is None else recalled(named, _REMEMBERED)
    start_us, end_us = event.start.us, ended(event.start, event.span, first)
    tree |= {"start": _moment(start_us), "end": _moment(end_us)}
    # Ids have no commas, and some libraries write a list as one text.
    tree["resources"] = [key.strip() for key in unescaped(held.value).split(",")]
    status, transparency = (
        next((one.value.strip().upper() for one in component.every(name)), default)
        for name, default in (("STATUS", _TAKES_TIME[0]), ("TRANSP", _TAKES_TIME[1]))
    )
    if _WORDS.get(tree.get("status", ""), _TAKES_TIME) != (status, transparency):
        # Somebody changed it in another program, where there are fewer words.
        tree.pop("held_until", None)
        tree["status"] = str(_CHANGED.get(status, BookingStatus.CONFIRMED))
        if status == _TAKES_TIME[0] and transparency != _TAKES_TIME[1]:
            raise component.needed("TRANSP").error("a booking takes time", allowed="TRANSP:OPAQUE, or STATUS:CANCELLED")
    return tree


def _moment(us: int) -> str:
    return from_us(us).isoformat()
