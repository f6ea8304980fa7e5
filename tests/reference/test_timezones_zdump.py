"""Every zone equals `zdump` reading tzdata's own files: another reader of the same format, in C.

It lists each clock change that it knows with the second before it, so that a change we invent is found as well as one
we miss.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from petpro_core.timezones import Disambiguation, Instants, LocalTimes, load_zone, zone_keys

if TYPE_CHECKING:
    import numpy.typing as npt

    Column = npt.NDArray[np.int64]

ZDUMP = shutil.which("zdump")
ZONEINFO = Path(str(resources.files("tzdata"))) / "zoneinfo"
LINE = re.compile(
    r"(?P<path>/\S+) +(?P<at>\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d+) UT = "
    r"(?P<wall>\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d+) \S+ isdst=\d gmtoff=(?P<offset>-?\d+)"
)
SECOND = 1_000_000
# zdump walks through the years in half days, so that a century more costs seconds; zoneinfo's test covers the rest.
FIRST_YEAR, LAST_YEAR = 1900, 2038
SETTLED = json.loads((Path(__file__).parent / "timezones_zoneinfo_differences.json").read_text(encoding="utf-8"))

pytestmark = pytest.mark.skipif(ZDUMP is None, reason="zdump is not installed (Debian: libc-bin; macOS has it)")


def us_of(text: str) -> int:
    moment = datetime.strptime(text, "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def zdump(
    keys: list[str], first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR
) -> dict[str, list[tuple[int, int, int]]]:
    """Give (instant, wall-clock time, offset) of every line, in microseconds, by key."""
    paths = [str(ZONEINFO / key) for key in keys]
    assert ZDUMP is not None
    command = [ZDUMP, "-v", "-c", f"{first_year},{last_year}", *paths]
    text = subprocess.run(command, capture_output=True, check=True, text=True, env={"LC_ALL": "C"}).stdout
    rows: dict[str, list[tuple[int, int, int]]] = {key: [] for key in keys}
    for match in map(LINE.fullmatch, text.splitlines()):
        if match is not None:
            row = us_of(match["at"]), us_of(match["wall"]), int(match["offset"]) * SECOND
            rows[match["path"].removeprefix(f"{ZONEINFO}/")].append(row)
    return rows


def same_files() -> list[list[str]]:
    """Group the keys by the bytes of their files, since zdump takes its time over each of them."""
    groups: dict[bytes, list[str]] = {}
    for key in sorted(zone_keys()):
        groups.setdefault((ZONEINFO / key).read_bytes(), []).append(key)
    return list(groups.values())


def test_every_zone_equals_zdump() -> None:
    start, end = us_of(f"Mon Jan 1 00:00:00 {FIRST_YEAR}"), us_of(f"Fri Jan 1 00:00:00 {LAST_YEAR}")
    groups = same_files()
    firsts = [keys[0] for keys in groups]
    with ThreadPoolExecutor(2) as pool:
        first_half, second_half = pool.map(zdump, (firsts[::2], firsts[1::2]))
    lines = first_half | second_half
    for keys in groups:
        at, walls, offsets = np.array(lines[keys[0]], np.int64).reshape(-1, 3).T
        # Lines come in pairs, the second before a change and the change; some change only a name or the daylight flag.
        moved = at[1:][offsets[1:] != offsets[:-1]]
        for key in keys:
            zone = load_zone(key)
            assert zone.offsets_at(Instants(at)).tolist() == offsets.tolist(), key
            assert zone.to_local_us(Instants(at)).tolist() == walls.tolist(), key
            assert zone.changes(start, end - 1)[0].tolist() == moved.tolist(), key


def readings(at: Column, offsets: Column, walls: Column) -> tuple[Column, Column]:
    """Say by zdump's lines alone which two instants each wall-clock time may mean; twice the same where it is plain.

    From ``at[i]`` on ``offsets[i]`` holds; the first line is the second before a change, so it holds before that too.
    """
    earlier, later = np.empty_like(walls), np.empty_like(walls)
    for place, wall in enumerate(walls.tolist()):
        shown = [
            wall - offset
            for offset in set(offsets.tolist())
            if offsets[max(at.searchsorted(wall - offset, "right") - 1, 0)] == offset
        ]
        if not shown:  # no clock shows it: by the offset after the gap, and by the one before it
            (gap,) = ((at[1:] + offsets[:-1] <= wall) & (wall < at[1:] + offsets[1:])).nonzero()[0]
            shown = [wall - int(offsets[gap + 1]), wall - int(offsets[gap])]
        earlier[place], later[place] = min(shown), max(shown)
    return earlier, later


# The years that bookings are made for, and some in which nothing but a file's last rule holds.
@pytest.mark.parametrize(("first_year", "last_year"), [(2000, 2038), (2096, 2100)])
def test_every_wall_clock_time_at_a_change_means_what_zdump_says(first_year: int, last_year: int) -> None:
    groups = same_files()
    firsts = [keys[0] for keys in groups]
    with ThreadPoolExecutor(2) as pool:
        halves = pool.map(lambda keys: zdump(keys, first_year - 1, last_year + 1), (firsts[::2], firsts[1::2]))
        lines = {key: rows for half in halves for key, rows in half.items()}
    start, end = us_of(f"Sat Jan 1 00:00:00 {first_year}"), us_of(f"Sat Jan 1 00:00:00 {last_year}")
    asked = 0
    for keys in groups:
        at, _, offsets = np.array(lines[keys[0]], np.int64).reshape(-1, 3).T
        inside = (at[1:] >= start) & (at[1:] < end) & (offsets[1:] != offsets[:-1])
        changes, before, after = at[1:][inside], offsets[:-1][inside], offsets[1:][inside]
        edges = np.concatenate([changes + before, changes + after, changes + (before + after) // 2])
        walls = np.unique(np.concatenate([edges - SECOND, edges, edges + SECOND]))
        earlier, later = readings(at, offsets, walls)
        # In a gap the offset before it gives the later instant; of two the first is meant.
        gap = load_zone(keys[0]).to_local_us(Instants(earlier)) != walls
        expected = {
            Disambiguation.EARLIER: earlier,
            Disambiguation.LATER: later,
            Disambiguation.COMPATIBLE: np.where(gap, later, earlier),
        }
        for key in keys:
            for policy, instants in expected.items():
                got = load_zone(key).to_utc_us(LocalTimes(walls), disambiguation=policy)
                assert got.tolist() == instants.tolist(), (key, policy)
        asked += len(walls) * len(keys)
    assert asked > 10_000


@pytest.mark.parametrize("entry", SETTLED, ids=lambda entry: f"{entry['zone']}-{entry['policy']}")
def test_the_settled_differences_from_zoneinfo_are_as_zdump_says(entry: dict[str, str]) -> None:
    zone, policy = load_zone(entry["zone"]), Disambiguation(entry["policy"])
    local, instant = datetime.fromisoformat(entry["local"]), datetime.fromisoformat(entry["instant"])
    instant_us = (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    at, _, offset = max(row for row in zdump([entry["zone"]])[entry["zone"]] if row[0] <= instant_us)
    assert (at, offset) == (us_of(entry["zdump"].split(" UT")[0]), int(entry["zdump"].split("gmtoff=")[1]) * SECOND)
    assert instant.replace(tzinfo=None) + timedelta(microseconds=offset) == local
    assert zone.to_utc(local, disambiguation=policy) == instant
