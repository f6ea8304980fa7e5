"""What people have got so far, and whom they know: the columns that strategies read."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np

from petpro_core._checks import TICK, as_column, as_kind, as_length, as_whole, frozen
from petpro_core.bookings import Scope
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import FIRST_US, LAST_US, Int64Array, Interval, duration_us, to_us
from petpro_core.matching._work import (
    MOST_BOOKED_US,
    SEEN,
    WORKED,
    as_resources,
    as_weights,
    check_known,
    exact,
    place_of,
    work_in,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    import numpy.typing as npt

    from petpro_core.bookings import BookingStatus, BookingTable
    from petpro_core.matching._work import Resources

__all__ = ["NOT_YET", "Familiarity", "LoadTable"]

NOT_YET: Final = FIRST_US
"""In a column of last visits: none so far. It lies before every visit."""
_MOST_VISITS: Final = 10_000_000
_MOST_MEETINGS: Final = 999_999
_YEAR: Final = timedelta(days=365)
_MINUTE_US: Final = 60_000_000


def _counted(name: str, values: npt.ArrayLike | None, size: int, least: int, most: int, plain: int) -> Int64Array:
    column = frozen(np.full(size, plain, np.int64)) if values is None else as_column(name, values)
    if column.shape != (size,) or (size and not least <= column.min() <= column.max() <= most):
        msg = f"{name} are whole numbers from {least} to {most}, one for each of {size} people, got {column.tolist()}"
        raise InvalidValueError(msg, name=name, got=column.tolist(), size=size)
    return column


@attrs.frozen(eq=False, repr=False)
class LoadTable:
    """What each person should get, and has got so far: weights, booked time, visits, and the last visit.

    Columns are read-only int64, a row for each person in the order given. ``of`` counts bookings, ``from_columns``
    takes the caller's own numbers.

        >>> loads = LoadTable.from_columns([7, 8], weight=[2, 1], booked_us=[3_600_000_000, 0])
        >>> loads
        <LoadTable of 2 people, 60 minutes>
        >>> loads.after(8, start_us=0, end_us=1_800_000_000).minutes.tolist()
        [60.0, 30.0]

    Attributes:
        resource: int64[n]: handles, each once.
        weight: int64[n]: shares of the work beside each other, 1 to 1,000,000.
        booked_us: int64[n]: booked time without buffers, 0 to 2**53.
        visits: int64[n]: how many visits that were, 0 to 10,000,000.
        last_us: int64[n]: when the last of them starts; ``NOT_YET`` where there is none.

    Source: ADR 11 (a visit counts where it starts, a session once).
    """

    resource: Int64Array
    weight: Int64Array
    booked_us: Int64Array
    visits: Int64Array
    last_us: Int64Array

    @classmethod
    def from_columns(
        cls,
        resource: npt.ArrayLike,
        *,
        weight: npt.ArrayLike | None = None,
        booked_us: npt.ArrayLike | None = None,
        visits: npt.ArrayLike | None = None,
        last_us: npt.ArrayLike | None = None,
    ) -> LoadTable:
        """A table from columns, which are copied; whatever is left out is 1 for weights and nothing for the rest.

        Raises:
            InvalidValueError: A handle twice, a weight below 1, a negative count, or columns of different lengths.
        """
        handles, _ = as_resources(resource)  # type: ignore[arg-type]  # it refuses what is no column
        size = len(handles)
        return cls(
            resource=handles,
            weight=as_weights(weight, size),
            booked_us=_counted("booked_us", booked_us, size, 0, MOST_BOOKED_US, 0),
            visits=_counted("visits", visits, size, 0, _MOST_VISITS, 0),
            last_us=_counted("last_us", last_us, size, FIRST_US, LAST_US, NOT_YET),
        )

    @classmethod
    def of(
        cls,
        busy: BookingTable,
        *,
        resources: Resources,
        within: Interval,
        now: datetime,
        weight: npt.ArrayLike | None = None,
        statuses: Collection[BookingStatus] = WORKED,
    ) -> LoadTable:
        """Count the bookings that start inside a window.

            >>> from datetime import UTC, datetime
            >>> from petpro_core import ALWAYS, BookingTable
            >>> hour = 3_600_000_000
            >>> busy = BookingTable.from_columns(resource=[7, 7], start=[0, hour], end=[hour, 3 * hour], known=ALWAYS)
            >>> day = Interval.from_us(0, 24 * hour)
            >>> loads = LoadTable.of(busy, resources=[7, 8], within=day, now=datetime(2026, 1, 1, tzinfo=UTC))
            >>> loads.minutes.tolist(), loads.visits.tolist()
            ([180.0, 0.0], [2, 0])

        Args:
            busy: What is booked; feeds are nobody's work.
            resources: Who is compared: handles, or a ``ResourceTable``, which brings its weights.
            within: A visit counts, with its whole length, if it starts inside.
            now: The present: a hold that has let go does not count.
            weight: One for each of them; 1 for all by default.
            statuses: The states that count; all but CANCELLED and NO_SHOW by default.

        Raises:
            InvalidValueError: A handle twice, a weight below 1, or bookings that are not known for all of the window.
            OutOfRangeError: More than 285 years of visits for one person.

        Source: ADR 11.
        """
        as_kind("within", within, Interval)
        handles, weights = as_resources(resources)
        window = (within.start_us, within.end_us)
        check_known(busy, *window)
        rows = work_in(busy, window, now_us=to_us(now), statuses=statuses)
        place, listed = place_of(handles, busy.resource[rows])
        place, rows = place[listed], rows[listed]
        last = np.full(len(handles), NOT_YET)
        np.maximum.at(last, place, busy.start[rows])
        return cls(
            resource=handles,
            weight=as_weights(weights if weight is None else weight, len(handles)),
            booked_us=frozen(exact(place, busy.end[rows] - busy.start[rows], len(handles))),
            visits=frozen(np.bincount(place, minlength=len(handles))),
            last_us=frozen(last),
        )

    def __len__(self) -> int:
        """How many people."""
        return len(self.resource)

    def __repr__(self) -> str:
        """Say how much there is."""
        return f"<LoadTable of {len(self)} people, {int(self.booked_us.sum()) // _MINUTE_US} minutes>"

    @property
    def minutes(self) -> npt.NDArray[np.float64]:
        """float64[n]: the booked time in minutes, for people; strategies read ``booked_us``."""
        return self.booked_us / _MINUTE_US

    def after(self, resource: int, *, start_us: int, end_us: int) -> LoadTable:
        """The table once somebody has got one more visit.

        Args:
            resource: Who.
            start_us: When it starts, in microseconds since 1970.
            end_us: When it ends, after that.

        Raises:
            InvalidValueError: Nobody of that handle, or an end that does not lie after its start.
        """
        (mine,) = (self.resource == resource).nonzero()
        if not len(mine) or end_us <= start_us:
            msg = f"a visit of somebody in the table ends after it starts, got {resource}, {start_us} to {end_us} us"
            raise InvalidValueError(msg, resource=resource, start_us=start_us, end_us=end_us)
        booked, visits, last = self.booked_us.copy(), self.visits.copy(), self.last_us.copy()
        booked[mine] += end_us - start_us
        visits[mine] += 1
        last[mine] = np.maximum(last[mine], start_us)
        return attrs.evolve(self, booked_us=frozen(booked), visits=frozen(visits), last_us=frozen(last))

    def to_plain(self) -> dict[str, list[int]]:
        """The columns as lists of numbers, as a record of a choice keeps them."""
        return {name: getattr(self, name).tolist() for name in ("resource", "weight", "booked_us", "visits", "last_us")}


@attrs.frozen(eq=False, repr=False)
class Familiarity:
    """Who knows the patient: past visits of the pet, and of its client, by person.

        >>> Familiarity.from_columns([7, 8], pet_visits=[0, 3], client_visits=[5, 3])
        <Familiarity of 2 people with 3 visits of the pet>

    Attributes:
        resource: int64[n]: handles, each once. Who is not among them knows nobody.
        pet_visits: int64[n]: past visits of the pet, 0 to 999,999.
        client_visits: int64[n]: past visits of the client with whatever pet, likewise.

    Source: counts of visits, as in the Usual Provider of Care index (Breslau and Reeb, J. Med. Educ. 50:965, 1975).
    """

    resource: Int64Array
    pet_visits: Int64Array
    client_visits: Int64Array

    @classmethod
    def from_columns(
        cls,
        resource: npt.ArrayLike,
        *,
        pet_visits: npt.ArrayLike | None = None,
        client_visits: npt.ArrayLike | None = None,
    ) -> Familiarity:
        """A table from columns, which are copied; what is left out is 0.

        Raises:
            InvalidValueError: A handle twice, a negative count, or columns of different lengths.
        """
        handles, _ = as_resources(resource)  # type: ignore[arg-type]  # it refuses what is no column
        size = len(handles)
        return cls(
            resource=handles,
            pet_visits=_counted("pet_visits", pet_visits, size, 0, _MOST_MEETINGS, 0),
            client_visits=_counted("client_visits", client_visits, size, 0, _MOST_MEETINGS, 0),
        )

    @classmethod
    def of(
        cls,
        busy: BookingTable,
        *,
        now: datetime,
        pet: int | None = None,
        client: int | None = None,
        look_back: timedelta = _YEAR,
        statuses: Collection[BookingStatus] = SEEN,
    ) -> Familiarity:
        """Count the visits that started before now, and not longer ago than the look-back.

            >>> from datetime import UTC, datetime
            >>> from petpro_core import ALWAYS, BookingTable
            >>> busy = BookingTable.from_columns(resource=[7], start=[0], end=[60_000_000], pet=[40], known=ALWAYS)
            >>> Familiarity.of(busy, pet=40, now=datetime(1970, 1, 2, tzinfo=UTC)).pet_visits.tolist()
            [1]

        Args:
            busy: What was booked; what lies outside of what is known counts as no visit.
            now: The present.
            pet: The pet's handle; ``None`` = not told.
            client: The client's handle; ``None`` = not told.
            look_back: How far back, more than zero, at most 3,660 days; a year by default.
            statuses: The states in which two have met; by default CONFIRMED and all that follow but NO_SHOW and
                CANCELLED.

        Raises:
            InvalidValueError: A handle below 0, or a look-back outside its bounds.
        """
        now_us = to_us(now)
        window = (now_us - duration_us(as_length("look_back", look_back, TICK)), now_us)
        rows = work_in(busy, window, now_us=now_us, statuses=statuses)
        handles, place = np.unique(busy.resource[rows], return_inverse=True)
        counts: dict[str, Any] = {}
        for scope, asked in ((Scope.PET, pet), (Scope.CLIENT, client)):
            mine = np.zeros(0, np.int64) if asked is None else place[_with(busy, rows, scope, asked)]
            counts[f"{scope}_visits"] = np.minimum(np.bincount(mine, minlength=len(handles)), _MOST_MEETINGS)
        met = (counts["pet_visits"] + counts["client_visits"]).nonzero()[0]
        return cls(frozen(handles[met]), *(frozen(counts[f"{scope}_visits"][met]) for scope in ("pet", "client")))

    def __len__(self) -> int:
        """How many people have met the pet or the client."""
        return len(self.resource)

    def __repr__(self) -> str:
        """Say how much there is."""
        return f"<Familiarity of {len(self)} people with {int(self.pet_visits.sum())} visits of the pet>"

    def to_plain(self) -> dict[str, list[int]]:
        """The columns as lists of numbers, as a record of a choice keeps them."""
        return {name: getattr(self, name).tolist() for name in ("resource", "pet_visits", "client_visits")}


def _with(busy: BookingTable, rows: Int64Array, scope: Scope, asked: int) -> npt.NDArray[np.bool_]:
    met: npt.NDArray[np.bool_] = busy.subject(scope)[rows] == as_whole(str(scope), asked)
    return met
