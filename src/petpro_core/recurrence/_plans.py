"""A rule and its start, compiled: which days match, by tables of codes, and at which times of a day.

What a rule leaves out is taken from its start here, so that the kernels know of no special cases: each part of a rule
says yes or no to a code of ``_calendar``, and a day matches where all of them say yes. That is the same as expanding
and limiting part by part, since each part of the standard's table either makes dates of a period or drops some.
"""

from __future__ import annotations

import enum
from calendar import monthrange
from datetime import date
from functools import cache, reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core.intervals import DAY_US
from petpro_core.recurrence._calendar import (
    DATE_CODES,
    MONTH_WEEKDAY_CODES,
    YEAR_WEEKDAY_CODES,
    cycle,
    weekday_of,
)
from petpro_core.recurrence._words import Frequency, Skip, WeekdayNum

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from petpro_core.intervals import Int64Array
    from petpro_core.recurrence.rules import RecurrenceRule

__all__ = ["HOUR_US", "MINUTE_US", "SECOND_US", "Plan", "Step", "compile_rule"]

SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US
HOUR_US: Final = 60 * MINUTE_US

_UNITS: Final = {Frequency.HOURLY: HOUR_US, Frequency.MINUTELY: MINUTE_US, Frequency.SECONDLY: SECOND_US}
_TOP_SECOND: Final = 59
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()


class Step(enum.Enum):
    """What periods are counted in, for an interval or for positions."""

    DAYS = "days"
    MONTHS = "months"
    WEEK_YEARS = "week years"


@attrs.frozen(eq=False)
class Plan:
    """One rule with its start.

    Attributes:
        start: The start by the wall clock, in microseconds.
        count: COUNT, or ``None``.
        until: The last wall time allowed, or ``None``.
        dates: For each code of a date whether it matches, as bytes; ``None`` = all do.
        weekdays: Likewise for codes of weekdays: those of the year where ``in_year``, else those of the month.
        weeks: Likewise for codes of week numbers.
        in_year: Which codes ``weekdays`` speaks of.
        week_start: The weekday that weeks begin with.
        step: What periods are counted in.
        anchor: The first day, month or week-year of the start's period.
        every: Days, months or week-years from a period to the next that counts.
        length: Days, months or week-years of a period; all periods count where it equals ``every``.
        positions: Places in the set of a period that are kept; none = all.
        times: Times of a matching day, or of a matching unit of it, ascending, in microseconds.
        unit: The length of a unit, or 0 where a day is the least that repeats.
        interval: Every how many units.
        allowed: Units of a day that may match; ``None`` = all.
        skip: What becomes of dates that do not exist; OMIT where there can be none.
        month_days: The dates of a month that are asked for, for ``skip``; likewise ``year_days`` and ``in_months``.
        shape: Plans of an equal shape are expanded together; one without a shape alone.
        simple: Whether each matching day has one time, and nothing is counted or moved.
    """

    start: int
    count: int | None
    until: int | None
    dates: bytes | None
    weekdays: bytes | None
    weeks: bytes | None
    in_year: bool
    week_start: int
    step: Step
    anchor: int
    every: int
    length: int
    positions: tuple[int, ...]
    times: Int64Array
    unit: int
    interval: int
    allowed: Int64Array | None
    skip: Skip
    month_days: tuple[int, ...]
    year_days: tuple[int, ...]
    in_months: tuple[int, ...]
    shape: str
    simple: bool


def _bytes(codes: Iterable[int]) -> int:
    """Codes as a number of one byte each, so that tables are joined by ``|`` and cut by ``&``."""
    table = bytearray(DATE_CODES)
    for code in codes:
        table[code] = 1
    return int.from_bytes(table, "little")


@cache
def _date_tables() -> tuple[dict[int, int], dict[int, int]]:
    """For each month, and for each day of a month from its begin or end, the codes of its dates."""
    months: dict[int, list[int]] = {}
    month_days: dict[int, list[int]] = {}
    # Years that stand for all: 2001 had 365 days, 2000 had 366.
    for leap, year in enumerate((2001, 2000)):
        first = date(year, 1, 1).toordinal()
        for place in range(365 + leap):
            day = date.fromordinal(first + place)
            length = monthrange(year, day.month)[1]
            code = place * 2 + leap
            months.setdefault(day.month, []).append(code)
            month_days.setdefault(day.day, []).append(code)
            month_days.setdefault(day.day - length - 1, []).append(code)
    return (
        {month: _bytes(codes) for month, codes in months.items()},
        {day: _bytes(codes) for day, codes in month_days.items()},
    )


def _year_day(number: int) -> int:
    places = [(leap, number - 1 if number > 0 else 365 + leap + number) for leap in (0, 1)]
    return _bytes(place * 2 + leap for leap, place in places if 0 <= place < 365 + leap)


def _any(tables: Iterable[int]) -> int:
    return reduce(or_, tables)


def _dates(months: tuple[int, ...], month_days: tuple[int, ...], year_days: tuple[int, ...]) -> bytes | None:
    named_months, named_days = _date_tables()
    tables = []
    if months:
        tables.append(_any(named_months[month] for month in months))
    if month_days:
        tables.append(_any(named_days[day] for day in month_days))
    if year_days:
        tables.append(_any(_year_day(day) for day in year_days))
    return reduce(and_, tables).to_bytes(DATE_CODES, "little") if tables else None


def _weekdays(days: tuple[WeekdayNum, ...], *, in_year: bool) -> bytes | None:
    """Codes come as weekday, then place from 0, then whether the month (year) has one more than the fewest of it."""
    if not days:
        return None
    table = bytearray(YEAR_WEEKDAY_CODES if in_year else MONTH_WEEKDAY_CODES)
    width = len(table) // 7
    fewest = width // 2 - 1
    for day in days:
        base = day.weekday * width
        if day.nth is None:
            table[base : base + width] = b"\1" * width
            continue
        for more in (0, 1):
            place = day.nth - 1 if day.nth > 0 else fewest + more + day.nth
            if 0 <= place < fewest + more:
                table[base + place * 2 + more] = 1
    return bytes(table)


def _weeks(numbers: tuple[int, ...]) -> bytes | None:
    """Codes of the place of a week in its year: the same as those of its fourth day's weekday in the year."""
    if not numbers:
        return None
    every = tuple(WeekdayNum(0, number) for number in numbers)
    found = _weekdays(every, in_year=True)
    return None if found is None else found[: YEAR_WEEKDAY_CODES // 7]


def _positioned(times: Int64Array, positions: tuple[int, ...]) -> Int64Array:
    size = len(times)
    kept = {place - 1 if place > 0 else size + place for place in positions}
    return times[sorted(place for place in kept if 0 <= place < size)]


def _within(hours: Sequence[int], minutes: Sequence[int], seconds: Sequence[int]) -> Int64Array:
    if len(hours) == len(minutes) == len(seconds) == 1:
        return np.array([hours[0] * HOUR_US + minutes[0] * MINUTE_US + seconds[0] * SECOND_US])
    parts = [np.array(values, np.int64) for values in (hours, minutes, seconds)]
    sums = parts[0][:, None, None] * HOUR_US + parts[1][:, None] * MINUTE_US + parts[2] * SECOND_US
    return sums.ravel()


def _units(rule: RecurrenceRule, unit: int, seconds: tuple[int, ...]) -> Int64Array | None:
    """Units of a day that the limits by hour, minute and second allow; ``None`` = all."""
    minutes = rule.by_minute if unit < HOUR_US else ()
    seconds = seconds if unit < MINUTE_US else ()
    if not (rule.by_hour or minutes or seconds):
        return None
    every_minute, every_second = range(60 if unit < HOUR_US else 1), range(60 if unit < MINUTE_US else 1)
    return _within(rule.by_hour or range(24), minutes or every_minute, seconds or every_second) // unit


def _said(rule: RecurrenceRule, start: date) -> tuple[tuple[WeekdayNum, ...], tuple[int, ...], tuple[int, ...]]:
    """The weekdays, months and days of a month of a rule, with what its start says where it names no days."""
    if rule.by_day or rule.by_month_day or rule.by_year_day:
        return rule.by_day, rule.by_month, rule.by_month_day
    if rule.frequency is Frequency.WEEKLY or rule.by_week_number:
        return (WeekdayNum(start.weekday()),), rule.by_month, ()
    if rule.frequency is Frequency.MONTHLY:
        return (), rule.by_month, (start.day,)
    if rule.frequency is Frequency.YEARLY:
        return (), rule.by_month or (start.month,), (start.day,)
    return (), rule.by_month, ()


def compile_rule(rule: RecurrenceRule, start: int, until: int | None = None) -> Plan:
    """The plan of a rule for a start by the wall clock, in microseconds; ``until`` is its bound on the same clock."""
    frequency = rule.frequency
    day, clock = start // DAY_US, start % DAY_US
    hour, minute, second = clock // HOUR_US, clock // MINUTE_US % 60, clock // SECOND_US % 60
    begun = date.fromordinal(day + _EPOCH_ORDINAL)
    month_of = begun.year * 12 + begun.month - 1
    by_day, months, month_days = _said(rule, begun)
    yearly, monthly = frequency is Frequency.YEARLY, frequency is Frequency.MONTHLY
    in_year = yearly and not months and any(one.nth is not None for one in by_day)
    seconds = tuple(sorted({min(one, _TOP_SECOND) for one in rule.by_second}))
    unit = _UNITS.get(frequency, 0)
    times = _within(
        (0,) if unit else rule.by_hour or (hour,),
        (0,) if 0 < unit < HOUR_US else rule.by_minute or (minute,),
        (0,) if unit == SECOND_US else seconds or (second,),
    )
    in_day = unit or frequency is Frequency.DAILY
    if in_day and rule.by_set_position:
        times = _positioned(times, rule.by_set_position)
    positions = () if in_day else rule.by_set_position
    step, anchor, length = _step(rule, day, month_of)
    every = 1 if unit else rule.interval * length
    dates = _dates(months, month_days, rule.by_year_day)
    moves = (monthly or yearly) and not rule.by_week_number
    moves = moves and bool(month_days) != bool(rule.by_year_day) and not (rule.by_year_day and months)
    skip = rule.skip if moves else Skip.OMIT
    counted = rule.count is not None
    # A text, because it keeps its hash: thousands of plans are grouped by it again and again.
    shape = repr(
        (
            dates is not None,
            (in_year, bool(by_day)),
            rule.week_start if rule.by_week_number else None,
            (step.value, length) if positions or every > length else None,
            every > length,
            positions,
            len(times),
            counted,
        )
    )
    return Plan(
        start=start,
        count=rule.count,
        until=until,
        dates=dates,
        weekdays=_weekdays(by_day, in_year=in_year),
        weeks=_weeks(rule.by_week_number),
        in_year=in_year,
        week_start=rule.week_start,
        step=step,
        anchor=anchor,
        every=every,
        length=length,
        positions=positions,
        times=times,
        unit=unit,
        interval=rule.interval,
        allowed=_units(rule, unit, seconds) if unit else None,
        skip=skip,
        month_days=month_days,
        year_days=rule.by_year_day,
        in_months=months,
        simple=not (unit or counted or positions) and skip is Skip.OMIT and len(times) == 1,
        shape="" if unit or skip is not Skip.OMIT else shape,
    )


def _step(rule: RecurrenceRule, day: int, month: int) -> tuple[Step, int, int]:
    """What the periods of a rule are counted in, where the start's period begins, and how long one is."""
    if rule.frequency is Frequency.YEARLY and rule.by_week_number:
        fourth = day - (weekday_of(day) - rule.week_start) % 7 + 3
        return Step.WEEK_YEARS, int(cycle().months_of(np.array([fourth]))[0]) // 12, 1
    if rule.frequency is Frequency.YEARLY:
        return Step.MONTHS, month // 12 * 12, 12
    if rule.frequency is Frequency.MONTHLY:
        return Step.MONTHS, month, 1
    if rule.frequency is Frequency.WEEKLY:
        return Step.DAYS, day - (weekday_of(day) - rule.week_start) % 7, 7
    return Step.DAYS, day, 1
