"""A clinic as read from its file: objects with ids, and the numbers that stand for them in columns."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs

from petpro_core.availability import CalendarBatch
from petpro_core.bookings import BookingTable, Request
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import ALWAYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from petpro_core.availability import Calendar
    from petpro_core.bookings import Booking, BookingPolicy
    from petpro_core.intervals import Interval, IntervalSet
    from petpro_core.slots.rules import SlotRules
    from petpro_core.timezones import TimeZone

__all__ = ["Clinic", "ClinicLocation", "ClinicResource", "ClinicService"]


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


@attrs.frozen(eq=False)
class ClinicResource:
    """A provider or a room: anything with a calendar.

    Attributes:
        id: As in the file; providers and rooms share one set of ids.
        name: For people.
        kind: ``"provider"`` or ``"room"``.
        handle: Its number in columns.
        calendar: Its hours.
        feeds: The names of the ``.ics`` files that hold further busy time of it. They are not opened here.
    """

    id: str
    name: str
    kind: str
    handle: int
    calendar: Calendar
    feeds: tuple[str, ...] = ()


@attrs.frozen(eq=False)
class ClinicService:
    """What is offered.

    Attributes:
        id: As in the file.
        name: For people.
        handle: Its number in columns.
        rules: One for each duration; the first is the usual one.
        policy: The clinic's policy with what this service changes in it.
        resources: The ids of the providers or rooms it can be booked with; each booking needs one of them.
    """

    id: str
    name: str
    handle: int
    rules: tuple[SlotRules, ...]
    policy: BookingPolicy
    resources: tuple[str, ...]


@attrs.frozen(eq=False)
class Clinic:
    """A practice: its services, resources, rules and bookings, ready to be asked about.

    Columns carry numbers and the file has ids, so each mapping here leads from an id to its object or its number, and
    ``names`` leads back.

    Attributes:
        name: For people.
        zone: The zone of every time in the file that names none.
        services: By id, in the order of the file.
        resources: Providers, then rooms, by id, in the order of the file.
        locations: By id.
        policy: What holds for every service that says nothing else.
        bookings: In the order of the file; their numbers count from 1.
        booking_ids: From a booking's number to its id.
        clients, households, pets, groups: From the ids in bookings to their numbers.
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
    ) -> Request:
        """Who asks, by the ids of the file. Somebody whom the file does not name has no bookings yet, and is welcome.

        Raises:
            InvalidValueError: A service or location that the file does not have, or fewer than 1 unit.
        """
        for what, key, known in (("service", service, self.services), ("location", location, self.locations)):
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
        }


def _number(known: Mapping[str, int], key: str | None) -> int | None:
    return None if key is None else known.get(key, len(known) + 1)
