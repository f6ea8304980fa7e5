"""Rules that keep the day whole: time that is released in phases, units sold beyond capacity, and stranded time."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np

from petpro_core._checks import (
    TICK,
    ZERO,
    as_choice,
    as_each,
    as_kind,
    as_length,
    as_whole,
    frozen,
    kind,
    length,
    whole,
)
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import Int64Array, duration_us
from petpro_core.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MOST_EXTRA", "Overbooking", "Release", "Stranding", "StrandingMode"]

MOST_EXTRA: Final = 10_000
_MOST_CAPACITY: Final = 100_000
_MINUTE: Final = timedelta(minutes=1)
_LONGEST_SERVICE: Final = timedelta(days=366)
_TABLE: Final = 1_000_000
_EQUAL: Final = 1e-9


def _as_handles(name: str, value: int | Iterable[int]) -> tuple[int, ...]:
    # A text would be an iterable of letters, and each of them is refused as no number.
    given = value if isinstance(value, Iterable) else (value,)
    return tuple(sorted({as_whole(name, one) for one in given}))


def _as_channels(value: int | Iterable[int]) -> tuple[int, ...]:
    return _as_handles("channels", value)


def _as_resources(value: int | Iterable[int] | None) -> tuple[int, ...] | None:
    return None if value is None else _as_handles("resources", value)


@attrs.frozen(cache_hash=True)
class Release:
    """Time kept for some channels until so long before it begins: then everybody may have what is left of it.

    Who comes through another channel, or through one that the request does not tell, is refused at starts whose visit
    (buffers aside) meets the kept time and which lie more than ``lead`` after now. The request's channel is a claim to
    kept time: who makes none has none, and is not passed as untested.

        >>> from petpro_core.schedules import WeeklyHours
        >>> mornings = Schedule("Europe/Berlin", WeeklyHours({"monday": ["09:00-10:00"]}))
        >>> Release(mornings, channels=3, lead=timedelta(hours=24)).rule
        'kept for channel 3 until 1 day, 0:00:00 before'

    Attributes:
        hours: The kept time, by the clock of its own zone; it opens nothing that is closed. It names no place.
        channels: The handles (0 or more) of the channels it is kept for; one needs no list, and none keeps it from
            everybody.
        lead: How long before its start a visit may be booked by the others, elapsed; 0 to 3,660 days.
        resources: The handles of the resources whose time is kept; ``None`` = all.
        name: For readers; the source that a conflict names.

    Raises:
        InvalidValueError: Hours of one place, a value of another type, or one outside its bounds.

    Source: ADR 20.
    """

    hours: Schedule = attrs.field(validator=kind(Schedule))
    channels: tuple[int, ...] = attrs.field(converter=_as_channels, default=(), kw_only=True)
    lead: timedelta = attrs.field(validator=length(), kw_only=True)
    resources: tuple[int, ...] | None = attrs.field(converter=_as_resources, default=None, kw_only=True)
    name: str = attrs.field(default="", validator=kind(str), kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse hours of one place: a request may be for another, and nobody could say what is kept then."""
        if self.hours.location is not None:
            msg = f"kept time is of no place, got hours of the place {self.hours.location}; name resources instead"
            raise InvalidValueError(msg, name="hours", got=self.hours.location)

    @property
    def rule(self) -> str:
        """Its name, or what it says in words."""
        plural = "" if len(self.channels) == 1 else "s"
        whom = f"channel{plural} {', '.join(map(str, self.channels))}" if self.channels else "nobody"
        return self.name or f"kept for {whom} until {self.lead} before"

    @cached_property
    def lead_us(self) -> int:
        """The lead in microseconds."""
        return duration_us(self.lead)


def _as_rate(name: str, value: object) -> float:
    fine = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1
    if not fine:
        msg = f"{name} is a number from 0 to less than 1, got {value!r}"
        raise InvalidValueError(msg, name=name, got=value, allowed="a number from 0 to less than 1")
    return float(value)  # type: ignore[arg-type]  # it is a number


def _rate() -> Callable[..., None]:
    def check(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        _as_rate(attribute.name, value)

    return check


@attrs.frozen(cache_hash=True)
class Overbooking:
    """Units that are sold beyond a resource's capacity, and seats beyond those of a session, because some stay away.

    It is capacity: what does not fit with the extra units is refused as full. One booking never takes more units than
    there really are.

        >>> Overbooking(2, no_show_rate=0.15).extra
        2

    Attributes:
        extra: Further units at every instant, and further seats of every session; 0 to 10,000.
        no_show_rate: The share of those who book and do not come, 0 to less than 1; more than 0 where ``extra`` is.
        resources: The handles of the resources that are overbooked; ``None`` = all.

    Raises:
        InvalidValueError: Extra units although everybody comes, a value of another type, or one outside its bounds.

    Source: ADR 20.
    """

    extra: int = attrs.field(validator=whole(0, MOST_EXTRA))
    no_show_rate: float = attrs.field(validator=_rate(), kw_only=True)
    resources: tuple[int, ...] | None = attrs.field(converter=_as_resources, default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse to sell what would surely be missing."""
        if self.extra and not self.no_show_rate:
            msg = f"where everybody comes nothing is left to sell twice, got extra={self.extra} with no_show_rate=0"
            raise InvalidValueError(msg, name="no_show_rate", got=self.no_show_rate, extra=self.extra)

    @classmethod
    def at_risk(
        cls,
        capacity: int,
        *,
        no_show_rate: float,
        risk: float,
        resources: int | Iterable[int] | None = None,
    ) -> Overbooking:
        """The most extra units with which more than ``capacity`` come with a probability of at most ``risk``.

        Everybody who books one unit is taken to stay away with the same probability, whatever the others do: then of
        ``capacity + extra`` the number who come is binomial. Families that come together or not at all make it worse.

            >>> Overbooking.at_risk(10, no_show_rate=0.1, risk=0.05).extra
            0
            >>> Overbooking.at_risk(10, no_show_rate=0.1, risk=0.35).extra
            1
            >>> Overbooking.at_risk(100, no_show_rate=0.1, risk=0.05).extra
            6

        Args:
            capacity: The units there are, 1 to 100,000.
            no_show_rate: 0 to less than 1.
            risk: 0 to less than 1.
            resources: As the attribute of the class.

        Returns:
            The policy with so many extra units, 10,000 at most.

        Raises:
            InvalidValueError: A value of another type, or one outside its bounds.

        Cost: about 15 sums of ``extra`` terms. They are exact to ten digits or more, and what is equal to nine digits
        counts as equal.

        Source: ADR 20.
        """
        units, rate = as_whole("capacity", capacity, 1, _MOST_CAPACITY), _as_rate("no_show_rate", no_show_rate)
        bound = _as_rate("risk", risk) * (1 + _EQUAL)
        low, high = 0, MOST_EXTRA if rate else 0
        # With one more booking more may come, never fewer: the probability rises, and halving finds the edge.
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if _more_come(units, middle, rate) <= bound else (low, middle - 1)
        return cls(low, no_show_rate=rate, resources=resources)


def _more_come(capacity: int, extra: int, rate: float) -> float:
    """The probability that of ``capacity + extra`` more than ``capacity`` come: fewer than ``extra`` stay away."""
    size = capacity + extra
    away, comes = math.log(rate), math.log1p(-rate)
    ways = math.lgamma(size + 1)
    terms = (
        math.exp(ways - math.lgamma(k + 1) - math.lgamma(size - k + 1) + k * away + (size - k) * comes)
        for k in range(extra)
    )
    return math.fsum(terms)


class StrandingMode(enum.StrEnum):
    """What is done about starts that strand time.

    ``RANK``: each start says what it strands. ``NUDGE``: likewise, and those that strand the least are shown first by
    whoever shows them (``SlotTable.whole_first``). ``REFUSE``: what strands more than ``most`` is refused.

        >>> Stranding(timedelta(minutes=30), mode="nudge").mode
        <StrandingMode.NUDGE: 'nudge'>

    Source: ADR 20.
    """

    RANK = "rank"
    NUDGE = "nudge"
    REFUSE = "refuse"


def _as_mode(value: StrandingMode | str) -> StrandingMode:
    return as_choice(StrandingMode, "mode", value)


def _as_lengths(value: timedelta | Iterable[timedelta]) -> tuple[timedelta, ...]:
    given = as_each(timedelta, "lengths", value)
    return tuple(sorted({as_length("lengths", one, TICK, _LONGEST_SERVICE) for one in given}))


@attrs.frozen(cache_hash=True)
class Stranding:
    """What is said, or done, about starts that leave pieces of free time which nothing on offer fits.

    A piece of free time is *filled* by the greatest sum of lengths (each any number of times) that is not longer; the
    rest of it is waste. A start strands the waste of what it leaves of its gap, before and after it, as far as that is
    more than the waste of the gap as it was: the minutes of service that it makes impossible there.

        >>> menu = Stranding([timedelta(minutes=30), timedelta(minutes=45)], mode="refuse")
        >>> [menu.waste(timedelta(minutes=minutes)) // timedelta(minutes=1) for minutes in (30, 50, 70, 75, 100)]
        [0, 5, 10, 0, 10]

    Attributes:
        lengths: How long the visits on offer occupy a calendar, buffers included; whole minutes, up to 366 days. One
            needs no list. The smallest times the largest, in steps of what divides all, is at most 1,000,000.
        mode: What is done; its word is taken too.
        most: With ``REFUSE``, what a start may strand; 0 to 3,660 days.

    Raises:
        InvalidValueError: No length, one that is no whole minutes, lengths that share no larger step, or a value of
            another type or outside its bounds.

    Source: ADR 20.
    """

    lengths: tuple[timedelta, ...] = attrs.field(converter=_as_lengths)
    mode: StrandingMode = attrs.field(default=StrandingMode.RANK, converter=_as_mode, kw_only=True)
    most: timedelta = attrs.field(default=ZERO, validator=length(), kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse a menu that is empty, odd, or too fine for a table."""
        odd = [one for one in self.lengths if one % _MINUTE]
        if not self.lengths or odd:
            msg = f"stranded time is measured by at least one length, of whole minutes, got {odd[0] if odd else 'none'}"
            raise InvalidValueError(msg, name="lengths", got=odd[0] if odd else ())
        sizes = self.sizes
        if sizes[0] * sizes[-1] > _TABLE:
            msg = (
                f"the smallest times the largest length, in steps of what divides all, is at most {_TABLE:,}, got "
                f"{sizes[0]} times {sizes[-1]} steps of {timedelta(microseconds=self.unit_us)}; round the lengths"
            )
            raise InvalidValueError(msg, name="lengths", got=sizes[0] * sizes[-1], allowed=_TABLE)

    @property
    def name(self) -> str:
        """The rule in words; the source that a conflict names."""
        return f"at most {self.most} stranded"

    @cached_property
    def unit_us(self) -> int:
        """The longest step of which every length is a multiple, in microseconds."""
        return math.gcd(*map(duration_us, self.lengths))

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """The lengths as multiples of the step."""
        return tuple(duration_us(one) // self.unit_us for one in self.lengths)

    @cached_property
    def wasted(self) -> Int64Array:
        """int64[n]: how many steps are wasted of 0, 1, 2, ... steps; of n - 1 steps and more it is none.

        Past ``(smallest - 1) * (largest - 1)`` every multiple of the step is a sum of lengths (Schur's bound of the
        Frobenius number), so no longer table is needed.
        """
        sizes, size = self.sizes, (self.sizes[0] - 1) * (self.sizes[-1] - 1) + 1
        reached = np.zeros(size, np.bool_)
        reached[0] = True
        for step in sizes:
            # Each column has the sums that are equal but for multiples of this length: one that is reached reaches on.
            rows = -(-size // step)
            padded = np.zeros(rows * step, np.bool_)
            padded[:size] = reached
            reached = np.logical_or.accumulate(padded.reshape(rows, step), axis=0).ravel()[:size]
        number = np.arange(size)
        wasted: Int64Array = number - np.maximum.accumulate(np.where(reached, number, 0))
        return frozen(wasted)

    def waste(self, time: timedelta) -> timedelta:
        """What of a piece of free time nothing on offer fits into.

        Args:
            time: 0 or more; less is no time at all.

        Raises:
            InvalidValueError: No length of time.
        """
        as_kind("time", time, timedelta)
        return timedelta(microseconds=int(self.waste_us(np.array([duration_us(time)]))[0]))

    def waste_us(self, times: Int64Array) -> Int64Array:
        """``waste`` of a column of microseconds."""
        steps, rest = np.divmod(np.maximum(times, 0), self.unit_us)
        wasted: Int64Array = self.wasted.take(steps, mode="clip") * self.unit_us + rest
        return wasted


def as_releases(value: Release | Iterable[Release]) -> tuple[Release, ...]:
    """Releases; a single one needs no list."""
    return as_each(Release, "releases", value)
