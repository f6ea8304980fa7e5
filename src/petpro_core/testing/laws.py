"""The laws, as functions of a plain case: each asks the judge, and raises ``LawBrokenError`` if its answer breaks it.

The names say what holds. The cases come from ``petpro_core.testing.strategies.cases`` or from anywhere else; where a
law holds only under conditions, the function leaves out what does not fit, and says so.

Source: ADR 14.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from petpro_core.decisions import (
    check_booking,
    check_booking_batch,
    count_slots,
    explain,
    explain_range,
    find_common,
    find_slots,
    first_slots,
    stream_slots,
)
from petpro_core.intervals import Interval, from_us, to_us
from petpro_core.reasons import Reason, Waiver
from petpro_core.testing._clocks import DAY
from petpro_core.testing.cases import Question, build, build_rules
from petpro_core.testing.oracle import Case, Oracle, instant, length

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from petpro_core.decisions import Fix

__all__ = [
    "LawBrokenError",
    "accepted_is_offered",
    "booked",
    "boundary_starts",
    "counts_and_firsts_agree",
    "explanations_add_up",
    "fixes_are_accepted",
    "found",
    "masks_are_the_oracles",
    "more_busy_adds_nothing",
    "more_hours_remove_nothing",
    "offered_is_the_oracles",
    "order_does_not_matter",
    "refused_runs_are_unbroken",
    "rows_stand_alone",
    "searches_add_up",
    "shifted",
    "stays_valid",
    "vanished_conflicts",
    "waivers_clear_their_bits",
    "weeks_shift_the_answer",
]

MOST: Final = 48  # boundary starts that are asked of one row


class LawBrokenError(AssertionError):
    """A law does not hold for a case; the message names the law and the facts."""


def _must_equal(law: str, got: object, expected: object, **facts: object) -> None:
    if got != expected:
        told = "".join(f"; {name}={value!r}" for name, value in facts.items())
        msg = f"{law}: got {got!r}, expected {expected!r}{told}"
        raise LawBrokenError(msg)


def found(case: Case) -> list[list[int]]:
    """What ``find_slots`` offers, a list of starts for each row."""
    q = build(case)
    table = find_slots(q.calendars, within=q.within, **q.asked)
    return [table.row(row).tolist() for row in range(len(q.rows))]


def _masks(q: Question, row: int, starts: list[int]) -> list[int]:
    masks = check_booking_batch(q.calendars, row=[row] * len(starts), start_us=starts, **q.asked)
    return [int(mask) for mask in masks]


def _codes(mask: int) -> set[str]:
    return {reason.code for reason in Reason(mask)}


def boundary_starts(case: Case, row: int) -> list[int]:
    """Starts at, and a microsecond beside, every edge at which some reason may begin or end; about fifty at most."""
    oracle = Oracle(case)
    low, high = oracle.within[0] - DAY, oracle.within[1] + DAY
    hours = oracle.hours[row]
    edges = {*oracle.within, oracle.now, oracle.now + 1}
    for number in range(low // DAY - 1, high // DAY + 2):
        edges.add(hours.home.midnight(number))
        for opening in hours.of_date(number):
            grid = opening.start + oracle.offset
            edges |= {opening.start, opening.end, grid, grid + oracle.step, grid + 7 * oracle.step}
    for start, end in hours.time_off:
        edges |= {start, end}
    before, after = oracle.buffers
    gaps = [length(gap["time"]) for gap in oracle.policy.get("gaps", ())]
    for held in oracle.held:
        edges |= {held.start, held.end, held.occupied_end + before, held.occupied_start - after}
        edges |= {edge for gap in gaps for edge in (held.start - gap, held.end + gap)}
    duration = oracle.end(row, oracle.within[0]) - oracle.within[0]
    edges |= {edge - duration for edge in edges}
    near = sorted(edge for edge in edges if low < edge < high)
    thinned = near[:: -(-len(near) // (MOST // 3)) or 1]
    return [edge + beside for edge in thinned for beside in (-1, 0, 1)]


# --- law 1: one judge -------------------------------------------------------------------------------------------------


def offered_is_the_oracles(case: Case) -> None:
    """What is offered is what the oracle offers when it walks through ``within``."""
    oracle = Oracle(case)
    for row, starts in enumerate(found(case)):
        _must_equal("offered = the oracle's", starts, oracle.offered(row), row=row)


def masks_are_the_oracles(case: Case) -> None:
    """At every edge and a microsecond beside it the reasons are the oracle's, in the batch and in the single check."""
    q, oracle = build(case), Oracle(case)
    for row, calendar in enumerate(q.rows):
        starts = boundary_starts(case, row)
        masks = _masks(q, row, starts)
        for start, mask in zip(starts, masks, strict=True):
            _must_equal("reasons = the oracle's", _codes(mask), oracle.refusals(row, start), row=row, start=start)
        for start, mask in list(zip(starts, masks, strict=True))[:: len(starts) // 5 or 1]:
            asked = {"start": from_us(start), "handle": int(q.calendars.handles[row]), **q.asked}
            conflicts = check_booking(calendar, **asked)
            _must_equal("conflicts = bits", {c.reason.code for c in conflicts}, _codes(mask), row=row, start=start)


def refused_runs_are_unbroken(case: Case) -> None:
    """``refused_starts`` of a conflict holds the start, is refused throughout, and ends where the reason gives way."""
    q, oracle = build(case), Oracle(case)
    for row, calendar in enumerate(q.rows):
        starts = boundary_starts(case, row)
        for start in starts[2 :: len(starts) // 3 or 1]:
            told = check_booking(calendar, start=from_us(start), handle=int(q.calendars.handles[row]), **q.asked)
            for reason, run in {(c.reason, c.refused_starts) for c in told if c.refused_starts is not None}:
                facts = {"reason": reason, "run": run, "row": row, "start": start}
                _must_equal("a run holds its start", run.contains(from_us(start)), expected=True, **facts)
                # Far from the question a run may be cut off; there nothing is said of its ends.
                inside = [s for s in (*starts, run.start_us, run.end_us - 1) if run.start_us <= s < run.end_us]
                near = [s for s in inside if abs(s - start) < 40 * DAY]
                allowed = [s for s in near if reason.code not in oracle.refusals(row, s)]
                _must_equal("refused throughout", allowed, [], **facts)
                beside = [s for s in (run.start_us - 1, run.end_us) if abs(s - start) < 40 * DAY]
                still = [s for s in beside if reason.code in oracle.refusals(row, s)]
                _must_equal("allowed beside the run", still, [], **facts)


def accepted_is_offered(case: Case) -> None:
    """A start is offered if and only if the check accepts it: at the offered ones, and at all that lie beside them."""
    q = build(case)
    for row, starts in enumerate(found(case)):
        step = length(case["rules"].get("step", "15m"))
        beside = sorted(
            {s + d for s in starts[:200] for d in (-step, -1, 0, 1, step)} | set(boundary_starts(case, row))
        )
        inside = [start for start in beside if q.within.start_us <= start < q.within.end_us]
        accepted = [s for s, mask in zip(inside, _masks(q, row, inside), strict=True) if mask == 0]
        _must_equal("accepted = offered", accepted, sorted(set(inside) & set(starts)), row=row)


def searches_add_up(case: Case, part: float = 0.5) -> None:
    """A search over A and then B finds what a search over both finds; ``part`` is where A ends."""
    start, end = instant(case["within"][0]), instant(case["within"][1])
    middle = min(max(start + int((end - start) * part), start + 1), end - 1)
    first, second = found(case | {"within": [start, middle]}), found(case | {"within": [middle, end]})
    joined = [a + b for a, b in zip(first, second, strict=True)]
    _must_equal("find(A + B) = find(A) + find(B)", joined, found(case), middle=middle)


def counts_and_firsts_agree(case: Case) -> None:
    """The other searches say the same: how many, the first, the stream, and what several have in common."""
    q, rows = build(case), found(case)
    _must_equal("count", count_slots(q.calendars, within=q.within, **q.asked).tolist(), [len(row) for row in rows])
    first = first_slots(q.calendars, within=q.within, **q.asked)
    _must_equal("first", [first.row(i).tolist() for i in range(len(rows))], [row[:1] for row in rows])
    merged = sorted((start, i) for i, row in enumerate(rows) for start in row)
    handles = q.calendars.handles.tolist()
    inside = stream_slots(q.calendars, after=q.within.start, limit=len(merged), **q.asked) if merged else ()
    streamed = [(to_us(slot.start), handles.index(slot.resource_id)) for slot in inside]
    _must_equal("stream, ordered by start and row", streamed, merged)
    for need in (None, *range(1, len(rows) + 1)):
        common = find_common(q.calendars, within=q.within, need=need, **q.asked)
        wanted = sorted({s for s, _ in merged if sum(s in row for row in rows) >= (need or len(rows))})
        _must_equal("common", common.row(0).tolist(), wanted, need=need)


def waivers_clear_their_bits(case: Case) -> None:
    """A waiver clears its own reasons and no others; what could not be tested is listed."""
    oracle = Oracle(case)
    # Closed hours are left out: what is off the grid outside of them is only said when they are waived.
    strict = build(case | {"waive": [waiver for waiver in oracle.waive if waiver == "hours"]})
    q, bits = build(case), Reason(0)
    for waiver in q.waive:
        bits |= Waiver(waiver).reasons
    for row in range(len(q.rows)):
        starts = boundary_starts(case, row)
        cleared = [mask & ~int(bits) for mask in _masks(strict, row, starts)]
        _must_equal("waived bits are cleared", _masks(q, row, starts), cleared, row=row)
    table = find_slots(q.calendars, within=q.within, **q.asked)
    named: dict[tuple[str, int | str], str] = {("cap", place): cap.name for place, cap in enumerate(q.policy.caps)}
    named |= {("gap", place): gap.name for place, gap in enumerate(q.policy.gaps)}
    named |= {("one_at_a_time", by): f"one visit at a time by {by}" for by in q.policy.one_at_a_time}
    expected = {named[rule] for rule in oracle.untested()}
    _must_equal("untested", set(table.untested), expected)


# --- law 2: rows ------------------------------------------------------------------------------------------------------


def rows_stand_alone(case: Case) -> None:
    """A batch answers for each row what that row alone would be answered, in whatever order the rows come."""
    q, rows = build(case), found(case)
    for row, starts in enumerate(rows):
        alone = find_slots(q.one(row), within=q.within, **q.asked)
        _must_equal("a row alone", alone.row(0).tolist(), starts, row=row)
        asked = boundary_starts(case, row)[::3]
        masks = check_booking_batch(q.one(row), row=[0] * len(asked), start_us=asked, **q.asked)
        _must_equal("masks of a row alone", [int(mask) for mask in masks], _masks(q, row, asked), row=row)
    turned = found(case | {"calendars": case["calendars"][::-1]})
    _must_equal("rows in the other order", turned, rows[::-1])


# --- law 3: more of something -----------------------------------------------------------------------------------------


def more_busy_adds_nothing(case: Case, more: Case) -> None:
    """Another booking adds no start. It is no seat of a session, which may be joined where nothing else may begin."""
    visit = {name: value for name, value in more.items() if name != "seats"} | {"id": 1007}
    _only_fewer("more busy", found(case), found(case | {"bookings": [*case["bookings"], visit]}))


def more_hours_remove_nothing(case: Case, extra: list[Case]) -> None:
    """Less time off removes no start, nor do extra hours on a grid by the clock that is the same on every day.

    Left out: hours that are waived (outside of them the grid is another), a horizon in working days (more of them make
    it nearer), and extra hours beside other zones or steps that do not divide a day.
    """
    horizon = case["policy"].get("horizon")
    if "hours" in case.get("waive", ()) or (isinstance(horizon, dict) and "working_days" in horizon):
        return
    before = found(case)
    present = [{name: value for name, value in c.items() if name != "time_off"} for c in case["calendars"]]
    _only_fewer("less time off", found(case | {"calendars": present}), before)
    rules = case["rules"]
    if rules.get("alignment") != "clock" or DAY % length(rules.get("step", "15m")):
        return
    longer = []
    for calendar in case["calendars"]:
        schedules = calendar["schedules"]
        if len({schedule["zone"] for schedule in schedules}) > 1 or any("travel" in schedule for schedule in schedules):
            return
        first = schedules[0] | {"extra": [*schedules[0].get("extra", ()), *extra]}
        longer.append(calendar | {"schedules": [first, *schedules[1:]]})
    _only_fewer("more hours", found(case | {"calendars": longer}), before)


def _only_fewer(law: str, more: list[list[int]], fewer: list[list[int]]) -> None:
    for row, (a, b) in enumerate(zip(more, fewer, strict=True)):
        _must_equal(law, sorted(set(b) - set(a)), [], row=row)


def shifted(case: Any, by: timedelta, name: str = "") -> Any:  # noqa: ANN401 (any part of a case, and the same part back)
    """A case with every instant and every date moved; written in microseconds and ISO dates, as the strategies do.

    >>> shifted({"now": 0, "calendars": [{"schedules": [{"holidays": ["2026-12-25"]}]}]}, timedelta(days=7))
    {'now': 604800000000, 'calendars': [{'schedules': [{'holidays': ['2027-01-01']}]}]}
    """
    if isinstance(case, dict):
        return {key: value if key in _STANDS else shifted(value, by, key) for key, value in case.items()}
    if isinstance(case, list):
        return [shifted(value, by, name) for value in case]
    if name in _INSTANTS and isinstance(case, int):
        return case + by // timedelta(microseconds=1)
    if name in _DATES and isinstance(case, str) and case[:4].isdigit():
        return (date.fromisoformat(case) + by).isoformat()
    return case


_STANDS: Final = {"rules", "policy", "request", "days", "breaks", "ranges", "season"}
_INSTANTS: Final = {
    "now",
    "within",
    "start",
    "end",
    "occupied_start",
    "occupied_end",
    "held_until",
    "busy",
    "known",
    "time_off",
}
_DATES: Final = {"first", "last", "week_of", "day", "holidays", "closures", "travel"}


def weeks_shift_the_answer(case: Case, weeks: int) -> None:
    """Everything some weeks later is answered the same, some weeks later.

    For zones of fixed offset. Left out: seasons, and caps per month, which are not as long everywhere in the year.
    """
    by = timedelta(weeks=weeks)
    caps = [cap for cap in case["policy"].get("caps", ()) if cap["per"] != "month"]
    plain = case | {
        "policy": case["policy"] | {"caps": caps},
        "calendars": [_without_seasons(c) for c in case["calendars"]],
    }
    moved = [[start + by // timedelta(microseconds=1) for start in row] for row in found(plain)]
    _must_equal("weeks later", found(shifted(plain, by)), moved, weeks=weeks)


def _without_seasons(calendar: Case) -> Case:
    def weekly(hours: Case) -> Case:
        return {name: value for name, value in hours.items() if name != "season"}

    schedules = [s | {"hours": [weekly(hours) for hours in s.get("hours", ())]} for s in calendar["schedules"]]
    return calendar | {"schedules": schedules}


# --- law 5: booking and cancelling ------------------------------------------------------------------------------------


def booked(case: Case, row: int, start: int, number: int = 1005, **more: object) -> Case:
    """The booking that the case's question would make at a start: what was asked, with today's buffers."""
    end = Oracle(case).end(row, start)
    rules, request = case["rules"], case["request"]
    part = {"resource": case["calendars"][row]["handle"], "start": start, "end": end, "units": request.get("units", 1)}
    part["occupied_start"] = start - length(rules.get("buffer_before", 0))
    part["occupied_end"] = end + length(rules.get("buffer_after", 0))
    people = {name: request.get(name) for name in ("service", "client", "household", "pet", "group")}
    return {"id": number, "seats": rules.get("seats"), "allocations": [part], **people, **more}


def vanished_conflicts(case: Case, row: int, pick: int) -> None:
    """The starts that vanish after a booking are those that the oracle says conflict; cancelling brings them back."""
    before = found(case)
    if not before[row]:
        return
    start = before[row][pick % len(before[row])]
    fresh = booked(case, row, start)
    now_held = case | {"bookings": [*case["bookings"], fresh]}
    after, oracle = found(now_held), Oracle(now_held)
    expected = [[s for s in starts if not oracle.refusals(i, s)] for i, starts in enumerate(before)]
    _must_equal("what vanished conflicts", after, expected, row=row, start=start)
    cancelled = case | {"bookings": [*case["bookings"], fresh | {"status": "cancelled"}]}
    _must_equal("cancelling brings it back", found(cancelled), before, row=row, start=start)
    moving = now_held | {"replacing": fresh["id"]}
    if "replacing" not in case:
        _must_equal("a booking does not stand in its own way", found(moving), before, row=row, start=start)


# --- law 7: the same again --------------------------------------------------------------------------------------------


def order_does_not_matter(case: Case, order: Iterable[int]) -> None:
    """The same question has the same answer, and the order in which bookings and feeds were read is no part of it."""
    bookings = case["bookings"]
    places = [place for place in order if place < len(bookings)]
    turned = case | {"bookings": [bookings[place] for place in places], "feeds": case["feeds"][::-1]}
    for other in (case, turned if len(places) == len(bookings) else case):
        q, again = build(case), build(other)
        tables = [find_slots(x.calendars, within=x.within, **x.asked) for x in (q, again)]
        answers = [(t.offsets.tolist(), t.starts.tolist(), t.ends.tolist(), t.valid_until) for t in tables]
        _must_equal("the same again", answers[1], answers[0])
        for row in range(len(q.rows)):
            start = from_us(boundary_starts(case, row)[1])
            told = [
                check_booking(x.rows[row], start=start, handle=int(x.calendars.handles[row]), **x.asked)
                for x in (q, again)
            ]
            _must_equal("the same conflicts", told[1], told[0], row=row, start=start)


def stays_valid(case: Case) -> None:
    """Until ``valid_until`` the passing of time alone changes no start; without one it never does."""
    q = build(case)
    table = find_slots(q.calendars, within=q.within, **q.asked)
    before, now = found(case), instant(case["now"])
    if table.valid_until is None:
        later = [now + 1, now + DAY, instant(case["within"][1]) + 30 * DAY]
    else:
        until = to_us(table.valid_until)
        _must_equal("valid_until lies after now", until > now, expected=True)
        later = [(now + until) // 2, until - 1]
    for moment in later:
        _must_equal("still valid", found(case | {"now": moment}), before, now=moment, valid_until=table.valid_until)


# --- explanations -----------------------------------------------------------------------------------------------------


def _fixed(case: Case, row: int, fix: Fix) -> set[str]:
    """The reasons that the judge has against a fix."""
    changed = case
    if fix.kind == "move":
        changed = case | {"bookings": [b for b in case["bookings"] if b["id"] not in fix.moves]}
    q = build(changed)
    asked = q.asked | {"handle": int(q.calendars.handles[row]), "start": fix.start}
    if fix.kind == "shorter":
        rules = {name: value for name, value in case["rules"].items() if name not in {"days", "duration"}}
        if isinstance(fix.duration, timedelta):
            rules["duration"] = fix.duration // timedelta(microseconds=1)
        else:
            rules["days"] = fix.duration.days
        asked["rules"] = build_rules(rules)
    return {conflict.reason.code for conflict in check_booking(q.rows[row], **asked)}


def fixes_are_accepted(case: Case, starts: Sequence[int] = ()) -> None:
    """Every fix that an explanation proposes is accepted by the judge, and its reasons are those of the check.

    Asked at ``starts``, or at a few edges.
    """
    q = build(case)
    for row, calendar in enumerate(q.rows):
        edges = boundary_starts(case, row)
        for start in starts or edges[1 :: len(edges) // 2 or 1]:
            asked = {"start": from_us(start), "handle": int(q.calendars.handles[row]), **q.asked}
            told = explain(calendar, **asked)
            _must_equal("explained = checked", told.conflicts, check_booking(calendar, **asked), row=row, start=start)
            _must_equal("bookable", told.bookable, not told.conflicts, row=row, start=start)
            for fix in told.fixes:
                _must_equal("a fix is accepted", _fixed(case, row, fix), set(), row=row, start=start, fix=fix)


def explanations_add_up(case: Case) -> None:
    """A range's explanation counts the bookable starts that the search finds, and a reason for each of the others."""
    q, rows = build(case), found(case)
    for row, calendar in enumerate(q.rows):
        told = explain_range(calendar, within=q.within, handle=int(q.calendars.handles[row]), **q.asked)
        _must_equal("bookable in the range", told.bookable, len(rows[row]), row=row)
        refused = told.starts - told.bookable
        _must_equal(
            "no reason counts more than all", [c for c in told.reasons.values() if not 0 < c <= refused], [], row=row
        )
        _must_equal("each refused start has a reason", sum(told.reasons.values()) >= refused, expected=True, row=row)
        # Halves ask the same starts.
        middle = from_us((q.within.start_us + q.within.end_us) // 2)
        halves = [Interval(q.within.start, middle), Interval(middle, q.within.end)]
        parts = [explain_range(calendar, within=h, handle=int(q.calendars.handles[row]), **q.asked) for h in halves]
        _must_equal("starts asked add up", sum(part.starts for part in parts), told.starts, row=row)
