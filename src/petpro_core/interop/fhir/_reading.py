"""From a FHIR text to schedules with their slots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from petpro_core._checks import as_whole
from petpro_core.errors import LimitExceededError
from petpro_core.interop.fhir._nodes import Format, Node, parse
from petpro_core.interop.fhir.model import (
    Actor,
    Concept,
    PublishedSchedule,
    PublishedSlot,
    ScheduleBundle,
    SlotStatus,
    referred,
)
from petpro_core.intervals import Interval

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from petpro_core.timezones import TimeZone

__all__ = ["BOOKING_LINK", "BOOKING_PHONE", "CAPACITY", "read_bundle"]

BOOKING_LINK: Final = "booking-deep-link"
BOOKING_PHONE: Final = "booking-phone"
CAPACITY: Final = "slot-capacity"
_EXTENSIONS: Final[dict[str, tuple[str, ...]]] = {
    BOOKING_LINK: ("valueUrl", "valueUri"),
    BOOKING_PHONE: ("valueString",),
    CAPACITY: ("valueInteger", "valuePositiveInt", "valueUnsignedInt"),
}
_ERROR: Final = "entered-in-error"
_STATUSES: Final = (*SlotStatus, _ERROR)
# What changes the meaning of the resource around it: who does not know it must not read on.
_MODIFIERS: Final = ("implicitRules", "modifierExtension")
# R4 writes "previous", and some servers "prev".
_PAGES: Final = ("next", "previous", "prev")
_NAMED: Final = ("Practitioner", "PractitionerRole", "Location", "HealthcareService")


@attrs.frozen
class _Entry:
    """A resource, and the URL by which others may refer to it."""

    node: Node
    url: str
    kind: str = attrs.field(default=attrs.Factory(lambda self: self.node.need("resourceType").text(), takes_self=True))


def read_bundle(
    source: str | bytes | Mapping[str, Any],
    *,
    format: Format = "json",  # noqa: A002 - the word people look for
    zone: TimeZone | None = None,
    limit: int = 100_000,
    max_bytes: int = 50_000_000,
) -> ScheduleBundle:
    """Read the schedules and slots of a FHIR R4 Bundle, or of NDJSON with one resource a line.

    ``docs/reference/fhir.md`` lists what is read and what is left aside. Slots that are ``entered-in-error`` say
    nothing and are left out. What cannot be understood is refused: a slot without its schedule, one page of several,
    a modifier extension.

        >>> text = '''{"resourceType": "Bundle", "type": "collection", "entry": [
        ...   {"resource": {"resourceType": "Schedule", "id": "ana", "actor": [{"reference": "Practitioner/ana"}]}},
        ...   {"resource": {"resourceType": "Slot", "schedule": {"reference": "Schedule/ana"}, "status": "free",
        ...     "start": "2026-11-23T09:00:00-05:00", "end": "2026-11-23T09:30:00-05:00"}}]}'''
        >>> read_bundle(text).schedules[0].free
        IntervalSet(2026-11-23 14:00 to 14:30 UTC)

    Args:
        source: The text, its bytes in UTF-8, or the object that a JSON reader made of it.
        format: ``"json"`` for a Bundle, ``"ndjson"`` for resources, one a line.
        zone: Whose days a horizon means that is told in dates; ``None`` = what is that day in every zone.
        limit: At most so many resources; 1 or more.
        max_bytes: The largest text.

    Raises:
        InvalidBundleError: The text cannot be read or breaks a rule. ``path`` is the place
            (``entry[3].resource.status``), ``line`` its line in NDJSON or of what is no JSON, ``got`` what stood there,
            ``allowed`` what may.
        LimitExceededError: The text is larger than ``max_bytes``, or has more than ``limit`` resources.
        InvalidValueError: No such format, or a limit below 1.

    Cost: linear in the text, about 60 microseconds a slot.

    Source: FHIR R4 (4.0.1), Bundle, Schedule and Slot; SMART Scheduling Links for the extensions; ADR 19.
    """
    as_whole("limit", limit, 1)
    nodes = parse(source, format=format, max_bytes=max_bytes)
    timestamp = None
    if format == "json":
        bundle = nodes[0]
        timestamp = _checked(bundle)
        entries = [_Entry(one.need("resource").table(), one.words("fullUrl")) for one in bundle.each("entry")]
        _refuse_rest(bundle, len(entries))
    else:
        entries = [_Entry(node, "") for node in nodes]
    if len(entries) > limit:
        msg = f"a bundle has at most limit={limit} resources, got {len(entries)}; raise limit, or split it"
        raise LimitExceededError(msg, limit=limit, got=len(entries), bound="limit")
    return _bundle(entries, timestamp, zone)


def _checked(bundle: Node) -> datetime | None:
    """Refuse what is no whole bundle; its timestamp."""
    kind = bundle.need("resourceType")
    if kind.text() != "Bundle":
        raise kind.error("a Bundle stands here", allowed="put the resource into the entries of a Bundle")
    for link in bundle.each("link"):
        # The other pages may say that time is taken which this one calls free.
        relation = link.words("relation")
        if relation in _PAGES:
            raise link.error(
                "this is one page of several", got=f"a {relation} page", allowed="put all entries into one Bundle"
            )
    _refuse_modifiers(bundle)
    found = bundle.find("timestamp")
    return None if found is None else found.instant()


def _refuse_rest(bundle: Node, entries: int) -> None:
    """Refuse a bundle that tells of more results than it has; entries that were included with them only add to it."""
    total = bundle.find("total")
    if total is not None and isinstance(total.value, int) and total.value > entries:
        raise total.error(f"this is one page of several, with {entries} entries", allowed="put all into one Bundle")


def _refuse_modifiers(node: Node) -> None:
    for key in _MODIFIERS:
        found = node.find(key)
        if found is not None:
            raise found.error("it changes what the resource means, in a way that is not known here", allowed="none")


def _bundle(entries: list[_Entry], timestamp: datetime | None, zone: TimeZone | None) -> ScheduleBundle:
    schedules: dict[str, Node] = {}
    urls: dict[str, str] = {}
    names: dict[str, str] = {}
    for entry in entries:
        if entry.kind == "Schedule":
            _refuse_modifiers(entry.node)
            one = entry.node.need("id")
            if one.text() in schedules:
                raise one.error("an id names one schedule of a bundle", allowed="give each its own")
            schedules[one.value] = entry.node
            if entry.url in urls:
                raise entry.node.error(
                    "a fullUrl names one schedule of a bundle", got=f"{entry.url} twice", allowed="give each its own"
                )
            urls |= {entry.url: one.value} if entry.url else {}
        elif entry.kind == "Bundle":
            raise entry.node.error("entries are resources, and no Bundles", allowed="read each Bundle by itself")
        elif entry.kind in _NAMED:
            for reference in filter(None, (entry.url, f"{entry.kind}/{entry.node.words('id')}")):
                names[reference] = _name(entry.node)
    slots: dict[str, list[PublishedSlot]] = {key: [] for key in schedules}
    seen: set[str] = set()
    for entry in entries:
        if entry.kind == "Slot":
            _refuse_modifiers(entry.node)
            key = _schedule_of(entry.node, schedules, urls)
            slot = _slot(entry.node)
            if slot is None:
                continue
            if slot.id and slot.id in seen:
                raise entry.node.need("id").error("an id names one slot of a bundle", allowed="give each its own")
            seen.add(slot.id)
            slots[key].append(slot)
    return ScheduleBundle(
        [_schedule(node, slots[key], names, zone) for key, node in schedules.items()], timestamp=timestamp
    )


# --- schedules --------------------------------------------------------------------------------------------------------


def _schedule(
    node: Node, slots: list[PublishedSlot], names: Mapping[str, str], zone: TimeZone | None
) -> PublishedSchedule:
    actors = []
    for one in node.each("actor"):
        reference = one.words("reference")
        with one.blamed():
            actors.append(Actor(reference, one.words("display") or names.get(reference, "")))
    active = node.find("active")
    with node.blamed():
        return PublishedSchedule(
            node.need("id").text(),
            actors,
            slots,
            horizon=_horizon(node, slots, zone),
            services=_concepts(node),
            active=active is None or active.flag(),
            comment=node.words("comment"),
        )


def _horizon(node: Node, slots: list[PublishedSlot], zone: TimeZone | None) -> Interval | None:
    """The planning horizon; where it has no beginning or no end, the first or last slot is as far as anybody knows."""
    found = node.find("planningHorizon")
    if found is None:
        return None
    first, last = found.table().find("start"), found.find("end")
    start = (
        min((slot.interval.start for slot in slots), default=None) if first is None else first.moment(zone, last=False)
    )
    end = max((slot.interval.end for slot in slots), default=None) if last is None else last.moment(zone, last=True)
    if start is None or end is None:
        return None
    if (first is None or last is None or zone is None) and end <= start:
        # Dates that are the same day nowhere at once, or an open side on which no slot lies: nothing is known by it.
        return None
    with found.blamed():
        return Interval(start, end)


def _name(node: Node) -> str:
    """What a person or place is called; a role has its person's name."""
    if node.need("resourceType").value == "PractitionerRole":
        person = node.find("practitioner")
        return "" if person is None else person.table().words("display")
    name = node.find("name")
    if name is None or not isinstance(name.value, list):
        return "" if name is None else name.text()
    return next((one.words("text") or one.words("family") for one in node.each("name")), "")


def _concepts(node: Node) -> tuple[Concept, ...]:
    """The kinds of service: of each the first coding with a code, else the text."""
    found = []
    for one in node.each("serviceType"):
        text = one.words("text")
        coded = next((coding for coding in one.each("coding") if coding.find("code") is not None), None)
        if coded is not None:
            found.append(Concept(coded.words("code"), coded.words("display") or text, coded.words("system")))
        elif text:
            found.append(Concept("", text))
    return tuple(found)


# --- slots ------------------------------------------------------------------------------------------------------------


def _schedule_of(node: Node, schedules: Mapping[str, Node], urls: Mapping[str, str]) -> str:
    reference = node.need("schedule").table().need("reference")
    text = reference.text()
    kind, ident = referred(text)
    key = urls.get(text, ident if kind == "Schedule" else "")
    if key not in schedules:
        raise reference.error(
            "the schedule of a slot stands in the same bundle", allowed="ask with _include=Slot:schedule"
        )
    return key


def _slot(node: Node) -> PublishedSlot | None:
    """A slot, or ``None`` for one that was entered in error."""
    status = node.need("status")
    if status.text() not in _STATUSES:
        raise status.error("no such status of a slot", allowed=f"allowed: {', '.join(_STATUSES)}")
    if status.value == _ERROR:
        return None
    told = _extensions(node)
    with node.blamed():
        return PublishedSlot(
            Interval(node.need("start").instant(), node.need("end").instant()),
            status.value,
            id=node.words("id"),
            services=_concepts(node),
            capacity=told.get(CAPACITY),
            link=told.get(BOOKING_LINK, ""),
            phone=told.get(BOOKING_PHONE, ""),
        )


def _extensions(node: Node) -> dict[str, Any]:
    """The extensions that are known here, by the last part of their URLs; others are left aside."""
    told: dict[str, Any] = {}
    for one in node.each("extension"):
        name = one.need("url").text().rpartition("/")[2]
        keys = _EXTENSIONS.get(name, ())
        value = next((found for key in keys if (found := one.find(key)) is not None), None)
        if keys and value is None:
            raise one.error(f"{name} has a value", got="none", allowed=f"add {keys[0]}")
        if value is not None:
            told.setdefault(name, value.value if name == CAPACITY else value.text())
    return told
