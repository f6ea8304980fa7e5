"""Every zone of tzdata equals `zoneinfo` at every clock change and one second either side, outside a settled list.

`zoneinfo` reads the host's zone files before tzdata's, so its search path is emptied first. The settled differences
stand in `timezones_zoneinfo_differences.json`, each with what `zdump` says; the test of zdump confirms them.
"""

from __future__ import annotations

import json
import struct
import zoneinfo
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from petpro_core.timezones import Disambiguation, Instants, LocalTimes, load_zone, zone_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

SECOND = 1_000_000
DAY = 86_400 * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WALL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall-clock time
SETTLED = json.loads((Path(__file__).parent / "timezones_zoneinfo_differences.json").read_text(encoding="utf-8"))
# A month's middle in each month shows a clock change that we would not know of; two are never undone within a month.
MONTHS = (
    np.arange("1850-01-15", "2120-01-15", dtype="datetime64[M]").astype("datetime64[us]").astype(np.int64) + 14 * DAY
)


@pytest.fixture(autouse=True)
def _tzdata_only() -> Iterator[None]:
    zoneinfo.ZoneInfo.clear_cache()
    zoneinfo.reset_tzpath(to=[])
    yield
    zoneinfo.ZoneInfo.clear_cache()
    zoneinfo.reset_tzpath()


def listed_transitions(key: str) -> npt.NDArray[np.int64]:
    """Read the 64-bit transitions of tzdata's own file, also those that change no offset; not by our reader."""
    data = resources.files("tzdata").joinpath("zoneinfo", *key.split("/")).read_bytes()
    ut, std, leap, times, types, chars = struct.unpack(">6l", data[20:44])
    at = 44 + times * 5 + types * 6 + chars + leap * 8 + std + ut
    (times,) = struct.unpack(">l", data[at + 32 : at + 36])
    return np.frombuffer(data, ">i8", times, at + 44).astype(np.int64) * SECOND


def probes(key: str, *, first_year: int, last_year: int) -> npt.NDArray[np.int64]:
    start, end = (
        int((datetime(year, 1, 1, tzinfo=UTC) - EPOCH) / timedelta(microseconds=1)) for year in (first_year, last_year)
    )
    at = np.concatenate([listed_transitions(key), load_zone(key).changes(start, end)[0]])
    return np.unique(np.concatenate([at - SECOND, at, at + SECOND]))


def zoneinfo_offsets(key: str, instants: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    zone, second = zoneinfo.ZoneInfo(key), timedelta(seconds=1)
    offsets = []
    for us in instants.tolist():
        local = (EPOCH + timedelta(microseconds=us)).astimezone(zone)
        offsets.append((local.replace(tzinfo=None) - WALL_EPOCH) // second * SECOND - us // SECOND * SECOND)
    return np.array(offsets, np.int64)


def zoneinfo_instants(key: str, walls: npt.NDArray[np.int64], fold: int) -> npt.NDArray[np.int64]:
    zone, second = zoneinfo.ZoneInfo(key), timedelta(seconds=1)
    offsets = []
    for us in walls.tolist():
        offset = zone.utcoffset((WALL_EPOCH + timedelta(microseconds=us)).replace(fold=fold))
        assert offset is not None
        offsets.append(offset // second * SECOND)
    return walls - np.array(offsets, np.int64)


def differences(key: str, instants: npt.NDArray[np.int64]) -> list[dict[str, object]]:
    """Compare both directions and both folds; give each difference in the words of the settled list."""
    zone = load_zone(key)
    ours, theirs = zone.offsets_at(Instants(instants)), zoneinfo_offsets(key, instants)
    found: list[dict[str, object]] = [
        {"zone": key, "instant": str(EPOCH + timedelta(microseconds=us))} for us in instants[ours != theirs].tolist()
    ]
    assert (zone.to_local_us(Instants(instants)) == instants + ours).all()
    # The wall-clock edges of each change, before it and after it, and a second either side of them.
    before = zone.offsets_at(Instants(instants - SECOND))
    walls = np.unique(np.concatenate([instants + before, instants + ours]))
    candidates = [zoneinfo_instants(key, walls, fold) for fold in (0, 1)]
    expected = {
        Disambiguation.COMPATIBLE: candidates[0],
        Disambiguation.EARLIER: np.minimum(*candidates),
        Disambiguation.LATER: np.maximum(*candidates),
    }
    for policy, instants_expected in expected.items():
        differ = zone.to_utc_us(LocalTimes(walls), disambiguation=policy) != instants_expected
        found += [
            {"zone": key, "local": str(WALL_EPOCH + timedelta(microseconds=us)), "policy": policy.value}
            for us in walls[differ].tolist()
        ]
    return found


def test_every_zone_at_every_clock_change() -> None:
    """Explicit transitions, and those of the last rule for a few decades, of every key."""
    found = [
        entry for key in sorted(zone_keys()) for entry in differences(key, probes(key, first_year=1, last_year=2060))
    ]
    assert found == [{name: entry[name] for name in ("zone", "local", "policy")} for entry in SETTLED]


@pytest.mark.parametrize("entry", SETTLED, ids=lambda entry: f"{entry['zone']}-{entry['policy']}")
def test_the_settled_differences_are_what_zoneinfo_says_today(entry: dict[str, str]) -> None:
    local = datetime.fromisoformat(entry["local"]).replace(tzinfo=zoneinfo.ZoneInfo(entry["zone"]))
    assert str(local.astimezone(UTC)) == entry["zoneinfo"]


def test_every_zone_in_the_middle_of_every_month() -> None:
    for key in sorted(zone_keys()):
        ours = load_zone(key).offsets_at(Instants(MONTHS))
        zone = zoneinfo.ZoneInfo(key)
        theirs = [(EPOCH + timedelta(microseconds=us)).astimezone(zone).utcoffset() for us in MONTHS.tolist()]
        assert ours.tolist() == [offset // timedelta(microseconds=1) for offset in theirs if offset is not None], key


# One key for each last rule with daylight time: what comes after the listed transitions is the same for all its keys.
def rules() -> dict[str, str]:
    keys: dict[str, str] = {}
    for key in sorted(zone_keys()):
        footer = (
            resources.files("tzdata").joinpath("zoneinfo", *key.split("/")).read_bytes().rsplit(b"\n", 2)[1].decode()
        )
        if "," in footer:
            keys.setdefault(footer, key)
    return keys


@pytest.mark.parametrize("key", rules().values())
def test_every_last_rule_to_the_year_9999(key: str) -> None:
    """The 400 years that repeat, once around their seam and at the very end; a prime step in between."""
    zone = load_zone(key)
    assert zone.repeats_from is not None
    end = int((datetime(9999, 12, 30, tzinfo=UTC) - EPOCH) / timedelta(microseconds=1))
    at, _ = zone.changes(zone.repeats_from, end)
    assert len(at) == 2 * (9999 - (EPOCH + timedelta(microseconds=zone.repeats_from)).year + 1)
    chosen = np.concatenate([at[780:860], at[860:-60:47], at[-60:]])
    assert differences(key, np.unique(np.concatenate([chosen - SECOND, chosen, chosen + SECOND]))) == []
