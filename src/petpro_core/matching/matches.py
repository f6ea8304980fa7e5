"""Who fits a role, and what is missing in those who do not."""

from __future__ import annotations

import enum
from bisect import insort
from functools import cached_property
from typing import TYPE_CHECKING

import attrs
import numpy as np

from petpro_core._checks import as_kind, as_whole
from petpro_core.errors import LimitExceededError
from petpro_core.matching import _bits
from petpro_core.matching._missing import fewest_changes
from petpro_core.matching.resources import ResourceTable, as_resource_kind
from petpro_core.matching.roles import ALL, Role
from petpro_core.matching.skills import LEVELS, Proficiency, Requirement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt

    from petpro_core.intervals import Int64Array
    from petpro_core.matching._bits import BoolArray
    from petpro_core.matching._missing import Bounds
    from petpro_core.matching.resources import Resource, ResourceKind
    from petpro_core.matching.roles import Count

__all__ = ["Lack", "Match", "Missing", "match", "places"]


class Lack(enum.StrEnum):
    """Why a resource does not fit, or why a role, or several together, are not filled. The values are stable codes.

        >>> str(Lack.NOBODY_ON_DUTY)
        'nobody_on_duty'

    Of a resource: ``WRONG_KIND, NOT_NAMED, WRONG_GROUP, WRONG_LOCATION, SKILL_MISSING, LEVEL_TOO_LOW, SKILL_EXCLUDED,
    NOT_ON_DUTY``. Of a role: ``NO_SUCH_SKILL`` (nobody in the table has it at any level, and there is no way without
    it), ``NOBODY_ELIGIBLE``, ``TOO_FEW_ELIGIBLE``, ``NOBODY_ON_DUTY``, ``TOO_FEW_ON_DUTY``. Of either:
    ``UNSATISFIABLE`` (the requirement contradicts itself). Of several roles: ``TOO_FEW_TOGETHER``, ``NO_SENIOR``. Of
    a visit: ``NOBODY_FREE``.
    """

    WRONG_KIND = "wrong_kind"
    NOT_NAMED = "not_named"
    WRONG_GROUP = "wrong_group"
    WRONG_LOCATION = "wrong_location"
    SKILL_MISSING = "skill_missing"
    LEVEL_TOO_LOW = "level_too_low"
    SKILL_EXCLUDED = "skill_excluded"
    NOT_ON_DUTY = "not_on_duty"
    UNSATISFIABLE = "unsatisfiable"
    NO_SUCH_SKILL = "no_such_skill"
    NOBODY_ELIGIBLE = "nobody_eligible"
    TOO_FEW_ELIGIBLE = "too_few_eligible"
    NOBODY_ON_DUTY = "nobody_on_duty"
    TOO_FEW_ON_DUTY = "too_few_on_duty"
    TOO_FEW_TOGETHER = "too_few_together"
    NO_SENIOR = "no_senior"
    NOBODY_FREE = "nobody_free"


@attrs.frozen
class Missing:
    """One thing that keeps a resource from fitting.

        >>> print(Missing(Lack.LEVEL_TOO_LOW, skill=3, level=Proficiency.EXPERT, actual=Proficiency.BASIC))
        level too low: skill 3 at basic, needed from expert up

    Attributes:
        lack: What it is.
        skill: The skill, where it is about one.
        level: The lowest level that would do; of an excluded skill, the lowest that does not.
        actual: The level that is there; ``None`` = none.
        wanted: The kind (its word), the group or the place (their handles) that was asked for.
    """

    lack: Lack
    skill: int | None = attrs.field(default=None, kw_only=True)
    level: Proficiency | None = attrs.field(default=None, kw_only=True)
    actual: Proficiency | None = attrs.field(default=None, kw_only=True)
    wanted: int | str | None = attrs.field(default=None, kw_only=True)

    def __str__(self) -> str:
        return self.told()

    def told(self, names: Mapping[int, str] | None = None) -> str:
        """In words, with the names of skills where they are given.

        >>> Missing(Lack.SKILL_MISSING, skill=3, level=Proficiency.BASIC).told({3: "surgery"})
        'skill missing: surgery, needed from basic up'
        """
        words = self.lack.replace("_", " ")
        if self.skill is not None:
            held = "" if self.actual is None else f" at {self.actual}"
            rule = "excluded" if self.lack is Lack.SKILL_EXCLUDED else "needed"
            name = (names or {}).get(self.skill, f"skill {self.skill}")
            return f"{words}: {name}{held}, {rule} from {self.level} up"
        return words if self.wanted is None else f"{words}: {self.wanted} was asked for"


@attrs.frozen
class Asked:
    """What a role or a requirement asks for, and what a call adds to it; all of it must hold."""

    requirement: Requirement | None
    kinds: tuple[ResourceKind, ...]
    among: tuple[int, ...] | None
    groups: tuple[int, ...]
    locations: tuple[int, ...]

    @classmethod
    def of(
        cls,
        wanted: Role | Requirement,
        *,
        kind: ResourceKind | str | None = None,
        group: int | None = None,
        location: int | None = None,
    ) -> Asked:
        """From what ``match`` takes."""
        kinds = [] if kind is None else [as_resource_kind(kind)]
        groups = [] if group is None else [as_whole("group", group)]
        locations = [] if location is None else [as_whole("location", location)]
        if isinstance(wanted, Requirement):
            return cls(wanted, tuple(kinds), None, tuple(groups), tuple(locations))
        kinds.append(wanted.kind)
        groups += [] if wanted.group is None else [wanted.group]
        locations += [] if wanted.location is None else [wanted.location]
        return cls(wanted.requirement, tuple(kinds), wanted.among, tuple(groups), tuple(locations))

    def mask(self, table: ResourceTable) -> BoolArray:
        """Who has all of it, as a mask over the rows."""
        mask = table.select(self.requirement, self.kinds, self.groups, self.locations)
        if self.among is not None:
            mask &= table.among(self.among)
        return mask

    def besides(self, resource: Resource) -> Iterator[Missing]:
        """What a resource lacks, skills aside."""
        for one in self.kinds:
            if resource.kind is not one:
                yield Missing(Lack.WRONG_KIND, wanted=str(one))
        if self.among is not None and resource.handle not in self.among:
            yield Missing(Lack.NOT_NAMED)
        for group in self.groups:
            if group not in resource.groups:
                yield Missing(Lack.WRONG_GROUP, wanted=group)
        for location in self.locations:
            if resource.locations and location not in resource.locations:
                yield Missing(Lack.WRONG_LOCATION, wanted=location)

    def unable(self, resource: Resource) -> bool:
        """Whether it lacks some skill."""
        return self.requirement is not None and not self.requirement.met_by(resource.skills)

    def skills_missing(self, resource: Resource) -> Iterator[Missing]:
        """Which skills it lacks, as few as will do."""
        if self.requirement is None:
            return
        changes = fewest_changes(self.requirement, {skill: level.rank for skill, level in resource.skills.items()})
        if changes is None:
            yield Missing(Lack.UNSATISFIABLE)
            return
        for skill in dict.fromkeys(leaf.skill for leaf in self.requirement.leaves()):
            if skill in changes:
                yield _change(skill, changes[skill], resource.skills.get(skill))


def _change(skill: int, bounds: Bounds, actual: Proficiency | None) -> Missing:
    low, high = bounds
    if actual is None:
        return Missing(Lack.SKILL_MISSING, skill=skill, level=LEVELS[low - 1])
    if actual.rank < low:
        return Missing(Lack.LEVEL_TOO_LOW, skill=skill, level=LEVELS[low - 1], actual=actual)
    return Missing(Lack.SKILL_EXCLUDED, skill=skill, level=LEVELS[high], actual=actual)


@attrs.frozen(eq=False, repr=False)
class Match:
    """Who fits what was asked, and what the others lack.

        >>> from petpro_core.matching import Has, Resource
        >>> table = ResourceTable.of([Resource(7, "provider", skills={3: "expert"}), Resource(8, "provider")])
        >>> found = match(table, Role("provider", Has(3, "advanced")))
        >>> found.handles.tolist(), found.lack
        ([7], None)
        >>> print(*found.missing(8))
        skill missing: skill 3, needed from advanced up

    A junior fits like everybody else here: whether a senior stands by is known when all roles are filled, by ``pair``.

    Attributes:
        table: Who was looked at.
        wanted: What was asked.
        eligible: bool[n]: who would fit, on duty or not.
        fits: bool[n]: who fits.
        need: How many are needed.
    """

    table: ResourceTable
    wanted: Role | Requirement
    eligible: BoolArray
    fits: BoolArray
    need: int
    _asked: Asked
    _duty: BoolArray | None

    def __repr__(self) -> str:
        """Say how many fit; the columns would fill a page."""
        lack = "" if self.lack is None else f", {self.lack}"
        return f"<Match of {len(self.handles)} in {len(self.table)}, {self.need} needed{lack}>"

    @property
    def handles(self) -> Int64Array:
        """Who fits, by handle, in the order of the table."""
        return self.table.handles[self.fits]

    @cached_property
    def lack(self) -> Lack | None:
        """Why there are too few, or ``None`` where there are enough."""
        if np.count_nonzero(self.fits) >= self.need:
            return None
        eligible = np.count_nonzero(self.eligible)
        if not eligible:
            return self._impossible or Lack.NOBODY_ELIGIBLE
        if eligible < self.need:
            return Lack.TOO_FEW_ELIGIBLE
        return Lack.TOO_FEW_ON_DUTY if self.fits.any() else Lack.NOBODY_ON_DUTY

    @property
    def _impossible(self) -> Lack | None:
        requirement = self._asked.requirement
        if requirement is None:
            return None
        unknown = {leaf.skill for leaf in requirement.leaves()}.difference(self.table.skills)
        try:
            if fewest_changes(requirement, {}) is None:
                return Lack.UNSATISFIABLE
            nowhere = fewest_changes(requirement, {}, dict.fromkeys(unknown, (0, 0))) is None
        except LimitExceededError:
            return None
        return Lack.NO_SUCH_SKILL if nowhere else None

    def missing(self, handle: int) -> tuple[Missing, ...]:
        """What keeps a resource from fitting: the fewest changes that would make it fit; nothing where it fits.

        Of several ways that change as few skills it is the first in the order of the requirement.

        Raises:
            InvalidValueError: No resource of that handle in the table.
            LimitExceededError: The requirement is too tangled to search through.
        """
        row = self.table.row_of(handle)
        skills = self._asked.skills_missing(self.table.resources[row])
        return (*self._besides(row), *skills)

    def _besides(self, row: int) -> list[Missing]:
        lacks = list(self._asked.besides(self.table.resources[row]))
        return lacks if self._duty is None or self._duty[row] else [*lacks, Missing(Lack.NOT_ON_DUTY)]

    def closest(self, limit: int = 3) -> dict[int, tuple[Missing, ...]]:
        """Those who do not fit and lack the fewest things, by handle, the nearest first, then in the table's order.

            >>> from petpro_core.matching import Has, Resource
            >>> table = ResourceTable.of([Resource(7, "room"), Resource(8, "provider")])
            >>> [str(lack) for lack in match(table, Role("provider", Has(3))).closest(1)[8]]
            ['skill missing: skill 3, needed from basic up']

        Args:
            limit: At most so many, 1 or more.

        Raises:
            InvalidValueError: ``limit`` is no whole number from 1.
            LimitExceededError: The requirement is too tangled to search through.
        """
        limit = as_whole("limit", limit, 1)
        resources = self.table.resources
        least = [
            (len(self._besides(row)) + self._asked.unable(resources[row]), row)
            for row in (~self.fits).nonzero()[0].tolist()
        ]
        found: list[tuple[int, int, tuple[Missing, ...]]] = []
        # Whoever lacks at least more than the farthest of enough others need not be searched.
        for bound in sorted(least):
            if len(found) == limit and bound > found[-1][:2]:
                break
            lacks = self.missing(resources[bound[1]].handle)
            insort(found, (len(lacks), bound[1], lacks))
            del found[limit:]
        return {resources[row].handle: lacks for _, row, lacks in found}


def places(count: Count, among: tuple[int, ...] | None, eligible: BoolArray) -> int:
    """How many a role takes: its count, or everybody whom it names, or everybody who fits, and at least one."""
    if count != ALL:
        return int(count)
    return max(1, int(np.count_nonzero(eligible))) if among is None else len(among)


def match(
    table: ResourceTable,
    wanted: Role | Requirement,
    *,
    kind: ResourceKind | str | None = None,
    group: int | None = None,
    location: int | None = None,
    on_duty: npt.ArrayLike | None = None,
) -> Match:
    """Who fits a role, or meets a requirement, and what the others lack.

        >>> from petpro_core.matching import Has, Resource
        >>> table = ResourceTable.of([Resource(7, "provider", skills={3: "expert"}), Resource(8, "provider")])
        >>> match(table, Role("provider", Has(3)), on_duty=[False, True]).lack
        <Lack.NOBODY_ON_DUTY: 'nobody_on_duty'>
        >>> match(table, Has(4)).lack
        <Lack.NO_SUCH_SKILL: 'no_such_skill'>

    Args:
        table: Who is looked at.
        wanted: A role, or a requirement alone, of which one is needed.
        kind: Only resources of this kind, beside what the role says; likewise below.
        group: Only those of this group.
        location: Only those who can be at this place.
        on_duty: Who is there, as a mask over the rows (``ResourceTable.on_duty`` makes one); ``None`` = everybody.

    Raises:
        InvalidValueError: A value of another type, or a mask of another length.

    Source: FHIR R4 Schedule.actor, PractitionerRole (who can, apart from when).
    """
    as_kind("table", table, ResourceTable)
    as_kind("wanted", wanted, Role, Requirement)
    asked = Asked.of(wanted, kind=kind, group=group, location=location)
    eligible = asked.mask(table)
    duty = None if on_duty is None else _bits.as_mask("on_duty", on_duty, (len(table),))
    fits = eligible if duty is None else eligible & duty
    need = places(wanted.count, wanted.among, eligible) if isinstance(wanted, Role) else 1
    return Match(table, wanted, eligible, fits, need, asked, duty)
