"""Opening hours as VAVAILABILITY: what schedules come to, in weekly rules with exceptions that any reader expands.

The hours are expanded first and written as the rules that give just that, so that precedence, seasons, travel and clock
changes need no words of their own; the price is that the calendar speaks of certain days only.

Source: RFC 7953; ADR 17.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from math import gcd
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core.errors import InvalidValueError
from petpro_core.interop.ical._model import CalendarComponent, ContentLine, write_calendar
from petpro_core.interop.ical._pieces import Zones, calendar_around, duration_text, shown, stamp, utc_line, utc_text
from petpro_core.interop.ical._values import SECOND_US
from petpro_core.intervals import DAY_US, Interval
from petpro_core.schedules import expand
from petpro_core.schedules.weekly import day_number
from petpro_core.timezones import LocalTimes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from petpro_core.availability import Calendar
    from petpro_core.schedules import Schedule
    from petpro_core.timezones import TimeZone

__all__ = [
    "ABSENCE_PRIORITY",
    "LONGEST_REACH",
    "absence_components",
    "absences_of",
    "hours_component",
    "reach_of",
    "write_hours",
]

_HOURS_PRIORITY: Final = 9
ABSENCE_PRIORITY: Final = 1
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# Hours that pause for longer are written as two rules: a season says more than a list of exceptions.
_LONGEST_PAUSE: Final = 56
LONGEST_REACH: Final = timedelta(days=3662)
_MARGIN: Final = 3


@attrs.frozen
class _Run:
    """Openings at one time of day and of one length: the rule that gives them, its exceptions, or a plain list."""

    days: tuple[int, ...]
    rule: str | None
    missing: tuple[int, ...]


def reach_of(zone: TimeZone, first: date, last: date) -> Interval:
    """Give the time from the first local day to the last, both included.

    Raises:
        InvalidValueError: the last lies before the first, or more than ten years after it.
    """
    low, high = day_number(first), day_number(last)
    if not 0 <= high - low < LONGEST_REACH.days - 1:
        msg = f"hours are written for 1 to {LONGEST_REACH.days - 1} days, got {first} to {last}; write fewer"
        raise InvalidValueError(msg, first=first, last=last)
    starts = zone.day_starts(low, high + 1)
    return Interval.from_us(int(starts[0]), int(starts[-1]))


def hours_component(
    schedules: Sequence[Schedule],
    reach: Interval,
    *,
    zones: Zones,
    head: Sequence[ContentLine],
    uid: str,
    places: Mapping[int, str],
) -> CalendarComponent:
    """Write what schedules come to inside a reach as one VAVAILABILITY; ``places`` are the names of their locations.

    Raises:
        InvalidValueError: hours with parts of a second, or a zone that is none of tzdata's.
    """
    parts: list[CalendarComponent] = []
    made = next(line for line in head if line.name == "DTSTAMP")
    for schedule in schedules:
        place = None if schedule.location is None else places.get(schedule.location, str(schedule.location))
        where = [] if place is None else [ContentLine.of_text("LOCATION", place)]
        for lines in _openings(schedule, reach, zones):
            own = ContentLine.of_text("UID", f"{uid}-{len(parts) + 1}")
            parts.append(CalendarComponent("AVAILABLE", [own, made, *lines, *where]))
    lines = [
        ContentLine.of_text("UID", uid),
        *head,
        ContentLine("PRIORITY", str(_HOURS_PRIORITY)),
        utc_line("DTSTART", reach.start_us),
        utc_line("DTEND", reach.end_us),
    ]
    return CalendarComponent("VAVAILABILITY", lines, parts)


def _openings(schedule: Schedule, reach: Interval, zones: Zones) -> Iterator[list[ContentLine]]:
    first, last = reach.start_us // DAY_US - _MARGIN, reach.end_us // DAY_US + _MARGIN
    found = expand([[schedule]], first_day=first, last_day=last)
    inside = (found.ends > reach.start_us) & (found.starts < reach.end_us)
    starts, ends = found.starts[inside], found.ends[inside]
    if (starts % SECOND_US).any() or (ends % SECOND_US).any():
        msg = "iCalendar has whole seconds, got hours with parts of one; move them to whole seconds"
        raise InvalidValueError(msg, zone=schedule.zone.key)
    zone = schedule.zone
    walls = shown(zone, starts)
    # What the clock shows a second time can only be said in UTC.
    plain = zone.to_utc_us(LocalTimes(walls)) == starts
    for start, end in zip(starts[~plain].tolist(), ends[~plain].tolist(), strict=True):
        yield [utc_line("DTSTART", start), utc_line("DTEND", end)]
    groups: dict[tuple[int, int], list[int]] = {}
    for wall, length in zip(walls[plain].tolist(), (ends - starts)[plain].tolist(), strict=True):
        groups.setdefault((wall % DAY_US, length), []).append(wall // DAY_US)
    for (clock, length), days in sorted(groups.items()):
        for run in _runs(days):
            yield _written(run, clock, length, zone, zones)


def _written(run: _Run, clock: int, length: int, zone: TimeZone, zones: Zones) -> list[ContentLine]:
    walls = [day * DAY_US + clock for day in run.days]
    starts = _instants(walls, zone)
    # A duration of 24 hours is saved as one of a day by some programs, and a day may have 23.
    short = length < DAY_US
    end = ContentLine("DURATION", duration_text(length)) if short else utc_line("DTEND", starts[0] + length)
    lines = [zones.line("DTSTART", walls[:1], zone), end]
    if run.rule is not None:
        lines.append(ContentLine("RRULE", f"{run.rule};UNTIL={utc_text(starts[-1])}"))
    elif walls[1:]:
        lines.append(zones.line("RDATE", walls[1:], zone))
    # A day that the zone left out falls on the next one, whose instance must not be excluded with it.
    missing = [day * DAY_US + clock for day in run.missing]
    given = set(starts)
    excluded = [wall for wall, us in zip(missing, _instants(missing, zone), strict=True) if us not in given]
    return [*lines, zones.line("EXDATE", excluded, zone)] if excluded else lines


def _instants(walls: list[int], zone: TimeZone) -> list[int]:
    found: list[int] = zone.to_utc_us(LocalTimes(np.array(walls, dtype=np.int64))).tolist()
    return found


def _runs(days: list[int]) -> Iterator[_Run]:
    """Cut ascending days at long pauses, and find the weekly rule of each part."""
    cuts = [number + 1 for number, (one, other) in enumerate(pairwise(days)) if other - one > _LONGEST_PAUSE]
    for low, high in pairwise([0, *cuts, len(days)]):
        yield _run(days[low:high])


def _run(days: list[int]) -> _Run:
    weeks = [(day + 3) // 7 for day in days]
    weekdays = sorted({(day + 3) % 7 for day in days})
    every = gcd(*(week - weeks[0] for week in weeks)) or 1
    given = [
        7 * week - 3 + weekday
        for week in range(weeks[0], weeks[-1] + 1, every)
        for weekday in weekdays
        if days[0] <= 7 * week - 3 + weekday <= days[-1]
    ]
    missing = tuple(sorted(set(given) - set(days)))
    if len(days) == 1 or len(missing) > len(days):
        return _Run(tuple(days), None, ())
    interval = f";INTERVAL={every}" if every > 1 else ""
    by_day = ",".join(_WEEKDAYS[weekday] for weekday in weekdays)
    return _Run(tuple(days), f"FREQ=WEEKLY{interval};BYDAY={by_day}", missing)


def absences_of(calendar: Calendar, reach: Interval) -> list[tuple[Interval, str]]:
    """Give the absences of a calendar with their names: those that happen once, and of others those in the reach."""
    return [
        (interval, off.name)
        for off in calendar.time_off
        for interval in (off.within(reach) if off.recurs else [off.interval])
    ]


def absence_components(
    calendar: Calendar, reach: Interval, *, head: Sequence[ContentLine], uid: str
) -> list[CalendarComponent]:
    """Write each absence of a calendar as a VAVAILABILITY of its own that covers the hours, and has nothing free."""
    return [
        CalendarComponent(
            "VAVAILABILITY",
            [
                ContentLine.of_text("UID", f"{uid}-absence-{number}"),
                *head,
                ContentLine("PRIORITY", str(ABSENCE_PRIORITY)),
                utc_line("DTSTART", interval.start_us),
                utc_line("DTEND", interval.end_us),
                *([ContentLine.of_text("SUMMARY", name)] if name else []),
            ],
        )
        for number, (interval, name) in enumerate(absences_of(calendar, reach), 1)
    ]


def write_hours(calendar: Calendar, *, first: date, last: date, now: datetime, uid: str, name: str = "") -> str:
    """Write a calendar's hours as iCalendar: a VAVAILABILITY, and one that covers it for each absence.

        >>> from datetime import UTC, date, datetime
        >>> from petpro_core.availability import Calendar
        >>> from petpro_core.schedules import Schedule, WeeklyHours
        >>> ana = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]})))
        >>> march = {"first": date(2026, 3, 1), "last": date(2026, 3, 31)}
        >>> text = write_hours(ana, **march, now=datetime(2026, 2, 1, tzinfo=UTC), uid="ana")
        >>> [line for line in text.splitlines() if line.startswith("RRULE")]
        ['RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20260330T090000Z']

    Any reader of RFC 7953 finds the very hours, over clock changes too. The calendar speaks of the days from ``first``
    to ``last`` alone: what lies outside is not told, but for absences that happen once. ``read_hours`` makes a calendar
    of it again that opens alike; the names of breaks and the difference between a season and a week are lost.

    Args:
        calendar: The calendar.
        first: The first local day, by its home zone.
        last: The last one, at most ten years later.
        now: When the text is made (DTSTAMP).
        uid: What the components are known by; unique among calendars.
        name: For people.

    Raises:
        InvalidValueError: Times with parts of a second, a zone that is none of tzdata's, or days out of order.

    Source: RFC 7953; ADR 17.
    """
    zones = Zones()
    head = [stamp(now), *([ContentLine.of_text("SUMMARY", name)] if name else [])]
    reach = reach_of(calendar.zone, first, last)
    hours = hours_component(calendar.schedules, reach, zones=zones, head=head, uid=uid, places={})
    absences = absence_components(calendar, reach, head=head[:1], uid=uid)
    return write_calendar(calendar_around([hours, *absences], zones, name=name))
