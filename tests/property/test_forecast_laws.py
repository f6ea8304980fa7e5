"""The dispatch equals a slow replay of one instant after another; forecasts and simulations keep their laws.

The slow replay (`petpro_core.testing.queueing.replay`) asks at each instant who is there, and takes the least by the
same order; it neither looks ahead nor knows lines, kinds or probes.
"""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import attrs
import hypothesis.strategies as st
import numpy as np
from hypothesis import assume, given

from petpro_core import ALWAYS, Allocation, Booking, BookingTable, Interval
from petpro_core.forecast import (
    ArrivalStream,
    DurationLaw,
    DurationModel,
    Newcomer,
    Server,
    Serving,
    find_calls,
    forecast_waits,
    learn_durations,
    simulate,
)
from petpro_core.forecast._dispatch import CANNOT, FAR, Customers, Desk, Probes, Windows, dispatch
from petpro_core.intervals import NEVER
from petpro_core.priority import Move, PriorityPolicy, QueueEntry, Ranking, UrgencyLevel, order_keys, rank
from petpro_core.testing.queueing import replay

MINUTE: Final = timedelta(minutes=1)
NOW: Final = datetime(2026, 3, 2, 10, tzinfo=UTC)
DISCIPLINES: Final = ("head_start", "accumulating", "strict", "fifo")
NEWCOMER: Final = 1_000


def policies(units: timedelta) -> st.SearchStrategy[PriorityPolicy]:
    """One to four levels, in one tier or in two."""

    def made(discipline: str, count: int, split: int) -> PriorityPolicy:
        heads, rates = (9, 5, 2, 0), (8, 4, 3, 1)
        levels = [
            UrgencyLevel(str(k), tier=int(k >= split), rate=rates[k], head_start=heads[k] * units) for k in range(count)
        ]
        return PriorityPolicy(levels, discipline=discipline)

    return st.builds(made, st.sampled_from(DISCIPLINES), st.integers(1, 4), st.integers(1, 4))


def first_come(policy: PriorityPolicy) -> PriorityPolicy:
    """First come, first served: one tier for all."""
    return PriorityPolicy([attrs.evolve(level, tier=0) for level in policy.levels], discipline="fifo")


# --- the dispatch -----------------------------------------------------------------------------------------------------


@attrs.frozen
class Case:
    """Everything that a dispatch is asked, on several paths; `asked` says which of it is used."""

    policy: PriorityPolicy
    customers: Customers
    desk: Desk
    probes: Probes | None
    counts: list[int]

    def customer(self, line: int, row: int, path: int) -> dict[str, Any]:
        servers = len(self.desk.free)
        lengths, expected = self.customers.lengths, self.desk.expected
        tie, ahead = self.customers.tie, self.customers.ahead
        return {
            "id": row,
            "ready": int(self.customers.ready[row, path]),
            "arrival": int(self.customers.arrival[row, path]),
            "level": int(self.customers.level[line]),
            "ahead": ahead is not None and bool(ahead[line]),
            "tie": line if tie is None else int(tie[row]),
            "lengths": [int(lengths[server if len(lengths) > 1 else 0, row, path]) for server in range(servers)],
            "expected": [1 if expected is None else plain(expected[server, line]) for server in range(servers)],
        }

    def of_path(self, path: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        customers = [
            self.customer(line, row, path)
            for line, (first, count) in enumerate(zip(self.customers.first.tolist(), self.counts, strict=True))
            for row in range(first, first + count)
            if self.customers.ready[row, path] < FAR
        ]
        servers = []
        for server, free in enumerate(self.desk.free[:, path].tolist()):
            windows = []
            if self.desk.windows is not None:
                start, floor = self.desk.windows.start[server], self.desk.windows.floor[server]
                windows = [
                    {"start": int(start[w]), "floor": int(floor[w]), "length": int(length)}
                    for w, length in enumerate(self.desk.windows.length[server, :, path])
                    if start[w] < FAR
                ]
            servers.append({"free": free, "windows": windows})
        return customers, servers

    def order(self, one: dict[str, Any], now: float) -> tuple[int, int, int, int]:
        level, arrival = np.array([one["level"]]), np.array([one["arrival"]])
        tier, key = order_keys(self.policy, level, arrival, int(now))
        return -1 if one["ahead"] else int(tier[0]), int(key[0]), one["arrival"], one["tie"]


def plain(expected: np.int64) -> int | None:
    return None if expected == CANNOT else int(expected)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    policy = draw(policies(timedelta(microseconds=1)))
    paths, servers = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    counts = draw(st.lists(st.integers(0, 4), min_size=1, max_size=5))
    lines, rows = len(counts), sum(counts) + len(counts)
    first = np.cumsum([0, *(count + 1 for count in counts)])[:-1]

    def matrix(numbers: st.SearchStrategy[int], *shape: int) -> Any:
        size = int(np.prod(shape))
        return np.array(draw(st.lists(numbers, min_size=size, max_size=size)), np.int64).reshape(shape)

    ready = matrix(st.integers(0, 24) | st.just(FAR), rows, paths)
    for start, count in zip(first.tolist(), counts, strict=True):
        ready[start : start + count].sort(axis=0)
        ready[start + count] = FAR
    # Those who are there already came at some time before; whoever comes later joins then, or had booked for it.
    early = draw(st.booleans())
    arrival = np.where(ready < FAR, ready - 3, FAR) if early else ready
    tie = None
    if draw(st.booleans()):
        tie = np.array(draw(st.permutations(range(rows))))
        for start, count in zip(first.tolist(), counts, strict=True):
            tie[start : start + count + 1].sort()
    general = draw(st.booleans())
    levels = np.array(draw(st.lists(st.integers(0, len(policy.levels) - 1), min_size=lines, max_size=lines)))
    ahead = np.array(draw(st.lists(st.booleans(), min_size=lines, max_size=lines))) if draw(st.booleans()) else None
    depth = draw(st.sampled_from([1, servers])) if general else 1
    customers = Customers(first, levels, ahead, ready, arrival, tie, matrix(st.integers(0, 6), depth, rows, paths))
    free = matrix(st.integers(0, 10), servers, paths)
    if not general:
        return Case(policy, customers, Desk(free, None), None, counts)
    lengths = st.sampled_from([1, 2, 4]) | st.just(CANNOT)
    expected = matrix(lengths, servers, lines)
    windows = None
    if (most := draw(st.integers(0, 3))) > 0:
        start = matrix(st.integers(0, 25) | st.just(FAR), servers, most + 1)
        start.sort(axis=1)
        start[:, most] = FAR
        floor = np.where(matrix(st.integers(0, 1), servers, most + 1) > 0, start + 5, 0)
        windows = Windows(start, floor, matrix(st.integers(0, 8), servers, most + 1, paths))
    probes = None
    if (asked := draw(st.integers(0, 3))) > 0:
        level = np.array(draw(st.lists(st.integers(0, len(policy.levels) - 1), min_size=asked, max_size=asked)))
        probes = Probes(level, matrix(lengths, servers, asked))
    return Case(policy, customers, Desk(free, expected, windows), probes, counts)


@given(cases())
def test_the_dispatch_of_all_paths_is_the_slow_replay_of_each(case: Case) -> None:
    found = dispatch(case.policy, case.customers, case.desk, probes=case.probes, all_windows=True)
    for path in range(case.customers.ready.shape[1]):
        customers, servers = case.of_path(path)
        begun, entered = replay(customers, servers, case.order)
        for one in customers:
            row = one["id"]
            expected = begun.get(row)
            assert (found.begin[row, path] < FAR) == (expected is not None)
            if expected is not None:
                assert (found.begin[row, path], found.server[row, path]) == expected
        for server, one in enumerate(servers):
            for window in range(len(one["windows"])):
                assert found.window_begin[server, window, path] == entered.get((server, window), FAR)


@given(cases())
def test_a_probe_is_taken_when_it_would_be_if_it_came(case: Case) -> None:
    assume(case.probes is not None)
    probes = case.probes
    assert probes is not None
    found = dispatch(case.policy, case.customers, case.desk, probes=probes)
    for path in range(case.customers.ready.shape[1]):
        customers, servers = case.of_path(path)
        for place, level in enumerate(probes.level.tolist()):
            probe = {
                "id": NEWCOMER,
                "ready": 0,
                "arrival": 0,
                "level": level,
                "ahead": False,
                "tie": NEWCOMER,
                "lengths": [3] * len(servers),
                "expected": [plain(one) for one in probes.expected[:, place]],
            }
            begun, _ = replay([*customers, probe], servers, case.order)
            assert found.probe_begin[place, path] == begun.get(NEWCOMER, (FAR,))[0]


@given(cases())
def test_no_server_is_idle_while_somebody_waits_whom_they_serve(case: Case) -> None:
    assume(case.desk.windows is None)
    found = dispatch(case.policy, case.customers, case.desk)
    for path in range(case.customers.ready.shape[1]):
        customers, servers = case.of_path(path)
        served = [one for one in customers if found.begin[one["id"], path] < FAR]
        for server, one in enumerate(servers):
            busy = set(range(one["free"]))
            for other in served:
                if found.server[other["id"], path] == server:
                    begin = int(found.begin[other["id"], path])
                    visit = set(range(begin, begin + other["lengths"][server]))
                    assert not busy & visit, "one visit at a time"
                    busy |= visit
            for other in served:
                if other["expected"][server] is not None:
                    assert set(range(other["ready"], int(found.begin[other["id"], path]))) <= busy


@given(cases(), st.lists(st.booleans(), min_size=5, max_size=5))
def test_stopping_early_changes_nothing_for_those_who_were_asked_about(case: Case, lines: list[bool]) -> None:
    assume(case.desk.expected is not None)
    wanted = np.array(lines[: len(case.counts)])
    every = dispatch(case.policy, case.customers, case.desk)
    some = dispatch(case.policy, case.customers, case.desk, wanted=wanted)
    mine = np.repeat(wanted, np.array(case.counts) + 1)
    assert (every.begin[mine] == some.begin[mine]).all()


# --- forecasts --------------------------------------------------------------------------------------------------------

LAW: Final = DurationLaw.lognormal(15 * MINUTE, cv=0.5)
LAWS: Final = DurationModel.given(
    {1: {7: DurationLaw.lognormal(10 * MINUTE, cv=0.4), None: LAW}, 2: DurationLaw.exponential(20 * MINUTE)},
    otherwise=LAW,
)
STREAMS: Final = [ArrivalStream("0", 2, service=1), ArrivalStream("0", 1, service=2)]


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    """A queue at 10:00 with servers, bookings and streams."""
    policy = draw(policies(MINUTE))
    urgencies = st.sampled_from([level.code for level in policy.levels])
    services = st.sampled_from([None, 1, 2, 3])
    entries = [
        QueueEntry(
            number,
            NOW - draw(st.integers(0, 60)) * MINUTE,
            draw(urgencies),
            service=draw(services),
            provider=draw(st.sampled_from([None, None, None, 6, 7])),
            appointment=draw(st.none() | st.integers(-30, 30).map(lambda minutes: NOW + minutes * MINUTE)),
            state=draw(st.sampled_from(["waiting", "waiting", "waiting", "called", "parked"])),
        )
        for number in range(draw(st.integers(0, 6)))
    ]
    servers = [
        Server(
            resource,
            services=draw(st.sampled_from([None, (1,), (1, 2)])),
            serving=draw(
                st.none() | st.integers(0, 40).map(lambda minutes: Serving(NOW - minutes * MINUTE, service=1))
            ),
            away=draw(st.sampled_from([None, Interval(NOW + 30 * MINUTE, NOW + 60 * MINUTE)])),
        )
        for resource in draw(st.sampled_from([(6,), (6, 7), (6, 7, 8)]))
    ]
    moves = []
    if len(entries) > 1 and draw(st.booleans()):
        moves = [Move(entries[0].id, after=entries[1].id, by="Ana", reason="asked for it")]
    bookings = [
        Booking(100 + number, Allocation(6, Interval(NOW + start * MINUTE, NOW + (start + 20) * MINUTE)), service=1)
        for number, start in enumerate(draw(st.lists(st.integers(0, 120), max_size=2)))
    ]
    return {
        "entries": entries,
        "policy": policy,
        "moves": moves,
        "servers": servers,
        "bookings": BookingTable.of(bookings, known=ALWAYS),
        "future": draw(st.sampled_from([[], STREAMS])),
        "newcomers": [Newcomer(draw(urgencies), service=draw(services))],
    }


def asked(question: dict[str, Any], **other: Any) -> Any:
    every = {"seed": 3, "paths": 12, "durations": LAWS, **question, **other}
    entries, policy, moves = every.pop("entries"), every.pop("policy"), every.pop("moves")
    ranking = rank(entries, policy=policy, now=every.pop("now", NOW), moves=moves)
    return forecast_waits(ranking, **every)


def told(forecast: Any) -> dict[Any, list[int]]:
    """The paths of everybody by their number, as microseconds from now."""
    rows = {}
    for table, name in ((forecast.entries, "entry"), (forecast.newcomers, "newcomer")):
        for number, code, begins in zip(table.ids.tolist(), table.codes.tolist(), table.begins_us, strict=True):
            rows[name, number] = [code, *np.where(begins == NEVER, -1, begins - table.now_us).tolist()]
    return rows


@given(questions(), st.randoms(use_true_random=False))
def test_how_entries_and_servers_are_listed_changes_nothing(question: dict[str, Any], shuffler: Any) -> None:
    entries, servers = list(question["entries"]), list(question["servers"])
    shuffler.shuffle(entries)
    shuffler.shuffle(servers)
    assert told(asked(question)) == told(asked(question, entries=entries, servers=servers))


@given(questions(), st.integers(-500, 500).map(lambda hours: timedelta(hours=hours)))
def test_a_shift_of_all_clocks_changes_nothing(question: dict[str, Any], by: timedelta) -> None:
    moved = [
        attrs.evolve(
            entry,
            arrival=entry.arrival + by,
            first_arrival=entry.first_arrival + by,
            appointment=None if entry.appointment is None else entry.appointment + by,
        )
        for entry in question["entries"]
    ]
    servers = [
        attrs.evolve(
            server,
            serving=None if server.serving is None else attrs.evolve(server.serving, since=server.serving.since + by),
            away=None if server.away is None else server.away.shift(by),
        )
        for server in question["servers"]
    ]
    table = question["bookings"]
    us = by // timedelta(microseconds=1)
    columns = {
        name: column + us if name in {"start", "end", "occupied_start", "occupied_end"} else column
        for name, column in table.as_columns().items()
        if name != "held_until"
    }
    later = BookingTable.from_columns(known=ALWAYS, **columns)
    assert told(asked(question)) == told(asked(question, entries=moved, servers=servers, bookings=later, now=NOW + by))


@given(questions())
def test_quantiles_are_in_order_and_nobody_begins_before_now(question: dict[str, Any]) -> None:
    forecast = asked(question)
    for table in (forecast.entries, forecast.newcomers):
        assert (table.p10_us <= table.p50_us).all()
        assert (table.p50_us <= table.p90_us).all()
        assert (table.begins_us >= table.now_us).all()
    for one in [*forecast, *forecast.newcomers]:
        assert (one.p90 is None) == (one.reason is not None)


@given(questions(), st.integers(1, 3))
def test_somebody_moved_behind_everybody_of_their_tier_is_not_before_them(question: dict[str, Any], paths: int) -> None:
    # With one server, one service and nobody else to come, the order of the forecast is that of the ranking.
    entries = [attrs.evolve(entry, service=1, provider=None, state="waiting") for entry in question["entries"]]
    fifo = first_come(question["policy"])
    asks = {"servers": [Server(6)], "bookings": None, "future": [], "paths": paths, "policy": fifo}
    forecast = asked(question, entries=entries, **asks)
    ranking: Ranking = forecast.ranking
    begins = forecast.entries.begins_us[ranking.order]
    assert (np.diff(np.sort(begins, axis=1), axis=0) >= 0).all()


@given(questions(), st.lists(st.integers(1, 10), min_size=1, max_size=4))
def test_nobody_is_called_twice_however_often_it_is_asked(question: dict[str, Any], minutes: list[int]) -> None:
    kept: set[tuple[int, str]] = set()
    for now in itertools.accumulate(minutes):
        forecast = asked(question, now=NOW + now * MINUTE)
        calls = find_calls(forecast, told=kept)
        keys = [call.key for call in calls]
        assert len(set(keys)) == len(keys)
        assert not kept & set(keys)
        assert tuple(keys) == calls.keys
        kept |= set(keys)
        assert not len(find_calls(forecast, told=kept))


# --- durations --------------------------------------------------------------------------------------------------------

visits = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(1, 90)), min_size=1, max_size=25)


def learned(rows: list[tuple[int, int, int]], factor: int = 60_000_000) -> DurationModel:
    service, provider, took = zip(*rows, strict=True)
    return learn_durations(service=service, provider=provider, duration_us=[one * factor for one in took])


@given(visits, st.randoms(use_true_random=False))
def test_the_order_of_past_visits_teaches_nothing(rows: list[tuple[int, int, int]], shuffler: Any) -> None:
    other = list(rows)
    shuffler.shuffle(other)
    one, two = learned(rows), learned(other)
    np.testing.assert_allclose(one.log_mean, two.log_mean, atol=1e-9)
    np.testing.assert_allclose(one.log_sd, two.log_sd, atol=1e-9)
    assert (one.visits == two.visits).all()


@given(visits, st.integers(2, 5))
def test_visits_twice_as_long_have_the_same_spread_and_twice_the_mean(
    rows: list[tuple[int, int, int]], factor: int
) -> None:
    one, more = learned(rows), learned(rows, factor * 60_000_000)
    np.testing.assert_allclose(one.log_mean + np.log(factor), more.log_mean, atol=1e-9)
    np.testing.assert_allclose(one.log_sd, more.log_sd, atol=1e-9)


@given(visits)
def test_a_learned_mean_lies_between_its_own_and_that_of_more(rows: list[tuple[int, int, int]]) -> None:
    model = learned(rows)
    for row, service in enumerate(model.services.tolist()):
        for column, provider in enumerate(model.providers.tolist()):
            own = [np.log(took) for s, p, took in rows if (s, p) == (service, provider)]
            above, found = model.log_mean[row, -1], model.log_mean[row, column]
            low, high = sorted((np.mean(own) if own else above, above))
            assert low - 1e-9 <= found <= high + 1e-9
            assert model.visits[row, column] == len(own)


# --- simulations ------------------------------------------------------------------------------------------------------


@st.composite
def clinics(draw: st.DrawFn) -> dict[str, Any]:
    policy = draw(policies(MINUTE))
    return {
        "streams": [ArrivalStream(level.code, draw(st.integers(1, 4)), service=1) for level in policy.levels],
        "durations": DurationModel.same(draw(st.sampled_from([LAW, DurationLaw.fixed(12 * MINUTE)]))),
        "policy": policy,
        "within": Interval(NOW, NOW + timedelta(hours=draw(st.integers(1, 5)))),
        "runs": draw(st.integers(1, 5)),
        "seed": draw(st.integers(0, 50)),
    }


@given(clinics(), st.sampled_from(DISCIPLINES))
def test_with_one_server_every_rule_is_done_at_the_same_time(clinic: dict[str, Any], discipline: str) -> None:
    other = attrs.evolve(clinic["policy"], discipline=discipline)
    one, two = (simulate(**{**clinic, "policy": policy}, servers=Server(0)) for policy in (clinic["policy"], other))
    assert (one.arrival_us == two.arrival_us).all()
    for run in range(clinic["runs"]):
        ends = [found.end_us[found.run == run].max(initial=0) for found in (one, two)]
        assert ends[0] == ends[1]


@given(clinics(), st.integers(1, 2))
def test_another_server_makes_nobody_wait_longer_where_who_comes_first_goes_first(
    clinic: dict[str, Any], servers: int
) -> None:
    fifo = {**clinic, "policy": first_come(clinic["policy"])}
    few, more = (simulate(**fifo, servers=[Server(one) for one in range(count)]) for count in (servers, servers + 1))
    assert (more.begin_us <= few.begin_us).all()


@given(clinics(), st.integers(1, 2))
def test_nobody_is_overtaken_by_more_than_the_rule_allows(clinic: dict[str, Any], servers: int) -> None:
    found = simulate(**clinic, servers=[Server(one) for one in range(servers)])
    policy: PriorityPolicy = clinic["policy"]
    level = np.array([policy.level_of(stream.urgency) for stream in found.streams], np.int64)[found.stream]
    for run in range(clinic["runs"]):
        mine = (found.run == run).nonzero()[0]
        for i, j in itertools.permutations(mine.tolist(), 2):
            later = int(found.arrival_us[i] - found.arrival_us[j])
            if later <= 0 or found.begin_us[i] >= found.begin_us[j] or found.begin_us[i] < found.arrival_us[j]:
                continue
            ahead, behind = int(level[i]), int(level[j])
            assert ahead != behind, "nobody is overtaken by their own level"
            if policy.tiers[ahead] != policy.tiers[behind]:
                assert policy.tiers[ahead] < policy.tiers[behind]
            elif policy.discipline == "head_start":
                assert later < int(policy.head_starts_us[ahead] - policy.head_starts_us[behind])
            elif policy.discipline == "accumulating":
                wait = int(found.begin_us[j] - found.arrival_us[j])
                assert later <= wait * (1 - int(policy.rates[behind]) / int(policy.rates[ahead]))
            else:
                assert policy.discipline == "strict"
