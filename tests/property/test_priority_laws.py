"""The order of a queue: what the oracle says pair by pair, and the laws that a person in the queue relies on.

The last test asks the kernels that ``rank`` stands on about many random queues at once: one hundred times as many as a
law has examples, which is a million for each discipline in the nightly run.
"""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any, Final

import attrs
import hypothesis.strategies as st
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings

from petpro_core.intervals import from_us, to_us
from petpro_core.priority import (
    Discipline,
    MoveOutcome,
    PriorityPolicy,
    QueueEntry,
    QueueState,
    RankCode,
    Ranking,
    Retriage,
    StageChange,
    UrgencyLevel,
    find_alerts,
    order_keys,
    overtaking_bound,
    queued_us,
    rank,
)
from petpro_core.priority._keys import sort_queue
from petpro_core.testing import queue_order
from petpro_core.testing.strategies import queues

Case = dict[str, Any]

QUEUES: Final = 100 * settings().max_examples
BATCH: Final = 5_000
ENTRIES: Final = 8
TICK: Final = timedelta(microseconds=1)
WAITING: Final = QueueState.WAITING


def ranked(case: Case, **changes: Any) -> Ranking:
    entries, asked = queues.build_queue(case)
    return rank(changes.pop("entries", entries), **(asked | changes))


def plain_of(case: Case) -> dict[int, Case]:
    return {entry["id"]: entry for entry in case["entries"]}


# --- the oracle -----------------------------------------------------------------------------------------------------


@given(queues.plain_queues())
def test_the_order_is_what_the_oracle_says(case: Case) -> None:
    found = ranked(case)
    assert found.ids.tolist() == queue_order.order(case)
    assert [str(one.outcome) for one in found.overrides] == queue_order.outcomes(case)
    waiting = [entry["id"] for entry in case["entries"] if entry["state"] == "waiting"]
    assert sorted(found.ids.tolist()) == sorted(waiting)
    for one in found:
        plain = plain_of(case)[one.entry.id]
        assert to_us(one.queued) == queue_order.queued(case["policy"], plain)
        assert one.tier == queue_order.tier(case["policy"], plain)
        assert found.position(one.entry.id) == one.position


@given(queues.plain_queues())
def test_a_ranking_says_until_when_its_order_holds(case: Case) -> None:
    found = ranked(case)
    change = queue_order.next_change(case, case["now"] + 60)
    if change is not None:
        assert found.valid_until == from_us(change)
    else:
        assert found.valid_until is None or to_us(found.valid_until) >= case["now"] + 60
    if found.policy.is_static:
        assert found.valid_until is None
    if found.valid_until is not None:
        before = ranked(case, now=found.valid_until - TICK, moves=())
        after = ranked(case, now=found.valid_until, moves=())
        assert before.ids.tolist() == ranked(case, moves=()).ids.tolist()
        everybody = [attrs.evolve(entry, state=WAITING) for entry in found.entries]
        assert (
            ranked(case, entries=everybody, now=found.valid_until, moves=()).ids.tolist()
            != ranked(case, entries=everybody, moves=()).ids.tolist()
        )
        assert sorted(after.ids.tolist()) == sorted(before.ids.tolist())


# --- the same answer for the same question --------------------------------------------------------------------------


@given(queues.plain_queues(), st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_how_entries_are_listed(case: Case, dice: Any) -> None:
    entries, asked = queues.build_queue(case)
    mixed = list(entries)
    dice.shuffle(mixed)
    found, again = rank(entries, **asked), rank(iter(mixed), **asked)
    assert found.ids.tolist() == again.ids.tolist()
    assert list(found) == list(again)
    assert found.overrides == again.overrides
    assert found.valid_until == again.valid_until


@given(queues.plain_queues(), st.integers(-(10**15), 10**15))
def test_the_order_does_not_depend_on_the_clock(case: Case, shift: int) -> None:
    moved = case | {"now": case["now"] + shift}
    moved["entries"] = [
        entry | {key: entry[key] + shift for key in ("arrival", "appointment") if key in entry}
        for entry in case["entries"]
    ]
    found, again = ranked(case), ranked(moved)
    assert found.ids.tolist() == again.ids.tolist()
    assert [one.reasons for one in found] == [one.reasons for one in again]


# --- what somebody in the queue relies on ---------------------------------------------------------------------------


@given(queues.plain_queues())
def test_nobody_is_overtaken_beyond_the_bound(case: Case) -> None:
    found, policy = ranked(case, moves=()), case["policy"]
    who = plain_of(case)
    for ahead, behind in itertools.combinations(found.ids.tolist(), 2):
        one, other = who[ahead], who[behind]
        later = queue_order.queued(policy, one) - queue_order.queued(policy, other)
        if later > 0:
            assert queue_order.may_overtake(policy, one, other, case["now"])
            bound = overtaking_bound(
                found.policy,
                other["urgency"],
                by=one["urgency"],
                wait=max(case["now"] - queue_order.queued(policy, other), 0) * TICK,
            )
            assert bound is None or later * TICK < bound
        if one["urgency"] == other["urgency"]:
            assert (later, ahead - behind) <= (0, 0) or later < 0


@given(queues.plain_policies(), st.data(), st.integers(0, 40), st.integers(1, 40))
def test_the_bound_is_the_least_that_holds(policy: Case, data: st.DataObject, wait: int, later: int) -> None:
    levels = [level["code"] for level in policy["levels"]]
    mine, yours = data.draw(st.sampled_from(levels)), data.draw(st.sampled_from(levels))
    one, other = {"id": 1, "arrival": later, "urgency": mine}, {"id": 0, "arrival": 0, "urgency": yours}
    made = queues.build_policy(policy)
    bound = overtaking_bound(made, yours, by=mine, wait=wait * TICK)
    within = bound is None or later * TICK < bound
    assert within == queue_order.may_overtake(policy, one, other, wait) or made.discipline is Discipline.STRICT
    entries = [QueueEntry(who["id"], from_us(who["arrival"]), who["urgency"]) for who in (one, other)]
    if wait >= later:
        assert within == (rank(entries, policy=made, now=from_us(wait)).ids.tolist() == [1, 0])


@given(queues.plain_queues(), st.data())
def test_more_urgency_never_moves_anybody_back(case: Case, data: st.DataObject) -> None:
    entries, asked = queues.build_queue(case)
    found = rank(entries, **asked | {"moves": ()})
    raised = [one for one in found if asked["policy"].level_of(one.entry.urgency)]
    if not raised:
        return
    one = data.draw(st.sampled_from(raised))
    level = data.draw(st.integers(0, asked["policy"].level_of(one.entry.urgency) - 1))
    urgent = one.entry.retriage(asked["policy"].levels[level].code, by="Ana", reason="pale", at=from_us(10**9))
    rest = [entry for entry in entries if entry.id != one.entry.id]
    again = rank([*rest, urgent], **asked | {"moves": ()})
    position = again.position(urgent.id)
    assert position is not None
    assert position <= one.position
    assert [n for n in again.ids.tolist() if n != urgent.id] == [n for n in found.ids.tolist() if n != urgent.id]


@given(queues.plain_queues(), st.data())
def test_who_comes_delays_nobody_ahead_and_who_goes_changes_nothing_else(case: Case, data: st.DataObject) -> None:
    entries, asked = queues.build_queue(case)
    whole = rank(entries, **asked | {"moves": ()})
    if not len(whole):
        return
    gone = data.draw(st.sampled_from(whole.ids.tolist()))
    without = rank([entry for entry in entries if entry.id != gone], **asked | {"moves": ()})
    assert without.ids.tolist() == [number for number in whole.ids.tolist() if number != gone]


@given(queues.plain_queues(Discipline.HEAD_START), st.integers(0, 30))
def test_time_alone_changes_no_static_order(case: Case, later: int) -> None:
    found, again = ranked(case), ranked(case, now=from_us(case["now"] + later))
    assert found.ids.tolist() == again.ids.tolist()


# --- people ---------------------------------------------------------------------------------------------------------


@given(queues.plain_queues())
def test_moves_stay_within_tiers_and_are_all_in_the_record(case: Case) -> None:
    found = ranked(case)
    assert found.tier.tolist() == sorted(found.tier.tolist())
    assert [one.move for one in found.overrides] == queues.build_queue(case)[1]["moves"]
    holding = [one for one in found.overrides if one.outcome is MoveOutcome.MOVED]
    last = holding[-1].move if holding else None
    waiting = found.ids.tolist()
    if last is not None and {last.entry, last.anchor} <= set(waiting) and len(waiting) == len(case["entries"]):
        place = waiting.index(last.entry)
        assert waiting[place + (1 if last.before is not None else -1)] == last.anchor


@given(queues.plain_queues())
def test_who_does_not_move_keeps_the_order(case: Case) -> None:
    found, plain = ranked(case), ranked(case, moves=())
    movers = {one.move.entry for one in found.overrides if one.outcome is MoveOutcome.MOVED}
    kept = [[number for number in one.ids.tolist() if number not in movers] for one in (found, plain)]
    assert kept[0] == kept[1]
    for one in found.overrides:
        assert one.move.entry not in one.passed
        assert set(one.passed) <= set(found.ids.tolist())
        assert one.outcome is MoveOutcome.MOVED or one.passed == ()


@given(queues.plain_queues())
def test_every_place_is_explained(case: Case) -> None:
    found = ranked(case)
    plain = ranked(case, moves=()).ids.tolist()
    came = {one.entry.id: (one.queued, one.entry.id) for one in found}
    assert found.base.tolist() == [plain.index(number) for number in found.ids.tolist()]
    for one in found:
        mine = one.entry.id
        ahead = found.ids.tolist()[: one.position - 1]
        by_rule = {ref for why in one.reasons if str(why.code).startswith("overtaken") for ref in why.refs}
        by_hand = {ref for why in one.reasons if why.code is RankCode.PASSED for ref in why.refs}
        ruled = {other for other in ahead if came[other] > came[mine] and plain.index(other) < plain.index(mine)}
        assert by_rule == ruled
        jumped = {other for other in ahead if plain.index(other) > plain.index(mine)}
        moved = {why.refs for why in one.reasons if why.code is RankCode.MOVED}
        assert by_hand <= jumped
        assert by_hand == jumped or moved
        assert all(why.text for why in one.reasons)


# --- alerts and histories -------------------------------------------------------------------------------------------


@given(queues.plain_queues())
def test_an_alert_is_a_wait_as_long_as_the_target(case: Case) -> None:
    found = ranked(case)
    alerts = find_alerts(found, policy=found.policy, now=found.now)
    due = {}
    for entry in case["entries"]:
        level = next(one for one in case["policy"]["levels"] if one["code"] == entry["urgency"])
        if entry["state"] == "waiting":
            began = max(queue_order.queued(case["policy"], entry), entry["arrival"])
            due[entry["id"]] = began + level["target"]
    missed = sorted((at, number) for number, at in due.items() if at <= case["now"])
    assert [(to_us(alert.due), alert.entry.id) for alert in alerts] == missed
    coming = [at for at in due.values() if at > case["now"]]
    assert alerts.valid_until == (from_us(min(coming)) if coming else None)
    assert all(alert.due + alert.overdue == found.now for alert in alerts)


@given(queues.queue_entries())
def test_a_history_tells_how_an_entry_came_to_be_what_it_is(entry: QueueEntry) -> None:
    state, moments = WAITING, [entry.first_arrival]
    for event in entry.history:
        moments.append(event.at)
        if isinstance(event, StageChange):
            assert state is QueueState.SERVED
            state = WAITING
        elif not isinstance(event, Retriage):
            assert event.state in state.may_become
            state = event.state
    assert state is entry.state
    assert moments == sorted(moments)
    assert entry.first_arrival <= entry.arrival <= max(moments)
    judged = [event for event in entry.history if isinstance(event, Retriage)]
    assert [event.was for event in judged[1:]] == [event.urgency for event in judged[:-1]]
    if judged:
        assert judged[-1].urgency == entry.urgency


@pytest.mark.parametrize("kind", queues.BY_TYPE, ids=lambda kind: kind.__name__)
def test_every_type_is_drawn(kind: type) -> None:
    @given(queues.BY_TYPE[kind]())
    @settings(max_examples=20)
    def drawn(value: object) -> None:
        assert isinstance(value, kind)
        assert repr(value)

    drawn()


@given(queues.priority_policies().flatmap(lambda policy: st.tuples(st.just(policy), queues.queues(policy))))
def test_queues_are_drawn_for_a_policy(drawn: tuple[PriorityPolicy, list[QueueEntry]]) -> None:
    policy, entries = drawn
    now = max((entry.arrival for entry in entries), default=from_us(0))
    assert isinstance(now, datetime)
    assert len(rank(entries, policy=policy, now=now)) == sum(entry.state is WAITING for entry in entries)


# --- many queues at once --------------------------------------------------------------------------------------------

Column = npt.NDArray[np.int64]


class Batch:
    """Random queues of one policy, as columns, and the numbers of the policy as they were drawn."""

    def __init__(self, dice: Any, discipline: Discipline, size: int) -> None:
        levels = int(dice.integers(1, 6))
        unit = int(dice.choice([1, 60_000_000]))
        self.discipline, self.levels = discipline, levels
        self.tier = np.sort(dice.integers(0, 3, levels))
        self.head = np.sort(dice.choice([0, 1, 5, 15, 60, 105], levels))[::-1] * unit
        self.rate = np.sort(dice.choice([1, 2, 3, 8, 1_000, 10_000], levels))[::-1]
        self.policy = PriorityPolicy(
            [
                UrgencyLevel(str(at), tier=int(tier), head_start=int(head) * TICK, rate=int(rate))
                for at, (tier, head, rate) in enumerate(zip(self.tier, self.head, self.rate, strict=True))
            ],
            discipline=discipline,
            late_grace=int(dice.choice([0, 5])) * unit * TICK,
        )
        shape = (size, ENTRIES)
        spread = int(dice.choice([4, 30, 500]))
        arrival = dice.integers(0, spread, shape) * unit
        booked = np.where(dice.random(shape) < 0.2, dice.integers(0, spread, shape) * unit, np.iinfo(np.int64).min)
        self.ids = dice.permuted(np.tile(np.arange(ENTRIES), (size, 1)), axis=1)
        self.level = dice.integers(0, levels, shape)
        self.arrival = queued_us(self.policy, arrival, booked)
        self.now = dice.integers(0, 2 * spread, (size, 1)) * unit

    def order(
        self, *, ids: Column | None = None, level: Column | None = None, arrival: Column | None = None, shift: int = 0
    ) -> Column:
        """The numbers of each queue in order, or of the same queues with other columns."""
        ids, level = self.ids if ids is None else ids, self.level if level is None else level
        came = self.arrival + shift if arrival is None else arrival
        tier, key = order_keys(self.policy, level, came, self.now + shift)
        return np.take_along_axis(ids, sort_queue(tier, np.broadcast_to(key, ids.shape), came, ids), axis=1)

    def beyond_the_bound(self, order: Column) -> int:
        """How many stand before somebody who came earlier and whom no rule lets them overtake."""
        by_id = np.argsort(self.ids, axis=1)
        places = np.take_along_axis(by_id, order, axis=1)
        came, level = (np.take_along_axis(column, places, axis=1) for column in (self.arrival, self.level))
        tier, head, rate = self.tier[level], self.head[level], self.rate[level]
        wrong = 0
        for ahead, behind in itertools.combinations(range(ENTRIES), 2):
            later = came[:, ahead] - came[:, behind]
            if self.discipline is Discipline.HEAD_START:
                may = later < head[:, ahead] - head[:, behind]
            elif self.discipline is Discipline.ACCUMULATING:
                faster = rate[:, ahead] - rate[:, behind]
                may = later * rate[:, ahead] < (self.now[:, 0] - came[:, behind]) * faster
            elif self.discipline is Discipline.STRICT:
                may = level[:, ahead] < level[:, behind]
            else:
                may = np.zeros(len(came), np.bool_)
            may = np.where(tier[:, ahead] == tier[:, behind], may, tier[:, ahead] < tier[:, behind])
            before = (later < 0) | ((later == 0) & (order[:, ahead] < order[:, behind]))
            alike = level[:, ahead] == level[:, behind]
            allowed = tier[:, ahead] <= tier[:, behind]
            wrong += count(~(allowed & np.where(alike, before, may | (later <= 0))))
        return wrong


def count(wrong: npt.NDArray[np.bool_]) -> int:
    """How many are true."""
    return int(np.count_nonzero(wrong))


def without(order: Column, number: int) -> Column:
    """The numbers of each queue in order, without one of them."""
    return order[order != number].reshape(len(order), -1)


@pytest.mark.parametrize("discipline", Discipline)
def test_laws_hold_in_many_queues(discipline: Discipline) -> None:
    dice = np.random.default_rng(20260302)  # noqa: TID251 (the seed is fixed)
    left, broken = QUEUES, dict.fromkeys(["bound", "listed", "clock", "urgency", "others", "comes"], 0)
    while left:
        size = min(left, BATCH)
        left -= size
        batch = Batch(dice, discipline, size)
        order = batch.order()
        broken["bound"] += batch.beyond_the_bound(order)
        mix = dice.permuted(np.tile(np.arange(ENTRIES), (size, 1)), axis=1)
        ids, level, arrival = (
            np.take_along_axis(column, mix, axis=1) for column in (batch.ids, batch.level, batch.arrival)
        )
        broken["listed"] += count(batch.order(ids=ids, level=level, arrival=arrival) != order)
        broken["clock"] += count(batch.order(shift=int(dice.integers(-(10**14), 10**14))) != order)
        # Number 0 is judged to be more urgent: it does not move back, and nobody else changes places.
        first = batch.ids == 0
        urgent = batch.order(level=np.where(first, dice.integers(0, batch.level + 1), batch.level))
        broken["urgency"] += count((urgent == 0).argmax(axis=1) > (order == 0).argmax(axis=1))
        broken["others"] += count(without(urgent, 0) != without(order, 0))
        # Without number 0 the others stand as they do with it: who comes only puts back those behind.
        shape = (size, ENTRIES - 1)
        rest = [column[~first].reshape(shape) for column in (batch.ids, batch.level, batch.arrival)]
        fewer = batch.order(ids=rest[0], level=rest[1], arrival=rest[2])
        broken["comes"] += count(fewer != without(order, 0))
    assert broken == dict.fromkeys(broken, 0)
