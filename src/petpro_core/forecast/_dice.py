"""Chance, from the caller's seed alone: streams of their own for each purpose, and what is drawn from them.

Each purpose (visits in progress, those who wait, who may come) has its own stream, so that one more entry or server
changes nobody else's luck. What becomes a length of time is rounded to whole milliseconds: the last bits of an
exponential function differ between machines, and a forecast must not.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from petpro_core._checks import as_whole
from petpro_core.errors import InvalidValueError

if TYPE_CHECKING:
    from petpro_core.intervals import Int64Array

__all__ = ["MINUTE_US", "FloatArray", "Generator", "Seed", "isf", "milliseconds", "sf", "streams"]

FloatArray: TypeAlias = npt.NDArray[np.float64]
Generator: TypeAlias = np.random.Generator  # noqa: TID251 (the type of what a caller may pass)
Seed: TypeAlias = "int | Generator"

MINUTE_US: Final = 60_000_000
_MILLISECOND: Final = 1_000
_MOST_US: Final = 3_660.0 * 24 * 60 * MINUTE_US


def streams(seed: Seed, count: int) -> list[Generator]:
    """So many independent generators from a caller's seed, always the same for a number; a generator moves on.

    Raises:
        InvalidValueError: Neither a whole number of at least 0 nor a NumPy generator.
    """
    if isinstance(seed, Generator):
        return seed.spawn(count)
    try:
        number = as_whole("seed", seed)
    except InvalidValueError:
        msg = f"seed is a whole number of at least 0 or a numpy.random.Generator, got {seed!r}"
        raise InvalidValueError(msg, name="seed", got=seed) from None
    return np.random.default_rng(number).spawn(count)  # noqa: TID251 (the one place where a caller's seed becomes dice)


def milliseconds(minutes: FloatArray) -> Int64Array:
    """Lengths in minutes as int64 microseconds, rounded to whole milliseconds, at most 3,660 days."""
    us = np.minimum(minutes * MINUTE_US, _MOST_US)
    return np.rint(us / _MILLISECOND).astype(np.int64) * _MILLISECOND


def sf(z: float) -> float:
    """P(Z > z) of a standard normal Z."""
    return math.erfc(z / math.sqrt(2)) / 2


# Wichura's AS 241 (PPND16): about 16 digits. Coefficients from the constant term up.
_CENTRE: Final = (
    (
        3.3871328727963666080e0,
        1.3314166789178437745e2,
        1.9715909503065514427e3,
        1.3731693765509461125e4,
        4.5921953931549871457e4,
        6.7265770927008700853e4,
        3.3430575583588128105e4,
        2.5090809287301226727e3,
    ),
    (
        1.0,
        4.2313330701600911252e1,
        6.8718700749205790830e2,
        5.3941960214247511077e3,
        2.1213794301586595867e4,
        3.9307895800092710610e4,
        2.8729085735721942674e4,
        5.2264952788528545610e3,
    ),
)
_NEAR: Final = (
    (
        1.42343711074968357734e0,
        4.63033784615654529590e0,
        5.76949722146069140550e0,
        3.64784832476320460504e0,
        1.27045825245236838258e0,
        2.41780725177450611770e-1,
        2.27238449892691845833e-2,
        7.74545014278341407640e-4,
    ),
    (
        1.0,
        2.05319162663775882187e0,
        1.67638483018380384940e0,
        6.89767334985100004550e-1,
        1.48103976427480074590e-1,
        1.51986665636164571966e-2,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    ),
)
_TAIL: Final = (
    (
        6.65790464350110377720e0,
        5.46378491116411436990e0,
        1.78482653991729133580e0,
        2.96560571828504891230e-1,
        2.65321895265761230930e-2,
        1.24266094738807843860e-3,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ),
    (
        1.0,
        5.99832206555887937690e-1,
        1.36929880922735805310e-1,
        1.48753612908506148525e-2,
        7.86869131145613259100e-4,
        1.84631831751005468180e-5,
        1.42151175831644588870e-7,
        2.04426310338993978564e-15,
    ),
)


def _ratio(parts: tuple[tuple[float, ...], tuple[float, ...]], x: FloatArray) -> FloatArray:
    over, under = (np.polynomial.polynomial.polyval(x, part) for part in parts)
    ratio: FloatArray = over / under
    return ratio


def isf(share: FloatArray) -> FloatArray:
    """The z that a standard normal exceeds with this probability, above 0 and below 1.

    Source: Wichura, Algorithm AS 241, Appl. Stat. 37:477 (1988).
    """
    centre = share - 0.5
    small = np.minimum(share, 1 - share)
    depth = np.sqrt(-np.log(small))
    outer = np.where(depth <= 5, _ratio(_NEAR, depth - 1.6), _ratio(_TAIL, depth - 5))
    inner = centre * _ratio(_CENTRE, 0.180625 - centre * centre)
    return np.where(np.abs(centre) <= 0.425, -inner, np.where(centre < 0, outer, -outer))
