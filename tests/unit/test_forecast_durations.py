"""How long visits take: laws, the rest of a visit in progress, models, and what is learned."""

from __future__ import annotations

import math
import statistics
from datetime import timedelta
from typing import Any, Final

import numpy as np
import pytest

from petpro_core.errors import InvalidValueError
from petpro_core.forecast import DurationLaw, DurationModel, LawShape, learn_durations
from petpro_core.forecast._dice import isf, milliseconds, sf, streams

MINUTE: Final = timedelta(minutes=1)
MINUTE_US: Final = 60_000_000
NORMAL: Final = statistics.NormalDist()


def dice(seed: int) -> np.random.Generator:  # noqa: TID251 (the seed is fixed)
    return streams(seed, 1)[0]


# --- chance -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [1e-12, 1e-6, 0.01, 0.0749, 0.0751, 0.3, 0.5, 0.8, 0.93, 0.999999])
def test_the_inverse_normal_is_that_of_the_standard_library(share: float) -> None:
    (z,) = isf(np.array([share]))
    assert z == pytest.approx(-NORMAL.inv_cdf(share), abs=1e-9)
    assert sf(float(z)) == pytest.approx(share, rel=1e-12)


def test_the_inverse_normal_holds_far_out() -> None:
    z = isf(np.array([1e-300, 1e-40]))
    assert [sf(float(one)) for one in z] == pytest.approx([1e-300, 1e-40], rel=1e-10)


def test_a_number_is_the_same_dice_each_time_and_a_generator_moves_on() -> None:
    first, again = streams(5, 2), streams(5, 2)
    assert [one.random() for one in first] == [one.random() for one in again]
    generator = streams(5, 1)[0]
    assert streams(generator, 1)[0].random() != streams(generator, 1)[0].random()


@pytest.mark.parametrize("seed", [-1, 1.5, None, "1", True])
def test_a_seed_is_a_number_or_a_generator(seed: Any) -> None:
    with pytest.raises(InvalidValueError) as caught:
        streams(seed, 1)
    assert caught.value.name == "seed"


def test_lengths_are_whole_milliseconds_and_bounded() -> None:
    found = milliseconds(np.array([1 / 3, 1e300]))
    assert found.tolist() == [20_000_000, 3_660 * 24 * 60 * MINUTE_US]
    assert milliseconds(np.array([1e-5])).tolist() == [1_000]


# --- one law ----------------------------------------------------------------------------------------------------------


def test_a_lognormal_law_has_the_mean_and_the_spread_that_it_was_made_of() -> None:
    law = DurationLaw.lognormal(20 * MINUTE, cv=0.5)
    drawn = DurationModel.same(law).draw_us(dice(1), np.array([0]), np.array([0]), 200_000)[0, 0] / MINUTE_US
    assert law.mean / MINUTE == pytest.approx(20)
    assert drawn.mean() == pytest.approx(20, rel=0.01)
    assert drawn.std() / drawn.mean() == pytest.approx(0.5, rel=0.02)


def test_an_exponential_law_has_its_mean_for_its_spread() -> None:
    law = DurationLaw.exponential(15 * MINUTE)
    drawn = DurationModel.same(law).draw_us(dice(1), np.array([0]), np.array([0]), 200_000)[0, 0] / MINUTE_US
    assert law.mean / MINUTE == pytest.approx(15)
    assert law.shape is LawShape.EXPONENTIAL
    assert drawn.mean() == pytest.approx(15, rel=0.01)
    assert drawn.std() == pytest.approx(15, rel=0.02)


def test_a_fixed_law_draws_always_the_same() -> None:
    law = DurationLaw.fixed(17 * MINUTE)
    assert set(DurationModel.same(law).draw_us(dice(1), np.array([0]), np.array([0]), 50).ravel()) == {17 * MINUTE_US}
    assert law.mean == 17 * MINUTE


@pytest.mark.parametrize(
    "made",
    [
        lambda: DurationLaw(17.0, 0.5),
        lambda: DurationLaw(1.0, -0.1),
        lambda: DurationLaw(1.0, 3.5),
        lambda: DurationLaw(math.nan, 0.5),
        lambda: DurationLaw("1", 0.5),  # type: ignore[arg-type]
        lambda: DurationLaw(True, 0.5),
        lambda: DurationLaw(1.0, 0.5, "exponential"),
        lambda: DurationLaw(1.0, 0.5, "weibull"),
        lambda: DurationLaw.lognormal(timedelta(0), cv=0.5),
        lambda: DurationLaw.lognormal(MINUTE, cv=-1),
        lambda: DurationLaw.exponential(15),  # type: ignore[arg-type]
        lambda: DurationLaw.fixed(timedelta(days=4_000)),
    ],
)
def test_a_law_that_is_none_is_refused(made: Any) -> None:
    with pytest.raises(InvalidValueError):
        made()


# --- the rest of a visit ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("elapsed", [0, 5, 20, 45, 90])
def test_the_rest_of_a_visit_is_that_of_the_visits_that_take_longer(elapsed: int) -> None:
    law = DurationLaw.lognormal(20 * MINUTE, cv=0.5)
    every = np.exp(law.log_mean + law.log_sd * dice(3).standard_normal(2_000_000))
    rest = np.sort(every[every > elapsed] - elapsed)
    found = law.remaining(elapsed * MINUTE_US, np.array([0.9, 0.5, 0.1])) / MINUTE_US
    assert found == pytest.approx(np.quantile(rest, [0.1, 0.5, 0.9]), rel=0.05 if elapsed < 90 else 0.3)


def test_a_visit_far_overdue_goes_on_by_the_law_of_its_tail() -> None:
    law = DurationLaw.lognormal(20 * MINUTE, cv=0.5)
    # The two forms meet where the exact one is left.
    edge = math.exp(law.log_mean + 8 * law.log_sd)
    share = np.array([0.9, 0.5, 0.1])
    near, far = (law.remaining(int(edge * factor * MINUTE_US), share) for factor in (0.999, 1.001))
    assert near == pytest.approx(far, rel=0.08)
    assert (law.remaining(int(1e4 * MINUTE_US), share) > 0).all()


def test_an_exponential_visit_forgets_what_has_passed() -> None:
    law, share = DurationLaw.exponential(15 * MINUTE), np.array([0.1, 0.9])
    assert law.remaining(0, share).tolist() == law.remaining(50 * MINUTE_US, share).tolist()


def test_a_fixed_visit_ends_when_it_is_to_end_and_is_over_when_it_is_overdue() -> None:
    law, share = DurationLaw.fixed(15 * MINUTE), np.array([0.0, 1.0])
    assert law.remaining(5 * MINUTE_US, share).tolist() == [10 * MINUTE_US] * 2
    assert law.remaining(25 * MINUTE_US, share).tolist() == [0, 0]


# --- models -----------------------------------------------------------------------------------------------------------


def test_a_model_finds_the_law_that_was_given() -> None:
    short, long, other = (DurationLaw.fixed(minutes * MINUTE) for minutes in (10, 30, 20))
    model = DurationModel.given({4: {7: long}, 3: short}, otherwise=other)
    assert model.services.tolist() == [3, 4]
    assert model.providers.tolist() == [7]
    assert [model.law(3, who) for who in (7, 8, None)] == [short] * 3
    assert [model.law(4, who) for who in (7, 8, None)] == [long, other, other]
    assert [model.law(what, 7) for what in (None, 99)] == [other] * 2
    assert repr(model) == "<DurationModel of 2 services and 1 providers>"


def test_means_are_those_of_the_laws() -> None:
    model = DurationModel.given(
        {1: DurationLaw.exponential(15 * MINUTE), 2: {7: DurationLaw.lognormal(20 * MINUTE, cv=0.5)}},
        otherwise=DurationLaw.fixed(10 * MINUTE),
    )
    means = model.means_us(model.rows([1, 2, None]), model.columns([7, 8]))
    assert means.tolist() == [[minutes * MINUTE_US for minutes in row] for row in ([15, 20, 10], [15, 10, 10])]


def test_providers_who_do_not_differ_share_what_is_drawn() -> None:
    law = DurationLaw.lognormal(20 * MINUTE, cv=0.5)
    model = DurationModel.given({1: {7: law, 8: DurationLaw.fixed(20 * MINUTE)}, 2: law}, otherwise=law)
    columns = model.columns([7, 8])
    assert model.draw_us(dice(1), model.rows([2, 2]), columns, 3).shape == (1, 2, 3)
    assert model.draw_us(dice(1), model.rows([1, 2]), columns, 3).shape == (2, 2, 3)


def test_a_model_may_mix_shapes() -> None:
    model = DurationModel.given(
        {1: DurationLaw.exponential(15 * MINUTE), 2: DurationLaw.fixed(10 * MINUTE)},
        otherwise=DurationLaw.fixed(10 * MINUTE),
    )
    found = model.draw_us(dice(1), model.rows([2, 1, 2]), np.array([0]), 4)[0]
    assert (found[[0, 2]] == 10 * MINUTE_US).all()
    assert len(set(found[1].tolist())) == 4


@pytest.mark.parametrize(
    "made",
    [
        lambda: DurationModel.same(20),  # type: ignore[arg-type]
        lambda: DurationModel.given({1: 20}, otherwise=DurationLaw.fixed(MINUTE)),  # type: ignore[dict-item]
        lambda: DurationModel.given({1: {2: 20}}, otherwise=DurationLaw.fixed(MINUTE)),  # type: ignore[dict-item]
        lambda: DurationModel.given({-1: DurationLaw.fixed(MINUTE)}, otherwise=DurationLaw.fixed(MINUTE)),
        lambda: DurationModel.given({1: {-2: DurationLaw.fixed(MINUTE)}}, otherwise=DurationLaw.fixed(MINUTE)),
    ],
)
def test_a_model_of_something_else_than_laws_is_refused(made: Any) -> None:
    with pytest.raises(InvalidValueError):
        made()


# --- what is learned --------------------------------------------------------------------------------------------------


def drawn(rows: list[tuple[int, int, int, float, float]], seed: int = 1) -> DurationModel:
    """Visits of (service, provider, count, mean of the logarithm, its standard deviation)."""
    luck, service, provider, took = dice(seed), [], [], []
    for what, who, count, mean, sd in rows:
        service += [what] * count
        provider += [who] * count
        took += np.exp(mean + sd * luck.standard_normal(count)).tolist()
    return learn_durations(service=service, provider=provider, duration_us=[round(one * MINUTE_US) for one in took])


def test_providers_who_do_not_differ_are_taken_for_one() -> None:
    model = drawn([(1, who, 40, 3.0, 0.4) for who in range(6)])
    spread = np.ptp(model.log_mean[0, :6])
    assert spread < 0.1
    assert model.log_mean[0, -1] == pytest.approx(3.0, abs=0.08)
    assert model.log_sd[0, :6] == pytest.approx(0.4, abs=0.06)


def test_providers_who_differ_keep_their_own_and_a_new_one_has_the_mean_of_all() -> None:
    model = drawn([(1, 1, 100, 2.5, 0.3), (1, 2, 100, 3.5, 0.3), (1, 3, 100, 3.0, 0.3)])
    assert model.log_mean[0, :3] == pytest.approx([2.5, 3.5, 3.0], abs=0.1)
    assert model.law(1, 99).log_mean == pytest.approx(3.0, abs=0.1)
    # Nobody knows how quick the new one is, so their law is wider than anybody's own.
    assert model.law(1, 99).log_sd > 0.5


def test_few_visits_are_drawn_to_what_is_known_of_more() -> None:
    many = [(1, who, 60, mean, 0.3) for who, mean in ((1, 2.8), (2, 3.0), (3, 3.2))]
    one = learn_durations(**columns_of([*((1, 1, 20.0) for _ in range(50)), (1, 2, 40.0)]))
    assert one.law(1, 2).log_mean < math.log(40)
    model = drawn([*many, (1, 4, 1, 6.0, 0.0)])
    assert model.law(1, 4).log_mean < 6.0
    assert model.visits[0].tolist() == [60, 60, 60, 1, 181]


def columns_of(rows: list[tuple[int, int, float]]) -> dict[str, Any]:
    service, provider, minutes = zip(*rows, strict=True)
    return {"service": service, "provider": provider, "duration_us": [round(m * MINUTE_US) for m in minutes]}


def test_one_visit_teaches_its_length_and_the_usual_spread() -> None:
    model = learn_durations(**columns_of([(3, 7, 20.0)]))
    for law in (model.law(3, 7), model.law(3, 8), model.law(9, 9)):
        assert law.log_mean == pytest.approx(math.log(20))
        assert law.log_sd == pytest.approx(math.sqrt(math.log(1.25)))


def test_a_service_that_nobody_did_has_the_law_of_all_and_wider() -> None:
    model = drawn([(1, 1, 50, 2.0, 0.3), (2, 1, 50, 4.0, 0.3)])
    assert model.law(3, 1).log_mean == pytest.approx(3.0, abs=0.1)
    assert model.law(3, 1).log_sd > 1
    wild = learn_durations(**columns_of([(1, 1, 1e-3), (2, 1, 4e6), (3, 1, 1e-3), (4, 1, 4e6)]))
    assert wild.law(9, 9).log_sd == 3


@pytest.mark.parametrize(
    "columns",
    [
        {"service": [], "provider": [], "duration_us": []},
        {"service": [1], "provider": [1, 2], "duration_us": [1]},
        {"service": [[1]], "provider": [[1]], "duration_us": [[1]]},
        {"service": [-1], "provider": [1], "duration_us": [1]},
        {"service": [1], "provider": [-1], "duration_us": [1]},
        {"service": [1], "provider": [1], "duration_us": [0]},
        {"service": [1], "provider": [1], "duration_us": [10**15]},
        {"service": [1], "provider": [1], "duration_us": [1.5]},
    ],
)
def test_columns_that_are_no_visits_are_refused(columns: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError):
        learn_durations(**columns)
