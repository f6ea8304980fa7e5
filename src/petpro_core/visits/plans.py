"""A visit that is planned: its steps with their times, and who takes part from when to when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from petpro_core._checks import kind
from petpro_core.bookings import Allocation, Booking
from petpro_core.intervals import Interval

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["PlannedPart", "PlannedStep", "VisitPlan"]


@attrs.frozen
class PlannedStep:
    """One step with its time.

    Attributes:
        service: The service's handle.
        interval: From its start to its end, buffers aside.
        parts: The names of the parts that work in it.
    """

    service: int
    interval: Interval = attrs.field(validator=kind(Interval))
    parts: tuple[str, ...]


@attrs.frozen
class PlannedPart:
    """Who fills a part, and for how long it is held: from its first step to its last, with its buffers around.

    Attributes:
        name: What its roles are called.
        resources: The handles of those who fill it.
        interval: When it takes part, waiting between its steps included.
        occupied: The same with its buffers.
        units: How much of each resource's capacity it takes.
    """

    name: str
    resources: tuple[int, ...]
    interval: Interval = attrs.field(validator=kind(Interval))
    occupied: Interval = attrs.field(validator=kind(Interval))
    units: int = 1


@attrs.frozen
class VisitPlan:
    """A start with everything that it leads to: ``VisitTable`` gives it, and ``check_visit`` judges it again.

    Attributes:
        steps: In order.
        parts: In the order in which they begin.

    Source: ADR 21 (visits).
    """

    steps: tuple[PlannedStep, ...]
    parts: tuple[PlannedPart, ...]

    @property
    def start(self) -> datetime:
        """When the visit starts."""
        return self.steps[0].interval.start

    @property
    def end(self) -> datetime:
        """When its last step ends."""
        return self.steps[-1].interval.end

    @property
    def resources(self) -> tuple[int, ...]:
        """Everybody who takes part, part by part."""
        return tuple(resource for part in self.parts for resource in part.resources)

    def booking(self, number: int, **told: Any) -> Booking:  # noqa: ANN401 - whatever a Booking takes
        """The booking of this visit: one allocation for each resource, held from its first step to its last.

        Args:
            number: The booking's number.
            **told: As in ``Booking``: ``status``, ``client``, ``pet``, ``service`` (the first step's by default), ...

        Raises:
            InvalidValueError: What ``Booking`` refuses.

        Source: ADR 5, ADR 21.
        """
        allocations = [
            Allocation(resource, part.interval, part.occupied, part.units)
            for part in self.parts
            for resource in part.resources
        ]
        return Booking(number, allocations, **({"service": self.steps[0].service} | told))
