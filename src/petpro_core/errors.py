"""The error tree: everything PetPro refuses, each with a stable ``code``.

A message names the rule, what was got and the way out, in lower case and without a full stop. The values that the
message speaks of are attributes of the error, so that a program need not parse the sentence::

    >>> error = LimitExceededError("12 rows are more than limit=10; ask for a shorter range", limit=10, got=12)
    >>> error.code, error.limit
    ('limit_exceeded', 10)

An expected "no" (a conflict, an empty answer) is a value and never one of these.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "InvalidBundleError",
    "InvalidCalendarError",
    "InvalidClinicError",
    "InvalidIntervalError",
    "InvalidRecurrenceError",
    "InvalidTimeZoneDataError",
    "InvalidTransitionError",
    "InvalidValueError",
    "LimitExceededError",
    "MissingExtraError",
    "NaiveDatetimeError",
    "OutOfRangeError",
    "PetProError",
    "RepeatedTimeError",
    "SkippedTimeError",
    "UnknownTimeZoneError",
]


class PetProError(Exception):
    """The base of every error PetPro raises on purpose.

    ``values`` holds what the message speaks of; each is an attribute too. ``code`` never changes between releases.
    """

    code: ClassVar[str] = "petpro_error"

    def __init__(self, message: str, **values: Any) -> None:
        """Keep the message for people and the values for programs."""
        super().__init__(message)
        self.message = message
        self.values: Mapping[str, Any] = MappingProxyType(values)

    def __getattr__(self, name: str) -> Any:
        """Give the values of the message as attributes."""
        values = self.__dict__.get("values", {})
        if name in values:
            return values[name]
        msg = f"{type(self).__name__} has no value {name!r}"
        raise AttributeError(msg)

    def __reduce__(self) -> tuple[Any, ...]:
        """Survive pickling with the values (exceptions drop keyword arguments by default)."""
        return _rebuild, (type(self), self.message, dict(self.values))


def _rebuild(cls: type[PetProError], message: str, values: dict[str, Any]) -> PetProError:
    return cls(message, **values)


class InvalidValueError(PetProError, ValueError):
    """A value breaks a rule of its own type: wrong sign, wrong order, wrong shape."""

    code = "invalid_value"


class NaiveDatetimeError(InvalidValueError):
    """A datetime without a zone was given where an instant is meant."""

    code = "naive_datetime"


class InvalidIntervalError(InvalidValueError):
    """An interval's end does not lie after its start."""

    code = "invalid_interval"


class OutOfRangeError(InvalidValueError):
    """An instant lies outside the years 1 to 9999, or a number outside its documented bounds."""

    code = "out_of_range"


class UnknownTimeZoneError(PetProError, LookupError):
    """The installed ``tzdata`` package has no zone of this key."""

    code = "unknown_time_zone"


class SkippedTimeError(InvalidValueError):
    """A wall-clock time does not exist in its zone, and the policy was REJECT."""

    code = "skipped_time"


class RepeatedTimeError(InvalidValueError):
    """A wall-clock time exists twice in its zone, and the policy was REJECT."""

    code = "repeated_time"


class LimitExceededError(PetProError):
    """An answer or an input is larger than its bound (``limit``, ``got``)."""

    code = "limit_exceeded"


class InvalidTransitionError(PetProError, ValueError):
    """A booking may not go from its status to the one asked for."""

    code = "invalid_transition"


class InvalidCalendarError(InvalidValueError):
    """An iCalendar text cannot be read (``line``, ``name``)."""

    code = "invalid_calendar"


class InvalidTimeZoneDataError(InvalidValueError):
    """A zone's data cannot be read or contradicts itself: a TZif file, a list of transitions, a POSIX rule."""

    code = "invalid_time_zone_data"


class InvalidClinicError(InvalidValueError):
    """A clinic file cannot be read (``key``, ``line``)."""

    code = "invalid_clinic"


class InvalidBundleError(InvalidValueError):
    """A FHIR text cannot be read (``path``, ``got``, ``allowed``)."""

    code = "invalid_bundle"


class InvalidRecurrenceError(InvalidValueError):
    """A recurrence rule breaks the standard, or says what cannot be expanded (``part``, ``got``)."""

    code = "invalid_recurrence"


class MissingExtraError(PetProError):
    """Something was asked for that needs a package of an extra, which is not installed (``extra``, ``package``)."""

    code = "missing_extra"
