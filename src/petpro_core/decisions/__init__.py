"""The decision: rules, policy, hours and bookings compiled into refusals; find, check, explain, move and cancel.

One judge answers everything. ``find_slots`` reads its table as ranges, ``check_booking`` reads it at a point,
``explain`` decodes it; so a start is offered exactly when booking it now would be accepted.

Source: ADR 2.
"""

from petpro_core.decisions._check import check_booking, check_booking_batch, check_cancel, check_move, check_series
from petpro_core.decisions._explain import Explanation, Fix, FixKind, RangeExplanation, explain, explain_range
from petpro_core.decisions._free import find_free
from petpro_core.decisions._overlaps import Overlap, OverlapTable, find_conflicts
from petpro_core.decisions._question import Asked
from petpro_core.decisions._search import count_slots, find_slots, first_slots
from petpro_core.decisions._stream import stream_slots
from petpro_core.decisions._together import find_common

__all__ = [
    "Asked",
    "Explanation",
    "Fix",
    "FixKind",
    "Overlap",
    "OverlapTable",
    "RangeExplanation",
    "check_booking",
    "check_booking_batch",
    "check_cancel",
    "check_move",
    "check_series",
    "count_slots",
    "explain",
    "explain_range",
    "find_common",
    "find_conflicts",
    "find_free",
    "find_slots",
    "first_slots",
    "stream_slots",
]
