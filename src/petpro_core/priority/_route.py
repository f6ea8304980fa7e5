"""Where an entry goes: the stages of its way, each with a queue of its own."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

import attrs

from petpro_core._checks import as_choice, as_each, as_whole, handle
from petpro_core.priority._levels import word

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Joining", "Route", "Stage"]

_MOST_STAGES: Final = 100


class Joining(enum.StrEnum):
    """From when the place in a stage's queue counts, for somebody who comes from the stage before.

    ``KEEP_ARRIVAL`` (the default): from when it counted before, so that the whole visit is one wait and nobody pays for
    having been looked at early. ``NEW_ARRIVAL``: from when they joined this queue, as at a counter where everybody
    takes a new number.

        >>> Stage("pharmacy", joining="new_arrival").joining
        <Joining.NEW_ARRIVAL: 'new_arrival'>

    Source: explanation/priority.md.
    """

    KEEP_ARRIVAL = "keep_arrival"
    NEW_ARRIVAL = "new_arrival"


def _as_joining(value: Joining | str) -> Joining:
    return as_choice(Joining, "joining", value)


@attrs.frozen
class Stage:
    """One stop of a route, with a queue of its own.

        >>> Stage("triage", service=4).code
        'triage'

    Attributes:
        code: The word for its queue; entries of one code wait in one queue.
        joining: From when a place in it counts; its word is taken too. The first stage of a route counts from the
            arrival either way.
        service: The handle of what is done there; ``None`` = what the entry came for.

    Raises:
        InvalidValueError: A value of another type, or one outside its bounds.

    Source: explanation/priority.md.
    """

    code: str = attrs.field(validator=word)
    joining: Joining = attrs.field(default=Joining.KEEP_ARRIVAL, converter=_as_joining, kw_only=True)
    service: int | None = attrs.field(default=None, validator=handle(), kw_only=True)


def _as_stages(value: Stage | Iterable[Stage]) -> tuple[Stage, ...]:
    return as_each(Stage, "stages", value)


@attrs.frozen
class Route:
    """The stages of a visit in their order; a stage may come twice (vet, X-ray, vet).

        >>> [stage.code for stage in Route([Stage("triage"), Stage("vet"), Stage("pharmacy")]).stages]
        ['triage', 'vet', 'pharmacy']

    Attributes:
        stages: 1 to 100; a single one needs no list.

    Raises:
        InvalidValueError: No stage or too many, or a value of another type.

    Source: explanation/priority.md.
    """

    stages: tuple[Stage, ...] = attrs.field(converter=_as_stages)

    def __attrs_post_init__(self) -> None:
        """Refuse a way that leads nowhere."""
        as_whole("the number of stages", len(self.stages), 1, _MOST_STAGES)
