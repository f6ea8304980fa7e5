"""VAVAILABILITY: when somebody may be booked at all, in layers that cover each other by their priority.

Source: RFC 7953 sections 3.1 (components), 3.2 (BUSYTYPE) and 4 (how they are combined).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from petpro_core.interop.ical._events import read_event
from petpro_core.interop.ical._values import ended, read_moment, read_span
from petpro_core.intervals import Interval, IntervalSet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from petpro_core.interop.ical._events import Event
    from petpro_core.interop.ical._lines import Component
    from petpro_core.interop.ical._values import Clocks, Moment

__all__ = ["Layer", "Stack", "read_available", "read_layer", "read_reach", "stacked"]

_LOWEST: Final = 10
_TENTATIVE: Final = "BUSY-TENTATIVE"


@attrs.frozen
class Layer:
    """One VAVAILABILITY inside a window: what it covers, what of that is free, and what the rest is.

    ``level`` is its PRIORITY, 1 for the strongest, and 10 where it has none or 0.
    """

    level: int
    covered: IntervalSet
    free: IntervalSet
    tentative: bool


@attrs.frozen
class Stack:
    """What all layers together say: disjoint sets, whose union is what they cover."""

    free: IntervalSet
    tentative: IntervalSet
    unavailable: IntervalSet

    @property
    def covered(self) -> IntervalSet:
        """All time of which a layer says something."""
        return self.free.union(self.tentative).union(self.unavailable)


def read_available(component: Component, clocks: Clocks) -> list[Event]:
    """Read the AVAILABLE parts of a VAVAILABILITY.

    Raises:
        InvalidCalendarError: a part cannot be read, has no length, or holds on dates instead of times.
    """
    if component.broken:
        raise component.broken[0]
    found = []
    for part in component.children:
        if part.name == "AVAILABLE":
            event = read_event(part, clocks, tentative_blocks=True)
            for named in part.every("DTSTART"):
                if event.start is not None and event.start.is_date:
                    raise named.error("an AVAILABLE begins at a time", allowed="YYYYMMDDTHHMMSS, with a TZID or Z")
            if not part.every("DTEND") and not part.every("DURATION"):
                part.needed("DTEND")
            found.append(event)
    return found


def _time(component: Component, name: str, clocks: Clocks) -> Moment | None:
    named = component.one(name)
    if named is None:
        return None
    moment = read_moment(named.value, named, clocks)
    if moment.is_date:
        raise named.error("a VAVAILABILITY reaches from a time to a time", allowed="YYYYMMDDTHHMMSS, with a TZID or Z")
    return moment


def read_reach(component: Component, clocks: Clocks, *, within: Interval) -> Interval | None:
    """Read of which time a VAVAILABILITY speaks, as far as it lies inside the window; None where it does not.

    Raises:
        InvalidCalendarError: its edges cannot be read, or contradict each other.
    """
    start, end = (_time(component, name, clocks) for name in ("DTSTART", "DTEND"))
    end_us = within.end_us if end is None else end.us
    duration = component.one("DURATION")
    if duration is not None:
        if start is None or end is not None:
            raise duration.error("a DURATION stands with DTSTART, and without DTEND", allowed="DTSTART and DURATION")
        end_us = ended(start, read_span(duration.value, duration), duration)
    start_us = within.start_us if start is None else start.us
    if start is not None and (end is not None or duration is not None) and end_us <= start_us:
        raise component.needed("DTSTART").error("a VAVAILABILITY ends after it starts", allowed="an earlier start")
    first, last = max(start_us, within.start_us), min(end_us, within.end_us)
    return Interval.from_us(first, last) if first < last else None


def read_layer(component: Component, clocks: Clocks, *, free: IntervalSet, within: Interval) -> Layer:
    """Read a VAVAILABILITY whose parts are free at these times.

    Raises:
        InvalidCalendarError: a property of its own cannot be read.
    """
    named = component.one("PRIORITY")
    text = "0" if named is None else named.value.strip()
    if named is not None and not (text.isascii() and text.isdigit() and len(text) == 1):
        raise named.error("PRIORITY is a whole number", allowed="0 to 9; 1 is the highest, 0 is none")
    busy = component.one("BUSYTYPE")
    reach = read_reach(component, clocks, within=within)
    covered = IntervalSet.empty() if reach is None else IntervalSet.of(reach)
    tentative = busy is not None and busy.value.strip().upper() == _TENTATIVE
    return Layer(int(text) or _LOWEST, covered, free.intersection(covered), tentative)


def stacked(layers: Sequence[Layer]) -> Stack:
    """Combine layers: a stronger one replaces what weaker ones say of the time that it covers.

    Those of one priority make one layer, free where any of them is; elsewhere it is as busy as the busiest of them.
    """
    free = tentative = unavailable = IntervalSet.empty()
    for level in sorted({layer.level for layer in layers}, reverse=True):
        mine = [layer for layer in layers if layer.level == level]
        open_, soft, hard = IntervalSet.empty(), IntervalSet.empty(), IntervalSet.empty()
        for layer in mine:
            open_ = open_.union(layer.free)
            soft, hard = (soft.union(layer.covered), hard) if layer.tentative else (soft, hard.union(layer.covered))
        covered = soft.union(hard)
        free = free.difference(covered).union(open_)
        unavailable = unavailable.difference(covered).union(hard.difference(open_))
        tentative = tentative.difference(covered).union(soft.difference(hard).difference(open_))
    return Stack(free, tentative, unavailable)
