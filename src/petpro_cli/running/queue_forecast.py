"""``petpro queue forecast``: when each turn begins, and whether a walk-in can be taken."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs
import click
from rich.table import Table
from rich.text import Text

from petpro_cli.answers import console, signs
from petpro_cli.formats import echo_csv, echo_json
from petpro_cli.inputs import Opened, known_key, open_clinic
from petpro_cli.options import written
from petpro_cli.progress import working
from petpro_cli.queues import minute_text, minutes, on_duty, queue_of, room_for
from petpro_cli.words import clock, moment_text
from petpro_core.forecast import (
    ArrivalStream,
    Newcomer,
    WaitForecast,
    Waiting,
    WalkInAnswer,
    check_walk_in,
    find_calls,
    forecast_waits,
)
from petpro_core.interop.plain import to_plain
from petpro_core.intervals import Interval
from petpro_core.priority import rank

if TYPE_CHECKING:
    from datetime import datetime

    from petpro_core.interop.clinic.queues import ClinicQueue

__all__ = ["run"]

_AHEAD: Final = timedelta(hours=24)
_WIDTH: Final = 40
_WORDS: Final = 52  # characters of a row beside the name and the picture


@attrs.frozen(eq=False)
class _Answer:
    """What was foreseen.

    Attributes:
        opened: The clinic and the options.
        queue: Its queue.
        forecast: When each turn begins.
        walk_in: Whether somebody who would come now can be taken; ``None`` = nobody asked.
    """

    opened: Opened
    queue: ClinicQueue
    forecast: WaitForecast
    walk_in: WalkInAnswer | None


def run(given: dict[str, Any]) -> None:
    """Answer, with the options by name."""
    form = written(given)
    if given["service"] is not None and given["walk_in"] is None:
        msg = "it says what a walk-in comes for; give --walk-in too"
        raise click.BadParameter(msg, param_hint="--service")
    opened = open_clinic(given)
    answer = _foreseen(opened)
    if form == "json":
        zone, names = opened.zone, opened.clinic.names
        plain = to_plain(answer.forecast, zone=zone, names=names)
        calls = find_calls(answer.forecast, told=())
        echo_json(
            {
                **plain,
                "walk_in": to_plain(answer.walk_in, zone=zone, names=names),
                "calls": to_plain(calls, zone=zone, names=names),
            }
        )
    elif form == "csv":
        rows = [
            (key, *(to_plain(one, zone=opened.zone) for one in _quantiles(wait)), wait.reason)
            for key, wait in _waits(answer)
        ]
        echo_csv(["entry", "p10", "p50", "p90", "reason"], rows)
    else:
        _show(answer)


def _foreseen(opened: Opened) -> _Answer:
    given, clinic, queue = opened.given, opened.clinic, queue_of(opened)
    within = Interval(opened.now, opened.now + _AHEAD)
    servers = queue.serving(clinic, within, ids=opened.named())
    hours = on_duty(servers)
    streams = [one.stream(within, zone=clinic.zone, hours=hours) for one in queue.arrivals]
    newcomers = _newcomer(opened, queue)
    question = {
        "servers": servers,
        "durations": queue.model(clinic),
        "bookings": opened.busy(within),
        "future": [one for one in streams if isinstance(one, ArrivalStream)],
        "seed": given["seed"],
        "paths": given["paths"],
    }
    ranking = rank(queue.entries, policy=queue.policy, now=opened.now, moves=queue.moves)
    with working("sampling paths"):
        forecast = forecast_waits(ranking, newcomers=newcomers, **question)
        walk_in = check_walk_in(ranking, newcomers[0], **question) if newcomers else None
    return _Answer(opened, queue, forecast, walk_in)


def _newcomer(opened: Opened, queue: ClinicQueue) -> list[Newcomer]:
    """Who would come now, where somebody asks."""
    urgency, service = opened.given["walk_in"], opened.given["service"]
    if urgency is None:
        return []
    level = known_key(urgency, queue.policy.places, "urgency", "--walk-in")
    services = opened.clinic.services
    wanted = None if service is None else services[known_key(service, services, "service", "--service")].handle
    return [Newcomer(level, service=wanted)]


def _waits(answer: _Answer) -> list[tuple[str, Waiting]]:
    """Those who wait in their order, then who would come now."""
    forecast = answer.forecast
    found = [
        (answer.queue.entry_ids[one.id], one) for place in forecast.ranking.order.tolist() for one in [forecast[place]]
    ]
    return found + [("(a walk-in)", one) for one in forecast.newcomers]


def _quantiles(one: Waiting) -> tuple[datetime | None, datetime | None, datetime | None]:
    return one.p10, one.p50, one.p90


# --- for people -------------------------------------------------------------------------------------------------------


def _show(answer: _Answer) -> None:
    out, opened = console(), answer.opened
    zone, now = opened.zone, opened.now
    title = f"{opened.clinic.name or 'Clinic'}: when turns begin, foreseen {moment_text(now, zone)} ({zone.key})"
    out.print(Text(title, "bold"))
    waits = _waits(answer)
    if not waits:
        out.print("\nNobody waits.")
        return
    out.print()
    out.print(_table(answer, waits, out.width))
    marks = signs()
    out.print(Text(f"\n{marks.free} from one time in ten to nine in ten   {marks.start} every other time", "dim"))
    calls = find_calls(answer.forecast, told=())
    if len(calls):
        out.print(f"Call now: {', '.join(answer.queue.entry_ids[call.entry] for call in calls)}")
    if answer.walk_in is not None:
        out.print()
        for line in _walk_in(answer, answer.walk_in):
            out.print(line)


def _table(answer: _Answer, waits: list[tuple[str, Waiting]], width: int) -> Table:
    zone, now = answer.opened.zone, answer.opened.now
    ends = [moment for _, one in waits for moment in _quantiles(one) if moment is not None]
    last = max([*ends, now + timedelta(minutes=30)])
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    room = room_for(width, _WORDS + max(len(key) for key, _ in waits), most=_WIDTH)
    ruler = f"{minute_text(now, zone)}{minute_text(last, zone):>{room - 5}}" if room else ""
    for name in ("", "early", "median", "late", ruler, ""):
        table.add_column(name, no_wrap=True)
    for key, one in waits:
        times = ["-" if moment is None else minute_text(moment, zone) for moment in _quantiles(one)]
        told = "" if one.reason is None else str(one.reason).replace("_", " ")
        median = one.median
        told = told or ("" if median is None else f"in {minutes(median)}")
        table.add_row(Text(key), *times, _line(one, now, last, room), told)
    return table


def _line(one: Waiting, now: datetime, last: datetime, room: int) -> Text:
    """From the early to the late moment, with the median between them."""
    marks, text = signs(), Text()
    span = (last - now) / timedelta(minutes=1)

    def place(moment: datetime | None) -> int:
        return room if moment is None else min(int((moment - now) / timedelta(minutes=1) / span * room), room - 1)

    early, median, late = (place(moment) for moment in _quantiles(one))
    for number in range(room):
        if number == median:
            text.append(marks.start, "green")
        elif early <= number <= late:
            text.append(marks.free, "yellow")
        else:
            text.append(marks.closed, "dim")
    return text


def _walk_in(answer: _Answer, told: WalkInAnswer) -> list[str]:
    """With whom a walk-in could be taken without harm to an appointment."""
    clinic, zone = answer.opened.clinic, answer.opened.zone
    names = clinic.names["resource"]
    can = "can" if told.can else "cannot"
    lines = [f"A walk-in ({answer.opened.given['walk_in']}): {can} be taken without delaying appointments"]
    for option in told:
        begin = (
            "not within the horizon" if option.begin is None else f"would begin at {minute_text(option.begin, zone)}"
        )
        harm = "delays nobody"
        if option.worst is not None:
            booking = clinic.booking_ids[option.worst.booking]
            harm = f"delays booking {booking} ({clock(option.worst.planned, zone)}) {option.harmed:.0%} of the time"
        lines.append(f"  {clinic.resources[names[option.resource]].name}: {begin}, {harm}")
    return lines
