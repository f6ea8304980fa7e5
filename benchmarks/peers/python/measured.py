"""What the peers in other Python environments share; it imports nothing but numpy and the standard library."""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["main"]

_FEWEST, _MOST = 3, 500


def main(
    prepare: Callable[[dict[str, Any]], Any], run: Callable[[Any], Any], common: Callable[[Any], Sequence[Any]]
) -> None:
    """Time `run` while there is time, print its median, and write what `common` makes of its answer."""
    _, _library, question_file, answer_file = sys.argv
    question = json.loads(Path(question_file).read_text(encoding="utf-8"))
    prepared = prepare(question)

    def timed() -> tuple[float, Any]:
        begin = time.perf_counter()
        answer = run(prepared)
        return (time.perf_counter() - begin) * 1000, answer

    first, answer = timed()
    with Path(answer_file).open("wb") as file:
        for part in common(answer):
            column = np.ascontiguousarray(part, dtype="<i8")
            file.write(np.int64(len(column)).astype("<i8").tobytes() + column.tobytes())
    times = [first]
    if first < question["budget_ms"]:
        times = []
        until = time.perf_counter() + question["budget_ms"] / 1000
        while len(times) < _FEWEST or (len(times) < _MOST and time.perf_counter() < until):
            times.append(timed()[0])
    sys.stdout.write(json.dumps({"ms": statistics.median(times)}) + "\n")
