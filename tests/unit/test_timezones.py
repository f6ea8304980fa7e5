"""Zones by example: what is said and refused at the edge; odd clock changes stand in tests/corpus/zones."""

from __future__ import annotations

import copy
import pickle
import struct
from datetime import UTC, datetime, timedelta, timezone
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
import pytest

from petpro_core.errors import (
    InvalidTimeZoneDataError,
    InvalidValueError,
    NaiveDatetimeError,
    OutOfRangeError,
    RepeatedTimeError,
    SkippedTimeError,
    UnknownTimeZoneError,
)
from petpro_core.timezones import TZDATA_VERSION, Disambiguation, Instants, LocalTimes, TimeZone, load_zone, zone_keys
from petpro_core.timezones._tails import read_tail

if TYPE_CHECKING:
    import numpy.typing as npt

HOUR = 3_600_000_000
DAY = 24 * HOUR
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST = -62_135_596_800_000_000
LAST = 253_402_300_799_999_999
NEW_YORK = load_zone("America/New_York")
BERLIN = load_zone("Europe/Berlin")


def us(*fields: int) -> int:
    return (datetime(*fields, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)  # type: ignore[arg-type,misc]


def wall(*fields: int) -> datetime:
    return datetime(*fields)  # type: ignore[arg-type] # noqa: DTZ001 - a wall-clock time


def local_times(*values: int) -> LocalTimes:
    return LocalTimes(np.array(values, np.int64))


def instants(*values: int) -> Instants:
    return Instants(np.array(values, np.int64))


def tzif(
    at: tuple[int, ...] = (0,),
    indices: bytes = b"\x01",
    types: tuple[tuple[int, int, int], ...] = ((0, 0, 0), (3600, 1, 4)),
    names: bytes = b"STD\0DST\0",
    footer: bytes = b"\n\n",
    version: bytes = b"2",
    leaps: int = 0,
    flags: tuple[int, int] = (0, 0),
    magic: bytes = b"TZif",
) -> bytes:
    head = magic + version + bytes(15)
    first = head + struct.pack(">6L", 0, 0, 0, 0, 1, 1) + bytes(7)
    second = head + struct.pack(">6L", *flags, leaps, len(at), len(types), len(names))
    body = struct.pack(f">{len(at)}q", *at) + indices + b"".join(struct.pack(">lBB", *one) for one in types) + names
    return first + second + body + bytes(12 * leaps) + bytes(sum(flags)) + footer


# --- loading ----------------------------------------------------------------------------------------------------------


def test_the_release_of_the_zone_data_is_public() -> None:
    assert TZDATA_VERSION[:2] == "20"
    assert TZDATA_VERSION[4:].isalpha()


def test_a_zone_is_loaded_once() -> None:
    assert load_zone("Europe/Berlin") is BERLIN
    assert repr(BERLIN) == "TimeZone('Europe/Berlin')"
    assert len(zone_keys()) > 590


@pytest.mark.parametrize(
    ("key", "suggestions"),
    [
        ("europe/berlin", ("Europe/Berlin",)),
        ("Berlin", ("Europe/Berlin",)),
        ("America/New York", ("America/New_York",)),
        ("Europe/Berlim", ("Europe/Berlin",)),
        ("../../../etc/passwd", ()),
        ("/etc/localtime", ()),
        ("Europe/../Europe/Berlin", ("Europe/Berlin",)),
        ("Europe", ()),
        ("", ()),
        ("\0", ()),
        ("x" * 100_000, ()),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_ones(key: str, suggestions: tuple[str, ...]) -> None:
    with pytest.raises(UnknownTimeZoneError) as refused:
        load_zone(key)
    assert refused.value.suggestions[: len(suggestions) or None] == suggestions or not suggestions
    assert len(refused.value.message) < 250
    assert refused.value.key == key


def test_an_unknown_key_unlike_any_other_has_no_suggestion() -> None:
    with pytest.raises(UnknownTimeZoneError, match="see zone_keys") as refused:
        load_zone("%%%%")
    assert refused.value.suggestions == ()


# --- equality, copies -------------------------------------------------------------------------------------------------


def test_zones_are_equal_by_key_and_content() -> None:
    data = resources.files("tzdata").joinpath("zoneinfo", "Europe", "Berlin").read_bytes()
    again = TimeZone.from_tzif("Europe/Berlin", data)
    assert again == BERLIN
    assert hash(again) == hash(BERLIN)
    assert TimeZone.from_tzif("Berlin", data) != BERLIN
    assert BERLIN == BERLIN  # noqa: PLR0124 - the short way out
    assert BERLIN != "Europe/Berlin"
    assert TimeZone.fixed(timedelta()) == load_zone("UTC")


def test_a_zone_survives_pickling_and_copying() -> None:
    for zone in (BERLIN, TimeZone.fixed(timedelta(hours=1))):
        for copied in (pickle.loads(pickle.dumps(zone)), copy.deepcopy(zone)):  # noqa: S301 - our own bytes
            assert copied == zone
            assert hash(copied) == hash(zone)
            assert not copied.offsets.flags.writeable


def test_the_arrays_are_copied_and_frozen() -> None:
    offsets = np.array([HOUR])
    zone = TimeZone("Here", np.empty(0, np.int64), offsets)
    offsets[0] = 0
    assert zone.offsets.tolist() == [HOUR]
    with pytest.raises(ValueError, match="read-only"):
        zone.offsets[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        BERLIN.changes(us(9990, 1, 1), us(9991, 1, 1))[1][0] = 0


@pytest.mark.parametrize(
    ("at", "offsets"),
    [([0], [0]), ([0, 0], [0, 1, 0]), ([1, 0], [0, 1, 0]), ([], [DAY]), ([], [-DAY]), ([0], [1, 1]), ([[0]], [0, 1])],
)
def test_arrays_that_are_no_zone_are_refused(at: list[int], offsets: list[int]) -> None:
    with pytest.raises(InvalidTimeZoneDataError, match="'Here'"):
        TimeZone("Here", np.array(at, np.int64), np.array(offsets, np.int64))


# --- fixed, from transitions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offset", "key"),
    [
        (timedelta(), "UTC"),
        (timedelta(hours=5, minutes=45), "UTC+05:45"),
        (-timedelta(hours=3), "UTC-03:00"),
        (timedelta(hours=1, seconds=30), "UTC+01:00:30"),
        (-timedelta(microseconds=1), "UTC-00:00:00.000001"),
    ],
)
def test_a_fixed_zone_is_named_by_its_offset(offset: timedelta, key: str) -> None:
    zone = TimeZone.fixed(offset)
    assert zone.key == key
    assert zone.to_local(EPOCH).utcoffset() == offset


def test_a_fixed_offset_of_a_day_is_refused() -> None:
    with pytest.raises(InvalidTimeZoneDataError):
        TimeZone.fixed(timedelta(days=1))


def test_given_transitions_and_a_tail() -> None:
    winter, summer = timedelta(hours=1), timedelta(hours=2)
    zone = TimeZone.from_transitions(
        "Here",
        [(datetime(2026, 3, 29, 1, tzinfo=UTC), summer), (datetime(2026, 3, 30, 1, tzinfo=UTC), summer)],
        first_offset=winter,
        tail="CET-1CEST,M3.5.0,M10.5.0/3",
    )
    later = us(2026, 4, 1)
    assert zone.changes(later, LAST)[0].tolist() == BERLIN.changes(later, LAST)[0].tolist()
    assert zone.changes(FIRST, later)[1].tolist() == [HOUR, 2 * HOUR]


def test_a_tail_alone_holds_from_the_beginning() -> None:
    zone = TimeZone.from_transitions("Here", [], first_offset=timedelta(hours=1), tail="CET-1CEST,M3.5.0,M10.5.0/3")
    assert zone.to_local(datetime(1, 7, 1, tzinfo=UTC)).utcoffset() == timedelta(hours=2)
    assert zone.to_local(datetime(1, 1, 1, tzinfo=UTC)).utcoffset() == timedelta(hours=1)
    assert zone.to_local(datetime(9999, 7, 1, tzinfo=UTC)).utcoffset() == timedelta(hours=2)


@pytest.mark.parametrize(
    ("transitions", "first_offset", "tail"),
    [
        ([(EPOCH, timedelta(hours=1)), (EPOCH, timedelta())], timedelta(), None),
        ([(EPOCH, timedelta(days=1))], timedelta(), None),
        ([(EPOCH, timedelta(hours=1))], timedelta(), "<+02>-2"),
        ([(EPOCH, timedelta(hours=2))], timedelta(), "CET-1CEST,M3.5.0,M10.5.0/3"),
        ([], timedelta(hours=3), "CET-1CEST,M3.5.0,M10.5.0/3"),
        ([], timedelta(), ""),
    ],
)
def test_transitions_that_contradict_themselves_are_refused(
    transitions: list[tuple[datetime, timedelta]], first_offset: timedelta, tail: str | None
) -> None:
    with pytest.raises(InvalidTimeZoneDataError):
        TimeZone.from_transitions("Here", transitions, first_offset=first_offset, tail=tail)


def test_a_transition_without_a_zone_is_refused() -> None:
    with pytest.raises(NaiveDatetimeError):
        TimeZone.from_transitions("Here", [(wall(2026, 1, 1), timedelta())], first_offset=timedelta(hours=1))


# --- the last rule ----------------------------------------------------------------------------------------------------


def first_changes(tail: str, year: int) -> list[str]:
    """The wall-clock time in standard time at each change of one year."""
    rule = read_tail(tail)
    zone = TimeZone.from_transitions("Here", [], first_offset=timedelta(seconds=rule.std), tail=tail)
    at, offsets = zone.changes(us(year, 1, 1) - 1, us(year + 1, 1, 1) - 1)
    return [
        f"{EPOCH + timedelta(microseconds=t)} {o / HOUR:g}"[5:]
        for t, o in zip(at.tolist(), offsets[1:].tolist(), strict=True)
    ]


@pytest.mark.parametrize(
    ("tail", "year", "expected"),
    [
        # 31 March and 27 October 2024 were the last Sundays.
        ("CET-1CEST,M3.5.0,M10.5.0/3", 2024, ["03-31 01:00:00+00:00 2", "10-27 01:00:00+00:00 1"]),
        # The last Thursday of February 2024 was the 29th, that of 2023 the 23rd.
        ("AAA0BBB,M2.5.4,M10.1.0", 2024, ["02-29 02:00:00+00:00 1", "10-06 01:00:00+00:00 0"]),
        ("AAA0BBB,M2.5.4,M10.1.0", 2023, ["02-23 02:00:00+00:00 1", "10-01 01:00:00+00:00 0"]),
        # J60 is always 1 March; day 59 is 29 February in a leap year.
        ("AAA0BBB,J60,J300/0", 2024, ["03-01 02:00:00+00:00 1", "10-26 23:00:00+00:00 0"]),
        ("AAA0BBB,J59,J300/0", 2024, ["02-28 02:00:00+00:00 1", "10-26 23:00:00+00:00 0"]),
        ("AAA0BBB,59,300", 2024, ["02-29 02:00:00+00:00 1", "10-27 01:00:00+00:00 0"]),
        ("AAA0BBB,59,300", 2023, ["03-01 02:00:00+00:00 1", "10-28 01:00:00+00:00 0"]),
        # Hours beyond the day and before it; offsets with minutes and seconds; names in angle brackets.
        ("IST-2IDT,M3.4.4/26,M10.5.0", 2026, ["03-27 00:00:00+00:00 3", "10-24 23:00:00+00:00 2"]),
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2026, ["03-29 01:00:00+00:00 -1", "10-25 01:00:00+00:00 -2"]),
        ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 2026, ["04-04 15:00:00+00:00 10.5", "10-03 15:30:00+00:00 11"]),
        ("AAA+0:00:36BBB-0:30,J1/+0:01:02,J2/167", 2026, ["01-01 00:01:38+00:00 0.5", "01-08 22:30:00+00:00 -0.01"]),
        # Negative daylight time: Dublin's winter.
        ("IST-1GMT0,M10.5.0,M3.5.0/1", 2026, ["03-29 01:00:00+00:00 1", "10-25 01:00:00+00:00 0"]),
        # Daylight time all year, in two spellings; a daylight time that moves nothing.
        ("XXX3EDT4,0/0,J365/23", 2026, []),
        ("EST5EDT,0/0,J365/25", 2026, []),
        ("EST5EDT,0/0,J365/167", 2026, []),
        ("AAA0BBB0,M3.5.0,M10.5.0", 2026, []),
        ("<-03>3", 2026, []),
    ],
)
def test_the_changes_of_a_last_rule(tail: str, year: int, expected: list[str]) -> None:
    assert first_changes(tail, year) == expected


def test_daylight_time_all_year_is_daylight_time() -> None:
    zone = TimeZone.from_transitions("Here", [], first_offset=-timedelta(hours=5), tail="EST5EDT,0/0,J365/25")
    assert zone.offsets.tolist() == [-4 * HOUR]
    assert zone.repeats_from is None


@pytest.mark.parametrize(
    "tail",
    [
        "",
        "CET",
        "C-1",
        "CET-1CEST",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M0.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.0.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,J0,J1",
        "CET-1CEST,J366,J1",
        "CET-1CEST,366,1",
        "CET-1CEST,0/168,1",
        "CET-25",
        "CET-1:60",
        "CET-1CEST,M3.5.0,M10.5.0/3 ",
        "<CET-1",
        "CET-\u0661",
    ],
)
def test_a_last_rule_that_is_none_is_refused(tail: str) -> None:
    with pytest.raises(InvalidTimeZoneDataError):
        read_tail(tail)


# --- zone files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [b"2", b"3", b"4"])
def test_a_small_zone_file(version: bytes) -> None:
    zone = TimeZone.from_tzif("Here", tzif(version=version))
    assert zone.transitions.tolist() == [0]
    assert zone.offsets.tolist() == [0, HOUR]


def test_changes_before_year_1_and_after_9999_are_left_out_of_the_arrays() -> None:
    data = tzif(
        at=(-(2**62), 0, 2**62),
        indices=b"\x01\x00\x01",
        footer=b"\nCET-1CEST,M3.5.0,M10.5.0/3\n",
    )
    zone = TimeZone.from_tzif("Here", data)
    assert zone.transitions.tolist() == [0]
    assert zone.offsets.tolist() == [HOUR, 0]
    assert zone.repeats_from is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"TZif2",
        tzif(magic=b"GIF8"),
        tzif(version=b"\0"),
        tzif(version=b"5"),
        tzif()[:60],
        tzif()[:100],
        tzif()[:-1],
        tzif() + b"\n",
        tzif(footer=b""),
        tzif(footer=b"\n"),
        tzif(footer=b"x\n"),
        tzif(footer=b"\nCET-1"),
        tzif(footer=b"\n\xff\n"),
        tzif(footer=b"\nnonsense\n"),
        tzif(footer=b"\nCET-3\n"),
        tzif(indices=b"\x02"),
        tzif(at=(1, 1), indices=b"\0\1"),
        tzif(at=(2, 1), indices=b"\0\1"),
        tzif(types=((0, 0, 0), (86_400, 0, 0))),
        tzif(types=((0, 0, 0), (-86_400, 0, 0))),
        tzif(types=((0, 0, 0), (0, 2, 0))),
        tzif(types=((0, 0, 0), (0, 0, 8))),
        tzif(types=()),
        tzif(names=b""),
        tzif(leaps=1),
        tzif(flags=(1, 0)),
        tzif(flags=(0, 1)),
    ],
)
def test_a_malformed_zone_file_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidTimeZoneDataError) as refused:
        TimeZone.from_tzif("Here", data)
    assert refused.value.code == "invalid_time_zone_data"


# --- conversions ------------------------------------------------------------------------------------------------------


def test_reject_names_the_time_the_zone_and_the_way_out() -> None:
    with pytest.raises(
        SkippedTimeError, match=r"2026-03-08 02:30:00 in America/New_York.*choose COMPATIBLE"
    ) as skipped:
        NEW_YORK.to_utc(wall(2026, 3, 8, 2, 30), disambiguation=Disambiguation.REJECT)
    assert skipped.value.local == wall(2026, 3, 8, 2, 30)
    assert skipped.value.zone == "America/New_York"
    with pytest.raises(RepeatedTimeError, match=r"2026-11-01 01:30:00 in America/New_York.*choose COMPATIBLE"):
        NEW_YORK.to_utc(wall(2026, 11, 1, 1, 30), disambiguation=Disambiguation.REJECT)
    times = local_times(us(2026, 3, 8, 3), us(2026, 11, 1, 1, 30), us(2026, 3, 8, 2))
    with pytest.raises(RepeatedTimeError, match="2026-11-01 01:30:00"):
        NEW_YORK.to_utc_us(times, disambiguation=Disambiguation.REJECT)


def test_reject_lets_ordinary_times_through() -> None:
    assert NEW_YORK.to_utc(wall(2026, 3, 8, 3), disambiguation=Disambiguation.REJECT) == datetime(
        2026, 3, 8, 7, tzinfo=UTC
    )
    times = local_times(us(2026, 3, 8, 1, 59), us(2026, 3, 8, 3), us(2026, 11, 1, 2))
    assert (NEW_YORK.to_utc_us(times, disambiguation=Disambiguation.REJECT) == NEW_YORK.to_utc_us(times)).all()


def test_gaps_and_repeated_hours_that_overlap() -> None:
    # Forward two hours at 10:00, back two at 10:30, forward one at 11:00 (UTC): no threshold rule gets this right.
    zone = TimeZone.from_transitions(
        "Here",
        [(EPOCH + timedelta(minutes=m), timedelta(hours=h)) for m, h in ((600, 2), (630, 0), (660, 1))],
        first_offset=timedelta(),
    )
    minutes = [599, 600, 629, 630, 659, 660, 719, 720, 749, 750]
    walls = local_times(*(m * 60_000_000 for m in minutes))
    found = {
        p.value: (zone.to_utc_us(walls, disambiguation=p) // 60_000_000).tolist() for p in list(Disambiguation)[:3]
    }
    # 10:00 to 10:30 is never shown: the change at 10:00 jumps over it. 10:30 to 11:00 is shown after 10:30 UTC. 11:00
    # to 12:00 is never shown. 12:00 to 12:30 is shown after 10:00 UTC first, and again after 11:00 UTC.
    assert found["compatible"] == [599, 600, 629, 630, 659, 660, 719, 600, 629, 690]
    assert found["earlier"] == [599, 480, 509, 630, 659, 540, 599, 600, 629, 690]
    assert found["later"] == [599, 600, 629, 630, 659, 660, 719, 660, 689, 690]


@pytest.mark.parametrize(
    "zone", [NEW_YORK, load_zone("Asia/Kathmandu"), load_zone("Pacific/Kiritimati"), TimeZone.fixed(timedelta())]
)
def test_the_edges_of_time(zone: TimeZone) -> None:
    for edge, at in ((FIRST, wall(1, 1, 1)), (LAST, wall(9999, 12, 31, 23, 59, 59, 999_999))):
        inward = 2 * DAY if edge == FIRST else -2 * DAY
        inside = instants(edge + inward)
        assert zone.to_utc_us(zone.to_local_us(inside)).tolist() == inside.tolist()
        outward = 1 if edge == LAST else -1
        for convert in (zone.to_utc_us, zone.to_local_us, zone.offsets_at, zone.day_of):
            with pytest.raises(OutOfRangeError):
                convert(np.array([edge + outward]))  # type: ignore[arg-type]
        offset = int(zone.offsets_at(instants(edge))[0])
        if (offset > 0) == (edge == LAST) and offset:
            with pytest.raises(OutOfRangeError):
                zone.to_local(at.replace(tzinfo=UTC))
            with pytest.raises(OutOfRangeError):
                zone.to_local_us(instants(edge))
            assert zone.to_utc(at) == at.replace(tzinfo=UTC) - timedelta(microseconds=offset)
        elif offset:
            with pytest.raises(OutOfRangeError):
                zone.to_utc(at)
            with pytest.raises(OutOfRangeError):
                zone.to_utc_us(local_times(edge))
            assert zone.to_local(at.replace(tzinfo=UTC)).replace(tzinfo=None) == at + timedelta(microseconds=offset)
        else:
            assert (
                zone.to_utc(at).replace(tzinfo=None) == zone.to_local(at.replace(tzinfo=UTC)).replace(tzinfo=None) == at
            )


def test_an_instant_outside_the_years_by_its_own_zone_is_refused() -> None:
    with pytest.raises(OutOfRangeError):
        NEW_YORK.to_local(datetime.min.replace(tzinfo=timezone(timedelta(hours=1))))


def test_what_is_no_wall_clock_time_or_no_instant_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="no zone of its own"):
        NEW_YORK.to_utc(EPOCH)
    with pytest.raises(NaiveDatetimeError):
        NEW_YORK.to_local(wall(2026, 1, 1))
    for wrong in (np.array([1.5]), np.array([]), np.array(["2026-01-01"], "datetime64[s]"), np.array([1], np.int32)):
        for convert in (NEW_YORK.to_utc_us, NEW_YORK.to_local_us, NEW_YORK.offsets_at, NEW_YORK.day_of):
            with pytest.raises(InvalidValueError, match="int64"):
                convert(wrong)  # type: ignore[arg-type]


def test_the_fold_of_a_datetime_is_not_read() -> None:
    local = wall(2026, 11, 1, 1, 30)
    assert NEW_YORK.to_utc(local.replace(fold=1)) == NEW_YORK.to_utc(local)


@pytest.mark.parametrize("shape", [(0,), (), (1,), (3, 4), (0, 2)])
def test_arrays_of_any_shape(shape: tuple[int, ...]) -> None:
    times = np.full(shape, us(2026, 7, 1), np.int64)
    for convert in (BERLIN.to_utc_us, BERLIN.to_local_us, BERLIN.offsets_at, BERLIN.day_of):
        found: npt.NDArray[np.int64] = np.asarray(convert(times))  # type: ignore[arg-type]
        assert found.shape == shape
        assert found.dtype == np.int64
        assert not np.shares_memory(found, times)


def test_many_times_and_few_give_the_same() -> None:
    for span, count in ((1, 1000), (3, 1000), (2000, 1000), (9000, 1000)):
        start = us(2026 if span < 1000 else 900, 1, 1)
        times = np.linspace(start, start + span * 365 * DAY, count, dtype=np.int64)
        for convert in (BERLIN.to_utc_us, BERLIN.to_local_us, BERLIN.offsets_at, BERLIN.day_of):
            one_by_one = [int(convert(times[i : i + 1])[0]) for i in range(0, count, 37)]  # type: ignore[arg-type]
            assert np.asarray(convert(times))[::37].tolist() == one_by_one  # type: ignore[arg-type]


# --- changes and days -------------------------------------------------------------------------------------------------


def test_changes_lie_after_the_start_and_up_to_the_end() -> None:
    at = us(2026, 3, 29, 1)
    for start, end, expected in (
        (at - 1, at, [at]),
        (at, at + 1, []),
        (at - 1, at - 1, []),
        (at, at - 5, []),
        (at - 2, at - 1, []),
    ):
        found, offsets = BERLIN.changes(start, end)
        assert found.tolist() == expected
        assert offsets.tolist() == [2 * HOUR if start >= at else HOUR, *([2 * HOUR] if expected else [])]


def test_changes_in_the_far_future() -> None:
    at, offsets = BERLIN.changes(us(9999, 1, 1), LAST + 1)
    # The last Sundays of March and October 9999: the calendar is that of 1999, ten times 400 years and 4,000 later.
    assert at.tolist() == [us(9999, 3, 28, 1), us(9999, 10, 31, 1)]
    assert offsets.tolist() == [HOUR, 2 * HOUR, HOUR]
    with pytest.raises(OutOfRangeError):
        BERLIN.changes(FIRST - 1, 0)
    with pytest.raises(OutOfRangeError):
        BERLIN.changes(0, LAST + 2)


def test_days_of_23_24_and_25_hours() -> None:
    first = us(2026, 3, 28) // DAY
    assert (np.diff(BERLIN.day_starts(first, first + 2)) // HOUR).tolist() == [24, 23]
    first = us(2026, 10, 24) // DAY
    assert (np.diff(BERLIN.day_starts(first, first + 2)) // HOUR).tolist() == [24, 25]
    assert BERLIN.day_starts(5, 4).tolist() == []


def test_days_at_the_edges_of_time() -> None:
    utc = TimeZone.fixed(timedelta())
    assert utc.day_starts(FIRST // DAY, FIRST // DAY).tolist() == [FIRST]
    for day in (FIRST // DAY - 1, LAST // DAY + 1):
        with pytest.raises(OutOfRangeError):
            utc.day_starts(day, day)
    with pytest.raises(OutOfRangeError):
        BERLIN.day_starts(FIRST // DAY, FIRST // DAY)
    assert NEW_YORK.day_of(instants(FIRST, LAST)).tolist() == [FIRST // DAY - 1, LAST // DAY]


def test_a_day_whose_midnight_is_shown_before_an_earlier_one() -> None:
    # A clock that goes back by 27 hours just after a midnight: the instants of the midnights still never decrease.
    zone = TimeZone.from_transitions(
        "Here",
        [(EPOCH, timedelta(hours=-13)), (EPOCH + timedelta(hours=36), timedelta(hours=14))],
        first_offset=timedelta(hours=14),
    )
    starts = zone.day_starts(-3, 4)
    assert (np.diff(starts) >= 0).all()
    points = np.arange(-3 * DAY, 4 * DAY, HOUR)
    expected = np.searchsorted(zone.day_starts(-10, 10), points, "right") - 11
    assert zone.day_of(Instants(points)).tolist() == expected.tolist()
    far = np.append(points, LAST - 3 * DAY)
    sparse = [int(zone.day_of(Instants(np.array([point, LAST - 3 * DAY])))[0]) for point in far.tolist()[:-1]]
    assert sparse == expected.tolist()


def test_many_points_over_a_clock_change_are_each_as_one() -> None:
    zone = load_zone("Europe/Berlin")
    walls = np.arange(5000) * 60_000_000 + (1774742400 * 1_000_000)  # from 2026-03-29 00:00, two hours before the gap
    many = zone.to_utc_us(LocalTimes(walls))
    few = [zone.to_utc_us(LocalTimes(part)) for part in np.array_split(walls, 100)]
    assert many.tolist() == np.concatenate(few).tolist()
    assert len(np.unique(walls - many)) == 2
