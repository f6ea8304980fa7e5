"""The services of a clinic file: what is offered, who does it, how long it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from petpro_core.interop.clinic._people import read_needs
from petpro_core.interop.clinic._policies import read_policy
from petpro_core.interop.clinic.lengths import read_duration, read_span
from petpro_core.interop.clinic.model import ClinicService
from petpro_core.matching import ALL, DurationRule, Preparation, ResourceKind, Role, match
from petpro_core.slots.rules import Alignment, SlotRules

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from petpro_core.bookings import BookingPolicy
    from petpro_core.interop.clinic._nodes import Node
    from petpro_core.interop.clinic._people import People
    from petpro_core.interop.clinic._policies import Known
    from petpro_core.interop.clinic.model import ClinicResource
    from petpro_core.matching.roles import Count
    from petpro_core.slots.rules import CalendarDays

__all__ = ["read_service"]

_BUFFERS: Final = ("buffer_before", "buffer_after")
_RULES: Final = ("step", "offset", *_BUFFERS)
_MATCHED: Final = ("roles", "durations", "preparation", "price")
_SERVICE: Final = ("id", "name", "duration", "alignment", "seats", "providers", "rooms", "policy", *_RULES, *_MATCHED)
_ROLE: Final = ("name", "kind", "needs", "count", "among", "group", "location", "supervision", "alone", *_BUFFERS)
_FACTS: Final = ("provider", "species", "size", "new_client")


def read_service(node: Node, known: Known, people: People, base: BookingPolicy) -> ClinicService:
    """A service; the numbers of all of them are known already, because caps may name any."""
    node.table(*_SERVICE)
    key = node.need("id").ident()
    name = node.find("name")
    buffers = {buffer: _span(found) for buffer in _BUFFERS if (found := node.find(buffer)) is not None}
    roles = _roles(node, people, buffers)
    if roles:
        buffers = {buffer: getattr(roles[0], buffer) for buffer in _BUFFERS}
    service = ClinicService(
        id=key,
        name=key if name is None else name.text(),
        handle=known.services[key],
        rules=_rules(node, buffers),
        policy=read_policy(node.find("policy"), base, known),
        resources=_able(roles[0], people) if roles else _resources(node, people.resources),
        roles=roles,
        durations=tuple(_lasting(one, people.resources) for one in node.each("durations")),
        preparation=_preparation(node),
        price=_price(node),
    )
    with node.blamed():
        return service.checked(people.resources)


def _span(node: Node) -> timedelta:
    with node.blamed():
        return read_span(node.text())


def _duration(node: Node) -> timedelta | CalendarDays:
    with node.blamed():
        return read_duration(node.text())


# --- who does it ------------------------------------------------------------------------------------------------------


def _roles(node: Node, people: People, buffers: Mapping[str, timedelta]) -> tuple[Role, ...]:
    found = node.find("roles")
    if found is None:
        return ()
    for other in ("providers", "rooms"):
        if node.find(other) is not None:
            raise node.child(other).error(
                f"{other} are those of the one role of a service", got="both", allowed="give roles alone, with among"
            )
    roles = tuple(_role(one, people, buffers) for one in found.items())
    if not roles:
        raise found.error("a service has at least one role")
    return roles


def _role(node: Node, people: People, buffers: Mapping[str, timedelta]) -> Role:
    node.table(*_ROLE)
    kind, name, alone = node.find("kind"), node.find("name"), node.find("alone")
    chosen = ResourceKind.PROVIDER if kind is None else ResourceKind(kind.choice(tuple(ResourceKind), "kind"))
    group, location = node.find("group"), node.find("location")
    own = {key: _span(found) for key in _BUFFERS if (found := node.find(key)) is not None}
    needs, supervision = (read_needs(node.find(key), people.skills) for key in ("needs", "supervision"))
    count, among = _count(node.find("count")), _among(node, chosen, people.resources)
    with node.blamed():
        return Role(
            chosen,
            needs,
            count,
            among=among,
            group=None if group is None else people.groups[group.choice(people.groups, "group")],
            location=None
            if location is None
            else people.locations[location.choice(people.locations, "location")].handle,
            name="" if name is None else name.text(),
            supervision=supervision,
            alone=False if alone is None else alone.flag(),
            **{**buffers, **own},
        )


def _count(node: Node | None) -> Count:
    if node is None:
        return 1
    if isinstance(node.value, str):
        if node.value != ALL:
            raise node.error('a count is a whole number or "all"')
        return ALL
    return node.whole(1, 1_000)


def _among(node: Node, kind: ResourceKind, resources: Mapping[str, ClinicResource]) -> list[int] | None:
    if node.find("among") is None:
        return None
    known = [one.id for one in resources.values() if one.kind == kind]
    return [resources[one.choice(known, str(kind))].handle for one in node.each("among")]


def _able(role: Role, people: People) -> tuple[str, ...]:
    """The ids of those who fit the first role, which sets the grid of starts."""
    eligible = match(people.table, role).eligible.tolist()
    return tuple(key for key, fits in zip(people.resources, eligible, strict=True) if fits)


def _resources(node: Node, resources: Mapping[str, ClinicResource]) -> tuple[str, ...]:
    providers, rooms = node.find("providers"), node.find("rooms")
    if providers is not None and rooms is not None:
        # Reading it as "either" would sell the room twice; a visit that needs both at once has two roles.
        raise node.error(
            "a service is booked with one of its providers or in one of its rooms",
            got="both",
            allowed="give one list, or roles for a visit that needs both",
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


# --- how long, and what else ------------------------------------------------------------------------------------------


def _rules(node: Node, buffers: Mapping[str, timedelta]) -> tuple[SlotRules, ...]:
    lengths = {key: _span(found) for key in _RULES if (found := node.find(key)) is not None}
    alignment, seats = node.find("alignment"), node.find("seats")
    rules = []
    durations = node.need("duration").one_or_more()
    if not durations:
        raise node.child("duration").error("a service lasts one duration or one of several")
    for one in durations:
        duration = _duration(one)
        with node.blamed():
            rules.append(
                SlotRules(
                    duration,
                    alignment=Alignment.OPENING
                    if alignment is None
                    else Alignment(alignment.choice(tuple(Alignment), "alignment")),
                    seats=None if seats is None else seats.whole(1),
                    **{**lengths, **buffers},
                )
            )
    return tuple(rules)


def _lasting(node: Node, resources: Mapping[str, ClinicResource]) -> DurationRule:
    node.table("duration", *_FACTS)
    provider, new_client = node.find("provider"), node.find("new_client")
    known = [one.id for one in resources.values() if one.kind == "provider"]
    words = {key: found.text() for key in ("species", "size") if (found := node.find(key)) is not None}
    duration = _duration(node.need("duration"))
    with node.blamed():
        return DurationRule(
            duration,
            provider=None if provider is None else resources[provider.choice(known, "provider")].handle,
            new_client=None if new_client is None else new_client.flag(),
            **words,
        )


def _preparation(node: Node) -> tuple[Preparation, ...]:
    found = node.find("preparation")
    if found is None:
        return ()
    several = []
    for one in found.one_or_more():
        text, lead = (one, None) if isinstance(one.value, str) else _told(one)
        with one.blamed():
            several.append(Preparation(text.text(), *([] if lead is None else [_span(lead)])))
    return tuple(several)


def _told(node: Node) -> tuple[Node, Node | None]:
    node.table("text", "lead")
    return node.need("text"), node.find("lead")


def _price(node: Node) -> str | int | float | None:
    """Whatever the practice writes; it is carried along and never looked at."""
    found = node.find("price")
    if found is None:
        return None
    value = found.value
    if isinstance(value, str):
        return found.text()
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e15 < value < 1e15:
        raise found.error("a price is text or a number")
    return value
