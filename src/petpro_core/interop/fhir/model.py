"""Schedules and slots as FHIR R4 knows them: whose time it is, what of it is free or taken, and what is known."""

from __future__ import annotations

import enum
import re
from functools import cached_property
from typing import TYPE_CHECKING, Final

import attrs

from petpro_core._checks import NONE, as_choice, as_each, kind, whole
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import Interval, IntervalSet, from_us, to_us

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

__all__ = ["Actor", "Concept", "PublishedSchedule", "PublishedSlot", "ScheduleBundle", "SlotStatus"]

ID: Final = re.compile(r"[A-Za-z0-9.\-]{1,64}")
PEOPLE: Final = ("Practitioner", "PractitionerRole")
_REFERENCE: Final = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9.\-]{1,64})(?:/_history/[A-Za-z0-9.\-]{1,64})?")
_MOST: Final = 2**31 - 1


class SlotStatus(enum.StrEnum):
    """What a slot says of its time; ``entered-in-error`` is not one of these, for such a slot says nothing.

        >>> SlotStatus("busy-tentative").busy
        True

    Source: FHIR R4 (4.0.1), value set SlotStatus.
    """

    FREE = "free"
    BUSY = "busy"
    BUSY_UNAVAILABLE = "busy-unavailable"
    BUSY_TENTATIVE = "busy-tentative"

    @property
    def busy(self) -> bool:
        """Whether the time is taken, in whatever way."""
        return self is not SlotStatus.FREE


def referred(reference: str) -> tuple[str, str]:
    """The type and the id that a literal reference names; both are empty where it is of another form."""
    found = _REFERENCE.fullmatch(reference)
    return (found[1], found[2]) if found else ("", "")


def checked_id(_: object, field: attrs.Attribute[str], value: object) -> None:
    """A validator of ids of FHIR."""
    if not isinstance(value, str) or not ID.fullmatch(value):
        allowed = "1 to 64 of the letters A to Z and a to z, digits, hyphens and dots"
        msg = f"{field.name} is {allowed}, got {value!r}"
        raise InvalidValueError(msg, name=field.name, got=value, allowed=allowed)


def _checked_if_told(instance: object, field: attrs.Attribute[str], value: object) -> None:
    if value != "":
        checked_id(instance, field, value)


@attrs.frozen
class Actor:
    """Whose time a schedule tells: a person, a place, a device.

        >>> Actor("https://example.org/fhir/Practitioner/ana", "Dr. Ana Alvarez").kind
        'Practitioner'

    Attributes:
        reference: A literal reference, as ``Practitioner/ana``; empty where only a name is told.
        display: For people.

    Raises:
        InvalidValueError: Neither is told.

    Source: FHIR R4 (4.0.1), Schedule.actor and Reference.
    """

    reference: str = attrs.field(validator=kind(str))
    display: str = attrs.field(default="", validator=kind(str))

    def __attrs_post_init__(self) -> None:
        """Refuse an actor of whom nothing is told."""
        if not self.reference and not self.display:
            msg = "an actor has a reference or a display, got neither"
            raise InvalidValueError(msg, name="reference", got="")

    @property
    def kind(self) -> str:
        """The type of what is referred to; empty where the reference does not tell it."""
        return referred(self.reference)[0]

    @property
    def id(self) -> str:
        """The id of what is referred to; empty where the reference does not tell it."""
        return referred(self.reference)[1]


@attrs.frozen
class Concept:
    """A word for a kind of service: the first coding of a CodeableConcept, or its text.

        >>> Concept("checkup", "Check-up").name
        'Check-up'

    Attributes:
        code: As in its code system; empty where there is only text.
        display: For people.
        system: The code system's URI; empty for words of the practice's own.

    Raises:
        InvalidValueError: Neither a code nor a display, or a system without a code.

    Source: FHIR R4 (4.0.1), CodeableConcept.
    """

    code: str = attrs.field(validator=kind(str))
    display: str = attrs.field(default="", validator=kind(str))
    system: str = attrs.field(default="", validator=kind(str))

    def __attrs_post_init__(self) -> None:
        """Refuse a concept without a word."""
        if not self.code and (self.system or not self.display):
            msg = f"a concept has a code, or a display and no system, got {self.display!r} and {self.system!r}"
            raise InvalidValueError(msg, name="code", got="")

    @property
    def name(self) -> str:
        """What people are told."""
        return self.display or self.code


def _as_status(value: SlotStatus | str) -> SlotStatus:
    return as_choice(SlotStatus, "status", value)


def _as_concepts(value: Concept | Iterable[Concept]) -> tuple[Concept, ...]:
    return as_each(Concept, "services", value)


@attrs.frozen
class PublishedSlot:
    """A stretch of time, and whether it is free.

        >>> PublishedSlot(Interval.from_us(0, 1_800_000_000), "free").status
        <SlotStatus.FREE: 'free'>

    Attributes:
        interval: Its time.
        status: Free, or taken in one of three ways; the word is taken too.
        id: 1 to 64 letters, digits, hyphens and dots; empty = none.
        services: What may be booked in it, where that differs from its schedule's.
        capacity: How many may still book it, 0 to 2,147,483,647; ``None`` = not told.
        link: Where to book it; a URL, empty = not told.
        phone: Whom to call to book it, likewise.

    Raises:
        InvalidValueError: A value of another type, or one outside its bounds.

    Source: FHIR R4 (4.0.1), Slot; SMART Scheduling Links for capacity, link and phone.
    """

    interval: Interval = attrs.field(validator=kind(Interval))
    status: SlotStatus = attrs.field(converter=_as_status)
    id: str = attrs.field(default="", validator=_checked_if_told, kw_only=True)
    services: tuple[Concept, ...] = attrs.field(default=(), converter=_as_concepts, kw_only=True)
    capacity: int | None = attrs.field(default=None, validator=whole(0, _MOST, beside=(NONE,)), kw_only=True)
    link: str = attrs.field(default="", validator=kind(str), kw_only=True)
    phone: str = attrs.field(default="", validator=kind(str), kw_only=True)


def _as_actors(value: Actor | Iterable[Actor]) -> tuple[Actor, ...]:
    return as_each(Actor, "actors", value)


def _as_slots(value: PublishedSlot | Iterable[PublishedSlot]) -> tuple[PublishedSlot, ...]:
    return as_each(PublishedSlot, "slots", value)


def _joined(intervals: Iterable[Interval]) -> IntervalSet:
    pairs = [(one.start_us, one.end_us) for one in intervals]
    return IntervalSet.from_us([start for start, _ in pairs], [end for _, end in pairs])


@attrs.frozen
class PublishedSchedule:
    """One calendar as it is published: its actors, its slots, and the time that the slots cover.

        >>> hour = Interval.from_us(0, 3_600_000_000)
        >>> half = Interval.from_us(0, 1_800_000_000)
        >>> ana = PublishedSchedule(
        ...     "ana", Actor("Practitioner/ana"), [PublishedSlot(hour, "free"), PublishedSlot(half, "busy")]
        ... )
        >>> ana.free  # busy wins
        IntervalSet(1970-01-01 00:30 to 01:00 UTC)

    Attributes:
        id: 1 to 64 letters, digits, hyphens and dots.
        actors: At least one; a single one needs no list.
        slots: In any order; they may overlap.
        horizon: The time for which all slots are there; ``None`` = only what the slots say is known.
        services: What may be booked in slots that say nothing of their own.
        active: Whether it is in use; of one that is not, nothing is free.
        comment: For people.

    Raises:
        InvalidValueError: No actor, or a value of another type or outside its bounds.

    Source: FHIR R4 (4.0.1), Schedule; ADR 4 (unknown is not free).
    """

    id: str = attrs.field(validator=checked_id)
    actors: tuple[Actor, ...] = attrs.field(converter=_as_actors)
    slots: tuple[PublishedSlot, ...] = attrs.field(default=(), converter=_as_slots)
    horizon: Interval | None = attrs.field(default=None, validator=kind(Interval, NONE), kw_only=True)
    services: tuple[Concept, ...] = attrs.field(default=(), converter=_as_concepts, kw_only=True)
    active: bool = attrs.field(default=True, validator=kind(bool), kw_only=True)
    comment: str = attrs.field(default="", validator=kind(str), kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse a schedule of nobody."""
        if not self.actors:
            msg = f"a schedule has at least one actor, got none for {self.id}"
            raise InvalidValueError(msg, name="actors", id=self.id)

    @cached_property
    def busy(self) -> IntervalSet:
        """The time that any slot calls taken."""
        return _joined(slot.interval for slot in self.slots if slot.status.busy)

    @cached_property
    def free(self) -> IntervalSet:
        """The time that a slot calls free and no slot calls taken."""
        return _joined(slot.interval for slot in self.slots if self.active and not slot.status.busy) - self.busy

    @cached_property
    def known(self) -> IntervalSet:
        """The time of which something is known: the horizon, and the time of every slot."""
        told = _joined(slot.interval for slot in self.slots)
        return told if self.horizon is None else told | IntervalSet.of(self.horizon)


def _as_schedules(value: PublishedSchedule | Iterable[PublishedSchedule]) -> tuple[PublishedSchedule, ...]:
    return as_each(PublishedSchedule, "schedules", value)


def _as_instant(value: datetime | None) -> datetime | None:
    return None if value is None else from_us(to_us(value))


@attrs.frozen
class ScheduleBundle:
    """The schedules of one publication, with their slots.

        >>> ana = PublishedSchedule("ana", Actor("Practitioner/ana"))
        >>> len(ScheduleBundle(ana).schedules)
        1

    Attributes:
        schedules: In any order; a single one needs no list.
        timestamp: When it was put together; ``None`` = not told.

    Raises:
        InvalidValueError: One id for two schedules or for two slots, or a value of another type.
        NaiveDatetimeError: ``timestamp`` has no zone.

    Source: FHIR R4 (4.0.1), Bundle.
    """

    schedules: tuple[PublishedSchedule, ...] = attrs.field(converter=_as_schedules)
    timestamp: datetime | None = attrs.field(default=None, converter=_as_instant, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse ids that name two things."""
        slots = [slot.id for schedule in self.schedules for slot in schedule.slots if slot.id]
        for what, ids in (("schedule", [schedule.id for schedule in self.schedules]), ("slot", slots)):
            seen: set[str] = set()
            for one in ids:
                if one in seen:
                    msg = f"an id names one {what} of a bundle, got {one!r} twice"
                    raise InvalidValueError(msg, name="schedules", got=one)
                seen.add(one)
