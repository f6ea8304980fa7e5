"""The simulator against the closed forms of queueing theory, row by row.

By day each row is a small simulation, held to what chance allows (five standard errors, and a little for the short
runs). In the nightly run a row has 12 to 48 million customers: within 1.5 % of the closed form, and no more than 3.5
standard errors away. Each run is a batch of its own, begins empty, and its first and last customers are not counted.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import attrs
import numpy as np
import pytest
from hypothesis import settings

from petpro_core import Interval
from petpro_core.forecast import (
    AppointmentStream,
    ArrivalStream,
    DurationLaw,
    DurationModel,
    Server,
    Simulation,
    simulate,
)
from petpro_core.priority import PriorityPolicy, UrgencyLevel
from petpro_core.testing import queueing as theory

NIGHTLY: Final = settings().max_examples >= 1_000
RUNS: Final = 200 if NIGHTLY else 40
PER_RUN: Final = 20_000 if NIGHTLY else 2_000
SETTLE: Final = 2_000 if NIGHTLY else 400
MINUTE: Final = timedelta(minutes=1)
START: Final = datetime(2026, 1, 5, tzinfo=UTC)


@attrs.frozen
class Kind:
    """A class of customers: how many come in a unit of time (a minute here), and the law of how long they take."""

    rate: float
    law: DurationLaw
    traffic: theory.Traffic


def exponential(rate: float, mean: float) -> Kind:
    return Kind(rate, DurationLaw.exponential(mean * MINUTE), theory.exponential(rate, mean))


def fixed(rate: float, mean: float) -> Kind:
    return Kind(rate, DurationLaw.fixed(mean * MINUTE), theory.fixed(rate, mean))


def lognormal(rate: float, mean: float, cv: float) -> Kind:
    return Kind(rate, DurationLaw.lognormal(mean * MINUTE, cv=cv), theory.lognormal(rate, mean, cv))


class Figures:
    """Sums over customers, a row for each run, so that runs are batches."""

    def __init__(self) -> None:
        self.parts: list[np.ndarray[Any, np.dtype[np.float64]]] = []

    def add(self, count: Any, total: Any) -> None:
        self.parts.append(np.stack([count, total], axis=1).astype(np.float64))

    def mean(self) -> tuple[float, float]:
        """A mean over customers, and its standard error from how much runs differ."""
        count, total = np.concatenate(self.parts).T
        mean = total.sum() / count.sum()
        apart = total - mean * count
        return float(mean), float(math.sqrt((apart**2).sum() * len(count) / (len(count) - 1)) / count.sum())


def judge(name: str, found: tuple[float, float], expected: float) -> None:
    mean, error = found
    z, off = (mean - expected) / error, mean / expected - 1
    told = f"{name}: {mean:.5g} expected {expected:.5g} ({off:+.2%}, z {z:+.2f})"
    print(told)  # noqa: T201 (the figures are what a long run is for)
    if NIGHTLY:
        assert abs(z) < 3.5, told
        assert abs(off) <= 0.015, told
    else:
        assert abs(mean - expected) < 5 * error + 0.02 * expected, told


def runs_of(
    kinds: list[Kind],
    *,
    discipline: str,
    rates: list[int] | None = None,
    heads: list[int] | None = None,
    servers: int = 1,
    millions: int = 12,
) -> list[Simulation]:
    """One simulation by day; by night as many as make up so many million customers."""
    levels = [
        UrgencyLevel(
            str(place), rate=rates[place] if rates else 1, head_start=heads[place] * MINUTE if heads else timedelta(0)
        )
        for place in range(len(kinds))
    ]
    rate = sum(kind.rate for kind in kinds)
    settle = SETTLE / rate * MINUTE
    laws = {place: kind.law for place, kind in enumerate(kinds)}
    blocks = millions * 1_000_000 // (RUNS * PER_RUN) if NIGHTLY else 1
    return [
        simulate(
            [ArrivalStream(str(place), kind.rate * 60, service=place) for place, kind in enumerate(kinds)],
            servers=[Server(place) for place in range(servers)],
            durations=DurationModel.given(laws, otherwise=kinds[0].law),
            policy=PriorityPolicy(levels, discipline=discipline),
            within=Interval(START, START + PER_RUN / rate * MINUTE + settle),
            runs=RUNS,
            settle=settle,
            seed=1_000 + block,
        )
        for block in range(blocks)
    ]


def mean_of(simulations: list[Simulation], stream: int | None, value: Any = lambda waits: waits) -> tuple[float, float]:
    """The mean of a function of the wait (in minutes) of one stream, or of all."""
    figures = Figures()
    for one in simulations:
        mine = np.ones(len(one), np.bool_) if stream is None else one.stream == stream
        waits = (one.begin_us[mine] - one.arrival_us[mine]) / 60e6
        run = one.run[mine]
        figures.add(np.bincount(run, minlength=one.runs), np.bincount(run, value(waits), one.runs))
    return figures.mean()


MIX: Final = [exponential(0.008, 20), lognormal(0.016, 15, 0.5), fixed(0.036, 10)]
PAIR: Final = [exponential(0.45, 1), exponential(0.45, 1)]
THREE: Final = [exponential(0.17 * share, 15) for share in (0.15, 0.25, 0.60)]
COUNTY: Final = [exponential(rate / 60, 20) for rate in (0.2, 0.6, 1.2)]

# What each table says, kept as the numbers printed there, so that the closed forms are checked as well.
TABLES: Final[dict[str, tuple[list[Kind], dict[str, Any], list[float]]]] = {
    "mix, first come": (MIX, {"discipline": "fifo"}, [30.2083] * 3),
    "mix, strict": (MIX, {"discipline": "strict"}, [8.6310, 14.3849, 50.3472]),
    "mix, 4:2:1": (MIX, {"discipline": "accumulating", "rates": [4, 2, 1]}, [16.4694, 25.0584, 39.7478]),
    "mix, 10:3:1": (MIX, {"discipline": "accumulating", "rates": [10, 3, 1]}, [12.4015, 22.2879, 43.4028]),
    "mix, 100:10:1": (MIX, {"discipline": "accumulating", "rates": [100, 10, 1]}, [9.3240, 17.0133, 48.2870]),
    **{
        f"pair, {ahead}:{behind}": (
            PAIR,
            {"discipline": "accumulating", "rates": [ahead, behind], "millions": 24},
            expected,
        )
        for (ahead, behind), expected in {
            (1, 1): [9.0, 9.0],
            (4, 3): [7.8592, 10.1408],
            (2, 1): [6.3871, 11.6129],
            (4, 1): [4.4151, 13.5849],
            (10, 1): [2.8739, 15.1261],
            (10_000, 1): [1.6377, 16.3623],
        }.items()
    },
    "three, strict": (THREE, {"discipline": "strict", "servers": 3}, [4.1855, 6.3417, 36.8877]),
    "three, 4:2:1": (
        THREE,
        {"discipline": "accumulating", "rates": [4, 2, 1], "servers": 3},
        [10.7980, 17.6955, 30.5039],
    ),
    "three, 10:3:1": (
        THREE,
        {"discipline": "accumulating", "rates": [10, 3, 1], "servers": 3},
        [7.1595, 14.5088, 32.7413],
    ),
    "two servers, first come": ([exponential(0.8 * 2 / 15, 15)], {"discipline": "fifo", "servers": 2}, [26.667]),
    "three servers, first come": ([exponential(0.85 * 3 / 15, 15)], {"discipline": "fifo", "servers": 3}, [24.346]),
    "five servers, first come": (
        [exponential(0.9 * 5 / 15, 15)],
        {"discipline": "fifo", "servers": 5, "millions": 24},
        [22.875],
    ),
    "M/M/1 .5": ([exponential(0.5, 1)], {"discipline": "fifo"}, [1.0]),
    "M/M/1 .8": ([exponential(0.8, 1)], {"discipline": "fifo"}, [4.0]),
    "M/M/1 .9": ([exponential(0.9, 1)], {"discipline": "fifo", "millions": 24}, [9.0]),
    "M/D/1 .8": ([fixed(0.8, 1)], {"discipline": "fifo"}, [2.0]),
    "M/G/1 .8, cv .5": ([lognormal(0.8, 1, 0.5)], {"discipline": "fifo"}, [2.5]),
    "M/G/1 .8, cv 1.5": ([lognormal(0.8, 1, 1.5)], {"discipline": "fifo", "millions": 24}, [6.5]),
    "county hospital, one": (COUNTY, {"discipline": "strict"}, [0.2381 * 60, 0.3247 * 60, 0.9091 * 60]),
    "county hospital, two": (COUNTY, {"discipline": "strict", "servers": 2}, [0.0287 * 60, 0.0332 * 60, 0.0481 * 60]),
    "exercise, 45 minutes": (
        [fixed(0.12, 5), exponential(0.03, 10)],
        {"discipline": "fifo", "millions": 24},
        [45.0] * 2,
    ),
}


def closed_form(kinds: list[Kind], *, discipline: str, servers: int = 1, **asked: Any) -> list[float]:
    traffic = [kind.traffic for kind in kinds]
    assert theory.load(traffic, servers) <= 0.9 + 1e-9
    if discipline == "strict":
        return theory.strict_waits(traffic, servers)
    if discipline == "accumulating":
        return theory.accumulating_waits(traffic, asked["rates"], servers)
    return [theory.fifo_wait(traffic, servers)] * len(kinds)


@pytest.mark.parametrize("name", TABLES)
def test_mean_waits_are_those_of_the_closed_form(name: str) -> None:
    kinds, asked, table = TABLES[name]
    expected = closed_form(kinds, **asked)
    assert expected == pytest.approx(table, rel=2e-3 if "county" in name else 5e-5)
    simulations = runs_of(kinds, **asked)
    for stream, wait in enumerate(expected):
        judge(f"{name}, class {stream + 1}", mean_of(simulations, stream), wait)


def test_spread_of_waits_is_that_of_the_closed_form() -> None:
    traffic = [kind.traffic for kind in MIX]
    strict = runs_of(MIX, discipline="strict", millions=24)
    moments = zip(theory.strict_waits(traffic), theory.strict_second_moments(traffic), strict=True)
    table = [14.135, 25.463, 78.016]
    for stream, (mean, second) in enumerate(moments):
        assert math.sqrt(second - mean**2) == pytest.approx(table[stream], abs=6e-4)
        # Twice the error of a standard deviation is that of its square.
        found, error = mean_of(strict, stream, np.square)
        sd, sd_error = math.sqrt(found - mean**2), error / (2 * table[stream])
        judge(f"sd, strict, class {stream + 1}", (sd, sd_error), table[stream])
    fifo = runs_of(MIX, discipline="fifo", millions=24)
    judge("second moment, first come", mean_of(fifo, None, np.square), theory.fifo_second_moment(traffic))


@pytest.mark.parametrize(
    ("name", "asked"),
    {
        "first come": {"discipline": "fifo"},
        "strict": {"discipline": "strict"},
        "4:2:1": {"discipline": "accumulating", "rates": [4, 2, 1]},
        "head start 60, 30, 0": {"discipline": "head_start", "heads": [60, 30, 0]},
        "head start 120, 45, 0": {"discipline": "head_start", "heads": [120, 45, 0]},
    }.items(),
)
def test_no_rule_takes_waiting_away_it_only_moves_it(name: str, asked: dict[str, Any]) -> None:
    traffic = [kind.traffic for kind in MIX]
    work = [one.rate * one.mean for one in traffic]
    simulations = runs_of(MIX, **asked)
    figures = Figures()
    # Per customer of any class, weighted by the mean length of its class; the arrival rate makes it a sum of shares.
    rate = sum(one.rate for one in traffic)
    for one in simulations:
        weight = np.array([kind.mean for kind in traffic])[one.stream] * rate
        total = np.bincount(one.run, weight * (one.begin_us - one.arrival_us) / 60e6, one.runs)
        figures.add(np.bincount(one.run, minlength=one.runs), total)
    judge(name, figures.mean(), sum(work) * theory.fifo_wait(traffic))


def test_tails_are_those_of_the_closed_form() -> None:
    rate, mean = 0.17, 15.0
    fifo = runs_of([exponential(rate, mean)], discipline="fifo", servers=3, millions=24)
    for wait, table in {15: 0.4657, 30: 0.2969, 60: 0.1207}.items():
        expected = theory.fifo_tail(rate, mean, 3, wait)
        assert expected == pytest.approx(table, abs=6e-5)
        judge(f"first come, P(W > {wait})", mean_of(fifo, 0, lambda waits, wait=wait: waits > wait), expected)
    strict = runs_of(THREE, discipline="strict", servers=3, millions=48)
    for wait, table in {0: 0.7304, 5: 0.3052, 15: 0.0533, 30: 0.0039}.items():
        expected = theory.top_tail(0.15 * rate, rate, mean, 3, wait)
        assert expected == pytest.approx(table, abs=6e-5)
        judge(f"top class, P(W > {wait})", mean_of(strict, 0, lambda waits, wait=wait: waits > wait), expected)


@pytest.mark.parametrize(
    ("slot", "mean", "no_show", "wait", "tail"),
    [
        (20, 15, 0.0, 18.011, None),
        (20, 15, 0.15, 11.024, 0.1338),
        (20, 18, 0.15, 28.375, None),
        (15, 15, 0.15, 44.290, 0.4504),
        (15, 15, 0.20, 31.606, None),
    ],
)
def test_appointment_books_wait_as_long_as_theory_says(
    slot: int, mean: int, no_show: float, wait: float, tail: float | None
) -> None:
    assert theory.book_wait(slot, mean, no_show) == pytest.approx(wait, abs=1e-3)
    settle = SETTLE * slot * MINUTE
    simulations = [
        simulate(
            AppointmentStream("booked", slot * MINUTE, no_show=no_show),
            servers=Server(0),
            durations=DurationModel.same(DurationLaw.exponential(mean * MINUTE)),
            policy=PriorityPolicy(UrgencyLevel("booked")),
            within=Interval(START, START + (PER_RUN + SETTLE) * slot * MINUTE),
            runs=RUNS,
            settle=settle,
            seed=2_000 + block,
        )
        for block in range(6 if NIGHTLY else 1)
    ]
    name = f"book {slot}/{mean}, {no_show:.0%} do not come"
    judge(name, mean_of(simulations, 0), theory.book_wait(slot, mean, no_show))
    if tail is not None:
        assert theory.book_tail(slot, mean, no_show, 30) == pytest.approx(tail, abs=6e-5)
        found = mean_of(simulations, 0, lambda waits: waits > 30)
        judge(f"{name}, P(W > 30)", found, theory.book_tail(slot, mean, no_show, 30))
