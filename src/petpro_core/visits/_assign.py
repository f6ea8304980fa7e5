"""Who takes which place, for many starts at once: the first pairing in dictionary order, part by part.

Preference is the order of a part's rows. Where taking the first that is left, part by part, fills every place, that is
the first pairing in dictionary order; the few starts at which it does not are left to bipartite matching.

Source: ADR 21 (visits).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from petpro_core.matching._pairing import Rule, first_pairing

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from petpro_core.intervals import Int64Array

    BoolArray = npt.NDArray[np.bool_]

__all__ = ["Assigned", "Places", "assign", "bits_of"]


@attrs.frozen(eq=False)
class Places:
    """The places of a visit and who could take them, for all starts alike.

    Resources are numbered in the order of preference, the first choice 0.

    Attributes:
        rows: int64[n]: the row of the table that each number stands for.
        needs: How many places each part has.
        columns: For each part int64[k]: the numbers of those who are eligible, in ascending order.
        rules: Juniors and their seniors, as masks over the numbers.
    """

    rows: Int64Array
    needs: tuple[int, ...]
    columns: tuple[Int64Array, ...]
    rules: tuple[Rule, ...]

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return len(self.rows)


@attrs.frozen(eq=False)
class Assigned:
    """Who was chosen.

    Attributes:
        found: bool[m]: the starts at which every place is filled.
        chosen: int64[m, places]: the number in each place, parts in their order; only where ``found``.
    """

    found: BoolArray
    chosen: Int64Array


# In: for each part bool[k, m], whether each of its rows would accept each start; columns ascend within a part.
def assign(places: Places, cells: Sequence[BoolArray]) -> Assigned:
    """The first pairing in dictionary order at each start."""
    size = cells[0].shape[1]
    every = np.arange(size)
    used = np.zeros((places.size, size), np.bool_)
    chosen = np.full((size, sum(places.needs)), -1, np.int64)
    simple = np.ones(size, np.bool_)
    possible = np.ones(size, np.bool_)
    at = 0
    for need, columns, cell in zip(places.needs, places.columns, cells, strict=True):
        possible &= cell.sum(axis=0) >= need
        left = cell & ~used[columns]
        for _ in range(need):
            first = left.argmax(axis=0) if len(columns) else np.zeros(size, np.int64)
            taken = left[first, every] if len(columns) else np.zeros(size, np.bool_)
            simple &= taken
            mine = every[taken]
            left[first[mine], mine] = False
            used[columns[first[mine]], mine] = True
            chosen[mine, at] = columns[first[mine]]
            at += 1
    if places.rules:
        simple &= _supervised(places, chosen)
    found = simple & possible
    for start in (possible & ~simple).nonzero()[0].tolist():
        masks = [bits_of(columns[cell[:, start]]) for columns, cell in zip(places.columns, cells, strict=True)]
        pairing = first_pairing(masks, places.needs, places.rules)
        if isinstance(pairing, list):
            chosen[start] = [column for columns in pairing for column in columns]
            found[start] = True
    return Assigned(found, chosen)


def bits_of(columns: Int64Array) -> int:
    """Numbers as a mask: bit j stands for number j."""
    return sum(1 << column for column in columns.tolist())


def _bits(mask: int, size: int) -> BoolArray:
    return np.array([mask >> column & 1 for column in range(size)], np.bool_)


def _supervised(places: Places, chosen: Int64Array) -> BoolArray:
    """The starts at which each junior who was chosen has a senior who was chosen too."""
    kept = np.ones(len(chosen), np.bool_)
    for rule in places.rules:
        bound, at = np.zeros(len(chosen), np.bool_), 0
        for need, juniors in zip(places.needs, rule.juniors, strict=True):
            bound |= _bits(juniors, places.size)[chosen[:, at : at + need]].any(axis=1)
            at += need
        kept &= ~bound | _bits(rule.seniors, places.size)[chosen].any(axis=1)
    return kept
