"""A clinic as one calendar: hours and absences as VAVAILABILITY, bookings as events, and the rest in words of our own.

iCalendar has no words for services, policies and the names of breaks. Those stand as keys of a clinic file, in JSON, in
properties X-PETPRO-..., and are believed only where they say the same as the components that everybody reads: what
somebody changes in another program counts. Source: RFC 5545, RFC 7953; ADR 17.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Final, NoReturn

import attrs

from petpro_core.availability import Calendar, open_hours
from petpro_core.errors import InvalidClinicError, InvalidValueError
from petpro_core.interop import clinic as clinic_file
from petpro_core.interop.clinic.model import KINDS
from petpro_core.interop.clinic.writing import clinic_tree
from petpro_core.interop.ical._hours_in import calendar_of
from petpro_core.interop.ical._hours_out import (
    ABSENCE_PRIORITY,
    LONGEST_REACH,
    absence_components,
    absences_of,
    hours_component,
    reach_of,
)
from petpro_core.interop.ical._layers import read_available, read_layer, read_reach
from petpro_core.interop.ical._lines import as_bytes, invalid, read_calendars, unescaped
from petpro_core.interop.ical._model import ContentLine, write_calendar
from petpro_core.interop.ical._pieces import Zones, calendar_around, stamp
from petpro_core.interop.ical._reading import Reading
from petpro_core.interop.ical._recall import WRITTEN_BY_US, Tree, memory, recalled
from petpro_core.interop.ical._rules import Budget
from petpro_core.interop.ical._visits import read_visit, visit_component
from petpro_core.interop.ical._zones import CalendarZones
from petpro_core.intervals import ALWAYS, IntervalSet
from petpro_core.timezones import load_zone

if TYPE_CHECKING:
    from datetime import datetime

    from petpro_core.interop.clinic import Clinic
    from petpro_core.interop.ical._lines import Component, Property
    from petpro_core.interop.ical._model import CalendarComponent
    from petpro_core.intervals import Interval

__all__ = ["read_clinic", "write_clinic"]

_CLINIC: Final = "X-PETPRO-CLINIC"
_RESOURCE: Final = "X-PETPRO-RESOURCE"
_HOURS: Final = "X-PETPRO-HOURS"
_KINDS: Final = dict(KINDS)
_AROUND: Final = ("clinic", "locations", "skills", "services", "visits", "policy", "queue")
_PLACE: Final = re.compile(r"(bookings|providers|rooms|equipment)\[(\d+)\]")
_LIMIT: Final = 1_000_000


def write_clinic(
    clinic: Clinic, *, now: datetime, first: date | None = None, last: date | None = None, uid: str = "petpro"
) -> str:
    """Write a clinic as one iCalendar text that ``read_clinic`` reads back equal; what it cannot say is refused.

    Every provider and room has a VAVAILABILITY with its hours and one for each absence, every booking is a VEVENT with
    the ids of what it holds in RESOURCES. Other programs read the very hours (of the days from ``first`` to ``last``)
    and bookings; services and policies are for PetPro alone. Of clients and pets an event has the ids of the clinic.

        >>> from datetime import UTC, datetime
        >>> from petpro_core.interop.clinic import read_clinic as read_file
        >>> clinic = read_file('{"clinic": {"zone": "UTC"}, "rooms": [{"id": "hall"}]}', format="json")
        >>> text = write_clinic(clinic, now=datetime(2026, 3, 1, tzinfo=UTC))
        >>> read_clinic(text).resources["hall"].kind
        'room'

    Args:
        clinic: The clinic.
        now: When the text is made (DTSTAMP).
        first: The first local day whose hours are written; the first of January of the year of ``now``.
        last: The last one, at most ten years later; the end of the year after.
        uid: What stands behind the ``@`` in the UIDs of events; a name that no other clinic has.

    Raises:
        InvalidValueError: Times with parts of a second, days out of order, or what a clinic file cannot say.
        InvalidClinicError: Likewise, where the reader of clinic files refuses it; ``key`` says what.

    Cost: what is written is read back, twice. Source: RFC 5545, RFC 7953; ADR 17.
    """
    tree: Tree = json.loads(clinic_file.write_clinic(clinic, format="json"))
    year = clinic.zone.to_local(now).year
    first, last = first or date(year, 1, 1), last or date(min(year, date.max.year - 2) + 1, 12, 31)
    zones, made = Zones(), stamp(now)
    places = {one.handle: one.name for one in clinic.locations.values()}
    parts: list[CalendarComponent] = []
    for kind, several in _KINDS.items():
        for node in tree.get(several, ()):
            resource = clinic.resources[node["id"]]
            own = ContentLine.of_text(_RESOURCE, resource.id)
            head = [made, ContentLine.of_text("SUMMARY", resource.name), own, memory(_HOURS, {kind: node})]
            name = f"hours-{resource.id}@{uid}"
            reach = reach_of(resource.calendar.zone, first, last)
            parts.append(
                hours_component(resource.calendar.schedules, reach, zones=zones, head=head, uid=name, places=places)
            )
            parts += absence_components(resource.calendar, reach, head=[made, own], uid=name)
    parts += [
        visit_component(node, booking, clinic, made=made, uid=uid)
        for node, booking in zip(tree.get("bookings", ()), clinic.bookings, strict=True)
    ]
    around = memory(_CLINIC, {key: tree[key] for key in _AROUND if key in tree})
    text = write_calendar(calendar_around(parts, zones, name=clinic.name, lines=[around]))
    if clinic_tree(read_clinic(text, max_bytes=len(text) * 4)) != tree:
        msg = "iCalendar cannot say this clinic: it would come back different"
        raise InvalidValueError(msg)
    return text


def read_clinic(text: str | bytes, *, max_bytes: int = 20_000_000) -> Clinic:
    """Read a clinic from a calendar that ``write_clinic`` has written, also after another program has changed it.

    What PetPro wrote beside the standard's own words is believed where both say the same. Hours that were changed
    become schedules as ``read_hours`` makes them; a moved event is a moved booking, with its buffers; a new event is a
    booking of what its RESOURCES name.

        >>> from datetime import UTC, datetime
        >>> from petpro_core.interop.clinic import read_clinic as read_file
        >>> clinic = read_file(
        ...     '{"clinic": {"zone": "UTC"}, "rooms": [{"id": "hall"}], "bookings": '
        ...     '[{"room": "hall", "start": "2026-03-02T09:00", "end": "2026-03-02T10:00"}]}',
        ...     format="json",
        ... )
        >>> text = write_clinic(clinic, now=datetime(2026, 3, 1, tzinfo=UTC))
        >>> moved = text.replace("DTEND:20260302T100000Z", "DTEND:20260302T103000Z")
        >>> str(read_clinic(moved).bookings[0].allocations[0].interval)
        'Interval(2026-03-02 09:00 to 10:30 UTC)'

    Args:
        text: The text, or its bytes in UTF-8, or in UTF-16 with a byte order mark.
        max_bytes: The largest text.

    Raises:
        InvalidCalendarError: It cannot be read, was not written by PetPro, or says what a clinic cannot (``line``,
            ``name``, ``got``, ``allowed``).
        LimitExceededError: The text is larger than ``max_bytes``.
        InvalidValueError: ``max_bytes`` is below 1.

    Source: RFC 5545, RFC 7953; ADR 17; ``docs/reference/icalendar.md`` lists what is read.
    """
    calendars = read_calendars(as_bytes(text, max_bytes=max_bytes), whole=True)
    calendar = calendars[0]
    if len(calendars) > 1:
        rule = "a clinic is one VCALENDAR"
        raise invalid(rule, line=calendars[1].line, name="BEGIN", got="another one", allowed=WRITTEN_BY_US)
    for component in (calendar, *calendar.children):
        if component.broken:
            raise component.broken[0]
    reader = _ClinicReader(calendar)
    return reader.clinic(max_bytes)


class _ClinicReader:
    """One calendar on its way to a clinic: its tree, and the component that each part of the tree comes from."""

    def __init__(self, calendar: Component) -> None:
        """Read what stands around everything."""
        self.calendar = calendar
        self.zones = CalendarZones(calendar, within=ALWAYS, floating=load_zone("UTC"), budget=Budget(_LIMIT))
        self.around = calendar.needed(_CLINIC)
        self.tree = recalled(self.around, _AROUND)
        self.sources: dict[str, list[Property | Component]] = {key: [] for key in (*_KINDS.values(), "bookings")}
        self.hours: dict[str, list[Component]] = {}

    def clinic(self, max_bytes: int) -> Clinic:
        """Put the clinic together."""
        for component in self.calendar.children:
            if component.name == "VAVAILABILITY":
                self._resource(component)
        for component in self.calendar.children:
            if component.name == "VEVENT":
                self.sources["bookings"].append(component)
                self.tree.setdefault("bookings", []).append(read_visit(component, self.zones))
        for key, components in self.hours.items():
            told = [component for component in components if component.every(_HOURS)]
            if len(told) != 1:
                rule = f"each resource has one VAVAILABILITY with {_HOURS}"
                raise invalid(rule, line=components[-1].line, name=_HOURS, got=f"{len(told)} of {key}", allowed="one")
        text = json.dumps(self.tree)
        try:
            clinic = clinic_file.read_clinic(text, format="json", max_bytes=max(1, max_bytes, len(text)))
        except InvalidClinicError as error:
            self._blame(error)
        resources = {
            key: attrs.evolve(one, calendar=self._calendar(one.calendar, self.hours[key]))
            for key, one in clinic.resources.items()
        }
        return attrs.evolve(clinic, resources=resources)

    def _blame(self, error: InvalidClinicError) -> NoReturn:
        """Say on which line stands what a clinic cannot be made of."""
        match = _PLACE.match(error.key)
        if match is None:
            raise self.around.error(error.message, got=str(error.got), allowed=error.allowed) from None
        source = self.sources[match[1]][int(match[2])]
        raise invalid(
            error.message, line=source.line, name=source.name, got=str(error.got), allowed=error.allowed
        ) from None

    def _resource(self, component: Component) -> None:
        """Enter what is remembered of a resource; one component of each has it."""
        key = unescaped(component.needed(_RESOURCE).value)
        self.hours.setdefault(key, []).append(component)
        named = component.one(_HOURS)
        if named is not None:
            known = recalled(named, tuple(_KINDS))
            kind = next(iter(known), "")
            if len(known) != 1 or not isinstance(known[kind], dict) or known[kind].get("id") != key:
                raise named.error("it remembers one provider or room, of the same id", allowed=WRITTEN_BY_US)
            self.tree.setdefault(_KINDS[kind], []).append(known[kind])
            self.sources[_KINDS[kind]].append(named)

    def _calendar(self, remembered: Calendar, components: list[Component]) -> Calendar:
        """Give the calendar that is remembered where the components say the same, else what they say."""
        (hours,) = (component for component in components if component.every(_HOURS))
        reach = read_reach(hours, self.zones, within=ALWAYS)
        if (
            reach is not None
            and reach.duration <= LONGEST_REACH
            and self._same_absences(absences_of(remembered, reach), components)
            and self._same_hours(remembered, hours, reach)
        ):
            return remembered
        pairs = [(component, self.zones) for component in components]
        return calendar_of(pairs, zone=remembered.zone, capacity=remembered.capacity)

    def _same_absences(self, remembered: list[tuple[Interval, str]], components: list[Component]) -> bool:
        """Whether the absences that are remembered are those that stand in the calendar."""
        found = []
        for component in components:
            if not component.every(_HOURS):
                layer = read_layer(component, self.zones, free=IntervalSet.empty(), within=ALWAYS)
                bounded = component.every("DTSTART") and (component.every("DTEND") or component.every("DURATION"))
                if component.children or layer.level != ABSENCE_PRIORITY or not bounded:
                    return False
                name = unescaped(next((named.value for named in component.every("SUMMARY")), ""))
                found += [(interval, name) for interval in layer.covered]
        return Counter(found) == Counter(remembered)

    def _same_hours(self, remembered: Calendar, hours: Component, reach: Interval) -> bool:
        """Whether the hours that are remembered open just when those do that stand in the calendar."""
        inner = Reading(reach, skip_bad=False, tentative_blocks=True, budget=Budget(_LIMIT), wanted=())
        inner.events = [(event, self.zones) for event in read_available(hours, self.zones)]
        inner.expand_all()
        return inner.taken() == open_hours(Calendar(remembered.schedules), within=reach)[0]
