"""Book, hold, move, cancel and let time pass; a dict of plain bookings and the oracle say what may happen."""

from __future__ import annotations

from typing import Any

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from petpro_core.bookings import BookingTable
from petpro_core.decisions import check_booking, check_move, find_conflicts, find_slots
from petpro_core.intervals import ALWAYS, from_us
from petpro_core.reasons import Reason
from petpro_core.testing import laws
from petpro_core.testing.cases import Question, build, build_booking, build_table
from petpro_core.testing.oracle import Oracle
from petpro_core.testing.strategies import cases

Case = dict[str, Any]
HOUR = 3_600_000_000


class Desk(RuleBasedStateMachine):
    """One practice: the bookings that were accepted, in a dict, and what the search offers."""

    def __init__(self) -> None:
        super().__init__()
        self.case: Case = {}
        self.bookings: dict[int, Case] = {}
        self.number = 1

    @initialize(case=cases(rows=2, months=False))
    def open(self, case: Case) -> None:
        # The practice begins empty, so that the judge has accepted every booking, and units never exceed capacity.
        self.case = case | {"bookings": [], "feeds": [], "known": None, "waive": []}
        self.case.pop("replacing", None)
        self.case["policy"] = case["policy"] | {"pending_blocks": True}
        self.opened = build(self.case)

    def question(self, case: Case) -> Question:
        """The case as objects; calendars, rules and policy stay as they were when the practice opened."""
        busy, now = build_table(case), from_us(case["now"])
        return attrs.evolve(self.opened, busy=busy, now=now, replacing=case.get("replacing"))

    def found(self, case: Case) -> list[list[int]]:
        q = self.question(case)
        table = find_slots(q.calendars, within=q.within, **q.asked)
        return [table.row(row).tolist() for row in range(len(q.rows))]

    def now_case(self, **more: object) -> Case:
        return self.case | {"bookings": list(self.bookings.values())} | more

    def offered(self) -> list[tuple[int, int]]:
        return [(row, start) for row, starts in enumerate(self.found(self.now_case())) for start in starts]

    def keep(self, row: int, start: int, **more: object) -> None:
        case = self.now_case()
        assert not Oracle(case).refusals(row, start)
        self.bookings[self.number] = laws.booked(case, row, start, self.number, **more)
        self.number += 1

    def blocking(self) -> list[int]:
        """The bookings that keep their time now."""
        kept = {"confirmed", "pending", "checked_in", "in_progress", "completed"}
        now = self.case["now"]
        return [
            number
            for number, booking in self.bookings.items()
            if booking.get("status", "confirmed") in kept or now < booking.get("held_until", now)
        ]

    @rule(pick=st.integers(0, 10_000), status=st.sampled_from(["confirmed", "pending"]))
    def book(self, pick: int, status: str) -> None:
        offered = self.offered()
        if offered:
            self.keep(*offered[pick % len(offered)], status=status)

    @rule(pick=st.integers(0, 10_000), minutes=st.sampled_from([1, 10, 600]))
    def hold(self, pick: int, minutes: int) -> None:
        offered = self.offered()
        if offered:
            self.keep(*offered[pick % len(offered)], status="held", held_until=self.case["now"] + minutes * 60_000_000)

    @rule(row=st.integers(0, 2), pick=st.integers(0, 287))
    def try_anything(self, row: int, pick: int) -> None:
        """The check says what the oracle says, offered or not; what it accepts is booked."""
        row %= len(self.case["calendars"])
        start = self.case["within"][0] // 300_000_000 * 300_000_000 + pick * 300_000_000
        q = self.question(self.now_case())
        conflicts = check_booking(q.rows[row], start=from_us(start), handle=int(q.calendars.handles[row]), **q.asked)
        assert {c.reason.code for c in conflicts} == Oracle(self.now_case()).refusals(row, start)
        if not conflicts:
            self.keep(row, start)

    @precondition(lambda self: self.bookings)
    @rule(pick=st.integers(0, 10_000))
    def cancel(self, pick: int) -> None:
        number = sorted(self.bookings)[pick % len(self.bookings)]
        before = self.offered()
        self.bookings[number] = {k: v for k, v in self.bookings[number].items() if k != "held_until"} | {
            "status": "cancelled"
        }
        after = self.offered()
        # The last seat given back may take away a session to join, where a cap lets nothing new begin.
        if not self.case["rules"].get("seats"):
            assert set(before) <= set(after)

    @precondition(lambda self: self.blocking())
    @rule(pick=st.integers(0, 10_000), place=st.integers(0, 10_000))
    def move(self, pick: int, place: int) -> None:
        """A booking may move to what is offered to it; it does not stand in its own way."""
        number = self.blocking()[pick % len(self.blocking())]
        case = self.now_case(replacing=number)
        row = [c["handle"] for c in case["calendars"]].index(self.bookings[number]["allocations"][0]["resource"])
        starts = self.found(case)[row]
        q, plain = self.question(case), self.bookings[number]
        asked = {name: value for name, value in q.asked.items() if name != "replacing"}
        booking = build_booking(plain)
        if starts:
            start = starts[place % len(starts)]
            told = check_move(
                q.rows[row], booking=booking, start=from_us(start), handle=booking.allocations[0].resource, **asked
            )
            assert {c.reason for c in told} <= {Reason.STATUS, Reason.DEADLINE}
            assert not Oracle(case).refusals(row, start)
            kept = {name: plain[name] for name in ("status", "held_until") if name in plain}
            self.bookings[number] = laws.booked(case, row, start, number) | kept

    @rule(hours=st.sampled_from([0, 1, 5]), minutes=st.sampled_from([1, 10, 11]))
    def time_passes(self, hours: int, minutes: int) -> None:
        self.case["now"] += hours * HOUR + minutes * 60_000_000

    @precondition(lambda self: any(b.get("status") == "held" for b in self.bookings.values()))
    @rule(pick=st.integers(0, 10_000))
    def confirm(self, pick: int) -> None:
        """A hold that still keeps its time may be confirmed without asking; one that let go is gone."""
        held = [number for number in sorted(self.bookings) if self.bookings[number].get("status") == "held"]
        number = held[pick % len(held)]
        alive = number in self.blocking()
        status = "confirmed" if alive else "cancelled"
        self.bookings[number] = {k: v for k, v in self.bookings[number].items() if k != "held_until"} | {
            "status": status
        }

    @rule()
    def search_is_the_oracles(self) -> None:
        laws.offered_is_the_oracles(self.now_case())

    @invariant()
    def nobody_is_booked_twice(self) -> None:
        """Whatever was accepted, no resource holds more than it can."""
        if not self.case:
            return
        q = self.question(self.now_case())
        capacities = {
            int(handle): int(k) for handle, k in zip(q.calendars.handles, q.calendars.capacities, strict=True)
        }
        assert len(find_conflicts(q.busy, now=q.now, policy=q.policy, capacities=capacities)) == 0

    def teardown(self) -> None:
        """An empty book offers everything again."""
        if self.case:
            q = self.question(self.case)
            again = find_slots(q.calendars, within=q.within, **(q.asked | {"busy": BookingTable.empty(known=ALWAYS)}))
            assert [again.row(row).tolist() for row in range(len(q.rows))] == laws.found(self.case)


TestDesk = Desk.TestCase
