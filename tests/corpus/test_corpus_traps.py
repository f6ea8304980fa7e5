"""Every trap by name: cases whose answers were worked out by hand, for the judge and its oracle."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from petpro_core.bookings import Allocation, Booking, BookingTable
from petpro_core.decisions import (
    check_booking,
    check_booking_batch,
    check_series,
    explain,
    find_slots,
    first_slots,
    stream_slots,
)
from petpro_core.intervals import ALWAYS, Interval, from_us
from petpro_core.reasons import Reason
from petpro_core.testing.cases import build
from petpro_core.testing.oracle import Oracle, instant

TRAPS: Final = Path(__file__).parent / "traps"
FILES: Final = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(TRAPS.glob("*.json"))}
QUESTIONS: Final = [
    pytest.param(question, id=f"{name}: {question['ask']}")
    for name, trap in FILES.items()
    for question in trap["questions"]
]
BY_HAND: Final = {
    "day_plus_24h",
    "failed_feed_is_free",
    "grid_anchored_at_epoch",
    "hold_eats_class",
    "hold_ignored",
    "hours_stored_in_utc",
    "limits_in_other_zone",
    "limits_on_pool",
    "notice_per_day",
    "pending_invisible",
    "random_ties",
    "series_first_only",
    "why_written_apart",
}


def codes(mask: int) -> list[str]:
    return sorted(reason.code for reason in Reason(mask))


def test_every_trap_is_there_and_says_why() -> None:
    assert set(FILES) == BY_HAND
    for trap in FILES.values():
        assert trap["trap"].endswith(".")
        assert trap["why"]


@pytest.mark.parametrize("question", QUESTIONS)
def test_oracle_falls_into_no_trap(question: dict[str, Any]) -> None:
    oracle = Oracle(question["case"])
    for row, starts in enumerate(question["offered"]):
        assert oracle.offered(row) == [instant(start) for start in starts]
    for refused in question.get("refused", ()):
        assert sorted(oracle.refusals(refused["row"], instant(refused["start"]))) == refused["reasons"]


@pytest.mark.parametrize("question", QUESTIONS)
def test_judge_falls_into_no_trap(question: dict[str, Any]) -> None:
    q = build(question["case"])
    table = find_slots(q.calendars, within=q.within, **q.asked)
    for row, starts in enumerate(question["offered"]):
        assert table.row(row).tolist() == [instant(start) for start in starts]
    for refused in question.get("refused", ()):
        row, start = refused["row"], instant(refused["start"])
        assert codes(check_booking_batch(q.calendars, row=[row], start_us=[start], **q.asked)[0]) == refused["reasons"]
        single = {"start": from_us(start), "handle": int(q.calendars.handles[row]), **q.asked}
        assert sorted({c.reason.code for c in check_booking(q.rows[row], **single)}) == refused["reasons"]
        told = explain(q.rows[row], **single)
        assert sorted({c.reason.code for c in told.conflicts}) == refused["reasons"]
        assert not told.bookable


@pytest.mark.parametrize("question", [q for q in QUESTIONS if "series" in q.values[0]])  # type: ignore[operator]
def test_every_start_of_a_series_is_judged(question: dict[str, Any]) -> None:
    q, series = build(question["case"]), question["series"]
    starts = [from_us(instant(start)) for start in series["starts"]]
    answers = check_series(q.rows[0], starts=starts, handle=int(q.calendars.handles[0]), **q.asked)
    assert [sorted({c.reason.code for c in conflicts}) for conflicts in answers] == series["reasons"]


@pytest.mark.parametrize("question", [q for q in QUESTIONS if "merged" in q.values[0]])  # type: ignore[operator]
def test_ties_are_broken_by_row(question: dict[str, Any]) -> None:
    case = question["case"]
    for bookings in (case["bookings"], case["bookings"][::-1]):
        q = build(case | {"bookings": bookings})
        found = list(stream_slots(q.calendars, after=q.within.start, limit=len(question["merged"]), **q.asked))
        assert [[slot.start, slot.resource_id] for slot in found] == [
            [datetime.fromisoformat(start), handle] for start, handle in question["merged"]
        ]


def calls_of(candidates: int, bookings: int, caps: int = 1) -> int:
    """Count the calls, in Python and in C, that one search makes: passes over columns, however long those are."""
    hours = {"days": {day: ["00:00-24:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}}
    policy = {"caps": [{"limit": 10_000 + i, "per": "day"} for i in range(caps)]}
    q = build(
        {
            "now": "2026-11-20T00:00Z",
            "within": ["2026-11-23T00:00Z", "2026-11-25T00:00Z"],
            "rules": {"duration": "1m", "step": 24 * 3_600_000_000 // candidates},
            "policy": policy,
            "calendars": [{"handle": 0, "schedules": [{"zone": "UTC", "hours": [hours]}]}],
        }
    )
    minutes = [Interval.from_us(q.within.start_us + 2 * i * 60_000_000, q.within.start_us + (2 * i + 1) * 60_000_000)
               for i in range(bookings)]  # fmt: skip
    busy = BookingTable.of([Booking(i, Allocation(0, minute)) for i, minute in enumerate(minutes)], known=ALWAYS)
    asked = q.asked | {"busy": busy}
    find_slots(q.calendars, within=q.within, **asked)  # what is made once is made
    count = 0

    def listen(_frame: object, event: str, _what: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(listen)
    try:
        find_slots(q.calendars, within=q.within, **asked)
    finally:
        sys.setprofile(before)
    return count


def test_no_query_per_candidate_slot() -> None:
    assert calls_of(1440, 3) <= calls_of(24, 3) * 1.2


def test_no_loop_over_bookings() -> None:
    assert calls_of(24, 700) <= calls_of(24, 7) * 1.2


def test_each_limit_costs_the_same_whatever_is_booked() -> None:
    few, many = (calls_of(24, bookings, caps=6) - calls_of(24, bookings) for bookings in (7, 700))
    assert many <= few * 1.2


def test_first_slots_ask_no_more_than_find() -> None:
    q = build(QUESTIONS[0].values[0]["case"])  # type: ignore[index]
    assert first_slots(q.calendars, within=q.within, **q.asked).starts.size == 1
