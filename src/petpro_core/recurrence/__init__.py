"""What repeats: the rules of RFC 5545 (and SKIP of RFC 7529), expanded exactly, bounded, and many at once.

>>> from datetime import UTC, datetime, timedelta
>>> from petpro_core.intervals import Interval
>>> rounds = Recurrence(datetime(2026, 1, 1, 8, 0), "Europe/Berlin", timedelta(hours=2), rules="FREQ=MONTHLY;BYDAY=2TU")
>>> spring = Interval(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC))
>>> for found in expand(rounds, within=spring):
...     print(found)
Interval(2026-03-10 07:00 to 09:00 UTC)
Interval(2026-04-14 06:00 to 08:00 UTC)

A `RecurrenceRule` is one rule, checked. A `Recurrence` is a start by the wall clock of a zone, with rules, more dates
and exceptions. `expand` gives the occurrences of one inside a window, `expand_batch` those of many.
"""

from __future__ import annotations

from petpro_core.recurrence._walls import wall_times
from petpro_core.recurrence._words import Frequency, Skip, WeekdayNum
from petpro_core.recurrence.expansion import Occurrences, expand, expand_batch, overlapping
from petpro_core.recurrence.recurrences import Recurrence
from petpro_core.recurrence.rules import RecurrenceRule

__all__ = [
    "Frequency",
    "Occurrences",
    "Recurrence",
    "RecurrenceRule",
    "Skip",
    "WeekdayNum",
    "expand",
    "expand_batch",
    "overlapping",
    "wall_times",
]
