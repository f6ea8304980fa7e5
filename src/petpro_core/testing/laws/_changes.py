"""Laws 3, 5 and 7: more of something, a booking and its cancelling, the same question again, and time that passes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from petpro_core.decisions import check_booking, find_slots
from petpro_core.intervals import from_us, to_us
from petpro_core.testing._clocks import DAY
from petpro_core.testing.cases import build
from petpro_core.testing.laws._facts import booked, boundary_starts, found, must_equal
from petpro_core.testing.oracle import Case, Oracle, instant, length

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "more_busy_adds_nothing",
    "more_hours_remove_nothing",
    "order_does_not_matter",
    "shifted",
    "stays_valid",
    "vanished_conflicts",
    "weeks_shift_the_answer",
]


def more_busy_adds_nothing(case: Case, more: Case) -> None:
    """Another booking adds no start. It is no seat of a session, which may be joined where nothing else may begin.

    Left out: starts that are refused for what they strand, because in a smaller gap the same start may strand less.
    """
    if _hides(case):
        return
    visit = {name: value for name, value in more.items() if name != "seats"} | {"id": 1007}
    _only_fewer("more busy", found(case), found(case | {"bookings": [*case["bookings"], visit]}))


def more_hours_remove_nothing(case: Case, extra: list[Case]) -> None:
    """Less time off removes no start, nor do extra hours on a grid by the clock that is the same on every day.

    Left out: hours that are waived (outside of them the grid is another), a horizon in working days (more of them make
    it nearer), starts that are refused for what they strand, and extra hours beside other zones or steps that do not
    divide a day.
    """
    horizon = case["policy"].get("horizon")
    if _hides(case) or "hours" in case.get("waive", ()) or (isinstance(horizon, dict) and "working_days" in horizon):
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


def _hides(case: Case) -> bool:
    """Whether starts are refused for what they strand."""
    mode = (case["policy"].get("stranding") or {}).get("mode")
    return mode == "refuse" and "strands" not in case.get("waive", ())


def _only_fewer(law: str, more: list[list[int]], fewer: list[list[int]]) -> None:
    for row, (a, b) in enumerate(zip(more, fewer, strict=True)):
        must_equal(law, sorted(set(b) - set(a)), [], row=row)


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


# Of a policy only the hours of releases have dates.
_STANDS: Final = {"rules", "request", "days", "breaks", "ranges", "season", "horizon", "channels", "resources"}
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

    For zones of fixed offset. Left out: seasons, rules of recurrence, and caps per month, which the year changes.
    """
    by = timedelta(weeks=weeks)
    caps = [cap for cap in case["policy"].get("caps", ()) if cap["per"] != "month"]
    kept = [one | {"hours": _the_same_all_year({"schedules": [one["hours"]]})["schedules"][0]} for one in _kept(case)]
    plain = case | {
        "policy": case["policy"] | {"caps": caps, "releases": kept},
        "calendars": [_the_same_all_year(c) for c in case["calendars"]],
    }
    moved = [[start + by // timedelta(microseconds=1) for start in row] for row in found(plain)]
    must_equal("weeks later", found(shifted(plain, by)), moved, weeks=weeks)


def _kept(case: Case) -> list[Case]:
    return list(case["policy"].get("releases", ()))


def _the_same_all_year(calendar: Case) -> Case:
    """A calendar without what depends on the time of the year: seasons, and whatever recurs by a rule."""

    def weekly(hours: Case) -> Case:
        return {name: value for name, value in hours.items() if name not in {"season", "recurs"}}

    schedules = [s | {"hours": [weekly(hours) for hours in s.get("hours", ())]} for s in calendar["schedules"]]
    once = [off for off in calendar.get("time_off", ()) if not isinstance(off, dict)]
    return calendar | {"schedules": schedules, "time_off": once}


def vanished_conflicts(case: Case, row: int, pick: int) -> None:
    """The starts that vanish after a booking are those that the oracle says conflict; cancelling brings them back.

    Where starts are refused for what they strand others may appear, of which nothing is said here.
    """
    before = found(case)
    if not before[row]:
        return
    start = before[row][pick % len(before[row])]
    fresh = booked(case, row, start)
    now_held = case | {"bookings": [*case["bookings"], fresh]}
    after, oracle = found(now_held), Oracle(now_held)
    every = not _hides(case)
    after = [[s for s in starts if every or s in before[i]] for i, starts in enumerate(after)]
    expected = [[s for s in starts if not oracle.refusals(i, s)] for i, starts in enumerate(before)]
    must_equal("what vanished conflicts", after, expected, row=row, start=start)
    cancelled = case | {"bookings": [*case["bookings"], fresh | {"status": "cancelled"}]}
    must_equal("cancelling brings it back", found(cancelled), before, row=row, start=start)
    moving = now_held | {"replacing": fresh["id"]}
    if "replacing" not in case:
        must_equal("a booking does not stand in its own way", found(moving), before, row=row, start=start)


def order_does_not_matter(case: Case, order: Iterable[int]) -> None:
    """The same question has the same answer, and the order in which bookings and feeds were read is no part of it."""
    bookings = case["bookings"]
    places = [place for place in order if place < len(bookings)]
    turned = case | {"bookings": [bookings[place] for place in places], "feeds": case["feeds"][::-1]}
    for other in (case, turned if len(places) == len(bookings) else case):
        q, again = build(case), build(other)
        tables = [find_slots(x.calendars, within=x.within, **x.asked) for x in (q, again)]
        answers = [(t.offsets.tolist(), t.starts.tolist(), t.ends.tolist(), t.valid_until) for t in tables]
        must_equal("the same again", answers[1], answers[0])
        for row in range(len(q.rows)):
            start = from_us(boundary_starts(case, row)[1])
            told = [
                check_booking(x.rows[row], start=start, handle=int(x.calendars.handles[row]), **x.asked)
                for x in (q, again)
            ]
            must_equal("the same conflicts", told[1], told[0], row=row, start=start)


def stays_valid(case: Case) -> None:
    """Until ``valid_until`` the passing of time alone changes no start; without one it never does."""
    q = build(case)
    table = find_slots(q.calendars, within=q.within, **q.asked)
    before, now = found(case), instant(case["now"])
    if table.valid_until is None:
        later = [now + 1, now + DAY, instant(case["within"][1]) + 30 * DAY]
    else:
        until = to_us(table.valid_until)
        must_equal("valid_until lies after now", until > now, expected=True)
        later = [(now + until) // 2, until - 1]
    for moment in later:
        must_equal("still valid", found(case | {"now": moment}), before, now=moment, valid_until=table.valid_until)
