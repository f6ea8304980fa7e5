"""The clinic file: what it means, key by key."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from petpro_core.availability import open_hours
from petpro_core.bookings import (
    BookingStatus,
    Cap,
    Days,
    MinimumGap,
    Period,
    Scope,
    WorkingDays,
    WorkingTime,
)
from petpro_core.errors import InvalidValueError
from petpro_core.interop.clinic import Clinic, read_clinic
from petpro_core.interop.clinic.lengths import read_duration, read_horizon, read_notice, read_span
from petpro_core.intervals import ALWAYS, Interval
from petpro_core.reasons import Waiver
from petpro_core.slots.rules import Alignment, CalendarDays

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLE = Path(__file__).parents[2] / "examples" / "maple-street" / "clinic.toml"
HEAD = '[clinic]\nname = "Maple"\nzone = "America/New_York"\n'


def clinic(text: str = "", **options: object) -> Clinic:
    return read_clinic(HEAD + text, format="toml", **options)  # type: ignore[arg-type]


def hours_on(made: Clinic, key: str, day: str) -> list[str]:
    """The opening hours of a resource on a New York day, in local time."""
    calendar = made.resources[key].calendar
    start = made.zone.to_utc(datetime.fromisoformat(day))
    found = open_hours(calendar, within=Interval(start, start + timedelta(hours=24)))[0]
    return [f"{made.zone.to_local(i.start):%H:%M}-{made.zone.to_local(i.end):%H:%M}" for i in found]


def test_example_reads_in_toml_and_in_json_alike() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    plain = json.dumps(tomllib.loads(text), default=lambda value: value.isoformat())
    one, other = read_clinic(text, format="toml"), read_clinic(plain.encode(), format="json")
    assert one.bookings == other.bookings
    assert one.policy == other.policy
    assert one.names == other.names
    assert [(s.id, s.rules, s.policy, s.resources) for s in one.services.values()] == [
        (s.id, s.rules, s.policy, s.resources) for s in other.services.values()
    ]
    assert [(r.id, r.name, r.kind, r.handle, r.calendar, r.feeds) for r in one.resources.values()] == [
        (r.id, r.name, r.kind, r.handle, r.calendar, r.feeds) for r in other.resources.values()
    ]


def test_an_almost_empty_clinic() -> None:
    made = read_clinic('\ufeff[clinic]\r\nzone = "UTC"\r\n', format="toml")
    assert (made.name, made.zone.key, len(made.busy())) == ("", "UTC", 0)
    assert [len(part) for part in (made.services, made.resources, made.locations)] == [0, 0, 0]
    assert made.names["resource"] == {}
    assert len(made.calendars([])) == 0


def test_numbers_and_ids_lead_to_each_other() -> None:
    made = clinic(
        '[[providers]]\nid = "ana"\n[[rooms]]\nid = "hall"\ncapacity = 3\nname = "Big hall"\nfeeds = ["a.ics"]\n'
        '[[services]]\nid = "visit"\nduration = "30m"\n'
        '[[bookings]]\nprovider = "ana"\nroom = "hall"\nservice = "visit"\nstart = 2026-11-23T09:00:00\n'
        'client = 17\nhousehold = "h"\npet = "p"\ngroup = "g"\n'
        '[[bookings]]\nid = "B2"\nresources = ["hall"]\nstart = "2026-11-23T09:00:00-05:00"\n'
        "end = 2026-11-23T10:00:00\n"
        'client = "new"\n'
    )
    assert made.names == {
        "resource": {1: "ana", 2: "hall"},
        "service": {1: "visit"},
        "booking": {1: "#1", 2: "B2"},
        "client": {1: "17", 2: "new"},
        "household": {1: "h"},
        "pet": {1: "p"},
        "group": {1: "g"},
        "channel": {},
        "skill": {},
        "resource_group": {},
        "location": {},
        "entry": {},
    }
    hall = made.resources["hall"]
    assert (hall.name, hall.kind, hall.handle, hall.calendar.capacity, hall.feeds) == (
        "Big hall",
        "room",
        2,
        3,
        ("a.ics",),
    )
    assert made.calendars(["hall", "ana"]).handles.tolist() == [2, 1]
    assert made.busy().known.covers(ALWAYS)
    assert sorted(made.busy().resource.tolist()) == [1, 2, 2]
    asked = made.request(service="visit", units=2, client="new", household="other", pet="p", group="g")
    assert (asked.service, asked.units, asked.client, asked.household, asked.pet, asked.group) == (1, 2, 2, 2, 1, 1)
    nobody = made.request()
    assert (nobody.service, nobody.client, nobody.location) == (None, None, None)
    with pytest.raises(InvalidValueError):
        made.calendars(["nobody"])
    for wrong in ({"service": "x"}, {"location": "x"}):
        with pytest.raises(InvalidValueError):
            made.request(**wrong)  # type: ignore[arg-type]


def test_hours_of_groups_of_days_give_way_to_single_days() -> None:
    made = clinic(
        '[hours]\nevery_day = "10:00-12:00"\nweekdays = ["09:00-17:00"]\nfriday = []\n'
        'breaks = { weekdays = ["12:00-13:00 lunch"] }\n[[providers]]\nid = "ana"\n'
    )
    assert hours_on(made, "ana", "2026-11-23") == ["09:00-12:00", "13:00-17:00"]
    assert hours_on(made, "ana", "2026-11-27") == []
    assert hours_on(made, "ana", "2026-11-28") == ["10:00-12:00"]


def test_seasons_by_dates_by_part_of_year_and_every_other_week() -> None:
    made = clinic(
        '[hours]\nmonday = ["09:00-17:00"]\n'
        '[[hours.seasons]]\nname = "summer"\nseason = "06-01 to 08-31"\nmonday = ["07:00-12:00"]\n'
        '[[hours.seasons]]\nfirst = 2026-12-01\nlast = "2026-12-31"\nmonday = ["11:00-12:00"]\n'
        "[[hours.seasons]]\nevery = 2\nweek_of = 2026-11-24\nfirst = 2026-11-01\nlast = 2026-11-30\n"
        'monday = ["08:00-09:00"]\n'
        '[[providers]]\nid = "ana"\n'
    )
    days = ["2026-10-05", "2026-07-06", "2026-12-07", "2026-11-23", "2026-11-16"]
    assert [hours_on(made, "ana", day) for day in days] == [
        ["09:00-17:00"],
        ["07:00-12:00"],
        ["11:00-12:00"],
        ["08:00-09:00"],
        ["09:00-17:00"],
    ]


EXCEPTIONS = (
    '[hours]\nevery_day = ["09:00-17:00"]\n'
    '[[overrides]]\nday = 2026-12-24\nhours = ["09:00-12:00"]\nname = "eve"\n'
    "[[overrides]]\nday = 2026-12-23\n"
    '[[extra]]\nday = 2026-12-22\nhours = ["18:00-19:00"]\n'
    '[[holidays]]\nday = 2026-12-25\nname = "Christmas"\n'
    "[[closures]]\nfirst = 2026-12-28\nlast = 2026-12-29\n"
    "[[closures]]\nday = 2026-12-30\n"
)


def test_a_provider_without_hours_has_the_clinics_and_its_exceptions() -> None:
    made = clinic(
        EXCEPTIONS + '[[providers]]\nid = "ana"\noverrides = [{ day = 2026-12-23, hours = ["10:00-11:00"] }]\n'
    )
    found = {day: hours_on(made, "ana", f"2026-12-{day}") for day in range(21, 31)}
    assert found == {
        21: ["09:00-17:00"],
        22: ["09:00-17:00", "18:00-19:00"],
        23: ["10:00-11:00"],
        24: ["09:00-12:00"],
        25: [],
        26: ["09:00-17:00"],
        27: ["09:00-17:00"],
        28: [],
        29: [],
        30: [],
    }


def test_a_provider_with_hours_keeps_only_the_clinics_holidays_and_closures() -> None:
    made = clinic(
        EXCEPTIONS
        + '[[providers]]\nid = "ana"\nhours = { every_day = ["13:00-14:00"] }\nclosures = [{ day = 2026-12-21 }]\n'
        + 'extra = [{ day = 2026-12-22, hours = "20:00-21:00" }]\n'
        + '[[providers]]\nid = "bo"\nholidays = ["2026-12-26", { day = 2026-12-27 }]\n'
    )
    assert [hours_on(made, "ana", f"2026-12-{day}") for day in range(21, 26)] == [
        [],
        ["13:00-14:00", "20:00-21:00"],
        ["13:00-14:00"],
        ["13:00-14:00"],
        [],
    ]
    assert [hours_on(made, "bo", f"2026-12-{day}") for day in (25, 26, 27)] == [["09:00-17:00"], [], []]


def test_time_off_in_days_and_in_moments() -> None:
    made = clinic(
        '[hours]\nevery_day = ["09:00-17:00"]\n[[providers]]\nid = "ana"\n'
        'time_off = [{ first = 2026-12-01, last = 2026-12-02, name = "course" }, { day = 2026-12-04 },\n'
        "  { start = 2026-12-03T10:00:00, end = 2026-12-03T16:00:00Z }]\n"
    )
    assert [hours_on(made, "ana", f"2026-12-0{day}") for day in range(1, 5)] == [
        [],
        [],
        ["09:00-10:00", "11:00-17:00"],
        [],
    ]
    assert made.resources["ana"].calendar.time_off[0].name == "course"


def test_places_zones_and_journeys() -> None:
    made = clinic(
        '[hours]\nmonday = ["09:00-10:00"]\n'
        '[[locations]]\nid = "home"\n'
        '[[locations]]\nid = "west"\nname = "West"\nzone = "America/Los_Angeles"\n'
        '[[providers]]\nid = "ana"\ntime_off = [{ day = 2026-11-24 }]\n'
        '[[providers.schedules]]\nlocation = "home"\n'
        '[[providers.schedules]]\nlocation = "west"\nhours = { monday = ["09:00-10:00"] }\n'
        '[[providers]]\nid = "bo"\nlocation = "home"\nzone = "Europe/Berlin"\n'
        'travel = [{ first = 2026-11-23, last = 2026-11-30, zone = "Asia/Tokyo" }, '
        '{ day = 2026-12-07, zone = "UTC" }]\n'
    )
    assert hours_on(made, "ana", "2026-11-23") == ["09:00-10:00", "12:00-13:00"]
    assert [s.location for s in made.resources["ana"].calendar.schedules] == [1, 2]
    assert made.locations["home"].name == "home"
    assert made.locations["home"].zone.key == "America/New_York"
    assert made.request(location="west").location == 2
    bo = made.resources["bo"].calendar.schedules[0]
    assert [bo.zone_on(date(2026, *day)).key for day in ((11, 22), (11, 30), (12, 7))] == [
        "Europe/Berlin",
        "Asia/Tokyo",
        "UTC",
    ]


def test_policy_and_what_a_service_changes_in_it() -> None:
    made = clinic(
        '[[rooms]]\nid = "hall"\n'
        '[policy]\nmin_notice = "4h working"\nhorizon = "20 working days"\nmin_duration = "10m"\n'
        'max_duration = "2 days"\n'
        'cancel_deadline = "24h"\nmove_deadline = "1h"\none_at_a_time = ["client", "pet"]\npending_blocks = true\n'
        "no_show_counts = false\n"
        'caps = [{ limit = 8, per = "day" }, '
        '{ limit = "6h", per = "week", by = "client", service = "a", zone = "UTC" }]\n'
        'gaps = [{ time = "14 days", by = "pet" }, { time = "5m" }]\n'
        '[[services]]\nid = "a"\nduration = ["30m", "2 nights"]\nstep = "20m"\nalignment = "clock"\noffset = "5m"\n'
        'buffer_before = "1m"\nbuffer_after = "2m"\nseats = 4\nrooms = ["hall"]\n'
        '[services.policy]\nhorizon = "60 days"\ncaps = []\n'
        '[[services]]\nid = "b"\nname = "Bee"\nduration = "1h"\n'
    )
    policy = made.policy
    assert policy.min_notice == WorkingTime(timedelta(hours=4))
    assert policy.horizon == WorkingDays(20)
    assert (policy.min_duration, policy.max_duration) == (timedelta(minutes=10), timedelta(days=2))
    assert (policy.cancel_deadline, policy.move_deadline) == (timedelta(days=1), timedelta(hours=1))
    assert set(policy.one_at_a_time) == {Scope.CLIENT, Scope.PET}
    assert (policy.pending_blocks, policy.no_show_counts) == (True, False)
    weekly = Cap(360, per=Period.WEEK, by=Scope.CLIENT, minutes=True, service=1, zone="UTC")
    assert policy.caps == (Cap(8, per=Period.DAY), weekly)
    assert policy.gaps == (MinimumGap(timedelta(days=14), by=Scope.PET), MinimumGap(timedelta(minutes=5)))
    a, b = made.services["a"], made.services["b"]
    assert (a.policy.horizon, a.policy.caps, a.policy.min_notice) == (Days(60), (), policy.min_notice)
    assert [rules.duration for rules in a.rules] == [timedelta(minutes=30), CalendarDays(2)]
    first = a.rules[0]
    assert (first.step, first.alignment, first.offset) == (timedelta(minutes=20), Alignment.CLOCK, timedelta(minutes=5))
    assert (first.buffer_before, first.buffer_after, first.seats) == (timedelta(minutes=1), timedelta(minutes=2), 4)
    assert (a.name, a.resources) == ("a", ("hall",))
    assert (b.name, b.resources, b.policy) == ("Bee", (), policy)


def test_bookings_take_what_they_do_not_say_from_their_service() -> None:
    made = clinic(
        '[[providers]]\nid = "ana"\n[[rooms]]\nid = "kennel"\n'
        '[[services]]\nid = "visit"\nduration = "30m"\nbuffer_before = "5m"\nbuffer_after = "10m"\n'
        '[[services]]\nid = "class"\nduration = "1h"\nseats = 6\n'
        '[[services]]\nid = "stay"\nduration = "1 night"\nrooms = ["kennel"]\n'
        '[[bookings]]\nprovider = "ana"\nservice = "visit"\nstart = 2026-11-23T09:00:00\n'
        '[[bookings]]\nprovider = "ana"\nservice = "visit"\nstart = 2026-11-23T10:00:00\nduration = "1h"\n'
        'buffer_after = "0m"\n'
        '[[bookings]]\nprovider = "ana"\nservice = "class"\nstart = 2026-11-23T12:00:00\nunits = 2\n'
        'status = "held"\nheld_until = 2026-11-22T12:00:00Z\nsource = "online"\nwaived = ["notice"]\n'
        '[[bookings]]\nroom = "kennel"\nservice = "stay"\nstart = 2026-10-31T18:00:00\n'
        '[[bookings]]\nprovider = "ana"\nstart = 2026-11-23T14:00:00.25\nend = 2026-11-23T15:00:00\n'
    )
    first, longer, seat, stay, plain = made.bookings
    occupied = first.allocations[0].occupied
    assert (occupied.start, occupied.end) == (
        datetime(2026, 11, 23, 13, 55, tzinfo=UTC),
        datetime(2026, 11, 23, 14, 40, tzinfo=UTC),
    )
    assert longer.allocations[0].occupied.duration == timedelta(minutes=65)
    assert (seat.seats, seat.allocations[0].units, seat.status) == (6, 2, BookingStatus.HELD)
    assert (seat.held_until, seat.source, seat.waived) == (
        datetime(2026, 11, 22, 12, tzinfo=UTC),
        "online",
        (Waiver.NOTICE,),
    )
    # A night over the end of daylight saving time lasts 25 hours, and ends at the same time by the clock.
    assert stay.allocations[0].interval.duration == timedelta(hours=25)
    assert plain.seats is None
    assert plain.allocations[0].interval.start.microsecond == 250_000
    assert plain.allocations[0].occupied == plain.allocations[0].interval


@pytest.mark.parametrize(
    ("read", "text", "expected"),
    [
        (read_duration, "90", None),
        (read_duration, "1h30m", timedelta(minutes=90)),
        (read_duration, " 1 Hour 30 Minutes ", timedelta(minutes=90)),
        (read_duration, "45 s", timedelta(seconds=45)),
        (read_duration, "2 weeks", CalendarDays(14)),
        (read_duration, "1 week 1 day", CalendarDays(8)),
        (read_duration, "1 day 2h", None),
        (read_duration, "3 months", None),
        (read_duration, "-1h", None),
        (read_duration, "1.5h", None),
        (read_duration, "", None),
        (read_duration, "1h" * 40, None),
        (read_duration, "0 days", None),
        (read_span, "3661 days", None),
        (read_span, "1 day 2h", timedelta(hours=26)),
        (read_notice, "2h", timedelta(hours=2)),
        (read_notice, "90m working", WorkingTime(timedelta(minutes=90))),
        (read_notice, "1 day working", None),
        (read_notice, "5 working days", None),
        (read_horizon, "72h", timedelta(hours=72)),
        (read_horizon, "8 weeks", Days(56)),
        (read_horizon, "1 working day", WorkingDays(1)),
        (read_horizon, "4h working", None),
        (read_horizon, "soon", None),
    ],
)
def test_lengths(read: Callable[[str], object], text: str, expected: object) -> None:
    if expected is None:
        with pytest.raises(InvalidValueError):
            read(text)
    else:
        assert read(text) == expected


def test_public_holidays_of_a_country() -> None:
    pytest.importorskip("holidays", reason="the extra `holidays` is not installed")
    text = (
        'holidays = { country = "US", subdivision = "NY", also = ["2026-12-24"] }\n[clinic]\n'
        'zone = "America/New_York"\n'
        '[hours]\nevery_day = "09:00-17:00"\n[[providers]]\nid = "ana"\n'
        '[[providers]]\nid = "bo"\n[providers.holidays]\ncountry = "GB"\nyears = [2026]\n'
    )
    made = read_clinic(text, format="toml", holiday_years=[2026])
    assert hours_on(made, "ana", "2026-12-25") == []
    assert hours_on(made, "ana", "2026-12-24") == []
    assert hours_on(made, "ana", "2026-11-26") == []
    assert hours_on(made, "bo", "2026-11-26") == ["09:00-17:00"]
    assert time(9) == made.resources["bo"].calendar.schedules[0].hours[0].days[0][0].start
