"""What was found for some plans, as wall times that are counted before any of them is written down.

Each kind can say how many of a row's wall times lie before a bound, and give those between two places. So COUNT, UNTIL,
the window and the limit are arithmetic on places, whatever the number of occurrences that lie before them.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import attrs
import numpy as np

from petpro_core.intervals import DAY_US

if TYPE_CHECKING:
    from petpro_core.intervals import Int64Array
    from petpro_core.recurrence._plans import Plan

__all__ = ["Found", "Grid", "Listed", "Ticks", "ragged"]


class Found(Protocol):
    """Wall times of some rows, ascending in each."""

    def below(self, bounds: Int64Array) -> Int64Array:
        """How many of each row lie before its bound."""

    def take(self, low: Int64Array, high: Int64Array) -> Int64Array:
        """Those of each row from one place up to another, all rows in one column."""


def ragged(first: Int64Array, counts: Int64Array) -> Int64Array:
    """The numbers ``first[i], first[i] + 1, ...``, as many as ``counts[i]``, for each i in turn."""
    ends = counts.cumsum()
    total = int(ends[-1]) if len(ends) else 0
    numbers: Int64Array = np.repeat(first - (ends - counts), counts)
    numbers += np.arange(total)
    return numbers


@attrs.frozen(eq=False)
class Grid:
    """Days, each with several times, as many for all rows; ``keys`` are ``row * width + (day - first)``."""

    keys: Int64Array
    width: int
    first: int
    times: Int64Array

    @cached_property
    def _edges(self) -> Int64Array:
        return self.keys.searchsorted(np.arange(len(self.times) + 1) * self.width)

    def below(self, bounds: Int64Array) -> Int64Array:
        """How many of each row lie before its bound."""
        day = bounds // DAY_US
        clock = bounds - day * DAY_US
        day = day - self.first
        rows = np.arange(len(bounds)) * self.width
        place = self.keys.searchsorted(rows + np.minimum(np.maximum(day, 0), self.width))
        same = self.keys.take(place, mode="clip") == rows + day if len(self.keys) else rows < 0
        same &= (day >= 0) & (day < self.width)
        size = self.times.shape[1]
        earlier = (self.times < clock[:, None]).sum(axis=1)
        before: Int64Array = (place - self._edges[:-1]) * size + np.where(same, earlier, 0)
        return before

    def take(self, low: Int64Array, high: Int64Array) -> Int64Array:
        """Those of each row from one place up to another, all rows in one column."""
        size = self.times.shape[1]
        place = ragged(self._edges[:-1] * size + low, high - low)
        place, time = np.divmod(place, max(size, 1))
        row, day = np.divmod(self.keys.take(place), self.width)
        walls: Int64Array = (day + self.first) * DAY_US + self.times[row, time]
        return walls


@attrs.frozen(eq=False)
class Listed:
    """Wall times that are written down already, all rows on one line: ``row * width + (wall - first)``, ascending."""

    line: Int64Array
    width: int
    first: int
    rows: int

    @cached_property
    def _begins(self) -> Int64Array:
        return np.arange(self.rows) * self.width

    @cached_property
    def _edges(self) -> Int64Array:
        return self.line.searchsorted(self._begins)

    def below(self, bounds: Int64Array) -> Int64Array:
        """How many of each row lie before its bound."""
        asked = bounds - self.first
        if self.rows == 1:
            return self.line.searchsorted(asked)
        asked = np.minimum(np.maximum(asked, 0), self.width)
        return self.line.searchsorted(asked + self._begins) - self._edges

    def take(self, low: Int64Array, high: Int64Array) -> Int64Array:
        """Those of each row from one place up to another, all rows in one column."""
        if self.rows == 1:
            own: Int64Array = self.line[low[0] : high[0]] + self.first
            return own
        counts = high - low
        walls: Int64Array = self.line.take(ragged(self._edges + low, counts))
        return walls - np.repeat(self._begins - self.first, counts)


@attrs.frozen(eq=False)
class Ticks:
    """Units of some days (hours, minutes or seconds) at an interval, each with the same times; always one row.

    A unit of a day counts where it leaves the same remainder, divided by the interval, as the start's unit does. The
    units that may match are kept in the order of their remainders, so that those of a day are one slice.

    Attributes:
        days: The days that match.
        remainders: The remainder that a unit of each day has to leave.
        units: The units of a day that may match, by remainder and then ascending.
        left: Their remainders.
        before: How many units match on the days before each, and at the end on all.
        plan: The rule.
    """

    days: Int64Array
    remainders: Int64Array
    units: Int64Array
    left: Int64Array
    before: Int64Array
    plan: Plan

    @classmethod
    def of(cls, days: Int64Array, plan: Plan) -> Ticks:
        """From matching days and the rule."""
        in_day = DAY_US // plan.unit
        interval = plan.interval
        allowed = np.arange(in_day) if plan.allowed is None else plan.allowed
        # An interval of several days leaves every unit of a day as its own remainder.
        left = allowed % interval
        order = left.argsort(kind="stable")
        units, left = allowed[order], left[order]
        remainders = (plan.start // plan.unit - days * in_day) % interval
        counts = left.searchsorted(remainders, "right") - left.searchsorted(remainders)
        return cls(days, remainders, units, left, np.append(0, counts.cumsum()), plan)

    def below(self, bounds: Int64Array) -> Int64Array:
        """How many of each row lie before its bound."""
        day, clock = divmod(int(bounds[0]), DAY_US)
        place = int(self.days.searchsorted(day))
        count = int(self.before[place]) * len(self.plan.times)
        if place < len(self.days) and self.days[place] == day:
            first, last = self.left.searchsorted(self.remainders[place] + np.arange(2)).tolist()
            units = self.units[first:last]
            unit, rest = divmod(clock, self.plan.unit)
            earlier = int(units.searchsorted(unit))
            count += earlier * len(self.plan.times)
            if earlier < len(units) and units[earlier] == unit:
                count += int(self.plan.times.searchsorted(rest))
        return np.array([count])

    def take(self, low: Int64Array, high: Int64Array) -> Int64Array:
        """Those of each row from one place up to another, all rows in one column."""
        size = len(self.plan.times)
        place, time = np.divmod(np.arange(low[0], high[0]), max(size, 1))
        day = self.before.searchsorted(place, "right") - 1
        in_day = place - self.before[day]
        first = self.left.searchsorted(self.remainders[day])
        walls: Int64Array = (
            self.days[day] * DAY_US + self.units[first + in_day] * self.plan.unit + self.plan.times[time]
        )
        return walls
