"""Free time: hours minus what is occupied, read from the same refusal table as starts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from petpro_core.availability import CalendarBatch, LocalDays
from petpro_core.bookings import BookingPolicy, Request
from petpro_core.decisions._compile import prepare, windows
from petpro_core.decisions._question import Question
from petpro_core.decisions._search import Calendars, chunks
from petpro_core.intervals import Interval, IntervalBatch
from petpro_core.reasons import Waiver
from petpro_core.slots import SlotRules, open_ranges

if TYPE_CHECKING:
    from datetime import datetime

    from petpro_core.bookings import BookingTable

__all__ = ["find_free"]

_INSTANT: Final = SlotRules(timedelta(microseconds=1), step=timedelta(microseconds=1))


def find_free(
    calendars: Calendars,
    *,
    busy: BookingTable,
    within: Interval | LocalDays,
    now: datetime,
    policy: BookingPolicy = BookingPolicy(),  # noqa: B008  # frozen, and the same for everybody
    request: Request = Request(),  # noqa: B008  # likewise
    replacing: int | None = None,
) -> IntervalBatch:
    """Hours minus occupied time, a row for each calendar: time, not starts. Unknown time is not free.

    A resource with capacity is free where at least one unit is. Read from the same table as starts are: free is where a
    visit of one microsecond could be. Lengths, notice, caps and gaps are rules about visits and play no part.

        >>> from petpro_core import ALWAYS, BookingTable, Calendar, Schedule, WeeklyHours
        >>> from datetime import UTC, datetime
        >>> utc = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]})))
        >>> busy = BookingTable.from_columns(
        ...     resource=[0], start=[1795428000000000], end=[1795431600000000], known=ALWAYS
        ... )
        >>> week = Interval(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC))
        >>> find_free(utc, busy=busy, within=week, now=datetime(2026, 11, 20, tzinfo=UTC))[0]
        IntervalSet(2026-11-23 09:00 to 10:00, 11:00 to 12:00 UTC)

    Args:
        calendars: One, several, or a ``CalendarBatch``.
        busy: What is booked, and where that is known.
        within: A range of instants, or of local days in each calendar's zone.
        now: The present; holds that have expired hold nothing.
        policy: Says whether PENDING bookings keep their time; nothing else of it is used.
        request: Says the place whose hours are used; nothing else of it is.
        replacing: A booking that does not stand in its own way.

    Raises:
        OutOfRangeError: The range lies too near the ends of the years 1 to 9999.

    Source: ADR 2.
    """
    batch = CalendarBatch.of(calendars)
    question = Question.of(
        busy=busy,
        rules=_INSTANT,
        now=now,
        policy=BookingPolicy(pending_blocks=policy.pending_blocks),
        request=Request(location=request.location),
        waive=(Waiver.NOTICE,),
        replacing=replacing,
    )
    prepared = prepare(question, batch, *windows(batch, within))
    none = np.empty(0, np.int64)
    offsets, starts, ends = [np.zeros(1, np.int64)], [none], [none]
    for table, index in chunks(prepared):
        left = open_ranges(table, prepared.low[index], prepared.high[index])
        row = np.zeros(len(left.starts), np.int64) if left.row is None else left.row
        base = 0 if left.row is None else row * table.line.width - table.line.origin
        offsets.append(row.searchsorted(np.arange(1, table.line.rows + 1)) + offsets[-1][-1])
        starts.append(left.starts - base)
        ends.append(left.stops - base)
    return IntervalBatch.from_us(np.concatenate(offsets), np.concatenate(starts), np.concatenate(ends))
