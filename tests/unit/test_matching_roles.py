"""Roles, and what a match says of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from petpro_core.errors import InvalidValueError, LimitExceededError
from petpro_core.matching import (
    ALL,
    AllOf,
    AnyOf,
    Has,
    Lack,
    Match,
    Missing,
    Not,
    Proficiency,
    Resource,
    ResourceTable,
    Role,
    match,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from petpro_core.matching import Requirement

TABLE = ResourceTable.of(
    [
        Resource(7, "provider", skills={1: "expert", 2: "basic"}, groups=1),
        Resource(8, "provider", skills={1: "advanced"}, locations=4, supervised=True),
        Resource(9, "provider"),
        Resource(20, "room", locations=[4, 5]),
    ]
)


def test_a_role_is_as_it_was_given() -> None:
    role = Role("provider", Has(1), "all", among=[8, 7], name="vet", supervision=Has(1, "expert"), alone=False)
    assert (role.count, role.among, role.called) == (ALL, (8, 7), "vet")
    assert Role("room").called == "room"
    assert hash(role) == hash(Role("provider", Has(1), "all", among=[8, 7], name="vet", supervision=Has(1, "expert")))


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (lambda: Role("vet"), "kind"),
        (lambda: Role("provider", 1), "requirement"),  # type: ignore[arg-type]
        (lambda: Role("provider", count=0), "count"),
        (lambda: Role("provider", count=-1), "count"),
        (lambda: Role("provider", count=1001), "count"),
        (lambda: Role("provider", count="some"), "count"),
        (lambda: Role("provider", count=True), "count"),
        (lambda: Role("provider", among=[]), "among"),
        (lambda: Role("provider", among=[1, 1]), "among"),
        (lambda: Role("provider", among=[-1]), "among"),
        (lambda: Role("provider", count=3, among=[1, 2]), "count"),
        (lambda: Role("provider", group=-1), "group"),
        (lambda: Role("provider", location="x"), "location"),  # type: ignore[arg-type]
        (lambda: Role("room", supervision=Has(1)), "supervision"),
        (lambda: Role("room", alone=True), "supervision"),
        (lambda: Role("provider", buffer_after=timedelta(-1)), "buffer_after"),
        (lambda: Role("provider", buffer_before=timedelta(400)), "buffer_before"),
    ],
)
def test_what_makes_no_role_is_refused(build: Callable[[], object], name: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        build()
    assert caught.value.name == name


def test_more_than_there_are_is_said_with_both_numbers() -> None:
    with pytest.raises(InvalidValueError, match=r"at most as many as it names, got 3 of 2: \(1, 2\)"):
        Role("provider", count=3, among=[1, 2])


def lacks(found: Match, handle: int) -> list[str]:
    return [str(one) for one in found.missing(handle)]


def test_what_is_missing_is_said_part_by_part() -> None:
    found = match(TABLE, Role("provider", Has(1, "expert") & ~Has(2), among=[7, 8], group=1, location=5))
    assert found.handles.tolist() == []
    assert lacks(found, 7) == ["skill excluded: skill 2 at basic, excluded from basic up"]
    assert lacks(found, 8) == [
        "wrong group: 1 was asked for",
        "wrong location: 5 was asked for",
        "level too low: skill 1 at advanced, needed from expert up",
    ]
    assert lacks(found, 9)[0] == "not named"
    assert lacks(found, 20) == [
        "wrong kind: provider was asked for",
        "not named",
        "wrong group: 1 was asked for",
        "skill missing: skill 1, needed from expert up",
    ]
    with pytest.raises(InvalidValueError):
        found.missing(99)


def test_the_call_adds_to_what_the_role_asks() -> None:
    role = Role("provider", Has(1))
    assert match(TABLE, role).handles.tolist() == [7, 8]
    assert match(TABLE, role, group=1).handles.tolist() == [7]
    assert match(TABLE, role, location=9).handles.tolist() == [7]
    found = match(TABLE, role, kind="room")
    assert found.lack is Lack.NOBODY_ELIGIBLE
    assert lacks(found, 7) == ["wrong kind: room was asked for"]


def test_a_bare_requirement_is_met_by_one() -> None:
    found = match(TABLE, Has(1), location=5)
    assert (found.handles.tolist(), found.need, found.lack) == ([7], 1, None)
    assert match(TABLE, AllOf(), kind="room", group=3).lack is Lack.NOBODY_ELIGIBLE


@pytest.mark.parametrize(
    ("wanted", "duty", "lack"),
    [
        (Role("provider", Has(1)), [1, 1, 1, 1], None),
        (Role("provider", Has(1)), [0, 0, 1, 1], Lack.NOBODY_ON_DUTY),
        (Role("provider", Has(1), 2), [0, 1, 1, 1], Lack.TOO_FEW_ON_DUTY),
        (Role("provider", Has(1), 3), [1, 1, 1, 1], Lack.TOO_FEW_ELIGIBLE),
        (Role("provider", Has(2, "expert")), [1, 1, 1, 1], Lack.NOBODY_ELIGIBLE),
        (Role("provider", Has(3)), [1, 1, 1, 1], Lack.NO_SUCH_SKILL),
        (Role("provider", Has(3) | Has(2, "expert")), [1, 1, 1, 1], Lack.NOBODY_ELIGIBLE),
        (Role("provider", Has(1) & ~Has(1)), [1, 1, 1, 1], Lack.UNSATISFIABLE),
        (Role("equipment"), [1, 1, 1, 1], Lack.NOBODY_ELIGIBLE),
        (Role("provider", count="all"), [1, 1, 1, 0], None),
        (Role("provider", count="all"), [1, 1, 0, 1], Lack.TOO_FEW_ON_DUTY),
        (Role("equipment", count="all"), [1, 1, 1, 1], Lack.NOBODY_ELIGIBLE),
        (Role("provider", Has(1), "all", among=[7, 9]), [1, 1, 1, 1], Lack.TOO_FEW_ELIGIBLE),
        (Role("provider", count="all", among=[7, 99]), [1, 1, 1, 1], Lack.TOO_FEW_ELIGIBLE),
    ],
)
def test_every_shortage_has_its_name(wanted: Role, duty: list[int], lack: Lack | None) -> None:
    assert match(TABLE, wanted, on_duty=np.array(duty, bool)).lack is lack


def test_who_is_off_duty_lacks_that_too() -> None:
    found = match(TABLE, Role("provider", Has(1)), on_duty=[False, True, False, True])
    assert lacks(found, 7) == ["not on duty"]
    assert lacks(found, 8) == []
    assert [one.lack for one in found.missing(9)] == [Lack.NOT_ON_DUTY, Lack.SKILL_MISSING]
    assert repr(found) == "<Match of 1 in 4, 1 needed>"
    assert repr(match(TABLE, Role("equipment"))) == "<Match of 0 in 4, 1 needed, nobody_eligible>"


def test_the_closest_come_first_and_ties_in_the_order_of_the_table() -> None:
    found = match(TABLE, Role("provider", Has(1, "expert") & Has(2, "expert") & Has(3)))
    assert list(found.closest(2)) == [7, 8]
    assert list(found.closest(9)) == [7, 8, 9, 20]
    with pytest.raises(InvalidValueError):
        found.closest(0)
    assert match(TABLE, Role("room")).closest(1).keys() == {7}


def test_one_who_lacks_less_than_it_seemed_at_first_is_not_overlooked() -> None:
    # The first lacks one skill at first sight and two in the end; the third lacks one thing, and is no provider.
    table = ResourceTable.of(
        [Resource(1, "provider"), Resource(2, "provider"), Resource(3, "room", skills={1: "basic", 2: "basic"})]
    )
    found = match(table, Role("provider", Has(1) & Has(2)))
    assert list(found.closest(1)) == [3]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (Missing(Lack.NOT_NAMED), "not named"),
        (Missing(Lack.WRONG_GROUP, wanted=3), "wrong group: 3 was asked for"),
        (Missing(Lack.SKILL_MISSING, skill=1, level=Proficiency.BASIC), "skill missing: surgery, needed from basic up"),
    ],
)
def test_words(changes: Missing, words: str) -> None:
    assert changes.told({1: "surgery"}) == words


def test_a_contradiction_is_said_of_each() -> None:
    assert match(TABLE, Has(1) & ~Has(1)).missing(7) == (Missing(Lack.UNSATISFIABLE),)


def test_a_requirement_too_tangled_to_search_still_has_a_reason() -> None:
    # Six who need a room of their own among five, and each pair of them apart: it takes more steps than are spent.
    holes, people = range(5), range(6)
    some = [AnyOf(*(Has(10 + one * 5 + hole) for hole in holes)) for one in people]
    apart = [
        Not(AllOf(Has(10 + one * 5 + hole), Has(10 + other * 5 + hole)))
        for hole in holes
        for one in people
        for other in range(one)
    ]
    tree: Requirement = AllOf(*some, *apart)
    found = match(TABLE, tree)
    assert found.lack is Lack.NOBODY_ELIGIBLE
    with pytest.raises(LimitExceededError, match="divide it into roles or skills"):
        found.missing(9)


@pytest.mark.parametrize(
    ("table", "wanted", "asked"),
    [
        ([], Has(1), {}),
        (TABLE, "vet", {}),
        (TABLE, Has(1), {"kind": "vet"}),
        (TABLE, Has(1), {"group": -1}),
        (TABLE, Has(1), {"location": 0.5}),
        (TABLE, Has(1), {"on_duty": [True]}),
        (TABLE, Has(1), {"on_duty": [1, 1, 1, 1]}),
    ],
)
def test_what_cannot_be_matched_is_refused(table: Any, wanted: Any, asked: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError):
        match(table, wanted, **asked)
