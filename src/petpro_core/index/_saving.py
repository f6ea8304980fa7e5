"""An index as named columns and as one buffer.

Columns are numbers and nothing else: hours, rules and policy are given again by whoever loads them, and a seal refuses
them where they are others. The seal is a digest: it guards against mistakes, not against somebody who can write one.
"""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from petpro_core._checks import as_kind
from petpro_core.availability import CalendarBatch
from petpro_core.bookings import BookingTable
from petpro_core.errors import InvalidValueError
from petpro_core.index._frame import Candidates, Frame
from petpro_core.index._ledger import NAMES, Ledger
from petpro_core.index._snapshot import Snapshot
from petpro_core.intervals import IntervalSet, from_us
from petpro_core.schedules.dates import absences
from petpro_core.timezones import TZDATA_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from petpro_core.availability import LocalDays
    from petpro_core.decisions._question import Question
    from petpro_core.decisions._search import Calendars
    from petpro_core.intervals import Interval

    Column = npt.NDArray[Any]

__all__ = ["columns", "from_bytes", "restored", "to_bytes"]

_SEAL: Final = "seal"
_UNKNOWN: Final = ("unknown_resource", "unknown_start", "unknown_end")
_NEEDED: Final = {
    "candidate_offsets": ("int64", 1),
    "candidates": ("int64", 1),
    "words": ("uint64", 2),
    "now": ("int64", 1),
    "known_start": ("int64", 1),
    "known_end": ("int64", 1),
    _SEAL: ("uint8", 1),
    **dict.fromkeys((*_UNKNOWN, *NAMES), ("int64", 1)),
}
_ALWAYS_THERE: Final = frozenset(_NEEDED) - {
    name for name in NAMES if getattr(BookingTable.empty(known=IntervalSet.of()), name) is None
}
_DIGEST: Final = 32


def columns(snapshot: Snapshot) -> dict[str, Column]:
    """Everything but the question."""
    busy = snapshot.ledger.whole
    found: dict[str, Column] = {
        "candidate_offsets": snapshot.frame.candidates.offsets,
        "candidates": snapshot.frame.candidates.starts,
        "words": snapshot.words,
        "now": np.array([snapshot.question.now_us]),
        "known_start": busy.known.starts,
        "known_end": busy.known.ends,
    }
    named = {name: getattr(busy, name) for name in (*_UNKNOWN, *NAMES)}
    found |= {name: column for name, column in named.items() if column is not None}
    asked = _digest_of_question(snapshot.frame, snapshot.question)
    return found | {_SEAL: np.frombuffer(_digest(found, asked) + asked, np.uint8)}


def restored(
    given: Mapping[str, Column],
    calendars: Calendars,
    within: Interval | LocalDays,
    question: Callable[[BookingTable, datetime], Question],
) -> Snapshot:
    """The snapshot whose columns these are."""
    _check_columns(given)
    body = {name: column for name, column in given.items() if name != _SEAL}
    seal = given[_SEAL].tobytes()
    if seal[:_DIGEST] != _digest(body, seal[_DIGEST:]):
        raise _refused("as they were saved, got columns that were changed since")
    held: dict[str, Any] = {name: _kept(given[name]) if name in given else None for name in (*_UNKNOWN, *NAMES)}
    busy = BookingTable(**held, known=IntervalSet.from_us(given["known_start"], given["known_end"]))
    asked = question(busy, from_us(int(given["now"][0])))
    batch, candidates = CalendarBatch.of(calendars), _kept(given["candidates"])
    found = Candidates.of(_kept(given["candidate_offsets"]), candidates)
    frame = Frame.of(asked, batch, within, 0, candidates=found)
    if seal[_DIGEST:] != _digest_of_question(frame, asked):
        raise _refused("loaded with the question that they were saved with, got another (or other zone data)")
    words = _kept(given["words"])
    return Snapshot(frame, asked, Ledger.of(asked), words, frame.rows[:0], words[:0])


def _kept(column: Column) -> Column:
    """The column, not copied and read-only; the caller's own view of it is left as it is."""
    view = column.view()
    view.setflags(write=False)
    return view


def _refused(rule: str) -> InvalidValueError:
    return InvalidValueError(f"the columns of an index are {rule}; make the index anew", name="columns")


def _check_columns(given: Mapping[str, Column]) -> None:
    if missing := _ALWAYS_THERE - set(given):
        raise _refused(f"complete, got none named {', '.join(sorted(missing))}")
    for name, column in given.items():
        if name not in _NEEDED:
            raise _refused(f"named as they were saved, got one named {name}")
        dtype, axes = _NEEDED[name]
        array = np.asarray(column)
        if array.dtype != dtype or array.ndim != axes:
            raise _refused(f"arrays ({name} is {dtype} with {axes} axes), got {array.dtype} with {array.ndim}")


# --- the seal ---------------------------------------------------------------------------------------------------------


def _digest(body: Mapping[str, Column], asked: bytes) -> bytes:
    found = hashlib.blake2b(asked, digest_size=_DIGEST)
    for name in sorted(body):
        column = np.ascontiguousarray(body[name])
        found.update(f"{name} {column.dtype} {column.shape};".encode())
        found.update(column.view(np.uint8).data if column.size else b"")
    return found.digest()


def _digest_of_question(frame: Frame, question: Question) -> bytes:
    """A digest of all that the cells depend on beside bookings: what the calendars come to, and what is asked."""
    prepared, batch = frame.prepared, frame.batch
    asked = (question.rules, question.policy, question.request, sorted(question.waive), question.replacing)
    found = hashlib.blake2b(repr((asked, TZDATA_VERSION)).encode(), digest_size=_DIGEST)
    zones = {id(calendar.zone): calendar.zone for calendar in batch.distinct}
    numbers = {key: number for number, key in enumerate(zones)}
    hours = prepared.hours
    each = [hours.offsets, hours.starts, hours.ends, prepared.anchors, prepared.low, prepared.high]
    each += [batch.index, batch.handles, batch.capacities]
    each += [np.array([numbers[id(calendar.zone)] for calendar in batch.distinct], np.int64)]
    each += [column for zone in zones.values() for column in (zone.transitions, zone.offsets)]
    each += [kept.view(np.int64) for _, kept, _ in frame.kept]
    each += absences([calendar.time_off for calendar in batch.distinct], *prepared.span)
    for column in each:
        found.update(f"{column.shape};".encode())
        found.update(np.ascontiguousarray(column).tobytes())
    return found.digest()


# --- one buffer -------------------------------------------------------------------------------------------------------
# A head (the mark, the version, the number of columns, the length of all), a record for each column, and the columns,
# each at a multiple of 64 bytes; little-endian throughout.

_MARK: Final = b"PETPROIX"
_VERSION: Final = 1
_HEAD: Final = struct.Struct("<8sIIQ")
_RECORD: Final = np.dtype([("name", "S24"), ("kind", "<u8"), ("rows", "<u8"), ("width", "<u8"), ("offset", "<u8")])
_KINDS: Final = tuple(map(np.dtype, ("<i8", "<u8", "u1")))
_ALIGNED: Final = 64
_LARGEST: Final = 2**62


def to_bytes(found: Mapping[str, Column]) -> bytes:
    """The columns one after another, with a head that says which they are."""
    records = np.zeros(len(found), _RECORD)
    offset = _HEAD.size + records.nbytes
    for number, (name, column) in enumerate(found.items()):
        offset += -offset % _ALIGNED
        rows, width = (*column.shape, 0)[:2]
        kind = _KINDS.index(column.dtype.newbyteorder("<"))
        records[number] = (name.encode(), kind, rows, width, offset)
        offset += column.nbytes
    buffer = bytearray(offset)
    buffer[: _HEAD.size] = _HEAD.pack(_MARK, _VERSION, len(found), offset)
    buffer[_HEAD.size : _HEAD.size + records.nbytes] = records.tobytes()
    for record, column in zip(records, found.values(), strict=True):
        first = int(record["offset"])
        plain = np.ascontiguousarray(column, column.dtype.newbyteorder("<"))
        buffer[first : first + plain.nbytes] = plain.tobytes()
    return bytes(buffer)


def from_bytes(buffer: bytes | bytearray | memoryview) -> dict[str, Column]:
    """The columns of a buffer, as views of it; every length is checked before it is believed."""
    as_kind("buffer", buffer, bytes, bytearray, memoryview)
    whole = memoryview(buffer)
    if not whole.c_contiguous:
        raise _foreign("in one piece, got a memoryview with gaps")
    whole = whole.cast("B")
    if len(whole) < _HEAD.size:
        raise _foreign(f"at least {_HEAD.size} bytes long, got {len(whole)}")
    mark, version, size, length = _HEAD.unpack_from(whole)
    if mark != _MARK:
        raise _foreign(f"marked {_MARK!r}, got {mark!r}")
    if version != _VERSION:
        raise _foreign(f"of version {_VERSION}, got version {version}")
    end = _HEAD.size + size * _RECORD.itemsize
    if length != len(whole) or end > length:
        raise _foreign(f"as long as it says, got {len(whole)} bytes of {length}")
    found: dict[str, Column] = {}
    for record in np.frombuffer(whole[_HEAD.size : end], _RECORD).tolist():
        name, kind, rows, width, offset = record
        text = name.decode("ascii", "replace")
        if kind >= len(_KINDS) or text not in _NEEDED or text in found:
            raise _foreign(f"made of columns that an index has, got {text!r} of kind {kind}")
        dtype = _KINDS[kind]
        shape = (rows, width) if _NEEDED[text][1] == 2 else (rows,)
        nbytes = rows * (width if len(shape) == 2 else 1) * dtype.itemsize
        if offset % _ALIGNED or offset < end or offset + nbytes > length or max(shape) > _LARGEST:
            raise _foreign(f"made of columns that lie inside it, got {text} at {offset} with {nbytes} bytes")
        column = np.frombuffer(whole[offset : offset + nbytes], dtype).reshape(shape)
        found[text] = column.astype(dtype.newbyteorder("="), copy=False)
    return found


def _foreign(rule: str) -> InvalidValueError:
    return InvalidValueError(f"the buffer of an index is {rule}; save the index again", name="buffer")
