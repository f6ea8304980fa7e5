"""A clinic as read from its file: objects with ids, and the numbers that stand for them in columns."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import attrs

from petpro_core.availability import CalendarBatch
from petpro_core.bookings import BookingTable, Request
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import ALWAYS
from petpro_core.matching import Resource, ResourceKind, ResourceTable, Role, ServiceType, SkillLevels

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta

    from petpro_core.availability import Calendar
    from petpro_core.bookings import Booking, BookingPolicy
    from petpro_core.interop.clinic.queues import ClinicQueue
    from petpro_core.intervals import Interval, IntervalSet
    from petpro_core.matching import DurationRule, Preparation, Proficiency
    from petpro_core.slots.rules import CalendarDays, SlotRules
    from petpro_core.timezones import TimeZone
    from petpro_core.visits import Visit

__all__ = ["KINDS", "Clinic", "ClinicLocation", "ClinicResource", "ClinicService", "ClinicSkill", "ClinicVisit"]

KINDS: Final = (("provider", "providers"), ("room", "rooms"), ("equipment", "equipment"))
"""The kinds of resources, in the order of their numbers, each with the list of the file in which they stand."""


def _frozen(value: Mapping[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(dict(value))


@attrs.frozen
class ClinicLocation:
    """A place at which hours are kept.

    Attributes:
        id: As in the file.
        name: For people.
        handle: Its number in schedules and requests.
        zone: The zone of hours that are kept there and name none.
    """

    id: str
    name: str
    handle: int
    zone: TimeZone


@attrs.frozen
class ClinicSkill:
    """Something that somebody is able to do, or that a room or a piece of equipment is good for.

    Attributes:
        id: As in the file.
        name: For people.
        handle: Its number in requirements.
    """

    id: str
    name: str
    handle: int


@attrs.frozen(eq=False)
class ClinicResource:
    """A provider, a room or a piece of equipment: anything with a calendar.

    Attributes:
        id: As in the file; providers, rooms and equipment share one set of ids.
        name: For people.
        kind: ``"provider"``, ``"room"`` or ``"equipment"``.
        handle: Its number in columns.
        calendar: Its hours.
        feeds: The names of the ``.ics`` files that hold further busy time of it. They are not opened here.
        skills: From the number of a skill to the level.
        groups: The numbers of the groups it belongs to.
        locations: The numbers of the places it can be at; none = it is bound to no place.
        weight: Its share of the work beside others.
        supervised: A junior, who counts only where a senior is present.
    """

    id: str
    name: str
    kind: str
    handle: int
    calendar: Calendar
    feeds: tuple[str, ...] = ()
    skills: Mapping[int, Proficiency] = attrs.field(factory=dict, converter=SkillLevels)
    groups: tuple[int, ...] = attrs.field(default=(), converter=tuple)
    locations: tuple[int, ...] = attrs.field(default=(), converter=tuple)
    weight: int = 1
    supervised: bool = False

    @property
    def resource(self) -> Resource:
        """The same as what roles are matched with.

        Raises:
            InvalidValueError: A weight of less than 1, a group or a place twice, or a room that is supervised.
        """
        return Resource(
            self.handle,
            ResourceKind(self.kind),
            self.calendar,
            skills=self.skills,
            groups=self.groups,
            locations=self.locations,
            weight=self.weight,
            supervised=self.supervised,
            name=self.name,
        )


@attrs.frozen(eq=False)
class ClinicService:
    """What is offered.

    Attributes:
        id: As in the file.
        name: For people.
        handle: Its number in columns.
        rules: One for each duration; the first is the usual one.
        policy: The clinic's policy with what this service changes in it, and the notice that its preparation takes.
        resources: The ids of those it can be booked with: each booking needs one of them, or, where it has ``roles``,
            the first role does.
        roles: What each visit needs; none = one of ``resources``.
        durations: How long it lasts for some.
        preparation: What must come before it.
        price: As in the file; never looked at.
    """

    id: str
    name: str
    handle: int
    rules: tuple[SlotRules, ...]
    policy: BookingPolicy
    resources: tuple[str, ...]
    roles: tuple[Role, ...] = ()
    durations: tuple[DurationRule, ...] = ()
    preparation: tuple[Preparation, ...] = ()
    price: str | float | None = None

    @property
    def takes_one(self) -> bool:
        """Whether each booking takes one of ``resources``, nothing else, and always for one of its usual durations.

        What takes more, or lasts longer for some, is a visit: the answer is who fills which role.
        """
        alone = not self.roles or (len(self.roles) == 1 and self.roles[0].count == 1 and not self.roles[0].supervision)
        return alone and not self.durations

    def buffers_for(self, kind: str) -> dict[str, timedelta]:
        """The buffers on a resource of this kind: those of the first role for that kind, or else the usual ones."""
        role = next((one for one in self.roles if one.kind == kind), None)
        found = self.rules[0] if role is None else role
        return {"buffer_before": found.buffer_before, "buffer_after": found.buffer_after}

    def service_type(
        self, resources: Mapping[str, ClinicResource], *, duration: timedelta | CalendarDays | None = None
    ) -> ServiceType:
        """The same as what visits are made of.

        Args:
            resources: Those of the clinic.
            duration: One of its durations, whatever its rules for some say; by default the usual one, and they do.

        Raises:
            InvalidValueError: Two roles of one name, or two durations for the same.
        """
        rules = self.rules[0]
        roles = self.roles
        if not roles:
            kind = resources[self.resources[0]].kind if self.resources else ResourceKind.PROVIDER
            among = [resources[key].handle for key in self.resources] or None
            before, after = rules.buffer_before, rules.buffer_after
            roles = (Role(ResourceKind(kind), among=among, buffer_before=before, buffer_after=after),)
        return ServiceType(
            self.handle,
            roles,
            rules.duration if duration is None else duration,
            durations=self.durations if duration is None else (),
            step=rules.step,
            alignment=rules.alignment,
            offset=rules.offset,
            seats=rules.seats,
            preparation=self.preparation,
            price=self.price,
            name=self.name,
        )

    def checked(self, resources: Mapping[str, ClinicResource]) -> ClinicService:
        """Itself, with the notice that its preparation takes, once nothing in it contradicts itself.

        Raises:
            InvalidValueError: As in ``service_type``, or a preparation beside a notice in opening time.
        """
        return attrs.evolve(self, policy=self.service_type(resources).with_lead(self.policy))


@attrs.frozen
class ClinicVisit:
    """A visit of several steps that is offered under one name.

    Attributes:
        id: As in the file; visits and services share one set of ids.
        name: For people.
        visit: Its steps, with services by their numbers.
        policy: The clinic's policy with what this visit changes in it.
    """

    id: str
    name: str
    visit: Visit
    policy: BookingPolicy


@attrs.frozen(eq=False)
class Clinic:
    """A practice: its services, resources, rules and bookings, ready to be asked about.

    Columns carry numbers and the file has ids, so each mapping here leads from an id to its object or its number, and
    ``names`` leads back.

    Attributes:
        name: For people.
        zone: The zone of every time in the file that names none.
        services: By id, in the order of the file.
        resources: Providers, then rooms, then equipment, by id, in the order of the file.
        locations: By id.
        policy: What holds for every service that says nothing else.
        bookings: In the order of the file; their numbers count from 1.
        booking_ids: From a booking's number to its id.
        clients, households, pets, groups: From the ids in bookings to their numbers.
        channels: From the ids of channels to their numbers, in the order of the file.
        skills: By id, in the order of the file.
        resource_groups: From the ids of groups of resources to their numbers, in the order in which they are named.
        visits: Visits of several steps, by id.
        queue: Who waits, by which policy; ``None`` = the file has no queue.
    """

    name: str
    zone: TimeZone
    services: Mapping[str, ClinicService] = attrs.field(converter=_frozen)
    resources: Mapping[str, ClinicResource] = attrs.field(converter=_frozen)
    locations: Mapping[str, ClinicLocation] = attrs.field(converter=_frozen)
    policy: BookingPolicy
    bookings: tuple[Booking, ...]
    booking_ids: Mapping[int, str] = attrs.field(converter=_frozen)
    clients: Mapping[str, int] = attrs.field(converter=_frozen)
    households: Mapping[str, int] = attrs.field(converter=_frozen)
    pets: Mapping[str, int] = attrs.field(converter=_frozen)
    groups: Mapping[str, int] = attrs.field(converter=_frozen)
    channels: Mapping[str, int] = attrs.field(converter=_frozen, factory=dict)
    skills: Mapping[str, ClinicSkill] = attrs.field(converter=_frozen, factory=dict)
    resource_groups: Mapping[str, int] = attrs.field(converter=_frozen, factory=dict)
    visits: Mapping[str, ClinicVisit] = attrs.field(converter=_frozen, factory=dict)
    queue: ClinicQueue | None = None

    def busy(self, known: Interval | IntervalSet = ALWAYS) -> BookingTable:
        """The bookings as a table. ``known=ALWAYS`` says that the file holds all the bookings there are."""
        return BookingTable.of(self.bookings, known=known)

    def calendars(self, ids: Iterable[str]) -> CalendarBatch:
        """A row for each of these resources, in this order, with its handle.

        Raises:
            InvalidValueError: No resource of that id, or one id twice.
        """
        chosen = [self._resource(key) for key in ids]
        return CalendarBatch.of([one.calendar for one in chosen], handles=[one.handle for one in chosen])

    def resource_table(self) -> ResourceTable:
        """Everybody and everything with hours, as rows in the order of the file, for matching and for visits."""
        return ResourceTable.of([one.resource for one in self.resources.values()])

    def _resource(self, key: str) -> ClinicResource:
        if key not in self.resources:
            msg = f"a resource is one of {', '.join(self.resources)}, got {key!r}"
            raise InvalidValueError(msg, got=key)
        return self.resources[key]

    def request(
        self,
        *,
        service: str | None = None,
        units: int = 1,
        client: str | None = None,
        household: str | None = None,
        pet: str | None = None,
        group: str | None = None,
        location: str | None = None,
        channel: str | None = None,
    ) -> Request:
        """Who asks, by the ids of the file. Somebody whom the file does not name has no bookings yet, and is welcome.

        Raises:
            InvalidValueError: A service, location or channel that the file does not have, or fewer than 1 unit.
        """
        ids: tuple[tuple[str, str | None, Mapping[str, object]], ...] = (
            ("service", service, self.services),
            ("location", location, self.locations),
            ("channel", channel, self.channels),
        )
        for what, key, known in ids:
            if key is not None and key not in known:
                msg = f"a {what} is one of {', '.join(known) or 'none'}, got {key!r}"
                raise InvalidValueError(msg, got=key)
        return Request(
            service=None if service is None else self.services[service].handle,
            units=units,
            client=_number(self.clients, client),
            household=_number(self.households, household),
            pet=_number(self.pets, pet),
            group=_number(self.groups, group),
            location=None if location is None else self.locations[location].handle,
            channel=None if channel is None else self.channels[channel],
        )

    @property
    def names(self) -> dict[str, dict[int, str]]:
        """From numbers back to ids, by kind of thing: what ``to_plain`` takes to write ids in place of numbers."""
        return {
            "resource": {one.handle: key for key, one in self.resources.items()},
            "service": {one.handle: key for key, one in self.services.items()},
            "booking": dict(self.booking_ids),
            "client": {number: key for key, number in self.clients.items()},
            "household": {number: key for key, number in self.households.items()},
            "pet": {number: key for key, number in self.pets.items()},
            "group": {number: key for key, number in self.groups.items()},
            "channel": {number: key for key, number in self.channels.items()},
            "skill": {one.handle: key for key, one in self.skills.items()},
            "resource_group": {number: key for key, number in self.resource_groups.items()},
            "location": {one.handle: key for key, one in self.locations.items()},
            "entry": {} if self.queue is None else dict(self.queue.entry_ids),
        }


def _number(known: Mapping[str, int], key: str | None) -> int | None:
    return None if key is None else known.get(key, len(known) + 1)
