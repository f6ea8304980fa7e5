"""Kernels over a matrix of bits: rows of words, a cell for each row and candidate start.

*Words* are uint64[n, w]: cell (row, column) is bit ``column % 64`` of word ``column // 64``, the lowest bit first, on
every machine. Bits beyond the last column are 0. No kernel changes what it is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from petpro_core.intervals import Int64Array

Words = npt.NDArray[np.uint64]

__all__ = [
    "WORD",
    "Words",
    "agreed",
    "between",
    "counts",
    "firsts",
    "looked_up",
    "packed",
    "stands",
    "words_for",
]

WORD: Final = 64
_LITTLE: Final = np.dtype("<u8")
_CHUNK_WORDS: Final = 2_560
# _ONES[k] has its k lowest bits set.
_ONES: Final = np.array([(1 << size) - 1 for size in range(WORD + 1)], np.uint64)
_EVERY: Final = _ONES[WORD]
_ONE: Final = np.uint64(1)


def words_for(columns: int) -> int:
    """How many words a row of so many columns takes; at least one, so that no kernel meets an empty axis."""
    return max(-(-columns // WORD), 1)


# In: for each cell that stands its row and column, in any order. Out: words, little-endian whatever the machine is.
def packed(row: Int64Array, column: Int64Array, rows: int, width: int) -> Words:
    """Words in which these cells stand, and no others."""
    cells = np.zeros(rows * width * WORD, np.uint8)
    cells[row * (width * WORD) + column] = 1
    return np.packbits(cells, bitorder="little").view(_LITTLE).reshape(rows, width).astype(np.uint64, copy=False)


def counts(words: Words) -> Int64Array:
    """How many cells stand in each row."""
    rows, width = words.shape
    # Twice as fast as a sum over the short axis.
    ones: Int64Array = np.add.reduceat(
        np.bitwise_count(words).ravel(), np.arange(0, rows * width, width), dtype=np.int64
    )
    return ones


# In: words, for each row where its columns begin in the table, and how many of its cells stand. Out: the table's
# values, row by row and in order within one. Rows are taken so few at a time that what is made of them stays in the
# cache, which halves the time of a million cells.
def looked_up(words: Words, begins: Int64Array, per_row: Int64Array, table: Int64Array) -> Int64Array:
    """What a table holds for each cell that stands."""
    rows, width = words.shape
    found = np.empty(int(per_row.sum()), np.int64)
    step, done = max(1, _CHUNK_WORDS // width), 0
    for first in range(0, rows, step):
        part, count = words[first : first + step], per_row[first : first + step]
        bits = np.unpackbits(np.ascontiguousarray(part, _LITTLE).view(np.uint8), bitorder="little")
        place = bits.view(np.bool_).nonzero()[0]
        place += (begins[first : first + step] - np.arange(len(part)) * (width * WORD)).repeat(count)
        # Every place lies in the table, and clipping is the way to take into an array without another in between.
        table.take(place, out=found[done : done + len(place)], mode="clip")
        done += len(place)
    return found


# Out: the rows in which any cell stands, and the first column of each.
def firsts(words: Words) -> tuple[Int64Array, Int64Array]:
    """The first cell of each row that has one."""
    full = words != 0
    row = full.any(axis=1).nonzero()[0]
    word = full[row].argmax(axis=1)
    found = words[row, word]
    lowest = found & (~found + _ONE)
    # Below the lowest bit that stands lie as many as its place says.
    return row, word * WORD + np.bitwise_count(lowest - _ONE).astype(np.int64)


# In: first column and first column after, for each of t rows, within the width. Out: words.
def between(first: Int64Array, last: Int64Array, width: int) -> Words:
    """Words in which the cells from ``first`` to ``last`` stand."""
    begin = np.arange(width) * WORD
    low, high = (_ONES[np.clip(edge[:, None] - begin, 0, WORD)] for edge in (first, last))
    cells: Words = high & ~low
    return cells


def stands(words: Words, row: Int64Array, column: Int64Array) -> npt.NDArray[np.bool_]:
    """Whether each of some cells stands."""
    return (words[row, column // WORD] >> (column % WORD).astype(np.uint64) & _ONE).astype(np.bool_)


# In: words of the members of each group, uint64[g, m, w]; 1 <= need <= m. Out: words of the groups.
# ``least[k]`` holds the columns in which at least k of the members seen so far stand; the next member lifts them.
def agreed(members: npt.NDArray[np.uint64], need: int) -> Words:
    """The cells that stand in at least ``need`` of each group's members."""
    groups, size, width = members.shape
    if need == size:
        every: Words = np.bitwise_and.reduce(members, axis=1)
        return every
    least = [np.full((groups, width), _EVERY), *(np.zeros((groups, width), np.uint64) for _ in range(need))]
    for place in range(size):
        for level in range(need, 0, -1):
            least[level] |= least[level - 1] & members[:, place]
    return least[need]
