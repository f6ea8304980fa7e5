"""Reading calendars: the busy time of an iCalendar text, and the time for which it is known.

A feed that cannot be read is never read as free: an event with an error makes its calendar unreadable, and where bad
events are skipped on request, the time that they might take is left out of what is known.
"""

from __future__ import annotations

from petpro_core.interop.ical._feed import CalendarFeed, SkippedEvent
from petpro_core.interop.ical._reader import read_busy

__all__ = ["CalendarFeed", "SkippedEvent", "read_busy"]
