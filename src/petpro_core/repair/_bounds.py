"""A bound for the search of plans: what bookings cost at least, because no two of them can have one place.

Costs are put into single whole numbers that are ordered, and add up, as the costs do. Places that share an instant of
a resource with room for one exclude each other; so a plan gives each booking a *cell* (a resource and an instant) of
its own, or does not save it. The cheapest way to give out cells, whatever else may stand against it, costs no more
than the best plan.

Source: H. W. Kuhn, "The Hungarian method for the assignment problem" (1955); the form that adds row by row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np

from petpro_core.bookings import BookingStatus
from petpro_core.slots import CalendarDays

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from petpro_core.intervals import Int64Array
    from petpro_core.repair._options import Options

__all__ = ["Assignment", "Scale", "assigned"]

_LARGEST: Final = 2**62
_ALONE: Final = -1  # The cell of a place that excludes no other.


@attrs.frozen
class Scale:
    """How costs become whole numbers: bookings not saved, bookings moved in time, time, changes of resource.

    Attributes:
        unit: What every shift is a multiple of, in microseconds.
        moved: What one booking that is moved in time weighs.
        shift: What one unit of time weighs.
        unsaved: What one booking that is not saved weighs.
        exact: Whether sums over all bookings fit into int64; Python's own numbers are used where not.
    """

    unit: int
    shift: int
    moved: int
    unsaved: int
    exact: bool

    @classmethod
    def of(cls, options: Sequence[Options]) -> Scale:
        """A scale on which sums over all bookings never reach into the next place."""
        size = len(options) + 1
        shifts = np.concatenate([np.abs(one.by) for one in options] or [np.zeros(1, np.int64)])
        unit = int(np.gcd.reduce(shifts)) if shifts.any() else 1
        shift = size * max((len(one.booking.allocations) for one in options), default=1) + 1
        moved = shift * (size * (int(shifts.max(initial=0)) // unit) + 1)
        unsaved = moved * size
        # Sixteen times that, because the assignment adds up further.
        return cls(unit, shift, moved, unsaved, exact=16 * unsaved * size < _LARGEST)

    def codes(self, options: Options) -> npt.NDArray[Any]:
        """The cost of each option of a booking, in their order."""
        kind: type = np.int64 if self.exact else object
        moved: npt.NDArray[Any] = (options.by != 0).astype(kind) * self.moved
        time: npt.NDArray[Any] = (np.abs(options.by) // self.unit).astype(kind) * self.shift
        codes: npt.NDArray[Any] = moved + time + options.changes.astype(kind)
        return codes


@attrs.frozen(eq=False)
class Assignment:
    """The cheapest way to give each booking a cell of its own.

    Attributes:
        least: From each booking on, in the order given, what all of those cost at least; the last is 0.
        spare: For each booking, and each of its places (the last one: not saved), by how much a plan with it exceeds
            the bound at least.
        places: For each booking the place that it has in the assignment; -1 = not saved.
    """

    least: list[int]
    spare: list[npt.NDArray[Any]]
    places: list[int]


def cells(options: Options, widest: int, *, overbooked: bool) -> Int64Array:
    """Numbers of cells, int64[m, 2] (resource and instant); the resource is -1 where a place excludes no other.

    A place holds its resource for ``widest`` microseconds at least, so that it holds a multiple of that: its instant.
    """
    found = np.full((len(options), 2), _ALONE)
    if overbooked or not holds_alone(options):
        return found
    for number, way in enumerate(options.ways):
        for part, resource in zip(options.booking.allocations, way, strict=True):
            calendar = options.practice.calendars.get(resource)
            if calendar is not None and calendar.capacity == 1:
                mine = (options.way == number).nonzero()[0]
                found[mine, 0] = resource
                found[mine, 1] = -(-(part.occupied.start_us + options.by[mine]) // widest)
                break
    return found


def holds_alone(options: Options) -> bool:
    """Whether a booking keeps its time for itself: it is no session, no stay, and blocks."""
    booking, practice = options.booking, options.practice
    blocks = booking.status is not BookingStatus.PENDING or practice.policy.pending_blocks
    return blocks and booking.seats is None and not isinstance(options.rules.duration, CalendarDays)


def assigned(options: Sequence[Options], useful: Sequence[Int64Array], scale: Scale) -> Assignment:
    """The cheapest assignment of some places to cells.

    Args:
        options: The places of each booking.
        useful: Which of them are looked at.
        scale: How costs become numbers.
    """
    policy = options[0].practice.policy
    lengths = [part.occupied.end_us - part.occupied.start_us for one in options for part in one.booking.allocations]
    own = [
        cells(one, min(lengths), overbooked=policy.overbooking is not None)[some]
        for one, some in zip(options, useful, strict=True)
    ]
    codes = [scale.codes(one)[some] for one, some in zip(options, useful, strict=True)]
    every = np.concatenate(own)
    _, column = np.unique(every, axis=0, return_inverse=True)
    shared = int(column.max(initial=-1)) + 1
    # A column for each cell, then one for each booking alone: what excludes nothing, and not to be saved.
    size, rows, begin = len(options), [], 0
    huge = scale.unsaved * (size + 1) * 2
    matrix = np.full((size, shared + size), huge, np.int64 if scale.exact else object)
    for number, (part, code) in enumerate(zip(own, codes, strict=True)):
        mine = np.where(part[:, 0] == _ALONE, shared + number, column[begin : begin + len(part)].ravel())
        begin += len(part)
        rows.append(mine)
        # Options are in order of their cost, so the last to be written in turned order is the cheapest.
        matrix[number, mine[::-1]] = code[::-1]
        matrix[number, shared + number] = min(matrix[number, shared + number], scale.unsaved)
    match, up, across, least = _hungarian(matrix)
    spare = [
        np.append(code - up[number] - across[mine], scale.unsaved - up[number] - across[shared + number])
        for number, (code, mine) in enumerate(zip(codes, rows, strict=True))
    ]
    places = []
    for number, (code, mine, some) in enumerate(zip(codes, rows, useful, strict=True)):
        there = (mine == match[number]).nonzero()[0]
        saved = len(there) and code[there[0]] < scale.unsaved
        places.append(int(some[there[0]]) if saved else -1)
    return Assignment(least, spare, places)


# In: whole numbers, n rows and at least n columns. Out: the column of each row in the cheapest assignment; potentials
# with matrix[i, j] >= up[i] + across[j] everywhere, and equal where assigned; and what the rows from each one on cost.
# Rows come in from the last one to the first: after each the assignment of those that are in is the cheapest there is.
def _hungarian(matrix: npt.NDArray[Any]) -> tuple[list[int], npt.NDArray[Any], npt.NDArray[Any], list[int]]:
    size, columns = matrix.shape
    zero = np.zeros(1, matrix.dtype)
    up, across = zero.repeat(size), zero.repeat(columns + 1)
    owner = np.full(columns + 1, -1)  # the last column stands for the row that comes in
    least = [0]
    for number in range(size - 1, -1, -1):
        owner[columns] = number
        place, came = columns, np.full(columns, columns)
        reach = np.full(columns, matrix.max() * 4 + 1, matrix.dtype)
        seen = np.zeros(columns + 1, np.bool_)
        while owner[place] >= 0:
            seen[place] = True
            row = owner[place]
            open_ = (~seen[:columns]).nonzero()[0]
            fresh = matrix[row, open_] - up[row] - across[open_]
            nearer = fresh < reach[open_]
            reach[open_[nearer]], came[open_[nearer]] = fresh[nearer], place
            best = int(open_[reach[open_].argmin()])
            step = reach[best]
            mine = seen.nonzero()[0]
            up[owner[mine]] += step
            across[mine] -= step
            reach[open_] -= step
            place = best
        while place != columns:
            before = int(came[place])
            owner[place] = owner[before]
            place = before
        least.insert(0, int(-across[columns]))
    match = [0] * size
    for column, row in enumerate(owner[:columns].tolist()):
        if row >= 0:
            match[row] = column
    return match, up, across[:columns], least
