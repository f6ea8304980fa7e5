"""What is read of FHIR, and how what is wrong is refused: path, what was got, what is allowed."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from petpro_core.errors import InvalidBundleError, InvalidValueError, LimitExceededError, NaiveDatetimeError
from petpro_core.interop.fhir import (
    Actor,
    Concept,
    PublishedSchedule,
    PublishedSlot,
    ScheduleBundle,
    fhir_id,
    read_bundle,
    write_bundle,
)
from petpro_core.intervals import ALWAYS, Interval
from petpro_core.timezones import load_zone

SLOT: Final[dict[str, Any]] = {
    "resourceType": "Slot",
    "id": "1",
    "schedule": {"reference": "Schedule/ana"},
    "status": "free",
    "start": "2026-11-23T09:00:00-05:00",
    "end": "2026-11-23T09:30:00-05:00",
}
SCHEDULE: Final[dict[str, Any]] = {
    "resourceType": "Schedule",
    "id": "ana",
    "actor": [{"reference": "Practitioner/ana"}],
}


def bundle(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    entries = [{"resource": copy.deepcopy(one)} for one in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries, **more}


def utc(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def schedule(*resources: dict[str, Any], **more: Any) -> PublishedSchedule:
    (found,) = read_bundle(bundle(SCHEDULE | more, *resources)).schedules
    return found


# --- what is read -----------------------------------------------------------------------------------------------------


def test_a_page_of_search_results_as_servers_send_it() -> None:
    base = "https://ehr.example.org/fhir"
    page = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": 2,
        "timestamp": "2026-11-21T14:00:00.123Z",
        "link": [{"relation": "self", "url": f"{base}/Slot?_include=Slot:schedule"}],
        "entry": [
            {
                "fullUrl": f"{base}/Slot/41",
                "search": {"mode": "match"},
                "resource": {
                    "resourceType": "Slot",
                    "id": "41",
                    "meta": {"versionId": "3"},
                    "text": {"status": "generated", "div": "<div/>"},
                    "serviceCategory": [{"text": "General Practice"}],
                    "serviceType": [
                        {"coding": [{"display": "no code"}, {"system": "http://snomed.info/sct", "code": "410620009"}]},
                        {"text": "Well child visit"},
                        {"coding": [{"display": "neither"}]},
                    ],
                    "schedule": {"reference": f"{base}/Schedule/9/_history/2"},
                    "status": "busy-tentative",
                    "start": "2026-11-23T09:00:00.0000000-05:00",
                    "end": "2026-11-23T09:30:00-0500",
                    "overbooked": True,
                    "comment": "bring the card",
                },
            },
            {
                "fullUrl": f"{base}/Schedule/9",
                "search": {"mode": "include"},
                "resource": {
                    "resourceType": "Schedule",
                    "id": "9",
                    "active": True,
                    "specialty": [{"text": "x"}],
                    "actor": [
                        {"reference": f"{base}/Practitioner/7"},
                        {"reference": "PractitionerRole/7r"},
                        {"reference": "Location/2"},
                        {"reference": "Location/3"},
                        {"reference": "Practitioner/8"},
                        {"reference": "Practitioner/10"},
                        {"display": "the van"},
                    ],
                    "comment": "Mondays",
                },
            },
            {
                "fullUrl": f"{base}/Practitioner/7",
                "resource": {"resourceType": "Practitioner", "id": "7", "name": [{"family": "Alvarez"}]},
            },
            {
                "resource": {
                    "resourceType": "PractitionerRole",
                    "id": "7r",
                    "practitioner": {"display": "Dr. Ana Alvarez"},
                }
            },
            {"resource": {"resourceType": "PractitionerRole", "id": "8r"}},
            {"resource": {"resourceType": "Location", "id": "2", "name": "Room 2"}},
            {"resource": {"resourceType": "Location", "id": "3"}},
            {"resource": {"resourceType": "Practitioner", "id": "8", "name": [{"text": "Dr. Chen"}]}},
            {"resource": {"resourceType": "Practitioner", "id": "10", "name": []}},
            {"resource": {"resourceType": "OperationOutcome", "issue": []}},
        ],
    }
    found = read_bundle(json.dumps(page))
    assert found.timestamp == datetime(2026, 11, 21, 14, 0, 0, 123_000, tzinfo=UTC)
    (one,) = found.schedules
    assert [(actor.kind, actor.id, actor.display) for actor in one.actors] == [
        ("Practitioner", "7", "Alvarez"),
        ("PractitionerRole", "7r", "Dr. Ana Alvarez"),
        ("Location", "2", "Room 2"),
        ("Location", "3", ""),
        ("Practitioner", "8", "Dr. Chen"),
        ("Practitioner", "10", ""),
        ("", "", "the van"),
    ]
    assert (one.comment, one.active, one.horizon) == ("Mondays", True, None)
    (slot,) = one.slots
    assert slot.interval == Interval(utc(23, 14), utc(23, 14, 30))
    assert slot.services == (Concept("410620009", system="http://snomed.info/sct"), Concept("", "Well child visit"))


def test_references_by_uuid_lead_to_the_entry_of_that_url() -> None:
    page = bundle(SCHEDULE, SLOT | {"schedule": {"reference": "urn:uuid:1"}})
    page["entry"][0]["fullUrl"] = "urn:uuid:1"
    assert len(read_bundle(page).schedules[0].slots) == 1


def test_a_slot_in_error_says_nothing() -> None:
    wrong = SLOT | {"id": "2", "status": "entered-in-error", "start": "never"}
    assert len(schedule(SLOT, wrong).slots) == 1


def test_an_inactive_schedule_has_no_free_time_and_keeps_its_busy_time() -> None:
    later = {"start": "2026-11-23T10:00:00Z", "end": "2026-11-23T11:00:00Z"}
    one = schedule(SLOT, SLOT | {"id": "2", "status": "busy"} | later, active=False)
    assert not one.free
    assert one.busy.duration.seconds == 3600


def test_busy_wins_and_only_what_is_told_is_known() -> None:
    one = schedule(
        SLOT | {"end": "2026-11-23T11:00:00-05:00"},
        SLOT
        | {
            "id": "2",
            "status": "busy-unavailable",
            "start": "2026-11-23T09:30:00-05:00",
            "end": "2026-11-23T10:00:00-05:00",
        },
    )
    assert [str(interval) for interval in one.free] == [
        "Interval(2026-11-23 14:00 to 14:30 UTC)",
        "Interval(2026-11-23 15:00 to 16:00 UTC)",
    ]
    assert one.known.span == Interval(utc(23, 14), utc(23, 16))


@pytest.mark.parametrize(
    ("period", "zone", "expected"),
    [
        ({"start": "2026-11-23T00:00:00-05:00", "end": "2026-11-24T00:00:00-05:00"}, None, (utc(23, 5), utc(24, 5))),
        ({"start": "2026-11-23", "end": "2026-11-23"}, "America/New_York", (utc(23, 5), utc(24, 5))),
        # Without a zone only what is that day everywhere: from noon UTC to ten in the morning of the last day.
        ({"start": "2026-11-22", "end": "2026-11-24"}, None, (utc(22, 12), utc(24, 10))),
        ({"start": "2026-11-23", "end": "2026-11-23"}, None, None),
        ({"start": "2026-11", "end": "2026-11"}, "UTC", (utc(1), datetime(2026, 12, 1, tzinfo=UTC))),
        ({"start": "2026", "end": "2026"}, "UTC", (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))),
        # What lies beyond the calendar is cut off.
        (
            {"start": "0001-01-01", "end": "9999-12-31"},
            "Asia/Tokyo",
            (ALWAYS.start, datetime(9999, 12, 31, 15, tzinfo=UTC)),
        ),
        ({"start": "0001", "end": "9999"}, "Etc/GMT+5", (datetime(1, 1, 1, 5, tzinfo=UTC), ALWAYS.end)),
        # An open side reaches as far as the slots do.
        ({"start": "2026-11-20T00:00:00Z"}, None, (utc(20), utc(23, 14, 30))),
        ({"end": "2026-11-30T00:00:00Z"}, None, (utc(23, 14), utc(30))),
        ({"end": "2026-11-01T00:00:00Z"}, None, None),
        ({}, None, (utc(23, 14), utc(23, 14, 30))),
    ],
)
def test_horizon(period: dict[str, str], zone: str | None, expected: tuple[datetime, datetime] | None) -> None:
    page = bundle(SCHEDULE | {"planningHorizon": period}, SLOT)
    (one,) = read_bundle(page, zone=None if zone is None else load_zone(zone)).schedules
    assert one.horizon == (None if expected is None else Interval(*expected))


def test_a_horizon_that_is_open_on_a_side_without_slots_says_nothing() -> None:
    assert schedule(planningHorizon={"start": "2026-11-20"}).horizon is None


def test_extensions_of_smart_scheduling_links_by_either_of_their_urls() -> None:
    old, new = "http://fhir-registry.smarthealthit.org/", "http://hl7.org/fhir/uv/smart-scheduling-links/"
    told = [
        {"url": f"{old}StructureDefinition/slot-capacity", "valueInteger": 3},
        {"url": f"{new}StructureDefinition/booking-deep-link", "valueUrl": "https://example.org/1"},
        {"url": f"{new}StructureDefinition/booking-phone", "valueString": "413-555-0100"},
        {"url": f"{old}StructureDefinition/booking-phone", "valueString": "another"},
        {"url": "https://example.org/colour", "valueString": "green"},
    ]
    (slot,) = schedule(SLOT | {"extension": told}).slots
    assert (slot.capacity, slot.link, slot.phone) == (3, "https://example.org/1", "413-555-0100")


def test_text_in_bytes_with_a_mark_and_lines_with_blanks() -> None:
    text = json.dumps(bundle(SCHEDULE, SLOT))
    assert read_bundle(b"\xef\xbb\xbf" + text.encode()) == read_bundle(text)
    lines = f"\n{json.dumps(SCHEDULE)}\r\n\n{json.dumps(SLOT)}\n"
    assert read_bundle(lines, format="ndjson") == read_bundle(text)


def test_an_empty_bundle() -> None:
    assert read_bundle({"resourceType": "Bundle"}) == ScheduleBundle(())
    assert write_bundle(ScheduleBundle(())) == {"resourceType": "Bundle", "type": "collection"}


# --- what is refused --------------------------------------------------------------------------------------------------


def refused(source: Any, **more: Any) -> InvalidBundleError:
    with pytest.raises(InvalidBundleError) as caught:
        read_bundle(source, **more)
    assert caught.value.code == "invalid_bundle"
    assert caught.value.path in caught.value.message
    return caught.value


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"status": "open"}, "status", "allowed: free, busy, busy-unavailable, busy-tentative, entered-in-error"),
        ({"status": 3}, "status", "text stands here, which is not empty, got 3"),
        ({"status": None}, "status", "got null"),
        ({"start": "2026-11-23T09:00-05:00"}, "start", "as 2026-11-23T09:00:00-05:00"),
        ({"start": "2026-11-23T09:00:00"}, "start", "with an offset"),
        ({"start": "2026-11-23"}, "start", "an instant is written"),
        ({"start": "2026-02-30T09:00:00Z"}, "start", "an instant is written"),
        ({"start": "2026-11-23T09:00:00.1234567Z"}, "start", "to the microsecond at most"),
        ({"start": "0001-01-01T00:00:00+10:00"}, "start", "an instant is written"),
        ({"end": "2026-11-23T09:00:00-05:00"}, "", "an interval ends after it starts"),
        ({"schedule": "Schedule/ana"}, "schedule", "an object stands here, {...}"),
        ({"schedule": {}}, "schedule", "reference is needed here, got nothing; add reference"),
        ({"schedule": {"reference": "Schedule/other"}}, "schedule.reference", "ask with _include=Slot:schedule"),
        ({"schedule": {"reference": "Practitioner/ana"}}, "schedule.reference", "stands in the same bundle"),
        ({"schedule": {"reference": "#contained"}}, "schedule.reference", "stands in the same bundle"),
        ({"id": "a b"}, "", "id is 1 to 64 of the letters A to Z and a to z, digits, hyphens and dots, got 'a b'"),
        ({"serviceType": {}}, "serviceType", "a list stands here, [...], got an object"),
        ({"serviceType": ["x"]}, "serviceType[0]", "an object stands here"),
        ({"modifierExtension": []}, "modifierExtension", "it changes what the resource means"),
        ({"implicitRules": "https://x"}, "implicitRules", "it changes what the resource means"),
        ({"extension": [{}]}, "extension[0]", "url is needed here"),
        ({"extension": [{"url": "x/slot-capacity"}]}, "extension[0]", "add valueInteger"),
        ({"extension": [{"url": "x/slot-capacity", "valueInteger": "3"}]}, "", "capacity is a whole number from 0"),
        ({"extension": [{"url": "x/booking-phone", "valueString": 3}]}, "extension[0]", "text stands here"),
    ],
)
def test_slots_that_are_refused(change: dict[str, Any], path: str, words: str) -> None:
    slot = SLOT | change if change != {"status": None} else SLOT | {"status": None}
    error = refused(bundle(SCHEDULE, slot))
    assert error.path.startswith(f"entry[1].resource{'.' * bool(path)}{path}")
    assert words in error.message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": ""}, "text stands here, which is not empty"),
        ({"actor": []}, "a schedule has at least one actor, got none for ana"),
        ({"actor": [{}]}, "an actor has a reference or a display, got neither"),
        ({"active": "yes"}, 'true or false stands here, got "yes"'),
        ({"planningHorizon": "2026"}, "an object stands here"),
        ({"planningHorizon": {"start": "2026-13", "end": "2026"}}, "a date is written YYYY, YYYY-MM or YYYY-MM-DD"),
        ({"planningHorizon": {"start": "0000", "end": "2026"}}, "lies in the years 1 to 9999"),
        ({"planningHorizon": {"start": "soon", "end": "2026"}}, "an instant is written"),
        (
            {"planningHorizon": {"start": "2026-11-24T00:00:00Z", "end": "2026-11-23T00:00:00Z"}},
            "an interval ends after it starts",
        ),
        ({"modifierExtension": [{}]}, "it changes what the resource means"),
        ({"comment": "\ud83d"}, "text is made of whole characters, got '\\ud83d'"),
        ({"comment": "x" * 100, "actor": "x" * 100}, f'a list stands here, [...], got "{"x" * 59}...'),
    ],
)
def test_schedules_that_are_refused(change: dict[str, Any], words: str) -> None:
    error = refused(bundle(SCHEDULE | change, SLOT), zone=load_zone("UTC"))
    assert error.path.startswith("entry[0].resource")
    assert words in error.message


def test_an_id_of_a_schedule_is_one_of_fhir() -> None:
    assert "id is 1 to 64 of the letters" in refused(bundle(SCHEDULE | {"id": "a/b"})).message


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"resourceType": "Slot"}, 'a Bundle stands here, got "Slot"; put the resource into the entries of a Bundle'),
        ({}, "resourceType is needed here"),
        ("[]", "an object stands here, {...}, got a list"),
        (bundle(SCHEDULE, SCHEDULE), "an id names one schedule of a bundle"),
        (bundle(SCHEDULE, SLOT, SLOT), "an id names one slot of a bundle"),
        ({"resourceType": "Bundle", "entry": [{}]}, "resource is needed here"),
        (bundle(link=[{"relation": "next", "url": "https://x"}]), "this is one page of several"),
        (
            bundle(link=[{"relation": "previous", "url": "https://x"}]),
            "this is one page of several, got a previous page",
        ),
        (bundle(SCHEDULE, total=7), "this is one page of several, with 1 entries, got 7; put all into one Bundle"),
        (bundle(SCHEDULE, bundle(SCHEDULE, SLOT)), "entries are resources, and no Bundles"),
        (
            {
                "resourceType": "Bundle",
                "entry": [{"fullUrl": "urn:uuid:1", "resource": SCHEDULE | {"id": key}} for key in ("ana", "bo")],
            },
            "a fullUrl names one schedule of a bundle, got urn:uuid:1 twice; give each its own",
        ),
        (bundle(implicitRules="https://x"), "it changes what the resource means"),
        (bundle(timestamp="yesterday"), "an instant is written"),
        (bundle({"resourceType": "Location", "name": 3}), "text stands here"),
        ('{"resourceType": "Bundle", "resourceType": "Bundle"}', "a key stands twice in its object"),
        ('{"resourceType": NaN}', "a number is finite, got NaN"),
        ("[" * 200_000, "it is nested too deeply"),
        (f"[{'1' * 10_000}]", "a number has too many digits"),
        ("{", "line 1: the text is not JSON: expecting property name enclosed in double quotes in column 2"),
        (b"\n\xff", "line 2: the text is not JSON: it is not UTF-8 (byte 1)"),
    ],
)
def test_bundles_that_are_refused(source: Any, words: str) -> None:
    assert words in refused(source).message


def test_lines_are_named_in_ndjson() -> None:
    text = f"{json.dumps(SCHEDULE)}\n\n{json.dumps(SLOT | {'status': 'x'})}"
    error = refused(text, format="ndjson")
    assert (error.line, error.path) == (3, "status")
    assert error.message.startswith('line 3: status: no such status of a slot, got "x"; allowed: free')
    assert refused('{"a": 1}\n{', format="ndjson").line == 2
    assert refused('{"a": NaN}', format="ndjson").line == 1
    assert refused(json.dumps(bundle(SCHEDULE, SLOT)), format="ndjson").message.startswith(
        "line 1: entries are resources"
    )


def test_bounds() -> None:
    with pytest.raises(LimitExceededError) as caught:
        read_bundle(bundle(SCHEDULE, SLOT), limit=1)
    assert (caught.value.limit, caught.value.got, caught.value.bound) == (1, 2, "limit")
    with pytest.raises(LimitExceededError) as caught:
        read_bundle(json.dumps(bundle()), max_bytes=10)
    assert caught.value.bound == "max_bytes"
    with pytest.raises(InvalidValueError, match="limit is a whole number from 1"):
        read_bundle(bundle(), limit=0)
    with pytest.raises(InvalidValueError, match="json or ndjson, got 'xml'"):
        read_bundle("{}", format="xml")  # type: ignore[arg-type]  # that is the case


# --- the model and what is written ------------------------------------------------------------------------------------

HALF: Final = Interval(utc(23, 14), utc(23, 14, 30))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: PublishedSlot(HALF, "open"),
        lambda: PublishedSlot(HALF, "free", id="a_b"),
        lambda: PublishedSlot(HALF, "free", id="x" * 65),
        lambda: PublishedSlot(HALF, "free", capacity=-1),
        lambda: PublishedSlot("today", "free"),  # type: ignore[arg-type]  # that is the case
        lambda: PublishedSchedule("", Actor("Practitioner/1")),
        lambda: PublishedSchedule(7, Actor("Practitioner/1")),  # type: ignore[arg-type]  # that is the case
        lambda: PublishedSchedule("a", ()),
        lambda: Actor(""),
        lambda: Concept(""),
        lambda: Concept("", "Visit", "https://codes.example.org"),
        lambda: ScheduleBundle([PublishedSchedule("a", Actor("x"))] * 2),
        lambda: ScheduleBundle(PublishedSchedule("a", Actor("x"), [PublishedSlot(HALF, "free", id="1")] * 2)),
    ],
)
def test_values_that_are_refused(wrong: Any) -> None:
    with pytest.raises(InvalidValueError):
        wrong()


def test_a_timestamp_has_a_zone() -> None:
    with pytest.raises(NaiveDatetimeError):
        ScheduleBundle((), timestamp=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the case


def test_instants_have_the_offset_of_the_zone_where_fhir_can_write_it() -> None:
    one = PublishedSchedule("a", Actor("Device/1"), PublishedSlot(HALF, "busy"))

    def starts(key: str, interval: Interval = HALF) -> str:
        slot = PublishedSlot(interval, "busy")
        plain = write_bundle(ScheduleBundle(PublishedSchedule("a", Actor("Device/1"), slot)), zone=load_zone(key))
        return str(plain["entry"][1]["resource"]["start"])

    assert write_bundle(ScheduleBundle(one))["entry"][1]["resource"]["start"] == "2026-11-23T14:00:00Z"
    assert starts("Asia/Kathmandu") == "2026-11-23T19:45:00+05:45"
    # Offsets with seconds and offsets beyond fourteen hours are none in FHIR.
    assert starts("Africa/Monrovia", Interval.from_us(0, 1)) == "1970-01-01T00:00:00Z"
    far = Interval(datetime(1800, 1, 1, tzinfo=UTC), datetime(1800, 1, 2, tzinfo=UTC))
    assert starts("America/Juneau", far) == "1800-01-01T00:00:00Z"


def test_people_and_places_have_entries_and_each_has_its_url() -> None:
    actors = [
        Actor("Practitioner/a", "Ana"),
        Actor("Location/r"),
        Actor("Location/r", "Room"),
        Actor("Device/d", "X-ray"),
    ]
    plain = write_bundle(ScheduleBundle(PublishedSchedule("s", actors)), base_url="https://example.org/fhir/")
    assert [entry["fullUrl"].removeprefix("https://example.org/fhir/") for entry in plain["entry"]] == [
        "Practitioner/a",
        "Location/r",
        "Schedule/s",
    ]
    names = [entry["resource"].get("name") for entry in plain["entry"]]
    assert names == [[{"text": "Ana"}], "Room", None]


def test_ids_are_the_same_in_every_run() -> None:
    assert fhir_id("B-1001") == "B-1001"
    assert fhir_id("Zoë") == "Zo-" + fhir_id("Zoë")[3:]
    assert len(fhir_id("x" * 100)) == 64
    assert len({fhir_id("a_b"), fhir_id("a b"), fhir_id("a-b")}) == 3
