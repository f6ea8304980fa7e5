"""``petpro impact``: what an absence or a closed room breaks, and the smallest mend."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from petpro_cli.options import DEFAULT_DAYS, inputs, outputs

__all__ = ["command"]


@click.command("impact", epilog="Exit status 0: nothing breaks. 1: some bookings do. 2: bad input.")
@inputs(feeds=False)
@click.option("--off", metavar="ID", required=True, help="The provider, room or equipment that is not there.")
@click.option("--from", "start", metavar="DATE|DATETIME", help="From this day or moment on.  [default: today]")
@click.option("--days", type=click.IntRange(1, 3660), help="For so many days.  [default: 1]")
@click.option("--to", "end", metavar="DATE|DATETIME", help="Up to this day, or before this moment.")
@click.option("--reason", default="", metavar="TEXT", help="What people are told: ill, water damage.")
@click.option(
    "--within",
    "span",
    type=click.IntRange(1, 366),
    default=DEFAULT_DAYS["impact"],
    show_default=True,
    help="Look for other times in so many days from the first day on.",
)
@outputs(ics=False)
def command(**given: Any) -> None:  # noqa: ANN401 - options by name
    """Say which bookings break when --off is away, and how few moves save them.

    CLINIC is a clinic file (TOML or JSON; - is standard input). Whoever fits the same role may take a booking, at the
    same time rather than at another. Nothing is booked: the file stays as it is.
    """
    import_module("petpro_cli.running.impact").run(given)
