"""``petpro conflicts``: bookings that overlap beyond what their resource can take."""

from __future__ import annotations

from typing import Any

import click

from petpro_cli.formats import echo_csv, echo_events, echo_json
from petpro_cli.inputs import open_clinic
from petpro_cli.options import DEFAULT_DAYS, written
from petpro_cli.progress import working
from petpro_cli.streams import decided
from petpro_cli.words import span_text
from petpro_core.bookings.table import FEED
from petpro_core.decisions import find_conflicts
from petpro_core.interop.plain import to_plain

__all__ = ["run"]


def run(given: dict[str, Any]) -> None:
    """Answer, with the options by name."""
    form = written(given)
    opened = open_clinic(given)
    clinic, zone = opened.clinic, opened.zone
    within = opened.window(default=DEFAULT_DAYS["conflicts"])
    chosen = {one.handle: one for one in opened.resources()}
    busy = opened.busy(within)
    with working("looking for conflicts"):
        table = find_conflicts(
            busy,
            now=opened.now,
            policy=clinic.policy,
            capacities={one.handle: one.calendar.capacity for one in clinic.resources.values()},
        )
    found = [one for one in table if one.resource_id in chosen and one.interval.overlaps(within)]
    decided(1 if found else 0)
    plain = to_plain(found, zone=zone, names=clinic.names)
    if form == "json":
        echo_json({"overlaps": plain})
    elif form == "csv":
        header = ["resource", "start", "end", "bookings", "units", "capacity"]
        echo_csv(
            header,
            [
                [*(one[key] for key in header[:3]), _joined(one["bookings"]), one["units"], one["capacity"]]
                for one in plain
            ],
        )
    elif form == "ics":
        events = [
            (
                f"conflict-{one.interval.start:%Y%m%dT%H%M%SZ}-{chosen[one.resource_id].id}",
                f"Conflict: {chosen[one.resource_id].name}",
                one.interval,
            )
            for one in found
        ]
        echo_events(clinic.name, events, now=opened.now, busy=False)
    else:
        for one in found:
            names = _joined([None if number == FEED else clinic.booking_ids[number] for number in one.bookings])
            when = span_text(one.interval, zone)
            click.echo(f"{chosen[one.resource_id].name}: {when}: {one.units} of {one.capacity} taken by {names}")
        if not found:
            click.echo(f"no conflicts: {span_text(within, zone)} ({zone.key})")
    click.get_current_context().exit(1 if found else 0)


def _joined(ids: list[Any]) -> str:
    return " ".join("(busy in its calendar)" if one is None else str(one) for one in ids)
