"""Why an entry stands where it does: codes that a program reads, sentences that a person reads."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

import attrs

from petpro_core.intervals import to_us
from petpro_core.priority._keys import NO_APPOINTMENT
from petpro_core.priority._moves import MoveOutcome
from petpro_core.priority._policy import Discipline

if TYPE_CHECKING:
    from petpro_core.priority._entry import QueueEntry
    from petpro_core.priority._levels import UrgencyLevel
    from petpro_core.priority._moves import Move
    from petpro_core.priority._ranking import Ranking

__all__ = ["RankCode", "RankReason", "reasons_at"]

_MINUTE_US: Final = 60_000_000
_SHOWN: Final = 5
"""So many of a list are named in a sentence; all of them are in ``refs``."""


class RankCode(enum.StrEnum):
    """What put an entry where it is; the values are stable codes.

    The rules: ``TIER``, and one of ``HEAD_START``, ``ACCUMULATED``, ``LEVEL`` and ``ARRIVAL``, after the discipline.
    An appointment: ``EARLY``, ``ON_TIME`` (or within the grace), ``LATE``. Who came later and goes first:
    ``OVERTAKEN_BY_TIER``, ``OVERTAKEN_BY_URGENCY``. People: ``MOVED`` (this entry was), ``PASSED`` (others were put
    before it by hand).
    """

    TIER = "tier"
    HEAD_START = "head_start"
    ACCUMULATED = "accumulated"
    LEVEL = "level"
    ARRIVAL = "arrival"
    EARLY = "early"
    ON_TIME = "on_time"
    LATE = "late"
    OVERTAKEN_BY_TIER = "overtaken_by_tier"
    OVERTAKEN_BY_URGENCY = "overtaken_by_urgency"
    MOVED = "moved"
    PASSED = "passed"


@attrs.frozen
class RankReason:
    """One thing that put an entry where it is.

        >>> RankReason(RankCode.PASSED, "9 was moved before it by Ana: in pain", refs=(9,), by="Ana").code
        <RankCode.PASSED: 'passed'>

    Attributes:
        code: What it is.
        text: The same as a sentence; its words may change between releases.
        refs: The numbers of the other entries that it speaks of, in order.
        by: Who did it, where a person did.
    """

    code: RankCode
    text: str
    refs: tuple[int, ...] = ()
    by: str | None = None


_RULES: Final = {
    Discipline.HEAD_START: RankCode.HEAD_START,
    Discipline.ACCUMULATING: RankCode.ACCUMULATED,
    Discipline.STRICT: RankCode.LEVEL,
    Discipline.FIFO: RankCode.ARRIVAL,
}
_OVERTAKERS: Final = {
    Discipline.HEAD_START: "who came later with a greater head start",
    Discipline.ACCUMULATING: "who came later and earned more points",
}


def reasons_at(ranking: Ranking, place: int) -> tuple[RankReason, ...]:
    """Why the entry at a place of a ranking stands there: rules, appointment, who overtook it, people."""
    entry = ranking.entries[int(ranking.order[place])]
    level = ranking.policy.levels[ranking.policy.level_of(entry.urgency)]
    found = [*_tier(ranking, place), _rule(ranking, place, level), *_appointment(entry, ranking)]
    found.extend(_overtaken(ranking, place))
    found.extend(_people(ranking, place, entry.id))
    return tuple(found)


def _minutes(length_us: int) -> str:
    return f"{length_us // _MINUTE_US} min"


def _named(ids: tuple[int, ...]) -> str:
    more = len(ids) - _SHOWN
    return ", ".join(map(str, ids[:_SHOWN])) + (f" and {more} more" if more > 0 else "")


def _tier(ranking: Ranking, place: int) -> list[RankReason]:
    tiers = ranking.policy.tiers
    if tiers[0] == tiers[-1] or ranking.policy.discipline is Discipline.STRICT:
        return []
    own = int(ranking.tier[place])
    above = tiers[tiers < own]
    text = f"tier {own}, " + (f"behind everybody of tier {above[-1]}" if len(above) else "before every other tier")
    return [RankReason(RankCode.TIER, text)]


def _rule(ranking: Ranking, place: int, level: UrgencyLevel) -> RankReason:
    wait = to_us(ranking.now) - int(ranking.queued_us[place])
    waits = f"waits {_minutes(wait)}" if wait >= 0 else f"is due in {_minutes(-wait)}"
    discipline = ranking.policy.discipline
    if discipline is Discipline.HEAD_START:
        text = f"{level.code}: {waits}, with a head start of {level.head_start.total_seconds() / 60:g} min"
    elif discipline is Discipline.ACCUMULATING:
        points = -int(ranking.key[place]) / _MINUTE_US
        text = f"{level.code}: {waits}, {points:.1f} points at {level.rate} a minute"
    elif discipline is Discipline.STRICT:
        text = f"{level.code}: {waits}, behind every more urgent level"
    else:
        text = f"{waits}, in the order of arrival"
    return RankReason(_RULES[discipline], text)


def _appointment(entry: QueueEntry, ranking: Ranking) -> list[RankReason]:
    _, came, booked = entry.row
    if booked == NO_APPOINTMENT:
        return []
    late = came - booked
    if late < 0:
        return [RankReason(RankCode.EARLY, f"came {_minutes(-late)} before the appointment, whose time counts")]
    if late > ranking.policy.late_grace_us:
        return [RankReason(RankCode.LATE, f"came {_minutes(late)} late, so the arrival counts and not the appointment")]
    return [RankReason(RankCode.ON_TIME, "came on time, so the time of the appointment counts")]


# Overtaken by whoever stands ahead of it and came later, where the policy put them there and not a person.
def _overtaken(ranking: Ranking, place: int) -> list[RankReason]:
    queued, ids, ahead = ranking.queued_us, ranking.ids, slice(0, place)
    later = (queued[ahead] > queued[place]) | ((queued[ahead] == queued[place]) & (ids[ahead] > ids[place]))
    ruled = later & (ranking.base[ahead] < ranking.base[place])
    if not ruled.any():
        return []
    discipline = ranking.policy.discipline
    # Under STRICT each level is a tier of its own, and that it goes first is a matter of urgency.
    higher = (ranking.tier[ahead] < ranking.tier[place]) & (discipline is not Discipline.STRICT)
    found = []
    for code, which, why in (
        (RankCode.OVERTAKEN_BY_TIER, ruled & higher, "of a tier that goes first"),
        (RankCode.OVERTAKEN_BY_URGENCY, ruled & ~higher, _OVERTAKERS.get(discipline, "who came later, more urgent")),
    ):
        refs = tuple(ids[ahead][which].tolist())
        if refs:
            found.append(RankReason(code, f"overtaken by {_named(refs)}, {why}", refs=refs))
    return found


# Two change places by hand where one of them moves past the other, as the record of its move says. What counts is the
# last time that they did, and whether it left them as the policy would not.
def _people(ranking: Ranking, place: int, number: int) -> list[RankReason]:
    own: list[RankReason] = []
    passed: dict[int, Move] = {}
    for override in ranking.overrides:
        move = override.move
        if override.outcome is not MoveOutcome.MOVED:
            continue
        if move.entry == number:
            where = f"before {move.before}" if move.before is not None else f"after {move.after}"
            text = f"moved {where} by {move.by}: {move.reason}"
            own.append(RankReason(RankCode.MOVED, text, refs=(move.anchor,), by=move.by))
            for other in override.passed:
                passed.pop(other, None)
        elif number in override.passed:
            passed[move.entry] = move
    ahead = slice(0, place)
    by_hand = set(ranking.ids[ahead][ranking.base[ahead] > ranking.base[place]].tolist())
    for mover, move in passed.items():
        if mover in by_hand:
            text = f"{mover} was moved before it by {move.by}: {move.reason}"
            own.append(RankReason(RankCode.PASSED, text, refs=(mover,), by=move.by))
    return own
