"""Questions about rules of your own: bookings, feeds, people and the present are drawn around them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

from petpro_core.availability import CalendarBatch, LocalDays
from petpro_core.bookings import BookingPolicy
from petpro_core.errors import InvalidValueError
from petpro_core.slots import SlotRules
from petpro_core.testing import _draws
from petpro_core.testing._clocks import DAY, EPOCH, LAST_YEAR, clock
from petpro_core.testing._plain import day_number
from petpro_core.testing.plain_cases import FOLLOWED_DAYS, grid_tick, plain_calendars, plain_policy, plain_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypothesis.strategies import DrawFn, SearchStrategy

    from petpro_core.availability import Calendar
    from petpro_core.intervals import Interval
    from petpro_core.testing._plain import Case

__all__ = ["around"]

HOUR: Final = 60 * _draws.MINUTE
_WALK: Final = 1500  # The oracle walks through so many ticks at most.
_FIRST: Final = date(1970, 1, 10).toordinal() - EPOCH
_LAST: Final = date(LAST_YEAR - 20, 1, 1).toordinal() - EPOCH


def around(
    calendars: Calendar | CalendarBatch | Sequence[Calendar],
    *,
    rules: SlotRules | Sequence[SlotRules],
    policy: BookingPolicy = BookingPolicy(),  # noqa: B008  # frozen, and the same for everybody
    within: Interval | LocalDays | None = None,
    grid_waived: bool = False,
    rows: int = 3,
) -> SearchStrategy[Case]:
    """Whole questions, as plain dicts, about calendars, rules and a policy of your own.

    Around a day the bookings in every status, the feeds, who asks, what is waived and ``now`` are drawn. The days are
    those on which something of yours begins or ends, those on which your clocks change, and any others.

        >>> from datetime import timedelta
        >>> from petpro_core import Calendar, Schedule, WeeklyHours
        >>> ana = Calendar(Schedule("Europe/Berlin", WeeklyHours({"monday": ["09:00-17:00"]})))
        >>> around(ana, rules=SlotRules(timedelta(minutes=30)))
        _around(...)

    Args:
        calendars: The rows; of more than ``rows`` some are drawn.
        rules: One, or several of which one is drawn.
        policy: What the practice allows.
        within: The days to ask about, of 1970 to 2100; by default those of 2000 to 2060.
        grid_waived: Whether the grid may be waived, which ``find_slots`` refuses.
        rows: The most calendars of one question.

    Raises:
        InvalidValueError: No calendar, no rule, days outside these years, or what plain words cannot say.

    Source: ADR 14.
    """
    plain = plain_calendars(CalendarBatch.of(calendars))
    offered = [plain_rules(one) for one in ([rules] if isinstance(rules, SlotRules) else rules)]
    if not plain or not offered:
        msg = f"laws are asked of at least one calendar and one rule, got {len(plain)} and {len(offered)}"
        raise InvalidValueError(msg, calendars=len(plain), rules=len(offered))
    bounds = _followed(plain, _bounds(within))
    return _around(plain, offered, plain_policy(policy), bounds, grid_waived=grid_waived, rows=rows)


def _bounds(within: Interval | LocalDays | None) -> tuple[int, int]:
    if within is None:
        return _draws.FIRST_DAY, _draws.LAST_DAY
    if isinstance(within, LocalDays):
        first, last = (day.toordinal() - EPOCH for day in (within.first, within.last))
    else:
        first, last = within.start_us // DAY, (within.end_us - 1) // DAY
    if first < _FIRST or last > _LAST:
        msg = f"the oracle judges the years 1970 to {LAST_YEAR - 20}, got {within}; ask about days of these"
        raise InvalidValueError(msg, got=within)
    return first, last


def _followed(calendars: list[Case], bounds: tuple[int, int]) -> tuple[int, int]:
    """The days in which the oracle knows every absence that recurs; all of the bounds where none does."""
    first, last = bounds
    for off in (off for calendar in calendars for off in calendar.get("time_off", ())):
        if isinstance(off, dict):
            # Notice and horizon look as far ahead again.
            last = min(last, day_number(off["start"][:10]) + FOLLOWED_DAYS // 2)
    if last < first:
        msg = f"the oracle follows what recurs for {FOLLOWED_DAYS // 2} days; ask about days before those have passed"
        raise InvalidValueError(msg, first=first, last=last)
    return first, last


def _edges(calendar: Case) -> set[int]:
    """The days on which something in a calendar begins, holds or ends."""
    away = calendar.get("time_off", ())
    days = {day_number(off["start"][:10]) if isinstance(off, dict) else off[0] // DAY for off in away}
    for schedule in calendar["schedules"]:
        days |= {day_number(dated["day"]) for name in ("overrides", "extra") for dated in schedule.get(name, ())}
        days |= set(map(day_number, schedule.get("holidays", ())))
        spans = [*schedule.get("closures", ()), *(travel[:2] for travel in schedule.get("travel", ()))]
        days |= {day_number(text) for span in spans for text in span}
        for hours in schedule["hours"]:
            days |= {day_number(hours[name]) for name in ("first", "last") if name in hours}
    return days


@st.composite
def _around(
    draw: DrawFn,
    calendars: list[Case],
    offered: list[Case],
    policy: Case,
    bounds: tuple[int, int],
    *,
    grid_waived: bool,
    rows: int,
) -> Case:
    places = draw(st.sets(st.integers(0, len(calendars) - 1), min_size=1, max_size=min(rows, len(calendars))))
    chosen = [calendars[place] for place in sorted(places)]
    day = draw(_day(chosen, bounds))
    case: Case = {"calendars": chosen, "rules": draw(st.sampled_from(offered)), "policy": policy}
    begin = day * DAY + draw(st.integers(-12, 24)) * HOUR + draw(_draws.nudge)
    end = begin + draw(_draws.among(12, 24, 24, 48, 72)) * HOUR
    case |= {"within": [begin, end], "now": begin}
    case["tick"] = grid_tick(case)
    case["within"] = [begin, min(end, begin + _WALK * case["tick"])]
    case["now"] = begin - draw(_lead(policy)) + draw(st.integers(-40, 10)) * HOUR + draw(_draws.nudge)
    services = sorted({cap["service"] for cap in policy["caps"] if "service" in cap}) or [1, 2]
    channels = _channels(policy)
    locations = sorted({s["location"] for c in chosen for s in c["schedules"] if s["location"] is not None})
    case["request"] = draw(_draws.plain_request) | {"location": draw(_draws.among(None, None, *locations))}
    handles = [calendar["handle"] for calendar in chosen]
    marks = _draws.landmarks(case, day)
    case["bookings"] = draw(_draws.plain_bookings(case["now"], case["rules"], handles, marks))
    for asked in (case["request"], *case["bookings"]):
        # Drawn people ask for the services 1 and 2, through the channels 1 and 2; yours may have other numbers.
        asked["service"] = None if asked["service"] is None else services[(asked["service"] - 1) % len(services)]
        asked["channel"] = None if asked["channel"] is None else channels[(asked["channel"] - 1) % len(channels)]
    case["feeds"] = [draw(_draws.plain_feed(handles, day)) for _ in range(draw(_draws.among(0, 0, 0, 1, 2)))]
    case["waive"] = draw(_draws.plain_waivers(grid_waived=grid_waived))
    if case["bookings"] and draw(_draws.among(False, False, True)):
        case["replacing"] = draw(st.sampled_from(case["bookings"]))["id"]
    return case


@st.composite
def _day(draw: DrawFn, calendars: list[Case], bounds: tuple[int, int]) -> int:
    first, last = bounds
    edges = {day + beside for calendar in calendars for day in _edges(calendar) for beside in (-1, 0, 1)}
    shown = clock(draw(st.sampled_from([s["zone"] for calendar in calendars for s in calendar["schedules"]])))
    changes = {change // DAY + beside for change in shown.changes for beside in (-1, 0, 1)}
    kinds = [sorted(day for day in days if first <= day <= last) for days in (edges, changes)]
    options = [st.sampled_from(days) for days in kinds if days]
    day: int = draw(st.one_of(st.integers(first, last), *options))
    return day


def _channels(policy: Case) -> list[int]:
    """The channels that a policy speaks of, and one more: who comes through it has no claim to kept time."""
    named = {cap["channel"] for cap in policy["caps"] if "channel" in cap}
    named |= {channel for release in policy.get("releases", ()) for channel in release["channels"]}
    return [*sorted(named), max(named, default=0) + 1]


def _lead(policy: Case) -> SearchStrategy[int]:
    """How long before the window the present may lie, so that notice and horizon fall into it."""
    leads = [0, *(release["lead"] for release in policy.get("releases", ()))]
    for name in ("min_notice", "horizon"):
        lead = policy.get(name, 0)
        if isinstance(lead, dict):
            (unit, amount), *_ = lead.items()
            # Opening time is some hours of a day, working days are most of a week.
            lead = {"working": 3 * amount, "days": amount * DAY, "working_days": amount * DAY * 7 // 5}[unit]
        leads.append(lead)
    return st.sampled_from(leads)
