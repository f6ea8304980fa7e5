"""The loop most people write: aware datetimes, day by day, step by step, every step against the day's bookings."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.data import EPOCH, NEVER, zone_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from benchmarks._measure import Int64Array
    from benchmarks.data import Problem, Rules, ScheduleHours

__all__ = ["Booked", "Prepared", "common", "find", "prepare"]

ONE_DAY: Final = timedelta(days=1)
UTC_EPOCH: Final = EPOCH.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Booked:
    """One booking as an application would hold it; `occupied_*` carry its buffers."""

    start: datetime
    end: datetime
    occupied_start: datetime
    occupied_end: datetime
    held_until: datetime | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """The problem with its bookings as objects, one list a calendar."""

    problem: Problem
    calendars: list[list[Booked]]
    wanted: list[bool]


def _moment(us: int) -> datetime:
    return UTC_EPOCH + timedelta(microseconds=us)


def prepare(problem: Problem) -> Prepared:
    """Make one object for each booking; not timed."""
    bookings = problem["bookings"]
    size, count = len(bookings["start_us"]), len(problem["schedule_of"])
    calendars: list[list[Booked]] = [[] for _ in range(count)]
    optional = [bookings["before_us"], bookings["after_us"], bookings["held_until_us"]]
    before, after, held = (
        [default] * size if column is None else column.tolist()
        for column, default in zip(optional, (0, 0, NEVER), strict=True)
    )
    for i, (resource, start, end) in enumerate(
        zip(bookings["resource"].tolist(), bookings["start_us"].tolist(), bookings["end_us"].tolist(), strict=True)
    ):
        until = None if held[i] == NEVER else _moment(held[i])
        booked = Booked(_moment(start), _moment(end), _moment(start - before[i]), _moment(end + after[i]), until)
        calendars[resource].append(booked)
    needed, skills = problem["required_skills"], problem["skills"]
    wanted = [True] * count if skills is None else [mask & needed == needed for mask in skills.tolist()]
    return Prepared(problem, calendars, wanted)


@dataclass(frozen=True, slots=True)
class _Question:
    duration: timedelta
    step: timedelta
    before: timedelta
    after: timedelta
    earliest: datetime
    latest: datetime
    """The last instant at which a start may lie, itself allowed."""
    per_day: int
    per_week: int


def _question(problem: Problem) -> _Question:
    rules: Rules = problem["rules"]
    low, high = problem["within"]
    now = problem["now_us"]
    latest = high - 1
    if rules["max_advance_us"] != NEVER:
        latest = min(latest, now + rules["max_advance_us"])
    duration, step, before, after = (
        timedelta(microseconds=rules[name])
        for name in ("duration_us", "step_us", "buffer_before_us", "buffer_after_us")
    )
    earliest = max(low, now + rules["min_notice_us"])
    caps = rules["max_per_day"], rules["max_per_week"]
    return _Question(duration, step, before, after, _moment(earliest), _moment(latest), *caps)


def _ranges(schedule: ScheduleHours, day: date, zone: ZoneInfo) -> list[tuple[datetime, datetime, datetime]]:
    """Give (open, close, end of the run of touching ranges) of one local day as UTC datetimes."""
    local_midnight = datetime.combine(day, EPOCH.time())
    found: list[tuple[datetime, datetime, datetime]] = []
    for opens, closes in reversed(schedule["weekly"][day.weekday()]):
        length = closes if closes > opens else closes + ONE_DAY // timedelta(microseconds=1)
        start = (local_midnight + timedelta(microseconds=opens)).replace(tzinfo=zone).astimezone(UTC)
        end = (local_midnight + timedelta(microseconds=length)).replace(tzinfo=zone).astimezone(UTC)
        run_end = found[0][2] if found and found[0][0] == end else end
        found.insert(0, (start, end, run_end))
    return found


def _one(schedule: ScheduleHours, bookings: list[Booked], question: _Question, now: datetime) -> list[datetime]:
    zone = zone_of(schedule["zone"])
    live = [b for b in bookings if b.held_until is None or b.held_until > now]
    by_day: Counter[date] = Counter()
    by_week: Counter[tuple[int, int]] = Counter()
    if question.per_day or question.per_week:
        for booked in live:
            local = booked.start.astimezone(zone).date()
            by_day[local] += 1
            by_week[local.isocalendar()[:2]] += 1
    found: list[datetime] = []
    near: list[Booked] = []
    day = question.earliest.astimezone(zone).date() - ONE_DAY
    slack = question.before + question.after
    last_day = question.latest.astimezone(zone).date()
    while day <= last_day:
        ranges = _ranges(schedule, day, zone)
        if ranges:
            first, last = ranges[0][0] - slack, ranges[-1][2] + slack
            near = [b for b in live if b.occupied_start < last and b.occupied_end > first]
        for opens, closes, run_end in ranges:
            at = opens
            while at < closes and at + question.duration <= run_end:
                if question.earliest <= at <= question.latest:
                    begin, end = at - question.before, at + question.duration + question.after
                    if not any(b.occupied_start < end and b.occupied_end > begin for b in near) and _has_room(
                        at, zone, question, by_day, by_week
                    ):
                        found.append(at)
                at += question.step
        day += ONE_DAY
    return found


def _has_room(
    at: datetime, zone: ZoneInfo, question: _Question, by_day: Counter[date], by_week: Counter[tuple[int, int]]
) -> bool:
    if not question.per_day and not question.per_week:
        return True
    local = at.astimezone(zone).date()
    if question.per_day and by_day[local] >= question.per_day:
        return False
    return not question.per_week or by_week[local.isocalendar()[:2]] < question.per_week


def find(prepared: Prepared) -> list[list[datetime]]:
    """Give the starts of every calendar."""
    problem = prepared.problem
    question, now = _question(problem), _moment(problem["now_us"])
    return [
        _one(problem["schedules"][schedule], bookings, question, now) if wanted else []
        for schedule, bookings, wanted in zip(
            problem["schedule_of"].tolist(), prepared.calendars, prepared.wanted, strict=True
        )
    ]


def common(answer: list[list[datetime]]) -> tuple[Int64Array, Int64Array]:
    """Give the answer as CSR arrays; not timed."""
    offsets = np.zeros(len(answer) + 1, np.int64)
    np.cumsum([len(row) for row in answer], out=offsets[1:])
    flat = [(start - UTC_EPOCH) // timedelta(microseconds=1) for row in answer for start in row]
    return offsets, np.array(flat, np.int64)
