"""The laws of time itself: occurrences, conversions and sets, each by something slow and obvious.

Source: ADR 14, ADR 16.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np

from petpro_core.errors import InvalidValueError
from petpro_core.intervals import Interval, IntervalSet, to_us
from petpro_core.recurrence import expand
from petpro_core.testing._clocks import SECOND, clock
from petpro_core.testing._recurrence import expanded
from petpro_core.testing.laws._facts import must_equal
from petpro_core.timezones import Instants, LocalTimes, load_zone, zone_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from petpro_core.recurrence import Recurrence, RecurrenceRule

__all__ = ["conversions_are_the_clocks", "occurrences_are_the_oracles", "sets_are_their_ticks"]

_OPERATIONS: Final = ("union", "intersection", "difference")


def _wall(moment: object) -> datetime:
    """A date or a naive datetime as a wall time; the oracle knows no other moments."""
    if isinstance(moment, datetime) and moment.tzinfo is None:
        return moment
    if isinstance(moment, date) and not isinstance(moment, datetime):
        return datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001 - a wall time
    msg = f"the oracle of recurrences reads dates and exceptions by the wall clock, got {moment!r}; say them so"
    raise InvalidValueError(msg, got=moment)


def _rule(rule: RecurrenceRule) -> tuple[str, datetime | int | None]:
    until = rule.until
    if isinstance(until, datetime) and until.tzinfo is not None:
        last: datetime | int | None = to_us(until)
    else:
        last = None if until is None else _wall(until)
    return str(attrs.evolve(rule, until=None)), last


def _plain(recurrence: Recurrence) -> dict[str, Any]:
    """A recurrence in the words of the oracle."""
    days, length = recurrence.length
    if recurrence.zone.key not in zone_keys() or length % SECOND:
        msg = f"the oracle of recurrences reads zones of tzdata and lengths of whole seconds, got {recurrence}"
        raise InvalidValueError(msg, got=recurrence)
    return {
        "zone": recurrence.zone.key,
        "start": _wall(recurrence.start),
        "rules": [_rule(rule) for rule in recurrence.rules],
        "excluding": [_rule(rule) for rule in recurrence.excluding],
        "dates": [_wall(moment) for moment in recurrence.dates],
        "excluded": [_wall(moment) for moment in recurrence.excluded],
        "periods": [],
        "days": days,
        "seconds": length // SECOND,
    }


def occurrences_are_the_oracles(recurrence: Recurrence, within: Interval) -> None:
    """Every occurrence is that of the oracle, which walks day by day by the text of the standard.

        >>> from datetime import timedelta
        >>> from petpro_core import Recurrence
        >>> rounds = Recurrence(datetime(2026, 3, 2, 9), "Europe/Berlin", timedelta(hours=1), rules="FREQ=WEEKLY")
        >>> occurrences_are_the_oracles(rounds, Interval.from_us(1_774_000_000_000_000, 1_776_000_000_000_000))

    Args:
        recurrence: In a zone of tzdata; its dates and exceptions are dates or wall times, its length is whole seconds.
        within: Not far from the start, because the oracle walks there, and before the year 2100.

    Raises:
        LawBrokenError: One is not.
        InvalidValueError: The oracle does not know such a recurrence.

    Source: RFC 5545 section 3.3.10; ADR 16.
    """
    found = expand(recurrence, within=within)
    pairs = list(zip(found.starts.tolist(), found.ends.tolist(), strict=True))
    expected = expanded(_plain(recurrence), within.start_us, within.end_us)
    must_equal("occurrences = the oracle's", pairs, expected, recurrence=recurrence, within=within)


def conversions_are_the_clocks(key: str, instants: Iterable[int]) -> None:
    """Instants to the wall clock and back, and wall times of any kind, are what the zone's file says, read plainly.

        >>> conversions_are_the_clocks("Europe/Berlin", [1_774_746_000_000_000])

    Args:
        key: A key of tzdata.
        instants: Microseconds, before the year 2100; they are read as wall times too.

    Raises:
        LawBrokenError: One is not.

    Source: RFC 9636; ADR 7.
    """
    zone, shown = load_zone(key), clock(key)
    asked = np.array(list(instants), np.int64)
    walls = zone.to_local_us(Instants(asked))
    must_equal("wall clock", walls.tolist(), [at + shown.offset(at) for at in asked.tolist()], zone=key)
    for name, column in (("back from the wall clock", walls), ("from a wall time", LocalTimes(asked))):
        must_equal(name, zone.to_utc_us(column).tolist(), [shown.instant(wall) for wall in column.tolist()], zone=key)


def sets_are_their_ticks(left: Sequence[tuple[int, int]], right: Sequence[tuple[int, int]]) -> None:
    """An operation on sets of intervals is the same operation on plain sets of all their microseconds.

        >>> sets_are_their_ticks([(0, 5), (7, 9)], [(3, 8)])

    Args:
        left: Starts and ends in microseconds, in any order; each microsecond becomes an element, so let them be few.
        right: Likewise.

    Raises:
        LawBrokenError: It is not.

    Source: ADR 3.
    """
    sets, ticks = [], []
    for pairs in (left, right):
        sets.append(IntervalSet.from_us([start for start, _ in pairs], [end for _, end in pairs]))
        ticks.append({tick for pair in pairs for tick in range(*pair)})
    for name in _OPERATIONS:
        result = getattr(sets[0], name)(sets[1])
        got = {tick for one in result for tick in range(one.start_us, one.end_us)}
        must_equal(name, got, getattr(ticks[0], name)(ticks[1]), left=left, right=right)
