"""From the text of a calendar to its busy time."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core.errors import InvalidCalendarError, InvalidValueError, LimitExceededError, OutOfRangeError
from petpro_core.interop.ical._events import doubt, read_event, read_free_busy, uid_of
from petpro_core.interop.ical._feed import CalendarFeed, SkippedEvent
from petpro_core.interop.ical._lines import invalid, read_calendars
from petpro_core.interop.ical._rules import Budget, expand, later
from petpro_core.interop.ical._values import DAY_US, wall_us
from petpro_core.interop.ical._zones import CalendarZones
from petpro_core.intervals import IntervalSet
from petpro_core.timezones import LocalTimes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    from petpro_core.interop.ical._events import Event
    from petpro_core.interop.ical._lines import Component
    from petpro_core.interop.ical._rules import Rule
    from petpro_core.interop.ical._values import Moment
    from petpro_core.intervals import Interval
    from petpro_core.timezones import TimeZone

__all__ = ["read_busy"]

_ESCAPED: Final = re.compile(r"\\([\\;,nN])")
# Offsets are below a day, so a wall time two days away lies outside the window in any zone.
_MARGIN_DAYS: Final = 2
_NONE: Final = np.empty(0, dtype=np.int64)


@attrs.define
class _Reading:
    """What has been gathered so far; the order in which components come does not matter to it."""

    within: Interval
    skip_bad: bool
    tentative_blocks: bool
    budget: Budget
    starts: list[npt.NDArray[np.int64]] = attrs.field(factory=list)
    ends: list[npt.NDArray[np.int64]] = attrs.field(factory=list)
    skipped: list[SkippedEvent] = attrs.field(factory=list)
    covered: list[Interval] | None = None
    events: list[tuple[Event, CalendarZones]] = attrs.field(factory=list)
    count: int = 0

    @contextmanager
    def doubtful(self, component: Component, zones: CalendarZones) -> Iterator[None]:
        """List the component as skipped where it cannot be read and that was asked for."""
        try:
            yield
        except InvalidCalendarError as error:
            if not self.skip_bad:
                raise
            unknown = doubt(component, zones)
            self.skipped.append(SkippedEvent(uid_of(component), error.line, error.message, error.code, unknown))

    def keep(self, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], *, line: int) -> None:
        """Keep what falls into the window and has a length."""
        first, last = self.within.start_us, self.within.end_us
        inside = (ends > starts) & (ends > first) & (starts < last)
        self.budget.keep(int(inside.sum()), line=line)
        self.starts.append(np.maximum(starts[inside], first))
        self.ends.append(np.minimum(ends[inside], last))

    def calendar(self, calendar: Component, zone: TimeZone) -> None:
        """Read the components of one VCALENDAR."""
        zones = CalendarZones(calendar, within=self.within, floating=zone, budget=self.budget)
        loose = [child for child in calendar.children if child.name not in ("VEVENT", "VFREEBUSY")]
        for component in (calendar, *loose):
            # A line that cannot be read may have been the beginning of an event, so any time is in doubt.
            for error in component.broken:
                if not self.skip_bad:
                    raise error
                self.skipped.append(SkippedEvent(None, error.line, error.message, error.code, None))
        for component in calendar.children:
            if component.name == "VEVENT":
                with self.doubtful(component, zones):
                    self.events.append((read_event(component, zones, tentative_blocks=self.tentative_blocks), zones))
            elif component.name == "VFREEBUSY":
                self.covered = self.covered or []
                with self.doubtful(component, zones):
                    self._free_busy(component, calendar, zones)

    def _free_busy(self, component: Component, calendar: Component, zones: CalendarZones) -> None:
        for method in calendar.every("METHOD"):
            if method.value.strip().upper() == "REQUEST":
                raise method.error(
                    rule="a VFREEBUSY that is a request asks for busy time and tells none", allowed="PUBLISH, REPLY"
                )
        covers, busy = read_free_busy(component, zones, tentative_blocks=self.tentative_blocks)
        pairs = np.array(busy, dtype=np.int64).reshape(-1, 2)
        self.keep(pairs[:, 0], pairs[:, 1], line=component.line)
        self.covered = [*(self.covered or []), covers]
        self.count += 1

    def expand_all(self) -> None:
        """Turn the events into occurrences, series first, without the instances that others replace."""
        groups: dict[str | int, list[tuple[Event, CalendarZones]]] = {}
        for number, (event, zones) in enumerate(self.events):
            # An event without a UID stands for itself.
            groups.setdefault(number if event.uid is None else event.uid, []).append((event, zones))
        for group in groups.values():
            replaced = np.array(sorted({e.replaces_us for e, _ in group if e.replaces_us is not None}), dtype=np.int64)
            newest: dict[int | None, int] = {}
            for event, _ in group:
                newest[event.replaces_us] = max(newest.get(event.replaces_us, 0), event.sequence)
            for event, zones in group:
                with self.doubtful(event.source, zones):
                    if event.blocks and event.start is not None and event.sequence == newest[event.replaces_us]:
                        self._occurrences(event, event.start, replaced if event.replaces_us is None else _NONE)
                    self.count += 1

    def _occurrences(self, event: Event, start: Moment, replaced: npt.NDArray[np.int64]) -> None:
        try:
            starts, ends = _expanded(event, start, self.within, self.budget)
        except OutOfRangeError:
            rule = "its occurrences lie in the years 1 to 9999 UTC"
            raise invalid(rule, line=event.source.line, name="VEVENT", got=event.uid or "no UID") from None
        kept = ~np.isin(starts, np.concatenate([replaced, np.array(sorted(event.excluded), dtype=np.int64)]))
        self.keep(starts[kept], ends[kept], line=event.source.line)

    def feed(self, name: str | None) -> CalendarFeed:
        """Put the answer together."""
        starts = np.concatenate([*self.starts, _NONE])
        ends = np.concatenate([*self.ends, _NONE])
        known = IntervalSet.of(self.within)
        if self.covered is not None:
            known = IntervalSet.of(*self.covered).within(self.within)
        for event in self.skipped:
            unknown = self.within if event.interval is None else event.interval
            known = known.difference(IntervalSet.of(unknown))
        skipped = tuple(sorted(self.skipped, key=lambda event: event.line))
        return CalendarFeed(IntervalSet.from_us(starts, ends), known, skipped, name, self.count)


def _expanded(
    event: Event, start: Moment, within: Interval, budget: Budget
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Give the starts and ends of an event's occurrences near the window."""
    zone, span = start.zone, event.span
    lower = later(within.start.replace(tzinfo=None), days=-(span.days + span.exact_us // DAY_US + _MARGIN_DAYS))
    upper = later(within.end.replace(tzinfo=None), days=_MARGIN_DAYS)

    def walls(rules: Iterable[Rule]) -> list[npt.NDArray[np.int64]]:
        return [expand(rule, start, lower=lower, upper=upper, budget=budget) for rule in rules]

    # The start is always an occurrence, whether or not the rule would give it.
    first = np.array([wall_us(start.wall)], dtype=np.int64)
    local = np.unique(np.concatenate([first, *walls(event.rules)]))
    starts: npt.NDArray[np.int64] = zone.to_utc_us(LocalTimes(local))
    ends = starts
    if span.days:
        ends = zone.to_utc_us(LocalTimes(local + span.days * DAY_US))
    ends = ends + span.exact_us
    for refused in walls(event.excluding):
        kept = ~np.isin(starts, zone.to_utc_us(LocalTimes(refused)))
        starts, ends = starts[kept], ends[kept]
    added = np.array([(moment.us, end) for moment, end in event.added], dtype=np.int64).reshape(-1, 2)
    return np.concatenate([starts, added[:, 0]]), np.concatenate([ends, added[:, 1]])


def read_busy(
    text: str | bytes,
    *,
    within: Interval,
    zone: TimeZone,
    skip_bad: bool = False,
    limit: int = 100_000,
    max_bytes: int = 20_000_000,
    tentative_blocks: bool = True,
) -> CalendarFeed:
    r"""Read the busy time of an iCalendar text (``.ics``) inside a window.

    Busy is each occurrence of a VEVENT that takes time, and each busy period of a VFREEBUSY. An event takes none when
    it is CANCELLED, TRANSPARENT, FREE for Outlook, or of no length (a time without an end); a TENTATIVE one takes time
    unless ``tentative_blocks`` is false. Wall times are converted by PetPro's zones: a TZID is an IANA key, a name of
    Windows or the file's own VTIMEZONE; times without a zone and all-day events belong to ``zone`` (X-WR-TIMEZONE is
    not read). A day is local midnight to local midnight. A time in a gap takes the offset before it, of two the first.

    Between DTSTART and DTEND of a series the length is exact time, as the standard says, so a night shift that crosses
    a clock change keeps its hours and not its clock end; with a DURATION in days or weeks it is clock time. DTSTART is
    always an occurrence. An instance is replaced by its RECURRENCE-ID wherever that stands; of two versions the higher
    SEQUENCE counts, of equal ones both. Where a text leaves room (UNTIL as a date, a day that ends on itself), the
    reading with more busy time is taken.

    Args:
        text: the file's text or bytes, in UTF-8.
        within: the window; only time inside it is given.
        zone: for all-day events and times without a zone.
        skip_bad: list events that cannot be read instead of refusing the calendar; ``known`` then leaves out the time
            they might take.
        limit: at most so many occurrences in the window; it also bounds the steps through recurrence rules.
        max_bytes: the largest text, in bytes of UTF-8.
        tentative_blocks: whether TENTATIVE time is busy.

    Raises:
        InvalidCalendarError: an event cannot be read, or the text is not iCalendar or was cut off (``line``, ``name``,
            ``got``, ``allowed``); the latter two also with ``skip_bad``.
        LimitExceededError: the text is larger than ``max_bytes``, or has more than ``limit`` occurrences.
        InvalidValueError: ``limit`` or ``max_bytes`` is below 1.

    >>> from datetime import UTC, datetime
    >>> from petpro_core.intervals import Interval
    >>> from petpro_core.timezones import load_zone
    >>> lines = [
    ...     "BEGIN:VCALENDAR",
    ...     "BEGIN:VEVENT",
    ...     "UID:1",
    ...     "DTSTART;TZID=America/New_York:20260306T090000",
    ...     "DURATION:PT1H",
    ...     "RRULE:FREQ=DAILY;INTERVAL=3",
    ...     "END:VEVENT",
    ...     "END:VCALENDAR",
    ... ]
    >>> march = Interval(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 12, tzinfo=UTC))
    >>> for busy in read_busy("\r\n".join(lines), within=march, zone=load_zone("UTC")).busy:
    ...     print(busy)
    Interval(2026-03-06 14:00 to 15:00 UTC)
    Interval(2026-03-09 13:00 to 14:00 UTC)

    Cost: linear in the text and in the occurrences near the window. Source: RFC 5545; MS-OXCICAL for Outlook's status.
    """
    for name, value in (("limit", limit), ("max_bytes", max_bytes)):
        if value < 1:
            message = f"{name} is at least 1, got {value}"
            raise InvalidValueError(message, name=name, got=value)
    # Lone surrogates are let through here, and refused with their line where the line is decoded.
    size = len(text)
    data = b""
    if size <= max_bytes:
        data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)
        size = len(data)
    if size > max_bytes:
        message = f"a calendar has at most max_bytes={max_bytes} bytes, got {size} or more; raise max_bytes"
        raise LimitExceededError(message, limit=max_bytes, got=size, bound="max_bytes")
    calendars = read_calendars(data)
    reading = _Reading(within, skip_bad, tentative_blocks, Budget(limit))
    for calendar in calendars:
        reading.calendar(calendar, zone)
    reading.expand_all()
    names = [named.value for calendar in calendars for named in calendar.every("X-WR-CALNAME")]
    return reading.feed(_unescaped(names[0]) if names else None)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], text)
