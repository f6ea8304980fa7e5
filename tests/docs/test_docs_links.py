"""Every link of a page leads somewhere: to a file that is there, and to a heading that it has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
FOLDERS: Final = ("docs", "examples", "benchmarks", "tests")
PAGES: Final = sorted([*ROOT.glob("*.md"), *(page for name in FOLDERS for page in (ROOT / name).rglob("*.md"))])
PAGES_HERE: Final = [page for page in PAGES if "node_modules" not in page.parts]
FENCED: Final = re.compile(r"^ *(`{3,}|~{3,}).*?^ *\1", re.MULTILINE | re.DOTALL)
LINK: Final = re.compile(r"\]\(\s*([^)\s]+)\s*\)")


def plain(page: Path) -> str:
    """Give a page without its fenced blocks."""
    return FENCED.sub("", page.read_text(encoding="utf-8"))


def slug(heading: str) -> str:
    """Give the name by which a heading is linked to."""
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.strip().lower())
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def slugs(page: Path) -> set[str]:
    """Give the names of all headings of a page."""
    return {slug(heading) for heading in re.findall(r"^#+ (.*)$", plain(page), re.MULTILINE)}


def dead(page: Path) -> list[str]:
    """Give the links of a page that lead nowhere; addresses of other places are not asked for."""
    found = []
    for link in LINK.findall(plain(page)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, heading = link.partition("#")
        target = (page.parent / name) if name else page
        if not target.exists() or (heading and heading not in slugs(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES_HERE, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    assert dead(page) == []


@pytest.mark.parametrize("index", ["docs/index.md", "docs/adr/README.md"])
def test_every_page_is_in_its_index(index: str) -> None:
    whole = ROOT / index
    linked = {(whole.parent / link.partition("#")[0]).resolve() for link in LINK.findall(plain(whole))}
    pages = whole.parent.glob("*.md") if whole.parent.name == "adr" else whole.parent.rglob("*.md")
    own = {page for page in pages if whole.parent.name == "adr" or "adr" not in page.parent.parts}
    assert own - linked - {whole} == set()


def test_dead_links_are_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One `two`, three\n[a](page.md#one-two-three) [b](#one) [c](no.md)\n[d](https://e.org)\n```\n[e](no.md)\n```\n"
    )
    assert dead(page) == ["#one", "no.md"]
