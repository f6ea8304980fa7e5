"""The program ``petpro``: a group whose commands are imported when they are called, so that ``--help`` answers at once.

Other distributions add commands by the entry point group ``petpro.commands``; none of them is known here by name.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any, Final

import click

from petpro_cli import streams

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Refused", "main", "notice", "shown", "without_line"]

INTERRUPTED: Final = 130
ENTRY_POINTS: Final = "petpro.commands"
_USAGE: Final = "invalid_usage"

# The help stands here too, because reading it from the modules would import what they need.
COMMANDS: Final = {
    "slots": "List the starts at which a service may be booked.",
    "free": "List the free time of providers and rooms.",
    "check": "Say whether a start may be booked; exit status 1 and the reasons if not.",
    "explain": "Say why a start is refused and what would help, or count the reasons of whole days.",
    "match": "Say who can: which providers, rooms and equipment fit each role, and what the others lack.",
    "visit": "List the starts of a visit of several people, rooms or steps, with who does what.",
    "conflicts": "List bookings that overlap beyond capacity; exit status 1 if there are any.",
    "impact": "Say what an absence or a closed room breaks, and how to mend it; exit status 1 if it breaks.",
    "workload": "Report how work is shared: minutes, shares and fairness by week.",
    "queue": "Say who is next, how long the wait is, and what one more provider would change.",
    "convert": "Convert between clinic files, iCalendar and FHIR, and publish slots as SMART Scheduling Links.",
}


def _added() -> Iterator[metadata.EntryPoint]:
    """The commands of other distributions; those of this one cannot be replaced."""
    return (point for point in metadata.entry_points(group=ENTRY_POINTS) if point.name not in COMMANDS)


class Commands(click.Group):
    """A group that knows the names of its commands and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name our commands in the order of use, then those of other distributions."""
        return [*COMMANDS, *sorted({point.name for point in _added()})]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import one command."""
        if cmd_name in COMMANDS:
            command: click.Command = import_module(f"petpro_cli.commands.{cmd_name}").command
            return command
        return next((point.load() for point in _added() if point.name == cmd_name), None)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        added = sorted((point.name, f"From {point.dist.name if point.dist else point.value}.") for point in _added())
        if added:
            with formatter.section("Commands of other distributions"):
                formatter.write_dl(added)

    def make_context(self, *args: Any, **more: Any) -> click.Context:  # noqa: ANN401 - click's signature
        """Read what stands before the command; what is wrong with it becomes one line and exit status 2."""
        with _one_line(None), _output(None):
            return super().make_context(*args, **more)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run a command; what is refused becomes one line and exit status 2."""
        try:
            with _one_line(ctx), _output(ctx):
                return super().invoke(ctx)
        except KeyboardInterrupt:
            streams.tell("interrupted")
            ctx.exit(INTERRUPTED)


class Refused(click.ClickException):
    """What a command refuses, in the one form of all errors: ``error: PLACE: message [code]``.

    ``place`` is a file with its line, or the option that is wrong.
    """

    exit_code = 2

    def __init__(self, place: str, message: str, code: str) -> None:
        """Keep the parts."""
        super().__init__(notice("error", place, message, code))
        self.place, self.reason, self.code = place, message, code

    @classmethod
    def by_core(cls, error: Any, place: str) -> Refused:  # noqa: ANN401 - the core is not imported here
        """An error of the core; one that tells a line is about a file, and the line is told with its name."""
        line = error.values.get("line")
        return cls(place if line is None else f"{place}:{line}", without_line(error.message, line), error.code)

    @classmethod
    def by_click(cls, error: click.ClickException, place: str) -> Refused:
        """An error that click found, or that was made as one of click's."""
        ctx = getattr(error, "ctx", None)
        where, message = place if ctx is None else ctx.command_path, error.format_message()
        if isinstance(error, click.BadParameter) and (hint := error.param_hint or _name(error)):
            where = hint if isinstance(hint, str) else " / ".join(hint)
            message = "it is needed" if isinstance(error, click.MissingParameter) else error.message
        message = message.removesuffix(".").replace(". Did you mean", "; did you mean")
        return cls(where, message[:1].lower() + message[1:], _USAGE)

    def show(self, file: Any = None) -> None:  # noqa: ANN401 - click's signature
        """Write the line."""
        if file is None:
            streams.tell(self.message)
        else:
            click.echo(self.message, file=file)


def notice(kind: str, place: str, message: str, code: str) -> str:
    """The one form of errors and warnings; what a terminal would obey is written as an escape."""
    return shown(f"{kind}: {place}: {message} [{code}]")


def without_line(message: str, line: int | None) -> str:
    """A message of the core without the line, where its place tells it."""
    return message if line is None else message.removeprefix(f"line {line}").lstrip(",: ")


def shown(text: str) -> str:
    """Text without what a terminal would obey: characters that cannot be printed are written as escapes."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


def _name(error: click.BadParameter) -> str:
    """What a parameter is called by those who type it."""
    param = error.param
    if param is None:
        return ""
    return max(param.opts, key=len) if param.param_type_name == "option" else param.human_readable_name


def _called(ctx: click.Context | None) -> str:
    """The program and its command, as they were called."""
    return "petpro" if ctx is None else " ".join(filter(None, [ctx.command_path, ctx.invoked_subcommand]))


@contextmanager
def _one_line(ctx: click.Context | None) -> Iterator[None]:
    """Let every refusal through in one form; the help of an empty line, and defects of our own, as they are."""
    try:
        yield
    except (Refused, click.exceptions.NoArgsIsHelpError):
        raise
    except click.ClickException as error:
        raise Refused.by_click(error, _called(ctx)) from None
    except Exception as error:
        # Imported only now: a run that raised one of these has the core in memory already.
        errors = sys.modules.get("petpro_core.errors")
        if errors is None or not isinstance(error, errors.PetProError):
            raise
        raise Refused.by_core(error, _called(ctx)) from None


@contextmanager
def _output(ctx: click.Context | None) -> Iterator[None]:
    """Let no answer get lost in silence; who closes a pipe has read enough.

    Our commands turn what they cannot read into errors of their own, so that a failure of the system without a file's
    name is one of the output. What the commands of other distributions do is theirs.
    """
    ended = None
    try:
        try:
            yield
        except click.exceptions.Exit as error:
            ended = error
        if _ours(ctx) and (ctx is not None or ended is not None):
            streams.finish()
    except (OSError, UnicodeEncodeError) as error:
        if not _ours(ctx) or getattr(error, "filename", None) is not None:
            raise
        streams.let_go(sys.stdout)
        if isinstance(error, BrokenPipeError):
            raise click.exceptions.Exit(streams.status(ctx)) from None
        raise Refused("standard output", f"it cannot be written: {_failure(error)}", "unwritable_output") from None
    if ended is not None:
        raise ended


def _ours(ctx: click.Context | None) -> bool:
    """Whether one of our commands runs, or the help and the version of the program."""
    return ctx is None or ctx.invoked_subcommand in COMMANDS


def _failure(error: OSError | UnicodeEncodeError) -> str:
    if isinstance(error, UnicodeEncodeError):
        return f"its encoding {error.encoding} has no {error.object[error.start]!a}; set PYTHONIOENCODING=utf-8"
    return (error.strerror or str(error)).lower()


def _version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click's signature
    """Write the version of the installed distribution, its single source."""
    if asked:
        try:
            version = metadata.version("petpro")
        except metadata.PackageNotFoundError:
            version = "(not installed: run from a source tree)"
        click.echo(f"petpro {version}")
        ctx.exit()


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="petpro COMMAND --help tells the rest.",
)
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version.")
def main() -> None:
    """Exact scheduling for practices, from a clinic file and calendars: what is free, and the reason for every no."""
