"""The bookings behind an index: a table that is never changed, and the resources whose bookings changed since.

A change costs what the bookings of its own resources cost, however many others there are. The rows of one resource are
one block, int64[columns, rows]; ``NAMES`` says which column is which.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np

from petpro_core.bookings import BookingTable, Scope
from petpro_core.bookings.table import NOBODY
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import ALWAYS, NEVER, Int64Array, to_us

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

    from petpro_core.bookings import Booking
    from petpro_core.decisions._question import Question
    from petpro_core.intervals import IntervalSet

__all__ = ["NAMES", "Ledger", "Part", "changed_parts"]

_NOTHING: Final = BookingTable.empty(known=ALWAYS)
NAMES: Final = tuple(_NOTHING.as_columns())
"""The columns of a booking table, in the order of a block."""
_PLACE: Final = {name: place for place, name in enumerate(NAMES)}
_OPTIONAL: Final = frozenset(name for name in NAMES if getattr(_NOTHING, name) is None)
_DEFAULTS: Final = np.array([[BookingTable.default(name)] for name in NAMES])
_NO_COLUMNS: Final[dict[str, Any]] = dict.fromkeys(NAMES)
_RESOURCE, _BOOKING, _HELD = _PLACE["resource"], _PLACE["booking"], _PLACE["held_until"]
_KEY: Final = _PLACE["occupied_start"]
_NO_TIME: Final = np.empty((2, 0), np.int64)
_MOST_PARTS: Final = 2_048  # Each change copies the mapping of parts; more of them are written into the table.


@attrs.frozen(eq=False)
class Part:
    """What is held on one resource.

    Attributes:
        block: int64[columns, rows], in the order of the occupied time.
        blind: int64[2, u]: starts and ends of its own unknown time.
    """

    block: Int64Array
    blind: Int64Array

    @classmethod
    def of(cls, table: BookingTable, resource: int) -> Part:
        """The rows of one resource in a table."""
        first, last = (int(table.resource.searchsorted(resource, side)) for side in ("left", "right"))
        block = np.empty((len(NAMES), last - first), np.int64)
        block[:] = _DEFAULTS
        for place, name in enumerate(NAMES):
            column: Int64Array | None = getattr(table, name)
            if column is not None:
                block[place] = column[first:last]
        if not len(table.unknown_resource):
            return cls(block, _NO_TIME)
        first, last = (int(table.unknown_resource.searchsorted(resource, side)) for side in ("left", "right"))
        return cls(block, np.stack([table.unknown_start[first:last], table.unknown_end[first:last]]))


def changed_parts(ledger: Ledger, added: tuple[Booking, ...], removed: tuple[Booking, ...]) -> dict[int, Part]:
    """The parts as they are once some bookings are gone and others have come.

    Raises:
        InvalidValueError: A booking to remove that is not there, or one to add whose number is there already.
    """
    parts: dict[int, Part] = {}

    def part(resource: int) -> Part:
        return parts.get(resource) or ledger.part(resource)

    for booking in removed:
        for resource in {allocation.resource for allocation in booking.allocations}:
            old = part(resource)
            kept = old.block[_BOOKING] != booking.id
            if kept.all():
                msg = f"a booking is removed from where it stands, got booking {booking.id}, which is not on {resource}"
                raise InvalidValueError(msg, id=booking.id, resource=resource)
            parts[resource] = Part(old.block[:, kept], old.blind)
    fresh: dict[int, list[list[int]]] = {}
    for booking in added:
        for row in _rows(booking):
            fresh.setdefault(row[_RESOURCE], []).append(row)
    for resource, rows in fresh.items():
        old, more = part(resource), np.array(rows).T
        there = (old.block[_BOOKING][:, None] == more[_BOOKING]).any(axis=0)
        if there.any():
            again = int(more[_BOOKING][there.argmax()])
            msg = f"a booking stands in an index once, got booking {again} again; name it in removed= as it stood"
            raise InvalidValueError(msg, id=again, resource=resource)
        block = np.concatenate([old.block, more], axis=1)
        parts[resource] = Part(block[:, block[_KEY].argsort(kind="stable")], old.blind)
    return parts


def _rows(booking: Booking) -> list[list[int]]:
    """The rows of a booking, in the order of ``NAMES``. It was checked when it was made, which a table would repeat."""
    people = (booking.service, booking.client, booking.household, booking.pet, booking.group)
    until = NEVER if booking.held_until is None else to_us(booking.held_until)
    tail = [NOBODY if who is None else who for who in people] + [booking.seats or 0]
    tail.append(NOBODY if booking.channel is None else booking.channel)
    return [
        [
            one.resource,
            one.interval.start_us,
            one.interval.end_us,
            one.occupied.start_us,
            one.occupied.end_us,
            booking.id,
            one.units,
            booking.status.number,
            until,
            *tail,
        ]
        for one in booking.allocations
    ]


def _table(known: IntervalSet, block: Int64Array, unknown: Iterable[tuple[int, Int64Array]]) -> BookingTable:
    """A table of a block whose rows are in order. A column of nothing but defaults is left out, as tables do."""
    columns: dict[str, Any] = dict(zip(NAMES, block, strict=True))
    said = (block != _DEFAULTS).any(axis=1).tolist()
    for place, name in enumerate(NAMES):
        if not said[place] and name in _OPTIONAL:
            columns[name] = None
    blind = [(resource, times) for resource, times in unknown if times.size]
    resources, (starts, ends) = _NO_TIME[0], _NO_TIME
    if blind:
        starts, ends = np.concatenate([times for _, times in blind], axis=1)
        resources = np.array([resource for resource, _ in blind]).repeat([times.shape[1] for _, times in blind])
    return BookingTable(**columns, known=known, unknown_resource=resources, unknown_start=starts, unknown_end=ends)


@attrs.frozen(eq=False, slots=False)
class Ledger:
    """Bookings of which some resources changed.

    Attributes:
        base: The table as it was.
        parts: The resources that changed since, as they are now.
        subjects: The columns, and the handles in them, of who asks, where a rule looks at all their bookings.
        mine: The block of the bookings of who asks, on every resource; nothing where no rule looks at it.
        hold_ends: When holds let go, in order.
        hold_resources: On which resource each does.
    """

    base: BookingTable
    parts: Mapping[int, Part]
    subjects: tuple[tuple[int, int], ...]
    mine: Int64Array
    hold_ends: Int64Array
    hold_resources: Int64Array

    @classmethod
    def of(cls, question: Question) -> Ledger:
        """The bookings of a question."""
        asked = [cap.by for cap in question.caps] + [gap.by for gap in question.gaps] + list(question.alone)
        scopes = sorted({scope for scope in asked if scope is not Scope.RESOURCE})
        subjects = tuple((_PLACE[str(scope)], question.request.subject(scope) or 0) for scope in scopes)
        return cls._over(question.busy, subjects)

    @classmethod
    def _over(cls, table: BookingTable, subjects: tuple[tuple[int, int], ...]) -> Ledger:
        mine = np.empty((len(NAMES), 0), np.int64)
        if subjects:
            who = np.logical_or.reduce([table.column(NAMES[place]) == handle for place, handle in subjects])
            mine = np.stack([table.column(name)[who] for name in NAMES])
        ends, resources = np.empty(0, np.int64), np.empty(0, np.int64)
        if table.held_until is not None:
            held = (table.held_until != NEVER).nonzero()[0]
            held = held[table.held_until[held].argsort(kind="stable")]
            ends, resources = table.held_until[held], table.resource[held]
        return cls(table, {}, subjects, mine, ends, resources)

    def part(self, resource: int) -> Part:
        """What is held on one resource now."""
        return self.parts.get(resource) or Part.of(self.base, resource)

    def _of_subjects(self, block: Int64Array) -> Int64Array:
        who = np.logical_or.reduce([block[place] == handle for place, handle in self.subjects])
        return block[:, who]

    def moves_all(self, parts: Mapping[int, Part]) -> bool:
        """Whether changed parts change the bookings of who asks, which every row may be judged by."""
        return bool(self.subjects) and any(
            not np.array_equal(self._of_subjects(self.part(resource).block), self._of_subjects(part.block))
            for resource, part in parts.items()
        )

    def with_parts(self, parts: Mapping[int, Part]) -> Ledger:
        """The bookings with some resources as they are now."""
        named = np.array([*parts], np.int64)
        mine = self.mine
        if self.subjects:
            others = mine[:, ~np.isin(mine[_RESOURCE], named)]
            mine = np.concatenate([others, *(self._of_subjects(part.block) for part in parts.values())], axis=1)
        ends, resources = self.hold_ends, self.hold_resources
        fresh = np.concatenate([part.block[[_HELD, _RESOURCE]] for part in parts.values()], axis=1)
        fresh = fresh[:, fresh[0] != NEVER]
        if len(ends) or fresh.size:
            kept = ~np.isin(resources, named)
            ends, resources = np.append(ends[kept], fresh[0]), np.append(resources[kept], fresh[1])
            order = ends.argsort(kind="stable")
            ends, resources = ends[order], resources[order]
        every = {**self.parts, **parts}
        changed = Ledger(self.base, every, self.subjects, mine, ends, resources)
        return changed if len(every) <= _MOST_PARTS else Ledger._over(changed.whole, self.subjects)

    def ended(self, now_us: int, later_us: int) -> Int64Array:
        """The resources on which a hold lets go after ``now_us`` and at ``later_us`` or before."""
        first, last = self.hold_ends.searchsorted([now_us, later_us], "right").tolist()
        return np.unique(self.hold_resources[first:last])

    def ended_for_all(self, now_us: int, later_us: int) -> bool:
        """Whether a hold of who asks is among them."""
        return bool(((self.mine[_HELD] > now_us) & (self.mine[_HELD] <= later_us)).any())

    def next_end(self, now_us: int) -> int:
        """When the next hold lets go, or never."""
        place = int(self.hold_ends.searchsorted(now_us, "right"))
        return int(self.hold_ends[place]) if place < len(self.hold_ends) else NEVER

    def table(self, resources: Int64Array) -> BookingTable:
        """What a question about some resources needs: their bookings, and those of who asks on all others."""
        named = np.sort(resources).tolist()
        parts = [(resource, self.part(resource)) for resource in named]
        block = parts[0][1].block if len(parts) == 1 else np.concatenate([part.block for _, part in parts], axis=1)
        if self.mine.size:
            block = np.concatenate([block, self.mine[:, ~np.isin(self.mine[_RESOURCE], named)]], axis=1)
            block = block[:, np.lexsort((block[_KEY], block[_RESOURCE]))]
        return _table(self.base.known, block, ((resource, part.blind) for resource, part in parts))

    @cached_property
    def whole(self) -> BookingTable:
        """Every booking as one table."""
        if not self.parts:
            return self.base
        base, named = self.base, np.array([*self.parts])
        kept = (~np.isin(base.resource, named)).nonzero()[0]
        block = np.concatenate([part.block for part in self.parts.values()], axis=1)
        said = (block != _DEFAULTS).any(axis=1)
        joined = {
            name: np.append(base.column(name)[kept], block[place])
            for place, name in enumerate(NAMES)
            if name not in _OPTIONAL or said[place] or getattr(base, name) is not None
        }
        order = np.lexsort((joined["occupied_start"], joined["resource"]))
        every: dict[str, Any] = {name: column[order] for name, column in joined.items()}
        return attrs.evolve(base, **(_NO_COLUMNS | every | self._blind(named)))

    def _blind(self, named: npt.NDArray[np.int64]) -> dict[str, Int64Array]:
        """The unknown time of single resources, all of them."""
        base = self.base
        kept = ~np.isin(base.unknown_resource, named)
        times = [(resource, *part.blind) for resource, part in self.parts.items()]
        resource = np.concatenate(
            [base.unknown_resource[kept], *(np.full(len(low), number) for number, low, _ in times)]
        )
        low = np.concatenate([base.unknown_start[kept], *(low for _, low, _ in times)])
        high = np.concatenate([base.unknown_end[kept], *(high for _, _, high in times)])
        order = np.lexsort((low, resource))
        return {"unknown_resource": resource[order], "unknown_start": low[order], "unknown_end": high[order]}
