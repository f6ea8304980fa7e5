"""The search: all starts, the first of each row, how many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Unpack

import attrs
import numpy as np

from petpro_core import _sweeps
from petpro_core.availability import Calendar, CalendarBatch, LocalDays
from petpro_core.decisions._compile import compile_rows, prepare, windows
from petpro_core.decisions._question import Asked, Question
from petpro_core.decisions._whole import stranded_us, visit_of
from petpro_core.errors import InvalidValueError, LimitExceededError
from petpro_core.intervals import ALWAYS, NEVER, Int64Array, Interval, duration_us, from_us
from petpro_core.reasons import Reason, Waiver
from petpro_core.slots import Footprint, Progressions, RefusalTable, SlotRules, SlotTable, sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from petpro_core.bookings import BookingTable
    from petpro_core.decisions._compile import Prepared
    from petpro_core.decisions._leads import Leads

__all__ = [
    "SEARCH_LIMIT",
    "Calendars",
    "check_limit",
    "check_single",
    "chunks",
    "count_slots",
    "find_slots",
    "first_let_go",
    "first_slots",
]

Calendars = Calendar | CalendarBatch | Sequence[Calendar]
SEARCH_LIMIT: Final = 5_000_000


@attrs.frozen(eq=False)
class _Found:
    """What one rule found.

    Attributes:
        counts: int64[n]: how many starts each row has.
        starts: Every start.
        notice: Elapsed notice, or for each start the instant from which notice refuses it.
        footprint: The visit.
        valid_until: When time alone may change this.
        untested: What could not be tested.
        stranded: What each start strands, if the policy asks.
    """

    counts: Int64Array
    starts: Int64Array
    notice: int | Int64Array | None
    footprint: Footprint
    valid_until: int
    untested: tuple[str, ...]
    stranded: Int64Array | None


Reading = Callable[[Progressions], Progressions]


def find_slots(
    calendars: Calendars,
    *,
    busy: BookingTable,
    rules: SlotRules | Sequence[SlotRules],
    within: Interval | LocalDays,
    now: datetime,
    limit: int = SEARCH_LIMIT,
    **asked: Unpack[Asked],
) -> SlotTable:
    """Every start that would be accepted now, row by row.

    A start is here if and only if ``check_booking`` with the same question finds no conflict. ``within`` bounds
    starts, so that two adjoining ranges find together what the whole finds. Cost is linear in rows x (opening ranges +
    bookings).

        >>> from petpro_core import BookingTable, Schedule, WeeklyHours
        >>> from datetime import UTC
        >>> berlin = Calendar(Schedule("Europe/Berlin", WeeklyHours({"monday": ["09:00-10:00"]})))
        >>> found = find_slots(
        ...     berlin,
        ...     busy=BookingTable.empty(known=ALWAYS),
        ...     rules=SlotRules(timedelta(minutes=30)),
        ...     within=Interval(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)),
        ...     now=datetime(2026, 11, 20, tzinfo=UTC),
        ... )
        >>> [slot.start.strftime("%H:%M") for slot in found]
        ['08:00', '08:15', '08:30']

    Args:
        calendars: One, several, or a ``CalendarBatch`` with handles of your own.
        busy: What is booked, and for which time that is known. It has no default: nothing said is not free.
        rules: How starts are laid out; several rules (durations) make a row for each rule and calendar.
        within: A range of instants, or of local days in each calendar's zone.
        now: The present; the core has no clock.
        limit: At most so many starts.
        **asked: ``policy``, ``request``, ``waive``, ``replacing`` (a booking that does not stand in its own way),
        ``cache``.

    Raises:
        LimitExceededError: More starts than ``limit``; nothing is cut off in silence.
        OutOfRangeError: The range lies too near the ends of the years 1 to 9999.
        InvalidValueError: The grid is waived (every microsecond would be an answer).
        NaiveDatetimeError: ``now`` without a zone.

    Source: ADR 2 (one judge), ADR 9 (chunks).
    """
    return _answer(calendars, busy, rules, within, now, limit, asked, _all)


def first_slots(
    calendars: Calendars,
    *,
    busy: BookingTable,
    rules: SlotRules | Sequence[SlotRules],
    within: Interval | LocalDays,
    now: datetime,
    **asked: Unpack[Asked],
) -> SlotTable:
    """The first start of each row, if it has one; as ``find_slots`` otherwise.

        >>> from datetime import UTC, datetime, timedelta
        >>> from petpro_core import ALWAYS, BookingTable, Calendar, Interval, Schedule, SlotRules, WeeklyHours
        >>> clinic = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]})))
        >>> asked = {
        ...     "busy": BookingTable.empty(known=ALWAYS),
        ...     "rules": SlotRules(timedelta(hours=1)),
        ...     "now": datetime(2026, 11, 20, tzinfo=UTC),
        ... }
        >>> week = Interval(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC))
        >>> [slot.start.hour for slot in first_slots([clinic, clinic], within=week, **asked)]
        [9, 9]

    Args:
        calendars: As in ``find_slots``, likewise all others.
        busy: What is booked, and where that is known.
        rules: How starts are laid out.
        within: A range of instants, or of local days.
        now: The present.
        **asked: ``policy``, ``request``, ``waive``, ``replacing``, ``cache``.

    Raises:
        InvalidValueError: No rules, or the grid is waived.
        OutOfRangeError: The range lies too near the ends of the years 1 to 9999.

    Source: ADR 2.
    """
    return _answer(calendars, busy, rules, within, now, SEARCH_LIMIT, asked, Progressions.firsts)


def count_slots(
    calendars: Calendars,
    *,
    busy: BookingTable,
    rules: SlotRules | Sequence[SlotRules],
    within: Interval | LocalDays,
    now: datetime,
    **asked: Unpack[Asked],
) -> Int64Array:
    """How many starts each row has, without making them; rows as in ``find_slots``.

        >>> from datetime import UTC, datetime, timedelta
        >>> from petpro_core import ALWAYS, BookingTable, Calendar, Interval, Schedule, SlotRules, WeeklyHours
        >>> clinic = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]})))
        >>> asked = {
        ...     "busy": BookingTable.empty(known=ALWAYS),
        ...     "rules": SlotRules(timedelta(hours=1)),
        ...     "now": datetime(2026, 11, 20, tzinfo=UTC),
        ... }
        >>> week = Interval(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC))
        >>> count_slots([clinic, clinic], within=week, **asked).tolist()
        [9, 9]

    Args:
        calendars: As in ``find_slots``, likewise all others.
        busy: What is booked, and where that is known.
        rules: How starts are laid out.
        within: A range of instants, or of local days.
        now: The present.
        **asked: ``policy``, ``request``, ``waive``, ``replacing``, ``cache``.

    Raises:
        InvalidValueError: No rules, or the grid is waived.
        OutOfRangeError: The range lies too near the ends of the years 1 to 9999.

    Source: ADR 2.
    """
    batch = CalendarBatch.of(calendars)
    found = [_find(batch, busy, rule, within, now, asked, _none, SEARCH_LIMIT) for rule in _rules(rules)]
    return np.concatenate([part.counts for part in found])


def chunks(prepared: Prepared) -> Iterator[tuple[RefusalTable, Int64Array]]:
    """Refusal tables of as many rows at once as the processor's cache holds, and the distinct calendar of each row."""
    for first in range(0, len(prepared.batch), prepared.chunk):
        last = min(first + prepared.chunk, len(prepared.batch))
        yield compile_rows(prepared, first, last)[0], prepared.batch.index[first:last]


def _all(found: Progressions) -> Progressions:
    return found


def _none(found: Progressions) -> Progressions:
    nothing = found.row[:0]
    return Progressions(found.rows, nothing, nothing, nothing, found.step)


def _rules(rules: SlotRules | Sequence[SlotRules]) -> tuple[SlotRules, ...]:
    every = (rules,) if isinstance(rules, SlotRules) else tuple(rules)
    if not every:
        msg = "a search is for at least one set of rules, got none"
        raise InvalidValueError(msg)
    return every


def _find(
    batch: CalendarBatch,
    busy: BookingTable,
    rules: SlotRules,
    within: Interval | LocalDays,
    now: datetime,
    asked: Asked,
    read: Reading,
    limit: int,
) -> _Found:
    """Sweep chunk after chunk, and make the starts that ``read`` takes of each while it is still in the cache."""
    question = Question.of(busy=busy, rules=rules, now=now, **asked)
    if Waiver.GRID in question.waive:
        msg = "a search needs its grid (without it every microsecond is an answer); waive it in a check of one start"
        raise InvalidValueError(msg, waive=Waiver.GRID)
    prepared = prepare(question, batch, *windows(batch, within))
    bounds, until, total = prepared.leads, question.hold_ends_us, 0
    if np.count_nonzero(bounds.upper < prepared.high) and Waiver.HORIZON not in question.waive:
        until = min(until, bounds.next_midnight)
    waived = Waiver.NOTICE in question.waive
    counts: list[Int64Array] = []
    starts: list[Int64Array] = []
    notices: list[Int64Array] = []
    stranded: list[Int64Array] = []
    for table, index in chunks(prepared):
        low, high = prepared.low[index], prepared.high[index]
        found = sweep(table, low, high)
        until = min(until, _leaves(prepared, found, index), _enters(prepared, table, high))
        if table.waits:
            until = min(until, _let_go(prepared, table, index))
        taken = read(found)
        counts.append(found.counts() if read is _none else taken.counts())
        total += int(taken.count.sum())
        check_limit(total, limit)
        starts.append(taken.starts())
        if not waived and not isinstance(bounds.notice, int):
            notices.append(bounds.offered_until(index[taken.row].repeat(taken.count), starts[-1]))
        if question.policy.stranding is not None:
            stranded.append(_stranded(prepared, table, taken.row.repeat(taken.count), starts[-1]))
    return _Found(
        counts=_joined(counts),
        starts=_joined(starts),
        notice=None if waived else bounds.notice if isinstance(bounds.notice, int) else _joined(notices),
        footprint=prepared.footprint,
        valid_until=until,
        untested=question.untested,
        stranded=_joined(stranded) if question.policy.stranding is not None else None,
    )


def _stranded(prepared: Prepared, table: RefusalTable, row: Int64Array, starts: Int64Array) -> Int64Array:
    """What each start strands; a stay, and a seat of a session, strands nothing."""
    question = prepared.question
    if question.stranding is None or table.gaps is None:
        return np.zeros(len(starts), np.int64)
    keys = starts if table.line.rows == 1 else starts + table.line.bases()[row]
    return stranded_us(question.stranding, table.gaps, visit_of(question, prepared.footprint), keys)


def _joined(parts: list[Int64Array]) -> Int64Array:
    return parts[0] if len(parts) == 1 else np.concatenate(parts or [np.empty(0, np.int64)])


def check_single(rules: object) -> None:
    """Refuse several rules where only one can be meant."""
    if not isinstance(rules, SlotRules):
        msg = f"common starts and streams are of one set of rules, got {type(rules).__name__}; ask once for each"
        raise InvalidValueError(msg, got=type(rules).__name__)


def check_limit(total: int, limit: int) -> None:
    """Refuse an answer that is larger than the caller expects, before it is made."""
    if total > limit:
        msg = f"the answer has {total} starts or more, over limit={limit}; ask for a shorter range or a longer step"
        raise LimitExceededError(msg, limit=limit, got=total)


def _leaves(prepared: Prepared, found: Progressions, index: Int64Array) -> int:
    """When notice takes the first of these starts away."""
    if Waiver.NOTICE in prepared.question.waive or not len(found.first):
        return NEVER
    notice = prepared.leads.notice
    if isinstance(notice, int):
        return int(found.first.min()) - (notice - 1)
    heads = found.firsts()
    return int(prepared.leads.offered_until(index[heads.row], heads.first).min())


def _enters(prepared: Prepared, table: RefusalTable, high: Int64Array) -> int:
    """When an elapsed horizon could let the next start of the grid in, whatever else may refuse it."""
    horizon = prepared.question.policy.horizon
    if not isinstance(horizon, timedelta) or not np.count_nonzero(table.upper < high):
        return NEVER
    # An elapsed horizon ends at one instant for everybody, and the range asked is the same for all rows of a template.
    size = table.grid.line.rows
    last = _sweeps.filled(size, 0)
    last[table.template] = high
    waiting = table.grid.first_from(_sweeps.filled(size, int(table.upper[0])), last)
    return NEVER if waiting is None else waiting - duration_us(horizon)


def _let_go(prepared: Prepared, table: RefusalTable, index: Int64Array) -> int:
    """When time alone lets go the first start that a release keeps and that nothing else refuses."""
    others = tuple(part for part in table.refused if part[0] is not Reason.RELEASE)
    found = sweep(attrs.evolve(table, refused=others), prepared.low[index], prepared.high[index])
    starts, row = found.starts(), found.row.repeat(found.count)
    keys = starts if table.line.rows == 1 else starts + table.line.bases()[row]
    until = NEVER
    for lead, first, last in table.waits:
        kept = _sweeps.contains(np.sort(first), np.sort(last), keys).nonzero()[0]
        # With several releases one may hold on for longer than another: this is the first that could let go.
        until = min(until, first_let_go(prepared, prepared.leads, index[row[kept]], starts[kept], lead))
    return until


def first_let_go(prepared: Prepared, bounds: Leads, template: Int64Array, starts: Int64Array, lead: int) -> int:
    """When the first of some starts is let go that is not too soon by then: what notice takes before never comes."""
    at = starts - lead
    if Waiver.NOTICE not in prepared.question.waive:
        notice = bounds.notice
        gone = starts - (notice - 1) if isinstance(notice, int) else bounds.offered_until(template, starts)
        at = at[at < gone]
    return int(at.min(initial=NEVER))


def _answer(
    calendars: Calendars,
    busy: BookingTable,
    rules: SlotRules | Sequence[SlotRules],
    within: Interval | LocalDays,
    now: datetime,
    limit: int,
    asked: Asked,
    read: Reading,
) -> SlotTable:
    """The table of the starts that ``read`` takes from what each rule found."""
    batch, every = CalendarBatch.of(calendars), _rules(rules)
    found: list[_Found] = []
    for rule in every:
        found.append(
            _find(batch, busy, rule, within, now, asked, read, limit - sum(len(part.starts) for part in found))
        )
    until = min(part.valid_until for part in found)
    notices = [part.notice for part in found if isinstance(part.notice, np.ndarray)]
    offsets = np.zeros(len(batch) * len(every) + 1, np.int64)
    _joined([part.counts for part in found]).cumsum(out=offsets[1:])
    return SlotTable(
        handles=batch.handles if len(every) == 1 else np.tile(batch.handles, len(every)),
        rule=np.zeros(len(batch), np.int64) if len(every) == 1 else np.arange(len(every)).repeat(len(batch)),
        offsets=offsets,
        starts=_joined([part.starts for part in found]),
        rules=every,
        valid_until=None if until > ALWAYS.end_us else from_us(until),
        untested=found[0].untested,
        footprints=tuple(part.footprint for part in found),
        calendar=np.arange(len(batch)) if len(every) == 1 else np.tile(np.arange(len(batch)), len(every)),
        notice=_joined(notices) if notices else found[0].notice,
        stranded=None
        if found[0].stranded is None
        else _joined([s for part in found if (s := part.stranded) is not None]),
    )
