"""Days that match: the tables of plans laid over a range of days, many plans of one shape at once.

The matrix has a row for each plan and a column for each day; its cells are bytes that say yes or no. A layer for each
part of the rules is laid on it (an ``and`` of looked-up codes), and what is left are the matching days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from petpro_core.recurrence._calendar import cycle, fourths, week_codes
from petpro_core.recurrence._plans import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from petpro_core.intervals import Int64Array
    from petpro_core.recurrence._plans import Plan

__all__ = ["MARGINS", "matching_days", "periods_of"]

Mask = npt.NDArray[np.bool_]

MARGINS: Final = {
    (Step.DAYS, 1): 0,
    (Step.DAYS, 7): 6,
    (Step.MONTHS, 1): 30,
    (Step.MONTHS, 12): 365,
    (Step.WEEK_YEARS, 1): 371,
}
"""Days on each side of a range that complete the periods at its edges."""


def _layer(tables: list[bytes], codes: npt.NDArray[np.intp]) -> Mask:
    if len(tables) == 1:
        return np.frombuffer(tables[0], np.bool_).take(codes)
    stacked = np.frombuffer(b"".join(tables), np.bool_).reshape(len(tables), -1)
    return stacked.take(codes, axis=1)


def _periodic(plans: Sequence[Plan], days: tuple[int, int]) -> Mask:
    """Which days lie in periods that count, for plans with an interval."""
    anchors = np.array([plan.anchor for plan in plans])[:, None]
    every = np.array([plan.every for plan in plans])[:, None]
    length = plans[0].length
    if plans[0].step is Step.DAYS:
        found: Mask = (np.arange(*days) - anchors) % every < length
        return found
    columns = np.arange(*days)
    if plans[0].step is Step.MONTHS:
        numbers = cycle().months_of(columns)
    else:
        numbers = cycle().months_of(fourths(columns, plans[0].week_start)) // 12
    first = numbers[0]
    counted = (np.arange(first, numbers[-1] + 1) - anchors) % every < length
    laid: Mask = counted.take(numbers - first, axis=1)
    return laid


def matching_days(plans: Sequence[Plan], days: tuple[int, int]) -> Int64Array:
    """The matching days of plans of one shape, from the first day up to the second.

    They are given as ``row * width + (day - first)``, ascending, where the width is the number of days.
    """
    one, calendar = plans[0], cycle()
    layers: list[Mask] = []
    if one.dates is not None:
        layers.append(_layer([plan.dates or b"" for plan in plans], calendar.codes(calendar.dates, days)))
    if one.weekdays is not None:
        column = calendar.year_weekdays if one.in_year else calendar.month_weekdays
        layers.append(_layer([plan.weekdays or b"" for plan in plans], calendar.codes(column, days)))
    if one.weeks is not None:
        codes = calendar.codes(week_codes(one.week_start), days)
        layers.append(_layer([plan.weeks or b"" for plan in plans], codes))
    if one.every > one.length:
        layers.append(_periodic(plans, days))
    if not layers:
        return np.arange(len(plans) * (days[1] - days[0]))
    mask = layers[0]
    for layer in layers[1:]:
        mask = mask & layer
    return mask.ravel().nonzero()[0]


def periods_of(plan: Plan, days: Int64Array) -> Int64Array:
    """A number for the month, year or week-year of each day; days of one period have the same."""
    if plan.step is Step.MONTHS:
        return cycle().months_of(days) // plan.length
    return cycle().months_of(fourths(days, plan.week_start)) // 12
