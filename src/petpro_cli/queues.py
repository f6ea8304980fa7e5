"""What the commands about a queue have in common: the queue of the file, and bars."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Final

from rich.text import Text

from petpro_cli.answers import signs
from petpro_cli.app import Refused
from petpro_cli.words import clock
from petpro_core.intervals import IntervalSet, from_us, to_us

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from petpro_cli.inputs import Opened
    from petpro_core.forecast import Server
    from petpro_core.interop.clinic.queues import ClinicQueue
    from petpro_core.timezones import TimeZone

__all__ = ["bar", "minute_text", "minutes", "on_duty", "queue_of", "room_for"]

_WIDTH: Final = 24
_SMALLEST: Final = 8
_HALF_MINUTE_US: Final = 30_000_000


def queue_of(opened: Opened) -> ClinicQueue:
    """The queue of the file.

    Raises:
        Refused: It has none.
    """
    queue = opened.clinic.queue
    if queue is None:
        path = opened.given["clinic"]
        raise Refused("<stdin>" if path == "-" else path, "it has no queue; say who waits under [queue]", "no_queue")
    return queue


def on_duty(servers: Iterable[Server]) -> IntervalSet:
    """When at least one of them is there."""
    return reduce(or_, (server.hours for server in servers if server.hours is not None), IntervalSet.empty())


def minutes(time: timedelta) -> str:
    """``38 min``, rounded: a wait is no matter of seconds."""
    return f"{round(time.total_seconds() / 60)} min"


def minute_text(moment: datetime, zone: TimeZone) -> str:
    """``11:38``, rounded likewise."""
    return clock(from_us((to_us(moment) + _HALF_MINUTE_US) // (2 * _HALF_MINUTE_US) * 2 * _HALF_MINUTE_US), zone)


def room_for(width: int, taken: int, *, most: int = _WIDTH) -> int:
    """How long a bar may be behind so many characters; 0 where there is no room for one."""
    room = min(width - taken, most)
    return room if room >= _SMALLEST else 0


def bar(value: float, most: float, *, mark: float | None = None, width: int = _WIDTH) -> Text:
    """A bar of a value beside the largest one, with a place marked on the line."""
    marks, text = signs(), Text()
    most = most or 1.0
    full = round(width * value / most)
    at = None if mark is None else round(width * mark / most)
    for place in range(width):
        if place < full:
            text.append(marks.start, "green" if at is None or place < at else "red")
        elif at is not None and place < at:
            text.append(marks.free, "dim")
        else:
            text.append(marks.closed, "dim")
    return text
