"""The index as its users see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Unpack

import attrs
import numpy as np
import numpy.typing as npt

from petpro_core._checks import as_each, as_kind, as_whole
from petpro_core.availability import CalendarBatch, LocalDays
from petpro_core.bookings import Booking, BookingTable
from petpro_core.decisions import check_booking
from petpro_core.decisions._question import Asked, Question
from petpro_core.decisions._search import SEARCH_LIMIT, Calendars, check_limit
from petpro_core.errors import InvalidValueError, OutOfRangeError
from petpro_core.index import _answers, _saving
from petpro_core.index._bits import between, counts, firsts, looked_up, stands
from petpro_core.index._frame import Frame
from petpro_core.index._ledger import Ledger, Part, changed_parts
from petpro_core.index._snapshot import Snapshot
from petpro_core.intervals import ALWAYS, Int64Array, Interval, from_us, to_us
from petpro_core.reasons import Waiver
from petpro_core.slots import SlotRules, SlotTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from petpro_core.reasons import Conflict
    from petpro_core.slots import Slot

__all__ = ["SlotIndex"]

CELL_LIMIT: Final = 2_000_000_000


@attrs.frozen(eq=False, repr=False)
class SlotIndex:
    """A prepared snapshot of many calendars for one set of rules, asked again and again.

    Every answer is that of a search with the same question, bookings and ``now``. An index never changes: a booking
    more or less, and a later ``now``, give another one that shares what is the same, so that threads may read it while
    the next is made. Rows are numbered as the calendars came.

        >>> from datetime import UTC, date, datetime, timedelta
        >>> from petpro_core import Allocation, Calendar, Schedule, WeeklyHours
        >>> clinic = Calendar(Schedule("UTC", WeeklyHours({"monday": ["09:00-12:00"]})))
        >>> index = SlotIndex.of(
        ...     [clinic, clinic],
        ...     busy=BookingTable.empty(known=ALWAYS),
        ...     rules=SlotRules(timedelta(hours=1), step=timedelta(hours=1)),
        ...     within=LocalDays(date(2026, 11, 23), date(2026, 11, 29)),
        ...     now=datetime(2026, 11, 20, tzinfo=UTC),
        ... )
        >>> index
        <SlotIndex of 2 rows and 3 candidate starts at 2026-11-20 00:00:00+00:00>
        >>> nine = datetime(2026, 11, 23, 9, tzinfo=UTC)
        >>> booked = index.with_bookings([Booking(1, Allocation(1, Interval(nine, nine + timedelta(hours=1))))])
        >>> index.count().tolist(), booked.count().tolist(), booked.bookable(nine).tolist()
        ([3, 3], [3, 2], [0])

    Source: ADR 18.
    """

    _snapshot: Snapshot

    @classmethod
    def of(
        cls,
        calendars: Calendars,
        *,
        busy: BookingTable,
        rules: SlotRules,
        within: Interval | LocalDays,
        now: datetime,
        limit: int = CELL_LIMIT,
        **asked: Unpack[Asked],
    ) -> SlotIndex:
        """An index of the question that ``find_slots`` takes. Its making costs about as much as one search.

        Args:
            calendars: One, several, or a ``CalendarBatch`` with handles of your own.
            busy: What is booked, and for which time that is known.
            rules: One set of rules; another duration is another index.
            within: A range of instants, or of local days in each calendar's zone: where its answers lie.
            now: The present; ``at`` moves it on.
            limit: At most so many cells (rows x candidate starts); eight of them take a byte.
            **asked: ``policy``, ``request``, ``waive``, ``replacing``, ``cache``.

        Raises:
            InvalidValueError: Several rules, or the grid is waived (every microsecond would be an answer).
            LimitExceededError: More cells than ``limit``, or more than 50,000,000 candidate starts; its ``bound``
                says which.
            OutOfRangeError: The range lies too near the ends of the years 1 to 9999.

        Source: ADR 2, ADR 18.
        """
        question = _question(rules, busy=busy, now=now, **asked)
        frame = Frame.of(question, CalendarBatch.of(calendars), within, limit)
        return cls(Snapshot.of(frame, question, Ledger.of(question)))

    # --- what it is ---------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        """How many rows."""
        return len(self._snapshot.frame.batch)

    def __repr__(self) -> str:
        """Say how much there is; its cells would fill a page."""
        return f"<SlotIndex of {len(self)} rows and {len(self.axis)} candidate starts at {self.now}>"

    @property
    def handles(self) -> Int64Array:
        """int64[n]: the caller's number for each row."""
        return self._snapshot.frame.batch.handles

    @property
    def axis(self) -> Int64Array:
        """int64[a]: the candidate starts of all rows together, in order of time; read-only."""
        return self._snapshot.frame.candidates.axis

    @property
    def now(self) -> datetime:
        """The present of its answers."""
        return from_us(self._snapshot.question.now_us)

    @property
    def nbytes(self) -> int:
        """The bytes of the matrix and of its candidate starts; the bookings are the caller's own columns, shared."""
        found = self._snapshot.frame.candidates
        return self._snapshot.words.nbytes + found.starts.nbytes + found.places.nbytes + found.axis.nbytes

    @property
    def fresh_until(self) -> datetime | None:
        """Until when every answer holds if nothing but time changes; ``None`` = for ever.

        Until then ``at`` costs next to nothing. Each table carries it as ``valid_until``; arrays and slots carry no
        date of their own.
        """
        until = self._snapshot.fresh_until_us
        return None if until > ALWAYS.end_us else from_us(until)

    @property
    def untested(self) -> tuple[str, ...]:
        """What could not be tested because the request does not tell it."""
        return self._snapshot.question.untested

    # --- what it answers ----------------------------------------------------------------------------------------------

    def find(
        self,
        mask: npt.ArrayLike | None = None,
        *,
        within: Interval | LocalDays | None = None,
        limit: int = SEARCH_LIMIT,
    ) -> SlotTable:
        """Every start, row by row, as ``find_slots`` gives them.

        Args:
            mask: bool[n]: only these rows; the others are empty. ``None`` = all.
            within: A part of the range; ``None`` = all of it.
            limit: At most so many starts.

        Raises:
            InvalidValueError: A mask that has not one truth value for each row.
            OutOfRangeError: ``within`` does not lie in the range of the index.
            LimitExceededError: More starts than ``limit``.
        """
        rows = _answers.as_mask(mask, len(self))
        words = _answers.chosen(self._snapshot, rows, within)
        per_row = counts(words)
        check_limit(int(per_row.sum()), limit)
        begins, starts = self._snapshot.frame.begins, self._snapshot.frame.candidates.starts
        begins = begins if rows is None else begins[rows]
        return _answers.starts_of(self._snapshot, rows, per_row, looked_up(words, begins, per_row, starts))

    def first(self, mask: npt.ArrayLike | None = None, *, within: Interval | LocalDays | None = None) -> SlotTable:
        """The first start of each row that has one, as ``first_slots`` gives them.

        Args:
            mask: As in ``find``.
            within: As in ``find``.

        Raises:
            InvalidValueError: A mask that has not one truth value for each row.
            OutOfRangeError: ``within`` does not lie in the range of the index.
        """
        rows = _answers.as_mask(mask, len(self))
        row, column = firsts(_answers.chosen(self._snapshot, rows, within))
        row = row if rows is None else rows[row]
        return _answers.starts_of(self._snapshot, row, np.ones(len(row), np.int64), self._snapshot.starts(row, column))

    def count(self, mask: npt.ArrayLike | None = None, *, within: Interval | LocalDays | None = None) -> Int64Array:
        """int64[n]: how many starts each row has, as ``count_slots`` gives them; 0 outside the mask.

        Args:
            mask: As in ``find``.
            within: As in ``find``.

        Raises:
            InvalidValueError: A mask that has not one truth value for each row.
            OutOfRangeError: ``within`` does not lie in the range of the index.
        """
        rows = _answers.as_mask(mask, len(self))
        found = counts(_answers.chosen(self._snapshot, rows, within))
        if rows is None:
            return found
        every = np.zeros(len(self), np.int64)
        every[rows] = found
        return every

    def bookable(self, at: datetime, mask: npt.ArrayLike | None = None) -> Int64Array:
        """The rows that may be booked at one instant, in order.

        Args:
            at: The start; of the rows of a range in local days, only those whose days hold it have it.
            mask: As in ``find``.

        Raises:
            OutOfRangeError: The start lies outside the range of the index, of which it knows nothing.
            InvalidValueError: A mask that has not one truth value for each row.
            NaiveDatetimeError: ``at`` without a zone.
        """
        rows, start = _answers.as_mask(mask, len(self)), to_us(at)
        first, last = self._snapshot.frame.prepared.window
        if len(self) and not first <= start < last:
            msg = f"this index knows starts from {from_us(first)} to {from_us(last - 1)}, got {at}; make another"
            raise OutOfRangeError(msg, first=first, last=last - 1, got=start)
        candidates, index = self._snapshot.frame.candidates, self._snapshot.frame.batch.index
        place = (candidates.starts == start).nonzero()[0]
        calendar = candidates.offsets.searchsorted(place, "right") - 1
        column = np.full(len(candidates.offsets) - 1, -1)
        column[calendar] = place - candidates.offsets[calendar]
        rows = np.arange(len(self)) if rows is None else rows
        rows = rows[column[index[rows]] >= 0]
        return rows[stands(self._snapshot.live, rows, column[index[rows]])]

    def check(self, row: int, start: datetime) -> tuple[Conflict, ...]:
        """Every conflict of one proposal, as ``check_booking`` gives them; none = it may be booked.

        Args:
            row: The number of the row.
            start: When the visit would start; it need not lie in the range of the index.

        Raises:
            InvalidValueError: No row of that number.
            NaiveDatetimeError: ``start`` without a zone.
            OutOfRangeError: ``start`` lies too near the ends of the years 1 to 9999.
        """
        number, snapshot = as_whole("row", row, 0, len(self) - 1), self._snapshot
        handle, question = int(self.handles[number]), snapshot.question
        return check_booking(
            snapshot.frame.calendar(number),
            start=start,
            busy=snapshot.ledger.table(self.handles[number : number + 1]),
            rules=question.rules,
            now=self.now,
            handle=handle,
            policy=question.policy,
            request=question.request,
            waive=question.waive,
            replacing=question.replacing,
            cache=question.cache,
        )

    def top(
        self, k: int, mask: npt.ArrayLike | None = None, *, within: Interval | LocalDays | None = None
    ) -> tuple[Slot, ...]:
        """The first ``k`` starts of all rows together, in order of time and then of row; all of them if there are less.

        Args:
            k: 0 to 5,000,000.
            mask: As in ``find``.
            within: As in ``find``.

        Raises:
            InvalidValueError: A number outside its bounds, or a mask that has not one truth value for each row.
            OutOfRangeError: ``within`` does not lie in the range of the index.
        """
        wanted = as_whole("k", k, 0, SEARCH_LIMIT)
        frame, snapshot = self._snapshot.frame, self._snapshot
        rows = _answers.as_mask(mask, len(self))
        rows = np.arange(len(self)) if rows is None else rows
        words = _answers.chosen(snapshot, rows, within)
        row, column = firsts(words)
        if len(row) > wanted > 0:
            # So many rows have a start by then; nothing later is among the first.
            last = np.partition(snapshot.starts(rows[row], column), wanted - 1)[wanted - 1]
            ahead = frame.candidates.before(np.full(len(frame.candidates.offsets) - 1, last + 1))
            words = words & between(np.zeros_like(ahead), ahead, frame.width)[frame.batch.index[rows]]
        per_row = counts(words)
        starts = looked_up(words, frame.begins[rows], per_row, frame.candidates.starts)
        # Rows come in order, so that a stable sort leaves those of one instant in it.
        chosen = np.sort(starts.argsort(kind="stable")[:wanted])
        held = np.bincount(np.arange(len(rows)).repeat(per_row)[chosen], minlength=len(rows))
        table = _answers.starts_of(snapshot, rows, held, starts[chosen])
        return tuple(table[place] for place in table.starts.argsort(kind="stable").tolist())

    def common(
        self,
        groups: npt.ArrayLike | Sequence[Sequence[int]],
        *,
        need: int | None = None,
        within: Interval | LocalDays | None = None,
        limit: int = SEARCH_LIMIT,
    ) -> SlotTable:
        """The starts that all members of each group accept, or at least ``need`` of them: a row for each group.

        Each row is that of ``find_common``, with the handle of the group's first member.

        Args:
            groups: int[g, m], or lists of different lengths: the rows of each group, by number.
            need: How many must accept a start; ``None`` = all.
            within: As in ``find``.
            limit: At most so many common starts.

        Raises:
            InvalidValueError: A group without members, with one twice, or with one that is no row; ``need`` is less
                than 1 or more than a group has members.
            OutOfRangeError: ``within`` does not lie in the range of the index.
            LimitExceededError: More common starts than ``limit``.

        Source: ADR 15 (at least k of n).
        """
        members, sizes = _answers.as_groups(groups, len(self))
        if need is not None:
            as_whole("need", need, 1, int(sizes.min(initial=members.shape[1])))
        return _answers.common_starts(self._snapshot, members, sizes, need, within, limit)

    # --- what changes -------------------------------------------------------------------------------------------------

    def with_bookings(self, added: Iterable[Booking] = (), *, removed: Iterable[Booking] = ()) -> SlotIndex:
        """The index once some bookings are gone and others have come; a move is both.

        Cost: the bookings of the resources that they hold; all rows, where a rule counts the bookings of who asks and
        one of theirs is among them.

        Args:
            added: Bookings that are not there yet.
            removed: Bookings as they stood: their numbers are taken off the resources they hold.

        Raises:
            InvalidValueError: A booking to remove that is not there, or one to add that is there already (on a
                resource that it holds, or twice in ``added``).
        """
        fresh, gone = as_each(Booking, "added", added), as_each(Booking, "removed", removed)
        numbers = [booking.id for booking in fresh]
        if len(set(numbers)) < len(numbers):
            msg = f"a booking is added once, got the numbers {numbers}"
            raise InvalidValueError(msg, name="added", got=numbers)
        return SlotIndex(self._snapshot.changed(changed_parts(self._snapshot.ledger, fresh, gone)))

    def with_row(self, resource: int, busy: BookingTable) -> SlotIndex:
        """The index in which one resource holds what a table says of it, and nothing else; see ``with_rows``."""
        return self.with_rows([resource], busy)

    def with_rows(self, resources: Sequence[int], busy: BookingTable) -> SlotIndex:
        """The index in which some resources hold what a table says of them, feeds included, and nothing else.

        Args:
            resources: Handles of rows.
            busy: Their bookings; those of other resources in it are left alone.

        Raises:
            InvalidValueError: A handle that no row has, or bookings that are known for another time than the index's.
        """
        as_kind("busy", busy, BookingTable)
        known = set(self.handles.tolist())
        for resource in resources:
            if as_whole("resources", resource) not in known:
                msg = f"a row is named by a handle of the index, got {resource}"
                raise InvalidValueError(msg, name="resources", got=resource)
        if busy.known != self._snapshot.ledger.base.known:
            msg = "bookings of a row are known for the same time as those of the index; make another index"
            raise InvalidValueError(msg, name="busy", got=busy.known)
        return SlotIndex(self._snapshot.changed({resource: Part.of(busy, resource) for resource in resources}))

    def at(self, now: datetime) -> SlotIndex:
        """The index at a later instant. Next to nothing before ``fresh_until``; after it, the rows whose holds let go.

        Args:
            now: The same instant or a later one.

        Raises:
            OutOfRangeError: An earlier instant.
            NaiveDatetimeError: ``now`` without a zone.
        """
        later, before = to_us(now), self._snapshot.question.now_us
        if later < before:
            msg = f"an index moves on in time, got now={now} before {self.now}; make another"
            raise OutOfRangeError(msg, got=later, minimum=before)
        return SlotIndex(self._snapshot.at(later))

    # --- what is kept -------------------------------------------------------------------------------------------------

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """Everything but the question as named columns, with a seal over them and the question.

        Hours, rules and policy are objects, and are given again to ``from_columns``.
        """
        return _saving.columns(self._snapshot)

    @classmethod
    def from_columns(
        cls,
        columns: Mapping[str, npt.NDArray[Any]],
        calendars: Calendars,
        *,
        rules: SlotRules,
        within: Interval | LocalDays,
        **asked: Unpack[Asked],
    ) -> SlotIndex:
        """The index whose columns these are; nothing is compiled, and no column is copied.

        Args:
            columns: What ``columns`` gave.
            calendars: The calendars that it was made of, in the same order, likewise all others.
            rules: The rules.
            within: The range.
            **asked: ``policy``, ``request``, ``waive``, ``replacing``, ``cache``.

        Raises:
            InvalidValueError: Columns that are missing, of another shape, changed since, or of another question.
        """

        def question(busy: BookingTable, now: datetime) -> Question:
            return _question(rules, busy=busy, now=now, **asked)

        return cls(_saving.restored(columns, calendars, within, question))

    def to_bytes(self) -> bytes:
        """The columns as one buffer, the same on every machine."""
        return _saving.to_bytes(self.columns())

    @classmethod
    def from_bytes(
        cls,
        buffer: bytes | bytearray | memoryview,
        calendars: Calendars,
        *,
        rules: SlotRules,
        within: Interval | LocalDays,
        **asked: Unpack[Asked],
    ) -> SlotIndex:
        """The index of a buffer that ``to_bytes`` made. Nothing in it is executed; its columns stay in the buffer.

        Args:
            buffer: What ``to_bytes`` gave; it must not change afterwards.
            calendars: As in ``from_columns``, likewise all others.
            rules: The rules.
            within: The range.
            **asked: ``policy``, ``request``, ``waive``, ``replacing``, ``cache``.

        Raises:
            InvalidValueError: A buffer that is cut short, changed, foreign or of another version, or another question.
        """
        return cls.from_columns(_saving.from_bytes(buffer), calendars, rules=rules, within=within, **asked)


def _question(rules: SlotRules, *, busy: BookingTable, now: datetime, **asked: Unpack[Asked]) -> Question:
    as_kind("rules", rules, SlotRules)
    question = Question.of(busy=busy, rules=rules, now=now, **asked)
    if Waiver.GRID in question.waive:
        msg = "an index needs its grid (without it every microsecond is an answer); waive it in a check of one start"
        raise InvalidValueError(msg, waive=Waiver.GRID)
    return question
