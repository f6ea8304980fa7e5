"""Days for people: a heading for each, and a picture with words for each provider and room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from petpro_cli.answers import console, signs
from petpro_cli.picture import Ruler, legend
from petpro_cli.times import days_of
from petpro_cli.words import day_text
from petpro_core.availability import open_hours

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from petpro_cli.inputs import Opened
    from petpro_core.availability import CalendarBatch
    from petpro_core.interop.clinic import ClinicResource
    from petpro_core.intervals import Int64Array, Interval, IntervalBatch, IntervalSet

__all__ = ["Days"]


class Days:
    """The days of an answer.

    Args:
        opened: The clinic and its zone.
        chosen: Who has a row.
        rows: Their calendars, in the same order.
        within: The days.
        free: The free time of each.
    """

    def __init__(
        self, opened: Opened, chosen: list[ClinicResource], rows: CalendarBatch, within: Interval, free: IntervalBatch
    ) -> None:
        self.zone, self.within, self.free = opened.zone, within, free
        self.names = [one.name for one in chosen]
        self.hours = open_hours(rows, within=within, location=opened.location())
        self.console, self.signs = console(), signs()
        self.drawn = False

    def parts(self) -> Iterator[tuple[Interval, str, list[IntervalSet]]]:
        """Each day's time, its heading, and the opening hours of each row in it."""
        for day, part in days_of(self.within, self.zone):
            yield part, day_text(day), [hours.within(part) for hours in self.hours]

    def show(
        self,
        part: Interval,
        heading: str,
        hours: list[IntervalSet],
        starts: Sequence[Sequence[int] | Int64Array],
        words: Sequence[Sequence[str]],
    ) -> None:
        """Print a day: of each row its starts in the picture, and its lines of words below it.

        One row of words for several names is said of all of them together.
        """
        self.console.print(Text(f"\n{heading}", "bold"))
        ruler = Ruler.over(hours, zone=self.zone, width=self.console.width - max(map(len, self.names)) - 2)
        common = len(words) < len(self.names)
        if ruler is None:
            for name, lines in zip(["all"] if common else self.names, words, strict=True):
                for line in lines:
                    self.console.print(f"{name}: {line}")
            return
        self.drawn = True
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        table.add_column("", no_wrap=True)
        table.add_column(ruler.label())
        for number, name in enumerate(self.names):
            mine = starts[0 if common else number]
            table.add_row(Text(name), ruler.picture(hours[number], self.free[number].within(part), mine, self.signs))
            if not common or number == len(self.names) - 1:
                for line in words[0 if common else number]:
                    table.add_row("", Text(line))
        self.console.print(table)

    def explain_signs(self, *, starts: bool) -> None:
        """Say below the pictures, if there are any, what their characters mean."""
        if self.drawn:
            self.console.print(Text(f"\n{legend(self.signs, starts=starts)}", "dim"))
