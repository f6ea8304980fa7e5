"""Two pointers in C, compiled when a compiler is found: the least that exact work costs. Hours are expanded before."""

from __future__ import annotations

import ctypes
import functools
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.peers import hand_written

if TYPE_CHECKING:
    from benchmarks._measure import Int64Array
    from benchmarks.data import Problem

__all__ = ["Prepared", "common", "count", "find", "first", "load", "overlaps", "prepare"]


@functools.cache
def load() -> ctypes.CDLL | None:
    """Compile and load the C file; None where no compiler is found or it fails."""
    compiler = next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)
    if compiler is None:
        return None
    source = Path(__file__).with_name("two_pointer.c")
    # The folder is left to the system's clean-up: a loaded library cannot be deleted everywhere.
    target = Path(tempfile.mkdtemp(prefix="petpro-bench-"), "two_pointer.dll" if os.name == "nt" else "two_pointer.so")
    command = [compiler, "-O3", "-std=c99", "-shared", "-fPIC", "-o", str(target), str(source)]
    if subprocess.run(command, check=False, capture_output=True).returncode != 0:
        return None
    library = ctypes.CDLL(str(target))
    array = np.ctypeslib.ndpointer(np.int64, flags="C_CONTIGUOUS")
    number = ctypes.c_int64
    for walk in (library.petpro_peer_starts, library.petpro_peer_first, library.petpro_peer_count):
        walk.restype = number
        walk.argtypes = [number, *[array] * 7, number, number, number, array, array]
    library.petpro_peer_overlaps.restype = number
    library.petpro_peer_overlaps.argtypes = [number, array, array, array]
    return library


@dataclass(frozen=True, slots=True)
class Prepared:
    """Columns and expanded hours; `room` is the number of starts of the grid over all calendars."""

    problem: Problem
    piece_offsets: Int64Array
    first: Int64Array
    last: Int64Array
    booking_offsets: Int64Array
    room: int


def prepare(problem: Problem) -> Prepared:
    """Expand the hours; not timed. Takes problems without notice, horizon, caps and holds only.

    Raises:
        ValueError: the problem has a feature that this peer does not know.
    """
    rules, low, high = problem["rules"], *problem["within"]
    if problem["bookings"]["before_us"] is not None or rules["max_per_day"] or rules["max_per_week"]:
        msg = "the C floor knows bookings and hours only"
        raise ValueError(msg)
    hours = [hand_written.expand(schedule, rules, low, high) for schedule in problem["schedules"]]
    sizes = np.array([len(h.pieces) for h in hours], np.int64)
    piece_offsets = np.concatenate([np.zeros(1, np.int64), sizes.cumsum()])
    flat = np.array([piece for h in hours for piece in h.pieces], np.int64).reshape(-1, 2)
    first, last = np.ascontiguousarray(flat[:, 0]), np.ascontiguousarray(flat[:, 1])
    grid = np.concatenate([np.zeros(1, np.int64), ((last - first) // rules["step_us"] + 1).cumsum()])
    each = grid[piece_offsets[1:]] - grid[piece_offsets[:-1]]
    rows = problem["bookings"]["resource"].searchsorted(np.arange(len(problem["schedule_of"]) + 1)).astype(np.int64)
    return Prepared(problem, piece_offsets, first, last, rows, int(each[problem["schedule_of"]].sum()))


def _walk(prepared: Prepared, name: str, room: int) -> tuple[Int64Array, Int64Array]:
    library = load()
    assert library is not None  # the caller asks `load` first
    problem, rules = prepared.problem, prepared.problem["rules"]
    offsets = np.empty(len(problem["schedule_of"]) + 1, np.int64)
    out = np.empty(room, np.int64)
    written = getattr(library, name)(
        len(problem["schedule_of"]),
        problem["schedule_of"],
        prepared.piece_offsets,
        prepared.first,
        prepared.last,
        prepared.booking_offsets,
        problem["bookings"]["start_us"],
        problem["bookings"]["end_us"],
        rules["duration_us"] + rules["buffer_after_us"] - 1,
        rules["buffer_before_us"],
        rules["step_us"],
        offsets,
        out,
    )
    return offsets, out[:written]


def find(prepared: Prepared) -> tuple[Int64Array, Int64Array]:
    """Give (offsets, starts)."""
    return _walk(prepared, "petpro_peer_starts", prepared.room)


def first(prepared: Prepared) -> tuple[Int64Array, Int64Array]:
    """Give (offsets, starts) with one start for each calendar that has one."""
    return _walk(prepared, "petpro_peer_first", len(prepared.problem["schedule_of"]))


def count(prepared: Prepared) -> Int64Array:
    """Give how many starts each calendar has."""
    return np.diff(_walk(prepared, "petpro_peer_count", 0)[0])


def common(answer: tuple[Int64Array, Int64Array]) -> tuple[Int64Array, Int64Array]:
    """Give the answer as it is: it has the common form already."""
    return answer


def overlaps(columns: tuple[Int64Array, Int64Array, Int64Array]) -> int:
    """Count the pairs of bookings on one resource that overlap; columns are (resource, start, end), sorted."""
    library = load()
    assert library is not None  # the caller asks `load` first
    return int(library.petpro_peer_overlaps(len(columns[0]), *columns))
