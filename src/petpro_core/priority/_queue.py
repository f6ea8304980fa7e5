"""Entries as columns: what a ranking and an alert read of them."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core._checks import LONGEST, as_each, as_kind
from petpro_core.errors import InvalidValueError, OutOfRangeError
from petpro_core.intervals import duration_us
from petpro_core.priority._entry import QueueEntry
from petpro_core.priority._keys import queued_us
from petpro_core.priority._policy import PriorityPolicy
from petpro_core.priority._states import QueueState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from petpro_core.intervals import Int64Array

__all__ = ["Queue", "by_queue"]

_LONGEST_US: Final = duration_us(LONGEST)


@attrs.frozen(eq=False)
class Queue:
    """The columns of some entries under a policy.

    Attributes:
        entries: The entries, in the order given.
        ids: int64[n]: their numbers.
        level: int64[n]: the places of their levels.
        arrival_us: int64[n]: when they came.
        queued_us: int64[n]: from when their places count.
        waits: Whether each waits for its turn.
    """

    entries: tuple[QueueEntry, ...]
    ids: Int64Array
    level: Int64Array
    arrival_us: Int64Array
    queued_us: Int64Array
    waits: list[bool]

    @classmethod
    def of(cls, entries: QueueEntry | Iterable[QueueEntry], policy: PriorityPolicy) -> Queue:
        """The columns of entries.

        Raises:
            InvalidValueError: Two entries of one number, a level that the policy does not have, or another type.
        """
        as_kind("policy", policy, PriorityPolicy)
        given = as_each(QueueEntry, "entries", entries)
        rows = np.fromiter(itertools.chain.from_iterable([entry.row for entry in given]), np.int64, 3 * len(given))
        ids, arrival, appointment = rows.reshape(-1, 3).T
        places = policy.places
        level = [places.get(entry.urgency, -1) for entry in given]
        if -1 in level:
            policy.level_of(given[level.index(-1)].urgency)  # which refuses it
        if len({entry.id for entry in given}) < len(given):
            number, _ = Counter(entry.id for entry in given).most_common(1)[0]
            msg = f"each entry is in a queue once, got entry {number} more than once"
            raise InvalidValueError(msg, name="entries", id=number)
        waiting = QueueState.WAITING
        waits = [entry.state is waiting for entry in given]
        queued = queued_us(policy, arrival, appointment)
        return cls(given, ids, np.array(level, np.int64), arrival, queued, waits)

    def check_near(self, now_us: int) -> None:
        """Refuse arrivals so far from now that rate times wait would no longer fit into int64."""
        if len(self.queued_us):
            far = max(now_us - int(self.queued_us.min()), int(self.queued_us.max()) - now_us)
            if far > _LONGEST_US:
                msg = (
                    f"arrivals and appointments lie within {LONGEST.days} days of now, got one {far} us away; "
                    "leave old entries out"
                )
                raise OutOfRangeError(msg, got=far, most=_LONGEST_US)


def by_queue(entries: Iterable[QueueEntry]) -> dict[str, tuple[QueueEntry, ...]]:
    """The entries of each queue, by the code of the stage that they are at; without a route it is ``""``.

        >>> from datetime import UTC, datetime
        >>> from petpro_core.priority import Route, Stage
        >>> came, way = datetime(2026, 3, 2, 9, tzinfo=UTC), Route([Stage("triage"), Stage("vet")])
        >>> entries = [QueueEntry(1, came, "red", route=way), QueueEntry(2, came, "red", route=way, step=1)]
        >>> {queue: [entry.id for entry in there] for queue, there in by_queue(entries).items()}
        {'triage': [1], 'vet': [2]}

    Raises:
        InvalidValueError: A value of another type.

    Source: explanation/priority.md.
    """
    found: dict[str, list[QueueEntry]] = {}
    for entry in as_each(QueueEntry, "entries", entries):
        found.setdefault("" if entry.stage is None else entry.stage.code, []).append(entry)
    return {queue: tuple(there) for queue, there in found.items()}
