"""``petpro explain``: why a start is refused and what would help, or the reasons of whole days, counted."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from petpro_cli.options import DEFAULT_DAYS, asking, inputs, outputs, waiving, window

__all__ = ["command"]


@click.command(
    "explain", epilog="With START: its reasons and fixes. Without: the reasons of the days of --from, counted."
)
@inputs(feeds=False)
@click.argument("at", metavar="[START]", required=False)
@asking()
@window(days=DEFAULT_DAYS["explain"])
@waiving(grid=True)
@outputs(csv=False, ics=False)
def command(**given: Any) -> None:  # noqa: ANN401 - options by name
    """Say why START (YYYY-MM-DDTHH:MM) may not be booked, and what would help.

    CLINIC is a clinic file (TOML or JSON; - is standard input). Without START, the reasons of every start of whole days
    are counted.
    """
    import_module("petpro_cli.running.explain").run(given)
