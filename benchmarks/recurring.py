"""P3: recurrence rules to instants, one rule over ten years and a thousand rules over one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks import petpro_side
from benchmarks._measure import Contender, compare
from benchmarks.data import EPOCH
from benchmarks.outside import Elsewhere
from benchmarks.rule_cases import mixed_rules, naive, new_york_weekdays, second_tuesdays, weekdays
from benchmarks.targets import DATEUTIL, DATEUTIL_RS, TARGETS_MS

if TYPE_CHECKING:
    from benchmarks._measure import Int64Array, Peer, Result
    from benchmarks.rule_cases import Expansion

__all__ = ["dateutil_between", "dateutil_columns", "dateutil_rules", "p3"]

_US: Final = timedelta(microseconds=1)
_UTC_EPOCH: Final = EPOCH.replace(tzinfo=UTC)


def dateutil_rules(asked: Expansion) -> tuple[list[Any], datetime, datetime]:
    """Parse the rules for dateutil: without a zone in UTC, which is its quicker way, else with zoneinfo's."""
    from dateutil.rrule import rrulestr

    low, high = (EPOCH + us * _US for us in asked["within"])
    zones = {case["zone"] for case in asked["cases"]}
    aware = zones != {"UTC"}
    rules = []
    for case in asked["cases"]:
        start = EPOCH + case["start_us"] * _US
        if aware:
            rules.append(rrulestr(case["rule"], dtstart=start.replace(tzinfo=ZoneInfo(case["zone"]))))
        else:
            rules.append(rrulestr(naive(case["rule"]), dtstart=start))
    high -= timedelta(seconds=1)
    return rules, *((low.replace(tzinfo=UTC), high.replace(tzinfo=UTC)) if aware else (low, high))


def dateutil_between(prepared: tuple[list[Any], datetime, datetime]) -> list[list[datetime]]:
    """Give the occurrences of each rule as datetimes."""
    rules, low, high = prepared
    return [rule.between(low, high, inc=True) for rule in rules]


def dateutil_columns(rows: list[list[datetime]]) -> tuple[Int64Array, Int64Array]:
    """Give (offsets, microseconds); not timed."""
    values = [(at - (EPOCH if at.tzinfo is None else _UTC_EPOCH)) // _US for row in rows for at in row]
    return np.cumsum([0, *map(len, rows)]), np.array(values, np.int64)


def _peers(asked: Expansion, repeat: int) -> list[Peer]:
    question = dict(asked)
    found: list[Peer] = [
        Contender(DATEUTIL, lambda: dateutil_rules(asked), dateutil_between, dateutil_columns, repeat),
        Elsewhere("rrule-rust (Node)", "node", "rules.mjs", "rrule-rust", question),
        Elsewhere("recurring-ical-events", "recurring_ical", "recurring_ical.py", "", question),
    ]
    if all(case["zone"] == "UTC" for case in asked["cases"]):  # the other two know no zones
        found.insert(0, Elsewhere(DATEUTIL_RS, "dateutil_rs", "dateutil_rs.py", "", question))
        found.insert(3, Elsewhere("rrule.js (Node)", "node", "rules.mjs", "rrule", question))
    return found


def p3(*, quick: bool) -> list[Result]:
    """Time each expansion beside its peers; rules are parsed beforehand by all."""
    many = 100 if quick else 1_000
    asked = {
        "P3 weekdays over 10 years": (weekdays(), "P3 weekdays"),
        "P3 weekdays over 10 years, New York": (new_york_weekdays(), None),
        "P3 second Tuesdays over 10 years": (second_tuesdays(), "P3 second Tuesdays"),
        f"P3 {many:,} mixed rules, one year": (mixed_rules(many), "P3 mixed rules"),
    }
    results = []
    for name, (expansion, target) in asked.items():
        one = len(expansion["cases"]) == 1
        own = Contender(
            "PetPro",
            lambda given=expansion: petpro_side.prepare_rules(given),  # type: ignore[misc]  # mypy and the default
            petpro_side.p3,
            lambda answer: answer,
            repeat=200 if one else 9,
        )
        peers = _peers(expansion, repeat=9 if one else 3)
        results += compare(
            name, target_ms=TARGETS_MS[target] if target else None, petpro=own, peers=peers, judged=not quick
        )
    return results
