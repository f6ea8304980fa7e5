"""Working time: refused starts and violations are those of a walk over minutes, on days when clocks change too."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from petpro_core.bookings import Allocation, Booking, BookingStatus, BookingTable
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import ALWAYS, Interval, IntervalSet
from petpro_core.matching.working_time import (
    DailyRest,
    FloatingBreak,
    MostWork,
    check_working_time,
    find_refused_starts,
)
from petpro_core.schedules import ClockRange
from petpro_core.testing import _draws
from petpro_core.testing._clocks import DAY, Clock, clock
from petpro_core.testing.strategies import zone_keys
from petpro_core.testing.strategies.loads import (
    daily_rests,
    floating_breaks,
    most_work,
    refused_starts,
    working_time_violations,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypothesis.strategies import DrawFn

    from petpro_core.matching.working_time import RefusedStarts, WorkingTimeRule, WorkingTimeViolation

MINUTE = 60_000_000
HOUR = 60 * MINUTE
Piece = tuple[int, int]


# --- the slow reading -------------------------------------------------------------------------------------------------


@attrs.frozen
class Case:
    """One person's days around a clock change, all in whole minutes."""

    zone: str
    first: int
    last: int
    pieces: list[Piece]
    duty: list[Piece]
    length: int
    before: int
    after: int

    @property
    def clock(self) -> Clock:
        return clock(self.zone)

    def minutes(self, pieces: list[Piece]) -> set[int]:
        return {minute for start, end in pieces for minute in range(start // MINUTE, end // MINUTE)}

    def windows(self, rule: FloatingBreak) -> Iterator[Piece]:
        for day in range(self.first // DAY - 5, self.last // DAY + 5):
            start = self.clock.instant(day * DAY + rule.between.start_us)
            end = self.clock.instant(day * DAY + rule.between.end_us)
            if start < end:
                yield start, end

    def periods(self, rule: MostWork) -> Iterator[Piece]:
        days = range(self.first // DAY - 40, self.last // DAY + 40)
        firsts = {
            "day": list(days),
            "week": [day for day in days if date.fromordinal(date(1970, 1, 1).toordinal() + day).weekday() == 0],
            "month": [day for day in days if date.fromordinal(date(1970, 1, 1).toordinal() + day).day == 1],
        }[rule.per]
        bounds = [self.clock.midnight(day) for day in firsts]
        return ((start, end) for start, end in pairwise(bounds) if start < end)

    def working_day(self, instant: int) -> int:
        return self.clock.day(next((start for start, end in self.duty if start <= instant < end), instant))

    def counted(self, rule: DailyRest | MostWork) -> list[Piece]:
        return self.pieces + (self.duty if rule.on_duty else [])


def longest_run(minutes: set[int], window: Piece) -> int:
    best = run = 0
    for minute in range(window[0] // MINUTE, window[1] // MINUTE):
        run = 0 if minute in minutes else run + 1
        best = max(best, run)
    return best * MINUTE


def slow_refused(case: Case, rule: WorkingTimeRule, start: int) -> bool:
    """Say whether a visit from this start on would take part in breaking the rule."""
    visit = (start - case.before, start + case.length + case.after)
    added = case.minutes([visit])
    if isinstance(rule, FloatingBreak):
        need, minutes = rule.length // timedelta(microseconds=1), case.minutes([*case.pieces, visit])
        touched = [window for window in case.windows(rule) if visit[0] < window[1] and window[0] < visit[1]]
        return any(longest_run(minutes, window) < need for window in touched)
    if isinstance(rule, DailyRest):
        rest, mine = rule.length // timedelta(microseconds=1), case.working_day(visit[0])
        return any(
            (case.working_day(other[0]) < mine and visit[0] - other[1] < rest)
            or (case.working_day(other[0]) > mine and other[0] - visit[1] < rest)
            for other in case.counted(rule)
        )
    assert isinstance(rule, MostWork)
    limit, worked = rule.limit // timedelta(minutes=1), case.minutes(case.counted(rule))
    for begin, end in case.periods(rule):
        period = range(begin // MINUTE, end // MINUTE)
        touches = any(minute in period for minute in added)
        if touches and sum(minute in period for minute in added | worked) > limit:
            return True
    return False


def slow_broken(case: Case, rule: WorkingTimeRule) -> list[tuple[int, int, int]]:
    """Give where the rule is broken: start and end of the interval, and what there is."""
    found = []
    if isinstance(rule, FloatingBreak):
        minutes = case.minutes(case.pieces)
        for window in case.windows(rule):
            run = longest_run(minutes, window)
            busy = any(minute in minutes for minute in range(window[0] // MINUTE, window[1] // MINUTE))
            if busy and run < rule.length // timedelta(microseconds=1):
                found.append((*window, run))
    elif isinstance(rule, DailyRest):
        rest, pieces = rule.length // timedelta(microseconds=1), case.counted(rule)
        for day in sorted({case.working_day(start) for start, _ in pieces}):
            first = min(start for start, _ in pieces if case.working_day(start) == day)
            ended = max((end for start, end in pieces if case.working_day(start) < day), default=None)
            if ended is not None and first - ended < rest:
                found.append((ended, ended + rest, max(first - ended, 0)))
    else:
        assert isinstance(rule, MostWork)
        worked = case.minutes(case.counted(rule))
        for begin, end in case.periods(rule):
            here = sum(minute in range(begin // MINUTE, end // MINUTE) for minute in worked) * MINUTE
            if here > rule.limit // timedelta(microseconds=1):
                found.append((begin, end, here))
    return [one for one in found if one[0] < case.last and one[1] > case.first]


# --- the laws ---------------------------------------------------------------------------------------------------------


@st.composite
def cases(draw: DrawFn) -> Case:
    """Some days around a clock change, a few bookings, sometimes nights on duty, and a visit."""
    zone = draw(zone_keys())
    middle = clock(zone).midnight(draw(_draws.case_day(clock(zone))))
    times = st.integers(-30, 54).map(lambda hours: middle + hours * HOUR)
    pieces = []
    for begin in draw(st.lists(times, max_size=5)):
        start = begin + draw(st.sampled_from([0, 15, 30, 41])) * MINUTE
        pieces.append((start, start + draw(st.sampled_from([20, 45, 90, 480, 900])) * MINUTE))
    nights = IntervalSet.of(
        *(
            Interval.from_us(begin, begin + draw(st.integers(1, 14)) * HOUR)
            for begin in draw(st.lists(times, max_size=2))
        )
    )
    duty = list(zip(nights.starts.tolist(), nights.ends.tolist(), strict=True))
    length, before, after = (draw(st.sampled_from(sizes)) for sizes in ([30, 60, 300, 1], [0, 10], [0, 15]))
    return Case(
        zone,
        middle - 6 * HOUR,
        middle + 30 * HOUR,
        pieces,
        duty,
        length * MINUTE,
        before * MINUTE,
        after * MINUTE,
    )


def table(pieces: list[Piece], known: Interval = ALWAYS) -> BookingTable:
    return BookingTable.from_columns(
        resource=[7] * len(pieces), start=[start for start, _ in pieces], end=[end for _, end in pieces], known=known
    )


def asked(case: Case, pieces: list[Piece]) -> dict[str, Any]:
    return {
        "busy": table(pieces),
        "resource": 7,
        "zone": case.zone,
        "within": Interval.from_us(case.first, case.last),
        "now": datetime(2026, 1, 1, tzinfo=UTC),
        "hours": IntervalSet.of(*(Interval.from_us(*piece) for piece in case.duty)),
    }


def found_starts(case: Case, rules: WorkingTimeRule | list[WorkingTimeRule]) -> RefusedStarts:
    lengths = {"duration": case.length, "buffer_before": case.before, "buffer_after": case.after}
    told: dict[str, Any] = {name: timedelta(microseconds=us) for name, us in lengths.items()}
    return find_refused_starts(rules, **asked(case, case.pieces), **told)


rules = st.one_of(floating_breaks(), daily_rests(), most_work())


@given(case=cases(), rule=rules, data=st.data())
def test_a_start_is_refused_where_a_walk_says_so(case: Case, rule: WorkingTimeRule, data: st.DataObject) -> None:
    found = found_starts(case, rule)
    row = found.refused[0]
    edges = [edge + beside for edge in [*row.starts, *row.ends] for beside in (-MINUTE, 0, MINUTE)]
    some = data.draw(st.lists(st.integers(case.first // MINUTE, case.last // MINUTE - 1), max_size=8))
    starts = {int(edge) // MINUTE * MINUTE for edge in edges} | {minute * MINUTE for minute in some}
    inside = sorted(start for start in starts if case.first <= start < case.last)[:30]
    assert row.contains(inside).tolist() == [slow_refused(case, rule, start) for start in inside]
    assert found.every == row


@given(case=cases(), rule=rules)
def test_a_violation_is_that_of_a_walk(case: Case, rule: WorkingTimeRule) -> None:
    found = check_working_time(rule, **asked(case, case.pieces))
    got = [(one.interval.start_us, one.interval.end_us, one.actual_us) for one in found]
    assert got == slow_broken(case, rule)
    assert all(one.rule == rule and one.reason for one in found)


@given(case=cases(), rule=rules)
def test_a_start_is_refused_exactly_when_booking_it_breaks_the_rule(case: Case, rule: WorkingTimeRule) -> None:
    wide = attrs.evolve(case, first=case.first - 3 * DAY, last=case.last + 3 * DAY)
    if check_working_time(rule, **asked(wide, case.pieces)):
        return
    row = found_starts(case, rule).refused[0]
    # To the microsecond: beside every edge, and at the edges of what was asked.
    edges = [int(edge) + beside for edge in [*row.starts, *row.ends] for beside in (-1, 0)]
    for start in [edge for edge in [*edges, case.first] if case.first <= edge < case.last]:
        visit = (start - case.before, start + case.length + case.after)
        broken = check_working_time(rule, **asked(wide, [*case.pieces, visit]))
        assert bool(broken) == bool(row.contains([start])[0])


@given(case=cases(), rule=rules)
def test_more_work_never_allows_a_start(case: Case, rule: WorkingTimeRule) -> None:
    fewer = found_starts(attrs.evolve(case, pieces=case.pieces[1:]), rule)
    assert not fewer.refused[0] - found_starts(case, rule).refused[0]


@given(case=cases(), several=st.lists(rules, max_size=3))
def test_many_rules_are_each_by_itself(case: Case, several: list[WorkingTimeRule]) -> None:
    found = found_starts(case, several)
    assert [found_starts(case, rule).refused[0] for rule in several] == list(found.refused)
    every = IntervalSet.empty()
    for row in found.refused:
        every |= row
    assert found.every == every
    one_by_one = [one for rule in several for one in check_working_time(rule, **asked(case, case.pieces))]
    assert list(check_working_time(several, **asked(case, case.pieces))) == one_by_one


# --- examples ---------------------------------------------------------------------------------------------------------


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def visit(number: int, start: datetime, minutes: int = 60, **more: Any) -> Booking:
    return Booking(number, Allocation(7, Interval(start, start + timedelta(minutes=minutes))), **more)


def refused(rule: WorkingTimeRule, bookings: list[Booking], *, day: int = 23, **more: Any) -> list[str]:
    told: dict[str, Any] = {
        "busy": BookingTable.of(bookings, known=ALWAYS),
        "resource": 7,
        "zone": "UTC",
        "within": Interval(at(day, 0), at(day + 1, 0)),
        "now": at(20, 0),
        "duration": timedelta(hours=1),
    }
    row = find_refused_starts(rule, **(told | more)).refused[0]
    return [f"{one.start:%d %H:%M:%S.%f}-{one.end:%d %H:%M:%S.%f}".replace(".000000", "") for one in row]


def test_eight_hours_a_day() -> None:
    full = [visit(1, at(23, 8), 420), visit(2, at(22, 9))]
    rule = MostWork(timedelta(hours=8), per="day")
    assert refused(rule, full) == []
    # An hour and a minute is too much, unless some of it counts already, or lies behind midnight.
    assert refused(rule, full, duration=timedelta(minutes=61)) == [
        "23 00:00:00-23 07:00:00",
        "23 14:59:00.000001-23 23:00:00",
    ]


def test_a_day_with_too_much_work_takes_no_more() -> None:
    rule = MostWork(timedelta(minutes=30), per="day")
    assert refused(rule, [visit(1, at(23, 9))]) == ["23 00:00:00-24 00:00:00"]


def test_eleven_hours_of_rest() -> None:
    rule = DailyRest(timedelta(hours=11))
    late, early = visit(1, at(22, 20), 120), visit(2, at(24, 6))
    assert refused(rule, [late, early]) == ["23 00:00:00-23 09:00:00", "23 18:00:00.000001-24 00:00:00"]


def test_a_night_on_duty_is_one_working_day() -> None:
    rule = DailyRest(timedelta(hours=11))
    night = IntervalSet.of(Interval(at(22, 22), at(23, 6)))
    seen = [visit(1, at(22, 23)), visit(2, at(23, 2))]
    assert refused(rule, seen, hours=night) == ["23 06:00:00-23 14:00:00"]
    assert refused(rule, seen)[0].startswith("23 00:00:00")


def test_hours_on_duty_count_where_the_rule_says_so() -> None:
    shift = IntervalSet.of(Interval(at(23, 9), at(23, 17)))
    rule = MostWork(timedelta(hours=8), per="day")
    assert refused(rule, [], hours=shift) == []
    assert refused(attrs.evolve(rule, on_duty=True), [], hours=shift) == [
        "23 00:00:00-23 09:00:00",
        "23 16:00:00.000001-24 00:00:00",
    ]


def test_what_moves_does_not_count_nor_what_was_cancelled() -> None:
    rule = MostWork(timedelta(hours=1), per="day")
    assert refused(rule, [visit(1, at(23, 9))]) != []
    assert refused(rule, [visit(1, at(23, 9))], replacing=1) == []
    assert refused(rule, [visit(1, at(23, 9), status="cancelled")]) == []
    assert refused(rule, [visit(1, at(23, 9), status="held", held_until=at(19, 0))]) == []
    assert refused(rule, [visit(1, at(23, 9), status="pending")], statuses=[BookingStatus.CONFIRMED]) == []
    feed = BookingTable.empty(known=ALWAYS).with_feed(
        7, IntervalSet.of(Interval(at(23, 9), at(23, 10))), known=IntervalSet.of(ALWAYS)
    )
    assert refused(rule, [], busy=feed) == []


def test_what_is_not_known_is_not_judged() -> None:
    known = Interval(at(23, 0), at(24, 12))
    told: dict[str, Any] = {
        "busy": BookingTable.empty(known=known),
        "resource": 7,
        "zone": "UTC",
        "within": Interval(at(23, 0), at(25, 0)),
        "now": at(20, 0),
        "duration": timedelta(hours=1),
    }

    def unknown(rule: WorkingTimeRule) -> IntervalSet:
        found = find_refused_starts(rule, **told)
        assert found.every == found.unknown
        return found.unknown

    # The day before is not known, and the break of the 24th lies in hours that are known in part.
    assert unknown(DailyRest(timedelta(hours=11)))[0].end == at(23, 11)
    assert unknown(FloatingBreak(timedelta(minutes=30), "11:00-13:00")) == IntervalSet.of(
        Interval(at(24, 10) + timedelta(microseconds=1), at(24, 13))
    )
    assert unknown(MostWork(timedelta(hours=8), per="day"))[0].start == at(23, 23) + timedelta(microseconds=1)
    assert unknown(MostWork(timedelta(hours=8), per="week")).duration == timedelta(days=2)
    with pytest.raises(InvalidValueError, match="all bookings are known"):
        check_working_time(
            MostWork(timedelta(hours=8), per="day"),
            **{name: value for name, value in told.items() if name != "duration"},
        )


def test_hours_that_a_clock_leaves_empty_ask_for_no_break() -> None:
    # New York put its clocks forward on 8 March 2026: 02:30 is read as 03:30, and lies behind 03:00.
    rule = FloatingBreak(timedelta(minutes=30), "02:30-03:00")
    week = Interval(datetime(2026, 3, 7, tzinfo=UTC), datetime(2026, 3, 10, tzinfo=UTC))
    assert refused(rule, [], zone="America/New_York", within=week) == [
        "07 06:30:00.000001-07 08:00:00",
        "09 05:30:00.000001-09 07:00:00",
    ]


def test_hours_too_short_for_their_break_ask_for_it_only_where_somebody_works() -> None:
    # On that day half past one and three lie half an hour apart.
    rule = FloatingBreak(timedelta(hours=1), "01:30-03:00")
    told = told_plainly() | {
        "zone": "America/New_York",
        "within": Interval(datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)),
    }
    assert check_working_time(rule, **told) == ()
    night = Interval(datetime(2026, 3, 8, 6, 50, tzinfo=UTC), datetime(2026, 3, 8, 7, 50, tzinfo=UTC))
    busy = BookingTable.of([Booking(1, Allocation(7, night))], known=ALWAYS)
    (broken,) = check_working_time(rule, **(told | {"busy": busy}))
    assert (broken.interval.duration, broken.actual_us) == (timedelta(minutes=30), 20 * MINUTE)


def test_rules_say_what_they_are() -> None:
    assert [
        FloatingBreak(timedelta(minutes=30), ClockRange("12:00", "14:00")).name,
        DailyRest(timedelta(hours=11)).name,
        MostWork(timedelta(hours=40), per="week").name,
    ] == [
        "a break of 0:30:00 between 12:00 and 14:00",
        "a rest of 11:00:00 between days",
        "at most 1 day, 16:00:00 of work per week",
    ]


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (lambda: FloatingBreak(timedelta(hours=3), "12:00-14:00"), "length"),
        (lambda: FloatingBreak(timedelta(0), "12:00-14:00"), "length"),
        (lambda: FloatingBreak(timedelta(minutes=30), 12), "between"),  # type: ignore[arg-type]  # what is tested
        (lambda: DailyRest(timedelta(days=8)), "length"),
        (lambda: DailyRest(timedelta(hours=11), on_duty="yes"), "on_duty"),  # type: ignore[arg-type]  # likewise
        (lambda: MostWork(timedelta(days=-1), per="day"), "limit"),
        (lambda: MostWork(timedelta(hours=8), per="year"), "per"),
        (lambda: check_working_time([7], **told_plainly()), "rules"),  # type: ignore[list-item]  # likewise
        (lambda: check_working_time([], **(told_plainly() | {"resource": -1})), "resource"),
        (lambda: check_working_time([], **(told_plainly() | {"hours": 8})), "hours"),
        (lambda: check_working_time([], **(told_plainly() | {"within": 8})), "within"),
    ],
)
def test_what_cannot_be_is_refused(build: Any, name: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        build()
    assert caught.value.name == name


def told_plainly() -> dict[str, Any]:
    return {
        "busy": BookingTable.empty(known=ALWAYS),
        "resource": 7,
        "zone": "UTC",
        "within": Interval(at(23, 0), at(24, 0)),
        "now": at(20, 0),
    }


@given(found=refused_starts(), broken=working_time_violations())
def test_answers_are_drawn(found: RefusedStarts, broken: WorkingTimeViolation) -> None:
    assert len(found.refused) == len(found.rules)
    assert not found.unknown - found.every
    assert broken.actual_us > broken.limit_us == 0


def test_without_rules_nothing_is_refused() -> None:
    found = find_refused_starts([], **told_plainly(), duration=timedelta(hours=1))
    assert found.every == IntervalSet.empty()
