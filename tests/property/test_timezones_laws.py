"""Laws of zones: many equal one by one; a policy picks among the instants that show a time; midnights cut days."""

from __future__ import annotations

import io
import struct
import zoneinfo
from datetime import UTC, datetime, timedelta
from importlib import resources

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from petpro_core.errors import PetProError
from petpro_core.timezones import Disambiguation, Instants, LocalTimes, TimeZone, load_zone, zone_keys

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WALL_EPOCH = EPOCH.replace(tzinfo=None)
MICROSECOND = timedelta(microseconds=1)
HOUR = 3_600_000_000
DAY = 24 * HOUR
FIRST, LAST = -62_135_596_800_000_000, 253_402_300_799_999_999

zones = st.sampled_from(sorted(zone_keys())).map(load_zone)
inner = st.integers(FIRST + 3 * DAY, LAST - 3 * DAY)
modern = st.integers(-90 * 365 * DAY, 530 * 365 * DAY)


@st.composite
def moments(draw: st.DrawFn, zone: TimeZone) -> list[int]:
    """Instants near clock changes, and anywhere."""
    near = st.integers(-3 * HOUR, 3 * HOUR)
    if zone.transitions.size:
        near = st.builds(int.__add__, st.sampled_from(zone.transitions.tolist()), near)
    return draw(st.lists(st.one_of(near, modern, inner), max_size=80))


@st.composite
def zone_and_moments(draw: st.DrawFn) -> tuple[TimeZone, Instants]:
    zone = draw(zones | small_zones())
    return zone, Instants(np.array(draw(moments(zone)), np.int64))


@st.composite
def small_zones(draw: st.DrawFn) -> TimeZone:
    """A few changes, in hours, as close and as wild as they like."""
    hours = sorted(draw(st.sets(st.integers(-60, 60), max_size=6)))
    offsets = draw(st.lists(st.integers(-23, 23), min_size=len(hours) + 1, max_size=len(hours) + 1))
    changes = [(EPOCH + timedelta(hours=at), timedelta(hours=off)) for at, off in zip(hours, offsets[1:], strict=True)]
    return TimeZone.from_transitions("Wild", changes, first_offset=timedelta(hours=offsets[0]))


def instants_of(zone: TimeZone, wall: int) -> list[int]:
    """Every instant that shows a wall-clock time, by trying each offset of the zone."""
    tried = sorted({wall - offset for offset in zone.offsets.tolist()})
    return [t for t in tried if t + int(zone.offsets[zone.transitions.searchsorted(t, "right")]) == wall]


@given(zone_and_moments())
def test_many_equal_one_by_one(given_: tuple[TimeZone, Instants]) -> None:
    zone, instants = given_
    local = zone.to_local_us(instants)
    assert (local == instants + zone.offsets_at(instants)).all()
    for at, wall in zip(instants.tolist(), local.tolist(), strict=True):
        shown = zone.to_local(EPOCH + timedelta(microseconds=at))
        assert (shown.replace(tzinfo=None) - WALL_EPOCH) // MICROSECOND == wall
    for policy in (Disambiguation.COMPATIBLE, Disambiguation.EARLIER, Disambiguation.LATER):
        many = zone.to_utc_us(local, disambiguation=policy)
        one_by_one = [
            zone.to_utc(WALL_EPOCH + timedelta(microseconds=wall), disambiguation=policy) for wall in local.tolist()
        ]
        assert many.tolist() == [(one - EPOCH) // MICROSECOND for one in one_by_one]


@given(zone_and_moments())
def test_an_instant_comes_back_between_the_earlier_and_the_later(given_: tuple[TimeZone, Instants]) -> None:
    zone, instants = given_
    local = zone.to_local_us(instants)
    earlier, later = (zone.to_utc_us(local, disambiguation=p) for p in (Disambiguation.EARLIER, Disambiguation.LATER))
    assert (earlier <= instants).all()
    assert (instants <= later).all()
    assert (zone.to_utc_us(local) == earlier).all()
    assert (zone.to_local_us(earlier) == local).all()
    assert (zone.to_local_us(later) == local).all()


@given(small_zones(), st.lists(st.integers(-100 * 4, 100 * 4), min_size=1, max_size=70))
def test_each_policy_picks_from_the_instants_that_show_the_time(zone: TimeZone, quarters: list[int]) -> None:
    walls = LocalTimes(np.array(quarters, np.int64) * (HOUR // 4))
    compatible, earlier, later = (
        zone.to_utc_us(walls, disambiguation=p).tolist()
        for p in (Disambiguation.COMPATIBLE, Disambiguation.EARLIER, Disambiguation.LATER)
    )
    for i, wall in enumerate(walls.tolist()):
        shown = instants_of(zone, wall)
        if shown:
            assert (compatible[i], earlier[i], later[i]) == (shown[0], shown[0], shown[-1])
            continue
        # The first change that jumps over the time: the offset before it, and the one after it.
        edges = zip(zone.transitions.tolist(), zone.offsets.tolist(), zone.offsets[1:].tolist(), strict=True)
        before, after = next((b, a) for at, b, a in edges if at + b <= wall < at + a)
        assert (compatible[i], earlier[i], later[i]) == (wall - before, wall - after, wall - before)


@given(small_zones(), st.lists(st.integers(-100, 100), max_size=70), st.booleans())
def test_a_day_is_the_last_one_that_has_begun(zone: TimeZone, hours: list[int], far: bool) -> None:
    points = np.array([*(h * HOUR for h in hours), *([LAST - 3 * DAY] if far else [])], np.int64)
    starts = zone.day_starts(-8, 8)
    assert (np.diff(starts) >= 0).all()
    found = zone.day_of(Instants(points))
    for point, day in zip(points.tolist()[: len(hours)], found.tolist(), strict=False):
        assert starts[day + 8] <= point < starts[day + 9]


@given(zones, st.lists(modern, min_size=3, max_size=3).map(sorted))
def test_changes_of_two_ranges_are_those_of_the_whole(zone: TimeZone, bounds: list[int]) -> None:
    start, middle, end = bounds
    first, first_offsets = zone.changes(start, middle)
    second, second_offsets = zone.changes(middle, end)
    at, offsets = zone.changes(start, end)
    assert at.tolist() == [*first.tolist(), *second.tolist()]
    assert offsets.tolist() == [*first_offsets.tolist(), *second_offsets.tolist()[1:]]
    assert first_offsets[-1] == second_offsets[0]
    assert zone.offsets_at(at).tolist() == offsets[1:].tolist()
    assert (np.diff(offsets) != 0).all()


@st.composite
def tails(draw: st.DrawFn) -> tuple[str, str]:
    """Rules whose two changes lie in different months, away from New Year: for us, and for zoneinfo.

    zoneinfo takes a plain ``n`` for the day before it: it counts from 1, where POSIX counts from 0 (and glibc with it).
    """
    months = st.lists(st.integers(2, 11), min_size=2, max_size=2, unique=True).filter(lambda m: abs(m[0] - m[1]) > 1)
    dates = []
    for month in draw(months):
        day = (month - 1) * 30 + draw(st.integers(5, 20))
        weekly = f"M{month}.{draw(st.integers(1, 5))}.{draw(st.integers(0, 6))}"
        at = f"/{draw(st.integers(-40, 90))}:30"
        ours, theirs = draw(st.sampled_from([(weekly, weekly), (f"J{day}", f"J{day}"), (str(day), str(day + 1))]))
        dates.append((ours + at, theirs + at))
    std = draw(st.integers(-14, 12))
    names = f"<AAA>{std}:15<BBB>{std - draw(st.sampled_from([1, 2, -1]))}:45"
    return f"{names},{dates[0][0]},{dates[1][0]}", f"{names},{dates[0][1]},{dates[1][1]}"


@given(tails(), st.lists(st.integers(FIRST + 800 * DAY, LAST - 800 * DAY), max_size=30))
def test_any_last_rule_equals_zoneinfo(tail: tuple[str, str], points: list[int]) -> None:
    head = b"TZif3" + bytes(15)
    block = head + struct.pack(">6L", 0, 0, 0, 0, 1, 4) + struct.pack(">lBB", 0, 0, 0) + b"AAA\0"
    theirs = zoneinfo.ZoneInfo.from_file(io.BytesIO(block + block + f"\n{tail[1]}\n".encode()))
    zone = TimeZone.from_transitions("Here", [], first_offset=_standard(tail[0]), tail=tail[0])
    near = [
        at + step for point in points for at in zone.changes(point, point + 366 * DAY)[0].tolist() for step in (-1, 0)
    ]
    for point in points + near:
        instant = EPOCH + timedelta(microseconds=point)
        assert zone.to_local(instant).replace(tzinfo=None) == instant.astimezone(theirs).replace(tzinfo=None)


def _standard(tail: str) -> timedelta:
    hours, minutes = tail.removeprefix("<AAA>").split("<")[0].split(":")
    sign = -1 if hours.startswith("-") else 1
    return -sign * timedelta(hours=abs(int(hours)), minutes=int(minutes))


BERLIN = resources.files("tzdata").joinpath("zoneinfo", "Europe", "Berlin").read_bytes()


@given(
    st.lists(st.tuples(st.integers(0, len(BERLIN) - 1), st.integers(0, 255)), max_size=4),
    st.integers(0, len(BERLIN)) | st.none(),
)
def test_no_bytes_break_the_reader(changed: list[tuple[int, int]], cut: int | None) -> None:
    data = bytearray(BERLIN)
    for at, value in changed:
        data[at] = value
    try:
        zone = TimeZone.from_tzif("Here", bytes(data[:cut]))
    except PetProError as refused:
        assert refused.code == "invalid_time_zone_data"  # noqa: PT017 - not every change of a byte is an error
    else:
        zone.to_local(EPOCH)
        zone.to_utc_us(LocalTimes(np.arange(0, 30 * DAY, DAY)))
