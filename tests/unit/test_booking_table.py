"""Many bookings as columns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from petpro_core.bookings import Allocation, Booking, BookingStatus, BookingTable, Scope
from petpro_core.bookings.table import FEED, NOBODY
from petpro_core.errors import InvalidIntervalError, InvalidValueError
from petpro_core.intervals import ALWAYS, NEVER, Interval, IntervalSet, to_us

HELD = BookingStatus.HELD.number
EVERYTHING = IntervalSet.of(ALWAYS)


def at(hour: int) -> datetime:
    return datetime(2026, 11, 23, hour, tzinfo=UTC)


def table(**columns: Any) -> BookingTable:
    plain: dict[str, Any] = {"resource": [0, 0], "start": [10, 30], "end": [20, 40], "known": ALWAYS}
    return BookingTable.from_columns(**{**plain, **columns})


class TestColumns:
    def test_rows_are_sorted_by_resource_and_occupied_start(self) -> None:
        found = table(
            resource=[1, 0, 1], start=[50, 40, 30], end=[60, 70, 60], occupied_start=[10, 40, 20], booking=[7, 8, 9]
        )
        assert found.booking.tolist() == [8, 7, 9]
        assert (found.resource.tolist(), found.occupied_start.tolist()) == ([0, 1, 1], [40, 10, 20])
        assert (found.start.tolist(), found.occupied_end.tolist()) == ([40, 50, 30], [70, 60, 60])

    def test_what_is_left_out_has_its_default(self) -> None:
        found = table()
        assert (found.occupied_start.tolist(), found.occupied_end.tolist()) == ([10, 30], [20, 40])
        assert found.booking.tolist() == [0, 1]
        columns = {name: column.tolist() for name, column in found.as_columns().items()}
        assert (columns["units"], columns["seats"], columns["held_until"]) == ([1, 1], [0, 0], [NEVER, NEVER])
        assert columns["status"] == [BookingStatus.CONFIRMED.number] * 2
        assert (columns["client"], columns["service"]) == ([NOBODY] * 2, [NOBODY] * 2)

    def test_a_column_of_defaults_is_not_kept(self) -> None:
        found = table(units=[1, 1], client=[NOBODY, 3], seats=[0, 0], status=[2, 2], service=None)
        assert (found.units, found.seats, found.status, found.service) == (None,) * 4
        assert found.column("client").tolist() == found.subject(Scope.CLIENT).tolist() == [NOBODY, 3]
        assert found.subject(Scope.PET).tolist() == [NOBODY, NOBODY]

    def test_columns_are_copied_and_frozen(self) -> None:
        starts = np.array([10, 30])
        found = table(start=starts)
        starts[0] = 15
        assert found.start.tolist() == [10, 30]
        with pytest.raises(ValueError, match="read-only"):
            found.start[0] = 5

    @pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.uint32, np.int64])
    def test_any_whole_numbers_are_taken(self, dtype: type[np.integer[Any]]) -> None:
        assert table(end=np.array([20, 40], dtype)).end.tolist() == [20, 40]

    def test_no_rows_are_a_table(self) -> None:
        for nothing in (table(resource=[], start=[], end=[]), BookingTable.empty(known=ALWAYS)):
            assert (len(nothing), nothing.complete, nothing.fed) == (0, True, False)

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("start", [10.0, 30.0]),
            ("start", [float("nan"), 30]),
            ("end", [20, None]),
            ("end", ["20", "40"]),
            ("units", [True, False]),
            ("booking", [2**70, 1]),
            ("resource", [0.0, 1.0]),
            ("start", [datetime(2026, 1, 1, tzinfo=UTC)] * 2),
            ("client", [1, 2, 3]),
            ("client", [[1, 2]]),
            ("client", []),
            ("end", 20),
        ],
    )
    def test_other_columns_are_refused(self, name: str, values: Any) -> None:
        with pytest.raises(InvalidValueError) as caught:
            table(**{name: values})
        assert (caught.value.name, caught.value.code) == (name, "invalid_value")

    def test_a_resource_that_is_no_column_is_refused(self) -> None:
        with pytest.raises(InvalidValueError) as caught:
            table(resource=0)
        assert caught.value.name == "resource"

    def test_unknown_columns_are_refused(self) -> None:
        with pytest.raises(InvalidValueError) as caught:
            table(species=[1, 2], colour=[1, 2])
        assert caught.value.got == ["colour", "species"]


class TestRows:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"end": [20, 30]},
            {"end": [20, 29]},
            {"occupied_start": [10, 31]},
            {"occupied_end": [20, 39]},
            {"start": [10, 30], "end": [20, ALWAYS.end_us + 1]},
            {"occupied_start": [10, ALWAYS.start_us - 1]},
        ],
    )
    def test_a_row_is_a_visit_inside_its_occupied_time(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(InvalidIntervalError) as caught:
            table(**wrong)
        assert (caught.value.row, caught.value.code) == (1, "invalid_interval")

    @pytest.mark.parametrize(
        "wrong",
        [
            {"status": [2, HELD]},
            {"held_until": [NEVER, 5]},
            {"status": [HELD, 2], "held_until": [5, 5]},
            {"status": [HELD, HELD], "held_until": [5, NEVER]},
        ],
    )
    def test_a_hold_has_an_end_and_nothing_else_has(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(InvalidValueError) as caught:
            table(**wrong)
        assert caught.value.row == 1

    @pytest.mark.parametrize(
        ("name", "values"), [("units", [1, 0]), ("status", [0, 8]), ("status", [-1, 2]), ("seats", [3, -1])]
    )
    def test_numbers_have_bounds(self, name: str, values: list[int]) -> None:
        with pytest.raises(InvalidValueError) as caught:
            table(**{name: values})
        assert caught.value.name == name


class TestBookings:
    def test_objects_become_rows(self) -> None:
        visit = Interval(at(9), at(10))
        found = BookingTable.of(
            [
                Booking(5, [Allocation(2, visit, units=3), Allocation.of(1, visit, buffer_after=timedelta(hours=1))]),
                Booking(6, Allocation(1, visit), status=BookingStatus.HELD, held_until=at(8), client=4, seats=2),
            ],
            known=ALWAYS,
        )
        assert (found.resource.tolist(), found.booking.tolist()) == ([1, 1, 2], [5, 6, 5])
        assert found.occupied_end.tolist() == [to_us(at(11)), to_us(at(10)), to_us(at(10))]
        assert (found.column("units").tolist(), found.column("seats").tolist()) == ([1, 1, 3], [0, 2, 0])
        assert found.column("held_until").tolist() == [NEVER, to_us(at(8)), NEVER]
        assert found.column("client").tolist() == [NOBODY, 4, NOBODY]

    def test_bookings_come_and_go(self) -> None:
        before = table(client=[1, 2]).with_feed(3, IntervalSet.from_us([1], [2]), known=EVERYTHING)
        after = before.with_bookings([Booking(9, Allocation(0, Interval.from_us(15, 25)), client=8)])
        assert (len(before), after.booking.tolist()) == (3, [0, 9, 1, FEED])
        assert after.column("client").tolist() == [1, 8, 2, NOBODY]
        assert after.without([9]).as_columns()["booking"].tolist() == before.booking.tolist()
        assert after.without([]).booking.tolist() == after.booking.tolist()
        assert after.without([0, 1, 9, FEED]).booking.tolist() == [FEED]


class TestFeeds:
    def test_feeds_take_all_of_a_resource(self) -> None:
        found = table().with_feeds([(7, IntervalSet.from_us([5, 50], [6, 60]), EVERYTHING)])
        assert (found.fed, found.complete, len(found)) == (True, True, 4)
        assert found.booking.tolist() == [0, 1, FEED, FEED]
        assert found.column("units").tolist() == [1, 1, NEVER, NEVER]

    def test_outside_a_feed_a_resource_is_unknown(self) -> None:
        known = IntervalSet.from_us([0], [100])
        found = table().with_feed(7, IntervalSet.from_us([5], [6]), known=known)
        found = found.with_feed(3, IntervalSet.from_us([], []), known=EVERYTHING.difference(known))
        assert found.unknown_resource.tolist() == [3, 7, 7]
        assert found.unknown_start.tolist() == [0, ALWAYS.start_us, 100]
        assert found.unknown_end.tolist() == [100, 0, ALWAYS.end_us]
        assert not found.complete
        assert found.with_bookings([]).unknown_resource.tolist() == [3, 7, 7]
        assert found.without([0]).unknown_resource.tolist() == [3, 7, 7]

    def test_no_feeds_change_nothing(self) -> None:
        assert table().with_feeds([]).booking.tolist() == [0, 1]

    def test_a_table_of_part_of_the_time_is_not_complete(self) -> None:
        assert not BookingTable.empty(known=Interval.from_us(0, 10)).complete
