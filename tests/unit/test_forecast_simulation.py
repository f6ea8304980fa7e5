"""A clinic run from distributions: who comes, who is served when, and what it comes to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import pytest

from petpro_core import Interval, IntervalSet
from petpro_core.errors import InvalidValueError, LimitExceededError, NaiveDatetimeError
from petpro_core.forecast import (
    AppointmentStream,
    ArrivalStream,
    DurationLaw,
    DurationModel,
    Load,
    Server,
    Serving,
    find_load,
    simulate,
)
from petpro_core.forecast._dice import streams
from petpro_core.forecast._dispatch import FAR
from petpro_core.forecast.arrivals import Comers, booked_times, expected_count
from petpro_core.intervals import NEVER, to_us
from petpro_core.priority import PriorityPolicy, UrgencyLevel

MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
HOUR_US: Final = 3_600_000_000
OPENS: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY: Final = Interval(OPENS, OPENS + 8 * HOUR)
POLICY: Final = PriorityPolicy(
    [UrgencyLevel("urgent", head_start=HOUR, target=10 * MINUTE), UrgencyLevel("routine", target=HOUR)]
)
TEN: Final = DurationModel.same(DurationLaw.fixed(10 * MINUTE))
VISITS: Final = DurationModel.same(DurationLaw.lognormal(20 * MINUTE, cv=0.5))


def run(given: Any, **other: Any) -> Any:
    asked: dict[str, Any] = {
        "servers": Server(7),
        "durations": TEN,
        "policy": POLICY,
        "within": DAY,
        "runs": 3,
        "seed": 1,
        **other,
    }
    return simulate(given, **asked)


# --- who comes --------------------------------------------------------------------------------------------------------


def test_arrivals_come_at_the_rate_of_each_hour() -> None:
    stream = ArrivalStream("routine", [0, 2, 0, 5], since=OPENS)
    start = to_us(OPENS) + HOUR_US * 3 // 2
    times = Comers(stream, streams(1, 1)[0], 20_000, start).until(8 * HOUR_US)
    counts, _ = np.histogram(times[times < FAR] / HOUR_US, bins=np.arange(0, 8.5, 0.5))
    expected = np.array([2, 0, 0, 5, 5, 0, 0, 2, 2, 0, 0, 5, 5, 0, 0, 2]) / 2
    assert counts / 20_000 == pytest.approx(expected, abs=0.06)
    assert (np.diff(times, axis=0) >= 0).all()
    assert (times[-1] == FAR).all()
    assert expected_count(stream, start, 8 * HOUR_US) == pytest.approx(expected.sum())


def test_who_looks_further_sees_the_same_beginning() -> None:
    stream = ArrivalStream("routine", [3, 7], since=OPENS)
    short, long = (Comers(stream, streams(1, 1)[0], 5, to_us(OPENS)) for _ in range(2))
    bites = [short.until(hours * HOUR_US) for hours in (1, 5, 30)]
    whole = long.until(30 * HOUR_US)
    assert (bites[-1] == whole).all()
    for hours, bite in zip((1, 5), bites, strict=False):
        expected = np.where(whole[: len(bite)] < hours * HOUR_US, whole[: len(bite)], FAR)
        assert (bite == expected).all()


def test_nobody_comes_at_a_rate_of_zero() -> None:
    assert Comers(ArrivalStream("routine", 0), streams(1, 1)[0], 4, 0).until(HOUR_US).tolist() == [[FAR] * 4]


def test_a_book_has_one_appointment_in_each_slot_of_its_hours() -> None:
    stream = AppointmentStream("routine", 30 * MINUTE, hours=IntervalSet.of(Interval(OPENS + HOUR, OPENS + 2 * HOUR)))
    times = booked_times(stream, streams(1, 1)[0], 2, to_us(OPENS), 8 * HOUR_US)
    assert times.tolist() == [[HOUR_US] * 2, [HOUR_US * 3 // 2] * 2, [FAR] * 2]
    half = AppointmentStream("routine", 30 * MINUTE, no_show=0.5)
    times = booked_times(half, streams(1, 1)[0], 2_000, to_us(OPENS), 8 * HOUR_US)
    assert (times < FAR).sum() / 2_000 == pytest.approx(8, abs=0.2)
    assert (np.diff(times, axis=0) >= 0).all()
    assert expected_count(half, to_us(OPENS), 8 * HOUR_US) == 8


# --- a day ------------------------------------------------------------------------------------------------------------


def test_a_book_without_no_shows_can_be_worked_out_by_hand() -> None:
    # One comes each 8 minutes and takes 10: each waits 2 minutes longer than the one before.
    found = run(AppointmentStream("routine", 8 * MINUTE), runs=2)
    assert len(found) == 120
    assert repr(found) == "<Simulation of 120 visits of 1 streams in 2 runs>"
    assert (found.waits_us() / 60e6).tolist() == [2 * place for place in range(60)] * 2
    (waits,) = found.by_stream()
    assert (waits.count, waits.unserved, waits.urgency, waits.stream) == (120, 0, "routine", 0)
    assert (waits.mean, waits.p50, waits.p95) == (59 * MINUTE, 58 * MINUTE, 112 * MINUTE)
    assert waits.within_target == pytest.approx(31 / 60)
    assert found.share_within(HOUR) == found.share_within(HOUR, stream=0) == pytest.approx(31 / 60)
    assert found.utilisation().tolist() == [600 / 480]
    assert found.means_by_run(0).tolist() == [59 * 60e6] * 2
    # At the end of the first hour the eighth waits for another 14 minutes, and waited 4 of that hour.
    by_hour = found.queue_by_hour()
    assert len(by_hour) == 8
    inside = [min(2 * place, 60 - 8 * place) for place in range(8)]
    assert by_hour[0] == pytest.approx(sum(inside) / 60)


def test_columns_are_in_order_and_read_only() -> None:
    found = run([ArrivalStream("urgent", 1), ArrivalStream("routine", 3)], servers=[Server(9), Server(4)])
    keys = list(zip(found.stream.tolist(), found.run.tolist(), found.arrival_us.tolist(), strict=True))
    assert keys == sorted(keys)
    assert found.resources.tolist() == [4, 9]
    for name in ("resources", "stream", "run", "arrival_us", "begin_us", "end_us", "server"):
        assert not getattr(found, name).flags.writeable
    assert (found.begin_us >= found.arrival_us).all()
    assert (found.end_us - found.begin_us == 600_000_000).all()


def test_nobody_is_served_after_everybody_has_left() -> None:
    book = AppointmentStream("routine", 8 * MINUTE)
    day = Server(7, hours=Interval(OPENS, OPENS + HOUR))
    found = run(book, servers=day, runs=1)
    (waits,) = found.by_stream()
    # Whoever is taken before the end of duty is served to the end, so the seventh begins at 60 minutes minus nothing.
    assert (waits.count, waits.unserved) == (6, 54)
    assert found.begin_us[6:].tolist() == found.end_us[6:].tolist() == [NEVER] * 54
    assert found.server[6:].tolist() == [-1] * 54
    strictly = run(book, servers=day, runs=1, grace=timedelta(0))
    assert strictly.by_stream()[0].count == 6
    late = run(AppointmentStream("routine", 9 * MINUTE), servers=day, runs=1)
    assert late.by_stream()[0].count == 6
    assert late.end_us[5] == to_us(OPENS + HOUR)
    overrun = run(AppointmentStream("routine", 11 * MINUTE), servers=day, runs=1)
    assert overrun.end_us[5] == to_us(OPENS + HOUR + 5 * MINUTE)
    assert (
        run(AppointmentStream("routine", 11 * MINUTE), servers=day, runs=1, grace=timedelta(0)).by_stream()[0].count
        == 5
    )


def test_of_two_who_come_at_once_and_are_equal_the_first_stream_goes_first() -> None:
    book = AppointmentStream("routine", HOUR)
    found = run([book, book], runs=1)
    assert (found.waits_us(0) == 0).all()
    assert (found.waits_us(1) == 600_000_000).all()


def test_a_break_keeps_people_waiting() -> None:
    server = Server(7, away=Interval(OPENS + HOUR, OPENS + 2 * HOUR))
    found = run(AppointmentStream("routine", 12 * MINUTE), servers=server, runs=1, grace=timedelta(0))
    assert found.waits_us()[:5].tolist() == [0] * 5
    assert found.waits_us()[5] == HOUR_US
    assert found.utilisation()[0] == pytest.approx(400 / 420)


def test_streams_wait_for_those_who_may_serve_them() -> None:
    given = [AppointmentStream("routine", 30 * MINUTE, service=1), AppointmentStream("routine", 30 * MINUTE, service=2)]
    found = run(given, servers=[Server(3, services=[1]), Server(4, services=[2])])
    assert found.server.tolist() == found.stream.tolist()
    assert found.waits_us().tolist() == [0] * len(found)


def test_durations_may_differ_by_provider() -> None:
    fast, slow = DurationLaw.fixed(5 * MINUTE), DurationLaw.fixed(15 * MINUTE)
    model = DurationModel.given({1: {3: fast, None: slow}}, otherwise=slow)
    found = run(AppointmentStream("routine", 4 * MINUTE, service=1), servers=[Server(3), Server(4)], durations=model)
    took = (found.end_us - found.begin_us) // 60_000_000
    assert took.tolist() == np.where(found.server == 0, 5, 15).tolist()


def test_people_who_are_not_there_have_no_figures() -> None:
    found = run(
        [ArrivalStream("urgent", 0), AppointmentStream("routine", HOUR)],
        policy=PriorityPolicy([UrgencyLevel("urgent", target=MINUTE), UrgencyLevel("routine")]),
    )
    nobody, some = found.by_stream()
    assert (nobody.count, nobody.mean, nobody.p95, nobody.within_target) == (0, timedelta(0), timedelta(0), None)
    assert some.within_target is None
    assert np.isnan(found.means_by_run(0)).all()
    assert found.share_within(MINUTE, stream=0) == 1
    change, _ = found.compared_with(found)
    assert (change.change, change.error) == (timedelta(0), None)


# --- many runs --------------------------------------------------------------------------------------------------------


def test_another_vet_is_compared_on_the_same_people() -> None:
    given = [ArrivalStream("urgent", 1), ArrivalStream("routine", 4)]
    two, three = (
        run(given, servers=[Server(one) for one in range(vets)], durations=VISITS, runs=200) for vets in (2, 3)
    )
    for change in three.compared_with(two):
        assert change.change < -3 * change.error
        # Apart, two simulations would need many more runs to show as much.
        means = [np.nanstd(one.means_by_run(change.stream)) for one in (two, three)]
        assert change.error / timedelta(microseconds=1) < np.hypot(*means) / np.sqrt(200)


@pytest.mark.parametrize("other", [{"seed": 2}, {"runs": 4}, {"within": Interval(OPENS, OPENS + HOUR)}, {"given": 5}])
def test_only_simulations_of_the_same_people_are_compared(other: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError):
        run(ArrivalStream("routine", 4)).compared_with(run(ArrivalStream("routine", other.pop("given", 4)), **other))


def test_the_same_seed_has_the_same_day_and_a_generator_another_one_each_time() -> None:
    stream = ArrivalStream("routine", 4)
    assert run(stream).arrival_us.tolist() == run(stream).arrival_us.tolist()
    generator = streams(3, 1)[0]
    assert run(stream, seed=generator).arrival_us.tolist() != run(stream, seed=generator).arrival_us.tolist()


def test_in_the_long_run_those_at_both_ends_are_not_counted() -> None:
    found = run(AppointmentStream("routine", 30 * MINUTE), settle=2 * HOUR)
    assert found.counted == Interval(OPENS + 2 * HOUR, OPENS + 8 * HOUR)
    assert len(found) == 3 * 12


# --- load -------------------------------------------------------------------------------------------------------------


def tight(load: Load) -> Any:
    return load.share, load.streams, load.resources


def test_the_load_is_told_where_it_is_tightest() -> None:
    given = [ArrivalStream("routine", 3, service=1), ArrivalStream("routine", 3, service=2)]
    servers = [Server(7, services=[1]), Server(8), Server(9)]
    asked: dict[str, Any] = {"durations": TEN, "within": DAY}
    assert tight(find_load(given, servers=servers, **asked)) == (pytest.approx(1 / 3), (0, 1), (7, 8, 9))
    scarce = [Server(7, services=[1]), Server(8), Server(9, services=[1])]
    assert tight(find_load(given, servers=scarce, **asked)) == (pytest.approx(0.5), (1,), (8,))
    half = Server(8, hours=Interval(OPENS, OPENS + 4 * HOUR))
    assert tight(find_load(given, servers=half, **asked)) == (pytest.approx(2), (0, 1), (8,))
    gone = Server(8, hours=Interval(OPENS - HOUR, OPENS))
    assert find_load(given, servers=gone, **asked).share == float("inf")
    assert find_load(ArrivalStream("routine", 0), servers=gone, **asked).share == 0


def test_what_nobody_may_do_is_refused() -> None:
    given = [ArrivalStream("routine", 3, service=1), ArrivalStream("routine", 3, service=2)]
    with pytest.raises(InvalidValueError) as caught:
        find_load(given, servers=Server(7, services=[1]), durations=TEN, within=DAY)
    assert caught.value.got == 1
    many = [ArrivalStream("routine", 1, service=service) for service in range(13)]
    with pytest.raises(LimitExceededError):
        find_load(many, servers=[Server(one, services=[one]) for one in range(13)], durations=TEN, within=DAY)


@pytest.mark.parametrize(
    "wrong",
    [
        {"given": []},
        {"given": ["routine"]},
        {"given": ArrivalStream("blue", 1)},
        {"given": ArrivalStream("routine", 6), "settle": HOUR},
        {"settle": 8 * HOUR},
        {"settle": -HOUR},
        {"runs": 0},
        {"servers": []},
        {"servers": Server(7, serving=Serving(OPENS))},
        {"servers": Server(7, free_at=OPENS)},
        {"servers": Server(7, services=[1]), "given": ArrivalStream("routine", 1, service=2)},
        {"durations": None},
        {"policy": None},
        {"within": None},
        {"seed": "x"},
        {"limit": 0},
        {"grace": None},
    ],
)
def test_a_simulation_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    asked = {"given": ArrivalStream("routine", 2), **wrong}
    with pytest.raises(InvalidValueError):
        run(asked.pop("given"), **asked)


def test_a_day_may_be_overloaded_but_not_the_long_run() -> None:
    heavy = ArrivalStream("routine", 7)
    assert run(heavy).by_stream()[0].mean > timedelta(0)
    with pytest.raises(InvalidValueError) as caught:
        run(heavy, settle=HOUR)
    assert caught.value.name == "load"
    assert caught.value.got == pytest.approx(7 / 6)


def test_more_people_than_the_limit_are_refused() -> None:
    with pytest.raises(LimitExceededError) as caught:
        run(ArrivalStream("routine", 4), limit=50)
    assert caught.value.got == 96


@pytest.mark.parametrize(
    "made",
    [
        lambda: AppointmentStream("", MINUTE),
        lambda: AppointmentStream("routine", timedelta(0)),
        lambda: AppointmentStream("routine", MINUTE, no_show=2),
        lambda: AppointmentStream("routine", MINUTE, hours=DAY),  # type: ignore[arg-type]
        lambda: AppointmentStream("routine", MINUTE, service=-1),
    ],
)
def test_a_book_that_is_none_is_refused(made: Any) -> None:
    with pytest.raises(InvalidValueError):
        made()


def test_hours_are_counted_from_an_instant_with_a_zone() -> None:
    with pytest.raises(NaiveDatetimeError):
        ArrivalStream("routine", 1, since=datetime(2026, 3, 2))  # noqa: DTZ001 (that is what is refused)
