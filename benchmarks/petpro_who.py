"""PetPro's side of the scenarios about people; beside `petpro_side.py` the only place of the suite that calls it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from benchmarks.who_data import MONDAY_US
from petpro_core import ALWAYS, BookingTable, Calendar, ClockRange, Interval, Schedule, WeeklyHours, from_us
from petpro_core.matching import AllOf, AnyOf, Has, Not, Proficiency, Resource, ResourceTable, Role, ServiceType
from petpro_core.priority import VETERINARY_TRIAGE, QueueEntry, rank
from petpro_core.visits import Step, Visit, find_visits

if TYPE_CHECKING:
    from benchmarks._measure import Int64Array
    from benchmarks.who_data import Clinic, Person, Queue
    from petpro_core.matching import Requirement
    from petpro_core.visits import VisitTable

__all__ = ["filter_people", "find_three_steps", "prepare_clinic", "prepare_people", "prepare_queue", "rank_queue"]

_RANKS: Final = list(Proficiency)
_CODES: Final = [level.code for level in VETERINARY_TRIAGE.levels]
_DAY_US: Final = 86_400_000_000
_MINUTE: Final = timedelta(minutes=1)


def _tree(asked: Any) -> Requirement:
    if "skill" in asked:
        return Has(asked["skill"], _RANKS[asked["rank"] - 1])
    if "not" in asked:
        return Not(_tree(asked["not"]))
    parts = [_tree(part) for part in asked["all" if "all" in asked else "any"]]
    return AllOf(*parts) if "all" in asked else AnyOf(*parts)


def prepare_people(asked: tuple[list[Person], dict[str, object]]) -> tuple[ResourceTable, Requirement]:
    """Turn people into a table, and the tree into a requirement; not timed."""
    everybody = [
        Resource(one["handle"], "provider", skills={skill: _RANKS[level - 1] for skill, level in one["skills"].items()})
        for one in asked[0]
    ]
    return ResourceTable.of(everybody), _tree(asked[1])


def filter_people(prepared: tuple[ResourceTable, Requirement]) -> Int64Array:
    """Give the handles of those who meet a requirement."""
    table, wanted = prepared
    return table.handles[table.match(wanted)]


def prepare_queue(waiting: Queue) -> tuple[list[QueueEntry], datetime]:
    """Turn those who wait into entries; not timed."""
    rows = zip(waiting["arrival_us"], waiting["level"], strict=True)
    entries = [QueueEntry(number, from_us(arrival), _CODES[level]) for number, (arrival, level) in enumerate(rows)]
    return entries, from_us(waiting["now_us"])


def rank_queue(prepared: tuple[list[QueueEntry], datetime]) -> Int64Array:
    """Give the ids of those who wait, the next first."""
    entries, now = prepared
    return rank(entries, policy=VETERINARY_TRIAGE, now=now).ids


def _clock(us: int) -> time:
    return time(us // 3_600_000_000)


def prepare_clinic(data: Clinic) -> dict[str, Any]:
    """Turn the hospital into resources, a table of bookings and a visit of three steps; not timed."""
    weekdays = ("monday", "tuesday", "wednesday", "thursday", "friday")
    schedules: dict[tuple[int, int], Schedule] = {}

    def calendar(who: int) -> Calendar:
        hours = data["open_hours"][who]
        if hours not in schedules:
            span = ClockRange(_clock(hours[0]), _clock(hours[1]))
            schedules[hours] = Schedule("UTC", WeeklyHours(dict.fromkeys(weekdays, (span,))))
        return Calendar(schedules[hours])

    staff = [
        Resource(
            one["handle"],
            "provider",
            calendar(one["handle"]),
            skills={skill: _RANKS[level - 1] for skill, level in one["skills"].items()},
        )
        for one in data["staff"]
    ]
    rooms = [Resource(room, "room", calendar(room)) for room in data["rooms"]]
    rows = [(who, *times) for who, taken in data["taken"].items() for times in taken]
    who, begin, end = np.array(rows, np.int64).T
    exam = ServiceType(1, [Role("provider", Has(1), name="vet"), Role("room")], 30 * _MINUTE)
    x_ray = ServiceType(2, [Role("provider", Has(2), name="nurse"), Role("room")], 15 * _MINUTE)
    result = ServiceType(3, Role("provider", Has(1), name="vet"), 15 * _MINUTE)
    steps = [Step(exam), Step(x_ray, change="room", max_gap=15 * _MINUTE), Step(result, max_gap=15 * _MINUTE)]
    return {
        "visit": Visit(steps),
        "resources": ResourceTable.of([*staff, *rooms]),
        "busy": BookingTable.from_columns(resource=who, start=begin, end=end, known=ALWAYS),
        "within": Interval.from_us(MONDAY_US, MONDAY_US + data["days"] * _DAY_US),
        "now": datetime(2026, 11, 1, tzinfo=UTC),
    }


def find_three_steps(prepared: dict[str, Any]) -> VisitTable:
    """Give every start of a visit of three steps, each with who takes part."""
    asked = dict(prepared)
    return find_visits(asked.pop("visit"), **asked)
