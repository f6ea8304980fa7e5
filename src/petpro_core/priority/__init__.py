"""Who is next in a queue, and why: triage levels, policies, entries with their states, the order and its reasons.

>>> from datetime import UTC, datetime
>>> clock = lambda hour, minute: datetime(2026, 3, 2, hour, minute, tzinfo=UTC)
>>> queue = [QueueEntry(1, clock(9, 0), "green"), QueueEntry(2, clock(9, 40), "yellow")]
>>> [(one.position, one.entry.id) for one in rank(queue, policy=VETERINARY_TRIAGE, now=clock(9, 45))]
[(1, 2), (2, 1)]

A policy says in which order those who wait are served: tiers that nothing overtakes, and within a tier a discipline,
of which a head start by urgency is the default. Nothing here reads a clock, and nothing is drawn by lot: the same
entries, policy, moves and present give the same order. What replays a queue orders it by ``order_keys``, as ``rank``
does.

Source: explanation/priority.md.
"""

from petpro_core.priority._alerts import Alert, Alerts, find_alerts
from petpro_core.priority._bounds import overtaking_bound
from petpro_core.priority._entry import QueueEntry, QueueEvent, Retriage, StageChange, StateChange
from petpro_core.priority._keys import NO_APPOINTMENT, order_keys, queued_us
from petpro_core.priority._levels import UrgencyLevel
from petpro_core.priority._moves import Move, MoveOutcome, Override
from petpro_core.priority._named import POLICIES, VETERINARY_TRIAGE
from petpro_core.priority._policy import Discipline, PriorityPolicy
from petpro_core.priority._queue import by_queue
from petpro_core.priority._ranking import RankedEntry, Ranking, rank
from petpro_core.priority._route import Joining, Route, Stage
from petpro_core.priority._states import QueueState
from petpro_core.priority._why import RankCode, RankReason

__all__ = [
    "NO_APPOINTMENT",
    "POLICIES",
    "VETERINARY_TRIAGE",
    "Alert",
    "Alerts",
    "Discipline",
    "Joining",
    "Move",
    "MoveOutcome",
    "Override",
    "PriorityPolicy",
    "QueueEntry",
    "QueueEvent",
    "QueueState",
    "RankCode",
    "RankReason",
    "RankedEntry",
    "Ranking",
    "Retriage",
    "Route",
    "Stage",
    "StageChange",
    "StateChange",
    "UrgencyLevel",
    "by_queue",
    "find_alerts",
    "order_keys",
    "overtaking_bound",
    "queued_us",
    "rank",
]
