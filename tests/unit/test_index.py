"""The prepared index: what it says of itself, how it changes, and what it refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

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
    Days,
    Interval,
    IntervalSet,
    LocalDays,
    MinimumGap,
    Request,
    Schedule,
    Scope,
    SlotRules,
    Waiver,
    WeeklyHours,
    WorkingTime,
    find_slots,
    to_us,
)
from petpro_core.errors import InvalidValueError, LimitExceededError, NaiveDatetimeError, OutOfRangeError
from petpro_core.index import SlotIndex, _ledger, _snapshot

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
WEEK = LocalDays(date(2026, 11, 23), date(2026, 11, 29))
MORNING = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]})))
LATE = Calendar(Schedule("UTC", WeeklyHours({"monday": ["10:30-12:30"]})))
RULES = SlotRules(HOUR, step=timedelta(minutes=30))
NOTHING = BookingTable.empty(known=ALWAYS)


def made(*calendars: Calendar, **asked: Any) -> SlotIndex:
    question: dict[str, Any] = {"busy": NOTHING, "rules": RULES, "within": WEEK, "now": NOW} | asked
    return SlotIndex.of(calendars or (MORNING, LATE), **question)


def visit(number: int, resource: int, start: datetime = NINE, **more: Any) -> Booking:
    return Booking(number, Allocation(resource, Interval(start, start + HOUR)), **more)


def clocks(index: SlotIndex, row: int) -> list[str]:
    return [f"{slot.start:%H:%M}" for slot in index.find() if slot.resource_id == index.handles[row]]


# --- what it is -------------------------------------------------------------------------------------------------------


def test_what_it_says_of_itself() -> None:
    index = made()
    assert len(index) == 2
    assert repr(index) == "<SlotIndex of 2 rows and 6 candidate starts at 2026-11-20 00:00:00+00:00>"
    assert index.now == NOW
    assert index.handles.tolist() == [0, 1]
    assert [start - to_us(NINE) for start in index.axis.tolist()] == [
        minutes * 60_000_000 for minutes in range(0, 151, 30)
    ]
    assert index.nbytes == 2 * 8 + 8 * 8 * 2 + 6 * 8
    assert index.untested == ()
    assert made(policy=BookingPolicy(caps=Cap(1, per="day", by="client"))).untested == (
        "at most 1 booking per day by client",
    )


def test_nothing_in_it_can_be_written() -> None:
    index = made()
    table = index.find()
    for column in (index.axis, index.handles, table.starts, table.offsets, table.handles):
        assert not column.flags.writeable


def test_no_rows_and_no_hours_have_answers_too() -> None:
    for index in (made(Calendar(Schedule("UTC"))), SlotIndex.of([], busy=NOTHING, rules=RULES, within=WEEK, now=NOW)):
        assert len(index.find()) == len(index.first()) == len(index.bookable(NINE)) == len(index.top(3)) == 0
        assert index.count().tolist() == [0] * len(index)
        assert index.fresh_until is None
        assert len(index.common([])) == 0
        assert len(index.common(np.empty((0, 3), np.int64)).handles) == 0
        assert index.find(np.zeros(len(index), np.bool_)).offsets.tolist() == [0] * (len(index) + 1)
        again = SlotIndex.from_bytes(
            index.to_bytes(), [Calendar(Schedule("UTC"))] * len(index), rules=RULES, within=WEEK
        )
        assert len(again.find()) == 0


@pytest.mark.parametrize("name", ["find", "first", "count"])
@pytest.mark.parametrize("mask", [[True], [1, 0], np.ones((2, 1), np.bool_), "ab"])
def test_a_mask_has_a_truth_value_for_each_row(name: str, mask: Any) -> None:
    with pytest.raises(InvalidValueError) as caught:
        getattr(made(), name)(mask)
    assert caught.value.code == "invalid_value"
    assert caught.value.name == "mask"


# --- what it answers --------------------------------------------------------------------------------------------------


def test_all_first_count_and_top() -> None:
    index = made()
    assert clocks(index, 0) == ["09:00", "09:30", "10:00", "10:30", "11:00"]
    assert clocks(index, 1) == ["10:30", "11:00", "11:30"]
    assert [slot.start.hour for slot in index.first()] == [9, 10]
    assert index.count().tolist() == [5, 3]
    assert index.count([False, True]).tolist() == [0, 3]
    assert index.find([False, True]).counts.tolist() == [0, 3]
    assert [(f"{slot.start:%H:%M}", slot.resource_id) for slot in index.top(5)] == [
        ("09:00", 0),
        ("09:30", 0),
        ("10:00", 0),
        ("10:30", 0),
        ("10:30", 1),
    ]
    assert len(index.top(99)) == 8
    assert index.top(0) == ()


def test_more_starts_than_asked_for_are_refused() -> None:
    index = made()
    for answer in (lambda: index.find(limit=7), lambda: index.common([[0], [1]], limit=7)):
        with pytest.raises(LimitExceededError) as caught:
            answer()
        assert (caught.value.limit, caught.value.got) == (7, 8)
    assert len(index.find(limit=8)) == 8


@pytest.mark.parametrize("k", [-1, 5_000_001, 1.5, True])
def test_top_takes_a_number(k: Any) -> None:
    with pytest.raises(InvalidValueError) as caught:
        made().top(k)
    assert caught.value.name == "k"


def test_a_part_of_the_range() -> None:
    index = made()
    part = Interval(NINE + HOUR, NINE + 2 * HOUR)
    assert index.count(within=part).tolist() == [2, 1]
    assert [f"{slot.start:%H:%M}" for slot in index.first(within=part)] == ["10:00", "10:30"]
    assert index.find([False, True], within=part).starts.tolist() == [to_us(NINE + 1.5 * HOUR)]
    assert [slot.resource_id for slot in index.top(9, [False, True], within=part)] == [1]
    assert index.common([[0, 1], [0]], within=part).counts.tolist() == [1, 2]
    assert index.common([[0, 1], [0]], need=1, within=part).counts.tolist() == [2, 2]
    assert index.count(within=LocalDays(date(2026, 11, 24), date(2026, 11, 25))).tolist() == [0, 0]
    for ask in (index.find, index.first, index.count, lambda **part: index.top(1, **part)):
        with pytest.raises(OutOfRangeError, match="a part of the range"):
            ask(within=LocalDays(date(2026, 11, 23), date(2026, 11, 30)))
    with pytest.raises(OutOfRangeError, match="a part of the range"):
        index.common([[0]], within=Interval(NOW, NINE))
    with pytest.raises(InvalidValueError, match="within is of type Interval or LocalDays"):
        index.find(within="today")  # type: ignore[arg-type]  # what is tested


def test_bookable() -> None:
    index = made()
    assert index.bookable(NINE).tolist() == [0]
    assert index.bookable(NINE + 1.5 * HOUR).tolist() == [0, 1]
    assert index.bookable(NINE + 1.5 * HOUR, [False, True]).tolist() == [1]
    assert index.bookable(NINE + timedelta(minutes=1)).tolist() == []
    assert index.bookable(datetime(2026, 11, 29, 23, 59, tzinfo=UTC)).tolist() == []


@pytest.mark.parametrize("at", [datetime(2026, 11, 22, 23, 59, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)])
def test_bookable_knows_only_its_range(at: datetime) -> None:
    with pytest.raises(OutOfRangeError, match="this index knows starts from 2026-11-23 00:00:00") as caught:
        made().bookable(at)
    assert caught.value.got == to_us(at)


def test_bookable_in_local_days_of_two_zones() -> None:
    """Of a start that lies in the days of one row and not in those of another, the other knows nothing."""
    always = WeeklyHours({"sunday": ["00:00-24:00"], "monday": ["00:00-24:00"]})
    rows = Calendar(Schedule("UTC", always)), Calendar(Schedule("America/New_York", always))
    index = made(*rows, within=LocalDays(date(2026, 11, 23), date(2026, 11, 23)))
    assert index.bookable(datetime(2026, 11, 23, 1, tzinfo=UTC)).tolist() == [0]
    assert index.bookable(datetime(2026, 11, 23, 12, tzinfo=UTC)).tolist() == [0, 1]


def test_instants_have_a_zone() -> None:
    index = made()
    for ask in (index.bookable, index.at, lambda at: index.check(0, at)):
        with pytest.raises(NaiveDatetimeError):
            ask(datetime(2026, 11, 23, 9))  # noqa: DTZ001 (what is tested)


def test_check_says_why() -> None:
    index = made(Calendar(MORNING.schedules, capacity=2), MORNING).with_bookings([visit(1, 1)])
    assert index.check(0, NINE) == ()
    assert [(str(c.kind), c.ref) for c in index.check(1, NINE)] == [("overlap", 1)]
    assert [str(c.kind) for c in index.check(1, datetime(2026, 12, 7, 8, tzinfo=UTC))] == ["closed"]
    # Rows that share their hours have one calendar in the batch, and their own capacity all the same.
    twice = index.with_bookings([visit(2, 0)])
    assert twice.check(0, NINE) == ()
    assert [c.ref for c in twice.with_bookings([visit(3, 0)]).check(0, NINE)] == [2, 3]


@pytest.mark.parametrize("row", [-1, 2, "0"])
def test_check_takes_a_row(row: Any) -> None:
    with pytest.raises(InvalidValueError) as caught:
        made().check(row, NINE)
    assert caught.value.name == "row"


def test_common() -> None:
    index = made()
    table = index.common([[0, 1], [1, 0]])
    assert [table.row(group).tolist() for group in (0, 1)] == [[to_us(NINE + 1.5 * HOUR), to_us(NINE + 2 * HOUR)]] * 2
    assert table.handles.tolist() == [0, 1]
    assert [slot.resource_id for slot in table] == [0, 0, 1, 1]
    assert index.common([[0, 1]], need=1).counts.tolist() == [6]
    assert index.common([[0, 1], [1]]).counts.tolist() == [2, 3]
    assert index.common(np.array([[0, 1]], np.uint8)).counts.tolist() == [2]
    assert table.valid_until == index.fresh_until


@pytest.mark.parametrize(
    "groups",
    [
        *([[]], [0, 1], 0, "ab", [[0], []], [[0], [0.5, 1.0]], [[0, 1], 1], [[0, 2]], [[0, -1]], [[0], [1, 2]]),
        *([[0, 0]], [[0], [1, 1]], [[True, False]], [[[0]]], [[0], None]),
    ],
)
def test_groups_are_lists_of_rows(groups: Any) -> None:
    with pytest.raises(InvalidValueError) as caught:
        made().common(groups)
    assert caught.value.name == "groups"


@pytest.mark.parametrize("need", [0, 2])
def test_need_is_met_by_the_smallest_group(need: int) -> None:
    with pytest.raises(InvalidValueError) as caught:
        made().common([[0, 1], [0]], need=need)
    assert caught.value.name == "need"


# --- many rows --------------------------------------------------------------------------------------------------------


def many(rows: int, **asked: Any) -> SlotIndex:
    shared = [MORNING, LATE]
    batch = CalendarBatch.of([shared[row % 2] for row in range(rows)], handles=list(range(10, 10 * rows + 10, 10)))
    question: dict[str, Any] = {"busy": NOTHING, "rules": RULES, "within": WEEK, "now": NOW} | asked
    return SlotIndex.of(batch, **question)


def test_few_groups_among_many_rows_are_aligned_alone() -> None:
    """The same answer, whether only the members are brought onto the axis or all rows are."""
    index = many(100).with_bookings([visit(1, 10)])
    alone = index.common([[0, 1, 2]])
    assert "all_aligned" not in index._snapshot.__dict__
    together = index.common([[0, 1, 2]] * 40)
    assert "all_aligned" in index._snapshot.__dict__
    assert all(together.row(group).tolist() == alone.row(0).tolist() for group in range(40))
    assert index.common([[0, 2]]).row(0).tolist() == [to_us(NINE + HOUR * hours) for hours in (1, 1.5, 2)]


def test_what_was_aligned_is_kept_and_mended() -> None:
    index = many(20)
    groups = [[row, row + 1] for row in range(19)]
    index.common(groups)
    for number, start in enumerate([NINE + 1.5 * HOUR, NINE + 2 * HOUR, NINE]):
        index = index.with_bookings([visit(number, 20, start)])
        assert index._snapshot.before is not None
        if number != 1:
            assert index.common(groups).counts.tolist() == [
                len(set(index.find().row(a).tolist()) & set(index.find().row(b).tolist())) for a, b in groups
            ]
    assert index.at(NOW + timedelta(seconds=1)).common(groups).counts.tolist() == index.common(groups).counts.tolist()
    ahead = index
    for number in range(10, 32):
        ahead = ahead.with_bookings([visit(number, 20)]).with_bookings(removed=[visit(number, 20)])
    assert ahead._snapshot.before is None
    assert ahead.common(groups).counts.tolist() == index.common(groups).counts.tolist()
    moved_on = index.at(NINE + HOUR)
    assert moved_on._snapshot.before is None
    assert moved_on.common([[0, 2]]).counts.tolist() == [3]


def test_rows_are_compiled_in_chunks() -> None:
    index = many(1_203)
    found = index.find()
    assert found.counts.tolist() == [5, 3] * 601 + [5]
    assert index.common([[0, 1202]]).counts.tolist() == [5]


def test_many_changes_are_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The overlay never grows without end, nor do the resources that the ledger keeps apart."""
    monkeypatch.setattr(_snapshot, "_OVERLAY_ROWS", 3)
    monkeypatch.setattr(_ledger, "_MOST_PARTS", 5)
    index, table = many(12), NOTHING
    for number in range(11):
        booking = visit(number, 10 * number + 10, status=BookingStatus.HELD, held_until=NINE - number * HOUR)
        feed = IntervalSet.of(Interval(NINE + HOUR, NINE + 2 * HOUR))
        table = table.with_bookings([booking]).with_feed(
            10 * number + 10, feed, known=IntervalSet.of(Interval(NOW, NINE + 3 * HOUR))
        )
        index = index.with_row(10 * number + 10, table)
        assert len(index._snapshot.rows) <= 5
        assert len(index._snapshot.ledger.parts) <= 5
    fresh = many(12, busy=table)
    assert index.find().starts.tolist() == fresh.find().starts.tolist()
    assert index.fresh_until == fresh.fresh_until == NINE - 10 * HOUR
    whole = index._snapshot.ledger.whole
    for name, column in table.as_columns().items():
        assert whole.column(name).tolist() == column.tolist(), name
    for name in ("unknown_resource", "unknown_start", "unknown_end"):
        assert getattr(whole, name).tolist() == getattr(table, name).tolist()


# --- what changes -----------------------------------------------------------------------------------------------------


def test_a_change_makes_another_index() -> None:
    index = made()
    booked = index.with_bookings([visit(1, 0)])
    assert (index.count().tolist(), booked.count().tolist()) == ([5, 3], [3, 3])
    moved = booked.with_bookings([visit(1, 1, NINE + 1.5 * HOUR)], removed=[visit(1, 0)])
    assert moved.count().tolist() == [5, 1]
    assert moved.with_bookings(removed=[visit(1, 1)]).count().tolist() == [5, 3]
    assert index.with_bookings()._snapshot is index._snapshot
    # A room that is no row of the index is kept for those who ask for it, and moves no row.
    assert index.with_bookings([visit(1, 77)]).count().tolist() == [5, 3]


def test_a_booking_is_kept_as_a_table_keeps_it() -> None:
    """What the ledger writes for a booking is what a table would, column by column."""
    booking = Booking(
        7,
        [Allocation.of(0, Interval(NINE, NINE + HOUR), buffer_before=HOUR, buffer_after=2 * HOUR, units=2)],
        status=BookingStatus.HELD,
        held_until=NOW + HOUR,
        service=1,
        client=2,
        household=3,
        pet=4,
        group=5,
        seats=6,
    )
    assert set(_ledger.NAMES) == set(NOTHING.as_columns())
    for one in (booking, visit(8, 0)):
        wanted = BookingTable.of([one], known=ALWAYS).as_columns()
        block = _ledger.changed_parts(made()._snapshot.ledger, (one,), ())[0].block
        assert dict(zip(_ledger.NAMES, block[:, 0].tolist(), strict=True)) == {
            name: int(column[0]) for name, column in wanted.items()
        }


def test_what_who_asks_has_booked_moves_every_row() -> None:
    """A cap per client counts bookings on whatever resource: a room that is no row, too."""
    policy = BookingPolicy(
        caps=Cap(1, per="day", by="client"), gaps=MinimumGap(HOUR, by="pet"), one_at_a_time=[Scope.PET]
    )
    index = made(policy=policy, request=Request(client=5, pet=6))
    assert index.with_bookings([visit(1, 77, client=4)]).count().tolist() == [5, 3]
    assert index.with_bookings([visit(1, 77, client=5)]).count().tolist() == [0, 0]
    assert index.with_bookings([visit(1, 77, pet=6)]).count().tolist() == [1, 2]
    held = visit(1, 77, client=5, status=BookingStatus.HELD, held_until=NOW + HOUR)
    waiting = index.with_bookings([held])
    assert waiting.count().tolist() == [0, 0]
    assert waiting.at(NOW + HOUR).count().tolist() == [5, 3]
    assert waiting.with_bookings(removed=[held]).count().tolist() == [5, 3]


def test_time_passes() -> None:
    policy = BookingPolicy(min_notice=HOUR, horizon=timedelta(days=3, hours=10))
    index = made(policy=policy)
    assert clocks(index, 0) == ["09:00", "09:30", "10:00"]
    assert index.fresh_until == NOW + timedelta(minutes=30)
    later = index.at(index.fresh_until)
    assert (clocks(later, 0), clocks(later, 1)) == (["09:00", "09:30", "10:00", "10:30"], ["10:30"])
    assert later.at(NINE - HOUR + timedelta(microseconds=1)).first().starts[0] == to_us(NINE + timedelta(minutes=30))
    assert index.at(NOW)._snapshot.live is index._snapshot.live
    days = made(policy=BookingPolicy(horizon=Days(2)))
    assert (days.count().tolist(), days.fresh_until) == ([0, 0], datetime(2026, 11, 21, tzinfo=UTC))
    waived = made(policy=policy, waive=[Waiver.NOTICE, Waiver.HORIZON])
    assert (waived.fresh_until, waived.count().tolist()) == (None, [5, 3])
    assert waived.find().valid_until is None
    assert waived.common([[0]]).offered_until.min() == np.iinfo(np.int64).max


def test_holds_let_go() -> None:
    held = visit(1, 0, status=BookingStatus.HELD, held_until=NOW + HOUR)
    index = made().with_bookings([held])
    assert (index.count().tolist(), index.fresh_until) == ([3, 3], NOW + HOUR)
    assert index.at(NOW + HOUR - timedelta(microseconds=1)).count().tolist() == [3, 3]
    assert index.at(NOW + HOUR).count().tolist() == [5, 3]
    assert index.with_bookings(removed=[held]).fresh_until == NINE + timedelta(microseconds=1)


def test_notice_in_working_time_spares_the_group() -> None:
    """A common start is offered until the last member that it needs drops out."""
    policy = BookingPolicy(min_notice=WorkingTime(timedelta(minutes=20)))
    index = made(policy=policy, within=LocalDays(date(2026, 11, 30), date(2026, 11, 30)))
    for need in (None, 1):
        for groups in ([[0, 1]], [[0, 1], [1]]):
            table = index.common(groups, need=need)
            each = [found.offered_until for found in (index.find([True, False]), index.find([False, True]))]
            assert table.offered_until.min() >= min(int(part.min()) for part in each)


def test_an_index_does_not_go_back() -> None:
    with pytest.raises(OutOfRangeError, match="moves on in time") as caught:
        made().at(NOW - HOUR)
    assert caught.value.minimum == to_us(NOW)


@pytest.mark.parametrize(
    ("added", "removed"),
    [
        ([visit(1, 0)], []),
        ([visit(2, 0), visit(2, 1)], []),
        ([visit(1, 1), visit(1, 0)], []),
        ([], [visit(2, 0)]),
        ([], [visit(1, 1)]),
        ([], [visit(1, 0), visit(1, 0)]),
    ],
)
def test_bookings_are_there_once_and_removed_from_where_they_are(added: Any, removed: Any) -> None:
    index = made().with_bookings([visit(1, 0)])
    with pytest.raises(InvalidValueError, match=r"a booking (is|stands)"):
        index.with_bookings(added, removed=removed)
    with pytest.raises(InvalidValueError):
        index.with_bookings([1])  # type: ignore[list-item]  # what is tested


def test_rows_are_replaced_whole() -> None:
    index = made().with_bookings([visit(1, 0), visit(2, 1)])
    table = BookingTable.of([visit(3, 0, NINE + HOUR), visit(4, 1)], known=ALWAYS)
    assert index.with_row(0, table).count().tolist() == [2, 3]
    assert index.with_rows([0, 1], NOTHING).count().tolist() == [5, 3]
    blind = NOTHING.with_feed(0, IntervalSet.of(), known=IntervalSet.of(Interval(NINE, NINE + HOUR)))
    assert index.with_row(0, blind).count().tolist() == [1, 3]
    assert index.with_row(0, blind).with_row(0, table).count().tolist() == [2, 3]
    assert [str(c.kind) for c in index.with_row(0, blind).check(0, NINE + HOUR)] == ["unknown"]


@pytest.mark.parametrize(
    ("resource", "busy", "name"),
    [
        (9, NOTHING, "resources"),
        (-1, NOTHING, "resources"),
        (0, None, "busy"),
        (0, BookingTable.empty(known=Interval(NOW, NINE)), "busy"),
    ],
)
def test_rows_are_replaced_by_tables_of_the_same_knowledge(resource: int, busy: Any, name: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        made().with_row(resource, busy)
    assert caught.value.name == name


# --- what it refuses --------------------------------------------------------------------------------------------------


def test_one_set_of_rules_with_its_grid() -> None:
    with pytest.raises(InvalidValueError, match="rules is of type SlotRules"):
        made(rules=[RULES])
    with pytest.raises(InvalidValueError, match="an index needs its grid") as caught:
        made(waive=[Waiver.GRID])
    assert caught.value.waive is Waiver.GRID


def test_cells_are_bounded() -> None:
    with pytest.raises(LimitExceededError) as caught:
        made(limit=9)
    assert (caught.value.bound, caught.value.limit, caught.value.got) == ("limit", 9, 10)
    fine = attrs.evolve(RULES, step=timedelta(microseconds=1))
    with pytest.raises(LimitExceededError, match="at most 50,000,000 candidate starts") as caught:
        made(rules=fine, limit=10**12)
    assert (caught.value.bound, caught.value.limit) == ("candidates", 50_000_000)


def test_the_question_of_a_search_is_that_of_an_index() -> None:
    """Several zones, and hours that are waived."""
    far = Calendar(Schedule("Asia/Kathmandu", WeeklyHours({"monday": ["09:10-12:00"]})))
    asked: dict[str, Any] = {"busy": NOTHING, "rules": RULES, "within": WEEK, "now": NOW, "waive": ["hours"]}
    index = SlotIndex.of([MORNING, far], **asked)
    assert index.find().starts.tolist() == find_slots([MORNING, far], **asked).starts.tolist()


@pytest.mark.parametrize("rules", [RULES, SlotRules(CalendarDays(1), step=HOUR)])
@pytest.mark.parametrize("chosen", [[1], [0, 2], [1, 2]])
def test_rows_of_several_zones_change_alone_and_together(rules: SlotRules, chosen: list[int]) -> None:
    """Days, and the length of a stay, are those of each row's own zone, however many rows are compiled again."""
    always = WeeklyHours(dict.fromkeys(["saturday", "sunday", "monday"], ("00:00-24:00",)))
    zones = ("Asia/Kathmandu", "Europe/Berlin", "America/New_York")
    rows = [Calendar(Schedule(zone, always)) for zone in zones]
    changes = datetime(2026, 10, 24, 20, tzinfo=UTC)  # Berlin's clocks go back in the night
    visits = [visit(10 * row + n, row, changes + n * 7 * HOUR) for row in chosen for n in range(3)]
    asked: dict[str, Any] = {
        "rules": rules,
        "policy": BookingPolicy(caps=Cap(1, per="day")),
        "within": LocalDays(date(2026, 10, 24), date(2026, 10, 25)),
        "now": datetime(2026, 10, 23, tzinfo=UTC),
    }
    index = SlotIndex.of(rows, busy=NOTHING, **asked).with_bookings(visits)
    plain = find_slots(rows, busy=BookingTable.of(visits, known=ALWAYS), **asked)
    assert index.find().starts.tolist() == plain.starts.tolist()
    assert index.find().ends.tolist() == plain.ends.tolist()
