"""The kernels over bits, against plain sets of cells."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from petpro_core.index import _bits

Cells = list[set[int]]


@st.composite
def matrices(draw: st.DrawFn) -> tuple[Cells, int]:
    """Rows of cells, and how many columns there are; more rows than a chunk holds among them."""
    columns = draw(st.sampled_from([1, 63, 64, 65, 200]))
    rows = draw(st.lists(st.sets(st.integers(0, columns - 1), max_size=6), min_size=1, max_size=4))
    return rows * draw(st.sampled_from([1, 1, 1, 900])), columns


def words_of(cells: Cells, columns: int) -> npt.NDArray[np.uint64]:
    pairs = [(row, column) for row, found in enumerate(cells) for column in found]
    row, column = np.array([p[0] for p in pairs], np.int64), np.array([p[1] for p in pairs], np.int64)
    return _bits.packed(row, column, len(cells), _bits.words_for(columns))


@given(matrix=matrices())
def test_cells_are_read_as_they_were_written(matrix: tuple[Cells, int]) -> None:
    cells, columns = matrix
    words = words_of(cells, columns)
    assert words.shape == (len(cells), max(1, -(-columns // 64)))
    per_row = _bits.counts(words)
    assert per_row.tolist() == [len(found) for found in cells]
    # A table of its own for each row, one behind another.
    table, begins = np.arange(len(cells) * columns) * 10, np.arange(len(cells)) * columns
    flat = [10 * (row * columns + column) for row, found in enumerate(cells) for column in sorted(found)]
    assert _bits.looked_up(words, begins, per_row, table).tolist() == flat
    row, column = _bits.firsts(words)
    assert dict(zip(row.tolist(), column.tolist(), strict=True)) == {r: min(f) for r, f in enumerate(cells) if f}
    for probe in (0, columns - 1):
        every = np.arange(len(cells))
        assert _bits.stands(words, every, np.full(len(cells), probe)).tolist() == [probe in found for found in cells]


@given(edges=st.lists(st.tuples(st.integers(0, 128), st.integers(0, 128)), min_size=1, max_size=5))
def test_between(edges: list[tuple[int, int]]) -> None:
    first, last = np.array([e[0] for e in edges]), np.array([e[1] for e in edges])
    words = _bits.between(first, last, 2)
    expected = words_of([set(range(low, high)) for low, high in edges], 128)
    assert words.tolist() == expected.tolist()


@given(members=st.lists(st.sets(st.integers(0, 100), max_size=20), min_size=1, max_size=5), need=st.integers(1, 5))
def test_agreed(members: Cells, need: int) -> None:
    need = min(need, len(members))
    words = words_of(members, 101)[None, :, :]
    wanted = {column for column in range(101) if sum(column in member for member in members) >= need}
    assert _bits.agreed(words, need).tolist() == words_of([wanted], 101).tolist()


@pytest.mark.parametrize("rows", [0, 3])
def test_nothing_stands(rows: int) -> None:
    words = np.zeros((rows, 1), np.uint64)
    assert _bits.counts(words).tolist() == [0] * rows
    nothing = np.zeros(rows, np.int64)
    assert len(_bits.looked_up(words, nothing, nothing, np.empty(0, np.int64))) == 0
    assert len(_bits.firsts(words)[0]) == 0
