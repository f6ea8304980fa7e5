"""Who serves a queue: from when each is free, what each may do, and the time that is not for the queue."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core._checks import NONE, as_each, as_whole, handle, kind, whole
from petpro_core.bookings import BookingStatus
from petpro_core.bookings.table import FEED
from petpro_core.errors import InvalidValueError
from petpro_core.forecast._dispatch import CANNOT, FAR, Windows
from petpro_core.forecast._values import as_instant
from petpro_core.intervals import ALWAYS, NEVER, Interval, IntervalSet, from_us, to_us

if TYPE_CHECKING:
    from datetime import datetime

    import numpy.typing as npt

    from petpro_core.bookings import BookingTable
    from petpro_core.forecast._dice import Generator
    from petpro_core.forecast.durations import DurationModel
    from petpro_core.intervals import Int64Array

__all__ = ["Server", "Serving", "Shift", "as_servers", "expected_us", "first_free", "shifts_of", "windows_of"]

_AHEAD: Final = np.array(
    [one in {BookingStatus.HELD, BookingStatus.CONFIRMED, BookingStatus.CHECKED_IN} for one in BookingStatus]
)
_HELD: Final = BookingStatus.HELD.number
_ALL: Final = IntervalSet.of(ALWAYS)
_MOST_SERVERS: Final = 1_000


@attrs.frozen
class Serving:
    """A visit in progress.

        >>> from datetime import UTC, datetime
        >>> Serving(datetime(2026, 3, 2, 9, 40, tzinfo=UTC), service=3).service
        3

    Attributes:
        since: When it began.
        service: What it is for; ``None`` = not told.

    Raises:
        InvalidValueError: A value of another type.
        NaiveDatetimeError: ``since`` has no zone.

    Source: explanation/waiting.md.
    """

    since: datetime = attrs.field(converter=as_instant)
    service: int | None = attrs.field(default=None, validator=handle(), kw_only=True)


def _as_services(value: int | Iterable[int] | None) -> frozenset[int] | None:
    if value is None:
        return None
    return frozenset(as_whole("services", one) for one in (value if isinstance(value, Iterable) else (value,)))


def _as_set(value: Interval | IntervalSet | Iterable[Interval] | None) -> IntervalSet | None:
    if value is None or isinstance(value, IntervalSet):
        return value
    return IntervalSet.of(*as_each(Interval, "hours", value))


@attrs.frozen
class Server:
    """Somebody, or a counter, that takes those who wait, one at a time.

        >>> Server(7, services=[3, 4]).may_serve(3, None), Server(7).may_serve(3, 8)
        (True, False)

    Attributes:
        resource: The handle of the provider, 0 or more.
        services: The handles of what they may do; ``None`` = everything. Who did not tell what for is served by all.
        hours: When they are on duty; ``None`` = always. A single interval needs no list.
        away: Breaks and other absences, which win over ``hours``; likewise.
        free_at: Not before this instant (on the way in); ``None`` = at once.
        serving: The visit in progress; ``None`` = free.

    Raises:
        InvalidValueError: A value of another type, or one outside its bounds.
        NaiveDatetimeError: ``free_at`` has no zone.

    Source: explanation/waiting.md.
    """

    resource: int = attrs.field(validator=whole())
    services: frozenset[int] | None = attrs.field(default=None, converter=_as_services, kw_only=True)
    hours: IntervalSet | None = attrs.field(default=None, converter=_as_set, kw_only=True)
    away: IntervalSet | None = attrs.field(default=None, converter=_as_set, kw_only=True)
    free_at: datetime | None = attrs.field(default=None, converter=as_instant, kw_only=True)
    serving: Serving | None = attrs.field(default=None, validator=kind(Serving, NONE), kw_only=True)

    def may_serve(self, service: int | None, provider: int | None) -> bool:
        """Whether they may take somebody who came for this service and asks for this provider."""
        able = service is None or self.services is None or service in self.services
        return able and provider in (None, self.resource)


def as_servers(value: Server | Iterable[Server]) -> tuple[Server, ...]:
    """One to a thousand servers, each resource once, by their handles.

    Raises:
        InvalidValueError: Something else than servers, none or too many, or a resource twice.
    """
    servers = sorted(as_each(Server, "servers", value), key=lambda server: server.resource)
    handles = [server.resource for server in servers]
    if not 1 <= len(servers) <= _MOST_SERVERS or len(set(handles)) < len(handles):
        msg = f"a queue has 1 to {_MOST_SERVERS} servers, and each resource once, got {handles}; who is away has `away`"
        raise InvalidValueError(msg, name="servers", got=handles)
    return tuple(servers)


@attrs.frozen(eq=False)
class Shift:
    """The windows of one server, in order of time, and the visit in progress.

    Attributes:
        server: Whose.
        start: int64[w]: microseconds from now, 0 or more; likewise the floor.
        floor: int64[w]: before which the window does not end.
        service: int64[w]: the row of the model of a booking whose length is drawn; -1 = its length is fixed.
        fixed: int64[w]: a fixed length, or what comes to a drawn one (the buffers).
        before: int64[w]: the part of it that lies before the visit.
        booking: int64[w]: the number of a booking; -1 = none.
        planned: int64[w]: when the booking's visit is to begin, from now; may lie in the past.
        serving: The visit in progress.
    """

    server: Server
    start: Int64Array
    floor: Int64Array
    service: Int64Array
    fixed: Int64Array
    before: Int64Array
    booking: Int64Array
    planned: Int64Array
    serving: Serving | None


def shifts_of(
    servers: tuple[Server, ...], bookings: BookingTable | None, model: DurationModel, now_us: int
) -> tuple[Shift, ...]:
    """The windows of every server from now on: closed time, breaks, what is not known, and bookings ahead."""
    return tuple(_shift(server, bookings, model, now_us) for server in servers)


def _shift(server: Server, table: BookingTable | None, model: DurationModel, now_us: int) -> Shift:
    away = IntervalSet.empty() if server.hours is None else _ALL - server.hours
    away = away if server.away is None else away | server.away
    serving, rows = server.serving, np.zeros((0, 7), np.int64)
    if table is not None:
        if not table.complete:
            mine = table.unknown_resource == server.resource
            away |= (_ALL - table.known) | IntervalSet.from_us(table.unknown_start[mine], table.unknown_end[mine])
        rows, fed, serving = _booked(server, table, model, now_us)
        away |= fed
    # Relative to now; what never ends is FAR, and nothing of the past is left.
    late = away.ends > now_us
    starts, ends = np.maximum(away.starts[late] - now_us, 0), away.ends[late] - now_us
    ends = np.where(away.ends[late] >= ALWAYS.end_us, FAR, ends)
    nothing = np.zeros(len(starts), np.int64)
    closed = np.stack([starts, ends, nothing - 1, nothing, nothing, nothing - 1, nothing], axis=1)
    every = np.concatenate([closed, rows])
    # At one instant a booking comes before a break: it is somebody who has been told a time.
    every = every[np.lexsort((every[:, 5], every[:, 5] < 0, every[:, 0]))]
    start, floor, service, fixed, before, booking, planned = every.T.copy()
    return Shift(server, start, floor, service, fixed, before, booking, planned, serving)


def _booked(
    server: Server, table: BookingTable, model: DurationModel, now_us: int
) -> tuple[Int64Array, IntervalSet, Serving | None]:
    """The bookings ahead as rows, feeds as time away, and the visit in progress."""
    mine = table.resource == server.resource
    start, end = table.start[mine], table.end[mine]
    low, high = table.occupied_start[mine], table.occupied_end[mine]
    number, status, service = table.booking[mine], table.column("status")[mine], table.column("service")[mine]
    seats, until = table.column("seats")[mine], table.column("held_until")[mine]
    fed = number == FEED
    feeds = IntervalSet.from_us(low[fed], high[fed])

    serving = server.serving
    running = (status == BookingStatus.IN_PROGRESS.number) & (start <= now_us) & ~fed
    if serving is None and running.any():
        last = int(np.where(running, start, -NEVER).argmax())
        serving = Serving(from_us(int(start[last])), service=None if service[last] < 0 else int(service[last]))

    ahead = _AHEAD[status] & (high > now_us) & ~fed & ((status != _HELD) | (until > now_us))
    # Those who share a session are one visit.
    same = np.stack([np.where(seats > 0, -1, number), start, end, service])[:, ahead]
    first = np.sort(np.unique(same, axis=1, return_index=True)[1])
    pick = ahead.nonzero()[0][first]
    row = model.rows([int(one) for one in service[pick]])
    drawn = row < len(model.services)
    around = (start - low)[pick] + (high - end)[pick]
    return (
        np.stack(
            [
                np.maximum(low[pick] - now_us, 0),
                np.zeros(len(pick), np.int64),
                np.where(drawn, row, -1),
                np.where(drawn, around, (high - low)[pick]),
                (start - low)[pick],
                number[pick],
                start[pick] - now_us,
            ],
            axis=1,
        ),
        feeds,
        serving,
    )


def windows_of(
    shifts: tuple[Shift, ...], model: DurationModel, columns: Int64Array, dice: Generator, paths: int
) -> Windows | None:
    """The windows of all servers as one matrix, with the lengths of bookings drawn for each path."""
    most = max(len(shift.start) for shift in shifts)
    if not most:
        return None
    shape = (len(shifts), most + 1)
    start, floor, length = np.full(shape, FAR), np.zeros(shape, np.int64), np.zeros((*shape, paths), np.int64)
    for place, shift in enumerate(shifts):
        size = len(shift.start)
        start[place, :size], floor[place, :size] = shift.start, shift.floor
        length[place, :size] = shift.fixed[:, None]
        drawn = (shift.service >= 0).nonzero()[0]
        if len(drawn):
            length[place, drawn] += model.draw_us(dice, shift.service[drawn], columns[place : place + 1], paths)[0]
    return Windows(start, floor, length)


def first_free(shifts: tuple[Shift, ...], model: DurationModel, dice: Generator, paths: int, now_us: int) -> Int64Array:
    """int64[s, paths]: from when each server is free, microseconds from now; the rest of a visit is drawn."""
    share = 1 - dice.random((len(shifts), paths))
    free = np.zeros((len(shifts), paths), np.int64)
    for place, shift in enumerate(shifts):
        if shift.serving is not None:
            elapsed = now_us - to_us(shift.serving.since)
            if elapsed < 0:
                msg = f"a visit in progress began at or before now, got {shift.serving.since.isoformat()}"
                raise InvalidValueError(msg, name="serving", resource=shift.server.resource)
            free[place] = model.law(shift.serving.service, shift.server.resource).remaining(elapsed, share[place])
        if shift.server.free_at is not None:
            np.maximum(free[place], to_us(shift.server.free_at) - now_us, out=free[place])
    return free


def expected_us(means: Int64Array, serves: npt.NDArray[np.bool_], grace_us: int) -> Int64Array:
    """What a visit is expected to take as windows see it: at least a microsecond; ``CANNOT`` where it is not served."""
    return np.where(serves, np.maximum(means - grace_us, 1), CANNOT)
