"""PetPro's side of each scenario: the only place of the suite that calls it.

Each function gets the plain input of `benchmarks.data` and gives arrays in the common form: starts as int64
microseconds, sorted inside each row, rows bounded by `offsets` (n + 1 values, the first 0). Making PetPro's objects
from the plain input (schedules, rules, the booking table) is done beforehand, as every peer has its own columns or
lists: "cold" means from rules and bookings to starts, with nothing expanded or indexed;
`prepare_*` may turn the plain dicts into rule objects beforehand, because rules are objects in PetPro, but must leave
the columns alone.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import combinations
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from benchmarks.data import EPOCH, NEVER, some_booking, with_booking
from petpro_core import (
    ALWAYS,
    Allocation,
    Booking,
    BookingPolicy,
    BookingStatus,
    BookingTable,
    Calendar,
    CalendarBatch,
    Cap,
    ClockRange,
    Interval,
    Schedule,
    SlotRules,
    WeeklyHours,
    find_conflicts,
    find_slots,
    from_us,
    load_zone,
)
from petpro_core.index import SlotIndex
from petpro_core.recurrence import Recurrence, RecurrenceRule, expand, expand_batch
from petpro_core.timezones import LocalTimes

if TYPE_CHECKING:
    import numpy.typing as npt

    from benchmarks._measure import Int64Array
    from benchmarks.data import Bookings, Problem, ScheduleHours
    from benchmarks.rule_cases import Expansion
    from petpro_core import SlotTable

__all__ = [
    "Index",
    "Prepared",
    "build_index",
    "changed_by_one",
    "first_after",
    "index_all",
    "index_count",
    "index_first",
    "index_groups",
    "index_less",
    "index_more",
    "index_row",
    "p1",
    "p2",
    "p2_conflicts",
    "p3",
    "p4",
    "p6",
    "prepare",
    "prepare_conflicts",
    "prepare_index",
    "prepare_rules",
]

_MOST_STARTS: Final = 50_000_000  # the growth curves ask for more than a search gives by default
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


@attrs.frozen(eq=False)
class Prepared:
    """The plain input as rule objects; the booking columns stay as they came."""

    problem: Problem
    calendars: tuple[Calendar, ...]
    rules: SlotRules
    policy: BookingPolicy
    within: Interval
    now: datetime
    table: BookingTable


def _clock(us: int) -> time:
    minutes = us // 60_000_000 % (24 * 60)
    return time(minutes // 60, minutes % 60)


def _schedule(hours: ScheduleHours) -> Schedule:
    days = [[ClockRange(_clock(opens), _clock(closes)) for opens, closes in day] for day in hours["weekly"]]
    return Schedule(hours["zone"], WeeklyHours(days))


def _time(us: int) -> timedelta:
    return timedelta(microseconds=us)


def prepare(data: Problem) -> Prepared:
    """Turn the plain dicts into rule objects, and the columns into a checked table (6 ms for 800,000); not timed."""
    rules = data["rules"]
    schedules = [_schedule(hours) for hours in data["schedules"]]
    caps = [Cap(rules[f"max_per_{per}"], per=per) for per in ("day", "week") if rules[f"max_per_{per}"]]  # type: ignore[literal-required]
    horizon = None if rules["max_advance_us"] == NEVER else _time(rules["max_advance_us"])
    return Prepared(
        problem=data,
        calendars=tuple(Calendar(schedules[which]) for which in data["schedule_of"].tolist()),
        rules=SlotRules(
            _time(rules["duration_us"]),
            step=_time(rules["step_us"]),
            buffer_before=_time(rules["buffer_before_us"]),
            buffer_after=_time(rules["buffer_after_us"]),
        ),
        policy=BookingPolicy(min_notice=_time(rules["min_notice_us"]), horizon=horizon, caps=tuple(caps)),
        within=Interval.from_us(*data["within"]),
        now=from_us(data["now_us"]),
        table=_table(data["bookings"]),
    )


def _table(columns: Bookings) -> BookingTable:
    start, end, held = columns["start_us"], columns["end_us"], columns["held_until_us"]
    numbers = BookingStatus.HELD.number, BookingStatus.CONFIRMED.number
    return BookingTable.from_columns(
        resource=columns["resource"],
        start=start,
        end=end,
        occupied_start=None if columns["before_us"] is None else start - columns["before_us"],
        occupied_end=None if columns["after_us"] is None else end + columns["after_us"],
        held_until=held,
        status=None if held is None else np.where(held == NEVER, numbers[1], numbers[0]),
        known=ALWAYS,
    )


def p1(data: Prepared) -> Int64Array:
    """Give the starts of one calendar, from rules to starts, nothing kept between calls."""
    return _find(data, data.calendars)[1]


def p2(data: Prepared) -> tuple[Int64Array, Int64Array]:
    """Give (offsets, starts) of the network, cold: nothing kept between calls."""
    return _find(data, data.calendars)


def _find(data: Prepared, calendars: tuple[Calendar, ...] | CalendarBatch) -> tuple[Int64Array, Int64Array]:
    table = find_slots(
        calendars,
        busy=data.table,
        rules=data.rules,
        policy=data.policy,
        within=data.within,
        now=data.now,
        limit=_MOST_STARTS,
    )
    return table.offsets, table.starts


def prepare_conflicts(data: tuple[Int64Array, Int64Array, Int64Array]) -> BookingTable:
    """Turn the columns (resource, start_us, end_us) into a checked table; not timed."""
    resource, start, end = data
    return BookingTable.from_columns(resource=resource, start=start, end=end, known=ALWAYS)


def p2_conflicts(table: BookingTable) -> int:
    """Count the pairs of bookings on one resource that overlap."""
    found = find_conflicts(table, now=_LONG_AGO)
    start, end = table.start, table.end
    sizes = np.diff(found.offsets)
    pairs = int((sizes == 2).sum())
    # Where three or more meet in one stretch, not each of them need overlap each other.
    for size in np.unique(sizes[sizes > 2]).tolist():
        first = found.offsets[:-1][sizes == size]
        numbers = found.bookings[first[:, None] + np.arange(size)]
        for a, b in combinations(range(size), 2):
            one, other = numbers[:, a], numbers[:, b]
            pairs += int(((end[one] > start[other]) & (end[other] > start[one])).sum())
    return pairs


def prepare_rules(asked: Expansion) -> tuple[tuple[Recurrence, ...], Interval]:
    """Parse the rules; not timed."""
    recurrences = tuple(
        Recurrence(
            EPOCH + _time(case["start_us"]),
            case["zone"],
            duration=timedelta(minutes=30),
            rules=(RecurrenceRule.parse(case["rule"]),),
        )
        for case in asked["cases"]
    )
    return recurrences, Interval.from_us(*asked["within"])


def p3(prepared: tuple[tuple[Recurrence, ...], Interval]) -> tuple[Int64Array, Int64Array]:
    """Give (offsets, starts) of every rule."""
    recurrences, within = prepared
    one = len(recurrences) == 1
    found = expand(recurrences[0], within=within) if one else expand_batch(recurrences, within=within)
    return found.offsets, found.starts


def p4(local_us: Int64Array, zone_key: str) -> Int64Array:
    """Turn wall-clock times into instants, compatible with RFC 5545 in gaps and repeated hours."""
    return load_zone(zone_key).to_utc_us(LocalTimes(local_us))


def p6(data: Prepared) -> tuple[Int64Array, Int64Array]:
    """Give (offsets, starts) of the practice, cold; rows of staff without the skills are empty."""
    skills, needed = data.problem["skills"], np.uint64(data.problem["required_skills"])
    if skills is None:
        return p2(data)
    able = ((skills & needed) == needed).nonzero()[0]
    batch = CalendarBatch.of([data.calendars[row] for row in able.tolist()], able)
    offsets, starts = _find(data, batch)
    counts = np.zeros(len(skills), np.int64)
    counts[able] = np.diff(offsets)
    return np.append(0, counts.cumsum()), starts


@attrs.frozen(eq=False)
class Index:
    """A prepared index, the rows it is asked for, and one booking that is there and one that could be."""

    index: SlotIndex
    mask: npt.NDArray[np.bool_] | None
    there: Booking
    new: Booking


def build_index(asked: Prepared) -> Index:
    """Build the index, and choose a booking that is there and one that could be."""
    problem = asked.problem
    index = SlotIndex.of(
        asked.calendars,
        busy=asked.table,
        rules=asked.rules,
        policy=asked.policy,
        within=asked.within,
        now=asked.now,
    )
    skills, needed = problem["skills"], np.uint64(problem["required_skills"])
    mask = None if skills is None else (skills & needed) == needed
    row, start, end, free = some_booking(problem)
    there, new = (
        Booking(number, [Allocation(row, Interval.from_us(*times))])
        for number, times in (
            (int(problem["bookings"]["resource"].searchsorted(row)), (start, end)),
            (len(problem["bookings"]["start_us"]), free),
        )
    )
    return Index(index, mask, there, new)


def prepare_index(problem: Problem) -> Index:
    """Build the index; its cost is measured in a scenario of its own and not in the questions."""
    return build_index(prepare(problem))


def _columns(table: SlotTable) -> tuple[Int64Array, Int64Array]:
    return table.offsets, table.starts


def index_all(prepared: Index) -> tuple[Int64Array, Int64Array]:
    """Give (offsets, starts) of all calendars."""
    return _columns(prepared.index.find(prepared.mask, limit=_MOST_STARTS))


def index_first(prepared: Index) -> tuple[Int64Array, Int64Array]:
    """Give (offsets, starts) with the first start of each calendar."""
    return _columns(prepared.index.first(prepared.mask))


def index_count(prepared: Index) -> Int64Array:
    """Give how many starts each calendar has."""
    return prepared.index.count(prepared.mask)


def changed_by_one(problem: Problem) -> Problem:
    """Give the problem as it is after `index_more`."""
    row, _, _, free = some_booking(problem)
    return with_booking(problem, row, free)


def index_more(prepared: Index) -> SlotIndex:
    """Give the index with one booking more."""
    return prepared.index.with_bookings([prepared.new])


def index_less(prepared: Index) -> SlotIndex:
    """Give the index with one booking less."""
    return prepared.index.with_bookings(removed=[prepared.there])


def first_after(prepared: Index) -> tuple[Int64Array, Int64Array]:
    """Give the first start of each calendar right after a booking came; some of the work of a change waits for that."""
    return _columns(index_more(prepared).first(prepared.mask))


def index_row(index: SlotIndex, row: int, size: int) -> tuple[Int64Array, Int64Array]:
    """Give (offsets, starts) of one calendar alone, to check what a change made of it."""
    table = index.find(np.arange(size) == row)
    return np.array([0, len(table.starts)], np.int64), table.starts


def index_groups(prepared: Index, groups: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Give (offsets, starts) that all members of each group have."""
    return _columns(prepared.index.common(groups))
