"""How far somebody may be overtaken, and when the order next changes by time alone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from petpro_core._checks import ZERO, as_length
from petpro_core.intervals import LAST_US, NEVER, duration_us
from petpro_core.priority._policy import Discipline

if TYPE_CHECKING:
    from petpro_core.intervals import Int64Array
    from petpro_core.priority._policy import PriorityPolicy

__all__ = ["next_change_us", "overtaking_bound"]

_TICK: Final = timedelta(microseconds=1)


def overtaking_bound(
    policy: PriorityPolicy, level: str, *, by: str | None = None, wait: timedelta | None = None
) -> timedelta | None:
    """How much later than somebody of ``level`` another may come and still be served before them.

    Only those who come *less* than this later may overtake; zero = nobody does, ``None`` = there is no bound. Arrivals
    are those that places count from (``queued_us``): who is late to an appointment by no more than the grace may come
    by the grace later than this tells. Moves by hand are left out.

    - ``HEAD_START``: the difference of the head starts.
    - ``ACCUMULATING``: ``wait`` times (1 - rate / faster rate): a share of one's own wait; without ``wait`` no bound.
    - ``STRICT``: no bound, where there is a more urgent level.
    - ``FIFO``: zero.

        >>> from petpro_core.priority import VETERINARY_TRIAGE
        >>> str(overtaking_bound(VETERINARY_TRIAGE, "green"))
        '1:45:00'
        >>> overtaking_bound(VETERINARY_TRIAGE, "green", by="red") is None
        True

    Args:
        policy: The levels and the discipline.
        level: The code of the level that is overtaken.
        by: The code of the one that overtakes; by default the most urgent one of the same tier.
        wait: How long the overtaken one waits in all, from zero to 3,660 days; only ``ACCUMULATING`` reads it.

    Raises:
        InvalidValueError: No level of that code, or a value of another type or outside its bounds.

    Source: Stanford, Taylor and Ziedins, Queueing Syst. 77:297 (2014), for accumulating priority;
    explanation/priority.md for the others.
    """
    own = policy.levels[policy.level_of(level)]
    wait = None if wait is None else as_length("wait", wait)
    if by is None:
        other = next(one for one in policy.levels if one.tier == own.tier)
    else:
        other = policy.levels[policy.level_of(by)]
    if other.tier != own.tier:
        return None if other.tier < own.tier else ZERO
    if policy.discipline is Discipline.HEAD_START:
        return max(other.head_start - own.head_start, ZERO)
    if policy.discipline is Discipline.FIFO or policy.places[other.code] >= policy.places[own.code]:
        return ZERO
    if policy.discipline is Discipline.STRICT:
        return None
    if other.rate == own.rate:
        return ZERO
    # Rounded up, because whole microseconds below a bound are those below the next whole one.
    return None if wait is None else -(-duration_us(wait) * (other.rate - own.rate) // other.rate) * _TICK


# Among points that grow with time, the first two that change places stand next to each other. With a ahead of b and
# r(b) > r(a), which of them came first is a, and b passes when r(b) (u - d) > r(a) u, where u counts from a's arrival
# and d >= 0 is how much later b came. Both are whole numbers below 2**63: d is at most twice 3,660 days.
# In: places of levels and arrivals in the order of the queue. Out: an instant; NEVER = none that can be told.
def next_change_us(policy: PriorityPolicy, level: Int64Array, arrival_us: Int64Array) -> int:
    """The first instant at which time alone changes the order."""
    if policy.is_static or len(level) < 2:
        return NEVER
    rate, tier = policy.rates[level], policy.tiers[level]
    pair = ((np.diff(rate) > 0) & (np.diff(tier) == 0)).nonzero()[0]
    if not len(pair):
        return NEVER
    ahead, behind = rate[pair], rate[pair + 1]
    later = arrival_us[pair + 1] - arrival_us[pair]
    change = int((arrival_us[pair] + behind * later // (behind - ahead)).min()) + 1
    return change if change <= LAST_US else NEVER
