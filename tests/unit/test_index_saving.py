"""An index as columns and as one buffer: what is loaded, and what is refused."""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from petpro_core import (
    ALWAYS,
    Allocation,
    Booking,
    BookingPolicy,
    BookingTable,
    Calendar,
    CalendarDays,
    Interval,
    LocalDays,
    Request,
    Schedule,
    SlotRules,
    TimeOff,
    WeeklyHours,
)
from petpro_core.errors import InvalidValueError
from petpro_core.index import SlotIndex

HOUR = timedelta(hours=1)
NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
WEEKLY = WeeklyHours({"monday": ["09:00-12:00"]})
ROWS = [Calendar(Schedule("UTC", WEEKLY)), Calendar(Schedule("Europe/Berlin", WEEKLY), capacity=2)]
QUESTION: dict[str, Any] = {"rules": SlotRules(HOUR), "within": LocalDays(date(2026, 11, 23), date(2026, 11, 29))}


@pytest.fixture(scope="module")
def index() -> SlotIndex:
    busy = BookingTable.of([Booking(1, Allocation(0, Interval(NINE, NINE + HOUR)), client=3)], known=ALWAYS)
    return SlotIndex.of(ROWS, busy=busy, now=datetime(2026, 11, 20, tzinfo=UTC), **QUESTION)


def refused(columns: Any, rows: Any = ROWS, **other: Any) -> str:
    with pytest.raises(InvalidValueError) as caught:
        SlotIndex.from_columns(columns, rows, **(QUESTION | other))
    assert caught.value.code == "invalid_value"
    return caught.value.message


def test_columns_are_arrays_of_numbers(index: SlotIndex) -> None:
    found = index.columns()
    assert {column.dtype.kind for column in found.values()} == {"i", "u"}
    assert set(found) >= {"candidates", "words", "now", "seal", "resource", "client"}
    assert "pet" not in found


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview])
def test_what_is_loaded_is_what_was_saved(index: SlotIndex, wrap: Any) -> None:
    changed = index.with_bookings([Booking(2, Allocation(1, Interval(NINE, NINE + HOUR), units=2))])
    loaded = SlotIndex.from_bytes(wrap(changed.to_bytes()), ROWS, **QUESTION)
    assert repr(loaded) == repr(changed)
    assert loaded.find().starts.tolist() == changed.find().starts.tolist()
    assert not loaded.find().starts.flags.writeable
    again = loaded.with_bookings(removed=[Booking(2, Allocation(1, Interval(NINE, NINE + HOUR)))])
    assert again.find().starts.tolist() == index.find().starts.tolist()
    assert loaded.to_bytes() == changed.to_bytes()


def test_columns_are_not_copied_and_stay_the_callers(index: SlotIndex) -> None:
    columns = {name: column.copy() for name, column in index.columns().items()}
    loaded = SlotIndex.from_columns(columns, ROWS, **QUESTION)
    assert np.shares_memory(loaded._snapshot.words, columns["words"])
    assert columns["words"].flags.writeable


def test_every_column_is_sealed(index: SlotIndex) -> None:
    for name, column in index.columns().items():
        if column.size:
            other = column.copy()
            other.flat[0] ^= 1
            assert "changed since" in refused(index.columns() | {name: other}) or name == "seal"


def test_columns_are_complete_and_of_their_types(index: SlotIndex) -> None:
    found = index.columns()
    assert "complete, got none named words" in refused({name: c for name, c in found.items() if name != "words"})
    assert "got one named more" in refused(found | {"more": found["now"]})
    assert "words is uint64 with 2 axes" in refused(found | {"words": found["words"].astype(np.int64)})
    assert "now is int64 with 1 axes" in refused(found | {"now": [[1]]})


OTHERS: dict[str, dict[str, Any]] = {
    "rules": {"rules": SlotRules(2 * HOUR)},
    "policy": {"policy": BookingPolicy(min_notice=HOUR)},
    "request": {"request": Request(client=3)},
    "waive": {"waive": ["hours"]},
    "replacing": {"replacing": 1},
    "within": {"within": LocalDays(date(2026, 11, 23), date(2026, 11, 28))},
    "order": {"rows": ROWS[::-1]},
    "fewer": {"rows": ROWS[:1]},
    "capacity": {"rows": [ROWS[0], Calendar(ROWS[1].schedules)]},
    "hours": {"rows": [Calendar(Schedule("UTC", WeeklyHours({"tuesday": ["09:00-12:00"]}))), ROWS[1]]},
    "zone": {"rows": [Calendar(Schedule("Europe/London", WEEKLY)), ROWS[1]]},
    "time off": {"rows": [Calendar(ROWS[0].schedules, TimeOff(Interval(NINE - 9 * HOUR, NINE - 8 * HOUR))), ROWS[1]]},
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=list(OTHERS))
def test_another_question_is_refused(index: SlotIndex, other: dict[str, Any]) -> None:
    assert "another (or other zone data)" in refused(index.columns(), **other)


def test_the_same_hours_from_other_objects_are_the_same(index: SlotIndex) -> None:
    again = [
        Calendar(Schedule(c.zone.key, WeeklyHours({"monday": ["09:00-12:00"]})), capacity=c.capacity) for c in ROWS
    ]
    assert len(SlotIndex.from_columns(index.columns(), again, **QUESTION).find()) == len(index.find())


def test_stays_are_saved_too() -> None:
    question = QUESTION | {"rules": SlotRules(CalendarDays(1))}
    nights = SlotIndex.of(ROWS, busy=BookingTable.empty(known=ALWAYS), now=NINE - 9 * HOUR, **question)
    assert SlotIndex.from_bytes(nights.to_bytes(), ROWS, **question).count().tolist() == nights.count().tolist()


# --- buffers ----------------------------------------------------------------------------------------------------------


def broken(buffer: Any) -> str:
    with pytest.raises(InvalidValueError) as caught:
        SlotIndex.from_bytes(buffer, ROWS, **QUESTION)
    assert caught.value.code == "invalid_value"
    return caught.value.message


def test_a_buffer_that_is_cut_short_is_refused(index: SlotIndex) -> None:
    whole = index.to_bytes()
    for size in {0, 1, 23, 24, 25, 100, len(whole) // 2, len(whole) - 1}:
        assert "bytes" in broken(whole[:size])
    assert "as long as it says" in broken(whole + b"\0")


def test_a_foreign_buffer_is_refused(index: SlotIndex) -> None:
    whole = index.to_bytes()
    assert "marked" in broken(b"PK" + whole[2:])
    assert "version 2" in broken(whole[:8] + b"\2" + whole[9:])
    assert "of type bytes" in broken("text")
    assert "in one piece" in broken(memoryview(whole)[::2])
    assert "as long as it says" in broken(whole[:12] + b"\xff" * 4 + whole[16:])


def test_no_byte_changes_unseen(index: SlotIndex) -> None:
    """Whatever byte is another, the buffer is refused, or what changed is the padding between columns."""
    whole = index.to_bytes()
    good = index.find().starts.tolist()
    for place in range(len(whole)):
        other = bytearray(whole)
        other[place] ^= 0x41
        try:
            loaded = SlotIndex.from_bytes(other, ROWS, **QUESTION)
        except InvalidValueError:
            continue
        assert loaded.find().starts.tolist() == good


RECORD = struct.Struct("<24sQQQQ")


@pytest.mark.parametrize(
    ("field", "value"),
    [(0, b"nothing"), (0, b"\xff\xfe"), (0, b"now"), (1, 9), (2, 2**63), (3, 2**63), (4, 8), (4, 64), (4, 2**40)],
)
def test_records_that_lie_are_refused(index: SlotIndex, field: int, value: Any) -> None:
    whole = bytearray(index.to_bytes())
    size = struct.unpack_from("<8sII", whole)[2]
    places = {
        RECORD.unpack_from(whole, 24 + RECORD.size * n)[0].rstrip(b"\0"): 24 + RECORD.size * n for n in range(size)
    }
    place = places[b"words"]
    record = list(RECORD.unpack_from(whole, place))
    record[field] = value
    RECORD.pack_into(whole, place, *record)
    assert "made of columns" in broken(whole)
