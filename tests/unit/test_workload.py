"""Workload by person and week, and rosters: where too few or too many are on duty."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from petpro_core.availability import Calendar, LocalDays, open_hours
from petpro_core.bookings import BookingTable
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import ALWAYS, Interval, IntervalBatch, IntervalSet, to_us
from petpro_core.matching.rosters import CoverageGap, CoverageReason, CoverageTable, StaffDemand, find_coverage_gaps
from petpro_core.matching.workload import WorkloadRow, WorkloadTable, jain_index, share_error
from petpro_core.schedules import Schedule, WeeklyHours
from petpro_core.testing import _draws
from petpro_core.testing._clocks import DAY, clock
from petpro_core.testing.strategies import zone_keys
from petpro_core.testing.strategies.loads import (
    coverage_gaps,
    coverage_tables,
    rosters,
    staff_demands,
    workload_rows,
    workload_tables,
)

MINUTE = 60_000_000
HOUR = 60 * MINUTE
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def at(day: int, hour: int) -> int:
    return to_us(datetime(2026, 11, day, hour, tzinfo=UTC))


# --- workload ---------------------------------------------------------------------------------------------------------


def report(**more: Any) -> WorkloadTable:
    busy = BookingTable.from_columns(
        resource=[7, 7, 8, 8],
        start=[at(23, 9), at(29, 23), at(24, 9), at(30, 9)],
        end=[at(23, 11), at(30, 1), at(24, 10), at(30, 12)],
        booking=[1, 2, 3, 4],
        known=ALWAYS,
    )
    told: dict[str, Any] = {
        "resources": [7, 8],
        "within": LocalDays(date(2026, 11, 25), date(2026, 12, 2), "UTC"),
        "now": NOW,
        "weight": [2, 1],
    }
    return WorkloadTable.of(**({"busy": busy} | told | more))


def test_weeks_begin_on_monday_and_are_whole() -> None:
    table = report()
    assert [str(row.week) for row in table] == ["2026-11-23"] * 2 + ["2026-11-30"] * 2
    assert table.minutes.tolist() == [[240, 60], [0, 180]]
    assert table.visits.tolist() == [[2, 1], [0, 1]]
    assert table.share.tolist() == [[0.8, 0.2], [0, 1]]
    assert table.target.tolist() == [2 / 3, 1 / 3]
    assert table.share_error.tolist() == pytest.approx([0.8 - 2 / 3, 2 / 3])
    assert table.jain.tolist() == [jain_index([240, 60], [2, 1]), 0.5]
    assert table.known.tolist() == [True, True]
    assert (len(table), repr(table)) == (4, "<WorkloadTable of 2 weeks and 2 people>")
    assert next(iter(table)) == WorkloadRow(7, date(2026, 11, 23), timedelta(hours=4), 2, 0.8, 2 / 3, 0, timedelta(0))
    assert next(iter(table)).minutes == 240


def test_all_weeks_together() -> None:
    whole = report().together()
    assert (whole.minutes.tolist(), whole.bounds.tolist()) == ([[240, 240]], [at(23, 0), at(30, 0) + 7 * DAY])
    assert (whole.share_error.tolist(), whole.known.tolist()) == ([pytest.approx(1 / 6)], [True])


def test_overdue_is_what_begins_after_it_was_due() -> None:
    due = {
        1: datetime(2026, 11, 23, 9, tzinfo=UTC),
        2: datetime(2026, 11, 29, 21, tzinfo=UTC),
        4: datetime(2026, 11, 30, 8, 30, tzinfo=UTC),
        99: NOW,
    }
    table = report(due=due)
    assert table.overdue.tolist() == [[1, 0], [0, 1]]
    assert table.overdue_us.tolist() == [[2 * HOUR, 0], [0, HOUR // 2]]
    assert [row.overdue_by for row in table] == [timedelta(hours=2), timedelta(0), timedelta(0), timedelta(minutes=30)]


def test_a_week_that_is_not_known_says_so() -> None:
    known = Interval(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
    assert report(busy=BookingTable.empty(known=known)).known.tolist() == [True, False]


def test_without_work_nobody_is_wronged() -> None:
    table = report(busy=BookingTable.empty(known=ALWAYS))
    assert (table.jain.tolist(), table.share_error.tolist(), table.share.sum()) == ([1, 1], [0, 0], 0)
    nobody = report(resources=[], weight=[])
    assert (len(nobody), list(nobody), nobody.jain.tolist(), nobody.share_error.tolist()) == (0, [], [1, 1], [0, 0])


def test_what_cannot_be_reported_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="name the zone"):
        report(within=LocalDays(date(2026, 11, 25), date(2026, 11, 25)))
    for build in (lambda: jain_index([-1]), lambda: share_error([[1]]), lambda: share_error([1], [0])):
        with pytest.raises(InvalidValueError):
            build()


@given(zone=zone_keys(), data=st.data())
def test_a_visit_counts_in_the_week_in_which_it_starts(zone: str, data: st.DataObject) -> None:
    shown = clock(zone)
    middle = data.draw(_draws.case_day(shown))
    starts = sorted(
        shown.midnight(middle) + data.draw(st.integers(-200, 200)) * HOUR + data.draw(st.sampled_from([-1, 0, 1]))
        for _ in range(data.draw(st.integers(0, 6)))
    )
    busy = BookingTable.from_columns(
        resource=[1] * len(starts), start=starts, end=[start + HOUR for start in starts], known=ALWAYS
    )
    day = date.fromordinal(date(1970, 1, 1).toordinal() + middle)
    table = WorkloadTable.of(
        busy, resources=[1], within=LocalDays(day - timedelta(days=7), day + timedelta(days=7), zone), now=NOW
    )
    weeks = [shown.day(start) - (shown.day(start) + 3) % 7 for start in starts]
    assert table.visits[:, 0].tolist() == [weeks.count(week) for week in table.week.tolist()]


@given(table=workload_tables(), row=workload_rows())
def test_reports_are_drawn(table: WorkloadTable, row: WorkloadRow) -> None:
    assert ((table.jain > 0) & (table.jain <= 1 + 1e-12)).all()
    assert 0 <= row.share <= 1
    assert table.together().booked_us.sum() == table.booked_us.sum()


# --- rosters ----------------------------------------------------------------------------------------------------------


def team() -> tuple[IntervalBatch, list[int]]:
    """Three people on one Monday: 8 to 12, 9 to 13, 12 to 16."""
    hours = ["08:00-12:00", "09:00-13:00", "12:00-16:00"]
    calendars = [Calendar(Schedule("UTC", WeeklyHours({"monday": [one]}))) for one in hours]
    day = Interval(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC))
    return open_hours(calendars, within=day), [7, 8, 9]


def told(table: CoverageTable) -> list[tuple[Any, ...]]:
    return [
        (
            one.demand,
            one.interval.start.hour,
            one.interval.end.hour,
            one.count,
            one.missing,
            one.surplus,
            str(one.reason),
        )
        for one in table
    ]


def test_too_few_too_many_and_nobody() -> None:
    on_duty, handles = team()
    day = Interval.from_us(at(23, 7), at(23, 17))
    table = find_coverage_gaps(
        [StaffDemand(day, least=1, most=1), StaffDemand(day, least=2, among=[7, 8], name="vets")],
        on_duty=on_duty,
        handles=handles,
    )
    assert told(table) == [
        (0, 7, 8, 0, 1, 0, "nobody"),
        (0, 9, 13, 2, 0, 1, "too_many"),
        (0, 16, 17, 0, 1, 0, "nobody"),
        (1, 7, 8, 0, 2, 0, "nobody"),
        (1, 8, 9, 1, 1, 0, "too_few"),
        (1, 12, 13, 1, 1, 0, "too_few"),
        (1, 13, 17, 0, 2, 0, "nobody"),
    ]
    assert (table.missing_us // HOUR, repr(table)) == (1 + 1 + 2 + 1 + 1 + 8, "<CoverageTable of 7 gaps>")
    assert table[-1] == CoverageGap(1, Interval.from_us(at(23, 13), at(23, 17)), 0, 2, 0, CoverageReason.NOBODY)


def test_a_demand_for_more_people_than_there_are_is_named() -> None:
    on_duty, _ = team()
    day = Interval.from_us(at(23, 9), at(23, 12))
    assert told(find_coverage_gaps(StaffDemand(day, least=4), on_duty=on_duty)) == [
        (0, 9, 12, 2, 2, 0, "not_enough_people")
    ]
    nobody = find_coverage_gaps(StaffDemand(day, least=1, among=[]), on_duty=on_duty)
    assert told(nobody) == [(0, 9, 12, 0, 1, 0, "not_enough_people")]
    assert told(find_coverage_gaps(StaffDemand(day), on_duty=IntervalBatch())) == [
        (0, 9, 12, 0, 1, 0, "not_enough_people")
    ]


def test_what_is_met_is_not_told() -> None:
    on_duty, _ = team()
    assert len(find_coverage_gaps(StaffDemand(Interval.from_us(at(23, 9), at(23, 12)), least=2), on_duty=on_duty)) == 0
    assert len(find_coverage_gaps([], on_duty=on_duty)) == 0
    assert len(find_coverage_gaps(StaffDemand(IntervalSet.empty(), least=9), on_duty=on_duty)) == 0


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (lambda: StaffDemand(IntervalSet.empty(), least=3, most=2), "most"),
        (lambda: StaffDemand(IntervalSet.empty(), least=-1), "least"),
        (lambda: StaffDemand(8), "during"),  # type: ignore[arg-type]  # what is tested
        (lambda: StaffDemand(IntervalSet.empty(), among=[7, 7]), "resources"),
        (lambda: StaffDemand(IntervalSet.empty(), among=7.5), "resources"),  # type: ignore[arg-type]  # likewise
        (lambda: find_coverage_gaps(StaffDemand(IntervalSet.empty(), among=[5]), on_duty=team()[0]), "among"),
        (lambda: find_coverage_gaps([], on_duty=team()[0], handles=[1]), "handles"),
        (lambda: find_coverage_gaps([], on_duty=team()), "on_duty"),  # type: ignore[arg-type]  # likewise
        (lambda: find_coverage_gaps([8], on_duty=team()[0]), "demands"),  # type: ignore[list-item]  # likewise
    ],
)
def test_impossible_demands_are_refused(build: Any, name: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        build()
    assert caught.value.name == name


@given(rows=rosters(), demand=staff_demands(), data=st.data())
def test_each_instant_is_counted(rows: IntervalBatch, demand: StaffDemand, data: st.DataObject) -> None:
    table = find_coverage_gaps(demand, on_duty=rows)
    edges = np.concatenate([demand.during.starts, demand.during.ends, *(row.starts for row in rows)]).tolist()
    for moment in {edge + data.draw(st.sampled_from([-1, 0, 1])) for edge in edges}:
        who = range(4) if demand.among is None else demand.among
        count = sum(bool(rows[person].contains([moment])[0]) for person in who)
        wrong = count < demand.least or count > (4 if demand.most is None else demand.most)
        told_there = [one for one in table if one.interval.start_us <= moment < one.interval.end_us]
        assert len(told_there) == (wrong and bool(demand.during.contains([moment])[0]))
        for one in told_there:
            assert one.count == count
            assert (one.missing, one.surplus) == (
                max(demand.least - count, 0),
                max(count - (4 if demand.most is None else demand.most), 0),
            )


@given(table=coverage_tables(), gap=coverage_gaps())
def test_gaps_are_drawn(table: CoverageTable, gap: CoverageGap) -> None:
    assert table.missing_us >= 0
    assert gap.missing + gap.surplus > 0
