"""Requirements as people write them: ``surgery >= advanced and not exotics``.

``and`` binds closer than ``or``, ``not`` closer than both, and parentheses closest. A skill alone is asked for at any
level; ``>=`` asks for a level or above.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from petpro_core.errors import InvalidValueError
from petpro_core.matching import AllOf, AnyOf, Has, Not, Proficiency, Requirement

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

__all__ = ["OPERATORS", "read_requirement", "requirement_text"]

OPERATORS: Final = ("and", "or", "not")
"""Words that cannot be the id of a skill, however their letters are written."""

_PIECE: Final = re.compile(r">=|[\w.-]+|\S")
_LONGEST: Final = 4_000
_DEEPEST: Final = 32
_SHOWN: Final = 60
_LEVELS: Final = tuple(map(str, Proficiency))
_FORM: Final = "a requirement is written as in 'surgery >= advanced and not exotics'"


def read_requirement(text: str, *, skills: Mapping[str, int]) -> Requirement:
    """A requirement from its text.

        >>> skills = {"surgery": 1, "exotics": 2}
        >>> read_requirement("surgery >= advanced and not exotics", skills=skills)
        AllOf(Has(1, 'advanced'), Not(Has(2)))
        >>> read_requirement("(surgery or exotics) and surgery >= basic", skills=skills).met_by({1: "basic"})
        True

    Args:
        text: At most 4,000 characters, nested at most 32 deep.
        skills: The number of each skill, by its id.

    Raises:
        InvalidValueError: Text of another form, or a skill or level that there is not; ``position`` is the character,
            counted from 1, at which it goes wrong.

    Source: ``docs/reference/clinic-file.md``.
    """
    if len(text) > _LONGEST:
        msg = f"a requirement has at most {_LONGEST} characters, got {len(text)}; make several roles or skills of it"
        raise InvalidValueError(msg, got=text[:_SHOWN])
    return _Reader(text, skills).whole()


def requirement_text(requirement: Requirement, *, names: Mapping[int, str]) -> str:
    """The text that ``read_requirement`` reads back as the same tree.

        >>> requirement_text((Has(1, "expert") | Has(2)) & ~Has(3), names={1: "surgery", 2: "dental", 3: "fear"})
        '(surgery >= expert or dental) and not fear'

    Args:
        requirement: The tree.
        names: The id of each skill, by its number.

    Raises:
        InvalidValueError: A skill without an id, or a tree that no text has: all or any of fewer than two.
    """
    if isinstance(requirement, Has):
        if requirement.skill not in names:
            msg = f"each skill of a requirement has an id, got {requirement.skill}"
            raise InvalidValueError(msg, kind="skill", got=requirement.skill)
        name = names[requirement.skill]
        return name if requirement.at_least is Proficiency.BASIC else f"{name} >= {requirement.at_least}"
    if isinstance(requirement, Not):
        return f"not {_inside(requirement.part, names, bare=(Has, Not))}"
    if len(requirement.parts) < 2:
        msg = f"a requirement that is written has two parts or more on both sides of and/or, got {requirement!r}"
        raise InvalidValueError(msg, got=repr(requirement))
    all_of = isinstance(requirement, AllOf)
    bare = (Has, Not) if all_of else (Has, Not, AllOf)
    return (" and " if all_of else " or ").join(_inside(part, names, bare=bare) for part in requirement.parts)


def _inside(part: Requirement, names: Mapping[int, str], *, bare: tuple[type[Requirement], ...]) -> str:
    text = requirement_text(part, names=names)
    return text if isinstance(part, bare) else f"({text})"


class _Reader:
    """A text as pieces with their positions, read from the left by a function for each strength of binding."""

    def __init__(self, text: str, skills: Mapping[str, int]) -> None:
        self.text, self.skills = text, skills
        self.pieces = [(match[0], match.start() + 1) for match in _PIECE.finditer(text)]
        self.at = 0

    @property
    def piece(self) -> str:
        return self.pieces[self.at][0] if self.at < len(self.pieces) else ""

    def error(self, rule: str, *, allowed: str = "") -> InvalidValueError:
        ended = self.at >= len(self.pieces)
        position = len(self.text.rstrip()) + 1 if ended else self.pieces[self.at][1]
        got = "the end of the text" if ended else repr(self.piece[:_SHOWN])
        way_out = f"; {allowed}" if allowed else ""
        msg = f"{rule}, got {got} in character {position}{way_out}"
        return InvalidValueError(msg, got=self.text[:_SHOWN], position=position)

    def take(self, word: str) -> bool:
        found = self.piece.lower() == word
        self.at += found
        return found

    def whole(self) -> Requirement:
        found = self.any_of(0)
        if self.at < len(self.pieces):
            raise self.error(f"{_FORM}; behind a skill stand and, or, >= or the end")
        return found

    def any_of(self, depth: int) -> Requirement:
        return self.joined("or", AnyOf, self.all_of, depth)

    def all_of(self, depth: int) -> Requirement:
        return self.joined("and", AllOf, self.one, depth)

    def joined(
        self, word: str, kind: type[AllOf | AnyOf], read: Callable[[int], Requirement], depth: int
    ) -> Requirement:
        parts = [read(depth)]
        while self.take(word):
            parts.append(read(depth))
        return parts[0] if len(parts) == 1 else kind(*parts)

    def one(self, depth: int) -> Requirement:
        if depth >= _DEEPEST:
            raise self.error(f"a requirement is nested at most {_DEEPEST} deep")
        if self.take("not"):
            return Not(self.one(depth + 1))
        if self.take("("):
            inner = self.any_of(depth + 1)
            if not self.take(")"):
                raise self.error("a parenthesis is closed: )")
            return inner
        return self.skill()

    def skill(self) -> Has:
        name = self.piece
        if name.lower() in OPERATORS or not re.fullmatch(r"[\w.-]+", name):
            raise self.error(f"{_FORM}; a skill, not or a parenthesis stands here")
        if name not in self.skills:
            raise self.error("no such skill", allowed=_close(name, self.skills, "the file has no skills"))
        self.at += 1
        if not self.take(">="):
            return Has(self.skills[name])
        level = self.piece.lower()
        if level not in _LEVELS:
            raise self.error("a level stands behind >=", allowed=_close(level, _LEVELS, ""))
        self.at += 1
        return Has(self.skills[name], level)


def _close(word: str, known: Collection[str], none: str) -> str:
    near = get_close_matches(word, known, n=1)
    listed = f"allowed: {', '.join(list(known)[:20])}" if known else none
    return f"did you mean {near[0]}? {listed}" if near else listed
