"""Who will come: walk-ins by chance at a rate for each hour, and appointments from a book of equal slots."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core._checks import LONGEST, NONE, TICK, handle, kind, length
from petpro_core.errors import InvalidValueError
from petpro_core.forecast._dispatch import FAR
from petpro_core.forecast._values import as_instant, as_number, word
from petpro_core.intervals import IntervalSet, duration_us, to_us

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from typing import Any

    from petpro_core.forecast._dice import FloatArray, Generator
    from petpro_core.intervals import Int64Array

__all__ = ["AppointmentStream", "ArrivalStream", "Comers", "booked_times", "expected_count"]

_HOUR_US: Final = 3_600_000_000
_MILLISECOND: Final = 1_000
_MOST_PER_HOUR: Final = 1_000_000.0


def _as_rates(value: object) -> tuple[float, ...]:
    given = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else (value,)
    rates = tuple(as_number("per_hour", rate, 0, _MOST_PER_HOUR) for rate in given)
    if not rates:
        msg = "per_hour is a rate, or one for each hour, got none; 0 is nobody"
        raise InvalidValueError(msg, name="per_hour", got=rates)
    return rates


@attrs.frozen
class ArrivalStream:
    """Walk-ins of one kind, who come independently of each other (a Poisson process, constant within each hour).

        >>> ArrivalStream("orange", [0, 0, 1.5, 2]).per_hour
        (0.0, 0.0, 1.5, 2.0)

    Attributes:
        urgency: The code of their level.
        per_hour: How many come in an hour, on average, 0 to 1,000,000; or one number for each hour from ``since``,
            over and over: 24 are a day, 168 a week. Hours are elapsed time, so a day of 23 or 25 hours shifts them.
        service: What they come for; ``None`` = not told.
        since: The first instant of the first hour. With one rate it says nothing; with several a forecast needs it,
            and a simulation takes its own beginning by default.

    Raises:
        InvalidValueError: A value of another type, or one outside its bounds.
        NaiveDatetimeError: ``since`` has no zone.

    Source: explanation/waiting.md.
    """

    urgency: str = attrs.field(validator=word)
    per_hour: tuple[float, ...] = attrs.field(converter=_as_rates)
    service: int | None = attrs.field(default=None, validator=handle(), kw_only=True)
    since: datetime | None = attrs.field(default=None, converter=as_instant, kw_only=True)


def _no_show(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    as_number(attribute.name, value, 0, 1)


@attrs.frozen
class AppointmentStream:
    """A book of equal slots, one appointment in each, of which some do not come; they come on time.

        >>> from datetime import timedelta
        >>> AppointmentStream("routine", timedelta(minutes=20), no_show=0.1).no_show
        0.1

    Attributes:
        urgency: The code of their level.
        every: The length of a slot; more than zero, at most 3,660 days.
        service: What they come for; ``None`` = not told.
        no_show: The chance that one does not come, 0 to 1.
        hours: Slots begin only in these hours; ``None`` = always.

    Raises:
        InvalidValueError: A value of another type, or one outside its bounds.

    Source: explanation/waiting.md.
    """

    urgency: str = attrs.field(validator=word)
    every: timedelta = attrs.field(validator=length(TICK, LONGEST))
    service: int | None = attrs.field(default=None, validator=handle(), kw_only=True)
    no_show: float = attrs.field(default=0.0, validator=_no_show, kw_only=True)
    hours: IntervalSet | None = attrs.field(default=None, validator=kind(IntervalSet, NONE), kw_only=True)


class _Clock:
    """Expected numbers of arrivals as time passes, and back; time is microseconds from ``start_us``."""

    def __init__(self, stream: ArrivalStream, start_us: int) -> None:
        self.rates = np.array(stream.per_hour)
        since = start_us if stream.since is None else to_us(stream.since)
        self.into = (start_us - since) % (len(self.rates) * _HOUR_US)

    def _hours(self, end: int) -> tuple[FloatArray, FloatArray]:
        """The hours' bounds up to an end, from 0, and the expected number of arrivals up to each."""
        first = self.into // _HOUR_US
        last = -(-(self.into + end) // _HOUR_US)
        bounds = np.clip(np.arange(first, last + 1) * _HOUR_US - self.into, 0, end).astype(np.float64)
        rates = self.rates[np.arange(first, last) % len(self.rates)]
        return bounds, np.append(0.0, (np.diff(bounds) * rates / _HOUR_US).cumsum())

    def expected(self, end: int) -> float:
        """How many come before ``end``, on average."""
        return float(self.rates[0] * end / _HOUR_US) if len(self.rates) == 1 else float(self._hours(end)[1][-1])

    def when(self, count: FloatArray, end: int) -> FloatArray:
        """When the expected number reaches each count, before ``end``."""
        if len(self.rates) == 1:
            spaced: FloatArray = count * (_HOUR_US / self.rates[0])
            return spaced
        bounds, upto = self._hours(end)
        # Hours without arrivals are flat; a count in the middle of a jump belongs to the hour after them.
        when: FloatArray = np.interp(count, upto, bounds)
        return when


def expected_count(stream: ArrivalStream | AppointmentStream, start_us: int, end: int) -> float:
    """How many of a stream come between ``start_us`` and so many microseconds later, on average."""
    if isinstance(stream, ArrivalStream):
        return _Clock(stream, start_us).expected(end)
    return len(_slots(stream, start_us, end)) * (1 - stream.no_show)


class Comers:
    """The arrivals of one stream on many paths, from ``start_us``: whoever looks further sees the same beginning."""

    def __init__(self, stream: ArrivalStream, dice: Generator, paths: int, start_us: int) -> None:
        """Nobody is drawn yet."""
        self._clock, self._dice = _Clock(stream, start_us), dice
        self._counts = np.zeros((0, paths))

    def until(self, end: int) -> Int64Array:
        """int64[n + 1, paths]: microseconds from the start, in order, before ``end``; ``FAR`` where there are no more.

        The last row is ``FAR`` on every path.
        """
        expected = self._clock.expected(end)
        while expected and (not len(self._counts) or self._counts[-1].min() < expected):
            have = len(self._counts)
            more = max(int(expected + 5 * expected**0.5) + 8 - have, 8)
            gaps = self._dice.standard_exponential((more, self._counts.shape[1]))
            if have:
                gaps[0] += self._counts[-1]
            self._counts = np.concatenate([self._counts, gaps.cumsum(0, out=gaps)])
        here = self._counts < expected
        rows = int(here.sum(0).max(initial=0))
        # One row more than there are arrivals, of which none counts: the end of the line.
        counts = np.full((rows + 1, self._counts.shape[1]), np.inf)
        counts[:rows] = self._counts[:rows]
        inside = counts < expected
        times = np.full(counts.shape, FAR)
        if rows:
            when = self._clock.when(counts[inside], end)
            times[inside] = np.rint(when / _MILLISECOND).astype(np.int64) * _MILLISECOND
        return times


def _slots(stream: AppointmentStream, start_us: int, end: int) -> Int64Array:
    slots = np.arange(0, end, duration_us(stream.every))
    if stream.hours is None:
        return slots
    return slots[stream.hours.contains(slots + start_us)]


def booked_times(stream: AppointmentStream, dice: Generator, paths: int, start_us: int, end: int) -> Int64Array:
    """int64[n + 1, paths]: as ``Comers.until``, of a book."""
    slots = _slots(stream, start_us, end)
    shows = dice.random((len(slots), paths)) >= stream.no_show
    times = np.full((len(slots) + 1, paths), FAR)
    # Those who come move up to the front of their path, in order; the sort keeps FAR behind them.
    times[:-1] = np.where(shows, slots[:, None], FAR)
    if stream.no_show:
        times.sort(axis=0)
        times = times[: int(shows.sum(0).max(initial=0)) + 1]
    return times
