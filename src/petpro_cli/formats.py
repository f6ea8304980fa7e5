"""Answers for programs: JSON, CSV that no spreadsheet runs, and iCalendar."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from petpro_core.intervals import Interval

__all__ = ["echo_csv", "echo_events", "echo_free", "echo_json"]

# What spreadsheets take for the beginning of a formula.
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def echo_json(value: Any) -> None:  # noqa: ANN401 - JSON is any of six types
    """Write JSON, indented; the keys stand in the order in which they were made."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    if isinstance(value, str) and text.lstrip(" ").startswith(_FORMULAS):
        return f"'{text}"
    return text


def echo_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write CSV (RFC 4180). A cell that a spreadsheet would run as a formula gets an apostrophe before it."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    click.echo(buffer.getvalue(), nl=False)


def echo_events(name: str, events: Iterable[tuple[str, str, Interval]], *, now: datetime, busy: bool) -> None:
    """Write a calendar of events (uid, summary, time); those that are not ``busy`` take no time of who imports them."""
    from petpro_core.interop.ical import write_events  # noqa: PLC0415 - only this answer needs it

    named = [(f"{uid}@petpro", summary, interval) for uid, summary, interval in events]
    click.echo(write_events(named, now=now, busy=busy, name=name), nl=False)


def echo_free(name: str, rows: Iterable[tuple[str, Sequence[Interval]]], *, now: datetime, within: Interval) -> None:
    """Write a VFREEBUSY for each resource with its free time; what is not listed is not free."""
    from petpro_core.interop.ical import write_free  # noqa: PLC0415 - only this answer needs it

    click.echo(write_free(rows, within=within, now=now, name=name), nl=False)
