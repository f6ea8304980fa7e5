"""What is asked of each scenario: an absolute time, and the ratio to a yardstick that is guarded.

An absolute time holds only on the machine it was taken on; the ratio is measured side by side in one run. The
ratios of P2 (930 ms of careful Python to 60), P4 (358 ms of zoneinfo to 10) and P5 (222 and 220 ms of two pointers in
Python to 60 and 50) come from the figures that the targets were set by. This suite's own loop for P2 (560 ms on an idle
machine) and its zoneinfo peer (160 ms) are faster than those were, so there the ratio asks for more than the absolute
time does. No such figures exist for P2's overlap check (this suite's sweep in Python took 292 ms, to 5) or for P6:
there the careful loop beats 15 ms by far, so the ratio asks that PetPro is no slower than it. P1 was also asked to be
25 times cal.com's slot code, which cannot be installed; in the run that its figure is from, that is the loop's pace.

P3 asks two ratios at once: ahead of the port of dateutil to Rust, and 25 times dateutil. Prepared searches are held
against two pointers in C with the hours expanded beforehand (9.2 ms for all starts to 10, 0.24 ms for first starts to
1); there is no figure for counting, which is asked to be no slower than counting in C, nor for a booking more or less,
asked to be no slower than the careful loop over that one calendar alone. Groups are held against Python's sets of
starts, made beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks._measure import Result

__all__ = [
    "CAREFUL",
    "DATEUTIL",
    "DATEUTIL_RS",
    "FLOOR",
    "MEMORY_MB",
    "SETS",
    "TARGETS_MS",
    "Verdict",
    "Yardstick",
    "missed_in",
    "reason_of",
    "verdict",
    "yardsticks_of",
]

CAREFUL: Final = "careful hand-written Python"
FLOOR: Final = "two pointers in C (hours expanded beforehand)"
DATEUTIL: Final = "dateutil"
DATEUTIL_RS: Final = "python-dateutil-rs (Rust)"
SETS: Final = "sets of starts in Python, made beforehand"


@dataclass(frozen=True, slots=True)
class Yardstick:
    """The peer to be measured against, and how many times faster than it PetPro is to be (below 1: slower)."""

    peer: str
    ratio: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was asked of a scenario, what of it was met, and how that reads.

    `forms` has "absolute" and "ratio" where they hold. `missed` is true where something was asked and neither form
    holds, or the memory was exceeded.
    """

    asked: str
    forms: tuple[str, ...]
    memory: bool | None
    missed: bool
    measured: bool

    def __str__(self) -> str:
        """Say it in a few words."""
        if not self.measured:
            return "not there yet"
        said = f"yes ({' and '.join(self.forms)})" if self.forms else "no" if self.asked != "-" else "-"
        return said if self.memory is None else f"{said}; memory {'yes' if self.memory else 'no'}"


TARGETS_MS: Final = {
    "P1": 0.16,
    "P2": 60.0,
    "P2 overlap check": 5.0,
    "P2 prepared, all starts": 10.0,
    "P2 prepared, first starts": 1.0,
    "P2 prepared, count": 1.0,
    "P2 prepared, one booking more": 0.1,
    "P2 prepared, one booking less": 0.1,
    "P2 prepared, groups of five": 1.0,
    "P3 weekdays": 0.098,
    "P3 second Tuesdays": 0.015,
    "P3 mixed rules": 12.6,
    "P4": 10.0,
    "P6": 15.0,
    "P6 prepared": 5.0,
    "W1": 0.1,
    "W2": 1.0,
    "W3": 20.0,
}
MEMORY_MB: Final = 30.0  # P2 cold, peak on top of the input

_RUST: Final = Yardstick(DATEUTIL_RS, 1.0), Yardstick(DATEUTIL, 25.0)
_YARDSTICKS: Final[dict[str, tuple[Yardstick, ...]]] = {
    "P1 ": (Yardstick(CAREFUL, 1.0),),
    "P2 cold": (Yardstick(CAREFUL, 15.5),),
    "P2 overlap check": (Yardstick("sweep in Python", 58.0),),
    "P2 prepared, all starts": (Yardstick(FLOOR, 0.92),),
    "P2 prepared, first starts": (Yardstick(FLOOR, 0.24),),
    "P2 prepared, count": (Yardstick(FLOOR, 1.0),),
    "P2 prepared, one booking": (Yardstick(CAREFUL, 1.0),),
    "P2 prepared, groups of five": (Yardstick(SETS, 1.0),),
    "P3 ": _RUST,
    "P3 weekdays over 10 years, New York": (Yardstick(DATEUTIL, 25.0),),
    "P4 ": (Yardstick("zoneinfo", 36.0),),
    "P5 difference": (Yardstick("two pointers in Python", 3.7),),
    "P5 intersection": (Yardstick("two pointers in Python", 4.4),),
    "P6 ": (Yardstick(CAREFUL, 1.0),),
    "P6 prepared": (Yardstick(CAREFUL, 3.0),),
    "W": (Yardstick(CAREFUL, 1.0),),
}


# Why a target is not met today; printed below the table and on the page where that is so.
_REASONS: Final = {
    "P1 ": (
        "one small search is some 230 calls of NumPy and Python of about a microsecond each, most of them for hours, "
        "caps and the refusal table; the careful loop does only what this one question needs"
    ),
    "P2 prepared, one booking": (
        "a change of one row writes a table of its bookings and compiles it as a search would, some 100 calls of about "
        "a microsecond each; the careful loop of that one row keeps no index"
    ),
    "P3 second Tuesdays": (
        "finding 120 dates in 3,653 days takes 0.013 ms; the window, the zone and the columns of the answer cost as "
        "much again and more, in calls of about a microsecond each, where a compiled loop has none"
    ),
    "P2 cold": (
        "time goes into sorting and cutting 800,000 bookings; memory into the answer, which is joined out of its chunks"
    ),
}


_UNKNOWN: Final = "its profile shows where the time goes; nobody has found yet how to do with less"


def reason_of(scenario: str) -> str:
    """Give why the target of a scenario is not met."""
    return next((reason for name, reason in _REASONS.items() if scenario.startswith(name)), _UNKNOWN)


def yardsticks_of(scenario: str) -> tuple[Yardstick, ...]:
    """Give the yardsticks of a scenario by the beginning of its name, the longest that fits; none if it has none."""
    fitting = [name for name in _YARDSTICKS if scenario.startswith(name)]
    return _YARDSTICKS[max(fitting, key=len)] if fitting else ()


def _ratio_met(results: Sequence[Result], yardsticks: Sequence[Yardstick]) -> bool:
    """Say whether every yardstick that could run is met; where none could, nothing is shown by a ratio."""
    ratios = {result["peer"]: result["ratio"] for result in results}
    found = [(ratios[yardstick.peer], yardstick.ratio) for yardstick in yardsticks if yardstick.peer in ratios]
    known = [(ratio, asked) for ratio, asked in found if ratio is not None]
    return bool(known) and all(ratio >= asked for ratio, asked in known)


def verdict(results: Sequence[Result]) -> Verdict:
    """Say for the rows of one scenario what was asked of it and whether it was met, and in which form."""
    first = results[0]
    yardsticks = yardsticks_of(first["scenario"])
    target, own, memory = first["target_ms"], first["petpro_ms"], first.get("petpro_mb")
    ratios = " and ".join(f"{yardstick.ratio:.3g} x {yardstick.peer}" for yardstick in yardsticks)
    asked = " or ".join(part for part in ("" if target is None else f"{target:.3g} ms", ratios) if part) or "-"
    absolute = target is not None and own is not None and own <= target
    forms = (*(["absolute"] if absolute else []), *(["ratio"] if _ratio_met(results, yardsticks) else []))
    small = None if memory is None else memory <= MEMORY_MB
    if memory is not None:
        asked += f"; {MEMORY_MB:.0f} MB"
    wanting = (target is not None or bool(yardsticks)) and not forms
    missed = own is not None and (wanting or small is False)
    return Verdict(asked, forms, small, missed=missed, measured=own is not None)


def missed_in(results: Sequence[Result]) -> bool:
    """Say whether the target of the one scenario that these rows are of was missed."""
    return bool(results) and verdict(results).missed
