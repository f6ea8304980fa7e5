"""Facts and rules about bookings: what is held on which resource, in which state, and what a practice allows."""

from petpro_core.bookings.booking import Allocation, Booking, BookingStatus
from petpro_core.bookings.policy import (
    BookingPolicy,
    Cap,
    Days,
    MinimumGap,
    Period,
    Request,
    Scope,
    WorkingDays,
    WorkingTime,
)
from petpro_core.bookings.table import BookingTable
from petpro_core.bookings.walk_in import BOOKED_AS, WALK_IN, walk_in_booking
from petpro_core.bookings.whole import Overbooking, Release, Stranding, StrandingMode

__all__ = [
    "BOOKED_AS",
    "WALK_IN",
    "Allocation",
    "Booking",
    "BookingPolicy",
    "BookingStatus",
    "BookingTable",
    "Cap",
    "Days",
    "MinimumGap",
    "Overbooking",
    "Period",
    "Release",
    "Request",
    "Scope",
    "Stranding",
    "StrandingMode",
    "WorkingDays",
    "WorkingTime",
    "walk_in_booking",
]
