"""What is offered: who does it, how long it takes for this animal and this vet, and what must come before it."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import attrs

from petpro_core import _checks
from petpro_core._checks import NONE, TICK, ZERO, as_choice, as_each, as_kind, as_whole
from petpro_core.bookings import BookingPolicy
from petpro_core.errors import InvalidValueError
from petpro_core.matching.roles import Role
from petpro_core.slots import Alignment, CalendarDays, SlotRules

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["DurationRule", "Preparation", "ServiceType"]

Duration = timedelta | CalendarDays

_MOST_UNITS: Final = 1_000_000
_FACTS: Final = ("provider", "species", "size", "new_client")


def _as_word(name: str, value: object) -> None:
    if value is not None and (not isinstance(value, str) or not value):
        msg = f"{name} is a word of the caller's, or None where it is not told, got {value!r}"
        raise InvalidValueError(msg, name=name, got=value)


def _word(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    _as_word(attribute.name, value)


@attrs.frozen
class DurationRule:
    """How long a service lasts for some: with this provider, for this species or size, for new or returning clients.

        >>> DurationRule(timedelta(minutes=45), species="dog", new_client=True).facts
        {'species': 'dog', 'new_client': True}

    Attributes:
        duration: Elapsed time, more than zero, at most 3,660 days; or ``CalendarDays``.
        provider: Who does it, by handle; ``None`` = whoever, and so on below.
        species: A word of the caller's.
        size: A word of the caller's.
        new_client: True for clients who come for the first time, False for those who have been here.

    Raises:
        InvalidValueError: No condition at all, a value of another type, or one outside its bounds.
    """

    duration: Duration = attrs.field(validator=_checks.length(TICK, beside=(CalendarDays,)))
    provider: int | None = attrs.field(default=None, validator=_checks.handle(), kw_only=True)
    species: str | None = attrs.field(default=None, validator=_word, kw_only=True)
    size: str | None = attrs.field(default=None, validator=_word, kw_only=True)
    new_client: bool | None = attrs.field(default=None, validator=_checks.kind(bool, NONE), kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse a rule that says of nobody in particular what the service itself says."""
        if not self.facts:
            msg = f"a duration rule names at least one of {', '.join(_FACTS)}, got none; that is the service's duration"
            raise InvalidValueError(msg, name="facts", got=self.facts, allowed=_FACTS)

    @property
    def facts(self) -> dict[str, int | str | bool]:
        """What it names, and the value that it asks for."""
        return {name: getattr(self, name) for name in _FACTS if getattr(self, name) is not None}

    @property
    def _weight(self) -> tuple[int, list[bool]]:
        named = [getattr(self, name) is not None for name in _FACTS]
        return sum(named), named


@attrs.frozen
class Preparation:
    """What must happen before a visit, and how long before it.

        >>> Preparation("no food", timedelta(hours=12)).lead
        datetime.timedelta(seconds=43200)

    Attributes:
        text: For people.
        lead: How long before the start it begins, 0 to 3,660 days: with less notice the visit cannot be booked.

    Raises:
        InvalidValueError: No text, or a lead that is no length or lies outside its bounds.
    """

    text: str = attrs.field(validator=_checks.kind(str))
    lead: timedelta = attrs.field(default=ZERO, validator=_checks.length())

    def __attrs_post_init__(self) -> None:
        """Refuse a preparation that tells nobody what to do."""
        if not self.text.strip():
            msg = f"a preparation says what is to be done, got {self.text!r}"
            raise InvalidValueError(msg, name="text", got=self.text)


def _as_roles(value: Role | Iterable[Role]) -> tuple[Role, ...]:
    return as_each(Role, "roles", value)


def _as_durations(value: DurationRule | Iterable[DurationRule]) -> tuple[DurationRule, ...]:
    return as_each(DurationRule, "durations", value)


def _as_preparation(value: Preparation | Iterable[Preparation]) -> tuple[Preparation, ...]:
    return as_each(Preparation, "preparation", value)


def _as_alignment(value: Alignment | str) -> Alignment:
    return as_choice(Alignment, "alignment", value)


@attrs.frozen(cache_hash=True)
class ServiceType:
    """What is offered: who does it, how long it takes, and how its starts are laid out.

        >>> surgery = ServiceType(
        ...     4,
        ...     [Role("provider", name="surgeon"), Role("room", name="theatre", buffer_after=timedelta(minutes=20))],
        ...     timedelta(minutes=60),
        ...     durations=[DurationRule(timedelta(minutes=90), species="dog", size="large")],
        ...     preparation=Preparation("no food", timedelta(hours=12)),
        ... )
        >>> rules = surgery.rules_for("theatre", species="dog", size="large")
        >>> str(rules.duration), str(rules.buffer_after)
        ('1:30:00', '0:20:00')

    Attributes:
        handle: The caller's number, 0 or more: ``Request.service``.
        roles: What each visit needs; at least one, and a single one needs no list.
        duration: How long it lasts where no rule of ``durations`` says otherwise: elapsed time, more than zero, at most
            3,660 days; or ``CalendarDays``.
        durations: Rules for some; of those that hold, the one that names most decides. Of two that name as many, it
            is the one that names the provider, then the species, then the size. A single one needs no list.
        step: The distance between two starts; likewise alignment, offset and seats: as in ``SlotRules``.
        alignment: Where the grid of starts is counted from; its word is taken too.
        offset: Moves the grid.
        seats: The size of a session; ``None`` = a visit of its own.
        units: How much of the capacity of its resources a visit takes, 1 to 1,000,000: ``Request.units``.
        preparation: What must come before it; a single one needs no list.
        price: Whatever the caller likes; carried along, never looked at.
        name: For people.

    Raises:
        InvalidValueError: No role, two roles of one name, two rules of one duration table that name the same, or a
            value of another type or outside its bounds.

    Source: ADR 5 (buffers, capacity and seats); FHIR R4 HealthcareService, Slot.serviceType.
    """

    handle: int = attrs.field(validator=_checks.whole())
    roles: tuple[Role, ...] = attrs.field(converter=_as_roles)
    duration: Duration = attrs.field(validator=_checks.length(TICK, beside=(CalendarDays,)))
    durations: tuple[DurationRule, ...] = attrs.field(default=(), converter=_as_durations, kw_only=True)
    step: timedelta = attrs.field(default=timedelta(minutes=15), kw_only=True)
    alignment: Alignment = attrs.field(default=Alignment.OPENING, converter=_as_alignment, kw_only=True)
    offset: timedelta = attrs.field(default=ZERO, kw_only=True)
    seats: int | None = attrs.field(default=None, kw_only=True)
    units: int = attrs.field(default=1, validator=_checks.whole(1, _MOST_UNITS), kw_only=True)
    preparation: tuple[Preparation, ...] = attrs.field(default=(), converter=_as_preparation, kw_only=True)
    price: Any = attrs.field(default=None, hash=False, kw_only=True)
    name: str = attrs.field(default="", validator=_checks.kind(str), kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse a service that nobody does, and what could be read in two ways."""
        if not self.roles:
            msg = f"a service has at least one role, got none for service {self.handle}; say who does it"
            raise InvalidValueError(msg, name="roles", got=self.roles)
        names = [role.name for role in self.roles if role.name]
        if len(set(names)) < len(names):
            msg = f"the roles of a service have different names, got {names}; leave a name out, or change one"
            raise InvalidValueError(msg, name="roles", got=names)
        seen: dict[tuple[tuple[str, object], ...], DurationRule] = {}
        for rule in self.durations:
            other = seen.setdefault(tuple(rule.facts.items()), rule)
            if other is not rule:
                msg = f"two duration rules name different things, got {rule} beside {other}; leave one of them out"
                raise InvalidValueError(msg, name="durations", got=rule, other=other)
        self._laid_out(self.roles[0], self.duration)  # refuses a step, an offset or seats outside their bounds

    def _laid_out(self, role: Role, duration: Duration) -> SlotRules:
        return SlotRules(
            duration,
            step=self.step,
            alignment=self.alignment,
            offset=self.offset,
            buffer_before=role.buffer_before,
            buffer_after=role.buffer_after,
            seats=self.seats,
        )

    @cached_property
    def _by_weight(self) -> list[tuple[dict[str, int | str | bool], Duration]]:
        ordered = sorted(self.durations, key=lambda rule: rule._weight, reverse=True)  # noqa: SLF001 - of this file
        return [(rule.facts, rule.duration) for rule in ordered]

    @cached_property
    def _rules(self) -> dict[tuple[int, Duration], SlotRules]:
        lengths = dict.fromkeys([self.duration, *(rule.duration for rule in self.durations)])
        return {
            (number, length): self._laid_out(role, length)
            for number, role in enumerate(self.roles)
            for length in lengths
        }

    def duration_for(
        self,
        *,
        provider: int | None = None,
        species: str | None = None,
        size: str | None = None,
        new_client: bool | None = None,
    ) -> Duration:
        """How long it lasts; ``None`` = not told, so that no rule that asks for it holds (``untested`` says which).

        >>> exam = ServiceType(
        ...     1, Role("provider"), timedelta(minutes=20), durations=DurationRule(timedelta(minutes=30), provider=7)
        ... )
        >>> str(exam.duration_for(provider=7)), str(exam.duration_for(provider=8))
        ('0:30:00', '0:20:00')
        """
        told = {"provider": provider, "species": species, "size": size, "new_client": new_client}
        for facts, duration in self._by_weight:
            if all(told[name] == value for name, value in facts.items()):
                return duration
        return self.duration

    def rules_for(
        self,
        role: Role | str | int = 0,
        *,
        provider: int | None = None,
        species: str | None = None,
        size: str | None = None,
        new_client: bool | None = None,
    ) -> SlotRules:
        """The slot rules for the resources of one role: the visit's duration and grid, the role's own buffers.

        All roles of one visit are asked with the same provider, the one whose pace counts, so that they last as long.

            >>> exam = ServiceType(1, Role("provider", buffer_after=timedelta(minutes=5)), timedelta(minutes=20))
            >>> str(exam.rules_for("provider").buffer_after)
            '0:05:00'

        Args:
            role: A role of the service, its name (its kind, where it has none), or its number.
            provider: Who does it, by handle; ``None`` = not told, and so on below.
            species: The species.
            size: The size.
            new_client: Whether the client comes for the first time.

        Raises:
            InvalidValueError: No role of the service, or a name that several have.
        """
        duration = self.duration_for(provider=provider, species=species, size=size, new_client=new_client)
        return self._rules[self._number(role), duration]

    def _number(self, role: Role | str | int) -> int:
        if isinstance(role, Role):
            found = [number for number, one in enumerate(self.roles) if one == role][:1]
        elif isinstance(role, str):
            found = [number for number, one in enumerate(self.roles) if one.called == role]
        else:
            found = [as_whole("role", role, 0, len(self.roles) - 1)]
        if len(found) != 1:
            known = ", ".join(f"{number} {one.called!r}" for number, one in enumerate(self.roles))
            msg = f"a role of service {self.handle} is one of {known}, got {role!r}; give its number"
            raise InvalidValueError(msg, name="role", got=role, found=found)
        return found[0]

    def untested(
        self,
        *,
        provider: int | None = None,
        species: str | None = None,
        size: str | None = None,
        new_client: bool | None = None,
    ) -> tuple[str, ...]:
        """What is not told and could make the visit longer or shorter than ``duration_for`` says.

            >>> exam = ServiceType(
            ...     1,
            ...     Role("provider"),
            ...     timedelta(minutes=20),
            ...     durations=DurationRule(timedelta(minutes=30), species="cat"),
            ... )
            >>> exam.untested(), exam.untested(species="dog")
            (('species',), ())

        Source: ADR 2 (what cannot be tested is listed).
        """
        told = {"provider": provider, "species": species, "size": size, "new_client": new_client}
        duration = self.duration_for(provider=provider, species=species, size=size, new_client=new_client)
        open_facts: set[str] = set()
        for facts, other in self._by_weight:
            missing = {name for name in facts if told[name] is None}
            if any(told[name] != value for name, value in facts.items() if name not in missing):
                continue
            if not missing:
                break  # this one holds, and those that follow it name less
            if other != duration:
                open_facts |= missing
        return tuple(name for name in _FACTS if name in open_facts)

    @property
    def lead(self) -> timedelta:
        """The longest lead of its preparations, or zero."""
        return max((one.lead for one in self.preparation), default=ZERO)

    def with_lead(self, policy: BookingPolicy) -> BookingPolicy:
        """The policy with at least as much notice as the preparation takes.

            >>> surgery = ServiceType(
            ...     4, Role("provider"), timedelta(hours=1), preparation=Preparation("fast", timedelta(hours=12))
            ... )
            >>> str(surgery.with_lead(BookingPolicy(min_notice=timedelta(hours=2))).min_notice)
            '12:00:00'

        Raises:
            InvalidValueError: The policy counts its notice in opening time, which cannot be compared with a lead.
        """
        as_kind("policy", policy, BookingPolicy)
        if not self.lead:
            return policy
        if not isinstance(policy.min_notice, timedelta):
            msg = (
                f"a lead of elapsed time joins with a min_notice that is a timedelta, got {policy.min_notice}; give one"
            )
            raise InvalidValueError(msg, name="min_notice", got=policy.min_notice, lead=self.lead)
        return attrs.evolve(policy, min_notice=max(policy.min_notice, self.lead))
