"""The order of a queue: columns for programs, objects with their reasons for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from petpro_core._checks import as_each, frozen
from petpro_core.intervals import NEVER, from_us, to_us
from petpro_core.priority._bounds import next_change_us
from petpro_core.priority._keys import order_keys, sort_queue
from petpro_core.priority._moves import Move, Override, apply_moves
from petpro_core.priority._queue import Queue
from petpro_core.priority._why import RankReason, reasons_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from petpro_core.intervals import Int64Array
    from petpro_core.priority._entry import QueueEntry
    from petpro_core.priority._policy import PriorityPolicy

__all__ = ["RankedEntry", "Ranking", "rank"]


@attrs.frozen
class RankedEntry:
    """One entry at its place, with why it stands there.

    Attributes:
        entry: The entry.
        position: 1 = next.
        tier: The tier it is ranked in.
        score: What it is ranked by within the tier, the smaller first: an instant in microseconds since
            1970-01-01T00:00Z, minus the head start where there is one; for ``ACCUMULATING`` the points, rate times wait
            in microseconds, with a minus.
        queued: The instant from which its place counts.
        reasons: What put it there: the rules first, then who overtook it, then what people did.
    """

    entry: QueueEntry
    position: int
    tier: int
    score: int
    queued: datetime
    reasons: tuple[RankReason, ...]


@attrs.frozen(eq=False, repr=False)
class Ranking:
    """Who waits, in order. Iterating gives objects with their reasons; the columns are there at once.

        >>> from datetime import UTC, datetime
        >>> from petpro_core.priority import VETERINARY_TRIAGE, QueueEntry
        >>> clock = lambda hour, minute: datetime(2026, 3, 2, hour, minute, tzinfo=UTC)
        >>> queue = [QueueEntry(1, clock(9, 0), "green"), QueueEntry(2, clock(9, 40), "yellow")]
        >>> ranking = rank(queue, policy=VETERINARY_TRIAGE, now=clock(9, 45))
        >>> ranking
        <Ranking of 2 waiting, next 2>
        >>> for one in ranking:
        ...     print(one.position, one.entry.id, "; ".join(reason.text for reason in one.reasons))
        1 2 tier 1, behind everybody of tier 0; yellow: waits 5 min, with a head start of 210 min
        2 1 tier 1, behind everybody of tier 0; green: waits 45 min, with a head start of 120 min; overtaken by 2, who \
came later with a greater head start

    Attributes:
        entries: The entries asked about, in the order given, those that do not wait among them.
        policy: The policy asked.
        now: The present asked.
        order: int64[m]: the places among ``entries`` of those that wait, who goes first at the front.
        ids: int64[m]: their numbers, in order; likewise below.
        tier: int64[m]: their tiers.
        key: int64[m]: what they are ranked by within a tier (``RankedEntry.score``).
        queued_us: int64[m]: the instants from which their places count, in microseconds since 1970-01-01T00:00Z.
        base: int64[m]: where each would stand without moves by hand, 0 = next.
        overrides: Every move asked for and what became of it, in the order given.
        valid_until: The next instant at which time alone may change the order; ``None`` = never, which is so for every
            policy that ``is_static``.
    """

    entries: tuple[QueueEntry, ...]
    policy: PriorityPolicy
    now: datetime
    order: Int64Array
    ids: Int64Array
    tier: Int64Array
    key: Int64Array
    queued_us: Int64Array
    base: Int64Array
    overrides: tuple[Override, ...]
    valid_until: datetime | None

    def __attrs_post_init__(self) -> None:
        """Freeze the columns: an answer is read, and may be kept and shared."""
        for column in (self.order, self.ids, self.tier, self.key, self.queued_us, self.base):
            frozen(column)

    def __len__(self) -> int:
        """How many wait."""
        return len(self.order)

    def __getitem__(self, place: int) -> RankedEntry:
        """One place as an object, 0 = next; its cost grows with how many wait."""
        place = range(len(self))[place]
        return RankedEntry(
            self.entries[int(self.order[place])],
            place + 1,
            int(self.tier[place]),
            int(self.key[place]),
            from_us(int(self.queued_us[place])),
            reasons_at(self, place),
        )

    def __iter__(self) -> Iterator[RankedEntry]:
        """Every place as an object, who is next first."""
        return (self[place] for place in range(len(self)))

    def position(self, entry: int) -> int | None:
        """The position of an entry by its number, 1 = next; ``None`` where it does not wait here."""
        found = (self.ids == entry).nonzero()[0]
        return int(found[0]) + 1 if len(found) else None

    def __repr__(self) -> str:
        """Say how many there are, and show the first."""
        first = f", next {self.ids[0]}" if len(self) else ""
        return f"<Ranking of {len(self)} waiting{first}>"


def rank(
    entries: QueueEntry | Iterable[QueueEntry],
    *,
    policy: PriorityPolicy,
    now: datetime,
    moves: Move | Iterable[Move] = (),
) -> Ranking:
    """The order of those who wait, with why: by (tier, key, instant from which the place counts, number).

    The same entries, policy, moves and ``now`` give the same order, however they are listed. Entries in other states
    than WAITING have no position, but moves beside them still hold, so hand them over as long as moves name them.

        >>> from datetime import UTC, datetime
        >>> from petpro_core.priority import VETERINARY_TRIAGE, QueueEntry
        >>> clock = lambda hour, minute: datetime(2026, 3, 2, hour, minute, tzinfo=UTC)
        >>> queue = [
        ...     QueueEntry(1, clock(9, 0), "green"),
        ...     QueueEntry(2, clock(9, 5), "green"),
        ...     QueueEntry(3, clock(10, 49), "orange"),
        ...     QueueEntry(4, clock(11, 0), "red"),
        ... ]
        >>> rank(queue, policy=VETERINARY_TRIAGE, now=clock(11, 0)).ids.tolist()
        [4, 1, 3, 2]
        >>> moved = Move(2, before=1, by="Ana", reason="in pain")
        >>> rank(queue, policy=VETERINARY_TRIAGE, now=clock(11, 0), moves=moved).ids.tolist()
        [4, 2, 1, 3]

    Args:
        entries: Who is in the queue; a single one needs no list.
        policy: The levels and the discipline.
        now: The present; nobody has earned anything by a time that is still to come.
        moves: Moves by hand, made one after another.

    Raises:
        InvalidValueError: Two entries of one number, a level that the policy does not have, or a value of another type.
        NaiveDatetimeError: ``now`` has no zone.
        OutOfRangeError: An arrival or an appointment more than 3,660 days from now.

    Source: explanation/priority.md.
    """
    now_us = to_us(now)
    queue = Queue.of(entries, policy)
    queue.check_near(now_us)
    tier, key = order_keys(policy, queue.level, queue.queued_us, now_us)
    base = sort_queue(tier, key, queue.queued_us, queue.ids)
    change = next_change_us(policy, queue.level[base], queue.queued_us[base])
    asked = as_each(Move, "moves", moves)
    order, overrides = base, tuple[Override, ...]()
    if asked:
        moved, overrides = apply_moves(
            base.tolist(), asked, ids=queue.ids.tolist(), tiers=tier.tolist(), waits=queue.waits
        )
        order = np.array(moved, np.int64)
    if not all(queue.waits):
        waits = np.array(queue.waits)
        base, order = base[waits[base]], order[waits[order]]
    rank_of = np.empty(len(tier), np.int64)
    rank_of[base] = np.arange(len(base))
    return Ranking(
        queue.entries,
        policy,
        from_us(now_us),
        order,
        queue.ids[order],
        tier[order],
        key[order],
        queue.queued_us[order],
        rank_of[order],
        overrides,
        None if change == NEVER else from_us(change),
    )
