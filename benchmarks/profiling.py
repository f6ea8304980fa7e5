"""The profile of one side of a scenario: which functions its time goes to."""

from __future__ import annotations

import cProfile
import pstats
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Line", "hottest"]


class Line(TypedDict):
    """One function: its share of the time in itself (0 to 1, callees left out), and its calls in one run."""

    function: str
    share: float
    calls: float


def _named(file: str, line: int, function: str) -> str:
    """Name a function so that the name holds on every machine."""
    if file.startswith("~"):
        return function.strip("<>")
    path = Path(file)
    within = next((index for index, part in enumerate(path.parts) if part in {"petpro_core", "numpy", "attr"}), None)
    place = "/".join(path.parts[within:]) if within is not None else path.name
    return f"{place}:{line} {function}"


def hottest(prepare: Callable[[], Any], run: Callable[[Any], object], ms: float, *, top: int = 8) -> list[Line]:
    """Give the functions that `run` spends most of its time in, most first, and all calls together last.

    Fast runs are repeated, about a second in all; `ms` is what one of them takes. A profiler slows calls of Python down
    more than what NumPy does inside one, so shares of many small calls are a little too large.
    """
    prepared = prepare()
    run(prepared)  # What is made once and kept is not part of the picture.
    runs = max(1, min(2_000, int(500 / max(ms, 0.01))))
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(runs):
        run(prepared)
    profile.disable()
    entries = pstats.Stats(profile).stats  # type: ignore[attr-defined]  # typeshed leaves the table out
    whole = sum(own for _, _, own, _, _ in entries.values()) or 1.0
    ranked = sorted(entries.items(), key=lambda entry: -entry[1][2])[:top]
    everything = Line(function="all functions", share=1.0, calls=sum(entry[1] for entry in entries.values()) / runs)
    lines = [
        Line(function=_named(*place), share=own / whole, calls=calls / runs) for place, (_, calls, own, *_) in ranked
    ]
    return [*lines, everything]
