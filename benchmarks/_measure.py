"""Medians, answer hashes and rows: what every scenario shares."""

from __future__ import annotations

import gc
import hashlib
import json
import statistics
import time
import tracemalloc
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NotRequired, Protocol, TypeAlias, TypedDict

import numpy as np
import numpy.typing as npt

from benchmarks.profiling import hottest
from benchmarks.targets import missed_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from benchmarks.profiling import Line

__all__ = [
    "JSON_KEYS",
    "AnswersDifferError",
    "Contender",
    "Int64Array",
    "Missing",
    "Outside",
    "Peer",
    "Result",
    "answer_hash",
    "compare",
    "median_ms",
    "peak_mb",
    "row",
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
    profile: NotRequired[list[Line]]
    """Where PetPro's time went, taken only where a target was missed; on the scenario's first row."""


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


class Outside(Protocol):
    """An implementation in an environment of its own: it times itself there, and sends its answer back."""

    @property
    def name(self) -> str:
        """What it is, for the table."""

    def measure(self) -> tuple[float, Sequence[Int64Array]] | Missing:
        """Give its median in milliseconds and its answer in the common form, or say why it cannot run."""


Peer: TypeAlias = Contender | Missing | Outside


@dataclass(frozen=True, slots=True)
class _Measured:
    ms: float
    arrays: list[Int64Array]
    mb: float | None

    @property
    def answer(self) -> str:
        return answer_hash(*self.arrays)


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
    arrays = [np.atleast_1d(np.asarray(part)) for part in contender.common(answer)]
    del answer
    # A slow peer is timed once: its first call counts, and no warm-up would change it much.
    ms = once if contender.repeat == 1 else median_ms(lambda: contender.run(prepared), contender.repeat, warmup=0)
    mb = peak_mb(lambda: contender.run(prepared)) if contender.memory else None
    return _Measured(ms, arrays, mb)


def _difference(theirs: Sequence[Int64Array], ours: Sequence[Int64Array]) -> str:
    """Say how far two answers of rows, (offsets, instants), are apart."""
    sets = [
        set(zip(np.repeat(np.arange(len(rows) - 1), np.diff(rows)).tolist(), values.tolist(), strict=True))
        for rows, values in (theirs, ours)
    ]
    return f"answers otherwise: {len(sets[1] - sets[0]):,} of {len(sets[1]):,} absent, {len(sets[0] - sets[1]):,} more"


def _from_outside(peer: Outside, agreed: _Measured | None) -> tuple[str, _Measured | None]:
    """Measure a peer that may answer otherwise: that is said in its name, because it is a fact about the peer."""
    measured = peer.measure()
    if isinstance(measured, Missing):
        return f"{measured.name} ({measured.why})", None
    ms, arrays = measured
    found = _Measured(ms, list(arrays), None)
    if agreed is None or found.answer == agreed.answer:
        return peer.name, found
    return f"{peer.name} ({_difference(arrays, agreed.arrays)})", found


def compare(
    scenario: str, *, target_ms: float | None, petpro: Contender, peers: Iterable[Peer], judged: bool = True
) -> list[Result]:
    """Time PetPro and its peers on one scenario and give one row for each peer.

    PetPro's side may raise NotImplementedError: then its columns are empty and the peers are held against each other.
    Where the scenario is `judged` and its target missed, the first row has the profile that shows why.

    Raises:
        AnswersDifferError: two implementations of this process do not agree.
    """
    try:
        own = _measure(petpro)
    except NotImplementedError:
        own = None
    agreed, by = own, petpro.name
    rows: list[tuple[str, _Measured | None]] = []
    for peer in peers:
        if isinstance(peer, Missing):
            rows.append((f"{peer.name} ({peer.why})", None))
            continue
        if not isinstance(peer, Contender):
            rows.append(_from_outside(peer, agreed))
            continue
        theirs = _measure(peer)
        if agreed is None:
            agreed, by = theirs, peer.name
        if theirs.answer != agreed.answer:
            msg = f"{scenario}: {peer.name} answers {theirs.answer}, {by} answers {agreed.answer}"
            raise AnswersDifferError(msg)
        rows.append((peer.name, theirs))
    results = [
        row(
            scenario=scenario,
            petpro_ms=own.ms if own else None,
            target_ms=target_ms,
            peer=name,
            peer_ms=theirs.ms if theirs else None,
            answer=agreed.answer if agreed else "",
            petpro_mb=own.mb if own else None,
            peer_mb=theirs.mb if theirs else None,
        )
        for name, theirs in rows
    ]
    if judged and own is not None and missed_in(results):
        results[0]["profile"] = hottest(petpro.prepare, petpro.run, own.ms)
    return results


def write_json(results: Iterable[Result], path: Path) -> None:
    """Write the rows as a JSON list of objects with exactly the keys of `JSON_KEYS`."""
    plain = [{key: value for key, value in result.items() if key in JSON_KEYS} for result in results]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(plain, indent=2) + "\n", encoding="utf-8")
