"""Hours, exceptions and absences of a clinic file, as schedules and calendars."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

import attrs

from petpro_core.availability import Calendar
from petpro_core.interop.holidays import public_holidays
from petpro_core.intervals import Interval
from petpro_core.recurrence import Recurrence, RecurrenceRule
from petpro_core.schedules import (
    ClockRange,
    Closure,
    DateOverride,
    ExtraHours,
    Holiday,
    Schedule,
    Season,
    TemporaryZone,
    TimeOff,
    WeeklyHours,
)
from petpro_core.schedules.weekly import WEEKDAYS, as_ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from petpro_core.interop.clinic._nodes import Node
    from petpro_core.interop.clinic.model import ClinicLocation
    from petpro_core.timezones import TimeZone

__all__ = ["EXCEPTIONS", "KEPT", "SCHEDULE", "Around", "read_around", "read_calendar", "read_kept"]

_T = TypeVar("_T")

EXCEPTIONS: Final = ("overrides", "extra", "holidays", "closures")
SCHEDULE: Final = ("zone", "location", "hours", "travel", *EXCEPTIONS)
KEPT: Final = ("zone", "hours", "travel", *EXCEPTIONS)
# Several days at once, and what stands for one day wins over what stands for several.
_GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "every_day": WEEKDAYS,
    "weekdays": WEEKDAYS[:5],
    "weekend": WEEKDAYS[5:],
}
_DAYS: Final = (*WEEKDAYS, *_GROUPS)
_SEASON: Final = re.compile(r"(\d\d)-(\d\d)\s+to\s+(\d\d)-(\d\d)")


@attrs.frozen
class Around:
    """What holds for every resource that says nothing else: the clinic's own hours and exceptions."""

    zone: TimeZone
    hours: tuple[WeeklyHours, ...]
    overrides: tuple[DateOverride, ...]
    extra: tuple[ExtraHours, ...]
    holidays: tuple[Holiday, ...]
    closures: tuple[Closure, ...]
    locations: Mapping[str, ClinicLocation]
    years: tuple[int, ...]


def read_around(root: Node, zone: TimeZone, locations: Mapping[str, ClinicLocation], years: tuple[int, ...]) -> Around:
    """The clinic's own hours."""
    hours = root.find("hours")
    return Around(
        zone=zone,
        hours=() if hours is None else _hours(hours),
        overrides=tuple(_override(node) for node in root.each("overrides")),
        extra=tuple(_extra(node) for node in root.each("extra")),
        holidays=_holidays(root, years),
        closures=tuple(_closure(node) for node in root.each("closures")),
        locations=locations,
        years=years,
    )


# --- weekly hours -----------------------------------------------------------------------------------------------------


def _hours(node: Node) -> tuple[WeeklyHours, ...]:
    node.table(*_DAYS, "breaks", "seasons")
    return (_week(node), *(_season(one) for one in node.each("seasons")))


def _week(node: Node, **more: object) -> WeeklyHours:
    breaks = node.find("breaks")
    with node.blamed():
        return WeeklyHours(
            _days(node),
            breaks={} if breaks is None else _days(breaks.table(*_DAYS)),
            **more,  # type: ignore[arg-type]  # dates, a season and a number, as _season reads them
        )


def _days(node: Node) -> dict[str, tuple[ClockRange, ...]]:
    week: dict[str, tuple[ClockRange, ...]] = {}
    for name, days in {**_GROUPS, **{day: (day,) for day in WEEKDAYS}}.items():
        found = node.find(name)
        if found is not None:
            week |= dict.fromkeys(days, _ranges(found))
    return week


def _ranges(node: Node) -> tuple[ClockRange, ...]:
    ranges = []
    for one in node.one_or_more():
        with one.blamed():
            ranges.append(ClockRange.parse(one.text()))
    with node.blamed():
        return as_ranges(ranges)


def _season(node: Node) -> WeeklyHours:
    node.table(*_DAYS, "breaks", "name", "first", "last", "season", "every", "week_of", "rrule")
    every, week, rule = node.find("every"), node.find("week_of"), node.find("rrule")
    if rule is not None and node.find("first") is None:
        raise rule.error("hours that recur are counted from their first date", allowed="add first = YYYY-MM-DD")
    return _week(
        node,
        first=_day(node, "first"),
        last=_day(node, "last"),
        season=_part_of_year(node),
        every=1 if every is None else every.whole(1, 53),
        week_of=None if week is None else week.day(),
        recurs=None if rule is None else _rule(rule, node.need("first").day()),
    )


def _day(node: Node, key: str) -> date | None:
    found = node.find(key)
    return None if found is None else found.day()


def _part_of_year(node: Node) -> Season | None:
    found = node.find("season")
    if found is None:
        return None
    match = _SEASON.fullmatch(found.text())
    if match is None:
        raise found.error("a season is written MM-DD to MM-DD")
    first_month, first_day, last_month, last_day = map(int, match.groups())
    with found.blamed():
        return Season((first_month, first_day), (last_month, last_day))


# --- exceptions -------------------------------------------------------------------------------------------------------


def _name(node: Node) -> str:
    found = node.find("name")
    return "" if found is None else found.text()


def _override(node: Node) -> DateOverride:
    node.table("day", "hours", "name")
    hours = node.find("hours")
    return DateOverride(node.need("day").day(), () if hours is None else _ranges(hours), _name(node))


def _extra(node: Node) -> ExtraHours:
    node.table("day", "hours", "name")
    return ExtraHours(node.need("day").day(), _ranges(node.need("hours")), _name(node))


def _span(node: Node) -> tuple[date, date]:
    """One day by ``day``, or several by ``first`` and ``last``."""
    day = node.find("day")
    if (day is None) == (node.find("first") is None):
        raise node.error("days are told by day, or by first and last", got="both" if day else "neither")
    if day is not None:
        return day.day(), day.day()
    return node.need("first").day(), node.need("last").day()


def _closure(node: Node) -> Closure:
    first, last = _span(node.table("day", "first", "last", "name"))
    with node.blamed():
        return Closure(first, last, _name(node))


def _journey(node: Node) -> TemporaryZone:
    first, last = _span(node.table("day", "first", "last", "zone", "name"))
    with node.blamed():
        return TemporaryZone(first, last, node.need("zone").zone())


def _rule(node: Node, start: date) -> RecurrenceRule:
    """A rule that the start can follow: what it may not say beside it is the rule's fault."""
    with node.blamed():
        rule = RecurrenceRule.parse(node.text())
        Recurrence(start, "UTC", timedelta(hours=1) if isinstance(start, datetime) else 1, rules=rule)
    return rule


def _time_off(node: Node, zone: TimeZone) -> TimeOff:
    node.table("day", "first", "last", "start", "end", "rrule", "excluded", "name")
    start, rule = node.find("start"), node.find("rrule")
    if rule is None and (excluded := node.find("excluded")):
        raise excluded.error("dates are excluded from an absence that recurs", allowed="add rrule, or leave them out")
    if start is None:
        first, last = _span(node)
        with node.blamed():
            if rule is None:
                return TimeOff.on(first, last, zone=zone, name=_name(node))
            days = (last - first).days + 1
            left_out = [one.day() for one in node.each("excluded")]
            return TimeOff(Recurrence(first, zone, days, rules=_rule(rule, first), excluded=left_out), _name(node))
    if any(node.find(key) for key in ("day", "first", "last")):
        raise node.error("an absence is told by whole days or by start and end", got="both")
    with node.blamed():
        interval = Interval(start.instant(zone), node.need("end").instant(zone))
        if rule is None:
            return TimeOff(interval, _name(node))
        wall = zone.to_local(interval.start).replace(tzinfo=None)
        if zone.to_utc(wall) != interval.start:
            sentence = "an absence recurs from a time that the clock shows first, and this is the second of two"
            raise start.error(sentence, allowed="start it with the day before or after")
        instants = [one.instant(zone) for one in node.each("excluded")]
        recurring = Recurrence(wall, zone, interval.duration, rules=_rule(rule, wall), excluded=instants)
        return TimeOff(recurring, _name(node))


def _holidays(root: Node, years: tuple[int, ...]) -> tuple[Holiday, ...]:
    node = root.find("holidays")
    if node is None:
        return ()
    if isinstance(node.value, list):
        return tuple(_holiday(one) for one in node.items())
    node.table("country", "subdivision", "years", "also")
    country, part = node.need("country").text(), node.find("subdivision")
    own = [one.whole(1, 9999) for one in node.each("years")]
    if not own and not years:
        raise node.error(
            "holidays of a country are made for certain years", got="no years", allowed="add years = [2026, 2027]"
        )
    with node.blamed():
        public = public_holidays(country, subdivision=None if part is None else part.text(), years=own or years)
    return (*public, *(_holiday(one) for one in node.each("also")))


def _holiday(node: Node) -> Holiday:
    if isinstance(node.value, dict):
        node.table("day", "name")
        return Holiday(node.need("day").day(), _name(node))
    return Holiday(node.day())


# --- schedules and calendars ------------------------------------------------------------------------------------------


def read_calendar(node: Node, around: Around) -> Calendar:
    """The calendar of a provider or room: its schedules and absences over those of the clinic."""
    listed = node.find("schedules")
    if listed is None:
        schedules = [_schedule(node, around)]
    else:
        if twice := [key for key in SCHEDULE if node.find(key)]:
            raise node.child(twice[0]).error("hours stand beside schedules or inside them, not both", got="both")
        schedules = [_schedule(one.table(*SCHEDULE), around) for one in listed.items()]
        if not schedules:
            raise listed.error(
                "a calendar has at least one schedule (closed all week is one without hours)", got="none"
            )
    capacity = node.find("capacity")
    home = schedules[0].zone
    away = [_time_off(one, home) for one in node.each("time_off")]
    with node.blamed():
        return Calendar(schedules, away, capacity=1 if capacity is None else capacity.whole(1))


def _schedule(node: Node, around: Around) -> Schedule:
    location = node.find("location")
    place = None if location is None else around.locations[location.choice(around.locations, "location")]
    zone = node.find("zone")
    hours = node.find("hours")
    # Hours of its own replace the clinic's, and with them the clinic's changes to those; the clinic's holidays and
    # closures are about the house, and stay.
    inherits = hours is None
    own_holidays = node.find("holidays")
    own_overrides = tuple(_override(one) for one in node.each("overrides"))
    own_days = {override.day for override in own_overrides}
    with node.blamed():
        return Schedule(
            zone.zone() if zone else place.zone if place else around.zone,
            around.hours if hours is None else _hours(hours),
            overrides=(*(o for o in around.overrides if inherits and o.day not in own_days), *own_overrides),
            extra=(*(around.extra if inherits else ()), *_all(node, "extra", _extra)),
            holidays=around.holidays if own_holidays is None else _holidays(node, around.years),
            closures=(*around.closures, *_all(node, "closures", _closure)),
            travel=_all(node, "travel", _journey),
            location=None if place is None else place.handle,
        )


def read_kept(node: Node, zone: TimeZone, years: tuple[int, ...]) -> Schedule:
    """Hours that are kept for a channel: what stands here, and nothing of the clinic's own hours but its zone."""
    hours, own = node.find("hours"), node.find("zone")
    with node.blamed():
        return Schedule(
            zone if own is None else own.zone(),
            () if hours is None else _hours(hours),
            overrides=_all(node, "overrides", _override),
            extra=_all(node, "extra", _extra),
            holidays=_holidays(node, years),
            closures=_all(node, "closures", _closure),
            travel=_all(node, "travel", _journey),
        )


def _all(node: Node, key: str, read: Callable[[Node], _T]) -> tuple[_T, ...]:
    return tuple(read(one) for one in node.each(key))
