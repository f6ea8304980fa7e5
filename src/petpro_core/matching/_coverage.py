"""Whether there are enough resources for all roles, by counting: Hall's condition over many moments at once."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core._checks import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from petpro_core.intervals import Int64Array
    from petpro_core.matching._bits import BoolArray

__all__ = ["Counting", "Coverage", "coverages"]

_MOST_CLASSES: Final = 6


@attrs.frozen(eq=False)
class Coverage:
    """Some roles together need so many of some resources.

    Attributes:
        roles: Their numbers.
        need: How many places they have.
        rows: int64: whom at least one of them would take; rows of the table.

    Source: Hall, J. London Math. Soc. 10:26 (1935).
    """

    roles: tuple[int, ...]
    need: int
    rows: Int64Array


# In: bool[r, n], int64[r]. Out: the conditions, and whether they are all that Hall's theorem asks. Roles that take the
# same resources are one class; a set of classes is left out where it falls apart into two that share nobody, because
# then each of those says more than both together.
def coverages(eligible: BoolArray, needs: Int64Array) -> tuple[tuple[Coverage, ...], bool]:
    """What must hold for some roles to be filled with distinct resources."""
    classes: dict[bytes, list[int]] = {}
    for role, mask in enumerate(eligible):
        classes.setdefault(mask.tobytes(), []).append(role)
    members = list(classes.values())
    masks = [eligible[roles[0]] for roles in members]
    sizes: Sequence[int] = range(1, len(members) + 1)
    complete = len(members) <= _MOST_CLASSES
    if not complete:
        sizes = (1, 2, len(members))
    found = []
    for chosen in (one for size in sizes for one in combinations(range(len(members)), size)):
        if _hangs_together([masks[number] for number in chosen]):
            roles = sorted(role for number in chosen for role in members[number])
            rows = np.logical_or.reduce([masks[number] for number in chosen]).nonzero()[0]
            found.append(Coverage(tuple(roles), int(needs[roles].sum()), frozen(rows)))
    return tuple(found), complete


def _hangs_together(masks: list[BoolArray]) -> bool:
    together, others = masks[0], masks[1:]
    while others:
        apart = [mask for mask in others if not (mask & together).any()]
        if len(apart) == len(others):
            return False
        for mask in others:
            if (mask & together).any():
                together = together | mask
        others = apart
    return True


@attrs.frozen(eq=False)
class Counting:
    """Conditions as sums over rows that all of them treat alike, so that each row is counted once.

    Attributes:
        alike: The rows of each such group.
        groups: For each condition the numbers of the groups that it counts.
        needs: What each condition needs.
    """

    alike: tuple[Int64Array, ...]
    groups: tuple[tuple[int, ...], ...]
    needs: tuple[int, ...]

    @classmethod
    def of(cls, found: Sequence[Coverage], rows: int) -> Counting:
        """Group the rows by the conditions that count them."""
        counted = np.zeros((len(found), rows), np.bool_)
        for number, one in enumerate(found):
            counted[number, one.rows] = True
        used = np.flatnonzero(counted.any(axis=0))
        kinds: BoolArray
        kinds, which = np.unique(counted[:, used], axis=1, return_inverse=True)
        # NumPy 2.0 gives the inverse another shape.
        alike = tuple(used[which.ravel() == kind] for kind in range(kinds.shape[1]))
        groups = tuple(tuple(np.flatnonzero(kinds[number]).tolist()) for number in range(len(found)))
        return cls(alike, groups, tuple(one.need for one in found))

    def enough(self, free: BoolArray) -> BoolArray:
        """For each column of bool[n, t] whether every condition holds among the rows that are free in it."""
        # A sum in the smallest type that holds it needs no conversion of what is summed, and is ten times as fast.
        ones = free.view(np.uint8)
        counts = [ones[rows].sum(axis=0, dtype=np.min_scalar_type(len(rows))).astype(np.int32) for rows in self.alike]
        answer = np.ones(free.shape[1], np.bool_)
        for groups, need in zip(self.groups, self.needs, strict=True):
            total = np.zeros(free.shape[1], np.int32)
            for number in groups:
                total += counts[number]
            answer &= total >= need
        return answer
