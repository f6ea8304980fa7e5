"""What is offered: durations, buffers by role, preparation, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from petpro_core import (
    ALWAYS,
    BookingPolicy,
    BookingTable,
    Calendar,
    CalendarDays,
    Interval,
    Request,
    Schedule,
    WeeklyHours,
    WorkingTime,
    check_booking,
)
from petpro_core.errors import InvalidValueError
from petpro_core.matching import DurationRule, Has, Preparation, Role, ServiceType
from petpro_core.slots import Alignment, SlotRules

if TYPE_CHECKING:
    from collections.abc import Callable

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
VET, ROOM = Role("provider", Has(1)), Role("room", name="theatre", buffer_after=20 * MINUTE)


def service(**given: object) -> ServiceType:
    return ServiceType(4, [VET, ROOM], HOUR, **given)  # type: ignore[arg-type]


def test_each_role_has_its_own_buffers_and_all_the_rest_alike() -> None:
    offered = service(step=30 * MINUTE, alignment="clock", offset=5 * MINUTE, seats=3)
    expected = SlotRules(HOUR, step=30 * MINUTE, alignment=Alignment.CLOCK, offset=5 * MINUTE, seats=3)
    assert offered.rules_for() == offered.rules_for(VET) == offered.rules_for("provider") == expected
    for role in (1, ROOM, "theatre"):
        assert offered.rules_for(role).buffer_after == 20 * MINUTE
    assert offered.rules_for(0) is offered.rules_for(0)


@pytest.mark.parametrize("role", [2, -1, "vet", Role("equipment"), 0.5])
def test_a_role_of_another_service_is_refused(role: Role) -> None:
    with pytest.raises(InvalidValueError) as caught:
        service().rules_for(role)
    assert caught.value.name == "role"


def test_a_name_that_several_have_is_refused_and_a_number_is_not() -> None:
    two = ServiceType(4, [VET, Role("provider", Has(2), buffer_after=MINUTE)], HOUR)
    with pytest.raises(InvalidValueError, match="one of 0 'provider', 1 'provider', got 'provider'; give its number"):
        two.rules_for("provider")
    assert two.rules_for(1).buffer_after == MINUTE
    same = ServiceType(4, [VET, VET], HOUR)
    assert same.rules_for(VET).duration == HOUR


def test_the_rule_that_names_most_holds_and_then_what_it_names() -> None:
    offered = service(
        durations=[
            DurationRule(10 * MINUTE, size="large"),
            DurationRule(20 * MINUTE, species="dog"),
            DurationRule(30 * MINUTE, provider=7),
            DurationRule(40 * MINUTE, size="large", new_client=True),
            DurationRule(CalendarDays(2), species="dog", size="large", new_client=True),
        ]
    )
    for facts, length in (
        ({}, HOUR),
        ({"species": "cat", "size": "large"}, 10 * MINUTE),
        ({"species": "dog", "size": "large"}, 20 * MINUTE),
        ({"species": "dog", "size": "large", "provider": 7}, 30 * MINUTE),
        ({"species": "cat", "size": "large", "provider": 7, "new_client": True}, 40 * MINUTE),
        ({"species": "dog", "size": "large", "provider": 7, "new_client": True}, CalendarDays(2)),
        ({"provider": 8, "new_client": False}, HOUR),
    ):
        assert offered.duration_for(**facts) == length
        assert offered.rules_for(1, **facts).duration == length


def test_what_is_not_told_is_listed_where_it_could_matter() -> None:
    offered = service(
        durations=[
            DurationRule(2 * HOUR, species="dog", size="large"),
            DurationRule(HOUR, new_client=True),
        ]
    )
    assert offered.untested() == ("species", "size")
    assert offered.untested(species="dog") == ("size",)
    assert offered.untested(species="cat") == ()
    # A new client with a large dog takes as long as any large dog: the other rule names less.
    assert offered.untested(species="dog", size="large") == ()
    assert offered.untested(new_client=False) == ("species", "size")
    assert service().untested() == ()


def test_a_preparation_takes_notice() -> None:
    fasting = service(preparation=[Preparation("no food", 12 * HOUR), Preparation("bring the card")])
    assert fasting.lead == 12 * HOUR
    assert fasting.with_lead(BookingPolicy()).min_notice == 12 * HOUR
    assert fasting.with_lead(BookingPolicy(min_notice=24 * HOUR)).min_notice == 24 * HOUR
    working = BookingPolicy(min_notice=WorkingTime(HOUR))
    with pytest.raises(InvalidValueError, match="joins with a min_notice that is a timedelta"):
        fasting.with_lead(working)
    assert service().with_lead(working) is working
    assert service().lead == timedelta(0)
    with pytest.raises(InvalidValueError):
        service().with_lead(None)  # type: ignore[arg-type]


def test_the_judge_can_be_asked() -> None:
    fasting = service(preparation=Preparation("no food", 12 * HOUR))
    week = Schedule("UTC", WeeklyHours({"monday": ["08:00-12:00"]}))
    start = datetime(2026, 11, 23, 9, tzinfo=UTC)
    asked = {
        "start": start,
        "busy": BookingTable.empty(known=ALWAYS),
        "rules": fasting.rules_for("theatre", species="dog"),
        "policy": fasting.with_lead(BookingPolicy()),
        "request": Request(service=fasting.handle, units=fasting.units),
    }
    room = Calendar(week)
    assert check_booking(room, now=start - 13 * HOUR, **asked) == ()  # type: ignore[arg-type]
    (late,) = check_booking(room, now=start - 11 * HOUR, **asked)  # type: ignore[arg-type]
    assert str(late.kind) == "notice"
    assert Interval(start, start + HOUR).duration == HOUR


def test_a_price_is_carried_and_never_looked_at() -> None:
    class Price:
        def __eq__(self, other: object) -> bool:
            raise AssertionError

        __hash__ = None  # type: ignore[assignment]

    price = Price()
    offered = service(price=price)
    assert offered.price is price
    assert hash(offered) == hash(service())
    offered.rules_for("theatre")


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (lambda: ServiceType(-1, VET, HOUR), "handle"),
        (lambda: ServiceType(4, [], HOUR), "roles"),
        (lambda: ServiceType(4, [1], HOUR), "roles"),  # type: ignore[list-item]
        (lambda: ServiceType(4, [Role("room", name="a"), Role("room", name="a")], HOUR), "roles"),
        (lambda: ServiceType(4, VET, timedelta(0)), "duration"),
        (lambda: service(durations=[1]), "durations"),
        (lambda: service(durations=[DurationRule(HOUR, provider=1), DurationRule(MINUTE, provider=1)]), "durations"),
        (lambda: service(step=timedelta(0)), "step"),
        (lambda: service(alignment="moon"), "alignment"),
        (lambda: service(offset=1), "offset"),
        (lambda: service(seats=0), "seats"),
        (lambda: service(units=0), "units"),
        (lambda: service(preparation="fast"), "preparation"),
        (lambda: service(name=3), "name"),
        (lambda: DurationRule(HOUR), "facts"),
        (lambda: DurationRule(timedelta(0), provider=1), "duration"),
        (lambda: DurationRule(HOUR, provider=-1), "provider"),
        (lambda: DurationRule(HOUR, species=""), "species"),
        (lambda: DurationRule(HOUR, size=3), "size"),  # type: ignore[arg-type]
        (lambda: DurationRule(HOUR, new_client=1), "new_client"),  # type: ignore[arg-type]
        (lambda: Preparation(" "), "text"),
        (lambda: Preparation(3), "text"),  # type: ignore[arg-type]
        (lambda: Preparation("fast", -HOUR), "lead"),
    ],
)
def test_what_makes_no_service_is_refused(build: Callable[[], object], name: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        build()
    assert caught.value.name == name
