"""Many schedules to columns of opening ranges, in one pass.

All rows lie on one line: ``row * width + (instant - origin)``. One sort, one accumulate, one search then serve every
row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core.intervals import DAY_US, NEVER, Int64Array
from petpro_core.schedules.weekly import day_number
from petpro_core.timezones import LocalTimes, TimeZone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from petpro_core.schedules.schedule import Schedule

__all__ = ["Openings", "expand"]

_LINE_US: Final = 2**62
_EPOCH_WEEKDAY: Final = 3  # 1970-01-01 was a Thursday; Monday is 0
_REPLACED: Final = -1
_CLOSED: Final = -2
_NO_WEEKLY: Final = np.empty((4, 0), np.int64)


@attrs.frozen(eq=False)
class Openings:
    """Opening ranges of many rows, as columns; rows are ``offsets[i]:offsets[i + 1]``.

    Within a row ranges are sorted and disjoint, and may touch: where two openings overlap, the later one owns the rest.

    Attributes:
        offsets: int64[n + 1].
        starts: First instant, in microseconds.
        ends: First instant after.
        opened: Where the opening began; a grid aligned to the opening is counted from here.
        midnights: The instant that the wall clock would show as midnight of the opening's date, by the offset in
            force; a grid aligned to the clock is counted from here. Only filled when split at clock changes.
    """

    offsets: Int64Array
    starts: Int64Array
    ends: Int64Array
    opened: Int64Array
    midnights: Int64Array


def expand(
    rows: Sequence[Sequence[Schedule]], *, first_day: int, last_day: int, split_at_changes: bool = False
) -> Openings:
    """The opening ranges that begin on the local days ``first_day`` to ``last_day`` (day numbers, inclusive).

    A wall-clock edge inside a gap takes the offset before the gap, one that exists twice is the first; an opening that
    this leaves empty is dropped. Cost is linear in rows x days.

    Args:
        rows: The schedules of each row, whose openings are joined.
        first_day: Day number of the first local date.
        last_day: Day number of the last one.
        split_at_changes: Cut ranges where the clock changes inside them (needed for a grid aligned to the clock).

    Source: ADR 6, ADR 7; RFC 5545 section 3.3.5 for the gap and the fold.
    """
    origin = (first_day - 2) * DAY_US
    width = (last_day - first_day + 7) * DAY_US
    if len(rows) * width >= _LINE_US:
        half = len(rows) // 2
        parts = [
            expand(part, first_day=first_day, last_day=last_day, split_at_changes=split_at_changes)
            for part in (rows[:half], rows[half:])
        ]
        return _join(*parts)
    schedules = [schedule for row in rows for schedule in row]
    source, base, local = _local_openings(schedules, first_day, last_day)
    zones, zone_index = _zones(schedules, source, base)
    starts, ends = _to_utc(zones, zone_index, local)
    row = None
    # A single row needs no line of its own, and hours that nothing disturbs are in order as they come.
    if len(rows) != 1 or np.count_nonzero(starts < ends) < len(starts) or np.count_nonzero(ends[:-1] > starts[1:]):
        row = np.repeat(np.arange(len(rows)), [len(part) for part in rows])[source]
        line = row * width - origin
        kept, ends = _in_order(starts + line, ends + line, base, source)
        starts, ends, base, row = starts[kept], ends - line[kept], base[kept], row[kept]
        zone_index = zone_index if zone_index is None else zone_index[kept]
    opened = starts
    if split_at_changes:
        piece, starts, ends, offset = _split(zones, zone_index, starts, ends)
        row, opened, base = row if row is None else row[piece], opened[piece], base[piece] - offset
    offsets = np.array([0, len(starts)]) if row is None else row.searchsorted(np.arange(len(rows) + 1))
    return Openings(offsets, starts, ends, opened, base)


def _in_order(
    keys: Int64Array, ends: Int64Array, base: Int64Array, source: Int64Array
) -> tuple[Int64Array, Int64Array]:
    """The openings that are left in order of time, disjoint: their places, and where each ends."""
    kept = (keys < ends).nonzero()[0]
    # Of openings that begin together the later local date owns the time, and then the later schedule.
    kept = kept[np.lexsort((source[kept], base[kept], keys[kept]))]
    ends = _trim(keys[kept], ends[kept])
    whole = (keys[kept] < ends).nonzero()[0]
    return kept[whole], ends[whole]


def _join(first: Openings, second: Openings) -> Openings:
    columns = [
        np.concatenate([getattr(first, name), getattr(second, name)])
        for name in ("starts", "ends", "opened", "midnights")
    ]
    return Openings(np.concatenate([first.offsets, second.offsets[1:] + first.offsets[-1]]), *columns)


def _local_openings(
    schedules: Sequence[Schedule], first_day: int, last_day: int
) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Which schedule opens on which days, by the wall clock: source, midnight, and int64[2, n] from when to when."""
    flats = [schedule.flat for schedule in schedules]
    weekly = flats[0].weekly if len(flats) == 1 else np.concatenate([_NO_WEEKLY, *(f.weekly for f in flats)], axis=1)
    # Whole weeks from the Monday before: one row of days for each week, in order of time where there is one schedule.
    first, last = first_day * DAY_US, last_day * DAY_US
    mondays = np.arange(first - (first_day + _EPOCH_WEEKDAY) % 7 * DAY_US, last + 1, 7 * DAY_US)
    local = (mondays[:, None] + weekly[1:, None, :]).reshape(3, -1)
    if len(schedules) == 1 and schedules[0].plain:
        # The midnights ascend, so what lies outside the days is at both ends.
        inside = local[:, local[0].searchsorted(first) : local[0].searchsorted(last, "right")]
        return np.zeros(inside.shape[1], np.int64), inside[0], inside[1:]
    source = np.tile(np.repeat(np.arange(len(flats)), [flat.weekly.shape[1] for flat in flats]), len(mondays))
    valid = (local[0] >= first) & (local[0] <= last)
    special = [i for i, schedule in enumerate(schedules) if not schedule.plain]
    if not special:
        kept = valid.nonzero()[0]
        return source[kept], local[0, kept], local[1:, kept]
    length = last_day - first_day + 1
    days = np.arange(first_day, last_day + 1)
    winner = np.zeros((len(schedules), length), np.int64)
    for i in special:
        winner[i] = _winner(schedules[i], days)
    day = np.clip(local[0] // DAY_US - first_day, 0, length - 1)
    kept = (valid & (winner[source, day] == np.tile(weekly[0], len(mondays)))).nonzero()[0]
    dated = np.concatenate([flats[i].dated for i in special])
    dated_source = np.repeat(special, [len(flats[i].dated) for i in special])
    held = (dated[:, 0] >= first_day) & (dated[:, 0] <= last_day)
    held &= winner[dated_source, np.clip(dated[:, 0] - first_day, 0, length - 1)] != _CLOSED
    midnights = dated[held, 0] * DAY_US
    return (
        np.concatenate([source[kept], dated_source[held]]),
        np.concatenate([local[0, kept], midnights]),
        np.concatenate([local[1:, kept], midnights + dated[held, 1:].T], axis=1),
    )


def _winner(schedule: Schedule, days: Int64Array) -> Int64Array:
    """For each day the ordinal of the weekly hours that hold, or that none does."""
    winner = np.full(len(days), _REPLACED, np.int64)
    for ordinal, hours in enumerate(schedule.hours):
        winner[hours.holds_on(days)] = ordinal
    flat, first = schedule.flat, int(days[0])
    replaced = flat.replaced[(flat.replaced >= first) & (flat.replaced < first + len(days))]
    winner[replaced - first] = _REPLACED
    for start, end in flat.closed:
        winner[max(start - first, 0) : max(end - first + 1, 0)] = _CLOSED
    return winner


def _zones(
    schedules: Sequence[Schedule], source: Int64Array, base: Int64Array
) -> tuple[list[TimeZone], Int64Array | None]:
    """The distinct zones, and for each opening which of them it is read in (``None``: there is only one)."""
    index: dict[int, int] = {}
    zones: list[TimeZone] = []

    def number(zone: TimeZone) -> int:
        if id(zone) not in index:
            index[id(zone)] = len(zones)
            zones.append(zone)
        return index[id(zone)]

    home = [number(schedule.zone) for schedule in schedules]
    travelling = [i for i, schedule in enumerate(schedules) if schedule.travel]
    if len(zones) <= 1 and not travelling:
        return zones, None
    which, days = np.array(home)[source], base // DAY_US
    for i in travelling:
        for journey in schedules[i].travel:
            away = (source == i) & (days >= day_number(journey.first)) & (days <= day_number(journey.last))
            which[away] = number(journey.zone)
    return zones, which


def _to_utc(zones: list[TimeZone], which: Int64Array | None, local: Int64Array) -> Int64Array:
    if which is None:
        return zones[0].to_utc_us(LocalTimes(local)) if zones else local
    instants = np.empty_like(local)
    for number, zone in enumerate(zones):
        mine = which == number
        instants[:, mine] = zone.to_utc_us(LocalTimes(local[:, mine]))
    return instants


def _trim(starts: Int64Array, ends: Int64Array) -> Int64Array:
    """Ends that make ranges sorted by start disjoint and leave their union: the later opening owns the rest."""
    trimmed: Int64Array = np.minimum(np.maximum.accumulate(ends), np.append(starts[1:], NEVER))
    return trimmed


def _split(
    zones: list[TimeZone], which: Int64Array | None, starts: Int64Array, ends: Int64Array
) -> tuple[Int64Array, Int64Array, Int64Array, Int64Array]:
    """Cut ranges at the clock changes inside them: source range, start, end and the offset in force."""
    low, high = (int(starts.min()), int(ends.max())) if len(starts) else (0, 0)
    tables = [zone.changes(low, high) for zone in zones]
    changes = np.concatenate([np.asarray(at) for at, _ in tables] or [starts])
    offsets = np.concatenate([offset for _, offset in tables] or [starts])
    # Each table of n changes has n + 1 offsets, so the k-th table begins k places later among the offsets.
    begin = np.array([0, *[len(at) for at, _ in tables]]).cumsum()
    first, last = np.zeros(len(starts), np.int64), np.zeros(len(starts), np.int64)
    for number, (at, _) in enumerate(tables):
        mine = slice(None) if which is None else which == number
        first[mine] = at.searchsorted(starts[mine], "right")
        last[mine] = at.searchsorted(ends[mine] - 1, "right")
    number_of = np.zeros(len(starts), np.int64) if which is None else which
    count = last - first + 1
    piece = np.repeat(np.arange(len(starts)), count)
    part = np.arange(len(piece)) - np.repeat(count.cumsum() - count, count)
    at_index = begin[number_of[piece]] + first[piece] + part
    changes = np.append(changes, NEVER)
    inner_start, inner_end = changes[np.maximum(at_index - 1, 0)], changes[np.minimum(at_index, len(changes) - 1)]
    return (
        piece,
        np.where(part == 0, starts[piece], inner_start),
        np.where(part == count[piece] - 1, ends[piece], inner_end),
        offsets[at_index + number_of[piece]],
    )
