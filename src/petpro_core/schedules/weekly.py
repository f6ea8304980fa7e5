"""Hours by the wall clock: one range, one week, and the dates on which a week's hours hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core._checks import NONE, as_kind, as_whole, kind, whole
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import DAY_US
from petpro_core.recurrence import Recurrence, RecurrenceRule
from petpro_core.recurrence._walls import plan_walls

if TYPE_CHECKING:
    import numpy.typing as npt

    from petpro_core.intervals import Int64Array

__all__ = [
    "WEEKDAYS",
    "ClockRange",
    "Ranges",
    "Season",
    "WeeklyHours",
    "as_date",
    "as_ranges",
    "cut_breaks",
    "day_number",
    "day_of_number",
]

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_RANGE_TEXT: Final = re.compile(r"\s*(\d\d?:\d\d(?::\d\d)?)\s*(?:-|\u2013|to)\s*(\d\d?:\d\d(?::\d\d)?)\s*(.*?)\s*")

Ranges = tuple["ClockRange", ...]


def day_number(day: date) -> int:
    """The days from 1970-01-01 to ``day``, the unit of every day column.

    >>> day_number(date(1970, 1, 2))
    1
    """
    return day.toordinal() - _EPOCH_ORDINAL


def day_of_number(number: int) -> date:
    """The date that lies ``number`` days after 1970-01-01; the inverse of ``day_number``."""
    return date.fromordinal(number + _EPOCH_ORDINAL)


def as_date(value: object) -> date:
    """A local date as it is; a datetime is none.

    Raises:
        InvalidValueError: The value is no date, or has a time.
    """
    if not isinstance(value, date) or isinstance(value, datetime):
        msg = f"a local date is wanted here, without a time, got {value!r}"
        raise InvalidValueError(msg, got=value)
    return value


def _clock_us(clock: time) -> int:
    return ((clock.hour * 60 + clock.minute) * 60 + clock.second) * 1_000_000 + clock.microsecond


def _to_clock(value: time | str) -> time:
    if isinstance(value, time):
        if value.tzinfo is not None:
            msg = f"a clock time has no zone of its own (the schedule has), got {value!r}"
            raise InvalidValueError(msg, got=value)
        return value
    as_kind("a clock time", value, time, str)
    text = "00:00" if value == "24:00" else value.zfill(5)
    try:
        return time.fromisoformat(text)
    except ValueError:
        msg = f"a clock time is written HH:MM between 00:00 and 24:00, got {value!r}"
        raise InvalidValueError(msg, got=value) from None


@attrs.frozen
class ClockRange:
    """Wall-clock hours of one day, half-open; an end at or before the start lies on the next day.

    An end of 00:00 is the midnight that ends the day, so ``00:00`` to ``00:00`` is the whole day. It belongs to the
    date on which it starts. ``name`` is what a person is told (``"lunch"``).

        >>> ClockRange.parse("09:00-17:00")
        ClockRange(09:00 to 17:00)
        >>> ClockRange.parse("22:00-02:00 night").end_us // 3_600_000_000
        26

    Attributes:
        start: The first instant, by the wall clock; text such as ``"09:00"`` is read.
        end: The first instant after, likewise; ``"24:00"`` is midnight.
        name: What a person is told.

    Raises:
        InvalidValueError: A clock time cannot be read or carries a zone.

    Source: ADR 6.
    """

    start: time = attrs.field(converter=_to_clock)
    end: time = attrs.field(converter=_to_clock)
    name: str = attrs.field(default="", validator=kind(str))

    @classmethod
    def parse(cls, text: str) -> ClockRange:
        """Read ``"09:00-17:00"``, with a name after it if there is one.

        Raises:
            InvalidValueError: The text has another form.
        """
        as_kind("a range of hours", text, str)
        match = _RANGE_TEXT.fullmatch(text)
        if match is None:
            msg = f"a range of hours is written HH:MM-HH:MM, got {text!r}"
            raise InvalidValueError(msg, got=text)
        return cls(match[1], match[2], match[3])

    @property
    def start_us(self) -> int:
        """Microseconds from the local midnight of its date to its start; at least 0, less than a day."""
        return _clock_us(self.start)

    @property
    def end_us(self) -> int:
        """Microseconds from the local midnight of its date to its end; more than ``start_us``, at most two days."""
        end = _clock_us(self.end)
        return end if end > self.start_us else end + DAY_US

    def __repr__(self) -> str:
        """Write the hours as people do."""
        name = f" {self.name}" if self.name else ""
        return f"ClockRange({_text(self.start)} to {_text(self.end)}{name})"


def _text(clock: time) -> str:
    return clock.isoformat("auto") if clock.second or clock.microsecond else clock.isoformat("minutes")


def as_ranges(value: Iterable[ClockRange | str] | ClockRange | str) -> Ranges:
    """Hours of one day, sorted, as objects; text is read by ``ClockRange.parse``.

    Raises:
        InvalidValueError: Two ranges overlap, or one cannot be read.
    """
    given = [value] if isinstance(value, (ClockRange, str)) or not isinstance(value, Iterable) else list(value)
    ranges = sorted((r if isinstance(r, ClockRange) else ClockRange.parse(r) for r in given), key=lambda r: r.start_us)
    for before, after in pairwise(ranges):
        if after.start_us < before.end_us:
            msg = f"ranges of one day may touch but not overlap, got {before} and {after}"
            raise InvalidValueError(msg, first=before, second=after)
    return tuple(ranges)


def _as_week(value: Mapping[str, Iterable[ClockRange | str]] | Iterable[object]) -> tuple[Ranges, ...]:
    if isinstance(value, Mapping):
        if unknown := set(value) - set(WEEKDAYS):
            msg = f"a weekday is one of {', '.join(WEEKDAYS)}, got {', '.join(sorted(map(str, unknown)))}"
            raise InvalidValueError(msg, got=sorted(map(str, unknown)))
        return tuple(as_ranges(value.get(day, ())) for day in WEEKDAYS)
    # A text would be read as seven days of one letter each.
    if isinstance(value, str) or not isinstance(value, Iterable):
        msg = f"a week is a mapping by weekday or seven lists, Monday first, got {value!r}"
        raise InvalidValueError(msg, got=value)
    days = tuple(as_ranges(day) for day in value)  # type: ignore[arg-type]  # each day is checked by as_ranges
    if len(days) != len(WEEKDAYS):
        msg = f"a week has seven days, Monday first, got {len(days)}"
        raise InvalidValueError(msg, got=len(days))
    return days


def _as_month_day(value: tuple[int, int]) -> tuple[int, int]:
    try:
        month, day = (as_whole("a season", part) for part in value)
        date(2000, month, day)  # A leap year: 29 February is a day that some years have.
    except (TypeError, ValueError):
        msg = f"a season runs between (month, day) pairs that exist, got {value!r}"
        raise InvalidValueError(msg, got=value) from None
    return month, day


@attrs.frozen
class Season:
    """The part of every year, by month and day, both inclusive, in which hours hold; it may pass New Year.

        >>> Season((11, 15), (2, 28)).holds(date(2026, 1, 3))
        True

    Attributes:
        first: Month (1 to 12) and day (1 to 31) on which it begins.
        last: Month and day on which it ends, likewise; before ``first`` it is one of the next year.

    Raises:
        InvalidValueError: A month and day that no year has.

    Source: ADR 6.
    """

    first: tuple[int, int] = attrs.field(converter=_as_month_day)
    last: tuple[int, int] = attrs.field(converter=_as_month_day)

    def holds(self, day: date) -> bool:
        """Whether the season includes ``day``."""
        at = (day.month, day.day)
        return self.first <= at <= self.last if self.first <= self.last else not self.last < at < self.first

    def holds_on(self, days: Int64Array) -> npt.NDArray[np.bool_]:
        """Which of these day numbers the season includes; no date is made, so that days beyond all years are fine."""
        dates = days.astype("datetime64[D]")
        months = dates.astype("datetime64[M]")
        at: Int64Array = months.astype(np.int64) % 12 * 100 + (dates - months).astype(np.int64)
        first, last = ((month - 1) * 100 + day - 1 for month, day in (self.first, self.last))
        begun, not_over = at >= first, at <= last
        inside: npt.NDArray[np.bool_] = begun & not_over if first <= last else begun | not_over
        return inside


def _as_rule(value: object) -> RecurrenceRule:
    rule = RecurrenceRule.parse(value) if isinstance(value, str) else value
    as_kind("recurs", rule, RecurrenceRule, str)
    return rule  # type: ignore[return-value]  # as_kind has refused everything else


@attrs.frozen(cache_hash=True)
class WeeklyHours:
    """Hours per weekday, the breaks in them, and the dates on which they hold.

    A break is a named gap: it cuts the hours, and each part is an opening range of its own, with its own grid of
    starts. The gap between two ranges of one day is a break too, without a name.

        >>> week = WeeklyHours({"monday": ["09:00-17:00"]}, breaks={"monday": ["12:00-13:00 lunch"]})
        >>> [(start // 3_600_000_000, end // 3_600_000_000) for start, end in week.openings_us[0]]
        [(9, 12), (13, 17)]

    Attributes:
        days: Seven tuples of ranges, Monday first. A mapping by weekday name is taken too.
        breaks: Seven tuples of named ranges, likewise.
        first: The first local date on which these hours hold; ``None`` = always before.
        last: The last one, inclusive; ``None`` = always after.
        season: The part of each year in which they hold; ``None`` = all of it.
        every: 1 to 1,000 weeks: 2 = every other week, and so on; counted in weeks that begin on Monday.
        week_of: A date in a week in which they hold; needed when ``every`` is more than 1.
        recurs: A rule (or its text) that gives the dates on which they hold, counted from ``first``, which is one only
            if the rule gives it: ``"FREQ=MONTHLY;BYDAY=2TU"``. ``None`` = every date.

    Raises:
        InvalidValueError: Ranges of one day overlap, ``last`` lies before ``first``, ``every`` has no ``week_of``,
            ``recurs`` has no ``first`` or speaks of times, or a value is of another type or outside its bounds.

    Source: ADR 6.
    """

    days: tuple[Ranges, ...] = attrs.field(converter=_as_week)
    breaks: tuple[Ranges, ...] = attrs.field(converter=_as_week, factory=dict, kw_only=True)
    first: date | None = attrs.field(default=None, converter=attrs.converters.optional(as_date), kw_only=True)
    last: date | None = attrs.field(default=None, converter=attrs.converters.optional(as_date), kw_only=True)
    season: Season | None = attrs.field(default=None, validator=kind(Season, NONE), kw_only=True)
    every: int = attrs.field(default=1, validator=whole(1, 1000), kw_only=True)
    week_of: date | None = attrs.field(default=None, converter=attrs.converters.optional(as_date), kw_only=True)
    recurs: RecurrenceRule | None = attrs.field(
        default=None, converter=attrs.converters.optional(_as_rule), kw_only=True
    )

    def __attrs_post_init__(self) -> None:
        """Refuse dates and weeks that cannot be meant."""
        if self.first is not None and self.last is not None and self.last < self.first:
            msg = f"hours hold from their first date to their last, got {self.first} to {self.last}"
            raise InvalidValueError(msg, first=self.first, last=self.last)
        if self.every > 1 and self.week_of is None:
            msg = f"hours of every {self.every} weeks are counted from week_of, got None; give a date of such a week"
            raise InvalidValueError(msg, every=self.every, week_of=self.week_of)
        if self.recurs is not None:
            if self.first is None:
                msg = f"hours that recur are counted from their first date, got none beside {self.recurs}; give first"
                raise InvalidValueError(msg, name="recurs", got=str(self.recurs))
            _ = self._dates  # refuses a rule that dates cannot follow

    @property
    def always(self) -> bool:
        """Whether they hold on every date."""
        # Hours that recur have a first date.
        return self.first is None and self.last is None and self.season is None and self.every == 1

    @cached_property
    def _dates(self) -> Recurrence:
        """The dates that ``recurs`` gives; the start is left out where they are asked for."""
        return Recurrence(self.first or date.min, "UTC", rules=self.recurs or ())

    @cached_property
    def openings_us(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """For each weekday its opening ranges, breaks cut out, in microseconds from the local midnight of its date."""
        return tuple(cut_breaks(hours, breaks) for hours, breaks in zip(self.days, self.breaks, strict=True))

    def holds_on(self, days: Int64Array) -> npt.NDArray[np.bool_]:
        """On which of these day numbers the hours hold."""
        mask = np.ones(len(days), np.bool_)
        if self.first is not None:
            mask &= days >= day_number(self.first)
        if self.last is not None:
            mask &= days <= day_number(self.last)
        if self.week_of is not None:
            monday = day_number(self.week_of) - self.week_of.weekday()
            mask &= (days - monday) // 7 % self.every == 0
        if self.season is not None:
            mask &= self.season.holds_on(days)
        if self.recurs is not None and len(days):
            mask &= np.isin(days, self._recurring(int(days.min()), int(days.max()) + 1))
        return mask

    def _recurring(self, first: int, after: int) -> Int64Array:
        """The day numbers that the rule gives, from the first up to another."""
        ((plan, _),) = self._dates.plans
        _, walls = plan_walls((plan,), first * DAY_US, after * DAY_US, limit=after - first, with_start=False)
        found: Int64Array = walls // DAY_US
        return found


def cut_breaks(hours: Ranges, breaks: Ranges) -> tuple[tuple[int, int], ...]:
    """Take the breaks of a day out of its hours; a break after midnight reaches hours that run over it."""
    cuts = sorted((b.start_us + shift, b.end_us + shift) for b in breaks for shift in (0, DAY_US))
    left: list[tuple[int, int]] = []
    for opening in hours:
        start, end = opening.start_us, opening.end_us
        for cut_start, cut_end in cuts:
            if cut_end <= start or cut_start >= end:
                continue
            if cut_start > start:
                left.append((start, cut_start))
            start = cut_end
        if start < end:
            left.append((start, end))
    return tuple(left)
