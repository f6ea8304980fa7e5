"""Whether the servers can do what comes: the load of a clinic in the long run."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core._checks import as_kind
from petpro_core.errors import InvalidValueError, LimitExceededError
from petpro_core.forecast.arrivals import AppointmentStream, ArrivalStream, expected_count
from petpro_core.forecast.durations import DurationModel
from petpro_core.forecast.servers import Server, as_servers
from petpro_core.intervals import Interval, IntervalSet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from petpro_core.forecast._dice import FloatArray

__all__ = ["Load", "as_streams", "find_load", "on_duty"]

Stream = ArrivalStream | AppointmentStream

_MOST_KINDS: Final = 12


@attrs.frozen
class Load:
    """How much of the servers' time is asked for, where it is tightest.

    Attributes:
        share: The work of ``streams`` divided by the time on duty of ``resources``: at 1 or more the queue grows for as
            long as the clinic is open.
        streams: The places of the streams whose work it is, ascending.
        resources: The handles of those who may do it.
    """

    share: float
    streams: tuple[int, ...]
    resources: tuple[int, ...]


def as_streams(value: Stream | Iterable[Stream]) -> tuple[Stream, ...]:
    """At least one stream of arrivals or appointments.

    Raises:
        InvalidValueError: Something else than streams, or none.
    """
    given = (value,) if isinstance(value, ArrivalStream | AppointmentStream) else tuple(value)
    for stream in given:
        as_kind("a stream", stream, ArrivalStream, AppointmentStream)
    if not given:
        msg = "there is at least one stream of arrivals, got none; a rate of 0 is nobody"
        raise InvalidValueError(msg, name="streams", got=given)
    return given


def on_duty(server: Server, within: Interval) -> IntervalSet:
    """When a server is on duty: its hours without its absences."""
    hours = IntervalSet.of(within) if server.hours is None else server.hours.within(within)
    return hours if server.away is None else hours - server.away


def find_load(
    streams: Stream | Iterable[Stream],
    *,
    servers: Server | Iterable[Server],
    durations: DurationModel,
    within: Interval,
) -> Load:
    """The load of a clinic, where it is tightest: the greatest over all groups of services that share servers.

    A group's load is its work (arrivals times mean lengths, with the quickest of those who may do it) divided by the
    time on duty of everybody who may do any of it. What nobody may do has no load, and is refused.

        >>> from datetime import UTC, datetime, timedelta
        >>> from petpro_core.forecast import DurationLaw
        >>> day = Interval(datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 17, tzinfo=UTC))
        >>> load = find_load(
        ...     [ArrivalStream("green", 3, service=1), ArrivalStream("green", 2, service=2)],
        ...     servers=[Server(7), Server(8, services=[1])],
        ...     durations=DurationModel.same(DurationLaw.fixed(timedelta(minutes=20))),
        ...     within=day,
        ... )
        >>> round(load.share, 3), load.resources
        (0.833, (7, 8))

    Args:
        streams: Who comes.
        servers: Who serves them.
        durations: How long visits take.
        within: The time that is looked at.

    Raises:
        InvalidValueError: A stream that no server may serve; a value of another type.
        LimitExceededError: More than 12 groups of streams that different servers may serve.

    Source: Hall's condition, of flows; explanation/waiting.md.
    """
    given, by_handle = as_streams(streams), as_servers(servers)
    as_kind("durations", durations, DurationModel)
    as_kind("within", within, Interval)
    serves = np.array([[server.may_serve(stream.service, None) for server in by_handle] for stream in given])
    if not serves.any(1).all():
        place = int(serves.any(1).argmin())
        msg = f"somebody serves each stream, got nobody for {given[place]}; give a server its service"
        raise InvalidValueError(msg, name="streams", got=place)
    time = np.array([on_duty(server, within).duration.total_seconds() for server in by_handle])
    return _tightest(_work(given, by_handle, durations, within, serves), serves, time, by_handle)


def _work(
    streams: tuple[Stream, ...],
    servers: tuple[Server, ...],
    durations: DurationModel,
    within: Interval,
    serves: np.typing.NDArray[np.bool_],
) -> FloatArray:
    """float64[streams]: seconds of work."""
    columns = durations.columns([server.resource for server in servers])
    means = durations.means_us(durations.rows([stream.service for stream in streams]), columns).T / 1e6
    length = within.end_us - within.start_us
    counts = np.array([expected_count(stream, within.start_us, length) for stream in streams])
    work: FloatArray = counts * np.where(serves, means, np.inf).min(1)
    return work


def _tightest(
    work: FloatArray, serves: np.typing.NDArray[np.bool_], time: FloatArray, servers: tuple[Server, ...]
) -> Load:
    kinds, kind = np.unique(serves, axis=0, return_inverse=True)
    if len(kinds) > _MOST_KINDS:
        msg = f"{len(kinds)} groups of streams that different servers may serve are more than {_MOST_KINDS}; merge some"
        raise LimitExceededError(msg, limit=_MOST_KINDS, got=len(kinds))
    asked = np.bincount(kind.reshape(-1), work, len(kinds))
    best = Load(-1.0, (), ())
    for chosen in itertools.product((False, True), repeat=len(kinds)):
        group = np.array(chosen)
        if not group.any():
            continue
        who = kinds[group].any(0)
        wanted, there = float(asked[group].sum()), float(time[who].sum())
        share = wanted / there if there else (np.inf if wanted else 0.0)
        if share > best.share:
            streams = np.flatnonzero(group[kind.reshape(-1)])
            resources = tuple(server.resource for server, one in zip(servers, who, strict=True) if one)
            best = Load(share, tuple(streams.tolist()), resources)
    return best
