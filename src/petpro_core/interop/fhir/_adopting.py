"""From what is published to a clinic of one's own."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final

import attrs

from petpro_core._checks import LONGEST
from petpro_core.availability import Calendar
from petpro_core.bookings import Allocation, Booking, BookingPolicy, BookingStatus
from petpro_core.errors import InvalidValueError, LimitExceededError
from petpro_core.interop.clinic import Clinic, ClinicResource, ClinicService
from petpro_core.interop.fhir._ids import distinct
from petpro_core.interop.fhir.model import PEOPLE, Concept, SlotStatus
from petpro_core.schedules import ClockRange, ExtraHours, Schedule, TimeOff
from petpro_core.slots import SlotRules
from petpro_core.timezones import as_zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from petpro_core.interop.fhir.model import PublishedSchedule, PublishedSlot, ScheduleBundle
    from petpro_core.intervals import Interval
    from petpro_core.timezones import TimeZone

__all__ = ["clinic_of_bundle"]

_DAY: Final = timedelta(days=1)
_MOST_OPENINGS: Final = 1_000_000
_VISIT: Final = Concept("visit", "Visit")


def clinic_of_bundle(bundle: ScheduleBundle, *, zone: TimeZone | str, name: str = "") -> Clinic:
    """A clinic that offers what is published, and nothing else.

    A provider or room for each schedule, except that all schedules of one person are one provider, because what takes a
    person's time takes it everywhere. Time of free, busy and tentative slots is opening time, each slot an opening of
    its own; busy slots are bookings, tentative ones holds until their own end, unavailable ones (and taken ones of more
    than 3,660 days) time off. A schedule of several people is the first one's, and what takes its time takes it of all
    of them. Each kind of
    service that free slots name is a service, whose durations are the lengths of those slots; a bundle that names none
    has the service ``visit``. Steps are as long as the longest slot, so that visits start where slots do.

        >>> from petpro_core.interop.fhir import read_bundle
        >>> text = '''{"resourceType": "Bundle", "type": "collection", "entry": [
        ...   {"resource": {"resourceType": "Schedule", "id": "7", "actor": [{"reference": "Practitioner/ana"}]}},
        ...   {"resource": {"resourceType": "Slot", "schedule": {"reference": "Schedule/7"}, "status": "free",
        ...     "start": "2026-11-23T09:00:00-05:00", "end": "2026-11-23T09:30:00-05:00"}}]}'''
        >>> clinic = clinic_of_bundle(read_bundle(text), zone="America/New_York")
        >>> list(clinic.resources), clinic.services["visit"].rules[0].duration
        (['ana'], datetime.timedelta(seconds=1800))

    Args:
        bundle: What is published.
        zone: The clinic's; days are counted in it. A key is taken too.
        name: The clinic's, for people.

    Raises:
        InvalidValueError: A free slot of more than 3,660 days, or no zone.
        LimitExceededError: Slots that come to more than 1,000,000 openings, one for each 24 hours.
        UnknownTimeZoneError: No zone of that key.

    Source: FHIR R4 (4.0.1), Schedule and Slot; ADR 8 (the grid of an opening), ADR 19.
    """
    home = as_zone(zone)
    _check(bundle)
    owners = _owners(bundle.schedules)
    # The numbers of a clinic: providers before rooms.
    owners.sort(key=lambda owner: owner.kind != "provider")
    resources = {one.id: one.resource(number, home) for number, one in enumerate(owners, 1)}
    # A slot of a schedule of several people is one booking, which takes the time of each.
    taken: dict[int, tuple[PublishedSlot, list[int]]] = {}
    for number, one in enumerate(owners, 1):
        for slot in one.bookings:
            taken.setdefault(id(slot), (slot, []))[1].append(number)
    ids = {number: slot.id or f"#{number}" for number, (slot, _) in enumerate(taken.values(), 1)}
    return Clinic(
        name=name,
        zone=home,
        services=_services(owners),
        resources=resources,
        locations={},
        policy=BookingPolicy(),
        bookings=tuple(_booking(number, slot, held) for number, (slot, held) in enumerate(taken.values(), 1)),
        booking_ids=ids,
        clients={},
        households={},
        pets={},
        groups={},
    )


def _check(bundle: ScheduleBundle) -> None:
    """Refuse slots that are too long, one by one and together, before they are cut into days."""
    openings = 0
    for schedule in bundle.schedules:
        for slot in schedule.slots:
            if _away(slot):
                continue
            if slot.interval.duration > LONGEST:
                msg = (
                    f"a free slot lasts {LONGEST.days} days at most, got {slot.interval} of the schedule {schedule.id}"
                )
                raise InvalidValueError(msg, schedule=schedule.id, slot=slot.id, got=slot.interval.duration)
            openings += -(-slot.interval.duration // _DAY)
    if openings > _MOST_OPENINGS:
        msg = f"slots come to at most {_MOST_OPENINGS} openings of a day, got {openings}; leave out the longest slots"
        raise LimitExceededError(msg, limit=_MOST_OPENINGS, got=openings, bound="openings")


@attrs.frozen
class _Owner:
    """Whose time it is, and everything that is published of it."""

    id: str
    name: str
    kind: str
    schedules: list[PublishedSchedule]
    shared: list[PublishedSchedule] = attrs.field(factory=list)

    @property
    def slots(self) -> list[PublishedSlot]:
        """Those that mean something: of a schedule that is not in use, or that another person has, nothing is free."""
        own = [slot for one in self.schedules for slot in one.slots if one.active or slot.status.busy]
        return own + [slot for one in self.shared for slot in one.slots if slot.status.busy]

    @property
    def bookings(self) -> list[PublishedSlot]:
        """What is booked or held, each time once; the first of several says how."""
        found: dict[tuple[Interval, SlotStatus], PublishedSlot] = {}
        for slot in self.slots:
            if slot.status.busy and not _away(slot):
                found.setdefault((slot.interval, slot.status), slot)
        return list(found.values())

    def resource(self, handle: int, home: TimeZone) -> ClinicResource:
        away = sorted({slot.interval for slot in self.slots if _away(slot)})
        # Slots are instants, so their hours are told by a clock that never changes; the home zone stands first.
        schedules = [Schedule(home), Schedule("UTC", extra=_openings(self.slots))]
        calendar = Calendar(schedules, [TimeOff(interval) for interval in away])
        return ClinicResource(self.id, self.name, self.kind, handle, calendar)


def _owners(schedules: Iterable[PublishedSchedule]) -> list[_Owner]:
    """Providers and rooms. The first person of a schedule has it, and its taken time takes that of the others too."""
    schedules = list(schedules)
    keys = _people(schedules)
    people: dict[tuple[str, ...], _Owner] = {}
    found: list[_Owner] = []
    taken: set[str] = set()
    for schedule in schedules:
        person = next((actor for actor in schedule.actors if actor.kind in PEOPLE), None)
        if person is not None and keys[person.reference] in people:
            people[keys[person.reference]].schedules.append(schedule)
            continue
        actor = person or schedule.actors[0]
        ident = distinct(schedule.id if not actor.id or actor.id in taken else actor.id, taken)
        taken.add(ident)
        owner = _Owner(ident, actor.display or ident, "room" if person is None else "provider", [schedule])
        found.append(owner)
        if person is not None:
            people[keys[person.reference]] = owner
    for schedule in schedules:
        everyone = dict.fromkeys(keys[one.reference] for one in schedule.actors if one.kind in PEOPLE)
        for other in list(everyone)[1:]:
            if other in people:
                people[other].shared.append(schedule)
    return found


def _people(schedules: Iterable[PublishedSchedule]) -> dict[str, tuple[str, ...]]:
    """Who is meant by each reference: a short one is the same person as the only long one that ends so."""
    named = {one.reference: one for schedule in schedules for one in schedule.actors if one.kind in PEOPLE}
    bases = {key: key.rpartition(f"{one.kind}/{one.id}")[0] for key, one in named.items()}
    several = Counter(which[:2] for which in {(one.kind, one.id, bases[key]) for key, one in named.items()} if which[2])
    return {key: (one.kind, one.id, bases[key] if several[one.kind, one.id] > 1 else "") for key, one in named.items()}


def _away(slot: PublishedSlot) -> bool:
    """Whether it is time off: as it says, or because nothing that lasts ten years and more is a visit."""
    return slot.status is SlotStatus.BUSY_UNAVAILABLE or (slot.status.busy and slot.interval.duration > LONGEST)


def _openings(slots: Iterable[PublishedSlot]) -> list[ExtraHours]:
    times = {slot.interval for slot in slots if not _away(slot)}
    return [_hours(start, end) for one in sorted(times) for start, end in _parts(one)]


def _parts(interval: Interval) -> list[tuple[datetime, datetime]]:
    """Its parts of at most 24 hours, which is the longest range of a day's hours."""
    parts, start = [], interval.start
    while interval.end - start > _DAY:
        parts.append((start, start + _DAY))
        start += _DAY
    return [*parts, (start, interval.end)]


def _hours(start: datetime, end: datetime) -> ExtraHours:
    first, last = start.astimezone(UTC), end.astimezone(UTC)
    return ExtraHours(first.date(), ClockRange(first.time(), last.time()))


def _booking(number: int, slot: PublishedSlot, resources: Sequence[int]) -> Booking:
    held = slot.status is SlotStatus.BUSY_TENTATIVE
    return Booking(
        number,
        [Allocation(resource, slot.interval) for resource in resources],
        status=BookingStatus.HELD if held else BookingStatus.CONFIRMED,
        # Nobody says when it lets go; until its end it is taken.
        held_until=slot.interval.end if held else None,
    )


def _services(owners: Sequence[_Owner]) -> dict[str, ClinicService]:
    longest = max((slot.interval.duration for one in owners for slot in one.slots if not _away(slot)), default=_DAY)
    offers: dict[tuple[Concept, str], list[tuple[str, timedelta]]] = {}
    for owner in owners:
        for schedule in owner.schedules:
            free = [slot for slot in schedule.slots if schedule.active and not slot.status.busy]
            for slot in free:
                for concept in slot.services or schedule.services or (_VISIT,):
                    offers.setdefault((concept, owner.kind), []).append((owner.id, slot.interval.duration))
    services: dict[str, ClinicService] = {}
    for number, ((concept, _), offered) in enumerate(offers.items(), 1):
        key = distinct(concept.code or concept.display, services)
        counts = Counter(lasting for _, lasting in offered)
        services[key] = ClinicService(
            id=key,
            name=concept.name,
            handle=number,
            rules=tuple(
                SlotRules(lasting, step=longest) for lasting in sorted(counts, key=lambda one: (-counts[one], one))
            ),
            policy=BookingPolicy(),
            resources=tuple(dict.fromkeys(ident for ident, _ in offered)),
        )
    return services
