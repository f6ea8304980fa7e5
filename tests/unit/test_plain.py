"""The JSON shapes: exactly these keys, in this order."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from petpro_core.availability import Calendar
from petpro_core.bookings import Allocation, Booking, BookingTable
from petpro_core.decisions import (
    Explanation,
    Fix,
    FixKind,
    Overlap,
    OverlapTable,
    RangeExplanation,
    find_conflicts,
    find_slots,
)
from petpro_core.errors import InvalidIntervalError, InvalidValueError, LimitExceededError
from petpro_core.interop.plain import to_plain
from petpro_core.intervals import ALWAYS, Interval, IntervalBatch, IntervalSet
from petpro_core.reasons import Conflict, Kind, Reason, Waiver
from petpro_core.schedules import Schedule, WeeklyHours
from petpro_core.slots import CalendarDays, Slot, SlotRules
from petpro_core.timezones import Disambiguation, load_zone

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = Interval(NINE, NINE + timedelta(hours=1))
PLAIN_HOUR = {"start": "2026-11-23T09:00:00Z", "end": "2026-11-23T10:00:00Z"}
NAMES = {"resource": {1: "ana"}, "booking": {7: "B-7"}, "client": {3: "harper"}, "service": {2: "visit"}}
RULES = SlotRules(timedelta(minutes=30))
PLAIN_RULES = {
    "duration": "PT30M",
    "step": "PT15M",
    "alignment": "opening",
    "offset": "PT0S",
    "buffer_before": "PT0S",
    "buffer_after": "PT0S",
    "seats": None,
}


def same(got: Any, expected: Any) -> None:
    """Equal in keys' order too, and ready for JSON without any help."""
    assert json.dumps(got, allow_nan=False) == json.dumps(expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (HOUR, PLAIN_HOUR),
        (IntervalSet.of(HOUR), [PLAIN_HOUR]),
        (IntervalBatch.from_sets([IntervalSet.of(HOUR), IntervalSet.empty()]), [[PLAIN_HOUR], []]),
        (datetime(2026, 11, 23, 9, 0, 0, 250_000, tzinfo=UTC), "2026-11-23T09:00:00.250000Z"),
        (datetime(2026, 11, 23, 9), "2026-11-23T09:00:00"),  # noqa: DTZ001 - as the values of an error may be
        (date(2026, 11, 23), "2026-11-23"),
        (timedelta(0), "PT0S"),
        (timedelta(hours=26), "PT26H"),
        (timedelta(hours=1, minutes=30, seconds=5), "PT1H30M5S"),
        (-timedelta(minutes=1, microseconds=250_000), "-PT1M0.250000S"),
        (CalendarDays(2), "P2D"),
        (RULES, PLAIN_RULES),
        (Slot(NINE, NINE + timedelta(hours=1), 1), {"resource": "ana", **PLAIN_HOUR, "rule": 0, "stranded": None}),
        (Slot(NINE, NINE + timedelta(hours=1), 2), {"resource": 2, **PLAIN_HOUR, "rule": 0, "stranded": None}),
        (
            Conflict(Reason.BUSY, Kind.OVERLAP, HOUR, HOUR, 1, 7),
            {
                "reason": "busy",
                "kind": "overlap",
                "resource": "ana",
                "booking": "B-7",
                "rule": None,
                "interval": PLAIN_HOUR,
                "refused_starts": PLAIN_HOUR,
                "limit": None,
                "actual": None,
            },
        ),
        (
            Conflict(Reason.CAP_DAY, Kind.CAP, ref="at most 8", limit=8, actual=9),
            {
                "reason": "cap_day",
                "kind": "cap",
                "resource": None,
                "booking": None,
                "rule": "at most 8",
                "interval": None,
                "refused_starts": None,
                "limit": 8,
                "actual": 9,
            },
        ),
        (
            Explanation(NINE, (), (Fix(FixKind.MOVE, NINE, CalendarDays(1), (7, 8)),), ("a cap",), tuple(Waiver)),
            {
                "start": "2026-11-23T09:00:00Z",
                "bookable": True,
                "conflicts": [],
                "fixes": [{"kind": "move", "start": "2026-11-23T09:00:00Z", "duration": "P1D", "moves": ["B-7", 8]}],
                "untested": ["a cap"],
                "waived": ["cap", "deadline", "grid", "horizon", "hours", "notice", "release", "strands"],
                "overbooked": 0,
            },
        ),
        (
            RangeExplanation(4, 1, {"closed": 3}, {"break": 3}, ()),
            {"starts": 4, "bookable": 1, "reasons": {"closed": 3}, "kinds": {"break": 3}, "untested": []},
        ),
        (
            Overlap(1, HOUR, (7, -1), 2, 1),
            {"resource": "ana", **PLAIN_HOUR, "bookings": ["B-7", None], "units": 2, "capacity": 1},
        ),
        (
            Booking(
                7,
                Allocation.of(1, HOUR, buffer_after=timedelta(minutes=5)),
                client=3,
                service=2,
                waived=[Waiver.NOTICE],
                actual=HOUR,
            ),
            {
                "id": "B-7",
                "status": "confirmed",
                "held_until": None,
                "service": "visit",
                "client": "harper",
                "household": None,
                "pet": None,
                "group": None,
                "seats": None,
                "source": "",
                "waived": ["notice"],
                "allocations": [
                    {
                        "resource": "ana",
                        **PLAIN_HOUR,
                        "occupied": {"start": "2026-11-23T09:00:00Z", "end": "2026-11-23T10:05:00Z"},
                        "units": 1,
                    }
                ],
                "actual": PLAIN_HOUR,
                "channel": None,
            },
        ),
        (
            InvalidIntervalError("an interval ends after it starts", start=NINE, end=NINE),
            {
                "code": "invalid_interval",
                "message": "an interval ends after it starts",
                "values": {"start": "2026-11-23T09:00:00Z", "end": "2026-11-23T09:00:00Z"},
            },
        ),
        (
            LimitExceededError(
                "too much", limit=2.5, got=object, ways=frozenset({"b", "a"}), side=Disambiguation.LATER
            ),
            {
                "code": "limit_exceeded",
                "message": "too much",
                "values": {"limit": 2.5, "got": "<class 'object'>", "ways": ["a", "b"], "side": "later"},
            },
        ),
        ([True, None, {"a": (1, Waiver.CAP)}], [True, None, {"a": [1, "cap"]}]),
    ],
)
def test_shapes(value: object, expected: object) -> None:
    same(to_plain(value, names=NAMES), expected)


def test_searches() -> None:
    berlin = Calendar(Schedule("Europe/Berlin", WeeklyHours({"monday": ["09:00-10:00"]})))
    day = Interval(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC))
    rules = SlotRules(timedelta(minutes=60))
    table = find_slots(berlin, busy=BookingTable.empty(known=ALWAYS), rules=rules, within=day, now=day.start)
    expected = {
        "slots": [
            {
                "resource": 0,
                "start": "2026-11-23T09:00:00+01:00",
                "end": "2026-11-23T10:00:00+01:00",
                "rule": 0,
                "stranded": None,
            }
        ],
        "rules": [{**PLAIN_RULES, "duration": "PT1H"}],
        "valid_until": "2026-11-23T09:00:00.000001+01:00",
        "untested": [],
    }
    same(to_plain(table, zone=load_zone("Europe/Berlin")), expected)


def test_all_time_is_written_in_any_zone() -> None:
    for key in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        plain = to_plain(ALWAYS, zone=load_zone(key))
        assert plain == {"start": "0001-01-01T00:00:00Z", "end": "9999-12-31T23:59:59.999999Z"}


def test_conflicts_of_a_table() -> None:
    twice = [Booking(number, Allocation(1, HOUR)) for number in (7, 8)]
    table = find_conflicts(BookingTable.of(twice, known=ALWAYS), now=NINE)
    assert isinstance(table, OverlapTable)
    same(
        to_plain(table, names=NAMES),
        {"overlaps": [{"resource": "ana", **PLAIN_HOUR, "bookings": ["B-7", 8], "units": 2, "capacity": 1}]},
    )


def test_other_objects_are_refused() -> None:
    with pytest.raises(InvalidValueError) as caught:
        to_plain([object()])
    assert caught.value.got == "object"
