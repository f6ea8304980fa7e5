"""Rules of every kind answer as dateutil does, outside the classes that ADR 16 lists and that are shown here."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice, takewhile
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given

from petpro_core.recurrence import RecurrenceRule, wall_times
from petpro_core.testing.strategies.recurring import SPANS, rule_texts, starts

EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - wall times, in no zone
ADR: Final = Path(__file__).parents[2] / "docs" / "adr" / "0016-recurrence-by-our-own-engine.md"
MOST: Final = 60

# A class, a rule and a start in it, and the dates that each side gives first.
SHOWN: Final = [
    ("plain and numbered weekdays", "FREQ=MONTHLY;BYDAY=FR,1MO", "2026-01-01", ["01-02", "01-05"], []),
    ("positions in a week", "FREQ=WEEKLY;BYDAY=MO,TH;BYSETPOS=1", "2026-01-06", ["01-12", "01-19"], ["01-08", "01-12"]),
    ("weeks without a weekday", "FREQ=YEARLY;BYWEEKNO=20", "2026-01-06", ["05-12"], ["05-11", "05-12"]),
    (
        "weeks over the turn of the year",
        "FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1;BYDAY=MO",
        "2024-12-30",
        ["2024-12-30", "2027-01-04"],
        ["2024-12-30", "2028-01-03"],
    ),
]


def us(wall: datetime) -> int:
    """Count the microseconds of a wall time."""
    return (wall - EPOCH) // timedelta(microseconds=1)


def classes(text: str) -> set[str]:
    """Name the classes of ADR 16 that a rule belongs to by its shape."""
    parts = dict(part.split("=") for part in text.split(";"))
    numbered = {len(day) > 2 for day in parts.get("BYDAY", "").split(",")}
    found = set()
    if len(numbered) > 1:
        found.add("plain and numbered weekdays")
    if parts["FREQ"] == "WEEKLY" and "BYSETPOS" in parts:
        found.add("positions in a week")
    if "BYWEEKNO" in parts and not {"BYDAY", "BYMONTHDAY", "BYYEARDAY"} & parts.keys():
        found.add("weeks without a weekday")
    if "BYWEEKNO" in parts and ({"INTERVAL", "BYSETPOS"} & parts.keys() or "-" in parts["BYWEEKNO"]):
        found.add("weeks over the turn of the year")
    return found


@given(text=rule_texts(skips=False), start=starts())
def test_answers_differ_only_in_listed_classes(text: str, start: datetime) -> None:
    # dateutil has no start beside its rule's own occurrences, so that ours is left out as well: the class "start".
    rule, stop = RecurrenceRule.parse(text), start + SPANS[text.partition(";")[0][5:]]
    found = wall_times(rule, us(start), us(start), us(stop), limit=1_000_000, with_start=False)[:MOST].tolist()
    # Without an occurrence near the start dateutil may walk to the year 9999, second by second.
    if found and not classes(text):
        theirs = islice(rule.to_dateutil(start), len(found))
        assert [us(wall) for wall in theirs] == found


@pytest.mark.parametrize(("name", "text", "begin", "ours", "theirs"), SHOWN)
def test_each_class_is_shown(name: str, text: str, begin: str, ours: list[str], theirs: list[str]) -> None:
    assert name in classes(text)
    start, rule = datetime.fromisoformat(begin), RecurrenceRule.parse(text)
    stop = datetime(2040, 1, 1)  # noqa: DTZ001 - a wall time
    found = wall_times(rule, us(start), us(start), us(stop), limit=1_000_000, with_start=False).tolist()
    given_by_us = [EPOCH + timedelta(microseconds=wall) for wall in found[: len(ours)]]
    given_by_them = list(islice(takewhile(lambda wall: wall < stop, rule.to_dateutil(start)), len(theirs)))
    assert [str(wall.date()).removeprefix("2026-") for wall in given_by_us] == ours
    assert [str(wall.date()).removeprefix("2026-") for wall in given_by_them] == theirs
    assert given_by_us != given_by_them


def test_the_start_is_an_occurrence_here_and_not_there() -> None:
    rule, start = RecurrenceRule.parse("FREQ=WEEKLY;BYDAY=TU;COUNT=2"), datetime(2026, 3, 2, 9)  # noqa: DTZ001
    ours = wall_times(rule, us(start), us(start), us(datetime(2027, 1, 1)), limit=9).tolist()  # noqa: DTZ001
    assert [EPOCH + timedelta(microseconds=wall) for wall in ours] == [start, datetime(2026, 3, 3, 9)]  # noqa: DTZ001
    assert list(rule.to_dateutil(start)) == [datetime(2026, 3, 3, 9), datetime(2026, 3, 10, 9)]  # noqa: DTZ001


def test_every_class_is_listed_with_the_sentence_that_decides() -> None:
    text = ADR.read_text(encoding="utf-8")
    for name in ["start", *(shown[0] for shown in SHOWN)]:
        assert f"| {name} |" in text
