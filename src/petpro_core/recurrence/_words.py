"""The words of a recurrence rule: how often, which weekday, and what becomes of a date that does not exist."""

from __future__ import annotations

import enum
import re
from typing import Final

import attrs

from petpro_core._checks import NONE, as_kind, whole
from petpro_core.errors import InvalidRecurrenceError

__all__ = ["WEEKDAYS", "Frequency", "Skip", "WeekdayNum"]

WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

_WEEKDAY: Final = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.IGNORECASE)
_MOST_IN_YEAR: Final = 53


class Frequency(enum.StrEnum):
    """How often a rule repeats: the length of one of its periods.

        >>> Frequency("DAILY")
        <Frequency.DAILY: 'DAILY'>

    Source: RFC 5545 section 3.3.10, FREQ.
    """

    YEARLY = "YEARLY"
    MONTHLY = "MONTHLY"
    WEEKLY = "WEEKLY"
    DAILY = "DAILY"
    HOURLY = "HOURLY"
    MINUTELY = "MINUTELY"
    SECONDLY = "SECONDLY"


class Skip(enum.StrEnum):
    """What becomes of a date that does not exist, such as 30 February.

    ``OMIT`` drops it, and it is not counted; ``BACKWARD`` takes the last date before it, ``FORWARD`` the first after.

        >>> Skip("FORWARD")
        <Skip.FORWARD: 'FORWARD'>

    Source: RFC 7529 section 4.1.
    """

    OMIT = "OMIT"
    BACKWARD = "BACKWARD"
    FORWARD = "FORWARD"


@attrs.frozen(repr=False)
class WeekdayNum:
    """A weekday, all of them or the n-th one of the month or year; the text ``-1FR`` is the last Friday.

        >>> WeekdayNum.parse("2TU")
        WeekdayNum(2TU)
        >>> WeekdayNum(0).nth is None
        True

    Attributes:
        weekday: 0 = Monday to 6 = Sunday.
        nth: 1 to 53, or -1 to -53 from the end; ``None`` = every one.

    Raises:
        InvalidValueError: A number outside its bounds.

    Source: RFC 5545 section 3.3.10, BYDAY.
    """

    weekday: int = attrs.field(validator=whole(0, 6))
    nth: int | None = attrs.field(default=None, validator=whole(-_MOST_IN_YEAR, _MOST_IN_YEAR, beside=(NONE,)))

    def __attrs_post_init__(self) -> None:
        """Refuse the zeroth."""
        if self.nth == 0:
            msg = f"the n-th weekday is counted from 1, or from -1 at the end, got 0{WEEKDAYS[self.weekday]}"
            raise InvalidRecurrenceError(msg, part="BYDAY", got=f"0{WEEKDAYS[self.weekday]}")

    @classmethod
    def parse(cls, text: str) -> WeekdayNum:
        """Read ``MO``, ``2TU`` or ``-1FR``.

        >>> WeekdayNum.parse("-1FR").nth
        -1

        Raises:
            InvalidRecurrenceError: The text is none of those.
            InvalidValueError: It is no text.
        """
        as_kind("text", text, str)
        match = _WEEKDAY.fullmatch(text)
        nth = int(match[1]) if match and match[1] else None
        if match is None or (nth is not None and not 1 <= abs(nth) <= _MOST_IN_YEAR):
            msg = (
                f"BYDAY lists {', '.join(WEEKDAYS)}, each with a number from 1 to {_MOST_IN_YEAR} or -{_MOST_IN_YEAR} "
                f"to -1 before it or none, got {text[:40]!r}"
            )
            raise InvalidRecurrenceError(msg, part="BYDAY", got=text)
        return cls(WEEKDAYS.index(match[2].upper()), nth)

    def __str__(self) -> str:
        """The text of the standard."""
        return f"{'' if self.nth is None else self.nth}{WEEKDAYS[self.weekday]}"

    def __repr__(self) -> str:
        """The text of the standard."""
        return f"WeekdayNum({self})"
