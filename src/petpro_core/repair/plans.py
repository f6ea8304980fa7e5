"""Repair plans: what a change breaks is moved, as few bookings and by as little as can be; the rest is named.

Only bookings that the change breaks are moved: nobody whose booking stands is disturbed. Of two plans the better one
has, in this order, fewer bookings that are not saved, fewer that are moved in time, less time by which they are moved
in all, fewer changes of resource; then the lower handles and the earlier starts, booking by booking. So another
resource at the same time comes before another time.

Of a booking that keeps its start grid, notice, horizon and stranded time are not asked: they were when it was made. One
that is moved in time is judged in full. Deadlines are not asked: they bind who books, and it is the practice that
moves.

Source: ADR 2 (each move is one that the decision accepts).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import attrs

from petpro_core._checks import LARGEST, as_choices, as_kind, as_whole
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import Interval
from petpro_core.reasons import Waiver
from petpro_core.repair._mend import mend
from petpro_core.repair._options import options_for
from petpro_core.repair._standing import MOVABLE, SWAPS, with_part
from petpro_core.repair.impact import Impact

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from petpro_core.bookings import Booking
    from petpro_core.reasons import Conflict
    from petpro_core.repair._options import Option, Options
    from petpro_core.repair._standing import Practice

__all__ = ["EFFORT", "Move", "RepairPlan", "Substitutes", "Unsaved", "WhyUnsaved", "plan_repair"]

EFFORT: Final = 100_000
"""How far the search for a better plan goes by default: a place that it looks at costs 1, one that it has judged 20."""

Handles = tuple[int, ...] | Mapping[int, tuple[int, ...]]


def _as_handles(value: object) -> Handles:
    if isinstance(value, Mapping):
        return {as_whole("resource", key): _as_row(handles) for key, handles in value.items()}
    return _as_row(value)


def _as_row(value: object) -> tuple[int, ...]:
    as_kind("substitutes", value, tuple, list, set, frozenset, range)
    return tuple(sorted({as_whole("substitutes", one) for one in value}))  # type: ignore[attr-defined]  # of these kinds


def _as_table(value: Mapping[int | None, object]) -> dict[int | None, Handles]:
    as_kind("substitutes", value, Mapping)
    return {None if key is None else as_whole("substitutes", key): _as_handles(some) for key, some in value.items()}


@attrs.frozen
class Substitutes:
    """Who could take a booking instead, as the caller knows it.

    For a booking or a service: the handles of the resources that could take the place of the one that is lost. Where a
    booking holds several resources, a mapping says it for each of them: ``{7: [8, 9], 20: [21]}``, vets for the vet and
    rooms for the room; those that are not in it have none. What is said for a booking goes before what is said for its
    service.

        >>> vets = Substitutes(by_service={3: [9, 8]}, by_booking={41: {7: [8], 20: [21, 22]}})
        >>> vets.by_service[3], vets.by_booking[41][20]
        ((8, 9), (21, 22))

    Attributes:
        by_service: For the handle of a service, ``None`` for bookings without one.
        by_booking: For the number of a booking.

    Raises:
        InvalidValueError: Something else than mappings to handles, 0 or more.

    Source: the caller's matching; nothing of it is decided here.
    """

    by_service: Mapping[int | None, Handles] = attrs.field(converter=_as_table, factory=dict)
    by_booking: Mapping[int | None, Handles] = attrs.field(converter=_as_table, factory=dict)

    def instead_of(self, booking: Booking, lost: Collection[int]) -> dict[int, tuple[int, ...]]:
        """For each resource of a booking those that could take its place.

        Args:
            booking: The booking.
            lost: Its resources that cannot keep it; handles that are not said for each of its resources are for these.
        """
        told = self.by_booking.get(booking.id, self.by_service.get(booking.service, ()))
        if isinstance(told, Mapping):
            return dict(told)
        return dict.fromkeys(lost, told)


@attrs.frozen
class Move:
    """One step of a plan.

    Attributes:
        before: The booking as it stands.
        booking: The booking as it stands after the step.
        waived: What was not asked: of a booking that keeps its start more than of one that is moved in time.

    Source: ADR 10.
    """

    before: Booking
    booking: Booking
    waived: tuple[Waiver, ...]

    @property
    def by(self) -> timedelta:
        """How far it is moved in time; negative = earlier."""
        return self.booking.start - self.before.start

    @property
    def changes(self) -> tuple[tuple[int, int], ...]:
        """The resources that change: each with the one that takes its place."""
        pairs = zip(self.before.allocations, self.booking.allocations, strict=True)
        return tuple((old.resource, new.resource) for old, new in pairs if old.resource != new.resource)


class WhyUnsaved(enum.StrEnum):
    """Why a booking could not be saved; the values are stable codes.

    ``STATUS``: it goes on already, and cannot be moved. ``NOBODY_ELIGIBLE``: nobody could take the place of a resource
    that is lost, and that resource has no start in the range. ``NO_START``: some could, and none of them has a start in
    the range. ``TAKEN``: there are starts, and other bookings of the plan take them.

        >>> WhyUnsaved.TAKEN.value
        'taken'

    Source: ADR 13 (reasons).
    """

    STATUS = "status"
    NOBODY_ELIGIBLE = "nobody_eligible"
    NO_START = "no_start"
    TAKEN = "taken"


@attrs.frozen
class Unsaved:
    """A booking that the plan leaves where it stands, broken.

    Attributes:
        booking: The booking.
        why: The reason in a word.
        conflicts: What stands against it at its own time once the plan is done, on its own resources and on those that
            could take the place of a lost one.

    Source: ADR 13.
    """

    booking: Booking
    why: WhyUnsaved
    conflicts: tuple[Conflict, ...]


@attrs.frozen(eq=False)
class RepairPlan:
    """How what a change broke is mended.

    Attributes:
        moves: The steps, in the order in which they are made: each is accepted when its turn comes, and stands beside
            all others in the end.
        kept: Broken bookings that stand where they are once the others have moved.
        unsaved: Broken bookings that are left, with the reasons.
        exact: Whether no plan is better; otherwise the search ended before it had seen them all.
        practice: Calendars, bookings and policy once every step is made.

    Source: ADR 2.
    """

    moves: tuple[Move, ...]
    kept: tuple[Booking, ...]
    unsaved: tuple[Unsaved, ...]
    exact: bool
    practice: Practice

    @property
    def cost(self) -> tuple[int, int, timedelta, int]:
        """Bookings not saved, bookings moved in time, the time by which they are moved, changes of resource."""
        late = [abs(move.by) for move in self.moves if move.by]
        return len(self.unsaved), len(late), sum(late, timedelta(0)), sum(len(move.changes) for move in self.moves)


def plan_repair(
    impact: Impact,
    *,
    substitutes: Substitutes,
    within: Interval,
    waive: Iterable[Waiver] = (),
    effort: int = EFFORT,
) -> RepairPlan:
    """The smallest mend of what a change broke.

        >>> from datetime import UTC, date, datetime
        >>> from petpro_core import ALWAYS, Allocation, Booking, BookingTable, Calendar, Schedule, SlotRules, TimeOff
        >>> from petpro_core import WeeklyHours
        >>> from petpro_core.repair import Absence, impact
        >>> week = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]})))
        >>> nine, hour = datetime(2026, 11, 23, 9, tzinfo=UTC), timedelta(hours=1)
        >>> booked = [
        ...     Booking(1, Allocation(7, Interval(nine, nine + hour))),
        ...     Booking(2, Allocation(7, Interval(nine + hour, nine + 2 * hour))),
        ...     Booking(3, Allocation(8, Interval(nine, nine + hour))),
        ... ]
        >>> broken = impact(
        ...     Absence(7, TimeOff.on(date(2026, 11, 23), zone="UTC", name="ill")),
        ...     calendars={7: week, 8: week},
        ...     bookings=booked,
        ...     busy=BookingTable.of(booked, known=ALWAYS),
        ...     rules=SlotRules(hour),
        ...     now=nine - timedelta(days=3),
        ... )
        >>> plan = plan_repair(broken, substitutes=Substitutes({None: [8]}), within=Interval(nine, nine + 3 * hour))
        >>> [(move.booking.id, move.changes, str(move.by)) for move in plan.moves]
        [(1, ((7, 8),), '2:00:00'), (2, ((7, 8),), '0:00:00')]
        >>> plan.exact
        True

    Args:
        impact: What is broken, and the practice afterwards.
        substitutes: Who could take a booking instead. The resource that holds it may always keep it, at another time.
        within: Where a booking may start that is moved in time.
        waive: Rules that are set aside in every move, by name; the grid cannot be where other times are looked for.
        effort: How far the search goes after its first plan, 0 or more: a place that it looks at costs 1, one that it
            has judged 20. Where that does not reach, the best plan found is given, and is not said to be exact.

    Raises:
        InvalidValueError: A value of another type or outside its bounds, the grid is waived, or a service has no rules.
        OutOfRangeError: ``within`` lies too near the ends of the years 1 to 9999.

    Cost: a search for each broken booking and resource that could take it, then two or three judgements for each; where
    bookings compete for few places, up to ``effort`` more (a second or two by default). Up to 200 bookings are searched
    together; of more, a first plan is given.

    Source: ADR 2.
    """
    as_kind("impact", impact, Impact)
    as_kind("substitutes", substitutes, Substitutes)
    as_kind("within", within, Interval)
    as_whole("effort", effort, 0, LARGEST)
    rights = as_choices(Waiver, "waive", waive)
    if Waiver.GRID in rights:
        msg = "other times are looked for on the grid (without it every microsecond is one); do not waive it here"
        raise InvalidValueError(msg, name="waive", waive=Waiver.GRID)
    broken = [one.booking for one in impact.broken]
    instead = [_instead(substitutes, one.booking, one.resources) for one in impact.broken]
    without = impact.practice.with_bookings((), removed=[one.id for one in broken])
    options = [
        options_for(booking, practice=without, instead=some, within=within, waive=rights)
        for booking, some in zip(broken, instead, strict=True)
    ]
    found = mend(options, without, waive=rights, effort=effort)
    chosen = {number: options[number][place] for number, place in enumerate(found.places) if place >= 0}
    moves = tuple(_move(broken[number], chosen[number], rights) for number in found.moves)
    numbers = [move.booking.id for move in moves]
    practice = (
        impact.practice.with_bookings([move.booking for move in moves], removed=numbers) if moves else impact.practice
    )
    return RepairPlan(
        moves=moves,
        kept=tuple(broken[number] for number, option in chosen.items() if option.stands),
        unsaved=tuple(
            _unsaved(options[number], instead[number], practice)
            for number in range(len(broken))
            if number not in chosen
        ),
        exact=found.exact,
        practice=practice,
    )


def _instead(substitutes: Substitutes, booking: Booking, lost: Collection[int]) -> dict[int, tuple[int, ...]]:
    """Who could take the place of each resource; a resource of the booking itself cannot do two things at once."""
    own = {part.resource for part in booking.allocations}
    told = substitutes.instead_of(booking, lost)
    return {resource: tuple(one for one in some if one not in own) for resource, some in told.items()}


def _move(before: Booking, option: Option, rights: Collection[Waiver]) -> Move:
    return Move(before, option.booking, tuple(sorted({*option.waived, *rights})))


def _unsaved(options: Options, instead: Mapping[int, tuple[int, ...]], practice: Practice) -> Unsaved:
    """A booking that is left, and why."""
    booking = options.booking
    conflicts = [
        conflict
        for part in booking.allocations
        for resource in (part.resource, *instead.get(part.resource, ()))
        if resource in practice.calendars
        for conflict in practice.against(booking, with_part(part, by=0, resource=resource), part.interval.start, SWAPS)
    ]
    if booking.status not in MOVABLE:
        why = WhyUnsaved.STATUS
    elif len(options):
        why = WhyUnsaved.TAKEN
    else:
        why = WhyUnsaved.NO_START if any(instead.values()) else WhyUnsaved.NOBODY_ELIGIBLE
    return Unsaved(booking, why, tuple(conflicts))
