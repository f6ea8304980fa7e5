"""``petpro match``: who can, and what the others lack."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs
import click
from rich.table import Table
from rich.text import Text

from petpro_cli.answers import console, signs
from petpro_cli.app import Refused
from petpro_cli.formats import echo_csv, echo_json
from petpro_cli.inputs import Opened, known_key, open_clinic
from petpro_cli.options import written
from petpro_cli.streams import decided
from petpro_cli.words import moment_text
from petpro_core.errors import InvalidValueError
from petpro_core.interop.clinic import read_requirement, requirement_text
from petpro_core.interop.plain import to_plain
from petpro_core.intervals import Interval
from petpro_core.matching import Lack, Match, Missing, Pairing, Role, RoleTable, match, pair

if TYPE_CHECKING:
    from petpro_core.matching import Resource

__all__ = ["run"]

_LEVELS: Final = 4


@attrs.frozen(eq=False)
class _Asked:
    """What was asked, and who there is.

    Attributes:
        opened: The clinic and the options.
        title: What is asked for, in words.
        roles: What is needed.
        matches: For each of them who fits it.
        pairing: Who fills them together.
    """

    opened: Opened
    title: str
    roles: tuple[Role, ...]
    matches: tuple[Match, ...]
    pairing: Pairing


def run(given: dict[str, Any]) -> None:
    """Answer, with the options by name."""
    form = written(given)
    if (given["service"] is None) == (given["needs"] is None):
        msg = "say what is needed: --service or --needs, one of them"
        raise click.UsageError(msg)
    if given["needs"] is None and (given["kind"] or given["count"]):
        msg = "--kind and --count go with --needs; the roles of a service say their own"
        raise click.UsageError(msg)
    opened = open_clinic(given, given["at"])
    asked = _matched(opened)
    found = asked.pairing.found
    decided(0 if found else 1)
    if form == "json":
        plain = to_plain(
            {"roles": asked.matches, "pairing": asked.pairing}, zone=opened.zone, names=opened.clinic.names
        )
        echo_json({"service": given["service"], "needs": given["needs"], **plain})
    elif form == "csv":
        echo_csv(["role", "resource", "name", "fits", "missing"], _rows(asked))
    else:
        _show(asked)
    click.get_current_context().exit(0 if found else 1)


def _matched(opened: Opened) -> _Asked:
    given, clinic = opened.given, opened.clinic
    title, roles, lasting = _roles(opened)
    table = clinic.resource_table()
    group, location = (_number(opened, key) for key in ("group", "location"))
    duty = None
    if given["at"] is not None:
        start = opened.moment(given["at"], "--at")
        duty = table.on_duty(Interval(start, start + lasting), location=location)
        title += f", on duty {moment_text(start, opened.zone)}"
    matches = tuple(match(table, role, on_duty=duty, group=group, location=location) for role in roles)
    return _Asked(opened, title, roles, matches, pair(RoleTable.of(table, roles, group=group, location=location), duty))


def _roles(opened: Opened) -> tuple[str, tuple[Role, ...], timedelta]:
    """What is asked for in words, its roles, and how long they are needed."""
    given, clinic = opened.given, opened.clinic
    if given["service"] is not None:
        key = known_key(given["service"], clinic.services, "service", "--service")
        kind = clinic.services[key].service_type(clinic.resources)
        lasting = kind.duration if isinstance(kind.duration, timedelta) else timedelta(days=kind.duration.days)
        return kind.name, kind.roles, lasting
    try:
        needs = read_requirement(given["needs"], skills={key: one.handle for key, one in clinic.skills.items()})
    except InvalidValueError as error:
        raise Refused.by_core(error, "--needs") from None
    role = Role(given["kind"] or "provider", needs, given["count"] or 1)
    return given["needs"], (role,), timedelta(minutes=1)


def _number(opened: Opened, key: str) -> int | None:
    """The number of a group or a location that was chosen."""
    wanted, clinic = opened.given[key], opened.clinic
    known = clinic.resource_groups if key == "group" else {one: place.handle for one, place in clinic.locations.items()}
    return None if wanted is None else known[known_key(wanted, known, key, f"--{key}")]


# --- for people -------------------------------------------------------------------------------------------------------


def _show(asked: _Asked) -> None:
    out, clinic = console(), asked.opened.clinic
    out.print(Text(f"{clinic.name or 'Clinic'}: {asked.title}: who can", "bold"))
    for role, found in zip(asked.roles, asked.matches, strict=True):
        out.print()
        out.print(_heading(asked, role, found))
        out.print(_table(asked, role, found))
    if len(asked.matches) > 1 or not asked.pairing.found:
        out.print()
        out.print(_together(asked))


def _heading(asked: _Asked, role: Role, found: Match) -> Text:
    names = {one.handle: key for key, one in asked.opened.clinic.skills.items()}
    needs = "" if role.requirement is None else f" with {requirement_text(role.requirement, names=names)}"
    kind = "" if role.called == role.kind else f" ({role.kind})"
    able = len(found.handles)
    text = Text(f"{role.called}{kind}{needs}: ")
    lack = "" if found.lack is None else f": {str(found.lack).replace('_', ' ')}"
    return text.append(f"{found.need} needed, {able} can{lack}", "red" if lack else "green")


def _table(asked: _Asked, role: Role, found: Match) -> Table:
    """A row for each resource of the kind: its levels as bars, and what it lacks."""
    clinic = asked.opened.clinic
    leaves = () if role.requirement is None else role.requirement.leaves()
    skills = list(dict.fromkeys(leaf.skill for leaf in leaves))
    names = {one.handle: one for one in clinic.skills.values()}
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("", no_wrap=True)
    for skill in skills:
        table.add_column(names[skill].id)
    table.add_column("")
    for resource, lacks in _ordered(role, found):
        held = [_bar(resource, skill) for skill in skills]
        words = "can" + (", beside a senior" if resource.supervised and not role.alone else "")
        told = Text(words, "green") if not lacks else Text("; ".join(_told(asked, one) for one in lacks))
        table.add_row(Text(f"  {resource.name}"), *held, told)
    return table


def _bar(resource: Resource, skill: int) -> Text:
    level = resource.skills.get(skill)
    rank, marks = 0 if level is None else level.rank, signs()
    return Text(marks.start * rank + marks.closed * (_LEVELS - rank), "green" if rank else "dim")


def _ordered(role: Role, found: Match) -> list[tuple[Resource, tuple[Missing, ...]]]:
    """Who fits, then the others of the kind, those who lack the fewest things first."""
    rows = zip(found.table.resources, found.fits.tolist(), strict=True)
    fitting: list[tuple[Resource, tuple[Missing, ...]]] = [(one, ()) for one, fits in rows if fits]
    by_handle = {one.handle: one for one in found.table.resources}
    others = found.closest(len(found.table)) if len(found.table) else {}
    named = ((by_handle[handle], lacks) for handle, lacks in others.items())
    return fitting + [(one, lacks) for one, lacks in named if one.kind is role.kind]


def _told(asked: _Asked, one: Missing) -> str:
    clinic = asked.opened.clinic
    if isinstance(one.wanted, int):
        known = clinic.names["resource_group" if one.lack is Lack.WRONG_GROUP else "location"]
        return attrs.evolve(one, wanted=known[one.wanted]).told()
    return one.told({skill.handle: skill.name for skill in clinic.skills.values()})


def _together(asked: _Asked) -> str:
    """Who would fill all roles, or which of them are short together."""
    resources = {one.handle: one.name for one in asked.opened.clinic.resources.values()}
    called = [role.called for role in asked.roles]
    short = asked.pairing.shortage
    if short is None:
        filled = zip(called, asked.pairing.handles, strict=True)
        return "Together: " + "; ".join(f"{name}: {', '.join(resources[one] for one in who)}" for name, who in filled)
    who = ", ".join(resources[handle] for handle in short.handles) or "nobody"
    roles = ", ".join(called[number] for number in short.roles)
    return f"Not together: {str(short.lack).replace('_', ' ')}: {roles} take {short.need}, and there is {who}"


def _rows(asked: _Asked) -> list[tuple[object, ...]]:
    names = asked.opened.clinic.names["resource"]
    return [
        (
            role.called,
            names[resource.handle],
            resource.name,
            "no" if lacks else "yes",
            "; ".join(_told(asked, one) for one in lacks),
        )
        for role, found in zip(asked.roles, asked.matches, strict=True)
        for resource, lacks in _ordered(role, found)
    ]
