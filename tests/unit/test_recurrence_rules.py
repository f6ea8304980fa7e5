"""One rule: what it may say, what is refused and with which words, its text, and dateutil's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from dateutil import rrule

from petpro_core.errors import InvalidRecurrenceError, InvalidValueError
from petpro_core.recurrence import Frequency, RecurrenceRule, Skip, WeekdayNum


def test_words_and_single_values_are_taken() -> None:
    rule = RecurrenceRule("monthly", by_day="2tu", by_month_day=13, week_start="su", skip="forward", by_hour=[9, 8, 9])  # type: ignore[arg-type]  # converters take more
    assert rule.frequency is Frequency.MONTHLY
    assert rule.by_day == (WeekdayNum(1, 2),)
    assert (rule.by_month_day, rule.by_hour, rule.week_start, rule.skip) == ((13,), (8, 9), 6, Skip.FORWARD)
    assert RecurrenceRule("WEEKLY", by_day=WeekdayNum(0)).by_day == (WeekdayNum(0),)
    assert repr(rule) == (
        "RecurrenceRule(RSCALE=GREGORIAN;FREQ=MONTHLY;BYHOUR=8,9;BYDAY=2TU;BYMONTHDAY=13;WKST=SU;SKIP=FORWARD)"
    )


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY",
        "FREQ=YEARLY;UNTIL=20261224",
        "FREQ=YEARLY;UNTIL=00991224T235959",
        "FREQ=HOURLY;UNTIL=20261224T170000Z;INTERVAL=3",
        "FREQ=YEARLY;COUNT=3;BYSECOND=0,60;BYMINUTE=5;BYHOUR=23;BYDAY=MO,-53SU;BYMONTHDAY=-31,1;BYYEARDAY=-366,366",
        "FREQ=YEARLY;BYDAY=MO;BYMONTH=1,12;BYSETPOS=-1,366",
        "FREQ=YEARLY;BYDAY=MO;BYWEEKNO=-1,53;WKST=SU",
        "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD",
    ],
)
def test_text_is_read_and_written(text: str) -> None:
    assert str(RecurrenceRule.parse(text)) == text


def test_text_is_read_in_any_case_and_with_its_name() -> None:
    assert RecurrenceRule.parse("rrule:freq=weekly;byday=+1mo".replace("+1", "")).by_day == (WeekdayNum(0),)
    assert RecurrenceRule.parse(" FREQ=MONTHLY;BYDAY=+1MO; ").by_day == (WeekdayNum(0, 1),)
    assert RecurrenceRule.parse("RSCALE=GREGORIAN;FREQ=DAILY") == RecurrenceRule("DAILY")
    assert RecurrenceRule.parse("FREQ=DAILY;UNTIL=20261231T235960").until == datetime(2026, 12, 31, 23, 59, 59)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", ""),
        ("FREQ", "FREQ"),
        ("FREQ=", "FREQ"),
        ("INTERVAL=2", "FREQ"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ"),
        ("FREQ=DAILY;BYEASTER=0", "BYEASTER"),
        ("FREQ=DAILY;X-OWN=1", "X-OWN"),
        ("FREQ=DAILY;COUNT=1;UNTIL=20260101", "COUNT"),
        ("FREQ=DAILY;COUNT=-1", "COUNT"),
        ("FREQ=DAILY;INTERVAL=1.5", "INTERVAL"),
        ("FREQ=DAILY;UNTIL=2026-01-01", "UNTIL"),
        ("FREQ=DAILY;UNTIL=20260230", "UNTIL"),
        ("FREQ=DAILY;UNTIL=20260101T250000", "UNTIL"),
        ("FREQ=DAILY;BYHOUR=", "BYHOUR"),
        ("FREQ=DAILY;BYHOUR=9,", "BYHOUR"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR"),
        ("FREQ=DAILY;BYMONTH=5L", "BYMONTH"),
        ("FREQ=DAILY;BYMONTH=-1", "BYMONTH"),
        ("FREQ=DAILY;BYMONTHDAY=0", "BYMONTHDAY"),
        ("FREQ=DAILY;BYDAY=XX", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=54MO", "BYDAY"),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY"),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", "BYDAY"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY"),
        ("FREQ=DAILY;BYYEARDAY=1", "BYYEARDAY"),
        ("FREQ=WEEKLY;BYYEARDAY=1", "BYYEARDAY"),
        ("FREQ=MONTHLY;BYYEARDAY=1", "BYYEARDAY"),
        ("FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=367", "BYSETPOS"),
        ("FREQ=MONTHLY;SKIP=FORWARD", "SKIP"),
        ("RSCALE=HEBREW;FREQ=YEARLY", "RSCALE"),
        ("FREQ=DAILY;BYHOUR=" + "9," * 6000, ""),
    ],
)
def test_text_that_the_standard_forbids_is_refused(text: str, part: str) -> None:
    with pytest.raises(InvalidRecurrenceError) as caught:
        RecurrenceRule.parse(text)
    assert (caught.value.part, caught.value.code) == (part, "invalid_recurrence")
    assert len(caught.value.message) < 300


@pytest.mark.parametrize(
    "values",
    [
        {"frequency": "FORTNIGHTLY"},
        {"frequency": "DAILY", "interval": 0},
        {"frequency": "DAILY", "interval": 1.5},
        {"frequency": "DAILY", "count": 0},
        {"frequency": "DAILY", "count": 10**10},
        {"frequency": "DAILY", "until": "20260101"},
        {"frequency": "DAILY", "week_start": "XX"},
        {"frequency": "DAILY", "week_start": 7},
        {"frequency": "DAILY", "skip": "NEVER"},
        {"frequency": "DAILY", "by_day": [0]},
        {"frequency": "DAILY", "by_hour": [True]},
        {"frequency": "DAILY", "by_hour": ["9"]},
        {"frequency": "DAILY", "by_hour": "9"},
        {"frequency": "DAILY", "until": datetime(2026, 1, 1, 0, 0, 0, 1)},  # noqa: DTZ001 - a wall time
    ],
)
def test_values_outside_their_bounds_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError):
        RecurrenceRule(**values)


def test_weekdays_have_numbers_or_none() -> None:
    assert (str(WeekdayNum(6, -1)), repr(WeekdayNum(0)), WeekdayNum.parse("fr")) == (
        "-1SU",
        "WeekdayNum(MO)",
        WeekdayNum(4),
    )
    for wrong in ((7, None), (0, 54), (0, 0)):
        with pytest.raises(InvalidValueError):
            WeekdayNum(*wrong)


def test_only_text_is_parsed() -> None:
    with pytest.raises(InvalidValueError):
        RecurrenceRule.parse(b"FREQ=DAILY")  # type: ignore[arg-type]  # that is the case
    with pytest.raises(InvalidValueError):
        WeekdayNum.parse(None)  # type: ignore[arg-type]  # likewise


def test_until_is_kept_in_utc() -> None:
    berlin = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert RecurrenceRule("DAILY", until=berlin).until == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert str(RecurrenceRule("DAILY", until=berlin)) == "FREQ=DAILY;UNTIL=20260701T100000Z"
    with pytest.raises(InvalidRecurrenceError, match="years 1 to 9999 in UTC"):
        RecurrenceRule("DAILY", until=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))))


# --- dateutil -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=YEARLY;COUNT=3;BYSECOND=0,59;BYMINUTE=5;BYHOUR=23;BYDAY=1MO;BYMONTHDAY=-31,1;BYYEARDAY=-366,366",
        "FREQ=YEARLY;BYDAY=1MO;BYMONTH=1,12;BYSETPOS=1",
        "FREQ=YEARLY;BYWEEKNO=3;WKST=SU",
        "FREQ=DAILY;UNTIL=20260105T090000;INTERVAL=2",
        "FREQ=SECONDLY",
    ],
)
def test_dateutil_and_back(text: str) -> None:
    rule = RecurrenceRule.parse(text)
    assert RecurrenceRule.from_dateutil(rule.to_dateutil(datetime(2026, 1, 1, 9))) == rule  # noqa: DTZ001


def test_dateutil_has_aware_ends() -> None:
    rule = RecurrenceRule.parse("FREQ=DAILY;UNTIL=20260103T090000Z")
    theirs = rule.to_dateutil(datetime(2026, 1, 1, 9, tzinfo=UTC))
    assert (len(list(theirs)), RecurrenceRule.from_dateutil(theirs)) == (3, rule)
    with pytest.raises(InvalidRecurrenceError, match="UNTIL and the start both have a zone, or neither"):
        rule.to_dateutil(datetime(2026, 1, 1, 9))  # noqa: DTZ001 - that is the case


def test_dateutil_has_dates_as_midnights() -> None:
    rule = RecurrenceRule("DAILY", until=date(2026, 1, 3))
    assert len(list(rule.to_dateutil(datetime(2026, 1, 1)))) == 3  # noqa: DTZ001 - a wall time


def test_dateutil_has_what_the_standard_has_not_and_the_other_way_round() -> None:
    with pytest.raises(InvalidRecurrenceError):
        RecurrenceRule.from_dateutil(rrule.rrule(rrule.YEARLY, byeaster=0, dtstart=datetime(2026, 1, 1)))  # noqa: DTZ001
    with pytest.raises(InvalidRecurrenceError, match="dateutil has no SKIP"):
        RecurrenceRule.parse("RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD").to_dateutil(datetime(2026, 1, 31))  # noqa: DTZ001
    with pytest.raises(InvalidValueError):
        RecurrenceRule.from_dateutil("FREQ=DAILY")  # type: ignore[arg-type]  # that is the case
