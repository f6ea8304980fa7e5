"""From plans to wall times: the kernel of the package, on the wall clock alone.

Invariant: what is given for a row ascends, each wall time once, within ``low`` and ``high`` and not before the start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from petpro_core.errors import LimitExceededError
from petpro_core.intervals import DAY_US, FIRST_US, LAST_US
from petpro_core.recurrence._days import MARGINS, matching_days, periods_of
from petpro_core.recurrence._found import Grid, Listed, Ticks, ragged
from petpro_core.recurrence._plans import Step, compile_rule
from petpro_core.recurrence._positions import positioned
from petpro_core.recurrence._skips import moved_days
from petpro_core.recurrence._words import Skip
from petpro_core.timezones import LocalTimes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from petpro_core.intervals import Int64Array
    from petpro_core.recurrence._found import Found
    from petpro_core.recurrence._plans import Plan
    from petpro_core.recurrence.rules import RecurrenceRule

    Spend = Callable[[int], None]

__all__ = ["exceeded", "plan_walls", "wall_times"]

_NONE: Final = np.empty(0, np.int64)
_CELLS: Final = 2**19
_MOST_PLACES: Final = 5_000_000
_SHORTEST: Final = {Step.DAYS: 1, Step.MONTHS: 28, Step.WEEK_YEARS: 364}
"""The fewest days of what periods are counted in."""
_FIRST_DAY: Final = FIRST_US // DAY_US
_LAST_DAY: Final = LAST_US // DAY_US


def exceeded(limit: int, got: int) -> LimitExceededError:
    """The error of too many occurrences."""
    msg = f"the rules have more than limit={limit} occurrences in the window; ask for a shorter one, or raise the limit"
    return LimitExceededError(msg, limit=limit, got=got, bound="limit")


def _no_cost(_: int) -> None:
    """Count nothing: the window bounds the work."""


def wall_times(
    rule: RecurrenceRule,
    start: int,
    low: int,
    high: int,
    *,
    limit: int,
    until: int | None = None,
    with_start: bool = True,
    spend: Spend = _no_cost,
) -> LocalTimes:
    """The wall times of one rule from ``low`` up to ``high``, in microseconds since 1970-01-01T00:00 on the same wall.

    For whoever converts them by zones of their own; ``expand`` does all of it.

    >>> from petpro_core.recurrence import RecurrenceRule, wall_times
    >>> day = 86_400_000_000
    >>> (wall_times(RecurrenceRule("DAILY", interval=2), 0, day, 6 * day, limit=10) // day).tolist()
    [2, 4]

    Args:
        rule: Its ``until`` is not read here, for it may be an instant.
        start: The start, on a whole second of the years 1 to 9999.
        low: The first wall time of interest.
        high: The first after.
        limit: At most so many are given.
        until: The last wall time allowed, itself included.
        with_start: Whether the start is an occurrence even where the rule does not give it, and counts as the first;
            an exception rule has no such start.
        spend: Told before each step how many days and places of BYSETPOS it looks at; may raise to bound the work
            of many rules.

    Raises:
        LimitExceededError: There are more than ``limit``, or BYSETPOS asks for more than 5,000,000 places.

    Cost: linear in the days of the window (a few nanoseconds each) and in what is found; with COUNT, in the days since
    the start. Source: RFC 5545 section 3.3.10; ADR 16.
    """
    _, walls = plan_walls(
        [compile_rule(rule, start, until)], low, high, limit=limit, with_start=with_start, spend=spend
    )
    return LocalTimes(walls)


def plan_walls(
    plans: Sequence[Plan],
    low: int,
    high: int,
    *,
    limit: int,
    beside: int = 0,
    with_start: bool = True,
    spend: Spend = _no_cost,
) -> tuple[Int64Array, Int64Array]:
    """``wall_times`` of many plans: offsets and wall times, a row for each plan.

    ``beside``: how many more than ``limit`` may lie in the window, because its edges are cut more sharply afterwards.

    Plans of one shape are laid over the calendar together, in pieces that stay small.
    """
    if len(plans) == 1 and plans[0].simple:
        walls = _lone(plans[0], low, high, with_start=with_start, spend=spend)
        if len(walls) > limit + beside:
            raise exceeded(limit, len(walls))
        return np.array([0, len(walls)]), walls
    groups: dict[str | int, list[int]] = {}
    for number, plan in enumerate(plans):
        groups.setdefault(plan.shape or number, []).append(number)
    order: list[int] = []
    counts: list[Int64Array] = []
    parts: list[Int64Array] = []
    total = 0
    for numbers in groups.values():
        pending = [numbers]
        while pending:
            mine = pending.pop()
            some = [plans[number] for number in mine]
            days = _range(some, low, high)
            if len(mine) > 1 and len(mine) * (days[1] - days[0]) > _CELLS:
                pending += [mine[len(mine) // 2 :], mine[: len(mine) // 2]]
                continue
            spend(len(mine) * (days[1] - days[0]) + _places_asked(some, days))
            found = _found(some, days)
            first, last = _places(found, some, low, high, with_start=with_start)
            count = last - first
            total += int(count.sum())
            if total > limit + beside:
                raise exceeded(limit, total)
            order += mine
            counts.append(count)
            parts.append(found.take(first, last))
    sizes, walls = _in_order(order, counts, parts)
    if with_start:
        sizes, walls = _started(plans, sizes, walls, low, high)
    if len(walls) > limit + beside:
        raise exceeded(limit, len(walls))
    offsets = np.zeros(len(plans) + 1, np.int64)
    sizes.cumsum(out=offsets[1:])
    return offsets, walls


def _places_asked(plans: Sequence[Plan], days: tuple[int, int]) -> int:
    """How many places BYSETPOS asks for in all periods of a range of days.

    Raises:
        LimitExceededError: More than are looked at; COUNT asks for all periods since the start.
    """
    one = plans[0]
    periods = (days[1] - days[0]) // (one.length * _SHORTEST[one.step]) + 1
    asked = len(plans) * periods * len(one.positions)
    if asked > _MOST_PLACES:
        msg = (
            f"BYSETPOS asks for {asked:,} places in {periods:,} periods, more than the {_MOST_PLACES:,} that are "
            "looked at; name fewer places, or begin later"
        )
        raise LimitExceededError(msg, limit=_MOST_PLACES, got=asked, bound="places")
    return asked


def _lone(plan: Plan, low: int, high: int, *, with_start: bool, spend: Spend) -> Int64Array:
    """One plan with one time a day and no COUNT: what most calls are, without the columns of many rows."""
    start, (clock,) = plan.start, plan.times.tolist()
    first, last = max(start, low), high if plan.until is None else min(high, plan.until + 1)
    days = (min(max(first // DAY_US, _FIRST_DAY), _LAST_DAY), min(-(-last // DAY_US), _LAST_DAY + 1))
    walls = _NONE
    if days[0] < days[1]:
        spend(days[1] - days[0])
        walls = matching_days((plan,), days) * DAY_US
        walls += days[0] * DAY_US + clock
        # Only the first and the last day can reach over the edges.
        if len(walls) and walls[0] < first:
            walls = walls[1:]
        if len(walls) and walls[-1] >= last:
            walls = walls[:-1]
    if with_start and low <= start < high and not (len(walls) and walls[0] == start):
        walls = np.concatenate(([start], walls))
    return walls


def _range(plans: Sequence[Plan], low: int, high: int) -> tuple[int, int]:
    """The days to look at: those of the window from the first start on, and with COUNT all since then."""
    first = min(plan.start for plan in plans) // DAY_US
    if plans[0].count is None:
        first = max(first, low // DAY_US)
    last = -(-high // DAY_US)
    if all(plan.until is not None for plan in plans):
        last = min(last, max(plan.until or 0 for plan in plans) // DAY_US + 1)
    first = min(max(first, _FIRST_DAY), _LAST_DAY)
    # At least one day, so that no kernel need know of empty ranges; what it finds there is cut off.
    return first, max(first + 1, min(last, _LAST_DAY + 1))


def _found(plans: Sequence[Plan], days: tuple[int, int]) -> Found:
    one = plans[0]
    if one.unit:
        return Ticks.of(matching_days(plans, days) + days[0], one)
    if one.skip is not Skip.OMIT:
        return _skipped(one, days)
    times = np.concatenate([plan.times for plan in plans]).reshape(len(plans), -1)
    width = days[1] - days[0]
    if one.positions:
        margin = MARGINS[one.step, one.length]
        days, width = (days[0] - margin, days[1] + margin), width + 2 * margin
        keys = matching_days(plans, days)
        row = keys // width if len(plans) > 1 else keys * 0
        found = keys - row * width + days[0]
        periods = _periods(plans, found, row)
        if len(plans) > 1:
            # Neighbours of two rows are never of one period, whatever their numbers.
            periods = periods * 2 + row % 2
        walls, taken = positioned(periods, found, times, row, one.positions)
        first = days[0] * DAY_US
        return Listed(walls + (row[taken] * width * DAY_US - first), width * DAY_US, first, len(plans))
    keys = matching_days(plans, days)
    if times.shape[1] != 1:
        return Grid(keys, width, days[0], times)
    # One time a day can be written down at once: there are no more of them than cells were looked at.
    clock = times[0, 0] if len(plans) == 1 else times[keys // width, 0]
    return Listed(keys * DAY_US + clock, width * DAY_US, days[0] * DAY_US, len(plans))


def _periods(plans: Sequence[Plan], days: Int64Array, row: Int64Array) -> Int64Array:
    """A number for the period of each day; weeks are counted from each plan's own first one."""
    if plans[0].step is Step.DAYS:
        anchors = np.array([plan.anchor for plan in plans], np.int64)
        weeks: Int64Array = (days - anchors[row]) // plans[0].length
        return weeks
    return periods_of(plans[0], days)


def _skipped(plan: Plan, days: tuple[int, int]) -> Found:
    periods, found = moved_days(plan, days)
    times, row = plan.times[None], np.zeros(len(found), np.int64)
    if plan.positions:
        walls, _ = positioned(periods, found, times, row, plan.positions)
    else:
        walls = (found[:, None] * DAY_US + times).ravel()
    # A date that was moved may meet one of the next period.
    walls = np.unique(walls)
    first = int(walls[0]) if len(walls) else 0
    return Listed(walls - first, int(walls[-1]) + 1 - first if len(walls) else 0, first, 1)


def _places(
    found: Found, plans: Sequence[Plan], low: int, high: int, *, with_start: bool
) -> tuple[Int64Array, Int64Array]:
    """Where each row's occurrences begin and end; a start that the rule does not give still uses up one of COUNT."""
    starts = np.array([plan.start for plan in plans])
    last = found.below(np.array([high if plan.until is None else min(high, plan.until + 1) for plan in plans]))
    first = found.below(np.maximum(starts, low))
    if plans[0].count is not None:
        begun = found.below(starts)
        left = np.array([plan.count or 0 for plan in plans])
        if with_start:
            left -= found.below(starts + 1) == begun
        last = np.minimum(last, begun + left)
    return np.minimum(first, last), last


def _in_order(order: list[int], counts: list[Int64Array], parts: list[Int64Array]) -> tuple[Int64Array, Int64Array]:
    """Rows of groups, put back into the order of the plans."""
    if len(parts) == 1:
        return counts[0], parts[0]
    sizes, walls = np.concatenate([*counts, _NONE]), np.concatenate([*parts, _NONE])
    ranks = np.array(order, np.int64).argsort()
    begin = (sizes.cumsum() - sizes)[ranks]
    sizes = sizes[ranks]
    return sizes, walls.take(ragged(begin, sizes))


def _started(
    plans: Sequence[Plan], sizes: Int64Array, walls: Int64Array, low: int, high: int
) -> tuple[Int64Array, Int64Array]:
    """Put in the starts of the window that their rules do not give: each is the first of its row."""
    missing: list[int] = []
    begins: list[int] = []
    begin = 0
    for number, (plan, size) in enumerate(zip(plans, sizes.tolist(), strict=True)):
        if low <= plan.start < high and not (size and walls[begin] == plan.start):
            missing.append(number)
            begins.append(begin + len(begins))
        begin += size
    if not missing:
        return sizes, walls
    widened = np.empty(len(walls) + len(missing), np.int64)
    own = np.ones(len(widened), np.bool_)
    own[begins] = False
    widened[own] = walls
    widened[begins] = [plans[number].start for number in missing]
    sizes = sizes.copy()
    sizes[missing] += 1
    return sizes, widened
