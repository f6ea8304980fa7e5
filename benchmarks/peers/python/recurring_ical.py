"""Recurrence rules by recurring-ical-events, one event each in a calendar that was parsed beforehand."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))  # python -I leaves the script's own folder out

from measured import main  # type: ignore[import-not-found]  # it lies beside this script

EPOCH = datetime.fromisoformat("1970-01-01T00:00+00:00")
US = timedelta(microseconds=1)


def _event(number: int, case: dict[str, Any]) -> str:
    begin = f":{case['start']}Z" if case["zone"] == "UTC" else f";TZID={case['zone']}:{case['start']}"
    lines = ["BEGIN:VEVENT", f"UID:{number}", f"DTSTART{begin}", "DURATION:PT30M", f"RRULE:{case['rule']}"]
    return "\r\n".join([*lines, "END:VEVENT"])


def prepare(question: dict[str, Any]) -> Any:
    """Write and parse the calendar."""
    import icalendar

    events = [_event(number, case) for number, case in enumerate(question["cases"])]
    text = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//bench//", *events, "END:VCALENDAR", ""])
    low, high = (EPOCH + us * US for us in question["within"])
    return icalendar.Calendar.from_ical(text), low, high, len(events)


def run(prepared: Any) -> Any:
    """Give every event of the window."""
    import recurring_ical_events

    calendar, low, high, count = prepared
    return recurring_ical_events.of(calendar).between(low, high), low, count


def common(answer: Any) -> tuple[Any, Any]:
    """Give (offsets, microseconds of the starts); an event that began before the window only reaches into it."""
    events, low, count = answer
    rows: list[list[int]] = [[] for _ in range(count)]
    for event in events:
        start = event["DTSTART"].dt.astimezone(UTC)
        if start >= low:
            rows[int(event["UID"])].append((start - EPOCH) // US)
    return np.cumsum([0, *map(len, rows)]), np.array([at for row in rows for at in sorted(row)], np.int64)


main(prepare, run, common)
