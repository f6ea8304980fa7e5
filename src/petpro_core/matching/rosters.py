"""Whether a roster has enough people: where too few or too many are on duty for what is demanded.

Every demand is counted by itself: one person may count for several (a vet who is also the dentist). Whether one person
is needed in two places at once is a question about visits, not about a roster.
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core._checks import LARGEST, NONE, as_column, as_each, as_kind, frozen, kind, whole
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import Interval, IntervalBatch, IntervalSet
from petpro_core.matching._work import as_resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from petpro_core.intervals import Int64Array

__all__ = ["CoverageGap", "CoverageReason", "CoverageTable", "StaffDemand", "find_coverage_gaps"]

_MOST_PEOPLE: Final = 10_000


class CoverageReason(enum.StrEnum):
    """What is wrong with the number of people on duty; the values are stable codes.

    - ``NOBODY``: nobody who counts is on duty.
    - ``TOO_FEW``: some are, and not enough.
    - ``TOO_MANY``: more than wanted.
    - ``NOT_ENOUGH_PEOPLE``: fewer people count than are demanded, so that no roster could do it.

        >>> [str(reason) for reason in CoverageReason]
        ['nobody', 'too_few', 'too_many', 'not_enough_people']

    Source: ADR 2.
    """

    NOBODY = "nobody"
    TOO_FEW = "too_few"
    TOO_MANY = "too_many"
    NOT_ENOUGH_PEOPLE = "not_enough_people"


_REASONS: Final = tuple(CoverageReason)


def _as_set(value: IntervalSet | Interval) -> IntervalSet:
    return IntervalSet.of(value) if isinstance(value, Interval) else value


def _as_among(value: Iterable[int] | None) -> tuple[int, ...] | None:
    if value is None:
        return None
    handles, _ = as_resources(tuple(value) if isinstance(value, Collection) else value)  # type: ignore[arg-type]  # refused there
    return tuple(handles.tolist())


@attrs.frozen
class StaffDemand:
    """How many people are wanted, when, and who counts.

        >>> StaffDemand(Interval.from_us(0, 60_000_000), least=2, most=4).most
        4

    Attributes:
        during: The time for which it holds; one interval is taken too.
        least: At least so many, 0 to 10,000; 1 by default.
        most: At most so many, ``least`` to 10,000; ``None`` = any number.
        among: Handles of those who count, each once: who has a skill, or is of a kind; ``None`` = everybody.
        name: What a person is told (``"a dentist"``).

    Raises:
        InvalidValueError: A value of another type or outside its bounds, or more wanted than allowed.

    Source: ADR 15 (at least k of n).
    """

    during: IntervalSet = attrs.field(converter=_as_set, validator=kind(IntervalSet))
    least: int = attrs.field(default=1, validator=whole(0, _MOST_PEOPLE), kw_only=True)
    most: int | None = attrs.field(default=None, validator=whole(0, _MOST_PEOPLE, beside=(NONE,)), kw_only=True)
    among: tuple[int, ...] | None = attrs.field(default=None, converter=_as_among, kw_only=True)
    name: str = attrs.field(default="", validator=kind(str), kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse a demand that no number of people can meet."""
        if self.most is not None and self.most < self.least:
            msg = f"most is at least least, got least={self.least} and most={self.most}; no number is both"
            raise InvalidValueError(msg, name="most", least=self.least, most=self.most)


@attrs.frozen
class CoverageGap:
    """Some time in which the number of people on duty is wrong for one demand.

    Attributes:
        demand: Which of the demands, counted from 0.
        interval: When.
        count: How many who count are on duty.
        missing: How many more are needed; 0 where there are too many.
        surplus: How many are too many; 0 where there are too few.
        reason: What is wrong.

    Source: ADR 2.
    """

    demand: int
    interval: Interval
    count: int
    missing: int
    surplus: int
    reason: CoverageReason


@attrs.frozen(eq=False, repr=False)
class CoverageTable:
    """Where a roster fails its demands, as read-only int64 columns in order of demand and time.

    Between the rows every demand is met. It iterates as ``CoverageGap`` objects; ``find_coverage_gaps`` makes it.

    Attributes:
        demand: Which of the demands each row is about.
        start: Microseconds since 1970-01-01T00:00Z.
        end: Likewise.
        count: How many who count are on duty, the same for all of the row.
        missing: How many more are needed.
        surplus: How many are too many.
        reason: The number of the reason in ``CoverageReason``.

    Source: ADR 3.
    """

    demand: Int64Array
    start: Int64Array
    end: Int64Array
    count: Int64Array
    missing: Int64Array
    surplus: Int64Array
    reason: Int64Array

    def __attrs_post_init__(self) -> None:
        """Freeze the columns."""
        for name in ("demand", "start", "end", "count", "missing", "surplus", "reason"):
            frozen(getattr(self, name))

    def __len__(self) -> int:
        """How many rows."""
        return len(self.demand)

    def __getitem__(self, place: int) -> CoverageGap:
        """One row as an object; a negative place counts from the last."""
        at = range(len(self))[place]
        return CoverageGap(
            int(self.demand[at]),
            Interval.from_us(int(self.start[at]), int(self.end[at])),
            int(self.count[at]),
            int(self.missing[at]),
            int(self.surplus[at]),
            _REASONS[int(self.reason[at])],
        )

    def __iter__(self) -> Iterator[CoverageGap]:
        """Every row as an object."""
        return (self[place] for place in range(len(self)))

    def __repr__(self) -> str:
        """Say how much there is."""
        return f"<CoverageTable of {len(self)} gaps>"

    @property
    def missing_us(self) -> int:
        """The time of people that is missing altogether: two who lack for an hour are two hours."""
        return int(((self.end - self.start) * self.missing).sum())


def find_coverage_gaps(
    demands: StaffDemand | Iterable[StaffDemand],
    *,
    on_duty: IntervalBatch,
    handles: Sequence[int] | Int64Array | None = None,
) -> CoverageTable:
    """Where too few or too many people are on duty, for each demand.

        >>> hour = 3_600_000_000
        >>> on_duty = IntervalBatch.from_us([0, 1, 2], [8 * hour, 10 * hour], [12 * hour, 16 * hour])
        >>> wanted = StaffDemand(Interval.from_us(8 * hour, 17 * hour), least=2)
        >>> for gap in find_coverage_gaps(wanted, on_duty=on_duty, handles=[7, 8]):
        ...     print(gap.interval, gap.count, gap.missing, gap.reason)
        Interval(1970-01-01 08:00 to 10:00 UTC) 1 1 too_few
        Interval(1970-01-01 12:00 to 16:00 UTC) 1 1 too_few
        Interval(1970-01-01 16:00 to 17:00 UTC) 0 2 nobody

    Args:
        demands: One or several.
        on_duty: A row of time for each person, for example of ``open_hours``; without what is booked.
        handles: The person of each row, each once; 0, 1, 2, ... by default.

    Raises:
        InvalidValueError: Something else than demands, not one handle for each row, or somebody among whom a demand
            counts who is not in the roster.

    Cost: a sweep for each number of people that is too few or too many. Source: ADR 15 (one coverage sweep).
    """
    given = as_each(StaffDemand, "demands", demands)
    as_kind("on_duty", on_duty, IntervalBatch)
    numbers, _ = as_resources(np.arange(len(on_duty)) if handles is None else handles)
    if len(numbers) != len(on_duty):
        msg = f"every row on duty has the handle of its person, got {len(numbers)} handles for {len(on_duty)} rows"
        raise InvalidValueError(msg, name="handles", got=len(numbers), rows=len(on_duty))
    row_of = {handle: row for row, handle in enumerate(numbers.tolist())}
    rows: list[tuple[int, ...]] = []
    for place, demand in enumerate(given):
        if strangers := sorted(set(demand.among or ()) - set(row_of)):
            msg = f"a demand counts people of the roster, got {strangers} who are not in it; give their time too"
            raise InvalidValueError(msg, name="among", got=strangers, demand=place)
        people = on_duty
        if demand.among is not None:
            people = IntervalBatch([on_duty[row_of[handle]] for handle in demand.among])
        found = [(place, *gap) for gap in _gaps(demand, people)]
        rows += sorted(found, key=lambda row: row[1])
    columns = as_column("gaps", rows).reshape(-1, 7).T.copy()
    return CoverageTable(*columns)


# Exactly `count` people are on duty where at least that many are, and not one more.
def _gaps(demand: StaffDemand, people: IntervalBatch) -> Iterator[tuple[int, ...]]:
    short = range(min(demand.least, len(people) + 1))
    most = LARGEST if demand.most is None else demand.most
    for count in (*short, *range(most + 1, len(people) + 1)):
        here = people.at_least(count) & demand.during if count else demand.during
        here -= people.at_least(count + 1)
        missing, surplus = max(demand.least - count, 0), max(count - most, 0)
        reason = _reason(demand, people, count)
        for start, end in zip(here.starts.tolist(), here.ends.tolist(), strict=True):
            yield start, end, count, missing, surplus, _REASONS.index(reason)


def _reason(demand: StaffDemand, people: IntervalBatch, count: int) -> CoverageReason:
    if count >= demand.least:
        return CoverageReason.TOO_MANY
    if demand.least > len(people):
        return CoverageReason.NOT_ENOUGH_PEOPLE
    return CoverageReason.TOO_FEW if count else CoverageReason.NOBODY
