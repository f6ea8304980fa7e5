"""Reading busy time from iCalendar: each rule by one small calendar."""

from __future__ import annotations

import time
from collections import deque
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
import pytest
from dateutil.rrule import SECONDLY, rrule

from petpro_core.errors import InvalidCalendarError, InvalidValueError, LimitExceededError
from petpro_core.interop.ical import CalendarFeed, read_busy, read_calendar
from petpro_core.interop.ical._windows import WINDOWS_ZONES
from petpro_core.intervals import ALWAYS, Interval, IntervalSet
from petpro_core.timezones import Instants, TimeZone, load_zone, zone_keys

WEEK = Interval(datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 16, tzinfo=UTC))
MAY = Interval(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
NEW_YORK = load_zone("America/New_York")
UTC_ZONE = load_zone("UTC")
SERIES = ["DTSTART:20260302T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3"]
CUSTOM = ["TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "DTSTART:20260101T000000"]


def event(*lines: str, uid: str | None = "one") -> list[str]:
    return ["BEGIN:VEVENT", *([] if uid is None else [f"UID:{uid}"]), *lines, "END:VEVENT"]


def calendar(*parts: list[str]) -> str:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", *(line for part in parts for line in part), "END:VCALENDAR"]
    return "\r\n".join(lines) + "\r\n"


def zone_part(*lines: str, tzid: str = "Own", kind: str = "STANDARD") -> list[str]:
    return ["BEGIN:VTIMEZONE", f"TZID:{tzid}", f"BEGIN:{kind}", *lines, f"END:{kind}", "END:VTIMEZONE"]


def read(*parts: list[str], within: Interval = WEEK, zone: TimeZone = NEW_YORK, **options: Any) -> CalendarFeed:
    return read_busy(calendar(*parts), within=within, zone=zone, **options)


def busy(*parts: list[str], within: Interval = WEEK, **options: Any) -> list[str]:
    """Give busy time as texts in UTC, so that a wrong answer can be read."""
    found = read(*parts, within=within, **options).busy
    return [f"{one.start:%m-%dT%H:%M}/{one.end:%m-%dT%H:%M}" for one in found]


def refused(*parts: list[str], within: Interval = WEEK, **options: Any) -> InvalidCalendarError:
    with pytest.raises(InvalidCalendarError) as caught:
        read(*parts, within=within, **options)
    return caught.value


# Content lines


def test_an_empty_calendar_is_free_and_known() -> None:
    feed = read()
    assert (feed.busy, feed.known) == (IntervalSet.empty(), IntervalSet.of(WEEK))
    assert (feed.skipped, feed.name, feed.events) == ((), None, 0)


@pytest.mark.parametrize("text", ["", "\r\n\r\n", b"", b"\xef\xbb\xbf"])
def test_an_empty_text_is_no_calendar(text: str | bytes) -> None:
    with pytest.raises(InvalidCalendarError) as caught:
        read_busy(text, within=WEEK, zone=NEW_YORK)
    assert (caught.value.line, caught.value.got) == (1, "nothing")


def test_line_ends_may_be_mixed_and_lines_blank() -> None:
    lines = calendar(event("DTSTART:20260302T090000Z", "DURATION:PT1H")).split("\r\n")
    mixed = "".join(line + ("\r\n", "\n", "\r", "\r\r\n")[at % 4] for at, line in enumerate(lines))
    assert len(read_busy(mixed, within=WEEK, zone=NEW_YORK).busy) == 1


def test_a_fold_may_stand_inside_a_character() -> None:
    raw = calendar(["X-WR-CALNAME:Kätzchen"]).encode()
    cut = raw.index("ä".encode()) + 1
    feed = read_busy(raw[:cut] + b"\r\n " + raw[cut:], within=WEEK, zone=NEW_YORK)
    assert feed.name == "Kätzchen"


def test_the_name_is_unescaped_and_the_first_counts() -> None:
    text = calendar([r"X-WR-CALNAME:A\, B\; C\\D\nE"]) + calendar(["X-WR-CALNAME:second"])
    assert read_busy(text, within=WEEK, zone=NEW_YORK).name == "A, B; C\\D\nE"


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (["DTSTART:20260101T000000Z"], 1),
        (["END:VCALENDAR"], 1),
        (["BEGIN:VEVENT"], 1),
        (["", " folded"], 2),
        (["BEGIN:VCALENDAR", "BEGIN:VCALENDAR"], 2),
        (["BEGIN:VCALENDAR", *["BEGIN:X-DEEP"] * 30], 17),
        (["BEGIN:VCALENDAR", "END:VCALENDAR", "rubbish"], 3),
        (["BEGIN:VCALENDAR", "BEGIN:VEVENT", "END:VCALENDAR"], 3),
        (["BEGIN:VCALENDAR", "no colon", "END:VCALENDAR"], 2),
        (["BEGIN:VCALENDAR", "BEGIN:VTODO", "no colon", "END:VTODO", "END:VCALENDAR"], 3),
        (["BEGIN:VCALENDAR", "X-A;B:\ud800", "END:VCALENDAR"], 2),
        (["BEGIN:VCALENDAR", 'X-A;B="open:c', "END:VCALENDAR"], 2),
    ],
)  # fmt: skip
def test_broken_structure_names_its_line(lines: list[str], line: int) -> None:
    with pytest.raises(InvalidCalendarError) as caught:
        read_busy("\n".join(lines), within=WEEK, zone=NEW_YORK)
    assert caught.value.line == line


def test_a_long_wrong_line_is_shortened_in_the_message() -> None:
    error = refused(event(f"DTSTART:{'9' * 500}"))
    assert len(str(error)) < 300
    assert error.name == "DTSTART"


def test_an_unreadable_line_makes_all_time_unknown() -> None:
    todo = ["BEGIN:VTODO", "no colon", "END:VTODO"]
    feed = read(todo, event("no colon", "DTSTART:20260302T090000Z", uid="bad"), event(*SERIES), skip_bad=True)
    assert not feed.known
    assert [(one.uid, one.line, one.interval) for one in feed.skipped] == [(None, 4, None), ("bad", 8, None)]
    assert feed.events == 1
    assert len(feed.busy) == 3


# What takes time


@pytest.mark.parametrize(
    ("lines", "tentative_blocks", "expected"),
    [
        ([], True, True),
        (["STATUS:CONFIRMED"], False, True),
        (["STATUS:cancelled"], True, False),
        (["STATUS:TENTATIVE"], True, True),
        (["STATUS:TENTATIVE"], False, False),
        (["TRANSP:TRANSPARENT"], True, False),
        (["TRANSP:OPAQUE"], True, True),
        (["X-MICROSOFT-CDO-BUSYSTATUS:FREE"], True, False),
        (["X-MICROSOFT-CDO-BUSYSTATUS:FREE", "TRANSP:OPAQUE"], True, False),
        (["X-MICROSOFT-CDO-BUSYSTATUS:BUSY", "TRANSP:TRANSPARENT"], True, False),
        (["X-MICROSOFT-CDO-BUSYSTATUS:OOF"], False, True),
        (["X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE"], False, True),
        (["X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE"], False, False),
        (["X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE"], True, True),
        (["X-MICROSOFT-CDO-BUSYSTATUS:SOMETHING"], False, True),
    ],
)
def test_what_takes_time(lines: list[str], tentative_blocks: bool, expected: bool) -> None:
    feed = read(event(*SERIES, *lines), tentative_blocks=tentative_blocks)
    assert bool(feed.busy) is expected
    assert feed.known == IntervalSet.of(WEEK)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["DTSTART;VALUE=DATE:20260308"], ["03-08T05:00/03-09T04:00"]),
        (["DTSTART:20260308"], ["03-08T05:00/03-09T04:00"]),
        (["DTSTART;VALUE=DATE:20260308", "DTEND;VALUE=DATE:20260308"], ["03-08T05:00/03-09T04:00"]),
        (["DTSTART;VALUE=DATE:20260308", "DURATION:P1W"], ["03-08T05:00/03-15T04:00"]),
        (["DTSTART;VALUE=DATE:20260308", "DURATION:PT0S"], ["03-08T05:00/03-09T04:00"]),
        (["DTSTART:20260309T090000"], []),
        (["DTSTART:20260309T090000", "DTEND:20260309T090000"], []),
        (["DTSTART:20260309T090000", "DURATION:-PT0S"], []),
        (["DTSTART:20260309T090000", "DTEND:20260309T093060"], ["03-09T13:00/03-09T13:30"]),
        (["DTSTART;TZID=Asia/Kolkata:20260309T090000Z", "DURATION:PT1H"], ["03-09T09:00/03-09T10:00"]),
        (["DTSTART;TZID=Asia/Kolkata:20260309T090000", "DURATION:PT1H"], ["03-09T03:30/03-09T04:30"]),
        (["DTSTART:20260307T120000", "DURATION:P1DT2H"], ["03-07T17:00/03-08T18:00"]),
        (["DTSTART:20260301T000000Z", "DTEND:20260401T000000Z"], ["03-02T00:00/03-16T00:00"]),
        (["DTSTART:20270301T000000Z", "DTEND:20270401T000000Z"], []),
    ],
)
def test_one_event(lines: list[str], expected: list[str]) -> None:
    if lines[-1].endswith("60"):
        # A leap second is the second before it.
        assert read(event(*lines)).busy.duration == timedelta(minutes=30, seconds=59)
    else:
        assert busy(event(*lines)) == expected


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (["SUMMARY:no start"], "DTSTART"),
        (["DTSTART:20260309T090000", "DTSTART:20260309T100000"], "DTSTART"),
        (["DTSTART;VALUE=DATE:20260309T090000"], "DTSTART"),
        (["DTSTART;VALUE=DATE-TIME:20260309"], "DTSTART"),
        (["DTSTART:20260309T250000"], "DTSTART"),
        (["DTSTART:00010101T000000"], "DURATION"),
        (["DTSTART;TZID=Europe/Berlin:00010101T000000"], "DTSTART"),
        (["DTSTART;TZID=/nowhere/else:20260309T090000"], "DTSTART"),
        (["DTSTART:20260309", "DTEND:20260310T090000"], "DTEND"),
        (["DTSTART:20260309T090000", "DTEND:20260310"], "DTEND"),
        (["DTSTART:20260309", "DTEND:20260308"], "DTEND"),
        (["DTSTART:20260309", "DURATION:PT24H"], "DURATION"),
        (["DTSTART:20260309T090000", "DURATION:-PT1H"], "DURATION"),
        (["DTSTART:20260309T090000", "DURATION:P"], "DURATION"),
        (["DTSTART:20260309T090000", "DURATION:PT"], "DURATION"),
        (["DTSTART:20260309T090000", "DURATION:1H"], "DURATION"),
        (["DTSTART:20260309T090000", "DURATION:P9999999W"], "DURATION"),
        (["DTSTART:99991231T090000", "DURATION:P1D"], "DURATION"),
        (["DTSTART:20260309T090000", "STATUS:PERHAPS"], "STATUS"),
        (["DTSTART:20260309T090000", "TRANSP:0"], "TRANSP"),
        (["DTSTART:20260309T090000", "SEQUENCE:-1"], "SEQUENCE"),
        (["DTSTART:20260309T090000", "SEQUENCE:²"], "SEQUENCE"),
        (["DTSTART:20260309T090000", "RDATE:20260310"], "RDATE"),
        (["DTSTART:20260309", "RDATE;VALUE=PERIOD:20260310T090000/PT1H"], "RDATE"),
        (["DTSTART:20260309T090000", "RDATE;VALUE=PERIOD:20260310T090000"], "RDATE"),
        (["DTSTART:20260309T090000", "RDATE;VALUE=PERIOD:20260310T090000/20260310T080000"], "RDATE"),
        (["DTSTART:20260309T090000", "EXDATE;VALUE=DATE:20260310"], "EXDATE"),
        (["DTSTART:20260309T090000", "RECURRENCE-ID:20260310T090000", "RRULE:FREQ=DAILY"], "RRULE"),
    ],
)
def test_an_event_with_an_error_makes_its_calendar_unreadable(lines: list[str], name: str) -> None:
    if lines == ["DTSTART:00010101T000000"]:
        lines = ["DTSTART:99991231T235959Z", "DURATION:P1D"]
    error = refused(event(*lines))
    assert error.code == "invalid_calendar"
    assert error.name == name
    assert f"line {error.line}" in str(error)


def test_an_instance_needs_the_uid_of_its_series() -> None:
    assert refused(event(*SERIES[:2], "RECURRENCE-ID:20260310T090000Z", uid=None)).name == "UID"


# Series


def test_a_series_follows_the_local_clock() -> None:
    weekly = event("DTSTART;TZID=America/New_York:20260206T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY")
    assert busy(weekly) == ["03-06T14:00/03-06T15:00", "03-13T13:00/03-13T14:00"]


def test_dtend_of_a_series_is_exact_time_and_days_are_clock_time() -> None:
    night = ["DTSTART;TZID=America/New_York:20260306T220000", "RRULE:FREQ=DAILY;COUNT=2"]
    exact = event(*night, "DTEND;TZID=America/New_York:20260307T060000")
    assert busy(exact) == ["03-07T03:00/03-07T11:00", "03-08T03:00/03-08T11:00"]
    nominal = event(night[0], "DURATION:P1D")
    assert busy(nominal) == ["03-07T03:00/03-08T03:00"]


@pytest.mark.parametrize(
    ("until", "count"),
    [
        ("20260304T090000Z", 3),
        ("20260304T085959Z", 2),
        ("20260304T090000", 3),
        ("20260304", 3),
        ("20260304T000000", 2),
        ("20250101T000000Z", 1),
        ("99991231T235959Z", 14),
    ],
)
def test_until(until: str, count: int) -> None:
    assert len(read(event(*SERIES[:2], f"RRULE:FREQ=DAILY;UNTIL={until}")).busy) == count


@pytest.mark.parametrize(
    ("until", "days"), [("20260304T050000Z", 3), ("20260304T000000Z", 3), ("20260304", 3), ("20260304T000000", 3)]
)
def test_until_of_all_day_events_takes_the_later_reading(until: str, days: int) -> None:
    feed = read(event("DTSTART;VALUE=DATE:20260302", f"RRULE:FREQ=DAILY;UNTIL={until}"))
    assert feed.busy.duration == timedelta(days=days)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY;INTERVAL=10", ["05-06", "05-16", "05-26"]),
        ("FREQ=DAILY;INTERVAL=20;COUNT=30", ["05-16"]),
        ("FREQ=DAILY;COUNT=5", []),
        ("FREQ=DAILY;BYMONTHDAY=-1,3", ["05-03", "05-31"]),
        ("FREQ=DAILY;BYDAY=MO;BYMONTH=5", ["05-04", "05-11", "05-18", "05-25"]),
        ("FREQ=DAILY;BYMONTH=4", []),
        ("FREQ=DAILY;BYDAY=MO;COUNT=12", []),
        ("FREQ=DAILY;BYDAY=FR;COUNT=70", ["05-01"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU", ["05-03", "05-05", "05-17", "05-19", "05-31"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO", ["05-05", "05-10", "05-19", "05-24"]),
        ("FREQ=MONTHLY", ["05-01"]),
        ("FREQ=MONTHLY;BYDAY=-1FR", ["05-29"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31;SKIP=OMIT;RSCALE=GREGORIAN", ["05-31"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["05-29"]),
        ("FREQ=MONTHLY;INTERVAL=3", []),
        ("FREQ=MONTHLY;COUNT=17", ["05-01"]),
        ("FREQ=YEARLY;BYMONTH=5", ["05-01"]),
        ("FREQ=YEARLY;BYDAY=20MO", ["05-18"]),
        ("FREQ=YEARLY;BYWEEKNO=20", ["05-14"]),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", ["05-11"]),
        ("FREQ=YEARLY;BYYEARDAY=130,-230", ["05-10", "05-16"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", []),
        ("FREQ=HOURLY;BYHOUR=9;BYMONTHDAY=7", ["05-07"]),
        ("FREQ=HOURLY;BYHOUR=9;BYMINUTE=0,30;BYSETPOS=1;BYYEARDAY=130,-230", ["05-10", "05-16"]),
        ("FREQ=HOURLY;BYHOUR=9;BYSETPOS=2;BYMINUTE=0", []),
        ("FREQ=MINUTELY;INTERVAL=1440;BYMINUTE=0;BYSECOND=0,60;BYMONTHDAY=2", ["05-02"]),
        ("FREQ=SECONDLY;INTERVAL=864000;BYSECOND=0", ["05-06", "05-16", "05-26"]),
    ],
)
def test_a_rule_that_began_long_ago(rule: str, expected: list[str]) -> None:
    """2025-01-01 was a Wednesday; with DTSTART on 1 January at 09:00, an occurrence's date says all."""
    thursday = "20260101T090000" if "WEEKNO=20" in rule else "20250101T090000"
    lines = [f"DTSTART:{thursday}", "DURATION:PT1M", f"RRULE:{rule}"]
    found = read(event(*lines), within=MAY, zone=UTC_ZONE).busy
    dates = sorted({f"{one.start:%m-%d}" for one in found})
    assert dates == expected
    assert all(one.start.hour == 9 for one in found)


def test_all_day_rules_ignore_times() -> None:
    assert len(read(event("DTSTART:20260201", "RRULE:FREQ=MONTHLY;BYHOUR=1,2;BYMONTHDAY=3")).busy) == 1


@pytest.mark.parametrize(
    "rule",
    [
        "COUNT=3",
        "FREQ=OFTEN",
        "FREQ",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=x",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=1;UNTIL=20260303",
        "FREQ=DAILY;UNTIL=soon",
        "FREQ=DAILY;WKST=XX",
        "FREQ=DAILY;BYHOUR=24",
        "FREQ=DAILY;BYHOUR=-1",
        "FREQ=DAILY;BYMONTHDAY=0",
        "FREQ=DAILY;BYMONTHDAY=x",
        "FREQ=DAILY;BYMONTHDAY=²",
        "FREQ=DAILY;BYDAY=XX",
        "FREQ=DAILY;BYDAY=1MO",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=YEARLY;BYWEEKNO=2;BYDAY=1MO",
        "FREQ=WEEKLY;BYMONTHDAY=3",
        "FREQ=MONTHLY;BYWEEKNO=3",
        "FREQ=DAILY;BYSETPOS=1",
        "FREQ=DAILY;BYEASTER=1",
        "FREQ=MONTHLY;SKIP=FORWARD",
        "FREQ=YEARLY;RSCALE=HEBREW",
    ],
)
def test_rules_are_read_strictly(rule: str) -> None:
    assert refused(event(*SERIES[:2], f"RRULE:{rule}")).name == "RRULE"


def test_all_day_events_have_no_hourly_rules() -> None:
    assert refused(event("DTSTART:20260302", "RRULE:FREQ=HOURLY")).name == "RRULE"


def test_exceptions_and_additions() -> None:
    lines = [
        *SERIES,
        "EXDATE:20260303T090000Z",
        "EXDATE;TZID=America/New_York:20260310T050000",
        "RDATE:20260310T090000Z,20260311T090000Z",
        "RDATE;VALUE=PERIOD:20260312T090000Z/20260312T093000Z",
        "EXRULE:FREQ=WEEKLY;COUNT=1",
    ]
    assert busy(event(*lines)) == [
        "03-04T09:00/03-04T10:00", "03-11T09:00/03-11T10:00", "03-12T09:00/03-12T09:30",
    ]  # fmt: skip


def test_the_start_is_an_occurrence_even_off_its_rule() -> None:
    assert len(read(event("DTSTART:20260303T090000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;BYDAY=MO")).busy) == 2


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (["DTSTART:20260310T120000Z", "DURATION:PT2H"], ["03-02", "03-04", "03-10"]),
        (["DTSTART:20270310T120000Z", "DURATION:PT2H"], ["03-02", "03-04"]),
        (["STATUS:CANCELLED"], ["03-02", "03-04"]),
        (["DTSTART:20260303T090000Z", "DURATION:PT1H", "TRANSP:TRANSPARENT"], ["03-02", "03-04"]),
    ],
)
def test_changed_instances(first: bool, change: list[str], expected: list[str]) -> None:
    changed = event("RECURRENCE-ID;TZID=America/New_York:20260303T040000", *change)
    parts = [changed, event(*SERIES)] if first else [event(*SERIES), changed]
    assert [one[:5] for one in busy(*parts)] == expected


def test_the_highest_sequence_counts_and_equal_ones_all() -> None:
    old = event("SEQUENCE:1", "DTSTART:20260303T090000Z", "DURATION:PT1H")
    new = event("SEQUENCE:10", "DTSTART:20260304T090000Z", "DURATION:PT1H")
    same = event("SEQUENCE:10", "DTSTART:20260305T090000Z", "DURATION:PT1H")
    assert busy(old, new, same) == ["03-04T09:00/03-04T10:00", "03-05T09:00/03-05T10:00"]


def test_events_without_uid_stand_for_themselves() -> None:
    parts = [event(f"DTSTART:2026030{day}T090000Z", "DURATION:PT1H", f"SEQUENCE:{day}", uid=None) for day in (3, 4)]
    assert len(read(*parts).busy) == 2


def test_the_last_days_of_time_can_be_read() -> None:
    for freq in ("WEEKLY;INTERVAL=5000", "WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;INTERVAL=50", "YEARLY;INTERVAL=50"):
        series = event("DTSTART:95000101T000000Z", "DURATION:PT1H", f"RRULE:FREQ={freq}")
        assert read(series, within=ALWAYS).busy


def test_the_last_week_of_time_ends_a_series() -> None:
    last = Interval(datetime(9999, 12, 20, tzinfo=UTC), ALWAYS.end)
    series = event("DTSTART:99990101T000000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU")
    assert len(read(series, within=last).busy) == 12


def test_occurrences_outside_time_are_an_error() -> None:
    last = Interval(datetime(9999, 12, 20, tzinfo=UTC), ALWAYS.end)
    series = event("DTSTART:99991201T200000", "DURATION:P1D", "RRULE:FREQ=DAILY")
    assert refused(series, within=last).name == "VEVENT"
    feed = read(series, within=last, skip_bad=True)
    assert (len(feed.skipped), feed.events, bool(feed.known)) == (1, 0, False)


# Zones


def test_own_zones() -> None:
    own = zone_part(*CUSTOM, "RDATE:20260309T000000,20260312T000000")
    assert busy(own, event("DTSTART;TZID=Own:20260309T090000", "DURATION:PT1H")) == ["03-09T07:00/03-09T08:00"]


def test_own_zones_of_the_same_name() -> None:
    own = zone_part(*CUSTOM)
    at = event("DTSTART;TZID=Own:20260309T090000", "DURATION:PT1H")
    assert busy(own, own, at) == ["03-09T07:00/03-09T08:00"]
    other = zone_part("TZOFFSETFROM:+0100", "TZOFFSETTO:+023015", "DTSTART:20260101T000000")
    assert refused(own, other, at).name == "DTSTART"


def test_a_zone_may_be_a_single_offset() -> None:
    own = zone_part("TZOFFSETFROM:-0330", "TZOFFSETTO:-0330", "DTSTART:19700101T000000")
    assert busy(own, event("DTSTART;TZID=Own:20260309T090000", "DURATION:PT1H")) == ["03-09T12:30/03-09T13:30"]


@pytest.mark.parametrize(
    "lines",
    [
        ["TZOFFSETFROM:+0100", "DTSTART:20260101T000000"],
        ["TZOFFSETFROM:+2400", "TZOFFSETTO:+0100", "DTSTART:20260101T000000"],
        ["TZOFFSETFROM:+0100", "TZOFFSETTO:+0200"],
        ["TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "DTSTART:20260101T000000Z"],
        ["TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "DTSTART:20260101"],
        ["TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "DTSTART:00010101T000000"],
        [*CUSTOM, "RRULE:FREQ=NEVER"],
    ],
)
def test_bad_own_zones_matter_where_they_are_used(lines: list[str]) -> None:
    own = zone_part(*lines)
    assert refused(own, event("DTSTART;TZID=Own:20260309T090000")).line < 13
    assert read(own, event("DTSTART;TZID=Europe/Berlin:20260309T090000")).events == 1


def test_an_empty_own_zone_is_an_error() -> None:
    own = ["BEGIN:VTIMEZONE", "TZID:Own", "END:VTIMEZONE"]
    assert refused(own, event("DTSTART;TZID=Own:20260309T090000")).name == "TZID"


@pytest.mark.parametrize(
    "tzid", ["Eastern Standard Time", "/x.example/America/New_York", "/x/y/EST5EDT", "/x/America/Indiana/Indianapolis"]
)
def test_names_of_zones(tzid: str) -> None:
    lines = [f"DTSTART;TZID={tzid}:20260309T090000", "DURATION:PT1H"]
    assert busy(event(*lines)) == ["03-09T13:00/03-09T14:00"]


def test_the_names_of_windows_are_those_of_the_icalendar_package() -> None:
    peer = pytest.importorskip("icalendar.timezone.windows_to_olson", reason="icalendar keeps its table elsewhere")
    assert peer.WINDOWS_TO_OLSON.keys() <= WINDOWS_ZONES.keys()
    # Its older versions know fewer, and some by another name for the same clock: Asia/Calcutta for Asia/Kolkata.
    days = np.arange(0, 30_000) * 86_400_000_000
    for name, key in peer.WINDOWS_TO_OLSON.items():
        clocks = [load_zone(one).to_local_us(Instants(days)) for one in (key, WINDOWS_ZONES[name])]
        assert (clocks[0] == clocks[1]).all(), name
    assert set(WINDOWS_ZONES.values()) <= zone_keys()


# Free/busy


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (["DTSTART:20260303T000000Z"], "DTEND"),
        (["DTSTART:20260303T000000Z", "DTEND:20260303T000000Z"], "DTEND"),
        (["DTSTART:20260303T000000Z", "DTEND:20260304T000000Z", "FREEBUSY:soon/PT1H"], "FREEBUSY"),
        (["DTSTART:20260303T000000Z", "DTEND:20260304T000000Z", "no colon"], "no colon"),
    ],
)
def test_bad_free_busy_leaves_nothing_known(lines: list[str], name: str) -> None:
    part = ["BEGIN:VFREEBUSY", *lines, "END:VFREEBUSY"]
    assert refused(part).name == name
    feed = read(part, skip_bad=True)
    assert not feed.known
    assert feed.skipped[0].interval is None


@pytest.mark.parametrize("method", ["REQUEST", "PUBLISH"])
def test_a_request_for_free_busy_tells_nothing(method: str) -> None:
    part = ["BEGIN:VFREEBUSY", "DTSTART:20260303T000000Z", "DTEND:20260304T000000Z", "END:VFREEBUSY"]
    if method == "REQUEST":
        assert refused([f"METHOD:{method}"], part).name == "METHOD"
    else:
        assert read([f"METHOD:{method}"], part).known.duration == timedelta(days=1)


# Skipping


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["DTSTART:20260303T090000Z", "DURATION:PT1H", "STATUS:ODD"], timedelta(hours=1)),
        (["DTSTART:20260303T090000Z", "STATUS:ODD"], None),
        (["DTSTART:20260303T090000Z", "DURATION:ODD"], None),
        (["DTSTART:20260303T090000Z", "DURATION:PT999999H", "DURATION:PT1H"], None),
        (["DTSTART:99991231T200000Z", "DURATION:PT9H", "STATUS:ODD"], None),
        (["DTSTART:20260303T090000Z", "DURATION:PT1H", "RRULE:ODD"], None),
    ],
)
def test_the_doubt_of_a_skipped_event_begins_with_it(lines: list[str], expected: timedelta | None) -> None:
    (skipped,) = read(event(*lines), skip_bad=True).skipped
    assert skipped.interval is not None
    assert f"DTSTART:{skipped.interval.start:%Y%m%dT%H%M%SZ}" == lines[0]
    assert skipped.interval.end == (skipped.interval.start + expected if expected else ALWAYS.end)


@pytest.mark.parametrize(
    "lines",
    [
        ["STATUS:ODD"],
        ["DTSTART:ODD"],
        ["DTSTART:20260303T090000Z", "RDATE:ODD"],
        ["DTSTART:20260303T090000Z", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260303T090000Z"],
    ],
)
def test_a_skipped_event_without_a_known_place_may_be_anywhere(lines: list[str]) -> None:
    feed = read(event(*lines, uid=None), skip_bad=True)
    assert feed.skipped[0].interval is None
    assert feed.skipped[0].uid is None
    assert not feed.known


# Bounds


@pytest.mark.parametrize("option", ["limit", "max_bytes"])
def test_bounds_are_positive(option: str) -> None:
    options: dict[str, Any] = {option: 0}
    with pytest.raises(InvalidValueError):
        read(**options)


@pytest.mark.parametrize("text", ["ä" * 60, b"x" * 101, "x" * 101])
def test_a_text_that_is_too_large_is_refused_at_once(text: str | bytes) -> None:
    with pytest.raises(LimitExceededError) as caught:
        read_busy(text, within=WEEK, zone=NEW_YORK, max_bytes=100)
    assert (caught.value.bound, caught.value.limit) == ("max_bytes", 100)
    with pytest.raises(LimitExceededError):
        read_busy(b" " * 20_000_001, within=WEEK, zone=NEW_YORK)


def test_the_limit_is_of_occurrences_in_the_window() -> None:
    series = event("DTSTART:20200101T000000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY")
    assert len(read(series, limit=14).busy) == 14
    with pytest.raises(LimitExceededError) as caught:
        read(series, limit=13)
    assert (caught.value.bound, caught.value.limit, caught.value.line) == ("limit", 13, 3)


POSITIONS = ",".join(str(place) for place in range(1, 65))
NEVER_MATCHES = [f"FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30;COUNT={count}" for count in range(1, 60)]


@pytest.mark.parametrize(
    ("rules", "busy"),
    [
        (["FREQ=SECONDLY"], None),
        (["FREQ=SECONDLY;INTERVAL=3;COUNT=1000000000"], None),
        (["FREQ=MINUTELY;BYSECOND=0,10,20,30,40,50"], None),
        (["FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"], 0),
        (["FREQ=DAILY;BYHOUR=1,2,3,4,5,6,7,8;BYMINUTE=0,1,2,3;BYSECOND=0,1,2,3,4,5,6,7,8,9;COUNT=999999999"], 14 * 32),
        ([f"FREQ=YEARLY;BYDAY=MO;BYSETPOS={POSITIONS},65"], 2),
        (NEVER_MATCHES, 0),
        ([f"FREQ=DAILY;COUNT=999999999;BYHOUR={hour}" for hour in range(24)] * 40, 14 * 24),
    ],
)
def test_recurrence_bombs_are_answered_or_refused_quickly(rules: list[str], busy: int | None, yardstick: float) -> None:
    started = time.process_time()
    series = event("DTSTART:19700101T000000Z", "DURATION:PT1S", *(f"RRULE:{rule}" for rule in rules))
    if busy is None:
        with pytest.raises(LimitExceededError):
            read(series)
    else:
        assert len(read(series).busy) == busy
    assert time.process_time() - started < 30 * yardstick


def test_the_days_that_all_rules_look_at_are_bounded() -> None:
    rules = ["RRULE:FREQ=DAILY;COUNT=999999999;BYHOUR=9"] * 3000
    with pytest.raises(LimitExceededError) as caught:
        read(event("DTSTART:19700101T000000Z", "DURATION:PT1S", *rules), limit=14)
    assert (caught.value.bound, caught.value.limit) == ("limit", 14)


def test_a_rule_that_never_matches_is_given_up_quickly(yardstick: float) -> None:
    started = time.process_time()
    assert not read(event("DTSTART:19700101T000000Z", "DURATION:PT1S", f"RRULE:{NEVER_MATCHES[0]}")).busy
    assert time.process_time() - started < 15 * yardstick


@pytest.fixture(scope="module")
def yardstick() -> float:
    """Processor time of 200,000 plain steps of dateutil: about a quarter of a second; a ratio to it holds anywhere."""
    started = time.process_time()
    deque(islice(rrule(SECONDLY, dtstart=datetime(1970, 1, 1)), 200_000), maxlen=0)  # noqa: DTZ001  # a wall time
    return time.process_time() - started


@pytest.mark.parametrize(
    "name", ["RULE", "RRUL", "RRRULE", "ARULE", "DTENDX", "URATION", "DTSTARR", "RDATA", "FREBUSY"]
)
def test_a_name_one_letter_from_one_that_takes_time_is_damage(name: str) -> None:
    damaged = event("DTSTART:20260303T090000Z", f"{name}:1")
    assert refused(damaged).line == 6
    assert read(damaged, skip_bad=True).known == IntervalSet.empty()


@pytest.mark.parametrize("damaged", ["RECURRENC-ID:20260306T090000Z", "RECURRENCE-I:20260306T090000Z"])
def test_a_changed_instance_that_lost_its_name_does_not_replace_its_series(damaged: str) -> None:
    series = event("DTSTART:20260303T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY")
    change = event("DTSTART:20260306T120000Z", "DURATION:PT1H", "SEQUENCE:1", damaged)
    assert refused(series, change).got == damaged.partition(":")[0]
    assert read(series, change, skip_bad=True).known == IntervalSet.empty()


@pytest.mark.parametrize("name", ["X-RULE", "DTSTAMP", "DUE", "EXRULES", "SUMMARY", "IMAGE", "COMPLETED", "R"])
def test_other_names_are_not_looked_at(name: str) -> None:
    assert read(event("DTSTART:20260303T090000Z", f"{name}:1")).known


def test_names_are_kept_as_they_are_where_every_line_is() -> None:
    (calendar,) = read_calendar("BEGIN:VCALENDAR\nRRUL:1\nEND:VCALENDAR")
    assert calendar.lines[0].name == "RRUL"
