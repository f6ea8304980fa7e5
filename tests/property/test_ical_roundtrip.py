"""What is written is read back equal: clinics, hours, busy time, and calendars line by line."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from petpro_core.availability import Calendar, open_hours
from petpro_core.interop import ical
from petpro_core.interop.clinic import Clinic, clinic_tree
from petpro_core.intervals import Interval, IntervalSet
from petpro_core.testing.strategies import calendars
from petpro_core.testing.strategies.whole_clinics import _whole, clinics, dated_clinics
from petpro_core.timezones import load_zone

# An example draws, writes and reads a whole clinic.
FEW: Final = settings(max_examples=max(10, settings().max_examples // 4))
UTC_ZONE = load_zone("UTC")
NOW = datetime(2026, 11, 1, tzinfo=UTC)


@FEW
@given(dated_clinics())
def test_a_clinic_that_is_written_is_read_back_equal(drawn: tuple[Clinic, datetime]) -> None:
    clinic, now = drawn
    text = ical.write_clinic(clinic, now=now)
    again = ical.read_clinic(text)
    assert clinic_tree(again) == clinic_tree(clinic)
    assert again.bookings == clinic.bookings
    assert again.names == clinic.names
    assert again.policy == clinic.policy
    assert [one.calendar for one in again.resources.values()] == [one.calendar for one in clinic.resources.values()]
    assert [one.rules for one in again.services.values()] == [one.rules for one in clinic.services.values()]
    assert ical.write_clinic(again, now=now) == text


@FEW
@given(dated_clinics())
def test_other_readers_of_a_clinic_see_the_same_busy_time(drawn: tuple[Clinic, datetime]) -> None:
    """The events of a clinic that take time are its bookings that block."""
    clinic, now = drawn
    events = [
        one for one in ical.read_calendar(ical.write_clinic(clinic, now=now))[0].components if one.name == "VEVENT"
    ]
    text = ical.write_calendar(ical.CalendarComponent("VCALENDAR", [], events))
    within = Interval(now - timedelta(days=9), now + timedelta(days=9))
    blocking = [one.allocations[0].interval for one in clinic.bookings if one.status not in ("no_show", "cancelled")]
    assert ical.read_busy(text, within=within, zone=clinic.zone).busy == IntervalSet.of(*blocking).within(within)


@FEW
@given(dated_clinics())
def test_hours_are_told_as_they_are_and_read_back_alike(drawn: tuple[Clinic, datetime]) -> None:
    clinic, now = drawn
    for resource in clinic.resources.values():
        calendar = resource.calendar
        first, last = date(now.year, 1, 1), date(now.year, 12, 31)
        text = ical.write_hours(calendar, first=first, last=last, now=now, uid="one")
        starts = [
            calendar.zone.to_utc(datetime(year, 1, 1))  # noqa: DTZ001 - a wall time
            for year in (now.year, now.year + 1)
        ]
        told = Interval(*starts)
        around = Interval(told.start - timedelta(days=400), told.end + timedelta(days=400))
        opening = open_hours(calendar, within=told)[0]
        feed = ical.read_availability(text, within=around, zone=UTC_ZONE)
        assert feed.free == opening
        once = [off.interval for off in calendar.time_off if not off.recurs]
        away = IntervalSet.of(
            told, *once, *(one for off in calendar.time_off if off.recurs for one in off.within(told))
        )
        assert feed.known == away.within(around)
        assert ical.read_busy(text, within=told, zone=UTC_ZONE).busy == IntervalSet.of(told).difference(opening)


@FEW
@given(clinics())
def test_the_text_of_a_clinic_is_kept_line_by_line(clinic: Clinic) -> None:
    text = ical.write_clinic(clinic, now=NOW)
    assert ical.write_calendar(*ical.read_calendar(text)) == text


@st.composite
def edges(draw: st.DrawFn) -> IntervalSet:
    starts = draw(st.lists(st.integers(0, 10**6), max_size=5))
    first = [NOW + timedelta(seconds=start) for start in starts]
    return IntervalSet.of(*(Interval(one, one + timedelta(seconds=draw(st.integers(1, 90_000)))) for one in first))


@given(edges(), edges())
def test_busy_time_that_is_written_is_read_back_equal(busy: IntervalSet, known: IntervalSet) -> None:
    within = Interval(NOW, NOW + timedelta(days=20))
    known = known.union(IntervalSet.of(Interval(NOW, NOW + timedelta(seconds=1))))
    busy = busy.intersection(known)
    feed = ical.read_busy(ical.write_busy(busy, known=known, now=NOW, uid="x"), within=within, zone=UTC_ZONE)
    assert (feed.busy, feed.known) == (busy, known)


NAMES = st.from_regex(r"[A-Za-z0-9-]{1,12}", fullmatch=True).filter(lambda name: name.upper() not in {"BEGIN", "END"})
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=100)
ONE_LINE = TEXT.map(lambda text: text.translate({10: "", 13: ""}))
UNQUOTED = ONE_LINE.map(lambda text: text.replace('"', ""))
LINES = st.builds(
    ical.ContentLine,
    NAMES,
    ONE_LINE,
    st.lists(st.tuples(NAMES, st.lists(UNQUOTED, min_size=1, max_size=3)), max_size=2),
)
INNER = st.builds(
    ical.CalendarComponent, st.sampled_from(["VALARM", "X-OWN", "AVAILABLE"]), st.lists(LINES, max_size=3)
)
PARTS = st.builds(
    ical.CalendarComponent,
    st.sampled_from(["VEVENT", "VTODO", "VAVAILABILITY", "X-THING"]),
    st.lists(LINES, max_size=3),
    st.lists(INNER, max_size=2),
)
WHOLE = st.builds(
    ical.CalendarComponent, st.just("VCALENDAR"), st.lists(LINES, max_size=3), st.lists(PARTS, max_size=3)
)


@given(st.lists(WHOLE, min_size=1, max_size=2))
def test_every_line_is_kept(components: list[ical.CalendarComponent]) -> None:
    text = ical.write_calendar(*components)
    assert ical.read_calendar(text) == tuple(components)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert ical.read_calendar(text.encode(encoding)) == tuple(components)


@given(TEXT)
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    line = ical.ContentLine.of_text("SUMMARY", text)
    assert line.text == text.replace("\r\n", "\n").replace("\r", "\n")


@given(calendars())
def test_hours_become_schedules_that_open_alike(drawn: Calendar) -> None:
    calendar = _whole(drawn)
    first, last = date(2026, 1, 1), date(2027, 3, 1)
    text = ical.write_hours(calendar, first=first, last=last, now=NOW, uid="one")
    begins, ends = datetime(2026, 1, 1), datetime(2027, 3, 2)  # noqa: DTZ001 - wall times
    told = Interval(calendar.zone.to_utc(begins), calendar.zone.to_utc(ends))
    again = ical.read_hours(text, zone=UTC_ZONE)
    around = Interval(told.start - timedelta(days=400), told.end + timedelta(days=400))
    assert open_hours(again, within=around)[0] == open_hours(calendar, within=told)[0]
