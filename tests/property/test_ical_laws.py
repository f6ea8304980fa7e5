"""Laws of reading calendars: order does not matter, doubt is never free, any bytes give an answer or a PetProError."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from dateutil import rrule
from hypothesis import given
from hypothesis import strategies as st

from petpro_core.errors import PetProError
from petpro_core.interop.ical import CalendarFeed, read_busy
from petpro_core.intervals import Interval, IntervalSet
from petpro_core.timezones import load_zone

WINDOW = Interval(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 15, tzinfo=UTC))
ZONE = load_zone("America/New_York")
# Wall times, as dateutil knows them.
FIRST, LAST = WINDOW.start.replace(tzinfo=None), WINDOW.end.replace(tzinfo=None)

days = st.integers(0, 60).map(lambda day: datetime(2026, 2, 15, tzinfo=UTC) + timedelta(days=day))
zones = st.sampled_from(["", ";TZID=Europe/Berlin", ";TZID=Eastern Standard Time", ";TZID=Own"])
lengths = st.sampled_from([["DURATION:PT45M"], ["DURATION:P1D"], ["DURATION:P1DT6H"], []])
rules = st.sampled_from(
    [
        [],
        ["RRULE:FREQ=DAILY;COUNT=5"],
        ["RRULE:FREQ=WEEKLY;BYDAY=MO,FR"],
        ["RRULE:FREQ=MONTHLY;BYDAY=-1SU"],
        ["RRULE:FREQ=HOURLY;INTERVAL=7;UNTIL=20260320T000000Z"],
    ]
)
free = st.sampled_from(["TRANSP:TRANSPARENT", "STATUS:CANCELLED", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"])
flaws = st.sampled_from(
    [
        "STATUS:ODD",
        "TRANSP:ODD",
        "SEQUENCE:ODD",
        "RRULE:ODD",
        "RDATE:ODD",
        "EXDATE:ODD",
        "DTEND:ODD",
        "DTSTART:ODD",
        "ODD",
        "RECURRENCE-ID:ODD",
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20260310T090000Z",
    ]
)
OWN = [
    "BEGIN:VTIMEZONE",
    "TZID:Own",
    "BEGIN:STANDARD",
    "DTSTART:20250101T000000",
    "TZOFFSETFROM:+0300",
    "TZOFFSETTO:+0300",
    "END:STANDARD",
    "BEGIN:DAYLIGHT",
    "DTSTART:20250310T030000",
    "TZOFFSETFROM:+0300",
    "TZOFFSETTO:+0430",
    "RRULE:FREQ=YEARLY",
    "END:DAYLIGHT",
    "END:VTIMEZONE",
]


@st.composite
def events(draw: st.DrawFn) -> list[str]:
    """Draw the lines of one event: alone, a series, or a changed instance."""
    day, zone, hour = draw(days), draw(zones), draw(st.integers(0, 23))
    start = f"DTSTART{zone}:{day:%Y%m%d}T{hour:02d}3000"
    if draw(st.booleans()):
        start = f"DTSTART;VALUE=DATE:{day:%Y%m%d}"
    length = draw(lengths) if "VALUE" not in start else draw(st.sampled_from([["DURATION:P2D"], []]))
    lines = [start, *length, *draw(st.sampled_from([[], [], [draw(free)], ["STATUS:TENTATIVE"]]))]
    if draw(st.booleans()):
        instance = draw(days)
        lines += [f"RECURRENCE-ID{zone}:{instance:%Y%m%d}T{hour:02d}3000"]
    elif "VALUE" not in start:
        lines += draw(rules)
        if draw(st.booleans()):
            lines += [f"EXDATE{zone}:{draw(days):%Y%m%d}T{hour:02d}3000"]
    return [f"SEQUENCE:{draw(st.integers(0, 2))}", *lines]


calendars = st.lists(st.tuples(st.sampled_from("abc"), events()), max_size=5)


def component(uid: str, lines: list[str]) -> list[str]:
    return ["BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT"]


def read(components: list[list[str]], *, skip_bad: bool = False) -> CalendarFeed:
    lines = ["BEGIN:VCALENDAR", *(line for one in components for line in one), "END:VCALENDAR"]
    return read_busy("\r\n".join(lines), within=WINDOW, zone=ZONE, skip_bad=skip_bad)


@given(calendars, st.data())
def test_the_order_of_components_does_not_matter(drawn: list[tuple[str, list[str]]], data: st.DataObject) -> None:
    parts = [OWN, *(component(uid, lines) for uid, lines in drawn)]
    assert read(data.draw(st.permutations(parts))) == read(parts)


@given(calendars, free, events())
def test_an_event_that_takes_no_time_adds_none(drawn: list[tuple[str, list[str]]], word: str, lines: list[str]) -> None:
    parts = [OWN, *(component(uid, some) for uid, some in drawn)]
    kept = [line for line in lines if not line.startswith((*("STATUS", "TRANSP"), "X-"))]
    assert read([*parts, component("new", [*kept, word])]).busy == read(parts).busy


@given(calendars, events())
def test_busy_time_grows_with_events(drawn: list[tuple[str, list[str]]], lines: list[str]) -> None:
    parts = [OWN, *(component(uid, some) for uid, some in drawn)]
    before, after = read(parts).busy, read([*parts, component("new", lines)]).busy
    assert before.difference(after) == IntervalSet.empty()


@given(calendars, events(), flaws, st.integers(0, 6))
def test_a_skipped_event_never_leaves_its_time_free(
    drawn: list[tuple[str, list[str]]], lines: list[str], flaw: str, place: int
) -> None:
    """What the event would have taken, had it been well, is busy or unknown."""
    parts = [OWN, *(component(uid, some) for uid, some in drawn)]
    well = read([*parts, component("new", lines)])
    flawed = [*lines[: place % (len(lines) + 1)], flaw, *lines[place % (len(lines) + 1) :]]
    feed = read([*parts, component("new", flawed)], skip_bad=True)
    seen_free = feed.known.difference(feed.busy)
    assert len(feed.skipped) == 1
    assert seen_free.intersection(well.busy) == IntervalSet.empty()


@given(calendars, st.integers(0, 44), st.integers(1, 20))
def test_a_window_is_a_cut_of_a_larger_one(drawn: list[tuple[str, list[str]]], first: int, length: int) -> None:
    text = "\n".join(
        ["BEGIN:VCALENDAR", *OWN, *(line for uid, some in drawn for line in component(uid, some)), "END:VCALENDAR"]
    )
    start = WINDOW.start + timedelta(days=first)
    small = Interval(start, min(start + timedelta(days=length), WINDOW.end))
    whole = read_busy(text, within=WINDOW, zone=ZONE)
    assert read_busy(text, within=small, zone=ZONE).busy == whole.busy.within(small)


@given(calendars, st.integers(1, 70))
def test_folding_changes_nothing(drawn: list[tuple[str, list[str]]], width: int) -> None:
    lines = ["BEGIN:VCALENDAR", *OWN, *(line for uid, some in drawn for line in component(uid, some)), "END:VCALENDAR"]
    folded = ["\n ".join(line[at : at + width] for at in range(0, len(line), width)) for line in lines]
    plain, cut = (read_busy("\n".join(text), within=WINDOW, zone=ZONE) for text in (lines, folded))
    assert plain == cut


numbers = st.integers(1, 12)
PARTS = st.fixed_dictionaries(
    {},
    optional={
        "INTERVAL": st.integers(1, 5).map(str),
        "BYMONTH": st.lists(numbers, min_size=1, max_size=3).map(lambda some: ",".join(map(str, some))),
        "BYMONTHDAY": st.lists(st.sampled_from([1, 7, 29, 31, -1, -30]), min_size=1).map(
            lambda some: ",".join(map(str, some))
        ),
        "BYDAY": st.lists(st.sampled_from(["MO", "WE", "SU"]), min_size=1).map(",".join),
        "BYHOUR": st.sampled_from(["9", "9,17"]),
        "BYMINUTE": st.sampled_from(["0", "15,45"]),
        "WKST": st.sampled_from(["MO", "SU"]),
    },
)


@given(
    st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"]),
    PARTS,
    st.sampled_from([None, "COUNT=7", "COUNT=400", "UNTIL=20260310T120000"]),
    st.datetimes(FIRST - timedelta(days=790), LAST - timedelta(days=14)),
)
def test_a_series_equals_dateutil_from_its_very_start(
    frequency: str, parts: dict[str, str], bound: str | None, drawn: datetime
) -> None:
    """Moving the start near the window, and testing limits apart, changes nothing."""
    if frequency == "WEEKLY":
        parts.pop("BYMONTHDAY", None)
    start = drawn.replace(microsecond=0)
    text = ";".join(
        [f"FREQ={frequency}", *(f"{key}={value}" for key, value in parts.items()), *([bound] if bound else [])]
    )
    feed = read([component("one", [f"DTSTART:{start:%Y%m%dT%H%M%SZ}", "DURATION:PT1S", f"RRULE:{text}"])])
    expected = {start}
    # dateutil refuses a rule whose INTERVAL steps over every BYHOUR; here such a rule has no occurrence but its start.
    with suppress(ValueError):
        steps = rrule.rrulestr(f"DTSTART:{start:%Y%m%dT%H%M%S}\nRRULE:{text}")
        expected.update(takewhile(lambda wall: wall < LAST, steps))
    inside = sorted(wall for wall in expected if FIRST <= wall < LAST)
    assert [one.start.replace(tzinfo=None) for one in feed.busy] == inside


WORDS = st.sampled_from(
    [
        *["BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "BEGIN:VFREEBUSY", "END:VFREEBUSY", *OWN],
        *["DTSTART", ";TZID=Own", ";VALUE=DATE", ":20260310", "T090000", "Z", "RRULE:FREQ=", "DAILY", ";COUNT=9", "\n"],
        *[
            "DURATION:P1D",
            "RDATE;VALUE=PERIOD:",
            "/PT1H",
            ",",
            "RECURRENCE-ID",
            "\n ",
            "\r",
            "UID:1",
            "\ud800",
            '"',
            ":",
        ],
    ]
)


@given(
    st.lists(WORDS, max_size=40).map("\n".join) | st.lists(WORDS, max_size=40).map("".join) | st.text() | st.binary()
)
def test_anything_gives_an_answer_or_a_petpro_error(text: str | bytes) -> None:
    for skip_bad in (False, True):
        try:
            feed = read_busy(text, within=WINDOW, zone=ZONE, skip_bad=skip_bad)
        except PetProError as error:
            assert str(error)  # noqa: PT017 - an answer is as good as an error here
        else:
            assert feed.known.difference(IntervalSet.of(WINDOW)) == IntervalSet.empty()


@given(calendars, st.integers(0, 2000), st.binary(min_size=1, max_size=4))
def test_a_damaged_calendar_gives_an_answer_or_a_petpro_error(
    drawn: list[tuple[str, list[str]]], place: int, damage: bytes
) -> None:
    lines = ["BEGIN:VCALENDAR", *OWN, *(line for uid, some in drawn for line in component(uid, some)), "END:VCALENDAR"]
    raw = "\r\n".join(lines).encode()
    at = place % len(raw)
    for text in (raw[:at] + damage + raw[at + 1 :], raw[:at]):
        try:
            read_busy(text, within=WINDOW, zone=ZONE, skip_bad=True)
        except PetProError as error:
            assert error.code in {"invalid_calendar", "limit_exceeded"}  # noqa: PT017 - see above
