"""What people are able to do, and what services need, as the keys of a clinic file: the way back from objects."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from petpro_core.interop.clinic._values_out import Tree, filled, length_text, lists, named
from petpro_core.interop.clinic.needs import requirement_text
from petpro_core.matching import ResourceKind

if TYPE_CHECKING:
    from petpro_core.interop.clinic.model import ClinicResource, ClinicService, ClinicSkill
    from petpro_core.matching import DurationRule, Preparation, Requirement, Role

__all__ = ["abilities_tree", "skill_tree", "work_tree"]

Names = Mapping[str, Mapping[int, str]]

_BUFFERS = ("buffer_before", "buffer_after")


def skill_tree(one: ClinicSkill) -> Tree:
    """A skill."""
    return {"id": one.id} | filled(name="" if one.name == one.id else one.name)


def abilities_tree(one: ClinicResource, names: Names) -> Tree:
    """What a provider, a room or a piece of equipment can do."""
    held = {named(names["skill"], "skill", skill): str(level) for skill, level in one.skills.items()}
    tree: Tree = {"skills": held} if held else {}
    tree |= lists(
        groups=[named(names["resource_group"], "group", group) for group in one.groups],
        locations=[named(names["location"], "location", place) for place in one.locations],
    )
    tree |= {"weight": one.weight} if one.weight != 1 else {}
    return tree | ({"supervised": True} if one.supervised else {})


def work_tree(one: ClinicService, names: Names) -> Tree:
    """What a service needs beside its duration."""
    tree = lists(
        roles=[_role(role, one, names) for role in one.roles],
        durations=[_lasting(rule, names) for rule in one.durations],
        preparation=[_preparation(step) for step in one.preparation],
    )
    return tree | ({} if one.price is None else {"price": one.price})


def _role(role: Role, service: ClinicService, names: Names) -> Tree:
    tree: Tree = filled(name=role.name)
    tree |= {"kind": str(role.kind)} if role.kind is not ResourceKind.PROVIDER else {}
    tree |= _needs("needs", role.requirement, names)
    tree |= {"count": role.count} if role.count != 1 else {}
    if role.among is not None:
        tree["among"] = [named(names["resource"], "resource", handle) for handle in role.among]
    tree |= {} if role.group is None else {"group": named(names["resource_group"], "group", role.group)}
    tree |= {} if role.location is None else {"location": named(names["location"], "location", role.location)}
    tree |= _needs("supervision", role.supervision, names)
    tree |= {"alone": True} if role.alone else {}
    usual = service.rules[0]
    return tree | {
        key: length_text(getattr(role, key)) for key in _BUFFERS if getattr(role, key) != getattr(usual, key)
    }


def _needs(key: str, requirement: Requirement | None, names: Names) -> Tree:
    return {} if requirement is None else {key: requirement_text(requirement, names=names["skill"])}


def _lasting(rule: DurationRule, names: Names) -> Tree:
    tree: Tree = dict(rule.facts)
    if rule.provider is not None:
        tree["provider"] = named(names["resource"], "resource", rule.provider)
    length = rule.duration
    return tree | {"duration": length_text(length) if isinstance(length, timedelta) else f"{length.days}d"}


def _preparation(step: Preparation) -> Tree:
    return {"text": step.text} | ({"lead": length_text(step.lead)} if step.lead else {})
