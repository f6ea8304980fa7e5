"""Impact: the bookings and series that a change breaks, each with what the judge now has against it.

A booking that stands is broken by a change exactly where the judge has something against it afterwards that it had not
before. It is judged where it stands, as replacing itself. Grid, notice, horizon, deadline, kept time and stranded time
are not asked: they are about making and moving a booking, and were asked when it was made. What stood against it before
(an emergency outside the hours, a cap that was waived) is no news and breaks nothing.

Source: ADR 2 (one judge), ADR 10 (states).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from petpro_core._checks import as_each, as_kind, as_whole
from petpro_core.availability import HoursCache, open_hours
from petpro_core.bookings import Booking, BookingPolicy, BookingTable
from petpro_core.intervals import DAY_US, Interval, to_us
from petpro_core.repair._changes import Change, NewPolicy, NewZoneData, changed_policy, of_handle, several
from petpro_core.repair._standing import Practice, RulesByService, as_calendars, is_ahead, shifted, span_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from petpro_core.availability import Calendar
    from petpro_core.intervals import IntervalSet
    from petpro_core.reasons import Conflict

__all__ = ["BrokenBooking", "BrokenSeries", "Impact", "ShiftedBooking", "impact"]

_NEAR_US: Final = (
    800 * DAY_US
)  # Hours are expanded once for all bookings before then; later ones are judged one by one.


@attrs.frozen
class BrokenBooking:
    """A booking that a change breaks.

    Attributes:
        booking: The booking as it stands afterwards; new zone data may have moved it with its wall time.
        conflicts: Everything that the judge has against it now, where it stands.
        before: What it had against it before the change.
        series: The handle of its series; ``None`` = none was given.

    Source: ADR 2.
    """

    booking: Booking
    conflicts: tuple[Conflict, ...]
    before: tuple[Conflict, ...]
    series: int | None = None

    @property
    def news(self) -> tuple[Conflict, ...]:
        """The conflicts that the change made."""
        known = set(map(_what, self.before))
        return tuple(conflict for conflict in self.conflicts if _what(conflict) not in known)

    @property
    def resources(self) -> tuple[int, ...]:
        """The resources that cannot keep it any more, in the order of its allocations."""
        told = {conflict.resource_id for conflict in self.news}
        return tuple(part.resource for part in self.booking.allocations if part.resource in told)


@attrs.frozen
class BrokenSeries:
    """A series of which a change breaks some bookings.

    Attributes:
        series: Its handle.
        broken: The numbers of the bookings that are broken, in order of their start.
        kept: Those that still lie ahead and stand, likewise.

    Source: ADR 11.
    """

    series: int
    broken: tuple[int, ...]
    kept: tuple[int, ...]


@attrs.frozen
class ShiftedBooking:
    """A booking that keeps its wall time, and so moves on the UTC line, where a zone has new data.

    Attributes:
        before: The booking as it stood.
        booking: The booking as it stands now.

    Source: ADR 7, ADR 8.
    """

    before: Booking
    booking: Booking

    @property
    def by(self) -> timedelta:
        """How far it moved."""
        return self.booking.start - self.before.start


@attrs.frozen(eq=False)
class Impact:
    """What a change does to the bookings that stand.

    Attributes:
        broken: The bookings that it breaks, in order of their start and then of their number.
        series: The series of which it breaks some, in order of their handles.
        shifted: The bookings that move with their wall time, broken or not, in the order of ``broken``.
        practice: Calendars, bookings and policy as they are afterwards: what a repair starts from.

    Source: ADR 2.
    """

    broken: tuple[BrokenBooking, ...]
    series: tuple[BrokenSeries, ...]
    shifted: tuple[ShiftedBooking, ...]
    practice: Practice


def impact(
    change: Change | Sequence[Change],
    *,
    calendars: Mapping[int, Calendar],
    bookings: Iterable[Booking],
    busy: BookingTable,
    rules: RulesByService,
    now: datetime,
    policy: BookingPolicy = BookingPolicy(),  # noqa: B008  # frozen, and the same for everybody
    series: Mapping[int, int] | None = None,
    cache: HoursCache | None = None,
) -> Impact:
    """The bookings and series that a change breaks, each with its conflicts.

    Looked at are the given bookings that still lie ahead (or go on now) and are to be kept: PENDING, HELD and not let
    go, CONFIRMED, CHECKED_IN, IN_PROGRESS.

        >>> from datetime import UTC, date, datetime, timedelta
        >>> from petpro_core import ALWAYS, Allocation, Calendar, Schedule, SlotRules, TimeOff, WeeklyHours
        >>> from petpro_core.repair import Absence
        >>> week = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"], "tuesday": ["09:00-12:00"]})))
        >>> nine = datetime(2026, 11, 23, 9, tzinfo=UTC)
        >>> booked = [
        ...     Booking(day, Allocation(7, Interval(nine + timedelta(days=day), nine + timedelta(days=day, hours=1))))
        ...     for day in (0, 1)
        ... ]
        >>> found = impact(
        ...     Absence(7, TimeOff.on(date(2026, 11, 24), zone="UTC", name="ill")),
        ...     calendars={7: week},
        ...     bookings=booked,
        ...     busy=BookingTable.of(booked, known=ALWAYS),
        ...     rules=SlotRules(timedelta(hours=1)),
        ...     now=nine - timedelta(days=3),
        ... )
        >>> [(one.booking.id, [(str(c.kind), c.ref) for c in one.conflicts]) for one in found.broken]
        [(1, [('time_off', 'ill')])]

    Args:
        change: What changes, one or several in order.
        calendars: The hours of each resource before the change, by handle. A booking is judged on those of its
            resources that are here.
        bookings: The bookings to look at, as they stand in ``busy``.
        busy: Everything that is booked, and where that is known.
        rules: How starts are laid out: one for all, or those of each service by its handle. A booking keeps its own
            length, buffers and seats; what is read is whether it is a stay of calendar days.
        now: The present.
        policy: What the practice allows, before the change.
        series: The handle of its series for the number of each booking that is part of one.
        cache: Hours expanded before, kept by the caller.

    Raises:
        InvalidValueError: Something else than changes, calendars or bookings, or a service without rules.
        NaiveDatetimeError: ``now`` without a zone.
        OutOfRangeError: A booking that moves with its wall time leaves the years 1 to 9999.

    Cost: two judgements for each booking that the change may touch; of new hours and absences, those that do not lie in
    the hours both before and after.

    Source: ADR 2 (one judge), ADR 10 (states).
    """
    as_kind("busy", busy, BookingTable)
    every = several(change)
    cache = HoursCache() if cache is None else cache
    before = Practice(as_calendars(calendars), busy, rules, policy, now, cache)
    looked_at = [one for one in as_each(Booking, "bookings", bookings) if is_ahead(one, to_us(now))]
    looked_at.sort(key=_order)
    after, moved = _changed(before, every, looked_at)
    numbers = {as_whole("series", one): as_whole("series", handle) for one, handle in (series or {}).items()}
    broken, safe = [], set() if moved else _unmoved(before, after, looked_at)
    for old in looked_at:
        if old.id in safe:
            continue
        fresh = moved.get(old.id, old)
        one = BrokenBooking(fresh, after.standing(fresh), before.standing(old), numbers.get(old.id))
        if one.news:
            broken.append(one)
    broken.sort(key=lambda one: _order(one.booking))
    return Impact(
        broken=tuple(broken),
        series=_series(numbers, broken, [moved.get(one.id, one) for one in looked_at]),
        shifted=tuple(ShiftedBooking(old, moved[old.id]) for old in looked_at if old.id in moved),
        practice=after,
    )


def _order(booking: Booking) -> tuple[int, int]:
    return span_of(booking)[0], booking.id


def _what(conflict: Conflict) -> tuple[object, ...]:
    """What a conflict is about, whatever its extent: the reason and its source."""
    return conflict.reason, conflict.kind, conflict.ref, conflict.resource_id


def _changed(
    before: Practice, changes: Sequence[Change], bookings: Iterable[Booking]
) -> tuple[Practice, dict[int, Booking]]:
    """The practice afterwards, and the bookings that moved with their wall time, by number."""
    calendars, standing = dict(before.calendars), {one.id: one for one in bookings}
    moved: dict[int, Booking] = {}
    for change in changes:
        if isinstance(change, NewZoneData):
            for number, booking in standing.items():
                fresh = _rezoned(before, calendars, change, booking)
                if fresh is not booking:
                    moved[number] = fresh
            standing |= moved
            calendars = {handle: of_handle(change, calendar) for handle, calendar in calendars.items()}
        elif not isinstance(change, NewPolicy) and change.resource in calendars:
            calendars[change.resource] = of_handle(change, calendars[change.resource])
    after = attrs.evolve(before, calendars=calendars, policy=changed_policy(before.policy, changes))
    return after.with_bookings([*moved.values()], removed=[*moved]) if moved else after, moved


def _rezoned(before: Practice, calendars: Mapping[int, Calendar], change: NewZoneData, booking: Booking) -> Booking:
    """A booking after new zone data: its wall time is that of the home of the first of its resources that has one."""
    home = next((calendars[part.resource].zone for part in booking.allocations if part.resource in calendars), None)
    begun = span_of(booking)[0] <= to_us(before.now)
    if home is None or home.key != change.zone.key or booking.id in change.fixed or begun:
        return booking
    return shifted(booking, home, change.zone, stay=before.stays(booking))


def _unmoved(before: Practice, after: Practice, bookings: Sequence[Booking]) -> set[int]:
    """The numbers of bookings that surely meet nothing new: their visits lie in the hours before and afterwards."""
    if before.policy != after.policy:
        return set()
    safe = {one.id for one in bookings if not before.stays(one)}
    for handle, old in before.calendars.items():
        new = after.calendars[handle]
        if old is new:
            continue
        mine = [(one.id, part.interval) for one in bookings for part in one.allocations if part.resource == handle]
        if old.zone != new.zone or old.capacity != new.capacity:
            safe -= {number for number, _ in mine}
            continue
        near = [visit for _, visit in mine if visit.end_us - to_us(before.now) < _NEAR_US]
        opened = [_open(calendar, near) for calendar in (old, new)] if near else []
        safe -= {number for number, visit in mine if not opened or not all(hours.covers(visit) for hours in opened)}
    return safe


def _open(calendar: Calendar, visits: Sequence[Interval]) -> IntervalSet:
    first, last = min(visit.start_us for visit in visits), max(visit.end_us for visit in visits)
    return open_hours(calendar, within=Interval.from_us(first, last))[0]


def _series(
    numbers: Mapping[int, int], broken: Sequence[BrokenBooking], standing: Sequence[Booking]
) -> tuple[BrokenSeries, ...]:
    """The series of which some bookings are broken."""
    hit = {one.booking.id for one in broken}
    order = sorted(standing, key=_order)
    found = []
    for handle in sorted({one.series for one in broken if one.series is not None}):
        mine = [one.id for one in order if numbers.get(one.id) == handle]
        lost, kept = ([number for number in mine if (number in hit) is said] for said in (True, False))
        found.append(BrokenSeries(handle, tuple(lost), tuple(kept)))
    return tuple(found)
