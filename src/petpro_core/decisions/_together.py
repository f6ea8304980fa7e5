"""The common time of a group: starts that all of several calendars accept, or enough of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import attrs
import numpy as np

from petpro_core.availability import CalendarBatch, LocalDays
from petpro_core.decisions._search import SEARCH_LIMIT, Calendars, check_limit, check_single, find_slots
from petpro_core.errors import InvalidValueError

if TYPE_CHECKING:
    from datetime import datetime

    from petpro_core.bookings import BookingTable
    from petpro_core.decisions._question import Asked
    from petpro_core.intervals import Interval
    from petpro_core.slots import SlotRules, SlotTable

__all__ = ["find_common"]


def find_common(
    calendars: Calendars,
    *,
    busy: BookingTable,
    rules: SlotRules,
    within: Interval | LocalDays,
    now: datetime,
    need: int | None = None,
    limit: int = SEARCH_LIMIT,
    **asked: Unpack[Asked],
) -> SlotTable:
    """The starts that all calendars accept, or at least ``need`` of them: one row, with the first calendar's handle.

    What a start strands is told for one calendar, and not for several together.

    Each calendar judges by its own hours, grid and bookings; with calendars of different hours, align the grid to the
    clock, or their grids may never meet.

        >>> from datetime import UTC, datetime, timedelta
        >>> from petpro_core import ALWAYS, BookingTable, Calendar, Interval, Schedule, SlotRules, WeeklyHours
        >>> clinic = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]})))
        >>> asked = {
        ...     "busy": BookingTable.empty(known=ALWAYS),
        ...     "rules": SlotRules(timedelta(hours=1)),
        ...     "now": datetime(2026, 11, 20, tzinfo=UTC),
        ... }
        >>> week = Interval(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC))
        >>> late = Calendar(Schedule("UTC", WeeklyHours({"monday": ["10:30-12:00"]})))
        >>> [slot.start.strftime("%H:%M") for slot in find_common([clinic, late], within=week, **asked)]
        ['10:30', '10:45', '11:00']

    Args:
        calendars: The group.
        busy: What is booked, and where that is known.
        rules: One set of rules.
        within: A range of instants, or of local days in each calendar's zone.
        now: The present.
        need: How many must accept a start; ``None`` = all.
        limit: At most so many common starts.
        **asked: ``policy``, ``request``, ``waive``, ``replacing``, ``cache``.

    Raises:
        InvalidValueError: ``need`` is less than 1 or more than there are calendars; several rules.
        LimitExceededError: More common starts than ``limit``, or far more among the members.

    Source: ADR 15 (at least k of n).
    """
    batch = CalendarBatch.of(calendars)
    check_single(rules)
    wanted = len(batch) if need is None else need
    if not 1 <= wanted <= len(batch):
        msg = f"need is 1 to the number of calendars ({len(batch)}), got {need}"
        raise InvalidValueError(msg, got=need, calendars=len(batch))
    most = limit * len(batch)
    table = find_slots(batch, busy=busy, rules=rules, within=within, now=now, limit=most, **asked)
    until = table.offered_until
    order = np.lexsort((-until, table.starts))
    every = table.starts[order]
    # A start that `wanted` rows accept stands `wanted` times in the sorted column, those that notice spares longest
    # first: it is offered until the last of those that are needed drops out.
    first = np.append(True, every[1:] != every[:-1])[: len(every)].nonzero()[0]
    enough = first[np.diff(np.append(first, len(every))) >= wanted]
    check_limit(len(enough), limit)
    row = np.zeros(1, np.int64)
    return attrs.evolve(
        table,
        handles=batch.handles[:1],
        rule=row,
        offsets=np.array([0, len(enough)]),
        starts=every[enough],
        notice=until[order][enough + wanted - 1],
        calendar=row,
        stranded=None,
    )
