"""Home visits: the way between two places is time in which nobody can be visited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core._checks import as_column, as_kind, as_whole, frozen
from petpro_core.bookings import BookingTable
from petpro_core.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from petpro_core.intervals import Int64Array

__all__ = ["TravelTimes"]

_MOST_MINUTES: Final = 7 * 24 * 60
_MINUTE_US: Final = 60_000_000


def _as_minutes(values: npt.ArrayLike) -> Int64Array:
    minutes = as_column("minutes", values)
    if minutes.ndim != 2 or minutes.shape[0] != minutes.shape[1]:
        msg = f"a matrix of travel times has a row and a column for each place, got shape {minutes.shape}"
        raise InvalidValueError(msg, name="minutes", got=minutes.shape)
    if minutes.size and not 0 <= int(minutes.min()) <= int(minutes.max()) <= _MOST_MINUTES:
        msg = f"a way takes 0 to {_MOST_MINUTES} minutes, got {int(minutes.min())} to {int(minutes.max())}"
        raise InvalidValueError(msg, name="minutes", got=(int(minutes.min()), int(minutes.max())))
    return frozen(minutes)


@attrs.frozen(eq=False)
class TravelTimes:
    """Minutes between places, from the row's to the column's; the two ways need not be the same.

        >>> from petpro_core import ALWAYS, Interval
        >>> travel = TravelTimes([[0, 20], [25, 0]])
        >>> visits = BookingTable.from_columns(
        ...     resource=[7], start=[3_600_000_000], end=[7_200_000_000], booking=[1], known=ALWAYS
        ... )
        >>> there = travel.around(visits, places={1: 1}, to=0)
        >>> Interval.from_us(int(there.occupied_start[0]), int(there.occupied_end[0]))
        Interval(1970-01-01 00:40 to 02:25 UTC)

    Attributes:
        minutes: int64[p, p]; 0 to 10,080 each.

    Raises:
        InvalidValueError: No square of whole numbers, or one outside its bounds.

    Source: ADR 21 (visits).
    """

    minutes: Int64Array = attrs.field(converter=_as_minutes)

    def around(self, busy: BookingTable, *, places: Mapping[int, int], to: int) -> BookingTable:
        """The same bookings as somebody sees them who would be at ``to``: each with the way there and back around it.

        Whoever visits ``to`` and then a booking leaves early enough to be there when it begins, its buffer before it
        included; from a booking to ``to`` likewise. Ask for a home visit with this table, and every verb of the judge
        counts the ways.

        Args:
            busy: What is booked.
            places: For each booking's number the place where it is; what is not named is where nobody travels from:
                it has no way around it.
            to: The place of the visit that is asked for.

        Raises:
            InvalidValueError: A place that the matrix does not have.
        """
        as_kind("busy", busy, BookingTable)
        most = len(self.minutes) - 1
        to = as_whole("to", to, 0, most)
        known = {number: as_whole("places", place, 0, most) for number, place in places.items()}
        place = np.array([known.get(number, -1) for number in busy.booking.tolist()], np.int64)
        named = place >= 0
        there = np.where(named, self.minutes[to, place], 0) * _MINUTE_US
        back = np.where(named, self.minutes[place, to], 0) * _MINUTE_US
        return busy.with_occupied(busy.occupied_start - there, busy.occupied_end + back)
