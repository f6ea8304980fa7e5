"""The queue of a clinic file, to objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from petpro_core.interop.clinic.lengths import read_span
from petpro_core.interop.clinic.queues import (
    DAY_OF_HOURS,
    WEEK_OF_HOURS,
    ClinicArrivals,
    ClinicDuration,
    ClinicQueue,
)
from petpro_core.priority import (
    POLICIES,
    VETERINARY_TRIAGE,
    Discipline,
    Move,
    PriorityPolicy,
    QueueEntry,
    QueueState,
    UrgencyLevel,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from petpro_core.interop.clinic._nodes import Node
    from petpro_core.interop.clinic.model import ClinicResource, ClinicService
    from petpro_core.timezones import TimeZone

__all__ = ["Asked", "read_queue"]

_QUEUE: Final = ("policy", "servers", "entries", "moves", "arrivals", "durations")
_POLICY: Final = ("like", "name", "source", "discipline", "late_grace", "levels")
_LEVEL: Final = ("code", "name", "tier", "head_start", "rate", "target", "alert_after")
_ENTRY: Final = ("id", "arrival", "urgency", "service", "client", "pet", "provider", "appointment", "state")
_MOVE: Final = ("entry", "before", "after", "by", "reason", "at")
_ARRIVALS: Final = ("urgency", "service", "per_hour", "every", "no_show")
_DURATION: Final = ("service", "provider", "mean", "cv")
_MOST_PER_HOUR: Final = 1_000.0
_MOST_SPREAD: Final = 20.0


@attrs.frozen
class Asked:
    """What a queue may name.

    Attributes:
        zone: The clinic's.
        services: By id.
        resources: By id.
        clients: From ids to numbers; who is new is entered.
        pets: Likewise.
    """

    zone: TimeZone
    services: Mapping[str, ClinicService]
    resources: Mapping[str, ClinicResource]
    clients: dict[str, int]
    pets: dict[str, int]

    def service(self, node: Node) -> int | None:
        """The number of a service, where it is told."""
        found = node.find("service")
        return None if found is None else self.services[found.choice(self.services, "service")].handle

    def provider(self, node: Node) -> int | None:
        """The number of a provider, where it is told."""
        found = node.find("provider")
        return None if found is None else self.resources[found.choice(self.providers, "provider")].handle

    @property
    def providers(self) -> list[str]:
        """The ids of providers."""
        return [key for key, one in self.resources.items() if one.kind == "provider"]


def read_queue(node: Node, asked: Asked) -> ClinicQueue:
    """A queue; who waits is entered among the clients and pets."""
    node.table(*_QUEUE)
    policy = _policy(node.find("policy"))
    servers = tuple(one.choice(asked.providers, "provider") for one in node.each("servers"))
    if len(set(servers)) < len(servers):
        raise node.need("servers").error("each provider stands here once")
    nodes = node.each("entries")
    entries = tuple(_entry(one, number, policy, asked) for number, one in enumerate(nodes, 1))
    ids = _ids(nodes)
    return ClinicQueue(
        policy,
        servers,
        entries,
        {number: key for key, number in ids.items()},
        tuple(_move(one, ids, asked.zone) for one in node.each("moves")),
        tuple(_arrivals(one, policy, asked) for one in node.each("arrivals")),
        _durations(node.each("durations"), asked),
    )


def _span(node: Node) -> timedelta:
    with node.blamed():
        return read_span(node.text())


# --- the policy -------------------------------------------------------------------------------------------------------


def _policy(node: Node | None) -> PriorityPolicy:
    if node is None:
        return VETERINARY_TRIAGE
    if isinstance(node.value, str):
        return POLICIES[node.choice(POLICIES, "policy")]
    node.table(*_POLICY)
    like = node.find("like")
    changes: dict[str, Any] = {key: found.text() for key in ("name", "source") if (found := node.find(key)) is not None}
    if (found := node.find("discipline")) is not None:
        changes["discipline"] = Discipline(found.choice(tuple(Discipline), "discipline"))
    if (found := node.find("late_grace")) is not None:
        changes["late_grace"] = _span(found)
    if like is None or node.find("levels") is not None:
        changes["levels"] = [_level(one) for one in node.need("levels").items()]
    with node.blamed():
        if like is None:
            return PriorityPolicy(**changes)
        return attrs.evolve(POLICIES[like.choice(POLICIES, "policy")], **changes)


def _level(node: Node) -> UrgencyLevel:
    node.table(*_LEVEL)
    code, name, tier, rate = node.need("code").text(), node.find("name"), node.find("tier"), node.find("rate")
    told: dict[str, Any] = {
        key: _span(found) for key in ("head_start", "target", "alert_after") if (found := node.find(key)) is not None
    }
    told |= {} if name is None else {"name": name.text()}
    told |= {} if tier is None else {"tier": tier.whole(0, 1_000)}
    told |= {} if rate is None else {"rate": rate.whole(1, 10_000)}
    with node.blamed():
        return UrgencyLevel(code, **told)


def _urgency(node: Node, policy: PriorityPolicy) -> str:
    return node.need("urgency").choice(tuple(policy.places), "urgency")


# --- who waits --------------------------------------------------------------------------------------------------------


def _entry(node: Node, number: int, policy: PriorityPolicy, asked: Asked) -> QueueEntry:
    node.table(*_ENTRY)
    arrival = node.need("arrival").instant(asked.zone)
    appointment, state = node.find("appointment"), node.find("state")
    who: dict[str, Any] = {
        key: known.setdefault(found.key_of_somebody(), len(known) + 1)
        for key, known in (("client", asked.clients), ("pet", asked.pets))
        if (found := node.find(key)) is not None
    }
    with node.blamed():
        return QueueEntry(
            number,
            arrival,
            _urgency(node, policy),
            service=asked.service(node),
            provider=asked.provider(node),
            appointment=None if appointment is None else appointment.instant(asked.zone),
            state=QueueState.WAITING if state is None else QueueState(state.choice(tuple(QueueState), "state")),
            **who,
        )


def _ids(nodes: list[Node]) -> dict[str, int]:
    """The ids of entries; one without an id is called by its number, as ``#3``."""
    ids: dict[str, int] = {}
    for number, node in enumerate(nodes, 1):
        own = node.find("id")
        key = f"#{number}" if own is None else own.key_of_somebody()
        if key in ids:
            raise (own or node).error("an id stands once in the queue", got=repr(key))
        ids[key] = number
    return ids


def _move(node: Node, ids: Mapping[str, int], zone: TimeZone) -> Move:
    node.table(*_MOVE)

    def number(found: Node | None) -> int | None:
        if found is None:
            return None
        key = found.key_of_somebody()
        if key not in ids:
            raise found.error("no such entry in the queue", allowed=f"allowed: {', '.join(list(ids)[:20]) or 'none'}")
        return ids[key]

    at, entry = node.find("at"), number(node.need("entry"))
    before, after = number(node.find("before")), number(node.find("after"))
    by, reason = node.need("by").text(), node.need("reason").text()
    with node.blamed():
        return Move(
            entry,  # type: ignore[arg-type]  # it is needed, and so has a number
            before=before,
            after=after,
            by=by,
            reason=reason,
            at=None if at is None else at.instant(zone),
        )


# --- who may come, and for how long -----------------------------------------------------------------------------------


def _arrivals(node: Node, policy: PriorityPolicy, asked: Asked) -> ClinicArrivals:
    node.table(*_ARRIVALS)
    urgency, service = _urgency(node, policy), asked.service(node)
    per_hour, every, no_show = node.find("per_hour"), node.find("every"), node.find("no_show")
    if (per_hour is None) == (every is None):
        raise node.error(
            "those who come do so per_hour (walk-ins) or every so often (appointments)",
            got="none of both" if every is None else "both",
        )
    if every is not None:
        rate = 0.0 if no_show is None else no_show.rate()
        length = _span(every)
        if not length:
            raise every.error("a slot of appointments is longer than nothing")
        return ClinicArrivals(urgency, service, every=length, no_show=rate)
    if no_show is not None:
        raise no_show.error("appointments have no-shows", allowed="leave it out beside per_hour")
    rates = tuple(_number(one, _MOST_PER_HOUR) for one in node.child("per_hour").one_or_more())
    if len(rates) not in (1, DAY_OF_HOURS, WEEK_OF_HOURS):
        raise node.child("per_hour").error(
            f"a rate is one number, {DAY_OF_HOURS} for the hours of a day or {WEEK_OF_HOURS} for those of a week",
            got=f"{len(rates)} of them",
        )
    return ClinicArrivals(urgency, service, rates)


def _number(node: Node, most: float) -> float:
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise node.error(f"a number from 0 to {most:g} stands here")
    return float(value)


def _durations(nodes: list[Node], asked: Asked) -> tuple[ClinicDuration, ...]:
    found: dict[tuple[int | None, int | None], ClinicDuration] = {}
    for node in nodes:
        node.table(*_DURATION)
        service, provider, cv = asked.service(node), asked.provider(node), node.find("cv")
        if provider is not None and service is None:
            raise node.error("how long a provider takes is told of a service", got="none")
        if (service, provider) in found:
            raise node.error("each service and provider stands here once", got="another one")
        spread = {} if cv is None else {"cv": _number(cv, _MOST_SPREAD)}
        one = ClinicDuration(_span(node.need("mean")), service, provider, **spread)
        with node.blamed():
            one.law  # noqa: B018 - it refuses a mean or a spread that no visit has
        found[service, provider] = one
    return tuple(found.values())
