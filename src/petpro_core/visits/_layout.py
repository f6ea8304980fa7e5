"""A visit laid out for a table of resources: its parts, its ways, and the question that each part is to the judge."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from petpro_core._checks import LONGEST, ZERO
from petpro_core.availability import CalendarBatch, HoursCache
from petpro_core.bookings import BookingPolicy, Request
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import Interval, duration_us
from petpro_core.matching import Lack, ResourceKind, match
from petpro_core.matching._pairing import Rule
from petpro_core.slots import CalendarDays, Footprint, SlotRules
from petpro_core.visits._assign import Places, bits_of
from petpro_core.visits._cells import followed
from petpro_core.visits._parts import Part, Way, parts_of, ways_of
from petpro_core.visits.plans import PlannedPart, PlannedStep, VisitPlan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from petpro_core.intervals import Int64Array
    from petpro_core.matching import ResourceTable
    from petpro_core.visits._parts import Length
    from petpro_core.visits.steps import Visit

__all__ = ["Layout"]


@attrs.frozen(eq=False)
class Layout:
    """A visit for a table of resources.

    Attributes:
        visit: What is wanted.
        table: Who there is.
        parts: In the order in which they begin; the first one's first resource sets the grid.
        lengths: The lengths that each step may have.
        ways: How the steps may follow each other, those that end first before the others.
        rank: int64[n]: the rows' places by preference; equal ones go by the order of the table.
        asked: The rest of the question: policy, request, waivers and the like.
    """

    visit: Visit
    table: ResourceTable
    parts: tuple[Part, ...]
    lengths: tuple[tuple[Length, ...], ...]
    ways: tuple[Way, ...]
    rank: Int64Array
    asked: Mapping[str, Any]
    _rules: dict[tuple[int, int, int], SlotRules] = attrs.field(factory=dict, init=False)

    @classmethod
    def of(
        cls,
        visit: Visit,
        table: ResourceTable,
        prefer: Sequence[int],
        told: Mapping[str, Any],
        asked: Mapping[str, Any],
    ) -> Layout:
        """A layout, with the resources that are preferred before the others.

        Raises:
            InvalidValueError: A preference for a resource that is not in the table, or roles of one name that want
                different numbers of resources.
            LimitExceededError: More ways than can be tried.
        """
        parts, lengths = parts_of(visit, table, told)
        rank = np.full(len(table), len(prefer), np.int64)
        for place, handle in reversed(list(enumerate(prefer))):
            rank[table.row_of(handle)] = place
        parts = [_sorted(part, rank) for part in parts]
        ways = ways_of(visit, lengths, parts)
        asked = dict(asked)
        policy: BookingPolicy = asked.get("policy", BookingPolicy())
        for step in visit.steps:
            policy = step.service.with_lead(policy)
        if len(visit.steps) > 1:
            # How long a visit may be is asked of the whole, and not of each part.
            ways = [way for way in ways if _allowed(policy, way)]
            policy = attrs.evolve(policy, min_duration=None, max_duration=None)
        asked["policy"] = policy
        # The parts are questions about the same days, so their hours are expanded once.
        asked["cache"] = asked.get("cache") or HoursCache()
        request: Request = asked.get("request", Request())
        if request.service is None:
            request = attrs.evolve(request, service=visit.steps[0].service.handle)
        asked["request"] = request
        return cls(visit, table, tuple(parts), tuple(map(tuple, lengths)), tuple(ways), rank, asked)

    def rules(self, part: Part, way: Way) -> SlotRules:
        """The rules of a part: the first step's grid, held to the last step, and the buffers at both ends."""
        key = self.parts.index(part), way.held(part)[1], way.choice[part.first]
        if key not in self._rules:
            self._rules[key] = self._ruled(part, way)
        return self._rules[key]

    def _ruled(self, part: Part, way: Way) -> SlotRules:
        first, last = self.visit.steps[part.first].service, self.visit.steps[part.last].service
        rules = first.rules_for(part.roles[part.first])
        length = self.lengths[part.first][way.choice[part.first]]
        held: timedelta | CalendarDays = length
        if not isinstance(length, CalendarDays):
            held = timedelta(microseconds=way.held(part)[1])
        after = last.rules_for(part.roles[part.last]).buffer_after
        return attrs.evolve(rules, duration=held, buffer_after=after)

    def question(self, part: Part) -> dict[str, Any]:
        """What else the judge is asked of a part."""
        service = self.visit.steps[part.first].service
        asked = dict(self.asked)
        asked["request"] = attrs.evolve(asked["request"], units=service.units)
        if part is self.parts[0]:
            return asked
        return followed(asked, later=part.first > 0)

    def calendars(self, part: Part) -> CalendarBatch:
        """The calendars of those who are eligible for a part, in the order of its rows.

        Raises:
            InvalidValueError: The hours of one of them are not told.
        """
        chosen = [self.table.resources[row] for row in part.rows.tolist()]
        calendars = [one.calendar for one in chosen if one.calendar is not None]
        if len(calendars) < len(chosen):
            without = [one.handle for one in chosen if one.calendar is None]
            msg = f"times are searched for resources with calendars, got none for {without}; give each its hours"
            raise InvalidValueError(msg, name="calendar", got=without)
        return CalendarBatch.of(calendars, self.table.handles[part.rows])

    def lack(self, part: Part) -> Lack | None:
        """Why a part can never be filled, whatever the hours; ``None`` where it can."""
        if len(part.rows) >= part.need:
            return None
        lacks = (match(self.table, role).lack for role in part.roles.values())
        # Each role of it may have enough, and nobody all of them.
        return next((lack for lack in lacks if lack is not None), Lack.TOO_FEW_ELIGIBLE)

    def places(self) -> Places:
        """The places of the visit, and who could take them."""
        every = np.concatenate([part.rows for part in self.parts])
        used = np.unique(every)
        used = used[np.lexsort((used, self.rank[used]))]
        number = np.zeros(len(self.table), np.int64)
        number[used] = np.arange(len(used))
        return Places(
            rows=used,
            needs=tuple(part.need for part in self.parts),
            columns=tuple(number[part.rows] for part in self.parts),
            rules=tuple(self._rules_of_supervision(used, number)),
        )

    def _rules_of_supervision(self, used: Int64Array, number: Int64Array) -> Iterator[Rule]:
        """A rule for each part that juniors could take, and for each thing that their senior must be able to do."""
        senior = self.table.match(kind=ResourceKind.PROVIDER) & ~self.table.supervised
        for place, part in enumerate(self.parts):
            juniors = part.rows[self.table.supervised[part.rows]]
            asked = [role.supervision or role.requirement for role in part.roles.values() if not role.alone]
            for requirement in dict.fromkeys(asked if len(juniors) else ()):
                fits = senior if requirement is None else senior & self.table.match(requirement)
                nobody = [0] * len(self.parts)
                nobody[place] = bits_of(number[juniors])
                yield Rule(tuple(nobody), bits_of(number[used[fits[used]]]))

    def plan(self, way: Way, start: int, resources: Sequence[int]) -> VisitPlan:
        """The plan of a start, by a way, with a resource in each place."""
        steps = []
        for number, step in enumerate(self.visit.steps):
            begin = start + way.offsets[number]
            names = tuple(dict.fromkeys(part.name for part in self.parts if number in part.roles))
            end = begin + (way.lengths[number] or self._stay(begin, way, resources))
            steps.append(PlannedStep(step.service.handle, Interval.from_us(begin, end), names))
        parts, at = [], 0
        for part in self.parts:
            begin, length = way.held(part)
            rules = self.rules(part, way)
            before, after = rules.buffers_us
            begin += start
            end = begin + (length or steps[0].interval.end_us - begin)
            parts.append(
                PlannedPart(
                    part.name,
                    tuple(resources[at : at + part.need]),
                    Interval.from_us(begin, end),
                    Interval.from_us(begin - before, end + after),
                    self.visit.steps[part.first].service.units,
                )
            )
            at += part.need
        return VisitPlan(tuple(steps), tuple(parts))

    def _stay(self, begin: int, way: Way, resources: Sequence[int]) -> int:
        """How long a stay lasts, by the clock of the resource that sets the grid."""
        row = np.array([self.table.row_of(resources[0])])
        zone = self.calendars(attrs.evolve(self.parts[0], rows=row)).distinct[0].zone
        footprint = Footprint.of(self.rules(self.parts[0], way), (zone,), None, (begin, begin + 1))
        return int(footprint.lengths(None, np.array([begin]))[0])


def _sorted(part: Part, rank: Int64Array) -> Part:
    return attrs.evolve(part, **_chosen(part, np.lexsort((part.rows, rank[part.rows]))))


def _chosen(part: Part, order: Int64Array) -> dict[str, Any]:
    return {"rows": part.rows[order], "lengths": {step: takes[order] for step, takes in part.lengths.items()}}


def _allowed(policy: BookingPolicy, way: Way) -> bool:
    least = ZERO if policy.min_duration is None else policy.min_duration
    most = LONGEST if policy.max_duration is None else policy.max_duration
    return duration_us(least) <= way.total <= duration_us(most)
