"""``petpro slots``: the starts at which a service may be booked."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from petpro_cli.options import DEFAULT_DAYS, asking, inputs, outputs, waiving, window

__all__ = ["command"]


@click.command(
    "slots", epilog="Starts are given where booking them now would be accepted, by the same judge as `check`."
)
@inputs()
@asking(durations=True)
@window(days=DEFAULT_DAYS["slots"])
@click.option("--first", is_flag=True, help="Only the first start of each provider or room.")
@click.option("--count", is_flag=True, help="Only how many starts there are.")
@click.option("--together", is_flag=True, help="Only starts that all chosen providers and rooms accept.")
@click.option("--need", type=click.IntRange(1), help="Only starts that at least so many of them accept.")
@click.option("--limit", type=click.IntRange(1), default=100_000, show_default=True, help="At most so many starts.")
@waiving(grid=False)
@outputs()
def command(**given: Any) -> None:  # noqa: ANN401 - options by name
    """List the starts at which a service may be booked.

    CLINIC is a clinic file (TOML or JSON; - is standard input). FEED.ics are calendars with further busy time, each
    named after its provider or room, or written NAME=FILE.ics.
    """
    import_module("petpro_cli.running.slots").run(given)
