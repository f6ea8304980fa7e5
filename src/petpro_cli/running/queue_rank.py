"""``petpro queue rank``: who is next, and why."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table
from rich.text import Text

from petpro_cli.answers import console, signs
from petpro_cli.formats import echo_csv, echo_json
from petpro_cli.inputs import Opened, open_clinic
from petpro_cli.options import written
from petpro_cli.queues import bar, minutes, queue_of, room_for
from petpro_cli.words import clock, moment_text
from petpro_core.interop.plain import to_plain
from petpro_core.priority import MoveOutcome, QueueState, find_alerts, rank

if TYPE_CHECKING:
    from petpro_core.interop.clinic.queues import ClinicQueue
    from petpro_core.priority import Alerts, RankedEntry, Ranking

__all__ = ["run"]

_WORDS: Final = 36  # characters of a row beside the names and the bar


def run(given: dict[str, Any]) -> None:
    """Answer, with the options by name."""
    form = written(given)
    opened = open_clinic(given)
    queue = queue_of(opened)
    ranking = rank(queue.entries, policy=queue.policy, now=opened.now, moves=queue.moves)
    alerts = find_alerts(ranking, policy=queue.policy, now=opened.now)
    zone, names = opened.zone, opened.clinic.names
    if form == "json":
        told = to_plain(alerts, zone=zone, names=names)
        echo_json(
            {
                **to_plain(ranking, zone=zone, names=names),
                "alerts": told["alerts"],
                "next_alert": told["valid_until"],
            }
        )
    elif form == "csv":
        header = ["position", "entry", "urgency", "arrival", "queued", "tier", "reasons"]
        echo_csv(header, [_row(opened, queue, one) for one in ranking])
    else:
        _show(opened, queue, ranking, alerts)


def _row(opened: Opened, queue: ClinicQueue, one: RankedEntry) -> tuple[object, ...]:
    came, queued = (to_plain(moment, zone=opened.zone) for moment in (one.entry.arrival, one.queued))
    key = queue.entry_ids[one.entry.id]
    return one.position, key, one.entry.urgency, came, queued, one.tier, _told(opened, one)


def _told(opened: Opened, one: RankedEntry) -> str:
    """The reasons of a place, with the ids of the file in place of numbers."""
    return "; ".join(reason["text"] for reason in to_plain(one.reasons, names=opened.clinic.names))


def _show(opened: Opened, queue: ClinicQueue, ranking: Ranking, alerts: Alerts) -> None:
    out, zone = console(), opened.zone
    title = f"{opened.clinic.name or 'Clinic'}: who is next, {moment_text(opened.now, zone)} ({zone.key})"
    out.print(Text(title, "bold"))
    out.print(
        Text(f"{queue.policy.name or 'a policy of its own'}, {str(queue.policy.discipline).replace('_', ' ')}", "dim")
    )
    if not len(ranking):
        out.print("\nNobody waits.")
    else:
        out.print()
        out.print(_table(opened, queue, ranking, out.width))
        marks = signs()
        out.print(Text(f"\n{marks.start} has waited   {marks.free} until the target of the level is missed", "dim"))
        out.print("\nWhy:")
        for one in ranking:
            out.print(f"{one.position}. {queue.entry_ids[one.entry.id]}: {_told(opened, one)}")
        out.print()
    _other_states(queue, ranking, out)
    for alert in alerts:
        who, since = queue.entry_ids[alert.entry.id], clock(alert.due, zone)
        out.print(f"Too long: {who} ({alert.level.code}) should have begun by {since}, {minutes(alert.overdue)} ago")
    for override in ranking.overrides:
        if override.outcome is not MoveOutcome.MOVED:
            who = queue.entry_ids[override.move.entry]
            out.print(f"Not moved: {who} by {override.move.by}: {str(override.outcome).replace('_', ' ')}")
    if alerts.valid_until is not None:
        out.print(f"The next one will have waited too long at {moment_text(alerts.valid_until, zone)}")
    if ranking.valid_until is not None:
        out.print(f"The order may change by itself at {moment_text(ranking.valid_until, zone)}")


def _table(opened: Opened, queue: ClinicQueue, ranking: Ranking, width: int) -> Table:
    """A row for each, with how long they wait as a bar."""
    levels = {level.code: level for level in queue.policy.levels}
    rows = list(ranking)
    waits = [max(opened.now - one.queued, timedelta(0)) for one in rows]
    targets = [levels[one.entry.urgency].target for one in rows]
    most = max(*waits, *(target for target in targets if target is not None), timedelta(minutes=1))
    names = max(len(queue.entry_ids[one.entry.id]) + len(one.entry.urgency) for one in rows)
    room = room_for(width, _WORDS + names)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name in ("", "", "urgency", "came", "waits", ""):
        table.add_column(name, no_wrap=True)
    for one, wait, target in zip(rows, waits, targets, strict=True):
        mark = None if target is None else target / timedelta(minutes=1)
        table.add_row(
            str(one.position),
            Text(queue.entry_ids[one.entry.id]),
            Text(one.entry.urgency),
            clock(one.entry.arrival, opened.zone),
            minutes(wait),
            bar(wait / timedelta(minutes=1), most / timedelta(minutes=1), mark=mark, width=room),
        )
    return table


def _other_states(queue: ClinicQueue, ranking: Ranking, out: Any) -> None:  # noqa: ANN401 - a console
    """Name those who are here and have no place in the order."""
    others = [one for one in ranking.entries if one.state is not QueueState.WAITING and one.state.is_here]
    if others:
        told = ", ".join(f"{queue.entry_ids[one.id]} ({str(one.state).replace('_', ' ')})" for one in others)
        out.print(f"Not in the order: {told}")
