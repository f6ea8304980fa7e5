"""Laws 1, 2, 3, 5 and 7 over whole questions, and what explanations promise."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petpro_core.decisions import find_slots
from petpro_core.errors import InvalidValueError
from petpro_core.reasons import Waiver
from petpro_core.testing import laws
from petpro_core.testing.cases import build
from petpro_core.testing.strategies import cases

Case = dict[str, Any]

FIXED: Final = ("UTC", "Asia/Kolkata", "Asia/Kathmandu", "Etc/GMT+12", "Pacific/Kiritimati")
LAWS_OF_ONE_CASE: Final = {
    "law 1: offered = the oracle's": laws.offered_is_the_oracles,
    "law 1: accepted = offered": laws.accepted_is_offered,
    "law 1: the other searches": laws.counts_and_firsts_agree,
    "law 1: stranded = the oracle's": laws.stranded_is_the_oracles,
    "law 2: rows": laws.rows_stand_alone,
    "law 7: time": laws.stays_valid,
}


@pytest.mark.parametrize("law", LAWS_OF_ONE_CASE.values(), ids=list(LAWS_OF_ONE_CASE))
@given(case=cases())
def test_law(law: Any, case: Case) -> None:
    law(case)


@given(case=cases(rows=1))
def test_fixes_are_accepted(case: Case) -> None:
    laws.fixes_are_accepted(case)


@given(case=cases(rows=1))
def test_explanations_add_up(case: Case) -> None:
    laws.explanations_add_up(case)


@given(case=cases(rows=2, grid_waived=True, months=False))
def test_law_1_masks_are_the_oracles(case: Case) -> None:
    laws.masks_are_the_oracles(case)


@given(case=cases(rows=1, grid_waived=True, months=False))
def test_refused_runs_are_unbroken(case: Case) -> None:
    laws.refused_runs_are_unbroken(case)


@given(case=cases(rows=2), part=st.floats(0, 1))
def test_law_1_searches_add_up(case: Case, part: float) -> None:
    laws.searches_add_up(case, part)


@given(case=cases(rows=2, months=False))
def test_law_1_waivers_clear_their_bits(case: Case) -> None:
    laws.waivers_clear_their_bits(case)


@given(case=cases(rows=2), other=cases(rows=1, months=False))
def test_law_3_more_busy_adds_nothing(case: Case, other: Case) -> None:
    for more in other["bookings"][:2]:
        by = case["within"][0] - other["within"][0]
        moved = {"start", "end", "occupied_start", "occupied_end"}
        parts = [{k: v + by if k in moved else v for k, v in part.items()} for part in more["allocations"]]
        laws.more_busy_adds_nothing(case, more | {"status": "confirmed", "held_until": None, "allocations": parts})


@given(case=cases(), ranges=st.sampled_from([["00:00-24:00"], ["03:00-04:30", "20:00-07:00"], ["12:05-12:10"]]))
def test_law_3_more_hours_remove_nothing(case: Case, ranges: list[str]) -> None:
    first = date(1970, 1, 1) + timedelta(microseconds=case["within"][0])
    days = [(first + timedelta(days=number)).isoformat() for number in (0, 1)]
    laws.more_hours_remove_nothing(case, [{"day": day, "ranges": ranges} for day in days])


@given(case=cases(FIXED, rows=2), weeks=st.integers(-60, 60))
def test_law_3_weeks_shift_the_answer(case: Case, weeks: int) -> None:
    laws.weeks_shift_the_answer(case, weeks)


@given(case=cases(), row=st.integers(0, 2), pick=st.integers(0, 10_000))
def test_law_5_vanished_conflicts(case: Case, row: int, pick: int) -> None:
    laws.vanished_conflicts(case, row % len(case["calendars"]), pick)


@given(case=cases(rows=2), order=st.permutations(range(8)))
def test_law_7_order_does_not_matter(case: Case, order: list[int]) -> None:
    laws.order_does_not_matter(case, order)


@given(case=cases(rows=1, months=False))
def test_a_search_without_a_grid_is_refused(case: Case) -> None:
    q = build(case)
    with pytest.raises(InvalidValueError):
        find_slots(q.calendars, within=q.within, **(q.asked | {"waive": {Waiver.GRID}}))


AGAIN: Final = """
import json, sys
from petpro_core.decisions import explain, find_slots
from petpro_core.intervals import from_us
from petpro_core.testing.cases import build

for case in json.load(sys.stdin):
    q = build(case)
    table = find_slots(q.calendars, within=q.within, **q.asked)
    print(table.offsets.tolist(), table.starts.tolist(), table.valid_until, table.untested)
    print(explain(q.rows[0], start=q.within.start, handle=int(q.calendars.handles[0]), **q.asked))
"""


def test_law_7_no_hash_seed_shows() -> None:
    hours = {"days": {"monday": ["09:00-12:00"], "tuesday": ["22:00-02:00"]}}
    booking = {
        "id": 1,
        "client": 7,
        "allocations": [{"resource": 1, "start": "2026-11-23T09:00Z", "end": "2026-11-23T10:00Z"}],
    }
    case = {
        "now": "2026-11-23T08:30Z",
        "within": ["2026-11-23T09:30Z", "2026-11-26T00:00Z"],
        "rules": {"duration": "45m"},
        "request": {"client": 7},
        "waive": ["notice", "horizon"],
        "policy": {"one_at_a_time": ["pet", "household", "client", "group"], "horizon": "1h", "min_notice": "4h"},
        "calendars": [{"handle": i, "schedules": [{"zone": zone, "hours": [hours]}]} for i, zone in enumerate(FIXED)],
        "bookings": [booking],
    }
    answers = set()
    for seed in ("0", "1", "4242"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        done = subprocess.run(
            [sys.executable, "-c", AGAIN],
            input=json.dumps([case]),
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        answers.add(done.stdout)
    assert len(answers) == 1
