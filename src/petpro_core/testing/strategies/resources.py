"""Strategies for who can: requirements, resources, roles and what is offered; small worlds in which they often meet.

The strategies named ``plain_...`` give plain data, which ``petpro_core.testing.matching`` reads as it is and
``build_resource`` and ``build_role`` turn into objects.

Source: ADR 14.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from hypothesis import strategies as st

from petpro_core.matching import (
    AllOf,
    AnyOf,
    Coverage,
    DurationRule,
    Has,
    Lack,
    Match,
    Missing,
    Not,
    Pairing,
    Preparation,
    Proficiency,
    Requirement,
    Resource,
    ResourceTable,
    Role,
    RoleTable,
    ServiceType,
    Shortage,
    SkillLevels,
    match,
    pair,
)
from petpro_core.slots import Alignment, CalendarDays
from petpro_core.testing.strategies._rules import calendars

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hypothesis.strategies import DrawFn, SearchStrategy

    Plain = dict[str, Any]

__all__ = [
    "BY_TYPE",
    "build_resource",
    "build_role",
    "coverages",
    "duration_rules",
    "matches",
    "missing",
    "pairings",
    "plain_requirements",
    "plain_resources",
    "plain_roles",
    "plain_skills",
    "preparations",
    "requirements",
    "resource_tables",
    "resources",
    "role_tables",
    "roles",
    "service_types",
    "shortages",
    "skill_levels",
]

_SKILLS: Final = st.integers(0, 3)
_WORDS: Final = st.sampled_from([str(level) for level in Proficiency])
_HANDLES: Final = st.integers(0, 2)
_NAMES: Final = st.sampled_from(("", "vet", "Dr. Ünal"))


def plain_skills() -> SearchStrategy[dict[int, str]]:
    """Some skills with their levels, by word."""
    return st.dictionaries(_SKILLS, _WORDS, max_size=4)


def plain_requirements() -> SearchStrategy[Plain]:
    """Trees over few skills: deep ones, empty ANDs, doubled NOTs and contradictions among them."""
    leaf = st.fixed_dictionaries({"skill": _SKILLS, "at_least": _WORDS})
    return st.recursive(
        leaf,
        lambda part: (
            st.fixed_dictionaries({"all": st.lists(part, max_size=3)})
            | st.fixed_dictionaries({"any": st.lists(part, min_size=1, max_size=3)})
            | st.fixed_dictionaries({"not": part})
        ),
        max_leaves=7,
    )


@st.composite
def plain_resources(draw: DrawFn, most: int = 6) -> list[Plain]:
    """Resources with handles of their own; mostly providers, juniors among them."""
    handles = draw(st.lists(st.integers(0, 20), max_size=most, unique=True))
    found = []
    for handle in handles:
        kind = draw(st.sampled_from(("provider", "provider", "provider", "room", "equipment")))
        groups, locations = (st.lists(_HANDLES, max_size=2, unique=True).map(sorted) for _ in range(2))
        found.append(
            {
                "handle": handle,
                "kind": kind,
                "skills": draw(plain_skills()),
                "groups": draw(groups),
                "locations": draw(locations),
                "supervised": kind == "provider" and draw(st.booleans()),
            }
        )
    return found


@st.composite
def plain_roles(draw: DrawFn) -> Plain:
    """Roles of one or two, of all, and N of M; with groups, places and rules of supervision now and then."""
    kind = draw(st.sampled_from(("provider", "provider", "provider", "room")))
    among = draw(st.none() | st.none() | st.lists(st.integers(0, 20), min_size=1, max_size=5, unique=True))
    count = draw(st.sampled_from((1, 1, 2, "all")))
    seldom = st.none() | st.none() | st.none()
    return {
        "kind": kind,
        "requirement": draw(st.none() | plain_requirements()),
        "count": 1 if among is not None and count == 2 and len(among) < 2 else count,
        "among": among,
        "group": draw(seldom | _HANDLES),
        "location": draw(seldom | _HANDLES),
        "supervision": draw(st.none() | plain_requirements()) if kind == "provider" else None,
        "alone": kind == "provider" and draw(st.integers(0, 3)) == 0,
    }


def _build(plain: Plain | None) -> Requirement | None:
    return None if plain is None else Requirement.from_plain(plain)


def build_resource(plain: Plain) -> Resource:
    """The resource that plain data tells."""
    return Resource(**plain)


def build_role(plain: Plain) -> Role:
    """The role that plain data tells."""
    trees = {key: _build(plain[key]) for key in ("requirement", "supervision")}
    return Role(**(plain | trees))


def requirements() -> SearchStrategy[Requirement]:
    """Requirements of every shape."""
    return plain_requirements().map(Requirement.from_plain)


def skill_levels() -> SearchStrategy[SkillLevels]:
    """Skills of one resource."""
    return plain_skills().map(SkillLevels)


@st.composite
def resources(draw: DrawFn) -> Resource:
    """Resources of every kind, with a calendar now and then."""
    plain = draw(plain_resources().filter(bool))[0]
    calendar = draw(calendars()) if draw(st.integers(0, 3)) == 0 else None
    return Resource(calendar=calendar, weight=draw(st.integers(1, 100)), name=draw(_NAMES), **plain)


def resource_tables() -> SearchStrategy[ResourceTable]:
    """Tables of at most six resources; without any too."""
    return plain_resources().map(lambda rows: ResourceTable.of([build_resource(row) for row in rows]))


def roles() -> SearchStrategy[Role]:
    """Roles of every kind, with buffers of their own now and then."""
    minutes = st.sampled_from((0, 5, 20)).map(lambda number: timedelta(minutes=number))
    return st.builds(
        lambda plain, before, after, name: build_role(
            plain | {"buffer_before": before, "buffer_after": after, "name": name}
        ),
        plain_roles(),
        minutes,
        minutes,
        _NAMES,
    )


def role_tables() -> SearchStrategy[RoleTable]:
    """One to three roles against a table."""
    return st.builds(RoleTable.of, resource_tables(), st.lists(roles(), min_size=1, max_size=3))


@st.composite
def matches(draw: DrawFn) -> Match:
    """Roles and bare requirements matched, with somebody off duty now and then."""
    table = draw(resource_tables())
    duty = draw(st.none() | st.lists(st.booleans(), min_size=len(table), max_size=len(table)))
    on_duty = None if duty is None else np.array(duty, np.bool_)
    return match(table, draw(roles() | requirements()), on_duty=on_duty)


def missing() -> SearchStrategy[Missing]:
    """Things that somebody lacks, of every kind."""
    of_skill = st.builds(
        Missing,
        st.sampled_from((Lack.LEVEL_TOO_LOW, Lack.SKILL_EXCLUDED)),
        skill=_SKILLS,
        level=st.sampled_from(Proficiency),
        actual=st.sampled_from(Proficiency),
    )
    of_place = st.builds(Missing, st.sampled_from((Lack.WRONG_GROUP, Lack.WRONG_LOCATION)), wanted=_HANDLES)
    absent = st.builds(Missing, st.just(Lack.SKILL_MISSING), skill=_SKILLS, level=st.sampled_from(Proficiency))
    return of_skill | of_place | absent | st.just(Missing(Lack.NOT_ON_DUTY))


def pairings() -> SearchStrategy[Pairing]:
    """Pairings, and the reasons why there is none."""
    return role_tables().map(pair)


def shortages() -> SearchStrategy[Shortage]:
    """Reasons why roles are not filled."""
    found = role_tables().map(lambda table: table.shortage)
    together = Shortage(Lack.TOO_FEW_TOGETHER, (0, 1), 2, (7,))
    return found.map(lambda shortage: together if shortage is None else shortage)


def coverages() -> SearchStrategy[Coverage]:
    """Conditions that some roles set."""
    return role_tables().flatmap(lambda table: st.sampled_from(table.coverage))


_LENGTHS: Final[SearchStrategy[timedelta | CalendarDays]] = st.sampled_from(
    (timedelta(minutes=20), timedelta(minutes=45), CalendarDays(2))
)


@st.composite
def duration_rules(draw: DrawFn) -> DurationRule:
    """Rules that name one fact or several."""
    facts: dict[str, SearchStrategy[Any]] = {
        "provider": st.integers(0, 3),
        "species": st.sampled_from(("dog", "cat")),
        "size": st.sampled_from(("small", "large")),
        "new_client": st.booleans(),
    }
    named = draw(st.sets(st.sampled_from(sorted(facts)), min_size=1))
    return DurationRule(draw(_LENGTHS), **{name: draw(facts[name]) for name in sorted(named)})


def preparations() -> SearchStrategy[Preparation]:
    """Things to do before a visit, some of them at once."""
    return st.builds(Preparation, st.sampled_from(("no food", "bring the vaccination card")), _leads())


def _leads() -> SearchStrategy[timedelta]:
    return st.sampled_from((0, 12, 48)).map(lambda hours: timedelta(hours=hours))


@st.composite
def service_types(draw: DrawFn) -> ServiceType:
    """Services with tables of durations, buffers by role, seats and preparation."""
    named = draw(st.lists(roles(), min_size=1, max_size=3, unique_by=lambda role: role.name or object()))
    table = draw(st.lists(duration_rules(), max_size=4, unique_by=lambda rule: tuple(rule.facts.items())))
    return ServiceType(
        draw(st.integers(0, 5)),
        named,
        draw(_LENGTHS),
        durations=table,
        step=draw(st.sampled_from((timedelta(minutes=10), timedelta(minutes=30)))),
        alignment=draw(st.sampled_from(Alignment)),
        offset=draw(st.sampled_from((timedelta(0), timedelta(minutes=-5)))),
        seats=draw(st.none() | st.integers(1, 8)),
        units=draw(st.integers(1, 3)),
        preparation=draw(st.lists(preparations(), max_size=2)),
        price=draw(st.none() | st.integers(0, 100) | st.text(max_size=3)),
        name=draw(_NAMES),
    )


BY_TYPE: Final[Mapping[type, Callable[[], SearchStrategy[Any]]]] = {
    AllOf: lambda: requirements().map(lambda part: AllOf(part, Has(1))),
    AnyOf: lambda: requirements().map(lambda part: AnyOf(part, Has(1))),
    Coverage: coverages,
    DurationRule: duration_rules,
    Has: lambda: st.builds(Has, _SKILLS, st.sampled_from(Proficiency)),
    Match: matches,
    Missing: missing,
    Not: lambda: requirements().map(Not),
    Pairing: pairings,
    Preparation: preparations,
    Requirement: requirements,
    Resource: resources,
    ResourceTable: resource_tables,
    Role: roles,
    RoleTable: role_tables,
    ServiceType: service_types,
    Shortage: shortages,
    SkillLevels: skill_levels,
}
