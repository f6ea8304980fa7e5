"""The one function that says who goes first; the order of a queue and the forecast of its waits both stand on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from petpro_core.priority._policy import Discipline

if TYPE_CHECKING:
    from petpro_core.intervals import Int64Array
    from petpro_core.priority._policy import PriorityPolicy

__all__ = ["NO_APPOINTMENT", "order_keys", "queued_us", "sort_queue"]

NO_APPOINTMENT: Final[int] = int(np.iinfo(np.int64).min)
"""What stands in a column of appointments for somebody who has none: an instant before all others."""


def queued_us(policy: PriorityPolicy, arrival_us: Int64Array, appointment_us: Int64Array) -> Int64Array:
    """The instant from which each place in the queue counts: the arrival, or the virtual arrival of an appointment.

    Walk-ins and appointments wait in one queue. Who has no appointment counts from arrival. Who has one counts from its
    time where they came before it (coming early gains nothing) or at most the grace after it, and from their arrival
    where they came later. Without a grace that is the later of the two.

        >>> from datetime import timedelta
        >>> from petpro_core.priority import UrgencyLevel, PriorityPolicy
        >>> minute = 60_000_000
        >>> policy = PriorityPolicy(UrgencyLevel("all"), late_grace=timedelta(minutes=10))
        >>> came, booked = np.array([50, 70, 71, 55]) * minute, np.array([60, 60, 60, 0]) * minute
        >>> booked[3] = NO_APPOINTMENT
        >>> (queued_us(policy, came, booked) // minute).tolist()
        [60, 60, 71, 55]

    Args:
        policy: Whose grace counts.
        arrival_us: When each came, in microseconds since 1970-01-01T00:00Z.
        appointment_us: When each was booked for, likewise; ``NO_APPOINTMENT`` where they were not.

    Source: explanation/priority.md.
    """
    return np.where(arrival_us - policy.late_grace_us <= appointment_us, appointment_us, arrival_us)


# In: places of levels, and instants within 3,660 days of `now_us` where the discipline reads it (rate times wait fits
# into int64 then). Out: whoever has the smaller (tier, key, arrival, id) goes first. A wait is never negative: somebody
# who is there before their time has earned nothing yet, and whoever has the higher rate must not be put back for it.
def order_keys(
    policy: PriorityPolicy, level: Int64Array, arrival_us: Int64Array, now_us: int | Int64Array
) -> tuple[Int64Array, Int64Array]:
    """The tier and the key of each entry: the smaller goes first, the tier before the key, ties by (arrival, id).

    Arrays of any shapes that broadcast; the answers may have a smaller shape that broadcasts to the same. For all
    disciplines but ``ACCUMULATING`` the key does not depend on ``now_us``.

        >>> from petpro_core.priority import VETERINARY_TRIAGE
        >>> minute = 60_000_000
        >>> orange, green = VETERINARY_TRIAGE.level_of("orange"), VETERINARY_TRIAGE.level_of("green")
        >>> tier, key = order_keys(VETERINARY_TRIAGE, np.array([orange, green]), np.array([100, 0]) * minute, 0)
        >>> tier.tolist(), (key // minute).tolist()
        ([1, 1], [-125, -120])

    Args:
        policy: The levels and the discipline.
        level: The place of each entry's level among ``policy.levels``.
        arrival_us: When each joined the queue, in microseconds since 1970-01-01T00:00Z: the arrival of a walk-in, the
            virtual arrival of an appointment (``queued_us``).
        now_us: The present, likewise; at most 3,660 days from the arrivals where the discipline is ``ACCUMULATING``.

    Source: Kleinrock, Nav. Res. Logist. Q. 11:329 (1964), for accumulating priority; explanation/priority.md.
    """
    tier = policy.tiers[level]
    if policy.discipline is Discipline.HEAD_START:
        return tier, arrival_us - policy.head_starts_us[level]
    if policy.discipline is Discipline.ACCUMULATING:
        return tier, policy.rates[level] * np.minimum(arrival_us - now_us, 0)
    return tier, arrival_us


# In: arrays of one shape; the last axis is a queue. Out: the places of each queue in order, along the last axis.
def sort_queue(tier: Int64Array, key: Int64Array, arrival_us: Int64Array, ids: Int64Array) -> Int64Array:
    """The places of the entries, who goes first at the front: by (tier, key, arrival, id)."""
    return np.lexsort((ids, arrival_us, key, tier), axis=-1)
