"""The best assignment by looking at every one: slow, obvious, and importing nothing of what it judges.

Plain data: a cost is a whole number, or ``None`` where the pair is not allowed.

Source: ADR 14 (laws and their oracle).
"""

from __future__ import annotations

from itertools import permutations, product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["best_by_permutations", "best_in_time", "clashes"]


def best_by_permutations(costs: Sequence[Sequence[int | None]], columns: int) -> tuple[int, int]:
    """The fewest rows left out and then the least cost, where each column takes one row: every permutation is tried.

    >>> best_by_permutations([[1, 2], [1, None], [None, None]], 2)
    (1, 3)

    Source: the definition. Cost: factorial.
    """
    rows = len(costs)
    # A row that gets a place beyond the columns is left out.
    answers = []
    for places in permutations(range(columns + rows), rows):
        pairs = [(row, place) for row, place in enumerate(places) if place < columns]
        paid = [costs[row][place] for row, place in pairs]
        if None not in paid:
            answers.append((rows - len(pairs), sum(cost for cost in paid if cost is not None)))
    return min(answers)


def clashes(times: Sequence[tuple[int, int]], chosen: Sequence[int | None]) -> bool:
    """Whether two requests of one column overlap; touching is not overlapping.

    >>> clashes([(0, 10), (10, 20), (5, 6)], [0, 0, None]), clashes([(0, 10), (9, 20)], [0, 0])
    (False, True)
    """
    for one, mine in enumerate(chosen):
        for two in range(one):
            same = mine is not None and mine == chosen[two]
            if same and times[one][0] < times[two][1] and times[two][0] < times[one][1]:
                return True
    return False


def best_in_time(
    times: Sequence[tuple[int, int]], costs: Sequence[Sequence[int | None]], columns: int
) -> tuple[int, int]:
    """The fewest requests left out and then the least cost, where a column serves one at a time: every choice is tried.

    >>> best_in_time([(0, 10), (5, 15), (10, 20)], [[3], [1], [4]], 1)
    (1, 7)

    Source: the definition. Cost: exponential.
    """
    options = [[None, *(column for column in range(columns) if row[column] is not None)] for row in costs]
    answers = []
    for chosen in product(*options):
        if not clashes(times, chosen):
            paid = [costs[row][column] or 0 for row, column in enumerate(chosen) if column is not None]
            answers.append((sum(column is None for column in chosen), sum(paid)))
    return min(answers)
