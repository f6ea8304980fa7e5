"""Private kernel: what requests in time are worth, so that a sum of prices bounds every assignment from below.

A price stands on each request. If every column picks on its own what pays for it, without asking whether two columns
pick the same, then the sum of prices minus all that is earned is no more than any assignment costs (Lagrangian
relaxation). The picks of one column are a walk from the last request to the first. All numbers are whole, so that every
bound is exact.

Source: Fisher, Management Science 27:1, 1981 (the relaxation, and the steps of the prices).
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

import numpy as np

from petpro_core.matching._hungarian import cheapest

if TYPE_CHECKING:
    from petpro_core.intervals import Int64Array
    from petpro_core.matching._tracks import Tracks

__all__ = ["better_prices", "earnings", "floor_prices", "rush_prices"]

_STEPS: Final = 120
_PATIENCE: Final = 5


def floor_prices(tracks: Tracks) -> Int64Array:
    """The least that each request costs anywhere: prices at which nobody earns anything."""
    least: Int64Array = tracks.costs.min(axis=1, where=tracks.allowed, initial=tracks.penalty)
    return least


def earnings(tracks: Tracks, prices: Int64Array) -> Int64Array:
    """What each column can earn from request k on, as a cost: int64[n + 1, m], at most 0, and 0 in the last row."""
    worth = np.where(tracks.allowed, tracks.costs - prices[:, None], 0)[:, :-1]
    least = np.zeros((len(prices) + 1, worth.shape[1]), np.int64)
    for k, follower in zip(range(len(prices) - 1, -1, -1), tracks.after[::-1].tolist(), strict=True):
        np.minimum(least[k + 1], worth[k] + least[follower], out=least[k])
    return least


# At one instant each column serves one request, so that those who want that instant are an assignment problem, and its
# dual prices say what they are worth. Rushes that share no request add up: the best chain of them is a walk over time.
def rush_prices(tracks: Tracks) -> Int64Array:
    """Prices that know of every rush by itself: the most that rushes without common requests prove together."""
    floor = floor_prices(tracks)
    ends: list[int] = []  # of each rush, when the last of its members is over; they never fall
    rushes: list[tuple[int, Int64Array, Int64Array]] = []
    best: list[tuple[int, int]] = [(0, -1)]  # what the first rushes prove, and the last of them that is used
    for start in np.unique(tracks.starts).tolist():
        members = ((tracks.starts <= start) & (tracks.ends > start)).nonzero()[0]
        _, u, v = cheapest(tracks.costs[members, :-1], tracks.allowed[members, :-1], tracks.penalty)
        # Rushes whose members are all over by now share nobody with this one.
        before = bisect_right(ends, start)
        proved = best[before][0] + int(u.sum() + v.sum() - floor[members].sum())
        best.append((proved, len(rushes)) if proved > best[-1][0] else best[-1])
        rushes.append((before, members, u))
        ends.append(int(tracks.ends[members].max()))
    prices, number = floor.copy(), len(rushes)
    while best[number][1] >= 0:
        number, members, u = rushes[best[number][1]]
        prices[members] = u
    return prices


# A price rises where nobody picks the request, and falls where several do. It never needs to be above the penalty,
# since to be left out costs no more, nor below the cheapest column, since nobody picks it there.
def better_prices(tracks: Tracks, prices: Int64Array, value: int) -> Int64Array:
    """Prices that prove more, by steps from those given; ``value`` is what some assignment costs."""
    floor, penalty = floor_prices(tracks), tracks.penalty
    best, best_bound, pace, since = prices, None, 1.0, 0
    for _ in range(_STEPS):
        least = earnings(tracks, prices)
        bound = int(prices.sum()) + int(least[0].sum())
        since += 1
        if best_bound is None or bound > best_bound:
            best, best_bound, since = prices, bound, 0
        lack = 1 - _picks(tracks, least)
        # One that nobody picks at the price of the penalty is left out: nothing is lacking.
        lack[(lack > 0) & (prices == penalty)] = 0
        norm = int((lack * lack).sum())
        if not norm or bound >= value:
            break
        if since >= _PATIENCE:
            prices, pace, since = best, pace / 2, 0
            continue
        prices = np.clip(prices + max(1, round(pace * (value - bound) / norm)) * lack, floor, penalty)
    return best


# How many columns pick each request, when each goes through its own best picks.
def _picks(tracks: Tracks, least: Int64Array) -> Int64Array:
    count = np.zeros(len(tracks.starts), np.int64)
    place = np.zeros(least.shape[1], np.int64)
    earning = least[:-1] < least[1:]
    for k, follower in enumerate(tracks.after.tolist()):
        taken = (place <= k) & earning[k]
        count[k] = np.count_nonzero(taken)
        place[taken] = follower
    return count
