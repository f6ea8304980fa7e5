"""Calendars as objects that keep everything: each line of a file, known or not, can be read, changed and written back.

Source: RFC 5545 sections 3.1 (content lines), 3.3.11 (text) and 3.6 (components).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import attrs

from petpro_core._checks import as_each, as_kind
from petpro_core.errors import InvalidValueError
from petpro_core.interop.ical._lines import (
    DEEPEST,
    PARAMETERS,
    TOP,
    VALUE,
    as_bytes,
    read_calendars,
    unescaped,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from petpro_core.interop.ical._lines import Component

__all__ = ["CalendarComponent", "ContentLine", "escaped", "read_calendar", "write_calendar"]

_NAME: Final = re.compile(r"[A-Za-z0-9-]+", re.ASCII)
_ONE_VALUE: Final = re.compile(rf"(?:^|,)({VALUE})")
_SPECIAL: Final = re.compile(r"[\\;,]")
_QUOTED: Final = re.compile(r"[;:,]")
_OCTETS: Final = 75

Parameters = tuple[tuple[str, tuple[str, ...]], ...]


def escaped(text: str) -> str:
    """Give a text as a TEXT value: with backslashes before what is special, and before n for a line break."""
    return _SPECIAL.sub(r"\\\g<0>", text).replace("\r\n", "\n").replace("\r", "\n").replace("\n", r"\n")


def _as_name(value: str) -> str:
    as_kind("a name in a calendar", value, str)
    if _NAME.fullmatch(value) is None:
        msg = f"a name in a calendar has letters, digits and hyphens, got {value!r}"
        raise InvalidValueError(msg, got=value)
    return value.upper()


def _as_one_line(value: str, forbidden: str = "\r\n") -> str:
    as_kind("a value in a calendar", value, str)
    if any(sign in value for sign in forbidden) or not _encodes(value):
        quotes = ", without quotes" if '"' in forbidden else ""
        msg = f"a value in a calendar is text in one line{quotes}, got {value!r}"
        raise InvalidValueError(msg, got=value)
    return value


def _encodes(text: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def _as_parameters(value: Iterable[tuple[str, Iterable[str]]]) -> Parameters:
    return tuple((_as_name(name), tuple(_as_one_line(one, '\r\n"') for one in values)) for name, values in value)


@attrs.frozen
class ContentLine:
    r"""One property of a calendar: ``NAME;PARAMETER=VALUE:value``.

        >>> line = ContentLine.of_text("SUMMARY", "Cats, dogs", LANGUAGE="en")
        >>> line.value, line.text, line.parameter("language")
        ('Cats\\, dogs', 'Cats, dogs', 'en')

    Attributes:
        name: In upper case; letters, digits and hyphens.
        value: As it stands in the file, with its backslashes, in one line.
        parameters: Pairs of a name in upper case and its values without quotes, in the order of the file.

    Raises:
        InvalidValueError: A name with other characters, BEGIN or END, a line break, or a quote in a parameter.

    Source: RFC 5545 section 3.1.
    """

    name: str = attrs.field(converter=_as_name)
    value: str = attrs.field(converter=_as_one_line)
    parameters: Parameters = attrs.field(default=(), converter=_as_parameters)

    def __attrs_post_init__(self) -> None:
        """Refuse what would open or close a component."""
        if self.name in ("BEGIN", "END"):
            msg = f"components open and close by themselves, got a line {self.name}; nest CalendarComponent instead"
            raise InvalidValueError(msg, got=self.name)

    @classmethod
    def of_text(cls, name: str, text: str, **parameters: str) -> ContentLine:
        """A line with a TEXT value; backslashes are added here.

        Args:
            name: The property's name.
            text: Any text; it may have several lines.
            **parameters: One value for each; an underscore in a name stands for a hyphen.

        Raises:
            InvalidValueError: As for the class.
        """
        return cls(name, escaped(text), [(key.replace("_", "-"), [value]) for key, value in parameters.items()])

    @property
    def text(self) -> str:
        """The value without its backslashes."""
        return unescaped(self.value)

    def parameter(self, name: str) -> str | None:
        """The first value of a parameter, or ``None``; upper and lower case are one."""
        return next((values[0] for key, values in self.parameters if key == name.upper()), None)


def _as_lines(value: ContentLine | Iterable[ContentLine]) -> tuple[ContentLine, ...]:
    return as_each(ContentLine, "lines", value)


def _as_components(value: CalendarComponent | Iterable[CalendarComponent]) -> tuple[CalendarComponent, ...]:
    return as_each(CalendarComponent, "components", value)


@attrs.frozen
class CalendarComponent:
    """What stands between BEGIN and END: a calendar, an event, an alarm, or something nobody here knows.

        >>> event = CalendarComponent("VEVENT", [ContentLine("UID", "visit-7"), ContentLine("X-ROOM", "2")])
        >>> event.value("UID"), event.value("DTSTART"), [line.value for line in event.every("x-room")]
        ('visit-7', None, ['2'])

    Attributes:
        name: In upper case.
        lines: Its properties, in the order of the file.
        components: What is nested in it, in the order of the file.

    Raises:
        InvalidValueError: A name with other characters than letters, digits and hyphens.

    Source: RFC 5545 section 3.6.
    """

    name: str = attrs.field(converter=_as_name)
    lines: tuple[ContentLine, ...] = attrs.field(default=(), converter=_as_lines)
    components: tuple[CalendarComponent, ...] = attrs.field(default=(), converter=_as_components)

    def every(self, name: str) -> tuple[ContentLine, ...]:
        """Its own properties of a name; upper and lower case are one."""
        return tuple(line for line in self.lines if line.name == name.upper())

    def value(self, name: str) -> str | None:
        """The value of the first property of a name, or ``None``."""
        return next((line.value for line in self.every(name)), None)


def read_calendar(text: str | bytes, *, max_bytes: int = 20_000_000) -> tuple[CalendarComponent, ...]:
    r"""Read the calendars of a text, with every line and component, known or not.

        >>> (calendar,) = read_calendar("BEGIN:VCALENDAR\nX-MOOD:fine\nEND:VCALENDAR")
        >>> write_calendar(calendar)
        'BEGIN:VCALENDAR\r\nX-MOOD:fine\r\nEND:VCALENDAR\r\n'

    Dates and rules are not looked at: ``read_busy`` and ``read_availability`` do. What is read and written back is read
    equal again; line ends, folds, quotes and the case of names are then those of the standard.

    Args:
        text: The text, or its bytes in UTF-8, or in UTF-16 with a byte order mark.
        max_bytes: The largest text.

    Raises:
        InvalidCalendarError: A line cannot be read, or a component is not closed (``line``, ``name``).
        LimitExceededError: The text is larger than ``max_bytes``.
        InvalidValueError: ``max_bytes`` is below 1.

    Source: RFC 5545 section 3.4.
    """
    data = as_bytes(text, max_bytes=max_bytes)
    return tuple(_kept(one) for one in read_calendars(data, whole=True, understood=False))


def _kept(component: Component) -> CalendarComponent:
    if component.broken:
        raise component.broken[0]
    lines = [
        ContentLine(
            found.name,
            found.value,
            [
                (name, [value.strip('"') for value in _ONE_VALUE.findall(values)])
                for name, values in PARAMETERS.findall(found.parameters)
            ],
        )
        for found in component.properties
    ]
    return CalendarComponent(component.name, lines, [_kept(child) for child in component.children])


def write_calendar(*calendars: CalendarComponent) -> str:
    r"""Write calendars as iCalendar text: lines of at most 75 octets, ended by CR and LF.

        >>> write_calendar(CalendarComponent("VCALENDAR", [ContentLine.of_text("X-MOOD", "fine; really")]))
        'BEGIN:VCALENDAR\r\nX-MOOD:fine\\; really\r\nEND:VCALENDAR\r\n'

    Raises:
        InvalidValueError: No calendar, one that is no VCALENDAR, or components nested as no reader takes them.

    Source: RFC 5545 sections 3.1 and 3.4.
    """
    if not calendars:
        msg = "a calendar text has at least one VCALENDAR, got none"
        raise InvalidValueError(msg)
    return "".join(_folded(line) for calendar in calendars for line in _written(calendar, 0))


def _written(component: CalendarComponent, depth: int) -> Iterator[str]:
    if (component.name == "VCALENDAR") != (depth == 0) or (component.name in TOP and depth != 1) or depth >= DEEPEST:
        msg = (
            f"a VCALENDAR is the outermost, {', '.join(sorted(TOP))} stand in it, and components nest at most "
            f"{DEEPEST} deep, got {component.name} at depth {depth}"
        )
        raise InvalidValueError(msg, got=component.name, depth=depth)
    yield f"BEGIN:{component.name}"
    for line in component.lines:
        parameters = "".join(f";{name}={','.join(map(_quoted, values))}" for name, values in line.parameters)
        yield f"{line.name}{parameters}:{line.value}"
    for child in component.components:
        yield from _written(child, depth + 1)
    yield f"END:{component.name}"


def _quoted(value: str) -> str:
    return f'"{value}"' if _QUOTED.search(value) else value


def _folded(line: str) -> str:
    """Cut a line after at most 75 octets, never inside a character."""
    raw = line.encode()
    parts = []
    room = _OCTETS
    while len(raw) > room:
        cut = room
        # The bytes of a character after its first begin with the bits 10.
        while raw[cut] & 0xC0 == 0x80:
            cut -= 1
        parts.append(raw[:cut].decode())
        raw = raw[cut:]
        # The blank that begins a continued line counts too.
        room = _OCTETS - 1
    return "\r\n ".join([*parts, raw.decode()]) + "\r\n"
