"""The states of somebody who waits, and which may follow which."""

from __future__ import annotations

import enum
from typing import Final

__all__ = ["QueueState"]


class QueueState(enum.StrEnum):
    """The state of a queue entry. ``may_become`` is the table of transitions.

    ``WAITING`` has a place in the order; ``PARKED`` waits but may not be called yet (gone for a walk, a result is out);
    ``CALLED`` is on the way in; ``SKIPPED`` was called and did not answer, and keeps the place for coming back;
    ``LEFT`` went away unserved; ``NO_SHOW`` was given up, and joins anew if they come after all.

        >>> sorted(QueueState.PARKED.may_become)
        [<QueueState.CALLED: 'called'>, <QueueState.LEFT: 'left'>, <QueueState.NO_SHOW: 'no_show'>, \
<QueueState.WAITING: 'waiting'>]
        >>> QueueState.SERVED.is_final
        True

    Each transition is one that the booking of a called walk-in may make too, so a visit that was interrupted is served
    as far as it went, and goes on as another stage or another entry.

    Source: explanation/priority.md.
    """

    WAITING = "waiting"
    PARKED = "parked"
    CALLED = "called"
    IN_SERVICE = "in_service"
    SERVED = "served"
    SKIPPED = "skipped"
    LEFT = "left"
    NO_SHOW = "no_show"

    @property
    def may_become(self) -> frozenset[QueueState]:
        """The states that may follow."""
        return _MAY_BECOME[self]

    @property
    def is_final(self) -> bool:
        """Whether nothing may follow."""
        return not _MAY_BECOME[self]

    @property
    def is_here(self) -> bool:
        """Whether they still wait, are called or are being served, so that their urgency still matters."""
        return self not in {QueueState.SERVED, QueueState.LEFT, QueueState.NO_SHOW}


_MAY_BECOME: Final[dict[QueueState, frozenset[QueueState]]] = {
    QueueState.WAITING: frozenset(
        {QueueState.PARKED, QueueState.CALLED, QueueState.IN_SERVICE, QueueState.LEFT, QueueState.NO_SHOW}
    ),
    QueueState.PARKED: frozenset({QueueState.WAITING, QueueState.CALLED, QueueState.LEFT, QueueState.NO_SHOW}),
    QueueState.CALLED: frozenset(
        {
            QueueState.IN_SERVICE,
            QueueState.WAITING,
            QueueState.PARKED,
            QueueState.SKIPPED,
            QueueState.LEFT,
            QueueState.NO_SHOW,
        }
    ),
    QueueState.IN_SERVICE: frozenset({QueueState.SERVED, QueueState.LEFT}),
    QueueState.SERVED: frozenset(),
    QueueState.SKIPPED: frozenset({QueueState.WAITING, QueueState.CALLED, QueueState.NO_SHOW}),
    QueueState.LEFT: frozenset(),
    QueueState.NO_SHOW: frozenset({QueueState.WAITING}),
}
