"""What laws have in common: the error, the answers that are compared, and the starts that are worth asking about."""

from __future__ import annotations

from typing import Final

from petpro_core.decisions import check_booking_batch, find_slots
from petpro_core.reasons import Reason
from petpro_core.testing._clocks import DAY
from petpro_core.testing.cases import Question, build
from petpro_core.testing.oracle import Case, Oracle, length

__all__ = ["LawBrokenError", "booked", "boundary_starts", "codes_of", "found", "masks_at", "must_equal"]

MOST: Final = 48  # boundary starts that are asked of one row


class LawBrokenError(AssertionError):
    """A law does not hold for a case; the message names the law and the facts."""


def must_equal(law: str, got: object, expected: object, **facts: object) -> None:
    if got != expected:
        told = "".join(f"; {name}={value!r}" for name, value in facts.items())
        msg = f"{law}: got {got!r}, expected {expected!r}{told}"
        raise LawBrokenError(msg)


def found(case: Case) -> list[list[int]]:
    """What ``find_slots`` offers, a list of starts for each row."""
    q = build(case)
    table = find_slots(q.calendars, within=q.within, **q.asked)
    return [table.row(row).tolist() for row in range(len(q.rows))]


def masks_at(q: Question, row: int, starts: list[int]) -> list[int]:
    masks = check_booking_batch(q.calendars, row=[row] * len(starts), start_us=starts, **q.asked)
    return [int(mask) for mask in masks]


def codes_of(mask: int) -> set[str]:
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
    for _, kept in oracle.releases:
        openings = [o for number in range(low // DAY - 1, high // DAY + 2) for o in kept.of_date(number)]
        edges |= {edge for opening in openings for edge in (opening.start, opening.end)}
    edges |= {oracle.now + length(release["lead"]) + 1 for release, _ in oracle.releases}
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


def booked(case: Case, row: int, start: int, number: int = 1005, **more: object) -> Case:
    """The booking that the case's question would make at a start: what was asked, with today's buffers."""
    end = Oracle(case).end(row, start)
    rules, request = case["rules"], case["request"]
    part = {"resource": case["calendars"][row]["handle"], "start": start, "end": end, "units": request.get("units", 1)}
    part["occupied_start"] = start - length(rules.get("buffer_before", 0))
    part["occupied_end"] = end + length(rules.get("buffer_after", 0))
    people = {name: request.get(name) for name in ("service", "client", "household", "pet", "group", "channel")}
    return {"id": number, "seats": rules.get("seats"), "allocations": [part], **people, **more}
