"""What a careful person keeps between questions without an index: each calendar's starts, as lists and as sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.peers import hand_written

if TYPE_CHECKING:
    from benchmarks._measure import Int64Array
    from benchmarks.data import Problem
    from benchmarks.peers.hand_written import Prepared

__all__ = ["again", "common_starts", "count", "first", "prepare", "prepare_one"]


def prepare(problem: Problem) -> list[frozenset[int]]:
    """Give each calendar's starts as a set; not timed."""
    return [frozenset(row) for row in hand_written.find(hand_written.prepare(problem))]


def common_starts(sets: list[frozenset[int]], groups: list[list[int]]) -> list[list[int]]:
    """Give the starts that all members of each group have."""
    return [sorted(frozenset.intersection(*(sets[row] for row in rows))) for rows in groups]


def _first(
    pieces: list[tuple[int, int]], starts: list[int], ends: list[int], back: int, on: int, step: int
) -> list[int]:
    i = 0
    for at, last in pieces:
        while at <= last:
            while ends[i] + on <= at:
                i += 1
            if starts[i] - back > at:
                return [at]
            at += -((at - ends[i] - on) // step) * step  # noqa: PLW2901 -- the walk over one piece of the grid
    return []


def first(prepared: Prepared) -> list[list[int]]:
    """Give the first start of every calendar, from rules to starts, leaving each as soon as it is found."""
    problem = prepared.problem
    rules, (low, high) = problem["rules"], problem["within"]
    schedules = [hand_written.expand(schedule, rules, low, high) for schedule in problem["schedules"]]
    back, on = rules["duration_us"] + rules["buffer_after_us"] - 1, rules["buffer_before_us"]
    return [
        _first(schedules[of].pieces, starts, ends, back, on, rules["step_us"])
        for of, starts, ends in zip(prepared.schedule_of, prepared.starts, prepared.ends, strict=True)
    ]


def count(prepared: Prepared) -> list[int]:
    """Give how many starts every calendar has, from rules to starts."""
    return [len(row) for row in hand_written.find(prepared)]


def prepare_one(problem: Problem, row: int) -> Prepared:
    """Give the columns of one calendar alone, as lists; not timed."""
    bookings = problem["bookings"]
    begin, end = bookings["resource"].searchsorted([row, row + 1]).tolist()
    alone = problem.copy()
    alone["schedules"] = [problem["schedules"][int(problem["schedule_of"][row])]]
    alone["schedule_of"] = np.zeros(1, np.int64)
    alone["bookings"] = bookings.copy()
    alone["bookings"]["resource"] = np.zeros(end - begin, np.int64)
    alone["bookings"]["start_us"] = bookings["start_us"][begin:end]
    alone["bookings"]["end_us"] = bookings["end_us"][begin:end]
    return hand_written.prepare(alone)


def again(alone: Prepared) -> tuple[Int64Array, Int64Array]:
    """Find the starts of the one calendar again, which is what a changed booking costs without an index."""
    return hand_written.common(hand_written.find(alone))
