"""``petpro visit``: the starts of a visit of several people, rooms or steps, with who does what."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import attrs
import click
import numpy as np
from rich.table import Table
from rich.text import Text

from petpro_cli.answers import console, signs
from petpro_cli.app import Refused
from petpro_cli.formats import echo_csv, echo_events, echo_json
from petpro_cli.inputs import Opened, known_key, open_clinic
from petpro_cli.lanes import Lane, lanes
from petpro_cli.options import DEFAULT_DAYS, written
from petpro_cli.progress import working
from petpro_cli.times import days_of
from petpro_cli.words import clock, conflict_text, day_text, length, moment_text, runs
from petpro_core.errors import InvalidValueError, LimitExceededError
from petpro_core.interop.clinic import read_duration
from petpro_core.interop.plain import to_plain
from petpro_core.intervals import Interval, from_us, to_us
from petpro_core.matching import ResourceTable
from petpro_core.reasons import Waiver
from petpro_core.visits import Visit, VisitPlan, VisitTable, explain_visit, find_visits

if TYPE_CHECKING:
    from petpro_core.bookings import BookingPolicy
    from petpro_core.visits import PartExplanation

__all__ = ["run"]

_SHOWN_CONFLICTS: Final = 3
_PATIENT: Final = ("species", "size", "new_client")


@attrs.frozen(eq=False)
class _Asked:
    """What was asked.

    Attributes:
        opened: The clinic and the options.
        name: The visit, in words.
        key: Its id.
        visit: Its steps.
        question: What the core is told beside the times.
    """

    opened: Opened
    name: str
    key: str
    visit: Visit
    question: dict[str, Any]

    def resource(self, handle: int) -> str:
        """The name of a resource."""
        clinic = self.opened.clinic
        return clinic.resources[clinic.names["resource"][handle]].name

    @property
    def lasting(self) -> str:
        """How much of it there is, in words."""
        steps = self.visit.steps
        if len(steps) > 1:
            return f"{len(steps)} steps"
        return length(steps[0].service.duration_for(**{key: self.question[key] for key in _PATIENT}))


def run(given: dict[str, Any]) -> None:
    """Answer, with the options by name."""
    form = written(given)
    if given["explain"] is not None and (given["start"] or given["end"] or given["days"] or form in ("csv", "ics")):
        msg = "--explain is about one moment, told as text or --json: leave out --from, --days, --to, --csv and --ics"
        raise click.UsageError(msg)
    opened = open_clinic(given, given["explain"])
    if given["explain"] is not None:
        start = opened.moment(given["explain"], "--explain")
        asked = _asked(opened, Interval(start, start + timedelta(minutes=1)))
        _explain(asked, start, form)
        return
    within = opened.window(default=DEFAULT_DAYS["visit"])
    asked = _asked(opened, within)
    try:
        with working("searching"):
            found = find_visits(asked.visit, within=within, limit=given["limit"], **asked.question)
    except LimitExceededError as error:
        raise Refused.by_core(error, "--limit") from None
    if form == "json":
        echo_json(to_plain(found, zone=opened.zone, names=opened.clinic.names))
    elif form == "csv":
        echo_csv(["start", "end", "part", "resource", "name", "held_from", "held_to"], _rows(asked, found))
    elif form == "ics":
        echo_events(opened.clinic.name, _events(asked, found), now=opened.now, busy=False)
    else:
        _Shown(asked, found, within).show()


# --- the question -----------------------------------------------------------------------------------------------------


def _asked(opened: Opened, within: Interval) -> _Asked:
    given, clinic = opened.given, opened.clinic
    key = known_key(given["visit"], [*clinic.visits, *clinic.services], "visit or service", "VISIT|SERVICE")
    name, visit, policy = _visit(opened, key)
    rows = clinic.resource_table()
    named, kinds = opened.named(), set()
    if named:
        kinds = {clinic.resources[one].kind for one in named}
        rows = ResourceTable.of(
            [one for one in rows.resources if one.kind not in kinds or clinic.names["resource"][one.handle] in named]
        )
    prefer = [known_key(one, clinic.resources, "provider, room or equipment", "--prefer") for one in given["prefer"]]
    longest = sum((_longest(step.service.duration) + step.max_gap for step in visit.steps), timedelta(0))
    present = set(rows.handles.tolist())
    question = {
        "resources": rows,
        "busy": opened.busy(within, longest=longest),
        "now": opened.now,
        "policy": policy,
        "request": opened.request(clinic.services.get(key)),
        "waive": tuple(Waiver(waiver) for waiver in given["waivers"]),
        "prefer": [handle for one in prefer for handle in [clinic.resources[one].handle] if handle in present],
        **{fact: given[fact] for fact in _PATIENT},
    }
    return _Asked(opened, name, key, visit, question)


def _longest(duration: Any) -> timedelta:  # noqa: ANN401 - elapsed time or calendar days
    return duration if isinstance(duration, timedelta) else timedelta(days=duration.days + 1)


def _visit(opened: Opened, key: str) -> tuple[str, Visit, BookingPolicy]:
    """The name, the steps and the policy of what was asked for."""
    clinic, wanted = opened.clinic, opened.given["duration"]
    if key in clinic.visits:
        if wanted is not None:
            msg = f"{key} has several steps, each with its own duration; leave it out"
            raise click.BadParameter(msg, param_hint="--duration")
        one = clinic.visits[key]
        return one.name, one.visit, one.policy
    service = clinic.services[key]
    duration = None
    if wanted is not None:
        try:
            duration = read_duration(wanted)
        except InvalidValueError as error:
            raise Refused.by_core(error, "--duration") from None
        offered = [rules.duration for rules in service.rules]
        if duration not in offered:
            msg = f"{key} lasts {' or '.join(map(length, offered))}, got {length(duration)}"
            raise click.BadParameter(msg, param_hint="--duration")
    return service.name, Visit(service.service_type(clinic.resources, duration=duration)), service.policy


# --- for people -------------------------------------------------------------------------------------------------------


class _Shown:
    """The answer for people: the starts of each day by who does what, and a picture of the first."""

    def __init__(self, asked: _Asked, found: VisitTable, within: Interval) -> None:
        self.asked, self.found, self.within = asked, found, within
        self.zone = asked.opened.zone
        self.console = console()

    def show(self) -> None:
        """Print all of it."""
        asked = self.asked
        title = f"{asked.opened.clinic.name or 'Clinic'}: {asked.name}, {asked.lasting}, times of {self.zone.key}"
        self.console.print(Text(title, "bold"))
        for day, part in days_of(self.within, self.zone):
            low, high = np.searchsorted(self.found.starts, [part.start_us, part.end_us]).tolist()
            if low < high:
                self.console.print(Text(f"\n{day_text(day)}", "bold"))
                self.console.print(self._day(low, high))
        if len(self.found):
            first = self.found[0]
            when = f"{moment_text(first.start, self.zone)} to {clock(first.end, self.zone)}"
            self.console.print(Text(f"\nThe first: {when}", "bold"))
            _picture(asked, first, self.console)
        else:
            self._why_none()
        if self.found.untested:
            self.console.print(f"\nNot tested, because nobody said who asks: {'; '.join(self.found.untested)}")

    def _day(self, low: int, high: int) -> Table:
        """Starts in few words, those together that the same people take one after another."""
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
        table.add_column("", no_wrap=True)
        table.add_column("")
        step = self.asked.visit.steps[0].service.step
        rows = self.found.resources.tolist()
        for who, places in groupby(range(low, high), key=lambda place: rows[place]):
            starts = self.found.starts[list(places)]
            table.add_row(Text("\n".join(runs(starts, step, self.zone))), Text(self._who(who)))
        return table

    def _who(self, handles: list[int]) -> str:
        by_part: dict[str, list[str]] = {}
        for name, handle in zip(self.found.places, handles, strict=True):
            by_part.setdefault(name, []).append(self.asked.resource(handle))
        return "; ".join(f"{name}: {', then '.join(dict.fromkeys(who))}" for name, who in by_part.items())

    def _why_none(self) -> None:
        """Say of an empty answer what is missing."""
        lack = str(getattr(self.found.lack, "code", self.found.lack)).replace("_", " ")
        self.console.print(f"\nNo start from {moment_text(self.within.start, self.zone)} on: {lack}")
        for part in self.found.parts:
            why = f": {str(part.lack).replace('_', ' ')}" if part.lack is not None else ""
            free = f", free at {part.free} of the {self.found.tried} starts that were tried"
            told = why or free
            self.console.print(f"  {part.name}: {part.need} needed, {part.eligible} can{told}")


def _picture(asked: _Asked, plan: VisitPlan, out: Any) -> None:  # noqa: ANN401 - a console
    """Draw who works when, and who waits between two steps."""
    zone, drawn, services = asked.opened.zone, [], asked.opened.clinic.names["service"]
    for number, step in enumerate(plan.steps, 1):
        label = asked.opened.clinic.services[services[step.service]].name
        when = f"{clock(step.interval.start, zone)} to {clock(step.interval.end, zone)}"
        drawn.append(Lane(f"{number}. {label}" if len(plan.steps) > 1 else label, "", [step.interval], [], when))
    for part in plan.parts:
        inside = [
            step.interval
            for step in plan.steps
            if part.name in step.parts
            and part.interval.start <= step.interval.start
            and step.interval.end <= part.interval.end
        ]
        when = f"{clock(part.occupied.start, zone)} to {clock(part.occupied.end, zone)}"
        drawn += [Lane(part.name, asked.resource(one), inside, [part.occupied], when) for one in part.resources]
    out.print(lanes(drawn, zone=zone, width=out.width, signs=signs()))
    if len(plan.steps) > 1 or any(part.occupied != part.interval for part in plan.parts):
        marks = signs()
        out.print(Text(f"\n{marks.start} at work   {marks.free} held: waits, or is made ready", "dim"))


# --- one start explained ----------------------------------------------------------------------------------------------


def _explain(asked: _Asked, start: datetime, form: str) -> None:
    told = explain_visit(asked.visit, start=start, **asked.question)
    zone, clinic = asked.opened.zone, asked.opened.clinic
    if form == "json":
        echo_json({"start": to_plain(start, zone=zone), **to_plain(told, zone=zone, names=clinic.names)})
        return
    click.echo(f"{asked.name}, {asked.lasting}, {moment_text(start, zone)} ({zone.key})")
    click.echo("may be booked" if told.plan is not None else "may not be booked, because")
    if told.lack is not None:
        click.echo("  each part has somebody, and all parts together do not: the same people are needed twice")
    for part in told.parts:
        _part(asked, part)
    if told.plan is not None:
        click.echo()
        _picture(asked, told.plan, console())


def _part(asked: _Asked, part: PartExplanation) -> None:
    clinic, zone = asked.opened.clinic, asked.opened.zone
    free = ", ".join(asked.resource(one) for one in part.free) or "nobody"
    lack = f"; {str(part.lack).replace('_', ' ')}" if part.lack is not None else ""
    click.echo(f"\n{part.name}: {part.need} needed, free: {free}{lack}")
    for handle, conflicts in part.refused.items():
        for conflict in conflicts[:_SHOWN_CONFLICTS]:
            click.echo(f"  - {asked.resource(handle)}: {conflict_text(conflict, clinic, zone)}")


# --- for programs -----------------------------------------------------------------------------------------------------


def _rows(asked: _Asked, found: VisitTable) -> list[tuple[object, ...]]:
    names, zone = asked.opened.clinic.names["resource"], asked.opened.zone
    return [
        (
            *(to_plain(moment, zone=zone) for moment in (plan.start, plan.end)),
            part.name,
            names[one],
            asked.resource(one),
            *to_plain(part.occupied, zone=zone).values(),
        )
        for plan in found
        for part in plan.parts
        for one in part.resources
    ]


def _events(asked: _Asked, found: VisitTable) -> list[tuple[str, str, Interval]]:
    names = asked.opened.clinic.names["resource"]
    return [
        (
            f"{plan.start:%Y%m%dT%H%M%SZ}-{asked.key}-{'-'.join(names[one] for one in plan.resources)}",
            f"{asked.name}: {', '.join(dict.fromkeys(asked.resource(one) for one in plan.resources))}",
            Interval(plan.start, from_us(to_us(plan.end))),
        )
        for plan in found
    ]
