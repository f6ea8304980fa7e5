"""Each strategy draws its type, and what fails shrinks to something that can be read."""

from __future__ import annotations

import copy
import inspect
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

import petpro_core as core
from petpro_core.errors import InvalidValueError
from petpro_core.testing import strategies
from petpro_core.timezones import Disambiguation, Instants, LocalTimes, TimeZone, load_zone

KINDS = sorted(strategies.BY_TYPE, key=lambda kind: kind.__name__)
FIRST = date(2000, 1, 1)
MIDNIGHT = datetime(2000, 1, 1, tzinfo=UTC)
MOMENT = core.Interval(MIDNIGHT, MIDNIGHT + timedelta(microseconds=1))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_a_type_is_drawn(kind: type, data: st.DataObject) -> None:
    drawn = data.draw(strategies.of(kind))
    # What is abstract has no objects of its own, only those of its kinds.
    assert isinstance(drawn, kind) if inspect.isabstract(kind) else type(drawn) is kind
    assert repr(copy.copy(drawn))


@given(status=strategies.of(core.BookingStatus))
def test_a_set_of_words_is_drawn_by_its_members(status: core.BookingStatus) -> None:
    assert status in core.BookingStatus


def test_another_type_has_no_strategy() -> None:
    with pytest.raises(InvalidValueError, match=r"got dict; hypothesis\.strategies\.builds") as caught:
        strategies.of(dict)
    assert caught.value.code == "invalid_value"


def simplest(kind: type) -> Any:
    """Shrink to the simplest value of a type."""
    quiet = settings(max_examples=200, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    return find(strategies.of(kind), lambda _: True, settings=quiet)


@pytest.mark.parametrize(
    "value",
    [
        core.CalendarDays(1),
        core.Closure(FIRST, FIRST),
        core.DateOverride(FIRST),
        core.Days(0),
        core.ExtraHours(FIRST, ()),
        core.Holiday(FIRST),
        MOMENT,
        core.IntervalSet.empty(),
        core.LocalDays(FIRST, FIRST),
        core.Request(),
        core.Schedule("UTC", core.WeeklyHours({})),
        core.TemporaryZone(FIRST, FIRST, "UTC"),
        core.TimeOff(MOMENT),
        load_zone("UTC"),
        core.WeeklyHours({}),
        core.WorkingDays(0),
        core.WorkingTime(timedelta(0)),
        core.Allocation(1, MOMENT),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_shrinks_to_the_plainest(value: object) -> None:
    assert simplest(type(value)) == value


def test_a_batch_shrinks_to_an_empty_one() -> None:
    assert len(simplest(core.IntervalBatch)) == 0


def test_a_calendar_shrinks_to_one_plain_schedule() -> None:
    calendar = simplest(core.Calendar)
    assert calendar.time_off == ()
    assert len(calendar.schedules) == calendar.capacity == 1


@given(wall=strategies.local_times("Africa/Cairo"), other=strategies.local_times())
def test_wall_clock_times_have_no_zone(wall: datetime, other: datetime) -> None:
    assert wall.tzinfo is other.tzinfo is None
    assert 1999 <= wall.year <= 2061


def test_wall_clock_times_fall_into_gaps_and_folds() -> None:
    zone = load_zone("America/New_York")

    def shown(wall: datetime) -> timedelta:
        early, late = (
            zone.to_utc(wall, disambiguation=which) for which in (Disambiguation.EARLIER, Disambiguation.LATER)
        )
        return late - early

    hour = timedelta(hours=1)
    in_either = find(strategies.local_times("America/New_York"), lambda wall: shown(wall) == hour)
    assert in_either.month in {3, 4, 10, 11}


@given(instants=strategies.instant_columns(), walls=strategies.local_columns("Asia/Gaza"), zone=strategies.zones())
def test_columns_are_read_by_zones(instants: Instants, walls: LocalTimes, zone: TimeZone) -> None:
    assert instants.dtype == walls.dtype == np.int64
    assert len(zone.to_local_us(instants)) == len(instants)
    assert len(zone.to_utc_us(walls)) == len(walls)


@given(zone=strategies.given_zones(), moment=strategies.instants())
def test_given_zones_are_in_no_database(zone: TimeZone, moment: datetime) -> None:
    assert zone.key not in core.zone_keys()
    assert zone.to_local(moment).replace(tzinfo=None) - moment.replace(tzinfo=None) == zone.to_local(moment).utcoffset()


def test_some_given_zones_have_a_yearly_rule_and_some_have_none() -> None:
    # Mapped, because a failing or found zone is shown with all its clock changes.
    ruled = strategies.given_zones().map(lambda zone: zone.repeats_from is not None)
    assert find(ruled, bool)
    assert not find(ruled, lambda has_rule: not has_rule)


@given(day=strategies.local_dates("Pacific/Apia"), conflict=strategies.conflicts(), fix=strategies.fixes())
def test_dates_conflicts_and_fixes_are_drawn(day: date, conflict: core.Conflict, fix: core.Fix) -> None:
    assert 1999 <= day.year <= 2060
    assert conflict.reason
    assert fix.start.tzinfo is not None
