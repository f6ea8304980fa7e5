"""Plain values of who can, who does, and how work was shared: matches, pairings, visits and workload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from petpro_core.matching import Match, Missing, Pairing, Role, Shortage
from petpro_core.matching.workload import WorkloadRow, WorkloadTable
from petpro_core.visits import (
    PartExplanation,
    PartSummary,
    PlannedPart,
    PlannedStep,
    VisitConflict,
    VisitExplanation,
    VisitPlan,
    VisitTable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from petpro_core.interop.plain._writer import Writer

__all__ = ["WRITERS"]


def _ids(writer: Writer, handles: Iterable[int]) -> list[int | str | None]:
    return [writer.name("resource", handle) for handle in handles]


def _missing(writer: Writer, one: Missing) -> dict[str, Any]:
    kinds = {"wrong_group": "resource_group", "wrong_location": "location"}
    wanted = one.wanted
    if isinstance(wanted, int):
        wanted = writer.name(kinds.get(one.lack.value, ""), wanted)
    return {
        "lack": writer.plain(one.lack),
        "skill": writer.name("skill", one.skill),
        "level": writer.plain(one.level),
        "actual": writer.plain(one.actual),
        "wanted": wanted,
    }


def _match(writer: Writer, found: Match) -> dict[str, Any]:
    others = [resource.handle for resource, fits in zip(found.table.resources, found.fits, strict=True) if not fits]
    return {
        "role": found.wanted.called if isinstance(found.wanted, Role) else None,
        "need": found.need,
        "fits": _ids(writer, found.handles.tolist()),
        "lack": writer.plain(found.lack),
        "missing": [
            {"resource": writer.name("resource", handle), "missing": writer.plain(found.missing(handle))}
            for handle in others
        ],
    }


def _pairing(writer: Writer, found: Pairing) -> dict[str, Any]:
    return {
        "found": found.found,
        "roles": [_ids(writer, handles) for handles in found.handles],
        "shortage": writer.plain(found.shortage),
    }


def _shortage(writer: Writer, short: Shortage) -> dict[str, Any]:
    return {
        "lack": writer.plain(short.lack),
        "roles": list(short.roles),
        "need": short.need,
        "resources": _ids(writer, short.handles),
    }


def _step(writer: Writer, step: PlannedStep) -> dict[str, Any]:
    return {
        "service": writer.name("service", step.service),
        "start": writer.plain(step.interval.start),
        "end": writer.plain(step.interval.end),
        "parts": list(step.parts),
    }


def _part(writer: Writer, part: PlannedPart) -> dict[str, Any]:
    return {
        "name": part.name,
        "resources": _ids(writer, part.resources),
        "start": writer.plain(part.interval.start),
        "end": writer.plain(part.interval.end),
        "occupied": writer.plain(part.occupied),
        "units": part.units,
    }


def _plan(writer: Writer, plan: VisitPlan) -> dict[str, Any]:
    return {
        "start": writer.plain(plan.start),
        "end": writer.plain(plan.end),
        "steps": writer.plain(plan.steps),
        "parts": writer.plain(plan.parts),
    }


def _summary(writer: Writer, part: PartSummary) -> dict[str, Any]:
    return {
        "name": part.name,
        "need": part.need,
        "eligible": part.eligible,
        "free": part.free,
        "lack": writer.plain(part.lack),
    }


def _visits(writer: Writer, table: VisitTable) -> dict[str, Any]:
    return {
        "plans": [writer.plain(plan) for plan in table],
        "parts": writer.plain(table.parts),
        "tried": table.tried,
        "lack": None if table.lack is None else (getattr(table.lack, "code", None) or str(table.lack)),
        "valid_until": writer.plain(table.valid_until),
        "untested": list(table.untested),
    }


def _explained(writer: Writer, part: PartExplanation) -> dict[str, Any]:
    return {
        "name": part.name,
        "need": part.need,
        "free": _ids(writer, part.free),
        "refused": [
            {"resource": writer.name("resource", handle), "conflicts": writer.plain(conflicts)}
            for handle, conflicts in part.refused.items()
        ],
        "lack": writer.plain(part.lack),
    }


def _explanation(writer: Writer, told: VisitExplanation) -> dict[str, Any]:
    return {
        "bookable": told.plan is not None,
        "plan": writer.plain(told.plan),
        "parts": writer.plain(told.parts),
        "lack": writer.plain(told.lack),
    }


def _against(writer: Writer, one: VisitConflict) -> dict[str, Any]:
    return {
        "part": one.part,
        "resource": writer.name("resource", one.resource),
        "conflict": writer.plain(one.conflict),
        "lack": writer.plain(one.lack),
    }


def _workload_row(writer: Writer, row: WorkloadRow) -> dict[str, Any]:
    return {
        "resource": writer.name("resource", row.resource),
        "minutes": row.minutes,
        "visits": row.visits,
        "share": row.share,
        "target": row.target,
        "overdue": row.overdue,
        "overdue_by": writer.plain(row.overdue_by),
    }


def _workload(writer: Writer, table: WorkloadTable) -> dict[str, Any]:
    rows, size = list(table), len(table.resource)
    weeks = [
        {
            "week": writer.plain(rows[number * size].week) if size else None,
            "known": bool(table.known[number]),
            "jain": float(table.jain[number]),
            "share_error": float(table.share_error[number]),
            "people": writer.plain(rows[number * size : (number + 1) * size]),
        }
        for number in range(len(table.week))
    ]
    return {"weeks": weeks}


WRITERS: Final[dict[type, Callable[[Writer, Any], Any]]] = {
    Match: _match,
    Missing: _missing,
    Pairing: _pairing,
    PartExplanation: _explained,
    PartSummary: _summary,
    PlannedPart: _part,
    PlannedStep: _step,
    Shortage: _shortage,
    VisitConflict: _against,
    VisitExplanation: _explanation,
    VisitPlan: _plan,
    VisitTable: _visits,
    WorkloadRow: _workload_row,
    WorkloadTable: _workload,
}
