"""The yardstick: pure Python as a good engineer writes it, integers and two sorted pointers.

Hours are expanded once per schedule, one zone look-up a day where the clocks stand still; what refuses a start
(bookings with their buffers, full days, full weeks) becomes one sorted list of intervals, and one pass walks grid and
list together.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.data import DAY_US, NEVER, offset_us, zone_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from benchmarks._measure import Int64Array
    from benchmarks.data import Problem, Rules, ScheduleHours

__all__ = ["Hours", "Prepared", "common", "expand", "find", "prepare"]

# Local days read on either side of the window: zones reach 14 hours from UTC, and hours may run over midnight.
MARGIN_DAYS: Final = 2


@dataclass(frozen=True, slots=True)
class Hours:
    """One schedule in the window: (first, last) start of each piece of grid, and the midnights from `first_day` on."""

    pieces: list[tuple[int, int]]
    midnights: list[int]
    first_day: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """Bookings as lists, one entry a calendar; `starts` and `ends` close with a sentinel that no start reaches."""

    problem: Problem
    schedule_of: list[int]
    wanted: list[bool]
    starts: list[list[int]]
    ends: list[list[int]]
    rest: list[list[tuple[int, int, int]]] | None
    """(before, after, held until) of each booking, where the problem has them."""


def _lists(column: Int64Array, bounds: list[int]) -> list[list[int]]:
    flat = column.tolist()
    return [flat[a:b] for a, b in pairwise(bounds)]


def prepare(problem: Problem) -> Prepared:
    """Turn the columns into lists; not timed."""
    bookings = problem["bookings"]
    count = len(problem["schedule_of"])
    bounds = bookings["resource"].searchsorted(np.arange(count + 1)).tolist()
    starts, ends = _lists(bookings["start_us"], bounds), _lists(bookings["end_us"], bounds)
    rest = None
    before, after, held = bookings["before_us"], bookings["after_us"], bookings["held_until_us"]
    if before is not None and after is not None and held is not None:
        by_row = zip(_lists(before, bounds), _lists(after, bounds), _lists(held, bounds), strict=True)
        rest = [list(zip(*columns, strict=True)) for columns in by_row]
    for row in (*starts, *ends):
        row.append(NEVER)
    needed, skills = problem["required_skills"], problem["skills"]
    wanted = [True] * count if skills is None else [mask & needed == needed for mask in skills.tolist()]
    return Prepared(problem, problem["schedule_of"].tolist(), wanted, starts, ends, rest)


def _windows(schedule: ScheduleHours, zone: ZoneInfo, first: int, offsets: list[int]) -> list[tuple[int, int]]:
    """Give the opening ranges as instants, in order."""
    windows = []
    for day, (today, tomorrow) in enumerate(pairwise(offsets), first):
        base = day * DAY_US
        for opens, closes in schedule["weekly"][(day + 3) % 7]:
            start, end = base + opens, base + closes
            if closes <= opens:
                end += DAY_US
            elif today == tomorrow:
                # No clock change between the two midnights, so one offset serves the day.
                windows.append((start - today, end - today))
                continue
            windows.append((start - offset_us(zone, start), end - offset_us(zone, end)))
    windows.sort()
    return windows


def expand(schedule: ScheduleHours, rules: Rules, low: int, high: int) -> Hours:
    """Turn weekly hours into pieces of grid whose starts lie in [low, high), and the table of local midnights."""
    first, last = low // DAY_US - MARGIN_DAYS, high // DAY_US + MARGIN_DAYS
    if rules["max_per_week"]:
        first -= (first + 3) % 7
        last += -(last + 3) % 7
    zone = zone_of(schedule["zone"])
    offsets = [offset_us(zone, day * DAY_US) for day in range(first, last + 1)]
    windows = _windows(schedule, zone, first, offsets)
    duration, step = rules["duration_us"], rules["step_us"]
    pieces = []
    run_end = next_start = NEVER
    for start, end in reversed(windows):
        # A visit may run on into the range that touches; the start itself belongs to the later opening's grid.
        run_end = end if end < next_start else max(run_end, end)
        stop = min(end, next_start, run_end - duration + 1, high)
        begin = start + max(-(-(low - start) // step), 0) * step
        if begin < stop:
            pieces.append((begin, stop - 1))
        next_start = start
    pieces.reverse()
    return Hours(pieces, [day * DAY_US - offset for day, offset in enumerate(offsets, first)], first)


def _full_periods(starts: list[int], hours: Hours, rules: Rules) -> list[tuple[int, int]]:
    """Give the local days and weeks that have no place left, as intervals of instants."""
    midnights, first = hours.midnights, hours.first_day
    days = Counter(bisect_right(midnights, start) - 1 for start in starts)
    days.pop(-1, None)
    days.pop(len(midnights) - 1, None)
    full = []
    if rules["max_per_day"]:
        full = [(midnights[d], midnights[d + 1]) for d, count in days.items() if count >= rules["max_per_day"]]
    if rules["max_per_week"]:
        weeks: Counter[int] = Counter()
        for day, count in days.items():
            weeks[day - (day + first + 3) % 7] += count
        full += [(midnights[d], midnights[d + 7]) for d, count in weeks.items() if count >= rules["max_per_week"]]
    return full


def _refused(prepared: Prepared, row: int, hours: Hours) -> tuple[list[int], list[int]]:
    """Give what refuses a start of this calendar as sorted, disjoint intervals of starts, with a sentinel."""
    problem = prepared.problem
    rules, now = problem["rules"], problem["now_us"]
    reach_back = rules["duration_us"] + rules["buffer_after_us"] - 1
    reach_on = rules["buffer_before_us"]
    live, blocks = [], []
    rest = prepared.rest[row] if prepared.rest is not None else [(0, 0, NEVER)] * (len(prepared.starts[row]) - 1)
    for start, end, (before, after, held_until) in zip(prepared.starts[row], prepared.ends[row], rest, strict=False):
        if held_until > now:
            live.append(start)
            blocks.append((start - before - reach_back, end + after + reach_on))
    if rules["max_per_day"] or rules["max_per_week"]:
        blocks += _full_periods(live, hours, rules)
    blocks.sort()
    starts, ends = [], []
    until = -NEVER
    for start, end in blocks:
        if start > until:
            starts.append(start)
            ends.append(end)
            until = end
        elif end > until:
            ends[-1] = until = end
    starts.append(NEVER)
    ends.append(NEVER)
    return starts, ends


def _sweep(
    pieces: list[tuple[int, int]], starts: list[int], ends: list[int], reach_back: int, reach_on: int, step: int
) -> list[int]:
    """Walk the grid and the blocks [start - reach_back, end + reach_on) together; starts and ends are both sorted."""
    found: list[int] = []
    i = 0
    for first, last in pieces:
        at = first
        while at <= last:
            while ends[i] + reach_on <= at:
                i += 1
            begin = starts[i] - reach_back
            if begin > last:
                found.extend(range(at, last + 1, step))
                break
            if begin > at:
                found.extend(range(at, begin, step))
            at += -((at - ends[i] - reach_on) // step) * step
    return found


def find(prepared: Prepared) -> list[list[int]]:
    """Give the starts of every calendar, from rules to starts."""
    problem = prepared.problem
    rules, now = problem["rules"], problem["now_us"]
    low, high = problem["within"]
    low = max(low, now + rules["min_notice_us"])
    high = min(high, now + rules["max_advance_us"] + 1) if rules["max_advance_us"] != NEVER else high
    schedules = [expand(schedule, rules, low, high) for schedule in problem["schedules"]]
    step = rules["step_us"]
    plain = prepared.rest is None and not rules["max_per_day"] and not rules["max_per_week"]
    reach_back = rules["duration_us"] + rules["buffer_after_us"] - 1
    reach_on = rules["buffer_before_us"]
    answer: list[list[int]] = []
    for row, schedule in enumerate(prepared.schedule_of):
        hours = schedules[schedule]
        if not prepared.wanted[row]:
            answer.append([])
        elif plain:
            # Bookings of one calendar that do not overlap are sorted by start and by end: no merging is needed.
            starts, ends = prepared.starts[row], prepared.ends[row]
            answer.append(_sweep(hours.pieces, starts, ends, reach_back, reach_on, step))
        else:
            starts, ends = _refused(prepared, row, hours)
            answer.append(_sweep(hours.pieces, starts, ends, 0, 0, step))
    return answer


def common(answer: list[list[int]]) -> tuple[Int64Array, Int64Array]:
    """Give the answer as CSR arrays; not timed."""
    offsets = np.zeros(len(answer) + 1, np.int64)
    np.cumsum([len(row) for row in answer], out=offsets[1:])
    return offsets, np.fromiter((start for row in answer for start in row), np.int64, int(offsets[-1]))
