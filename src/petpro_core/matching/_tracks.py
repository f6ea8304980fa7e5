"""Private kernel: the cheapest assignment of requests in time to columns, each of which serves one at a time.

With columns that differ this is hard in general (the k-track assignment problem), so the search is exact within a bound
and says whether it was. It goes through the requests by start. All that the rest of the problem can see of what was
decided so far is which columns are busy, and until when: partial answers that agree in that are one *state*, of which
only the cheapest is kept. A state is dropped where even its lower bound (see ``_prices``) is no better than a whole
answer known already.

Source: Brucker and Nordmann, The k-track assignment problem, Computing 52:97, 1994 (the states).
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core.matching._hungarian import LEFT_OUT, MOST
from petpro_core.matching._prices import better_prices, earnings, floor_prices, rush_prices

if TYPE_CHECKING:
    import numpy.typing as npt

    from petpro_core.intervals import Int64Array

__all__ = ["Tracked", "Tracks"]

_FEW: Final = 64


@attrs.frozen(eq=False)
class Tracked:
    """An answer: the column of each request, what it costs with penalties, and what no answer can go below."""

    choice: Int64Array
    value: int
    bound: int


@attrs.frozen(eq=False)
class Tracks:
    """Requests in order of their starts, and what each would cost on each column; the last column is to be left out.

    Attributes:
        starts: int64[n], ascending.
        ends: int64[n].
        costs: int64[n, m + 1].
        allowed: bool[n, m + 1]; to be left out is always allowed.
        after: int64[n]: the first request that starts when this one has ended.
    """

    starts: Int64Array
    ends: Int64Array
    costs: Int64Array
    allowed: npt.NDArray[np.bool_]
    after: Int64Array

    @classmethod
    def of(
        cls, starts: Int64Array, ends: Int64Array, costs: Int64Array, allowed: npt.NDArray[np.bool_], penalty: int
    ) -> Tracks:
        """The problem from its shared columns and the penalty of leaving a request out."""
        out = np.full((len(starts), 1), penalty)
        return cls(
            starts,
            ends,
            np.concatenate([costs, out], axis=1),
            np.concatenate([allowed, np.ones_like(out, np.bool_)], axis=1),
            starts.searchsorted(ends, "left"),
        )

    @property
    def penalty(self) -> int:
        """What it costs to leave a request out."""
        return int(self.costs[0, -1])

    def solve(self, limit: int) -> Tracked:
        """The cheapest answer; with at most ``limit`` states at once, and so perhaps not proved to be the cheapest."""
        nobody = np.full(len(self.starts), self.costs.shape[1] - 1)
        best = Tracked(nobody, len(nobody) * self.penalty, -MOST)
        best = self._sweep(floor_prices(self), min(_FEW, limit), best)
        if best.bound < best.value:
            prices = better_prices(self, rush_prices(self), best.value)
            best = self._sweep(prices, min(_FEW, limit), best)
            if best.bound < best.value:
                best = self._sweep(prices, limit, self._by_pairs(best))
        return Tracked(np.where(best.choice == nobody, LEFT_OUT, best.choice), best.value, best.bound)

    # What two columns have, and what nobody has, shared out anew between the two: exact, and quick with two.
    def _by_pairs(self, best: Tracked) -> Tracked:
        choice, last = best.choice.copy(), self.costs.shape[1] - 1
        improved = True
        while improved:
            improved = False
            for pair in combinations(range(last), 2):
                columns = np.array([*pair, last])
                mine = np.isin(choice, columns).nonzero()[0]
                mine = mine[self.allowed[np.ix_(mine, columns[:2])].any(axis=1)]
                if not len(mine):
                    continue
                part = Tracks.of(
                    self.starts[mine],
                    self.ends[mine],
                    self.costs[np.ix_(mine, columns[:2])],
                    self.allowed[np.ix_(mine, columns[:2])],
                    self.penalty,
                )
                now = int(self.costs[mine, choice[mine]].sum())
                known = Tracked(choice[mine].searchsorted(columns), now, -MOST)
                found = part._sweep(floor_prices(part), _FEW, known)  # noqa: SLF001 - the same class
                if found.value < now:
                    choice[mine], improved = columns[found.choice], True
        value = int(self.costs[np.arange(len(choice)), choice].sum())
        return Tracked(choice, value, best.bound)

    # Invariant at request i: `active` are the earlier requests that are not over when it starts; row s of `picks` says
    # which columns they have in state s, and `cost[s]` is the least that leads there.
    def _sweep(self, prices: Int64Array, limit: int, known: Tracked) -> Tracked:
        least = earnings(self, prices)
        ahead = np.append(prices[::-1].cumsum()[::-1], 0) + least.sum(axis=1)
        dropped = value = known.value
        active: list[int] = []
        picks, cost = np.empty((1, 0), np.int64), np.zeros(1, np.int64)
        trail: list[tuple[Int64Array, Int64Array]] = []
        for i in range(len(prices)):
            parent, option = self._options(i, picks).nonzero()
            cost = cost[parent] + self.costs[i, option]
            picks = np.column_stack([picks[parent], option])
            active.append(i)
            start = int(self.starts[i + 1]) if i + 1 < len(prices) else int(self.ends.max())
            going = [place for place, one in enumerate(active) if self.ends[one] > start]
            active, picks = [active[place] for place in going], picks[:, going]
            bound = cost + ahead[i + 1]
            for place, one in enumerate(active):
                bound += _missed(least, i + 1, int(self.after[one]))[picks[:, place]]
            kept = _cheapest_of_equals(picks, self.costs.shape[1], cost, (bound < value).nonzero()[0])
            if len(kept) > limit:
                kept = kept[np.lexsort((kept, bound[kept]))]
                dropped = min(dropped, int(bound[kept[limit]]))
                kept = np.sort(kept[:limit])
            trail.append((parent[kept], option[kept]))
            picks, cost = picks[kept], cost[kept]
        if not len(cost):
            # Nothing is better than what was known, except what may lie behind a state that was dropped.
            return Tracked(known.choice, value, max(dropped, known.bound))
        choice, state = np.empty(len(prices), np.int64), int(cost.argmin())
        value = int(cost[state])
        for i in range(len(prices) - 1, -1, -1):
            parents, options = trail[i]
            choice[i], state = options[state], int(parents[state])
        return Tracked(choice, value, max(min(dropped, value), known.bound))

    # Which columns request i may get in each state.
    def _options(self, i: int, picks: Int64Array) -> npt.NDArray[np.bool_]:
        free = np.repeat(self.allowed[i : i + 1], len(picks), axis=0)
        states = np.arange(len(picks))
        for place in range(picks.shape[1]):
            free[states, picks[:, place]] = False
        free[:, -1] = True
        return free


# What a column loses by being busy until request `until` when it could have begun at `now`; nothing for the last.
def _missed(least: Int64Array, now: int, until: int) -> Int64Array:
    return np.append(least[until] - least[now], 0)


# In: states in which equal picks stand for the same future, each pick below `radix`. Out: of each future the cheapest,
# the first of equals, in order of the states.
def _cheapest_of_equals(picks: Int64Array, radix: int, cost: Int64Array, places: Int64Array) -> Int64Array:
    rows = picks[places]
    if radix ** rows.shape[1] < MOST:
        # One number for each future sorts four times faster than its columns.
        rows = (rows @ np.array([radix**place for place in range(rows.shape[1])], np.int64))[:, None]
    order = np.lexsort((places, cost[places], *rows.T))
    rows = rows[order]
    first = np.append(True, (rows[1:] != rows[:-1]).any(axis=1))[: len(order)]
    return np.sort(places[order[first]])
