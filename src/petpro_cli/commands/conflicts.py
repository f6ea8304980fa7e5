"""``petpro conflicts``: bookings that overlap beyond what their resource can take."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from petpro_cli.options import DEFAULT_DAYS, inputs, outputs, window

__all__ = ["command"]


@click.command("conflicts", epilog="Exit status 0: none. 1: there are some. 2: bad input.")
@inputs()
@window(days=DEFAULT_DAYS["conflicts"])
@outputs()
def command(**given: Any) -> None:  # noqa: ANN401 - options by name
    """List where bookings and busy time in feeds overlap beyond capacity, buffers included.

    CLINIC is a clinic file (TOML or JSON; - is standard input). FEED.ics are calendars with further busy time, each
    named after its provider or room, or written NAME=FILE.ics.
    """
    import_module("petpro_cli.running.conflicts").run(given)
