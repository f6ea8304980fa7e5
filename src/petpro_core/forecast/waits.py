"""When each turn begins, as quantiles: columns for programs, objects for people."""

from __future__ import annotations

import enum
from functools import cached_property
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core._checks import frozen
from petpro_core.forecast._values import as_number
from petpro_core.intervals import NEVER, Int64Array, from_us

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from petpro_core.priority import Ranking

__all__ = ["WaitForecast", "WaitReason", "WaitTable", "Waiting"]


class WaitReason(enum.StrEnum):
    """Why a wait cannot be told, or not all of it; the values are stable codes.

    ``NO_SERVER``: nobody there may serve them (the service, or the provider they ask for). ``NOT_WAITING``: they are
    parked, skipped, served already or gone, so no turn comes by itself. ``BEYOND_HORIZON``: on more than a tenth of the
    paths the turn does not come within the horizon, or not before everybody who could serve them has left.
    """

    NO_SERVER = "no_server"
    NOT_WAITING = "not_waiting"
    BEYOND_HORIZON = "beyond_horizon"


_REASONS: Final = (None, WaitReason.NO_SERVER, WaitReason.NOT_WAITING, WaitReason.BEYOND_HORIZON)
_SHARES: Final = (0.1, 0.5, 0.9)


@attrs.frozen
class Waiting:
    """When somebody's turn begins: by ``p10`` one time in ten, by ``p50`` every other time, by ``p90`` nine in ten.

    Attributes:
        id: The entry's number; of a newcomer the place among those asked.
        p10: A tenth of the paths begin at or before this instant; ``None`` = not within the horizon, likewise below.
        p50: Half of them.
        p90: Nine tenths.
        now: The present asked.
        reason: Why some of it is not told; ``None`` = all is.
    """

    id: int
    p10: datetime | None
    p50: datetime | None
    p90: datetime | None
    now: datetime
    reason: WaitReason | None

    @property
    def median(self) -> timedelta | None:
        """How long from now until half of the paths have begun."""
        return None if self.p50 is None else self.p50 - self.now


@attrs.frozen(eq=False, repr=False)
class WaitTable:
    """The begin of each turn on every path, a row for each person. Every column is read-only.

    A quantile is a path's own instant, never between two: with 200 paths ``p10`` is the 20th in order, ``p50`` the
    100th, ``p90`` the 180th. It is the model's statement about chance: if durations and arrivals follow the laws given,
    the turn begins at or before it with that probability.

    Attributes:
        ids: int64[n]: the entries' numbers, or the places of newcomers.
        now_us: The present asked, in microseconds since 1970-01-01T00:00Z.
        begins_us: int64[n, paths]: when each turn begins, in order along the row; ``NEVER`` where it does not.
        codes: int64[n]: 0 = all is told, 1 = nobody may serve them, 2 = they do not wait, 3 = beyond the horizon.

    Source: explanation/waiting.md.
    """

    ids: Int64Array
    now_us: int
    begins_us: Int64Array
    codes: Int64Array

    def __attrs_post_init__(self) -> None:
        """Freeze the columns: an answer is read, and may be kept and shared."""
        for column in (self.ids, self.begins_us, self.codes):
            frozen(column)

    @classmethod
    def of(cls, ids: Int64Array, now_us: int, begins_us: Int64Array, codes: Int64Array) -> WaitTable:
        """A table from paths in any order; who has no reason yet and does not begin in time is given one."""
        begins = np.sort(begins_us, axis=1)
        late = (codes == 0) & (begins[:, _place(begins.shape[1], _SHARES[-1])] == NEVER)
        return cls(ids, now_us, begins, np.where(late, _REASONS.index(WaitReason.BEYOND_HORIZON), codes))

    def __len__(self) -> int:
        """How many rows."""
        return len(self.ids)

    def __repr__(self) -> str:
        """Say how much there is."""
        return f"<WaitTable of {len(self)} rows on {self.begins_us.shape[1]} paths>"

    def quantile_us(self, share: float) -> Int64Array:
        """int64[n]: the instant at or before which this share of the paths has begun; ``NEVER`` where they have not.

        Args:
            share: More than 0 (0.000001), at most 1.

        Raises:
            InvalidValueError: No number, or one outside its bounds.
        """
        return frozen(self.begins_us[:, _place(self.begins_us.shape[1], as_number("share", share, 1e-6, 1))].copy())

    @cached_property
    def p10_us(self) -> Int64Array:
        """int64[n]: a tenth of the paths has begun."""
        return self.quantile_us(_SHARES[0])

    @cached_property
    def p50_us(self) -> Int64Array:
        """int64[n]: half of the paths has begun."""
        return self.quantile_us(_SHARES[1])

    @cached_property
    def p90_us(self) -> Int64Array:
        """int64[n]: nine tenths of the paths have begun."""
        return self.quantile_us(_SHARES[2])

    def chance_by(self, instant_us: int | Int64Array) -> np.typing.NDArray[np.float64]:
        """float64[n]: the share of the paths on which each turn has begun at an instant (microseconds), or before."""
        chance: np.typing.NDArray[np.float64] = (self.begins_us <= np.reshape(instant_us, (-1, 1))).mean(1)
        return chance

    def __getitem__(self, place: int) -> Waiting:
        """One row as an object."""
        quantiles = (self.p10_us[place], self.p50_us[place], self.p90_us[place])
        p10, p50, p90 = (None if us == NEVER else from_us(int(us)) for us in quantiles)
        return Waiting(int(self.ids[place]), p10, p50, p90, from_us(self.now_us), _REASONS[int(self.codes[place])])

    def __iter__(self) -> Iterator[Waiting]:
        """Every row as an object."""
        return (self[place] for place in range(len(self)))


def _place(paths: int, share: float) -> int:
    # The least number of paths that is at least this share of them; the product may miss a whole number by rounding.
    return max(int(np.ceil(paths * share - 1e-9)) - 1, 0)


@attrs.frozen(eq=False, repr=False)
class WaitForecast:
    """The waits of a queue. It iterates as the entries' ``Waiting`` objects.

    Attributes:
        ranking: The order that was replayed; rows of ``entries`` are those of ``ranking.entries``.
        entries: When the turn of each entry begins.
        newcomers: When the turn of each newcomer would begin, who comes now; each as if the others did not come.
    """

    ranking: Ranking
    entries: WaitTable
    newcomers: WaitTable

    def __len__(self) -> int:
        """How many entries."""
        return len(self.entries)

    def __getitem__(self, place: int) -> Waiting:
        """One entry's turn as an object."""
        return self.entries[place]

    def __iter__(self) -> Iterator[Waiting]:
        """Every entry's turn as an object."""
        return iter(self.entries)

    def __repr__(self) -> str:
        """Say how much there is."""
        paths = self.entries.begins_us.shape[1]
        return f"<WaitForecast of {len(self)} entries and {len(self.newcomers)} newcomers on {paths} paths>"
