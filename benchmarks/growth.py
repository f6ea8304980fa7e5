"""How time and memory grow: 1 to 100,000 calendars over two weeks, and 100 calendars over a day to five years.

Each point is measured in a process of its own, time first and memory after it, so that no point inherits the memory or
the warmth of another. `python -m benchmarks.growth` writes `results/growth.json`; `--quick` takes the small sizes only.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypedDict

from benchmarks import petpro_side
from benchmarks._measure import answer_hash, median_ms, peak_mb
from benchmarks.data import network
from benchmarks.peers import hand_written, two_pointer
from benchmarks.targets import CAREFUL, FLOOR

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.data import Problem

__all__ = ["Point", "main", "measure_all"]

RESULTS: Final = Path(__file__).parent / "results" / "growth.json"
CALENDARS: Final = (1, 10, 100, 1_000, 10_000, 100_000)
DAYS: Final = (1, 7, 30, 90, 365, 1_826)
WEEKS_DAYS: Final = 14
STAFF: Final = 100
COLD: Final = "PetPro, cold"
PREPARED: Final = "PetPro, prepared"
_LONGEST_S: Final = 1_800
# Lists of Python's own numbers for 8 million bookings need gigabytes, so the loops stop before that.
_MOST_FOR_LOOPS: Final = 2_000_000


class Point(TypedDict):
    """One size: how many calendars, days, bookings and starts, and for each series its time and its peak of memory."""

    calendars: int
    days: int
    bookings: int
    starts: int
    input_mb: float
    ms: dict[str, float]
    mb: dict[str, float]


class AnswersDifferError(Exception):
    """Two implementations answered otherwise at some size."""


def _repeats(fn: Callable[[], object]) -> int:
    """Give how often to call it: about a second in all, 3 to 200 times."""
    once = median_ms(fn, repeat=1, warmup=1)
    return max(3, min(200, int(1_000 / max(once, 0.01))))


def _series(problem: Problem) -> dict[str, Callable[[], tuple[Callable[[], Any], Callable[[Any], Any]]]]:
    """Give for each series a function that prepares it, and gives what to time and how to read its answer."""

    def cold() -> tuple[Callable[[], Any], Callable[[Any], Any]]:
        asked = petpro_side.prepare(problem)
        return lambda: petpro_side.p2(asked), lambda answer: answer

    def prepared() -> tuple[Callable[[], Any], Callable[[Any], Any]]:
        index = petpro_side.prepare_index(problem)
        return lambda: petpro_side.index_all(index), lambda answer: answer

    def careful() -> tuple[Callable[[], Any], Callable[[Any], Any]]:
        lists = hand_written.prepare(problem)
        return lambda: hand_written.find(lists), hand_written.common

    def floor() -> tuple[Callable[[], Any], Callable[[Any], Any]]:
        arrays = two_pointer.prepare(problem)
        return lambda: two_pointer.find(arrays), two_pointer.common

    found: dict[str, Callable[[], tuple[Callable[[], Any], Callable[[Any], Any]]]] = {COLD: cold, PREPARED: prepared}
    if len(problem["bookings"]["start_us"]) <= _MOST_FOR_LOOPS:
        found[CAREFUL] = careful
    if two_pointer.load() is not None:
        found[FLOOR] = floor
    return found


def measure_point(calendars: int, days: int) -> Point:
    """Measure one size in this process.

    Raises:
        AnswersDifferError: two implementations do not agree.
    """
    problem = network(calendars, days)
    bookings = problem["bookings"]
    point = Point(
        calendars=calendars,
        days=days,
        bookings=len(bookings["start_us"]),
        starts=0,
        input_mb=sum(bookings[name].nbytes for name in ("resource", "start_us", "end_us")) / 1e6,
        ms={},
        mb={},
    )
    agreed = ""
    for name, prepare in _series(problem).items():
        run, common = prepare()
        offsets, starts = common(run())
        answer = answer_hash(offsets, starts)
        if agreed not in {"", answer}:
            raise AnswersDifferError(f"{name} with {calendars} calendars over {days} days")
        agreed, point["starts"] = answer, len(starts)
        del offsets, starts
        point["ms"][name] = median_ms(run, _repeats(run), warmup=0)
        point["mb"][name] = peak_mb(run)
        del run, common
    return point


def _in_its_own_process(calendars: int, days: int) -> Point:
    command = [sys.executable, "-m", "benchmarks.growth", "--point", str(calendars), str(days)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_LONGEST_S)
    if done.returncode != 0:
        raise RuntimeError(f"{calendars} calendars over {days} days: {done.stderr.strip()[-500:]}")
    point: Point = json.loads(done.stdout)
    return point


def measure_all(*, quick: bool, note: Callable[[str], object]) -> dict[str, list[Point]]:
    """Measure both curves, one process for each point; `note` is told which point is on its way."""
    curves: dict[str, list[Point]] = {"calendars": [], "days": []}
    sizes = [("calendars", size, WEEKS_DAYS) for size in CALENDARS] + [("days", STAFF, days) for days in DAYS]
    for curve, calendars, days in sizes:
        if quick and calendars * days > STAFF * 30:
            continue
        note(f"growth: {calendars:,} calendars over {days:,} days ...")
        curves[curve].append(_in_its_own_process(calendars, days))
    return curves


def write(curves: dict[str, list[Point]], path: Path = RESULTS) -> None:
    """Write both curves as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(curves, indent=2) + "\n", encoding="utf-8")


def main(given: Sequence[str] | None = None) -> int:
    """Measure one point and print it, or all and write them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--point", nargs=2, type=int, metavar=("CALENDARS", "DAYS"), help="measure one, print JSON")
    parser.add_argument("--quick", action="store_true", help="small sizes only; nothing is written")
    parser.add_argument("--json", type=Path, default=None, help="write here instead of results/growth.json")
    arguments = parser.parse_args(given)
    if arguments.point:
        print(json.dumps(measure_point(*arguments.point)))
        return 0
    curves = measure_all(quick=arguments.quick, note=lambda line: print(line, file=sys.stderr))
    if arguments.json or not arguments.quick:
        write(curves, arguments.json or RESULTS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
