"""``petpro free``: the free time of providers and rooms."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from petpro_cli.options import DEFAULT_DAYS, inputs, outputs, window

__all__ = ["command"]


@click.command("free", epilog="This is time, not starts: notice, limits and buffers of a new visit are not in it.")
@inputs()
@window(days=DEFAULT_DAYS["free"])
@click.option("--location", metavar="ID", help="Only hours kept at this location.")
@outputs()
def command(**given: Any) -> None:  # noqa: ANN401 - options by name
    """List free time: opening hours without what is booked, busy in a feed, or unknown.

    CLINIC is a clinic file (TOML or JSON; - is standard input). FEED.ics are calendars with further busy time, each
    named after its provider or room, or written NAME=FILE.ics.
    """
    import_module("petpro_cli.running.free").run(given)
