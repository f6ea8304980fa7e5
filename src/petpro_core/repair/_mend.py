"""The search for the smallest mend: which place each broken booking gets, and in which order they move.

A first plan is made booking by booking. A bound says what every plan costs at least; whatever would exceed the first
plan is left out. Then the bookings fall apart into groups that cannot meet, and each group is searched by branch and
bound, where the bound's own assignment is tried first.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core.repair._board import OLD, Board, EffortSpentError, Placed
from petpro_core.repair._bounds import Scale, assigned

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from petpro_core.intervals import Int64Array, IntervalSet
    from petpro_core.reasons import Waiver
    from petpro_core.repair._options import Options
    from petpro_core.repair._standing import Practice

__all__ = ["Mend", "mend"]

_MOST_TOGETHER: Final = 200  # Bookings that are bounded, and searched, at once.


@attrs.frozen
class Mend:
    """What was found.

    Attributes:
        places: For each booking the number of its option, or -1.
        moves: The bookings that move, in an order in which each step is accepted.
        exact: Whether no plan costs less.
    """

    places: tuple[int, ...]
    moves: tuple[int, ...]
    exact: bool


def mend(options: Sequence[Options], practice: Practice, *, waive: Collection[Waiver], effort: int) -> Mend:
    """The plan that costs least, as far as the effort reaches.

    Args:
        options: The places for each broken booking, in order of their start and number.
        practice: The practice without what is broken.
        waive: Rules that are set aside.
        effort: How much the search may look at after the first plan.
    """
    board = Board(options, practice, waive)
    places = board.one_by_one()
    board.left = effort
    exact = len(options) <= _MOST_TOGETHER
    if options and exact:
        scale = Scale.of(options)
        costs = [[*scale.codes(one).tolist(), scale.unsaved] for one in options]
        first = assigned(options, [np.arange(len(one)) for one in options], scale)
        slack = sum(costs[number][place] for number, place in places) - first.least[0]
        useful = [(spare <= slack).nonzero()[0] for spare in first.spare]
        for group in _groups(board, useful):
            search = _Search(board, group, [places[number] for number in group], useful, costs, scale)
            exact = search.run() and exact
            for number, place in search.best:
                places[number] = number, place
    board.left = None
    moves = board.ordered(places)
    return Mend(tuple(place for _, place in places), moves or (), exact)


class _Search:
    """Branch and bound over one group: the first booking gets each of its places in turn, then the next one does.

    Bookings of one client (household, pet, group) follow each other, because what is refused for their sake alone is
    then seen at once.
    """

    def __init__(
        self,
        board: Board,
        group: Sequence[int],
        best: list[Placed],
        useful: Sequence[Int64Array],
        costs: Sequence[Sequence[int]],
        scale: Scale,
    ) -> None:
        self.board, self.costs, self.best = board, costs, best
        self.group = _together_first(board, group)
        self.rank = {number: place for place, number in enumerate(sorted(group))}
        # The last place of each is not to be saved.
        saved = [useful[number][useful[number] < len(board.options[number])] for number in self.group]
        bound = assigned([board.options[number] for number in self.group], saved, scale)
        self.least = bound.least
        self.places = [
            [*some.tolist(), *([OLD] if len(some) < len(useful[number]) else [])]
            for number, some in zip(self.group, saved, strict=True)
        ]
        self.assigned = list(zip(self.group, bound.places, strict=True))
        self.best_cost, self.best_tails = self._cost(best), self._tails(best)
        lowest = [
            (number, min(places, key=lambda place, number=number: board.tail((number, place))))  # type: ignore[misc]
            for number, places in zip(self.group, self.places, strict=True)
        ]
        self.lowest = self._tails(lowest)

    def _cost(self, places: Sequence[Placed]) -> int:
        return sum(self.costs[number][place] for number, place in places)

    def _tails(self, places: Sequence[Placed]) -> list[tuple[int, ...]]:
        """What decides between equal costs: the bookings in order of their start, however they are searched."""
        return [self.board.tail(one) for one in sorted(places)]

    def run(self) -> bool:
        """Search everything that may be better, and say whether nothing is; ``best`` has what was found."""
        try:
            self._offer(self.assigned)
            self._from([], 0, self.lowest)
        except EffortSpentError:
            return self.best_cost == self.least[0]
        return True

    def _offer(self, places: Sequence[Placed]) -> None:
        cost, tails = self._cost(places), self._tails(places)
        if (cost, tails) < (self.best_cost, self.best_tails) and self.board.holds(places):
            self.best, self.best_cost, self.best_tails = list(places), cost, tails

    def _from(self, chosen: list[Placed], cost: int, tails: list[tuple[int, ...]]) -> None:
        """Try every place of the next booking; ``tails`` has the lowest that the others could still have."""
        depth = len(chosen)
        if depth == len(self.group):
            self._offer(chosen)
            return
        number = self.group[depth]
        for place in self.places[depth]:
            self.board.spend()
            fresh = cost + self.costs[number][place]
            bound = fresh + self.least[depth + 1]
            if bound > self.best_cost:
                # Places come in order of their cost.
                return
            lowest = list(tails)
            lowest[self.rank[number]] = self.board.tail((number, place))
            if bound == self.best_cost and lowest >= self.best_tails:
                continue
            if place == OLD or self.board.accepts((number, place), chosen):
                self._from([*chosen, (number, place)], fresh, lowest)


def _together_first(board: Board, group: Sequence[int]) -> list[int]:
    """A group in the order in which it is searched."""
    waiting, order = sorted(group), list[int]()
    while waiting:
        order.append(waiting.pop(0))
        mine = [other for other in waiting if board.same_subject(board.old[order[-1]], board.old[other])]
        order += mine
        waiting = [other for other in waiting if other not in mine]
    return order


# --- groups that cannot meet ------------------------------------------------------------------------------------------


def _groups(board: Board, useful: Sequence[Int64Array]) -> list[list[int]]:
    """The bookings in groups, each in order: two are together where any of their places could meet."""
    reach = [one.reach(some[some < len(one)], board.reach) for one, some in zip(board.options, useful, strict=True)]
    leader = list(range(len(useful)))

    def find(number: int) -> int:
        while leader[number] != number:
            number = leader[number]
        return number

    for one, other in combinations(range(len(useful)), 2):
        first, second = sorted((find(one), find(other)))
        if first != second and _together(board, reach, one, other):
            leader[second] = first
    groups: dict[int, list[int]] = {}
    for number in range(len(useful)):
        groups.setdefault(find(number), []).append(number)
    return list(groups.values())


def _together(board: Board, reach: Sequence[dict[int, IntervalSet]], one: int, other: int) -> bool:
    if board.same_subject(board.old[one], board.old[other]):
        return True
    shared = reach[one].keys() & reach[other].keys()
    return any(reach[one][resource] & reach[other][resource] for resource in shared)
