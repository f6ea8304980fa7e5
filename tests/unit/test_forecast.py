"""Forecasts of queues that can be worked out by hand: lengths are fixed, so every path is the same."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import attrs
import numpy as np
import pytest

from petpro_core import ALWAYS, Allocation, Booking, BookingStatus, BookingTable, Interval, IntervalSet
from petpro_core.errors import InvalidValueError, NaiveDatetimeError
from petpro_core.forecast import (
    ArrivalStream,
    DurationLaw,
    DurationModel,
    Newcomer,
    Server,
    Serving,
    Waiting,
    WaitReason,
    forecast_waits,
)
from petpro_core.forecast._dice import streams
from petpro_core.intervals import NEVER, to_us
from petpro_core.priority import Move, PriorityPolicy, QueueEntry, UrgencyLevel, rank
from petpro_core.testing.queueing import erlang_quantile

MINUTE: Final = timedelta(minutes=1)
NOW: Final = datetime(2026, 3, 2, 10, tzinfo=UTC)
POLICY: Final = PriorityPolicy(
    [
        UrgencyLevel("red"),
        UrgencyLevel("yellow", tier=1, head_start=30 * MINUTE, rate=3),
        UrgencyLevel("green", tier=1),
    ]
)
TWENTY: Final = DurationModel.same(DurationLaw.fixed(20 * MINUTE))
# 1 is quick, 2 is slow; everything else takes 20 minutes.
KINDS: Final = DurationModel.given(
    {1: DurationLaw.fixed(10 * MINUTE), 2: DurationLaw.fixed(40 * MINUTE)}, otherwise=DurationLaw.fixed(20 * MINUTE)
)


def at(minutes: float) -> datetime:
    return NOW + minutes * MINUTE


def entry(number: int, came: float, urgency: str = "green", **other: Any) -> QueueEntry:
    return QueueEntry(number, at(-came), urgency, **other)


def asked(entries: list[QueueEntry], *, moves: Any = (), policy: PriorityPolicy = POLICY, **other: Any) -> Any:
    every: dict[str, Any] = {"servers": Server(7), "durations": TWENTY, "seed": 1, "paths": 5, **other}
    return forecast_waits(rank(entries, policy=policy, now=NOW, moves=moves), **every)


def minutes(rows: Any) -> dict[int, Any]:
    """The median wait from now of each row, in minutes."""
    return {one.id: None if one.median is None else one.median / MINUTE for one in rows}


# --- the order --------------------------------------------------------------------------------------------------------


def test_turns_follow_the_ranking_one_after_another() -> None:
    queue = [entry(1, 40), entry(2, 20, "yellow"), entry(3, 1, "red"), entry(4, 5)]
    forecast = asked(queue)
    assert minutes(forecast) == {3: 0, 2: 20, 1: 40, 4: 60}
    assert repr(forecast) == "<WaitForecast of 4 entries and 0 newcomers on 5 paths>"
    assert repr(forecast.entries) == "<WaitTable of 4 rows on 5 paths>"
    assert len(forecast) == 4
    assert forecast[0] == forecast.entries[0] == next(iter(forecast))


def test_several_servers_share_the_queue() -> None:
    queue = [entry(number, 10 - number) for number in range(5)]
    assert minutes(asked(queue, servers=[Server(7), Server(8)])) == {0: 0, 1: 0, 2: 20, 3: 20, 4: 40}


def test_points_that_grow_overtake_as_time_passes() -> None:
    queue = [entry(1, 20), entry(2, 15), entry(3, 5, "yellow")]
    points = attrs.evolve(POLICY, discipline="accumulating")
    # At 10:00 they have 20, 15 and 15 points; at 10:20 the last has 75 and 2 has 35.
    assert minutes(asked(queue, policy=points)) == {1: 0, 3: 20, 2: 40}


def test_moves_by_hand_hold() -> None:
    queue = [entry(number, 10 - number) for number in range(4)]
    up = Move(3, before=1, by="Ana", reason="in pain")
    gone = Move(2, before=99, by="Ana", reason="nobody there")
    assert minutes(asked(queue, moves=[up, gone])) == {0: 0, 3: 20, 1: 40, 2: 60}
    # Whoever is moved ranks as the one they were put beside: somebody of the level between may not come in between.
    queue = [entry(1, 50), entry(2, 1), entry(3, 10, "yellow")]
    assert minutes(asked(queue, moves=Move(2, after=1, by="Ana", reason="same family"))) == {1: 0, 2: 20, 3: 40}


def test_whoever_is_called_goes_before_everybody_and_whoever_is_parked_has_no_turn() -> None:
    queue = [entry(1, 9, "red"), entry(2, 5, state="called"), entry(3, 30, state="parked"), entry(4, 8, state="called")]
    forecast = asked(queue)
    assert minutes(forecast) == {4: 0, 2: 20, 1: 40, 3: None}
    assert [one.reason for one in forecast] == [None, None, WaitReason.NOT_WAITING, None]


def test_an_appointment_that_is_early_is_taken_where_nobody_else_waits() -> None:
    queue = [entry(1, 10, appointment=at(30)), entry(2, 1)]
    assert minutes(asked(queue)) == {2: 0, 1: 20}
    assert minutes(asked(queue[:1])) == {1: 0}


# --- servers ----------------------------------------------------------------------------------------------------------


def test_a_visit_in_progress_takes_the_rest_of_its_time() -> None:
    server = Server(7, serving=Serving(at(-15), service=2))
    assert minutes(asked([entry(1, 5)], servers=server, durations=KINDS)) == {1: 25}
    overdue = Server(7, serving=Serving(at(-70), service=2))
    assert minutes(asked([entry(1, 5)], servers=overdue, durations=KINDS)) == {1: 0}
    late = attrs.evolve(overdue, free_at=at(12))
    assert minutes(asked([entry(1, 5)], servers=late, durations=KINDS)) == {1: 12}


def test_skills_and_the_provider_asked_for_decide_who_takes_whom() -> None:
    servers = [Server(7, services=[1]), Server(8)]
    queue = [
        entry(1, 9, service=2),
        entry(2, 8, service=2),
        entry(3, 7, service=1),
        entry(4, 6, provider=7),
        entry(5, 5, provider=9),
        entry(6, 4, service=2, provider=7),
    ]
    forecast = asked(queue, servers=servers, durations=KINDS)
    # 8 takes 1 and then 2, who take 40 minutes each; 7 takes 3 (quick) and then 4.
    assert minutes(forecast) == {1: 0, 3: 0, 4: 10, 2: 40, 5: None, 6: None}
    assert [one.reason for one in forecast] == [None] * 4 + [WaitReason.NO_SERVER] * 2


def test_the_caller_may_say_who_is_eligible() -> None:
    queue = [entry(1, 9), entry(2, 8)]
    eligible = np.array([[True, False], [False, False]])
    # Rows are servers in the order given, whatever their handles.
    found = asked(queue, servers=[Server(9), Server(3)], eligible=eligible)
    assert minutes(found) == {1: 0, 2: None}
    assert minutes(asked([], servers=Server(9), eligible=np.zeros((1, 0), np.bool_))) == {}
    for wrong in ([[True, True]], [[1, 0], [0, 1]], True):
        with pytest.raises(InvalidValueError):
            asked(queue, servers=[Server(9), Server(3)], eligible=wrong)


def test_of_servers_free_at_once_the_longest_free_takes_whoever_is_next() -> None:
    # 8 has been free since 10:05, 7 since 10:20; the quick one who comes at 10:30 goes to 8, so 7 stays free.
    servers = [Server(7, free_at=at(20)), Server(8, free_at=at(5))]
    found = asked([], servers=servers, newcomers=Newcomer("green"))
    assert minutes(found.newcomers) == {0: 5}


def test_a_visit_is_not_begun_where_it_would_run_into_a_break() -> None:
    server = Server(7, away=[Interval(at(30), at(60))])
    assert minutes(asked([entry(1, 9), entry(2, 8)], servers=server)) == {1: 0, 2: 60}
    # A quick one fits before the break, and goes first although it came later.
    queue = [entry(1, 9), entry(2, 8), entry(3, 7, service=1)]
    assert minutes(asked(queue, servers=server, durations=KINDS)) == {1: 0, 3: 20, 2: 60}
    assert minutes(asked([entry(1, 9), entry(2, 8)], servers=server, grace=10 * MINUTE)) == {1: 0, 2: 20}


def test_a_break_is_shorter_where_the_visit_before_it_took_longer() -> None:
    server = Server(7, serving=Serving(at(-10), service=2), away=Interval(at(5), at(35)))
    assert minutes(asked([entry(1, 9)], servers=server, durations=KINDS)) == {1: 35}
    short = attrs.evolve(server, away=Interval(at(5), at(20)))
    assert minutes(asked([entry(1, 9)], servers=short, durations=KINDS)) == {1: 30}


def test_hours_end_and_who_is_not_taken_by_then_is_told_so() -> None:
    server = Server(7, hours=Interval(at(-60), at(45)))
    forecast = asked([entry(1, 9), entry(2, 8), entry(3, 7)], servers=server, newcomers=[Newcomer("red")])
    assert minutes(forecast) == {1: 0, 2: 20, 3: None}
    assert forecast[2].reason is WaitReason.BEYOND_HORIZON
    # Somebody red would be taken at once.
    assert minutes(forecast.newcomers) == {0: 0}
    tomorrow = attrs.evolve(server, hours=[Interval(at(0), at(45)), Interval(at(1_000), at(1_100))])
    assert minutes(asked([entry(1, 9), entry(2, 8), entry(3, 7)], servers=tomorrow)) == {1: 0, 2: 20, 3: 1_000}
    near = asked([entry(1, 9), entry(2, 8), entry(3, 7)], servers=tomorrow, horizon=timedelta(hours=2))
    assert minutes(near) == {1: 0, 2: 20, 3: None}


# --- bookings ---------------------------------------------------------------------------------------------------------


def booked(number: int, start: float, length: float = 30, *, resource: int = 7, **other: Any) -> Booking:
    buffers = {name: other.pop(name) * MINUTE for name in ("buffer_before", "buffer_after") if name in other}
    visit = Interval(at(start), at(start + length))
    return Booking(number, Allocation.of(resource, visit, **buffers), **other)


def table(*bookings: Booking) -> BookingTable:
    return BookingTable.of(bookings, known=ALWAYS)


def test_bookings_ahead_take_their_time() -> None:
    queue = [entry(1, 9), entry(2, 8)]
    assert minutes(asked(queue, bookings=table(booked(5, 30)))) == {1: 0, 2: 60}
    # One of a service that the model knows takes as long as the model says.
    assert minutes(asked(queue, bookings=table(booked(5, 30, service=1)), durations=KINDS)) == {1: 0, 2: 40}
    assert minutes(asked(queue, bookings=table(booked(5, 30, service=99)), durations=KINDS)) == {1: 0, 2: 60}
    assert minutes(asked(queue, bookings=table(booked(5, 30, resource=8)))) == {1: 0, 2: 20}


def test_buffers_of_a_booking_are_taken_as_well() -> None:
    queue = [entry(1, 9), entry(2, 8)]
    with_buffers = table(booked(5, 45, service=1, buffer_before=10, buffer_after=5))
    assert minutes(asked(queue, bookings=with_buffers, durations=KINDS)) == {1: 0, 2: 60}
    assert minutes(asked(queue, bookings=table(booked(5, 45, service=1)), durations=KINDS)) == {1: 0, 2: 20}


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({"status": "confirmed"}, 60),
        ({"status": "checked_in"}, 60),
        ({"status": "held", "held_until": at(5)}, 60),
        ({"status": "held", "held_until": at(-5)}, 20),
        ({"status": "pending"}, 20),
        ({"status": "cancelled"}, 20),
        ({"status": "no_show"}, 20),
        ({"status": "completed"}, 20),
    ],
)
def test_only_bookings_that_keep_their_time_stand_in_the_way(other: dict[str, Any], expected: int) -> None:
    other = {**other, "status": BookingStatus(other["status"])}
    assert minutes(asked([entry(1, 9), entry(2, 8)], bookings=table(booked(5, 30, **other)))) == {1: 0, 2: expected}


def test_a_booking_that_is_due_goes_first_and_one_of_the_past_is_over() -> None:
    queue = [entry(1, 9)]
    assert minutes(asked(queue, bookings=table(booked(5, -10)))) == {1: 30}
    assert minutes(asked(queue, bookings=table(booked(5, -40)))) == {1: 0}


def test_a_booking_in_progress_is_the_visit_of_its_server() -> None:
    running = booked(5, -10, status=BookingStatus.IN_PROGRESS, service=2)
    assert minutes(asked([entry(1, 9)], bookings=table(running), durations=KINDS)) == {1: 30}
    # What the caller says of the server is believed first.
    server = Server(7, serving=Serving(at(-5), service=1))
    assert minutes(asked([entry(1, 9)], bookings=table(running), durations=KINDS, servers=server)) == {1: 5}
    unsaid = booked(5, -10, status=BookingStatus.IN_PROGRESS)
    assert minutes(asked([entry(1, 9)], bookings=table(unsaid), durations=KINDS)) == {1: 10}


def test_those_who_share_a_session_are_one_visit() -> None:
    seats = table(*(booked(number, 30, service=5, seats=4) for number in (1, 2, 3)))
    assert minutes(asked([entry(1, 9), entry(2, 8)], bookings=seats)) == {1: 0, 2: 60}


def test_feeds_and_what_is_not_known_are_time_away() -> None:
    queue = [entry(1, 9), entry(2, 8)]
    fed = table().with_feed(7, IntervalSet.of(Interval(at(30), at(50))), known=IntervalSet.of(ALWAYS))
    assert minutes(asked(queue, bookings=fed)) == {1: 0, 2: 50}
    half_known = table().with_feed(7, IntervalSet.empty(), known=IntervalSet.of(Interval(at(-60), at(30))))
    assert minutes(asked(queue, bookings=half_known)) == {1: 0, 2: None}
    unknown = BookingTable.empty(known=Interval(at(-60), at(45)))
    assert minutes(asked(queue, bookings=unknown)) == {1: 0, 2: 20}


# --- chance -----------------------------------------------------------------------------------------------------------


def test_of_equal_exponential_visits_the_wait_is_a_sum_of_them() -> None:
    queue = [entry(number, 20 - number) for number in range(4)]
    servers = [Server(one, serving=Serving(at(-5))) for one in range(3)]
    law = DurationModel.same(DurationLaw.exponential(15 * MINUTE))
    forecast = asked(queue, servers=servers, durations=law, paths=20_000, newcomers=Newcomer("green"))
    for ahead, one in enumerate([*forecast, forecast.newcomers[0]]):
        for share, instant in ((0.1, one.p10), (0.5, one.p50), (0.9, one.p90)):
            assert (instant - NOW) / MINUTE == pytest.approx(erlang_quantile(ahead + 1, 3 / 15, share), rel=0.04)
    # And the chance to be taken by a time is the share of paths.
    by = to_us(at(erlang_quantile(2, 3 / 15, 0.3)))
    assert forecast.entries.chance_by(by)[1] == pytest.approx(0.3, abs=0.015)
    assert forecast.entries.chance_by(np.full(4, by))[1] == forecast.entries.chance_by(by)[1]


def test_those_who_may_come_and_overtake_are_waited_for() -> None:
    queue = [entry(1, 9), entry(2, 8)]
    red = ArrivalStream("red", 3)
    alone, with_red = (asked(queue, paths=500, future=future) for future in ((), red))
    assert minutes(alone) == {1: 0, 2: 20}
    # In the first 20 minutes one comes on average, and takes 20 minutes, in which another one comes ...
    waits = (with_red.entries.begins_us[1] - with_red.entries.now_us) / 60e6
    assert with_red.entries.p10_us[1] == to_us(at(20))
    assert (waits == 20).mean() == pytest.approx(np.exp(-1), abs=0.06)
    assert waits.mean() > 40
    # Those who cannot overtake are not drawn at all.
    assert minutes(asked(queue, future=ArrivalStream("green", 50))) == {1: 0, 2: 20}
    # Yellow has a head start of half an hour: who came before that is overtaken by none of them.
    yellow = [ArrivalStream("yellow", 50)]
    assert minutes(asked([entry(1, 40), entry(2, 31)], future=yellow, paths=50)) == {1: 0, 2: 20}
    assert minutes(asked(queue, future=yellow, paths=50))[2] > 100


def test_a_future_that_nobody_serves_or_that_does_not_come_makes_nobody_wait() -> None:
    queue, server = [entry(1, 9, service=1), entry(2, 8, service=1)], Server(7, services=[1])
    for stream in (ArrivalStream("red", 30, service=2), ArrivalStream("red", 0, service=1)):
        assert minutes(asked(queue, servers=server, durations=KINDS, future=stream)) == {1: 0, 2: 10}
    assert minutes(asked([], future=ArrivalStream("red", 3))) == {}


def test_a_forecast_that_looks_further_sees_the_same_beginning() -> None:
    # Green may wait for hours while red comes nearly as fast as it is served: the future is drawn in several bites.
    queue = [entry(number, 20 - number) for number in range(5)]
    red = ArrivalStream("red", 2.5)
    short, long = (asked(queue, paths=60, future=red, horizon=timedelta(hours=hours)) for hours in (6, 48))
    six_hours = to_us(at(360))
    for one, other in zip(short.entries.begins_us, long.entries.begins_us, strict=True):
        early = other[other <= six_hours]
        assert one[: len(early)].tolist() == early.tolist()
        assert (one[len(early) :] == NEVER).all()
    assert long.entries.p90_us.max() > six_hours


def test_a_stream_by_the_hour_counts_from_its_own_beginning() -> None:
    queue = [entry(1, 9), entry(2, 8)]
    with pytest.raises(InvalidValueError) as caught:
        asked(queue, future=ArrivalStream("red", [0, 5]))
    assert caught.value.name == "since"
    # Nobody in the first half hour, and one each 12 minutes after it.
    later = ArrivalStream("red", [0, 5], since=at(-30))
    assert minutes(asked(queue, future=later, paths=50)) == {1: 0, 2: 20}
    assert minutes(asked(queue, future=attrs.evolve(later, since=at(-61)), paths=50))[2] > 30


def test_the_same_seed_has_the_same_answer_and_another_seed_another_one() -> None:
    model = DurationModel.same(DurationLaw.lognormal(20 * MINUTE, cv=0.5))
    ask: dict[str, Any] = {"servers": Server(7, serving=Serving(at(-3))), "durations": model, "paths": 50}
    queue = [entry(number, 20 - number) for number in range(3)]
    one, same, other = (asked(queue, **ask, seed=seed).entries.begins_us.tolist() for seed in (1, 1, 2))
    assert one == same
    assert one != other
    generator = streams(4, 1)[0]
    drawn = [asked(queue, **ask, seed=generator).entries.begins_us.tolist() for _ in range(2)]
    assert drawn[0] != drawn[1]


# --- answers ----------------------------------------------------------------------------------------------------------


def test_newcomers_wait_as_if_they_came_alone() -> None:
    queue = [entry(1, 9), entry(2, 8)]
    people = [Newcomer("green"), Newcomer("red"), Newcomer("yellow"), Newcomer("green", provider=8), Newcomer("red")]
    forecast = asked(queue, newcomers=people)
    assert minutes(forecast.newcomers) == {0: 40, 1: 0, 2: 0, 3: None, 4: 0}
    assert forecast.newcomers[3].reason is WaitReason.NO_SERVER
    assert minutes(asked([], newcomers=Newcomer("red"), servers=Server(7, free_at=at(9))).newcomers) == {0: 9}


def test_an_empty_queue_has_an_empty_forecast() -> None:
    forecast = asked([])
    assert list(forecast) == []
    assert forecast.entries.p50_us.tolist() == []
    assert forecast.newcomers.begins_us.shape == (0, 5)


def test_rows_are_those_of_the_ranking_and_read_only() -> None:
    queue = [entry(9, 1), entry(4, 8), entry(6, 3)]
    forecast = asked(queue)
    assert forecast.entries.ids.tolist() == [9, 4, 6]
    for column in (forecast.entries.ids, forecast.entries.begins_us, forecast.entries.codes, forecast.entries.p50_us):
        assert not column.flags.writeable
    assert forecast[1] == Waiting(4, NOW, NOW, NOW, NOW, None)
    assert forecast[1].median == timedelta(0)


def test_quantiles_are_instants_of_paths() -> None:
    model = DurationModel.same(DurationLaw.lognormal(20 * MINUTE, cv=0.5))
    table = asked([entry(1, 9), entry(2, 8)], durations=model, paths=200).entries
    begins = np.sort(table.begins_us[1])
    assert [table.p10_us[1], table.p50_us[1], table.p90_us[1]] == [begins[19], begins[99], begins[179]]
    assert table.quantile_us(1).tolist()[1] == begins[-1]
    assert table.quantile_us(1e-6).tolist()[1] == begins[0]
    for share in (0, 1.5, None):
        with pytest.raises(InvalidValueError):
            table.quantile_us(share)


@pytest.mark.parametrize(
    "wrong",
    [
        {"servers": []},
        {"servers": [Server(7), Server(7)]},
        {"servers": "7"},
        {"durations": DurationLaw.fixed(MINUTE)},
        {"bookings": []},
        {"future": [Newcomer("red")]},
        {"future": ArrivalStream("blue", 1)},
        {"newcomers": Newcomer("blue")},
        {"newcomers": ["red"]},
        {"paths": 0},
        {"paths": 10**6},
        {"seed": -1},
        {"grace": -MINUTE},
        {"horizon": timedelta(0)},
        {"horizon": timedelta(days=32)},
        {"servers": Server(7, serving=Serving(at(1)))},
    ],
)
def test_a_question_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError):
        asked([entry(1, 9)], **wrong)


def test_something_else_than_a_ranking_is_refused() -> None:
    with pytest.raises(InvalidValueError):
        forecast_waits([entry(1, 9)], servers=Server(7), durations=TWENTY, seed=1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "made",
    [
        lambda: Server(-1),
        lambda: Server(1, services=[-1]),
        lambda: Server(1, hours="9-17"),  # type: ignore[arg-type]
        lambda: Server(1, serving=3),  # type: ignore[arg-type]
        lambda: Serving(NOW, service=-2),
        lambda: Newcomer(""),
        lambda: Newcomer("red", service=-1),
        lambda: Newcomer(3),  # type: ignore[arg-type]
        lambda: ArrivalStream("red", -1),
        lambda: ArrivalStream("red", []),
        lambda: ArrivalStream("red", "5"),
        lambda: ArrivalStream("red", [1, float("inf")]),
    ],
)
def test_values_are_checked_where_they_are_made(made: Any) -> None:
    with pytest.raises(InvalidValueError):
        made()


def test_instants_have_zones() -> None:
    for made in (lambda: Serving(datetime(2026, 3, 2)), lambda: Server(7, free_at=datetime(2026, 3, 2))):  # noqa: DTZ001 (that is what is refused)
        with pytest.raises(NaiveDatetimeError):
            made()


def test_one_server_needs_no_list_and_hours_none_either() -> None:
    assert Server(7, services=3).services == frozenset({3})
    day = Interval(at(0), at(60))
    made = [Server(7, hours=day), Server(7, hours=[day]), Server(7, hours=IntervalSet.of(day))]
    assert all(one == other for one, other in itertools.pairwise(made))
