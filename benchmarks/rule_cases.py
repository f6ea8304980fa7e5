"""P3's input: recurrence rules as plain text, made without PetPro, and what has to be expanded when.

DTSTART is always an instance of its rule (RFC 5545, section 3.8.5.3, asks for that), because implementations differ on
what an odd DTSTART means; the same holds for the few rules on which dateutil reads the RFC otherwise (BYWEEKNO without
BYDAY, WEEKLY with BYSETPOS), which are left out. What is compared here is speed; the tests compare readings.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypedDict

from dateutil.rrule import rrulestr

from benchmarks.data import EPOCH, NEW_YORK, seeded

if TYPE_CHECKING:
    from benchmarks.data import Generator

__all__ = ["Expansion", "RuleCase", "mixed_rules", "naive", "new_york_weekdays", "second_tuesdays", "weekdays"]

US: Final = timedelta(microseconds=1)
_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class RuleCase(TypedDict):
    """One rule: RRULE's value, DTSTART by the wall clock as text and in microseconds, and its zone."""

    rule: str
    start: str
    start_us: int
    zone: str


class Expansion(TypedDict):
    """Rules, and the window [from, to) in UTC microseconds for which their occurrences are asked."""

    cases: list[RuleCase]
    within: tuple[int, int]


def naive(rule: str) -> str:
    """Take the Z off UNTIL: dateutil wants it so where DTSTART has no zone, everybody else wants it in UTC."""
    return re.sub(r"(UNTIL=\d{8}T\d{6})Z", r"\1", rule)


def _case(rule: str, earliest: datetime, zone: str = "UTC") -> RuleCase:
    """Give a case whose DTSTART is the rule's first instance on or after a wall-clock time."""
    start = rrulestr(naive(rule), dtstart=earliest).after(earliest, inc=True)
    assert start is not None
    return RuleCase(rule=rule, start=f"{start:%Y%m%dT%H%M%S}", start_us=(start - EPOCH) // US, zone=zone)


def _years(first: int, last: int) -> tuple[int, int]:
    return (datetime(first, 1, 1) - EPOCH) // US, (datetime(last, 1, 1) - EPOCH) // US  # noqa: DTZ001 -- wall clock


def weekdays(zone: str = "UTC") -> Expansion:
    """Give every weekday at 9:00 over the ten years from 2026 on; 2,608 or so instants."""
    rule = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
    return Expansion(cases=[_case(rule, datetime(2026, 1, 1, 9), zone)], within=_years(2026, 2036))  # noqa: DTZ001


def second_tuesdays() -> Expansion:
    """Give the second Tuesday of every month at 9:00 over the ten years from 2026 on; 120 instants."""
    case = _case("FREQ=MONTHLY;BYDAY=2TU", datetime(2026, 1, 1, 9))  # noqa: DTZ001 -- wall clock
    return Expansion(cases=[case], within=_years(2026, 2036))


def _some_days(rng: Generator, most: int) -> str:
    chosen = sorted(rng.choice(7, int(rng.integers(1, most + 1)), replace=False).tolist())
    return ",".join(_DAYS[day] for day in chosen)


def _text(rng: Generator, kind: int) -> str:
    """Give a rule of one of twelve kinds, as people and their calendar programs write them."""
    every = f"INTERVAL={int(rng.integers(1, 5))}"
    day, month, position = int(rng.integers(1, 29)), int(rng.integers(1, 13)), int(rng.choice([1, 2, 3, 4, -1]))
    weekday = _DAYS[int(rng.integers(0, 7))]
    months = ",".join(str(one) for one in sorted(rng.choice(12, 4, replace=False) + 1))
    return (
        f"FREQ=DAILY;{every}",
        f"FREQ=DAILY;BYMONTH={months}",
        f"FREQ=DAILY;{every};COUNT={int(rng.integers(100, 900))}",
        f"FREQ=WEEKLY;{every};BYDAY={_some_days(rng, 5)}",
        f"FREQ=WEEKLY;BYDAY={_some_days(rng, 7)}",
        f"FREQ=WEEKLY;BYDAY={_some_days(rng, 5)};UNTIL=2026{int(rng.integers(1, 13)):02d}15T230000Z",
        f"FREQ=MONTHLY;BYMONTHDAY={day}" + (",-1" if day % 2 else ""),
        f"FREQ=MONTHLY;BYDAY={position}{weekday}",
        f"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS={position}",
        f"FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={day}",
        f"FREQ=YEARLY;BYMONTH={months};BYDAY={position}{weekday}",
        f"FREQ=WEEKLY;BYDAY={weekday};BYHOUR={day % 4 + 8},{day % 4 + 13}",
    )[kind]


def mixed_rules(count: int = 1_000) -> Expansion:
    """Give rules of twelve kinds in turn, begun in the six years before, and asked for the whole of 2026."""
    rng = seeded(5545)
    cases = []
    for number in range(count):
        rule = _text(rng, number % 12)
        begun = datetime(2020, 1, 1) + timedelta(days=int(rng.integers(0, 6 * 365)))  # noqa: DTZ001 -- wall clock
        earliest = begun.replace(hour=int(rng.integers(7, 19)), minute=int(rng.choice([0, 15, 30, 45])))
        cases.append(_case(rule, earliest))
    return Expansion(cases=cases, within=_years(2026, 2027))


def new_york_weekdays() -> Expansion:
    """Give the weekdays by the wall clock of New York, so that the instants move with the clocks."""
    return weekdays(NEW_YORK)
