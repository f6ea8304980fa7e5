"""Starts as a stream over an unlimited horizon."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, Unpack

import numpy as np

from petpro_core.availability import CalendarBatch
from petpro_core.decisions._compile import last_start
from petpro_core.decisions._leads import leads
from petpro_core.decisions._question import Asked, Question
from petpro_core.decisions._search import Calendars, check_single, find_slots
from petpro_core.errors import InvalidValueError, LimitExceededError
from petpro_core.intervals import DAY_US, Interval, to_us
from petpro_core.reasons import Waiver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from petpro_core.bookings import BookingTable
    from petpro_core.slots import Slot, SlotRules

__all__ = ["stream_slots"]

_STREAM_DAYS: Final = 28
_STREAM_MOST_DAYS: Final = 3_660
_STREAM_ROWS: Final = 500


def stream_slots(
    calendars: Calendars,
    *,
    busy: BookingTable,
    rules: SlotRules,
    after: datetime,
    now: datetime,
    limit: int | None = None,
    **asked: Unpack[Asked],
) -> Iterator[Slot]:
    """Starts one after another from ``after`` on, in order of time and then of row, to the end of the year 9999.

    Windows grow to ten years while nothing is found, and shrink where one holds more than ``find_slots`` gives; the
    stream ends where nothing is known any more, or at the horizon.

        >>> from datetime import UTC, datetime, timedelta
        >>> from petpro_core import ALWAYS, BookingTable, Calendar, Interval, Schedule, SlotRules, WeeklyHours
        >>> clinic = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]})))
        >>> asked = {
        ...     "busy": BookingTable.empty(known=ALWAYS),
        ...     "rules": SlotRules(timedelta(hours=1)),
        ...     "now": datetime(2026, 11, 20, tzinfo=UTC),
        ... }
        >>> [slot.start.day for slot in stream_slots(clinic, after=asked["now"], limit=10, **asked)][-2:]
        [23, 30]

    Args:
        calendars: As in ``find_slots``, likewise all others.
        busy: What is booked, and where that is known.
        rules: One set of rules.
        after: The first start that may come.
        now: The present, for the whole stream.
        limit: Ends the stream after so many starts.
        **asked: ``policy``, ``request``, ``waive``, ``replacing``, ``cache``.

    Raises:
        InvalidValueError: Several rules, a negative limit, or the grid is waived.
        OutOfRangeError: ``after`` lies too near the beginning of time.

    Source: ADR 9.
    """
    check_single(rules)
    if limit is not None and limit < 0:
        msg = f"a stream ends after 0 or more starts, got limit={limit}"
        raise InvalidValueError(msg, got=limit)
    batch = CalendarBatch.of(calendars)
    return islice(_stream(batch, busy, rules, to_us(after), now, asked), limit)


def _stream(
    batch: CalendarBatch, busy: BookingTable, rules: SlotRules, low: int, now: datetime, asked: Asked
) -> Iterator[Slot]:
    question = Question.of(busy=busy, rules=rules, now=now, **asked)
    # Beyond what is known, and beyond the horizon, nothing is ever offered.
    end = min(last_start(rules), max(busy.known.ends.tolist(), default=low))
    if Waiver.HORIZON not in question.waive:
        end = min(end, max(leads(question, batch.distinct, low).upper.tolist(), default=low))
    usual = _STREAM_DAYS * DAY_US // (1 + len(batch) // _STREAM_ROWS)
    window = usual
    while low < end:
        high = min(low + window, end)
        try:
            table = find_slots(batch, busy=busy, rules=rules, within=Interval.from_us(low, high), now=now, **asked)
        except LimitExceededError:
            window = max((high - low) // 2, 1)
            continue
        for place in np.lexsort((table.rows, table.starts)).tolist():
            yield table[place]
        window, low = (usual if len(table) else min(window * 2, _STREAM_MOST_DAYS * DAY_US)), high
