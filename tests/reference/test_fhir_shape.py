"""What is written has the shape of FHIR R4: a checker written from the pages of the standard, which knows no PetPro.

The tables name, for each resource that is written, its elements with how often they may stand and of what type they
are (hl7.org/fhir/R4/: bundle, schedule, slot, practitioner, practitionerrole, location, datatypes, json). An element
that is not in them is a failure, and so is one that is empty.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from petpro_core.decisions import find_slots
from petpro_core.interop.clinic import read_clinic
from petpro_core.interop.fhir import (
    PublishedPlace,
    ScheduleBundle,
    bundle_of_clinic,
    clinic_of_bundle,
    read_bundle,
    write_bundle,
    write_smart,
)
from petpro_core.intervals import Interval

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "maple-street" / "clinic.toml"
NOW: Final = datetime(2026, 11, 21, 14, tzinfo=UTC)
WEEK: Final = Interval(datetime(2026, 11, 23, 5, tzinfo=UTC), datetime(2026, 11, 30, 5, tzinfo=UTC))

# --- the standard -----------------------------------------------------------------------------------------------------

DAY: Final = r"([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)-(0[1-9]|1[0-2])-(0[1-9]|[1-2][0-9]|3[0-1])"
CLOCK: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
OFFSET: Final = r"(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
PRIMITIVES: Final[dict[str, str]] = {
    "id": r"[A-Za-z0-9\-\.]{1,64}",
    "uri": r"\S+",
    "url": r"\S+",
    "code": r"[^\s]+(\s[^\s]+)*",
    "string": r"[ \r\n\t\S]+",
    "instant": f"{DAY}T{CLOCK}{OFFSET}",
    "dateTime": f"{DAY}T{CLOCK}{OFFSET}",
    "slotstatus": "busy|free|busy-unavailable|busy-tentative|entered-in-error",
    "bundletype": "document|message|transaction|transaction-response|batch|batch-response|history|searchset|collection",
    "phone": "phone|fax|email|pager|url|sms|other",
}
# Name: (least, most, type); most is 1, or "*" for a list.
Elements = dict[str, tuple[int, int | str, str]]
TYPES: Final[dict[str, Elements]] = {
    "Bundle": {
        "resourceType": (1, 1, "code"),
        "type": (1, 1, "bundletype"),
        "timestamp": (0, 1, "instant"),
        "entry": (0, "*", "Entry"),
    },
    "Entry": {"fullUrl": (0, 1, "uri"), "resource": (0, 1, "Resource")},
    "Schedule": {
        "resourceType": (1, 1, "code"),
        "id": (0, 1, "id"),
        "active": (0, 1, "boolean"),
        "serviceType": (0, "*", "CodeableConcept"),
        "actor": (1, "*", "Reference"),
        "planningHorizon": (0, 1, "Period"),
        "comment": (0, 1, "string"),
    },
    "Slot": {
        "resourceType": (1, 1, "code"),
        "id": (0, 1, "id"),
        "extension": (0, "*", "Extension"),
        "serviceType": (0, "*", "CodeableConcept"),
        "schedule": (1, 1, "Reference"),
        "status": (1, 1, "slotstatus"),
        "start": (1, 1, "instant"),
        "end": (1, 1, "instant"),
    },
    "Practitioner": {"resourceType": (1, 1, "code"), "id": (0, 1, "id"), "name": (0, "*", "HumanName")},
    "PractitionerRole": {
        "resourceType": (1, 1, "code"),
        "id": (0, 1, "id"),
        "active": (0, 1, "boolean"),
        "practitioner": (0, 1, "Reference"),
        "location": (0, "*", "Reference"),
    },
    "Location": {
        "resourceType": (1, 1, "code"),
        "id": (0, 1, "id"),
        "name": (0, 1, "string"),
        "telecom": (0, "*", "ContactPoint"),
        "address": (0, 1, "Address"),
    },
    "HumanName": {"text": (0, 1, "string")},
    "ContactPoint": {"system": (0, 1, "phone"), "value": (0, 1, "string")},
    "Address": {
        "line": (0, "*", "string"),
        "city": (0, 1, "string"),
        "state": (0, 1, "string"),
        "postalCode": (0, 1, "string"),
    },
    "Reference": {"reference": (0, 1, "string"), "display": (0, 1, "string")},
    "Period": {"start": (0, 1, "dateTime"), "end": (0, 1, "dateTime")},
    "CodeableConcept": {"coding": (0, "*", "Coding"), "text": (0, 1, "string")},
    "Coding": {"system": (0, 1, "uri"), "code": (0, 1, "code"), "display": (0, 1, "string")},
    "Extension": {
        "url": (1, 1, "uri"),
        "valueUrl": (0, 1, "url"),
        "valueString": (0, 1, "string"),
        "valueInteger": (0, 1, "integer"),
    },
}


def check(value: Any, kind: str, path: str) -> None:
    """Fail where a value is not of a type of the standard."""
    if kind == "Resource":
        assert value.get("resourceType") in TYPES, f"{path}: {value}"
        check(value, value["resourceType"], path)
    elif kind == "boolean":
        assert isinstance(value, bool), path
    elif kind == "integer":
        assert isinstance(value, int), path
        assert not isinstance(value, bool), path
    elif kind in PRIMITIVES:
        assert isinstance(value, str), f"{path}: {value!r}"
        assert re.fullmatch(PRIMITIVES[kind], value), f"{path}: {value!r} is no {kind}"
    else:
        elements = TYPES[kind]
        assert isinstance(value, dict), path
        assert value, f"{path}: an element has content"
        assert set(value) <= set(elements), f"{path}: {set(value) - set(elements)}"
        for name, (least, most, of) in elements.items():
            assert name in value or not least, f"{path}: {name} is missing"
            if name in value:
                many = value[name] if most == "*" else [value[name]]
                assert isinstance(many, list), f"{path}.{name}"
                assert many, f"{path}.{name} is an empty list"
                for number, one in enumerate(many):
                    check(one, of, f"{path}.{name}[{number}]")


# --- what is written --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bundle() -> ScheduleBundle:
    clinic = read_clinic(EXAMPLE.read_bytes(), format="toml")
    slots = {
        key: find_slots(
            clinic.calendars(service.resources),
            busy=clinic.busy(),
            rules=service.rules,
            policy=service.policy,
            request=clinic.request(service=key),
            within=WEEK,
            now=NOW,
        )
        for key, service in clinic.services.items()
    }
    assert all(len(table) for table in slots.values())
    return bundle_of_clinic(clinic, within=WEEK, now=NOW, slots=slots)


@pytest.mark.parametrize("key", [None, "America/New_York"])
def test_a_bundle_has_the_shape_of_the_standard(bundle: ScheduleBundle, key: str | None) -> None:
    zone = None if key is None else read_clinic(EXAMPLE.read_bytes(), format="toml").zone
    plain = json.loads(json.dumps(write_bundle(bundle, zone=zone, base_url="https://example.org/fhir")))
    check(plain, "Bundle", "Bundle")
    assert len(plain["entry"]) > 200
    urls = [entry["fullUrl"] for entry in plain["entry"]]
    assert len(set(urls)) == len(urls)  # invariant bdl-7
    named = {url.removeprefix("https://example.org/fhir/") for url in urls}
    for entry in plain["entry"]:
        told = entry["resource"]
        references = [*told.get("actor", []), *([told["schedule"]] if "schedule" in told else [])]
        assert {one["reference"] for one in references} <= named


def test_the_files_of_smart_scheduling_links_have_it_too(bundle: ScheduleBundle) -> None:
    place = PublishedPlace(
        id="main", name="Maple", phone="1", lines="12 Maple St", city="Springfield", state="MA", postal_code="01103"
    )
    files = write_smart(
        bundle, place=place, base_url="https://example.org", now=NOW, booking_url="https://x.org/{slot}"
    )
    kinds = {one["url"].rpartition("/")[2]: one["type"] for one in json.loads(files["$bulk-publish"])["output"]}
    for name, kind in kinds.items():
        assert files[name].endswith("\n")
        for line in files[name].splitlines():
            check(json.loads(line), kind, name)
            assert "\n" not in line


def test_what_comes_back_offers_as_much(bundle: ScheduleBundle) -> None:
    made = clinic_of_bundle(read_bundle(write_bundle(bundle)), zone="America/New_York")
    assert made.services["checkup"].rules[0].duration == timedelta(minutes=30)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"resourceType": "Schedule", "actor": []},
        {"resourceType": "Schedule"},
        {"resourceType": "Schedule", "actor": [{}]},
        {"resourceType": "Schedule", "actor": {"reference": "Practitioner/1"}},
        {"resourceType": "Schedule", "actor": [{"reference": ""}]},
        {"resourceType": "Schedule", "actor": [{"reference": "x"}], "colour": "green"},
        {"resourceType": "Schedule", "actor": [{"reference": "x"}], "active": "yes"},
        {"resourceType": "Schedule", "actor": [{"reference": "x"}], "planningHorizon": {"start": "2026-11-23T09:00"}},
        {"resourceType": "Schedule", "actor": [{"reference": "x"}], "id": "a_b"},
    ],
)
def test_the_checker_refuses_what_is_wrong(wrong: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        check(wrong, "Resource", "wrong")
