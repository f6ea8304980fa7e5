"""The clinic file: a practice in one TOML or JSON text, read into objects.

>>> text = '''
... [clinic]
... name = "Maple Street"
... zone = "America/New_York"
... [hours]
... weekdays = ["09:00-12:00", "13:00-17:00"]
... [[providers]]
... id = "ana"
... [[services]]
... id = "checkup"
... duration = "30m"
... '''
>>> clinic = read_clinic(text, format="toml")
>>> clinic.resources["ana"].calendar.zone.key, clinic.services["checkup"].resources
('America/New_York', ('ana',))

Nothing is opened here: the names of calendar feeds are kept for the caller, who reads them by
``petpro_core.interop.ical.read_busy``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import attrs

from petpro_core.bookings import BookingPolicy
from petpro_core.errors import InvalidValueError
from petpro_core.interop.clinic._bookings import SUBJECTS, read_booking
from petpro_core.interop.clinic._nodes import Node
from petpro_core.interop.clinic._people import ABILITIES, People, read_abilities, read_skills
from petpro_core.interop.clinic._policies import Known, read_policy
from petpro_core.interop.clinic._schedules import EXCEPTIONS, SCHEDULE, Around, read_around, read_calendar
from petpro_core.interop.clinic._services import read_service
from petpro_core.interop.clinic._source import Format, parse
from petpro_core.interop.clinic.lengths import read_duration
from petpro_core.interop.clinic.model import (
    KINDS,
    Clinic,
    ClinicLocation,
    ClinicResource,
    ClinicService,
    ClinicSkill,
    ClinicVisit,
)
from petpro_core.interop.clinic.needs import read_requirement, requirement_text
from petpro_core.interop.clinic.writing import clinic_text, clinic_tree
from petpro_core.matching import ResourceTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from petpro_core.interop.clinic.queues import ClinicQueue
    from petpro_core.timezones import TimeZone

__all__ = [
    "Clinic",
    "ClinicLocation",
    "ClinicResource",
    "ClinicService",
    "ClinicSkill",
    "ClinicVisit",
    "clinic_tree",
    "read_clinic",
    "read_duration",
    "read_requirement",
    "requirement_text",
    "write_clinic",
]

_LISTS: Final = ("locations", "skills", *(key for _, key in KINDS), "services", "visits", "policy", "bookings", "queue")
_ROOT: Final = ("clinic", "hours", *EXCEPTIONS, *_LISTS)
_RESOURCE: Final = ("id", "name", "capacity", "feeds", "time_off", "schedules", *SCHEDULE, *ABILITIES)


def read_clinic(
    text: str | bytes,
    *,
    format: Format,  # noqa: A002 - the word people look for
    holiday_years: Iterable[int] = (),
    max_bytes: int = 5_000_000,
) -> Clinic:
    r"""Read a clinic file. ``docs/reference/clinic-file.md`` describes every key.

        >>> clinic = read_clinic('[clinic]\nzone = "Europe/Berlin"\n[[rooms]]\nid = "hall"', format="toml")
        >>> clinic.resources["hall"].kind, clinic.zone.key
        ('room', 'Europe/Berlin')

    Args:
        text: The file's text, or its bytes in UTF-8.
        format: ``"toml"`` or ``"json"``.
        holiday_years: The years to make public holidays for, where the file names a country and no years.
        max_bytes: Refuse a larger text; reading takes about a second for each million bytes.

    Raises:
        InvalidClinicError: The text cannot be read or breaks a rule. ``key`` is the dotted path
            (``providers[1].zone``), ``line`` its line or ``None``, ``got`` what stood there, ``allowed`` what may.
        LimitExceededError: The text is larger than ``max_bytes``.
        MissingExtraError: Holidays of a country without the ``holidays`` package.

    Source: ``docs/reference/clinic-file.md``.
    """
    source = parse(text, format=format, max_bytes=max_bytes)
    root = Node(source.tree, (), source).table(*_ROOT)
    head = root.need("clinic").table("name", "zone", "channels")
    name, zone = head.find("name"), head.need("zone").zone()
    locations = _locations(root, zone)
    around = read_around(root, zone, locations, tuple(holiday_years))
    people = _everybody(root, around, locations)
    resources = people.resources
    channels = _channels(head)
    known = Known(_numbers(root.each("services")), channels, resources, zone, around.years)
    policy = read_policy(root.find("policy"), BookingPolicy(), known)
    services = {one.id: one for node in root.each("services") for one in [read_service(node, known, people, policy)]}
    subjects: dict[str, dict[str, int]] = {key: {} for key in SUBJECTS}
    nodes = root.each("bookings")
    bookings = tuple(
        read_booking(
            node, number, zone=zone, services=services, resources=resources, subjects=subjects, channels=channels
        )
        for number, node in enumerate(nodes, 1)
    )
    visits = _several_steps(root, services, known, policy)
    queue = _waiting(root, zone, services, resources, subjects)
    return Clinic(
        name="" if name is None else name.text(),
        zone=zone,
        services=services,
        resources=resources,
        locations=locations,
        policy=policy,
        bookings=bookings,
        booking_ids=_booking_ids(nodes),
        clients=subjects["client"],
        households=subjects["household"],
        pets=subjects["pet"],
        groups=subjects["group"],
        channels=channels,
        skills=people.listed,
        resource_groups=people.groups,
        visits=visits,
        queue=queue,
    )


def write_clinic(clinic: Clinic, *, format: Format = "json") -> str:  # noqa: A002 - as in read_clinic
    """Write a clinic file that ``read_clinic`` reads back equal; what a clinic file cannot say is refused.

        >>> clinic = read_clinic('{"clinic": {"zone": "Europe/Berlin"}}', format="json")
        >>> print(write_clinic(clinic, format="toml"), end="")
        [clinic]
        zone = "Europe/Berlin"

    The hours of every provider and room are written in full, so that the clinic's own ``hours`` are not needed, and
    public holidays as dates.

    Args:
        clinic: The clinic.
        format: ``"json"`` or ``"toml"``.

    Raises:
        InvalidValueError: The clinic has what a clinic file cannot say (parts of a second in hours, a booking whose
            resources are held for different times, numbers out of order); ``name`` says in what it would come back
            different. Or no such format.
        InvalidClinicError: Likewise, where the reader refuses what was written; ``key`` says what.

    Cost: about twice that of reading, because what is written is read back.

    Source: ``docs/reference/clinic-file.md``.
    """
    text = clinic_text(clinic, format=format)
    back = read_clinic(text, format=format, max_bytes=max(1, 4 * len(text)))
    for field in attrs.fields(Clinic):
        if _plain(getattr(back, field.name)) != _plain(getattr(clinic, field.name)):
            msg = f"a clinic file cannot say this clinic: {field.name} would come back different"
            raise InvalidValueError(msg, name=field.name)
    return text


def _plain(value: object) -> object:
    """A part of a clinic in a form that can be compared, its order included."""
    if not isinstance(value, Mapping):
        return value
    return [(key, attrs.astuple(one, recurse=False) if attrs.has(type(one)) else one) for key, one in value.items()]


def _numbers(nodes: list[Node]) -> dict[str, int]:
    """A number for each id of a list of tables, counted from 1."""
    numbers: dict[str, int] = {}
    for node in nodes:
        if not isinstance(node.value, dict):
            raise node.error("a table with an id stands here")
        one = node.need("id")
        key = one.ident()
        if key in numbers:
            raise one.error("an id stands once in the file", allowed="choose another one")
        numbers[key] = len(numbers) + 1
    return numbers


def _channels(head: Node) -> dict[str, int]:
    """A number for each way in which requests come, counted from 1."""
    numbers: dict[str, int] = {}
    for one in head.each("channels"):
        if one.ident() in numbers:
            raise one.error("a channel stands once in the file", allowed="choose another id")
        numbers[one.ident()] = len(numbers) + 1
    return numbers


def _locations(root: Node, zone: TimeZone) -> dict[str, ClinicLocation]:
    nodes = root.each("locations")
    numbers = _numbers(nodes)
    found = {}
    for node, (key, number) in zip(nodes, numbers.items(), strict=True):
        node.table("id", "name", "zone")
        name, own = node.find("name"), node.find("zone")
        found[key] = ClinicLocation(
            key, key if name is None else name.text(), number, zone if own is None else own.zone()
        )
    return found


def _everybody(root: Node, around: Around, locations: Mapping[str, ClinicLocation]) -> People:
    """Providers, rooms and equipment with what they are able to do."""
    nodes = [(kind, node) for kind, key in KINDS for node in root.each(key)]
    numbers = _numbers([node for _, node in nodes])
    skills, groups = read_skills(root, [node for _, node in nodes]), dict[str, int]()
    found, rows = dict[str, ClinicResource](), []
    for (kind, node), (key, number) in zip(nodes, numbers.items(), strict=True):
        node.table(*_RESOURCE)
        name = node.find("name")
        found[key] = ClinicResource(
            id=key,
            name=key if name is None else name.text(),
            kind=kind,
            handle=number,
            calendar=read_calendar(node, around),
            feeds=tuple(feed.text() for feed in node.each("feeds")),
            **read_abilities(node, skills, groups, locations),
        )
        with node.blamed():
            rows.append(found[key].resource)
    return People(skills, groups, locations, found, ResourceTable.of(rows))


def _several_steps(
    root: Node, services: Mapping[str, ClinicService], known: Known, policy: BookingPolicy
) -> dict[str, ClinicVisit]:
    nodes = root.each("visits")
    if not nodes:
        return {}
    from petpro_core.interop.clinic._visits import read_visits  # noqa: PLC0415 - few files have visits

    types = {key: one.service_type(known.resources) for key, one in services.items()}
    return read_visits(nodes, services, types, known, policy)


def _waiting(
    root: Node,
    zone: TimeZone,
    services: Mapping[str, ClinicService],
    resources: Mapping[str, ClinicResource],
    subjects: Mapping[str, dict[str, int]],
) -> ClinicQueue | None:
    node = root.find("queue")
    if node is None:
        return None
    from petpro_core.interop.clinic._queue import Asked, read_queue  # noqa: PLC0415 - few files have a queue

    return read_queue(node, Asked(zone, services, resources, subjects["client"], subjects["pet"]))


def _booking_ids(nodes: list[Node]) -> dict[int, str]:
    """The ids of bookings; one without an id is called by its number, as ``#3``."""
    ids: dict[str, int] = {}
    for number, node in enumerate(nodes, 1):
        own = node.find("id")
        key = f"#{number}" if own is None else own.key_of_somebody()
        if key in ids:
            raise (own or node).error("an id stands once among the bookings", got=repr(key))
        ids[key] = number
    return {number: key for key, number in ids.items()}
