"""Rules of working time, and the two things each can tell: which starts would break it, and where it is broken.

Words of this module: a *piece* of work is one booking with its buffers, or one stretch on duty; the *reach* of a visit
that occupies ``[a, a + total)`` is told by ``a``, which is the visit's start less the buffer before it.
"""

from __future__ import annotations

import enum
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

import attrs
import numpy as np

from petpro_core import _sweeps
from petpro_core._checks import TICK, ZERO, as_choice, kind, length
from petpro_core.bookings import Period
from petpro_core.decisions._caps import periods
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import DAY_US, FIRST_US, LAST_US, Int64Array, Interval, duration_us
from petpro_core.schedules import ClockRange
from petpro_core.timezones import Instants, LocalTimes

if TYPE_CHECKING:
    from petpro_core.timezones import TimeZone

__all__ = [
    "DailyRest",
    "FloatingBreak",
    "MostWork",
    "Pair",
    "Work",
    "WorkingTimeReason",
    "WorkingTimeRule",
    "WorkingTimeViolation",
]

Pair = tuple[Int64Array, Int64Array]
_DAY: Final = timedelta(days=1)
_LONGEST_REST: Final = timedelta(days=7)
_MOST_WORK: Final = timedelta(days=31)
_NEVER: Final = 2**62  # beyond every instant, and it can still be added to
_EMPTY: Final = np.empty(0, np.int64)


class WorkingTimeReason(enum.StrEnum):
    """What is broken; the values are stable codes.

        >>> [str(reason) for reason in WorkingTimeReason]
        ['no_break', 'short_rest', 'too_much_work']

    Source: ADR 2.
    """

    NO_BREAK = "no_break"
    SHORT_REST = "short_rest"
    TOO_MUCH_WORK = "too_much_work"


@attrs.frozen
class WorkingTimeViolation:
    """One rule that one person's work breaks, and where.

    Attributes:
        rule: The rule.
        reason: What is broken.
        interval: Where: the time in which the break should lie, the rest as long as it should be, or the day, week or
            month with too much work.
        limit_us: What the rule asks or allows, in microseconds.
        actual_us: What there is: the longest break, the rest, the work.

    Source: ADR 2.
    """

    rule: WorkingTimeRule
    reason: WorkingTimeReason
    interval: Interval
    limit_us: int
    actual_us: int


@attrs.frozen(eq=False)
class Work:
    """One person's work: pieces in order of their starts (they may overlap), stretches on duty, and the zone of it."""

    starts: Int64Array
    ends: Int64Array
    duty_starts: Int64Array
    duty_ends: Int64Array
    zone: TimeZone

    def pieces(self, *, on_duty: bool) -> Pair:
        """What counts as work, piece by piece."""
        if not on_duty:
            return self.starts, self.ends
        return np.concatenate([self.starts, self.duty_starts]), np.concatenate([self.ends, self.duty_ends])

    def line(self, *, on_duty: bool) -> Pair:
        """What counts as work, coalesced."""
        starts, ends = self.pieces(on_duty=on_duty)
        return _sweeps.coalesce(np.sort(starts), np.sort(ends))

    def days(self, instants: Int64Array) -> Int64Array:
        """The working day of each instant: the local day on which its stretch on duty began, or else its own."""
        anchor = instants
        if len(self.duty_starts):
            place = self.duty_starts.searchsorted(instants, "right") - 1
            on_duty = (place >= 0) & (instants < self.duty_ends[place])
            anchor = np.where(on_duty, self.duty_starts[place], instants)
        return self.zone.day_of(Instants(anchor))


class WorkingTimeRule(Protocol):
    """What every rule can tell. ``low`` and ``high`` bound the instants that are asked about."""

    @property
    def name(self) -> str:
        """The rule in words."""
        ...

    def refused(self, work: Work, total: int, low: int, high: int) -> Pair:
        """The reaches from low to high of visits that would break it, in any order."""
        ...

    def unsure(self, work: Work, gaps: Pair, total: int, low: int, high: int) -> Pair:
        """The reaches from low to high that cannot be judged, because bookings in these gaps are not known."""
        ...

    def broken(self, work: Work, low: int, high: int) -> list[WorkingTimeViolation]:
        """Where it is broken, in order of time."""
        ...


def _as_clock_range(value: ClockRange | str) -> ClockRange:
    return ClockRange.parse(value) if isinstance(value, str) else value


def _clamp(us: int) -> int:
    return min(max(us, FIRST_US + 3 * DAY_US), LAST_US - 3 * DAY_US)


# Reaches that touch any of these stretches of time: a < end and a + total > start.
def _touching(starts: Int64Array, ends: Int64Array, total: int) -> Pair:
    return starts - (total - 1), ends


def _meeting(starts: Int64Array, ends: Int64Array, gaps: Pair) -> Pair:
    met = gaps[1].searchsorted(starts, "right") < gaps[0].searchsorted(ends, "left")
    return starts[met], ends[met]


@attrs.frozen
class FloatingBreak:
    """A break that may lie anywhere inside some hours of each day, unbroken: half an hour between 12 and 14.

    A day without any visit in those hours has its break. Time off duty counts as free.

        >>> FloatingBreak(timedelta(minutes=30), "12:00-14:00").name
        'a break of 0:30:00 between 12:00 and 14:00'

    Attributes:
        length: More than zero, at most a day.
        between: Hours of the local day; text is read as ``ClockRange.parse`` reads it. Hours over midnight belong to
            the date on which they begin.

    Raises:
        InvalidValueError: A value of another type or outside its bounds, or a break that does not fit between.

    Source: ADR 6 (whose day hours over midnight are).
    """

    length: timedelta = attrs.field(validator=length(TICK, _DAY))
    between: ClockRange = attrs.field(converter=_as_clock_range, validator=kind(ClockRange))

    def __attrs_post_init__(self) -> None:
        """Refuse a break that can never be had."""
        if duration_us(self.length) > self.between.end_us - self.between.start_us:
            msg = f"a break fits between its hours, got {self.length} for {self.between}; give longer hours"
            raise InvalidValueError(msg, name="length", got=self.length, between=self.between)

    @property
    def name(self) -> str:
        """The rule in words."""
        return f"a break of {self.length} between {self.between.start:%H:%M} and {self.between.end:%H:%M}"

    def _windows(self, zone: TimeZone, low: int, high: int) -> Pair:
        days = np.arange(_clamp(low) // DAY_US - 3, _clamp(high) // DAY_US + 2)
        starts, ends = (
            zone.to_utc_us(LocalTimes(days * DAY_US + clock)) for clock in (self.between.start_us, self.between.end_us)
        )
        # A clock that jumps over all of them leaves no hours in which to have a break.
        kept = (starts < ends) & (ends > low) & (starts < high)
        return starts[kept], ends[kept]

    # The free stretches of one window, clipped to it; there is always one more than pieces inside.
    def _gaps(self, line: Pair, start: int, end: int) -> Pair:
        first, last = int(line[1].searchsorted(start, "right")), int(line[0].searchsorted(end, "left"))
        return np.append(start, line[1][first:last]), np.append(line[0][first:last], end)

    def refused(self, work: Work, total: int, low: int, high: int) -> Pair:
        """The reaches after which no gap of a window is long enough.

        A gap [x, y) keeps a break of L if the visit starts at x + L or later, or ends at y - L or before. So those that
        leave none start before the least x + L and end after the greatest y - L of the gaps that are long enough now.
        """
        line, need = work.line(on_duty=False), duration_us(self.length)
        lows, highs = [], []
        for start, end in zip(*(edge.tolist() for edge in self._windows(work.zone, low, high + total)), strict=True):
            begin, until = self._gaps(line, start, end)
            enough = until - begin >= need
            first = int(begin[enough].min()) + need if enough.any() else end
            last = int(until[enough].max()) - need if enough.any() else start
            lows.append(last - total + 1)
            highs.append(first)
        return np.array(lows, np.int64), np.array(highs, np.int64)

    def unsure(self, work: Work, gaps: Pair, total: int, low: int, high: int) -> Pair:
        """The reaches that touch hours which are not wholly known."""
        return _touching(*_meeting(*self._windows(work.zone, low, high + total), gaps), total)

    def broken(self, work: Work, low: int, high: int) -> list[WorkingTimeViolation]:
        """The hours in which there is work, and no break."""
        line, need = work.line(on_duty=False), duration_us(self.length)
        found = []
        for start, end in zip(*(edge.tolist() for edge in self._windows(work.zone, low, high)), strict=True):
            begin, until = self._gaps(line, start, end)
            longest = max(int((until - begin).max()), 0)
            if len(begin) > 1 and longest < need:
                window = Interval.from_us(start, end)
                found.append(WorkingTimeViolation(self, WorkingTimeReason.NO_BREAK, window, need, longest))
        return found


@attrs.frozen
class DailyRest:
    """Rest between days: from the end of one working day's last work to the start of any later day's at least this.

    A piece of work belongs to the local day on which it starts; one that starts in a stretch on duty, to the day on
    which that began, so that a night shift is one working day.

        >>> DailyRest(timedelta(hours=11)).name
        'a rest of 11:00:00 between days'

    Attributes:
        length: More than zero, at most 7 days.
        on_duty: Whether being on duty is work too; by default only what is booked.

    Raises:
        InvalidValueError: A value of another type or outside its bounds.

    Source: Directive 2003/88/EC article 3 (11 hours a day), read from day to day as rosters are.
    """

    length: timedelta = attrs.field(validator=length(TICK, _LONGEST_REST))
    on_duty: bool = attrs.field(default=False, validator=kind(bool), kw_only=True)

    @property
    def name(self) -> str:
        """The rule in words."""
        return f"a rest of {self.length} between days"

    # Pieces in order of their working days, with the last end so far and the first start from here on.
    def _by_day(self, work: Work) -> tuple[Int64Array, Int64Array, Int64Array]:
        starts, ends = work.pieces(on_duty=self.on_duty)
        days = work.days(starts)
        order = days.argsort(kind="stable")
        last_end = np.append(-_NEVER, np.maximum.accumulate(ends[order]))
        first_start = np.append(np.minimum.accumulate(starts[order][::-1])[::-1], _NEVER)
        return days[order], last_end, first_start

    def refused(self, work: Work, total: int, low: int, high: int) -> Pair:
        """The reaches too near to the work of another day; in one stretch of a day all have the same bounds."""
        days, last_end, first_start = self._by_day(work)
        rest = duration_us(self.length)
        bounds = work.zone.day_starts(_clamp(low) // DAY_US - 1, _clamp(high) // DAY_US + 2)
        cuts = np.unique(np.concatenate([bounds, work.duty_starts, work.duty_ends, [low, high]]))
        cuts = cuts[(cuts >= low) & (cuts <= high)]
        begin, until, mine = cuts[:-1], cuts[1:], work.days(cuts[:-1])
        earliest = last_end[days.searchsorted(mine, "left")] + rest
        latest = first_start[days.searchsorted(mine, "right")] - rest - total
        lows, highs = np.append(begin, np.maximum(begin, latest + 1)), np.append(np.minimum(until, earliest), until)
        real = lows < highs
        return lows[real], highs[real]

    def unsure(self, work: Work, gaps: Pair, total: int, low: int, high: int) -> Pair:
        """The reaches with unknown time less than a rest away."""
        del work, low, high
        rest = duration_us(self.length)
        return _touching(gaps[0] - rest, gaps[1] + rest, total)

    def broken(self, work: Work, low: int, high: int) -> list[WorkingTimeViolation]:
        """The working days that begin too soon after an earlier one."""
        days, last_end, first_start = self._by_day(work)
        rest = duration_us(self.length)
        places = np.append(True, days[1:] != days[:-1])[: len(days)].nonzero()[0]
        found = []
        for place in places.tolist():
            # Pieces of later days never start before the first of this one, since days never go back.
            before, begun = int(last_end[place]), int(first_start[place])
            if begun - before < rest and before < high and before + rest > low:
                lack = Interval.from_us(before, before + rest)
                actual = max(begun - before, 0)
                found.append(WorkingTimeViolation(self, WorkingTimeReason.SHORT_REST, lack, rest, actual))
        return found


def _as_period(value: Period | str) -> Period:
    return as_choice(Period, "per", value)


@attrs.frozen
class MostWork:
    """At most so much work in each local day, week (from Monday) or month.

    Work is time, and not a count of bookings: buffers count, what overlaps counts once, and what runs over midnight
    counts on both days, each with its part.

        >>> MostWork(timedelta(hours=8), per="day").name
        'at most 8:00:00 of work per day'

    Attributes:
        limit: 0 to 31 days.
        per: The period; its word is taken too.
        on_duty: Whether being on duty is work too; by default only what is booked.

    Raises:
        InvalidValueError: A value of another type or outside its bounds.

    Source: ADR 11 for the periods; Directive 2003/88/EC article 2 (working time is time).
    """

    limit: timedelta = attrs.field(validator=length(ZERO, _MOST_WORK))
    per: Period = attrs.field(converter=_as_period, kw_only=True)
    on_duty: bool = attrs.field(default=False, validator=kind(bool), kw_only=True)

    @property
    def name(self) -> str:
        """The rule in words."""
        return f"at most {self.limit} of work per {self.per}"

    def _periods(self, zone: TimeZone, low: int, high: int) -> list[tuple[int, int]]:
        bounds = periods(zone, self.per, _clamp(low) // DAY_US - 1, _clamp(high) // DAY_US + 1)
        pairs = zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
        return [(start, end) for start, end in pairs if start < end and end > low and start < high]

    def refused(self, work: Work, total: int, low: int, high: int) -> Pair:
        """The reaches that add more to a period than is left of it; all that touch one with too much work already."""
        line, limit = work.line(on_duty=self.on_duty), duration_us(self.limit)
        lows, highs = [_EMPTY], [_EMPTY]
        for start, end in self._periods(work.zone, low, high + total):
            done = _worked_until(line, np.array([start, end]))
            left = limit - int(done[1] - done[0])
            if left < 0:
                lows.append(np.array([start - (total - 1)]))
                highs.append(np.array([end]))
            elif min(total, end - start) > left:
                first, last = _adding_more(line, start, end, total, left)
                lows.append(first)
                highs.append(last)
        return np.concatenate(lows), np.concatenate(highs)

    def unsure(self, work: Work, gaps: Pair, total: int, low: int, high: int) -> Pair:
        """The reaches that touch a period which is not wholly known."""
        pairs = np.array(self._periods(work.zone, low, high + total), np.int64).reshape(-1, 2)
        return _touching(*_meeting(pairs[:, 0], pairs[:, 1], gaps), total)

    def broken(self, work: Work, low: int, high: int) -> list[WorkingTimeViolation]:
        """The periods with too much work."""
        line, limit = work.line(on_duty=self.on_duty), duration_us(self.limit)
        found = []
        for start, end in self._periods(work.zone, low, high):
            done = _worked_until(line, np.array([start, end]))
            actual = int(done[1] - done[0])
            if actual > limit:
                period = Interval.from_us(start, end)
                found.append(WorkingTimeViolation(self, WorkingTimeReason.TOO_MUCH_WORK, period, limit, actual))
        return found


# In: a coalesced line, instants. Out: how much of the line lies before each.
def _worked_until(line: Pair, instants: Int64Array) -> Int64Array:
    starts, ends = line
    total = np.append(0, (ends - starts).cumsum())
    begun = starts.searchsorted(instants, "right")
    return total[begun] - np.where(begun > 0, np.maximum(np.append(ends, 0)[begun - 1] - instants, 0), 0)


# What a visit adds to a period, f(a), is the time of [a, a + total) in it on which there is no work yet. It is linear
# between the edges of work and period and those edges less the total, with a slope of -1, 0 or 1, and all of them are
# whole; so where it is more than what is left begins and ends exactly. In: a coalesced line. Out: starts and ends of
# reaches, real and in order.
def _adding_more(line: Pair, start: int, end: int, total: int, left: int) -> Pair:
    inside = np.concatenate([line[0], line[1]])
    edges = np.concatenate([inside[(inside > start) & (inside < end)], [start, end]])
    points = np.unique(np.concatenate([edges, edges - total]))

    def free_until(instants: Int64Array) -> Int64Array:
        clipped = np.clip(instants, start, end)
        free: Int64Array = clipped - _worked_until(line, clipped)
        return free

    added = free_until(points + total) - free_until(points)
    here, there, value, after = points[:-1], points[1:], added[:-1], added[1:]
    lows = np.where(after > value, np.maximum(here, here + left - value + 1), here)
    highs = np.where(after < value, np.minimum(there, here + value - left), there)
    real = (np.maximum(value, after) > left) & (lows < highs)
    return lows[real], highs[real]
