"""Rules of starts, and the table of starts that answers a search."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from petpro_core.availability import Calendar
from petpro_core.bookings import BookingTable
from petpro_core.decisions import find_slots, first_slots
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import ALWAYS, Interval
from petpro_core.schedules import Schedule, WeeklyHours
from petpro_core.slots import Alignment, CalendarDays, Slot, SlotRules, SlotTable
from petpro_core.timezones import load_zone

MINUTE = timedelta(minutes=1)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CLINIC = Calendar(Schedule("UTC", WeeklyHours(dict.fromkeys(DAYS, ("09:00-10:00",)))))


def at(hour: int, minute: int = 0, *, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def found(*calendars: Calendar, **more: Any) -> SlotTable:
    question: dict[str, Any] = {
        "busy": BookingTable.empty(known=ALWAYS),
        "rules": SlotRules(30 * MINUTE, step=30 * MINUTE),
        "within": Interval(at(0), at(0, day=25)),
        "now": at(0, day=1),
    }
    return find_slots(calendars, **{**question, **more})


class TestRules:
    @pytest.mark.parametrize("days", [0, -1, 3661])
    def test_a_stay_has_some_days(self, days: int) -> None:
        with pytest.raises(InvalidValueError) as caught:
            CalendarDays(days)
        assert caught.value.got == days

    @pytest.mark.parametrize(
        ("wrong", "name"),
        [
            ({"duration": timedelta(0)}, "duration"),
            ({"duration": -MINUTE}, "duration"),
            ({"duration": timedelta(days=3661)}, "duration"),
            ({"step": timedelta(0)}, "step"),
            ({"step": -MINUTE}, "step"),
            ({"buffer_before": -MINUTE}, "buffer_before"),
            ({"buffer_after": -MINUTE}, "buffer_after"),
            ({"buffer_after": timedelta(days=367)}, "buffer_after"),
        ],
    )
    def test_lengths_have_bounds(self, wrong: dict[str, Any], name: str) -> None:
        with pytest.raises(InvalidValueError) as caught:
            SlotRules(**{"duration": MINUTE, **wrong})
        assert caught.value.name == name

    @pytest.mark.parametrize("seats", [0, -2])
    def test_a_session_has_a_seat(self, seats: int) -> None:
        with pytest.raises(InvalidValueError) as caught:
            SlotRules(MINUTE, seats=seats)
        assert caught.value.got == seats

    def test_lengths_are_microseconds_inside(self) -> None:
        rules = SlotRules(MINUTE, offset=-MINUTE, buffer_before=MINUTE, buffer_after=2 * MINUTE, alignment="clock")
        assert (rules.step_us, rules.offset_us) == (900_000_000, -60_000_000)
        assert (rules.buffers_us, rules.longest_us) == ((60_000_000, 120_000_000), 60_000_000)
        assert rules.alignment is Alignment.CLOCK

    def test_a_stay_may_be_longer_than_its_days(self) -> None:
        assert SlotRules(CalendarDays(3)).longest_us == 5 * 86_400_000_000


class TestTable:
    def test_rows_are_calendars_and_starts_are_columns(self) -> None:
        table = found(CLINIC, Calendar(Schedule("UTC")), CLINIC)
        assert (len(table), table.offsets.tolist(), table.counts.tolist()) == (8, [0, 4, 4, 8], [4, 0, 4])
        assert table.rows.tolist() == [0] * 4 + [2] * 4
        assert table.row(1).tolist() == []
        assert (table.ends - table.starts).tolist() == [1_800_000_000] * 8

    def test_slots_come_out_one_by_one(self) -> None:
        table = found(CLINIC)
        first = Slot(at(9), at(9, 30), 0)
        assert (table[0], next(iter(table)), len(list(table))) == (first, first, 4)
        assert [slot.start for slot in table] == [at(9), at(9, 30), at(9, day=24), at(9, 30, day=24)]
        assert table[3] == list(table)[3]
        assert first.duration == 30 * MINUTE

    def test_several_rules_make_a_row_for_each_rule_and_calendar(self) -> None:
        rules = [SlotRules(30 * MINUTE, step=30 * MINUTE), SlotRules(60 * MINUTE)]
        table = found(CLINIC, Calendar(Schedule("UTC")), rules=rules)
        assert (table.handles.tolist(), table.rule.tolist()) == ([0, 1, 0, 1], [0, 0, 1, 1])
        assert table.counts.tolist() == [4, 0, 2, 0]
        assert [slot.duration // MINUTE for slot in table] == [30] * 4 + [60] * 2
        assert [slot.rule for slot in table] == [0] * 4 + [1] * 2

    def test_stays_end_by_the_clock_of_each_calendar(self) -> None:
        noon = WeeklyHours(dict.fromkeys(DAYS, ("12:00-12:30",)))
        change = Interval(datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC))
        rules = [SlotRules(CalendarDays(1), step=60 * MINUTE, offset=MINUTE), SlotRules(MINUTE, step=60 * MINUTE)]
        calendars = [Calendar(Schedule(zone, noon)) for zone in ("UTC", "Europe/Berlin")]
        table = found(*calendars, within=change, rules=rules, now=datetime(2026, 1, 1, tzinfo=UTC))
        assert [slot.duration for slot in table] == [timedelta(hours=24), timedelta(hours=25), MINUTE, MINUTE]

    def test_some_starts_are_a_table_again(self) -> None:
        table = found(CLINIC, CLINIC).take(np.array([1, 4, 5]))
        assert (len(table), table.counts.tolist()) == (3, [1, 2])
        assert [slot.start.minute for slot in table] == [30, 0, 30]
        assert table.offered_until.tolist() == (table.starts + 1).tolist()
        assert len(table.take(np.array([], np.int64))) == 0

    def test_repr_says_how_much_there_is(self) -> None:
        assert repr(found(CLINIC)) == "<SlotTable of 4 starts in 1 rows, first 2026-11-23 09:00+00:00>"
        assert repr(found()) == "<SlotTable of 0 starts in 0 rows>"

    def test_offered_until_is_the_start_less_the_notice(self) -> None:
        from petpro_core.bookings import BookingPolicy

        table = found(CLINIC, policy=BookingPolicy(min_notice=timedelta(hours=2)))
        assert (table.starts - table.offered_until).tolist() == [2 * 3_600_000_000 - 1] * 4

    def test_first_slots_have_one_start_a_row_at_most(self) -> None:
        table = first_slots(
            [CLINIC, Calendar(Schedule("UTC")), CLINIC],
            busy=BookingTable.empty(known=ALWAYS),
            rules=SlotRules(30 * MINUTE),
            within=Interval(at(9, 20), at(0, day=25)),
            now=at(0, day=1),
        )
        assert (table.counts.tolist(), [slot.start for slot in table]) == ([1, 0, 1], [at(9, 30)] * 2)


class TestByDay:
    def test_starts_by_local_day(self) -> None:
        days = found(CLINIC, CLINIC).by_day(load_zone("Asia/Tokyo"))
        assert list(days) == [date(2026, 11, 23), date(2026, 11, 24)]
        assert [day.counts.tolist() for day in days.values()] == [[2, 2], [2, 2]]
        auckland = found(CLINIC).by_day(load_zone("Pacific/Kiritimati"))
        assert list(auckland) == [date(2026, 11, 23), date(2026, 11, 24)]

    def test_no_starts_have_no_days(self) -> None:
        assert found().by_day(load_zone("UTC")) == {}

    def test_minutes_that_clocks_repeat_before_midnight_belong_to_the_new_day(self) -> None:
        # In St John's clocks went from 00:01 on 7 November 2010 back to 23:01 on the 6th. The 7th began at 02:30 UTC,
        # and the hour that the clock then showed as 23:01 to 24:00 of the 6th is of the 7th, and not the 6th's 25th.
        around = WeeklyHours(dict.fromkeys(DAYS, ("00:00-24:00",)))
        table = found(
            Calendar(Schedule("America/St_Johns", around)),
            within=Interval(datetime(2010, 11, 7, 1, tzinfo=UTC), datetime(2010, 11, 7, 5, tzinfo=UTC)),
            rules=SlotRules(15 * MINUTE),
            now=datetime(2010, 1, 1, tzinfo=UTC),
        )
        days = table.by_day(load_zone("America/St_Johns"))
        assert {day: len(starts) for day, starts in days.items()} == {date(2010, 11, 6): 6, date(2010, 11, 7): 10}
        assert days[date(2010, 11, 7)][0].start == datetime(2010, 11, 7, 2, 30, tzinfo=UTC)
