"""The options that commands share, and what was given for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

__all__ = [
    "DEFAULT_DAYS",
    "asking",
    "inputs",
    "outputs",
    "patient",
    "requesting",
    "source",
    "waiving",
    "window",
    "written",
]

_F = TypeVar("_F", bound=Callable[..., Any])
_Option = Callable[[Any], Any]

DEFAULT_DAYS: Final = {"slots": 7, "free": 7, "visit": 7, "explain": 1, "conflicts": 90, "impact": 14, "simulate": 1}
# Deadlines are rules about moving and cancelling, which no command does; without its grid a search has no end.
WAIVERS: Final = ("notice", "horizon", "cap", "hours")


def _all(*options: _Option) -> Callable[[_F], _F]:
    def decorate(function: _F) -> _F:
        for option in reversed(options):
            option(function)  # click notes its options on the function itself
        return function

    return decorate


_FORMAT: Final = click.option(
    "--format", "form", type=click.Choice(["toml", "json"]), help="Format of CLINIC, if not its suffix's."
)
_CLOCK: Final = (
    click.option("--zone", metavar="KEY", help="Read and write times by this zone's clock.  [default: the clinic's]"),
    click.option("--now", metavar="DATETIME", help="The moment of asking.  [default: this machine's clock]"),
)


def inputs(*, feeds: bool = True) -> Callable[[_F], _F]:
    """What is read: the clinic file and calendar feeds, and which resources are meant."""
    clinic = click.argument("clinic", metavar="CLINIC")
    more = (click.argument("feeds", metavar="[FEED.ics]...", nargs=-1),) if feeds else ()
    return _all(
        clinic,
        *more,
        click.option(
            "--feed",
            "named_feeds",
            metavar="[NAME=]FILE.ics",
            multiple=True,
            help="Busy time of the provider or room NAME, on top of the feeds that the clinic file names; - is stdin.",
        ),
        _FORMAT,
        click.option(
            "--skip-bad", is_flag=True, help="Where a feed cannot be read: warn, and take that time as unknown."
        ),
        click.option(
            "--provider", "providers", metavar="ID", multiple=True, help="Only this provider; may be repeated."
        ),
        click.option("--room", "rooms", metavar="ID", multiple=True, help="Only this room; may be repeated."),
        click.option("--equipment", metavar="ID", multiple=True, help="Only this equipment; may be repeated."),
        *_CLOCK,
    )


def source() -> Callable[[_F], _F]:
    """What is read, where no calendars and no resources are asked about."""
    return _all(click.argument("clinic", metavar="CLINIC"), _FORMAT, *_CLOCK)


def patient() -> Callable[[_F], _F]:
    """Who comes, where the length of a visit depends on it."""
    return _all(
        click.option("--species", metavar="WORD", help="The patient's species, as in the file's durations."),
        click.option("--size", metavar="WORD", help="Likewise the size."),
        click.option(
            "--new-client/--known-client",
            "new_client",
            default=None,
            help="Whether the client comes for the first time.",
        ),
    )


def asking(*, durations: bool = False) -> Callable[[_F], _F]:
    """What is asked for, and by whom; ``durations`` = of several lengths at once."""
    which = "; may be repeated.  [default: all of the service]" if durations else ".  [default: the service's first]"
    return _all(
        click.option("--service", metavar="ID", help="The service that is asked for."),
        click.option("--duration", metavar="LENGTH", multiple=durations, help=f"30m, 1h30m, 2 nights{which}"),
        *_UNITS,
        *_REQUEST,
    )


_UNITS: Final = (
    click.option("--units", type=click.IntRange(1, 1_000_000), default=1, help="Units of capacity, or seats."),
)
_REQUEST: Final = (
    click.option("--client", metavar="ID", help="Who asks; without it rules about clients are not tested."),
    click.option("--household", metavar="ID", help="Likewise the household."),
    click.option("--pet", metavar="ID", help="Likewise the pet."),
    click.option("--group", metavar="ID", help="Likewise the group."),
    click.option("--location", metavar="ID", help="Only hours kept at this location."),
)


def requesting() -> Callable[[_F], _F]:
    """By whom it is asked for."""
    return _all(*_REQUEST)


def waiving(*, grid: bool) -> Callable[[_F], _F]:
    """Rules that are set aside; ``grid`` = also that visits start at certain times."""
    return _all(
        click.option(
            "--waive",
            "waivers",
            type=click.Choice((*WAIVERS, "grid") if grid else WAIVERS),
            multiple=True,
            help="Set this rule aside; may be repeated.",
        )
    )


def window(*, days: int) -> Callable[[_F], _F]:
    """Which days are looked at."""
    return _all(
        click.option("--from", "start", metavar="DATE|DATETIME", help="First day, or moment.  [default: today]"),
        click.option("--days", type=click.IntRange(1, 3660), help=f"How many days.  [default: {days}]"),
        click.option("--to", "end", metavar="DATE|DATETIME", help="Last day, or the moment before which it ends."),
    )


def outputs(*, csv: bool = True, ics: bool = True) -> Callable[[_F], _F]:
    """How the answer is written."""
    forms = [("json", "JSON."), *([("csv", "CSV.")] if csv else []), *([("ics", "iCalendar.")] if ics else [])]
    return _all(
        *(click.option(f"--{form}", f"as_{form}", is_flag=True, help=f"Write {help_}") for form, help_ in forms)
    )


def written(given: dict[str, Any]) -> str:
    """The one form that was chosen: json, csv, ics or text."""
    chosen = [form for form in ("json", "csv", "ics") if given.get(f"as_{form}")]
    if len(chosen) > 1:
        msg = f"choose one of --{' and --'.join(chosen)}"
        raise click.UsageError(msg)
    return chosen[0] if chosen else "text"
