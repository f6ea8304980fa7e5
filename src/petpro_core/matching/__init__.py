"""Who can: what resources are able to do, what a visit needs of them, and who fills it."""

from petpro_core.matching._coverage import Coverage
from petpro_core.matching.matches import Lack, Match, Missing, match
from petpro_core.matching.pairing import Pairing, RoleTable, Shortage, covered, pair
from petpro_core.matching.resources import Resource, ResourceKind, ResourceTable
from petpro_core.matching.roles import ALL, Role
from petpro_core.matching.services import DurationRule, Preparation, ServiceType
from petpro_core.matching.skills import AllOf, AnyOf, Has, Not, Proficiency, Requirement, SkillLevels

__all__ = [
    "ALL",
    "AllOf",
    "AnyOf",
    "Coverage",
    "DurationRule",
    "Has",
    "Lack",
    "Match",
    "Missing",
    "Not",
    "Pairing",
    "Preparation",
    "Proficiency",
    "Requirement",
    "Resource",
    "ResourceKind",
    "ResourceTable",
    "Role",
    "RoleTable",
    "ServiceType",
    "Shortage",
    "SkillLevels",
    "covered",
    "match",
    "pair",
]
