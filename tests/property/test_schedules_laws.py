"""Opening hours equal the oracle's walk, minute by minute and at every edge."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import attrs
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from petpro_core.availability import Calendar, LocalDays, free_time, open_hours
from petpro_core.intervals import Interval, IntervalSet
from petpro_core.schedules import ClockRange, Schedule, TimeOff, WeeklyHours
from petpro_core.schedules.weekly import day_number
from petpro_core.testing.cases import build
from petpro_core.testing.oracle import Oracle
from petpro_core.testing.strategies import calendars, cases, clock_ranges, intervals, schedules, weekly_hours, zones
from petpro_core.timezones import Instants, TimeZone

Case = dict[str, Any]
DAY = timedelta(days=1)


@given(case=cases(months=False))
def test_open_hours_are_the_oracles(case: Case) -> None:
    q, oracle = build(case), Oracle(case)
    batch = open_hours(q.calendars, within=q.within, location=q.request.location)
    for row, opened in enumerate(batch):
        edges = {q.within.start_us, q.within.end_us - 1, *opened.starts.tolist(), *opened.ends.tolist()}
        edges |= {edge for off in oracle.hours[row].time_off for edge in off}
        ticks = range(q.within.start_us, q.within.end_us, 15 * 60_000_000)
        asked = sorted({edge + beside for edge in edges for beside in (-1, 0, 1)} | set(ticks))
        inside = [moment for moment in asked if q.within.start_us <= moment < q.within.end_us]
        assert [bool(held) for held in opened.contains(inside)] == [
            oracle.hours[row].open_at(moment) for moment in inside
        ]


@given(case=cases(months=False))
def test_midnights_are_the_oracles(case: Case) -> None:
    q, oracle = build(case), Oracle(case)
    for row, calendar in enumerate(q.rows):
        home = oracle.hours[row].home
        first = date(1970, 1, 1) + timedelta(days=home.day(q.within.start_us))
        bounds = LocalDays(first, first + DAY).bounds_us(calendar.zone)
        assert bounds == (home.midnight(day_number(first)), home.midnight(day_number(first) + 2))
        assert calendar.zone.day_of(Instants(np.array([q.within.start_us]))).tolist() == [day_number(first)]


@given(calendar=calendars(), within=intervals(), busy=intervals())
def test_free_is_open_and_not_busy(calendar: Calendar, within: Interval, busy: Interval) -> None:
    opened = open_hours(calendar, within=within)[0]
    free = free_time(calendar, busy=IntervalSet.of(busy), within=within)[0]
    assert free == opened - IntervalSet.of(busy)
    away = Calendar(calendar.schedules, [*calendar.time_off, TimeOff(busy)], capacity=calendar.capacity)
    assert open_hours(away, within=within)[0] == free


@given(schedule=schedules(), within=intervals(), other=schedules())
def test_schedules_are_joined(schedule: Schedule, within: Interval, other: Schedule) -> None:
    both = open_hours(Calendar([schedule, other]), within=within)[0]
    assert both == open_hours(Calendar(schedule), within=within)[0] | open_hours(Calendar(other), within=within)[0]
    assert both == open_hours(Calendar([other, schedule]), within=within)[0]


@given(hours=weekly_hours(), zone=zones(), within=intervals())
def test_a_breakless_week_is_open_longer(hours: WeeklyHours, zone: TimeZone, within: Interval) -> None:
    whole = attrs.evolve(hours, breaks=((),) * 7)
    cut, uncut = (open_hours(Calendar(Schedule(zone, week)), within=within)[0] for week in (hours, whole))
    assert not cut - uncut


@given(hours=clock_ranges(), day=st.dates(date(2000, 1, 1), date(2060, 1, 1)))
def test_hours_of_a_fixed_zone_are_as_long_as_they_say(hours: ClockRange, day: date) -> None:
    week = WeeklyHours([[hours] if number == day.weekday() else [] for number in range(7)], first=day, last=day)
    start = day_number(day) * 86_400_000_000
    opened = open_hours(
        Calendar(Schedule("UTC", week)), within=Interval.from_us(start - 1, start + 3 * 86_400_000_000)
    )[0]
    assert [(i.start_us - start, i.end_us - start) for i in opened] == [(hours.start_us, hours.end_us)]
