"""Strategies for what may change around a question: bookings that come and go, hours, zones, and time that passes.

Source: ADR 14.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np
from hypothesis import strategies as st

from petpro_core.availability import Calendar, LocalDays
from petpro_core.bookings import (
    Allocation,
    Booking,
    BookingPolicy,
    BookingStatus,
    BookingTable,
    Cap,
    MinimumGap,
    Request,
    Scope,
)
from petpro_core.intervals import ALWAYS, Interval, from_us
from petpro_core.repair import (
    Absence,
    BrokenBooking,
    BrokenSeries,
    Change,
    Impact,
    Move,
    NewHours,
    NewPolicy,
    NewZoneData,
    OfferStatus,
    Practice,
    RepairPlan,
    ResourceClosed,
    ShiftedBooking,
    SlotDelta,
    Substitutes,
    Unsaved,
    Waitlist,
    WaitlistEntry,
    WaitlistFit,
    WaitlistOffer,
    delta_of_bookings,
    impact,
    plan_repair,
)
from petpro_core.schedules import Schedule, TimeOff, WeeklyHours
from petpro_core.slots import SlotRules
from petpro_core.testing import _draws
from petpro_core.testing._clocks import DAY, clock
from petpro_core.testing.cases import build, build_booking, build_calendar
from petpro_core.testing.strategies._moments import ODD_ZONES
from petpro_core.testing.strategies._rules import policies
from petpro_core.timezones import TimeZone, load_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hypothesis.strategies import DrawFn, SearchStrategy

    from petpro_core.testing._plain import Case
    from petpro_core.testing.cases import Question

__all__ = [
    "BY_TYPE",
    "Asked",
    "SmallClinic",
    "asked_questions",
    "booking_changes",
    "changes_of",
    "impacts",
    "passing",
    "repair_plans",
    "rezoned",
    "shifted_bookings",
    "slot_deltas",
    "small_clinics",
    "substitutes",
    "waitlist_entries",
    "waitlist_fits",
    "waitlist_offers",
    "waitlists",
]

MINUTE: Final = 60_000_000
TIMES: Final = ("start", "end", "occupied_start", "occupied_end")


@attrs.frozen(eq=False)
class Asked:
    """A question as objects, and the plain case that it was made of.

    Attributes:
        case: The plain dict.
        question: Its objects.
        within: Its range, of instants or of local days.
    """

    case: Case
    question: Question
    within: Interval | LocalDays

    @property
    def bookings(self) -> list[Booking]:
        """The bookings of the case."""
        return [build_booking(plain) for plain in self.case["bookings"]]


@st.composite
def asked_questions(draw: DrawFn, *, months: bool = False) -> Asked:
    """Questions over a range of instants, or of local days around it."""
    case = draw(_draws.plain_case(ODD_ZONES, months=months))
    question = build(case)
    within: Interval | LocalDays = question.within
    if draw(_draws.among(False, False, True)):
        first, last = question.within.start.date(), question.within.end.date()
        zone = draw(_draws.among(None, None, *ODD_ZONES))
        within = LocalDays(first, min(last, first + timedelta(days=3)), zone)
    return Asked(case, question, within)


def _moved(plain: Case, by: int, handle: int | None = None) -> Case:
    parts = [{k: v + by if k in TIMES else v for k, v in part.items()} for part in plain["allocations"]]
    if handle is not None:
        parts = [part | {"resource": handle} for part in parts[:1]]
    until = plain.get("held_until")
    return plain | {"allocations": parts, "held_until": None if until is None else until + by}


@st.composite
def booking_changes(draw: DrawFn, asked: Asked) -> tuple[list[Booking], list[Booking]]:
    """Bookings that come and bookings that go: new ones, cancelled ones, moved ones, and others of their state."""
    case = asked.case
    there = {plain["id"]: plain for plain in case["bookings"]}
    handles = [calendar["handle"] for calendar in case["calendars"]]
    gone = draw(st.lists(st.sampled_from(sorted(there)), unique=True, max_size=2)) if there else []
    added: list[Case] = []
    for number in gone:
        what = draw(_draws.among("goes", "moves", "moves", "moves away", "confirmed", "cancelled"))
        plain = there[number]
        if what == "moves":
            added.append(_moved(plain, draw(st.integers(-40, 40)) * 15 * MINUTE))
        elif what == "moves away":
            added.append(_moved(plain, draw(_draws.among(0, 0, 30 * MINUTE)), draw(st.sampled_from(handles))))
        elif what != "goes":
            added.append(plain | {"status": what, "held_until": None})
    marks = _draws.landmarks(case, case["within"][0] // DAY)
    fresh = draw(_draws.plain_bookings(case["now"], case["rules"], handles, marks))
    added += [plain | {"id": 500 + plain["id"]} for plain in fresh[: draw(_draws.among(0, 1, 1, 2))]]
    return [build_booking(plain) for plain in added], [build_booking(there[number]) for number in gone]


def passing(asked: Asked) -> SearchStrategy[int]:
    """How many microseconds pass: nothing, a tick, minutes, hours, and up to the ends of the holds there are."""
    now = asked.case["now"]
    ends = [plain["held_until"] - now for plain in asked.case["bookings"] if plain.get("held_until")]
    near = [end + beside for end in ends for beside in (-1, 0, 1) if end + beside >= 0]
    notice = [0, 1, 10 * MINUTE, 60 * MINUTE, 60 * MINUTE + 1, 5 * 60 * MINUTE, DAY, 3 * DAY]
    return st.sampled_from([*notice, *near, *near])


@st.composite
def rezoned(draw: DrawFn, key: str, around: int) -> TimeZone:
    """A zone of the same key with another rule from about a day on: clocks that change by some quarters of an hour."""
    shown = clock(key)
    at = around * DAY + draw(st.integers(-30, 30)) * 60 * MINUTE
    before, after = shown.offset(at - 1), shown.offset(at) + draw(_draws.among(-4, -2, -1, 1, 2, 4)) * 15 * MINUTE
    zone = load_zone(key)
    kept = zone.transitions < at
    at_all = [*zone.transitions[kept].tolist(), at]
    offsets = [*zone.offsets[: int(kept.sum()) + 1].tolist(), after]
    return TimeZone(key, np.array(at_all), np.array(offsets)) if before != after else zone


@st.composite
def changes_of(draw: DrawFn, asked: Asked) -> Change:
    """What may happen to a resource of a question, to its zone, or to one that is not asked about."""
    case = asked.case
    around = case["within"][0] // DAY
    handle = draw(st.sampled_from([*(calendar["handle"] for calendar in case["calendars"]), 99]))
    zone = case["calendars"][0]["schedules"][0]["zone"]
    what = draw(_draws.among("absence", "absence", "closed", "hours", "hours", "zone", "zone"))
    if what == "absence":
        start = from_us(case["within"][0] + draw(st.integers(-24, 48)) * 30 * MINUTE)
        return Absence(handle, TimeOff(Interval(start, start + timedelta(hours=draw(_draws.among(1, 5, 30)))), "ill"))
    if what == "closed":
        start = from_us(case["within"][0] + draw(st.integers(-24, 48)) * 30 * MINUTE)
        always = draw(st.booleans())
        return ResourceClosed(handle) if always else ResourceClosed(handle, Interval(start, start + timedelta(days=1)))
    if what == "hours":
        home = draw(_draws.among(zone, zone, *ODD_ZONES))
        return NewHours(handle, build_calendar(draw(_draws.plain_calendar(home, around, handle))))
    return NewZoneData(draw(rezoned(zone, around)))


# --- small clinics, for what a change breaks and how it is mended -----------------------------------------------------

_MONDAY: Final = datetime(2026, 11, 23, tzinfo=UTC)
_DAY_OF_WORK: Final = ("09:00-12:00", "09:00-11:00", "08:30-12:30", "09:00-10:00", "10:00-12:00")


@attrs.frozen(eq=False)
class SmallClinic:
    """A clinic of two or three vets and a room, on one morning, to which something happens.

    Attributes:
        calendars: The hours of each resource; the room is 20.
        bookings: What is booked.
        rules: How starts are laid out.
        policy: What the practice allows.
        now: The present.
        change: What happens.
        instead: For each resource those that could take its place.
        within: Where a booking may be moved to.
    """

    calendars: dict[int, Calendar]
    bookings: list[Booking]
    rules: SlotRules
    policy: BookingPolicy
    now: datetime
    change: Change
    instead: dict[int, tuple[int, ...]]
    within: Interval

    @property
    def busy(self) -> BookingTable:
        """The bookings as a table."""
        return BookingTable.of(self.bookings, known=ALWAYS)


def _clinic_policies() -> SearchStrategy[BookingPolicy]:
    plain = st.just(BookingPolicy())
    rules = st.sampled_from(
        [
            BookingPolicy(caps=Cap(2, per="day")),
            BookingPolicy(caps=Cap(1, per="day", by="client")),
            BookingPolicy(gaps=MinimumGap(timedelta(minutes=30))),
            BookingPolicy(gaps=MinimumGap(timedelta(minutes=60), by="client")),
            BookingPolicy(one_at_a_time=[Scope.CLIENT]),
            BookingPolicy(min_notice=timedelta(hours=2)),
            BookingPolicy(pending_blocks=True),
        ]
    )
    return plain | rules


@st.composite
def _clinic_booking(draw: DrawFn, number: int, vets: list[int], seats: int | None) -> Booking:
    start = _MONDAY + timedelta(hours=9, minutes=30 * draw(st.integers(-1, 6)))
    visit = Interval(start, start + timedelta(minutes=draw(_draws.among(30, 30, 60))))
    after = timedelta(minutes=draw(_draws.among(0, 0, 0, 30)))
    parts = [Allocation.of(draw(st.sampled_from(vets)), visit, buffer_after=after)]
    if draw(st.booleans()):
        parts.append(Allocation(20, visit))
    status = draw(_draws.among(*["confirmed"] * 9, "pending", "held", "in_progress", "cancelled"))
    until = _MONDAY + timedelta(hours=draw(_draws.among(5, 40))) if status == "held" else None
    client = draw(_draws.among(None, 1, 1, 2))
    return Booking(number, parts, status=status, held_until=until, client=client, service=1, seats=seats)


@st.composite
def _clinic_changes(draw: DrawFn, vets: list[int], calendars: dict[int, Calendar]) -> Change:
    hours = draw(_draws.among((9, 12), (0, 24), (9, 10), (10, 11)))
    span = Interval(_MONDAY + timedelta(hours=hours[0]), _MONDAY + timedelta(hours=hours[1]))
    what = draw(_draws.among("ill", "ill", "ill", "ill", "room", "capacity", "capacity", "policy", "hours"))
    vet = draw(st.sampled_from(vets))
    if what == "room":
        return ResourceClosed(20, span)
    if what == "capacity":
        return NewHours(20, attrs.evolve(calendars[20], capacity=1))
    if what == "hours":
        return NewHours(vet, Calendar(Schedule("UTC", WeeklyHours({"monday": [draw(st.sampled_from(_DAY_OF_WORK))]}))))
    if what == "policy":
        return NewPolicy(draw(_clinic_policies()))
    return Absence(vet, TimeOff(span, "ill"))


@st.composite
def small_clinics(draw: DrawFn, *, most: int = 6) -> SmallClinic:
    """Small clinics to which something happens, with at most so many bookings."""
    vets = [7, 8, 9][: draw(_draws.among(1, 2, 2, 3, 3))]
    calendars = {
        handle: Calendar(Schedule("UTC", WeeklyHours({"monday": [draw(st.sampled_from(_DAY_OF_WORK))]})))
        for handle in vets
    }
    open_house = Schedule("UTC", WeeklyHours({"monday": ["08:00-13:00"]}))
    calendars[20] = Calendar(open_house, capacity=draw(_draws.among(1, 2, 2)))
    seats = draw(_draws.among(None, None, None, None, 2))
    bookings = [draw(_clinic_booking(number, vets, seats)) for number in range(1, 1 + draw(st.integers(1, most)))]
    if draw(_draws.among(False, False, False, True)):
        calendars[21] = calendars[20]
    others = vets[draw(_draws.among(0, 0, 0, 1, 3)) :]
    instead = {vet: tuple(sorted(set(others) - {vet})) for vet in vets}
    instead[20] = tuple(handle for handle in (21,) if handle in calendars)
    begin = _MONDAY + timedelta(hours=9)
    return SmallClinic(
        calendars=calendars,
        bookings=bookings,
        rules=SlotRules(timedelta(minutes=30), step=timedelta(minutes=30), seats=seats),
        policy=draw(_clinic_policies()),
        now=_MONDAY + timedelta(hours=draw(_draws.among(*[0] * 6, 8, 9, 10))),
        change=draw(_clinic_changes(vets, calendars)),
        instead=instead,
        within=Interval(begin, begin + timedelta(minutes=30 * draw(_draws.among(1, 4, 7, 7, 7)))),
    )


# --- every type of repair ---------------------------------------------------------------------------------------------


def _of_kind(kind: type) -> SearchStrategy[Any]:
    return asked_questions().flatmap(changes_of).filter(lambda change: isinstance(change, kind))


@st.composite
def slot_deltas(draw: DrawFn) -> SlotDelta:
    """What bookings change in the answer to a question; nothing at all among it."""
    asked = draw(asked_questions())
    added, removed = draw(booking_changes(asked))
    question = asked.question
    return delta_of_bookings(question.calendars, added=added, removed=removed, within=asked.within, **question.asked)


@st.composite
def impacts(draw: DrawFn) -> Impact:
    """What a change breaks in a small clinic; nothing at all among it."""
    clinic = draw(small_clinics())
    series = {booking.id: booking.id % 2 for booking in clinic.bookings if booking.id % 3}
    return impact(
        clinic.change,
        calendars=clinic.calendars,
        bookings=clinic.bookings,
        busy=clinic.busy,
        rules=clinic.rules,
        now=clinic.now,
        policy=clinic.policy,
        series=series,
    )


def _member(name: str) -> SearchStrategy[Any]:
    found = impacts().filter(lambda drawn: bool(getattr(drawn, name)))
    return found.flatmap(lambda drawn: st.sampled_from(getattr(drawn, name)))


@st.composite
def shifted_bookings(draw: DrawFn) -> ShiftedBooking:
    """Bookings that keep their wall time where clocks are put otherwise from some day on."""
    booking = draw(small_clinics().map(lambda clinic: clinic.bookings[0]))
    later = TimeZone.from_transitions(
        "UTC", [(_MONDAY, timedelta(minutes=15 * draw(_draws.among(-4, -1, 1, 4))))], first_offset=timedelta(0)
    )
    found = impact(
        NewZoneData(later),
        calendars={part.resource: Calendar(Schedule("UTC")) for part in booking.allocations},
        bookings=[attrs.evolve(booking, status="confirmed", held_until=None)],
        busy=BookingTable.empty(known=ALWAYS),
        rules=SlotRules(timedelta(minutes=30)),
        now=_MONDAY,
    )
    return found.shifted[0]


def substitutes() -> SearchStrategy[Substitutes]:
    """Who could take which booking instead; nobody among it."""
    rows = st.lists(st.integers(0, 9), max_size=3)
    handles = rows | st.dictionaries(st.integers(0, 9), rows, max_size=2)
    return st.builds(
        Substitutes,
        by_service=st.dictionaries(st.none() | st.integers(0, 3), handles, max_size=2),
        by_booking=st.dictionaries(st.integers(0, 9), handles, max_size=2),
    )


@st.composite
def repair_plans(draw: DrawFn) -> RepairPlan:
    """Plans for small clinics to which something happens."""
    clinic = draw(small_clinics())
    found = impact(
        clinic.change,
        calendars=clinic.calendars,
        bookings=clinic.bookings,
        busy=clinic.busy,
        rules=clinic.rules,
        now=clinic.now,
        policy=clinic.policy,
    )
    return plan_repair(found, substitutes=Substitutes({1: clinic.instead}), within=clinic.within)


def _step(name: str) -> SearchStrategy[Any]:
    found = repair_plans().filter(lambda plan: bool(getattr(plan, name)))
    return found.flatmap(lambda plan: st.sampled_from(getattr(plan, name)))


@st.composite
def waitlist_entries(draw: DrawFn, number: int | None = None) -> WaitlistEntry:
    """People who wait for a start of small clinics: at any time, or at some, in some order of who is liked best."""
    start = _MONDAY + timedelta(hours=draw(st.integers(8, 11)))
    wanted: list[Interval | LocalDays | Schedule] = [
        Interval(start, start + timedelta(hours=draw(st.integers(1, 3)))),
        Schedule("UTC", WeeklyHours({"monday": [draw(st.sampled_from(_DAY_OF_WORK))]})),
        LocalDays(_MONDAY.date(), _MONDAY.date(), draw(_draws.among(None, "Europe/Berlin"))),
    ]
    return WaitlistEntry(
        draw(st.integers(0, 99)) if number is None else number,
        since=_MONDAY - timedelta(hours=draw(st.integers(0, 3))),
        rules=SlotRules(timedelta(minutes=30 * draw(_draws.among(1, 1, 2))), step=timedelta(minutes=30)),
        resources=draw(st.lists(st.sampled_from([7, 8, 9]), min_size=1, unique=True)),
        wanted=draw(st.lists(st.sampled_from(wanted), max_size=2)),
        request=Request(client=draw(_draws.among(None, 1, 2)), service=1),
        priority=draw(st.integers(-1, 1)),
    )


@st.composite
def waitlist_offers(draw: DrawFn) -> WaitlistOffer:
    """Offers of all states."""
    entry = draw(waitlist_entries())
    start = _MONDAY + timedelta(hours=draw(st.integers(9, 11)))
    held = Booking(
        draw(st.integers(0, 999)),
        Allocation(entry.resources[0], Interval(start, start + timedelta(minutes=30))),
        status=BookingStatus.HELD,
        held_until=start - timedelta(hours=1),
    )
    status = draw(st.sampled_from(OfferStatus))
    became = {OfferStatus.ACCEPTED: BookingStatus.CONFIRMED, OfferStatus.DECLINED: BookingStatus.CANCELLED}
    return WaitlistOffer(entry, held.become(became[status]) if status in became else held, status)


def waitlists() -> SearchStrategy[Waitlist]:
    """People who wait, each once, and offers that were made."""
    entries = st.lists(waitlist_entries(), max_size=4, unique_by=lambda entry: entry.id)
    offers = st.lists(waitlist_offers(), max_size=3, unique_by=lambda offer: offer.number)
    return st.builds(Waitlist, entries, offers)


@st.composite
def waitlist_fits(draw: DrawFn) -> WaitlistFit:
    """Starts that fit somebody who waits."""
    entry = draw(waitlist_entries())
    return WaitlistFit(
        entry, draw(st.sampled_from(entry.resources)), _MONDAY + timedelta(hours=draw(st.integers(9, 11)))
    )


BY_TYPE: Final[Mapping[type, Callable[[], SearchStrategy[Any]]]] = {
    Absence: lambda: _of_kind(Absence),
    BrokenBooking: lambda: _member("broken"),
    BrokenSeries: lambda: _member("series"),
    Impact: impacts,
    Move: lambda: _step("moves"),
    NewHours: lambda: _of_kind(NewHours),
    NewPolicy: lambda: st.builds(NewPolicy, policies()),
    NewZoneData: lambda: _of_kind(NewZoneData),
    Practice: lambda: impacts().map(lambda drawn: drawn.practice),
    RepairPlan: repair_plans,
    ResourceClosed: lambda: _of_kind(ResourceClosed),
    ShiftedBooking: shifted_bookings,
    SlotDelta: slot_deltas,
    Substitutes: substitutes,
    Unsaved: lambda: _step("unsaved"),
    Waitlist: waitlists,
    WaitlistEntry: waitlist_entries,
    WaitlistFit: waitlist_fits,
    WaitlistOffer: waitlist_offers,
}
"""The strategy of each frozen type of repair."""
