"""Domain objects as the plain dict of a question: the inverse of ``petpro_core.testing.cases.build``.

So the oracle can be asked about rules of your own, and a case that broke a law can be kept as JSON. Names that people
are told (of holidays, breaks, closures) decide nothing and are left out, and so are deadlines, which belong to moving
and cancelling.

Source: ADR 14.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, Any, Final

import attrs

from petpro_core.availability import Calendar, CalendarBatch
from petpro_core.bookings import BookingPolicy, BookingStatus, Days, Request, WorkingDays, WorkingTime
from petpro_core.bookings.table import FEED, NOBODY
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import ALWAYS, NEVER, Interval, IntervalSet, duration_us, to_us
from petpro_core.schedules.weekly import WEEKDAYS
from petpro_core.slots import CalendarDays
from petpro_core.testing._clocks import DAY
from petpro_core.testing._plain import day_number
from petpro_core.testing.cases import build_booking
from petpro_core.testing.oracle import Case, Oracle
from petpro_core.timezones import load_zone, zone_keys

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import date, datetime, timedelta

    from petpro_core.bookings import BookingTable, Cap, Overbooking, Release
    from petpro_core.reasons import Waiver
    from petpro_core.schedules import ClockRange, Schedule, TimeOff, WeeklyHours
    from petpro_core.slots import SlotRules
    from petpro_core.timezones import TimeZone

__all__ = ["FOLLOWED_DAYS", "grid_tick", "plain_calendars", "plain_case", "plain_policy", "plain_rules", "plain_table"]

FOLLOWED_DAYS: Final = 1000
"""The oracle knows an absence that recurs for so many days from its start."""

_STATUSES: Final = {status.number: status.value for status in BookingStatus}
_PEOPLE: Final = ("service", "client", "household", "pet", "group", "channel")


def plain_case(
    calendars: Calendar | CalendarBatch | Sequence[Calendar],
    *,
    busy: BookingTable,
    rules: SlotRules,
    within: Interval,
    now: datetime,
    policy: BookingPolicy = BookingPolicy(),  # noqa: B008  # frozen, and the same for everybody
    request: Request = Request(),  # noqa: B008  # likewise
    waive: Collection[Waiver] = (),
    replacing: int | None = None,
    tick: timedelta | None = None,
) -> Case:
    """The plain dict of a question; the arguments are those of ``find_slots``.

        >>> from datetime import UTC, datetime, timedelta
        >>> from petpro_core import BookingTable, Schedule, SlotRules, WeeklyHours
        >>> case = plain_case(
        ...     Calendar(Schedule("Europe/Berlin", WeeklyHours({"monday": ["09:00-10:00"]}))),
        ...     busy=BookingTable.empty(known=ALWAYS),
        ...     rules=SlotRules(timedelta(minutes=30)),
        ...     within=Interval(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)),
        ...     now=datetime(2026, 11, 20, tzinfo=UTC),
        ... )
        >>> case["calendars"][0]["schedules"][0]["hours"][0]["days"]["monday"]
        ['09:00:00-10:00:00']
        >>> [start // 60_000_000 % 1440 for start in Oracle(case).offered(0)]
        [480, 495, 510]

    Args:
        calendars: The rows; without a batch their handles are 0, 1, 2, ...
        busy: What is booked, and where that is known.
        rules: As in the search; one.
        within: Where starts are looked for; the oracle walks through all of it.
        now: The present.
        policy: As in the search, likewise all that follows.
        request: Who asks.
        waive: Rules set aside.
        replacing: The number of the booking that moves.
        tick: The step of the oracle's walk; by default the longest that meets every start of the grid.

    Raises:
        InvalidValueError: What plain words cannot say: a zone that is not one of tzdata's, hours by the microsecond,
            rows of one booking that differ in more than their resource and time, an absence that recurs with exceptions
            or from more than 1,000 days before.
    """
    batch = CalendarBatch.of(calendars)
    case: Case = {
        "now": to_us(now),
        "within": [within.start_us, within.end_us],
        "rules": plain_rules(rules),
        "request": {name: getattr(request, name) for name in (*_PEOPLE, "units", "location")},
        "policy": plain_policy(policy),
        "calendars": plain_calendars(batch),
        "waive": sorted(str(waiver) for waiver in waive),
        **plain_table(busy, batch.handles.tolist()),
    }
    if replacing is not None:
        case["replacing"] = replacing
    _check_followed(case)
    case["tick"] = grid_tick(case) if tick is None else duration_us(tick)
    return case


def _check_followed(case: Case) -> None:
    """Refuse days on which the oracle would take an absence that recurs for over."""
    last = max(case["within"][1], case["now"]) // DAY
    for calendar in case["calendars"]:
        for off in calendar.get("time_off", ()):
            if isinstance(off, dict) and day_number(off["start"][:10]) + FOLLOWED_DAYS < last:
                msg = (
                    f"the oracle follows an absence that recurs for {FOLLOWED_DAYS} days, got one from {off['start']}; "
                    "ask about earlier days, or let it start later"
                )
                raise InvalidValueError(msg, got=off["start"])


def grid_tick(case: Case) -> int:
    """The longest step, in microseconds, from which a walk that begins in 1970 meets every start of a case's grid."""
    oracle = Oracle(case)
    first, last = oracle.within[0] // DAY - 4, oracle.within[1] // DAY + 2
    tick = gcd(oracle.step, oracle.offset, DAY)
    for hours in oracle.hours:
        openings = [opening for day in range(first, last + 1) for opening in hours.of_date(day)]
        # By the clock a grid stands on what clocks show, and that moves where an offset does.
        moments = {o.start for o in openings}
        clocks = {hours.home, *(o.clock for o in openings)}
        moments |= {shown.offset(day * DAY) for shown in clocks for day in range(first, last + 1)}
        tick = gcd(tick, *moments)
    return tick


def _pairs(times: IntervalSet) -> list[list[int]]:
    return [[start, end] for start, end in zip(times.starts.tolist(), times.ends.tolist(), strict=True)]


def _key(zone: TimeZone) -> str:
    if zone.key not in zone_keys() or load_zone(zone.key) != zone:
        msg = f"the zones of a plain case are those of tzdata, by key, got {zone.key!r}; ask about a zone that has one"
        raise InvalidValueError(msg, got=zone.key)
    return zone.key


def _ranges(ranges: Iterable[ClockRange]) -> list[str]:
    texts = []
    for hours in ranges:
        if hours.start.microsecond or hours.end.microsecond:
            msg = f"hours of a plain case are written HH:MM:SS, got {hours}; ask about hours of whole seconds"
            raise InvalidValueError(msg, got=hours)
        texts.append(f"{hours.start.isoformat()}-{hours.end.isoformat()}")
    return texts


def _weekly(hours: WeeklyHours) -> Case:
    plain: Case = {"days": dict(zip(WEEKDAYS, map(_ranges, hours.days), strict=True))}
    if any(hours.breaks):
        plain["breaks"] = dict(zip(WEEKDAYS, map(_ranges, hours.breaks), strict=True))
    dates = {"first": hours.first, "last": hours.last, "week_of": hours.week_of}
    if hours.recurs is not None:
        # The last date that UNTIL allows is said as the last one on which the hours hold.
        until = hours.recurs.until
        dates["last"] = min((day for day in (hours.last, until) if day is not None), default=None)
        plain["recurs"] = str(attrs.evolve(hours.recurs, until=None))
    plain |= {name: day.isoformat() for name, day in dates.items() if day is not None}
    if hours.season is not None:
        plain["season"] = [list(hours.season.first), list(hours.season.last)]
    return plain | ({"every": hours.every} if hours.every > 1 else {})


def _away(off: TimeOff) -> list[int] | Case:
    if isinstance(off.when, Interval):
        return [off.when.start_us, off.when.end_us]
    when = off.when
    days, length = when.length
    bare = not (when.dates or when.excluded or when.excluding or any(rule.until for rule in when.rules))
    if not bare or length % 1_000_000:
        msg = (
            "an absence that recurs has in a plain case whole seconds and rules without UNTIL, and neither more dates "
            f"nor exceptions, got {off}; give COUNT, or several absences"
        )
        raise InvalidValueError(msg, got=off)
    plain = {"start": when.start.isoformat(), "zone": _key(when.zone), "rules": list(map(str, when.rules))}
    return plain | ({"days": days} if days else {"seconds": length // 1_000_000})


def _dates(first: date, last: date) -> list[str]:
    return [first.isoformat(), last.isoformat()]


def _schedule(schedule: Schedule) -> Case:
    lists = {
        "overrides": [{"day": o.day.isoformat(), "ranges": _ranges(o.ranges)} for o in schedule.overrides],
        "extra": [{"day": e.day.isoformat(), "ranges": _ranges(e.ranges)} for e in schedule.extra],
        "holidays": [holiday.day.isoformat() for holiday in schedule.holidays],
        "closures": [_dates(closure.first, closure.last) for closure in schedule.closures],
        "travel": [[*_dates(t.first, t.last), _key(t.zone)] for t in schedule.travel],
    }
    plain: Case = {"zone": _key(schedule.zone), "hours": [_weekly(hours) for hours in schedule.hours]}
    return plain | {name: given for name, given in lists.items() if given} | {"location": schedule.location}


def plain_calendars(calendars: CalendarBatch) -> list[Case]:
    """The rows of a batch as plain dicts, each with its handle."""
    rows = []
    for place, handle, capacity in zip(
        calendars.index.tolist(), calendars.handles.tolist(), calendars.capacities.tolist(), strict=True
    ):
        calendar = calendars.distinct[place]
        rows.append({"handle": handle, "capacity": capacity, "schedules": list(map(_schedule, calendar.schedules))})
        if calendar.time_off:
            rows[-1]["time_off"] = list(map(_away, calendar.time_off))
    return rows


def plain_rules(rules: SlotRules) -> Case:
    """Slot rules as a plain dict."""
    lengths = {name: duration_us(getattr(rules, name)) for name in ("step", "offset", "buffer_before", "buffer_after")}
    lasts = rules.duration
    plain = {"days": lasts.days} if isinstance(lasts, CalendarDays) else {"duration": duration_us(lasts)}
    return {**plain, **lengths, "alignment": str(rules.alignment), "seats": rules.seats}


def _cap(cap: Cap) -> Case:
    plain: Case = {"limit": cap.limit, "per": str(cap.per), "by": str(cap.by), "minutes": cap.minutes}
    plain |= {name: getattr(cap, name) for name in ("service", "channel") if getattr(cap, name) is not None}
    return plain | ({} if cap.zone is None else {"zone": _key(cap.zone)})


def _lead(value: timedelta | WorkingTime | Days | WorkingDays | None) -> Any:  # noqa: ANN401  # whatever JSON says it by
    match value:
        case WorkingTime(time=time):
            return {"working": duration_us(time)}
        case Days(days=days):
            return {"days": days}
        case WorkingDays(days=days):
            return {"working_days": days}
        case _:
            return None if value is None else duration_us(value)


def plain_policy(policy: BookingPolicy) -> Case:
    """A booking policy as a plain dict, deadlines left out."""
    leads = {name: _lead(getattr(policy, name)) for name in ("min_notice", "horizon", "min_duration", "max_duration")}
    return {
        **{name: lead for name, lead in leads.items() if lead is not None},
        "caps": [_cap(cap) for cap in policy.caps],
        "gaps": [{"time": duration_us(gap.time), "by": str(gap.by)} for gap in policy.gaps],
        "one_at_a_time": sorted(str(scope) for scope in policy.one_at_a_time),
        "pending_blocks": policy.pending_blocks,
        "no_show_counts": policy.no_show_counts,
        **_whole(policy),
    }


def _whole(policy: BookingPolicy) -> Case:
    """The rules of the whole day, where there are any."""
    plain: Case = {}
    if policy.releases:
        plain["releases"] = [_release(one) for one in policy.releases]
    if policy.overbooking is not None:
        extra = policy.overbooking
        plain["overbooking"] = {"extra": extra.extra, "no_show_rate": extra.no_show_rate} | _resources(extra)
    if policy.stranding is not None:
        lengths = [duration_us(one) for one in policy.stranding.lengths]
        most = duration_us(policy.stranding.most)
        plain["stranding"] = {"lengths": lengths, "mode": str(policy.stranding.mode), "most": most}
    return plain


def _release(release: Release) -> Case:
    plain: Case = {"hours": _schedule(release.hours), "channels": list(release.channels), "lead": release.lead_us}
    return plain | _resources(release)


def _resources(rule: Release | Overbooking) -> Case:
    return {} if rule.resources is None else {"resources": list(rule.resources)}


def plain_table(busy: BookingTable, handles: Collection[int]) -> Case:
    """The bookings, feeds and known time of a table, as those entries of a plain dict.

    Feeds of resources that are not among ``handles`` are left out, because nobody asks about them.
    """
    columns = {name: column.tolist() for name, column in busy.as_columns().items()}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    found: dict[int, Case] = {}
    times = ("resource", "start", "end", "occupied_start", "occupied_end", "units")
    for row in rows:
        if row["booking"] == FEED:
            continue
        booking = {name: None if row[name] == NOBODY else row[name] for name in _PEOPLE}
        booking |= {"id": row["booking"], "status": _STATUSES[row["status"]], "seats": row["seats"] or None}
        booking["held_until"] = None if row["held_until"] == NEVER else row["held_until"]
        first = found.setdefault(row["booking"], booking | {"allocations": []})
        if {name: first[name] for name in booking} != booking:
            msg = f"rows of one booking differ in resource and time alone, got others in booking {row['booking']}"
            raise InvalidValueError(msg, got=row["booking"])
        first["allocations"].append({name: row[name] for name in times})
    for plain in found.values():
        build_booking(plain)  # which refuses a hold without an end
    blind = list(zip(*(getattr(busy, f"unknown_{n}").tolist() for n in ("resource", "start", "end")), strict=True))
    feeds = []
    for handle in handles:
        stretches = [[r["start"], r["end"]] for r in rows if r["booking"] == FEED and r["resource"] == handle]
        unknown = IntervalSet.of(
            *(Interval.from_us(start, end) for resource, start, end in blind if resource == handle)
        )
        if stretches or unknown:
            feeds.append({"resource": handle, "busy": stretches, "known": _pairs(IntervalSet.of(ALWAYS) - unknown)})
    plain_known = None if busy.known.covers(ALWAYS) else _pairs(busy.known)
    return {"bookings": list(found.values()), "feeds": feeds, "known": plain_known}
