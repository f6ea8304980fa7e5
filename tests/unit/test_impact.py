"""What a change breaks, by example."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import attrs
import numpy as np
import pytest

from petpro_core import (
    ALWAYS,
    Allocation,
    Booking,
    BookingPolicy,
    BookingStatus,
    BookingTable,
    Calendar,
    CalendarDays,
    Cap,
    Interval,
    InvalidValueError,
    MinimumGap,
    Schedule,
    SlotRules,
    TimeOff,
    Waiver,
    WeeklyHours,
    load_zone,
)
from petpro_core.bookings import Stranding
from petpro_core.repair import (
    Absence,
    Impact,
    NewHours,
    NewPolicy,
    NewZoneData,
    ResourceClosed,
    impact,
)
from petpro_core.timezones import TimeZone

HOUR: Final = timedelta(hours=1)
MONDAY: Final = datetime(2026, 11, 23, tzinfo=UTC)
NOW: Final = MONDAY - timedelta(days=3)
DAILY: Final[dict[str, Any]] = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), ("09:00-12:00",))
WEEK: Final = Calendar(Schedule("UTC", WeeklyHours(DAILY)))
ROOM: Final = Calendar(Schedule("UTC", WeeklyHours(DAILY)), capacity=2)
HOURLY: Final = SlotRules(HOUR, step=HOUR)
ILL: Final = Absence(7, TimeOff.on(date(2026, 11, 24), zone="UTC", name="ill"))


def at(hour: int, minute: int = 0, day: int = 0) -> datetime:
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


def booked(number: int, hour: int, *resources: int, day: int = 0, **more: Any) -> Booking:
    visit = Interval(at(hour, day=day), at(hour + 1, day=day))
    return Booking(number, [Allocation(resource, visit) for resource in resources or (7,)], **more)


def found(change: Any, *bookings: Booking, **more: Any) -> Impact:
    asked: dict[str, Any] = {
        "calendars": {7: WEEK, 8: WEEK, 20: ROOM},
        "bookings": bookings,
        "busy": BookingTable.of(bookings, known=ALWAYS),
        "rules": HOURLY,
        "now": NOW,
    }
    return impact(change, **(asked | more))


def kinds(told: Impact) -> list[tuple[int, list[str]]]:
    return [(one.booking.id, [str(conflict.kind) for conflict in one.news]) for one in told.broken]


def test_somebody_is_ill_on_one_day() -> None:
    told = found(ILL, booked(1, 9), booked(2, 9, day=1), booked(3, 10, 8, day=1), booked(4, 11, 7, 20, day=1))
    assert kinds(told) == [(2, ["time_off"]), (4, ["time_off"])]
    assert [one.resources for one in told.broken] == [(7,), (7,)]
    assert told.broken[0].conflicts[0].ref == "ill"
    assert told.broken[0].before == ()
    assert (told.series, told.shifted) == ((), ())
    assert told.practice.calendars[7].time_off == ILL.time_off


def test_a_room_is_closed() -> None:
    told = found(ResourceClosed(20), booked(1, 9, 7, 20), booked(2, 10, 7), booked(3, 9, 8, 20, day=4))
    assert kinds(told) == [(1, ["time_off"]), (3, ["time_off"])]
    assert told.broken[0].resources == (20,)


def test_new_hours_break_what_lies_outside() -> None:
    shorter = NewHours(7, Calendar(Schedule("UTC", WeeklyHours(dict.fromkeys(DAILY, ("10:00-12:00",))))))
    told = found(shorter, booked(1, 9), booked(2, 10), booked(3, 11))
    assert kinds(told) == [(1, ["closed"])]


def test_less_room_breaks_all_who_share_it() -> None:
    smaller = NewHours(20, attrs.evolve(ROOM, capacity=1))
    told = found(smaller, booked(1, 9, 7, 20), booked(2, 9, 8, 20), booked(3, 10, 8, 20))
    assert kinds(told) == [(1, ["overlap"]), (2, ["overlap"])]


def test_another_zone_is_asked_about_everything() -> None:
    policy = BookingPolicy(caps=Cap(1, per="day"))
    home = Calendar(Schedule("Pacific/Auckland", WeeklyHours(dict.fromkeys(DAILY, ("00:00-24:00",)))))
    told = found(NewHours(7, home), booked(1, 9), booked(2, 11, day=1), policy=policy, calendars={7: WEEK})
    assert told.broken == ()
    told = found(NewHours(7, home), booked(1, 11), booked(2, 9, day=1), policy=policy, calendars={7: WEEK})
    # 11:00 on Monday and 9:00 on Tuesday are both Tuesday there.
    assert kinds(told) == [(1, ["cap"]), (2, ["cap"])]


def test_a_policy_breaks_what_it_would_not_allow() -> None:
    gap = NewPolicy(BookingPolicy(gaps=MinimumGap(HOUR)))
    told = found(gap, booked(1, 9), booked(2, 10), booked(3, 11, 8))
    assert kinds(told) == [(1, ["gap"]), (2, ["gap"])]
    assert told.practice.policy == gap.policy
    assert found(NewPolicy(BookingPolicy()), booked(1, 9)).broken == ()


def test_what_stands_is_not_asked_what_was_asked_when_it_was_made() -> None:
    strict = BookingPolicy(
        min_notice=timedelta(days=30),
        horizon=HOUR,
        move_deadline=timedelta(days=30),
        stranding=Stranding(HOUR, mode="refuse"),
    )
    odd = Booking(1, Allocation(7, Interval(at(9, 7), at(9, 37))))
    assert found(NewPolicy(strict), odd).broken == ()


def test_what_stood_against_it_before_is_no_news() -> None:
    emergency = booked(1, 19, day=1, waived=[Waiver.HOURS])
    assert found(ResourceClosed(8), emergency, booked(2, 9)).broken == ()
    shorter = NewHours(7, Calendar(Schedule("UTC", WeeklyHours(dict.fromkeys(DAILY, ("10:00-12:00",))))))
    assert found(shorter, emergency).broken == ()
    told = found(ILL, emergency)
    assert kinds(told) == [(1, ["time_off"])]
    assert [str(conflict.kind) for conflict in told.broken[0].before] == ["closed"]


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({}, True),
        ({"status": BookingStatus.PENDING}, True),
        ({"status": BookingStatus.IN_PROGRESS}, True),
        ({"status": BookingStatus.HELD, "held_until": at(0)}, True),
        ({"status": BookingStatus.HELD, "held_until": NOW}, False),
        ({"status": BookingStatus.CANCELLED}, False),
        ({"status": BookingStatus.NO_SHOW}, False),
        ({"status": BookingStatus.COMPLETED}, False),
    ],
)
def test_only_what_is_to_be_kept_is_looked_at(more: dict[str, Any], *, counts: bool) -> None:
    assert len(found(ILL, booked(1, 9, day=1, **more)).broken) == counts


def test_what_is_over_is_not_broken_and_what_goes_on_is() -> None:
    told = found(ResourceClosed(7), booked(1, 9), booked(2, 10), now=at(10))
    assert [one.booking.id for one in told.broken] == [2]
    assert [one.booking.id for one in found(ResourceClosed(7), booked(1, 9), now=at(9, 30)).broken] == [1]


def test_a_stay_is_judged_by_its_ends() -> None:
    kennel = Calendar(Schedule("UTC", WeeklyHours(DAILY)))
    stay = Booking(1, Allocation(7, Interval(at(10), at(10, day=2))), service=5)
    rules = {5: SlotRules(CalendarDays(2)), None: HOURLY}
    midday = Absence(7, TimeOff(Interval(at(15, day=1), at(16, day=1)), "fire drill"))
    told = found(midday, stay, booked(2, 9, 8), calendars={7: kennel, 8: WEEK}, rules=rules)
    assert kinds(told) == [(1, ["time_off"])]
    shorter = NewHours(7, Calendar(Schedule("UTC", WeeklyHours(DAILY | {"tuesday": ()}))))
    assert found(shorter, stay, calendars={7: kennel}, rules=rules).broken == ()


def test_a_booking_years_ahead_is_judged_by_itself() -> None:
    far = booked(1, 9, day=7 * 200)
    assert kinds(found(ResourceClosed(7), far)) == [(1, ["time_off"])]
    assert found(ILL, far).broken == ()


def test_series_are_named_with_what_is_broken_and_what_is_kept() -> None:
    weekly = [booked(number, 9, day=number) for number in (1, 2, 3)]
    told = found(ILL, *weekly, booked(9, 10, day=1), series={1: 70, 2: 70, 3: 70, 9: 60, 5: 50})
    assert [(one.series, one.broken, one.kept) for one in told.series] == [(60, (9,), ()), (70, (1,), (2, 3))]
    assert [one.series for one in told.broken] == [70, 60]


def test_resources_without_hours_here_are_left_alone() -> None:
    told = found(ResourceClosed(99), booked(1, 9, 7, 99), booked(2, 9, 99))
    assert told.broken == ()


def test_several_changes_come_in_order() -> None:
    told = found([ILL, NewHours(7, WEEK)], booked(1, 9, day=1))
    assert told.broken == ()
    assert kinds(found([NewHours(7, WEEK), ILL], booked(1, 9, day=1))) == [(1, ["time_off"])]


# --- new zone data ----------------------------------------------------------------------------------------------------


def clock_change(day: int, hours: int = 2) -> TimeZone:
    """Berlin, with clocks that are put to another offset on a day of the week."""
    zone, at_us = load_zone("Europe/Berlin"), int(at(0, day=day).timestamp()) * 1_000_000
    kept = int((zone.transitions < at_us).sum())
    changes = np.append(zone.transitions[:kept], at_us)
    return TimeZone(zone.key, changes, np.append(zone.offsets[: kept + 1], hours * 3_600_000_000))


BERLIN: Final = Calendar(Schedule("Europe/Berlin", WeeklyHours(DAILY)))


def test_bookings_keep_their_wall_time() -> None:
    ten = [Booking(n, Allocation(7, Interval(at(9, day=n), at(10, day=n)))) for n in (1, 2, 3)]
    told = found(NewZoneData(clock_change(2)), *ten, calendars={7: BERLIN})
    assert told.broken == ()
    assert [(one.booking.id, one.by) for one in told.shifted] == [(2, -HOUR), (3, -HOUR)]
    assert told.practice.busy.start.tolist() == sorted(
        int(moment.timestamp()) * 1_000_000 for moment in (at(9, day=1), at(8, day=2), at(8, day=3))
    )


def test_a_booking_that_was_promised_as_an_instant_stays() -> None:
    early = Booking(1, Allocation(7, Interval(at(10, day=3), at(11, day=3))))
    told = found(NewZoneData(clock_change(2), fixed=[1]), early, calendars={7: BERLIN})
    assert told.shifted == ()
    # 10:00 UTC was 11 on the wall and is 12 now, when the clinic closes.
    assert kinds(told) == [(1, ["closed"])]


def test_what_moves_may_meet_what_stays() -> None:
    mine = Booking(
        1, [Allocation(7, Interval(at(9, day=3), at(10, day=3))), Allocation(20, Interval(at(9, day=3), at(10, day=3)))]
    )
    other = booked(2, 8, 8, 20, day=3)
    rooms = {
        7: BERLIN,
        8: Calendar(Schedule("UTC", WeeklyHours(dict.fromkeys(DAILY, ("06:00-12:00",))))),
        20: Calendar(Schedule("UTC", WeeklyHours(dict.fromkeys(DAILY, ("06:00-18:00",))))),
    }
    told = found(NewZoneData(clock_change(2)), mine, other, calendars=rooms)
    assert kinds(told) == [(1, ["overlap"]), (2, ["overlap"])]
    assert told.broken[0].booking.start == at(8, day=3)


def test_what_has_begun_or_lies_elsewhere_does_not_move() -> None:
    begun = Booking(1, Allocation(7, Interval(at(8, day=3), at(11, day=3))))
    nowhere = booked(2, 9, 99, day=3)
    told = found(
        NewZoneData(clock_change(2)),
        begun,
        nowhere,
        booked(3, 9, 8, day=3),
        calendars={7: BERLIN, 8: WEEK},
        now=at(8, 30, day=3),
    )
    assert told.shifted == ()


def test_the_second_of_two_equal_wall_times_stays_where_nothing_is_new() -> None:
    # On 25 October 2026 Berlin shows 02:30 twice; the second is 01:30 UTC.
    twice = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    booking = Booking(1, Allocation(7, Interval(twice, twice + HOUR)))
    told = found(NewZoneData(clock_change(2)), booking, calendars={7: BERLIN}, now=twice - timedelta(days=1))
    assert told.shifted == ()


def test_a_stay_keeps_the_wall_time_of_its_end_too() -> None:
    kennel = Calendar(Schedule("Europe/Berlin", WeeklyHours(DAILY)))
    stay = Booking(1, Allocation.of(7, Interval(at(9, day=1), at(9, day=3)), buffer_after=HOUR))
    told = found(NewZoneData(clock_change(2)), stay, calendars={7: kennel}, rules=SlotRules(CalendarDays(2)))
    assert told.broken == ()
    assert [one.booking.allocations[0].interval for one in told.shifted] == [Interval(at(9, day=1), at(8, day=3))]
    assert told.shifted[0].booking.allocations[0].occupied.end == at(9, day=3)
    assert told.shifted[0].by == timedelta(0)


def test_caps_are_counted_by_the_new_clock() -> None:
    zone = clock_change(2, hours=3)
    policy = BookingPolicy(caps=Cap(1, per="day", zone="Europe/Berlin"))
    late = [Booking(n, Allocation(7, Interval(at(h, day=d), at(h, 30, day=d)))) for n, h, d in ((1, 21, 3), (2, 9, 4))]
    always = Calendar(Schedule("UTC", WeeklyHours(dict.fromkeys(DAILY, ("00:00-24:00",)))))
    told = found(NewZoneData(zone), *late, calendars={7: always}, policy=policy)
    assert kinds(told) == [(1, ["cap"]), (2, ["cap"])]


# --- what is refused --------------------------------------------------------------------------------------------------


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="rules"):
        found(ResourceClosed(7), booked(1, 9, service=3), rules={None: HOURLY})
    with pytest.raises(InvalidValueError, match="SlotRules"):
        found(ResourceClosed(7), booked(1, 9), rules={None: 3})
    with pytest.raises(InvalidValueError, match="change"):
        found("ill", booked(1, 9))
    with pytest.raises(InvalidValueError, match="calendars"):
        found(ILL, calendars=[WEEK])
    with pytest.raises(InvalidValueError, match="calendars"):
        found(ILL, calendars={-1: WEEK})
    with pytest.raises(InvalidValueError, match="calendars"):
        found(ILL, calendars={1: 2})
    with pytest.raises(InvalidValueError, match="series"):
        found(ILL, series={1: -1})
    with pytest.raises(InvalidValueError, match="bookings"):
        found(ILL, busy=BookingTable.empty(known=ALWAYS), bookings=[1])
    with pytest.raises(InvalidValueError, match="busy"):
        found(ILL, busy=[])
