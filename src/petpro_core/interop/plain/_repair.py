"""Plain values of what a change breaks, and how it is mended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from petpro_core.repair import BrokenBooking, BrokenSeries, Impact, Move, RepairPlan, ShiftedBooking, Unsaved

if TYPE_CHECKING:
    from collections.abc import Callable

    from petpro_core.interop.plain._writer import Writer

__all__ = ["WRITERS"]


def _broken(writer: Writer, one: BrokenBooking) -> dict[str, Any]:
    return {
        "booking": writer.plain(one.booking),
        "resources": [writer.name("resource", handle) for handle in one.resources],
        "conflicts": writer.plain(one.news),
        "series": one.series,
    }


def _series(writer: Writer, one: BrokenSeries) -> dict[str, Any]:
    return {"series": one.series, "broken": writer.bookings(one.broken), "kept": writer.bookings(one.kept)}


def _shifted(writer: Writer, one: ShiftedBooking) -> dict[str, Any]:
    return {"before": writer.plain(one.before), "booking": writer.plain(one.booking), "by": writer.plain(one.by)}


def _impact(writer: Writer, found: Impact) -> dict[str, Any]:
    return {
        "broken": writer.plain(found.broken),
        "series": writer.plain(found.series),
        "shifted": writer.plain(found.shifted),
    }


def _move(writer: Writer, move: Move) -> dict[str, Any]:
    pairs = move.changes
    return {
        "booking": writer.plain(move.booking),
        "from": writer.plain(move.before.start),
        "by": writer.plain(move.by),
        "changes": [{"from": writer.name("resource", old), "to": writer.name("resource", new)} for old, new in pairs],
        "waived": sorted(str(waiver) for waiver in move.waived),
    }


def _unsaved(writer: Writer, one: Unsaved) -> dict[str, Any]:
    return {
        "booking": writer.name("booking", one.booking.id),
        "why": writer.plain(one.why),
        "conflicts": writer.plain(one.conflicts),
    }


def _plan(writer: Writer, plan: RepairPlan) -> dict[str, Any]:
    return {
        "moves": writer.plain(plan.moves),
        "kept": writer.bookings(one.id for one in plan.kept),
        "unsaved": writer.plain(plan.unsaved),
        "exact": plan.exact,
    }


WRITERS: Final[dict[type, Callable[[Writer, Any], Any]]] = {
    BrokenBooking: _broken,
    BrokenSeries: _series,
    Impact: _impact,
    Move: _move,
    RepairPlan: _plan,
    ShiftedBooking: _shifted,
    Unsaved: _unsaved,
}
