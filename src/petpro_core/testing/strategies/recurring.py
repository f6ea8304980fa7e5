"""Hypothesis strategies of recurrence rules and recurrences: every frequency and part, at edges of years and clocks.

Texts and plain dicts are what the oracle (``petpro_core.testing._recurrence``) reads; objects are made from them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from petpro_core.intervals import Interval, from_us
from petpro_core.recurrence import Recurrence, RecurrenceRule
from petpro_core.testing._clocks import clock
from petpro_core.testing._draws import ODD_ZONES, plain_case, plain_ranges
from petpro_core.testing._plain import WEEKDAYS, Case

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = [
    "SPANS",
    "build_recurrence",
    "plain_recurrences",
    "position_texts",
    "recurrence_rules",
    "recurrences",
    "recurring_cases",
    "rule_texts",
    "skip_texts",
    "span_of",
    "starts",
    "week_texts",
    "windows",
]

SPANS: Final = {
    "YEARLY": timedelta(days=1200),
    "MONTHLY": timedelta(days=500),
    "WEEKLY": timedelta(days=200),
    "DAILY": timedelta(days=90),
    "HOURLY": timedelta(days=12),
    "MINUTELY": timedelta(hours=18),
    "SECONDLY": timedelta(minutes=20),
}
"""For each frequency a span in which the oracle walks no more than some thousand periods."""

_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_IN_DAY: Final = ("HOURLY", "MINUTELY", "SECONDLY")
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - wall times, in no zone
_ZONES: Final = (*ODD_ZONES, "UTC")


def _signed(most: int, likely: list[int]) -> SearchStrategy[int]:
    size = st.integers(1, most) | st.sampled_from(likely)
    return st.builds(lambda number, back: -number if back else number, size, st.sampled_from([False, False, True]))


_NUMBERS: Final = {
    "BYSECOND": st.integers(0, 60),
    "BYMINUTE": st.integers(0, 59),
    "BYHOUR": st.integers(0, 23),
    "BYMONTHDAY": _signed(31, [1, 7, 13, 28, 29, 30, 31]),
    "BYYEARDAY": _signed(366, [1, 59, 60, 61, 365, 366]),
    "BYWEEKNO": _signed(53, [1, 52, 53]),
    "BYMONTH": st.integers(1, 12),
    "BYSETPOS": _signed(366, [1, 2, 3, 5]),
}
_FORBIDDEN: Final = {
    "BYWEEKNO": ("MONTHLY", "WEEKLY", "DAILY", *_IN_DAY),
    "BYYEARDAY": ("MONTHLY", "WEEKLY", "DAILY"),
    "BYMONTHDAY": ("WEEKLY",),
}


@st.composite
def _weekdays(draw: DrawFn, frequency: str, parts: set[str]) -> str:
    days = draw(st.lists(st.sampled_from(_DAYS), min_size=1, max_size=5))
    if frequency not in ("YEARLY", "MONTHLY") or "BYWEEKNO" in parts or draw(st.booleans()):
        return ",".join(dict.fromkeys(days))
    most = 5 if frequency == "MONTHLY" or "BYMONTH" in parts else 53
    number = st.just("") | _signed(most, [1, 2, most]).map(str)
    return ",".join(dict.fromkeys(draw(number) + day for day in days))


@st.composite
def rule_texts(draw: DrawFn, *, in_day: bool = True, skips: bool = True, most: int = 4) -> str:
    """Texts of rules without UNTIL, with at most so many BY parts beside BYSETPOS.

    ``in_day``: whether they may repeat by the hour or shorter, or name times of a day; ``skips``: whether they may have
    SKIP.
    """
    frequency = draw(st.sampled_from([name for name in SPANS if in_day or name not in _IN_DAY]))
    pool = [part for part in (*_NUMBERS, "BYDAY") if frequency not in _FORBIDDEN.get(part, ()) and part != "BYSETPOS"]
    if not in_day:
        pool = [part for part in pool if part not in ("BYSECOND", "BYMINUTE", "BYHOUR")]
    parts = draw(st.sets(st.sampled_from(pool), max_size=most))
    said = [f"FREQ={frequency}"]
    for part in sorted(parts):
        if part == "BYDAY":
            said.append(f"BYDAY={draw(_weekdays(frequency, parts))}")
        else:
            numbers = draw(st.sets(_NUMBERS[part], min_size=1, max_size=6))
            said.append(f"{part}={','.join(map(str, sorted(numbers)))}")
    if parts and draw(st.integers(0, 3)) == 0:
        said.append(
            f"BYSETPOS={','.join(map(str, sorted(draw(st.sets(_NUMBERS['BYSETPOS'], min_size=1, max_size=3)))))}"
        )
    steps = [1, 1, 2, 3, 4] if frequency in ("YEARLY", "MONTHLY", "WEEKLY") else [1, 1, 2, 5, 7, 25, 90, 1441]
    interval, week_start = draw(st.sampled_from(steps)), draw(st.sampled_from(("MO", *_DAYS)))
    said += [f"INTERVAL={interval}"] if interval > 1 else []
    said += [f"WKST={week_start}"] if week_start != "MO" else []
    count = draw(st.none() | st.sampled_from([1, 2, 3, 10, 100]))
    said += [f"COUNT={count}"] if count else []
    if skips and draw(st.integers(0, 3)) == 0:
        said += ["RSCALE=GREGORIAN", f"SKIP={draw(st.sampled_from(['OMIT', 'BACKWARD', 'FORWARD']))}"]
    return ";".join(said)


@st.composite
def skip_texts(draw: DrawFn) -> str:
    """Texts of rules that ask for dates which some months and years have not, and say what becomes of them."""
    skip, number = draw(st.sampled_from(["FORWARD", "BACKWARD"])), _signed(31, [29, 30, 31])
    if draw(st.booleans()):
        number = _signed(366, [365, 366])
        named = f"FREQ=YEARLY;BYYEARDAY={','.join(map(str, draw(st.sets(number, min_size=1, max_size=3))))}"
    else:
        frequency = draw(st.sampled_from(["MONTHLY", "YEARLY"]))
        named = f"FREQ={frequency};BYMONTHDAY={','.join(map(str, draw(st.sets(number, min_size=1, max_size=3))))}"
        named += draw(st.sampled_from(["", ";BYMONTH=2", ";BYMONTH=2,4,12"]))
    named += draw(st.sampled_from(["", ";BYDAY=MO,WE,SU", ";BYSETPOS=-1", ";BYSETPOS=2", ";INTERVAL=3", ";COUNT=5"]))
    return f"{named};RSCALE=GREGORIAN;SKIP={skip}"


@st.composite
def position_texts(draw: DrawFn) -> str:
    """Texts of rules that keep some places of the set of a week, month or year."""
    days = draw(st.sampled_from(["MO", "MO,TU,WE,TH,FR", "SA,SU", "TU,TH,SA"]))
    months = draw(st.sampled_from(["", ";BYMONTH=1,3,12"]))
    hours = draw(st.sampled_from(["", ";BYHOUR=8,20"]))
    places = draw(st.sampled_from(["1", "-1", "2,-2", "1,3,-1", "9,-9", "20"]))
    interval = draw(st.sampled_from(["", ";INTERVAL=2", ";INTERVAL=5"]))
    frequency = draw(st.sampled_from(["YEARLY", "MONTHLY", "MONTHLY", "WEEKLY", "WEEKLY"]))
    weeks = draw(st.sampled_from([";BYWEEKNO=1,-1", ""])) if frequency == "YEARLY" and not months else ""
    return f"FREQ={frequency};BYDAY={days};BYSETPOS={places}{months}{hours}{weeks}{interval}"


@st.composite
def week_texts(draw: DrawFn) -> str:
    """Texts of rules for which it matters what a week is, and to which year it belongs."""
    week_start, days = draw(st.sampled_from(_DAYS)), draw(st.sets(st.sampled_from(_DAYS), min_size=1, max_size=3))
    named = f"BYDAY={','.join(sorted(days))};WKST={week_start};INTERVAL={draw(st.sampled_from([1, 2, 3]))}"
    if draw(st.booleans()):
        return f"FREQ=WEEKLY;{named}"
    numbers = draw(st.sets(_NUMBERS["BYWEEKNO"], min_size=1, max_size=3))
    return f"FREQ=YEARLY;{named};BYWEEKNO={','.join(map(str, sorted(numbers)))}"


def recurrence_rules() -> SearchStrategy[RecurrenceRule]:
    """Rules of every frequency, some with UNTIL."""
    plain = rule_texts().map(RecurrenceRule.parse)
    return plain | st.builds(
        RecurrenceRule,
        st.sampled_from(list(SPANS)),
        until=st.dates(date(1990, 1, 1), date(2040, 1, 1))
        | starts()
        | starts().map(lambda wall: wall.replace(tzinfo=UTC)),
    )


@st.composite
def starts(draw: DrawFn) -> datetime:
    """Naive datetimes on a whole second, often in the last or first week of a year and at the end of February."""
    year = draw(st.integers(1996, 2036))
    day = draw(st.sampled_from([0, 1, 2, 27, 30, 57, 58, 59, 359, 360, 362, 363, 364]) | st.integers(0, 364))
    second = draw(st.sampled_from([0, 9 * 3600, 86_399]) | st.integers(0, 86_399))
    return datetime(year, 1, 1) + timedelta(days=day, seconds=second)  # noqa: DTZ001 - a wall time


def span_of(text: str) -> timedelta:
    """The span that fits the frequency of a rule, which is its first part."""
    return SPANS[text.partition(";")[0].removeprefix("FREQ=")]


@st.composite
def windows(draw: DrawFn, start: datetime, span: timedelta) -> tuple[datetime, datetime]:
    """Two wall times not far from a start: most of what lies between them is long enough to hold something."""
    # Whole numbers are drawn small, and a window of some seconds shows nothing; so shares of the span are sampled.
    begin = span * draw(st.sampled_from([0.3, 0.0, 0.37, 0.55, 0.01, 0.13, -0.1]))
    low = start + timedelta(seconds=round(begin.total_seconds()) + draw(st.sampled_from([0, 1, -1, 40_000])))
    length = span * draw(st.sampled_from([0.5, 0.45, 0.2, 0.6, 0.02]))
    return low, low + timedelta(seconds=max(1, round(length.total_seconds())))


@st.composite
def plain_recurrences(draw: DrawFn) -> tuple[dict[str, Any], Interval]:
    """A recurrence as a plain dict, as the oracle reads it, and a window near its start; often at a clock change."""
    zone = draw(st.sampled_from(_ZONES))
    shown, start = clock(zone), draw(starts())
    changes = [change for change in shown.changes if 820_454_400_000_000 < change < 2_082_758_400_000_000]
    if draw(st.booleans()) and changes:
        beside = draw(st.sampled_from([-86_400, -3600, -1800, -1, 0, 1, 1800, 3600]))
        change = draw(st.sampled_from(changes))
        wall = change + shown.offset(change - 1) + beside * 1_000_000
        start = _EPOCH + timedelta(seconds=wall // 1_000_000)
    all_day = draw(st.integers(0, 3)) == 0
    if all_day:
        start = datetime(start.year, start.month, start.day)  # noqa: DTZ001 - a wall time
    texts = draw(st.lists(rule_texts(in_day=not all_day), max_size=2))
    barred = draw(st.lists(rule_texts(in_day=not all_day), max_size=1))
    span = min((span_of(text) for text in (*texts, *barred)), default=timedelta(days=30))
    reach = int(span.total_seconds())

    def moment() -> datetime:
        off = round(reach * draw(st.sampled_from([0.1, 0.35, 0.5, 0.8, 0.0, -0.2]))) + draw(st.integers(-1, 1))
        return start + timedelta(days=off // 86_400) if all_day else start + timedelta(seconds=off)

    def with_until(text: str) -> tuple[str, int | None]:
        bounded = "COUNT" not in text and not all_day and draw(st.booleans())
        return text, shown.instant((max(moment(), start) - _EPOCH) // timedelta(microseconds=1)) if bounded else None

    rules, excluding = [with_until(text) for text in texts], [with_until(text) for text in barred]
    dates = [moment() for _ in range(draw(st.integers(0, 3)))]
    pairs = [] if all_day else [moment() for _ in range(draw(st.integers(0, 2)))]
    plain: dict[str, Any] = {
        "zone": zone,
        "start": start,
        "all_day": all_day,
        "rules": rules,
        "excluding": excluding,
        "dates": dates,
        "excluded": [*draw(st.sets(st.sampled_from([start, *dates]), max_size=2)), moment()],
        "periods": [(first, first + timedelta(days=2, seconds=draw(st.integers(0, 9)))) for first in pairs],
    }
    if all_day or draw(st.booleans()):
        plain["days"] = draw(st.integers(1, 3))
    else:
        plain["seconds"] = draw(st.sampled_from([1, 1800, 7200, 100_000]))
    low, high = (shown.instant((wall - _EPOCH) // timedelta(microseconds=1)) for wall in draw(windows(start, span)))
    return plain, Interval.from_us(low, max(high, low + 1))


def build_recurrence(plain: dict[str, Any]) -> Recurrence:
    """The object of a plain recurrence."""

    def rule(text: str, until: int | None) -> RecurrenceRule:
        return RecurrenceRule.parse(text if until is None else f"{text};UNTIL={from_us(until):%Y%m%dT%H%M%SZ}")

    def given_wall(wall: datetime) -> date:
        return wall.date() if plain["all_day"] else wall

    shown = clock(plain["zone"])
    periods = [
        Interval.from_us(*(shown.instant((wall - _EPOCH) // timedelta(microseconds=1)) for wall in pair))
        for pair in plain["periods"]
    ]
    return Recurrence(
        given_wall(plain["start"]),
        plain["zone"],
        plain["days"] if "days" in plain else timedelta(seconds=plain["seconds"]),
        rules=[rule(*one) for one in plain["rules"]],
        dates=[*map(given_wall, plain["dates"]), *periods],
        excluded=[given_wall(wall) for wall in plain["excluded"]],
        excluding=[rule(*one) for one in plain["excluding"]],
    )


def recurrences() -> SearchStrategy[Recurrence]:
    """Recurrences in odd zones with rules, dates and exceptions; times and whole days."""
    return plain_recurrences().map(lambda drawn: build_recurrence(drawn[0]))


# --- whole questions ------------------------------------------------------------------------------------------------

_ABSENCES: Final = (
    "FREQ=DAILY;COUNT=9",
    "FREQ=DAILY;INTERVAL=2;COUNT=30",
    "FREQ=WEEKLY;BYDAY=MO,TH,SA;COUNT=20",
    "FREQ=MONTHLY;BYDAY=2TU,-1FR;COUNT=6",
    "FREQ=HOURLY;INTERVAL=7;COUNT=40",
)


@st.composite
def _recurring_hours(draw: DrawFn, near: date) -> Case:
    ranges = draw(st.lists(plain_ranges, min_size=1, max_size=2))
    return {
        "days": {name: draw(st.sampled_from(ranges)) for name in WEEKDAYS},
        "first": (near - timedelta(days=draw(st.sampled_from([0, 1, 2, 7, 30, 365])))).isoformat(),
        "recurs": draw(rule_texts(in_day=False)),
    }


@st.composite
def _recurring_absence(draw: DrawFn, near: date) -> Case:
    begin = datetime(near.year, near.month, near.day) - timedelta(days=draw(st.integers(0, 10)))  # noqa: DTZ001
    start = begin + timedelta(minutes=draw(st.sampled_from([0, 1, 120, 150, 725, 1435])))
    length = draw(st.sampled_from([{"seconds": 1800}, {"seconds": 30_000}, {"seconds": 900_000}, {"days": 1}]))
    return {
        "start": start.isoformat(),
        "zone": draw(st.sampled_from(_ZONES)),
        "rules": [draw(st.sampled_from(_ABSENCES))],
    } | length


@st.composite
def recurring_cases(draw: DrawFn) -> Case:
    """Whole questions, as ``cases`` draws them, whose hours and absences recur."""
    case: Case = draw(plain_case(ODD_ZONES, rows=2, grid_waived=False, months=False))
    near = (_EPOCH + timedelta(microseconds=case["within"][0])).date()
    for calendar in case["calendars"]:
        for schedule in calendar["schedules"]:
            if draw(st.booleans()):
                schedule["hours"] = [*schedule["hours"], draw(_recurring_hours(near))]
        away = draw(st.lists(_recurring_absence(near), max_size=2))
        calendar["time_off"] = [*calendar.get("time_off", ()), *away]
    return case
