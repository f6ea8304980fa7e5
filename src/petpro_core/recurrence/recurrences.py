"""Something that repeats: a start by the wall clock of a zone, how long each lasts, and which dates come and go."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NoReturn

import attrs
import numpy as np

from petpro_core._checks import LONGEST, TICK, as_each, as_kind, as_length, as_whole, kind
from petpro_core.errors import InvalidRecurrenceError
from petpro_core.intervals import DAY_US, NEVER, Interval, duration_us, to_us
from petpro_core.recurrence._plans import Plan, compile_rule
from petpro_core.recurrence._words import Frequency
from petpro_core.recurrence.rules import RecurrenceRule
from petpro_core.timezones import LocalTimes, TimeZone, as_zone

if TYPE_CHECKING:
    from petpro_core.intervals import Int64Array

__all__ = ["Recurrence"]

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - wall times are counted from here, in no zone
_IN_DAY: Final = (Frequency.HOURLY, Frequency.MINUTELY, Frequency.SECONDLY)
_ONCE: Final = RecurrenceRule(Frequency.DAILY, count=1)
_TWO_DAYS_US: Final = 2 * DAY_US


def _as_rules(value: object) -> tuple[RecurrenceRule, ...]:
    given = (value,) if isinstance(value, (str, RecurrenceRule)) else value
    as_kind("rules", given, Iterable)
    each: Iterable[object] = given  # type: ignore[assignment]  # as_kind has refused what is no collection
    read = [RecurrenceRule.parse(one) if isinstance(one, str) else one for one in each]
    return as_each(RecurrenceRule, "rules", read)


def _several(value: object) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, Iterable) else (value,)


def _wall_us(wall: date) -> int:
    """Microseconds since 1970-01-01T00:00 on the same wall; of a date, its midnight."""
    if isinstance(wall, datetime):
        return duration_us(wall - _EPOCH)
    return (wall - _EPOCH.date()).days * DAY_US


@attrs.frozen(cache_hash=True)
class Recurrence:
    """A start, how long it lasts, and how it repeats, by the wall clock of one zone.

        >>> from datetime import UTC
        >>> from petpro_core.recurrence import expand
        >>> walk = Recurrence(datetime(2026, 3, 1, 9, 0), "America/New_York", timedelta(hours=1), rules="FREQ=WEEKLY")
        >>> march = Interval(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 15, tzinfo=UTC))
        >>> list(expand(walk, within=march))
        [Interval(2026-03-01 14:00 to 15:00 UTC), Interval(2026-03-08 13:00 to 14:00 UTC)]

    The start is always an occurrence, and the first that a COUNT counts, also where no rule gives it. A wall time in
    a gap takes the offset before the gap (02:30 becomes 03:30) and counts; one that exists twice is the first. Several
    occurrences that begin together are one: that of an ``Interval`` among the dates, else the one that its wall time
    puts first. A day that its zone left out has none.

    Attributes:
        start: The first one: a naive datetime on a whole second, or a date, from midnight to midnight.
        zone: The zone whose wall clock is meant; a key is taken too.
        duration: How long each lasts: elapsed time, more than zero, or a whole number of days by the wall clock (from
            09:00 to 09:00), up to 3,660 days. A date lasts whole days, by default 1; a time has no default.
        rules: How it repeats; one rule, several, or their texts. None = not at all.
        dates: More occurrences: dates where the start is one; else naive datetimes of the zone, aware ones, or an
            ``Interval`` with a length of its own.
        excluded: Starts that are none: dates where the start is one, else naive or aware datetimes.
        excluding: Rules that give starts which are none (EXRULE of old files); they begin at the start, and do not
            count it unless they give it.

    Raises:
        InvalidRecurrenceError: A value does not fit to the start (a time of day for a date, UNTIL of another kind or
            before the start), or the start is not on a whole second or has a zone of its own.
        InvalidValueError: A value of another type, or outside its bounds.
        UnknownTimeZoneError: No zone of that key.

    Source: RFC 5545 section 3.8.5; ADR 16.
    """

    start: date | datetime = attrs.field(validator=kind(date))
    zone: TimeZone = attrs.field(converter=as_zone)
    duration: timedelta | int | None = attrs.field(default=None)
    rules: tuple[RecurrenceRule, ...] = attrs.field(converter=_as_rules, default=(), kw_only=True)
    dates: tuple[date | datetime | Interval, ...] = attrs.field(converter=_several, default=(), kw_only=True)
    excluded: tuple[date | datetime, ...] = attrs.field(converter=_several, default=(), kw_only=True)
    excluding: tuple[RecurrenceRule, ...] = attrs.field(converter=_as_rules, default=(), kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse what does not fit together."""
        start = self.start
        if isinstance(start, datetime) and (start.tzinfo is not None or start.microsecond):
            self._refuse("start", "a recurrence starts at a wall time on a whole second, without a tzinfo", start)
        if isinstance(start, datetime):
            as_kind("duration", self.duration, timedelta, int)
        elif self.duration is None:
            object.__setattr__(self, "duration", 1)
        elif isinstance(self.duration, timedelta):
            self._refuse("duration", "a recurrence of dates lasts a whole number of days", self.duration)
        if isinstance(self.duration, timedelta):
            as_length("duration", self.duration, TICK)
        else:
            object.__setattr__(self, "duration", as_whole("duration", self.duration, 1, LONGEST.days))
        for rule in (*self.rules, *self.excluding):
            self._check(rule)
        for name, also in (("dates", (Interval,)), ("excluded", ())):
            for moment in getattr(self, name):
                self._check_moment(name, moment, also)

    def _refuse(self, name: str, sentence: str, got: object) -> NoReturn:
        msg = f"{sentence}, got {got}"
        raise InvalidRecurrenceError(msg, part=name, got=got)

    def _check(self, rule: RecurrenceRule) -> None:
        until = rule.until
        if isinstance(self.start, datetime):
            if until is not None and not isinstance(until, datetime):
                self._refuse("UNTIL", "UNTIL is a time where the start is one; give the last moment of that day", rule)
        elif rule.frequency in _IN_DAY or rule.by_hour or rule.by_minute or rule.by_second:
            self._refuse("FREQ", "a recurrence of dates repeats by the day or longer, without times of day", rule)
        elif isinstance(until, datetime):
            self._refuse("UNTIL", "UNTIL is a date where the start is one", rule)
        wall, instant = self._last(rule)
        if until is not None and (wall < self.start_wall or instant < self.start_us):
            self._refuse("UNTIL", f"UNTIL does not lie before the start {self.start}", rule)

    def _check_moment(self, name: str, moment: object, also: tuple[type, ...]) -> None:
        if isinstance(self.start, datetime):
            as_kind(name, moment, datetime, *also)
        elif not isinstance(moment, date) or isinstance(moment, datetime):
            self._refuse(name, f"{name} of a recurrence of dates are dates", moment)

    def _last(self, rule: RecurrenceRule) -> tuple[int, int]:
        """The last wall time and the last instant that UNTIL allows; ``NEVER`` where it does not say."""
        until = rule.until
        if until is None:
            return NEVER, NEVER
        if isinstance(until, datetime) and until.tzinfo is not None:
            # Offsets are below a day, so the wall clock shows no more than that beyond the instant.
            return to_us(until) + _TWO_DAYS_US, to_us(until)
        return _wall_us(until), NEVER

    def instants(self, walls: Int64Array) -> Int64Array:
        """The instants of wall times, both in microseconds."""
        return self.zone.to_utc_us(LocalTimes(walls))

    @cached_property
    def start_wall(self) -> int:
        """The start by the wall clock, in microseconds."""
        return _wall_us(self.start)

    @cached_property
    def start_us(self) -> int:
        """The instant of the start, in microseconds."""
        return int(self.instants(np.array([self.start_wall]))[0])

    @cached_property
    def length(self) -> tuple[int, int]:
        """How long each occurrence lasts: days of the wall clock, and microseconds after them; one of them is 0."""
        if isinstance(self.duration, timedelta):
            return 0, duration_us(self.duration)
        return int(self.duration or 0), 0

    @cached_property
    def reach_us(self) -> int:
        """No occurrence lasts longer than this, in microseconds; days may be longer than 24 hours."""
        days, length = self.length
        given = [one.end_us - one.start_us for one in self.dates if isinstance(one, Interval)]
        return max([length or (days + 2) * DAY_US, *given])

    @cached_property
    def plans(self) -> tuple[tuple[Plan, int], ...]:
        """The rules, compiled, each with the last instant that it allows; without rules one that gives the start."""
        return tuple(self._compiled(rule) for rule in self.rules or (_ONCE,))

    @cached_property
    def excluding_plans(self) -> tuple[tuple[Plan, int], ...]:
        """The excluding rules, likewise."""
        return tuple(self._compiled(rule) for rule in self.excluding)

    def _compiled(self, rule: RecurrenceRule) -> tuple[Plan, int]:
        wall, instant = self._last(rule)
        return compile_rule(rule, self.start_wall, None if wall == NEVER else wall), instant

    @cached_property
    def plain(self) -> bool:
        """Whether one rule, or the start alone, says everything."""
        return len(self.rules) <= 1 and not (self.dates or self.excluded or self.excluding)

    @cached_property
    def elapsed_us(self) -> int:
        """The elapsed length where one rule, or the start alone, says everything; else 0."""
        return self.length[1] if self.plain else 0

    @cached_property
    def excluded_us(self) -> Int64Array:
        """The instants of ``excluded``, in microseconds."""
        return self.instants_of(self.excluded)

    @cached_property
    def given_us(self) -> tuple[Int64Array, Int64Array]:
        """Starts and ends of ``dates``, in microseconds: intervals first."""
        own = [(one.start_us, one.end_us) for one in self.dates if isinstance(one, Interval)]
        moments = [one for one in self.dates if not isinstance(one, Interval)]
        days, length = self.length
        walls = np.array([self._wall_of(moment) for moment in moments], np.int64)
        starts = self.instants_of(moments)
        ends = self.instants(walls + days * DAY_US) if days else starts + length
        columns = np.array(own, np.int64).reshape(-1, 2)
        return np.append(columns[:, 0], starts), np.append(columns[:, 1], ends)

    def instants_of(self, moments: Iterable[date | datetime]) -> Int64Array:
        """The instants of dates, wall times and aware times, in microseconds."""
        us = [
            to_us(moment)
            if isinstance(moment, datetime) and moment.tzinfo is not None
            else int(self.instants(np.array([_wall_us(moment)]))[0])
            for moment in moments
        ]
        return np.array(us, np.int64)

    def _wall_of(self, moment: date | datetime) -> int:
        if isinstance(moment, datetime) and moment.tzinfo is not None:
            return _wall_us(self.zone.to_local(moment).replace(tzinfo=None))
        return _wall_us(moment)
