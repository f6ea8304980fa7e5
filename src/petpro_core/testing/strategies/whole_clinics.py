"""Strategies for whole clinics, as a clinic file can say them, in odd zones and around days of clock changes.

Source: ADR 17.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs
from hypothesis import strategies as st

from petpro_core.bookings import BookingStatus
from petpro_core.interop.clinic import Clinic, read_clinic
from petpro_core.intervals import Interval, from_us
from petpro_core.reasons import Waiver
from petpro_core.recurrence import Recurrence
from petpro_core.schedules import Schedule, TimeOff, WeeklyHours
from petpro_core.testing import _draws
from petpro_core.testing._clocks import DAY, clock
from petpro_core.testing.cases import build_calendar
from petpro_core.testing.strategies._work import abilities, queue, several_steps, teamwork

if TYPE_CHECKING:
    from datetime import date

    from hypothesis.strategies import DrawFn

    from petpro_core.availability import Calendar

__all__ = ["clinics", "dated_clinics"]

_SECOND: Final = 1_000_000
_HOME: Final = "Europe/Berlin"
_NAMES: Final = st.sampled_from(("Dr. Ana", "Größe 3; Raum, links", "a: b\\n", "引っ越し" * 20, '"quoted"'))
_SERVICES: Final = st.fixed_dictionaries(
    {"duration": st.sampled_from(("30m", ["45m", "1h"], "2d", "1h 30s"))},
    optional={
        "name": _NAMES,
        "step": st.sampled_from(("10m", "1h")),
        "alignment": st.just("clock"),
        "buffer_before": st.just("5m"),
        "buffer_after": st.sampled_from(("15m", "1m 30s")),
        "seats": st.integers(1, 6),
        "policy": st.fixed_dictionaries({"min_notice": st.sampled_from(("2h", "4h working"))}),
    },
)
_POLICIES: Final = st.fixed_dictionaries(
    {},
    optional={
        "horizon": st.sampled_from(("60 days", "20 working days", "72h")),
        "caps": st.just([{"limit": "6h", "per": "day", "by": "resource"}, {"limit": 2, "per": "week", "by": "pet"}]),
        "pending_blocks": st.booleans(),
        "releases": st.just(
            [
                {"hours": {"weekdays": ["08:00-09:00"]}, "channels": ["desk"], "lead": "24h", "name": "mornings, kept"},
                {
                    "zone": _HOME,
                    "hours": {"monday": ["22:00-02:00"]},
                    "lead": "0m",
                    "closures": [{"day": "2026-12-24"}],
                },
            ]
        ),
        "overbooking": st.just({"extra": 1, "no_show_rate": 0.1}),
        "stranding": st.sampled_from(({"lengths": "30m"}, {"lengths": ["20m", "45m"], "mode": "refuse", "most": "5m"})),
    },
)
_REPEATED: Final = st.sampled_from(
    (
        "FREQ=WEEKLY;COUNT=5",
        "FREQ=MONTHLY;BYDAY=2TU,-1FR",
        "RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=31;SKIP=FORWARD",
        "FREQ=DAILY;INTERVAL=3;COUNT=9;WKST=SU",
    )
)
_STATUSES: Final = st.sampled_from([str(status) for status in BookingStatus if status is not BookingStatus.HELD])
_SOMEBODY: Final = st.sampled_from(("harper", "Nguyen, Thi; 2", "17"))


def _whole(calendar: Calendar) -> Calendar:
    """A calendar that a clinic file can say: whole seconds, and the usual hours before those of some dates."""
    schedules = [_with_base(schedule) for schedule in calendar.schedules]
    away = [_rounded(off) for off in calendar.time_off]
    return attrs.evolve(calendar, schedules=schedules, time_off=away)


def _with_base(schedule: Schedule) -> Schedule:
    base = () if schedule.hours and schedule.hours[0].always else (WeeklyHours({}),)
    return attrs.evolve(schedule, hours=(*base, *schedule.hours))


def _rounded(off: TimeOff) -> TimeOff:
    start, end = off.interval.start_us // _SECOND, off.interval.end_us // _SECOND
    return TimeOff(Interval.from_us(start * _SECOND, max(end, start + 1) * _SECOND), "away, far away")


def _repeated(draw: DrawFn, calendar: Calendar, around: date) -> Calendar:
    """The calendar with hours or an absence that recur, now and then."""
    what = draw(st.sampled_from(("", "", "hours", "days", "times")))
    if not what:
        return calendar
    rule, zone = draw(_REPEATED), calendar.zone
    if what == "hours":
        some = WeeklyHours({"tuesday": ["09:00-12:00"], "friday": ["22:00-02:30"]}, first=around, recurs=rule)
        first, *others = calendar.schedules
        return attrs.evolve(calendar, schedules=[attrs.evolve(first, hours=(*first.hours, some)), *others])
    if what == "days":
        recurrence = Recurrence(
            around, zone, draw(st.integers(1, 3)), rules=rule, excluded=[around + timedelta(days=7)]
        )
    else:
        # A time that the clock of the zone shows, whatever day this is.
        noon = zone.to_local(zone.to_utc(datetime(around.year, around.month, around.day, 12)))  # noqa: DTZ001 - a wall
        again = [noon + timedelta(days=7)]
        recurrence = Recurrence(noon.replace(tzinfo=None), zone, timedelta(minutes=90), rules=rule, excluded=again)
    return attrs.evolve(calendar, time_off=[*calendar.time_off, TimeOff(recurrence, draw(_NAMES))])


def _booking(draw: DrawFn, key: str | None, day: int, services: list[str], resources: list[str]) -> dict[str, Any]:
    start = from_us(day * DAY + draw(st.integers(-86_400, 172_800)) * _SECOND)
    end = start + timedelta(seconds=draw(st.sampled_from((1, 1800, 3600, 90_000))))
    tree: dict[str, Any] = {"start": start.isoformat(), "end": end.isoformat()}
    tree |= {} if key is None else {"id": key}
    tree["resources"] = draw(st.lists(st.sampled_from(resources), min_size=1, max_size=2, unique=True))
    tree |= draw(
        st.fixed_dictionaries(
            {},
            optional={
                "status": _STATUSES,
                "service": st.sampled_from(services),
                "client": _SOMEBODY,
                "household": _SOMEBODY,
                "pet": _SOMEBODY,
                "group": _SOMEBODY,
                "units": st.integers(1, 3),
                "source": st.just("walk_in"),
                "channel": st.sampled_from(("online", "desk")),
                "waived": st.just([str(Waiver.NOTICE)]),
                "buffer_after": st.sampled_from(("0m", "7m")),
            },
        )
    )
    if draw(st.integers(0, 4)) == 4:
        tree |= {"status": "held", "held_until": (start - timedelta(hours=1)).isoformat()}
    return tree


@st.composite
def dated_clinics(draw: DrawFn) -> tuple[Clinic, datetime]:
    """A clinic, and an instant on a day around which its exceptions and bookings lie."""
    zone = draw(st.sampled_from(_draws.ODD_ZONES))
    day = draw(_draws.case_day(clock(zone)))
    kinds = draw(st.lists(st.sampled_from(("providers", "rooms", "equipment")), min_size=1, max_size=3))
    ids = [f"{kind[0]}-{number}" for number, kind in enumerate(sorted(kinds))]
    tree: dict[str, Any] = {
        "clinic": {"zone": draw(st.sampled_from((zone, _HOME))), "channels": ["online", "desk"]}
        | draw(st.fixed_dictionaries({}, optional={"name": _NAMES})),
        "locations": [{"id": "north"}, {"id": "south", "name": "South, by the lake", "zone": _HOME}],
        "services": [{"id": f"s{number}"} | draw(_SERVICES) for number in (1, 2)],
        "policy": draw(_POLICIES),
    }
    for kind, key in zip(sorted(kinds), ids, strict=True):
        node = {"id": key} | draw(st.fixed_dictionaries({}, optional={"name": _NAMES, "feeds": st.just(["own.ics"])}))
        node |= draw(abilities(kind))
        tree.setdefault(kind, []).append(node)
    if "rooms" in tree:
        tree["services"][0]["rooms"] = [key for key in ids if key.startswith("r")]
    elif "providers" in tree:
        tree["services"][0]["providers"] = [key for key in ids if key.startswith("p")][:1]
    tree["skills"] = [{"id": "surgery", "name": "Soft tissue, mostly"}, {"id": "x-ray"}]
    tree["services"].append({"id": "s3", "duration": "20m"} | draw(teamwork(ids)))
    tree |= draw(several_steps())
    keys = draw(st.lists(st.sampled_from((None, "B-1", "visit, seven", "19")), max_size=4, unique=True))
    tree["bookings"] = [_booking(draw, key, day, ["s1", "s2"], ids) for key in keys]
    tree |= draw(queue(from_us(day * DAY), ids))
    clinic = read_clinic(json.dumps(tree), format="json")
    resources = {
        key: attrs.evolve(
            one,
            calendar=_repeated(
                draw, _whole(build_calendar(draw(_draws.plain_calendar(zone, day, 0)))), from_us(day * DAY).date()
            ),
        )
        for key, one in clinic.resources.items()
    }
    return attrs.evolve(clinic, resources=resources), from_us(day * DAY)


def clinics() -> st.SearchStrategy[Clinic]:
    """Clinics with providers, rooms, places, services, absences and bookings, all of which a clinic file can say."""
    return dated_clinics().map(lambda drawn: drawn[0])
