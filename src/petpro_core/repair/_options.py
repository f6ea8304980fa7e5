"""Where a broken booking could go instead: every place that the judge accepts while no broken booking is in the way.

More bookings never make a place better, so whatever a plan may use is among these.
"""

from __future__ import annotations

from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING

import attrs
import numpy as np

from petpro_core.availability import CalendarBatch
from petpro_core.decisions import find_slots
from petpro_core.intervals import ALWAYS, DAY_US, Int64Array, Interval, IntervalSet, to_us
from petpro_core.reasons import Reason, Waiver
from petpro_core.repair._standing import MOVABLE, STANDS, SWAPS, asked_again, span_of, with_part
from petpro_core.slots import CalendarDays, Footprint

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from petpro_core.bookings import Allocation, Booking
    from petpro_core.repair._standing import Practice
    from petpro_core.slots import SlotRules

__all__ = ["Option", "Options", "options_for"]


@attrs.frozen(eq=False)
class Option:
    """One place for a broken booking.

    Attributes:
        booking: The booking as it would stand there.
        by: By how many microseconds it is moved in time.
        stands: Whether it would not move at all.
    """

    booking: Booking
    by: int
    stands: bool

    @property
    def waived(self) -> tuple[Waiver, ...]:
        """What is not asked of it: a deadline is for who books, and what keeps its start was asked when it was made."""
        if self.by:
            return (Waiver.DEADLINE,)
        return STANDS if self.stands else SWAPS


@attrs.frozen(eq=False)
class Options:
    """The places for one booking as columns, in order of their cost and then of resources and time.

    Attributes:
        booking: The booking as it stands.
        practice: What it is judged by.
        ways: The resources for its allocations, in their order; each a way to place it.
        way: int64[m]: which of them each option has.
        by: int64[m]: by how many microseconds it is moved.
    """

    booking: Booking
    practice: Practice
    ways: tuple[tuple[int, ...], ...]
    way: Int64Array
    by: Int64Array

    def __len__(self) -> int:
        """How many."""
        return len(self.by)

    def __getitem__(self, place: int) -> Option:
        """One of them."""
        way, by = self.ways[int(self.way[place])], int(self.by[place])
        parts = tuple(
            self._moved(part, resource, by) for part, resource in zip(self.booking.allocations, way, strict=True)
        )
        booking = attrs.evolve(self.booking, allocations=parts)
        return Option(booking, by=by, stands=booking == self.booking)

    def tail(self, place: int) -> tuple[int, ...]:
        """What decides between equal costs: the resources, then the start."""
        return (*self.ways[int(self.way[place])], span_of(self.booking)[0] + int(self.by[place]))

    def _moved(self, part: Allocation, resource: int, by: int) -> Allocation:
        rules = self.rules
        if not isinstance(rules.duration, CalendarDays) or (not by and resource == part.resource):
            return with_part(part, by=by, resource=resource)
        start = part.interval.start_us + by
        zone = self.practice.calendars[resource].zone
        length = int(Footprint.of(rules, (zone,), None, (start, start + 1)).lengths(None, np.array([start]))[0])
        return with_part(part, by=by, end_by=start + length - part.interval.end_us, resource=resource)

    def reach(self, useful: Int64Array, gap: int) -> dict[int, IntervalSet]:
        """Where the booking may be on each resource, at some of its places or as it stands, grown by a gap."""
        spans: dict[int, list[tuple[Int64Array, Int64Array]]] = {}
        # A stay may be longer or shorter where it passes a change of the clocks, by less than two days.
        more = gap + 2 * DAY_US if isinstance(self.rules.duration, CalendarDays) else gap
        for place, part in enumerate(self.booking.allocations):
            for number, way in enumerate(self.ways):
                by = self.by[useful][self.way[useful] == number]
                by = np.append(by, 0) if way[place] == part.resource else by
                low = np.maximum(part.occupied.start_us + by - gap, ALWAYS.start_us)
                high = np.minimum(part.occupied.end_us + by + more, ALWAYS.end_us)
                spans.setdefault(way[place], []).append((low, high))
        return {
            resource: IntervalSet.from_us(*map(np.concatenate, zip(*some, strict=True)))
            for resource, some in spans.items()
        }

    @property
    def span(self) -> tuple[int, int]:
        """The first and the last instant that the booking may occupy, anywhere."""
        held = [part.occupied for part in self.booking.allocations]
        earlier, later = int(self.by.min(initial=0)), int(self.by.max(initial=0))
        return min(one.start_us for one in held) + earlier, max(one.end_us for one in held) + later

    @property
    def rules(self) -> SlotRules:
        """The rules of the booking's service."""
        return self.practice.rules_for(self.booking.service)

    @cached_property
    def changes(self) -> Int64Array:
        """int64[m]: how many resources change."""
        own = np.array([part.resource for part in self.booking.allocations])
        changed: Int64Array = (np.array(self.ways, np.int64) != own).sum(axis=1)
        return changed[self.way]


def options_for(
    booking: Booking,
    *,
    practice: Practice,
    instead: Mapping[int, Sequence[int]],
    within: Interval,
    waive: Collection[Waiver],
) -> Options:
    """Every place for a booking in a practice without the bookings that are broken.

    Args:
        booking: The booking as it stands.
        practice: The practice, without what is broken.
        instead: For each resource of the booking those that may take its place.
        within: Where the booking may start if it moves in time.
        waive: Rules that are set aside.
    """
    own = [part.resource for part in booking.allocations]
    moves = booking.status in MOVABLE
    ways = [
        way
        for way in product(*([resource, *(instead.get(resource, ()) if moves else ())] for resource in own))
        if len(set(way)) == len(way)
    ]
    found = {
        (place, resource): _moves(booking, booking.allocations[place], resource, practice, within, waive)
        for place, resource in sorted({pair for way in ways for pair in enumerate(way)})
    }
    shared = [_in_all([found[pair] for pair in enumerate(way)]) for way in ways]
    number = np.arange(len(ways)).repeat([len(some) for some in shared])
    return _in_order(Options(booking, practice, tuple(ways), number, np.concatenate(shared)))


def _in_all(columns: Sequence[Int64Array]) -> Int64Array:
    first, *others = columns
    for other in others:
        first = np.intersect1d(first, other, assume_unique=True)
    return first


def _in_order(options: Options) -> Options:
    tails = np.array(options.ways, np.int64)[options.way]
    keys = (options.by, *tails.T[::-1], options.changes, np.abs(options.by), options.by != 0)
    order = np.lexsort(keys)
    return attrs.evolve(options, way=options.way[order], by=options.by[order])


def _moves(
    booking: Booking,
    part: Allocation,
    resource: int,
    practice: Practice,
    within: Interval,
    waive: Collection[Waiver],
) -> Int64Array:
    """By how much an allocation may move so that a resource accepts it; 0 where it may keep its start."""
    if resource not in practice.calendars:
        # Nobody knows its hours: it stays as it is held, and takes nothing else.
        return np.zeros(int(resource == part.resource), np.int64)
    there = with_part(part, by=0, resource=resource)
    # What has begun stays with whom it is.
    free = resource == part.resource or span_of(booking)[0] >= to_us(practice.now)
    asked = STANDS if resource == part.resource else SWAPS
    told = practice.against(booking, there, part.interval.start, {*asked, *waive}) if free else ()
    kept = np.zeros(int(free and all(one.reason is Reason.STATUS for one in told)), np.int64)
    if booking.status not in MOVABLE:
        return kept
    rules, request = asked_again(booking, part, practice.rules_for(booking.service))
    offset = part.interval.start_us - span_of(booking)[0]
    table = find_slots(
        CalendarBatch.of((practice.calendars[resource],), [resource]),
        busy=practice.busy,
        rules=rules,
        within=Interval.from_us(within.start_us + offset, within.end_us + offset),
        now=practice.now,
        policy=practice.policy,
        request=request,
        waive=waive,
        cache=practice.cache,
    )
    moves = table.starts - part.interval.start_us
    return np.sort(np.append(kept, moves[moves != 0]))
