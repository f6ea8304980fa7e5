"""What reading a calendar gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from petpro_core.intervals import Interval, IntervalSet

__all__ = ["AvailabilityFeed", "CalendarFeed", "SkippedEvent"]


@attrs.frozen
class SkippedEvent:
    """An event that could not be read, and the time that is unknown because of it.

    ``line`` is the physical line (from 1) of what was wrong, ``interval`` the time that the event may take; None means
    that it could be any time.

    >>> SkippedEvent(uid="visit-7", line=12, message="...", code="invalid_calendar", interval=None).line
    12

    Source: RFC 5545 section 3.6.1 for what an event is.
    """

    uid: str | None
    line: int
    message: str
    code: str
    interval: Interval | None


@attrs.frozen
class CalendarFeed:
    """The busy time of one iCalendar text, and the time for which it is known to be complete.

    Both lie inside the window that was asked for. Time outside ``known`` is neither free nor busy unless ``busy`` says
    so. ``name`` is X-WR-CALNAME, ``events`` the count of VEVENT and VFREEBUSY components read.

    Source: RFC 5545 sections 3.6.1 and 3.6.4.
    """

    busy: IntervalSet
    known: IntervalSet
    skipped: tuple[SkippedEvent, ...]
    name: str | None
    events: int


@attrs.frozen
class AvailabilityFeed:
    """When somebody may be booked at all, by the VAVAILABILITY components of one iCalendar text.

    All lie inside the window that was asked for. ``free`` and ``tentative`` (BUSY-TENTATIVE) are parts of ``known``;
    what of it is neither is unavailable. Time outside ``known`` is told by no component, or in doubt. ``skipped`` lists
    what could not be read, ``name`` is X-WR-CALNAME.

    Source: RFC 7953 section 4.
    """

    free: IntervalSet
    tentative: IntervalSet
    known: IntervalSet
    skipped: tuple[SkippedEvent, ...]
    name: str | None
