"""The Gregorian calendar as columns: what each day of one cycle of 400 years is, and looked up for any days.

A day is known to a rule by small codes. ``dates`` says the day of the year and whether the year is a leap year, and so
the month and the day of the month too; ``month_weekdays`` says the weekday, its place in the month and how many of it
the month has; ``year_weekdays`` says the same of the year. Counting from the end needs nothing else.

The calendar repeats after 400 years, weekdays included, so that one cycle serves all.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from petpro_core.intervals import Int64Array

__all__ = [
    "DATE_CODES",
    "MONTH_WEEKDAY_CODES",
    "YEAR_WEEKDAY_CODES",
    "Cycle",
    "cycle",
    "fourths",
    "week_codes",
    "weekday_of",
]

_CYCLE_DAYS: Final = 146_097
DATE_CODES: Final = 366 * 2
MONTH_WEEKDAY_CODES: Final = 7 * 10
YEAR_WEEKDAY_CODES: Final = 7 * 106
_CYCLE_MONTHS: Final = 4_800
# Cycles begin with 1900-01-01, so that the dates that people ask for lie inside one.
_ORIGIN: Final = -25_567
_EPOCH_WEEKDAY: Final = 3

Codes = npt.NDArray[np.intp]


def weekday_of(day: int) -> int:
    """The weekday of a day number (0 = 1970-01-01, a Thursday); Monday is 0."""
    return (day + _EPOCH_WEEKDAY) % 7


@attrs.frozen(eq=False)
class Cycle:
    """The columns of one cycle, each with a row for each day; never written to."""

    dates: Codes
    month_weekdays: Codes
    year_weekdays: Codes
    months: Codes

    def codes(self, column: Codes, days: tuple[int, int]) -> Codes:
        """A column for the days from the first up to the second; without a copy where they lie in one cycle."""
        first, count = (days[0] - _ORIGIN) % _CYCLE_DAYS, days[1] - days[0]
        if first + count <= _CYCLE_DAYS:
            return column[first : first + count]
        return column.take(np.arange(first, first + count), mode="wrap")

    def codes_of(self, column: Codes, days: Int64Array) -> Codes:
        """A column for any days."""
        return column.take((days - _ORIGIN) % _CYCLE_DAYS)

    def months_of(self, days: Int64Array) -> Int64Array:
        """The months of days, counted from year 0: ``year * 12 + month - 1``."""
        since = days - _ORIGIN
        cycles = since // _CYCLE_DAYS
        months: Int64Array = self.months.take(since - cycles * _CYCLE_DAYS) + cycles * _CYCLE_MONTHS
        return months


@cache
def cycle() -> Cycle:
    """The one cycle there is, made when it is first asked for."""
    numbers = np.arange(_ORIGIN, _ORIGIN + _CYCLE_DAYS)
    days = numbers.astype("datetime64[D]")
    months, years = days.astype("datetime64[M]"), days.astype("datetime64[Y]")
    in_month = (days - months.astype("datetime64[D]")).astype(np.intp)
    in_year = (days - years.astype("datetime64[D]")).astype(np.intp)
    month_left = ((months + 1).astype("datetime64[D]") - days).astype(np.intp) - 1
    year_left = ((years + 1).astype("datetime64[D]") - days).astype(np.intp) - 1
    weekday = (numbers + _EPOCH_WEEKDAY) % 7
    made = Cycle(
        dates=in_year * 2 + (in_year + year_left - 364),
        month_weekdays=weekday * 10 + in_month // 7 * 2 + (in_month // 7 + month_left // 7 - 3),
        year_weekdays=weekday * 106 + in_year // 7 * 2 + (in_year // 7 + year_left // 7 - 51),
        months=months.astype(np.intp) + 1970 * 12,
    )
    for column in (made.dates, made.month_weekdays, made.year_weekdays, made.months):
        column.setflags(write=False)
    return made


def fourths(days: Int64Array, week_start: int) -> Int64Array:
    """The fourth day of each day's week, whose year is the year of the week."""
    return days - (days + (_EPOCH_WEEKDAY - week_start)) % 7 + 3


@cache
def week_codes(week_start: int) -> Codes:
    """For each day of the cycle the place of its week in its year: that of its fourth day's weekday in the year."""
    days = np.arange(_ORIGIN, _ORIGIN + _CYCLE_DAYS)
    codes = cycle().codes_of(cycle().year_weekdays, fourths(days, week_start)) % (YEAR_WEEKDAY_CODES // 7)
    codes.setflags(write=False)
    return codes
