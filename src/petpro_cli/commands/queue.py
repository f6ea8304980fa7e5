"""``petpro queue``: who is next, how long the wait is, and what one more provider would change."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from petpro_cli.options import DEFAULT_DAYS, inputs, outputs, source, window

__all__ = ["command"]

_SEED = click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="The same seed, the same answer."
)


@click.group("queue", epilog="The queue stands in the clinic file, under [queue].")
def command() -> None:
    """Say who is next, how long the wait is, and what one more provider would change."""


@command.command("rank", epilog="The same entries, policy, moves and moment give the same order on every machine.")
@source()
@outputs(ics=False)
def rank(**given: Any) -> None:  # noqa: ANN401 - options by name
    """Put those who wait in order, with the reasons, and name those who have waited too long.

    CLINIC is a clinic file (TOML or JSON; - is standard input).
    """
    import_module("petpro_cli.running.queue_rank").run(given)


@command.command("forecast", epilog="One time in ten it begins by the first moment, every other time by the second.")
@inputs(feeds=False)
@click.option("--walk-in", "walk_in", metavar="URGENCY", help="Ask about somebody who would come now, too.")
@click.option("--service", metavar="ID", help="With --walk-in: what they would come for.")
@click.option(
    "--paths", type=click.IntRange(1, 100_000), default=500, show_default=True, help="How many sampled paths."
)
@_SEED
@outputs(ics=False)
def forecast(**given: Any) -> None:  # noqa: ANN401 - options by name
    """Foresee when each turn begins: early, as a median, and late.

    CLINIC is a clinic file (TOML or JSON; - is standard input). Without --provider, the servers of its queue are there;
    hours, breaks and bookings ahead are looked at.
    """
    import_module("petpro_cli.running.queue_forecast").run(given)


@command.command("simulate", epilog="Two runs of one seed are of the same people, whoever serves them.")
@inputs(feeds=False)
@window(days=DEFAULT_DAYS["simulate"])
@click.option(
    "--more", type=click.IntRange(0, 50), default=0, help="So many more servers, with the hours of the first."
)
@click.option("--runs", type=click.IntRange(1, 100_000), default=200, show_default=True, help="How many times.")
@_SEED
@outputs(ics=False)
def simulate(**given: Any) -> None:  # noqa: ANN401 - options by name
    """Run the queue's arrivals over some days, many times, and tell the waits by urgency and by hour.

    CLINIC is a clinic file (TOML or JSON; - is standard input). With --more, the same people are served by more, and
    the difference is told.
    """
    import_module("petpro_cli.running.queue_simulate").run(given)
