"""Calendars in the shapes that people export, each with its busy time worked out by hand in the JSON beside it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from petpro_core.errors import PetProError
from petpro_core.interop.ical import CalendarFeed, read_busy
from petpro_core.intervals import Interval, IntervalSet
from petpro_core.timezones import load_zone

FOLDER = Path(__file__).parent / "calendars"
NAMES = sorted(path.stem for path in FOLDER.glob("*.ics"))


def interval(pair: list[str]) -> Interval:
    start, end = (datetime.fromisoformat(text) for text in pair)
    return Interval(start, end)


def read(name: str, expected: dict[str, Any]) -> CalendarFeed:
    return read_busy(
        (FOLDER / f"{name}.ics").read_bytes(),
        within=interval(expected["within"]),
        zone=load_zone(expected["zone"]),
        **expected.get("options", {}),
    )


def test_every_calendar_has_its_answer() -> None:
    assert NAMES
    assert sorted(path.stem for path in FOLDER.glob("*.json")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_calendar(name: str) -> None:
    expected = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    if "error" in expected:
        with pytest.raises(PetProError) as caught:
            read(name, expected)
        got = {"code": caught.value.code, "line": caught.value.line, "name": caught.value.name}
        assert got == expected["error"], caught.value
        return
    feed = read(name, expected)
    assert feed.busy == IntervalSet.of(*map(interval, expected["busy"]))
    assert feed.known == IntervalSet.of(*map(interval, expected.get("known", [expected["within"]])))
    assert [[event.uid, event.line, event.code] for event in feed.skipped] == expected.get("skipped", [])
    assert (feed.name, feed.events) == (expected["name"], expected["events"])
