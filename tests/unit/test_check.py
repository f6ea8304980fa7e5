"""Checks of one proposal: what stands against it, with its sources. 2026-11-23 is a Monday, 20 November a Friday."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs
import pytest

from petpro_core.availability import Calendar
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
    WorkingTime,
)
from petpro_core.decisions import check_booking, check_cancel, check_move, check_series
from petpro_core.errors import InvalidValueError, LimitExceededError, NaiveDatetimeError, OutOfRangeError
from petpro_core.intervals import ALWAYS, Interval, IntervalSet
from petpro_core.reasons import Conflict, Waiver
from petpro_core.schedules import Closure, DateOverride, Holiday, Schedule, TimeOff, WeeklyHours
from petpro_core.slots import CalendarDays, SlotRules

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TICK = timedelta(microseconds=1)
HOUR_US = 3_600_000_000
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
MORNINGS = WeeklyHours(dict.fromkeys(WEEKDAYS, ("09:00-12:00",)))
UTC_MORNINGS = Schedule("UTC", MORNINGS)
CLINIC = Calendar(UTC_MORNINGS)
ROOM = Calendar(UTC_MORNINGS, capacity=3)
HALF_HOURLY = SlotRules(HOUR, step=30 * MINUTE)
NOTHING = BookingTable.empty(known=ALWAYS)
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def at(hour: int, minute: int = 0, *, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def time(start: datetime, end: datetime) -> Interval:
    return Interval(start, end)


def booked(
    number: int, start: datetime, length: timedelta = HOUR, *, resource: int = 0, units: int = 1, **more: Any
) -> Booking:
    return Booking(number, Allocation(resource, Interval(start, start + length), units=units), **more)


def table(*bookings: Booking) -> BookingTable:
    return BookingTable.of(bookings, known=ALWAYS)


def check(start: datetime, calendar: Calendar = CLINIC, **more: Any) -> tuple[Conflict, ...]:
    return check_booking(calendar, **{"start": start, "busy": NOTHING, "rules": HALF_HOURLY, "now": NOW, **more})


def kinds(start: datetime, calendar: Calendar = CLINIC, **more: Any) -> list[str]:
    return [str(conflict.kind) for conflict in check(start, calendar, **more)]


def only(conflicts: tuple[Conflict, ...]) -> Conflict:
    assert len(conflicts) == 1
    return conflicts[0]


def told(conflict: Conflict) -> tuple[str, str, object, object]:
    return conflict.reason.code, str(conflict.kind), conflict.interval, conflict.ref


class TestQuestion:
    def test_a_start_that_nothing_stands_against(self) -> None:
        assert check(at(9)) == ()

    def test_naive_datetimes_are_refused(self) -> None:
        naive = datetime(2026, 11, 23, 9)  # noqa: DTZ001 - that is the case
        for start, now in ((naive, NOW), (at(9), naive)):
            with pytest.raises(NaiveDatetimeError) as caught:
                check(start, now=now)
            assert caught.value.moment == naive

    def test_a_conflict_names_the_calendar(self) -> None:
        busy = table(booked(1, at(9), resource=42))
        assert check(at(9), busy=busy) == ()
        assert only(check(at(9), busy=busy, handle=42)).resource_id == 42

    def test_every_reason_is_told_at_once(self) -> None:
        found = check(
            at(9, 10),
            busy=table(booked(1, at(9), client=5), booked(2, at(11), client=5)),
            policy=BookingPolicy(
                min_notice=timedelta(days=4),
                horizon=HOUR,
                caps=[Cap(1, per=p) for p in Period] + [Cap(1, per=Period.DAY, by=Scope.CLIENT)],
                gaps=MinimumGap(2 * HOUR),
                one_at_a_time=[Scope.CLIENT],
                min_duration=2 * HOUR,
            ),
            request=Request(client=5, units=2),
        )
        assert [conflict.reason.code for conflict in found] == [
            "off_grid",
            "notice",
            "horizon",
            "busy",
            "too_big",
            "client_busy",
            "gap",
            "gap",
            "duration",
            "cap_day",
            "cap_week",
            "cap_month",
            "client_cap",
        ]


class TestClosed:
    def test_after_hours(self) -> None:
        conflict = only(check(at(13)))
        assert told(conflict) == ("closed", "closed", time(at(12), at(9, day=24)), None)
        assert conflict.refused_starts == time(at(11) + TICK, at(9, day=24))

    def test_what_runs_on_past_closing_time(self) -> None:
        conflict = only(check(at(11, 30)))
        assert told(conflict) == ("closed", "closed", time(at(12), at(9, day=24)), None)

    def test_weekends(self) -> None:
        conflict = only(check(at(10, day=21)))
        assert told(conflict) == ("closed", "closed", time(at(12, day=20), at(9)), None)
        assert conflict.refused_starts == time(at(11, day=20) + TICK, at(9))

    def test_a_calendar_without_hours_is_closed_for_ever(self) -> None:
        conflict = only(check(at(9), Calendar(Schedule("UTC"))))
        assert conflict.refused_starts == ALWAYS
        assert told(conflict)[:2] == ("closed", "closed")

    def test_hours_that_have_ended(self) -> None:
        over = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]}, last=date(2026, 11, 16))))
        conflict = only(check(at(9), over))
        assert conflict.refused_starts == time(at(11, day=16) + TICK, ALWAYS.end)

    @pytest.mark.parametrize(
        ("exceptions", "kind", "interval", "ref"),
        [
            (
                {"holidays": [Holiday(date(2026, 11, 23), "Labour Thanksgiving")]},
                "holiday",
                (23, 24),
                "Labour Thanksgiving",
            ),
            ({"holidays": [Holiday(date(2026, 11, 23))]}, "holiday", (23, 24), None),
            ({"overrides": [DateOverride(date(2026, 11, 23))]}, "closed", (23, 24), "date override"),
            ({"overrides": [DateOverride(date(2026, 11, 23), (), "inventory")]}, "closed", (23, 24), "inventory"),
            (
                {"holidays": [Holiday(date(2026, 11, 23))], "overrides": [DateOverride(date(2026, 11, 23))]},
                "closed",
                (23, 24),
                "date override",
            ),
            ({"closures": [Closure(date(2026, 11, 23), date(2026, 11, 24))]}, "closed", (23, 25), "closure"),
            ({"closures": [Closure(date(2026, 11, 22), date(2026, 11, 23), "moving")]}, "closed", (22, 24), "moving"),
        ],
    )
    def test_dates(self, exceptions: dict[str, Any], kind: str, interval: tuple[int, int], ref: str | None) -> None:
        first, last = interval
        calendar = Calendar(Schedule("UTC", MORNINGS, **exceptions))
        conflict = only(check(at(9), calendar))
        assert told(conflict) == ("closed", kind, time(at(0, day=first), at(0, day=last)), ref)

    def test_breaks(self) -> None:
        week = WeeklyHours(
            {"monday": ["09:00-12:00", "12:30-18:00"]}, breaks={"monday": ["14:00-15:00 lunch", "16:00-16:30"]}
        )
        calendar = Calendar(Schedule("UTC", week))
        assert told(only(check(at(14), calendar))) == ("closed", "break", time(at(14), at(15)), "lunch")
        assert told(only(check(at(11, 30), calendar))) == ("closed", "break", time(at(12), at(12, 30)), None)
        assert told(only(check(at(15, 30), calendar))) == ("closed", "break", time(at(16), at(16, 30)), None)

    def test_a_break_that_a_clock_change_leaves_empty_is_none(self) -> None:
        # In Berlin 02:00 to 03:00 does not exist on 2026-03-29.
        week = WeeklyHours({"sunday": ["01:00-04:00"]}, breaks={"sunday": ["02:00-03:00 tea"]})
        night = Calendar(Schedule("Europe/Berlin", week))
        now = datetime(2026, 1, 1, tzinfo=UTC)
        start = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
        assert check(start, night, now=now) == ()
        assert kinds(datetime(2026, 3, 22, 1, tzinfo=UTC), night, now=now) == ["break"]
        assert kinds(datetime(2026, 3, 29, 3, tzinfo=UTC), night, now=now) == ["closed"]

    def test_time_off_comes_before_everything(self) -> None:
        off = TimeOff(time(at(9, 30), at(13)), "dentist")
        found = check(at(11, 30), Calendar(UTC_MORNINGS, off))
        assert told(only(found)) == ("closed", "time_off", off.interval, "dentist")
        assert [told(part)[1] for part in check(at(12, 30), Calendar(UTC_MORNINGS, off))] == ["time_off", "closed"]

    def test_places(self) -> None:
        here = Schedule(
            "UTC", MORNINGS, location=1, closures=[Closure(date(2026, 11, 23), date(2026, 11, 23), "flood")]
        )
        there = Schedule("UTC", MORNINGS, location=2)
        calendar = Calendar([here, there])
        assert told(only(check(at(9), calendar, request=Request(location=1))))[3] == "flood"
        assert check(at(9), calendar, request=Request(location=2)) == ()
        assert check(at(9), calendar) == ()

    def test_stays_need_their_ends_and_not_their_middle(self) -> None:
        boarding = SlotRules(CalendarDays(2), step=30 * MINUTE)
        assert check(at(9), rules=boarding) == ()
        assert told(only(check(at(9, day=26), rules=boarding))) == (
            "closed",
            "closed",
            time(at(12, day=27), at(9, day=30)),
            None,
        )
        # From Monday to Wednesday, both after hours.
        assert [conflict.interval for conflict in check(at(13), rules=boarding)] == [
            time(at(12), at(9, day=24)),
            time(at(12, day=25), at(9, day=26)),
        ]
        off = TimeOff(time(at(20, day=24), at(21, day=24)), "staff party")
        away = Calendar(UTC_MORNINGS, off)
        conflict = only(check(at(9), away, rules=boarding))
        assert told(conflict) == ("closed", "time_off", off.interval, "staff party")
        # From Thursday and Friday a stay ends on the weekend, and from Monday and Tuesday it meets the party.
        assert conflict.refused_starts == time(at(12, day=18), at(9, day=25))


class TestGrid:
    def test_between_two_points_of_the_grid(self) -> None:
        conflict = only(check(at(9, 10)))
        assert told(conflict) == ("off_grid", "off_grid", None, None)
        assert (conflict.limit, conflict.refused_starts) == (HOUR_US // 2, time(at(9) + TICK, at(9, 30)))

    def test_after_the_last_point_of_a_range(self) -> None:
        week = WeeklyHours({"monday": ["09:00-09:40", "09:40-12:00"]})
        conflict = only(check(at(9, 35), Calendar(Schedule("UTC", week))))
        # The next range begins a grid of its own.
        assert conflict.refused_starts == time(at(9, 30) + TICK, at(9, 40))

    def test_waived(self) -> None:
        assert check(at(9, 10), waive=[Waiver.GRID]) == ()


class TestLead:
    def test_notice(self) -> None:
        conflict = only(check(at(9), policy=BookingPolicy(min_notice=3 * DAY)))
        assert told(conflict) == ("notice", "notice", time(NOW, NOW + 3 * DAY), None)
        assert (conflict.limit, conflict.actual) == (72 * HOUR_US, 71 * HOUR_US)
        assert conflict.refused_starts == time(ALWAYS.start, NOW + 3 * DAY)
        assert check(at(10), policy=BookingPolicy(min_notice=3 * DAY)) == ()

    def test_the_past(self) -> None:
        conflict = only(check(at(9, day=20)))
        assert told(conflict) == ("notice", "notice", None, None)
        assert (conflict.limit, conflict.actual) == (0, -HOUR_US)

    def test_working_notice(self) -> None:
        policy = BookingPolicy(min_notice=WorkingTime(3 * HOUR))
        conflict = only(check(at(9), policy=policy))
        assert (conflict.interval, conflict.limit) == (time(NOW, at(10)), 3 * HOUR_US)
        over = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]}, last=date(2026, 11, 23))))
        never = only(check(at(9), over, policy=BookingPolicy(min_notice=WorkingTime(4 * HOUR))))
        assert never.refused_starts == ALWAYS
        assert never.interval == time(NOW, ALWAYS.end)

    def test_horizon(self) -> None:
        conflict = only(check(at(10, 30), policy=BookingPolicy(horizon=3 * DAY)))
        assert told(conflict) == ("horizon", "horizon", time(at(10) + TICK, ALWAYS.end), None)
        assert (conflict.limit, conflict.actual) == (72 * HOUR_US, 72 * HOUR_US + HOUR_US // 2)
        assert conflict.refused_starts == time(at(10) + TICK, ALWAYS.end)
        days = only(check(at(9), policy=BookingPolicy(horizon=Days(2))))
        assert days.refused_starts == time(at(0), ALWAYS.end)


class TestBusy:
    def test_overlap_buffer_and_hold(self) -> None:
        visit = time(at(9), at(10))
        busy = table(Booking(1, Allocation.of(0, visit, buffer_after=30 * MINUTE)))
        assert told(only(check(at(9, 30), busy=busy))) == ("busy", "overlap", time(at(9), at(10, 30)), 1)
        assert told(only(check(at(10), busy=busy)))[1] == "buffer"
        held = table(booked(2, at(9), status=BookingStatus.HELD, held_until=NOW + HOUR))
        assert told(only(check(at(9), busy=held))) == ("busy", "hold", visit, 2)

    def test_the_run_of_refused_starts(self) -> None:
        conflict = only(check(at(10), busy=table(booked(1, at(9, 30)))))
        assert conflict.refused_starts == time(at(8, 30) + TICK, at(10, 30))

    def test_several_stand_in_the_way_in_order_of_time(self) -> None:
        one, two = booked(9, at(9), 45 * MINUTE), booked(3, at(10))
        for busy in (table(one, two), table(two, one)):
            assert [conflict.ref for conflict in check(at(9, 30), busy=busy)] == [9, 3]
        # Of those that begin together the lower number comes first, however they were given.
        double = [booked(8, at(10)), booked(7, at(10))]
        assert [conflict.ref for conflict in check(at(10), busy=table(*double))] == [7, 8]
        assert [conflict.ref for conflict in check(at(10), busy=table(*reversed(double)))] == [7, 8]

    def test_feeds(self) -> None:
        busy = NOTHING.with_feed(0, IntervalSet.of(time(at(9), at(10))), known=IntervalSet.of(ALWAYS))
        assert told(only(check(at(9), busy=busy))) == ("busy", "overlap", time(at(9), at(10)), "calendar feed")
        assert told(only(check(at(9), ROOM, busy=busy))) == ("busy", "full", time(at(9), at(10)), "calendar feed")

    def test_a_capacity_that_is_used_up(self) -> None:
        busy = table(booked(1, at(9), units=2), booked(2, at(9, 30)), booked(3, at(10, 30)))
        found = check(at(9), ROOM, busy=busy)
        assert [told(conflict) for conflict in found] == [
            ("busy", "full", time(at(9, 30), at(10)), 1),
            ("busy", "full", time(at(9, 30), at(10)), 2),
        ]
        assert {(conflict.limit, conflict.actual) for conflict in found} == {(3, 4)}
        assert check(at(10), ROOM, busy=busy) == ()
        two = check(at(10), ROOM, busy=busy, request=Request(units=3))
        assert [(conflict.interval, conflict.ref, conflict.actual) for conflict in two] == [
            (time(at(10), at(11)), 2, 4),
            (time(at(10), at(11)), 3, 4),
        ]

    def test_too_big(self) -> None:
        conflict = only(check(at(9), ROOM, request=Request(units=4)))
        assert told(conflict)[:2] == ("too_big", "too_big")
        assert (conflict.limit, conflict.actual, conflict.refused_starts) == (3, 4, ALWAYS)
        seats = only(check(at(9), rules=SlotRules(HOUR, seats=2), request=Request(units=4)))
        assert (seats.limit, seats.actual) == (2, 4)


class TestSessions:
    CLASS = SlotRules(HOUR, step=30 * MINUTE, seats=3)
    BUSY = table(
        booked(1, at(9), units=2, service=7, seats=3),
        booked(2, at(9), service=7, seats=3),
        booked(3, at(10), service=7, seats=3),
    )

    def test_full(self) -> None:
        conflict = only(check(at(9), busy=self.BUSY, rules=self.CLASS, request=Request(service=7)))
        assert told(conflict) == ("busy", "full", time(at(9), at(10)), 1)
        assert (conflict.limit, conflict.actual) == (3, 4)

    def test_a_seat_is_left(self) -> None:
        assert check(at(10), busy=self.BUSY, rules=self.CLASS, request=Request(service=7)) == ()
        two = only(check(at(10), busy=self.BUSY, rules=self.CLASS, request=Request(service=7, units=3)))
        assert (two.limit, two.actual) == (3, 4)

    def test_another_service_or_another_time(self) -> None:
        found = check(at(9), busy=self.BUSY, rules=self.CLASS, request=Request(service=8))
        assert [told(conflict)[1::2] for conflict in found] == [("overlap", 1), ("overlap", 2)]
        beside = check(at(9, 30), busy=self.BUSY, rules=self.CLASS, request=Request(service=7))
        assert [conflict.ref for conflict in beside] == [1, 2, 3]
        own = check(at(10), busy=self.BUSY)
        assert [told(conflict)[1::2] for conflict in own] == [("overlap", 3)]

    def test_a_visit_of_its_own_stands_in_the_way_of_a_session(self) -> None:
        found = only(check(at(9), ROOM, busy=table(booked(5, at(9))), rules=self.CLASS, request=Request(service=7)))
        assert told(found) == ("busy", "overlap", time(at(9), at(10)), 5)


class TestUnknown:
    def test_unknown_time(self) -> None:
        busy = BookingTable.empty(known=time(at(9), at(10)))
        found = check(at(9, 30), busy=busy)
        assert [told(conflict) for conflict in found] == [("unknown", "unknown", time(at(10), ALWAYS.end), None)]
        assert found[0].refused_starts == time(at(9) + TICK, ALWAYS.end)

    def test_a_feed_that_failed(self) -> None:
        known = IntervalSet.of(time(ALWAYS.start, at(9, 30)))
        busy = NOTHING.with_feed(0, IntervalSet.from_us([], []), known=known)
        assert told(only(check(at(9), busy=busy)))[2] == time(at(9, 30), ALWAYS.end)
        assert check(at(9), busy=busy, handle=1) == ()

    @pytest.mark.parametrize(
        "policy", [BookingPolicy(caps=Cap(5, per=Period.DAY)), BookingPolicy(gaps=MinimumGap(10 * HOUR))]
    )
    def test_what_cannot_be_counted_names_all_that_is_unknown(self, policy: BookingPolicy) -> None:
        busy = BookingTable.empty(known=time(at(8), ALWAYS.end))
        assert check(at(9), busy=busy) == ()
        conflict = only(check(at(9), busy=busy, policy=policy))
        assert told(conflict) == ("unknown", "unknown", time(ALWAYS.start, at(8)), None)


class TestSubjects:
    def test_who_asks_is_elsewhere(self) -> None:
        busy = table(booked(1, at(9, 30), resource=9, pet=5), booked(2, at(9), resource=9, pet=6))
        policy = BookingPolicy(one_at_a_time=[Scope.CLIENT, Scope.PET])
        found = check(at(9), busy=busy, policy=policy, request=Request(pet=5))
        assert told(only(found)) == ("client_busy", "client_busy", time(at(9, 30), at(10, 30)), 1)
        assert check(at(9), busy=busy, policy=policy, request=Request(pet=7)) == ()

    def test_gaps_of_who_asks(self) -> None:
        busy = table(booked(1, at(9), resource=9, pet=5))
        policy = BookingPolicy(gaps=[MinimumGap(DAY, by=Scope.PET), MinimumGap(DAY, by=Scope.CLIENT)])
        conflict = only(check(at(11), busy=busy, policy=policy, request=Request(pet=5)))
        assert told(conflict) == ("gap", "gap", time(at(9), at(10)), 1)
        assert (conflict.limit, conflict.refused_starts) == (24 * HOUR_US, time(at(8, day=22) + TICK, at(10, day=24)))

    def test_gaps_of_a_resource(self) -> None:
        policy = BookingPolicy(gaps=MinimumGap(45 * MINUTE))
        found = check(at(10, 30), busy=table(booked(1, at(9))), policy=policy)
        assert told(only(found)) == ("gap", "gap", time(at(9), at(10)), 1)
        sessions = table(booked(1, at(9), service=7, seats=3), booked(2, at(10), service=7, seats=3))
        asked: dict[str, Any] = {"rules": TestSessions.CLASS, "request": Request(service=7), "policy": policy}
        found = check(at(10), busy=sessions, **asked)
        assert told(only(found)) == ("gap", "gap", time(at(9), at(10)), 1)

    def test_lengths(self) -> None:
        short = only(check(at(9), policy=BookingPolicy(min_duration=2 * HOUR, max_duration=3 * HOUR)))
        assert (short.kind, short.limit, short.actual) == ("too_short", 2 * HOUR_US, HOUR_US)
        long = only(check(at(9), policy=BookingPolicy(min_duration=MINUTE, max_duration=30 * MINUTE)))
        assert (long.kind, long.limit, long.actual) == ("too_long", HOUR_US // 2, HOUR_US)


class TestCaps:
    BUSY = table(booked(1, at(9), client=5, service=7), booked(2, at(9, day=24), resource=9, client=5))

    @pytest.mark.parametrize(
        ("cap", "code", "period", "limit", "actual"),
        [
            (Cap(1, per=Period.DAY), "cap_day", (at(0), at(0, day=24)), 1, 2),
            (Cap(0, per=Period.DAY), "cap_day", (at(0), at(0, day=24)), 0, 2),
            (Cap(1, per=Period.WEEK), "cap_week", (at(0), at(0, day=30)), 1, 2),
            (Cap(1, per=Period.MONTH), "cap_month", (at(0, day=1), at(0, day=30) + DAY), 1, 2),
            (Cap(119, per=Period.DAY, minutes=True), "cap_day", (at(0), at(0, day=24)), 119, 120),
            (Cap(1, per=Period.DAY, service=7), "cap_day", (at(0), at(0, day=24)), 1, 2),
            (Cap(2, per=Period.WEEK, by=Scope.CLIENT), "client_cap", (at(0), at(0, day=30)), 2, 3),
            (
                Cap(1, per=Period.DAY, zone="Asia/Tokyo"),
                "cap_day",
                (at(15, day=22), at(15)),
                1,
                2,
            ),
        ],
    )
    def test_a_cap_names_its_period(
        self, cap: Cap, code: str, period: tuple[datetime, datetime], limit: int, actual: int
    ) -> None:
        loose = Cap(50, per=Period.DAY)
        found = check(
            at(10), busy=self.BUSY, policy=BookingPolicy(caps=[loose, cap]), request=Request(client=5, service=7)
        )
        conflict = only(found)
        assert told(conflict) == (code, "cap", time(*period), cap.name)
        assert (conflict.limit, conflict.actual) == (limit, actual)

    def test_the_run_of_full_days(self) -> None:
        busy = table(booked(1, at(9)), booked(2, at(9, day=24)), booked(3, at(9, day=26)))
        conflict = only(check(at(10), busy=busy, policy=BookingPolicy(caps=Cap(1, per=Period.DAY))))
        assert conflict.refused_starts == time(at(0), at(0, day=25))

    def test_a_cap_that_is_never_free_again(self) -> None:
        conflict = only(check(at(10), policy=BookingPolicy(caps=Cap(0, per=Period.DAY))))
        assert conflict.refused_starts == ALWAYS

    def test_a_part_of_a_minute_is_a_minute(self) -> None:
        conflict = only(
            check(
                at(9),
                rules=SlotRules(90 * timedelta(seconds=1)),
                policy=BookingPolicy(caps=Cap(1, per=Period.DAY, minutes=True)),
            )
        )
        assert (conflict.limit, conflict.actual) == (1, 2)


class TestWaivers:
    @pytest.mark.parametrize(
        ("waiver", "start", "policy"),
        [
            (Waiver.GRID, at(9, 10), BookingPolicy()),
            (Waiver.NOTICE, at(9), BookingPolicy(min_notice=30 * DAY)),
            (Waiver.HORIZON, at(9), BookingPolicy(horizon=HOUR)),
            (Waiver.CAP, at(9), BookingPolicy(caps=Cap(0, per=Period.DAY))),
            (Waiver.HOURS, at(13), BookingPolicy()),
        ],
    )
    def test_each_sets_its_rule_aside(self, waiver: Waiver, start: datetime, policy: BookingPolicy) -> None:
        assert len(check(start, policy=policy)) == 1
        assert check(start, policy=policy, waive=[waiver]) == ()
        others = set(Waiver) - {waiver}
        if waiver is not Waiver.GRID:
            assert len(check(start, policy=policy, waive=others)) == 1

    def test_closed_time_has_the_grid_of_the_clock(self) -> None:
        assert kinds(at(13, 10), waive=[Waiver.HOURS]) == ["off_grid"]
        assert kinds(at(13, 10), waive=[Waiver.HOURS, Waiver.GRID]) == []


class TestStays:
    def test_a_stay_over_a_clock_change_is_as_long_as_the_clock_says(self) -> None:
        # From Saturday 24 October, 10:00 in Berlin, to Monday 10:00 are 49 hours.
        every = WeeklyHours(dict.fromkeys((*WEEKDAYS, "saturday", "sunday"), ("09:00-12:00",)))
        kennel = Calendar(Schedule("Europe/Berlin", every))
        start = datetime(2026, 10, 24, 8, tzinfo=UTC)
        rules = SlotRules(CalendarDays(2), step=30 * MINUTE)
        asked: dict[str, Any] = {"rules": rules, "now": datetime(2026, 10, 1, tzinfo=UTC)}
        last = booked(1, start + timedelta(hours=48, minutes=30))
        conflict = only(check(start, kennel, busy=table(last), **asked))
        assert told(conflict)[1] == "overlap"
        assert check(start, kennel, busy=table(booked(1, start + timedelta(hours=49))), **asked) == ()
        long = only(check(start, kennel, policy=BookingPolicy(max_duration=2 * DAY), **asked))
        assert (long.kind, long.actual) == ("too_long", 49 * HOUR_US)

    def test_the_run_of_refused_stays(self) -> None:
        rules = SlotRules(CalendarDays(1), step=30 * MINUTE)
        conflict = only(check(at(10), busy=table(booked(1, at(10))), rules=rules))
        assert conflict.refused_starts == time(at(10, day=22) + TICK, at(11))

    def test_a_run_that_does_not_end(self) -> None:
        busy = BookingTable.empty(known=time(at(9), at(12)))
        conflict = only(check(at(10), busy=busy, rules=SlotRules(CalendarDays(1), step=30 * MINUTE)))
        assert conflict.refused_starts == ALWAYS


class TestEndsOfTime:
    """Visits of an hour are judged from 0003-03-12 to 9997-10-22: what they are counted in must lie in the calendar."""

    @pytest.mark.parametrize("start", [datetime(3, 3, 11, 9, tzinfo=UTC), datetime(9997, 10, 23, 9, tzinfo=UTC)])
    def test_what_lies_too_near_to_them_is_refused(self, start: datetime) -> None:
        with pytest.raises(OutOfRangeError) as caught:
            check(start)
        assert caught.value.code == "out_of_range"

    def test_a_run_that_reaches_them(self) -> None:
        start = datetime(9997, 10, 20, 9, tzinfo=UTC)
        conflict = only(check(start, policy=BookingPolicy(caps=Cap(0, per=Period.DAY))))
        assert (conflict.reason.code, conflict.refused_starts) == ("cap_day", ALWAYS)
        closed = only(check(start, Calendar(Schedule("UTC"))))
        assert (closed.kind, closed.refused_starts) == ("closed", ALWAYS)


class TestMove:
    BOOKING = booked(1, at(9), client=5, service=7)
    BUSY = table(BOOKING, booked(2, at(10, 30), 30 * MINUTE))

    def move(self, start: datetime, booking: Booking = BOOKING, **more: Any) -> list[str]:
        plain: dict[str, Any] = {"busy": self.BUSY, "rules": HALF_HOURLY, "now": NOW}
        found = check_move(CLINIC, booking=booking, start=start, **{**plain, **more})
        return [str(conflict.kind) for conflict in found]

    def test_a_booking_does_not_stand_in_its_own_way(self) -> None:
        assert self.move(at(9, 30)) == []
        assert self.move(at(10)) == ["overlap"]
        assert self.move(at(13)) == ["closed"]

    def test_whatever_is_replaced_is_the_booking(self) -> None:
        assert self.move(at(10), replacing=2) == ["overlap"]

    def test_its_own_length_and_buffers_are_kept(self) -> None:
        visit = time(at(9), at(9, 30))
        short = Booking(1, Allocation.of(0, visit, buffer_after=30 * MINUTE))
        busy = table(short, booked(2, at(10, 30), 30 * MINUTE))
        # Half an hour and its buffer, whatever the rules of today say.
        assert [self.move(at(9, 30), short, busy=busy), self.move(at(10), short, busy=busy)] == [[], ["buffer"]]
        assert self.move(at(11, 30), short, busy=busy) == []

    def test_each_of_several_resources_is_asked_about(self) -> None:
        both = Booking(1, [Allocation(3, time(at(9), at(10))), Allocation(6, time(at(9), at(9, 30)))])
        busy = table(both, booked(2, at(10, 30), resource=3), booked(4, at(10, 30), resource=6))
        with pytest.raises(InvalidValueError, match="holds the resources 3, 6") as caught:
            self.move(at(10), both, busy=busy)
        assert caught.value.id == 1
        assert self.move(at(10), both, busy=busy, handle=3) == ["overlap"]
        assert self.move(at(10), both, busy=busy, handle=6) == []

    def test_who_asks_is_who_has_booked(self) -> None:
        policy = BookingPolicy(caps=Cap(0, per=Period.DAY, by=Scope.CLIENT))
        assert self.move(at(9, 30), policy=policy) == ["cap"]
        assert self.move(at(9, 30), policy=policy, request=Request()) == []
        once = BookingPolicy(caps=Cap(1, per=Period.DAY, by=Scope.CLIENT))
        assert self.move(at(9, 30), policy=once) == []

    def test_the_calendar_is_that_of_the_booking_unless_told(self) -> None:
        other = attrs.evolve(self.BOOKING, allocations=Allocation(3, self.BOOKING.allocations[0].interval))
        busy = table(other, booked(2, at(10), resource=3), booked(4, at(11), resource=6))
        assert [self.move(at(hour), other, busy=busy) for hour in (10, 11)] == [["overlap"], []]
        assert [self.move(at(hour), other, busy=busy, handle=6) for hour in (10, 11)] == [[], ["overlap"]]

    @pytest.mark.parametrize(
        ("status", "movable"),
        [
            ("pending", True),
            ("confirmed", True),
            ("checked_in", True),
            ("in_progress", False),
            ("completed", False),
            ("no_show", False),
            ("cancelled", False),
        ],
    )
    def test_what_has_begun_or_ended_is_not_moved(self, status: str, movable: bool) -> None:
        assert self.move(at(9, 30), booked(1, at(9), status=status)) == ([] if movable else ["status"])

    def test_a_hold_is_moved_until_it_ends(self) -> None:
        held = booked(1, at(9), status=BookingStatus.HELD, held_until=NOW + TICK)
        assert self.move(at(9, 30), held) == []
        assert self.move(at(9, 30), held, now=NOW + TICK) == ["status"]

    def test_deadline(self) -> None:
        policy = BookingPolicy(move_deadline=DAY)
        assert self.move(at(9, 30), policy=policy, now=at(9, day=22)) == []
        late = at(9, day=22) + TICK
        assert self.move(at(9, 30), policy=policy, now=late) == ["deadline"]
        assert self.move(at(9, 30), policy=policy, now=late, waive=[Waiver.DEADLINE]) == []
        assert self.move(at(10), policy=policy, now=late) == ["deadline", "overlap"]


class TestCancel:
    def cancel(self, booking: Booking, **more: Any) -> tuple[Conflict, ...]:
        return check_cancel(booking, **{"now": NOW, "policy": BookingPolicy(), **more})

    @pytest.mark.parametrize(
        ("status", "cancellable"),
        [
            ("pending", True),
            ("confirmed", True),
            ("checked_in", True),
            ("in_progress", True),
            ("completed", False),
            ("no_show", False),
            ("cancelled", False),
        ],
    )
    def test_what_has_ended_is_not_cancelled(self, status: str, cancellable: bool) -> None:
        found = self.cancel(booked(4, at(9), status=status))
        assert [told(conflict) for conflict in found] == ([] if cancellable else [("status", "status", None, 4)])

    def test_deadline(self) -> None:
        policy = BookingPolicy(cancel_deadline=DAY)
        booking = booked(4, at(9))
        assert self.cancel(booking, policy=policy, now=at(9, day=22)) == ()
        conflict = only(self.cancel(booking, policy=policy, now=at(21, day=22)))
        assert told(conflict) == ("deadline", "deadline", time(at(9, day=22), at(9)), 4)
        assert (conflict.limit, conflict.actual) == (24 * HOUR_US, 12 * HOUR_US)
        assert self.cancel(booking, policy=policy, now=at(21, day=22), waive=[Waiver.DEADLINE]) == ()

    def test_until_the_start_itself(self) -> None:
        policy = BookingPolicy(cancel_deadline=timedelta(0))
        assert self.cancel(booked(4, at(9)), policy=policy, now=at(9)) == ()
        conflict = only(self.cancel(booked(4, at(9)), policy=policy, now=at(9) + TICK))
        assert (conflict.interval, conflict.limit, conflict.actual) == (None, 0, -1)

    def test_naive_datetimes_are_refused(self) -> None:
        with pytest.raises(NaiveDatetimeError):
            self.cancel(booked(4, at(9)), now=datetime(2026, 11, 20))  # noqa: DTZ001 - that is the case


class TestSeries:
    def series(self, *starts: datetime, calendar: Calendar = CLINIC, **more: Any) -> list[list[str]]:
        plain: dict[str, Any] = {"busy": NOTHING, "rules": HALF_HOURLY, "now": NOW}
        found = check_series(calendar, starts=starts, **{**plain, **more})
        return [[str(conflict.kind) for conflict in verdict] for verdict in found]

    def test_no_occurrences_have_no_verdicts(self) -> None:
        assert self.series() == []

    def test_each_is_judged_with_those_before_it_booked(self) -> None:
        assert self.series(at(9), at(9, 30), at(10)) == [[], ["overlap"], []]
        busy = table(booked(4, at(9)))
        assert self.series(at(9), at(9, 30), at(10, 30), at(10), busy=busy) == [
            ["overlap"],
            ["overlap"],
            [],
            ["overlap"],
        ]

    def test_an_occurrence_fills_a_cap_for_a_later_one(self) -> None:
        policy = BookingPolicy(caps=Cap(2, per=Period.WEEK, by=Scope.PET))
        starts = [at(9), at(9, day=24), at(9, day=25), at(9, day=30)]
        found = self.series(*starts, policy=policy, request=Request(pet=5, client=1, household=2, group=3, service=4))
        assert found == [[], [], ["cap"], []]

    def test_buffers_units_and_seats_are_booked(self) -> None:
        buffered = SlotRules(HOUR, step=30 * MINUTE, buffer_after=30 * MINUTE)
        assert self.series(at(9), at(10), at(10, 30), rules=buffered) == [[], ["buffer"], []]
        two = Request(units=2)
        assert self.series(at(9), at(9), at(10), calendar=ROOM, request=two) == [[], ["full"], []]
        assert self.series(at(9), at(9), calendar=Calendar(UTC_MORNINGS, capacity=4), request=two) == [[], []]
        seats = SlotRules(HOUR, step=30 * MINUTE, seats=2)
        assert self.series(at(9), at(9), at(9), rules=seats, request=Request(service=1)) == [[], [], ["full"]]

    def test_a_handle_is_kept(self) -> None:
        found = check_series(
            CLINIC, starts=[at(9), at(9)], busy=table(booked(4, at(9))), rules=HALF_HOURLY, now=NOW, handle=6
        )
        assert [len(verdict) for verdict in found] == [0, 1]
        assert found[1][0].resource_id == 6

    def test_more_than_a_thousand_are_refused(self) -> None:
        with pytest.raises(LimitExceededError) as caught:
            self.series(*[at(9)] * 1_001)
        assert (caught.value.code, caught.value.limit, caught.value.got) == ("limit_exceeded", 1_000, 1_001)
