"""Checks at the edge: whole numbers, lengths, words, kinds of object and columns; what is refused is named.

Functions that begin with ``as_`` take a field's name and a value, and give the value back as it is kept. ``whole``,
``length`` and ``kind`` are the same as validators of attrs. Every refusal is an ``InvalidValueError`` with ``name``,
``got`` and ``allowed``.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from petpro_core.errors import InvalidValueError

if TYPE_CHECKING:
    import enum
    from collections.abc import Callable

    import attrs

__all__ = [
    "LARGEST",
    "LONGEST",
    "NONE",
    "TICK",
    "ZERO",
    "as_choice",
    "as_choices",
    "as_column",
    "as_each",
    "as_kind",
    "as_length",
    "as_whole",
    "frozen",
    "handle",
    "kind",
    "length",
    "whole",
]

LARGEST: Final = 2**63 - 1
"""The largest whole number of a column: int64."""
LONGEST: Final = timedelta(days=3660)
"""Ten years and some days: sums of a few such lengths and any instant still fit into int64 microseconds."""
ZERO: Final = timedelta(0)
TICK: Final = timedelta(microseconds=1)
"""The shortest length there is; as a lower bound it is told as "more than zero"."""
NONE: Final = type(None)

_DAY: Final = timedelta(days=1)
_put = object.__setattr__

T = TypeVar("T")
Choice = TypeVar("Choice", bound="enum.StrEnum")


def _refused(name: str, allowed: str, got: object) -> InvalidValueError:
    return InvalidValueError(f"{name} is {allowed}, got {got!r}", name=name, got=got, allowed=allowed)


def _listed(kinds: Iterable[type]) -> str:
    return " or ".join("None" if one is NONE else one.__name__ for one in kinds)


def _beside(kinds: tuple[type, ...]) -> str:
    return f" or {_listed(kinds)}" if kinds else ""


def _told(time: timedelta) -> str:
    return str(time) if time % _DAY else f"{time.days} days"


# --- one value ------------------------------------------------------------------------------------------------------


def as_whole(name: str, value: object, least: int = 0, most: int = LARGEST, beside: tuple[type, ...] = ()) -> int:
    """A whole number between two bounds, both inclusive; NumPy's are taken, truth values, floats and text are not.

    >>> as_whole("units", np.int16(3), 1, 5)
    3

    Raises:
        InvalidValueError: Another kind of value, or one outside its bounds.
    """
    try:
        # A truth value is an int to Python (NumPy's own was one to it before 2.3), and never meant as one.
        number = None if isinstance(value, bool | np.bool_) else operator.index(value)  # type: ignore[arg-type]  # index refuses
    except TypeError:
        number = None
    if number is None or not least <= number <= most:
        raise _refused(name, f"a whole number from {least} to {most}{_beside(beside)}", value)
    return number


def as_length(
    name: str, value: object, least: timedelta = ZERO, most: timedelta = LONGEST, beside: tuple[type, ...] = ()
) -> timedelta:
    """A length of time between two bounds, both inclusive.

    Raises:
        InvalidValueError: Another kind of value, or one outside its bounds.
    """
    if not isinstance(value, timedelta) or not least <= value <= most:
        bounds = f"more than zero, at most {_told(most)}" if least == TICK else f"from {_told(least)} to {_told(most)}"
        raise _refused(name, f"a timedelta {bounds}{_beside(beside)}", value)
    return value


def as_kind(name: str, value: object, *kinds: type) -> None:
    """Refuse what is of none of these types.

    Raises:
        InvalidValueError: A value of another type.
    """
    if not isinstance(value, kinds):
        raise _refused(name, f"of type {_listed(kinds)}", value)


def as_choice(options: type[Choice], name: str, value: object) -> Choice:
    """A member of an enumeration, from itself or from its word.

    Raises:
        InvalidValueError: No word of it.
    """
    try:
        return options(value)  # type: ignore[arg-type]  # an enumeration refuses what is no word of it
    except ValueError:
        raise _refused(name, f"one of {', '.join(options)}", value) from None


# --- several values -------------------------------------------------------------------------------------------------


def _several(value: object, one: type) -> tuple[Any, ...]:
    # A text is one value, never its letters; what is no collection is one value too, and is then looked at as such.
    return tuple(value) if isinstance(value, Iterable) and not isinstance(value, (str, one)) else (value,)


def as_each(one: type[T], name: str, value: object) -> tuple[T, ...]:
    """Objects of one type; a single one needs no list.

    Raises:
        InvalidValueError: A value of another type.
    """
    given = _several(value, one)
    for item in given:
        if not isinstance(item, one):
            raise _refused(name, f"made of {one.__name__} objects", item)
    return given


def as_choices(options: type[Choice], name: str, value: object) -> tuple[Choice, ...]:
    """Members of an enumeration, each once, in order.

    Raises:
        InvalidValueError: No word of it.
    """
    return tuple(sorted({as_choice(options, name, item) for item in _several(value, options)}))


def as_column(name: str, values: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """A copy of whole numbers as int64, frozen; of any shape.

    Raises:
        InvalidValueError: Other values than whole numbers of int64, or lists of different lengths.
    """
    try:
        array = np.array(values)
    except ValueError:
        raise _refused(name, "a column of whole numbers (int64)", values) from None
    if array.size and array.dtype.kind not in "iu":
        msg = f"the column {name} holds whole numbers (int64), got {array.dtype}"
        raise InvalidValueError(msg, name=name, got=str(array.dtype), allowed="int64")
    if array.size and array.dtype == np.uint64 and array.max() > LARGEST:
        msg = f"the column {name} holds whole numbers up to {LARGEST} (int64), got {array.max()}"
        raise InvalidValueError(msg, name=name, got=int(array.max()), allowed="int64")
    return frozen(array.astype(np.int64, copy=False))


def frozen(column: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The column itself, read-only from now on; for columns that nobody else holds."""
    column.setflags(write=False)
    return column


# --- validators of attrs --------------------------------------------------------------------------------------------


def whole(least: int = 0, most: int = LARGEST, *, beside: tuple[type, ...] = ()) -> Callable[..., None]:
    """A validator of whole numbers, which keeps NumPy's as plain ones; values of the types ``beside`` pass."""

    def check(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if not isinstance(value, beside):
            # Before attrs calls validators the value is in place, so this is where a plain number can replace it.
            _put(instance, attribute.name, as_whole(attribute.name, value, least, most, beside))

    return check


def length(least: timedelta = ZERO, most: timedelta = LONGEST, *, beside: tuple[type, ...] = ()) -> Callable[..., None]:
    """A validator of lengths of time; values of the types ``beside`` pass."""

    def check(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if not isinstance(value, beside):
            as_length(attribute.name, value, least, most, beside)

    return check


def kind(*kinds: type) -> Callable[..., None]:
    """A validator of types."""

    def check(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        as_kind(attribute.name, value, *kinds)

    return check


def handle() -> Callable[..., None]:
    """A validator of a caller's number that may be left out."""
    return whole(beside=(NONE,))
