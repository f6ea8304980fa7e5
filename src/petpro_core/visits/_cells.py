"""When a resource could take a part, as the judge says: for each row the ranges of starts that nothing refuses.

Nothing is decided here. A part is a question like any other: a resource, a length and buffers. Where the visit begins
it is judged with everything, and its first role on the grid; what follows is judged where that leads to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from petpro_core.bookings import BookingPolicy, Scope
from petpro_core.decisions._compile import prepare
from petpro_core.decisions._search import chunks
from petpro_core.intervals import NEVER, Int64Array
from petpro_core.reasons import Waiver
from petpro_core.slots import open_ranges

if TYPE_CHECKING:
    import numpy.typing as npt

    from petpro_core.availability import CalendarBatch
    from petpro_core.decisions._leads import Leads
    from petpro_core.decisions._question import Question

__all__ = ["Accepted", "followed"]

_OF_THE_START = (Waiver.GRID, Waiver.NOTICE, Waiver.HORIZON)


@attrs.frozen(eq=False)
class Accepted:
    """For each of some rows the ranges of starts that nothing refuses, in order of row and time.

    Attributes:
        rows: How many rows.
        row: int64[m]: the row of each range.
        starts: int64[m]: its first start.
        stops: int64[m]: the first start after it.
        leads: Notice and horizon of the distinct calendars.
        template: int64[rows]: which of those each row has.
        moves_on: When time alone may let later starts in: a horizon in days, or a hold that ends.
        waits: Ranges of starts that are let go so long before them: the lead, first starts, first starts after.
    """

    rows: int
    row: Int64Array
    starts: Int64Array
    stops: Int64Array
    leads: Leads
    template: Int64Array
    moves_on: int
    waits: tuple[tuple[int, Int64Array, Int64Array], ...]

    @classmethod
    def of(cls, question: Question, batch: CalendarBatch, low: int, high: int) -> Accepted:
        """What the judge accepts from ``low`` to ``high``, the grid aside."""
        size = len(batch.distinct)
        prepared = prepare(question, batch, np.full(size, low), np.full(size, high))
        parts: list[tuple[Int64Array, Int64Array, Int64Array]] = [(np.empty(0, np.int64),) * 3]
        waits: list[tuple[int, Int64Array, Int64Array]] = []
        before = 0
        for table, index in chunks(prepared):
            left = open_ranges(table, prepared.low[index], prepared.high[index])
            own = np.zeros(len(left.starts), np.int64) if left.row is None else left.row
            base = 0 if left.row is None else own * table.line.width - table.line.origin
            parts.append((own + before, left.starts - base, left.stops - base))
            before += len(index)
            for lead, first, last in table.waits:
                # On a line of several rows each range lies on its row's stretch; whose it is does not matter here.
                back = 0 if left.row is None else first // table.line.width * table.line.width - table.line.origin
                waits.append((lead, first - back, last - back))
        row, starts, stops = (np.concatenate(column) for column in zip(*parts, strict=True))
        bounds = prepared.leads
        moves_on = bounds.next_midnight if np.count_nonzero(bounds.upper < prepared.high) else NEVER
        return cls(before, row, starts, stops, bounds, batch.index, min(moves_on, question.hold_ends_us), tuple(waits))

    def at(self, instants: Int64Array) -> npt.NDArray[np.bool_]:
        """bool[rows, m]: whether each row accepts a start at each of these instants, which ascend."""
        size = len(instants) + 1
        begun = np.bincount(self.row * size + instants.searchsorted(self.starts), minlength=self.rows * size)
        ended = np.bincount(self.row * size + instants.searchsorted(self.stops), minlength=self.rows * size)
        # Ranges of one row are disjoint, so that at most one of them covers an instant.
        return (begun - ended).reshape(self.rows, size).cumsum(axis=1)[:, :-1].astype(np.bool_)

    def until(self, instants: Int64Array) -> int:
        """When time alone may change what a row accepts of these instants, elapsed notice and horizon aside.

        Those are the same for all parts, and told by the part that sets the grid.
        """
        until = self.moves_on
        for lead, first, last in self.waits:
            place = instants.searchsorted(first)
            kept = (place < instants.searchsorted(last)).nonzero()[0]
            until = min(until, int((instants[place[kept]] - lead).min(initial=NEVER)))
        if isinstance(self.leads.notice, int):
            return until
        cells = self.at(instants)
        some = np.flatnonzero(np.count_nonzero(cells, axis=1))
        if not len(some):
            return until
        firsts = instants[cells[some].argmax(axis=1)]
        return min(until, int(self.leads.offered_until(self.template[some], firsts).min()))


def followed(asked: dict[str, Any], *, later: bool) -> dict[str, Any]:
    """The question of a part that does not set the visit's grid; ``later``: that begins after the visit does.

    Notice and horizon are about the visit's start, and so is what is counted of who asks: a visit is one booking.
    """
    waive = frozenset(asked.get("waive", ()))
    if not later:
        return asked | {"waive": waive | {Waiver.GRID}}
    policy: BookingPolicy = asked.get("policy", BookingPolicy())
    caps = tuple(cap for cap in policy.caps if cap.by is Scope.RESOURCE)
    return asked | {"waive": waive.union(_OF_THE_START), "policy": attrs.evolve(policy, caps=caps)}
