"""The plain dict of a question as domain objects: what the oracle reads and what the verbs take, from one source.

The dict is described in ``petpro_core.testing.oracle``.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from petpro_core.availability import Calendar, CalendarBatch
from petpro_core.bookings import (
    Allocation,
    Booking,
    BookingPolicy,
    BookingStatus,
    BookingTable,
    Cap,
    Days,
    MinimumGap,
    Overbooking,
    Release,
    Request,
    Scope,
    Stranding,
    WorkingDays,
    WorkingTime,
)
from petpro_core.intervals import ALWAYS, Interval, IntervalSet, from_us
from petpro_core.reasons import Waiver
from petpro_core.recurrence import Recurrence
from petpro_core.schedules import (
    Closure,
    DateOverride,
    ExtraHours,
    Holiday,
    Schedule,
    Season,
    TemporaryZone,
    TimeOff,
    WeeklyHours,
)
from petpro_core.slots.rules import CalendarDays, SlotRules
from petpro_core.testing._plain import Case, instant, length, optional_length

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "Question",
    "build",
    "build_booking",
    "build_calendar",
    "build_policy",
    "build_release",
    "build_rules",
    "build_schedule",
    "build_table",
    "build_weekly",
]


@attrs.frozen
class Question:
    """A case as domain objects.

    Attributes:
        calendars: A row for each calendar of the case, with its handle.
        within: Where starts are looked for.
        busy: Its bookings and feeds.
        rules: As in the verbs; likewise all others.
    """

    calendars: CalendarBatch
    rows: tuple[Calendar, ...]
    within: Interval
    busy: BookingTable
    rules: SlotRules
    now: datetime
    policy: BookingPolicy
    request: Request
    waive: frozenset[Waiver]
    replacing: int | None

    @property
    def asked(self) -> dict[str, Any]:
        """The keywords that every verb takes."""
        names = ("busy", "rules", "now", "policy", "request", "waive", "replacing")
        return {name: getattr(self, name) for name in names}

    def one(self, row: int) -> CalendarBatch:
        """One row alone."""
        return self.calendars.rows(row, row + 1)


def build(case: Case) -> Question:
    """The domain objects of a case.

    >>> days = {"monday": ["09:00-10:00"]}
    >>> case = {
    ...     "now": 0,
    ...     "within": [0, 1],
    ...     "rules": {"duration": "30m"},
    ...     "calendars": [{"handle": 7, "schedules": [{"zone": "Europe/Berlin", "hours": [{"days": days}]}]}],
    ... }
    >>> build(case).rules.duration
    datetime.timedelta(seconds=1800)
    """
    rows = tuple(build_calendar(calendar) for calendar in case["calendars"])
    return Question(
        calendars=CalendarBatch.of(rows, [calendar["handle"] for calendar in case["calendars"]]),
        rows=rows,
        within=_interval(case["within"]),
        busy=build_table(case),
        rules=build_rules(case["rules"]),
        now=from_us(instant(case["now"])),
        policy=build_policy(case.get("policy", {})),
        request=Request(**case.get("request", {})),
        waive=frozenset(map(Waiver, case.get("waive", ()))),
        replacing=case.get("replacing"),
    )


def _interval(pair: Sequence[int | str]) -> Interval:
    return Interval.from_us(instant(pair[0]), instant(pair[1]))


def _set(pairs: Iterable[Sequence[int | str]] | None) -> IntervalSet:
    return IntervalSet.of(ALWAYS) if pairs is None else IntervalSet.of(*map(_interval, pairs))


def _time(value: int | str) -> timedelta:
    return timedelta(microseconds=length(value))


def _optional_time(value: int | str | None) -> timedelta | None:
    microseconds = optional_length(value)
    return None if microseconds is None else timedelta(microseconds=microseconds)


def _dates(first: str, last: str) -> tuple[date, date]:
    return date.fromisoformat(first), date.fromisoformat(last)


def build_weekly(plain: Case) -> WeeklyHours:
    """Weekly hours from their plain dict."""
    dates = {name: date.fromisoformat(plain[name]) for name in ("first", "last", "week_of") if name in plain}
    season = Season(*map(tuple, plain["season"])) if "season" in plain else None
    return WeeklyHours(
        plain["days"],
        breaks=plain.get("breaks", {}),
        season=season,
        every=plain.get("every", 1),
        recurs=plain.get("recurs"),
        **dates,
    )


def build_schedule(plain: Case) -> Schedule:
    """A schedule from its plain dict."""
    return Schedule(
        plain["zone"],
        [build_weekly(hours) for hours in plain.get("hours", ())],
        overrides=[DateOverride(date.fromisoformat(o["day"]), o["ranges"]) for o in plain.get("overrides", ())],
        extra=[ExtraHours(date.fromisoformat(e["day"]), e["ranges"]) for e in plain.get("extra", ())],
        holidays=[Holiday(date.fromisoformat(day)) for day in plain.get("holidays", ())],
        closures=[Closure(*_dates(*dates)) for dates in plain.get("closures", ())],
        travel=[TemporaryZone(*_dates(*dates), zone) for *dates, zone in plain.get("travel", ())],
        location=plain.get("location"),
    )


def _recurrence(plain: Case) -> Recurrence:
    length = plain["days"] if "days" in plain else timedelta(seconds=plain["seconds"])
    text = plain["start"]
    start = datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    return Recurrence(start, plain["zone"], length, rules=plain["rules"])


def build_calendar(plain: Case) -> Calendar:
    """A calendar from its plain dict."""
    return Calendar(
        [build_schedule(schedule) for schedule in plain["schedules"]],
        [TimeOff(_recurrence(off) if isinstance(off, dict) else _interval(off)) for off in plain.get("time_off", ())],
        capacity=plain.get("capacity", 1),
    )


def build_rules(plain: Case) -> SlotRules:
    """Slot rules from their plain dict."""
    names = ("step", "offset", "buffer_before", "buffer_after")
    lengths = {name: _time(plain[name]) for name in names if name in plain}
    duration = CalendarDays(plain["days"]) if "days" in plain else _time(plain["duration"])
    return SlotRules(duration, alignment=plain.get("alignment", "opening"), seats=plain.get("seats"), **lengths)


def _notice(plain: int | str | Case) -> timedelta | WorkingTime:
    return WorkingTime(_time(plain["working"])) if isinstance(plain, dict) else _time(plain)


def _horizon(plain: int | str | Case | None) -> timedelta | Days | WorkingDays | None:
    if isinstance(plain, dict):
        return Days(plain["days"]) if "days" in plain else WorkingDays(plain["working_days"])
    return _optional_time(plain)


def build_policy(plain: Case) -> BookingPolicy:
    """A booking policy from its plain dict."""
    return BookingPolicy(
        min_notice=_notice(plain.get("min_notice", 0)),
        horizon=_horizon(plain.get("horizon")),
        caps=[Cap(**cap) for cap in plain.get("caps", ())],
        gaps=[MinimumGap(_time(gap["time"]), by=gap.get("by", "resource")) for gap in plain.get("gaps", ())],
        min_duration=_optional_time(plain.get("min_duration")),
        max_duration=_optional_time(plain.get("max_duration")),
        one_at_a_time=frozenset(map(Scope, plain.get("one_at_a_time", ()))),
        pending_blocks=plain.get("pending_blocks", False),
        no_show_counts=plain.get("no_show_counts", True),
        releases=[build_release(one) for one in plain.get("releases", ())],
        overbooking=Overbooking(**plain["overbooking"]) if plain.get("overbooking") else None,
        stranding=_stranding(plain["stranding"]) if plain.get("stranding") else None,
    )


def build_release(plain: Case) -> Release:
    """A release from its plain dict."""
    return Release(
        build_schedule(plain["hours"]),
        channels=plain.get("channels", ()),
        lead=_time(plain["lead"]),
        resources=plain.get("resources"),
        name=plain.get("name", ""),
    )


def _stranding(plain: Case) -> Stranding:
    lengths = [_time(one) for one in plain["lengths"]]
    return Stranding(lengths, mode=plain.get("mode", "rank"), most=_time(plain.get("most", 0)))


def build_booking(plain: Case) -> Booking:
    """A booking from its plain dict."""
    until = plain.get("held_until")
    people = {name: plain.get(name) for name in ("service", "client", "household", "pet", "group", "seats", "channel")}
    return Booking(
        plain["id"],
        [_allocation(part) for part in plain["allocations"]],
        status=BookingStatus(plain.get("status", "confirmed")),
        held_until=None if until is None else from_us(instant(until)),
        **people,  # type: ignore[arg-type]  # each is a handle, or a number of seats
    )


def _allocation(plain: Case) -> Allocation:
    part: Case = {"occupied_start": plain["start"], "occupied_end": plain["end"], "units": 1} | plain
    visit, occupied = [part["start"], part["end"]], [part["occupied_start"], part["occupied_end"]]
    return Allocation(part["resource"], _interval(visit), _interval(occupied), part["units"])


def build_table(case: Case) -> BookingTable:
    """The bookings and feeds of a case, with the time for which they are known."""
    known = case.get("known")
    table = BookingTable.of(map(build_booking, case.get("bookings", ())), known=_set(known))
    for feed in case.get("feeds", ()):
        table = table.with_feed(feed["resource"], _set(feed["busy"]), known=_set(feed["known"]))
    return table
