"""How long people will wait, and what a clinic can do: forecasts and simulations by the dispatch that ranks a queue.

>>> from datetime import UTC, datetime, timedelta
>>> from petpro_core.priority import VETERINARY_TRIAGE, QueueEntry, rank
>>> clock = lambda minute: datetime(2026, 3, 2, 9, minute, tzinfo=UTC)
>>> queue = [QueueEntry(1, clock(0), "green", service=3), QueueEntry(2, clock(4), "green", service=3)]
>>> forecast = forecast_waits(
...     rank(queue, policy=VETERINARY_TRIAGE, now=clock(5)),
...     servers=[Server(7, serving=Serving(clock(0), service=3))],
...     durations=DurationModel.same(DurationLaw.fixed(timedelta(minutes=15))),
...     newcomers=Newcomer("orange", service=3),
...     seed=1,
... )
>>> [f"{one.p50:%H:%M}" for one in forecast], f"{forecast.newcomers[0].p50:%H:%M}"
(['09:15', '09:30'], '09:15')

``forecast_waits`` tells when each turn begins, as quantiles, and that of somebody who would come now; ``find_calls``
whom to call; ``check_walk_in`` whether a walk-in delays an appointment; ``learn_durations`` how long visits take;
``simulate`` what another vet on Mondays would do. Nothing here reads a clock, and all chance comes from the caller's
seed: the same question has the same answer.

Source: explanation/waiting.md.
"""

from petpro_core.forecast.arrivals import AppointmentStream, ArrivalStream
from petpro_core.forecast.calls import Call, CallTable, find_calls
from petpro_core.forecast.capacity import Load, find_load
from petpro_core.forecast.durations import DurationLaw, DurationModel, LawShape
from petpro_core.forecast.forecasting import Newcomer, forecast_waits
from petpro_core.forecast.learning import learn_durations
from petpro_core.forecast.servers import Server, Serving
from petpro_core.forecast.simulating import simulate
from petpro_core.forecast.simulation import Simulation, StreamWaits, WaitChange
from petpro_core.forecast.waits import WaitForecast, Waiting, WaitReason, WaitTable
from petpro_core.forecast.walk_in import AppointmentDelay, WalkInAnswer, WalkInOption, check_walk_in

__all__ = [
    "AppointmentDelay",
    "AppointmentStream",
    "ArrivalStream",
    "Call",
    "CallTable",
    "DurationLaw",
    "DurationModel",
    "LawShape",
    "Load",
    "Newcomer",
    "Server",
    "Serving",
    "Simulation",
    "StreamWaits",
    "WaitChange",
    "WaitForecast",
    "WaitReason",
    "WaitTable",
    "Waiting",
    "WalkInAnswer",
    "WalkInOption",
    "check_walk_in",
    "find_calls",
    "find_load",
    "forecast_waits",
    "learn_durations",
    "simulate",
]
