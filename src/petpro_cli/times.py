"""Times on the command line: moments, days and the window that they span."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import click
import numpy as np

from petpro_core.errors import InvalidValueError, RepeatedTimeError, SkippedTimeError
from petpro_core.intervals import Interval, from_us, to_us
from petpro_core.schedules.weekly import day_number, day_of_number
from petpro_core.timezones import Disambiguation, Instants

if TYPE_CHECKING:
    from petpro_core.timezones import TimeZone

__all__ = ["asked_at", "days_of", "machine_now", "moment", "today", "window", "years_around"]

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?")


# Notice, horizons and fixes look years around the moment of asking, and all of that must lie in the years 1 to 9999.
_FIRST_YEAR: Final = 4
_LAST_YEAR: Final = 9996


def machine_now() -> datetime:
    """This machine's clock: the one place in PetPro that reads it."""
    return datetime.now(UTC)  # noqa: TID251 - a person at a terminal means the present


def moment(text: str, zone: TimeZone, option: str) -> datetime:
    """A moment with an offset as it is; without one by the wall clock of ``zone``, where it exists once."""
    parsed = None
    if _MOMENT.fullmatch(text):
        with suppress(ValueError):  # what no clock shows is refused below with the rest
            parsed = datetime.fromisoformat(text)
    if parsed is None:
        msg = f"a moment is written YYYY-MM-DDTHH:MM, with an offset (-05:00, Z) or by the clock of {zone.key}"
        raise click.BadParameter(f"{msg}; got {text!r}", param_hint=option)
    try:
        if parsed.tzinfo is not None:
            return from_us(to_us(parsed))
        return zone.to_utc(parsed, disambiguation=Disambiguation.REJECT)
    except (RepeatedTimeError, SkippedTimeError) as error:
        sides = (Disambiguation.EARLIER, Disambiguation.LATER)
        first, last = (zone.to_local(zone.to_utc(parsed, disambiguation=side)) for side in sides)
        what = "comes twice" if isinstance(error, RepeatedTimeError) else "is skipped"
        msg = (
            f"{text} {what} when the clock changes in {zone.key}; "
            f"write {first.isoformat(timespec='minutes')} or {last.isoformat(timespec='minutes')}"
        )
        raise click.BadParameter(msg, param_hint=option) from None
    except (InvalidValueError, OverflowError):
        msg = f"a moment lies in the years 1 to 9999 of universal time, got {text}"
        raise click.BadParameter(msg, param_hint=option) from None


def asked_at(text: str, zone: TimeZone) -> datetime:
    """The moment of asking that was typed; nobody asks at the ends of the calendar."""
    found = moment(text, zone, "--now")
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        msg = f"the moment of asking lies in the years {_FIRST_YEAR} to {_LAST_YEAR}, got {text}"
        raise click.BadParameter(msg, param_hint="--now")
    return found


def today(now: datetime, zone: TimeZone) -> date:
    """The local day of a moment."""
    return zone.to_local(now).date()


def _day(text: str, option: str) -> date | None:
    if not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        msg = f"no calendar has the day {text}"
        raise click.BadParameter(msg, param_hint=option) from None


def _midnight(day: date, zone: TimeZone) -> datetime:
    number = day_number(day)
    return from_us(int(zone.day_starts(number, number)[0]))


def window(
    start: str | None,
    days: int | None,
    end: str | None,
    *,
    now: datetime,
    zone: TimeZone,
    default: int,
    until: str = "--to",
) -> Interval:
    """The interval that ``--from``, ``--days`` and ``--to`` (or ``until``) mean by the clock of ``zone``."""
    if days is not None and end is not None:
        msg = f"give --days or {until}, not both"
        raise click.UsageError(msg)
    first = today(now, zone) if start is None else _day(start, "--from")
    begins = _midnight(first, zone) if first is not None else moment(start or "", zone, "--from")
    first = first or zone.to_local(begins).date()
    try:
        if end is None:
            ends = _midnight(first + timedelta(days=default if days is None else days), zone)
        elif (last := _day(end, until)) is not None:
            ends = _midnight(last + timedelta(days=1), zone)
        else:
            ends = moment(end, zone, until)
    except OverflowError:
        msg = "the days asked for lie in the years 1 to 9999"
        given = {"--days": days, until: end, "--from": start}
        hint = next((option for option, value in given.items() if value is not None), "--now")
        raise click.BadParameter(msg, param_hint=hint) from None
    if ends - begins > timedelta(days=3662):
        msg = f"at most 3660 days are looked at, got {(ends - begins).days}"
        raise click.BadParameter(msg, param_hint=until)
    try:
        return Interval(begins, ends)
    except InvalidValueError as error:
        raise click.BadParameter(error.message, param_hint=until) from None


def days_of(within: Interval, zone: TimeZone) -> list[tuple[date, Interval]]:
    """The local days of an interval, each with its part of it."""
    first, last = (int(zone.day_of(Instants(np.array([us])))[0]) for us in (within.start_us, within.end_us - 1))
    midnights = zone.day_starts(first, last + 1).tolist()
    parts = []
    for number, (begins, ends) in enumerate(pairwise(midnights), first):
        low, high = max(begins, within.start_us), min(ends, within.end_us)
        if low < high:
            parts.append((day_of_number(number), Interval.from_us(low, high)))
    return parts


def years_around(now: datetime, *texts: str | None, days: int) -> list[int]:
    """The years whose holidays may matter, told before any zone is known."""
    named = [now.year, *(int(text[:4]) for text in texts if text and re.match(r"\d{4}-", text))]
    return sorted(
        {year for middle in named for year in range(middle - 1, middle + 3 + days // 365) if 1 <= year <= 9999}
    )
