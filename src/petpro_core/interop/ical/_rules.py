"""RRULE and EXRULE: read with the line they stand on, expanded by the recurrence kernel, and bounded for a whole file.

Rules are expanded on wall times, which our zones convert afterwards. Source: RFC 5545 sections 3.3.10 and 3.8.5.3.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

import attrs

from petpro_core.errors import InvalidValueError, LimitExceededError
from petpro_core.interop.ical._values import DAY_US, placed, wall_us
from petpro_core.recurrence import Frequency, RecurrenceRule, wall_times
from petpro_core.timezones import LocalTimes

if TYPE_CHECKING:
    from petpro_core.interop.ical._lines import Property
    from petpro_core.interop.ical._values import Clocks, Moment

__all__ = ["Budget", "Rule", "expand", "later", "read_rule"]

_BY_DAYS: Final = (Frequency.YEARLY, Frequency.MONTHLY, Frequency.WEEKLY, Frequency.DAILY)
_PARTS: Final = "FREQ, INTERVAL, COUNT or UNTIL, BY parts, WKST; with RSCALE=GREGORIAN also SKIP"
_MOST_IN_MONTH: Final = 5
_LAST_SECOND: Final = time(23, 59, 59)
# Even a small limit leaves room for the rules of a zone since 1970.
_FEWEST: Final = 10_000
# A day costs a few nanoseconds: with the usual limit a file may cost some tenths of a second.
_DAYS_PER_OCCURRENCE: Final = 2_000


class Budget:
    """What reading one file may cost: occurrences in the window, and days that its rules look at."""

    def __init__(self, limit: int) -> None:
        """Start with nothing spent."""
        self.limit = limit
        self.longest = max(limit, _FEWEST)
        self.occurrences = 0
        self.days = 0

    def keep(self, count: int, *, line: int) -> None:
        """Count occurrences that fall into the window.

        Raises:
            LimitExceededError: there are more than ``limit``.
        """
        self.occurrences += count
        if self.occurrences > self.limit:
            message = (
                f"line {line}: the calendar has more than limit={self.limit} occurrences in the window; "
                "ask for a shorter one or raise the limit"
            )
            raise LimitExceededError(message, limit=self.limit, got=self.occurrences, line=line, bound="limit")

    def look(self, days: int) -> None:
        """Count the days that a rule looks at.

        Raises:
            LimitExceededError: all rules together look at too many.
        """
        self.days += days
        if self.days > self.longest * _DAYS_PER_OCCURRENCE:
            raise LimitExceededError("too many days", limit=self.limit, got=self.days)


@attrs.frozen
class Rule:
    """One RRULE or EXRULE, the moment up to which it holds, and its line."""

    rule: RecurrenceRule
    until: Moment | None
    named: Property


def _until(rule: RecurrenceRule, named: Property, start: Moment, clocks: Clocks) -> Moment | None:
    until = rule.until
    if until is None:
        return None
    if not isinstance(until, datetime):
        # The whole of that day: for a timed event the standard asks for a time, and busy time must not be lost.
        return placed(datetime.combine(until, _LAST_SECOND), start.zone, is_date=False, named=named)
    wall, is_utc = until.replace(tzinfo=None), until.tzinfo is UTC
    read = placed(wall, clocks.utc if is_utc else start.zone, is_date=False, named=named)
    if start.is_date and is_utc:
        # Some writers mean the date they wrote, others their own midnight: the later of both readings counts.
        midnight = placed(datetime.combine(wall, time.min), start.zone, is_date=False, named=named)
        return max(read, midnight, key=lambda moment: moment.us)
    return read


def read_rule(named: Property, start: Moment, clocks: Clocks) -> Rule:
    """Read a RRULE that belongs to an event's start.

    Raises:
        InvalidCalendarError: a part is unknown, stands twice, is out of its bounds, or forbidden with another.
    """
    try:
        rule = RecurrenceRule.parse(named.value)
        if start.is_date:
            # The standard says to ignore times of day for all-day events.
            rule = attrs.evolve(rule, by_hour=(), by_minute=(), by_second=())
    except InvalidValueError as error:
        raise named.error(error.message.partition(", got ")[0], allowed=_PARTS) from None
    if start.is_date and rule.frequency not in _BY_DAYS:
        raise named.error("an all-day event repeats by days", allowed=", ".join(_BY_DAYS))
    if rule.frequency is Frequency.MONTHLY and any(abs(day.nth or 1) > _MOST_IN_MONTH for day in rule.by_day):
        raise named.error("a month has each weekday at most five times", allowed="1 to 5 and -5 to -1 before a weekday")
    return Rule(rule, _until(rule, named, start, clocks), named)


def later(wall: datetime, *, days: int) -> datetime:
    """Give the wall time some days later (earlier if negative), at most the last (first) that there is."""
    try:
        return wall + timedelta(days=days)
    except OverflowError:
        return datetime.max if days > 0 else datetime.min  # noqa: DTZ901 - wall times, in no zone


def expand(
    rule: Rule, start: Moment, *, lower: datetime, upper: datetime, budget: Budget, with_start: bool = False
) -> LocalTimes:
    """Give the rule's wall times from ``lower`` to ``upper``, as microseconds of the start's own clock.

    The start itself is only among them where the rule says so, or ``with_start``, and then it uses up one of COUNT.

    Raises:
        LimitExceededError: there are too many, or the rule looks at too many days to find them.
    """
    line, limit = rule.named.line, budget.limit
    # Offsets are below a day, so the clock of the start's zone shows at most two days more than that of UNTIL.
    last = None if rule.until is None else wall_us(rule.until.wall) + 2 * DAY_US
    try:
        local = wall_times(
            rule.rule,
            wall_us(start.wall),
            wall_us(lower),
            wall_us(upper) + 1,
            limit=budget.longest,
            until=last,
            with_start=with_start,
            spend=budget.look,
        )
    except LimitExceededError as error:
        message = (
            f"line {line}: the recurrence rules have too many occurrences near the window, or look at too many days to "
            f"get there (limit={limit}); shorten the window or raise the limit"
        )
        raise LimitExceededError(message, limit=limit, got=error.got, line=line, bound="limit") from None
    if rule.until is not None:
        local = LocalTimes(local[start.zone.to_utc_us(local) <= rule.until.us])
    return local
