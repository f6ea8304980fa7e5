"""The rules of a practice: two vets, two kinds of visit, and what may be booked when."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from petpro_core import (
    BookingPolicy,
    Calendar,
    Cap,
    Closure,
    DateOverride,
    Days,
    Holiday,
    MinimumGap,
    Schedule,
    SlotRules,
    TimeOff,
    WeeklyHours,
)

WEEK = WeeklyHours(
    {day: ["08:30-12:30", "14:00-18:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")},
    breaks={"monday": ["10:30-10:45 coffee"]},
)
SATURDAYS = WeeklyHours({"saturday": ["09:00-12:00"]}, every=2, week_of=date(2026, 11, 28))
NIGHT = WeeklyHours({"friday": ["20:00-02:00"], "saturday": ["20:00-02:00"]})

BERLIN = Schedule(
    "Europe/Berlin",
    [WEEK],
    overrides=[DateOverride(date(2026, 12, 24), ["08:30-11:00"])],
    holidays=[Holiday(date(2026, 12, 25)), Holiday(date(2026, 12, 26))],
    closures=[Closure(date(2027, 3, 27), date(2027, 3, 29), "new floor")],
)
ANA = Calendar(BERLIN, [TimeOff.on(date(2027, 7, 5), date(2027, 7, 23), zone="Europe/Berlin", name="leave")])
BEN = Calendar([BERLIN, Schedule("Europe/Berlin", [NIGHT]), Schedule("Europe/Berlin", [SATURDAYS])])

CHECKUP = SlotRules(timedelta(minutes=20), step=timedelta(minutes=20), buffer_after=timedelta(minutes=5))
SURGERY = SlotRules(timedelta(minutes=90), step=timedelta(minutes=30), alignment="clock")

POLICY = BookingPolicy(
    min_notice=timedelta(hours=2),
    horizon=Days(90),
    caps=[Cap(14, per="day"), Cap(2, per="week", by="client")],
    gaps=[MinimumGap(timedelta(hours=20), by="pet")],
    one_at_a_time=["client"],
)


def monday_at(hour: int, minute: int = 0) -> datetime:
    """The first Monday that the practice is open, by the wall clock there."""
    return ANA.zone.to_utc(datetime(2026, 11, 23, hour, minute))  # noqa: DTZ001  # a wall-clock time
