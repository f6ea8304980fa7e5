"""Calendars, their hours and what is free of them. 2026-11-23 is a Monday."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from petpro_core.availability import (
    Calendar,
    CalendarBatch,
    HoursCache,
    LocalDays,
    calendar_hours,
    free_time,
    open_hours,
)
from petpro_core.errors import InvalidValueError, UnknownTimeZoneError
from petpro_core.intervals import Interval, IntervalBatch, IntervalSet
from petpro_core.schedules import Schedule, TimeOff, WeeklyHours
from petpro_core.schedules.weekly import day_number
from petpro_core.timezones import load_zone

WEEK = WeeklyHours({"monday": ["09:00-12:00"]})


def at(hour: int, minute: int = 0, *, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def time(start: int, end: int, *, day: int = 23) -> Interval:
    return Interval(at(start, day=day), at(end, day=day))


DAY = Interval(at(0), at(0, day=24))
CLINIC = Calendar(Schedule("UTC", WEEK))
BERLIN = Calendar(Schedule("Europe/Berlin", WEEK))


def rows(batch: IntervalBatch) -> list[list[Interval]]:
    return [list(row) for row in batch]


class TestCalendar:
    def test_one_schedule_and_one_absence_need_no_list(self) -> None:
        off = TimeOff(time(9, 10))
        assert Calendar(Schedule("UTC"), off) == Calendar([Schedule("UTC")], [off])

    def test_home_is_the_zone_of_the_first_schedule(self) -> None:
        assert Calendar([Schedule("Asia/Tokyo"), Schedule("UTC")]).zone.key == "Asia/Tokyo"

    def test_a_calendar_says_something(self) -> None:
        with pytest.raises(InvalidValueError, match="at least one schedule"):
            Calendar([])

    @pytest.mark.parametrize("capacity", [0, -1])
    def test_a_capacity_fits_something(self, capacity: int) -> None:
        with pytest.raises(InvalidValueError) as caught:
            Calendar(Schedule("UTC"), capacity=capacity)
        assert caught.value.got == capacity


class TestBatch:
    def test_rows_that_share_their_hours_keep_them_once(self) -> None:
        shared = Schedule("UTC", WEEK)
        off = TimeOff(time(9, 10))
        batch = CalendarBatch.of(
            [
                Calendar(shared),
                Calendar(shared, capacity=4),
                Calendar(shared, off),
                Calendar([shared, Schedule("UTC")]),
                Calendar(shared, off),
            ]
        )
        assert (len(batch), len(batch.distinct)) == (5, 3)
        assert batch.index.tolist() == [0, 0, 1, 2, 1]
        assert (batch.handles.tolist(), batch.capacities.tolist()) == ([0, 1, 2, 3, 4], [1, 4, 1, 1, 1])
        assert CalendarBatch.of(batch) is batch

    def test_nothing_is_a_batch_of_no_rows(self) -> None:
        batch = CalendarBatch.of([])
        assert (len(batch), batch.distinct, batch.handles.tolist()) == (0, (), [])

    def test_columns_are_frozen(self) -> None:
        batch = CalendarBatch.of(CLINIC, [7])
        for column in (batch.index, batch.handles, batch.capacities):
            with pytest.raises(ValueError, match="read-only"):
                column[0] = 1

    @pytest.mark.parametrize("handles", [[], [1], [1, 1], [1, 2, 3], [[1, 2]]])
    def test_each_calendar_has_one_handle(self, handles: Any) -> None:
        with pytest.raises(InvalidValueError) as caught:
            CalendarBatch.of([CLINIC, BERLIN], handles)
        assert (caught.value.calendars, caught.value.handles) == (2, handles)

    def test_some_rows_keep_only_the_calendars_that_they_use(self) -> None:
        batch = CalendarBatch.of([CLINIC, BERLIN, BERLIN, CLINIC], [10, 20, 30, 40])
        some = batch.rows(1, 3)
        assert (some.distinct, some.index.tolist(), some.handles.tolist()) == ((BERLIN,), [0, 0], [20, 30])
        assert batch.rows(2, 4).index.tolist() == [1, 0]


class TestLocalDays:
    def test_days_are_those_of_each_calendar_or_of_one_zone(self) -> None:
        berlin = load_zone("Europe/Berlin")
        change = LocalDays(date(2026, 10, 25), date(2026, 10, 25))
        hours = [(e - s) // 3_600_000_000 for s, e in (change.bounds_us(zone) for zone in (berlin, load_zone("UTC")))]
        assert hours == [25, 24]
        told = LocalDays(date(2026, 10, 25), date(2026, 10, 26), "Europe/Berlin")
        assert told.bounds_us(load_zone("UTC")) == LocalDays(told.first, told.last).bounds_us(berlin)

    @pytest.mark.parametrize(
        ("first", "last"),
        [
            (date(2026, 1, 2), date(2026, 1, 1)),
            (datetime(2026, 1, 1, tzinfo=UTC), date(2026, 1, 2)),
            (date(2026, 1, 1), "2026-01-02"),
        ],
    )
    def test_days_that_cannot_be_meant_are_refused(self, first: Any, last: Any) -> None:
        with pytest.raises(InvalidValueError):
            LocalDays(first, last)

    def test_an_unknown_zone_is_refused(self) -> None:
        with pytest.raises(UnknownTimeZoneError):
            LocalDays(date(2026, 1, 1), date(2026, 1, 1), "Mars/Base")


class TestOpenHours:
    def test_hours_minus_time_off_clipped_to_the_range(self) -> None:
        away = Calendar(Schedule("UTC", WEEK), [TimeOff(time(8, 10)), TimeOff(time(11, 12))])
        assert rows(open_hours([CLINIC, away, BERLIN], within=Interval(at(0), at(11, 30)))) == [
            [Interval(at(9), at(11, 30))],
            [time(10, 11)],
            [time(8, 11)],
        ]

    def test_no_calendars_have_no_hours(self) -> None:
        assert len(open_hours([], within=DAY)) == 0

    def test_a_long_absence_closes_only_its_own_row(self) -> None:
        years = TimeOff(Interval(datetime(2000, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)))
        found = open_hours([CLINIC, Calendar(Schedule("UTC", WEEK), years), CLINIC], within=DAY)
        assert rows(found) == [[time(9, 12)], [], [time(9, 12)]]

    def test_openings_that_touch_are_one_time(self) -> None:
        touching = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00", "12:00-13:00"]})))
        assert rows(open_hours(touching, within=DAY)) == [[time(9, 13)]]

    def test_two_schedules_that_open_together(self) -> None:
        twice = Calendar([Schedule("UTC", WEEK), Schedule("UTC", WeeklyHours({"monday": ["09:00-17:00"]}))])
        assert rows(open_hours(twice, within=DAY)) == [[time(9, 17)]]

    def test_hours_of_a_place(self) -> None:
        calendar = Calendar(
            [
                Schedule("UTC", WEEK, location=1),
                Schedule("UTC", WeeklyHours({"monday": ["14:00-15:00"]}), location=2),
                Schedule("UTC", WeeklyHours({"monday": ["16:00-17:00"]})),
            ]
        )
        found = {place: rows(open_hours(calendar, within=DAY, location=place))[0] for place in (None, 1, 2, 3)}
        anywhere = time(16, 17)
        assert found == {
            None: [time(9, 12), time(14, 15), anywhere],
            1: [time(9, 12), anywhere],
            2: [time(14, 15), anywhere],
            3: [anywhere],
        }

    def test_what_time_off_leaves_keeps_its_beginning(self) -> None:
        away = Calendar(Schedule("UTC", WEEK), TimeOff(Interval(at(9, 50), at(10, 10))))
        hours = calendar_hours([away], day_number(date(2026, 11, 23)), day_number(date(2026, 11, 23)))
        nine = Interval(at(9), at(10)).start_us
        assert hours.opened.tolist() == [nine, nine]
        assert (hours.ends - hours.starts).tolist() == [50 * 60_000_000, 110 * 60_000_000]


class TestFreeTime:
    def test_free_is_hours_minus_busy(self) -> None:
        busy = IntervalSet.of(time(8, 10))
        assert rows(free_time([CLINIC, BERLIN], busy=busy, within=DAY)) == [[time(10, 12)], [time(10, 11)]]

    def test_each_row_may_have_busy_time_of_its_own(self) -> None:
        busy = IntervalBatch.from_sets([IntervalSet.from_us([], []), IntervalSet.of(time(8, 10))])
        assert rows(free_time([CLINIC, BERLIN], busy=busy, within=DAY)) == [[time(9, 12)], [time(10, 11)]]

    def test_free_time_of_a_place(self) -> None:
        calendar = Calendar([Schedule("UTC", WEEK, location=1)])
        nothing = IntervalSet.from_us([], [])
        assert rows(free_time(calendar, busy=nothing, within=DAY, location=2)) == [[]]


class TestHoursCache:
    def test_a_cache_gives_what_it_was_asked_for(self) -> None:
        cache = HoursCache()
        days = day_number(date(2026, 11, 20)), day_number(date(2026, 11, 30))
        for _ in range(2):
            for split in (False, True):
                for location in (None, 1):
                    kept = cache.hours([CLINIC, BERLIN], *days, split=split, location=location)
                    fresh = calendar_hours([CLINIC, BERLIN], *days, split=split, location=location)
                    for name in ("offsets", "starts", "ends", "opened", "midnights"):
                        assert np.array_equal(getattr(kept, name), getattr(fresh, name))

    def test_hours_are_expanded_once(self) -> None:
        cache = HoursCache()
        first = cache.hours([CLINIC], 0, 7, split=False, location=None)
        assert cache.hours([CLINIC], 0, 7, split=False, location=None) is first
        assert cache.hours([CLINIC], 0, 8, split=False, location=None) is not first
        assert cache.hours([BERLIN], 0, 7, split=False, location=None) is not first
