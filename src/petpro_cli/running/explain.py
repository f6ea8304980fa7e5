"""``petpro explain``: why a start is refused and what would help, or the reasons of whole days, counted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from petpro_cli.app import Refused
from petpro_cli.formats import echo_json
from petpro_cli.inputs import Opened, open_clinic
from petpro_cli.options import DEFAULT_DAYS
from petpro_cli.progress import each
from petpro_cli.words import conflict_text, counted, length, moment_text, span_text
from petpro_core.decisions import explain, explain_range
from petpro_core.errors import LimitExceededError
from petpro_core.interop.plain import to_plain
from petpro_core.intervals import Interval

if TYPE_CHECKING:
    from petpro_core.decisions import Explanation, RangeExplanation
    from petpro_core.interop.clinic import ClinicResource, ClinicService

__all__ = ["run"]


def run(given: dict[str, Any]) -> None:
    """Answer, with the options by name."""
    opened = open_clinic(given, given["at"])
    service = opened.service()
    if given["at"] is None:
        if "grid" in given["waivers"]:
            msg = "the starts of whole days are those of the grid; set it aside for one START"
            raise click.BadParameter(msg, param_hint="--waive")
        _days(opened, service)
    elif given["start"] or given["end"] or given["days"]:
        msg = "give START or days (--from, --days, --to), not both"
        raise click.UsageError(msg)
    else:
        _start(opened, service)


def _start(opened: Opened, service: ClinicService | None) -> None:
    start = opened.moment(opened.given["at"], "START")
    rules = opened.rules(service)[0]
    question = opened.question(service, Interval(start, start + timedelta(minutes=1)))
    answers = [
        (one, explain(one.calendar, start=start, handle=one.handle, rules=rules, **question))
        for one in each(opened.resources(service), "explaining")
    ]
    zone, names = opened.zone, opened.clinic.names
    if opened.given["as_json"]:
        plain = [{"resource": one.id, **to_plain(answer, zone=zone, names=names)} for one, answer in answers]
        echo_json({"explanations": plain})
        return
    what = "a visit" if service is None else service.name
    click.echo(f"{what}, {length(rules.duration)}, {moment_text(start, zone)} ({zone.key})")
    for one, answer in answers:
        _told(opened, one, answer)


def _told(opened: Opened, one: ClinicResource, answer: Explanation) -> None:
    click.echo(f"\n{one.name}: {'may be booked' if answer.bookable else 'may not be booked, because'}")
    for conflict in answer.conflicts:
        click.echo(f"  - {conflict_text(conflict, opened.clinic, opened.zone)}")
    if answer.fixes:
        click.echo("  What would help:")
    ids = opened.clinic.booking_ids
    for fix in answer.fixes:
        moved = ", ".join(f"{ids.get(number, number)}" for number in fix.moves)
        when = f"{moment_text(fix.start, opened.zone)}, {length(fix.duration)}"
        click.echo(f"  - {fix.kind}: {when}" + (f", once {moved} is moved" if moved else ""))
    if answer.untested:
        click.echo(f"  Not tested, because nobody said who asks: {'; '.join(answer.untested)}")
    if answer.waived:
        click.echo(f"  Set aside: {', '.join(sorted(map(str, answer.waived)))}")


def _days(opened: Opened, service: ClinicService | None) -> None:
    within = opened.window(default=DEFAULT_DAYS["explain"])
    rules = opened.rules(service)[0]
    question = opened.question(service, within)
    try:
        answers: list[tuple[ClinicResource, RangeExplanation]] = [
            (one, explain_range(one.calendar, within=within, handle=one.handle, rules=rules, **question))
            for one in each(opened.resources(service), "explaining")
        ]
    except LimitExceededError as error:
        raise Refused.by_core(error, "--to" if opened.given["end"] else "--days") from None
    if opened.given["as_json"]:
        echo_json({"explanations": [{"resource": one.id, **to_plain(answer)} for one, answer in answers]})
        return
    click.echo(span_text(within, opened.zone))
    for one, answer in answers:
        click.echo(f"\n{one.name}: {answer.bookable} of {answer.starts} starts may be booked")
        for line in counted(answer):
            click.echo(f"  {line}")
        if answer.untested:
            click.echo(f"  Not tested, because nobody said who asks: {'; '.join(answer.untested)}")
