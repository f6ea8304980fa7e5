"""The visits of several steps of a clinic file, to objects and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from petpro_core.interop.clinic._policies import read_policy
from petpro_core.interop.clinic._values_out import Tree, filled, length_text, lists, named
from petpro_core.interop.clinic.lengths import read_span
from petpro_core.interop.clinic.model import ClinicVisit
from petpro_core.visits import Step, Visit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from petpro_core.bookings import BookingPolicy
    from petpro_core.interop.clinic._nodes import Node
    from petpro_core.interop.clinic._policies import Known
    from petpro_core.interop.clinic.model import ClinicService
    from petpro_core.matching import ServiceType

__all__ = ["read_visits", "visit_tree"]

_VISIT: Final = ("id", "name", "steps", "gap_step", "policy")
_STEP: Final = ("service", "min_gap", "max_gap", "change")


def read_visits(
    nodes: list[Node],
    services: Mapping[str, ClinicService],
    types: Mapping[str, ServiceType],
    known: Known,
    base: BookingPolicy,
) -> dict[str, ClinicVisit]:
    """The visits, by id; a visit and a service are asked for by one option, so that no two of them share an id."""
    found: dict[str, ClinicVisit] = {}
    for node in nodes:
        node.table(*_VISIT)
        key, name, gap_step = node.need("id").ident(), node.find("name"), node.find("gap_step")
        if key in found or key in services:
            raise node.need("id").error("an id stands once among visits and services", allowed="choose another one")
        steps = [_step(one, types) for one in node.need("steps").items()]
        with node.blamed():
            visit = Visit(steps) if gap_step is None else Visit(steps, gap_step=_span(gap_step))
        found[key] = ClinicVisit(
            key, key if name is None else name.text(), visit, read_policy(node.find("policy"), base, known)
        )
    return found


def _step(node: Node, types: Mapping[str, ServiceType]) -> Step:
    if isinstance(node.value, str):
        return Step(types[node.choice(types, "service")])
    node.table(*_STEP)
    gaps = {key: _span(found) for key in ("min_gap", "max_gap") if (found := node.find(key)) is not None}
    change = node.find("change")
    service = types[node.need("service").choice(types, "service")]
    with node.blamed():
        return Step(service, change=[] if change is None else [one.text() for one in change.one_or_more()], **gaps)


def _span(node: Node) -> timedelta:
    with node.blamed():
        return read_span(node.text())


def visit_tree(one: ClinicVisit, services: Mapping[int, str]) -> Tree:
    """A visit as the keys and values of a clinic file, its policy aside."""
    tree: Tree = {"id": one.id} | filled(name="" if one.name == one.id else one.name)
    tree["steps"] = [_step_tree(step, services) for step in one.visit.steps]
    usual = Visit(one.visit.steps).gap_step
    return tree | ({"gap_step": length_text(one.visit.gap_step)} if one.visit.gap_step != usual else {})


def _step_tree(step: Step, services: Mapping[int, str]) -> Tree:
    tree: Tree = {"service": named(services, "service", step.service.handle)}
    tree |= {"min_gap": length_text(step.min_gap)} if step.min_gap else {}
    tree |= {"max_gap": length_text(step.max_gap)} if step.max_gap != step.min_gap else {}
    return tree | lists(change=list(step.change))
