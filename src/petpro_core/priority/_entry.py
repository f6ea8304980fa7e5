"""Somebody who waits: when they came, how urgent it is, and what has happened to them since."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

import attrs

from petpro_core._checks import NONE, as_choice, as_kind, handle, kind, whole
from petpro_core.errors import InvalidTransitionError, InvalidValueError
from petpro_core.intervals import Interval, from_us, to_us
from petpro_core.priority._keys import NO_APPOINTMENT
from petpro_core.priority._levels import word
from petpro_core.priority._route import Joining, Route, Stage
from petpro_core.priority._states import QueueState

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["QueueEntry", "QueueEvent", "Retriage", "StageChange", "StateChange", "as_instant"]

_put = object.__setattr__


def as_instant(value: datetime) -> datetime:
    """An aware datetime, kept in UTC."""
    return from_us(to_us(value))


def _as_state(value: QueueState | str) -> QueueState:
    return as_choice(QueueState, "state", value)


@attrs.frozen
class StateChange:
    """An entry went into another state.

        >>> from datetime import UTC
        >>> StateChange("called", at=datetime(2026, 3, 2, 9, 40, tzinfo=UTC), by="Ana").state
        <QueueState.CALLED: 'called'>

    Attributes:
        state: The state from then on; its word is taken too.
        at: When.
        by: Who did it, in the caller's words; may be empty.

    Raises:
        InvalidValueError: A value of another type.
        NaiveDatetimeError: ``at`` has no zone.
    """

    state: QueueState = attrs.field(converter=_as_state)
    at: datetime = attrs.field(converter=as_instant, kw_only=True)
    by: str = attrs.field(default="", validator=kind(str), kw_only=True)


@attrs.frozen
class StageChange:
    """An entry went on to another stage of its route, and waits there.

        >>> from datetime import UTC
        >>> StageChange("pharmacy", at=datetime(2026, 3, 2, 10, 5, tzinfo=UTC)).stage
        'pharmacy'

    Attributes:
        stage: The code of the stage.
        at: When.

    Raises:
        InvalidValueError: A value of another type.
        NaiveDatetimeError: ``at`` has no zone.
    """

    stage: str = attrs.field(validator=word)
    at: datetime = attrs.field(converter=as_instant, kw_only=True)


@attrs.frozen
class Retriage:
    """Somebody judged anew how urgent an entry is; the only way into another tier.

        >>> from datetime import UTC
        >>> seen = datetime(2026, 3, 2, 9, 20, tzinfo=UTC)
        >>> Retriage("orange", was="green", by="Ana", reason="breathes hard", at=seen).urgency
        'orange'

    Attributes:
        urgency: The code of the level from then on.
        was: The code of the level before; the same one where nothing had changed.
        by: Who judged, in the caller's words.
        reason: Why, likewise.
        at: When.

    Raises:
        InvalidValueError: A word is empty, or a value of another type.
        NaiveDatetimeError: ``at`` has no zone.

    Source: explanation/priority.md.
    """

    urgency: str = attrs.field(validator=word)
    was: str = attrs.field(validator=word, kw_only=True)
    by: str = attrs.field(validator=word, kw_only=True)
    reason: str = attrs.field(validator=word, kw_only=True)
    at: datetime = attrs.field(converter=as_instant, kw_only=True)


QueueEvent: TypeAlias = StateChange | StageChange | Retriage
"""What may stand in the history of an entry."""


def _as_history(value: Iterable[QueueEvent]) -> tuple[QueueEvent, ...]:
    history = tuple(value)
    for event in history:
        as_kind("an event of the history", event, StateChange, StageChange, Retriage)
    return history


def _as_appointment(value: datetime | Interval | None) -> datetime | Interval | None:
    as_kind("appointment", value, datetime, Interval, NONE)
    return as_instant(value) if isinstance(value, datetime) else value


@attrs.frozen
class QueueEntry:
    """Somebody who waits. Numbers are the caller's handles, 0 or more.

        >>> from datetime import UTC
        >>> came = datetime(2026, 3, 2, 9, 12, tzinfo=UTC)
        >>> entry = QueueEntry(7, came, "yellow", client=3)
        >>> entry = entry.become("called", at=datetime(2026, 3, 2, 9, 40, tzinfo=UTC))
        >>> entry.state, entry.since.minute, len(entry.history)
        (<QueueState.CALLED: 'called'>, 40, 1)

    Attributes:
        id: The entry's number; the last tie is broken by it.
        arrival: The instant from which its place in the queue counts: when they came or checked in. Another stage, or
            coming back after a no-show, may set it anew.
        urgency: The code of its level.
        service: What they came for; ``None`` = not told, likewise below.
        client: Who came.
        pet: With which patient.
        provider: Whom they asked for.
        appointment: What they are booked for, its time or its interval; ``None`` = a walk-in. See ``queued_us``.
        state: Where they are in it; the word is taken too.
        route: The stages of their way; ``None`` = one queue.
        step: Which of its stages they are at, from 0.
        first_arrival: When they first came; by default the arrival.
        history: What has happened since, in order; every re-triage is in it.

    Raises:
        InvalidValueError: A step that the route does not have, a first arrival after the arrival, or events out of
            order; a value of another type, or one outside its bounds.
        NaiveDatetimeError: A datetime has no zone.

    Source: explanation/priority.md.
    """

    id: int = attrs.field(validator=whole())
    arrival: datetime = attrs.field(converter=as_instant)
    urgency: str = attrs.field(validator=word)
    service: int | None = attrs.field(default=None, validator=handle(), kw_only=True)
    client: int | None = attrs.field(default=None, validator=handle(), kw_only=True)
    pet: int | None = attrs.field(default=None, validator=handle(), kw_only=True)
    provider: int | None = attrs.field(default=None, validator=handle(), kw_only=True)
    appointment: datetime | Interval | None = attrs.field(default=None, converter=_as_appointment, kw_only=True)
    state: QueueState = attrs.field(default=QueueState.WAITING, converter=_as_state, kw_only=True)
    route: Route | None = attrs.field(default=None, validator=kind(Route, NONE), kw_only=True)
    step: int = attrs.field(default=0, validator=whole(), kw_only=True)
    first_arrival: datetime = attrs.field(
        default=attrs.Factory(lambda self: self.arrival, takes_self=True), converter=as_instant, kw_only=True
    )
    history: tuple[QueueEvent, ...] = attrs.field(default=(), converter=_as_history, kw_only=True)
    row: tuple[int, int, int] = attrs.field(init=False, eq=False, repr=False)
    """The id, the arrival and the appointment's start in microseconds, as a ranking reads them."""

    def __attrs_post_init__(self) -> None:
        """Refuse what contradicts itself, and keep what every ranking reads."""
        stages = 1 if self.route is None else len(self.route.stages)
        if self.step >= stages:
            msg = f"step is less than the number of stages ({stages}), got {self.step} for entry {self.id}"
            raise InvalidValueError(msg, name="step", id=self.id, got=self.step, stages=stages)
        if self.first_arrival > self.arrival:
            msg = (
                f"first_arrival is not after the arrival, got {self.first_arrival.isoformat()} after "
                f"{self.arrival.isoformat()} for entry {self.id}; leave it out where they came once"
            )
            raise InvalidValueError(msg, name="first_arrival", id=self.id, got=self.first_arrival)
        last = self.first_arrival
        for event in self.history:
            last = self._not_before(event.at, last)
        booked = self.appointment.start if isinstance(self.appointment, Interval) else self.appointment
        _put(self, "row", (self.id, to_us(self.arrival), NO_APPOINTMENT if booked is None else to_us(booked)))

    @property
    def stage(self) -> Stage | None:
        """The stage they are at; ``None`` without a route."""
        return None if self.route is None else self.route.stages[self.step]

    @property
    def since(self) -> datetime:
        """When they came into their present state."""
        moments = [event.at for event in self.history if not isinstance(event, Retriage)]
        return moments[-1] if moments else self.arrival

    def become(self, state: QueueState | str, *, at: datetime, by: str = "") -> QueueEntry:
        """The entry in another state, with the change in its history.

        Who was given up as a no-show and is waiting after all joins the queue anew, at ``at``; whoever was parked,
        skipped or called back keeps their place.

        Args:
            state: The new state; the word is taken too.
            at: When; not before the last event.
            by: Who did it, in the caller's words.

        Raises:
            InvalidTransitionError: The table of transitions does not allow it.
            InvalidValueError: No word of a state, or an instant before the last event.
            NaiveDatetimeError: ``at`` has no zone.
        """
        change = StateChange(state, at=at, by=by)
        if change.state not in self.state.may_become:
            allowed = ", ".join(sorted(self.state.may_become)) or "nothing: it is final"
            msg = f"entry {self.id} is {self.state} and may become {allowed}, got {change.state}"
            raise InvalidTransitionError(msg, id=self.id, state=self.state, got=change.state)
        arrival = change.at if self.state is QueueState.NO_SHOW else self.arrival
        return attrs.evolve(self, state=change.state, arrival=arrival, history=(*self.history, change))

    def retriage(self, urgency: str, *, by: str, reason: str, at: datetime) -> QueueEntry:
        """The entry with its urgency judged anew, and with who did it and why in its history.

        Its arrival stays, so a target that is shorter now may be missed already, and is alerted at once.

            >>> from datetime import UTC
            >>> entry = QueueEntry(7, datetime(2026, 3, 2, 9, tzinfo=UTC), "green")
            >>> seen = datetime(2026, 3, 2, 9, 20, tzinfo=UTC)
            >>> entry.retriage("red", by="Ana", reason="collapsed", at=seen).history[-1].was
            'green'

        Args:
            urgency: The code of the new level; the same one is a judgement too.
            by: Who judged, in the caller's words; not empty.
            reason: Why, likewise.
            at: When; not before the last event.

        Raises:
            InvalidTransitionError: They are served, have left or were given up.
            InvalidValueError: A word is empty, or an instant before the last event.
            NaiveDatetimeError: ``at`` has no zone.
        """
        if not self.state.is_here:
            msg = f"urgency is judged of who is still here, and entry {self.id} is {self.state}; make a new entry"
            raise InvalidTransitionError(msg, id=self.id, state=self.state, got=urgency)
        event = Retriage(urgency, was=self.urgency, by=by, reason=reason, at=at)
        return attrs.evolve(self, urgency=urgency, history=(*self.history, event))

    def advance(self, *, at: datetime, provider: int | None = None) -> QueueEntry:
        """The entry at the next stage of its route, waiting there, once this one has served it.

        The new stage says from when the place counts (``Joining``) and what is done there. Whom they asked for was
        meant for the old stage; so was the appointment, where the new one counts from a new arrival.

            >>> from datetime import UTC
            >>> route = Route([Stage("triage"), Stage("vet"), Stage("pharmacy", joining="new_arrival")])
            >>> clock = lambda minute: datetime(2026, 3, 2, 9, minute, tzinfo=UTC)
            >>> entry = QueueEntry(7, clock(0), "green", route=route)
            >>> entry = entry.become("in_service", at=clock(5)).become("served", at=clock(8)).advance(at=clock(8))
            >>> entry.stage.code, entry.state.value, entry.arrival.minute
            ('vet', 'waiting', 0)
            >>> entry = entry.become("in_service", at=clock(20)).become("served", at=clock(40)).advance(at=clock(41))
            >>> entry.stage.code, entry.arrival.minute, entry.first_arrival.minute
            ('pharmacy', 41, 0)

        Args:
            at: When; not before the last event.
            provider: Whom they ask for at the new stage.

        Raises:
            InvalidTransitionError: They are not served yet, or this was the last stage.
            InvalidValueError: An instant before the last event, or no handle of a provider.
            NaiveDatetimeError: ``at`` has no zone.
        """
        stages = () if self.route is None else self.route.stages
        if self.state is not QueueState.SERVED or self.step + 1 >= len(stages):
            rule = "who is served goes on to the next stage, where the route has one"
            msg = f"{rule}; entry {self.id} is {self.state} at stage {self.step + 1} of {max(len(stages), 1)}"
            raise InvalidTransitionError(msg, id=self.id, state=self.state, step=self.step)
        stage = stages[self.step + 1]
        event, anew = StageChange(stage.code, at=at), stage.joining is Joining.NEW_ARRIVAL
        return attrs.evolve(
            self,
            state=QueueState.WAITING,
            step=self.step + 1,
            arrival=event.at if anew else self.arrival,
            appointment=None if anew else self.appointment,
            service=self.service if stage.service is None else stage.service,
            provider=provider,
            history=(*self.history, event),
        )

    def _not_before(self, at: datetime, last: datetime) -> datetime:
        if at < last:
            msg = (
                f"the history of entry {self.id} is in order and begins at the arrival, got {at.isoformat()} after "
                f"{last.isoformat()}"
            )
            raise InvalidValueError(msg, name="at", id=self.id, got=at, last=last)
        return at
