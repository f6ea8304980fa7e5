"""From schedules with their slots to a FHIR R4 Bundle."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any, Final

from petpro_core.interop.fhir._reading import BOOKING_LINK, BOOKING_PHONE, CAPACITY
from petpro_core.interop.fhir.model import PEOPLE
from petpro_core.intervals import ALWAYS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from petpro_core.interop.fhir.model import Concept, PublishedSchedule, PublishedSlot, ScheduleBundle
    from petpro_core.timezones import TimeZone

__all__ = ["instant_text", "schedule_resource", "slot_resource", "write_bundle"]

# Where the validator of SMART Scheduling Links looks for them.
_EXTENSIONS: Final = "http://fhir-registry.smarthealthit.org/StructureDefinition/"
_EARLIEST: Final = ALWAYS.start + timedelta(days=1)
_LATEST: Final = ALWAYS.end - timedelta(days=1)
_FURTHEST: Final = timedelta(hours=14)
_MINUTE: Final = timedelta(minutes=1)


def write_bundle(bundle: ScheduleBundle, *, zone: TimeZone | None = None, base_url: str = "") -> dict[str, Any]:
    """Write a FHIR R4 Bundle of type ``collection``, as dicts and lists for a JSON writer.

    ``read_bundle`` reads it back equal. People and places that the schedules name by ``Practitioner/...`` or
    ``Location/...`` get an entry with their name, so that every reference leads somewhere.

        >>> from petpro_core.interop.fhir import Actor, PublishedSchedule, ScheduleBundle
        >>> ana = PublishedSchedule("ana", Actor("Practitioner/ana", "Dr. Ana Alvarez"))
        >>> [entry["resource"]["resourceType"] for entry in write_bundle(ScheduleBundle(ana))["entry"]]
        ['Practitioner', 'Schedule']

    Args:
        bundle: What is published.
        zone: Write instants with the offset of this zone's clocks instead of ``Z``, where FHIR has a form for it (whole
            minutes, at most 14 hours).
        base_url: Where the resources are served, as ``https://example.org/fhir``: each entry then has its full URL.

    Source: FHIR R4 (4.0.1), Bundle, Schedule, Slot, Practitioner and Location; ADR 19.
    """
    resources = [*_actors(bundle.schedules)]
    for schedule in bundle.schedules:
        resources.append(schedule_resource(schedule, zone))
        resources += [slot_resource(slot, schedule.id, zone) for slot in schedule.slots]
    told: dict[str, Any] = {"resourceType": "Bundle", "type": "collection"}
    if bundle.timestamp is not None:
        told["timestamp"] = instant_text(bundle.timestamp, zone)
    # An empty list is none in FHIR.
    return told | ({"entry": [_entry(one, base_url) for one in resources]} if resources else {})


def _entry(resource: dict[str, Any], base_url: str) -> dict[str, Any]:
    if not base_url or "id" not in resource:
        return {"resource": resource}
    return {"fullUrl": f"{base_url.rstrip('/')}/{resource['resourceType']}/{resource['id']}", "resource": resource}


def instant_text(moment: datetime, zone: TimeZone | None) -> str:
    """An instant of FHIR: to the second, to the microsecond only where there are some; with its offset."""
    if zone is not None and _EARLIEST < moment < _LATEST:
        local = zone.to_local(moment)
        offset = local.utcoffset() or timedelta(0)
        if not offset % _MINUTE and abs(offset) <= _FURTHEST:
            return local.isoformat()
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _actors(schedules: Iterable[PublishedSchedule]) -> list[dict[str, Any]]:
    """An entry for each person and place that is named in the form ``Type/id``."""
    names: dict[tuple[str, str], str] = {}
    for actor in (actor for schedule in schedules for actor in schedule.actors):
        if actor.kind in ("Practitioner", "Location") and actor.reference == f"{actor.kind}/{actor.id}":
            key = actor.kind, actor.id
            names[key] = names.get(key) or actor.display
    resources = []
    for (kind, ident), name in names.items():
        told: dict[str, Any] = {"resourceType": kind, "id": ident}
        if name:
            told["name"] = [{"text": name}] if kind in PEOPLE else name
        resources.append(told)
    return resources


def schedule_resource(schedule: PublishedSchedule, zone: TimeZone | None) -> dict[str, Any]:
    """A Schedule; elements stand in the order of the standard, and empty ones are left out."""
    told: dict[str, Any] = {"resourceType": "Schedule", "id": schedule.id}
    if not schedule.active:
        told["active"] = False
    if schedule.services:
        told["serviceType"] = [_concept(one) for one in schedule.services]
    told["actor"] = [_filled(reference=actor.reference, display=actor.display) for actor in schedule.actors]
    if schedule.horizon is not None:
        start, end = schedule.horizon.start, schedule.horizon.end
        told["planningHorizon"] = {"start": instant_text(start, zone), "end": instant_text(end, zone)}
    return told | _filled(comment=schedule.comment)


def slot_resource(slot: PublishedSlot, schedule: str, zone: TimeZone | None) -> dict[str, Any]:
    """A Slot, likewise."""
    told: dict[str, Any] = {"resourceType": "Slot"} | _filled(id=slot.id)
    extensions: list[dict[str, Any]] = []
    if slot.link:
        extensions.append({"url": _EXTENSIONS + BOOKING_LINK, "valueUrl": slot.link})
    if slot.phone:
        extensions.append({"url": _EXTENSIONS + BOOKING_PHONE, "valueString": slot.phone})
    if slot.capacity is not None:
        extensions.append({"url": _EXTENSIONS + CAPACITY, "valueInteger": slot.capacity})
    if extensions:
        told["extension"] = extensions
    if slot.services:
        told["serviceType"] = [_concept(one) for one in slot.services]
    told["schedule"] = {"reference": f"Schedule/{schedule}"}
    told["status"] = str(slot.status)
    start, end = slot.interval.start, slot.interval.end
    return told | {"start": instant_text(start, zone), "end": instant_text(end, zone)}


def _concept(concept: Concept) -> dict[str, Any]:
    if not concept.code:
        return {"text": concept.display}
    return {"coding": [_filled(system=concept.system, code=concept.code, display=concept.display)]}


def _filled(**texts: str) -> dict[str, str]:
    """The texts that are not empty: FHIR has no empty ones."""
    return {key: text for key, text in texts.items() if text}
