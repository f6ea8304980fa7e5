"""Levels and policies: what they say, what they refuse, and the lists that people know."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import numpy as np
import pytest

from petpro_core.errors import InvalidValueError
from petpro_core.intervals import NEVER
from petpro_core.priority import (
    POLICIES,
    VETERINARY_TRIAGE,
    Discipline,
    PriorityPolicy,
    UrgencyLevel,
    order_keys,
    overtaking_bound,
    queued_us,
)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


URGENT = UrgencyLevel("urgent", tier=1, head_start=minutes(45), rate=4, target=minutes(30))
ROUTINE = UrgencyLevel("routine", tier=1, rate=1, target=minutes(120))
TWO = PriorityPolicy([URGENT, ROUTINE])


class TestLevel:
    def test_defaults(self) -> None:
        level = UrgencyLevel("all")
        assert attrs.astuple(level) == ("all", "all", 0, timedelta(0), 1, None, None)
        assert UrgencyLevel("all", target=minutes(5)).alert_after == minutes(5)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("code", ""),
            ("code", " "),
            ("code", 7),
            ("name", ""),
            ("tier", -1),
            ("tier", 1_001),
            ("head_start", minutes(-1)),
            ("head_start", 45),
            ("rate", 0),
            ("rate", -3),
            ("rate", 1.5),
            ("rate", 10_001),
            ("target", minutes(-1)),
            ("alert_after", 60),
        ],
    )
    def test_refuses_what_is_no_level(self, field: str, value: Any) -> None:
        with pytest.raises(InvalidValueError) as caught:
            UrgencyLevel(**({"code": "red"} | {field: value}))
        assert caught.value.name == field

    def test_is_not_alerted_before_its_target(self) -> None:
        with pytest.raises(InvalidValueError) as caught:
            UrgencyLevel("yellow", target=minutes(30), alert_after=minutes(29))
        assert caught.value.target == minutes(30)
        assert UrgencyLevel("yellow", alert_after=minutes(1)).target is None


class TestPolicy:
    def test_columns(self) -> None:
        assert TWO.tiers.tolist() == [1, 1]
        assert TWO.head_starts_us.tolist() == [45 * 60_000_000, 0]
        assert TWO.rates.tolist() == [4, 1]
        assert TWO.alerts_us.tolist() == [30 * 60_000_000, 120 * 60_000_000]
        assert PriorityPolicy(UrgencyLevel("all")).alerts_us.tolist() == [NEVER]
        assert not TWO.rates.flags.writeable

    def test_strict_makes_each_level_a_tier(self) -> None:
        assert attrs.evolve(TWO, discipline="strict").tiers.tolist() == [0, 1]

    def test_only_accumulating_changes_by_time(self) -> None:
        static = {one: attrs.evolve(TWO, discipline=one).is_static for one in Discipline}
        assert static == dict.fromkeys(Discipline, True) | {Discipline.ACCUMULATING: False}

    def test_knows_its_levels_by_code(self) -> None:
        assert [TWO.level_of("urgent"), TWO.level_of("routine")] == [0, 1]
        unknown: list[Any] = ["red", None, []]
        for code in unknown:
            with pytest.raises(InvalidValueError) as caught:
                TWO.level_of(code)
            assert caught.value.allowed == ("urgent", "routine")

    def test_is_a_value(self) -> None:
        again = PriorityPolicy([URGENT, ROUTINE], discipline="head_start")
        assert again == TWO
        assert hash(again) == hash(TWO)

    @pytest.mark.parametrize(
        "changes",
        [
            {"levels": []},
            {"levels": "urgent"},
            {"levels": [URGENT, "routine"]},
            {"levels": [UrgencyLevel(str(number)) for number in range(101)]},
            {"levels": [URGENT, URGENT]},
            {"discipline": "lottery"},
            {"late_grace": minutes(-1)},
            {"late_grace": timedelta(days=2)},
            {"name": None},
            {"source": 7},
        ],
    )
    def test_refuses_what_is_no_policy(self, changes: dict[str, Any]) -> None:
        with pytest.raises(InvalidValueError):
            PriorityPolicy(**({"levels": [URGENT]} | changes))

    @pytest.mark.parametrize(
        ("field", "first", "second"),
        [
            ("tier", {"tier": 2}, {"tier": 1}),
            ("target", {"target": minutes(60)}, {"target": minutes(30)}),
            ("target", {"target": minutes(60), "tier": 0}, {"target": minutes(30), "tier": 1}),
            ("head_start", {"head_start": minutes(10)}, {"head_start": minutes(20)}),
            ("rate", {"rate": 1}, {"rate": 2}),
        ],
    )
    def test_a_more_urgent_level_never_does_worse(
        self, field: str, first: dict[str, Any], second: dict[str, Any]
    ) -> None:
        with pytest.raises(InvalidValueError) as caught:
            PriorityPolicy([UrgencyLevel("one", **first), UrgencyLevel("two", **second)])
        assert caught.value.name == field
        assert caught.value.levels == ("one", "two")

    def test_numbers_of_different_tiers_are_not_compared(self) -> None:
        one = UrgencyLevel("one", tier=0, rate=1)
        assert len(PriorityPolicy([one, UrgencyLevel("two", tier=1, rate=9, head_start=minutes(9))]).levels) == 2


class TestNamed:
    def test_the_veterinary_list(self) -> None:
        rows = [
            (level.code, level.tier, level.head_start, level.rate, level.target, level.alert_after)
            for level in VETERINARY_TRIAGE.levels
        ]
        assert rows == [
            ("red", 0, minutes(240), 240, minutes(0), minutes(0)),
            ("orange", 1, minutes(225), 16, minutes(15), minutes(15)),
            ("yellow", 1, minutes(210), 8, minutes(30), minutes(60)),
            ("green", 1, minutes(120), 2, minutes(120), minutes(120)),
            ("blue", 1, minutes(0), 1, minutes(240), minutes(240)),
        ]
        assert VETERINARY_TRIAGE.discipline is Discipline.HEAD_START
        assert POLICIES["veterinary_triage"] is VETERINARY_TRIAGE

    @pytest.mark.parametrize(
        ("code", "targets"),
        [
            ("ats", [0, 10, 30, 60, 120]),
            ("ctas", [0, 15, 30, 60, 120]),
            ("manchester", [0, 10, 60, 120, 240]),
            ("manchester_german", [0, 10, 30, 90, 120]),
        ],
    )
    def test_other_lists(self, code: str, targets: list[int]) -> None:
        policy = POLICIES[code]
        assert [level.target for level in policy.levels] == [minutes(target) for target in targets]
        assert policy.tiers.tolist() == [0, 1, 1, 1, 1]

    @pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
    def test_ranks_by_when_targets_fall_due_and_earns_alike_by_them(self, policy: PriorityPolicy) -> None:
        assert policy.name
        assert policy.source
        below = [level for level in policy.levels if level.tier]
        assert len({level.head_start + level.target for level in below if level.target}) == 1
        assert len({level.rate * level.target for level in below if level.target}) == 1


class TestKeys:
    LEVEL, ARRIVAL = np.array([0, 1, 1]), np.array([30, 0, 10]) * 60_000_000
    NOW = 40 * 60_000_000

    @pytest.mark.parametrize(
        ("discipline", "tier", "key"),
        [
            ("head_start", [1, 1, 1], [-15, 0, 10]),
            ("accumulating", [1, 1, 1], [-40, -40, -30]),
            ("strict", [0, 1, 1], [30, 0, 10]),
            ("fifo", [1, 1, 1], [30, 0, 10]),
        ],
    )
    def test_each_discipline(self, discipline: str, tier: list[int], key: list[int]) -> None:
        found = order_keys(attrs.evolve(TWO, discipline=discipline), self.LEVEL, self.ARRIVAL, self.NOW)
        assert found[0].tolist() == tier
        assert (found[1] // 60_000_000).tolist() == key
        assert found[0].dtype == found[1].dtype == np.int64

    def test_who_is_not_due_has_earned_nothing(self) -> None:
        accumulating = attrs.evolve(TWO, discipline="accumulating")
        assert order_keys(accumulating, self.LEVEL, self.ARRIVAL, 0)[1].tolist() == [0, 0, 0]

    def test_many_queues_at_many_instants_broadcast(self) -> None:
        accumulating = attrs.evolve(TWO, discipline="accumulating")
        now = np.array([[20], [40]]) * 60_000_000
        tier, key = order_keys(accumulating, self.LEVEL, self.ARRIVAL[None, :], now)
        assert np.broadcast_shapes(tier.shape, key.shape) == (2, 3)
        for row in range(2):
            one = order_keys(accumulating, self.LEVEL, self.ARRIVAL, int(now[row, 0]))
            assert key[row].tolist() == one[1].tolist()

    def test_the_fastest_rate_over_the_longest_wait_fits(self) -> None:
        fast = PriorityPolicy(UrgencyLevel("all", rate=10_000), discipline="accumulating")
        wait = 3_660 * 86_400_000_000
        assert order_keys(fast, np.array([0]), np.array([0]), wait)[1].tolist() == [-10_000 * wait]

    def test_appointments_enter_at_their_time_and_late_ones_when_they_come(self) -> None:
        booked = np.full(4, 60)
        assert queued_us(TWO, np.array([0, 60, 61, 99]), booked).tolist() == [60, 60, 61, 99]
        patient = attrs.evolve(TWO, late_grace=timedelta(microseconds=10))
        assert queued_us(patient, np.array([0, 70, 71, 99]), booked).tolist() == [60, 60, 71, 99]


class TestBound:
    @pytest.mark.parametrize(
        ("level", "by", "bound"),
        [
            ("red", None, 0),
            ("orange", None, 0),
            ("yellow", None, 15),
            ("green", None, 105),
            ("blue", None, 225),
            ("blue", "green", 120),
            ("green", "blue", 0),
            ("red", "blue", 0),
            ("blue", "red", None),
        ],
    )
    def test_head_start(self, level: str, by: str | None, bound: int | None) -> None:
        found = overtaking_bound(VETERINARY_TRIAGE, level, by=by)
        assert found == (None if bound is None else minutes(bound))

    def test_accumulating_is_a_share_of_the_wait(self) -> None:
        policy = attrs.evolve(TWO, discipline="accumulating")
        assert overtaking_bound(policy, "routine", wait=minutes(40)) == minutes(30)
        assert overtaking_bound(policy, "routine") is None
        assert overtaking_bound(policy, "urgent") == timedelta(0)
        assert overtaking_bound(policy, "urgent", by="routine", wait=minutes(40)) == timedelta(0)
        alike = PriorityPolicy([UrgencyLevel("one"), UrgencyLevel("two")], discipline="accumulating")
        assert overtaking_bound(alike, "two") == timedelta(0)

    def test_accumulating_is_rounded_up(self) -> None:
        thirds = [UrgencyLevel("one", rate=3), UrgencyLevel("two", rate=2)]
        policy = PriorityPolicy(thirds, discipline="accumulating")
        tick = timedelta(microseconds=1)
        assert [overtaking_bound(policy, "two", wait=n * tick) for n in (0, 3, 4)] == [0 * tick, 1 * tick, 2 * tick]

    def test_strict_has_none_and_fifo_needs_none(self) -> None:
        strict, fifo = (attrs.evolve(TWO, discipline=one) for one in ("strict", "fifo"))
        assert overtaking_bound(strict, "routine") is None
        assert overtaking_bound(strict, "urgent") == overtaking_bound(fifo, "routine") == timedelta(0)

    def test_refuses_what_is_no_level_or_no_wait(self) -> None:
        refused: list[dict[str, Any]] = [{"level": "red"}, {"by": "red"}, {"wait": minutes(-1)}]
        for asked in refused:
            with pytest.raises(InvalidValueError):
                overtaking_bound(TWO, **({"level": "urgent"} | asked))
