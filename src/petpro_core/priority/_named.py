"""Triage lists that people know, as policies."""

from __future__ import annotations

import math
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from petpro_core.priority._levels import UrgencyLevel
from petpro_core.priority._policy import PriorityPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["POLICIES", "VETERINARY_TRIAGE"]

# A level, its name, its target in minutes, and the minutes after which it is alerted where that is later.
_Row = tuple[str, str, int] | tuple[str, str, int, int]


def _by_targets(name: str, source: str, rows: list[_Row]) -> PriorityPolicy:
    """A list by its targets alone: who is due immediately has a tier to itself, the rest is ranked within one.

    The head start of a level is the longest target minus its own, so that entries are ranked by when their target falls
    due. The rate is inverse to the target, so that everybody has earned the same number of points at their target.
    """
    longest = rows[-1][2]
    common = math.lcm(*(row[2] for row in rows if row[2]))
    levels = []
    for code, word, minutes, *alert in rows:
        levels.append(
            UrgencyLevel(
                code,
                name=word,
                tier=int(minutes > 0),
                head_start=timedelta(minutes=longest - minutes),
                rate=common // max(minutes, 1),
                target=timedelta(minutes=minutes),
                alert_after=timedelta(minutes=alert[0] if alert else minutes),
            )
        )
    return PriorityPolicy(levels, name=name, source=source)


VETERINARY_TRIAGE: Final = _by_targets(
    "Veterinary triage list",
    "Ruys et al., J. Vet. Emerg. Crit. Care 22:303 (2012), 485 dogs and cats; blue is what practices add",
    [
        ("red", "Red: immediate", 0),
        ("orange", "Orange: very urgent", 15),
        ("yellow", "Yellow: urgent", 30, 60),
        ("green", "Green: standard", 120),
        ("blue", "Blue: not urgent", 240),
    ],
)
"""The five levels of the veterinary triage list: a tier for red alone, head starts of 240, 225, 210, 120 and 0 minutes.

Orange, yellow and green lie as far apart as in the 105, 90 and 0 minutes that were measured; blue lies as far behind
green as their targets do."""

POLICIES: Final[Mapping[str, PriorityPolicy]] = MappingProxyType(
    {
        "veterinary_triage": VETERINARY_TRIAGE,
        "ats": _by_targets(
            "Australasian Triage Scale",
            "Australasian College for Emergency Medicine, as published by Health New Zealand",
            [
                ("1", "Immediately life-threatening", 0),
                ("2", "Imminently life-threatening", 10),
                ("3", "Potentially life-threatening", 30),
                ("4", "Potentially serious", 60),
                ("5", "Less urgent", 120),
            ],
        ),
        "ctas": _by_targets(
            "Canadian Triage and Acuity Scale",
            "Scand. J. Trauma Resusc. Emerg. Med. 19:68 (2011), table 1",
            [
                ("1", "Resuscitation", 0),
                ("2", "Emergent", 15),
                ("3", "Urgent", 30),
                ("4", "Less urgent", 60),
                ("5", "Non-urgent", 120),
            ],
        ),
        "manchester": _by_targets(
            "Manchester Triage System",
            "Manchester Triage Group; times as in Eur. J. Med. Res. (2019), table 2",
            [
                ("red", "Immediate", 0),
                ("orange", "Very urgent", 10),
                ("yellow", "Urgent", 60),
                ("green", "Standard", 120),
                ("blue", "Non-urgent", 240),
            ],
        ),
        "manchester_german": _by_targets(
            "Manchester Triage System, German times",
            "The German variant, as in Eur. J. Med. Res. (2019), table 2",
            [
                ("red", "Immediate", 0),
                ("orange", "Very urgent", 10),
                ("yellow", "Urgent", 30),
                ("green", "Standard", 90),
                ("blue", "Non-urgent", 120),
            ],
        ),
    }
)
"""Triage lists by their codes, each with its source; ``attrs.evolve`` changes one for a practice."""
