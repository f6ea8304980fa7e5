"""Content lines and components of an iCalendar text, each with the number of its physical line.

Lines are unfolded as bytes and decoded afterwards, because a fold may stand inside a character of several bytes.
Source: RFC 5545 sections 3.1 and 3.6.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import attrs

from petpro_core.errors import InvalidCalendarError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Component", "Property", "invalid", "read_calendars"]

_BREAK: Final = re.compile(rb"\r\n|\n|\r")
_VALUE: Final = r'(?:"[^"]*"|[^";:,]*)'
_PARAMETER: Final = rf"([A-Za-z0-9-]+)=({_VALUE}(?:,{_VALUE})*)"
_LINE: Final = re.compile(rf"([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+={_VALUE}(?:,{_VALUE})*)*):(.*)", re.DOTALL)
_PARAMETERS: Final = re.compile(rf";{_PARAMETER}")
_DEEPEST: Final = 16
_SHOWN: Final = 80
_TOP: Final = frozenset({"VEVENT", "VFREEBUSY", "VJOURNAL", "VTIMEZONE", "VTODO"})
# Only these are kept: descriptions and attendees are most of a file, and say nothing about busy time.
_KEPT: Final = frozenset(
    {
        "DTEND", "DTSTART", "DURATION", "EXDATE", "EXRULE", "FREEBUSY", "METHOD", "RDATE", "RECURRENCE-ID", "RRULE",
        "SEQUENCE", "STATUS", "TRANSP", "TZID", "TZOFFSETFROM", "TZOFFSETTO", "UID", "X-MICROSOFT-CDO-BUSYSTATUS",
        "X-WR-CALNAME",
    }
)  # fmt: skip


def invalid(rule: str, *, line: int, name: str, got: str, allowed: str | None = None) -> InvalidCalendarError:
    """Say which property on which line breaks which rule, what was got and what is allowed."""
    shown = got if len(got) <= _SHOWN else f"{got[:_SHOWN]}..."
    way_out = "" if allowed is None else f"; allowed: {allowed}"
    message = f"line {line}, {name}: {rule}, got {shown!r}{way_out}"
    return InvalidCalendarError(_printable(message), line=line, name=name, got=shown, allowed=allowed)


def _printable(text: str) -> str:
    """Text with escapes for what a terminal would obey: a broken file's own names stand in messages."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


@attrs.frozen
class Property:
    """One content line: its name in upper case, its parameters as written, its value and its physical line."""

    name: str
    parameters: str
    value: str
    line: int

    def parameter(self, name: str) -> str | None:
        """Give a parameter's value without its quotes, or None; a name given twice counts once, the first."""
        for key, value in _PARAMETERS.findall(self.parameters):
            if key.upper() == name:
                return str(value).replace('"', "")
        return None

    def error(self, rule: str, *, got: str | None = None, allowed: str | None = None) -> InvalidCalendarError:
        """Make the error that points at this line."""
        return invalid(rule, line=self.line, name=self.name, got=self.value if got is None else got, allowed=allowed)


@attrs.define
class Component:
    """What stands between BEGIN and END, with the lines that could not be read."""

    name: str
    line: int
    properties: list[Property] = attrs.field(factory=list)
    children: list[Component] = attrs.field(factory=list)
    broken: list[InvalidCalendarError] = attrs.field(factory=list)

    def every(self, name: str) -> list[Property]:
        """Give all properties of this name, in the order of the file."""
        return [found for found in self.properties if found.name == name]

    def one(self, name: str) -> Property | None:
        """Give the property that may stand here at most once.

        Raises:
            InvalidCalendarError: it stands here twice.
        """
        found = self.every(name)
        if len(found) > 1:
            rule = f"this property stands at most once in a {self.name}, and stood on line {found[0].line} already"
            raise found[1].error(rule)
        return found[0] if found else None

    def needed(self, name: str) -> Property:
        """Give the property that must stand here exactly once.

        Raises:
            InvalidCalendarError: it is missing or stands here twice.
        """
        found = self.one(name)
        if found is None:
            rule = f"a {self.name} must have this property"
            raise invalid(rule, line=self.line, name=name, got="nothing")
        return found


def _unfold(data: bytes) -> Iterator[tuple[int, bytes]]:
    held: list[bytes] = []
    first = 1
    for number, raw in enumerate(_BREAK.split(data), 1):
        if held and raw[:1] in (b" ", b"\t"):
            held.append(raw[1:])
        elif raw:
            if held:
                yield first, b"".join(held)
            held, first = [raw], number
    if held:
        yield first, b"".join(held)


def _property(raw: bytes, line: int) -> Property:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        name = raw.split(b":")[0].split(b";")[0].decode(errors="replace")[:_SHOWN]
        got = repr(raw[error.start : error.end])
        raise invalid(
            rule="text is UTF-8", line=line, name=name, got=got, allowed="UTF-8 with or without its mark"
        ) from None
    match = _LINE.fullmatch(text)
    if match is None:
        name = re.split("[;:]", text, maxsplit=1)[0][:_SHOWN]
        raise invalid(
            rule="a content line must be readable", line=line, name=name, got=text, allowed="NAME;PARAMETER=VALUE:value"
        )
    return Property(match[1].upper(), match[2], match[3], line)


def _opened(found: Property, stack: list[Component]) -> Component:
    name = found.value.strip().upper()
    if (name == "VCALENDAR") != (not stack) or (name in _TOP and len(stack) != 1):
        where = f"{stack[-1].name} of line {stack[-1].line} is open: is its END missing?" if stack else "none is open"
        rule = f"components stand inside one VCALENDAR, and {where}"
        raise found.error(rule, allowed="BEGIN:VCALENDAR, then BEGIN:VEVENT ... END:VEVENT one after the other")
    if len(stack) == _DEEPEST:
        raise found.error(rule=f"components nest at most {_DEEPEST} deep")
    return Component(name, found.line)


def _closed(found: Property, stack: list[Component]) -> None:
    name = found.value.strip().upper()
    if not stack or stack[-1].name != name:
        allowed = f"END:{stack[-1].name} for line {stack[-1].line}" if stack else "BEGIN:VCALENDAR"
        raise found.error(rule="END must name the component that is open", allowed=allowed)
    stack.pop()


def read_calendars(data: bytes) -> list[Component]:
    """Read the VCALENDAR objects of a file; a line that cannot be read is kept in ``broken`` of its component.

    Raises:
        InvalidCalendarError: the text is not iCalendar, or its components are not closed (it was cut off).
    """
    calendars: list[Component] = []
    stack: list[Component] = []
    line = 1
    for line, raw in _unfold(data.removeprefix(b"\xef\xbb\xbf")):
        try:
            found = _property(raw, line)
        except InvalidCalendarError as error:
            if not stack:
                raise
            stack[:2][-1].broken.append(error)
            continue
        if found.name == "BEGIN":
            component = _opened(found, stack)
            (stack[-1].children if stack else calendars).append(component)
            stack.append(component)
        elif found.name == "END":
            _closed(found, stack)
        elif not stack:
            raise found.error(rule="an iCalendar text begins with BEGIN:VCALENDAR", allowed="BEGIN:VCALENDAR")
        elif found.name in _KEPT:
            stack[-1].properties.append(found)
    if stack:
        rule = f"the file ends inside the {stack[-1].name} of line {stack[-1].line}: it was cut off"
        raise invalid(rule, line=line, name="END", got="the end of the file", allowed=f"END:{stack[-1].name}")
    if not calendars:
        raise invalid(rule="an iCalendar text begins with BEGIN:VCALENDAR", line=1, name="BEGIN", got="nothing")
    return calendars
