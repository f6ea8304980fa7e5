"""BYSETPOS: places in the set of each period, and which wall times stand there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from petpro_core.intervals import DAY_US

if TYPE_CHECKING:
    from petpro_core.intervals import Int64Array

__all__ = ["positioned"]


def positioned(
    periods: Int64Array, days: Int64Array, times: Int64Array, of_day: Int64Array, positions: tuple[int, ...]
) -> tuple[Int64Array, Int64Array]:
    """The wall times at these places of each period, and for each the day it was taken from (as a place in ``days``).

    A period's set is each of its days with each of its times. The sets are never written down: a place in one is a
    day and a time by division.

    Args:
        periods: For each day the number of its period; equal ones stand together.
        days: The matching days, ascending in each period.
        times: Times of a day, a row for each plan, all rows of one length.
        of_day: Which row of ``times`` each day has.
        positions: From 1, or from -1 at the end.
    """
    size = times.shape[1]
    first = np.append(True, periods[1:] != periods[:-1]).nonzero()[0] if len(periods) else periods
    lengths = np.diff(np.append(first, len(periods))) * size
    places = np.array(positions)[:, None]
    asked = np.where(places > 0, places - 1, lengths + places)
    kept = (asked >= 0) & (asked < lengths)
    place = (first * size + asked)[kept]
    if len(positions) > 1:
        # Two positions may be one place, and come in the order of the positions.
        place = np.unique(place)
    day, time = np.divmod(place, max(size, 1))
    return days[day] * DAY_US + times[of_day[day], time], day
