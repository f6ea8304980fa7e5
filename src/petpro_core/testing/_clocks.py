"""The clocks of the oracle: TZif files of the tzdata package, read plainly, and the wall times they show.

Nothing here comes from the code that the oracle judges, nor from ``zoneinfo``, which is an hour wrong once (Nuuk 2023).

Source: RFC 9636 (TZif), POSIX.1 section 8.3 (the rule in the footer).
"""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from datetime import date
from functools import cache
from importlib import resources
from typing import Final

__all__ = ["DAY", "LAST_YEAR", "SECOND", "Clock", "clock"]

SECOND: Final = 1_000_000
DAY: Final = 86_400 * SECOND
EPOCH: Final = date(1970, 1, 1).toordinal()
LAST_YEAR: Final = 2120
"""The rule in a file's footer is written out to the end of this year; the oracle is not for later ones."""

_NAME: Final = r"(?:<[^>]+>|[A-Za-z]+)"
_TIME: Final = r"[+-]?\d+(?::\d+){0,2}"
_RULE: Final = re.compile(
    rf"{_NAME}(?P<std>{_TIME})(?:{_NAME}(?P<dst>{_TIME})?,(?P<start>M[^,/]+)(?:/(?P<at>{_TIME}))?"
    rf",(?P<end>M[^,/]+)(?:/(?P<till>{_TIME}))?)?"
)


def _seconds(text: str) -> int:
    parts = [int(part) for part in text.lstrip("+-").split(":")]
    total = sum(part * unit for part, unit in zip(parts, (3600, 60, 1), strict=False))
    return -total if text.startswith("-") else total


def _change(year: int, rule: str, at: str | None) -> int:
    """The wall-clock second, since 1970, of a change by ``Mm.w.d``: the w-th weekday d (Sunday 0) of month m."""
    month, week, weekday = (int(part) for part in rule[1:].split("."))
    first = date(year, month, 1).toordinal()
    day = first + (weekday - first) % 7 + 7 * (week - 1)  # an ordinal that is a multiple of 7 is a Sunday
    while date.fromordinal(day).month != month:  # week 5 is the last one
        day -= 7
    return (day - EPOCH) * 86_400 + _seconds(at or "2")


def _yearly(footer: str) -> list[tuple[int, int]]:
    """Every change that the footer's rule makes up to ``LAST_YEAR``: second, and the offset in seconds from then on."""
    match = _RULE.fullmatch(footer)
    if match is None or match["start"] is None:
        return []
    standard = -_seconds(match["std"])
    summer = -_seconds(match["dst"]) if match["dst"] else standard + 3600
    changes = []
    for year in range(1970, LAST_YEAR + 1):
        changes.append((_change(year, match["start"], match["at"]) - standard, summer))
        changes.append((_change(year, match["end"], match["till"]) - summer, standard))
    return sorted(changes)


def _read(key: str) -> tuple[list[int], list[int]]:
    """The changes of a zone, in seconds, and its offsets: one before all changes, one from each on."""
    place = resources.files("tzdata.zoneinfo")
    for part in key.split("/"):
        place = place.joinpath(part)
    data = place.read_bytes()
    position, counts = 0, (0,) * 6
    for width in (4, 8):  # the block of the first version is skipped; the second has 64-bit times
        counts = struct.unpack_from(">20x6l", data, position)
        position += 44
        if width == 4:
            utc, wall, leap, changes, types, letters = counts
            position += changes * 5 + types * 6 + letters + leap * 8 + wall + utc
    utc, wall, leap, changes, types, letters = counts
    times = list(struct.unpack_from(f">{changes}q", data, position))
    kinds = struct.unpack_from(f">{changes}B", data, position + 8 * changes)
    table = [struct.unpack_from(">lBB", data, position + 9 * changes + 6 * kind)[0] for kind in range(types)]
    position += 9 * changes + 6 * types + letters + 12 * leap + wall + utc
    offsets = [table[0], *(table[kind] for kind in kinds)]
    for second, offset in _yearly(data[position:].decode().strip()):
        if not times or second > times[-1]:
            times.append(second)
            offsets.append(offset)
    return times, offsets


class Clock:
    """The wall clock of one zone. Instants and wall times are microseconds since 1970, days are counted from there."""

    def __init__(self, key: str) -> None:
        """Read the zone's file."""
        times, offsets = _read(key)
        self.changes = [second * SECOND for second in times]
        self.offsets = [offset * SECOND for offset in offsets]
        self._midnights: dict[int, int] = {}

    def offset(self, instant: int) -> int:
        """How far the wall clock is ahead of UTC at an instant."""
        return self.offsets[bisect_right(self.changes, instant)]

    def instant(self, wall: int) -> int:
        """When the clock shows ``wall``: the first time it does; inside a gap, by the offset before the gap."""
        low, high = bisect_right(self.changes, wall - 2 * DAY), bisect_right(self.changes, wall + 2 * DAY)
        shown = [wall - o for o in self.offsets[low : high + 1] if self.offset(wall - o) == o]
        if shown:
            return min(shown)
        before = next(
            self.offsets[i]
            for i in range(low, high)
            if self.changes[i] + self.offsets[i] <= wall < self.changes[i] + self.offsets[i + 1]
        )
        return wall - before

    def midnight(self, day: int) -> int:
        """The instant at which a local day begins, by the table of midnights."""
        if day not in self._midnights:
            self._midnights[day] = self.instant(day * DAY)
        return self._midnights[day]

    def day(self, instant: int) -> int:
        """The last day whose midnight has come (not the date that the clock shows: clocks go back over midnight)."""
        day = instant // DAY + 3
        while self.midnight(day) > instant:
            day -= 1
        return day


@cache
def clock(key: str) -> Clock:
    """The clock of a key, read once; tzdata does not change while a program runs.

    >>> clock("Asia/Kathmandu").offset(1_800_000_000_000_000) // SECOND
    20700
    """
    return Clock(key)
