"""Batches by example: what is solved, why somebody gets nobody, what is refused, what is said if it is not proved."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from petpro_core.errors import InvalidIntervalError, InvalidValueError, LimitExceededError, OutOfRangeError
from petpro_core.intervals import LAST_US, Interval
from petpro_core.matching._prices import floor_prices
from petpro_core.matching._tracks import Tracked, Tracks, _cheapest_of_equals
from petpro_core.matching.assignment import Assignment, AssignmentTable, Unassigned, assign
from petpro_core.testing.assignments import best_by_permutations, best_in_time, clashes
from petpro_core.testing.strategies.loads import assignment_tables, assignments

HOUR = 3_600_000_000


def batch(times: list[tuple[int, int]], people: int | list[int], **more: Any) -> AssignmentTable:
    """Assign requests 0, 1, 2, ... of these hours."""
    return assign(
        request=range(len(times)),
        start=[start * HOUR for start, _ in times],
        end=[end * HOUR for _, end in times],
        resource=range(people) if isinstance(people, int) else people,
        **more,
    )


def test_a_morning_of_a_vet_who_is_ill_is_shared_out() -> None:
    table = batch(
        [(9, 10), (9, 11), (10, 11), (11, 12)],
        [7, 8],
        cost=[[1, 5], [2, 2], [1, 5], [9, 3]],
    )
    assert table.resource.tolist() == [7, 8, 7, 8]
    assert (table.total_cost, table.optimal, table.unassigned_at_least, table.cost_at_least) == (7, True, 0, 7)
    assert repr(table) == "<AssignmentTable of 4 requests, 0 of them with nobody, the best there is>"
    assert table[-1] == Assignment(3, Interval.from_us(11 * HOUR, 12 * HOUR), 8, 3, None, ())


def test_fewest_left_out_comes_before_any_cost() -> None:
    # The long request costs nothing, and keeps both short ones out.
    table = batch([(9, 11), (9, 10), (10, 11)], 1, cost=[[0], [1_000], [1_000]])
    assert table.resource.tolist() == [-1, 0, 0]
    assert table[0] == Assignment(0, Interval.from_us(9 * HOUR, 11 * HOUR), None, 0, Unassigned.OUTWEIGHED, (1, 2))


def test_each_no_has_its_reason() -> None:
    table = batch(
        [(9, 10), (9, 10), (9, 10), (9, 10)],
        2,
        eligible=[[False, False], [True, False], [True, True], [True, False]],
        free=[[True, True], [False, True], [True, True], [True, True]],
        cost=[[0, 0], [0, 0], [5, 9], [6, 0]],
    )
    reasons = [one.reason for one in table]
    assert reasons == [Unassigned.NOBODY_ELIGIBLE, Unassigned.NOBODY_FREE, None, None]
    assert table.resource.tolist() == [-1, -1, 1, 0]
    assert table.unassigned.tolist() == [0, 1]
    assert "2 of them with nobody" in repr(table)


def test_only_those_outweigh_who_have_what_it_could_have_had() -> None:
    table = batch(
        [(9, 10), (9, 10), (9, 10), (10, 11)],
        2,
        eligible=[[True, False], [True, False], [False, True], [True, True]],
        cost=[[1, 0], [2, 0], [0, 0], [0, 0]],
    )
    assert (table[1].reason, table[1].outweighed_by) == (Unassigned.OUTWEIGHED, (0,))


def test_a_resource_of_capacity_two_stands_there_twice() -> None:
    table = batch([(9, 12), (10, 11), (10, 12)], [7, 7])
    assert sorted(table.resource.tolist()) == [-1, 7, 7]
    assert table[table.resource.tolist().index(-1)].reason is Unassigned.OUTWEIGHED


def test_without_people_and_without_requests() -> None:
    alone = batch([(9, 10)], 0)
    assert [one.reason for one in alone] == [Unassigned.NOBODY_ELIGIBLE]
    empty = batch([], 3)
    assert (len(empty), empty.total_cost, empty.optimal) == (0, 0, True)
    assert len(batch([], 0)) == 0


def test_touching_requests_go_to_one_person() -> None:
    assert batch([(9, 10), (10, 11), (11, 12)], 1).unassigned.tolist() == []


def hard(seed: int, rows: int = 12, people: int = 3) -> dict[str, Any]:
    generator = np.random.default_rng(seed)  # noqa: TID251 - a seed of the test's
    start = generator.integers(0, 20, rows)
    return {
        "request": range(rows),
        "start": start,
        "end": start + generator.integers(1, 9, rows),
        "resource": range(people),
        "cost": generator.integers(0, 50, (rows, people)),
        "eligible": generator.random((rows, people)) < 0.7,
    }


@pytest.mark.parametrize("seed", [6, 18, 82, 91])
def test_within_a_small_bound_the_answer_says_what_is_proved(seed: int) -> None:
    best, quick = assign(**hard(seed)), assign(**hard(seed), limit=1)
    assert best.optimal
    assert not quick.optimal
    assert repr(quick).endswith("not proved to be the best>")
    assert quick.unassigned_at_least <= best.unassigned_at_least == len(best.unassigned) <= len(quick.unassigned)
    assert quick.cost_at_least <= quick.total_cost
    if len(best.unassigned) == len(quick.unassigned):
        assert quick.cost_at_least <= best.total_cost <= quick.total_cost


def test_the_same_input_has_the_same_answer() -> None:
    assert assign(**hard(6)).resource.tolist() == assign(**hard(6)).resource.tolist()


def test_futures_of_many_columns_are_told_apart_without_one_number() -> None:
    # 1,000 columns and seven active requests do not fit into one number.
    picks = np.array([[5] * 7, [5] * 7, [6] * 7])
    kept = _cheapest_of_equals(picks, 1_000, np.array([3, 2, 1]), np.arange(3))
    assert kept.tolist() == [1, 2]


def test_pairs_of_columns_are_shared_out_anew_where_they_have_anything() -> None:
    starts, ends = np.array([0, 0, 1]), np.array([2, 1, 2])
    tracks = Tracks.of(starts, ends, np.array([[0, 5, 9, 9]] * 3), np.ones((3, 4), np.bool_), 100)
    bad = Tracked(np.array([0, 4, 1]), 105, 0)
    better = tracks._by_pairs(bad)
    assert (better.choice.tolist(), better.value) == ([1, 0, 0], 5)


def test_an_answer_that_is_better_by_one_is_found() -> None:
    starts, ends = np.array([0, 1, 2]), np.array([2, 3, 4])
    tracks = Tracks.of(starts, ends, np.array([[1, 2], [4, 4], [7, 9]]), np.ones((3, 2), np.bool_), 100)
    known = Tracked(np.array([0, 1, 2]), 13, 0)
    assert tracks._sweep(floor_prices(tracks), 9, known).value == 12
    assert tracks._sweep(floor_prices(tracks), 9, Tracked(known.choice, 12, 12)).choice.tolist() == [0, 1, 2]


def test_many_columns_and_long_requests() -> None:
    times = [(0, 9), (1, 9), (2, 9), (3, 9), (4, 9), (5, 9), (6, 9), (7, 8), (8, 10)]
    table = batch(times, 700, limit=5)
    assert table.unassigned.tolist() == []


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"start": [0, 1]}, InvalidValueError),
        ({"request": [1, 1], "start": [0, 0], "end": [1, 1]}, InvalidValueError),
        ({"request": [[1]]}, InvalidValueError),
        ({"end": [0]}, InvalidIntervalError),
        ({"start": [LAST_US], "end": [LAST_US + 1]}, InvalidIntervalError),
        ({"resource": [-1]}, InvalidValueError),
        ({"resource": [[1]]}, InvalidValueError),
        ({"cost": [[1, 2]]}, InvalidValueError),
        ({"cost": [["a"]]}, InvalidValueError),
        ({"cost": [[2**60]]}, OutOfRangeError),
        ({"eligible": [[1]]}, InvalidValueError),
        ({"free": [True]}, InvalidValueError),
        ({"limit": 0}, InvalidValueError),
        ({"request": range(5_001), "start": [0] * 5_001, "end": [1] * 5_001}, LimitExceededError),
    ],
)
def test_what_cannot_be_is_refused(more: dict[str, Any], error: type[Exception]) -> None:
    told: dict[str, Any] = {"request": [1], "start": [0], "end": [1], "resource": [7]}
    with pytest.raises(error):
        assign(**(told | more))


def test_the_slow_answers_agree_where_everything_overlaps() -> None:
    costs: list[list[int | None]] = [[3, 1], [2, None], [None, None]]
    assert best_by_permutations(costs, 2) == best_in_time([(0, 2)] * 3, costs, 2) == (1, 3)
    assert not clashes([], [])


@given(table=assignment_tables(), one=assignments())
def test_answers_are_drawn(table: AssignmentTable, one: Assignment) -> None:
    assert table.total_cost == sum(row.cost for row in table)
    assert (one.resource is None) == (one.reason is not None)
