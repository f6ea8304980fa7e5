"""The plain input of the scenarios about people: who can, who is next, when a visit of several steps can start."""

from __future__ import annotations

from typing import Final, TypedDict

import numpy as np

__all__ = ["Clinic", "Person", "Queue", "Requirement", "clinic", "people", "queue", "requirement"]

Requirement = dict[str, object]
"""A tree: ``{"skill": 3, "rank": 2}``, or ``{"all": [...]}``, ``{"any": [...]}``, ``{"not": tree}``."""

_MINUTE_US: Final = 60_000_000
_HOUR_US: Final = 60 * _MINUTE_US
_DAY_US: Final = 24 * _HOUR_US
MONDAY_US: Final = 20_787 * _DAY_US  # 2026-11-30


class Person(TypedDict):
    """A resource's handle, and its skills by rank, 1 to 4."""

    handle: int
    skills: dict[int, int]


class Queue(TypedDict):
    """Who waits: arrival in microseconds and level (0 = most urgent), in the order of ids; and the time to rank at."""

    arrival_us: list[int]
    level: list[int]
    now_us: int


class Clinic(TypedDict):
    """Staff and rooms with their opening hours as intervals, what is booked, and the visit that is asked for."""

    staff: list[Person]
    rooms: list[int]
    open_hours: dict[int, tuple[int, int]]
    taken: dict[int, list[tuple[int, int]]]
    days: int


def people(count: int = 10_000) -> list[Person]:
    """Give resources with 3 to 8 of 40 skills each."""
    dice = np.random.default_rng(40)  # noqa: TID251 -- the input of a benchmark, always the same
    found = []
    for handle in range(count):
        skills = dice.choice(40, int(dice.integers(3, 9)), replace=False).tolist()
        ranks = dice.integers(1, 5, len(skills)).tolist()
        found.append(Person(handle=handle, skills=dict(zip(skills, ranks, strict=True))))
    return found


def requirement() -> Requirement:
    """Give a tree of six leaves: AND, OR and NOT."""
    either = {"any": [{"skill": 1, "rank": 2}, {"skill": 2, "rank": 3}, {"skill": 3, "rank": 1}]}
    return {
        "all": [either, {"not": {"skill": 9, "rank": 4}}, {"any": [{"skill": 5, "rank": 1}, {"skill": 6, "rank": 2}]}]
    }


def queue(count: int = 1_000) -> Queue:
    """Give people who came over eight hours, at five levels of urgency, the urgent ones rare."""
    dice = np.random.default_rng(1_000)  # noqa: TID251 -- likewise
    arrival = np.sort(dice.integers(0, 8 * 60, count)) * _MINUTE_US + MONDAY_US
    level = dice.choice(5, count, p=[0.02, 0.08, 0.2, 0.4, 0.3])
    return Queue(arrival_us=arrival.tolist(), level=level.tolist(), now_us=MONDAY_US + 9 * _HOUR_US)


def clinic(staff: int = 50, rooms: int = 10, days: int = 30) -> Clinic:
    """Give a hospital in UTC: everybody open for eight hours of every weekday, rooms for twelve, half of it booked."""
    dice = np.random.default_rng(50)  # noqa: TID251 -- likewise
    every = [*range(staff), *range(100, 100 + rooms)]
    opens = {
        who: ((7 if who >= 100 else 8 + who % 3) * _HOUR_US, (19 if who >= 100 else 16 + who % 3) * _HOUR_US)
        for who in every
    }
    taken: dict[int, list[tuple[int, int]]] = {}
    for who in every:
        first, last = opens[who]
        halves = (last - first) // (_HOUR_US // 2)
        taken[who] = [
            (begin, begin + _HOUR_US // 2)
            for day in range(days)
            if day % 7 < 5
            for half in sorted(dice.choice(halves, halves // 2, replace=False).tolist())
            for begin in [MONDAY_US + day * _DAY_US + first + half * (_HOUR_US // 2)]
        ]
    return Clinic(
        staff=[Person(handle=who, skills={1: 3} if who < staff * 3 // 5 else {2: 1}) for who in range(staff)],
        rooms=[who for who in every if who >= 100],
        open_hours=opens,
        taken=taken,
        days=days,
    )
