"""A clinic file that is written says what was meant, or is refused."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from petpro_core.availability import Calendar
from petpro_core.bookings import Allocation, Booking, BookingPolicy, Cap, Days
from petpro_core.errors import InvalidClinicError, InvalidValueError
from petpro_core.interop.clinic import Clinic, clinic_tree, read_clinic, write_clinic
from petpro_core.intervals import ALWAYS, Interval
from petpro_core.schedules import ClockRange, ExtraHours, Schedule, TimeOff, WeeklyHours
from petpro_core.slots import SlotRules
from petpro_core.timezones import TimeZone

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "maple-street" / "clinic.toml"
HOUR: Final = Interval(datetime(2026, 11, 23, 14, tzinfo=UTC), datetime(2026, 11, 23, 15, tzinfo=UTC))


def clinic() -> Clinic:
    return read_clinic(EXAMPLE.read_bytes(), format="toml")


def small(**more: Any) -> Clinic:
    tree: dict[str, Any] = {
        "clinic": {"zone": "America/New_York"},
        "providers": [{"id": "ana"}, {"id": "bo"}],
        "services": [{"id": "visit", "duration": "30m"}],
        "bookings": [{"provider": "ana", "service": "visit", "start": "2026-11-23T09:00", "client": "harper"}],
    }
    return read_clinic(json.dumps(tree | more), format="json")


@pytest.mark.parametrize("form", ["json", "toml"])
def test_the_example_comes_back_equal(form: Any) -> None:
    text = write_clinic(clinic(), format=form)
    again = read_clinic(text, format=form)
    assert again.names == clinic().names
    assert again.policy == clinic().policy
    assert [one.rules for one in again.services.values()] == [one.rules for one in clinic().services.values()]
    assert write_clinic(again, format=form) == text


def test_the_tree_is_plain() -> None:
    tree = clinic_tree(clinic())
    assert json.loads(json.dumps(tree)) == tree
    assert list(tree) == ["clinic", "providers", "rooms", "services", "policy", "bookings"]
    assert tree["rooms"][1]["capacity"] == 6
    assert tree["policy"]["horizon"] == "60 days"
    assert tree["services"][4]["duration"] == ["1d", "2d", "7d"]
    assert tree["bookings"][0] == {
        "id": "B-1001",
        "service": "checkup",
        "provider": "alvarez",
        "start": "2026-11-23T09:00:00-05:00",
        "end": "2026-11-23T09:30:00-05:00",
        "client": "harper",
        "household": "harper",
        "pet": "biscuit",
    }


def test_keys_and_text_of_toml_are_quoted_where_they_must_be() -> None:
    odd = small(providers=[{"id": "ana", "name": 'Ana "the vet" \\ #1'}, {"id": "bo"}])
    assert 'name = "Ana \\"the vet\\" \\\\ #1"' in write_clinic(odd, format="toml")


def changed_resource(one: Clinic, **calendar: Any) -> Clinic:
    resources = dict(one.resources)
    resources["ana"] = attrs.evolve(resources["ana"], calendar=Calendar(**calendar))
    return attrs.evolve(one, resources=resources)


def changed_service(one: Clinic, **more: Any) -> Clinic:
    return attrs.evolve(one, services={"visit": attrs.evolve(one.services["visit"], **more)})


def changed_booking(one: Clinic, **more: Any) -> Clinic:
    return attrs.evolve(one, bookings=(attrs.evolve(one.bookings[0], **more),))


NEW_YORK: Final = "America/New_York"
TICK: Final = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda one: changed_service(one, rules=(SlotRules(TICK),)), "lengths of whole seconds"),
        (
            lambda one: changed_service(one, rules=(SlotRules(HOUR.duration, offset=-HOUR.duration),)),
            "none of them negative",
        ),
        (
            lambda one: changed_service(
                one, rules=(SlotRules(HOUR.duration), SlotRules(TICK * 60_000_000, step=HOUR.duration))
            ),
            "services",
        ),
        (
            lambda one: changed_service(one, policy=BookingPolicy(caps=Cap(1, per="day", service=9))),
            "no service of number 9",
        ),
        (
            lambda one: attrs.evolve(
                changed_service(one, policy=BookingPolicy()), policy=BookingPolicy(horizon=Days(3))
            ),
            "services",
        ),
        (lambda one: changed_booking(one, service=9), "the clinic has no service of number 9"),
        (lambda one: changed_booking(one, client=9), "the clinic has no client of number 9"),
        (lambda one: changed_booking(one, seats=3), "bookings"),
        (lambda one: changed_booking(one, actual=HOUR), "bookings"),
        (lambda one: changed_booking(one, allocations=[Allocation(1, HOUR), Allocation(2, HOUR, units=2)]), "bookings"),
        (lambda one: attrs.evolve(one, booking_ids={}), "no booking of number 1"),
        (lambda one: attrs.evolve(one, clients={"nobody": 7, "harper": 1}), "clients would come back different"),
        (lambda one: changed_resource(one, schedules=Schedule(NEW_YORK, location=5)), "no location of number 5"),
        (
            lambda one: changed_resource(one, schedules=Schedule(NEW_YORK, WeeklyHours({}, first=date(2026, 1, 1)))),
            "resources",
        ),
        (lambda one: attrs.evolve(one, zone=TimeZone.fixed(HOUR.duration)), "clinic.zone"),
        (
            lambda one: changed_resource(
                one, schedules=Schedule(NEW_YORK, extra=ExtraHours(date(2026, 1, 1), ClockRange("09:00:00.5", "10:00")))
            ),
            "a range of hours is written HH:MM-HH:MM",
        ),
    ],
)
def test_what_a_clinic_file_cannot_say_is_refused(change: Any, words: str) -> None:
    with pytest.raises((InvalidValueError, InvalidClinicError), match=words):
        write_clinic(change(small()))


def test_moments_that_no_clock_of_hours_and_minutes_shows_are_in_universal_time() -> None:
    odd = Schedule("Africa/Monrovia")
    away = [TimeOff(Interval.from_us(0, 1)), TimeOff(Interval(ALWAYS.start, HOUR.start), "long ago")]
    one = changed_resource(small(), schedules=odd, time_off=away)
    assert clinic_tree(one)["providers"][0]["time_off"] == [
        {"start": "1970-01-01T00:00:00Z", "end": "1970-01-01T00:00:00.000001Z"},
        {"start": "0001-01-01T00:00:00Z", "end": "2026-11-23T14:00:00+00:00", "name": "long ago"},
    ]
    assert write_clinic(one)


@pytest.mark.parametrize("form", ["json", "toml"])
def test_extra_hours_without_hours_come_back_as_they_were(form: Any) -> None:
    nothing = ExtraHours(date(2026, 12, 19), (), name="not yet")
    one = changed_resource(small(), schedules=Schedule(NEW_YORK, extra=nothing))
    assert clinic_tree(one)["providers"][0]["schedules"][0]["extra"] == [
        {"day": "2026-12-19", "hours": [], "name": "not yet"}
    ]
    again = read_clinic(write_clinic(one, format=form), format=form)
    assert again.resources["ana"].calendar.schedules[0].extra == (nothing,)


def test_a_booking_of_several_and_one_that_stands_alone() -> None:
    both = [Allocation(1, HOUR), Allocation(2, HOUR)]
    visits = (Booking(1, both, source="walk_in"), Booking(2, Allocation(2, HOUR)))
    one = attrs.evolve(small(), bookings=visits, booking_ids={1: "#1", 2: "late"}, clients={})
    assert clinic_tree(one)["bookings"] == [
        {
            "resources": ["ana", "bo"],
            "start": "2026-11-23T09:00:00-05:00",
            "end": "2026-11-23T10:00:00-05:00",
            "source": "walk_in",
        },
        {
            "id": "late",
            "provider": "bo",
            "start": "2026-11-23T09:00:00-05:00",
            "end": "2026-11-23T10:00:00-05:00",
        },
    ]
    assert write_clinic(one)


def test_no_such_format() -> None:
    with pytest.raises(InvalidValueError, match="toml or json, got 'yaml'"):
        write_clinic(small(), format="yaml")  # type: ignore[arg-type]  # that is the case
