"""Who waits for a start, and who of them fits one that was freed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Unpack

import attrs
import numpy as np

from petpro_core._checks import as_each, as_kind, as_whole, kind, whole
from petpro_core.availability import Calendar, CalendarBatch, LocalDays, open_hours
from petpro_core.bookings import Request
from petpro_core.decisions import check_booking_batch
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import Int64Array, Interval, from_us, to_us
from petpro_core.reasons import Waiver
from petpro_core.repair._standing import as_calendars
from petpro_core.repair.deltas import SlotDelta
from petpro_core.schedules import Schedule
from petpro_core.slots import SlotRules, SlotTable

if TYPE_CHECKING:
    import numpy.typing as npt

    from petpro_core.bookings import BookingTable
    from petpro_core.decisions._question import Asked

__all__ = ["Freed", "WaitlistEntry", "WaitlistFit", "asked_for", "in_order", "match_waitlist"]

Wanted = Interval | LocalDays | Schedule
Freed = SlotDelta | SlotTable | Iterable[tuple[int, datetime]]
"""Starts that were freed: a delta (what appeared in it), an answer, or pairs of a resource and a start."""

_MOST_PRIORITY: Final = 1_000_000_000


def _as_resources(value: int | Iterable[int]) -> tuple[int, ...]:
    given = value if isinstance(value, Iterable) else (value,)
    return tuple(dict.fromkeys(as_whole("resources", one) for one in given))


def _as_wanted(value: Wanted | Iterable[Wanted]) -> tuple[Wanted, ...]:
    every = (value,) if isinstance(value, Interval | LocalDays | Schedule) else tuple(value)
    for one in every:
        as_kind("wanted", one, Interval, LocalDays, Schedule)
    return every


def _as_instant(value: datetime) -> datetime:
    as_kind("since", value, datetime)
    return from_us(to_us(value))


@attrs.frozen
class WaitlistEntry:
    """Somebody who waits for a start.

        >>> from datetime import UTC, timedelta
        >>> from petpro_core.schedules import WeeklyHours
        >>> mornings = Schedule("Europe/Berlin", WeeklyHours({"monday": ["09:00-12:00"]}))
        >>> entry = WaitlistEntry(
        ...     3,
        ...     since=datetime(2026, 11, 20, 8, tzinfo=UTC),
        ...     rules=SlotRules(timedelta(minutes=30)),
        ...     resources=[8, 7],
        ...     wanted=mornings,
        ...     request=Request(client=12),
        ... )
        >>> entry.priority, entry.resources
        (0, (8, 7))

    Attributes:
        id: The entry's number, 0 or more.
        since: Since when it waits; of equals, who has waited longer comes first.
        rules: How long the visit is, and how its starts are laid out.
        resources: The handles of the resources that could take it, the one that is liked best first; one needs no list.
        wanted: When the visit may start: ranges of instants, local days (of the resource's zone where they name none),
            or a schedule, for times of days by the wall clock. One needs no list; none = at any time.
        request: Who waits, and for what.
        priority: The higher comes first; any whole number up to a billion either way.

    Raises:
        InvalidValueError: No resource, a value of another type, or one outside its bounds.
        NaiveDatetimeError: ``since`` without a zone.

    Source: ADR 2.
    """

    id: int = attrs.field(validator=whole())
    since: datetime = attrs.field(converter=_as_instant, kw_only=True)
    rules: SlotRules = attrs.field(validator=kind(SlotRules), kw_only=True)
    resources: tuple[int, ...] = attrs.field(converter=_as_resources, kw_only=True)
    wanted: tuple[Wanted, ...] = attrs.field(converter=_as_wanted, default=(), kw_only=True)
    request: Request = attrs.field(default=Request(), validator=kind(Request), kw_only=True)
    priority: int = attrs.field(default=0, validator=whole(-_MOST_PRIORITY, _MOST_PRIORITY), kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse an entry that nobody could take."""
        if not self.resources:
            msg = f"somebody could take each entry, got no resources for entry {self.id}; name those that could"
            raise InvalidValueError(msg, name="resources", id=self.id)

    @property
    def rank(self) -> tuple[int, datetime, int]:
        """What entries are ordered by; the lowest comes first."""
        return -self.priority, self.since, self.id

    def wants(self, starts_us: Int64Array, calendar: Calendar) -> npt.NDArray[np.bool_]:
        """Which of some starts on a resource it wants."""
        if not self.wanted or not len(starts_us):
            return np.ones(len(starts_us), np.bool_)
        wanted = np.zeros(len(starts_us), np.bool_)
        span = Interval.from_us(int(starts_us.min()), int(starts_us.max()) + 1)
        for one in self.wanted:
            if isinstance(one, Schedule):
                wanted |= open_hours(Calendar(one), within=span)[0].contains(starts_us)
            else:
                low, high = one.bounds_us(calendar.zone) if isinstance(one, LocalDays) else (one.start_us, one.end_us)
                wanted |= (starts_us >= low) & (starts_us < high)
        return wanted


@attrs.frozen
class WaitlistFit:
    """A freed start that fits somebody who waits.

    Attributes:
        entry: Who waits.
        resource: The handle of the resource.
        start: When the visit would start.

    Source: ADR 2.
    """

    entry: WaitlistEntry
    resource: int
    start: datetime


def match_waitlist(
    freed: Freed,
    entries: Iterable[WaitlistEntry],
    *,
    calendars: Mapping[int, Calendar],
    busy: BookingTable,
    now: datetime,
    **asked: Unpack[Asked],
) -> tuple[WaitlistFit, ...]:
    """Who fits which freed start, in order: first by who comes first, then by time, then by the liked resource.

    A start fits an entry if one of its resources is free then, the entry wants it, and the judge accepts the entry's
    own visit there.

        >>> from datetime import UTC, timedelta
        >>> from petpro_core import ALWAYS, BookingTable, WeeklyHours
        >>> week = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]})))
        >>> nine, hour = datetime(2026, 11, 23, 9, tzinfo=UTC), timedelta(hours=1)
        >>> waiting = [
        ...     WaitlistEntry(number, since=nine - number * hour, rules=SlotRules(length * hour), resources=7)
        ...     for number, length in ((1, 1), (2, 1), (3, 3))
        ... ]
        >>> fits = match_waitlist(
        ...     [(7, nine + hour)],
        ...     waiting,
        ...     calendars={7: week},
        ...     busy=BookingTable.empty(known=ALWAYS),
        ...     now=nine - 12 * hour,
        ... )
        >>> [(fit.entry.id, fit.start.hour) for fit in fits]
        [(2, 10), (1, 10)]

    Args:
        freed: The starts: a delta (what appeared in it), an answer, or pairs of a resource and a start.
        entries: Who waits.
        calendars: The hours of each resource, by handle; of others nobody is matched.
        busy: What is booked now, and where that is known.
        now: The present.
        **asked: ``policy``, ``waive``, ``cache``; the request is that of each entry.

    Raises:
        InvalidValueError: A value of another type, an entry twice, a ``request`` beside those of the entries, or the
            grid is waived.
        NaiveDatetimeError: ``now`` or a start without a zone.
        LimitExceededError: The starts lie so far apart that their hours cannot be expanded in one query.

    Cost: one judgement of all starts for each entry.

    Source: ADR 2 (one judge).
    """
    hours = as_calendars(calendars)
    resources, starts = _columns(freed)
    found = []
    for entry in in_order(entries):
        mine = np.isin(resources, [one for one in entry.resources if one in hours]).nonzero()[0]
        for resource in np.unique(resources[mine]).tolist():
            here = mine[resources[mine] == resource]
            mine = np.setdiff1d(mine, here[~entry.wants(starts[here], hours[resource])])
        if not len(mine):
            continue
        masks = _judged(entry, resources[mine], starts[mine], hours, busy, now, asked)
        fits = mine[masks == 0]
        liked = np.array([entry.resources.index(one) for one in resources[fits].tolist()], np.int64)
        found += [
            WaitlistFit(entry, int(resources[place]), from_us(int(starts[place])))
            for place in fits[np.lexsort((liked, starts[fits]))].tolist()
        ]
    return tuple(found)


def in_order(entries: Iterable[WaitlistEntry]) -> list[WaitlistEntry]:
    """Entries in the order in which they come.

    Raises:
        InvalidValueError: One twice, or something else than entries.
    """
    every = as_each(WaitlistEntry, "entries", entries)
    numbers = [entry.id for entry in every]
    if len(set(numbers)) < len(numbers):
        msg = f"an entry waits once, got the numbers {numbers}"
        raise InvalidValueError(msg, name="entries", got=numbers)
    return sorted(every, key=lambda entry: entry.rank)


def _columns(freed: Freed) -> tuple[Int64Array, Int64Array]:
    """The resource and the start of each freed start, each pair once."""
    if isinstance(freed, SlotDelta):
        freed = freed.appeared
    if isinstance(freed, SlotTable):
        pairs = np.stack([freed.handles[freed.rows], freed.starts])
    else:
        each = [(as_whole("resource", resource), to_us(start)) for resource, start in freed]
        pairs = np.array(each, np.int64).reshape(-1, 2).T
    resources, starts = np.unique(pairs, axis=1)
    return resources, starts


def asked_for(asked: Asked) -> dict[str, Any]:
    """What may be said beside an entry's own request.

    Raises:
        InvalidValueError: Another request, a booking to replace, or the grid is waived.
    """
    unknown = set(asked) - {"policy", "waive", "cache"}
    if unknown:
        msg = f"who waits is asked with the request of each entry, got {', '.join(sorted(unknown))}; leave it out"
        raise InvalidValueError(msg, got=sorted(unknown))
    if Waiver.GRID in set(map(Waiver, asked.get("waive", ()))):
        msg = "a start that is freed lies on the grid; do not waive it here"
        raise InvalidValueError(msg, name="waive", waive=Waiver.GRID)
    return dict(asked)


def _judged(
    entry: WaitlistEntry,
    resources: Int64Array,
    starts: Int64Array,
    calendars: Mapping[int, Calendar],
    busy: BookingTable,
    now: datetime,
    asked: Asked,
) -> npt.NDArray[np.uint32]:
    used, row = np.unique(resources, return_inverse=True)
    batch = CalendarBatch.of([calendars[handle] for handle in used.tolist()], used)
    return check_booking_batch(
        batch,
        row=row,
        start_us=starts,
        busy=busy,
        rules=entry.rules,
        now=now,
        request=entry.request,
        **asked_for(asked),
    )
