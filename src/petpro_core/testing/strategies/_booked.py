"""Strategies for what is booked, and for who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
from hypothesis import strategies as st

from petpro_core.bookings import Allocation, BookingTable, Request
from petpro_core.intervals import ALWAYS, Interval, IntervalSet, to_us
from petpro_core.reasons import Waiver
from petpro_core.testing import _draws
from petpro_core.testing.cases import build_booking
from petpro_core.testing.strategies._moments import instants, interval_sets, intervals

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from petpro_core.bookings import Booking

__all__ = ["allocations", "booking_tables", "bookings", "one_booking", "requests"]


def requests() -> SearchStrategy[Request]:
    """Who asks: nobody in particular, or a client, household, pet or group; for one unit or a few."""
    return _draws.plain_request.map(lambda plain: Request(**plain))


@st.composite
def allocations(draw: DrawFn) -> Allocation:
    """Time held on one of the resources 1 to 3, with and without buffers."""
    visit = draw(intervals())
    before, after = draw(st.sampled_from([(0, 0), (0, 1), (900_000_000, 0), (300_000_000, 600_000_000)]))
    occupied = Interval.from_us(visit.start_us - before, visit.end_us + after)
    return Allocation(draw(st.integers(1, 3)), visit, occupied, draw(st.sampled_from([1, 1, 2, 4])))


@st.composite
def bookings(draw: DrawFn) -> list[Booking]:
    """Bookings in every status on the resources 1 to 3, around one day."""
    start = draw(instants())
    now = to_us(start)
    marks = [(now + step * _draws.TICK, now + (step + 6) * _draws.TICK) for step in range(-6, 7, 3)]
    drawn = draw(_draws.plain_bookings(now, draw(_draws.plain_rules()), [1, 2, 3], marks))
    return [build_booking(plain) for plain in drawn]


@st.composite
def one_booking(draw: DrawFn) -> Booking:
    """One booking, with all that a booking may carry."""
    booking = draw(bookings().filter(bool))[0]
    return attrs.evolve(
        booking,
        source=draw(st.sampled_from(["", "walk_in"])),
        actual=draw(st.none() | intervals()),
        waived=tuple(sorted(draw(st.sets(st.sampled_from(Waiver), max_size=2)))),
    )


@st.composite
def booking_tables(draw: DrawFn) -> BookingTable:
    """Tables of bookings, with feeds of which some failed, known everywhere or only for some time."""
    known = draw(st.just(IntervalSet.of(ALWAYS)) | interval_sets())
    table = BookingTable.of(draw(bookings()), known=known)
    for resource in draw(st.lists(st.integers(1, 3), max_size=2)):
        table = table.with_feed(resource, draw(interval_sets()), known=draw(interval_sets()))
    return table
