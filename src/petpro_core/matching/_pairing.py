"""Distinct columns for places: a maximum matching by augmenting paths, and the first one in dictionary order.

A *mask* is a Python integer: bit j stands for column j, the lowest for the one that is preferred. A *place* is one of
those that a role asks for; each wants one column of its mask, and no two places the same.

Source: Hopcroft and Karp, SIAM J. Comput. 2:225 (1973), of whose phases each is one path here: roles are few; Hall,
J. London Math. Soc. 10:26 (1935).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Rule", "Tight", "Unsupervised", "first_pairing", "paired"]


@attrs.frozen
class Tight:
    """Places, or roles, that have too few columns together; Hall's theorem says that nothing else can be the matter.

    Attributes:
        numbers: Which places, or which roles.
        columns: A mask of all columns that any of them would take.
    """

    numbers: tuple[int, ...]
    columns: int


@attrs.frozen
class Unsupervised:
    """Rules of supervision that cannot be kept together, and could without any one of them.

    Attributes:
        rules: Their numbers.
    """

    rules: tuple[int, ...]


@attrs.frozen
class Rule:
    """Juniors count only beside a senior.

    Attributes:
        juniors: For each role a mask of those who need one.
        seniors: A mask of those who will do, in whatever role.
    """

    juniors: Sequence[int]
    seniors: int


# Invariant: after each turn every place up to ``root`` has a column of its own. A search visits each column once, in
# the order of its mask, so that the answer depends on nothing but the masks.
def paired(masks: Sequence[int]) -> list[int] | Tight:
    """A column for each place, or the places that have too few."""
    column_of = [-1] * len(masks)
    holder: dict[int, int] = {}
    taken = 0
    for root in range(len(masks)):
        seen, queue = 0, [root]
        came_from: dict[int, int] = {}
        for place in queue:
            fresh = masks[place] & ~seen
            free = fresh & ~taken
            if free:
                column = (free & -free).bit_length() - 1
                taken |= 1 << column
                _shift(column, place, root, came_from, column_of, holder)
                break
            seen |= fresh
            while fresh:
                column = (fresh & -fresh).bit_length() - 1
                fresh &= fresh - 1
                came_from[column] = place
                queue.append(holder[column])
        else:
            return Tight(tuple(sorted(queue)), seen)
    return column_of


def _shift(
    column: int, place: int, root: int, came_from: dict[int, int], column_of: list[int], holder: dict[int, int]
) -> None:
    while True:
        before = column_of[place]
        column_of[place], holder[column] = column, place
        if place == root:
            return
        column, place = before, came_from[before]


# Out: for each role its columns in ascending order. In dictionary order, role by role, nothing that holds comes before.
def first_pairing(
    masks: Sequence[int], needs: Sequence[int], rules: Sequence[Rule] = ()
) -> list[list[int]] | Tight | Unsupervised:
    """The first distinct columns for all roles, or the roles that have too few, or the rules that cannot be kept."""
    lowest = _lowest(masks, needs)
    # What is lowest without a look at the others comes first if it holds at all.
    if lowest is not None and not _unsettled(lowest, rules):
        return [_columns(mask) for mask in lowest]
    role_of = [role for role, need in enumerate(needs) for _ in range(need)]
    every = [masks[role] for role in role_of]
    whole = paired(every)
    if isinstance(whole, Tight):
        return _fewest(sorted({role_of[place] for place in whole.numbers}), masks, needs)
    broken = list(range(len(rules)))
    if not _completes(role_of, every, [(rule, False) for rule in rules]):
        for number in reversed(range(len(rules))):
            rest = [other for other in broken if other != number]
            if not _completes(role_of, every, [(rules[other], False) for other in rest]):
                broken = rest
        return Unsupervised(tuple(broken))
    chosen = [0] * len(masks)
    for role in range(len(masks)):
        _fill(role, chosen, masks, needs, rules)
    return [_columns(mask) for mask in chosen]


# Out: roles that have too few, and would have enough if any one of them were left out.
def _fewest(roles: list[int], masks: Sequence[int], needs: Sequence[int]) -> Tight:
    for role in reversed(roles):
        rest = [other for other in roles if other != role]
        if isinstance(paired([masks[other] for other in rest for _ in range(needs[other])]), Tight):
            roles = rest
    columns = 0
    for role in roles:
        columns |= masks[role]
    return Tight(tuple(roles), columns)


def _columns(mask: int) -> list[int]:
    columns = []
    while mask:
        columns.append((mask & -mask).bit_length() - 1)
        mask &= mask - 1
    return columns


def _lowest(masks: Sequence[int], needs: Sequence[int]) -> list[int] | None:
    used, chosen = 0, []
    for mask, need in zip(masks, needs, strict=True):
        left, mine = mask & ~used, 0
        for _ in range(need):
            bit = left & -left
            if not bit:
                return None
            mine |= bit
            left ^= bit
        used |= mine
        chosen.append(mine)
    return chosen


# Out: the rules that no chosen column settles, each with whether a junior is chosen whom it binds.
def _open(chosen: Sequence[int], rules: Sequence[Rule]) -> list[tuple[Rule, bool]]:
    used = 0
    for mask in chosen:
        used |= mask
    return [
        (rule, any(mask & juniors for mask, juniors in zip(chosen, rule.juniors, strict=True)))
        for rule in rules
        if not used & rule.seniors
    ]


def _unsettled(chosen: Sequence[int], rules: Sequence[Rule]) -> bool:
    return any(bound for _, bound in _open(chosen, rules))


# Invariant: what is chosen so far, for the roles before this one too, is part of some pairing that holds. So a next
# column is always found; one that is passed over could not come next, and the columns of a role ascend.
def _fill(role: int, chosen: list[int], masks: Sequence[int], needs: Sequence[int], rules: Sequence[Rule]) -> None:
    used = 0
    for mask in chosen:
        used |= mask
    left = masks[role] & ~used
    for other in range(role + 1, len(masks)):
        # A role that needs all who are left for it has them; to ask the matching each time takes long with many.
        if (masks[other] & ~used).bit_count() == needs[other]:
            left &= ~masks[other]
    later = [other for other in range(role + 1, len(masks)) for _ in range(needs[other])]
    for more in range(needs[role], 0, -1):
        if left.bit_count() == more:
            chosen[role] |= left
            return
        while True:
            bit = left & -left
            left ^= bit
            chosen[role] |= bit
            taken = used | chosen[role]
            rest = [left] * (more - 1) + [masks[other] & ~taken for other in later]
            if _completes([role] * (more - 1) + later, rest, _open(chosen, rules)):
                break
            chosen[role] ^= bit


# A rule is kept without its juniors, or with a senior at some place; each way is a plain matching.
def _completes(role_of: Sequence[int], masks: Sequence[int], rules: Sequence[tuple[Rule, bool]]) -> bool:
    if isinstance(paired(masks), Tight):
        return False
    if not rules:
        return True
    (rule, bound), *others = rules
    if not bound:
        without = [mask & ~rule.juniors[role] for role, mask in zip(role_of, masks, strict=True)]
        if _completes(role_of, without, others):
            return True
    tried = set()
    for place, (role, mask) in enumerate(zip(role_of, masks, strict=True)):
        if mask & rule.seniors and (role, mask) not in tried:
            tried.add((role, mask))
            beside = [*masks[:place], mask & rule.seniors, *masks[place + 1 :]]
            if _completes(role_of, beside, others):
                return True
    return False
