"""``petpro check``: may this start be booked?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click

from petpro_cli.formats import echo_json
from petpro_cli.inputs import open_clinic
from petpro_cli.progress import each
from petpro_cli.streams import decided
from petpro_cli.words import conflict_text, length, moment_text
from petpro_core.decisions import check_booking
from petpro_core.interop.plain import to_plain
from petpro_core.intervals import Interval

__all__ = ["run"]


def run(given: dict[str, Any]) -> None:
    """Answer, with the options by name."""
    opened = open_clinic(given, given["start"])
    service = opened.service()
    start = opened.moment(given["start"], "START")
    chosen = opened.resources(service)
    rules = opened.rules(service)[0]
    question = opened.question(service, Interval(start, start + timedelta(minutes=1)))
    answers = [
        (one, check_booking(one.calendar, start=start, handle=one.handle, rules=rules, **question))
        for one in each(chosen, "checking")
    ]
    zone, names = opened.zone, opened.clinic.names
    bookable = any(not conflicts for _, conflicts in answers)
    decided(0 if bookable else 1)
    if given["as_json"]:
        listed = [
            {"resource": one.id, "bookable": not conflicts, "conflicts": to_plain(conflicts, zone=zone, names=names)}
            for one, conflicts in answers
        ]
        echo_json({"start": to_plain(start, zone=zone), "bookable": bookable, "resources": listed})
    else:
        what = "a visit" if service is None else service.name
        click.echo(f"{what}, {length(rules.duration)}, {moment_text(start, zone)} ({zone.key})")
        for one, conflicts in answers:
            click.echo(f"{one.name}: {'may not be booked' if conflicts else 'may be booked'}")
            for conflict in conflicts:
                click.echo(f"  - {conflict_text(conflict, opened.clinic, zone)}")
    click.get_current_context().exit(0 if bookable else 1)
