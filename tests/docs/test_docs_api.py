"""The page of all public names has them all, each once, and no others."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path
from typing import Final

import petpro_core

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "api.md"
SECTION: Final = re.compile(r"^## (.*)$", re.MULTILINE)


def sections() -> dict[str, str]:
    """Give what stands under each heading of the second level, by what it names."""
    _, *parts = SECTION.split(PAGE.read_text(encoding="utf-8"))
    return {title.strip("`"): text for title, text in zip(parts[::2], parts[1::2], strict=True)}


def cells(text: str) -> list[list[str]]:
    """Give the cells of each row of the tables, without their heads."""
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in row] for row in rows]


def names(text: str) -> list[str]:
    """Give the names of the first column."""
    return [name for row in cells(text) for name in re.findall(r"`(\w+)`", row[0])]


def public(module: str) -> set[str]:
    """Give what a module offers."""
    return set(importlib.import_module(module).__all__)


def test_the_page_names_what_the_core_offers() -> None:
    found = names(sections()["petpro_core"])
    assert sorted(found) == sorted(petpro_core.__all__)


def test_the_page_names_what_each_way_in_and_out_offers() -> None:
    interop = importlib.import_module("petpro_core.interop")
    for module in pkgutil.iter_modules(interop.__path__, "petpro_core.interop."):
        found = names(sections()[module.name])
        assert sorted(found) == sorted(public(module.name)), module.name


def test_the_page_names_what_each_upper_floor_offers() -> None:
    upper = [name for name in sections() if name.startswith("petpro_core.") and "interop" not in name]
    assert {"petpro_core.matching", "petpro_core.visits"} <= set(upper)
    for name in upper:
        if name != "petpro_core.testing":
            assert sorted(names(sections()[name])) == sorted(public(name)), name


def test_the_page_names_what_lower_floors_offer_beside() -> None:
    found = {row[0].strip("`"): re.findall(r"`(\w+)`", row[1]) for row in cells(sections()["Lower floors"])}
    elsewhere = {"petpro_core.interop", "petpro_core.testing", "petpro_core.errors"}
    for module in pkgutil.iter_modules(petpro_core.__path__, "petpro_core."):
        if module.name.rpartition(".")[2].startswith("_") or module.name in elsewhere | set(sections()):
            continue
        beside = public(module.name) - set(petpro_core.__all__)
        assert sorted(found.pop(module.name, ())) == sorted(beside), module.name
    assert found == {}, "these floors are not there"


def test_every_line_says_something() -> None:
    rows = [row for text in sections().values() for row in cells(text)]
    assert len(rows) > 80
    assert all(len(row) == 2 and all(row) for row in rows)
