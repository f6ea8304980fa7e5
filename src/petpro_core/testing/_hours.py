"""The hours of the oracle: one calendar, one local date after the other, one opening after the other.

Source: the semantics of ADR 6 to 8, points 1 to 4: openings, hours, owner, grid.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from petpro_core.testing._clocks import DAY, EPOCH, Clock, clock
from petpro_core.testing._plain import WEEKDAYS, Case, clock_range, day_number, instant
from petpro_core.testing._recurrence import expanded, occurrences

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Hours", "Opening"]

SEARCHED_DAYS: Final = 1100  # How far ahead opening time is looked for, when notice or horizon are counted in it.


class Opening(NamedTuple):
    """One opening, time off not yet cut: sorted by its start; among equals by its date and its place in the case."""

    start: int
    day: int
    order: int
    end: int
    clock: Clock


def _in_season(season: list[list[int]], day: date) -> bool:
    first, last, at = tuple(season[0]), tuple(season[1]), (day.month, day.day)
    # A season that passes New Year is all but the part between.
    return first <= at <= last if first <= last else at >= first or at <= last


def _holds(hours: Case, number: int) -> bool:
    """Whether weekly hours hold on a date."""
    if "first" in hours and number < day_number(hours["first"]):
        return False
    if "last" in hours and number > day_number(hours["last"]):
        return False
    if "season" in hours and not _in_season(hours["season"], date.fromordinal(number + EPOCH)):
        return False
    if "week_of" in hours:
        in_force = day_number(hours["week_of"])
        weeks = (_monday(number) - _monday(in_force)) // 7
        if weeks % hours.get("every", 1):
            return False
    if "recurs" in hours:
        day = date.fromordinal(number + EPOCH)
        return day in _recurring(hours["recurs"], hours["first"], day.year)
    return True


@cache
def _recurring(rule: str, first: str, year: int) -> frozenset[date]:
    """The dates that a rule gives from the first one on, up to the end of a year; the first only if it gives it."""
    start, stop = datetime.fromisoformat(first), datetime(year + 1, 1, 1)  # noqa: DTZ001 - wall times
    return frozenset(wall.date() for wall in occurrences(rule, start, stop, with_start=False))


def _absences(plain: Sequence[int | str] | Case) -> list[tuple[int, int]]:
    """An absence as its stretches; one that recurs within three years of its start."""
    if not isinstance(plain, dict):
        return [(instant(plain[0]), instant(plain[1]))]
    start = datetime.fromisoformat(plain["start"])
    nothing: Case = {"excluding": [], "dates": [], "excluded": [], "periods": []}
    read = plain | nothing | {"start": start, "rules": [(rule, None) for rule in plain["rules"]]}
    begin = clock(plain["zone"]).instant((start - datetime(1970, 1, 1)) // timedelta(microseconds=1))  # noqa: DTZ001
    return expanded(read, begin, begin + SEARCHED_DAYS * DAY)


def _monday(number: int) -> int:
    return number - (number + 3) % 7  # 1970-01-01 was a Thursday


def _cut(pieces: list[tuple[int, int]], cuts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Pieces without the cuts."""
    for begin, end in cuts:
        left = [part for start, stop in pieces for part in ((start, min(stop, begin)), (max(start, end), stop))]
        pieces = [(start, stop) for start, stop in left if start < stop]
    return pieces


def wall_ranges(schedule: Case, number: int) -> list[tuple[int, int]]:
    """What a schedule says of one local date, as wall times counted from that date's midnight (point 1)."""
    # 5. A closure closes the date, whatever the others say.
    if any(day_number(first) <= number <= day_number(last) for first, last in schedule.get("closures", ())):
        return []
    # 1. The last weekly hours that hold on the date.
    ranges: list[tuple[int, int]] = []
    for hours in schedule.get("hours", ()):
        if _holds(hours, number):
            weekday = WEEKDAYS[(number + 3) % 7]
            breaks = [clock_range(text) for text in hours.get("breaks", {}).get(weekday, ())]
            # A break cuts on the date itself and once more a day later, for hours over midnight.
            breaks += [(start + DAY, end + DAY) for start, end in breaks]
            ranges = _cut([clock_range(text) for text in hours["days"].get(weekday, ())], breaks)
    # 2. A holiday closes the date; 3. an override replaces it, on a holiday too.
    if any(day_number(day) == number for day in schedule.get("holidays", ())):
        ranges = []
    for override in schedule.get("overrides", ()):
        if day_number(override["day"]) == number:
            ranges = [clock_range(text) for text in override["ranges"]]
    # 4. Extra hours add to it.
    for extra in schedule.get("extra", ()):
        if day_number(extra["day"]) == number:
            ranges = ranges + [clock_range(text) for text in extra["ranges"]]
    return ranges


class Hours:
    """The hours of one calendar of a case, at one place if the request names one."""

    def __init__(self, calendar: Case, location: int | None) -> None:
        """Read what is the same on every date."""
        schedules: list[dict[str, Any]] = calendar["schedules"]
        self.home = clock(schedules[0]["zone"])  # of the first schedule, wherever the request is for
        self.schedules = [s for s in schedules if location is None or s.get("location") in (None, location)]
        self.time_off = [stretch for off in calendar.get("time_off", ()) for stretch in _absences(off)]
        self._days: dict[int, list[Opening]] = {}
        self._near: dict[int, list[Opening]] = {}
        self._open: dict[int, bool] = {}

    def of_date(self, number: int) -> list[Opening]:
        """The openings that begin on a local date; those that a clock change leaves empty are dropped."""
        if number not in self._days:
            found = []
            for order, schedule in enumerate(self.schedules):
                shown = clock(schedule["zone"])
                for first, last, zone in schedule.get("travel", ()):
                    if day_number(first) <= number <= day_number(last):
                        shown = clock(zone)  # the last journey in the list that includes the date
                for start, end in wall_ranges(schedule, number):
                    opens, closes = shown.instant(number * DAY + start), shown.instant(number * DAY + end)
                    if opens < closes:
                        found.append(Opening(opens, number, order, closes, shown))
            self._days[number] = sorted(found, key=lambda opening: opening[:3])
        return self._days[number]

    def near(self, moment: int) -> list[Opening]:
        """All openings that may hold an instant, sorted: their dates lie at most three days before, and one after."""
        day = moment // DAY
        if day not in self._near:
            found = [opening for number in range(day - 3, day + 2) for opening in self.of_date(number)]
            self._near[day] = sorted(found, key=lambda opening: opening[:3])
        return self._near[day]

    def away(self, start: int, end: int) -> bool:
        """Whether some time off overlaps a stretch of time."""
        return any(begin < end and start < stop for begin, stop in self.time_off)

    def open_at(self, moment: int) -> bool:
        """Whether an instant lies in the hours (point 2)."""
        if moment not in self._open:
            self._open[moment] = self.open_through(moment, moment + 1)
        return self._open[moment]

    def open_through(self, start: int, end: int) -> bool:
        """Whether all of a stretch lies in the hours: walk from opening to opening, and meet no time off."""
        moment = start
        while moment < end:
            ends = [opening.end for opening in self.near(moment) if opening.start <= moment < opening.end]
            if not ends:
                return False
            moment = max(ends)
        return not self.away(start, end)

    def meets(self, start: int, end: int) -> bool:
        """Whether any of a stretch lies in the hours: at its start, or where an opening in it begins."""
        days = range(start // DAY - 1, end // DAY + 3)
        inside = [opening.start for day in days for opening in self.of_date(day) if start <= opening.start < end]
        return any(self.open_at(moment) for moment in (start, *inside))

    def owner(self, moment: int) -> Opening:
        """The opening that began last, even if its own end has passed: grids are anchored there (point 2)."""
        return [opening for opening in self.near(moment) if opening.start <= moment][-1]

    def works_on(self, number: int) -> bool:
        """Whether an opening begins on a day of the home zone of which time off leaves something it owns (point 2)."""
        around = sorted(o for day in range(number - 3, number + 4) for o in self.of_date(day))
        owned = []
        for place, opening in enumerate(around):
            reached = max(other.end for other in around[: place + 1])
            until = min(reached, around[place + 1].start) if place + 1 < len(around) else reached
            if self.home.day(opening.start) == number and opening.start < until:
                owned.append((opening.start, until))
        return bool(_cut(owned, self.time_off))

    def after_working(self, now: int, wanted: int) -> int | None:
        """The first instant from ``now`` on by which so much opening time has passed, if there is one (point 5)."""
        if wanted == 0:
            return now
        reached, passed = now, 0
        for day in range(now // DAY, now // DAY + SEARCHED_DAYS):
            pieces = _cut([(opening.start, opening.end) for opening in self.near(day * DAY)], self.time_off)
            # Openings may lie in one another, and reach into the next day: what is reached is not counted again.
            for start, end in sorted(pieces):
                begin, stop = max(start, reached), min(end, (day + 1) * DAY)
                if begin < stop:
                    if passed + stop - begin >= wanted:
                        return begin + wanted - passed
                    passed, reached = passed + stop - begin, stop
        return None

    def last_working_midnight(self, now: int, count: int) -> int:
        """The midnight that ends the ``count``-th date after today's that has an opening (point 6)."""
        today = self.home.day(now)
        number = today
        while count and number < today + SEARCHED_DAYS:
            number += 1
            if self.works_on(number):
                count -= 1
        return self.home.midnight(number + 1)
