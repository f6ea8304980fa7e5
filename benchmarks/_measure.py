"""Medians, answer hashes, rows and the table: what every scenario shares."""

from __future__ import annotations

import gc
import hashlib
import json
import statistics
import time
import tracemalloc
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NotRequired, TypeAlias, TypedDict

import numpy as np
import numpy.typing as npt
from rich.table import Table

from benchmarks.targets import MEMORY_MB, reason_of, yardstick_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

__all__ = [
    "JSON_KEYS",
    "AnswersDifferError",
    "Contender",
    "Int64Array",
    "Missing",
    "Result",
    "answer_hash",
    "compare",
    "median_ms",
    "peak_mb",
    "row",
    "table",
    "write_json",
]

Int64Array: TypeAlias = npt.NDArray[np.int64]

JSON_KEYS = ("scenario", "petpro_ms", "target_ms", "peer", "peer_ms", "ratio", "answer")


class AnswersDifferError(Exception):
    """Two implementations gave different answers, so none of their times means anything."""


class Result(TypedDict):
    """One line of the table: one scenario, one peer. `ratio` is peer_ms / petpro_ms: above 1, PetPro is faster."""

    scenario: str
    petpro_ms: float | None
    target_ms: float | None
    peer: str
    peer_ms: float | None
    ratio: float | None
    answer: str
    petpro_mb: NotRequired[float | None]
    peer_mb: NotRequired[float | None]


@dataclass(frozen=True, slots=True)
class Contender:
    """One implementation: `prepare` and `common` are not timed, `run` is."""

    name: str
    prepare: Callable[[], Any]
    run: Callable[[Any], Any]
    common: Callable[[Any], Sequence[Int64Array | int]]
    repeat: int = 7
    memory: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """A peer that cannot run here, and why; it is named in the table and never silently left out."""

    name: str
    why: str = "not installed"


@dataclass(frozen=True, slots=True)
class _Measured:
    ms: float
    answer: str
    mb: float | None


def median_ms(fn: Callable[[], object], repeat: int = 7, warmup: int = 1) -> float:
    """Give the median wall time of `fn()` in milliseconds, over `repeat` calls after `warmup` calls not counted."""
    for _ in range(warmup):
        fn()
    gc.collect()
    times = []
    for _ in range(repeat):
        begin = time.perf_counter_ns()
        fn()
        times.append(time.perf_counter_ns() - begin)
    return statistics.median(times) / 1e6


def peak_mb(fn: Callable[[], object]) -> float:
    """Give the peak of memory that `fn()` allocates on top of what was there, in megabytes (10**6 bytes)."""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        fn()
        return (tracemalloc.get_traced_memory()[1] - before) / 1e6
    finally:
        tracemalloc.stop()


def answer_hash(*arrays_or_values: npt.ArrayLike) -> str:
    """Give a short, stable sha256 of the int64 bytes of every array or number, with their lengths.

    Raises:
        TypeError: a value is not of whole numbers; rounding would make different answers look equal.
    """
    digest = hashlib.sha256()
    for value in arrays_or_values:
        array = np.atleast_1d(np.asarray(value))
        if array.size and array.dtype.kind not in "iub":
            msg = f"an answer is made of whole numbers, got {array.dtype}"
            raise TypeError(msg)
        digest.update(array.size.to_bytes(8, "little"))
        digest.update(np.ascontiguousarray(array, dtype="<i8").tobytes())
    return digest.hexdigest()[:16]


def row(
    *,
    scenario: str,
    petpro_ms: float | None,
    target_ms: float | None,
    peer: str,
    peer_ms: float | None,
    answer: str,
    petpro_mb: float | None = None,
    peer_mb: float | None = None,
) -> Result:
    """Give one line of the table; a time that could not be taken is None, and so is its ratio."""
    ratio = peer_ms / petpro_ms if petpro_ms and peer_ms else None
    result = Result(
        scenario=scenario,
        petpro_ms=petpro_ms,
        target_ms=target_ms,
        peer=peer,
        peer_ms=peer_ms,
        ratio=ratio,
        answer=answer,
    )
    if petpro_mb is not None or peer_mb is not None:
        result["petpro_mb"] = petpro_mb
        result["peer_mb"] = peer_mb
    return result


def _measure(contender: Contender) -> _Measured:
    prepared = contender.prepare()
    gc.collect()
    begin = time.perf_counter_ns()
    answer = contender.run(prepared)
    once = (time.perf_counter_ns() - begin) / 1e6
    hashed = answer_hash(*contender.common(answer))
    del answer
    # A slow peer is timed once: its first call counts, and no warm-up would change it much.
    ms = once if contender.repeat == 1 else median_ms(lambda: contender.run(prepared), contender.repeat, warmup=0)
    mb = peak_mb(lambda: contender.run(prepared)) if contender.memory else None
    return _Measured(ms, hashed, mb)


def compare(
    scenario: str, *, target_ms: float | None, petpro: Contender, peers: Iterable[Contender | Missing]
) -> list[Result]:
    """Time PetPro and its peers on one scenario and give one row for each peer.

    PetPro's side may raise NotImplementedError: then its columns are empty and the peers are held against each other.

    Raises:
        AnswersDifferError: two implementations do not agree.
    """
    try:
        own = _measure(petpro)
    except NotImplementedError:
        own = None
    agreed, by = (own.answer, petpro.name) if own else ("", "")
    rows: list[tuple[str, _Measured | None]] = []
    for peer in peers:
        if isinstance(peer, Missing):
            rows.append((f"{peer.name} ({peer.why})", None))
            continue
        theirs = _measure(peer)
        if not agreed:
            agreed, by = theirs.answer, peer.name
        if theirs.answer != agreed:
            msg = f"{scenario}: {peer.name} answers {theirs.answer}, {by} answers {agreed}"
            raise AnswersDifferError(msg)
        rows.append((peer.name, theirs))
    return [
        row(
            scenario=scenario,
            petpro_ms=own.ms if own else None,
            target_ms=target_ms,
            peer=name,
            peer_ms=theirs.ms if theirs else None,
            answer=agreed,
            petpro_mb=own.mb if own else None,
            peer_mb=theirs.mb if theirs else None,
        )
        for name, theirs in rows
    ]


def _number(value: float | None, absent: str = "-") -> str:
    if value is None:
        return absent
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _verdict(results: Sequence[Result]) -> tuple[str, str]:
    """Say for one scenario what was asked of it and whether it was met, and in which form."""
    first = results[0]
    yardstick = yardstick_of(first["scenario"])
    target = first["target_ms"]
    asked = [] if target is None else [f"{_number(target)} ms"]
    met = []
    if target is not None and first["petpro_ms"] is not None and first["petpro_ms"] <= target:
        met.append("absolute")
    if yardstick is not None:
        asked.append(f"{_number(yardstick.ratio)} x {yardstick.peer}")
        ratio = next((r["ratio"] for r in results if r["peer"] == yardstick.peer), None)
        if ratio is not None and ratio >= yardstick.ratio:
            met.append("ratio")
    question = " or ".join(asked) or "-"
    if first["petpro_ms"] is None:
        return question, "not there yet"
    verdict = "yes (" + " and ".join(met) + ")" if met else "[bold red]no[/]" if asked else "-"
    memory = first.get("petpro_mb")
    if memory is not None:
        question += f"; {_number(MEMORY_MB)} MB"
        verdict += "; memory yes" if memory <= MEMORY_MB else "; [bold red]memory no[/]"
    return question, verdict


def table(results: Sequence[Result], *, judged: bool = True) -> Table:
    """Lay the results out, one section for each scenario; target and verdict stand on its first line.

    Targets hold for the full sizes only, so a run on smaller ones is not `judged`.
    """
    shown = Table(title="PetPro beside its peers (medians; above 1 in the ratio column, PetPro is faster)")
    for name in ("scenario", "peer"):
        shown.add_column(name, overflow="fold")
    for name in ("PetPro ms", "peer ms", "ratio", "PetPro MB", "peer MB"):
        shown.add_column(name, justify="right")
    shown.add_column("target", overflow="fold")
    shown.add_column("met", overflow="fold")
    for scenario in dict.fromkeys(result["scenario"] for result in results):
        group = [result for result in results if result["scenario"] == scenario]
        asked, verdict = _verdict(group) if judged else ("-", "small sizes, not judged")
        shown.add_section()
        for index, result in enumerate(group):
            shown.add_row(
                scenario if index == 0 else "",
                result["peer"],
                _number(result["petpro_ms"], "not there yet"),
                _number(result["peer_ms"]),
                _number(result["ratio"]),
                _number(result.get("petpro_mb")),
                _number(result.get("peer_mb")),
                asked if index == 0 else "",
                verdict if index == 0 else "",
            )
    return shown


def missed(results: Sequence[Result]) -> list[str]:
    """Name each scenario whose target is not met, and the reason."""
    names = dict.fromkeys(result["scenario"] for result in results)
    verdicts = {name: _verdict([result for result in results if result["scenario"] == name])[1] for name in names}
    return [f"not met: {name}: {reason_of(name)}" for name, verdict in verdicts.items() if "no[" in verdict]


def write_json(results: Iterable[Result], path: Path) -> None:
    """Write the rows as a JSON list of objects with exactly the keys of `JSON_KEYS`."""
    plain = [{key: value for key, value in result.items() if key in JSON_KEYS} for result in results]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(plain, indent=2) + "\n", encoding="utf-8")
