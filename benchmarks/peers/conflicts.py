"""Overlapping bookings by a sweep in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks._measure import Int64Array

__all__ = ["count_overlaps", "prepare"]


def prepare(columns: tuple[Int64Array, Int64Array, Int64Array]) -> tuple[list[int], list[int], list[int]]:
    """Turn (resource, start, end) into lists; not timed."""
    resource, starts, ends = columns
    return resource.tolist(), starts.tolist(), ends.tolist()


def count_overlaps(columns: tuple[list[int], list[int], list[int]]) -> int:
    """Count the pairs of bookings on one resource that overlap; rows are sorted by resource, then start."""
    pairs = 0
    current = -1
    running: list[int] = []
    for resource, start, end in zip(*columns, strict=True):
        if resource != current:
            current = resource
            running = [end]
            continue
        running = [other for other in running if other > start]
        pairs += len(running)
        running.append(end)
    return pairs
