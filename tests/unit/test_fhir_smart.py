"""The files of SMART Scheduling Links."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from petpro_core.errors import InvalidValueError, NaiveDatetimeError
from petpro_core.interop.fhir import (
    Actor,
    Concept,
    PublishedPlace,
    PublishedSchedule,
    PublishedSlot,
    ScheduleBundle,
    read_bundle,
    write_smart,
)
from petpro_core.intervals import Interval
from petpro_core.timezones import load_zone

NOW: Final = datetime(2026, 11, 21, 14, tzinfo=UTC)
ADDRESS: Final[dict[str, Any]] = {
    "id": "main",
    "name": "Maple Street Animal Clinic",
    "phone": "413-555-0100",
    "lines": ["12 Maple Street", "2nd floor"],
    "city": "Springfield",
    "state": "MA",
    "postal_code": "01103",
}
HOUR: Final = Interval(datetime(2026, 11, 23, 14, tzinfo=UTC), datetime(2026, 11, 23, 15, tzinfo=UTC))
NEXT: Final = Interval(HOUR.end, datetime(2026, 11, 23, 16, tzinfo=UTC))
LAST: Final = Interval(NEXT.end, datetime(2026, 11, 23, 17, tzinfo=UTC))
BUNDLE: Final = ScheduleBundle(
    [
        PublishedSchedule(
            "ana",
            [Actor("Practitioner/ana", "Dr. Ana Alvarez"), Actor("Location/room-2")],
            [
                PublishedSlot(HOUR, "free", id="1", capacity=2),
                PublishedSlot(HOUR, "free", id="2", link="https://other.example.org/2", phone="555"),
                PublishedSlot(NEXT, "busy", id="3"),
                PublishedSlot(NEXT, "busy-tentative", id="4"),
                PublishedSlot(LAST, "busy-unavailable", id="5"),
            ],
            services=Concept("checkup", "Check-up"),
        ),
        PublishedSchedule(
            "hall", Actor("Location/hall"), PublishedSlot(HOUR, "free", id="6", services=Concept("class"))
        ),
        PublishedSchedule("kennels", Actor("Location/kennels"), PublishedSlot(HOUR, "free", id="7")),
        PublishedSchedule(
            "chen",
            Actor("PractitionerRole/chen"),
            PublishedSlot(HOUR, "free", id="8"),
            active=False,
            services=Concept("checkup"),
        ),
    ]
)
# The form that the tests of SMART Scheduling Links ask of instants.
INSTANT: Final = re.compile(
    r"([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)-(0[1-9]|1[0-2])-(0[1-9]|[1-2][0-9]|3[0-1])T"
    r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
)


def files(**more: Any) -> dict[str, str]:
    usual: dict[str, Any] = {"place": PublishedPlace(**ADDRESS), "base_url": "https://example.org/slots/", "now": NOW}
    return write_smart(BUNDLE, **usual | more)


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_manifest_leads_to_every_file() -> None:
    written = files()
    manifest = json.loads(written["$bulk-publish"])
    assert INSTANT.fullmatch(manifest["transactionTime"])
    assert manifest["request"] == "https://example.org/slots/$bulk-publish"
    assert [(one["type"], one["url"]) for one in manifest["output"]] == [
        ("Location", "https://example.org/slots/locations.ndjson"),
        ("PractitionerRole", "https://example.org/slots/practitioner-roles.ndjson"),
        ("Schedule", "https://example.org/slots/schedules.ndjson"),
        ("Slot", "https://example.org/slots/slots.ndjson"),
    ]
    assert all(one["extension"] == {"state": ["MA"]} for one in manifest["output"])
    assert manifest["error"] == []
    named = {one["url"].rpartition("/")[2] for one in manifest["output"]}
    assert set(written) == named | {"$bulk-publish"}


def test_the_place_has_all_that_is_asked_of_it() -> None:
    (place,) = lines(files()["locations.ndjson"])
    assert place == {
        "resourceType": "Location",
        "id": "main",
        "name": "Maple Street Animal Clinic",
        "telecom": [{"system": "phone", "value": "413-555-0100"}],
        "address": {
            "line": ["12 Maple Street", "2nd floor"],
            "city": "Springfield",
            "state": "MA",
            "postalCode": "01103",
        },
    }


def test_schedules_are_at_the_place_and_people_are_roles() -> None:
    written = files()
    here = {"reference": "Location/main", "display": "Maple Street Animal Clinic"}
    schedules = {one["id"]: one for one in lines(written["schedules.ndjson"])}
    assert list(schedules) == ["ana", "hall", "chen"]  # nobody could look for the kennels
    assert schedules["ana"]["actor"] == [here, {"reference": "PractitionerRole/ana", "display": "Dr. Ana Alvarez"}]
    assert schedules["hall"]["actor"] == [here]
    assert schedules["hall"]["serviceType"] == [{"coding": [{"code": "class"}]}]
    assert lines(written["practitioner-roles.ndjson"]) == [
        {
            "resourceType": "PractitionerRole",
            "id": key,
            "active": True,
            "practitioner": {"display": name},
            "location": [here],
        }
        for key, name in (("ana", "Dr. Ana Alvarez"), ("chen", "chen"))
    ]


def test_slots_are_free_with_a_way_to_book_or_busy() -> None:
    slots = {one["id"]: one for one in lines(files(booking_url="https://example.org/book?slot={slot}")["slots.ndjson"])}
    assert {key: one["status"] for key, one in slots.items()} == {
        "1": "free",
        "2": "free",
        "3": "busy",
        "4": "busy",
        "6": "free",
        "8": "busy",
    }
    told = {one["url"].rpartition("/")[2]: list(one.values())[1] for one in slots["1"]["extension"]}
    assert told == {
        "booking-deep-link": "https://example.org/book?slot=1",
        "booking-phone": "413-555-0100",
        "slot-capacity": 2,
    }
    assert [list(one.values())[1] for one in slots["2"]["extension"]] == ["https://other.example.org/2", "555"]
    assert "extension" not in slots["3"]
    without = lines(files()["slots.ndjson"])[0]["extension"]
    assert [one["url"].rpartition("/")[2] for one in without] == ["booking-phone", "slot-capacity"]


@pytest.mark.parametrize("status", ["busy", "busy-tentative", "busy-unavailable"])
def test_free_slots_whose_time_another_one_takes_are_not_free(status: str) -> None:
    half = Interval(HOUR.start + timedelta(minutes=30), HOUR.end)
    told_as = [(HOUR, "free"), (half, status), (NEXT, "free")]
    slots = [PublishedSlot(interval, what, id=str(number)) for number, (interval, what) in enumerate(told_as, 1)]
    ana = PublishedSchedule("ana", Actor("Practitioner/ana"), slots, services=Concept("checkup"))
    place = PublishedPlace(**ADDRESS)
    text = write_smart(ScheduleBundle(ana), place=place, base_url="https://example.org/slots", now=NOW)["slots.ndjson"]
    told = {one["id"]: one for one in lines(text)}
    assert (told["1"]["status"], told["3"]["status"]) == ("busy", "free")
    assert "extension" not in told["1"]


def test_times_by_the_clock_of_a_zone() -> None:
    written = files(zone=load_zone("America/New_York"))
    slot = lines(written["slots.ndjson"])[0]
    assert (slot["start"], slot["end"]) == ("2026-11-23T09:00:00-05:00", "2026-11-23T10:00:00-05:00")
    assert json.loads(written["$bulk-publish"])["transactionTime"] == "2026-11-21T09:00:00-05:00"


def test_the_lines_are_read_as_any_others() -> None:
    written = files()
    text = "".join(text for name, text in written.items() if name.endswith(".ndjson"))
    found = {one.id: one for one in read_bundle(text, format="ndjson").schedules}
    assert found["ana"].actors[1] == Actor("PractitionerRole/ana", "Dr. Ana Alvarez")
    assert [slot.id for slot in found["ana"].slots] == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    "change",
    [{"id": "a b"}, {"name": " "}, {"phone": "a@b"}, {"phone": 413}, {"lines": []}, {"lines": [""]}, {"state": ""}],
)
def test_places_that_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError) as caught:
        PublishedPlace(**ADDRESS | change)
    assert caught.value.name == next(iter(change))


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": ""},
        {"base_url": "example.org"},
        {"base_url": "ftp://example.org/"},
        {"base_url": "https://example.org/?a=b"},
        {"booking_url": "javascript:alert(1)"},
        {"booking_url": 3},
    ],
)
def test_urls_that_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError) as caught:
        files(**change)
    assert caught.value.name == next(iter(change))


def test_a_moment_without_a_zone_and_a_slot_without_an_id_are_refused() -> None:
    with pytest.raises(NaiveDatetimeError):
        files(now=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the case
    nameless = PublishedSchedule("a", Actor("Location/1"), PublishedSlot(HOUR, "busy"), services=Concept("x"))
    with pytest.raises(InvalidValueError, match="a slot that is published has an id"):
        write_smart(ScheduleBundle(nameless), place=PublishedPlace(**ADDRESS), base_url="https://x.org", now=NOW)


def test_a_single_line_of_an_address_needs_no_list() -> None:
    assert PublishedPlace(**ADDRESS | {"lines": "12 Maple Street"}).lines == ("12 Maple Street",)
