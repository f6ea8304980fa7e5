"""When to call somebody: a while before the turn, and once for each turn."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core._checks import ZERO, as_kind, as_length, as_whole, frozen
from petpro_core.errors import InvalidValueError
from petpro_core.forecast._values import as_number
from petpro_core.forecast.waits import WaitForecast
from petpro_core.intervals import NEVER, Int64Array, duration_us, from_us

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

__all__ = ["LEAD", "Call", "CallTable", "find_calls"]

LEAD: Final = timedelta(minutes=15)
_MOST_LEAD: Final = timedelta(days=1)


@attrs.frozen
class Call:
    """Somebody who is to be told that their turn comes soon.

    Attributes:
        entry: The entry's number.
        kind: Which message it is, in the caller's word.
        begin: When the turn is expected: the quantile that was asked.
    """

    entry: int
    kind: str
    begin: datetime

    @property
    def key(self) -> tuple[int, str]:
        """What is kept of it, so that it is told once."""
        return self.entry, self.kind


@attrs.frozen(eq=False, repr=False)
class CallTable:
    """Those who are to be told now, who is next first. It iterates as ``Call`` objects; columns are read-only.

    Attributes:
        entries: int64[n]: the entries' numbers.
        begins_us: int64[n]: when their turns are expected, in microseconds since 1970-01-01T00:00Z.
        kind: Which message it is.
    """

    entries: Int64Array
    begins_us: Int64Array
    kind: str

    def __attrs_post_init__(self) -> None:
        """Freeze the columns."""
        frozen(self.entries)
        frozen(self.begins_us)

    def __len__(self) -> int:
        """How many."""
        return len(self.entries)

    def __repr__(self) -> str:
        """Say how many."""
        return f"<CallTable of {len(self)} {self.kind!r}>"

    @property
    def keys(self) -> tuple[tuple[int, str], ...]:
        """What to keep of them: pass it as ``told`` from now on."""
        return tuple((entry, self.kind) for entry in self.entries.tolist())

    def __getitem__(self, place: int) -> Call:
        """One as an object."""
        return Call(int(self.entries[place]), self.kind, from_us(int(self.begins_us[place])))

    def __iter__(self) -> Iterator[Call]:
        """Every one as an object."""
        return (self[place] for place in range(len(self)))


def find_calls(
    forecast: WaitForecast,
    *,
    told: Collection[tuple[int, str]],
    lead: timedelta = LEAD,
    kind: str = "soon",
    share: float = 0.5,
) -> CallTable:
    """Whom to call now: those whose turn comes within ``lead``, by the median, and who have not been told yet.

    Ask again about every minute, with a new forecast. Keep ``keys`` of whatever was told and pass it as ``told``: who
    is in it is not found again, so the message is sent once however often it is asked. Somebody who comes back for
    another turn (skipped, another stage) is told again under another ``kind``, or once their key is dropped.

        >>> from datetime import UTC, datetime
        >>> from petpro_core.forecast import DurationLaw, DurationModel, Server, forecast_waits
        >>> from petpro_core.priority import VETERINARY_TRIAGE, QueueEntry, rank
        >>> clock = lambda minute: datetime(2026, 3, 2, 9, minute, tzinfo=UTC)
        >>> queue = [QueueEntry(number, clock(number), "green") for number in range(3)]
        >>> forecast = forecast_waits(
        ...     rank(queue, policy=VETERINARY_TRIAGE, now=clock(10)),
        ...     servers=Server(7),
        ...     durations=DurationModel.same(DurationLaw.fixed(timedelta(minutes=10))),
        ...     seed=1,
        ... )
        >>> calls = find_calls(forecast, told=())
        >>> [(call.entry, f"{call.begin:%H:%M}") for call in calls]
        [(0, '09:10'), (1, '09:20')]
        >>> len(find_calls(forecast, told=calls.keys))
        0

    Args:
        forecast: A forecast of now.
        told: The keys of what was told already; has no default, so that nobody forgets it.
        lead: How long before the turn; 0 to 1 day.
        kind: The caller's word for this message; not empty.
        share: By which quantile: 0.5 is the median; 0.25 calls earlier, and is seldom late. More than 0, at most 1.

    Raises:
        InvalidValueError: A value of another type, or one outside its bounds.

    Source: explanation/waiting.md.
    """
    as_kind("forecast", forecast, WaitForecast)
    lead_us = duration_us(as_length("lead", lead, ZERO, _MOST_LEAD))
    if not str(kind).strip():
        msg = f"kind is a word, got {kind!r}"
        raise InvalidValueError(msg, name="kind", got=kind)
    table = forecast.entries
    begin = table.quantile_us(as_number("share", share, 1e-6, 1))
    done = {as_whole("told", entry) for entry, word in told if word == kind}
    waits = forecast.ranking.order
    due = waits[(begin[waits] != NEVER) & (begin[waits] - table.now_us <= lead_us)]
    due = due[[entry not in done for entry in table.ids[due].tolist()]] if len(due) else due
    due = due[np.lexsort((np.arange(len(due)), begin[due]))]
    return CallTable(table.ids[due], begin[due], kind)
