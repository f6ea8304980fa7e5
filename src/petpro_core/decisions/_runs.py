"""How far a refusal reaches: the unbroken run of starts around a proposal that one reason refuses.

Its end is the first later start that this reason allows. Asked only for reasons that the judge has set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core.decisions._compile import FIRST_START_US, compile_rows, last_start, prepare
from petpro_core.intervals import ALWAYS, DAY_US, NEVER
from petpro_core.reasons import CAPS, Reason
from petpro_core.slots import CalendarDays, open_ranges

if TYPE_CHECKING:
    from petpro_core.decisions._judge import Judged
    from petpro_core.slots import RefusalTable

__all__ = ["refused_run"]

_SEARCHES_DAYS: Final = (14, 400)
_BY_HOURS: Final = Reason.CLOSED | Reason.OFF_GRID | Reason.RELEASE | Reason.STRANDS


def refused_run(judged: Judged, reason: Reason) -> tuple[int, int]:
    """First refused start, and first later start that is allowed; the ends of time if none is within 400 days."""
    if reason is Reason.NOTICE:
        return ALWAYS.start_us, min(int(judged.table.lower[0]), ALWAYS.end_us)
    if reason is Reason.HORIZON:
        return int(judged.table.upper[0]), ALWAYS.end_us
    # Of an elapsed visit the table of one start tells everything but hours and counts: nothing in it was clipped.
    stay = isinstance(judged.question.rules.duration, CalendarDays)
    counted = reason in CAPS or (reason is Reason.UNKNOWN and judged.question.caps)
    if not (stay or counted or reason in _BY_HOURS):
        return judged.table.run(reason, judged.start)
    first, last = ALWAYS.start_us, ALWAYS.end_us
    for days in _SEARCHES_DAYS:
        low, high = judged.start - days * DAY_US, judged.start + days * DAY_US
        if low < FIRST_START_US or high > last_start(judged.question.rules):
            break
        table = _around(judged, low, high)
        run = _run(table, reason, low, high, judged.start)
        # An edge at the edge of the search is none.
        first, last = max(first, run[0]) if low < run[0] else first, min(last, run[1]) if run[1] < high else last
        if low < run[0] and run[1] < high:
            break
    return first, last


def _around(judged: Judged, low: int, high: int) -> RefusalTable:
    prepared = prepare(judged.question, judged.prepared.batch, np.array([low]), np.array([high]))
    return compile_rows(prepared, 0, 1)[0]


def _run(table: RefusalTable, reason: Reason, low: int, high: int, start: int) -> tuple[int, int]:
    if reason is Reason.OFF_GRID:
        return table.grid.off_grid_run(start)
    return _closed_run(table, low, high, start) if reason is Reason.CLOSED else table.run(reason, start)


def _closed_run(table: RefusalTable, low: int, high: int, start: int) -> tuple[int, int]:
    """The gap between the starts that fit into the hours."""
    closed = tuple(part for part in table.refused if part[0] is Reason.CLOSED)
    open_table = attrs.evolve(table, refused=closed, lower=np.array([low]), upper=np.array([NEVER]))
    left = open_ranges(open_table, np.array([low]), np.array([high]))
    before, after = left.stops[left.stops <= start], left.starts[left.starts > start]
    return (int(before[-1]) if len(before) else low), (int(after[0]) if len(after) else high)
