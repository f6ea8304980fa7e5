"""The queue of a clinic file: who waits, by which policy, who may come, and how long visits take."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np

from petpro_core.availability import open_hours
from petpro_core.forecast import AppointmentStream, ArrivalStream, DurationLaw, DurationModel, Server
from petpro_core.matching import ResourceKind, match
from petpro_core.timezones import Instants

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from petpro_core.interop.clinic.model import Clinic
    from petpro_core.intervals import Int64Array, Interval, IntervalSet
    from petpro_core.priority import Move, PriorityPolicy, QueueEntry
    from petpro_core.timezones import TimeZone

__all__ = ["DAY_OF_HOURS", "WEEK_OF_HOURS", "ClinicArrivals", "ClinicDuration", "ClinicQueue"]

DAY_OF_HOURS: Final = 24
WEEK_OF_HOURS: Final = 168
_HOUR_US: Final = 3_600_000_000
_MONDAY: Final = 4 * 24  # hours from 1970-01-01, a Thursday, to the first Monday
_SPREAD: Final = 0.5
_USUAL: Final = timedelta(minutes=20)


def _frozen(value: Mapping[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(dict(value))


@attrs.frozen
class ClinicArrivals:
    """Those of one kind who come while somebody is there to serve them: walk-ins by chance, or appointments.

    Attributes:
        urgency: The code of their level.
        service: The number of what they come for; ``None`` = not told.
        per_hour: How many walk in, on average: one number, 24 for the hours of a day from local midnight, or 168 for
            those of a week from Monday; none = appointments.
        every: The length of a slot of appointments; ``None`` = walk-ins.
        no_show: The chance that an appointment does not come.
    """

    urgency: str
    service: int | None = None
    per_hour: tuple[float, ...] = ()
    every: timedelta | None = None
    no_show: float = 0.0

    def stream(self, within: Interval, *, zone: TimeZone, hours: IntervalSet) -> ArrivalStream | AppointmentStream:
        """The same for a simulation of some time.

        Args:
            within: The time; its hours are elapsed hours, so that one that the clock skips has nobody.
            zone: Whose hours ``per_hour`` lists.
            hours: When somebody is there; nobody comes at other times, and an hour of which a part is open has that
                part of its arrivals.
        """
        if self.every is not None:
            return AppointmentStream(
                self.urgency, self.every, service=self.service, no_show=self.no_show, hours=hours.within(within)
            )
        starts = np.arange(within.start_us, within.end_us, _HOUR_US)
        local = (starts + zone.offsets_at(Instants(starts))) // _HOUR_US
        # From Monday at midnight, which is the first hour of a day too.
        rates = np.array(self.per_hour)[(local - _MONDAY) % len(self.per_hour)] * _open_share(starts, hours)
        return ArrivalStream(self.urgency, rates.tolist(), service=self.service, since=within.start)


def _open_share(starts: Int64Array, hours: IntervalSet) -> np.typing.NDArray[np.float64]:
    """The part of each hour that is open."""
    passed = np.append(0, (hours.ends - hours.starts).cumsum())

    def opened(at: Int64Array) -> Int64Array:
        """How long it was open before each instant."""
        place = hours.starts.searchsorted(at, "right")
        over = np.maximum(np.append(0, hours.ends)[place] - at, 0) if len(hours) else np.zeros_like(at)
        before: Int64Array = passed[place] - over
        return before

    share: np.typing.NDArray[np.float64] = (opened(starts + _HOUR_US) - opened(starts)) / _HOUR_US
    return share


@attrs.frozen
class ClinicDuration:
    """How long visits of one kind really take, which is another thing than how long they are booked for.

    Attributes:
        mean: The mean.
        service: The number of the service; ``None`` = all that are not listed.
        provider: The number of the provider; ``None`` = all that are not listed.
        cv: The standard deviation divided by the mean.
    """

    mean: timedelta
    service: int | None = None
    provider: int | None = None
    cv: float = _SPREAD

    @property
    def law(self) -> DurationLaw:
        """The law: lognormal.

        Raises:
            InvalidValueError: A mean or a spread outside its bounds.
        """
        return DurationLaw.lognormal(self.mean, cv=self.cv)


@attrs.frozen
class ClinicQueue:
    """Everything that a file says about those who wait.

    Attributes:
        policy: The levels and the discipline.
        servers: The ids of the providers who take those who wait; none = every provider.
        entries: Who is in the queue, in the order of the file; their numbers count from 1.
        entry_ids: From an entry's number to its id.
        moves: Moves by hand, in order.
        arrivals: Who may come.
        durations: How long visits take; what is not listed takes as long as it is booked for on average.
    """

    policy: PriorityPolicy
    servers: tuple[str, ...] = ()
    entries: tuple[QueueEntry, ...] = ()
    entry_ids: Mapping[int, str] = attrs.field(converter=_frozen, factory=dict)
    moves: tuple[Move, ...] = ()
    arrivals: tuple[ClinicArrivals, ...] = ()
    durations: tuple[ClinicDuration, ...] = ()

    def model(self, clinic: Clinic) -> DurationModel:
        """How long visits take, for forecasts.

        Raises:
            InvalidValueError: A mean or a spread outside its bounds.
        """
        laws: dict[int, dict[int | None, DurationLaw]] = {}
        for one in clinic.services.values():
            usual = one.rules[0].duration
            if isinstance(usual, timedelta):
                laws[one.handle] = {None: ClinicDuration(usual).law}
        otherwise = ClinicDuration(_USUAL).law
        for told in self.durations:
            if told.service is None:
                otherwise = told.law
            else:
                laws.setdefault(told.service, {})[told.provider] = told.law
        return DurationModel.given(laws, otherwise=otherwise)

    def serving(self, clinic: Clinic, within: Interval, *, ids: Iterable[str] = ()) -> list[Server]:
        """Who takes those who wait, with their hours: each for the services whose provider's role they fit.

        Args:
            clinic: The clinic of this queue.
            within: The time for which their hours are told.
            ids: Only these providers; none = those of the queue.
        """
        table = clinic.resource_table()
        able = {}
        for one in clinic.services.values():
            roles = one.service_type(clinic.resources).roles
            role = next((role for role in roles if role.kind is ResourceKind.PROVIDER), None)
            able[one.handle] = set() if role is None else set(match(table, role).handles.tolist())
        everyone = [key for key, one in clinic.resources.items() if one.kind == "provider"]
        chosen = list(ids) or list(self.servers) or everyone
        rows = open_hours(clinic.calendars(chosen), within=within)
        return [
            Server(
                resource.handle,
                services=[service for service, handles in able.items() if resource.handle in handles],
                hours=hours,
            )
            for key, hours in zip(chosen, rows, strict=True)
            for resource in [clinic.resources[key]]
        ]
