"""Distinct resources for all roles of a visit, or the roles that together have too few."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import attrs
import numpy as np

from petpro_core._checks import as_column, as_each, as_kind, frozen
from petpro_core.errors import InvalidValueError
from petpro_core.matching import _bits
from petpro_core.matching._coverage import Counting, coverages
from petpro_core.matching._pairing import Rule, Tight, Unsupervised, first_pairing
from petpro_core.matching.matches import Lack, Match, match
from petpro_core.matching.resources import ResourceKind, ResourceTable
from petpro_core.matching.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from petpro_core.intervals import Int64Array
    from petpro_core.matching._bits import BoolArray
    from petpro_core.matching._coverage import Coverage
    from petpro_core.matching.skills import Requirement

__all__ = ["Pairing", "RoleTable", "Shortage", "Supervision", "covered", "pair"]


@attrs.frozen
class Shortage:
    """Roles that cannot be filled together, and with whom they would be.

    No role of it can be left out: without any one of them the others could be filled.

        >>> Shortage(Lack.TOO_FEW_TOGETHER, (0, 1), 3, (7, 8)).need
        3

    Attributes:
        lack: What the matter is.
        roles: Their numbers, in order.
        need: How many they take together; with ``NO_SENIOR``, a senior.
        handles: All who would do for one of them: fewer than ``need``. With ``NO_SENIOR``, the seniors who would do and
            who are all needed elsewhere.

    Source: Hall, J. London Math. Soc. 10:26 (1935).
    """

    lack: Lack
    roles: tuple[int, ...]
    need: int
    handles: tuple[int, ...]


@attrs.frozen
class Pairing:
    """Who fills which role, nobody two of them; or what stands in the way.

        >>> Pairing(((0, 2), (1,)), ((7, 9), (8,))).found
        True

    Attributes:
        rows: For each role the rows of the table, those first that are preferred; empty where there is a shortage.
        handles: The same as handles.
        shortage: Why there is none.
    """

    rows: tuple[tuple[int, ...], ...]
    handles: tuple[tuple[int, ...], ...]
    shortage: Shortage | None = None

    @property
    def found(self) -> bool:
        """Whether all roles are filled."""
        return self.shortage is None


@attrs.frozen(eq=False)
class Supervision:
    """One requirement of seniors.

    Attributes:
        roles: The numbers of the roles whose juniors it binds.
        juniors: bool[r, n]: those, role by role.
        seniors: bool[n]: who will do beside them.
    """

    roles: tuple[int, ...]
    juniors: BoolArray
    seniors: BoolArray


@attrs.frozen(eq=False, repr=False)
class RoleTable:
    """The roles of a visit, compiled against a table of resources: who may fill which, and how many each takes.

        >>> from petpro_core.matching import Has, Resource
        >>> table = ResourceTable.of([Resource(n, "provider", skills={1: "expert"} if n == 7 else {}) for n in (7, 8)])
        >>> roles = RoleTable.of(table, [Role("provider"), Role("provider", Has(1, "expert"))])
        >>> roles.eligible.tolist(), roles.needs.tolist()
        ([[True, True], [True, False]], [1, 1])

    Every column is read-only.

    Attributes:
        table: The resources.
        matches: For each role who fits it, and what the others lack.
        eligible: bool[r, n]: who may fill which role.
        needs: int64[r]: how many each takes.
    """

    table: ResourceTable
    matches: tuple[Match, ...]
    eligible: BoolArray
    needs: Int64Array

    @classmethod
    def of(
        cls,
        table: ResourceTable,
        roles: Role | Iterable[Role],
        *,
        group: int | None = None,
        location: int | None = None,
    ) -> RoleTable:
        """Roles against resources.

        Args:
            table: The resources.
            roles: At least one; a single one needs no list.
            group: Only resources of this group, whatever the role says.
            location: Only those who can be at this place.

        Raises:
            InvalidValueError: No role, or a value of another type.
        """
        as_kind("table", table, ResourceTable)
        several = as_each(Role, "roles", roles)
        if not several:
            msg = "a visit has at least one role, got none; give a Role for whoever or whatever it takes"
            raise InvalidValueError(msg, name="roles", got=several)
        matches = tuple(match(table, role, group=group, location=location) for role in several)
        eligible = np.array([one.eligible for one in matches])
        eligible.setflags(write=False)
        return cls(table, matches, eligible, frozen(np.array([one.need for one in matches], np.int64)))

    def __repr__(self) -> str:
        """Say how much there is; its columns would fill a page."""
        return f"<RoleTable of {len(self)} roles over {len(self.table)} resources>"

    def __len__(self) -> int:
        """How many roles."""
        return len(self.matches)

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles."""
        return tuple(one.wanted for one in self.matches if isinstance(one.wanted, Role))

    @cached_property
    def shortage(self) -> Shortage | None:
        """Why the roles could not be filled even if everybody were free, or ``None``."""
        return pair(self).shortage

    @property
    def coverage(self) -> tuple[Coverage, ...]:
        """What must hold at any moment: roles that together need so many of some rows.

        For pruning by interval algebra: "at least ``need`` of these rows are free".
        """
        return self._coverage[0]

    @property
    def coverage_decides(self) -> bool:
        """Whether ``covered`` says exactly where a pairing exists: at most six kinds of role, and no junior."""
        return self._coverage[1] and not self.supervision

    @cached_property
    def _coverage(self) -> tuple[tuple[Coverage, ...], bool]:
        return coverages(self.eligible, self.needs)

    @cached_property
    def counting(self) -> Counting:
        """``coverage``, prepared for ``covered``."""
        return Counting.of(self.coverage, len(self.table))

    @cached_property
    def supervision(self) -> tuple[Supervision, ...]:
        """The requirements of seniors that bind somebody, each once."""
        bound: dict[Requirement | None, list[int]] = {}
        for number, role in enumerate(self.roles):
            if not role.alone and (self.eligible[number] & self.table.supervised).any():
                rule = role.requirement if role.supervision is None else role.supervision
                bound.setdefault(rule, []).append(number)
        found = []
        for rule, numbers in bound.items():
            juniors = np.zeros_like(self.eligible)
            juniors[numbers] = self.eligible[numbers] & self.table.supervised
            able = self.table.match(rule, kind=ResourceKind.PROVIDER)
            found.append(Supervision(tuple(numbers), juniors, able & ~self.table.supervised))
        return tuple(found)

    def masks(self, candidates: npt.ArrayLike | None, order: Int64Array | None) -> tuple[list[int], list[Rule]]:
        """``eligible`` and the rules of supervision as integers; bit i stands for the i-th row of ``order``."""
        ints = self._ints if order is None else _as_ints(self._stacked[:, order])
        size = len(self)
        masks = ints[:size]
        # Below the roles stand, for each rule, the juniors of each role and then the seniors.
        rules = [Rule(ints[at : at + size], ints[at + size]) for at in range(size, len(ints), size + 1)]
        if candidates is None:
            return masks, rules
        rows = len(self.table)
        among = _bits.as_mask("candidates", candidates, (rows,), (size, rows))
        among = among[None] if among.ndim == 1 else among
        there = _as_ints(among if order is None else among[:, order])
        return [mask & one for mask, one in zip(masks, there * (size // len(there)), strict=True)], rules

    @cached_property
    def _stacked(self) -> BoolArray:
        return np.vstack([self.eligible, *(part for one in self.supervision for part in (one.juniors, one.seniors))])

    @cached_property
    def _ints(self) -> list[int]:
        return _as_ints(self._stacked)


def _as_ints(masks: BoolArray) -> list[int]:
    packed = np.packbits(masks, axis=1, bitorder="little")
    text, size = packed.tobytes(), packed.shape[1]
    return [int.from_bytes(text[row * size : (row + 1) * size], "little") for row in range(len(masks))]


def covered(roles: RoleTable, free: npt.ArrayLike) -> BoolArray:
    """Where there are enough resources for all roles, by counting them: many moments at once.

    Nowhere else can the roles be filled. Where it is True they can, if ``roles.coverage_decides``; otherwise ``pair``
    decides.

        >>> from petpro_core.matching import Resource
        >>> table = ResourceTable.of([Resource(7, "provider"), Resource(8, "provider")])
        >>> two = RoleTable.of(table, [Role("provider"), Role("provider")])
        >>> covered(two, [[True, True, False], [True, False, True]]).tolist()
        [True, False, False]

    Args:
        roles: The roles of a visit.
        free: bool[n, t]: for each row of the table at which of t moments (starts, say) it can be had.

    Raises:
        InvalidValueError: No array of truth values with a row for each resource.

    Source: Hall, J. London Math. Soc. 10:26 (1935); ADR 15 (coverage).
    """
    as_kind("roles", roles, RoleTable)
    moments = np.shape(free)[1] if np.ndim(free) == 2 else 0
    return roles.counting.enough(_bits.as_mask("free", free, (len(roles.table), moments)))


def pair(
    roles: RoleTable, candidates: npt.ArrayLike | None = None, *, order: Sequence[int] | Int64Array | None = None
) -> Pairing:
    """Distinct resources for all roles, or the roles that together have too few.

    The answer is the first in dictionary order: the first role gets whom it prefers, as far as the others can still be
    filled; then the second; and so on. Nothing else bears on it. Juniors count only beside a senior who is paired too.

        >>> from petpro_core.matching import Has, Resource
        >>> table = ResourceTable.of([Resource(n, "provider", skills={1: "expert"} if n == 7 else {}) for n in (7, 8)])
        >>> roles = RoleTable.of(table, [Role("provider"), Role("provider", Has(1, "expert"))])
        >>> pair(roles).handles
        ((8,), (7,))
        >>> pair(roles, [False, True]).shortage.lack
        <Lack.NOBODY_ON_DUTY: 'nobody_on_duty'>

    Args:
        roles: The roles of a visit.
        candidates: Who can be had, bool[n] for all roles or bool[r, n] for each; ``None`` = everybody.
        order: Rows of the table, the preferred ones first, each once; ``None`` = in the order of the table.

    Raises:
        InvalidValueError: A mask of another shape, or an order that does not name each row once.

    Source: Hopcroft and Karp, SIAM J. Comput. 2:225 (1973); Hall, J. London Math. Soc. 10:26 (1935).
    """
    as_kind("roles", roles, RoleTable)
    rows = None if order is None else _as_order(order, len(roles.table))
    masks, rules = roles.masks(candidates, rows)
    found = first_pairing(masks, roles.needs.tolist(), rules)
    if isinstance(found, Tight):
        return Pairing((), (), _shortage(roles, found, rows))
    if isinstance(found, Unsupervised):
        return Pairing((), (), _unsupervised(roles, found, masks, rules, rows))
    chosen = tuple(tuple(columns if rows is None else rows[columns].tolist()) for columns in found)
    resources = roles.table.resources
    return Pairing(chosen, tuple(tuple(resources[row].handle for row in part) for part in chosen))


def _as_order(order: Sequence[int] | Int64Array, rows: int) -> Int64Array:
    column = as_column("order", order)
    if column.shape != (rows,) or not np.array_equal(np.sort(column), np.arange(rows)):
        msg = f"order names each of the {rows} rows once, got {order!r}; rank handles by `row_of`"
        raise InvalidValueError(msg, name="order", got=order, rows=rows)
    return column


# Handles of the rows that an integer stands for, in the order of the table.
def _handles(roles: RoleTable, mask: int, order: Int64Array | None) -> tuple[int, ...]:
    found = np.array([column for column in range(mask.bit_length()) if mask >> column & 1], np.int64)
    return tuple(roles.table.handles[found if order is None else np.sort(order[found])].tolist())


def _shortage(roles: RoleTable, tight: Tight, order: Int64Array | None) -> Shortage:
    need = int(roles.needs[list(tight.numbers)].sum())
    lack = Lack.TOO_FEW_TOGETHER
    if len(tight.numbers) == 1:
        lack = roles.matches[tight.numbers[0]].lack or (Lack.TOO_FEW_ON_DUTY if tight.columns else Lack.NOBODY_ON_DUTY)
    return Shortage(lack, tight.numbers, need, _handles(roles, tight.columns, order))


def _unsupervised(
    roles: RoleTable, found: Unsupervised, masks: Sequence[int], rules: Sequence[Rule], order: Int64Array | None
) -> Shortage:
    bound = sorted({number for rule in found.rules for number in roles.supervision[rule].roles})
    able, present = 0, 0
    for rule in found.rules:
        able |= rules[rule].seniors
    for mask in masks:
        present |= mask
    return Shortage(Lack.NO_SENIOR, tuple(bound), 1, _handles(roles, able & present, order))
