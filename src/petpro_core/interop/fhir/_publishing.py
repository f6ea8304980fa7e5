"""From a clinic and its answers to what is published: which times are free, which are taken, and in which way."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core import _sweeps
from petpro_core._checks import as_kind
from petpro_core.bookings import BookingStatus, BookingTable
from petpro_core.bookings.table import FEED
from petpro_core.errors import InvalidValueError
from petpro_core.interop.fhir._ids import distinct
from petpro_core.interop.fhir.model import (
    Actor,
    Concept,
    PublishedSchedule,
    PublishedSlot,
    ScheduleBundle,
    SlotStatus,
)
from petpro_core.intervals import Interval, IntervalSet, to_us

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    import numpy.typing as npt

    from petpro_core.interop.clinic import Clinic, ClinicResource, ClinicService
    from petpro_core.intervals import Int64Array
    from petpro_core.slots import SlotTable

    Mask = npt.NDArray[np.bool_]

__all__ = ["bundle_of_clinic"]

_FIRM: Final = tuple(
    status.number
    for status in (
        BookingStatus.CONFIRMED,
        BookingStatus.CHECKED_IN,
        BookingStatus.IN_PROGRESS,
        BookingStatus.COMPLETED,
    )
)
_COLUMNS: Final = (
    *("start", "end", "occupied_start", "occupied_end", "booking", "units", "status", "held_until", "service", "seats"),
)


def bundle_of_clinic(
    clinic: Clinic,
    *,
    within: Interval,
    now: datetime,
    slots: Mapping[str, SlotTable],
    busy: BookingTable | None = None,
    resources: Iterable[str] | None = None,
) -> ScheduleBundle:
    """What a clinic publishes: a schedule for each provider and room, with its free slots and its taken time.

    Free slots are the starts that ``find_slots`` gave; nothing else is called free. A booking that keeps its time at
    ``now`` is ``busy``, a hold or a pending one that blocks ``busy-tentative``, and its buffers are
    ``busy-unavailable``. So are busy times of feeds and time that is not known. Where several units may be held at
    once, only the time in which all are held is taken; a class is taken once its seats are, and the capacity of a free
    slot tells how many are left. Nobody's name and no id of a booking is published.

        >>> from datetime import UTC, datetime
        >>> from petpro_core.interop.clinic import read_clinic
        >>> text = '''{"clinic": {"zone": "UTC"}, "providers": [{"id": "ana", "name": "Dr. Ana"}], "bookings": [
        ...   {"provider": "ana", "start": "2026-11-23T09:00Z", "end": "2026-11-23T09:30Z", "buffer_after": "5m"}]}'''
        >>> day = Interval(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC))
        >>> bundle = bundle_of_clinic(read_clinic(text, format="json"), within=day, now=day.start, slots={})
        >>> [(str(slot.status), slot.id) for slot in bundle.schedules[0].slots]
        [('busy', 'ana.busy.20261123T090000Z'), ('busy-unavailable', 'ana.busy-unavailable.20261123T093000Z')]

    Args:
        clinic: The clinic.
        within: The planning horizon: free slots start in it, and taken time that overlaps it is told.
        now: The moment of asking, aware; holds that have let go by then keep nothing.
        slots: By service id, the starts found for it, with the handles of the clinic's resources. Only these services
            are told of.
        busy: Bookings and feeds; the clinic's own bookings by default.
        resources: The ids of those whose schedules are published; all by default.

    Raises:
        InvalidValueError: A service or resource that the clinic does not have, or something else than a time.
        NaiveDatetimeError: ``now`` has no zone.

    Cost: linear in slots and bookings.

    Source: FHIR R4 (4.0.1), Schedule and Slot; ADR 5, ADR 10, ADR 19.
    """
    as_kind("within", within, Interval)
    ids = list(clinic.resources) if resources is None else list(resources)
    for what, keys, known in (("resource", ids, clinic.resources), ("service", slots, clinic.services)):
        for key in keys:
            if key not in known:
                msg = f"a {what} is one of {', '.join(known) or 'none'}, got {key!r}"
                raise InvalidValueError(msg, name=f"{what}s", got=key)
    asked = _Asked(clinic, within, to_us(now), clinic.busy() if busy is None else busy, slots)
    named: set[str] = set()
    schedules = []
    for key in ids:
        ident = distinct(key, named)
        named.add(ident)
        schedules.append(_schedule(asked, clinic.resources[key], ident))
    return ScheduleBundle(schedules, timestamp=now)


@attrs.frozen(eq=False)
class _Asked:
    """The question, the same for every resource."""

    clinic: Clinic
    within: Interval
    now_us: int
    busy: BookingTable
    slots: Mapping[str, SlotTable]
    taken: set[str] = attrs.field(factory=set)


def _schedule(asked: _Asked, one: ClinicResource, ident: str) -> PublishedSchedule:
    rows = _Rows.of(asked, one)
    free = list(_free(asked, one, rows))
    # A session with seats left is offered as the free slot of its service; calling it taken too would hide it.
    joinable = {(service.handle, slot.interval) for service, slot in free if service.rules[0].seats is not None}
    told = [slot for _, slot in free]
    told += rows.taken(one.calendar.capacity, joinable, asked.within)
    told += rows.fed(asked.within)
    told += [PublishedSlot(i, SlotStatus.BUSY_UNAVAILABLE) for i in _unknown(asked, one)]
    offered = [asked.clinic.services[key] for key in asked.slots if one.id in asked.clinic.services[key].resources]
    kind = "Practitioner" if one.kind == "provider" else "Location"
    return PublishedSchedule(
        ident,
        Actor(f"{kind}/{ident}", one.name),
        _numbered(ident, told, asked.taken),
        horizon=asked.within,
        services=[_concept(service) for service in offered],
    )


def _concept(service: ClinicService) -> Concept:
    return Concept(service.id, service.name)


def _numbered(ident: str, slots: list[PublishedSlot], taken: set[str]) -> list[PublishedSlot]:
    """The slots in order of time, each with an id that says whose, what and when."""
    found = []
    for slot in sorted(slots, key=lambda slot: (slot.interval, slot.status, *(one.code for one in slot.services))):
        start = slot.interval.start.astimezone(UTC)
        form = "%Y%m%dT%H%M%SZ" if not start.microsecond else "%Y%m%dT%H%M%S.%fZ"
        what = slot.services[0].code if slot.services else str(slot.status)
        key = distinct(f"{ident}.{what}.{start:{form}}", taken)
        taken.add(key)
        found.append(attrs.evolve(slot, id=key))
    return found


def _unknown(asked: _Asked, one: ClinicResource) -> IntervalSet:
    table = asked.busy
    mine = table.unknown_resource == one.handle
    blind = IntervalSet.from_us(table.unknown_start[mine], table.unknown_end[mine])
    return (blind | (IntervalSet.of(asked.within) - table.known)).within(asked.within)


# --- what is free -----------------------------------------------------------------------------------------------------


def _free(asked: _Asked, one: ClinicResource, rows: _Rows) -> Iterator[tuple[ClinicService, PublishedSlot]]:
    for key, table in asked.slots.items():
        service = asked.clinic.services[key]
        mine = np.flatnonzero((table.handles == one.handle)[table.rows])
        starts, ends = table.starts[mine].tolist(), table.ends[mine].tolist()
        for start, end, number in zip(starts, ends, table.rule[table.rows[mine]].tolist(), strict=True):
            rules = table.rules[number]
            if rules.seats is not None:
                left: int | None = rules.seats - rows.seated(service.handle, start, end)
            elif one.calendar.capacity > 1:
                before, after = rules.buffers_us
                left = one.calendar.capacity - rows.most_units(start - before, end + after)
            else:
                left = None
            interval = Interval.from_us(start, end)
            yield service, PublishedSlot(interval, SlotStatus.FREE, services=_concept(service), capacity=left)


# --- what is taken ----------------------------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class _Rows:
    """The rows of one resource that keep their time, as columns.

    Attributes:
        columns: By name; feeds are not among them.
        feed: The rows of feeds: start and end.
        times: When the units held change, in order.
        cover: The units held from each of them on.
    """

    columns: dict[str, Int64Array]
    feed: tuple[Int64Array, Int64Array]
    times: Int64Array
    cover: Int64Array

    @classmethod
    def of(cls, asked: _Asked, one: ClinicResource) -> _Rows:
        table = asked.busy
        first, last = np.searchsorted(table.resource, [one.handle, one.handle + 1])
        columns = {name: table.column(name)[first:last] for name in _COLUMNS}
        status = columns["status"]
        blocks = np.isin(status, _FIRM)
        blocks |= (status == BookingStatus.HELD.number) & (columns["held_until"] > asked.now_us)
        if asked.clinic.policy.pending_blocks:
            blocks |= status == BookingStatus.PENDING.number
        fed = blocks & (columns["booking"] == FEED)
        feed = columns["start"][fed], columns["end"][fed]
        columns = {name: column[blocks & ~fed] for name, column in columns.items()}
        starts, ends, units = columns["occupied_start"], columns["occupied_end"], columns["units"]
        times = np.concatenate([ends, starts])
        order = times.argsort(kind="stable")
        return cls(columns, feed, times[order], np.concatenate([-units, units])[order].cumsum())

    def seated(self, service: int, start: int, end: int) -> int:
        """How many seats of a session are taken."""
        c = self.columns
        mine = (c["service"] == service) & (c["start"] == start) & (c["end"] == end) & (c["seats"] > 0)
        return int(c["units"][mine].sum())

    def most_units(self, start: int, end: int) -> int:
        """The most units that are held at one instant of ``[start, end)``."""
        first = int(self.times.searchsorted(start, "right")) - 1
        last = int(self.times.searchsorted(end, "left"))
        return int(self.cover[max(first, 0) : last].max(initial=0))

    def fed(self, within: Interval) -> list[PublishedSlot]:
        """Busy time of feeds, whoever else it concerns."""
        times = IntervalSet.from_us(*self.feed).within(within)
        return [PublishedSlot(interval, SlotStatus.BUSY_UNAVAILABLE) for interval in times]

    def taken(self, capacity: int, joinable: set[tuple[int, Interval]], within: Interval) -> list[PublishedSlot]:
        """The bookings, one by one where each takes all; else the time in which all units are held."""
        c = self.columns
        near = (c["occupied_start"] < within.end_us) & (c["occupied_end"] > within.start_us)
        session = c["seats"] > 0
        plain = near & ~session
        slots = self._full(plain, capacity) if capacity > 1 else self._visits(np.flatnonzero(plain))
        rows = np.flatnonzero(near & session)
        _, first = np.unique(
            np.stack([c[name][rows] for name in ("service", "start", "end")]), axis=1, return_index=True
        )
        kept = [i for i in rows[first].tolist() if (int(c["service"][i]), self._visit(i)) not in joinable]
        return slots + self._visits(np.array(kept, np.int64))

    def _visit(self, row: int) -> Interval:
        return Interval.from_us(int(self.columns["start"][row]), int(self.columns["end"][row]))

    def _visits(self, rows: Int64Array) -> list[PublishedSlot]:
        slots = []
        for row in rows.tolist():
            low, start, end, high = (
                int(self.columns[name][row]) for name in ("occupied_start", "start", "end", "occupied_end")
            )
            firm = self.columns["status"][row] in _FIRM
            slots.append(
                PublishedSlot(Interval.from_us(start, end), SlotStatus.BUSY if firm else SlotStatus.BUSY_TENTATIVE)
            )
            buffers = [(first, last) for first, last in ((low, start), (end, high)) if first < last]
            slots += [PublishedSlot(Interval.from_us(*pair), SlotStatus.BUSY_UNAVAILABLE) for pair in buffers]
        return slots

    def _full(self, plain: Mask, capacity: int) -> list[PublishedSlot]:
        """Where all units are held: for certain, and beyond that by what may yet let go."""
        firm = plain & np.isin(self.columns["status"], _FIRM)
        certain, all_held = (self._reaching(mask, capacity) for mask in (firm, plain))
        slots = [PublishedSlot(interval, SlotStatus.BUSY) for interval in certain]
        return slots + [PublishedSlot(interval, SlotStatus.BUSY_TENTATIVE) for interval in all_held - certain]

    def _reaching(self, mask: Mask, capacity: int) -> IntervalSet:
        starts, ends, units = (self.columns[name][mask] for name in ("occupied_start", "occupied_end", "units"))
        return IntervalSet.from_us(*_sweeps.at_least_units(starts, ends, units, capacity))
