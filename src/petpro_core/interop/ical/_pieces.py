"""The pieces that written calendars are made of: moments, lengths and the calendar around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from petpro_core.errors import InvalidValueError
from petpro_core.interop.ical._model import CalendarComponent, ContentLine
from petpro_core.interop.ical._observances import wall_text, zone_component
from petpro_core.interop.ical._values import SECOND_US
from petpro_core.intervals import to_us
from petpro_core.timezones import Instants, LocalTimes, load_zone, zone_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from petpro_core.timezones import TimeZone

__all__ = ["Zones", "calendar_around", "duration_text", "shown", "stamp", "utc_line", "utc_text"]

_PRODUCT: Final = "-//PetPro//petpro//EN"


def utc_text(us: int) -> str:
    """Write an instant of whole seconds.

    Raises:
        InvalidValueError: it has parts of a second, which iCalendar cannot say.
    """
    if us % SECOND_US:
        msg = f"iCalendar has whole seconds, got {us} microseconds since 1970; move it to one"
        raise InvalidValueError(msg, got=us)
    return f"{wall_text(us)}Z"


def utc_line(name: str, us: int) -> ContentLine:
    """Write an instant as a property."""
    return ContentLine(name, utc_text(us))


def stamp(now: datetime) -> ContentLine:
    """Write when the calendar was made; parts of a second are left out."""
    return utc_line("DTSTAMP", to_us(now) // SECOND_US * SECOND_US)


def duration_text(us: int) -> str:
    """Write an exact length of whole seconds, at least one; without days, which would not be elapsed time."""
    seconds = us // SECOND_US
    counts = (seconds // 3600, "H"), (seconds // 60 % 60, "M"), (seconds % 60, "S")
    return "PT" + "".join(f"{count}{unit}" for count, unit in counts if count)


class Zones:
    """The zones that a calendar names while it is written, and the time for which it needs them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._used: dict[str, tuple[TimeZone, int, int]] = {}

    def line(self, name: str, walls: Sequence[int], zone: TimeZone) -> ContentLine:
        """Write wall times of a zone as a property, and keep the zone.

        Raises:
            InvalidValueError: the zone is not one of tzdata, so that no reader would find it.
        """
        if zone.key not in zone_keys() or zone != load_zone(zone.key):
            msg = f"a calendar names zones by their keys, got {zone.key!r}, which is none of tzdata's; use load_zone"
            raise InvalidValueError(msg, got=zone.key)
        instants = zone.to_utc_us(LocalTimes(np.array(walls, dtype=np.int64)))
        if zone.key == "UTC":
            return ContentLine(name, ",".join(f"{wall_text(wall)}Z" for wall in walls))
        _, first, last = self._used.get(zone.key, (zone, int(instants[0]), int(instants[0])))
        self._used[zone.key] = zone, min(first, int(instants.min())), max(last, int(instants.max()))
        return ContentLine(name, ",".join(map(wall_text, walls)), [("TZID", [zone.key])])

    def components(self) -> list[CalendarComponent]:
        """Write the zones that were named."""
        return [zone_component(*used) for _, used in sorted(self._used.items())]


def shown(zone: TimeZone, instants: np.ndarray[tuple[int], np.dtype[np.int64]]) -> LocalTimes:
    """Give what the clock of a zone shows at some instants."""
    return zone.to_local_us(Instants(instants))


def calendar_around(
    components: Iterable[CalendarComponent], zones: Zones, *, name: str = "", lines: Iterable[ContentLine] = ()
) -> CalendarComponent:
    """Put components into a VCALENDAR with the zones that they name."""
    head = [ContentLine("VERSION", "2.0"), ContentLine.of_text("PRODID", _PRODUCT)]
    head += [ContentLine.of_text("X-WR-CALNAME", name)] if name else []
    inner = list(components)
    return CalendarComponent("VCALENDAR", [*head, *lines], [*zones.components(), *inner])
