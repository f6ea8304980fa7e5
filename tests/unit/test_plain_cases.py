"""Domain objects as plain dicts, and back: `plain_case` is the inverse of `build`."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given

from petpro_core.availability import Calendar, CalendarBatch
from petpro_core.bookings import Allocation, Booking, BookingPolicy, BookingTable, Cap, Days, WorkingDays, WorkingTime
from petpro_core.bookings.table import FEED
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import ALWAYS, Int64Array, Interval, IntervalSet
from petpro_core.recurrence import Recurrence
from petpro_core.schedules import ClockRange, Schedule, TemporaryZone, TimeOff, WeeklyHours
from petpro_core.slots import SlotRules
from petpro_core.testing import laws, strategies
from petpro_core.testing.cases import Question, build, build_policy, build_rules
from petpro_core.testing.oracle import Oracle
from petpro_core.testing.plain_cases import grid_tick, plain_case, plain_policy, plain_rules, plain_table
from petpro_core.timezones import TimeZone

Case = dict[str, Any]
VISIT = Interval(datetime(2026, 11, 23, 9, tzinfo=UTC), datetime(2026, 11, 23, 10, tzinfo=UTC))
DAY = Interval(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC))
NOW = datetime(2026, 11, 20, tzinfo=UTC)
CLINIC = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-11:00"]})))


def restated(question: Question) -> Case:
    asked = question.asked
    return plain_case(question.calendars, within=question.within, **asked)


def rows(table: BookingTable) -> list[tuple[int, ...]]:
    every = zip(*(column[table.booking != FEED].tolist() for column in table.as_columns().values()), strict=True)
    return sorted(every)


def joined(resources: Int64Array, starts: Int64Array, ends: Int64Array) -> dict[int, IntervalSet]:
    parts: dict[int, IntervalSet] = {}
    for resource, start, end in zip(resources.tolist(), starts.tolist(), ends.tolist(), strict=True):
        parts[resource] = parts.get(resource, IntervalSet.empty()) | IntervalSet.of(Interval.from_us(start, end))
    return parts


def fed(table: BookingTable) -> dict[int, IntervalSet]:
    # Several feeds of one resource may take the same time: what they take together is what counts.
    mine = table.booking == FEED
    return joined(table.resource[mine], table.start[mine], table.end[mine])


def unknown(table: BookingTable) -> dict[int, IntervalSet]:
    return joined(table.unknown_resource, table.unknown_start, table.unknown_end)


@given(drawn=strategies.questions())
def test_a_question_comes_back_from_plain_words(drawn: tuple[Case, Question]) -> None:
    _, question = drawn
    back = build(restated(question))
    assert back.rows == question.rows
    assert back.calendars.handles.tolist() == question.calendars.handles.tolist()
    assert back.calendars.capacities.tolist() == question.calendars.capacities.tolist()
    for name in ("within", "rules", "now", "policy", "request", "waive", "replacing"):
        assert getattr(back, name) == getattr(question, name), name
    assert rows(back.busy) == rows(question.busy)
    assert fed(back.busy) == fed(question.busy)
    assert unknown(back.busy) == unknown(question.busy)
    assert back.busy.known == question.busy.known


@given(drawn=strategies.questions())
def test_the_oracle_says_the_same_of_it(drawn: tuple[Case, Question]) -> None:
    case, question = drawn
    plain = restated(question)
    assert plain["tick"] % 60_000_000 == 0
    starts = laws.boundary_starts(case, 0)[::4]
    assert [Oracle(plain).refusals(0, s) for s in starts] == [Oracle(case).refusals(0, s) for s in starts]


@given(drawn=strategies.questions())
def test_the_tick_meets_every_start(drawn: tuple[Case, Question]) -> None:
    case, _ = drawn
    tick = grid_tick(case)
    assert tick % case["tick"] == 0
    if (case["within"][1] - case["within"][0]) // tick < 600:
        assert laws.found(case) == [Oracle(case | {"tick": tick}).offered(row) for row in range(len(case["calendars"]))]


@given(rules=strategies.slot_rules(), policy=strategies.policies())
def test_rules_and_policies_come_back(rules: SlotRules, policy: BookingPolicy) -> None:
    assert build_rules(plain_rules(rules)) == rules
    back = build_policy(plain_policy(policy))
    assert plain_policy(back) == plain_policy(policy)
    assert back.horizon == policy.horizon


def test_leads_of_every_kind_have_their_words() -> None:
    def horizon(lead: Any) -> Any:
        return plain_policy(BookingPolicy(horizon=lead)).get("horizon")

    assert [horizon(lead) for lead in (None, timedelta(hours=1), Days(2), WorkingDays(3))] == [
        None,
        3_600_000_000,
        {"days": 2},
        {"working_days": 3},
    ]
    assert plain_policy(BookingPolicy(min_notice=WorkingTime(timedelta(0))))["min_notice"] == {"working": 0}


def ask(calendar: Calendar | CalendarBatch = CLINIC, busy: BookingTable | None = None, **more: Any) -> Case:
    table = BookingTable.empty(known=ALWAYS) if busy is None else busy
    return plain_case(calendar, busy=table, rules=SlotRules(timedelta(hours=1)), within=DAY, now=NOW, **more)


def test_a_tick_may_be_given() -> None:
    assert ask(tick=timedelta(minutes=1))["tick"] == 60_000_000
    assert ask()["tick"] == 15 * 60_000_000
    assert "replacing" not in ask()
    assert ask(replacing=4)["replacing"] == 4


def test_a_feed_of_nobody_asked_about_is_left_out() -> None:
    table = BookingTable.empty(known=ALWAYS)
    for resource in (0, 5):
        table = table.with_feed(resource, IntervalSet.of(VISIT), known=IntervalSet.of(DAY))
    (feed,) = plain_table(table, [0])["feeds"]
    assert feed == {
        "resource": 0,
        "busy": [[VISIT.start_us, VISIT.end_us]],
        "known": [[DAY.start_us, DAY.end_us]],
    }


def test_a_zone_of_no_database_cannot_be_said() -> None:
    zone = TimeZone.fixed(timedelta(hours=1))
    for calendar in (
        Calendar(Schedule(zone)),
        Calendar(Schedule("UTC", travel=[TemporaryZone(date(2026, 1, 1), date(2026, 1, 2), zone)])),
    ):
        with pytest.raises(InvalidValueError, match=r"zones of a plain case are those of tzdata, by key, got 'UTC\+01"):
            ask(calendar)
    with pytest.raises(InvalidValueError, match="zones of a plain case"):
        plain_policy(BookingPolicy(caps=[Cap(1, per="day", zone=zone)]))
    impostor = TimeZone("UTC", np.empty(0, np.int64), np.array([3_600_000_000]))
    with pytest.raises(InvalidValueError, match="got 'UTC'"):
        ask(Calendar(Schedule(impostor)))


@pytest.mark.parametrize("edges", [(time(9, 0, 0, 1), time(10)), (time(9), time(10, 0, 0, 1))])
def test_hours_by_the_microsecond_cannot_be_said(edges: tuple[time, time]) -> None:
    with pytest.raises(InvalidValueError, match="hours of a plain case are written HH:MM:SS"):
        ask(Calendar(Schedule("UTC", WeeklyHours({"monday": [ClockRange(*edges)]}))))


def test_hours_by_the_second_can() -> None:
    calendar = Calendar(Schedule("UTC", WeeklyHours({"monday": [ClockRange("09:00:30", "10:00")]})))
    case = ask(calendar)
    assert build(case).rows == (calendar,)
    assert case["tick"] == 30_000_000


def test_rows_of_one_booking_tell_one_story() -> None:
    columns: Any = {"resource": [0, 1], "start": [0, 0], "end": [9, 9], "booking": [7, 7], "known": ALWAYS}
    with pytest.raises(InvalidValueError, match="got others in booking 7"):
        plain_table(BookingTable.from_columns(**columns, client=[1, 2]), [0])
    with pytest.raises(InvalidValueError, match="held_until goes with the status held"):
        plain_table(BookingTable.from_columns(**columns, status=[1, 1]), [0])
    (booking,) = plain_table(BookingTable.from_columns(**columns, client=[1, 1]), [0])["bookings"]
    assert [part["resource"] for part in booking["allocations"]] == [0, 1]


def test_a_booking_comes_back_with_its_people() -> None:
    booking = Booking(3, Allocation(0, VISIT), service=4, client=5, seats=2)
    case = ask(busy=BookingTable.of([booking], known=IntervalSet.of(DAY)))
    assert rows(build(case).busy) == rows(BookingTable.of([booking], known=ALWAYS))
    assert case["known"] == [[DAY.start_us, DAY.end_us]]


SECOND_TUESDAYS = WeeklyHours({"tuesday": ["10:00-12:00"]}, first=date(2026, 11, 1), recurs="FREQ=MONTHLY;BYDAY=2TU")
EVERY_OTHER_DAY = TimeOff(Recurrence(date(2026, 11, 2), "Europe/Berlin", 1, rules="FREQ=DAILY;INTERVAL=2"))
LUNCH = TimeOff(Recurrence(datetime(2026, 11, 2, 12), "UTC", timedelta(hours=1), rules="FREQ=DAILY;COUNT=60"))  # noqa: DTZ001


def test_what_recurs_comes_back() -> None:
    calendar = Calendar(
        Schedule("UTC", [WeeklyHours({"monday": ["09:00-17:00"]}), SECOND_TUESDAYS]), [EVERY_OTHER_DAY, LUNCH]
    )
    case = ask(calendar)
    assert build(case).rows == (calendar,)
    assert laws.found(case) == [Oracle(case).offered(0)]


def test_until_is_said_as_the_last_date() -> None:
    until = attrs.evolve(SECOND_TUESDAYS, recurs="FREQ=MONTHLY;BYDAY=2TU;UNTIL=20270131")
    for last, expected in ((None, date(2027, 1, 31)), (date(2026, 12, 9), date(2026, 12, 9))):
        (back,) = build(ask(Calendar(Schedule("UTC", attrs.evolve(until, last=last))))).rows[0].schedules[0].hours
        assert back == attrs.evolve(SECOND_TUESDAYS, last=expected)


@pytest.mark.parametrize(
    ("length", "more"),
    [
        (timedelta(hours=1), {"rules": "FREQ=DAILY;UNTIL=20270101T000000Z"}),
        (timedelta(hours=1), {"excluded": datetime(2026, 11, 3, 12)}),  # noqa: DTZ001
        (timedelta(hours=1), {"dates": datetime(2026, 11, 3, 12)}),  # noqa: DTZ001
        (timedelta(hours=1), {"excluding": "FREQ=DAILY"}),
        (timedelta(microseconds=1), {}),
    ],
)
def test_absences_with_exceptions_cannot_be_said(length: timedelta, more: dict[str, Any]) -> None:
    off = TimeOff(Recurrence(datetime(2026, 11, 2, 12), "UTC", length, **more))  # noqa: DTZ001
    with pytest.raises(InvalidValueError, match="an absence that recurs has in a plain case"):
        ask(Calendar(Schedule("UTC"), off))


def test_an_absence_is_followed_for_some_years() -> None:
    old = TimeOff(Recurrence(date(2023, 11, 2), "UTC", rules="FREQ=YEARLY"))
    with pytest.raises(InvalidValueError, match="for 1000 days, got one from 2023-11-02"):
        ask(Calendar(Schedule("UTC"), old))
