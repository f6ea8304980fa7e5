"""Private kernel: the cheapest assignment of rows to columns, some pairs forbidden, as many rows as can be served.

Source: Jonker and Volgenant, Computing 38:325, 1987, and Crouse, IEEE Trans. Aerosp. Electron. Syst. 52:1679, 2016:
shortest augmenting paths with dual prices. Here each row has a column of its own beside the shared ones, at the price
``penalty``: to be left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from petpro_core.intervals import Int64Array

__all__ = ["LEFT_OUT", "MOST", "cheapest"]

LEFT_OUT: Final = -1
MOST: Final = 2**58
"""Sums of costs and penalties stay below it."""
_FORBIDDEN: Final = 2**60
_FAR: Final = 2**61
_CLOSED: Final = -(2**61 + 2**59)  # no reduced cost comes below _FAR then, and none leaves int64


# Invariant, between two rows and at the end: u[i] + v[j] <= costs[i, j] for every allowed pair and u[i] <= penalty,
# with equality where a row is served (or left out); v <= 0, and 0 for every column that is not taken. These are the
# conditions of an optimum, so what stands at the end is one.
# In: costs int64[n, m], allowed bool[n, m]; n times the penalty and n times any cost stay below MOST, so that no sum
# wraps.
# Out: the column of each row, or LEFT_OUT; and u and v, whose sum is the least sum of costs and penalties. A penalty
# above every difference of sums makes the fewest be left out.
def cheapest(
    costs: Int64Array, allowed: npt.NDArray[np.bool_], penalty: int
) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Return for each row its column, so that the sum of costs and of penalties is least; and the dual prices u, v."""
    rows, columns = costs.shape
    served, owner = np.full(rows, LEFT_OUT), np.full(columns, LEFT_OUT)
    if not columns:
        return served, np.full(rows, penalty), owner
    table = np.where(allowed, costs, _FORBIDDEN)
    first = table.argmin(axis=1)
    u, v = np.minimum(table[np.arange(rows), first], penalty), np.zeros(columns, np.int64)
    waiting = []
    # A row whose cheapest column nobody has taken takes it; one whose cheapest is dearer than the penalty stays out.
    for row, column in enumerate(first.tolist()):
        if table[row, column] > penalty:
            continue
        if owner[column] == LEFT_OUT:
            served[row], owner[column] = column, row
        else:
            waiting.append(row)
    for row in waiting:
        _serve(row, table, u, v, served, owner, penalty)
    return served, u, v


# One search of Dijkstra's from a row that waits, over columns by their reduced costs, to the nearest column that nobody
# has or the nearest row that is better left out. Closed columns get a price that keeps them away from then on.
def _serve(
    start: int, table: Int64Array, u: Int64Array, v: Int64Array, served: Int64Array, owner: Int64Array, penalty: int
) -> None:
    nearest = np.full(table.shape[1], _FAR)
    came_from = np.empty(table.shape[1], np.int64)
    prices = v.copy()
    closed: list[int] = []
    reached: list[tuple[int, int]] = []  # each row of the tree, and how far it is
    row, far = start, 0
    out_row, out_far = start, _FAR
    while True:
        reached.append((row, far))
        leave = far + penalty - int(u[row])
        if leave < out_far:
            out_row, out_far = row, leave
        reduced = table[row] - prices
        reduced += far - u[row]
        nearer = reduced < nearest
        np.copyto(nearest, reduced, where=nearer)
        came_from[nearer] = row
        column = int(nearest.argmin())
        if nearest[column] > out_far:
            far, row, column = out_far, out_row, LEFT_OUT
            break
        far = int(nearest[column])
        closed.append(column)
        if owner[column] == LEFT_OUT:
            break
        prices[column], nearest[column] = _CLOSED, _FAR
        v[column] += far  # completed below by what the search needed altogether
        row = int(owner[column])
    _settle(far, closed, reached, u, v, last_is_free=column != LEFT_OUT)
    if column == LEFT_OUT:
        column, served[row] = int(served[row]), LEFT_OUT
        if column == LEFT_OUT:
            return
        owner[column] = LEFT_OUT
    _augment(start, column, came_from, served, owner)


# Prices keep the invariant: whatever was reached at distance d moves by total - d.
def _settle(
    total: int,
    closed: list[int],
    reached: list[tuple[int, int]],
    u: Int64Array,
    v: Int64Array,
    *,
    last_is_free: bool,
) -> None:
    for row, far in reached:
        u[row] += total - far
    # The column at which the search ended was reached at the total distance, so that it does not move.
    v[closed[:-1] if last_is_free else closed] -= total


# Each row on the way back takes the column from which it was displaced further on.
def _augment(start: int, column: int, came_from: Int64Array, served: Int64Array, owner: Int64Array) -> None:
    while True:
        row = int(came_from[column])
        owner[column] = row
        column, served[row] = int(served[row]), column
        if row == start:
            return
