"""Plain values of who can, who does, who waits and what breaks, where no command shows them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from petpro_core import Allocation, Booking, Interval
from petpro_core.errors import InvalidValueError
from petpro_core.forecast import AppointmentDelay, WaitReason, WalkInOption
from petpro_core.interop.plain import to_plain
from petpro_core.matching import Has, Lack, ResourceTable, match
from petpro_core.reasons import Conflict, Kind, Reason
from petpro_core.repair import BrokenSeries, ShiftedBooking, Unsaved, WhyUnsaved
from petpro_core.visits import VisitConflict

NINE: Final = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
NAMES: Final = {"resource": {7: "ana"}, "booking": {1: "B-1"}, "skill": {3: "surgery"}}
BOOKING: Final = Booking(1, Allocation(7, Interval(NINE, NINE + HOUR)))


def test_a_conflict_of_a_visit() -> None:
    closed = Conflict(Reason.CLOSED, Kind.CLOSED, resource_id=7)
    told = to_plain([VisitConflict("vet", 7, closed), VisitConflict("vet", None, lack=Lack.NO_SENIOR)], names=NAMES)
    assert told[0] == {"part": "vet", "resource": "ana", "conflict": to_plain(closed, names=NAMES), "lack": None}
    assert told[1] == {"part": "vet", "resource": None, "conflict": None, "lack": "no_senior"}


def test_a_match_of_a_requirement_alone() -> None:
    table = ResourceTable.of([])
    told = to_plain(match(table, Has(3)), names=NAMES)
    assert told == {"role": None, "need": 1, "fits": [], "lack": "no_such_skill", "missing": []}


def test_what_is_left_of_a_series() -> None:
    assert to_plain(BrokenSeries(4, (1,), (2,)), names=NAMES) == {"series": 4, "broken": ["B-1"], "kept": [2]}


def test_a_booking_that_moved_with_its_wall_time() -> None:
    later = Booking(1, Allocation(7, Interval(NINE + HOUR, NINE + 2 * HOUR)))
    told = to_plain(ShiftedBooking(BOOKING, later))
    assert (told["by"], told["booking"]["allocations"][0]["start"]) == ("PT1H", "2026-11-23T10:00:00Z")


def test_a_booking_that_is_not_saved() -> None:
    told = to_plain(Unsaved(BOOKING, WhyUnsaved.TAKEN, ()), names=NAMES)
    assert told == {"booking": "B-1", "why": "taken", "conflicts": []}


def test_a_walk_in_that_harms_an_appointment() -> None:
    worst = AppointmentDelay(1, 7, NINE, 0.1, 0.5, 0.4)
    told = to_plain(WalkInOption(7, ok=False, begin=None, harmed=0.4, worst=worst), names=NAMES)
    assert told["worst"] == {
        "booking": "B-1",
        "resource": "ana",
        "planned": "2026-11-23T09:00:00Z",
        "late_without": 0.1,
        "late_with": 0.5,
        "harmed": 0.4,
    }


def test_a_word_is_its_code_and_what_is_no_answer_is_refused() -> None:
    assert to_plain([Lack.NO_SENIOR, WaitReason.NO_SERVER]) == ["no_senior", "no_server"]
    with pytest.raises(InvalidValueError, match="got Has"):
        to_plain(Has(1))
