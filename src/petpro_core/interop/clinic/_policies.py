"""The policies of a clinic file: what is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from petpro_core.bookings import Cap, MinimumGap, Overbooking, Period, Release, Scope, Stranding, StrandingMode
from petpro_core.interop.clinic._schedules import KEPT, read_kept
from petpro_core.interop.clinic.lengths import read_horizon, read_notice, read_span
from petpro_core.intervals import duration_us

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta

    from petpro_core.bookings import BookingPolicy
    from petpro_core.interop.clinic._nodes import Node
    from petpro_core.interop.clinic.model import ClinicResource
    from petpro_core.timezones import TimeZone

__all__ = ["Known", "read_policy"]

_SPANS: Final = ("min_duration", "max_duration", "cancel_deadline", "move_deadline")
_FLAGS: Final = ("pending_blocks", "no_show_counts")
_WHOLE: Final = ("releases", "overbooking", "stranding")
_POLICY: Final = ("min_notice", "horizon", "caps", "gaps", "one_at_a_time", *_SPANS, *_FLAGS, *_WHOLE)
_SUBJECTS: Final = tuple(str(scope) for scope in Scope if scope is not Scope.RESOURCE)
_MINUTE_US: Final = 60_000_000


@attrs.frozen
class Known:
    """What a policy may name: ids of the file and their numbers, and the clinic's zone.

    Attributes:
        services: The number of each service.
        channels: The number of each channel.
        resources: Providers and rooms.
        zone: The zone of kept time that names none.
        years: The years to make public holidays for.
    """

    services: Mapping[str, int]
    channels: Mapping[str, int]
    resources: Mapping[str, ClinicResource]
    zone: TimeZone
    years: tuple[int, ...]


def read_policy(node: Node | None, base: BookingPolicy, known: Known) -> BookingPolicy:
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
        changes["caps"] = [_cap(one, known) for one in node.each("caps")]
    if node.find("gaps") is not None:
        changes["gaps"] = [_gap(one) for one in node.each("gaps")]
    if node.find("one_at_a_time") is not None:
        changes["one_at_a_time"] = [Scope(one.choice(_SUBJECTS, "subject")) for one in node.each("one_at_a_time")]
    if node.find("releases") is not None:
        changes["releases"] = [_release(one, known) for one in node.each("releases")]
    if (found := node.find("overbooking")) is not None:
        changes["overbooking"] = _overbooking(found, known)
    if (found := node.find("stranding")) is not None:
        changes["stranding"] = _stranding(found)
    return attrs.evolve(base, **changes)  # type: ignore[arg-type]  # the keys are the attributes' names


def _scope(node: Node) -> Scope:
    found = node.find("by")
    return Scope.RESOURCE if found is None else Scope(found.choice(tuple(Scope), "subject"))


def _release(node: Node, known: Known) -> Release:
    node.table("channels", "lead", "resources", "name", *KEPT)
    name = node.find("name")
    return Release(
        read_kept(node, known.zone, known.years),
        channels=[known.channels[one.choice(known.channels, "channel")] for one in node.each("channels")],
        lead=_span(node.need("lead")),
        resources=_handles(node, known),
        name="" if name is None else name.text(),
    )


def _handles(node: Node, known: Known) -> list[int] | None:
    """The numbers of the providers and rooms that a rule is for; all where it names none."""
    if node.find("resources") is None:
        return None
    named = [one.choice(known.resources, "provider or room") for one in node.each("resources")]
    return [known.resources[key].handle for key in named]


def _overbooking(node: Node, known: Known) -> Overbooking:
    node.table("extra", "no_show_rate", "resources")
    extra, rate = node.need("extra").whole(), node.need("no_show_rate").rate()
    with node.blamed():
        return Overbooking(extra, no_show_rate=rate, resources=_handles(node, known))


def _stranding(node: Node) -> Stranding:
    node.table("lengths", "mode", "most")
    mode, most = node.find("mode"), node.find("most")
    lengths = [_span(one) for one in node.need("lengths").one_or_more()]
    with node.blamed():
        return Stranding(
            lengths,
            mode=StrandingMode.RANK if mode is None else StrandingMode(mode.choice(tuple(StrandingMode), "mode")),
            **({} if most is None else {"most": _span(most)}),
        )


def _cap(node: Node, known: Known) -> Cap:
    node.table("limit", "per", "by", "service", "channel", "zone")
    limit, service, zone = node.need("limit"), node.find("service"), node.find("zone")
    channel = node.find("channel")
    minutes = isinstance(limit.value, str)
    return Cap(
        _minutes(limit) if minutes else limit.whole(),
        per=Period(node.need("per").choice(tuple(Period), "period")),
        by=_scope(node),
        minutes=minutes,
        service=None if service is None else known.services[service.choice(known.services, "service")],
        channel=None if channel is None else known.channels[channel.choice(known.channels, "channel")],
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
