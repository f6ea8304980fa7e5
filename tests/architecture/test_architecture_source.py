"""The source keeps the rules that no linter knows: sizes, public names, purity, and what an import brings with it."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
SOURCE: Final = ROOT / "src"
FILES: Final = sorted(SOURCE.rglob("*.py"))
CORE: Final = [path for path in FILES if path.is_relative_to(SOURCE / "petpro_core")]
PUBLIC: Final = [
    path for path in CORE if not any(p.startswith("_") for p in [*path.parent.parts, path.stem.strip("_")])
]

LONGEST_FILE: Final = 500
LONGEST_FUNCTION: Final = 70
DOORS: Final = {"open", "input", "read_text", "read_bytes", "write_text", "write_bytes"}
# The one exception: zones are read from the tzdata package, by importlib.resources. The oracle reads them once more for
# itself, so that a mistake of the first reader is not its own.
ZONE_READERS: Final = {
    "petpro_core/timezones/_catalogue.py": {"read_text", "read_bytes"},
    "petpro_core/testing/_clocks.py": {"read_bytes"},
}
IMPURE: Final = {"random", "time", "secrets", "socket", "subprocess", "tempfile", "threading", "asyncio", "zoneinfo"}


def name(path: Path) -> str:
    """Name a file in a test's id."""
    return path.relative_to(SOURCE).as_posix()


def tree(path: Path) -> ast.Module:
    """Parse a file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def test_there_is_source_to_judge() -> None:
    assert CORE
    assert PUBLIC


@pytest.mark.parametrize("path", FILES, ids=name)
def test_file_is_one_room(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_FILE, "a module that outgrows this becomes a folder of the same name"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_functions_can_be_read_at_once(path: Path) -> None:
    long = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = node.body[0] if ast.get_docstring(node) is not None else None
            of_it = docstring.end_lineno - docstring.lineno + 1 if docstring and docstring.end_lineno else 0
            lines = (node.end_lineno or node.lineno) - node.lineno + 1 - of_it
            if lines > LONGEST_FUNCTION:
                long.append(f"{node.name}: {lines} lines without its docstring")
    assert long == []


@pytest.mark.parametrize("path", PUBLIC, ids=name)
def test_public_module_says_what_it_is_and_what_it_offers(path: Path) -> None:
    module = tree(path)
    assert ast.get_docstring(module), "a docstring"
    assigned: list[ast.expr] = []
    for node in module.body:
        if isinstance(node, ast.Assign):
            assigned.extend(node.targets)
        elif isinstance(node, ast.AnnAssign):
            assigned.append(node.target)
    assert "__all__" in [target.id for target in assigned if isinstance(target, ast.Name)], "an __all__"


@pytest.mark.parametrize("path", CORE, ids=name)
def test_core_has_no_clock_no_dice_and_no_doors(path: Path) -> None:
    # The public harness (petpro_core.testing) is pure as well: Hypothesis brings the dice, and the caller the seed.
    imported = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.split(".")[0])
    assert imported & IMPURE == set()


def doors(module: ast.Module) -> set[str]:
    """Name what a module calls to open, read or write files, as a function or as a method of a path."""
    called = {node.func for node in ast.walk(module) if isinstance(node, ast.Call)}
    plain = {function.id for function in called if isinstance(function, ast.Name)} & DOORS
    return plain | ({function.attr for function in called if isinstance(function, ast.Attribute)} & DOORS)


@pytest.mark.parametrize("path", CORE, ids=name)
def test_core_opens_no_files(path: Path) -> None:
    assert doors(tree(path)) == ZONE_READERS.get(name(path), set())


def test_every_way_to_open_a_file_is_seen() -> None:
    text = "open('x'); input(); Path('x').open(); p.read_text(); p.read_bytes(); p.write_text(''); p.write_bytes(b'')"
    assert doors(ast.parse(text)) == DOORS
    assert doors(ast.parse("reopen(); p.opened(); is_open = open")) == set()


def public_things() -> list[str]:
    """Give the names that a user of the core imports, other than constants."""
    core = importlib.import_module("petpro_core")
    return [key for key in core.__all__ if not isinstance(getattr(core, key), int | str | core.Interval)]


def verbs() -> list[str]:
    """Give those that are functions."""
    return [key for key in public_things() if inspect.isfunction(_unwrapped(key))]


def _unwrapped(key: str) -> object:
    return inspect.unwrap(getattr(importlib.import_module("petpro_core"), key))


@pytest.mark.parametrize("key", public_things())
def test_public_name_has_a_docstring(key: str) -> None:
    # Not inspect.getdoc: a docstring of one's own, and not that of a class above.
    text = _unwrapped(key).__doc__ or ""
    assert text.strip(), "say what it is"
    # attrs and enum leave generated words where a class says nothing.
    assert "Method generated by attrs" not in text


@pytest.mark.parametrize("key", verbs())
def test_verb_shows_an_example_and_says_where_it_comes_from(key: str) -> None:
    text = _unwrapped(key).__doc__ or ""
    assert ">>> " in text, "a runnable example"
    assert "Source:" in text or "ADR" in text, "a `Source:`: a standard, a decision (ADR), or the work it follows"


PROBE: Final = """
import importlib, json, pkgutil, sys

opened = []

def listen(event, values):
    if event == "open" and isinstance(values[0], str):
        opened.append(values[0])

sys.addaudithook(listen)
import petpro_core

named = [module.name for module in pkgutil.iter_modules(petpro_core.__path__, "petpro_core.")]
for module in named:
    if module not in {"petpro_core.interop", "petpro_core.testing"}:
        importlib.import_module(module)
if "petpro_core.timezones" in sys.modules:
    for key in ("America/New_York", "Australia/Lord_Howe"):
        sys.modules["petpro_core.timezones"].load_zone(key)
json.dump({"opened": opened, "modules": sorted({module.split(".")[0] for module in sys.modules})}, sys.stdout)
"""


@pytest.fixture(scope="module")
def imported() -> dict[str, list[str]]:
    """Import the core in a process of its own, and tell which files it opened and which packages it brought."""
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    answer: dict[str, list[str]] = json.loads(done.stdout)
    return answer


def test_core_never_reads_the_hosts_zones(imported: dict[str, list[str]]) -> None:
    # tzdata's own files lie in a folder `zoneinfo` too, inside its package.
    zones = [path for path in imported["opened"] if "zoneinfo" in path or "localtime" in path or "timezone" in path]
    outside = [path for path in zones if not {"tzdata", "petpro_core", "__pycache__"} & set(Path(path).parts)]
    assert outside == []


def test_core_brings_only_what_it_stands_on(imported: dict[str, list[str]]) -> None:
    others = {
        "click",
        "holidays",
        "hypothesis",
        "icalendar",
        "litestar",
        "pandas",
        "petpro_api",
        "petpro_cli",
        "polars",
    }
    others |= {"pytest", "redis", "rich", "sqlalchemy", "zoneinfo"}
    assert others & set(imported["modules"]) == set()
