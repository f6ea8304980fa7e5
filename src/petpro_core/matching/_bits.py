"""Sets of rows as bits, and requirements read over them.

*Words* are uint64[w]: row i is bit ``i % 64`` of word ``i // 64``, the lowest bit first, on every machine. Bits beyond
the last row mean nothing, and fall away when words become a mask. No function changes what it is given.
"""

from __future__ import annotations

import operator
from functools import reduce
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from petpro_core.errors import InvalidValueError
from petpro_core.matching.skills import LEVELS, AnyOf, Has, Not

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from petpro_core.matching.skills import Requirement

BoolArray = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]

__all__ = ["BoolArray", "Words", "as_mask", "by_key", "by_skill", "evaluated", "masked", "words_for"]

_WORD: Final = 64
_LITTLE: Final = np.dtype("<u8")


def words_for(rows: int) -> int:
    """How many words hold so many rows."""
    return -(-rows // _WORD)


# In: masks, bool[k, n]. Out: words, uint64[k, w]; frozen, because filters hand them on as they are.
def _packed(masks: BoolArray) -> Words:
    bits = np.packbits(masks, axis=1, bitorder="little")
    padded = np.zeros((len(masks), words_for(masks.shape[1]) * 8), np.uint8)
    padded[:, : bits.shape[1]] = bits
    words = padded.view(_LITTLE).astype(np.uint64, copy=False)
    words.setflags(write=False)
    return words


def masked(words: Words, rows: int) -> BoolArray:
    """The mask of words: a truth value for each row."""
    little = words if _LITTLE.isnative else words.astype(_LITTLE)
    return np.unpackbits(little.view(np.uint8), count=rows, bitorder="little").view(np.bool_)


def by_key(keys: Iterable[Iterable[int | str]], rows: int) -> dict[int | str, Words]:
    """For each key the rows that name it; ``keys`` holds those of each row."""
    found: dict[int | str, list[int]] = {}
    for row, named in enumerate(keys):
        for key in named:
            found.setdefault(key, []).append(row)
    masks = np.zeros((len(found), rows), np.bool_)
    for mask, members in zip(masks, found.values(), strict=True):
        mask[members] = True
    return dict(zip(found, _packed(masks), strict=True))


# Out: for each skill four sets; the k-th, counted from 0, has those at level k + 1 or above.
def by_skill(held: Iterable[Mapping[int, int]], rows: int) -> dict[int, tuple[Words, ...]]:
    """For each skill who has it, at each level or above; ``held`` gives each row's ranks."""
    found: dict[int, tuple[list[int], list[int]]] = {}
    for row, skills in enumerate(held):
        for skill, rank in skills.items():
            members, ranks = found.setdefault(skill, ([], []))
            members.append(row)
            ranks.append(rank)
    every: dict[int, tuple[Words, ...]] = {}
    level = np.zeros(rows, np.int8)
    for skill, (members, ranks) in found.items():
        level[:] = 0
        level[members] = ranks
        # As a tuple, because to take a row out of an array costs as much as to join two of them.
        every[skill] = tuple(_packed(level >= np.arange(1, len(LEVELS) + 1, dtype=np.int8)[:, None]))
    return every


def evaluated(tree: Requirement, skills: Mapping[int, tuple[Words, ...]], none: Words) -> Words:
    """The rows that meet a requirement; ``none`` = words without a row."""
    if type(tree) is Has:  # abstract classes answer `isinstance` slowly, and a filter asks at every leaf
        levels = skills.get(tree.skill)
        return none if levels is None else levels[tree.at_least.rank - 1]
    parts = [evaluated(part, skills, none) for part in tree.parts]
    if type(tree) is Not:
        return ~parts[0]
    return reduce(operator.or_, parts) if type(tree) is AnyOf else reduce(operator.and_, parts or [~none])


def as_mask(name: str, value: npt.ArrayLike, *shapes: tuple[int, ...]) -> BoolArray:
    """A mask of one of some shapes.

    Raises:
        InvalidValueError: No array of truth values, or one of another shape.
    """
    mask = np.asarray(value)
    if mask.dtype != np.bool_ or mask.shape not in shapes:
        allowed = " or ".join(map(str, shapes))
        msg = f"{name} is an array of truth values of shape {allowed}, got {mask.dtype} of shape {mask.shape}"
        raise InvalidValueError(msg, name=name, got=mask.shape, allowed=shapes)
    return mask
