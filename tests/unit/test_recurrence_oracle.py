"""The oracle of recurrence answers as worked out by hand, where the standard gives no example."""

from __future__ import annotations

from datetime import datetime

import pytest

from petpro_core.testing._recurrence import expanded, occurrences

HOUR_US = 3_600_000_000


def days(text: str, start: str, stop: str) -> list[str]:
    """Write the dates of a rule, without the start's own occurrence."""
    walls = occurrences(text, datetime.fromisoformat(start), datetime.fromisoformat(stop), with_start=False)
    return [wall.date().isoformat() for wall in walls]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=MONTHLY;BYMONTHDAY=30", ["2026-01-30", "2026-03-30"]),
        ("FREQ=MONTHLY;BYMONTHDAY=30;SKIP=FORWARD", ["2026-01-30", "2026-03-01", "2026-03-30"]),
        ("FREQ=MONTHLY;BYMONTHDAY=30;SKIP=BACKWARD", ["2026-01-30", "2026-02-28", "2026-03-30"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-31;SKIP=FORWARD", ["2026-01-01", "2026-02-01", "2026-03-01"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-31;SKIP=BACKWARD", ["2026-01-01", "2026-01-31", "2026-03-01"]),
        ("FREQ=YEARLY;BYWEEKNO=10", ["2026-03-05"]),
        ("FREQ=YEARLY;BYWEEKNO=10;BYDAY=SA,SU;WKST=SU", ["2026-03-08", "2026-03-14"]),
        ("FREQ=YEARLY;BYDAY=-50TU", ["2026-01-20"]),
        ("FREQ=WEEKLY;BYDAY=MO,WE;BYSETPOS=-1;INTERVAL=6", ["2026-02-11", "2026-03-25"]),
    ],
)
def test_dates(text: str, expected: list[str]) -> None:
    assert days(text, "2026-01-01T09:00", "2026-03-31T00:00") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=HOURLY;INTERVAL=7;BYMINUTE=0,30;BYSETPOS=-1", ["09:30", "16:30", "23:30"]),
        ("FREQ=MINUTELY;INTERVAL=200;BYHOUR=9,15,22", ["09:00", "15:40", "22:20"]),
        ("FREQ=SECONDLY;INTERVAL=10000;BYHOUR=11,17,20", ["11:46", "17:20", "20:06"]),
    ],
)
def test_times(text: str, expected: list[str]) -> None:
    start, stop = datetime(2026, 1, 1, 9), datetime(2026, 1, 2)  # noqa: DTZ001 - wall times
    assert [wall.strftime("%H:%M") for wall in occurrences(text, start, stop, with_start=False)] == expected


def test_zones_dates_and_exceptions() -> None:
    plain = {
        "zone": "America/New_York",
        "start": datetime(2026, 3, 7, 2, 30),  # noqa: DTZ001 - a wall time
        "days": 1,
        "rules": [("FREQ=DAILY;COUNT=4", None)],
        "excluding": [("FREQ=DAILY;INTERVAL=3;COUNT=1", None)],
        "dates": [],
        "excluded": [datetime(2026, 3, 9, 2, 30)],  # noqa: DTZ001 - a wall time
        "periods": [],
    }
    gap = 1_772_955_000_000_000
    assert expanded(plain, gap - 100 * HOUR_US, gap + 100 * HOUR_US) == [
        (gap, gap + 23 * HOUR_US),
        (gap + 47 * HOUR_US, gap + 71 * HOUR_US),
    ]
