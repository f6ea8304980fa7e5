"""Batches: as few left out as any answer leaves, at no more than any such answer costs, with a reason for each no."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from petpro_core.matching._hungarian import LEFT_OUT, cheapest
from petpro_core.matching.assignment import Unassigned, assign
from petpro_core.testing.assignments import best_by_permutations, best_in_time
from petpro_core.testing.strategies.loads import assignment_problems

if TYPE_CHECKING:
    import numpy.typing as npt

    from petpro_core.intervals import Int64Array

    Mask = npt.NDArray[np.bool_]

Problem = dict[str, Any]


def allowed_costs(problem: Problem) -> list[list[int | None]]:
    allowed = problem["eligible"] & problem["free"]
    return [
        [int(cost) if may else None for cost, may in zip(*row, strict=True)]
        for row in zip(problem["cost"], allowed, strict=True)
    ]


@given(problem=assignment_problems())
def test_nothing_is_better(problem: Problem) -> None:
    table = assign(**problem)
    times = list(zip(problem["start"], problem["end"], strict=True))
    best = best_in_time(times, allowed_costs(problem), len(problem["resource"]))
    got = (len(table.unassigned), table.total_cost)
    assert got >= best
    if table.optimal:
        assert got == best
    assert table.unassigned_at_least <= best[0]
    if got[0] == best[0]:
        assert table.cost_at_least <= best[1]


@given(problem=assignment_problems())
def test_the_answer_keeps_the_rules(problem: Problem) -> None:
    table, capacity = assign(**problem), problem["resource"]
    allowed = problem["eligible"] & problem["free"]
    for row, one in enumerate(table):
        assert (one.request, one.interval.start_us) == (problem["request"][row], problem["start"][row])
        mine = [column for column, handle in enumerate(capacity) if handle == one.resource]
        if one.resource is None:
            assert one.cost == 0
            reason = Unassigned.OUTWEIGHED if allowed[row].any() else Unassigned.NOBODY_FREE
            assert one.reason is (reason if problem["eligible"][row].any() else Unassigned.NOBODY_ELIGIBLE)
            assert bool(one.outweighed_by) == (one.reason is Unassigned.OUTWEIGHED)
        else:
            assert one.reason is None
            assert any(allowed[row, column] and problem["cost"][row][column] == one.cost for column in mine)
    for handle in set(capacity):
        held = [one.interval for one in table if one.resource == handle]
        for moment in {interval.start for interval in held}:
            assert sum(interval.contains(moment) for interval in held) <= capacity.count(handle)
    assert table.unassigned.tolist() == [one.request for one in table if one.resource is None]


@given(problem=assignment_problems(), data=st.data())
def test_the_order_of_requests_changes_nothing(problem: Problem, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(problem["request"]))))
    mixed = dict(problem)
    for name in ("request", "start", "end"):
        mixed[name] = [problem[name][row] for row in order]
    for name in ("cost", "eligible", "free"):
        mixed[name] = problem[name][np.array(order, np.int64)]

    def answer(some: Problem) -> set[tuple[Any, ...]]:
        return {(one.request, one.resource, one.cost, one.reason, one.outweighed_by) for one in assign(**some)}

    assert answer(mixed) == answer(problem)


@given(problem=assignment_problems(people=4))
def test_the_kernel_is_the_best_permutation(problem: Problem) -> None:
    costs = allowed_costs(problem)
    allowed = problem["eligible"] & problem["free"]
    penalty = 9 * (len(costs) + 1)
    served, u, v = cheapest(problem["cost"], allowed, penalty)
    got = served != LEFT_OUT
    assert (int((~got).sum()), int(problem["cost"][got, served[got]].sum())) == best_by_permutations(
        costs, len(problem["resource"])
    )
    # The dual prices prove it: nothing costs less than u + v, and what was chosen costs exactly that.
    slack = problem["cost"] - u[:, None] - v
    assert (slack[allowed] >= 0).all()
    assert (u <= penalty).all()
    assert (v <= 0).all()
    assert int(u.sum() + v.sum()) == int(problem["cost"][got, served[got]].sum()) + penalty * int((~got).sum())


def random_case(seed: int, rows: int, columns: int) -> tuple[Int64Array, Mask]:
    generator = np.random.default_rng(seed)  # noqa: TID251 - a seed of the test's
    return generator.integers(-1_000, 1_000, (rows, columns)), generator.random((rows, columns)) < 0.6


@pytest.mark.parametrize(("rows", "columns"), [(40, 40), (60, 25), (25, 60), (120, 120)])
def test_the_kernel_is_another_librarys_answer(rows: int, columns: int) -> None:
    optimize = pytest.importorskip("scipy.optimize", reason="scipy solves the same problem, where it is installed")
    for seed in range(5):
        costs, allowed = random_case(seed, rows, columns)
        penalty = 4_000 * rows
        served, _, _ = cheapest(costs, allowed, penalty)
        got = served != LEFT_OUT
        mine = int(costs[got, served[got]].sum()) + penalty * int((~got).sum())
        # A column of its own for each row, at the price of the penalty; what is forbidden costs more than anything.
        never = penalty * (rows + columns + 1)
        own = np.where(np.eye(rows, dtype=np.bool_), penalty, never)
        square = np.concatenate([np.where(allowed, costs, never), own], axis=1)
        assert mine == int(square[optimize.linear_sum_assignment(square)].sum())


def linear_program(starts: Int64Array, ends: Int64Array, costs: Int64Array, allowed: Mask, penalty: int) -> int:
    """Solve the same batch as an integer program: one variable for each pair, one row for each person and start."""
    optimize, sparse = pytest.importorskip("scipy.optimize", reason="as above"), pytest.importorskip("scipy.sparse")
    pairs = np.argwhere(allowed)
    person_at = [(pairs[:, 1] == j) & (starts[pairs[:, 0]] <= t) & (t < ends[pairs[:, 0]])
                 for j in range(costs.shape[1]) for t in starts]  # fmt: skip
    rows = [pairs[:, 0] == i for i in range(len(starts))] + person_at
    matrix = sparse.csr_matrix(np.array(rows, np.float64))
    found = optimize.milp(
        costs[allowed] - float(penalty),
        constraints=optimize.LinearConstraint(matrix, -np.inf, 1),
        integrality=np.ones(len(pairs)),
        bounds=optimize.Bounds(0, 1),
        options={"mip_rel_gap": 0},
    )
    return round(found.fun) + penalty * len(starts)


@pytest.mark.parametrize(("rows", "columns", "span", "longest"), [(20, 4, 60, 20), (40, 8, 100, 20), (60, 12, 60, 12)])
def test_a_batch_in_time_is_another_librarys_answer(rows: int, columns: int, span: int, longest: int) -> None:
    for seed in range(3):
        generator = np.random.default_rng(1_000 + seed)  # noqa: TID251 - a seed of the test's
        starts = generator.integers(0, span, rows)
        ends = starts + generator.integers(1, longest + 1, rows)
        costs, allowed = random_case(seed, rows, columns)
        table = assign(
            request=range(rows), start=starts, end=ends, resource=range(columns), cost=costs, eligible=allowed
        )
        penalty = 4_000 * rows
        mine = table.total_cost + penalty * len(table.unassigned)
        assert mine == linear_program(starts, ends, costs, allowed, penalty)
        assert table.optimal
