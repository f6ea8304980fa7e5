"""One interval."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import attrs

from petpro_core.errors import InvalidIntervalError
from petpro_core.intervals._moments import FIRST_US, LAST_US, from_us, to_us

if TYPE_CHECKING:
    from datetime import timedelta

__all__ = ["ALWAYS", "Interval", "described"]


def _utc(moment: datetime) -> datetime:
    # Through microseconds and back, so that a plain datetime in UTC is kept whatever subclass of it comes in.
    return moment if type(moment) is datetime and moment.tzinfo is UTC else from_us(to_us(moment))


def _clock(moment: datetime) -> str:
    if moment.microsecond:
        return moment.time().isoformat(timespec="microseconds")
    return moment.time().isoformat(timespec="seconds" if moment.second else "minutes")


def described(start: datetime, end: datetime, *, after: datetime | None = None) -> str:
    """Return ``2026-03-08 09:00 to 10:00``, leaving out a date that the reader has just read (``after`` was it)."""
    opening = _clock(start) if after is not None and after.date() == start.date() else f"{start.date()} {_clock(start)}"
    closing = _clock(end) if start.date() == end.date() else f"{end.date()} {_clock(end)}"
    return f"{opening} to {closing}"


@attrs.frozen(order=True, repr=False)
class Interval:
    """The time from ``start`` up to, and not including, ``end``, on the UTC line.

    Both are aware datetimes of any zone and are kept in UTC, exact to the microsecond. Intervals sort by start, then
    end. One that ends at 10:00 and one that starts at 10:00 touch, and do not overlap.

    >>> from datetime import UTC, datetime
    >>> Interval(datetime(2026, 3, 8, 9, tzinfo=UTC), datetime(2026, 3, 8, 10, tzinfo=UTC))
    Interval(2026-03-08 09:00 to 10:00 UTC)

    Raises:
        NaiveDatetimeError: a datetime has no zone.
        InvalidIntervalError: the end does not lie after the start.
        OutOfRangeError: an instant lies outside the years 1 to 9999.

    Source: ISO 8601 for the word; RFC 5545, 3.3.9, for the half-open reading.
    """

    start: datetime = attrs.field(converter=_utc)
    end: datetime = attrs.field(converter=_utc)

    def __attrs_post_init__(self) -> None:
        """Refuse an end that does not lie after the start."""
        if self.start >= self.end:
            message = (
                f"an interval ends after it starts, got {self.start.isoformat()} to {self.end.isoformat()}; "
                "swap the two, or leave an empty interval out"
            )
            raise InvalidIntervalError(message, start=self.start, end=self.end)

    @classmethod
    def from_us(cls, start_us: int, end_us: int) -> Interval:
        """Return the interval between two instants in microseconds since 1970-01-01T00:00Z.

        >>> Interval.from_us(0, 90_000_000)
        Interval(1970-01-01 00:00 to 00:01:30 UTC)

        Raises:
            InvalidIntervalError: the end does not lie after the start.
            OutOfRangeError: an instant lies outside the years 1 to 9999.

        Source: ADR 3.
        """
        return cls(from_us(start_us), from_us(end_us))

    @property
    def start_us(self) -> int:
        """The start in microseconds since 1970-01-01T00:00Z."""
        return to_us(self.start)

    @property
    def end_us(self) -> int:
        """The end, which no longer belongs to the interval, in microseconds since 1970-01-01T00:00Z."""
        return to_us(self.end)

    @property
    def duration(self) -> timedelta:
        """The elapsed time, always more than zero.

        >>> Interval.from_us(0, 90_000_000).duration
        datetime.timedelta(seconds=90)
        """
        return self.end - self.start

    def overlaps(self, other: Interval) -> bool:
        """Say whether some instant lies in both; touching is not overlapping.

        >>> Interval.from_us(0, 10).overlaps(Interval.from_us(10, 20))
        False
        """
        return self.start < other.end and other.start < self.end

    def contains(self, moment: datetime) -> bool:
        """Say whether an aware moment lies in the interval; its start does, its end does not.

        >>> hour = Interval.from_us(0, 3_600_000_000)
        >>> hour.contains(hour.start), hour.contains(hour.end)
        (True, False)

        Raises:
            NaiveDatetimeError: the moment has no zone.
        """
        return self.start_us <= to_us(moment) < self.end_us

    def intersection(self, other: Interval) -> Interval | None:
        """Return the time in both, or None where there is none.

        >>> Interval.from_us(0, 10).intersection(Interval.from_us(5, 20)) == Interval.from_us(5, 10)
        True
        """
        return Interval(max(self.start, other.start), min(self.end, other.end)) if self.overlaps(other) else None

    def __repr__(self) -> str:
        """Show dates and clock times in UTC; the second date only where it is another."""
        return f"Interval({described(self.start, self.end)} UTC)"


ALWAYS: Final = Interval.from_us(FIRST_US, LAST_US)
"""All time that can be told: from the start of year 1 to the last microsecond of 9999."""
