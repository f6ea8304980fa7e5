"""The guard of speed: small scenarios beside a yardstick in the same run, held against recorded ratios.

A busy or a slow machine slows both sides, so what is judged is a ratio and never a time: PetPro and its yardstick take
turns, the best turn of each counts, in time of the processor, and a case that looks too slow gets more turns before it
fails. It fails where PetPro has become less than half as fast, beside the yardstick, as it was when `bounds.json` was
recorded (`--record`); a yardstick in C may be twice as far off again, because processors and compilers differ more than
Pythons do. Every answer is checked, and the guard is shown to catch a side that is three times as slow.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks import petpro_side
from benchmarks._measure import answer_hash
from benchmarks.data import NEW_YORK, local_year, network, one_calendar, overlapping_ends, practice
from benchmarks.p5_set_algebra import sides, small_contenders
from benchmarks.peers import conflicts, hand_written, sets_of_starts, two_pointer, zone_conversion
from benchmarks.recurring import dateutil_between, dateutil_columns, dateutil_rules
from benchmarks.rule_cases import mixed_rules, weekdays

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Case", "cases", "main", "measure"]

BOUNDS: Final = Path(__file__).with_name("bounds.json")
MARGIN: Final = 2.0
MARGIN_C: Final = 4.0
TURNS: Final = 25
AGAIN: Final = 3  # times a case is measured before it fails
TURN_MS: Final = 4.0  # short calls are repeated within a turn until it takes about so long
_SLOWED: Final = 3
_PROOF: Final = "P1 with every feature"
_PROVIDERS: Final = 200


class AnswersDifferError(Exception):
    """PetPro and its yardstick gave different answers, so a ratio would mean nothing."""


@dataclass(frozen=True, slots=True)
class Case:
    """Two ways to one answer: PetPro's and the yardstick's, each with what makes its answer comparable.

    `margin` is how many times slower than recorded PetPro may be.
    """

    name: str
    own: Callable[[], Any]
    common: Callable[[Any], Sequence[Any]]
    yardstick: Callable[[], Any]
    theirs: Callable[[Any], Sequence[Any]]
    margin: float = MARGIN


@dataclass(slots=True)
class _Best:
    """The best turn of each side so far, in nanoseconds."""

    own: float = math.inf
    theirs: float = math.inf

    @property
    def ratio(self) -> float:
        return self.theirs / self.own


def _csr(answer: tuple[Any, Any]) -> tuple[Any, Any]:
    return answer


def _searches() -> list[Case]:
    """Cold searches, beside the careful loop."""
    found = []
    for name, problem in (
        ("P1 without features", one_calendar(features=False)),
        (_PROOF, one_calendar(features=True)),
        ("P2 cold", network(_PROVIDERS)),
        ("P6 cold", practice()),
    ):
        asked, lists = petpro_side.prepare(problem), hand_written.prepare(problem)
        run = petpro_side.p6 if name.startswith("P6") else petpro_side.p2
        found.append(
            Case(
                name,
                lambda run=run, asked=asked: run(asked),  # type: ignore[misc]  # here and below: mypy and defaults
                _csr,
                lambda lists=lists: hand_written.find(lists),  # type: ignore[misc]
                hand_written.common,
            )
        )
    problem = network(_PROVIDERS)
    columns = (problem["bookings"]["resource"], problem["bookings"]["start_us"], overlapping_ends(problem))
    table, plain = petpro_side.prepare_conflicts(columns), conflicts.prepare(columns)
    overlaps = Case(
        "P2 overlap check",
        lambda: petpro_side.p2_conflicts(table),
        lambda pairs: (pairs,),
        lambda: conflicts.count_overlaps(plain),
        lambda pairs: (pairs,),
    )
    return [*found, overlaps]


def _prepared() -> list[Case]:
    """Questions to an index, beside the careful loop and, where there is a compiler, two pointers in C."""
    problem = network(_PROVIDERS)
    index = petpro_side.prepare_index(problem)
    lists = hand_written.prepare(problem)
    found = [
        Case(
            "P2 prepared, first starts",
            lambda: petpro_side.index_first(index),
            _csr,
            lambda: sets_of_starts.first(lists),
            hand_written.common,
        )
    ]
    if two_pointer.load() is not None:
        arrays = two_pointer.prepare(problem)
        found += [
            Case(
                "P2 prepared, all starts",
                lambda: petpro_side.index_all(index),
                _csr,
                lambda: two_pointer.find(arrays),
                _csr,
                MARGIN_C,
            ),
            Case(
                "P2 prepared, count",
                lambda: petpro_side.index_count(index),
                lambda counts: (counts,),
                lambda: two_pointer.count(arrays),
                lambda counts: (counts,),
                MARGIN_C,
            ),
        ]
    size, row = len(problem["schedule_of"]), len(problem["schedule_of"]) // 2
    changed = petpro_side.changed_by_one(problem)
    alone = sets_of_starts.prepare_one(changed, row)
    more = Case(
        "P2 prepared, one booking more",
        lambda: petpro_side.index_more(index),
        lambda after: petpro_side.index_row(after, row, size),
        lambda: sets_of_starts.again(alone),
        _csr,
    )
    return [*found, more]


def _rules() -> list[Case]:
    """Recurrence rules, beside dateutil."""
    found = []
    for name, asked in (("P3 weekdays", weekdays()), ("P3 mixed rules", mixed_rules(60))):
        own, theirs = petpro_side.prepare_rules(asked), dateutil_rules(asked)
        found.append(
            Case(
                name,
                lambda own=own: petpro_side.p3(own),  # type: ignore[misc]
                _csr,
                lambda theirs=theirs: dateutil_between(theirs),  # type: ignore[misc]
                dateutil_columns,
            )
        )
    return found


def _columns() -> list[Case]:
    """Zone conversion beside zoneinfo, and set algebra beside two pointers in Python."""
    local_us = local_year(20_000, in_order=False)
    times = zone_conversion.naive(local_us)
    found = [
        Case(
            "P4 zone conversion",
            lambda: petpro_side.p4(local_us, NEW_YORK),
            lambda us: (us,),
            lambda: zone_conversion.by_zoneinfo(local_us, times, NEW_YORK),
            lambda us: (us,),
        )
    ]
    for operation in ("union", "difference", "intersection"):
        for size in (10, 10_000):
            own, loop = small_contenders(operation, *sides(size))
            ours, theirs = own.prepare(), loop.prepare()
            found.append(
                Case(
                    f"P5 {operation} of {size:,}",
                    lambda own=own, ours=ours: own.run(ours),  # type: ignore[misc]
                    own.common,
                    lambda loop=loop, theirs=theirs: loop.run(theirs),  # type: ignore[misc]
                    loop.common,
                )
            )
    return found


def cases() -> list[Case]:
    """Give the cases that can run here."""
    return [*_searches(), *_prepared(), *_rules(), *_columns()]


def _turn(fn: Callable[[], Any], calls: int) -> float:
    # The processor's time and not the clock's, so that waiting for other programs does not count.
    begin = time.process_time_ns()
    for _ in range(calls):
        fn()
    return (time.process_time_ns() - begin) / calls


def _calls(fn: Callable[[], Any]) -> int:
    """Give how many calls make a turn; the first call, which may be cold, is not counted."""
    fn()
    return max(1, int(TURN_MS * 1e6 / max(_turn(fn, 1), 1.0)))


def measure(case: Case, best: _Best, *, slowed: int = 1) -> float:
    """Let the two sides take turns, keep the best of each, and give how many times faster PetPro is.

    Args:
        case: What is measured.
        best: The best turns so far, which are made better.
        slowed: A call of PetPro's side counts so many times; more than 1 shows that the guard would see it.

    Raises:
        AnswersDifferError: the two do not agree.
    """
    if answer_hash(*case.common(case.own())) != answer_hash(*case.theirs(case.yardstick())):
        raise AnswersDifferError(case.name)
    own_calls, their_calls = _calls(case.own), _calls(case.yardstick)
    for _ in range(TURNS):
        best.own = min(best.own, _turn(case.own, own_calls) * slowed)
        best.theirs = min(best.theirs, _turn(case.yardstick, their_calls))
    return best.ratio


def _judge(cases_here: Sequence[Case], bounds: dict[str, float]) -> list[str]:
    """Measure every case and print it; give a line for each that fails."""
    failed = []
    for case in cases_here:
        if case.name not in bounds:
            failed.append(f"{case.name}: no ratio is recorded, run `python -m benchmarks.guard --record`")
            continue
        asked, best = bounds[case.name] / case.margin, _Best()
        enough = any(measure(case, best) >= asked for _ in range(AGAIN))
        said = f"{best.ratio:9.3f} x the yardstick, at least {asked:.3f} is asked"
        print(f"{case.name:32} {said}: {'ok' if enough else 'TOO SLOW'}")
        if not enough:
            failed.append(f"{case.name}: {best.ratio:.3f} x the yardstick, {bounds[case.name]:.3f} was recorded")
    return failed


def main(given: Sequence[str] | None = None) -> int:
    """Measure all cases and give the exit code: 1 if one is too slow, or if the guard would not see one that is."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.guard", description=__doc__)
    parser.add_argument("--record", action="store_true", help="write the ratios of this run as the ones to be kept")
    arguments = parser.parse_args(given)
    found = cases()
    if two_pointer.load() is None:
        print("not guarded: what is held against C, because no compiler was found")
    if arguments.record:
        bounds = {}
        for case in found:
            best = _Best()
            for _ in range(AGAIN):
                measure(case, best)
            bounds[case.name] = round(best.ratio, 3)
        BOUNDS.write_text(json.dumps(bounds, indent=2) + "\n", encoding="utf-8")
        print(f"recorded: {len(bounds)} ratios")
        return 0
    bounds = json.loads(BOUNDS.read_text(encoding="utf-8"))
    failed = _judge(found, bounds)
    proof = next(case for case in found if case.name == _PROOF)
    # Measured now and not recorded: what is shown is that a slower side is seen, on any machine.
    now, slowed = measure(proof, _Best()), measure(proof, _Best(), slowed=_SLOWED)
    if slowed >= now / MARGIN:
        failed.append(f"the guard is blind: {_SLOWED} times the work gave {slowed:.3f} after {now:.3f}")
    for line in failed:
        print(line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
