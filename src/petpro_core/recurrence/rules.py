"""One recurrence rule: its parts, which of them may stand together, and its text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import attrs
from dateutil import rrule

from petpro_core._checks import NONE, as_choice, as_kind, whole
from petpro_core.errors import InvalidRecurrenceError
from petpro_core.recurrence._text import read_parts, written_until
from petpro_core.recurrence._words import WEEKDAYS, Frequency, Skip, WeekdayNum

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["RecurrenceRule"]

_LARGEST_INTERVAL: Final = 10_000_000
_LARGEST_COUNT: Final = 1_000_000_000


def _as_frequency(value: object) -> Frequency:
    return as_choice(Frequency, "frequency", value.upper() if isinstance(value, str) else value)


def _as_skip(value: object) -> Skip:
    return as_choice(Skip, "skip", value.upper() if isinstance(value, str) else value)


def _as_weekday(value: object) -> object:
    return WEEKDAYS.index(value.upper()) if isinstance(value, str) and value.upper() in WEEKDAYS else value


def _listed(value: object) -> tuple[Any, ...]:
    if isinstance(value, tuple):
        return value
    return tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else (value,)


def _weekday_num(item: object) -> WeekdayNum:
    if isinstance(item, str):
        return WeekdayNum.parse(item)
    as_kind("by_day", item, WeekdayNum, str)
    return item  # type: ignore[return-value]  # as_kind has refused everything else


def _as_weekdays(value: object) -> tuple[WeekdayNum, ...]:
    days = {_weekday_num(item) for item in _listed(value)}
    return tuple(sorted(days, key=lambda day: (day.weekday, day.nth or 0)))


def _as_until(value: object) -> date | datetime | None:
    as_kind("until", value, date, NONE)
    if isinstance(value, datetime) and value.microsecond:
        msg = f"UNTIL is a whole second, got {value}; leave its microseconds out"
        raise InvalidRecurrenceError(msg, part="UNTIL", got=value)
    if isinstance(value, datetime) and value.utcoffset() is not None:
        try:
            return value.astimezone(UTC)
        except OverflowError:
            msg = f"UNTIL is an instant of the years 1 to 9999 in UTC, got {value}"
            raise InvalidRecurrenceError(msg, part="UNTIL", got=value) from None
    return value  # type: ignore[return-value]  # as_kind has refused everything else


def _numbers(part: str, low: int, high: int, *, signed: bool = False) -> Callable[[object], tuple[int, ...]]:
    allowed = f"{low} to {high}" + (f" and -{high} to -{low}" if signed else "")

    def convert(value: object) -> tuple[int, ...]:
        numbers = set()
        for item in _listed(value):
            number = item if isinstance(item, int) and not isinstance(item, bool) else None
            if number is None or not low <= (abs(number) if signed else number) <= high:
                msg = f"{part} lists whole numbers from {allowed}, got {item!r}"
                raise InvalidRecurrenceError(msg, part=part, got=item, allowed=allowed)
            numbers.add(number)
        return tuple(sorted(numbers))

    return convert


def _field(part: str, low: int, high: int, *, signed: bool = False) -> Any:  # noqa: ANN401 - what attrs.field gives
    return attrs.field(default=(), converter=_numbers(part, low, high, signed=signed), kw_only=True)


@attrs.frozen(repr=False, cache_hash=True)
class RecurrenceRule:
    """How something repeats: RRULE as an object, checked, without a start of its own.

        >>> str(RecurrenceRule("MONTHLY", by_day=["2TU"], count=12))
        'FREQ=MONTHLY;COUNT=12;BYDAY=2TU'
        >>> RecurrenceRule.parse("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE").interval
        2

    Every list may be a single value; it is kept sorted, each value once. What a rule does not say is taken from the
    start: its weekday, its day of the month, its time. Wall-clock times only; zones come with ``Recurrence``.

    Attributes:
        frequency: The length of a period; its word is taken too.
        interval: Every how many periods; 1 to 10,000,000.
        count: How many occurrences, the start included; 1 to 1,000,000,000; ``None`` = no end.
        until: The last one allowed, itself included: a date (for a start that is a date), a naive datetime of the
            local clock, or an aware one. ``None`` = no end.
        by_second: 0 to 60; 60 is read as 59, for there are no leap seconds here.
        by_minute: 0 to 59.
        by_hour: 0 to 23.
        by_day: ``WeekdayNum`` objects or their texts: ``"MO"``, ``"2TU"``, ``"-1FR"``.
        by_month_day: 1 to 31, or -1 to -31 from the month's end.
        by_year_day: 1 to 366, or -1 to -366.
        by_week_number: 1 to 53, or -1 to -53.
        by_month: 1 to 12.
        by_set_position: 1 to 366, or -1 to -366: which of the occurrences of a period are kept.
        week_start: 0 = Monday to 6 = Sunday, or ``"MO"`` to ``"SU"``: what a week is, for weeks and week numbers.
        skip: What becomes of a date that does not exist.

    Raises:
        InvalidRecurrenceError: A number outside its bounds, or parts that the standard forbids together.
        InvalidValueError: A value of another type.

    Source: RFC 5545 section 3.3.10; RFC 7529 section 4; ADR 16.
    """

    frequency: Frequency = attrs.field(converter=_as_frequency)
    interval: int = attrs.field(default=1, validator=whole(1, _LARGEST_INTERVAL), kw_only=True)
    count: int | None = attrs.field(default=None, validator=whole(1, _LARGEST_COUNT, beside=(NONE,)), kw_only=True)
    until: date | datetime | None = attrs.field(default=None, converter=_as_until, kw_only=True)
    by_second: tuple[int, ...] = _field("BYSECOND", 0, 60)
    by_minute: tuple[int, ...] = _field("BYMINUTE", 0, 59)
    by_hour: tuple[int, ...] = _field("BYHOUR", 0, 23)
    by_day: tuple[WeekdayNum, ...] = attrs.field(default=(), converter=_as_weekdays, kw_only=True)
    by_month_day: tuple[int, ...] = _field("BYMONTHDAY", 1, 31, signed=True)
    by_year_day: tuple[int, ...] = _field("BYYEARDAY", 1, 366, signed=True)
    by_week_number: tuple[int, ...] = _field("BYWEEKNO", 1, 53, signed=True)
    by_month: tuple[int, ...] = _field("BYMONTH", 1, 12)
    by_set_position: tuple[int, ...] = _field("BYSETPOS", 1, 366, signed=True)
    week_start: int = attrs.field(default=0, converter=_as_weekday, validator=whole(0, 6), kw_only=True)
    skip: Skip = attrs.field(default=Skip.OMIT, converter=_as_skip, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse what the standard forbids together."""
        frequency = self.frequency
        numbered = any(day.nth is not None for day in self.by_day)
        if self.count is not None and self.until is not None:
            self._refuse("COUNT", "COUNT and UNTIL must not stand in the same rule", "keep one of them")
        if self.by_week_number and frequency is not Frequency.YEARLY:
            self._refuse("BYWEEKNO", "BYWEEKNO must not be used unless FREQ is YEARLY", "use FREQ=YEARLY")
        if self.by_year_day and frequency in (Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY):
            self._refuse("BYYEARDAY", "BYYEARDAY must not stand with FREQ=DAILY, WEEKLY or MONTHLY", "use FREQ=YEARLY")
        if self.by_month_day and frequency is Frequency.WEEKLY:
            self._refuse("BYMONTHDAY", "BYMONTHDAY must not stand with FREQ=WEEKLY", "use FREQ=DAILY or MONTHLY")
        if numbered and frequency not in (Frequency.MONTHLY, Frequency.YEARLY):
            self._refuse("BYDAY", "BYDAY has numbers only where FREQ is MONTHLY or YEARLY", "leave the numbers out")
        if numbered and self.by_week_number:
            self._refuse("BYDAY", "BYDAY must not have numbers where BYWEEKNO stands", "leave the numbers out")
        if self.by_set_position and not any(getattr(self, name) for name, _ in _LISTS[:-1]):
            self._refuse("BYSETPOS", "BYSETPOS must stand with another BY part", "add one, such as BYDAY")

    def _refuse(self, part: str, sentence: str, way_out: str) -> None:
        msg = f"{sentence} (RFC 5545 section 3.3.10), got {self}; {way_out}"
        raise InvalidRecurrenceError(msg, part=part, got=str(self))

    @classmethod
    def parse(cls, text: str) -> RecurrenceRule:
        """Read the text of a rule, with or without ``RRULE:`` before it; the inverse of ``str``.

        >>> RecurrenceRule.parse("RRULE:FREQ=DAILY;UNTIL=20261224T170000Z").until
        datetime.datetime(2026, 12, 24, 17, 0, tzinfo=datetime.timezone.utc)

        Raises:
            InvalidRecurrenceError: A part is unknown, stands twice, cannot be read, or is forbidden beside another; or
                RSCALE is another calendar than GREGORIAN.
        """
        return cls(**read_parts(text))

    @classmethod
    def from_dateutil(cls, rule: rrule.rrule) -> RecurrenceRule:
        """The rule of a ``dateutil.rrule``, without its start.

        >>> from dateutil.rrule import MONTHLY, TU, rrule
        >>> str(RecurrenceRule.from_dateutil(rrule(MONTHLY, byweekday=TU(2), dtstart=datetime(2026, 1, 1))))
        'FREQ=MONTHLY;BYDAY=2TU'

        Raises:
            InvalidRecurrenceError: It has what the standard has not, such as Easter days.
        """
        as_kind("rule", rule, rrule.rrule)
        (line,) = (line for line in str(rule).splitlines() if line.startswith("RRULE:"))
        until = rule._until  # type: ignore[attr-defined]  # noqa: SLF001 - its text leaves out the zone
        if until is None:
            return cls.parse(line)
        kept = ";".join(part for part in line.removeprefix("RRULE:").split(";") if not part.startswith("UNTIL="))
        return attrs.evolve(cls.parse(kept), until=until)

    def to_dateutil(self, start: datetime) -> rrule.rrule:
        """The same rule as a ``dateutil.rrule``; it answers otherwise in the cases that ADR 16 lists.

        >>> list(RecurrenceRule("WEEKLY", count=2).to_dateutil(datetime(2026, 3, 2, 9, 0)))
        [datetime.datetime(2026, 3, 2, 9, 0), datetime.datetime(2026, 3, 9, 9, 0)]

        Args:
            start: Its ``dtstart``; aware where ``until`` is, naive where it is not.

        Raises:
            InvalidRecurrenceError: The rule skips dates, which dateutil cannot; or of ``start`` and ``until`` only one
                has a zone.
        """
        if self.skip is not Skip.OMIT:
            self._refuse("SKIP", f"dateutil has no SKIP={self.skip}", "expand it here")
        until = self.until
        if until is not None and not isinstance(until, datetime):
            until = datetime(until.year, until.month, until.day)  # noqa: DTZ001 - a wall time, in no zone
        if until is not None and (until.tzinfo is None) != (start.tzinfo is None):
            self._refuse("UNTIL", "UNTIL and the start both have a zone, or neither", "give the start likewise")
        return rrule.rrule(
            getattr(rrule, self.frequency.value),
            dtstart=start,
            interval=self.interval,
            wkst=self.week_start,
            count=self.count,
            until=until,
            byweekday=[rrule.weekday(day.weekday, day.nth) for day in self.by_day] or None,
            **self._for_dateutil(),
        )

    def _for_dateutil(self) -> dict[str, Any]:
        lists = {
            "bysecond": tuple({min(second, 59) for second in self.by_second}),
            "byminute": self.by_minute,
            "byhour": self.by_hour,
            "bymonthday": self.by_month_day,
            "byyearday": self.by_year_day,
            "byweekno": self.by_week_number,
            "bymonth": self.by_month,
            "bysetpos": self.by_set_position,
        }
        return {name: values for name, values in lists.items() if values}

    def __str__(self) -> str:
        """The text of the standard, which ``parse`` reads back."""
        parts = [f"RSCALE=GREGORIAN;FREQ={self.frequency}" if self.skip is not Skip.OMIT else f"FREQ={self.frequency}"]
        if self.until is not None:
            parts.append(f"UNTIL={written_until(self.until)}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.interval != 1:
            parts.append(f"INTERVAL={self.interval}")
        parts += [f"{part}={','.join(map(str, found))}" for name, part in _LISTS if (found := getattr(self, name))]
        if self.week_start:
            parts.append(f"WKST={WEEKDAYS[self.week_start]}")
        if self.skip is not Skip.OMIT:
            parts.append(f"SKIP={self.skip}")
        return ";".join(parts)

    def __repr__(self) -> str:
        """The text of the standard."""
        return f"RecurrenceRule({self})"


_LISTS: Final = (
    ("by_second", "BYSECOND"),
    ("by_minute", "BYMINUTE"),
    ("by_hour", "BYHOUR"),
    ("by_day", "BYDAY"),
    ("by_month_day", "BYMONTHDAY"),
    ("by_year_day", "BYYEARDAY"),
    ("by_week_number", "BYWEEKNO"),
    ("by_month", "BYMONTH"),
    ("by_set_position", "BYSETPOS"),
)
