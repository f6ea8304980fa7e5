"""Everything the docs show is run: snippets of Markdown pages, commands, and the examples in docstrings.

What a fenced block does is said by the first word after its fence:

- ``python``: run; the blocks of one page share one namespace, from top to bottom. ``python raises=SomeError`` must
  raise an error of that name.
- ``pycon``: a doctest in the same namespace (``...`` in the output stands for anything).
- ``sh`` that begins with ``petpro``: run in the root of the repository; it must succeed, or end with N where the fence
  says ``sh exit=N``. Where the next block of the same section is ``text``, that is what it prints.
- ``console``: lines ``$ command``, each followed by what it prints.
- anything else is not run (README's commands, which set up a machine, are run by ``nox -s docs``).
"""

from __future__ import annotations

import ast
import doctest
import importlib
import os
import pkgutil
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest

import petpro_core

Shell = Callable[[str], "subprocess.CompletedProcess[str]"]

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE: Final = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)$")
FLAGS: Final = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
SECONDS: Final = 120

# Commands believe that they print to a plain terminal of a fixed width, so that what they print is the same everywhere.
PLAIN: Final = {"COLUMNS": "100", "LINES": "40", "NO_COLOR": "1", "TERM": "dumb", "PYTHONUTF8": "1", "TZ": "UTC"}
# What pip's own script for the entry point does; it works in a checkout without an installation too.
PROGRAM: Final = "import sys; sys.argv[0] = 'petpro'; from petpro_cli.app import main; sys.exit(main())"


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language, the words after it, its text, where it stands and under which heading."""

    language: str
    options: dict[str, str]
    text: str
    line: int
    heading: int


def blocks_of(page: str) -> list[Block]:
    """Find the fenced blocks of a Markdown text, those in lists and quotes of code included."""
    found: list[Block] = []
    heading = 0
    opened: re.Match[str] | None = None
    start = 0
    body: list[str] = []
    for number, line in enumerate(page.splitlines(), 1):
        match = FENCE.match(line)
        if opened is None:
            if match:
                opened, start, body = match, number, []
            elif line.startswith("#"):
                heading = number
        elif match and match["fence"].startswith(opened["fence"]) and not match["info"].strip():
            language, *words = opened["info"].split() or [""]
            options = dict(word.split("=", 1) for word in words if "=" in word)
            indent = len(opened["indent"])
            text = "".join(f"{one[indent:] if not one[:indent].strip() else one}\n" for one in body)
            found.append(Block(language, options, text, start, heading))
            opened = None
        else:
            body.append(line)
    if opened is not None:
        pytest.fail(f"the block that begins in line {start} never ends")
    return found


def run_page(path: Path, namespace: dict[str, Any], shell: Shell) -> int:
    """Run what a page shows, in its order, and count it; a failure says the line of its block."""
    blocks = blocks_of(path.read_text(encoding="utf-8"))
    ran = 0
    for block, following in zip_longest(blocks, blocks[1:]):
        try:
            if block.language == "python":
                run_python(path, block, namespace)
            elif block.language == "pycon":
                run_pycon(path, block, namespace)
            elif block.language == "console":
                run_console(block, shell)
            elif block.language == "sh" and block.text.startswith("petpro "):
                shown = following and following.language == "text" and following.heading == block.heading
                run_sh(block, following.text if following and shown else None, shell)
            else:
                continue
        except BaseException as failure:
            failure.add_note(f"in {path}, the block that begins in line {block.line}")
            raise
        ran += 1
    return ran


def run_python(path: Path, block: Block, namespace: dict[str, Any]) -> None:
    """Run a block in the page's namespace; tracebacks name the page and its line."""
    tree = ast.increment_lineno(ast.parse(block.text, str(path)), block.line)
    code = compile(tree, str(path), "exec", dont_inherit=True)
    wanted = block.options.get("raises")
    if wanted is None:
        exec(code, namespace)
        return
    with pytest.raises(Exception) as caught:
        exec(code, namespace)
    assert caught.type.__name__ == wanted


def run_pycon(path: Path, block: Block, namespace: dict[str, Any]) -> None:
    """Run a block as a doctest in the page's namespace."""
    test = doctest.DocTestParser().get_doctest(block.text, namespace, path.name, str(path), block.line)
    assert test.examples, "a pycon block has lines that begin with >>>"
    test.globs = namespace  # the parser copies it, and the page's later blocks want what this one defines
    report: list[str] = []
    result = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=report.append, clear_globs=False)
    assert result.failed == 0, "".join(report)


def run_sh(block: Block, expected: str | None, shell: Shell) -> None:
    """Run a command that a page shows, and compare what it prints with what the page says."""
    done = shell(block.text)
    assert done.returncode == int(block.options.get("exit", "0")), done.stdout
    if expected is not None:
        compare(expected, done.stdout)


def run_console(block: Block, shell: Shell) -> None:
    """Run each `$ command` of a block, and compare what it prints with the lines below it."""
    parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert len(parts) > 1, "a console block has lines that begin with $"
    for part in parts[1:]:
        lines = part.splitlines(keepends=True)
        size = 1 + next((n for n, line in enumerate(lines) if not line.endswith("\\\n")), len(lines) - 1)
        command, expected = "".join(lines[:size]), "".join(lines[size:])
        done = shell(command)
        if not expected.strip():
            assert done.returncode == 0, done.stdout
        compare(expected, done.stdout)


def compare(expected: str, got: str) -> None:
    """Compare line by line, without blanks at ends of lines; `...` stands for anything."""
    want, have = ("".join(f"{line.rstrip()}\n" for line in text.strip("\n").splitlines()) for text in (expected, got))
    assert doctest.OutputChecker().check_output(want, have, doctest.ELLIPSIS), f"expected:\n{want}\ngot:\n{have}"


def modules() -> list[str]:
    """Name every module of the core, private ones too."""
    walked = pkgutil.walk_packages(petpro_core.__path__, "petpro_core.")
    return ["petpro_core", *sorted(module.name for module in walked)]


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Give a function that runs shell lines in the root of the repository, with `petpro` on the path."""
    programs = tmp_path_factory.mktemp("programs")
    script = programs / "petpro"
    script.write_text(
        f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(PROGRAM)} "$@"\n', encoding="utf-8"
    )
    script.chmod(0o755)
    environment = {**os.environ, **PLAIN, "PATH": os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath)])}

    def run(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-ec", command],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )

    return run


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_page_does_what_it_shows(path: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    page = ModuleType("page")  # a real module, because attrs and dataclasses look up the module of a class
    monkeypatch.setitem(sys.modules, "page", page)
    monkeypatch.chdir(ROOT)
    run_page(path, page.__dict__, shell)


@pytest.mark.parametrize("name", modules())
def test_docstring_examples(name: str) -> None:
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    tests = doctest.DocTestFinder().find(importlib.import_module(name))
    failed = sum(runner.run(test, out=report.append).failed for test in tests)
    assert failed == 0, "".join(report)


GOOD: Final = """
# One

```python
class Kept:
    answer = 41
```

- in a list:

  ```pycon
  >>> Kept.answer + 1
  42
  ```

```python raises=ZeroDivisionError
1 / 0
```

````text
```python
never_run
```
````

```console
$ echo one; \\
  echo two
one
...
$ echo 'a  b'
a  b
```
"""


def test_runner_runs_a_page_in_one_namespace(tmp_path: Path, shell: Shell) -> None:
    page = tmp_path / "page.md"
    page.write_text(GOOD, encoding="utf-8")
    namespace: dict[str, Any] = {"__name__": "page"}
    assert run_page(page, namespace, shell) == 4
    assert namespace["Kept"].answer == 41


@pytest.mark.parametrize(
    "text",
    [
        "```python\nassert False\n```",
        "```python raises=KeyError\n1 / 0\n```",
        "```python raises=KeyError\npass\n```",
        "```python\nnever ends",
        "```pycon\n>>> 1\n2\n```",
        "```pycon\n1\n```",
        "```console\n$ echo one\ntwo\n```",
        "```console\n$ false\n```",
        "```console\necho\n```",
        "```sh\npetpro no-such-command\n```",
    ],
)
def test_runner_fails_where_a_page_is_wrong(text: str, tmp_path: Path, shell: Shell) -> None:
    page = tmp_path / "page.md"
    page.write_text(text + "\n", encoding="utf-8")
    with pytest.raises(BaseException) as caught:
        run_page(page, {}, shell)
    assert not isinstance(caught.value, KeyboardInterrupt)
