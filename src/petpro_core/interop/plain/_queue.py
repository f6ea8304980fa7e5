"""Plain values of who waits and for how long: rankings, alerts, forecasts, walk-ins and simulations."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from petpro_core.forecast import (
    AppointmentDelay,
    Call,
    CallTable,
    Simulation,
    StreamWaits,
    WaitChange,
    WaitForecast,
    Waiting,
    WalkInAnswer,
    WalkInOption,
)
from petpro_core.priority import Alert, Alerts, Override, RankedEntry, Ranking, RankReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from petpro_core.interop.plain._writer import Writer

__all__ = ["WRITERS"]


def _reason(writer: Writer, reason: RankReason) -> dict[str, Any]:
    names = [writer.name("entry", number) for number in reason.refs]
    return {
        "code": writer.plain(reason.code),
        "text": _renamed(
            reason.text, {str(number): str(name) for number, name in zip(reason.refs, names, strict=True)}
        ),
        "refs": names,
        "by": reason.by,
    }


def _renamed(text: str, names: dict[str, str]) -> str:
    """A sentence with ids in place of the numbers that it speaks of: each once, before it speaks of anything else."""
    left, words = dict(names), text.split(" ")
    for place, word in enumerate(words):
        number = word.rstrip(",")
        if number in left:
            words[place] = left.pop(number) + word[len(number) :]
    return " ".join(words)


def _ranked(writer: Writer, one: RankedEntry) -> dict[str, Any]:
    entry = one.entry
    return {
        "position": one.position,
        "entry": writer.name("entry", entry.id),
        "urgency": entry.urgency,
        "service": writer.name("service", entry.service),
        "client": writer.name("client", entry.client),
        "pet": writer.name("pet", entry.pet),
        "provider": writer.name("resource", entry.provider),
        "arrival": writer.plain(entry.arrival),
        "queued": writer.plain(one.queued),
        "tier": one.tier,
        "score": one.score,
        "reasons": writer.plain(one.reasons),
    }


def _ranking(writer: Writer, ranking: Ranking) -> dict[str, Any]:
    return {
        "now": writer.plain(ranking.now),
        "entries": [writer.plain(one) for one in ranking],
        "overrides": writer.plain(ranking.overrides),
        "valid_until": writer.plain(ranking.valid_until),
    }


def _override(writer: Writer, override: Override) -> dict[str, Any]:
    move = override.move
    return {
        "entry": writer.name("entry", move.entry),
        "before": writer.name("entry", move.before),
        "after": writer.name("entry", move.after),
        "by": move.by,
        "reason": move.reason,
        "at": writer.plain(move.at),
        "outcome": writer.plain(override.outcome),
        "passed": [writer.name("entry", number) for number in override.passed],
    }


def _alert(writer: Writer, alert: Alert) -> dict[str, Any]:
    return {
        "entry": writer.name("entry", alert.entry.id),
        "urgency": alert.level.code,
        "due": writer.plain(alert.due),
        "overdue": writer.plain(alert.overdue),
    }


def _alerts(writer: Writer, alerts: Alerts) -> dict[str, Any]:
    return {"alerts": writer.plain(alerts.found), "valid_until": writer.plain(alerts.valid_until)}


def _quantiles(writer: Writer, one: Waiting) -> dict[str, Any]:
    return {
        **{key: writer.plain(getattr(one, key)) for key in ("p10", "p50", "p90")},
        "reason": writer.plain(one.reason),
    }


def _waiting(writer: Writer, one: Waiting) -> dict[str, Any]:
    return {"entry": writer.name("entry", one.id), **_quantiles(writer, one)}


def _forecast(writer: Writer, forecast: WaitForecast) -> dict[str, Any]:
    return {
        "now": writer.plain(forecast.ranking.now),
        "paths": forecast.entries.begins_us.shape[1],
        "entries": [writer.plain(one) for one in forecast],
        "newcomers": [_quantiles(writer, one) for one in forecast.newcomers],
    }


def _call(writer: Writer, call: Call) -> dict[str, Any]:
    return {"entry": writer.name("entry", call.entry), "kind": call.kind, "begin": writer.plain(call.begin)}


def _delay(writer: Writer, delay: AppointmentDelay) -> dict[str, Any]:
    return {
        "booking": writer.name("booking", delay.booking),
        "resource": writer.name("resource", delay.resource),
        "planned": writer.plain(delay.planned),
        "late_without": delay.late_without,
        "late_with": delay.late_with,
        "harmed": delay.harmed,
    }


def _option(writer: Writer, option: WalkInOption) -> dict[str, Any]:
    return {
        "resource": writer.name("resource", option.resource),
        "ok": option.ok,
        "begin": writer.plain(option.begin),
        "harmed": option.harmed,
        "worst": writer.plain(option.worst),
    }


def _walk_in(writer: Writer, answer: WalkInAnswer) -> dict[str, Any]:
    return {"can": answer.can, "threshold": answer.threshold, "options": [writer.plain(one) for one in answer]}


def _waits(writer: Writer, waits: StreamWaits) -> dict[str, Any]:
    return {
        "stream": waits.stream,
        "urgency": waits.urgency,
        "count": waits.count,
        "unserved": waits.unserved,
        **{key: writer.plain(_whole(getattr(waits, key))) for key in ("mean", "p50", "p95")},
        "within_target": waits.within_target,
    }


def _whole(time: timedelta) -> timedelta:
    """A mean to the second: what lies behind it is chance."""
    return timedelta(seconds=round(time.total_seconds()))


def _change(writer: Writer, change: WaitChange) -> dict[str, Any]:
    return {
        "stream": change.stream,
        "urgency": change.urgency,
        "change": writer.plain(_whole(change.change)),
        "error": None if change.error is None else writer.plain(_whole(change.error)),
    }


def _simulation(writer: Writer, simulation: Simulation) -> dict[str, Any]:
    shares = zip(simulation.resources.tolist(), simulation.utilisation().tolist(), strict=True)
    return {
        "counted": writer.plain(simulation.counted),
        "runs": simulation.runs,
        "visits": len(simulation),
        "waits": writer.plain(simulation.by_stream()),
        "servers": [{"resource": writer.name("resource", handle), "utilisation": share} for handle, share in shares],
        "queue_by_hour": simulation.queue_by_hour().tolist(),
    }


WRITERS: Final[dict[type, Callable[[Writer, Any], Any]]] = {
    Alert: _alert,
    Alerts: _alerts,
    AppointmentDelay: _delay,
    Call: _call,
    CallTable: lambda writer, calls: [writer.plain(call) for call in calls],
    Override: _override,
    RankReason: _reason,
    RankedEntry: _ranked,
    Ranking: _ranking,
    Simulation: _simulation,
    StreamWaits: _waits,
    WaitChange: _change,
    WaitForecast: _forecast,
    Waiting: _waiting,
    WalkInAnswer: _walk_in,
    WalkInOption: _option,
}
