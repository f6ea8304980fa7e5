"""Strategies for queues: levels, policies, entries with their history, moves, and rankings of them.

Plain dicts are what the oracle (``petpro_core.testing.queue_order``) reads; ``build_queue`` makes objects from them.
Times come close to each other and often fall together, because that is where an order can go wrong.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from petpro_core.intervals import Interval, from_us
from petpro_core.priority import (
    Alert,
    Alerts,
    Discipline,
    Joining,
    Move,
    Override,
    PriorityPolicy,
    QueueEntry,
    QueueState,
    RankedEntry,
    Ranking,
    RankReason,
    Retriage,
    Route,
    Stage,
    StageChange,
    StateChange,
    UrgencyLevel,
    find_alerts,
    rank,
)
from petpro_core.testing.strategies._moments import instants

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from hypothesis.strategies import DrawFn, SearchStrategy

    from petpro_core.testing.queue_order import QueueCase

__all__ = [
    "BY_TYPE",
    "alert_lists",
    "alerts",
    "build_policy",
    "build_queue",
    "moves",
    "overrides",
    "plain_policies",
    "plain_queues",
    "priority_policies",
    "queue_entries",
    "queues",
    "rank_reasons",
    "ranked_entries",
    "rankings",
    "retriages",
    "routes",
    "stage_changes",
    "stages",
    "state_changes",
    "urgency_levels",
]

_CODES: Final = ("red", "orange", "yellow", "green", "blue")
_PEOPLE: Final = ("Ana", "Ben")
_REASONS: Final = ("in pain", "afraid of the dogs", "kept in the car")
_MINUTE: Final = timedelta(minutes=1)
_MINUTE_US: Final = 60_000_000
_lengths: Final = st.sampled_from([0, 1, 2, 3, 5, 8, 20])


def _falling(draw: DrawFn, values: SearchStrategy[int], tiers: list[int]) -> list[int]:
    # From one level to the next these may only shrink, and in another tier they begin anew.
    drawn = draw(st.lists(values, min_size=len(tiers), max_size=len(tiers)))
    return [value for _, value in sorted(zip(tiers, drawn, strict=True), key=lambda one: (one[0], -one[1]))]


@st.composite
def plain_policies(draw: DrawFn, discipline: Discipline | None = None, unit: int = 1) -> dict[str, Any]:
    """Policies as plain dicts: one to five levels in one to three tiers; lengths are small multiples of ``unit``."""
    size = draw(st.integers(1, len(_CODES)))
    tiers = sorted(draw(st.lists(st.integers(0, 2), min_size=size, max_size=size)))
    targets = sorted(draw(st.lists(_lengths, min_size=size, max_size=size)))
    head_starts = _falling(draw, _lengths, tiers)
    rates = _falling(draw, st.sampled_from([1, 2, 3, 4, 7, 10_000]), tiers)
    return {
        "discipline": str(draw(st.sampled_from(Discipline)) if discipline is None else discipline),
        "late_grace": draw(st.sampled_from([0, 0, 1, 3])) * unit,
        "levels": [
            {"code": code, "tier": tier, "head_start": head * unit, "rate": rate, "target": target * unit}
            for code, tier, head, rate, target in zip(_CODES[:size], tiers, head_starts, rates, targets, strict=True)
        ],
    }


@st.composite
def plain_queues(draw: DrawFn, discipline: Discipline | None = None, unit: int = 1) -> QueueCase:
    """Queues of none to nine entries in any state with some moves, as plain dicts that the oracle reads."""
    policy = draw(plain_policies(discipline, unit))
    codes = [level["code"] for level in policy["levels"]]
    times = st.integers(0, 12)
    numbers = draw(st.lists(st.integers(0, 30), max_size=9, unique=True))
    entries = []
    for number in numbers:
        entry: dict[str, Any] = {"id": number, "arrival": draw(times) * unit, "urgency": draw(st.sampled_from(codes))}
        if draw(st.sampled_from([False, False, True])):
            entry["appointment"] = draw(times) * unit
        entry["state"] = str(draw(st.sampled_from([QueueState.WAITING] * 4 + list(QueueState))))
        entries.append(entry)
    named = st.sampled_from([*numbers, 99])
    pairs = draw(st.lists(st.tuples(named, named, st.sampled_from(["before", "after"])), max_size=4))
    told = [{"entry": one, side: other} for one, other, side in pairs if one != other]
    return {"now": draw(st.integers(0, 20)) * unit, "policy": policy, "entries": entries, "moves": told}


def build_policy(plain: dict[str, Any]) -> PriorityPolicy:
    """The policy that a plain dict says."""
    levels = [
        UrgencyLevel(
            level["code"],
            tier=level["tier"],
            head_start=timedelta(microseconds=level["head_start"]),
            rate=level["rate"],
            target=timedelta(microseconds=level["target"]),
        )
        for level in plain["levels"]
    ]
    grace = timedelta(microseconds=plain["late_grace"])
    return PriorityPolicy(levels, discipline=plain["discipline"], late_grace=grace)


def build_queue(case: QueueCase) -> tuple[list[QueueEntry], dict[str, Any]]:
    """The entries of a plain queue, and what ``rank`` is asked about them."""
    entries = [
        QueueEntry(
            plain["id"],
            from_us(plain["arrival"]),
            plain["urgency"],
            appointment=from_us(plain["appointment"]) if "appointment" in plain else None,
            state=plain["state"],
        )
        for plain in case["entries"]
    ]
    asked = [
        Move(plain["entry"], before=plain.get("before"), after=plain.get("after"), by="Ana", reason="in pain")
        for plain in case["moves"]
    ]
    return entries, {"policy": build_policy(case["policy"]), "now": from_us(case["now"]), "moves": asked}


def urgency_levels() -> SearchStrategy[UrgencyLevel]:
    """Levels of any tier, head start, rate and target."""
    return priority_policies().flatmap(lambda policy: st.sampled_from(policy.levels))


def priority_policies(discipline: Discipline | None = None) -> SearchStrategy[PriorityPolicy]:
    """Policies of every discipline, or of one; their lengths are minutes."""
    return plain_policies(discipline, unit=_MINUTE_US).map(build_policy)


@st.composite
def stages(draw: DrawFn) -> Stage:
    """Stages that keep an arrival or take a new one."""
    code = draw(st.sampled_from(["triage", "vet", "pharmacy"]))
    return Stage(code, joining=draw(st.sampled_from(Joining)), service=draw(st.none() | st.integers(0, 3)))


def routes() -> SearchStrategy[Route]:
    """Routes of one to four stages; a stage may come twice."""
    return st.lists(stages(), min_size=1, max_size=4).map(Route)


@st.composite
def queue_entries(draw: DrawFn, policy: PriorityPolicy | None = None) -> QueueEntry:
    """Entries with all that they may carry, after some legal steps: changes of state, re-triages, the next stage."""
    codes = _CODES if policy is None else tuple(policy.places)
    came, handles, route = draw(instants()), st.none() | st.integers(0, 3), draw(st.none() | routes())
    booked = draw(st.sampled_from([None, -20, 0, 15]))
    start = None if booked is None else came + booked * _MINUTE
    entry = QueueEntry(
        draw(st.integers(0, 1_000)),
        came,
        draw(st.sampled_from(codes)),
        service=draw(handles),
        client=draw(handles),
        pet=draw(handles),
        provider=draw(handles),
        appointment=Interval(start, start + 30 * _MINUTE) if start and draw(st.booleans()) else start,
        route=route,
    )
    minute = 0
    for _ in range(0 if route is None else draw(st.integers(0, len(route.stages) - 1))):
        minute += draw(st.integers(0, 9))
        at = came + minute * _MINUTE
        entry = entry.become(QueueState.IN_SERVICE, at=at).become(QueueState.SERVED, at=at).advance(at=at)
    for after in sorted(draw(st.lists(st.integers(0, 60), max_size=5))):
        entry = draw(_after(entry, codes, came + (minute + after) * _MINUTE))
    return entry


def _after(entry: QueueEntry, codes: tuple[str, ...], at: datetime) -> SearchStrategy[QueueEntry]:
    steps = [entry.become(state, at=at) for state in sorted(entry.state.may_become)]
    if entry.state.is_here:
        steps += [entry.retriage(code, by=_PEOPLE[0], reason=_REASONS[0], at=at) for code in codes]
    return st.sampled_from(steps) if steps else st.just(entry)


def state_changes() -> SearchStrategy[StateChange]:
    """Changes into any state, by somebody or by nobody in particular."""
    return st.builds(StateChange, st.sampled_from(QueueState), at=instants(), by=st.sampled_from(["", *_PEOPLE]))


def stage_changes() -> SearchStrategy[StageChange]:
    """Changes to any stage."""
    return st.builds(StageChange, stages().map(lambda stage: stage.code), at=instants())


def retriages() -> SearchStrategy[Retriage]:
    """Judgements of urgency, those that change nothing among them."""
    codes, words = st.sampled_from(_CODES), st.sampled_from(_REASONS)
    return st.builds(Retriage, codes, was=codes, by=st.sampled_from(_PEOPLE), reason=words, at=instants())


@st.composite
def moves(draw: DrawFn) -> Move:
    """Moves of an entry before or after another one."""
    one, other = draw(st.lists(st.integers(0, 30), min_size=2, max_size=2, unique=True))
    by, reason, at = draw(st.sampled_from(_PEOPLE)), draw(st.sampled_from(_REASONS)), draw(st.none() | instants())
    if draw(st.booleans()):
        return Move(one, before=other, by=by, reason=reason, at=at)
    return Move(one, after=other, by=by, reason=reason, at=at)


@st.composite
def queues(draw: DrawFn, policy: PriorityPolicy) -> list[QueueEntry]:
    """None to nine entries in any state, each with a level of the policy, who came within minutes of each other."""
    day, codes, times = draw(instants()), tuple(policy.places), st.integers(0, 12)
    found = []
    for number in draw(st.lists(st.integers(0, 30), max_size=9, unique=True)):
        booked = draw(st.none() | times)
        entry = QueueEntry(
            number,
            day + draw(times) * _MINUTE,
            draw(st.sampled_from(codes)),
            appointment=None if booked is None else day + booked * _MINUTE,
            state=draw(st.sampled_from([QueueState.WAITING] * 4 + list(QueueState))),
        )
        found.append(entry)
    return found


def _ranked(case: QueueCase) -> Ranking:
    entries, asked = build_queue(case)
    return rank(entries, **asked)


def rankings() -> SearchStrategy[Ranking]:
    """Rankings of ``plain_queues`` in minutes, the empty one among them."""
    return plain_queues(unit=_MINUTE_US).map(_ranked)


def ranked_entries() -> SearchStrategy[RankedEntry]:
    """Entries at their places in rankings, with their reasons."""
    return rankings().filter(len).flatmap(lambda ranking: st.sampled_from(list(ranking)))


def rank_reasons() -> SearchStrategy[RankReason]:
    """Reasons as rankings give them."""
    return ranked_entries().flatmap(lambda ranked: st.sampled_from(ranked.reasons))


def overrides() -> SearchStrategy[Override]:
    """Moves and what became of them, as rankings record them."""
    made = rankings().filter(lambda ranking: bool(ranking.overrides))
    return made.flatmap(lambda ranking: st.sampled_from(ranking.overrides))


def alert_lists() -> SearchStrategy[Alerts]:
    """The alerts of rankings, and when the next one falls due."""
    return rankings().map(lambda ranking: find_alerts(ranking, policy=ranking.policy, now=ranking.now))


def alerts() -> SearchStrategy[Alert]:
    """Single alerts."""
    return alert_lists().filter(len).flatmap(lambda found: st.sampled_from(found.found))


BY_TYPE: Final[Mapping[type, Callable[[], SearchStrategy[Any]]]] = {
    Alert: alerts,
    Alerts: alert_lists,
    Move: moves,
    Override: overrides,
    PriorityPolicy: priority_policies,
    QueueEntry: queue_entries,
    RankReason: rank_reasons,
    RankedEntry: ranked_entries,
    Ranking: rankings,
    Retriage: retriages,
    Route: routes,
    Stage: stages,
    StageChange: stage_changes,
    StateChange: state_changes,
    UrgencyLevel: urgency_levels,
}
"""The strategy of each frozen type of ``petpro_core.priority``."""
