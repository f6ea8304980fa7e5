"""The bookings that are broken, where each could go, and what the judge says of each beside the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from petpro_core._checks import LARGEST
from petpro_core.availability import CalendarBatch
from petpro_core.bookings import BookingTable, Period, Scope
from petpro_core.decisions import check_booking_batch
from petpro_core.intervals import DAY_US, duration_us
from petpro_core.repair._concerned import only
from petpro_core.repair._standing import asked_again

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from petpro_core.bookings import Booking
    from petpro_core.reasons import Waiver
    from petpro_core.repair._options import Option, Options
    from petpro_core.repair._standing import Practice

__all__ = ["OLD", "Board", "EffortSpentError", "Placed"]

OLD: Final = -1
"""The place where a booking stands before anything is moved, and where it stays if it is not saved."""

Placed = tuple[int, int]
"""The number of a booking, and one of its places."""

# Two starts of one period of a cap lie no further apart, clock changes included.
_SPANS: Final = {Period.DAY: 2 * DAY_US, Period.WEEK: 8 * DAY_US, Period.MONTH: 32 * DAY_US}
_ANY: Final = 2**61
_JUDGED: Final = 20  # To judge a place takes so many times as long as to look at one.


class EffortSpentError(Exception):
    """The search has looked at as much as it may."""


class Board:
    """What the search asks; whatever was judged once is remembered.

    Attributes:
        options: The places of each booking.
        old: The bookings as they stand.
        reach: How far apart two occupied times on one resource lie, in microseconds, before neither matters to the
            other.
        left: How much may still be looked at; ``None`` = as much as it takes.
    """

    def __init__(self, options: Sequence[Options], practice: Practice, waive: Collection[Waiver]) -> None:
        """A board of a practice without what is broken."""
        self.options, self.practice = options, practice
        self.left: int | None = None
        self.old = [one.booking for one in options]
        self._waive = set(waive)
        policy = practice.policy
        asked = [cap.by for cap in policy.caps] + [gap.by for gap in policy.gaps] + list(policy.one_at_a_time)
        self._scopes = sorted({scope for scope in asked if scope is not Scope.RESOURCE})
        gaps = [duration_us(gap.time) for gap in policy.gaps if gap.by is Scope.RESOURCE]
        spans = [_SPANS[cap.per] for cap in policy.caps if cap.by is Scope.RESOURCE]
        # What is stranded depends on all that is free around it.
        self.reach = _ANY if policy.stranding is not None else max([0, *gaps, *spans])
        self._busy = self._relevant()
        self._made: dict[Placed, Option] = {}
        self._judged: dict[tuple[Placed, frozenset[Placed]], bool] = {}
        self._tables: dict[frozenset[Placed], BookingTable] = {}

    def _relevant(self) -> BookingTable:
        """The bookings that any place may be judged by: those near it on its resources, and all of who asks."""
        busy = self.practice.busy
        resources = sorted({resource for one in self.options for way in one.ways for resource in way})
        there = np.isin(busy.resource, resources)
        if self.options and self.reach < _ANY:
            # A stay may be longer or shorter by a change of the clocks; two days are more than enough.
            spans = [one.span for one in self.options]
            more = self.reach + 2 * DAY_US
            low, high = min(first for first, _ in spans) - more, max(last for _, last in spans) + more
            there &= (busy.occupied_end > low) & (busy.occupied_start < high)
        for scope in self._scopes:
            people = [getattr(one, scope) for one in self.old if getattr(one, scope) is not None]
            there |= np.isin(busy.subject(scope), people)
        return only(busy, there.nonzero()[0])

    # --- places -------------------------------------------------------------------------------------------------------

    def option(self, placed: Placed) -> Option:
        """A place that is not the old one."""
        if placed not in self._made:
            self._made[placed] = self.options[placed[0]][placed[1]]
        return self._made[placed]

    def at(self, placed: Placed) -> Booking:
        """A booking at one of its places."""
        return self.old[placed[0]] if placed[1] == OLD else self.option(placed).booking

    def tail(self, placed: Placed) -> tuple[int, ...]:
        """What decides between equal costs."""
        return (LARGEST,) if placed[1] == OLD else self.options[placed[0]].tail(placed[1])

    def same_subject(self, one: Booking, other: Booking) -> bool:
        """Whether a rule that looks at the bookings of who asks may look from one at the other."""
        return any(
            getattr(one, scope) is not None and getattr(one, scope) == getattr(other, scope) for scope in self._scopes
        )

    def meet(self, one: Booking, other: Booking) -> bool:
        """Whether the judge of either may look at the other."""
        if self._scopes and self.same_subject(one, other):
            return True
        for part in one.allocations:
            for beside in other.allocations:
                near = part.resource == beside.resource
                if near and part.occupied.start_us - self.reach < beside.occupied.end_us:
                    near = beside.occupied.start_us - self.reach < part.occupied.end_us
                    if near:
                        return True
        return False

    # --- the judge ----------------------------------------------------------------------------------------------------

    def spend(self, effort: int = 1) -> None:
        """Count what was looked at, once the search is on.

        Raises:
            EffortSpentError: It has been enough.
        """
        if self.left is not None:
            self.left -= effort
            if self.left < 0:
                raise EffortSpentError

    def accepts(self, placed: Placed, others: Iterable[Placed]) -> bool:
        """Whether the judge accepts a booking at a place, with some others at theirs."""
        option = self.option(placed)
        near = frozenset(key for key in others if self.meet(option.booking, self.at(key)))
        if not near:
            # Then it is accepted as it was when the options were found.
            return True
        key = placed, near
        if key not in self._judged:
            self.spend(_JUDGED)
            self._judged[key] = self._allows(placed[0], option, near)
        return self._judged[key]

    def _allows(self, number: int, option: Option, near: frozenset[Placed]) -> bool:
        if near not in self._tables:
            self._tables[near] = self._busy.with_bookings([self.at(key) for key in sorted(near)])
        practice, waive = self.practice, {*option.waived, *self._waive}
        for part in option.booking.allocations:
            if part.resource not in practice.calendars:
                continue
            rules, request = asked_again(option.booking, part, self.options[number].rules)
            mask = check_booking_batch(
                CalendarBatch.of((practice.calendars[part.resource],), [part.resource]),
                row=np.zeros(1, np.int64),
                start_us=np.array([part.interval.start_us]),
                busy=self._tables[near],
                rules=rules,
                now=practice.now,
                policy=practice.policy,
                request=request,
                waive=waive,
                replacing=option.booking.id,
                cache=practice.cache,
            )[0]
            if mask:
                return False
        return True

    # --- plans --------------------------------------------------------------------------------------------------------

    def ordered(self, places: Sequence[Placed]) -> tuple[int, ...] | None:
        """An order of the moves in which each is accepted when its turn comes; ``None`` = there is none.

        A move takes no place that the plan does not give it, so whoever can move may move at once.
        """
        now = dict.fromkeys((number for number, _ in places), OLD)
        waiting = [one for one in places if one[1] != OLD and not self.option(one).stands]
        order: list[int] = []
        while waiting:
            free = (one for one in waiting if self.accepts(one, [key for key in now.items() if key[0] != one[0]]))
            first = next(free, None)
            if first is None:
                return None
            now[first[0]] = first[1]
            order.append(first[0])
            waiting.remove(first)
        return tuple(order)

    def holds(self, places: Sequence[Placed]) -> bool:
        """Whether each place of a plan is accepted beside all others of it, and the moves have an order."""
        beside = all(self.accepts(one, [other for other in places if other != one]) for one in places if one[1] != OLD)
        return beside and self.ordered(places) is not None

    def one_by_one(self) -> list[Placed]:
        """A plan in which each booking in turn gets the cheapest place that is left to it."""
        places = [(number, OLD) for number in range(len(self.old))]
        again = True
        while again:
            again = False
            for number in range(len(places)):
                if places[number][1] == OLD and self._placed(number, places):
                    # Who has moved makes room for those that found none.
                    again = True
        return places

    def _placed(self, number: int, places: list[Placed]) -> bool:
        others = [one for one in places if one[0] != number]
        for place in range(len(self.options[number])):
            fresh = number, place
            beside = [one for one in others if one[1] != OLD and self.meet(self.at(one), self.at(fresh))]
            if self.accepts(fresh, others) and all(
                self.accepts(one, [fresh, *(other for other in others if other != one)]) for one in beside
            ):
                places[number] = fresh
                return True
        return False
