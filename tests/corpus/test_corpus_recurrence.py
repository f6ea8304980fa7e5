"""Every example of RRULE in RFC 5545, each of its equivalent rules, with the zone's abbreviations left to the zone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from petpro_core.intervals import ALWAYS, Interval
from petpro_core.recurrence import Recurrence, RecurrenceRule, expand
from petpro_core.testing._recurrence import expanded

CASES: Final[list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "recurrence" / "rfc5545.json").read_text(encoding="utf-8")
)["cases"]
RULES: Final = [(case, text) for case in CASES for text in case["rrules_equivalent"]]
OFFSETS: Final = {"EDT": timedelta(hours=-4), "EST": timedelta(hours=-5)}


def wall(text: str) -> datetime:
    """Read a local time of the standard."""
    return datetime.strptime(text, "%Y%m%dT%H%M%S")  # noqa: DTZ007 - a wall time


def instants(case: dict[str, Any]) -> list[datetime]:
    """Read what the standard expects, by the abbreviations that it prints."""
    pairs = [text.split() for text in case.get("instances_by_rule", case["instances"])]
    return [(wall(clock) - OFFSETS[zone]).replace(tzinfo=UTC) for clock, zone in pairs]


def test_all_examples_are_there() -> None:
    assert (len(CASES), len(RULES)) == (39, 42)


@pytest.mark.parametrize(("case", "text"), RULES, ids=[f"{case['title'][:40]} {text}" for case, text in RULES])
def test_example_of_the_standard(case: dict[str, Any], text: str) -> None:
    expected = instants(case)
    end = expected[-1] + timedelta(seconds=1) if case["open_ended"] else datetime(2100, 1, 1, tzinfo=UTC)
    within = Interval(datetime(1996, 1, 1, tzinfo=UTC), end)
    start, excluded = wall(case["dtstart"]), [wall(one) for one in case["exdate"]]
    recurrence = Recurrence(start, case["tzid"], timedelta(hours=1), rules=text, excluded=excluded)
    assert [one.start for one in expand(recurrence, within=within)] == expected
    if not case["open_ended"]:
        assert [one.start for one in expand(recurrence, within=ALWAYS)] == expected
    rule = RecurrenceRule.parse(text)
    until = None if rule.until is None else Interval(rule.until, ALWAYS.end).start_us  # type: ignore[arg-type]  # a time
    plain = {"zone": case["tzid"], "start": start, "seconds": 3600, "rules": [(text, until)], "excluding": []}
    plain |= {"dates": [], "excluded": excluded, "periods": []}
    if end.year < 2100:
        assert [first for first, _ in expanded(plain, within.start_us, within.end_us)] == [
            Interval(one, ALWAYS.end).start_us for one in expected
        ]
