"""The order of a queue with its reasons, moves by hand, alerts, and until when an answer holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import numpy as np
import pytest

from petpro_core.errors import InvalidValueError, NaiveDatetimeError, OutOfRangeError
from petpro_core.intervals import Interval, to_us
from petpro_core.priority import (
    VETERINARY_TRIAGE,
    Alerts,
    Discipline,
    Move,
    MoveOutcome,
    PriorityPolicy,
    QueueEntry,
    QueueState,
    RankCode,
    Ranking,
    UrgencyLevel,
    find_alerts,
    rank,
)
from petpro_core.testing import queue_order


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def move(entry: int, **where: Any) -> Move:
    return Move(entry, **where, by="Ana", reason="in pain")


def ids(entries: list[QueueEntry], policy: PriorityPolicy = VETERINARY_TRIAGE, **asked: Any) -> list[int]:
    numbers: list[int] = rank(entries, policy=policy, **({"now": at(12)} | asked)).ids.tolist()
    return numbers


def codes(ranking: Ranking, place: int) -> list[str]:
    return [str(reason.code) for reason in ranking[place].reasons]


def texts(ranking: Ranking, place: int) -> list[str]:
    return [reason.text for reason in ranking[place].reasons]


QUEUE = [
    QueueEntry(1, at(9), "green"),
    QueueEntry(2, at(9, 5), "green"),
    QueueEntry(3, at(10, 49), "orange"),
    QueueEntry(4, at(11, 30), "red"),
]
RATES = PriorityPolicy([UrgencyLevel("four", rate=4), UrgencyLevel("one", rate=1)], discipline="accumulating")


class TestOrder:
    def test_of_each_discipline(self) -> None:
        found = {one: ids(QUEUE, attrs.evolve(VETERINARY_TRIAGE, discipline=one)) for one in Discipline}
        assert found == {
            Discipline.HEAD_START: [4, 1, 3, 2],
            Discipline.ACCUMULATING: [4, 3, 1, 2],
            Discipline.STRICT: [4, 3, 1, 2],
            Discipline.FIFO: [4, 1, 2, 3],
        }

    def test_ties_go_by_arrival_and_then_by_number(self) -> None:
        orange, green = QueueEntry(1, at(10, 45), "orange"), QueueEntry(2, at(9), "green")
        assert ids([orange, green]) == [2, 1]
        same = [QueueEntry(number, at(9), "green") for number in (8, 3, 5)]
        assert ids(same) == [3, 5, 8]

    def test_columns_and_objects_say_the_same(self) -> None:
        found = rank(QUEUE, policy=VETERINARY_TRIAGE, now=at(12))
        assert len(found) == 4
        assert [one.entry.id for one in found] == found.ids.tolist()
        assert [found.entries[place].id for place in found.order.tolist()] == found.ids.tolist()
        assert [one.score for one in found] == found.key.tolist()
        assert [one.tier for one in found] == found.tier.tolist() == [0, 1, 1, 1]
        assert [to_us(one.queued) for one in found] == found.queued_us.tolist()
        assert found.base.tolist() == [0, 1, 2, 3]
        assert found[-1] == list(found)[3]
        assert (found.position(3), found.position(99)) == (3, None)
        assert not found.order.flags.writeable
        assert repr(found) == "<Ranking of 4 waiting, next 4>"
        with pytest.raises(IndexError):
            found[4]

    def test_an_empty_queue_has_an_order_too(self) -> None:
        for discipline in Discipline:
            found = rank([], policy=attrs.evolve(VETERINARY_TRIAGE, discipline=discipline), now=at(9))
            assert (len(found), list(found), found.valid_until, found.overrides) == (0, [], None, ())
            assert found.ids.dtype == found.order.dtype == np.int64
            assert repr(found) == "<Ranking of 0 waiting>"

    def test_only_those_who_wait_have_a_place(self) -> None:
        entries = [QueueEntry(number, at(9), "green", state=state) for number, state in enumerate(QueueState)]
        assert ids(entries) == [0]
        called = QUEUE[0].become("called", at=at(11, 50))
        assert rank([called, *QUEUE[1:]], policy=VETERINARY_TRIAGE, now=at(12)).base.tolist() == [0, 1, 2]

    def test_one_entry_needs_no_list(self) -> None:
        assert rank(QUEUE[0], policy=VETERINARY_TRIAGE, now=at(12)).ids.tolist() == [1]

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"entries": [QUEUE[0], QUEUE[0]]}, InvalidValueError),
            ({"entries": [QueueEntry(1, at(9), "purple")]}, InvalidValueError),
            ({"entries": [7]}, InvalidValueError),
            ({"policy": "fifo"}, InvalidValueError),
            ({"moves": [7]}, InvalidValueError),
            ({"now": at(9).replace(tzinfo=None)}, NaiveDatetimeError),
            ({"now": datetime(2037, 1, 1, tzinfo=UTC)}, OutOfRangeError),
            ({"now": datetime(2015, 1, 1, tzinfo=UTC)}, OutOfRangeError),
        ],
    )
    def test_refuses_what_is_no_queue(self, changes: dict[str, Any], error: type[Exception]) -> None:
        asked: dict[str, Any] = {"entries": QUEUE, "policy": VETERINARY_TRIAGE, "now": at(12)} | changes
        with pytest.raises(error):
            rank(asked.pop("entries"), **asked)

    def test_says_which_entry_and_which_level_it_refuses(self) -> None:
        with pytest.raises(InvalidValueError) as caught:
            rank([*QUEUE, QUEUE[2]], policy=VETERINARY_TRIAGE, now=at(12))
        assert caught.value.id == 3
        with pytest.raises(InvalidValueError) as caught:
            rank([QueueEntry(1, at(9), "purple")], policy=VETERINARY_TRIAGE, now=at(12))
        assert caught.value.got == "purple"


class TestAppointments:
    POLICY = PriorityPolicy(UrgencyLevel("all"), late_grace=minutes(10))

    @pytest.mark.parametrize(
        ("came", "code", "queued", "text"),
        [
            (at(9, 40), RankCode.EARLY, at(10), "came 20 min before the appointment, whose time counts"),
            (at(10), RankCode.ON_TIME, at(10), "came on time, so the time of the appointment counts"),
            (at(10, 10), RankCode.ON_TIME, at(10), "came on time, so the time of the appointment counts"),
            (at(10, 11), RankCode.LATE, at(10, 11), "came 11 min late, so the arrival counts and not the appointment"),
        ],
    )
    def test_enter_by_a_rule_and_say_which(self, came: datetime, code: RankCode, queued: datetime, text: str) -> None:
        entry = QueueEntry(1, came, "all", appointment=Interval(at(10), at(10, 30)))
        (one,) = rank(entry, policy=self.POLICY, now=at(10, 30))
        assert one.queued == queued
        assert (one.reasons[-1].code, one.reasons[-1].text) == (code, text)

    def test_walk_ins_and_appointments_wait_in_one_queue(self) -> None:
        booked = QueueEntry(1, at(9, 40), "all", appointment=at(10))
        assert ids([booked, QueueEntry(2, at(9, 59), "all"), QueueEntry(3, at(10, 1), "all")], self.POLICY) == [2, 1, 3]

    def test_who_is_early_is_not_late_for_their_place(self) -> None:
        (one,) = rank(QueueEntry(1, at(9, 40), "all", appointment=at(10)), policy=self.POLICY, now=at(9, 45))
        assert one.reasons[0].text == "all: is due in 15 min, with a head start of 0 min"


class TestReasons:
    def test_of_head_start(self) -> None:
        found = rank(QUEUE, policy=VETERINARY_TRIAGE, now=at(12))
        assert texts(found, 0) == ["tier 0, before every other tier", "red: waits 30 min, with a head start of 240 min"]
        assert texts(found, 3) == [
            "tier 1, behind everybody of tier 0",
            "green: waits 175 min, with a head start of 120 min",
            "overtaken by 4, of a tier that goes first",
            "overtaken by 3, who came later with a greater head start",
        ]
        assert [reason.refs for reason in found[3].reasons] == [(), (), (4,), (3,)]

    @pytest.mark.parametrize(
        ("discipline", "rule", "text"),
        [
            ("accumulating", "accumulated", "green: waits 175 min, 350.0 points at 2 a minute"),
            ("strict", "level", "green: waits 175 min, behind every more urgent level"),
            ("fifo", "arrival", "waits 175 min, in the order of arrival"),
        ],
    )
    def test_of_other_disciplines(self, discipline: str, rule: str, text: str) -> None:
        found = rank(QUEUE, policy=attrs.evolve(VETERINARY_TRIAGE, discipline=discipline), now=at(12))
        place = found.ids.tolist().index(2)
        reason = next(one for one in found[place].reasons if one.code == rule)
        assert reason.text == text

    def test_of_strict_name_urgency_and_no_tier(self) -> None:
        found = rank(QUEUE, policy=attrs.evolve(VETERINARY_TRIAGE, discipline="strict"), now=at(12))
        assert codes(found, 2) == ["level", "overtaken_by_urgency"]
        assert texts(found, 2)[1] == "overtaken by 4, 3, who came later, more urgent"

    def test_of_accumulating(self) -> None:
        found = rank([QueueEntry(1, at(9), "one"), QueueEntry(2, at(9, 30), "four")], policy=RATES, now=at(10))
        assert texts(found, 1) == [
            "one: waits 60 min, 60.0 points at 1 a minute",
            "overtaken by 2, who came later and earned more points",
        ]

    def test_a_sentence_names_five_and_counts_the_rest(self) -> None:
        entries = [QueueEntry(99, at(9), "green"), *(QueueEntry(number, at(9, 1), "red") for number in range(8))]
        (*_, last) = rank(entries, policy=VETERINARY_TRIAGE, now=at(10))
        assert last.reasons[-1].text == "overtaken by 0, 1, 2, 3, 4 and 3 more, of a tier that goes first"
        assert last.reasons[-1].refs == tuple(range(8))


class TestMoves:
    @pytest.mark.parametrize(
        ("moves", "order"),
        [
            ([move(2, before=1)], [4, 2, 1, 3]),
            ([move(2, before=3)], [4, 1, 2, 3]),
            ([move(1, after=2)], [4, 3, 2, 1]),
            ([move(1, after=3)], [4, 3, 1, 2]),
            ([move(1, before=2)], [4, 3, 1, 2]),
            ([move(2, after=3)], [4, 1, 3, 2]),
            ([move(2, before=1), move(3, before=2)], [4, 3, 2, 1]),
            ([move(2, before=1), move(2, after=3)], [4, 1, 3, 2]),
        ],
    )
    def test_put_one_beside_another(self, moves: list[Move], order: list[int]) -> None:
        found = rank(QUEUE, policy=VETERINARY_TRIAGE, now=at(12), moves=moves)
        assert found.ids.tolist() == order
        assert {one.outcome for one in found.overrides} == {MoveOutcome.MOVED}
        assert [one.move for one in found.overrides] == moves

    @pytest.mark.parametrize("where", [{"before": 4}, {"after": 4}])
    def test_do_not_cross_tiers(self, where: dict[str, int]) -> None:
        found = rank(QUEUE, policy=VETERINARY_TRIAGE, now=at(12), moves=move(1, **where))
        assert found.ids.tolist() == [4, 1, 3, 2]
        assert [one.outcome for one in found.overrides] == [MoveOutcome.OTHER_TIER]
        assert codes(found, 1) == ["tier", "head_start", "overtaken_by_tier"]

    def test_a_new_triage_crosses_them(self) -> None:
        urgent = QUEUE[0].retriage("red", by="Ana", reason="collapsed", at=at(11))
        assert ids([urgent, *QUEUE[1:]]) == [1, 4, 3, 2]

    def test_strict_levels_are_tiers(self) -> None:
        strict = attrs.evolve(VETERINARY_TRIAGE, discipline="strict")
        found = rank(QUEUE, policy=strict, now=at(12), moves=[move(2, before=1), move(1, before=3)])
        assert found.ids.tolist() == [4, 3, 2, 1]
        assert [str(one.outcome) for one in found.overrides] == ["moved", "other_tier"]

    def test_of_who_is_not_there_are_kept_in_the_record(self) -> None:
        found = rank(QUEUE, policy=VETERINARY_TRIAGE, now=at(12), moves=[move(2, before=99), move(99, after=2)])
        assert found.ids.tolist() == [4, 1, 3, 2]
        assert [one.outcome for one in found.overrides] == [MoveOutcome.GONE, MoveOutcome.GONE]

    def test_hold_when_the_other_one_is_called(self) -> None:
        called = QUEUE[0].become("called", at=at(11, 50))
        assert ids([called, *QUEUE[1:]], moves=move(2, before=1)) == [4, 2, 3]
        assert ids([called, *QUEUE[1:]]) == [4, 3, 2]

    def test_say_who_was_passed_and_why(self) -> None:
        found = rank(QUEUE, policy=VETERINARY_TRIAGE, now=at(12), moves=move(2, before=1))
        assert found.overrides[0].passed == (1, 3)
        assert found.base.tolist() == [0, 3, 1, 2]
        own, passed = found[1].reasons[-1], found[2].reasons[-1]
        assert (own.code, own.text, own.refs, own.by) == (RankCode.MOVED, "moved before 1 by Ana: in pain", (1,), "Ana")
        assert passed.code is RankCode.PASSED
        assert passed.text == "2 was moved before it by Ana: in pain"
        assert (passed.refs, passed.by) == ((2,), "Ana")
        # Of 3, who came after 2 and stood before it, the same is told, and it overtakes 2 no longer.
        assert codes(found, 3)[-1] == "passed"
        assert "overtaken_by_urgency" not in codes(found, 1)

    def test_back_are_told_to_the_one_that_moves(self) -> None:
        found = rank(QUEUE, policy=VETERINARY_TRIAGE, now=at(12), moves=move(1, after=2))
        assert found.overrides[0].passed == (3, 2)
        assert texts(found, 3)[-1] == "moved after 2 by Ana: in pain"
        assert "passed" not in codes(found, 1) + codes(found, 2)

    def test_undone_are_in_the_record_and_blame_nobody(self) -> None:
        found = rank(QUEUE, policy=VETERINARY_TRIAGE, now=at(12), moves=[move(2, before=1), move(2, after=3)])
        assert [one.passed for one in found.overrides] == [(1, 3), (1, 3)]
        assert codes(found, 1) == ["tier", "head_start", "overtaken_by_tier"]
        found = rank(QUEUE, policy=VETERINARY_TRIAGE, now=at(12), moves=[move(1, after=2), move(1, before=3)])
        assert found.ids.tolist() == [4, 1, 3, 2]
        assert codes(found, 2) == ["tier", "head_start", "overtaken_by_tier"]

    def test_of_both_tell_only_the_last(self) -> None:
        there_and_back = [move(2, before=1), move(2, after=1)]
        found = rank(QUEUE, policy=VETERINARY_TRIAGE, now=at(12), moves=[*there_and_back, move(1, after=2)])
        assert found.ids.tolist() == [4, 2, 1, 3]
        assert texts(found, 2)[-1] == "moved after 2 by Ana: in pain"
        assert "passed" not in codes(found, 2)

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"before": 2, "after": 3},
            {"before": 1},
            {"after": 1},
            {"before": -1},
            {"before": 2, "by": ""},
            {"before": 2, "reason": " "},
            {"before": 2, "at": "now"},
        ],
    )
    def test_refuse_what_is_no_move(self, changes: dict[str, Any]) -> None:
        with pytest.raises(InvalidValueError):
            Move(1, **({"by": "Ana", "reason": "in pain"} | changes))

    def test_may_say_when(self) -> None:
        assert move(1, before=2, at=at(9)).at == at(9)
        with pytest.raises(NaiveDatetimeError):
            move(1, before=2, at=at(9).replace(tzinfo=None))


class TestChange:
    def test_points_cross_where_the_formula_says(self) -> None:
        # 1 a minute from 9:00 and 4 a minute from 9:30 are both 40 at 9:40.
        entries = [QueueEntry(1, at(9), "one"), QueueEntry(2, at(9, 30), "four")]
        found = rank(entries, policy=RATES, now=at(9, 35))
        tick = timedelta(microseconds=1)
        assert found.valid_until == at(9, 40) + tick
        assert ids(entries, RATES, now=at(9, 40)) == [1, 2]
        assert ids(entries, RATES, now=at(9, 40) + tick) == [2, 1]
        assert rank(entries, policy=RATES, now=at(9, 41)).valid_until is None

    def test_of_tiers_and_of_equal_rates_never_comes(self) -> None:
        entries = [QueueEntry(1, at(9), "one"), QueueEntry(2, at(9, 30), "four")]
        apart = PriorityPolicy(
            [UrgencyLevel("one"), UrgencyLevel("four", rate=4, tier=1)], discipline=Discipline.ACCUMULATING
        )
        assert rank(entries, policy=apart, now=at(9, 35)).valid_until is None
        alike = [attrs.evolve(entry, urgency="one") for entry in entries]
        assert rank(alike, policy=RATES, now=at(9, 35)).valid_until is None

    def test_beyond_the_end_of_time_never_comes(self) -> None:
        rates = [UrgencyLevel("one", rate=10_000), UrgencyLevel("two", rate=9_999)]
        policy = PriorityPolicy(rates, discipline="accumulating")
        first = datetime(9990, 1, 1, tzinfo=UTC)
        entries = [QueueEntry(1, first, "two"), QueueEntry(2, first + timedelta(days=3_000), "one")]
        assert rank(entries, policy=policy, now=entries[1].arrival).valid_until is None


class TestAlerts:
    def test_are_told_by_who_waits_longest_past_their_target(self) -> None:
        found = find_alerts(QUEUE, policy=VETERINARY_TRIAGE, now=at(11, 30))
        told = [(one.entry.id, one.level.code, one.due, one.overdue) for one in found]
        assert told == [
            (1, "green", at(11), minutes(30)),
            (3, "orange", at(11, 4), minutes(26)),
            (2, "green", at(11, 5), minutes(25)),
            (4, "red", at(11, 30), minutes(0)),
        ]
        assert (len(found), found.valid_until) == (4, None)

    def test_fall_due_at_an_instant_that_is_told_before(self) -> None:
        found = find_alerts(QUEUE, policy=VETERINARY_TRIAGE, now=at(10, 59))
        assert (len(found), found.valid_until) == (0, at(11))

    def test_do_not_change_the_order(self) -> None:
        ranking = rank(QUEUE, policy=VETERINARY_TRIAGE, now=at(13))
        assert len(find_alerts(ranking, policy=VETERINARY_TRIAGE, now=at(13))) == 4
        assert ranking.ids.tolist() == [4, 1, 3, 2]

    def test_yellow_is_alerted_at_the_upper_end_of_its_range(self) -> None:
        entry = QueueEntry(1, at(9), "yellow")
        assert len(find_alerts(entry, policy=VETERINARY_TRIAGE, now=at(9, 59))) == 0
        assert len(find_alerts(entry, policy=VETERINARY_TRIAGE, now=at(10))) == 1

    def test_of_appointments_count_from_their_time_and_from_no_time_before_they_came(self) -> None:
        policy = PriorityPolicy(UrgencyLevel("all", target=minutes(15)), late_grace=minutes(10))
        early = QueueEntry(1, at(9, 30), "all", appointment=at(10))
        late = QueueEntry(2, at(10, 5), "all", appointment=at(10))
        found = find_alerts([early, late], policy=policy, now=at(10, 30))
        assert [(one.entry.id, one.due) for one in found] == [(1, at(10, 15)), (2, at(10, 20))]

    def test_are_only_of_those_who_wait_and_have_a_target(self) -> None:
        parked = QueueEntry(1, at(9), "green", state="parked")
        nothing = Alerts((), None)
        assert find_alerts(parked, policy=VETERINARY_TRIAGE, now=at(20)) == nothing
        plain = PriorityPolicy(UrgencyLevel("all"))
        assert find_alerts(QueueEntry(1, at(9), "all"), policy=plain, now=at(20)) == nothing
        assert find_alerts([], policy=plain, now=at(20)) == nothing

    def test_beyond_the_end_of_time_are_never_due(self) -> None:
        last = QueueEntry(1, datetime(9999, 12, 31, 23, tzinfo=UTC), "green")
        assert find_alerts(last, policy=VETERINARY_TRIAGE, now=last.arrival).valid_until is None


def test_the_oracle_is_right_about_a_queue_worked_by_hand() -> None:
    levels = [
        {"code": "orange", "tier": 1, "head_start": 225, "rate": 16},
        {"code": "green", "tier": 1, "head_start": 120, "rate": 2},
    ]
    policy = {"discipline": "head_start", "late_grace": 0, "levels": levels}
    entries = [
        {"id": 1, "arrival": 540, "urgency": "green"},
        {"id": 2, "arrival": 545, "urgency": "green"},
        {"id": 3, "arrival": 649, "urgency": "orange"},
        {"id": 4, "arrival": 500, "urgency": "orange", "state": "called"},
    ]
    case = {"now": 720, "policy": policy, "entries": entries, "moves": [{"entry": 2, "before": 9}]}
    assert queue_order.order(case) == [1, 3, 2]
    assert queue_order.outcomes(case) == ["gone"]
    assert queue_order.next_change(case, 740) is None
    moved = case | {"moves": [{"entry": 1, "after": 2}]}
    assert queue_order.order(moved) == [3, 2, 1]
    apart = policy | {"levels": [levels[0] | {"tier": 0}, levels[1]]}
    crossing = case | {"policy": apart, "moves": [{"entry": 1, "before": 3}, {"entry": 2, "before": 1}]}
    assert (queue_order.order(crossing), queue_order.outcomes(crossing)) == ([3, 2, 1], ["other_tier", "moved"])
    accumulating = case | {"policy": policy | {"discipline": "accumulating"}, "now": 660}
    # 16 * (t - 649) passes 2 * (t - 545) at 663 + 6/7, and 2 * (t - 540) at 664 + 4/7.
    assert queue_order.order(accumulating) == [1, 2, 3]
    assert queue_order.next_change(accumulating, 700) == 664
