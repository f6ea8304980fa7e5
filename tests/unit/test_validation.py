"""What constructors refuse: numbers, lengths, words, objects and columns that cannot be meant; read-only answers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from petpro_core import _checks
from petpro_core.availability import Calendar, CalendarBatch, LocalDays, free_time, open_hours
from petpro_core.bookings import (
    Allocation,
    Booking,
    BookingPolicy,
    BookingStatus,
    BookingTable,
    Cap,
    Days,
    MinimumGap,
    Request,
    WorkingDays,
    WorkingTime,
)
from petpro_core.decisions import find_slots
from petpro_core.errors import InvalidIntervalError, InvalidValueError, OutOfRangeError
from petpro_core.intervals import ALWAYS, Interval, IntervalSet
from petpro_core.reasons import Waiver
from petpro_core.schedules import (
    ClockRange,
    Closure,
    DateOverride,
    ExtraHours,
    Holiday,
    Schedule,
    Season,
    TemporaryZone,
    TimeOff,
    WeeklyHours,
)
from petpro_core.schedules.weekly import as_ranges, day_number
from petpro_core.slots import CalendarDays, SlotRules, SlotTable

if TYPE_CHECKING:
    from collections.abc import Callable

NAN = float("nan")
LARGEST = 2**63 - 1
DAY = date(2026, 11, 23)
HOUR = timedelta(hours=1)
VISIT = Interval.from_us(0, 3_600_000_000)
WEEK = WeeklyHours({"monday": ["09:00-10:00"]})
UTC_WEEK = Schedule("UTC", WEEK)
EVERYTHING = IntervalSet.of(ALWAYS)
HELD = BookingStatus.HELD.number


def refused(make: Callable[[], object]) -> InvalidValueError:
    with pytest.raises(InvalidValueError) as caught:
        make()
    assert caught.value.code == "invalid_value"
    return caught.value


def booking(**more: Any) -> Booking:
    return Booking(**{"id": 1, "allocations": Allocation(0, VISIT), **more})


def hours(**more: Any) -> WeeklyHours:
    return WeeklyHours({}, **{"week_of": DAY, **more})


def table(**columns: Any) -> BookingTable:
    plain: dict[str, Any] = {"resource": [0, 0], "start": [10, 30], "end": [20, 40], "known": ALWAYS}
    return BookingTable.from_columns(**{**plain, **columns})


WHOLE: list[tuple[str, Any, int, int]] = [
    ("limit", lambda value: Cap(value, per="day"), 0, 10_000_000),
    ("service", lambda value: Cap(1, per="day", service=value), 0, LARGEST),
    ("days", Days, 0, 3660),
    ("days", WorkingDays, 0, 3660),
    ("days", CalendarDays, 1, 3660),
    ("seats", lambda value: SlotRules(HOUR, seats=value), 1, 100_000),
    ("capacity", lambda value: Calendar(UTC_WEEK, capacity=value), 1, 10_000),
    ("location", lambda value: Schedule("UTC", location=value), 0, LARGEST),
    ("every", lambda value: hours(every=value), 1, 1000),
    ("resource", lambda value: Allocation(value, VISIT), 0, LARGEST),
    ("resource", lambda value: Allocation.of(value, VISIT), 0, LARGEST),
    ("units", lambda value: Allocation(0, VISIT, units=value), 1, 1_000_000),
    ("units", lambda value: Request(units=value), 1, 1_000_000),
    *[
        (name, lambda value, name=name: Request(**{name: value}), 0, LARGEST)
        for name in ("service", "client", "household", "pet", "group", "location")
    ],
    ("id", lambda value: booking(id=value), 0, LARGEST),
    ("seats", lambda value: booking(seats=value), 1, 100_000),
    *[
        (name, lambda value, name=name: booking(**{name: value}), 0, LARGEST)
        for name in ("service", "client", "household", "pet", "group")
    ],
    (
        "resource",
        lambda value: BookingTable.empty(known=ALWAYS).with_feed(value, EVERYTHING, known=EVERYTHING),
        0,
        LARGEST,
    ),
    ("numbers", lambda value: table().without([value]), -1, LARGEST),
]


@pytest.mark.parametrize(("name", "make", "least", "most"), WHOLE)
class TestWholeNumbers:
    def test_bounds_are_inclusive(self, name: str, make: Any, least: int, most: int) -> None:
        for fine in (least, most, np.int64(least), np.uint64(max(least, 0)), np.array(least)):
            made = make(fine)
            kept = getattr(made, name, None)
            # A table's own attributes are columns; of the others NumPy's numbers come out as plain ones.
            assert isinstance(made, BookingTable) or (type(kept) is int and kept == fine)
        for wrong in (least - 1, most + 1):
            error = refused(lambda wrong=wrong: make(wrong))  # type: ignore[misc]  # a default binds the value
            assert (error.name, error.got) == (name, wrong)
            assert error.allowed.startswith(f"a whole number from {least} to {most}")
            assert str(error).startswith(f"{name} is a whole number from {least} to {most}")

    @pytest.mark.parametrize(
        "wrong", [1.0, 1.5, NAN, float("inf"), "3", True, np.True_, np.float64(1), [1], b"1", 1 + 0j, HOUR]
    )
    def test_other_kinds_are_refused(self, name: str, make: Any, least: int, most: int, wrong: Any) -> None:
        error = refused(lambda: make(wrong))
        assert (error.name, error.got is wrong) == (name, True)
        assert f"from {least} to {most}" in str(error)


LENGTHS: list[tuple[str, Any, timedelta, timedelta]] = [
    ("duration", SlotRules, _checks.TICK, timedelta(days=3660)),
    ("step", lambda value: SlotRules(HOUR, step=value), _checks.TICK, timedelta(days=3660)),
    ("offset", lambda value: SlotRules(HOUR, offset=value), timedelta(days=-3660), timedelta(days=3660)),
    ("buffer_before", lambda value: SlotRules(HOUR, buffer_before=value), timedelta(0), timedelta(days=366)),
    ("buffer_after", lambda value: SlotRules(HOUR, buffer_after=value), timedelta(0), timedelta(days=366)),
    ("buffer_before", lambda value: Allocation.of(0, VISIT, buffer_before=value), timedelta(0), timedelta(days=366)),
    ("buffer_after", lambda value: Allocation.of(0, VISIT, buffer_after=value), timedelta(0), timedelta(days=366)),
    ("time", WorkingTime, timedelta(0), timedelta(days=3660)),
    ("time", MinimumGap, timedelta(0), timedelta(days=3660)),
    *[
        (name, lambda value, name=name: BookingPolicy(**{name: value}), timedelta(0), timedelta(days=3660))
        for name in ("min_notice", "horizon", "min_duration", "max_duration", "cancel_deadline", "move_deadline")
    ],
]


@pytest.mark.parametrize(("name", "make", "least", "most"), LENGTHS)
class TestLengths:
    def test_bounds_are_inclusive(self, name: str, make: Any, least: timedelta, most: timedelta) -> None:
        for fine in (least, most):
            assert getattr(make(fine), name, fine) == fine
        for wrong in (least - _checks.TICK, most + _checks.TICK, timedelta.max, timedelta.min):
            error = refused(lambda wrong=wrong: make(wrong))  # type: ignore[misc]  # a default binds the value
            assert (error.name, error.got) == (name, wrong)

    @pytest.mark.parametrize("wrong", [5, 1.5, NAN, "30m", True, np.timedelta64(1, "h"), b"", [HOUR]])
    def test_other_kinds_are_refused(self, name: str, make: Any, least: timedelta, most: timedelta, wrong: Any) -> None:
        error = refused(lambda: make(wrong))
        assert (error.name, error.got is wrong) == (name, True)
        assert f"{most.days} days" in error.allowed
        assert ("more than zero" in error.allowed) == (least == _checks.TICK)


def test_what_may_stand_beside_is_told() -> None:
    assert refused(lambda: BookingPolicy(horizon="60d")).allowed == (  # type: ignore[arg-type]
        "a timedelta from 0 days to 3660 days or Days or WorkingDays or None"
    )
    assert refused(lambda: Request(pet="Rex")).allowed.endswith(" or None")  # type: ignore[arg-type]
    assert refused(lambda: _checks.as_length("wait", HOUR, 2 * HOUR)).allowed.startswith("a timedelta from 2:00:00 to")
    kept = BookingPolicy(min_notice=WorkingTime(HOUR), horizon=WorkingDays(3))
    assert (kept.min_notice, kept.horizon) == (WorkingTime(HOUR), WorkingDays(3))
    assert SlotRules(CalendarDays(2)).duration == CalendarDays(2)


@pytest.mark.parametrize(
    ("name", "words", "make"),
    [
        ("alignment", "opening, clock", lambda word: SlotRules(HOUR, alignment=word)),
        ("per", "day, week, month", lambda word: Cap(1, per=word)),
        ("by", "resource, client, household, pet, group", lambda word: Cap(1, per="day", by=word)),
        ("by", "resource, client", lambda word: MinimumGap(HOUR, by=word)),
        ("one_at_a_time", "resource, client", lambda word: BookingPolicy(one_at_a_time=[word])),
        ("one_at_a_time", "resource, client", lambda word: BookingPolicy(one_at_a_time=word)),
        ("status", "pending, held, confirmed", lambda word: booking(status=word)),
        ("status", "pending, held, confirmed", lambda word: booking().become(word)),
        ("waived", "grid, notice, horizon", lambda word: booking(waived=[word])),
        ("waived", "grid, notice, horizon", lambda word: booking(waived=word)),
    ],
)
@pytest.mark.parametrize("wrong", ["nonsense", "", 3, None, NAN, True])
def test_other_words_are_refused_with_those_allowed(name: str, words: str, make: Any, wrong: Any) -> None:
    error = refused(lambda: make(wrong))
    assert (error.name, error.got is wrong) == (name, True)
    assert error.allowed.startswith(f"one of {words}")


def test_words_are_taken() -> None:
    assert booking(waived="cap").waived == (Waiver.CAP,)
    assert booking(waived=["notice", Waiver.CAP, "cap"]).waived == (Waiver.CAP, Waiver.NOTICE)
    assert booking().become("cancelled").status is BookingStatus.CANCELLED


OFF = TimeOff(VISIT)
MADE_OF: list[tuple[str, Any, Any]] = [
    ("schedules", Calendar, UTC_WEEK),
    ("time_off", lambda value: Calendar(UTC_WEEK, value), OFF),
    ("hours", lambda value: Schedule("UTC", value), WEEK),
    ("overrides", lambda value: Schedule("UTC", overrides=value), DateOverride(DAY)),
    ("extra", lambda value: Schedule("UTC", extra=value), ExtraHours(DAY, "09:00-10:00")),
    ("holidays", lambda value: Schedule("UTC", holidays=value), Holiday(DAY)),
    ("closures", lambda value: Schedule("UTC", closures=value), Closure(DAY, DAY)),
    ("travel", lambda value: Schedule("UTC", travel=value), TemporaryZone(DAY, DAY, "UTC")),
    ("caps", lambda value: BookingPolicy(caps=value), Cap(1, per="day")),
    ("gaps", lambda value: BookingPolicy(gaps=value), MinimumGap(HOUR)),
    ("allocations", lambda value: Booking(1, value), Allocation(0, VISIT)),
]


@pytest.mark.parametrize(("name", "make", "one"), MADE_OF)
def test_a_list_is_of_its_own_kind(name: str, make: Any, one: Any) -> None:
    assert getattr(make(one), name) == getattr(make([one]), name) == (one,)
    assert getattr(make(iter([one])), name) == (one,)
    for wrong in ("Europe/Berlin", VISIT, None, 5, [one, "text"], [None], [VISIT], {"monday": 1}):
        error = refused(lambda wrong=wrong: make(wrong))  # type: ignore[misc]  # a default binds the value
        assert (error.name, error.allowed) == (name, f"made of {type(one).__name__} objects")


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("when", TimeOff),
        ("name", lambda value: TimeOff(VISIT, value)),
        ("name", lambda value: Holiday(DAY, value)),
        ("name", lambda value: Closure(DAY, DAY, value)),
        ("name", lambda value: DateOverride(DAY, (), value)),
        ("name", lambda value: ExtraHours(DAY, (), value)),
        ("name", lambda value: ClockRange("09:00", "10:00", value)),
        ("zone", Schedule),
        ("zone", lambda value: TemporaryZone(DAY, DAY, value)),
        ("zone", lambda value: TimeOff.on(DAY, zone=value)),
        ("season", lambda value: hours(season=value)),
        ("minutes", lambda value: Cap(1, per="day", minutes=value)),
        ("pending_blocks", lambda value: BookingPolicy(pending_blocks=value)),
        ("no_show_counts", lambda value: BookingPolicy(no_show_counts=value)),
        ("interval", lambda value: Allocation(0, value)),
        ("interval", lambda value: Allocation.of(0, value)),
        ("occupied", lambda value: Allocation(0, VISIT, value)),
        ("held_until", lambda value: booking(held_until=value, status="held")),
        ("source", lambda value: booking(source=value)),
        ("actual", lambda value: booking(actual=value)),
        ("a clock time", lambda value: ClockRange(value, "10:00")),
        ("a range of hours", as_ranges),
        ("a range of hours", ClockRange.parse),
        ("within", lambda value: open_hours(Calendar(UTC_WEEK), within=value)),
        ("busy", lambda value: free_time(Calendar(UTC_WEEK), busy=value, within=VISIT)),
        ("known", lambda value: BookingTable.empty(known=value)),
        ("known", lambda value: BookingTable.of([], known=value)),
        ("known", lambda value: table(known=value)),
        ("known", lambda value: table().with_feed(1, EVERYTHING, known=value)),
        ("busy", lambda value: table().with_feed(1, value, known=EVERYTHING)),
        ("bookings", lambda value: BookingTable.of(value, known=ALWAYS)),
        ("bookings", lambda value: table().with_bookings([value])),
        ("calendars", CalendarBatch.of),
        ("calendars", lambda value: open_hours([value], within=VISIT)),
    ],
)
@pytest.mark.parametrize("wrong", [5, HOUR])
def test_other_types_are_refused(name: str, make: Any, wrong: Any) -> None:
    error = refused(lambda: make(wrong))
    assert (error.name, error.got) == (name, wrong)


@pytest.mark.parametrize("wrong", ["Europe/Berlin", UTC_WEEK])
def test_calendars_are_no_schedules(wrong: Any) -> None:
    for calendars in (wrong, [Calendar(UTC_WEEK), wrong]):
        assert refused(lambda calendars=calendars: CalendarBatch.of(calendars)).name == "calendars"  # type: ignore[misc]


@pytest.mark.parametrize("name", ["first", "last", "week_of"])
@pytest.mark.parametrize("wrong", ["2026-11-23", datetime(2026, 11, 23, tzinfo=UTC), 5])
def test_hours_hold_on_dates(name: str, wrong: Any) -> None:
    assert refused(lambda: hours(**{name: wrong})).got == wrong


@pytest.mark.parametrize("wrong", ["monday", 5, None])
def test_a_week_is_a_mapping_or_seven_lists(wrong: Any) -> None:
    assert refused(lambda: WeeklyHours(wrong)).got == wrong


@pytest.mark.parametrize("wrong", [(True, 1), (1.0, 1), (1, 2, 3), 5, "11"])
def test_a_season_is_of_months_and_days(wrong: Any) -> None:
    assert refused(lambda: Season(wrong, (1, 1))).got == wrong


@pytest.mark.parametrize("season", [Season((3, 1), (10, 31)), Season((11, 15), (2, 28)), Season((2, 29), (2, 29))])
def test_seasons_hold_on_columns_as_on_dates(season: Season) -> None:
    first = day_number(date(1899, 12, 30))
    days = np.arange(first, first + 366 * 9)
    assert season.holds_on(days).tolist() == [season.holds(date.fromordinal(day + 719_163)) for day in days.tolist()]


def test_seasons_hold_beyond_the_years_that_dates_have() -> None:
    calendar = Calendar(Schedule("UTC", WeeklyHours({"friday": ["09:00-10:00"]}, season=Season((12, 1), (12, 31)))))
    last = Interval(datetime(9999, 12, 30, tzinfo=UTC), ALWAYS.end)
    assert [one.start for one in open_hours(calendar, within=last)[0]] == [datetime(9999, 12, 31, 9, tzinfo=UTC)]


class TestFarDays:
    @pytest.mark.parametrize("day", [date(9999, 12, 31), date(1, 1, 1)])
    def test_local_days_have_midnights(self, day: date) -> None:
        with pytest.raises(OutOfRangeError) as caught:
            LocalDays(day, day)
        assert (caught.value.first, caught.value.last) == (day, day)
        assert (caught.value.minimum, caught.value.maximum) == (date(1, 1, 2), date(9999, 12, 30))

    @pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati", "Asia/Manila"])
    def test_the_outermost_local_days_are_fine(self, zone: str) -> None:
        for day in (date(1, 1, 2), date(9999, 12, 30)):
            start, end = LocalDays(day, day, zone).bounds_us(Calendar(UTC_WEEK).zone)
            assert ALWAYS.start_us <= start < end <= ALWAYS.end_us

    def test_days_off_end_before_the_year_10000(self) -> None:
        with pytest.raises(OutOfRangeError):
            TimeOff.on(date(9999, 12, 31), zone="UTC")
        assert TimeOff.on(date(9999, 12, 30), zone="UTC").interval.end == datetime(9999, 12, 31, tzinfo=UTC)

    def test_buffers_end_before_the_year_10000(self) -> None:
        last = Interval(datetime(9999, 12, 31, tzinfo=UTC), datetime(9999, 12, 31, 12, tzinfo=UTC))
        with pytest.raises(OutOfRangeError):
            Allocation.of(0, last, buffer_after=timedelta(days=1))


class TestBookings:
    @pytest.mark.parametrize("resources", [[1, 1], [1, 2, 1]])
    def test_a_resource_stands_in_a_booking_once(self, resources: list[int]) -> None:
        error = refused(lambda: Booking(5, [Allocation(one, VISIT) for one in resources]))
        assert (error.name, error.id, error.got) == ("allocations", 5, resources)

    def test_a_booking_stands_in_a_table_once(self) -> None:
        one, other = booking(), booking(allocations=Allocation(3, VISIT))
        assert refused(lambda: BookingTable.of([one, other], known=ALWAYS)).got == 1
        assert refused(lambda: BookingTable.empty(known=ALWAYS).with_bookings([one, one])).got == 1

    def test_a_booking_of_two_resources_has_two_rows_in_columns(self) -> None:
        assert table(resource=[0, 1], booking=[7, 7]).booking.tolist() == [7, 7]


class TestColumns:
    @pytest.mark.parametrize(
        ("name", "values", "bounds"),
        [
            ("resource", [0, -1], (0, LARGEST)),
            ("booking", [-1, 3], (0, LARGEST)),
            *[(name, [-2, 3], (-1, LARGEST)) for name in ("service", "client", "household", "pet", "group")],
            ("units", [1, 1_000_001], (1, 1_000_000)),
            ("seats", [0, 100_001], (0, 100_000)),
            ("status", [2, 8], (0, 7)),
        ],
    )
    def test_numbers_have_bounds(self, name: str, values: list[int], bounds: tuple[int, int]) -> None:
        error = refused(lambda: table(**{name: values}))
        assert (error.name, error.got, (error.least, error.most)) == (name, (min(values), max(values)), bounds)

    @pytest.mark.parametrize("values", [[[1], [1, 2]], np.array([1, 2**63], np.uint64), [1.5, 2], ["1", "2"]])
    @pytest.mark.parametrize("name", ["resource", "start", "client"])
    def test_columns_are_whole_numbers(self, name: str, values: Any) -> None:
        assert refused(lambda: table(**{name: values})).name == name

    def test_a_feed_has_numbers_of_its_own(self) -> None:
        found = table().with_feed(np.int64(7), EVERYTHING, known=EVERYTHING)  # type: ignore[arg-type]
        assert (found.booking.min(), found.resource.max()) == (-1, 7)

    @pytest.mark.parametrize("handles", [[0.5, 1.0], ["1", "2"], [1, -1], [True, False], [[1], [2, 3]], [1, None]])
    def test_handles_are_whole_numbers(self, handles: Any) -> None:
        assert refused(lambda: CalendarBatch.of([Calendar(UTC_WEEK)] * 2, handles)).name == "handles"

    def test_a_batch_has_its_own_handles(self) -> None:
        batch = CalendarBatch.of([Calendar(UTC_WEEK)], [7])
        error = refused(lambda: CalendarBatch.of(batch, [8]))
        assert (error.name, error.got) == ("handles", [8])
        assert CalendarBatch.of(batch) is batch


def test_a_row_beyond_all_years_is_refused() -> None:
    with pytest.raises(InvalidIntervalError):
        table(end=[20, LARGEST])


class TestReadOnly:
    def columns(self, found: object, *names: str) -> None:
        for name in names:
            column = getattr(found, name)
            assert not column.flags.writeable, name

    def test_tables_of_bookings(self) -> None:
        made = table(units=[1, 2], status=[2, HELD], held_until=[LARGEST, 5], client=[1, 2])
        fed = made.with_feeds([(7, IntervalSet.from_us([5], [6]), IntervalSet.from_us([0], [10]))])
        shuffled = table(resource=[1, 0], units=[1, 2])
        for found in (
            made,
            fed,
            shuffled,
            fed.with_bookings([booking(id=9)]),
            fed.without([0]),
            table().without([0, 1]),
        ):
            for name, column in found.as_columns().items():
                assert not column.flags.writeable, name
            self.columns(found, "unknown_resource", "unknown_start", "unknown_end", "hold_ends")

    def test_batches_of_calendars(self) -> None:
        batch = CalendarBatch.of([Calendar(UTC_WEEK), Calendar(Schedule("UTC"))] * 2)
        for found in (batch, batch.rows(1, 3), CalendarBatch.of([])):
            self.columns(found, "index", "handles", "capacities")

    @pytest.mark.parametrize("notice", [timedelta(0), WorkingTime(timedelta(minutes=10))])
    @pytest.mark.parametrize("waive", [(), (Waiver.NOTICE,)])
    def test_tables_of_slots(self, notice: timedelta | WorkingTime, waive: tuple[Waiver, ...]) -> None:
        found = find_slots(
            [Calendar(UTC_WEEK)] * 2,
            busy=BookingTable.empty(known=ALWAYS),
            rules=[SlotRules(HOUR / 4), SlotRules(HOUR / 2)],
            within=Interval(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)),
            now=datetime(2026, 11, 9, tzinfo=UTC),
            policy=BookingPolicy(min_notice=notice),
            waive=waive,
        )
        assert len(found)
        some: list[SlotTable] = [found, found.take(np.array([0, 2])), *found.by_day(Calendar(UTC_WEEK).zone).values()]
        for part in some:
            self.columns(part, "handles", "rule", "offsets", "starts", "counts", "rows", "ends", "offered_until")
            assert not part.row(0).flags.writeable


def test_reprs_are_of_one_line() -> None:
    assert repr(table()) == "<BookingTable of 2 allocations>"
    assert repr(BookingTable.empty(known=VISIT)) == "<BookingTable of 0 allocations, not known everywhere>"
    batch = CalendarBatch.of([Calendar(UTC_WEEK), Calendar(UTC_WEEK, capacity=2), Calendar(Schedule("UTC"))])
    assert repr(batch) == "<CalendarBatch of 3 rows, 2 distinct>"
