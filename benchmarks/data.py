"""The inputs: deterministic, plain columns and plain dicts, made without PetPro.

Times are int64 microseconds since 1970-01-01T00:00Z (`_us`), intervals half-open, hours microseconds after local
midnight. Both long scenarios hold a change of the clocks: New York leaves summer time on 1 November 2026, Berlin on 25
October.
"""

from __future__ import annotations

import functools
from datetime import date, datetime, time, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Final, TypeAlias, TypedDict
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks._measure import Int64Array

__all__ = [
    "DAY_US",
    "EPOCH",
    "MINUTE_US",
    "NEVER",
    "Bookings",
    "Generator",
    "Problem",
    "Rules",
    "ScheduleHours",
    "local_year",
    "network",
    "offset_us",
    "one_calendar",
    "overlapping_ends",
    "practice",
    "seeded",
    "some_booking",
    "utc_us",
    "with_booking",
    "without_booking",
    "zone_of",
]

MINUTE_US: Final = 60_000_000
HOUR_US: Final = 60 * MINUTE_US
Generator: TypeAlias = np.random.Generator  # noqa: TID251 -- a type, and no dice
DAY_US: Final = 24 * HOUR_US
NEVER: Final = int(np.iinfo(np.int64).max)
EPOCH: Final = datetime.combine(date(1970, 1, 1), time())
NEW_YORK: Final = "America/New_York"
WEEKDAYS: Final = 5


class ScheduleHours(TypedDict):
    """Weekly hours in one zone.

    For Monday to Sunday, (open, close) after local midnight; close <= open ends on the next day.
    """

    zone: str
    weekly: list[list[tuple[int, int]]]


class Rules(TypedDict):
    """What is asked for. A cap of 0 is no cap; a `max_advance_us` of NEVER is no horizon."""

    duration_us: int
    step_us: int
    buffer_before_us: int
    buffer_after_us: int
    min_notice_us: int
    max_advance_us: int
    max_per_day: int
    max_per_week: int


class Bookings(TypedDict):
    """Columns sorted by (resource, start). None: no buffers, or nothing is held.

    `held_until_us` is NEVER for a confirmed booking.
    """

    resource: Int64Array
    start_us: Int64Array
    end_us: Int64Array
    before_us: Int64Array | None
    after_us: Int64Array | None
    held_until_us: Int64Array | None


class Problem(TypedDict):
    """One search. Row i of the answer is calendar i; calendars without the required skills have empty rows."""

    schedules: list[ScheduleHours]
    schedule_of: Int64Array
    rules: Rules
    within: tuple[int, int]
    now_us: int
    bookings: Bookings
    skills: npt.NDArray[np.uint64] | None
    required_skills: int


def seeded(seed: int) -> Generator:
    """Give a generator whose numbers depend on the seed alone."""
    return np.random.default_rng(seed)  # noqa: TID251 -- the seed is an argument


@functools.cache
def zone_of(key: str) -> ZoneInfo:
    """Give a zone and keep it: zoneinfo itself keeps eight, so ten in turn would be read from their files again."""
    return ZoneInfo(key)


def offset_us(zone: ZoneInfo, local_us: int) -> int:
    """Give the offset at a wall-clock time: the one before the gap in a gap, the first where the time exists twice."""
    offset = zone.utcoffset(EPOCH + timedelta(microseconds=local_us))
    assert offset is not None
    return (offset.days * 86_400 + offset.seconds) * 1_000_000


def utc_us(zone: ZoneInfo, local_us: int) -> int:
    """Turn a wall-clock time into an instant, as `offset_us` reads gaps and repeated hours."""
    return local_us - offset_us(zone, local_us)


def _day(year: int, month: int, day: int) -> int:
    return date(year, month, day).toordinal() - EPOCH.toordinal()


def _hours(zone: str, *ranges: tuple[float, float], days: int = WEEKDAYS) -> ScheduleHours:
    today = [(int(opens * HOUR_US), int(closes * HOUR_US)) for opens, closes in ranges]
    return ScheduleHours(zone=zone, weekly=[list(today) if weekday < days else [] for weekday in range(7)])


def _rules(**given: int) -> Rules:
    plain = Rules(
        duration_us=30 * MINUTE_US,
        step_us=15 * MINUTE_US,
        buffer_before_us=0,
        buffer_after_us=0,
        min_notice_us=0,
        max_advance_us=NEVER,
        max_per_day=0,
        max_per_week=0,
    )
    plain.update(given)  # type: ignore[typeddict-item]  # keywords are not known to be Rules' names
    return plain


def _positions(schedule: ScheduleHours, first_day: int, days: int, each_us: int) -> list[list[int]]:
    """Give, for every local day with hours, the instants `each_us` apart at which a booking of that length fits."""
    zone = zone_of(schedule["zone"])
    found = []
    for day in range(first_day, first_day + days):
        ranges = schedule["weekly"][(day + 3) % 7]
        today: list[int] = []
        for opens, closes in ranges:
            start = utc_us(zone, day * DAY_US + opens)
            end = utc_us(zone, day * DAY_US + closes + (DAY_US if closes <= opens else 0))
            today.extend(range(start, end - each_us + 1, each_us))
        if today:
            found.append(today)
    return found


def one_calendar(*, features: bool) -> Problem:
    """P1: New York, 30 local days from Monday 19 October 2026, weekdays 9 to 17 with lunch, 40 bookings.

    Visits and bookings of 30 minutes on a 15-minute step, 465 starts: the grid's 572 less what 40 bookings hide.
    With `features`, the same with buffers, notice, horizon, caps by day and week, and four holds, two of them expired.
    """
    rng = seeded(460)
    schedule = _hours(NEW_YORK, (9, 12), (13, 17))
    zone, first = zone_of(NEW_YORK), _day(2026, 10, 19)
    within = (utc_us(zone, first * DAY_US), utc_us(zone, (first + 30) * DAY_US))
    places = np.array(sorted(chain.from_iterable(_positions(schedule, first, 30, 30 * MINUTE_US))), np.int64)
    starts = np.sort(rng.choice(places, 40, replace=False))
    now = utc_us(zone, first * DAY_US + 8 * HOUR_US)
    bookings = Bookings(
        resource=np.zeros(40, np.int64),
        start_us=starts,
        end_us=starts + 30 * MINUTE_US,
        before_us=None,
        after_us=None,
        held_until_us=None,
    )
    rules = _rules()
    if features:
        held = np.full(40, NEVER, np.int64)
        held[[5, 15]] = now + 10 * MINUTE_US
        held[[10, 20]] = (now - MINUTE_US, now)
        bookings["before_us"] = rng.choice(np.array([0, 5, 10], np.int64), 40) * MINUTE_US
        bookings["after_us"] = rng.choice(np.array([0, 10, 15], np.int64), 40) * MINUTE_US
        bookings["held_until_us"] = held
        rules = _rules(
            buffer_before_us=5 * MINUTE_US,
            buffer_after_us=10 * MINUTE_US,
            min_notice_us=26 * HOUR_US,
            max_advance_us=28 * DAY_US,
            max_per_day=4,
            max_per_week=10,
        )
    return Problem(
        schedules=[schedule],
        schedule_of=np.zeros(1, np.int64),
        rules=rules,
        within=within,
        now_us=now,
        bookings=bookings,
        skills=None,
        required_skills=0,
    )


def _ten_schedules() -> list[ScheduleHours]:
    return [
        _hours(NEW_YORK, (9, 12), (13, 17)),
        _hours("America/Chicago", (8, 16)),
        _hours("America/Denver", (10, 13), (14, 18)),
        _hours("America/Los_Angeles", (9, 12), (13, 18)),
        _hours("America/Sao_Paulo", (8, 12), (13.5, 17.5)),
        _hours("Europe/London", (8.5, 12.5), (13.5, 17)),
        _hours("Europe/Berlin", (7, 15)),
        _hours("Asia/Kolkata", (9, 13), (14, 18)),
        _hours("Asia/Kathmandu", (10, 17)),
        _hours("Asia/Tokyo", (18, 2)),
    ]


def network(providers: int = 10_000, days: int = 14) -> Problem:
    """P2: ten weekly schedules in ten zones, 14 days from 19 October 2026 00:00Z, eight bookings on every working day.

    10,000 providers have 800,000 bookings of 30 minutes on half hours; visits of 30 minutes, 15-minute step, no
    features. The growth curves ask for other sizes and longer times.
    """
    rng = seeded(10_000)
    schedules = _ten_schedules()
    schedule_of = np.arange(providers, dtype=np.int64) % len(schedules)
    first = _day(2026, 10, 19)
    working = sum(1 for day in range(days) if day % 7 < WEEKDAYS)  # the first day is a Monday
    starts = np.empty((providers, working, 8), np.int64)
    for index, schedule in enumerate(schedules):
        members = np.flatnonzero(schedule_of == index)
        for day, places in enumerate(_positions(schedule, first, days, 30 * MINUTE_US)):
            drawn = rng.random((len(members), len(places))).argsort(axis=1)[:, :8]
            starts[members, day] = np.array(places, np.int64)[np.sort(drawn, axis=1)]
    flat = starts.reshape(-1)
    return Problem(
        schedules=schedules,
        schedule_of=schedule_of,
        rules=_rules(),
        within=(first * DAY_US, (first + days) * DAY_US),
        now_us=first * DAY_US,
        bookings=Bookings(
            resource=np.repeat(np.arange(providers, dtype=np.int64), 8 * working),
            start_us=flat,
            end_us=flat + 30 * MINUTE_US,
            before_us=None,
            after_us=None,
            held_until_us=None,
        ),
        skills=None,
        required_skills=0,
    )


def overlapping_ends(problem: Problem) -> Int64Array:
    """Give the ends of P2's bookings with one in 400 ending 40 minutes late, so that some run into the next booking."""
    ends = problem["bookings"]["end_us"].copy()
    late = seeded(400).choice(len(ends), len(ends) // 400, replace=False)
    ends[late] += 40 * MINUTE_US
    return ends


def some_booking(problem: Problem) -> tuple[int, int, int, tuple[int, int]]:
    """Give (calendar, start, end) of the first booking of a calendar in the middle, and the first half hour free there.

    What is free is a place of the calendar's hours that none of its bookings touches.
    """
    row = len(problem["schedule_of"]) // 2
    bookings, schedule = problem["bookings"], problem["schedules"][int(problem["schedule_of"][row])]
    begin, end = bookings["resource"].searchsorted([row, row + 1]).tolist()
    starts, ends = bookings["start_us"][begin:end], bookings["end_us"][begin:end]
    low, high = problem["within"]
    days = _positions(schedule, low // DAY_US, (high - low) // DAY_US, 30 * MINUTE_US)
    free = next(
        at for at in chain.from_iterable(days) if low <= at and not ((starts < at + 30 * MINUTE_US) & (ends > at)).any()
    )
    return row, int(starts[0]), int(ends[0]), (free, free + 30 * MINUTE_US)


def with_booking(problem: Problem, row: int, times: tuple[int, int]) -> Problem:
    """Give the problem with one more booking, without buffers."""
    return _changed(problem, np.insert, row, times)


def without_booking(problem: Problem, row: int, times: tuple[int, int]) -> Problem:
    """Give the problem without one booking."""
    return _changed(problem, lambda column, at, _: np.delete(column, at), row, times)


def _changed(
    problem: Problem, edit: Callable[[Int64Array, int, int], Int64Array], row: int, times: tuple[int, int]
) -> Problem:
    bookings = problem["bookings"]
    begin, end = bookings["resource"].searchsorted([row, row + 1]).tolist()
    at = begin + int(bookings["start_us"][begin:end].searchsorted(times[0]))
    changed = problem.copy()
    changed["bookings"] = bookings.copy()
    for name, value in (("resource", row), ("start_us", times[0]), ("end_us", times[1])):
        column: Int64Array = bookings[name]  # type: ignore[literal-required]
        changed["bookings"][name] = edit(column, at, value)  # type: ignore[literal-required]
    return changed


def practice(staff: int = 50) -> Problem:
    """P6: one practice in New York, 50 staff on five schedules, 30 local days from Wednesday 14 October 2026.

    40 bookings each (2,000) of 30 to 60 minutes, with their own buffers, 5 % held; some lie on the Monday and Tuesday
    before the window, because a weekly cap reads whole weeks. Visits of 45 minutes on a 15-minute step, buffers of 5
    and 10 minutes, a day's notice, a horizon of 28 days, at most 4 a day and 11 a week, two skills required.
    """
    rng = seeded(50)
    schedules = [
        _hours(NEW_YORK, (9, 12), (13, 17)),
        _hours(NEW_YORK, (8, 12), (12, 16)),  # Two ranges that touch: a visit may run over the seam.
        _hours(NEW_YORK, (10, 14), (15, 19), days=6),
        _hours(NEW_YORK, (7, 15)),
        _hours(NEW_YORK, (12, 20), days=6),
    ]
    schedule_of = np.arange(staff, dtype=np.int64) % len(schedules)
    zone, monday = zone_of(NEW_YORK), _day(2026, 10, 12)
    first = monday + 2
    now = utc_us(zone, first * DAY_US + 9 * HOUR_US)
    starts = np.empty((staff, 40), np.int64)
    for person in range(staff):
        places = list(chain.from_iterable(_positions(schedules[int(schedule_of[person])], monday, 32, HOUR_US)))
        starts[person] = np.sort(rng.choice(np.array(places, np.int64), 40, replace=False))
    flat = starts.reshape(-1)
    size = len(flat)
    held = np.full(size, NEVER, np.int64)
    some = rng.choice(size, size // 20, replace=False)
    held[some] = now + rng.choice(np.array([-5, 0, 5], np.int64), len(some)) * MINUTE_US
    return Problem(
        schedules=schedules,
        schedule_of=schedule_of,
        rules=_rules(
            duration_us=45 * MINUTE_US,
            buffer_before_us=5 * MINUTE_US,
            buffer_after_us=10 * MINUTE_US,
            min_notice_us=24 * HOUR_US,
            max_advance_us=28 * DAY_US,
            max_per_day=4,
            max_per_week=11,
        ),
        within=(utc_us(zone, first * DAY_US), utc_us(zone, (first + 30) * DAY_US)),
        now_us=now,
        bookings=Bookings(
            resource=np.repeat(np.arange(staff, dtype=np.int64), 40),
            start_us=flat,
            end_us=flat + rng.choice(np.array([30, 45, 60], np.int64), size) * MINUTE_US,
            before_us=rng.choice(np.array([0, 5, 10, 15], np.int64), size) * MINUTE_US,
            after_us=rng.choice(np.array([0, 5, 10, 15], np.int64), size) * MINUTE_US,
            held_until_us=held,
        ),
        skills=rng.integers(0, 256, staff, dtype=np.uint64) | rng.integers(0, 256, staff, dtype=np.uint64),
        required_skills=0b1001,
    )


def local_year(size: int = 1_000_000, *, in_order: bool) -> Int64Array:
    """P4: wall-clock times of 2026 in whole seconds, gaps and repeated hours included, sorted or in random order."""
    first = _day(2026, 1, 1) * DAY_US
    times = first + seeded(2026).integers(0, 365 * 86_400, size, dtype=np.int64) * 1_000_000
    return np.sort(times) if in_order else times
