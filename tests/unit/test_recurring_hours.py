"""Hours, absences and series that recur: examples worked out by hand, their errors, and the clinic file."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np
import pytest

from petpro_core.availability import Calendar, HoursCache, open_hours
from petpro_core.bookings import BookingTable
from petpro_core.decisions import check_series, explain
from petpro_core.errors import InvalidClinicError, InvalidRecurrenceError, InvalidValueError, LimitExceededError
from petpro_core.interop.clinic import read_clinic, write_clinic
from petpro_core.intervals import ALWAYS, Interval
from petpro_core.reasons import Kind
from petpro_core.recurrence import Recurrence, RecurrenceRule, expand, overlapping
from petpro_core.schedules import Schedule, TimeOff, WeeklyHours
from petpro_core.schedules.weekly import day_number
from petpro_core.slots import CalendarDays, SlotRules

HOUR: Final = timedelta(hours=1)
NEW_YORK: Final = "America/New_York"
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday")
USUAL: Final = WeeklyHours({day: ["09:00-17:00"] for day in DAYS})
SECOND_TUESDAY: Final = WeeklyHours(
    {"tuesday": ["10:00-14:00"]}, first=date(2026, 1, 1), recurs="FREQ=MONTHLY;BYDAY=2TU"
)


def at(text: str) -> datetime:
    """Read a moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall(text: str) -> datetime:
    """Read a wall time."""
    return datetime.fromisoformat(text)


def hours_on(calendar: Calendar, day: str) -> list[str]:
    """Write the hours of a day in UTC."""
    found = open_hours(calendar, within=Interval(at(day), at(day) + timedelta(days=1)))[0]
    return [f"{one.start:%H:%M}-{one.end:%H:%M}" for one in found]


# --- hours ----------------------------------------------------------------------------------------------------------


def test_hours_that_recur_hold_on_the_dates_of_their_rule() -> None:
    calendar = Calendar(Schedule("UTC", [USUAL, SECOND_TUESDAY]))
    assert hours_on(calendar, "2026-01-13") == ["10:00-14:00"]
    assert hours_on(calendar, "2026-01-06") == ["09:00-17:00"]
    assert hours_on(calendar, "2026-02-10") == ["10:00-14:00"]
    assert not SECOND_TUESDAY.always
    assert not Schedule("UTC", SECOND_TUESDAY).plain
    # The first date is one only where the rule gives it: Thursday the 1st is as usual, and before it nothing recurs.
    assert hours_on(calendar, "2026-01-01") == ["09:00-17:00"]
    assert hours_on(calendar, "2025-12-09") == ["09:00-17:00"]
    assert calendar.schedules[0].hours_on(date(2026, 1, 13)) is SECOND_TUESDAY


def test_all_conditions_of_hours_agree() -> None:
    fridays = WeeklyHours(
        {"friday": "08:00-12:00"},
        first=date(2026, 1, 2),
        last=date(2026, 3, 31),
        recurs=RecurrenceRule.parse("FREQ=WEEKLY;INTERVAL=2;COUNT=20"),
    )
    days = np.arange(day_number(date(2026, 1, 1)), day_number(date(2026, 12, 31)))
    held = [date(1970, 1, 1) + timedelta(days=int(day)) for day in days[fridays.holds_on(days)]]
    assert (held[:2], held[-1], len(held)) == ([date(2026, 1, 2), date(2026, 1, 16)], date(2026, 3, 27), 7)
    assert fridays.holds_on(np.empty(0, np.int64)).tolist() == []
    assert hash(fridays) == hash(fridays)


@pytest.mark.parametrize(
    "values",
    [
        {"recurs": "FREQ=DAILY"},
        {"recurs": "FREQ=HOURLY", "first": date(2026, 1, 1)},
        {"recurs": "FREQ=DAILY;BYHOUR=9", "first": date(2026, 1, 1)},
        {"recurs": "FREQ=DAILY;UNTIL=20260102T000000Z", "first": date(2026, 1, 1)},
        {"recurs": "FREQ=SOMETIMES", "first": date(2026, 1, 1)},
        {"recurs": 3, "first": date(2026, 1, 1)},
    ],
)
def test_rules_that_hours_cannot_follow_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError):
        WeeklyHours({"monday": "09:00-12:00"}, **values)


# --- time off -------------------------------------------------------------------------------------------------------

ROUNDS: Final = TimeOff(Recurrence(wall("2026-03-02T12:00"), NEW_YORK, HOUR, rules="FREQ=WEEKLY;BYDAY=MO,WE"), "rounds")


def test_time_off_that_recurs_cuts_by_the_wall_clock() -> None:
    calendar = Calendar(Schedule(NEW_YORK, USUAL), ROUNDS)
    assert hours_on(calendar, "2026-03-04") == ["14:00-17:00", "18:00-22:00"]
    assert hours_on(calendar, "2026-03-09") == ["13:00-16:00", "17:00-21:00"]
    assert hours_on(calendar, "2026-03-10") == ["13:00-21:00"]
    assert hours_on(calendar, "2026-02-25") == ["14:00-22:00"]
    years = Calendar(Schedule("UTC", USUAL), [ROUNDS, TimeOff(Interval(at("2026-03-02"), at("2026-03-03")))])
    assert hours_on(years, "2026-03-02") == []
    assert hours_on(Calendar(Schedule("UTC", USUAL), ROUNDS), "2020-03-02") == ["09:00-17:00"]


def test_time_off_of_whole_days_and_over_the_edge_of_a_window() -> None:
    nights = TimeOff(Recurrence(date(2026, 3, 3), "UTC", 2, rules="FREQ=WEEKLY;COUNT=2"), "course")
    calendar = Calendar(Schedule("UTC", USUAL), nights)
    assert [hours_on(calendar, f"2026-03-{day:02}") for day in (3, 4, 5, 11, 18)] == [
        [],
        [],
        ["09:00-17:00"],
        [],
        ["09:00-17:00"],
    ]


def test_one_absence_and_many() -> None:
    once = TimeOff(Interval(at("2026-03-02"), at("2026-03-03")))
    assert (once.recurs, ROUNDS.recurs) == (False, True)
    assert once.within(Interval(at("2026-03-02T23:00"), at("2026-03-09"))) == [once.interval]
    assert once.within(Interval(at("2026-03-03"), at("2026-03-09"))) == []
    with pytest.raises(InvalidValueError, match="has no one interval, got rounds"):
        _ = ROUNDS.interval
    with pytest.raises(InvalidValueError, match="has no one interval, got 2026-03-02"):
        _ = TimeOff(ROUNDS.when).interval


def test_overlapping_reaches_back_as_far_as_the_longest() -> None:
    long = Interval(at("2026-01-01"), at("2026-03-04T10:00"))
    mixed = Recurrence(wall("2026-03-01T22:00"), "UTC", timedelta(hours=4), rules="FREQ=DAILY;COUNT=5", dates=[long])
    found = list(overlapping(mixed, within=Interval(at("2026-03-04T01:00"), at("2026-03-04T02:00"))))
    assert found == [long, Interval(at("2026-03-03T22:00"), at("2026-03-04T02:00"))]


def test_a_cache_tells_recurring_calendars_apart() -> None:
    cache, first = HoursCache(), day_number(date(2026, 3, 2))
    one, other = (Calendar(Schedule(NEW_YORK, USUAL), off) for off in ((), ROUNDS))
    asked = {"split": False, "location": None}
    assert len(cache.hours([one], first, first, **asked).starts) == 1  # type: ignore[arg-type]  # options by name
    assert len(cache.hours([other], first, first, **asked).starts) == 2  # type: ignore[arg-type]  # likewise


def test_an_absence_that_recurs_is_named() -> None:
    explained = explain(
        Calendar(Schedule(NEW_YORK, USUAL), ROUNDS),
        start=at("2026-03-09T16:30"),
        busy=BookingTable.empty(known=ALWAYS),
        rules=SlotRules(HOUR),
        now=at("2026-03-01"),
    )
    (conflict,) = explained.conflicts
    assert (conflict.kind, conflict.ref) == (Kind.TIME_OFF, "rounds")
    assert conflict.interval == Interval(at("2026-03-09T16:00"), at("2026-03-09T17:00"))


# --- series ---------------------------------------------------------------------------------------------------------

ASKED: Final[dict[str, Any]] = {
    "busy": BookingTable.empty(known=ALWAYS),
    "rules": SlotRules(HOUR),
    "now": at("2026-01-01"),
}


def test_a_series_by_a_rule() -> None:
    calendar = Calendar(Schedule(NEW_YORK, USUAL), ROUNDS)
    series = Recurrence(wall("2026-02-23T12:00"), NEW_YORK, HOUR, rules="FREQ=WEEKLY;COUNT=3")
    assert [len(verdict) for verdict in check_series(calendar, starts=series, **ASKED)] == [0, 1, 1]
    endless = Recurrence(wall("2026-02-23T12:00"), NEW_YORK, HOUR, rules="FREQ=WEEKLY")
    spring = Interval(at("2026-03-01"), at("2026-04-01"))
    verdicts = check_series(calendar, starts=endless, within=spring, **ASKED)
    assert len(verdicts) == len(expand(endless, within=spring)) == 5
    with pytest.raises(LimitExceededError):
        check_series(calendar, starts=endless, **ASKED)
    with pytest.raises(InvalidValueError, match="these starts are listed"):
        check_series(calendar, starts=[], within=spring, **ASKED)


def test_a_series_of_stays() -> None:
    stays = Recurrence(wall("2026-03-02T12:00"), "UTC", 2, rules="FREQ=WEEKLY;COUNT=2")
    asked = {**ASKED, "rules": SlotRules(CalendarDays(2))}
    assert check_series(Calendar(Schedule("UTC", USUAL)), starts=stays, **asked) == ((), ())


def test_a_series_lasts_as_its_visits_do() -> None:
    series = Recurrence(wall("2026-03-02T12:00"), "UTC", 2 * HOUR)
    with pytest.raises(InvalidValueError, match="lasts as long as a visit, got 2:00:00 beside 1:00:00"):
        check_series(Calendar(Schedule("UTC", USUAL)), starts=series, **ASKED)


# --- clinic file ----------------------------------------------------------------------------------------------------

HEAD: Final = '[clinic]\nzone = "America/New_York"\n[[providers]]\nid = "ana"\n'


def file_of(time_off: str = "", hours: str = "") -> str:
    """Write a clinic file."""
    return HEAD + (f"time_off = [{time_off}]\n" if time_off else "") + hours


def test_a_clinic_file_has_hours_and_absences_that_recur() -> None:
    text = file_of(
        '{ start = 2026-03-02T12:00:00, end = 2026-03-02T13:00:00, rrule = "FREQ=WEEKLY", name = "rounds", '
        "excluded = [2026-03-09T12:00:00] }, "
        '{ day = 2026-03-06, rrule = "FREQ=MONTHLY;COUNT=3", excluded = [2026-04-06] }, '
        '{ first = 2026-08-03, last = 2026-08-14, rrule = "FREQ=YEARLY" }',
        '[providers.hours]\nweekdays = "09:00-17:00"\n[[providers.hours.seasons]]\ntuesday = "10:00-14:00"\n'
        'first = 2026-01-01\nrrule = "FREQ=MONTHLY;BYDAY=2TU"\n',
    )
    clinic = read_clinic(text, format="toml")
    calendar = clinic.resources["ana"].calendar
    assert calendar.schedules[0].hours[1].recurs == SECOND_TUESDAY.recurs
    assert hours_on(calendar, "2026-03-10") == ["14:00-18:00"]
    assert hours_on(calendar, "2026-03-02") == ["14:00-17:00", "18:00-22:00"]
    assert hours_on(calendar, "2026-03-09") == ["13:00-21:00"]
    assert [hours_on(calendar, day) for day in ("2026-03-06", "2026-04-06", "2026-05-06")] == [
        [],
        ["13:00-16:00", "17:00-21:00"],
        [],
    ]
    assert hours_on(calendar, "2027-08-04") == []
    again = read_clinic(write_clinic(clinic), format="json")
    within = Interval(at("2026-01-01"), at("2028-01-01"))
    both = [open_hours(one.resources["ana"].calendar, within=within)[0] for one in (clinic, again)]
    assert both[0] == both[1]


@pytest.mark.parametrize(
    ("time_off", "hours", "key", "words"),
    [
        ('{ day = 2026-03-06, rrule = "FREQ=OFTEN" }', "", "providers[0].time_off[0].rrule", "one of YEARLY"),
        ('{ day = 2026-03-06, rrule = "FREQ=HOURLY" }', "", "providers[0].time_off[0].rrule", "by the day or longer"),
        (
            '{ start = 2026-11-01T01:30:00-05:00, end = 2026-11-01T02:30:00, rrule = "FREQ=DAILY" }',
            "",
            "providers[0].time_off[0].start",
            "the second of two",
        ),
        ("{ day = 2026-03-06, excluded = [2026-03-07] }", "", "providers[0].time_off[0].excluded", "add rrule"),
        (
            '{ day = 2026-03-06, rrule = "FREQ=DAILY", excluded = [9] }',
            "",
            "providers[0].time_off[0].excluded[0]",
            "a date",
        ),
        ("", '[[providers.hours.seasons]]\nrrule = "FREQ=DAILY"\n', "providers[0].hours.seasons[0].rrule", "add first"),
        (
            "",
            '[[providers.hours.seasons]]\nfirst = 2026-01-01\nrrule = "FREQ=DAILY;COUNT=x"\n',
            "providers[0].hours.seasons[0].rrule",
            "COUNT is a whole number",
        ),
    ],
)
def test_errors_of_a_clinic_file_name_the_key(time_off: str, hours: str, key: str, words: str) -> None:
    with pytest.raises(InvalidClinicError, match=words) as caught:
        read_clinic(file_of(time_off, hours), format="toml")
    assert caught.value.key == key


@pytest.mark.parametrize(
    "recurrence",
    [
        Recurrence(wall("2026-03-02T12:00"), NEW_YORK, 1, rules="FREQ=DAILY"),
        Recurrence(wall("2026-03-02T12:00"), NEW_YORK, HOUR),
        Recurrence(wall("2026-03-02T12:00"), NEW_YORK, HOUR, rules="FREQ=DAILY", excluding="FREQ=WEEKLY"),
        Recurrence(date(2026, 3, 2), NEW_YORK, rules="FREQ=DAILY", dates=[date(2026, 1, 1)]),
        Recurrence(date(2026, 3, 2), "UTC", rules="FREQ=DAILY"),
    ],
)
def test_absences_that_no_clinic_file_can_say_are_refused(recurrence: Recurrence) -> None:
    clinic = read_clinic(file_of(), format="toml")
    calendar = Calendar(Schedule(NEW_YORK), TimeOff(recurrence))
    object.__setattr__(clinic.resources["ana"], "calendar", calendar)
    with pytest.raises(InvalidValueError, match="an absence of a clinic file recurs by"):
        write_clinic(clinic)


def test_a_json_file_says_the_same() -> None:
    tree = {
        "clinic": {"zone": "UTC"},
        "providers": [{"id": "ana", "time_off": [{"day": "2026-03-06", "rrule": "FREQ=WEEKLY"}]}],
    }
    calendar = read_clinic(json.dumps(tree), format="json").resources["ana"].calendar
    assert calendar.time_off[0].recurs
    with pytest.raises(InvalidRecurrenceError):
        Recurrence(date(2026, 3, 6), "UTC", rules="FREQ=WEEKLY;UNTIL=20260101")
