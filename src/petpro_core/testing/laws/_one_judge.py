"""Laws 1 and 2: what is offered, what is accepted and what the oracle says are one; a batch is its rows."""

from __future__ import annotations

from petpro_core.decisions import (
    check_booking,
    check_booking_batch,
    count_slots,
    find_common,
    find_slots,
    first_slots,
    stream_slots,
)
from petpro_core.intervals import from_us, to_us
from petpro_core.reasons import Reason, Waiver
from petpro_core.testing._clocks import DAY
from petpro_core.testing.cases import build
from petpro_core.testing.laws._facts import boundary_starts, codes_of, found, masks_at, must_equal
from petpro_core.testing.oracle import Case, Oracle, instant, length

__all__ = [
    "accepted_is_offered",
    "counts_and_firsts_agree",
    "masks_are_the_oracles",
    "offered_is_the_oracles",
    "refused_runs_are_unbroken",
    "rows_stand_alone",
    "searches_add_up",
    "stranded_is_the_oracles",
    "waivers_clear_their_bits",
]


def offered_is_the_oracles(case: Case) -> None:
    """What is offered is what the oracle offers when it walks through ``within``."""
    oracle = Oracle(case)
    for row, starts in enumerate(found(case)):
        must_equal("offered = the oracle's", starts, oracle.offered(row), row=row)


def masks_are_the_oracles(case: Case) -> None:
    """At every edge and a microsecond beside it the reasons are the oracle's, in the batch and in the single check."""
    q, oracle = build(case), Oracle(case)
    for row, calendar in enumerate(q.rows):
        starts = boundary_starts(case, row)
        masks = masks_at(q, row, starts)
        for start, mask in zip(starts, masks, strict=True):
            must_equal("reasons = the oracle's", codes_of(mask), oracle.refusals(row, start), row=row, start=start)
        for start, mask in list(zip(starts, masks, strict=True))[:: len(starts) // 5 or 1]:
            asked = {"start": from_us(start), "handle": int(q.calendars.handles[row]), **q.asked}
            conflicts = check_booking(calendar, **asked)
            must_equal("conflicts = bits", {c.reason.code for c in conflicts}, codes_of(mask), row=row, start=start)


def refused_runs_are_unbroken(case: Case) -> None:
    """``refused_starts`` of a conflict holds the start, is refused throughout, and ends where the reason gives way."""
    q, oracle = build(case), Oracle(case)
    for row, calendar in enumerate(q.rows):
        starts = boundary_starts(case, row)
        for start in starts[2 :: len(starts) // 3 or 1]:
            told = check_booking(calendar, start=from_us(start), handle=int(q.calendars.handles[row]), **q.asked)
            for reason, run in {(c.reason, c.refused_starts) for c in told if c.refused_starts is not None}:
                facts = {"reason": reason, "run": run, "row": row, "start": start}
                must_equal("a run holds its start", run.contains(from_us(start)), expected=True, **facts)
                # Far from the question a run may be cut off; there nothing is said of its ends.
                inside = [s for s in (*starts, run.start_us, run.end_us - 1) if run.start_us <= s < run.end_us]
                near = [s for s in inside if abs(s - start) < 40 * DAY]
                allowed = [s for s in near if reason.code not in oracle.refusals(row, s)]
                must_equal("refused throughout", allowed, [], **facts)
                beside = [s for s in (run.start_us - 1, run.end_us) if abs(s - start) < 40 * DAY]
                still = [s for s in beside if reason.code in oracle.refusals(row, s)]
                must_equal("allowed beside the run", still, [], **facts)


def stranded_is_the_oracles(case: Case) -> None:
    """What each offered start strands is what the oracle says; without such a rule nothing is said."""
    q, oracle = build(case), Oracle(case)
    table = find_slots(q.calendars, within=q.within, **q.asked)
    if table.stranded is None:
        must_equal("nothing is said", q.policy.stranding, None)
        return
    told = table.stranded.tolist()
    expected = [oracle.stranded(row, s) for row, s in zip(table.rows.tolist(), table.starts.tolist(), strict=True)]
    must_equal("stranded = the oracle's", told, expected)
    order = [
        (row, told[place], start) for place, row, start in zip(range(len(table)), table.rows, table.starts, strict=True)
    ]
    must_equal("whole first", table.whole_first().tolist(), sorted(range(len(table)), key=order.__getitem__))


def accepted_is_offered(case: Case) -> None:
    """A start is offered if and only if the check accepts it: at the offered ones, and at all that lie beside them."""
    q = build(case)
    for row, starts in enumerate(found(case)):
        step = length(case["rules"].get("step", "15m"))
        beside = sorted(
            {s + d for s in starts[:200] for d in (-step, -1, 0, 1, step)} | set(boundary_starts(case, row))
        )
        inside = [start for start in beside if q.within.start_us <= start < q.within.end_us]
        accepted = [s for s, mask in zip(inside, masks_at(q, row, inside), strict=True) if mask == 0]
        must_equal("accepted = offered", accepted, sorted(set(inside) & set(starts)), row=row)


def searches_add_up(case: Case, part: float = 0.5) -> None:
    """A search over A and then B finds what a search over both finds; ``part`` is where A ends."""
    start, end = instant(case["within"][0]), instant(case["within"][1])
    middle = min(max(start + int((end - start) * part), start + 1), end - 1)
    first, second = found(case | {"within": [start, middle]}), found(case | {"within": [middle, end]})
    joined = [a + b for a, b in zip(first, second, strict=True)]
    must_equal("find(A + B) = find(A) + find(B)", joined, found(case), middle=middle)


def counts_and_firsts_agree(case: Case) -> None:
    """The other searches say the same: how many, the first, the stream, and what several have in common."""
    q, rows = build(case), found(case)
    must_equal("count", count_slots(q.calendars, within=q.within, **q.asked).tolist(), [len(row) for row in rows])
    first = first_slots(q.calendars, within=q.within, **q.asked)
    must_equal("first", [first.row(i).tolist() for i in range(len(rows))], [row[:1] for row in rows])
    merged = sorted((start, i) for i, row in enumerate(rows) for start in row)
    handles = q.calendars.handles.tolist()
    inside = stream_slots(q.calendars, after=q.within.start, limit=len(merged), **q.asked) if merged else ()
    streamed = [(to_us(slot.start), handles.index(slot.resource_id)) for slot in inside]
    must_equal("stream, ordered by start and row", streamed, merged)
    for need in (None, *range(1, len(rows) + 1)):
        common = find_common(q.calendars, within=q.within, need=need, **q.asked)
        wanted = sorted({s for s, _ in merged if sum(s in row for row in rows) >= (need or len(rows))})
        must_equal("common", common.row(0).tolist(), wanted, need=need)


def waivers_clear_their_bits(case: Case) -> None:
    """A waiver clears its own reasons and no others; what could not be tested is listed."""
    oracle = Oracle(case)
    # Closed hours are left out: what is off the grid outside of them is only said when they are waived.
    # Where caps are set aside, nobody asks whether their periods are known either: it is as if there were none.
    uncapped: Case = {"caps": []} if "cap" in oracle.waive else {}
    hours = [waiver for waiver in oracle.waive if waiver == "hours"]
    strict = build(case | {"waive": hours, "policy": case["policy"] | uncapped})
    q, bits = build(case), Reason(0)
    for waiver in q.waive:
        bits |= Waiver(waiver).reasons
    for row in range(len(q.rows)):
        starts = boundary_starts(case, row)
        cleared = [mask & ~int(bits) for mask in masks_at(strict, row, starts)]
        must_equal("waived bits are cleared", masks_at(q, row, starts), cleared, row=row)
    table = find_slots(q.calendars, within=q.within, **q.asked)
    named: dict[tuple[str, int | str], str] = {("cap", place): cap.name for place, cap in enumerate(q.policy.caps)}
    named |= {("gap", place): gap.name for place, gap in enumerate(q.policy.gaps)}
    named |= {("one_at_a_time", by): f"one visit at a time by {by}" for by in q.policy.one_at_a_time}
    expected = {named[rule] for rule in oracle.untested()}
    must_equal("untested", set(table.untested), expected)


def rows_stand_alone(case: Case) -> None:
    """A batch answers for each row what that row alone would be answered, in whatever order the rows come."""
    q, rows = build(case), found(case)
    for row, starts in enumerate(rows):
        alone = find_slots(q.one(row), within=q.within, **q.asked)
        must_equal("a row alone", alone.row(0).tolist(), starts, row=row)
        asked = boundary_starts(case, row)[::3]
        masks = check_booking_batch(q.one(row), row=[0] * len(asked), start_us=asked, **q.asked)
        must_equal("masks of a row alone", [int(mask) for mask in masks], masks_at(q, row, asked), row=row)
    turned = found(case | {"calendars": case["calendars"][::-1]})
    must_equal("rows in the other order", turned, rows[::-1])
