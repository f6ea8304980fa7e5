"""The policy of a queue: its levels, most urgent first, and the discipline within a tier."""

from __future__ import annotations

import enum
import itertools
import operator
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core._checks import ZERO, as_choice, as_each, as_whole, frozen, kind, length
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import NEVER, Int64Array, duration_us
from petpro_core.priority._levels import UrgencyLevel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

__all__ = ["Discipline", "PriorityPolicy"]

_MOST_LEVELS: Final = 100
_MOST_GRACE: Final = timedelta(days=1)


class Discipline(enum.StrEnum):
    """Who goes first within a tier.

    ``HEAD_START`` (the default): who came first, each level as if it had come its head start earlier. The order of two
    who wait never changes, and nobody is overtaken by who comes later by the difference of their head starts or more.
    ``ACCUMULATING``: who has more points, rate times wait. The order changes as time passes.
    ``STRICT``: the more urgent level, then who came first; every level is a tier of its own.
    ``FIFO``: who came first, whatever the level; tiers still hold.

        >>> PriorityPolicy([UrgencyLevel("all")], discipline="fifo").discipline
        <Discipline.FIFO: 'fifo'>

    Source: Kleinrock, Nav. Res. Logist. Q. 11:329 (1964), for accumulating; Cobham, Oper. Res. 2:70 (1954), for strict;
    explanation/priority.md for the choice.
    """

    HEAD_START = "head_start"
    ACCUMULATING = "accumulating"
    STRICT = "strict"
    FIFO = "fifo"


def _as_levels(value: UrgencyLevel | Iterable[UrgencyLevel]) -> tuple[UrgencyLevel, ...]:
    return as_each(UrgencyLevel, "levels", value)


def _as_discipline(value: Discipline | str) -> Discipline:
    return as_choice(Discipline, "discipline", value)


@attrs.frozen(cache_hash=True)
class PriorityPolicy:
    """Who is next: levels of urgency, most urgent first, and the discipline within each tier.

        >>> policy = PriorityPolicy(
        ...     [UrgencyLevel("urgent", head_start=timedelta(minutes=45)), UrgencyLevel("routine")],
        ...     late_grace=timedelta(minutes=10),
        ... )
        >>> policy.level_of("routine"), policy.is_static
        (1, True)

    A more urgent level never does worse by its numbers: from one level to the next the tier may only grow, and within
    a tier the head start and the rate may only shrink; the same holds for targets. So raising somebody's urgency never
    moves them back.

    Attributes:
        levels: 1 to 100, most urgent first, each code once; a single one needs no list.
        discipline: Who goes first within a tier; its word is taken too.
        late_grace: How long after its time an appointment still counts as on time; 0 to 1 day. By default a late one
            loses exactly what it is late by (``queued_us``).
        name: What people read.
        source: Where its levels and targets come from.

    Raises:
        InvalidValueError: No level or too many, a code twice, or a level that does worse than a less urgent one; a
            value of another type, or one outside its bounds.

    Source: explanation/priority.md.
    """

    levels: tuple[UrgencyLevel, ...] = attrs.field(converter=_as_levels)
    discipline: Discipline = attrs.field(default=Discipline.HEAD_START, converter=_as_discipline, kw_only=True)
    late_grace: timedelta = attrs.field(default=ZERO, validator=length(most=_MOST_GRACE), kw_only=True)
    name: str = attrs.field(default="", validator=kind(str), kw_only=True)
    source: str = attrs.field(default="", validator=kind(str), kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse levels that contradict their order."""
        as_whole("the number of levels", len(self.levels), 1, _MOST_LEVELS)
        codes = [level.code for level in self.levels]
        if len(set(codes)) < len(codes):
            msg = f"the code of each level is there once, got {', '.join(codes)}"
            raise InvalidValueError(msg, name="levels", got=codes)
        for ahead, behind in itertools.pairwise(self.levels):
            _check_pair(ahead, behind)

    @property
    def is_static(self) -> bool:
        """Whether the order of two who wait never changes by time alone: true of all but ``ACCUMULATING``."""
        return self.discipline is not Discipline.ACCUMULATING

    def level_of(self, code: str) -> int:
        """The place of a level among ``levels``, by its code.

        Raises:
            InvalidValueError: No level has this code.
        """
        try:
            return self.places[code]
        except (KeyError, TypeError):
            msg = f"urgency is one of {', '.join(self.places)}, got {code!r}"
            raise InvalidValueError(msg, name="urgency", got=code, allowed=tuple(self.places)) from None

    @cached_property
    def places(self) -> dict[str, int]:
        """The place of each level by its code."""
        return {level.code: place for place, level in enumerate(self.levels)}

    @cached_property
    def tiers(self) -> Int64Array:
        """int64[k]: the tier that each level is ranked in; under ``STRICT`` each level is one of its own."""
        if self.discipline is Discipline.STRICT:
            return frozen(np.arange(len(self.levels)))
        return self._column(lambda level: level.tier)

    @cached_property
    def head_starts_us(self) -> Int64Array:
        """int64[k]: the head start of each level in microseconds."""
        return self._column(lambda level: duration_us(level.head_start))

    @cached_property
    def rates(self) -> Int64Array:
        """int64[k]: the rate of each level."""
        return self._column(lambda level: level.rate)

    @cached_property
    def late_grace_us(self) -> int:
        """The grace in microseconds."""
        return duration_us(self.late_grace)

    @cached_property
    def alerts_us(self) -> Int64Array:
        """int64[k]: the wait that raises an alert for each level, in microseconds; ``NEVER`` where none does."""
        return self._column(lambda level: NEVER if level.alert_after is None else duration_us(level.alert_after))

    def _column(self, read: Callable[[UrgencyLevel], int]) -> Int64Array:
        return frozen(np.array([read(level) for level in self.levels], np.int64))


# What grows and what shrinks from a level to the next less urgent one; the last two are told apart only within a tier.
_GROWS: Final[tuple[tuple[str, bool], ...]] = (("tier", True), ("target", True), ("head_start", False), ("rate", False))


def _check_pair(ahead: UrgencyLevel, behind: UrgencyLevel) -> None:
    for name, grows in _GROWS:
        first: Any
        second: Any
        first, second = operator.attrgetter(name)(ahead), operator.attrgetter(name)(behind)
        if first is None or second is None or (not grows and ahead.tier != behind.tier):
            continue
        if (first > second) if grows else (first < second):
            more = "greater" if grows else "smaller"
            msg = (
                f"levels are listed most urgent first, and {name} is never {more} than that of a less urgent one, "
                f"got {first} of {ahead.code!r} before {second} of {behind.code!r}; change their order or the numbers"
            )
            raise InvalidValueError(msg, name=name, got=(first, second), levels=(ahead.code, behind.code))
