"""What explanations promise: their reasons are those of the check, their fixes are accepted, their counts add up."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from petpro_core.decisions import check_booking, explain, explain_range
from petpro_core.intervals import Interval, from_us
from petpro_core.testing.cases import build, build_rules
from petpro_core.testing.laws._facts import boundary_starts, found, must_equal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from petpro_core.decisions import Fix
    from petpro_core.testing.oracle import Case

__all__ = ["explanations_add_up", "fixes_are_accepted"]


def _fixed(case: Case, row: int, fix: Fix) -> set[str]:
    """The reasons that the judge has against a fix."""
    changed = case
    if fix.kind == "move":
        changed = case | {"bookings": [b for b in case["bookings"] if b["id"] not in fix.moves]}
    q = build(changed)
    asked = q.asked | {"handle": int(q.calendars.handles[row]), "start": fix.start}
    if fix.kind == "shorter":
        rules = {name: value for name, value in case["rules"].items() if name not in {"days", "duration"}}
        if isinstance(fix.duration, timedelta):
            rules["duration"] = fix.duration // timedelta(microseconds=1)
        else:
            rules["days"] = fix.duration.days
        asked["rules"] = build_rules(rules)
    return {conflict.reason.code for conflict in check_booking(q.rows[row], **asked)}


def fixes_are_accepted(case: Case, starts: Sequence[int] = ()) -> None:
    """Every fix that an explanation proposes is accepted by the judge, and its reasons are those of the check.

    Asked at ``starts``, or at a few edges.
    """
    q = build(case)
    for row, calendar in enumerate(q.rows):
        edges = boundary_starts(case, row)
        for start in starts or edges[1 :: len(edges) // 2 or 1]:
            asked = {"start": from_us(start), "handle": int(q.calendars.handles[row]), **q.asked}
            told = explain(calendar, **asked)
            must_equal("explained = checked", told.conflicts, check_booking(calendar, **asked), row=row, start=start)
            must_equal("bookable", told.bookable, not told.conflicts, row=row, start=start)
            for fix in told.fixes:
                must_equal("a fix is accepted", _fixed(case, row, fix), set(), row=row, start=start, fix=fix)


def explanations_add_up(case: Case) -> None:
    """A range's explanation counts the bookable starts that the search finds, and a reason for each of the others."""
    q, rows = build(case), found(case)
    for row, calendar in enumerate(q.rows):
        told = explain_range(calendar, within=q.within, handle=int(q.calendars.handles[row]), **q.asked)
        must_equal("bookable in the range", told.bookable, len(rows[row]), row=row)
        refused = told.starts - told.bookable
        must_equal(
            "no reason counts more than all", [c for c in told.reasons.values() if not 0 < c <= refused], [], row=row
        )
        must_equal("each refused start has a reason", sum(told.reasons.values()) >= refused, expected=True, row=row)
        # Halves ask the same starts.
        middle = from_us((q.within.start_us + q.within.end_us) // 2)
        halves = [Interval(q.within.start, middle), Interval(middle, q.within.end)]
        parts = [explain_range(calendar, within=h, handle=int(q.calendars.handles[row]), **q.asked) for h in halves]
        must_equal("starts asked add up", sum(part.starts for part in parts), told.starts, row=row)
