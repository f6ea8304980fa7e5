"""RRULE: read strictly, expanded by dateutil on wall times, and bounded in steps.

dateutil sees only what makes it move: its wall times carry no zone (our zones convert them), and for daily and shorter
rules it gets no part that merely limits, because it would walk through refused seconds without giving back control.
Those parts are tested here, one step at a time, and every step is counted. A rule that starts long before the window
is moved near it by whole intervals. Source: RFC 5545 sections 3.3.10 and 3.8.5.3.
"""

from __future__ import annotations

import math
import re
from datetime import MAXYEAR, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

import attrs
import numpy as np
from dateutil import rrule

from petpro_core.errors import LimitExceededError
from petpro_core.interop.ical._values import Moment, placed, read_wall, wall_us
from petpro_core.timezones import LocalTimes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from petpro_core.interop.ical._lines import Property
    from petpro_core.interop.ical._values import Clocks

__all__ = ["Budget", "Rule", "expand", "later", "read_rule"]

_FREQUENCIES: Final[dict[str, Literal[0, 1, 2, 3, 4, 5, 6]]] = {
    "YEARLY": rrule.YEARLY, "MONTHLY": rrule.MONTHLY, "WEEKLY": rrule.WEEKLY, "DAILY": rrule.DAILY,
    "HOURLY": rrule.HOURLY, "MINUTELY": rrule.MINUTELY, "SECONDLY": rrule.SECONDLY,
}  # fmt: skip
_STEP: Final = {
    rrule.WEEKLY: timedelta(weeks=1), rrule.DAILY: timedelta(days=1), rrule.HOURLY: timedelta(hours=1),
    rrule.MINUTELY: timedelta(minutes=1), rrule.SECONDLY: timedelta(seconds=1),
}  # fmt: skip
_WEEKDAYS: Final = {
    "MO": rrule.MO,
    "TU": rrule.TU,
    "WE": rrule.WE,
    "TH": rrule.TH,
    "FR": rrule.FR,
    "SA": rrule.SA,
    "SU": rrule.SU,
}
# Part: dateutil's keyword, lowest, highest, whether it may count from the end, and where the standard forbids it.
_PARTS: Final = {
    "BYSECOND": ("bysecond", 0, 60, False, ()),
    "BYMINUTE": ("byminute", 0, 59, False, ()),
    "BYHOUR": ("byhour", 0, 23, False, ()),
    "BYMONTHDAY": ("bymonthday", 1, 31, True, (rrule.WEEKLY,)),
    "BYYEARDAY": ("byyearday", 1, 366, True, (rrule.DAILY, rrule.WEEKLY, rrule.MONTHLY)),
    "BYWEEKNO": ("byweekno", 1, 53, True, tuple(f for f in _FREQUENCIES.values() if f != rrule.YEARLY)),
    "BYMONTH": ("bymonth", 1, 12, False, ()),
    "BYSETPOS": ("bysetpos", 1, 366, True, ()),
}
_TIMES: Final = ("byhour", "byminute", "bysecond")
_DAYS: Final = ("byweekno", "byyearday", "bymonthday", "byweekday")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,3}")
_WEEKDAY: Final = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_MOST_IN_MONTH: Final = 5
_MOST_IN_YEAR: Final = 53
_MOST_POSITIONS: Final = 64
_BIGGEST_COUNT: Final = 1_000_000_000
# Weeks of this number still fit into a timedelta.
_BIGGEST_INTERVAL: Final = 10_000_000
# The calendar repeats exactly after this many years, weekdays included.
_CYCLE: Final = 400
_STEPS_PER_OCCURRENCE: Final = 10
# Even a small limit leaves room for the rules of a zone since 1970.
_FEWEST_STEPS: Final = 10_000


class Budget:
    """What reading one file may cost: occurrences in the window, and steps of its rules."""

    def __init__(self, limit: int) -> None:
        """Start with nothing spent."""
        self.limit = limit
        self.longest = max(limit, _FEWEST_STEPS)
        self.occurrences = 0
        self.steps = 0

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

    def walk(self, count: int, *, line: int) -> None:
        """Count the steps taken through one rule, whether or not they fall into the window.

        Raises:
            LimitExceededError: this rule took more than ``longest``, or all together ten times as many.
        """
        self.steps += count
        most = self.longest * _STEPS_PER_OCCURRENCE
        if count > self.longest or self.steps > most:
            message = (
                f"line {line}: the recurrence rules take too many steps to reach the window's end, more than "
                f"{self.longest} each or {most} together (limit={self.limit}); shorten the window or raise the limit"
            )
            raise LimitExceededError(message, limit=self.limit, got=self.steps, line=line, bound="limit")


@attrs.frozen
class Rule:
    """One RRULE or EXRULE: dateutil's keywords, and the bounds that are kept here."""

    frequency: Literal[0, 1, 2, 3, 4, 5, 6]
    interval: int
    count: int | None
    until: Moment | None
    parts: dict[str, Any]
    weekstart: Any
    line: int


def _number(text: str, part: str, named: Property, lowest: int, highest: int) -> int:
    if re.fullmatch(r"\+?[0-9]{1,10}", text) is None or not lowest <= int(text) <= highest:
        raise named.error(rule=f"{part} must be a whole number", got=text, allowed=f"{lowest} to {highest}")
    return int(text)


def _numbers(text: str, part: str, named: Property) -> tuple[int, ...]:
    _, lowest, highest, signed, _ = _PARTS[part]
    allowed = f"{lowest} to {highest}" + (f" and -{highest} to -{lowest}" if signed else "")
    values = set()
    for item in text.split(","):
        value = int(item) if _NUMBER.fullmatch(item) else None
        if value is None or not lowest <= (abs(value) if signed else value) <= highest:
            raise named.error(rule=f"{part} must list whole numbers", got=item, allowed=allowed)
        # A leap second is read as the second before it, as times are.
        values.add(min(value, 59) if part == "BYSECOND" else value)
    if part == "BYSETPOS" and len(values) > _MOST_POSITIONS:
        message = f"line {named.line}: BYSETPOS lists at most {_MOST_POSITIONS} places, got {len(values)}; list fewer"
        raise LimitExceededError(message, limit=_MOST_POSITIONS, got=len(values), line=named.line, bound="BYSETPOS")
    return tuple(sorted(values))


def _weekdays(text: str, named: Property, *, frequency: int, weeks: bool) -> tuple[Any, ...]:
    found = set()
    most = {rrule.YEARLY: 0 if weeks else _MOST_IN_YEAR, rrule.MONTHLY: _MOST_IN_MONTH}.get(frequency, 0)
    for item in text.split(","):
        match = _WEEKDAY.fullmatch(item)
        nth = int(match[1]) if match and match[1] else None
        if match is None or (nth is not None and not 1 <= abs(nth) <= most):
            allowed = "MO TU WE TH FR SA SU" + (f", each with a number up to {most} before it" if most else "")
            raise named.error(rule="BYDAY must list weekdays", got=item, allowed=allowed)
        found.add(_WEEKDAYS[match[2]](nth) if nth else _WEEKDAYS[match[2]])
    return tuple(sorted(found, key=lambda day: (day.weekday, day.n or 0)))


def _split(named: Property) -> dict[str, str]:
    parts: dict[str, str] = {}
    for item in named.value.strip().strip(";").upper().split(";"):
        key, equals, value = item.partition("=")
        if not equals or key in parts:
            raise named.error(
                rule="a rule is a list of parts, each given once", got=item, allowed="FREQ=...;PART=value"
            )
        parts[key] = value
    for key, only in (("RSCALE", "GREGORIAN"), ("SKIP", "OMIT")):
        if parts.pop(key, only) != only:
            raise named.error(rule=f"{key} is supported as {only} alone", allowed=f"{key}={only}, or none")
    return parts


def _until(text: str, named: Property, start: Moment, clocks: Clocks) -> Moment:
    wall, is_date, is_utc = read_wall(text, named)
    if is_date:
        # The whole of that day: for a timed event the standard asks for a time, and busy time must not be lost.
        return placed(wall.replace(hour=23, minute=59, second=59), start.zone, is_date=False, named=named)
    until = placed(wall, clocks.utc if is_utc else start.zone, is_date=False, named=named)
    if start.is_date and is_utc:
        # Some writers mean the date they wrote, others their own midnight: the later of both readings counts.
        midnight = placed(wall.replace(hour=0, minute=0, second=0), start.zone, is_date=False, named=named)
        return max(until, midnight, key=lambda moment: moment.us)
    return until


def read_rule(named: Property, start: Moment, clocks: Clocks) -> Rule:
    """Read a RRULE that belongs to an event's start.

    Raises:
        InvalidCalendarError: a part is unknown, stands twice, is out of its bounds, or forbidden with this FREQ.
    """
    parts = _split(named)
    name = parts.pop("FREQ", "")
    if name not in _FREQUENCIES or (start.is_date and _FREQUENCIES[name] > rrule.DAILY):
        allowed = "YEARLY, MONTHLY, WEEKLY, DAILY" + ("" if start.is_date else ", HOURLY, MINUTELY, SECONDLY")
        raise named.error(rule="a rule must have a FREQ", got=name, allowed=allowed)
    frequency = _FREQUENCIES[name]
    interval = _number(parts.pop("INTERVAL", "1"), "INTERVAL", named, 1, _BIGGEST_INTERVAL)
    weekstart = parts.pop("WKST", "MO")
    if weekstart not in _WEEKDAYS:
        raise named.error(rule="WKST must be a weekday", got=weekstart, allowed="MO TU WE TH FR SA SU")
    if "COUNT" in parts and "UNTIL" in parts:
        raise named.error(rule="a rule must not have both COUNT and UNTIL", allowed="one of them, or none")
    count = _number(parts.pop("COUNT"), "COUNT", named, 1, _BIGGEST_COUNT) if "COUNT" in parts else None
    until = _until(parts.pop("UNTIL"), named, start, clocks) if "UNTIL" in parts else None
    limits = _limits(parts, named, frequency=frequency, start=start)
    return Rule(frequency, interval, count, until, limits, _WEEKDAYS[weekstart], named.line)


def _limits(parts: dict[str, str], named: Property, *, frequency: int, start: Moment) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    for part, text in parts.items():
        if part == "BYDAY":
            limits["byweekday"] = _weekdays(text, named, frequency=frequency, weeks="BYWEEKNO" in parts)
        elif part not in _PARTS:
            raise named.error(
                rule="a rule has parts of the standard only", got=part, allowed=f"BYDAY, {', '.join(_PARTS)}"
            )
        elif frequency in _PARTS[part][4]:
            raise named.error(rule=f"{part} must not stand with this FREQ", allowed="another FREQ, or no such part")
        else:
            limits[_PARTS[part][0]] = _numbers(text, part, named)
    if start.is_date:
        # The standard says to ignore these for all-day events.
        limits = {key: values for key, values in limits.items() if key not in _TIMES}
    if "bysetpos" in limits and len(limits) == 1:
        raise named.error(rule="BYSETPOS must stand with another BY part", allowed="BYSETPOS with BYDAY, for example")
    _state_days(limits, frequency, start.wall)
    return limits


def _state_days(limits: dict[str, Any], frequency: int, wall: datetime) -> None:
    """Write down what the start implies, so that the rule can be moved to another start."""
    if "byweekno" in limits and not any(key in limits for key in ("byyearday", "bymonthday", "byweekday")):
        limits["byweekday"] = (rrule.weekday(wall.weekday()),)
    if any(key in limits for key in _DAYS):
        return
    if frequency == rrule.YEARLY:
        limits.setdefault("bymonth", (wall.month,))
    if frequency in (rrule.YEARLY, rrule.MONTHLY):
        limits["bymonthday"] = (wall.day,)


def later(wall: datetime, *, days: int) -> datetime:
    """Give the wall time some days later (earlier if negative), at most the last (first) that there is."""
    try:
        return wall + timedelta(days=days)
    except OverflowError:
        return datetime.max if days > 0 else datetime.min  # noqa: DTZ901 - wall times, in no zone


def _moved(rule: Rule, start: datetime, lower: datetime) -> tuple[datetime, int | None]:
    """Move a start near ``lower`` by whole intervals, and say how many of COUNT are left."""
    countable = rule.frequency in _STEP and not rule.parts
    if lower <= start or (rule.count is not None and not countable):
        return start, rule.count
    if rule.frequency in _STEP:
        step = _STEP[rule.frequency] * rule.interval
        skipped = max((lower - start) // step - 1, 0)
        left = None if rule.count is None else max(rule.count - skipped, 0)
        return start + step * skipped, left
    months = rule.interval * (12 if rule.frequency == rrule.YEARLY else 1)
    apart = (lower.year - start.year) * 12 + lower.month - start.month
    skipped = apart // months - 1
    if skipped < 1:
        return start, None
    month = (start.month - 1 if rule.frequency == rrule.MONTHLY else 0) + skipped * months
    return start.replace(year=start.year + month // 12, month=month % 12 + 1, day=1), None


def _walls(rule: Rule, start: datetime, upper: datetime) -> Iterator[datetime]:
    """Give dateutil's steps from ``start`` on; those past ``upper`` are for the caller to stop at.

    dateutil looks for a match up to the year 9999 without giving back control. So the search is made in the last cycle
    of the calendar: a rule that never matches is given up after at most 400 years instead of eight thousand.
    """
    years = (MAXYEAR - upper.year) // _CYCLE * _CYCLE
    parts = rule.parts
    if rule.frequency >= rrule.DAILY:
        kept = {"bysetpos", *_TIMES[max(rule.frequency - rrule.DAILY, 0) :]}
        parts = {key: values for key, values in parts.items() if key in kept}
        size = math.prod(len(parts[key]) for key in _TIMES if key in parts)
        if "bysetpos" in parts and all(abs(position) > size for position in parts["bysetpos"]):
            return
    steps = rrule.rrule(
        rule.frequency,
        dtstart=start.replace(year=start.year + years),
        interval=rule.interval,
        wkst=rule.weekstart,
        **parts,
    )
    walls = iter(steps)
    while True:
        try:
            wall = next(walls)
        except (StopIteration, ValueError, OverflowError):
            # dateutil raises where its last week or step leaves the year 9999: there is nothing after it.
            return
        yield wall.replace(year=wall.year - years)


def _allowed(rule: Rule, wall: datetime) -> bool:
    """Test the parts that only limit a daily or shorter rule."""
    parts = rule.parts
    for key, value in (
        ("bymonth", wall.month),
        ("byhour", wall.hour),
        ("byminute", wall.minute),
        ("bysecond", wall.second),
    ):
        if key in parts and value not in parts[key]:
            return False
    if "byweekday" in parts and all(day.weekday != wall.weekday() for day in parts["byweekday"]):
        return False
    if "bymonthday" in parts:
        after = (wall.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        if wall.day not in parts["bymonthday"] and wall.day - after.day - 1 not in parts["bymonthday"]:
            return False
    if "byyearday" in parts:
        day, length = wall.timetuple().tm_yday, wall.replace(month=12, day=31).timetuple().tm_yday
        return day in parts["byyearday"] or day - length - 1 in parts["byyearday"]
    return True


def expand(rule: Rule, start: Moment, *, lower: datetime, upper: datetime, budget: Budget) -> LocalTimes:
    """Give the rule's wall times from ``lower`` to ``upper``, as microseconds of the start's own clock.

    The start itself is only among them where the rule says so.

    Raises:
        LimitExceededError: the rule takes too many steps to get there.
    """
    if rule.until is not None:
        upper = min(upper, later(rule.until.wall, days=3))
    first, left = _moved(rule, start.wall, lower)
    found: list[int] = []
    if first <= upper and left != 0:
        _collect(rule, first, left, (lower, upper), budget, found)
    local = np.array(found, dtype=np.int64)
    if rule.until is not None:
        local = local[start.zone.to_utc_us(LocalTimes(local)) <= rule.until.us]
    return LocalTimes(local)


def _collect(
    rule: Rule, first: datetime, left: int | None, bounds: tuple[datetime, datetime], budget: Budget, found: list[int]
) -> None:
    lower, upper = bounds
    steps = taken = 0
    for wall in _walls(rule, first, upper):
        steps += 1
        if wall > upper or steps > budget.longest:
            break
        if rule.frequency < rrule.DAILY or _allowed(rule, wall):
            taken += 1
            if wall >= lower:
                found.append(wall_us(wall))
            if taken == left:
                break
    else:
        # dateutil searched to the end of time in vain. Five such rules are too many, except that in a window up to that
        # end every rule gets there.
        budget.steps += 2 * budget.longest if upper.year < MAXYEAR else _CYCLE * 53
    budget.walk(steps, line=rule.line)
