"""Searches: what is offered, for one calendar and for many. 2026-11-23 is a Monday, and 20 November a Friday."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
import pytest

from petpro_core.availability import Calendar, CalendarBatch, HoursCache, LocalDays
from petpro_core.bookings import (
    Allocation,
    Booking,
    BookingPolicy,
    BookingStatus,
    BookingTable,
    Cap,
    Days,
    MinimumGap,
    Period,
    Request,
    Scope,
    WorkingDays,
    WorkingTime,
)
from petpro_core.decisions import (
    check_booking_batch,
    count_slots,
    find_common,
    find_conflicts,
    find_free,
    find_slots,
    first_slots,
    stream_slots,
)
from petpro_core.errors import (
    InvalidIntervalError,
    InvalidValueError,
    LimitExceededError,
    NaiveDatetimeError,
)
from petpro_core.intervals import ALWAYS, Interval, IntervalSet, from_us, to_us
from petpro_core.reasons import Reason, Waiver
from petpro_core.schedules import Schedule, TimeOff, WeeklyHours
from petpro_core.slots import CalendarDays, SlotRules, SlotTable

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
EVERY_DAY = (*WEEKDAYS, "saturday", "sunday")
MORNINGS = WeeklyHours(dict.fromkeys(WEEKDAYS, ("09:00-12:00",)))
CLINIC = Calendar(Schedule("UTC", MORNINGS))
CLOSED = Calendar(Schedule("UTC"))
HOURLY = SlotRules(HOUR, step=HOUR)
NOTHING = BookingTable.empty(known=ALWAYS)
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def at(hour: int, minute: int = 0, *, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


MONDAY = Interval(at(0), at(0, day=24))
WEEK = Interval(at(0), at(0, day=28))


def booked(
    number: int, start: datetime, length: timedelta = HOUR, *, resource: int = 0, units: int = 1, **more: Any
) -> Booking:
    return Booking(number, Allocation(resource, Interval(start, start + length), units=units), **more)


def table(*bookings: Booking) -> BookingTable:
    return BookingTable.of(bookings, known=ALWAYS)


def search(calendars: Any = CLINIC, **more: Any) -> SlotTable:
    return find_slots(calendars, **{"busy": NOTHING, "rules": HOURLY, "within": MONDAY, "now": NOW, **more})


def offered(calendars: Any = CLINIC, **more: Any) -> list[str]:
    return [from_us(us).strftime("%d %H:%M") for us in search(calendars, **more).starts.tolist()]


def hours(calendars: Any = CLINIC, **more: Any) -> list[int]:
    """The starts of Monday, as hours."""
    return [from_us(us).hour for us in search(calendars, **more).starts.tolist()]


class TestEmptyValues:
    """Nothing goes through every verb."""

    def test_no_calendars(self) -> None:
        asked: dict[str, Any] = {"busy": NOTHING, "now": NOW, "within": MONDAY}
        for within in (MONDAY, LocalDays(date(2026, 11, 23), date(2026, 11, 24))):
            table = find_slots([], rules=HOURLY, **{**asked, "within": within})
            assert (len(table), table.offsets.tolist(), table.handles.tolist()) == (0, [0], [])
        assert count_slots([], rules=HOURLY, **asked).tolist() == []
        assert len(first_slots([], rules=HOURLY, **asked)) == 0
        assert len(find_free([], **asked)) == 0
        assert list(stream_slots([], busy=NOTHING, rules=HOURLY, after=at(0), now=NOW)) == []
        assert check_booking_batch([], row=[], start_us=[], busy=NOTHING, rules=HOURLY, now=NOW).tolist() == []

    def test_no_calendars_have_nothing_in_common(self) -> None:
        with pytest.raises(InvalidValueError):
            find_common([], busy=NOTHING, rules=HOURLY, within=MONDAY, now=NOW)

    @pytest.mark.parametrize(
        "policy",
        [
            BookingPolicy(min_notice=WorkingTime(HOUR), horizon=WorkingDays(3)),
            BookingPolicy(caps=Cap(1, per=Period.DAY), gaps=MinimumGap(HOUR), max_duration=MINUTE),
            BookingPolicy(caps=Cap(1, per=Period.DAY, by=Scope.CLIENT), one_at_a_time=[Scope.CLIENT]),
        ],
    )
    def test_no_calendars_under_any_policy(self, policy: BookingPolicy) -> None:
        asked: dict[str, Any] = {"policy": policy, "request": Request(client=1, units=2)}
        for rules in (HOURLY, SlotRules(CalendarDays(1))):
            assert len(search([], rules=rules, **asked)) == 0
            assert len(search([], rules=rules, waive=[Waiver.HOURS], **asked)) == 0

    def test_no_hours(self) -> None:
        asked: dict[str, Any] = {"busy": NOTHING, "now": NOW, "within": MONDAY}
        assert (hours(CLOSED), count_slots(CLOSED, rules=HOURLY, **asked).tolist()) == ([], [0])
        assert [list(row) for row in find_free(CLOSED, **asked)] == [[]]
        assert len(find_common(CLOSED, rules=HOURLY, **asked)) == 0
        assert hours(CLOSED, rules=SlotRules(CalendarDays(1))) == []
        stream = stream_slots(CLOSED, busy=NOTHING, rules=HOURLY, after=at(0), now=NOW)
        assert list(stream) == []

    def test_no_bookings_no_rules_and_no_time(self) -> None:
        assert hours() == [9, 10, 11]
        with pytest.raises(InvalidValueError, match="at least one set of rules"):
            search(rules=[])
        with pytest.raises(InvalidValueError, match="at least one set of rules"):
            count_slots(CLINIC, busy=NOTHING, rules=[], within=MONDAY, now=NOW)
        with pytest.raises(InvalidIntervalError):
            search(within=Interval(at(9), at(9)))


class TestBadInput:
    def test_naive_datetimes_are_refused(self) -> None:
        naive = datetime(2026, 11, 23)  # noqa: DTZ001 - that is the case
        asked: dict[str, Any] = {"busy": NOTHING, "within": MONDAY}
        for ask in (
            lambda: find_slots(CLINIC, rules=HOURLY, now=naive, **asked),
            lambda: first_slots(CLINIC, rules=HOURLY, now=naive, **asked),
            lambda: count_slots(CLINIC, rules=HOURLY, now=naive, **asked),
            lambda: find_common(CLINIC, rules=HOURLY, now=naive, **asked),
            lambda: find_free(CLINIC, now=naive, **asked),
            lambda: list(stream_slots(CLINIC, busy=NOTHING, rules=HOURLY, after=at(0), now=naive)),
            lambda: list(stream_slots(CLINIC, busy=NOTHING, rules=HOURLY, after=naive, now=NOW)),
            lambda: find_conflicts(NOTHING, now=naive),
        ):
            with pytest.raises(NaiveDatetimeError) as caught:
                ask()
            assert (caught.value.code, caught.value.moment) == ("naive_datetime", naive)

    def test_a_search_keeps_its_grid(self) -> None:
        with pytest.raises(InvalidValueError) as caught:
            search(waive=[Waiver.GRID])
        assert caught.value.waive is Waiver.GRID

    def test_unknown_waivers_are_refused(self) -> None:
        with pytest.raises(ValueError, match="is not a valid Waiver"):
            search(waive=["overlap"])

    def test_an_answer_over_its_limit_is_refused_and_not_cut_off(self) -> None:
        assert len(search(limit=3)) == 3
        with pytest.raises(LimitExceededError) as caught:
            search(limit=2)
        assert (caught.value.code, caught.value.limit, caught.value.got) == ("limit_exceeded", 2, 3)
        # Several rules share the limit.
        with pytest.raises(LimitExceededError):
            search(rules=[HOURLY, HOURLY], limit=5)
        assert len(search(rules=[HOURLY, HOURLY], limit=6)) == 6

    def test_hours_of_many_calendars_over_many_years_are_refused(self) -> None:
        within = Interval(datetime(1000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC))
        twice = [CLOSED, Calendar(Schedule("UTC"))]
        assert search([CLOSED, CLOSED], within=within).counts.tolist() == [0, 0]
        with pytest.raises(LimitExceededError) as caught:
            search(twice, within=within)
        # 8,000 years of 365.2425 days, twice.
        assert (caught.value.limit, caught.value.got) == (5_000_000, 2 * 2_921_940)

    def test_common_starts_and_streams_are_of_one_set_of_rules(self) -> None:
        several: Any = [HOURLY, HOURLY]
        with pytest.raises(InvalidValueError) as caught:
            find_common(CLINIC, busy=NOTHING, rules=several, within=MONDAY, now=NOW)
        assert caught.value.got == "list"
        with pytest.raises(InvalidValueError):
            list(stream_slots(CLINIC, busy=NOTHING, rules=several, after=at(0), now=NOW))

    def test_a_year_of_seconds_is_refused_before_it_is_made(self) -> None:
        around = Calendar(Schedule("UTC", WeeklyHours(dict.fromkeys(EVERY_DAY, ("00:00-24:00",)))))
        year = Interval(datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))
        second = timedelta(seconds=1)
        with pytest.raises(LimitExceededError) as caught:
            search(around, rules=SlotRules(second, step=second), within=year)
        assert caught.value.got == 365 * 86_400
        # Counting them makes none.
        asked: dict[str, Any] = {"busy": NOTHING, "rules": SlotRules(second, step=second), "within": year, "now": NOW}
        assert len(first_slots(around, **asked)) == 1


class TestHours:
    def test_starts_by_the_clock_of_the_calendar(self) -> None:
        berlin, tokyo = (Calendar(Schedule(zone, MORNINGS)) for zone in ("Europe/Berlin", "Asia/Tokyo"))
        assert [hours(calendar) for calendar in (CLINIC, berlin, tokyo)] == [[9, 10, 11], [8, 9, 10], [0, 1, 2]]

    @pytest.mark.parametrize(
        ("rules", "starts"),
        [
            (SlotRules(90 * MINUTE, step=30 * MINUTE), ["09:10", "09:40", "10:10"]),
            (SlotRules(90 * MINUTE, step=30 * MINUTE, alignment="clock"), ["09:30", "10:00", "10:30"]),
            (SlotRules(90 * MINUTE, step=30 * MINUTE, offset=5 * MINUTE), ["09:15", "09:45", "10:15"]),
            (SlotRules(90 * MINUTE, step=30 * MINUTE, offset=35 * MINUTE), ["09:15", "09:45", "10:15"]),
            (SlotRules(90 * MINUTE, step=30 * MINUTE, offset=-5 * MINUTE), ["09:35", "10:05"]),
            (SlotRules(170 * MINUTE), ["09:10"]),
            (SlotRules(171 * MINUTE), []),
        ],
    )
    def test_grid(self, rules: SlotRules, starts: list[str]) -> None:
        late = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:10-12:00"]})))
        assert offered(late, rules=rules) == [f"23 {start}" for start in starts]

    def test_a_grid_by_the_clock_stays_on_the_hour_over_a_clock_change(self) -> None:
        # Berlin's night of 25 October has an hour more: from 20:00 UTC to 05:00 UTC.
        night = Calendar(Schedule("Europe/Berlin", WeeklyHours({"saturday": ["22:00-06:00"]})))
        within = Interval(datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 10, 26, tzinfo=UTC))
        rules = SlotRules(HOUR, step=2 * HOUR, alignment="clock")
        # 22:00, 00:00, 02:00 and (an hour later) 02:00 again, 04:00 by the clock.
        assert offered(night, rules=rules, within=within, now=datetime(2026, 1, 1, tzinfo=UTC)) == [
            "24 20:00",
            "24 22:00",
            "25 00:00",
            "25 01:00",
            "25 03:00",
        ]

    def test_a_visit_runs_on_into_hours_that_touch(self) -> None:
        two = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-10:30", "10:30-12:00", "13:00-14:00"]})))
        assert offered(two) == ["23 09:00", "23 10:00", "23 10:30", "23 13:00"]

    def test_time_off_keeps_the_grid(self) -> None:
        off = TimeOff(Interval(at(9, 30), at(9, 40)))
        rules = SlotRules(20 * MINUTE, step=20 * MINUTE)
        assert offered(Calendar(Schedule("UTC", MORNINGS), off), rules=rules, within=Interval(at(9), at(10, 20))) == [
            "23 09:00",
            "23 09:40",
            "23 10:00",
        ]

    def test_places(self) -> None:
        afternoon = WeeklyHours({"monday": ["14:00-15:00"]})
        both = Calendar([Schedule("UTC", MORNINGS, location=1), Schedule("UTC", afternoon, location=2)])
        assert [hours(both, request=Request(location=place)) for place in (None, 1, 2, 3)] == [
            [9, 10, 11, 14],
            [9, 10, 11],
            [14],
            [],
        ]

    def test_the_range_bounds_starts_and_not_ends(self) -> None:
        assert hours(within=Interval(at(9), at(11, 0))) == [9, 10]
        assert hours(within=Interval(at(9, 1), at(11) + MINUTE)) == [10, 11]

    def test_local_days_of_each_calendar(self) -> None:
        around = WeeklyHours(dict.fromkeys(EVERY_DAY, ("00:00-24:00",)))
        pair = [Calendar(Schedule(zone, around)) for zone in ("UTC", "Asia/Tokyo")]
        day = LocalDays(date(2026, 11, 23), date(2026, 11, 23))
        found = search(pair, within=day)
        assert [len(found.row(0)), len(found.row(1))] == [24, 24]
        assert [from_us(int(found.row(row)[0])) for row in (0, 1)] == [at(0), at(15, day=22)]


class TestBusy:
    def test_a_visit_takes_its_time_and_what_touches_is_free(self) -> None:
        assert hours(busy=table(booked(1, at(10)))) == [9, 11]
        assert hours(busy=table(booked(1, at(10), resource=5))) == [9, 10, 11]
        assert hours(CalendarBatch.of(CLINIC, [5]), busy=table(booked(1, at(10), resource=5))) == [9, 11]

    def test_each_row_has_the_bookings_of_its_handle(self) -> None:
        busy = table(*(booked(number, at(9 + number), resource=number) for number in range(3)))
        for handles, starts in (
            ([0, 2], [[10, 11], [9, 10]]),
            ([2, 1], [[9, 10], [9, 11]]),
            ([7, 0], [[9, 10, 11], [10, 11]]),
        ):
            found = search(CalendarBatch.of([CLINIC, CLINIC], handles), busy=busy)
            assert [[from_us(us).hour for us in found.row(row).tolist()] for row in (0, 1)] == starts

    def test_buffers_add_up(self) -> None:
        visit = Interval(at(10), at(10, 30))
        busy = table(Booking(1, Allocation.of(0, visit, buffer_after=15 * MINUTE)))
        quarter = SlotRules(30 * MINUTE, step=15 * MINUTE)
        within = Interval(at(9, 30), at(11, 1))
        assert offered(busy=busy, rules=quarter, within=within) == ["23 09:30", "23 10:45", "23 11:00"]
        before = SlotRules(30 * MINUTE, step=15 * MINUTE, buffer_before=15 * MINUTE)
        assert offered(busy=busy, rules=before, within=within) == ["23 09:30", "23 11:00"]
        after = SlotRules(30 * MINUTE, step=15 * MINUTE, buffer_after=MINUTE)
        assert offered(busy=busy, rules=after, within=within) == ["23 10:45", "23 11:00"]

    @pytest.mark.parametrize(
        ("status", "blocks"),
        [
            ("pending", False),
            ("confirmed", True),
            ("checked_in", True),
            ("in_progress", True),
            ("completed", True),
            ("no_show", False),
            ("cancelled", False),
        ],
    )
    def test_what_blocks(self, status: str, blocks: bool) -> None:
        busy = table(booked(1, at(10), status=status), booked(2, at(11)))
        assert hours(busy=busy) == ([9] if blocks else [9, 10])

    def test_pending_blocks_where_the_policy_says_so(self) -> None:
        busy = table(booked(1, at(10), status=BookingStatus.PENDING))
        assert hours(busy=busy, policy=BookingPolicy(pending_blocks=True)) == [9, 11]

    def test_holds_let_go(self) -> None:
        busy = table(booked(1, at(10), status=BookingStatus.HELD, held_until=NOW + MINUTE))
        found = search(busy=busy)
        assert ([slot.start.hour for slot in found], found.valid_until) == ([9, 11], NOW + MINUTE)
        assert hours(busy=busy, now=NOW + MINUTE) == [9, 10, 11]
        tick = timedelta(microseconds=1)
        assert search(busy=busy, now=NOW + MINUTE - tick).valid_until == NOW + MINUTE

    def test_what_is_replaced_does_not_stand_in_its_own_way(self) -> None:
        busy = table(booked(1, at(10)), booked(2, at(11), status=BookingStatus.CHECKED_IN))
        assert (hours(busy=busy, replacing=1), hours(busy=busy, replacing=2), hours(busy=busy)) == (
            [9, 10],
            [9, 11],
            [9],
        )

    def test_capacity_and_units(self) -> None:
        room = Calendar(Schedule("UTC", MORNINGS), capacity=3)
        busy = table(booked(1, at(10), units=2), booked(2, at(11)), booked(3, at(11), units=9))
        found = {units: hours(room, busy=busy, request=Request(units=units)) for units in (1, 2, 3, 4)}
        assert found == {1: [9, 10], 2: [9], 3: [9], 4: []}
        # Beside a calendar of one, and in rows: bookings that never meet do not add up.
        chain = table(booked(4, at(9), units=2), booked(5, at(10), units=2), booked(6, at(9), resource=1))
        both = search([room, CLINIC], busy=chain, rules=SlotRules(2 * HOUR, step=HOUR))
        assert [[from_us(s).hour for s in both.row(row).tolist()] for row in (0, 1)] == [[9, 10], [10]]

    def test_a_request_for_more_than_there_is(self) -> None:
        big = Request(units=2)
        assert hours(request=big) == []
        assert search([CLINIC, Calendar(Schedule("UTC", MORNINGS), capacity=2)], request=big).counts.tolist() == [0, 3]

    def test_feeds_take_everything_and_their_failure_is_not_free(self) -> None:
        room = Calendar(Schedule("UTC", MORNINGS), capacity=3)
        everything = IntervalSet.of(ALWAYS)
        busy = NOTHING.with_feed(0, IntervalSet.of(Interval(at(10), at(11))), known=everything)
        assert hours(room, busy=busy) == [9, 11]
        nothing = IntervalSet.from_us([], [])
        failed = NOTHING.with_feed(0, nothing, known=IntervalSet.of(Interval(at(0), at(11))))
        assert hours(room, busy=failed) == [9, 10]
        assert search([CLINIC, CLINIC], busy=failed).counts.tolist() == [2, 3]

    def test_unknown_time_is_not_free(self) -> None:
        busy = BookingTable.empty(known=Interval(at(10), at(11, 30)))
        assert hours(busy=busy) == [10]
        assert hours(busy=busy, rules=SlotRules(HOUR, step=HOUR, buffer_before=MINUTE)) == []
        assert search([CLINIC, CLINIC], busy=busy).counts.tolist() == [1, 1]


class TestSessions:
    CLASS = SlotRules(HOUR, step=HOUR, seats=3)

    def sessions(self, *, service: int | None = 7, units: int = 1, rules: SlotRules = CLASS, **more: Any) -> list[int]:
        busy = table(
            booked(1, at(9), units=2, service=7, seats=3),
            booked(2, at(10), units=2, service=7, seats=3),
            booked(3, at(10), service=7, seats=3),
        )
        return hours(busy=busy, rules=rules, request=Request(service=service, units=units), **more)

    def test_a_seat_that_is_left_is_offered(self) -> None:
        assert self.sessions() == [9, 11]
        assert self.sessions(units=2) == [11]
        assert self.sessions(units=4) == []

    def test_only_the_same_service_joins(self) -> None:
        assert self.sessions(service=8) == [11]
        assert self.sessions(service=None) == [11]

    def test_only_the_same_start_and_end_join(self) -> None:
        assert self.sessions(rules=SlotRules(2 * HOUR, step=HOUR, seats=3)) == []
        assert self.sessions(rules=SlotRules(HOUR, step=30 * MINUTE, seats=3)) == [9, 11]

    def test_a_visit_of_its_own_joins_nothing(self) -> None:
        assert self.sessions(rules=HOURLY) == [11]

    def test_sessions_of_other_resources_do_not_matter(self) -> None:
        busy = table(booked(1, at(9), service=7, seats=3, resource=5), booked(2, at(10)))
        assert hours(busy=busy, rules=self.CLASS, request=Request(service=7)) == [9, 11]
        assert hours(busy=busy, policy=BookingPolicy(caps=Cap(2, per=Period.DAY), gaps=MinimumGap(MINUTE))) == []

    def test_sessions_in_rows(self) -> None:
        busy = table(booked(1, at(9), service=7, seats=2), booked(2, at(10), service=8, seats=2, resource=1))
        found = search([CLINIC, CLINIC], busy=busy, rules=self.CLASS, request=Request(service=7))
        assert [[from_us(s).hour for s in found.row(row).tolist()] for row in (0, 1)] == [[9, 10, 11], [9, 11]]

    def test_a_session_does_not_stand_beside_a_visit(self) -> None:
        room = Calendar(Schedule("UTC", MORNINGS), capacity=5)
        assert hours(room, busy=table(booked(1, at(9))), rules=self.CLASS, request=Request(service=7)) == [10, 11]

    def test_caps_count_a_session_once_and_joining_adds_nothing(self) -> None:
        policy = BookingPolicy(caps=Cap(2, per=Period.DAY))
        assert self.sessions(policy=policy) == [9]
        assert self.sessions(policy=BookingPolicy(caps=Cap(3, per=Period.DAY))) == [9, 11]
        minutes = BookingPolicy(caps=Cap(170, per=Period.DAY, minutes=True))
        assert self.sessions(policy=minutes) == [9]

    def test_gaps_leave_the_session_that_is_joined_alone(self) -> None:
        busy = table(booked(1, at(9), service=7, seats=3))
        gap = BookingPolicy(gaps=MinimumGap(HOUR))
        asked: dict[str, Any] = {"busy": busy, "rules": self.CLASS, "policy": gap}
        assert hours(request=Request(service=7), **asked) == [9, 11]
        assert hours(request=Request(service=8), **asked) == [11]

    def test_caps_and_gaps_of_sessions_in_rows(self) -> None:
        busy = table(booked(1, at(9), service=7, seats=3), booked(2, at(9), resource=1))
        policy = BookingPolicy(caps=Cap(1, per=Period.DAY), gaps=MinimumGap(HOUR))
        found = search([CLINIC, CLINIC, CLINIC], busy=busy, rules=self.CLASS, policy=policy, request=Request(service=7))
        assert [[from_us(s).hour for s in found.row(row).tolist()] for row in (0, 1, 2)] == [[9], [], [9, 10, 11]]


class TestNotice:
    def test_elapsed_notice(self) -> None:
        policy = BookingPolicy(min_notice=timedelta(days=3))
        found = search(policy=policy)
        assert [slot.start.hour for slot in found] == [10, 11]
        # At one microsecond past ten, ten is no longer three days away.
        assert found.valid_until == NOW + timedelta(microseconds=1)
        assert hours(policy=policy, now=NOW + timedelta(microseconds=1)) == [11]
        assert hours(policy=policy, waive=[Waiver.NOTICE]) == [9, 10, 11]
        assert search(policy=policy, waive=[Waiver.NOTICE]).valid_until is None

    def test_the_past_is_refused(self) -> None:
        assert hours(now=at(10)) == [10, 11]
        assert hours(now=at(10), waive=[Waiver.NOTICE]) == [9, 10, 11]

    @pytest.mark.parametrize(
        ("work", "starts"),
        [
            # On Friday at ten two opening hours of the day are left.
            (0, ["20 10:00", "20 11:00", "23 09:00", "23 10:00", "23 11:00"]),
            (1, ["20 11:00", "23 09:00", "23 10:00", "23 11:00"]),
            (2, ["23 09:00", "23 10:00", "23 11:00"]),
            (3, ["23 10:00", "23 11:00"]),
            (5, []),
        ],
    )
    def test_notice_in_opening_hours(self, work: int, starts: list[str]) -> None:
        policy = BookingPolicy(min_notice=WorkingTime(work * HOUR))
        found = search(policy=policy, within=Interval(at(0, day=20), at(0, day=24)))
        assert [slot.start.strftime("%d %H:%M") for slot in found] == starts
        # The answer holds until notice takes its first start away.
        if len(found):
            assert found.valid_until == from_us(int(found.offered_until.min()))

    def test_until_when_notice_offers_a_start(self) -> None:
        policy = BookingPolicy(min_notice=WorkingTime(2 * HOUR))
        found = search(policy=policy, within=Interval(at(0), at(0, day=25)))
        until = {slot.start: from_us(us) for slot, us in zip(found, found.offered_until.tolist(), strict=True)}
        tick = timedelta(microseconds=1)
        assert until == {
            # At ten on Friday the two hours to noon are enough for Monday at nine, and for nothing before it.
            at(9): at(10, day=20) + tick,
            at(10): at(11, day=20) + tick,
            # Two hours before 11:00 on Monday is nine, and the whole weekend before that is as good.
            at(11): at(9) + tick,
            at(9, day=24): at(10) + tick,
            at(10, day=24): at(11) + tick,
            at(11, day=24): at(9, day=24) + tick,
        }
        for start, end in until.items():
            within = Interval(start, start + tick)
            assert len(search(policy=policy, within=within, now=end - tick)) == 1
            assert len(search(policy=policy, within=within, now=end)) == 0
        common = find_common([CLINIC, CLINIC], busy=NOTHING, rules=HOURLY, within=MONDAY, now=NOW, policy=policy)
        assert common.offered_until.tolist() == found.offered_until.tolist()[:3]
        assert found.take(np.array([5])).offered_until.tolist() == [to_us(at(9, day=24)) + 1]

    def test_notice_in_the_hours_of_each_calendar(self) -> None:
        long = Calendar(Schedule("UTC", WeeklyHours(dict.fromkeys(WEEKDAYS, ("09:00-17:00",)))))
        policy = BookingPolicy(min_notice=WorkingTime(6 * HOUR))
        found = search([CLINIC, long, CLINIC], policy=policy, within=WEEK)
        first = [from_us(int(found.row(row)[0])) for row in range(3)]
        # Two hours of Friday, three of Monday and one of Tuesday; or six of Friday.
        assert first == [at(10, day=24), at(9), at(10, day=24)]

    def test_notice_that_no_hours_fill_refuses_all(self) -> None:
        once = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]}, last=date(2026, 11, 23))))
        policy = BookingPolicy(min_notice=WorkingTime(4 * HOUR))
        assert hours(once, policy=policy) == []
        assert hours(CLOSED, policy=policy) == []

    def test_hours_far_away_are_found(self) -> None:
        later = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]}, first=date(2027, 11, 1))))
        within = Interval(datetime(2027, 11, 1, tzinfo=UTC), datetime(2027, 11, 2, tzinfo=UTC))
        assert hours(later, policy=BookingPolicy(min_notice=WorkingTime(HOUR)), within=within) == [10, 11]

    def test_working_notice_is_counted_for_1100_days(self) -> None:
        # 1100 days from 20 November 2026 is 24 November 2029, a Saturday.
        later = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]}, first=date(2029, 11, 25))))
        within = Interval(datetime(2029, 11, 1, tzinfo=UTC), datetime(2029, 12, 31, tzinfo=UTC))
        assert hours(later, policy=BookingPolicy(min_notice=WorkingTime(HOUR)), within=within) == []

    def test_notice_waived_where_no_hours_are_left(self) -> None:
        over = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]}, last=date(2026, 11, 16))))
        policy = BookingPolicy(min_notice=WorkingTime(HOUR))
        past = Interval(at(0, day=16), at(0, day=17))
        found = search(over, policy=policy, within=past, waive=[Waiver.NOTICE])
        assert [slot.start.hour for slot in found] == [9, 10, 11]
        assert found.valid_until is None
        assert len(found.offered_until) == 3


class TestHorizon:
    def test_elapsed_horizon(self) -> None:
        policy = BookingPolicy(horizon=timedelta(days=3))
        found = search(policy=policy)
        assert [slot.start.hour for slot in found] == [9, 10]
        # 11:00 comes in when it is three days away, at eleven.
        assert found.valid_until == at(11, day=20)
        assert hours(policy=policy, now=at(11, day=20)) == [9, 10, 11]
        assert hours(policy=policy, waive=[Waiver.HORIZON]) == [9, 10, 11]

    def test_an_elapsed_horizon_beyond_which_nothing_waits(self) -> None:
        policy = BookingPolicy(horizon=timedelta(days=3, hours=2))
        found = search([CLINIC, CLOSED, CLINIC], policy=policy)
        assert (found.counts.tolist(), found.valid_until) == ([3, 0, 3], at(9) + timedelta(microseconds=1))

    @pytest.mark.parametrize(("days", "last"), [(0, 20), (3, 23), (4, 24), (7, 27)])
    def test_horizon_in_local_days(self, days: int, last: int) -> None:
        policy = BookingPolicy(horizon=Days(days))
        found = search(policy=policy, within=Interval(at(0, day=20), at(0, day=28)))
        assert [slot.start.day for slot in found][-1] == last
        # It moves on at midnight, unless notice takes a start away before; ten o'clock goes first.
        assert found.valid_until == NOW + timedelta(microseconds=1)
        later = search(policy=policy, within=Interval(at(11, 30, day=20), at(0, day=29)))
        assert later.valid_until == at(0, day=21)

    @pytest.mark.parametrize(("days", "last"), [(0, 20), (1, 23), (2, 24), (5, 27)])
    def test_horizon_in_working_days(self, days: int, last: int) -> None:
        policy = BookingPolicy(horizon=WorkingDays(days))
        found = search(policy=policy, within=Interval(at(0, day=20), at(0, day=29)))
        assert [slot.start.day for slot in found][-1] == last

    def test_a_day_off_is_no_working_day(self) -> None:
        off = TimeOff.on(date(2026, 11, 23), zone="UTC")
        away = Calendar(Schedule("UTC", MORNINGS), off)
        assert offered(away, policy=BookingPolicy(horizon=WorkingDays(1)), within=WEEK) == [
            "24 09:00",
            "24 10:00",
            "24 11:00",
        ]

    def test_too_few_working_days_end_where_the_search_does(self) -> None:
        once = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]}, last=date(2026, 11, 30))))
        assert (
            len(search(once, policy=BookingPolicy(horizon=WorkingDays(5)), within=Interval(at(0), at(0, day=30) + DAY)))
            == 6
        )

    def test_horizons_by_the_days_of_each_calendar(self) -> None:
        around = WeeklyHours(dict.fromkeys(EVERY_DAY, ("00:00-24:00",)))
        pair = [Calendar(Schedule(zone, around)) for zone in ("UTC", "Asia/Tokyo")]
        found = search(pair, policy=BookingPolicy(horizon=Days(0)), within=Interval(at(10, day=20), at(0, day=22)))
        # Tokyo's day ends at 15:00 UTC.
        assert (found.counts.tolist(), found.row(1)[-1]) == ([14, 5], to_us(at(14, day=20)))


class TestCaps:
    def busy(self) -> BookingTable:
        return table(
            booked(1, at(9), 30 * MINUTE, client=1, service=7, pet=5, group=3, household=2),
            booked(2, at(9, day=24), 30 * MINUTE, client=1, service=8, pet=6),
            Booking(
                3,
                [
                    Allocation(0, Interval(at(10, day=24), at(10, 45, day=24))),
                    Allocation(9, Interval(at(10, 15, day=24), at(11, day=24))),
                ],
                client=1,
            ),
            booked(4, at(9, day=25), status=BookingStatus.NO_SHOW),
            booked(5, at(9, day=26), status=BookingStatus.PENDING),
            booked(6, at(9, day=27), status=BookingStatus.CANCELLED),
        )

    def days(self, cap: Cap, request: Request = Request(), **more: Any) -> list[int]:  # noqa: B008 - frozen
        policy = BookingPolicy(caps=cap, **more)
        quarter = SlotRules(15 * MINUTE, step=15 * MINUTE)
        found = search(busy=self.busy(), rules=quarter, within=WEEK, policy=policy, request=request)
        assert found.untested == ()
        two = search([CLINIC, CLINIC], busy=self.busy(), rules=quarter, within=WEEK, policy=policy, request=request)
        assert two.row(0).tolist() == found.row(0).tolist()
        return sorted({slot.start.day for slot in found})

    @pytest.mark.parametrize(
        ("cap", "days"),
        [
            (Cap(0, per=Period.DAY), []),
            (Cap(1, per=Period.DAY), [27]),
            (Cap(2, per=Period.DAY), [23, 25, 26, 27]),
            (Cap(3, per=Period.DAY), [23, 24, 25, 26, 27]),
            (Cap(5, per=Period.WEEK), []),
            (Cap(6, per=Period.WEEK), [23, 24, 25, 26, 27]),
            (Cap(5, per=Period.MONTH), []),
            (Cap(6, per=Period.MONTH), [23, 24, 25, 26, 27]),
            # Half an hour on Monday, an hour and a quarter on Tuesday, an hour on Wednesday and Thursday.
            (Cap(44, per=Period.DAY, minutes=True), [27]),
            (Cap(45, per=Period.DAY, minutes=True), [23, 27]),
            (Cap(75, per=Period.DAY, minutes=True), [23, 25, 26, 27]),
            (Cap(90, per=Period.DAY, minutes=True), [23, 24, 25, 26, 27]),
        ],
    )
    def test_caps_of_a_resource(self, cap: Cap, days: list[int]) -> None:
        assert self.days(cap) == days

    def test_no_shows_count_where_the_policy_says_so(self) -> None:
        assert self.days(Cap(1, per=Period.DAY), no_show_counts=False) == [25, 27]

    @pytest.mark.parametrize(
        ("cap", "days"),
        [
            (Cap(1, per=Period.DAY, by=Scope.CLIENT), [25, 26, 27]),
            # Booking 3 is one, on two resources.
            (Cap(2, per=Period.DAY, by=Scope.CLIENT), [23, 25, 26, 27]),
            (Cap(3, per=Period.DAY, by=Scope.CLIENT), [23, 24, 25, 26, 27]),
            (Cap(3, per=Period.WEEK, by=Scope.CLIENT), []),
            (Cap(4, per=Period.WEEK, by=Scope.CLIENT), [23, 24, 25, 26, 27]),
            (Cap(1, per=Period.DAY, by=Scope.PET), [24, 25, 26, 27]),
            (Cap(1, per=Period.DAY, by=Scope.HOUSEHOLD), [24, 25, 26, 27]),
            (Cap(1, per=Period.DAY, by=Scope.GROUP), [24, 25, 26, 27]),
            (Cap(1, per=Period.DAY, by=Scope.CLIENT, service=7), [24, 25, 26, 27]),
            (Cap(1, per=Period.DAY, service=7), [24, 25, 26, 27]),
            (Cap(1, per=Period.DAY, service=8), [23, 24, 25, 26, 27]),
            # On Tuesday half an hour, and from 10:00 to 11:00 over both resources.
            (Cap(104, per=Period.DAY, by=Scope.CLIENT, minutes=True), [23, 25, 26, 27]),
            (Cap(105, per=Period.DAY, by=Scope.CLIENT, minutes=True), [23, 24, 25, 26, 27]),
        ],
    )
    def test_caps_of_who_asks(self, cap: Cap, days: list[int]) -> None:
        assert self.days(cap, Request(client=1, pet=5, household=2, group=3, service=7)) == days

    def test_what_the_request_does_not_tell_is_untested(self) -> None:
        policy = BookingPolicy(
            caps=[Cap(0, per=Period.DAY, by=Scope.PET), Cap(0, per=Period.DAY, service=7), Cap(9, per=Period.DAY)],
            gaps=[MinimumGap(HOUR, by=Scope.CLIENT), MinimumGap(HOUR)],
            one_at_a_time=[Scope.PET],
        )
        found = search(policy=policy)
        assert len(found) == 3
        assert found.untested == (
            "at most 0 bookings per day by pet",
            "at most 0 bookings per day by resource",
            "at least 1:00:00 between visits by client",
            "one visit at a time by pet",
        )

    def test_the_day_of_a_cap_is_that_of_its_zone(self) -> None:
        around = WeeklyHours(dict.fromkeys(EVERY_DAY, ("00:00-24:00",)))
        rules = SlotRules(HOUR, step=12 * HOUR)
        tokyo = Calendar(Schedule("Asia/Tokyo", around))
        utc = Calendar(Schedule("UTC", around))
        busy = table(booked(1, at(14)), booked(2, at(14), resource=1))
        within = Interval(at(0), at(12, day=24))
        cap = BookingPolicy(caps=Cap(1, per=Period.DAY))
        # Monday in Tokyo ends at 15:00 UTC, and so does its cap; the grid there begins at 15:00.
        assert offered(tokyo, busy=busy, rules=rules, within=within, policy=cap) == ["23 15:00", "24 03:00"]
        assert offered(utc, busy=busy, rules=rules, within=within, policy=cap) == ["24 00:00"]
        both = search([tokyo, utc], busy=busy, rules=rules, within=within, policy=cap)
        assert both.counts.tolist() == [2, 1]
        told = BookingPolicy(caps=Cap(1, per=Period.DAY, zone="Asia/Tokyo"))
        assert offered(utc, busy=busy, rules=rules, within=within, policy=told) == ["24 00:00"]
        zoned = search([tokyo, utc], busy=busy, rules=SlotRules(HOUR, step=HOUR), within=within, policy=told)
        assert zoned.row(0).tolist() == zoned.row(1).tolist()
        assert zoned.row(0)[0] == to_us(at(15))

    def test_months_and_weeks_end_at_local_midnight(self) -> None:
        busy = table(booked(1, at(9, day=30)))
        within = Interval(at(0, day=30), at(0, day=30) + 2 * DAY)
        assert offered(busy=busy, within=within, policy=BookingPolicy(caps=Cap(1, per=Period.MONTH))) == [
            "01 09:00",
            "01 10:00",
            "01 11:00",
        ]
        sunday = table(booked(1, at(9, day=22)))
        assert len(search(busy=sunday, policy=BookingPolicy(caps=Cap(1, per=Period.WEEK)))) == 3

    def test_minutes_of_stays_over_a_clock_change(self) -> None:
        # From Saturday to Sunday a stay of a day has 25 hours, 1500 minutes, in Berlin and 1440 in UTC.
        pm = WeeklyHours(dict.fromkeys(EVERY_DAY, ("12:00-13:00",)))
        pair = [Calendar(Schedule(zone, pm)) for zone in ("Europe/Berlin", "UTC")]
        within = Interval(datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC))
        rules = SlotRules(CalendarDays(1), step=HOUR, offset=MINUTE)
        for limit, counts in ((1439, [0, 0]), (1440, [0, 1]), (1499, [0, 1]), (1500, [1, 1])):
            policy = BookingPolicy(caps=Cap(limit, per=Period.DAY, minutes=True))
            found = search(pair, rules=rules, within=within, policy=policy, now=datetime(2026, 1, 1, tzinfo=UTC))
            assert found.counts.tolist() == counts

    def test_periods_that_are_not_wholly_known_cannot_be_counted(self) -> None:
        busy = BookingTable.empty(known=Interval(at(0), at(12, day=24)))
        policy = BookingPolicy(caps=Cap(5, per=Period.DAY))
        assert offered(busy=busy, within=WEEK, policy=policy) == ["23 09:00", "23 10:00", "23 11:00"]
        assert search([CLINIC, CLINIC], busy=busy, within=WEEK, policy=policy).counts.tolist() == [3, 3]
        # Tuesday in Tokyo lasts from Monday 15:00 UTC to Tuesday 15:00 UTC; its mornings begin at midnight UTC.
        longer = BookingTable.empty(known=Interval(at(0), at(15, day=24)))
        pair = [CLINIC, Calendar(Schedule("Asia/Tokyo", MORNINGS))]
        found = search(pair, busy=longer, within=WEEK, policy=policy)
        assert [slot.start for slot in found] == [at(9), at(10), at(11), at(0, day=24), at(1, day=24), at(2, day=24)]

    def test_periods_that_are_wholly_known_can_be_counted(self) -> None:
        busy = BookingTable.empty(known=Interval(at(0, day=1), at(0, day=30) + 30 * DAY))
        assert hours(busy=busy, policy=BookingPolicy(caps=Cap(5, per=Period.DAY))) == [9, 10, 11]
        pair = [CLINIC, Calendar(Schedule("Asia/Tokyo", MORNINGS))]
        assert len(search(pair, busy=busy, policy=BookingPolicy(caps=Cap(5, per=Period.DAY)))) == 6


class TestGaps:
    def test_gaps_of_a_resource_lie_between_visits(self) -> None:
        busy = table(booked(1, at(10), 30 * MINUTE))
        half = SlotRules(30 * MINUTE, step=30 * MINUTE)
        found = {
            minutes: offered(busy=busy, rules=half, policy=BookingPolicy(gaps=MinimumGap(minutes * MINUTE)))
            for minutes in (0, 1, 30, 60)
        }
        assert found == {
            0: ["23 09:00", "23 09:30", "23 10:30", "23 11:00", "23 11:30"],
            1: ["23 09:00", "23 11:00", "23 11:30"],
            30: ["23 09:00", "23 11:00", "23 11:30"],
            60: ["23 11:30"],
        }

    def test_feeds_are_no_visits(self) -> None:
        busy = NOTHING.with_feed(0, IntervalSet.of(Interval(at(10), at(11))), known=IntervalSet.of(ALWAYS))
        policy = BookingPolicy(gaps=[MinimumGap(HOUR), MinimumGap(HOUR, by=Scope.CLIENT)], caps=Cap(1, per=Period.DAY))
        assert hours(busy=busy, policy=policy, request=Request(client=1)) == [9, 11]

    def test_gaps_and_visits_of_who_asks_are_on_every_resource(self) -> None:
        busy = table(booked(1, at(9, day=23), resource=9, pet=5), booked(2, at(9, day=24), resource=9, pet=6))
        request = Request(pet=5)
        gap = BookingPolicy(gaps=MinimumGap(DAY, by=Scope.PET))
        assert offered(busy=busy, within=WEEK, policy=gap, request=request)[:3] == ["24 10:00", "24 11:00", "25 09:00"]
        once = BookingPolicy(one_at_a_time=[Scope.PET])
        assert hours(busy=busy, policy=once, request=request) == [10, 11]
        assert search([CLINIC, CLINIC], busy=busy, policy=once, request=request).counts.tolist() == [2, 2]

    def test_gaps_that_reach_into_unknown_time(self) -> None:
        busy = BookingTable.empty(known=Interval(at(10), at(0, day=28)))
        asked: dict[str, Any] = {"busy": busy, "rules": HOURLY}
        assert hours(**asked) == [10, 11]
        assert hours(**asked, policy=BookingPolicy(gaps=MinimumGap(HOUR))) == [11]
        pet = BookingPolicy(gaps=MinimumGap(HOUR, by=Scope.PET), one_at_a_time=[Scope.PET])
        assert hours(**asked, policy=pet) == [10, 11]
        assert hours(**asked, policy=pet, request=Request(pet=5)) == [11]


class TestLengths:
    def test_visits_too_short_or_too_long(self) -> None:
        assert hours(policy=BookingPolicy(min_duration=HOUR, max_duration=HOUR)) == [9, 10, 11]
        assert hours(policy=BookingPolicy(min_duration=HOUR + MINUTE)) == []
        assert hours(policy=BookingPolicy(max_duration=HOUR - MINUTE)) == []
        assert search([CLINIC, CLINIC], policy=BookingPolicy(max_duration=MINUTE)).counts.tolist() == [0, 0]

    def test_stays_are_measured_in_elapsed_time(self) -> None:
        noon = WeeklyHours(dict.fromkeys(EVERY_DAY, ("12:00-13:00",)))
        within = Interval(datetime(2026, 10, 23, tzinfo=UTC), datetime(2026, 10, 26, tzinfo=UTC))
        pair = [Calendar(Schedule(zone, noon)) for zone in ("Europe/Berlin", "UTC")]
        found = search(
            pair,
            rules=SlotRules(CalendarDays(1), step=HOUR, offset=MINUTE),
            within=within,
            now=datetime(2026, 1, 1, tzinfo=UTC),
            policy=BookingPolicy(max_duration=DAY),
        )
        # Berlin's stay of 24 October is an hour longer.
        assert [[from_us(s).day for s in found.row(row).tolist()] for row in (0, 1)] == [[23, 25], [23, 24, 25]]


class TestStays:
    BOARDING = SlotRules(CalendarDays(2), step=30 * MINUTE)
    KENNEL = Calendar(Schedule("UTC", WeeklyHours(dict.fromkeys(WEEKDAYS, ("08:00-09:30",)))))

    def test_both_ends_lie_in_opening_hours(self) -> None:
        # From Thursday or Friday it would end on a weekend.
        assert offered(self.KENNEL, rules=self.BOARDING, within=WEEK) == [
            f"{day} {clock}" for day in (23, 24, 25) for clock in ("08:00", "08:30", "09:00")
        ]

    def test_time_off_may_not_lie_inside(self) -> None:
        off = TimeOff(Interval(at(20, day=25), at(21, day=25)))
        away = Calendar(self.KENNEL.schedules, off)
        assert offered(away, rules=self.BOARDING, within=WEEK) == ["23 08:00", "23 08:30", "23 09:00"]
        found = search([away, self.KENNEL, away], rules=self.BOARDING, within=WEEK)
        assert found.counts.tolist() == [3, 9, 3]

    def test_stays_take_the_nights_between(self) -> None:
        busy = table(booked(1, at(3, day=25)))
        assert offered(self.KENNEL, rules=self.BOARDING, busy=busy, within=WEEK) == ["25 08:00", "25 08:30", "25 09:00"]
        found = search([self.KENNEL, self.KENNEL], rules=self.BOARDING, busy=busy, within=WEEK)
        assert found.counts.tolist() == [3, 9]

    def test_stays_join_stays(self) -> None:
        busy = table(booked(1, at(8, 30), 2 * DAY, seats=2, service=1))
        rules = SlotRules(CalendarDays(2), step=30 * MINUTE, seats=2)
        request = Request(service=1)
        assert offered(self.KENNEL, rules=rules, busy=busy, within=WEEK, request=request) == [
            "23 08:30",
            "25 08:30",
            "25 09:00",
        ]
        found = search([self.KENNEL, self.KENNEL], rules=rules, busy=busy, within=WEEK, request=request)
        assert found.counts.tolist() == [3, 9]

    def test_stays_of_rows_in_several_zones(self) -> None:
        hours = WeeklyHours(dict.fromkeys(EVERY_DAY, ("08:00-09:30",)))
        zones = ("Europe/Berlin", "UTC", "America/New_York", "Europe/Berlin")
        off = TimeOff.on(date(2026, 10, 27), zone="UTC")
        kennels = [Calendar(Schedule(zone, hours)) for zone in zones[:3]] + [Calendar(Schedule(zones[3], hours), off)]
        within = Interval(datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC))
        asked: dict[str, Any] = {"within": within, "now": datetime(2026, 1, 1, tzinfo=UTC)}
        busy = BookingTable.empty(known=Interval(within.start, within.end + 3 * DAY))
        found = search(kennels, rules=SlotRules(CalendarDays(2), step=30 * MINUTE), busy=busy, **asked)
        assert [slot.duration // HOUR for slot in found] == [49] * 3 + [48] * 6 + [49] * 3
        alone = [
            search(kennel, rules=SlotRules(CalendarDays(2), step=30 * MINUTE), busy=busy, **asked) for kennel in kennels
        ]
        assert [found.row(row).tolist() for row in range(4)] == [each.row(0).tolist() for each in alone]

    def test_stays_with_hours_waived_start_at_any_hour(self) -> None:
        found = search(self.KENNEL, rules=SlotRules(CalendarDays(2), step=6 * HOUR), waive=[Waiver.HOURS])
        assert [slot.start.strftime("%H:%M") for slot in found] == ["00:00", "06:00", "08:00", "12:00", "18:00"]


class TestWaivers:
    @pytest.mark.parametrize(
        ("policy", "waiver"),
        [
            (BookingPolicy(min_notice=timedelta(days=30)), Waiver.NOTICE),
            (BookingPolicy(min_notice=WorkingTime(30 * HOUR)), Waiver.NOTICE),
            (BookingPolicy(horizon=HOUR), Waiver.HORIZON),
            (BookingPolicy(horizon=Days(1)), Waiver.HORIZON),
            (BookingPolicy(caps=Cap(0, per=Period.DAY)), Waiver.CAP),
            (BookingPolicy(caps=Cap(0, per=Period.WEEK, by=Scope.CLIENT)), Waiver.CAP),
        ],
    )
    def test_each_sets_its_rule_aside(self, policy: BookingPolicy, waiver: Waiver) -> None:
        request = Request(client=1)
        assert hours(policy=policy, request=request) == []
        others = set(Waiver) - {waiver, Waiver.GRID, Waiver.HOURS}
        assert hours(policy=policy, request=request, waive=others) == []
        assert hours(policy=policy, request=request, waive=[waiver]) == [9, 10, 11]

    def test_hours_waived_open_the_rest_by_the_clock(self) -> None:
        late = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:10-12:00"]})))
        found = offered(late, rules=SlotRules(HOUR, step=4 * HOUR), waive=["hours"])
        # Inside the hours their own grid holds, outside it the clock's.
        assert found == ["23 00:00", "23 04:00", "23 08:00", "23 09:10", "23 12:00", "23 16:00", "23 20:00"]
        pair = search([late, Calendar(Schedule("Asia/Tokyo"))], rules=SlotRules(HOUR, step=4 * HOUR), waive=["hours"])
        assert pair.counts.tolist() == [7, 6]
        assert [from_us(us).hour for us in pair.row(1).tolist()] == [3, 7, 11, 15, 19, 23]

    def test_what_is_held_is_never_waived(self) -> None:
        everything = set(Waiver) - {Waiver.GRID, Waiver.HOURS}
        assert hours(busy=table(booked(1, at(10))), waive=everything) == [9, 11]


class TestCommon:
    CALENDARS = (
        CLINIC,
        Calendar(Schedule("UTC", WeeklyHours({"monday": ["10:00-14:00"]}))),
        Calendar(Schedule("UTC", WeeklyHours({"monday": ["11:00-15:00"]}))),
    )

    @pytest.mark.parametrize(
        ("need", "starts"),
        [(None, [11]), (3, [11]), (2, [10, 11, 12, 13]), (1, [9, 10, 11, 12, 13, 14])],
    )
    def test_starts_that_enough_calendars_accept(self, need: int | None, starts: list[int]) -> None:
        batch = CalendarBatch.of(self.CALENDARS, [7, 8, 9])
        found = find_common(batch, busy=NOTHING, rules=HOURLY, within=MONDAY, now=NOW, need=need)
        assert ([slot.start.hour for slot in found], found.handles.tolist()) == (starts, [7])
        assert (found.counts.tolist(), {slot.duration for slot in found}) == ([len(starts)], {HOUR})

    @pytest.mark.parametrize("need", [0, -1, 4])
    def test_need_is_one_to_all(self, need: int) -> None:
        with pytest.raises(InvalidValueError) as caught:
            find_common(self.CALENDARS, busy=NOTHING, rules=HOURLY, within=MONDAY, now=NOW, need=need)
        assert (caught.value.got, caught.value.calendars) == (need, 3)


class TestFree:
    def test_time_that_is_open_and_not_occupied(self) -> None:
        room = Calendar(Schedule("UTC", MORNINGS), capacity=2)
        visit = Interval(at(10), at(10, 30))
        busy = table(Booking(1, [Allocation.of(n, visit, buffer_after=15 * MINUTE) for n in (0, 1)]))
        free = find_free([CLINIC, room, CLOSED], busy=busy, within=Interval(at(9, 30), at(0, day=24)), now=NOW)
        assert [list(row) for row in free] == [
            [Interval(at(9, 30), at(10)), Interval(at(10, 45), at(12))],
            [Interval(at(9, 30), at(12))],
            [],
        ]

    def test_unknown_time_is_not_free_and_people_rules_do_not_matter(self) -> None:
        busy = BookingTable.empty(known=Interval(at(10), at(11)))
        policy = BookingPolicy(min_notice=timedelta(days=30), horizon=HOUR, caps=Cap(0, per=Period.DAY))
        found = find_free(CLINIC, busy=busy, within=MONDAY, now=NOW)
        assert list(found[0]) == [Interval(at(10), at(11))]
        tuesday = LocalDays(date(2026, 11, 24), date(2026, 11, 24))
        assert list(find_free(CLINIC, busy=NOTHING, within=tuesday, now=NOW)[0]) == [
            Interval(at(9, day=24), at(12, day=24))
        ]
        ruled = find_free(CLINIC, busy=NOTHING, within=MONDAY, now=NOW, policy=policy)
        assert list(ruled[0]) == [Interval(at(9), at(12))]


class TestStream:
    def test_starts_come_in_order_of_time_and_then_of_row(self) -> None:
        late = Calendar(Schedule("UTC", WeeklyHours({"monday": ["10:00-12:00"]})))
        asked: dict[str, Any] = {"busy": NOTHING, "rules": HOURLY, "after": at(0), "now": NOW}
        stream = stream_slots([late, CLINIC], **asked)
        assert [(slot.start.hour, slot.resource_id) for slot in islice(stream, 5)] == [
            (9, 1),
            (10, 0),
            (10, 1),
            (11, 0),
            (11, 1),
        ]
        assert [slot.start for slot in stream_slots(CLINIC, limit=4, **asked)] == [at(9), at(10), at(11), at(9, day=24)]
        assert list(stream_slots(CLINIC, limit=0, **asked)) == []

    def test_a_start_years_away_is_found(self) -> None:
        once = Calendar(
            Schedule("UTC", WeeklyHours({"monday": ["09:00-10:00"]}, first=date(2047, 6, 1), last=date(2047, 6, 7)))
        )
        found = list(stream_slots(once, busy=NOTHING, rules=HOURLY, after=at(0), now=NOW))
        assert [slot.start for slot in found] == [datetime(2047, 6, 3, 9, tzinfo=UTC)]

    def test_a_stream_of_less_than_nothing_is_refused(self) -> None:
        with pytest.raises(InvalidValueError) as caught:
            stream_slots(CLINIC, busy=NOTHING, rules=HOURLY, after=at(0), now=NOW, limit=-1)
        assert caught.value.got == -1

    def test_more_starts_than_one_search_may_find_come_in_parts(self) -> None:
        # Ten seconds of microseconds are ten million starts.
        dense = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00:00-09:00:10"]})))
        tick = timedelta(microseconds=1)
        rules = SlotRules(tick, step=tick)
        stream = stream_slots(dense, busy=NOTHING, rules=rules, after=at(9) - timedelta(seconds=9.2), now=NOW)
        assert [slot.start for slot in islice(stream, 3)] == [at(9), at(9) + tick, at(9) + 2 * tick]

    def test_a_stream_ends_where_nothing_more_can_be_offered(self) -> None:
        asked: dict[str, Any] = {"rules": HOURLY, "after": at(0), "now": NOW}
        known = BookingTable.empty(known=Interval(at(0), at(11, day=24)))
        # What begins at ten on Tuesday ends when knowledge does.
        assert [slot.start for slot in stream_slots(CLINIC, busy=known, **asked)] == [
            at(9),
            at(10),
            at(11),
            at(9, day=24),
            at(10, day=24),
        ]
        blind = BookingTable.empty(known=IntervalSet.from_us([], []))
        assert list(stream_slots(CLINIC, busy=blind, **asked)) == []
        policy = BookingPolicy(horizon=timedelta(days=3))
        assert [slot.start for slot in stream_slots(CLINIC, busy=NOTHING, policy=policy, **asked)] == [at(9), at(10)]
        further = stream_slots(CLINIC, busy=NOTHING, policy=policy, waive=[Waiver.HORIZON], **asked)
        assert [slot.start for slot in islice(further, 4)] == [at(9), at(10), at(11), at(9, day=24)]


class TestManyRows:
    def test_more_rows_than_are_compiled_at_once(self) -> None:
        rows = [CLINIC if row % 3 else CLOSED for row in range(1_201)]
        busy = table(*(booked(row, at(10), resource=row) for row in range(0, 1_201, 2)))
        found = search(rows, busy=busy)
        expected = [0 if row % 3 == 0 else 2 if row % 2 == 0 else 3 for row in range(1_201)]
        assert found.counts.tolist() == expected
        asked: dict[str, Any] = {"busy": busy, "rules": HOURLY, "within": MONDAY, "now": NOW}
        assert count_slots(rows, **asked).tolist() == expected
        assert first_slots(rows, **asked).counts.tolist() == [min(count, 1) for count in expected]
        free = find_free(rows, busy=busy, within=MONDAY, now=NOW)
        assert [len(row) for row in free] == [0 if row % 3 == 0 else 2 if row % 2 == 0 else 1 for row in range(1_201)]
        at_ten = check_booking_batch(
            rows, row=range(1_201), start_us=[to_us(at(10))] * 1_201, busy=busy, rules=HOURLY, now=NOW
        )
        assert [mask == 0 for mask in at_ten.tolist()] == [count == 3 for count in expected]

    def test_rows_that_are_compiled_together_may_need_only_some_of_the_calendars(self) -> None:
        late = Calendar(Schedule("UTC", WeeklyHours({"monday": ["11:00-14:00"]})))
        rows = [CLINIC] * 500 + [late, CLOSED, late]
        for alignment in ("opening", "clock"):
            rules = SlotRules(HOUR, step=HOUR, alignment=alignment)
            found = search(rows, rules=rules)
            assert found.counts.tolist() == [3] * 501 + [0, 3]
            assert [from_us(us).hour for us in found.row(502).tolist()] == [11, 12, 13]
            assert [from_us(us).hour for us in found.row(499).tolist()] == [9, 10, 11]

    def test_working_notice_over_several_chunks(self) -> None:
        policy = BookingPolicy(min_notice=WorkingTime(2 * HOUR))
        one = search(policy=policy, within=WEEK)
        many = search([CLINIC] * 501, policy=policy, within=WEEK)
        assert many.row(500).tolist() == one.row(0).tolist()
        assert many.offered_until[-len(one) :].tolist() == one.offered_until.tolist()

    def test_ten_thousand_rows_over_a_thousand_years(self) -> None:
        # 10,000 rows of a thousand years do not fit into 62 bits at once; they are taken as many at a time as do.
        once = Calendar(
            Schedule("UTC", WeeklyHours({"monday": ["09:00-10:00"]}, first=date(2500, 1, 1), last=date(2500, 1, 7)))
        )
        within = Interval(datetime(2027, 1, 1, tzinfo=UTC), datetime(3027, 1, 1, tzinfo=UTC))
        busy = table(booked(1, datetime(2500, 1, 4, 9, tzinfo=UTC), resource=9_999))
        assert count_slots([once] * 10_000, busy=busy, rules=HOURLY, within=within, now=NOW).tolist() == [1] * 9_999 + [
            0
        ]

    def test_many_zones_in_one_query(self) -> None:
        zones = ["UTC", "Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"] * 4
        rows = [Calendar(Schedule(zone, MORNINGS)) for zone in zones]
        policy = BookingPolicy(
            caps=[
                Cap(1, per=Period.DAY),
                Cap(200, per=Period.WEEK, minutes=True),
                Cap(3, per=Period.MONTH, by=Scope.CLIENT),
            ],
            horizon=WorkingDays(4),
            min_notice=WorkingTime(4 * HOUR),
            max_duration=2 * HOUR,
        )
        busy = table(*(booked(row, at(1 + row % 9), resource=row, client=row % 2) for row in range(24)))
        asked: dict[str, Any] = {"busy": busy, "within": WEEK, "policy": policy, "request": Request(client=0)}
        for days in (WEEK, LocalDays(date(2026, 11, 23), date(2026, 11, 27))):
            every = search(rows, **{**asked, "within": days})
            for row in range(24):
                alone = search(CalendarBatch.of([rows[row]], [row]), **{**asked, "within": days})
                assert every.row(row).tolist() == alone.row(0).tolist()
        # Where Monday's booking lies in New York's Sunday, it belongs to the week before and to a day that is closed.
        sunday = {row for row in range(24) if zones[row] == "America/New_York" and 1 + row % 9 < 5}
        assert sunday == {3, 9, 21}
        weekly = BookingPolicy(caps=[Cap(1, per=Period.DAY), Cap(100, per=Period.WEEK, minutes=True)])
        found = search(rows, **{**asked, "policy": weekly})
        assert found.counts.tolist() == [15 if row in sunday else 0 for row in range(24)]
        daily = BookingPolicy(caps=Cap(1, per=Period.DAY), horizon=WorkingDays(4))
        found = search(rows, **{**asked, "policy": daily})
        assert found.counts.tolist() == [12 if row in sunday else 9 for row in range(24)]

    def test_a_cache_of_hours_changes_no_answer(self) -> None:
        cache = HoursCache()
        policy = BookingPolicy(min_notice=WorkingTime(4 * HOUR), horizon=WorkingDays(4))
        for _ in range(2):
            for calendars in (CLINIC, [CLINIC, CLOSED]):
                for rules in (HOURLY, SlotRules(HOUR, alignment="clock")):
                    asked: dict[str, Any] = {"rules": rules, "policy": policy, "within": WEEK}
                    plain, kept = search(calendars, **asked), search(calendars, cache=cache, **asked)
                    assert plain.starts.tolist() == kept.starts.tolist()
                    assert plain.offered_until.tolist() == kept.offered_until.tolist()


def test_batches_are_checked_row_by_row() -> None:
    asked: dict[str, Any] = {"busy": table(booked(1, at(10), resource=1)), "rules": HOURLY, "now": NOW}
    starts = [to_us(at(10)), to_us(at(10)), to_us(at(10, 30)), to_us(at(13)), to_us(at(9, day=19))]
    masks = check_booking_batch([CLINIC, CLINIC], row=[0, 1, 1, 0, 0], start_us=starts, **asked)
    assert [[reason.code for reason in Reason(mask)] for mask in masks] == [
        [],
        ["busy"],
        ["off_grid", "busy"],
        ["closed"],
        ["notice"],
    ]
    one = check_booking_batch(CLINIC, row=[0, 0], start_us=starts[:2], **asked)
    assert one.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("row", "start"), [([0], []), ([0, 1], [1]), (0, 1), ([[0]], [[1]]), ([0.0], [1]), ([0], [float("nan")])]
)
def test_batches_are_columns_of_whole_numbers_and_one_length(row: Any, start: Any) -> None:
    with pytest.raises(InvalidValueError) as caught:
        check_booking_batch([CLINIC, CLINIC], row=row, start_us=start, busy=NOTHING, rules=HOURLY, now=NOW)
    assert (caught.value.row, caught.value.start_us) == (np.shape(row), np.shape(start))


@pytest.mark.parametrize("row", [2, -1])
def test_a_row_that_is_not_there_is_refused(row: int) -> None:
    with pytest.raises(InvalidValueError) as caught:
        check_booking_batch([CLINIC, CLINIC], row=[row], start_us=[1], busy=NOTHING, rules=HOURLY, now=NOW)
    assert caught.value.rows == 2
