"""The peers held against each other on many small random problems: ``python -m benchmarks.agreement``.

The big scenarios compare answers too, but on one input each. Here zones, hours, buffers, caps, holds, notice, horizon,
skills and windows vary, the clocks change inside the window, and three implementations that share only the plain input
must agree.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import numpy as np
from rich.console import Console

from benchmarks._measure import answer_hash
from benchmarks.data import DAY_US, MINUTE_US, NEVER, Bookings, Generator, Problem, Rules, ScheduleHours, seeded
from benchmarks.peers import conflicts, dateutil_portion, hand_written, sets_of_starts, two_pointer, usual_loop

if TYPE_CHECKING:
    from benchmarks._measure import Int64Array

__all__ = ["main", "problem"]

ZONES: Final = (
    "America/New_York",
    "Europe/Berlin",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Apia",
    "Africa/Casablanca",
    "UTC",
)
HOURS: Final = (((9, 12), (13, 17)), ((8, 12), (12, 16)), ((22, 1),), ((2.25, 4.5), (10, 11)), ((7.25, 19.75),), ())
CASES: Final = 400


def _some(rng: Generator, *choices: int) -> int:
    return int(rng.choice(np.array(choices, np.int64)))


def _bookings(rng: Generator, count: int, low: int, *, plain: bool) -> Bookings:
    resource, starts, ends = [], [], []
    for row in range(count):
        places = rng.choice(23 * 48, int(rng.integers(0, 60)), replace=False)
        for place in np.sort(places).tolist():
            start = low - 8 * DAY_US + place * 30 * MINUTE_US
            # Plain problems go to the C floor too, which knows no bookings that overlap.
            length = _some(rng, 15, 30) if plain else _some(rng, 15, 30, 45, 200)
            resource.append(row)
            starts.append(start)
            ends.append(start + length * MINUTE_US)
    size = len(starts)

    def column(*minutes: int) -> Int64Array | None:
        return None if plain else rng.choice(np.array(minutes, np.int64), size) * MINUTE_US

    held = None
    if not plain:
        held = np.where(rng.random(size) < 0.8, NEVER, low + rng.integers(-2, 3, size) * MINUTE_US).astype(np.int64)
    return Bookings(
        resource=np.array(resource, np.int64),
        start_us=np.array(starts, np.int64),
        end_us=np.array(ends, np.int64),
        before_us=column(0, 5, 10),
        after_us=column(0, 7, 20),
        held_until_us=held,
    )


def problem(seed: int) -> Problem:
    """Make one random problem; every third one is plain (no buffers of bookings, holds, caps, notice or horizon)."""
    rng = seeded(seed)
    plain = seed % 3 == 0
    schedules = []
    for _ in range(int(rng.integers(1, 4))):
        weekly: list[list[tuple[int, int]]] = []
        for _weekday in range(7):
            # Hours of one day never meet those of the next: the usual loop would not join them.
            ranges = HOURS[int(rng.integers(0, len(HOURS)))]
            weekly.append([(int(a * 60) * MINUTE_US, int(b * 60) * MINUTE_US) for a, b in ranges])
        schedules.append(ScheduleHours(zone=str(rng.choice(np.array(ZONES))), weekly=weekly))
    count = int(rng.integers(1, 6))
    low = (20_728 + int(rng.integers(0, 30))) * DAY_US + int(rng.integers(0, 96)) * 15 * MINUTE_US
    rules = Rules(
        duration_us=_some(rng, 15, 30, 45, 60, 95) * MINUTE_US,
        step_us=_some(rng, 5, 10, 15, 30, 45) * MINUTE_US,
        buffer_before_us=_some(rng, 0, 0, 5) * MINUTE_US,
        buffer_after_us=_some(rng, 0, 0, 10) * MINUTE_US,
        min_notice_us=0 if plain else _some(rng, 0, 90, 2_000) * MINUTE_US,
        max_advance_us=NEVER if plain else _some(rng, NEVER // MINUTE_US, 9 * 1440) * MINUTE_US,
        max_per_day=0 if plain else _some(rng, 0, 1, 3),
        max_per_week=0 if plain else _some(rng, 0, 4, 12),
    )
    if rules["max_advance_us"] > DAY_US * 1000:
        rules["max_advance_us"] = NEVER
    return Problem(
        schedules=schedules,
        schedule_of=rng.integers(0, len(schedules), count, dtype=np.int64),
        rules=rules,
        within=(low, low + int(rng.integers(1, 14 * 96)) * 15 * MINUTE_US),
        now_us=low - _some(rng, 0, 60, 1440) * MINUTE_US,
        bookings=_bookings(rng, count, low, plain=plain),
        skills=None if plain else rng.integers(0, 16, count, dtype=np.uint64),
        required_skills=0 if plain else _some(rng, 0, 0, 1, 4),
    )


def _answers(given: Problem) -> dict[str, str]:
    found = {
        "hand_written": answer_hash(*hand_written.common(hand_written.find(hand_written.prepare(given)))),
        "usual_loop": answer_hash(*usual_loop.common(usual_loop.find(usual_loop.prepare(given)))),
    }
    if dateutil_portion.missing() is None:
        answer = dateutil_portion.find(dateutil_portion.prepare(given))
        found["dateutil_portion"] = answer_hash(*dateutil_portion.common(answer))
    if two_pointer.load() is not None and given["bookings"]["before_us"] is None:
        found["two_pointer"] = answer_hash(*two_pointer.find(two_pointer.prepare(given)))
    return found


def _shortened_agree(given: Problem) -> bool:
    """Say whether those who stop at the first start, or only count, agree with all starts; plain problems only."""
    if given["bookings"]["before_us"] is not None:
        return True
    lists = hand_written.prepare(given)
    rows = hand_written.find(lists)
    first = answer_hash(*hand_written.common([row[:1] for row in rows]))
    counts = [len(row) for row in rows]
    agreed = answer_hash(*hand_written.common(sets_of_starts.first(lists))) == first
    agreed = agreed and sets_of_starts.count(lists) == counts
    if two_pointer.load() is not None:
        arrays = two_pointer.prepare(given)
        agreed = agreed and answer_hash(*two_pointer.first(arrays)) == first
        agreed = agreed and two_pointer.count(arrays).tolist() == counts
    return agreed


def _overlap_counts(given: Problem) -> set[int]:
    bookings = given["bookings"]
    columns = (bookings["resource"], bookings["start_us"], bookings["end_us"])
    counts = {conflicts.count_overlaps(conflicts.prepare(columns))}
    if two_pointer.load() is not None:
        counts.add(two_pointer.overlaps(columns))
    return counts


def main() -> int:
    """Run the cases and give the exit code: 1 if peers disagree, naming the seed."""
    out = Console()
    for seed in range(CASES):
        given = problem(seed)
        answers = _answers(given)
        if len(set(answers.values())) > 1 or len(_overlap_counts(given)) > 1 or not _shortened_agree(given):
            out.print(f"peers disagree on seed {seed}: {answers}")
            return 1
    out.print(f"{CASES} random problems, every peer agrees")
    return 0


if __name__ == "__main__":
    sys.exit(main())
