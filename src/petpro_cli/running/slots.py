"""``petpro slots``: the starts at which a service may be booked."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

import attrs
import click
import numpy as np
from rich.text import Text

from petpro_cli.answers import console
from petpro_cli.app import Refused
from petpro_cli.formats import echo_csv, echo_events, echo_json
from petpro_cli.inputs import Opened, Question, open_clinic
from petpro_cli.options import DEFAULT_DAYS, written
from petpro_cli.progress import each, working
from petpro_cli.running.days import Days
from petpro_cli.words import counted, length, moment_text, runs
from petpro_core.decisions import count_slots, explain_range, find_common, find_free, find_slots, first_slots
from petpro_core.errors import LimitExceededError
from petpro_core.interop.plain import to_plain
from petpro_core.intervals import Interval, from_us

if TYPE_CHECKING:
    from petpro_core.availability import CalendarBatch
    from petpro_core.interop.clinic import ClinicResource, ClinicService
    from petpro_core.intervals import Int64Array
    from petpro_core.slots import SlotRules, SlotTable

__all__ = ["run"]

_EXPLAINED: Final = timedelta(days=400)  # as many as the core explains


@attrs.frozen(eq=False)
class _Asked:
    """What was asked.

    Attributes:
        opened: The clinic and the options.
        service: ``None`` = only a duration was given.
        chosen: The providers and rooms.
        rows: Their calendars.
        within: The days.
        rules: One for each duration.
        question: The rest of what the judge is told.
        together: How many of them must accept a start; ``None`` = each answers for itself.
    """

    opened: Opened
    service: ClinicService | None
    chosen: list[ClinicResource]
    rows: CalendarBatch
    within: Interval
    rules: tuple[SlotRules, ...]
    question: Question
    together: int | None

    @property
    def lengths(self) -> list[str]:
        """The durations in words."""
        return [length(rules.duration) for rules in self.rules]


def run(given: dict[str, Any]) -> None:
    """Answer, with the options by name."""
    form = written(given)
    if sum([given["first"], given["count"], given["together"] or given["need"] is not None]) > 1:
        msg = "choose one of --first, --count and --together/--need"
        raise click.UsageError(msg)
    opened = open_clinic(given)
    service = opened.service()
    chosen = opened.resources(service)
    within = opened.window(default=DEFAULT_DAYS["slots"])
    asked = _Asked(
        opened=opened,
        service=service,
        chosen=chosen,
        rows=opened.clinic.calendars(one.id for one in chosen),
        within=within,
        rules=opened.rules(service),
        question=opened.question(service, within),
        together=_needed(given, chosen),
    )
    if given["count"]:
        with working("counting"):
            counts = count_slots(asked.rows, within=within, rules=asked.rules, **asked.question)
        _count(form, asked, counts.tolist())
        return
    found = _search(asked, first=given["first"], limit=given["limit"])
    if form == "text":
        _Shown(asked, found).show()
    else:
        _write(form, asked, found)


def _needed(given: dict[str, Any], chosen: list[ClinicResource]) -> int | None:
    if not given["together"] and given["need"] is None:
        return None
    need: int = given["need"] or len(chosen)
    if need > len(chosen):
        msg = f"{need} are needed, and {len(chosen)} are chosen: {', '.join(one.id for one in chosen)}"
        raise click.BadParameter(msg, param_hint="--need")
    return need


@attrs.frozen(eq=False)
class _Found:
    """Tables that stand for one: common starts are searched once for each duration."""

    tables: list[SlotTable]

    def __len__(self) -> int:
        return sum(map(len, self.tables))

    @property
    def untested(self) -> tuple[str, ...]:
        return self.tables[0].untested

    @cached_property
    def rows(self) -> list[Int64Array]:
        """The starts of each row; those of the first duration stand first."""
        return [table.row(number) for table in self.tables for number in range(len(table.handles))]

    def plain(self, asked: _Asked) -> dict[str, Any]:
        """The shape of a slot table, with the numbers of all rules."""
        zone, names = asked.opened.zone, asked.opened.clinic.names
        parts = [to_plain(table, zone=zone, names=names) for table in self.tables]
        bases = accumulate((len(table.rules) for table in self.tables), initial=0)
        valid = min((table.valid_until for table in self.tables if table.valid_until is not None), default=None)
        return {
            "slots": [
                {**slot, "rule": slot["rule"] + base}
                for base, part in zip(bases, parts, strict=False)
                for slot in part["slots"]
            ],
            "rules": [rule for part in parts for rule in part["rules"]],
            "valid_until": to_plain(valid, zone=zone),
            "untested": parts[0]["untested"],
        }


def _search(asked: _Asked, *, first: bool, limit: int) -> _Found:
    question: dict[str, Any] = {"within": asked.within, **asked.question}
    try:
        with working("searching"):
            if first:
                found = _Found([first_slots(asked.rows, rules=asked.rules, **question)])
            elif asked.together is not None:
                need = asked.together
                found = _Found(
                    [find_common(asked.rows, need=need, rules=one, limit=limit, **question) for one in asked.rules]
                )
            else:
                found = _Found([find_slots(asked.rows, rules=asked.rules, limit=limit, **question)])
    except LimitExceededError as error:
        raise Refused.by_core(error, "--limit") from None
    if len(found) > limit:
        msg = f"the answer has {len(found)} starts, over limit={limit}; ask for a shorter range or raise the limit"
        raise Refused("--limit", msg, LimitExceededError.code)
    return found


def _count(form: str, asked: _Asked, counts: list[int]) -> None:
    if form == "ics":
        msg = "a count is no calendar; choose --json or --csv"
        raise click.UsageError(msg)
    each_of = [(rules, one) for rules in asked.rules for one in asked.chosen]
    lines = [(one, rules.duration, count) for (rules, one), count in zip(each_of, counts, strict=True)]
    if form == "json":
        plain = [{"resource": one.id, "duration": to_plain(lasting), "starts": count} for one, lasting, count in lines]
        echo_json({"counts": plain})
    elif form == "csv":
        echo_csv(
            ["resource", "duration", "starts"], [(one.id, to_plain(lasting), count) for one, lasting, count in lines]
        )
    else:
        for one, lasting, count in lines:
            click.echo(f"{count:8d}  {one.name}" + (f", {length(lasting)}" if len(asked.rules) > 1 else ""))


def _write(form: str, asked: _Asked, found: _Found) -> None:
    clinic, service, plain = asked.opened.clinic, asked.service, found.plain(asked)
    if form == "json":
        echo_json(plain)
        return
    lengths = [rule["duration"] for rule in plain["rules"]]
    if form == "csv":
        lines = [
            (key, clinic.resources[key].name, slot["start"], slot["end"], lengths[slot["rule"]])
            for slot in plain["slots"]
            for key in [slot["resource"]]
        ]
        echo_csv(["resource", "name", "start", "end", "duration"], lines)
        return
    what, kind = ("free", "visit") if service is None else (service.name, service.id)
    events = []
    slots = (slot for table in found.tables for slot in table)
    for slot, one in zip(slots, plain["slots"], strict=True):
        number, key = one["rule"], one["resource"]
        title = f"{what}, {asked.lengths[number]}" if len(lengths) > 1 else what
        uid = f"{slot.start:%Y%m%dT%H%M%SZ}-{key}-{kind}-{lengths[number]}"
        events.append((uid, f"{title}: {clinic.resources[key].name}", Interval(slot.start, slot.end)))
    echo_events(clinic.name, events, now=asked.opened.now, busy=False)


class _Shown:
    """The answer for people: a block for each day, with a picture of it."""

    def __init__(self, asked: _Asked, found: _Found) -> None:
        self.asked, self.found = asked, found
        self.opened, self.chosen, self.zone = asked.opened, asked.chosen, asked.opened.zone
        self.console = console()
        self.several = len(asked.rules) > 1

    def show(self) -> None:
        """Print all of it."""
        what = "Visits" if self.asked.service is None else self.asked.service.name
        lasting = " or ".join(self.asked.lengths)
        title = f"{self.opened.clinic.name or 'Clinic'}: {what}, {lasting}, times of {self.zone.key}"
        self.console.print(Text(title, "bold"))
        if self.opened.given["first"]:
            self._firsts()
        elif len(self.found):
            self._days()
        if not len(self.found):
            self._why_none()
        if self.found.untested:
            self.console.print(f"\nNot tested, because nobody said who asks: {'; '.join(self.found.untested)}")

    def _rows(self) -> list[list[Int64Array]]:
        """The starts of each provider or room, or of all together, by duration."""
        size = len(self.found.rows) // len(self.asked.rules)
        return [self.found.rows[number::size] for number in range(size)]

    def _lasting(self, number: int) -> str:
        """The duration before what is said of it, where there are several."""
        return f"{self.asked.lengths[number]}: " if self.several else ""

    def _firsts(self) -> None:
        for one, lists in zip(self.chosen, self._rows(), strict=True):
            for number, starts in enumerate(lists):
                when = moment_text(from_us(int(starts[0])), self.zone) if len(starts) else "none in these days"
                self.console.print(f"{one.name}: {self._lasting(number)}{when}")

    def _days(self) -> None:
        asked, question, rows = self.asked, self.asked.question, self._rows()
        free = find_free(
            asked.rows,
            within=asked.within,
            busy=question["busy"],
            now=question["now"],
            policy=question["policy"],
            request=question["request"],
        )
        days = Days(self.opened, self.chosen, asked.rows, asked.within, free)
        for part, heading, hours in days.parts():
            starts = [[_of_part(one, part) for one in lists] for lists in rows]
            if any(len(one) for lists in starts for one in lists):
                words = [[self._words(number, one) for number, one in enumerate(lists)] for lists in starts]
                days.show(part, heading, hours, [np.concatenate(lists) for lists in starts], words)
        days.explain_signs(starts=True)

    def _words(self, number: int, starts: Int64Array) -> str:
        return self._lasting(number) + (", ".join(runs(starts, self.asked.rules[number].step, self.zone)) or "-")

    def _why_none(self) -> None:
        """Count the reasons of an empty answer."""
        asked, within = self.asked, self.asked.within
        self.console.print(f"\nNo start from {moment_text(within.start, self.zone)} on. Why:")
        if within.end - within.start > _EXPLAINED:
            within = Interval(within.start, within.start + _EXPLAINED)
            self.console.print(f"(counted over the first {_EXPLAINED.days} days)")
        looked = [(number, one) for number in range(len(asked.rules)) for one in self.chosen]
        for number, one in each(looked, "explaining"):
            try:
                answer = explain_range(
                    one.calendar, within=within, handle=one.handle, rules=asked.rules[number], **asked.question
                )
            except LimitExceededError as error:
                self.console.print(f"{one.name}: {self._lasting(number)}not counted: {error.message}")
                continue
            self.console.print(f"{one.name}: {self._lasting(number)}{answer.starts} starts were looked at")
            for line in counted(answer):
                self.console.print(f"  {line}")


def _of_part(starts: Int64Array, part: Interval) -> Int64Array:
    return starts[slice(*np.searchsorted(starts, [part.start_us, part.end_us]))]
