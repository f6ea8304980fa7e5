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

__all__ = [
    "Allocation",
    "Booking",
    "BookingPolicy",
    "BookingStatus",
    "BookingTable",
    "Cap",
    "Days",
    "MinimumGap",
    "Period",
    "Request",
    "Scope",
    "WorkingDays",
    "WorkingTime",
]
