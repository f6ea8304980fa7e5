"""Can this walk-in be taken without delaying the 11:00? Appointments ahead, replayed with them and without."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np
import numpy.typing as npt

from petpro_core._checks import TICK, ZERO, as_kind, as_length, frozen
from petpro_core.bookings import BookingTable
from petpro_core.forecast._dispatch import FAR
from petpro_core.forecast._scene import Line, Scene, scene_of
from petpro_core.forecast._values import as_number
from petpro_core.forecast.forecasting import Newcomer
from petpro_core.intervals import NEVER, Int64Array, duration_us, from_us

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from petpro_core.forecast._dice import FloatArray, Seed
    from petpro_core.forecast._dispatch import Outcome
    from petpro_core.forecast.arrivals import ArrivalStream
    from petpro_core.forecast.durations import DurationModel
    from petpro_core.forecast.servers import Server
    from petpro_core.priority import Ranking

__all__ = ["AppointmentDelay", "WalkInAnswer", "WalkInOption", "check_walk_in"]

_PATHS: Final = 500
_HORIZON: Final = timedelta(hours=12)
_MOST_HORIZON: Final = timedelta(days=31)
_MOST_TOLERANCE: Final = timedelta(days=1)


@attrs.frozen
class AppointmentDelay:
    """What a walk-in would do to one appointment.

    Attributes:
        booking: The booking's number.
        resource: The handle of the provider.
        planned: When it is to begin.
        late_without: The chance that it begins late without the walk-in.
        late_with: The chance that it does with them.
        harmed: The chance that it begins late, and later than it would without them.
    """

    booking: int
    resource: int
    planned: datetime
    late_without: float
    late_with: float
    harmed: float


@attrs.frozen
class WalkInOption:
    """The walk-in with one provider.

    Attributes:
        resource: The handle of the provider.
        ok: Whether no appointment is harmed with more than the chance allowed, and their turn comes in time.
        begin: When their turn would begin, as a median; ``None`` = not within the horizon.
        harmed: The largest chance with which it harms an appointment, whosever it is.
        worst: That appointment; ``None`` = it harms none.
    """

    resource: int
    ok: bool
    begin: datetime | None
    harmed: float
    worst: AppointmentDelay | None


@attrs.frozen(eq=False, repr=False)
class WalkInAnswer:
    """The walk-in with each provider who may take them. It iterates as ``WalkInOption``; columns are read-only.

    Attributes:
        resources: int64[o]: the providers who may take them; none where nobody may.
        ok: bool[o]: whether it may be done.
        begin_us: int64[o]: when their turn would begin, as a median; ``NEVER`` = not within the horizon.
        bookings: int64[b]: the appointments ahead, by their numbers.
        booked_with: int64[b]: the providers they are with.
        planned_us: int64[b]: when they are to begin.
        late_without: float64[b]: the chance that each begins late without the walk-in.
        late_with: float64[o, b]: the chance that it does with them.
        harmed: float64[o, b]: the chance that it begins late, and later than it would without them.
        threshold: The chance allowed.
    """

    resources: Int64Array
    ok: npt.NDArray[np.bool_]
    begin_us: Int64Array
    bookings: Int64Array
    booked_with: Int64Array
    planned_us: Int64Array
    late_without: FloatArray
    late_with: FloatArray
    harmed: FloatArray
    threshold: float

    def __attrs_post_init__(self) -> None:
        """Freeze the columns."""
        for column in (self.resources, self.begin_us, self.bookings, self.booked_with, self.planned_us):
            frozen(column)
        for array in (self.ok, self.late_without, self.late_with, self.harmed):
            array.setflags(write=False)

    @property
    def can(self) -> bool:
        """Whether some provider can take them."""
        return bool(self.ok.any())

    def __len__(self) -> int:
        """How many providers may take them."""
        return len(self.resources)

    def __repr__(self) -> str:
        """Say how much there is."""
        return f"<WalkInAnswer of {len(self)} providers and {len(self.bookings)} appointments, {self.ok.sum()} can>"

    def delay(self, option: int, place: int) -> AppointmentDelay:
        """What one option does to one appointment, by their places."""
        return AppointmentDelay(
            int(self.bookings[place]),
            int(self.booked_with[place]),
            from_us(int(self.planned_us[place])),
            float(self.late_without[place]),
            float(self.late_with[option, place]),
            float(self.harmed[option, place]),
        )

    def __getitem__(self, option: int) -> WalkInOption:
        """One option as an object."""
        harmed = self.harmed[option]
        worst = int(harmed.argmax()) if len(harmed) else 0
        chance = float(harmed.max(initial=0))
        begin = int(self.begin_us[option])
        return WalkInOption(
            int(self.resources[option]),
            bool(self.ok[option]),
            None if begin == NEVER else from_us(begin),
            chance,
            self.delay(option, worst) if chance else None,
        )

    def __iter__(self) -> Iterator[WalkInOption]:
        """Every option as an object."""
        return (self[option] for option in range(len(self)))


def check_walk_in(
    ranking: Ranking,
    newcomer: Newcomer,
    *,
    servers: Server | Iterable[Server],
    durations: DurationModel,
    bookings: BookingTable,
    seed: Seed,
    paths: int = _PATHS,
    future: ArrivalStream | Iterable[ArrivalStream] = (),
    eligible: npt.ArrayLike | None = None,
    tolerance: timedelta = timedelta(minutes=5),
    threshold: float = 0.1,
    grace: timedelta = ZERO,
    horizon: timedelta = _HORIZON,
) -> WalkInAnswer:
    """With which providers a walk-in can be taken without delaying appointments.

    The walk-in joins the queue now, by the policy, and waits for one provider; the queue and the appointments are
    replayed on the same paths with them and without. An appointment is late where it begins more than ``tolerance``
    after its time, and harmed where it is late and begins later than without them: who is late anyway is no argument.

        >>> from datetime import UTC, datetime
        >>> from petpro_core import ALWAYS, Allocation, Booking, BookingTable, Interval
        >>> from petpro_core.forecast import DurationLaw, DurationModel, Server
        >>> from petpro_core.priority import VETERINARY_TRIAGE, rank
        >>> clock = lambda hour, minute: datetime(2026, 3, 2, hour, minute, tzinfo=UTC)
        >>> def answer(now):
        ...     return check_walk_in(
        ...         rank([], policy=VETERINARY_TRIAGE, now=now),
        ...         Newcomer("green"),
        ...         servers=Server(7),
        ...         durations=DurationModel.same(DurationLaw.lognormal(timedelta(minutes=20), cv=0.5)),
        ...         bookings=BookingTable.of(
        ...             [Booking(1, Allocation(7, Interval(clock(11, 0), clock(11, 30))))], known=ALWAYS
        ...         ),
        ...         seed=1,
        ...     )
        >>> answer(clock(10, 15)).can, answer(clock(10, 38)).can
        (True, False)

    Args:
        ranking: The queue, its policy and the present.
        newcomer: Who would come.
        servers: As in ``forecast_waits``, likewise the next six and ``grace``.
        durations: How long visits take.
        bookings: The appointments ahead.
        seed: A whole number or a NumPy generator.
        paths: How many paths, 1 to 100,000.
        future: Who else may come; all of it is drawn here, because anybody may delay an appointment.
        eligible: Who may take whom.
        tolerance: What does not count as late; 0 to 1 day.
        threshold: The chance of harm that is allowed, 0 to 1.
        grace: How far a visit may be expected to reach into what follows.
        horizon: How far is looked ahead, for appointments too; more than zero, at most 31 days.

    Raises:
        InvalidValueError: A value of another type, or one outside its bounds.

    Source: explanation/waiting.md.
    """
    as_kind("newcomer", newcomer, Newcomer)
    as_kind("bookings", bookings, BookingTable)
    horizon_us = duration_us(as_length("horizon", horizon, TICK, _MOST_HORIZON))
    tolerance_us = duration_us(as_length("tolerance", tolerance, ZERO, _MOST_TOLERANCE))
    allowed = as_number("threshold", threshold, 0, 1)
    scene, dice = scene_of(
        ranking,
        servers=servers,
        durations=durations,
        bookings=bookings,
        future=future,
        eligible=eligible,
        seed=seed,
        paths=paths,
        grace=grace,
    )
    level, rows = scene.policy.level_of(newcomer.urgency), durations.rows([newcomer.service])
    options = scene.serves(newcomer.service, newcomer.provider).nonzero()[0]
    length = durations.draw_us(dice, rows, scene.columns, paths)
    at = _appointments(scene, horizon_us)
    planned = np.array([scene.shifts[server].planned[window] for server, window in at], np.int64)
    late = planned + tolerance_us

    before = _begins(_replay(scene, horizon_us, None), at)
    begin = np.full(len(options), NEVER)
    late_with, harmed = np.zeros((len(options), len(at))), np.zeros((len(options), len(at)))
    for place, server in enumerate(options.tolist()):
        only = np.arange(len(scene.shifts)) == server
        outcome = _replay(scene, horizon_us, (Line([level], int(rows[0]), only, ahead=False, members=[0]), length))
        after = _begins(outcome, at)
        late_with[place] = (after > late[:, None]).mean(1)
        harmed[place] = ((after > late[:, None]) & (after > before)).mean(1)
        own = int(np.sort(outcome.begin[-1])[(paths - 1) // 2])
        begin[place] = own + scene.now_us if own <= horizon_us else NEVER
    return WalkInAnswer(
        np.array([scene.shifts[server].server.resource for server in options], np.int64),
        (harmed.max(1, initial=0) <= allowed) & (begin != NEVER),
        begin,
        np.array([scene.shifts[server].booking[window] for server, window in at], np.int64),
        np.array([scene.shifts[server].server.resource for server, _ in at], np.int64),
        planned + scene.now_us,
        (before > late[:, None]).mean(1),
        late_with,
        harmed,
        allowed,
    )


def _appointments(scene: Scene, horizon_us: int) -> list[tuple[int, int]]:
    """The places of the windows that are appointments within the horizon, in order of time."""
    found = [
        (int(shift.planned[window]), server, int(window))
        for server, shift in enumerate(scene.shifts)
        for window in ((shift.booking >= 0) & (shift.planned <= horizon_us)).nonzero()[0]
    ]
    return [(server, window) for _, server, window in sorted(found)]


def _replay(scene: Scene, horizon_us: int, extra: tuple[Line, Int64Array] | None) -> Outcome:
    return scene.replay(futures=scene.futures, until_us=horizon_us, extra=extra, all_windows=True)


def _begins(outcome: Outcome, at: list[tuple[int, int]]) -> Int64Array:
    """int64[b, paths]: when each appointment began; ``FAR`` where it did not."""
    if not at:
        return np.full((0, outcome.begin.shape[1]), FAR)
    server, window = np.array(at).T
    begins: Int64Array = outcome.window_begin[server, window]
    return begins
