"""``petpro visit``: the starts of a visit of several people, rooms or steps, with who does what."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from petpro_cli.options import DEFAULT_DAYS, inputs, outputs, patient, requesting, waiving, window

__all__ = ["command"]


@click.command(
    "visit", epilog="Starts are given where booking them now would be accepted, by the same judge as `check`."
)
@inputs(feeds=False)
@click.argument("visit", metavar="VISIT|SERVICE")
@click.option("--duration", metavar="LENGTH", help="Of a service: one of its durations, whoever comes.")
@patient()
@click.option("--prefer", metavar="ID", multiple=True, help="Whom to take before the others; may be repeated.")
@requesting()
@window(days=DEFAULT_DAYS["visit"])
@click.option("--explain", metavar="START", help="Say who could take which part at this moment, and why others cannot.")
@click.option("--limit", type=click.IntRange(1), default=100_000, show_default=True, help="At most so many starts.")
@waiving(grid=False)
@outputs()
def command(**given: Any) -> None:  # noqa: ANN401 - options by name
    """List the starts of a visit, each with a concrete assignment for every step.

    CLINIC is a clinic file (TOML or JSON; - is standard input). VISIT is the id of one of its visits, or of a service,
    which is a visit of one step.
    """
    import_module("petpro_cli.running.visit").run(given)
