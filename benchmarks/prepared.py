"""P2 and P6 prepared: the same questions put to an index that is kept, and what a change of it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from benchmarks import petpro_side
from benchmarks._measure import Contender, Missing, compare
from benchmarks.data import network, practice, some_booking, with_booking, without_booking
from benchmarks.peers import hand_written, sets_of_starts, two_pointer
from benchmarks.targets import CAREFUL, FLOOR, SETS, TARGETS_MS

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks._measure import Int64Array, Peer, Result
    from benchmarks.data import Problem

__all__ = ["p2_prepared", "p6_prepared"]

_MEMBERS: Final = 5


def _csr(answer: tuple[Int64Array, Int64Array]) -> tuple[Int64Array, Int64Array]:
    return answer


def _one(counts: Any) -> tuple[Int64Array]:
    return (np.asarray(counts, np.int64),)


def _floor(problem: Problem, run: Callable[[Any], Any], common: Callable[[Any], Any]) -> Peer:
    if two_pointer.load() is None:
        return Missing(FLOOR, "no C compiler found")
    return Contender(FLOOR, lambda: two_pointer.prepare(problem), run, common)


def _careful(problem: Problem, run: Callable[[Any], Any], common: Callable[[Any], Any]) -> Peer:
    return Contender(CAREFUL, lambda: hand_written.prepare(problem), run, common, repeat=3)


def _questions(problem: Problem, size: str, *, judged: bool) -> list[Result]:
    """Ask for all starts, the first ones and their number."""
    ways: tuple[tuple[str, Callable[..., Any], Callable[..., Any], Peer, Peer], ...] = (
        (
            "all starts",
            petpro_side.index_all,
            _csr,
            _floor(problem, two_pointer.find, _csr),
            _careful(problem, hand_written.find, hand_written.common),
        ),
        (
            "first starts",
            petpro_side.index_first,
            _csr,
            _floor(problem, two_pointer.first, _csr),
            _careful(problem, sets_of_starts.first, hand_written.common),
        ),
        (
            "count",
            petpro_side.index_count,
            _one,
            _floor(problem, two_pointer.count, _one),
            _careful(problem, sets_of_starts.count, _one),
        ),
    )
    results = []
    for what, run, common, *peers in ways:
        own = Contender("PetPro", lambda: petpro_side.prepare_index(problem), run, common, repeat=25)
        target = TARGETS_MS[f"P2 prepared, {what}"]
        name = f"P2 prepared, {what}, {size}"
        results += compare(name, target_ms=target, petpro=own, peers=peers, judged=judged)
    return results


def _changes(problem: Problem, size: str, *, judged: bool) -> list[Result]:
    """Add a booking and take one away; and ask for the first starts of all right after."""
    row, start, end, free = some_booking(problem)
    calendars = len(problem["schedule_of"])
    after: Callable[[Any], Any] = lambda index: petpro_side.index_row(index, row, calendars)  # noqa: E731 -- twice below
    results = []
    for what, run, changed in (
        ("one booking more", petpro_side.index_more, with_booking(problem, row, free)),
        ("one booking less", petpro_side.index_less, without_booking(problem, row, (start, end))),
    ):
        own = Contender("PetPro", lambda: petpro_side.prepare_index(problem), run, after, repeat=200)
        alone = Contender(
            CAREFUL,
            lambda given=changed: sets_of_starts.prepare_one(given, row),  # type: ignore[misc]  # mypy and the default
            sets_of_starts.again,
            _csr,
            repeat=200,
        )
        target = TARGETS_MS[f"P2 prepared, {what}"]
        name = f"P2 prepared, {what}, {size}"
        results += compare(name, target_ms=target, petpro=own, peers=[alone], judged=judged)
    more = with_booking(problem, row, free)
    own = Contender(
        "PetPro",
        lambda: petpro_side.prepare_index(problem),
        petpro_side.first_after,
        _csr,
        repeat=25,
    )
    name = f"P2 prepared, a booking more and all first starts, {size}"
    peers = [_floor(more, two_pointer.first, _csr), _careful(more, sets_of_starts.first, hand_written.common)]
    return results + compare(name, target_ms=None, petpro=own, peers=peers, judged=judged)


def _groups(problem: Problem, size: str, *, alike: bool, judged: bool) -> list[Result]:
    """Ask for the common starts of groups of five, whose members have the same hours or whatever hours they have."""
    calendars = len(problem["schedule_of"])
    many = calendars // 10
    order = np.argsort(problem["schedule_of"], kind="stable") if alike else np.arange(calendars)
    groups = np.ascontiguousarray(order[: many * _MEMBERS].reshape(many, _MEMBERS))
    what = "groups of five" + ("" if alike else " with mixed hours")
    own = Contender(
        "PetPro",
        lambda: petpro_side.prepare_index(problem),
        lambda prepared: petpro_side.index_groups(prepared, groups),
        _csr,
        repeat=25,
    )
    sets = Contender(
        SETS,
        lambda: (sets_of_starts.prepare(problem), groups.tolist()),
        lambda both: sets_of_starts.common_starts(*both),
        hand_written.common,
        repeat=5,
    )
    # Named apart, because the target was set for groups as practices have them: with the same hours.
    name = f"P2 prepared, {many:,} {what}, {size}" if not alike else f"P2 prepared, {what}, {many:,} groups, {size}"
    target = TARGETS_MS["P2 prepared, groups of five"] if alike else None
    return compare(name, target_ms=target, petpro=own, peers=[sets], judged=judged)


def p2_prepared(*, quick: bool) -> list[Result]:
    """Put the questions of P2 to an index that is kept."""
    problem = network(500 if quick else 10_000)
    size = f"{len(problem['schedule_of']):,} providers"
    judged = not quick
    return [
        *_questions(problem, size, judged=judged),
        *_changes(problem, size, judged=judged),
        *_groups(problem, size, alike=True, judged=judged),
        *_groups(problem, size, alike=False, judged=judged),
        *_build(problem, size, judged=judged),
    ]


def _build(problem: Problem, size: str, *, judged: bool) -> list[Result]:
    """Build the index, and ask it for all starts once: what a first question costs."""
    own = Contender(
        "PetPro",
        lambda: petpro_side.prepare(problem),
        lambda asked: petpro_side.index_all(petpro_side.build_index(asked)),
        _csr,
        repeat=5,
    )
    peers = [_careful(problem, hand_written.find, hand_written.common)]
    name = f"P2 index built and asked once, {size}"
    return compare(name, target_ms=None, petpro=own, peers=peers, judged=judged)


def p6_prepared(*, quick: bool) -> list[Result]:
    """Put P6's question, skills and all, to an index that is kept."""
    problem = practice()
    own = Contender("PetPro", lambda: petpro_side.prepare_index(problem), petpro_side.index_all, _csr, repeat=50)
    peers = [_careful(problem, hand_written.find, hand_written.common)]
    name = f"P6 prepared, 50 staff, 30 days, {len(problem['bookings']['start_us']):,} bookings"
    return compare(name, target_ms=TARGETS_MS["P6 prepared"], petpro=own, peers=peers, judged=not quick)
