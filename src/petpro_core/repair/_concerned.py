"""Which starts a booking can touch: the rows it bears on, and for each the stretch of starts that it may move.

A stretch may be too wide and never too narrow: outside of it the refusals before and after are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np

from petpro_core.bookings import BookingTable, Scope
from petpro_core.decisions._caps import periods
from petpro_core.index._ledger import NAMES, Ledger, Part
from petpro_core.intervals import ALWAYS, DAY_US, NEVER, Int64Array, duration_us

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from petpro_core.availability import CalendarBatch
    from petpro_core.bookings import Booking, Cap
    from petpro_core.decisions._question import Question
    from petpro_core.timezones import TimeZone

__all__ = ["Held", "Stretches", "held_by", "held_in", "ledger_of", "only", "tables_for", "touched"]

_ALWAYS: Final = (ALWAYS.start_us, ALWAYS.end_us)
_PERSONS: Final = (Scope.CLIENT, Scope.HOUSEHOLD, Scope.PET, Scope.GROUP)
_NOTHING: Final = np.empty(0, np.int64)
_FEW: Final = 16  # Rows whose bookings are taken one by one; of more rows, all that lie near are taken at once.
_MONTH_US: Final = 40 * DAY_US  # No period of a cap is longer, and none begins so far from a booking that it counts.
# Starts are judged 800 days from the ends of time at the nearest, and no period holds one and what lies outside these.
_EARLIEST: Final = ALWAYS.start_us + 400 * DAY_US
_LATEST: Final = ALWAYS.end_us - 400 * DAY_US


@attrs.frozen
class Held:
    """One allocation that comes, goes or lets go.

    What it is for, and through which channel it came, is left aside: a rule that does not count it moves nothing.

    Attributes:
        number: The number of its booking.
        resource: Where it is.
        start: The visit's start, in microseconds, likewise below.
        end: Its end.
        occupied: Its start and end with buffers.
        people: The subjects of the booking, by scope.
    """

    number: int
    resource: int
    start: int
    end: int
    occupied: tuple[int, int]
    people: Mapping[Scope, int | None]


def held_by(bookings: Iterable[Booking]) -> list[Held]:
    """What some bookings hold."""
    return [
        Held(
            booking.id,
            part.resource,
            part.interval.start_us,
            part.interval.end_us,
            (part.occupied.start_us, part.occupied.end_us),
            {scope: getattr(booking, scope) for scope in _PERSONS},
        )
        for booking in bookings
        for part in booking.allocations
    ]


def held_in(busy: BookingTable, places: Int64Array) -> list[Held]:
    """What some rows of a table hold."""
    names = ("booking", "resource", "start", "end", "occupied_start", "occupied_end", *_PERSONS)
    rows = zip(*(busy.column(name)[places].tolist() for name in names), strict=True)
    return [
        Held(number, resource, start, end, (low, high), dict(zip(_PERSONS, people, strict=True)))
        for number, resource, start, end, low, high, *people in rows
    ]


@attrs.frozen(eq=False)
class Stretches:
    """Rows of a batch, in order, and for each the first start that may differ and the first start after them."""

    rows: Int64Array
    low: Int64Array
    high: Int64Array

    def __len__(self) -> int:
        """How many rows."""
        return len(self.rows)

    def within(self, bounds: tuple[Int64Array, Int64Array]) -> Stretches:
        """Clipped to what is asked of each row of the batch; rows of which nothing is left are left out."""
        low, high = np.maximum(self.low, bounds[0][self.rows]), np.minimum(self.high, bounds[1][self.rows])
        kept = low < high
        return Stretches(self.rows[kept], low[kept], high[kept])

    @classmethod
    def whole(cls, rows: Int64Array, bounds: tuple[Int64Array, Int64Array]) -> Stretches:
        """All that is asked of some rows."""
        return cls(rows, bounds[0][rows], bounds[1][rows])

    def whole_of(self, bounds: tuple[Int64Array, Int64Array]) -> Int64Array:
        """The rows of which all that is asked is in it."""
        whole = (self.low == bounds[0][self.rows]) & (self.high == bounds[1][self.rows])
        rows: Int64Array = self.rows[whole]
        return rows

    @property
    def hull(self) -> tuple[int, int]:
        """The earliest and the latest of their bounds; no time at all where there is no row."""
        return int(self.low.min(initial=NEVER)), int(self.high.max(initial=-NEVER))


def touched(question: Question, batch: CalendarBatch, held: Iterable[Held]) -> Stretches:
    """The starts that some allocations may bear on, whether they are there or not."""
    own: dict[int, list[int]] = {}
    everywhere: list[tuple[int, int]] = []
    for one in held:
        if one.number == question.replacing:
            continue
        everywhere += _of_who_asks(question, batch, one)
        for row in (batch.handles == one.resource).nonzero()[0].tolist():
            # What strands time in a gap is told by all that is free around it.
            spans = [_ALWAYS] if question.stranding is not None else [_own(question, one)]
            spans += _periods(question, batch, one, row)
            own.setdefault(row, []).extend(edge for span in spans for edge in span)
    if everywhere:
        edges = [edge for span in everywhere for edge in span]
        rows = np.arange(len(batch))
        low, high = np.full(len(batch), min(edges)), np.full(len(batch), max(edges))
        for row, more in own.items():
            low[row], high[row] = min(low[row], *more), max(high[row], *more)
        return Stretches(rows, low, high)
    order = sorted(own)
    return Stretches(
        np.array(order, np.int64),
        np.array([min(own[row]) for row in order], np.int64),
        np.array([max(own[row]) for row in order], np.int64),
    )


def _own(question: Question, held: Held) -> tuple[int, int]:
    """The starts whose occupied time, or gap, may meet an allocation."""
    rules = question.rules
    before, after = rules.buffers_us
    gap = max((duration_us(gap.time) for gap in question.gaps if gap.by is Scope.RESOURCE), default=0)
    low = min(held.occupied[0] - after, held.start - gap) - rules.longest_us
    return low, max(held.occupied[1] + before, held.end + gap)


def _periods(question: Question, batch: CalendarBatch, held: Held, row: int) -> list[tuple[int, int]]:
    """The periods of the resource's caps that count an allocation."""
    caps = [cap for cap in question.caps if cap.by is Scope.RESOURCE]
    home = batch.distinct[int(batch.index[row])].zone
    return [_period(cap, home, held.start) for cap in caps if _EARLIEST < held.start < _LATEST]


def _period(cap: Cap, home: TimeZone, start: int) -> tuple[int, int]:
    day = start // DAY_US
    bounds = periods(cap.zone or home, cap.per, day - 2, day + 2)
    place = int(bounds.searchsorted(start, "right"))
    return int(bounds[place - 1]), int(bounds[place])


def _of_who_asks(question: Question, batch: CalendarBatch, held: Held) -> list[tuple[int, int]]:
    """The starts, in any row, that an allocation of who asks bears on; nothing of anybody else's."""
    request = question.request
    mine = {scope for scope in _PERSONS if request.subject(scope) is not None}
    mine = {scope for scope in mine if held.people[scope] == request.subject(scope)}
    found: list[tuple[int, int]] = []
    reach = question.rules.longest_us
    gaps = [duration_us(gap.time) for gap in question.gaps if gap.by in mine]
    gaps += [0 for scope in question.alone if scope in mine]
    if gaps:
        found.append((held.start - max(gaps) - reach, held.end + max(gaps)))
    caps = [cap for cap in question.caps if cap.by in mine]
    if caps:
        # A booking counts where the first of its allocations starts, and that may be another one than this.
        there = question.busy.start[question.busy.booking == held.number].tolist()
        homes = {id(calendar.zone): calendar.zone for calendar in batch.distinct}.values()
        starts = {start for start in (held.start, *there) if _EARLIEST < start < _LATEST}
        found += [_period(cap, home, start) for cap in caps for home in homes for start in starts]
    return found


# --- the bookings that a few rows, or a short stretch of all rows, are judged by --------------------------------------


def _scopes(question: Question) -> list[Scope]:
    asked = [cap.by for cap in question.caps] + [gap.by for gap in question.gaps] + list(question.alone)
    return sorted({scope for scope in asked if scope is not Scope.RESOURCE})


def ledger_of(question: Question) -> Ledger:
    """The bookings of a question, of which some may change; when holds let go is not asked of it."""
    busy, mine = question.busy, np.empty((len(NAMES), 0), np.int64)
    scopes = _scopes(question)
    subjects = tuple((NAMES.index(str(scope)), question.request.subject(scope) or 0) for scope in scopes)
    if scopes:
        places = _of_subjects(question).nonzero()[0]
        mine = np.stack([busy.column(name)[places] for name in NAMES])
    return Ledger(busy, {}, subjects, mine, _NOTHING, _NOTHING)


def _of_subjects(question: Question) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which bookings are those of who asks, where some rule looks at them."""
    found = np.zeros(len(question.busy), np.bool_)
    for scope in _scopes(question):
        column: Int64Array | None = getattr(question.busy, scope)
        if column is not None:
            found |= column == question.request.subject(scope)
    return found


def tables_for(
    question: Question, ledger: Ledger, batch: CalendarBatch, stretches: Stretches, parts: Mapping[int, Part]
) -> tuple[BookingTable, BookingTable]:
    """The bookings that some stretches are judged by, before and after some resources hold something else."""
    if len(stretches) <= _FEW:
        handles = batch.handles[stretches.rows]
        before = ledger.table(handles) if len(stretches) else question.busy
        return before, ledger.with_parts(parts).table(handles) if parts and len(stretches) else before
    before = _nearby(question, *stretches.hull)
    if not parts:
        return before, before
    return before, ledger_of(attrs.evolve(question, busy=before)).with_parts(parts).whole


def _nearby(question: Question, low: int, high: int) -> BookingTable:
    """The bookings that can bear on starts from ``low`` to ``high``: those near, and all of who asks."""
    busy, rules = question.busy, question.rules
    reach = rules.longest_us + sum(rules.buffers_us)
    reach += max((duration_us(gap.time) for gap in question.gaps), default=0)
    if question.caps:
        reach = max(reach, _MONTH_US)
    near = (busy.occupied_end > low - reach) & (busy.occupied_start < high + reach)
    return only(busy, (near | _of_subjects(question)).nonzero()[0])


def only(busy: BookingTable, places: Int64Array) -> BookingTable:
    """Some rows of a table, in order, with the time for which it is known."""
    columns = {name: getattr(busy, name) for name in NAMES}
    kept: dict[str, Any] = {name: None if column is None else column[places] for name, column in columns.items()}
    return attrs.evolve(busy, **kept)
