"""VAVAILABILITY as schedules: the subset that weekly hours, single days and absences can say; the rest is refused.

Source: RFC 7953; ADR 17; ``docs/reference/icalendar.md`` lists the subset.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from petpro_core.availability import Calendar
from petpro_core.errors import InvalidValueError
from petpro_core.interop.ical._layers import read_available, read_layer
from petpro_core.interop.ical._lines import as_bytes, invalid, read_calendars, unescaped
from petpro_core.interop.ical._rules import Budget
from petpro_core.interop.ical._values import ended
from petpro_core.interop.ical._zones import CalendarZones
from petpro_core.intervals import ALWAYS, Interval, IntervalSet, from_us, to_us
from petpro_core.recurrence import Frequency, RecurrenceRule
from petpro_core.schedules import ClockRange, DateOverride, ExtraHours, Schedule, TimeOff, WeeklyHours
from petpro_core.schedules.weekly import WEEKDAYS, day_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from petpro_core.interop.ical._events import Event
    from petpro_core.interop.ical._lines import Component
    from petpro_core.interop.ical._values import Moment
    from petpro_core.timezones import TimeZone

__all__ = ["calendar_of", "read_hours"]

_ONLY: Final = "no RRULE, or one of FREQ=WEEKLY with INTERVAL, BYDAY and UNTIL, or FREQ=DAILY with BYDAY and UNTIL"
_OUTSIDE: Final = "not told"
_LIMIT: Final = 100_000
# In whole seconds, so that it can be written again.
_ALL: Final = Interval(ALWAYS.start, ALWAYS.end.replace(microsecond=0))


def read_hours(text: str | bytes, *, zone: TimeZone, max_bytes: int = 20_000_000) -> Calendar:
    r"""Read the hours of an iCalendar text as a calendar: its VAVAILABILITY components as schedules and absences.

    A component with AVAILABLE parts is opening hours, and each part becomes a schedule; one without any is an absence,
    if it has a DTSTART and a DTEND and a stronger PRIORITY than the hours. Outside of what the hours speak of nothing
    is open (an absence named ``not told``), because unknown is not free. Hours that run over a change of the clock end
    by the clock, as opening hours do. What schedules cannot say is refused: ``read_availability`` gives the time.

    >>> lines = [
    ...     "BEGIN:VCALENDAR",
    ...     "BEGIN:VAVAILABILITY",
    ...     "UID:hours",
    ...     "BEGIN:AVAILABLE",
    ...     "UID:mornings",
    ...     "DTSTART;TZID=Europe/Berlin:20260302T090000",
    ...     "DTEND;TZID=Europe/Berlin:20260302T120000",
    ...     "RRULE:FREQ=WEEKLY;BYDAY=MO,WE",
    ...     "END:AVAILABLE",
    ...     "END:VAVAILABILITY",
    ...     "END:VCALENDAR",
    ... ]
    >>> from petpro_core.timezones import load_zone
    >>> (schedule,) = read_hours("\n".join(lines), zone=load_zone("UTC")).schedules
    >>> schedule.hours[-1].days[2], schedule.hours[-1].first
    ((ClockRange(09:00 to 12:00),), datetime.date(2026, 3, 2))

    Args:
        text: The text, or its bytes in UTF-8, or in UTF-16 with a byte order mark.
        zone: For times that name no zone, and for a calendar that never opens.
        max_bytes: The largest text.

    Raises:
        InvalidCalendarError: It cannot be read, has no VAVAILABILITY, or says what schedules cannot (``line``,
            ``name``, ``got``, ``allowed``).
        LimitExceededError: The text is larger than ``max_bytes``.
        InvalidValueError: ``max_bytes`` is below 1.

    Source: RFC 7953; ADR 17.
    """
    found = [
        (component, CalendarZones(calendar, within=ALWAYS, floating=zone, budget=Budget(_LIMIT)))
        for calendar in read_calendars(as_bytes(text, max_bytes=max_bytes), whole=True)
        for component in (calendar, *calendar.children)
        if component.name == "VAVAILABILITY" or component.broken
    ]
    for component, _ in found:
        if component.broken:
            raise component.broken[0]
    if not found:
        raise invalid("hours stand in VAVAILABILITY components", line=1, name="VAVAILABILITY", got="none")
    return calendar_of(found, zone=zone)


def calendar_of(
    components: Iterable[tuple[Component, CalendarZones]], *, zone: TimeZone, capacity: int = 1
) -> Calendar:
    """Make one calendar of VAVAILABILITY components; ``zone`` is its home where no schedule comes out.

    Raises:
        InvalidCalendarError: they say what schedules and absences cannot.
    """
    schedules: list[Schedule] = []
    away: list[TimeOff] = []
    told: set[Interval] = set()
    hours_at: set[int] = set()
    absent_at: dict[int, Component] = {}
    for component, zones in components:
        events = read_available(component, zones)
        layer = read_layer(component, zones, free=IntervalSet.empty(), within=ALWAYS)
        if any(part.name == "AVAILABLE" for part in component.children):
            schedules += [_schedule(event, event.start) for event in events if event.blocks and event.start is not None]
            hours_at.add(layer.level)
            told.update(layer.covered)
        else:
            for name in ("DTSTART",) if component.every("DURATION") else ("DTSTART", "DTEND"):
                component.needed(name)
            absent_at[layer.level] = component
            name = unescaped(next((one.value for one in component.every("SUMMARY")), ""))
            away += [TimeOff(interval, name) for interval in layer.covered]
    for level, component in absent_at.items():
        if hours_at and level >= min(hours_at):
            rule = "an absence has a stronger PRIORITY than the hours"
            raise invalid(rule, line=component.line, name="PRIORITY", got=str(level % 10), allowed="1, and 9 for hours")
    if len(hours_at) > 1 or len(told) > 1:
        rule = "the hours of a calendar have one PRIORITY, one DTSTART and one DTEND"
        raise invalid(rule, line=1, name="VAVAILABILITY", got=f"{len(hours_at)} and {len(told)}", allowed="one of each")
    away += [TimeOff(outside, _OUTSIDE) for reach in told for outside in IntervalSet.of(reach).gaps(_ALL)]
    return Calendar(schedules or Schedule(zone), away, capacity=capacity)


def _schedule(event: Event, start: Moment) -> Schedule:
    """Make a schedule of one AVAILABLE, which opens when it does."""
    source, zone = event.source, start.zone
    for name in ("EXRULE", "RECURRENCE-ID"):
        for named in source.every(name):
            raise named.error("schedules cannot say this", allowed=_ONLY)
    if len(event.rules) > 1:
        raise event.rules[1].named.error("hours have one rule", allowed=_ONLY)
    weekly = _weekly(event, start) if event.rules else None
    # The start is always an instance, whether or not a rule would give it.
    alone = weekly is None or not _opens(weekly, start.wall.date())
    singles = [(start, ended(start, event.span, source.needed("DTSTART")))] if alone else []
    days = {
        day
        for us in event.excluded
        for day in _days_around(us, zone)
        if weekly is not None and _opens(weekly, day) and _instant(datetime.combine(day, start.wall.time()), zone) == us
    }
    return Schedule(
        zone,
        # Usual hours, here none, and then those of some dates: so a clinic file says it.
        () if weekly is None else (WeeklyHours({}), weekly),
        overrides=[DateOverride(day) for day in sorted(days)],
        extra=[
            _extra(moment, end_us, start, source)
            for moment, end_us in (*singles, *event.added)
            if moment.us not in event.excluded and end_us > moment.us
        ],
    )


def _weekly(event: Event, start: Moment) -> WeeklyHours:
    """Make weekly hours of the rule of an AVAILABLE."""
    said, named, until = event.rules[0].rule, event.rules[0].named, event.rules[0].until
    kept = RecurrenceRule(
        said.frequency, interval=said.interval, until=said.until, by_day=said.by_day, week_start=said.week_start
    )
    daily = said.frequency is Frequency.DAILY and said.interval == 1
    weekly = said.frequency is Frequency.WEEKLY and (said.interval == 1 or said.week_start == 0)
    if kept != said or not (daily or weekly):
        raise named.error("schedules cannot say this rule", allowed=_ONLY)
    days = {day.weekday for day in said.by_day} or (set(range(7)) if daily else {start.wall.weekday()})
    length = timedelta(days=event.span.days, microseconds=event.span.exact_us)
    ranges = [_range(start.wall, start.wall + length, event.source)] if length else []
    try:
        return WeeklyHours(
            {WEEKDAYS[day]: ranges for day in days},
            first=start.wall.date(),
            last=None if until is None else _last(until.us, start),
            every=said.interval if weekly else 1,
            week_of=start.wall.date(),
        )
    except InvalidValueError as error:
        raise named.error(error.message.partition(", got ")[0], allowed=_ONLY) from None


def _extra(moment: Moment, end_us: int, start: Moment, source: Component) -> ExtraHours:
    """Make hours of one date of a single opening, by the clock of the zone that the schedule has."""
    zone = start.zone
    first = moment.wall if moment.zone == zone else _wall(moment.us, zone)
    last = _wall(end_us, zone)
    if (_instant(first, zone), _instant(last, zone)) != (moment.us, end_us):
        named = source.needed("DTSTART")
        raise named.error("hours begin and end when the clock shows a time first", allowed="times in UTC (with a Z)")
    return ExtraHours(first.date(), _range(first, last, source))


def _range(first: datetime, last: datetime, source: Component) -> ClockRange:
    if last - first > timedelta(days=1):
        named = source.needed("DTSTART")
        raise named.error("hours last at most a day", got=str(last - first), allowed="several AVAILABLE, a day each")
    return ClockRange(first.time(), last.time())


def _last(until_us: int, start: Moment) -> date:
    """Give the last local date on which an instance may begin."""
    wall = _wall(until_us, start.zone)
    return wall.date() if wall.time() >= start.wall.time() else wall.date() - timedelta(days=1)


def _opens(weekly: WeeklyHours, day: date) -> bool:
    return bool(weekly.days[day.weekday()]) and bool(weekly.holds_on(np.array([day_number(day)]))[0])


def _days_around(us: int, zone: TimeZone) -> tuple[date, date]:
    # A time that the clock skips is shown later, which may be on the next day.
    day = _wall(us, zone).date()
    return day, day - timedelta(days=1)


def _wall(us: int, zone: TimeZone) -> datetime:
    return zone.to_local(from_us(us)).replace(tzinfo=None)


def _instant(wall: datetime, zone: TimeZone) -> int:
    return to_us(zone.to_utc(wall))
