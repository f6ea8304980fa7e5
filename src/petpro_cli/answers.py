"""What commands print for people: colours and blocks on a terminal that has them, plain characters elsewhere."""

from __future__ import annotations

import errno
import os
import sys
from typing import NoReturn

from rich.console import Console

from petpro_cli.picture import ASCII, UNICODE, Signs

__all__ = ["console", "signs"]


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Let the program end as with any other output; rich would end it with status 1, which is an answer here."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def console() -> Console:
    """Standard output. Nothing in a text is read as markup, an emoji or something to highlight."""
    return _Console(markup=False, highlight=False, emoji=False, soft_wrap=False)


def signs() -> Signs:
    """Block characters where the output can show them."""
    encoding: str | None = getattr(sys.stdout, "encoding", None)
    return UNICODE if (encoding or "ascii").lower().startswith("utf") else ASCII
