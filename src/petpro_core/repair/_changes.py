"""What may happen to a practice, as values: somebody is away, a room is closed, hours, zones or a policy are new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from petpro_core._checks import as_each, as_kind, as_whole, kind, whole
from petpro_core.availability import Calendar, CalendarBatch
from petpro_core.bookings import BookingPolicy
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import ALWAYS, Interval
from petpro_core.recurrence import Recurrence
from petpro_core.schedules import Schedule, TimeOff
from petpro_core.timezones import TimeZone

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "Absence",
    "Change",
    "NewHours",
    "NewPolicy",
    "NewZoneData",
    "ResourceClosed",
    "changed_calendars",
    "changed_policy",
    "of_handle",
    "several",
]


def _as_time_off(value: TimeOff | Iterable[TimeOff]) -> tuple[TimeOff, ...]:
    return as_each(TimeOff, "time_off", value)


def _as_numbers(value: Iterable[int]) -> frozenset[int]:
    return frozenset(as_whole("fixed", number) for number in value)


@attrs.frozen
class Absence:
    """Time off for one resource: "Dr A is ill on Tuesday".

        >>> from datetime import date
        >>> ill = Absence(7, TimeOff.on(date(2026, 11, 24), zone="Europe/Berlin", name="ill"))
        >>> ill.time_off[0].name
        'ill'

    Attributes:
        resource: The handle of the resource, 0 or more.
        time_off: When it is away; a single one needs no list. It is added to what the calendar has.

    Raises:
        InvalidValueError: A handle that is none, or something else than time off.

    Source: ADR 6 (time off wins over hours).
    """

    resource: int = attrs.field(validator=whole())
    time_off: tuple[TimeOff, ...] = attrs.field(converter=_as_time_off)


@attrs.frozen
class ResourceClosed:
    """A resource that takes nothing: "room 2 is closed", for some time or for good.

        >>> ResourceClosed(20).name
        'closed'

    Attributes:
        resource: The handle of the resource, 0 or more.
        within: When it is closed; by default always.
        name: What a person is told.

    Raises:
        InvalidValueError: A value of another type, or a handle that is none.

    Source: ADR 6.
    """

    resource: int = attrs.field(validator=whole())
    within: Interval = attrs.field(default=ALWAYS, validator=kind(Interval))
    name: str = attrs.field(default="closed", validator=kind(str))


@attrs.frozen
class NewHours:
    """Another calendar for one resource: its hours, its time off and its capacity are replaced.

        >>> NewHours(7, Calendar(Schedule("Europe/Berlin"))).resource
        7

    Attributes:
        resource: The handle of the resource, 0 or more.
        calendar: What holds from now on.

    Raises:
        InvalidValueError: A value of another type, or a handle that is none.

    Source: ADR 6.
    """

    resource: int = attrs.field(validator=whole())
    calendar: Calendar = attrs.field(validator=kind(Calendar))


@attrs.frozen
class NewZoneData:
    """A zone whose rules were changed: another ``TimeZone`` of the same key takes its place wherever that key stands.

    Hours, recurring absences and caps follow the wall clock. So do bookings, because people are promised a time on the
    wall: one that lies ahead keeps its wall time and moves on the UTC line, unless it is among ``fixed``. Time off that
    is an interval was said in instants and stays where it is.

        >>> from datetime import timedelta
        >>> NewZoneData(TimeZone.fixed(timedelta(hours=2))).zone.key
        'UTC+02:00'

    Attributes:
        zone: The zone with its new rules.
        fixed: The numbers of bookings that were promised as instants and stay there.

    Raises:
        InvalidValueError: A value of another type, or a number that is none.

    Source: ADR 7 (zones), ADR 8 (hours by the wall clock).
    """

    zone: TimeZone = attrs.field(validator=kind(TimeZone))
    fixed: frozenset[int] = attrs.field(converter=_as_numbers, default=())


@attrs.frozen
class NewPolicy:
    """Another policy: a cap that was lowered, a gap that was widened.

        >>> NewPolicy(BookingPolicy(pending_blocks=True)).policy.pending_blocks
        True

    Attributes:
        policy: What holds from now on.

    Raises:
        InvalidValueError: A value of another type.

    Source: ADR 11.
    """

    policy: BookingPolicy = attrs.field(validator=kind(BookingPolicy))


Change = Absence | ResourceClosed | NewHours | NewZoneData | NewPolicy
"""Everything that may change beside bookings and time."""

_KINDS = (Absence, ResourceClosed, NewHours, NewZoneData, NewPolicy)


def several(change: Change | Sequence[Change]) -> tuple[Change, ...]:
    """One change or several, in order."""
    every = (change,) if isinstance(change, _KINDS) else tuple(change)
    for one in every:
        as_kind("change", one, *_KINDS)
    return every


def of_handle(change: Change, calendar: Calendar) -> Calendar:
    """The calendar of the resource that a change is about, afterwards; or of any resource, for new zone data."""
    if isinstance(change, Absence):
        return attrs.evolve(calendar, time_off=(*calendar.time_off, *change.time_off))
    if isinstance(change, ResourceClosed):
        return attrs.evolve(calendar, time_off=(*calendar.time_off, TimeOff(change.within, change.name)))
    if isinstance(change, NewHours):
        return change.calendar
    return _rezoned(calendar, change.zone) if isinstance(change, NewZoneData) else calendar


def changed_policy(policy: BookingPolicy, change: Change | Sequence[Change]) -> BookingPolicy:
    """The policy afterwards: a new one, or the same with caps that are counted by new zone data."""
    for one in several(change):
        if isinstance(one, NewPolicy):
            policy = one.policy
        elif isinstance(one, NewZoneData) and any(_stale(cap.zone, one.zone) for cap in policy.caps):
            caps = [attrs.evolve(cap, zone=one.zone) if _stale(cap.zone, one.zone) else cap for cap in policy.caps]
            policy = attrs.evolve(policy, caps=caps)
    return policy


def changed_calendars(
    calendars: Calendar | CalendarBatch | Sequence[Calendar], change: Change | Sequence[Change]
) -> CalendarBatch:
    """The rows of a search once something has changed; the handles stay.

        >>> from petpro_core.schedules import WeeklyHours
        >>> week = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-17:00"]})))
        >>> rows = changed_calendars(CalendarBatch.of([week, week], [7, 8]), ResourceClosed(8))
        >>> [len(rows.distinct[number].time_off) for number in rows.index.tolist()]
        [0, 1]

    Args:
        calendars: The rows, as in ``find_slots``.
        change: What changes, one or several in order; about a resource that is no row it changes nothing.

    Raises:
        InvalidValueError: Something else than calendars and changes.

    Source: ADR 6, ADR 7.
    """
    batch = CalendarBatch.of(calendars)
    for one in several(change):
        batch = _rezoned_rows(batch, one) if isinstance(one, NewZoneData) else _changed_row(batch, one)
    return batch


def _changed_row(batch: CalendarBatch, change: Change) -> CalendarBatch:
    """The rows with the one that a change is about; all as they are where none is."""
    rows = () if isinstance(change, NewPolicy) else (batch.handles == _resource(change)).nonzero()[0].tolist()
    for row in rows:
        capacity = int(batch.capacities[row])
        old = attrs.evolve(batch.distinct[int(batch.index[row])], capacity=capacity)
        fresh = of_handle(change, old)
        index, capacities = batch.index.copy(), batch.capacities.copy()
        index[row], capacities[row] = len(batch.distinct), fresh.capacity
        # Without the calendar that no row has any more.
        return CalendarBatch((*batch.distinct, fresh), index, batch.handles, capacities).rows(0, len(batch))
    return batch


def _resource(change: Any) -> int:  # noqa: ANN401 - each kind of change that reaches this has one
    number: int = change.resource
    return number


def _rezoned_rows(batch: CalendarBatch, change: NewZoneData) -> CalendarBatch:
    fresh = tuple(_rezoned(calendar, change.zone) for calendar in batch.distinct)
    if all(one is other for one, other in zip(fresh, batch.distinct, strict=True)):
        return batch
    return attrs.evolve(batch, distinct=fresh)


def _stale(zone: TimeZone | None, fresh: TimeZone) -> bool:
    return zone is not None and zone.key == fresh.key and zone != fresh


def _rezoned(calendar: Calendar, zone: TimeZone) -> Calendar:
    """A calendar in which a zone has new data; the same object where its key does not stand, or says nothing new."""
    schedules = tuple(_rezoned_schedule(schedule, zone) for schedule in calendar.schedules)
    absences = tuple(_rezoned_absence(off, zone) for off in calendar.time_off)
    same = zip((*schedules, *absences), (*calendar.schedules, *calendar.time_off), strict=True)
    if all(one is other for one, other in same):
        return calendar
    return attrs.evolve(calendar, schedules=schedules, time_off=absences)


def _rezoned_schedule(schedule: Schedule, zone: TimeZone) -> Schedule:
    travel = tuple(attrs.evolve(one, zone=zone) if _stale(one.zone, zone) else one for one in schedule.travel)
    if not _stale(schedule.zone, zone) and travel == schedule.travel:
        return schedule
    return attrs.evolve(schedule, zone=zone if _stale(schedule.zone, zone) else schedule.zone, travel=travel)


def _rezoned_absence(off: TimeOff, zone: TimeZone) -> TimeOff:
    if isinstance(off.when, Recurrence) and _stale(off.when.zone, zone):
        return attrs.evolve(off, when=attrs.evolve(off.when, zone=zone))
    return off


def same_rows(before: CalendarBatch, after: CalendarBatch) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which rows have the same calendar and capacity in both batches of the same handles."""
    numbers = {id(calendar): number for number, calendar in enumerate((*before.distinct, *after.distinct))}
    own = [np.array([numbers[id(one)] for one in batch.distinct], np.int64)[batch.index] for batch in (before, after)]
    same: np.ndarray[tuple[int], np.dtype[np.bool_]] = (own[0] == own[1]) & (before.capacities == after.capacities)
    return same


def check_not_policy(change: Change | Sequence[Change]) -> None:
    """Refuse a new policy where the rows that change are what is asked for."""
    if any(isinstance(one, NewPolicy) for one in several(change)):
        msg = "a new policy may move every start of every row; ask find_slots again instead of for a delta"
        raise InvalidValueError(msg, name="change")
