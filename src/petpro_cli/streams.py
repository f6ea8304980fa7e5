"""Standard output and standard error that take no more: full disks, closed pipes, closed descriptors."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from typing import TextIO

__all__ = ["decided", "finish", "let_go", "status", "tell"]

_STATUS: Final = "petpro.status"


def decided(status: int) -> None:
    """Keep the exit status of an answer before it is written, for it holds although nobody reads the answer."""
    click.get_current_context().meta[_STATUS] = status


def status(ctx: click.Context | None) -> int:
    """The exit status that was kept; 0 for what answers no question with yes or no."""
    return 0 if ctx is None else int(ctx.meta.get(_STATUS, 0))


def finish() -> None:
    """Write what is still held for standard output.

    Raises:
        OSError: standard output takes it not, or is closed.
    """
    if sys.stdout is None:  # so Python tells a descriptor that was closed before it began
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    sys.stdout.flush()


def let_go(stream: TextIO | None) -> None:
    """Send what is still held for a stream to nowhere: at its end Python would try again, and change the status."""
    # A stream without a descriptor, or none at all, holds nothing that could fail.
    with suppress(OSError, ValueError, AttributeError):
        descriptor = stream.fileno()  # type: ignore[union-attr]
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)


def tell(line: str) -> None:
    """Write a line to standard error; where that takes none, the exit status alone tells."""
    try:
        click.echo(line, err=True)
    except OSError:
        let_go(sys.stderr)
