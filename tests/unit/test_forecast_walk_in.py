"""Can this walk-in be taken without delaying an appointment; and whom to call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from petpro_core import ALWAYS, Allocation, Booking, BookingTable, Interval
from petpro_core.errors import InvalidValueError
from petpro_core.forecast import (
    AppointmentDelay,
    ArrivalStream,
    DurationLaw,
    DurationModel,
    Newcomer,
    Server,
    Serving,
    check_walk_in,
    find_calls,
    forecast_waits,
)
from petpro_core.intervals import NEVER, to_us
from petpro_core.priority import VETERINARY_TRIAGE, QueueEntry, rank

MINUTE: Final = timedelta(minutes=1)
NOW: Final = datetime(2026, 3, 2, 10, tzinfo=UTC)
TWENTY: Final = DurationModel.same(DurationLaw.fixed(20 * MINUTE))
VISITS: Final = DurationModel.same(DurationLaw.lognormal(20 * MINUTE, cv=0.5))


def at(minutes: float) -> datetime:
    return NOW + minutes * MINUTE


def entry(number: int, came: float, urgency: str = "green", **other: Any) -> QueueEntry:
    return QueueEntry(number, at(-came), urgency, **other)


def table(*rows: tuple[int, int, float]) -> BookingTable:
    """Bookings of half an hour: number, resource, start."""
    bookings = [
        Booking(number, Allocation(resource, Interval(at(start), at(start + 30)))) for number, resource, start in rows
    ]
    return BookingTable.of(bookings, known=ALWAYS)


def walk_in(newcomer: Newcomer, *, queue: Any = (), **other: Any) -> Any:
    every: dict[str, Any] = {
        "servers": Server(7),
        "durations": VISITS,
        "bookings": table((1, 7, 60)),
        "seed": 1,
        **other,
    }
    return check_walk_in(rank(queue, policy=VETERINARY_TRIAGE, now=NOW), newcomer, **every)


# --- walk-ins ---------------------------------------------------------------------------------------------------------


def test_there_is_time_before_the_appointment_or_there_is_not() -> None:
    assert walk_in(Newcomer("green")).can
    # 22 minutes are enough on average, and too often not.
    tight = walk_in(Newcomer("green"), bookings=table((1, 7, 22)))
    assert not tight.can
    (option,) = tight
    assert option.begin == NOW
    assert option.harmed == option.worst.harmed == option.worst.late_with > 0.1
    assert option.worst.late_without == 0
    assert option.worst.booking == 1
    assert option.worst.planned == at(22)
    assert walk_in(Newcomer("green"), bookings=table((1, 7, 22)), threshold=0.5).can
    assert walk_in(Newcomer("green"), bookings=table((1, 7, 22)), tolerance=timedelta(hours=1)).can


def test_who_does_not_fit_before_the_appointment_waits_for_its_end() -> None:
    (option,) = walk_in(Newcomer("green"), bookings=table((1, 7, 10)), durations=TWENTY)
    assert (option.ok, option.begin, option.harmed, option.worst) == (True, at(40), 0, None)


def test_each_provider_is_asked_and_those_who_may_not_are_left_out() -> None:
    servers = [Server(7), Server(8, services=[3]), Server(9, serving=Serving(at(-5)))]
    answer = walk_in(Newcomer("green", service=1), servers=servers, bookings=table((1, 7, 22), (2, 9, 120)))
    assert answer.resources.tolist() == [7, 9]
    assert answer.ok.tolist() == [False, True]
    assert answer.bookings.tolist() == [1, 2]
    assert answer.booked_with.tolist() == [7, 9]
    assert answer.planned_us.tolist() == [to_us(at(22)), to_us(at(120))]
    assert len(answer) == len(list(answer)) == 2
    assert repr(answer) == "<WalkInAnswer of 2 providers and 2 appointments, 1 can>"
    assert answer.late_with.shape == answer.harmed.shape == (2, 2)
    # With 9 the appointment of 7 is what it was.
    assert answer.late_with[1, 0] == answer.late_without[0] == 0
    assert not answer.harmed.flags.writeable
    only = walk_in(Newcomer("green", service=1, provider=9), servers=servers, bookings=table((1, 7, 22)))
    assert only.resources.tolist() == [9]
    nobody = walk_in(Newcomer("green", provider=3))
    assert (nobody.can, len(nobody)) == (False, 0)


def test_an_appointment_that_is_late_anyway_is_no_argument() -> None:
    # The visit in progress takes 20 minutes more; the appointment was to begin in 5, and goes first.
    late = Server(7, serving=Serving(NOW))
    (option,) = walk_in(Newcomer("green"), servers=late, bookings=table((1, 7, 5)), durations=TWENTY)
    assert (option.ok, option.begin) == (True, at(50))
    answer = walk_in(Newcomer("green"), servers=late, bookings=table((1, 7, 5)), durations=TWENTY)
    assert answer.delay(0, 0) == AppointmentDelay(1, 7, at(5), late_without=1.0, late_with=1.0, harmed=0.0)


def test_somebody_urgent_pushes_the_queue_and_the_queue_the_appointment() -> None:
    queue = [entry(1, 5)]
    servers, bookings = Server(7), table((1, 7, 41))
    green, red = (
        walk_in(Newcomer(urgency), queue=queue, servers=servers, bookings=bookings, grace=5 * MINUTE)
        for urgency in ("green", "red")
    )
    assert green.begin_us[0] > red.begin_us[0] == to_us(NOW)


def test_without_appointments_anybody_can_come() -> None:
    answer = walk_in(Newcomer("green"), bookings=BookingTable.empty(known=ALWAYS))
    (option,) = answer
    assert (option.ok, option.harmed, option.worst, answer.late_without.tolist()) == (True, 0, None, [])


def test_appointments_beyond_the_horizon_are_not_looked_at_and_turns_beyond_it_do_not_come() -> None:
    answer = walk_in(Newcomer("green"), bookings=table((1, 7, 60), (2, 7, 600)), horizon=timedelta(hours=2))
    assert answer.bookings.tolist() == [1]
    closed = walk_in(Newcomer("green"), servers=Server(7, hours=Interval(at(-60), at(10))))
    (option,) = closed
    assert (option.ok, option.begin, closed.begin_us.tolist()) == (False, None, [NEVER])


def test_others_who_may_come_are_counted_in() -> None:
    # A tight day: whoever else comes would harm the appointment anyway.
    alone, busy = (
        walk_in(Newcomer("green"), bookings=table((1, 7, 45)), future=future)
        for future in ((), ArrivalStream("red", 10))
    )
    assert busy.late_without[0] > alone.late_without[0] == 0
    assert busy.begin_us[0] >= alone.begin_us[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"newcomer": "green"},
        {"newcomer": Newcomer("pink")},
        {"bookings": None},
        {"threshold": 1.5},
        {"tolerance": -MINUTE},
        {"tolerance": timedelta(days=2)},
        {"horizon": timedelta(0)},
    ],
)
def test_a_question_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    asked = {"newcomer": Newcomer("green"), **wrong}
    with pytest.raises(InvalidValueError):
        walk_in(asked.pop("newcomer"), **asked)


# --- calls ------------------------------------------------------------------------------------------------------------


def forecast(minutes: float, queue: Any = None, **other: Any) -> Any:
    queue = [entry(number, 20 - number) for number in range(4)] if queue is None else queue
    asked: dict[str, Any] = {"servers": Server(7), "durations": TWENTY, "seed": 1, "paths": 9, **other}
    return forecast_waits(rank(queue, policy=VETERINARY_TRIAGE, now=at(minutes)), **asked)


def test_those_whose_turn_comes_within_the_lead_are_called_in_order() -> None:
    calls = find_calls(forecast(0), told=(), lead=45 * MINUTE)
    assert calls.entries.tolist() == [0, 1, 2]
    assert [call.begin for call in calls] == [at(0), at(20), at(40)]
    assert [call.key for call in calls] == list(calls.keys) == [(0, "soon"), (1, "soon"), (2, "soon")]
    assert repr(calls) == "<CallTable of 3 'soon'>"
    assert find_calls(forecast(0), told=()).entries.tolist() == [0]


def test_whoever_was_told_is_not_told_again_but_another_message_is_another() -> None:
    told = find_calls(forecast(0), told=(), lead=45 * MINUTE).keys[:2]
    assert find_calls(forecast(0), told=told, lead=45 * MINUTE).keys == ((2, "soon"),)
    assert find_calls(forecast(0), told=told, lead=20 * MINUTE, kind="come in").keys == ((0, "come in"), (1, "come in"))
    assert len(find_calls(forecast(0), told={(1, "soon"), (0, "soon"), (99, "soon")}, lead=20 * MINUTE)) == 0


def test_nobody_who_is_called_parked_or_never_served_is_found() -> None:
    queue = [entry(1, 9, state="called"), entry(2, 8, state="parked"), entry(3, 7, provider=8), entry(4, 6)]
    assert find_calls(forecast(0, queue), told=(), lead=60 * MINUTE).entries.tolist() == [4]
    assert len(find_calls(forecast(0, []), told=())) == 0


def test_a_cautious_desk_calls_earlier() -> None:
    queue = [entry(1, 9), entry(2, 8)]
    lead = 12 * MINUTE
    by_share = {
        share: len(find_calls(forecast(0, queue, durations=VISITS, paths=200), told=(), lead=lead, share=share))
        for share in (0.05, 0.5)
    }
    assert by_share == {0.05: 2, 0.5: 1}


@pytest.mark.parametrize(
    "wrong",
    [
        {"lead": -MINUTE},
        {"lead": timedelta(days=2)},
        {"kind": " "},
        {"share": 0},
        {"told": [("1", "soon")]},
        {"forecast": None},
    ],
)
def test_calls_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    asked: dict[str, Any] = {"forecast": forecast(0), "told": (), **wrong}
    with pytest.raises(InvalidValueError):
        find_calls(asked.pop("forecast"), **asked)
