"""W1 to W3: who can, who is next, and when a visit of several steps can start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks import petpro_who
from benchmarks._measure import Contender, compare
from benchmarks.peers import who_by_hand
from benchmarks.targets import CAREFUL, TARGETS_MS
from benchmarks.who_data import clinic, people, queue, requirement

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from benchmarks._measure import Int64Array, Result
    from petpro_core.visits import VisitTable

__all__ = ["who"]


def _column(answer: Any) -> tuple[Int64Array]:
    return (np.asarray(answer, np.int64),)


def _assigned(found: VisitTable) -> tuple[Int64Array]:
    return (np.column_stack([found.starts, found.resources]),)


def who(*, quick: bool) -> list[Result]:
    """Time the filter of a large staff, the order of a full waiting room, and a visit of three steps."""
    staff = people(500 if quick else 10_000), requirement()
    waiting = queue(100 if quick else 1_000)
    hospital = clinic(days=5 if quick else 30)
    ways: tuple[tuple[str, str, Any, tuple[Callable[..., Any], ...], Callable[..., Any]], ...] = (
        (
            "W1",
            f"W1 {len(staff[0]):,} people filtered by a tree of skills",
            staff,
            (petpro_who.prepare_people, petpro_who.filter_people, _column, who_by_hand.filter_people),
            lambda given: given,
        ),
        (
            "W2",
            f"W2 {len(waiting['level']):,} who wait ranked by urgency and arrival",
            waiting,
            (petpro_who.prepare_queue, petpro_who.rank_queue, _column, who_by_hand.rank_queue),
            lambda given: given,
        ),
        (
            "W3",
            f"W3 a visit of three steps, 50 staff, 10 rooms, {hospital['days']} days",
            hospital,
            (petpro_who.prepare_clinic, petpro_who.find_three_steps, _assigned, who_by_hand.find_visits),
            who_by_hand.prepare_clinic,
        ),
    )
    results: list[Result] = []
    for key, name, data, (prepare, run, common, by_hand), lists in ways:
        own = Contender("PetPro", lambda prepare=prepare, data=data: prepare(data), run, common, 20)  # type: ignore[misc]  # mypy and defaults
        careful = Contender(CAREFUL, lambda lists=lists, data=data: lists(data), by_hand, _column, 3)  # type: ignore[misc]  # likewise
        results += compare(name, target_ms=TARGETS_MS[key], petpro=own, peers=[careful], judged=not quick)
    return results
