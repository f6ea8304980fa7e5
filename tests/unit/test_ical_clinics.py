"""Clinics as calendars: what other programs may change, and what is then read."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import attrs
import pytest

from petpro_core.bookings import Allocation, Booking, BookingStatus
from petpro_core.errors import InvalidCalendarError, InvalidClinicError, InvalidValueError, LimitExceededError
from petpro_core.interop import ical
from petpro_core.interop.clinic import clinic_tree
from petpro_core.interop.clinic import read_clinic as read_file
from petpro_core.intervals import Interval

if TYPE_CHECKING:
    from petpro_core.interop.clinic import Clinic

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FILE = """
[clinic]
zone = "America/New_York"
name = "Maple Street"
[hours]
weekdays = ["09:00-12:00", "13:00-17:00"]
[hours.breaks]
monday = ["10:00-10:15 coffee"]
[[providers]]
id = "ana"
time_off = [{ day = 2026-03-10, name = "leave" }]
[[rooms]]
id = "hall"
capacity = 2
[[services]]
id = "checkup"
duration = "30m"
buffer_after = "5m"
[[bookings]]
id = "B-1"
provider = "ana"
start = 2026-03-02T09:00:00
service = "checkup"
client = "harper"
[[bookings]]
resources = ["ana", "hall"]
start = 2026-03-02T10:00:00
end = 2026-03-02T11:00:00
status = "held"
held_until = 2026-03-02T08:00:00
"""


@pytest.fixture(scope="module")
def clinic() -> Clinic:
    return read_file(FILE, format="toml")


@pytest.fixture(scope="module")
def text(clinic: Clinic) -> str:
    """Without folds, so that a test can change a line."""
    return re.sub("\r\n ", "", ical.write_clinic(clinic, now=NOW))


def changed(text: str, old: str, new: str, count: int = 1) -> str:
    assert old in text
    return text.replace(old, new, count)


def test_the_round_trip(clinic: Clinic, text: str) -> None:
    assert clinic_tree(ical.read_clinic(text)) == clinic_tree(clinic)
    assert clinic_tree(ical.read_clinic(text.replace("\r\n", "\n").encode("utf-16"))) == clinic_tree(clinic)


def test_a_clinic_with_what_recurs() -> None:
    more = FILE.replace(
        'name = "leave" }]',
        'name = "leave" }, { start = 2026-03-03T10:00:00, end = 2026-03-03T11:00:00, rrule = "FREQ=WEEKLY" }]',
    )
    more += '[[hours.seasons]]\nfirst = 2026-03-01\nrrule = "FREQ=MONTHLY;BYDAY=2SA"\nsaturday = ["09:00-12:00"]\n'
    clinic = read_file(more, format="toml")
    text = ical.write_clinic(clinic, now=NOW)
    assert clinic_tree(ical.read_clinic(text)) == clinic_tree(clinic)
    gone = re.search(r"BEGIN:VAVAILABILITY\r\nUID:hours-ana@petpro-absence-7.*?END:VAVAILABILITY\r\n", text, re.DOTALL)
    assert gone
    away = ical.read_clinic(text.replace(gone[0], "")).resources["ana"].calendar.time_off
    assert not any(off.recurs for off in away)


def test_what_is_written_for_others(text: str) -> None:
    first, second = [one for one in ical.read_calendar(text)[0].components if one.name == "VEVENT"]
    assert [line.name for line in first.lines] == [
        *("UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "STATUS", "TRANSP", "RESOURCES", "X-PETPRO-BOOKING"),
    ]
    assert (first.value("UID"), first.value("SUMMARY")) == ("booking-B-1@petpro", "checkup")
    assert (second.value("UID"), second.value("STATUS"), second.value("RESOURCES")) == (
        "booking-#2@petpro",
        "TENTATIVE",
        "ana,hall",
    )


def test_days_and_uids_may_be_chosen(clinic: Clinic) -> None:
    some = ical.write_clinic(clinic, now=NOW, first=date(2026, 3, 2), last=date(2026, 3, 8), uid="maple")
    assert "DTEND:20260309T040000Z" in some
    assert "booking-B-1@maple" in some
    late = ical.write_clinic(clinic, now=datetime(9999, 6, 1, tzinfo=UTC), first=date(9990, 1, 1))
    assert "DTEND:99990101T050000Z" in late


# --- changes by other programs ----------------------------------------------------------------------------------------


def test_a_moved_event_is_a_moved_booking(text: str) -> None:
    moved = changed(text, "DTSTART:20260302T140000Z", "DTSTART;TZID=Europe/Berlin:20260303T150000")
    moved = changed(moved, "DTEND:20260302T143000Z", "DURATION:PT45M")
    booking = ical.read_clinic(moved).bookings[0]
    assert booking.allocations[0].interval == Interval(
        datetime(2026, 3, 3, 14, tzinfo=UTC), datetime(2026, 3, 3, 14, 45, tzinfo=UTC)
    )
    assert booking.allocations[0].occupied.end == datetime(2026, 3, 3, 14, 50, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "number", "read"),
    [
        ("STATUS:CANCELLED", 0, BookingStatus.CANCELLED),
        ("STATUS:CANCELLED", 1, BookingStatus.CANCELLED),
        ("STATUS:TENTATIVE", 0, BookingStatus.PENDING),
        ("STATUS:CONFIRMED", 1, BookingStatus.CONFIRMED),
        ("X-GONE:1", 0, BookingStatus.CONFIRMED),
    ],
)
def test_a_changed_status_counts(text: str, status: str, number: int, read: BookingStatus) -> None:
    old = ("STATUS:CONFIRMED", "STATUS:TENTATIVE")[number]
    assert ical.read_clinic(changed(text, old, status)).bookings[number].status is read


def test_other_resources_and_a_new_event(text: str) -> None:
    other = changed(text, "RESOURCES:ana\r\n", "RESOURCES: hall\r\n")
    lines = ["BEGIN:VEVENT", "UID:new, one", "DTSTART:20260304T140000Z", "DURATION:PT1H", "RESOURCES:ana", "END:VEVENT"]
    new = "".join(f"{line}\r\n" for line in lines)
    clinic = ical.read_clinic(changed(other, "END:VCALENDAR", f"{new}END:VCALENDAR"))
    assert [one.resource for one in clinic.bookings[0].allocations] == [clinic.resources["hall"].handle]
    assert clinic.booking_ids[3] == "new, one"
    assert clinic.bookings[2].service is None


def test_changed_hours_become_schedules(clinic: Clinic, text: str) -> None:
    later = ical.read_clinic(changed(text, "DURATION:PT4H", "DURATION:PT5H"))
    assert later.resources["hall"].calendar == clinic.resources["hall"].calendar
    ana = later.resources["ana"].calendar
    assert {str(one.hours[-1].days[0]) for one in ana.schedules if one.hours} >= {"(ClockRange(13:00 to 18:00),)"}
    assert [off.name for off in ana.time_off] == ["leave", "not told", "not told"]
    assert ana.capacity == 1
    part = re.search(r"BEGIN:AVAILABLE.*?END:AVAILABLE\r\n", text, re.DOTALL)
    assert part
    assert ical.read_clinic(changed(text, part[0], "")).resources["ana"].calendar != clinic.resources["ana"].calendar


def test_hours_of_all_time_or_none_are_not_compared(clinic: Clinic, text: str) -> None:
    for old, new in (("DTSTART:20260101T050000Z\r\n", ""), ("DTEND:20280101T050000Z", "DTEND:20480101T050000Z")):
        found = ical.read_clinic(changed(text, old, new)).resources["ana"].calendar
        assert found != clinic.resources["ana"].calendar
        assert len(found.schedules) > 1


def test_hours_that_cover_no_time_are_not_compared(clinic: Clinic, text: str) -> None:
    lost = changed(
        changed(text, "DTSTART:20260101T050000Z\r\n", ""), "DTEND:20280101T050000Z", "DTEND:00010101T000000Z"
    )
    assert ical.read_clinic(lost).resources["ana"].calendar != clinic.resources["ana"].calendar


def test_a_clinic_that_was_changed_can_be_written_again(text: str) -> None:
    once = ical.read_clinic(changed(text, "DURATION:PT4H", "DURATION:PT5H"))
    assert clinic_tree(ical.read_clinic(ical.write_clinic(once, now=NOW))) == clinic_tree(once)


def test_changed_absences_count(clinic: Clinic, text: str) -> None:
    away = ical.read_clinic(changed(text, "SUMMARY:leave", "SUMMARY:ill")).resources["ana"].calendar
    assert away.time_off[0].name == "ill"
    longer = changed(text, "DTEND:20260311T040000Z", "DURATION:P2D")
    assert ical.read_clinic(longer).resources["ana"].calendar.time_off[0].interval.duration.days == 2
    rewritten = changed(text, "DTSTART:20260310T040000Z", "DTSTART;TZID=America/New_York:20260310T000000")
    assert ical.read_clinic(rewritten).resources["ana"].calendar == clinic.resources["ana"].calendar
    weaker = ical.read_clinic(changed(text, "PRIORITY:1\r\n", "PRIORITY:2\r\n")).resources["ana"].calendar
    assert weaker.time_off[0].name == "leave"


# --- what is refused --------------------------------------------------------------------------------------------------

HOURS = re.compile(r"X-PETPRO-HOURS:[^\r]*")
CLINIC = re.compile(r"X-PETPRO-CLINIC:[^\r]*")
BOOKING = re.compile(r"X-PETPRO-BOOKING:[^\r]*")


@pytest.mark.parametrize(
    ("pattern", "new", "name"),
    [
        ("X-PETPRO-CLINIC", "X-OTHER", "X-PETPRO-CLINIC"),
        (CLINIC, "X-PETPRO-CLINIC:[]", "X-PETPRO-CLINIC"),
        (CLINIC, "X-PETPRO-CLINIC:{", "X-PETPRO-CLINIC"),
        (CLINIC, "X-PETPRO-CLINIC:" + "[" * 100_000, "X-PETPRO-CLINIC"),
        (CLINIC, 'X-PETPRO-CLINIC:{"clinic":{"zone":"UTC"}\\,"rooms":[]}', "X-PETPRO-CLINIC"),
        (CLINIC, 'X-PETPRO-CLINIC:{"clinic":{"zone":"Nowhere"}}', "X-PETPRO-CLINIC"),
        (CLINIC, "X-PETPRO-CLINIC:{}", "X-PETPRO-CLINIC"),
        (HOURS, "X-OTHER:1", "X-PETPRO-HOURS"),
        (HOURS, "X-PETPRO-HOURS:{}", "X-PETPRO-HOURS"),
        (HOURS, 'X-PETPRO-HOURS:{"provider":3}', "X-PETPRO-HOURS"),
        (HOURS, 'X-PETPRO-HOURS:{"provider":{"id":"bo"}}', "X-PETPRO-HOURS"),
        (HOURS, 'X-PETPRO-HOURS:{"provider":{"id":"ana"\\,"capacity":0}}', "X-PETPRO-HOURS"),
        ("X-PETPRO-RESOURCE:ana", "X-OTHER:1", "X-PETPRO-RESOURCE"),
        (BOOKING, 'X-PETPRO-BOOKING:{"start":"2026-03-02"}', "X-PETPRO-BOOKING"),
        (BOOKING, 'X-PETPRO-BOOKING:{"units":0}', "VEVENT"),
        ("RESOURCES:ana", "RESOURCES:bo", "VEVENT"),
        ("RESOURCES:ana", "X-GONE:1", "RESOURCES"),
        ("SUMMARY:checkup", "RRULE:FREQ=DAILY", "RRULE"),
        ("SUMMARY:checkup", "EXDATE:20260302T140000Z", "EXDATE"),
        ("DTEND:20260302T143000Z", "DTEND:20260302T140000Z", "DTSTART"),
        ("TRANSP:OPAQUE", "TRANSP:TRANSPARENT", "TRANSP"),
        ("SUMMARY:checkup", "odd", "odd"),
        ("VERSION:2.0", "odd", "odd"),
        (re.compile("(?s).*"), "BEGIN:VCALENDAR\r\nEND:VCALENDAR", "X-PETPRO-CLINIC"),
    ],
)
def test_what_no_clinic_can_be_made_of_is_refused(
    text: str, pattern: str | re.Pattern[str], new: str, name: str
) -> None:
    found = re.compile(pattern) if isinstance(pattern, str) else pattern
    assert found.search(text)
    with pytest.raises(InvalidCalendarError) as caught:
        ical.read_clinic(found.sub(lambda _: new, text, count=1))
    assert caught.value.name == name
    assert caught.value.line > 0


def test_two_calendars_or_a_large_one_are_refused(text: str) -> None:
    with pytest.raises(InvalidCalendarError):
        ical.read_clinic(text * 2)
    with pytest.raises(LimitExceededError):
        ical.read_clinic(text, max_bytes=100)


def test_a_cancelled_event_without_a_start_is_refused(text: str) -> None:
    lost = text.replace("DTSTART:20260302T140000Z\r\nDTEND:20260302T143000Z\r\n", "").replace(
        "STATUS:CONFIRMED", "STATUS:CANCELLED"
    )
    with pytest.raises(InvalidCalendarError) as caught:
        ical.read_clinic(lost)
    assert caught.value.name == "DTSTART"


def test_clinics_that_cannot_be_told_are_refused(clinic: Clinic) -> None:
    visit = Interval(datetime(2026, 3, 2, 15, tzinfo=UTC), datetime(2026, 3, 2, 15, 0, 0, 1, tzinfo=UTC))
    odd = attrs.evolve(clinic, bookings=(Booking(1, Allocation(1, visit)),), booking_ids={1: "#1"}, clients={})
    with pytest.raises(InvalidValueError):
        ical.write_clinic(odd, now=NOW)
    with pytest.raises(InvalidValueError):
        ical.write_clinic(clinic, now=NOW, first=date(2026, 3, 2), last=date(2026, 3, 1))
    twice = attrs.evolve(clinic, booking_ids={1: "B-1", 2: "B-1"})
    with pytest.raises((InvalidClinicError, InvalidValueError)):
        ical.write_clinic(twice, now=NOW)


def test_what_would_come_back_different_is_refused(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows of such a clinic; if there is one, it must not be lost in silence."""
    other = read_file('{"clinic": {"zone": "UTC"}}', format="json")
    monkeypatch.setattr("petpro_core.interop.ical._clinics.read_clinic", lambda *_, **__: other)
    with pytest.raises(InvalidValueError, match="come back different"):
        ical.write_clinic(clinic, now=NOW)
