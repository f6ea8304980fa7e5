"""A day as a picture: one character for each quarter, half or whole hour, for one provider or room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np
from rich.text import Text

from petpro_core.timezones import Instants

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from petpro_core.intervals import Int64Array, IntervalSet
    from petpro_core.timezones import TimeZone

__all__ = ["ASCII", "UNICODE", "Ruler", "Signs", "legend"]

_MINUTE: Final = 60_000_000
_CELLS: Final = (15 * _MINUTE, 30 * _MINUTE, 60 * _MINUTE)
_LABEL: Final = 3  # characters that an hour's number and the blank after it need
_SMALLEST: Final = 24


@attrs.frozen
class Signs:
    """The characters of a picture, each with its style on a terminal that has colours."""

    start: str
    free: str
    taken: str
    closed: str

    def styled(self) -> tuple[tuple[str, str], ...]:
        """The characters by their number in a row of cells, with their styles."""
        return ((self.closed, "dim"), (self.taken, "red"), (self.free, "yellow"), (self.start, "green"))


UNICODE: Final = Signs("\u2588", "\u2591", "\u2593", "\u00b7")
ASCII: Final = Signs("#", "-", "x", ".")


def legend(signs: Signs, *, starts: bool) -> str:
    """What the characters mean."""
    free = f"{signs.free} free, but no start" if starts else f"{signs.free} free"
    words = [f"{signs.start} start"] * starts + [free, f"{signs.taken} taken or unknown", f"{signs.closed} closed"]
    return "   ".join(words)


@attrs.frozen(eq=False)
class Ruler:
    """The hours that the pictures of one day have in common.

    Attributes:
        first: The first instant of the first cell.
        cell: The length of a cell, in microseconds.
        count: How many cells.
        zone: Whose hours stand above them.
    """

    first: int
    cell: int
    count: int
    zone: TimeZone

    @classmethod
    def over(cls, hours: Iterable[IntervalSet], *, zone: TimeZone, width: int) -> Ruler | None:
        """A ruler over all opening hours of a day that fits the width; ``None`` where there is nothing to show."""
        spans = [span for one in hours if (span := one.span) is not None]
        if not spans or width < _SMALLEST:
            return None
        first, last = min(span.start_us for span in spans), max(span.end_us for span in spans)
        # A cell begins on a full hour of the wall clock, also where offsets are no whole hours.
        first -= (first + int(zone.offsets_at(Instants(np.array([first])))[0])) % (60 * _MINUTE)
        for cell in _CELLS:
            count = -(-(last - first) // cell)
            if count <= width:
                return cls(first, cell, count, zone)
        return None

    def label(self) -> str:
        """The hours above the cells."""
        text = ""
        starts = self.first + np.arange(self.count) * self.cell
        walls = starts + self.zone.offsets_at(Instants(starts))
        for place, wall in enumerate(walls.tolist()):
            fits = place >= len(text) and place + _LABEL - 1 <= self.count
            if wall % (60 * _MINUTE) == 0 and fits:
                text = text.ljust(place) + f"{wall // (60 * _MINUTE) % 24:02d} "
        return text.rstrip()

    def picture(self, hours: IntervalSet, free: IntervalSet, starts: Int64Array | Sequence[int], signs: Signs) -> Text:
        """One row: closed, taken, free, and where visits may start."""
        cells = np.zeros(self.count, np.int64)
        for level, intervals in ((1, hours), (2, free)):
            for low, high in zip(intervals.starts.tolist(), intervals.ends.tolist(), strict=True):
                cells[max(0, (low - self.first) // self.cell) : max(0, -(-(high - self.first) // self.cell))] = level
        places = (np.asarray(starts, np.int64) - self.first) // self.cell
        cells[places[(places >= 0) & (places < self.count)]] = 3
        text = Text()
        styled = signs.styled()
        for number in cells.tolist():
            sign, style = styled[number]
            text.append(sign, style)
        return text
