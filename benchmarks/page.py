"""Write docs/benchmarks.md and its plots from the results, so that no figure there is typed by hand.

`python -m benchmarks` does it after a full run; `python -m benchmarks.page` does it again from `results/`.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.plots import draw_family, draw_growth
from benchmarks.tables import by_scenario, number
from benchmarks.targets import reason_of, verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks._measure import Result
    from benchmarks.growth import Point

__all__ = ["details", "machine", "write_page"]

ROOT: Final = Path(__file__).parents[1]
RESULTS: Final = Path(__file__).parent / "results"
PAGE: Final = ROOT / "docs" / "benchmarks.md"
PLOTS: Final = ROOT / "docs" / "benchmarks"
FAMILIES: Final = {
    "P1": "One calendar",
    "P2": "A network of 10,000 calendars",
    "P3": "Recurrence rules",
    "P4": "Wall clock to UTC",
    "P5": "Set algebra",
    "P6": "One busy practice",
}
_PEERS: Final = ("python-dateutil", "portion", "intervaltree", "ncls", "pandas", "polars", "whenever")

_HEAD: Final = """\
# Benchmarks

This page is written by `nox -s bench`; no figure of a run is typed by hand. Each scenario is run by PetPro and by its
peers on the same input in one run, and every answer is checked: peers of the same process must agree or the run fails,
and a peer in an environment of its own that answers otherwise is shown with the difference.

A target is an absolute time, which holds only on the machine it was set on, or a ratio to a yardstick in the same run;
either counts. Times are medians in milliseconds; a ratio above 1 says that PetPro is that many times faster. "Cold"
means from rules and bookings to starts, with nothing expanded or indexed before; "prepared" asks an index that is kept.
What is measured, and how, stands in [benchmarks/README.md](../benchmarks/README.md).
"""

_ABSENT: Final = """\
## Peers that could not be run

They were looked for on 2026-11-21 and cannot be installed from a registry, so this suite claims nothing about them. The
figures are from one run before this project began (2 cores, Python 3.11.7, Node 20), on scenarios of the same kind and
size as P1 and P2; in that run, the careful hand-written loop took 0.16 ms for P1 and 930 ms for P2.

| peer | why it is not run | P1 then, ms | P2 then, ms |
| --- | --- | --- | --- |
| cal.com's slot code, older and newer (Node) | npm answers 404 for what `@calcom/platform-libraries` 0.0.360 \
requires: `@calcom/features`, `@calcom/lib` | 4.3 and 29 | 20,000 to 24,000 and 193,000 |
| scheduling-sdk (Node) | npm answers 404 | 7.9 | - |
| @courierkit/availability (Node) | npm answers 404 | 12.9 | 7,400 for 1,000 of the 10,000 calendars |
| nettu-scheduler's domain code (Rust, hours expanded beforehand) | a service that is \
built from its repository; no package of it was found | 0.099 | 338 |
| @kermank/slots, sscheduler (Node) | npm answers 404 | - | - |
"""


def _first_line(command: Sequence[str]) -> str | None:
    if shutil.which(command[0]) is None:
        return None
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.stdout.splitlines()[0].strip() if done.stdout else None


def _processor() -> str:
    known = Path("/proc/cpuinfo")
    if known.exists():
        lines = known.read_text(encoding="utf-8", errors="replace").splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
        if model:
            return model
    return platform.processor() or platform.machine()


def _pinned() -> dict[str, str]:
    """Give the versions of the peers that have an environment of their own, from the files that pin them."""
    peers = Path(__file__).parent / "peers"
    found: dict[str, str] = dict(
        json.loads((peers / "node" / "package.json").read_text(encoding="utf-8"))["dependencies"]
    )
    wanted = {"bioframe": "bioframe", "dateutil_rs": "python-dateutil-rs", "recurring_ical": "recurring-ical-events"}
    for name, package in wanted.items():
        lines = (peers / "python" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        found[package] = next(line.split("==")[1] for line in lines if line.startswith(f"{package}=="))
    return found


def machine() -> dict[str, str]:
    """Say on what the results were taken."""
    found = {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "NumPy": version("numpy"),
    }
    for name in _PEERS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    found |= _pinned()
    for name, command in (("Node.js", ("node", "--version")), ("C compiler", ("cc", "--version"))):
        found[name] = _first_line(command) or "not found"
    return found


def details(results: Sequence[Result]) -> dict[str, Any]:
    """Give what the rows know and `latest.json` has no place for: machine, memory and profiles."""
    memory = {
        name: {"PetPro": group[0].get("petpro_mb"), **{row["peer"]: row.get("peer_mb") for row in group}}
        for name, group in by_scenario(results)
        if group[0].get("petpro_mb") is not None
    }
    profiles = {row["scenario"]: row["profile"] for row in results if "profile" in row}
    return {"machine": machine(), "memory": memory, "profiles": profiles}


def _load(name: str) -> Any:
    path = RESULTS / name
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    # A bar inside a cell would end it.
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def _summary(results: Sequence[Result]) -> str:
    rows = []
    for name, group in by_scenario(results):
        judgement = verdict(group)
        met = f"**{judgement}**" if judgement.missed else str(judgement)
        rows.append((name, number(group[0]["petpro_ms"], "not there yet"), judgement.asked, met))
    return "## What was asked, and what was met\n\n" + _table(("scenario", "PetPro ms", "target", "met"), rows)


def _family(key: str, title: str, groups: Sequence[Sequence[Result]], found: dict[str, Any]) -> str:
    parts = [f"## {key}: {title}\n\n![Times of {key}](benchmarks/{key.lower()}.svg)\n"]
    rows = []
    for group in groups:
        memory = found.get("memory", {}).get(group[0]["scenario"], {})
        for index, row in enumerate(group):
            size = memory.get(row["peer"])
            rows.append(
                (
                    row["scenario"] if index == 0 else "",
                    row["peer"],
                    number(row["petpro_ms"]) if index == 0 else "",
                    number(row["peer_ms"]),
                    number(row["ratio"]),
                    number(memory.get("PetPro")) + " / " + number(size) if memory else "-",
                )
            )
    head = ("scenario", "peer", "PetPro ms", "peer ms", "ratio", "MB, PetPro / peer")
    return "\n".join([*parts, _table(head, rows)])


def _missed(results: Sequence[Result], found: dict[str, Any]) -> str:
    parts = ["## What is missed, and why\n"]
    for name, group in by_scenario(results):
        if not verdict(group).missed:
            continue
        parts.append(f"### {name}\n\n{reason_of(name)[0].upper()}{reason_of(name)[1:]}.\n")
        lines = found.get("profiles", {}).get(name)
        if lines:
            rows = [(f"`{one['function']}`", f"{one['share']:.0%}", f"{one['calls']:g}") for one in lines]
            parts.append("Where its time goes (by `cProfile`, time in the function itself):\n")
            parts.append(_table(("function", "share", "calls"), rows))
    if len(parts) == 1:
        parts.append("Nothing.\n")
    return "\n".join(parts)


def _growth(curves: dict[str, list[Point]]) -> str:
    parts = [
        "## Growth\n\nEach point is taken in a process of its own; the bookings are eight a working day and calendar.\n"
    ]
    for along, title in (
        ("calendars", "1 to 100,000 calendars, 14 days"),
        ("days", "100 calendars, a day to five years"),
    ):
        points = curves.get(along, [])
        if not points:
            continue
        draw_growth(points, along, title, PLOTS / f"growth-{along}.svg")
        parts.append(f"![{title}](benchmarks/growth-{along}.svg)\n")
        series = list(dict.fromkeys(name for point in points for name in point["ms"]))
        rows = []
        for point in points:
            cells = [
                f"{number(point['ms'].get(name))} ms, {number(point['mb'].get(name))} MB"
                if name in point["ms"]
                else "-"
                for name in series
            ]
            sizes = f"{point['calendars']:,}", f"{point['days']:,}", f"{point['bookings']:,}", f"{point['starts']:,}"
            rows.append((*sizes, *cells))
        parts.append(_table(("calendars", "days", "bookings", "starts", *series), rows))
    return "\n".join(parts)


def write_page() -> Path:
    """Draw the plots, write the page from the results, and give its path."""
    results: list[Result] = _load("latest.json")
    found: dict[str, Any] = _load("details.json")
    for row in results:
        memory = found.get("memory", {}).get(row["scenario"])
        if memory:
            row["petpro_mb"] = memory["PetPro"]
    parts = [_HEAD, _summary(results)]
    for key, title in FAMILIES.items():
        groups = [group for name, group in by_scenario(results) if name.split()[0] == key]
        if groups:
            draw_family(groups, PLOTS / f"{key.lower()}.svg")
            parts.append(_family(key, title, groups, found))
    parts.append(_missed(results, found))
    curves = _load("growth.json")
    if curves:
        parts.append(_growth(curves))
    parts.append(_ABSENT)
    if "machine" in found:
        rows = [(name, what) for name, what in found["machine"].items()]
        parts.append("## The machine of this run\n\n" + _table(("what", "which"), rows))
    PAGE.write_text("\n".join(parts).rstrip() + "\n", encoding="utf-8")
    return PAGE


if __name__ == "__main__":
    write_page()
    sys.exit(0)
