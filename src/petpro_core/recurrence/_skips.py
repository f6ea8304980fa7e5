"""SKIP: dates that do not exist are moved to the day before or after, and stay in the period they were asked in.

Source: RFC 7529 section 4.1: dates are moved once BYMONTHDAY or BYYEARDAY has named them, and before BYDAY drops any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from petpro_core.recurrence._calendar import cycle
from petpro_core.recurrence._words import Skip

if TYPE_CHECKING:
    from petpro_core.intervals import Int64Array
    from petpro_core.recurrence._plans import Plan

__all__ = ["moved_days"]


def _first_days(months: Int64Array) -> Int64Array:
    return (months - 1970 * 12).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def _named(begin: Int64Array, end: Int64Array, asked: tuple[int, ...], skip: Skip) -> Int64Array:
    """Each asked day of each month or year, moved where it has no such day: a row for each."""
    numbers = np.array(asked)
    days = np.where(numbers > 0, begin[:, None] + numbers - 1, end[:, None] + numbers)
    last, after = end[:, None] - 1, end[:, None]
    early, late = days < begin[:, None], days > last
    if skip is Skip.BACKWARD:
        return np.where(late, last, np.where(early, begin[:, None] - 1, days))
    return np.where(late, after, np.where(early, begin[:, None], days))


def moved_days(plan: Plan, days: tuple[int, int]) -> tuple[Int64Array, Int64Array]:
    """The days that match from the first up to the second and some more, and their periods, by period and then day.

    Whole periods are given, and those beside them, out of which a date may be moved into the range.
    """
    first, last = cycle().months_of(np.array(days)).tolist()
    length = plan.length
    months = np.arange((first // length - 1) * length, (last // length + 2) * length)
    # The first period is that of the start: nothing is moved out of one before it.
    months = months[(months >= plan.anchor) & ((months - plan.anchor) % plan.every < length)]
    if plan.year_days:
        months = months[months % 12 == 0]
        named = _named(_first_days(months), _first_days(months + 12), plan.year_days, plan.skip)
    else:
        if plan.in_months:
            months = months[np.isin(months % 12 + 1, plan.in_months)]
        named = _named(_first_days(months), _first_days(months + 1), plan.month_days, plan.skip)
    periods = np.repeat(months // length, named.shape[1])
    found = np.unique(np.array([periods, named.ravel()]), axis=1)
    if plan.weekdays is not None:
        column = cycle().year_weekdays if plan.in_year else cycle().month_weekdays
        kept = np.frombuffer(plan.weekdays, np.bool_)[cycle().codes_of(column, found[1])]
        found = found[:, kept]
    return found[0], found[1]
