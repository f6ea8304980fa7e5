"""The slow, obvious search for visits: every start, every gap, every assignment, one minute after the other.

A case is plain data, all times in minutes after a midnight in UTC::

    {
        "resources": [{"handle": 1, "kind": "provider", "skills": {3: 2}, "junior": False, "hours": [[540, 720]]}],
        "bookings": [{"resource": 1, "start": 600, "end": 630, "before": 0, "after": 5}],
        "steps": [
            {
                "roles": [{"name": "vet", "kind": "provider", "skill": [3, 1], "count": 1, "before": 0, "after": 0}],
                "minutes": 30,
                "by_provider": {1: 40},
                "min_gap": 0,
                "max_gap": 0,
                "change": [],
            }
        ],
        "step": 15,
        "gap_step": 5,
        "window": [0, 1440],
    }

Nothing here knows the code that it judges.
"""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Answer", "brute_force"]

Answer = dict[int, tuple[tuple[int, ...], tuple[int, ...]]]
"""For each start that works: when each step begins, and who takes each place."""

Case = dict[str, Any]
Part = dict[int, tuple[int, Case]]


def brute_force(case: Case) -> Answer:
    """Every start at which the visit works, with the first way and the first assignment in dictionary order."""
    parts = _parts(case)
    ways = sorted(_ways(case), key=lambda way: (way["end"], way["gaps"], way["lengths"]))
    first, last = case["window"]
    found: Answer = {}
    for start in range(first, last):
        for way in ways:
            assignment = next(_assignments(case, parts, way, start), None)
            if assignment is not None:
                found[start] = tuple(start + begin for begin in way["begins"]), assignment
                break
    return found


def _parts(case: Case) -> list[Part]:
    """The roles of one name in steps that follow each other; in each step the role's place among the step's roles."""
    parts: list[Part] = []
    for number, step in enumerate(case["steps"]):
        for place, role in enumerate(step["roles"]):
            mine = [part for part in parts if next(iter(part.values()))[1]["name"] == role["name"]]
            if not mine or role["name"] in step["change"]:
                parts.append({number: (place, role)})
            else:
                mine[-1][number] = place, role
    return parts


def _ways(case: Case) -> Iterator[Case]:
    lengths = [sorted({step["minutes"], *step["by_provider"].values()}) for step in case["steps"]]
    gaps = [range(step["min_gap"], step["max_gap"] + 1, case["gap_step"]) for step in case["steps"]]
    for chosen in product(*lengths):
        for waits in product(*gaps):
            begins, at = [], 0
            for wait, length in zip(waits, chosen, strict=True):
                begins.append(at + wait)
                at += wait + length
            yield {"begins": begins, "lengths": list(chosen), "gaps": list(waits), "end": at}


def _assignments(case: Case, parts: list[Part], way: Case, start: int) -> Iterator[tuple[int, ...]]:
    """Every assignment that works, in dictionary order of the resources' places in the list."""
    each = []
    for number, part in enumerate(parts):
        able = [
            place
            for place, resource in enumerate(case["resources"])
            if _works(case, part, way, start, resource, grid=number == 0)
        ]
        need = next(iter(part.values()))[1]["count"]
        each.append(list(combinations(able, need)))
    for chosen in product(*each):
        places = [place for group in chosen for place in group]
        if len(set(places)) == len(places) and _supervised(case, parts, chosen):
            yield tuple(case["resources"][place]["handle"] for place in places)


def _works(case: Case, part: Part, way: Case, start: int, resource: Case, *, grid: bool) -> bool:
    for number, (place, role) in part.items():
        step = case["steps"][number]
        if not _eligible(role, resource):
            return False
        kinds = [one["kind"] for one in step["roles"]]
        leader = kinds.index("provider") if "provider" in kinds else 0
        if place == leader and step["by_provider"].get(resource["handle"], step["minutes"]) != way["lengths"][number]:
            return False
    first, last = min(part), max(part)
    begin, end = start + way["begins"][first], start + way["begins"][last] + way["lengths"][last]
    opening = next((hours for hours in resource["hours"] if hours[0] <= begin < hours[1]), None)
    if opening is None or not all(_open(resource, minute) for minute in range(begin, end)):
        return False
    if grid and (start - opening[0]) % case["step"]:
        return False
    before, after = part[first][1]["before"], part[last][1]["after"]
    return not any(_taken(case, resource, minute) for minute in range(begin - before, end + after))


def _eligible(role: Case, resource: Case) -> bool:
    if role["kind"] != resource["kind"]:
        return False
    return role["skill"] is None or resource["skills"].get(role["skill"][0], 0) >= role["skill"][1]


def _open(resource: Case, minute: int) -> bool:
    return any(first <= minute < last for first, last in resource["hours"])


def _taken(case: Case, resource: Case, minute: int) -> bool:
    return any(
        booking["resource"] == resource["handle"]
        and booking["start"] - booking["before"] <= minute < booking["end"] + booking["after"]
        for booking in case["bookings"]
    )


def _supervised(case: Case, parts: list[Part], chosen: tuple[tuple[int, ...], ...]) -> bool:
    """Each junior has a senior provider in the same visit who can do what the junior's role asks."""
    seniors = [
        case["resources"][place]
        for group in chosen
        for place in group
        if case["resources"][place]["kind"] == "provider" and not case["resources"][place]["junior"]
    ]
    for part, group in zip(parts, chosen, strict=True):
        if not any(case["resources"][place]["junior"] for place in group):
            continue
        for _, role in part.values():
            if not any(_eligible(role, senior) for senior in seniors):
                return False
    return True
