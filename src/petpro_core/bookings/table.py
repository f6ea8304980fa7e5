"""Many bookings as columns, with the window for which they are known.

Bulk input is columns; objects are taken for convenience (about 2 microseconds each).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np
import numpy.typing as npt

from petpro_core._checks import LARGEST, as_column, as_each, as_kind, as_whole, frozen
from petpro_core.bookings.booking import MOST_SEATS, MOST_UNITS, Booking, BookingStatus
from petpro_core.errors import InvalidIntervalError, InvalidValueError
from petpro_core.intervals import ALWAYS, NEVER, Int64Array, Interval, IntervalSet, to_us

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from petpro_core.bookings.policy import Scope

__all__ = ["FEED", "NOBODY", "BookingTable"]

NOBODY: Final = -1
"""In a column of handles: not told."""
FEED: Final = -1
"""In the column of bookings: busy time from a calendar feed, which has no buffers and counts to no cap."""

_ALWAYS_THERE: Final = ("resource", "start", "end", "occupied_start", "occupied_end", "booking")
_UNKNOWN: Final = ("unknown_resource", "unknown_start", "unknown_end")
_NOTHING: Final = frozen(np.empty(0, np.int64))
_OPTIONAL: Final = (
    *("units", "status", "held_until", "service", "client", "household", "pet", "group", "seats", "channel"),
)
_DEFAULTS: Final = {"units": 1, "status": BookingStatus.CONFIRMED.number, "held_until": NEVER, "seats": 0}
_BOUNDS: Final = {
    "resource": (0, LARGEST),
    "booking": (0, LARGEST),
    **dict.fromkeys(("service", "client", "household", "pet", "group", "channel"), (NOBODY, LARGEST)),
    "units": (1, MOST_UNITS),
    "status": (0, len(BookingStatus) - 1),
    "seats": (0, MOST_SEATS),
}

_AS_THE_POLICY_SAYS: Final = np.isin(
    np.arange(len(BookingStatus)), [BookingStatus.PENDING.number, BookingStatus.NO_SHOW.number]
)
_ALL_TIME: Final = [[ALWAYS.start_us], [ALWAYS.end_us]]

Column = npt.ArrayLike


def _column(name: str, values: Column, size: int) -> Int64Array:
    array = as_column(name, values)
    if array.shape != (size,):
        msg = f"the column {name} has one value for each of {size} rows, got shape {array.shape}"
        raise InvalidValueError(msg, name=name, got=array.shape)
    return array


def _as_known(known: Interval | IntervalSet) -> IntervalSet:
    as_kind("known", known, Interval, IntervalSet)
    return IntervalSet.of(known) if isinstance(known, Interval) else known


@attrs.frozen(eq=False, repr=False)
class BookingTable:
    """Allocations as int64 columns, sorted by resource and, within one, by the start of the occupied time.

    A column that is ``None`` holds its default in every row. Instants are microseconds since 1970-01-01T00:00Z; handles
    are the caller's numbers, 0 or more. Every column is read-only. ``of`` and ``from_columns`` make a table.

        >>> table = BookingTable.from_columns(resource=[7], start=[0], end=[3_600_000_000], client=[3], known=ALWAYS)
        >>> table
        <BookingTable of 1 allocations>
        >>> table.client.tolist(), table.units
        ([3], None)

    Attributes:
        resource: The calendar's handle.
        start: The visit's start.
        end: Its end.
        occupied_start: Its start with the buffer before it.
        occupied_end: Its end with the buffer after it.
        booking: The booking's number, the same for each of its allocations; ``FEED`` for busy time from a feed.
        units: Units taken, 1 to 1,000,000, and all of the resource for a feed; 1 by default.
        status: ``BookingStatus.number``; CONFIRMED by default.
        held_until: When a hold lets go; ``NEVER`` by default.
        service, client, household, pet, group: Handles, ``NOBODY`` where not told.
        seats: Size of the session, up to 100,000; 0, the default, is a visit of its own.
        channel: The handle of the channel that it came through, ``NOBODY`` where not told.
        known: Where the rows are known to be complete. Outside it a resource is not free but unknown.
        unknown_resource, unknown_start, unknown_end: Further unknown time of single resources (a feed that failed).

    Source: ADR 4 (unknown is not free), ADR 5.
    """

    resource: Int64Array
    start: Int64Array
    end: Int64Array
    occupied_start: Int64Array
    occupied_end: Int64Array
    booking: Int64Array
    units: Int64Array | None
    status: Int64Array | None
    held_until: Int64Array | None
    service: Int64Array | None
    client: Int64Array | None
    household: Int64Array | None
    pet: Int64Array | None
    group: Int64Array | None
    seats: Int64Array | None
    channel: Int64Array | None
    known: IntervalSet
    unknown_resource: Int64Array
    unknown_start: Int64Array
    unknown_end: Int64Array

    def __attrs_post_init__(self) -> None:
        """Freeze the columns."""
        for name in (*_ALWAYS_THERE, *_OPTIONAL, *_UNKNOWN):
            column: Int64Array | None = getattr(self, name)
            if column is not None:
                frozen(column)

    @classmethod
    def from_columns(
        cls,
        *,
        resource: Column,
        start: Column,
        end: Column,
        known: Interval | IntervalSet,
        occupied_start: Column | None = None,
        occupied_end: Column | None = None,
        booking: Column | None = None,
        **optional: Column | None,
    ) -> BookingTable:
        """A table from columns (arrays or buffers of whole numbers), which are copied; rows in any order.

            >>> table = BookingTable.from_columns(resource=[0], start=[0], end=[60_000_000], known=ALWAYS)
            >>> len(table)
            1

        Args:
            resource: As the attributes of the class, likewise all others.
            start: In microseconds.
            end: In microseconds, after ``start``.
            known: Where the rows are complete; ``ALWAYS`` for a practice's own bookings, all of them.
            occupied_start: At most ``start``, which is its default.
            occupied_end: At least ``end``, which is its default.
            booking: Numbers of the bookings; 0, 1, 2, ... by default.
            **optional: ``units, status, held_until, service, client, household, pet, group, seats, channel``.

        Raises:
            InvalidValueError: A column of another length or type, an unknown column, a value outside its bounds (a
                negative handle, units, seats), or ``known`` is no time.
            InvalidIntervalError: An end that does not lie after its start, or an occupied time without its visit.
        """
        if unknown := set(optional) - set(_OPTIONAL):
            msg = f"a column is one of {', '.join(_OPTIONAL)}, got {', '.join(sorted(unknown))}"
            raise InvalidValueError(msg, got=sorted(unknown))
        known = _as_known(known)
        rows = as_column("resource", resource)
        if rows.ndim != 1:
            msg = f"the column resource has one value for each row, got shape {rows.shape}"
            raise InvalidValueError(msg, name="resource", got=rows.shape)
        size = len(rows)
        columns = {"resource": rows, "start": _column("start", start, size), "end": _column("end", end, size)}
        for name, values, plain in (("occupied_start", occupied_start, "start"), ("occupied_end", occupied_end, "end")):
            columns[name] = columns[plain] if values is None else _column(name, values, size)
        columns["booking"] = np.arange(size) if booking is None else _column("booking", booking, size)
        columns |= {name: _column(name, values, size) for name, values in optional.items() if values is not None}
        _check_rows(columns)
        return cls._sorted(columns, known)

    @classmethod
    def of(cls, bookings: Iterable[Booking], *, known: Interval | IntervalSet) -> BookingTable:
        """A table from objects. ``known=ALWAYS`` says that these are all the bookings there are.

            >>> from petpro_core.bookings import Allocation, Booking
            >>> visit = Interval.from_us(0, 3_600_000_000)
            >>> BookingTable.of([Booking(1, [Allocation(7, visit), Allocation(20, visit)])], known=ALWAYS)
            <BookingTable of 2 allocations>

        Args:
            bookings: In any order; a single one needs no list.
            known: Where they are complete.

        Raises:
            InvalidValueError: Something else than bookings, one number twice, or ``known`` is no time.
        """
        known = _as_known(known)
        every = as_each(Booking, "bookings", bookings)
        seen: set[int] = set()
        for one in every:
            if one.id in seen:
                msg = f"a booking stands in a table once, got booking {one.id} twice"
                raise InvalidValueError(msg, name="bookings", got=one.id)
            seen.add(one.id)
        rows = [(booking, allocation) for booking in every for allocation in booking.allocations]

        def handle(value: int | None) -> int:
            return NOBODY if value is None else value

        return cls.from_columns(
            resource=[a.resource for _, a in rows],
            start=[a.interval.start_us for _, a in rows],
            end=[a.interval.end_us for _, a in rows],
            occupied_start=[a.occupied.start_us for _, a in rows],
            occupied_end=[a.occupied.end_us for _, a in rows],
            booking=[b.id for b, _ in rows],
            units=[a.units for _, a in rows],
            status=[b.status.number for b, _ in rows],
            held_until=[NEVER if b.held_until is None else to_us(b.held_until) for b, _ in rows],
            service=[handle(b.service) for b, _ in rows],
            client=[handle(b.client) for b, _ in rows],
            household=[handle(b.household) for b, _ in rows],
            pet=[handle(b.pet) for b, _ in rows],
            group=[handle(b.group) for b, _ in rows],
            seats=[b.seats or 0 for b, _ in rows],
            channel=[handle(b.channel) for b, _ in rows],
            known=known,
        )

    @classmethod
    def empty(cls, *, known: Interval | IntervalSet) -> BookingTable:
        """A table without rows.

            >>> BookingTable.empty(known=ALWAYS)
            <BookingTable of 0 allocations>

        Args:
            known: Where it is known that nothing is booked; ``ALWAYS`` for a practice that begins.

        Raises:
            InvalidValueError: ``known`` is no time.
        """
        return cls.of((), known=known)

    @classmethod
    def _sorted(
        cls,
        columns: dict[str, Int64Array],
        known: IntervalSet,
        unknown: tuple[Int64Array, Int64Array, Int64Array] | None = None,
    ) -> BookingTable:
        resource, key = columns["resource"], columns["occupied_start"]
        same = resource[1:] == resource[:-1]
        if not ((resource[1:] > resource[:-1]) | (same & (key[1:] >= key[:-1]))).all():
            order = np.lexsort((key, resource))
            columns = {name: column[order] for name, column in columns.items()}
        # A column that says the same as its default everywhere costs every query a pass, and says nothing.
        columns = {
            name: column
            for name, column in columns.items()
            if name not in _OPTIONAL or (column != _DEFAULTS.get(name, NOBODY)).any()
        }
        blind = dict(zip(_UNKNOWN, unknown or (_NOTHING,) * 3, strict=True))
        filled: dict[str, Any] = dict.fromkeys(_OPTIONAL) | columns | blind
        return cls(**filled, known=known)

    def __len__(self) -> int:
        """How many allocations."""
        return len(self.resource)

    def __repr__(self) -> str:
        """Say how much there is; its columns would fill a page."""
        blind = "" if self.complete else ", not known everywhere"
        return f"<BookingTable of {len(self)} allocations{blind}>"

    @cached_property
    def complete(self) -> bool:
        """Whether everything is known of every resource."""
        starts, ends = self.known.starts.tolist(), self.known.ends.tolist()
        return [starts, ends] == _ALL_TIME and not len(self.unknown_resource)

    @cached_property
    def hold_ends(self) -> Int64Array:
        """When its holds let go, in order of time."""
        if self.held_until is None:
            return _NOTHING
        return frozen(np.unique(self.held_until[self.held_until != NEVER]))

    @cached_property
    def fed(self) -> bool:
        """Whether any row comes from a feed."""
        return bool((self.booking == FEED).any())

    @cached_property
    def counts_what_blocks(self) -> bool:
        """Whether the rows that keep their time are those that count to caps, whatever the policy says."""
        if self.fed or self.status is None:
            return not self.fed
        return not _AS_THE_POLICY_SAYS[self.status].any()

    @staticmethod
    def default(name: str) -> int:
        """What a column holds in every row where the table leaves it out."""
        return _DEFAULTS.get(name, NOBODY)

    def column(self, name: str) -> Int64Array:
        """A column by name, filled with its default where the table leaves it out."""
        found: Int64Array | None = getattr(self, name)
        return frozen(np.full(len(self), self.default(name), np.int64)) if found is None else found

    def subject(self, scope: Scope) -> Int64Array:
        """The column of the subjects of a scope other than the resource."""
        return self.column(str(scope))

    def as_columns(self) -> dict[str, Int64Array]:
        """Every column by name, defaults filled in."""
        return {name: self.column(name) for name in (*_ALWAYS_THERE, *_OPTIONAL)}

    def _joined(self, other: dict[str, Int64Array], unknown: tuple[Int64Array, Int64Array, Int64Array]) -> BookingTable:
        columns = {name: np.concatenate([column, other[name]]) for name, column in self.as_columns().items()}
        return self._sorted(columns, self.known, unknown)

    def with_bookings(self, bookings: Iterable[Booking]) -> BookingTable:
        """The table with further bookings.

        Raises:
            InvalidValueError: Something else than bookings, or one number twice among them.
        """
        fresh = BookingTable.of(bookings, known=self.known)
        return self._joined(fresh.as_columns(), (self.unknown_resource, self.unknown_start, self.unknown_end))

    def without(self, numbers: Collection[int]) -> BookingTable:
        """The table without some bookings, named by their numbers; feeds stay.

        Raises:
            InvalidValueError: Something else than whole numbers.
        """
        named = [as_whole("numbers", number, FEED) for number in numbers]
        kept = ~np.isin(self.booking, [number for number in named if number != FEED])
        columns = {name: column[kept] for name, column in self.as_columns().items()}
        return self._sorted(columns, self.known, (self.unknown_resource, self.unknown_start, self.unknown_end))

    def with_occupied(self, start: Int64Array, end: Int64Array) -> BookingTable:
        """The same rows, occupied from and to these instants.

        Raises:
            InvalidValueError: Columns of another length or type.
            InvalidIntervalError: An occupied time that does not contain its visit, or leaves the years 1 to 9999.
        """
        columns = self.as_columns()
        columns["occupied_start"] = _column("occupied_start", start, len(self))
        columns["occupied_end"] = _column("occupied_end", end, len(self))
        _check_spans(columns)
        return self._sorted(columns, self.known, (self.unknown_resource, self.unknown_start, self.unknown_end))

    def with_feed(self, resource: int, busy: IntervalSet, *, known: IntervalSet) -> BookingTable:
        """The table with a calendar feed's busy time on one resource; outside ``known`` that resource is unknown.

        Busy time from feeds has no buffers and counts to no cap.

            >>> table = BookingTable.empty(known=ALWAYS)
            >>> table.with_feed(7, IntervalSet.from_us([0], [60_000_000]), known=IntervalSet.of(ALWAYS)).fed
            True

        Args:
            resource: The handle of the calendar, 0 or more.
            busy: What the feed says is taken.
            known: The time that the feed tells of.

        Raises:
            InvalidValueError: A handle that is none, or something else than sets of intervals.

        Source: ADR 4.
        """
        return self.with_feeds([(resource, busy, known)])

    def with_feeds(self, feeds: Sequence[tuple[int, IntervalSet, IntervalSet]]) -> BookingTable:
        """``with_feed`` for several: tuples of handle, busy, known. One sort for all.

        Raises:
            InvalidValueError: A handle that is none, or something else than sets of intervals.
        """
        for handle, busy, known in feeds:
            as_whole("resource", handle)
            as_kind("busy", busy, IntervalSet)
            as_kind("known", known, IntervalSet)
        size = [len(busy) for _, busy, _ in feeds]
        resource = np.repeat(np.array([handle for handle, _, _ in feeds], np.int64), size)
        starts = np.concatenate([busy.starts for _, busy, _ in feeds] or [resource])
        ends = np.concatenate([busy.ends for _, busy, _ in feeds] or [resource])
        fresh = {"resource": resource, "start": starts, "end": ends, "occupied_start": starts, "occupied_end": ends}
        fresh["booking"] = np.full(len(resource), FEED)
        for name in _OPTIONAL:
            fresh[name] = np.full(len(resource), _DEFAULTS.get(name, NOBODY))
        # A person's feed does not say how much of them it takes: all.
        fresh["units"] = np.full(len(resource), NEVER)
        blind = [(handle, gap) for handle, _, known in feeds for gap in known.gaps(ALWAYS)]
        unknown = (
            np.append(self.unknown_resource, np.array([handle for handle, _ in blind], np.int64)),
            np.append(self.unknown_start, np.array([gap.start_us for _, gap in blind], np.int64)),
            np.append(self.unknown_end, np.array([gap.end_us for _, gap in blind], np.int64)),
        )
        order = np.lexsort((unknown[1], unknown[0]))
        resource, start, end = (part[order] for part in unknown)
        return self._joined(fresh, (resource, start, end))


def _check_spans(columns: dict[str, Int64Array]) -> None:
    start, end = columns["start"], columns["end"]
    wrong = (end <= start) | (columns["occupied_start"] > start) | (columns["occupied_end"] < end)
    if wrong.any():
        row = int(wrong.argmax())
        msg = (
            f"row {row}: a booking ends after it starts and lies inside its occupied time, "
            f"got {start[row]} to {end[row]} inside {columns['occupied_start'][row]} to "
            f"{columns['occupied_end'][row]} (microseconds)"
        )
        raise InvalidIntervalError(msg, row=row)
    outside = (columns["occupied_start"] < ALWAYS.start_us) | (columns["occupied_end"] > ALWAYS.end_us)
    if outside.any():
        msg = f"row {int(outside.argmax())}: bookings lie in the years 1 to 9999 (microseconds since 1970)"
        raise InvalidIntervalError(msg, row=int(outside.argmax()))


def _check_rows(columns: dict[str, Int64Array]) -> None:
    _check_spans(columns)
    held = columns.get("status", np.empty(0, np.int64)) == BookingStatus.HELD.number
    until = columns.get("held_until", np.full(len(held), NEVER))
    loose = (until != NEVER) != held if len(held) else until != NEVER
    if loose.any():
        msg = f"row {int(loose.argmax())}: held_until goes with the status held, and only with it"
        raise InvalidValueError(msg, row=int(loose.argmax()))
    for name, (least, most) in _BOUNDS.items():
        column = columns.get(name)
        if column is not None and len(column) and (column.min() < least or (most < LARGEST and column.max() > most)):
            msg = f"the column {name} holds numbers from {least} to {most}, got {column.min()} to {column.max()}"
            raise InvalidValueError(msg, name=name, got=(int(column.min()), int(column.max())), least=least, most=most)
