"""A slow and obvious answer to what a change breaks and how it is mended: everything is asked anew, one by one.

It asks the public verbs (``check_move``, ``find_slots``), which have oracles of their own, and nothing of
``petpro_core.repair``: what it judges is given to it as plain values.

Source: ADR 14 (laws and their oracle).
"""

from __future__ import annotations

from itertools import permutations, product
from typing import TYPE_CHECKING, Any, Final

import attrs

from petpro_core.decisions import check_move
from petpro_core.intervals import Interval, to_us
from petpro_core.reasons import Reason, Waiver

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from petpro_core.availability import Calendar
    from petpro_core.bookings import Booking, BookingPolicy, BookingTable
    from petpro_core.reasons import Conflict
    from petpro_core.slots import SlotRules

__all__ = ["Place", "World", "all_places", "best_places", "broken_numbers", "conflicts_of", "placed"]

_SWAPS: Final = (Waiver.GRID, Waiver.NOTICE, Waiver.HORIZON, Waiver.DEADLINE, Waiver.STRANDS)
_STANDS: Final = (*_SWAPS, Waiver.RELEASE)
_AHEAD: Final = {"pending", "held", "confirmed", "checked_in", "in_progress"}
_UNSAVED_TAIL: Final = (2**63 - 1,)

Place = tuple[tuple[int, ...], int]
"""The resources of a booking, and by how many microseconds it is moved."""


@attrs.frozen(eq=False)
class World:
    """What bookings are judged by: calendars by handle, everything booked, one set of rules, a policy, and the present.

    Attributes:
        calendars: The hours of each resource.
        busy: What is booked.
        rules: How starts are laid out.
        policy: What the practice allows.
        now: The present.
    """

    calendars: Mapping[int, Calendar]
    busy: BookingTable
    rules: SlotRules
    policy: BookingPolicy
    now: datetime

    def told(self, booking: Booking, waive: Sequence[Waiver]) -> Iterator[Conflict]:
        """What stands against each allocation of a booking where it is; all of its resources have hours."""
        for part in booking.allocations:
            yield from check_move(
                self.calendars[part.resource],
                booking=attrs.evolve(booking, allocations=part),
                start=part.interval.start,
                busy=self.busy,
                rules=self.rules,
                now=self.now,
                policy=self.policy,
                waive=waive,
            )


def conflicts_of(world: World, booking: Booking) -> list[tuple[Any, ...]]:
    """What is against a booking that stands, in words that can be compared."""
    return [(c.reason, c.kind, c.ref, c.resource_id) for c in world.told(booking, _STANDS)]


def broken_numbers(before: World, after: World, pairs: Sequence[tuple[Booking, Booking]]) -> list[int]:
    """The numbers of the bookings that have something against them afterwards that they had not before.

    Args:
        before: What they were judged by.
        after: What they are judged by.
        pairs: Each booking as it stood, and as it stands.
    """
    found = []
    for old, new in pairs:
        until = old.held_until is None or to_us(old.held_until) > to_us(before.now)
        ends = max(part.interval.end for part in old.allocations)
        if str(old.status) in _AHEAD and until and ends > before.now:
            known = conflicts_of(before, old)
            if any(one not in known for one in conflicts_of(after, new)):
                found.append((new.start, new.id))
    return [number for _, number in sorted(found)]


# --- the smallest mend, by trying all ---------------------------------------------------------------------------------


def placed(booking: Booking, place: Place) -> Booking:
    """A booking at a place."""
    resources, by = place

    def times(interval: Interval) -> Interval:
        return Interval.from_us(interval.start_us + by, interval.end_us + by)

    parts = [
        attrs.evolve(part, resource=resource, interval=times(part.interval), occupied=times(part.occupied))
        for part, resource in zip(booking.allocations, resources, strict=True)
    ]
    return attrs.evolve(booking, allocations=parts)


def _cost(booking: Booking, place: Place | None) -> tuple[int, ...]:
    if place is None:
        return 1, 0, 0, 0
    changes = sum(part.resource != other for part, other in zip(booking.allocations, place[0], strict=True))
    return 0, int(place[1] != 0), abs(place[1]), changes


def _accepted(world: World, booking: Booking, place: Place) -> bool:
    stands = place == (tuple(part.resource for part in booking.allocations), 0)
    asked: Sequence[Waiver] = (Waiver.DEADLINE,) if place[1] else _STANDS if stands else _SWAPS
    # Who stays where they are need not be movable.
    return all(one.reason is Reason.STATUS and stands for one in world.told(placed(booking, place), asked))


def _with(world: World, bookings: Sequence[Booking]) -> World:
    return attrs.evolve(world, busy=world.busy.with_bookings(bookings))


def _places(
    world: World, booking: Booking, instead: Mapping[int, Sequence[int]], within: Interval, step: int
) -> list[Place]:
    """Every place that is accepted while no broken booking is in the way."""
    own = tuple(part.resource for part in booking.allocations)
    begun, first = booking.start < world.now, to_us(booking.start)
    moves = [start - first for start in range(within.start_us, within.end_us, step) if start != first]
    ways = product(*([resource, *instead.get(resource, ())] for resource in own))
    return [
        (way, by)
        for way in ways
        for by in (0, *moves)
        # What has begun stays with whom it is.
        if (by or way == own or not begun) and _accepted(world, booking, (way, by))
    ]


def all_places(
    without: World,
    broken: Sequence[Booking],
    instead: Sequence[Mapping[int, Sequence[int]]],
    within: Interval,
    *,
    step: int,
) -> list[list[Place]]:
    """Every place of each broken booking that is accepted while none of them is in the way.

    Args:
        without: What bookings are judged by, without those that are broken.
        broken: The broken bookings.
        instead: For each of them, and each of its resources, those that may take its place.
        within: Where bookings may start that are moved in time.
        step: Starts are tried every so many microseconds from the start of ``within``; let the grid be among them.
    """
    return [_places(without, booking, some, within, step) for booking, some in zip(broken, instead, strict=True)]


def best_places(without: World, broken: Sequence[Booking], options: Sequence[Sequence[Place]]) -> list[Place | None]:
    """The place of each broken booking in the best plan, ``None`` where it is not saved; by trying all plans.

    Args:
        without: What bookings are judged by, without those that are broken.
        broken: The broken bookings, in order of their start and number.
        options: The places of each of them.
    """

    def order(plan: tuple[Place | None, ...]) -> tuple[Any, ...]:
        costs = [_cost(booking, place) for booking, place in zip(broken, plan, strict=True)]
        tails = [
            _UNSAVED_TAIL if place is None else (*place[0], to_us(booking.start) + place[1])
            for booking, place in zip(broken, plan, strict=True)
        ]
        return tuple(map(sum, zip(*costs, strict=True))), tails

    plans = sorted(product(*([*places, None] for places in options)), key=order)
    return list(next(plan for plan in plans if _holds(without, broken, plan)))


def _holds(without: World, broken: Sequence[Booking], plan: Sequence[Place | None]) -> bool:
    """Whether each booking is accepted beside all others in the end, and the moves have some order."""
    final = [booking if place is None else placed(booking, place) for booking, place in zip(broken, plan, strict=True)]
    for number, place in enumerate(plan):
        others = [one for other, one in enumerate(final) if other != number]
        if place is not None and not _accepted(_with(without, others), broken[number], place):
            return False
    movers = [
        number
        for number, place in enumerate(plan)
        if place is not None and place != (tuple(part.resource for part in broken[number].allocations), 0)
    ]
    return any(_runs(without, broken, plan, order) for order in permutations(movers))


def _runs(without: World, broken: Sequence[Booking], plan: Sequence[Place | None], order: Sequence[int]) -> bool:
    now = list(broken)
    for number in order:
        place = plan[number]
        others = [one for other, one in enumerate(now) if other != number]
        if place is None or not _accepted(_with(without, others), broken[number], place):
            return False
        now[number] = placed(broken[number], place)
    return True
