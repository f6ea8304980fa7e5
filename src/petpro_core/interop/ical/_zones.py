"""Which zone a TZID means: an IANA key, a name of Windows, or the file's own VTIMEZONE.

Source: RFC 5545 sections 3.2.19 and 3.6.5.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from petpro_core.interop.ical._rules import expand, later, read_rule
from petpro_core.interop.ical._values import Moment, placed, read_offset, read_wall
from petpro_core.interop.ical._windows import WINDOWS_ZONES
from petpro_core.intervals import from_us
from petpro_core.timezones import TimeZone, load_zone, zone_keys

if TYPE_CHECKING:
    from petpro_core.interop.ical._lines import Component, Property
    from petpro_core.interop.ical._rules import Budget
    from petpro_core.intervals import Interval

__all__ = ["CalendarZones"]

# A zone of the file is compiled from here on, so that long events that began years ago keep their length.
_COMPILED_FROM: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall time
_MARGIN_DAYS: Final = 400


class CalendarZones:
    """The zones of one VCALENDAR, each looked up once."""

    def __init__(self, calendar: Component, *, within: Interval, floating: TimeZone, budget: Budget) -> None:
        """Remember the VTIMEZONEs; each is compiled when an event first names it."""
        self.floating = floating
        self.utc = load_zone("UTC")
        self._within = within
        self._budget = budget
        self._own = [child for child in calendar.children if child.name == "VTIMEZONE"]
        self._found: dict[str, TimeZone] = {}

    def find(self, tzid: str, named: Property) -> TimeZone:
        """Give the zone of a TZID.

        Raises:
            InvalidCalendarError: it is neither known nor defined in the file, or its definition cannot be read.
        """
        if tzid not in self._found:
            key = _known_key(tzid)
            self._found[tzid] = load_zone(key) if key is not None else self._defined(tzid, named)
        return self._found[tzid]

    def _defined(self, tzid: str, named: Property) -> TimeZone:
        found = {self._compiled(own) for own in self._own if any(tzid == name.value for name in own.every("TZID"))}
        if not found:
            allowed = "an IANA key, a name of Windows, or the TZID of a VTIMEZONE of the same VCALENDAR"
            raise named.error(rule="a TZID must name a zone", got=tzid, allowed=allowed)
        if len(found) > 1:
            raise named.error(rule="a TZID must name one zone, and the file defines two of this name", got=tzid)
        first_offset, transitions = found.pop()
        return TimeZone.from_transitions(tzid, transitions, first_offset=first_offset)

    def _compiled(self, own: Component) -> tuple[timedelta, tuple[tuple[datetime, timedelta], ...]]:
        """Give the offset before the first change, and each change with the offset after it."""
        changes: dict[int, tuple[timedelta, timedelta]] = {}
        for observance in own.children:
            before, after = (read_offset(observance.needed(name)) for name in ("TZOFFSETFROM", "TZOFFSETTO"))
            for us in self._onsets(observance, before):
                # Where two observances begin at once, the choice must not hang on their order in the file.
                changes[us] = max(changes.get(us, (before, after)), (before, after))
        if not changes:
            tzid = own.needed("TZID")
            raise tzid.error(rule="a VTIMEZONE must have a STANDARD or DAYLIGHT part")
        ordered = sorted(changes.items())
        return ordered[0][1][0], tuple((from_us(us), after) for us, (_, after) in ordered)

    def _onsets(self, observance: Component, before: timedelta) -> set[int]:
        """Give the instants at which an observance begins, from its own start and from 1970 on to the window's end."""
        zone = TimeZone.fixed(before)
        start = _onset(observance.needed("DTSTART"), zone)
        onsets = {start.us}
        lower = min(_COMPILED_FROM, later(self._within.start.replace(tzinfo=None), days=-_MARGIN_DAYS))
        upper = later(self._within.end.replace(tzinfo=None), days=_MARGIN_DAYS)
        for named in observance.every("RRULE"):
            rule = read_rule(named, start, self)
            local = expand(rule, start, lower=lower, upper=upper, budget=self._budget)
            onsets.update(zone.to_utc_us(local).tolist())
        for named in observance.every("RDATE"):
            onsets.update(_onset(named, zone, text=text).us for text in named.value.split(","))
        return onsets


def _known_key(tzid: str) -> str | None:
    """Give the IANA key of a TZID, also behind a maker's prefix such as ``/citadel.org/20210210_1/``, or None."""
    keys = zone_keys()
    name = WINDOWS_ZONES.get(tzid, tzid)
    if name in keys:
        return name
    if tzid.startswith("/"):
        parts = tzid.split("/")
        for kept in (3, 2, 1):
            if "/".join(parts[-kept:]) in keys:
                return "/".join(parts[-kept:])
    return None


def _onset(named: Property, zone: TimeZone, *, text: str | None = None) -> Moment:
    text = named.value if text is None else text
    wall, is_date, is_utc = read_wall(text, named)
    if is_date or is_utc:
        raise named.error(rule="a VTIMEZONE changes at wall times", got=text, allowed="YYYYMMDDTHHMMSS")
    return placed(wall, zone, is_date=False, named=named)
