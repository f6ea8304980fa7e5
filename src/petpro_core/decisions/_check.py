"""Checks: may this be booked, moved or cancelled, and what stands against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Unpack

import attrs
import numpy as np

from petpro_core.availability import Calendar, CalendarBatch
from petpro_core.bookings import Allocation, Booking, BookingPolicy, BookingStatus, Request
from petpro_core.decisions._compile import compile_rows, prepare
from petpro_core.decisions._judge import judge
from petpro_core.decisions._question import Question
from petpro_core.errors import InvalidValueError, LimitExceededError
from petpro_core.intervals import ALWAYS, Interval, duration_us, to_us
from petpro_core.reasons import Conflict, Kind, Reason, Waiver
from petpro_core.recurrence import Recurrence, expand
from petpro_core.slots import CalendarDays, decide

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime, timedelta

    import numpy.typing as npt

    from petpro_core.bookings import BookingTable
    from petpro_core.decisions._question import Asked
    from petpro_core.decisions._search import Calendars
    from petpro_core.slots import SlotRules

__all__ = ["check_booking", "check_booking_batch", "check_cancel", "check_move", "check_series"]

_SERIES_LIMIT: Final = 1_000
_MOVABLE_STATUSES: Final = frozenset(
    {BookingStatus.PENDING, BookingStatus.HELD, BookingStatus.CONFIRMED, BookingStatus.CHECKED_IN},
)


def check_booking(
    calendar: Calendar,
    *,
    start: datetime,
    busy: BookingTable,
    rules: SlotRules,
    now: datetime,
    handle: int = 0,
    **asked: Unpack[Asked],
) -> tuple[Conflict, ...]:
    """Every conflict of one proposal, at once; none = it may be booked.

    The same question as ``find_slots``, read at one point.

        >>> from petpro_core import ALWAYS, BookingTable, Schedule, SlotRules, WeeklyHours
        >>> from datetime import UTC, datetime, timedelta
        >>> berlin = Calendar(Schedule("Europe/Berlin", WeeklyHours({"monday": ["09:00-10:00"]})))
        >>> conflicts = check_booking(
        ...     berlin,
        ...     start=datetime(2026, 11, 23, 9, 10, tzinfo=UTC),
        ...     busy=BookingTable.empty(known=ALWAYS),
        ...     rules=SlotRules(timedelta(minutes=30)),
        ...     now=datetime(2026, 11, 20, tzinfo=UTC),
        ... )
        >>> [str(conflict.kind) for conflict in conflicts]
        ['closed']

    Args:
        calendar: The resource's hours.
        start: When the visit would start.
        busy: What is booked, and where that is known.
        rules: As in the search.
        now: The present.
        handle: The calendar's number in ``busy``.
        **asked: As in ``find_slots``.

    Raises:
        NaiveDatetimeError: ``start`` or ``now`` without a zone.
        OutOfRangeError: ``start`` lies too near the ends of the years 1 to 9999.

    Source: ADR 2 (one judge), ADR 4 (reasons).
    """
    question = Question.of(busy=busy, rules=rules, now=now, **asked)
    return judge(question, calendar, to_us(start), handle).conflicts()


def check_booking_batch(
    calendars: Calendars,
    *,
    row: npt.ArrayLike,
    start_us: npt.ArrayLike,
    busy: BookingTable,
    rules: SlotRules,
    now: datetime,
    **asked: Unpack[Asked],
) -> npt.NDArray[np.uint32]:
    """The mask of ``Reason`` bits of many proposals; 0 = it may be booked.

        >>> from datetime import UTC, datetime, timedelta
        >>> from petpro_core import ALWAYS, BookingTable, Calendar, Interval, Schedule, SlotRules, WeeklyHours
        >>> clinic = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]})))
        >>> asked = {
        ...     "busy": BookingTable.empty(known=ALWAYS),
        ...     "rules": SlotRules(timedelta(hours=1)),
        ...     "now": datetime(2026, 11, 20, tzinfo=UTC),
        ... }
        >>> monday = 1795424400000000  # 09:00
        >>> check_booking_batch([clinic], row=[0, 0], start_us=[monday, monday - 1], **asked).tolist()
        [0, 1]

    Args:
        calendars: The rows.
        row: int64[m]: which of them each proposal is for.
        start_us: int64[m]: its start, in microseconds.
        busy: As in ``check_booking``, likewise all others.
        rules: One for all.
        now: The present.
        **asked: As in ``find_slots``.

    Raises:
        InvalidValueError: Columns of different lengths or not of whole numbers, or a row that is not there.
        LimitExceededError: The starts lie so far apart that their hours cannot be expanded in one query.

    Source: ADR 2.
    """
    batch = CalendarBatch.of(calendars)
    rows, starts = np.asarray(row), np.asarray(start_us)
    whole = all(column.dtype.kind == "i" or not column.size for column in (rows, starts))
    if not whole or rows.shape != starts.shape or rows.ndim != 1:
        msg = f"row and start_us are columns of whole numbers, of one length, got {rows.dtype} {rows.shape} and "
        msg += f"{starts.dtype} {starts.shape}"
        raise InvalidValueError(msg, row=rows.shape, start_us=starts.shape)
    if len(rows) and not 0 <= rows.min() <= rows.max() < len(batch):
        msg = f"a row is 0 to {len(batch) - 1}, got {rows.min()} to {rows.max()}"
        raise InvalidValueError(msg, rows=len(batch))
    masks = np.zeros(len(rows), np.uint32)
    if not len(rows):
        return masks
    question = Question.of(busy=busy, rules=rules, now=now, **asked)
    low, high = np.full(len(batch.distinct), starts.min()), np.full(len(batch.distinct), starts.max() + 1)
    prepared = prepare(question, batch, low, high)
    for first in range(0, len(batch), prepared.chunk):
        last = min(first + prepared.chunk, len(batch))
        mine = ((rows >= first) & (rows < last)).nonzero()[0]
        table, _, _ = compile_rows(prepared, first, last)
        masks[mine] = decide(table, None if last - first == 1 else rows[mine] - first, starts[mine])
    return masks


def check_move(
    calendar: Calendar,
    *,
    booking: Booking,
    start: datetime,
    busy: BookingTable,
    rules: SlotRules,
    now: datetime,
    handle: int | None = None,
    **asked: Unpack[Asked],
) -> tuple[Conflict, ...]:
    """What stands against moving a booking: its state, the deadline, and whatever the new start meets.

    The booking does not stand in its own way, and keeps its own length, buffers and seats (a stay of calendar days its
    days): ``rules`` gives the grid. Who asks is taken from the booking unless ``request`` says otherwise. A booking on
    several resources is asked about once for each of them, by ``handle``.

        >>> from petpro_core import Allocation
        >>> from datetime import UTC, datetime, timedelta
        >>> from petpro_core import ALWAYS, BookingTable, Calendar, Interval, Schedule, SlotRules, WeeklyHours
        >>> clinic = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]})))
        >>> asked = {
        ...     "busy": BookingTable.empty(known=ALWAYS),
        ...     "rules": SlotRules(timedelta(hours=1)),
        ...     "now": datetime(2026, 11, 20, tzinfo=UTC),
        ... }
        >>> nine = datetime(2026, 11, 23, 9, tzinfo=UTC)
        >>> booking = Booking(1, Allocation(0, Interval(nine, nine + timedelta(hours=1))))
        >>> asked["busy"] = BookingTable.of([booking], known=ALWAYS)
        >>> check_move(clinic, booking=booking, start=nine + timedelta(minutes=30), **asked)
        ()

    Args:
        calendar: Where it would go.
        booking: The booking as it stands.
        start: Its new start.
        busy: What is booked, the booking itself included.
        rules: As in the search.
        now: The present.
        handle: The number of the calendar where it would go; may be left out for a booking on one resource that stays
            there.
        **asked: As in ``find_slots``; ``replacing`` is the booking.

    Raises:
        InvalidValueError: The booking holds several resources, and ``handle`` does not say which is asked about.

    Source: ADR 5 (what was frozen when it was booked), ADR 10.
    """
    if handle is None and len(booking.allocations) > 1:
        held = ", ".join(str(allocation.resource) for allocation in booking.allocations)
        msg = f"booking {booking.id} holds the resources {held}; ask about each of them with handle="
        raise InvalidValueError(msg, id=booking.id)
    first = booking.allocations[0]
    allocation = next((one for one in booking.allocations if one.resource == handle), first)
    request = Request(
        service=booking.service,
        units=allocation.units,
        client=booking.client,
        household=booking.household,
        pet=booking.pet,
        group=booking.group,
        channel=booking.channel,
    )
    kept = attrs.evolve(
        rules,
        duration=rules.duration if isinstance(rules.duration, CalendarDays) else allocation.interval.duration,
        buffer_before=allocation.interval.start - allocation.occupied.start,
        buffer_after=allocation.occupied.end - allocation.interval.end,
        seats=booking.seats,
    )
    merged: Asked = {"request": request, **asked, "replacing": booking.id}
    policy, waive = merged.get("policy", BookingPolicy()), merged.get("waive", ())
    found: list[Conflict] = []
    expired = booking.held_until is not None and to_us(booking.held_until) <= to_us(now)
    if booking.status not in _MOVABLE_STATUSES or expired:
        found.append(Conflict(Reason.STATUS, Kind.STATUS, ref=booking.id))
    found += _late(booking, policy.move_deadline, to_us(now), waive)
    question = Question.of(busy=busy, rules=kept, now=now, **merged)
    resource = allocation.resource if handle is None else handle
    return (*found, *judge(question, calendar, to_us(start), resource).conflicts())


def check_cancel(
    booking: Booking, *, now: datetime, policy: BookingPolicy, waive: Collection[Waiver] = ()
) -> tuple[Conflict, ...]:
    """What stands against cancelling a booking: its state, and the deadline.

        >>> from datetime import UTC, datetime, timedelta
        >>> from petpro_core import Allocation, BookingPolicy
        >>> nine = datetime(2026, 11, 23, 9, tzinfo=UTC)
        >>> booking = Booking(1, Allocation(0, Interval(nine, nine + timedelta(hours=1))))
        >>> day_before = BookingPolicy(cancel_deadline=timedelta(days=1))
        >>> [str(c.kind) for c in check_cancel(booking, now=nine - timedelta(hours=2), policy=day_before)]
        ['deadline']

    Args:
        booking: The booking as it stands.
        now: The present.
        policy: Its ``cancel_deadline`` is used.
        waive: ``Waiver.DEADLINE`` sets the deadline aside.

    Source: ADR 10.
    """
    found: list[Conflict] = []
    if BookingStatus.CANCELLED not in booking.status.may_become:
        found.append(Conflict(Reason.STATUS, Kind.STATUS, ref=booking.id))
    return (*found, *_late(booking, policy.cancel_deadline, to_us(now), waive))


def _late(booking: Booking, deadline: timedelta | None, now_us: int, waive: Collection[Waiver]) -> list[Conflict]:
    if deadline is None or Waiver.DEADLINE in set(map(Waiver, waive)):
        return []
    limit, start = duration_us(deadline), to_us(booking.start)
    if now_us <= start - limit:
        return []
    closed = Interval.from_us(start - limit, start) if limit else None
    return [
        Conflict(Reason.DEADLINE, Kind.DEADLINE, interval=closed, ref=booking.id, limit=limit, actual=start - now_us)
    ]


def _occurrences(series: Recurrence, rules: SlotRules, within: Interval) -> list[datetime]:
    lasting = rules.duration.days if isinstance(rules.duration, CalendarDays) else rules.duration
    if series.duration != lasting:
        msg = (
            f"an occurrence of a series lasts as long as a visit, got {series.duration} beside {lasting} of the rules; "
            "give both the same"
        )
        raise InvalidValueError(msg, name="starts", got=series.duration, duration=lasting)
    return [one.start for one in expand(series, within=within, limit=_SERIES_LIMIT)]


def check_series(
    calendar: Calendar,
    *,
    starts: Sequence[datetime] | Recurrence,
    busy: BookingTable,
    rules: SlotRules,
    now: datetime,
    handle: int = 0,
    within: Interval | None = None,
    **asked: Unpack[Asked],
) -> tuple[tuple[Conflict, ...], ...]:
    """A verdict for each occurrence of a series, in the order given.

    Each is judged with those before it booked that were accepted, so that an occurrence that meets another, or fills a
    cap for a later one, is found. What is accepted may be booked as a whole.

        >>> from datetime import UTC, datetime, timedelta
        >>> from petpro_core import ALWAYS, BookingTable, Calendar, Interval, Schedule, SlotRules, WeeklyHours
        >>> clinic = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]})))
        >>> asked = {
        ...     "busy": BookingTable.empty(known=ALWAYS),
        ...     "rules": SlotRules(timedelta(hours=1)),
        ...     "now": datetime(2026, 11, 20, tzinfo=UTC),
        ... }
        >>> starts = [datetime(2026, 11, day, 9, tzinfo=UTC) for day in (23, 24, 30)]
        >>> [[str(c.kind) for c in verdict] for verdict in check_series(clinic, starts=starts, **asked)]
        [[], ['closed'], []]
        >>> weekly = Recurrence(datetime(2026, 11, 23, 9), "UTC", timedelta(hours=1), rules="FREQ=WEEKLY;COUNT=8")
        >>> sum(not verdict for verdict in check_series(clinic, starts=weekly, **asked))
        8

    Args:
        calendar: The resource's hours.
        starts: The occurrences, up to 1,000; or a recurrence, whose length is that of the rules, and whose occurrences
            are those of ``expand(starts, within=within)``.
        busy: What is booked, and where that is known.
        rules: As in the search, one for all.
        now: The present.
        handle: The calendar's number in ``busy``.
        within: Bounds the starts of a recurrence that does not end by itself; not for a list.
        **asked: As in ``find_slots``.

    Raises:
        LimitExceededError: More than 1,000 occurrences.
        InvalidValueError: A recurrence lasts another time than a visit of the rules, or ``within`` with a list.

    Source: ADR 2, ADR 11.
    """
    if isinstance(starts, Recurrence):
        starts = _occurrences(starts, rules, ALWAYS if within is None else within)
    elif within is not None:
        msg = f"a range bounds a recurrence, and these starts are listed, got within={within}; leave it out"
        raise InvalidValueError(msg, name="within", got=within)
    if len(starts) > _SERIES_LIMIT:
        msg = f"a series is checked for up to {_SERIES_LIMIT} occurrences at once, got {len(starts)}; split it"
        raise LimitExceededError(msg, limit=_SERIES_LIMIT, got=len(starts))
    question = Question.of(busy=busy, rules=rules, now=now, **asked)
    verdicts, request = [], question.request
    fresh = int(busy.booking.max(initial=0)) + 1
    for number, start in enumerate(starts):
        judged = judge(question, calendar, to_us(start), handle)
        verdicts.append(judged.conflicts())
        if judged.mask:
            continue
        visit, occupied = Interval.from_us(judged.start, judged.end), Interval.from_us(*judged.occupied)
        booked = Booking(
            fresh + number,
            Allocation(handle, visit, occupied, request.units),
            service=request.service,
            client=request.client,
            household=request.household,
            pet=request.pet,
            group=request.group,
            seats=rules.seats,
            channel=request.channel,
        )
        question = attrs.evolve(question, busy=question.busy.with_bookings([booked]))
    return tuple(verdicts)
