"""Hours and absences that recur are judged as the oracle walks them, and take part in every decision."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given, settings

from petpro_core.availability import open_hours
from petpro_core.testing import laws
from petpro_core.testing.cases import build
from petpro_core.testing.oracle import Oracle
from petpro_core.testing.strategies.recurring import recurring_cases

# The oracle walks every recurrence from its start.
FEW: Final = settings(max_examples=max(10, settings().max_examples // 4))
Case = dict[str, Any]

LAWS: Final = {
    "law 1: offered = the oracle's": laws.offered_is_the_oracles,
    "law 1: accepted = offered": laws.accepted_is_offered,
    "law 2: rows": laws.rows_stand_alone,
}


@FEW
@given(case=recurring_cases())
def test_open_hours_are_the_oracles(case: Case) -> None:
    q, oracle = build(case), Oracle(case)
    for row, opened in enumerate(open_hours(q.calendars, within=q.within, location=q.request.location)):
        edges = {q.within.start_us, q.within.end_us - 1, *opened.starts.tolist(), *opened.ends.tolist()}
        edges |= {edge for off in oracle.hours[row].time_off for edge in off}
        ticks = range(q.within.start_us, q.within.end_us, 30 * 60_000_000)
        asked = sorted({edge + beside for edge in edges for beside in (-1, 0, 1)} | set(ticks))
        inside = [moment for moment in asked if q.within.start_us <= moment < q.within.end_us]
        assert [bool(held) for held in opened.contains(inside)] == [
            oracle.hours[row].open_at(moment) for moment in inside
        ]


@pytest.mark.parametrize("law", LAWS.values(), ids=list(LAWS))
@FEW
@given(case=recurring_cases())
def test_law(law: Any, case: Case) -> None:
    law(case)


@FEW
@given(case=recurring_cases())
def test_explanations_add_up(case: Case) -> None:
    laws.explanations_add_up(case | {"calendars": case["calendars"][:1]})
