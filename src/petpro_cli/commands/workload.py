"""``petpro workload``: how work is shared, by week."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from petpro_cli.options import inputs, outputs

__all__ = ["command"]


@click.command("workload", epilog="A visit counts in the week in which it starts, whole and without its buffers.")
@inputs(feeds=False)
@click.option("--week", metavar="DATE", help="The first week: the one with this day.  [default: this week]")
@click.option("--weeks", type=click.IntRange(1, 520), default=1, show_default=True, help="How many weeks.")
@outputs(ics=False)
def command(**given: Any) -> None:  # noqa: ANN401 - options by name
    """Report the minutes that each provider is booked for, their share of the work, and how fair that is.

    CLINIC is a clinic file (TOML or JSON; - is standard input). Busy time of calendars is nobody's work.
    """
    import_module("petpro_cli.running.workload").run(given)
