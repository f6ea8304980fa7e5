"""Times, lengths and conflicts in words, for people."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from petpro_core.intervals import ALWAYS, duration_us, from_us
from petpro_core.reasons import Conflict, Kind, Reason
from petpro_core.slots import CalendarDays

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from petpro_core.decisions import RangeExplanation
    from petpro_core.interop.clinic import Clinic
    from petpro_core.intervals import Int64Array, Interval
    from petpro_core.timezones import TimeZone

__all__ = ["clock", "conflict_text", "counted", "day_text", "length", "moment_text", "runs", "span_text"]

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_RUN: Final = 3
# Nearer to the ends of all time than a day, a zone may have no wall clock: such an end stands for "no end".
_EARLIEST: Final = ALWAYS.start + timedelta(days=1)
_LATEST: Final = ALWAYS.end - timedelta(days=1)
_CAPS: Final = Reason.CAP_DAY | Reason.CAP_WEEK | Reason.CAP_MONTH | Reason.CLIENT_CAP


def day_text(day: date) -> str:
    """``Monday 23 November 2026``, the same in every locale."""
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def clock(moment: datetime, zone: TimeZone) -> str:
    """``09:30``, with seconds only where there are some."""
    local = zone.to_local(moment)
    return local.strftime("%H:%M:%S" if local.second or local.microsecond else "%H:%M")


def moment_text(moment: datetime, zone: TimeZone) -> str:
    """``Mon 2026-11-23 09:30``."""
    local = zone.to_local(moment)
    return f"{_DAYS[local.weekday()][:3]} {local.date()} {clock(moment, zone)}"


def span_text(interval: Interval, zone: TimeZone) -> str:
    """``Mon 2026-11-23 09:00 to 09:30``, with the second date where it is another."""
    first, last = interval.start > _EARLIEST, interval.end < _LATEST
    if not (first and last):
        since = f"from {moment_text(interval.start, zone)} on" if first else ""
        return since or (f"until {moment_text(interval.end, zone)}" if last else "at all times")
    same = zone.to_local(interval.start).date() == zone.to_local(interval.end).date()
    end = clock(interval.end, zone) if same else moment_text(interval.end, zone)
    return f"{moment_text(interval.start, zone)} to {end}"


def length(value: timedelta | CalendarDays) -> str:
    """``30 min``, ``1 h 30 min``, ``2 days``."""
    if isinstance(value, CalendarDays):
        return f"{value.days} day{'s' if value.days > 1 else ''}"
    minutes, rest = divmod(value, timedelta(minutes=1))
    parts = [f"{minutes // 60} h"] * (minutes >= 60) + [f"{minutes % 60} min"] * (minutes % 60 > 0)
    parts += [f"{rest.total_seconds():g} s"] * bool(rest)
    return " ".join(parts) or "0 min"


def runs(starts: Int64Array, step: timedelta, zone: TimeZone) -> list[str]:
    """Starts in few words: those at the distance of the grid's step as one run, the others alone."""
    step_us = duration_us(step)
    ends = (np.diff(starts) != step_us).nonzero()[0] + 1
    texts: list[str] = []
    for run in np.split(starts, ends):
        if len(run) < _RUN:
            texts += [clock(from_us(us), zone) for us in run.tolist()]
        else:
            first, last = (clock(from_us(int(run[place])), zone) for place in (0, -1))
            texts.append(f"{first} to {last} every {length(step)}")
    return texts


def conflict_text(conflict: Conflict, clinic: Clinic, zone: TimeZone) -> str:
    """One reason in a sentence, with its source and the first start that it allows again."""
    what = _what(conflict, clinic)
    when = "" if conflict.interval is None else f" ({span_text(conflict.interval, zone)})"
    again = ""
    if conflict.refused_starts is not None and conflict.refused_starts.end < _LATEST:
        again = f"; allows starts again from {moment_text(conflict.refused_starts.end, zone)}"
    return f"{what}{when}{again}"


def _what(conflict: Conflict, clinic: Clinic) -> str:
    kind, ref = conflict.kind, conflict.ref
    rule = f": {ref}" if isinstance(ref, str) and ref else ""
    source = f"booking {clinic.booking_ids.get(ref, ref)}" if isinstance(ref, int) else ref or "another booking"
    if conflict.reason & _CAPS:
        return f"the limit is reached{rule} ({conflict.actual} of {conflict.limit})"
    if kind is Kind.TOO_BIG:
        return f"{conflict.actual} units are asked for, {conflict.limit} are there"
    if kind is Kind.HOLD:
        return f"held by {source}"
    return {
        Kind.CLOSED: "closed",
        Kind.BREAK: f"a break{rule}",
        Kind.HOLIDAY: f"a holiday{rule}",
        Kind.TIME_OFF: f"away{rule}",
        Kind.OFF_GRID: "not one of the times at which visits start",
        Kind.NOTICE: "too soon: the notice is too short",
        Kind.HORIZON: "too far ahead",
        Kind.OVERLAP: f"taken by {source}",
        Kind.BUFFER: f"too close to {source}: the buffers do not fit",
        Kind.FULL: f"full: {source}",
        Kind.UNKNOWN: "not known: a calendar could not be read for this time",
        Kind.CLIENT_BUSY: f"the client or pet is elsewhere: {source}",
        Kind.GAP: f"too close to another visit{rule}",
        Kind.TOO_SHORT: "the visit is shorter than allowed",
        Kind.TOO_LONG: "the visit is longer than allowed",
    }.get(kind, f"{kind}{rule}")


def counted(answer: RangeExplanation) -> list[str]:
    """The reasons of a range, the commonest first; those of closed starts by what closes them."""
    lines = []
    for reason, count in _common(answer.reasons):
        kinds = (
            ", ".join(f"{_plain(kind)} {number}" for kind, number in _common(answer.kinds))
            if reason == "closed"
            else ""
        )
        lines.append(f"{count:6d}  {_plain(reason)}" + (f" ({kinds})" if kinds else ""))
    return lines


def _common(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(((str(key), count) for key, count in counts.items() if count), key=lambda pair: (-pair[1], pair[0]))


def _plain(code: str) -> str:
    return code.replace("_", " ")
