"""The search for visits: every start at which some assignment is accepted, with one of those."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final, Unpack

import attrs
import numpy as np

from petpro_core import _sweeps
from petpro_core._checks import as_kind, frozen
from petpro_core.decisions import find_slots
from petpro_core.decisions._question import Question
from petpro_core.decisions._search import SEARCH_LIMIT, check_limit
from petpro_core.errors import LimitExceededError
from petpro_core.intervals import NEVER, Int64Array, from_us, to_us
from petpro_core.matching import Lack, ResourceTable
from petpro_core.reasons import Reason
from petpro_core.visits._assign import assign
from petpro_core.visits._cells import Accepted
from petpro_core.visits._layout import Layout
from petpro_core.visits.steps import Visit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    import numpy.typing as npt

    from petpro_core.availability import LocalDays
    from petpro_core.bookings import BookingTable
    from petpro_core.decisions._question import Asked
    from petpro_core.intervals import Interval
    from petpro_core.matching import ServiceType
    from petpro_core.slots import SlotRules, SlotTable
    from petpro_core.visits._parts import Part, Way
    from petpro_core.visits.plans import VisitPlan
    from petpro_core.visits.steps import Step

    BoolArray = npt.NDArray[np.bool_]

__all__ = ["PartSummary", "VisitTable", "find_visits"]

_MOST_CELLS: Final = 200_000_000


@attrs.frozen
class PartSummary:
    """How one part of a visit fared in a search, so that an empty answer says where it fails.

    Attributes:
        name: What its roles are called.
        need: How many resources it takes.
        eligible: How many could take it, whatever their hours.
        free: At how many of the starts that were tried enough of them are free, for it alone.
        lack: Why it cannot be filled at all; ``None`` where it can.
    """

    name: str
    need: int
    eligible: int
    free: int
    lack: Lack | None = None


@attrs.frozen(eq=False, repr=False)
class VisitTable:
    """Starts of a visit, as columns, each with one assignment that the judge accepts. It iterates as ``VisitPlan``.

    Every column is read-only; ``find_visits`` makes it.

    Attributes:
        starts: int64[m]: microseconds since 1970-01-01T00:00Z, ascending.
        ends: int64[m]: when the last step ends, buffers aside.
        resources: int64[m, p]: the handle in each place.
        places: For each of those the name of its part.
        parts: How each part fared.
        tried: How many starts were tried: those that the first part's grid offers.
        valid_until: The next instant at which time alone may change this answer; ``None`` = never.
        untested: What could not be tested because the request does not tell it.

    Source: ADR 21 (visits).
    """

    starts: Int64Array
    resources: Int64Array
    places: tuple[str, ...]
    parts: tuple[PartSummary, ...]
    tried: int
    valid_until: datetime | None
    untested: tuple[str, ...]
    _ways: Int64Array
    _layout: Layout

    def __attrs_post_init__(self) -> None:
        """Freeze the columns."""
        for column in (self.starts, self.resources, self._ways):
            frozen(column)

    @property
    def lack(self) -> Lack | Reason | None:
        """Why there is no start at all; ``None`` where there are some.

        Nobody can do it, nobody who can is free, each part alone has somebody and all parts together never do, or the
        policy allows no visit of this length.
        """
        if len(self):
            return None
        if not self._layout.ways:
            return Reason.DURATION
        first = next((part.lack for part in self.parts if part.lack is not None), None)
        if first is None and all(part.free for part in self.parts):
            return Lack.TOO_FEW_TOGETHER
        return first or Lack.NOBODY_FREE

    def __len__(self) -> int:
        """How many starts."""
        return len(self.starts)

    @cached_property
    def ends(self) -> Int64Array:
        """int64[m]: when the last step ends."""
        return frozen(np.array([to_us(plan.end) for plan in self], np.int64))

    def __getitem__(self, place: int) -> VisitPlan:
        """One start with its assignment, as a plan."""
        way = self._layout.ways[int(self._ways[place])]
        return self._layout.plan(way, int(self.starts[place]), self.resources[place].tolist())

    def __iter__(self) -> Iterator[VisitPlan]:
        """Every start as a plan (some tens of microseconds each)."""
        for place in range(len(self)):
            yield self[place]

    def __repr__(self) -> str:
        """Say how much there is, and show the first."""
        first = f", first {from_us(int(self.starts[0])).isoformat(' ', 'minutes')}" if len(self) else ""
        return f"<VisitTable of {len(self)} starts{first}>"


def find_visits(
    visit: Visit | Step | ServiceType | Iterable[Step | ServiceType],
    *,
    resources: ResourceTable,
    busy: BookingTable,
    within: Interval | LocalDays,
    now: datetime,
    prefer: Sequence[int] = (),
    species: str | None = None,
    size: str | None = None,
    new_client: bool | None = None,
    limit: int = SEARCH_LIMIT,
    **asked: Unpack[Asked],
) -> VisitTable:
    """Every start at which a visit could be booked now, each with a concrete assignment for every step.

    A start is here if and only if some assignment of it has no conflict by ``check_visit``. Of several ways to lay the
    steps behind each other the one that ends first is taken, and of several assignments the first in dictionary order:
    part by part, those in ``prefer`` first, then in the order of the table.

        >>> from datetime import UTC, datetime, timedelta
        >>> from petpro_core import ALWAYS, BookingTable, Calendar, Interval, Schedule, WeeklyHours
        >>> from petpro_core.matching import Resource, Role, ServiceType
        >>> def person(number, kind, hours):
        ...     return Resource(number, kind, Calendar(Schedule("UTC", WeeklyHours({"monday": [hours]}))))
        >>> clinic = ResourceTable.of([person(1, "provider", "09:00-10:00"), person(7, "room", "08:00-11:00")])
        >>> checkup = ServiceType(1, [Role("provider"), Role("room")], timedelta(minutes=30))
        >>> found = find_visits(
        ...     checkup,
        ...     resources=clinic,
        ...     busy=BookingTable.empty(known=ALWAYS),
        ...     within=Interval(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)),
        ...     now=datetime(2026, 11, 20, tzinfo=UTC),
        ... )
        >>> [(plan.start.strftime("%H:%M"), plan.resources) for plan in found][:3]
        [('09:00', (1, 7)), ('09:15', (1, 7)), ('09:30', (1, 7))]

    Args:
        visit: What is wanted: a visit, a service, or steps.
        resources: Who and what there is.
        busy: What is booked, and where that is known.
        within: Bounds the visit's start: instants, or local days of the calendars of the first role.
        now: The present.
        prefer: Handles of resources to take before the others, best first.
        species: What is told of the patient, where a service's length depends on it; likewise below.
        size: The patient's size.
        new_client: Whether the client comes for the first time.
        limit: At most so many starts.
        **asked: As in ``find_slots``: ``policy``, ``request``, ``waive``, ``replacing``, ``cache``.

    Raises:
        LimitExceededError: More starts than ``limit``, more ways to lay the steps than can be tried, or more resources
            and starts than can be held at once.
        InvalidValueError: A value of another type, or a preference for a resource that is not there.

    Cost: a search for each part, and a pass over resources and starts for each way. Source: ADR 21 (visits).
    """
    as_kind("resources", resources, ResourceTable)
    told = {"species": species, "size": size, "new_client": new_client}
    layout = Layout.of(Visit.of(visit), resources, prefer, told, asked)
    search = _Search(layout, busy, now)
    lacks = [layout.lack(part) for part in layout.parts]
    if any(lack is not None for lack in lacks):
        return search.nothing(lacks)
    return search.run(within, limit)


@attrs.frozen(eq=False)
class _Search:
    """What is asked, laid out, and the questions to the judge that came of it."""

    layout: Layout
    busy: BookingTable
    now: datetime

    def run(self, within: Interval | LocalDays, limit: int) -> VisitTable:
        layout, lead = self.layout, self.layout.parts[0]
        offered = self._offered(lead, within, limit)
        axis = np.unique(np.concatenate([table.starts for table in offered.values()] or [np.empty(0, np.int64)]))
        check_limit(len(axis), limit)
        if len(axis) * sum(len(part.rows) for part in layout.parts) > _MOST_CELLS:
            msg = (
                f"a visit is searched over at most {_MOST_CELLS:,} pairs of a resource and a start, got "
                f"{len(axis):,} starts; ask for a shorter range or a longer step"
            )
            raise LimitExceededError(msg, limit=_MOST_CELLS, got=len(axis))
        left, accepted = np.arange(len(axis)), _Others(self, axis)
        places, free = layout.places(), np.zeros((len(layout.parts), len(axis)), np.bool_)
        way_of, chosen = np.full(len(axis), -1, np.int64), np.zeros((len(axis), sum(places.needs)), np.int64)
        for number, way in enumerate(layout.ways):
            if number == 1:
                # The closest way serves most starts; for the others it is worth asking first where any could lead.
                left = left[self._reachable(axis[left], accepted)]
            if not len(left):
                break
            cells = [_on_grid(offered[layout.rules(lead, way)], len(lead.rows), axis)[:, left]]
            for place, part in enumerate(layout.parts[1:], 1):
                cells.append(accepted.of(place, way).at(axis[left] + way.held(part)[0]))
            for place, part in enumerate(layout.parts):
                cells[place] &= part.fitting(way)[:, None]
                free[place, left] |= np.count_nonzero(cells[place], axis=0) >= part.need
            assigned = assign(places, cells)
            done = left[assigned.found]
            way_of[done], chosen[done] = number, places.rows[assigned.chosen[assigned.found]]
            left = left[~assigned.found]
        kept = (way_of >= 0).nonzero()[0]
        until = self._valid_until(offered, accepted, axis)
        return self._table(axis[kept], chosen[kept], way_of[kept], free.sum(axis=1).tolist(), len(axis), until, offered)

    def nothing(self, lacks: Sequence[Lack | None]) -> VisitTable:
        """The answer where a part can never be filled."""
        parts = [
            PartSummary(part.name, part.need, len(part.rows), 0, lack)
            for part, lack in zip(self.layout.parts, lacks, strict=True)
        ]
        return VisitTable(
            starts=np.empty(0, np.int64),
            resources=np.empty((0, sum(part.need for part in parts)), np.int64),
            places=self._names(),
            parts=tuple(parts),
            tried=0,
            valid_until=None,
            untested=(),
            ways=np.empty(0, np.int64),
            layout=self.layout,
        )

    def _names(self) -> tuple[str, ...]:
        return tuple(part.name for part in self.layout.parts for _ in range(part.need))

    def _table(
        self,
        starts: Int64Array,
        rows: Int64Array,
        ways: Int64Array,
        free: list[int],
        tried: int,
        until: int,
        offered: dict[SlotRules, SlotTable],
    ) -> VisitTable:
        parts = zip(self.layout.parts, free, strict=True)
        return VisitTable(
            starts=starts,
            resources=self.layout.table.handles[rows],
            places=self._names(),
            parts=tuple(PartSummary(part.name, part.need, len(part.rows), number) for part, number in parts),
            tried=tried,
            valid_until=None if until == NEVER else from_us(until),
            untested=next((table.untested for table in offered.values()), ()),
            ways=ways,
            layout=self.layout,
        )

    def _offered(self, lead: Part, within: Interval | LocalDays, limit: int) -> dict[SlotRules, SlotTable]:
        """What the first part's resources offer on their grids, for each time that it may be held."""
        batch, found = self.layout.calendars(lead), {}
        for way in self.layout.ways:
            rules = self.layout.rules(lead, way)
            if rules not in found:
                found[rules] = find_slots(
                    batch,
                    busy=self.busy,
                    rules=rules,
                    within=within,
                    now=self.now,
                    limit=limit * len(batch),
                    **self.layout.question(lead),
                )
        return found

    def _reachable(self, axis: Int64Array, accepted: _Others) -> BoolArray:
        """The starts from which every step can still be reached: a gap is a dilation, met with what is free behind it.

        A necessary condition that costs no pass over the resources: for each part only whether anybody is free.
        """
        steps, reach = self.layout.visit.steps, None
        for number in range(len(steps) - 1, -1, -1):
            lines = [
                accepted.anybody(place) for place, part in enumerate(self.layout.parts[1:], 1) if part.first == number
            ]
            if reach is not None:
                lines.append(reach)
            if not lines:
                continue
            reach = lines[0]
            for line in lines[1:]:
                reach = _sweeps.intersect(*reach, *line)
            if number:
                # From the start of the step before to the start of this one: its length and the gap between.
                apart = [way.offsets[number] - way.offsets[number - 1] for way in self.layout.ways]
                reach = _sweeps.coalesce(reach[0] - max(apart), reach[1] - min(apart))
        return np.ones(len(axis), np.bool_) if reach is None else _sweeps.contains(*reach, axis)

    def _valid_until(self, offered: dict[SlotRules, SlotTable], accepted: _Others, axis: Int64Array) -> int:
        instants = [to_us(table.valid_until) for table in offered.values() if table.valid_until is not None]
        for place, ranges in accepted:
            begins = {way.held(self.layout.parts[place])[0] for way in self.layout.ways}
            instants.append(ranges.until(np.unique(np.concatenate([axis + begin for begin in begins]))))
        return min(instants, default=NEVER)


class _Others:
    """When the other parts' resources are free; each part and length is asked of the judge once, when it is needed."""

    def __init__(self, search: _Search, axis: Int64Array) -> None:
        self._search, self._axis = search, axis
        self._found: dict[tuple[int, SlotRules], Accepted] = {}

    def __iter__(self) -> Iterator[tuple[int, Accepted]]:
        return ((place, ranges) for (place, _), ranges in self._found.items())

    def of(self, place: int, way: Way) -> Accepted:
        """When each resource of a part could begin it, for as long as a way holds it."""
        layout = self._search.layout
        part = layout.parts[place]
        rules = layout.rules(part, way)
        if (place, rules) not in self._found:
            begins = [one.held(part)[0] for one in layout.ways]
            low, high = (int(self._axis[0]), int(self._axis[-1])) if len(self._axis) else (0, 0)
            asked = layout.question(part)
            question = Question.of(busy=self._search.busy, rules=rules, now=self._search.now, **asked)
            batch = layout.calendars(part)
            self._found[place, rules] = Accepted.of(question, batch, low + min(begins), high + max(begins) + 1)
        return self._found[place, rules]

    def anybody(self, place: int) -> tuple[Int64Array, Int64Array]:
        """When anybody could begin a part, for as long as any way holds it."""
        ranges = {id(found): found for found in (self.of(place, way) for way in self._search.layout.ways)}.values()
        starts = np.sort(np.concatenate([found.starts for found in ranges]))
        return _sweeps.coalesce(starts, np.sort(np.concatenate([found.stops for found in ranges])))


def _on_grid(table: SlotTable, rows: int, axis: Int64Array) -> BoolArray:
    """bool[rows, m]: which of the starts each row offers."""
    cells = np.zeros((rows, len(axis)), np.bool_)
    cells[table.rows, axis.searchsorted(table.starts)] = True
    return cells
