"""The oracle of who can, by examples that anybody can count; and the strategies that its laws draw from."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petpro_core import matching
from petpro_core.testing import matching as oracle
from petpro_core.testing.strategies import resources as drawn

ANA = {"handle": 7, "kind": "provider", "skills": {1: "expert"}, "groups": [3], "locations": [4]}
BEN = {"handle": 8, "kind": "provider", "supervised": True, "skills": {1: "basic"}}
EVE = {"handle": 9, "kind": "provider"}
HALL = {"handle": 20, "kind": "room"}
PEOPLE = [ANA, BEN, EVE, HALL]
VET = {"kind": "provider", "requirement": {"skill": 1}}


@pytest.mark.parametrize(
    ("tree", "able"),
    [
        (None, True),
        ({"skill": 1}, True),
        ({"skill": 1, "at_least": "expert"}, False),
        ({"skill": 2}, False),
        ({"not": {"skill": 1, "at_least": "expert"}}, True),
        ({"any": [{"skill": 2}, {"skill": 1}]}, True),
        ({"all": [{"skill": 2}, {"skill": 1}]}, False),
        ({"all": []}, True),
    ],
)
def test_able(tree: Any, able: bool) -> None:
    assert oracle.able(tree, {1: "advanced"}) == able


def test_mentioned() -> None:
    tree = {"all": [{"skill": 1}, {"any": [{"not": {"skill": 2}}, {"skill": 1}]}]}
    assert oracle.mentioned(tree) == {1, 2}
    assert oracle.mentioned(None) == oracle.mentioned({"all": []}) == set()


def test_fewest_changes() -> None:
    either = {"any": [{"all": [{"skill": 1}, {"skill": 2}]}, {"skill": 3}]}
    assert oracle.fewest_changes(either, {}) == 1
    assert oracle.fewest_changes(either, {}, {1, 2}) == 2
    assert oracle.fewest_changes(either, {}, {1}) is None
    assert oracle.fewest_changes(either, {3: "basic"}) == 0
    assert oracle.fewest_changes({"not": {"skill": 1}}, {1: "expert"}) == 1
    assert oracle.fewest_changes({"not": {"all": []}}, {}) is None


def test_fits() -> None:
    assert [oracle.fits(one, {"kind": "provider"}) for one in PEOPLE] == [True, True, True, False]
    assert [oracle.fits(one, VET) for one in PEOPLE] == [True, True, False, False]
    assert [oracle.fits(one, {"kind": "provider", "group": 3}) for one in PEOPLE] == [True, False, False, False]
    assert [oracle.fits(one, {"kind": "provider", "location": 5}) for one in PEOPLE] == [False, True, True, False]
    assert [oracle.fits(one, {"kind": "provider", "among": [9]}) for one in PEOPLE] == [False, False, True, False]


def test_place_count() -> None:
    assert oracle.place_count(PEOPLE, VET) == 1
    assert oracle.place_count(PEOPLE, VET | {"count": 2}) == 2
    assert oracle.place_count(PEOPLE, VET | {"count": "all"}) == 2
    assert oracle.place_count(PEOPLE, VET | {"count": "all", "among": [7, 9, 30]}) == 3
    assert oracle.place_count([], VET | {"count": "all"}) == 1


def test_pairing() -> None:
    assert oracle.pairing(PEOPLE, [VET, {"kind": "room"}]) == [[7], [20]]
    assert oracle.pairing(PEOPLE, [VET, VET]) == [[7], [8]]
    assert oracle.pairing(PEOPLE, [VET | {"count": 3}]) is None
    # A junior needs a senior who is able to do the same, unless the role says otherwise.
    assert oracle.pairing([BEN, EVE], [VET, {"kind": "provider"}]) is None
    assert oracle.pairing([BEN, EVE], [VET | {"supervision": {"all": []}}, {"kind": "provider"}]) == [[8], [9]]
    assert oracle.pairing([BEN], [VET | {"alone": True}]) == [[8]]
    assert oracle.pairing(PEOPLE, [VET], [EVE, BEN, ANA]) == [[7]]


def test_short_together() -> None:
    leader = {"kind": "provider", "requirement": {"skill": 1, "at_least": "expert"}}
    assert oracle.short_together(PEOPLE, [leader, {"kind": "room"}, leader], PEOPLE) == [{0, 2}]
    assert oracle.short_together(PEOPLE, [leader, VET], PEOPLE) == []
    assert oracle.short_together(PEOPLE, [leader, VET], [EVE]) == [{0}, {1}]


def test_duration() -> None:
    table = [{"duration": 30, "species": "dog"}, {"duration": 50, "species": "dog", "size": "large"}]
    assert oracle.duration(20, table, {"species": "cat"}) == 20
    assert oracle.duration(20, table, {"species": "dog"}) == 30
    assert oracle.duration(20, table, {"species": "dog", "size": "large"}) == 50
    assert oracle.duration(20, table[::-1], {"species": "dog", "size": "large"}) == 50


@pytest.mark.parametrize("kind", drawn.BY_TYPE, ids=lambda kind: kind.__name__)
@settings(max_examples=20)
@given(data=st.data())
def test_each_type_is_drawn(kind: type, data: st.DataObject) -> None:
    assert isinstance(data.draw(drawn.BY_TYPE[kind]()), kind)


def test_each_type_of_who_can_has_a_strategy() -> None:
    names = (
        "AllOf AnyOf Coverage DurationRule Has Match Missing Not Pairing Preparation Requirement "
        "Resource ResourceTable Role RoleTable ServiceType Shortage SkillLevels"
    )
    assert {kind.__name__ for kind in drawn.BY_TYPE} == set(names.split())
    assert all(getattr(matching, name) in drawn.BY_TYPE for name in names.split())
