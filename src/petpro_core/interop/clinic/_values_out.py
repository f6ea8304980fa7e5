"""Values of a clinic file on the way back from objects: lengths, moments, ids, and nothing where there is nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from petpro_core.errors import InvalidValueError
from petpro_core.intervals import ALWAYS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from petpro_core.timezones import TimeZone

__all__ = ["Tree", "filled", "length_text", "lists", "moment_text", "named"]

Tree = dict[str, Any]

_EARLIEST: Final = ALWAYS.start + timedelta(days=1)
_LATEST: Final = ALWAYS.end - timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)
_SECOND: Final = timedelta(seconds=1)


def filled(**texts: str) -> Tree:
    """Texts that are not empty, by their keys."""
    return {key: text for key, text in texts.items() if text}


def lists(**several: list[Any]) -> Tree:
    """Lists that are not empty, by their keys."""
    return {key: many for key, many in several.items() if many}


def length_text(time: timedelta) -> str:
    """Elapsed time in hours, minutes and seconds, which are elapsed wherever a clinic file has a length."""
    if time % _SECOND or time < timedelta(0):
        msg = f"a clinic file has lengths of whole seconds, none of them negative, got {time}"
        raise InvalidValueError(msg, got=time)
    seconds = time // _SECOND
    counts = (seconds // 3600, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s")
    return "".join(f"{count}{unit}" for count, unit in counts if count) or "0m"


def moment_text(moment: datetime, zone: TimeZone) -> str:
    """A moment with the offset of the zone's clock, where that has a form with hours and minutes."""
    if _EARLIEST < moment < _LATEST:
        local = zone.to_local(moment)
        if not (local.utcoffset() or timedelta(0)) % _MINUTE:
            return local.isoformat()
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def named(numbers: Mapping[int, str], kind: str, number: int) -> str:
    """The id of a number."""
    if number not in numbers:
        msg = f"the clinic has no {kind} of number {number}"
        raise InvalidValueError(msg, kind=kind, got=number)
    return numbers[number]
