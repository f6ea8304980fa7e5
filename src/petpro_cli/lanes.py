"""A picture of lanes along a line of time: who works when, and who waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
from rich.table import Table
from rich.text import Text

from petpro_core.intervals import from_us

if TYPE_CHECKING:
    from collections.abc import Sequence

    from petpro_cli.picture import Signs
    from petpro_core.intervals import Interval
    from petpro_core.timezones import TimeZone

__all__ = ["Lane", "lanes"]

_MINUTE_US: Final = 60_000_000
# The minutes of a cell, and those between two times that stand above the cells.
_CELLS: Final = {5: 15, 10: 30, 15: 60, 30: 60, 60: 120, 120: 240, 240: 720, 720: 1440, 1440: 1440}
_LABEL: Final = 6  # characters that a time and the blank after it need
_SMALLEST: Final = 16
_MOST: Final = 48


@attrs.frozen
class Lane:
    """One row.

    Attributes:
        label: What it is.
        name: Whose it is.
        full: Drawn with the sign of a start.
        held: Drawn behind it with the sign of free time.
        words: What is written behind the picture.
    """

    label: str
    name: str
    full: Sequence[Interval]
    held: Sequence[Interval]
    words: str


def lanes(rows: Sequence[Lane], *, zone: TimeZone, width: int, signs: Signs) -> Table:
    """The lanes as a table, each in as many characters as fit; where nothing fits, the words alone."""
    spans = [one for row in rows for one in (*row.full, *row.held)]
    first, last = min(one.start_us for one in spans), max(one.end_us for one in spans)
    taken = sum(max(len(getattr(row, key)) for row in rows) + 2 for key in ("label", "name", "words"))
    room = min(width - taken, _MOST)
    sizes = [minutes * _MINUTE_US for minutes in _CELLS]
    cell = next((size for size in sizes if -(-(last - first) // size) <= room), None)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("", no_wrap=True)
    if any(row.name for row in rows):
        table.add_column("", no_wrap=True)
    drawn = cell is not None and room >= _SMALLEST
    if cell is not None and drawn:
        table.add_column(_ruler(first, last, cell, zone), no_wrap=True)
    table.add_column("")
    for row in rows:
        cells = [Text(row.label)] + ([Text(row.name)] if any(one.name for one in rows) else [])
        if cell is not None and drawn:
            cells.append(_line(row, first, -(-(last - first) // cell), cell, signs))
        table.add_row(*cells, Text(row.words, "dim"))
    return table


def _ruler(first: int, last: int, cell: int, zone: TimeZone) -> str:
    """Times above the cells, as many as have room."""
    count, text = -(-(last - first) // cell), ""
    between = _CELLS[cell // _MINUTE_US]
    for place in range(count):
        local = zone.to_local(from_us(first + place * cell))
        whole = not place or (local.hour * 60 + local.minute) % between == 0
        if whole and place >= len(text) and place + _LABEL - 1 <= max(count, _LABEL):
            text = text.ljust(place) + local.strftime("%H:%M") + " "
    return text.rstrip()


def _line(row: Lane, first: int, count: int, cell: int, signs: Signs) -> Text:
    text = Text()
    for place in range(count):
        low, high = first + place * cell, first + (place + 1) * cell
        if any(one.start_us < high and one.end_us > low for one in row.full):
            text.append(signs.start, "green")
        elif any(one.start_us < high and one.end_us > low for one in row.held):
            text.append(signs.free, "yellow")
        else:
            text.append(signs.closed, "dim")
    return text
