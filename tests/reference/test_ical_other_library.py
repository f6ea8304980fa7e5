"""Another library (``icalendar``, with dateutil for the rules) reads what is written, and finds the same time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from dateutil import rrule
from hypothesis import given

from petpro_core.availability import Calendar, open_hours
from petpro_core.interop import ical
from petpro_core.interop.ical._observances import zone_component
from petpro_core.intervals import Interval, IntervalSet, from_us, to_us
from petpro_core.testing.strategies import ODD_ZONES
from petpro_core.testing.strategies.whole_clinics import dated_clinics
from petpro_core.timezones import TimeZone, load_zone, zone_keys

if TYPE_CHECKING:
    from petpro_core.interop.clinic import Clinic

NOW = datetime(2026, 11, 1, tzinfo=UTC)
CORPUS = Path(__file__).parents[1] / "corpus" / "calendars"
EVERY_TENTH = sorted(zone_keys())[::10]


def parsed(text: str) -> Any:
    return icalendar.Calendar.from_ical(text)


def offsets(zone: TimeZone, text: str, first: datetime, last: datetime) -> None:
    """Compare what wall times mean, around every clock change and between; in the hour that comes twice it is open."""
    (component,) = parsed(text).walk("VTIMEZONE")
    other = component.to_tz(lookup_tzid=False)
    at, found = zone.changes(to_us(first), to_us(last))
    moments = [first, last]
    for us, before, after in zip(at.tolist(), found[:-1].tolist(), found[1:].tolist(), strict=True):
        twice = timedelta(microseconds=max(before - after, 0))
        moments += [from_us(us) - twice - timedelta(seconds=1), from_us(us) + twice, from_us(us) + timedelta(days=40)]
    for moment in moments:
        local = zone.to_local(moment)
        assert local.replace(tzinfo=other).utcoffset() == local.utcoffset(), moment


@pytest.mark.parametrize("key", sorted({*ODD_ZONES, *EVERY_TENTH, "Asia/Gaza", "Africa/Cairo", "America/Nuuk"}))
def test_a_zone_that_is_written_changes_when_it_should(key: str) -> None:
    zone = load_zone(key)
    first, last = datetime(2019, 1, 1, tzinfo=UTC), datetime(2037, 12, 31, tzinfo=UTC)
    component = zone_component(zone, to_us(first), to_us(last))
    text = ical.write_calendar(ical.CalendarComponent("VCALENDAR", [], [component]))
    offsets(zone, text, first, last)


@cache
def standard_zone(key: str) -> ZoneInfo:
    """Give the standard library's zone, from our release of the zone data: that of the machine may be older."""
    with resources.files("tzdata").joinpath("zoneinfo", *key.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=key)


def occurrences(component: Any) -> list[tuple[datetime, datetime]]:
    """Expand one AVAILABLE by dateutil on wall times, which the standard library's zones convert."""
    wall = component["DTSTART"].dt.replace(tzinfo=None)
    tz = standard_zone(component["DTSTART"].params.get("TZID", "UTC"))
    start = wall.replace(tzinfo=tz)
    length = component["DURATION"].dt if "DURATION" in component else component["DTEND"].dt - start.astimezone(UTC)
    found: Any = rrule.rruleset()
    found.rdate(wall)
    if "RRULE" in component:
        text = component["RRULE"].to_ical().decode()
        until = component["RRULE"]["UNTIL"][0].astimezone(tz).replace(tzinfo=None)
        kept = ";".join(part for part in text.split(";") if not part.startswith("UNTIL"))
        # In an hour that comes twice the wall clock alone cannot tell which one UNTIL means.
        found.rrule(rrule.rrulestr(f"{kept};UNTIL={until:%Y%m%dT%H%M%S}", dtstart=wall))
    for name, add in (("RDATE", found.rdate), ("EXDATE", found.exdate)):
        listed = component.get(name, [])
        for line in listed if isinstance(listed, list) else [listed]:
            for one in line.dts:
                add(one.dt.replace(tzinfo=None))
    starts = [one.replace(tzinfo=tz).astimezone(UTC) for one in found]
    return [(one, one + length) for one in starts]


def free_time(text: str) -> IntervalSet:
    """Combine the layers as RFC 7953 says; here there are hours, and absences over them."""
    free = IntervalSet.empty()
    layers = sorted(parsed(text).walk("VAVAILABILITY"), key=lambda one: -int(one["PRIORITY"]))
    for layer in layers:
        covered = IntervalSet.of(Interval(layer["DTSTART"].dt, layer["DTEND"].dt))
        parts = [pair for part in layer.walk("AVAILABLE") for pair in occurrences(part)]
        free = free.difference(covered).union(
            IntervalSet.of(*(Interval(*pair) for pair in parts)).intersection(covered)
        )
    return free


def told(calendar: Calendar, year: int) -> Interval:
    starts = [calendar.zone.to_utc(datetime(one, 1, 1)) for one in (year, year + 1)]  # noqa: DTZ001 - wall times
    return Interval(*starts)


@given(dated_clinics())
def test_hours_that_are_written_are_found_by_another_reader(drawn: tuple[Clinic, datetime]) -> None:
    clinic, now = drawn
    calendar = next(iter(clinic.resources.values())).calendar
    year = now.year
    text = ical.write_hours(calendar, first=date(year, 1, 1), last=date(year, 12, 31), now=now, uid="one")
    assert free_time(text) == open_hours(calendar, within=told(calendar, year))[0]


@given(dated_clinics())
def test_bookings_that_are_written_are_found_by_another_reader(drawn: tuple[Clinic, datetime]) -> None:
    clinic, now = drawn
    events = parsed(ical.write_clinic(clinic, now=now)).walk("VEVENT")
    expected = [
        (
            f"booking-{clinic.booking_ids[one.id]}@petpro",
            one.allocations[0].interval.start,
            one.allocations[0].interval.end,
        )
        for one in clinic.bookings
    ]
    assert [(str(event["UID"]), event["DTSTART"].dt, event["DTEND"].dt) for event in events] == expected


@given(dated_clinics())
def test_another_library_writes_it_again_and_nothing_is_lost(drawn: tuple[Clinic, datetime]) -> None:
    """A program that knows nothing of PetPro reads the clinic and saves it, in an order of its own."""
    clinic, now = drawn
    text = ical.write_clinic(clinic, now=now)
    again = ical.read_clinic(parsed(text).to_ical())
    assert again.bookings == clinic.bookings
    assert [one.calendar for one in again.resources.values()] == [one.calendar for one in clinic.resources.values()]
    assert ical.write_clinic(again, now=now) == text


# What the other library refuses, or reads as something else.
NOT_READ = {
    "evolution_prefix_and_versions": "properties that it refuses",
    "notepad_utf16": "UTF-16",
    "odd_line_ends_and_folds": "lines that end by CR alone",
    "outlook_windows_zone": "properties that it refuses",
    "own_zone": "lines that end by CR alone",
}
NAMES = sorted(path.stem for path in CORPUS.glob("*.ics") if not path.stem.startswith("bad_"))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NOT_READ])
def test_calendars_are_kept_as_another_library_reads_them(name: str) -> None:
    raw = (CORPUS / f"{name}.ics").read_bytes()
    text = ical.write_calendar(*ical.read_calendar(raw))
    ours, theirs = (
        [one.to_ical() for one in icalendar.Calendar.from_ical(data, multiple=True)] for data in (text.encode(), raw)
    )
    assert ours == theirs
