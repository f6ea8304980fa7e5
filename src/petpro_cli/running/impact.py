"""``petpro impact``: what an absence or a closed room breaks, and the smallest mend."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs
import click
from rich.text import Text

from petpro_cli.answers import console, signs
from petpro_cli.formats import echo_csv, echo_json
from petpro_cli.inputs import Opened, known_key, open_clinic
from petpro_cli.lanes import Lane, lanes
from petpro_cli.options import written
from petpro_cli.progress import working
from petpro_cli.streams import decided
from petpro_cli.words import clock, conflict_text, day_text, length, moment_text, span_text
from petpro_core.bookings import BookingStatus
from petpro_core.interop.plain import to_plain
from petpro_core.intervals import Interval
from petpro_core.matching import match
from petpro_core.repair import Impact, RepairPlan, ResourceClosed, Substitutes, impact, plan_repair
from petpro_core.slots import SlotRules

if TYPE_CHECKING:
    from petpro_core.bookings import Booking
    from petpro_core.interop.clinic import ClinicResource
    from petpro_core.repair import Move

__all__ = ["run"]

_USUAL: Final = SlotRules(timedelta(minutes=30))
_GONE: Final = (BookingStatus.CANCELLED, BookingStatus.NO_SHOW)


@attrs.frozen(eq=False)
class _Answer:
    """What breaks, and how it is mended.

    Attributes:
        opened: The clinic and the options.
        off: Who is not there.
        within: When.
        found: What breaks.
        plan: The mend.
    """

    opened: Opened
    off: ClinicResource
    within: Interval
    found: Impact
    plan: RepairPlan

    def resource(self, handle: int) -> str:
        """The name of a resource."""
        clinic = self.opened.clinic
        return clinic.resources[clinic.names["resource"][handle]].name

    def booking(self, booking: Booking) -> str:
        """A booking in words: its id, what it is for, and who comes."""
        clinic = self.opened.clinic
        names = clinic.names
        service = "" if booking.service is None else clinic.services[names["service"][booking.service]].name
        who = "" if booking.pet is None else names["pet"][booking.pet]
        return " ".join(filter(None, [clinic.booking_ids[booking.id], service, who and f"({who})"]))


def run(given: dict[str, Any]) -> None:
    """Answer, with the options by name."""
    form = written(given)
    opened = open_clinic(given)
    answer = _answered(opened)
    status = 1 if answer.found.broken else 0
    decided(status)
    zone, names = opened.zone, opened.clinic.names
    if form == "json":
        plain = to_plain({"impact": answer.found, "plan": answer.plan}, zone=zone, names=names)
        echo_json({"off": answer.off.id, "within": to_plain(answer.within, zone=zone), **plain})
    elif form == "csv":
        header = ["booking", "start", "becomes", "new_start", "from", "to", "reason"]
        echo_csv(header, _rows(answer))
    else:
        _show(answer)
    click.get_current_context().exit(status)


def _answered(opened: Opened) -> _Answer:
    given, clinic = opened.given, opened.clinic
    off = clinic.resources[known_key(given["off"], clinic.resources, "provider, room or equipment", "--off")]
    within = opened.window(default=1)
    begins = max(within.start, opened.now)
    looked = Interval(begins, begins + timedelta(days=given["span"]))
    busy = opened.busy(Interval(min(within.start, looked.start), max(within.end, looked.end)))
    rules: dict[int | None, SlotRules] = {None: _USUAL} | {one.handle: one.rules[0] for one in clinic.services.values()}
    with working("looking for what breaks"):
        found = impact(
            ResourceClosed(off.handle, within, given["reason"]),
            calendars={one.handle: one.calendar for one in clinic.resources.values()},
            bookings=clinic.bookings,
            busy=busy,
            rules=rules,
            now=opened.now,
            policy=clinic.policy,
        )
        plan = plan_repair(found, substitutes=_substitutes(opened), within=looked)
    return _Answer(opened, off, within, found, plan)


def _substitutes(opened: Opened) -> Substitutes:
    """Who fits the same role of a service; without a service, those of the same kind."""
    clinic = opened.clinic
    table = clinic.resource_table()
    by_service: dict[int | None, dict[int, tuple[int, ...]]] = {}
    for one in clinic.services.values():
        mine: dict[int, tuple[int, ...]] = {}
        for role in one.service_type(clinic.resources).roles:
            able = tuple(match(table, role).handles.tolist())
            for handle in able:
                mine.setdefault(handle, tuple(other for other in able if other != handle))
        by_service[one.handle] = mine
    kinds = {handle: kind for kind, handle in ((one.kind, one.handle) for one in clinic.resources.values())}
    by_service[None] = {
        handle: tuple(other for other, theirs in kinds.items() if theirs == kind and other != handle)
        for handle, kind in kinds.items()
    }
    return Substitutes(by_service)


# --- for people -------------------------------------------------------------------------------------------------------


def _show(answer: _Answer) -> None:
    opened, zone = answer.opened, answer.opened.zone
    out = console()
    title = f"{answer.off.name} is not there, {span_text(answer.within, zone)} ({zone.key})"
    out.print(Text(f"{opened.clinic.name or 'Clinic'}: {title}", "bold"))
    if not answer.found.broken:
        out.print("\nNothing breaks.")
        return
    click.echo(f"\nWhat breaks ({len(answer.found.broken)}):")
    for one in answer.found.broken:
        click.echo(f"  {answer.booking(one.booking)}, {moment_text(one.booking.start, zone)}")
        for conflict in one.news:
            whose = "" if conflict.resource_id is None else f"{answer.resource(conflict.resource_id)}: "
            click.echo(f"    - {whose}{conflict_text(conflict, opened.clinic, zone)}")
    plan = answer.plan
    saved = len(plan.moves) + len(plan.kept)
    click.echo(
        f"\nThe mend: {saved} of {len(answer.found.broken)} saved" + ("" if plan.exact else " (perhaps not the best)")
    )
    for move in plan.moves:
        click.echo(f"  {answer.booking(move.before)}: {_moved(answer, move)}")
    for booking in plan.kept:
        click.echo(f"  {answer.booking(booking)}: stands once the others have moved")
    for left in plan.unsaved:
        click.echo(f"  {answer.booking(left.booking)}: not saved: {str(left.why).replace('_', ' ')}")
    if plan.moves:
        out.print()
        _picture(answer, out)


def _moved(answer: _Answer, move: Move) -> str:
    zone = answer.opened.zone
    told = [f"{answer.resource(old)} -> {answer.resource(new)}" for old, new in move.changes]
    if move.by:
        later = "later" if move.by > timedelta(0) else "earlier"
        told.append(f"{moment_text(move.booking.start, zone)}, {length(abs(move.by))} {later}")
    return ", ".join(told)


def _picture(answer: _Answer, out: Any) -> None:  # noqa: ANN401 - a console
    """Each resource's time in the first day of the mend: what it has, and what comes to it."""
    zone = answer.opened.zone
    first = min(move.booking.start for move in answer.plan.moves)
    day = zone.to_local(first).date()
    moved = {move.booking.id for move in answer.plan.moves}
    now = [one for one in answer.opened.clinic.bookings if one.id not in moved and one.status not in _GONE]
    drawn: dict[int, tuple[list[Interval], list[Interval]]] = {}
    for move in answer.plan.moves:
        for part in move.booking.allocations:
            if zone.to_local(part.interval.start).date() == day:
                drawn.setdefault(part.resource, ([], []))[0].append(part.interval)
    for booking in now:
        for part in booking.allocations:
            if part.resource in drawn and zone.to_local(part.interval.start).date() == day:
                drawn[part.resource][1].append(part.interval)
    rows = [
        Lane(answer.resource(handle), "", new, old, ", ".join(sorted(clock(one.start, zone) for one in new)))
        for handle, (new, old) in sorted(drawn.items())
    ]
    marks = signs()
    out.print(lanes(rows, zone=zone, width=out.width, signs=marks))
    out.print(Text(f"\n{day_text(day)}   {marks.start} comes here   {marks.free} is here already", "dim"))


# --- for programs -----------------------------------------------------------------------------------------------------


def _rows(answer: _Answer) -> list[tuple[object, ...]]:
    clinic, zone = answer.opened.clinic, answer.opened.zone
    names, moves = clinic.names["resource"], {move.booking.id: move for move in answer.plan.moves}
    unsaved = {one.booking.id: one for one in answer.plan.unsaved}
    rows: list[tuple[object, ...]] = []
    for one in answer.found.broken:
        number = one.booking.id
        why = "; ".join(dict.fromkeys(conflict.reason.code for conflict in one.news))
        start = to_plain(one.booking.start, zone=zone)
        if number in moves:
            move = moves[number]
            old, new = (" ".join(names[pair[side]] for pair in move.changes) for side in (0, 1))
            rows.append(
                (clinic.booking_ids[number], start, "moved", to_plain(move.booking.start, zone=zone), old, new, why)
            )
        else:
            becomes = str(unsaved[number].why) if number in unsaved else "kept"
            rows.append((clinic.booking_ids[number], start, becomes, start, "", "", why))
    return rows
