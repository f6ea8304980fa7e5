"""``petpro free``: the free time of providers and rooms."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from petpro_cli.formats import echo_csv, echo_free, echo_json
from petpro_cli.inputs import open_clinic
from petpro_cli.options import DEFAULT_DAYS, written
from petpro_cli.progress import working
from petpro_cli.running.days import Days
from petpro_cli.words import clock
from petpro_core.bookings import Request
from petpro_core.decisions import find_free
from petpro_core.interop.plain import to_plain

__all__ = ["run"]


def run(given: dict[str, Any]) -> None:
    """Answer, with the options by name."""
    form = written(given)
    opened = open_clinic(given)
    chosen, zone, clinic = opened.resources(), opened.zone, opened.clinic
    within = opened.window(default=DEFAULT_DAYS["free"])
    rows = clinic.calendars(one.id for one in chosen)
    busy = opened.busy(within)
    with working("searching"):
        free = find_free(
            rows,
            busy=busy,
            within=within,
            now=opened.now,
            policy=clinic.policy,
            request=Request(location=opened.location()),
        )
    if form == "json":
        named = zip(chosen, free, strict=True)
        echo_json({"free": [{"resource": one.id, "intervals": to_plain(row, zone=zone)} for one, row in named]})
    elif form == "csv":
        lines = [
            (one.id, one.name, *to_plain(interval, zone=zone).values())
            for one, row in zip(chosen, free, strict=True)
            for interval in row
        ]
        echo_csv(["resource", "name", "start", "end"], lines)
    elif form == "ics":
        named_rows = [(one.id, list(row)) for one, row in zip(chosen, free, strict=True)]
        echo_free(clinic.name, named_rows, now=opened.now, within=within)
    else:
        days = Days(opened, chosen, rows, within, free)
        days.console.print(Text(f"{clinic.name or 'Clinic'}: free time, times of {zone.key}", "bold"))
        for part, heading, hours in days.parts():
            if any(hours):
                ranges = [
                    ", ".join(f"{clock(i.start, zone)} to {clock(i.end, zone)}" for i in row.within(part))
                    for row in free
                ]
                days.show(part, heading, hours, [[]] * len(chosen), [[text or "-"] for text in ranges])
        days.explain_signs(starts=False)
