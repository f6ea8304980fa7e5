"""What a visit is made of: steps in order, each a service with its roles, and the gaps between them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

import attrs

from petpro_core._checks import TICK, ZERO, as_each, kind, length
from petpro_core.errors import InvalidValueError
from petpro_core.matching import ServiceType
from petpro_core.slots import CalendarDays

__all__ = ["Step", "Visit"]

_DAY: Final = timedelta(days=1)
_MOST_STEPS: Final = 20


def _as_names(value: str | Iterable[str]) -> tuple[str, ...]:
    return as_each(str, "change", value)


@attrs.frozen
class Step:
    """One step of a visit: a service, how long after the step before, and who must be somebody else then.

    A role is told by its name: the roles of one name in several steps are one part of the visit, and the same vet, the
    same room fills it throughout, unless a step names it in ``change``: then somebody else takes over.

        >>> from petpro_core.matching import Role
        >>> xray = ServiceType(2, [Role("provider", name="nurse"), Role("room")], timedelta(minutes=15))
        >>> Step(xray, min_gap=timedelta(minutes=5), max_gap=timedelta(minutes=20), change="room").max_gap
        datetime.timedelta(seconds=1200)

    Attributes:
        service: What is done, by whom, and for how long.
        min_gap: Time from the end of the step before to the start of this one, at least; 0 to 366 days. The first step
            has none.
        max_gap: The same, at most; ``min_gap`` by default.
        change: Names of roles that somebody else than before fills from this step on; a single one needs no list.

    Raises:
        InvalidValueError: A value of another type or outside its bounds, a longest gap below the shortest, or a change
            of a role that the service does not have.

    Source: ADR 21 (visits).
    """

    service: ServiceType = attrs.field(validator=kind(ServiceType))
    min_gap: timedelta = attrs.field(default=ZERO, validator=length(most=366 * _DAY), kw_only=True)
    max_gap: timedelta = attrs.field(
        default=attrs.Factory(lambda self: self.min_gap, takes_self=True),
        validator=length(most=366 * _DAY),
        kw_only=True,
    )
    change: tuple[str, ...] = attrs.field(default=(), converter=_as_names, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse gaps that nothing can keep, and a change of nobody."""
        if self.max_gap < self.min_gap:
            msg = f"the longest gap is at least the shortest, got {self.min_gap} to {self.max_gap}; swap the two"
            raise InvalidValueError(msg, name="max_gap", got=self.max_gap, min_gap=self.min_gap)
        names = {role.called for role in self.service.roles}
        unknown = [name for name in self.change if name not in names]
        if unknown:
            msg = f"a change names roles of the step's service ({', '.join(sorted(names))}), got {unknown[0]!r}"
            raise InvalidValueError(msg, name="change", got=unknown[0], allowed=sorted(names))


def _as_steps(value: Step | ServiceType | Iterable[Step | ServiceType]) -> tuple[Step, ...]:
    given = value if isinstance(value, Iterable) else (value,)
    return as_each(Step, "steps", [Step(one) if isinstance(one, ServiceType) else one for one in given])


@attrs.frozen
class Visit:
    """Steps in order, which start together or not at all. A service by itself is a visit of one step.

    Its start lies on the grid of the first role of the first step: on that resource's hours, by the service's step and
    alignment. Other resources, and later steps, take the times that this leads to.

        >>> from petpro_core.matching import Role
        >>> checkup = ServiceType(1, [Role("provider", name="vet"), Role("room")], timedelta(minutes=30))
        >>> bloods = ServiceType(2, [Role("provider", name="nurse")], timedelta(minutes=10))
        >>> len(Visit([checkup, Step(bloods, max_gap=timedelta(minutes=30))]).steps)
        2

    Attributes:
        steps: One to 20; services are taken for steps that follow at once, and a single one needs no list.
        gap_step: Gaps are tried from the shortest on by this much, and the first that works is taken; more than zero,
            at most a day.

    Raises:
        InvalidValueError: No step or too many; a gap before the first step or a change in it; a stay of calendar days
            or seats beside other steps; a value of another type or outside its bounds.

    Source: ADR 21 (visits).
    """

    steps: tuple[Step, ...] = attrs.field(converter=_as_steps)
    gap_step: timedelta = attrs.field(default=timedelta(minutes=5), validator=length(TICK, _DAY), kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse what is no visit, and steps that cannot stand beside others."""
        if not 1 <= len(self.steps) <= _MOST_STEPS:
            msg = f"a visit has 1 to {_MOST_STEPS} steps, got {len(self.steps)}"
            raise InvalidValueError(msg, name="steps", got=len(self.steps))
        first = self.steps[0]
        if first.max_gap or first.change:
            msg = "the first step follows nothing: it has no gap and no change; put them into the step after"
            raise InvalidValueError(msg, name="steps", got=first)
        for number, step in enumerate(self.steps if len(self.steps) > 1 else ()):
            lengths = [step.service.duration, *(rule.duration for rule in step.service.durations)]
            if step.service.seats is not None or any(isinstance(length, CalendarDays) for length in lengths):
                msg = (
                    f"stays in calendar days and sessions with seats are visits of one step, got one as step {number} "
                    f"of {len(self.steps)}; book it as a visit of its own"
                )
                raise InvalidValueError(msg, name="steps", got=step.service.handle)

    @classmethod
    def of(cls, visit: Visit | Step | ServiceType | Iterable[Step | ServiceType]) -> Visit:
        """A visit from itself, from a service, or from steps.

        >>> from petpro_core.matching import Role
        >>> len(Visit.of(ServiceType(1, Role("provider"), timedelta(minutes=30))).steps)
        1
        """
        return visit if isinstance(visit, Visit) else cls(visit)
