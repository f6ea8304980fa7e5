"""VEVENT and VFREEBUSY: what each says about busy time, before it is expanded.

Source: RFC 5545 sections 3.6.1, 3.6.4 and 3.8; the busy status of Outlook is MS-OXCICAL's.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

import attrs

from petpro_core.errors import InvalidCalendarError
from petpro_core.interop.ical._rules import read_rule
from petpro_core.interop.ical._values import (
    DAY_US,
    Span,
    ended,
    read_moment,
    read_moments,
    read_period,
    read_span,
    wall_us,
)
from petpro_core.intervals import ALWAYS, Interval, to_us

if TYPE_CHECKING:
    from petpro_core.interop.ical._lines import Component, Property
    from petpro_core.interop.ical._rules import Rule
    from petpro_core.interop.ical._values import Clocks, Moment

__all__ = ["Event", "doubt", "read_event", "read_free_busy", "uid_of"]

_STATUSES: Final = ("TENTATIVE", "CONFIRMED", "CANCELLED")
_TRANSPARENCIES: Final = ("OPAQUE", "TRANSPARENT")
_BIGGEST_SEQUENCE: Final = 10
_ALWAYS_END_US: Final = to_us(ALWAYS.end)


@attrs.frozen
class Event:
    """One VEVENT, read: a single event, a series, or (with ``replaces``) a changed instance of a series.

    With ``and_future`` the change is one of all later instances too.
    """

    source: Component
    uid: str | None
    sequence: int
    replaces: Moment | None
    and_future: bool
    blocks: bool
    start: Moment | None
    span: Span
    rules: tuple[Rule, ...]
    excluding: tuple[Rule, ...]
    added: tuple[tuple[Moment, int], ...]
    excluded: frozenset[int]

    @property
    def instance(self) -> tuple[int, bool] | None:
        """Which instance, and whether with all later ones, this changes; None: it is the event itself."""
        return None if self.replaces is None else (self.replaces.us, self.and_future)


def _choice(component: Component, name: str, allowed: tuple[str, ...], default: str) -> str:
    found = component.one(name)
    value = default if found is None else found.value.strip().upper()
    if found is not None and value not in allowed:
        raise found.error(
            rule=f"{name} of a {component.name} must be one of the standard's", allowed=", ".join(allowed)
        )
    return value


def _blocks(component: Component, *, tentative_blocks: bool) -> bool:
    """Say whether the event takes time: any one word that frees it is enough, except that doubt stays busy."""
    status = _choice(component, "STATUS", _STATUSES, "CONFIRMED")
    transparency = _choice(component, "TRANSP", _TRANSPARENCIES, "OPAQUE")
    outlook = component.one("X-MICROSOFT-CDO-BUSYSTATUS")
    shown = "BUSY" if outlook is None else outlook.value.strip().upper()
    if status == "CANCELLED" or transparency == "TRANSPARENT" or shown == "FREE":
        return False
    return tentative_blocks or "TENTATIVE" not in (status, shown)


def _sequence(component: Component) -> int:
    found = component.one("SEQUENCE")
    text = "0" if found is None else found.value.strip()
    if found is not None and not (text.isascii() and text.isdigit() and len(text) <= _BIGGEST_SEQUENCE):
        raise found.error(rule="SEQUENCE must be a whole number", allowed="0 and up")
    return int(text)


def _span(component: Component, start: Moment, clocks: Clocks) -> Span:
    """Read how long each instance lasts.

    Between DTSTART and DTEND it is exact time, of dates whole days; a DURATION counts days on the local clock.
    """
    end, duration = component.one("DTEND"), component.one("DURATION")
    if end is not None and duration is not None:
        raise duration.error(
            rule=f"a {component.name} must not have both DTEND and DURATION", allowed="one of them, or none"
        )
    if duration is not None:
        span = read_span(duration.value, duration)
        if start.is_date and span.exact_us:
            raise duration.error(rule="an all-day event lasts whole days", allowed="a duration such as P1D or P2W")
        ended(start, span, duration)
        return Span(max(span.days, 1), 0) if start.is_date else span
    if end is None:
        return Span(1, 0) if start.is_date else Span(0, 0)
    last = read_moment(end.value, end, clocks)
    if last.is_date != start.is_date:
        allowed = "VALUE=DATE" if start.is_date else "a time"
        raise end.error(rule="DTEND must be a date or a time as DTSTART is", allowed=allowed)
    days = (wall_us(last.wall) - wall_us(start.wall)) // DAY_US if start.is_date else 0
    if days < 0 or last.us < start.us:
        raise end.error(rule="DTEND must not lie before DTSTART", allowed="a later end")
    # Some writers end a day on itself: the day is busy.
    return Span(max(days, 1), 0) if start.is_date else Span(0, last.us - start.us)


def _same_kind(moment: Moment, start: Moment, named: Property) -> Moment:
    if moment.is_date != start.is_date:
        allowed = "VALUE=DATE" if start.is_date else "a time"
        raise named.error(rule="this must be a date or a time as DTSTART is", allowed=allowed)
    return moment


def _added(component: Component, start: Moment, span: Span, clocks: Clocks) -> tuple[tuple[Moment, int], ...]:
    """Read RDATE as pairs of a start and the instant of its end."""
    added: list[tuple[Moment, int]] = []
    for named in component.every("RDATE"):
        if (named.parameter("VALUE") or "").upper() == "PERIOD":
            periods = [read_period(text, named, clocks) for text in named.value.split(",")]
            added += [(_same_kind(first, start, named), end) for first, end in periods]
        else:
            moments = [_same_kind(moment, start, named) for moment in read_moments(named, clocks)]
            added += [(moment, ended(moment, span, named)) for moment in moments]
    return tuple(added)


def _replaced(component: Component, clocks: Clocks) -> tuple[Moment | None, bool]:
    """Read RECURRENCE-ID as the moment that it replaces, and whether all later instances change with it."""
    named = component.one("RECURRENCE-ID")
    if named is None:
        return None, False
    reach = named.parameter("RANGE")
    if reach is not None and reach.upper() != "THISANDFUTURE":
        rule = "a change is of one instance, or of it and all later ones"
        raise named.error(rule, got=f"RANGE={reach}", allowed="RANGE=THISANDFUTURE, or no RANGE")
    component.needed("UID")
    for name in ("RRULE", "RDATE", "EXRULE", "EXDATE"):
        for own in component.every(name):
            raise own.error(rule="one instance of a series has no recurrence of its own", allowed="no such property")
    # One instance of a timed series may be made all-day, so this need not be of DTSTART's kind.
    return read_moment(named.value, named, clocks), reach is not None


def read_event(component: Component, clocks: Clocks, *, tentative_blocks: bool) -> Event:
    """Read one VEVENT.

    Raises:
        InvalidCalendarError: a property is missing, stands twice, cannot be read, or contradicts another.
    """
    if component.broken:
        raise component.broken[0]
    blocks = _blocks(component, tentative_blocks=tentative_blocks)
    cancelled = not component.every("DTSTART") and _choice(component, "STATUS", _STATUSES, "") == "CANCELLED"
    named = None if cancelled else component.needed("DTSTART")
    start = None if named is None else read_moment(named.value, named, clocks)
    replaces, and_future = _replaced(component, clocks)
    uid, sequence = uid_of(component), _sequence(component)
    if start is None:
        return Event(component, uid, sequence, replaces, and_future, blocks, None, Span(0, 0), (), (), (), frozenset())
    span = _span(component, start, clocks)
    return Event(
        source=component,
        uid=uid,
        sequence=sequence,
        replaces=replaces,
        and_future=and_future,
        blocks=blocks,
        start=start,
        span=span,
        rules=tuple(read_rule(rule, start, clocks) for rule in component.every("RRULE")),
        excluding=tuple(read_rule(rule, start, clocks) for rule in component.every("EXRULE")),
        added=_added(component, start, span, clocks),
        excluded=frozenset(
            _same_kind(moment, start, dates).us
            for dates in component.every("EXDATE")
            for moment in read_moments(dates, clocks)
        ),
    )


def uid_of(component: Component) -> str | None:
    """Give the UID, the first if there are several, or None."""
    return next((found.value for found in component.every("UID")), None)


def doubt(component: Component, clocks: Clocks) -> Interval | None:
    """Give the time that an event which could not be read may take, or None if that could be any time.

    A series may go on for ever, so all time from its start is in doubt; so it is where the end cannot be read.
    """
    changes = component.every("RDATE") or any(found.parameter("RANGE") for found in component.every("RECURRENCE-ID"))
    if component.name != "VEVENT" or component.broken or changes:
        return None
    try:
        named = component.needed("DTSTART")
        start = read_moment(named.value, named, clocks)
    except InvalidCalendarError:
        return None
    end_us = start.us
    if not component.every("RRULE"):
        with suppress(InvalidCalendarError):
            end_us = ended(start, _span(component, start, clocks), named)
    return Interval.from_us(start.us, end_us if start.us < end_us < _ALWAYS_END_US else _ALWAYS_END_US)


def read_free_busy(
    component: Component, clocks: Clocks, *, tentative_blocks: bool
) -> tuple[Interval, list[tuple[int, int]]]:
    """Read one VFREEBUSY as the time it covers and its busy periods (start and end in microseconds).

    Raises:
        InvalidCalendarError: it does not say what time it covers, or a property cannot be read.
    """
    if component.broken:
        raise component.broken[0]
    first, last = (component.needed(name) for name in ("DTSTART", "DTEND"))
    start, end = (read_moment(named.value, named, clocks) for named in (first, last))
    if end.us <= start.us:
        raise last.error(rule="DTEND must lie after DTSTART", allowed="a later end")
    busy: list[tuple[int, int]] = []
    for named in component.every("FREEBUSY"):
        kind = (named.parameter("FBTYPE") or "BUSY").upper()
        periods = [read_period(text, named, clocks) for text in named.value.split(",")]
        # A type that is not known counts as busy, as the standard says.
        if kind != "FREE" and (tentative_blocks or kind != "BUSY-TENTATIVE"):
            busy += [(opening.us, closing) for opening, closing in periods]
    return Interval.from_us(start.us, end.us), busy
