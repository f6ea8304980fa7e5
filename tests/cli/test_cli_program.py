"""The program itself: help, start-up, pipes, signals and the commands of other distributions."""

from __future__ import annotations

import importlib.metadata
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import pytest
from click.testing import CliRunner

from petpro_cli import app
from petpro_cli.app import main

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).parents[2]
PROGRAM: Final = "import sys; sys.argv[0] = 'petpro'; from petpro_cli.app import main; sys.exit(main())"
SLOTS: Final = ("slots", "examples/maple-street/clinic.toml", "--service", "checkup", "--now", "2026-11-21T09:00-05:00")


def program(*args: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *args],
        cwd=ROOT,
        capture_output=True,
        check=False,
        encoding="utf-8",
        **options,  # type: ignore[call-overload]
    )


@pytest.mark.parametrize("words", [(), *((name,) for name in app.COMMANDS)])
def test_help_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    probe = (
        "import sys\nfrom petpro_cli.app import main\n"
        f"try:\n    main([*{words}, '--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'numpy', 'petpro_core', 'rich', 'attrs', 'icalendar'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: ")
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_of_the_list_is_the_help_of_the_command() -> None:
    for name, text in app.COMMANDS.items():
        command = main.get_command(click.Context(main), name)
        assert command is not None
        assert command.name == name
        assert f"  {name} " in CliRunner().invoke(main, ["--help"]).stdout
        assert text.endswith(".")
        assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0


def test_version_is_the_distributions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda name: f"<version of {name}>")
    assert CliRunner().invoke(main, ["--version"]).stdout == "petpro <version of petpro>\n"


def test_version_of_a_source_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert "not installed" in CliRunner().invoke(main, ["--version"]).stdout


def test_a_closed_pipe_is_no_error() -> None:
    line = f'{sys.executable} -c "{PROGRAM}" {" ".join(SLOTS)} --json | head -c 20'
    done = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("{")
    assert done.stderr == ""


def shell(line: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a line in which ``petpro`` is the program, and which ends by telling a status."""
    called = f'petpro() {{ "{sys.executable}" -c "{PROGRAM}" "$@"; }}\nCLINIC=examples/maple-street/clinic.toml\n'
    called += 'NOW="--now 2026-11-21T09:00-05:00"\n'
    return subprocess.run(
        ["sh", "-c", called + line], cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, **more}
    )


UNREAD: Final = (
    ("slots $CLINIC --service checkup --days 3000 $NOW", 0),
    ("slots $CLINIC --service checkup --days 3000 --json $NOW", 0),
    ("slots $CLINIC --service checkup --days 3000 --csv $NOW", 0),
    ("slots $CLINIC --service checkup --days 300 --ics $NOW", 0),
    ("free $CLINIC --days 3000 $NOW", 0),
    ("check $CLINIC 2026-11-23T09:00 --service checkup $NOW", 0),
    ("check $CLINIC 2026-11-23T09:05 --service checkup --provider alvarez $NOW", 1),
    ("conflicts $CLINIC --feed alvarez=examples/maple-street/phone.ics $NOW", 1),
    ("--help", 0),
)


@pytest.mark.parametrize(("words", "status"), UNREAD)
def test_who_closes_a_pipe_does_not_change_the_answer(words: str, status: int) -> None:
    # The reader is gone before anything is written, for the program takes longer to start than it.
    done = shell(f"{{ petpro {words}; echo $? >&3; }} 3>&2 | true")
    assert done.stderr == f"{status}\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
@pytest.mark.parametrize("words", [*(words for words, _ in UNREAD), "--version", "free --help"])
def test_a_full_disk_is_an_error(words: str) -> None:
    done = shell(f"petpro {words} >/dev/full")
    assert done.stderr == (
        "error: standard output: it cannot be written: no space left on device [unwritable_output]\n"
    )
    assert done.returncode == 2


@pytest.mark.parametrize("words", [UNREAD[1][0], UNREAD[4][0], UNREAD[5][0], "--version"])
def test_a_closed_output_is_an_error(words: str) -> None:
    done = shell(f"petpro {words} >&-")
    assert done.stderr == "error: standard output: it cannot be written: bad file descriptor [unwritable_output]\n"
    assert done.returncode == 2


def test_a_closed_input_is_an_error() -> None:
    done = shell("petpro free - <&-")
    assert done.stderr == "error: <stdin>: it cannot be read: bad file descriptor [unreadable_file]\n"
    assert done.returncode == 2


def test_an_output_that_has_no_sign_for_a_letter_is_an_error() -> None:
    done = shell(
        "sed 's/Maple Street/Ahorn\u00e4cker/; s/^feeds/# feeds/' $CLINIC | petpro free - $NOW",
        PYTHONIOENCODING="ascii:strict",
    )
    assert "error: standard output: it cannot be written: its encoding ascii has no '\\xe4'; set PYTHON" in done.stderr
    assert done.returncode == 2


@pytest.mark.parametrize("to", ["/dev/full", "&-"])
def test_an_error_that_cannot_be_told_keeps_its_status(to: str) -> None:
    if to == "/dev/full" and not Path(to).exists():
        pytest.skip("only Linux has a disk that is always full")
    assert shell(f"petpro check $CLINIC soon --service checkup 2>{to}").returncode == 2


def test_an_error_is_written_where_click_is_told_to() -> None:
    told = io.StringIO()
    app.Refused("here", "no", "code").show(told)
    assert told.getvalue() == "error: here: no [code]\n"


@pytest.mark.parametrize(("error", "ours"), [(OSError(5, "x", "file"), True), (OSError(5, "x"), False)])
def test_other_failures_of_the_system_are_not_the_outputs(
    error: OSError,
    ours: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @click.command()
    def fail() -> None:
        raise error

    monkeypatch.setattr(app.Commands, "get_command", lambda *_: fail)
    assert CliRunner().invoke(main, ["free" if ours else "serve"]).exception is error


def test_output_to_a_pipe_has_no_colours() -> None:
    done = program(*SLOTS, "--from", "2026-11-23", "--days", "1")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "Monday 23 November 2026" in done.stdout


def test_an_output_without_block_characters() -> None:
    done = program(
        *SLOTS, "--days", "3", env={"PYTHONIOENCODING": "ascii", "PYTHONPATH": ":".join(filter(None, sys.path))}
    )
    assert done.returncode == 0, done.stderr
    assert "# start   - free, but no start   x taken or unknown   . closed" in done.stdout


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def stop() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(app.Commands, "get_command", lambda *_: stop)
    result = CliRunner().invoke(main, ["stop"])
    assert (result.exit_code, result.stderr) == (130, "interrupted\n")


def test_a_defect_of_our_own_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def fail() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(app.Commands, "get_command", lambda *_: fail)
    assert isinstance(CliRunner().invoke(main, ["fail"]).exception, ZeroDivisionError)


class Point:
    """An entry point of another distribution."""

    def __init__(self, name: str, load: Callable[[], object], *, named: bool = True) -> None:
        self.name, self.load, self.value = name, load, "other:command"
        self.dist = type("Dist", (), {"name": "petpro-other"})() if named else None


def test_commands_of_other_distributions(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def serve() -> None:
        click.echo("served")

    def never() -> object:
        pytest.fail("a command is loaded when it is called, and ours are not replaced")

    points = [Point("serve", lambda: serve), Point("db", never, named=False), Point("slots", never)]
    monkeypatch.setattr(
        importlib.metadata, "entry_points", lambda *, group: points if group == "petpro.commands" else []
    )
    runner = CliRunner()
    assert runner.invoke(main, ["serve"]).stdout == "served\n"
    helped = runner.invoke(main, ["--help"]).stdout
    assert "From petpro-other." in helped
    assert "From other:command." in helped
    assert main.list_commands(click.Context(main)) == [*app.COMMANDS, "db", "serve"]
    assert runner.invoke(main, ["slots", "--help"]).exit_code == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion_is_there(shell: str) -> None:
    done = CliRunner().invoke(main, [], prog_name="petpro", env={"_PETPRO_COMPLETE": f"{shell}_source"})
    assert "_PETPRO_COMPLETE" in done.stdout
