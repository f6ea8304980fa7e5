"""Hours by the wall clock, their exceptions, and what becomes of them on the UTC line.

2026-11-23 is a Monday. Berlin is an hour ahead of UTC in winter and two in summer; its clocks go from 02:00 to 03:00 on
2026-03-29 and from 03:00 back to 02:00 on 2026-10-25.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pytest

from petpro_core.errors import InvalidIntervalError, InvalidValueError, UnknownTimeZoneError
from petpro_core.intervals import Interval, from_us
from petpro_core.schedules import (
    ClockRange,
    Closure,
    DateOverride,
    ExtraHours,
    Holiday,
    Openings,
    Schedule,
    Season,
    TemporaryZone,
    TimeOff,
    WeeklyHours,
    expand,
)
from petpro_core.schedules.weekly import as_ranges, cut_breaks, day_number, day_of_number
from petpro_core.timezones import load_zone

HOUR = 3_600_000_000
MONDAY = date(2026, 11, 23)


def told(us: int) -> str:
    return from_us(us).strftime("%a %d %H:%M")


def openings(
    *rows: Schedule | list[Schedule], first: date = MONDAY, last: date = MONDAY, split: bool = False
) -> Openings:
    every = [row if isinstance(row, list) else [row] for row in rows]
    return expand(every, first_day=day_number(first), last_day=day_number(last), split_at_changes=split)


def opened(*rows: Schedule | list[Schedule], first: date = MONDAY, last: date = MONDAY) -> list[tuple[str, str]]:
    found = openings(*rows, first=first, last=last)
    return [(told(s), told(e)) for s, e in zip(found.starts.tolist(), found.ends.tolist(), strict=True)]


class TestClockRange:
    @pytest.mark.parametrize(
        ("text", "start", "end", "name"),
        [
            ("09:00-17:00", 9, 17, ""),
            ("9:00-17:00", 9, 17, ""),
            ("09:00 \u2013 17:00", 9, 17, ""),
            ("09:00 to 17:00", 9, 17, ""),
            ("12:00-13:00 lunch", 12, 13, "lunch"),
            ("22:00-02:00 night shift", 22, 26, "night shift"),
            ("17:00-24:00", 17, 24, ""),
            ("17:00-00:00", 17, 24, ""),
            ("00:00-24:00", 0, 24, ""),
            ("09:00-09:00", 9, 33, ""),
        ],
    )
    def test_text_is_read(self, text: str, start: int, end: int, name: str) -> None:
        hours = ClockRange.parse(text)
        assert (hours.start_us, hours.end_us, hours.name) == (start * HOUR, end * HOUR, name)

    @pytest.mark.parametrize("text", ["", "9-17", "09:00", "09:00-", "09:00/17:00", "monday"])
    def test_other_text_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidValueError) as caught:
            ClockRange.parse(text)
        assert (caught.value.code, caught.value.got) == ("invalid_value", text)

    @pytest.mark.parametrize("text", ["25:00-26:00", "09:60-10:00", "24:30-25:00"])
    def test_a_time_that_no_clock_shows_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidValueError, match="between 00:00 and 24:00"):
            ClockRange.parse(text)

    def test_times_are_taken_too(self) -> None:
        assert ClockRange(time(9, 0, 30), time(10)).start_us == 9 * HOUR + 30_000_000

    def test_a_clock_time_has_no_zone_of_its_own(self) -> None:
        with pytest.raises(InvalidValueError) as caught:
            ClockRange(time(9, tzinfo=UTC), time(10))
        assert caught.value.got == time(9, tzinfo=UTC)

    def test_repr_writes_hours_as_people_do(self) -> None:
        assert repr(ClockRange.parse("12:00-13:00 lunch")) == "ClockRange(12:00 to 13:00 lunch)"
        assert repr(ClockRange.parse("09:00:30-10:00")) == "ClockRange(09:00:30 to 10:00)"


class TestRanges:
    def test_ranges_of_a_day_are_sorted_and_may_touch(self) -> None:
        assert [r.start_us // HOUR for r in as_ranges(["13:00-17:00", ClockRange.parse("09:00-13:00")])] == [9, 13]

    @pytest.mark.parametrize("one", ["09:00-10:00", ClockRange.parse("09:00-10:00")])
    def test_one_range_needs_no_list(self, one: str | ClockRange) -> None:
        assert as_ranges(one) == (ClockRange.parse("09:00-10:00"),)

    @pytest.mark.parametrize(
        "ranges", [["09:00-13:00", "12:59-17:00"], ["20:00-02:00", "23:00-24:00"], ["09:00-10:00", "09:00-10:00"]]
    )
    def test_ranges_of_a_day_do_not_overlap(self, ranges: list[str]) -> None:
        with pytest.raises(InvalidValueError, match="may touch but not overlap"):
            as_ranges(ranges)

    @pytest.mark.parametrize(
        ("hours", "breaks", "left"),
        [
            (["09:00-17:00"], ["12:00-13:00"], [(9, 12), (13, 17)]),
            (["09:00-17:00"], ["08:00-10:00"], [(10, 17)]),
            (["09:00-17:00"], ["16:00-18:00"], [(9, 16)]),
            (["09:00-17:00"], ["08:00-18:00"], []),
            (["09:00-17:00"], ["09:00-17:00"], []),
            (["09:00-17:00"], ["17:00-18:00"], [(9, 17)]),
            (["09:00-17:00"], ["08:00-09:00"], [(9, 17)]),
            (["09:00-17:00"], ["10:00-11:00", "14:00-15:00"], [(9, 10), (11, 14), (15, 17)]),
            # A break after midnight reaches the hours of the evening before.
            (["20:00-06:00"], ["02:00-03:00"], [(20, 26), (27, 30)]),
            # One over midnight cuts where it begins, and what would begin a day later lies beyond.
            (["20:00-06:00"], ["23:00-01:00"], [(20, 23), (25, 30)]),
            ([], ["12:00-13:00"], []),
        ],
    )
    def test_breaks_cut_the_hours(self, hours: list[str], breaks: list[str], left: list[tuple[int, int]]) -> None:
        cut = cut_breaks(as_ranges(hours), as_ranges(breaks))
        assert [(start / HOUR, end / HOUR) for start, end in cut] == left


class TestWeeks:
    def test_seven_lists_are_a_week_from_monday(self) -> None:
        week = WeeklyHours([["09:00-10:00"], (), (), (), (), (), ["11:00-12:00"]])
        assert week == WeeklyHours({"sunday": ["11:00-12:00"], "monday": ["09:00-10:00"]})

    def test_a_week_has_seven_days(self) -> None:
        with pytest.raises(InvalidValueError) as caught:
            WeeklyHours([()] * 6)
        assert caught.value.got == 6

    def test_weekdays_have_names(self) -> None:
        with pytest.raises(InvalidValueError) as caught:
            WeeklyHours({"montag": ["09:00-10:00"], "monday": ["09:00-10:00"]})
        assert caught.value.got == ["montag"]

    def test_overlapping_ranges_of_one_weekday_are_refused(self) -> None:
        with pytest.raises(InvalidValueError):
            WeeklyHours({"monday": ["09:00-12:00", "11:00-13:00"]})

    @pytest.mark.parametrize(
        "wrong",
        [
            {"first": date(2026, 2, 1), "last": date(2026, 1, 31)},
            {"every": 0},
            {"every": -1, "week_of": MONDAY},
            {"every": 2},
        ],
    )
    def test_dates_and_weeks_that_cannot_be_meant_are_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(InvalidValueError):
            WeeklyHours({}, **wrong)

    @pytest.mark.parametrize(
        ("rule", "holds"),
        [
            ({}, [1, 1, 1, 1]),
            ({"first": date(2026, 11, 24)}, [0, 1, 1, 1]),
            ({"last": date(2026, 11, 30)}, [1, 1, 1, 0]),
            ({"every": 2, "week_of": date(2026, 11, 29)}, [1, 1, 0, 1]),
            ({"every": 2, "week_of": date(2026, 12, 1)}, [0, 0, 1, 0]),
            ({"every": 1, "week_of": date(2026, 12, 1)}, [1, 1, 1, 1]),
            ({"season": Season((11, 24), (11, 30))}, [0, 1, 1, 0]),
        ],
    )
    def test_the_dates_on_which_hours_hold(self, rule: dict[str, Any], holds: list[int]) -> None:
        days = [MONDAY, date(2026, 11, 24), date(2026, 11, 30), date(2026, 12, 7)]
        week = WeeklyHours({}, **rule)
        assert week.holds_on(np.array([day_number(day) for day in days])).tolist() == [bool(h) for h in holds]
        assert week.always == (rule == {} or rule.get("every") == 1)

    @pytest.mark.parametrize(
        ("season", "inside", "outside"),
        [
            (Season((3, 1), (10, 31)), [(3, 1), (10, 31)], [(2, 28), (11, 1)]),
            (Season((11, 15), (2, 28)), [(11, 15), (12, 31), (1, 1), (2, 28)], [(3, 1), (11, 14)]),
            (Season((2, 29), (2, 29)), [], [(2, 28), (3, 1)]),
        ],
    )
    def test_seasons(self, season: Season, inside: list[tuple[int, int]], outside: list[tuple[int, int]]) -> None:
        assert all(season.holds(date(2026, *day)) for day in inside)
        assert not any(season.holds(date(2026, *day)) for day in outside)

    def test_a_leap_day_is_a_season_of_leap_years(self) -> None:
        assert Season((2, 29), (2, 29)).holds(date(2028, 2, 29))

    @pytest.mark.parametrize("wrong", [(2, 30), (13, 1), (0, 1), (1,), ("1", "2")])
    def test_days_that_no_year_has_are_refused(self, wrong: Any) -> None:
        with pytest.raises(InvalidValueError) as caught:
            Season((1, 1), wrong)
        assert caught.value.got == wrong

    def test_day_numbers_go_there_and_back(self) -> None:
        assert [day_number(date(1969, 12, 31)), day_number(date(1970, 1, 1))] == [-1, 0]
        assert day_of_number(day_number(MONDAY)) == MONDAY


class TestDates:
    @pytest.mark.parametrize("wrong", [datetime(2026, 11, 23, tzinfo=UTC), "2026-11-23", None])
    def test_a_date_has_no_time(self, wrong: Any) -> None:
        with pytest.raises(InvalidValueError) as caught:
            Holiday(wrong)
        assert caught.value.got == wrong

    def test_what_ends_before_it_begins_is_refused(self) -> None:
        day, before = MONDAY, MONDAY - timedelta(days=1)
        with pytest.raises(InvalidValueError):
            Closure(day, before)
        with pytest.raises(InvalidValueError):
            TemporaryZone(day, before, "Asia/Tokyo")
        with pytest.raises(InvalidValueError):
            TimeOff.on(day, before, zone="UTC")
        with pytest.raises(InvalidIntervalError):
            TimeOff(Interval(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)))

    def test_unknown_zones_are_refused(self) -> None:
        for build in (
            lambda: Schedule("Mars/Base"),
            lambda: TemporaryZone(MONDAY, MONDAY, "Mars/Base"),
            lambda: TimeOff.on(MONDAY, zone="Mars/Base"),
        ):
            with pytest.raises(UnknownTimeZoneError) as caught:
                build()
            assert caught.value.code == "unknown_time_zone"

    @pytest.mark.parametrize(
        ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 7, 1), 24)]
    )
    def test_a_day_off_is_a_local_day(self, day: date, hours: int) -> None:
        assert TimeOff.on(day, zone="Europe/Berlin").interval.duration == timedelta(hours=hours)

    def test_days_off_include_the_last(self) -> None:
        off = TimeOff.on(MONDAY, date(2026, 11, 24), zone=load_zone("Europe/Berlin"), name="leave")
        assert off.interval == Interval(datetime(2026, 11, 22, 23, tzinfo=UTC), datetime(2026, 11, 24, 23, tzinfo=UTC))
        assert off.name == "leave"


WEEK = WeeklyHours({"monday": ["09:00-12:00"]})


class TestPrecedence:
    def test_nothing_said_is_closed(self) -> None:
        assert opened(Schedule("UTC")) == []
        assert expand([], first_day=0, last_day=7).offsets.tolist() == [0]
        assert expand([[]], first_day=0, last_day=7).offsets.tolist() == [0, 0]
        assert expand([[], []], first_day=0, last_day=7, split_at_changes=True).offsets.tolist() == [0, 0, 0]

    def test_the_last_weekly_hours_that_hold_win(self) -> None:
        summer = WeeklyHours({"monday": ["07:00-08:00"]}, season=Season((6, 1), (8, 31)))
        schedule = Schedule("UTC", [WEEK, summer])
        assert opened(schedule) == [("Mon 23 09:00", "Mon 23 12:00")]
        july = date(2026, 7, 6)
        assert opened(schedule, first=july, last=july) == [("Mon 06 07:00", "Mon 06 08:00")]
        assert (schedule.hours_on(july), schedule.hours_on(MONDAY)) == (summer, WEEK)
        assert Schedule("UTC", [summer]).hours_on(MONDAY) is None

    @pytest.mark.parametrize(
        ("exceptions", "hours"),
        [
            ({}, [(9, 12)]),
            ({"holidays": [Holiday(MONDAY)]}, []),
            ({"holidays": [Holiday(MONDAY)], "overrides": [DateOverride(MONDAY, ["10:00-11:00"])]}, [(10, 11)]),
            ({"holidays": [Holiday(MONDAY)], "extra": [ExtraHours(MONDAY, ["13:00-14:00"])]}, [(13, 14)]),
            ({"overrides": [DateOverride(MONDAY)]}, []),
            ({"overrides": [DateOverride(MONDAY, "10:00-11:00")]}, [(10, 11)]),
            ({"overrides": [DateOverride(date(2026, 11, 24), ["10:00-11:00"])]}, [(9, 12)]),
            ({"extra": [ExtraHours(MONDAY, ["13:00-14:00"])]}, [(9, 12), (13, 14)]),
            # Where hours overlap, the later opening owns the rest: its grid begins at 11:00.
            ({"extra": [ExtraHours(MONDAY, ["11:00-14:00"])]}, [(9, 11), (11, 14)]),
            ({"extra": [ExtraHours(MONDAY, ["10:00-11:00"])]}, [(9, 10), (10, 12)]),
            ({"extra": [ExtraHours(MONDAY, ["13:00-14:00"])], "closures": [Closure(MONDAY, MONDAY)]}, []),
            (
                {"overrides": [DateOverride(MONDAY, "10:00-11:00")], "closures": [Closure(date(2026, 11, 1), MONDAY)]},
                [],
            ),
            ({"closures": [Closure(date(2026, 11, 24), date(2026, 12, 24))]}, [(9, 12)]),
            ({"closures": [Closure(date(2025, 1, 1), date(2025, 1, 2))]}, [(9, 12)]),
        ],
    )
    def test_exceptions_in_rank(self, exceptions: dict[str, Any], hours: list[tuple[int, int]]) -> None:
        found = opened(Schedule("UTC", WEEK, **exceptions))
        assert found == [(f"Mon 23 {a:02}:00", f"Mon 23 {b:02}:00") for a, b in hours]

    def test_a_closed_day_leaves_the_night_before_alone(self) -> None:
        nights = WeeklyHours({"monday": ["22:00-02:00"], "tuesday": ["22:00-02:00"]})
        schedule = Schedule("UTC", nights, overrides=[DateOverride(date(2026, 11, 24))])
        assert opened(schedule, last=date(2026, 11, 24)) == [("Mon 23 22:00", "Tue 24 02:00")]

    def test_two_overrides_of_one_date_are_refused(self) -> None:
        with pytest.raises(InvalidValueError) as caught:
            Schedule("UTC", overrides=[DateOverride(MONDAY), DateOverride(MONDAY, ["10:00-11:00"])])
        assert caught.value.day == MONDAY

    def test_schedules_of_a_row_are_joined(self) -> None:
        other = Schedule("UTC", WeeklyHours({"monday": ["12:00-13:00", "15:00-16:00"]}))
        assert opened([Schedule("UTC", WEEK), other]) == [
            ("Mon 23 09:00", "Mon 23 12:00"),
            ("Mon 23 12:00", "Mon 23 13:00"),
            ("Mon 23 15:00", "Mon 23 16:00"),
        ]

    def test_hours_that_two_schedules_both_say_come_once(self) -> None:
        longer = Schedule("UTC", WeeklyHours({"monday": ["09:00-17:00"]}))
        both = opened([Schedule("UTC", WEEK), longer])
        assert both == [("Mon 23 09:00", "Mon 23 17:00")]
        assert opened([longer, Schedule("UTC", WEEK)]) == both

    def test_rows_keep_apart(self) -> None:
        found = openings(
            Schedule("UTC", WEEK),
            Schedule("UTC"),
            Schedule("UTC", extra=[ExtraHours(MONDAY, ["08:00-09:00"])]),
            Schedule("Asia/Tokyo", WEEK),
        )
        assert found.offsets.tolist() == [0, 1, 1, 2, 3]
        assert [told(s) for s in found.starts.tolist()] == ["Mon 23 09:00", "Mon 23 08:00", "Mon 23 00:00"]


class TestWhoOwnsTime:
    """Of openings that begin at one instant the later local date owns the time, and then the later schedule."""

    def midnights(self, *schedules: Schedule) -> list[str]:
        found = openings(list(schedules), last=date(2026, 11, 24), split=True)
        assert len(found.starts) == 1
        return [told(us) for us in found.midnights.tolist()]

    def test_the_later_date(self) -> None:
        # Midnight in Cairo is 22:00 UTC of the day before.
        cairo = Schedule("Africa/Cairo", WeeklyHours({"tuesday": ["00:00-02:00"]}))
        utc = Schedule("UTC", WeeklyHours({"monday": ["22:00-23:00"]}))
        assert self.midnights(cairo, utc) == self.midnights(utc, cairo) == ["Mon 23 22:00"]

    def test_the_later_schedule(self) -> None:
        berlin = Schedule("Europe/Berlin", WeeklyHours({"tuesday": ["01:00-02:00"]}))
        utc = Schedule("UTC", WeeklyHours({"tuesday": ["00:00-02:00"]}))
        assert self.midnights(utc, berlin) == ["Mon 23 23:00"]
        assert self.midnights(berlin, utc) == ["Tue 24 00:00"]


class TestClockChanges:
    @pytest.mark.parametrize(
        ("hours", "utc"),
        [
            # 02:30 does not exist: the offset before the gap makes it 03:30.
            ("01:30-02:30", [("Sun 29 00:30", "Sun 29 01:30")]),
            ("02:30-04:00", [("Sun 29 01:30", "Sun 29 02:00")]),
            ("02:00-03:00", []),
            ("02:30-03:15", []),
            ("00:00-24:00", [("Sat 28 23:00", "Sun 29 22:00")]),
        ],
    )
    def test_gap(self, hours: str, utc: list[tuple[str, str]]) -> None:
        day = date(2026, 3, 29)
        schedule = Schedule("Europe/Berlin", WeeklyHours({"sunday": [hours]}))
        assert opened(schedule, first=day, last=day) == utc
        # Beside a row of another zone nothing changes.
        assert opened(schedule, Schedule("Asia/Tokyo", WEEK), first=day, last=day) == utc

    @pytest.mark.parametrize(
        ("hours", "utc"),
        [
            # 02:30 exists twice: the first is meant.
            ("02:30-03:30", ("Sun 25 00:30", "Sun 25 02:30")),
            ("01:00-02:30", ("Sat 24 23:00", "Sun 25 00:30")),
            ("00:00-24:00", ("Sat 24 22:00", "Sun 25 23:00")),
        ],
    )
    def test_fold(self, hours: str, utc: tuple[str, str]) -> None:
        day = date(2026, 10, 25)
        assert opened(Schedule("Europe/Berlin", WeeklyHours({"sunday": [hours]})), first=day, last=day) == [utc]

    def test_ranges_are_cut_where_the_clock_changes_inside_them(self) -> None:
        night = Schedule("Europe/Berlin", WeeklyHours({"saturday": ["22:00-06:00"]}))
        days = {"first": date(2026, 10, 24), "last": date(2026, 10, 24)}
        found = openings(night, **days, split=True)
        assert [told(us) for us in found.starts.tolist()] == ["Sat 24 20:00", "Sun 25 01:00"]
        assert [told(us) for us in found.ends.tolist()] == ["Sun 25 01:00", "Sun 25 05:00"]
        assert [told(us) for us in found.opened.tolist()] == ["Sat 24 20:00"] * 2
        # By the offset in force Saturday's midnight is two hours, then one hour, before that of UTC.
        assert [told(us) for us in found.midnights.tolist()] == ["Fri 23 22:00", "Fri 23 23:00"]
        tokyo = Schedule("Asia/Tokyo", WeeklyHours({"saturday": ["22:00-06:00"]}))
        both = openings(tokyo, night, **days, split=True)
        assert both.offsets.tolist() == [0, 1, 3]
        assert [told(us) for us in both.midnights.tolist()] == ["Fri 23 15:00", "Fri 23 22:00", "Fri 23 23:00"]


class TestTravel:
    def test_hours_are_read_where_somebody_is(self) -> None:
        trip = TemporaryZone(date(2026, 11, 30), date(2026, 12, 6), "Asia/Tokyo")
        detour = TemporaryZone(date(2026, 11, 30), date(2026, 11, 30), "UTC")
        days = {"first": MONDAY, "last": date(2026, 12, 7)}
        at_home = Schedule("Europe/Berlin", WEEK, travel=[trip])
        assert [start for start, _ in opened(at_home, **days)] == ["Mon 23 08:00", "Mon 30 00:00", "Mon 07 08:00"]
        # Of two journeys on one date the last in the list holds.
        assert [start for start, _ in opened(Schedule("Europe/Berlin", WEEK, travel=[trip, detour]), **days)] == [
            "Mon 23 08:00",
            "Mon 30 09:00",
            "Mon 07 08:00",
        ]
        assert [at_home.zone_on(day).key for day in (MONDAY, date(2026, 12, 6), date(2026, 12, 7))] == [
            "Europe/Berlin",
            "Asia/Tokyo",
            "Europe/Berlin",
        ]

    def test_two_of_several_who_travel(self) -> None:
        trip = TemporaryZone(MONDAY, MONDAY, "Asia/Tokyo")
        rows = [Schedule("UTC", WEEK), Schedule("UTC", WEEK, travel=[trip]), Schedule("Europe/Berlin", WEEK)]
        assert [start for start, _ in opened(*rows)] == ["Mon 23 09:00", "Mon 23 00:00", "Mon 23 08:00"]


def test_more_rows_and_days_than_fit_on_a_line_are_taken_in_halves() -> None:
    first, last = date(2, 1, 1), date(9990, 1, 1)
    rare = Schedule("UTC", extra=[ExtraHours(MONDAY, ["10:00-11:00"])])
    never = Schedule("UTC", WeeklyHours({}))
    rows = [[never] for _ in range(16)]
    rows[3] = rows[15] = [rare]
    found = expand(rows, first_day=day_number(first), last_day=day_number(last))
    assert found.offsets.tolist() == [0] * 4 + [1] * 12 + [2]
    assert [told(us) for us in found.starts.tolist()] == ["Mon 23 10:00"] * 2
