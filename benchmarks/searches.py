"""P1, P2 and P6: starts of one calendar, of a network, of a busy practice, cold: from rules to starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks import petpro_side
from benchmarks._measure import Contender, Missing, compare
from benchmarks.data import network, one_calendar, overlapping_ends, practice
from benchmarks.outside import Elsewhere
from benchmarks.peers import conflicts, dateutil_portion, hand_written, two_pointer, usual_loop
from benchmarks.targets import CAREFUL, FLOOR, TARGETS_MS

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from benchmarks._measure import Int64Array, Peer, Result
    from benchmarks.data import Problem

__all__ = ["p1", "p2", "p6"]

USUAL = "the usual loop"
PORTION = "dateutil + portion"


def _floor(problem: Problem, repeat: int, *, memory: bool) -> Contender | Missing:
    if two_pointer.load() is None:
        return Missing(FLOOR, "no C compiler found")
    return Contender(FLOOR, lambda: two_pointer.prepare(problem), two_pointer.find, two_pointer.common, repeat, memory)


def _search_peers(problem: Problem, *, repeat: int, slow: int, memory: bool, floor: bool) -> list[Peer]:
    """Give the peers of a search; `repeat` calls of the quick ones, `slow` of the others."""
    peers: list[Peer] = [
        Contender(
            CAREFUL,
            lambda: hand_written.prepare(problem),
            hand_written.find,
            hand_written.common,
            repeat,
            memory=memory,
        ),
        Contender(USUAL, lambda: usual_loop.prepare(problem), usual_loop.find, usual_loop.common, slow),
    ]
    absent = dateutil_portion.missing()
    if absent:
        peers.append(Missing(PORTION, f"{absent} not installed"))
    else:
        peers.append(
            Contender(
                PORTION, lambda: dateutil_portion.prepare(problem), dateutil_portion.find, dateutil_portion.common, slow
            )
        )
    if floor:
        peers.insert(0, _floor(problem, max(repeat, 7), memory=memory))
    return peers


def _rows(answer: tuple[Int64Array, Int64Array]) -> tuple[Int64Array, Int64Array]:
    return answer


def _petpro(
    problem: Problem, run: Callable[[Any], Any], common: Callable[[Any], Any], *, repeat: int, memory: bool = False
) -> Contender:
    return Contender("PetPro", lambda: petpro_side.prepare(problem), run, common, repeat, memory)


def _single_row(starts: Int64Array) -> tuple[Int64Array, Int64Array]:
    return np.array([0, len(starts)], np.int64), starts


def _slot_calculator(problem: Problem) -> Elsewhere:
    """The one slot library for Node that was found on a registry; it has hours and bookings, and no other feature."""
    (schedule,), bookings = problem["schedules"], problem["bookings"]
    question = {
        "zone": schedule["zone"],
        "weekly": schedule["weekly"],
        "bookings": list(zip(bookings["start_us"].tolist(), bookings["end_us"].tolist(), strict=True)),
        "within": problem["within"],
        "step_us": problem["rules"]["step_us"],
        "duration_us": problem["rules"]["duration_us"],
    }
    return Elsewhere("slot-calculator (Node)", "node", "slots.mjs", "slot-calculator", question)


def p1(*, quick: bool) -> list[Result]:
    """Time one calendar, without features and with every one of them."""
    results = []
    for features in (False, True):
        problem = one_calendar(features=features)
        name = "P1 one calendar, 30 days, " + ("every feature" if features else "no features")
        repeat = 50 if quick else 400
        petpro = _petpro(problem, petpro_side.p1, _single_row, repeat=repeat)
        peers = _search_peers(problem, repeat=repeat, slow=repeat // 8, memory=False, floor=not features)
        if not features:
            peers.append(_slot_calculator(problem))
        results += compare(name, target_ms=TARGETS_MS["P1"], petpro=petpro, peers=peers, judged=not quick)
    return results


def p2(*, quick: bool) -> list[Result]:
    """Time a network, cold, and the check of all its bookings for overlap."""
    providers = 500 if quick else 10_000
    problem = network(providers)
    size = len(problem["bookings"]["start_us"])
    petpro = _petpro(problem, petpro_side.p2, _rows, repeat=7, memory=True)
    peers = _search_peers(problem, repeat=3, slow=1, memory=True, floor=True)
    name = f"P2 cold, {providers:,} providers, 14 days, {size:,} bookings"
    results = compare(name, target_ms=TARGETS_MS["P2"], petpro=petpro, peers=peers, judged=not quick)
    columns = (problem["bookings"]["resource"], problem["bookings"]["start_us"], overlapping_ends(problem))
    count: Callable[[int], tuple[int]] = lambda pairs: (pairs,)  # noqa: E731 -- one expression, used three times below
    own = Contender("PetPro", lambda: petpro_side.prepare_conflicts(columns), petpro_side.p2_conflicts, count)
    others: list[Peer] = [
        Contender("sweep in Python", lambda: conflicts.prepare(columns), conflicts.count_overlaps, count, 3)
    ]
    floor = "one pass in C"
    others.append(
        Missing(floor, "no C compiler found")
        if two_pointer.load() is None
        else Contender(floor, lambda: columns, two_pointer.overlaps, count)
    )
    name = f"P2 overlap check, {size:,} bookings"
    return results + compare(name, target_ms=TARGETS_MS["P2 overlap check"], petpro=own, peers=others, judged=not quick)


def p6(*, quick: bool) -> list[Result]:
    """Time the practice, cold."""
    problem = practice()
    petpro = _petpro(problem, petpro_side.p6, _rows, repeat=20)
    peers = _search_peers(problem, repeat=5 if quick else 20, slow=1 if quick else 3, memory=False, floor=False)
    name = f"P6 cold, 50 staff, 30 days, {len(problem['bookings']['start_us']):,} bookings"
    return compare(name, target_ms=TARGETS_MS["P6"], petpro=petpro, peers=peers, judged=not quick)
