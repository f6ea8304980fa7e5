"""Many requests at once: who takes what, with as few left out as can be, and then at the least cost.

The rule is that of a calendar: a resource serves one request at a time, and requests that touch do not overlap. Costs
are separable: what a request costs on a resource does not depend on who gets the others. (A share of work is not
separable over many requests; the load so far is a fair stand-in for a morning's worth of them.)

What is solved exactly: where all requests that could meet on a resource overlap each other, it is the assignment
problem, of any size. Where a resource can take several one after another it is the k-track assignment problem, which is
hard; it falls apart into groups that share no time and no resource, and each group is searched with at most ``limit``
partial answers kept at once. The answer says whether it is proved to be best, and if not, what none can go below.

Source: ``_hungarian`` and ``_tracks`` name the methods.
"""

from __future__ import annotations

import enum
from functools import cached_property
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core._checks import as_column, as_whole, frozen
from petpro_core.bookings.table import NOBODY
from petpro_core.errors import InvalidIntervalError, InvalidValueError, LimitExceededError, OutOfRangeError
from petpro_core.intervals import FIRST_US, LAST_US, Int64Array, Interval
from petpro_core.matching._hungarian import LEFT_OUT, MOST, cheapest
from petpro_core.matching._tracks import Tracked, Tracks

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Mask = npt.NDArray[np.bool_]

__all__ = ["Assignment", "AssignmentTable", "Unassigned", "assign"]

_MOST_REQUESTS: Final = 5_000
_STATES: Final = 2_000


class Unassigned(enum.StrEnum):
    """Why a request got nobody; the values are stable codes.

    - ``NOBODY_ELIGIBLE``: no resource may do it.
    - ``NOBODY_FREE``: some may, and none of them is free for it.
    - ``OUTWEIGHED``: some may and are free, but at that time they are with other requests of the same batch.

        >>> [str(reason) for reason in Unassigned]
        ['nobody_eligible', 'nobody_free', 'outweighed']

    Source: ADR 2 (a reason with every no).
    """

    NOBODY_ELIGIBLE = "nobody_eligible"
    NOBODY_FREE = "nobody_free"
    OUTWEIGHED = "outweighed"


_REASONS: Final = tuple(Unassigned)


@attrs.frozen
class Assignment:
    """Who takes one request, or why nobody does.

    Attributes:
        request: The request's handle.
        interval: Its time.
        resource: The handle of who takes it; ``None`` = nobody.
        cost: What that costs; 0 for nobody.
        reason: Why nobody takes it; ``None`` where somebody does.
        outweighed_by: For ``OUTWEIGHED`` the requests that have the resources it could have had, by handle.

    Source: ADR 2.
    """

    request: int
    interval: Interval
    resource: int | None
    cost: int
    reason: Unassigned | None
    outweighed_by: tuple[int, ...]


# Not slotted: it has a cached property.
@attrs.frozen(eq=False, repr=False, kw_only=True, slots=False)
class AssignmentTable:
    """Who takes which request, as columns in the order of the requests given; it iterates as ``Assignment`` objects.

    Every column is read-only int64. ``assign`` makes it.

    Attributes:
        request: The requests' handles.
        start: Their starts.
        end: Their ends.
        resource: The handle of who takes each; -1 = nobody.
        cost: What that costs; 0 for nobody.
        reason: Why nobody takes it: the number of the reason in ``Unassigned``; -1 where somebody does.
        optimal: Whether no answer leaves fewer out, and none that leaves as few out costs less. False = not proved.
        unassigned_at_least: No answer leaves fewer out than this.
        cost_at_least: No answer that leaves as many out as this one costs less than this.

    Source: ADR 2, ADR 3.
    """

    request: Int64Array
    start: Int64Array
    end: Int64Array
    resource: Int64Array
    cost: Int64Array
    reason: Int64Array
    optimal: bool
    unassigned_at_least: int
    cost_at_least: int
    _column: Int64Array
    _allowed: Mask

    def __attrs_post_init__(self) -> None:
        """Freeze the columns."""
        for column in (self.request, self.start, self.end, self.resource, self.cost, self.reason):
            frozen(column)

    def __len__(self) -> int:
        """How many requests."""
        return len(self.request)

    @cached_property
    def unassigned(self) -> Int64Array:
        """The handles of the requests that nobody takes, in the order given."""
        return frozen(self.request[self.resource == NOBODY])

    @property
    def total_cost(self) -> int:
        """What all of it costs."""
        return int(self.cost.sum())

    def __getitem__(self, place: int) -> Assignment:
        """One request as an object; a negative place counts from the last."""
        at = range(len(self))[place]
        number = int(self.reason[at])
        reason = None if number < 0 else _REASONS[number]
        return Assignment(
            int(self.request[at]),
            Interval.from_us(int(self.start[at]), int(self.end[at])),
            None if reason else int(self.resource[at]),
            int(self.cost[at]),
            reason,
            self._rivals(at) if reason is Unassigned.OUTWEIGHED else (),
        )

    def __iter__(self) -> Iterator[Assignment]:
        """Every request as an object, in the order given."""
        return (self[place] for place in range(len(self)))

    def __repr__(self) -> str:
        """Say how much there is, and how good it is."""
        proved = "the best there is" if self.optimal else "not proved to be the best"
        return f"<AssignmentTable of {len(self)} requests, {len(self.unassigned)} of them with nobody, {proved}>"

    def _rivals(self, place: int) -> tuple[int, ...]:
        meets = (self.start < self.end[place]) & (self.end > self.start[place]) & (self._column != LEFT_OUT)
        others = meets.nonzero()[0]
        others = others[self._allowed[place, self._column[others]]]
        return tuple(np.sort(self.request[others]).tolist())


def _times(request: npt.ArrayLike, start: npt.ArrayLike, end: npt.ArrayLike) -> tuple[Int64Array, ...]:
    handles, starts, ends = (
        as_column(name, values) for name, values in (("request", request), ("start", start), ("end", end))
    )
    size = len(handles) if handles.ndim == 1 else -1
    if not handles.shape == starts.shape == ends.shape == (size,) or len(np.unique(handles)) < size:
        msg = (
            "requests are columns of one length, and each handle stands there once, got shapes "
            f"{handles.shape}, {starts.shape} and {ends.shape}, and the handles {handles.tolist()}"
        )
        raise InvalidValueError(msg, name="request", got=handles.tolist())
    if size > _MOST_REQUESTS:
        msg = f"{size} requests are more than limit={_MOST_REQUESTS} at once; assign a shorter time after another"
        raise LimitExceededError(msg, limit=_MOST_REQUESTS, got=size)
    wrong = (ends <= starts) | (starts < FIRST_US) | (ends > LAST_US)
    if wrong.any():
        row = int(wrong.argmax())
        msg = f"row {row}: a request ends after it starts, in the years 1 to 9999, got {starts[row]} to {ends[row]} us"
        raise InvalidIntervalError(msg, row=row)
    return handles, starts, ends


def _matrix(name: str, values: npt.ArrayLike | None, shape: tuple[int, int]) -> Mask:
    if values is None:
        return np.ones(shape, np.bool_)
    array = np.array(values)
    if array.shape != shape or (array.size and array.dtype != np.bool_):
        msg = f"{name} says true or false for each of {shape[0]} requests and {shape[1]} resources, got {array.dtype} "
        msg += f"of shape {array.shape}"
        raise InvalidValueError(msg, name=name, got=array.shape, allowed=shape)
    return array.astype(np.bool_, copy=False)


def assign(
    *,
    request: npt.ArrayLike,
    start: npt.ArrayLike,
    end: npt.ArrayLike,
    resource: npt.ArrayLike,
    cost: npt.ArrayLike | None = None,
    eligible: npt.ArrayLike | None = None,
    free: npt.ArrayLike | None = None,
    limit: int = _STATES,
) -> AssignmentTable:
    """Give each request a resource: as few left out as can be, and then the least sum of costs.

        >>> hour = 3_600_000_000
        >>> table = assign(
        ...     request=[31, 32, 33],
        ...     start=[9 * hour, 9 * hour, 10 * hour],
        ...     end=[10 * hour, 11 * hour, 11 * hour],
        ...     resource=[7, 8],
        ...     cost=[[0, 5], [0, 5], [0, 5]],
        ... )
        >>> table.resource.tolist(), table.total_cost, table.optimal
        ([7, 8, 7], 5, True)

    Ties go to the same answer whatever the order of requests and resources. Cost: a group of requests that all overlap
    each other takes n searches over the resources; else each group takes at most n times ``limit`` times the number of
    resources (a day of 60 visits and 12 people some 0.1 s).

    Args:
        request: int64[n]: handles, each once.
        start: int64[n]: microseconds since 1970-01-01T00:00Z, with the buffer before.
        end: int64[n]: likewise, with the buffer after.
        resource: int64[m]: handles; one of capacity k is given k times.
        cost: int64[n, m]: smaller is better, may be negative; all 0 by default.
        eligible: bool[n, m]: who may do what; everybody everything by default.
        free: bool[n, m]: who is free for what, for example by ``check_booking_batch``; always by default.
        limit: How many partial answers the search keeps at once, 1 to 1,000,000: the bound within which it is exact.

    Raises:
        InvalidValueError: Columns of different lengths, a request twice, or a matrix of another shape.
        InvalidIntervalError: An end that does not lie after its start, or outside the years 1 to 9999.
        LimitExceededError: More than 5,000 requests.
        OutOfRangeError: Costs so large that their sums would leave 58 bits.

    Source: docs/how-to/share-work.md.
    """
    handles, starts, ends = _times(request, start, end)
    people = as_column("resource", resource)
    if people.ndim != 1 or people.min(initial=0) < 0:
        msg = f"resource is a column of handles, 0 or more, got {people.tolist()}"
        raise InvalidValueError(msg, name="resource", got=people.tolist())
    as_whole("limit", limit, 1, 1_000_000)
    shape = (len(handles), len(people))
    costs = np.zeros(shape, np.int64) if cost is None else as_column("cost", cost)
    if costs.shape != shape:
        msg = f"cost has a number for each of {shape[0]} requests and {shape[1]} resources, got shape {costs.shape}"
        raise InvalidValueError(msg, name="cost", got=costs.shape, allowed=shape)
    may, can = _matrix("eligible", eligible, shape), _matrix("free", free, shape)
    rows, columns = np.lexsort((handles, ends, starts)), people.argsort(kind="stable")
    solved = _solve(starts[rows], ends[rows], costs[np.ix_(rows, columns)], (may & can)[np.ix_(rows, columns)], limit)
    column = np.empty_like(solved.choice)
    column[rows] = np.where(solved.choice == LEFT_OUT, LEFT_OUT, np.append(columns, LEFT_OUT)[solved.choice])
    got = column != LEFT_OUT
    place = np.where(got, column, 0)
    reason = np.where((may & can).any(axis=1), 2, np.where(may.any(axis=1), 1, 0))
    reached = int(costs[np.arange(len(handles))[got], column[got]].sum())
    return AssignmentTable(
        request=handles,
        start=starts,
        end=ends,
        resource=np.where(got, np.append(people, NOBODY)[place], NOBODY),
        cost=np.where(got, np.column_stack([costs, np.zeros(len(costs), np.int64)])[np.arange(len(costs)), place], 0),
        reason=np.where(got, -1, reason),
        optimal=solved.proved,
        unassigned_at_least=solved.left_out_at_least,
        cost_at_least=reached - solved.slack,
        column=column,
        allowed=may & can,
    )


@attrs.frozen(eq=False)
class _Solved:
    """The column of each request, what is proved of it, and by how much another might be cheaper."""

    choice: Int64Array
    left_out_at_least: int
    slack: int
    proved: bool


# In: requests by start. Requests without anybody are left out; all others fall into groups that share no time and no
# column, and the best of all is the best of each.
def _solve(starts: Int64Array, ends: Int64Array, costs: Int64Array, allowed: Mask, limit: int) -> _Solved:
    choice = np.full(len(starts), LEFT_OUT)
    hopeful = np.flatnonzero(allowed.any(axis=1))
    left_out, slack, proved = len(starts) - len(hopeful), 0, True
    for members in _groups(starts, ends, allowed, hopeful):
        columns = np.flatnonzero(allowed[members].any(axis=0))
        part, may = costs[np.ix_(members, columns)], allowed[np.ix_(members, columns)]
        above = int(part.max(axis=1, where=may, initial=0).sum())
        below = int(part.min(axis=1, where=may, initial=0).sum())
        # More than any two sums of costs differ by, so that fewest left out comes first.
        penalty = above - below + 1
        if 2 * len(members) * max(penalty, int(np.abs(part).max())) >= MOST:
            msg = f"costs of {len(members)} requests that compete stay below 58 bits in sum, got costs up to "
            msg += f"{np.abs(part).max()}; use smaller units"
            raise OutOfRangeError(msg, name="cost", got=int(np.abs(part).max()))
        found = _group(starts[members], ends[members], part, may, penalty, limit)
        mine = found.choice != LEFT_OUT
        choice[members[mine]] = columns[found.choice[mine]]
        lost = len(members) - int(np.count_nonzero(mine))
        sure = found.bound == found.value
        left_out += lost if sure else max(0, -((above - found.bound) // penalty))
        slack += found.value - found.bound
        proved &= sure
    return _Solved(choice, left_out, slack, proved)


def _group(starts: Int64Array, ends: Int64Array, costs: Int64Array, may: Mask, penalty: int, limit: int) -> Tracked:
    overlap = (starts[:, None] < ends) & (starts < ends[:, None])
    if not (_shared(may) & ~overlap).any():
        choice, u, v = cheapest(costs, may, penalty)
        value = int(u.sum() + v.sum())
        return Tracked(choice, value, value)
    return Tracks.of(starts, ends, costs, may, penalty).solve(limit)


# Which two requests could both go to one column. Counted in float32, exact up to 2**24 columns.
def _shared(allowed: Mask) -> Mask:
    numbers = allowed.astype(np.float32)
    shared: Mask = numbers @ numbers.T > 0
    return shared


def _groups(starts: Int64Array, ends: Int64Array, allowed: Mask, hopeful: Int64Array) -> Iterator[Int64Array]:
    if not len(hopeful):
        return
    # Between two requests where all earlier ones are over nothing is shared.
    latest = np.maximum.accumulate(ends[hopeful])
    cuts = (starts[hopeful][1:] >= latest[:-1]).nonzero()[0] + 1
    for run in np.split(hopeful, cuts):
        low, high = starts[run], ends[run]
        meets: Mask = (low[:, None] < high) & (low < high[:, None]) & _shared(allowed[run])
        left: Mask = np.ones(len(run), np.bool_)
        while left.any():
            group: Mask = np.zeros(len(run), np.bool_)
            edge: Mask = np.zeros(len(run), np.bool_)
            edge[left.argmax()] = True
            while edge.any():
                group |= edge
                edge = meets[edge].any(axis=0) & ~group
            left &= ~group
            yield run[group]
