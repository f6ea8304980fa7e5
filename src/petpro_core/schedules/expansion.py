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
    source, days, opens, closes = _local_openings(schedules, first_day, last_day)
    zones, zone_index = _zones(schedules, source, days)
    base = days * DAY_US
    starts, ends = _to_utc(zones, zone_index, base + opens, base + closes)
    real = ends > starts
    if np.count_nonzero(real) < len(real):
        source, starts, ends, base = source[real], starts[real], ends[real], base[real]
        zone_index = zone_index if zone_index is None else zone_index[real]
    # A single row needs no line of its own.
    row = source * 0 if len(rows) == 1 else np.repeat(np.arange(len(rows)), [len(part) for part in rows])[source]
    line: Int64Array | int = 0 if len(rows) == 1 else row * width - origin
    keys = starts + line
    if np.count_nonzero(keys[1:] <= keys[:-1]):
        # Of openings that begin together the later local date owns the time, and then the later schedule.
        order = np.lexsort((source, base, keys))
        starts, ends, row, base, keys = starts[order], ends[order], row[order], base[order], keys[order]
        line = 0 if len(rows) == 1 else row * width - origin
        zone_index = zone_index if zone_index is None else zone_index[order]
    opened = starts
    if np.count_nonzero(ends[:-1] > starts[1:]):
        ends = _trim(keys, ends + line) - line
        whole = (starts < ends).nonzero()[0]
        starts, ends, row, base, opened = starts[whole], ends[whole], row[whole], base[whole], opened[whole]
        zone_index = zone_index if zone_index is None else zone_index[whole]
    if split_at_changes:
        piece, starts, ends, offset = _split(zones, zone_index, starts, ends)
        row, opened, base = row[piece], opened[piece], base[piece] - offset
    return Openings(row.searchsorted(np.arange(len(rows) + 1)), starts, ends, opened, base)


def _join(first: Openings, second: Openings) -> Openings:
    columns = [
        np.concatenate([getattr(first, name), getattr(second, name)])
        for name in ("starts", "ends", "opened", "midnights")
    ]
    return Openings(np.concatenate([first.offsets, second.offsets[1:] + first.offsets[-1]]), *columns)


def _local_openings(
    schedules: Sequence[Schedule], first_day: int, last_day: int
) -> tuple[Int64Array, Int64Array, Int64Array, Int64Array]:
    """Which schedule opens on which day, from when to when by the wall clock: source, day, start and end in the day."""
    flats = [schedule.flat for schedule in schedules]
    if len(flats) == 1:
        ordinal, weekday, opens, closes = flats[0].weekly
        source = np.zeros(len(ordinal), np.int64)
    else:
        ordinal, weekday, opens, closes = np.concatenate([_NO_WEEKLY, *(flat.weekly for flat in flats)], axis=1)
        source = np.repeat(np.arange(len(flats)), [flat.weekly.shape[1] for flat in flats])
    # Whole weeks from the Monday before: one row of days for each week, in order of time where there is one schedule.
    mondays = np.arange(first_day - (first_day + _EPOCH_WEEKDAY) % 7, last_day + 1, 7)
    day = mondays[:, None] + weekday
    valid = (day >= first_day) & (day <= last_day)
    special = [i for i, schedule in enumerate(schedules) if not schedule.plain]
    if not special:
        week, rule = valid.nonzero()
        return source[rule], day[week, rule], opens[rule], closes[rule]
    length = last_day - first_day + 1
    days = np.arange(first_day, last_day + 1)
    winner = np.zeros((len(schedules), length), np.int64)
    for i in special:
        winner[i] = _winner(schedules[i], days)
    valid &= winner[source, np.clip(day - first_day, 0, length - 1)] == ordinal
    week, rule = valid.nonzero()
    dated = np.concatenate([flats[i].dated for i in special])
    dated_source = np.repeat(special, [len(flats[i].dated) for i in special])
    inside = (dated[:, 0] >= first_day) & (dated[:, 0] <= last_day)
    inside &= winner[dated_source, np.clip(dated[:, 0] - first_day, 0, length - 1)] != _CLOSED
    return (
        np.concatenate([source[rule], dated_source[inside]]),
        np.concatenate([day[week, rule], dated[inside, 0]]),
        np.concatenate([opens[rule], dated[inside, 1]]),
        np.concatenate([closes[rule], dated[inside, 2]]),
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
    schedules: Sequence[Schedule], source: Int64Array, days: Int64Array
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
    which = np.array(home)[source]
    for i in travelling:
        for journey in schedules[i].travel:
            away = (source == i) & (days >= day_number(journey.first)) & (days <= day_number(journey.last))
            which[away] = number(journey.zone)
    return zones, which


def _to_utc(
    zones: list[TimeZone], which: Int64Array | None, opens: Int64Array, closes: Int64Array
) -> tuple[Int64Array, Int64Array]:
    local = np.concatenate([opens, closes])
    if which is None:
        instants: Int64Array = zones[0].to_utc_us(LocalTimes(local)) if zones else local
    else:
        instants, both = np.empty_like(local), np.concatenate([which, which])
        for number, zone in enumerate(zones):
            mine = both == number
            instants[mine] = zone.to_utc_us(LocalTimes(local[mine]))
    return instants[: len(opens)], instants[len(opens) :]


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
