"""The oracle's own answers, worked out by hand: clocks, hours, and each point that a case can break."""

from __future__ import annotations

import ast
import importlib
import json
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petpro_core.bookings import Booking, BookingPolicy
from petpro_core.decisions import explain
from petpro_core.intervals import Interval, IntervalSet, from_us, to_us
from petpro_core.reasons import Waiver
from petpro_core.testing import laws, strategies
from petpro_core.testing import oracle as oracle_module
from petpro_core.testing._clocks import clock
from petpro_core.testing.cases import Question, build
from petpro_core.testing.oracle import Oracle, instant, length, offered, refusals

if TYPE_CHECKING:
    from petpro_core.slots.rules import SlotRules
    from petpro_core.timezones import TimeZone

Case = dict[str, Any]


def wall(text: str) -> int:
    return instant(f"{text}+00:00")


@pytest.mark.parametrize(
    ("key", "local", "utc"),
    [
        ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:30Z"),  # in the gap: by the offset before it
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30Z"),  # twice: the first
        ("America/New_York", "2100-07-01T12:00", "2100-07-01T16:00Z"),  # by the rule in the footer
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:45Z"),  # a gap of half an hour
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T22:00Z"),  # a day that did not exist
        ("Africa/Cairo", "2026-04-24T00:00", "2026-04-23T22:00Z"),  # no midnight: it is one o'clock at once
        ("America/Nuuk", "2023-10-28T23:30", "2023-10-29T01:30Z"),  # where zoneinfo is an hour wrong
        ("Asia/Kathmandu", "2026-01-01T00:00", "2025-12-31T18:15Z"),
        ("Antarctica/Troll", "2026-03-29T02:00", "2026-03-29T02:00Z"),  # two hours are left out
        ("Europe/Dublin", "2026-07-01T12:00", "2026-07-01T11:00Z"),  # summer is the standard there
        ("Etc/GMT+12", "2026-07-01T12:00", "2026-07-02T00:00Z"),
    ],
)
def test_clock_reads_wall_times(key: str, local: str, utc: str) -> None:
    assert clock(key).instant(wall(local)) == instant(utc)


def test_days_are_from_midnight_to_midnight_as_instants() -> None:
    john = clock("America/St_Johns")  # 2010-11-07 00:01 went back to the 6th, 23:01
    seventh = date(2010, 11, 7).toordinal() - date(1970, 1, 1).toordinal()
    first_midnight = john.midnight(seventh)
    assert john.day(first_midnight) == seventh
    assert john.day(first_midnight + 30 * 60_000_000) == seventh, (
        "the clock shows the 6th again, the day does not come back"
    )
    apia = clock("Pacific/Apia")
    thirtieth = date(2011, 12, 30).toordinal() - date(1970, 1, 1).toordinal()
    assert apia.midnight(thirtieth) == apia.midnight(thirtieth + 1), "a day without an instant"
    assert apia.day(apia.midnight(thirtieth)) == thirtieth + 1


def test_oracle_imports_nothing_that_it_judges() -> None:
    folder = Path(oracle_module.__file__).parent
    own = {f"petpro_core.testing.{name}" for name in ("_clocks", "_hours", "_plain", "_recurrence", "oracle")}
    for name in ("_clocks", "_hours", "_plain", "_recurrence", "oracle"):
        for node in ast.walk(ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.module in own or not str(node.module).startswith(("petpro", "numpy", "attrs", "dateutil"))


def test_lengths_and_instants_are_numbers_or_text() -> None:
    assert length("1d2h3m4s5us") == 93_784_000_005
    assert length(7) == instant(7) == 7
    assert instant("2026-11-23T10:00+01:00") == instant("2026-11-23T09:00Z")


def case_of(schedule: Case | None = None, **more: Any) -> Case:
    """A clinic in UTC, every day from nine to eleven, on Monday 23 November 2026."""
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    hours = {"days": {day: ["09:00-11:00"] for day in days}}
    base: Case = {
        "now": "2026-11-20T00:00Z",
        "within": ["2026-11-23T00:00Z", "2026-11-24T00:00Z"],
        "rules": {"duration": "1h", "step": "30m"},
        "calendars": [{"handle": 1, "schedules": [{"zone": "UTC", "hours": [hours]} | (schedule or {})]}],
    }
    return base | more


def clocks_of(case: Case, row: int = 0) -> list[str]:
    return [(datetime(1970, 1, 1) + timedelta(microseconds=start)).strftime("%H:%M") for start in offered(case, row)]  # noqa: DTZ001


MONDAY = {"monday": ["09:00-11:00"]}


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ({}, ["09:00", "09:30", "10:00"]),
        ({"holidays": ["2026-11-23"]}, []),
        ({"holidays": ["2026-11-23"], "overrides": [{"day": "2026-11-23", "ranges": ["14:00-15:00"]}]}, ["14:00"]),
        ({"overrides": [{"day": "2026-11-23", "ranges": []}]}, []),
        ({"overrides": [{"day": "2026-11-24", "ranges": []}]}, ["09:00", "09:30", "10:00"]),
        ({"extra": [{"day": "2026-11-23", "ranges": ["13:15-14:15"]}, {"day": "2026-11-24", "ranges": []}]},
         ["09:00", "09:30", "10:00", "13:15"]),
        ({"extra": [{"day": "2026-11-23", "ranges": ["13:00-14:00"]}], "closures": [["2026-11-23", "2026-11-23"]]}, []),
        ({"closures": [["2026-11-24", "2026-12-24"]]}, ["09:00", "09:30", "10:00"]),
        ({"travel": [["2026-11-23", "2026-11-23", "Europe/Berlin"], ["2026-11-22", "2026-11-23", "Asia/Kolkata"]]},
         ["03:30", "04:00", "04:30"]),
        ({"travel": [["2026-11-24", "2026-11-24", "Europe/Berlin"]]}, ["09:00", "09:30", "10:00"]),
        ({"hours": [{"days": MONDAY}, {"days": {}, "first": "2026-11-24"}]}, ["09:00", "09:30", "10:00"]),
        ({"hours": [{"days": MONDAY}, {"days": {}, "first": "2026-11-23"}]}, []),
        ({"hours": [{"days": MONDAY}, {"days": {}, "last": "2026-11-22"}]}, ["09:00", "09:30", "10:00"]),
        ({"hours": [{"days": MONDAY, "season": [[11, 23], [11, 23]]}]}, ["09:00", "09:30", "10:00"]),
        ({"hours": [{"days": MONDAY, "season": [[11, 24], [11, 22]]}]}, []),
        ({"hours": [{"days": MONDAY, "season": [[11, 1], [2, 1]]}]}, ["09:00", "09:30", "10:00"]),
        ({"hours": [{"days": MONDAY, "every": 2, "week_of": "2026-11-27"}]}, ["09:00", "09:30", "10:00"]),
        ({"hours": [{"days": MONDAY, "every": 2, "week_of": "2026-11-30"}]}, []),
        ({"hours": [{"days": {"monday": ["09:00-13:00"]}, "breaks": {"monday": ["10:00-11:00"]}}]},
         ["09:00", "11:00", "11:30", "12:00"]),
        ({"hours": [{"days": {"sunday": ["22:00-04:00"]}, "breaks": {"sunday": ["01:00-02:00"]}}]},
         ["00:00", "02:00", "02:30", "03:00"]),
    ],
)  # fmt: skip
def test_hours_follow_the_precedence(schedule: Case, expected: list[str]) -> None:
    assert clocks_of(case_of(schedule)) == expected


def test_places_are_chosen_and_home_stays() -> None:
    other = {"zone": "UTC", "location": 2, "hours": [{"days": {"monday": ["15:00-16:00"]}}]}
    case = case_of({"location": 1})
    case["calendars"][0]["schedules"].append(other)
    assert clocks_of(case) == ["09:00", "09:30", "10:00", "15:00"]
    assert clocks_of(case | {"request": {"location": 2}}) == ["15:00"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"rules": {"duration": "30m", "step": "30m", "offset": "15m"}}, ["09:15", "09:45", "10:15"]),
        ({"rules": {"duration": "30m", "step": "25m", "alignment": "clock"}}, ["09:10", "09:35", "10:00", "10:25"]),
        ({"policy": {"min_notice": "3d10h"}}, ["10:00"]),
        ({"policy": {"min_notice": {"working": 0}}}, ["09:00", "09:30", "10:00"]),
        ({"policy": {"min_notice": {"working": "6h30m"}}}, ["09:30", "10:00"]),
        ({"policy": {"min_notice": {"working": "3000h"}}}, []),  # more than there is in 1100 days
        ({"policy": {"horizon": "3d9h30m"}}, ["09:00", "09:30"]),
        ({"policy": {"horizon": {"days": 2}}}, []),
        ({"policy": {"horizon": {"days": 3}}}, ["09:00", "09:30", "10:00"]),
        ({"policy": {"horizon": {"working_days": 0}}}, []),
        ({"policy": {"horizon": {"working_days": 3}}}, ["09:00", "09:30", "10:00"]),
        ({"policy": {"min_duration": "61m"}}, []),
        ({"policy": {"max_duration": "59m"}}, []),
        ({"policy": {"min_duration": "1h", "max_duration": "1h"}}, ["09:00", "09:30", "10:00"]),
        (
            {"waive": ["hours"], "within": ["2026-11-23T10:00Z", "2026-11-23T12:00Z"]},
            ["10:00", "10:30", "11:00", "11:30"],
        ),
        ({"waive": ["grid"], "tick": "20m"}, ["09:00", "09:20", "09:40", "10:00"]),
        ({"known": [["2026-11-23T09:30Z", "2026-11-23T12:00Z"]]}, ["09:30", "10:00"]),
        ({"request": {"units": 2}}, []),
    ],
)
def test_rules_and_policy(more: Case, expected: list[str]) -> None:
    assert clocks_of(case_of(**more)) == expected


def test_a_stay_begins_and_ends_in_opening_hours() -> None:
    hours = {"days": {"monday": ["09:00-11:00"], "tuesday": ["09:30-12:00"]}}
    case = case_of({"hours": [hours]}, rules={"days": 1, "step": "1h"})
    assert clocks_of(case) == ["10:00"], "what comes in at nine would leave at nine, before the doors open"
    case["calendars"][0]["time_off"] = [["2026-11-24T03:00Z", "2026-11-24T03:01Z"]]
    assert clocks_of(case) == []


def test_working_days_end_where_the_search_does() -> None:
    case = case_of({"hours": []}, policy={"horizon": {"working_days": 1}})
    assert "horizon" not in refusals(case, 0, instant("2026-11-23T09:00Z"))
    assert "horizon" in refusals(case, 0, instant("2029-12-01T09:00Z"))


WEEKLY = {"caps": [{"limit": 1, "per": "week"}]}


def visit(start: str, end: str, **more: Any) -> Case:
    part = {"resource": 1, "start": f"2026-11-23T{start}Z", "end": f"2026-11-23T{end}Z"}
    return {"id": 5, **more, "allocations": [part]}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"bookings": [visit("09:30", "10:00")]}, ["10:00"]),
        ({"bookings": [visit("09:30", "10:00")], "replacing": 5}, ["09:00", "09:30", "10:00"]),
        ({"bookings": [visit("09:00", "09:30", status="no_show")], "policy": WEEKLY}, []),
        ({"bookings": [visit("09:00", "09:30", status="no_show")],
          "policy": {"no_show_counts": False, "caps": [{"limit": 1, "per": "week"}]}}, ["09:00", "09:30", "10:00"]),
        ({"bookings": [visit("09:00", "09:30")], "policy": {"caps": [{"limit": 90, "per": "month", "minutes": True}]}},
         ["09:30", "10:00"]),
        ({"bookings": [visit("09:00", "09:30")],
          "policy": {"caps": [{"limit": 89, "per": "month", "minutes": True}]}}, []),
        ({"bookings": [visit("09:00", "09:30", service=3)],
          "policy": {"caps": [{"limit": 1, "per": "day", "service": 4}]}, "request": {"service": 4}},
         ["09:30", "10:00"]),
        ({"bookings": [visit("08:00", "08:30")], "policy": {"gaps": [{"time": "1h"}]}}, ["09:30", "10:00"]),
        ({"bookings": [visit("08:00", "09:30", pet=2)], "policy": {"one_at_a_time": ["pet"]}, "request": {"pet": 2}},
         ["09:30", "10:00"]),
        ({"bookings": [visit("08:00", "08:30", pet=2)],
          "policy": {"gaps": [{"time": "1h", "by": "pet"}]}, "request": {"pet": 2}},
         ["09:30", "10:00"]),
        ({"feeds": [{"resource": 1, "busy": [["2026-11-23T09:00Z", "2026-11-23T09:30Z"]],
                     "known": [["2026-11-20T00:00Z", "2026-11-25T00:00Z"]]}]}, ["09:30", "10:00"]),
    ],
)  # fmt: skip
def test_bookings_and_people(more: Case, expected: list[str]) -> None:
    assert clocks_of(case_of(**more)) == expected


def test_what_cannot_be_tested_is_listed() -> None:
    caps = [
        {"limit": 0, "per": "day", "by": "client"},
        {"limit": 0, "per": "day", "service": 2},
        {"limit": 9, "per": "day"},
    ]
    policy = {"caps": caps, "gaps": [{"time": 1, "by": "pet"}, {"time": 1}], "one_at_a_time": ["group"]}
    case = case_of(policy=policy)
    assert Oracle(case).untested() == {("cap", 0), ("cap", 1), ("gap", 0), ("one_at_a_time", "group")}
    assert clocks_of(case) == ["09:00", "09:30", "10:00"]


# --- the strategies, and what is built from them ----------------------------------------------------------------------


@given(drawn=strategies.questions())
def test_cases_are_plain_and_become_objects(drawn: tuple[Case, Question]) -> None:
    case, question = drawn
    assert json.loads(json.dumps(case)) == case
    assert len(question.calendars) == len(question.rows) == len(case["calendars"])
    assert question.within.start_us == case["within"][0]
    assert question.one(0).handles.tolist() == [case["calendars"][0]["handle"]]
    assert question.asked["waive"] <= set(Waiver)


@given(moment=strategies.instants(), zoned=strategies.instants("Pacific/Apia"), drawn=strategies.interval_sets())
def test_instants_and_sets_are_drawn(moment: datetime, zoned: datetime, drawn: IntervalSet) -> None:
    assert 1999 <= min(moment, zoned).year <= max(moment, zoned).year <= 2060
    assert all(isinstance(interval, Interval) for interval in drawn)


@given(
    zone=strategies.zones(),
    rules=strategies.slot_rules(),
    policy=strategies.policies(),
    bookings=strategies.bookings(),
)
def test_values_are_drawn(zone: TimeZone, rules: SlotRules, policy: BookingPolicy, bookings: list[Booking]) -> None:
    assert zone.key in {*strategies.ODD_ZONES, "Given/Zone"}
    assert rules.step >= timedelta(minutes=5)
    assert isinstance(policy, BookingPolicy)
    assert len({booking.id for booking in bookings}) == len(bookings)


def test_strategies_name_the_extra_that_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    monkeypatch.delitem(sys.modules, "petpro_core.testing.strategies")
    with pytest.raises(ImportError, match=r"pip install 'petpro\[testing\]'"):
        importlib.import_module("petpro_core.testing.strategies")


def test_a_broken_law_names_itself_and_the_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Oracle, "offered", lambda _self, _row: [42])
    with pytest.raises(laws.LawBrokenError, match=r"offered = the oracle's: got .*, expected \[42\]; row=0"):
        laws.offered_is_the_oracles(case_of())


@given(weeks=st.integers(-50, 50))
def test_a_case_is_shifted_as_a_whole(weeks: int) -> None:
    case = case_of({"holidays": ["2026-11-23"]}, now=to_us(datetime.fromisoformat("2026-11-20T00:00Z")))
    there = laws.shifted(case, timedelta(weeks=weeks))
    assert laws.shifted(there, -timedelta(weeks=weeks)) == case
    assert build(case | {"now": there["now"]}).now - build(case).now == timedelta(weeks=weeks)
    assert there["rules"] == case["rules"]


@pytest.mark.parametrize(
    ("rules", "held", "start", "kinds"),
    [
        ({"duration": "1h"}, ["2026-11-23T09:00Z", "2026-11-23T11:00Z"], "2026-11-23T09:00Z",
         {"earlier", "later", "move"}),
        ({"duration": "2h"}, ["2026-11-23T10:00Z", "2026-11-23T11:00Z"], "2026-11-23T09:00Z",
         {"earlier", "later", "move", "shorter"}),
        ({"days": 2}, ["2026-11-24T10:30Z", "2026-11-25T11:00Z"], "2026-11-23T09:30Z",
         {"earlier", "later", "move", "shorter"}),
    ],
)  # fmt: skip
def test_fixes_of_every_kind_are_put_to_the_judge(rules: Case, held: list[str], start: str, kinds: set[str]) -> None:
    booking = {"id": 5, "allocations": [{"resource": 1, "start": held[0], "end": held[1]}]}
    case = case_of(rules=rules, bookings=[booking])
    question = build(case)
    told = explain(question.rows[0], start=from_us(instant(start)), handle=1, **question.asked)
    assert {str(fix.kind) for fix in told.fixes} == kinds
    laws.fixes_are_accepted(case, [instant(start)])


def test_more_hours_are_not_asked_for_where_grids_differ_by_zone() -> None:
    case = case_of(rules={"duration": "1h", "step": "30m", "alignment": "clock"}, policy={})
    other = {"zone": "Asia/Kolkata", "hours": [{"days": {"monday": ["18:00-20:00"]}}]}
    extra = [{"day": "2026-11-23", "ranges": ["10:15-12:00"]}]
    laws.more_hours_remove_nothing(case, extra)
    case["calendars"][0]["schedules"].append(other)
    laws.more_hours_remove_nothing(case, extra)


def test_a_booking_vanishes_with_and_without_another_that_is_replaced() -> None:
    case = case_of(rules={"duration": "1h"}, policy={}, request={}, bookings=[])
    laws.vanished_conflicts(case, 0, 0)
    laws.vanished_conflicts(case | {"replacing": 99}, 0, 0)


def test_hours_that_a_gap_swallows_are_none() -> None:
    # New York skips 02:00 to 03:00 on 8 March 2026: both edges of 02:00-03:00 are one instant.
    hours = {"days": {"sunday": ["02:00-03:00"]}}
    case = case_of(
        rules={"duration": "30m"},
        policy={},
        calendars=[{"handle": 1, "schedules": [{"zone": "America/New_York", "hours": [hours]}]}],
        within=["2026-03-08T05:00Z", "2026-03-09T05:00Z"],
        now="2026-03-01T00:00Z",
    )
    assert Oracle(case).offered(0) == [] == laws.found(case)[0]


@pytest.mark.parametrize(
    "left_out",
    [
        {"waive": ["hours"]},
        {"policy": {"horizon": {"working_days": 3}}},
        {"rules": {"duration": "1h", "alignment": "opening"}},
        {"rules": {"duration": "1h", "step": "7m", "alignment": "clock"}},
    ],
)
def test_more_hours_are_not_asked_for_where_they_may_remove_starts(left_out: Case) -> None:
    case = case_of(rules={"duration": "1h", "alignment": "clock"}, policy={}) | left_out
    # Extra hours on no date cannot be read; where the law is left out they are not looked at.
    unreadable = [{"day": "no date", "ranges": ["10:15-12:00"]}]
    laws.more_hours_remove_nothing(case, unreadable)


def test_more_hours_are_read_where_the_law_is_asked() -> None:
    case = case_of(rules={"duration": "1h", "step": "30m", "alignment": "clock"}, policy={})
    with pytest.raises(ValueError, match="no date"):
        laws.more_hours_remove_nothing(case, [{"day": "no date", "ranges": ["10:15-12:00"]}])
