"""Starts on a grid: where they may lie, what refuses them, and the two readings of that.

This floor knows no bookings. A ``Grid`` says where starts lie; a ``RefusalTable`` adds, for each reason, the half-open
intervals of starts that it refuses. ``decide`` reads it at points, ``sweep`` reads it as ranges. Point in union makes
the two equal, so no rule can drift between offering and booking.
"""

from petpro_core.slots.footprint import Footprint
from petpro_core.slots.refusals import Grid, Line, Progressions, RefusalTable, decide, open_ranges, sweep
from petpro_core.slots.rules import Alignment, CalendarDays, SlotRules
from petpro_core.slots.table import Slot, SlotTable

__all__ = [
    "Alignment",
    "CalendarDays",
    "Footprint",
    "Grid",
    "Line",
    "Progressions",
    "RefusalTable",
    "Slot",
    "SlotRules",
    "SlotTable",
    "decide",
    "open_ranges",
    "sweep",
]
