"""Moves by hand: somebody is put directly before or after somebody else of the same tier, with a reason."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import attrs

from petpro_core._checks import handle, kind, whole
from petpro_core.errors import InvalidValueError
from petpro_core.priority._entry import as_instant
from petpro_core.priority._levels import word

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

__all__ = ["Move", "MoveOutcome", "Override", "apply_moves"]


@attrs.frozen
class Move:
    """Somebody put an entry directly before or directly after another one.

        >>> move = Move(9, before=7, by="Ana", reason="blind, frightened of the dogs")
        >>> move.anchor
        7

    Attributes:
        entry: The number of the entry that moves.
        before: The number of the entry that it goes directly before; this or ``after``, and not both.
        after: The number of the entry that it goes directly after.
        by: Who moves it, in the caller's words.
        reason: Why, likewise.
        at: When; ``None`` = not told.

    Raises:
        InvalidValueError: Neither ``before`` nor ``after``, or both; an entry beside itself; a word that is empty, or a
            value of another type.
        NaiveDatetimeError: ``at`` has no zone.

    Source: explanation/priority.md.
    """

    entry: int = attrs.field(validator=whole())
    before: int | None = attrs.field(default=None, validator=handle(), kw_only=True)
    after: int | None = attrs.field(default=None, validator=handle(), kw_only=True)
    by: str = attrs.field(validator=word, kw_only=True)
    reason: str = attrs.field(validator=word, kw_only=True)
    at: datetime | None = attrs.field(default=None, converter=attrs.converters.optional(as_instant), kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse a move to nowhere, to two places, or beside itself."""
        if (self.before is None) == (self.after is None):
            msg = f"a move goes before or after one other entry, got before={self.before} and after={self.after}"
            raise InvalidValueError(msg, before=self.before, after=self.after)
        if self.entry == self.anchor:
            msg = f"an entry moves beside another one, got {self.entry} beside itself"
            raise InvalidValueError(msg, name="entry", got=self.entry)

    @property
    def anchor(self) -> int:
        """The number of the entry that it goes beside."""
        return self.before if self.before is not None else self.after  # type: ignore[return-value]  # one of them is told


class MoveOutcome(enum.StrEnum):
    """What became of a move; the values are stable codes.

    ``MOVED``: it holds. ``GONE``: one of the two is not in this queue. ``OTHER_TIER``: they are in different tiers, and
    only a new triage crosses one.
    """

    MOVED = "moved"
    GONE = "gone"
    OTHER_TIER = "other_tier"


def _as_numbers(value: Iterable[int]) -> tuple[int, ...]:
    return tuple(value)


@attrs.frozen
class Override:
    """A move and what became of it: the record of one decision of a person over the policy's.

        >>> Override(Move(9, before=7, by="Ana", reason="in pain"), MoveOutcome.MOVED, passed=(7, 8)).passed
        (7, 8)

    Attributes:
        move: The move.
        outcome: Whether it holds, and if not, why.
        passed: The numbers of the waiting entries that it was put before and had been behind, in their order; or, for a
            move back, that it was put behind and had been before.
    """

    move: Move = attrs.field(validator=kind(Move))
    outcome: MoveOutcome = attrs.field(validator=kind(MoveOutcome))
    passed: tuple[int, ...] = attrs.field(default=(), converter=_as_numbers)


# In: places in order, and for each place its number, its tier and whether it waits. Moves are made one after another,
# each upon what the one before left, and each within a tier, so that tiers stay whole. Entries that no longer wait
# still hold their place here: whoever was put behind them stays there when they are called.
def apply_moves(
    order: list[int], moves: Iterable[Move], *, ids: list[int], tiers: list[int], waits: list[bool]
) -> tuple[list[int], tuple[Override, ...]]:
    """The order after the moves, and the record of each."""
    order = list(order)
    place_of = {number: place for place, number in enumerate(ids)}
    record = []
    for move in moves:
        mover, anchor = place_of.get(move.entry), place_of.get(move.anchor)
        if mover is None or anchor is None:
            record.append(Override(move, MoveOutcome.GONE))
        elif tiers[mover] != tiers[anchor]:
            record.append(Override(move, MoveOutcome.OTHER_TIER))
        else:
            start = order.index(mover)
            del order[start]
            end = order.index(anchor) + (move.after is not None)
            order.insert(end, mover)
            passed = order[end + 1 : start + 1] if end < start else order[start:end]
            record.append(Override(move, MoveOutcome.MOVED, tuple(ids[place] for place in passed if waits[place])))
    return order, tuple(record)
