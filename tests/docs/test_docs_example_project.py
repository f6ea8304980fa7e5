"""The example project for rules of your own is run as its README says, in a copy of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[2] / "examples" / "own-rules"
LAWS_AT_LEAST: Final = 16


def test_own_rules_pass_their_laws(tmp_path: Path) -> None:
    copy = tmp_path / "own-rules"
    shutil.copytree(PROJECT, copy, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rA"],
        cwd=copy,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASSED test_practice.py::TestPractice::test_") >= LAWS_AT_LEAST


def test_the_harness_takes_ten_lines() -> None:
    lines = (PROJECT / "test_practice.py").read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) <= 10
