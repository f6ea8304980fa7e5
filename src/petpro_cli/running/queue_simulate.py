"""``petpro queue simulate``: the waits of some days by urgency and by hour, and what more servers would change."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs
import click
import numpy as np
from rich.table import Table
from rich.text import Text

from petpro_cli.answers import console
from petpro_cli.app import Refused
from petpro_cli.formats import echo_csv, echo_json
from petpro_cli.inputs import Opened, open_clinic
from petpro_cli.options import DEFAULT_DAYS, written
from petpro_cli.progress import working
from petpro_cli.queues import bar, minutes, on_duty, queue_of, room_for
from petpro_cli.words import span_text
from petpro_core.errors import InvalidValueError, LimitExceededError
from petpro_core.forecast import Simulation, simulate
from petpro_core.interop.plain import to_plain
from petpro_core.timezones import Instants

if TYPE_CHECKING:
    from petpro_core.forecast import StreamWaits, WaitChange
    from petpro_core.interop.clinic.queues import ClinicQueue
    from petpro_core.intervals import Interval

__all__ = ["run"]

_HOUR_US: Final = 3_600_000_000
_WORDS: Final = 68  # characters of a row beside the name and the bar


@attrs.frozen(eq=False)
class _Answer:
    """What was simulated.

    Attributes:
        opened: The clinic and the options.
        queue: Its queue.
        within: The days.
        found: The simulation; with more servers where they were asked for.
        before: The same people without them; ``None`` = nobody asked.
    """

    opened: Opened
    queue: ClinicQueue
    within: Interval
    found: Simulation
    before: Simulation | None

    @property
    def changes(self) -> tuple[WaitChange, ...]:
        """What the additional servers change."""
        return () if self.before is None else self.found.compared_with(self.before)


def run(given: dict[str, Any]) -> None:
    """Answer, with the options by name."""
    form = written(given)
    opened = open_clinic(given)
    answer = _simulated(opened)
    if form == "json":
        zone, names = opened.zone, opened.clinic.names
        plain = to_plain(answer.found, zone=zone, names=names)
        echo_json({**plain, "more": given["more"], "changes": to_plain(answer.changes)})
    elif form == "csv":
        rows = [
            (
                waits.urgency,
                waits.count / answer.found.runs,
                *(round(getattr(waits, key).total_seconds() / 60, 2) for key in ("mean", "p50", "p95")),
                waits.within_target,
            )
            for waits in answer.found.by_stream()
        ]
        echo_csv(["urgency", "visits", "mean_minutes", "p50_minutes", "p95_minutes", "within_target"], rows)
    else:
        _show(answer)


def _simulated(opened: Opened) -> _Answer:
    given, clinic, queue = opened.given, opened.clinic, queue_of(opened)
    within = opened.window(default=DEFAULT_DAYS["simulate"])
    if not queue.arrivals:
        path = given["clinic"]
        msg = "nobody comes; say who does under queue.arrivals"
        raise Refused("<stdin>" if path == "-" else path, msg, "no_queue")
    servers = queue.serving(clinic, within, ids=opened.named())
    hours = on_duty(servers)
    if not servers or not hours:
        msg = f"nobody is on duty: {span_text(within, opened.zone)}"
        raise click.BadParameter(msg, param_hint="--from")
    question = {
        "streams": [one.stream(within, zone=clinic.zone, hours=hours) for one in queue.arrivals],
        "durations": queue.model(clinic),
        "policy": queue.policy,
        "within": within,
        "runs": given["runs"],
        "seed": given["seed"],
    }
    most = max(one.handle for one in clinic.resources.values())
    more = [attrs.evolve(servers[0], resource=most + number) for number in range(1, given["more"] + 1)]
    try:
        with working("simulating"):
            found = simulate(servers=[*servers, *more], **question)
            before = simulate(servers=servers, **question) if more else None
    except LimitExceededError as error:
        raise Refused.by_core(error, "--runs") from None
    except InvalidValueError as error:
        raise Refused.by_core(error, given["clinic"]) from None
    return _Answer(opened, queue, within, found, before)


# --- for people -------------------------------------------------------------------------------------------------------


def _show(answer: _Answer) -> None:
    out, opened, found = console(), answer.opened, answer.found
    title = f"{opened.clinic.name or 'Clinic'}: {found.runs} runs of {span_text(answer.within, opened.zone)}"
    out.print(Text(f"{title} ({opened.zone.key})", "bold"))
    shares = zip(found.resources.tolist(), found.utilisation().tolist(), strict=True)
    out.print(f"At work: {', '.join(f'{_name(answer, handle)} {share:.0%}' for handle, share in shares)}\n")
    out.print(_by_urgency(answer, found.by_stream(), out.width))
    for change in answer.changes:
        spread = "" if change.error is None else f", give or take {minutes(2 * change.error)}"
        sooner = "sooner" if change.change <= timedelta(0) else "later"
        who, by = _kind(answer, change.stream), minutes(abs(change.change))
        out.print(f"With {opened.given['more']} more, {who} begins {by} {sooner}{spread}")
    out.print("\nHow many wait, by the hour:")
    out.print(_by_hour(answer, out.width))


def _name(answer: _Answer, handle: int) -> str:
    clinic = answer.opened.clinic
    key = clinic.names["resource"].get(handle)
    return "one more" if key is None else clinic.resources[key].name


def _by_urgency(answer: _Answer, waits: tuple[StreamWaits, ...], width: int) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name in ("", "visits", "mean wait", "half within", "95 % within", "in target", ""):
        table.add_column(name, no_wrap=True, justify="left" if name in ("", "visits") else "right")
    days = max(len(_days(answer)), 1)
    most = max((one.p95 for one in waits), default=timedelta(0)) / timedelta(minutes=1)
    room = room_for(width, _WORDS + max(len(_kind(answer, place)) for place in range(len(waits))))
    for one in waits:
        target = "-" if one.within_target is None else f"{one.within_target:.0%}"
        table.add_row(
            Text(_kind(answer, one.stream)),
            f"{(one.count + one.unserved) / answer.found.runs / days:.1f} a day",
            *(minutes(getattr(one, key)) for key in ("mean", "p50", "p95")),
            target,
            bar(one.mean / timedelta(minutes=1), most, width=room),
        )
    return table


def _kind(answer: _Answer, place: int) -> str:
    """Those of a stream, in words: their urgency, and what they come for."""
    stream = answer.found.streams[place]
    service = "" if stream.service is None else f", {answer.opened.clinic.names['service'][stream.service]}"
    return f"{stream.urgency}{service}"


def _days(answer: _Answer) -> list[int]:
    """The local days that were simulated."""
    starts = _hours(answer)
    return sorted(set((starts // (24 * _HOUR_US)).tolist()))


def _hours(answer: _Answer) -> Any:  # noqa: ANN401 - a column
    """The wall clock at the beginning of each hour that was simulated."""
    start, end = answer.within.start_us, answer.within.end_us
    starts = np.arange(start, end, _HOUR_US)
    return starts + answer.opened.zone.offsets_at(Instants(starts))


def _by_hour(answer: _Answer, width: int) -> Table:
    """How many wait in each hour of the day, over all days, from the first hour with somebody on duty to the last."""
    waiting, hour = answer.found.queue_by_hour(), _hours(answer) // _HOUR_US % 24
    means = np.array([waiting[hour == number].mean() if (hour == number).any() else 0.0 for number in range(24)])
    starts = np.arange(answer.within.start_us, answer.within.end_us, _HOUR_US)
    # An hour of which a part is open counts, so that both of its ends are looked at.
    there = on_duty(answer.found.servers)
    opened = there.contains(starts) | there.contains(starts + _HOUR_US - 1)
    busy = np.unique(hour[opened]).tolist() or [9]
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
    room, most = room_for(width, 16, most=40), float(means.max())
    for number in range(busy[0], busy[-1] + 1):
        table.add_row(f"{number:02d}:00", bar(float(means[number]), most, width=room), f"{means[number]:.1f}")
    return table
