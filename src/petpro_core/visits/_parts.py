"""A visit as parts and ways: who takes part from which step to which, and how the steps may lie behind each other.

A *part* is what the roles of one name become: so many places, each filled by one resource, which is held from the
part's first step to its last. A *way* fixes the length of each step and the gaps between them, so that everything lies
at a fixed distance from the visit's start.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np

from petpro_core.errors import InvalidValueError, LimitExceededError
from petpro_core.intervals import Int64Array, duration_us
from petpro_core.matching import ResourceKind, Role, match
from petpro_core.matching.matches import places
from petpro_core.slots import CalendarDays

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from petpro_core.matching import ResourceTable, ServiceType
    from petpro_core.visits.steps import Visit

__all__ = ["Length", "Part", "Way", "parts_of", "ways_of"]

Length = timedelta | CalendarDays

_MOST_WAYS: Final = 2_000


@attrs.frozen(eq=False)
class Part:
    """Roles of one name in steps that follow each other, filled by the same resources throughout.

    Attributes:
        name: What the roles are called.
        roles: The role of each step in which it has one, by the number of the step.
        need: How many resources.
        rows: int64[k]: who is eligible, as rows of the table.
        lengths: For each step whose length this part sets: int64[k], which of the step's lengths each row takes.
    """

    name: str
    roles: Mapping[int, Role]
    need: int
    rows: Int64Array
    lengths: Mapping[int, Int64Array]

    @property
    def first(self) -> int:
        """Its first step."""
        return min(self.roles)

    @property
    def last(self) -> int:
        """Its last step."""
        return max(self.roles)

    def fitting(self, way: Way) -> npt.NDArray[np.bool_]:
        """Which of its rows take as long as a way says."""
        fits = np.ones(len(self.rows), np.bool_)
        for step, numbers in self.lengths.items():
            fits &= numbers == way.choice[step]
        return fits


@attrs.frozen(eq=False)
class Way:
    """One way for the steps to follow each other.

    Attributes:
        choice: Which of the lengths of each step.
        lengths: Them, in microseconds; 0 for a stay of calendar days, which is told by the judge's own rules.
        offsets: Where each step begins, in microseconds after the visit's start.
    """

    choice: tuple[int, ...]
    lengths: tuple[int, ...]
    offsets: tuple[int, ...]

    @property
    def total(self) -> int:
        """From the visit's start to its end."""
        return self.offsets[-1] + self.lengths[-1]

    def held(self, part: Part) -> tuple[int, int]:
        """When a part begins, after the visit's start, and how long it is held."""
        begin = self.offsets[part.first]
        return begin, self.offsets[part.last] + self.lengths[part.last] - begin


def parts_of(visit: Visit, table: ResourceTable, told: Mapping[str, Any]) -> tuple[list[Part], list[list[Length]]]:
    """The parts of a visit, in the order in which they begin, and the lengths that each step may have.

    Args:
        visit: The visit.
        table: Who could take part.
        told: What is told of who comes: ``species``, ``size``, ``new_client``.

    Raises:
        InvalidValueError: Roles of one name that want different numbers of resources.
    """
    chains: list[dict[int, tuple[int, Role]]] = []
    current: dict[tuple[str, int], dict[int, tuple[int, Role]]] = {}
    for number, step in enumerate(visit.steps):
        seen: dict[str, int] = {}
        for position, role in enumerate(step.service.roles):
            # Two roles of one name in one step are two parts, the first of each step with the first of the next.
            key = role.called, seen.get(role.called, 0)
            seen[role.called] = key[1] + 1
            if key not in current or (role.called in step.change and min(current[key]) < number):
                current[key] = {}
                chains.append(current[key])
            current[key][number] = position, role
    lengths: list[list[Length]] = []
    takes: list[tuple[int, Int64Array]] = []
    for step in visit.steps:
        found, numbers = _lengths(step.service, table, told)
        lengths.append(found)
        takes.append((_leader(step.service), numbers))
    return [_part(chain, table, takes) for chain in chains], lengths


def _leader(service: ServiceType) -> int:
    """Which of a service's roles sets how long it takes: the first that providers fill, or else the first."""
    kinds = [role.kind for role in service.roles]
    return kinds.index(ResourceKind.PROVIDER) if ResourceKind.PROVIDER in kinds else 0


def _lengths(service: ServiceType, table: ResourceTable, told: Mapping[str, Any]) -> tuple[list[Length], Int64Array]:
    """The lengths of a service, shortest first, and which of them each row of the table takes."""
    if not any(rule.provider is not None for rule in service.durations):
        return [service.duration_for(**told)], np.zeros(len(table), np.int64)
    each = [service.duration_for(provider=handle, **told) for handle in table.handles.tolist()]
    found = sorted(set(each), key=_in_order)
    number = {length: place for place, length in enumerate(found)}
    return found, np.array([number[length] for length in each], np.int64)


def _in_order(length: Length) -> tuple[bool, int]:
    if isinstance(length, CalendarDays):
        return True, length.days
    return False, duration_us(length)


def _part(chain: Mapping[int, tuple[int, Role]], table: ResourceTable, takes: Sequence[tuple[int, Int64Array]]) -> Part:
    roles = {number: role for number, (_, role) in chain.items()}
    name = next(iter(roles.values())).called
    mask = np.ones(len(table), np.bool_)
    for role in roles.values():
        mask &= match(table, role).eligible
    needs = {places(role.count, role.among, mask) for role in roles.values()}
    if len(needs) > 1:
        msg = (
            f"the role {name!r} is filled by the same resources in each step, got {sorted(needs)} of them; "
            "give the later step a change, or the roles other names"
        )
        raise InvalidValueError(msg, name="count", got=sorted(needs), role=name)
    rows = mask.nonzero()[0]
    leads = [number for number, (position, _) in chain.items() if takes[number][0] == position]
    lengths = {number: takes[number][1][rows] for number in leads}
    return Part(name, roles, needs.pop(), rows, lengths)


def ways_of(visit: Visit, lengths: Sequence[Sequence[Length]], parts: Iterable[Part]) -> list[Way]:
    """Every way for the steps to follow each other, those that end first before the others, and then by their gaps.

    Raises:
        LimitExceededError: There are more ways than can be tried.
    """
    gap_step = duration_us(visit.gap_step)
    gaps = [range(duration_us(step.min_gap), duration_us(step.max_gap) + 1, gap_step) for step in visit.steps]
    # A length that nobody who is eligible takes leads nowhere; where nobody is, the part itself says so.
    used: list[list[int]] = [list(range(len(each))) for each in lengths]
    for part in parts:
        for number, takes in part.lengths.items():
            used[number] = np.unique(takes).tolist() or used[number]
    size = prod(map(len, gaps)) * prod(map(len, used))
    if size > _MOST_WAYS:
        msg = (
            f"the steps of a visit follow each other in at most {_MOST_WAYS} ways (gaps times lengths), got {size}; "
            "use a longer gap_step, or narrower gaps"
        )
        raise LimitExceededError(msg, limit=_MOST_WAYS, got=size)
    found: list[tuple[int, tuple[int, ...], Way]] = []
    for choice in product(*used):
        each = [lengths[number][which] for number, which in enumerate(choice)]
        long = tuple(0 if isinstance(length, CalendarDays) else duration_us(length) for length in each)
        for waits in product(*gaps):
            offsets, at = [], 0
            for wait, length in zip(waits, long, strict=True):
                offsets.append(at + wait)
                at += wait + length
            way = Way(choice, long, tuple(offsets))
            found.append((way.total, (*waits, *choice), way))
    return [way for _, _, way in sorted(found, key=lambda entry: entry[:2])]
