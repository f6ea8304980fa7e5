"""The candidates of a choice as columns: one person at a start, or all the people of a visit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from petpro_core._checks import as_column, frozen
from petpro_core.errors import InvalidIntervalError, InvalidValueError
from petpro_core.intervals import FIRST_US, LAST_US, Int64Array

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from petpro_core.slots import SlotTable

__all__ = ["Candidates"]


@attrs.frozen(eq=False, repr=False)
class Candidates:
    """What may be chosen: candidate i has the people and times at ``offsets[i]:offsets[i + 1]`` of the other columns.

    Where a visit needs one person each candidate has one row, and the offsets may be left out. Where it needs several
    the first row is the one by whom the candidate is named; rooms need no row, unless they are to be shared fairly too.
    Every column is read-only int64.

        >>> Candidates.from_columns(resource=[7, 8], start=[0, 0], end=[60_000_000, 60_000_000])
        <Candidates: 2 of 2 people>
        >>> Candidates.from_columns(resource=[7, 9, 8, 9], start=[0] * 4, end=[60_000_000] * 4, offsets=[0, 2, 4])
        <Candidates: 2 of 3 people>

    Attributes:
        offsets: int64[n + 1]: where each candidate's rows begin and end; each has at least one.
        resource: int64[m]: handles, 0 or more.
        start: int64[m]: microseconds since 1970-01-01T00:00Z.
        end: int64[m]: likewise, after ``start``.
        cost: int64[n]: the caller's own number for each candidate, smaller is better, -2**62 to 2**62: minutes of
            travel, minutes that a start strands. 0 by default.

    Source: ADR 3 (the layout is compressed sparse rows).
    """

    offsets: Int64Array
    resource: Int64Array
    start: Int64Array
    end: Int64Array
    cost: Int64Array

    @classmethod
    def from_columns(
        cls,
        *,
        resource: npt.ArrayLike,
        start: npt.ArrayLike,
        end: npt.ArrayLike,
        cost: npt.ArrayLike | None = None,
        offsets: npt.ArrayLike | None = None,
    ) -> Candidates:
        """Candidates from columns, which are copied.

        Raises:
            InvalidValueError: Columns of different lengths or not of whole numbers, a negative handle, offsets that do
                not rise from 0 to the number of rows, or a cost outside its bounds.
            InvalidIntervalError: An end that does not lie after its start, or outside the years 1 to 9999.
        """
        handles, starts, ends = (
            as_column(name, values) for name, values in (("resource", resource), ("start", start), ("end", end))
        )
        size = len(handles) if handles.ndim == 1 else -1
        if not handles.shape == starts.shape == ends.shape == (size,) or handles.min(initial=0) < 0:
            msg = (
                "candidates are columns of one length, with handles of 0 or more, got shapes "
                f"{handles.shape}, {starts.shape} and {ends.shape}, and the handles {handles.tolist()}"
            )
            raise InvalidValueError(msg, name="resource", got=handles.tolist())
        wrong = (ends <= starts) | (starts < FIRST_US) | (ends > LAST_US)
        if wrong.any():
            row = int(wrong.argmax())
            msg = (
                f"row {row}: a candidate ends after it starts, in the years 1 to 9999, "
                f"got {starts[row]} to {ends[row]} us since 1970"
            )
            raise InvalidIntervalError(msg, row=row)
        bounds = frozen(np.arange(size + 1)) if offsets is None else as_column("offsets", offsets)
        whole = bounds.ndim == 1 and len(bounds) > 0 and bounds[0] == 0 and bounds[-1] == size
        if not whole or (bounds[1:] <= bounds[:-1]).any():
            msg = f"offsets rise from 0 to the {size} rows, with at least one row each, got {bounds.tolist()}"
            raise InvalidValueError(msg, name="offsets", got=bounds.tolist())
        number = len(bounds) - 1
        costs = frozen(np.zeros(number, np.int64)) if cost is None else as_column("cost", cost)
        if costs.shape != (number,) or (number and not -(2**62) <= costs.min() <= costs.max() <= 2**62):
            msg = f"cost has one number from -2**62 to 2**62 for each of {number} candidates, got {costs.tolist()}"
            raise InvalidValueError(msg, name="cost", got=costs.tolist())
        return cls(bounds, handles, starts, ends, costs)

    @classmethod
    def of(cls, slots: SlotTable, *, cost: npt.ArrayLike | None = None) -> Candidates:
        """The starts that a search found, each a candidate, in the order of the table.

            >>> from datetime import UTC, datetime, timedelta
            >>> from petpro_core import ALWAYS, BookingTable, Calendar, Interval, Schedule, SlotRules, WeeklyHours
            >>> from petpro_core import find_slots
            >>> found = find_slots(
            ...     [Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-10:00"]})))] * 2,
            ...     busy=BookingTable.empty(known=ALWAYS),
            ...     rules=SlotRules(timedelta(hours=1)),
            ...     within=Interval(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)),
            ...     now=datetime(2026, 11, 20, tzinfo=UTC),
            ... )
            >>> Candidates.of(found).resource.tolist()
            [0, 1]

        Raises:
            InvalidValueError: ``cost`` has not one number for each start.
        """
        return cls.from_columns(resource=slots.handles[slots.rows], start=slots.starts, end=slots.ends, cost=cost)

    def __len__(self) -> int:
        """How many candidates."""
        return len(self.offsets) - 1

    def __repr__(self) -> str:
        """Say how much there is."""
        return f"<Candidates: {len(self)} of {len(np.unique(self.resource))} people>"

    def best(self, column: Int64Array) -> Int64Array:
        """The least value among the rows of each candidate."""
        least: Int64Array = np.minimum.reduceat(column, self.offsets[:-1]) if len(self) else column
        return least

    def worst(self, column: Int64Array) -> Int64Array:
        """The greatest value among the rows of each candidate."""
        most: Int64Array = np.maximum.reduceat(column, self.offsets[:-1]) if len(self) else column
        return most

    def people(self, place: int) -> tuple[int, ...]:
        """The handles of one candidate, in the order of its rows."""
        return tuple(self.resource[self.offsets[place] : self.offsets[place + 1]].tolist())

    def take(self, places: Sequence[int] | Int64Array) -> Candidates:
        """Some of the candidates, by their places, in that order."""
        rows = [np.arange(self.offsets[place], self.offsets[place + 1]) for place in np.asarray(places, np.int64)]
        index = np.concatenate([np.empty(0, np.int64), *rows])
        return Candidates.from_columns(
            resource=self.resource[index],
            start=self.start[index],
            end=self.end[index],
            cost=self.cost[np.asarray(places, np.int64)],
            offsets=np.append(0, np.cumsum([len(row) for row in rows], dtype=np.int64)),
        )

    def to_plain(self) -> dict[str, list[int]]:
        """The columns as lists of numbers, as a record of a choice keeps them."""
        return {name: getattr(self, name).tolist() for name in ("offsets", "resource", "start", "end", "cost")}
