"""Laws of reading calendars: order does not matter, doubt is never free, any bytes give an answer or a PetProError."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dateutil import rrule
from hypothesis import given
from hypothesis import strategies as st

from petpro_core.errors import PetProError
from petpro_core.interop.ical import CalendarFeed, read_busy
from petpro_core.intervals import Interval, IntervalSet
from petpro_core.timezones import load_zone

if TYPE_CHECKING:
    from random import Random  # noqa: TID251 - Hypothesis makes it, from its own seed

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
        "RECURRENCE-ID;RANGE=THISANDPRIOR:20260310T090000Z",
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
uids = st.sampled_from(["new", "a", "b"])


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


# --- changes of all later instances -----------------------------------------------------------------------------------

SERIES_START = datetime(2026, 3, 2, 9)  # noqa: DTZ001 - wall times, New York's clock changes on the 8th
changes = st.tuples(
    st.integers(0, 8),
    st.booleans(),
    st.sampled_from(["", "STATUS:CANCELLED", "TRANSP:TRANSPARENT"]),
    st.integers(-40, 80),
    st.sampled_from([15, 60, 600]),
)


def stretch(wall: datetime, minutes: int) -> Interval:
    """A length of time that begins at a wall time, by the standard library's zones."""
    start = wall.replace(tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)
    return Interval(start, start + timedelta(minutes=minutes))


@given(
    st.lists(changes, max_size=4, unique_by=lambda one: one[:2]),
    st.integers(1, 4),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_changes_of_later_instances_equal_a_walk_through_the_series(
    drawn: list[tuple[int, bool, str, int, int]], days: int, blocks: bool, random: Random
) -> None:
    """Each instance takes over the last change of it and all later ones before it, unless it has one of its own."""
    walls = [SERIES_START + timedelta(days=days * number) for number in range(9)]
    parts = [
        ["DTSTART;TZID=America/New_York:20260302T090000", "DURATION:PT30M", f"RRULE:FREQ=DAILY;INTERVAL={days};COUNT=9"]
    ]
    parts[0] += [] if blocks else ["TRANSP:TRANSPARENT"]
    for number, later, word, hours, minutes in drawn:
        reach = ";RANGE=THISANDFUTURE" if later else ""
        moved = walls[number] + timedelta(hours=hours)
        lines = [f"RECURRENCE-ID;TZID=America/New_York{reach}:{walls[number]:%Y%m%dT%H%M%S}"]
        lines += [f"DTSTART;TZID=America/New_York:{moved:%Y%m%dT%H%M%S}", f"DURATION:PT{minutes}M"]
        parts.append([*lines, *([word] if word else [])])
    random.shuffle(parts)
    expected = []
    for number, wall in enumerate(walls):
        own = [one for one in drawn if one[0] == number and not one[1]]
        before = sorted(one for one in drawn if one[0] <= number and one[1])
        change = own[0] if own else before[-1] if before else None
        if change is None:
            expected += [stretch(wall, 30)] if blocks else []
        elif not change[2]:
            expected.append(stretch(wall + timedelta(hours=change[3]), change[4]))
    feed = read([component("one", lines) for lines in parts])
    assert feed.busy == IntervalSet.of(*expected).within(WINDOW)
    assert feed.events == len(parts)


# --- damage -----------------------------------------------------------------------------------------------------------


HOW = st.sampled_from(["drop", "change", "cut", "double"])


def damage(line: str, spot: int, how: str, letter: str) -> str:
    return {
        "drop": line[:spot] + line[spot + 1 :],
        "change": line[:spot] + letter + line[spot + 1 :],
        "cut": line[: max(spot, 1)],
        "double": line[:spot] + line[spot] + line[spot:],
    }[how]


@given(calendars, uids, events(), st.integers(0, 10), st.integers(0, 12), HOW, st.sampled_from("AEDR-07"))
def test_a_name_that_lost_a_letter_never_frees_anything(
    drawn: list[tuple[str, list[str]]], own: str, lines: list[str], place: int, at: int, how: str, letter: str
) -> None:
    """A rule whose name cannot be read would be an event that happens once. (A line that is gone, nobody can miss.)"""
    parts = [OWN, *(component(uid, some) for uid, some in drawn)]
    well = component(own, lines)
    number = 1 + place % (len(well) - 2)
    line = well[number]
    damaged = damage(line, at % len(re.split("[:;]", line)[0]), how, letter)
    feed = read([*parts, [*well[:number], damaged, *well[number + 1 :]]], skip_bad=True)
    free = feed.known.difference(feed.busy)
    assert not free.intersection(read([*parts, well]).busy)


@given(calendars, events(), st.integers(0, 10), st.integers(0, 60), HOW, st.data())
def test_damage_to_a_line_of_one_event_never_frees_the_others(
    drawn: list[tuple[str, list[str]]], lines: list[str], place: int, at: int, how: str, data: st.DataObject
) -> None:
    """Whatever becomes of the damaged event: of the others nothing is shown as free that they take.

    A line that comes out readable is another calendar, which may say something else of its own event; of one that is
    listed as skipped, what it would have taken is not free either.
    """
    parts = [OWN, *(component(uid, some) for uid, some in drawn)]
    well = component("new", lines)
    number = 1 + place % (len(well) - 2)
    line = well[number]
    spot = at % len(line)
    letter = data.draw(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))
    damaged = damage(line, spot, how, letter)
    before = read([*parts, well])
    feed = read([*parts, [*well[:number], damaged, *well[number + 1 :]]], skip_bad=True)
    free = feed.known.difference(feed.busy)
    assert not free.intersection(read(parts).busy)
    if feed.skipped:
        assert not free.intersection(before.busy)


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
