"""Every target of the fuzzer, driven by Hypothesis: whole inputs with damage, what crashed once, and plain noise."""

from __future__ import annotations

import importlib.util
import sys
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from types import ModuleType

HERE: Final = Path(__file__).parent
CRASHES: Final = HERE.parent / "corpus" / "fuzz"
SECONDS: Final = 1.0
MEMORY_BYTES: Final = 100_000_000


def loaded(name: str) -> ModuleType:
    """Load a file beside this one: the tests are no package."""
    spec = importlib.util.spec_from_file_location(f"fuzz_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


FUZZ: Final = loaded("targets")
NAMES: Final = tuple(FUZZ.TARGETS)


@st.composite
def damaged(draw: st.DrawFn, name: str) -> bytes:
    """Draw a good input with up to four places cut out, said twice, or written over by words of its language."""
    target = FUZZ.TARGETS[name]
    text: bytes = draw(st.sampled_from(target.seeds()))
    words = [word.encode().decode("unicode_escape").encode("latin-1") for word in target.words.split()]
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 12) | st.integers(0, 400))
        kind = draw(st.sampled_from(("cut", "twice", "word", "noise")))
        if kind == "cut":
            text = text[:at] + text[at + length :]
        elif kind == "twice":
            text = text[: at + length] + text[at:]
        else:
            new = draw(st.sampled_from(words) if words and kind == "word" else st.binary(max_size=8))
            text = text[:at] + new + text[at + draw(st.integers(0, len(new))) :]
    return text


def timed(name: str, given_bytes: bytes) -> None:
    """Run a target; it may take a second of the processor, however busy the machine is."""
    began = time.process_time()
    FUZZ.TARGETS[name].read(given_bytes)
    assert time.process_time() - began < SECONDS, f"{name} took too long over {given_bytes[:200]!r}"


@pytest.mark.parametrize("name", NAMES)
def test_whole_inputs_are_read(name: str) -> None:
    seeds = FUZZ.TARGETS[name].seeds()
    assert seeds
    for seed in seeds:
        timed(name, seed)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_only_coded_errors_and_a_bounded_time(name: str, data: st.DataObject) -> None:
    timed(name, data.draw(damaged(name) | st.binary(max_size=200)))


def test_memory_does_not_follow_what_an_input_claims() -> None:
    header = b"TZif2" + bytes(15)
    claims = b"\xff" * 24
    huge = [header + claims, header + bytes(24) + header + claims + bytes(2000)]
    rules = [b"FREQ=SECONDLY", b"FREQ=DAILY;COUNT=999999999", b"FREQ=YEARLY;INTERVAL=999999999;BYSETPOS=366"]
    deep = [b'{"clinic": ' + b"[" * 100_000, b"a = " + b"[" * 100_000, b"a." * 20_000 + b"b = 1"]
    nested = [b"BEGIN:VCALENDAR\r\n" * 20_000, b"BEGIN:VCALENDAR\r\n " + b"x\r\n " * 50_000]
    asked = {"tzif": huge, "rrule": rules, "clinic_json": deep, "clinic_toml": deep, "ics": nested}
    tracemalloc.start()
    try:
        for name, inputs in asked.items():
            for one in inputs:
                FUZZ.TARGETS[name].read(one)
                _, peak = tracemalloc.get_traced_memory()
                assert peak < MEMORY_BYTES, (name, one[:60])
                tracemalloc.reset_peak()
    finally:
        tracemalloc.stop()


def crashes() -> list[Path]:
    """List what crashed once, by target."""
    return sorted(path for path in CRASHES.glob("*/*") if path.parent.name in NAMES)


@pytest.mark.parametrize("path", crashes(), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_crashed_once_does_no_more(path: Path) -> None:
    timed(path.parent.name, path.read_bytes())


def test_every_crash_is_kept_under_its_target() -> None:
    assert {path.parent.name for path in CRASHES.glob("*/*")} <= set(NAMES)


def test_the_runner_knows_every_target() -> None:
    assert loaded("run").NAMES == NAMES


def test_damage_to_an_event_is_made() -> None:
    made = [FUZZ.damage(seed) for seed in FUZZ.ics_busy_seeds()]
    changed = [one for one in made if one is not None]
    assert len(changed) > len(made) / 3
    assert all(whole != damaged_one for whole, _, damaged_one, _ in changed)
