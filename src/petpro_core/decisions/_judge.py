"""One proposal judged, and the judge's mask decoded into conflicts with intervals and sources.

The mask comes from the refusal table alone. What is looked up afterwards refines a bit that is set, and nothing else.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np

from petpro_core import _sweeps
from petpro_core.availability import Calendar, CalendarBatch
from petpro_core.bookings import BookingStatus, Scope
from petpro_core.bookings.table import FEED
from petpro_core.decisions._busy import Sessions, sessions_of
from petpro_core.decisions._caps import caps, tally
from petpro_core.decisions._closed import ClosedPart, closed_parts
from petpro_core.decisions._compile import Prepared, compile_rows, prepare, zones_of
from petpro_core.decisions._question import Booked, BookedRows, Question
from petpro_core.decisions._releases import kept_time
from petpro_core.decisions._runs import refused_run
from petpro_core.decisions._whole import stranded_us, visit_of
from petpro_core.intervals import ALWAYS, DAY_US, Interval, IntervalSet, duration_us
from petpro_core.reasons import Conflict, Kind, Reason
from petpro_core.slots import CalendarDays, Footprint, RefusalTable, decide

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from petpro_core.bookings import Release
    from petpro_core.intervals import Int64Array

__all__ = ["Judged", "judge"]

_CLOSED_DAYS: Final = (3, 30, 400)  # How far around the visit the edges of closed time are looked for.


@attrs.frozen(eq=False)
class Judged:
    """A proposal with everything the judge had before it."""

    question: Question
    calendar: Calendar
    handle: int
    start: int
    prepared: Prepared
    table: RefusalTable
    footprint: Footprint
    mask: int

    @property
    def end(self) -> int:
        """When the visit would end."""
        return self.start + int(self.footprint.lengths(None, np.array([self.start]))[0])

    @property
    def occupied(self) -> tuple[int, int]:
        """The visit with its buffers."""
        rules = self.question.rules
        return self.start - rules.buffers_us[0], self.end + rules.buffers_us[1]

    @property
    def extra(self) -> int:
        """The units that are sold beyond the capacity of its resource."""
        return int(np.sum(self.question.oversold(np.array([self.handle]))))

    def overbooked(self) -> int:
        """How many units, or seats, would be held beyond what there is."""
        question = self.question
        if not self.extra:
            return 0
        low, high = self.occupied
        booked = Booked.of(question, np.array([self.handle])).blocking
        plain, sessions = sessions_of(
            question, _near(booked, "occupied_start", "occupied_end", low, high), self.footprint
        )
        if question.rules.seats is not None:
            if sessions is None:
                return 0
            rows = sessions.rows.where(_joined(self, sessions))
            seats = int(rows.take("seats").max(initial=question.request.units))
            return max(int(rows.take("units").sum()) + question.request.units - seats, 0)
        sold = self.calendar.capacity + self.extra
        starts, ends = plain.take("occupied_start"), plain.take("occupied_end")
        held = _most(starts, ends, np.minimum(plain.take("units"), sold), low, high)
        return max(held + min(question.request.units, sold) - self.calendar.capacity, 0)

    def conflicts(self) -> tuple[Conflict, ...]:
        """Every reason against the proposal, in the order of ``Reason``."""
        found: list[Conflict] = []
        for reason in Reason(self.mask):
            details = list(_DETAILS[reason](self, reason))
            run = Interval.from_us(*refused_run(self, reason))
            # A bit that nothing more can be said about is still said.
            details = details or [Conflict(reason, Kind.FULL if reason is Reason.BUSY else Kind(reason.code))]
            found += [attrs.evolve(detail, refused_starts=run, resource_id=self.handle) for detail in details]
        return tuple(found)


def judge(question: Question, calendar: Calendar, start: int, handle: int) -> Judged:
    """Compile one microsecond's worth of the question and decide."""
    batch = CalendarBatch.of((calendar,), (handle,))
    at = np.array([start])
    prepared = prepare(question, batch, at, at + 1)
    table, footprint, _ = compile_rows(prepared, 0, 1)
    mask = int(decide(table, None, at)[0])
    return Judged(question, calendar, handle, start, prepared, table, footprint, mask)


def _closed(judged: Judged, reason: Reason) -> Iterator[Conflict]:
    """What closes each part of the visit that is closed; of a stay, its start, its end, and time off inside."""
    question, start, end = judged.question, judged.start, judged.end
    visit = IntervalSet.of(Interval.from_us(start, end))
    stay = isinstance(question.rules.duration, CalendarDays)
    # A stay may end at closing time and at opening time, so its end is closed only where both sides of it are.
    edge = Interval.from_us(end - 1, end + 1)
    met: list[ClosedPart] = []
    for days in _CLOSED_DAYS:
        # Starts are judged far enough from the ends of time for this to exist.
        around = Interval.from_us(start - days * DAY_US, end + days * DAY_US)
        parts = closed_parts(judged.calendar, around, question.request.location)
        closed = IntervalSet(interval for part in parts for interval in part.times)
        edges = IntervalSet.of(Interval.from_us(start, start + 1), *([edge] if closed.covers(edge) else []))
        met = [part for part in parts if part.times & (edges if stay and part.kind is not Kind.TIME_OFF else visit)]
        if all(around.start_us < part.interval.start_us and part.interval.end_us < around.end_us for part in met):
            break
    for part in met:
        yield _of_part(reason, part)


def _of_part(reason: Reason, part: ClosedPart) -> Conflict:
    return Conflict(reason, part.kind, interval=part.interval, ref=part.name or None)


def _off_grid(judged: Judged, reason: Reason) -> Iterator[Conflict]:
    yield Conflict(reason, Kind.OFF_GRID, limit=judged.table.grid.step)


def _notice(judged: Judged, reason: Reason) -> Iterator[Conflict]:
    question = judged.question
    low, high = question.now_us, min(int(judged.table.lower[0]), ALWAYS.end_us)
    notice = question.policy.min_notice
    limit = duration_us(notice if isinstance(notice, timedelta) else notice.time)
    interval = Interval.from_us(low, high) if low < high else None
    yield Conflict(reason, Kind.NOTICE, interval=interval, limit=limit, actual=judged.start - question.now_us)


def _horizon(judged: Judged, reason: Reason) -> Iterator[Conflict]:
    question, upper = judged.question, int(judged.table.upper[0])
    actual = judged.start - question.now_us
    yield Conflict(
        reason,
        Kind.HORIZON,
        interval=Interval.from_us(upper, ALWAYS.end_us),
        limit=upper - 1 - question.now_us,
        actual=actual,
    )


def _near(rows: BookedRows, starts: str, ends: str, low: int, high: int) -> BookedRows:
    near = rows.where((rows.take(starts) < high) & (rows.take(ends) > low))
    # Total order, so that no answer depends on the order in which bookings were given.
    order = np.lexsort([near.take(name) for name in ("units", "end", "start", "booking", "occupied_start")])
    return near.at(order)


def _busy(judged: Judged, reason: Reason) -> Iterator[Conflict]:
    """Each booking whose occupied time meets the proposal's, where that is full."""
    question, (low, high) = judged.question, judged.occupied
    capacity = judged.calendar.capacity + judged.extra
    near = _near(Booked.of(question, np.array([judged.handle])).blocking, "occupied_start", "occupied_end", low, high)
    plain, sessions = sessions_of(question, near, judged.footprint)
    if question.rules.seats is None and capacity > 1:
        yield from _used_up(judged, reason, plain, capacity)
    else:
        yield from _each(judged, reason, plain)
    if sessions is not None:
        here = _joined(judged, sessions)
        yield from _each(judged, reason, sessions.rows.where(~here))
        full = sessions.rows.where(here & ~sessions.room)
        if len(full.take("start")):
            seats, taken = int(full.take("seats").max()) + judged.extra, int(full.take("units").sum())
            interval = Interval.from_us(judged.start, judged.end)
            wanted = taken + question.request.units
            yield Conflict(
                reason, Kind.FULL, interval=interval, ref=int(full.take("booking")[0]), limit=seats, actual=wanted
            )


def _joined(judged: Judged, sessions: Sessions) -> npt.NDArray[np.bool_]:
    """Which rows belong to the session that this proposal would join."""
    here: npt.NDArray[np.bool_] = sessions.joinable & (sessions.rows.take("start") == judged.start)
    return here


def _each(judged: Judged, reason: Reason, rows: BookedRows) -> Iterator[Conflict]:
    names = ("booking", "start", "end", "occupied_start", "occupied_end", "status")
    for number, start, end, low, high, status in zip(*(rows.take(name).tolist() for name in names), strict=True):
        overlap = start < judged.end and end > judged.start
        kind = Kind.OVERLAP if overlap else Kind.BUFFER
        if status == BookingStatus.HELD.number:
            kind = Kind.HOLD
        yield Conflict(reason, kind, interval=Interval.from_us(low, high), ref=_ref(number))


def _ref(number: int) -> int | str:
    return "calendar feed" if number == FEED else number


def _used_up(judged: Judged, reason: Reason, rows: BookedRows, capacity: int) -> Iterator[Conflict]:
    """The bookings that are there while the capacity is used up."""
    units = np.minimum(rows.take("units"), capacity)
    wanted = min(judged.question.request.units, capacity)
    starts, ends = rows.take("occupied_start"), rows.take("occupied_end")
    low, high = judged.occupied
    full = _sweeps.at_least_units(np.maximum(starts, low), np.minimum(ends, high), units, max(capacity - wanted + 1, 1))
    for first, last in zip(*(column.tolist() for column in _sweeps.coalesce(*full)), strict=True):
        there = (starts < last) & (ends > first)
        most = _most(starts[there], ends[there], units[there], first, last)
        for number in rows.take("booking")[there].tolist():
            interval = Interval.from_us(first, last)
            yield Conflict(reason, Kind.FULL, interval=interval, ref=_ref(number), limit=capacity, actual=most + wanted)


def _most(starts: Int64Array, ends: Int64Array, units: Int64Array, low: int, high: int) -> int:
    """The most units held at one instant of a range: at its start, or where something begins."""
    moments = np.append(low, starts[(starts > low) & (starts < high)])
    held = (starts <= moments[:, None]) & (ends > moments[:, None])
    return int((held * units).sum(axis=1).max())


def _too_big(judged: Judged, reason: Reason) -> Iterator[Conflict]:
    seats = judged.question.rules.seats
    limit = judged.calendar.capacity if seats is None else seats
    yield Conflict(reason, Kind.TOO_BIG, limit=limit, actual=judged.question.request.units)


def _unknown(judged: Judged, reason: Reason) -> Iterator[Conflict]:
    """The unknown time that the occupied time reaches; where a count or a gap is what is not known, the whole of it."""
    table, (low, high) = judged.question.busy, judged.occupied
    mine = table.unknown_resource == judged.handle
    blind = IntervalSet.from_us(table.unknown_start[mine], table.unknown_end[mine]).union(table.known.gaps(ALWAYS))
    met = [gap for gap in blind if gap.start_us < high and gap.end_us > low]
    for gap in met or list(table.known.gaps(ALWAYS)):
        yield Conflict(reason, Kind.UNKNOWN, interval=gap)


def _subject(judged: Judged, scope: Scope, reach: int) -> BookedRows:
    question = judged.question
    own = scope is Scope.RESOURCE
    booked = Booked.of(question, np.array([judged.handle])) if own else Booked.by(question, scope)
    return _near(booked.visits, "start", "end", judged.start - reach, judged.end + reach)


def _client_busy(judged: Judged, reason: Reason) -> Iterator[Conflict]:
    for scope in judged.question.alone:
        yield from _visits(_subject(judged, scope, 0), Conflict(reason, Kind.CLIENT_BUSY))


def _visits(rows: BookedRows, conflict: Conflict) -> Iterator[Conflict]:
    for number, start, end in zip(*(rows.take(name).tolist() for name in ("booking", "start", "end")), strict=True):
        yield attrs.evolve(conflict, interval=Interval.from_us(start, end), ref=number)


def _gap(judged: Judged, reason: Reason) -> Iterator[Conflict]:
    for gap in judged.question.gaps:
        rows = _subject(judged, gap.by, duration_us(gap.time))
        if gap.by is Scope.RESOURCE:
            plain, sessions = sessions_of(judged.question, rows, judged.footprint)
            rows = plain
            if sessions is not None:
                yield from _visits(
                    sessions.rows.where(~_joined(judged, sessions)),
                    Conflict(reason, Kind.GAP, limit=duration_us(gap.time)),
                )
        yield from _visits(rows, Conflict(reason, Kind.GAP, limit=duration_us(gap.time)))


def _duration(judged: Judged, reason: Reason) -> Iterator[Conflict]:
    policy, actual = judged.question.policy, judged.end - judged.start
    if policy.min_duration is not None and actual < duration_us(policy.min_duration):
        yield Conflict(reason, Kind.TOO_SHORT, limit=duration_us(policy.min_duration), actual=actual)
    if policy.max_duration is not None and actual > duration_us(policy.max_duration):
        yield Conflict(reason, Kind.TOO_LONG, limit=duration_us(policy.max_duration), actual=actual)


def _cap(judged: Judged, reason: Reason) -> Iterator[Conflict]:
    """Each cap of this bit that is reached in the period of the proposal."""
    question, table = judged.question, judged.table
    booked = Booked.of(question, np.array([judged.handle]))
    zones = zones_of([judged.calendar], np.zeros(1, np.int64))
    at = np.array([judged.start])
    for cap in question.caps:
        alone = attrs.evolve(question, policy=attrs.evolve(question.policy, caps=(cap,)))
        refused = caps(alone, table.line, judged.footprint, booked, zones, judged.prepared.window)
        if not any(bit is reason and _sweeps.contains(low, high, at)[0] for bit, low, high in refused):
            continue
        counted = tally(alone, cap, table.line, judged.footprint, booked, zones, judged.prepared.window)
        bounds = counted.bounds[0]
        period = int(bounds.searchsorted(judged.start, "right")) - 1
        unit = 60_000_000 if cap.minutes else 1
        added = judged.end - judged.start if cap.minutes else 1
        actual = -(-(int(counted.used[0, period]) + added) // unit)
        interval = Interval.from_us(int(bounds[period]), int(bounds[period + 1]))
        yield Conflict(reason, Kind.CAP, interval=interval, ref=cap.name, limit=cap.limit, actual=actual)


def _release(judged: Judged, reason: Reason) -> Iterator[Conflict]:
    """The kept time that the visit meets, of each release that holds on to it."""
    question, start, end = judged.question, judged.start, judged.end
    lead = start - question.now_us
    for release in question.releases:
        mine = release.resources is None or judged.handle in release.resources
        if not mine or lead <= release.lead_us:
            continue
        met = Conflict(reason, Kind.RELEASE, ref=release.rule, limit=release.lead_us, actual=lead)
        yield from _kept(judged, release, met, end)


def _strands(judged: Judged, reason: Reason) -> Iterator[Conflict]:
    """The free gap that the visit would break up, and the minutes that would be of no use in it."""
    # The bit is set, so that there is such a rule, and a gap.
    stranding: Any = judged.question.stranding
    gaps: Any = judged.table.gaps
    place = int(gaps[0].searchsorted(judged.start, "right")) - 1
    visit = visit_of(judged.question, judged.footprint)
    actual = int(stranded_us(stranding, gaps, visit, np.array([judged.start]))[0])
    gap = Interval.from_us(int(gaps[0][place]), int(gaps[1][place]))
    limit = duration_us(stranding.most)
    yield Conflict(reason, Kind.STRANDS, interval=gap, ref=stranding.name, limit=limit, actual=actual)


def _kept(judged: Judged, release: Release, met: Conflict, end: int) -> Iterator[Conflict]:
    """A conflict for each stretch of kept time that the visit meets, as far as its ends are near."""
    near: list[tuple[int, int]] = []
    for days in _CLOSED_DAYS:
        low, high = judged.start - days * DAY_US, end + days * DAY_US
        found = zip(*(column.tolist() for column in kept_time(judged.question, release, low, high)), strict=True)
        near = [(first, last) for first, last in found if first < end and last > judged.start]
        if all(low < first and last < high for first, last in near):
            break
    for first, last in near:
        yield attrs.evolve(met, interval=Interval.from_us(first, last))


_DETAILS: Final = {
    Reason.CLOSED: _closed,
    Reason.OFF_GRID: _off_grid,
    Reason.NOTICE: _notice,
    Reason.HORIZON: _horizon,
    Reason.BUSY: _busy,
    Reason.TOO_BIG: _too_big,
    Reason.UNKNOWN: _unknown,
    Reason.CLIENT_BUSY: _client_busy,
    Reason.GAP: _gap,
    Reason.DURATION: _duration,
    Reason.CAP_DAY: _cap,
    Reason.CAP_WEEK: _cap,
    Reason.CAP_MONTH: _cap,
    Reason.CLIENT_CAP: _cap,
    Reason.RELEASE: _release,
    Reason.STRANDS: _strands,
}
