"""Columns at the edge: what may become starts, ends, offsets and amounts, and what is refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from petpro_core.errors import InvalidIntervalError, InvalidValueError, OutOfRangeError
from petpro_core.intervals._moments import FIRST_US, LAST_US, duration_us, in_range, to_us

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Int64Array",
    "Mask",
    "Moments",
    "as_counts",
    "as_us",
    "checked",
    "eroded",
    "frozen",
    "growth_us",
    "moved",
    "reach_us",
    "same_times",
]

Int64Array: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]
Moments: TypeAlias = "npt.NDArray[np.int64] | npt.NDArray[np.datetime64] | Sequence[int] | Sequence[datetime]"


def frozen(array: Int64Array) -> Int64Array:
    """Make an array that nobody else holds read-only, and return it."""
    array.setflags(write=False)
    return array


def as_counts(values: object, *, name: str) -> Int64Array:
    """Return a one-dimensional column of whole numbers as int64; an empty one may be of any type."""
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        message = (
            f"{name} is one column of whole numbers, got {array.dtype} of shape {array.shape}; "
            "give integers, which are never rounded here"
        )
        raise InvalidValueError(message, name=name, dtype=str(array.dtype), shape=array.shape)
    if array.dtype == np.uint64 and array.size and array.max() > np.iinfo(np.int64).max:
        message = f"{name} fits into int64, got {array.max()}; use smaller numbers"
        raise OutOfRangeError(message, name=name, got=int(array.max()))
    return array.astype(np.int64, copy=False)


def as_us(values: object, *, name: str) -> Int64Array:
    """Return a column of instants as int64 microseconds: from integers, datetime64[us] or aware datetimes."""
    array = np.asarray(values)
    if array.dtype == np.dtype("datetime64[us]"):
        array = array.view(np.int64)
    elif array.ndim == 1 and array.dtype == np.object_ and all(isinstance(value, datetime) for value in array):
        return np.fromiter((to_us(value) for value in array), np.int64, len(array))
    column = as_counts(array, name=name)
    if column.size:
        in_range(int(column.min()), int(column.max()))
    return column


def checked(starts: object, ends: object) -> tuple[Int64Array, Int64Array]:
    """Return two columns of one length in which every end lies after its start, or refuse them."""
    first, last = as_us(starts, name="starts"), as_us(ends, name="ends")
    if len(first) != len(last):
        message = f"every start has its end, got {len(first)} starts and {len(last)} ends; give as many of each"
        raise InvalidValueError(message, starts=len(first), ends=len(last))
    wrong = (first >= last).nonzero()[0]
    if wrong.size:
        index = int(wrong[0])
        start, end = int(first[index]), int(last[index])
        message = (
            f"an interval ends after it starts, got {start} to {end} us since 1970 at index {index}; "
            "swap the two, or leave an empty interval out"
        )
        raise InvalidIntervalError(message, start=start, end=end, index=index)
    return first, last


def growth_us(before: timedelta, after: timedelta) -> tuple[int, int]:
    """Return two lengths in microseconds, neither below zero."""
    amounts = duration_us(before), duration_us(after)
    if min(amounts) < 0:
        message = f"before and after are not negative, got {before!s} and {after!s}; use shift to move"
        raise InvalidValueError(message, before=before, after=after)
    return amounts


def reach_us(before: timedelta, after: timedelta) -> tuple[int, int]:
    """Return the two sides of a footprint ``[t - before, t + after)``, which is not empty."""
    amounts = growth_us(before, after)
    if not any(amounts):
        message = "a footprint is longer than zero, got before and after both zero; give one of them"
        raise InvalidValueError(message, before=before, after=after)
    return amounts


def moved(starts: Int64Array, ends: Int64Array, *, start_by: int, end_by: int) -> tuple[Int64Array, Int64Array]:
    """Return starts and ends, each moved by its amount; refuse to leave the years 1 to 9999."""
    if not starts.size:
        return starts, ends
    # Python's integers do not overflow, so this must come before NumPy adds.
    in_range(int(starts.min()) + start_by, int(ends.max()) + end_by)
    return starts + start_by, ends + end_by


def eroded(
    starts: Int64Array, ends: Int64Array, before_us: int, after_us: int
) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Return the rest of each interval that has one, and the indices of those that have.

    The gaps only grow, so what was coalesced stays so.
    """
    # More than all of time is as good as all of time, and does not overflow.
    most = LAST_US - FIRST_US + 1
    first, last = starts + min(before_us, most), ends - (min(after_us, most) - 1)
    kept = (first < last).nonzero()[0]
    first, last = first.take(kept), last.take(kept)
    if kept.size:
        in_range(int(first.min()), int(last.max()))
    return first, last, kept


def same_times(left: Int64Array, right: Int64Array) -> bool:
    """Say whether two columns are equal."""
    return len(left) == len(right) and bool((left == right).all())
