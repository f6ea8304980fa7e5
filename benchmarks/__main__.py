"""``python -m benchmarks``: one table of PetPro beside its peers, and `results/latest.json` after a full run."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from rich.console import Console

from benchmarks import searches, wall_clock
from benchmarks._measure import AnswersDifferError, missed, table, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks._measure import Result

__all__ = ["main"]

LATEST: Final = Path(__file__).parent / "results" / "latest.json"
P5_MODULE: Final = "benchmarks.p5_set_algebra"


def _p5(*, quick: bool) -> list[Result]:
    """Run the set algebra, which brings its own peers; a quick run leaves them out."""
    module = importlib.import_module(P5_MODULE)
    return cast("list[Result]", module.run(peers=not quick))


SCENARIOS: Final[dict[str, Callable[..., list[Result]]]] = {
    "P1": searches.p1,
    "P2": searches.p2,
    "P4": wall_clock.p4,
    "P5": _p5,
    "P6": searches.p6,
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
        write_json(results, LATEST)
        notes.print(f"written: {LATEST.relative_to(Path.cwd()) if LATEST.is_relative_to(Path.cwd()) else LATEST.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
