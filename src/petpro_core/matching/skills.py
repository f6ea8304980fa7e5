"""What somebody can do: levels of proficiency, and requirements as trees of AND, OR and NOT over skills.

A skill is the caller's number, 0 or more, as all handles are. A requirement is a value: people write it, it is combined
with ``&``, ``|`` and ``~``, and it is read from plain data and written to it.

    >>> dentist = Has(3, "advanced") & ~Has(9)
    >>> dentist.met_by({3: "expert"}), dentist.met_by({3: "basic"})
    (True, False)
    >>> print(dentist)
    skill 3 from advanced up and not skill 9
"""

from __future__ import annotations

import abc
import enum
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Self

import attrs

from petpro_core._checks import as_choice, as_kind, as_whole, whole
from petpro_core.errors import InvalidValueError

__all__ = ["LEVELS", "AllOf", "AnyOf", "Has", "Not", "Proficiency", "Requirement", "SkillLevels"]

_MOST_LEAVES: Final = 256
_MOST_DEEP: Final = 32


class Proficiency(enum.StrEnum):
    """How well somebody can do something: BASIC < INTERMEDIATE < ADVANCED < EXPERT. The values are stable codes.

    They are ordered by level and not as text; a word beside one is read as a level. ``rank`` is the level as a number,
    1 to 4, and 0 stands for a skill that is not there.

        >>> Proficiency.BASIC < Proficiency.EXPERT, Proficiency.ADVANCED >= "basic"
        (True, True)
        >>> max(Proficiency), Proficiency("advanced").rank
        (<Proficiency.EXPERT: 'expert'>, 3)
    """

    BASIC = "basic", 1
    INTERMEDIATE = "intermediate", 2
    ADVANCED = "advanced", 3
    EXPERT = "expert", 4

    rank: int

    def __new__(cls, code: str, rank: int) -> Self:
        """Keep the rank beside the code, where a filter finds it fast."""
        level = str.__new__(cls, code)
        level._value_ = code
        level.rank = rank
        return level

    # A text's own comparisons would put "advanced" before "basic". Python asks the subclass first, on whichever side it
    # stands, so that a plain word is read as a level from both.
    def __lt__(self, other: str) -> bool:
        return self.rank < _as_level(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= _as_level(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > _as_level(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= _as_level(other).rank


LEVELS: Final = tuple(Proficiency)
"""The levels, the lowest first; ``LEVELS[rank - 1]``."""


def _as_level(value: Proficiency | str) -> Proficiency:
    return as_choice(Proficiency, "at_least", value)


class SkillLevels(Mapping[int, Proficiency]):
    """The skills of one resource with their levels: a mapping that never changes, and may be hashed and pickled.

        >>> SkillLevels({7: "expert", 2: Proficiency.BASIC})
        SkillLevels({2: 'basic', 7: 'expert'})

    Raises:
        InvalidValueError: No mapping, a skill that is no whole number from 0, or a word that is no level.
    """

    __slots__ = ("_held",)

    def __init__(self, held: Mapping[int, Proficiency | str]) -> None:
        as_kind("skills", held, Mapping)
        levels = {as_whole("skill", skill): _as_level(level) for skill, level in held.items()}
        self._held = dict(sorted(levels.items()))

    def __getitem__(self, skill: int) -> Proficiency:
        return self._held[skill]

    def __iter__(self) -> Iterator[int]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __hash__(self) -> int:
        return hash(tuple(self._held.items()))

    def __repr__(self) -> str:
        held = ", ".join(f"{skill}: '{level}'" for skill, level in self._held.items())
        return f"SkillLevels({{{held}}})"


# --- the tree -------------------------------------------------------------------------------------------------------


class Requirement(abc.ABC):
    """What a resource must be able to do; made of ``Has``, ``AllOf``, ``AnyOf`` and ``Not``.

    At most 256 leaves, and 32 floors. Whether anybody could meet it is not asked here; a match that fails says so.

        >>> (Has(1) | Has(2)) & ~Has(3, "expert")
        AllOf(AnyOf(Has(1), Has(2)), Not(Has(3, 'expert')))
    """

    __slots__ = ()

    def __and__(self, other: Requirement) -> Requirement:
        return _joined(AllOf, self, other)

    def __or__(self, other: Requirement) -> Requirement:
        return _joined(AnyOf, self, other)

    def __invert__(self) -> Requirement:
        return self.part if isinstance(self, Not) else Not(self)

    def __str__(self) -> str:
        return self.told()

    @abc.abstractmethod
    def met_by(self, skills: Mapping[int, Proficiency | str]) -> bool:
        """Whether somebody with these skills meets it; for many at once there is ``ResourceTable.match``."""

    @property
    @abc.abstractmethod
    def parts(self) -> tuple[Requirement, ...]:
        """The requirements that it is made of; none in a leaf."""

    def leaves(self) -> Iterator[Has]:
        """The skills and levels it speaks of, in its order, and again where it repeats one."""
        for part in self.parts:
            yield from part.leaves()

    @abc.abstractmethod
    def told(self, names: Mapping[int, str] | None = None) -> str:
        """In words, with the names of skills where they are given.

        >>> (Has(3, "expert") | Has(4)).told({3: "surgery"})
        'surgery from expert up or skill 4'
        """

    @abc.abstractmethod
    def to_plain(self) -> dict[str, Any]:
        """As plain data, ready for JSON.

        >>> (Has(3, "advanced") & ~Has(9)).to_plain()
        {'all': [{'skill': 3, 'at_least': 'advanced'}, {'not': {'skill': 9, 'at_least': 'basic'}}]}
        """

    @staticmethod
    def from_plain(value: object) -> Requirement:
        """A requirement from plain data as ``to_plain`` writes it; ``at_least`` may be left out.

            >>> Requirement.from_plain({"any": [{"skill": 3}, {"skill": 4, "at_least": "expert"}]})
            AnyOf(Has(3), Has(4, 'expert'))

        Raises:
            InvalidValueError: Data of another shape, nested too deep, or a value outside its bounds.
        """
        return _read(value, _MOST_DEEP)


@attrs.frozen(repr=False)
class Has(Requirement):
    """A skill, at a level or above.

        >>> Has(3, "advanced").met_by({3: "expert"})
        True

    Attributes:
        skill: Its handle, 0 or more.
        at_least: The lowest level that will do; its word is taken too.

    Raises:
        InvalidValueError: No whole number from 0, or no word of a level.
    """

    skill: int = attrs.field(validator=whole())
    at_least: Proficiency = attrs.field(default=Proficiency.BASIC, converter=_as_level)

    def __repr__(self) -> str:
        return f"Has({self.skill})" if self.at_least is Proficiency.BASIC else f"Has({self.skill}, '{self.at_least}')"

    def met_by(self, skills: Mapping[int, Proficiency | str]) -> bool:
        """Whether the skill is among them, at the level or above."""
        return self.skill in skills and self.at_least <= skills[self.skill]

    @property
    def parts(self) -> tuple[Requirement, ...]:
        """None: it is a leaf."""
        return ()

    def leaves(self) -> Iterator[Has]:
        """Itself."""
        yield self

    def told(self, names: Mapping[int, str] | None = None) -> str:
        """In words."""
        name = (names or {}).get(self.skill, f"skill {self.skill}")
        return name if self.at_least is Proficiency.BASIC else f"{name} from {self.at_least} up"

    def to_plain(self) -> dict[str, Any]:
        """As plain data."""
        return {"skill": self.skill, "at_least": str(self.at_least)}


@attrs.frozen(repr=False, init=False)
class _Several(Requirement):
    """What ``AllOf`` and ``AnyOf`` have in common."""

    parts: tuple[Requirement, ...]

    def __init__(self, *parts: Requirement) -> None:
        for part in parts:
            as_kind("parts", part, Requirement)
        object.__setattr__(self, "parts", parts)
        _check_size(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.parts))})"

    def _words(self, between: str, names: Mapping[int, str] | None) -> str:
        words = (
            f"({part.told(names)})" if isinstance(part, _Several) and len(part.parts) > 1 else part.told(names)
            for part in self.parts
        )
        return between.join(words)


class AllOf(_Several):
    """Every one of its parts; without parts nothing is asked, and everybody meets it.

        >>> AllOf(Has(1), Has(2)).met_by({1: "basic"}), AllOf().met_by({})
        (False, True)

    Attributes:
        parts: The requirements that must all be met.

    Raises:
        InvalidValueError: A part that is no requirement, or a tree that is too large.
    """

    __slots__ = ()

    def met_by(self, skills: Mapping[int, Proficiency | str]) -> bool:
        """Whether they meet every part."""
        return all(part.met_by(skills) for part in self.parts)

    def told(self, names: Mapping[int, str] | None = None) -> str:
        """In words."""
        return self._words(" and ", names) or "nothing in particular"

    def to_plain(self) -> dict[str, Any]:
        """As plain data."""
        return {"all": [part.to_plain() for part in self.parts]}


class AnyOf(_Several):
    """At least one of its parts.

        >>> AnyOf(Has(1), Has(2)).met_by({2: "basic"})
        True

    Attributes:
        parts: The requirements of which one must be met.

    Raises:
        InvalidValueError: No part at all, a part that is no requirement, or a tree that is too large.
    """

    __slots__ = ()

    def __init__(self, *parts: Requirement) -> None:
        if not parts:
            msg = "any of nothing is met by nobody, got no parts; give at least one, or leave the requirement out"
            raise InvalidValueError(msg, name="parts", got=parts)
        super().__init__(*parts)

    def met_by(self, skills: Mapping[int, Proficiency | str]) -> bool:
        """Whether they meet some part."""
        return any(part.met_by(skills) for part in self.parts)

    def told(self, names: Mapping[int, str] | None = None) -> str:
        """In words."""
        return self._words(" or ", names)

    def to_plain(self) -> dict[str, Any]:
        """As plain data."""
        return {"any": [part.to_plain() for part in self.parts]}


@attrs.frozen(repr=False)
class Not(Requirement):
    """Anybody but those who meet its part: without the skill, or below the level.

        >>> Not(Has(1, "expert")).met_by({1: "advanced"})
        True

    Attributes:
        part: The requirement that must not be met.

    Raises:
        InvalidValueError: A part that is no requirement, or a tree that is too large.
    """

    part: Requirement = attrs.field()

    def __attrs_post_init__(self) -> None:
        """Refuse what is no requirement, and a tree that is too large."""
        as_kind("part", self.part, Requirement)
        _check_size(self)

    def __repr__(self) -> str:
        return f"Not({self.part!r})"

    def met_by(self, skills: Mapping[int, Proficiency | str]) -> bool:
        """Whether they do not meet the part."""
        return not self.part.met_by(skills)

    @property
    def parts(self) -> tuple[Requirement, ...]:
        """The one part."""
        return (self.part,)

    def told(self, names: Mapping[int, str] | None = None) -> str:
        """In words."""
        words = self.part.told(names)
        return f"not ({words})" if isinstance(self.part, _Several) else f"not {words}"

    def to_plain(self) -> dict[str, Any]:
        """As plain data."""
        return {"not": self.part.to_plain()}


def _joined(to: type[AllOf | AnyOf], one: Requirement, other: Requirement) -> Requirement:
    as_kind("requirement", other, Requirement)
    # a & b & c is one AND of three, as it reads.
    first, second = (side.parts if isinstance(side, to) else (side,) for side in (one, other))
    return to(*first, *second)


def _floors(tree: Requirement) -> int:
    return 1 + max(map(_floors, tree.parts), default=0)


# Whoever walks a tree does it by recursion, so its size is bounded where it is made; its parts were looked at already.
def _check_size(tree: Requirement) -> None:
    floors = _floors(tree)
    if floors > _MOST_DEEP:
        msg = f"a requirement has at most {_MOST_DEEP} floors, got {floors}; join what says the same"
        raise InvalidValueError(msg, name="requirement", got=floors, limit=_MOST_DEEP)
    leaves = sum(1 for _ in tree.leaves())
    if leaves > _MOST_LEAVES:
        msg = f"a requirement has at most {_MOST_LEAVES} leaves, got {leaves}; make several roles or skills of it"
        raise InvalidValueError(msg, name="requirement", got=leaves, limit=_MOST_LEAVES)


_SHAPES: Final = '{"skill": ..., "at_least": ...}, {"all": [...]}, {"any": [...]} or {"not": {...}}'


def _read(value: object, floors: int) -> Requirement:
    if not floors:
        msg = f"a requirement has at most {_MOST_DEEP} floors, got more; join what says the same"
        raise InvalidValueError(msg, name="requirement", limit=_MOST_DEEP)
    if isinstance(value, Mapping):
        keys = set(value)
        if keys in ({"skill"}, {"skill", "at_least"}):
            return Has(**value)
        if keys == {"not"}:
            return Not(_read(value["not"], floors - 1))
        for word, kind in (("all", AllOf), ("any", AnyOf)):
            if keys == {word} and isinstance(value[word], Sequence) and not isinstance(value[word], str):
                return kind(*(_read(part, floors - 1) for part in value[word]))
    msg = f"a requirement as plain data is {_SHAPES}, got {value!r}"
    raise InvalidValueError(msg, name="requirement", got=value)
