"""The oracle of recurrence rules: the text of the standard, day by day, in plain Python.

It takes texts and plain dicts, walks every period from the start on, and shares no code with what it judges. It is
meant for short windows; second by second it walks only days, hours and minutes that the rule allows.

Source: RFC 5545 section 3.3.10 (which part expands and which limits), section 3.8.5; RFC 7529 section 4.1 (SKIP).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from petpro_core.testing._clocks import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["expanded", "occurrences"]

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - wall times, in no zone
_TICK: Final = timedelta(microseconds=1)
_DAY: Final = timedelta(days=1)
_NAMES: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_SECONDS: Final = {"HOURLY": 3600, "MINUTELY": 60, "SECONDLY": 1}

Rule = dict[str, Any]


def _read(text: str) -> Rule:
    parts = dict(part.split("=") for part in text.split(";"))
    rule: Rule = {
        key: [int(item) for item in value.split(",")]
        for key, value in parts.items()
        if key.startswith("BY") and key != "BYDAY"
    }
    if "BYDAY" in parts:
        rule["BYDAY"] = [(_NAMES.index(item[-2:]), int(item[:-2] or 0)) for item in parts["BYDAY"].split(",")]
    rule["FREQ"], rule["SKIP"] = parts["FREQ"], parts.get("SKIP", "OMIT")
    rule["INTERVAL"] = int(parts.get("INTERVAL", 1))
    rule["COUNT"] = int(parts["COUNT"]) if "COUNT" in parts else None
    rule["WKST"] = _NAMES.index(parts.get("WKST", "MO"))
    if "BYSECOND" in rule:
        rule["BYSECOND"] = sorted({min(second, 59) for second in rule["BYSECOND"]})
    return rule


# --- the calendar -----------------------------------------------------------------------------------------------------


def _dates(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days)]


@cache
def _month(year: int, month: int) -> list[date]:
    after = date(year + month // 12, month % 12 + 1, 1)
    return _dates(date(year, month, 1), after)


@cache
def _year(year: int) -> list[date]:
    return _dates(date(year, 1, 1), date(year + 1, 1, 1))


@cache
def _weeks(year: int, first_weekday: int) -> list[list[date]]:
    """The weeks of a year: the first one has at least four days in it, and so has the last."""
    day = date(year, 1, 1)
    while day.weekday() != first_weekday:
        day -= _DAY
    weeks = [_dates(day + n * 7 * _DAY, day + (n + 1) * 7 * _DAY) for n in range(54)]
    return [week for week in weeks if sum(one.year == year for one in week) >= 4]


def _nth(days: list[date], day: date, number: int) -> bool:
    same = [one for one in days if one.weekday() == day.weekday()]
    place = number - 1 if number > 0 else len(same) + number
    return 0 <= place < len(same) and same[place] == day


def _on_weekday(rule: Rule, day: date) -> bool:
    """Whether BYDAY names the day, by number in the month or in the year."""
    if "BYDAY" not in rule:
        return True
    in_month = rule["FREQ"] == "MONTHLY" or "BYMONTH" in rule
    whole = _month(day.year, day.month) if in_month else _year(day.year)
    return any(
        weekday == day.weekday() and (number == 0 or _nth(whole, day, number)) for weekday, number in rule["BYDAY"]
    )


def _in_month(rule: Rule, day: date) -> bool:
    return "BYMONTH" not in rule or day.month in rule["BYMONTH"]


def _counted(asked: list[int], place: int, length: int) -> bool:
    return place in asked or place - length - 1 in asked


def _on_month_day(rule: Rule, day: date) -> bool:
    return "BYMONTHDAY" not in rule or _counted(rule["BYMONTHDAY"], day.day, len(_month(day.year, day.month)))


def _on_year_day(rule: Rule, day: date) -> bool:
    days = _year(day.year)
    return "BYYEARDAY" not in rule or _counted(rule["BYYEARDAY"], (day - days[0]).days + 1, len(days))


# --- the dates of one period ------------------------------------------------------------------------------------------


def _moved(days: list[date], asked: list[int], skip: str) -> list[date]:
    """The asked days of a month or year; those that it has not are moved off its end or beginning."""
    found = []
    for number in asked:
        place = number - 1 if number > 0 else len(days) + number
        if 0 <= place < len(days):
            found.append(days[place])
        elif skip == "FORWARD":
            found.append(days[-1] + _DAY if number > 0 else days[0])
        elif skip == "BACKWARD":
            found.append(days[-1] if number > 0 else days[0] - _DAY)
    return sorted(set(found))


def _monthly(rule: Rule, year: int, month: int) -> list[date]:
    days = _month(year, month)
    named = _moved(days, rule["BYMONTHDAY"], rule["SKIP"]) if "BYMONTHDAY" in rule else days
    return [day for day in named if _on_weekday(rule, day)]


def _yearly(rule: Rule, year: int) -> list[date]:
    if "BYWEEKNO" in rule:
        weeks = _weeks(year, rule["WKST"])
        days = [day for n, week in enumerate(weeks) if _counted(rule["BYWEEKNO"], n + 1, len(weeks)) for day in week]
    elif "BYYEARDAY" in rule and not {"BYMONTH", "BYMONTHDAY"} & rule.keys():
        return [day for day in _moved(_year(year), rule["BYYEARDAY"], rule["SKIP"]) if _on_weekday(rule, day)]
    elif "BYMONTHDAY" in rule and "BYYEARDAY" not in rule:
        months = rule.get("BYMONTH", range(1, 13))
        return sorted({day for month in months for day in _monthly(rule, year, month)})
    else:
        days = _year(year)
    tests = (_in_month, _on_year_day, _on_month_day, _on_weekday)
    return [day for day in days if all(test(rule, day) for test in tests)]


def _with_start(rule: Rule, start: datetime) -> Rule:
    """What the rule leaves out, taken from the start."""
    rule = dict(rule)
    named = {"BYYEARDAY", "BYMONTHDAY", "BYDAY"} & rule.keys()
    frequency = rule["FREQ"]
    if (frequency == "WEEKLY" or "BYWEEKNO" in rule) and not named:
        rule["BYDAY"] = [(start.weekday(), 0)]
    elif frequency in ("MONTHLY", "YEARLY") and not named:
        rule["BYMONTHDAY"] = [start.day]
        if frequency == "YEARLY":
            rule.setdefault("BYMONTH", [start.month])
    if frequency not in _SECONDS:
        rule.setdefault("BYHOUR", [start.hour])
    if frequency not in ("MINUTELY", "SECONDLY"):
        rule.setdefault("BYMINUTE", [start.minute])
    if frequency != "SECONDLY":
        rule.setdefault("BYSECOND", [start.second])
    return rule


def _periods(rule: Rule, start: datetime, stop: date) -> Iterator[list[date]]:
    """The dates of each period that counts, from the start's own to the first that begins on ``stop`` or later."""
    interval, day = rule["INTERVAL"], start.date()
    if rule["FREQ"] == "YEARLY":
        year = day.year
        if "BYWEEKNO" in rule:
            (year,) = (
                y for y in (day.year - 1, day.year, day.year + 1) if any(day in w for w in _weeks(y, rule["WKST"]))
            )
        while year <= stop.year + 1:
            yield _yearly(rule, year)
            year += interval
    elif rule["FREQ"] == "MONTHLY":
        month = day.year * 12 + day.month - 1
        while month <= stop.year * 12 + stop.month:
            if "BYMONTH" not in rule or month % 12 + 1 in rule["BYMONTH"]:
                yield _monthly(rule, month // 12, month % 12 + 1)
            month += interval
    elif rule["FREQ"] == "WEEKLY":
        day -= _DAY * ((day.weekday() - rule["WKST"]) % 7)
        while day <= stop:
            week = _dates(day, day + 7 * _DAY)
            yield [one for one in week if _in_month(rule, one) and _on_weekday(rule, one)]
            day += interval * 7 * _DAY
    else:
        step = interval if rule["FREQ"] == "DAILY" else 1
        tests = (_in_month, _on_year_day, _on_month_day, _on_weekday)
        while day <= stop:
            if all(test(rule, day) for test in tests):
                yield [day]
            day += step * _DAY


# --- the times --------------------------------------------------------------------------------------------------------


def _placed(walls: list[datetime], rule: Rule) -> list[datetime]:
    if "BYSETPOS" not in rule:
        return walls
    places = {place - 1 if place > 0 else len(walls) + place for place in rule["BYSETPOS"]}
    return [wall for n, wall in enumerate(walls) if n in places]


def _in_units(rule: Rule, start: datetime, day: date) -> Iterator[list[datetime]]:
    """The wall times of each hour, minute or second of a day that counts."""
    unit, interval = _SECONDS[rule["FREQ"]], rule["INTERVAL"]
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a wall time
    # Whole units from the start's own unit to midnight; a unit counts where the distance is a multiple of INTERVAL.
    to_midnight = (midnight - _EPOCH) // timedelta(seconds=unit) - (start - _EPOCH) // timedelta(seconds=unit)
    for hour in sorted(rule.get("BYHOUR", range(24))):
        if unit == 3600:
            if (to_midnight + hour) % interval == 0:
                yield [
                    midnight + timedelta(hours=hour, minutes=minute, seconds=second)
                    for minute in rule["BYMINUTE"]
                    for second in rule["BYSECOND"]
                ]
            continue
        for minute in sorted(rule.get("BYMINUTE", range(60))):
            if unit == 60:
                if (to_midnight + hour * 60 + minute) % interval == 0:
                    yield [midnight + timedelta(hours=hour, minutes=minute, seconds=s) for s in rule["BYSECOND"]]
                continue
            for second in sorted(rule.get("BYSECOND", range(60))):
                if (to_midnight + hour * 3600 + minute * 60 + second) % interval == 0:
                    yield [midnight + timedelta(hours=hour, minutes=minute, seconds=second)]


def _sets(rule: Rule, start: datetime, stop: date) -> Iterator[list[datetime]]:
    """The wall times of each period that counts, in order."""
    for days in _periods(rule, start, stop):
        if rule["FREQ"] in _SECONDS:
            for day in days:
                yield from _in_units(rule, start, day)
        else:
            yield [
                datetime(day.year, day.month, day.day, hour, minute, second)  # noqa: DTZ001 - a wall time
                for day in days
                for hour in sorted(rule["BYHOUR"])
                for minute in sorted(rule["BYMINUTE"])
                for second in sorted(rule["BYSECOND"])
            ]


def occurrences(text: str, start: datetime, stop: datetime, *, with_start: bool = True) -> list[datetime]:
    """The wall times of one rule before ``stop``, UNTIL aside.

    >>> [wall.day for wall in occurrences("FREQ=WEEKLY;COUNT=3", datetime(2026, 3, 2, 9), datetime(2026, 4, 1))]
    [2, 9, 16]

    Args:
        text: The rule, its parts in capitals.
        start: A naive datetime: DTSTART, which is the first occurrence and counts as one.
        stop: The first wall time that is not given.
        with_start: Whether the start is one where the rule does not give it; not so for an exception rule.
    """
    rule = _with_start(_read(text), start)
    found = {start} if with_start else set()
    most = rule["COUNT"]
    for walls in _sets(rule, start, stop.date() + _DAY):
        for wall in _placed(sorted(walls), rule):
            if wall < start or wall in found:
                continue
            if most is not None and len(found) == most:
                return sorted(one for one in found if one < stop)
            found.add(wall)
    return sorted(one for one in found if one < stop)


# --- with zones -------------------------------------------------------------------------------------------------------


def _us(wall: datetime) -> int:
    return (wall - _EPOCH) // _TICK


def expanded(plain: dict[str, Any], low: int, high: int) -> list[tuple[int, int]]:
    """Starts and ends of the occurrences of a plain recurrence that begin from ``low`` up to ``high``.

    Args:
        plain: ``start`` (a naive datetime), ``zone`` (a key), ``seconds`` or ``days`` (how long), ``rules`` and
            ``excluding`` (texts of rules, each with its UNTIL: an instant, a naive datetime, or ``None``), ``dates``
            and ``excluded`` (naive datetimes), ``periods`` (pairs of naive datetimes).
        low: An instant in microseconds.
        high: The first instant after.
    """
    shown = clock(plain["zone"])
    stop = _EPOCH + timedelta(microseconds=high) + 2 * _DAY

    def kept_by(until: datetime | int | None, wall: datetime) -> bool:
        if isinstance(until, datetime):
            return wall <= until
        return until is None or shown.instant(_us(wall)) <= until

    def given(rules: list[tuple[str, datetime | int | None]], *, with_start: bool) -> set[datetime]:
        return {
            wall
            for text, until in rules
            for wall in occurrences(text, plain["start"], stop, with_start=with_start)
            if kept_by(until, wall) or (with_start and wall == plain["start"])
        }

    walls = given(plain["rules"], with_start=True) | {plain["start"], *plain["dates"]}
    barred = given(plain["excluding"], with_start=False) | set(plain["excluded"])
    refused = {shown.instant(_us(wall)) for wall in barred}
    found: dict[int, int] = {}
    for first, last in sorted(plain["periods"], reverse=True):
        found[shown.instant(_us(first))] = shown.instant(_us(last))
    for wall in sorted(walls):
        start = shown.instant(_us(wall))
        length = plain.get("days", 0) * _DAY
        end = shown.instant(_us(wall + length)) if length else start + plain["seconds"] * 1_000_000
        found.setdefault(start, end)
    kept = {start: end for start, end in found.items() if start not in refused and low <= start < high}
    return sorted((start, end) for start, end in kept.items() if start < end)
