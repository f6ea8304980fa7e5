"""Which rows of a booking table are somebody's work, and the checks that columns of people share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from petpro_core._checks import as_choices, as_column, frozen
from petpro_core.bookings import BookingStatus
from petpro_core.bookings.table import FEED
from petpro_core.errors import InvalidValueError, OutOfRangeError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import numpy.typing as npt

    from petpro_core.bookings import BookingTable
    from petpro_core.intervals import Int64Array
    from petpro_core.matching.resources import ResourceTable

    Resources = ResourceTable | Sequence[int] | Int64Array

__all__ = [
    "MOST_WEIGHT",
    "SEEN",
    "WORKED",
    "as_resources",
    "as_weights",
    "check_known",
    "exact",
    "place_of",
    "work_in",
    "worked",
]

MOST_WEIGHT: Final = 1_000_000
MOST_BOOKED_US: Final = 2**53
"""285 years: up to here sums of microseconds are exact in float64 too."""

WORKED: Final = (
    BookingStatus.PENDING,
    BookingStatus.HELD,
    BookingStatus.CONFIRMED,
    BookingStatus.CHECKED_IN,
    BookingStatus.IN_PROGRESS,
    BookingStatus.COMPLETED,
)
"""What is somebody's work, or will be: everything but visits that were cancelled or to which nobody came."""

SEEN: Final = (
    BookingStatus.CONFIRMED,
    BookingStatus.CHECKED_IN,
    BookingStatus.IN_PROGRESS,
    BookingStatus.COMPLETED,
)
"""What makes two know each other, once it lies in the past."""


def work_in(
    busy: BookingTable, window: tuple[int, int], *, now_us: int, statuses: Collection[BookingStatus]
) -> Int64Array:
    """The places of the rows that begin inside the window and are work, a session once."""
    places = ((busy.start >= window[0]) & (busy.start < window[1])).nonzero()[0]
    places = worked(busy, places, now_us=now_us, statuses=statuses)
    return places if busy.seats is None else _sessions_once(busy, busy.seats, places)


def worked(busy: BookingTable, places: Int64Array, *, now_us: int, statuses: Collection[BookingStatus]) -> Int64Array:
    """Those of some rows that are somebody's work: in one of the states, held if it is a hold, and not from a feed."""
    names = as_choices(BookingStatus, "statuses", statuses)
    counting = np.zeros(len(BookingStatus), np.bool_)
    counting[[name.number for name in names]] = True
    mask = counting[busy.column("status")[places]]
    if busy.held_until is not None:
        # What is not held is held for ever.
        mask &= busy.held_until[places] > now_us
    if busy.fed:
        mask &= busy.booking[places] != FEED
    return places[mask]


def _sessions_once(busy: BookingTable, seats: Int64Array, places: Int64Array) -> Int64Array:
    shared = seats[places] > 0
    mine = places[shared]
    keys = np.stack([busy.resource[mine], busy.column("service")[mine], busy.start[mine]])
    _, first = np.unique(keys, axis=1, return_index=True)
    return np.sort(np.concatenate([places[~shared], mine[first]]))


def exact(place: Int64Array, lengths: Int64Array, size: int) -> Int64Array:
    """The sum of the lengths at each place, exactly.

    Raises:
        OutOfRangeError: More than 285 years at one place.
    """
    # float64 sums of whole numbers are exact as long as no sum passes 2**53.
    total = np.bincount(place, lengths, minlength=size)
    if total.max(initial=0) > MOST_BOOKED_US:
        msg = f"somebody's work is at most 2**53 us (285 years) altogether, got {total.max():.0f}; take a shorter range"
        raise OutOfRangeError(msg, limit=MOST_BOOKED_US, got=int(total.max()))
    return total.astype(np.int64, copy=False)


def place_of(handles: Int64Array, asked: Int64Array) -> tuple[Int64Array, npt.NDArray[np.bool_]]:
    """Where each handle stands among ``handles`` (which are in any order), and whether it does at all."""
    if not len(handles):
        return np.zeros(len(asked), np.int64), np.zeros(len(asked), np.bool_)
    order = handles.argsort(kind="stable")
    place = order[np.minimum(handles.searchsorted(asked, sorter=order), len(handles) - 1)]
    return place, handles[place] == asked


def check_known(busy: BookingTable, start_us: int, end_us: int) -> None:
    """Refuse to count where not everything is known: what is not known is not nothing.

    Raises:
        InvalidValueError: The bookings are not known for all of the range.
    """
    known = busy.known
    place = int(known.starts.searchsorted(start_us, "right")) - 1
    if place < 0 or known.ends[place] < end_us:
        msg = (
            f"work is counted where all bookings are known, got {start_us} to {end_us} us with {known!r}; ask inside it"
        )
        raise InvalidValueError(msg, name="within", got=(start_us, end_us), known=known)


def as_resources(resources: Resources) -> tuple[Int64Array, Int64Array | None]:
    """Handles, each once, and the weights of a table of resources.

    Raises:
        InvalidValueError: A handle twice or below 0, or no whole numbers.
    """
    weights: Int64Array | None = getattr(resources, "weights", None)
    handles = as_column("resources", getattr(resources, "handles", resources))  # type: ignore[arg-type]  # a table has handles
    if handles.ndim != 1 or handles.min(initial=0) < 0 or len(np.unique(handles)) < len(handles):
        msg = f"resources are handles, 0 or more, each once, got {handles.tolist()}"
        raise InvalidValueError(msg, name="resources", got=handles.tolist())
    return handles, weights


def as_weights(values: npt.ArrayLike | None, size: int) -> Int64Array:
    """One weight for each of ``size`` people; 1 for all where nothing is told.

    Raises:
        InvalidValueError: Another number of weights, or one outside 1 to 1,000,000.
    """
    weights = frozen(np.ones(size, np.int64)) if values is None else as_column("weights", values)
    if weights.shape != (size,) or (size and not 1 <= weights.min() <= weights.max() <= MOST_WEIGHT):
        msg = (
            f"weights are whole numbers from 1 to {MOST_WEIGHT}, one for each of {size} people, got {weights.tolist()}"
        )
        raise InvalidValueError(msg, name="weights", got=weights.tolist(), size=size)
    return weights
