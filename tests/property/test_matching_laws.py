"""Who can, against the oracle that tries every way: filters, what is missing, pairings, durations."""

from __future__ import annotations

import pickle
from datetime import timedelta
from itertools import product
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from petpro_core.matching import (
    AllOf,
    AnyOf,
    DurationRule,
    Has,
    Lack,
    Missing,
    Not,
    Proficiency,
    Requirement,
    ResourceTable,
    Role,
    RoleTable,
    ServiceType,
    covered,
    match,
    pair,
)
from petpro_core.matching._pairing import Rule, Tight, Unsupervised, first_pairing, paired
from petpro_core.testing import matching as oracle
from petpro_core.testing.strategies import resources as drawn

Plain = dict[str, Any]

LEVELS = list(Proficiency)


def table_of(rows: list[Plain]) -> ResourceTable:
    return ResourceTable.of([drawn.build_resource(row) for row in rows])


def mask(drawn_mask: list[bool], rows: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.resize(np.array(drawn_mask, np.bool_), rows)


masks = st.lists(st.booleans(), min_size=1, max_size=6)


# --- requirements ---------------------------------------------------------------------------------------------------


@given(tree=drawn.plain_requirements(), skills=drawn.plain_skills())
def test_a_requirement_is_met_as_the_oracle_says(tree: Plain, skills: dict[int, str]) -> None:
    assert Requirement.from_plain(tree).met_by(skills) == oracle.able(tree, skills)


@given(tree=drawn.plain_requirements(), other=drawn.plain_requirements(), skills=drawn.plain_skills())
def test_operators_are_and_or_not(tree: Plain, other: Plain, skills: dict[int, str]) -> None:
    one, two = Requirement.from_plain(tree), Requirement.from_plain(other)
    assert (one & two).met_by(skills) == (one.met_by(skills) and two.met_by(skills))
    assert (one | two).met_by(skills) == (one.met_by(skills) or two.met_by(skills))
    assert (~one).met_by(skills) != one.met_by(skills)
    assert (~~one).met_by(skills) == one.met_by(skills)


@given(tree=drawn.plain_requirements())
def test_a_requirement_survives_its_forms(tree: Plain) -> None:
    one = Requirement.from_plain(tree)
    assert one.to_plain() == tree
    names = {"AllOf": AllOf, "AnyOf": AnyOf, "Has": Has, "Not": Not}
    for again in (eval(repr(one), names), pickle.loads(pickle.dumps(one)), Requirement.from_plain(one.to_plain())):  # noqa: S301, S307 - our own
        assert again == one
        assert hash(again) == hash(one)
    assert str(one)


@given(tree=drawn.plain_requirements(), skills=drawn.plain_skills())
def test_what_is_missing_is_least_and_is_enough(tree: Plain, skills: dict[int, str]) -> None:
    table = table_of([{"handle": 4, "kind": "provider", "skills": skills}])
    missing = match(table, Requirement.from_plain(tree)).missing(4)
    least = oracle.fewest_changes(tree, skills)
    if least is None:
        assert missing == (Missing(Lack.UNSATISFIABLE),)
        return
    assert len(missing) == least
    held = dict(skills)
    for one in missing:
        assert one.skill is not None
        assert one.level is not None
        assert one.actual == skills.get(one.skill)
        below = one.level.rank - 1
        if one.lack is not Lack.SKILL_EXCLUDED:
            held[one.skill] = one.level
            assert one.lack is (Lack.SKILL_MISSING if one.actual is None else Lack.LEVEL_TOO_LOW)
        elif below:
            held[one.skill] = LEVELS[below - 1]
        else:
            del held[one.skill]
    assert oracle.able(tree, held)


# --- filters --------------------------------------------------------------------------------------------------------


@given(rows=drawn.plain_resources(), role=drawn.plain_roles(), off=masks)
def test_a_filter_equals_its_rows(rows: list[Plain], role: Plain, off: list[bool]) -> None:
    table, wanted = table_of(rows), drawn.build_role(role)
    expected = [oracle.fits(row, role) for row in rows]
    duty = mask(off, len(rows))
    found = match(table, wanted, on_duty=duty)
    assert found.eligible.tolist() == expected
    assert found.fits.tolist() == [fits and there for fits, there in zip(expected, duty.tolist(), strict=True)]
    assert found.need == oracle.place_count(rows, role)
    narrow = table.match(wanted.requirement, kind=wanted.kind, group=wanted.group, location=wanted.location)
    named = narrow if wanted.among is None else narrow & table.among(wanted.among)
    assert named.tolist() == expected
    for row, fits in zip(rows, found.fits.tolist(), strict=True):
        assert (found.missing(row["handle"]) == ()) == fits


@given(rows=drawn.plain_resources(), role=drawn.plain_roles(), off=masks)
def test_a_lack_is_named(rows: list[Plain], role: Plain, off: list[bool]) -> None:
    table = table_of(rows)
    found = match(table, drawn.build_role(role), on_duty=mask(off, len(rows)))
    eligible, there = int(found.eligible.sum()), int(found.fits.sum())
    tree = role["requirement"]
    known = {skill for row in rows for skill in row["skills"]}
    if there >= found.need:
        expected = None
    elif eligible and there:
        expected = Lack.TOO_FEW_ELIGIBLE if eligible < found.need else Lack.TOO_FEW_ON_DUTY
    elif eligible:
        expected = Lack.TOO_FEW_ELIGIBLE if eligible < found.need else Lack.NOBODY_ON_DUTY
    elif tree is not None and oracle.fewest_changes(tree, {}) is None:
        expected = Lack.UNSATISFIABLE
    elif tree is not None and oracle.fewest_changes(tree, {}, known) is None:
        expected = Lack.NO_SUCH_SKILL
    else:
        expected = Lack.NOBODY_ELIGIBLE
    assert found.lack == expected


@given(found=drawn.matches(), limit=st.integers(1, 4))
def test_the_closest_lack_the_fewest(found: Any, limit: int) -> None:
    others = [int(handle) for handle in found.table.handles[~found.fits]]
    expected = sorted(others, key=lambda handle: len(found.missing(handle)))[:limit]
    closest = found.closest(limit)
    assert list(closest) == expected
    assert all(lacks == found.missing(handle) for handle, lacks in closest.items())


# --- pairings -------------------------------------------------------------------------------------------------------

several = st.lists(drawn.plain_roles(), min_size=1, max_size=3)


@given(rows=drawn.plain_resources(), roles=several, there=masks, seed=st.randoms(use_true_random=False))
def test_a_pairing_is_the_first_of_all_ways(
    rows: list[Plain], roles: list[Plain], there: list[bool], seed: Any
) -> None:
    compiled = RoleTable.of(table_of(rows), [drawn.build_role(role) for role in roles])
    free = mask(there, len(rows))
    order = list(range(len(rows)))
    seed.shuffle(order)
    candidates = [row for row, can in zip(rows, free.tolist(), strict=True) if can]
    preferred = [rows[number] for number in order if free[number]]
    for found, expected in (
        (pair(compiled, free), oracle.pairing(rows, roles, candidates)),
        (pair(compiled, free, order=order), oracle.pairing(rows, roles, preferred)),
        (pair(compiled, np.tile(free, (len(roles), 1))), oracle.pairing(rows, roles, candidates)),
    ):
        assert found.found == (expected is not None)
        assert [list(part) for part in found.handles] == (expected or [])
        assert [[rows[row]["handle"] for row in part] for part in found.rows] == (expected or [])
    assert compiled.shortage == pair(compiled, np.ones(len(rows), np.bool_)).shortage


@given(rows=drawn.plain_resources(), roles=several, there=masks)
def test_a_shortage_is_a_smallest_one(rows: list[Plain], roles: list[Plain], there: list[bool]) -> None:
    compiled = RoleTable.of(table_of(rows), [drawn.build_role(role) for role in roles])
    free = mask(there, len(rows))
    shortage = pair(compiled, free).shortage
    candidates = [row for row, can in zip(rows, free.tolist(), strict=True) if can]
    short = oracle.short_together(rows, roles, candidates)
    if shortage is None:
        assert short == []
        return
    if shortage.lack is Lack.NO_SENIOR:
        assert short == []
        juniors = [row for row in candidates if row["supervised"]]
        assert all(any(oracle.fits(row, roles[number]) for row in juniors) for number in shortage.roles)
        return
    assert set(shortage.roles) in short
    assert shortage.need == sum(oracle.place_count(rows, roles[number]) for number in shortage.roles)
    would = [row for row in candidates if any(oracle.fits(row, roles[number]) for number in shortage.roles)]
    assert list(shortage.handles) == [row["handle"] for row in would]
    if len(shortage.roles) == 1:
        (number,) = shortage.roles
        alone = match(compiled.table, drawn.build_role(roles[number]), on_duty=free)
        assert shortage.lack == alone.lack
    else:
        assert shortage.lack is Lack.TOO_FEW_TOGETHER


@given(
    rows=drawn.plain_resources(), roles=st.lists(drawn.plain_roles(), min_size=1, max_size=8), seed=st.integers(0, 99)
)
def test_coverage_prunes_and_pairing_decides(rows: list[Plain], roles: list[Plain], seed: int) -> None:
    compiled = RoleTable.of(table_of(rows), [drawn.build_role(role) for role in roles])
    free = np.random.default_rng(seed).random((len(rows), 12)) < 0.7  # noqa: TID251 - the seed is drawn
    answer = covered(compiled, free)
    decided = np.array([pair(compiled, free[:, moment]).found for moment in range(12)])
    assert not (decided & ~answer).any()
    if compiled.coverage_decides:
        assert answer.tolist() == decided.tolist()
    for one in compiled.coverage:
        assert one.need == compiled.needs[list(one.roles)].sum()
        together = np.logical_or.reduce(compiled.eligible[list(one.roles)])
        assert one.rows.tolist() == np.flatnonzero(together).tolist()


@given(rows=drawn.plain_resources(), roles=several, seed=st.randoms(use_true_random=False))
def test_the_order_of_rows_is_nothing_but_a_preference(rows: list[Plain], roles: list[Plain], seed: Any) -> None:
    wanted = [drawn.build_role(role) for role in roles]
    here = RoleTable.of(table_of(rows), wanted)
    moved = list(rows)
    seed.shuffle(moved)
    there = RoleTable.of(table_of(moved), wanted)
    order = [there.table.row_of(row["handle"]) for row in rows]
    one, other = pair(here), pair(there, order=order)
    assert one.handles == other.handles
    assert (one.shortage is None) == (other.shortage is None)
    if one.shortage is not None and other.shortage is not None:
        assert (one.shortage.lack, one.shortage.roles) == (other.shortage.lack, other.shortage.roles)
        assert sorted(one.shortage.handles) == sorted(other.shortage.handles)


@given(grid=st.lists(st.integers(0, 2**40 - 1), max_size=40), few=st.integers(0, 2**40 - 1))
def test_a_matching_or_its_refusal_proves_itself(grid: list[int], few: int) -> None:
    places = [one & few for one in grid]
    found = paired(places)
    if isinstance(found, Tight):
        joined = 0
        for number in found.numbers:
            joined |= places[number]
        assert joined == found.columns
        assert joined.bit_count() < len(found.numbers)
    else:
        assert len(set(found)) == len(places)
        assert all(place >> column & 1 for place, column in zip(places, found, strict=True))


@given(data=st.data())
def test_supervision_as_masks(data: st.DataObject) -> None:
    columns, count = 5, data.draw(st.integers(1, 3))
    some = st.integers(0, 2**columns - 1)
    wanted = [data.draw(some) for _ in range(count)]
    needs = [data.draw(st.integers(1, 2)) for _ in range(count)]
    rules = [
        Rule([one & data.draw(some) for one in wanted], data.draw(some)) for _ in range(data.draw(st.integers(0, 2)))
    ]
    found = first_pairing(wanted, needs, rules)

    def holds(way: tuple[int, ...]) -> bool:
        used = 0
        for chosen in way:
            if used & chosen:
                return False
            used |= chosen
        bound = [any(chosen & junior for chosen, junior in zip(way, rule.juniors, strict=True)) for rule in rules]
        return all(used & rule.seniors or not one for one, rule in zip(bound, rules, strict=True))

    def subsets(one: int, need: int) -> list[int]:
        return [part for part in range(2**columns) if part & ~one == 0 and part.bit_count() == need]

    ways = [
        way for way in product(*(subsets(one, need) for one, need in zip(wanted, needs, strict=True))) if holds(way)
    ]
    listed = [[[column for column in range(columns) if part >> column & 1] for part in way] for way in ways]
    if isinstance(found, list):
        assert found == min(listed)
    else:
        assert listed == []
        plain = first_pairing(wanted, needs)
        assert isinstance(plain, list) == isinstance(found, Unsupervised)


# --- services -------------------------------------------------------------------------------------------------------

FACTS: dict[str, tuple[Any, ...]] = {
    "provider": (None, 0, 1, 2, 3),
    "species": (None, "dog", "cat"),
    "size": (None, "small", "large"),
    "new_client": (None, True, False),
}
told = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in FACTS.items()})


@given(service=drawn.service_types(), facts=told)
def test_the_most_particular_duration_holds(service: ServiceType, facts: Plain) -> None:
    table = [{"duration": rule.duration, **rule.facts} for rule in service.durations]
    expected = oracle.duration(service.duration, table, facts)
    assert service.duration_for(**facts) == expected
    for number, role in enumerate(service.roles):
        rules = service.rules_for(number, **facts)
        assert rules.duration == expected
        assert (rules.buffer_before, rules.buffer_after) == (role.buffer_before, role.buffer_after)
        assert (rules.step, rules.alignment, rules.offset) == (service.step, service.alignment, service.offset)
        assert rules.seats == service.seats


@given(table=st.lists(drawn.duration_rules(), max_size=4, unique_by=lambda rule: tuple(rule.facts.items())), facts=told)
def test_what_is_not_told_is_named_where_it_matters(table: list[DurationRule], facts: Plain) -> None:
    service = ServiceType(4, Role("provider"), timedelta(minutes=45), durations=table)
    named = service.untested(**facts)
    assert all(facts[name] is None for name in named)
    open_facts = [name for name, value in facts.items() if value is None]
    lengths = {
        service.duration_for(**facts | dict(zip(open_facts, values, strict=True)))
        for values in product(*(FACTS[name] for name in open_facts))
    }
    if lengths != {service.duration_for(**facts)}:
        assert named


@given(service=drawn.service_types())
def test_the_longest_lead_is_kept(service: ServiceType) -> None:
    leads = [one.lead for one in service.preparation]
    assert service.lead == max([*leads, timedelta(0)])
