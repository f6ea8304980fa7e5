"""Law 6: a delta applied to the answer before is a fresh answer; the passing of time is a change like any other."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from petpro_core.decisions import find_slots
from petpro_core.intervals import from_us, to_us
from petpro_core.repair import (
    SlotDelta,
    _concerned,
    changed_calendars,
    delta_of_bookings,
    delta_of_change,
    delta_of_time,
)
from petpro_core.repair._changes import changed_policy
from petpro_core.testing.strategies.changes import Asked, asked_questions, booking_changes, changes_of, passing

if TYPE_CHECKING:
    from petpro_core.bookings import BookingTable
    from petpro_core.slots import SlotRules, SlotTable

# An example asks two or three whole questions, and then a few parts of them.
FEW: Final = settings(max_examples=max(10, settings().max_examples // 2))
COLUMNS: Final = ("handles", "rule", "offsets", "starts", "ends", "offered_until")

# Up to so many rows are asked with their own bookings, more with all that lie near: both ways, whatever the size.
few_rows = st.sampled_from([0, 16])


def same(got: SlotTable, wanted: SlotTable, *, exact: bool) -> None:
    for name in COLUMNS:
        assert getattr(got, name).tolist() == getattr(wanted, name).tolist(), name
    stranded = [None if table.stranded is None else table.stranded.tolist() for table in (got, wanted)]
    assert stranded[0] == stranded[1]
    assert (got.untested, got.rules) == (wanted.untested, wanted.rules)
    if exact:
        assert got.valid_until == wanted.valid_until
    else:
        until = got.valid_until, wanted.valid_until
        assert until[0] == until[1] or (until[0] is not None and (until[1] is None or until[0] <= until[1]))


def rules_of(draw: Any, asked: Asked) -> SlotRules | list[SlotRules]:
    """One set of rules, or two."""
    rules = asked.question.rules
    several: bool = draw(st.booleans())
    return [rules, attrs.evolve(rules, duration=timedelta(minutes=20))] if several else rules


def says_only_what_differs(delta: SlotDelta, before: SlotTable, after: SlotTable) -> None:
    pairs = [set(zip(table.rows.tolist(), table.starts.tolist(), strict=True)) for table in (before, after)]
    told = [
        list(zip(table.rows.tolist(), table.starts.tolist(), strict=True))
        for table in (delta.disappeared, delta.appeared)
    ]
    assert told == [sorted(pairs[0] - pairs[1]), sorted(pairs[1] - pairs[0])]
    assert len(delta) == len(told[0]) + len(told[1])


@FEW
@given(data=st.data())
def test_law_6_bookings_come_go_and_move(data: st.DataObject) -> None:
    asked = data.draw(asked_questions(months=True))
    q, (added, removed) = asked.question, data.draw(booking_changes(asked))
    question = q.asked | {"rules": rules_of(data.draw, asked), "within": asked.within}
    before = find_slots(q.calendars, **question)
    busy = q.busy.without([booking.id for booking in removed]).with_bookings(added)
    after = find_slots(q.calendars, **(question | {"busy": busy}))
    with mock.patch.object(_concerned, "_FEW", data.draw(few_rows)):
        delta = delta_of_bookings(q.calendars, added=added, removed=removed, **question)
    says_only_what_differs(delta, before, after)
    same(delta.apply(before), after, exact=False)


@FEW
@given(data=st.data())
def test_law_6_time_passes(data: st.DataObject) -> None:
    asked = data.draw(asked_questions(months=True))
    q = asked.question
    later = from_us(to_us(q.now) + data.draw(passing(asked)))
    question = q.asked | {"rules": rules_of(data.draw, asked), "within": asked.within}
    before = find_slots(q.calendars, **question)
    after = find_slots(q.calendars, **(question | {"now": later}))
    with mock.patch.object(_concerned, "_FEW", data.draw(few_rows)):
        delta = delta_of_time(q.calendars, later=later, **question)
    says_only_what_differs(delta, before, after)
    # What a release will let go is told without asking the bookings, so it may be told too early.
    same(delta.apply(before), after, exact=not q.policy.releases)


@FEW
@given(data=st.data())
def test_law_6_something_happens_to_a_calendar(data: st.DataObject) -> None:
    asked = data.draw(asked_questions(months=True))
    q, change = asked.question, data.draw(changes_of(asked))
    question = q.asked | {"rules": rules_of(data.draw, asked), "within": asked.within}
    before = find_slots(q.calendars, **question)
    policy = changed_policy(q.policy, change)
    after = find_slots(changed_calendars(q.calendars, change), **(question | {"policy": policy}))
    with mock.patch.object(_concerned, "_FEW", data.draw(few_rows)):
        delta = delta_of_change(q.calendars, change, **question)
    says_only_what_differs(delta, before, after)
    same(delta.apply(before), after, exact=False)


@FEW
@given(data=st.data())
def test_law_6_a_day_of_changes(data: st.DataObject) -> None:
    """One answer is kept up through several changes, and is the fresh one in the end."""
    asked = data.draw(asked_questions())
    q = asked.question
    calendars, within, rest = q.calendars, asked.within, dict(q.asked)
    table = find_slots(calendars, within=within, **rest)
    for step in data.draw(st.lists(st.sampled_from(["bookings", "time", "calendar"]), max_size=3)):
        if step == "time":
            later = from_us(to_us(rest["now"]) + data.draw(passing(asked)))
            table = delta_of_time(calendars, later=later, within=within, **rest).apply(table)
            rest["now"] = later
        elif step == "calendar":
            change = data.draw(changes_of(asked))
            table = delta_of_change(calendars, change, within=within, **rest).apply(table)
            calendars, rest["policy"] = changed_calendars(calendars, change), changed_policy(rest["policy"], change)
        else:
            added, removed = data.draw(booking_changes(asked))
            busy: BookingTable = rest["busy"]
            there = set(busy.booking.tolist())
            removed = [booking for booking in removed if booking.id in there]
            gone = {booking.id for booking in removed}
            added = [booking for booking in added if booking.id in gone or booking.id not in there]
            delta = delta_of_bookings(calendars, added=added, removed=removed, within=within, **rest)
            table, rest["busy"] = delta.apply(table), busy.without(gone).with_bookings(added)
            # What was moved once does not stand any more as the case has it.
            asked = attrs.evolve(asked, case=asked.case | {"bookings": []})
    same(table, find_slots(calendars, within=within, **rest), exact=False)


@given(asked=asked_questions())
def test_nothing_happens(asked: Asked) -> None:
    q = asked.question
    table = find_slots(q.calendars, within=asked.within, **q.asked)
    for delta in (
        delta_of_bookings(q.calendars, within=asked.within, **q.asked),
        delta_of_change(q.calendars, (), within=asked.within, **q.asked),
        delta_of_time(q.calendars, within=asked.within, later=q.now, **q.asked),
    ):
        assert len(delta) == 0
        same(delta.apply(table), table, exact=False)
