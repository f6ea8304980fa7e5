"""The repository keeps what its documents promise: one command in three places, and nothing of anybody's machine."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement

ROOT: Final = Path(__file__).parents[2]
# Folders in which people and machines keep their own things; a pattern, so that this file names none of them itself.
MACHINE: Final = re.compile(r"(?<![\w.:/-])/(?:work|root|opt|home/\w+|Users/\w+)/")
NOT_TEXT: Final = {".png", ".jpg", ".ico", ".gif", ".woff2", ".gz", ".zip", ".whl", ".so", ".pyc"}


def files_of_the_repository() -> list[Path]:
    """List what is, or would be, in version control; without git, everything outside hidden and made folders."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        found = subprocess.run(command, capture_output=True, check=True).stdout.decode()
        names = [ROOT / name for name in found.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):  # an unpacked sdist, or a machine without git
        made, hidden = {"__pycache__", "dist", "build"}, {".ci", ".github"}
        names = []
        for folder, folders, plain in os.walk(ROOT):
            folders[:] = [name for name in folders if name in hidden or not (name in made or name.startswith("."))]
            names.extend(Path(folder) / name for name in plain if not name.startswith(".coverage"))
    return sorted(path for path in names if path.is_file() and path.suffix not in NOT_TEXT)


def section(text: str, title: str) -> str:
    """Give what stands under a second-level heading of a Markdown text."""
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"README.md has no section {title!r}"
    return found[1]


def blocks(text: str) -> list[str]:
    """Give the contents of the `sh` blocks of a Markdown text."""
    return [block.strip() for block in re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]


@pytest.fixture(scope="module")
def readme() -> str:
    """Read the README once."""
    return (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("title", ["Try it", "Test it"])
def test_readme_sections_begin_with_one_command_that_needs_only_python(readme: str, title: str) -> None:
    (first, *_) = blocks(section(readme, title))
    assert "\n" not in first, "one command, on one line"
    assert first.startswith("python3 -m venv "), "it does all of its set-up itself"


def test_readme_shows_uv_as_the_fast_alternative(readme: str) -> None:
    assert any(block.startswith("uv run ") for block in blocks(section(readme, "Try it")))


def test_readme_ci_and_workflow_run_the_same_command(readme: str) -> None:
    command = blocks(section(readme, "Test it"))[0]
    script = ROOT / ".ci" / "run"
    assert command in script.read_text(encoding="utf-8").splitlines()
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    assert f"run: {command}" in [line.strip() for line in workflow.splitlines()]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no executable bit")
def test_ci_script_may_be_executed() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    found = []
    for path in files_of_the_repository():
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if MACHINE.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert found == []


def test_lock_speaks_of_the_public_index_alone() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    sources = {str(package["source"]) for package in lock["package"]}
    assert sources == {str({"editable": "."}), str({"registry": "https://pypi.org/simple"})}
    files = [
        file for package in lock["package"] for file in [package.get("sdist", {}), *package.get("wheels", [])] if file
    ]
    assert {file["url"].split("/")[2] for file in files} == {"files.pythonhosted.org"}
    assert all(file["hash"].startswith("sha256:") for file in files)


def test_lock_was_made_from_the_requirements_that_stand_now() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    (ours,) = (package for package in lock["package"] if package["name"] == project["name"])
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    required = {(one.name, str(one.specifier)) for one in map(Requirement, wanted)}
    assert {(one["name"], one["specifier"]) for one in ours["metadata"]["requires-dist"]} == required, "run `uv lock`"


def test_every_folder_of_tests_says_what_goes_into_it() -> None:
    text = (ROOT / "tests" / "README.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(\w+)/` \|", text, re.MULTILINE)
    folders = {path.parent.relative_to(ROOT / "tests").parts[0] for path in (ROOT / "tests").glob("*/**/*.py")}
    assert sorted(told) == sorted(folders)


def test_version_has_one_source() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    literal = re.compile(rf"""__version__\s*=\s*["']|["']{re.escape(version)}["']""")
    written_again = [path for path in (ROOT / "src").rglob("*.py") if literal.search(path.read_text(encoding="utf-8"))]
    assert written_again == []
    assert re.search(
        rf"^## \[?(Unreleased|{re.escape(version)})", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )


def test_contributing_names_the_sessions_that_a_change_must_pass() -> None:
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    listed = re.search(r"^nox\.options\.sessions = \[(.*)\]$", noxfile, re.MULTILINE)
    assert listed
    sessions = re.findall(r'"(\w+)"', listed[1])
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f"`{' '.join(sessions)}`" in text
    others = set(re.findall(r"^@nox\.session.*?^def (\w+)", noxfile, re.MULTILINE | re.DOTALL)) - set(sessions)
    assert {name for name in others if f"nox -s {name}" not in text} == set()
