"""A clinic run from distributions and a seed, many times over, for questions of capacity."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from petpro_core._checks import LONGEST, ZERO, as_kind, as_length, as_whole
from petpro_core.errors import InvalidValueError, LimitExceededError
from petpro_core.forecast._dice import Generator, Seed
from petpro_core.forecast._dice import streams as dice_of
from petpro_core.forecast._dispatch import FAR, Customers, Desk, dispatch
from petpro_core.forecast.arrivals import AppointmentStream, Comers, booked_times, expected_count
from petpro_core.forecast.capacity import Stream, as_streams, find_load
from petpro_core.forecast.durations import DurationModel
from petpro_core.forecast.servers import Server, as_servers, expected_us, shifts_of, windows_of
from petpro_core.forecast.simulation import Simulation
from petpro_core.intervals import NEVER, Interval, duration_us
from petpro_core.priority import PriorityPolicy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from petpro_core.intervals import Int64Array

__all__ = ["SIMULATION_LIMIT", "simulate"]

SIMULATION_LIMIT: Final = 5_000_000
_MOST_RUNS: Final = 1_000_000
_MOST_TIME: Final = timedelta(days=3_660)


def simulate(
    streams: Stream | Iterable[Stream],
    *,
    servers: Server | Iterable[Server],
    durations: DurationModel,
    policy: PriorityPolicy,
    within: Interval,
    runs: int,
    seed: Seed,
    settle: timedelta = ZERO,
    grace: timedelta = LONGEST,
    limit: int = SIMULATION_LIMIT,
) -> Simulation:
    """Run a clinic from ``within.start`` on, so many times, each with its own luck, by the dispatch of the forecast.

    People come as the streams say, wait by the policy, and are served by whoever is on duty. A run ends when everybody
    who came within ``within`` has been served, or nobody is left to do it. Each stream has its own luck, whoever serves
    it: two simulations of one seed with other servers are of the same people (``Simulation.compared_with``).

        >>> from datetime import UTC, datetime
        >>> from petpro_core.forecast import ArrivalStream, DurationLaw
        >>> from petpro_core.priority import VETERINARY_TRIAGE
        >>> day = Interval(datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 17, tzinfo=UTC))
        >>> def waits(vets):
        ...     simulation = simulate(
        ...         [ArrivalStream("orange", 0.5), ArrivalStream("green", 5)],
        ...         servers=[Server(vet) for vet in range(vets)],
        ...         durations=DurationModel.same(DurationLaw.lognormal(timedelta(minutes=20), cv=0.5)),
        ...         policy=VETERINARY_TRIAGE,
        ...         within=day,
        ...         runs=200,
        ...         seed=1,
        ...     )
        ...     return [round(waits.mean / timedelta(minutes=1)) for waits in simulation.by_stream()]
        >>> waits(2), waits(3)
        ([6, 30], [2, 5])

    Args:
        streams: Who comes; a single one needs no list.
        servers: Who serves them, with their hours; nobody is busy at the beginning.
        durations: How long visits take: given, or learned from past visits.
        policy: The order.
        within: A day, a year; rates count their hours from its start unless they say since when.
        runs: How many times, 1 to 1,000,000.
        seed: A whole number of at least 0, or a NumPy generator, which moves on.
        settle: For a question about the long run: those who come so soon after the start are not counted, and people go
            on coming for as long after the end, not counted either. The load must then be below 1.
        grace: How far a visit may be expected to reach into a break or the end of duty; by default any visit is begun
            while the server is there, and runs over.
        limit: At most so many people, on average; about 60 bytes each.

    Raises:
        InvalidValueError: A stream that nobody may serve, a load of 1 or more in the long run, a value of another type
            or outside its bounds.
        LimitExceededError: More people than ``limit``, on average: ask for fewer runs at a time, with other seeds.

    Source: explanation/waiting.md.
    """
    given, by_handle = as_streams(streams), as_servers(servers)
    as_kind("durations", durations, DurationModel)
    as_kind("policy", policy, PriorityPolicy)
    as_kind("within", within, Interval)
    as_whole("runs", runs, 1, _MOST_RUNS)
    settle_us = duration_us(as_length("settle", settle, ZERO, _MOST_TIME))
    length = within.end_us - within.start_us
    _check(given, by_handle, durations, within, settle_us)
    end = length + settle_us
    expected = runs * sum(expected_count(stream, within.start_us, end) for stream in given)
    if expected > as_whole("limit", limit, 1):
        msg = (
            f"{expected:.0f} people on average are more than limit={limit}; ask for fewer runs at a time, with another "
            "seed each, or raise the limit"
        )
        raise LimitExceededError(msg, limit=limit, got=int(expected))
    return _run(
        given, by_handle, durations, policy, within, runs, seed, settle_us, duration_us(as_length("grace", grace))
    )


def _check(
    given: tuple[Stream, ...], servers: tuple[Server, ...], durations: DurationModel, within: Interval, settle_us: int
) -> None:
    """Refuse what cannot be answered."""
    for server in servers:
        if server.serving is not None or server.free_at is not None:
            msg = f"a simulation begins with nobody busy; leave out `serving` and `free_at` of server {server.resource}"
            raise InvalidValueError(msg, name="servers", resource=server.resource)
    load = find_load(given, servers=servers, durations=durations, within=within)
    if settle_us and load.share >= 1:
        msg = (
            f"the load in the long run is below 1, got {load.share:.3f} of servers {list(load.resources)} by streams "
            f"{list(load.streams)}; add servers, or ask about days (settle=0)"
        )
        raise InvalidValueError(msg, name="load", got=load.share, resources=load.resources, streams=load.streams)
    if settle_us >= within.end_us - within.start_us:
        msg = f"settle is shorter than `within`, got {settle_us} of {within.end_us - within.start_us} us"
        raise InvalidValueError(msg, name="settle", got=settle_us)


def _run(
    given: tuple[Stream, ...],
    servers: tuple[Server, ...],
    durations: DurationModel,
    policy: PriorityPolicy,
    within: Interval,
    runs: int,
    seed: Seed,
    settle_us: int,
    grace_us: int,
) -> Simulation:
    columns = durations.columns([server.resource for server in servers])
    rows = durations.rows([stream.service for stream in given])
    length = within.end_us - within.start_us
    ready, took = [], []
    for stream, row, own in zip(given, rows.tolist(), dice_of(seed, len(given)), strict=True):
        when, long = own.spawn(2)
        times = _times(stream, when, runs, within.start_us, length + settle_us)
        ready.append(times)
        took.append(durations.draw_us(long, np.full(len(times), row), columns, runs))
    first = np.cumsum([0, *(len(times) for times in ready[:-1])])
    depth = max(len(part) for part in took)
    come = np.concatenate(ready)
    lengths = np.concatenate([np.broadcast_to(part, (depth, *part.shape[1:])) for part in took], axis=1)
    level = np.array([policy.level_of(stream.urgency) for stream in given], np.int64)
    serves = np.array([[server.may_serve(stream.service, None) for stream in given] for server in servers])
    windows = windows_of(shifts_of(servers, None, durations, within.start_us), durations, columns, _no_dice(), runs)
    plain = windows is None and bool(serves.all())
    expected = None if plain else expected_us(durations.means_us(rows, columns), serves, grace_us)
    customers = Customers(first, level, None, come, come, None, lengths)
    outcome = dispatch(policy, customers, Desk(np.zeros((len(servers), runs), np.int64), expected, windows))
    return _counted(given, servers, policy, within, runs, settle_us, customers, outcome.begin, outcome.server)


def _no_dice() -> Generator:
    # Windows of a simulation are hours and breaks, whose lengths are not drawn.
    return dice_of(0, 1)[0]


def _times(stream: Stream, dice: Generator, runs: int, start_us: int, end: int) -> Int64Array:
    if isinstance(stream, AppointmentStream):
        return booked_times(stream, dice, runs, start_us, end)
    return Comers(stream, dice, runs, start_us).until(end)


def _counted(
    given: tuple[Stream, ...],
    servers: tuple[Server, ...],
    policy: PriorityPolicy,
    within: Interval,
    runs: int,
    settle_us: int,
    customers: Customers,
    begin: Int64Array,
    server: np.typing.NDArray[np.int16],
) -> Simulation:
    """What happened as columns: by stream, run and arrival."""
    length = within.end_us - within.start_us
    columns: list[tuple[Int64Array, ...]] = []
    bounds = np.append(customers.first, len(customers.ready))
    for stream in range(len(given)):
        part = slice(int(bounds[stream]), int(bounds[stream + 1]))
        # Transposed, because each run is then in one piece.
        come, began, who = customers.ready[part].T, begin[part].T, server[part].T
        mask = (come < length) & (come >= settle_us)
        run, place = mask.nonzero()
        at = began[mask]
        whose = who[mask].astype(np.int64)
        took = customers.lengths[whose if len(customers.lengths) > 1 else 0, part.start + place, run]
        served = at < FAR
        columns.append(
            (
                np.full(len(run), stream),
                run,
                come[mask] + within.start_us,
                np.where(served, at + within.start_us, NEVER),
                np.where(served, at + took + within.start_us, NEVER),
                np.where(served, whose, -1),
            )
        )
    joined = [np.concatenate(part) for part in zip(*columns, strict=True)]
    resources = np.array([one.resource for one in servers], np.int64)
    counted = Interval.from_us(within.start_us + settle_us, within.end_us)
    return Simulation(given, servers, policy, counted, runs, resources, *joined)
