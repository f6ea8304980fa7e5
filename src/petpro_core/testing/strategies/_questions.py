"""Strategies for whole questions, and for the answers to them: every answer is one that the verbs gave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from petpro_core.decisions import check_booking, explain, explain_range, find_conflicts, find_slots
from petpro_core.index import SlotIndex
from petpro_core.intervals import from_us
from petpro_core.testing import _draws
from petpro_core.testing.cases import build
from petpro_core.testing.laws import boundary_starts
from petpro_core.testing.strategies._booked import booking_tables
from petpro_core.testing.strategies._moments import ODD_ZONES, instants

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hypothesis.strategies import DrawFn, SearchStrategy

    from petpro_core.decisions import Explanation, Fix, Overlap, OverlapTable, RangeExplanation
    from petpro_core.reasons import Conflict
    from petpro_core.slots import Slot, SlotTable
    from petpro_core.testing._plain import Case
    from petpro_core.testing.cases import Question

__all__ = [
    "cases",
    "conflicts",
    "explanations",
    "fixes",
    "overlap_tables",
    "overlaps",
    "questions",
    "range_explanations",
    "slot_indexes",
    "slot_tables",
    "slots",
]


def cases(
    zones: Sequence[str] = ODD_ZONES, *, rows: int = 3, grid_waived: bool = False, months: bool = True
) -> SearchStrategy[Case]:
    """Whole questions as plain dicts.

    Args:
        zones: Keys to draw from.
        rows: The most calendars.
        grid_waived: Whether the grid may be waived, which ``find_slots`` refuses.
        months: Whether windows of five weeks are drawn.
    """
    return _draws.plain_case(zones, rows=rows, grid_waived=grid_waived, months=months)


def questions() -> SearchStrategy[tuple[Case, Question]]:
    """Whole questions, as plain dict and as objects."""
    return cases().map(lambda case: (case, build(case)))


def slot_tables() -> SearchStrategy[SlotTable]:
    """What a search offers, nothing at all among it."""
    return cases().map(build).map(lambda q: find_slots(q.calendars, within=q.within, **q.asked))


def slot_indexes() -> SearchStrategy[SlotIndex]:
    """Prepared indexes of drawn questions."""
    drawn = cases(months=False).map(build)
    return drawn.map(lambda q: SlotIndex.of(q.calendars, within=q.within, **q.asked))


def slots() -> SearchStrategy[Slot]:
    """Starts that a search offers."""
    tables = cases(rows=1, months=False).map(build).map(lambda q: find_slots(q.calendars, within=q.within, **q.asked))
    return tables.filter(len).flatmap(lambda table: st.integers(0, len(table) - 1).map(table.__getitem__))


@st.composite
def _asked(draw: DrawFn) -> tuple[Question, datetime, int]:
    """A question of one row, a start at an edge of something, and the row's handle."""
    case = draw(cases(rows=1, months=False))
    start = draw(st.sampled_from(boundary_starts(case, 0)))
    return build(case), from_us(start), int(case["calendars"][0]["handle"])


def conflicts() -> SearchStrategy[Conflict]:
    """Reasons against starts, of every kind."""
    told = _asked().map(lambda a: check_booking(a[0].rows[0], start=a[1], handle=a[2], **a[0].asked))
    return told.filter(bool).flatmap(st.sampled_from)


def explanations() -> SearchStrategy[Explanation]:
    """Everything against a start, and what would help; also of starts that may be booked."""
    return _asked().map(lambda a: explain(a[0].rows[0], start=a[1], handle=a[2], **a[0].asked))


def fixes() -> SearchStrategy[Fix]:
    """Changes that the judge has accepted."""
    return explanations().filter(lambda told: bool(told.fixes)).flatmap(lambda told: st.sampled_from(told.fixes))


def range_explanations() -> SearchStrategy[RangeExplanation]:
    """The reasons of whole ranges, counted."""
    return (
        cases(rows=1, months=False)
        .map(build)
        .map(lambda q: explain_range(q.rows[0], within=q.within, handle=int(q.calendars.handles[0]), **q.asked))
    )


def overlap_tables() -> SearchStrategy[OverlapTable]:
    """Stretches in which drawn bookings hold more than there is, none among them."""
    return st.builds(lambda table, now: find_conflicts(table, now=now), booking_tables(), instants())


def overlaps() -> SearchStrategy[Overlap]:
    """Single stretches in which drawn bookings hold more than there is."""
    return overlap_tables().filter(len).flatmap(lambda table: st.sampled_from(list(table)))
