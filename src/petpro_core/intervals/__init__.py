"""Intervals on the UTC line, sets of them, rows of sets, and their algebra.

>>> from datetime import UTC, datetime, timedelta
>>> day = Interval(datetime(2026, 3, 9, 9, tzinfo=UTC), datetime(2026, 3, 9, 17, tzinfo=UTC))
>>> lunch = Interval(datetime(2026, 3, 9, 12, tzinfo=UTC), datetime(2026, 3, 9, 13, tzinfo=UTC))
>>> IntervalSet.of(day) - IntervalSet.of(lunch)
IntervalSet(2026-03-09 09:00 to 12:00, 13:00 to 17:00 UTC)

Everything is half-open, ``[start, end)``, exact to the microsecond, immutable, and compared by its instants. One
interval is an `Interval`; a set of instants is an `IntervalSet`; many sets at once are an `IntervalBatch`, whose
operations are those of a set, row by row, in one sweep. Nothing here knows of clock times or zones.
"""

from __future__ import annotations

from petpro_core.intervals._batches import IntervalBatch
from petpro_core.intervals._columns import Int64Array
from petpro_core.intervals._interval import ALWAYS, Interval
from petpro_core.intervals._moments import DAY_US, FIRST_US, LAST_US, NEVER, duration_us, from_us, to_us
from petpro_core.intervals._sets import IntervalSet

__all__ = [
    "ALWAYS",
    "DAY_US",
    "FIRST_US",
    "LAST_US",
    "NEVER",
    "Int64Array",
    "Interval",
    "IntervalBatch",
    "IntervalSet",
    "duration_us",
    "from_us",
    "to_us",
]
