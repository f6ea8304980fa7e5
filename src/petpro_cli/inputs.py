"""What a command reads: the clinic file, the calendar feeds, and the question made of them and of the options."""

from __future__ import annotations

import errno
import os
import re
import sys
from codecs import BOM_UTF8
from datetime import datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict

import attrs
import click

from petpro_cli.app import Refused, notice, without_line
from petpro_cli.progress import each
from petpro_cli.streams import tell
from petpro_cli.times import asked_at, machine_now, moment, window, years_around
from petpro_cli.words import length, span_text
from petpro_core.errors import InvalidValueError, PetProError
from petpro_core.interop.clinic import Clinic, ClinicResource, ClinicService, read_clinic, read_duration
from petpro_core.interop.clinic.model import KINDS
from petpro_core.interop.ical import CalendarFeed, read_busy
from petpro_core.intervals import ALWAYS, Interval, IntervalSet, duration_us
from petpro_core.reasons import Waiver
from petpro_core.slots import SlotRules
from petpro_core.timezones import TimeZone, load_zone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from petpro_core.bookings import BookingPolicy, BookingTable, Request

__all__ = ["STDIN", "Opened", "Question", "known_key", "of_one", "open_clinic", "read_input"]

STDIN: Final = "-"
_MOST_CLINIC: Final = 5_000_000
_MOST_FEED: Final = 20_000_000
# Buffers, gaps and fixes look beyond the days asked for; what lies further away from them is not read from feeds.
_AROUND: Final = timedelta(days=62)
_NAMED: Final = re.compile(r"([\w.-]{1,64})=(.+)", re.DOTALL)


class Question(TypedDict):
    """What the core's verbs are asked, beside calendars and times."""

    busy: BookingTable
    now: datetime
    policy: BookingPolicy
    request: Request
    waive: tuple[Waiver, ...]


@attrs.frozen(eq=False)
class Opened:
    """A clinic that was read, and the options that every command has.

    Attributes:
        clinic: The file's content.
        folder: Where the names of its feeds are looked up.
        zone: The zone in which times are read and written.
        now: The moment of asking.
        given: The options of the command, by name.
    """

    clinic: Clinic
    folder: Path
    zone: TimeZone
    now: datetime
    given: dict[str, Any]

    def window(self, *, default: int) -> Interval:
        """The days asked for."""
        given = self.given
        return window(given["start"], given["days"], given["end"], now=self.now, zone=self.zone, default=default)

    def moment(self, text: str, option: str) -> datetime:
        """A moment that was typed."""
        return moment(text, self.zone, option)

    # --- what is asked about ------------------------------------------------------------------------------------------

    def service(self) -> ClinicService | None:
        """The service asked for; ``None`` where only a duration was given."""
        key, services = self.given["service"], self.clinic.services
        if key is not None:
            return of_one(services[known_key(key, services, "service", "--service")])
        if self.given["duration"]:
            return None
        if len(services) == 1:
            return of_one(next(iter(services.values())))
        msg = f"say what is asked for: --service ({', '.join(services) or 'the file has none'}), or --duration"
        raise click.UsageError(msg)

    def rules(self, service: ClinicService | None) -> tuple[SlotRules, ...]:
        """The rules of the durations that were given, or of all that the service has, the usual one first."""
        given = self.given["duration"] or ()
        wanted = []
        for text in [given] if isinstance(given, str) else given:
            try:
                wanted.append(SlotRules(read_duration(text)))
            except InvalidValueError as error:
                raise Refused.by_core(error, "--duration") from None
        if service is None:
            return tuple(dict.fromkeys(wanted))
        if not wanted:
            return service.rules
        offered = {rules.duration: rules for rules in service.rules}
        for rules in wanted:
            if rules.duration not in offered:
                msg = f"{service.id} lasts {' or '.join(map(length, offered))}, got {length(rules.duration)}"
                raise click.BadParameter(msg, param_hint="--duration")
        return tuple(dict.fromkeys(offered[rules.duration] for rules in wanted))

    def resources(self, service: ClinicService | None = None) -> list[ClinicResource]:
        """The providers and rooms that are meant: those of the service, or all, or those that were named."""
        everyone, chosen = self.clinic.resources, self.named()
        allowed = list(everyone) if service is None else list(service.resources)
        for key in chosen:
            if key not in allowed and service is not None:
                msg = f"{service.id} is not offered with {key}; it is with {', '.join(allowed)}"
                raise click.UsageError(msg)
        return [everyone[key] for key in allowed if key in chosen or not chosen]

    def named(self) -> list[str]:
        """The ids of the providers, rooms and equipment that were named."""
        chosen = []
        for kind, several in KINDS:
            known = [key for key, one in self.clinic.resources.items() if one.kind == kind]
            chosen += [known_key(key, known, kind, f"--{kind}") for key in self.given.get(several, ())]
        return chosen

    def request(self, service: ClinicService | None) -> Request:
        """Who asks."""
        given = self.given
        self.location()
        return self.clinic.request(
            service=None if service is None else service.id,
            units=given.get("units", 1),
            client=given["client"],
            household=given["household"],
            pet=given["pet"],
            group=given["group"],
            location=given["location"],
        )

    def location(self) -> int | None:
        """The number of the location that was chosen."""
        key, locations = self.given["location"], self.clinic.locations
        return None if key is None else locations[known_key(key, locations, "location", "--location")].handle

    def question(self, service: ClinicService | None, within: Interval) -> Question:
        """Everything the judge is told beside the rules; the feeds are read for the days around ``within``."""
        longest = max(rules.longest_us for rules in self.rules(service))
        return {
            "busy": self.busy(within, longest=timedelta(microseconds=longest)),
            "now": self.now,
            "policy": self.clinic.policy if service is None else service.policy,
            "request": self.request(service),
            "waive": tuple(Waiver(waiver) for waiver in self.given.get("waivers", ())),
        }

    # --- busy time ----------------------------------------------------------------------------------------------------

    def busy(self, within: Interval, *, longest: timedelta = timedelta(0)) -> BookingTable:
        """The file's bookings and every feed's busy time."""
        margin = duration_us(_AROUND + longest)
        around = Interval.from_us(
            max(within.start_us - margin, ALWAYS.start_us), min(within.end_us + margin, ALWAYS.end_us)
        )
        feeds = [
            (resource.handle, feed.busy, feed.known)
            for path, resource in each(self._sources(), "reading calendars")
            for resource, feed in [self._feed(path, resource, around)]
        ]
        return self.clinic.busy().with_feeds(feeds)

    def _sources(self) -> list[tuple[str, ClinicResource | None]]:
        """Every feed's file once for each resource; ``None`` = the file itself must tell whose it is."""
        found: list[tuple[str, ClinicResource | None]] = [
            (_beside(self.folder, name), resource)
            for resource in self.clinic.resources.values()
            for name in resource.feeds
        ]
        for text in (*self.given.get("feeds", ()), *self.given["named_feeds"]):
            named = _NAMED.fullmatch(text)
            if named is None:
                path, owner = text, self._owner(Path(text).stem, Path(text).name)
            else:
                path = named[2]
                owner = self.clinic.resources[known_key(named[1], self.clinic.resources, "provider or room", "--feed")]
            if not any(_same(path, known) and owner in (None, whose) for known, whose in found):
                found.append((path, owner))
        stdin = [path for path, _ in found if path == STDIN]
        if len(stdin) + (self.given["clinic"] == STDIN) > 1:
            msg = "standard input can be read once; give one - only"
            raise click.UsageError(msg)
        return found

    def _owner(self, *names: str) -> ClinicResource | None:
        """Whose calendar it is, by its file's name or the name it gives itself."""
        for resource in self.clinic.resources.values():
            known = {resource.id.casefold(), resource.name.casefold(), *(feed.casefold() for feed in resource.feeds)}
            if any(name.casefold() in known for name in names):
                return resource
        return None

    def _feed(self, path: str, owner: ClinicResource | None, around: Interval) -> tuple[ClinicResource, CalendarFeed]:
        skip = self.given["skip_bad"]
        shown = "<stdin>" if path == STDIN else path
        try:
            data = read_input(path, _MOST_FEED)
            feed = read_busy(data, within=around, zone=self.zone_of(owner), skip_bad=skip, max_bytes=_MOST_FEED)
        except (PetProError, Refused) as error:
            refused = Refused.by_core(error, shown) if isinstance(error, PetProError) else error
            if not skip or owner is None:
                raise refused from None
            _warn(refused.place, f"{refused.reason}; all time of {owner.id} is taken as unknown", refused.code)
            return owner, CalendarFeed(IntervalSet.empty(), IntervalSet.empty(), (), None, 0)
        resource = owner or self._owner(feed.name or "")
        if resource is None:
            ids = ", ".join(self.clinic.resources)
            msg = f"whose calendar is {feed.name!r}? write NAME={path}, NAME being one of {ids}"
            raise Refused(shown, msg, "unknown_owner")
        for event in feed.skipped:
            what = "all time" if event.interval is None else f"{span_text(event.interval, self.zone)}"
            told = f"{without_line(event.message, event.line)}; {what} of {resource.id} is taken as unknown"
            _warn(f"{shown}:{event.line}", told, event.code)
        return resource, feed

    def zone_of(self, owner: ClinicResource | None) -> TimeZone:
        """The zone of a feed's times that name none."""
        return self.clinic.zone if owner is None else owner.calendar.zone


def open_clinic(given: dict[str, Any], *texts: str | None, days: int = 366, data: bytes | None = None) -> Opened:
    """Read the clinic file and the options that every command has; ``texts`` are dates that were typed.

    ``data`` is the file where it was read already: standard input can be read once.
    """
    path = given["clinic"]
    # Only a moment with an offset can be read before a zone is known; another is read again below.
    now = machine_now() if given["now"] is None else asked_at(given["now"], TimeZone.fixed(timedelta(0)))
    data = read_input(path, _MOST_CLINIC) if data is None else data
    form: Literal["toml", "json"] = given["form"] or _format(path, data)
    years = years_around(now, given.get("start"), given.get("end"), *texts, days=given.get("days") or days)
    try:
        clinic = read_clinic(data, format=form, holiday_years=years, max_bytes=_MOST_CLINIC)
    except PetProError as error:
        raise Refused.by_core(error, "<stdin>" if path == STDIN else path) from None
    try:
        zone = clinic.zone if given["zone"] is None else load_zone(given["zone"])
    except PetProError as error:
        raise Refused.by_core(error, "--zone") from None
    if given["now"] is not None:
        now = asked_at(given["now"], zone)
    return Opened(clinic, Path() if path == STDIN else Path(path).parent, zone, now, given)


def of_one(service: ClinicService) -> ClinicService:
    """A service whose starts are those of single resources.

    Raises:
        UsageError: Its visits take several, or last longer for some: their starts are those of a visit.
    """
    if not service.takes_one:
        roles = ", ".join(f"{role.count} {role.called}" for role in service.roles)
        takes = f"takes {roles} at once" if len(service.roles) > 1 else "depends on who comes and who does it"
        msg = f"a visit of {service.id} {takes}; ask for it by `petpro visit CLINIC {service.id}`"
        raise click.UsageError(msg)
    return service


def _format(path: str, data: bytes) -> Literal["toml", "json"]:
    suffix = Path(path).suffix.lower()
    if suffix in (".toml", ".json"):
        return "json" if suffix == ".json" else "toml"
    return "json" if data.removeprefix(BOM_UTF8).lstrip().startswith(b"{") else "toml"


def read_input(path: str, most: int) -> bytes:
    """A file's bytes, or one more than ``most`` of them: enough to see that it is too large."""
    try:
        if path == STDIN:
            if sys.stdin is None:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))  # noqa: TRY301 - one refusal for all of them
            return sys.stdin.buffer.read(most + 1)
        with Path(path).open("rb") as file:
            return file.read(most + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        shown = "<stdin>" if path == STDIN else path or "''"
        raise Refused(shown, f"it cannot be read: {reason.lower()}", "unreadable_file") from None


def _beside(folder: Path, name: str) -> str:
    """The path of a feed that the clinic file names: always a file's, for ``-`` must be typed to be standard input."""
    path = str(folder / name)
    return f"./{path}" if path == STDIN else path


def _same(one: str, other: str) -> bool:
    return one != STDIN and os.path.realpath(one) == os.path.realpath(other)


def known_key(key: str, known: Iterable[str], what: str, option: str) -> str:
    """The key itself, where it is one of those that are known.

    Raises:
        BadParameter: It is not; the closest one is named.
    """
    names = list(known)
    if key not in names:
        close = get_close_matches(key, names, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        msg = f"no {what} {key!r}; {hint}the file has {', '.join(names) or 'none'}"
        raise click.BadParameter(msg, param_hint=option)
    return key


def _warn(place: str, message: str, code: str) -> None:
    tell(notice("warning", place, message, code))
