"""What is offered: how long a visit lasts, on which grid it starts, and the buffers around it."""

from __future__ import annotations

import enum
from datetime import timedelta
from functools import cached_property
from typing import Final

import attrs

from petpro_core._checks import LONGEST, NONE, TICK, ZERO, as_choice, length, whole
from petpro_core.intervals import DAY_US, duration_us

__all__ = ["Alignment", "CalendarDays", "SlotRules"]

_YEAR: Final = timedelta(days=366)


class Alignment(enum.StrEnum):
    """Where the grid of starts is counted from; never from the free gap, which would tie it to other bookings.

    ``OPENING``: from the start of the opening range (each range after a break has its own). ``CLOCK``: from local
    midnight of the date on which the range begins, by the wall clock, on both sides of a clock change.

        >>> SlotRules(timedelta(minutes=30), alignment="clock").alignment
        <Alignment.CLOCK: 'clock'>

    Source: ADR 8.
    """

    OPENING = "opening"
    CLOCK = "clock"


def _as_alignment(value: Alignment | str) -> Alignment:
    return as_choice(Alignment, "alignment", value)


@attrs.frozen(order=True)
class CalendarDays:
    """A count of calendar days: a stay from Monday 15:00 for 2 days ends on Wednesday 15:00 by the local clock.

        >>> CalendarDays(2).days
        2

    Attributes:
        days: 1 to 3,660.

    Raises:
        InvalidValueError: No whole number, or one outside its bounds.

    Source: ADR 8.
    """

    days: int = attrs.field(validator=whole(1, LONGEST.days))


@attrs.frozen(cache_hash=True)
class SlotRules:
    """How starts of one kind of visit are laid out.

        >>> SlotRules(duration=timedelta(minutes=30)).step
        datetime.timedelta(seconds=900)

    Attributes:
        duration: Elapsed time, more than zero, at most 3,660 days. Or ``CalendarDays``: then the start and the end lie
            in opening hours, and the time between need not (but in time off it never may).
        step: The distance between starts of the grid; more than zero, at most 3,660 days.
        alignment: Where the grid is counted from; its word is taken too.
        offset: Moves the grid by this much, back where negative; at most 3,660 days either way.
        buffer_before: Kept free before the visit, on top of what other bookings keep free; 0 to 366 days.
        buffer_after: Kept free after it; 0 to 366 days.
        seats: ``None`` = a visit of its own. A number (1 to 100,000) = a session: bookings of the same service with the
            same start and end share one occupied interval, up to so many seats.

    Raises:
        InvalidValueError: A value of another type, or one outside its bounds.

    Source: ADR 5 (buffers, seats), ADR 8 (grid).
    """

    duration: timedelta | CalendarDays = attrs.field(validator=length(TICK, beside=(CalendarDays,)))
    step: timedelta = attrs.field(default=timedelta(minutes=15), validator=length(TICK), kw_only=True)
    alignment: Alignment = attrs.field(default=Alignment.OPENING, converter=_as_alignment, kw_only=True)
    offset: timedelta = attrs.field(default=ZERO, validator=length(-LONGEST), kw_only=True)
    buffer_before: timedelta = attrs.field(default=ZERO, validator=length(most=_YEAR), kw_only=True)
    buffer_after: timedelta = attrs.field(default=ZERO, validator=length(most=_YEAR), kw_only=True)
    seats: int | None = attrs.field(default=None, validator=whole(1, 100_000, beside=(NONE,)), kw_only=True)

    @cached_property
    def step_us(self) -> int:
        """The step in microseconds."""
        return duration_us(self.step)

    @cached_property
    def offset_us(self) -> int:
        """The offset in microseconds."""
        return duration_us(self.offset)

    @cached_property
    def buffers_us(self) -> tuple[int, int]:
        """Both buffers, before and after, in microseconds."""
        return duration_us(self.buffer_before), duration_us(self.buffer_after)

    @cached_property
    def longest_us(self) -> int:
        """An upper bound of the elapsed time of a visit, in microseconds (a stay of n days may pass a clock change)."""
        if isinstance(self.duration, CalendarDays):
            return (self.duration.days + 2) * DAY_US
        return duration_us(self.duration)
