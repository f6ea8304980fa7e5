"""What is fuzzed: each target reads bytes from outside; only a `PetProError` may be the answer to bad ones.

A target takes bytes and returns; it raises nothing but what is a mistake of ours. `seeds` gives whole, good inputs to
begin with, `words` what a mutation is likely to need.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from petpro_core.availability import Calendar
from petpro_core.bookings import BookingTable
from petpro_core.errors import PetProError
from petpro_core.index import SlotIndex
from petpro_core.interop import fhir, ical
from petpro_core.interop.clinic import read_clinic
from petpro_core.intervals import ALWAYS, Interval, IntervalSet
from petpro_core.recurrence import RecurrenceRule, wall_times
from petpro_core.schedules import Schedule, WeeklyHours
from petpro_core.slots import SlotRules
from petpro_core.timezones import Disambiguation, Instants, LocalTimes, TimeZone, load_zone
from petpro_core.timezones._tails import read_tail

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).parents[2]
CALENDARS: Final = ROOT / "tests" / "corpus" / "calendars"
WINDOW: Final = Interval(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 15, tzinfo=UTC))
ZONE: Final = load_zone("America/New_York")
INSTANTS: Final = Instants(np.arange(-2_000_000_000, 6_000_000_000, 400_000_007, dtype=np.int64) * 1_000_000)
RULES: Final = (
    "FREQ=DAILY;COUNT=10",
    "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,TH;UNTIL=19971224T000000Z",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
    "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;INTERVAL=3",
    "FREQ=YEARLY;BYYEARDAY=1,100,-200",
    "FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD;RSCALE=GREGORIAN",
    "FREQ=SECONDLY;BYHOUR=3;BYMINUTE=4;BYSECOND=5;COUNT=70",
    "FREQ=HOURLY;INTERVAL=7;BYMONTH=2",
)
TAILS: Final = ("EST5EDT,M3.2.0,M11.1.0", "<+02>-2<+03>,M3.5.0/-1,M10.5.0/24", "<-03>3<-02>,J60/2,300/25:30", "UTC0")


@dataclass(frozen=True)
class Target:
    """One reader: what it does with bytes, good bytes, and words of its language."""

    read: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    words: str = ""


def text_of(given: bytes) -> str:
    """Read any bytes as text; what is no UTF-8 becomes something odd, as damaged text does."""
    return given.decode("utf-8", "replace")


# --- zones ------------------------------------------------------------------------------------------------------------


def use(zone: TimeZone) -> None:
    """Ask a zone that was read for a few conversions: what is accepted must work."""
    try:
        walls = zone.to_local_us(INSTANTS)
        back = zone.to_utc_us(LocalTimes(walls), disambiguation=Disambiguation.EARLIER)
        assert (back <= INSTANTS).all(), "the earlier reading of what the clock shows lies later"
        zone.day_starts(20_000, 20_400)
    except PetProError:
        return


def tzif(given: bytes) -> None:
    try:
        zone = TimeZone.from_tzif("Fuzz/Zone", given)
    except PetProError:
        return
    use(zone)


def posix_tz(given: bytes) -> None:
    text = text_of(given)
    try:
        tail = read_tail(text)
        zone = TimeZone.from_transitions("Fuzz/Rule", [], first_offset=timedelta(seconds=tail.std), tail=text)
    except PetProError:
        return
    use(zone)


def zone_files() -> list[bytes]:
    keys = ("America/New_York", "Africa/Casablanca", "Australia/Lord_Howe", "Europe/Dublin", "Etc/UTC", "Asia/Gaza")
    return [resources.files("tzdata").joinpath("zoneinfo", *key.split("/")).read_bytes() for key in keys]


# --- rules and files --------------------------------------------------------------------------------------------------


def rrule(given: bytes) -> None:
    start = datetime(1997, 9, 2, 9, tzinfo=UTC).replace(tzinfo=None)
    try:
        rule = RecurrenceRule.parse(text_of(given))
        assert RecurrenceRule.parse(str(rule)) == rule, "what is written is read back as another rule"
        first = int((start - datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)) / timedelta(microseconds=1))
        found = wall_times(rule, first, first, first + 400 * 86_400_000_000, limit=100_000)
    except PetProError:
        return
    assert (found[1:] > found[:-1]).all(), "times are out of order, or one comes twice"


def clinic_toml(given: bytes) -> None:
    try:
        read_clinic(given, format="toml")
    except PetProError:
        return


def clinic_json(given: bytes) -> None:
    try:
        read_clinic(given, format="json")
    except PetProError:
        return


def clinic_texts() -> list[bytes]:
    files = [ROOT / "examples" / "maple-street" / "clinic.toml"]
    return [path.read_bytes() for path in files if path.is_file()]


def clinic_json_texts() -> list[bytes]:
    return [json.dumps(tomllib.loads(text.decode()), default=str).encode() for text in clinic_texts()]


# --- calendars --------------------------------------------------------------------------------------------------------


def ics(given: bytes) -> None:
    for skip_bad in (False, True):
        try:
            feed = ical.read_busy(given, within=WINDOW, zone=ZONE, skip_bad=skip_bad)
        except PetProError:
            continue
        assert (feed.busy - IntervalSet.of(WINDOW)) == IntervalSet.empty(), "busy time outside the window"
    for read in readers():
        try:
            read(given)
        except PetProError:
            continue


def readers() -> list[Callable[[bytes], object]]:
    """Give the other doors of iCalendar."""
    return [
        ical.read_calendar,
        partial(ical.read_availability, within=WINDOW, zone=ZONE),
        partial(ical.read_hours, zone=ZONE),
        ical.read_clinic,
    ]


def ics_texts() -> list[bytes]:
    clinics = [ical.write_clinic(read_clinic(text, format="toml"), now=WINDOW.start) for text in clinic_texts()]
    return [*(path.read_bytes() for path in sorted(CALENDARS.glob("*.ics"))), *(text.encode() for text in clinics)]


@cache
def undamaged() -> list[tuple[list[bytes], list[tuple[int, int]], dict[str, Any]]]:
    """Give the lines of each good calendar, where its events stand, and how it is read."""
    found = []
    for path in sorted(CALENDARS.glob("*.ics")):
        expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        if "error" in expected or expected.get("skipped"):
            continue
        lines = path.read_bytes().splitlines()
        begins = [n for n, line in enumerate(lines) if line == b"BEGIN:VEVENT"]
        ends = [n for n, line in enumerate(lines) if line == b"END:VEVENT"]
        if begins and not lines[0].startswith((b"\xff\xfe", b"\xfe\xff")):
            start, end = (datetime.fromisoformat(text) for text in expected["within"])
            options = {"within": Interval(start, end), "zone": load_zone(expected["zone"])} | expected.get(
                "options", {}
            )
            found.append((lines, list(zip(begins, ends, strict=True)), options | {"skip_bad": True}))
    return found


# A change of these says which event is meant, or which version of it: then another one rightly takes its place.
WHICH: Final = (b"UID", b"RECURRENCE-ID", b"SEQUENCE", b"BEGIN", b"END")


def damage(given: bytes) -> tuple[bytes, bytes, bytes, dict[str, Any]] | None:
    """Damage one line of one event: the calendar, the one without that event, the damaged one, how to read them."""
    if len(given) < 5:
        return None
    lines, events, options = undamaged()[given[0] % len(undamaged())]
    begin, end = events[given[1] % len(events)]
    number = begin + 1 + given[2] % max(end - begin - 1, 1)
    old = lines[number]
    at, length = given[3] % (len(old) + 1), given[4] % 8
    new = old[:at] + given[5:].translate(None, b"\r\n") + old[at + length :]
    whole = old.upper() + b" " + new.upper()
    # A folded line belongs to the one before it.
    if number >= end or any(word in whole for word in WHICH) or new[:1] in {b" ", b"\t", b""} or old[:1] in b" \t":
        return None
    join = b"\r\n".join
    return (
        join(lines),
        join([*lines[:begin], *lines[end + 1 :]]),
        join([*lines[:number], new, *lines[number + 1 :]]),
        options,
    )


def ics_busy(given: bytes) -> None:
    """Damage to one event never frees the time that the others take: it is busy still, or not known."""
    made = damage(given)
    if made is None:
        return
    whole, without, damaged, options = made
    others = ical.read_busy(whole, **options).busy & ical.read_busy(without, **options).busy
    try:
        feed = ical.read_busy(damaged, **options)
    except PetProError:
        return
    unknown = IntervalSet.of(options["within"]) - feed.known
    freed = others - feed.busy - unknown
    assert freed == IntervalSet.empty(), f"{freed} is free by {damaged!r}"


def ics_busy_seeds() -> list[bytes]:
    return [bytes([n, n % 3, n % 7, n % 20, 2]) + b"20260310T090000" for n in range(40)]


ICS_WORDS: Final = r"""
    BEGIN:VEVENT END:VEVENT BEGIN:VTIMEZONE END:VTIMEZONE BEGIN:VCALENDAR END:VCALENDAR BEGIN:VFREEBUSY END:VFREEBUSY
    BEGIN:VAVAILABILITY END:VAVAILABILITY BEGIN:AVAILABLE END:AVAILABLE PRIORITY:1 BUSYTYPE:BUSY-TENTATIVE FREEBUSY:
    DTSTART DTEND DURATION: PT1H P1D -P1W EXDATE RDATE VALUE=PERIOD VALUE=DATE TZID= TZID: TZOFFSETFROM:+0100
    TZOFFSETTO:-2359 RRULE: FREQ= DAILY SECONDLY YEARLY BYDAY= BYSETPOS= COUNT= UNTIL= INTERVAL= WKST= RECURRENCE-ID
    RANGE=THISANDFUTURE SEQUENCE: UID: STATUS:CANCELLED TRANSP:TRANSPARENT 99991231 00010101T000000Z 20260308T023000
    \x0d\x0a\x20 \xef\xbb\xbf \xff\xfe
"""
RULE_WORDS: Final = """
    FREQ= BYDAY= BYSETPOS= COUNT= UNTIL= INTERVAL= WKST= BYMONTH= BYMONTHDAY= BYYEARDAY= BYWEEKNO= BYHOUR= BYMINUTE=
    BYSECOND= SKIP=OMIT RSCALE=GREGORIAN SECONDLY MINUTELY HOURLY DAILY WEEKLY MONTHLY YEARLY MO -1SU 53WE 366 -366
    999999999 19971224T000000Z
"""
CLINIC_WORDS: Final = """
    [clinic] [[providers]] [[services]] [[bookings]] [hours] zone id weekdays duration time_off schedules overrides
    holidays closures capacity policy caps min_notice 09:00-17:00 2026-11-23 Europe/Berlin 30m inf nan 1e999 rrule
"""

FHIR_WORDS: Final = """
resourceType Bundle Schedule Slot Location status free busy busy-tentative reference start end 2026-03-08T09:00:00-05:00
modifierExtension actor identifier comment overbooked link next
"""


# --- bundles and prepared indexes -------------------------------------------------------------------------------------


def fhir_bundle(given: bytes) -> None:
    try:
        fhir.read_bundle(given, zone=ZONE)
    except PetProError:
        return


def bundles() -> list[bytes]:
    concept = fhir.Concept("124", "General practice")
    actors = [fhir.Actor("Practitioner/ana", "Dr. Ana"), fhir.Actor("Location/1", "Main")]
    day = Interval(WINDOW.start, WINDOW.start + timedelta(days=1))
    slots = [fhir.PublishedSlot(day, status, services=[concept]) for status in fhir.SlotStatus]
    schedule = fhir.PublishedSchedule("ana", actors, slots, services=[concept], horizon=day)
    return [json.dumps(fhir.write_bundle(fhir.ScheduleBundle(schedule), zone=ZONE)).encode()]


QUESTION: Final[dict[str, Any]] = {"rules": SlotRules(timedelta(minutes=30)), "within": WINDOW}
CALENDAR: Final = Calendar(Schedule(ZONE, WeeklyHours({"monday": ["09:00-12:00"], "friday": ["22:00-02:00"]})))


def index(given: bytes) -> None:
    try:
        loaded = SlotIndex.from_bytes(given, [CALENDAR, CALENDAR], **QUESTION)
        loaded.count()
        loaded.find()
    except PetProError:
        return


def index_buffers() -> list[bytes]:
    busy = BookingTable.from_columns(resource=[1], start=[WINDOW.start_us], end=[WINDOW.end_us], known=ALWAYS)
    made = SlotIndex.of([CALENDAR, CALENDAR], busy=busy, now=WINDOW.start - timedelta(days=1), **QUESTION)
    return [made.to_bytes()]


TARGETS: Final = {
    "tzif": Target(tzif, zone_files, "TZif2 TZif3 \\x0aEST5EDT,M3.2.0,M11.1.0\\x0a"),
    "posix_tz": Target(posix_tz, lambda: [text.encode() for text in TAILS], "M3.2.0 J366 /167 <+0530>-5:30"),
    "rrule": Target(rrule, lambda: [text.encode() for text in RULES], RULE_WORDS),
    "clinic_toml": Target(clinic_toml, clinic_texts, CLINIC_WORDS),
    "clinic_json": Target(clinic_json, clinic_json_texts, CLINIC_WORDS),
    "fhir_bundle": Target(fhir_bundle, bundles, FHIR_WORDS),
    "index": Target(index, index_buffers),
    "ics": Target(ics, ics_texts, ICS_WORDS),
    "ics_busy": Target(ics_busy, ics_busy_seeds, ICS_WORDS),
}
"""Every target by name: ``python tests/fuzz/run.py NAME --minutes 10`` drives it by coverage."""
