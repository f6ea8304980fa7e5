"""Intervals as a calendar: busy time and free time as VFREEBUSY, starts and bookings as events.

Source: RFC 5545 sections 3.6.1 and 3.6.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from petpro_core.errors import InvalidValueError
from petpro_core.interop.ical._model import CalendarComponent, ContentLine, write_calendar
from petpro_core.interop.ical._pieces import Zones, calendar_around, stamp, utc_line, utc_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from petpro_core.intervals import Interval, IntervalSet

__all__ = ["write_busy", "write_events", "write_free"]


def write_busy(busy: IntervalSet, *, known: IntervalSet, now: datetime, uid: str, name: str = "") -> str:
    """Write busy time as iCalendar: a VFREEBUSY for each stretch of time for which it is known.

    ``read_busy`` gives both back equal. Nothing is said of whom the time belongs to or why it is busy.

        >>> from datetime import UTC, datetime
        >>> from petpro_core.intervals import Interval, IntervalSet
        >>> nine, ten, noon = (datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (9, 10, 12))
        >>> busy, known = IntervalSet.of(Interval(nine, ten)), IntervalSet.of(Interval(nine, noon))
        >>> [line for line in write_busy(busy, known=known, now=nine, uid="ana").splitlines() if "FREEBUSY;" in line]
        ['FREEBUSY;FBTYPE=BUSY:20260302T090000Z/20260302T100000Z']

    Args:
        busy: The busy time, all of it inside ``known``.
        known: The time that is told; what of it is not busy is free.
        now: When the text is made (DTSTAMP).
        uid: What the components are known by; unique among calendars.
        name: For people.

    Raises:
        InvalidValueError: Busy time outside ``known``, nothing known, or an edge within a second.

    Source: RFC 5545 section 3.6.4; ADR 4 (unknown is not free).
    """
    if not known or busy.difference(known):
        msg = f"busy time lies inside the time that is known, got {busy} and {known}; widen known"
        raise InvalidValueError(msg, busy=busy, known=known)
    made = stamp(now)
    parts = [
        _free_busy(f"{uid}-{number}", stretch, busy.within(stretch), kind="BUSY", made=made)
        for number, stretch in enumerate(known, 1)
    ]
    return write_calendar(calendar_around(parts, Zones(), name=name))


def _edges(interval: Interval) -> tuple[ContentLine, ContentLine]:
    return utc_line("DTSTART", interval.start_us), utc_line("DTEND", interval.end_us)


def _free_busy(
    uid: str, within: Interval, intervals: Iterable[Interval], *, kind: str, made: ContentLine, comment: str = ""
) -> CalendarComponent:
    periods = [f"{utc_text(one.start_us)}/{utc_text(one.end_us)}" for one in intervals]
    lines = [
        ContentLine.of_text("UID", uid),
        made,
        *_edges(within),
        *([ContentLine.of_text("COMMENT", comment)] if comment else []),
        *(ContentLine("FREEBUSY", period, [("FBTYPE", [kind])]) for period in periods),
    ]
    return CalendarComponent("VFREEBUSY", lines)


def write_free(
    rows: Iterable[tuple[str, Iterable[Interval]]], *, within: Interval, now: datetime, name: str = ""
) -> str:
    """Write free time as iCalendar: a VFREEBUSY with periods of FBTYPE=FREE for each row, its key as the comment.

        >>> from datetime import UTC, datetime
        >>> from petpro_core.intervals import Interval
        >>> nine, ten = (datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (9, 10))
        >>> free = Interval(nine, ten)
        >>> write_free([("ana", [free])], within=free, now=nine).splitlines()[9]
        'FREEBUSY;FBTYPE=FREE:20260302T090000Z/20260302T100000Z'

    What is not listed is not free; whether it is busy or unknown is not told.

    Args:
        rows: Keys, such as the ids of providers, each with its free time.
        within: The time that was asked for.
        now: When the text is made (DTSTAMP).
        name: For people.

    Raises:
        InvalidValueError: An edge within a second.

    Source: RFC 5545 section 3.6.4.
    """
    made = stamp(now)
    parts = [_free_busy(f"free-{key}@petpro", within, free, kind="FREE", made=made, comment=key) for key, free in rows]
    return write_calendar(calendar_around(parts, Zones(), name=name))


def write_events(
    events: Iterable[tuple[str, str, Interval]], *, now: datetime, busy: bool = True, name: str = ""
) -> str:
    """Write events as iCalendar.

        >>> from datetime import UTC, datetime
        >>> from petpro_core.intervals import Interval
        >>> nine, ten = (datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (9, 10))
        >>> write_events([("visit-7@petpro", "Check-up", Interval(nine, ten))], now=nine).splitlines()[4:7]
        ['UID:visit-7@petpro', 'DTSTAMP:20260302T090000Z', 'DTSTART:20260302T090000Z']

    Args:
        events: UIDs, each with what is shown to people and the time.
        now: When the text is made (DTSTAMP).
        busy: Whether they take time of whoever imports them.
        name: For people.

    Raises:
        InvalidValueError: An edge within a second.

    Source: RFC 5545 section 3.6.1.
    """
    made, taken = stamp(now), ContentLine("TRANSP", "OPAQUE" if busy else "TRANSPARENT")
    parts = [
        CalendarComponent(
            "VEVENT",
            [
                ContentLine.of_text("UID", uid),
                made,
                *_edges(interval),
                ContentLine.of_text("SUMMARY", summary),
                taken,
            ],
        )
        for uid, summary, interval in events
    ]
    return write_calendar(calendar_around(parts, Zones(), name=name))
