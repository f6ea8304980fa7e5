"""What a practice allows: notice, horizon, caps, gaps and deadlines; and who asks."""

from __future__ import annotations

import enum
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

import attrs

from petpro_core._checks import LONGEST, NONE, ZERO, as_choice, as_choices, as_each, handle, kind, length, whole
from petpro_core.bookings.booking import MOST_UNITS
from petpro_core.bookings.whole import Overbooking, Release, Stranding, as_releases
from petpro_core.timezones import as_zone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from petpro_core.timezones import TimeZone

__all__ = ["BookingPolicy", "Cap", "Days", "MinimumGap", "Period", "Request", "Scope", "WorkingDays", "WorkingTime"]


@attrs.frozen(order=True)
class WorkingTime:
    """A length of opening time: 4 hours of it may be today's last one and tomorrow's first three.

        >>> BookingPolicy(min_notice=WorkingTime(timedelta(hours=4))).min_notice
        WorkingTime(time=datetime.timedelta(seconds=14400))

    Attributes:
        time: 0 to 3,660 days.

    Raises:
        InvalidValueError: No length, or one outside its bounds.

    Source: ADR 4.
    """

    time: timedelta = attrs.field(validator=length())


@attrs.frozen(order=True)
class Days:
    """A number of local days after today's: with 0 only today can be booked.

        >>> BookingPolicy(horizon=Days(60)).horizon
        Days(days=60)

    Attributes:
        days: 0 to 3,660.

    Raises:
        InvalidValueError: No whole number, or one outside its bounds.

    Source: ADR 11.
    """

    days: int = attrs.field(validator=whole(0, LONGEST.days))


@attrs.frozen(order=True)
class WorkingDays:
    """A number of local days with opening hours, after today's.

        >>> BookingPolicy(horizon=WorkingDays(20)).horizon
        WorkingDays(days=20)

    Attributes:
        days: 0 to 3,660.

    Raises:
        InvalidValueError: No whole number, or one outside its bounds.

    Source: ADR 11.
    """

    days: int = attrs.field(validator=whole(0, LONGEST.days))


class Period(enum.StrEnum):
    """What a cap counts in: local days, weeks from Monday, calendar months.

        >>> Cap(30, per="week").per
        <Period.WEEK: 'week'>

    Source: ADR 11.
    """

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Scope(enum.StrEnum):
    """Whose bookings a rule counts: those of one resource, or of who asks, on whatever resource they are.

        >>> MinimumGap(timedelta(hours=1), by="client").by
        <Scope.CLIENT: 'client'>

    Source: ADR 11.
    """

    RESOURCE = "resource"
    CLIENT = "client"
    HOUSEHOLD = "household"
    PET = "pet"
    GROUP = "group"


_MOST_COUNTED: Final = 10_000_000


def _as_period(value: Period | str) -> Period:
    return as_choice(Period, "per", value)


def _as_scope(value: Scope | str) -> Scope:
    return as_choice(Scope, "by", value)


@attrs.frozen(cache_hash=True)
class Cap:
    """At most so many bookings, or so many minutes, in each period, for each subject.

    A booking counts on the local date on which it starts, the new one included. A session counts once.

        >>> Cap(8, per=Period.DAY).name
        'at most 8 bookings per day by resource'

    Attributes:
        limit: The number of bookings or of minutes, 0 to 10,000,000; 0 allows none.
        per: The period; its word is taken too.
        by: The subject; its word is taken too.
        minutes: Count minutes of visit instead of bookings.
        service: The handle (0 or more) of a service: only its bookings count, and only requests for it are tested;
            ``None`` = all.
        channel: The handle of a channel: only its bookings count, and only requests through it are tested; ``None`` =
            all. Where the request does not tell its channel, the cap is listed as untested.
        zone: The zone whose days are counted; a key is taken too. ``None`` = the calendar's home zone.

    Raises:
        InvalidValueError: A value of another type, or one outside its bounds.
        UnknownTimeZoneError: No zone of that key.

    Source: ADR 11.
    """

    limit: int = attrs.field(validator=whole(0, _MOST_COUNTED))
    per: Period = attrs.field(converter=_as_period, kw_only=True)
    by: Scope = attrs.field(converter=_as_scope, default=Scope.RESOURCE, kw_only=True)
    minutes: bool = attrs.field(default=False, validator=kind(bool), kw_only=True)
    service: int | None = attrs.field(default=None, validator=handle(), kw_only=True)
    channel: int | None = attrs.field(default=None, validator=handle(), kw_only=True)
    zone: TimeZone | None = attrs.field(converter=attrs.converters.optional(as_zone), default=None, kw_only=True)

    @property
    def name(self) -> str:
        """The rule in words; the source that a conflict names."""
        unit = ("minute" if self.minutes else "booking") + ("" if self.limit == 1 else "s")
        through = "" if self.channel is None else f" through channel {self.channel}"
        return f"at most {self.limit} {unit} per {self.per} by {self.by}{through}"


@attrs.frozen
class MinimumGap:
    """Time that must lie between two visits of one subject, from end to start, buffers aside.

        >>> MinimumGap(timedelta(days=14), by=Scope.PET).name
        'at least 14 days between visits by pet'

    Attributes:
        time: 0 to 3,660 days.
        by: The subject; its word is taken too.

    Raises:
        InvalidValueError: A value of another type, or one outside its bounds.

    Source: ADR 10.
    """

    time: timedelta = attrs.field(validator=length())
    by: Scope = attrs.field(converter=_as_scope, default=Scope.RESOURCE, kw_only=True)

    @property
    def name(self) -> str:
        """The rule in words; the source that a conflict names."""
        days, rest = divmod(self.time, timedelta(days=1))
        length = " and ".join([f"{days} days"] * (days > 0) + [str(rest)] * (rest > timedelta(0) or not days))
        return f"at least {length} between visits by {self.by}"


def _as_caps(value: Cap | Iterable[Cap]) -> tuple[Cap, ...]:
    return as_each(Cap, "caps", value)


def _as_gaps(value: MinimumGap | Iterable[MinimumGap]) -> tuple[MinimumGap, ...]:
    return as_each(MinimumGap, "gaps", value)


def _as_scopes(value: Iterable[Scope]) -> tuple[Scope, ...]:
    return as_choices(Scope, "one_at_a_time", value)


@attrs.frozen(cache_hash=True, kw_only=True)
class BookingPolicy:
    """Rules about people, counts and lead times; the defaults allow everything.

        >>> policy = BookingPolicy(min_notice=timedelta(hours=2), horizon=Days(60), caps=Cap(8, per="day"))
        >>> [cap.name for cap in policy.caps]
        ['at most 8 bookings per day by resource']

    Attributes:
        min_notice: How long before its start a visit must be booked: elapsed, 0 to 3,660 days, or ``WorkingTime``,
            counted in the calendar's opening time.
        horizon: How far ahead it may start: elapsed from now, 0 to 3,660 days, or ``Days`` or ``WorkingDays``;
            ``None`` = no end.
        caps: Counts per period; a single one needs no list.
        gaps: Time between two visits of one subject, likewise.
        min_duration: Shortest visit, elapsed, 0 to 3,660 days; ``None`` = any.
        max_duration: Longest visit, likewise.
        cancel_deadline: How long before its start a booking may still be cancelled, 0 to 3,660 days; ``None`` = always.
        move_deadline: How long before its old start a booking may still be moved, likewise.
        one_at_a_time: Subjects (client, household, pet, group) that cannot be in two visits at once.
        pending_blocks: Whether PENDING bookings keep their time.
        no_show_counts: Whether NO_SHOW bookings count to caps.
        releases: Time that is kept for some channels until shortly before it; a single one needs no list.
        overbooking: Units that are sold beyond capacity; ``None`` = none.
        stranding: What is said or done about starts that leave useless pieces of time; ``None`` = nothing.

    Raises:
        InvalidValueError: A value of another type, or one outside its bounds.

    Source: ADR 4, ADR 10, ADR 20.
    """

    min_notice: timedelta | WorkingTime = attrs.field(default=ZERO, validator=length(beside=(WorkingTime,)))
    horizon: timedelta | Days | WorkingDays | None = attrs.field(
        default=None, validator=length(beside=(Days, WorkingDays, NONE))
    )
    caps: tuple[Cap, ...] = attrs.field(converter=_as_caps, default=())
    gaps: tuple[MinimumGap, ...] = attrs.field(converter=_as_gaps, default=())
    min_duration: timedelta | None = attrs.field(default=None, validator=length(beside=(NONE,)))
    max_duration: timedelta | None = attrs.field(default=None, validator=length(beside=(NONE,)))
    cancel_deadline: timedelta | None = attrs.field(default=None, validator=length(beside=(NONE,)))
    move_deadline: timedelta | None = attrs.field(default=None, validator=length(beside=(NONE,)))
    one_at_a_time: tuple[Scope, ...] = attrs.field(converter=_as_scopes, default=())
    pending_blocks: bool = attrs.field(default=False, validator=kind(bool))
    no_show_counts: bool = attrs.field(default=True, validator=kind(bool))
    releases: tuple[Release, ...] = attrs.field(converter=as_releases, default=())
    overbooking: Overbooking | None = attrs.field(default=None, validator=kind(Overbooking, NONE))
    stranding: Stranding | None = attrs.field(default=None, validator=kind(Stranding, NONE))

    @cached_property
    def keeps_whole(self) -> bool:
        """Whether any rule of the whole day is in it: a release, overbooking, stranding."""
        return bool(self.releases) or self.overbooking is not None or self.stranding is not None

    @cached_property
    def asks_nobody(self) -> bool:
        """Whether every rule can be tested without knowing who asks, or for what."""
        about = any(
            cap.by is not Scope.RESOURCE or cap.service is not None or cap.channel is not None for cap in self.caps
        )
        return not (about or self.gaps or self.one_at_a_time)


@attrs.frozen(kw_only=True)
class Request:
    """Who asks, and for what: the part of the question that is neither time nor rules. ``None`` = not told.

    What a rule would need and the request does not tell is listed as untested, never silently passed.

        >>> Request(service=3, client=12, pet=40).subject(Scope.PET)
        40

    Attributes:
        service: The service's handle, 0 or more, as all handles are; sessions and caps by service need it.
        units: Units of capacity, or seats of a session, that are wanted; 1 to 1,000,000.
        client: The client's handle.
        household: The household's handle.
        pet: The pet's handle.
        group: The handle of the group that the booking counts towards.
        location: Only hours of this place, and of none in particular, are used.
        channel: The handle of the channel through which it comes (online, phone, the desk).

    Raises:
        InvalidValueError: A value of another type, or one outside its bounds.

    Source: ADR 4, ADR 5.
    """

    service: int | None = attrs.field(default=None, validator=handle())
    units: int = attrs.field(default=1, validator=whole(1, MOST_UNITS))
    client: int | None = attrs.field(default=None, validator=handle())
    household: int | None = attrs.field(default=None, validator=handle())
    pet: int | None = attrs.field(default=None, validator=handle())
    group: int | None = attrs.field(default=None, validator=handle())
    location: int | None = attrs.field(default=None, validator=handle())
    channel: int | None = attrs.field(default=None, validator=handle())

    def subject(self, scope: Scope) -> int | None:
        """The handle of the subject of a scope (a resource is a row, not a subject)."""
        return {
            Scope.CLIENT: self.client,
            Scope.HOUSEHOLD: self.household,
            Scope.PET: self.pet,
            Scope.GROUP: self.group,
        }.get(scope)
