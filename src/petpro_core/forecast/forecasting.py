"""The forecast of a queue: when each turn begins, by replaying the dispatch on many sampled paths."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core._checks import TICK, ZERO, as_each, as_length, handle
from petpro_core.forecast._dispatch import FAR, Probes
from petpro_core.forecast._scene import Scene, scene_of
from petpro_core.forecast._values import word
from petpro_core.forecast.waits import WaitForecast, WaitTable
from petpro_core.intervals import NEVER, duration_us

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from petpro_core.bookings import BookingTable
    from petpro_core.forecast._dice import Seed
    from petpro_core.forecast._dispatch import Outcome
    from petpro_core.forecast.arrivals import ArrivalStream
    from petpro_core.forecast.durations import DurationModel
    from petpro_core.forecast.servers import Server
    from petpro_core.intervals import Int64Array
    from petpro_core.priority import Ranking

__all__ = ["HORIZON", "PATHS", "Newcomer", "forecast_waits", "replay_until"]

PATHS: Final = 200
HORIZON: Final = timedelta(hours=24)
_MOST_HORIZON: Final = timedelta(days=31)


@attrs.frozen
class Newcomer:
    """Somebody who would come now.

        >>> Newcomer("green", service=3).provider is None
        True

    Attributes:
        urgency: The code of their level.
        service: What they would come for; ``None`` = not told.
        provider: Whom they would ask for; ``None`` = anybody.

    Raises:
        InvalidValueError: A value of another type, or one outside its bounds.

    Source: explanation/waiting.md.
    """

    urgency: str = attrs.field(validator=word)
    service: int | None = attrs.field(default=None, validator=handle(), kw_only=True)
    provider: int | None = attrs.field(default=None, validator=handle(), kw_only=True)


def forecast_waits(
    ranking: Ranking,
    *,
    servers: Server | Iterable[Server],
    durations: DurationModel,
    seed: Seed,
    paths: int = PATHS,
    bookings: BookingTable | None = None,
    future: ArrivalStream | Iterable[ArrivalStream] = (),
    newcomers: Newcomer | Iterable[Newcomer] = (),
    eligible: npt.ArrayLike | None = None,
    grace: timedelta = ZERO,
    horizon: timedelta = HORIZON,
) -> WaitForecast:
    """When the turn of each entry begins, and that of somebody who would come now, as quantiles.

    The queue is replayed on sampled paths by the rule that ranks it (``order_keys``). On each path visits last as the
    model draws them; one in progress goes on by the law of its rest, given how long it has taken. Streams of
    arrivals of which somebody may overtake those who are there are drawn as well. The same seed gives the same answer;
    how entries and servers are listed changes nothing.

    A visit is not begun where, by its mean length, it would run into the server's next booking, break or end of duty.
    Nobody knows the drawn length then, so visits do run over; what comes after begins later.

        >>> from datetime import UTC, datetime
        >>> from petpro_core.forecast import DurationLaw, DurationModel, Server, Serving
        >>> from petpro_core.priority import VETERINARY_TRIAGE, QueueEntry, rank
        >>> clock = lambda minute: datetime(2026, 3, 2, 9, minute, tzinfo=UTC)
        >>> queue = [QueueEntry(1, clock(0), "green"), QueueEntry(2, clock(5), "yellow")]
        >>> forecast = forecast_waits(
        ...     rank(queue, policy=VETERINARY_TRIAGE, now=clock(10)),
        ...     servers=Server(7, serving=Serving(clock(2))),
        ...     durations=DurationModel.same(DurationLaw.fixed(timedelta(minutes=20))),
        ...     seed=1,
        ... )
        >>> [(one.id, f"{one.p50:%H:%M}") for one in forecast]
        [(1, '09:42'), (2, '09:22')]

    Args:
        ranking: The queue, its policy and the present, as ``rank`` gives it; moves by hand are in it.
        servers: Who takes them; a single one needs no list.
        durations: How long visits take.
        seed: A whole number of at least 0, or a NumPy generator, which moves on.
        paths: How many paths, 1 to 100,000; the cost grows with it, the error of a quantile shrinks as its root.
        bookings: Bookings ahead on the servers' resources, those of nobody in the queue; ``None`` = there are none.
            Those that are held, confirmed or checked in take their time, drawn where the model lists their service. One
            in progress is the server's visit. Feeds and what is not known are time away.
        future: Who may come.
        newcomers: Those whose wait is asked if they came now.
        eligible: bool[servers, entries]: who may take whom, in the order given (of ``ranking.entries``), on top of what
            the servers say; ``None`` = all.
        grace: How far a visit may be expected to reach into what follows; 0 to 3,660 days.
        horizon: How far is looked ahead; more than zero, at most 31 days.

    Raises:
        InvalidValueError: A value of another type, or one outside its bounds.

    Source: explanation/waiting.md.
    """
    horizon_us = duration_us(as_length("horizon", horizon, TICK, _MOST_HORIZON))
    asked = as_each(Newcomer, "newcomers", newcomers)
    scene, _ = scene_of(
        ranking,
        servers=servers,
        durations=durations,
        bookings=bookings,
        future=future,
        eligible=eligible,
        seed=seed,
        paths=paths,
        grace=grace,
    )
    level = np.array([scene.policy.level_of(one.urgency) for one in asked], np.int64)
    serves = np.array([scene.serves(one.service, one.provider) for one in asked], np.bool_)
    serves = serves.reshape(len(asked), len(scene.shifts)).T
    able = np.flatnonzero(serves.any(0))
    rows = durations.rows([one.service for one in asked])
    probes = Probes(level[able], scene.expected(rows[able], serves[:, able])) if len(able) else None
    outcome = replay_until(scene, horizon_us, probes=probes, levels=level[able].tolist())

    begins = np.full((len(scene.codes), paths), NEVER)
    there = (scene.codes == 0).nonzero()[0]
    begins[there] = _instants(outcome.begin[scene.place[there]], scene.now_us, horizon_us)
    of_newcomers = np.full((len(asked), paths), NEVER)
    of_newcomers[able] = _instants(outcome.probe_begin, scene.now_us, horizon_us)
    ids = np.array([entry.id for entry in ranking.entries], np.int64)
    return WaitForecast(
        ranking,
        WaitTable.of(ids, scene.now_us, begins, scene.codes),
        WaitTable.of(np.arange(len(asked)), scene.now_us, of_newcomers, np.where(serves.any(0), 0, 1)),
    )


def replay_until(scene: Scene, horizon_us: int, *, probes: Probes | None = None, levels: Iterable[int] = ()) -> Outcome:
    """Replay with as much of the future as everybody who is there needs, and no more than the horizon."""
    futures = scene.overtaking(levels, horizon_us)
    until = min(scene.reach_us(), horizon_us) if futures else horizon_us
    while True:
        outcome = scene.replay(futures=futures, until_us=until, probes=probes)
        last = np.concatenate([outcome.begin.reshape(-1), outcome.probe_begin.reshape(-1)]).max(initial=0)
        # Whoever begins later than arrivals were drawn for may have been overtaken by more of them.
        if last <= until or until == horizon_us:
            return outcome
        until = min(2 * until, horizon_us)


def _instants(begin: Int64Array, now_us: int, horizon_us: int) -> Int64Array:
    return np.where(begin <= min(horizon_us, FAR - 1), begin + now_us, NEVER)
