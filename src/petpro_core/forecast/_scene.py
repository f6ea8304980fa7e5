"""A queue as the dispatch sees it: the present drawn on many paths, once, for as many replays as are asked of it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np
import numpy.typing as npt

from petpro_core._checks import as_each, as_kind, as_length, as_whole
from petpro_core.bookings import BookingTable
from petpro_core.errors import InvalidValueError
from petpro_core.forecast._dice import Generator, Seed, streams
from petpro_core.forecast._dispatch import CANNOT, FAR, Customers, Desk, Outcome, Probes, Windows, dispatch
from petpro_core.forecast.arrivals import ArrivalStream, Comers
from petpro_core.forecast.durations import DurationModel
from petpro_core.forecast.servers import Server, Shift, as_servers, expected_us, first_free, shifts_of, windows_of
from petpro_core.intervals import Int64Array, duration_us, to_us
from petpro_core.priority import MoveOutcome, QueueState, Ranking, order_keys, queued_us

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from petpro_core.priority import PriorityPolicy

__all__ = ["MOST_PATHS", "Line", "Scene", "scene_of"]

MOST_PATHS: Final = 100_000
_HOUR_US: Final = 3_600_000_000

Mask = npt.NDArray[np.bool_]


@attrs.frozen(eq=False)
class Line:
    """Entries that differ only in when they came, and in how urgent they are where that is settled for good.

    Attributes:
        levels: The place of the level that each is ranked as.
        row: The row of the model with their service.
        serves: bool[s]: who may serve them.
        ahead: Whether they are called already.
        members: Their places among ``Scene.queued``, in order.
    """

    levels: list[int]
    row: int
    serves: Mask
    ahead: bool
    members: list[int]


@attrs.frozen(eq=False)
class _Future:
    """Arrivals of one stream that may come."""

    level: int
    row: int
    serves: Mask
    comers: Comers
    dice: Generator


@attrs.frozen(eq=False)
class Scene:
    """The present, drawn.

    Attributes:
        policy: The order.
        now_us: The present.
        paths: How many paths.
        model: How long visits take.
        columns: int64[s]: the columns of the model with the servers.
        shifts: The servers, by their handles.
        free: int64[s, paths]: from when each is free.
        windows: Their windows.
        grace_us: How far a visit may be expected to reach into a window.
        codes: int64[n]: of each entry why it has no turn; 0 = it has one (``WaitTable.codes``).
        place: int64[n]: of each entry that has a turn its place among ``queued``.
        queued: int64[m]: from when the places count, from now, in order of rank.
        lengths: int64[1 or s, m, paths]: how long their visits take.
        lines: The entries by line.
        futures: Who may come.
    """

    policy: PriorityPolicy
    now_us: int
    paths: int
    model: DurationModel
    columns: Int64Array
    shifts: tuple[Shift, ...]
    free: Int64Array
    windows: Windows | None
    grace_us: int
    codes: Int64Array
    place: Int64Array
    queued: Int64Array
    lengths: Int64Array
    lines: tuple[Line, ...]
    futures: tuple[_Future, ...]

    def serves(self, service: int | None, provider: int | None) -> Mask:
        """bool[s]: who may serve somebody who comes for this service and asks for this provider."""
        return np.array([shift.server.may_serve(service, provider) for shift in self.shifts])

    def expected(self, rows: Int64Array, serves: Mask) -> Int64Array:
        """int64[s, h]: what visits of these services are expected to take."""
        return expected_us(self.model.means_us(rows, self.columns), serves, self.grace_us)

    def overtaking(self, levels: Iterable[int], horizon_us: int) -> tuple[_Future, ...]:
        """Those futures of which somebody may overtake somebody who is there (or comes now, of these levels).

        The most favoured arrival of a stream comes now. The order of two changes once at most as time passes, so it is
        enough to look at both ends.
        """
        there = [
            (level, int(self.queued[member]))
            for line in self.lines
            for level, member in zip(line.levels, line.members, strict=True)
        ]
        there += [(level, 0) for level in levels]
        if not there or not self.futures:
            return ()
        level, queued = (np.array(column, np.int64) for column in zip(*there, strict=True))
        kept = []
        for future in self.futures:
            for at in (0, horizon_us):
                tier, key = order_keys(self.policy, level, queued, at)
                own_tier, own_key = order_keys(self.policy, np.array([future.level]), np.zeros(1, np.int64), at)
                before = (own_tier < tier) | (
                    (own_tier == tier) & ((own_key < key) | ((own_key == key) & (queued > 0)))
                )
                if before.any():
                    kept.append(future)
                    break
        return tuple(kept)

    def reach_us(self) -> int:
        """A first guess of how long it takes until everybody who is there has been taken."""
        work = self.lengths.mean((0, 2)).sum() + self.free.mean(1).clip(max=FAR / 4).sum()
        # Generous, because a few arrivals too many cost less than another replay.
        return int(min(3 * work / len(self.shifts), FAR / 8)) + 2 * _HOUR_US

    def replay(
        self,
        *,
        futures: tuple[_Future, ...] = (),
        until_us: int = 0,
        extra: tuple[Line, Int64Array] | None = None,
        probes: Probes | None = None,
        all_windows: bool = False,
    ) -> Outcome:
        """Dispatch everybody who is there, in rows of ``queued`` order, with or without somebody more (the last row).

        Args:
            futures: Who may come, of those drawn.
            until_us: They come before this time from now.
            extra: Somebody who comes now, and int64[1 or s, 1, paths] how long their visit takes.
            probes: As in ``dispatch``.
            all_windows: Likewise.
        """
        built = _Builder(self)
        for line in self.lines:
            built.add_line(line, self.queued, self.lengths)
        if extra is not None:
            built.add_line(extra[0], np.zeros(1, np.int64), extra[1])
        for future in futures:
            built.add_future(future, until_us)
        customers, expected, places = built.done()
        wanted = np.arange(len(customers.first)) < len(self.lines) + (extra is not None)
        # Where everybody who is there may go to every server and nothing else is asked, there is a shorter way.
        plain = self.windows is None and probes is None and not futures and bool((expected < CANNOT).all())
        desk = Desk(self.free, None if plain else expected, self.windows)
        outcome = dispatch(self.policy, customers, desk, probes=probes, wanted=wanted, all_windows=all_windows)
        return attrs.evolve(outcome, begin=outcome.begin[places], server=outcome.server[places])


class _Builder:
    """Lines put one under the other, each with a row of ``FAR`` at its end."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.size = 0
        self.first: list[int] = []
        self.level: list[Int64Array] = []
        self.ahead: list[bool] = []
        self.row: list[int] = []
        self.serves: list[Mask] = []
        self.ready: list[Int64Array] = []
        self.arrival: list[Int64Array] = []
        self.tie: list[Int64Array] = []
        self.lengths: list[Int64Array] = []
        self.places: list[Int64Array] = []
        self.order: list[int] = []

    def _add(self, levels: list[int], row: int, serves: Mask, *, ahead: bool, size: int) -> None:
        self.first.append(self.size)
        # Behind the last one nobody stands, of whatever level.
        self.level.append(np.array(levels[-1:] * size, np.int64))
        self.level[-1][: len(levels)] = levels
        self.ahead.append(ahead)
        self.row.append(row)
        self.serves.append(serves)
        self.size += size

    def add_line(self, line: Line, queued: Int64Array, lengths: Int64Array) -> None:
        members, size, paths = line.members, len(line.members), self.scene.paths
        self.places.append(np.arange(self.size, self.size + size))
        extra = queued is not self.scene.queued
        self.order += [len(self.scene.queued)] if extra else members
        self._add(line.levels, line.row, line.serves, ahead=line.ahead, size=size + 1)
        ready, arrival = np.zeros((size + 1, paths), np.int64), np.full((size + 1, paths), FAR)
        ready[size], arrival[:size] = FAR, queued[members][:, None]
        self.ready.append(ready)
        self.arrival.append(arrival)
        # Places in the ranking are the last tie, so moves by hand hold; somebody who comes now is behind all of them.
        self.tie.append(np.array([*(len(self.scene.queued) if extra else member for member in members), FAR]))
        self.lengths.append(np.concatenate([lengths[:, members], np.zeros((len(lengths), 1, paths), np.int64)], axis=1))

    def add_future(self, future: _Future, until_us: int) -> None:
        scene = self.scene
        times = future.comers.until(until_us)
        self._add([future.level], future.row, future.serves, ahead=False, size=len(times))
        self.ready.append(times)
        self.arrival.append(times)
        self.tie.append(np.full(len(times), FAR))
        rows = np.full(len(times), future.row)
        self.lengths.append(scene.model.draw_us(copy.deepcopy(future.dice), rows, scene.columns, scene.paths))

    def done(self) -> tuple[Customers, Int64Array, Int64Array]:
        """The customers, what they are expected to take, and the rows of those who are there, in order of rank."""
        scene, paths = self.scene, self.scene.paths
        if not self.first:
            # The dispatch wants a line; in this one nobody stands.
            self._add([0], 0, np.zeros(len(scene.shifts), np.bool_), ahead=False, size=1)
            self.ready.append(np.full((1, paths), FAR))
            self.arrival.append(self.ready[0])
            self.tie.append(np.full(1, FAR))
            self.lengths.append(np.zeros((1, 1, paths), np.int64))
        none = np.zeros((0, paths), np.int64)
        depth = max((len(part) for part in self.lengths), default=1)
        lengths = [np.broadcast_to(part, (depth, *part.shape[1:])) for part in self.lengths]
        customers = Customers(
            np.array(self.first, np.int64),
            np.concatenate(self.level),
            np.array(self.ahead) if any(self.ahead) else None,
            np.concatenate([none, *self.ready]),
            np.concatenate([none, *self.arrival]),
            np.concatenate([none[:, 0], *self.tie]),
            np.concatenate([none[None].repeat(depth, 0), *lengths], axis=1),
        )
        serves = np.array(self.serves, np.bool_).reshape(len(self.serves), len(scene.shifts)).T
        places = np.concatenate([none[:, 0], *self.places])
        return customers, scene.expected(np.array(self.row, np.int64), serves), places[np.argsort(self.order)]


def scene_of(
    ranking: Ranking,
    *,
    servers: Server | Iterable[Server],
    durations: DurationModel,
    bookings: BookingTable | None,
    future: ArrivalStream | Iterable[ArrivalStream],
    eligible: npt.ArrayLike | None,
    seed: Seed,
    paths: int,
    grace: timedelta,
) -> tuple[Scene, Generator]:
    """The present drawn on many paths, and a generator for what else is asked of it."""
    as_kind("ranking", ranking, Ranking)
    as_kind("durations", durations, DurationModel)
    as_kind("bookings", bookings, BookingTable, type(None))
    as_whole("paths", paths, 1, MOST_PATHS)
    given = as_each(Server, "servers", servers)
    sorted_servers = as_servers(given)
    now_us = to_us(ranking.now)
    columns = durations.columns([server.resource for server in sorted_servers])
    residual, booked, present, later, more = streams(seed, 5)
    shifts = shifts_of(sorted_servers, bookings, durations, now_us)

    queued, level, order, codes = _standing(ranking, now_us)
    serves = np.array(
        [[server.may_serve(entry.service, entry.provider) for server in sorted_servers] for entry in ranking.entries],
        np.bool_,
    ).reshape(len(ranking.entries), len(sorted_servers))
    if eligible is not None:
        serves &= _eligible(eligible, given, sorted_servers, len(ranking.entries))
    nobody = (codes == 0) & ~serves.any(1)
    codes[nobody] = 1
    order = [place for place in order if not nobody[place]]
    row = durations.rows([entry.service for entry in ranking.entries])
    place = np.full(len(codes), -1)
    place[order] = np.arange(len(order))
    scene = Scene(
        policy=ranking.policy,
        now_us=now_us,
        paths=paths,
        model=durations,
        columns=columns,
        shifts=shifts,
        free=first_free(shifts, durations, residual, paths, now_us),
        windows=windows_of(shifts, durations, columns, booked, paths),
        grace_us=duration_us(as_length("grace", grace)),
        codes=codes,
        place=place,
        queued=queued[order],
        lengths=durations.draw_us(present, row[order], columns, paths),
        lines=_lines(ranking, order, level, row, serves),
        futures=(),
    )
    return attrs.evolve(scene, futures=_futures(scene, as_each(ArrivalStream, "future", future), later)), more


def _standing(ranking: Ranking, now_us: int) -> tuple[Int64Array, Int64Array, list[int], Int64Array]:
    """From when the place of each entry counts, as which level it is ranked, who is next, and who has no turn.

    Whoever was moved by hand ranks as the one they were put beside: comes as early, and is as urgent.
    """
    policy, entries = ranking.policy, ranking.entries
    level = np.array([policy.level_of(entry.urgency) for entry in entries], np.int64)
    _, arrival, appointment = np.array([entry.row for entry in entries], np.int64).reshape(-1, 3).T
    queued = queued_us(policy, arrival, appointment) - now_us
    number = {entry.id: place for place, entry in enumerate(entries)}
    for override in ranking.overrides:
        if override.outcome is MoveOutcome.MOVED:
            mover, anchor = number[override.move.entry], number[override.move.anchor]
            level[mover], queued[mover] = level[anchor], queued[anchor]
    called = [place for place, entry in enumerate(entries) if entry.state is QueueState.CALLED]
    called.sort(key=lambda place: (entries[place].since, entries[place].id))
    order = [*called, *ranking.order.tolist()]
    codes = np.full(len(entries), 2)
    codes[order] = 0
    return queued, level, order, codes


def _lines(ranking: Ranking, order: list[int], level: Int64Array, row: Int64Array, serves: Mask) -> tuple[Line, ...]:
    found: dict[tuple[int, int, bytes, bool], Line] = {}
    # Where the order of two never changes by time alone, those of several levels may stand in one line, as ranked.
    static = ranking.policy.is_static
    for rank, place in enumerate(order):
        ahead = ranking.entries[place].state is QueueState.CALLED
        own = int(level[place])
        key = (-1 if static else own, int(row[place]), serves[place].tobytes(), ahead)
        if key not in found:
            found[key] = Line([], key[1], serves[place], ahead, [])
        found[key].members.append(rank)
        found[key].levels.append(own)
    return tuple(found.values())


def _eligible(eligible: npt.ArrayLike, given: tuple[Server, ...], by_handle: tuple[Server, ...], entries: int) -> Mask:
    mask = np.asarray(eligible)
    if mask.shape != (len(given), entries) or (mask.size and mask.dtype != np.bool_):
        msg = (
            f"eligible is true or false for each of {len(given)} servers and {entries} entries, got {mask.dtype} of "
            f"shape {mask.shape}"
        )
        raise InvalidValueError(msg, name="eligible", got=mask.shape, allowed=(len(given), entries))
    return mask[[given.index(server) for server in by_handle]].T.astype(np.bool_)


def _futures(scene: Scene, given: tuple[ArrivalStream, ...], dice: Generator) -> tuple[_Future, ...]:
    found = []
    for stream, own in zip(given, dice.spawn(len(given)), strict=True):
        if len(stream.per_hour) > 1 and stream.since is None:
            msg = f"a stream with a rate for each hour says since when they count, got {stream}; give it `since`"
            raise InvalidValueError(msg, name="since", got=None)
        serves = scene.serves(stream.service, None)
        level, (row,) = scene.policy.level_of(stream.urgency), scene.model.rows([stream.service])
        when, long = own.spawn(2)
        # Whom nobody serves, nobody has to wait for.
        if serves.any():
            found.append(_Future(level, int(row), serves, Comers(stream, when, scene.paths, scene.now_us), long))
    return tuple(found)
