"""Two states of one question, swept over the stretches that may differ, and what is in one of them alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core import _sweeps
from petpro_core._sweeps import filled
from petpro_core.availability import CalendarBatch
from petpro_core.bookings import BookingPolicy, BookingTable, WorkingTime
from petpro_core.decisions._compile import compile_rows, prepare, windows, zones_of
from petpro_core.decisions._leads import leads
from petpro_core.decisions._whole import stranded_us, visit_of
from petpro_core.intervals import ALWAYS, NEVER, Int64Array, duration_us
from petpro_core.reasons import Waiver
from petpro_core.slots import CalendarDays, Footprint, SlotTable, sweep

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from petpro_core.availability import LocalDays
    from petpro_core.decisions._compile import Prepared
    from petpro_core.decisions._question import Question
    from petpro_core.intervals import Interval
    from petpro_core.repair._concerned import Stretches
    from petpro_core.slots import RefusalTable, SlotRules

__all__ = [
    "Found",
    "both",
    "bounds_of",
    "elapsed_notice",
    "footprint_over",
    "horizon_until",
    "in_opening_time",
    "joined",
    "kept_until",
    "merged",
    "only_in",
    "places_of",
    "slot_table",
    "some_rows",
    "swept",
]

_NO_BOOKINGS: Final = BookingTable.empty(known=ALWAYS)


@attrs.frozen(eq=False)
class Found:
    """Starts of some rows of a batch, in order of row and time.

    Attributes:
        row: int64[m]: the row of each in the batch.
        starts: int64[m]: the starts.
        until: int64[m]: from when notice refuses each; ``None`` where the policy tells it for all alike.
        stranded: int64[m]: what each strands; ``None`` where no policy asks.
    """

    row: Int64Array
    starts: Int64Array
    until: Int64Array | None
    stranded: Int64Array | None

    def __len__(self) -> int:
        """How many."""
        return len(self.starts)

    def at(self, places: npt.NDArray[np.bool_] | Int64Array) -> Found:
        """Some of them."""
        return Found(
            self.row[places],
            self.starts[places],
            None if self.until is None else self.until[places],
            None if self.stranded is None else self.stranded[places],
        )


def bounds_of(batch: CalendarBatch, within: Interval | LocalDays) -> tuple[Int64Array, Int64Array]:
    """First start asked and first start no longer asked, for each row."""
    low, high = windows(batch, within)
    return low[batch.index], high[batch.index]


def in_opening_time(question: Question) -> bool:
    """Whether notice is counted in opening time, so that each start has an instant of its own at which it ends."""
    notice = question.policy.min_notice
    return Waiver.NOTICE not in question.waive and isinstance(notice, WorkingTime) and bool(notice.time)


def elapsed_notice(question: Question) -> int | None:
    """Elapsed notice in microseconds; ``None`` where it is waived, or counted in opening time."""
    notice = question.policy.min_notice
    if Waiver.NOTICE in question.waive or in_opening_time(question):
        return None
    return duration_us(notice.time if isinstance(notice, WorkingTime) else notice)


def swept(question: Question, batch: CalendarBatch, stretches: Stretches) -> Found:
    """What a question offers in some stretches of some rows: the judge's own table, read where they lie."""
    if not len(stretches):
        return _nothing(question)
    some, low, high = _asked(batch, stretches)
    return _read(prepare(question, some, low, high), stretches)


def both(before: Question, after: Question, batch: CalendarBatch, stretches: Stretches) -> tuple[Found, Found]:
    """What is offered before and afterwards, where nothing but bookings and the present changes."""
    if not len(stretches):
        return _nothing(before), _nothing(after)
    some, low, high = _asked(batch, stretches)
    prepared = prepare(before, some, low, high)
    later = attrs.evolve(prepared, question=after)
    if before.now_us != after.now_us:
        later = attrs.evolve(later, leads=leads(after, some.distinct, prepared.window[1]))
    return _read(prepared, stretches), _read(later, stretches)


def _nothing(question: Question) -> Found:
    nothing = np.empty(0, np.int64)
    told = question.policy.stranding is not None
    return Found(nothing, nothing, nothing if in_opening_time(question) else None, nothing if told else None)


def some_rows(batch: CalendarBatch, rows: Int64Array) -> CalendarBatch:
    """Some rows of a batch, with only the calendars that they use."""
    if len(rows) == 1:
        used, index = batch.index[rows], np.zeros(1, np.int64)
    else:
        used, index = np.unique(batch.index[rows], return_inverse=True)
    distinct = tuple(batch.distinct[number] for number in used.tolist())
    return CalendarBatch(distinct, index, batch.handles[rows], batch.capacities[rows])


def _asked(batch: CalendarBatch, stretches: Stretches) -> tuple[CalendarBatch, Int64Array, Int64Array]:
    """The rows of some stretches, and of each distinct calendar the first start asked and the first after them."""
    some = some_rows(batch, stretches.rows)
    if len(some) == 1:
        return some, stretches.low, stretches.high
    low, high = filled(len(some.distinct), NEVER), filled(len(some.distinct), -NEVER)
    np.minimum.at(low, some.index, stretches.low)
    np.maximum.at(high, some.index, stretches.high)
    return some, low, high


def _read(prepared: Prepared, stretches: Stretches) -> Found:
    """Sweep so many rows at once as the processor's cache holds."""
    rows, parts, each = stretches.rows, [], in_opening_time(prepared.question)
    for first in range(0, len(rows), prepared.chunk):
        last = min(first + prepared.chunk, len(rows))
        table, _, number = compile_rows(prepared, first, last)
        found = sweep(table, stretches.low[first:last], stretches.high[first:last])
        row, starts = found.row.repeat(found.count), found.starts()
        until = prepared.leads.offered_until(number[row], starts) if each else None
        parts.append(Found(rows[first:last][row], starts, until, _stranded(prepared, table, row, starts)))
    return joined(parts)


def _stranded(prepared: Prepared, table: RefusalTable, row: Int64Array, starts: Int64Array) -> Int64Array | None:
    """What each start strands, as a search tells it."""
    question = prepared.question
    if question.policy.stranding is None:
        return None
    if question.stranding is None or table.gaps is None:
        return np.zeros(len(starts), np.int64)
    keys = starts if table.line.rows == 1 else starts + table.line.bases()[row]
    return stranded_us(question.stranding, table.gaps, visit_of(question, prepared.footprint), keys)


def joined(parts: Sequence[Found]) -> Found:
    """All parts, one after another."""
    if len(parts) == 1:
        return parts[0]
    untils = [part.until for part in parts if part.until is not None]
    stranded = [part.stranded for part in parts if part.stranded is not None]
    return Found(
        np.concatenate([part.row for part in parts]),
        np.concatenate([part.starts for part in parts]),
        np.concatenate(untils) if untils else None,
        np.concatenate(stranded) if stranded else None,
    )


def merged(parts: Sequence[Found]) -> Found:
    """All parts in order of row and time, each start once."""
    every = joined(parts)
    order = np.lexsort((every.starts, every.row))
    every = every.at(order)
    again = (every.starts[1:] == every.starts[:-1]) & (every.row[1:] == every.row[:-1])
    return every.at(np.append(True, ~again)[: len(every)].nonzero()[0])


def only_in(one: Found, other: Found) -> Found:
    """What is in the first and not in the second; both in order of row and time."""
    if not len(one) or not len(other):
        return one
    origin = int(min(one.starts.min(), other.starts.min()))
    width = int(max(one.starts.max(), other.starts.max())) - origin + 1
    # So many rows lie on one line; nearly always that is all of them.
    at_once, last = _sweeps.ROOM // width, int(max(one.row[-1], other.row[-1]))
    kept = []
    for first in range(0, last + 1, at_once):
        (low, high), (begin, end) = (found.row.searchsorted([first, first + at_once]) for found in (one, other))
        own = one.row[low:high] * width + (one.starts[low:high] - origin)
        others = other.row[begin:end] * width + (other.starts[begin:end] - origin)
        place = others.searchsorted(own)
        alone = others.take(place, mode="clip") != own if len(others) else np.ones(len(own), np.bool_)
        kept.append(low + alone.nonzero()[0])
    return one.at(np.concatenate(kept))


def footprint_over(rules: SlotRules, batch: CalendarBatch, window: tuple[int, int]) -> Footprint:
    """The visit in every row of a batch."""
    if not isinstance(rules.duration, CalendarDays):
        return Footprint(duration_us(rules.duration))
    zones = zones_of(batch.distinct, batch.index)
    return Footprint.of(rules, zones.zones, zones.of_row, window)


def horizon_until(question: Question, batch: CalendarBatch, within: Interval | LocalDays) -> int:
    """When the horizon may let the next start of these rows in, whatever else may refuse it; or never."""
    horizon = question.policy.horizon
    if horizon is None or Waiver.HORIZON in question.waive or not len(batch):
        return NEVER
    low, high = windows(batch, within)
    number = np.arange(len(batch.distinct))
    one_each = CalendarBatch(batch.distinct, number, number, np.ones(len(number), np.int64))
    bare = attrs.evolve(question, busy=_NO_BOOKINGS, policy=BookingPolicy(horizon=horizon), replacing=None)
    prepared = prepare(bare, one_each, low, high)
    upper = prepared.leads.upper
    if not np.count_nonzero(upper < high):
        return NEVER
    until = prepared.leads.next_midnight
    if until == NEVER:
        for first in range(0, len(number), prepared.chunk):
            last = min(first + prepared.chunk, len(number))
            grid = compile_rows(prepared, first, last)[0].grid
            waiting = grid.first_from(upper[first:last], high[first:last])
            if waiting is not None:
                # An elapsed horizon ends at one instant for everybody.
                until = min(until, waiting - (int(upper[0]) - 1 - question.now_us))
    return until


def kept_until(question: Question, batch: CalendarBatch, within: Interval | LocalDays) -> int:
    """When a release may let the next start of these rows go, whatever else may refuse it; or never."""
    if not question.releases or not len(batch):
        return NEVER
    low, high = windows(batch, within)
    number = np.arange(len(batch.distinct))
    one_each = CalendarBatch(batch.distinct, number, number, np.ones(len(number), np.int64))
    # As if the time of every resource were kept: too early at worst.
    kept = [attrs.evolve(one, resources=None) for one in question.releases]
    bare = attrs.evolve(question, busy=_NO_BOOKINGS, policy=BookingPolicy(releases=kept), replacing=None)
    prepared, until = prepare(bare, one_each, low, high), NEVER
    for first in range(0, len(number), prepared.chunk):
        last = min(first + prepared.chunk, len(number))
        table = compile_rows(prepared, first, last)[0]
        found = sweep(attrs.evolve(table, refused=()), low[first:last], high[first:last])
        starts, row = found.starts(), found.row.repeat(found.count)
        keys = starts if table.line.rows == 1 else starts + table.line.bases()[row]
        for lead, begin, end in table.waits:
            held = starts[_sweeps.contains(np.sort(begin), np.sort(end), keys)]
            until = min(until, int(held.min(initial=NEVER)) - lead)
    return until


# In: where each row of a table begins and ends, its starts, and the rows and starts that are looked for. Out: where
# each is or would be, and whether it is there. A bisection of all at once, each within its own row.
def places_of(
    offsets: Int64Array, starts: Int64Array, rows: Int64Array, wanted: Int64Array
) -> tuple[Int64Array, npt.NDArray[np.bool_]]:
    """The places of some starts among those of their rows."""
    low, high = offsets[rows], offsets[rows + 1]
    ends = high
    while np.count_nonzero(low < high):
        middle = (low + high) >> 1
        less = (low < high) & (starts.take(middle, mode="clip") < wanted)
        low, high = np.where(less, middle + 1, low), np.where(less, high, np.minimum(middle, high))
    there = low < ends
    there[there] = starts[low[there]] == wanted[there]
    return low, there


def slot_table(
    batch: CalendarBatch, rules: tuple[SlotRules, ...], found: Sequence[Found], question: Question
) -> SlotTable:
    """A table of starts, a row for each rule and calendar, as a search makes it."""
    rows, number, several = len(batch), np.arange(len(batch)), len(rules) > 1
    every = joined([attrs.evolve(one, row=one.row + place * rows) for place, one in enumerate(found)])
    window = int(every.starts.min(initial=0)), int(every.starts.max(initial=0)) + 1
    return SlotTable(
        handles=np.tile(batch.handles, len(rules)) if several else batch.handles,
        rule=np.arange(len(rules)).repeat(rows),
        offsets=np.append(0, np.bincount(every.row, minlength=rows * len(rules)).cumsum()),
        starts=every.starts,
        rules=rules,
        valid_until=None,
        untested=question.untested,
        footprints=tuple(footprint_over(rule, batch, window) for rule in rules),
        calendar=np.tile(number, len(rules)) if several else number,
        notice=elapsed_notice(question) if every.until is None else every.until,
        stranded=every.stranded,
    )
