"""A clinic as the text of a clinic file: the way back from objects."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs

from petpro_core.bookings import BookingPolicy, BookingStatus, Days, WorkingDays, WorkingTime
from petpro_core.errors import InvalidValueError
from petpro_core.interop.clinic._bookings import SUBJECTS
from petpro_core.interop.clinic._people_out import abilities_tree, skill_tree, work_tree
from petpro_core.interop.clinic._values_out import Tree, filled, length_text, lists, moment_text, named
from petpro_core.interop.clinic.model import KINDS
from petpro_core.intervals import Interval, from_us
from petpro_core.recurrence import Recurrence
from petpro_core.schedules.weekly import WEEKDAYS
from petpro_core.slots.rules import CalendarDays, SlotRules

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, time

    from petpro_core.availability import Calendar
    from petpro_core.bookings import Allocation, Booking, Cap, MinimumGap, Overbooking, Release, Stranding
    from petpro_core.interop.clinic._source import Format
    from petpro_core.interop.clinic.model import Clinic, ClinicResource, ClinicService, ClinicVisit
    from petpro_core.interop.clinic.queues import ClinicQueue
    from petpro_core.schedules import ClockRange, DateOverride, ExtraHours, Schedule, WeeklyHours
    from petpro_core.schedules.weekly import Ranges
    from petpro_core.timezones import TimeZone

__all__ = ["clinic_text", "clinic_tree"]

Names = Mapping[str, Mapping[int, str]]

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_MINUTE: Final = timedelta(minutes=1)
_PLAIN: Final = SlotRules(_MINUTE)
_SPANS: Final = ("step", "offset", "buffer_before", "buffer_after")
_LEADS: Final = ("min_duration", "max_duration", "cancel_deadline", "move_deadline")


def clinic_tree(clinic: Clinic) -> Tree:
    """A clinic as the keys and values of a clinic file, in full: nothing is left to be inherited but policies.

        >>> from petpro_core.interop.clinic import read_clinic
        >>> text = '{"clinic": {"zone": "UTC"}, "rooms": [{"id": "hall", "capacity": 2}]}'
        >>> clinic_tree(read_clinic(text, format="json"))["rooms"]
        [{'id': 'hall', 'capacity': 2, 'schedules': [{'zone': 'UTC'}]}]

    Every provider and room has ``schedules``; lists that would be empty are left out. The numbers of a clinic are its
    own order here: providers before rooms, and clients, pets and the like in the order in which bookings name them.

    Raises:
        InvalidValueError: A length of time with parts of a second, or a number that nothing of the clinic has.

    Source: ``docs/reference/clinic-file.md``.
    """
    names = clinic.names
    zone = clinic.zone
    tree: Tree = {"clinic": filled(name=clinic.name) | {"zone": zone.key} | lists(channels=list(clinic.channels))}
    tree |= lists(
        locations=[
            {"id": one.id} | ({"name": one.name} if one.name != one.id else {}) | {"zone": one.zone.key}
            for one in clinic.locations.values()
        ],
        skills=[skill_tree(one) for one in clinic.skills.values()],
        **{
            key: [_resource(one, clinic) for one in clinic.resources.values() if one.kind == kind]
            for kind, key in KINDS
        },
        services=[_service(one, clinic, names) for one in clinic.services.values()],
    )
    tree |= lists(visits=[_visit(one, clinic, names) for one in clinic.visits.values()])
    policy = _policy(clinic.policy, BookingPolicy(), names)
    tree |= {"policy": policy} if policy else {}
    tree |= lists(bookings=[_booking(one, clinic, names) for one in clinic.bookings])
    return tree | ({} if clinic.queue is None else {"queue": _queue(clinic.queue, names, clinic.zone)})


def clinic_text(clinic: Clinic, *, format: Format) -> str:  # noqa: A002 - the word people look for
    """The tree of a clinic as JSON or TOML; whether it is read back equal is for the caller to see."""
    tree = clinic_tree(clinic)
    if format == "json":
        return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"
    parts = []
    for key, value in tree.items():
        # A table is written under its header, and so is each table of a list.
        for header, table in [(f"[{key}]", value)] if isinstance(value, dict) else [(f"[[{key}]]", v) for v in value]:
            parts.append("\n".join([header, *(f"{_key(name)} = {_toml(one)}" for name, one in table.items())]))
    return "\n\n".join(parts) + "\n"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _toml(value: object) -> str:
    """A value in one line; what JSON writes of text, numbers and truth is TOML too."""
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(key)} = {_toml(one)}' for key, one in value.items())} }}"
    return json.dumps(value, ensure_ascii=False)


# --- hours ------------------------------------------------------------------------------------------------------------


def _range(one: ClockRange) -> str:
    return f"{_clock(one.start)}-{_clock(one.end)}" + (f" {one.name}" if one.name else "")


def _clock(clock: time) -> str:
    return clock.isoformat("auto") if clock.second or clock.microsecond else clock.isoformat("minutes")


def _ranges(ranges: Ranges) -> list[str]:
    return [_range(one) for one in ranges]


def _days(days: tuple[Ranges, ...]) -> Tree:
    return {weekday: _ranges(ranges) for weekday, ranges in zip(WEEKDAYS, days, strict=True) if ranges}


def _week(hours: WeeklyHours) -> Tree:
    breaks = _days(hours.breaks)
    return _days(hours.days) | ({"breaks": breaks} if breaks else {})


def _season(hours: WeeklyHours) -> Tree:
    tree: Tree = _dates(first=hours.first, last=hours.last, week_of=hours.week_of)
    if hours.season is not None:
        first, last = ("{:02d}-{:02d}".format(*at) for at in (hours.season.first, hours.season.last))
        tree["season"] = f"{first} to {last}"
    if hours.every > 1:
        tree["every"] = hours.every
    if hours.recurs is not None:
        tree["rrule"] = str(hours.recurs)
    return tree | _week(hours)


def _dates(**dates: date | None) -> Tree:
    return {key: day.isoformat() for key, day in dates.items() if day is not None}


def _replaced(one: DateOverride) -> Tree:
    return {"day": one.day.isoformat()} | lists(hours=_ranges(one.ranges)) | filled(name=one.name)


def _added(one: ExtraHours) -> Tree:
    # Its hours are always written: a date without them would be a date that somebody forgot to finish.
    return {"day": one.day.isoformat(), "hours": _ranges(one.ranges)} | filled(name=one.name)


def _schedule(schedule: Schedule, locations: Mapping[int, str]) -> Tree:
    tree: Tree = {"zone": schedule.zone.key}
    if schedule.location is not None:
        tree["location"] = named(locations, "location", schedule.location)
    if schedule.hours:
        base, *seasons = schedule.hours
        tree["hours"] = _week(base) | lists(seasons=[_season(one) for one in seasons])
    return tree | lists(
        overrides=[_replaced(one) for one in schedule.overrides],
        extra=[_added(one) for one in schedule.extra],
        holidays=[_dates(day=one.day) | filled(name=one.name) for one in schedule.holidays],
        closures=[_dates(first=one.first, last=one.last) | filled(name=one.name) for one in schedule.closures],
        travel=[_dates(first=one.first, last=one.last) | {"zone": one.zone.key} for one in schedule.travel],
    )


def _resource(one: ClinicResource, clinic: Clinic) -> Tree:
    calendar: Calendar = one.calendar
    locations = {place.handle: key for key, place in clinic.locations.items()}
    tree: Tree = {"id": one.id} | ({"name": one.name} if one.name != one.id else {})
    tree |= {"capacity": calendar.capacity} if calendar.capacity > 1 else {}
    tree |= lists(feeds=list(one.feeds))
    tree |= abilities_tree(one, clinic.names)
    tree["schedules"] = [_schedule(schedule, locations) for schedule in calendar.schedules]
    return tree | lists(
        time_off=[
            (
                _recurring(off.when, calendar.zone)
                if isinstance(off.when, Recurrence)
                else _once(off.when, calendar.zone)
            )
            | filled(name=off.name)
            for off in calendar.time_off
        ]
    )


def _once(interval: Interval, zone: TimeZone) -> Tree:
    return {"start": moment_text(interval.start, zone), "end": moment_text(interval.end, zone)}


def _recurring(recurrence: Recurrence, zone: TimeZone) -> Tree:
    """An absence that recurs, as far as a clinic file says it: one rule, dates left out, and the home zone's clock."""
    days, length = recurrence.length
    all_day = not isinstance(recurrence.start, datetime)
    if len(recurrence.rules) != 1 or recurrence.dates or recurrence.excluding or bool(days) != all_day:
        msg = f"an absence of a clinic file recurs by one rule, without other dates, got one from {recurrence.start}"
        raise InvalidValueError(msg, name="time_off", got=str(recurrence.start))
    if recurrence.zone != zone:
        msg = f"an absence of a clinic file recurs by the clock of {zone.key}, got one by {recurrence.zone.key}"
        raise InvalidValueError(msg, name="time_off", got=recurrence.zone.key)
    if isinstance(recurrence.start, datetime):
        start = from_us(recurrence.start_us)
        tree = _once(Interval(start, start + timedelta(microseconds=length)), zone)
        excluded = [moment_text(from_us(us), zone) for us in recurrence.excluded_us.tolist()]
    else:
        tree = _dates(first=recurrence.start, last=recurrence.start + timedelta(days=days - 1))
        excluded = [day.isoformat() for day in recurrence.excluded]
    return tree | {"rrule": str(recurrence.rules[0])} | lists(excluded=excluded)


# --- services and policies --------------------------------------------------------------------------------------------


def _service(one: ClinicService, clinic: Clinic, names: Names) -> Tree:
    rules = one.rules[0]
    lasting = [
        f"{rule.duration.days}d" if isinstance(rule.duration, CalendarDays) else length_text(rule.duration)
        for rule in one.rules
    ]
    tree: Tree = {"id": one.id} | ({"name": one.name} if one.name != one.id else {})
    tree["duration"] = lasting[0] if len(lasting) == 1 else lasting
    tree |= {key: length_text(getattr(rules, key)) for key in _SPANS if getattr(rules, key) != getattr(_PLAIN, key)}
    tree |= {"alignment": str(rules.alignment)} if rules.alignment is not _PLAIN.alignment else {}
    tree |= {"seats": rules.seats} if rules.seats is not None else {}
    if not one.roles:
        rooms = {key for key in one.resources if clinic.resources[key].kind == "room"}
        tree |= lists(**{"rooms" if rooms else "providers": list(one.resources)})
    tree |= work_tree(one, names)
    policy = _policy(one.policy, clinic.policy, names)
    return tree | ({"policy": policy} if policy else {})


def _visit(one: ClinicVisit, clinic: Clinic, names: Names) -> Tree:
    from petpro_core.interop.clinic._visits import visit_tree  # noqa: PLC0415 - few files have visits

    policy = _policy(one.policy, clinic.policy, names)
    return visit_tree(one, names["service"]) | ({"policy": policy} if policy else {})


def _queue(queue: ClinicQueue, names: Names, zone: TimeZone) -> Tree:
    from petpro_core.interop.clinic._queue_out import queue_tree  # noqa: PLC0415 - few files have a queue

    return queue_tree(queue, names, zone)


def _policy(policy: BookingPolicy, base: BookingPolicy, names: Names) -> Tree:
    """What a policy says otherwise than the one that holds around it."""
    tree: Tree = {}
    changed = {
        field.name: value
        for field in attrs.fields(BookingPolicy)
        if (value := getattr(policy, field.name)) != getattr(base, field.name) and value is not None
    }
    for key, value in changed.items():
        if key in _LEADS or isinstance(value, timedelta):
            tree[key] = length_text(value)
        elif isinstance(value, WorkingTime):
            tree[key] = f"{length_text(value.time)} working"
        elif isinstance(value, (Days, WorkingDays)):
            tree[key] = f"{value.days} {'working ' if isinstance(value, WorkingDays) else ''}days"
        elif key == "caps":
            tree[key] = [_cap(one, names) for one in value]
        elif key == "gaps":
            tree[key] = [_gap(one) for one in value]
        elif key in _WHOLE:
            tree[key] = _WHOLE[key](value, names)
        else:
            tree[key] = [str(one) for one in value] if key == "one_at_a_time" else value
    return tree


def _cap(cap: Cap, names: Names) -> Tree:
    tree: Tree = {
        "limit": length_text(cap.limit * _MINUTE) if cap.minutes else cap.limit,
        "per": str(cap.per),
        "by": str(cap.by),
    }
    tree |= {} if cap.service is None else {"service": named(names["service"], "service", cap.service)}
    tree |= {} if cap.channel is None else {"channel": named(names["channel"], "channel", cap.channel)}
    return tree | ({} if cap.zone is None else {"zone": cap.zone.key})


def _gap(gap: MinimumGap) -> Tree:
    return {"time": length_text(gap.time), "by": str(gap.by)}


def _resources(rule: Release | Overbooking, names: Names) -> Tree:
    if rule.resources is None:
        return {}
    return {"resources": [named(names["resource"], "resource", one) for one in rule.resources]}


def _releases(releases: tuple[Release, ...], names: Names) -> list[Tree]:
    return [
        _schedule(one.hours, {})
        | lists(channels=[named(names["channel"], "channel", channel) for channel in one.channels])
        | {"lead": length_text(one.lead)}
        | _resources(one, names)
        | filled(name=one.name)
        for one in releases
    ]


def _overbooking(rule: Overbooking, names: Names) -> Tree:
    return {"extra": rule.extra, "no_show_rate": rule.no_show_rate} | _resources(rule, names)


def _stranding(rule: Stranding, _: Names) -> Tree:
    return {
        "lengths": [length_text(one) for one in rule.lengths],
        "mode": str(rule.mode),
        "most": length_text(rule.most),
    }


_WHOLE: Final[dict[str, Callable[[Any, Names], Any]]] = {
    "releases": _releases,
    "overbooking": _overbooking,
    "stranding": _stranding,
}


# --- bookings ---------------------------------------------------------------------------------------------------------


def _booking(one: Booking, clinic: Clinic, names: Mapping[str, Mapping[int, str]]) -> Tree:
    held = one.allocations[0]
    zone = clinic.zone
    key = named(names["booking"], "booking", one.id)
    service = None if one.service is None else named(names["service"], "service", one.service)
    tree = filled(id="" if key == f"#{one.id}" else key, service=service or "")
    tree |= _held(one.allocations, clinic, names["resource"])
    tree |= {"start": moment_text(held.interval.start, zone), "end": moment_text(held.interval.end, zone)}
    tree |= _buffers(one, None if service is None else clinic.services[service], clinic, names["resource"])
    tree |= {"status": str(one.status)} if one.status is not BookingStatus.CONFIRMED else {}
    tree |= {} if one.held_until is None else {"held_until": moment_text(one.held_until, zone)}
    tree |= {kind: named(names[kind], kind, number) for kind in SUBJECTS if (number := getattr(one, kind)) is not None}
    tree |= {"units": held.units} if held.units > 1 else {}
    channel = "" if one.channel is None else named(names["channel"], "channel", one.channel)
    return tree | filled(source=one.source, channel=channel) | lists(waived=[str(waiver) for waiver in one.waived])


def _buffers(one: Booking, service: ClinicService | None, clinic: Clinic, resources: Mapping[int, str]) -> Tree:
    """The buffers of a booking, where one of its resources has others than its service says."""
    own = [
        {
            "buffer_before": held.interval.start - held.occupied.start,
            "buffer_after": held.occupied.end - held.interval.end,
        }
        for held in one.allocations
    ]
    usual = [
        dict.fromkeys(own[0], timedelta(0)) if service is None else service.buffers_for(clinic.resources[key].kind)
        for held in one.allocations
        for key in [named(resources, "resource", held.resource)]
    ]
    return {
        name: length_text(own[0][name])
        for name in own[0]
        if any(mine[name] != theirs[name] for mine, theirs in zip(own, usual, strict=True))
    }


def _held(allocations: Iterable[Allocation], clinic: Clinic, resources: Mapping[int, str]) -> Tree:
    keys = [named(resources, "resource", one.resource) for one in allocations]
    return {clinic.resources[keys[0]].kind: keys[0]} if len(keys) == 1 else {"resources": keys}
