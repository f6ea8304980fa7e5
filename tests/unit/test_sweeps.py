from __future__ import annotations

import numpy as np
import pytest

from petpro_core import _sweeps
from petpro_core.errors import OutOfRangeError

NOTHING = np.empty(0, dtype=np.int64)


def column(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


def pairs(line: tuple[np.ndarray, ...]) -> list[tuple[int, ...]]:
    return list(zip(*(part.tolist() for part in line), strict=True))


class TestAtLeast:
    starts, ends = column(0, 5, 8), column(10, 12, 20)

    def test_one_keeps_every_interval(self) -> None:
        assert pairs(_sweeps.at_least(self.starts, self.ends, 1)) == [(0, 10), (5, 12), (8, 20)]

    def test_two_and_three(self) -> None:
        assert pairs(_sweeps.at_least(self.starts, self.ends, 2)) == [(5, 10), (8, 12)]
        assert pairs(_sweeps.at_least(self.starts, self.ends, 3)) == [(8, 10)]

    @pytest.mark.parametrize("need", [4, 5, np.iinfo(np.int64).max])
    def test_more_than_there_are_is_nowhere(self, need: int) -> None:
        assert pairs(_sweeps.at_least(self.starts, self.ends, need)) == []

    def test_touching_intervals_do_not_add_up(self) -> None:
        assert pairs(_sweeps.at_least(column(0, 10), column(10, 20), 2)) == []

    def test_a_need_for_each_row(self) -> None:
        starts, ends = column(0, 5, 100, 105), column(10, 12, 110, 112)
        found = _sweeps.at_least(starts, ends, column(2, 1), column(0, 2, 4))
        assert pairs(found) == [(5, 10), (100, 110), (105, 112)]

    def test_a_huge_need_for_a_row_does_not_overflow(self) -> None:
        need = column(1, np.iinfo(np.int64).max)
        found = _sweeps.at_least(column(0, 20, 40, 100), column(10, 30, 50, 110), need, column(0, 3, 4))
        assert pairs(found) == [(0, 10), (20, 30), (40, 50)]

    def test_one_need_with_offsets_is_the_need_of_every_row(self) -> None:
        starts, ends = column(0, 5, 100), column(10, 12, 110)
        assert pairs(_sweeps.at_least(starts, ends, 2, column(0, 2, 3))) == [(5, 10)]

    def test_shrink_drops_what_only_growing_made(self) -> None:
        # [0, 10) and [12, 20) never meet; grown by 4 to the right they do, from 12 to 14, without being held twice.
        starts, ends = column(0, 12), column(14, 24)
        assert pairs(_sweeps.at_least(starts, ends, 2)) == [(12, 14)]
        assert pairs(_sweeps.at_least(starts, ends, 2, shrink=4)) == []

    def test_empty(self) -> None:
        assert pairs(_sweeps.at_least(NOTHING, NOTHING, 2)) == []
        assert pairs(_sweeps.at_least(NOTHING, NOTHING, column(1), column(0, 0))) == []


class TestSetOperations:
    def test_coalesce_merges_overlapping_and_touching(self) -> None:
        assert pairs(_sweeps.coalesce(column(0, 5, 10, 21), column(7, 10, 20, 30))) == [(0, 20), (21, 30)]

    def test_union_takes_lines_sorted_apart(self) -> None:
        assert pairs(_sweeps.union(column(0, 1), column(2, 9), column(9), column(12))) == [(0, 12)]

    def test_intersect(self) -> None:
        assert pairs(_sweeps.intersect(column(0, 20), column(10, 30), column(5), column(25))) == [(5, 10), (20, 25)]

    def test_difference(self) -> None:
        assert pairs(_sweeps.difference(column(0), column(30), column(5, 10), column(10, 20))) == [(0, 5), (20, 30)]

    def test_complement_reaches_to_both_ends(self) -> None:
        limits = np.iinfo(np.int64)
        assert pairs(_sweeps.complement(column(0, 5), column(7, 9))) == [(limits.min, 0), (9, limits.max)]
        assert pairs(_sweeps.complement(NOTHING, NOTHING)) == [(limits.min, limits.max)]

    def test_subtract_says_which_piece_each_remainder_came_from(self) -> None:
        left = _sweeps.subtract(
            column(0, 10, 40), column(10, 30, 50), (column(12, 38), column(16, 60)), (column(14, 5), column(20, 12))
        )
        assert pairs(left) == [(0, 5, 0), (20, 30, 1)]

    def test_subtract_keeps_touching_pieces_apart(self) -> None:
        assert pairs(_sweeps.subtract(column(0, 10), column(10, 20), (NOTHING, NOTHING))) == [(0, 10, 0), (10, 20, 1)]

    def test_subtract_from_nothing(self) -> None:
        assert pairs(_sweeps.subtract(NOTHING, NOTHING, (column(0), column(5)))) == []


class TestQueries:
    def test_contains_at_the_edges_and_over_overlaps(self) -> None:
        points = column(-1, 0, 9, 10, 14, 15, 19, 20)
        mask = _sweeps.contains(column(0, 5, 15), column(8, 10, 20), points)
        assert mask.tolist() == [False, True, True, False, False, True, True, False]

    def test_contains_in_nothing(self) -> None:
        assert _sweeps.contains(NOTHING, NOTHING, column(1, 2)).tolist() == [False, False]

    def test_covers(self) -> None:
        mask = _sweeps.covers(column(0, 20), column(10, 30), column(-1, 0, 5, 20), column(5, 10, 25, 30))
        assert mask.tolist() == [False, True, False, True]
        assert _sweeps.covers(NOTHING, NOTHING, column(1), column(2)).tolist() == [False]

    def test_overlaps_gives_pairs_and_leaves_out_touching(self) -> None:
        found = _sweeps.overlaps(column(0, 20), column(10, 30), column(5, 10, 22), column(10, 21, 40))
        assert pairs(found) == [(0, 0), (1, 1), (1, 2)]
        assert pairs(_sweeps.overlaps(column(0), column(1), NOTHING, NOTHING)) == []


def test_a_line_holds_62_bits_and_no_more() -> None:
    _sweeps.check_line(2, 2**61 - 1)
    with pytest.raises(OutOfRangeError, match="got 2 rows of"):
        _sweeps.check_line(2, 2**61)
