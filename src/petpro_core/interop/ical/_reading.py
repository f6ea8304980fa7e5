"""What is gathered from the components of a file: occurrences, what is covered and what could not be read."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core.errors import InvalidCalendarError, OutOfRangeError
from petpro_core.interop.ical._events import doubt, read_event, read_free_busy, uid_of
from petpro_core.interop.ical._feed import CalendarFeed, SkippedEvent
from petpro_core.interop.ical._layers import Layer, read_available, read_layer, stacked
from petpro_core.interop.ical._lines import invalid
from petpro_core.interop.ical._series import series
from petpro_core.interop.ical._zones import CalendarZones
from petpro_core.intervals import IntervalSet

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from petpro_core.interop.ical._events import Event
    from petpro_core.interop.ical._layers import Stack
    from petpro_core.interop.ical._lines import Component
    from petpro_core.interop.ical._rules import Budget
    from petpro_core.interop.ical._values import Moment
    from petpro_core.intervals import Interval
    from petpro_core.timezones import TimeZone

__all__ = ["READ", "Reading"]

_NONE: Final = np.empty(0, dtype=np.int64)
READ: Final = ("VEVENT", "VFREEBUSY", "VAVAILABILITY")


@attrs.define
class Reading:
    """What has been gathered so far; the order in which components come does not matter to it."""

    within: Interval
    skip_bad: bool
    tentative_blocks: bool
    budget: Budget
    wanted: tuple[str, ...]
    starts: list[npt.NDArray[np.int64]] = attrs.field(factory=list)
    ends: list[npt.NDArray[np.int64]] = attrs.field(factory=list)
    skipped: list[SkippedEvent] = attrs.field(factory=list)
    covered: list[Interval] | None = None
    events: list[tuple[Event, CalendarZones]] = attrs.field(factory=list)
    layers: list[Layer] = attrs.field(factory=list)
    count: int = 0

    @contextmanager
    def doubtful(self, component: Component, zones: CalendarZones, *, certain: bool = True) -> Iterator[None]:
        """List the component as skipped where it cannot be read and that was asked for."""
        try:
            yield
        except InvalidCalendarError as error:
            if not self.skip_bad:
                raise
            unknown = doubt(component, zones) if certain else None
            self.skipped.append(SkippedEvent(uid_of(component), error.line, error.message, error.code, unknown))

    def keep(self, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], *, line: int) -> None:
        """Keep what falls into the window and has a length."""
        first, last = self.within.start_us, self.within.end_us
        inside = (ends > starts) & (ends > first) & (starts < last)
        self.budget.keep(int(inside.sum()), line=line)
        self.starts.append(np.maximum(starts[inside], first))
        self.ends.append(np.minimum(ends[inside], last))

    def calendar(self, calendar: Component, zone: TimeZone) -> None:
        """Read the components of one VCALENDAR."""
        zones = CalendarZones(calendar, within=self.within, floating=zone, budget=self.budget)
        loose = [child for child in calendar.children if child.name not in READ]
        for component in (calendar, *loose):
            # A line that cannot be read may have been the beginning of an event, so any time is in doubt.
            for error in component.broken:
                if not self.skip_bad:
                    raise error
                self.skipped.append(SkippedEvent(None, error.line, error.message, error.code, None))
        for component in calendar.children:
            if component.name not in self.wanted:
                continue
            if component.name == "VEVENT":
                with self.doubtful(component, zones):
                    self.events.append((read_event(component, zones, tentative_blocks=self.tentative_blocks), zones))
            elif component.name == "VFREEBUSY":
                self.covered = self.covered or []
                with self.doubtful(component, zones):
                    self._free_busy(component, calendar, zones)
            else:
                with self.doubtful(component, zones):
                    self.layers.append(self._availability(component, zones))

    def _availability(self, component: Component, zones: CalendarZones) -> Layer:
        """Read a VAVAILABILITY with everything in it; one that cannot be read in full says nothing about any time."""
        inner = Reading(self.within, skip_bad=False, tentative_blocks=True, budget=self.budget, wanted=())
        inner.events = [(event, zones) for event in read_available(component, zones)]
        inner.expand_all()
        return read_layer(component, zones, free=inner.taken(), within=self.within)

    def _free_busy(self, component: Component, calendar: Component, zones: CalendarZones) -> None:
        for method in calendar.every("METHOD"):
            if method.value.strip().upper() == "REQUEST":
                raise method.error(
                    rule="a VFREEBUSY that is a request asks for busy time and tells none", allowed="PUBLISH, REPLY"
                )
        covers, busy = read_free_busy(component, zones, tentative_blocks=self.tentative_blocks)
        pairs = np.array(busy, dtype=np.int64).reshape(-1, 2)
        self.keep(pairs[:, 0], pairs[:, 1], line=component.line)
        self.covered = [*(self.covered or []), covers]
        self.count += 1

    def expand_all(self) -> None:
        """Turn the events into occurrences: each series without the instances that others replace."""
        groups: dict[str | int, list[tuple[Event, CalendarZones]]] = {}
        for number, (event, zones) in enumerate(self.events):
            # An event without a UID stands for itself.
            groups.setdefault(number if event.uid is None else event.uid, []).append((event, zones))
        for group in groups.values():
            newest: dict[tuple[int, bool] | None, int] = {}
            for event, _ in group:
                newest[event.instance] = max(newest.get(event.instance, 0), event.sequence)
            current = [(event, zones) for event, zones in group if event.sequence == newest[event.instance]]
            self.count += len(group) - len(current)
            self._expand(current)

    def _expand(self, group: list[tuple[Event, CalendarZones]]) -> None:
        """Expand the newest versions of the events of one UID."""
        replaced = frozenset(e.replaces.us for e, _ in group if e.replaces is not None and not e.and_future)
        changes = [(e.replaces, e) for e, _ in group if e.replaces is not None and e.and_future]
        has_series = any(event.replaces is None for event, _ in group)
        for event, zones in group:
            # What a change does to a series that cannot be read, nobody knows.
            with self.doubtful(event.source, zones, certain=event.replaces is not None or not changes):
                if event.and_future and not has_series:
                    rule = "a change of all later instances stands in one file with its series"
                    raise event.source.needed("RECURRENCE-ID").error(rule, allowed="the VEVENT of the same UID too")
                if event.replaces is None:
                    self._keep(event, changes, replaced)
                elif not (event.and_future and event.replaces.us in replaced):
                    self._keep(event, [], frozenset())
                self.count += 1

    def _keep(self, event: Event, changes: list[tuple[Moment, Event]], replaced: frozenset[int]) -> None:
        try:
            starts, ends = series(event, changes, replaced, self.within, self.budget)
        except OutOfRangeError:
            rule = "its occurrences lie in the years 1 to 9999 UTC"
            raise invalid(rule, line=event.source.line, name="VEVENT", got=event.uid or "no UID") from None
        self.keep(starts, ends, line=event.source.line)

    def taken(self) -> IntervalSet:
        """Give the time of all occurrences."""
        return IntervalSet.from_us(np.concatenate([*self.starts, _NONE]), np.concatenate([*self.ends, _NONE]))

    def stack(self) -> Stack:
        """Give what all VAVAILABILITY together say."""
        return stacked(self.layers)

    def certain(self) -> IntervalSet:
        """Give the part of the window that nothing skipped puts in doubt."""
        known = IntervalSet.of(self.within)
        for event in self.skipped:
            known = known.difference(IntervalSet.of(self.within if event.interval is None else event.interval))
        return known

    def listed(self) -> tuple[SkippedEvent, ...]:
        """Give what was skipped, in the order of the file."""
        return tuple(sorted(self.skipped, key=lambda event: event.line))

    def feed(self, name: str | None) -> CalendarFeed:
        """Put the busy time together."""
        known = self.certain()
        if self.covered is not None:
            known = known.intersection(IntervalSet.of(*self.covered))
        said = self.stack()
        busy = self.taken().union(said.unavailable)
        if self.tentative_blocks:
            busy = busy.union(said.tentative)
        return CalendarFeed(busy, known, self.listed(), name, self.count)
