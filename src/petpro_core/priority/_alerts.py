"""Waits that are too long: an alert for a person, and no change of the order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from petpro_core.intervals import LAST_US, NEVER, from_us, to_us
from petpro_core.priority._queue import Queue
from petpro_core.priority._ranking import Ranking

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime, timedelta

    from petpro_core.priority._entry import QueueEntry
    from petpro_core.priority._levels import UrgencyLevel
    from petpro_core.priority._policy import PriorityPolicy

__all__ = ["Alert", "Alerts", "find_alerts"]


@attrs.frozen
class Alert:
    """Somebody has waited longer than their level should.

    Attributes:
        entry: Who waits.
        level: Their level.
        due: Since when the alert holds.
        overdue: How long that is; zero or more.
    """

    entry: QueueEntry
    level: UrgencyLevel
    due: datetime
    overdue: timedelta


@attrs.frozen
class Alerts:
    """The alerts of a queue at one instant; iterating gives them, who is overdue for longest first.

    Attributes:
        found: The alerts.
        valid_until: When the next one falls due, if nobody moves until then; ``None`` = never.
    """

    found: tuple[Alert, ...]
    valid_until: datetime | None

    def __len__(self) -> int:
        """How many there are."""
        return len(self.found)

    def __iter__(self) -> Iterator[Alert]:
        """Each alert."""
        return iter(self.found)


def find_alerts(
    entries: Ranking | QueueEntry | Iterable[QueueEntry], *, policy: PriorityPolicy, now: datetime
) -> Alerts:
    """Who waits for too long now, and when the next one will.

    A wait begins when its place begins to count (``queued_us``), but not before the arrival; the alert falls due once
    it has lasted as long as the level's ``alert_after``. Only WAITING entries have alerts. An alert changes no order:
    a rule that let the overdue go first would take from the tiers above what it gives.

        >>> from datetime import UTC, datetime
        >>> from petpro_core.priority import VETERINARY_TRIAGE, QueueEntry
        >>> clock = lambda hour, minute: datetime(2026, 3, 2, hour, minute, tzinfo=UTC)
        >>> queue = [QueueEntry(1, clock(9, 0), "green"), QueueEntry(2, clock(9, 40), "orange")]
        >>> alerts = find_alerts(queue, policy=VETERINARY_TRIAGE, now=clock(10, 0))
        >>> [(alert.entry.id, str(alert.overdue)) for alert in alerts], str(alerts.valid_until.time())
        ([(2, '0:05:00')], '11:00:00')

    Args:
        entries: Who is in the queue, or a ranking of them; a single one needs no list.
        policy: The levels, with their waits.
        now: The present.

    Raises:
        InvalidValueError: Two entries of one number, a level that the policy does not have, or a value of another type.
        NaiveDatetimeError: ``now`` has no zone.

    Source: explanation/priority.md.
    """
    now_us = to_us(now)
    present = from_us(now_us)
    queue = Queue.of(entries.entries if isinstance(entries, Ranking) else entries, policy)
    allowed = policy.alerts_us[queue.level]
    watched = (np.array(queue.waits, np.bool_) & (allowed < NEVER)).nonzero()[0]
    due = np.maximum(queue.queued_us, queue.arrival_us)[watched] + allowed[watched]
    over = due <= now_us
    late, missed = watched[over], due[over]
    first = np.lexsort((queue.ids[late], missed))
    found = []
    for place, us in zip(late[first].tolist(), missed[first].tolist(), strict=True):
        entry, since = queue.entries[place], from_us(us)
        found.append(Alert(entry, policy.levels[policy.places[entry.urgency]], since, present - since))
    coming = int(due[~over].min()) if not over.all() else NEVER
    return Alerts(tuple(found), from_us(coming) if coming <= LAST_US else None)
