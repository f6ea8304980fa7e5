"""Values at the edge: numbers between bounds, instants, the code of a level."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from petpro_core.errors import InvalidValueError
from petpro_core.intervals import from_us, to_us

if TYPE_CHECKING:
    from datetime import datetime

    import attrs

__all__ = ["as_instant", "as_number", "word"]


def as_number(name: str, value: object, least: float, most: float) -> float:
    """A finite number between two bounds, both inclusive; truth values and text are none.

    Raises:
        InvalidValueError: Another kind of value, or one outside its bounds.
    """
    number = math.nan
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        number = float(value)
    if not least <= number <= most:
        msg = f"{name} is a number from {least:g} to {most:g}, got {value!r}"
        raise InvalidValueError(msg, name=name, got=value, least=least, most=most)
    return number


def as_instant(value: datetime | None) -> datetime | None:
    """An aware datetime, kept in UTC, or none."""
    return None if value is None else from_us(to_us(value))


def word(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A validator of words that are not empty."""
    if not isinstance(value, str) or not value.strip():
        msg = f"{attribute.name} is a word that is not empty, got {value!r}"
        raise InvalidValueError(msg, name=attribute.name, got=value, allowed="a word")
