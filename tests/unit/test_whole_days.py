"""The day stays whole: channels, phased release, overbooking and stranded time, through the one judge."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from math import comb
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from petpro_core.availability import Calendar, LocalDays
from petpro_core.bookings import (
    Allocation,
    Booking,
    BookingPolicy,
    BookingTable,
    Cap,
    Overbooking,
    Release,
    Request,
    Stranding,
    StrandingMode,
    WorkingTime,
)
from petpro_core.decisions import (
    check_booking,
    check_move,
    check_series,
    explain,
    find_common,
    find_conflicts,
    find_slots,
)
from petpro_core.decisions._whole import stranded_us, strands
from petpro_core.errors import InvalidClinicError, InvalidValueError
from petpro_core.index import SlotIndex
from petpro_core.interop.clinic import read_clinic, write_clinic
from petpro_core.interop.plain import to_plain
from petpro_core.intervals import ALWAYS, Interval, IntervalSet, to_us
from petpro_core.reasons import Kind, Reason, Waiver
from petpro_core.schedules import Schedule, TimeOff, WeeklyHours
from petpro_core.schedules.weekly import WEEKDAYS
from petpro_core.slots import CalendarDays, SlotRules

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
ANA = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]})))
DAY = LocalDays(date(2026, 11, 23), date(2026, 11, 23))
EMPTY = BookingTable.empty(known=ALWAYS)
HALF = SlotRules(30 * MINUTE, step=30 * MINUTE)
MORNING = Schedule("UTC", WeeklyHours({"monday": ["09:00-10:00"]}))
DESK, ONLINE = 1, 2


def at(hour: int, minute: int = 0) -> datetime:
    return MONDAY + hour * HOUR + minute * MINUTE


def booked(number: int, hour: int, minute: int, lasting: int = 30, **more: Any) -> Booking:
    start = at(hour, minute)
    resource = more.pop("resource", 0)
    return Booking(number, Allocation(resource, Interval(start, start + lasting * MINUTE)), **more)


def asked(**more: Any) -> dict[str, Any]:
    return {"busy": EMPTY, "rules": HALF, "now": NOW, **more}


def clocks(**more: Any) -> list[str]:
    return [f"{slot.start:%H:%M}" for slot in find_slots(ANA, within=DAY, **asked(**more))]


class TestChannels:
    def test_a_cap_counts_and_tests_its_channel_alone(self) -> None:
        busy = BookingTable.of([booked(1, 9, 0, channel=ONLINE), booked(2, 9, 30, channel=DESK)], known=ALWAYS)
        policy = BookingPolicy(caps=Cap(1, per="day", channel=ONLINE))
        assert clocks(busy=busy, policy=policy, request=Request(channel=ONLINE)) == []
        assert len(clocks(busy=busy, policy=policy, request=Request(channel=DESK))) == 4
        two = BookingPolicy(caps=Cap(2, per="day", channel=ONLINE))
        assert len(clocks(busy=busy, policy=two, request=Request(channel=ONLINE))) == 4

    def test_who_does_not_tell_the_channel_is_told_what_was_not_tested(self) -> None:
        cap = Cap(0, per="day", channel=ONLINE)
        found = find_slots(ANA, within=DAY, **asked(policy=BookingPolicy(caps=cap)))
        assert (len(found), found.untested) == (6, ("at most 0 bookings per day by resource through channel 2",))

    def test_a_seat_of_another_channel_is_no_visit_of_this_one(self) -> None:
        seat = booked(1, 9, 0, channel=DESK, service=5, seats=4)
        policy = BookingPolicy(caps=Cap(0, per="day", channel=ONLINE))
        question = asked(
            busy=BookingTable.of([seat], known=ALWAYS),
            rules=attrs.evolve(HALF, seats=4),
            policy=policy,
        )
        online = check_booking(ANA, start=at(9), **question, request=Request(channel=ONLINE, service=5))
        assert [conflict.reason for conflict in online] == [Reason.CAP_DAY]
        joined = BookingTable.of([seat, attrs.evolve(seat, id=2, channel=ONLINE)], known=ALWAYS)
        again = check_booking(
            ANA, start=at(9), **(question | {"busy": joined}), request=Request(channel=ONLINE, service=5)
        )
        assert again == ()

    def test_a_column_of_channels(self) -> None:
        columns: dict[str, Any] = {"resource": [0], "start": [0], "end": [60], "known": ALWAYS}
        assert BookingTable.from_columns(**columns).channel is None
        table = BookingTable.from_columns(**columns, channel=[3])
        assert table.column("channel").tolist() == [3]
        with pytest.raises(InvalidValueError, match="channel"):
            BookingTable.from_columns(**columns, channel=[-2])

    def test_a_booking_that_moves_keeps_its_channel_and_a_series_is_of_one(self) -> None:
        mine = booked(1, 9, 0, channel=ONLINE)
        policy = BookingPolicy(caps=Cap(1, per="day", channel=ONLINE))
        busy = BookingTable.of([mine, booked(2, 11, 0, channel=ONLINE)], known=ALWAYS)
        (conflict,) = check_move(ANA, booking=mine, start=at(10), **asked(busy=busy, policy=policy))
        assert conflict.reason is Reason.CAP_DAY
        verdicts = check_series(ANA, starts=[at(9), at(10)], **asked(policy=policy, request=Request(channel=ONLINE)))
        assert [len(verdict) for verdict in verdicts] == [0, 1]


class TestRelease:
    kept = Release(MORNING, channels=DESK, lead=24 * HOUR, name="mornings")

    def policy(self, **more: Any) -> BookingPolicy:
        return BookingPolicy(releases=attrs.evolve(self.kept, **more))

    def test_kept_time_is_for_its_channel_until_the_lead(self) -> None:
        policy = self.policy()
        rest = ["10:00", "10:30", "11:00", "11:30"]
        assert clocks(policy=policy) == clocks(policy=policy, request=Request(channel=ONLINE)) == rest
        every = ["09:00", "09:30", *rest]
        assert clocks(policy=policy, request=Request(channel=DESK)) == every
        assert clocks(policy=policy, waive=[Waiver.RELEASE]) == every
        assert clocks(policy=policy, now=at(9) - 24 * HOUR) == ["09:00", *rest]
        assert clocks(policy=policy, now=at(9, 30) - 24 * HOUR) == every

    def test_a_visit_that_reaches_into_kept_time_is_refused_and_one_that_touches_is_not(self) -> None:
        late = self.policy(hours=Schedule("UTC", WeeklyHours({"monday": ["09:15-09:30"]})))
        assert clocks(policy=late) == ["09:30", "10:00", "10:30", "11:00", "11:30"]

    def test_time_alone_lets_go(self) -> None:
        found = find_slots(ANA, within=DAY, **asked(policy=self.policy()))
        assert found.valid_until == at(9) - 24 * HOUR
        # With longer notice than lead it is too late by then.
        noticed = attrs.evolve(self.policy(), min_notice=25 * HOUR)
        assert (
            find_slots(ANA, within=DAY, **asked(policy=noticed)).valid_until == at(10) - 25 * HOUR + MINUTE / 60_000_000
        )

    def test_where_notice_is_waived_or_counted_in_working_time(self) -> None:
        noticed = attrs.evolve(self.policy(), min_notice=25 * HOUR)
        waived = asked(policy=noticed, waive=[Waiver.NOTICE])
        assert find_slots(ANA, within=DAY, **waived).valid_until == at(9) - 24 * HOUR
        assert SlotIndex.of(ANA, within=DAY, **waived).fresh_until == at(9) - 24 * HOUR
        # An hour of work before Monday 11:00 is worked on Monday, and before 09:00 on the Monday before.
        working = attrs.evolve(self.policy(), min_notice=WorkingTime(HOUR))
        for made in (
            find_slots(ANA, within=DAY, **asked(policy=working)).valid_until,
            SlotIndex.of(ANA, within=DAY, **asked(policy=working)).fresh_until,
        ):
            assert made == at(9) + MINUTE / 60_000_000

    def test_the_conflict_tells_whose_time_it_is(self) -> None:
        (conflict,) = check_booking(ANA, start=at(9, 30), **asked(policy=self.policy()))
        assert (conflict.reason, conflict.kind, conflict.ref) == (Reason.RELEASE, Kind.RELEASE, "mornings")
        assert conflict.interval == Interval(at(9), at(10))
        assert conflict.refused_starts == Interval(at(8, 30) + MINUTE / 60_000_000, at(10))
        assert (conflict.limit, conflict.actual) == (24 * 3_600_000_000, to_us(at(9, 30)) - to_us(NOW))

    def test_time_kept_without_end_is_told_as_far_as_it_is_looked_for(self) -> None:
        always = Schedule("UTC", WeeklyHours(dict.fromkeys(WEEKDAYS, ("00:00-24:00",))))
        (conflict,) = check_booking(ANA, start=at(9), **asked(policy=self.policy(hours=always)))
        assert conflict.interval is not None
        assert conflict.interval.duration > timedelta(days=790)

    def test_only_the_resources_named_are_kept(self) -> None:
        policy = self.policy(resources=[1])
        found = find_slots([ANA, ANA], within=DAY, **asked(policy=policy))
        assert found.counts.tolist() == [6, 4]
        assert check_booking(ANA, start=at(9), handle=0, **asked(policy=policy)) == ()
        assert len(check_booking(ANA, start=at(9), handle=1, **asked(policy=policy))) == 1
        both = BookingPolicy(releases=[self.kept, attrs.evolve(self.kept, resources=[0], lead=timedelta(0))])
        assert len(check_booking(ANA, start=at(9), handle=1, **asked(policy=both))) == 1
        assert (
            len(
                check_booking(
                    ANA, start=at(9), now=at(8), **{k: v for k, v in asked(policy=both).items() if k != "now"}
                )
            )
            == 1
        )

    def test_stays_are_kept_out_too(self) -> None:
        stay = SlotRules(CalendarDays(1), step=HOUR)
        policy = self.policy(hours=Schedule("UTC", WeeklyHours({"monday": ["01:00-02:00"]})))
        within = LocalDays(date(2026, 11, 22), date(2026, 11, 22))
        hours = WeeklyHours({"sunday": ["15:00-17:00"], "monday": ["09:00-17:00"]})
        hotel = Calendar(Schedule("Europe/Berlin", hours))
        assert len(find_slots(hotel, within=within, **asked(rules=stay))) == 2
        assert len(find_slots(hotel, within=within, **asked(rules=stay, policy=policy))) == 0

    def test_an_index_lets_go_as_time_passes(self) -> None:
        index = SlotIndex.of([ANA, ANA], within=DAY, **asked(policy=self.policy(resources=[1])))
        assert index.count().tolist() == [6, 4]
        assert index.fresh_until == at(9) - 24 * HOUR
        later = index.at(at(9) - 24 * HOUR)
        assert later.count().tolist() == [6, 5]
        saved = SlotIndex.from_bytes(
            later.to_bytes(), [ANA, ANA], within=DAY, rules=HALF, policy=self.policy(resources=[1])
        )
        assert saved.count().tolist() == [6, 5]
        with pytest.raises(InvalidValueError):
            SlotIndex.from_bytes(
                later.to_bytes(), [ANA, ANA], within=DAY, rules=HALF, policy=self.policy(resources=[0])
            )

    def test_what_it_says_in_words(self) -> None:
        assert self.kept.rule == "mornings"
        assert Release(MORNING, lead=HOUR).rule == "kept for nobody until 1:00:00 before"
        assert Release(MORNING, channels=[2, 1, 2], lead=HOUR).rule == "kept for channels 1, 2 until 1:00:00 before"

    @pytest.mark.parametrize(
        ("wrong", "name"),
        [
            ({"hours": attrs.evolve(MORNING, location=3)}, "hours"),
            ({"hours": "09:00-10:00"}, "hours"),
            ({"channels": "12"}, "channels"),
            ({"channels": [-1]}, "channels"),
            ({"channels": [True]}, "channels"),
            ({"resources": [1.5]}, "resources"),
            ({"lead": -HOUR}, "lead"),
            ({"name": None}, "name"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, wrong: dict[str, Any], name: str) -> None:
        with pytest.raises(InvalidValueError) as caught:
            Release(**{"hours": MORNING, "lead": HOUR, **wrong})
        assert caught.value.name == name


class TestOverbooking:
    policy = BookingPolicy(overbooking=Overbooking(1, no_show_rate=0.2))

    def test_extra_units_are_capacity(self) -> None:
        once = BookingTable.of([booked(1, 9, 0)], known=ALWAYS)
        twice = BookingTable.of([booked(1, 9, 0), booked(2, 9, 0)], known=ALWAYS)
        assert check_booking(ANA, start=at(9), **asked(busy=once, policy=self.policy)) == ()
        conflicts = check_booking(ANA, start=at(9), **asked(busy=twice, policy=self.policy))
        assert {(c.kind, c.limit, c.actual, c.ref) for c in conflicts} == {(Kind.FULL, 2, 3, 1), (Kind.FULL, 2, 3, 2)}

    def test_an_explanation_says_how_much_is_overbooked(self) -> None:
        told = []
        for count in range(3):
            busy = BookingTable.of([booked(number, 9, 0) for number in range(count)], known=ALWAYS)
            told.append(explain(ANA, start=at(9), **asked(busy=busy, policy=self.policy)))
        assert [(one.bookable, one.overbooked) for one in told] == [(True, 0), (True, 1), (False, 2)]
        assert to_plain(told[1])["overbooked"] == 1
        assert explain(ANA, start=at(9), **asked()).overbooked == 0

    def test_a_feed_takes_everything_and_one_booking_no_more_than_there_is(self) -> None:
        away = EMPTY.with_feed(0, IntervalSet.of(Interval(at(9), at(9, 30))), known=IntervalSet.of(ALWAYS))
        assert len(check_booking(ANA, start=at(9), **asked(busy=away, policy=self.policy))) == 1
        (conflict,) = check_booking(ANA, start=at(9), **asked(policy=self.policy, request=Request(units=2)))
        assert (conflict.reason, conflict.limit) == (Reason.TOO_BIG, 1)

    def test_seats_are_oversold_too(self) -> None:
        rules = attrs.evolve(HALF, seats=1)
        seats = [booked(number, 9, 0, service=5, seats=1) for number in range(2)]
        question = asked(rules=rules, policy=self.policy, request=Request(service=5))
        one = question | {"busy": BookingTable.of(seats[:1], known=ALWAYS)}
        assert (explain(ANA, start=at(9), **one).bookable, explain(ANA, start=at(9), **one).overbooked) == (True, 1)
        both = question | {"busy": BookingTable.of(seats, known=ALWAYS)}
        (conflict,) = check_booking(ANA, start=at(9), **both)
        assert (conflict.kind, conflict.limit, conflict.actual) == (Kind.FULL, 2, 3)
        assert explain(ANA, start=at(9), **question).overbooked == 0
        assert explain(ANA, start=at(10), **both).overbooked == 0

    def test_only_the_resources_named_are_overbooked(self) -> None:
        policy = BookingPolicy(overbooking=Overbooking(1, no_show_rate=0.2, resources=1))
        rows = [booked(1, 9, 0), booked(2, 9, 0, resource=1)]
        found = find_slots([ANA, ANA], within=DAY, **asked(busy=BookingTable.of(rows, known=ALWAYS), policy=policy))
        assert found.counts.tolist() == [5, 6]

    def test_what_is_sold_on_purpose_is_no_conflict(self) -> None:
        now: dict[str, Any] = {"now": NOW}
        pair = [booked(1, 9, 0), booked(2, 9, 0)]
        table = BookingTable.of(pair, known=ALWAYS)
        assert (len(find_conflicts(table, **now)), len(find_conflicts(table, policy=self.policy, **now))) == (1, 0)
        three = BookingTable.of([*pair, booked(3, 9, 0)], known=ALWAYS)
        (overlap,) = find_conflicts(three, policy=self.policy, **now)
        assert (overlap.units, overlap.capacity) == (3, 2)
        seats = [booked(number, 9, 0, service=5, seats=1) for number in range(3)]
        assert len(find_conflicts(BookingTable.of(seats[:2], known=ALWAYS), policy=self.policy, **now)) == 0
        assert len(find_conflicts(BookingTable.of(seats, known=ALWAYS), policy=self.policy, **now)) == 1

    @given(
        capacity=st.integers(1, 25),
        rate=st.sampled_from([Fraction(1, 20), Fraction(1, 10), Fraction(3, 10), Fraction(1, 2)]),
        risk=st.sampled_from([Fraction(0), Fraction(1, 100), Fraction(1, 20), Fraction(1, 5), Fraction(1, 2)]),
    )
    def test_at_risk_is_the_binomial_sum(self, capacity: int, rate: Fraction, risk: Fraction) -> None:
        def more_come(extra: int) -> Fraction:
            size = capacity + extra
            return sum(
                (
                    comb(size, came) * (1 - rate) ** came * rate ** (size - came)
                    for came in range(capacity + 1, size + 1)
                ),
                Fraction(0),
            )

        extra = 0
        while more_come(extra + 1) <= risk:
            extra += 1
        found = Overbooking.at_risk(capacity, no_show_rate=float(rate), risk=float(risk), resources=[3])
        assert (found.extra, found.resources) == (extra, (3,))

    def test_where_everybody_comes_nothing_is_sold_twice(self) -> None:
        assert Overbooking.at_risk(10, no_show_rate=0, risk=0.5).extra == 0
        assert Overbooking(0, no_show_rate=0).extra == 0
        assert Overbooking.at_risk(1, no_show_rate=0.9999, risk=0.9).extra == 10_000
        with pytest.raises(InvalidValueError, match="everybody comes"):
            Overbooking(1, no_show_rate=0)

    @pytest.mark.parametrize("wrong", [-0.1, 1, 1.5, float("nan"), True, "0.1", None])
    def test_rates_are_shares(self, wrong: Any) -> None:
        for make in (
            lambda: Overbooking(1, no_show_rate=wrong),
            lambda: Overbooking.at_risk(1, no_show_rate=wrong, risk=0.1),
            lambda: Overbooking.at_risk(1, no_show_rate=0.1, risk=wrong),
        ):
            with pytest.raises(InvalidValueError, match="from 0 to less than 1"):
                make()

    def test_counts_are_bounded(self) -> None:
        for make in (
            lambda: Overbooking(10_001, no_show_rate=0.1),
            lambda: Overbooking.at_risk(0, no_show_rate=0.1, risk=0),
        ):
            with pytest.raises(InvalidValueError):
                make()


def brute(stranding: Stranding, size: int, ahead: int, length: int) -> int:
    """Stranded minutes of a gap, minute by minute."""
    menu = [one // MINUTE for one in stranding.lengths]

    def waste(room: int) -> int:
        reached = {0}
        for total in range(room + 1):
            if total in reached:
                reached |= {total + one for one in menu}
        return room - max((one for one in reached if one <= room), default=0) if room > 0 else 0

    return max(waste(ahead) + waste(size - length - ahead) - waste(size), 0)


class TestStranding:
    menu = Stranding([30 * MINUTE, 45 * MINUTE], mode="refuse")

    def test_each_start_says_what_it_strands(self) -> None:
        rules = SlotRules(45 * MINUTE, step=15 * MINUTE)
        policy = BookingPolicy(stranding=Stranding([30 * MINUTE, 45 * MINUTE]))
        hour = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-10:30"]})))
        found = find_slots(hour, within=DAY, **asked(rules=rules, policy=policy))
        assert [(f"{slot.start:%H:%M}", slot.stranded) for slot in found] == [
            ("09:00", timedelta(0)),
            ("09:15", 15 * MINUTE),
            ("09:30", 15 * MINUTE),
            ("09:45", timedelta(0)),
        ]
        assert found[1].stranded == 15 * MINUTE
        assert found.whole_first().tolist() == [0, 3, 1, 2]
        least = found.least_stranding()
        assert [f"{slot.start:%H:%M}" for slot in least] == ["09:00", "09:45"]
        assert least.stranded is not None
        assert least.stranded.tolist() == [0, 0]
        assert to_plain(found)["slots"][1]["stranded"] == "PT15M"
        assert find_common([hour], within=DAY, **asked(rules=rules, policy=policy)).stranded is None

    def test_what_strands_too_much_is_refused_where_that_is_asked(self) -> None:
        rules = SlotRules(45 * MINUTE, step=15 * MINUTE)
        hour = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-10:30"]})))
        question = asked(rules=rules, policy=BookingPolicy(stranding=self.menu))
        assert len(find_slots(hour, within=DAY, **question)) == 2
        assert len(find_slots(hour, within=DAY, **question, waive=[Waiver.STRANDS])) == 4
        (conflict,) = check_booking(hour, start=at(9, 15), **question)
        assert (conflict.reason, conflict.kind) == (Reason.STRANDS, Kind.STRANDS)
        assert (conflict.limit, conflict.actual, conflict.ref) == (0, 15 * 60_000_000, "at most 0:00:00 stranded")
        assert conflict.interval == Interval(at(9), at(10, 30))
        allowed = asked(rules=rules, policy=BookingPolicy(stranding=attrs.evolve(self.menu, most=15 * MINUTE)))
        assert len(find_slots(hour, within=DAY, **allowed)) == 4

    def test_fixes_are_found_length_by_length(self) -> None:
        hour = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-10:30"]})))
        question = asked(rules=SlotRules(45 * MINUTE, step=15 * MINUTE), policy=BookingPolicy(stranding=self.menu))
        told = explain(hour, start=at(9, 30), **question)
        shorter = [fix.duration for fix in told.fixes if fix.kind == "shorter"]
        assert shorter == [30 * MINUTE]
        none = explain(hour, start=at(9, 15), **question)
        assert [fix.kind.value for fix in none.fixes] == ["earlier", "later"]

    def test_bookings_time_off_and_openings_bound_a_gap(self) -> None:
        policy = BookingPolicy(stranding=Stranding(30 * MINUTE))
        two = Calendar(
            Schedule("UTC", WeeklyHours({"monday": ["09:00-10:00", "10:00-11:00", "11:00-12:00"]})),
            TimeOff(Interval(at(11, 40), at(11, 50))),
        )
        busy = BookingTable.of([booked(1, 9, 45, 15)], known=ALWAYS)
        rules = SlotRules(10 * MINUTE, step=10 * MINUTE)
        found = find_slots(two, within=DAY, **asked(busy=busy, rules=rules, policy=policy))
        stranded = {f"{slot.start:%H:%M}": (slot.stranded or timedelta(0)) // MINUTE for slot in found}
        # 45 minutes hold one visit of 30 and waste 15; the hour after touches it, and is a gap of its own.
        assert stranded["09:00"] == 0
        assert stranded["09:10"] == 20
        assert stranded["10:10"] == 20
        assert stranded["11:30"] == 0
        assert stranded["11:50"] == 0

    def test_only_one_at_a_time_strands(self) -> None:
        policy = BookingPolicy(stranding=self.menu)
        rules = SlotRules(20 * MINUTE, step=10 * MINUTE)
        kennel = attrs.evolve(ANA, capacity=2)
        found = find_slots([ANA, kennel], within=DAY, **asked(rules=rules, policy=policy))
        assert found.counts.tolist()[1] == 17 > found.counts.tolist()[0]
        both = attrs.evolve(policy, overbooking=Overbooking(1, no_show_rate=0.1))
        assert len(find_slots(ANA, within=DAY, **asked(rules=rules, policy=both))) == 17
        seats = find_slots(ANA, within=DAY, **asked(rules=attrs.evolve(rules, seats=3), policy=policy))
        assert seats.stranded is not None
        assert (len(seats), bool(seats.stranded.any())) == (17, False)
        stay = find_slots(ANA, within=DAY, **asked(rules=SlotRules(CalendarDays(7), step=HOUR), policy=policy))
        assert stay.stranded is not None
        assert (len(stay), bool(stay.stranded.any())) == (3, False)
        index = SlotIndex.of(ANA, within=DAY, **asked(rules=attrs.evolve(rules, seats=3), policy=policy))
        stranded = index.find().stranded
        assert stranded is not None
        assert not stranded.any()

    def test_an_index_says_the_same(self) -> None:
        policy = BookingPolicy(stranding=Stranding([30 * MINUTE, 45 * MINUTE]))
        index = SlotIndex.of([ANA, ANA], within=DAY, **asked(policy=policy))
        index = index.with_bookings([booked(7, 9, 40, 20, resource=1)])
        search = find_slots(
            [ANA, ANA],
            within=DAY,
            **asked(policy=policy, busy=BookingTable.of([booked(7, 9, 40, 20, resource=1)], known=ALWAYS)),
        )
        for got, wanted in (
            (index.find(), search),
            (index.find([False, True]), search.take(np.arange(6, len(search)))),
        ):
            assert got.stranded is not None
            assert wanted.stranded is not None
            assert got.stranded.tolist() == wanted.stranded.tolist()
        assert [slot.stranded for slot in index.top(2)] == [search[0].stranded, search[6].stranded]
        nothing = index.find([False, False]).stranded
        assert nothing is not None
        assert len(nothing) == 0

    def test_without_the_rule_nothing_is_said(self) -> None:
        found = find_slots(ANA, within=DAY, **asked())
        assert (found.stranded, found[0].stranded, next(iter(found)).stranded) == (None, None, None)
        for read in (found.whole_first, found.least_stranding):
            with pytest.raises(InvalidValueError, match="Stranding"):
                read()

    def test_no_hours_no_gaps(self) -> None:
        closed = Calendar(Schedule("UTC"))
        policy = BookingPolicy(stranding=self.menu)
        found = find_slots([closed, closed], within=DAY, **asked(policy=policy))
        assert found.stranded is not None
        assert len(found.stranded) == 0
        reasons = [conflict.reason for conflict in check_booking(closed, start=at(9), **asked(policy=policy))]
        assert reasons == [Reason.CLOSED]

    @given(
        menu=st.sets(st.integers(1, 12).map(lambda n: 5 * n), min_size=1, max_size=3),
        sizes=st.lists(st.integers(1, 150), min_size=1, max_size=4),
        length=st.integers(1, 90),
        before=st.integers(0, 20),
        most=st.sampled_from([0, 0, 4, 10]),
    )
    def test_refused_intervals_are_the_points_that_strand(
        self, menu: set[int], sizes: list[int], length: int, before: int, most: int
    ) -> None:
        stranding = Stranding([one * MINUTE for one in menu], most=most * MINUTE)
        us = 60_000_000
        length = max(length, before + 1)
        starts = np.array([sum(sizes[:place]) + 7 * place for place in range(len(sizes))]) * us
        gaps = starts, starts + np.array(sizes) * us
        low, high = strands(stranding, gaps, (before * us, length * us))
        minutes = np.arange(-3, int(gaps[1][-1]) // us + 3)
        told = stranded_us(stranding, gaps, (before * us, length * us), minutes * us)
        for minute, got in zip(minutes.tolist(), told.tolist(), strict=True):
            place = int(gaps[0].searchsorted(minute * us, "right")) - 1
            inside = place >= 0 and minute * us < gaps[1][place]
            ahead = minute - before - int(starts[place]) // us
            assert got == (brute(stranding, sizes[place], ahead, length) * us if inside else 0)
            covered = any(a <= minute * us < b for a, b in zip(low.tolist(), high.tolist(), strict=True))
            assert covered == (got > most * us)
        assert all(b < c for (_, b), (c, _) in pairwise(sorted(zip(low.tolist(), high.tolist(), strict=True))))
        edges = np.unique(np.concatenate([low - 1, low, high - 1, high]))
        fine = stranded_us(stranding, gaps, (before * us, length * us), edges)
        inside_any = np.array(
            [any(a <= e < b for a, b in zip(low.tolist(), high.tolist(), strict=True)) for e in edges.tolist()]
        )
        assert ((fine > most * us) == inside_any).all()

    def test_many_sizes_are_worked_out_in_parts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        gaps = np.array([0, 10**10]), np.array([9 * 10**9, 10**10 + 5 * 10**9])
        visit = 0, 30 * 60_000_000
        whole = [column.tolist() for column in strands(self.menu, gaps, visit)]
        monkeypatch.setattr("petpro_core.decisions._whole._POINTS", 1)
        assert [column.tolist() for column in strands(self.menu, gaps, visit)] == whole

    def test_a_menu_fills_what_it_can(self) -> None:
        menu = Stranding([15 * MINUTE, 10 * MINUTE, 10 * MINUTE])
        assert (menu.lengths, menu.unit_us) == ((10 * MINUTE, 15 * MINUTE), 300_000_000)
        assert [menu.waste(n * MINUTE) // MINUTE for n in (0, 5, 9, 10, 14, 19, 20, 27)] == [0, 5, 9, 0, 4, 4, 0, 2]
        assert menu.waste(-HOUR) == timedelta(0)
        assert Stranding(20 * MINUTE).waste(59 * MINUTE) == 19 * MINUTE

    @pytest.mark.parametrize(
        ("wrong", "name"),
        [
            ({"lengths": ()}, "lengths"),
            ({"lengths": timedelta(0)}, "lengths"),
            ({"lengths": [HOUR, timedelta(seconds=90)]}, "lengths"),
            ({"lengths": 30}, "lengths"),
            ({"lengths": [1201 * MINUTE, 1200 * MINUTE]}, "lengths"),
            ({"mode": "hide"}, "mode"),
            ({"most": -MINUTE}, "most"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, wrong: dict[str, Any], name: str) -> None:
        with pytest.raises(InvalidValueError) as caught:
            Stranding(**{"lengths": HOUR, **wrong})
        assert caught.value.name == name


CLINIC = """
[clinic]
zone = "Europe/Berlin"
channels = ["desk", "online"]
[hours]
weekdays = ["09:00-12:00"]
[[providers]]
id = "ana"
[[services]]
id = "visit"
duration = "30m"
policy = { caps = [{ limit = 1, per = "day", channel = "online" }] }
[policy]
releases = [
  { hours = { weekdays = ["09:00-10:00"] }, channels = ["desk"], lead = "24h", resources = ["ana"], name = "early" },
  { zone = "UTC", extra = [{ day = 2026-12-24, hours = "10:00-11:00" }], lead = "2h" },
]
overbooking = { extra = 1, no_show_rate = 0.15, resources = ["ana"] }
stranding = { lengths = ["30m", "45m"], mode = "refuse", most = "5m" }
[[bookings]]
provider = "ana"
service = "visit"
start = 2026-11-23T09:00:00
channel = "online"
"""


class TestClinicFile:
    def test_every_rule_is_read_and_written(self) -> None:
        clinic = read_clinic(CLINIC, format="toml")
        assert dict(clinic.channels) == {"desk": 1, "online": 2} == {v: k for k, v in clinic.names["channel"].items()}
        first, second = clinic.policy.releases
        assert (first.channels, first.lead, first.resources, first.name) == ((1,), 24 * HOUR, (1,), "early")
        assert (second.hours.zone.key, second.channels, second.resources) == ("UTC", (), None)
        assert clinic.policy.overbooking == Overbooking(1, no_show_rate=0.15, resources=[1])
        assert clinic.policy.stranding == Stranding([30 * MINUTE, 45 * MINUTE], mode="refuse", most=5 * MINUTE)
        assert clinic.services["visit"].policy.caps[0].channel == 2
        assert clinic.bookings[0].channel == 2
        assert clinic.request(channel="online").channel == 2
        for shape in ("toml", "json"):
            back = read_clinic(write_clinic(clinic, format=shape), format=shape)
            assert (back.policy, back.bookings, dict(back.channels)) == (
                clinic.policy,
                clinic.bookings,
                clinic.channels,
            )
        assert to_plain(clinic.bookings[0], names=clinic.names)["channel"] == "online"

    def test_a_short_form(self) -> None:
        short = read_clinic(CLINIC.replace(', mode = "refuse", most = "5m"', ""), format="toml")
        assert short.policy.stranding is not None
        assert (short.policy.stranding.mode, short.policy.stranding.most) == (StrandingMode.RANK, timedelta(0))

    @pytest.mark.parametrize(
        ("old", "new", "key"),
        [
            ('channels = ["desk", "online"]', 'channels = ["desk", "online", "desk"]', "clinic.channels[2]"),
            ('channel = "online"\n', 'channel = "onlin"\n', "bookings[0].channel"),
            ('channels = ["desk"],', 'channels = ["dsk"],', "policy.releases[0].channels[0]"),
            ('lead = "2h"', 'lead = "soon"', "policy.releases[1].lead"),
            ('no_show_rate = 0.15, resources = ["ana"]', "no_show_rate = 0", "policy.overbooking.no_show_rate"),
            ("no_show_rate = 0.15", "no_show_rate = 1.5", "policy.overbooking.no_show_rate"),
            ("no_show_rate = 0.15", "no_show_rate = true", "policy.overbooking.no_show_rate"),
            ('resources = ["ana"] }', 'resources = ["bo"] }', "policy.overbooking.resources[0]"),
            ('"45m"]', '"90s"]', "policy.stranding.lengths"),
            ('mode = "refuse"', 'mode = "hide"', "policy.stranding.mode"),
        ],
    )
    def test_errors_name_their_place(self, old: str, new: str, key: str) -> None:
        assert CLINIC.count(old) == 1
        with pytest.raises(InvalidClinicError) as caught:
            read_clinic(CLINIC.replace(old, new), format="toml")
        assert caught.value.key == key

    def test_a_request_names_a_channel_of_the_file(self) -> None:
        with pytest.raises(InvalidValueError, match="channel is one of desk, online"):
            read_clinic(CLINIC, format="toml").request(channel="fax")
