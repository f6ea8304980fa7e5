"""The files of SMART Scheduling Links: a manifest, and one resource a line."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import attrs

from petpro_core._checks import as_kind
from petpro_core.errors import InvalidValueError
from petpro_core.interop.fhir._writing import instant_text, schedule_resource, slot_resource
from petpro_core.interop.fhir.model import PEOPLE, Actor, SlotStatus, checked_id
from petpro_core.intervals import to_us

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from petpro_core.interop.fhir.model import PublishedSchedule, PublishedSlot, ScheduleBundle
    from petpro_core.timezones import TimeZone

__all__ = ["MANIFEST", "PublishedPlace", "write_smart"]

MANIFEST: Final = "$bulk-publish"
_WEB: Final = re.compile(r"https?://[^\s/?#]+[^\s?#]*")
_LINK: Final = re.compile(r"https?://[^\s/?#]+\S*")
_SLOT: Final = "{slot}"


def _told(_: object, field: attrs.Attribute[str], value: object) -> None:
    as_kind(field.name, value, str)
    if not str(value).strip():
        msg = f"{field.name} is needed where places are published, got {value!r}"
        raise InvalidValueError(msg, name=field.name, got=value)


def _as_lines(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _check_lines(instance: object, field: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
    for line in value or ("",):
        _told(instance, field, line)


@attrs.frozen(kw_only=True)
class PublishedPlace:
    """The place at which appointments are kept, as people who look for one must be told.

        >>> PublishedPlace(
        ...     id="maple-street",
        ...     name="Maple Street Animal Clinic",
        ...     phone="413-555-0100",
        ...     lines="12 Maple Street",
        ...     city="Springfield",
        ...     state="MA",
        ...     postal_code="01103",
        ... ).state
        'MA'

    Attributes:
        id: 1 to 64 letters, digits, hyphens and dots.
        name: For people.
        phone: A full phone number.
        lines: Of the address; a single one needs no list.
        city: Likewise.
        state: Its abbreviation; clients choose by it what they read.
        postal_code: Likewise.

    Raises:
        InvalidValueError: One of them is not told, is no text, or is no id or phone number.

    Source: SMART Scheduling Links, Location.
    """

    id: str = attrs.field(validator=checked_id)
    name: str = attrs.field(validator=_told)
    phone: str = attrs.field(validator=_told)
    lines: tuple[str, ...] = attrs.field(converter=_as_lines, validator=_check_lines)
    city: str = attrs.field(validator=_told)
    state: str = attrs.field(validator=_told)
    postal_code: str = attrs.field(validator=_told)

    def __attrs_post_init__(self) -> None:
        """Refuse an address of mail where a phone number is meant."""
        if "@" in self.phone:
            msg = f"a phone number has no @, got {self.phone!r}"
            raise InvalidValueError(msg, name="phone", got=self.phone)

    @property
    def reference(self) -> str:
        """How schedules refer to it."""
        return f"Location/{self.id}"


def write_smart(
    bundle: ScheduleBundle,
    *,
    place: PublishedPlace,
    base_url: str,
    now: datetime,
    zone: TimeZone | None = None,
    booking_url: str = "",
) -> dict[str, str]:
    """The files that a web server publishes, by name: the manifest ``$bulk-publish``, and NDJSON files.

    Schedules that name no service cannot be looked for, and are left out. Every schedule is at ``place``; whose it is
    stands beside that as a PractitionerRole. Free slots are told with the phone number and the link; booked and held
    ones are ``busy``, so that clients see how much there is; time that is unavailable for other reasons is nobody's
    business and is left out.

        >>> from datetime import UTC, datetime
        >>> from petpro_core.interop.fhir import Actor, Concept, PublishedSchedule, ScheduleBundle
        >>> ana = PublishedSchedule("ana", Actor("Practitioner/ana", "Dr. Ana"), services=Concept("checkup"))
        >>> place = PublishedPlace(
        ...     id="main",
        ...     name="Maple",
        ...     phone="1",
        ...     lines="12 Maple St",
        ...     city="Springfield",
        ...     state="MA",
        ...     postal_code="01103",
        ... )
        >>> now = datetime(2026, 11, 21, tzinfo=UTC)
        >>> list(write_smart(ScheduleBundle(ana), place=place, base_url="https://example.org/slots", now=now))
        ['locations.ndjson', 'practitioner-roles.ndjson', 'schedules.ndjson', 'slots.ndjson', '$bulk-publish']

    Args:
        bundle: What is published.
        place: Where.
        base_url: The URL of the folder that has the files, http or https.
        now: The moment of publication, aware.
        zone: Write instants with the offset of this zone's clocks instead of ``Z``.
        booking_url: Where a free slot is booked; ``{slot}`` in it stands for the id of the slot. Slots that have links
            of their own keep them.

    Raises:
        InvalidValueError: A URL that is none.
        NaiveDatetimeError: ``now`` has no zone.

    Source: SMART Scheduling Links (HL7, FHIR R4), manifest, Location, PractitionerRole, Schedule and Slot
    files; ADR 19.
    """
    for name, url, form in (("base_url", base_url, _WEB), ("booking_url", booking_url, _LINK)):
        as_kind(name, url, str)
        if not form.fullmatch(url) and (url or name == "base_url"):
            msg = f"{name} is a URL as https://example.org/slots, got {url!r}"
            raise InvalidValueError(msg, name=name, got=url)
    to_us(now)
    offered = [one for one in bundle.schedules if _services(one)]
    roles = {actor.reference: actor for one in offered for actor in one.actors if actor.kind in PEOPLE}
    resources: dict[str, tuple[str, list[dict[str, Any]]]] = {
        "Location": ("locations", [_place(place)]),
        "PractitionerRole": ("practitioner-roles", [_role(actor, place) for actor in roles.values()]),
        "Schedule": ("schedules", [schedule_resource(_at(one, place), zone) for one in offered]),
        "Slot": (
            "slots",
            [
                slot_resource(_public(slot, one, place, booking_url), one.id, zone)
                for one in offered
                for slot in one.slots
                if slot.status is not SlotStatus.BUSY_UNAVAILABLE
            ],
        ),
    }
    base = base_url.rstrip("/")
    files = {f"{stem}.ndjson": "".join(map(_line, many)) for stem, many in resources.values()}
    manifest = {
        "transactionTime": instant_text(now, zone),
        "request": f"{base}/{MANIFEST}",
        "output": [
            {"type": kind, "url": f"{base}/{stem}.ndjson", "extension": {"state": [place.state]}}
            for kind, (stem, _) in resources.items()
        ],
        "error": [],
    }
    return files | {MANIFEST: json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"}


def _line(resource: dict[str, Any]) -> str:
    return json.dumps(resource, ensure_ascii=False, separators=(",", ":")) + "\n"


def _services(schedule: PublishedSchedule) -> bool:
    return bool(schedule.services) or any(slot.services for slot in schedule.slots)


def _place(place: PublishedPlace) -> dict[str, Any]:
    return {
        "resourceType": "Location",
        "id": place.id,
        "name": place.name,
        "telecom": [{"system": "phone", "value": place.phone}],
        "address": {
            "line": list(place.lines),
            "city": place.city,
            "state": place.state,
            "postalCode": place.postal_code,
        },
    }


def _role(actor: Actor, place: PublishedPlace) -> dict[str, Any]:
    return {
        "resourceType": "PractitionerRole",
        "id": actor.id,
        "active": True,
        "practitioner": {"display": actor.display or actor.id},
        "location": [{"reference": place.reference, "display": place.name}],
    }


def _at(schedule: PublishedSchedule, place: PublishedPlace) -> PublishedSchedule:
    """The schedule with the place as its first actor, and the people of it as roles."""
    people = [Actor(f"PractitionerRole/{one.id}", one.display) for one in schedule.actors if one.kind in PEOPLE]
    named = {concept: None for slot in schedule.slots for concept in slot.services}
    return attrs.evolve(
        schedule,
        actors=[Actor(place.reference, place.name), *people],
        services=schedule.services or list(named),
    )


def _public(slot: PublishedSlot, schedule: PublishedSchedule, place: PublishedPlace, booking_url: str) -> PublishedSlot:
    if not slot.id:
        msg = f"a slot that is published has an id, got none for {slot.interval} of {schedule.id}"
        raise InvalidValueError(msg, name="id", got="")
    # Busy wins: who reads the file does not know of it, and unavailable time is not even told.
    if not schedule.free.covers(slot.interval):
        return attrs.evolve(slot, status=SlotStatus.BUSY)
    link = slot.link or booking_url.replace(_SLOT, slot.id)
    return attrs.evolve(slot, link=link, phone=slot.phone or place.phone)
