"""From the text of a calendar to its busy time, and to the time in which somebody may be booked at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from petpro_core.errors import InvalidValueError
from petpro_core.interop.ical._feed import AvailabilityFeed, CalendarFeed
from petpro_core.interop.ical._lines import as_bytes, read_calendars, unescaped
from petpro_core.interop.ical._reading import READ, Reading
from petpro_core.interop.ical._rules import Budget

if TYPE_CHECKING:
    from petpro_core.interop.ical._lines import Component
    from petpro_core.intervals import Interval
    from petpro_core.timezones import TimeZone

__all__ = ["read_availability", "read_busy"]


def read_busy(
    text: str | bytes,
    *,
    within: Interval,
    zone: TimeZone,
    skip_bad: bool = False,
    limit: int = 100_000,
    max_bytes: int = 20_000_000,
    tentative_blocks: bool = True,
) -> CalendarFeed:
    r"""Read the busy time of an iCalendar text (``.ics``) inside a window.

    Busy is each occurrence of a VEVENT that takes time, and each busy period of a VFREEBUSY. An event takes none when
    it is CANCELLED, TRANSPARENT, FREE for Outlook, or of no length (a time without an end); a TENTATIVE one takes time
    unless ``tentative_blocks`` is false. Wall times are converted by PetPro's zones: a TZID is an IANA key, a name of
    Windows or the file's own VTIMEZONE; times without a zone and all-day events belong to ``zone`` (X-WR-TIMEZONE is
    not read). A day is local midnight to local midnight. A time in a gap takes the offset before it, of two the first.

    Between DTSTART and DTEND of a series the length is exact time, as the standard says, so a night shift that crosses
    a clock change keeps its hours and not its clock end; with a DURATION in days or weeks it is clock time. DTSTART is
    always an occurrence. An instance is replaced by its RECURRENCE-ID wherever that stands; of two versions the higher
    SEQUENCE counts, of equal ones both. A change of an instance and all later ones (RANGE=THISANDFUTURE) moves each of
    those by the wall clock as it moves the first, up to the next such change; what is changed one by one stays so.
    Where a text leaves room (UNTIL as a date, a day that ends on itself), the reading with more busy time is taken.

    Args:
        text: the file's text, or its bytes in UTF-8, or in UTF-16 with a byte order mark.
        within: the window; only time inside it is given.
        zone: for all-day events and times without a zone.
        skip_bad: list events that cannot be read instead of refusing the calendar; ``known`` then leaves out the time
            they might take.
        limit: at most so many occurrences in the window; it also bounds the steps through recurrence rules.
        max_bytes: the largest text, in bytes (of a ``str``: in UTF-8).
        tentative_blocks: whether TENTATIVE time is busy.

    Raises:
        InvalidCalendarError: an event cannot be read, or the text is not iCalendar or was cut off (``line``, ``name``,
            ``got``, ``allowed``); the latter two also with ``skip_bad``.
        LimitExceededError: the text is larger than ``max_bytes``, or has more than ``limit`` occurrences.
        InvalidValueError: ``limit`` or ``max_bytes`` is below 1.

    >>> from datetime import UTC, datetime
    >>> from petpro_core.intervals import Interval
    >>> from petpro_core.timezones import load_zone
    >>> lines = [
    ...     "BEGIN:VCALENDAR",
    ...     "BEGIN:VEVENT",
    ...     "UID:1",
    ...     "DTSTART;TZID=America/New_York:20260306T090000",
    ...     "DURATION:PT1H",
    ...     "RRULE:FREQ=DAILY;INTERVAL=3",
    ...     "END:VEVENT",
    ...     "END:VCALENDAR",
    ... ]
    >>> march = Interval(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 12, tzinfo=UTC))
    >>> for busy in read_busy("\r\n".join(lines), within=march, zone=load_zone("UTC")).busy:
    ...     print(busy)
    Interval(2026-03-06 14:00 to 15:00 UTC)
    Interval(2026-03-09 13:00 to 14:00 UTC)

    Cost: linear in the text and in the occurrences near the window. Source: RFC 5545; MS-OXCICAL for Outlook's status.
    """
    calendars = _calendars(text, limit=limit, max_bytes=max_bytes)
    reading = Reading(within, skip_bad, tentative_blocks, Budget(limit), READ)
    for calendar in calendars:
        reading.calendar(calendar, zone)
    reading.expand_all()
    return reading.feed(_name(calendars))


def _calendars(text: str | bytes, *, limit: int, max_bytes: int) -> list[Component]:
    if limit < 1:
        message = f"limit is at least 1, got {limit}"
        raise InvalidValueError(message, name="limit", got=limit)
    return read_calendars(as_bytes(text, max_bytes=max_bytes))


def _name(calendars: list[Component]) -> str | None:
    names = [named.value for calendar in calendars for named in calendar.every("X-WR-CALNAME")]
    return unescaped(names[0]) if names else None


def read_availability(
    text: str | bytes,
    *,
    within: Interval,
    zone: TimeZone,
    skip_bad: bool = False,
    limit: int = 100_000,
    max_bytes: int = 20_000_000,
) -> AvailabilityFeed:
    r"""Read when somebody may be booked at all, from the VAVAILABILITY components of an iCalendar text.

    Each of them covers a stretch of time (all time, where it has no DTSTART or DTEND), and in it only its AVAILABLE
    parts are free. Where they overlap, PRIORITY decides: 1 is the strongest, 9 the weakest, none or 0 weaker still; a
    stronger one replaces all that weaker ones say of the time that it covers. Those of one priority count as one: free
    where any of them is. Events are not looked at here; ``read_busy`` reads those, and counts what is covered and not
    free as busy too. Times without a zone, which the standard forbids here, belong to ``zone``.

    Args:
        text: The text, or its bytes in UTF-8, or in UTF-16 with a byte order mark.
        within: The window; only time inside it is given.
        zone: For times that name no zone.
        skip_bad: List components that cannot be read instead of refusing the calendar; ``known`` is then empty, since
            nobody can say what they would have covered.
        limit: At most so many occurrences in the window; it also bounds the steps through recurrence rules.
        max_bytes: The largest text.

    Raises:
        InvalidCalendarError: A component cannot be read (``line``, ``name``, ``got``, ``allowed``).
        LimitExceededError: The text is larger than ``max_bytes``, or has more than ``limit`` occurrences.
        InvalidValueError: ``limit`` or ``max_bytes`` is below 1.

    >>> from datetime import UTC, datetime
    >>> from petpro_core.intervals import Interval
    >>> from petpro_core.timezones import load_zone
    >>> lines = [
    ...     "BEGIN:VCALENDAR",
    ...     "BEGIN:VAVAILABILITY",
    ...     "UID:hours",
    ...     "BEGIN:AVAILABLE",
    ...     "UID:mornings",
    ...     "DTSTART;TZID=Europe/Berlin:20260302T090000",
    ...     "DURATION:PT3H",
    ...     "RRULE:FREQ=WEEKLY;BYDAY=MO",
    ...     "END:AVAILABLE",
    ...     "END:VAVAILABILITY",
    ...     "END:VCALENDAR",
    ... ]
    >>> week = Interval(datetime(2026, 3, 30, tzinfo=UTC), datetime(2026, 4, 6, tzinfo=UTC))
    >>> read_availability("\n".join(lines), within=week, zone=load_zone("UTC")).free
    IntervalSet(2026-03-30 07:00 to 10:00 UTC)

    Source: RFC 7953; ADR 17 for what it leaves open.
    """
    calendars = _calendars(text, limit=limit, max_bytes=max_bytes)
    reading = Reading(within, skip_bad, True, Budget(limit), ("VAVAILABILITY",))
    for calendar in calendars:
        reading.calendar(calendar, zone)
    said = reading.stack()
    known = reading.certain()
    free, tentative = said.free.intersection(known), said.tentative.intersection(known)
    return AvailabilityFeed(free, tentative, said.covered.intersection(known), reading.listed(), _name(calendars))
