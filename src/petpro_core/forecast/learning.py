"""Durations learned from past visits, each law shrunk to what is known of more."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from petpro_core._checks import as_column
from petpro_core.errors import InvalidValueError
from petpro_core.forecast._dice import MINUTE_US, FloatArray
from petpro_core.forecast.durations import DurationModel

if TYPE_CHECKING:
    import numpy.typing as npt

    from petpro_core.intervals import Int64Array

__all__ = ["learn_durations"]

Numbers: TypeAlias = "npt.NDArray[Any] | float"

_PRIOR_VARIANCE: Final = math.log(1.25)
"""The variance of the logarithm where nothing is known: a coefficient of variation of 0.5."""
_PRIOR_DEGREES: Final = 20.0
"""What a spread that is known of more weighs: as much as that of so many visits of its own."""
_MOST_LOG_SD: Final = 3.0


def learn_durations(*, service: npt.ArrayLike, provider: npt.ArrayLike, duration_us: npt.ArrayLike) -> DurationModel:
    """A model from columns of past visits; a lognormal law for each service and provider.

    Logarithms of lengths are averaged. A provider's mean for a service is drawn to the service's, and a service's to
    that of all: ``n / (n + k)`` of it is its own, where n is its number of visits and k how much a visit varies divided
    by how much the means differ (variances; k is estimated from the same visits, and is infinite where the means differ
    by no more than chance). A spread is drawn to that of its service with the weight of 20 visits, and that to the
    spread of all likewise. What is not listed has the law of what is above it, wider by how much its like differ.

        >>> from datetime import timedelta
        >>> minute = 60_000_000
        >>> model = learn_durations(
        ...     service=[3, 3, 3, 4],
        ...     provider=[7, 7, 8, 8],
        ...     duration_us=[10 * minute, 12 * minute, 11 * minute, 30 * minute],
        ... )
        >>> model
        <DurationModel of 2 services and 2 providers>
        >>> [round(model.law(service, 8).mean / timedelta(minutes=1)) for service in (3, 4, 99)]
        [13, 27, 23]

    Args:
        service: The service's handle of each visit, 0 or more.
        provider: The provider's handle, likewise.
        duration_us: How long it took, in microseconds, more than 0; at most 3,660 days.

    Raises:
        InvalidValueError: No visit, columns of different lengths, a handle below 0, or a length outside its bounds.

    Source: empirical Bayes by the method of moments (DerSimonian and Laird 1986); explanation/waiting.md.
    """
    what, who, took = _checked(service, provider, duration_us)
    services, row = np.unique(what, return_inverse=True)
    providers, column = np.unique(who, return_inverse=True)
    y = np.log(took / MINUTE_US)
    shape = (len(services), len(providers))
    cell = row * shape[1] + column
    count = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
    mean = np.bincount(cell, y, shape[0] * shape[1]).reshape(shape) / np.maximum(count, 1)
    squares = np.bincount(cell, (y - mean.reshape(-1)[cell]) ** 2, shape[0] * shape[1]).reshape(shape)
    degrees = np.maximum(count - 1, 0)

    all_variance = _drawn_variance(squares.sum(), degrees.sum(), _PRIOR_VARIANCE)
    service_variance = _drawn_variance(squares.sum(1), degrees.sum(1), all_variance)
    variance = _drawn_variance(squares, degrees, service_variance[:, None])

    between = _between(count, mean, float(all_variance))
    weight = count / (all_variance + count * between)
    service_mean = (weight * mean).sum(1) / weight.sum(1)
    service_count = count.sum(1)
    among = _between(service_count[None], service_mean[None], float(all_variance + between))
    grand = float(np.average(service_mean, weights=service_count / (all_variance + service_count * among)))

    drawn_service, unsure_service = _drawn(service_count, service_mean, grand, all_variance + between, among)
    drawn, unsure = _drawn(count, mean, drawn_service[:, None], all_variance, between)

    full = (shape[0] + 1, shape[1] + 1)
    log_mean, log_variance, visits = np.empty(full), np.empty(full), np.zeros(full, np.int64)
    log_mean[:-1, :-1], log_variance[:-1, :-1], visits[:-1, :-1] = drawn, variance + unsure, count
    log_mean[:-1, -1], visits[:-1, -1] = drawn_service, service_count
    log_variance[:-1, -1] = service_variance + between + unsure_service
    log_mean[-1], log_variance[-1] = grand, all_variance + between + among
    visits[-1, :-1], visits[-1, -1] = count.sum(0), len(y)
    log_sd = np.minimum(np.sqrt(log_variance), _MOST_LOG_SD)
    return DurationModel(services, providers, log_mean, log_sd, np.zeros(full, np.bool_), visits)


def _checked(*columns: npt.ArrayLike) -> tuple[Int64Array, Int64Array, Int64Array]:
    what, who, took = (
        as_column(name, given) for name, given in zip(("service", "provider", "duration_us"), columns, strict=True)
    )
    if what.ndim != 1 or not what.shape == who.shape == took.shape or not len(what):
        msg = (
            "service, provider and duration_us have one value for each past visit, and there is at least one, got "
            f"{what.shape}, {who.shape} and {took.shape}; without visits use DurationModel.given"
        )
        raise InvalidValueError(msg, got=(what.shape, who.shape, took.shape))
    for name, column, least in (("service", what, 0), ("provider", who, 0), ("duration_us", took, 1)):
        if column.min() < least:
            msg = f"the column {name} holds numbers of at least {least}, got {column.min()}"
            raise InvalidValueError(msg, name=name, got=int(column.min()), least=least)
    if took.max() > _MOST_US:
        msg = f"a visit takes at most 3,660 days, got {took.max()} microseconds"
        raise InvalidValueError(msg, name="duration_us", got=int(took.max()))
    return what, who, took


_MOST_US: Final = 3_660 * 24 * 60 * MINUTE_US


def _drawn_variance(
    squares: npt.NDArray[Any] | float, degrees: npt.NDArray[Any] | int, to: FloatArray | float
) -> FloatArray:
    """A variance drawn to that of more."""
    found: FloatArray = (squares + _PRIOR_DEGREES * np.asarray(to)) / (degrees + _PRIOR_DEGREES)
    return found


def _between(count: Int64Array, mean: FloatArray, within: float) -> float:
    """How much the means of each row differ beyond chance, as a variance, over all rows together."""
    total = count.sum(1, keepdims=True)
    centre = (count * mean).sum(1, keepdims=True) / total
    apart = (count * (mean - centre) ** 2).sum()
    chance = within * ((count > 0).sum(1) - 1).sum()
    scale = (total - (count**2).sum(1, keepdims=True) / total).sum()
    return max(0.0, float((apart - chance) / scale)) if scale > 0 else 0.0


def _drawn(
    count: Int64Array, mean: FloatArray, to: FloatArray | float, within: FloatArray | float, between: float
) -> tuple[FloatArray, FloatArray]:
    """Means drawn to that of more, and how unsure they stay, as a variance."""
    own = count * between / (within + count * between)
    return own * mean + (1 - own) * to, (1 - own) * between
