"""P4: a million wall-clock times of one year to UTC, New York, sorted and in random order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import petpro_side
from benchmarks._measure import Contender, compare
from benchmarks.data import NEW_YORK, local_year
from benchmarks.peers import zone_conversion
from benchmarks.targets import TARGETS_MS

if TYPE_CHECKING:
    from benchmarks._measure import Result

__all__ = ["p4"]


def p4(*, quick: bool) -> list[Result]:
    """Time the conversion of a column, gaps and repeated hours included."""
    size = 50_000 if quick else 1_000_000
    results = []
    for in_order in (False, True):
        local_us = local_year(size, in_order=in_order)
        petpro = Contender("PetPro", lambda us=local_us: us, lambda us: petpro_side.p4(us, NEW_YORK), lambda us: (us,))  # type: ignore[misc]
        name = f"P4 {size:,} local times, " + ("sorted" if in_order else "random order")
        peers = zone_conversion.contenders(local_us, NEW_YORK)
        results += compare(name, target_ms=TARGETS_MS["P4"], petpro=petpro, peers=peers)
    return results
