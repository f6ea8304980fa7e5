"""One state of an index: its bookings, its ``now``, and the matrix that both make; nothing in it ever changes.

A change makes another snapshot that shares the frame, the matrix and the bookings of this one, and lays over them the
rows that the change moved. What ``now`` alone says (notice, horizon) is clipped off when the matrix is first read.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core._sweeps import filled
from petpro_core.decisions._leads import leads
from petpro_core.decisions._search import first_let_go
from petpro_core.index._bits import Words, between, counts, firsts, looked_up, packed, words_for
from petpro_core.intervals import Int64Array, duration_us
from petpro_core.reasons import Waiver

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from petpro_core.decisions._leads import Leads
    from petpro_core.decisions._question import Question
    from petpro_core.index._frame import Frame
    from petpro_core.index._ledger import Ledger, Part
    from petpro_core.slots import SlotTable

__all__ = ["Snapshot"]

_OVERLAY_ROWS: Final = 64  # Laid over the base by more rows than this, a matrix is written anew.
_FEW: Final = 16  # Of fewer rows than one in so many, only those that are asked are brought onto the axis.
_ALIGNED_CELLS: Final = 2_000_000_000
_CHUNK_ROWS: Final = 1_000


# Not slotted: attrs gives slotted classes their cached properties through __getattr__, at ten times the price.
@attrs.frozen(eq=False, slots=False)
class Snapshot:
    """What is booked and when it is asked.

    Attributes:
        frame: The rows and the candidate starts.
        question: What is asked, and ``now``; its bookings are those of the ledger.
        ledger: The bookings.
        base: The matrix before the last changes.
        rows: int64[k]: the rows that changed.
        fresh: Their words.
        before: An earlier snapshot's rows on the axis, and which rows changed since; ``None`` where nobody asked.
    """

    frame: Frame
    question: Question
    ledger: Ledger
    base: Words
    rows: Int64Array
    fresh: Words
    before: tuple[Words, Int64Array] | None = None

    @classmethod
    def of(cls, frame: Frame, question: Question, ledger: Ledger) -> Snapshot:
        """Every row compiled."""
        every = frame.cells(question, ledger.whole, np.arange(len(frame.batch)))
        return cls(frame, question, ledger, every, frame.rows[:0], every[:0])

    @cached_property
    def words(self) -> Words:
        """The matrix of what bookings, hours and rules let through, notice and horizon aside."""
        if not len(self.rows):
            return self.base
        words = self.base.copy()
        words[self.rows] = self.fresh
        return words

    @cached_property
    def leads(self) -> Leads:
        """Notice and horizon now."""
        prepared = self.frame.prepared
        return leads(self.question, prepared.batch.distinct, prepared.window[1])

    @cached_property
    def live(self) -> Words:
        """The matrix of what is offered now."""
        if not self.frame.kept:
            return self.clipped
        live = self.clipped.copy()
        for _, rows, kept in self.holding:
            live[rows] &= ~kept
        return live

    @property
    def holding(self) -> Iterator[tuple[int, Int64Array, Words]]:
        """What each release holds on to now: its lead, the rows, and their cells."""
        own, size = self.frame.candidates, len(self.frame.prepared.batch.distinct)
        for lead, kept, rows in self.frame.kept:
            ahead = own.before(filled(size, self.question.now_us + lead + 1))
            held = kept & between(ahead, np.diff(own.offsets), self.frame.width)
            yield lead, rows, held[self.frame.batch.index[rows]]

    @cached_property
    def clipped(self) -> Words:
        """The matrix of what is offered now, releases aside."""
        frame, waive, bounds, own = self.frame, self.question.waive, self.leads, self.frame.candidates
        first, last = np.zeros(len(bounds.lower), np.int64), np.diff(own.offsets)
        if Waiver.NOTICE not in waive:
            first = own.before(bounds.lower)
        if Waiver.HORIZON not in waive:
            last = own.before(bounds.upper)
        if not first.any() and (last == np.diff(own.offsets)).all():
            return self.words
        return self.words & between(first, last, frame.width)[frame.batch.index]

    def starts(self, row: Int64Array, column: Int64Array) -> Int64Array:
        """The starts that some cells stand for."""
        return self.frame.candidates.starts.take(self.frame.begins[row] + column)

    def aligned(self, rows: Int64Array) -> Words:
        """What is offered now in some rows, with a column for each point of the axis that all rows share."""
        axis, whole = self.frame.candidates.axis, len(self.frame.batch)
        if len(rows) * _FEW < whole or whole * len(axis) > _ALIGNED_CELLS:
            return self._aligned(rows)
        return self.all_aligned[rows]

    @cached_property
    def all_aligned(self) -> Words:
        """Every row on the axis."""
        if self.before is None:
            return self._aligned(np.arange(len(self.frame.batch)))
        words, rows = self.before[0].copy(), np.unique(self.before[1])
        words[rows] = self._aligned(rows)
        return words

    def _aligned(self, rows: Int64Array) -> Words:
        candidates, width = self.frame.candidates, words_for(len(self.frame.candidates.axis))
        words = np.empty((len(rows), width), np.uint64)
        for first in range(0, len(rows), _CHUNK_ROWS):
            part = rows[first : first + _CHUNK_ROWS]
            live = self.live[part]
            per_row = counts(live)
            places = looked_up(live, self.frame.begins[part], per_row, candidates.places)
            words[first : first + len(part)] = packed(np.arange(len(part)).repeat(per_row), places, len(part), width)
        return words

    @cached_property
    def fresh_until_us(self) -> int:
        """When time alone may change an answer next; the same instant that a search would name, or a later one."""
        frame, question, bounds = self.frame, self.question, self.leads
        until = self.ledger.next_end(question.now_us)
        if Waiver.HORIZON not in question.waive and np.count_nonzero(bounds.upper < frame.prepared.high):
            until = min(until, bounds.next_midnight)
            if isinstance(question.policy.horizon, timedelta):
                # An elapsed horizon ends at one instant for everybody; the next candidate start enters first.
                axis = frame.candidates.axis
                place = int(axis.searchsorted(bounds.upper[0]))
                if place < len(axis):
                    until = min(until, int(axis[place]) - duration_us(question.policy.horizon))
        row, column = firsts(self.live)
        if len(row) and Waiver.NOTICE not in question.waive:
            until = min(until, int(self.refused_from(row, self.starts(row, column)).min()))
        for lead, rows, kept in self.holding:
            cells = self.clipped[rows] & kept
            per_row = counts(cells)
            starts = looked_up(cells, frame.begins[rows], per_row, frame.candidates.starts)
            template = frame.batch.index[rows].repeat(per_row)
            until = min(until, first_let_go(frame.prepared, bounds, template, starts, lead))
        return until

    def stranded(self, table: SlotTable) -> Int64Array:
        """What each start of a table strands, whose rows are those of the index."""
        handles = self.frame.batch.handles[np.unique(table.rows)]
        busy = self.ledger.table(handles) if len(handles) else self.ledger.base
        return self.frame.stranded(self.question, busy, table.rows, table.starts)

    def refused_from(self, row: Int64Array, starts: Int64Array) -> Int64Array:
        """The instant from which notice refuses each of some starts that it allows now."""
        notice = self.leads.notice
        if isinstance(notice, int):
            return starts - (notice - 1)
        return self.leads.offered_until(self.frame.batch.index[row], starts)

    def changed(self, parts: Mapping[int, Part]) -> Snapshot:
        """The snapshot in which some resources hold other bookings."""
        if not parts:
            return self
        everything, ledger = self.ledger.moves_all(parts), self.ledger.with_parts(parts)
        if everything:
            return Snapshot.of(self.frame, self.question, ledger)
        rows = self.frame.rows_of(parts)
        return self._compiled(self.question, ledger, rows, self._to_mend(rows))

    def _to_mend(self, rows: Int64Array) -> tuple[Words, Int64Array] | None:
        """What was brought onto the axis, and the rows that are others by now; nothing where most of them are."""
        if "all_aligned" in self.__dict__:
            return self.all_aligned, rows
        if self.before is None or len(self.before[1]) > len(self.frame.batch):
            return None
        return self.before[0], np.append(self.before[1], rows)

    def at(self, now_us: int) -> Snapshot:
        """The snapshot as it is at a later instant."""
        before, question = self.question.now_us, attrs.evolve(self.question, now_us=now_us)
        if now_us < self.fresh_until_us:
            later = attrs.evolve(self, question=question)
            # Nothing that is read from the matrix has changed.
            kept = ("words", "live", "fresh_until_us", "all_aligned")
            later.__dict__.update({name: self.__dict__[name] for name in kept if name in self.__dict__})
            return later
        if self.ledger.ended_for_all(before, now_us):
            return Snapshot.of(self.frame, question, self.ledger)
        return self._compiled(question, self.ledger, self.frame.rows_of(self.ledger.ended(before, now_us).tolist()))

    def _compiled(
        self,
        question: Question,
        ledger: Ledger,
        rows: Int64Array,
        before: tuple[Words, Int64Array] | None = None,
    ) -> Snapshot:
        """Some rows compiled anew and laid over the others."""
        # Once it was read, the matrix is written out; what changed before need not be carried on.
        base, old, fresh = self.base, self.rows, self.fresh
        if "words" in self.__dict__ or len(old) > _OVERLAY_ROWS:
            base, old, fresh = self.words, old[:0], fresh[:0]
        if len(rows):
            cells = self.frame.cells(question, ledger.table(self.frame.batch.handles[rows]), rows)
            if len(old):
                kept = ~np.isin(old, rows)
                rows, cells = np.append(old[kept], rows), np.concatenate([fresh[kept], cells])
            old, fresh = rows, cells
        return Snapshot(self.frame, question, ledger, base, old, fresh, before)
