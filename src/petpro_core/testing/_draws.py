"""How plain cases are drawn: odd zones and days with clock changes often, and all that one question can hold.

Everything that a grid could start from is a multiple of ``TICK``, so that the oracle can walk; bookings, absences and
``now`` lie off it by a microsecond now and then.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from petpro_core.testing._clocks import DAY, EPOCH, Clock, clock
from petpro_core.testing._plain import WEEKDAYS, Case
from petpro_core.testing.oracle import Oracle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = [
    "FIRST_DAY",
    "LAST_DAY",
    "MINUTE",
    "ODD_ZONES",
    "TICK",
    "among",
    "case_day",
    "landmarks",
    "nudge",
    "plain_bookings",
    "plain_calendar",
    "plain_cap",
    "plain_case",
    "plain_feed",
    "plain_people",
    "plain_policy",
    "plain_ranges",
    "plain_release",
    "plain_request",
    "plain_rules",
    "plain_schedule",
    "plain_waivers",
    "plain_weekly",
]

MINUTE: Final = 60_000_000
HOUR: Final = 60 * MINUTE
TICK: Final = 5 * MINUTE
FIRST_DAY: Final = date(2000, 1, 1).toordinal() - EPOCH
LAST_DAY: Final = date(2060, 1, 1).toordinal() - EPOCH

ODD_ZONES: Final = (
    "America/New_York",
    "Europe/Berlin",
    "Asia/Kolkata",  # +5:30, no changes
    "Australia/Lord_Howe",  # changes by 30 minutes
    "Pacific/Apia",  # had no 30 December 2011
    "Africa/Cairo",  # changes at midnight
    "Africa/Casablanca",  # four changes a year, around Ramadan
    "Asia/Gaza",
    "America/Nuuk",  # changes in the evening, before midnight
    "Asia/Kathmandu",  # +5:45
    "Antarctica/Troll",  # changes by two hours
    "America/St_Johns",  # went back over midnight, to the day before
    "America/Havana",  # has no midnight once a year
    "Pacific/Chatham",  # +12:45
    "Europe/Dublin",  # its winter is the exception
    "Pacific/Kiritimati",  # +14
    "Etc/GMT+12",
    "UTC",
)


def among(*values: object) -> SearchStrategy[Any]:
    """One of these; a value that stands twice comes twice as often."""
    return st.sampled_from(values)


@st.composite
def case_day(draw: DrawFn, shown: Clock) -> int:
    """A day number, two times in three that of a clock change, the day before or the day after."""
    first, last = FIRST_DAY * DAY, LAST_DAY * DAY
    changes = [change for change in shown.changes if first < change < last]
    if changes and draw(among(True, True, False)):
        day: int = draw(st.sampled_from(changes)) // DAY + draw(among(0, 0, -1, 1))
        return day
    return draw(st.integers(FIRST_DAY, LAST_DAY))


def _iso(day: int) -> str:
    return date.fromordinal(day + EPOCH).isoformat()


def _clock_text(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


_TOUCHY = (0, 60, 90, 120, 150, 180, 210, 540, 720, 1020, 1320, 1380, 1410, 1435)  # minutes at which clocks change
_minutes: Final = st.one_of(st.sampled_from(_TOUCHY), st.integers(0, 287).map(lambda n: 5 * n))
_usual: Final = among(
    [],
    ["09:00-17:00"],
    ["09:00-17:00"],
    ["08:30-12:00", "13:00-17:30"],
    ["09:00-12:00", "12:00-15:00"],  # touching: two openings, two grids
    ["00:00-24:00"],
    ["22:00-02:30"],
    ["10:00-09:00"],  # 23 hours, over midnight
    ["00:00-01:00", "01:00-05:00", "23:00-24:00"],
)


@st.composite
def _odd_ranges(draw: DrawFn) -> list[str]:
    edges = sorted(draw(st.lists(_minutes, min_size=2, max_size=4, unique=True)))
    ranges = [f"{_clock_text(a)}-{_clock_text(b)}" for a, b in zip(edges[::2], edges[1::2], strict=False)]
    if len(edges) == 3:  # the last one begins here and ends on the next day
        ranges.append(f"{_clock_text(edges[2])}-{_clock_text(draw(_minutes))}")
    return [text for text in ranges if text[:5] != text[6:] or text.startswith("00:00")]


plain_ranges: Final = st.one_of(_usual, _odd_ranges())
"""The hours of one day, as text."""

_some_breaks: Final = st.one_of(among(["12:00-13:00"], ["01:00-02:00"], ["10:00-10:20", "23:30-00:30"]), _odd_ranges())


@st.composite
def plain_weekly(draw: DrawFn, around: int) -> Case:
    """Weekly hours; where dates are in them, they lie around a day."""
    options = draw(st.lists(plain_ranges, min_size=1, max_size=3))
    hours: Case = {"days": {name: draw(st.sampled_from(options)) for name in WEEKDAYS}}
    if draw(among(False, False, True)):
        breaks = draw(_some_breaks)
        hours["breaks"] = {name: breaks for name in WEEKDAYS if draw(st.booleans())}
    special = draw(among("", "", "", "", "first", "last", "season", "every"))
    near = around + draw(st.integers(-2, 2))
    if special in {"first", "last"}:
        hours[special] = _iso(near)
    elif special == "season":
        first, last = date.fromordinal(near + EPOCH), date.fromordinal(near + EPOCH + draw(among(0, 1, 40, 300)))
        hours["season"] = [[first.month, first.day], [last.month, last.day]]
    elif special == "every":
        hours |= {"every": draw(among(2, 3)), "week_of": _iso(near + draw(among(0, 7, -700)))}
    return hours


@st.composite
def plain_schedule(draw: DrawFn, zone: str, around: int, zones: Sequence[str] = ODD_ZONES) -> Case:
    """A schedule, with exceptions on and beside a day, and journeys to other zones."""

    def day() -> int:
        return around + draw(st.integers(-2, 2))

    schedule: Case = {"zone": zone, "hours": [draw(plain_weekly(around)) for _ in range(draw(among(1, 1, 1, 2)))]}
    if not draw(among(False, False, True)):
        return schedule
    if draw(st.booleans()):
        days = sorted({day(), day()})
        schedule["overrides"] = [{"day": _iso(number), "ranges": draw(plain_ranges)} for number in days]
    if draw(st.booleans()):
        schedule["extra"] = [{"day": _iso(day()), "ranges": draw(plain_ranges)} for _ in range(draw(among(1, 2)))]
    if draw(among(False, True)):
        schedule["holidays"] = [_iso(day())]
    if draw(among(False, False, True)):
        first = day()
        schedule["closures"] = [[_iso(first), _iso(first + draw(among(0, 1)))]]
    if draw(among(False, True)):
        first = day()
        schedule["travel"] = [[_iso(first), _iso(first + draw(among(0, 1, 30))), draw(st.sampled_from(zones))]]
    return schedule


@st.composite
def plain_calendar(draw: DrawFn, zone: str, around: int, handle: int, zones: Sequence[str] = ODD_ZONES) -> Case:
    """A calendar with one to three schedules, at several places and sometimes in another zone, and time off."""
    schedules = [draw(plain_schedule(zone, around, zones))]
    others = [draw(among(zone, zone, *zones)) for _ in range(draw(among(0, 0, 0, 1, 2)))]
    schedules += [draw(plain_schedule(other, around, zones)) for other in others]
    for schedule in schedules:
        schedule["location"] = draw(among(None, None, 1, 2))
    calendar: Case = {"handle": handle, "capacity": draw(among(1, 1, 2, 3)), "schedules": schedules}
    if draw(among(False, False, True)):
        calendar["time_off"] = [draw(_stretch(around * DAY)) for _ in range(draw(among(1, 2)))]
    return calendar


nudge: Final = among(0, 0, 0, 0, 1, -1)


@st.composite
def _stretch(draw: DrawFn, midnight: int) -> list[int]:
    start = midnight + draw(st.integers(-24 * 12, 40 * 12)) * TICK + draw(nudge)
    return [
        start,
        start + draw(among(1, 5 * MINUTE, 45 * MINUTE, 4 * HOUR, 24 * HOUR, 90 * HOUR)) + draw(among(0, 0, 1)),
    ]


@st.composite
def plain_rules(draw: DrawFn) -> Case:
    """Slot rules whose grid lies on ``TICK``."""
    rules: Case = {
        "step": draw(among(5, 10, 15, 15, 20, 25, 30, 30, 35, 50, 60, 90, 1440)) * MINUTE,
        "alignment": draw(among("opening", "opening", "clock")),
        "offset": draw(among(0, 0, 0, 5, -5, 65)) * MINUTE,
        "buffer_before": draw(among(0, 0, 1, 5 * MINUTE, 15 * MINUTE, 7 * HOUR)),
        "buffer_after": draw(among(0, 0, 1, 10 * MINUTE, 25 * MINUTE)),
        "seats": draw(among(None, None, None, 1, 2, 4)),
    }
    if draw(st.integers(0, 5)) == 5:
        return rules | {"days": draw(among(1, 1, 2, 3))}
    return rules | {"duration": draw(among(5, 5, 20, 30, 30, 50, 60, 60, 180, 1500)) * MINUTE + draw(among(0, 0, 0, 1))}


_scopes: Final = among("resource", "resource", "client", "household", "pet", "group")


@st.composite
def plain_policy(draw: DrawFn, zones: Sequence[str] = ODD_ZONES, around: int = FIRST_DAY) -> Case:
    """A booking policy; most of its rules are left out most of the time."""
    policy: Case = {}
    if draw(st.booleans()):
        hours = draw(among(0, 1, 1, 5, 20)) * HOUR + draw(nudge) ** 2
        policy["min_notice"] = {"working": hours} if draw(st.booleans()) else hours
    if draw(among(False, False, True)):
        options = among(20 * HOUR, 36 * HOUR + 1, {"days": 0}, {"days": 1}, {"working_days": 0}, {"working_days": 1})
        policy["horizon"] = draw(st.one_of(options, among({"days": 3}, {"working_days": 2}, {"working_days": 5})))
    policy["caps"] = [draw(plain_cap(zones)) for _ in range(draw(among(0, 0, 1, 2)))]
    policy["gaps"] = [
        {"time": draw(among(0, 1, 10 * MINUTE, 3 * HOUR, 48 * HOUR)), "by": draw(_scopes)}
        for _ in range(draw(among(0, 0, 0, 1, 2)))
    ]
    for name in ("min_duration", "max_duration"):
        if draw(st.integers(0, 9)) == 9:
            policy[name] = draw(among(20 * MINUTE, 30 * MINUTE, 60 * MINUTE, 24 * HOUR, 25 * HOUR))
    if draw(among(False, False, True)):
        policy["one_at_a_time"] = sorted(draw(st.sets(among("client", "household", "pet", "group"), max_size=2)))
    policy["pending_blocks"] = draw(st.booleans())
    policy["no_show_counts"] = draw(st.booleans())
    if draw(among(False, False, True)):
        policy["releases"] = [draw(plain_release(zones, around)) for _ in range(draw(among(1, 1, 2)))]
    if draw(among(False, False, True)):
        policy["overbooking"] = {"extra": draw(among(0, 1, 1, 2)), "no_show_rate": draw(among(0.1, 0.5))}
        if draw(among(False, False, True)):
            policy["overbooking"]["resources"] = draw(among([1], [2, 3], []))
    if draw(among(False, False, True)):
        menu = draw(among([30], [20, 45], [30, 50], [25, 60, 90]))
        policy["stranding"] = {
            "lengths": [minutes * MINUTE for minutes in menu],
            "mode": draw(among("rank", "nudge", "refuse", "refuse")),
            "most": draw(among(0, 0, 5, 25)) * MINUTE,
        }
    return policy


@st.composite
def plain_release(draw: DrawFn, zones: Sequence[str], around: int) -> Case:
    """Time kept for some channels, or from everybody, in any zone."""
    release: Case = {
        "hours": {"zone": draw(st.sampled_from(zones)), "hours": [draw(plain_weekly(around))]},
        "channels": draw(among([], [1], [1], [2], [1, 2])),
        "lead": draw(among(0, HOUR, 5 * HOUR, 20 * HOUR, 26 * HOUR + 1)),
    }
    if draw(among(False, False, True)):
        release["resources"] = draw(among([1], [2, 3], []))
    return release


@st.composite
def plain_cap(draw: DrawFn, zones: Sequence[str]) -> Case:
    minutes = draw(among(False, False, True))
    cap: Case = {
        "limit": draw(among(0, 60, 90, 600, 3000) if minutes else among(0, 1, 2, 2, 3, 4)),
        "per": draw(among("day", "day", "week", "month")),
        "by": draw(_scopes),
        "minutes": minutes,
    }
    if draw(among(False, False, True)):
        cap["service"] = draw(among(1, 2))
    if draw(among(False, False, True)):
        cap["channel"] = draw(among(1, 2))
    if draw(among(False, False, True)):
        cap["zone"] = draw(st.sampled_from(zones))
    return cap


_person: Final = among(None, 1, 1, 2)
plain_people: Final = st.fixed_dictionaries(
    {"service": among(None, 1, 1, 2), "client": _person, "household": _person, "pet": _person, "group": _person}
    | {"channel": among(None, 1, 1, 2)}
)
_place: Final = among(*[None] * 7, 1, 2)
plain_request: Final = st.builds(
    lambda people, units, location: people | {"units": units, "location": location},
    plain_people,
    among(1, 1, 1, 1, 1, 2, 3),
    _place,
)


def landmarks(case: Case, around: int) -> list[tuple[int, int]]:
    """Starts on the grid around a day, each with its end: where bookings and sessions are likely to be."""
    oracle = Oracle(case)
    openings = [o for number in range(around - 1, around + 3) for o in oracle.hours[0].of_date(number)][:8]
    starts = [o.start + oracle.offset + times * oracle.step for o in openings for times in (0, 1, 2)]
    return [(start, oracle.end(0, start)) for start in starts] or [(around * DAY, oracle.end(0, around * DAY))]


@st.composite
def plain_bookings(
    draw: DrawFn, now: int, rules: Case, resources: Sequence[int], marks: list[tuple[int, int]]
) -> list[Case]:
    """Bookings in every status, of one resource or two, and the seats of sessions; often on the grid."""
    return [
        draw(_booking(number, now, rules, resources, marks)) for number in range(10, 10 + draw(among(0, 1, 2, 3, 5, 8)))
    ]


@st.composite
def _booking(
    draw: DrawFn, number: int, now: int, rules: Case, resources: Sequence[int], marks: list[tuple[int, int]]
) -> Case:
    booking: Case = draw(plain_people) | {"id": number}
    booking["status"] = draw(
        among("confirmed", "confirmed", "held", "held", "pending", "no_show", "cancelled", "checked_in", "in_progress")
        | among("completed", "confirmed")
    )
    if booking["status"] == "held":
        booking["held_until"] = now + draw(among(-HOUR, -1, 0, 1, HOUR))
    if draw(among(False, bool(rules["seats"]))):
        booking["seats"] = rules["seats"] or 2
    parts = []
    for resource in dict.fromkeys((draw(st.sampled_from(resources)), *draw(among((), (), (), tuple(resources[:1]))))):
        start, end = draw(st.sampled_from(marks))
        if draw(among(False, True)):
            start += draw(st.integers(-60, 60)) * TICK + draw(nudge)
            end = start + draw(among(1, 5 * MINUTE, 30 * MINUTE, HOUR, 30 * HOUR))
        before, after = draw(among(0, 0, 5 * MINUTE)), draw(among(0, 0, 1, 15 * MINUTE))
        parts.append({"resource": resource, "start": start, "end": end, "units": draw(among(1, 1, 2, 4))})
        parts[-1] |= {"occupied_start": start - before, "occupied_end": end + after}
    return booking | {"allocations": parts}


@st.composite
def plain_feed(draw: DrawFn, resources: Sequence[int], around: int) -> Case:
    busy = [draw(_stretch(around * DAY)) for _ in range(draw(among(0, 1, 2)))]
    wide = [[(around - 60) * DAY, (around + 60) * DAY]]
    known = draw(st.one_of(among(wide), among(wide), among(wide), st.lists(_stretch(around * DAY), max_size=2)))
    return {"resource": draw(st.sampled_from(resources)), "busy": busy, "known": known}


@st.composite
def plain_waivers(draw: DrawFn, *, grid_waived: bool) -> list[str]:
    """Rules that are set aside; none most of the time."""
    waivers = [
        "notice",
        "horizon",
        "cap",
        "hours",
        "release",
        "strands",
        *(["grid", "deadline"] if grid_waived else []),
    ]
    return sorted(draw(st.sets(st.sampled_from(waivers), max_size=2))) if draw(among(False, False, True)) else []


@st.composite
def plain_case(
    draw: DrawFn, zones: Sequence[str] = ODD_ZONES, *, rows: int = 3, grid_waived: bool = False, months: bool = True
) -> Case:
    """A whole question. ``months`` allows windows of five weeks, ``grid_waived`` the waiver that a search refuses."""
    zone = draw(st.sampled_from(list(zones)))
    around = draw(case_day(clock(zone)))
    resources = list(range(1, 1 + draw(st.integers(1, rows))))
    begin = around * DAY + draw(st.integers(-12, 24)) * HOUR + draw(nudge)
    hours = draw(among(12, 24, 24, 48, 48, 72))
    case: Case = {
        "tick": TICK,
        "rules": draw(plain_rules()),
        "request": draw(plain_request),
        "policy": draw(plain_policy(zones, around)),
    }
    if months and draw(st.integers(0, 15)) == 15:
        hours = 35 * 24
        case["rules"] |= {"step": draw(among(60, 90, 1440)) * MINUTE, "offset": 0}
    case["within"] = [begin, begin + hours * HOUR]
    case["now"] = begin + draw(st.integers(-40, 10)) * HOUR + draw(nudge)
    homes = [zone, *(draw(among(zone, zone, *zones)) for _ in resources[1:])]
    case["calendars"] = [
        draw(plain_calendar(home, around, handle, zones)) for home, handle in zip(homes, resources, strict=True)
    ]
    marks = landmarks(case, around)
    case["bookings"] = draw(plain_bookings(case["now"], case["rules"], resources, marks))
    case["feeds"] = [draw(plain_feed(resources, around)) for _ in range(draw(among(0, 0, 0, 1, 2)))]
    if draw(st.integers(0, 4)) == 4:
        wide = [[begin - 40 * DAY, begin + 80 * DAY]]
        case["known"] = draw(
            among(wide, wide, [[begin - 2 * DAY, begin + 2 * DAY]], [[begin + HOUR, begin + 20 * HOUR]])
        )
    case["waive"] = draw(plain_waivers(grid_waived=grid_waived))
    if case["bookings"] and draw(among(False, False, True)):
        case["replacing"] = draw(st.sampled_from(case["bookings"]))["id"]
    return case
