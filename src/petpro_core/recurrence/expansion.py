"""Recurrences to occurrences, as columns: one recurrence, or many in one pass."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core._checks import LONGEST, as_each, as_kind, as_whole, frozen
from petpro_core.errors import OutOfRangeError
from petpro_core.intervals import DAY_US, FIRST_US, LAST_US, NEVER, Int64Array, Interval, IntervalBatch, duration_us
from petpro_core.recurrence._found import ragged
from petpro_core.recurrence._walls import exceeded, plan_walls
from petpro_core.recurrence.recurrences import Recurrence
from petpro_core.timezones import LocalTimes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from petpro_core.timezones import TimeZone

__all__ = ["Occurrences", "expand", "expand_batch", "overlapping"]

_LIMIT: Final = 1_000_000
_SECOND_US: Final = 1_000_000
_IN_DAY: Final = 86_400
# No occurrence is longer than this, so that one that starts before ends in time.
_FAR_US: Final = LAST_US - duration_us(LONGEST) - DAY_US


@attrs.frozen(eq=False, repr=False)
class Occurrences:
    """Occurrences of many recurrences, as columns; row i is ``offsets[i]:offsets[i + 1]``, in order of time.

    They may overlap, so this is no set of instants; ``busy`` makes one. It iterates as intervals, row by row. Every
    column is read-only; ``expand`` and ``expand_batch`` make it.

        >>> from datetime import UTC, datetime, timedelta
        >>> daily = Recurrence(datetime(2026, 3, 2, 9, 0), "UTC", timedelta(hours=1), rules="FREQ=DAILY;COUNT=3")
        >>> year = Interval(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
        >>> found = expand(daily, within=year)
        >>> found
        <Occurrences: 3 in 1 rows, first 2026-03-02 09:00 to 10:00 UTC>
        >>> len(found), found[2]
        (3, Interval(2026-03-04 09:00 to 10:00 UTC))

    Attributes:
        offsets: int64[n + 1]: where each row begins and ends.
        starts: int64[m]: microseconds since 1970-01-01T00:00Z.
        ends: int64[m]: likewise, the first instant after.

    Source: ADR 3.
    """

    offsets: Int64Array
    starts: Int64Array
    ends: Int64Array

    def __attrs_post_init__(self) -> None:
        """Freeze the columns."""
        for column in (self.offsets, self.starts, self.ends):
            frozen(column)

    def __len__(self) -> int:
        """How many occurrences, in all rows."""
        return len(self.starts)

    @property
    def counts(self) -> Int64Array:
        """int64[n]: how many each row has."""
        return frozen(np.diff(self.offsets))

    def row(self, number: int) -> Occurrences:
        """One row, as occurrences of one recurrence."""
        part = slice(int(self.offsets[number]), int(self.offsets[number + 1]))
        starts = self.starts[part]
        return Occurrences(np.array([0, len(starts)]), starts, self.ends[part])

    def busy(self) -> IntervalBatch:
        """The time that each row takes: its occurrences joined, a set for each row."""
        return IntervalBatch.from_us(self.offsets, self.starts, self.ends)

    def __getitem__(self, place: int) -> Interval:
        """One occurrence as an object."""
        return Interval.from_us(int(self.starts[place]), int(self.ends[place]))

    def __iter__(self) -> Iterator[Interval]:
        """Every occurrence as an object, row by row (about 3 microseconds each)."""
        for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True):
            yield Interval.from_us(start, end)

    def __repr__(self) -> str:
        """Say how much there is, and show the first."""
        first = f", first {str(self[0]).removeprefix('Interval(').removesuffix(')')}" if len(self) else ""
        return f"<Occurrences: {len(self)} in {len(self.offsets) - 1} rows{first}>"


def expand(recurrence: Recurrence, *, within: Interval, limit: int = _LIMIT) -> Occurrences:
    """The occurrences of one recurrence that begin inside ``within``; an answer of one row.

        >>> from datetime import UTC, date, datetime
        >>> leap_day = Recurrence(date(2024, 2, 29), "Europe/Berlin", rules="FREQ=YEARLY")
        >>> decade = Interval(datetime(2024, 1, 1, tzinfo=UTC), datetime(2034, 1, 1, tzinfo=UTC))
        >>> [leap_day.zone.to_local(found.start).date().isoformat() for found in expand(leap_day, within=decade)]
        ['2024-02-29', '2028-02-29', '2032-02-29']

    What two adjoining windows find is what the whole finds. To meet occurrences that began before the window, begin it
    earlier by their length.

    Args:
        recurrence: What repeats.
        within: Bounds the starts.
        limit: At most so many, before what is excluded is taken away; 1 or more.

    Raises:
        LimitExceededError: There are more than ``limit``; its ``bound`` says so.
        OutOfRangeError: One ends after the year 9999, or its start lies outside the years 1 to 9999.
        InvalidValueError: A value of another type.

    Cost: linear in the days of the window and in what is found, wherever the start lies; with COUNT, in the days since
    the start (about 5 nanoseconds each). Source: RFC 5545 section 3.8.5; ADR 16.
    """
    as_kind("recurrence", recurrence, Recurrence)
    return expand_batch([recurrence], within=within, limit=limit)


def expand_batch(recurrences: Iterable[Recurrence], *, within: Interval, limit: int = _LIMIT) -> Occurrences:
    """``expand`` for many recurrences at once: a row for each, and ``limit`` for all together.

        >>> from datetime import UTC, datetime, timedelta
        >>> rules = ["FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY"]
        >>> many = [Recurrence(datetime(2026, 1, 1, 9, 0), "UTC", timedelta(hours=1), rules=rule) for rule in rules]
        >>> year = Interval(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
        >>> expand_batch(many, within=year).counts.tolist()
        [365, 53, 12]

    Raises:
        LimitExceededError: There are more than ``limit``; its ``bound`` says so.
        OutOfRangeError: One ends after the year 9999, or its start lies outside the years 1 to 9999.
        InvalidValueError: A value of another type.

    Cost: rules of one shape are laid over the calendar together; 1,000 of them over a year take some milliseconds.
    Source: ADR 16.
    """
    as_kind("within", within, Interval)
    rows = as_each(Recurrence, "recurrences", recurrences)
    most = as_whole("limit", limit, 1)
    if len(rows) == 1 and rows[0].elapsed_us:
        return _one(rows[0], within, most)
    # Rows of one zone stand together, so that each zone converts once.
    zones: dict[int, list[int]] = {}
    for number, row in enumerate(rows):
        zones.setdefault(id(row.zone), []).append(number)
    if len(zones) <= 1:
        return _ruled(rows, [len(rows)], within, most)
    order = [number for numbers in zones.values() for number in numbers]
    found = _ruled([rows[number] for number in order], [len(numbers) for numbers in zones.values()], within, most)
    ranks = np.array(order).argsort()
    offsets = np.append(0, found.counts[ranks].cumsum())
    place = ragged(found.offsets[ranks], np.diff(offsets))
    return Occurrences(offsets, found.starts[place], found.ends[place])


def overlapping(recurrence: Recurrence, *, within: Interval, limit: int = _LIMIT) -> Occurrences:
    """The occurrences of one recurrence that overlap ``within``, those that began before it among them, in full.

        >>> from datetime import UTC, datetime, timedelta
        >>> night = Recurrence(datetime(2026, 3, 2, 22, 0), "UTC", timedelta(hours=8), rules="FREQ=DAILY")
        >>> midnight = Interval(datetime(2026, 3, 9, tzinfo=UTC), datetime(2026, 3, 9, 1, tzinfo=UTC))
        >>> list(overlapping(night, within=midnight))
        [Interval(2026-03-08 22:00 to 2026-03-09 06:00 UTC)]

    Raises:
        LimitExceededError: There are more than ``limit``; its ``bound`` says so.
        OutOfRangeError: One ends after the year 9999, or its start lies outside the years 1 to 9999.
        InvalidValueError: A value of another type.

    Cost: as ``expand``, for a window that begins earlier by the longest occurrence. Source: ADR 16.
    """
    as_kind("recurrence", recurrence, Recurrence)
    as_kind("within", within, Interval)
    earlier = Interval.from_us(max(within.start_us - recurrence.reach_us, FIRST_US), within.end_us)
    found = expand_batch([recurrence], within=earlier, limit=limit)
    kept = found.ends > within.start_us
    return Occurrences(np.array([0, np.count_nonzero(kept)]), found.starts[kept], found.ends[kept])


def _one(row: Recurrence, within: Interval, limit: int) -> Occurrences:
    """A row of one rule with an elapsed length: what most calls ask for, with the fewest columns."""
    start, end = within.start_us, within.end_us
    low, high, wider = _local_window((row.zone,), start, end)
    (plan, last), length = row.plans[0], row.elapsed_us
    offsets, walls = plan_walls((plan,), low, high, limit=limit, beside=wider // _SECOND_US)
    starts: Int64Array = row.zone.to_utc_us(LocalTimes(walls))
    if wider or last != NEVER:
        if np.count_nonzero(starts[1:] <= starts[:-1]):
            # Wall times in a gap may meet later ones, or pass them.
            starts = np.unique(starts)
        first, after = starts.searchsorted((start, end if last == NEVER else min(end, last + 1))).tolist()
        starts = starts[first:after]
        offsets = np.array([0, len(starts)])
    if len(starts) > limit:
        raise exceeded(limit, len(starts))
    return Occurrences(offsets, starts, _in_time(starts + length, end))


def _in_time(ends: Int64Array, window_end: int) -> Int64Array:
    if window_end > _FAR_US and len(ends) and int(ends.max()) > LAST_US:
        msg = f"an occurrence ends in the years 1 to 9999, got an end {int(ends.max())} us since 1970"
        raise OutOfRangeError(msg, us=int(ends.max()), maximum=LAST_US)
    return ends


def _local_window(zones: Iterable[TimeZone], start: int, end: int) -> tuple[int, int, int]:
    """Wall times that may be instants of the window, first and after, and how much longer that is than the window."""
    low, high = max(start - DAY_US, FIRST_US), min(end + DAY_US, LAST_US)
    offsets = [offset for zone in zones for offset in zone.changes(low, high)[1].tolist()]
    least, most = min(offsets), max(offsets)
    return start + least, end + most, most - least


def _ruled(rows: Sequence[Recurrence], sizes: list[int], within: Interval, limit: int) -> Occurrences:
    """The occurrences of rows; ``sizes`` says how many of them each zone has, in turn."""
    if not rows:
        return Occurrences(np.zeros(1, np.int64), np.empty(0, np.int64), np.empty(0, np.int64))
    plans = [plan for row in rows for plan in row.plans]
    edges = [0, *accumulate(sizes)]
    low, high, wider = _local_window([rows[edge].zone for edge in edges[:-1]], within.start_us, within.end_us)
    # There is no more than one occurrence a second, so that what lies beside the window is bounded too.
    beside = len(plans) * (wider // _SECOND_US)
    offsets, walls = plan_walls([plan for plan, _ in plans], low, high, limit=limit, beside=beside)
    by_row = offsets
    if len(plans) > len(rows):
        by_row = offsets[[0, *accumulate(len(row.plans) for row in rows)]]
    starts, ends = _converted(rows, walls, by_row, edges, within)
    odd = {number for number, row in enumerate(rows) if not row.plain}
    if wider or any(row.length[0] or instant != NEVER for row in rows for _, instant in row.plans):
        kept = (starts >= within.start_us) & (starts < within.end_us) & (ends > starts)
        kept &= starts <= np.repeat(np.array([instant for _, instant in plans]), np.diff(offsets))
        if np.count_nonzero(kept) < len(kept):
            by_row = np.append(0, kept.cumsum())[by_row]
            starts, ends = starts[kept], ends[kept]
        # Wall times in a gap may meet later ones, or pass them.
        late = (starts[1:] <= starts[:-1]).nonzero()[0] + 1
        if len(late):
            met = np.setdiff1d(late, by_row)
            odd.update((by_row.searchsorted(met, "right") - 1).tolist())
    found = Occurrences(by_row, starts, ends)
    if len(found) <= limit and odd:
        found = _mended(rows, found, odd, within, (low, high), limit)
    if len(found) > limit:
        raise exceeded(limit, len(found))
    return found


def _converted(
    rows: Sequence[Recurrence], walls: Int64Array, offsets: Int64Array, edges: list[int], within: Interval
) -> tuple[Int64Array, Int64Array]:
    """Wall times to starts and ends, zone by zone."""
    parts: list[tuple[Int64Array, Int64Array]] = []
    for first, last in pairwise(edges):
        mine = walls[offsets[first] : offsets[last]]
        zone, lengths = rows[first].zone, [row.length for row in rows[first:last]]
        begin: Int64Array = zone.to_utc_us(LocalTimes(mine))
        if len(set(lengths)) == 1:
            days, length = lengths[0]
            parts.append((begin, zone.to_utc_us(LocalTimes(mine + days * DAY_US)) if days else begin + length))
            continue
        columns = np.repeat(np.array(lengths), np.diff(offsets[first : last + 1]), axis=0)
        end = begin + columns[:, 1]
        if columns[:, 0].any():
            by_clock = zone.to_utc_us(LocalTimes(mine + columns[:, 0] * DAY_US))
            end = np.where(columns[:, 0] > 0, by_clock, end)
        parts.append((begin, end))
    starts, ends = parts[0] if len(parts) == 1 else [np.concatenate(column) for column in zip(*parts, strict=True)]
    return starts, _in_time(ends, within.end_us)


def _mended(
    rows: Sequence[Recurrence],
    found: Occurrences,
    odd: set[int],
    within: Interval,
    walls: tuple[int, int],
    limit: int,
) -> Occurrences:
    """Rows with dates of their own, or in which occurrences meet: put in order, each start once."""
    parts: list[tuple[Int64Array, Int64Array]] = []
    for number, row in enumerate(rows):
        own = found.row(number)
        parts.append(_tidied(row, own, within, walls, limit) if number in odd else (own.starts, own.ends))
    sizes = [len(starts) for starts, _ in parts]
    return Occurrences(
        np.append(0, np.cumsum(sizes)),
        np.concatenate([starts for starts, _ in parts]),
        np.concatenate([ends for _, ends in parts]),
    )


def _tidied(
    row: Recurrence, own: Occurrences, within: Interval, walls: tuple[int, int], limit: int
) -> tuple[Int64Array, Int64Array]:
    starts, ends = np.append(row.given_us[0], own.starts), np.append(row.given_us[1], own.ends)
    starts, first = np.unique(starts, return_index=True)
    ends = ends[first]
    kept = (starts >= within.start_us) & (starts < within.end_us) & (ends > starts)
    kept &= ~np.isin(starts, row.excluded_us)
    for plan, last in row.excluding_plans:
        barred = row.instants(plan_walls([plan], *walls, limit=limit, beside=_IN_DAY, with_start=False)[1])
        kept &= ~np.isin(starts, barred[barred <= last])
    return starts[kept], ends[kept]
