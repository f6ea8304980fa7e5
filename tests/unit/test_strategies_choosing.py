"""Who should, by example: what each strategy looks at, what it refuses, and how fairly it shares."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from petpro_core.availability import Calendar
from petpro_core.bookings import BookingStatus, BookingTable
from petpro_core.decisions import find_slots
from petpro_core.errors import InvalidIntervalError, InvalidValueError, OutOfRangeError
from petpro_core.intervals import ALWAYS, LAST_US, Interval, IntervalSet, to_us
from petpro_core.matching.resources import Resource, ResourceTable
from petpro_core.matching.strategies import (
    NOT_YET,
    CandidateRanking,
    Candidates,
    Choice,
    ChoiceRecord,
    Criterion,
    Familiarity,
    LoadTable,
    Strategy,
    choose,
    rank_candidates,
)
from petpro_core.matching.workload import jain_index, share_error
from petpro_core.schedules import Schedule, WeeklyHours
from petpro_core.slots import SlotRules
from petpro_core.testing.strategies.loads import candidate_rankings, choices, criteria, one_criterion

MINUTE = 60_000_000
HOUR = 60 * MINUTE
NOW = datetime(2026, 11, 20, tzinfo=UTC)
DAY = Interval(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC))


def people(*handles: int, start: int = 0, minutes: int = 30) -> Candidates:
    size = len(handles)
    return Candidates.from_columns(resource=handles, start=[start] * size, end=[start + minutes * MINUTE] * size)


def at(hour: int, minute: int = 0, *, day: int = 23) -> int:
    return to_us(datetime(2026, 11, day, hour, minute, tzinfo=UTC))


# --- what each strategy looks at --------------------------------------------------------------------------------------


def test_soonest_takes_the_first_start() -> None:
    given = Candidates.from_columns(resource=[7, 8], start=[at(10), at(9)], end=[at(11), at(10)])
    assert choose(given, strategies="soonest") == Choice(
        1,
        (8,),
        datetime(2026, 11, 23, 9, tzinfo=UTC),
        datetime(2026, 11, 23, 10, tzinfo=UTC),
        (at(9),),
        "soonest",
    )


def test_fewest_minutes_weighs_them() -> None:
    loads = LoadTable.from_columns([7, 8], weight=[100, 50], booked_us=[3 * HOUR, 2 * HOUR])
    ranking = rank_candidates(people(7, 8), loads=loads)
    # Two hours of half a post feel like four.
    assert ranking.scores.tolist() == [[3 * HOUR], [4 * HOUR]]
    assert [(one.resource, one.decided_by) for one in ranking] == [(7, "fewest_minutes"), (8, "only_candidate")]
    assert repr(ranking) == "<CandidateRanking of 2 candidates by fewest_minutes>"
    assert (ranking[-1], len(ranking)) == (ranking[1], 2)


def test_a_tolerance_lets_the_next_strategy_decide() -> None:
    loads = LoadTable.from_columns([7, 8, 9], booked_us=[0, 30 * MINUTE, 30 * MINUTE + 1])
    near = Strategy.FEWEST_MINUTES.within(timedelta(minutes=30))
    by: list[Any] = [Strategy.PREFERENCE, near, Strategy.CONTINUITY]
    known = Familiarity.from_columns([8, 9], pet_visits=[1, 5])
    told: dict[str, Any] = {"loads": loads, "familiarity": known, "preferred": []}
    assert choose(people(7, 8, 9), strategies=by, **told).resources == (8,)
    assert choose(people(7, 8, 9), strategies=by, **(told | {"preferred": [9]})).decided_by == "preference"
    assert [one.resource for one in rank_candidates(people(7, 8, 9), strategies=by, **told)] == [8, 7, 9]


def test_round_robin_spreads_turns() -> None:
    loads, turns = LoadTable.from_columns([1, 2, 3], weight=[5, 1, 1]), []
    for _ in range(7):
        turns.append(choose(people(1, 2, 3), strategies="round_robin", loads=loads).resource)
        loads = loads.after(turns[-1] or 0, start_us=0, end_us=1)
    assert turns == [1, 1, 2, 1, 3, 1, 1]


def test_least_recent_begins_with_who_has_had_nothing() -> None:
    loads = LoadTable.from_columns([7, 8, 9], last_us=[at(9), NOT_YET, at(8)])
    assert [one.resource for one in rank_candidates(people(7, 8, 9), strategies="least_recent", loads=loads)] == [
        8,
        9,
        7,
    ]


def test_priority_is_an_order_or_numbers() -> None:
    def ranked(priority: Any) -> list[int | None]:
        return [one.resource for one in rank_candidates(people(7, 8, 9), strategies="priority", priority=priority)]

    assert ranked([9, 7]) == [9, 7, 8]
    assert ranked({8: -1, 9: 3}) == [8, 9, 7]
    assert ranked([]) == [7, 8, 9]


def test_continuity_is_the_pet_and_then_its_client() -> None:
    known = Familiarity.from_columns([7, 8, 9], pet_visits=[1, 1, 0], client_visits=[1, 2, 40])
    ranking = rank_candidates(people(6, 7, 8, 9), strategies="continuity", familiarity=known)
    assert [one.resource for one in ranking] == [8, 7, 9, 6]


def test_preference_also_knows_whom_to_avoid() -> None:
    ranking = rank_candidates(people(6, 7, 8, 9), strategies="preference", preferred=[9, 8], avoided=[6])
    assert [(one.resource, one.scores) for one in ranking] == [(9, (0,)), (8, (1,)), (7, (2,)), (6, (3,))]


def test_least_cost_is_the_callers_own_number() -> None:
    given = Candidates.from_columns(resource=[7, 8], start=[0, 0], end=[1, 1], cost=[3, -2])
    assert choose(given, strategies=Strategy.LEAST_COST).scores == (-2,)


def test_of_several_people_the_most_loaded_counts_and_the_best_known() -> None:
    pairs = Candidates.from_columns(resource=[7, 9, 8, 9, 6, 8], start=[0] * 6, end=[HOUR] * 6, offsets=[0, 2, 4, 6])
    assert repr(pairs) == "<Candidates: 3 of 4 people>"
    loads = LoadTable.from_columns([6, 7, 8, 9], booked_us=[0, 1, 5, 2])
    assert [one.resources for one in rank_candidates(pairs, loads=loads)] == [(7, 9), (6, 8), (8, 9)]
    known = Familiarity.from_columns([8], pet_visits=[1])
    assert choose(pairs, strategies="continuity", familiarity=known).resources == (6, 8)
    assert choose(pairs, strategies="preference", preferred=[7, 8], avoided=[9]).resources == (6, 8)
    assert choose(pairs, strategies="soonest").decided_by == "resource"


# --- ties, nobody, records --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resource", "start", "end", "decided_by"),
    [
        ([7, 7], [1, 0], [9, 9], "start"),
        ([8, 7], [0, 0], [9, 9], "resource"),
        ([7, 7], [0, 0], [9, 8], "end"),
        ([7, 7], [0, 0], [9, 9], "place"),
        ([7], [0], [9], "only_candidate"),
    ],
)
def test_what_decides_among_equals(resource: list[int], start: list[int], end: list[int], decided_by: str) -> None:
    given = Candidates.from_columns(resource=resource, start=start, end=end)
    told: dict[str, Any] = {"strategies": "priority", "priority": {}}
    assert choose(given, **told).decided_by == rank_candidates(given, **told)[0].decided_by == decided_by


def test_nobody_is_an_answer() -> None:
    nobody, loads = people(), LoadTable.from_columns([7])
    for strategy in Strategy:
        told: dict[str, Any] = {"loads": loads, "priority": [], "familiarity": Familiarity.from_columns([])}
        choice = choose(nobody, strategies=strategy, **told)
        assert (choice.place, choice.resource, choice.start, choice.decided_by) == (None, None, None, "no_candidates")
        assert list(rank_candidates(nobody, strategies=strategy, **told)) == []
    near = Strategy.SOONEST.within(timedelta(minutes=1))
    assert list(rank_candidates(nobody, strategies=near)) == []
    record = ChoiceRecord.of(nobody, strategies="soonest")
    assert record.replay() == record.choice
    assert ChoiceRecord.from_plain(record.to_plain()) == record


def test_a_record_reads_what_is_given_once() -> None:
    record = ChoiceRecord.of(people(7, 8), strategies=iter(["preference"]), avoided=iter([7]))
    assert (record.choice.resource, record.replay() == record.choice) == (8, True)


def test_a_changed_record_does_not_replay() -> None:
    record = ChoiceRecord.of(people(7, 8), loads=LoadTable.from_columns([7, 8], booked_us=[1, 0]))
    assert (record.choice.resource, record.scores) == (8, ((1,), (0,)))
    loads = dict(record.inputs["loads"]) | {"booked_us": [0, 1]}
    changed = attrs.evolve(record, inputs=dict(record.inputs) | {"loads": loads})
    assert changed.replay() != changed.choice
    with pytest.raises(InvalidValueError, match="inputs, scores and choice"):
        ChoiceRecord.from_plain({"inputs": {}})


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (lambda: choose(people(7)), "loads"),
        (lambda: choose(people(7), loads=LoadTable.from_columns([8])), "loads"),
        (lambda: choose(people(7), loads=LoadTable.from_columns([])), "loads"),
        (lambda: choose(people(7), strategies="priority"), "priority"),
        (lambda: choose(people(7), strategies="continuity"), "familiarity"),
        (lambda: choose(people(7), strategies=[]), "strategies"),
        (lambda: choose(people(7), strategies=["soonest", "soonest"]), "strategies"),
        (lambda: choose(people(7), strategies="fastest"), "strategy"),
        (lambda: choose(people(7), strategies="preference", preferred=[7], avoided=[7]), "avoided"),
        (lambda: choose(people(7), strategies="priority", priority=[7, 7]), "priority"),
        (lambda: choose(people(7), strategies="priority", priority={7: 10**7}), "priority"),
        (lambda: choose([7], strategies="soonest"), "candidates"),  # type: ignore[arg-type]  # what is tested
        (lambda: Strategy.SOONEST.within(5), "the tolerance of soonest"),
        (lambda: Strategy.ROUND_ROBIN.within(timedelta(1)), "the tolerance of round_robin"),
        (lambda: Strategy.PRIORITY.within(-1), "the tolerance of priority"),
        (lambda: LoadTable.from_columns([7, 7]), "resources"),
        (lambda: LoadTable.from_columns([-1]), "resources"),
        (lambda: LoadTable.from_columns([7], weight=[0]), "weights"),
        (lambda: LoadTable.from_columns([7], weight=[-5]), "weights"),
        (lambda: LoadTable.from_columns([7], weight=[1, 1]), "weights"),
        (lambda: LoadTable.from_columns([7], booked_us=[-1]), "booked_us"),
        (lambda: LoadTable.from_columns([7], visits=[1, 2]), "visits"),
        (lambda: LoadTable.from_columns([7], last_us=[LAST_US + 1]), "last_us"),
        (lambda: Familiarity.from_columns([7], pet_visits=[-1]), "pet_visits"),
        (lambda: Candidates.from_columns(resource=[-1], start=[0], end=[1]), "resource"),
        (lambda: Candidates.from_columns(resource=[1], start=[0, 1], end=[1]), "resource"),
        (lambda: Candidates.from_columns(resource=[[1]], start=[[0]], end=[[1]]), "resource"),
        (lambda: Candidates.from_columns(resource=[1], start=[0], end=[1], offsets=[0, 0, 1]), "offsets"),
        (lambda: Candidates.from_columns(resource=[1], start=[0], end=[1], offsets=[0]), "offsets"),
        (lambda: Candidates.from_columns(resource=[1], start=[0], end=[1], cost=[2**62 + 1]), "cost"),
        (lambda: Candidates.from_columns(resource=[1], start=[0], end=[1], cost=[1, 2]), "cost"),
    ],
)
def test_what_cannot_be_is_refused(build: Any, name: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        build()
    assert caught.value.name == name


def test_a_candidate_ends_after_it_starts_and_in_time() -> None:
    for start, end in ((5, 5), (LAST_US, LAST_US + 1)):
        with pytest.raises(InvalidIntervalError):
            Candidates.from_columns(resource=[1], start=[start], end=[end])


def test_numbers_that_would_leave_int64_are_refused() -> None:
    far = LoadTable.from_columns([7, 8], weight=[1, 10**6], booked_us=[2**53, 0])
    with pytest.raises(OutOfRangeError, match="booked time times"):
        choose(people(7), loads=far)
    crowd = range(50_000)
    many = LoadTable.from_columns(crowd, weight=[10**6] * 50_000, visits=[10**7] * 50_000)
    with pytest.raises(OutOfRangeError, match="visits times"):
        choose(people(7), strategies="round_robin", loads=many)
    with pytest.raises(InvalidValueError, match="ends after it starts"):
        far.after(7, start_us=5, end_us=5)
    with pytest.raises(InvalidValueError, match="somebody in the table"):
        far.after(9, start_us=5, end_us=6)


# --- loads and familiarity from bookings ------------------------------------------------------------------------------


def booked(**more: Any) -> BookingTable:
    columns: dict[str, Any] = {
        "resource": [7, 7, 7, 8, 9],
        "start": [at(9), at(9), at(11), at(23, 30), at(9, day=22)],
        "end": [at(10), at(10), at(12), at(1, day=24), at(10, day=22)],
        "known": ALWAYS,
    }
    return BookingTable.from_columns(**(columns | more))


def test_loads_count_what_starts_inside() -> None:
    loads = LoadTable.of(booked(), resources=[9, 8, 7, 6], within=DAY, now=NOW, weight=[1, 2, 3, 4])
    assert (loads.minutes.tolist(), loads.visits.tolist()) == ([0, 90, 180, 0], [0, 1, 3, 0])
    assert loads.last_us.tolist() == [NOT_YET, at(23, 30), at(11), NOT_YET]
    assert (len(loads), repr(loads)) == (4, "<LoadTable of 4 people, 270 minutes>")
    assert loads.weight.tolist() == [1, 2, 3, 4]


def test_a_table_of_resources_brings_its_weights() -> None:
    team = ResourceTable.of([Resource(7, "provider", weight=3), Resource(8, "provider")])
    assert LoadTable.of(booked(), resources=team, within=DAY, now=NOW).weight.tolist() == [3, 1]
    assert LoadTable.of(booked(), resources=team, within=DAY, now=NOW, weight=[1, 1]).weight.tolist() == [1, 1]


def test_a_session_counts_once() -> None:
    table = booked(service=[3, 3, 3, 3, 3], seats=[6, 6, 6, 0, 0])
    loads = LoadTable.of(table, resources=[7], within=DAY, now=NOW)
    assert (loads.minutes.tolist(), loads.visits.tolist()) == ([120], [2])


@pytest.mark.parametrize(
    ("status", "more", "counts"),
    [
        ("confirmed", {}, True),
        ("completed", {}, True),
        ("pending", {}, True),
        ("cancelled", {}, False),
        ("no_show", {}, False),
        ("no_show", {"statuses": list(BookingStatus)}, True),
        ("pending", {"statuses": [BookingStatus.COMPLETED]}, False),
    ],
)
def test_what_counts_as_work(status: str, more: dict[str, Any], counts: bool) -> None:
    number = BookingStatus(status).number
    table = BookingTable.from_columns(resource=[7], start=[at(9)], end=[at(10)], status=[number], known=ALWAYS)
    loads = LoadTable.of(table, resources=[7], within=DAY, now=NOW, **more)
    assert loads.visits.tolist() == [int(counts)]


def test_a_hold_counts_while_it_holds_and_a_feed_never() -> None:
    held = BookingTable.from_columns(
        resource=[7, 7],
        start=[at(9), at(10)],
        end=[at(10), at(11)],
        status=[BookingStatus.HELD.number] * 2,
        held_until=[to_us(NOW), to_us(NOW) + 1],
        known=ALWAYS,
    ).with_feed(7, IntervalSet.from_us([at(14)], [at(15)]), known=IntervalSet.of(ALWAYS))
    assert LoadTable.of(held, resources=[7], within=DAY, now=NOW).visits.tolist() == [1]


def test_what_is_not_known_is_not_counted_as_nothing() -> None:
    for known in (Interval(DAY.start, DAY.end - timedelta(hours=1)), Interval(DAY.end, DAY.end + timedelta(days=1))):
        with pytest.raises(InvalidValueError, match="where all bookings are known"):
            LoadTable.of(BookingTable.empty(known=known), resources=[7], within=DAY, now=NOW)
    with pytest.raises(InvalidValueError, match="where all bookings are known"):
        LoadTable.of(BookingTable.empty(known=IntervalSet.empty()), resources=[7], within=DAY, now=NOW)
    assert len(LoadTable.of(BookingTable.empty(known=DAY), resources=[7], within=DAY, now=NOW)) == 1


def test_more_work_than_anybody_can_have_is_refused() -> None:
    long = [ALWAYS.start_us] * 2, [ALWAYS.end_us] * 2
    table = BookingTable.from_columns(resource=[7, 7], start=long[0], end=long[1], known=ALWAYS)
    with pytest.raises(OutOfRangeError, match="285 years"):
        LoadTable.of(table, resources=[7], within=ALWAYS, now=NOW)


def test_familiarity_looks_back_and_not_ahead() -> None:
    table = BookingTable.from_columns(
        resource=[7, 7, 8, 8, 9],
        start=[at(9, day=1), at(9, day=2), at(9, day=3), at(9), at(9, day=4)],
        end=[at(10, day=1), at(10, day=2), at(10, day=3), at(10), at(10, day=4)],
        pet=[40, 41, 40, 40, 99],
        client=[3, 3, 3, 3, 98],
        known=ALWAYS,
    )
    known = Familiarity.of(table, pet=40, client=3, now=NOW)
    assert known.to_plain() == {"resource": [7, 8], "pet_visits": [1, 1], "client_visits": [2, 1]}
    assert (len(known), repr(known)) == (2, "<Familiarity of 2 people with 2 visits of the pet>")
    recent = Familiarity.of(table, pet=40, now=NOW, look_back=timedelta(days=17, hours=15))
    assert recent.resource.tolist() == [8]
    assert len(Familiarity.of(table, now=NOW)) == 0
    with pytest.raises(InvalidValueError):
        Familiarity.of(table, pet=-4, now=NOW)
    with pytest.raises(InvalidValueError):
        Familiarity.of(table, pet=40, now=NOW, look_back=timedelta(0))


def test_candidates_come_out_of_a_search() -> None:
    monday = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-10:00"]})))
    found = find_slots(
        [monday, monday],
        busy=BookingTable.empty(known=ALWAYS),
        rules=SlotRules(timedelta(minutes=30), step=timedelta(minutes=30)),
        within=DAY,
        now=NOW,
    )
    given = Candidates.of(found, cost=[4, 3, 2, 1])
    assert (given.resource.tolist(), given.start.tolist()) == ([0, 0, 1, 1], [at(9), at(9, 30)] * 2)
    assert choose(given, strategies=["soonest", "least_cost"]).resource == 1


# --- types ------------------------------------------------------------------------------------------------------------


@given(by=criteria(), one=one_criterion())
def test_criteria_are_drawn(by: list[Criterion], one: Criterion) -> None:
    assert len({criterion.strategy for criterion in by}) == len(by)
    assert one.amount >= 0


@given(choice=choices(), ranking=candidate_rankings(), data=st.data())
def test_choices_and_rankings_are_drawn(choice: Choice, ranking: CandidateRanking, data: st.DataObject) -> None:
    assert choice.decided_by
    if len(ranking):
        assert data.draw(st.sampled_from(list(ranking))).place is not None


# --- the comparison of queueing theory and practice -------------------------------------------------------------------


WEIGHTS = np.array([5, 5, 3, 2, 1])


def shared_out(strategy: str, seed: int, visits: int = 3_000) -> tuple[float, float]:
    """Give visits of 10 to 40 minutes to whoever is free (75 % of the time each); the share error and Jain's index."""
    generator = np.random.default_rng(seed)  # noqa: TID251 - a seed of the test's
    loads = LoadTable.from_columns(range(5), weight=WEIGHTS)
    for number in range(visits):
        free = np.flatnonzero(generator.random(5) < 0.75)
        if not len(free):
            free = generator.integers(5, size=1)
        start, length = number * 10 * MINUTE, int(generator.choice([10, 20, 30, 40])) * MINUTE
        given = Candidates.from_columns(
            resource=free, start=np.full(len(free), start), end=np.full(len(free), start + length)
        )
        who = choose(given, strategies=strategy, loads=loads).resource
        assert who is not None
        loads = loads.after(who, start_us=start, end_us=start + length)
    return share_error(loads.booked_us, WEIGHTS), jain_index(loads.booked_us, WEIGHTS)


@pytest.mark.parametrize("seed", range(3))
def test_the_default_shares_within_a_hundredth(seed: int) -> None:
    error, jain = shared_out("fewest_minutes", seed)
    assert error < 0.003  # the bar is 0.01
    assert jain > 0.999


def test_turns_share_visits_and_least_recent_does_not_share() -> None:
    error, jain = shared_out("round_robin", 0)
    assert error < 0.02
    assert jain > 0.998
    error, jain = shared_out("least_recent", 0)
    assert 0.12 < error < 0.16
    assert jain < 0.75
