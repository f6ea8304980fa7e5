"""A zone as arrays, and its conversions between wall-clock time and instants."""

from __future__ import annotations

import enum
from datetime import UTC, datetime, timedelta, timezone
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final, NewType

import attrs
import numpy as np
import numpy.typing as npt

from petpro_core.errors import (
    InvalidTimeZoneDataError,
    InvalidValueError,
    NaiveDatetimeError,
    OutOfRangeError,
    RepeatedTimeError,
    SkippedTimeError,
)
from petpro_core.intervals import DAY_US, FIRST_US, LAST_US
from petpro_core.timezones._compile import CompiledZone, compile_zone
from petpro_core.timezones._steps import Steps, WallSteps, bounds_of, wall_steps
from petpro_core.timezones._tails import read_tail
from petpro_core.timezones._tzif import read_tzif

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Never

__all__ = ["Disambiguation", "Instants", "LocalTimes", "TimeZone"]

Instants = NewType("Instants", npt.NDArray[np.int64])
"""Instants: microseconds since 1970-01-01T00:00Z, without leap seconds."""

LocalTimes = NewType("LocalTimes", npt.NDArray[np.int64])
"""Wall-clock times of one zone: microseconds since 1970-01-01T00:00 on that wall."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WALL_EPOCH: Final = _EPOCH.replace(tzinfo=None)
_MICROSECOND: Final = timedelta(microseconds=1)
_INT64: Final = np.dtype(np.int64)


class Disambiguation(enum.Enum):
    """What a wall-clock time means that does not exist (in a gap) or exists twice (in a fold).

    ``COMPATIBLE`` is RFC 5545's reading: in a gap the offset before it (02:30 becomes 03:30), in a fold the first time.
    ``EARLIER`` and ``LATER`` take the earlier or later of the two instants in both cases. ``REJECT`` refuses both.

    Source: RFC 5545 section 3.3.5; ADR 7.
    """

    COMPATIBLE = "compatible"
    EARLIER = "earlier"
    LATER = "later"
    REJECT = "reject"


_COMPATIBLE: Final = Disambiguation.COMPATIBLE
_BLOCK_DAYS: Final = 4096


@attrs.frozen(eq=False, repr=False)
class TimeZone:
    """A time zone compiled to arrays: the UTC offset in force at every instant of the years 1 to 9999.

    ``offsets[i]`` (microseconds east of Greenwich) holds before ``transitions[i]`` (an instant), ``offsets[-1]`` after
    the last one; each transition changes the offset. Where ``repeats_from`` is given, a yearly rule holds for ever: the
    arrays list it for 400 years from that instant and a little more, and those 400 years repeat. :meth:`changes` hides
    this.

    Two zones are equal when key, transitions, offsets and ``repeats_from`` are. Make one with :func:`load_zone`,
    :meth:`from_transitions`, :meth:`from_tzif` or :meth:`fixed`; the arrays are copied and cannot be written to.

    Every conversion that starts or ends outside the years 1 to 9999 raises :class:`OutOfRangeError`.

    >>> zone = TimeZone.fixed(timedelta(hours=5, minutes=45))
    >>> zone.to_utc(datetime(2026, 3, 8, 9, 0))
    datetime.datetime(2026, 3, 8, 3, 15, tzinfo=datetime.timezone.utc)

    Source: RFC 9636.
    """

    key: str
    transitions: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    repeats_from: int | None = None
    _instants: Steps = attrs.field(init=False)
    _hash: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Check the arrays, copy them and keep the hash."""
        at, offsets = np.array(self.transitions, np.int64), np.array(self.offsets, np.int64)
        if at.ndim != 1 or offsets.shape != (at.size + 1,):
            self._refuse(f"a zone has one offset more than transitions, got {offsets.shape} and {at.shape}")
        if (at[1:] <= at[:-1]).any():
            self._refuse("the transitions of a zone ascend; sort them and keep one per instant")
        if (np.abs(offsets) >= DAY_US).any():
            self._refuse("an offset is less than 24 hours either way; pass microseconds east of Greenwich")
        if (offsets[1:] == offsets[:-1]).any():
            self._refuse("a transition changes the offset; leave out those that do not")
        steps = Steps.of(at, offsets, self.repeats_from)
        set_field = object.__setattr__
        set_field(self, "transitions", steps.at)
        set_field(self, "offsets", steps.values)
        set_field(self, "_instants", steps)
        set_field(self, "_hash", hash((self.key, steps.at.tobytes(), steps.values.tobytes(), self.repeats_from)))

    def _refuse(self, message: str) -> Never:
        msg = f"{message} (zone {self.key!r})"
        raise InvalidTimeZoneDataError(msg, key=self.key)

    @classmethod
    def from_transitions(
        cls,
        key: str,
        transitions: Sequence[tuple[datetime, timedelta]],
        *,
        first_offset: timedelta,
        tail: str | None = None,
    ) -> TimeZone:
        """Make a zone from its clock changes: when (an aware datetime) and the offset from then on, in ascending order.

        ``first_offset`` holds before the first change. ``tail`` is a POSIX rule for the time after the last one, and
        agrees with the offset that the last change leads to; without it that offset stays.

        Raises:
            NaiveDatetimeError: a change has no zone, so that its instant is not known.
            InvalidTimeZoneDataError: out of order, an offset of 24 hours or more, or a bad or contradicting tail.

        >>> zone = TimeZone.from_transitions(
        ...     "Clinic", [(datetime(2026, 4, 1, tzinfo=UTC), timedelta(hours=2))], first_offset=timedelta(hours=1)
        ... )
        >>> zone.to_local(datetime(2026, 4, 1, 6, 0, tzinfo=UTC)).isoformat()
        '2026-04-01T08:00:00+02:00'

        Source: RFC 9636 section 3.3.1 for the tail.
        """
        at = [_instant_us(moment) for moment, _ in transitions]
        offsets = [first_offset // _MICROSECOND, *(offset // _MICROSECOND for _, offset in transitions)]
        return cls._of(compile_zone(key, at, offsets, read_tail(tail) if tail is not None else None))

    @classmethod
    def from_tzif(cls, key: str, data: bytes) -> TimeZone:
        """Make a zone from the bytes of a compiled zone file (TZif, versions 2 to 4).

        Raises:
            InvalidTimeZoneDataError: the bytes are no such file, are cut short, contradict themselves or count leap
                seconds.

        >>> try:
        ...     TimeZone.from_tzif("Here", b"TZif2")
        ... except InvalidTimeZoneDataError as error:
        ...     print(error)
        the zone file of 'Here' is cut short: a header was expected at byte 0; pass the bytes of a file made by zic

        Source: RFC 9636 section 3.
        """
        record = read_tzif(key, data)
        at = [1_000_000 * second for second in record.transitions]
        return cls._of(compile_zone(key, at, [1_000_000 * second for second in record.offsets], record.tail))

    @classmethod
    def fixed(cls, offset: timedelta) -> TimeZone:
        """Make the zone whose offset never changes; its key is ``UTC``, ``UTC+05:45``, ``UTC-03:00``.

        Raises:
            InvalidTimeZoneDataError: the offset is 24 hours or more either way.

        >>> TimeZone.fixed(timedelta(hours=-3)).key
        'UTC-03:00'

        Source: RFC 9636 section 3.3.1.
        """
        key = f"UTC{'-' if offset < timedelta() else '+'}{_clock(abs(offset))}" if offset else "UTC"
        return cls(key, np.empty(0, np.int64), np.array([offset // _MICROSECOND]))

    @classmethod
    def _of(cls, compiled: CompiledZone) -> TimeZone:
        return cls(compiled.key, compiled.transitions, compiled.offsets, compiled.repeats_from)

    def __eq__(self, other: object) -> bool:
        """Say whether both have the same key and the same arrays."""
        if self is other:
            return True
        if not isinstance(other, TimeZone):
            return NotImplemented
        return (
            self._hash == other._hash
            and (self.key, self.repeats_from) == (other.key, other.repeats_from)
            and np.array_equal(self.transitions, other.transitions)
            and np.array_equal(self.offsets, other.offsets)
        )

    def __hash__(self) -> int:
        """Give the hash of the key and the arrays, computed once."""
        return self._hash

    def __repr__(self) -> str:
        """Give the key."""
        return f"TimeZone({self.key!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the arrays, so that the zone answers as before where another ``tzdata`` is installed."""
        return TimeZone, (self.key, self.transitions, self.offsets, self.repeats_from)

    @cached_property
    def _walls(self) -> WallSteps:
        return wall_steps(self._instants)

    @cached_property
    def _compatible(self) -> Steps:
        return self._walls.compatible

    def to_utc_us(self, local: LocalTimes, *, disambiguation: Disambiguation = _COMPATIBLE) -> Instants:
        """Turn wall-clock times into instants; an array of any shape, also an empty one.

        Raises:
            SkippedTimeError: REJECT, and a time lies in a gap.
            RepeatedTimeError: REJECT, and a time exists twice.
            OutOfRangeError: a time or its instant lies outside the years 1 to 9999.
            InvalidValueError: the array is not of int64.

        >>> zone = TimeZone.fixed(timedelta(hours=1))
        >>> zone.to_utc_us(LocalTimes(np.array([3_600_000_000]))).tolist()
        [0]

        Cost: one search in the clock changes of the input's own span. Source: RFC 5545 section 3.3.5.
        """
        if not _has_points(local):
            return Instants(local.copy())
        low, high = bounds_of(local)
        _check_range(low, high, "a wall-clock time")
        steps = self._compatible if disambiguation is _COMPATIBLE else self._steps(disambiguation, local, low, high)
        instants = local - steps.look_up(local, low, high)
        if low < FIRST_US + DAY_US or high > LAST_US - DAY_US:
            _check_range(*bounds_of(instants), "the instant of a wall-clock time")
        return Instants(instants)

    def to_local_us(self, instants: Instants) -> LocalTimes:
        """Turn instants into wall-clock times; an array of any shape, also an empty one.

        Raises:
            OutOfRangeError: an instant or its wall-clock time lies outside the years 1 to 9999.
            InvalidValueError: the array is not of int64.

        >>> TimeZone.fixed(timedelta(hours=1)).to_local_us(Instants(np.array([0]))).tolist()
        [3600000000]

        Source: RFC 9636 section 3.2.
        """
        if not _has_points(instants):
            return LocalTimes(instants.copy())
        low, high = bounds_of(instants)
        _check_range(low, high, "an instant")
        local = instants + self._instants.look_up(instants, low, high)
        if low < FIRST_US + DAY_US or high > LAST_US - DAY_US:
            _check_range(*bounds_of(local), "the wall-clock time of an instant")
        return LocalTimes(local)

    def offsets_at(self, instants: Instants) -> npt.NDArray[np.int64]:
        """Give the offset in force at each instant, in microseconds east of Greenwich.

        Raises:
            OutOfRangeError: an instant lies outside the years 1 to 9999.
            InvalidValueError: the array is not of int64.

        >>> TimeZone.fixed(timedelta(hours=1)).offsets_at(Instants(np.array([0]))).tolist()
        [3600000000]

        Source: RFC 9636 section 3.2.
        """
        if not _has_points(instants):
            return instants.copy()
        low, high = bounds_of(instants)
        _check_range(low, high, "an instant")
        found = self._instants.look_up(instants, low, high)
        return found if isinstance(found, np.ndarray) else np.full(instants.shape, found, np.int64)

    def to_utc(self, local: datetime, *, disambiguation: Disambiguation = _COMPATIBLE) -> datetime:
        """Turn one wall-clock time (a datetime without a zone) into an instant (an aware datetime in UTC).

        The ``fold`` of the datetime is not read: which of two times is meant is said by ``disambiguation`` alone.

        Raises:
            SkippedTimeError: REJECT, and the time lies in a gap.
            RepeatedTimeError: REJECT, and the time exists twice.
            OutOfRangeError: the instant lies outside the years 1 to 9999.
            InvalidValueError: the datetime has a zone of its own.

        >>> TimeZone.fixed(timedelta(hours=1)).to_utc(datetime(2026, 3, 8, 9, 0)).isoformat()
        '2026-03-08T08:00:00+00:00'

        Source: RFC 5545 section 3.3.5.
        """
        if local.tzinfo is not None:
            msg = f"a wall-clock time has no zone of its own, got {local.isoformat()}; leave its tzinfo out"
            raise InvalidValueError(msg, local=local)
        since = local - _WALL_EPOCH
        wall_us = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
        if disambiguation is _COMPATIBLE:
            steps = self._compatible
        else:
            steps = self._steps(disambiguation, np.array([wall_us]), wall_us, wall_us)
        instant_us = wall_us - steps.value_at(wall_us)
        if not FIRST_US <= instant_us <= LAST_US:
            _check_range(instant_us, instant_us, "the instant of a wall-clock time")
        return _EPOCH + timedelta(microseconds=instant_us)

    def to_local(self, instant: datetime) -> datetime:
        """Turn one instant into the time on the wall: an aware datetime whose zone is the fixed offset in force.

        Raises:
            NaiveDatetimeError: the datetime has no zone, so that its instant is not known.
            OutOfRangeError: the instant or its wall-clock time lies outside the years 1 to 9999.

        >>> TimeZone.fixed(timedelta(hours=1)).to_local(datetime(2026, 3, 8, 9, 0, tzinfo=UTC)).isoformat()
        '2026-03-08T10:00:00+01:00'

        Source: RFC 9636 section 3.2.
        """
        instant_us = _instant_us(instant)
        offset = self._instants.value_at(instant_us)
        if not FIRST_US <= instant_us + offset <= LAST_US:
            _check_range(instant_us + offset, instant_us + offset, "the wall-clock time of an instant")
        return instant.astimezone(_fixed_offset(offset))

    def changes(self, start_us: int, end_us: int) -> tuple[Instants, npt.NDArray[np.int64]]:
        """Give the clock changes inside ``(start_us, end_us]``, and the offsets around them.

        ``offsets[0]`` is in force at ``start_us``, ``offsets[i + 1]`` from the i-th change on, both in microseconds. An
        end that does not lie after the start holds no change. The end may be the first instant of the year 10000.

        Raises:
            OutOfRangeError: a bound lies outside the years 1 to 9999.

        >>> at, offsets = TimeZone.fixed(timedelta(hours=1)).changes(0, 1)
        >>> at.tolist(), offsets.tolist()
        ([], [3600000000])

        Source: RFC 9636 section 3.2.
        """
        _check_range(start_us, end_us - 1 if end_us > start_us else start_us, "a bound of a search for clock changes")
        at, offsets = self._instants.between(start_us, max(start_us, end_us))
        return Instants(at), offsets

    def day_starts(self, first_day: int, last_day: int) -> Instants:
        """Give the instants at which the local days ``first_day`` to ``last_day`` (both included) begin.

        Days count from 1970-01-01. A day begins at its midnight, read as COMPATIBLE: a midnight in a gap takes the
        offset before it, one that exists twice is the first. The instants never decrease; a day that its zone left out
        (Apia's 30 December 2011) begins when the next one does.

        Raises:
            OutOfRangeError: a day lies outside the years 1 to 9999, or begins outside them.

        >>> TimeZone.fixed(timedelta(hours=1)).day_starts(1, 2).tolist()
        [82800000000, 169200000000]

        Source: ADR 11.
        """
        if last_day < first_day:
            return Instants(np.empty(0, np.int64))
        _check_range(first_day * DAY_US, last_day * DAY_US, "a local day")
        starts = self._first_instants(first_day, last_day)
        _check_range(int(starts[0]), int(starts[-1]), "the start of a local day")
        return Instants(starts)

    def day_of(self, instants: Instants) -> npt.NDArray[np.int64]:
        """Give the local day of each instant: the last one that has begun, by :meth:`day_starts`.

        This is not the date on the wall where the clock goes back over midnight: St John's showed the 7th of November
        2010, the 6th again and the 7th again, and all of it after the first midnight is the 7th here.

        Raises:
            OutOfRangeError: an instant lies outside the years 1 to 9999.
            InvalidValueError: the array is not of int64.

        >>> TimeZone.fixed(timedelta(hours=1)).day_of(Instants(np.array([82_799_999_999, 82_800_000_000]))).tolist()
        [0, 1]

        Cost: one search in the midnights of the input's own span. Source: ADR 11.
        """
        if not _has_points(instants):
            return instants.copy()
        low, high = bounds_of(instants)
        _check_range(low, high, "an instant")
        first, last = low // DAY_US, high // DAY_US
        if last - first <= 4 * instants.size + 64:
            # A local day begins less than a day before or after the UTC day of the same date.
            starts = self._first_instants(first, last + 1)
            days: npt.NDArray[np.int64] = starts.searchsorted(instants, "right") + (first - 1)
            return days
        day = instants // DAY_US
        return np.where(
            self._midnights(day + 1) <= instants, day + 1, np.where(self._midnights(day) <= instants, day, day - 1)
        )

    @cached_property
    def _blocks(self) -> dict[int, npt.NDArray[np.int64]]:
        # The midnights of blocks of days that were asked for: eleven years are 32 KB, and every query asks for some.
        return {}

    def _first_instants(self, first_day: int, last_day: int) -> npt.NDArray[np.int64]:
        """Give the starts of consecutive days, from the blocks they lie in."""
        low, high = first_day // _BLOCK_DAYS, last_day // _BLOCK_DAYS
        for number in range(low, high + 1):
            if number not in self._blocks:
                days = np.arange(number * _BLOCK_DAYS, (number + 1) * _BLOCK_DAYS, dtype=np.int64)
                block = self._midnights(days)
                block.setflags(write=False)
                self._blocks[number] = block
        begin = first_day - low * _BLOCK_DAYS
        parts = [self._blocks[number] for number in range(low, high + 1)]
        whole = parts[0] if low == high else np.concatenate(parts)
        return whole[begin : begin + last_day - first_day + 1]

    def _midnights(self, days: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        # A midnight lies within a day of its UTC midnight, so that only the day before can begin later than a day does.
        walls = days * DAY_US
        low, high = bounds_of(walls)
        look_up = self._compatible.look_up
        own = walls - look_up(walls, low, high)
        walls = walls - DAY_US
        latest: npt.NDArray[np.int64] = np.maximum(own, walls - look_up(walls, low - DAY_US, high - DAY_US))
        return latest

    def _steps(self, disambiguation: Disambiguation, local: npt.NDArray[np.int64], low: int, high: int) -> Steps:
        """Choose the steps of a policy other than COMPATIBLE, and refuse what REJECT refuses."""
        if disambiguation is Disambiguation.EARLIER:
            return self._walls.earlier
        if disambiguation is Disambiguation.LATER:
            return self._walls.later
        shown = np.broadcast_to(self._walls.times_shown.look_up(local, low, high), local.shape)
        wrong = np.flatnonzero(shown != 1)
        if wrong.size:
            self._reject(int(local.flat[wrong[0]]), exists=bool(shown.flat[wrong[0]]))
        return self._compatible

    def _reject(self, wall_us: int, *, exists: bool) -> Never:
        local = _WALL_EPOCH + timedelta(microseconds=wall_us)
        way_out = "take another time, or choose COMPATIBLE, EARLIER or LATER"
        if exists:
            msg = f"a wall-clock time exists once, got {local} in {self.key}, where it exists twice; {way_out}"
            raise RepeatedTimeError(msg, local=local, zone=self.key)
        msg = f"a wall-clock time exists, got {local} in {self.key}, where the clock skips it; {way_out}"
        raise SkippedTimeError(msg, local=local, zone=self.key)


def _has_points(points: npt.NDArray[np.int64]) -> bool:
    if points.dtype != _INT64:
        msg = f"times are int64 microseconds, got an array of {points.dtype}; convert it first"
        raise InvalidValueError(msg, got=str(points.dtype))
    return points.size > 0


def _check_range(low: int, high: int, what: str) -> None:
    if low < FIRST_US or high > LAST_US:
        got = low if low < FIRST_US else high
        msg = f"{what} lies in the years 1 to 9999, got {got} microseconds since 1970; keep inside"
        raise OutOfRangeError(msg, got=got)


def _instant_us(moment: datetime) -> int:
    try:
        since = moment - _EPOCH
    except TypeError:
        msg = f"an instant is a datetime with a zone, got {moment.isoformat()}; say its zone (tzinfo)"
        raise NaiveDatetimeError(msg, got=moment) from None
    instant_us = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    if not FIRST_US <= instant_us <= LAST_US:
        _check_range(instant_us, instant_us, "an instant")
    return instant_us


@lru_cache(maxsize=1024)
def _fixed_offset(offset_us: int) -> timezone:
    return timezone(timedelta(microseconds=offset_us))


def _clock(offset: timedelta) -> str:
    text = f"{offset // timedelta(hours=1):02}:{offset // timedelta(minutes=1) % 60:02}"
    rest = offset % timedelta(minutes=1)
    if not rest:
        return text
    return f"{text}:{rest.seconds:02}.{rest.microseconds:06}".removesuffix(".000000")
