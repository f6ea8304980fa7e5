"""RELEASE: time kept for some channels, as the starts that it refuses to all others until shortly before it.

What is kept does not depend on ``now``: only how near a start must be to be let go does. So an index keeps the one, and
clips it by the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from petpro_core import _sweeps
from petpro_core.availability import Calendar
from petpro_core.decisions._busy import shared
from petpro_core.intervals import DAY_US

if TYPE_CHECKING:
    from petpro_core.bookings import Release
    from petpro_core.decisions._busy import Pairs
    from petpro_core.decisions._question import Question
    from petpro_core.intervals import Int64Array
    from petpro_core.slots import Footprint, Line

__all__ = ["kept_starts", "kept_time", "released"]

_BEFORE_DAYS: Final = 3  # As for the hours of calendars: a date's hours lie within three days of it.


def kept_time(question: Question, release: Release, start: int, end: int) -> Pairs:
    """The kept time around a range, coalesced; complete inside it."""
    days = start // DAY_US - _BEFORE_DAYS, end // DAY_US + 2
    hours = question.hours((Calendar(release.hours),), *days)
    return _sweeps.coalesce(hours.starts, hours.ends)


def kept_starts(
    question: Question,
    release: Release,
    line: Line,
    footprint: Footprint,
    window: tuple[int, int],
    handles: Int64Array | None,
    after: int | None = None,
) -> Pairs:
    """The starts whose visit meets the kept time, on the line.

    Args:
        question: What is asked.
        release: Whose kept time is meant.
        line: Where the rows lie.
        footprint: The visit, buffers aside.
        window: The range of starts.
        handles: int64[n]: the resource of each row; ``None`` = the time of all rows is kept.
        after: Only starts after this instant; ``None`` = all.
    """
    row, starts, ends = shared(line, *kept_time(question, release, window[0], window[1] + question.rules.longest_us))
    if handles is not None and release.resources is not None:
        mine = np.isin(handles, release.resources)
        if line.rows == 1:
            starts, ends = starts[: len(starts) * mine[0]], ends[: len(ends) * mine[0]]
        else:
            chosen = mine[row]
            row, starts, ends = row[chosen], starts[chosen], ends[chosen]  # type: ignore[index]  # of several rows
    source, low, high = footprint.touching(row, starts, ends, before=0, after=0)
    row = row if row is None or source is None else row[source]
    if after is not None:
        low = np.maximum(low, after + 1)
        real = (low < high).nonzero()[0]
        row, low, high = row if row is None else row[real], low[real], high[real]
    return line.pack(row, low, high)


def released(
    question: Question, line: Line, footprint: Footprint, window: tuple[int, int], handles: Int64Array
) -> list[tuple[int, Int64Array, Int64Array]]:
    """For each release that bears on the request its lead, and the starts that are kept and not yet released."""
    return [
        (
            release.lead_us,
            *kept_starts(question, release, line, footprint, window, handles, after=question.now_us + release.lead_us),
        )
        for release in question.releases
    ]
