"""One index through thousands of changes in a row; after each it says what a search of all bookings says.

Three runs of 100 changes each in CI, and of 3,334 in the nightly run, which are 10,000 together.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import settings

from petpro_core import (
    ALWAYS,
    Allocation,
    Booking,
    BookingPolicy,
    BookingStatus,
    BookingTable,
    Calendar,
    CalendarBatch,
    Cap,
    LocalDays,
    MinimumGap,
    Request,
    Schedule,
    Scope,
    SlotRules,
    WeeklyHours,
    WorkingTime,
    count_slots,
    find_slots,
)
from petpro_core.index import SlotIndex
from petpro_core.intervals import Interval

CHANGES: Final = min(max(100, settings().max_examples), 3_334)
ROWS: Final = 80
MINUTE: Final = timedelta(minutes=1)
MONDAY: Final = datetime(2026, 10, 19, tzinfo=UTC)
POLICIES: Final = {
    "plain": (BookingPolicy(), Request(), None),
    "lead times and caps": (
        BookingPolicy(
            min_notice=timedelta(hours=3),
            horizon=timedelta(days=6),
            caps=[Cap(5, per="day"), Cap(1_000, per="week", minutes=True)],
            gaps=MinimumGap(5 * MINUTE),
        ),
        Request(units=2),
        None,
    ),
    "a client and a class": (
        BookingPolicy(
            min_notice=WorkingTime(timedelta(hours=2)),
            caps=Cap(2, per="day", by="client"),
            one_at_a_time=[Scope.CLIENT],
        ),
        Request(client=1, service=3),
        6,
    ),
}


def calendars() -> CalendarBatch:
    weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday"]
    kinds = [
        Schedule("Europe/Berlin", WeeklyHours({day: ["09:00-12:00", "13:00-17:00"] for day in weekdays})),
        Schedule("Europe/Berlin", WeeklyHours({day: ["08:10-16:00"] for day in weekdays[1:]})),
        Schedule("Asia/Kathmandu", WeeklyHours({day: ["18:00-02:00"] for day in weekdays})),
        Schedule("America/New_York", WeeklyHours({day: ["07:00-12:00", "12:00-15:30"] for day in weekdays})),
    ]
    rows = [Calendar(kinds[row % 4], capacity=1 + row % 3) for row in range(ROWS)]
    return CalendarBatch.of(rows, handles=[7 * row for row in range(ROWS)])


class Book:
    """All bookings as objects, and the table that a plain search reads."""

    def __init__(self, seed: int, seats: int | None) -> None:
        self.dice = np.random.default_rng(seed)  # noqa: TID251 (the seed is fixed)
        self.seats = seats
        self.bookings: dict[int, Booking] = {}
        self.number = 0

    def fresh(self, number: int, now: datetime) -> Booking:
        start = MONDAY + int(self.dice.integers(0, 7 * 24 * 12)) * 5 * MINUTE
        visit = Interval(start, start + int(self.dice.choice([20, 45, 60])) * MINUTE)
        held = self.dice.random() < 0.3
        places = self.dice.choice(ROWS + 5, int(self.dice.choice([1, 1, 2])), replace=False)
        parts = [Allocation.of(7 * int(row), visit, buffer_after=10 * MINUTE) for row in places]
        return Booking(
            number,
            parts,
            status=BookingStatus.HELD if held else BookingStatus.CONFIRMED,
            held_until=now + int(self.dice.integers(1, 120)) * MINUTE if held else None,
            client=int(self.dice.integers(0, 12)),
            service=3,
            seats=self.seats,
        )

    def change(self, now: datetime) -> tuple[list[Booking], list[Booking]]:
        """What comes and what goes: a booking more, one less, or one that moves."""
        dice, removed, added = self.dice.random(), [], []
        if self.bookings and dice < 0.55:
            removed = [self.bookings.pop(int(self.dice.choice(list(self.bookings))))]
        if dice > 0.35 or not removed:
            self.number += 1
            number = removed[0].id if removed else self.number
            added = [self.fresh(number, now)]
            self.bookings[number] = added[0]
        return added, removed

    @property
    def table(self) -> BookingTable:
        return BookingTable.of(self.bookings.values(), known=ALWAYS)


@pytest.mark.parametrize("name", POLICIES)
def test_an_index_keeps_up_with_thousands_of_changes(name: str) -> None:
    policy, request, seats = POLICIES[name]
    rows, book = calendars(), Book(len(name), seats)
    rules = SlotRules(30 * MINUTE, step=20 * MINUTE, buffer_before=5 * MINUTE, seats=seats)
    asked: dict[str, Any] = {"rules": rules, "policy": policy, "request": request}
    asked["within"] = LocalDays(date(2026, 10, 19), date(2026, 10, 26))
    now = MONDAY - timedelta(hours=5)
    index = SlotIndex.of(rows, busy=book.table, now=now, **asked)
    for change in range(CHANGES):
        if change % 7 == 6:
            now += int(book.dice.integers(0, 9)) * MINUTE
            index = index.at(now)
        else:
            added, removed = book.change(now)
            index = index.with_bookings(added, removed=removed)
        if change % 3 == 0:
            # Read between some changes and not between others, so that changes pile up on the same matrix.
            continue
        plain = find_slots(rows, busy=book.table, now=now, **asked)
        found = index.find()
        assert found.offsets.tolist() == plain.offsets.tolist(), change
        assert found.starts.tolist() == plain.starts.tolist(), change
        assert found.valid_until == plain.valid_until, change
    assert index.count().tolist() == count_slots(rows, busy=book.table, now=now, **asked).tolist()
