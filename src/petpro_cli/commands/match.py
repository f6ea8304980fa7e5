"""``petpro match``: who can, and what the others lack."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from petpro_cli.options import outputs, source

__all__ = ["command"]


@click.command(
    "match", epilog="Exit status 0: all roles can be filled, by distinct people. 1: they cannot. 2: bad input."
)
@source()
@click.option("--service", metavar="ID", help="Match the roles of this service.")
@click.option("--needs", metavar="TEXT", help="Match one role: 'surgery >= advanced and not exotics'.")
@click.option("--kind", type=click.Choice(["provider", "room", "equipment"]), help="With --needs.  [default: provider]")
@click.option("--count", type=click.IntRange(1, 1000), help="With --needs: how many.  [default: 1]")
@click.option("--group", metavar="ID", help="Only those of this group.")
@click.option("--location", metavar="ID", help="Only those who can be at this location.")
@click.option("--at", metavar="DATETIME", help="Only those who are on duty for a visit at this moment.")
@outputs(ics=False)
def command(**given: Any) -> None:  # noqa: ANN401 - options by name
    """Say who fits each role of a service, or one requirement, and what the others lack.

    CLINIC is a clinic file (TOML or JSON; - is standard input). Bookings are not looked at: this is who can, whenever.
    """
    import_module("petpro_cli.running.match").run(given)
