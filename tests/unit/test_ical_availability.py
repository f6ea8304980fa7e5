"""VAVAILABILITY: the layers of RFC 7953, in time and as schedules."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from petpro_core.availability import Calendar, open_hours
from petpro_core.errors import InvalidCalendarError, InvalidValueError, LimitExceededError
from petpro_core.interop import ical
from petpro_core.intervals import Interval, IntervalSet
from petpro_core.recurrence import Recurrence
from petpro_core.schedules import ClockRange, DateOverride, Schedule, TemporaryZone, TimeOff, WeeklyHours
from petpro_core.schedules.weekly import WEEKDAYS
from petpro_core.timezones import TimeZone, load_zone

NEW_YORK = load_zone("America/New_York")
MARCH = Interval(datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 16, tzinfo=UTC))
NOW = datetime(2026, 1, 1, tzinfo=UTC)
MORNINGS = ["DTSTART;TZID=America/New_York:20260302T090000", "DURATION:PT3H", "RRULE:FREQ=WEEKLY;BYDAY=MO,WE"]


def available(*lines: str) -> list[str]:
    return ["BEGIN:AVAILABLE", *lines, "END:AVAILABLE"]


def layer(*lines: str) -> list[str]:
    return ["BEGIN:VAVAILABILITY", *lines, "END:VAVAILABILITY"]


def calendar(*layers: list[str]) -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", *(line for one in layers for line in one), "END:VCALENDAR"])


def read(*layers: list[str], skip_bad: bool = False) -> ical.AvailabilityFeed:
    return ical.read_availability(calendar(*layers), within=MARCH, zone=NEW_YORK, skip_bad=skip_bad)


def shown(times: IntervalSet) -> list[str]:
    return [f"{one.start:%d %H:%M}-{one.end:%d %H:%M}" for one in times]


def test_what_is_not_available_is_unavailable() -> None:
    feed = read(layer(*available(*MORNINGS)))
    assert shown(feed.free) == ["02 14:00-02 17:00", "04 14:00-04 17:00", "09 13:00-09 16:00", "11 13:00-11 16:00"]
    assert (feed.known, feed.tentative, feed.skipped) == (IntervalSet.of(MARCH), IntervalSet.empty(), ())
    busy = ical.read_busy(calendar(layer(*available(*MORNINGS))), within=MARCH, zone=NEW_YORK)
    assert busy.busy == IntervalSet.of(MARCH).difference(feed.free)
    assert busy.known == IntervalSet.of(MARCH)


def test_a_start_that_its_rule_does_not_give_opens_no_more_often_than_count_says() -> None:
    """For an event it is one more (ADR 12): each time what leaves less time free."""
    monday = ["DTSTART:20260302T090000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=2"]
    assert shown(read(layer(*available(*monday))).free) == ["02 09:00-02 10:00", "03 09:00-03 10:00"]
    event = ["BEGIN:VEVENT", *monday, "END:VEVENT"]
    busy = ical.read_busy(calendar(event), within=MARCH, zone=NEW_YORK).busy
    assert shown(busy) == ["02 09:00-02 10:00", "03 09:00-03 10:00", "10 09:00-10 10:00"]


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        ([*MORNINGS, "EXDAT;TZID=America/New_York:20260304T090000"], "EXDATE"),
        ([*MORNINGS, "EXRUL:FREQ=DAILY"], "EXRULE"),
        ([*MORNINGS, "UD:a"], "UID"),
        ([*MORNINGS, "UID:a", "RECURENCE-ID:20260304T140000Z"], "RECURRENCE-ID"),
        ([*MORNINGS, "SEQENCE:1"], "SEQUENCE"),
        ([*MORNINGS, "STATU:CANCELLED"], "STATUS"),
    ],
)
def test_a_damaged_name_never_makes_hours_longer(lines: list[str], name: str) -> None:
    with pytest.raises(InvalidCalendarError, match=f"one letter from {name} "):
        read(layer(*available(*lines)))
    assert not read(layer(*available(*lines)), skip_bad=True).known


def test_an_absence_whose_priority_is_damaged_does_not_fall_behind_the_hours() -> None:
    with pytest.raises(InvalidCalendarError, match="one letter from PRIORITY "):
        read(layer(*available(*MORNINGS)), layer("PRIORTY:1", "DTSTART:20260303T000000Z"))


def test_nothing_is_told_outside_of_what_is_covered() -> None:
    covered = ["DTSTART:20260303T000000Z", "DTEND:20260310T000000Z"]
    feed = read(layer(*covered, *available(*MORNINGS)))
    assert shown(feed.free) == ["04 14:00-04 17:00", "09 13:00-09 16:00"]
    assert shown(feed.known) == ["03 00:00-10 00:00"]
    assert shown(read(layer("DTSTART:20260303T000000Z", "DURATION:P1DT1H")).known) == ["03 00:00-04 01:00"]
    assert shown(read(layer("DTSTART:20260303T000000Z")).known) == ["03 00:00-16 00:00"]
    assert shown(read(layer("DTEND:20260303T000000Z")).known) == ["02 00:00-03 00:00"]
    assert not read(layer("DTSTART:20270303T000000Z")).known
    assert not read([]).known


def test_priority() -> None:
    """1 is the strongest, 9 the weakest, and 0 or none is weaker still."""
    usual = layer("PRIORITY:9", *available(*MORNINGS))
    week = ["DTSTART:20260309T000000Z", "DTEND:20260316T000000Z"]
    other = available("DTSTART:20260310T180000Z", "DTEND:20260310T190000Z")
    expected = ["02 14:00-02 17:00", "04 14:00-04 17:00", "10 18:00-10 19:00"]
    strong = layer("PRIORITY:1", *week, *other)
    assert shown(read(usual, strong).free) == shown(read(strong, usual).free) == expected
    for weak in (layer(*week, *other), layer("PRIORITY:0", *week, *other)):
        assert read(usual, weak).free == read(usual).free
    same = layer("PRIORITY:9", *week, *other)
    assert shown(read(usual, same).free) == [*expected[:2], "09 13:00-09 16:00", expected[2], "11 13:00-11 16:00"]


def test_busy_types() -> None:
    soft = layer("BUSYTYPE:BUSY-TENTATIVE", *available(*MORNINGS))
    feed = read(soft)
    assert feed.tentative == IntervalSet.of(MARCH).difference(feed.free)
    text = calendar(soft)
    assert not ical.read_busy(text, within=MARCH, zone=NEW_YORK, tentative_blocks=False).busy
    assert ical.read_busy(text, within=MARCH, zone=NEW_YORK).busy == feed.tentative
    hard = layer("BUSYTYPE:BUSY", "DTSTART:20260303T000000Z", "DTEND:20260304T000000Z")
    assert feed.tentative.difference(read(soft, hard).tentative) == IntervalSet.of(
        Interval(datetime(2026, 3, 3, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC))
    )


def test_parts_that_are_changed_and_those_that_are_not_read() -> None:
    changed = ["RECURRENCE-ID;TZID=America/New_York:20260304T090000", "DTSTART:20260305T000000Z", "DURATION:PT1H"]
    parts = [*available("UID:a", *MORNINGS), *available("UID:a", *changed), *available("STATUS:CANCELLED", *MORNINGS)]
    event = ["BEGIN:VEVENT", "DTSTART:odd", "END:VEVENT"]
    feed = read(event, layer(*parts, "BEGIN:X-OTHER", "END:X-OTHER"))
    assert shown(feed.free)[:2] == ["02 14:00-02 17:00", "05 00:00-05 01:00"]


BAD = [
    (["PRIORITY:10"], "PRIORITY"),
    (["PRIORITY:x"], "PRIORITY"),
    (["PRIORITY:1", "PRIORITY:1"], "PRIORITY"),
    (["DTSTART;VALUE=DATE:20260302"], "DTSTART"),
    (["DTEND;VALUE=DATE:20260302"], "DTEND"),
    (["DTSTART:20260302T000000Z", "DTEND:20260302T000000Z"], "DTSTART"),
    (["DURATION:P1D"], "DURATION"),
    (["DTSTART:20260302T000000Z", "DTEND:20260303T000000Z", "DURATION:P1D"], "DURATION"),
    (["odd"], "odd"),
    (available("DTSTART;VALUE=DATE:20260302", "DURATION:P1D"), "DTSTART"),
    (available("DTSTART:20260302T090000Z"), "DTEND"),
    (available("DURATION:PT1H"), "DTSTART"),
    (available(*MORNINGS[:2], "RRULE:FREQ=ODD"), "RRULE"),
    (available("DTSTART:20260302T090000Z", "odd"), "odd"),
]


@pytest.mark.parametrize(("lines", "name"), BAD)
def test_what_cannot_be_read_is_refused_or_leaves_nothing_known(lines: list[str], name: str) -> None:
    good = layer(*available(*MORNINGS))
    with pytest.raises(InvalidCalendarError) as caught:
        read(good, layer(*lines))
    assert caught.value.name == name
    feed = read(good, layer(*lines), skip_bad=True)
    assert (len(feed.skipped), feed.known, feed.free) == (1, IntervalSet.empty(), IntervalSet.empty())
    assert not ical.read_busy(calendar(good, layer(*lines)), within=MARCH, zone=NEW_YORK, skip_bad=True).known
    with pytest.raises(InvalidCalendarError):
        ical.read_hours(calendar(layer(*lines)), zone=NEW_YORK)


def test_bounds() -> None:
    text = calendar(layer(*available(*MORNINGS)))
    with pytest.raises(LimitExceededError):
        ical.read_availability(text, within=MARCH, zone=NEW_YORK, limit=3)
    with pytest.raises(InvalidValueError):
        ical.read_availability(text, within=MARCH, zone=NEW_YORK, limit=0)
    with pytest.raises(LimitExceededError):
        ical.read_hours(text, zone=NEW_YORK, max_bytes=10)


# --- schedules --------------------------------------------------------------------------------------------------------


def hours(*lines: str, more: tuple[str, ...] = ()) -> Schedule:
    (schedule,) = ical.read_hours(calendar(layer(*more, *available(*lines))), zone=NEW_YORK).schedules
    return schedule


def test_a_weekly_part_is_a_schedule() -> None:
    until = [*MORNINGS[:2], "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;UNTIL=20260401T130000Z"]
    closed = "EXDATE;TZID=America/New_York:20260316T090000,20260317T090000,20260304T080000"
    nine = ClockRange("09:00", "12:00")
    days, first = {"monday": [nine], "wednesday": [nine]}, date(2026, 3, 2)
    week = WeeklyHours(days, first=first, last=date(2026, 4, 1), every=2, week_of=first)
    assert hours(*until, closed) == Schedule(
        NEW_YORK, [WeeklyHours({}), week], overrides=[DateOverride(date(2026, 3, 16))]
    )
    assert hours(*until).hours == (WeeklyHours({}), week)
    earlier = hours(*MORNINGS[:2], "RRULE:FREQ=WEEKLY;UNTIL=20260401T125959Z").hours[-1]
    assert earlier.last == date(2026, 3, 31)


def test_a_daily_part_and_a_single_one() -> None:
    daily = hours(*MORNINGS[:2], "RRULE:FREQ=DAILY").hours[-1]
    assert all(len(day) == 1 for day in daily.days)
    some = hours(*MORNINGS[:2], "RRULE:FREQ=DAILY;BYDAY=TU,MO").hours[-1]
    assert [len(day) for day in some.days] == [1, 1, 0, 0, 0, 0, 0]
    single = hours("DTSTART;TZID=America/New_York:20260307T220000", "DURATION:PT7H", "RDATE:20260401T000000Z")
    night, other = single.extra
    assert (night.day, night.ranges) == (date(2026, 3, 7), (ClockRange("22:00", "06:00"),))
    assert (other.day, other.ranges) == (date(2026, 3, 31), (ClockRange("20:00", "03:00"),))
    nothing = hours("DTSTART:20260302T090000Z", "DURATION:PT0S", "RRULE:FREQ=WEEKLY")
    assert not any(nothing.hours[-1].days)
    assert nothing.extra == ()


def test_a_start_that_its_rule_does_not_give_is_hours_too() -> None:
    schedule = hours(*MORNINGS[:2], "RRULE:FREQ=WEEKLY;BYDAY=TU")
    assert schedule.extra[0].day == date(2026, 3, 2)
    assert hours(*MORNINGS[:2], "RRULE:FREQ=WEEKLY;BYDAY=TU", "EXDATE:20260302T140000Z").extra == ()


def test_an_exception_in_the_hour_that_is_skipped() -> None:
    """02:30 on the 8th is 03:30, and that is what EXDATE means too."""
    schedule = hours(
        "DTSTART;TZID=America/New_York:20260301T023000",
        "DURATION:PT30M",
        "RRULE:FREQ=WEEKLY",
        "EXDATE;TZID=America/New_York:20260308T023000",
    )
    assert [one.day for one in schedule.overrides] == [date(2026, 3, 8)]


def test_absences_and_what_is_not_told() -> None:
    away = layer("PRIORITY:1", "SUMMARY:leave\\, far", "DTSTART:20260304T000000Z", "DURATION:P1D")
    told = ["PRIORITY:9", "DTSTART:20260302T050000Z", "DTEND:20260401T040000Z"]
    found = ical.read_hours(calendar(layer(*told, *available(*MORNINGS)), away), zone=load_zone("UTC"))
    assert [off.name for off in found.time_off] == ["leave, far", "not told", "not told"]
    assert found.zone == NEW_YORK
    window = Interval(MARCH.start - timedelta(days=30), MARCH.end + timedelta(days=30))
    assert {one.start.day for one in open_hours(found, within=window)[0]} == {2, 9, 11, 16, 18, 23, 25, 30}
    never = ical.read_hours(calendar(away), zone=NEW_YORK)
    assert (never.schedules, len(never.time_off)) == ((Schedule(NEW_YORK),), 1)


def test_components_that_cover_no_time() -> None:
    nothing = "DTEND:00010101T000000Z"
    found = ical.read_hours(calendar(layer(nothing, *available(*MORNINGS))), zone=NEW_YORK)
    assert (len(found.schedules), found.time_off) == (1, ())
    assert not read(layer(nothing)).known


OUTSIDE = [
    [available(*MORNINGS[:2], "RRULE:FREQ=MONTHLY")],
    [available(*MORNINGS[:2], "RRULE:FREQ=DAILY;INTERVAL=2")],
    [available(*MORNINGS[:2], "RRULE:FREQ=WEEKLY;COUNT=3")],
    [available(*MORNINGS[:2], "RRULE:FREQ=WEEKLY;BYMONTH=3")],
    [available(*MORNINGS[:2], "RRULE:FREQ=WEEKLY;INTERVAL=2;WKST=SU")],
    [available(*MORNINGS[:2], "RRULE:FREQ=WEEKLY;INTERVAL=1001")],
    [available(*MORNINGS[:2], "RRULE:FREQ=WEEKLY;UNTIL=20260201T000000Z")],
    [available(*MORNINGS, "RRULE:FREQ=DAILY")],
    [available(*MORNINGS, "EXRULE:FREQ=DAILY")],
    [available("UID:a", "RECURRENCE-ID:20260302T090000Z", *MORNINGS[:2])],
    [available(MORNINGS[0], "DURATION:PT25H")],
    [available(MORNINGS[0], "DURATION:P1DT1S", "RRULE:FREQ=WEEKLY")],
    [available(MORNINGS[0], "DTEND:20261101T063000Z")],
    [available("DTSTART;TZID=America/New_York:20261101T003000", "DTEND:20261101T063000Z")],
    [available(*MORNINGS), ["DTSTART:20260101T000000Z"]],
    [["PRIORITY:1", *available(*MORNINGS)], available(*MORNINGS)],
    [["PRIORITY:5", *available(*MORNINGS)], ["PRIORITY:5", "DTSTART:20260303T000000Z", "DTEND:20260304T000000Z"]],
    [["DTEND:20260401T000000Z", *available(*MORNINGS)], available(*MORNINGS)],
    [["DTSTART:20260303T000000Z"]],
    [["DTEND:20260303T000000Z"]],
]


@pytest.mark.parametrize("layers", OUTSIDE)
def test_what_schedules_cannot_say_is_refused(layers: list[list[str]]) -> None:
    with pytest.raises(InvalidCalendarError) as caught:
        ical.read_hours(calendar(*(layer(*lines) for lines in layers)), zone=NEW_YORK)
    assert caught.value.allowed or caught.value.got == "nothing"


def test_a_calendar_without_hours_is_refused() -> None:
    for text in (calendar(), "BEGIN:VCALENDAR\nodd\nEND:VCALENDAR"):
        with pytest.raises(InvalidCalendarError):
            ical.read_hours(text, zone=NEW_YORK)


# --- writing ----------------------------------------------------------------------------------------------------------


def written(target: Calendar, first: date = date(2026, 3, 2), last: date = date(2026, 3, 29)) -> list[dict[str, str]]:
    text = ical.write_hours(target, first=first, last=last, now=NOW, uid="x")
    return [
        {line.name: line.value for line in part.lines if line.name not in ("UID", "DTSTAMP")}
        for one in ical.read_calendar(text)[0].components
        for part in (one.components if one.name == "VAVAILABILITY" else ())
    ]


def test_a_week_is_one_rule() -> None:
    week = WeeklyHours({"monday": ["09:00-12:00"], "tuesday": ["09:00-12:00"], "friday": ["13:00-24:00"]})
    assert written(Calendar(Schedule(NEW_YORK, week))) == [
        {
            "DTSTART": "20260302T090000",
            "DURATION": "PT3H",
            "RRULE": "FREQ=WEEKLY;BYDAY=MO,TU;UNTIL=20260324T130000Z",
        },
        {"DTSTART": "20260306T130000", "DURATION": "PT11H", "RRULE": "FREQ=WEEKLY;BYDAY=FR;UNTIL=20260327T170000Z"},
    ]


def test_exceptions_alternate_weeks_and_long_pauses() -> None:
    week = WeeklyHours({"monday": ["09:00-09:30"]}, every=2, week_of=date(2026, 3, 2))
    two = Calendar(Schedule(NEW_YORK, week, overrides=[DateOverride(date(2026, 3, 30))]))
    (only,) = written(two, last=date(2026, 5, 1))
    assert only["RRULE"] == "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;UNTIL=20260427T130000Z"
    assert only["EXDATE"] == "20260330T090000"
    usual = WeeklyHours({"monday": ["09:00-09:30"]}, first=date(2026, 3, 23))
    seasons = usual, WeeklyHours({}, first=date(2026, 4, 1), last=date(2026, 9, 1))
    first, second = written(Calendar(Schedule(NEW_YORK, seasons)), last=date(2026, 9, 7))
    assert (first["RRULE"], second["DTSTART"], "RRULE" in second) == (
        "FREQ=WEEKLY;BYDAY=MO;UNTIL=20260330T130000Z",
        "20260907T090000",
        False,
    )


def test_scattered_days_are_listed() -> None:
    days = [DateOverride(date(2026, 3, day), ["09:00-09:00"]) for day in (3, 5, 13, 21)]
    (only,) = written(Calendar(Schedule(NEW_YORK, overrides=days)))
    assert only["RDATE"] == "20260305T090000,20260313T090000,20260321T090000"
    assert only["DTEND"] == "20260304T140000Z"


def test_what_the_clock_shows_a_second_time_is_told_in_utc() -> None:
    journey = TemporaryZone(date(2026, 11, 1), date(2026, 11, 1), "UTC")
    schedule = Schedule(NEW_YORK, overrides=[DateOverride(date(2026, 11, 1), ["06:30-07:30"])], travel=[journey])
    (only,) = written(Calendar(schedule), first=date(2026, 10, 1), last=date(2026, 11, 30))
    assert only == {"DTSTART": "20261101T063000Z", "DTEND": "20261101T073000Z"}


def test_an_instance_of_a_day_that_was_left_out_is_not_excluded_with_it() -> None:
    """Apia had no 30 December 2011: what falls on it is shown on the 31st."""
    apia = Calendar(Schedule("Pacific/Apia", WeeklyHours({day: ["09:00-12:00"] for day in WEEKDAYS})))
    first, last = date(2011, 12, 1), date(2012, 1, 31)
    text = ical.write_hours(apia, first=first, last=last, now=NOW, uid="x")
    within = Interval(datetime(2011, 12, 5, tzinfo=UTC), datetime(2012, 1, 20, tzinfo=UTC))
    assert ical.read_availability(text, within=within, zone=apia.zone).free == open_hours(apia, within=within)[0]


def test_what_recurs_is_written_as_often_as_it_happens() -> None:
    monthly = WeeklyHours({"tuesday": ["09:00-12:00"]}, first=date(2026, 1, 1), recurs="FREQ=MONTHLY;BYDAY=2TU")
    rounds = Recurrence(datetime(2026, 3, 3, 10), NEW_YORK, timedelta(hours=1), rules="FREQ=WEEKLY")  # noqa: DTZ001
    often = Calendar(Schedule(NEW_YORK, [WeeklyHours({}), monthly]), TimeOff(rounds, "rounds"))
    first, last = date(2026, 3, 2), date(2026, 4, 30)
    text = ical.write_hours(often, first=first, last=last, now=NOW, uid="x")
    within = Interval(datetime(2026, 3, 3, tzinfo=UTC), datetime(2026, 4, 29, tzinfo=UTC))
    feed = ical.read_availability(text, within=within, zone=NEW_YORK)
    assert shown(feed.free) == ["10 13:00-10 14:00", "10 15:00-10 16:00", "14 13:00-14 14:00", "14 15:00-14 16:00"]
    assert feed.free == open_hours(often, within=within)[0]
    assert text.count("SUMMARY:rounds") == 9


def test_places_names_and_zones() -> None:
    week = WeeklyHours({"monday": ["09:00-12:00"]})
    text = ical.write_hours(
        Calendar([Schedule("UTC", week, location=7), Schedule(NEW_YORK, week)]),
        first=date(2026, 3, 2),
        last=date(2026, 3, 8),
        now=NOW,
        uid="a@b",
        name="Ana, vet",
    )
    zone, hours_ = ical.read_calendar(text)[0].components
    assert zone.value("TZID") == "America/New_York"
    assert [part.value("LOCATION") for part in hours_.components] == ["7", None]
    assert hours_.components[0].value("DTSTART") == "20260302T090000Z"
    assert hours_.every("SUMMARY")[0].text == "Ana, vet"


@pytest.mark.parametrize(
    ("target", "days"),
    [
        (Calendar(Schedule("UTC")), (date(2026, 3, 2), date(2026, 3, 1))),
        (Calendar(Schedule("UTC")), (date(2026, 3, 2), date(2046, 3, 2))),
        (
            Calendar(Schedule("UTC", overrides=[DateOverride(date(2026, 3, 2), ["09:00-10:00"])])),
            (date(2026, 3, 2), date(2026, 3, 3)),
        ),
        (
            Calendar(Schedule("UTC"), TimeOff(Interval.from_us(1, 1_000_000))),
            (date(2026, 3, 2), date(2026, 3, 3)),
        ),
        (
            Calendar(
                Schedule(TimeZone.fixed(timedelta(hours=1)), WeeklyHours({"monday": ["09:00-10:00"]})),
            ),
            (date(2026, 3, 2), date(2026, 3, 3)),
        ),
    ],
)
def test_hours_that_cannot_be_told_are_refused(target: Calendar, days: tuple[date, date]) -> None:
    if target.schedules[0].overrides:
        odd = DateOverride(date(2026, 3, 2), [ClockRange("09:00", "10:00:00.5")])
        target = Calendar(Schedule("UTC", overrides=[odd]))
    with pytest.raises(InvalidValueError):
        ical.write_hours(target, first=days[0], last=days[1], now=NOW, uid="x")
