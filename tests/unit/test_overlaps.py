"""All bookings against each other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from petpro_core.bookings import Allocation, Booking, BookingPolicy, BookingStatus, BookingTable
from petpro_core.decisions import Overlap, find_conflicts
from petpro_core.errors import NaiveDatetimeError
from petpro_core.intervals import ALWAYS, Interval, IntervalSet

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVERYTHING = IntervalSet.of(ALWAYS)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 23, hour, minute, tzinfo=UTC)


def booked(number: int, start: int, end: int, *, resource: int = 0, units: int = 1, **more: Any) -> Booking:
    return Booking(number, Allocation(resource, Interval(at(start), at(end)), units=units), **more)


def found(*bookings: Booking, busy: BookingTable | None = None, **more: Any) -> list[tuple[Any, ...]]:
    table = BookingTable.of(bookings, known=ALWAYS) if busy is None else busy
    return [
        (o.interval.start.hour, o.interval.end.hour, o.bookings, o.units, o.capacity)
        for o in find_conflicts(table, **{"now": NOW, **more})
    ]


def test_no_bookings_have_no_conflicts() -> None:
    conflicts = find_conflicts(BookingTable.empty(known=ALWAYS), now=NOW)
    assert (len(conflicts), list(conflicts), conflicts.offsets.tolist()) == (0, [], [0])


def test_what_touches_does_not_overlap() -> None:
    assert found(booked(1, 9, 10), booked(2, 10, 11), booked(3, 9, 11, resource=1)) == []


def test_two_bookings_of_one_time() -> None:
    table = BookingTable.of([booked(7, 9, 11, resource=4), booked(3, 10, 12, resource=4)], known=ALWAYS)
    conflicts = find_conflicts(table, now=NOW)
    assert list(conflicts) == [Overlap(4, Interval(at(10), at(11)), (7, 3), 2, 1)]
    assert (conflicts.offsets.tolist(), conflicts.bookings.tolist()) == ([0, 2], [7, 3])


def test_a_chain_is_one_stretch() -> None:
    assert found(booked(1, 9, 11), booked(2, 10, 13), booked(3, 11, 12)) == [(10, 12, (1, 2, 3), 2, 1)]


def test_stretches_lie_apart() -> None:
    every = [booked(1, 9, 12), booked(2, 9, 10), booked(3, 11, 12), booked(4, 13, 14)]
    assert found(*every) == [(9, 10, (1, 2), 2, 1), (11, 12, (1, 3), 2, 1)]


def test_buffers_overlap_too() -> None:
    with_buffer = Booking(1, Allocation.of(0, Interval(at(9), at(10)), buffer_after=HOUR))
    assert found(with_buffer, booked(2, 10, 11)) == [(10, 11, (1, 2), 2, 1)]


def test_capacity_and_units() -> None:
    every = [booked(1, 9, 12, units=2), booked(2, 10, 12), booked(3, 11, 12)]
    assert found(*every, capacities={0: 4}) == []
    assert found(*every, capacities={0: 3}) == [(11, 12, (1, 2, 3), 4, 3)]
    assert found(*every, capacities={0: 2, 1: 9}) == [(10, 12, (1, 2, 3), 4, 2)]
    # A resource that is not named has one unit, and no booking counts for more than a unit over it.
    assert found(*every, capacities={1: 9}) == [(9, 12, (1, 2, 3), 4, 1)]


@pytest.mark.parametrize(
    ("status", "more", "policy", "counts"),
    [
        ("pending", {}, BookingPolicy(), False),
        ("pending", {}, BookingPolicy(pending_blocks=True), True),
        ("held", {"held_until": NOW + HOUR}, BookingPolicy(), True),
        ("held", {"held_until": NOW}, BookingPolicy(), False),
        ("cancelled", {}, BookingPolicy(), False),
        ("no_show", {}, BookingPolicy(), False),
        ("completed", {}, BookingPolicy(), True),
    ],
)
def test_what_holds_its_time(status: str, more: dict[str, Any], policy: BookingPolicy, counts: bool) -> None:
    other = booked(2, 9, 10, status=BookingStatus(status), **more)
    assert found(booked(1, 9, 10), other, policy=policy) == ([(9, 10, (1, 2), 2, 1)] if counts else [])


class TestSessions:
    def test_seats_that_are_left_are_no_conflict(self) -> None:
        assert found(*(booked(n, 9, 10, service=7, seats=3) for n in (1, 2, 3))) == []

    def test_more_than_its_seats(self) -> None:
        assert found(*(booked(n, 9, 10, service=7, seats=2) for n in (1, 2, 3))) == [(9, 10, (1, 2, 3), 2, 1)]
        # The largest number of seats that any of its bookings says is what the session has.
        mixed = [booked(1, 9, 10, service=7, seats=3), *(booked(n, 9, 10, service=7, seats=2) for n in (2, 3))]
        assert found(*mixed) == []

    def test_a_session_takes_the_whole_resource(self) -> None:
        session = [booked(n, 9, 11, service=7, seats=3) for n in (1, 2)]
        assert found(*session, booked(5, 10, 12), capacities={0: 4}) == [(10, 11, (1, 2, 5), 5, 4)]
        other = booked(6, 10, 11, service=8, seats=3)
        assert found(*session, other) == [(10, 11, (1, 2, 6), 2, 1)]


class TestFeeds:
    def test_a_feed_takes_the_whole_resource_and_no_more(self) -> None:
        feeds = BookingTable.empty(known=ALWAYS).with_feeds(
            [
                (1, IntervalSet.from_us([0, 100], [10, 200]), EVERYTHING),
                (1, IntervalSet.from_us([150], [160]), EVERYTHING),
            ]
        )
        overlaps = [(o.interval.start_us, o.interval.end_us, o.units) for o in find_conflicts(feeds, now=NOW)]
        assert overlaps == [(150, 160, 2)]

    def test_a_feed_beside_a_booking(self) -> None:
        table = BookingTable.of([booked(1, 9, 11)], known=ALWAYS)
        fed = table.with_feed(0, IntervalSet.of(Interval(at(10), at(12))), known=EVERYTHING)
        assert found(busy=fed, capacities={0: 3}) == [(10, 11, (1, -1), 4, 3)]


def test_several_resources_keep_apart() -> None:
    table = BookingTable.of(
        [booked(n, 9, 10 + n % 3, resource=n // 2) for n in range(12)] + [booked(20, 9, 10, resource=99)], known=ALWAYS
    )
    overlaps = list(find_conflicts(table, now=NOW))
    assert [(o.resource_id, o.bookings) for o in overlaps] == [(n, (2 * n, 2 * n + 1)) for n in range(6)]


def test_bookings_thousands_of_years_apart_share_no_line() -> None:
    # 40 resources over 7,900 years do not fit on one line of 62 bits; they are taken some at a time.
    early, late = datetime(2000, 1, 1, tzinfo=UTC), datetime(9900, 1, 1, tzinfo=UTC)
    bookings = [
        Booking(1000 * resource + 2 * place + twice, Allocation(resource, Interval(start, start + HOUR)))
        for resource in range(40)
        for place, start in enumerate((early, late))
        for twice in (0, 1)
    ]
    overlaps = list(find_conflicts(BookingTable.of(bookings, known=ALWAYS), now=NOW))
    assert len(overlaps) == 80
    assert [(o.resource_id, o.interval.start, o.bookings) for o in overlaps[-2:]] == [
        (39, early, (39_000, 39_001)),
        (39, late, (39_002, 39_003)),
    ]


def test_naive_datetimes_are_refused() -> None:
    with pytest.raises(NaiveDatetimeError):
        find_conflicts(BookingTable.empty(known=ALWAYS), now=datetime(2026, 11, 20))  # noqa: DTZ001 - that is the case
