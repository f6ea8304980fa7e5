"""The simulator against `ciw`, an independent discrete-event simulator: same clinic, same rules, same mean waits.

Neither is the judge of the other; their difference is held to what chance allows (five standard errors by day, 3.5 in
the nightly run, which is 50 times as long).
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import settings

from petpro_core import Interval
from petpro_core.forecast import ArrivalStream, DurationLaw, DurationModel, Server, simulate
from petpro_core.priority import PriorityPolicy, UrgencyLevel

ciw = pytest.importorskip("ciw", reason="the peer `ciw` is not installed")

NIGHTLY: Final = settings().max_examples >= 1_000
TRIALS: Final = 20 if NIGHTLY else 10
MINUTES: Final = 400_000 if NIGHTLY else 16_000
SETTLE: Final = 10_000 if NIGHTLY else 2_000
MINUTE: Final = timedelta(minutes=1)
START: Final = datetime(2026, 1, 5, tzinfo=UTC)

RATES: Final = (0.008, 0.016, 0.036)
VARIANCE: Final = math.log(1.25)
SERVERS: Final = {"one vet": (1, 1.0), "three vets": (3, 2.8)}
WEIGHTS: Final[dict[str, tuple[str, tuple[int, int, int]]]] = {
    "first come": ("fifo", (1, 1, 1)),
    "strict": ("strict", (1, 1, 1)),
    "4:2:1": ("accumulating", (4, 2, 1)),
    "head start": ("head_start", (60, 30, 0)),
}


def names() -> list[str]:
    return ["Class 0", "Class 1", "Class 2"]


def by_ciw(policy: str, servers: int, busy: float) -> np.ndarray[Any, Any]:
    """Mean waits: [trials, classes]."""
    discipline, weights = WEIGHTS[policy]
    place = {name: number for number, name in enumerate(names())}

    def points(individuals: list[Any], now: float) -> Any:
        return max(individuals, key=lambda one: weights[place[one.customer_class]] * (now - one.arrival_date))

    def head_start(individuals: list[Any], _: float) -> Any:
        return min(individuals, key=lambda one: one.arrival_date - weights[place[one.customer_class]])

    asked: dict[str, Any] = {
        "arrival_distributions": {
            name: [ciw.dists.Exponential(busy * rate)] for name, rate in zip(names(), RATES, strict=True)
        },
        "service_distributions": {
            "Class 0": [ciw.dists.Exponential(1 / 20)],
            "Class 1": [ciw.dists.Lognormal(math.log(15) - VARIANCE / 2, math.sqrt(VARIANCE))],
            "Class 2": [ciw.dists.Deterministic(10)],
        },
        "number_of_servers": [servers],
    }
    if discipline == "strict":
        asked["priority_classes"] = place
    if discipline == "accumulating":
        asked["service_disciplines"] = [points]
    if discipline == "head_start":
        asked["service_disciplines"] = [head_start]
    network = ciw.create_network(**asked)
    found = []
    for trial in range(TRIALS):
        ciw.seed(trial)
        simulation = ciw.Simulation(network)
        simulation.simulate_until_max_time(MINUTES + 2 * SETTLE)
        records = simulation.get_all_records()
        waits: dict[str, list[float]] = {name: [] for name in names()}
        for record in records:
            if SETTLE <= record.arrival_date < SETTLE + MINUTES:
                waits[record.customer_class].append(record.waiting_time)
        found.append([np.mean(waits[name]) for name in names()])
    return np.array(found)


def by_petpro(policy: str, servers: int, busy: float) -> np.ndarray[Any, Any]:
    discipline, weights = WEIGHTS[policy]
    laws = {
        0: DurationLaw.exponential(20 * MINUTE),
        1: DurationLaw.lognormal(15 * MINUTE, cv=0.5),
        2: DurationLaw.fixed(10 * MINUTE),
    }
    levels = [
        UrgencyLevel(
            str(place),
            rate=weight if discipline == "accumulating" else 1,
            head_start=weight * MINUTE if discipline == "head_start" else timedelta(0),
        )
        for place, weight in enumerate(weights)
    ]
    simulation = simulate(
        [ArrivalStream(str(place), busy * rate * 60, service=place) for place, rate in enumerate(RATES)],
        servers=[Server(place) for place in range(servers)],
        durations=DurationModel.given(laws, otherwise=laws[0]),
        policy=PriorityPolicy(levels, discipline=discipline),
        within=Interval(START, START + (MINUTES + SETTLE) * MINUTE),
        settle=SETTLE * MINUTE,
        runs=4 * TRIALS,
        seed=5,
    )
    return np.stack([simulation.means_by_run(stream) for stream in range(3)], axis=1) / 60e6


@pytest.mark.parametrize("clinic", SERVERS)
@pytest.mark.parametrize("policy", WEIGHTS)
def test_ciw_finds_the_same_mean_waits(policy: str, clinic: str) -> None:
    servers, busy = SERVERS[clinic]
    ours, theirs = by_petpro(policy, servers, busy), by_ciw(policy, servers, busy)
    error = np.sqrt(ours.var(0, ddof=1) / len(ours) + theirs.var(0, ddof=1) / len(theirs))
    z = (ours.mean(0) - theirs.mean(0)) / error
    told = f"{policy}, {clinic}: ours {ours.mean(0).round(3)}, ciw {theirs.mean(0).round(3)}, z {z.round(2)}"
    print(told)  # noqa: T201 (the figures are what a long run is for)
    assert (np.abs(z) < (3.5 if NIGHTLY else 5)).all(), told
