"""What is held, as the starts it refuses: busy time, unknown time, gaps, and a subject that is elsewhere.

Each function gives pairs of columns on the line of the query. Where a session still has seats, its refusal keeps a
hole at its own start. Capacity is swept first and grown by the visit after; the other order would add up bookings that
never meet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core import _sweeps
from petpro_core.bookings import Scope
from petpro_core.decisions._question import Booked, BookedRows, Question
from petpro_core.intervals import ALWAYS, NEVER, Int64Array, duration_us

if TYPE_CHECKING:
    import numpy.typing as npt

    from petpro_core.slots import Footprint, Line
    from petpro_core.slots.footprint import Rows

__all__ = ["Pairs", "Sessions", "blind_reach", "busy", "elsewhere", "gaps", "refuse", "sessions_of", "unknown"]

Pairs = tuple[Int64Array, Int64Array]

_NO_HOLE: Final = NEVER - 1


def refuse(
    line: Line,
    footprint: Footprint,
    row: Rows,
    starts: Int64Array,
    ends: Int64Array,
    *,
    before: int,
    after: int,
    holes: Int64Array | None = None,
) -> Pairs:
    """The starts whose reach meets any of these intervals, on the line; each lets its own of ``holes`` through."""
    source, low, high = footprint.touching(row, starts, ends, before=before, after=after)
    if source is not None and row is not None:
        row = row[source]
    if holes is not None:
        hole = holes if source is None else holes[source]
        low, high = np.append(low, np.maximum(low, hole + 1)), np.append(np.minimum(high, hole), high)
        # An interval without a hole comes twice: once whole, once from the far future, which is nothing.
        real = (low < high).nonzero()[0]
        low, high, row = low[real], high[real], None if row is None else np.append(row, row)[real]
    return line.pack(row, low, high)


def shared(line: Line, starts: Int64Array, ends: Int64Array) -> tuple[Rows, Int64Array, Int64Array]:
    """The same intervals for every row of the line."""
    if line.rows == 1:
        return None, starts, ends
    rows = np.repeat(np.arange(line.rows), len(starts))
    return rows, np.tile(starts, line.rows), np.tile(ends, line.rows)


@attrs.frozen(eq=False)
class Sessions:
    """The sessions among some rows, for a proposal that may join one.

    Attributes:
        rows: Only the rows of sessions.
        group: For each of them the number of its session: same resource, service, start and end.
        joinable: Which rows belong to a session that the proposal would join at its own start.
        room: Which of those have seats enough left.
    """

    rows: BookedRows
    group: Int64Array
    joinable: npt.NDArray[np.bool_]
    room: npt.NDArray[np.bool_]

    def holes(self, mask: npt.NDArray[np.bool_]) -> Int64Array:
        """For each row its start where the mask lets it through."""
        return np.where(mask, self.rows.take("start"), _NO_HOLE)


def sessions_of(question: Question, rows: BookedRows, footprint: Footprint) -> tuple[BookedRows, Sessions | None]:
    """Split rows into visits of their own and sessions."""
    if not rows.has("seats"):
        return rows, None
    seats = rows.take("seats")
    if not seats.any():
        return rows, None
    session = rows.where(seats > 0)
    start, end, service = session.take("start"), session.take("end"), session.take("service")
    row = np.zeros(len(start), np.int64) if session.row is None else session.row
    _, group = np.unique(np.stack([row, service, start, end]), axis=1, return_inverse=True)
    joinable = np.zeros(len(start), np.bool_)
    room = joinable
    if question.rules.seats is not None and question.request.service is not None:
        joinable = (service == question.request.service) & (end - start == footprint.lengths(session.row, start))
        most = np.zeros(int(group.max()) + 1, np.int64)
        np.maximum.at(most, group, session.take("seats"))
        if question.policy.overbooking is not None:
            np.maximum.at(most, group, session.take("seats") + question.oversold(session.take("resource")))
        taken = np.bincount(group, weights=session.take("units")).astype(np.int64)
        room = joinable & (taken + question.request.units <= most)[group]
    return rows.where(seats == 0), Sessions(session, group, joinable, room)


def busy(
    question: Question,
    line: Line,
    footprint: Footprint,
    booked: Booked,
    capacities: Int64Array,
    buffers: tuple[int, int],
) -> list[Pairs]:
    """BUSY: the starts whose occupied time does not fit beside what is held.

    Args:
        question: What is asked.
        line: Where the rows lie.
        footprint: The visit.
        booked: The bookings of the rows.
        capacities: int64[n]: each row's capacity, with what is sold beyond it.
        buffers: Before and after the visit.
    """
    plain, sessions = sessions_of(question, booked.blocking, footprint)
    row, starts, ends = plain.row, plain.take("occupied_start"), plain.take("occupied_end")
    before, after = buffers
    # A session needs the resource for itself, so one booking beside it is one too many.
    if question.rules.seats is None and capacities.max(initial=1) > 1:
        row, starts, ends = _full(question, line, plain, starts, ends, capacities)
    found = [refuse(line, footprint, row, starts, ends, before=before, after=after)] if len(starts) else []
    if sessions is not None:
        held = sessions.rows
        found.append(
            refuse(
                line,
                footprint,
                held.row,
                held.take("occupied_start"),
                held.take("occupied_end"),
                before=before,
                after=after,
                holes=sessions.holes(sessions.room),
            )
        )
    return found


def _full(
    question: Question, line: Line, plain: BookedRows, starts: Int64Array, ends: Int64Array, capacities: Int64Array
) -> tuple[Rows, Int64Array, Int64Array]:
    """Where so much is held that the request does not fit: cover by units of at least capacity - wanted + 1."""
    row = np.zeros(len(starts), np.int64) if plain.row is None else plain.row
    units = np.minimum(plain.take("units"), capacities[row])
    need = np.maximum(capacities - np.minimum(question.request.units, capacities) + 1, 1)
    low, high = line.pack(plain.row, starts, ends)
    if units.max(initial=1) > 1:
        low, high = _sweeps.at_least_units(low, high, units, need[row])
    else:
        offsets = row.searchsorted(np.arange(line.rows + 1))
        low, high = _sweeps.at_least(np.sort(low, kind="stable"), np.sort(high, kind="stable"), need, offsets)
    if plain.row is None:
        return None, low, high
    row = low // line.width
    base = row * line.width - line.origin
    return row, low - base, high - base


def unknown(
    question: Question, line: Line, footprint: Footprint, handles: Int64Array, buffers: tuple[int, int]
) -> list[Pairs]:
    """UNKNOWN: the starts whose occupied time reaches where nobody knows what is busy."""
    table, (before, after) = question.busy, buffers
    found = []
    blind = table.known.gaps(ALWAYS)
    if len(blind):
        found.append(refuse(line, footprint, *shared(line, blind.starts, blind.ends), before=before, after=after))
    if len(table.unknown_resource):
        first = table.unknown_resource.searchsorted(handles, "left")
        count = table.unknown_resource.searchsorted(handles, "right") - first
        total = count.cumsum()
        row = np.repeat(np.arange(line.rows), count)
        index = np.arange(len(row)) + np.repeat(first - total + count, count)
        starts, ends = table.unknown_start[index], table.unknown_end[index]
        only = None if line.rows == 1 else row
        found.append(refuse(line, footprint, only, starts, ends, before=before, after=after))
    return found


def gaps(question: Question, line: Line, footprint: Footprint, booked: Booked) -> list[Pairs]:
    """GAP: the starts too near to another visit of the same resource, or of who asks."""
    found = []
    for gap in question.gaps:
        reach = duration_us(gap.time)
        if gap.by is Scope.RESOURCE:
            plain, sessions = sessions_of(question, booked.visits, footprint)
            parts: list[tuple[BookedRows, Int64Array | None]] = [(plain, None)]
            if sessions is not None:
                parts.append((sessions.rows, sessions.holes(sessions.joinable)))
            found += [
                refuse(
                    line,
                    footprint,
                    part.row,
                    part.take("start"),
                    part.take("end"),
                    before=reach,
                    after=reach,
                    holes=holes,
                )
                for part, holes in parts
            ]
        else:
            found.append(_subject(question, line, footprint, gap.by, reach))
    return found


def elsewhere(question: Question, line: Line, footprint: Footprint) -> list[Pairs]:
    """CLIENT_BUSY: the starts at which who asks is in another visit already."""
    return [_subject(question, line, footprint, scope, 0) for scope in question.alone]


def _subject(question: Question, line: Line, footprint: Footprint, scope: Scope, reach: int) -> Pairs:
    rows = Booked.by(question, scope).blocking
    row, starts, ends = shared(line, rows.take("start"), rows.take("end"))
    return refuse(line, footprint, row, starts, ends, before=reach, after=reach)


def blind_reach(question: Question, line: Line, footprint: Footprint) -> list[Pairs]:
    """UNKNOWN: the starts whose gaps, or own time, reach where the bookings of a subject are not known."""
    blind = question.busy.known.gaps(ALWAYS)
    reaches = [duration_us(gap.time) for gap in question.gaps] + [0] * len(question.alone)
    if not len(blind) or not reaches:
        return []
    widest = max(reaches)
    row, starts, ends = shared(line, blind.starts, blind.ends)
    return [refuse(line, footprint, row, starts, ends, before=widest, after=widest)]
