"""Why not, and what would help. 2026-11-23 is a Monday, 20 November a Friday."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs
import pytest

from petpro_core.availability import Calendar, LocalDays
from petpro_core.bookings import (
    Allocation,
    Booking,
    BookingPolicy,
    BookingTable,
    Cap,
    MinimumGap,
    Period,
    Request,
    Scope,
)
from petpro_core.decisions import Explanation, Fix, FixKind, check_booking, explain, explain_range, find_slots
from petpro_core.errors import LimitExceededError, NaiveDatetimeError
from petpro_core.intervals import ALWAYS, Interval, IntervalSet
from petpro_core.reasons import Waiver
from petpro_core.schedules import Holiday, Schedule, TimeOff, WeeklyHours
from petpro_core.slots import CalendarDays, SlotRules

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
MORNINGS = WeeklyHours(dict.fromkeys(WEEKDAYS, ("09:00-12:00",)))
CLINIC = Calendar(Schedule("UTC", MORNINGS))
CLOSED = Calendar(Schedule("UTC"))
HALF_HOURLY = SlotRules(HOUR, step=30 * MINUTE)
NOTHING = BookingTable.empty(known=ALWAYS)
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def at(hour: int, minute: int = 0, *, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def booked(
    number: int, start: datetime, length: timedelta = HOUR, *, resource: int = 0, units: int = 1, **more: Any
) -> Booking:
    return Booking(number, Allocation(resource, Interval(start, start + length), units=units), **more)


def table(*bookings: Booking) -> BookingTable:
    return BookingTable.of(bookings, known=ALWAYS)


def ask(start: datetime, calendar: Calendar = CLINIC, **more: Any) -> Explanation:
    """The explanation, once every fix in it has been accepted by a check of its own."""
    question: dict[str, Any] = {"busy": NOTHING, "rules": HALF_HOURLY, "now": NOW, **more}
    found = explain(calendar, start=start, **question)
    assert found.conflicts == check_booking(calendar, start=start, **question)
    for fix in found.fixes:
        fixed = {
            **question,
            "rules": attrs.evolve(question["rules"], duration=fix.duration),
            "busy": question["busy"].without(fix.moves),
        }
        assert check_booking(calendar, start=fix.start, **fixed) == ()
    return found


def fixes(start: datetime, calendar: Calendar = CLINIC, **more: Any) -> dict[str, Any]:
    """What each kind of fix changes."""
    told = {
        FixKind.EARLIER: lambda fix: fix.start,
        FixKind.LATER: lambda fix: fix.start,
        FixKind.SHORTER: lambda fix: fix.duration,
        FixKind.MOVE: lambda fix: fix.moves,
    }
    return {str(fix.kind): told[fix.kind](fix) for fix in ask(start, calendar, **more).fixes}


class TestExplain:
    def test_what_may_be_booked_needs_no_fix(self) -> None:
        found = ask(at(9))
        assert (found.bookable, found.conflicts, found.fixes, found.start) == (True, (), (), at(9))

    def test_what_was_set_aside_and_what_was_not_tested(self) -> None:
        policy = BookingPolicy(one_at_a_time=[Scope.PET])
        found = ask(at(9), policy=policy, waive=[Waiver.NOTICE, Waiver.CAP])
        assert found.untested == ("one visit at a time by pet",)
        assert found.waived == (Waiver.CAP, Waiver.NOTICE)

    def test_earlier_later_and_the_booking_to_move(self) -> None:
        found = ask(at(10), busy=table(booked(4, at(10))))
        assert not found.bookable
        assert found.fixes == (
            Fix(FixKind.EARLIER, at(9), HOUR),
            Fix(FixKind.LATER, at(11), HOUR),
            Fix(FixKind.MOVE, at(10), HOUR, (4,)),
        )

    def test_shorter_is_as_long_as_fits_by_five_minutes(self) -> None:
        assert fixes(at(9), busy=table(booked(4, at(9, 37)))) == {
            "earlier": at(11, day=20),
            "later": at(11),
            "shorter": 35 * MINUTE,
            "move": (4,),
        }

    def test_before_closing_time(self) -> None:
        assert fixes(at(11, 30)) == {"earlier": at(11), "later": at(9, day=24), "shorter": 30 * MINUTE}

    def test_five_minutes_cannot_be_shorter(self) -> None:
        assert "shorter" not in fixes(at(9), busy=table(booked(4, at(9))), rules=SlotRules(5 * MINUTE, step=HOUR))

    def test_what_is_not_about_length_is_not_made_shorter(self) -> None:
        assert fixes(at(9, 10)) == {"earlier": at(9), "later": at(9, 30)}
        # At nine and half past nine it is too early: from ten on Monday it is three days away.
        assert fixes(at(9), policy=BookingPolicy(min_notice=3 * DAY)) == {"later": at(10)}
        assert fixes(at(9), policy=BookingPolicy(horizon=DAY)) == {"earlier": at(11, day=20)}
        assert fixes(at(9), request=Request(units=2)) == {}

    def test_a_stay_is_made_shorter_by_days(self) -> None:
        rules = SlotRules(CalendarDays(3), step=HOUR)
        found = fixes(at(9), rules=rules, busy=table(booked(4, at(20, day=25))), now=at(0))
        # From Monday to Thursday meets Wednesday's evening; on other days it ends on a weekend, or meets it.
        assert found == {"later": at(9, day=27), "shorter": CalendarDays(2), "move": (4,)}
        one = SlotRules(CalendarDays(1), step=HOUR)
        assert "shorter" not in fixes(at(9), rules=one, busy=table(booked(4, at(20))))

    def test_minutes_left_by_a_cap(self) -> None:
        policy = BookingPolicy(caps=Cap(100, per=Period.DAY, minutes=True))
        found = fixes(at(10), policy=policy, busy=table(booked(4, at(9))), now=at(0))
        assert found == {"later": at(9, day=24), "shorter": 40 * MINUTE}
        count = BookingPolicy(caps=Cap(1, per=Period.DAY))
        assert fixes(at(10), policy=count, busy=table(booked(4, at(9))), now=at(0)) == {"later": at(9, day=24)}

    def test_too_long_for_the_policy(self) -> None:
        assert fixes(at(9), policy=BookingPolicy(max_duration=42 * MINUTE)) == {"shorter": 40 * MINUTE}

    def test_all_that_stand_in_the_way(self) -> None:
        busy = table(booked(7, at(9), 90 * MINUTE), booked(3, at(10, 30), 90 * MINUTE))
        assert fixes(at(10), busy=busy) == {
            "earlier": at(11, day=20),
            "later": at(9, day=24),
            "move": (3, 7),
        }

    def test_one_of_several_is_enough(self) -> None:
        room = Calendar(Schedule("UTC", MORNINGS), capacity=2)
        busy = table(booked(7, at(9), 3 * HOUR), booked(3, at(9), 3 * HOUR))
        assert fixes(at(10), room, busy=busy)["move"] == (3,)

    def test_moving_helps_against_gaps_and_people_too(self) -> None:
        busy = table(booked(7, at(9), pet=1), booked(8, at(10), resource=5, pet=1))
        policy = BookingPolicy(
            gaps=MinimumGap(HOUR), one_at_a_time=[Scope.PET], caps=Cap(2, per=Period.WEEK, by=Scope.PET)
        )
        assert fixes(at(10), busy=busy, policy=policy, request=Request(pet=1))["move"] == (7, 8)

    def test_feeds_and_closed_doors_are_not_moved(self) -> None:
        feed = NOTHING.with_feed(0, IntervalSet.of(Interval(at(10), at(11))), known=IntervalSet.of(ALWAYS))
        assert fixes(at(10), busy=feed) == {"earlier": at(9), "later": at(11)}
        both = feed.with_bookings([booked(4, at(10))])
        assert fixes(at(10), busy=both) == {"earlier": at(9), "later": at(11)}
        assert "move" not in fixes(at(11, 30), busy=table(booked(4, at(11, 30))))

    def test_nothing_helps_a_calendar_without_hours(self) -> None:
        found = ask(at(9), CLOSED)
        assert (found.bookable, found.fixes) == (False, ())

    def test_sessions_next_to_each_other(self) -> None:
        busy = table(booked(1, at(9), service=7, seats=1), booked(2, at(10), service=7, seats=2))
        found = fixes(at(9), busy=busy, rules=SlotRules(HOUR, step=30 * MINUTE, seats=1), request=Request(service=7))
        assert found == {"earlier": at(11, day=20), "later": at(10), "move": (1,)}

    def test_nothing_is_searched_where_nothing_can_be_judged(self) -> None:
        # 9997-10-22 is a Wednesday, and its 23:00 about the last start that is judged.
        last = datetime(9997, 10, 22, 22, 59, 59, 999_999, tzinfo=UTC)
        assert fixes(last) == {"earlier": datetime(9997, 10, 22, 11, tzinfo=UTC)}

    def test_naive_datetimes_are_refused(self) -> None:
        with pytest.raises(NaiveDatetimeError):
            explain(CLINIC, start=datetime(2026, 11, 23), busy=NOTHING, rules=HALF_HOURLY, now=NOW)  # noqa: DTZ001 - that is the case


DAY_ASKED = Interval(at(0), at(0, day=24))
HOURLY = SlotRules(HOUR, step=HOUR)


def count(calendar: Calendar = CLINIC, **more: Any) -> tuple[int, int, dict[str, int], dict[str, int]]:
    asked: dict[str, Any] = {"within": DAY_ASKED, "busy": NOTHING, "rules": HOURLY, "now": NOW, **more}
    found = explain_range(calendar, **asked)
    assert found.bookable == len(find_slots(calendar, **asked))
    return found.starts, found.bookable, dict(found.reasons), dict(found.kinds)


class TestExplainRange:
    def test_hours_of_a_day(self) -> None:
        assert count() == (24, 3, {"closed": 21}, {"closed": 21})

    def test_reasons_are_counted_start_by_start(self) -> None:
        policy = BookingPolicy(min_notice=3 * DAY)
        # At nine and ten the booking is met; what begins before ten is not three days away.
        busy = table(booked(1, at(9, 30)))
        assert count(busy=busy, policy=policy) == (24, 1, {"closed": 21, "notice": 10, "busy": 2}, {"closed": 21})

    def test_what_closes_a_start_first(self) -> None:
        week = WeeklyHours({"monday": ["08:00-18:00"]}, breaks={"monday": ["12:00-13:00 lunch"]})
        off = TimeOff(Interval(at(16, 30), at(17)), "dentist")
        calendar = Calendar(Schedule("UTC", week), off)
        rules = SlotRules(2 * HOUR, step=HOUR)
        # 11 and 12 o'clock meet lunch, 15 and 16 the dentist, 17 runs on past six; 0 to 7 and 18 to 23 are closed.
        starts, bookable, reasons, kinds = count(calendar, rules=rules)
        assert (starts, bookable, reasons) == (24, 5, {"closed": 19})
        assert kinds == {"break": 2, "closed": 15, "time_off": 2}

    def test_holidays_in_local_days(self) -> None:
        holiday = Calendar(Schedule("Europe/Berlin", MORNINGS, holidays=[Holiday(date(2026, 11, 23), "closed day")]))
        days = LocalDays(date(2026, 11, 23), date(2026, 11, 24))
        assert count(holiday, within=days) == (48, 3, {"closed": 45}, {"closed": 21, "holiday": 24})

    def test_a_range_in_which_all_is_open(self) -> None:
        assert count(within=Interval(at(9), at(11, 1))) == (3, 3, {}, {})

    def test_a_range_without_a_start(self) -> None:
        assert count(within=Interval(at(9, 1), at(9, 59))) == (0, 0, {}, {})

    def test_a_calendar_without_hours(self) -> None:
        assert count(CLOSED) == (24, 0, {"closed": 24}, {"closed": 24})

    def test_stays(self) -> None:
        # Only what lasts from open hours to open hours can be booked: on Monday from 9, 10 and 11 to Tuesday.
        starts, bookable, reasons, _ = count(rules=SlotRules(CalendarDays(1), step=HOUR))
        assert (starts, bookable, reasons) == (24, 3, {"closed": 21})

    def test_what_is_untested(self) -> None:
        found = explain_range(
            CLINIC,
            within=DAY_ASKED,
            busy=NOTHING,
            rules=HOURLY,
            now=NOW,
            policy=BookingPolicy(one_at_a_time=[Scope.PET]),
        )
        assert found.untested == ("one visit at a time by pet",)

    def test_more_than_a_million_starts_are_refused(self) -> None:
        second = timedelta(seconds=1)
        with pytest.raises(LimitExceededError) as caught:
            count(rules=SlotRules(second, step=second), within=Interval(at(0, day=1), at(0, day=13)))
        assert (caught.value.limit, caught.value.got) == (1_000_000, 12 * 86_400)

    def test_more_than_400_days_are_refused(self) -> None:
        start = at(0)
        assert count(CLOSED, within=Interval(start, start + 400 * DAY))[0] == 9_600
        with pytest.raises(LimitExceededError) as caught:
            count(CLOSED, within=Interval(start, start + 401 * DAY))
        assert (caught.value.limit, caught.value.got) == (400, 401)
