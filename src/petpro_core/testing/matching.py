"""The oracle of who can: every way is tried, in the order in which ways are preferred. Slow, obvious, and on its own.

It reads plain data and imports nothing of what it judges:

- a requirement is ``{"skill": 3, "at_least": "advanced"}``, ``{"all": [...]}``, ``{"any": [...]}``, ``{"not": {...}}``;
- a resource is ``{"handle": 7, "kind": "provider", "skills": {3: "expert"}, "groups": [1], "locations": [2],
  "supervised": False}``; whatever is left out is empty or False;
- a role is ``{"kind": "provider", "requirement": None, "count": 2, "among": None, "group": None, "location": None,
  "supervision": None, "alone": False}``; whatever is left out is as here, and a count is 1.

    >>> people = [{"handle": 7, "kind": "provider", "skills": {3: "expert"}}, {"handle": 8, "kind": "provider"}]
    >>> pairing(people, [{"kind": "provider"}, {"kind": "provider", "requirement": {"skill": 3}}])
    [[8], [7]]

Source: ADR 14.
"""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Plain = Mapping[str, Any]

__all__ = ["able", "duration", "fewest_changes", "fits", "mentioned", "pairing", "place_count", "short_together"]

_LEVELS: Final = ("basic", "intermediate", "advanced", "expert")


def able(requirement: Plain | None, skills: Mapping[int, str]) -> bool:
    """Whether somebody with these skills meets a requirement.

    >>> able({"all": [{"skill": 1}, {"not": {"skill": 2, "at_least": "expert"}}]}, {1: "basic", 2: "advanced"})
    True
    """
    if requirement is None:
        return True
    if "all" in requirement:
        return all(able(part, skills) for part in requirement["all"])
    if "any" in requirement:
        return any(able(part, skills) for part in requirement["any"])
    if "not" in requirement:
        return not able(requirement["not"], skills)
    held = skills.get(requirement["skill"])
    return held is not None and _LEVELS.index(held) >= _LEVELS.index(requirement.get("at_least", "basic"))


def mentioned(requirement: Plain | None) -> set[int]:
    """The skills that a requirement speaks of."""
    if requirement is None:
        return set()
    if "skill" in requirement:
        return {requirement["skill"]}
    parts = (
        requirement.get("all") or requirement.get("any") or [requirement[key] for key in requirement if key == "not"]
    )
    return {skill for part in parts for skill in mentioned(part)}


def fewest_changes(requirement: Plain, skills: Mapping[int, str], known: set[int] | None = None) -> int | None:
    """How many skills must at least change for somebody to meet a requirement; ``None`` = no change is enough.

    With ``known`` only those skills can be had at all.

    >>> fewest_changes({"all": [{"skill": 1}, {"skill": 2, "at_least": "expert"}]}, {2: "basic"})
    2
    """
    names = sorted(mentioned(requirement))
    ways = [(None, *_LEVELS) if known is None or name in known else (None,) for name in names]
    best = None
    for levels in product(*ways):
        held = {**skills, **{name: level for name, level in zip(names, levels, strict=True) if level is not None}}
        for name, level in zip(names, levels, strict=True):
            if level is None:
                held.pop(name, None)
        changes = sum(skills.get(name) != level for name, level in zip(names, levels, strict=True))
        if able(requirement, held) and (best is None or changes < best):
            best = changes
    return best


def fits(resource: Plain, role: Plain) -> bool:
    """Whether a resource may fill a role, seniors aside."""
    among, group, location = role.get("among"), role.get("group"), role.get("location")
    places = resource.get("locations", ())
    return (
        resource["kind"] == role["kind"]
        and able(role.get("requirement"), resource.get("skills", {}))
        and (among is None or resource["handle"] in among)
        and (group is None or group in resource.get("groups", ()))
        and (location is None or not places or location in places)
    )


def place_count(resources: Sequence[Plain], role: Plain) -> int:
    """How many a role takes."""
    count = role.get("count", 1)
    if count != "all":
        return int(count)
    if role.get("among") is not None:
        return len(role["among"])
    return max(1, sum(fits(one, role) for one in resources))


def _ways(
    resources: Sequence[Plain], roles: Sequence[Plain], needs: Sequence[int], taken: frozenset[int]
) -> Iterator[list[list[Plain]]]:
    if not roles:
        yield []
        return
    free = [one for one in resources if one["handle"] not in taken and fits(one, roles[0])]
    for chosen in combinations(free, needs[0]):
        for rest in _ways(resources, roles[1:], needs[1:], taken | {one["handle"] for one in chosen}):
            yield [list(chosen), *rest]


def _supervised(way: Sequence[Sequence[Plain]], roles: Sequence[Plain]) -> bool:
    seniors = [one for part in way for one in part if one["kind"] == "provider" and not one.get("supervised", False)]
    for part, role in zip(way, roles, strict=True):
        rule = role.get("supervision")
        wanted = role.get("requirement") if rule is None else rule
        alone = role.get("alone", False) or any(able(wanted, one.get("skills", {})) for one in seniors)
        if not alone and any(one.get("supervised", False) for one in part):
            return False
    return True


def pairing(
    resources: Sequence[Plain], roles: Sequence[Plain], candidates: Sequence[Plain] | None = None
) -> list[list[int]] | None:
    """The first way in dictionary order to fill all roles with distinct resources, as handles; ``None`` = no way.

    Args:
        resources: All there are; the first is preferred.
        roles: The roles of a visit.
        candidates: Those who can be had, the first preferred; ``None`` = all. How many "all" are does not depend on it.
    """
    needs = [place_count(resources, role) for role in roles]
    for way in _ways(resources if candidates is None else candidates, roles, needs, frozenset()):
        if _supervised(way, roles):
            return [[one["handle"] for one in part] for part in way]
    return None


def short_together(resources: Sequence[Plain], roles: Sequence[Plain], candidates: Sequence[Plain]) -> list[set[int]]:
    """The smallest sets of roles that take more than all who would do for one of them, seniors aside."""
    found: list[set[int]] = []
    for size in range(1, len(roles) + 1):
        for chosen in combinations(range(len(roles)), size):
            need = sum(place_count(resources, roles[number]) for number in chosen)
            have = [one for one in candidates if any(fits(one, roles[number]) for number in chosen)]
            if len(have) < need and not any(smaller <= set(chosen) for smaller in found):
                found.append(set(chosen))
    return found


def duration(usual: Any, rules: Sequence[Plain], told: Plain) -> Any:  # noqa: ANN401 - a length of any kind
    """What of a table of durations holds: of the rules that hold the one that names most, then by what it names.

    A rule is ``{"duration": ..., "species": "dog"}``, by any of provider, species, size and new_client.

    >>> duration(
    ...     20, [{"duration": 30, "species": "dog"}, {"duration": 25, "provider": 7}], {"species": "dog", "provider": 7}
    ... )
    25
    """
    names = ("provider", "species", "size", "new_client")
    best, strength = usual, (0, [False] * 4)
    for rule in rules:
        named = [name in rule for name in names]
        holds = all(rule[name] == told.get(name) for name in names if name in rule)
        if holds and (sum(named), named) > strength:
            best, strength = rule["duration"], (sum(named), named)
    return best
