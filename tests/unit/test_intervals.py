from __future__ import annotations

import copy
import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import attrs
import numpy as np
import pytest

from petpro_core.errors import InvalidIntervalError, InvalidValueError, NaiveDatetimeError, OutOfRangeError
from petpro_core.intervals import ALWAYS, NEVER, Interval, IntervalBatch, IntervalSet, duration_us, from_us, to_us

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE = 60_000_000
HOUR = 60 * MINUTE


def at(hour: int, minute: int = 0, second: int = 0, us: int = 0, *, day: int = 8) -> datetime:
    return datetime(2026, 3, day, hour, minute, second, us, tzinfo=UTC)


class TestMoments:
    def test_microseconds_are_exact_over_all_years(self) -> None:
        for us in (ALWAYS.start_us, -1, 0, 1, 2**53 + 1, ALWAYS.end_us):
            assert to_us(from_us(us)) == us

    def test_any_zone_is_read_and_utc_comes_out(self) -> None:
        tokyo = datetime(1970, 1, 1, 9, tzinfo=timezone(timedelta(hours=9)))
        assert to_us(tokyo) == 0
        assert from_us(0).tzinfo is UTC

    def test_fold_tells_repeated_times_apart(self) -> None:
        first = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo("America/New_York"))
        assert to_us(first.replace(fold=1)) - to_us(first) == HOUR

    def test_naive_datetimes_are_refused(self) -> None:
        naive = datetime(2026, 3, 8, 9)  # noqa: DTZ001 - that is the case
        with pytest.raises(NaiveDatetimeError) as caught:
            to_us(naive)
        assert caught.value.moment == naive

    @pytest.mark.parametrize("wrong", ["2026-03-08T09:00Z", None, 0, date(2026, 3, 8)])
    def test_other_kinds_are_refused(self, wrong: Any) -> None:
        with pytest.raises(InvalidValueError, match="an instant is of type datetime"):
            to_us(wrong)

    @pytest.mark.parametrize("us", [ALWAYS.start_us - 1, ALWAYS.end_us + 1, NEVER, -NEVER])
    def test_instants_outside_the_years_1_to_9999_are_refused(self, us: int) -> None:
        with pytest.raises(OutOfRangeError) as caught:
            from_us(us)
        assert caught.value.us == us

    def test_a_local_time_of_year_1_that_is_year_0_in_utc_is_refused(self) -> None:
        with pytest.raises(OutOfRangeError):
            to_us(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))))

    def test_durations_are_exact(self) -> None:
        assert duration_us(timedelta(days=999_999_999, microseconds=1)) == 86_399_999_913_600_000_001
        assert duration_us(timedelta(microseconds=-1)) == -1


class TestInterval:
    def test_is_kept_in_utc(self) -> None:
        interval = Interval(
            datetime(2026, 3, 8, 4, tzinfo=timezone(timedelta(hours=-5))), datetime(2026, 3, 8, 10, tzinfo=UTC)
        )
        assert (interval.start, interval.start.tzinfo) == (at(9), UTC)
        assert interval.duration == timedelta(hours=1)
        assert interval == Interval.from_us(to_us(at(9)), to_us(at(10)))
        assert hash(interval) == hash(Interval(at(9), at(10)))

    @pytest.mark.parametrize("end", [at(9), at(8)])
    def test_ends_after_it_starts(self, end: datetime) -> None:
        with pytest.raises(InvalidIntervalError) as caught:
            Interval(at(9), end)
        assert (caught.value.start, caught.value.end) == (at(9), end)

    def test_refuses_naive_datetimes(self) -> None:
        with pytest.raises(NaiveDatetimeError):
            Interval(at(9), datetime(2026, 3, 8, 10))  # noqa: DTZ001 - that is the case

    def test_cannot_be_changed(self) -> None:
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            Interval(at(9), at(10)).start = at(8)  # type: ignore[misc]

    def test_sorts_by_start_then_end(self) -> None:
        early, long, late = Interval(at(9), at(10)), Interval(at(9), at(11)), Interval(at(10), at(11))
        assert sorted([late, long, early]) == [early, long, late]

    def test_touching_is_not_overlapping(self) -> None:
        morning, noon = Interval(at(9), at(12)), Interval(at(12), at(13))
        assert not morning.overlaps(noon)
        assert morning.intersection(noon) is None
        assert morning.intersection(Interval(at(11), at(14))) == Interval(at(11), at(12))

    def test_contains_its_start_and_not_its_end(self) -> None:
        interval = Interval(at(9), at(10))
        assert [interval.contains(moment) for moment in (at(8, 59, 59), at(9), at(9, 59, 59, 999_999), at(10))] == [
            False,
            True,
            True,
            False,
        ]

    @pytest.mark.parametrize(
        ("end", "text"),
        [
            (at(10), "2026-03-08 09:00 to 10:00"),
            (at(10, 0, 5), "2026-03-08 09:00 to 10:00:05"),
            (at(10, 0, 0, 5), "2026-03-08 09:00 to 10:00:00.000005"),
            (at(0, day=9), "2026-03-08 09:00 to 2026-03-09 00:00"),
        ],
    )
    def test_repr(self, end: datetime, text: str) -> None:
        assert repr(Interval(at(9), end)) == f"Interval({text} UTC)"

    def test_always(self) -> None:
        assert repr(ALWAYS) == "Interval(0001-01-01 00:00 to 9999-12-31 23:59:59.999999 UTC)"

    def test_pickles(self) -> None:
        assert pickle.loads(pickle.dumps(ALWAYS)) == ALWAYS  # noqa: S301 - our own bytes


class TestIntervalSet:
    hours = IntervalSet.of(Interval(at(9), at(12)), Interval(at(13), at(17)))

    def test_columns_of_any_form_of_instants(self) -> None:
        naive = [moment.replace(tzinfo=None) for moment in (at(9), at(13))]
        starts = np.array(naive, dtype="datetime64[us]")
        assert IntervalSet.from_us(starts, [at(12), at(17)]) == self.hours
        unsigned: Any = self.hours.starts.astype(np.uint64)
        assert IntervalSet.from_us(unsigned, self.hours.ends.tolist()) == self.hours
        assert IntervalSet.from_us([], []) == IntervalSet.empty()

    def test_the_callers_columns_are_copied(self) -> None:
        starts, ends = np.array([0, 20]), np.array([10, 30])
        made = IntervalSet.from_us(starts, ends)
        starts[0] = 5
        assert made == IntervalSet.from_us([0, 20], [10, 30])

    def test_cannot_be_changed(self) -> None:
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            self.hours.starts = self.hours.ends  # type: ignore[misc]
        with pytest.raises(ValueError, match="read-only"):
            self.hours.starts[0] = 0

    @pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))])  # noqa: S301
    def test_copies_are_equal_and_cannot_be_changed(self, copied: Callable[[Any], Any]) -> None:
        for made in (self.hours, IntervalBatch([self.hours, IntervalSet.empty()])):
            other = copied(made)
            assert other == made
            assert hash(other) == hash(made)
            assert not other.starts.flags.writeable

    @pytest.mark.parametrize(
        ("starts", "ends", "error"),
        [
            ([5], [5], InvalidIntervalError),
            ([0, 5], [1, 4], InvalidIntervalError),
            ([0, 5], [1], InvalidValueError),
            ([0.5], [1.5], InvalidValueError),
            ([[0]], [[1]], InvalidValueError),
            (["0"], ["1"], InvalidValueError),
            ([None], [1], InvalidValueError),
            ([True], [2], InvalidValueError),
            (np.array(["2026-03-08T09"], dtype="datetime64[s]"), [NEVER], InvalidValueError),
            (np.array(["NaT"], dtype="datetime64[us]"), [1], OutOfRangeError),
            ([0], [NEVER], OutOfRangeError),
            (np.array([2**64 - 1], dtype=np.uint64), [1], OutOfRangeError),
            ([datetime(2026, 3, 8, 9)], [at(10)], NaiveDatetimeError),  # noqa: DTZ001 - that is the case
        ],
    )
    def test_refuses(self, starts: Any, ends: Any, error: type[Exception]) -> None:
        with pytest.raises(error) as caught:
            IntervalSet.from_us(starts, ends)
        assert type(caught.value) is error

    def test_the_error_says_which_interval(self) -> None:
        with pytest.raises(InvalidIntervalError) as caught:
            IntervalSet.from_us([0, 7, 8], [1, 6, 5])
        assert (caught.value.index, caught.value.start, caught.value.end) == (1, 7, 6)

    def test_container(self) -> None:
        assert len(self.hours) == 2
        assert list(self.hours) == [self.hours[0], self.hours[-1]]
        assert at(9) in self.hours
        assert at(12) not in self.hours
        assert self.hours.contains([at(13), at(17)]).tolist() == [True, False]
        assert self.hours.span == Interval(at(9), at(17))
        assert IntervalSet.empty().span is None
        assert self.hours.duration == timedelta(hours=7)
        with pytest.raises(IndexError):
            self.hours[2]

    def test_is_equal_only_to_sets(self) -> None:
        assert self.hours != list(self.hours)
        assert self.hours != self.hours.shift(timedelta(microseconds=1))
        assert len({self.hours, IntervalSet(self.hours), IntervalSet.empty()}) == 2

    def test_operators_refuse_other_things(self) -> None:
        for made in (self.hours, IntervalBatch([self.hours])):
            with pytest.raises(TypeError):
                made | 1
            with pytest.raises(TypeError):
                made & 1
            with pytest.raises(TypeError):
                made - 1

    def test_repr_is_for_people(self) -> None:
        assert repr(self.hours) == "IntervalSet(2026-03-08 09:00 to 12:00, 13:00 to 17:00 UTC)"
        assert repr(IntervalSet.empty()) == "IntervalSet(empty)"
        days = IntervalSet(Interval(at(9, day=day), at(17, day=day)) for day in range(8, 13))
        assert repr(days) == (
            "IntervalSet(2026-03-08 09:00 to 17:00, 2026-03-09 09:00 to 17:00, 2026-03-10 09:00 to 17:00 UTC "
            "and 2 more)"
        )

    def test_negative_growth_and_empty_footprints_are_refused(self) -> None:
        for made in (self.hours, IntervalBatch([self.hours])):
            with pytest.raises(InvalidValueError, match="not negative"):
                made.pad(before=timedelta(minutes=-1))
            with pytest.raises(InvalidValueError, match="not negative"):
                made.erode(after=timedelta(minutes=-1))
            with pytest.raises(InvalidValueError, match="longer than zero"):
                made.dilate()

    def test_leaving_the_years_is_refused_and_never_clipped(self) -> None:
        everything = IntervalSet.of(ALWAYS)
        with pytest.raises(OutOfRangeError):
            everything.pad(after=timedelta(microseconds=1))
        with pytest.raises(OutOfRangeError):
            everything.shift(timedelta.min)
        with pytest.raises(OutOfRangeError):
            everything.dilate(before=timedelta.max)
        with pytest.raises(OutOfRangeError):
            # A footprint that ends at t may end with the set, so t would be the instant after the last one.
            everything.erode(before=timedelta(microseconds=1))

    def test_nothing_is_longer_than_all_of_time(self) -> None:
        assert IntervalSet.of(ALWAYS).erode(before=timedelta.max, after=timedelta.max) == IntervalSet.empty()
        assert self.hours.erode(before=timedelta.max) == IntervalSet.empty()
        assert list(IntervalSet.of(ALWAYS).erode(after=ALWAYS.duration)) == [
            Interval.from_us(ALWAYS.start_us, ALWAYS.start_us + 1)
        ]

    def test_starts_that_a_visit_can_take(self) -> None:
        visit = {"before": timedelta(minutes=10), "after": timedelta(minutes=40)}
        assert self.hours.erode(**visit)[0] == Interval(at(9, 10), at(11, 20, 0, 1))
        assert IntervalSet.of(Interval(at(9), at(9, 49))).erode(**visit) == IntervalSet.empty()


class TestIntervalBatch:
    batch = IntervalBatch.from_us([0, 2, 2, 3], [0, 20, 5], [10, 30, 25])

    def test_rows_are_views(self) -> None:
        assert self.batch[0] == IntervalSet.from_us([0, 20], [10, 30])
        assert self.batch[-1] == IntervalSet.from_us([5], [25])
        assert np.shares_memory(self.batch[0].starts, self.batch.starts)
        assert not self.batch[0].starts.flags.writeable
        assert [len(row) for row in self.batch] == [2, 0, 1]
        with pytest.raises(IndexError):
            self.batch[3]

    def test_is_equal_only_to_batches_of_the_same_rows(self) -> None:
        assert self.batch == IntervalBatch.from_sets(self.batch)
        assert self.batch != list(self.batch)
        assert self.batch != IntervalBatch(self.batch[row] for row in (0, 2, 1))
        assert self.batch != self.batch.shift(timedelta(microseconds=1))
        assert len({self.batch, IntervalBatch(self.batch)}) == 1

    def test_cannot_be_changed(self) -> None:
        for column in (self.batch.offsets, self.batch.starts, self.batch.ends, (self.batch & self.batch).offsets):
            with pytest.raises(ValueError, match="read-only"):
                column[0] = 1

    def test_repr_is_for_people(self) -> None:
        minute = IntervalBatch([IntervalSet.from_us([0], [MINUTE])])
        assert repr(minute) == "IntervalBatch(1 row, 1 interval, 1970-01-01 00:00 to 00:01 UTC)"
        two = IntervalBatch([*minute, *minute.shift(timedelta(minutes=5))])
        assert repr(two) == "IntervalBatch(2 rows, 2 intervals, 1970-01-01 00:00 to 00:06 UTC)"
        assert repr(IntervalBatch()) == "IntervalBatch(0 rows, empty)"

    @pytest.mark.parametrize("offsets", [[], [0], [1, 3], [0, 2], [0, 2, 1, 3], [0, 4], [0.0, 3.0], [[0, 3]]])
    def test_offsets_rise_from_zero_to_the_number_of_intervals(self, offsets: Any) -> None:
        with pytest.raises(InvalidValueError, match="offsets"):
            IntervalBatch.from_us(offsets, [0, 20, 5], [10, 30, 25])

    def test_numbers_beyond_int64_are_refused(self) -> None:
        with pytest.raises(OutOfRangeError, match="int64"):
            IntervalBatch.from_us(np.array([0, 2**63], dtype=np.uint64), [], [])

    def test_batches_of_other_lengths_do_not_match(self) -> None:
        with pytest.raises(InvalidValueError) as caught:
            self.batch.union(IntervalBatch())
        assert (caught.value.rows, caught.value.other_rows) == (3, 0)

    def test_rows_next_to_each_other_never_touch(self) -> None:
        # The first row ends where its stretch of the line does, the next starts where its own does.
        full = IntervalBatch([IntervalSet.from_us([0], [100])] * 3)
        assert (full | full) == full
        assert full.pad(before=timedelta(microseconds=1)) == IntervalBatch([IntervalSet.from_us([-1], [100])] * 3)
        assert full.at_least(3) == full[0]

    def test_one_row_or_one_for_each_moment(self) -> None:
        assert self.batch.contains(0, [0, 10, 29]).tolist() == [True, False, True]
        assert self.batch.contains([2, 1], [5, 5]).tolist() == [True, False]
        assert self.batch.contains([], []).tolist() == []
        # Beyond all times of the batch: at the edge of the row, and not in the next.
        assert self.batch.contains([0, 2], [ALWAYS.end_us, ALWAYS.start_us]).tolist() == [False, False]

    @pytest.mark.parametrize("rows", [3, -1, [0], [0, 1, 2]])
    def test_rows_that_do_not_exist_are_refused(self, rows: Any) -> None:
        with pytest.raises(InvalidValueError, match="every moment has a row"):
            self.batch.contains(rows, [0, 0])

    def test_groups_without_rows_are_empty(self) -> None:
        found = self.batch.at_least(1, groups=[0, 0, 0], group_count=2)
        assert [len(row) for row in found] == [1, 0]
        assert found[0] == IntervalSet.from_us([0], [30])
        assert list(self.batch.at_least(2, groups=[1, 0, 1])) == [
            IntervalSet.empty(),
            IntervalSet.from_us([5, 20], [10, 25]),
        ]

    @pytest.mark.parametrize(
        ("need", "options"),
        [
            (0, {}),
            (-1, {"groups": [0, 0, 0]}),
            ([1, 0], {"groups": [0, 1, 1]}),
            ([1, 1], {}),
            (1.5, {}),
            (1, {"groups": [0, 0]}),
            (1, {"groups": [0, -1, 0]}),
            (1, {"groups": [0, 2, 0], "group_count": 2}),
            ([1, 1], {"groups": [0, 1, 1], "group_count": 3}),
        ],
    )
    def test_needs_and_groups_that_make_no_sense_are_refused(self, need: Any, options: dict[str, Any]) -> None:
        with pytest.raises(InvalidValueError):
            self.batch.at_least(need, **options)

    def test_durations_of_rows_that_add_up_to_more_than_int64(self) -> None:
        long = IntervalBatch([IntervalSet.of(ALWAYS)] * 40)
        assert long.duration_us.tolist() == [ALWAYS.end_us - ALWAYS.start_us] * 40
