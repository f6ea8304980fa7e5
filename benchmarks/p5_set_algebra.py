"""P5: union, difference and intersection of two sets of a million sorted intervals, and of ten.

Both sides are sorted and coalesced when the clock starts, and every answer is the coalesced result as columns. Each
peer takes the inputs in its own form, made before the clock starts. What keeps one Python object for each interval is
measured at a tenth of the size; PetPro is then measured at that size too.
"""

from __future__ import annotations

import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from benchmarks._measure import Contender, Int64Array, Missing, compare
from benchmarks.outside import Elsewhere
from petpro_core.intervals import IntervalSet

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks._measure import Peer, Result

__all__ = ["TARGETS_MS", "run", "scenarios", "sides", "small_contenders"]

Columns: TypeAlias = tuple[Int64Array, Int64Array]

OPERATIONS: Final = ("union", "difference", "intersection")
SIZE: Final = 1_000_000
TARGETS_MS: Final = {"difference": 60.0, "intersection": 50.0}
TARGET_OF_TEN_MS: Final = 0.03
YARDSTICK: Final = "two pointers in Python"
_SEED: Final = 20260308
_MINUTE: Final = 60_000_000


def sides(size: int) -> tuple[Columns, Columns]:
    """Give two sets of so many intervals: minutes to hours long, hours apart, from 1970 on, with a fixed seed."""
    made = np.random.default_rng(_SEED)  # noqa: TID251 - the seed is fixed

    def side() -> Columns:
        edges = made.integers(1, 240, 2 * size).cumsum() * _MINUTE
        return edges[::2].copy(), edges[1::2].copy()

    return side(), side()


def scenarios(size: int, *, peers: bool, slow: bool) -> list[Result]:
    """Time the three operations on so many intervals a side, beside the peers that suit the size.

    Raises:
        AnswersDifferError: two implementations do not agree.
    """
    left, right = sides(size)
    results = []
    with tempfile.TemporaryDirectory(prefix="petpro-bench-") as folder:
        for operation in OPERATIONS:
            results += _operation(operation, left, right, Path(folder), peers=peers, slow=slow)
    return results


def _operation(operation: str, left: Columns, right: Columns, folder: Path, *, peers: bool, slow: bool) -> list[Result]:
    """Time one operation on two sides."""
    size = len(left[0])
    contenders: list[Peer]
    if slow:
        contenders = [
            _two_pointers(operation, left, right),
            _portion(operation, left, right),
            _intervaltree(operation, left, right),
        ]
    else:
        contenders = [_two_pointers(operation, left, right)]
        if peers:
            contenders.append(_polars(operation, left, right))
        if peers and operation == "intersection":
            contenders.append(_ncls(left, right))
        if peers:
            contenders.append(_bioframe(operation, left, right, folder))
    # Ten intervals have a name of their own, because the ratio asked of a million is not asked of them.
    few = size <= 10
    target = TARGET_OF_TEN_MS if few else TARGETS_MS.get(operation) if size == SIZE else None
    name = f"P5 small {operation}, {size}" if few else f"P5 {operation}, {size:,}"
    return compare(
        f"{name} intervals a side",
        target_ms=target,
        petpro=_petpro(operation, left, right),
        peers=contenders,
        judged=size == SIZE or few,
    )


def small_contenders(operation: str, left: Columns, right: Columns) -> tuple[Contender, Contender]:
    """Give PetPro and the yardstick alone."""
    return _petpro(operation, left, right), _two_pointers(operation, left, right)


def run(*, peers: bool) -> list[Result]:
    """Give all rows of P5; without peers at a hundredth of the size, beside the yardstick only.

    Raises:
        AnswersDifferError: two implementations do not agree.
    """
    results = scenarios(10, peers=False, slow=False)
    results += scenarios(SIZE if peers else SIZE // 100, peers=peers, slow=False)
    if peers:
        results += scenarios(SIZE // 10, peers=True, slow=True)
    return results


def _petpro(operation: str, left: Columns, right: Columns) -> Contender:
    def prepare() -> Callable[[], IntervalSet]:
        mine, theirs = IntervalSet.from_us(*left), IntervalSet.from_us(*right)
        return lambda: getattr(mine, operation)(theirs)

    return Contender("PetPro", prepare, lambda call: call(), lambda found: (found.starts, found.ends), repeat=9)


# --- the yardstick: a loop in Python as a careful person writes it, over plain lists ----------------------------------


def _union_loop(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    starts: list[int] = []
    ends: list[int] = []
    i = j = 0
    last = None
    while i < len(left) or j < len(right):
        if j == len(right) or (i < len(left) and left[i][0] <= right[j][0]):
            start, end = left[i]
            i += 1
        else:
            start, end = right[j]
            j += 1
        if last is not None and start <= last:
            if end > last:
                last = ends[-1] = end
        else:
            starts.append(start)
            ends.append(end)
            last = end
    return starts, ends


def _intersection_loop(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    starts: list[int] = []
    ends: list[int] = []
    mine, theirs = iter(left), iter(right)
    # Each side moves on by one next(), and the end of either ends both; max() and min() would double the time.
    try:
        a, b = next(mine)
        c, d = next(theirs)
        while True:
            if b < d:
                if c < b:
                    starts.append(a if a > c else c)  # noqa: FURB136
                    ends.append(b)
                a, b = next(mine)
            else:
                if a < d:
                    starts.append(a if a > c else c)  # noqa: FURB136
                    ends.append(d)
                c, d = next(theirs)
    except StopIteration:
        return starts, ends


def _difference_loop(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    starts: list[int] = []
    ends: list[int] = []
    j, size = 0, len(right)
    for start, end in left:
        at = start
        while j < size and right[j][1] <= at:
            j += 1
        while j < size and right[j][0] < end:
            cut, resume = right[j]
            if cut > at:
                starts.append(at)
                ends.append(cut)
            at = resume
            if resume > end:
                break
            j += 1
        if at < end:
            starts.append(at)
            ends.append(end)
    return starts, ends


_LOOPS: Final[dict[str, Callable[..., tuple[list[int], list[int]]]]] = {
    "union": _union_loop,
    "difference": _difference_loop,
    "intersection": _intersection_loop,
}


def _pairs(columns: Columns) -> list[tuple[int, int]]:
    return list(zip(columns[0].tolist(), columns[1].tolist(), strict=True))


def _two_pointers(operation: str, left: Columns, right: Columns) -> Contender:
    loop = _LOOPS[operation]
    return Contender(YARDSTICK, lambda: (_pairs(left), _pairs(right)), lambda both: loop(*both), _as_columns, repeat=5)


def _as_columns(found: Any) -> Columns:
    return np.array(found[0], dtype=np.int64), np.array(found[1], dtype=np.int64)


# --- peers ------------------------------------------------------------------------------------------------------------


def _polars(operation: str, left: Columns, right: Columns) -> Contender | Missing:
    """Do the same sweep on polars' columns, which is the fastest way found to do it there."""
    if find_spec("polars") is None:
        return Missing("polars")
    import polars as pl

    def merged(one: Any, other: Any) -> Any:
        return pl.concat([one, other]).sort()

    def common(starts: Any, ends: Any) -> Any:
        return pl.DataFrame({"s": starts.slice(1), "e": ends.slice(0, len(ends) - 1)}).filter(pl.col("s") < pl.col("e"))

    def work(both: Any) -> Any:
        (a, b), (c, d) = both
        if operation == "intersection":
            return common(merged(a, c), merged(b, d))
        if operation == "difference":
            low, high = pl.Series([np.iinfo(np.int64).min]), pl.Series([np.iinfo(np.int64).max])
            return common(merged(a, pl.concat([low, d])), merged(b, pl.concat([c, high])))
        frame = pl.DataFrame({"s": merged(a, c), "e": merged(b, d)})
        first = (pl.col("s") > pl.col("e").shift(1)).fill_null(value=True)
        last = (pl.col("s").shift(-1) > pl.col("e")).fill_null(value=True)
        return frame.select(pl.col("s").filter(first), pl.col("e").filter(last))

    def prepare() -> Any:
        return [[pl.Series(column) for column in side] for side in (left, right)]

    return Contender("polars", prepare, work, lambda frame: (frame["s"].to_numpy(), frame["e"].to_numpy()), repeat=5)


def _ncls(left: Columns, right: Columns) -> Contender | Missing:
    """Find the overlapping pairs by its nested containment list, built beforehand, and cut them to size."""
    if find_spec("ncls") is None:
        return Missing("ncls")
    from ncls import NCLS

    ids = np.arange(len(left[0]))

    def work(tree: Any) -> Columns:
        i, j = tree.all_overlaps_both(*left, ids)
        starts, ends = np.maximum(left[0][i], right[0][j]), np.minimum(left[1][i], right[1][j])
        return np.sort(starts), np.sort(ends)

    return Contender("ncls", lambda: NCLS(*right, np.arange(len(right[0]))), work, _as_columns, repeat=5)


def _bioframe(operation: str, left: Columns, right: Columns, folder: Path) -> Elsewhere:
    """Ask bioframe, whose own requirements keep it in an environment of its own; both sides go there as files."""
    places = []
    for name, side in (("left", left), ("right", right)):
        place = folder / f"{name}.npy"
        np.save(place, np.array(side))
        places.append(str(place))
    question = {"operation": operation, "sides": places}
    return Elsewhere("bioframe", "bioframe", "bioframe_sets.py", "", question)


def _portion(operation: str, left: Columns, right: Columns) -> Contender | Missing:
    if find_spec("portion") is None:
        return Missing("portion")
    import portion

    def prepare() -> Any:
        return [portion.Interval(*(portion.closedopen(a, b) for a, b in _pairs(side))) for side in (left, right)]

    def work(both: Any) -> Any:
        mine, theirs = both
        if operation == "union":
            return mine | theirs
        return mine & theirs if operation == "intersection" else mine - theirs

    def columns(found: Any) -> Columns:
        return _as_columns(([part.lower for part in found], [part.upper for part in found]))

    return Contender("portion", prepare, work, columns, repeat=1)


def _intervaltree(operation: str, left: Columns, right: Columns) -> Contender | Missing:
    """Use the tree for what it offers: merge for the union, overlap queries for the other two."""
    if find_spec("intervaltree") is None:
        return Missing("intervaltree")
    import intervaltree

    def prepare() -> Any:
        return [intervaltree.IntervalTree.from_tuples(_pairs(side)) for side in (left, right)]

    def work(both: Any) -> Any:
        mine, theirs = both
        if operation == "union":
            whole = mine | theirs
            whole.merge_overlaps(strict=False)
            return [(part.begin, part.end) for part in sorted(whole)]
        found = []
        for part in sorted(mine):
            at = part.begin
            for cut in sorted(theirs.overlap(part.begin, part.end)):
                if operation == "intersection":
                    found.append((max(part.begin, cut.begin), min(part.end, cut.end)))
                elif cut.begin > at:
                    found.append((at, cut.begin))
                at = max(at, cut.end)
            if operation == "difference" and at < part.end:
                found.append((at, part.end))
        return found

    def columns(found: Any) -> Columns:
        return _as_columns(([start for start, _ in found], [end for _, end in found]))

    return Contender("intervaltree", prepare, work, columns, repeat=1)
