"""What a simulation found: every visit as columns, and what they come to."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core._checks import as_kind, frozen
from petpro_core.errors import InvalidValueError
from petpro_core.forecast.capacity import on_duty
from petpro_core.intervals import NEVER, Int64Array

if TYPE_CHECKING:
    from petpro_core.forecast._dice import FloatArray
    from petpro_core.forecast.capacity import Stream
    from petpro_core.forecast.servers import Server
    from petpro_core.intervals import Interval
    from petpro_core.priority import PriorityPolicy

__all__ = ["Simulation", "StreamWaits", "WaitChange"]

_HOUR_US: Final = 3_600_000_000


@attrs.frozen
class StreamWaits:
    """How long those of one stream waited.

    Attributes:
        stream: The place of the stream.
        urgency: The code of its level.
        count: How many were served.
        unserved: How many came and were not, because everybody who could serve them had left.
        mean: The mean wait; zero where nobody was served, likewise the next two.
        p50: Half of them waited at most so long.
        p95: Nineteen of twenty.
        within_target: The share of those who came that began within the target of their level; ``None`` = no target, or
            nobody came.
    """

    stream: int
    urgency: str
    count: int
    unserved: int
    mean: timedelta
    p50: timedelta
    p95: timedelta
    within_target: float | None


@attrs.frozen
class WaitChange:
    """How the mean wait of one stream differs between two simulations of the same people.

    Attributes:
        stream: The place of the stream.
        urgency: The code of its level.
        change: The mean wait here minus that of the other; negative is shorter.
        error: The standard error of ``change`` over the runs; ``None`` with fewer than two.
    """

    stream: int
    urgency: str
    change: timedelta
    error: timedelta | None


@attrs.frozen(eq=False, repr=False)
class Simulation:
    """Every visit of every run that is counted, by stream, run and arrival. Every column is read-only.

    Attributes:
        streams: Who came.
        servers: Who served them, by their handles.
        policy: The order.
        counted: Whoever came in this time is counted.
        runs: How many times.
        resources: int64[s]: the servers' handles.
        stream: int64[n]: the place of each visit's stream.
        run: int64[n]: which run, from 0.
        arrival_us: int64[n]: when each came, in microseconds since 1970-01-01T00:00Z; likewise below.
        begin_us: int64[n]: when each was taken; ``NEVER`` where it was not.
        end_us: int64[n]: when each was done; likewise.
        server: int64[n]: the place of the server among ``resources``; -1 = not served.

    Source: explanation/waiting.md.
    """

    streams: tuple[Stream, ...]
    servers: tuple[Server, ...]
    policy: PriorityPolicy
    counted: Interval
    runs: int
    resources: Int64Array
    stream: Int64Array
    run: Int64Array
    arrival_us: Int64Array
    begin_us: Int64Array
    end_us: Int64Array
    server: Int64Array

    def __attrs_post_init__(self) -> None:
        """Freeze the columns."""
        for name in ("resources", "stream", "run", "arrival_us", "begin_us", "end_us", "server"):
            frozen(getattr(self, name))

    def __len__(self) -> int:
        """How many visits are counted."""
        return len(self.stream)

    def __repr__(self) -> str:
        """Say how much there is."""
        return f"<Simulation of {len(self)} visits of {len(self.streams)} streams in {self.runs} runs>"

    def waits_us(self, stream: int | None = None) -> Int64Array:
        """int64[m]: the waits of those who were served, of one stream or of all."""
        mine = self.begin_us != NEVER
        if stream is not None:
            mine &= self.stream == stream
        waits: Int64Array = self.begin_us[mine] - self.arrival_us[mine]
        return waits

    def by_stream(self) -> tuple[StreamWaits, ...]:
        """The waits of each stream, over all runs."""
        return tuple(self._waits(place) for place in range(len(self.streams)))

    def _waits(self, place: int) -> StreamWaits:
        urgency = self.streams[place].urgency
        target = self.policy.levels[self.policy.level_of(urgency)].target
        waits = np.sort(self.waits_us(place))
        came = int((self.stream == place).sum())
        p50, p95 = (_us(waits[-(-len(waits) * share // 100) - 1] if len(waits) else 0) for share in (50, 95))
        inside = None
        if target is not None and came:
            inside = float(waits.searchsorted(target // timedelta(microseconds=1), "right")) / came
        mean = _us(waits.mean() if len(waits) else 0)
        return StreamWaits(place, urgency, len(waits), came - len(waits), mean, p50, p95, inside)

    def means_by_run(self, stream: int) -> FloatArray:
        """float64[runs]: the mean wait of one stream in each run, in microseconds; NaN where nobody was served."""
        mine = (self.stream == stream) & (self.begin_us != NEVER)
        count = np.bincount(self.run[mine], minlength=self.runs)
        total = np.bincount(self.run[mine], (self.begin_us - self.arrival_us)[mine], self.runs)
        means: FloatArray = np.where(count, total, np.nan) / np.maximum(count, 1)
        return means

    def utilisation(self) -> FloatArray:
        """float64[s]: the time of counted visits divided by the time on duty; more than 1 where they ran over.

        A visit counts whole, for whoever came in the time that is counted.
        """
        served = self.server >= 0
        busy = np.bincount(self.server[served], (self.end_us - self.begin_us)[served], len(self.resources))
        duty = np.array([on_duty(server, self.counted).duration / timedelta(microseconds=1) for server in self.servers])
        share: FloatArray = busy / np.maximum(duty * self.runs, 1)
        return share

    def queue_by_hour(self) -> FloatArray:
        """float64[hours]: how many waited, on average over each hour of the time counted; the last may be shorter."""
        start, end = self.counted.start_us, self.counted.end_us
        bounds = np.append(np.arange(start, end, _HOUR_US), end)
        # Who is never taken waits to the end.
        gone = np.minimum(self.begin_us, end)
        waited = _passed(self.arrival_us, bounds) - _passed(gone, bounds)
        mean: FloatArray = np.diff(waited) / (np.diff(bounds) * self.runs)
        return mean

    def compared_with(self, other: Simulation) -> tuple[WaitChange, ...]:
        """How mean waits differ from another simulation's, stream by stream, run against run.

        Two simulations of the same streams, time and seed are of the same people, so that luck cancels out and few runs
        show what a change of servers, hours or policy does.

            >>> from datetime import UTC, datetime
            >>> from petpro_core import Interval
            >>> from petpro_core.forecast import ArrivalStream, DurationLaw, DurationModel, Server, simulate
            >>> from petpro_core.priority import VETERINARY_TRIAGE
            >>> monday = Interval(datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 17, tzinfo=UTC))
            >>> def with_vets(vets):
            ...     return simulate(
            ...         ArrivalStream("green", 5),
            ...         servers=[Server(vet) for vet in range(vets)],
            ...         durations=DurationModel.same(DurationLaw.lognormal(timedelta(minutes=20), cv=0.5)),
            ...         policy=VETERINARY_TRIAGE,
            ...         within=monday,
            ...         runs=100,
            ...         seed=1,
            ...     )
            >>> (change,) = with_vets(3).compared_with(with_vets(2))
            >>> change.change < -5 * change.error
            True

        Raises:
            InvalidValueError: Other streams, another time, or another number of runs.
        """
        as_kind("other", other, Simulation)
        same = (self.streams, self.counted, self.runs) == (other.streams, other.counted, other.runs)
        if not same or not np.array_equal(self.arrival_us, other.arrival_us):
            msg = "simulations are compared of the same people; use the same streams, time, runs and seed for both"
            raise InvalidValueError(msg, name="other", got=other)
        return tuple(self._change(place, other) for place in range(len(self.streams)))

    def _change(self, place: int, other: Simulation) -> WaitChange:
        apart = self.means_by_run(place) - other.means_by_run(place)
        apart = apart[~np.isnan(apart)]
        error = _us(apart.std(ddof=1) / np.sqrt(len(apart))) if len(apart) > 1 else None
        change = _us(apart.mean() if len(apart) else 0)
        return WaitChange(place, self.streams[place].urgency, change, error)

    def share_within(self, wait: timedelta, *, stream: int | None = None) -> float:
        """The share of those who were served that waited at most so long; 1 where nobody was.

        Raises:
            InvalidValueError: No length.
        """
        as_kind("wait", wait, timedelta)
        waits = self.waits_us(stream)
        return float((waits <= wait / timedelta(microseconds=1)).mean()) if len(waits) else 1.0


def _us(number: float) -> timedelta:
    return timedelta(microseconds=round(float(number)))


def _passed(moments: Int64Array, bounds: Int64Array) -> FloatArray:
    """For each bound the sum, over all moments before it, of the time since."""
    moments = np.sort(moments)
    count = moments.searchsorted(bounds)
    # Counted from the first bound, so that sums of many instants keep their last digits.
    total = np.append(0, (moments - bounds[0]).cumsum())[count]
    passed: FloatArray = (count * (bounds - bounds[0]) - total).astype(np.float64)
    return passed
