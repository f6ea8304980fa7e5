"""What a change breaks and the smallest mend; slot deltas; the waitlist.

Source: ADR 2 (one judge): whatever is said here about a start or a booking, the decision said.
"""

from petpro_core.repair._changes import (
    Absence,
    Change,
    NewHours,
    NewPolicy,
    NewZoneData,
    ResourceClosed,
    changed_calendars,
)
from petpro_core.repair._standing import Practice
from petpro_core.repair.deltas import SlotDelta, delta_of_bookings, delta_of_change, delta_of_time
from petpro_core.repair.impact import BrokenBooking, BrokenSeries, Impact, ShiftedBooking, impact
from petpro_core.repair.plans import Move, RepairPlan, Substitutes, Unsaved, WhyUnsaved, plan_repair
from petpro_core.repair.waitlist import (
    OfferStatus,
    Waitlist,
    WaitlistEntry,
    WaitlistFit,
    WaitlistOffer,
    match_waitlist,
)

__all__ = [
    "Absence",
    "BrokenBooking",
    "BrokenSeries",
    "Change",
    "Impact",
    "Move",
    "NewHours",
    "NewPolicy",
    "NewZoneData",
    "OfferStatus",
    "Practice",
    "RepairPlan",
    "ResourceClosed",
    "ShiftedBooking",
    "SlotDelta",
    "Substitutes",
    "Unsaved",
    "Waitlist",
    "WaitlistEntry",
    "WaitlistFit",
    "WaitlistOffer",
    "WhyUnsaved",
    "changed_calendars",
    "delta_of_bookings",
    "delta_of_change",
    "delta_of_time",
    "impact",
    "match_waitlist",
    "plan_repair",
]
