"""The binary zone format (TZif, versions 2 to 4), read into plain lists of seconds.

Only the 64-bit block and the last rule are read. Names, the daylight flag and the flags for standard and universal time
change no conversion; their sizes and indices are checked all the same, since a wrong one means that the rest is wrong
too.

Source: RFC 9636 section 3 (TZif).
"""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import Final

import attrs

from petpro_core.errors import InvalidTimeZoneDataError
from petpro_core.timezones._tails import Tail, read_tail

__all__ = ["ZoneRecord", "read_tzif"]

_HEADER: Final = struct.Struct(">4sc15x6L")
_TYPE: Final = struct.Struct(">lBB")
_LONGEST_OFFSET: Final = 86_400


@attrs.frozen
class ZoneRecord:
    """What a zone file says, in seconds: ``offsets[i]`` holds before ``transitions[i]``, the last one after."""

    transitions: list[int]
    offsets: list[int]
    tail: Tail | None


@attrs.frozen
class _Header:
    version: bytes
    ut_count: int
    std_count: int
    leap_count: int
    time_count: int
    type_count: int
    char_count: int

    def size(self, time_bytes: int) -> int:
        """Bytes of the block after this header, with times of 4 or 8 bytes."""
        return (
            self.time_count * (time_bytes + 1)
            + self.type_count * _TYPE.size
            + self.char_count
            + self.leap_count * (time_bytes + 4)
            + self.std_count
            + self.ut_count
        )


def read_tzif(key: str, data: bytes) -> ZoneRecord:
    """Read the bytes of a zone file.

    Raises:
        InvalidTimeZoneDataError: the bytes are not a zone file of version 2 to 4, are cut short, contradict themselves,
            or count leap seconds (which do not exist in POSIX time).
    """
    first = _header(key, data, 0)
    at = _HEADER.size + first.size(4)
    header = _header(key, data, at)
    at += _HEADER.size
    stop = at + header.size(8)
    _require(stop <= len(data), key, f"is cut short: its data ends at byte {stop}, the file at {len(data)}")
    _check_counts(key, header)
    transitions = list(struct.unpack_from(f">{header.time_count}q", data, at))
    at += 8 * header.time_count
    indices = data[at : at + header.time_count]
    at += header.time_count
    types = _read_types(key, header, data[at : at + _TYPE.size * header.type_count])
    _require(all(i < header.type_count for i in indices), key, "names an offset that it does not define")
    _require(all(a < b for a, b in pairwise(transitions)), key, "lists its clock changes out of order")
    return ZoneRecord(transitions, [types[0], *(types[i] for i in indices)], _read_footer(key, data[stop:]))


def _require(holds: bool, key: str, complaint: str) -> None:  # noqa: FBT001 - the condition is the point of the call
    if not holds:
        msg = f"the zone file of {key!r} {complaint}; pass the bytes of a file made by zic"
        raise InvalidTimeZoneDataError(msg, key=key)


def _header(key: str, data: bytes, at: int) -> _Header:
    _require(len(data) >= at + _HEADER.size, key, f"is cut short: a header was expected at byte {at}")
    magic, version, *counts = _HEADER.unpack_from(data, at)
    _require(magic == b"TZif", key, f"does not say 'TZif' at byte {at}")
    _require(version in {b"2", b"3", b"4"}, key, f"is of version {version!r}, and only 2, 3 and 4 are read")
    return _Header(version, *counts)


def _check_counts(key: str, header: _Header) -> None:
    _require(header.type_count >= 1, key, "defines no offset")
    _require(header.char_count >= 1, key, "holds no names")
    flags = {header.std_count, header.ut_count}
    _require(flags <= {0, header.type_count}, key, "flags some of its offsets and not the others")
    _require(header.leap_count == 0, key, "counts leap seconds, which do not exist in POSIX time")


def _read_types(key: str, header: _Header, data: bytes) -> list[int]:
    types = list(_TYPE.iter_unpack(data))
    for offset, is_daylight, name_at in types:
        _require(abs(offset) < _LONGEST_OFFSET, key, f"has an offset of {offset} seconds, and a day has 86400")
        _require(is_daylight <= 1, key, f"has a daylight flag of {is_daylight}")
        _require(name_at < header.char_count, key, "names an abbreviation that it does not hold")
    return [offset for offset, _, _ in types]


def _read_footer(key: str, footer: bytes) -> Tail | None:
    framed = len(footer) >= 2 and footer.startswith(b"\n") and footer.find(b"\n", 1) == len(footer) - 1
    _require(framed and footer.isascii(), key, "does not end with one line of ASCII for its last rule")
    text = footer[1:-1].decode("ascii")
    return read_tail(text) if text else None
