"""From a clinic to what is published, and from what is published to a clinic."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest

from petpro_core.bookings import BookingStatus, BookingTable
from petpro_core.decisions import check_booking, find_slots
from petpro_core.errors import InvalidValueError, LimitExceededError, NaiveDatetimeError, UnknownTimeZoneError
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
)
from petpro_core.intervals import ALWAYS, Interval, IntervalSet

if TYPE_CHECKING:
    from petpro_core.slots import SlotTable

DAY: Final = Interval(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC))
NOW: Final = DAY.start


def at(hour: int, minute: int = 0, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def clinic(**more: Any) -> Clinic:
    tree = {
        "clinic": {"zone": "UTC"},
        "hours": {"every_day": ["09:00-11:00"]},
        "providers": [{"id": "ana", "name": "Dr. Ana"}],
        "rooms": [{"id": "kennels", "capacity": 3}, {"id": "hall"}],
        "services": [
            {"id": "visit", "name": "Visit", "duration": "30m", "step": "30m"},
            {"id": "board", "duration": "1h", "step": "1h", "rooms": ["kennels"]},
            {"id": "class", "duration": "1h", "step": "1h", "seats": 2, "rooms": ["hall"]},
        ],
    }
    return read_clinic(json.dumps(tree | more), format="json")


def found(one: Clinic, *services: str, busy: BookingTable | None = None) -> dict[str, SlotTable]:
    return {
        key: find_slots(
            one.calendars(one.services[key].resources),
            busy=one.busy() if busy is None else busy,
            rules=one.services[key].rules,
            policy=one.services[key].policy,
            request=one.request(service=key),
            within=DAY,
            now=NOW,
        )
        for key in services
    }


def told(one: Clinic, resource: str, *services: str, **more: Any) -> list[tuple[str, str, str, int | None]]:
    """The slots of a resource: status, beginning, end, capacity."""
    slots = found(one, *services, busy=more.get("busy"))
    bundle = bundle_of_clinic(one, within=DAY, now=NOW, slots=slots, resources=[resource], **more)
    return [
        (str(slot.status), f"{slot.interval.start:%H:%M}", f"{slot.interval.end:%H:%M}", slot.capacity)
        for slot in bundle.schedules[0].slots
    ]


def booking(start: str, end: str, **more: Any) -> dict[str, Any]:
    return (
        {"start": f"2026-11-23T{start}Z", "end": f"2026-11-23T{end}Z"}
        | ({} if "room" in more else {"provider": "ana"})
        | more
    )


# --- publishing -------------------------------------------------------------------------------------------------------


def test_a_schedule_tells_whose_it_is_for_what_and_for_which_time() -> None:
    one = clinic()
    bundle = bundle_of_clinic(one, within=DAY, now=NOW, slots=found(one, "visit"))
    ana, kennels, _ = bundle.schedules
    assert (bundle.timestamp, ana.horizon) == (NOW, DAY)
    assert (ana.id, ana.actors, ana.services) == (
        "ana",
        (Actor("Practitioner/ana", "Dr. Ana"),),
        (Concept("visit", "Visit"),),
    )
    assert (kennels.actors, kennels.services, kennels.slots) == ((Actor("Location/kennels", "kennels"),), (), ())
    assert [slot.id for slot in ana.slots] == [
        "ana.visit.20261123T090000Z",
        "ana.visit.20261123T093000Z",
        "ana.visit.20261123T100000Z",
        "ana.visit.20261123T103000Z",
    ]
    assert ana.slots[0].services == (Concept("visit", "Visit"),)


def test_a_booking_is_busy_a_hold_tentative_and_buffers_unavailable() -> None:
    one = clinic(
        bookings=[
            booking("09:00", "09:30", buffer_before="5m", buffer_after="10m"),
            booking("10:00", "10:30", status="held", held_until="2026-11-23T00:00:01Z"),
            booking("10:30", "11:00", status="held", held_until="2026-11-23T00:00:00Z"),
            booking("10:30", "11:00", status="cancelled"),
            booking("10:30", "11:00", status="pending"),
            booking("10:30", "11:00", status="no_show"),
        ]
    )
    assert told(one, "ana", "visit") == [
        ("busy-unavailable", "08:55", "09:00", None),
        ("busy", "09:00", "09:30", None),
        ("busy-unavailable", "09:30", "09:40", None),
        ("busy-tentative", "10:00", "10:30", None),
        ("free", "10:30", "11:00", None),
    ]


def test_pending_bookings_are_tentative_where_they_keep_their_time() -> None:
    one = clinic(bookings=[booking("09:00", "11:00", status="pending")], policy={"pending_blocks": True})
    assert told(one, "ana", "visit") == [("busy-tentative", "09:00", "11:00", None)]


def test_of_many_units_only_the_time_in_which_all_are_held_is_taken() -> None:
    one = clinic(
        bookings=[
            booking("09:00", "11:00", room="kennels", units=2),
            booking("09:30", "10:00", room="kennels"),
            booking("10:00", "10:30", room="kennels", status="held", held_until="2026-11-23T12:00Z"),
        ]
    )
    assert told(one, "kennels") == [("busy", "09:30", "10:00", None), ("busy-tentative", "10:00", "10:30", None)]
    one = clinic(
        bookings=[booking("09:00", "11:00", room="kennels", units=2), booking("10:15", "10:30", room="kennels")]
    )
    assert told(one, "kennels", "board") == [("free", "09:00", "10:00", 1), ("busy", "10:15", "10:30", None)]
    assert told(clinic(), "kennels", "board") == [("free", "09:00", "10:00", 3), ("free", "10:00", "11:00", 3)]


def test_a_class_is_taken_once_its_seats_are() -> None:
    seat = {"room": "hall", "service": "class"}
    one = clinic(bookings=[booking("09:00", "10:00", **seat), booking("10:00", "11:00", units=2, **seat)])
    assert told(one, "hall", "class") == [("free", "09:00", "10:00", 1), ("busy", "10:00", "11:00", None)]
    # Nobody asked about the class: then all that is told of it is that it takes the hall.
    assert told(one, "hall") == [("busy", "09:00", "10:00", None), ("busy", "10:00", "11:00", None)]


def test_feeds_and_unknown_time_are_unavailable_inside_the_window() -> None:
    one = clinic()
    busy = one.busy(Interval(DAY.start - timedelta(days=1), at(10))).with_feed(
        1, IntervalSet.of(Interval(at(22, day=22), at(9, 15))), known=IntervalSet.of(Interval(at(0, day=20), at(9, 45)))
    )
    assert told(one, "ana", "visit", busy=busy) == [
        ("busy-unavailable", "00:00", "09:15", None),
        ("busy-unavailable", "09:45", "00:00", None),
    ]


def test_taken_time_that_reaches_over_the_window_is_told_whole_and_other_is_not() -> None:
    over = {"start": "2026-11-22T23:30Z", "end": "2026-11-23T00:30Z", "provider": "ana"}
    before = {"start": "2026-11-22T23:30Z", "end": "2026-11-23T00:00Z", "provider": "ana"}
    assert told(clinic(bookings=[over, before]), "ana") == [("busy", "23:30", "00:30", None)]


def test_ids_stay_apart_where_two_things_would_have_one() -> None:
    twice = [booking("09:00", "09:30"), booking("09:00", "09:30"), booking("09:00:00.5", "09:20")]
    one = clinic(
        bookings=twice,
        providers=[{"id": "ana"}, {"id": "a_b"}, {"id": "ana.busy"}],
        rooms=[{"id": "hall"}, {"id": "kennels"}],
    )
    bundle = bundle_of_clinic(one, within=DAY, now=NOW, slots={})
    assert [slot.id for slot in bundle.schedules[0].slots] == [
        "ana.busy.20261123T090000Z",
        "ana.busy.20261123T090000Z.2",
        "ana.busy.20261123T090000.500000Z",
    ]
    assert bundle.schedules[1].id.startswith("a-b-")


GOOD: Final[dict[str, Any]] = {"within": DAY, "now": NOW, "slots": {}}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"within": "today"}, "within is of type Interval"),
        ({"resources": ["bo"]}, "a resource is one of ana, kennels, hall, got 'bo'"),
        ({"slots": {"surgery": None}}, "a service is one of visit, board, class, got 'surgery'"),
    ],
)
def test_questions_that_are_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidValueError, match=words):
        bundle_of_clinic(clinic(), **(GOOD | change))
    with pytest.raises(NaiveDatetimeError):
        bundle_of_clinic(clinic(), within=DAY, now=datetime(2026, 1, 1), slots={})  # noqa: DTZ001 - that is the case


def test_a_resource_that_is_named_twice_is_published_twice_under_two_ids() -> None:
    bundle = bundle_of_clinic(clinic(), within=DAY, now=NOW, slots={}, resources=["ana", "ana"])
    assert [one.id for one in bundle.schedules] == ["ana", "ana.2"]


# --- a clinic of what was published -----------------------------------------------------------------------------------


def slot(start: datetime, end: datetime, status: str = "free", **more: Any) -> PublishedSlot:
    return PublishedSlot(Interval(start, end), status, **more)


def test_all_schedules_of_a_person_are_one_provider_and_others_are_rooms() -> None:
    person, room = Actor("Practitioner/ana", "Dr. Ana"), Actor("Location/1")
    made = clinic_of_bundle(
        ScheduleBundle(
            [
                PublishedSchedule("x", [room], slot(at(9), at(10)), services=Concept("checkup")),
                PublishedSchedule("a", [room, person], slot(at(9), at(10)), services=Concept("checkup", "Check-up")),
                PublishedSchedule(
                    "b", person, [slot(at(9), at(9, 30), "busy", id="77"), slot(at(9), at(9, 30), "busy")]
                ),
                PublishedSchedule("y", [room], services=Concept("nothing")),
                PublishedSchedule("z", Actor("urn:uuid:1"), active=False, slots=[slot(at(9), at(10))]),
            ]
        ),
        zone="Europe/Berlin",
        name="Maple",
    )
    assert [(one.id, one.name, one.kind, one.handle) for one in made.resources.values()] == [
        ("ana", "Dr. Ana", "provider", 1),
        ("1", "1", "room", 2),
        ("y", "y", "room", 3),
        ("z", "z", "room", 4),
    ]
    # One word for two kinds of resource is two services, because each is offered with providers or in rooms.
    assert [(one.id, one.name, one.resources) for one in made.services.values()] == [
        ("checkup", "Check-up", ("ana",)),
        ("checkup.2", "checkup", ("1",)),
    ]
    assert (made.name, made.zone.key, dict(made.booking_ids)) == ("Maple", "Europe/Berlin", {1: "77"})
    assert read_clinic(write_clinic(made), format="json").bookings == made.bookings


def test_tentative_time_is_held_to_its_end_and_unavailable_time_is_time_off() -> None:
    made = clinic_of_bundle(
        ScheduleBundle(
            PublishedSchedule(
                "a",
                Actor("Practitioner/ana"),
                [
                    slot(at(9), at(10), "busy-tentative"),
                    slot(at(10), at(11), "busy-unavailable"),
                    slot(at(11), at(12)),
                    slot(at(11), at(11, 30)),
                    slot(at(12), at(13)),
                ],
            )
        ),
        zone="UTC",
    )
    (hold,) = made.bookings
    assert (hold.status, hold.held_until, made.booking_ids[1]) == (BookingStatus.HELD, at(10), "#1")
    ana = made.resources["ana"].calendar
    assert [off.interval for off in ana.time_off] == [Interval(at(10), at(11))]
    visit = made.services["visit"]
    assert [(rules.duration, rules.step) for rules in visit.rules] == [
        (timedelta(hours=1), timedelta(hours=1)),
        (timedelta(minutes=30), timedelta(hours=1)),
    ]

    def accepted(moment: datetime) -> bool:
        return not check_booking(ana, start=moment, handle=1, busy=made.busy(), rules=visit.rules[0], now=NOW)

    assert [accepted(at(hour)) for hour in (8, 9, 10, 11, 12, 13)] == [False, False, False, True, True, False]


def test_a_slot_of_more_than_a_day_is_several_openings() -> None:
    made = clinic_of_bundle(
        ScheduleBundle(PublishedSchedule("a", Actor("Location/1"), slot(at(9), at(11, day=25)))), zone="UTC"
    )
    hours = made.resources["1"].calendar.schedules[1].extra
    assert [(one.day.day, str(one.ranges[0])) for one in hours] == [
        (23, "ClockRange(09:00 to 09:00)"),
        (24, "ClockRange(09:00 to 09:00)"),
        (25, "ClockRange(09:00 to 11:00)"),
    ]


def test_a_schedule_of_several_people_takes_the_time_of_each() -> None:
    ana, bo, nobody = Actor("Practitioner/ana"), Actor("Practitioner/bo"), Actor("Practitioner/nobody")
    both = [slot(at(9), at(10), "busy", id="1"), slot(at(10), at(11), "busy-unavailable"), slot(at(12), at(13))]
    made = clinic_of_bundle(
        ScheduleBundle(
            [
                PublishedSchedule("both", [ana, bo, nobody], both),
                PublishedSchedule("bo", bo, slot(at(9), at(12))),
            ]
        ),
        zone="UTC",
    )
    assert list(made.resources) == ["ana", "bo"]
    (booking,) = made.bookings
    assert ([held.resource for held in booking.allocations], dict(made.booking_ids)) == ([1, 2], {1: "1"})
    for one in made.resources.values():
        assert [off.interval for off in one.calendar.time_off] == [Interval(at(10), at(11))]
    # What is free of both is offered by the first of them.
    assert [len(one.calendar.schedules[1].extra) for one in made.resources.values()] == [2, 2]
    assert read_clinic(write_clinic(made), format="json").bookings == made.bookings


@pytest.mark.parametrize(
    ("references", "people"),
    [
        (("Practitioner/a", "https://one.example/Practitioner/a"), 1),
        (("https://one.example/Practitioner/a", "https://one.example/Practitioner/a/_history/2"), 1),
        (("https://one.example/Practitioner/a", "https://two.example/Practitioner/a", "Practitioner/a"), 3),
        (("Practitioner/a", "PractitionerRole/a"), 2),
    ],
)
def test_a_person_is_one_by_whichever_reference(references: tuple[str, ...], people: int) -> None:
    schedules = [PublishedSchedule(str(number), Actor(one)) for number, one in enumerate(references)]
    assert len(clinic_of_bundle(ScheduleBundle(schedules), zone="UTC").resources) == people


@pytest.mark.parametrize("status", ["busy", "busy-tentative", "busy-unavailable"])
def test_taken_time_without_end_is_time_off(status: str) -> None:
    gone = slot(at(12), datetime(9999, 12, 31, tzinfo=UTC), status)
    made = clinic_of_bundle(
        ScheduleBundle(PublishedSchedule("a", Actor("Practitioner/ana"), [slot(at(9), at(10)), gone])), zone="UTC"
    )
    assert [off.interval for off in made.resources["ana"].calendar.time_off] == [gone.interval]
    assert made.bookings == ()
    assert made.services["visit"].rules[0].step == timedelta(hours=1)


def test_slots_that_last_too_long_for_visits() -> None:
    def made(*slots: PublishedSlot) -> Clinic:
        return clinic_of_bundle(ScheduleBundle(PublishedSchedule("a", Actor("Location/1"), slots)), zone="UTC")

    longest = slot(at(9), at(9) + timedelta(days=3660))
    assert made(longest).services["visit"].rules[0].duration == timedelta(days=3660)
    with pytest.raises(InvalidValueError, match=r"a free slot lasts 3660 days at most, got .* of the schedule a"):
        made(slot(at(9), at(10) + timedelta(days=3660)))
    with pytest.raises(LimitExceededError, match="at most 1000000 openings of a day, got 1002840"):
        made(*[longest] * 274)


def test_a_clinic_of_nothing() -> None:
    made = clinic_of_bundle(ScheduleBundle(()), zone="UTC")
    assert (dict(made.resources), dict(made.services), made.bookings) == ({}, {}, ())
    with pytest.raises(UnknownTimeZoneError):
        clinic_of_bundle(ScheduleBundle(()), zone="Mars/Base")


def test_a_feed_made_of_a_schedule() -> None:
    one = clinic()
    outside = PublishedSchedule("x", Actor("Practitioner/ana"), slot(at(9), at(10), "busy"), horizon=DAY)
    busy = BookingTable.empty(known=ALWAYS).with_feed(1, outside.busy, known=outside.known)
    assert [
        (s.status, s.interval.start)
        for s in bundle_of_clinic(
            one, within=DAY, now=NOW, slots=found(one, "visit", busy=busy), busy=busy, resources=["ana"]
        )
        .schedules[0]
        .slots
    ] == [
        (SlotStatus.BUSY_UNAVAILABLE, at(9)),
        (SlotStatus.FREE, at(10)),
        (SlotStatus.FREE, at(10, 30)),
    ]
