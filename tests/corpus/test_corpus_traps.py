"""Every trap by name: cases whose answers were worked out by hand, for the judge and its oracle."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest

from petpro_core.bookings import Allocation, Booking, BookingTable
from petpro_core.decisions import check_series, explain, find_slots, first_slots, stream_slots
from petpro_core.intervals import ALWAYS, Interval, from_us
from petpro_core.testing.cases import build
from petpro_core.testing.corpus import CorpusQuestion, load_corpus
from petpro_core.testing.oracle import instant

TRAPS: Final = Path(__file__).parent / "traps"
FILES: Final = {path.stem: path.read_text(encoding="utf-8") for path in sorted(TRAPS.glob("*.json"))}
QUESTIONS: Final = load_corpus(FILES)


def named(questions: list[CorpusQuestion] | tuple[CorpusQuestion, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("question", questions, ids=[question.name for question in questions])


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


def test_every_trap_is_there_and_says_why() -> None:
    assert set(FILES) == BY_HAND
    for text in FILES.values():
        assert json.loads(text)["title"].endswith(".")


@named(QUESTIONS)
def test_oracle_falls_into_no_trap(question: CorpusQuestion) -> None:
    question.check_oracle()


@named(QUESTIONS)
def test_judge_falls_into_no_trap(question: CorpusQuestion) -> None:
    question.check_judge()
    q = build(question.case)
    for refused in question.refused:
        handle = int(q.calendars.handles[refused.row])
        told = explain(q.rows[refused.row], start=from_us(refused.start), handle=handle, **q.asked)
        assert {c.reason.code for c in told.conflicts} == refused.reasons
        assert not told.bookable


@named([question for question in QUESTIONS if "series" in question.more])
def test_every_start_of_a_series_is_judged(question: CorpusQuestion) -> None:
    q, series = build(question.case), question.more["series"]
    starts = [from_us(instant(start)) for start in series["starts"]]
    answers = check_series(q.rows[0], starts=starts, handle=int(q.calendars.handles[0]), **q.asked)
    assert [sorted({c.reason.code for c in conflicts}) for conflicts in answers] == series["reasons"]


@named([question for question in QUESTIONS if "merged" in question.more])
def test_ties_are_broken_by_row(question: CorpusQuestion) -> None:
    case, merged = question.case, question.more["merged"]
    for bookings in (case["bookings"], case["bookings"][::-1]):
        q = build(case | {"bookings": bookings})
        found = list(stream_slots(q.calendars, after=q.within.start, limit=len(merged), **q.asked))
        assert [[slot.start, slot.resource_id] for slot in found] == [
            [datetime.fromisoformat(start), handle] for start, handle in merged
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
    q = build(QUESTIONS[0].case)
    assert first_slots(q.calendars, within=q.within, **q.asked).starts.size == 1
