"""What the providers, rooms and equipment of a clinic file are able to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from petpro_core.interop.clinic._nodes import Node
from petpro_core.interop.clinic.model import ClinicSkill
from petpro_core.interop.clinic.needs import OPERATORS, read_requirement
from petpro_core.matching import Proficiency, Requirement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from petpro_core.interop.clinic.model import ClinicLocation, ClinicResource
    from petpro_core.matching import ResourceTable

__all__ = ["ABILITIES", "People", "read_abilities", "read_needs", "read_skills"]

ABILITIES: Final = ("skills", "groups", "locations", "weight", "supervised")
_LEVELS: Final = tuple(map(str, Proficiency))
_LONGEST: Final = 4_000


@attrs.frozen
class People:
    """What a role may name: ids of the file and what stands for them.

    Attributes:
        listed: The skills.
        groups: The number of each group of resources.
        locations: The places.
        resources: Providers, rooms and equipment.
        table: The same as rows.
    """

    listed: Mapping[str, ClinicSkill]
    groups: Mapping[str, int]
    locations: Mapping[str, ClinicLocation]
    resources: Mapping[str, ClinicResource]
    table: ResourceTable

    @property
    def skills(self) -> dict[str, int]:
        """The number of each skill."""
        return {key: one.handle for key, one in self.listed.items()}


def read_skills(root: Node, resources: list[Node]) -> dict[str, ClinicSkill]:
    """The skills that the file lists, or, where it lists none, those that somebody has."""
    found: dict[str, ClinicSkill] = {}
    if root.find("skills") is None:
        for node in resources:
            for one in _held(node):
                key = _skill(Node(one.path[-1], one.path, one.source))
                found.setdefault(key, ClinicSkill(key, key, len(found) + 1))
        return found
    for node in root.each("skills"):
        node.table("id", "name")
        key, name = _skill(node.need("id")), node.find("name")
        if key in found:
            raise node.need("id").error("an id stands once in the file", allowed="choose another one")
        found[key] = ClinicSkill(key, key if name is None else name.text(), len(found) + 1)
    return found


def _skill(node: Node) -> str:
    """The id of a skill, which can stand in a requirement."""
    key = node.ident()
    if key.lower() in OPERATORS:
        raise node.error(f"{', '.join(OPERATORS)} join skills to a requirement, and are no ids of skills")
    return key


def _held(node: Node) -> list[Node]:
    """The levels in the table of a resource's skills."""
    found = node.find("skills")
    if found is None:
        return []
    if not isinstance(found.value, dict):
        raise found.error('a table of skills with their levels stands here: { surgery = "expert" }')
    return [found.child(key) for key in found.value]


def read_abilities(
    node: Node,
    skills: Mapping[str, ClinicSkill],
    groups: dict[str, int],
    locations: Mapping[str, ClinicLocation],
) -> dict[str, Any]:
    """What a provider, a room or a piece of equipment can do, by the names of the model; its groups are numbered."""
    held = {}
    for one in _held(node):
        key = Node(one.path[-1], one.path, one.source).choice(skills, "skill")
        held[skills[key].handle] = one.choice(_LEVELS, "level")
    own = [groups.setdefault(one.ident(), len(groups) + 1) for one in node.each("groups")]
    places = [locations[one.choice(locations, "location")].handle for one in node.each("locations")]
    weight, supervised = node.find("weight"), node.find("supervised")
    return {
        "skills": held,
        "groups": own,
        "locations": places,
        "weight": 1 if weight is None else weight.whole(1),
        "supervised": False if supervised is None else supervised.flag(),
    }


def read_needs(node: Node | None, skills: Mapping[str, int]) -> Requirement | None:
    """A requirement; none where nothing in particular is asked."""
    if node is None:
        return None
    with node.blamed():
        return read_requirement(node.text(_LONGEST), skills=skills)
