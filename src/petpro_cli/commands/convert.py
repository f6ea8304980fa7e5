"""``petpro convert``: between clinic files, iCalendar and FHIR; slots as SMART Scheduling Links."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

import click

__all__ = ["command"]

FORMATS: Final = ("toml", "json", "ical", "fhir", "ndjson")
TARGETS: Final = ("clinic", "ical", "fhir", "smart")
DAYS: Final = 14


@click.command(
    "convert", epilog="FHIR tells slots, not rules: a clinic that is made of it offers these slots and nothing else."
)
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option("--to", "target", type=click.Choice(TARGETS), required=True, help="What is made.")
@click.option("--output", metavar="PATH", help="A file; for smart, a folder.  [default: standard output]")
@click.option("--from-format", type=click.Choice(FORMATS), help="Format of SOURCE, if not what it looks like.")
@click.option("--feed", "named_feeds", metavar="[NAME=]FILE.ics", multiple=True, help="Busy time of NAME.")
@click.option("--skip-bad", is_flag=True, help="Where a feed cannot be read: warn, and take that time as unknown.")
@click.option("--service", "services", metavar="ID", multiple=True, help="Publish only this service; may be repeated.")
@click.option("--provider", "providers", metavar="ID", multiple=True, help="Publish only this provider, likewise.")
@click.option("--room", "rooms", metavar="ID", multiple=True, help="Publish only this room, likewise.")
@click.option("--location", metavar="ID", help="Publish only hours kept at this location.")
@click.option("--from", "start", metavar="DATE|DATETIME", help="First day that is published.  [default: today]")
@click.option("--days", type=click.IntRange(1, 3660), help=f"How many days are published.  [default: {DAYS}]")
@click.option("--until", "end", metavar="DATE|DATETIME", help="Last day, or the moment before which it ends.")
@click.option("--limit", type=click.IntRange(1), default=100_000, show_default=True, help="At most so many free slots.")
@click.option(
    "--zone", metavar="KEY", help="Read and write times by this zone's clock; needed to make a clinic of FHIR."
)
@click.option("--now", metavar="DATETIME", help="The moment of asking and publishing.  [default: this machine's clock]")
@click.option("--name", metavar="TEXT", help="The clinic's name, where SOURCE tells none.")
@click.option("--url", metavar="URL", help="smart: where the folder will be served.")
@click.option("--phone", metavar="NUMBER", help="smart: whom to call.")
@click.option("--address", metavar="TEXT", help="smart: STREET, CITY, STATE, POSTAL CODE.")
@click.option("--booking-url", metavar="URL", default="", help="smart: where to book; {slot} is the id of the slot.")
def command(**given: Any) -> None:  # noqa: ANN401 - options by name
    """Convert a clinic file, an iCalendar file or a FHIR R4 bundle into another of these.

    SOURCE is a file, or - for standard input; beside a clinic file there may be calendars (FEED.ics) with further busy
    time. FHIR and SMART Scheduling Links get the free slots of the days asked for, as `petpro slots` finds them.
    """
    import_module("petpro_cli.running.convert").run(given)
