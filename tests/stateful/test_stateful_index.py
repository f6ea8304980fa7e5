"""Book, hold, move, cancel, read a feed and let time pass; one index follows, and a fresh search says what is so."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from petpro_core.intervals import from_us
from petpro_core.testing import laws
from petpro_core.testing.laws import IndexFollower
from petpro_core.testing.strategies import cases

Case = dict[str, Any]
MINUTE = 60_000_000


class Board(RuleBasedStateMachine):
    """One index, and the case that it stands for."""

    def __init__(self) -> None:
        super().__init__()
        self.follower: IndexFollower | None = None
        self.number = 1_000

    @initialize(case=cases(rows=3, months=False))
    def open(self, case: Case) -> None:
        self.follower = IndexFollower(case)

    @property
    def board(self) -> IndexFollower:
        assert self.follower is not None
        return self.follower

    @rule(pick=st.integers(0, 10_000), status=st.sampled_from(["confirmed", "pending", "cancelled", "no_show"]))
    def book(self, pick: int, status: str) -> None:
        """What the index offers is booked, by whoever asks, so that their caps and gaps fill."""
        table = self.board.index.find()
        if len(table):
            place = pick % len(table)
            row, start = int(table.rows[place]), int(table.starts[place])
            self.board.apply({"add": laws.booked(self.board.case, row, start, self.number, status=status)})
            self.number += 1

    @rule(pick=st.integers(0, 10_000), minutes=st.sampled_from([1, 10, 600]))
    def hold(self, pick: int, minutes: int) -> None:
        slots = self.board.index.top(20)
        if slots:
            slot = slots[pick % len(slots)]
            row = self.board.index.handles.tolist().index(slot.resource_id)
            start = int(self.board.index.find().row(row)[0])
            until = self.board.case["now"] + minutes * MINUTE
            held = laws.booked(self.board.case, row, start, self.number, status="held", held_until=until)
            self.board.apply({"add": held})
            self.number += 1

    @precondition(lambda self: self.board.case["bookings"])
    @rule(pick=st.integers(0, 10_000))
    def cancel(self, pick: int) -> None:
        self.board.apply({"remove": pick})

    @precondition(lambda self: self.board.case["bookings"])
    @rule(pick=st.integers(0, 10_000), by=st.integers(-20, 20), to=st.integers(0, 2))
    def move(self, pick: int, by: int, to: int) -> None:
        """To another time and another resource, whoever may be there."""
        bookings = self.board.case["bookings"]
        old = bookings[pick % len(bookings)]
        handles = self.board.index.handles.tolist()
        times = {"start", "end", "occupied_start", "occupied_end"}
        parts = [
            {k: v + by * 15 * MINUTE if k in times else v for k, v in part.items()}
            | {"resource": handles[to % len(handles)]}
            for part in old["allocations"][:1]
        ]
        self.board.apply({"replace": pick, "by": old | {"allocations": parts}})

    @rule(to=st.sampled_from(["fresh", "almost", 0, 7 * MINUTE, 300 * MINUTE]))
    def time_passes(self, to: int | str) -> None:
        self.board.apply({"pass": to})

    @precondition(lambda self: self.board.case["feeds"])
    @rule(pick=st.integers(0, 10))
    def read_a_feed_again(self, pick: int) -> None:
        feeds = self.board.case["feeds"]
        if len(feeds) < 4:
            self.board.apply({"feed": feeds[pick % len(feeds)]})

    @rule()
    def every_answer_is_the_searchs(self) -> None:
        self.board.agrees()

    @invariant()
    def starts_are_the_searchs(self) -> None:
        if self.follower is not None:
            self.follower.starts_agree()

    def teardown(self) -> None:
        """What was followed through all of it is what would be made anew."""
        if self.follower is not None:
            fresh = IndexFollower(self.follower.case)
            assert fresh.index.find().starts.tolist() == self.follower.index.find().starts.tolist()
            assert self.follower.index.now == from_us(self.follower.case["now"])


TestBoard = Board.TestCase
# A step asks the index and a fresh search everything there is to ask.
TestBoard.settings = settings(max_examples=max(10, settings().max_examples // 4))
