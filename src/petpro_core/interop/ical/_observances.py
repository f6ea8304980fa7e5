"""VTIMEZONE: a zone's clock changes in the words of a calendar, for readers that have no zone data of their own.

Source: RFC 5545 section 3.6.5.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from petpro_core.interop.ical._model import CalendarComponent, ContentLine
from petpro_core.intervals import DAY_US, FIRST_US

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from petpro_core.timezones import TimeZone

__all__ = ["wall_text", "zone_component"]

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - wall times are counted from here, in no zone
_SECOND_US: Final = 1_000_000
_YEAR_US: Final = 366 * DAY_US
_CYCLE_US: Final = 146_097 * DAY_US
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LENGTHS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MOST_RULES: Final = 8

Change = tuple[int, int, int]
"""A clock change: the wall time at which it comes (by the clock before it), the offset before and the one after."""


def wall_text(wall_us: int) -> str:
    """Write a wall time of whole seconds as a calendar does."""
    return f"{_EPOCH + timedelta(microseconds=wall_us):%Y%m%dT%H%M%S}".zfill(15)


def _offset_text(offset_us: int) -> str:
    seconds = abs(offset_us) // _SECOND_US
    text = f"{'-' if offset_us < 0 else '+'}{seconds // 3600:02d}{seconds // 60 % 60:02d}"
    return text + (f"{seconds % 60:02d}" if seconds % 60 else "")


def zone_component(zone: TimeZone, first_us: int, last_us: int) -> CalendarComponent:
    """Write a zone as a VTIMEZONE that is right from ``first_us`` on.

    It is right for ever where the zone's yearly rule names weekdays of months, else up to ``last_us``.
    """
    start_us = max(first_us - _YEAR_US, FIRST_US + _YEAR_US)
    rules, rules_from = _yearly(zone)
    at, offsets = zone.changes(start_us, last_us if rules_from is None else rules_from)
    changes = _changes(at, offsets)
    parts = []
    if rules_from is None or start_us < rules_from:
        parts.append(_part(int(start_us + offsets[0]), int(offsets[0]), int(offsets[0])))
    dated: dict[tuple[int, int], list[int]] = {}
    for wall, before, after in changes:
        dated.setdefault((before, after), []).append(wall)
    parts += [_part(walls[0], *pair, dates=walls[1:]) for pair, walls in dated.items()]
    parts += [_part(change[0], *change[1:], rule=rule) for change, rule in rules]
    return CalendarComponent("VTIMEZONE", [ContentLine.of_text("TZID", zone.key)], parts)


def _changes(at: Iterable[int], offsets: npt.NDArray[np.int64]) -> list[Change]:
    pairs = zip(at, offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    return [(int(instant) + before, before, after) for instant, before, after in pairs]


def _part(
    wall_us: int, before: int, after: int, *, dates: Iterable[int] = (), rule: str | None = None
) -> CalendarComponent:
    lines = [
        ContentLine("DTSTART", wall_text(wall_us // _SECOND_US * _SECOND_US)),
        ContentLine("TZOFFSETFROM", _offset_text(before)),
        ContentLine("TZOFFSETTO", _offset_text(after)),
    ]
    listed = ",".join(map(wall_text, dates))
    lines += [ContentLine("RDATE", listed)] if listed else []
    lines += [ContentLine("RRULE", rule)] if rule else []
    return CalendarComponent("DAYLIGHT" if after > before else "STANDARD", lines)


def _yearly(zone: TimeZone) -> tuple[list[tuple[Change, str]], int | None]:
    """Give the rules by which a zone changes for ever, each with its first change, and the instant they hold after.

    No rules and None where there is no yearly rule, or one that is not about weekdays of months.
    """
    if zone.repeats_from is None:
        return [], None
    at, offsets = zone.changes(zone.repeats_from, zone.repeats_from + _CYCLE_US)
    groups: dict[tuple[int, int, int, int, int], tuple[Change, set[int], int]] = {}
    for change in _changes(at, offsets):
        wall = _EPOCH + timedelta(microseconds=change[0])
        key = (wall.month, wall.weekday(), change[0] % DAY_US, *change[1:])
        first, days, count = groups.get(key, (change, set(), 0))
        groups[key] = (first, days | {wall.day}, count + 1)
    # Each such day of the 400 years after which the calendar repeats must be one on which the clock changes.
    expected = [_times_in_cycle(key[0], key[1], days) for key, (_, days, _) in groups.items()]
    if len(groups) > _MOST_RULES or expected != [count for _, _, count in groups.values()]:
        return [], None
    return [(first, _rule(key[0], key[1], days)) for key, (first, days, _) in groups.items()], zone.repeats_from


def _times_in_cycle(month: int, weekday: int, days: set[int]) -> int:
    first, last = np.datetime64("2000-01-01"), np.datetime64("2400-01-01")
    dates = np.arange(first, last)
    months = dates.astype("datetime64[M]")
    fits = months.astype(np.int64) % 12 == month - 1
    fits &= (dates.astype(np.int64) + 3) % 7 == weekday
    fits &= np.isin((dates - months).astype(np.int64) + 1, list(days))
    return int(fits.sum())


def _rule(month: int, weekday: int, days: set[int]) -> str:
    day, length = _WEEKDAYS[weekday], _LENGTHS[month - 1]
    low, high = min(days), max(days)
    whole = high - low == 6
    if whole and low % 7 == 1:
        return f"FREQ=YEARLY;BYMONTH={month};BYDAY={low // 7 + 1}{day}"
    if whole and high == length and month != 2:
        return f"FREQ=YEARLY;BYMONTH={month};BYDAY=-1{day}"
    return f"FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={','.join(map(str, sorted(days)))};BYDAY={day}"
