"""How long visits take: the law of one length, and a model with a law for each service and provider."""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np
import numpy.typing as npt

from petpro_core._checks import LONGEST, TICK, as_choice, as_kind, as_length, as_whole, frozen
from petpro_core.errors import InvalidValueError
from petpro_core.forecast._dice import MINUTE_US, FloatArray, isf, milliseconds, sf
from petpro_core.forecast._values import as_number
from petpro_core.intervals import Int64Array, duration_us

if TYPE_CHECKING:
    from petpro_core.forecast._dice import Generator

__all__ = ["DurationLaw", "DurationModel", "LawShape"]

_MOST_LOG: Final = 16.0
_MOST_SD: Final = 3.0
_MOST_CV: Final = 20.0
_FAR_OUT: Final = 8.0
_LEAST_SHARE: Final = 1e-300
_MOST_SHARE: Final = 1 - 2**-53

Mask = npt.NDArray[np.bool_]


class LawShape(enum.StrEnum):
    """The shape of a law: ``LOGNORMAL``, as visits are (a law without spread is a fixed length); or ``EXPONENTIAL``.

        >>> DurationLaw.exponential(timedelta(minutes=15)).shape
        <LawShape.EXPONENTIAL: 'exponential'>

    Source: explanation/waiting.md.
    """

    LOGNORMAL = "lognormal"
    EXPONENTIAL = "exponential"


def _as_shape(value: LawShape | str) -> LawShape:
    return as_choice(LawShape, "shape", value)


@attrs.frozen
class DurationLaw:
    """The law of how long a visit takes.

        >>> law = DurationLaw.lognormal(timedelta(minutes=20), cv=0.5)
        >>> round(law.mean / timedelta(minutes=1), 9), law.log_sd == math.log(1.25) ** 0.5
        (20.0, True)

    Attributes:
        log_mean: The mean of the natural logarithm of the length in minutes, -16 to 16; of an exponential law the
            logarithm of its mean.
        log_sd: The standard deviation of that logarithm, 0 to 3; 0 is a fixed length. An exponential law has 1.
        shape: The shape; its word is taken too.

    Raises:
        InvalidValueError: A value of another type, or one outside its bounds.

    Source: explanation/waiting.md.
    """

    log_mean: float = attrs.field()
    log_sd: float = attrs.field()
    shape: LawShape = attrs.field(default=LawShape.LOGNORMAL, converter=_as_shape)

    def __attrs_post_init__(self) -> None:
        """Refuse what is no number, and an exponential law of another spread."""
        as_number("log_mean", self.log_mean, -_MOST_LOG, _MOST_LOG)
        as_number("log_sd", self.log_sd, 0, _MOST_SD)
        if self.shape is LawShape.EXPONENTIAL and self.log_sd != 1:
            msg = f"log_sd of an exponential law is 1, got {self.log_sd}; use DurationLaw.exponential(mean)"
            raise InvalidValueError(msg, name="log_sd", got=self.log_sd)

    @classmethod
    def lognormal(cls, mean: timedelta, *, cv: float) -> DurationLaw:
        """A lognormal law by its mean and its coefficient of variation (standard deviation divided by mean).

        Args:
            mean: More than zero, at most 3,660 days.
            cv: 0 to 20; visits of one kind have about 0.4 to 0.6.

        Raises:
            InvalidValueError: A value of another type, or one outside its bounds.
        """
        minutes = duration_us(as_length("mean", mean, TICK, LONGEST)) / MINUTE_US
        variance = math.log1p(as_number("cv", cv, 0, _MOST_CV) ** 2)
        return cls(math.log(minutes) - variance / 2, math.sqrt(variance))

    @classmethod
    def exponential(cls, mean: timedelta) -> DurationLaw:
        """The law without memory, of which queueing theory speaks.

        Raises:
            InvalidValueError: No length, or one outside its bounds.
        """
        return cls(math.log(duration_us(as_length("mean", mean, TICK, LONGEST)) / MINUTE_US), 1, LawShape.EXPONENTIAL)

    @classmethod
    def fixed(cls, length: timedelta) -> DurationLaw:
        """Always the same length.

        Raises:
            InvalidValueError: No length, or one outside its bounds.
        """
        return cls.lognormal(length, cv=0)

    @property
    def mean(self) -> timedelta:
        """The mean length."""
        spread = 0 if self.shape is LawShape.EXPONENTIAL else self.log_sd**2 / 2
        return timedelta(minutes=math.exp(self.log_mean + spread))

    def remaining(self, elapsed_us: int, share: FloatArray) -> Int64Array:
        """How much longer a visit takes that has taken so long already, in microseconds.

        The law of the rest, given what has passed: a lognormal visit that is overdue goes on long, a fixed one ends.

            >>> DurationLaw.fixed(timedelta(minutes=20)).remaining(5 * 60_000_000, np.array([0.5])).tolist()
            [900000000]

        Args:
            elapsed_us: What has passed, 0 or more.
            share: The probabilities with which the rest is longer, above 0 and below 1.
        """
        share = np.clip(share, _LEAST_SHARE, _MOST_SHARE)
        elapsed = elapsed_us / MINUTE_US
        if self.shape is LawShape.EXPONENTIAL:
            return milliseconds(-math.exp(self.log_mean) * np.log(share))
        if not self.log_sd:
            return milliseconds(np.full(share.shape, max(math.exp(self.log_mean) - elapsed, 0)))
        z = (math.log(elapsed) - self.log_mean) / self.log_sd if elapsed else -math.inf
        if z > _FAR_OUT:
            # So far out the rest is exponential, with the hazard z / (sd x elapsed); the exact form loses its digits.
            return milliseconds(-np.log(share) * (self.log_sd * elapsed / z))
        whole = np.exp(self.log_mean + self.log_sd * isf(np.clip(share * sf(z), _LEAST_SHARE, _MOST_SHARE)))
        return milliseconds(np.maximum(whole - elapsed, 0))


@attrs.frozen(eq=False, repr=False)
class DurationModel:
    """A law for each service and provider, as matrices; the last row and column are for those that are not listed.

        >>> quick, slow = (DurationLaw.lognormal(timedelta(minutes=m), cv=0.5) for m in (10, 25))
        >>> model = DurationModel.given({3: quick, 4: {7: slow, None: quick}}, otherwise=quick)
        >>> model.law(4, 7) == slow, model.law(4, 8) == quick, model.law(99, 7) == quick
        (True, True, True)

    ``learn_durations`` makes one of past visits. Every matrix is read-only.

    Attributes:
        services: int64[n]: handles, ascending.
        providers: int64[m]: handles, ascending.
        log_mean: float64[n + 1, m + 1]: as in ``DurationLaw``, likewise the next two.
        log_sd: float64[n + 1, m + 1].
        exponential: bool[n + 1, m + 1].
        visits: int64[n + 1, m + 1]: how many visits each law was learned from, of its own.

    Source: explanation/waiting.md.
    """

    services: Int64Array
    providers: Int64Array
    log_mean: FloatArray
    log_sd: FloatArray
    exponential: Mask
    visits: Int64Array

    def __attrs_post_init__(self) -> None:
        """Freeze the matrices."""
        for column in (self.services, self.providers, self.visits):
            frozen(column)
        for matrix in (self.log_mean, self.log_sd, self.exponential):
            matrix.setflags(write=False)

    @classmethod
    def same(cls, law: DurationLaw) -> DurationModel:
        """One law for everything.

            >>> DurationModel.same(DurationLaw.fixed(timedelta(minutes=20)))
            <DurationModel of 0 services and 0 providers>

        Raises:
            InvalidValueError: No law.
        """
        return cls.given({}, otherwise=law)

    @classmethod
    def given(
        cls, laws: Mapping[int, DurationLaw | Mapping[int | None, DurationLaw]], *, otherwise: DurationLaw
    ) -> DurationModel:
        """Laws that the caller knows.

        Args:
            laws: For each service's handle its law; or for each provider's handle the law with them, with ``None`` for
                all others (without it they have ``otherwise``).
            otherwise: The law of every other service, and of who did not tell.

        Raises:
            InvalidValueError: Something else than laws, or no handles.
        """
        as_kind("otherwise", otherwise, DurationLaw)
        rows: dict[int, dict[int | None, DurationLaw]] = {}
        for service, given in laws.items():
            as_kind("a law", given, DurationLaw, Mapping)
            row: dict[int | None, DurationLaw] = {}
            row.update({None: given} if isinstance(given, DurationLaw) else given)
            for law in row.values():
                as_kind("a law", law, DurationLaw)
            rows[as_whole("service", service)] = row
        named = {as_whole("provider", key) for row in rows.values() for key in row if key is not None}
        services, providers = sorted(rows), sorted(named)
        # Row by row, each with its law for all others at the end; the last row is that of all other services.
        laws_of = [*(rows[service] for service in services), {}]
        every = [row.get(one, row.get(None, otherwise)) for row in laws_of for one in (*providers, None)]
        shape = (len(services) + 1, len(providers) + 1)
        return cls(
            np.array(services, np.int64),
            np.array(providers, np.int64),
            np.array([law.log_mean for law in every]).reshape(shape),
            np.array([law.log_sd for law in every], np.float64).reshape(shape),
            np.array([law.shape is LawShape.EXPONENTIAL for law in every]).reshape(shape),
            np.zeros(shape, np.int64),
        )

    def __repr__(self) -> str:
        """Say how much it knows."""
        return f"<DurationModel of {len(self.services)} services and {len(self.providers)} providers>"

    def law(self, service: int | None, provider: int | None) -> DurationLaw:
        """The law of one service with one provider; ``None`` or a handle that is not listed: of all others."""
        (row,), (column,) = self.rows([service]), self.columns([provider])
        shape = LawShape.EXPONENTIAL if self.exponential[row, column] else LawShape.LOGNORMAL
        return DurationLaw(float(self.log_mean[row, column]), float(self.log_sd[row, column]), shape)

    def rows(self, services: list[int | None]) -> Int64Array:
        """The rows of some services."""
        return _places(self.services, services)

    def columns(self, providers: list[int | None]) -> Int64Array:
        """The columns of some providers."""
        return _places(self.providers, providers)

    def means_us(self, rows: Int64Array, columns: Int64Array) -> Int64Array:
        """int64[len(columns), len(rows)]: mean lengths in microseconds."""
        at = (rows, columns[:, None])
        spread = np.where(self.exponential[at], 0, self.log_sd[at] ** 2 / 2)
        return milliseconds(np.exp(self.log_mean[at] + spread))

    def draw_us(self, dice: Generator, rows: Int64Array, columns: Int64Array, paths: int) -> Int64Array:
        """int64[1 or len(columns), len(rows), paths]: lengths drawn, in microseconds, for each path.

        A visit is quick or slow on a path whoever does it. Where the providers do not differ they share one matrix.
        """
        memoryless = self.exponential[rows[:, None], columns].any(1)
        # All of one kind are drawn in one go, so that whoever draws more rows draws the same ones first.
        luck = np.empty((len(rows), paths)) if memoryless.all() else dice.standard_normal((len(rows), paths))
        if memoryless.any():
            luck[memoryless] = np.log(dice.standard_exponential((int(memoryless.sum()), paths)))
        at = (rows, columns[:, None])
        mean, sd = self.log_mean[at], self.log_sd[at]
        if len(columns) and (mean == mean[0]).all() and (sd == sd[0]).all():
            mean, sd = mean[:1], sd[:1]
        return milliseconds(np.exp(mean[:, :, None] + sd[:, :, None] * luck))


def _places(handles: Int64Array, wanted: list[int | None]) -> Int64Array:
    if not len(handles):
        return np.zeros(len(wanted), np.int64)
    asked = np.array([-1 if one is None else one for one in wanted], np.int64)
    place = handles.searchsorted(asked)
    found = handles[np.minimum(place, len(handles) - 1)] == asked
    return np.where(found, place, len(handles))
