from __future__ import annotations

import copy
import pickle

import pytest

from petpro_core import errors
from petpro_core.errors import InvalidValueError, LimitExceededError, PetProError, UnknownTimeZoneError

CODES = {
    "PetProError": "petpro_error",
    "InvalidValueError": "invalid_value",
    "NaiveDatetimeError": "naive_datetime",
    "InvalidIntervalError": "invalid_interval",
    "OutOfRangeError": "out_of_range",
    "UnknownTimeZoneError": "unknown_time_zone",
    "SkippedTimeError": "skipped_time",
    "RepeatedTimeError": "repeated_time",
    "LimitExceededError": "limit_exceeded",
    "InvalidTransitionError": "invalid_transition",
    "InvalidCalendarError": "invalid_calendar",
    "InvalidTimeZoneDataError": "invalid_time_zone_data",
    "InvalidClinicError": "invalid_clinic",
    "InvalidBundleError": "invalid_bundle",
    "InvalidRecurrenceError": "invalid_recurrence",
    "MissingExtraError": "missing_extra",
}


def test_codes_never_change() -> None:
    assert {name: getattr(errors, name).code for name in errors.__all__} == CODES


@pytest.mark.parametrize("name", CODES)
def test_every_error_is_a_petpro_error(name: str) -> None:
    assert issubclass(getattr(errors, name), PetProError)


@pytest.mark.parametrize(
    ("name", "standard"),
    [
        ("InvalidValueError", ValueError),
        ("NaiveDatetimeError", ValueError),
        ("InvalidIntervalError", ValueError),
        ("InvalidTransitionError", ValueError),
        ("UnknownTimeZoneError", LookupError),
    ],
)
def test_those_who_know_only_python_catch_its_own(name: str, standard: type[Exception]) -> None:
    assert issubclass(getattr(errors, name), standard)


def test_values_of_the_message_are_attributes() -> None:
    error = LimitExceededError("12 rows are more than limit=10", limit=10, got=12)
    assert (str(error), error.message) == ("12 rows are more than limit=10",) * 2
    assert (error.limit, error.got, dict(error.values)) == (10, 12, {"limit": 10, "got": 12})


def test_a_value_that_the_message_does_not_speak_of_is_no_attribute() -> None:
    error = InvalidValueError("no", got=1)
    assert not hasattr(error, "limit")
    with pytest.raises(AttributeError, match="InvalidValueError has no value 'limit'"):
        _ = error.limit


def test_values_cannot_be_changed_afterwards() -> None:
    with pytest.raises(TypeError):
        InvalidValueError("no", got=1).values["got"] = 2  # type: ignore[index]  # that is the case


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])  # noqa: S301 - our own bytes
def test_an_error_that_went_to_another_process_still_says_what(again: object) -> None:
    assert callable(again)
    error = again(UnknownTimeZoneError("no zone of that key", key="Mars/Base"))
    assert type(error) is UnknownTimeZoneError
    assert (error.message, error.key, error.code) == ("no zone of that key", "Mars/Base", "unknown_time_zone")
