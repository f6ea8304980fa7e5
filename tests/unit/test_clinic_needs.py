"""Requirements as text: what binds to what, and where each mistake is."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petpro_core.errors import InvalidValueError
from petpro_core.interop.clinic import read_requirement, requirement_text
from petpro_core.matching import AllOf, AnyOf, Has, Not, Requirement

SKILLS: Final = {"surgery": 1, "x-ray": 2, "exotics.2": 3, "größe": 4}
NAMES: Final = {number: key for key, number in SKILLS.items()}
S, X, E = Has(1), Has(2), Has(3)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("surgery", S),
        ("  surgery>=basic ", S),
        ("surgery >= Expert", Has(1, "expert")),
        ("not surgery", Not(S)),
        ("not not surgery", Not(Not(S))),
        ("surgery and x-ray or exotics.2", AnyOf(AllOf(S, X), E)),
        ("surgery or x-ray and exotics.2", AnyOf(S, AllOf(X, E))),
        ("surgery and (x-ray or exotics.2)", AllOf(S, AnyOf(X, E))),
        ("not surgery and x-ray", AllOf(Not(S), X)),
        ("not (surgery and x-ray)", Not(AllOf(S, X))),
        ("(surgery and x-ray) and größe", AllOf(AllOf(S, X), Has(4))),
        ("surgery AND x-ray and exotics.2", AllOf(S, X, E)),
        ("((surgery))", S),
    ],
)
def test_text_reads_as_a_tree(text: str, tree: Requirement) -> None:
    assert read_requirement(text, skills=SKILLS) == tree


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("", 1, "got the end of the text"),
        ("surgery and", 12, "a skill, not or a parenthesis stands here"),
        ("surgery x-ray", 9, "behind a skill stand and, or, >= or the end"),
        ("surgery >= ", 11, "a level stands behind >="),
        ("surgery >= advancd", 12, "did you mean advanced? allowed: basic"),
        ("surgery > advanced", 9, "got '>'"),
        ("surgry and x-ray", 1, "no such skill, got 'surgry' in character 1; did you mean surgery?"),
        ("(surgery or x-ray", 18, "a parenthesis is closed"),
        ("surgery or or", 12, "stands here"),
        ("surgery)", 8, "got ')'"),
        ("and", 1, "got 'and'"),
        ("(" * 40 + "surgery" + ")" * 40, 33, "at most 32 deep"),
        ("not " * 40 + "surgery", 129, "at most 32 deep"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, position: int, words: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        read_requirement(text, skills=SKILLS)
    assert caught.value.values["position"] == position
    assert words in caught.value.message
    assert f"character {position}" in caught.value.message


def test_bounds_and_files_without_skills() -> None:
    with pytest.raises(InvalidValueError, match="4000 characters"):
        read_requirement("surgery and " * 400 + "surgery", skills=SKILLS)
    with pytest.raises(InvalidValueError, match="the file has no skills"):
        read_requirement("surgery", skills={})


def leaves() -> st.SearchStrategy[Requirement]:
    return st.builds(Has, st.integers(1, 4), st.sampled_from(("basic", "intermediate", "advanced", "expert")))


def more(inner: st.SearchStrategy[Requirement]) -> st.SearchStrategy[Requirement]:
    several = st.lists(inner, min_size=2, max_size=3)
    return st.builds(Not, inner) | several.map(lambda parts: AllOf(*parts)) | several.map(lambda parts: AnyOf(*parts))


@given(st.recursive(leaves(), more, max_leaves=8))
def test_what_is_written_is_read_back_as_the_same_tree(tree: Requirement) -> None:
    assert read_requirement(requirement_text(tree, names=NAMES), skills=SKILLS) == tree


@pytest.mark.parametrize("tree", [AllOf(), AllOf(S), AnyOf(S), Not(AllOf()), Has(9)])
def test_what_no_text_says_is_refused(tree: Requirement) -> None:
    with pytest.raises(InvalidValueError):
        requirement_text(tree, names=NAMES)
