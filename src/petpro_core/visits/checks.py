"""A plan judged again, and a start that is not offered explained: part by part, resource by resource."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Unpack

import attrs
import numpy as np

from petpro_core._checks import as_kind
from petpro_core.decisions import check_booking
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import from_us, to_us
from petpro_core.matching import Lack, ResourceTable
from petpro_core.visits._assign import assign
from petpro_core.visits._layout import Layout
from petpro_core.visits.plans import VisitPlan
from petpro_core.visits.steps import Visit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from petpro_core.bookings import BookingTable
    from petpro_core.decisions._question import Asked
    from petpro_core.matching import ServiceType
    from petpro_core.reasons import Conflict
    from petpro_core.visits._parts import Part, Way
    from petpro_core.visits.steps import Step

__all__ = ["PartExplanation", "VisitConflict", "VisitExplanation", "check_visit", "explain_visit"]


@attrs.frozen
class VisitConflict:
    """One thing against a plan.

    Attributes:
        part: The name of the part it is about.
        resource: The handle of the resource; ``None`` = of the part as a whole.
        conflict: What the judge has against it; ``None`` where the resource does not fit the part at all.
        lack: Why it does not fit; ``None`` where the judge speaks.
    """

    part: str
    resource: int | None
    conflict: Conflict | None = None
    lack: Lack | None = None


@attrs.frozen
class PartExplanation:
    """Who could take a part at a start, and what stands against each of the others.

    Attributes:
        name: What its roles are called.
        need: How many it takes.
        free: The handles of those who could take it then.
        refused: Who is eligible and cannot then, each with the judge's conflicts.
        lack: Why it can never be filled; ``None`` where it can.
    """

    name: str
    need: int
    free: tuple[int, ...]
    refused: dict[int, tuple[Conflict, ...]]
    lack: Lack | None


@attrs.frozen
class VisitExplanation:
    """Why a visit can or cannot start at an instant.

    Attributes:
        parts: Part by part.
        plan: The visit, where it can start then.
        lack: What is missing for all parts together, where each part alone could be filled.
    """

    parts: tuple[PartExplanation, ...]
    plan: VisitPlan | None
    lack: Lack | None


def check_visit(
    visit: Visit | Step | ServiceType | Iterable[Step | ServiceType],
    plan: VisitPlan,
    *,
    resources: ResourceTable,
    busy: BookingTable,
    now: datetime,
    species: str | None = None,
    size: str | None = None,
    new_client: bool | None = None,
    **asked: Unpack[Asked],
) -> tuple[VisitConflict, ...]:
    """Everything against a plan, at once; none = it may be booked. The same question as ``find_visits``, at one point.

        >>> from datetime import UTC, datetime, timedelta
        >>> from petpro_core import ALWAYS, BookingTable, Calendar, Interval, Schedule, WeeklyHours
        >>> from petpro_core.matching import Resource, Role, ServiceType
        >>> from petpro_core.visits import find_visits
        >>> hours = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-10:00"]})))
        >>> asked = {
        ...     "resources": ResourceTable.of([Resource(1, "provider", hours)]),
        ...     "now": datetime(2026, 11, 20, tzinfo=UTC),
        ... }
        >>> checkup = ServiceType(1, Role("provider"), timedelta(minutes=30))
        >>> day = Interval(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC))
        >>> nothing = BookingTable.empty(known=ALWAYS)
        >>> plan = find_visits(checkup, busy=nothing, within=day, **asked)[0]
        >>> check_visit(checkup, plan, busy=nothing, **asked)
        ()
        >>> booked = nothing.with_bookings([plan.booking(7)])
        >>> [str(found.conflict.kind) for found in check_visit(checkup, plan, busy=booked, **asked)]
        ['overlap']

    Args:
        visit: What is wanted.
        plan: How it is planned; its times and its resources are judged as they are.
        resources: Who and what there is.
        busy: What is booked, and where that is known.
        now: The present.
        species: As in ``find_visits``, likewise below.
        size: The patient's size.
        new_client: Whether the client comes for the first time.
        **asked: As in ``find_visits``.

    Raises:
        InvalidValueError: The plan is of another visit: other parts, other places, or times that no way of the visit
            gives.

    Source: ADR 2 (one judge), ADR 21 (visits).
    """
    as_kind("plan", plan, VisitPlan)
    told = {"species": species, "size": size, "new_client": new_client}
    layout = Layout.of(Visit.of(visit), resources, (), told, asked)
    way, chosen = _way_of(layout, plan), [part.resources for part in plan.parts]
    found: list[VisitConflict] = []
    seen: set[int] = set()
    for part, handles in zip(layout.parts, chosen, strict=True):
        fits = dict(zip(layout.table.handles[part.rows].tolist(), part.fitting(way).tolist(), strict=True))
        for handle in handles:
            if handle in seen:
                found.append(VisitConflict(part.name, handle, lack=Lack.TOO_FEW_TOGETHER))
            elif not fits.get(handle, False):
                found.append(VisitConflict(part.name, handle, lack=Lack.NOBODY_ELIGIBLE))
            else:
                judged = _conflicts(layout, part, way, handle, to_us(plan.start), busy, now)
                found += [VisitConflict(part.name, handle, conflict) for conflict in judged]
            seen.add(handle)
    return (*found, *_without_senior(layout, chosen))


def _without_senior(layout: Layout, chosen: Sequence[Sequence[int]]) -> Iterator[VisitConflict]:
    """The parts in which juniors stand without the senior that they need."""
    places = layout.places()
    number = {handle: place for place, handle in enumerate(layout.table.handles[places.rows].tolist())}
    masks = [sum(1 << number[handle] for handle in set(handles) & set(number)) for handles in chosen]
    together = reduce(or_, masks, 0)
    for rule in places.rules:
        if not together & rule.seniors:
            for part, mask, juniors in zip(layout.parts, masks, rule.juniors, strict=True):
                if mask & juniors:
                    yield VisitConflict(part.name, None, lack=Lack.NO_SENIOR)


def explain_visit(
    visit: Visit | Step | ServiceType | Iterable[Step | ServiceType],
    *,
    start: datetime,
    resources: ResourceTable,
    busy: BookingTable,
    now: datetime,
    prefer: Sequence[int] = (),
    species: str | None = None,
    size: str | None = None,
    new_client: bool | None = None,
    **asked: Unpack[Asked],
) -> VisitExplanation:
    """Why a visit can or cannot start at an instant: for each part who is free, and what stands against the others.

    Where the visit can start then, the plan is the one that ``find_visits`` would give; where it cannot, the parts are
    explained for steps that follow each other as closely as they may.

        >>> from datetime import UTC, datetime, timedelta
        >>> from petpro_core import ALWAYS, BookingTable, Calendar, Schedule, WeeklyHours
        >>> from petpro_core.matching import Resource, Role, ServiceType
        >>> hours = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-10:00"]})))
        >>> told = explain_visit(
        ...     ServiceType(1, Role("provider"), timedelta(minutes=30)),
        ...     start=datetime(2026, 11, 23, 10, tzinfo=UTC),
        ...     resources=ResourceTable.of([Resource(1, "provider", hours)]),
        ...     busy=BookingTable.empty(known=ALWAYS),
        ...     now=datetime(2026, 11, 20, tzinfo=UTC),
        ... )
        >>> [str(conflict.kind) for conflict in told.parts[0].refused[1]], told.plan
        (['closed'], None)

    Args:
        visit: What is wanted.
        start: When it would start.
        resources: As in ``find_visits``, likewise all others.
        busy: What is booked, and where that is known.
        now: The present.
        prefer: Handles to take before the others.
        species: What is told of the patient.
        size: The patient's size.
        new_client: Whether the client comes for the first time.
        **asked: As in ``find_visits``.

    Raises:
        NaiveDatetimeError: ``start`` or ``now`` has no zone.
        InvalidValueError: A value of another type.

    Source: ADR 2 (one judge), ADR 21 (visits).
    """
    told = {"species": species, "size": size, "new_client": new_client}
    layout = Layout.of(Visit.of(visit), resources, prefer, told, asked)
    lacks = [layout.lack(part) for part in layout.parts]
    at, explained, plan = to_us(start), None, None
    for way in layout.ways:
        parts = [
            _explained(layout, part, way, at, busy, now, lack) for part, lack in zip(layout.parts, lacks, strict=True)
        ]
        explained = explained or tuple(parts)
        if any(lacks):
            break
        cells = [
            np.array([[handle in part.free] for handle in layout.table.handles[own.rows].tolist()], np.bool_)
            for own, part in zip(layout.parts, parts, strict=True)
        ]
        places = layout.places()
        assigned = assign(places, cells)
        if assigned.found[0]:
            chosen = layout.table.handles[places.rows[assigned.chosen[0]]].tolist()
            explained, plan = tuple(parts), layout.plan(way, at, chosen)
            break
    parts_told = explained or ()
    short = any(len(part.free) < part.need for part in parts_told)
    lack = None if plan is not None or short or not parts_told else Lack.TOO_FEW_TOGETHER
    return VisitExplanation(parts_told, plan, lack)


def _explained(
    layout: Layout, part: Part, way: Way, start: int, busy: BookingTable, now: datetime, lack: Lack | None
) -> PartExplanation:
    free, refused = [], {}
    for handle, fits in zip(layout.table.handles[part.rows].tolist(), part.fitting(way).tolist(), strict=True):
        if not fits:
            continue
        conflicts = _conflicts(layout, part, way, handle, start, busy, now)
        if conflicts:
            refused[handle] = conflicts
        else:
            free.append(handle)
    return PartExplanation(part.name, part.need, tuple(free), refused, lack)


def _conflicts(
    layout: Layout, part: Part, way: Way, handle: int, start: int, busy: BookingTable, now: datetime
) -> tuple[Conflict, ...]:
    """What the judge has against one resource in one part."""
    row = layout.table.row_of(handle)
    batch = layout.calendars(attrs.evolve(part, rows=np.array([row])))
    return check_booking(
        batch.distinct[0],
        start=from_us(start + way.held(part)[0]),
        busy=busy,
        rules=layout.rules(part, way),
        now=now,
        handle=handle,
        **layout.question(part),
    )


def _way_of(layout: Layout, plan: VisitPlan) -> Way:
    """The way by which a plan is laid out.

    Raises:
        InvalidValueError: None; the plan is of another visit.
    """
    names = [(part.name, part.need) for part in layout.parts]
    got = [(part.name, len(part.resources)) for part in plan.parts]
    if names != got:
        msg = f"a plan fills the parts of its visit, {names}, got {got}; plan it for this visit and these resources"
        raise InvalidValueError(msg, name="plan", got=got, allowed=names)
    start = to_us(plan.start)
    times = [(step.interval.start_us - start, step.interval.end_us - step.interval.start_us) for step in plan.steps]
    for way in layout.ways:
        alike = [(at, length or own) for (_, own), at, length in zip(times, way.offsets, way.lengths, strict=False)]
        # The parts too: what is held, and its buffers, must be what this way says.
        if alike == times and layout.plan(way, start, plan.resources).parts == plan.parts:
            return way
    msg = f"a plan lays its steps as its visit allows, got {times} (after the start, and how long, in microseconds)"
    raise InvalidValueError(msg, name="plan", got=times)
