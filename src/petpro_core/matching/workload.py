"""How work was shared: minutes, visits, shares and lateness by person and local week, with two numbers for fairness.

A visit counts in the week in which it starts, with its whole length and without its buffers; a session counts once. The
numbers are those of ``LoadTable``, so that what a strategy evens out is what the report shows.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core import _sweeps
from petpro_core._checks import as_column, as_kind, as_whole, frozen
from petpro_core.availability import LocalDays
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import to_us
from petpro_core.matching._work import WORKED, as_resources, as_weights, exact, place_of, work_in
from petpro_core.schedules.weekly import day_number, day_of_number

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import date, datetime

    import numpy.typing as npt

    from petpro_core.bookings import BookingStatus, BookingTable
    from petpro_core.intervals import Int64Array
    from petpro_core.matching._work import Resources

    Floats = npt.NDArray[np.float64]

__all__ = ["WorkloadRow", "WorkloadTable", "jain_index", "share_error"]

_MONDAY: Final = 3  # 1970-01-01 was a Thursday; Monday is 0
_MINUTE_US: Final = 60_000_000


def jain_index(booked_us: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> float:
    """Jain's index of fairness, from 1/n (one has all) to 1 (everybody has work as their weight says).

    It looks at x = booked time / weight: (sum of x)^2 / (n * sum of x^2). Where nobody has anything it is 1.

        >>> jain_index([60, 60, 60]), jain_index([90, 0, 0]), jain_index([100, 50], [2, 1])
        (1.0, 0.3333333333333333, 1.0)

    Args:
        booked_us: What each person has; any unit, not negative.
        weight: What each should have beside the others; 1 by default.

    Raises:
        InvalidValueError: A negative number, a weight below 1, or columns of different lengths.

    Source: Jain, Chiu and Hawe, DEC Research Report TR-301, 1984.
    """
    booked, weights = _pair(booked_us, weight)
    felt = booked / weights
    squares = float((felt * felt).sum())
    return float(felt.sum()) ** 2 / (len(felt) * squares) if squares else 1.0


def share_error(booked_us: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> float:
    """The most by which anybody's share of the work differs from what their weight says, from 0 to 1.

    Where nobody has anything it is 0.

        >>> share_error([60, 60]), share_error([90, 30], [1, 1])
        (0.0, 0.25)

    Args:
        booked_us: What each person has; any unit, not negative.
        weight: What each should have beside the others; 1 by default.

    Raises:
        InvalidValueError: A negative number, a weight below 1, or columns of different lengths.

    Source: the largest deviation of shares, as docs/how-to/share-work.md compares strategies by it.
    """
    booked, weights = _pair(booked_us, weight)
    every = float(booked.sum())
    return float(np.abs(booked / every - weights / weights.sum()).max()) if every else 0.0


def _pair(booked_us: npt.ArrayLike, weight: npt.ArrayLike | None) -> tuple[Floats, Floats]:
    booked = as_column("booked_us", booked_us)
    if booked.ndim != 1 or booked.min(initial=0) < 0:
        msg = f"booked_us is one column of numbers that are not negative, got {booked.tolist()}"
        raise InvalidValueError(msg, name="booked_us", got=booked.tolist())
    return booked.astype(np.float64), as_weights(weight, len(booked)).astype(np.float64)


@attrs.frozen
class WorkloadRow:
    """One person in one week.

    Attributes:
        resource: Who.
        week: The local date of its Monday.
        booked: The time of their visits.
        visits: How many these are.
        share: Of everybody's time in that week, 0 to 1; 0 where nobody worked.
        target: What the share should be, by weight.
        overdue: How many of their visits began after they were due.
        overdue_by: How much later, altogether.

    Source: ADR 11.
    """

    resource: int
    week: date
    booked: timedelta
    visits: int
    share: float
    target: float
    overdue: int
    overdue_by: timedelta

    @property
    def minutes(self) -> float:
        """The time of their visits in minutes."""
        return self.booked / timedelta(minutes=1)


@attrs.frozen(eq=False, repr=False)
class WorkloadTable:
    """Weeks by people: row i of each matrix is the i-th week, column j the j-th person. Everything is read-only.

    It iterates as ``WorkloadRow`` objects, week by week. ``of`` makes it.

        >>> from datetime import UTC, date, datetime
        >>> from petpro_core import ALWAYS, BookingTable
        >>> hour = 3_600_000_000
        >>> busy = BookingTable.from_columns(resource=[7, 8], start=[0, 0], end=[hour, 3 * hour], known=ALWAYS)
        >>> week = LocalDays(date(1970, 1, 1), date(1970, 1, 1), "UTC")
        >>> report = WorkloadTable.of(busy, resources=[7, 8], within=week, now=datetime(2026, 1, 1, tzinfo=UTC))
        >>> [(str(row.week), row.resource, row.minutes, row.share, row.target) for row in report]
        [('1969-12-29', 7, 60.0, 0.25, 0.5), ('1969-12-29', 8, 180.0, 0.75, 0.5)]
        >>> report.jain.tolist(), report.share_error.tolist()
        ([0.8], [0.25])

    Attributes:
        resource: int64[n]: handles.
        weight: int64[n]: what each should have beside the others.
        week: int64[k]: days from 1970-01-01 to each week's Monday.
        bounds: int64[k + 1]: the instants at which the weeks begin, and at which the last one ends.
        booked_us: int64[k, n]: time of visits.
        visits: int64[k, n]: how many.
        overdue: int64[k, n]: how many began after they were due.
        overdue_us: int64[k, n]: how much later, altogether.
        known: bool[k]: whether all bookings of the week are known; where not, the numbers may be too small.

    Source: ADR 4 (unknown is not nothing), ADR 11 (weeks from Monday at local midnight).
    """

    resource: Int64Array
    weight: Int64Array
    week: Int64Array
    bounds: Int64Array
    booked_us: Int64Array
    visits: Int64Array
    overdue: Int64Array
    overdue_us: Int64Array
    known: npt.NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        busy: BookingTable,
        *,
        resources: Resources,
        within: LocalDays,
        now: datetime,
        weight: npt.ArrayLike | None = None,
        due: Mapping[int, datetime] | None = None,
        statuses: Collection[BookingStatus] = WORKED,
    ) -> WorkloadTable:
        """Count by person and week.

        Args:
            busy: What is booked; feeds are nobody's work.
            resources: Whose work: handles, or a ``ResourceTable``, which brings its weights.
            within: Local days; every week that has one of them is counted whole. They name their zone.
            now: The present: a hold that has let go does not count.
            weight: One for each person; 1 for all by default.
            due: For a booking's number the instant by which its visit should have begun (asked for at 9:00 with a
                target of 60 minutes: due at 10:00). One that starts later is overdue; a session by its first booking.
            statuses: The states that count; all but CANCELLED and NO_SHOW by default.

        Raises:
            InvalidValueError: No zone, a handle twice, or a weight below 1.
            NaiveDatetimeError: An instant without a zone.

        Source: ADR 11.
        """
        as_kind("within", within, LocalDays)
        if within.zone is None:
            msg = f"weeks begin at somebody's midnight, got {within!r}; name the zone: LocalDays(first, last, zone)"
            raise InvalidValueError(msg, name="within", got=within)
        handles, weights = as_resources(resources)
        monday, last = (_monday(day_number(day)) for day in (within.first, within.last))
        week = np.arange(monday, last + 7, 7)
        bounds = within.zone.day_starts(monday, last + 7)[::7]
        rows = work_in(busy, (int(bounds[0]), int(bounds[-1])), now_us=to_us(now), statuses=statuses)
        person, listed = place_of(handles, busy.resource[rows])
        rows, person = rows[listed], person[listed]
        start, size = busy.start[rows], (len(week), len(handles))
        place = (bounds.searchsorted(start, "right") - 1) * size[1] + person
        late = _late(busy.booking[rows], start, {} if due is None else due)

        def summed(column: Int64Array) -> Int64Array:
            return frozen(exact(place, column, size[0] * size[1]).reshape(size))

        known = _sweeps.covers(busy.known.starts, busy.known.ends, bounds[:-1], bounds[1:])
        known.setflags(write=False)
        return cls(
            resource=handles,
            weight=as_weights(weights if weight is None else weight, len(handles)),
            week=frozen(week),
            bounds=frozen(bounds),
            booked_us=summed(busy.end[rows] - start),
            visits=summed(np.ones_like(start)),
            overdue=summed((late > 0).astype(np.int64)),
            overdue_us=summed(late),
            known=known,
        )

    def __len__(self) -> int:
        """How many rows: people times weeks."""
        return self.booked_us.size

    def __iter__(self) -> Iterator[WorkloadRow]:
        """One object for each week and person, week by week."""
        share, target = self.share, self.target
        for week, number in enumerate(self.week.tolist()):
            for person, handle in enumerate(self.resource.tolist()):
                yield WorkloadRow(
                    handle,
                    day_of_number(number),
                    timedelta(microseconds=int(self.booked_us[week, person])),
                    int(self.visits[week, person]),
                    float(share[week, person]),
                    float(target[person]),
                    int(self.overdue[week, person]),
                    timedelta(microseconds=int(self.overdue_us[week, person])),
                )

    def __repr__(self) -> str:
        """Say how much there is."""
        return f"<WorkloadTable of {len(self.week)} weeks and {len(self.resource)} people>"

    @property
    def minutes(self) -> Floats:
        """float64[k, n]: time of visits in minutes."""
        return self.booked_us / _MINUTE_US

    @property
    def share(self) -> Floats:
        """float64[k, n]: of everybody's time in the week; 0 in a week in which nobody worked."""
        every = self.booked_us.sum(axis=1, keepdims=True)
        share: Floats = self.booked_us / np.maximum(every, 1)
        return share

    @property
    def target(self) -> Floats:
        """float64[n]: what the share should be, by weight."""
        target: Floats = self.weight / max(int(self.weight.sum()), 1)
        return target

    @property
    def jain(self) -> Floats:
        """float64[k]: ``jain_index`` of each week."""
        return np.array([jain_index(row, self.weight) for row in self.booked_us])

    @property
    def share_error(self) -> Floats:
        """float64[k]: ``share_error`` of each week."""
        return np.array([share_error(row, self.weight) for row in self.booked_us])

    def together(self) -> WorkloadTable:
        """All weeks as one row, named by the first Monday.

        >>> from datetime import UTC, date, datetime
        >>> from petpro_core import ALWAYS, BookingTable
        >>> fortnight = LocalDays(date(2026, 11, 23), date(2026, 12, 6), "UTC")
        >>> nothing, now = BookingTable.empty(known=ALWAYS), datetime(2026, 11, 20, tzinfo=UTC)
        >>> WorkloadTable.of(nothing, resources=[7], within=fortnight, now=now).together()
        <WorkloadTable of 1 weeks and 1 people>
        """
        names = ("booked_us", "visits", "overdue", "overdue_us")
        sums = {name: frozen(getattr(self, name).sum(axis=0, keepdims=True)) for name in names}
        known = np.array([bool(self.known.all())])
        known.setflags(write=False)
        return attrs.evolve(self, week=self.week[:1], bounds=frozen(self.bounds[[0, -1]]), known=known, **sums)


def _monday(day: int) -> int:
    return day - (day + _MONDAY) % 7


def _late(booking: Int64Array, start: Int64Array, due: Mapping[int, datetime]) -> Int64Array:
    numbers = np.array([as_whole("due", number) for number in due], np.int64)
    instants = np.array([to_us(moment) for moment in due.values()], np.int64)
    place, told = place_of(numbers, booking)
    return np.where(told, np.maximum(start - np.append(instants, 0)[place], 0), 0)
