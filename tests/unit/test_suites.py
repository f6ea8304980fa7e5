"""Laws for rules of one's own: the tests that are made, what they draw, and that they find what is broken."""

from __future__ import annotations

import io
import unittest
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given

from petpro_core.availability import Calendar, CalendarBatch, LocalDays
from petpro_core.bookings import BookingPolicy, Cap, Days, WorkingDays, WorkingTime
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import Interval, IntervalSet
from petpro_core.recurrence import Recurrence
from petpro_core.schedules import Closure, DateOverride, Holiday, Schedule, TemporaryZone, TimeOff, WeeklyHours
from petpro_core.slots import CalendarDays, SlotRules
from petpro_core.testing import laws, suites
from petpro_core.testing._clocks import Clock
from petpro_core.testing.cases import build
from petpro_core.testing.oracle import Oracle
from petpro_core.testing.strategies import around
from petpro_core.testing.suites import LAWS, TIME_LAWS, DecisionLaws, TimeLaws, law_tests
from petpro_core.timezones import TimeZone

Case = dict[str, Any]
DAY = 86_400_000_000
WEEK = WeeklyHours({day: ["09:00-12:00", "13:00-17:30"] for day in ("monday", "wednesday", "saturday")})
NIGHT = WeeklyHours({"friday": ["22:00-02:00"]}, first=date(2026, 11, 20))
ANA = Calendar(
    Schedule(
        "Europe/Berlin",
        [WEEK, NIGHT],
        overrides=[DateOverride(date(2026, 12, 24), ["09:00-11:00"])],
        holidays=[Holiday(date(2026, 12, 25))],
        closures=[Closure(date(2027, 3, 1), date(2027, 3, 5))],
        travel=[TemporaryZone(date(2027, 5, 1), date(2027, 5, 9), "Asia/Tokyo")],
        location=4,
    ),
    [TimeOff.on(date(2027, 7, 5), zone="Europe/Berlin")],
)
BEN = Calendar(Schedule("Asia/Kathmandu", WEEK), capacity=2)
KENNEL = Calendar(Schedule("UTC", WEEK), capacity=3)
HALF_HOUR = SlotRules(timedelta(minutes=30), step=timedelta(minutes=20), buffer_after=timedelta(minutes=10))
CLASS = SlotRules(timedelta(minutes=45), alignment="clock", seats=3)
STAY = SlotRules(CalendarDays(2), step=timedelta(hours=1))
POLICY = BookingPolicy(
    min_notice=timedelta(hours=2),
    horizon=Days(60),
    caps=[Cap(2, per="day"), Cap(3, per="week", by="client", service=7), Cap(9, per="month", zone="UTC")],
)


class TestBerlinAndKathmandu(DecisionLaws):
    calendars = (ANA, BEN)
    rules = (HALF_HOUR, CLASS)
    policy = POLICY


class Kennel(DecisionLaws, unittest.TestCase):
    __test__ = False  # for pytest; what it is for is to be run by unittest, below

    calendars = KENNEL
    rules = STAY
    policy = BookingPolicy(min_notice=WorkingTime(timedelta(hours=3)), horizon=WorkingDays(10))
    within = LocalDays(date(2026, 11, 1), date(2027, 2, 1))
    test_rows_stand_alone = None


at_wall = datetime.fromisoformat


class TestOfAnyTime(TimeLaws):
    pass


class TestOfOwnTime(TimeLaws):
    recurrences = (
        Recurrence(date(2026, 1, 31), "Europe/Berlin", 2, rules="FREQ=MONTHLY;UNTIL=20270131"),
        Recurrence(
            at_wall("2026-10-25 02:30"),
            "Europe/Berlin",
            timedelta(hours=1),
            rules=["FREQ=WEEKLY;UNTIL=20270110T013000Z", "FREQ=DAILY;INTERVAL=5;UNTIL=20270110T023000"],
            dates=[at_wall("2026-11-01 12:00")],
            excluded=[at_wall("2026-11-08 02:30")],
            excluding="FREQ=MONTHLY;BYDAY=1SU",
        ),
        Recurrence(at_wall("2026-03-01 09:00"), "Asia/Kathmandu", timedelta(minutes=30)),
    )
    zones = ("Africa/Casablanca",)
    test_sets_are_their_ticks = None


MARCH = Interval(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"dates": [MARCH]}, "by the wall clock"),
        ({"excluded": [MARCH.start]}, "by the wall clock"),
        ({"duration": timedelta(microseconds=1)}, "lengths of whole seconds"),
        ({"zone": TimeZone.from_transitions("Own", [], first_offset=timedelta(hours=1))}, "zones of tzdata"),
    ],
)
def test_what_the_oracle_of_recurrences_does_not_read_is_refused(given_: dict[str, Any], said: str) -> None:
    plain: dict[str, Any] = {"zone": "UTC", "duration": timedelta(hours=1)} | given_
    with pytest.raises(InvalidValueError, match=said):
        laws.occurrences_are_the_oracles(Recurrence(at_wall("2026-03-01 09:00"), **plain), MARCH)


def test_broken_laws_of_time_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Clock, "offset", lambda _self, _at: 0)
    monkeypatch.setattr(Clock, "instant", lambda _self, wall: wall)
    with pytest.raises(laws.LawBrokenError, match="wall clock"):
        laws.conversions_are_the_clocks("Asia/Tokyo", [0])
    with pytest.raises(laws.LawBrokenError, match="occurrences = the oracle's"):
        laws.occurrences_are_the_oracles(Recurrence(date(2026, 3, 2), "Asia/Tokyo", rules="FREQ=DAILY"), MARCH)
    monkeypatch.setattr(IntervalSet, "difference", IntervalSet.union)
    with pytest.raises(laws.LawBrokenError, match="difference"):
        laws.sets_are_their_ticks([(0, 5)], [(3, 8)])


def test_a_class_has_a_test_for_each_law() -> None:
    made = {name for name in vars(TestBerlinAndKathmandu) if name.startswith("test_")}
    assert made == {f"test_{law}" for law in LAWS}
    functions = {law for law in laws.__all__ if law[0].islower()} - {"booked", "boundary_starts", "found", "shifted"}
    assert functions <= {*LAWS, *TIME_LAWS}, "a law of petpro_core.testing.laws is in no suite"
    assert Kennel.test_rows_stand_alone is None


def test_a_class_runs_under_unittest() -> None:
    suite = unittest.TestSuite([Kennel("test_stays_valid"), Kennel("test_searches_add_up")])
    told = io.StringIO()
    assert unittest.TextTestRunner(stream=told).run(suite).wasSuccessful(), told.getvalue()


def test_laws_are_functions_too() -> None:
    tests = law_tests(KENNEL, rules=HALF_HOUR, within=Interval(datetime(2026, 3, 1, tzinfo=UTC), END))
    assert list(tests) == list(LAWS)
    assert tests["stays_valid"].__name__ == "test_stays_valid"
    tests["searches_add_up"]()


END = datetime(2026, 4, 1, tzinfo=UTC)


def test_a_broken_rule_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were notice read per day, the oracle would say so."""
    monkeypatch.setattr(Oracle, "_notice", lambda self, _row, start: start // DAY < self.now // DAY)
    with pytest.raises(laws.LawBrokenError, match="offered = the oracle's"):
        law_tests(BEN, rules=HALF_HOUR, policy=BookingPolicy(min_notice=timedelta(hours=5)))["offered_is_the_oracles"]()


@given(case=around([ANA, BEN, KENNEL], rules=[HALF_HOUR, CLASS, STAY], policy=POLICY, grid_waived=True, rows=2))
def test_questions_are_about_what_was_given(case: Case) -> None:
    q = build(case)
    given_rows = dict(enumerate([ANA, BEN, KENNEL]))
    assert 1 <= len(q.rows) <= 2
    for handle, calendar in zip(q.calendars.handles.tolist(), q.rows, strict=True):
        assert calendar == given_rows[handle]
    assert q.rules in {HALF_HOUR, CLASS, STAY}
    assert q.policy == POLICY
    assert q.request.location in {None, 4}
    assert q.request.service in {None, 7}
    assert {booking.get("service") for booking in case["bookings"]} <= {None, 7}
    assert (case["within"][1] - case["within"][0]) // case["tick"] <= 1500


DAYS = LocalDays(date(2026, 11, 20), date(2026, 11, 22))


@given(case=around(CalendarBatch.of([ANA], [9]), rules=HALF_HOUR, within=DAYS))
def test_days_are_those_that_were_asked_for(case: Case) -> None:
    first = datetime(2026, 11, 19, 12, tzinfo=UTC) - timedelta(seconds=1)
    assert first < build(case).within.start < first + timedelta(days=4, hours=12)
    assert case["calendars"][0]["handle"] == 9


EVERY_OTHER_DAY = TimeOff(Recurrence(date(2026, 11, 2), "Europe/Berlin", rules="FREQ=DAILY;INTERVAL=2"))


@given(case=around(Calendar(Schedule("Europe/Berlin", WEEK), EVERY_OTHER_DAY), rules=HALF_HOUR))
def test_the_oracle_follows_what_recurs(case: Case) -> None:
    assert build(case).within.start < datetime(2028, 4, 1, tzinfo=UTC)
    laws.offered_is_the_oracles(case)


def test_days_beyond_what_recurs_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="the oracle follows what recurs for 500 days"):
        around(
            Calendar(Schedule("UTC", WEEK), EVERY_OTHER_DAY),
            rules=HALF_HOUR,
            within=LocalDays(date(2029, 1, 1), date(2029, 1, 2)),
        )


@pytest.mark.parametrize("dates", [(date(1969, 1, 1), date(2026, 1, 1)), (date(2026, 1, 1), date(2101, 1, 1))])
def test_days_beyond_the_oracle_are_refused(dates: tuple[date, date]) -> None:
    with pytest.raises(InvalidValueError, match="the oracle judges the years 1970 to 2100"):
        around(ANA, rules=HALF_HOUR, within=LocalDays(*dates))


@pytest.mark.parametrize("asked", [{"calendars": (), "rules": HALF_HOUR}, {"calendars": ANA, "rules": ()}])
def test_laws_are_asked_of_something(asked: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError, match="at least one calendar and one rule") as caught:
        law_tests(asked.pop("calendars"), **asked)
    assert caught.value.code == "invalid_value"
    with pytest.raises(InvalidValueError, match="got 0 and 0"):
        type("TestNothing", (DecisionLaws,), {})


def test_suites_name_the_extra_that_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib
    import sys

    monkeypatch.setitem(sys.modules, "hypothesis", None)
    monkeypatch.delitem(sys.modules, suites.__name__)
    with pytest.raises(ImportError, match=r"the suites need hypothesis; .*pip install 'petpro\[testing\]'"):
        importlib.import_module(suites.__name__)
