"""Services and policies of a clinic file: what is offered, and what is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from petpro_core.bookings import Cap, MinimumGap, Period, Scope
from petpro_core.interop.clinic.lengths import read_duration, read_horizon, read_notice, read_span
from petpro_core.interop.clinic.model import ClinicService
from petpro_core.intervals import duration_us
from petpro_core.slots.rules import Alignment, SlotRules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta

    from petpro_core.bookings import BookingPolicy
    from petpro_core.interop.clinic._nodes import Node
    from petpro_core.interop.clinic.model import ClinicResource

__all__ = ["read_policy", "read_service"]

_SPANS: Final = ("min_duration", "max_duration", "cancel_deadline", "move_deadline")
_FLAGS: Final = ("pending_blocks", "no_show_counts")
_POLICY: Final = ("min_notice", "horizon", "caps", "gaps", "one_at_a_time", *_SPANS, *_FLAGS)
_RULES: Final = ("step", "offset", "buffer_before", "buffer_after")
_SERVICE: Final = ("id", "name", "duration", "alignment", "seats", "providers", "rooms", "policy", *_RULES)
_SUBJECTS: Final = tuple(str(scope) for scope in Scope if scope is not Scope.RESOURCE)
_MINUTE_US: Final = 60_000_000


def read_policy(node: Node | None, base: BookingPolicy, services: Mapping[str, int]) -> BookingPolicy:
    """A policy: ``base`` with the keys that are given."""
    if node is None:
        return base
    node.table(*_POLICY)
    changes: dict[str, object] = {}
    lengths: dict[str, Callable[[str], object]] = dict.fromkeys(_SPANS, read_span)
    lengths |= {"min_notice": read_notice, "horizon": read_horizon}
    for key, read in lengths.items():
        if (found := node.find(key)) is not None:
            with found.blamed():
                changes[key] = read(found.text())
    changes |= {key: found.flag() for key in _FLAGS if (found := node.find(key)) is not None}
    if node.find("caps") is not None:
        changes["caps"] = [_cap(one, services) for one in node.each("caps")]
    if node.find("gaps") is not None:
        changes["gaps"] = [_gap(one) for one in node.each("gaps")]
    if node.find("one_at_a_time") is not None:
        changes["one_at_a_time"] = [Scope(one.choice(_SUBJECTS, "subject")) for one in node.each("one_at_a_time")]
    return attrs.evolve(base, **changes)  # type: ignore[arg-type]  # the keys are the attributes' names


def _scope(node: Node) -> Scope:
    found = node.find("by")
    return Scope.RESOURCE if found is None else Scope(found.choice(tuple(Scope), "subject"))


def _cap(node: Node, services: Mapping[str, int]) -> Cap:
    node.table("limit", "per", "by", "service", "zone")
    limit, service, zone = node.need("limit"), node.find("service"), node.find("zone")
    minutes = isinstance(limit.value, str)
    return Cap(
        _minutes(limit) if minutes else limit.whole(),
        per=Period(node.need("per").choice(tuple(Period), "period")),
        by=_scope(node),
        minutes=minutes,
        service=None if service is None else services[service.choice(services, "service")],
        zone=None if zone is None else zone.zone(),
    )


def _minutes(node: Node) -> int:
    length = duration_us(_span(node))
    if length % _MINUTE_US:
        raise node.error("a cap counts bookings (a whole number) or whole minutes (6h, 90m)")
    return length // _MINUTE_US


def _span(node: Node) -> timedelta:
    with node.blamed():
        return read_span(node.text())


def _gap(node: Node) -> MinimumGap:
    node.table("time", "by")
    return MinimumGap(_span(node.need("time")), by=_scope(node))


def read_service(
    node: Node, services: Mapping[str, int], resources: Mapping[str, ClinicResource], base: BookingPolicy
) -> ClinicService:
    """A service; ``services`` has the numbers of all of them already, because caps may name any."""
    node.table(*_SERVICE)
    key = node.need("id").ident()
    name = node.find("name")
    return ClinicService(
        id=key,
        name=key if name is None else name.text(),
        handle=services[key],
        rules=_rules(node),
        policy=read_policy(node.find("policy"), base, services),
        resources=_resources(node, resources),
    )


def _rules(node: Node) -> tuple[SlotRules, ...]:
    lengths = {key: _span(found) for key in _RULES if (found := node.find(key)) is not None}
    alignment, seats = node.find("alignment"), node.find("seats")
    rules = []
    durations = node.need("duration").one_or_more()
    if not durations:
        raise node.child("duration").error("a service lasts one duration or one of several")
    for one in durations:
        with one.blamed():
            duration = read_duration(one.text())
        with node.blamed():
            rules.append(
                SlotRules(
                    duration,
                    alignment=Alignment.OPENING
                    if alignment is None
                    else Alignment(alignment.choice(tuple(Alignment), "alignment")),
                    seats=None if seats is None else seats.whole(1),
                    **lengths,
                )
            )
    return tuple(rules)


def _resources(node: Node, resources: Mapping[str, ClinicResource]) -> tuple[str, ...]:
    providers, rooms = node.find("providers"), node.find("rooms")
    if providers is not None and rooms is not None:
        # A visit that needs both at once is another thing, and reading it as "either" would sell the room twice.
        raise node.error(
            "a service is booked with one of its providers or in one of its rooms", got="both", allowed="give one list"
        )
    kind = "provider" if rooms is None else "room"
    known = [one.id for one in resources.values() if one.kind == kind]
    listed = providers or rooms
    if listed is None:
        return tuple(known)
    chosen = [one.choice(known, kind) for one in listed.items()]
    if not chosen or len(set(chosen)) < len(chosen):
        raise listed.error(f"each {kind} stands here once, and at least one does")
    return tuple(chosen)
