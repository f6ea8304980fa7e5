"""dateutil's rules for the hours and portion's intervals for the subtraction, used with care.

The hours are expanded once per schedule, the bookings of a calendar are subtracted in one go, and the bounds are
integers. Both libraries are imported where they are used, so that the suite runs without them.
"""

from __future__ import annotations

import importlib
from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from benchmarks.data import DAY_US, EPOCH, NEVER, zone_of
from benchmarks.peers.hand_written import Prepared, common, prepare

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from benchmarks.data import Problem, ScheduleHours

__all__ = ["Prepared", "common", "find", "missing", "prepare"]

_US = timedelta(microseconds=1)
_UTC_EPOCH = EPOCH.replace(tzinfo=UTC)


def missing() -> str | None:
    """Name the library that is not installed, if there is one."""
    for name in ("dateutil", "portion"):
        try:
            importlib.import_module(name)
        except ModuleNotFoundError:
            return name
    return None


@dataclass(frozen=True, slots=True)
class _Hours:
    """The starts that fit the hours, and for each piece of them where its grid is anchored, in order."""

    allowed: Any
    anchors: list[int]


def _instant(naive: datetime, zone: ZoneInfo) -> int:
    return (naive.replace(tzinfo=zone).astimezone(UTC) - _UTC_EPOCH) // _US


def _hours(problem: Problem, schedule: ScheduleHours, portion: Any) -> _Hours:
    rrule = importlib.import_module("dateutil.rrule")
    zone = zone_of(schedule["zone"])
    low, last = _limits(problem)
    first = EPOCH + timedelta(days=low // DAY_US - 2)
    until = EPOCH + timedelta(days=last // DAY_US + 2)
    on: dict[tuple[int, int], list[int]] = defaultdict(list)
    for weekday, ranges in enumerate(schedule["weekly"]):
        for opens, closes in ranges:
            on[opens, closes].append(weekday)
    windows = []
    for (opens, closes), weekdays in on.items():
        length = (closes - opens if closes > opens else closes + DAY_US - opens) * _US
        rule = rrule.rrule(rrule.WEEKLY, dtstart=first + opens * _US, until=until, byweekday=weekdays)
        windows += [(_instant(at, zone), _instant(at + length, zone)) for at in rule]
    windows.sort()
    runs = portion.Interval(*(portion.closedopen(start, end) for start, end in windows))
    run_ends = [run.upper for run in runs]
    duration = problem["rules"]["duration_us"]
    parts = []
    for start, end in windows:
        run_end = run_ends[bisect_right(run_ends, start)]
        part = portion.closed(max(start, low), min(end - 1, run_end - duration, last))
        if not part.empty:
            parts.append((part, start))
    return _Hours(portion.Interval(*(part for part, _ in parts)), [anchor for _, anchor in parts])


def _limits(problem: Problem) -> tuple[int, int]:
    """Give the first and the last instant that a start may have."""
    rules, now = problem["rules"], problem["now_us"]
    low, high = problem["within"]
    last = high - 1
    if rules["max_advance_us"] != NEVER:
        last = min(last, now + rules["max_advance_us"])
    return max(low, now + rules["min_notice_us"]), last


def _local_day(at: int, zone: ZoneInfo) -> int:
    return (_UTC_EPOCH + at * _US).astimezone(zone).toordinal() - EPOCH.toordinal()


def _counts(starts: list[int], zone: ZoneInfo) -> tuple[Counter[int], Counter[int]]:
    days = Counter(_local_day(at, zone) for at in starts)
    weeks: Counter[int] = Counter()
    for day, count in days.items():
        weeks[(day + 3) // 7] += count
    return days, weeks


def _one(prepared: Prepared, row: int, hours: _Hours, zone: ZoneInfo, portion: Any) -> list[int]:
    problem = prepared.problem
    rules, now = problem["rules"], problem["now_us"]
    back, on = rules["duration_us"] + rules["buffer_after_us"], rules["buffer_before_us"]
    starts, ends = prepared.starts[row][:-1], prepared.ends[row][:-1]
    rest = prepared.rest[row] if prepared.rest is not None else [(0, 0, NEVER)] * len(starts)
    live = [(s, e, b, a) for s, e, (b, a, until) in zip(starts, ends, rest, strict=True) if until > now]
    refused = portion.Interval(*(portion.open(s - b - back, e + a + on) for s, e, b, a in live))
    capped = bool(rules["max_per_day"] or rules["max_per_week"])
    by_day, by_week = _counts([s for s, *_ in live], zone) if capped else (Counter[int](), Counter[int]())
    step = rules["step_us"]
    found: list[int] = []
    for part in hours.allowed - refused:
        # The bounds are whole numbers, so an open one is the closed one beside it.
        lower = part.lower + (part.left is portion.OPEN)
        upper = part.upper - (part.right is portion.OPEN)
        anchor = hours.anchors[bisect_right(hours.anchors, lower) - 1]
        found += range(anchor + -(-(lower - anchor) // step) * step, upper + 1, step)
    if not capped:
        return found
    return [at for at in found if _has_room(at, zone, rules["max_per_day"], rules["max_per_week"], by_day, by_week)]


def _has_room(
    at: int, zone: ZoneInfo, per_day: int, per_week: int, by_day: Counter[int], by_week: Counter[int]
) -> bool:
    day = _local_day(at, zone)
    return not (per_day and by_day[day] >= per_day) and not (per_week and by_week[(day + 3) // 7] >= per_week)


def find(prepared: Prepared) -> list[list[int]]:
    """Give the starts of every calendar, from rules to starts."""
    portion = importlib.import_module("portion")
    problem = prepared.problem
    zones = [zone_of(schedule["zone"]) for schedule in problem["schedules"]]
    expanded = [_hours(problem, schedule, portion) for schedule in problem["schedules"]]
    return [
        _one(prepared, row, expanded[schedule], zones[schedule], portion) if prepared.wanted[row] else []
        for row, schedule in enumerate(prepared.schedule_of)
    ]
