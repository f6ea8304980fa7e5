"""Every operation equals the same operation on plain Python sets of ticks; a batch equals its rows, one by one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from petpro_core import _sweeps
from petpro_core.intervals import ALWAYS, Interval, IntervalBatch, IntervalSet
from petpro_core.intervals._lines import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LOW, HIGH = 0, 24
TICKS = range(LOW - 12, HIGH + 12)
WINDOW = Interval.from_us(TICKS.start, TICKS.stop)
# The same ticks stretched over the years 1 to 9999: fifteen such rows do not fit on one line of 62 bits.
STRETCH = (ALWAYS.end_us - ALWAYS.start_us) // len(TICKS)

Pairs = list[tuple[int, int]]

pairs = st.tuples(st.integers(LOW, HIGH - 1), st.integers(1, 9)).map(lambda p: (p[0], min(p[0] + p[1], HIGH)))
pair_lists = st.lists(pairs, max_size=7)
row_lists = st.lists(pair_lists, max_size=5)
amounts = st.integers(0, 5)
footprints = st.tuples(amounts, amounts).filter(any)
windows = st.tuples(st.integers(LOW - 3, HIGH + 2), st.integers(1, 20)).map(
    lambda p: Interval.from_us(p[0], p[0] + p[1])
)


def ticks(intervals: Iterable[Interval]) -> set[int]:
    return {tick for interval in intervals for tick in range(interval.start_us, interval.end_us)}


def plain(found: Pairs) -> set[int]:
    return {tick for start, end in found for tick in range(start, end)}


def made(found: Pairs) -> IntervalSet:
    return IntervalSet.from_us([start for start, _ in found], [end for _, end in found])


def batch_of(rows: list[Pairs]) -> IntervalBatch:
    offsets = np.cumsum([0, *(len(row) for row in rows)])
    flat = [pair for row in rows for pair in row]
    return IntervalBatch.from_us(offsets, [start for start, _ in flat], [end for _, end in flat])


def us(amount: int) -> timedelta:
    return timedelta(microseconds=amount)


def check(found: IntervalSet, expected: set[int]) -> None:
    """Compare instants, and hold the result to what every set promises of its columns."""
    assert ticks(found) == expected
    assert (found.starts < found.ends).all()
    assert (found.ends[:-1] < found.starts[1:]).all()
    assert found.starts.dtype == found.ends.dtype == np.int64
    assert not found.starts.flags.writeable
    assert not found.ends.flags.writeable


@given(pair_lists)
def test_a_set_is_its_ticks_whatever_the_order(a: Pairs) -> None:
    found = made(a)
    check(found, plain(a))
    assert found == made(a[::-1]) == IntervalSet.of(*(Interval.from_us(*pair) for pair in a)) == IntervalSet(found)
    assert hash(found) == hash(made(a[::-1]))
    assert bool(found) == bool(plain(a))
    assert found.duration == us(len(plain(a)))


@given(pair_lists, pair_lists)
def test_set_operations_are_those_of_ticks(a: Pairs, b: Pairs) -> None:
    left, right = made(a), made(b)
    check(left | right, plain(a) | plain(b))
    check(left & right, plain(a) & plain(b))
    check(left - right, plain(a) - plain(b))
    assert (left == right) == (plain(a) == plain(b))


@given(pair_lists, pair_lists, pair_lists)
def test_algebra(a: Pairs, b: Pairs, c: Pairs) -> None:
    x, y, z = made(a), made(b), made(c)
    assert x | y == y | x
    assert x & y == y & x
    assert x & (y | z) == (x & y) | (x & z)
    assert x - (y | z) == (x - y) & (x - z) == x - y - z
    assert (x - y) | (x & y) == x
    assert x.gaps(WINDOW).gaps(WINDOW) == x
    assert (x | y).gaps(WINDOW) == x.gaps(WINDOW) & y.gaps(WINDOW)


@given(pair_lists, windows)
def test_windows(a: Pairs, window: Interval) -> None:
    inside = ticks([window])
    found = made(a)
    check(found.gaps(window), inside - plain(a))
    check(found.within(window), inside & plain(a))
    assert found.covers(window) == (inside <= plain(a))
    near = found.overlapping(window).tolist()
    assert near == [i for i, interval in enumerate(found) if interval.overlaps(window)]
    assert [found[i] for i in near] == [interval for interval in found if interval.overlaps(window)]


@given(pair_lists, amounts, amounts)
def test_pad_grows_every_interval(a: Pairs, before: int, after: int) -> None:
    expected = plain([(start - before, end + after) for start, end in a])
    check(made(a).pad(before=us(before), after=us(after)), expected)


@given(pair_lists, st.integers(-9, 9))
def test_shift_moves_every_tick_and_back(a: Pairs, by: int) -> None:
    check(made(a).shift(us(by)), {tick + by for tick in plain(a)})
    assert made(a).shift(us(by)).shift(us(-by)) == made(a)


@given(pair_lists, footprints)
def test_dilate_and_erode_are_what_a_footprint_meets_and_fits(a: Pairs, footprint: tuple[int, int]) -> None:
    before, after = footprint
    found, held = made(a), plain(a)
    meets = {t for t in TICKS if set(range(t - before, t + after)) & held}
    fits = {t for t in TICKS if set(range(t - before, t + after)) <= held}
    check(found.dilate(before=us(before), after=us(after)), meets)
    check(found.erode(before=us(before), after=us(after)), fits)


@given(pair_lists, footprints)
def test_the_complement_of_the_dilation_is_the_erosion_of_the_complement(a: Pairs, footprint: tuple[int, int]) -> None:
    before, after = us(footprint[0]), us(footprint[1])
    far = Interval.from_us(TICKS.start - 10, TICKS.stop + 10)
    blocked = made(a).dilate(before=before, after=after)
    assert blocked.gaps(WINDOW) == made(a).gaps(far).erode(before=before, after=after).within(WINDOW)


@given(pair_lists, st.lists(st.sampled_from(TICKS), max_size=8))
def test_contains(a: Pairs, points: list[int]) -> None:
    assert made(a).contains(points).tolist() == [point in plain(a) for point in points]


@given(row_lists, row_lists, pair_lists)
def test_a_batch_equals_its_rows_with_a_batch_or_with_one_set(a: list[Pairs], b: list[Pairs], one: Pairs) -> None:
    size = min(len(a), len(b))
    left, right, single = batch_of(a[:size]), batch_of(b[:size]), made(one)
    xs, ys = [made(row) for row in a[:size]], [made(row) for row in b[:size]]
    assert left == IntervalBatch.from_sets(xs)
    assert list(left) == xs
    for name in ("union", "intersection", "difference"):
        many: Callable[..., IntervalBatch] = getattr(left, name)
        assert list(many(right)) == [getattr(x, name)(y) for x, y in zip(xs, ys, strict=True)]
        assert list(many(single)) == [getattr(x, name)(single) for x in xs]
    assert left | right == right | left
    assert left.duration_us.tolist() == [len(plain(row)) for row in a[:size]]


@given(row_lists, windows, st.tuples(amounts, amounts), footprints, st.integers(-9, 9))
def test_a_batch_equals_its_rows(
    a: list[Pairs], window: Interval, growth: tuple[int, int], footprint: tuple[int, int], by: int
) -> None:
    batch, sets = batch_of(a), [made(row) for row in a]
    grown = {"before": us(growth[0]), "after": us(growth[1])}
    sides = {"before": us(footprint[0]), "after": us(footprint[1])}
    assert list(batch.gaps(window)) == [row.gaps(window) for row in sets]
    assert list(batch.within(window)) == [row.within(window) for row in sets]
    assert list(batch.pad(**grown)) == [row.pad(**grown) for row in sets]
    assert list(batch.dilate(**sides)) == [row.dilate(**sides) for row in sets]
    assert list(batch.erode(**sides)) == [row.erode(**sides) for row in sets]
    assert list(batch.shift(us(by))) == [row.shift(us(by)) for row in sets]
    assert batch.covers(window).tolist() == [row.covers(window) for row in sets]


@given(row_lists.filter(len), st.data())
def test_contains_and_overlapping_row_by_row(a: list[Pairs], data: st.DataObject) -> None:
    batch = batch_of(a)
    asked = data.draw(st.lists(st.tuples(st.integers(0, len(a) - 1), st.sampled_from(TICKS)), max_size=8))
    mask = batch.contains([row for row, _ in asked], [point for _, point in asked])
    assert mask.tolist() == [point in plain(a[row]) for row, point in asked]
    other = batch_of(data.draw(st.lists(pair_lists, min_size=len(a), max_size=len(a))))
    found = list(zip(*(part.tolist() for part in batch.overlapping(other)), strict=True))
    assert found == [
        (row, i, j)
        for row in range(len(a))
        for i, mine in enumerate(batch[row])
        for j, theirs in enumerate(other[row])
        if mine.overlaps(theirs)
    ]


@given(row_lists, st.integers(1, 6))
def test_at_least_counts_rows(a: list[Pairs], need: int) -> None:
    sets = [plain(row) for row in a]
    check(batch_of(a).at_least(need), {tick for tick in TICKS if sum(tick in row for row in sets) >= need})


@given(row_lists, st.data())
def test_at_least_by_group_equals_each_group_alone(a: list[Pairs], data: st.DataObject) -> None:
    groups = data.draw(st.lists(st.integers(0, 2), min_size=len(a), max_size=len(a)))
    needs = data.draw(st.lists(st.integers(1, 4), min_size=3, max_size=3))
    batch = batch_of(a)
    members = [IntervalBatch(row for row, of in zip(batch, groups, strict=True) if of == group) for group in range(3)]
    alone = [rows.at_least(need) for rows, need in zip(members, needs, strict=True)]
    assert list(batch.at_least(needs, groups=groups)) == alone
    same = [rows.at_least(needs[0]) for rows in members]
    assert list(batch.at_least(needs[0], groups=groups, group_count=3)) == same


@given(st.lists(pair_lists, min_size=15, max_size=18), st.lists(pair_lists, min_size=18, max_size=18), st.data())
def test_rows_that_span_all_years_do_not_overflow(a: list[Pairs], b: list[Pairs], data: st.DataObject) -> None:
    def far(rows: list[Pairs]) -> list[Pairs]:
        return [
            [
                (ALWAYS.start_us + (s - TICKS.start) * STRETCH, ALWAYS.start_us + (e - TICKS.start) * STRETCH)
                for s, e in row
            ]
            for row in rows
        ]

    edges = [(ALWAYS.start_us, ALWAYS.start_us + 1), (ALWAYS.end_us - 1, ALWAYS.end_us)]
    xs, ys = far(a), far(b[: len(a)])
    xs[0] += edges
    left, right = batch_of(xs), batch_of(ys)
    assert Line.through(len(left), left.starts, left.ends).ranked is not None
    lefts, rights = [made(row) for row in xs], [made(row) for row in ys]
    assert list(left) == lefts
    for name in ("union", "intersection", "difference"):
        assert list(getattr(left, name)(right)) == [getattr(x, name)(y) for x, y in zip(lefts, rights, strict=True)]
    window = Interval.from_us(ALWAYS.start_us + 5 * STRETCH + 7, ALWAYS.start_us + 30 * STRETCH)
    assert list(left.gaps(window)) == [row.gaps(window) for row in lefts]
    assert list(left.erode(after=us(STRETCH + 1))) == [row.erode(after=us(STRETCH + 1)) for row in lefts]
    assert left.covers(window).tolist() == [row.covers(window) for row in lefts]
    groups = list(range(len(left)))
    assert list(left.at_least(1, groups=groups)) == lefts
    span = ALWAYS.end_us - ALWAYS.start_us
    points = data.draw(st.lists(st.integers(0, span).map(lambda t: t + ALWAYS.start_us), max_size=6))
    for row in (0, len(left) - 1):
        assert left.contains(row, points).tolist() == lefts[row].contains(points).tolist()
    found = list(zip(*(part.tolist() for part in left.overlapping(right)), strict=True))
    assert found == [
        (row, i, j)
        for row, (mine, theirs) in enumerate(zip(lefts, rights, strict=True))
        for i, x in enumerate(mine)
        for j, y in enumerate(theirs)
        if x.overlaps(y)
    ]


@given(pair_lists, st.integers(1, 5), st.integers(0, 4))
def test_at_least_sees_through_growth(a: Pairs, need: int, grown: int) -> None:
    """Growing the held time by a footprint equals growing each interval first, with `shrink` saying by how much."""
    starts, ends = np.sort([start for start, _ in a]), np.sort([end for _, end in a])
    starts, ends = starts.astype(np.int64), ends.astype(np.int64)
    held = _sweeps.coalesce(*_sweeps.at_least(starts, ends, need))
    late = _sweeps.coalesce(held[0] - grown, held[1])
    early = _sweeps.coalesce(*_sweeps.at_least(starts - grown, ends, need, shrink=grown))
    assert [part.tolist() for part in late] == [part.tolist() for part in early]


@given(pair_lists, pair_lists)
def test_subtract_with_cuts_that_overlap_each_other(a: Pairs, b: Pairs) -> None:
    pieces = made(a)
    cut_starts = np.sort(np.array([start for start, _ in b], dtype=np.int64))
    cut_ends = np.sort(np.array([end for _, end in b], dtype=np.int64))
    starts, ends, source = _sweeps.subtract(pieces.starts, pieces.ends, (cut_starts, cut_ends))
    check(IntervalSet.from_us(starts, ends), plain(a) - plain(b))
    assert (starts >= pieces.starts[source]).all()
    assert (ends <= pieces.ends[source]).all()
    points = np.array(TICKS)
    assert _sweeps.contains(cut_starts, cut_ends, points).tolist() == [tick in plain(b) for tick in TICKS]


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_rows_without_intervals_go_through_every_operation(rows: int) -> None:
    batch, nothing, hour = IntervalBatch([IntervalSet.empty()] * rows), IntervalSet.empty(), Interval.from_us(0, 10)
    grown = {"before": us(1), "after": us(2)}
    for found in (batch | batch, batch & nothing, batch - nothing, batch.within(hour), batch.shift(us(1))):
        assert found == batch
    for found in (batch.pad(**grown), batch.dilate(**grown), batch.erode(**grown)):
        assert found == batch
    assert list(batch.gaps(hour)) == [IntervalSet.of(hour)] * rows
    assert batch.covers(hour).tolist() == [False] * rows
    assert batch.at_least(1) == nothing
    assert list(batch.at_least(1, groups=[0] * rows, group_count=2)) == [nothing, nothing]
    assert [len(column) for column in batch.overlapping(batch)] == [0, 0, 0]
    assert nothing.shift(us(1)) == nothing.pad(**grown) == nothing.dilate(**grown) == nothing.erode(**grown) == nothing
