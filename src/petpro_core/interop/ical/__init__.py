"""iCalendar, in and out: busy time, hours, whole clinics, and calendars in which every line is kept.

A feed that cannot be read is never read as free: an event with an error makes its calendar unreadable, and where bad
events are skipped on request, the time that they might take is left out of what is known.
"""

from __future__ import annotations

from petpro_core.interop.ical._busy_out import write_busy, write_events, write_free
from petpro_core.interop.ical._clinics import read_clinic, write_clinic
from petpro_core.interop.ical._feed import AvailabilityFeed, CalendarFeed, SkippedEvent
from petpro_core.interop.ical._hours_in import read_hours
from petpro_core.interop.ical._hours_out import write_hours
from petpro_core.interop.ical._model import CalendarComponent, ContentLine, read_calendar, write_calendar
from petpro_core.interop.ical._reader import read_availability, read_busy

__all__ = [
    "AvailabilityFeed",
    "CalendarComponent",
    "CalendarFeed",
    "ContentLine",
    "SkippedEvent",
    "read_availability",
    "read_busy",
    "read_calendar",
    "read_clinic",
    "read_hours",
    "write_busy",
    "write_calendar",
    "write_clinic",
    "write_events",
    "write_free",
    "write_hours",
]
