"""Content lines and components of an iCalendar text, each with the number of its physical line.

Lines are unfolded as bytes and decoded afterwards, because a fold may stand inside a character of several bytes.
Source: RFC 5545 sections 3.1 and 3.6.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING, Final

import attrs

from petpro_core.errors import InvalidCalendarError, InvalidValueError, LimitExceededError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "DEEPEST",
    "PARAMETERS",
    "TOP",
    "VALUE",
    "Component",
    "Property",
    "as_bytes",
    "invalid",
    "read_calendars",
    "unescaped",
]

_BREAK: Final = re.compile(rb"\r\n|\n|\r")
VALUE: Final = r'(?:"[^"]*"|[^";:,]*)'
_PARAMETER: Final = rf"([A-Za-z0-9-]+)=({VALUE}(?:,{VALUE})*)"
_LINE: Final = re.compile(rf"([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+={VALUE}(?:,{VALUE})*)*):(.*)", re.DOTALL)
PARAMETERS: Final = re.compile(rf";{_PARAMETER}")
_ESCAPED: Final = re.compile(r"\\([\\;,nN])")
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
DEEPEST: Final = 16
_SHOWN: Final = 80
TOP: Final = frozenset({"VAVAILABILITY", "VEVENT", "VFREEBUSY", "VJOURNAL", "VTIMEZONE", "VTODO"})
_TAKES_TIME: Final = ("DTEND", "DTSTART", "DURATION", "FREEBUSY", "RDATE", "RRULE")
# Without these a changed instance would be taken for a newer series, and hours would be longer than they are.
_TAKES_TIME_IN: Final = {
    "VEVENT": (*_TAKES_TIME, "RECURRENCE-ID", "SEQUENCE"),
    "AVAILABLE": (*_TAKES_TIME, "EXDATE", "EXRULE", "RECURRENCE-ID", "SEQUENCE", "STATUS", "UID"),
    "VAVAILABILITY": (*_TAKES_TIME, "PRIORITY"),
}
# Only these are kept: descriptions and attendees are most of a file, and say nothing about busy time.
_KEPT: Final = frozenset(
    {
        "BUSYTYPE", "DTEND", "DTSTART", "DURATION", "EXDATE", "EXRULE", "FREEBUSY", "METHOD", "PRIORITY", "RDATE",
        "RECURRENCE-ID", "RRULE",
        "SEQUENCE", "STATUS", "TRANSP", "TZID", "TZOFFSETFROM", "TZOFFSETTO", "UID", "X-MICROSOFT-CDO-BUSYSTATUS",
        "X-WR-CALNAME",
    }
)  # fmt: skip


def as_bytes(text: str | bytes, *, max_bytes: int) -> bytes:
    """Give a text as UTF-8 without its mark; UTF-16 with a mark is decoded.

    Lone surrogates are let through, and refused with their line where the line is decoded.

    Raises:
        InvalidCalendarError: a text that is marked as UTF-16 is not.
        LimitExceededError: it is larger than ``max_bytes``.
        InvalidValueError: ``max_bytes`` is below 1.
    """
    if max_bytes < 1:
        message = f"max_bytes is at least 1, got {max_bytes}"
        raise InvalidValueError(message, name="max_bytes", got=max_bytes)
    size = len(text)
    data = b""
    if size <= max_bytes:
        data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)
        size = len(data)
    if size > max_bytes:
        message = f"a calendar has at most max_bytes={max_bytes} bytes, got {size} or more; raise max_bytes"
        raise LimitExceededError(message, limit=max_bytes, got=size, bound="max_bytes")
    if data.startswith(_UTF16_MARKS):
        try:
            data = data.decode("utf-16").encode()
        except UnicodeDecodeError as error:
            got = repr(data[error.start : error.end])
            raise invalid(
                rule="text after a mark of UTF-16 is UTF-16", line=1, name="BEGIN", got=got, allowed="UTF-8 or UTF-16"
            ) from None
    return data.removeprefix(_UTF8_MARK)


def unescaped(text: str) -> str:
    """Give a TEXT value without its backslashes."""
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], text)


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
        for key, value in PARAMETERS.findall(self.parameters):
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
    if (name == "VCALENDAR") != (not stack) or (name in TOP and len(stack) != 1):
        where = f"{stack[-1].name} of line {stack[-1].line} is open: is its END missing?" if stack else "none is open"
        rule = f"components stand inside one VCALENDAR, and {where}"
        raise found.error(rule, allowed="BEGIN:VCALENDAR, then BEGIN:VEVENT ... END:VEVENT one after the other")
    if len(stack) == DEEPEST:
        raise found.error(rule=f"components nest at most {DEEPEST} deep")
    return Component(name, found.line)


def _closed(found: Property, stack: list[Component]) -> None:
    name = found.value.strip().upper()
    if not stack or stack[-1].name != name:
        allowed = f"END:{stack[-1].name} for line {stack[-1].line}" if stack else "BEGIN:VCALENDAR"
        raise found.error(rule="END must name the component that is open", allowed=allowed)
    stack.pop()


@lru_cache(maxsize=1024)
def _meant(name: str, component: str) -> str | None:
    """Give the property that takes time, if an unknown name is one letter from it: changed, lost or one too many."""
    if name.startswith("X-"):
        return None
    for known in _TAKES_TIME_IN.get(component, _TAKES_TIME):
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(name, known, strict=False)))
        rests = (
            (name[same:], known[same + 1 :]),
            (name[same + 1 :], known[same:]),
            (name[same + 1 :], known[same + 1 :]),
        )
        if any(one == other for one, other in rests):
            return known
    return None


def read_calendars(data: bytes, *, whole: bool = False, understood: bool = True) -> list[Component]:
    """Read the VCALENDAR objects of a file; a line that cannot be read is kept in ``broken`` of its component.

    Properties that say nothing about busy time are only kept if ``whole``. Where nothing has to be ``understood``, a
    name that looks damaged is a name like others.

    Raises:
        InvalidCalendarError: the text is not iCalendar, or its components are not closed (it was cut off).
    """
    calendars: list[Component] = []
    stack: list[Component] = []
    line = 1
    for line, raw in _unfold(data):
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
        elif understood and (meant := _meant(found.name, stack[-1].name)):
            rule = f"a name one letter from {meant} is taken for damage, since busy time may hang on it"
            stack[:2][-1].broken.append(
                found.error(rule, got=found.name, allowed=f"{meant}, or a name with X- before it")
            )
        elif whole:
            stack[-1].properties.append(found)
    if stack:
        rule = f"the file ends inside the {stack[-1].name} of line {stack[-1].line}: it was cut off"
        raise invalid(rule, line=line, name="END", got="the end of the file", allowed=f"END:{stack[-1].name}")
    if not calendars:
        raise invalid(rule="an iCalendar text begins with BEGIN:VCALENDAR", line=1, name="BEGIN", got="nothing")
    return calendars
