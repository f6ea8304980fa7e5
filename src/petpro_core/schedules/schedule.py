"""One schedule: a zone, weekly hours and every exception to them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import attrs
import numpy as np

from petpro_core._checks import as_each, handle
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import DAY_US
from petpro_core.schedules.dates import Closure, DateOverride, ExtraHours, Holiday, TemporaryZone
from petpro_core.schedules.weekly import WeeklyHours, day_number
from petpro_core.timezones import as_zone

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from petpro_core.intervals import Int64Array
    from petpro_core.timezones import TimeZone

__all__ = ["FlatSchedule", "Schedule"]


# One converter for each field, because that is what gives the arguments of the constructor their types.
def _as_hours(value: WeeklyHours | Iterable[WeeklyHours]) -> tuple[WeeklyHours, ...]:
    return as_each(WeeklyHours, "hours", value)


def _as_overrides(value: DateOverride | Iterable[DateOverride]) -> tuple[DateOverride, ...]:
    return as_each(DateOverride, "overrides", value)


def _as_extra(value: ExtraHours | Iterable[ExtraHours]) -> tuple[ExtraHours, ...]:
    return as_each(ExtraHours, "extra", value)


def _as_holidays(value: Holiday | Iterable[Holiday]) -> tuple[Holiday, ...]:
    return as_each(Holiday, "holidays", value)


def _as_closures(value: Closure | Iterable[Closure]) -> tuple[Closure, ...]:
    return as_each(Closure, "closures", value)


def _as_travel(value: TemporaryZone | Iterable[TemporaryZone]) -> tuple[TemporaryZone, ...]:
    return as_each(TemporaryZone, "travel", value)


@attrs.frozen(eq=False)
class FlatSchedule:
    """A schedule's rules as columns, made once: what ``expand`` reads.

    Attributes:
        weekly: int64[4, r]: ordinal of the weekly hours; midnight, start and end of each opening in microseconds from
            Monday's midnight by the wall clock.
        dated: int64[k, 3]: day number, start and end of overrides and extra hours.
        replaced: int64[m]: day numbers on which the weekly hours give way (overrides and holidays).
        closed: first and last day number of each closure.
    """

    weekly: Int64Array
    dated: Int64Array
    replaced: Int64Array
    closed: tuple[tuple[int, int], ...]


@attrs.frozen(cache_hash=True)
class Schedule:
    """Hours by the wall clock of a zone, with every exception, for one location.

        >>> hours = WeeklyHours({"monday": ["09:00-12:00", "13:00-17:00"]})
        >>> Schedule("Europe/Berlin", hours).zone.key
        'Europe/Berlin'

    Attributes:
        zone: The zone whose wall clock the hours are read by; a key is taken too.
        hours: Weekly hours; on each date the last that holds wins.
        overrides: Single dates replaced.
        extra: Hours added to single dates.
        holidays: Public holidays (from ``petpro_core.interop.holidays`` or a list).
        closures: Dates on which nothing opens.
        travel: Dates on which the hours are read in another zone.
        location: The handle (0 or more) of the place these hours belong to; ``None`` = every place.

    Raises:
        InvalidValueError: Two overrides of one date, or a value of another type.
        UnknownTimeZoneError: No zone of that key.

    Source: ADR 6 (precedence).
    """

    zone: TimeZone = attrs.field(converter=as_zone)
    hours: tuple[WeeklyHours, ...] = attrs.field(converter=_as_hours, default=())
    overrides: tuple[DateOverride, ...] = attrs.field(converter=_as_overrides, default=(), kw_only=True)
    extra: tuple[ExtraHours, ...] = attrs.field(converter=_as_extra, default=(), kw_only=True)
    holidays: tuple[Holiday, ...] = attrs.field(converter=_as_holidays, default=(), kw_only=True)
    closures: tuple[Closure, ...] = attrs.field(converter=_as_closures, default=(), kw_only=True)
    travel: tuple[TemporaryZone, ...] = attrs.field(converter=_as_travel, default=(), kw_only=True)
    location: int | None = attrs.field(default=None, validator=handle(), kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse two replacements of one date: nobody could say which holds."""
        days = [override.day for override in self.overrides]
        if len(set(days)) < len(days):
            twice = next(day for day in days if days.count(day) > 1)
            msg = f"a date is overridden once at most, got two overrides of {twice}; put all ranges in one"
            raise InvalidValueError(msg, day=twice)

    @cached_property
    def flat(self) -> FlatSchedule:
        """The rules as columns."""
        weekly = [
            (ordinal, weekday * DAY_US, weekday * DAY_US + start, weekday * DAY_US + end)
            for ordinal, hours in enumerate(self.hours)
            for weekday, openings in enumerate(hours.openings_us)
            for start, end in openings
        ]
        dates: list[DateOverride | ExtraHours] = [*self.overrides, *self.extra]
        dated = [(day_number(d.day), r.start_us, r.end_us) for d in dates for r in d.ranges]
        replacing: list[DateOverride | Holiday] = [*self.overrides, *self.holidays]
        replaced = sorted({day_number(d.day) for d in replacing})
        return FlatSchedule(
            weekly=np.array(weekly, np.int64).reshape(-1, 4).T.copy(),
            dated=np.array(dated, np.int64).reshape(-1, 3),
            replaced=np.array(replaced, np.int64),
            closed=tuple((day_number(c.first), day_number(c.last)) for c in self.closures),
        )

    @cached_property
    def plain(self) -> bool:
        """Whether the one set of weekly hours holds on every date, with nothing beside it."""
        return (
            len(self.hours) == 1
            and self.hours[0].always
            and not (self.overrides or self.extra or self.holidays or self.closures)
        )

    def zone_on(self, day: date) -> TimeZone:
        """The zone in which the hours of a local date are read: the last journey that includes it, else ``zone``."""
        return next((t.zone for t in reversed(self.travel) if t.first <= day <= t.last), self.zone)

    def hours_on(self, day: date) -> WeeklyHours | None:
        """The weekly hours that hold on a date, exceptions aside."""
        number = np.array([day_number(day)])
        return next((hours for hours in reversed(self.hours) if hours.holds_on(number)[0]), None)
