"""Levels and requirements: their order, their forms, and what is refused."""

from __future__ import annotations

import contextlib
import copy
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from petpro_core.errors import InvalidValueError, LimitExceededError
from petpro_core.matching import AllOf, AnyOf, Has, Not, Proficiency, Requirement, SkillLevels
from petpro_core.matching._missing import fewest_changes

if TYPE_CHECKING:
    from collections.abc import Callable

BASIC, INTERMEDIATE, ADVANCED, EXPERT = Proficiency


def test_levels_are_ordered_by_level_and_not_by_letter() -> None:
    assert sorted(Proficiency, reverse=True) == [EXPERT, ADVANCED, INTERMEDIATE, BASIC]
    assert [str(level) for level in Proficiency] == ["basic", "intermediate", "advanced", "expert"]
    assert [level.rank for level in Proficiency] == [1, 2, 3, 4]
    assert BASIC < INTERMEDIATE < ADVANCED < EXPERT
    assert EXPERT > ADVANCED > INTERMEDIATE > BASIC
    ranks = range(1, 5)
    assert [[one <= other for other in Proficiency] for one in Proficiency] == [[a <= b for b in ranks] for a in ranks]
    assert [[one >= other for other in Proficiency] for one in Proficiency] == [[a >= b for b in ranks] for a in ranks]


def test_a_word_beside_a_level_is_one() -> None:
    assert "basic" < ADVANCED  # noqa: SIM300 - the word on this side too
    assert "expert" > ADVANCED  # noqa: SIM300 - likewise
    assert ADVANCED <= "expert"
    assert ADVANCED >= "basic"
    with pytest.raises(InvalidValueError, match="at_least is one of basic, intermediate, advanced, expert, got 'high'"):
        assert ADVANCED > "high"


def test_skills_are_a_mapping_that_stays_as_it_is() -> None:
    held = SkillLevels({4: "expert", 1: BASIC})
    assert list(held.items()) == [(1, BASIC), (4, EXPERT)]
    assert held == {1: "basic", 4: "expert"}
    assert hash(held) == hash(SkillLevels({1: "basic", 4: "expert"}))
    for again in (pickle.loads(pickle.dumps(held)), copy.deepcopy(held), eval(repr(held))):  # noqa: S301, S307 - our own
        assert again == held


@pytest.mark.parametrize("held", [{-1: "basic"}, {"surgery": "basic"}, {1: "high"}, [1, 2], None])
def test_other_skills_are_refused(held: Any) -> None:
    with pytest.raises(InvalidValueError):
        SkillLevels(held)


@pytest.mark.parametrize(
    "build",
    [
        lambda: Has(-1),
        lambda: Has(1.5),  # type: ignore[arg-type]
        lambda: Has(1, "high"),
        lambda: AllOf(1),  # type: ignore[arg-type]
        lambda: Not(None),  # type: ignore[arg-type]
        lambda: Has(1) & 2,  # type: ignore[operator]
        lambda: Has(1) | "x",  # type: ignore[operator]
    ],
)
def test_what_is_no_requirement_is_refused(build: Callable[[], object]) -> None:
    with pytest.raises(InvalidValueError):
        build()


def test_any_of_nothing_is_refused_and_all_of_nothing_is_met() -> None:
    with pytest.raises(InvalidValueError, match="any of nothing is met by nobody") as caught:
        AnyOf()
    assert caught.value.got == ()
    assert AllOf().met_by({})
    assert not Not(AllOf()).met_by({})


def test_only_the_four_shapes_are_made() -> None:
    with pytest.raises(TypeError):
        Requirement()  # type: ignore[abstract]


def test_operators_join_what_reads_as_one() -> None:
    assert Has(1) & Has(2) & Has(3) == AllOf(Has(1), Has(2), Has(3))
    assert Has(1) | (Has(2) | Has(3)) == AnyOf(Has(1), Has(2), Has(3))
    assert Has(1) & (Has(2) | Has(3)) == AllOf(Has(1), AnyOf(Has(2), Has(3)))
    assert ~~Has(1) == Has(1)
    some: Requirement = AnyOf(Has(1))
    assert AllOf(Has(1)) != some


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        (Has(1), "skill 1"),
        (Has(2, ADVANCED), "surgery from advanced up"),
        (AllOf(), "nothing in particular"),
        (Has(1) & (Has(2) | Has(3)), "skill 1 and (surgery or skill 3)"),
        (AnyOf(AllOf(Has(1)), Not(Has(2, "expert"))), "skill 1 or not surgery from expert up"),
        (Not(Has(1) & Has(2)), "not (skill 1 and surgery)"),
    ],
)
def test_a_requirement_is_told_in_words(tree: Requirement, words: str) -> None:
    assert tree.told({2: "surgery"}) == words


def test_a_requirement_reads_as_it_is_written() -> None:
    tree = (Has(1, "expert") | Has(2)) & ~Has(3)
    assert repr(tree) == "AllOf(AnyOf(Has(1, 'expert'), Has(2)), Not(Has(3)))"
    assert str(tree) == "(skill 1 from expert up or skill 2) and not skill 3"
    assert [leaf.skill for leaf in tree.leaves()] == [1, 2, 3]
    assert len({tree, copy.deepcopy(tree)}) == 1


@pytest.mark.parametrize(
    "plain",
    [
        None,
        3,
        [],
        {},
        {"skill": 1, "level": "basic"},
        {"all": {"skill": 1}},
        {"all": "x"},
        {"any": []},
        {"not": None},
        {"skill": -1},
        {"skill": 1, "at_least": "high"},
        {"all": [{"skill": 1}], "any": [{"skill": 2}]},
    ],
)
def test_other_plain_data_is_refused(plain: Any) -> None:
    with pytest.raises(InvalidValueError):
        Requirement.from_plain(plain)


def test_plain_data_is_read_and_written() -> None:
    tree = AllOf(Has(1), AnyOf(Has(2, "expert"), ~Has(3)))
    plain = {
        "all": [
            {"skill": 1, "at_least": "basic"},
            {"any": [{"skill": 2, "at_least": "expert"}, {"not": {"skill": 3, "at_least": "basic"}}]},
        ]
    }
    assert tree.to_plain() == plain
    assert Requirement.from_plain(plain) == tree
    assert Requirement.from_plain({"all": ({"skill": 1},)}) == AllOf(Has(1))
    assert tree.met_by({1: "basic"})
    assert not tree.met_by({1: "basic", 3: "basic", 2: "advanced"})


def test_a_tree_has_bounds() -> None:
    plain: dict[str, Any] = {"skill": 1}
    tree: Requirement = Has(1)
    for _ in range(31):
        plain, tree = {"not": plain}, Not(tree)
    assert Requirement.from_plain(plain) == tree
    with pytest.raises(InvalidValueError, match="at most 32 floors"):
        Requirement.from_plain({"not": plain})
    with pytest.raises(InvalidValueError, match="at most 32 floors, got 33"):
        Not(tree)
    assert len(list(AllOf(*[Has(1)] * 256).leaves())) == 256
    with pytest.raises(InvalidValueError, match="at most 256 leaves, got 257"):
        AllOf(*[Has(1)] * 257)


def pigeons(holes: int) -> Requirement:
    """One pigeon more than there are holes: nobody meets it, and it takes long to be certain of that."""

    def sits(pigeon: int, hole: int) -> Has:
        return Has(pigeon * holes + hole)

    some = [AnyOf(*(sits(pigeon, hole) for hole in range(holes))) for pigeon in range(holes + 1)]
    apart = [
        ~(sits(one, hole) & sits(other, hole))
        for hole in range(holes)
        for one in range(holes + 1)
        for other in range(one)
    ]
    return AllOf(*some, *apart)


def test_a_tangled_requirement_is_searched_within_a_bound() -> None:
    assert fewest_changes(pigeons(3), {}) is None
    with pytest.raises(LimitExceededError, match="too tangled to say in 5 steps") as caught:
        fewest_changes(pigeons(3), {}, steps=5)
    assert caught.value.limit == 5


def test_the_best_that_was_found_stands_when_the_steps_are_used_up() -> None:
    # What comes first in the tree is not the shortest way.
    tree = AnyOf(AllOf(Has(1), Has(2), Has(3)), Has(4)) & AnyOf(AllOf(Has(1), Has(5)), Has(4))
    assert fewest_changes(tree, {}) == {4: (1, 4)}
    found = []
    for steps in range(3, 20):
        with contextlib.suppress(LimitExceededError):
            found.append(len(fewest_changes(tree, {}, steps=steps) or ()))
    assert found[0] > 1
    assert found[-1] == 1
    assert found == sorted(found, reverse=True)


def test_of_ways_that_are_as_short_the_first_is_taken() -> None:
    either = (Has(1) | Has(2)) & (Has(3) | Has(4)) & (Has(1) | Has(5))
    assert fewest_changes(either, {}) == {1: (1, 4), 3: (1, 4)}
    assert fewest_changes(either, {5: 1, 2: 1}) == {3: (1, 4)}
    assert fewest_changes((Has(1) | Has(2)) & (Has(3) | Has(4)) & (Has(3) | Has(5)), {}) == {1: (1, 4), 3: (1, 4)}


def test_a_way_that_contradicts_itself_is_not_taken() -> None:
    assert fewest_changes((Has(1) | Has(2)) & ~Has(1), {}) == {2: (1, 4)}
    assert fewest_changes(~Has(1) & (Has(1) | Has(2)), {}) == {2: (1, 4)}
    assert fewest_changes(Has(1, "expert") & ~Has(1, "advanced"), {1: 3}) is None
    assert fewest_changes(Has(1, "advanced") & ~Has(1, "expert"), {1: 4}) == {1: (0, 3)}
    assert fewest_changes(Not(AllOf()), {}) is None
