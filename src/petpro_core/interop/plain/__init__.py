"""Plain dicts and lists of PetPro's objects, ready for JSON: one shape for a thing, in every door.

``docs/reference/json.md`` shows each shape. Keys never change their order or their names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from petpro_core.interop.plain._writer import Names, Writer

if TYPE_CHECKING:
    from petpro_core.timezones import TimeZone

__all__ = ["to_plain"]


def to_plain(obj: object, *, zone: TimeZone | None = None, names: Names | None = None) -> Any:  # noqa: ANN401 - JSON is any of six types
    """The object as dicts, lists, text and numbers.

        >>> from petpro_core.intervals import Interval
        >>> to_plain(Interval.from_us(0, 90_000_000))
        {'start': '1970-01-01T00:00:00Z', 'end': '1970-01-01T00:01:30Z'}

    Instants are ISO 8601 in UTC with ``Z``, microseconds only where they are not zero; lengths of time are ISO 8601
    too (``PT30M``; ``P2D`` for two calendar days).

    Args:
        obj: An ``Interval``, ``IntervalSet``, ``IntervalBatch``, ``SlotRules``, ``Slot``, ``SlotTable``, ``Conflict``,
            ``Explanation``, ``RangeExplanation``, ``OverlapTable``, ``Overlap``, ``Booking``, a ``PetProError``, what
            ``matching``, ``visits``, ``priority``, ``forecast`` and ``repair`` answer, or lists, tuples and dicts of
            these and of what they are made of.
        zone: Write instants with the offset of this zone's clocks instead of ``Z`` (not the first and last day of all
            time, the bounds of what has no bound).
        names: Ids to write in place of handles, by kind (``resource, service, booking, client, household, pet,
            group, channel, skill, resource_group, location, entry``); ``Clinic.names`` is one. A handle that is not in
            it stays a number.

    Raises:
        InvalidValueError: An object of another type.
    """
    return Writer(zone, {} if names is None else names).plain(obj)
