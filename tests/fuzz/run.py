"""Drive targets by coverage: `python tests/fuzz/run.py ics ics_busy --minutes 10`; every target without a name.

What crashes is kept in `--keep` (by default a folder of the system's), with its name in what is printed; put it into
`tests/corpus/fuzz/TARGET/` and mend it. Each target runs in a process of its own, so that one crash stops that alone.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import ModuleType

HERE: Final = Path(__file__).parent
NAMES: Final = ("tzif", "posix_tz", "rrule", "clinic_toml", "clinic_json", "fhir_bundle", "index", "ics", "ics_busy")
SLOWEST: Final = 5  # seconds of one input; the instrumented code is some times slower than the code itself
MEMORY_MB: Final = 1024
LONGEST: Final = 20_000  # bytes of one input


def targets() -> ModuleType:
    """Load the targets, instrumented."""
    import atheris  # the parent process needs none

    with atheris.instrument_imports(include=["petpro_core", "dateutil", "icalendar"]):
        spec = importlib.util.spec_from_file_location("targets", HERE / "targets.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["targets"] = module
        spec.loader.exec_module(module)
    return module


def drive(name: str, keep: Path, seconds: int) -> None:
    """Fuzz one target in this process, until it crashes or the time is over."""
    import atheris  # likewise

    target = targets().TARGETS[name]
    corpus, words = keep / name, keep / f"{name}.words"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate([*target.seeds(), *kept_crashes(name)]):
        (corpus / f"seed{number}").write_bytes(seed)
    # The dictionary's own escapes: backslashes in words are meant for it.
    words.write_text("".join(f'"{word}"\n' for word in target.words.split() if '"' not in word), encoding="ascii")
    options = [f"-max_total_time={seconds}", f"-timeout={SLOWEST}", f"-rss_limit_mb={MEMORY_MB}"]
    options += [f"-max_len={LONGEST}", f"-artifact_prefix={keep}/{name}-", "-print_final_stats=1"]
    options += [f"-dict={words}"] if target.words else []
    atheris.Setup([sys.argv[0], *options, str(corpus)], target.read)
    atheris.Fuzz()


def kept_crashes(name: str) -> list[bytes]:
    """Give what crashed once, for the target."""
    return [path.read_bytes() for path in sorted((HERE.parent / "corpus" / "fuzz" / name).glob("*"))]


def main() -> int:
    """Drive each target for its share of the time; 1 if any crashed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="TARGET", help=f"of {', '.join(NAMES)}; all by default")
    parser.add_argument("--minutes", type=float, default=1.0, help="for each target")
    parser.add_argument("--keep", type=Path, help="a folder for inputs and crashes")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(NAMES):
        parser.error(f"no such target: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    keep = asked.keep or Path(tempfile.mkdtemp(prefix="petpro-fuzz-"))
    if asked.one:
        drive(asked.names[0], keep, round(asked.minutes * 60))
        return 0
    crashed = []
    for name in asked.names or NAMES:
        command = [sys.executable, __file__, name, "--one", f"--minutes={asked.minutes}", f"--keep={keep}"]
        began = time.monotonic()
        done = subprocess.run(command, check=False)
        print(f"{name}: {time.monotonic() - began:.0f} s, ended with {done.returncode}", flush=True)  # noqa: T201  # people run it, and wait
        crashed += [name] * (done.returncode != 0)
    print(f"crashed: {', '.join(crashed) or 'none'}; inputs and crashes are in {keep}")  # noqa: T201  # likewise
    return bool(crashed)


if __name__ == "__main__":
    sys.exit(main())
