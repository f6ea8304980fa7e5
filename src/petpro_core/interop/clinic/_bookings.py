"""The bookings of a clinic file."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs

from petpro_core.bookings import Allocation, Booking, BookingStatus
from petpro_core.interop.clinic.lengths import read_duration, read_span
from petpro_core.intervals import Interval
from petpro_core.reasons import Waiver

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from petpro_core.interop.clinic._nodes import Node
    from petpro_core.interop.clinic.model import ClinicResource, ClinicService
    from petpro_core.timezones import TimeZone

__all__ = ["SUBJECTS", "read_booking"]

SUBJECTS: Final = ("client", "household", "pet", "group")
_BUFFERS: Final = ("buffer_before", "buffer_after")
_KEYS: Final = (
    *("id", "provider", "room", "equipment", "resources", "start", "end", "duration", "status", "held_until"),
    *("service", "units", "source", "channel", "waived", *SUBJECTS, *_BUFFERS),
)


def read_booking(
    node: Node,
    number: int,
    *,
    zone: TimeZone,
    services: Mapping[str, ClinicService],
    resources: Mapping[str, ClinicResource],
    subjects: Mapping[str, dict[str, int]],
    channels: Mapping[str, int],
) -> Booking:
    """A booking; who it is for is entered into ``subjects``."""
    node.table(*_KEYS)
    named = node.find("service")
    service = None if named is None else services[named.choice(services, "service")]
    held = [resources[key] for key in _resources(node, resources)]
    start = node.need("start").instant(zone)
    end = _end(node, start, service, zone=zone, home=held[0].calendar.zone)
    units, status, until, source = (node.find(key) for key in ("units", "status", "held_until", "source"))
    channel = node.find("channel")
    count = 1 if units is None else units.whole(1)
    buffers = [{key: _buffer(node, key, service, one) for key in _BUFFERS} for one in held]
    who: dict[str, Any] = {
        key: subjects[key].setdefault(found.key_of_somebody(), len(subjects[key]) + 1)
        for key in SUBJECTS
        if (found := node.find(key)) is not None
    }
    with node.blamed():
        visit = Interval(start, end)
        booking = Booking(
            number,
            [Allocation.of(one.handle, visit, units=count, **own) for one, own in zip(held, buffers, strict=True)],
            status=BookingStatus.CONFIRMED if status is None else status.choice(tuple(BookingStatus), "status"),
            held_until=None if until is None else until.instant(zone),
            service=None if service is None else service.handle,
            seats=None if service is None else service.rules[0].seats,
            source="" if source is None else source.text(),
            channel=None if channel is None else channels[channel.choice(channels, "channel")],
            waived=[Waiver(one.choice(tuple(Waiver), "waiver")) for one in node.each("waived")],
        )
    return attrs.evolve(booking, **who)


def _resources(node: Node, resources: Mapping[str, ClinicResource]) -> list[str]:
    found: list[Node] = [one for key in ("provider", "room", "equipment") if (one := node.find(key)) is not None]
    found += node.each("resources")
    chosen = [one.choice(resources, "provider or room") for one in found]
    if not chosen or len(set(chosen)) < len(chosen):
        raise node.error("a booking names its provider, its room or both, each once", got=f"{chosen}")
    return chosen


def _end(node: Node, start: datetime, service: ClinicService | None, *, zone: TimeZone, home: TimeZone) -> datetime:
    end, lasting = node.find("end"), node.find("duration")
    if end is not None:
        if lasting is not None:
            raise node.error("a booking has an end or a duration", got="both")
        return end.instant(zone)
    if lasting is not None:
        with lasting.blamed():
            length = read_duration(lasting.text())
    elif service is not None:
        length = service.rules[0].duration
    else:
        raise node.error("a booking has an end, a duration or a service that has one", got="none of them")
    with node.blamed():
        if isinstance(length, timedelta):
            return start + length
        wall = home.to_local(start).replace(tzinfo=None)
        return home.to_utc(wall + timedelta(days=length.days))


def _buffer(node: Node, key: str, service: ClinicService | None, resource: ClinicResource) -> timedelta:
    found = node.find(key)
    if found is not None:
        with found.blamed():
            return read_span(found.text())
    return timedelta(0) if service is None else service.buffers_for(resource.kind)[key]
