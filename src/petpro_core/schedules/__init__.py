"""When a place or a person is open: weekly hours, seasons, exceptions, time off, and their expansion to arrays.

Rules go in as frozen objects; ``expand`` turns those of many schedules into columns of opening ranges in one pass.

Precedence, lowest first (ADR 6). For each local date

1. the last ``WeeklyHours`` in ``Schedule.hours`` that holds on the date gives the hours;
2. a ``Holiday`` closes the date;
3. a ``DateOverride`` replaces what starts on the date (none = closed), on a holiday too;
4. ``ExtraHours`` add to the date;
5. a ``Closure`` closes the date, whatever the others say;
6. ``TimeOff`` cuts instants, whatever date they belong to.

A range over midnight belongs to the date on which it starts.
"""

from petpro_core.schedules.dates import Closure, DateOverride, ExtraHours, Holiday, TemporaryZone, TimeOff
from petpro_core.schedules.expansion import Openings, expand
from petpro_core.schedules.schedule import Schedule
from petpro_core.schedules.weekly import ClockRange, Season, WeeklyHours

__all__ = [
    "ClockRange",
    "Closure",
    "DateOverride",
    "ExtraHours",
    "Holiday",
    "Openings",
    "Schedule",
    "Season",
    "TemporaryZone",
    "TimeOff",
    "WeeklyHours",
    "expand",
]
