"""Forecasts and calls on a clinic of three providers, held to what is known about its true laws.

Six hundred minutes, one queue, four kinds of visits with lognormal lengths, arrivals that swell and ebb (the load is
0.89 on average, 1.12 at its peak). The truth is simulated; at chosen instants the queue is forecast from what a desk
knows then. The floor is the same forecast with the true laws: nobody who knows only laws can do better. Durations are
learned from 1,000 visits of another time.

The nightly run holds the bars themselves, on thousands of forecasts. By day there are a few hundred, so that shares are
held to five standard errors more. Those of one day depend on each other; three of them count as one.
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
    ArrivalStream,
    DurationLaw,
    DurationModel,
    Server,
    Serving,
    Simulation,
    WaitForecast,
    find_calls,
    forecast_waits,
    learn_durations,
    simulate,
)
from petpro_core.intervals import Int64Array, from_us, to_us
from petpro_core.priority import PriorityPolicy, QueueEntry, UrgencyLevel, rank

NIGHTLY: Final = settings().max_examples >= 1_000
FORECASTS: Final = 8_000 if NIGHTLY else 250
DAYS: Final = {"fifo": 100, "accumulating": 40} if NIGHTLY else {"fifo": 2, "accumulating": 1}
MINUTE: Final = timedelta(minutes=1)
MINUTE_US: Final = 60_000_000
OPENS: Final = datetime(2026, 1, 5, 8, tzinfo=UTC)
DAY: Final = Interval(OPENS, OPENS + 600 * MINUTE)
PER_MINUTE: Final = (0.08, 0.13, 0.16, 0.17, 0.15, 0.12, 0.15, 0.17, 0.14, 0.08)
SHARES: Final = (0.35, 0.45, 0.12, 0.08)
LAWS: Final = {
    kind: DurationLaw.lognormal(mean * MINUTE, cv=cv)
    for kind, (mean, cv) in enumerate([(10, 0.4), (20, 0.5), (40, 0.5), (30, 0.6)])
}
TRUTH: Final = DurationModel.given(LAWS, otherwise=LAWS[1])
URGENT: Final = 3
STREAMS: Final = [
    ArrivalStream(
        "urgent" if kind == URGENT else "routine",
        [rate * share * 60 for rate in PER_MINUTE] + [0] * 14,
        service=kind,
        since=OPENS,
    )
    for kind, share in enumerate(SHARES)
]


def policy(discipline: str) -> PriorityPolicy:
    return PriorityPolicy([UrgencyLevel("urgent", rate=6), UrgencyLevel("routine")], discipline=discipline)


def days(discipline: str, count: int, seed: int) -> Simulation:
    servers = [Server(place) for place in range(3)]
    return simulate(
        STREAMS, servers=servers, durations=TRUTH, policy=policy(discipline), within=DAY, runs=count, seed=seed
    )


@pytest.fixture(scope="module")
def learned() -> DurationModel:
    """What 1,000 past visits teach."""
    past = days("fifo", 13, seed=77)
    some = np.random.default_rng(7).permutation(len(past))[:1_000]  # noqa: TID251 (the seed is fixed)
    took = (past.end_us - past.begin_us)[some]
    return learn_durations(service=past.stream[some], provider=past.server[some], duration_us=took)


@attrs.frozen(eq=False)
class Day:
    """One day of the truth, in order of arrival."""

    number: int
    discipline: str
    kind: Int64Array
    arrival: Int64Array
    begin: Int64Array
    end: Int64Array
    server: Int64Array

    @classmethod
    def of(cls, found: Simulation, run: int, discipline: str) -> Day:
        mine = (found.run == run).nonzero()[0]
        mine = mine[np.argsort(found.arrival_us[mine], kind="stable")]
        columns = (found.stream, found.arrival_us, found.begin_us, found.end_us, found.server)
        return cls(run, discipline, *(column[mine] for column in columns))

    def forecast(self, now: int, model: DurationModel) -> WaitForecast:
        """What a desk would be told at an instant: it knows who waits, and who is being served since when."""
        waiting = ((self.arrival <= now) & (self.begin > now)).nonzero()[0]
        entries = [
            QueueEntry(
                place,
                from_us(int(self.arrival[place])),
                "urgent" if self.kind[place] == URGENT else "routine",
                service=int(self.kind[place]),
            )
            for place in waiting.tolist()
        ]
        servers = []
        for number in range(3):
            visit = ((self.server == number) & (self.begin <= now) & (self.end > now)).nonzero()[0].tolist()
            serving = [Serving(from_us(int(self.begin[one])), service=int(self.kind[one])) for one in visit]
            servers.append(Server(number, serving=serving[0] if serving else None))
        return forecast_waits(
            rank(entries, policy=policy(self.discipline), now=from_us(now)),
            servers=servers,
            durations=model,
            future=STREAMS[URGENT],
            seed=self.number * 100_000 + (now - to_us(OPENS)) // MINUTE_US,
        )


@attrs.frozen(eq=False)
class Score:
    """Minutes by which turns began after each quantile that was told: [forecasts, P10 P50 P90]."""

    late: np.ndarray[Any, np.dtype[np.float64]]

    @property
    def error(self) -> float:
        return float(np.abs(self.late[:, 1]).mean())

    @property
    def covered(self) -> Any:
        return (self.late <= 0).mean(0)


def score(discipline: str, models: list[DurationModel], count: int) -> list[Score]:
    """Forecast everybody who has to wait, when they come."""
    late: list[list[list[float]]] = [[] for _ in models]
    found = days(discipline, count // 50 + 2, seed=11)
    for run in range(found.runs):
        day = Day.of(found, run, discipline)
        for place in (day.begin > day.arrival).nonzero()[0].tolist():
            now = int(day.arrival[place])
            for rows, model in zip(late, models, strict=True):
                table = day.forecast(now, model).entries
                row = table.ids.tolist().index(place)
                told = [int(column[row]) for column in (table.p10_us, table.p50_us, table.p90_us)]
                rows.append([(int(day.begin[place]) - one) / MINUTE_US for one in told])
        if len(late[0]) >= count:
            break
    return [Score(np.array(rows)) for rows in late]


def slack(count: int, share: float) -> float:
    """What chance allows beyond a bar: nothing by night, five standard errors by day."""
    return 0.0 if NIGHTLY else 5 * math.sqrt(share * (1 - share) / (count / 3))


def tell(line: str) -> None:
    print(line)  # noqa: T201 (the figures are what a long run is for)


def tell_score(name: str, found: Score) -> None:
    p10, p50, p90 = found.covered
    tell(
        f"{name}: {len(found.late)} forecasts, error {found.error:.2f} min, covered {p10:.3f} {p50:.3f} {p90:.3f}, "
        f"band {p90 - p10:.3f}, within 10 min {(np.abs(found.late[:, 1]) <= 10).mean():.3f}"
    )


def test_learned_durations_forecast_nearly_as_well_as_true_ones(learned: DurationModel) -> None:
    floor, found = score("fifo", [TRUTH, learned], FORECASTS)
    tell_score("true laws", floor)
    tell_score("learned", found)
    tell(f"error over the floor: {found.error / floor.error:.3f}")
    assert len(found.late) >= FORECASTS
    assert found.error <= 1.15 * floor.error
    p10, _, p90 = found.covered
    assert abs((p90 - p10) - 0.8) <= 0.03 + slack(FORECASTS, 0.8)


def test_the_ninth_decile_holds_where_the_urgent_overtake(learned: DurationModel) -> None:
    (found,) = score("accumulating", [learned], FORECASTS)
    tell_score("learned, urgent override", found)
    assert len(found.late) >= FORECASTS
    assert abs(found.covered[2] - 0.9) <= 0.02 + slack(FORECASTS, 0.9)


@pytest.mark.parametrize("discipline", DAYS)
def test_people_are_called_a_quarter_of_an_hour_before_their_turn(discipline: str, learned: DurationModel) -> None:
    found = days(discipline, DAYS[discipline], seed=23)
    leads: list[float] = []
    never = 0
    for run in range(found.runs):
        day = Day.of(found, run, discipline)
        told: dict[int, int] = {}
        last = int((day.begin.max() - to_us(OPENS)) // MINUTE_US)
        for now in (to_us(OPENS) + minute * MINUTE_US for minute in range(last + 1)):
            waiting = set(((day.arrival <= now) & (day.begin > now)).nonzero()[0].tolist())
            if waiting - set(told):
                for call in find_calls(day.forecast(now, learned), told=[(entry, "soon") for entry in told]):
                    assert call.entry not in told, "once for each turn"
                    told[call.entry] = now
        long = (day.begin - day.arrival > 20 * MINUTE_US).nonzero()[0].tolist()
        never += sum(place not in told for place in long)
        leads += [(int(day.begin[place]) - told[place]) / MINUTE_US for place in long if place in told]
    lead = np.array(leads)
    near, late = ((lead >= 5) & (lead <= 25)).mean(), (lead < 5).mean()
    tell(
        f"{discipline}: {len(lead)} called, lead {np.percentile(lead, [10, 50, 90]).round(1)}, in 5 to 25 {near:.3f}, "
        f"late {late:.4f}, error {np.abs(lead - 15).mean():.2f} min, never told {never}"
    )
    assert never == 0
    assert 13 - slack(len(lead), 0.5) * 20 <= np.median(lead) <= 17 + slack(len(lead), 0.5) * 20
    assert near >= 0.85 - slack(len(lead), 0.85)
    assert late < 0.03 + slack(len(lead), 0.03)
