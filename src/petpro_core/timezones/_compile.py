"""From listed clock changes and a rule for the rest to arrays that cover the years 1 to 9999."""

from __future__ import annotations

from typing import Final

import attrs
import numpy as np
import numpy.typing as npt

from petpro_core.errors import InvalidTimeZoneDataError
from petpro_core.intervals import DAY_US, FIRST_US, LAST_US
from petpro_core.timezones._steps import Steps
from petpro_core.timezones._tails import CYCLE_YEARS, Tail, days_to_new_year

__all__ = ["CompiledZone", "compile_zone"]

_SECOND_US: Final = 1_000_000
_YEAR_US: Final = 31_556_952 * _SECOND_US
# A wall-clock time of the years 1 to 9999 can be that of an instant up to a day outside them.
_EARLIEST: Final = FIRST_US - 2 * DAY_US
_LATEST: Final = LAST_US + 2 * DAY_US


@attrs.frozen(eq=False)
class CompiledZone:
    """The arrays of a zone, as :class:`petpro_core.timezones.TimeZone` describes them."""

    key: str
    transitions: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    repeats_from: int | None


def compile_zone(key: str, transitions: list[int], offsets: list[int], tail: Tail | None) -> CompiledZone:
    """Compile clock changes (microseconds, ascending) and offsets (one more); both may lie outside int64.

    Raises:
        InvalidTimeZoneDataError: the tail gives another offset than the last clock change.
    """
    first = sum(at < _EARLIEST for at in transitions)
    last = sum(at <= _LATEST for at in transitions)
    if last < len(transitions):
        tail = None
    at = np.array(transitions[first:last], np.int64)
    values = np.array(offsets[first : last + 1], np.int64)
    repeats_from = None
    if tail is not None:
        at, values, repeats_from = _append_tail(key, at, values, tail)
    steps = Steps.of(at, values, repeats_from)
    return CompiledZone(key, steps.at, steps.values, repeats_from)


def _append_tail(
    key: str, at: npt.NDArray[np.int64], offsets: npt.NDArray[np.int64], tail: Tail
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], int | None]:
    """Unroll the tail after the last clock change, for one cycle of 400 years and a year on either side of it."""
    last = int(at[-1]) if at.size else _EARLIEST
    # The mean year misses the calendar's by less than two, whatever the date.
    year = 1970 + last // _YEAR_US
    starts, stops = (edges * _SECOND_US for edges in tail.daylight(year - 3, year + CYCLE_YEARS + 6))
    standard, daylight = tail.std * _SECOND_US, tail.dst * _SECOND_US
    index = int(starts.searchsorted(last, "right")) - 1
    in_force = daylight if index >= 0 and last < stops[index] else standard
    if offsets[-1] != in_force and (at.size or offsets[-1] not in {standard, daylight}):
        msg = (
            f"a zone's last rule agrees with its last clock change, got {tail.text!r} after an offset of "
            f"{int(offsets[-1]) // _SECOND_US} seconds in {key!r}; correct one of them"
        )
        raise InvalidTimeZoneDataError(msg, key=key, tail=tail.text)
    cycle_start, limit = (days_to_new_year(np.array([year + 3, year + CYCLE_YEARS + 4])) * DAY_US).tolist()
    edges = np.concatenate([starts, stops])
    values = np.concatenate([np.full(starts.size, daylight), np.full(stops.size, standard)])
    order = edges.argsort()
    order = order[(edges[order] > last) & (edges[order] < limit)]
    repeats_from = cycle_start if order.size and standard != daylight else None
    return (
        np.concatenate([at, edges[order]]),
        np.concatenate([offsets[:-1], [in_force], values[order]]),
        repeats_from,
    )
