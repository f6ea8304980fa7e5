"""The laws of a prepared index: every answer is that of a fresh search, whatever was changed, and whenever it is asked.

Needs nothing but a plain case and plain changes; ``petpro_core.index`` is what it judges, ``petpro_core.decisions`` is
what it is judged by.

Source: ADR 14, ADR 18.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core.decisions import check_booking, find_common, find_slots, first_slots
from petpro_core.index import SlotIndex
from petpro_core.intervals import Interval, from_us, to_us
from petpro_core.testing._plain import Case, instant
from petpro_core.testing.cases import build, build_booking, build_table
from petpro_core.testing.laws._facts import must_equal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from petpro_core.slots import SlotTable
    from petpro_core.testing.cases import Question

__all__ = ["IndexFollower", "index_is_saved_whole", "index_is_the_search", "index_keeps_up"]

_TICK: Final = timedelta(microseconds=1)
_LONG: Final = timedelta(days=1)


def index_is_the_search(case: Case) -> None:
    """Every answer of an index is that of a search with the same question.

    Raises:
        LawBrokenError: One is not.
    """
    IndexFollower(case).agrees()


def index_keeps_up(case: Case, changes: Iterable[Case]) -> None:
    """After each change the index answers as if it had been made anew; ``IndexFollower.apply`` says what a change is.

    Raises:
        LawBrokenError: It does not.
    """
    follower = IndexFollower(case)
    for change in changes:
        follower.apply(change)
        follower.agrees()


def index_is_saved_whole(case: Case, changes: Iterable[Case] = ()) -> None:
    """An index that was saved and loaded, as columns or as one buffer, is the index that it was.

    Raises:
        LawBrokenError: It is not.
    """
    follower = IndexFollower(case)
    for change in changes:
        follower.apply(change)
    q, index = follower.opened, follower.index
    asked = {name: value for name, value in q.asked.items() if name not in {"busy", "now"}} | {"within": q.within}
    for loaded in (
        SlotIndex.from_columns(index.columns(), q.calendars, **asked),
        SlotIndex.from_bytes(index.to_bytes(), q.calendars, **asked),
    ):
        follower.index = loaded
        follower.agrees()


class IndexFollower:
    """A case and its index, changed together.

    Attributes:
        case: The plain case as it stands.
        opened: The case as objects; calendars, rules and policy stay as they are here.
        index: The index that followed every change.
    """

    def __init__(self, case: Case) -> None:
        """Make the index of a case."""
        self.case = case | {"bookings": list(case.get("bookings", ())), "feeds": list(case.get("feeds", ()))}
        self.opened = build(self.case)
        self.index = SlotIndex.of(self.opened.calendars, within=self.opened.within, **self.opened.asked)

    @property
    def question(self) -> Question:
        """What a fresh search asks now."""
        return attrs.evolve(self.opened, busy=build_table(self.case), now=from_us(instant(self.case["now"])))

    def apply(self, change: Case) -> None:
        """Change both.

        Args:
            change: One of ``{"add": booking}``, ``{"remove": pick}``, ``{"replace": pick, "by": booking}`` (a move, or
                another status), ``{"feed": feed}``, ``{"pass": microseconds}``, ``{"pass": "fresh"}`` (to the instant
                at which time alone may change an answer) and ``{"pass": "almost"}`` (to a microsecond before it).
                ``pick`` counts the bookings there are, over and over. What does not fit changes nothing.
        """
        bookings: list[Case] = self.case["bookings"]
        if "feed" in change:
            self._feed(change["feed"])
        elif "pass" in change:
            self._pass(change["pass"])
        elif "add" in change:
            if change["add"]["id"] not in {one["id"] for one in bookings}:
                self.index = self.index.with_bookings([build_booking(change["add"])])
                bookings.append(change["add"])
        elif bookings:
            place = int(change["remove"] if "remove" in change else change["replace"]) % len(bookings)
            old, fresh = bookings.pop(place), []
            if "by" in change:
                fresh = [change["by"] | {"id": old["id"]}]
            self.index = self.index.with_bookings(map(build_booking, fresh), removed=[build_booking(old)])
            bookings.extend(fresh)

    def _feed(self, feed: Case) -> None:
        self.case["feeds"].append(feed)
        self.index = self.index.with_row(feed["resource"], build_table(self.case))

    def _pass(self, by: int | str) -> None:
        now, fresh = self.index.now, self.index.fresh_until or self.index.now + _LONG
        later = now + timedelta(microseconds=by) if isinstance(by, int) else fresh - _TICK * (by == "almost")
        self.index = self.index.at(later)
        self.case = self.case | {"now": to_us(later)}

    def starts_agree(self) -> None:
        """Compare all starts with those of a fresh search.

        Raises:
            LawBrokenError: They differ.
        """
        q = self.question
        _tables_agree("find", self.index.find(), find_slots(q.calendars, within=q.within, **q.asked))

    def agrees(self) -> None:
        """Compare every kind of answer with a fresh search.

        Raises:
            LawBrokenError: One differs.
        """
        q, index = self.question, self.index
        table = find_slots(q.calendars, within=q.within, **q.asked)
        _tables_agree("find", index.find(), table)
        _tables_agree("first", index.first(), first_slots(q.calendars, within=q.within, **q.asked))
        must_equal("count", index.count().tolist(), table.counts.tolist())
        until = index.fresh_until
        # An index may know that what a search waits for is refused anyway; it never says less.
        sound = until is None or (table.valid_until is not None and table.valid_until <= until)
        must_equal("fresh until", sound, True, index=until, search=table.valid_until)
        for then in (q.now + _LONG, q.now + 400 * _LONG) if until is None else (until - _TICK,):
            later = find_slots(q.calendars, within=q.within, **(q.asked | {"now": then}))
            must_equal("still fresh", later.starts.tolist(), table.starts.tolist(), until=until)
        rows = [table.row(row).tolist() for row in range(len(q.rows))]
        self._parts_agree(q)
        self._masks_agree(rows)
        self._points_agree(q, rows)
        self._groups_agree(q)

    def _parts_agree(self, q: Question) -> None:
        """A part of the range, from near its beginning to near its end."""
        start, end = q.within.start_us, q.within.end_us
        part = Interval.from_us(start + (end - start) // 3, end - (end - start) // 5)
        table = find_slots(q.calendars, within=part, **q.asked)
        rows = [table.row(row).tolist() for row in range(len(q.rows))]
        index = self.index
        must_equal("find in a part", index.find(within=part).starts.tolist(), table.starts.tolist())
        must_equal("count in a part", index.count(within=part).tolist(), [len(row) for row in rows])
        must_equal("first in a part", index.first(within=part).starts.tolist(), [row[0] for row in rows if row])
        merged = sorted(start for row in rows for start in row)
        must_equal("top in a part", [to_us(slot.start) for slot in index.top(2, within=part)], merged[:2])
        common = index.common([[*range(len(rows))]], within=part)
        must_equal("common in a part", common.starts.tolist(), sorted(set(rows[0]).intersection(*rows)))

    def _masks_agree(self, rows: list[list[int]]) -> None:
        index = self.index
        for chosen in ([row % 2 == 0 for row in range(len(rows))], [False] * len(rows)):
            wanted = [row if said else [] for row, said in zip(rows, chosen, strict=True)]
            mask = np.array(chosen, np.bool_)
            found, first = index.find(mask), index.first(mask)
            must_equal("find in a mask", [found.row(row).tolist() for row in range(len(rows))], wanted)
            must_equal("first in a mask", [first.row(r).tolist() for r in range(len(rows))], [w[:1] for w in wanted])
            must_equal("count in a mask", index.count(mask).tolist(), [len(row) for row in wanted])
            _top_agrees(index, wanted, mask)
        _top_agrees(index, rows, None)

    def _points_agree(self, q: Question, rows: list[list[int]]) -> None:
        """Which rows may be booked at an instant, and what stands against one start."""
        index, window = self.index, (q.within.start_us, q.within.end_us)
        starts = {start for row in rows for start in row[:1] + row[-1:]} | {window[0], window[1] - 1}
        starts |= set(islice(index.axis.tolist(), 2))
        for start in sorted(starts):
            free = [row for row, found in enumerate(rows) if start in found]
            must_equal("bookable", index.bookable(from_us(start)).tolist(), free, start=start)
            some = np.arange(len(rows)) % 2 == 1
            must_equal(
                "bookable in a mask", index.bookable(from_us(start), some).tolist(), [r for r in free if some[r]]
            )
        for row, calendar in enumerate(q.rows):
            at = from_us(max(starts) if row else min(starts))
            told = check_booking(calendar, start=at, handle=int(q.calendars.handles[row]), **q.asked)
            must_equal("check", index.check(row, at), told, row=row, start=at)

    def _groups_agree(self, q: Question) -> None:
        """Common starts, of all rows and of each alone, in groups of one size and of several."""
        size = len(q.rows)
        alone, everybody = [[row] for row in range(size)], [*range(size)][::-1]
        _groups_agree(self.index, q, [everybody, [*range(size)]], None)
        _groups_agree(self.index, q, [*alone, everybody], None)
        _groups_agree(self.index, q, [*alone, everybody], 1)
        for need in range(1, size + 1):
            _groups_agree(self.index, q, [everybody], need)


def _tables_agree(law: str, got: SlotTable, wanted: SlotTable) -> None:
    for name in ("handles", "offsets", "starts", "ends", "offered_until"):
        must_equal(f"{law}: {name}", getattr(got, name).tolist(), getattr(wanted, name).tolist())
    both = [None if table.stranded is None else table.stranded.tolist() for table in (got, wanted)]
    must_equal(f"{law}: stranded", both[0], both[1])
    must_equal(f"{law}: untested", got.untested, wanted.untested)
    must_equal(f"{law}: rules", got.rules, wanted.rules)


def _top_agrees(
    index: SlotIndex, rows: list[list[int]], mask: np.ndarray[tuple[int], np.dtype[np.bool_]] | None
) -> None:
    merged = sorted((start, row) for row, starts in enumerate(rows) for start in starts)
    handles = index.handles.tolist()
    for k in (0, 1, 2, len(merged) // 2, len(merged) + 1):
        got = [(to_us(slot.start), handles.index(slot.resource_id)) for slot in index.top(k, mask)]
        must_equal("top", got, merged[:k], k=k)


def _groups_agree(index: SlotIndex, q: Question, groups: list[list[int]], need: int | None) -> None:
    found = index.common(groups, need=need)
    for number, group in enumerate(groups):
        # A batch of the members alone, in the order of the group.
        index_of, places = np.unique(q.calendars.index[group], return_inverse=True)
        batch = attrs.evolve(
            q.calendars,
            distinct=tuple(q.calendars.distinct[one] for one in index_of.tolist()),
            index=places,
            handles=q.calendars.handles[group],
            capacities=q.calendars.capacities[group],
        )
        wanted = find_common(batch, within=q.within, need=need, **q.asked)
        must_equal("common", found.row(number).tolist(), wanted.starts.tolist(), group=group, need=need)
        mine = slice(int(found.offsets[number]), int(found.offsets[number + 1]))
        until = found.offered_until[mine].tolist()
        must_equal("common: offered until", until, wanted.offered_until.tolist(), group=group, need=need)
        must_equal("common: handle", int(found.handles[number]), int(wanted.handles[0]))
