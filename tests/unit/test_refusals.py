"""The refusal table by hand, and its two readings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from petpro_core.errors import OutOfRangeError
from petpro_core.intervals import ALWAYS, NEVER
from petpro_core.reasons import Reason
from petpro_core.schedules import Openings
from petpro_core.slots import Grid, Line, Progressions, RefusalTable, decide, open_ranges, sweep


def ints(*values: int) -> Any:
    return np.array(values, np.int64)


def openings(*rows: list[tuple[int, int]]) -> Openings:
    pairs = [pair for row in rows for pair in row]
    starts, ends = ints(*(a for a, _ in pairs)), ints(*(b for _, b in pairs))
    return Openings(ints(0, *np.cumsum([len(row) for row in rows]).tolist()), starts, ends, starts, starts)


def grid(*rows: list[tuple[int, int]], step: int = 10, length: int = 0) -> Grid:
    hours = openings(*rows)
    return Grid.of(hours, hours.opened, line=Line.over(len(rows), 0, 1_000), step=step, length=length)


def table(*rows: list[tuple[int, int]], refused: Any = (), length: int = 0, **more: Any) -> RefusalTable:
    size = len(rows)
    plain: dict[str, Any] = {
        "line": Line.over(size, 0, 1_000),
        "template": np.arange(size),
        "grid": grid(*rows, length=length),
        "lower": np.zeros(size, np.int64),
        "upper": np.full(size, NEVER),
        "refused": tuple((reason, ints(*low), ints(*high)) for reason, low, high in refused),
        "waived": 0,
    }
    return RefusalTable(**{**plain, **more})


def swept(found: RefusalTable, low: int = 0, high: int = 1_000) -> list[list[int]]:
    size = found.line.rows
    progressions = sweep(found, np.full(size, low), np.full(size, high))
    starts, counts = progressions.starts(), progressions.counts()
    return [part.tolist() for part in np.split(starts, counts.cumsum()[:-1])]


class TestLine:
    def test_each_row_has_its_stretch(self) -> None:
        line = Line.over(3, 100, 200)
        assert (line.width, line.bases().tolist()) == (102, [-100, 2, 104])
        low, high = line.pack(ints(0, 1, 2), ints(100, 150, 199), ints(110, 160, 200))
        assert (low.tolist(), high.tolist()) == ([0, 152, 303], [10, 162, 304])

    def test_what_reaches_past_a_stretch_is_clipped(self) -> None:
        line = Line.over(2, 100, 200)
        low, high = line.pack(ints(0, 1), ints(ALWAYS.start_us, 150), ints(120, ALWAYS.end_us))
        assert (low.tolist(), high.tolist()) == ([0, 152], [20, 203])

    def test_a_single_row_keeps_its_instants(self) -> None:
        starts, ends = ints(ALWAYS.start_us), ints(ALWAYS.end_us)
        assert Line.over(1, 0, 1).pack(None, starts, ends) == (starts, ends)

    def test_more_than_fits_is_refused(self) -> None:
        with pytest.raises(OutOfRangeError, match="fewer rows or a shorter range"):
            Line.over(1_000, 0, 2**53)


class TestGrid:
    def test_visits_fit_into_what_touching_ranges_make_together(self) -> None:
        # A visit of 15 may begin in the first range and end in the second, but not in the third, which lies apart.
        found = grid([(0, 20), (20, 30), (40, 60)], length=15)
        assert found.stops.tolist() == [16, 16, 46]
        assert grid([(0, 20), (20, 40)], length=15).stops.tolist() == [20, 26]
        assert grid([(0, 20), (30, 40)], length=15).stops.tolist() == [6, 26]
        assert grid([(0, 20), (30, 40)]).stops.tolist() == [20, 40]

    def test_rows_do_not_touch(self) -> None:
        assert grid([(0, 1_000)], [(0, 30)], length=15).stops.tolist() == [986, 16]

    def test_the_range_of_a_start(self) -> None:
        found = grid([(0, 20), (30, 40)], [(30, 50)])
        piece, inside = found.piece_at(ints(0, 0, 0, 1, 1), ints(19, 20, 30, 29, 49))
        assert inside.tolist() == [True, False, True, False, True]
        assert piece[inside].tolist() == [0, 1, 2]
        assert found.after(ints(0, 1), ints(17, 40)).tolist() == [7, 0]

    def test_no_hours_hold_no_start(self) -> None:
        piece, inside = grid([]).piece_at(ints(0, 0), ints(1, 2))
        assert (piece.tolist(), inside.tolist()) == ([0, 0], [False, False])

    def test_first_start_from_somewhere_on(self) -> None:
        one = grid([(5, 20), (30, 60)])
        assert [one.first_from(ints(low), ints(1_000)) for low in (0, 5, 6, 16, 55, 60)] == [5, 5, 15, 30, None, None]
        assert one.first_from(ints(16), ints(30)) is None
        two = grid([(5, 20)], [(8, 20)])
        assert two.first_from(ints(6, 6), ints(1_000, 1_000)) == 8
        assert two.first_from(ints(6, 9), ints(1_000, 1_000)) == 15
        assert grid([]).first_from(ints(0), ints(1)) is None

    @pytest.mark.parametrize(
        ("hours", "anchors", "start", "run"),
        [
            ([(0, 20)], [0], 13, (11, 20)),
            ([(0, 20)], [5], 17, (16, 20)),
            ([(0, 20)], [5], 3, (0, 5)),
            # It goes on into ranges that touch, up to the next point of their grids, and not beyond a gap.
            ([(0, 20), (20, 40)], [5, 25], 22, (16, 25)),
            ([(0, 20), (20, 40)], [5, 25], 17, (16, 25)),
            ([(0, 20), (20, 40)], [9, 29], 22, (20, 29)),
            ([(0, 20), (30, 50)], [5, 35], 17, (16, 20)),
            ([(0, 20), (30, 50)], [5, 35], 32, (30, 35)),
            ([(0, 12), (12, 16), (16, 40)], [0, 19, 19], 14, (11, 19)),
        ],
    )
    def test_runs_off_the_grid(
        self, hours: list[tuple[int, int]], anchors: list[int], start: int, run: tuple[int, int]
    ) -> None:
        found = Grid.of(openings(hours), ints(*anchors), line=Line.over(1, 0, 1_000), step=10, length=0)
        assert found.off_grid_run(start) == run


class TestReadings:
    @pytest.mark.parametrize(
        ("refused", "starts"),
        [
            ((), [100, 110, 120, 130]),
            ([(Reason.BUSY, [105], [115])], [100, 120, 130]),
            ([(Reason.BUSY, [100], [101])], [110, 120, 130]),
            ([(Reason.BUSY, [101], [110])], [100, 110, 120, 130]),
            ([(Reason.BUSY, [50, 125], [105, 500])], [110, 120]),
            ([(Reason.BUSY, [105], [115]), (Reason.GAP, [110], [125])], [100, 130]),
            ([(Reason.UNKNOWN, [0], [1_000])], []),
        ],
    )
    def test_what_is_refused_is_neither_offered_nor_accepted(self, refused: Any, starts: list[int]) -> None:
        found = table([(100, 140)], refused=refused)
        assert swept(found) == [starts]
        every = np.arange(90, 150)
        assert every[decide(found, None, every) == 0].tolist() == starts

    def test_masks_tell_every_reason(self) -> None:
        found = table(
            [(100, 140)],
            refused=[(Reason.BUSY, [125, 110], [135, 120]), (Reason.GAP, [110], [111])],
            lower=ints(105),
            upper=ints(140),
            length=15,
        )
        masks = decide(found, None, ints(100, 107, 110, 120, 125, 126, 140))
        assert [[reason.code for reason in Reason(mask)] for mask in masks] == [
            ["notice"],
            ["off_grid"],
            ["busy", "gap"],
            [],
            ["off_grid", "busy"],
            ["closed", "off_grid", "busy"],
            ["closed", "horizon"],
        ]

    def test_rows_are_read_apart(self) -> None:
        # On the line the second row's instant 100 lies at 1002 + 100.
        found = table([(100, 120)], [(100, 120)], [], refused=[(Reason.BUSY, [1_102], [1_103])])
        assert swept(found) == [[100, 110], [110], []]
        masks = decide(found, ints(0, 1, 1, 2), ints(100, 100, 110, 100))
        assert masks.tolist() == [0, Reason.BUSY, 0, Reason.CLOSED]

    def test_rows_may_share_a_template(self) -> None:
        found = table(
            [(100, 120)], line=Line.over(2, 0, 1_000), template=ints(0, 0), lower=ints(0, 105), upper=ints(NEVER, 200)
        )
        assert swept(found) == [[100, 110], [110]]

    def test_bounds_of_the_range_asked(self) -> None:
        assert swept(table([(100, 140)]), 101, 130) == [[110, 120]]
        assert swept(table([(100, 140)]), 131, 140) == [[]]

    def test_waived_bits_are_not_told(self) -> None:
        assert decide(table([(100, 140)], waived=Reason.OFF_GRID.value), None, ints(101, 99)).tolist() == [0, 1]

    def test_open_ranges_lay_no_grid(self) -> None:
        left = open_ranges(table([(100, 140)], refused=[(Reason.BUSY, [103], [107])]), ints(0), ints(1_000))
        assert (left.row, left.starts.tolist(), left.stops.tolist()) == (None, [100, 107], [103, 140])

    def test_runs_of_refused_starts(self) -> None:
        found = table(
            [(100, 140)],
            refused=[
                (Reason.BUSY, [120, 100], [130, 110]),
                (Reason.BUSY, [110], [115]),
                (Reason.GAP, [115], [120]),
                (Reason.UNKNOWN, [-NEVER], [NEVER]),
            ],
        )
        assert found.run(Reason.BUSY, 112) == (100, 115)
        assert found.run(Reason.BUSY, 120) == (120, 130)
        assert found.run(Reason.UNKNOWN, 0) == (ALWAYS.start_us, ALWAYS.end_us)


class TestProgressions:
    def test_starts_and_counts(self) -> None:
        found = Progressions(3, ints(0, 0, 2), ints(10, 50, 5), ints(2, 1, 3), 10)
        assert (found.starts().tolist(), found.counts().tolist()) == ([10, 20, 50, 5, 15, 25], [3, 0, 3])
        firsts = found.firsts()
        assert (firsts.row.tolist(), firsts.starts().tolist(), firsts.counts().tolist()) == ([0, 2], [10, 5], [1, 0, 1])

    def test_nothing(self) -> None:
        none = Progressions(2, ints(), ints(), ints(), 10)
        assert (none.starts().tolist(), none.counts().tolist(), none.firsts().counts().tolist()) == ([], [0, 0], [0, 0])
        assert Progressions(1, ints(), ints(), ints(), 10).counts().tolist() == [0]
