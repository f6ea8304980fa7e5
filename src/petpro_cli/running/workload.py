"""``petpro workload``: how work is shared, by week."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import click
from rich.table import Table
from rich.text import Text

from petpro_cli.answers import console, signs
from petpro_cli.formats import echo_csv, echo_json
from petpro_cli.inputs import Opened, open_clinic
from petpro_cli.options import written
from petpro_cli.queues import bar, room_for
from petpro_cli.times import today
from petpro_cli.words import day_text
from petpro_core.availability import LocalDays
from petpro_core.interop.plain import to_plain
from petpro_core.matching import ResourceTable
from petpro_core.matching.workload import WorkloadTable

if TYPE_CHECKING:
    from petpro_core.matching.workload import WorkloadRow

__all__ = ["run"]

_WORDS: Final = 40  # characters of a row beside the name and the bar


def run(given: dict[str, Any]) -> None:
    """Answer, with the options by name."""
    form = written(given)
    opened = open_clinic(given, given["week"])
    report = _report(opened)
    if form == "json":
        echo_json(to_plain(report, zone=opened.zone, names=opened.clinic.names))
    elif form == "csv":
        names = opened.clinic.names["resource"]
        rows = [
            (
                row.week.isoformat(),
                names[row.resource],
                _name(opened, row),
                row.minutes,
                row.visits,
                row.share,
                row.target,
            )
            for row in report
        ]
        echo_csv(["week", "resource", "name", "minutes", "visits", "share", "target"], rows)
    else:
        _show(opened, report)


def _report(opened: Opened) -> WorkloadTable:
    given, clinic = opened.given, opened.clinic
    first = _day(opened)
    try:
        last = first + timedelta(weeks=given["weeks"] - 1)
    except OverflowError:
        msg = "weeks lie in the years 1 to 9999"
        raise click.BadParameter(msg, param_hint="--weeks") from None
    named = opened.named() or [key for key, one in clinic.resources.items() if one.kind == "provider"]
    return WorkloadTable.of(
        clinic.busy(),
        resources=ResourceTable.of([clinic.resources[key].resource for key in named]),
        within=LocalDays(first, last, opened.zone),
        now=opened.now,
    )


def _day(opened: Opened) -> date:
    text = opened.given["week"]
    if text is None:
        return today(opened.now, opened.zone)
    try:
        return date.fromisoformat(text)
    except ValueError:
        msg = f"a date is written YYYY-MM-DD, got {text!r}"
        raise click.BadParameter(msg, param_hint="--week") from None


def _name(opened: Opened, row: WorkloadRow) -> str:
    clinic = opened.clinic
    return clinic.resources[clinic.names["resource"][row.resource]].name


def _show(opened: Opened, report: WorkloadTable) -> None:
    out, size = console(), len(report.resource)
    out.print(Text(f"{opened.clinic.name or 'Clinic'}: how work is shared, weeks of {opened.zone.key}", "bold"))
    rows = list(report)
    most = max((max(row.share, row.target) for row in rows), default=1.0)
    for number in range(len(report.week) if size else 0):
        people = rows[number * size : (number + 1) * size]
        out.print(Text(f"\nWeek of {day_text(people[0].week)}", "bold"))
        out.print(_table(opened, people, most, out.width))
        jain, error = float(report.jain[number]), float(report.share_error[number])
        out.print(f"Jain's index {jain:.3f} (1 is fair), largest difference of a share {error:.1%}")
    if not size:
        out.print("\nNobody works here.")
        return
    marks = signs()
    out.print(Text(f"\n{marks.start} share of the work   {marks.free} up to the share by weight", "dim"))


def _table(opened: Opened, people: list[WorkloadRow], most: float, width: int) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name in ("", "minutes", "visits", "share", "by weight", ""):
        table.add_column(name, no_wrap=True, justify="right" if name else "left")
    room = room_for(width, _WORDS + max(len(_name(opened, row)) for row in people))
    for row in people:
        table.add_row(
            Text(_name(opened, row)),
            f"{row.minutes:g}",
            str(row.visits),
            f"{row.share:.0%}",
            f"{row.target:.0%}",
            bar(row.share, most, mark=row.target, width=room),
        )
    return table
