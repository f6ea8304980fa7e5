"""``petpro convert``: between clinic files, iCalendar and FHIR; slots as SMART Scheduling Links."""

from __future__ import annotations

import errno
import json
import os
import shutil
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import attrs
import click

from petpro_cli.app import Refused, without_line
from petpro_cli.commands.convert import DAYS
from petpro_cli.inputs import STDIN, Opened, known_key, of_one, open_clinic, read_input
from petpro_cli.progress import working
from petpro_cli.streams import tell
from petpro_cli.times import asked_at, machine_now, window
from petpro_core.decisions import find_slots
from petpro_core.errors import InvalidValueError, PetProError
from petpro_core.interop import ical
from petpro_core.interop.clinic import Clinic, write_clinic
from petpro_core.interop.fhir import (
    PublishedPlace,
    ScheduleBundle,
    bundle_of_clinic,
    clinic_of_bundle,
    fhir_id,
    read_bundle,
    write_bundle,
    write_smart,
)
from petpro_core.timezones import TimeZone, load_zone

if TYPE_CHECKING:
    from datetime import datetime

    from petpro_core.slots import SlotTable

__all__ = ["run"]

_MOST: Final = 50_000_000
_MOST_RESOURCES: Final = 1_000_000
_BOMS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_SMART: Final = ("url", "phone", "address")
_ADDRESS: Final = 4
_WHOLE: Final = {"clinic": "a clinic file", "ical": "iCalendar"}
_CHOICES: Final = {"services": "--service", "providers": "--provider", "rooms": "--room", "location": "--location"}
_DAYS: Final = {"start": "--from", "days": "--days", "end": "--until"}


def run(given: dict[str, Any]) -> None:
    """Convert, with the options by name."""
    path, *more = given.pop("sources")
    target, output = given["target"], given["output"]
    _check(given)
    data = read_input(path, _MOST)
    form = given["from_format"] or _format(path, data)
    if form in ("fhir", "ndjson", "ical") and (more or given["named_feeds"]):
        msg = f"calendars of further busy time stand beside a clinic file, and {_shown(path)} is {form}"
        raise click.UsageError(msg)
    if target in _WHOLE:
        _check_whole(given, more)
    if output is not None and any(_same(output, one) for one in (path, *more)):
        msg = f"{output} is what is read; choose another place"
        raise click.BadParameter(msg, param_hint="--output")
    given |= {"clinic": path, "feeds": tuple(more), "form": form}
    source = _Published.read(given, data) if form in ("fhir", "ndjson") else _Practice.read(given, data)
    if target in _WHOLE:
        _write(output, _whole(source))
    elif target == "fhir":
        plain = write_bundle(source.bundle(), zone=source.zone)
        _write(output, json.dumps(plain, indent=2, ensure_ascii=False) + "\n")
    else:
        _write_folder(Path(output), _smart(source))


def _check(given: dict[str, Any]) -> None:
    """Refuse options that do not go together before anything is read."""
    if given["output"] == "":
        msg = "a path is needed, got ''; leave the option out to write to standard output"
        raise click.BadParameter(msg, param_hint="--output")
    if given["target"] != "smart":
        for key in (*_SMART, "booking_url"):
            if given[key]:
                msg = "it tells where slots are published, and goes with --to smart"
                raise click.BadParameter(msg, param_hint=f"--{key.replace('_', '-')}")
        return
    for key in (*_SMART, "output"):
        if not given[key]:
            msg = "it is needed with --to smart" + (": a folder" if key == "output" else "")
            raise click.BadParameter(msg, param_hint=f"--{key}")


def _check_whole(given: dict[str, Any], calendars: list[str]) -> None:
    """Refuse what would be left out in silence where all of a clinic is written."""
    if calendars or given["named_feeds"]:
        msg = "a calendar's busy time is published, as fhir or smart; a clinic file names its calendars (feeds = [...])"
        raise click.UsageError(msg)
    for key, option in _CHOICES.items():
        if given[key]:
            msg = "a clinic is written as a whole; what is published is chosen with --to fhir or smart"
            raise click.BadParameter(msg, param_hint=option)


# --- what is read -----------------------------------------------------------------------------------------------------


def _shown(path: str) -> str:
    return "<stdin>" if path == STDIN else path


def _format(path: str, data: bytes) -> str:
    """What a source looks like: by its suffix, and by how it begins."""
    suffix = Path(path).suffix.lower()
    by_suffix = {".toml": "toml", ".ics": "ical", ".ical": "ical", ".ndjson": "ndjson"}
    if suffix in by_suffix:
        return by_suffix[suffix]
    text = data
    for mark in _BOMS:
        text = text.removeprefix(mark)
    text = text.lstrip()
    if text[:15].upper().replace(b"\0", b"").startswith(b"BEGIN:V"):
        return "ical"
    if suffix != ".json" and not text.startswith(b"{"):
        return "toml"
    if b'"resourceType"' not in text:
        return "json"
    first, _, rest = text.partition(b"\n")
    return "ndjson" if first.rstrip().endswith(b"}") and rest.lstrip().startswith(b"{") else "fhir"


@attrs.frozen(eq=False)
class _Published:
    """A FHIR bundle."""

    given: dict[str, Any]
    now: datetime
    zone: TimeZone | None
    content: ScheduleBundle

    @classmethod
    def read(cls, given: dict[str, Any], data: bytes) -> _Published:
        for key, option in (_CHOICES | _DAYS).items():
            if given[key]:
                _refuse_choice(option)
        zone = None if given["zone"] is None else _zone(given["zone"])
        now = machine_now() if given["now"] is None else asked_at(given["now"], zone or TimeZone.fixed(timedelta(0)))
        form: Literal["json", "ndjson"] = "ndjson" if given["form"] == "ndjson" else "json"
        try:
            bundle = read_bundle(data, format=form, zone=zone, limit=_MOST_RESOURCES, max_bytes=_MOST)
        except PetProError as error:
            raise Refused.by_core(error, _shown(given["clinic"])) from None
        return cls(given, now, zone, bundle)

    def clinic(self) -> Clinic:
        """A clinic of it."""
        if self.zone is None:
            msg = "a bundle does not tell the clinic's zone; give a key of tzdata, as America/New_York"
            raise click.BadParameter(msg, param_hint="--zone")
        try:
            return clinic_of_bundle(self.content, zone=self.zone, name=self.given["name"] or "")
        except PetProError as error:
            raise Refused.by_core(error, _shown(self.given["clinic"])) from None

    def bundle(self) -> ScheduleBundle:
        """What is published."""
        return self.content

    def place(self) -> tuple[str, str]:
        """The id and the name of the place that is published."""
        return "clinic", self.given["name"] or ""


def _refuse_choice(option: str) -> None:
    msg = "a bundle is converted as it is; what is published is chosen where slots are found, from a clinic"
    raise click.BadParameter(msg, param_hint=option)


def _zone(key: str) -> TimeZone:
    try:
        return load_zone(key)
    except PetProError as error:
        raise Refused.by_core(error, "--zone") from None


@attrs.frozen(eq=False)
class _Practice:
    """A clinic, of a clinic file or of iCalendar."""

    given: dict[str, Any]
    now: datetime
    zone: TimeZone
    opened: Opened

    @classmethod
    def read(cls, given: dict[str, Any], data: bytes) -> _Practice:
        if given["form"] != "ical":
            opened = open_clinic(given, data=data)
        else:
            try:
                clinic = ical.read_clinic(data, max_bytes=_MOST)
            except PetProError as error:
                raise Refused.by_core(error, _shown(given["clinic"])) from None
            zone = clinic.zone if given["zone"] is None else _zone(given["zone"])
            now = machine_now() if given["now"] is None else asked_at(given["now"], zone)
            opened = Opened(clinic, Path(given["clinic"]).parent, zone, now, given)
        return cls(given, opened.now, opened.zone, opened)

    def clinic(self) -> Clinic:
        """The clinic, by the name that was typed."""
        name = self.given["name"]
        return self.opened.clinic if name is None else attrs.evolve(self.opened.clinic, name=name)

    def bundle(self) -> ScheduleBundle:
        """What is published: the free slots of the days asked for, and what is taken in them."""
        given, opened, clinic = self.given, self.opened, self.opened.clinic
        services = [known_key(key, clinic.services, "service", "--service") for key in given["services"]]
        for key in services:
            of_one(clinic.services[key])
        # A slot is one schedule's, so what takes several at once has none; and FHIR's words for machines are others.
        published = services or [key for key, one in clinic.services.items() if one.takes_one]
        if left_out := [key for key in clinic.services if not services and key not in published]:
            tell(f"note: not published, because their visits take several at once: {', '.join(left_out)}")
        chosen = {one.id for one in opened.resources() if one.kind != "equipment"}
        if services:
            chosen &= {key for one in services for key in clinic.services[one].resources}
        opened.location()
        within = window(
            given["start"], given["days"], given["end"], now=opened.now, zone=opened.zone, default=DAYS, until="--until"
        )
        longest = max((one.rules[0].longest_us for one in clinic.services.values()), default=0)
        busy = opened.busy(within, longest=timedelta(microseconds=longest))
        found: dict[str, SlotTable] = {}
        left = given["limit"]
        with working("searching"):
            for key in dict.fromkeys(published):
                service = clinic.services[key]
                rows = clinic.calendars(one for one in service.resources if one in chosen)
                found[key] = find_slots(
                    rows,
                    busy=busy,
                    rules=service.rules[0],
                    policy=service.policy,
                    request=clinic.request(service=key, location=given["location"]),
                    within=within,
                    now=opened.now,
                    limit=left,
                )
                left = max(1, left - len(found[key]))
        untested = sorted({rule for table in found.values() for rule in table.untested})
        if untested:
            tell(f"note: not tested, because nobody said who asks: {'; '.join(untested)}")
        ids = [key for key in clinic.resources if key in chosen]
        return bundle_of_clinic(clinic, within=within, now=opened.now, slots=found, busy=busy, resources=ids)

    def place(self) -> tuple[str, str]:
        """The id and the name of the place that is published."""
        locations, key = self.opened.clinic.locations, self.given["location"]
        if key is None and len(locations) > 1:
            msg = f"one place is published at a time; choose one of {', '.join(locations)}"
            raise click.BadParameter(msg, param_hint="--location")
        name = self.given["name"] or self.opened.clinic.name
        if key is None:
            return next(iter(locations), "clinic"), name
        one = locations[known_key(key, locations, "location", "--location")]
        return one.id, name if one.name == one.id else one.name


def _smart(source: _Published | _Practice) -> dict[str, str]:
    given = source.given
    ident, name = source.place()
    if not name:
        msg = "a place that is published has a name, and the source tells none"
        raise click.BadParameter(msg, param_hint="--name")
    parts = [part.strip() for part in given["address"].split(",")]
    if len(parts) < _ADDRESS or not all(parts):
        msg = f"an address is written STREET, CITY, STATE, POSTAL CODE, got {given['address']!r}"
        raise click.BadParameter(msg, param_hint="--address")
    *lines, city, state, code = parts
    bundle = source.bundle()
    try:
        return write_smart(
            bundle,
            place=PublishedPlace(
                id=fhir_id(ident),
                name=name,
                phone=given["phone"],
                lines=lines,
                city=city,
                state=state,
                postal_code=code,
            ),
            base_url=given["url"],
            booking_url=given["booking_url"],
            now=source.now,
            zone=source.zone,
        )
    except InvalidValueError as error:
        options = {"base_url": "--url", "booking_url": "--booking-url", "phone": "--phone"}
        raise Refused.by_core(error, options.get(error.values.get("name", ""), "--to")) from None


# --- what is written --------------------------------------------------------------------------------------------------


def _whole(source: _Published | _Practice) -> str:
    """The text of a clinic file or of iCalendar, which say all of a clinic."""
    given = source.given
    target, output = given["target"], given["output"]
    clinic = source.clinic()
    try:
        if target == "ical":
            return ical.write_clinic(clinic, now=source.now)
        toml = output is not None and Path(output).suffix.lower() == ".toml"
        return write_clinic(clinic, format="toml" if toml else "json")
    except PetProError as error:
        # The line that it may tell is one of the text that would have been written.
        reason = without_line(error.message, error.values.get("line"))
        raise Refused(_shown(given["clinic"]), f"it cannot be made {_WHOLE[target]}: {reason}", error.code) from None


def _same(one: str, other: str) -> bool:
    return STDIN not in (one, other) and os.path.realpath(one) == os.path.realpath(other)


def _write(output: str | None, text: str) -> None:
    if output in (None, STDIN):
        click.echo(text, nl=False)
    else:
        _write_file(Path(output or ""), text)


def _write_folder(folder: Path, files: dict[str, str]) -> None:
    """The manifest comes last, so that nobody is led to files that are not there yet."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from None
    for name, text in files.items():
        _write_file(folder / name, text)


def _write_file(path: Path, text: str) -> None:
    """Write beside the file and put it in place, so that a reader never sees half of it.

    What stands there keeps its rights, and a link leads on to its file. A device or a pipe is written to: put in
    place, the file would stand where the device was.
    """
    try:
        data = text.encode("utf-8")
        path = Path(os.path.realpath(path))
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        beside = path.with_name(f".{path.name}.new")
        try:
            beside.write_bytes(data)
            if path.exists():
                shutil.copymode(path, beside)
            beside.replace(path)
        except OSError:
            with suppress(OSError):
                beside.unlink()
            raise
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: Exception) -> Refused:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Refused(str(path), f"it cannot be written: {reason.lower()}", "unwritable_output")
