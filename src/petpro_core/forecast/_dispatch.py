"""The dispatch, for many sample paths at once: who is taken next, by whom, and when.

One rule for ranking and forecasting: whoever may be taken is compared by ``priority.order_keys`` and nothing else. It
is non-preemptive and leaves no server idle while somebody waits whom that server may take:

1. The next dispatch is at the earliest instant at which a server is free and somebody whom it serves has come.
2. Where several servers could dispatch at that instant, the one that has been free longest does; then the first.
3. It takes, among those it serves, whoever has the least (tier, key, arrival, tie).

Breaks, closed hours and bookings ahead are windows of one server, in order of time. A visit is not begun where, by its
expected length, it would run into the server's next window; nobody knows the true length then, so the drawn one is not
looked at. Once nobody is left who could be taken before a window, the server goes into it: when it begins, or later
where the visit before it took longer.

Arrays have the paths last, so that every step of all paths is a few NumPy calls. Instants are int64 microseconds
counted from any common origin, and nothing happens before 0; ``FAR`` is "never".

Source: explanation/waiting.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np
import numpy.typing as npt

from petpro_core.priority import order_keys

if TYPE_CHECKING:
    from petpro_core.intervals import Int64Array
    from petpro_core.priority import PriorityPolicy

__all__ = ["CANNOT", "FAR", "Customers", "Desk", "Outcome", "Probes", "Windows", "dispatch"]

FAR: Final = 1 << 60
"""Never: later than every instant; two of it still fit into int64."""
CANNOT: Final = 1 << 61
"""The expected length of a visit that a server may not do: it fits before no window, and not before ``FAR``."""

Mask = npt.NDArray[np.bool_]

_NOW: Final = np.zeros((1, 1), np.int64)
_KEPT: Final = 0.75
"""Once fewer than this share of the paths are still asked about, the others are left out."""


@attrs.frozen(eq=False)
class Customers:
    """Those who are to be taken, in lines: within a line whoever came first goes first, and who serves one serves all.

    Attributes:
        first: int64[h]: the row of each line's first customer. After the last one of a line comes a row of ``FAR``.
        level: int64[h] or int64[c]: the place among the policy's levels of each line's level, or of each customer's
            own; in a line of several levels whoever stands behind never goes first, whatever the instant.
        ahead: bool[h]: lines that go before every tier (they are called already); ``None`` = none.
        ready: int64[c, p]: from when each may be taken; it does not shrink along a line.
        arrival: int64[c, p]: from when the place of each counts; the same array where that is the same.
        tie: int64[c]: who goes first among equals; ``None`` = the first line.
        lengths: int64[1 or s, c, p]: how long each visit takes, with each server where that differs.
    """

    first: Int64Array
    level: Int64Array
    ahead: Mask | None
    ready: Int64Array
    arrival: Int64Array
    tie: Int64Array | None
    lengths: Int64Array


@attrs.frozen(eq=False)
class Windows:
    """Time of each server that is not for the queue, in order of time; the last column is ``FAR``.

    A window begins at its start or when the server is free, whichever is later. It ends after its length, and not
    before its floor: a booking has a length, a break or closed time has a floor.

    Attributes:
        start: int64[s, w + 1].
        floor: int64[s, w + 1].
        length: int64[s, w + 1, p].
    """

    start: Int64Array
    floor: Int64Array
    length: Int64Array


@attrs.frozen(eq=False)
class Desk:
    """The servers.

    Attributes:
        free: int64[s, p]: from when each is free.
        expected: int64[s, h]: how long a visit of each line is expected to take; ``CANNOT`` where it does not serve it.
            ``None`` = everybody serves everybody, and there are no windows.
        windows: Time that is not for the queue; ``None`` = none.
    """

    free: Int64Array
    expected: Int64Array | None
    windows: Windows | None = None


@attrs.frozen(eq=False)
class Probes:
    """People who might come at instant 0, each in a world without the others: until they are taken they change nothing.

    Attributes:
        level: int64[j]: as in ``Customers``.
        expected: int64[s, j]: as in ``Desk``.
    """

    level: Int64Array
    expected: Int64Array


@attrs.frozen(eq=False)
class Outcome:
    """What happened.

    Attributes:
        begin: int64[c, p]: when each visit began; ``FAR`` where it did not.
        server: int16[c, p]: with whom, where it did.
        window_begin: int64[s, w + 1, p]: when each window began; ``FAR`` where it did not.
        probe_begin: int64[j, p]: when each probe would have been taken; ``FAR`` where it would not.
    """

    begin: Int64Array
    server: npt.NDArray[np.int16]
    window_begin: Int64Array
    probe_begin: Int64Array


class _Heads:
    """The first of each line who is still waiting, on every path."""

    def __init__(self, policy: PriorityPolicy, customers: Customers) -> None:
        self.policy, self.paths, self.tie = policy, customers.ready.shape[1], customers.tie
        levels = customers.level
        # A level for each line is known for good; one for each customer changes with the heads.
        self.all_level = None if len(levels) == len(customers.first) else levels
        self.ahead = None if customers.ahead is None else customers.ahead[:, None]
        # With one tier among all lines, comparing tiers would be work for nothing.
        tiers = policy.tiers[levels]
        self.tiered = self.ahead is not None or bool((tiers != tiers[:1]).any())
        self.all_ready, self.all_arrival = customers.ready.reshape(-1), customers.arrival.reshape(-1)
        # Places in the flat arrays, so that they hold when paths that are done are left out.
        self.at = (customers.first * self.paths)[:, None] + np.arange(self.paths)
        self.ready = self.all_ready.take(self.at)
        self.arrival = self.ready if customers.arrival is customers.ready else self.all_arrival.take(self.at)
        self.level = levels[:, None] if self.all_level is None else self.all_level.take(self.at // self.paths)

    def keep(self, paths: Int64Array) -> None:
        """Leave out all paths but these."""
        same = self.arrival is self.ready
        # `take` keeps them contiguous, so that flat views of them stay views.
        self.at, self.ready = self.at.take(paths, axis=1), self.ready.take(paths, axis=1)
        self.arrival = self.ready if same else self.arrival.take(paths, axis=1)
        self.level = self.level if self.all_level is None else self.level.take(paths, axis=1)

    def choose(self, now: Int64Array, may: Mask, at: Int64Array | None) -> tuple[Int64Array, Int64Array, Int64Array]:
        """On each of the paths ``at`` the line whose head goes first, among those who may, its tier and its key.

        Args:
            now: int64[n]: the instant of the dispatch.
            may: bool[h, n]: who may be taken; somebody on each path.
            at: Which paths; ``None`` = all.
        """
        arrival = self.arrival if at is None else self.arrival.take(at, axis=1)
        level = self.level if at is None or self.all_level is None else self.level.take(at, axis=1)
        tier, key = order_keys(self.policy, level, arrival, now)
        if self.tiered:
            if self.ahead is not None:
                tier = np.where(self.ahead, -1, tier)
            tier = np.where(may, tier, FAR)
            best_tier = tier.min(0)
            may = tier == best_tier
        else:
            best_tier = np.broadcast_to(tier.reshape(-1)[:1], now.shape)
        key = np.where(may, key, FAR)
        best = key.min(0)
        tied = key == best
        if np.count_nonzero(tied) > len(now):
            tied = self._untie(tied, arrival, at)
        return tied.argmax(0), best_tier, best

    def _untie(self, tied: Mask, arrival: Int64Array, at: Int64Array | None) -> Mask:
        came = np.where(tied, arrival, FAR)
        tied = came == came.min(0)
        if self.tie is not None:
            row = (self.at if at is None else self.at.take(at, axis=1)) // self.paths
            last = np.where(tied, self.tie[row], CANNOT)
            tied = last == last.min(0)
        return tied

    def take(self, line: Int64Array, at: Int64Array) -> Int64Array:
        """Take the heads of these lines on these paths; their places in the flat arrays. The next ones move up."""
        lines = line * self.at.shape[1] + at
        flat = self.at.reshape(-1)
        place: Int64Array = flat.take(lines)
        behind = place + self.paths
        flat[lines] = behind
        self.ready.reshape(-1)[lines] = self.all_ready.take(behind)
        if self.arrival is not self.ready:
            self.arrival.reshape(-1)[lines] = self.all_arrival.take(behind)
        if self.all_level is not None:
            self.level.reshape(-1)[lines] = self.all_level.take(behind // self.paths)
        return place


class _Record:
    """What has happened so far."""

    def __init__(self, customers: Customers, servers: int, windows: int, probes: int) -> None:
        rows, paths = customers.ready.shape
        self.paths = paths
        self.begin = np.full((rows, paths), FAR)
        self.server = np.zeros((rows, paths), np.int16)
        self.window_begin = np.full((servers, windows, paths), FAR)
        self.probe_begin = np.full((probes, paths), FAR)
        self.lengths = customers.lengths.reshape(-1)
        self.by_server = rows * paths if len(customers.lengths) > 1 else 0

    def write(self, place: Int64Array, server: Int64Array | int, now: Int64Array) -> Int64Array:
        """Write down some dispatches; their ends."""
        self.begin.reshape(-1)[place] = now
        self.server.reshape(-1)[place] = server
        if self.by_server:
            place = place + server * self.by_server
        return now + self.lengths.take(place)

    def outcome(self) -> Outcome:
        return Outcome(self.begin, self.server, self.window_begin, self.probe_begin)


# In: columns as the classes above say, of at least one line, one server and one path.
def dispatch(
    policy: PriorityPolicy,
    customers: Customers,
    desk: Desk,
    *,
    probes: Probes | None = None,
    wanted: Mask | None = None,
    all_windows: bool = False,
) -> Outcome:
    """Take everybody in turn, on every path.

    Args:
        policy: The order.
        customers: Who is to be taken.
        desk: Who takes them.
        probes: Who might come, and when they would be taken.
        wanted: bool[h]: stop once nobody of these lines waits (and every probe is answered); ``None`` = all lines.
        all_windows: Go on until every window has begun as well.
    """
    if desk.expected is None and probes is None:
        return _dispatch_plain(policy, customers, desk.free)
    return _General(policy, customers, desk, probes, wanted, all_windows=all_windows).run()


def _dispatch_plain(policy: PriorityPolicy, customers: Customers, free: Int64Array) -> Outcome:
    """Everybody serves everybody, and there are no windows: the next dispatch is the first free server's."""
    servers, paths = free.shape
    heads, record = _Heads(policy, customers), _Record(customers, servers, 1, 0)
    free = free.copy()
    flat, every = free.reshape(-1), np.arange(paths)
    # So many steps find somebody on every path, and need not look whether they do.
    sure = int((customers.ready < FAR).sum(0).min()) if len(customers.ready) else 0
    step = 0
    while True:
        # min, and not argmin, along the servers: where there is one the two are the array itself.
        server: Int64Array | int = free.argmin(0) if servers > 1 else 0
        busy = every if servers == 1 else server * paths + every
        now = np.maximum(flat.take(busy), heads.ready.min(0))
        at: Int64Array = every
        if step >= sure:
            at = (now < FAR).nonzero()[0]
            if not len(at):
                return record.outcome()
            now, busy = now[at], busy[at]
            server = server[at] if servers > 1 else 0  # type: ignore[index]  # an array where there are several
        ready = heads.ready if step < sure else heads.ready[:, at]
        line, _, _ = heads.choose(now, ready <= now, None if step < sure else at)
        flat[busy] = record.write(heads.take(line, at), server, now)
        step += 1


class _General:
    """The dispatch with skills, windows and probes, step by step; a path takes a step of its own kind each time."""

    def __init__(
        self,
        policy: PriorityPolicy,
        customers: Customers,
        desk: Desk,
        probes: Probes | None,
        wanted: Mask | None,
        *,
        all_windows: bool,
    ) -> None:
        servers, paths = desk.free.shape
        lines = len(customers.first)
        self.policy, self.probes, self.all_windows = policy, probes, all_windows
        expected = np.ones((servers, lines), np.int64) if desk.expected is None else desk.expected
        wanted = np.ones(lines, np.bool_) if wanted is None else wanted
        sizes = np.diff(np.append(customers.first, len(customers.ready)))
        self.left = (customers.ready[np.repeat(wanted, sizes)] < FAR).sum(0)

        # Lines that the same servers expect to take as long are of one kind, and stand together: what is looked at for
        # each server is then a column for each kind.
        kinds, kind = np.unique(expected, axis=1, return_inverse=True)
        order = np.argsort(kind.reshape(-1), kind="stable")
        self.kinds, self.kind, self.wanted = kinds, kind.reshape(-1)[order], wanted[order]
        self.kind_starts = np.flatnonzero(np.diff(self.kind, prepend=-1))
        tie = np.repeat(np.arange(lines), sizes) if customers.tie is None else customers.tie
        ahead = None if customers.ahead is None else customers.ahead[order]
        first, level = customers.first[order], customers.level
        level = level[order] if len(level) == lines else level
        self.heads = _Heads(policy, attrs.evolve(customers, first=first, level=level, ahead=ahead, tie=tie))

        none = Windows(
            np.full((servers, 1), FAR), np.zeros((servers, 1), np.int64), np.zeros((servers, 1, paths), np.int64)
        )
        self.windows = desk.windows or none
        self.path = np.arange(paths)
        self.free = desk.free.copy()
        self.next = np.zeros((servers, paths), np.int64)
        self.edge = np.repeat(self.windows.start[:, :1], paths, axis=1)
        self.latest = self.edge[:, None, :] - self.kinds[:, :, None]
        self.record = _Record(
            customers, servers, self.windows.start.shape[1], 0 if probes is None else len(probes.level)
        )
        # The chances that a probe would have had with a server that went into a window meanwhile.
        self.bound = self.record.probe_begin.copy()
        self.open = np.ones(self.bound.shape, np.bool_)

    def run(self) -> Outcome:
        """Step until nothing more is asked of any path."""
        while True:
            asked = (self.left > 0) | self.open.any(0)
            if self.all_windows:
                asked |= (self.edge < FAR).any(0)
            count = np.count_nonzero(asked)
            if not count:
                return self.record.outcome()
            if count < _KEPT * len(asked):
                self._keep(asked.nonzero()[0])
            self._step()

    def _keep(self, paths: Int64Array) -> None:
        """Leave out the paths of which nothing more is asked."""
        self.heads.keep(paths)
        for name in ("path", "left", "free", "next", "edge", "latest", "bound", "open"):
            setattr(self, name, getattr(self, name).take(paths, axis=-1))

    def _step(self) -> None:
        """Take somebody on every path, once no server has a window before."""
        turn = self._turns(None)
        idle = (turn == FAR) & (self.edge < FAR)
        while idle.any():
            going = idle.any(0).nonzero()[0]
            self._enter(idle.take(going, axis=1), going)
            turn[:, going] = self._turns(going)
            idle = (turn == FAR) & (self.edge < FAR)
        chance = self._chances(None) if self.open.any() else None
        now = turn.min(0)
        over = now >= FAR
        if over.any():
            if chance is not None:
                self._settle(over, np.minimum(chance.min(0), self.bound))
            self.left[over] = 0
            at = (~over).nonzero()[0]
            turn, now = turn.take(at, axis=1), now[at]
            if len(at):
                self._take(turn, now, at, chance)
        else:
            self._take(turn, now, None, chance)

    def _turns(self, paths: Int64Array | None) -> Int64Array:
        """When each server could next take somebody: [s, n]."""
        free, ready, latest = self.free, self.heads.ready, self.latest
        if paths is not None:
            free, ready, latest = (one.take(paths, axis=-1) for one in (free, ready, latest))
        # For each kind: [s, k, n].
        start = np.maximum(free[:, None, :], np.minimum.reduceat(ready, self.kind_starts, axis=0))
        turn: Int64Array = np.where(start > latest, FAR, start).min(1)
        return turn

    def _enter(self, idle: Mask, going: Int64Array) -> None:
        """Let servers whom nobody needs before their next window go into it, on these paths."""
        if self.open.any():
            chance = np.where(idle[:, None, :], self._chances(going), FAR).min(0)
            self.bound[:, going] = np.minimum(self.bound.take(going, axis=1), chance)
        server, path = idle.nonzero()
        path = going[path]
        window, own = self.next[server, path], self.path[path]
        begin = np.maximum(self.free[server, path], self.windows.start[server, window])
        self.record.window_begin[server, window, own] = begin
        end = begin + self.windows.length[server, window, own]
        self.free[server, path] = np.maximum(end, self.windows.floor[server, window])
        self.next[server, path] = window + 1
        edge = self.windows.start[server, window + 1]
        self.edge[server, path] = edge
        self.latest[server, :, path] = edge[:, None] - self.kinds[server]

    def _take(self, turn: Int64Array, now: Int64Array, some: Int64Array | None, chance: Int64Array | None) -> None:
        """Take somebody on each of these paths; ``None`` = all."""
        free, ready = self.free, self.heads.ready
        if some is None:
            at = np.arange(len(now))
        else:
            at, free, ready = some, free.take(some, axis=1), ready.take(some, axis=1)
            chance = None if chance is None else chance.take(some, axis=2)
        server = np.where(turn == now, free, CANNOT).argmin(0)
        # Who fits is asked for each kind, and then of each line.
        fits = (self.latest[server, :, at] >= now[:, None]).T
        may = fits.take(self.kind, axis=0) & (ready <= now)
        line, tier, key = self.heads.choose(now, may, some)
        if chance is not None:
            self._compare(now, at, (tier, key, self.heads.arrival[line, at]), chance, server)
        place = self.heads.take(line, at)
        self.free[server, at] = self.record.write(place, server, now)
        self.left[at] -= self.wanted[line]

    # A probe changes nothing until it is taken, so it is taken at the first dispatch that would rather have had it, or
    # at the first instant at which a server that may take it has nobody.
    def _chances(self, paths: Int64Array | None) -> Int64Array:
        """When each server could take each probe: [s, j, n]."""
        expected = self.probes.expected[:, :, None]  # type: ignore[union-attr]  # asked only while a probe is open
        free, edge = self.free, self.edge
        if paths is not None:
            free, edge = free.take(paths, axis=1), edge.take(paths, axis=1)
        return np.where(free[:, None, :] > edge[:, None, :] - expected, FAR, free[:, None, :])

    def _compare(
        self,
        now: Int64Array,
        at: Int64Array,
        taken: tuple[Int64Array, Int64Array, Int64Array],
        chance: Int64Array,
        server: Int64Array,
    ) -> None:
        """Answer the probes that would have been taken before, or instead of, whoever is taken now."""
        level = self.probes.level[:, None]  # type: ignore[union-attr]  # likewise
        first = np.minimum(chance.min(0), self.bound.take(at, axis=1))
        own_tier, own_key = order_keys(self.policy, level, _NOW, now)
        tier, key, came = taken
        # Whoever is there already has the lower number among equals.
        ahead = (own_key < key) | ((own_key == key) & (came > 0))
        ahead = (own_tier < tier) | ((own_tier == tier) & ahead)
        with_it = chance[server, :, np.arange(len(at))].T
        instead = (with_it == now) & ahead
        probe, path = (self.open.take(at, axis=1) & ((first < now) | instead)).nonzero()
        self.record.probe_begin[probe, self.path[at[path]]] = np.minimum(first[probe, path], now[path])
        self.open[probe, at[path]] = False

    def _settle(self, over: Mask, first: Int64Array) -> None:
        """Answer the probes of paths on which nobody is left."""
        probe, path = (self.open & over).nonzero()
        self.record.probe_begin[probe, self.path[path]] = first[probe, path]
        self.open[:, over] = False
