"""Peers in an environment of their own: another language, or a package that would overwrite one of ours.

Each environment is made once, from a file of pinned versions, in a folder that is thrown away with `.nox`
(`PETPRO_BENCH_PEERS` names another). A peer's script gets its input as JSON, answers, answers again while its time is
taken, and writes its answer as int64 beside it; that a process starts and reads its input does not count. What cannot
be installed or run is named with the reason, never left out.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from benchmarks._measure import Missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks._measure import Int64Array

__all__ = ["BUDGET_MS", "Elsewhere"]

ROOT: Final = Path(__file__).parents[1]
PEERS: Final = Path(__file__).parent / "peers"
BUDGET_MS: Final = 2_000  # repeats stop here; a peer whose first call takes longer is called once
LONGEST_S: Final = 900
_READY: Final = ".ready"


class _CannotInstallError(Exception):
    """An environment could not be made; the message says why."""


def _folder(name: str, pins: Path) -> Path:
    """Give the folder of an environment; a change of its pins is another folder."""
    base = Path(os.environ.get("PETPRO_BENCH_PEERS", ROOT / ".nox" / "bench-peers"))
    return base / f"{name}-{hashlib.sha256(pins.read_bytes()).hexdigest()[:12]}"


def _do(command: Sequence[str], where: Path) -> None:
    done = subprocess.run(command, cwd=where, check=False, capture_output=True, text=True, timeout=LONGEST_S)
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.strip() and "warn" not in line]
        raise _CannotInstallError(f"not installed: {said[0].strip()[:100] if said else 'no reason given'}")


@functools.cache
def _node() -> tuple[str, Path]:
    """Install the locked npm packages and give (node, the folder with them and the scripts)."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise _CannotInstallError("Node.js with npm was not found")
    folder = _folder("node", PEERS / "node" / "package-lock.json")
    folder.mkdir(parents=True, exist_ok=True)
    # The scripts are copied each time, because Node looks for packages beside the script.
    for file in (PEERS / "node").iterdir():
        shutil.copy(file, folder / file.name)
    if not (folder / _READY).exists():
        # Not `npm ci`: rrule-rust has one package for each platform, and the lock names those of the machine that
        # wrote it. `install` takes the locked versions of all the rest.
        _do([npm, "install", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
        (folder / _READY).touch()
    return node, folder


@functools.cache
def _python(name: str) -> str:
    """Make a virtual environment by `peers/python/NAME.txt` and give its Python."""
    pins = PEERS / "python" / f"{name}.txt"
    folder = _folder(name, pins)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (folder / _READY).exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        uv = shutil.which("uv")
        if uv:
            _do([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], ROOT)
            _do([uv, "pip", "install", "--quiet", "--python", str(python), "--requirements", str(pins)], ROOT)
        else:
            _do([sys.executable, "-m", "venv", "--clear", str(folder)], ROOT)
            _do([str(python), "-m", "pip", "install", "--quiet", "--requirement", str(pins)], ROOT)
        (folder / _READY).touch()
    return str(python)


def _arrays(path: Path) -> list[Int64Array]:
    """Read the answer: for each array its length and then its values, all little-endian int64."""
    flat = np.fromfile(path, dtype="<i8")
    arrays, at = [], 0
    while at < len(flat):
        size = int(flat[at])
        arrays.append(flat[at + 1 : at + 1 + size])
        at += 1 + size
    return arrays


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A peer that runs in its own process; `environment` is "node" or the name of a file of pins for Python.

    The script is called with the peer's name, the input and the place of the answer, and prints its median.
    """

    name: str
    environment: str
    script: str
    library: str
    question: dict[str, Any]

    def _command(self) -> list[str]:
        if self.environment == "node":
            node, folder = _node()
            return [node, str(folder / self.script)]
        # Isolated, so that nothing of ours is imported there by chance.
        return [_python(self.environment), "-I", str(PEERS / "python" / self.script)]

    def measure(self) -> tuple[float, list[Int64Array]] | Missing:
        """Give its median in milliseconds and its answer as arrays, or say why it cannot run."""
        try:
            command = self._command()
        except (_CannotInstallError, subprocess.TimeoutExpired, OSError) as reason:
            return Missing(self.name, str(reason))
        with tempfile.TemporaryDirectory(prefix="petpro-bench-") as folder:
            question, answer = Path(folder, "question.json"), Path(folder, "answer.bin")
            question.write_text(json.dumps({"budget_ms": BUDGET_MS, **self.question}), encoding="utf-8")
            try:
                done = subprocess.run(
                    [*command, self.library, str(question), str(answer)],
                    check=False,
                    capture_output=True,
                    text=True,
                    timeout=LONGEST_S,
                )
            except subprocess.TimeoutExpired:
                return Missing(self.name, f"stopped after {LONGEST_S} s")
            if done.returncode != 0:
                said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
                # Python names the error on its last line, Node somewhere above its own version.
                worst = next((line for line in reversed(said) if "Error" in line), f"exit code {done.returncode}")
                return Missing(self.name, f"failed: {worst[:100]}")
            return float(json.loads(done.stdout)["ms"]), _arrays(answer)
