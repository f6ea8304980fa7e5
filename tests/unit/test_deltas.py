"""Slot deltas by example: what appears, what disappears, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

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
    CalendarBatch,
    CalendarDays,
    Cap,
    ClockRange,
    Days,
    HoursCache,
    Interval,
    IntervalSet,
    InvalidValueError,
    LocalDays,
    MinimumGap,
    OutOfRangeError,
    Request,
    Schedule,
    SlotRules,
    TimeOff,
    Waiver,
    WeeklyHours,
    WorkingTime,
    find_slots,
    load_zone,
)
from petpro_core.bookings import Release, Stranding
from petpro_core.recurrence import Recurrence
from petpro_core.repair import (
    Absence,
    Change,
    NewHours,
    NewPolicy,
    NewZoneData,
    ResourceClosed,
    SlotDelta,
    _concerned,
    changed_calendars,
    delta_of_bookings,
    delta_of_change,
    delta_of_time,
)
from petpro_core.schedules import TemporaryZone

if TYPE_CHECKING:
    from petpro_core.timezones import TimeZone

HOUR: Final = timedelta(hours=1)
MONDAY: Final = datetime(2026, 11, 23, tzinfo=UTC)
NOW: Final = MONDAY - timedelta(days=3)
WEEK: Final = Interval(MONDAY, MONDAY + timedelta(days=7))
DAILY: Final = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), ("09:00-12:00",))
CLINIC: Final = Calendar(Schedule("UTC", WeeklyHours(DAILY)))
HOURLY: Final = SlotRules(HOUR, step=HOUR)
NOTHING: Final = BookingTable.empty(known=ALWAYS)


def at(hour: int, minute: int = 0, day: int = 0) -> datetime:
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


def booked(number: int, hour: int, *, resource: int = 0, day: int = 0, **more: Any) -> Booking:
    return Booking(number, Allocation(resource, Interval(at(hour, day=day), at(hour + 1, day=day))), **more)


def question(**more: Any) -> dict[str, Any]:
    return {"busy": NOTHING, "rules": HOURLY, "within": WEEK, "now": NOW} | more


def hours(table: Any) -> list[tuple[int, str]]:
    return [(slot.resource_id, slot.start.strftime("%a %H:%M")) for slot in table]


def agrees(delta: SlotDelta, before: Any, after: Any, *, exact: bool = False) -> None:
    got = delta.apply(before)
    for name in ("offsets", "starts", "ends", "offered_until"):
        assert getattr(got, name).tolist() == getattr(after, name).tolist(), name
    assert got.valid_until == after.valid_until or (got.valid_until < after.valid_until and not exact)


# --- bookings ---------------------------------------------------------------------------------------------------------


def test_a_booking_takes_the_starts_that_it_meets() -> None:
    rows = CalendarBatch.of([CLINIC, CLINIC], [7, 8])
    delta = delta_of_bookings(rows, added=[booked(1, 10, resource=8)], **question(rules=SlotRules(HOUR)))
    assert hours(delta.appeared) == []
    assert [start for _, start in hours(delta.disappeared)] == [
        f"Mon {t}" for t in ("09:15", "09:30", "09:45", "10:00", "10:15", "10:30", "10:45")
    ]
    assert {resource for resource, _ in hours(delta.disappeared)} == {8}
    assert len(delta) == 7
    assert repr(delta) == "<SlotDelta of 0 appeared and 7 disappeared>"


def test_a_move_takes_and_brings() -> None:
    old, busy = booked(1, 9), BookingTable.of([booked(1, 9)], known=ALWAYS)
    delta = delta_of_bookings(CLINIC, added=[booked(1, 11)], removed=[old], **question(busy=busy))
    assert (hours(delta.appeared), hours(delta.disappeared)) == ([(0, "Mon 09:00")], [(0, "Mon 11:00")])
    before = find_slots(CLINIC, **question(busy=busy))
    agrees(delta, before, find_slots(CLINIC, **question(busy=BookingTable.of([booked(1, 11)], known=ALWAYS))))


def test_a_booking_of_somewhere_else_touches_nothing() -> None:
    assert len(delta_of_bookings(CLINIC, added=[booked(1, 9, resource=5)], **question())) == 0
    assert len(delta_of_bookings(CLINIC, added=[booked(1, 9, day=30)], **question())) == 0
    assert len(delta_of_bookings([], added=[booked(1, 9)], **question())) == 0


def test_a_booking_that_is_replaced_is_not_there_anyway() -> None:
    delta = delta_of_bookings(CLINIC, added=[booked(1, 9)], **question(replacing=1))
    assert len(delta) == 0


def test_a_booking_that_fills_a_cap_takes_the_whole_period() -> None:
    policy = BookingPolicy(caps=[Cap(1, per="day"), Cap(3, per="week", service=4)])
    asked = question(policy=policy, request=Request(service=4))
    delta = delta_of_bookings(CLINIC, added=[booked(1, 9, service=4)], **asked)
    assert [start for _, start in hours(delta.disappeared)] == ["Mon 09:00", "Mon 10:00", "Mon 11:00"]
    three = [booked(number, 9, day=number, service=4) for number in range(3)]
    delta = delta_of_bookings(CLINIC, added=three, **asked)
    assert len(delta.disappeared) == 15


def test_a_booking_near_the_ends_of_time_counts_in_no_period_asked() -> None:
    first = Interval.from_us(ALWAYS.start_us, ALWAYS.start_us + 60_000_000)
    policy = BookingPolicy(caps=[Cap(1, per="month"), Cap(1, per="day", by="client")])
    asked = question(policy=policy, request=Request(client=3))
    assert len(delta_of_bookings(CLINIC, added=[Booking(1, Allocation(0, first), client=3)], **asked)) == 0


def test_a_gap_reaches_further_than_the_booking() -> None:
    policy = BookingPolicy(gaps=MinimumGap(HOUR))
    delta = delta_of_bookings(CLINIC, added=[booked(1, 9)], **question(policy=policy))
    assert [start for _, start in hours(delta.disappeared)] == ["Mon 09:00", "Mon 10:00"]


@pytest.mark.parametrize("few", [0, 16])
def test_a_booking_of_who_asks_touches_every_row(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_concerned, "_FEW", few)
    rows = CalendarBatch.of([CLINIC, CLINIC, CLINIC], [7, 8, 9])
    visit = booked(1, 9, resource=8, client=3)
    elsewhere = booked(2, 9, resource=99, client=3)
    for policy, wanted in (
        (BookingPolicy(one_at_a_time=["client"]), 3),  # type: ignore[list-item]  # its word is taken too
        (BookingPolicy(gaps=MinimumGap(HOUR, by="client")), 6),
        (BookingPolicy(caps=Cap(1, per="day", by="client")), 9),
    ):
        asked = question(policy=policy, request=Request(client=3))
        before = find_slots(rows, **asked)
        for one, more in ((visit, 0), (elsewhere, 0)):
            delta = delta_of_bookings(rows, added=[one], **asked)
            assert len(delta.disappeared) == wanted + more, policy
            agrees(delta, before, find_slots(rows, **(asked | {"busy": BookingTable.of([one], known=ALWAYS)})))
        # Somebody else's touches their own row alone.
        other = delta_of_bookings(rows, added=[attrs.evolve(visit, client=4)], **asked)
        assert hours(other.disappeared) == [(8, "Mon 09:00")]


def test_a_hold_says_until_when() -> None:
    until = NOW + timedelta(minutes=10)
    hold = booked(1, 9, status=BookingStatus.HELD, held_until=until)
    before = find_slots(CLINIC, **question())
    delta = delta_of_bookings(CLINIC, added=[hold], **question())
    assert delta.apply(before).valid_until == until
    expired = attrs.evolve(hold, held_until=NOW)
    assert delta_of_bookings(CLINIC, added=[expired], **question()).apply(before).valid_until == before.valid_until


def test_what_appears_knows_until_when_it_is_offered() -> None:
    policy = BookingPolicy(min_notice=timedelta(hours=2))
    busy = BookingTable.of([booked(1, 9)], known=ALWAYS)
    delta = delta_of_bookings(CLINIC, removed=[booked(1, 9)], **question(busy=busy, policy=policy))
    assert delta.appeared.offered_until.tolist() == (delta.appeared.starts - 7_200_000_000 + 1).tolist()


def test_several_rules_make_rows_for_each() -> None:
    rules = [HOURLY, SlotRules(2 * HOUR, step=HOUR)]
    asked = question(rules=rules)
    delta = delta_of_bookings([CLINIC, CLINIC], added=[booked(1, 11, resource=1)], **asked)
    assert delta.disappeared.counts.tolist() == [0, 1, 0, 1]
    before = find_slots([CLINIC, CLINIC], **asked)
    after = find_slots(
        [CLINIC, CLINIC], **(asked | {"busy": BookingTable.of([booked(1, 11, resource=1)], known=ALWAYS)})
    )
    agrees(delta, before, after)


def test_days_and_a_cache_are_taken_as_in_a_search() -> None:
    asked = question(within=LocalDays(date(2026, 11, 23), date(2026, 11, 24)), cache=HoursCache())
    delta = delta_of_bookings(CLINIC, added=[booked(1, 9, day=1), booked(2, 9, day=2)], **asked)
    assert hours(delta.disappeared) == [(0, "Tue 09:00")]


def test_a_start_that_strands_time_is_told_anew_in_its_row() -> None:
    policy = BookingPolicy(stranding=Stranding([HOUR, 2 * HOUR], mode="rank"))
    asked = question(policy=policy, rules=SlotRules(HOUR, step=timedelta(minutes=30)))
    before = find_slots([CLINIC, CLINIC], **asked)
    visit = Booking(1, Allocation(1, Interval(at(9), at(9, 30))))
    delta = delta_of_bookings([CLINIC, CLINIC], added=[visit], **asked)
    after = find_slots([CLINIC, CLINIC], **(asked | {"busy": BookingTable.of([visit], known=ALWAYS)}))
    got = delta.apply(before)
    assert got.stranded is not None
    assert after.stranded is not None
    assert got.stranded.tolist() == after.stranded.tolist()
    # The starts that stay strand other time than before.
    stays = before.take((before.starts[:, None] == after.row(1)).any(axis=1).nonzero()[0])
    assert stays.stranded is not None
    assert stays.row(1).tolist() == after.row(1).tolist()
    assert stays.stranded[stays.offsets[1] :].tolist() != after.stranded[after.offsets[1] :].tolist()
    seats = asked | {"rules": SlotRules(HOUR, step=HOUR, seats=3)}
    assert delta_of_bookings([CLINIC, CLINIC], added=[visit], **seats).disappeared.stranded is not None


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="removed from where it stands"):
        delta_of_bookings(CLINIC, removed=[booked(1, 9)], **question())
    with pytest.raises(InvalidValueError, match="stands in an index once"):
        delta_of_bookings(CLINIC, added=[booked(1, 9)], **question(busy=BookingTable.of([booked(1, 10)], known=ALWAYS)))
    with pytest.raises(InvalidValueError, match="added once"):
        delta_of_bookings(CLINIC, added=[booked(1, 9), booked(1, 10)], **question())
    with pytest.raises(InvalidValueError, match="at least one set of rules"):
        delta_of_bookings(CLINIC, **question(rules=[]))
    with pytest.raises(InvalidValueError, match="needs its grid"):
        delta_of_bookings(CLINIC, **question(waive=[Waiver.GRID]))
    with pytest.raises(InvalidValueError, match="made of Booking"):
        delta_of_bookings(CLINIC, added=[3], **question())  # type: ignore[list-item]


def test_a_delta_is_for_its_own_answer() -> None:
    delta = delta_of_bookings(CLINIC, added=[booked(1, 9)], **question())
    table = find_slots(CLINIC, **question())
    with pytest.raises(InvalidValueError, match="of the rows, rules and policy"):
        delta.apply(find_slots([CLINIC, CLINIC], **question()))
    with pytest.raises(InvalidValueError, match="of the rows, rules and policy"):
        delta.apply(find_slots(CLINIC, **question(rules=SlotRules(HOUR))))
    after = delta.apply(table)
    with pytest.raises(InvalidValueError, match="every start that disappears"):
        delta.apply(after)
    back = delta_of_bookings(
        CLINIC, removed=[booked(1, 9)], **question(busy=BookingTable.of([booked(1, 9)], known=ALWAYS))
    )
    with pytest.raises(InvalidValueError, match="no start that appears"):
        back.apply(table)
    stranding = BookingPolicy(stranding=Stranding(HOUR))
    with pytest.raises(InvalidValueError, match="of the rows, rules and policy"):
        delta.apply(find_slots(CLINIC, **question(policy=stranding)))
    with pytest.raises(InvalidValueError, match="SlotTable"):
        delta.apply(3)  # type: ignore[arg-type]


# --- changes ----------------------------------------------------------------------------------------------------------


def test_somebody_is_ill() -> None:
    ill = Absence(8, TimeOff.on(date(2026, 11, 24), zone="UTC", name="ill"))
    rows = CalendarBatch.of([CLINIC, CLINIC], [7, 8])
    delta = delta_of_change(rows, ill, **question())
    assert hours(delta.disappeared) == [(8, "Tue 09:00"), (8, "Tue 10:00"), (8, "Tue 11:00")]
    agrees(delta, find_slots(rows, **question()), find_slots(changed_calendars(rows, ill), **question()))


def test_a_room_is_closed_and_another_is_none_of_ours() -> None:
    assert len(delta_of_change(CLINIC, ResourceClosed(0), **question()).disappeared) == 15
    assert len(delta_of_change(CLINIC, ResourceClosed(5), **question())) == 0


def test_new_hours_bring_and_take_and_count_other_capacity() -> None:
    later = Calendar(Schedule("UTC", WeeklyHours({"monday": ["10:00-13:00"]})))
    change: list[Change] = [NewHours(0, later), ResourceClosed(0, Interval(at(12), at(13)))]
    delta = delta_of_change(CLINIC, change, **question())
    assert hours(delta.appeared) == []
    assert len(delta.disappeared) == 13
    wider = NewHours(0, attrs.evolve(CLINIC, capacity=2))
    busy = BookingTable.of([booked(1, 9)], known=ALWAYS)
    assert hours(delta_of_change(CLINIC, wider, **question(busy=busy)).appeared) == [(0, "Mon 09:00")]


def test_a_horizon_waits_for_other_hours() -> None:
    policy = BookingPolicy(horizon=timedelta(days=4))
    earlier = Calendar(Schedule("UTC", WeeklyHours({"tuesday": ["00:00-02:00"], "wednesday": ["09:00-12:00"]})))
    asked = question(policy=policy)
    delta = delta_of_change(CLINIC, NewHours(0, earlier), **asked)
    agrees(delta, find_slots(CLINIC, **asked), find_slots(changed_calendars(CLINIC, NewHours(0, earlier)), **asked))
    days = question(policy=BookingPolicy(horizon=Days(4)))
    delta = delta_of_change(CLINIC, NewHours(0, earlier), **days)
    agrees(delta, find_slots(CLINIC, **days), find_slots(changed_calendars(CLINIC, NewHours(0, earlier)), **days))


def test_working_time_runs_by_the_new_hours() -> None:
    policy = BookingPolicy(min_notice=WorkingTime(2 * HOUR))
    shorter = NewHours(0, Calendar(Schedule("UTC", WeeklyHours(dict.fromkeys(DAILY, ("09:00-11:00",))))))
    asked = question(policy=policy)
    delta = delta_of_change([CLINIC, CLINIC], shorter, **asked)
    after = find_slots(changed_calendars([CLINIC, CLINIC], shorter), **asked)
    agrees(delta, find_slots([CLINIC, CLINIC], **asked), after)


def test_a_stay_lasts_by_the_new_zone() -> None:
    berlin = Calendar(Schedule("Europe/Berlin", WeeklyHours(dict.fromkeys(DAILY, ("00:00-24:00",)))))
    asked = question(
        rules=SlotRules(CalendarDays(1), step=timedelta(days=1)), within=Interval(at(0, day=-30), at(0, day=-20))
    ) | {"now": MONDAY - timedelta(days=60)}
    change = NewHours(
        0,
        attrs.evolve(
            berlin, schedules=Schedule("America/New_York", WeeklyHours(dict.fromkeys(DAILY, ("00:00-24:00",))))
        ),
    )
    delta = delta_of_change(berlin, change, **asked)
    agrees(delta, find_slots(berlin, **asked), find_slots(changed_calendars(berlin, change), **asked))
    assert len(delta_of_change(berlin, ResourceClosed(9), **asked)) == 0


def moved_clock(key: str = "Europe/Berlin") -> TimeZone:
    """A zone that gives up winter time on the Wednesday of the week."""
    zone = load_zone(key)
    kept = zone.transitions < at(0, day=2).timestamp() * 1e6
    changes = np.append(zone.transitions[kept], int(at(0, day=2).timestamp() * 1e6))
    offsets = np.append(zone.offsets[: int(kept.sum()) + 1], 7_200_000_000)
    return attrs.evolve(zone, transitions=changes, offsets=offsets, repeats_from=None)


def test_new_zone_data_moves_hours_absences_journeys_and_caps() -> None:
    zone = moved_clock()
    lunch = TimeOff(Recurrence(datetime(2026, 11, 23, 10), "Europe/Berlin", HOUR, rules="FREQ=DAILY"))  # noqa: DTZ001
    home = Calendar(Schedule("Europe/Berlin", WeeklyHours(DAILY)), lunch)
    away = Calendar(
        Schedule(
            "UTC", WeeklyHours(DAILY), travel=TemporaryZone(date(2026, 11, 26), date(2026, 11, 26), "Europe/Berlin")
        )
    )
    plain = Calendar(Schedule("UTC", WeeklyHours(DAILY)), TimeOff(Interval(at(9), at(10))))
    rows = CalendarBatch.of([home, away, plain], [1, 2, 3])
    policy = BookingPolicy(caps=[Cap(1, per="day", zone="Europe/Berlin"), Cap(3, per="week", zone="Asia/Tokyo")])
    late = Booking(1, Allocation(3, Interval(at(22, 30, day=3), at(23, day=3))))
    asked = question(policy=policy, busy=BookingTable.of([late], known=ALWAYS))
    delta = delta_of_change(rows, NewZoneData(zone), **asked)
    later = changed_calendars(rows, NewZoneData(zone))
    caps = [attrs.evolve(cap, zone=zone) if cap.zone.key == "Europe/Berlin" else cap for cap in policy.caps if cap.zone]
    wanted = find_slots(later, **(asked | {"policy": attrs.evolve(policy, caps=caps)}))
    agrees(delta, find_slots(rows, **asked), wanted)
    assert {resource for resource, _ in hours(delta.appeared)} == {1, 2, 3}
    # A zone that says nothing new changes nothing, and neither does one that nobody has.
    for same in (load_zone("Europe/Berlin"), load_zone("Africa/Cairo")):
        assert changed_calendars(rows, NewZoneData(same)) is rows
        assert len(delta_of_change(rows, NewZoneData(same), **asked)) == 0


def test_a_new_policy_is_asked_anew() -> None:
    with pytest.raises(InvalidValueError, match="ask find_slots again"):
        delta_of_change(CLINIC, NewPolicy(BookingPolicy()), **question())
    assert changed_calendars(CLINIC, NewPolicy(BookingPolicy())).distinct == (CLINIC,)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Absence(-1, TimeOff(Interval(at(9), at(10)))),
        lambda: Absence(1, "ill"),  # type: ignore[arg-type]
        lambda: ResourceClosed(1, "always"),  # type: ignore[arg-type]
        lambda: NewHours(1, ClockRange.parse("09:00-10:00")),  # type: ignore[arg-type]
        lambda: NewZoneData("UTC"),  # type: ignore[arg-type]
        lambda: NewZoneData(load_zone("UTC"), fixed=["one"]),  # type: ignore[list-item]
        lambda: NewPolicy(3),  # type: ignore[arg-type]
        lambda: changed_calendars(CLINIC, "closed"),  # type: ignore[arg-type]
    ],
)
def test_a_change_is_made_of_its_own_kinds(make: Any) -> None:
    with pytest.raises(InvalidValueError):
        make()


# --- time -------------------------------------------------------------------------------------------------------------


def test_notice_takes_horizon_brings_holds_let_go() -> None:
    hold = booked(1, 11, status=BookingStatus.HELD, held_until=at(7, 30))
    policy = BookingPolicy(min_notice=2 * HOUR, horizon=timedelta(days=1))
    asked = question(policy=policy, busy=BookingTable.of([hold], known=ALWAYS)) | {"now": at(7)}
    delta = delta_of_time(CLINIC, later=at(8), **asked)
    # The horizon had let in all of Tuesday that there is within a day of seven, and of eight there is no more.
    assert (hours(delta.appeared), hours(delta.disappeared)) == ([(0, "Mon 11:00")], [(0, "Mon 09:00")])
    agrees(delta, find_slots(CLINIC, **asked), find_slots(CLINIC, **(asked | {"now": at(8)})), exact=True)
    next_day = delta_of_time(CLINIC, later=at(9), **asked)
    assert (0, "Tue 09:00") in hours(next_day.appeared)


@pytest.mark.parametrize("few", [0, 16])
def test_a_hold_of_who_asks_lets_go_in_every_row(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_concerned, "_FEW", few)
    hold = booked(1, 9, client=3, status=BookingStatus.HELD, held_until=at(7))
    policy = BookingPolicy(one_at_a_time=["client"])  # type: ignore[list-item]  # its word is taken too
    busy = BookingTable.of([hold, booked(2, 11, client=3)], known=ALWAYS)
    asked = question(policy=policy, busy=busy, request=Request(client=3)) | {"now": at(6)}
    delta = delta_of_time([CLINIC, CLINIC], later=at(8), **asked)
    assert hours(delta.appeared) == [(0, "Mon 09:00"), (1, "Mon 09:00")]
    after = find_slots([CLINIC, CLINIC], **(asked | {"now": at(8)}))
    agrees(delta, find_slots([CLINIC, CLINIC], **asked), after, exact=True)


@pytest.mark.parametrize("horizon", [timedelta(days=30), timedelta(days=4, hours=20), Days(3), Days(90)])
def test_a_horizon_says_when_it_moves_on(horizon: timedelta | Days) -> None:
    asked = question(policy=BookingPolicy(horizon=horizon)) | {"now": at(6)}
    delta = delta_of_time([CLINIC, CLINIC], later=at(8), **asked)
    after = find_slots([CLINIC, CLINIC], **(asked | {"now": at(8)}))
    agrees(delta, find_slots([CLINIC, CLINIC], **asked), after, exact=True)


def test_waived_leads_move_nothing() -> None:
    policy = BookingPolicy(min_notice=2 * HOUR, horizon=timedelta(days=1))
    asked = question(policy=policy, waive=[Waiver.NOTICE, Waiver.HORIZON]) | {"now": at(7)}
    delta = delta_of_time(CLINIC, later=at(11), **asked)
    assert len(delta) == 0
    table = find_slots(CLINIC, **asked)
    assert delta.apply(table).valid_until is table.valid_until is None


def test_a_release_lets_go() -> None:
    kept = Release(Schedule("UTC", WeeklyHours({"monday": ["09:00-11:00"]})), channels=1, lead=HOUR)
    asked = question(policy=BookingPolicy(releases=kept)) | {"now": at(7)}
    before = find_slots(CLINIC, **asked)
    delta = delta_of_time(CLINIC, later=at(8), **asked)
    assert hours(delta.appeared) == [(0, "Mon 09:00")]
    agrees(delta, before, find_slots(CLINIC, **(asked | {"now": at(8)})), exact=True)
    # Where nothing stands in its way any more, a kept start comes earlier than was believed.
    busy = BookingTable.of([booked(1, 9), booked(2, 10)], known=ALWAYS)
    table = find_slots(CLINIC, **(asked | {"busy": busy}))
    freed = delta_of_bookings(CLINIC, removed=[booked(1, 9)], **(asked | {"busy": busy})).apply(table)
    assert freed.valid_until == at(8)
    assert delta_of_time([], later=at(8), **asked).apply(find_slots([], **asked)).valid_until is None


def test_time_does_not_go_back() -> None:
    with pytest.raises(OutOfRangeError, match="passes from now"):
        delta_of_time(CLINIC, later=NOW - HOUR, **question())


def test_feeds_and_unknown_time_are_part_of_it() -> None:
    known = IntervalSet.of(Interval(at(0), at(0, day=2)))
    busy = NOTHING.with_feed(0, IntervalSet.of(Interval(at(9), at(10))), known=known)
    delta = delta_of_bookings(CLINIC, added=[booked(1, 9), booked(2, 11), booked(3, 9, day=3)], **question(busy=busy))
    assert hours(delta.disappeared) == [(0, "Mon 11:00")]
