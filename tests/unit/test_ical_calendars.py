"""Calendars line by line, busy and free time as calendars, and zones as VTIMEZONE."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from petpro_core.errors import InvalidCalendarError, InvalidValueError, LimitExceededError
from petpro_core.interop import ical
from petpro_core.interop.ical._observances import zone_component
from petpro_core.intervals import Interval, IntervalSet, to_us
from petpro_core.timezones import TimeZone, load_zone

NOW = datetime(2026, 11, 1, 12, 0, 0, 5, tzinfo=UTC)
NINE, TEN, NOON = (datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (9, 10, 12))
UTC_ZONE = load_zone("UTC")
TIMES = "DTSTART:20260302T090000Z\r\nDTEND:20260302T100000Z"
EVENT = f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{TIMES}\r\nEND:VEVENT\r\nEND:VCALENDAR"


def test_everything_is_kept_and_found() -> None:
    text = (
        '\ufeffBEGIN:vcalendar\nx-own;a=1,"2;3",;B="":v:a;l,u\\,e\nBEGIN:VEVENT\nSUMMARY;LANGUAGE=de:Gr\n\t\u00f6\u00dfe\\n2\n'
        "BEGIN:VALARM\nACTION:DISPLAY\nEND:VALARM\nSUMMARY:again\nEND:VEVENT\nBEGIN:X-NEW\nEND:X-NEW\nEND:VCALENDAR\n\n"
    )
    (calendar,) = ical.read_calendar(text)
    (line,) = calendar.every("X-Own")
    assert line.parameters == (("A", ("1", "2;3", "")), ("B", ("",)))
    assert (line.value, line.parameter("a"), line.parameter("c")) == ("v:a;l,u\\,e", "1", None)
    event, new = calendar.components
    assert [one.text for one in event.every("SUMMARY")] == ["Gr\u00f6\u00dfe\n2", "again"]
    assert (event.value("summary"), event.value("UID")) == ("Gr\u00f6\u00dfe\\n2", None)
    assert (event.components[0].name, new.name) == ("VALARM", "X-NEW")
    assert ical.read_calendar(ical.write_calendar(calendar)) == (calendar,)


def test_several_calendars_in_one_text() -> None:
    one = ical.CalendarComponent("VCALENDAR", [ical.ContentLine("VERSION", "2.0")])
    assert ical.read_calendar(ical.write_calendar(one, one)) == (one, one)


@pytest.mark.parametrize(
    ("make", "got"),
    [
        (lambda: ical.ContentLine("A B", ""), "A B"),
        (lambda: ical.ContentLine("", ""), ""),
        (lambda: ical.ContentLine("begin", "VEVENT"), "BEGIN"),
        (lambda: ical.ContentLine("A", "1\n2"), "1\n2"),
        (lambda: ical.ContentLine("A", "\ud800"), "\ud800"),
        (lambda: ical.ContentLine("A", "", [("B", ['"'])]), '"'),
        (lambda: ical.CalendarComponent("V:X"), "V:X"),
    ],
)
def test_what_no_line_can_say_is_refused(make: object, got: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        make()  # type: ignore[operator]
    assert caught.value.got == got


def test_other_types_are_refused() -> None:
    number: Any = 3
    with pytest.raises(InvalidValueError):
        ical.ContentLine(number, "")
    with pytest.raises(InvalidValueError):
        ical.ContentLine("A", number)
    with pytest.raises(InvalidValueError):
        ical.CalendarComponent("A", [number])


def nested(depth: int) -> ical.CalendarComponent:
    inner = ical.CalendarComponent("X-DEEP")
    for _ in range(depth - 1):
        inner = ical.CalendarComponent("X-DEEP", [], inner)
    return ical.CalendarComponent("VCALENDAR", [], inner)


def test_components_that_no_reader_takes_are_refused() -> None:
    event = ical.CalendarComponent("VEVENT")
    assert len(ical.read_calendar(ical.write_calendar(nested(15)))) == 1
    for bad in (event, ical.CalendarComponent("VCALENDAR", [], nested(1)), nested(16)):
        with pytest.raises(InvalidValueError):
            ical.write_calendar(bad)
    with pytest.raises(InvalidValueError):
        ical.write_calendar(ical.CalendarComponent("VCALENDAR", [], ical.CalendarComponent("X-A", [], event)))
    with pytest.raises(InvalidValueError):
        ical.write_calendar()


def test_a_line_that_cannot_be_read_is_refused_with_its_number() -> None:
    with pytest.raises(InvalidCalendarError) as caught:
        ical.read_calendar("BEGIN:VCALENDAR\nBEGIN:VEVENT\nodd\nEND:VEVENT\nEND:VCALENDAR")
    assert caught.value.line == 3
    with pytest.raises(LimitExceededError):
        ical.read_calendar(EVENT, max_bytes=20)
    with pytest.raises(InvalidValueError):
        ical.read_calendar(EVENT, max_bytes=0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\r\r\n"])
def test_encodings_and_line_ends(encoding: str, end: str) -> None:
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    raw = (mark + EVENT.replace("\r\n", end)).encode(encoding)
    feed = ical.read_busy(raw, within=Interval(NINE, NOON), zone=UTC_ZONE)
    assert feed.busy == IntervalSet.of(Interval(NINE, TEN))


def test_damaged_utf16_is_refused() -> None:
    for raw in (EVENT.encode("utf-16")[:-1], b"\xff\xfe\x00\xd8A\x00"):
        with pytest.raises(InvalidCalendarError) as caught:
            ical.read_busy(raw, within=Interval(NINE, NOON), zone=UTC_ZONE)
        assert caught.value.line == 1
    with pytest.raises(LimitExceededError):
        ical.read_busy(EVENT.encode("utf-16"), within=Interval(NINE, NOON), zone=UTC_ZONE, max_bytes=100)


# --- intervals --------------------------------------------------------------------------------------------------------


def test_busy_time_as_a_calendar() -> None:
    known = IntervalSet.of(Interval(NINE, TEN), Interval(NOON, NOON + timedelta(hours=1)))
    busy = IntervalSet.of(Interval(NINE, NINE + timedelta(minutes=5)))
    text = ical.write_busy(busy, known=known, now=NOW, uid="a,b", name="Ana; own")
    assert text.count("BEGIN:VFREEBUSY") == 2
    assert "UID:a\\,b-2" in text
    feed = ical.read_busy(text, within=Interval(NINE - timedelta(days=1), NOON + timedelta(days=1)), zone=UTC_ZONE)
    assert (feed.busy, feed.known, feed.name) == (busy, known, "Ana; own")


@pytest.mark.parametrize(
    ("busy", "known"),
    [
        (IntervalSet.empty(), IntervalSet.empty()),
        (IntervalSet.of(Interval(NINE, NOON)), IntervalSet.of(Interval(NINE, TEN))),
        (IntervalSet.empty(), IntervalSet.of(Interval(NINE, TEN + timedelta(microseconds=1)))),
    ],
)
def test_busy_time_that_cannot_be_told_is_refused(busy: IntervalSet, known: IntervalSet) -> None:
    with pytest.raises(InvalidValueError):
        ical.write_busy(busy, known=known, now=NOW, uid="x")


def test_free_time_and_events_as_calendars() -> None:
    text = ical.write_free([("ana", []), ("", [Interval(NINE, TEN)])], within=Interval(NINE, NOON), now=NOW)
    first, second = ical.read_calendar(text)[0].components
    assert (first.value("COMMENT"), first.value("FREEBUSY"), second.value("COMMENT")) == ("ana", None, None)
    assert second.every("FREEBUSY")[0].parameter("FBTYPE") == "FREE"
    events = [("1", "Nails, claws", Interval(NINE, TEN))]
    within = Interval(NINE, NOON)
    busy, free = (ical.write_events(events, now=NOW, busy=one, name="Slots") for one in (True, False))
    assert ical.read_busy(busy, within=within, zone=UTC_ZONE).busy == IntervalSet.of(Interval(NINE, TEN))
    assert not ical.read_busy(free, within=within, zone=UTC_ZONE).busy
    assert "DTSTAMP:20261101T120000Z" in busy


# --- zones ------------------------------------------------------------------------------------------------------------


def parts(zone: TimeZone, first: int = 2026, last: int = 2027) -> list[dict[str, str]]:
    edges = (to_us(datetime(year, 1, 1, tzinfo=UTC)) for year in (first, last))
    component = zone_component(zone, *edges)
    return [{"name": part.name} | {line.name: line.value for line in part.lines} for part in component.components]


def test_a_zone_with_a_yearly_rule() -> None:
    daylight, standard = parts(load_zone("Europe/Berlin"))
    assert daylight == {
        "name": "DAYLIGHT",
        "DTSTART": "19990328T020000",
        "TZOFFSETFROM": "+0100",
        "TZOFFSETTO": "+0200",
        "RRULE": "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    }
    assert standard["RRULE"] == "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"


def test_a_zone_whose_rule_begins_later_lists_dates_before_it() -> None:
    first, *_, daylight, standard, november = parts(load_zone("Africa/Cairo"), 2024, 2025)
    assert (first["TZOFFSETFROM"], first["TZOFFSETTO"]) == ("+0200", "+0200")
    assert daylight["RRULE"].endswith("BYDAY=-1FR")
    assert standard["RRULE"].endswith("BYMONTH=10;BYMONTHDAY=26,27,28,29,30,31;BYDAY=FR")
    assert november["RRULE"].endswith("BYMONTH=11;BYMONTHDAY=1;BYDAY=FR")


def test_a_zone_without_a_rule_lists_the_changes_of_the_time_asked_for() -> None:
    (only,) = parts(load_zone("Asia/Kolkata"))
    assert (only["name"], only["TZOFFSETTO"]) == ("STANDARD", "+0530")
    changes = [(datetime(2026, month, 1, tzinfo=UTC), timedelta(hours=month % 4)) for month in (2, 4, 6, 8)]
    first, away, back = parts(TimeZone.from_transitions("Own", changes, first_offset=timedelta(0)))
    assert (first["TZOFFSETTO"], first["DTSTART"]) == ("+0000", "20241231T000000")
    assert (away["DTSTART"], away["RDATE"]) == ("20260201T000000", "20260601T000000")
    assert (back["DTSTART"], back["RDATE"]) == ("20260401T020000", "20260801T020000")


def test_offsets_with_seconds_and_the_first_year() -> None:
    (only, *_) = parts(load_zone("Africa/Monrovia"), 1, 2)
    assert only["TZOFFSETTO"] == "-004308"


def test_a_rule_about_days_of_the_year_is_listed() -> None:
    """POSIX may name the 60th day: no weekday of a month."""
    zone = TimeZone.from_transitions("Own", [], first_offset=timedelta(hours=1), tail="AAA-1BBB,J60,J300")
    found = parts(zone)
    assert all("RRULE" not in part for part in found)
    assert len(found) == 3
