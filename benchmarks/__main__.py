"""``python -m benchmarks``: PetPro beside its peers; a full run writes `results/` and docs/benchmarks.md."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from rich.console import Console

from benchmarks import growth, prepared, recurring, searches, wall_clock, who
from benchmarks._measure import AnswersDifferError, write_json
from benchmarks.tables import missed, table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks._measure import Result

__all__ = ["main"]

RESULTS: Final = Path(__file__).parent / "results"
LATEST: Final = RESULTS / "latest.json"
P5_MODULE: Final = "benchmarks.p5_set_algebra"


def _p5(*, quick: bool) -> list[Result]:
    """Run the set algebra, which brings its own peers; a quick run leaves them out."""
    module = importlib.import_module(P5_MODULE)
    return cast("list[Result]", module.run(peers=not quick))


SCENARIOS: Final[dict[str, Callable[..., list[Result]]]] = {
    "P1": searches.p1,
    "P2": searches.p2,
    "P2 prepared": prepared.p2_prepared,
    "P3": recurring.p3,
    "P4": wall_clock.p4,
    "P5": _p5,
    "P6": searches.p6,
    "P6 prepared": prepared.p6_prepared,
    "W": who.who,
}


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=sorted(SCENARIOS), help="run only this; may be repeated")
    parser.add_argument("--quick", action="store_true", help="small sizes, few repeats: checks answers, times little")
    parser.add_argument("--json", type=Path, help="write the rows here too; a full run writes results/latest.json")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """Run the scenarios and give the exit code: 1 if two implementations disagree."""
    arguments = _arguments(given)
    # Piped into a file there is no terminal to ask for its width, and 80 columns would fold every cell.
    out, notes = Console(width=None if sys.stdout.isatty() else 200), Console(stderr=True)
    results: list[Result] = []
    for name in arguments.only or SCENARIOS:
        notes.print(f"{name} ...")
        try:
            results += SCENARIOS[name](quick=arguments.quick)
        except AnswersDifferError as error:
            notes.print(f"answers differ: {error}")
            return 1
        except ModuleNotFoundError as error:
            # Only the scenario's own file may be absent; anything else that is not found is a fault to be seen.
            if error.name != P5_MODULE:
                raise
            notes.print(f"{name} is not there yet")
    out.print(table(results, judged=not arguments.quick))
    if not arguments.quick:
        for line in missed(results):
            out.print(line, highlight=False, soft_wrap=True)
    if arguments.json:
        write_json(results, arguments.json)
    if not arguments.only and not arguments.quick:
        _write(results, notes)
    return 0


def _write(results: list[Result], notes: Console) -> None:
    """Measure how time and memory grow, and write the results and the page that shows them."""
    # Here and not above, because only a full run needs what draws the plots.
    page = importlib.import_module("benchmarks.page")
    write_json(results, LATEST)
    (RESULTS / "details.json").write_text(json.dumps(page.details(results), indent=2) + "\n", encoding="utf-8")
    growth.write(growth.measure_all(quick=False, note=notes.print))
    written = page.write_page()
    notes.print(f"written: {RESULTS.name}/ and {written.name}")


if __name__ == "__main__":
    sys.exit(main())
