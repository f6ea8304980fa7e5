"""The text of a recurrence rule, read strictly part by part.

Source: RFC 5545 section 3.3.10 for the grammar, RFC 7529 section 4 for RSCALE and SKIP.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any, Final

from petpro_core._checks import as_kind
from petpro_core.errors import InvalidRecurrenceError

__all__ = ["read_parts", "written_until"]

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,3}", re.ASCII)
_AMOUNT: Final = re.compile(r"[0-9]{1,10}", re.ASCII)
_UNTIL: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2})([0-9]{2})(Z?))?", re.ASCII)
_TOP_SECOND: Final = 59
_LONGEST: Final = 10_000
_SHOWN: Final = 60
_LISTS: Final = {
    "BYSECOND": "by_second",
    "BYMINUTE": "by_minute",
    "BYHOUR": "by_hour",
    "BYMONTHDAY": "by_month_day",
    "BYYEARDAY": "by_year_day",
    "BYWEEKNO": "by_week_number",
    "BYMONTH": "by_month",
    "BYSETPOS": "by_set_position",
}
_WORDS: Final = {"FREQ": "frequency", "WKST": "week_start", "SKIP": "skip"}
_AMOUNTS: Final = {"INTERVAL": "interval", "COUNT": "count"}


def _refused(part: str, sentence: str, got: str) -> InvalidRecurrenceError:
    return InvalidRecurrenceError(f"{sentence}, got {got[:_SHOWN]!r}", part=part, got=got)


def _split(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for item in text.strip().upper().removeprefix("RRULE:").strip(";").split(";"):
        part, equals, value = item.partition("=")
        if not equals or not value:
            raise _refused(part, "a rule is a list of PART=value with semicolons between them", item)
        if part in parts:
            raise _refused(part, f"each part of a rule stands once, {part} stands twice", item)
        parts[part] = value
    return parts


def _numbers(part: str, value: str) -> list[int]:
    items = value.split(",")
    for item in items:
        if not _NUMBER.fullmatch(item):
            raise _refused(part, f"{part} lists whole numbers with commas between them", item)
    return [int(item) for item in items]


def _until(value: str) -> date | datetime:
    match = _UNTIL.fullmatch(value)
    if match is None:
        raise _refused("UNTIL", "UNTIL is YYYYMMDD or YYYYMMDDTHHMMSS, with Z for UTC", value)
    year, month, day = (int(part) for part in match.groups()[:3])
    try:
        if match[4] is None:
            return date(year, month, day)
        # A leap second is read as the second before it, as times are.
        hour, minute, second = int(match[4]), int(match[5]), int(match[6])
        wall = datetime(year, month, day, hour, minute, second - (second == _TOP_SECOND + 1))  # noqa: DTZ001 - see below
    except ValueError:
        raise _refused("UNTIL", "UNTIL is a date or time that exists", value) from None
    return wall.replace(tzinfo=UTC) if match[7] else wall


def read_parts(text: str) -> dict[str, Any]:
    """The parts of a rule as arguments of ``RecurrenceRule``; what they may be is checked there.

    Raises:
        InvalidRecurrenceError: A part is unknown, stands twice or cannot be read; FREQ is missing; RSCALE is another
            calendar than GREGORIAN, or SKIP stands without it.
    """
    as_kind("text", text, str)
    if len(text) > _LONGEST:
        msg = f"the text of a rule has at most {_LONGEST} characters, got {len(text)}"
        raise InvalidRecurrenceError(msg, part="", got=len(text), limit=_LONGEST)
    parts = _split(text)
    scale = parts.pop("RSCALE", None)
    if scale not in (None, "GREGORIAN"):
        raise _refused("RSCALE", "dates are reckoned by RSCALE=GREGORIAN, or without RSCALE", str(scale))
    if scale is None and "SKIP" in parts:
        raise _refused("SKIP", "SKIP must not stand without RSCALE (RFC 7529); add RSCALE=GREGORIAN", text)
    if "FREQ" not in parts:
        raise _refused("FREQ", "a rule has a FREQ", text)
    read: dict[str, Any] = {}
    for part, value in parts.items():
        if part in _LISTS:
            read[_LISTS[part]] = _numbers(part, value)
        elif part in _WORDS:
            read[_WORDS[part]] = value
        elif part in _AMOUNTS:
            if not _AMOUNT.fullmatch(value):
                raise _refused(part, f"{part} is a whole number", value)
            read[_AMOUNTS[part]] = int(value)
        elif part == "UNTIL":
            read["until"] = _until(value)
        elif part == "BYDAY":
            read["by_day"] = value.split(",")
        else:
            raise _refused(part, f"a rule has parts of the standard only, {part} is none of them", text)
    return read


def written_until(until: date | datetime) -> str:
    """UNTIL as text: a date, a local time, or a time in UTC."""
    if not isinstance(until, datetime):
        return f"{until.year:04}{until:%m%d}"
    return f"{until.year:04}{until:%m%dT%H%M%S}{'' if until.tzinfo is None else 'Z'}"
