"""The queue of a clinic file: the way back from objects."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from petpro_core.errors import InvalidValueError
from petpro_core.interop.clinic._values_out import Tree, filled, length_text, lists, moment_text, named
from petpro_core.priority import POLICIES, QueueState

if TYPE_CHECKING:
    from petpro_core.interop.clinic.queues import ClinicArrivals, ClinicDuration, ClinicQueue
    from petpro_core.priority import Move, PriorityPolicy, QueueEntry, UrgencyLevel
    from petpro_core.timezones import TimeZone

__all__ = ["queue_tree"]

Names = Mapping[str, Mapping[int, str]]


def queue_tree(queue: ClinicQueue, names: Names, zone: TimeZone) -> Tree:
    """A queue as the keys and values of a clinic file; the policy is always named or told in full."""
    known = next((code for code, policy in POLICIES.items() if policy == queue.policy), None)
    tree: Tree = {"policy": _policy(queue.policy) if known is None else known}
    return tree | lists(
        servers=list(queue.servers),
        entries=[_entry(one, names, zone) for one in queue.entries],
        moves=[_move(one, names, zone) for one in queue.moves],
        arrivals=[_arrivals(one, names) for one in queue.arrivals],
        durations=[_duration(one, names) for one in queue.durations],
    )


def _policy(policy: PriorityPolicy) -> Tree:
    tree = filled(name=policy.name, source=policy.source)
    tree["discipline"] = str(policy.discipline)
    tree |= {"late_grace": length_text(policy.late_grace)} if policy.late_grace else {}
    return tree | {"levels": [_level(level) for level in policy.levels]}


def _level(level: UrgencyLevel) -> Tree:
    tree: Tree = {"code": level.code} | filled(name="" if level.name == level.code else level.name)
    tree |= {"tier": level.tier} if level.tier else {}
    tree |= {"head_start": length_text(level.head_start)} if level.head_start else {}
    tree |= {"rate": level.rate} if level.rate != 1 else {}
    tree |= {} if level.target is None else {"target": length_text(level.target)}
    told = level.alert_after is not None and level.alert_after != level.target
    return tree | ({"alert_after": length_text(level.alert_after)} if told and level.alert_after is not None else {})


def _some(names: Names, **handles: int | None) -> Tree:
    """The ids of what is told, by kind."""
    return {kind: named(names[kind], kind, number) for kind, number in handles.items() if number is not None}


def _provider(names: Names, handle: int | None) -> Tree:
    return {} if handle is None else {"provider": named(names["resource"], "provider", handle)}


def _entry(one: QueueEntry, names: Names, zone: TimeZone) -> Tree:
    key = named(names["entry"], "entry", one.id)
    tree: Tree = filled(id="" if key == f"#{one.id}" else key)
    tree |= {"arrival": moment_text(one.arrival, zone), "urgency": one.urgency}
    tree |= _some(names, service=one.service, client=one.client, pet=one.pet) | _provider(names, one.provider)
    if one.appointment is not None:
        if not isinstance(one.appointment, datetime):
            msg = f"an entry of a clinic file has the moment of its appointment, got {one.appointment!r}"
            raise InvalidValueError(msg, name="appointment", got=repr(one.appointment))
        tree["appointment"] = moment_text(one.appointment, zone)
    return tree | ({} if one.state is QueueState.WAITING else {"state": str(one.state)})


def _move(move: Move, names: Names, zone: TimeZone) -> Tree:
    where = "before" if move.before is not None else "after"
    tree: Tree = {
        "entry": named(names["entry"], "entry", move.entry),
        where: named(names["entry"], "entry", move.anchor),
        "by": move.by,
        "reason": move.reason,
    }
    return tree | ({} if move.at is None else {"at": moment_text(move.at, zone)})


def _arrivals(one: ClinicArrivals, names: Names) -> Tree:
    tree: Tree = {"urgency": one.urgency} | _some(names, service=one.service)
    if one.every is None:
        return tree | {"per_hour": one.per_hour[0] if len(one.per_hour) == 1 else list(one.per_hour)}
    return tree | {"every": length_text(one.every)} | ({"no_show": one.no_show} if one.no_show else {})


def _duration(one: ClinicDuration, names: Names) -> Tree:
    return (
        _some(names, service=one.service)
        | _provider(names, one.provider)
        | {
            "mean": length_text(one.mean),
            "cv": one.cv,
        }
    )
