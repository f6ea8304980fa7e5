"""Why not, and what would make it possible: reasons with their sources, and fixes that the judge accepts."""

from __future__ import annotations

import enum
from collections import Counter
from datetime import datetime, timedelta
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Unpack

import attrs
import numpy as np

from petpro_core.availability import Calendar, CalendarBatch, LocalDays
from petpro_core.decisions._closed import closed_parts
from petpro_core.decisions._compile import FIRST_START_US, compile_rows, last_start, prepare, windows
from petpro_core.decisions._judge import Judged, judge
from petpro_core.decisions._question import Question
from petpro_core.errors import LimitExceededError
from petpro_core.intervals import DAY_US, NEVER, Int64Array, Interval, duration_us, from_us, to_us
from petpro_core.reasons import CAPS, Conflict, Reason, Waiver
from petpro_core.slots import CalendarDays, Progressions, SlotRules, decide, sweep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from petpro_core.bookings import BookingTable
    from petpro_core.decisions._question import Asked

__all__ = ["Explanation", "Fix", "FixKind", "RangeExplanation", "explain", "explain_range"]

_SEARCHES_DAYS: Final = (2, 30, 400)
_SHORTER_US: Final = 300_000_000  # Visits are shortened by whole five minutes.
_RANGE_LIMIT: Final = 1_000_000
_RANGE_DAYS: Final = 400
_STAYS: Final = 62  # At most so many shorter stays are tried.
_LENGTHS: Final = 288  # And so many shorter visits, where that is not found by halving: a day of them.
_MOVED: Final = Reason.BUSY | Reason.GAP | Reason.CLIENT_BUSY
_WHATEVER_LENGTH: Final = Reason.OFF_GRID | Reason.NOTICE | Reason.HORIZON | Reason.TOO_BIG


class FixKind(enum.StrEnum):
    """What kind of change a fix is; the values are stable codes."""

    EARLIER = "earlier"
    LATER = "later"
    SHORTER = "shorter"
    MOVE = "move"


@attrs.frozen
class Fix:
    """The smallest change of one kind that makes the visit possible; the judge has accepted it.

    Attributes:
        kind: Start earlier or later, make it shorter, or move other bookings away.
        start: The start to book.
        duration: The duration to book.
        moves: Numbers of the bookings that would have to move first.
    """

    kind: FixKind
    start: datetime
    duration: timedelta | CalendarDays
    moves: tuple[int, ...] = ()


@attrs.frozen
class Explanation:
    """Why one start is refused, and what would help.

    Attributes:
        start: The start asked for.
        conflicts: Every reason; none = it may be booked.
        fixes: What would make it possible.
        untested: Rules that could not be tested, because the request does not tell who or what it is for.
        waived: What was set aside.
        overbooked: How many units, or seats of a session, would be held beyond what there is if this was booked too; 0
            without overbooking.
    """

    start: datetime
    conflicts: tuple[Conflict, ...]
    fixes: tuple[Fix, ...]
    untested: tuple[str, ...]
    waived: tuple[Waiver, ...]
    overbooked: int = 0

    @property
    def bookable(self) -> bool:
        """Whether it may be booked as it is."""
        return not self.conflicts


def _read_only(value: Mapping[str, int]) -> Mapping[str, int]:
    return MappingProxyType(dict(value))


@attrs.frozen(eq=False)
class RangeExplanation:
    """The reasons of a whole range, counted.

    Attributes:
        starts: How many starts were judged: the grid of the opening hours, and by the clock where it is closed.
        bookable: How many of them may be booked.
        reasons: For each reason's code, how many starts it refuses; one start may have several.
        kinds: The same by kind of closing, for the starts that are closed.
        untested: Rules that could not be tested.
    """

    starts: int
    bookable: int
    reasons: Mapping[str, int] = attrs.field(converter=_read_only)
    kinds: Mapping[str, int] = attrs.field(converter=_read_only)
    untested: tuple[str, ...]


def explain(
    calendar: Calendar,
    *,
    start: datetime,
    busy: BookingTable,
    rules: SlotRules,
    now: datetime,
    handle: int = 0,
    **asked: Unpack[Asked],
) -> Explanation:
    """Everything against one start, with intervals and sources, and the smallest changes that would allow it.

    The question is that of ``check_booking``; every fix has been judged by it.

        >>> from datetime import UTC, datetime, timedelta
        >>> from petpro_core import ALWAYS, BookingTable, Calendar, Interval, Schedule, SlotRules, WeeklyHours
        >>> clinic = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]})))
        >>> asked = {
        ...     "busy": BookingTable.empty(known=ALWAYS),
        ...     "rules": SlotRules(timedelta(hours=1)),
        ...     "now": datetime(2026, 11, 20, tzinfo=UTC),
        ... }
        >>> told = explain(clinic, start=datetime(2026, 11, 23, 11, 30, tzinfo=UTC), **asked)
        >>> [str(conflict.kind) for conflict in told.conflicts]
        ['closed']
        >>> [(str(fix.kind), fix.start.strftime("%a %H:%M"), str(fix.duration)) for fix in told.fixes][:3]
        [('earlier', 'Mon 11:00', '1:00:00'), ('later', 'Mon 09:00', '1:00:00'), ('shorter', 'Mon 11:30', '0:30:00')]

    Args:
        calendar: The resource's hours.
        start: The start asked about.
        busy: What is booked, and where that is known.
        rules: As in the search.
        now: The present.
        handle: The calendar's number in ``busy``.
        **asked: As in ``find_slots``.

    Raises:
        OutOfRangeError: The start lies too near the ends of the years 1 to 9999.

    Source: ADR 4.
    """
    question = Question.of(busy=busy, rules=rules, now=now, **asked)
    judged = judge(question, calendar, to_us(start), handle)
    fixes: list[Fix] = []
    if judged.mask:
        found = (_earlier(judged), _later(judged), _shorter(judged), _move(judged))
        fixes = [fix for fix in found if fix is not None]
    return Explanation(
        from_us(judged.start),
        judged.conflicts(),
        tuple(fixes),
        question.untested,
        tuple(sorted(question.waive)),
        judged.overbooked(),
    )


def _accepted(judged: Judged, low: int, high: int) -> Progressions | None:
    """What the judge accepts in a range, on the grid; ``None`` where nothing can be judged."""
    low, high = max(low, FIRST_START_US), min(high, last_start(judged.question.rules))
    if low >= high:
        return None
    prepared = prepare(judged.question, judged.prepared.batch, np.array([low]), np.array([high]))
    table, _, _ = compile_rows(prepared, 0, 1)
    found = sweep(table, prepared.low, prepared.high)
    return found if len(found.first) else None


def _earlier(judged: Judged) -> Fix | None:
    for days in _SEARCHES_DAYS:
        found = _accepted(judged, judged.start - days * DAY_US, judged.start)
        if found is not None:
            last = int(found.first[-1]) + (int(found.count[-1]) - 1) * found.step
            return Fix(FixKind.EARLIER, from_us(last), judged.question.rules.duration)
    return None


def _later(judged: Judged) -> Fix | None:
    for days in _SEARCHES_DAYS:
        found = _accepted(judged, judged.start + 1, judged.start + days * DAY_US)
        if found is not None:
            return Fix(FixKind.LATER, from_us(int(found.first[0])), judged.question.rules.duration)
    return None


def _shorter(judged: Judged) -> Fix | None:
    """The longest visit of whole five minutes, or of whole days, that fits at this start."""
    if judged.mask & _WHATEVER_LENGTH:
        return None
    rules, policy = judged.question.rules, judged.question.policy

    def fits(duration: timedelta | CalendarDays) -> bool:
        question = attrs.evolve(judged.question, rules=attrs.evolve(rules, duration=duration))
        return judge(question, judged.calendar, judged.start, judged.handle).mask == 0

    if isinstance(rules.duration, CalendarDays):
        # Whether the place is open at the end differs from day to day, so each length is asked.
        stays = (CalendarDays(days) for days in range(rules.duration.days - 1, 0, -1))
        found = next((stay for stay in islice(stays, _STAYS) if fits(stay)), None)
        return None if found is None else Fix(FixKind.SHORTER, from_us(judged.start), found)
    longest = duration_us(rules.duration) - 1
    if policy.max_duration is not None:
        longest = min(longest, duration_us(policy.max_duration))
    least = 1 if policy.min_duration is None else max(-(-duration_us(policy.min_duration) // _SHORTER_US), 1)

    def of(count: int) -> timedelta:
        return timedelta(microseconds=count * _SHORTER_US)

    if judged.question.refuses_stranding:
        # A shorter visit may strand more or less, so each length is asked, the longest first.
        counts = islice(range(longest // _SHORTER_US, least - 1, -1), _LENGTHS)
        length = next((of(count) for count in counts if fits(of(count))), None)
        return None if length is None else Fix(FixKind.SHORTER, from_us(judged.start), length)
    # Above the least that is allowed, what a visit meets a longer one from there meets too: halving finds the edge.
    low, high = least - 1, longest // _SHORTER_US
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(of(middle)) else (low, middle - 1)
    return Fix(FixKind.SHORTER, from_us(judged.start), of(low)) if low >= least else None


def _move(judged: Judged) -> Fix | None:
    """The bookings whose going would be enough: one if one is, else all that stand in the way."""
    if judged.mask & ~(_MOVED | CAPS):
        return None
    refs = [conflict.ref for conflict in judged.conflicts() if conflict.reason in _MOVED]
    numbers = sorted({ref for ref in refs if isinstance(ref, int)})
    for moves in (*((number,) for number in numbers), tuple(numbers)):
        question = attrs.evolve(judged.question, busy=judged.question.busy.without(moves))
        if moves and judge(question, judged.calendar, judged.start, judged.handle).mask == 0:
            return Fix(FixKind.MOVE, from_us(judged.start), judged.question.rules.duration, moves)
    return None


def explain_range(
    calendar: Calendar,
    *,
    within: Interval | LocalDays,
    busy: BookingTable,
    rules: SlotRules,
    now: datetime,
    handle: int = 0,
    **asked: Unpack[Asked],
) -> RangeExplanation:
    """The reasons of a range, counted over its starts: the answer to "why is there nothing this week".

        >>> from datetime import UTC, datetime, timedelta
        >>> from petpro_core import ALWAYS, BookingTable, Calendar, Interval, Schedule, SlotRules, WeeklyHours
        >>> clinic = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]})))
        >>> asked = {
        ...     "busy": BookingTable.empty(known=ALWAYS),
        ...     "rules": SlotRules(timedelta(hours=1)),
        ...     "now": datetime(2026, 11, 20, tzinfo=UTC),
        ... }
        >>> saturday = Interval(datetime(2026, 11, 28, tzinfo=UTC), datetime(2026, 11, 29, tzinfo=UTC))
        >>> told = explain_range(clinic, within=saturday, **asked)
        >>> told.starts, told.bookable, dict(told.reasons), dict(told.kinds)
        (96, 0, {'closed': 96}, {'closed': 96})

    Args:
        calendar: The resource's hours.
        within: A range of instants, or of local days; up to 400 days.
        busy: What is booked, and where that is known.
        rules: As in the search.
        now: The present.
        handle: The calendar's number in ``busy``.
        **asked: As in ``find_slots``.

    Raises:
        LimitExceededError: More than 400 days, or more than a million starts to judge.

    Source: ADR 4.
    """
    question = Question.of(busy=busy, rules=rules, now=now, **asked)
    batch = CalendarBatch.of((calendar,), (handle,))
    low, high = windows(batch, within)
    if (int(high[0]) - int(low[0])) > _RANGE_DAYS * DAY_US:
        msg = f"a range is explained over up to {_RANGE_DAYS} days, got {(int(high[0]) - int(low[0])) // DAY_US}"
        raise LimitExceededError(msg, limit=_RANGE_DAYS, got=(int(high[0]) - int(low[0])) // DAY_US)
    # The grid of every start there could be is that of the hours with closed time filled in.
    around = attrs.evolve(question, waive=question.waive | {Waiver.HOURS})
    everywhere, _, _ = compile_rows(prepare(around, batch, low, high), 0, 1)
    everywhere = attrs.evolve(everywhere, refused=(), lower=low, upper=np.array([NEVER]))
    progressions = sweep(everywhere, low, high)
    total = int(progressions.count.sum())
    if total > _RANGE_LIMIT:
        msg = f"the range has {total} starts to explain, more than {_RANGE_LIMIT}; ask for a shorter one"
        raise LimitExceededError(msg, limit=_RANGE_LIMIT, got=total)
    starts = progressions.starts()
    prepared = prepare(question, batch, low, high)
    table, footprint, _ = compile_rows(prepared, 0, 1)
    masks = decide(table, None, starts)
    reasons = {reason.code: int((masks & reason != 0).sum()) for reason in Reason if (masks & reason != 0).any()}
    shut = starts[masks & Reason.CLOSED != 0]
    kinds = _kinds(calendar, question, shut, shut + footprint.lengths(None, shut))
    return RangeExplanation(len(starts), int((masks == 0).sum()), reasons, kinds, question.untested)


def _kinds(calendar: Calendar, question: Question, starts: Int64Array, ends: Int64Array) -> dict[str, int]:
    """For each kind of closing, how many visits meet it first."""
    if not len(starts):
        return {}
    around = Interval.from_us(int(starts.min()) - DAY_US, int(ends.max()) + DAY_US)
    kinds: Counter[str] = Counter()
    first = np.full(len(starts), NEVER)
    parts = closed_parts(calendar, around, question.request.location)
    kind_of = np.full(len(starts), -1)
    for number, part in enumerate(parts):
        place = np.minimum(part.times.ends.searchsorted(starts, "right"), len(part.times) - 1)
        meets = (part.times.starts[place] < ends) & (part.times.ends[place] > starts)
        met = np.where(meets, np.maximum(part.times.starts[place], starts), NEVER)
        sooner = met < first
        first[sooner], kind_of[sooner] = met[sooner], number
    for number, count in zip(*np.unique(kind_of[kind_of >= 0], return_counts=True), strict=True):
        kinds[str(parts[int(number)].kind)] += int(count)
    return dict(sorted(kinds.items()))
