"""What a practice allows, and who asks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from petpro_core.bookings import (
    BookingPolicy,
    Cap,
    Days,
    MinimumGap,
    Period,
    Request,
    Scope,
    WorkingDays,
    WorkingTime,
)
from petpro_core.errors import InvalidValueError, UnknownTimeZoneError

if TYPE_CHECKING:
    from collections.abc import Callable

LESS = timedelta(microseconds=-1)


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (lambda: WorkingTime(LESS), "time"),
        (lambda: Days(-1), "days"),
        (lambda: WorkingDays(-1), "days"),
        (lambda: Cap(-1, per=Period.DAY), "limit"),
        (lambda: MinimumGap(LESS), "time"),
        (lambda: BookingPolicy(min_notice=LESS), "min_notice"),
        (lambda: BookingPolicy(horizon=LESS), "horizon"),
        (lambda: BookingPolicy(min_duration=LESS), "min_duration"),
        (lambda: BookingPolicy(max_duration=LESS), "max_duration"),
        (lambda: BookingPolicy(cancel_deadline=LESS), "cancel_deadline"),
        (lambda: BookingPolicy(move_deadline=LESS), "move_deadline"),
    ],
)
def test_times_and_counts_are_not_negative(build: Callable[[], object], name: str) -> None:
    with pytest.raises(InvalidValueError, match="from 0 ") as caught:
        build()
    assert caught.value.name == name


def test_zero_is_allowed_everywhere() -> None:
    policy = BookingPolicy(
        min_notice=WorkingTime(timedelta(0)),
        horizon=WorkingDays(0),
        caps=Cap(0, per=Period.DAY),
        gaps=MinimumGap(timedelta(0)),
        max_duration=timedelta(0),
        cancel_deadline=timedelta(0),
    )
    assert (policy.caps, policy.gaps) == ((Cap(0, per=Period.DAY),), (MinimumGap(timedelta(0)),))


def test_a_policy_that_says_nothing_allows_everything() -> None:
    policy = BookingPolicy()
    assert (policy.min_notice, policy.horizon, policy.caps, policy.gaps) == (timedelta(0), None, (), ())
    assert (policy.cancel_deadline, policy.move_deadline, policy.one_at_a_time) == (None, None, ())
    assert (policy.pending_blocks, policy.no_show_counts) == (False, True)


def test_words_are_taken_for_periods_and_scopes() -> None:
    assert Cap(1, per="week", by="pet") == Cap(1, per=Period.WEEK, by=Scope.PET)
    scopes = BookingPolicy(one_at_a_time=["pet", "client", "pet"]).one_at_a_time  # type: ignore[list-item]  # as text is
    assert scopes == (Scope.CLIENT, Scope.PET)


@pytest.mark.parametrize("wrong", [{"per": "year"}, {"per": "day", "by": "species"}])
def test_other_words_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError, match="is one of"):
        Cap(1, **wrong)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(UnknownTimeZoneError):
        Cap(1, per=Period.DAY, zone="Mars/Base")


def test_rules_have_names() -> None:
    assert Cap(8, per=Period.DAY).name == "at most 8 bookings per day by resource"
    assert Cap(90, per=Period.MONTH, by=Scope.GROUP, minutes=True).name == "at most 90 minutes per month by group"
    assert MinimumGap(timedelta(hours=2), by=Scope.PET).name == "at least 2:00:00 between visits by pet"


def test_a_request_names_its_subjects() -> None:
    request = Request(client=1, household=2, pet=3, group=4)
    assert [request.subject(scope) for scope in Scope] == [None, 1, 2, 3, 4]
    assert [Request().subject(scope) for scope in Scope] == [None] * 5


@pytest.mark.parametrize("units", [0, -3])
def test_a_request_is_for_something(units: int) -> None:
    with pytest.raises(InvalidValueError) as caught:
        Request(units=units)
    assert caught.value.got == units
