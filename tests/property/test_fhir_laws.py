"""FHIR: what is written is read back equal, busy wins, and a clinic made of what was published offers the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from petpro_core.decisions import find_slots
from petpro_core.errors import InvalidBundleError, PetProError
from petpro_core.interop.clinic import Clinic, read_clinic, write_clinic
from petpro_core.interop.fhir import (
    Actor,
    Concept,
    PublishedSchedule,
    PublishedSlot,
    ScheduleBundle,
    SlotStatus,
    bundle_of_clinic,
    clinic_of_bundle,
    read_bundle,
    write_bundle,
)
from petpro_core.intervals import ALWAYS, Interval, IntervalSet, from_us
from petpro_core.timezones import load_zone

if TYPE_CHECKING:
    from petpro_core.bookings import BookingTable

# An example draws, writes and reads a whole clinic.
FEW: Final = settings(max_examples=max(10, settings().max_examples // 4))
ZONES: Final = ("UTC", "America/New_York", "Africa/Monrovia", "Asia/Manila", "Pacific/Kiritimati", "Asia/Kathmandu")
IDS: Final = st.from_regex(r"[A-Za-z0-9.\-]{1,12}", fullmatch=True)
WORDS: Final = st.text(min_size=1, max_size=8)
MAYBE: Final = st.just("") | WORDS


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    start = draw(st.integers(ALWAYS.start_us, ALWAYS.end_us - 1) | st.integers(0, 10**15))
    return Interval.from_us(start, draw(st.integers(start + 1, min(ALWAYS.end_us, start + 10**12))))


def concepts() -> st.SearchStrategy[Concept]:
    return st.builds(Concept, WORDS, MAYBE, MAYBE) | st.builds(Concept, st.just(""), WORDS)


@st.composite
def bundles(draw: st.DrawFn) -> ScheduleBundle:
    """Bundles of the documented subset: one reference has one display."""
    kinds = st.sampled_from(["Practitioner", "PractitionerRole", "Location", "Device", "HealthcareService"])
    references = st.builds("{}/{}".format, kinds, IDS) | st.just("https://example.org/fhir/Practitioner/7")
    names = draw(st.dictionaries(references, MAYBE, min_size=1, max_size=3))
    actors = st.sampled_from(sorted(names.items())).map(lambda item: Actor(*item)) | st.builds(
        Actor, st.just(""), WORDS
    )
    slot_ids = iter(draw(st.lists(IDS, unique=True, min_size=8, max_size=8)))
    schedules = []
    for ident in draw(st.lists(IDS, unique=True, max_size=3)):
        slots = [
            PublishedSlot(
                draw(intervals()),
                draw(st.sampled_from(SlotStatus)),
                id=draw(st.just("") | st.just(next(slot_ids, ""))),
                services=draw(st.lists(concepts(), max_size=2)),
                capacity=draw(st.none() | st.integers(0, 2**31 - 1)),
                link=draw(MAYBE),
                phone=draw(MAYBE),
            )
            for _ in range(draw(st.integers(0, 4)))
        ]
        schedules.append(
            PublishedSchedule(
                ident,
                draw(st.lists(actors, min_size=1, max_size=2)),
                slots,
                horizon=draw(st.none() | intervals()),
                services=draw(st.lists(concepts(), max_size=2)),
                active=draw(st.booleans()),
                comment=draw(MAYBE),
            )
        )
    timestamp = draw(st.none() | st.integers(ALWAYS.start_us, ALWAYS.end_us).map(from_us))
    return ScheduleBundle(schedules, timestamp=timestamp)


@FEW
@given(bundles(), st.none() | st.sampled_from(ZONES), st.sampled_from(["", "https://example.org/fhir"]))
def test_what_is_written_is_read_back_equal(bundle: ScheduleBundle, key: str | None, base: str) -> None:
    zone = None if key is None else load_zone(key)
    plain = write_bundle(bundle, zone=zone, base_url=base)
    assert read_bundle(plain) == bundle
    assert read_bundle(json.dumps(plain)) == bundle
    assert read_bundle(json.dumps(plain, ensure_ascii=False, indent=1).encode()) == bundle


@FEW
@given(bundles())
def test_lines_say_the_same_as_a_bundle(bundle: ScheduleBundle) -> None:
    lines = [json.dumps(entry["resource"]) for entry in write_bundle(bundle).get("entry", [])]
    assert read_bundle("\n\n".join(lines), format="ndjson").schedules == bundle.schedules


@FEW
@given(bundles(), st.integers(ALWAYS.start_us, ALWAYS.end_us - 1) | st.integers(0, 10**15))
def test_busy_wins_and_nothing_is_free_that_no_slot_calls_free(bundle: ScheduleBundle, tick: int) -> None:
    moment = from_us(tick)
    for schedule in bundle.schedules:
        told = {slot.status for slot in schedule.slots if slot.interval.contains(moment)}
        busy = bool(told - {SlotStatus.FREE})
        assert (moment in schedule.busy) is busy
        assert (moment in schedule.free) is (not busy and SlotStatus.FREE in told and schedule.active)
        within = schedule.horizon is not None and schedule.horizon.contains(moment)
        assert (moment in schedule.known) is (bool(told) or within)


JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@FEW
@given(bundles(), st.data())
def test_damage_is_refused_or_read_and_never_crashes(bundle: ScheduleBundle, data: st.DataObject) -> None:
    """A value somewhere in the tree is replaced: either it is refused by a coded error, or something is read."""
    plain: Any = json.loads(json.dumps(write_bundle(bundle)))
    node, last = plain, None
    while isinstance(node, dict | list) and node:
        parent, last = node, data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        node = parent[last]
        if data.draw(st.booleans()) or not isinstance(node, dict | list) or not node:
            parent[last] = data.draw(JSON)
            break
    try:
        read_bundle(plain)
    except PetProError as error:
        assert isinstance(error, InvalidBundleError)  # noqa: PT017 - the other branch is as good


@FEW
@given(bundles(), st.data())
def test_any_text_is_read_or_refused(bundle: ScheduleBundle, data: st.DataObject) -> None:
    """A stretch of the bytes is replaced by others; nothing but an error with a code comes out of it."""
    text = json.dumps(write_bundle(bundle)).encode()
    first = data.draw(st.integers(0, len(text)))
    last = data.draw(st.integers(first, min(len(text), first + 20)))
    damaged = text[:first] + data.draw(st.binary(max_size=6) | st.sampled_from([b'"', b"{", b"]", b"\n"])) + text[last:]
    for form in ("json", "ndjson"):
        try:
            read_bundle(damaged, format=cast("Any", form))
        except PetProError as error:
            assert isinstance(error, InvalidBundleError)  # noqa: PT017 - the other branch is as good


# --- clinics ----------------------------------------------------------------------------------------------------------

CLOCKS: Final = ("08:00", "09:00", "09:30", "12:00", "12:30", "17:00", "22:00", "00:00")
DAYS: Final = ("2026-11-01", "2026-11-23", "2026-11-24", "2026-11-26", "2026-12-25")
NAMES: Final = st.text("abcäß 'x-", min_size=1, max_size=6).map(str.strip).filter(bool)


def named(**more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={"name": NAMES, **more})


@st.composite
def ranges(draw: st.DrawFn) -> list[str]:
    clocks = draw(st.lists(st.sampled_from(CLOCKS[:-1]), unique=True, min_size=2, max_size=4).map(sorted))
    name = draw(st.sampled_from(["", " lunch"]))
    return [f"{first}-{last}{name}" for first, last in zip(clocks[::2], clocks[1::2], strict=False)]


WEEK: Final = st.dictionaries(st.sampled_from(["monday", "tuesday", "sunday", "every_day", "weekdays"]), ranges())
BREAKS: Final = st.fixed_dictionaries({}, optional={"breaks": st.dictionaries(st.just("every_day"), ranges())})
PART: Final = st.sampled_from(
    [
        {"first": "2026-11-01", "last": "2026-11-30"},
        {"season": "11-15 to 02-28"},
        {"every": 2, "week_of": "2026-11-23"},
        {"every": 1, "last": "2027-01-01"},
    ]
)


@st.composite
def hours(draw: st.DrawFn) -> dict[str, Any]:
    week = draw(WEEK) | draw(BREAKS)
    parts = draw(st.lists(st.tuples(PART, WEEK, BREAKS), max_size=2))
    seasons = [{**cast("dict[str, Any]", part), **days, **breaks} for part, days, breaks in parts]
    return week | ({"seasons": seasons} if seasons else {})


def exceptions() -> dict[str, st.SearchStrategy[Any]]:
    days = st.sampled_from(DAYS)
    return {
        "overrides": st.lists(
            st.tuples(days, named(hours=ranges())).map(lambda pair: {"day": pair[0]} | pair[1]),
            max_size=2,
            unique_by=lambda one: one["day"],
        ),
        "extra": st.lists(st.tuples(days, ranges()).map(lambda pair: {"day": pair[0], "hours": pair[1]}), max_size=2),
        "holidays": st.lists(st.tuples(days, named()).map(lambda pair: {"day": pair[0]} | pair[1]), max_size=2),
        "closures": st.lists(st.tuples(days, named()).map(lambda pair: {"day": pair[0]} | pair[1]), max_size=2),
    }


AWAY: Final = st.lists(
    st.sampled_from(
        [
            {"day": "2026-11-24", "name": "away"},
            {"start": "2026-11-23T10:00", "end": "2026-11-23T11:30:15.25"},
            {"first": "2026-12-24", "last": "2027-01-02"},
        ]
    ),
    max_size=2,
)


@st.composite
def resources(draw: st.DrawFn, key: str) -> dict[str, Any]:
    zones = st.sampled_from(["America/New_York", "Europe/London", "Australia/Lord_Howe"])
    travel = st.just([{"first": "2026-11-24", "last": "2026-11-26", "zone": "Asia/Tokyo"}])
    optional = {"zone": zones, "hours": hours(), "travel": travel, "location": st.just("north"), **exceptions()}
    schedule = st.fixed_dictionaries({}, optional=optional)
    own = draw(schedule | st.lists(schedule, min_size=1, max_size=2).map(lambda many: {"schedules": many}))
    more = draw(named(capacity=st.integers(1, 4), feeds=st.just(["a.ics", "b.ics"]), time_off=AWAY))
    return {"id": key} | own | more


LENGTHS: Final = st.sampled_from(["30m", "45m", "1h30m", "20m30s", "2 nights"])
SPANS: Final = st.sampled_from(["0m", "5m", "15m", "1h 10m", "90s"])
CAPS: Final = st.fixed_dictionaries(
    {"limit": st.integers(0, 9) | st.sampled_from(["90m", "6h"]), "per": st.sampled_from(["day", "week", "month"])},
    optional={
        "by": st.sampled_from(["resource", "client", "pet"]),
        "service": st.just("s0"),
        "zone": st.just("Asia/Tokyo"),
    },
)
POLICY: Final = st.fixed_dictionaries(
    {},
    optional={
        "min_notice": st.sampled_from(["2h", "1 day", "4h working", "0m"]),
        "horizon": st.sampled_from(["60 days", "20 working days", "720h"]),
        "caps": st.lists(CAPS, max_size=2),
        "gaps": st.lists(st.sampled_from([{"time": "1h"}, {"time": "2 days", "by": "pet"}]), max_size=2),
        "one_at_a_time": st.lists(st.sampled_from(["client", "pet"]), max_size=2),
        "min_duration": SPANS,
        "max_duration": st.just("8h"),
        "cancel_deadline": st.just("24h"),
        "pending_blocks": st.booleans(),
        "no_show_counts": st.booleans(),
    },
)


@st.composite
def services(draw: st.DrawFn, key: str, providers: list[str], rooms: list[str]) -> dict[str, Any]:
    optional: dict[str, Any] = {
        "step": st.sampled_from(["10m", "30m"]),
        "offset": SPANS,
        "buffer_before": SPANS,
        "buffer_after": SPANS,
        "alignment": st.sampled_from(["opening", "clock"]),
        "seats": st.integers(1, 5),
        "policy": POLICY,
    }
    who: list[dict[str, Any]] = [{}]
    who += [{"providers": providers[:1]}] if providers else []
    who += [{"rooms": rooms}] if rooms else []
    lasting = draw(LENGTHS | st.lists(LENGTHS, min_size=1, max_size=2, unique=True))
    return {"id": key, "duration": lasting} | draw(st.sampled_from(who)) | draw(named(**optional))


@st.composite
def bookings(draw: st.DrawFn, number: int, services: list[str], resources: list[str]) -> dict[str, Any]:
    start = datetime(2026, 11, 23, 8, tzinfo=UTC) + timedelta(minutes=15 * draw(st.integers(0, 120)))
    status = draw(st.sampled_from([{}, {"status": "pending"}, {"status": "cancelled"}, {"status": "held"}]))
    if status.get("status") == "held":
        status |= {"held_until": (start + timedelta(minutes=draw(st.integers(-3000, 3000)))).isoformat()}
    optional: dict[str, Any] = {
        "service": st.sampled_from(services or ["none"]),
        "client": st.sampled_from(["harper", "nguyen", 7]),
        "pet": st.sampled_from(["Momo the cat"]),
        "group": st.just("g"),
        "units": st.integers(1, 3),
        "buffer_before": SPANS,
        "buffer_after": SPANS,
        "source": st.just("walk_in"),
        "waived": st.just(["notice", "cap"]),
        "id": st.just(f"B-{number}"),
    }
    told = draw(st.fixed_dictionaries({}, optional=optional))
    held = draw(st.lists(st.sampled_from(resources), min_size=1, max_size=2, unique=True))
    end = start + timedelta(minutes=draw(st.sampled_from([15, 30, 60])))
    return {"resources": held, "start": start.isoformat(), "end": end.isoformat()} | status | told


OPEN: Final = st.sampled_from(
    [
        {"every_day": ["08:00-12:00", "12:30-17:00"]},
        {"weekdays": ["09:00-17:00"], "breaks": {"every_day": ["12:00-12:30 lunch"]}},
        {"every_day": ["17:00-02:00"]},
    ]
)


@st.composite
def open_resources(draw: st.DrawFn, key: str) -> dict[str, Any]:
    zone = st.sampled_from(["Europe/London", "Australia/Lord_Howe"])
    own = {"hours": OPEN, "zone": zone, "capacity": st.sampled_from([1, 1, 2, 3]), "time_off": AWAY}
    return {"id": key} | draw(st.fixed_dictionaries({}, optional=own))


@st.composite
def open_clinics(draw: st.DrawFn) -> Clinic:
    """Clinics that have something to offer nearly always: open, with few rules, and booked here and there."""
    optional: dict[str, Any] = {
        "step": st.sampled_from(["10m", "30m"]),
        "buffer_before": SPANS,
        "buffer_after": SPANS,
        "alignment": st.sampled_from(["opening", "clock"]),
        "seats": st.integers(1, 3),
    }
    kind, who = draw(st.sampled_from([("providers", ["p0", "p1"]), ("rooms", ["r0"]), ("rooms", ["r0", "r1"])]))
    lasting = draw(st.sampled_from(["30m", "45m", "1h30m", "20m30s"]))
    services = [{"id": "s0", "duration": lasting, kind: who} | draw(st.fixed_dictionaries({}, optional=optional))]
    count = draw(st.integers(0, 6))
    tree: dict[str, Any] = {
        "clinic": {"zone": "America/New_York"},
        "hours": draw(OPEN),
        kind: [draw(open_resources(key)) for key in who],
        "services": services,
        "policy": draw(st.sampled_from([{}, {"pending_blocks": True}])),
        "bookings": [draw(bookings(n, ["s0"], who)) for n in range(count)],
    }
    return read_clinic(json.dumps(tree), format="json")


@st.composite
def clinics(draw: st.DrawFn) -> Clinic:
    providers = [f"p{n}" for n in range(draw(st.integers(0, 2)))]
    rooms = [f"r{n}" for n in range(draw(st.integers(0, 2)))]
    kinds = [f"s{n}" for n in range(draw(st.integers(1, 2)))] if providers or rooms else []
    tree: dict[str, Any] = {
        "clinic": {"zone": "America/New_York"} | draw(named()),
        "locations": [{"id": "north"} | draw(named(zone=st.just("Europe/Berlin")))],
        "providers": [draw(resources(key)) for key in providers],
        "rooms": [draw(resources(key)) for key in rooms],
        "services": [draw(services(key, providers, rooms)) for key in kinds],
    }
    tree |= draw(st.fixed_dictionaries({}, optional={"hours": hours(), **exceptions()}))
    if kinds:
        tree["policy"] = draw(POLICY)
        count = draw(st.integers(0, 4))
        tree["bookings"] = [draw(bookings(n, kinds, providers + rooms)) for n in range(count)]
    try:
        return read_clinic(json.dumps(tree), format="json")
    except PetProError:
        # Ranges that overlap across a break, two overrides of one date: not every draw is a clinic.
        assume(False)
        raise


@FEW
@given(clinics(), st.sampled_from(["json", "toml"]))
def test_a_clinic_file_that_is_written_is_read_back_equal(clinic: Clinic, form: Any) -> None:
    text = write_clinic(clinic, format=form)  # it reads the text back itself, and refuses what comes back different
    again = read_clinic(text, format=form)
    assert again.names == clinic.names
    assert again.bookings == clinic.bookings
    assert [one.calendar for one in again.resources.values()] == [one.calendar for one in clinic.resources.values()]
    assert write_clinic(again, format=form) == text


WITHIN: Final = Interval(datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC))
NOW: Final = datetime(2026, 11, 23, 11, tzinfo=UTC)
QUARTERS: Final = 3 * 24 * 4
KNOWN: Final = st.just([0, QUARTERS]) | st.tuples(st.integers(0, 120), st.integers(180, QUARTERS)).map(list)
FEED: Final = st.tuples(st.integers(0, QUARTERS - 40), st.integers(1, 40)).map(lambda pair: [pair[0], sum(pair)])


def busy_of(clinic: Clinic, edges: list[int], feed: list[int]) -> BookingTable:
    """Bookings that are known for a part of these days only, and a feed."""
    first, last, begins, ends = (WITHIN.start + timedelta(minutes=15 * n) for n in (*edges, *feed))
    table = clinic.busy(Interval(first - timedelta(days=20), last))
    handle = next(iter(clinic.resources.values())).handle
    return table.with_feed(handle, IntervalSet.of(Interval(begins, ends)), known=IntervalSet.of(ALWAYS))


@FEW
@given(open_clinics(), KNOWN, FEED, st.sampled_from(["object", "file"]))
def test_a_clinic_of_what_was_published_offers_just_that(
    clinic: Clinic, edges: list[int], feed: list[int], way: str
) -> None:
    service = clinic.services["s0"]
    busy = busy_of(clinic, edges, feed)
    found = find_slots(
        clinic.calendars(service.resources),
        busy=busy,
        rules=service.rules[0],
        policy=service.policy,
        request=clinic.request(service=service.id),
        within=WITHIN,
        now=NOW,
    )
    assume(len(found))
    bundle = bundle_of_clinic(clinic, within=WITHIN, now=NOW, slots={service.id: found}, busy=busy)
    made = clinic_of_bundle(read_bundle(json.dumps(write_bundle(bundle, zone=clinic.zone))), zone=clinic.zone)
    if way == "file":
        made = read_clinic(write_clinic(made), format="json")
    expected = {key: found.row(row).tolist() for row, key in enumerate(service.resources) if len(found.row(row))}
    offered = made.services[service.id]
    again = find_slots(
        made.calendars(offered.resources),
        busy=made.busy(),
        rules=offered.rules,
        policy=offered.policy,
        within=WITHIN,
        now=NOW,
    )
    merged = {
        key: np.unique(again.starts[np.isin(again.rows, np.arange(row, len(again.handles), len(offered.resources)))])
        for row, key in enumerate(offered.resources)
    }
    assert {key: starts.tolist() for key, starts in merged.items()} == expected


@FEW
@given(open_clinics(), KNOWN, FEED, st.lists(st.integers(0, QUARTERS * 15 - 1), min_size=1, max_size=20))
def test_taken_is_what_is_held_fed_or_unknown(
    clinic: Clinic, edges: list[int], feed: list[int], minutes: list[int]
) -> None:
    assume(clinic.services["s0"].rules[0].seats is None)
    busy = busy_of(clinic, edges, feed)
    bundle = bundle_of_clinic(clinic, within=WITHIN, now=NOW, slots={}, busy=busy)
    blocking = {"confirmed", "held", *(["pending"] if clinic.policy.pending_blocks else [])}
    for one, schedule in zip(clinic.resources.values(), bundle.schedules, strict=True):
        held = [
            allocation
            for booking in clinic.bookings
            if booking.status in blocking and (booking.held_until is None or booking.held_until > NOW)
            for allocation in booking.allocations
            if allocation.resource == one.handle
        ]
        first = one is next(iter(clinic.resources.values()))
        for minute in minutes:
            moment = WITHIN.start + timedelta(minutes=minute)
            units = sum(a.units for a in held if a.occupied.start <= moment < a.occupied.end)
            fed = first and feed[0] * 15 <= minute < feed[1] * 15
            # busy_of knows twenty days before the first edge too, and nothing after the last.
            unknown = minute >= edges[1] * 15
            assert (moment in schedule.busy) is (units >= one.calendar.capacity or fed or unknown), moment
