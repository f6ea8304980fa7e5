"""What is checked, and how: `nox` runs the default sessions, `nox -s NAME` one of them, `nox -l` lists all.

Only Python and `pip install nox` are needed; where uv is on the path the environments are made by it, which is faster.
Every session installs the versions of `uv.lock`, so that a run can be repeated (`lowest` and one half of `tests` differ
on purpose, and say so). What is tested is the built wheel, never the tree.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tomllib
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Final

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2026.4.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = True
nox.options.sessions = ["lint", "types", "imports", "tests", "docs", "guard", "build"]

ROOT: Final = Path(__file__).parent
PROJECT: Final[dict[str, Any]] = nox.project.load_toml(ROOT / "pyproject.toml")
LOWEST_PYTHON: Final = "3.11"
# Whole clinics, indexes and desks are drawn here: an example takes a second, where those of a law take milliseconds.
COSTLY: Final = {"test_fhir_laws.py", "test_ical_roundtrip.py", "test_index_laws.py", "test_recurring_hours_laws.py"}
ADVISORIES: Final = "https://pypi.org/pypi/pip/25.0/json"  # where pip-audit asks; one version that will always be there


# --- the pieces that sessions are made of -----------------------------------------------------------------------------


def _locked(*, leave_out: frozenset[str] = frozenset()) -> list[str]:
    """Give the versions of `uv.lock` as lines that pip and uv both read as constraints."""
    packages = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    lines = []
    for package in packages:
        if "registry" not in package["source"] or package["name"] in leave_out:
            continue
        # A package has several versions in the lock where one Python cannot have another's: each goes by its marker.
        markers = " or ".join(f"({marker})" for marker in package.get("resolution-markers", []))
        lines.append(f"{package['name']}=={package['version']}" + (f" ; {markers}" if markers else ""))
    return lines


def _constraints(session: nox.Session, lines: list[str], *, name: str = "locked") -> str:
    path = Path(session.create_tmp()).resolve() / f"{name}.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def _group(name: str) -> list[str]:
    return list(nox.project.dependency_groups(PROJECT, name))


def _install(session: nox.Session, *packages: str, constraints: str | None = None) -> None:
    """Install, by the lock unless other constraints are given; say what is missing when it cannot be done."""
    chosen = constraints or _constraints(session, _locked())
    try:
        session.install("--quiet", *packages, "--constraint", chosen)
    except CommandFailed:
        session.error(
            f"{session.name} could not install {' '.join(packages)}; a package index must be in reach: "
            "a network, or a mirror named by PIP_INDEX_URL (pip) or UV_DEFAULT_INDEX (uv)"
        )


def _wheel(session: nox.Session) -> Path:
    """Build the wheel from the tree with the locked hatchling, and give its path."""
    _install(session, *_group("build"))
    folder = Path(session.create_tmp()).resolve() / "wheel"
    shutil.rmtree(folder, ignore_errors=True)
    session.run("python", "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), ".", silent=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _install_wheel(
    session: nox.Session, *extras: str, groups: tuple[str, ...] = (), also: tuple[str, ...] = (), constraints: str = ""
) -> None:
    """Install the built wheel (and never the tree) with its extras, and prove that it is what Python imports."""
    wheel = _wheel(session)
    wanted = f"petpro[{','.join(extras)}] @ {wheel.as_uri()}" if extras else f"petpro @ {wheel.as_uri()}"
    tools = [requirement for group in groups for requirement in _group(group)]
    # Forced, because a kept environment (`nox -r`) may hold yesterday's wheel of the same version.
    _install(session, "--force-reinstall", wanted, *tools, *also, constraints=constraints or None)
    session.run(
        "python",
        "-c",
        "import pathlib, petpro_core; place = pathlib.Path(petpro_core.__file__); print('testing', place.parent); "
        "assert 'site-packages' in place.parts, 'not the wheel'",
        env=_environment(),
    )


def _environment(profile: str | None = None) -> dict[str, str | None]:
    # PYTHONPATH would put the tree before the wheel; None takes a variable away.
    return {"PYTHONPATH": None, **({"HYPOTHESIS_PROFILE": profile} if profile else {})}


def _profile() -> str:
    return os.environ.get("HYPOTHESIS_PROFILE", "ci")


# --- the default sessions ---------------------------------------------------------------------------------------------


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format with ruff."""
    _install(session, *_group("lint"))
    session.run("ruff", "check", *(session.posargs or ["."]))
    session.run("ruff", "format", "--check", "--diff", "--quiet", *(session.posargs or ["."]))


@nox.session
def types(session: nox.Session) -> None:
    """Check types with mypy --strict: source, tests, benchmarks and this file."""
    _install(session, *PROJECT["project"]["dependencies"], *_group("types"))
    session.run("mypy", *session.posargs)


@nox.session
def imports(session: nox.Session) -> None:
    """Check the floors of the core, and who may use which library, with import-linter."""
    _install(session, *_group("imports"))
    session.run("lint-imports", "--no-cache", env={"PYTHONPATH": str(ROOT / "src")})


@nox.session
@nox.parametrize("dateutil", ["2.9", "newest"])
def tests(session: nox.Session, dateutil: str) -> None:
    """Test the built wheel: with everything on dateutil 2.9 (all branches covered), and briefly on the newest."""
    arguments = ["--numprocesses=auto", "--ignore=tests/docs", *session.posargs]  # the session `docs` runs the snippets
    if dateutil == "2.9":
        _install_wheel(session, "holidays", "testing", groups=("test",), also=("python-dateutil~=2.9.0",))
        # The coverage of a part of the tests says nothing, so it is not asked for.
        covered = [] if session.posargs else ["--cov", "--cov-config=pyproject.toml", "--cov-report=term-missing"]
        session.run("pytest", *covered, *arguments, env=_environment(_profile()))
        return
    session.log("left out here: the extra `holidays`, which asks for python-dateutil < 3; its tests skip and say so")
    rest = _constraints(session, _locked(leave_out=frozenset({"holidays", "python-dateutil"})), name="newest")
    _install_wheel(session, "testing", groups=("test",), also=("python-dateutil>=4",), constraints=rest)
    session.run("pytest", *arguments, env=_environment("brief"))


@nox.session
def docs(session: nox.Session) -> None:
    """Run every snippet of the docs, every example of the docstrings, and README's `Try it` in a fresh copy."""
    _install_wheel(session, "holidays", "testing", groups=("docs",))
    session.run("pytest", "tests/docs", *session.posargs, env=_environment(_profile()))
    if session.posargs:
        return
    copy = Path(session.create_tmp()).resolve() / "fresh"
    shutil.rmtree(copy, ignore_errors=True)
    unwanted = shutil.ignore_patterns(".*", "__pycache__", "dist", "build", "results", "*.egg-info")
    shutil.copytree(ROOT, copy, ignore=unwanted)
    with session.chdir(copy):
        session.run("sh", "-ec", _command_of("Try it"), external=True, env=_environment())


@nox.session
def guard(session: nox.Session) -> None:
    """Hold small scenarios against yardsticks in the same run: no ratio may fall to half of what was recorded."""
    _install_wheel(session)
    session.run("python", "-m", "benchmarks.guard", *session.posargs, env=_environment())


@nox.session
def build(session: nox.Session) -> None:
    """Build sdist and wheel (the wheel from the sdist), install the wheel alone and start the program."""
    _install(session, *_group("build"))
    folder = ROOT / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    session.run("python", "-m", "build", "--no-isolation", "--outdir", str(folder), ".", silent=True)
    (wheel,) = folder.glob("*.whl")
    _install(session, "--force-reinstall", f"petpro @ {wheel.as_uri()}")
    session.run("petpro", "--version", env=_environment())
    session.log(f"built {', '.join(sorted(path.name for path in folder.iterdir()))}")


# --- on demand --------------------------------------------------------------------------------------------------------


@nox.session(python=LOWEST_PYTHON)
def lowest(session: nox.Session) -> None:
    """Test the wheel with the lowest versions that pyproject.toml allows, on the lowest Python."""
    _install(session, "uv>=0.8")
    wanted = Path(session.create_tmp()).resolve() / "resolved.txt"
    options = ["--resolution=lowest-direct", f"--python-version={LOWEST_PYTHON}", f"--output-file={wanted}"]
    extras = ["--extra=holidays", "--extra=testing"]
    session.run("uv", "pip", "compile", "pyproject.toml", *extras, *options, "--quiet", silent=True)
    resolved = [line for line in wanted.read_text(encoding="utf-8").splitlines() if re.match(r"[\w.-]+==", line)]
    session.log("lowest: " + " ".join(resolved))
    # The tools that run the tests are not what is asked about: they stay as locked.
    rest = _locked(leave_out=frozenset(line.split("==")[0] for line in resolved))
    chosen = _constraints(session, [*resolved, *rest], name="lowest")
    _install_wheel(session, "holidays", "testing", groups=("test",), constraints=chosen)
    session.run("pytest", "--numprocesses=auto", "--ignore=tests/docs", *session.posargs, env=_environment(_profile()))


@nox.session
def nightly(session: nox.Session) -> None:
    """Run the laws of the engine with 10,000 random examples each (100,000 rules), and the costly ones with 1,000.

    The seed is printed and may be given with --hypothesis-seed.
    """
    _install_wheel(session, "holidays", "testing", groups=("test",))
    every = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("tests/property/test_*.py"))
    laws = [name for name in every if name.removeprefix("tests/property/") not in COSTLY]
    rest = [name for name in every if name not in laws]
    for profile, names in (("nightly", laws), ("long", [*rest, "tests/stateful"])):
        # Chosen by `-k`, there may be nothing to run in one of the two (5).
        codes = [0, 5] if session.posargs else [0]
        arguments = ["--numprocesses=auto", *names, *session.posargs]
        session.run("pytest", *arguments, env=_environment(profile), success_codes=codes)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure PetPro and its peers side by side, with every answer checked: `nox -s bench -- --only P2 --quick`."""
    _install_wheel(session, "holidays", groups=("bench",))
    session.run("python", "-m", "benchmarks", *session.posargs, env=_environment())


@nox.session
def fuzz(session: nox.Session) -> None:
    """Fuzz the readers of files by coverage, a minute each: `nox -s fuzz -- ics ics_busy --minutes 10` for more."""
    _install_wheel(session, groups=("fuzz",))
    session.run("python", "tests/fuzz/run.py", *session.posargs, env=_environment())


@nox.session
def audit(session: nox.Session) -> None:
    """Ask the public database for known vulnerabilities of the locked versions."""
    try:
        with urllib.request.urlopen(ADVISORIES, timeout=20):
            pass
    except (urllib.error.URLError, TimeoutError) as reason:
        session.error(
            f"nothing was audited: {ADVISORIES} is out of reach ({reason}); a mirror of the index alone is not enough"
        )
    _install(session, *_group("audit"))
    pinned = _constraints(session, _locked())
    # Strict, because a package that the database could not be asked about would otherwise count as a good answer.
    session.run(
        "pip-audit", "--strict", "--requirement", pinned, "--no-deps", "--disable-pip", "--progress-spinner=off"
    )


def _command_of(section: str) -> str:
    """Give the command of README's section: its first `sh` block."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {section}$.*?^```sh\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    if found is None:
        sys.exit(f"README.md has no section {section!r} with an sh block")
    return found[1].strip()
