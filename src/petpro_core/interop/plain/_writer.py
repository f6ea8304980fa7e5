"""How each object is written as plain dicts and lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import attrs

from petpro_core.bookings import Allocation, Booking
from petpro_core.bookings.table import FEED
from petpro_core.decisions import Explanation, Fix, Overlap, OverlapTable, RangeExplanation
from petpro_core.errors import InvalidValueError, PetProError
from petpro_core.intervals import ALWAYS, Interval, IntervalBatch, IntervalSet, duration_us
from petpro_core.reasons import Conflict
from petpro_core.slots import CalendarDays, Slot, SlotRules, SlotTable

if TYPE_CHECKING:
    from petpro_core.timezones import TimeZone

__all__ = ["Names", "Writer"]

_EARLIEST: Final = ALWAYS.start + timedelta(days=1)
_LATEST: Final = ALWAYS.end - timedelta(days=1)

Names = Mapping[str, Mapping[int, str]]


# What few ask about is written by modules of their own, which are read when one of their objects comes.
_ELSEWHERE: Final = {
    "petpro_core.matching": "_work",
    "petpro_core.visits": "_work",
    "petpro_core.priority": "_queue",
    "petpro_core.forecast": "_queue",
    "petpro_core.repair": "_repair",
}


@attrs.frozen
class Writer:
    """How objects are written: in which zone, and with which ids."""

    zone: TimeZone | None
    names: Names

    def plain(self, obj: object) -> Any:  # noqa: ANN401 - as in to_plain
        """The object as plain values.

        Raises:
            InvalidValueError: An object of another type.
        """
        for kind in type(obj).__mro__:
            if kind in _WRITERS:
                return _WRITERS[kind](self, obj)
        elsewhere = _ELSEWHERE.get(".".join(type(obj).__module__.split(".")[:2]))
        if elsewhere is not None:
            writers = import_module(f"petpro_core.interop.plain.{elsewhere}").WRITERS
            if type(obj) in writers:
                return writers[type(obj)](self, obj)
        msg = f"plain values are made of PetPro's answers, bookings, intervals and errors, got {type(obj).__name__}"
        raise InvalidValueError(msg, got=type(obj).__name__)

    def name(self, kind: str, handle: int | None) -> int | str | None:
        """The id of a number, where it has one."""
        return None if handle is None else self.names.get(kind, {}).get(handle, handle)

    def bookings(self, numbers: Iterable[int]) -> list[int | str | None]:
        """The ids of bookings."""
        return [self.name("booking", number) for number in numbers]


def _instant(writer: Writer, moment: datetime) -> str:
    if moment.tzinfo is None:
        return moment.isoformat()
    # The ends of all time have no wall clock in zones that would carry them out of the years 1 to 9999.
    if writer.zone is not None and _EARLIEST < moment < _LATEST:
        return writer.zone.to_local(moment).isoformat()
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _length(_: Writer, length: timedelta) -> str:
    sign, us = ("-" if length < timedelta(0) else ""), abs(duration_us(length))
    seconds, fraction = divmod(us, 1_000_000)
    text = "".join(f"{count}{unit}" for count, unit in ((seconds // 3600, "H"), (seconds // 60 % 60, "M")) if count)
    rest = f"{seconds % 60}" + (f".{fraction:06d}" if fraction else "")
    return f"{sign}PT{text}" + (f"{rest}S" if rest != "0" or not text else "")


def _interval(writer: Writer, one: Interval) -> dict[str, Any]:
    return {"start": writer.plain(one.start), "end": writer.plain(one.end)}


def _list(writer: Writer, many: Iterable[object]) -> list[Any]:
    return [writer.plain(one) for one in many]


def _mapping(writer: Writer, many: Mapping[object, object]) -> dict[str, Any]:
    return {str(key): writer.plain(value) for key, value in many.items()}


def _rules(writer: Writer, rules: SlotRules) -> dict[str, Any]:
    return {field.name: writer.plain(getattr(rules, field.name)) for field in attrs.fields(SlotRules)}


def _slot(writer: Writer, slot: Slot) -> dict[str, Any]:
    return {
        "resource": writer.name("resource", slot.resource_id),
        "start": writer.plain(slot.start),
        "end": writer.plain(slot.end),
        "rule": slot.rule,
        "stranded": writer.plain(slot.stranded),
    }


def _slots(writer: Writer, table: SlotTable) -> dict[str, Any]:
    return {
        "slots": _list(writer, table),
        "rules": _list(writer, table.rules),
        "valid_until": writer.plain(table.valid_until),
        "untested": list(table.untested),
    }


def _conflict(writer: Writer, conflict: Conflict) -> dict[str, Any]:
    ref = conflict.ref
    return {
        "reason": conflict.reason.code,
        "kind": str(conflict.kind),
        "resource": writer.name("resource", conflict.resource_id),
        "booking": writer.name("booking", ref) if isinstance(ref, int) else None,
        "rule": ref if isinstance(ref, str) else None,
        "interval": writer.plain(conflict.interval),
        "refused_starts": writer.plain(conflict.refused_starts),
        "limit": conflict.limit,
        "actual": conflict.actual,
    }


def _fix(writer: Writer, fix: Fix) -> dict[str, Any]:
    return {
        "kind": str(fix.kind),
        "start": writer.plain(fix.start),
        "duration": writer.plain(fix.duration),
        "moves": writer.bookings(fix.moves),
    }


def _explanation(writer: Writer, explanation: Explanation) -> dict[str, Any]:
    return {
        "start": writer.plain(explanation.start),
        "bookable": explanation.bookable,
        "conflicts": _list(writer, explanation.conflicts),
        "fixes": _list(writer, explanation.fixes),
        "untested": list(explanation.untested),
        "waived": sorted(str(waiver) for waiver in explanation.waived),
        "overbooked": explanation.overbooked,
    }


def _range(_: Writer, answer: RangeExplanation) -> dict[str, Any]:
    return {
        "starts": answer.starts,
        "bookable": answer.bookable,
        "reasons": dict(answer.reasons),
        "kinds": {str(kind): count for kind, count in answer.kinds.items()},
        "untested": list(answer.untested),
    }


def _overlap(writer: Writer, overlap: Overlap) -> dict[str, Any]:
    return {
        "resource": writer.name("resource", overlap.resource_id),
        "start": writer.plain(overlap.interval.start),
        "end": writer.plain(overlap.interval.end),
        "bookings": [None if number == FEED else writer.name("booking", number) for number in overlap.bookings],
        "units": overlap.units,
        "capacity": overlap.capacity,
    }


def _conflicts(writer: Writer, table: OverlapTable) -> dict[str, Any]:
    return {"overlaps": _list(writer, table)}


def _allocation(writer: Writer, one: Allocation) -> dict[str, Any]:
    return {
        "resource": writer.name("resource", one.resource),
        "start": writer.plain(one.interval.start),
        "end": writer.plain(one.interval.end),
        "occupied": writer.plain(one.occupied),
        "units": one.units,
    }


def _booking(writer: Writer, booking: Booking) -> dict[str, Any]:
    subjects = {kind: writer.name(kind, getattr(booking, kind)) for kind in ("client", "household", "pet", "group")}
    return {
        "id": writer.name("booking", booking.id),
        "status": str(booking.status),
        "held_until": writer.plain(booking.held_until),
        "service": writer.name("service", booking.service),
        **subjects,
        "seats": booking.seats,
        "source": booking.source,
        "waived": sorted(str(waiver) for waiver in booking.waived),
        "allocations": _list(writer, booking.allocations),
        "actual": writer.plain(booking.actual),
        "channel": writer.name("channel", booking.channel),
    }


def _error(writer: Writer, error: PetProError) -> dict[str, Any]:
    values = {}
    for name, value in error.values.items():
        try:
            values[name] = writer.plain(value)
        except InvalidValueError:
            values[name] = str(value)  # what a message speaks of may be anything at all
    return {"code": error.code, "message": error.message, "values": values}


def _as_it_is(_: Writer, value: object) -> object:
    return value


_WRITERS: Final[dict[type, Callable[[Writer, Any], Any]]] = {
    Allocation: _allocation,
    Booking: _booking,
    CalendarDays: lambda _, stay: f"P{stay.days}D",
    Conflict: _conflict,
    OverlapTable: _conflicts,
    Explanation: _explanation,
    Fix: _fix,
    Interval: _interval,
    IntervalBatch: _list,
    IntervalSet: _list,
    Overlap: _overlap,
    PetProError: _error,
    RangeExplanation: _range,
    Slot: _slot,
    SlotRules: _rules,
    SlotTable: _slots,
    # What the objects above are made of.
    Enum: lambda _, member: str(member.value),
    datetime: _instant,
    date: lambda _, day: day.isoformat(),
    timedelta: _length,
    dict: _mapping,
    list: _list,
    tuple: _list,
    frozenset: lambda writer, many: sorted(writer.plain(one) for one in many),
    bool: _as_it_is,
    int: _as_it_is,
    float: _as_it_is,
    str: lambda _, text: str(text),  # a StrEnum becomes its value
    type(None): _as_it_is,
}
