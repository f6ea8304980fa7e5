"""``petpro check``: may this start be booked?"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from petpro_cli.options import asking, inputs, outputs, waiving

__all__ = ["command"]


@click.command(
    "check",
    epilog="Exit status 0: it may be booked, with at least one of those that were asked. 1: it may not. 2: bad input.",
)
@inputs(feeds=False)
@click.argument("start", metavar="START")
@asking()
@waiving(grid=True)
@outputs(csv=False, ics=False)
def command(**given: Any) -> None:  # noqa: ANN401 - options by name
    """Say whether a visit may start at START (YYYY-MM-DDTHH:MM), and every reason if it may not.

    CLINIC is a clinic file (TOML or JSON; - is standard input). Without --provider and --room, each that offers the
    service is asked.
    """
    import_module("petpro_cli.running.check").run(given)
