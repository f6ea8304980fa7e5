"""Strategies for time itself: zones, instants, wall-clock times, intervals and sets of them, local days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
from hypothesis import strategies as st

from petpro_core.availability import LocalDays
from petpro_core.intervals import Interval, IntervalBatch, IntervalSet, from_us
from petpro_core.testing import _draws
from petpro_core.testing._clocks import DAY, EPOCH, SECOND, Clock, clock
from petpro_core.timezones import Instants, LocalTimes, TimeZone, load_zone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hypothesis.strategies import DrawFn, SearchStrategy

    from petpro_core.intervals import Int64Array

__all__ = [
    "ODD_ZONES",
    "given_zones",
    "instant_columns",
    "instants",
    "interval_batches",
    "interval_sets",
    "intervals",
    "local_columns",
    "local_dates",
    "local_days",
    "local_times",
    "zone_keys",
    "zones",
]

ODD_ZONES: Final = _draws.ODD_ZONES
"""Zones whose clocks do what clocks are not expected to do, and a few plain ones."""

_WALL_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_TAILS: Final = (
    ("EST5EDT,M3.2.0,M11.1.0", -5),
    ("<+02>-2<+03>,M3.5.0/-1,M10.5.0/24", 2),
    ("<-03>3<-02>,J60/2,300/25:30", -3),
)
"""Yearly rules of zones in no database, each with its winter's hours."""


def zone_keys() -> SearchStrategy[str]:
    """Keys of odd zones; the plainest, ``UTC``, is what a failing example shrinks to."""
    return st.sampled_from(("UTC", *(key for key in ODD_ZONES if key != "UTC")))


def zones() -> SearchStrategy[TimeZone]:
    """Zones: most of them odd ones of tzdata, some of given clock changes."""
    return st.one_of(zone_keys().map(load_zone), zone_keys().map(load_zone), given_zones())


@st.composite
def given_zones(draw: DrawFn) -> TimeZone:
    """Zones that are in no database: a few clock changes of any size, and sometimes a yearly rule after them."""
    quarter = timedelta(minutes=15)
    first = before = draw(st.integers(-48, 56))
    changes = []
    for day in sorted(draw(st.sets(st.integers(0, 39 * 365), max_size=4))):
        after = (before + 48 + draw(st.integers(1, 104))) % 105 - 48  # from -12 to +14 hours, and another one
        changes.append((datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=day, hours=day % 24), after * quarter))
        before = after
    tail, winter = draw(st.sampled_from(((None, 0), *_TAILS)))
    if tail is not None and before != 4 * winter:
        # A rule agrees with what the last change leads to: one more change leads into its winter.
        changes.append((datetime(2040, 1, 15, tzinfo=UTC), winter * 4 * quarter))
    elif tail is not None:
        changes.append((datetime(2039, 7, 1, tzinfo=UTC), (winter * 4 + 1) * quarter))
        changes.append((datetime(2040, 1, 15, tzinfo=UTC), winter * 4 * quarter))
    return TimeZone.from_transitions("Given/Zone", changes, first_offset=first * quarter, tail=tail)


def _clocks(zone: str | None) -> SearchStrategy[Clock]:
    return (zone_keys() if zone is None else st.just(zone)).map(clock)


@st.composite
def instants(draw: DrawFn, zone: str | None = None) -> datetime:
    """Instants of the years 2000 to 2060, often within some hours, a second or a microsecond of a clock change.

    ``zone`` is the key whose clock changes are meant; by default those of any odd zone.
    """
    shown = draw(_clocks(zone))
    day = draw(_draws.case_day(shown))
    changes = [change for change in shown.changes if day * DAY <= change < (day + 1) * DAY]
    beside = draw(st.sampled_from([None, 0, 1, -1, SECOND, -SECOND]))
    if changes and beside is not None:
        return from_us(changes[0] + beside)
    return from_us(day * DAY + draw(st.integers(0, 287)) * _draws.TICK)


@st.composite
def local_times(draw: DrawFn, zone: str | None = None) -> datetime:
    """Wall-clock times (naive datetimes), often in a gap or in a fold, or at the very edge of one.

    ``zone`` is the key whose clock changes are meant; by default those of any odd zone.
    """
    shown = draw(_clocks(zone))
    day = draw(_draws.case_day(shown))
    changes = [change for change in shown.changes if day * DAY <= change < (day + 1) * DAY]
    minutes = draw(st.integers(-180, 180))
    if not changes:
        return _WALL_EPOCH + timedelta(days=day, minutes=minutes)
    wall = changes[0] + shown.offset(changes[0] - draw(st.sampled_from([0, 1])))
    return _WALL_EPOCH + timedelta(microseconds=wall + draw(st.sampled_from([0, 1, -1])), minutes=minutes)


def instant_columns(zone: str | None = None) -> SearchStrategy[Instants]:
    """Columns of ``instants``, in any order, the empty one among them."""
    return st.lists(instants(zone), max_size=8).map(
        lambda drawn: Instants(_column(m.replace(tzinfo=None) for m in drawn))
    )


def local_columns(zone: str | None = None) -> SearchStrategy[LocalTimes]:
    """Columns of ``local_times``, in any order, the empty one among them."""
    return st.lists(local_times(zone), max_size=8).map(lambda drawn: LocalTimes(_column(drawn)))


def _column(walls: Iterable[datetime]) -> Int64Array:
    return np.array([(wall - _WALL_EPOCH) // timedelta(microseconds=1) for wall in walls], np.int64)


@st.composite
def intervals(draw: DrawFn, zone: str | None = None) -> Interval:
    """Intervals of a microsecond to some days that begin at ``instants``.

    ``zone`` is the key whose clock changes are meant; by default those of any odd zone.
    """
    start = draw(instants(zone))
    lengths = [timedelta(microseconds=1), timedelta(minutes=15), timedelta(hours=8), timedelta(days=1)]
    return Interval(start, start + draw(st.sampled_from(lengths)) * draw(st.integers(1, 4)))


def interval_sets(zone: str | None = None) -> SearchStrategy[IntervalSet]:
    """Sets of at most six intervals, the empty one among them."""
    return st.lists(intervals(zone), max_size=6).map(lambda drawn: IntervalSet.of(*drawn))


def interval_batches(zone: str | None = None) -> SearchStrategy[IntervalBatch]:
    """Batches of at most four sets, without rows and with empty rows among them."""
    return st.lists(interval_sets(zone), max_size=4).map(IntervalBatch.from_sets)


@st.composite
def local_dates(draw: DrawFn, zone: str | None = None) -> date:
    """Local dates of the years 2000 to 2060, often one on which clocks change, or one beside it.

    ``zone`` is the key whose clock changes are meant; by default those of any odd zone.
    """
    return date.fromordinal(draw(_draws.case_day(draw(_clocks(zone)))) + EPOCH)


@st.composite
def local_days(draw: DrawFn, zone: str | None = None) -> LocalDays:
    """Ranges of local dates around a clock change, in one zone or in each calendar's own.

    ``zone`` is the key whose clock changes are meant; by default those of any odd zone.
    """
    first = draw(local_dates(zone))
    last = first + timedelta(days=draw(st.sampled_from([0, 1, 6, 30])))
    return LocalDays(first, last, draw(st.none() | zones()))
