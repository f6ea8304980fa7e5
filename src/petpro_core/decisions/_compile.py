"""The question compiled: hours, ``now``, rules, policy and bookings as a grid and a refusal table.

``Prepared`` holds what all rows share (hours expanded once for each distinct calendar, notice and horizon);
``compile_rows`` adds the bookings of some rows. Nothing is decided here that ``decide`` and ``sweep`` do not read from
the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core import _sweeps
from petpro_core.availability import Calendar, CalendarBatch, LocalDays, calendar_hours
from petpro_core.decisions import _busy
from petpro_core.decisions._caps import Zones, caps
from petpro_core.decisions._leads import Leads, leads
from petpro_core.decisions._question import Booked
from petpro_core.decisions._releases import released
from petpro_core.decisions._whole import Pairs, free_gaps, strands, visit_of, whole_ranges
from petpro_core.errors import LimitExceededError, OutOfRangeError
from petpro_core.intervals import ALWAYS, DAY_US, NEVER, Int64Array, Interval, duration_us, from_us
from petpro_core.reasons import Reason, Waiver
from petpro_core.schedules import Openings, Schedule, WeeklyHours
from petpro_core.schedules.dates import absences
from petpro_core.schedules.weekly import WEEKDAYS
from petpro_core.slots import Alignment, CalendarDays, Footprint, Grid, Line, RefusalTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from petpro_core.decisions._question import Question
    from petpro_core.slots import SlotRules
    from petpro_core.timezones import TimeZone

__all__ = ["FIRST_START_US", "Prepared", "compile_rows", "gaps_of", "last_start", "prepare", "windows", "zones_of"]

_CHUNK_ROWS: Final = 500  # Rows whose columns together stay in the processor's cache.
_CALENDAR_DAYS: Final = 5_000_000
_BEFORE_DAYS: Final = 3  # A date's hours lie within two days of it by the clock, and one more by any zone's offset.
_AROUND: Final = WeeklyHours(dict.fromkeys(WEEKDAYS, ("00:00-24:00",)))
_EDGE_DAYS: Final = 800  # Buffers, gaps and whole months around a start are looked up, and must exist.
FIRST_START_US: Final = ALWAYS.start_us + _EDGE_DAYS * DAY_US
_ALL: Final = (ALWAYS.start_us, ALWAYS.end_us)


@attrs.frozen(eq=False)
class Prepared:
    """What every row of a query shares.

    Attributes:
        question: What is asked.
        batch: The rows.
        low: int64[t]: first start asked, for each distinct calendar.
        high: int64[t]: first start no longer asked.
        window: The earliest and the latest of those.
        hours: The opening ranges of each distinct calendar, those of closed time among them where hours are waived.
        openings: Its opening ranges, whatever is waived.
        anchors: Where the grid of each range is counted from.
        leads: Notice and horizon.
        zones: The zones that the rows are at home in.
        footprint: The visit.
        span: The earliest and the latest instant that matters.
        chunk: How many rows to compile at once.
    """

    question: Question
    batch: CalendarBatch
    low: Int64Array
    high: Int64Array
    window: tuple[int, int]
    hours: Openings
    openings: Openings
    anchors: Int64Array
    leads: Leads
    zones: Zones
    footprint: Footprint
    span: tuple[int, int]
    chunk: int


def last_start(rules: SlotRules) -> int:
    """The last start that can be judged: its visit, and the month it is counted in, must end before time does."""
    return ALWAYS.end_us - _EDGE_DAYS * DAY_US - rules.longest_us - sum(rules.buffers_us)


def windows(batch: CalendarBatch, within: Interval | LocalDays) -> tuple[Int64Array, Int64Array]:
    """First start asked and first start no longer asked, for each distinct calendar."""
    size = len(batch.distinct)
    if isinstance(within, Interval):
        return _sweeps.filled(size, within.start_us), _sweeps.filled(size, within.end_us)
    bounds = {id(calendar.zone): within.bounds_us(calendar.zone) for calendar in batch.distinct}
    both = np.array([bounds[id(calendar.zone)] for calendar in batch.distinct], np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def prepare(question: Question, batch: CalendarBatch, low: Int64Array, high: Int64Array) -> Prepared:
    """Expand hours, notice and horizon for a range of starts."""
    rules = question.rules
    window = min(low.tolist(), default=0), max(high.tolist(), default=1)
    if window[0] < FIRST_START_US or window[1] - 1 > last_start(rules):
        msg = (
            f"starts of this length are judged between {from_us(FIRST_START_US)} and {from_us(last_start(rules))}, "
            f"got {from_us(window[0])} to {from_us(window[1] - 1)}"
        )
        raise OutOfRangeError(msg, first=window[0], last=window[1] - 1)
    days = (window[1] + rules.longest_us - window[0]) // DAY_US
    if days * len(batch.distinct) > _CALENDAR_DAYS:
        msg = (
            f"the hours of {len(batch.distinct)} different calendars over {days} days are more than the "
            f"{_CALENDAR_DAYS:,} days that one query expands; ask for a shorter range"
        )
        raise LimitExceededError(msg, limit=_CALENDAR_DAYS, got=days * len(batch.distinct))
    before, after = rules.buffers_us
    first_day = window[0] // DAY_US - _BEFORE_DAYS
    last_day = (window[1] + rules.longest_us) // DAY_US + 2
    split = rules.alignment is Alignment.CLOCK
    hours = question.hours(batch.distinct, first_day, last_day, split=split)
    openings, anchors = hours, hours.midnights if split else hours.opened
    if Waiver.HOURS in question.waive:
        hours, anchors = _with_closed_hours(batch.distinct, hours, anchors, first_day, last_day)
    span = (
        min((first_day - 2) * DAY_US, window[0] - before - DAY_US),
        max((last_day + 4) * DAY_US, window[1] + rules.longest_us + after + DAY_US),
    )
    zones = zones_of(batch.distinct, batch.index)
    return Prepared(
        question=question,
        batch=batch,
        low=low,
        high=high,
        window=window,
        hours=hours,
        openings=openings,
        anchors=anchors + rules.offset_us if rules.offset_us else anchors,
        leads=leads(question, batch.distinct, window[1]),
        zones=zones,
        footprint=Footprint.of(rules, zones.zones, zones.of_row, window),
        span=span,
        chunk=max(1, min(_CHUNK_ROWS, (_sweeps.ROOM - 1) // (span[1] - span[0] + 2))),
    )


def _with_closed_hours(
    distinct: tuple[Calendar, ...], hours: Openings, anchors: Int64Array, first_day: int, last_day: int
) -> tuple[Openings, Int64Array]:
    """Opening hours as they are, and all closed time between them with a grid by the clock."""
    around = _around(distinct, first_day, last_day)
    line = Line.over(len(distinct), (first_day - 4) * DAY_US, (last_day + 6) * DAY_US)
    bases = line.bases()
    base, around_base = np.repeat(bases, np.diff(hours.offsets)), np.repeat(bases, np.diff(around.offsets))
    closed_starts, closed_ends, source = _sweeps.subtract(
        around.starts + around_base, around.ends + around_base, (hours.starts + base, hours.ends + base)
    )
    keys = np.append(hours.starts + base, closed_starts)
    key_ends = np.append(hours.ends + base, closed_ends)
    both = np.append(anchors, around.midnights[source])
    order = keys.argsort()
    keys, key_ends, both = keys[order], key_ends[order], both[order]
    back = bases[keys // line.width]
    offsets = keys.searchsorted(np.append(np.arange(len(distinct)) * line.width, NEVER))
    return Openings(offsets, keys - back, key_ends - back, both, both), both


def _around(distinct: tuple[Calendar, ...], first_day: int, last_day: int) -> Openings:
    calendars = [Calendar(Schedule(calendar.zone, _AROUND)) for calendar in distinct]
    return calendar_hours(calendars, first_day, last_day, split=True)


def _of_templates(prepared: Prepared, used: Int64Array) -> tuple[Openings, Int64Array]:
    """The hours of some of the distinct calendars."""
    if len(used) == len(prepared.batch.distinct):
        return prepared.hours, prepared.anchors
    hours, index = _openings_of(prepared.hours, used)
    return hours, prepared.anchors[index]


def _openings_of(hours: Openings, used: Int64Array) -> tuple[Openings, Int64Array]:
    """The hours of some rows, and the place of each of their ranges."""
    count = np.diff(hours.offsets)[used]
    total = count.cumsum()
    index = np.arange(int(total[-1])) + np.repeat(hours.offsets[used] - total + count, count)
    columns = [column[index] for column in (hours.starts, hours.ends, hours.opened, hours.midnights)]
    return Openings(np.append(0, total), *columns), index


def zones_of(calendars: Sequence[Calendar], template: Int64Array) -> Zones:
    """The zones that rows are at home in."""
    numbers: dict[int, int] = {}
    zones: list[TimeZone] = []
    for calendar in calendars:
        if id(calendar.zone) not in numbers:
            numbers[id(calendar.zone)] = len(zones)
            zones.append(calendar.zone)
    if len(zones) == 1:
        return Zones((zones[0],), None)
    return Zones(tuple(zones), np.array([numbers[id(calendar.zone)] for calendar in calendars])[template])


def compile_rows(prepared: Prepared, first: int, last: int) -> tuple[RefusalTable, Footprint, Int64Array]:
    """The refusal table of the rows ``first`` to ``last``, the visit, and the distinct calendar of each row."""
    question, batch, rules = prepared.question, prepared.batch, prepared.question.rules
    index = batch.index[first:last]
    if len(batch.distinct) == 1:
        used, template = np.zeros(1, np.int64), index
    else:
        used, template = np.unique(index, return_inverse=True)
    hours, anchors = _of_templates(prepared, used)
    line = Line.over(last - first, *prepared.span)
    zones, footprint = prepared.zones, prepared.footprint
    if zones.of_row is not None:
        zones = attrs.evolve(zones, of_row=zones.of_row[first:last])
        footprint = attrs.evolve(footprint, zone_of_row=zones.of_row if footprint.segments else None)
    stay = isinstance(rules.duration, CalendarDays)
    fits = 0 if stay or Waiver.HOURS in question.waive else footprint.length
    grid = Grid.of(hours, anchors, line=Line(len(used), line.origin, line.width), step=rules.step_us, length=fits)
    waived = question.waived
    refused = _refused(prepared, line, footprint, zones, slice(first, last))
    waits: list[tuple[int, Int64Array, Int64Array]] = []
    gaps: Pairs | None = None
    if question.policy.keeps_whole:
        gaps = gaps_of(prepared, line, slice(first, last))
        stranding = question.stranding
        if stranding is not None and gaps is not None and question.refuses_stranding:
            refused.append((Reason.STRANDS, *strands(stranding, gaps, visit_of(question, footprint))))
        waits = released(question, line, footprint, prepared.window, batch.handles[first:last])
        refused += [(Reason.RELEASE, low, high) for _, low, high in waits]
    if stay and Waiver.HOURS not in question.waive:
        calendars = [batch.distinct[number] for number in used.tolist()]
        refused += _closed_to_stays(prepared, line, footprint, template, calendars, hours)
    lower, upper = prepared.leads.lower[index], prepared.leads.upper[index]
    return (
        RefusalTable(
            line=line,
            template=template,
            grid=grid,
            lower=np.full_like(lower, ALWAYS.start_us) if Waiver.NOTICE in question.waive else lower,
            upper=np.full_like(upper, NEVER) if Waiver.HORIZON in question.waive else upper,
            refused=tuple(part for part in refused if len(part[1]) and not (waived and part[0] & waived)),
            waived=waived,
            waits=tuple(waits),
            gaps=gaps,
        ),
        footprint,
        index,
    )


def gaps_of(prepared: Prepared, line: Line, rows: slice) -> Pairs | None:
    """The free gaps of some rows on the line, where anything asks what a start strands in them."""
    question, batch = prepared.question, prepared.batch
    if question.stranding is None:
        return None
    handles = batch.handles[rows]
    used, template = np.unique(batch.index[rows], return_inverse=True)
    sold = batch.capacities[rows] + question.oversold(handles)
    ranges = whole_ranges(_openings_of(prepared.openings, used)[0])
    return free_gaps(ranges, line, template, Booked.of(question, handles).blocking, (sold == 1).nonzero()[0])


def _refused(
    prepared: Prepared, line: Line, footprint: Footprint, zones: Zones, rows: slice
) -> list[tuple[Reason, Int64Array, Int64Array]]:
    question, rules, policy = prepared.question, prepared.question.rules, prepared.question.policy
    handles, capacities = prepared.batch.handles[rows], prepared.batch.capacities[rows]
    buffers = rules.buffers_us
    booked = Booked.of(question, handles)
    sold = capacities + question.oversold(handles) if policy.overbooking is not None else capacities
    found: list[tuple[Reason, Int64Array, Int64Array]] = []

    def add(reason: Reason, pairs: list[_busy.Pairs]) -> None:
        found.extend((reason, low, high) for low, high in pairs)

    add(Reason.BUSY, _busy.busy(question, line, footprint, booked, sold, buffers))
    if not question.busy.complete:
        add(Reason.UNKNOWN, _busy.unknown(question, line, footprint, handles, buffers))
    if question.caps:
        found += caps(question, line, footprint, booked, zones, prepared.window)
    if policy.gaps or policy.one_at_a_time:
        add(Reason.GAP, _busy.gaps(question, line, footprint, booked))
        add(Reason.CLIENT_BUSY, _busy.elsewhere(question, line, footprint))
        add(Reason.UNKNOWN, _busy.blind_reach(question, line, footprint))
    wanted = question.request.units
    if wanted > 1:
        too_small = (capacities if rules.seats is None else np.full(len(handles), rules.seats)) < wanted
        add(Reason.TOO_BIG, [_everywhere(line, too_small.nonzero()[0])])
    if policy.min_duration is not None or policy.max_duration is not None:
        add(Reason.DURATION, _of_wrong_length(question, line, footprint, zones))
    return found


def _everywhere(line: Line, row: Int64Array) -> _busy.Pairs:
    """Every start of some rows."""
    full = np.ones(len(row), np.int64)
    return line.pack(None if line.rows == 1 else row, full * _ALL[0], full * _ALL[1])


def _of_wrong_length(question: Question, line: Line, footprint: Footprint, zones: Zones) -> list[_busy.Pairs]:
    """DURATION: the starts whose visit is shorter or longer than the policy allows."""
    policy, found = question.policy, []
    least = 0 if policy.min_duration is None else duration_us(policy.min_duration)
    most = NEVER if policy.max_duration is None else duration_us(policy.max_duration)
    for number in range(len(zones.zones)):
        row = np.arange(line.rows) if zones.of_row is None else (zones.of_row == number).nonzero()[0]
        for first, last, length in footprint.pieces(number):
            if not least <= length <= most:
                full = np.ones(len(row), np.int64)
                found.append(line.pack(None if line.rows == 1 else row, full * first, full * last))
    return found


def _closed_to_stays(
    prepared: Prepared,
    line: Line,
    footprint: Footprint,
    template: Int64Array,
    calendars: list[Calendar],
    hours: Openings,
) -> list[tuple[Reason, Int64Array, Int64Array]]:
    """CLOSED for stays: the end does not lie in opening hours (edges included), or time off lies inside.

    Source: ADR 8.
    """
    found = []
    for number, calendar in enumerate(calendars):
        rows = None if line.rows == 1 else (template == number).nonzero()[0]
        mine = slice(int(hours.offsets[number]), int(hours.offsets[number + 1]))
        closed = _sweeps.complement(*_sweeps.coalesce(hours.starts[mine], hours.ends[mine]))
        # A stay may end when the hours end, and when they begin: both edges of a closed stretch are open to it.
        low, high = np.maximum(closed[0], prepared.span[0]), np.minimum(closed[1] - 1, prepared.span[1])
        row, low, high = _for_rows(rows, low, high)
        source, low, high = footprint.ending_in(row, low, high)
        row = row if row is None or source is None else row[source]
        found.append((Reason.CLOSED, *line.pack(row, low, high)))
        _, low, high = absences([calendar.time_off], *prepared.span)
        row, low, high = _for_rows(rows, low, high)
        found.append((Reason.CLOSED, *_busy.refuse(line, footprint, row, low, high, before=0, after=0)))
    return found


def _for_rows(
    rows: Int64Array | None, starts: Int64Array, ends: Int64Array
) -> tuple[Int64Array | None, Int64Array, Int64Array]:
    """The same intervals for each of some rows."""
    if rows is None:
        return None, starts, ends
    return np.repeat(rows, len(starts)), np.tile(starts, len(rows)), np.tile(ends, len(rows))
