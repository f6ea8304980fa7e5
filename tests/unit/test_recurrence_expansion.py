"""Recurrences and their occurrences: examples worked out by hand, edges, bounds and errors."""

from __future__ import annotations

import pickle
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np
import pytest

from petpro_core.errors import (
    InvalidRecurrenceError,
    InvalidValueError,
    LimitExceededError,
    OutOfRangeError,
    UnknownTimeZoneError,
)
from petpro_core.intervals import ALWAYS, Interval
from petpro_core.recurrence import Occurrences, Recurrence, RecurrenceRule, expand, expand_batch, wall_times

HOUR: Final = timedelta(hours=1)
DAY_US: Final = 86_400_000_000
NEW_YORK: Final = "America/New_York"


def wall(text: str) -> datetime:
    """Read a wall time."""
    return datetime.fromisoformat(text)


def span(first: str, last: str) -> Interval:
    """Give a window in UTC."""
    return Interval(wall(first).replace(tzinfo=UTC), wall(last).replace(tzinfo=UTC))


def starts(found: Occurrences) -> list[str]:
    """Write the starts in UTC."""
    return [one.start.strftime("%Y-%m-%d %H:%M") for one in found]


def dates(rule: str, start: str, last: str = "2030-01-01", **more: Any) -> list[str]:
    """Write the local dates of a recurrence of days."""
    recurrence = Recurrence(date.fromisoformat(start), "UTC", rules=rule, **more)
    return [one.start.date().isoformat() for one in expand(recurrence, within=span(start, last))]


# --- what is an occurrence ------------------------------------------------------------------------------------------


def test_without_a_rule_there_is_the_start_alone() -> None:
    once = Recurrence(wall("2026-03-01T09:00"), "UTC", HOUR)
    assert starts(expand(once, within=ALWAYS)) == ["2026-03-01 09:00"]
    assert len(expand(once, within=span("2026-03-01T09:01", "2027-01-01"))) == 0


def test_the_start_counts_also_where_no_rule_gives_it() -> None:
    assert dates("FREQ=WEEKLY;BYDAY=TU;COUNT=3", "2026-03-02") == ["2026-03-02", "2026-03-03", "2026-03-10"]
    assert dates("FREQ=WEEKLY;BYDAY=MO;COUNT=3", "2026-03-02") == ["2026-03-02", "2026-03-09", "2026-03-16"]


def test_dates_that_do_not_exist_are_dropped_or_moved() -> None:
    assert dates("FREQ=MONTHLY;COUNT=3", "2026-01-31") == ["2026-01-31", "2026-03-31", "2026-05-31"]
    forward = dates("RSCALE=GREGORIAN;FREQ=MONTHLY;COUNT=4;SKIP=FORWARD", "2026-01-31")
    assert forward == ["2026-01-31", "2026-03-01", "2026-03-31", "2026-05-01"]
    backward = dates("RSCALE=GREGORIAN;FREQ=MONTHLY;COUNT=4;SKIP=BACKWARD", "2026-01-31")
    assert backward == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]
    assert dates("RSCALE=GREGORIAN;FREQ=YEARLY;COUNT=3;SKIP=FORWARD", "2024-02-29") == [
        "2024-02-29",
        "2025-03-01",
        "2026-03-01",
    ]
    assert dates("RSCALE=GREGORIAN;FREQ=YEARLY;BYYEARDAY=366;SKIP=BACKWARD;COUNT=3", "2024-12-31") == [
        "2024-12-31",
        "2025-12-31",
        "2026-12-31",
    ]


def test_nothing_is_moved_out_of_a_month_before_the_start() -> None:
    rule = "RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=29;BYHOUR=9,15;SKIP=FORWARD"
    march = Recurrence(wall("1997-03-01 09:00"), "UTC", HOUR, rules=rule)
    # There was no 29 February 1997; it would be 1 March, and so it is for a series that began in January.
    assert starts(expand(march, within=span("1997-01-01", "1997-04-01"))) == [
        "1997-03-01 09:00",
        "1997-03-29 09:00",
        "1997-03-29 15:00",
    ]
    january = Recurrence(wall("1997-01-29 09:00"), "UTC", HOUR, rules=rule)
    assert starts(expand(january, within=span("1997-02-01", "1997-03-02"))) == ["1997-03-01 09:00", "1997-03-01 15:00"]


def test_moved_dates_that_meet_are_one_and_are_found_in_their_period() -> None:
    found = dates("RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=1,31;SKIP=FORWARD", "2026-04-01", "2026-06-02")
    assert found == ["2026-04-01", "2026-05-01", "2026-05-31", "2026-06-01"]
    last = "RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=30,31;BYSETPOS=-1;SKIP=BACKWARD"
    assert dates(last, "2026-01-31", "2026-05-01") == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]
    weekdays = "RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=31;BYDAY=FR;SKIP=FORWARD"
    assert dates(weekdays, "2026-01-31", "2026-12-31") == ["2026-01-31", "2026-05-01", "2026-07-31"]
    nothing = "RSCALE=GREGORIAN;FREQ=YEARLY;BYMONTHDAY=31;BYDAY=53MO;SKIP=FORWARD"
    assert dates(nothing, "2026-01-30", "2026-12-31") == ["2026-01-30"]


def test_a_gap_takes_the_offset_before_it_and_counts() -> None:
    nightly = Recurrence(wall("2026-03-07T02:30"), NEW_YORK, HOUR, rules="FREQ=DAILY;COUNT=3")
    assert starts(expand(nightly, within=ALWAYS)) == ["2026-03-07 07:30", "2026-03-08 07:30", "2026-03-09 06:30"]


def test_times_that_meet_in_a_gap_are_one_occurrence() -> None:
    hourly = Recurrence(wall("2026-03-08T01:00"), NEW_YORK, HOUR, rules="FREQ=HOURLY;COUNT=4")
    expected = ["2026-03-08 06:00", "2026-03-08 07:00", "2026-03-08 08:00"]
    assert starts(expand(hourly, within=ALWAYS)) == expected
    both = expand_batch([hourly, hourly], within=ALWAYS)
    assert starts(both) == expected * 2


def test_a_fold_is_read_the_first_time() -> None:
    fold = Recurrence(wall("2026-11-01T01:30"), NEW_YORK, HOUR, rules="FREQ=DAILY;COUNT=2")
    assert starts(expand(fold, within=ALWAYS)) == ["2026-11-01 05:30", "2026-11-02 06:30"]


def test_days_last_by_the_wall_clock() -> None:
    days = Recurrence(date(2026, 3, 7), NEW_YORK, rules="FREQ=DAILY;COUNT=3")
    hours = [one.duration // HOUR for one in expand(days, within=ALWAYS)]
    assert hours == [24, 23, 24]
    shift = Recurrence(wall("2026-03-07T12:00"), NEW_YORK, 1, rules="FREQ=DAILY;COUNT=2")
    assert [one.duration // HOUR for one in expand(shift, within=ALWAYS)] == [23, 24]


def test_a_day_that_the_zone_left_out_has_none() -> None:
    apia = Recurrence(date(2011, 12, 29), "Pacific/Apia", rules="FREQ=DAILY;COUNT=3")
    assert starts(expand(apia, within=ALWAYS)) == ["2011-12-29 10:00", "2011-12-30 10:00"]


def test_dates_come_and_go() -> None:
    visit = Interval(wall("2026-03-09T09:00").replace(tzinfo=UTC), wall("2026-03-09T12:00").replace(tzinfo=UTC))
    mixed = Recurrence(
        wall("2026-03-02T09:00"),
        "UTC",
        HOUR,
        rules=["FREQ=WEEKLY;COUNT=4", "FREQ=DAILY;COUNT=2"],
        dates=[wall("2026-03-05T09:00"), datetime(2026, 3, 6, 10, tzinfo=UTC), visit],
        excluded=[wall("2026-03-16T09:00"), datetime(2026, 3, 3, 9, tzinfo=UTC)],
        excluding="FREQ=DAILY;BYMONTHDAY=23;BYHOUR=9",
    )
    found = expand(mixed, within=ALWAYS)
    assert starts(found) == ["2026-03-02 09:00", "2026-03-05 09:00", "2026-03-06 10:00", "2026-03-09 09:00"]
    assert [one.duration // HOUR for one in found] == [1, 1, 1, 3]
    assert found[3] == visit


def test_dates_of_days_last_as_long() -> None:
    days = Recurrence(wall("2026-03-07T12:00"), NEW_YORK, 1, dates=[datetime(2026, 3, 8, 17, tzinfo=UTC)])
    assert [one.duration // HOUR for one in expand(days, within=ALWAYS)] == [23, 24]
    with_dates = Recurrence(date(2026, 3, 1), "UTC", dates=date(2026, 3, 3), excluded=date(2026, 3, 1))
    assert starts(expand(with_dates, within=ALWAYS)) == ["2026-03-03 00:00"]


def test_an_exception_rule_does_not_take_the_start_unless_it_gives_it() -> None:
    assert dates("FREQ=DAILY;COUNT=3", "2026-03-02", excluding="FREQ=WEEKLY;BYDAY=TU") == ["2026-03-02", "2026-03-04"]
    assert dates("FREQ=DAILY;COUNT=3", "2026-03-02", excluding="FREQ=DAILY;INTERVAL=2;COUNT=1") == [
        "2026-03-03",
        "2026-03-04",
    ]
    times = Recurrence(
        wall("2026-03-02T09:00"),
        NEW_YORK,
        HOUR,
        rules="FREQ=DAILY;COUNT=4",
        excluding="FREQ=DAILY;UNTIL=20260303T140000Z",
    )
    assert starts(expand(times, within=ALWAYS)) == ["2026-03-04 14:00", "2026-03-05 14:00"]


def test_until_is_included() -> None:
    assert dates("FREQ=DAILY;UNTIL=20260303", "2026-03-02") == ["2026-03-02", "2026-03-03"]
    for until in ("20260303T090000", "20260303T140000Z"):
        rule = f"FREQ=DAILY;UNTIL={until}"
        recurrence = Recurrence(wall("2026-03-02T09:00"), NEW_YORK, HOUR, rules=rule)
        assert len(expand(recurrence, within=ALWAYS)) == 2
        assert len(expand_batch([recurrence] * 2, within=ALWAYS)) == 4


# --- many rows ------------------------------------------------------------------------------------------------------


def test_rows_keep_their_order_whatever_their_zones_shapes_and_lengths() -> None:
    kinds: list[tuple[str, timedelta | int]] = [
        ("FREQ=DAILY;COUNT=5", HOUR),
        ("FREQ=WEEKLY", 2),
        ("FREQ=MONTHLY;BYDAY=MO,WE;BYSETPOS=-1", HOUR),
        ("FREQ=MONTHLY;BYDAY=TU,TH;BYSETPOS=-1", HOUR),
        ("FREQ=WEEKLY;BYDAY=MO,TH;BYSETPOS=-1", HOUR),
        ("FREQ=HOURLY;INTERVAL=12", timedelta(minutes=5)),
        ("FREQ=DAILY;BYHOUR=8,20;INTERVAL=3", HOUR),
        ("FREQ=DAILY;BYHOUR=7,21;INTERVAL=2", HOUR),
    ]
    rows = [
        Recurrence(wall("2026-03-02T09:00"), zone, length, rules=rule)
        for zone in ("UTC", NEW_YORK, "Asia/Kolkata")
        for rule, length in kinds
    ]
    within = span("2026-03-05", "2026-04-20")
    many = expand_batch(rows, within=within)
    assert many.counts.sum() == len(many)
    for number, row in enumerate(rows):
        assert list(many.row(number)) == list(expand(row, within=within))
    (busy, *_) = many.busy()
    assert busy.starts.tolist() == many.row(0).starts.tolist()


def test_rows_of_other_lengths_are_told_apart() -> None:
    rows = [Recurrence(wall("2026-03-02T09:00"), "UTC", length) for length in (HOUR, 2 * HOUR)]
    assert [one.duration // HOUR for one in expand_batch(rows, within=ALWAYS)] == [1, 2]


def test_many_long_rows_are_laid_in_pieces() -> None:
    rows = [Recurrence(date(1900, 1, 1), "UTC", rules=f"FREQ=YEARLY;BYYEARDAY={number}") for number in range(1, 21)]
    many = expand_batch(rows, within=span("1900-01-01", "2020-01-01"))
    assert many.counts.tolist() == [120] + [121] * 19


def test_nothing_asked_is_nothing_found() -> None:
    nothing = expand_batch([], within=ALWAYS)
    assert (len(nothing), nothing.offsets.tolist(), repr(nothing)) == (0, [0], "<Occurrences: 0 in 0 rows>")


def test_columns_cannot_be_written_to() -> None:
    found = expand(Recurrence(wall("2026-03-02T09:00"), "UTC", HOUR), within=ALWAYS)
    with pytest.raises(ValueError, match="read-only"):
        found.starts[0] = 0


def test_equal_recurrences_are_equal_and_survive_a_journey() -> None:
    one, two = (Recurrence(wall("2026-03-02T09:00"), "UTC", HOUR, rules="FREQ=DAILY") for _ in range(2))
    assert one == two
    assert hash(one) == hash(two)
    assert starts(expand(one, within=span("2026-03-02", "2026-03-03"))) == ["2026-03-02 09:00"]
    assert pickle.loads(pickle.dumps(one)) == two  # noqa: S301 - our own bytes


# --- bounds ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY",
        "FREQ=SECONDLY",
        "FREQ=SECONDLY;COUNT=1000000000",
        "FREQ=YEARLY;BYHOUR=0,12;BYDAY=MO",
        "FREQ=YEARLY;BYDAY=MO;BYSETPOS=1,2,3",
        "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD",
    ],
)
def test_the_limit_is_said(rule: str) -> None:
    recurrence = Recurrence(wall("2026-01-31T09:00"), NEW_YORK, HOUR, rules=rule)
    with pytest.raises(LimitExceededError) as caught:
        expand(recurrence, within=span("2026-01-01", "2036-01-01"), limit=10)
    assert (caught.value.bound, caught.value.limit) == ("limit", 10)
    with pytest.raises(LimitExceededError):
        expand_batch([recurrence] * 3, within=span("2026-01-01", "2036-01-01"), limit=20)


def test_the_places_that_are_looked_at_are_bounded() -> None:
    places = ",".join(map(str, range(1, 101)))
    minutes = f"BYHOUR={','.join(map(str, range(24)))};BYMINUTE={','.join(map(str, range(60)))}"
    rule = f"FREQ=WEEKLY;BYDAY=MO,WE;{minutes};BYSETPOS={places};COUNT=900000000"
    with pytest.raises(LimitExceededError) as caught:
        expand(Recurrence(wall("0001-01-01T00:00"), "UTC", HOUR, rules=rule), within=span("2026-01-01", "2026-01-02"))
    assert caught.value.bound == "places"


def test_as_many_as_the_limit_are_given_also_beside_a_clock_change() -> None:
    hourly = Recurrence(wall("2026-03-07T00:00"), NEW_YORK, HOUR, rules="FREQ=HOURLY")
    within = span("2026-03-08T05:00", "2026-03-08T09:00")
    assert len(expand(hourly, within=within, limit=4)) == 4
    with pytest.raises(LimitExceededError):
        expand(hourly, within=within, limit=3)
    with pytest.raises(LimitExceededError):
        expand_batch([hourly, hourly], within=within, limit=7)
    more = Recurrence(
        wall("2026-03-08T09:00"), "UTC", HOUR, rules="FREQ=DAILY;COUNT=2", dates=[wall("2026-03-08T10:00")]
    )
    with pytest.raises(LimitExceededError):
        expand(more, within=ALWAYS, limit=2)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;INTERVAL=2;BYSECOND=1",
        "FREQ=MINUTELY;INTERVAL=1440;BYHOUR=3",
        "FREQ=HOURLY;BYMINUTE=0;BYSETPOS=2",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=DAILY;BYHOUR=9;BYSETPOS=2",
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
    ],
)
def test_a_rule_that_never_matches_ends_soon(rule: str) -> None:
    recurrence = Recurrence(datetime(1, 1, 2, 0, 0, 0), "UTC", HOUR, rules=rule)  # noqa: DTZ001 - a wall time
    begun = time.process_time()
    assert len(expand(recurrence, within=span("2026-01-01", "2036-01-01"))) == 0
    assert len(expand(recurrence, within=ALWAYS)) == 1
    assert time.process_time() - begun < 5


def test_a_count_is_solved_not_walked() -> None:
    billion = Recurrence(wall("1995-01-01T00:00"), "UTC", timedelta(seconds=1), rules="FREQ=SECONDLY;COUNT=1000000000")
    last = billion.start_us + 999_999_999 * 1_000_000
    begun = time.process_time()
    found = expand(billion, within=Interval.from_us(last - 5_000_000, last + 100_000_000))
    assert found.starts.tolist() == [last - n * 1_000_000 for n in range(5, -1, -1)]
    assert time.process_time() - begun < 2


def test_calendars_end_with_the_year_9999() -> None:
    late = Recurrence(date(9990, 1, 1), "UTC", 3000, rules="FREQ=YEARLY")
    with pytest.raises(OutOfRangeError):
        expand(late, within=span("9990-01-01", "9999-01-01"))
    late = Recurrence(wall("9990-01-01T00:00"), "UTC", timedelta(days=3650), rules="FREQ=YEARLY")
    with pytest.raises(OutOfRangeError):
        expand(late, within=span("9990-01-01", "9999-01-01"))
    assert len(expand(late, within=span("9989-01-01", "9990-01-01"))) == 0


def test_windows_before_the_start_and_after_the_end_are_empty() -> None:
    week = Recurrence(wall("2026-03-02T09:00"), "UTC", HOUR, rules="FREQ=DAILY;UNTIL=20260308T090000")
    assert len(expand(week, within=span("2020-01-01", "2026-03-02T09:00"))) == 0
    assert len(expand(week, within=span("2026-03-08T09:01", "2027-01-01"))) == 0
    two = expand_batch([week, week], within=span("2027-01-01", "2028-01-01"))
    assert two.counts.tolist() == [0, 0]


def test_rules_of_the_kernel_tell_what_they_cost() -> None:
    spent: list[int] = []
    rule = RecurrenceRule.parse("FREQ=DAILY")
    found = wall_times(rule, 0, DAY_US, 3 * DAY_US, limit=2, spend=spent.append)
    assert (found.tolist(), spent) == ([DAY_US, 2 * DAY_US], [2])
    counted = RecurrenceRule.parse("FREQ=DAILY;COUNT=9")
    assert wall_times(counted, 0, 2 * DAY_US, 3 * DAY_US, limit=2, spend=spent.append).tolist() == [2 * DAY_US]
    assert spent == [2, 3]
    until = wall_times(rule, 0, DAY_US, 9 * DAY_US, limit=9, until=2 * DAY_US)
    assert until.tolist() == [DAY_US, 2 * DAY_US]
    with pytest.raises(LimitExceededError):
        wall_times(rule, 0, 0, 3 * DAY_US, limit=2)
    with pytest.raises(LimitExceededError):
        wall_times(RecurrenceRule.parse("FREQ=DAILY;BYDAY=MO;COUNT=1"), 0, 0, 1, limit=0)
    assert wall_times(rule, 5 * DAY_US, 0, DAY_US, limit=1).dtype == np.int64


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "values", "part"),
    [
        (datetime(2026, 1, 1, 9, tzinfo=UTC), {}, "start"),
        (wall("2026-01-01T09:00:00.000001"), {}, "start"),
        (date(2026, 1, 1), {"duration": HOUR}, "duration"),
        (date(2026, 1, 1), {"rules": "FREQ=HOURLY"}, "FREQ"),
        (date(2026, 1, 1), {"rules": "FREQ=DAILY;BYHOUR=9"}, "FREQ"),
        (date(2026, 1, 1), {"rules": "FREQ=DAILY;BYMINUTE=9"}, "FREQ"),
        (date(2026, 1, 1), {"excluding": "FREQ=DAILY;BYSECOND=9"}, "FREQ"),
        (date(2026, 1, 1), {"rules": "FREQ=DAILY;UNTIL=20270101T000000Z"}, "UNTIL"),
        (date(2026, 1, 1), {"rules": "FREQ=DAILY;UNTIL=20251231"}, "UNTIL"),
        (wall("2026-01-01T09:00"), {"rules": "FREQ=DAILY;UNTIL=20270101"}, "UNTIL"),
        (wall("2026-01-01T09:00"), {"rules": "FREQ=DAILY;UNTIL=20260101T085959"}, "UNTIL"),
        (wall("2026-01-01T09:00"), {"rules": "FREQ=DAILY;UNTIL=20260101T085959Z"}, "UNTIL"),
        (date(2026, 1, 1), {"dates": [wall("2026-01-01T09:00")]}, "dates"),
        (date(2026, 1, 1), {"excluded": ["2026-01-01"]}, "excluded"),
    ],
)
def test_what_does_not_fit_the_start_is_refused(start: date, values: dict[str, Any], part: str) -> None:
    length = {} if "duration" in values or not isinstance(start, datetime) else {"duration": HOUR}
    with pytest.raises(InvalidRecurrenceError) as caught:
        Recurrence(start, "UTC", **{**length, **values})
    assert caught.value.part == part


@pytest.mark.parametrize(
    "values",
    [
        {"start": "2026-01-01"},
        {"duration": None},
        {"duration": timedelta(0)},
        {"duration": 0},
        {"duration": True},
        {"duration": "1h"},
        {"rules": 3},
        {"rules": [3]},
        {"dates": [date(2026, 1, 1)]},
        {"excluded": [ALWAYS]},
    ],
)
def test_other_types_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError):
        Recurrence(**{"start": wall("2026-01-01T09:00"), "zone": "UTC", "duration": HOUR, **values})


def test_the_window_and_the_zone_are_checked() -> None:
    once = Recurrence(wall("2026-01-01T09:00"), "UTC", HOUR)
    with pytest.raises(InvalidValueError):
        expand("FREQ=DAILY", within=ALWAYS)  # type: ignore[arg-type]  # that is the case
    with pytest.raises(InvalidValueError):
        expand(once, within="2026")  # type: ignore[arg-type]  # that is the case
    with pytest.raises(InvalidValueError):
        expand(once, within=ALWAYS, limit=0)
    with pytest.raises(UnknownTimeZoneError):
        Recurrence(wall("2026-01-01T09:00"), "Mars/Base", HOUR)
