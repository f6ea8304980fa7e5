"""What takes long says so: one line on standard error, on a terminal alone, and only after a second."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["each", "working"]

_T = TypeVar("_T")
_QUIET_SECONDS: Final = 1.0


@contextmanager
def working(what: str) -> Iterator[Callable[[str], None]]:
    """Show what is being done while it lasts; gives a function that says how far it is."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it

    # Warnings that arise meanwhile are written above it: rich takes the streams for so long.
    status = Console(stderr=True, markup=False, emoji=False).status(f"{what} ...")
    timer = Timer(_QUIET_SECONDS, status.start)
    timer.daemon = True
    timer.start()
    try:
        yield lambda far: status.update(f"{what}: {far} ...")
    finally:
        # Once it has been waited for, the timer cannot start what was stopped.
        timer.cancel()
        timer.join()
        status.stop()


def each(items: Sequence[_T], what: str) -> Iterator[_T]:
    """The items one after another, with the number of those that are done."""
    with working(what) as tell:
        for number, item in enumerate(items, 1):
            tell(f"{number} of {len(items)}")
            yield item
