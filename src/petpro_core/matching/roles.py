"""Roles: what a visit needs of people, rooms and equipment."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

import attrs

from petpro_core import _checks
from petpro_core._checks import NONE, ZERO, as_whole
from petpro_core.errors import InvalidValueError
from petpro_core.matching.resources import ResourceKind, as_handles, as_resource_kind
from petpro_core.matching.skills import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ALL", "Count", "Role"]

ALL: Final = "all"
"""As the count of a role: everybody who fits, or, where the role names resources, every one of those."""

Count = int | Literal["all"]

_YEAR: Final = timedelta(days=366)
_MOST_PLACES: Final = 1_000


def _as_among(value: int | Iterable[int] | None) -> tuple[int, ...] | None:
    return None if value is None else as_handles("among", value)


def _as_count(value: int | str) -> Count:
    if isinstance(value, str):
        if value != ALL:
            msg = f"count is a whole number from 1 to {_MOST_PLACES}, or {ALL!r}, got {value!r}"
            raise InvalidValueError(msg, name="count", got=value)
        return ALL
    return as_whole("count", value, 1, _MOST_PLACES)


@attrs.frozen(cache_hash=True)
class Role:
    """A part in a visit: so many resources of a kind, and what they must be able to do.

        >>> from petpro_core.matching import Has
        >>> Role("provider", Has(3, "advanced"), name="surgeon").count
        1
        >>> Role("provider", count=2, among=[1, 2, 3]).called
        'provider'

    Attributes:
        kind: What fills it; its word is taken too.
        requirement: What they must be able to do; ``None`` = nothing in particular.
        count: How many, 1 to 1,000; or ``ALL`` (``"all"``): everybody who fits, and at least one, or, where ``among``
            names resources, every one of those.
        among: Only these resources, by handle: ``count`` of them (N of M). ``None`` = whoever.
        group: Only resources of this group.
        location: Only resources that can be at this place.
        name: What it is called in a service and in answers; ``""`` = by its kind.
        supervision: What a senior must be able to do for a junior (``Resource.supervised``) to count in this role; any
            provider of the same visit who is no junior will do, in whatever role. ``None`` = ``requirement``.
        alone: A junior counts in this role without a senior.
        buffer_before: Kept free before the visit on the resources of this role alone; 0 to 366 days.
        buffer_after: Kept free after it, likewise: cleaning the room takes no vet.

    Raises:
        InvalidValueError: A value of another type or outside its bounds, nobody in ``among`` or a handle twice, more
            wanted than it names, or supervision of what is no provider.

    Source: ADR 5 (buffers); FHIR R4 Appointment.participant (a type, and how many are required).
    """

    kind: ResourceKind = attrs.field(converter=as_resource_kind)
    requirement: Requirement | None = attrs.field(default=None, validator=_checks.kind(Requirement, NONE))
    count: Count = attrs.field(default=1, converter=_as_count)
    among: tuple[int, ...] | None = attrs.field(default=None, converter=_as_among, kw_only=True)
    group: int | None = attrs.field(default=None, validator=_checks.handle(), kw_only=True)
    location: int | None = attrs.field(default=None, validator=_checks.handle(), kw_only=True)
    name: str = attrs.field(default="", validator=_checks.kind(str), kw_only=True)
    supervision: Requirement | None = attrs.field(default=None, validator=_checks.kind(Requirement, NONE), kw_only=True)
    alone: bool = attrs.field(default=False, validator=_checks.kind(bool), kw_only=True)
    buffer_before: timedelta = attrs.field(default=ZERO, validator=_checks.length(most=_YEAR), kw_only=True)
    buffer_after: timedelta = attrs.field(default=ZERO, validator=_checks.length(most=_YEAR), kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse a role that nobody could ever fill, and rules that mean nothing for its kind."""
        if self.among is not None:
            if not self.among:
                msg = "a role among resources names at least one, got none; leave `among` out for whoever fits"
                raise InvalidValueError(msg, name="among", got=self.among)
            if self.count != ALL and self.count > len(self.among):
                msg = f"a role takes at most as many as it names, got {self.count} of {len(self.among)}: {self.among}"
                raise InvalidValueError(msg, name="count", got=self.count, among=self.among)
        if self.kind is not ResourceKind.PROVIDER and (self.supervision is not None or self.alone):
            msg = f"only providers are supervised, got supervision in a role for a {self.kind}; leave it out"
            raise InvalidValueError(msg, name="supervision", got=self.kind)

    @property
    def called(self) -> str:
        """Its name, or its kind where it has none."""
        return self.name or str(self.kind)
