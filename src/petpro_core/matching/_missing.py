"""What somebody lacks of a requirement: the fewest skills whose level must change, by branch and bound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from petpro_core.errors import LimitExceededError
from petpro_core.matching.skills import LEVELS, AllOf, Has, Not

if TYPE_CHECKING:
    from collections.abc import Mapping

    from petpro_core.matching.skills import Requirement

__all__ = ["Bounds", "fewest_changes"]

Bounds = tuple[int, int]
"""The lowest and the highest rank that will do; 0 = without the skill."""

_HIGHEST: Final = len(LEVELS)
_MOST_STEPS: Final = 500

_Literal = tuple[int, Bounds]
_Clause = list[_Literal]


def fewest_changes(
    tree: Requirement,
    ranks: Mapping[int, int],
    fixed: Mapping[int, Bounds] | None = None,
    *,
    steps: int = _MOST_STEPS,
) -> dict[int, Bounds] | None:
    """The fewest skills to change, each with the ranks it may have then; ``None`` = nobody can meet the requirement.

    The first of several smallest answers, in the order of the requirement. After so many ``steps`` it is the best that
    was found until then.

        >>> fewest_changes((Has(1) | Has(2, "expert")) & ~Has(3), {2: 1, 3: 4})
        {3: (0, 0), 1: (1, 4)}

    Args:
        tree: The requirement.
        ranks: Somebody's skills.
        fixed: Ranks that must stay within bounds.
        steps: When to stop searching.

    Raises:
        LimitExceededError: Nothing was found in so many steps, and it is not certain that there is nothing.
    """
    search = _Search(tree, ranks, steps)
    search.descend(dict(fixed or {}))
    if search.best is None and search.steps < 0:
        msg = f"the requirement is too tangled to say in {steps} steps what is missing; divide it into roles or skills"
        raise LimitExceededError(msg, limit=steps)
    return search.best


@attrs.define
class _Search:
    tree: Requirement
    ranks: Mapping[int, int]
    steps: int
    best: dict[int, Bounds] | None = None

    def changed(self, bounds: Mapping[int, Bounds]) -> dict[int, Bounds]:
        return {skill: both for skill, both in bounds.items() if not both[0] <= self.ranks.get(skill, 0) <= both[1]}

    # Bounds only ever narrow. Whoever meets the requirement within them meets a literal of every clause, so that the
    # branches over one clause lose no answer; each literal fails now, so that each branch narrows something.
    def descend(self, bounds: dict[int, Bounds]) -> None:
        self.steps -= 1
        if self.steps < 0:
            return
        clauses = self.clauses(self.tree, bounds, met=True)
        changed = self.changed(bounds)
        if self.best is not None and len(changed) + _at_least(clauses, changed) >= len(self.best):
            return
        if not clauses:
            self.best = changed
            return
        single = [clause[0] for clause in clauses if len(clause) == 1]
        for way in [single] if single else [[literal] for literal in min(clauses, key=len)]:
            narrower = _narrowed(bounds, way)
            if narrower is not None:
                self.descend(narrower)

    def rank(self, skill: int, bounds: Mapping[int, Bounds]) -> int:
        low, high = bounds.get(skill, (0, _HIGHEST))
        return min(max(self.ranks.get(skill, 0), low), high)

    # Out: clauses of literals that fail now; every answer within the bounds meets one of each. No clause = it holds.
    def clauses(self, tree: Requirement, bounds: Mapping[int, Bounds], *, met: bool) -> list[_Clause]:
        if isinstance(tree, Has):
            wanted = (tree.at_least.rank, _HIGHEST) if met else (0, tree.at_least.rank - 1)
            return [] if wanted[0] <= self.rank(tree.skill, bounds) <= wanted[1] else [[(tree.skill, wanted)]]
        if isinstance(tree, Not):
            return self.clauses(tree.part, bounds, met=not met)
        parts = [self.clauses(part, bounds, met=met) for part in tree.parts]
        if isinstance(tree, AllOf) is met:
            return [clause for part in parts for clause in part]
        return [[literal for part in parts for literal in min(part, key=len)]] if all(parts) else []


def _narrowed(bounds: dict[int, Bounds], way: list[_Literal]) -> dict[int, Bounds] | None:
    narrower = dict(bounds)
    for skill, (low, high) in way:
        before = narrower.get(skill, (0, _HIGHEST))
        both = max(low, before[0]), min(high, before[1])
        if both[0] > both[1]:
            return None
        narrower[skill] = both
    return narrower


# Clauses that share no skill, and name none that is changed already, take a change each.
def _at_least(clauses: list[_Clause], changed: Mapping[int, Bounds]) -> int:
    seen, count = set(changed), 0
    for clause in clauses:
        skills = {skill for skill, _ in clause}
        if not skills & seen:
            count += 1
            seen |= skills
    return count
