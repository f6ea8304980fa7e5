"""Visits: what is found is what a walk through every start, gap and assignment finds, and what the check accepts."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given

from petpro_core import find_slots
from petpro_core.intervals import from_us, to_us
from petpro_core.testing.strategies.visits import MIDNIGHT, asked, cases, visit_of
from petpro_core.testing.visits import brute_force
from petpro_core.visits import check_visit, explain_visit, find_visits

MINUTE_US = 60_000_000


def minutes(us: int) -> int:
    return (us - to_us(MIDNIGHT)) // MINUTE_US


@given(cases())
def test_a_search_finds_what_brute_force_finds(case: dict[str, Any]) -> None:
    found = find_visits(visit_of(case), **asked(case))
    answer = {
        minutes(to_us(plan.start)): (
            tuple(minutes(step.interval.start_us) for step in plan.steps),
            plan.resources,
        )
        for plan in found
    }
    assert answer == brute_force(case)
    assert (found.lack is None) == bool(answer)


@given(cases())
def test_what_is_found_is_accepted_and_explained(case: dict[str, Any]) -> None:
    visit, question = visit_of(case), asked(case)
    found = find_visits(visit, **question)
    within = question.pop("within")
    plans = {to_us(plan.start): plan for plan in found}
    for plan in list(plans.values())[::3]:
        assert check_visit(visit, plan, **question) == ()
        booked = question | {"busy": question["busy"].with_bookings([plan.booking(1_000)])}
        assert check_visit(visit, plan, **booked)
    for start in range(within.start_us, within.end_us, 45 * MINUTE_US):
        assert explain_visit(visit, start=from_us(start), **question).plan == plans.get(start)


@given(cases())
def test_a_visit_of_one_role_is_a_search_of_all_who_can(case: dict[str, Any]) -> None:
    case = case | {"steps": case["steps"][:1]}
    case["steps"][0]["roles"], case["steps"][0]["by_provider"] = case["steps"][0]["roles"][:1], {}
    visit, question = visit_of(case), asked(case)
    service = visit.steps[0].service
    if any(one["junior"] for one in case["resources"]):
        case["resources"] = [one | {"junior": False} for one in case["resources"]]
        question = asked(case)
    found = find_visits(visit, **question)
    table = question.pop("resources")
    able = table.match(service.roles[0].requirement, kind=service.roles[0].kind)
    slots = find_slots(table.calendars(able), rules=service.rules_for(), **question)
    assert found.starts.tolist() == np.unique(slots.starts).tolist()
    assert found.valid_until == slots.valid_until or not len(found)
