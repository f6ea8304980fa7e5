"""What is read from a snapshot: tables of starts, of rows and of groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from petpro_core._checks import as_kind
from petpro_core.availability import LocalDays
from petpro_core.decisions._compile import windows
from petpro_core.decisions._search import check_limit
from petpro_core.errors import InvalidValueError, OutOfRangeError
from petpro_core.index._bits import Words, agreed, between, counts, looked_up, stands, words_for
from petpro_core.intervals import ALWAYS, NEVER, Int64Array, Interval, from_us
from petpro_core.reasons import Waiver
from petpro_core.slots import SlotTable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from petpro_core.index._snapshot import Snapshot

__all__ = ["as_groups", "as_mask", "chosen", "common_starts", "slot_table", "starts_of"]

_CHUNK_GROUPS = 256


def as_mask(mask: npt.ArrayLike | None, rows: int) -> Int64Array | None:
    """The rows of a mask; ``None`` = all.

    Raises:
        InvalidValueError: Not one truth value for each row.
    """
    if mask is None:
        return None
    array = np.asarray(mask)
    if array.dtype != np.bool_ or array.shape != (rows,):
        msg = f"a mask has one truth value for each of {rows} rows, got {array.dtype} of shape {array.shape}"
        raise InvalidValueError(msg, name="mask", got=array.shape, rows=rows)
    return array.nonzero()[0]


def chosen(snapshot: Snapshot, rows: Int64Array | None, within: Interval | LocalDays | None) -> Words:
    """The words of what is offered now in some rows and in a part of the range; ``None`` = all."""
    frame, live = snapshot.frame, snapshot.live if rows is None else snapshot.live[rows]
    if within is None:
        return live
    own, (low, high) = frame.candidates, _bounds(snapshot, within)
    index = frame.batch.index if rows is None else frame.batch.index[rows]
    return live & between(own.before(low), own.before(high), frame.width)[index]


def _bounds(snapshot: Snapshot, within: Interval | LocalDays) -> tuple[Int64Array, Int64Array]:
    """First start asked and first start no longer asked, for each distinct calendar."""
    as_kind("within", within, Interval, LocalDays)
    prepared = snapshot.frame.prepared
    low, high = windows(prepared.batch, within)
    if ((low < prepared.low) | (high > prepared.high)).any():
        msg = f"a part of the range of an index lies inside it, in {snapshot.frame.within}, got {within}; make another"
        raise OutOfRangeError(msg, name="within", got=within)
    return low, high


def slot_table(
    snapshot: Snapshot,
    handles: Int64Array,
    offsets: Int64Array,
    starts: Int64Array,
    calendar: Int64Array,
    notice: int | Int64Array | None,
    stranded: Callable[[SlotTable], Int64Array] | None = None,
) -> SlotTable:
    """A table as a search gives it."""
    question, until = snapshot.question, snapshot.fresh_until_us
    return SlotTable(
        handles=handles,
        rule=np.zeros(len(handles), np.int64),
        offsets=offsets,
        starts=starts,
        rules=(question.rules,),
        valid_until=None if until > ALWAYS.end_us else from_us(until),
        untested=question.untested,
        footprints=(snapshot.frame.prepared.footprint,),
        calendar=calendar,
        notice=notice,
        stranded=stranded,
    )


def starts_of(snapshot: Snapshot, rows: Int64Array | None, per_row: Int64Array, starts: Int64Array) -> SlotTable:
    """The table of some starts, so many in each of some rows (``None`` = all); the other rows are empty."""
    batch = snapshot.frame.batch
    offsets = np.zeros(len(batch) + 1, np.int64)
    if rows is None:
        np.cumsum(per_row, out=offsets[1:])
    else:
        offsets[1:][rows] = per_row
        np.cumsum(offsets, out=offsets)
    # What starts strand is worked out when somebody reads it.
    stranded = None if snapshot.question.policy.stranding is None else snapshot.stranded
    notice = _elapsed_notice(snapshot)
    if notice is None and Waiver.NOTICE not in snapshot.question.waive:
        every = np.arange(len(batch)) if rows is None else rows
        return slot_table(
            snapshot,
            batch.handles,
            offsets,
            starts,
            np.arange(len(batch)),
            snapshot.refused_from(every.repeat(per_row), starts),
            stranded,
        )
    return slot_table(snapshot, batch.handles, offsets, starts, np.arange(len(batch)), notice, stranded)


def _elapsed_notice(snapshot: Snapshot) -> int | None:
    """Elapsed notice; ``None`` where it is waived, or counted in working time."""
    notice = snapshot.leads.notice
    return notice if isinstance(notice, int) and Waiver.NOTICE not in snapshot.question.waive else None


def as_groups(groups: npt.ArrayLike | Sequence[Sequence[int]], rows: int) -> tuple[Int64Array, Int64Array]:
    """The rows of each group, int64[g, m], and how many members each has; the places of those it lacks hold -1.

    Raises:
        InvalidValueError: A group without members, with one of them twice, or with one that is no row.
    """
    try:
        members = np.array(groups)
    except ValueError:  # groups of different sizes
        members, sizes = _ragged([np.array(group) for group in groups])  # type: ignore[union-attr]  # it has parts
    else:
        if members.shape == (0,):
            members = np.empty((0, 1), np.int64)
        if not _is_rows(members, 2):
            raise _no_group(f"{members.dtype} of shape {members.shape}")
        members, sizes = members.astype(np.int64, copy=False), np.full(len(members), members.shape[1])
    there = np.arange(members.shape[1]) < sizes[:, None]
    if members.size and not 0 <= members[there].min() <= members[there].max() < rows:
        wrong = members[there & ((members < 0) | (members >= rows))]
        msg = f"a group names rows from 0 to {rows - 1}, got {wrong[0]}"
        raise InvalidValueError(msg, name="groups", got=int(wrong[0]), rows=rows)
    ordered = np.sort(members, axis=1)
    twice = ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any(axis=1)
    if twice.any():
        number = int(twice.argmax())
        msg = f"a group names each of its rows once, got group {number}: {members[number].tolist()}"
        raise InvalidValueError(msg, name="groups", got=members[number].tolist())
    return members, sizes


def _is_rows(array: npt.NDArray[Any], axes: int) -> bool:
    return array.dtype.kind in "iu" and array.ndim == axes and array.shape[-1] > 0


def _no_group(got: str) -> InvalidValueError:
    msg = f"a group is a list of the numbers of one row or more, got {got}"
    return InvalidValueError(msg, name="groups", got=got)


def _ragged(each: list[npt.NDArray[Any]]) -> tuple[Int64Array, Int64Array]:
    """Groups of different sizes as one array, and their sizes."""
    for group in each:
        if not _is_rows(group, 1):
            raise _no_group(str(group))
    sizes = np.array([len(group) for group in each])
    members = np.full((len(each), int(sizes.max())), -1)
    members[np.arange(members.shape[1]) < sizes[:, None]] = np.concatenate(each)
    return members, sizes


def common_starts(
    snapshot: Snapshot,
    members: Int64Array,
    sizes: Int64Array,
    need: int | None,
    within: Interval | LocalDays | None,
    limit: int,
) -> SlotTable:
    """The starts that all of each group's members accept, or at least ``need`` of them."""
    frame, axis = snapshot.frame, snapshot.frame.candidates.axis
    cells = np.empty((len(members), words_for(len(axis))), np.uint64)
    asked = None
    if within is not None:
        low, high = _bounds(snapshot, within)
        asked = between(axis.searchsorted(low), axis.searchsorted(high), cells.shape[1])[frame.batch.index]
    ragged = (sizes < members.shape[1]).any()
    for first in range(0, len(members), _CHUNK_GROUPS):
        part = members[first : first + _CHUNK_GROUPS]
        words = snapshot.aligned(part.ravel()).reshape(*part.shape, -1)
        if asked is not None:
            words &= asked[part]
        if ragged:
            # Who is not there agrees to everything where all must, and to nothing where some must.
            words[part < 0] = np.uint64(0) if need else ~np.uint64(0)
        cells[first : first + len(part)] = agreed(words, need or members.shape[1])
    per_group = counts(cells)
    check_limit(int(per_group.sum()), limit)
    starts = looked_up(cells, np.zeros(len(cells), np.int64), per_group, axis)
    notice: int | Int64Array | None = _elapsed_notice(snapshot)
    if notice is None and Waiver.NOTICE not in snapshot.question.waive:
        group = np.arange(len(members)).repeat(per_group)
        notice = _spared_until(snapshot, members[group], sizes[group] if need is None else need, starts)
    offsets = np.append(0, per_group.cumsum())
    return slot_table(snapshot, frame.batch.handles[members[:, 0]], offsets, starts, members[:, 0], notice)


def _spared_until(snapshot: Snapshot, members: Int64Array, need: int | Int64Array, starts: Int64Array) -> Int64Array:
    """Until when notice spares enough members of a common start: the last of those that are needed drops out."""
    column = snapshot.frame.candidates.axis.searchsorted(starts)
    until = np.full(members.shape, -NEVER)
    for place in range(members.shape[1]):
        member = members[:, place]
        used, which = np.unique(member, return_inverse=True)
        accepts = stands(snapshot.aligned(used), which, column) & (member >= 0)
        until[accepts, place] = snapshot.refused_from(member[accepts], starts[accepts])
    until.sort(axis=1)
    spared: Int64Array = until[np.arange(len(until)), members.shape[1] - need]
    return spared
