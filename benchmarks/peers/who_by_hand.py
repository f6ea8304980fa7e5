"""What a careful person writes in plain Python: a filter of skills, an order of a queue, a visit of three steps."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from benchmarks.who_data import MONDAY_US

if TYPE_CHECKING:
    from benchmarks._measure import Int64Array
    from benchmarks.who_data import Clinic, Person, Queue, Requirement

__all__ = ["filter_people", "find_visits", "prepare_clinic", "rank_queue"]

_MINUTE_US: Final = 60_000_000
_DAY_US: Final = 24 * 60 * _MINUTE_US
# Levels of the veterinary triage list: their tier, and their head start in minutes.
_LEVELS: Final = ((0, 240), (1, 225), (1, 210), (1, 120), (1, 0))

Free = tuple[list[int], list[int]]


def _meets(skills: dict[int, int], tree: Any) -> bool:
    if "skill" in tree:
        return skills.get(tree["skill"], 0) >= tree["rank"]
    if "all" in tree:
        return all(_meets(skills, part) for part in tree["all"])
    if "any" in tree:
        return any(_meets(skills, part) for part in tree["any"])
    return not _meets(skills, tree["not"])


def filter_people(asked: tuple[list[Person], Requirement]) -> list[int]:
    """Give the handles of those who meet a requirement."""
    people, tree = asked
    return [person["handle"] for person in people if _meets(person["skills"], tree)]


def rank_queue(waiting: Queue) -> list[int]:
    """Give the places of those who wait, the next first: by tier, then by arrival less head start."""
    rows = zip(waiting["arrival_us"], waiting["level"], strict=True)
    keys = [
        (_LEVELS[level][0], arrival - _LEVELS[level][1] * _MINUTE_US, arrival, number)
        for number, (arrival, level) in enumerate(rows)
    ]
    return [key[3] for key in sorted(keys)]


def prepare_clinic(data: Clinic) -> dict[str, Any]:
    """Give the free time of everybody as sorted lists; not timed."""
    free: dict[int, Free] = {}
    for who, taken in data["taken"].items():
        begins, ends = [], []
        busy = sorted(taken)
        for day in range(data["days"]):
            if day % 7 >= 5:
                continue
            at, last = (MONDAY_US + day * _DAY_US + edge for edge in data["open_hours"][who])
            for begin, end in busy:
                if end <= at or begin >= last:
                    continue
                if at < begin:
                    begins.append(at)
                    ends.append(begin)
                at = end
            if at < last:
                begins.append(at)
                ends.append(last)
        free[who] = begins, ends
    vets = [person["handle"] for person in data["staff"] if 1 in person["skills"]]
    nurses = [person["handle"] for person in data["staff"] if 2 in person["skills"]]
    return {"free": free, "vets": vets, "nurses": nurses, "rooms": data["rooms"], "data": data}


def _has(free: Free, begin: int, end: int) -> bool:
    place = bisect_right(free[0], begin) - 1
    return place >= 0 and end <= free[1][place]


def find_visits(prepared: dict[str, Any]) -> Int64Array:
    """Give (start, vet, room, nurse, other room) of each visit: exam, X-ray within 15 minutes, result within 15."""
    free, data = prepared["free"], prepared["data"]
    quarter = 15 * _MINUTE_US
    starts = {
        begin
        for vet in prepared["vets"]
        for day in range(data["days"])
        if day % 7 < 5
        for midnight in [MONDAY_US + day * _DAY_US]
        for begin in range(midnight + data["open_hours"][vet][0], midnight + data["open_hours"][vet][1], quarter)
    }
    # The way that ends first comes first, and of those the one with the shorter first gap.
    gaps = sorted(((a, b) for a in range(0, 16, 5) for b in range(0, 16, 5)), key=lambda gap: (sum(gap), gap))
    found = []
    for start in sorted(starts):
        for first, second in gaps:
            x_ray = start + (30 + first) * _MINUTE_US
            end = x_ray + (15 + second + 15) * _MINUTE_US
            vet = next(
                (
                    one
                    for one in prepared["vets"]
                    if (start - data["open_hours"][one][0] - MONDAY_US) % quarter == 0 and _has(free[one], start, end)
                ),
                None,
            )
            if vet is None:
                continue
            nurse = next((one for one in prepared["nurses"] if _has(free[one], x_ray, x_ray + quarter)), None)
            rooms = [one for one in prepared["rooms"] if _has(free[one], start, start + 2 * quarter)]
            others = [one for one in prepared["rooms"] if _has(free[one], x_ray, x_ray + quarter)]
            pair = next(((one, other) for one in rooms for other in others if one != other), None)
            if nurse is None or pair is None:
                continue
            found.append((start, vet, pair[0], nurse, pair[1]))
            break
    return np.array(found, np.int64)
