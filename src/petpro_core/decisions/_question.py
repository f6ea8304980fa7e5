"""The question that offering and booking share, and the rows of a booking table that bear on it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final, TypedDict

import attrs
import numpy as np

from petpro_core._sweeps import filled
from petpro_core.availability import HoursCache, calendar_hours
from petpro_core.bookings import BookingPolicy, BookingStatus, BookingTable, Request, Scope, StrandingMode
from petpro_core.bookings.table import FEED
from petpro_core.intervals import NEVER, Int64Array, to_us
from petpro_core.reasons import Waiver
from petpro_core.slots import CalendarDays

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    import numpy.typing as npt

    from petpro_core.availability import Calendar
    from petpro_core.bookings import Cap, MinimumGap, Release, Stranding
    from petpro_core.schedules import Openings
    from petpro_core.slots import SlotRules
    from petpro_core.slots.footprint import Rows

__all__ = ["Asked", "Booked", "BookedRows", "Question", "blocks", "rows_of"]

_KEEPS: Final = (
    BookingStatus.HELD,
    BookingStatus.CONFIRMED,
    BookingStatus.CHECKED_IN,
    BookingStatus.IN_PROGRESS,
    BookingStatus.COMPLETED,
)


def _numbers(*statuses: BookingStatus) -> npt.NDArray[np.bool_]:
    table = np.zeros(len(BookingStatus), np.bool_)
    table[[status.number for status in statuses]] = True
    return table


_BLOCKING: Final = {False: _numbers(*_KEEPS), True: _numbers(*_KEEPS, BookingStatus.PENDING)}
_COUNTING: Final = {
    False: _numbers(*_KEEPS, BookingStatus.PENDING),
    True: _numbers(*_KEEPS, BookingStatus.PENDING, BookingStatus.NO_SHOW),
}


class Asked(TypedDict, total=False):
    """What may be said beside calendars, ``busy``, ``rules``, ``now`` and the range; all of it part of the question.

    Attributes:
        policy: What the practice allows; everything by default.
        request: Who asks, and for what; nobody in particular by default.
        waive: Rules set aside, by name.
        replacing: The number of a booking that does not stand in its own way.
        cache: Hours expanded before, kept by the caller.
    """

    policy: BookingPolicy
    request: Request
    waive: Collection[Waiver]
    replacing: int | None
    cache: HoursCache | None


# Not slotted: attrs gives slotted classes their cached properties through __getattr__, at ten times the price.
@attrs.frozen(eq=False, kw_only=True, slots=False)
class Question:
    """Everything that is asked, but for calendars and times; the same for find, check and explain."""

    busy: BookingTable
    rules: SlotRules
    now_us: int
    policy: BookingPolicy
    request: Request
    waive: frozenset[Waiver]
    replacing: int | None
    cache: HoursCache | None

    @classmethod
    def of(
        cls,
        *,
        busy: BookingTable,
        rules: SlotRules,
        now: datetime,
        policy: BookingPolicy = BookingPolicy(),  # noqa: B008  # frozen, and the same for everybody
        request: Request = Request(),  # noqa: B008  # likewise
        waive: Collection[Waiver] = (),
        replacing: int | None = None,
        cache: HoursCache | None = None,
    ) -> Question:
        """The question as the verbs take it."""
        return cls(
            busy=busy,
            rules=rules,
            now_us=to_us(now),
            policy=policy,
            request=request,
            waive=frozenset(map(Waiver, waive)),
            replacing=replacing,
            cache=cache,
        )

    def hours(self, calendars: Sequence[Calendar], first_day: int, last_day: int, *, split: bool = False) -> Openings:
        """The hours of some calendars where the request may be, from the caller's cache if there is one."""
        location = self.request.location
        if self.cache is None:
            return calendar_hours(calendars, first_day, last_day, split=split, location=location)
        return self.cache.hours(calendars, first_day, last_day, split=split, location=location)

    @cached_property
    def waived(self) -> int:
        """The bits that waivers clear."""
        bits = 0
        for waiver in self.waive:
            bits |= waiver.reasons.value
        return bits

    @cached_property
    def untested(self) -> tuple[str, ...]:
        """The rules that cannot be tested, because the request does not tell who or what it is for."""
        if self.policy.asks_nobody:
            return ()
        policy = self.policy
        hidden = [cap.name for cap in policy.caps if self._bears(cap) is None]
        hidden += [gap.name for gap in policy.gaps if not self._told(gap.by)]
        hidden += [f"one visit at a time by {by}" for by in policy.one_at_a_time if not self._told(by)]
        return tuple(hidden)

    def _told(self, scope: Scope) -> bool:
        return scope is Scope.RESOURCE or self.request.subject(scope) is not None

    @cached_property
    def caps(self) -> tuple[Cap, ...]:
        """The caps that bear on this request; none where caps are waived."""
        if Waiver.CAP in self.waive:
            return ()
        if self.policy.asks_nobody:
            return self.policy.caps
        return tuple(cap for cap in self.policy.caps if self._bears(cap))

    def _bears(self, cap: Cap) -> bool | None:
        """Whether a cap is for this request; ``None`` where the request does not tell."""
        told = self._told(cap.by)
        for counted, asked in ((cap.service, self.request.service), (cap.channel, self.request.channel)):
            if counted is not None and asked not in (None, counted):
                return False
            told = told and (counted is None or asked is not None)
        return told or None

    @cached_property
    def releases(self) -> tuple[Release, ...]:
        """The releases that bear on this request: those of other channels; none where they are waived."""
        if Waiver.RELEASE in self.waive:
            return ()
        return tuple(one for one in self.policy.releases if self.request.channel not in one.channels)

    @cached_property
    def stranding(self) -> Stranding | None:
        """What starts strand, where anything can be stranded: not by stays, and not beside the seats of a session."""
        rules = self.rules
        return None if rules.seats is not None or isinstance(rules.duration, CalendarDays) else self.policy.stranding

    @property
    def refuses_stranding(self) -> bool:
        """Whether some starts are refused for what they strand."""
        return (
            self.stranding is not None
            and self.stranding.mode is StrandingMode.REFUSE
            and Waiver.STRANDS not in self.waive
        )

    def oversold(self, handles: Int64Array) -> Int64Array | int:
        """Units beyond the capacity of some resources, and seats beyond those of their sessions."""
        found = self.policy.overbooking
        if found is None:
            return 0
        if found.resources is None:
            return found.extra
        extra: Int64Array = np.isin(handles, found.resources) * found.extra
        return extra

    @cached_property
    def gaps(self) -> tuple[MinimumGap, ...]:
        """The gaps that bear on this request."""
        return tuple(gap for gap in self.policy.gaps if self._told(gap.by))

    @cached_property
    def alone(self) -> tuple[Scope, ...]:
        """The subjects of this request that cannot be in two visits at once."""
        return tuple(scope for scope in self.policy.one_at_a_time if self._told(scope))

    @cached_property
    def hold_ends_us(self) -> int:
        """When the next hold of the table lets go, or never."""
        ends = self.busy.hold_ends
        place = int(ends.searchsorted(self.now_us, "right"))
        return int(ends[place]) if place < len(ends) else NEVER


@attrs.frozen(eq=False)
class BookedRows:
    """Some rows of a booking table, and which row of the query each belongs to (``None``: there is only one)."""

    table: BookingTable
    index: slice | Int64Array
    row: Rows

    def __len__(self) -> int:
        """How many rows."""
        return self.index.stop - self.index.start if isinstance(self.index, slice) else len(self.index)

    def take(self, name: str) -> Int64Array:
        """A column of these rows."""
        column: Int64Array | None = getattr(self.table, name)
        return filled(len(self), self.table.default(name)) if column is None else column[self.index]

    def has(self, name: str) -> bool:
        """Whether the table has anything but defaults in a column."""
        return getattr(self.table, name) is not None

    def where(self, mask: npt.NDArray[np.bool_] | None) -> BookedRows:
        """Only the rows of a mask; ``None`` = all."""
        if mask is None or np.count_nonzero(mask) == len(mask):
            return self
        return self.at(mask.nonzero()[0])

    def at(self, places: Int64Array) -> BookedRows:
        """The rows at some places among these."""
        index = places + self.index.start if isinstance(self.index, slice) else self.index[places]
        return BookedRows(self.table, index, None if self.row is None else self.row[places])


def rows_of(table: BookingTable, handles: Int64Array) -> BookedRows:
    """The rows of some resources; row i of the result belongs to the i-th of them."""
    first = table.resource.searchsorted(handles, "left")
    last = table.resource.searchsorted(handles, "right")
    if len(handles) == 1:
        return BookedRows(table, slice(int(first[0]), int(last[0])), None)
    count = last - first
    row = np.repeat(np.arange(len(handles)), count)
    if len(handles) and (first[1:] == last[:-1]).all():
        return BookedRows(table, slice(int(first[0]), int(last[-1])), row)
    total = count.cumsum()
    return BookedRows(table, np.arange(len(row)) + np.repeat(first - total + count, count), row)


@attrs.frozen(eq=False, slots=False)
class Booked:
    """The rows of some resources, and which of them bear on a question."""

    question: Question
    rows: BookedRows

    @cached_property
    def blocking(self) -> BookedRows:
        """Those that keep their time."""
        return self.rows.where(blocks(self.rows, self.question))

    @cached_property
    def visits(self) -> BookedRows:
        """Those that keep their time and are visits, not busy time from a feed."""
        held = self.blocking
        return held.where(held.take("booking") != FEED) if held.table.fed else held

    @cached_property
    def counting(self) -> BookedRows:
        """Those that count to caps."""
        if self.rows.table.counts_what_blocks:
            return self.blocking
        return self.rows.where(blocks(self.rows, self.question, counting=True))

    @classmethod
    def of(cls, question: Question, handles: Int64Array) -> Booked:
        """The rows of some resources; row i belongs to the i-th of them."""
        return cls(question, rows_of(question.busy, handles))

    @classmethod
    def by(cls, question: Question, scope: Scope) -> Booked:
        """The rows of who asks, on whatever resource, feeds aside."""
        mine = question.busy.subject(scope) == question.request.subject(scope)
        if question.busy.fed:
            mine &= question.busy.booking != FEED
        return cls(question, BookedRows(question.busy, mine.nonzero()[0], None))


def blocks(rows: BookedRows, question: Question, *, counting: bool = False) -> npt.NDArray[np.bool_] | None:
    """Which rows keep their time (or, ``counting``, count to caps); ``None`` = all. Source: ADR 10."""
    mask: npt.NDArray[np.bool_] | None = None
    if rows.has("status"):
        status, policy = rows.take("status"), question.policy
        table = _COUNTING[policy.no_show_counts] if counting else _BLOCKING[policy.pending_blocks]
        mask = table[status]
        if rows.has("held_until"):
            # What is not held is held for ever.
            mask &= rows.take("held_until") > question.now_us
    if question.replacing is not None:
        others = rows.take("booking") != question.replacing
        mask = others if mask is None else mask & others
    if counting and rows.table.fed:
        booked = rows.take("booking") != FEED
        mask = booked if mask is None else mask & booked
    return mask
