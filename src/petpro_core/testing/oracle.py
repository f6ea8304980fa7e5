"""The oracle: a slow and obvious judge, written from the text of the rules and from nothing else.

It takes one plain dict, which JSON can hold, reads the zones of the ``tzdata`` package itself, and imports nothing of
the code that it judges. Instants are microseconds or ISO 8601 text with an offset, lengths microseconds or text such as
``1h30m``, dates ISO text, hours ``"09:00-17:00"``. What is left out has the default of the domain object of that name::

    {"now": instant, "within": [instant, instant], "tick": length,
     "calendars": [{"handle": 0, "capacity": 1,
       "time_off": [[instant, instant], {"start": local time, "zone": key, "rules": [rule], "seconds" | "days": 1}],
       "schedules": [{"zone": key, "location": 1, "closures": [[date, date]], "holidays": [date],
         "travel": [[date, date, zone]], "overrides": [{"day": date, "ranges": [hours]}], "extra": [{"day", "ranges"}],
         "hours": [{"days": {"monday": [hours]}, "breaks": {"monday": [hours]}, "first": date, "last": date,
                    "season": [[month, day], [month, day]], "every": 2, "week_of": date, "recurs": rule}]}]}],
     "rules": {"duration": length | "days": 2, "step", "alignment", "offset", "buffer_before", "buffer_after", "seats"},
     "policy": {"min_notice": length | {"working": length}, "horizon": length | {"days": 3} | {"working_days": 3},
       "caps": [{"limit", "per", "by", "minutes", "service", "channel", "zone"}], "gaps": [{"time": length, "by"}],
       "min_duration", "max_duration", "one_at_a_time": [scope], "pending_blocks", "no_show_counts",
       "releases": [{"hours": schedule, "channels": [1], "lead": length, "resources": [1], "name"}],
       "overbooking": {"extra": 1, "no_show_rate": 0.1, "resources": [1]},
       "stranding": {"lengths": [length], "mode", "most": length}},
     "request": {"service", "units", "client", "household", "pet", "group", "location", "channel"},
     "bookings": [{"id", "status", "held_until", "service", "client", "household", "pet", "group", "seats", "channel",
       "allocations": [{"resource", "start", "end", "occupied_start", "occupied_end", "units"}]}],
     "feeds": [{"resource", "busy": [[instant, instant]], "known": [[instant, instant]]}],
     "known": [[instant, instant]], "waive": ["notice"], "replacing": 7}

``tick`` divides every time at which a grid could start; the walk takes steps of it.

Source: ADR 2 and the semantics listed there, point by point; ADR 14.
"""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

from petpro_core.testing._clocks import DAY, EPOCH, Clock, clock
from petpro_core.testing._hours import Hours
from petpro_core.testing._plain import Case, instant, length, optional_instant, optional_length

__all__ = ["Case", "Oracle", "instant", "length", "offered", "refusals"]

KEEPS: Final = ("confirmed", "checked_in", "in_progress", "completed")
WAIVES: Final = {
    "grid": {"off_grid"},
    "notice": {"notice"},
    "horizon": {"horizon"},
    "cap": {"cap_day", "cap_week", "cap_month", "client_cap"},
    "hours": {"closed"},
    "deadline": {"deadline"},
    "release": {"release"},
    "strands": {"strands"},
}
MINUTE: Final = 60_000_000

Pieces = list[tuple[int, int]]


class Held(NamedTuple):
    """One allocation of a booking, or one stretch of a feed: the facts that rules ask for."""

    resource: int
    start: int
    end: int
    occupied_start: int
    occupied_end: int
    units: int
    booking: Case  # empty for a feed
    blocks: bool
    counts: bool

    @property
    def session(self) -> tuple[int | None, int, int] | None:
        """What the seats of one session have in common; ``None`` for a visit of its own, and for a feed."""
        return (self.booking.get("service"), self.start, self.end) if self.booking.get("seats") else None

    def overlaps(self, start: int, end: int) -> bool:
        """Whether the occupied time meets a stretch; touching is not meeting."""
        return self.occupied_start < end and start < self.occupied_end


def _inside(start: int, end: int, pieces: Pieces | None) -> bool:
    """Whether a stretch lies in the union of pieces; ``None`` is all time."""
    if pieces is None:
        return True
    moment = start
    while moment < end:
        ends = [stop for begin, stop in pieces if begin <= moment < stop]
        if not ends:
            return False
        moment = max(ends)
    return True


def _pieces(value: list[list[int | str]] | None) -> Pieces | None:
    return None if value is None else [(instant(start), instant(end)) for start, end in value]


class Oracle:
    """The judge of one case. Rows are the places of its calendars, as in the answers it is compared with.

    >>> hours = {"days": {"monday": ["09:00-10:00"]}}
    >>> case = {
    ...     "now": "2026-11-20T00:00+00:00",
    ...     "within": ["2026-11-23T00:00+00:00", "2026-11-24T00:00+00:00"],
    ...     "tick": "15m",
    ...     "rules": {"duration": "30m", "step": "15m"},
    ...     "calendars": [{"handle": 0, "schedules": [{"zone": "Europe/Berlin", "hours": [hours]}]}],
    ... }
    >>> [start // 60_000_000 % 1440 for start in Oracle(case).offered(0)]
    [480, 495, 510]
    """

    def __init__(self, case: Case) -> None:
        """Read the case; what hours need is worked out when it is asked for."""
        self.rules: Case = case["rules"]
        self.policy: Case = case.get("policy", {})
        self.request: Case = case.get("request", {})
        self.now = instant(case["now"])
        self.within = (instant(case["within"][0]), instant(case["within"][1]))
        self.tick = length(case.get("tick", "5m"))
        self.waive: list[str] = case.get("waive", [])
        self.handles = [calendar["handle"] for calendar in case["calendars"]]
        self.capacities = [calendar.get("capacity", 1) for calendar in case["calendars"]]
        self.hours = [Hours(calendar, self.request.get("location")) for calendar in case["calendars"]]
        self.known = _pieces(case.get("known"))
        self.feeds = [(feed["resource"], _pieces(feed["known"])) for feed in case.get("feeds", ())]
        self.units: int = self.request.get("units", 1)
        self.step, self.offset = length(self.rules.get("step", "15m")), length(self.rules.get("offset", 0))
        self.buffers = length(self.rules.get("buffer_before", 0)), length(self.rules.get("buffer_after", 0))
        self.releases = [
            (release, Hours({"schedules": [release["hours"]]}, None)) for release in self.policy.get("releases", ())
        ]
        self._filled: dict[int, int] = {}
        self._earliest: dict[int, int | None] = {}
        self._latest: dict[int, int] = {}
        self.held = [
            held
            for booking in case.get("bookings", ())
            if booking["id"] != case.get("replacing")  # 7: it does not stand in its own way
            for held in self._held(booking)
        ]
        for feed in case.get("feeds", ()):
            # Each stretch of a feed fills its resource, has no buffers, belongs to nobody and counts to nothing.
            row = self.handles.index(feed["resource"])
            full = self.capacities[row] + self._extra(row)
            for begin, stop in _pieces(feed["busy"]) or ():
                self.held.append(Held(feed["resource"], begin, stop, begin, stop, full, {}, blocks=True, counts=False))

    def _held(self, booking: Case) -> list[Held]:
        """Point 7: what a booking's status means now."""
        status = booking.get("status", "confirmed")
        until = optional_instant(booking.get("held_until"))
        blocks = status in KEEPS or (until is not None and self.now < until)
        blocks = blocks or (status == "pending" and self.policy.get("pending_blocks", False))
        counts = blocks or status == "pending" or (status == "no_show" and self.policy.get("no_show_counts", True))
        found = []
        for part in booking["allocations"]:
            start, end = instant(part["start"]), instant(part["end"])
            occupied = instant(part.get("occupied_start", start)), instant(part.get("occupied_end", end))
            found.append(Held(part["resource"], start, end, *occupied, part.get("units", 1), booking, blocks, counts))
        return found

    # --- the answers --------------------------------------------------------------------------------------------------

    def offered(self, row: int) -> list[int]:
        """The starts inside ``within`` against which there is no reason (point 16): walk, and ask each."""
        first = -(-self.within[0] // self.tick) * self.tick
        return [start for start in range(first, self.within[1], self.tick) if self.accepts(row, start)]

    def accepts(self, row: int, start: int) -> bool:
        """Whether there is no reason against a start; hours and grid are asked first, because most fail there."""
        if "hours" not in self.waive and not self.hours[row].open_at(start):
            return False
        if "grid" not in self.waive and self._off_grid(row, start):
            return False
        return not self.refusals(row, start)

    def refusals(self, row: int, start: int) -> set[str]:
        """The code of every reason against a start, waived ones left out."""
        end = self.end(row, start)
        joined = self._joined(row, start, end)
        found = {
            "closed": self._closed(row, start, end),
            "off_grid": self._off_grid(row, start),
            "notice": self._notice(row, start),
            "horizon": self._horizon(row, start),
            "busy": self._busy(row, start, end, joined),
            "too_big": self.units > (self.rules.get("seats") or self.capacities[row]),
            "unknown": self._unknown(row, start, end),
            "gap": self._gap(row, start, end, joined),
            "client_busy": self._client_busy(start, end),
            "duration": self._wrong_duration(end - start),
            "release": self._kept(row, start, end),
            "strands": self._strands(row, start),
        }
        codes = {code for code, holds in found.items() if holds} | self._caps(row, start, end)
        return codes - {code for waiver in self.waive for code in WAIVES[waiver]}  # 15

    def untested(self) -> set[tuple[str, int | str]]:
        """The rules that cannot be tested, because the request does not say for whom or for what: kind and place."""
        caps = {("cap", i) for i, cap in enumerate(self.policy.get("caps", ())) if self._cap_applies(cap) is None}
        gaps = {("gap", i) for i, gap in enumerate(self.policy.get("gaps", ())) if not self._told(gap)}
        alone = {("one_at_a_time", by) for by in self.policy.get("one_at_a_time", ()) if self.request.get(by) is None}
        return caps | gaps | alone

    # --- points 3 to 6: hours, grid, notice, horizon ------------------------------------------------------------------

    def end(self, row: int, start: int) -> int:
        """When a visit ends: after its elapsed time, or so many days later by the clock at home."""
        if "days" not in self.rules:
            return start + length(self.rules["duration"])
        home = self.hours[row].home
        return home.instant(start + home.offset(start) + self.rules["days"] * DAY)

    def _closed(self, row: int, start: int, end: int) -> bool:
        hours = self.hours[row]
        if "days" in self.rules:  # a stay begins and ends in opening hours, and is never away in between
            # It may end at closing time and at opening time.
            ends_open = hours.open_at(end) or hours.open_at(end - 1)
            return not hours.open_at(start) or not ends_open or hours.away(start, end)
        return not hours.open_through(start, end)

    def _off_grid(self, row: int, start: int) -> bool:
        hours = self.hours[row]
        if hours.open_at(start):
            owner = hours.owner(start)
            if self.rules.get("alignment", "opening") == "opening":
                since = start - owner.start
            else:
                since = start + owner.clock.offset(start) - owner.day * DAY
        elif "hours" in self.waive:  # 15: outside the hours the grid is the home clock's
            since = start + hours.home.offset(start) - hours.home.day(start) * DAY
        else:
            return False  # a start outside the hours is closed, and on no grid to be off
        return (since - self.offset) % self.step != 0

    def _notice(self, row: int, start: int) -> bool:
        notice = self.policy.get("min_notice", 0)
        if not isinstance(notice, dict):
            return start < self.now + length(notice)
        if row not in self._earliest:
            self._earliest[row] = self.hours[row].after_working(self.now, length(notice["working"]))
        earliest = self._earliest[row]
        return earliest is None or start < earliest

    def _horizon(self, row: int, start: int) -> bool:
        horizon, home = self.policy.get("horizon"), self.hours[row].home
        if horizon is None:
            return False
        if not isinstance(horizon, dict):
            return start > self.now + length(horizon)
        if "days" in horizon:
            return home.day(start) > home.day(self.now) + int(horizon["days"])
        if row not in self._latest:
            self._latest[row] = self.hours[row].last_working_midnight(self.now, horizon["working_days"])
        return start >= self._latest[row]

    def _wrong_duration(self, elapsed: int) -> bool:
        shortest = optional_length(self.policy.get("min_duration"))
        longest = optional_length(self.policy.get("max_duration"))
        return (shortest is not None and elapsed < shortest) or (longest is not None and elapsed > longest)

    # --- point 17: time that is kept for a channel --------------------------------------------------------------------

    def _kept(self, row: int, start: int, end: int) -> bool:
        return any(
            self.request.get("channel") not in release.get("channels", ())
            and (release.get("resources") is None or self.handles[row] in release["resources"])
            and start > self.now + length(release["lead"])
            and hours.meets(start, end)
            for release, hours in self.releases
        )

    # --- points 8 to 10: what is held, and what is known --------------------------------------------------------------

    def _joined(self, row: int, start: int, end: int) -> list[Held]:
        """The seats already taken of the session that the visit would join, if there is one to join."""
        service = self.request.get("service")
        if not self.rules.get("seats") or service is None:
            return []
        mine = [held for held in self.held if held.blocks and held.resource == self.handles[row]]
        return [held for held in mine if held.session == (service, start, end)]

    def _counted_session(self, row: int, start: int, end: int, channel: int | None) -> bool:
        """Whether a session that the visit would be a seat of counts already, be it by a seat that keeps no time.

        Where a channel is counted, by a seat of that channel.
        """
        service = self.request.get("service")
        if not self.rules.get("seats") or service is None:
            return False
        return any(
            held.counts and held.resource == self.handles[row] and held.session == (service, start, end)
            for held in self.held
            if channel is None or held.booking.get("channel") == channel
        )

    def _occupied(self, start: int, end: int) -> tuple[int, int]:
        return start - self.buffers[0], end + self.buffers[1]

    def _busy(self, row: int, start: int, end: int, joined: list[Held]) -> bool:
        opens, closes = self._occupied(start, end)
        met = [h for h in self.held if h.blocks and h.resource == self.handles[row] and h.overlaps(opens, closes)]
        if self.rules.get("seats"):
            if any(held not in joined for held in met):
                return True  # whatever is not its own session is in its way
            seats = max((held.booking["seats"] for held in joined), default=self.units)
            return sum(held.units for held in joined) + self.units > seats + self._extra(row)
        if any(held.session for held in met):
            return True
        capacity = self.capacities[row] + self._extra(row)
        wanted = min(self.units, capacity)
        # Units in use only rise where something begins.
        for moment in [opens, *(held.occupied_start for held in met if held.occupied_start > opens)]:
            used = sum(min(held.units, capacity) for held in met if held.overlaps(moment, moment + 1))
            if used + wanted > capacity:
                return True
        return False

    def _extra(self, row: int) -> int:
        """Point 18: what is sold beyond a resource's capacity, and beyond the seats of its sessions."""
        overbooking = self.policy.get("overbooking") or {"extra": 0}
        resources = overbooking.get("resources")
        return int(overbooking["extra"]) if resources is None or self.handles[row] in resources else 0

    # --- point 19: what a start strands -------------------------------------------------------------------------------

    def _strands(self, row: int, start: int) -> bool:
        menu = self.policy.get("stranding") or {}
        return menu.get("mode") == "refuse" and self.stranded(row, start) > length(menu.get("most", 0))

    def stranded(self, row: int, start: int) -> int:
        """The service time that a start makes impossible in the free gap in which it lies."""
        one_at_a_time = self.capacities[row] + self._extra(row) == 1 and not self.rules.get("seats")
        if not self.policy.get("stranding") or not one_at_a_time or "days" in self.rules:
            return 0
        gap = self._free_gap(row, start)
        if gap is None:
            return 0
        opens, closes = self._occupied(start, self.end(row, start))
        left = self._waste(opens - gap[0]) + self._waste(gap[1] - closes)
        return max(left - self._waste(gap[1] - gap[0]), 0)

    def _free_gap(self, row: int, start: int) -> tuple[int, int] | None:
        """The free time around a start, inside the opening that it belongs to: walk to both sides, edge by edge."""
        hours, day = self.hours[row], start // DAY
        held = [h for h in self.held if h.blocks and h.resource == self.handles[row]]

        def free(moment: int) -> bool:
            return hours.open_at(moment) and not any(h.overlaps(moment, moment + 1) for h in held)

        if not free(start):
            return None
        opening = hours.owner(start).start
        near = [opening for number in range(day - 4, day + 5) for opening in hours.of_date(number)]
        stretches = [*((o.start, o.end) for o in near), *hours.time_off]
        stretches += [(h.occupied_start, h.occupied_end) for h in held]
        # Between two edges nothing changes.
        edges = sorted(edge for stretch in stretches for edge in stretch)
        first, last = max(e for e in edges if e <= start), min(e for e in edges if e > start)
        while free(first - 1) and hours.owner(first - 1).start == opening:
            first = max(edge for edge in edges if edge < first)
        while free(last) and hours.owner(last).start == opening:
            last = min(edge for edge in edges if edge > last)
        return first, last

    def _waste(self, room: int) -> int:
        """What is left of some time when as much of it as can be is filled with lengths of the menu."""
        if room <= 0:
            return 0
        if room not in self._filled:
            menu = [length(one) for one in self.policy["stranding"]["lengths"]]
            reached, fresh = {0}, {0}
            while fresh:
                fresh = {total + one for total in fresh for one in menu if total + one <= room} - reached
                reached |= fresh
            self._filled[room] = max(reached)
        return room - self._filled[room]

    def _unknown(self, row: int, start: int, end: int) -> bool:
        occupied = self._occupied(start, end)
        feeds = [known for resource, known in self.feeds if resource == self.handles[row]]
        # A waived cap counts nothing, and so needs to know nothing.
        caps = () if "cap" in self.waive else self.policy.get("caps", ())
        asked = [self._period(row, cap, start) for cap in caps if self._cap_applies(cap)]
        gaps = [length(gap["time"]) for gap in self.policy.get("gaps", ()) if self._told(gap)]
        asked += [(start - gap, end + gap) for gap in gaps]
        if any(self.request.get(by) is not None for by in self.policy.get("one_at_a_time", ())):
            asked.append((start, end))
        return not all(_inside(*occupied, known) for known in [self.known, *feeds]) or not all(
            _inside(*stretch, self.known) for stretch in asked
        )

    # --- points 11 to 13: people --------------------------------------------------------------------------------------

    def _told(self, rule: Case) -> bool:
        """Whether the request names the subject of a rule; the resource is always named."""
        by = rule.get("by", "resource")
        return by == "resource" or self.request.get(by) is not None

    def _cap_applies(self, cap: Case) -> bool | None:
        """Whether a cap is for this request; ``None`` where the request does not tell."""
        wanted = [(cap[name], self.request.get(name)) for name in ("service", "channel") if cap.get(name) is not None]
        if any(asked is not None and asked != limited for limited, asked in wanted):
            return False
        return None if not self._told(cap) or any(asked is None for _, asked in wanted) else True

    def _period(self, row: int, cap: Case, start: int) -> tuple[int, int]:
        """The day, week or month of a start, from midnight to midnight of the cap's zone or of home."""
        where: Clock = clock(cap["zone"]) if cap.get("zone") else self.hours[row].home
        first = where.day(start)
        last = first + 1
        if cap["per"] == "week":
            first -= (first + 3) % 7  # 1970-01-01 was a Thursday
            last = first + 7
        elif cap["per"] == "month":
            day = date.fromordinal(first + EPOCH).replace(day=1)
            following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
            first, last = day.toordinal() - EPOCH, following.toordinal() - EPOCH
        return where.midnight(first), where.midnight(last)

    def _caps(self, row: int, start: int, end: int) -> set[str]:
        found = set()
        for cap in self.policy.get("caps", ()):
            by = cap.get("by", "resource")
            if not self._cap_applies(cap):
                continue
            if by == "resource" and self._counted_session(row, start, end, cap.get("channel")):
                continue  # a seat more in a session that counts is no visit more of the resource
            first, last = self._period(row, cap, start)
            visits = self._visits(row, by, cap)
            inside = [(begin, stop) for begin, stop in visits if first <= begin < last]
            if cap.get("minutes", False):
                over = sum(stop - begin for begin, stop in inside) + end - start > cap["limit"] * MINUTE
            else:
                over = len(inside) + 1 > cap["limit"]
            if over:
                found.add(f"cap_{cap['per']}" if by == "resource" else "client_cap")
        return found

    def _visits(self, row: int, by: str, cap: Case) -> Pieces:
        """The visits that count to a cap, each once."""
        counted = [held for held in self.held if held.counts]
        for name in ("service", "channel"):
            if cap.get(name) is not None:
                counted = [held for held in counted if held.booking.get(name) == cap[name]]
        if by == "resource":
            mine = [held for held in counted if held.resource == self.handles[row]]
            sessions = {held.session for held in mine if held.session}
            return [(held.start, held.end) for held in mine if not held.session] + [(s[1], s[2]) for s in sessions]
        bookings: dict[int, list[Held]] = {}
        for held in counted:
            if held.booking.get(by) == self.request[by]:
                bookings.setdefault(held.booking["id"], []).append(held)
        return [(min(h.start for h in parts), max(h.end for h in parts)) for parts in bookings.values()]

    def _gap(self, row: int, start: int, end: int, joined: list[Held]) -> bool:
        for gap in self.policy.get("gaps", ()):
            if not self._told(gap):
                continue
            by, time = gap.get("by", "resource"), length(gap["time"])
            for held in self.held:
                if by == "resource":
                    mine = held.resource == self.handles[row] and held not in joined
                else:
                    mine = held.booking.get(by) == self.request[by]
                # Visit to visit, buffers aside; a feed is no visit.
                if mine and held.blocks and held.booking and held.start < end + time and start - time < held.end:
                    return True
        return False

    def _client_busy(self, start: int, end: int) -> bool:
        return any(
            held.blocks and held.booking.get(by) == self.request[by] and held.start < end and start < held.end
            for by in self.policy.get("one_at_a_time", ())
            if self.request.get(by) is not None
            for held in self.held
        )


def refusals(case: Case, row: int, start: int) -> set[str]:
    """The codes of the reasons against a start at the calendar in place ``row``."""
    return Oracle(case).refusals(row, start)


def offered(case: Case, row: int) -> list[int]:
    """The starts that the calendar in place ``row`` offers, by walking through ``within``."""
    return Oracle(case).offered(row)
