"""Caps: bookings or minutes per local day, week or month, counted for a resource or for who asks.

A booking counts in the period in which it starts. Periods are cut at the table of local midnights, the same table that
groups an answer by day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core import _sweeps
from petpro_core.bookings import Period, Scope
from petpro_core.decisions._busy import Pairs, sessions_of
from petpro_core.decisions._question import Booked, BookedRows, Question
from petpro_core.intervals import ALWAYS, DAY_US, Int64Array
from petpro_core.reasons import Reason

if TYPE_CHECKING:
    from petpro_core.bookings import Cap
    from petpro_core.slots import Footprint, Line
    from petpro_core.slots.footprint import Rows
    from petpro_core.timezones import TimeZone

__all__ = ["Tally", "Zones", "caps", "periods", "tally"]

_MINUTE_US: Final = 60_000_000
_BITS: Final = {Period.DAY: Reason.CAP_DAY, Period.WEEK: Reason.CAP_WEEK, Period.MONTH: Reason.CAP_MONTH}
_NONE: Final = np.empty(0, np.int64)
_ANY_LENGTH: Final = [(ALWAYS.start_us, ALWAYS.end_us, 0)]
_MONDAY: Final = 3  # 1970-01-01 was a Thursday; Monday is 0


@attrs.frozen(eq=False)
class Zones:
    """The zones in which the rows of a query are at home.

    Attributes:
        zones: The distinct ones.
        of_row: int64[n]: which of them each row has; ``None`` = all the first.
    """

    zones: tuple[TimeZone, ...]
    of_row: Int64Array | None


def periods(zone: TimeZone, per: Period, first_day: int, last_day: int) -> Int64Array:
    """Instants that bound the periods of a zone in which the days lie: whole periods, each from one to the next."""
    if per is Period.DAY:
        return zone.day_starts(first_day, last_day + 1)
    if per is Period.WEEK:
        first = first_day - (first_day + _MONDAY) % 7
        last = last_day + 7 - (last_day + _MONDAY) % 7
        return zone.day_starts(first, last)[::7]
    months = np.array([first_day, last_day]).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    firsts = np.arange(months[0], months[1] + 2).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    bounds: Int64Array = zone.day_starts(int(firsts[0]), int(firsts[-1]))[firsts - firsts[0]]
    return bounds


def caps(
    question: Question, line: Line, footprint: Footprint, booked: Booked, zones: Zones, window: tuple[int, int]
) -> list[tuple[Reason, Int64Array, Int64Array]]:
    """CAP_DAY, CAP_WEEK, CAP_MONTH, CLIENT_CAP: the starts in periods that are full; UNKNOWN where nobody can count."""
    found: list[tuple[Reason, Int64Array, Int64Array]] = []
    complete = question.busy.complete
    for cap in question.caps:
        counted = tally(question, cap, line, footprint, booked, zones, window)
        low, high = _refused(cap, footprint, line, zones, counted)
        if counted.holes is not None and len(low):
            low, high, _ = _sweeps.subtract(low, high, counted.holes)
        if len(low):
            found.append((_BITS[cap.per] if cap.by is Scope.RESOURCE else Reason.CLIENT_CAP, low, high))
        if not complete:
            found += [(Reason.UNKNOWN, *pair) for pair in _uncountable(question, line, zones, counted.bounds)]
    return found


@attrs.frozen(eq=False)
class Tally:
    """What one cap has counted.

    Attributes:
        bounds: For each zone the instants that bound its periods, all of one length p + 1.
        used: int64[n, p]: bookings or microseconds in each period of each row.
        holes: Starts on the line at which joining a session adds nothing.
    """

    bounds: list[Int64Array]
    used: Int64Array
    holes: Pairs | None


def tally(
    question: Question,
    cap: Cap,
    line: Line,
    footprint: Footprint,
    booked: Booked,
    zones: Zones,
    window: tuple[int, int],
) -> Tally:
    """Count what a cap counts, in every period that the window touches."""
    days = window[0] // DAY_US - 2, window[1] // DAY_US + 2
    # One table of bounds for each zone that rows are at home in, even where the cap counts in a zone of its own.
    bounds = [periods(cap.zone or zone, cap.per, *days) for zone in zones.zones]
    holes: Pairs | None = None
    if cap.by is Scope.RESOURCE:
        counted, holes = _by_resource(question, cap, line, footprint, booked)
    else:
        counted = _by_subject(question, cap, line)
    return Tally(bounds, _used(counted, zones, bounds, line.rows), holes)


@attrs.frozen(eq=False)
class _Counted:
    """What counts: the row, the start and the length of each booking."""

    row: Rows
    start: Int64Array
    weight: Int64Array | None


def _counted(cap: Cap, booked: Booked) -> BookedRows:
    """The bookings of the cap's service and channel that count."""
    rows = booked.counting
    if cap.service is not None:
        rows = rows.where(rows.take("service") == cap.service)
    if cap.channel is not None:
        rows = rows.where(rows.take("channel") == cap.channel)
    return rows


def _by_resource(
    question: Question, cap: Cap, line: Line, footprint: Footprint, booked: Booked
) -> tuple[_Counted, Pairs | None]:
    """Each row's own bookings; a session counts once, and joining one adds nothing."""
    rows = _counted(cap, booked)
    plain, sessions = sessions_of(question, rows, footprint)
    row, start, end = plain.row, plain.take("start"), plain.take("end")
    holes = None
    if sessions is not None:
        held = sessions.rows
        _, first = np.unique(sessions.group, return_index=True)
        start = np.append(start, held.take("start")[first])
        end = np.append(end, held.take("end")[first])
        row = None if row is None or held.row is None else np.append(row, held.row[first])
        joined = held.where(sessions.joinable)
        holes = line.pack(joined.row, joined.take("start"), joined.take("start") + 1)
    return _Counted(row, start, end - start if cap.minutes else None), holes


def _by_subject(question: Question, cap: Cap, line: Line) -> _Counted:
    """The bookings of who asks, on whatever resource, each once however many it holds; for every row alike."""
    rows = _counted(cap, Booked.by(question, cap.by))
    numbers, which = np.unique(rows.take("booking"), return_inverse=True)
    start, end = np.full(len(numbers), np.iinfo(np.int64).max), np.full(len(numbers), np.iinfo(np.int64).min)
    np.minimum.at(start, which, rows.take("start"))
    np.maximum.at(end, which, rows.take("end"))
    row = None if line.rows == 1 else np.repeat(np.arange(line.rows), len(numbers))
    start, end = (start, end) if row is None else (np.tile(start, line.rows), np.tile(end, line.rows))
    return _Counted(row, start, end - start if cap.minutes else None)


def _used(counted: _Counted, zones: Zones, bounds: list[Int64Array], rows: int) -> Int64Array:
    """int64[n, p]: bookings or microseconds in each period of each row."""
    size = len(bounds[0]) + 1
    if counted.row is None or zones.of_row is None:
        place = bounds[0].searchsorted(counted.start, "right")
    else:
        place, zone = np.empty(len(counted.start), np.int64), zones.of_row[counted.row]
        for number, bound in enumerate(bounds):
            mine = zone == number
            place[mine] = bound.searchsorted(counted.start[mine], "right")
    if counted.row is not None:
        place = place + counted.row * size
    # Weights are summed as float64, exact up to 2**53 microseconds: 285 years of visits in one period.
    used = np.bincount(place, counted.weight, minlength=rows * size)
    return used.astype(np.int64, copy=False).reshape(rows, size)[:, 1:-1]


def _refused(cap: Cap, footprint: Footprint, line: Line, zones: Zones, counted: Tally) -> Pairs:
    """The starts in periods that are full, sorted and disjoint on the line."""
    lows, highs = [], []
    if len(counted.bounds) == 1 and not cap.minutes:
        row, period = (counted.used >= cap.limit).nonzero()
        bound = counted.bounds[0]
        return line.pack(None if line.rows == 1 else row, bound[period], bound[period + 1])
    for number, bound in enumerate(counted.bounds):
        mine = None if zones.of_row is None else (zones.of_row == number).nonzero()[0]
        sums = counted.used if mine is None else counted.used[mine]
        for first, last, length in footprint.pieces(number) if cap.minutes else _ANY_LENGTH:
            full = sums + length > cap.limit * _MINUTE_US if cap.minutes else sums >= cap.limit
            if not np.count_nonzero(full):
                continue
            row, period = full.nonzero()
            low, high = np.maximum(bound[period], first), np.minimum(bound[period + 1], last)
            real = (low < high).nonzero()[0]
            row = row[real] if mine is None else mine[row[real]]
            low, high = line.pack(None if line.rows == 1 else row, low[real], high[real])
            lows.append(low)
            highs.append(high)
    return (np.sort(np.concatenate(lows)), np.sort(np.concatenate(highs))) if lows else (_NONE, _NONE)


def _uncountable(question: Question, line: Line, zones: Zones, bounds: list[Int64Array]) -> list[Pairs]:
    """Periods that are not wholly known: what was booked in them cannot be counted."""
    known, found = question.busy.known, []
    for number, bound in enumerate(bounds):
        seen = _sweeps.covers(known.starts, known.ends, bound[:-1], bound[1:])
        if seen.all():
            continue
        period = (~seen).nonzero()[0]
        low, high = bound[period], bound[period + 1]
        if line.rows == 1:
            found.append((low, high))
            continue
        row = np.arange(line.rows) if zones.of_row is None else (zones.of_row == number).nonzero()[0]
        rows = np.repeat(row, len(low))
        found.append(line.pack(rows, np.tile(low, len(row)), np.tile(high, len(row))))
    return found
