"""The oracle of queues: who goes first, pair by pair, written from the text of the rules and from nothing else.

It takes one plain dict, which JSON can hold, and imports nothing of the code that it judges. Instants and lengths are
microseconds::

    {
        "now": 0,
        "policy": {
            "discipline": "head_start",
            "late_grace": 0,
            "levels": [{"code": "red", "tier": 0, "head_start": 0, "rate": 1}],
        },
        "entries": [{"id": 1, "arrival": 0, "urgency": "red", "appointment": 0, "state": "waiting"}],
        "moves": [{"entry": 1, "before": 2}, {"entry": 1, "after": 2}],
    }

``appointment`` and ``state`` (waiting) may be left out.

Source: explanation/priority.md.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

__all__ = ["QueueCase", "goes_first", "may_overtake", "next_change", "order", "outcomes", "queued", "tier"]

QueueCase = dict[str, Any]
Plain = dict[str, Any]

_WAITING: Final = "waiting"


def _level(policy: Plain, entry: Plain) -> Plain:
    found: Plain = next(level for level in policy["levels"] if level["code"] == entry["urgency"])
    return found


def queued(policy: Plain, entry: Plain) -> int:
    """The instant from which the place of an entry counts.

    >>> policy = {"late_grace": 5}
    >>> [queued(policy, {"arrival": came, "appointment": 60}) for came in (50, 65, 66)]
    [60, 60, 66]
    """
    came: int = entry["arrival"]
    booked: int | None = entry.get("appointment")
    if booked is None or came > booked + policy["late_grace"]:
        return came
    return booked


def tier(policy: Plain, entry: Plain) -> int:
    """The tier of an entry: that of its level, and each level its own where the discipline is strict."""
    level = _level(policy, entry)
    found: int = policy["levels"].index(level) if policy["discipline"] == "strict" else level["tier"]
    return found


def goes_first(policy: Plain, one: Plain, other: Plain, now: int) -> bool:
    """Whether one of two entries goes before the other.

    >>> urgent, routine = {"code": "a", "tier": 0, "head_start": 9}, {"code": "b", "tier": 0, "head_start": 0}
    >>> policy = {"discipline": "head_start", "late_grace": 0, "levels": [urgent, routine]}
    >>> early, late = {"id": 1, "arrival": 0, "urgency": "b"}, {"id": 2, "arrival": 9, "urgency": "a"}
    >>> goes_first(policy, early, late, 20), goes_first(policy, early, late | {"arrival": 8}, 20)
    (True, False)
    """
    if tier(policy, one) != tier(policy, other):
        return tier(policy, one) < tier(policy, other)
    mine, yours = _level(policy, one), _level(policy, other)
    came, come = queued(policy, one), queued(policy, other)
    if policy["discipline"] == "head_start" and came - mine["head_start"] != come - yours["head_start"]:
        return bool(came - mine["head_start"] < come - yours["head_start"])
    if policy["discipline"] == "accumulating":
        points, others = mine["rate"] * max(0, now - came), yours["rate"] * max(0, now - come)
        if points != others:
            return bool(points > others)
    return (came, one["id"]) < (come, other["id"])


def _sorted(policy: Plain, entries: list[Plain], now: int) -> list[Plain]:
    # Whoever goes before everybody that is left is next; exactly one must, or there would be no order.
    left, found = list(entries), []
    while left:
        (first,) = (one for one in left if all(one is other or goes_first(policy, one, other, now) for other in left))
        found.append(first)
        left = [one for one in left if one is not first]
    return found


def _moved(case: QueueCase) -> tuple[list[Plain], list[str]]:
    policy, told = case["policy"], []
    line = _sorted(policy, case["entries"], case["now"])
    for move in case.get("moves", ()):
        anchor_id = move["before"] if "before" in move else move["after"]
        mover = next((one for one in line if one["id"] == move["entry"]), None)
        anchor = next((one for one in line if one["id"] == anchor_id), None)
        if mover is None or anchor is None:
            told.append("gone")
        elif tier(policy, mover) != tier(policy, anchor):
            told.append("other_tier")
        else:
            told.append("moved")
            ahead: list[Plain] = []
            behind: list[Plain] = []
            side = ahead
            for one in line:
                if one is anchor and "before" in move:
                    side.append(mover)
                    side = behind
                if one is not mover:
                    side.append(one)
                if one is anchor and "after" in move:
                    side = behind
                    side.append(mover)
            line = ahead + behind
    return line, told


def order(case: QueueCase) -> list[int]:
    """The numbers of those who wait, who is next first."""
    return [one["id"] for one in _moved(case)[0] if one.get("state", _WAITING) == _WAITING]


def outcomes(case: QueueCase) -> list[str]:
    """What becomes of each move: ``moved``, ``gone`` or ``other_tier``."""
    return _moved(case)[1]


def next_change(case: QueueCase, until: int) -> int | None:
    """The first instant after now, and before ``until``, at which the order without moves is another; ``None`` = none.

    It looks at every microsecond, so the times of a case must be small.
    """
    policy, entries, now = case["policy"], case["entries"], case["now"]
    first = _sorted(policy, entries, now)
    return next((at for at in range(now + 1, until) if _sorted(policy, entries, at) != first), None)


def may_overtake(policy: Plain, one: Plain, other: Plain, now: int) -> bool:
    """Whether the bounds allow ``one``, who came later, to stand before ``other`` at ``now``, moves left out.

    A tier that goes first may. Within one: under head start, who comes less than the difference of the head starts
    later; accumulating, less than the share 1 - rate / faster rate of the other's wait; strict, a more urgent level;
    nobody else.
    """
    if tier(policy, one) != tier(policy, other):
        return tier(policy, one) < tier(policy, other)
    later = queued(policy, one) - queued(policy, other)
    mine, yours = _level(policy, one), _level(policy, other)
    if policy["discipline"] == "head_start":
        return bool(later < mine["head_start"] - yours["head_start"])
    if policy["discipline"] == "accumulating":
        return later < (now - queued(policy, other)) * (1 - Fraction(yours["rate"], mine["rate"]))
    return False
