"""Hypothesis profiles (`HYPOTHESIS_PROFILE=dev|ci|brief|nightly|long`), and the seed of a random run."""

from __future__ import annotations

import os
import secrets  # noqa: TID251 (the one die of the tests; what it showed is printed)
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

# Time limits per example tell of a busy machine, not of the code, so no profile has them; `nox -s bench` guards speed.
BUSY: Final = [HealthCheck.too_slow]

settings.register_profile("dev", max_examples=25, deadline=None, print_blob=True, suppress_health_check=BUSY)
settings.register_profile(
    "ci",
    max_examples=60,
    stateful_step_count=20,
    deadline=None,
    print_blob=True,
    suppress_health_check=BUSY,
    derandomize=True,
    database=None,
)
# For a second run of the same tests with another version of a library: each law is asked, but not long.
settings.register_profile("brief", settings.get_profile("ci"), max_examples=10)
settings.register_profile(
    "nightly",
    max_examples=10_000,
    stateful_step_count=50,
    deadline=None,
    print_blob=True,
    suppress_health_check=BUSY,
    database=None,
)
settings.register_profile("long", settings.get_profile("nightly"), max_examples=1_000)

PROFILE: Final = os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev")
settings.load_profile(PROFILE)
CHOSEN: Final = settings.get_profile(PROFILE)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose the seed of a random run before Hypothesis reads the option."""
    if not CHOSEN.derandomize and config.getoption("--hypothesis-seed") is None:
        config.option.hypothesis_seed = str(secrets.randbelow(2**32))


def pytest_report_header(config: pytest.Config) -> str:
    """Name the profile, and the seed that repeats this run."""
    seed = "always the same" if CHOSEN.derandomize else f"repeat with --hypothesis-seed={config.option.hypothesis_seed}"
    return f"hypothesis profile {PROFILE}: {CHOSEN.max_examples} examples a law; {seed}"
