"""Who should: a choice is that of a slow reading of the rules, a rank is a choice again and again, records replay."""

from __future__ import annotations

import json
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from petpro_core.matching.strategies import (
    Candidates,
    ChoiceRecord,
    Criterion,
    LoadTable,
    Strategy,
    choose,
    rank_candidates,
)
from petpro_core.testing.strategies.loads import candidates, choice_records, considered, criteria, load_tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Told = dict[str, Any]
MINUTE = 60_000_000


def slow_score(told: Told, plain: Mapping[str, list[int]], place: int, strategy: str) -> int:
    """Read one score off the definitions, person by person, with exact fractions."""
    rows = range(plain["offsets"][place], plain["offsets"][place + 1])
    people = [plain["resource"][row] for row in rows]
    loads = told["loads"].to_plain()
    of = {handle: {name: column[row] for name, column in loads.items()} for row, handle in enumerate(loads["resource"])}
    if strategy == "soonest":
        return min(plain["start"][row] for row in rows)
    if strategy == "fewest_minutes":
        greatest = max(loads["weight"])
        return max(int(Fraction(of[p]["booked_us"] * greatest, of[p]["weight"])) for p in people)
    if strategy == "round_robin":
        # How far ahead of their part of all visits, the coming one included.
        every, total = sum(loads["weight"]), sum(loads["visits"]) + 1
        return max(of[p]["visits"] * every - total * of[p]["weight"] for p in people)
    if strategy == "least_recent":
        return max(of[p]["last_us"] for p in people)
    if strategy == "continuity":
        seen = told["familiarity"].to_plain()
        met = {
            handle: seen["pet_visits"][row] * 1_000_000 + seen["client_visits"][row]
            for row, handle in enumerate(seen["resource"])
        }
        return -max(met.get(p, 0) for p in people)
    if strategy == "least_cost":
        return plain["cost"][place]
    order = told["priority"] if strategy == "priority" else told["preferred"]
    numbers = dict(order) if isinstance(order, dict) else {handle: rank for rank, handle in enumerate(order)}
    last = max(numbers.values(), default=-1) + 1
    ranks = [numbers.get(p, last) for p in people]
    if strategy == "priority":
        return max(ranks)
    return last + 1 if any(p in told["avoided"] for p in people) else min(ranks)


def slow_unit(told: Told, strategy: str) -> int:
    """Say how much of a score a tolerance of one is."""
    return {"round_robin": sum(told["loads"].to_plain()["weight"]), "continuity": 1_000_000}.get(strategy, 1)


def slow_choice(given: Candidates, by: Sequence[Criterion], told: Told, places: Sequence[int]) -> int:
    """Keep those near to the best, criterion by criterion; then the earliest start, the smallest handles, the end."""
    plain, left = given.to_plain(), list(places)
    for one in by:
        tolerance = one.tolerance
        whole = tolerance // timedelta(microseconds=1) if isinstance(tolerance, timedelta) else tolerance
        scores = {place: slow_score(told, plain, place, one.strategy) for place in left}
        best = min(scores.values())
        left = [place for place in left if scores[place] <= best + whole * slow_unit(told, one.strategy)]

    def ties(place: int) -> tuple[Any, ...]:
        rows = slice(plain["offsets"][place], plain["offsets"][place + 1])
        return min(plain["start"][rows]), plain["resource"][rows], max(plain["end"][rows]), place

    return min(left, key=ties)


@given(given=candidates(), by=criteria(), told=considered())
def test_the_choice_is_that_of_a_slow_reading(given: Candidates, by: list[Criterion], told: Told) -> None:
    choice = choose(given, strategies=by, **told)
    if not len(given):
        assert (choice.place, choice.resource, choice.decided_by) == (None, None, "no_candidates")
        return
    assert choice.place == slow_choice(given, by, told, range(len(given)))
    assert choice.scores == tuple(slow_score(told, given.to_plain(), choice.place, one.strategy) for one in by)


@given(given=candidates(), by=criteria() | criteria(exact=True), told=considered())
def test_a_rank_is_the_choice_from_those_who_are_left(given: Candidates, by: list[Criterion], told: Told) -> None:
    ranking = rank_candidates(given, strategies=by, **told)
    left = list(range(len(given)))
    for choice in ranking:
        again = choose(given.take(left), strategies=by, **told)
        assert again.place is not None
        assert choice.place == left[again.place]
        assert (choice.resources, choice.start, choice.end) == (again.resources, again.start, again.end)
        assert (choice.scores, choice.decided_by) == (again.scores, again.decided_by)
        left.remove(choice.place)
    assert left == []


@given(given=candidates(), by=criteria(), told=considered(), data=st.data())
def test_the_order_of_the_input_changes_nothing(
    given: Candidates, by: list[Criterion], told: Told, data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(given))))

    def people(some: Candidates) -> list[tuple[Any, ...]]:
        return [(one.resources, one.start, one.end) for one in rank_candidates(some, strategies=by, **told)]

    assert people(given.take(order)) == people(given)


@given(record=choice_records())
def test_a_record_replays_also_from_json(record: ChoiceRecord) -> None:
    assert record.replay() == record.choice
    again = ChoiceRecord.from_plain(json.loads(json.dumps(record.to_plain())))
    assert again == record
    assert again.replay() == record.choice


@given(given=candidates(), loads=load_tables(), factor=st.integers(1, 1000))
def test_only_the_ratio_of_weights_matters(given: Candidates, loads: LoadTable, factor: int) -> None:
    times = LoadTable.from_columns(**(loads.to_plain() | {"weight": loads.weight * factor}))
    for strategy in (Strategy.FEWEST_MINUTES, Strategy.ROUND_ROBIN):
        assert list(rank_candidates(given, strategies=strategy, loads=loads).places) == list(
            rank_candidates(given, strategies=strategy, loads=times).places
        )


@given(weights=st.lists(st.integers(1, 9), min_size=1, max_size=6), turns=st.integers(1, 60))
def test_round_robin_with_everybody_free_is_the_smooth_one(weights: list[int], turns: int) -> None:
    # The algorithm of load balancers: all gain their weight, the greatest is next and pays the weights of all.
    people = range(len(weights))
    loads = LoadTable.from_columns(people, weight=weights)
    everybody = Candidates.from_columns(resource=people, start=[0] * len(weights), end=[MINUTE] * len(weights))
    credit = [0] * len(weights)
    for _ in range(turns):
        credit = [have + weight for have, weight in zip(credit, weights, strict=True)]
        following = credit.index(max(credit))
        credit[following] -= sum(weights)
        assert choose(everybody, strategies="round_robin", loads=loads).resource == following
        loads = loads.after(following, start_us=0, end_us=MINUTE)
    assert loads.visits.sum() == turns


@given(loads=load_tables(), first=st.integers(1, 4), minutes=st.integers(1, 60))
def test_more_work_never_makes_anybody_more_likely(loads: LoadTable, first: int, minutes: int) -> None:
    everybody = Candidates.from_columns(resource=[1, 2, 3, 4], start=[0] * 4, end=[MINUTE] * 4)
    more = loads.after(first, start_us=0, end_us=minutes * MINUTE)
    for strategy in (Strategy.FEWEST_MINUTES, Strategy.ROUND_ROBIN, Strategy.LEAST_RECENT):
        before = [choice.resource for choice in rank_candidates(everybody, strategies=strategy, loads=loads)]
        after = [choice.resource for choice in rank_candidates(everybody, strategies=strategy, loads=more)]
        assert after.index(first) >= before.index(first)


@given(given=candidates(alone=True), by=criteria(exact=True), told=considered())
def test_without_tolerances_a_rank_is_sorted_by_scores(given: Candidates, by: list[Criterion], told: Told) -> None:
    ranking = rank_candidates(given, strategies=by, **told)
    rows = [tuple(row) for row in ranking.scores[ranking.places].tolist()]
    assert rows == sorted(rows)
    assert sorted(ranking.places.tolist()) == np.arange(len(given)).tolist()
