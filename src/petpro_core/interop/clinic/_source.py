"""The text of a clinic file, its tree, and the line in which each key of it stands.

The standard library's parsers tell no lines for what they read well, so a small scan finds them when an error needs
one. The scan trusts that the text has been parsed: it never judges, it only counts lines.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

from petpro_core.errors import InvalidClinicError, InvalidValueError, LimitExceededError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Format", "Path", "Source", "dotted", "parse"]

Format = Literal["toml", "json"]
Path = tuple[str | int, ...]

_PIECE: Final = re.compile(
    # Text over many lines, then text in one line. What never ends is one piece too: seeking its end from each of its
    # quotes anew would take time in the square of the text's length.
    r'"""(?:\\.|[^\\])*?(?:"""|\\?\Z)|\'\'\'.*?(?:\'\'\'|\Z)'
    r'|"(?:\\.|[^"\\\n])*"?|\'[^\'\n]*\'?'
    r"|#[^\n]*|\n|[\[\]{},=]|:|[^\s\[\]{},=:\"'#]+",
    re.DOTALL,
)
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_TOML_LINE: Final = re.compile(r"(.*?) \(at line (\d+), column \d+\)")
_AT_END: Final = " (at end of document)"
_DIGITS: Final = re.compile(r"[+-]?[0-9_]+")
_SHOWN: Final = 60
_QUOTES: Final = ('"', "'")
# A clinic file needs six. The library's parser of TOML takes time in the square of a key's parts, both parsers stop
# where the interpreter's stack does, and the paths in which lines are found are as long as what is nested.
_DEEPEST: Final = 32


def dotted(path: Path) -> str:
    """Write a path as people do: ``providers[1].hours.monday[0]``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            shown = step if _BARE.fullmatch(step) else json.dumps(step).replace("\x7f", "\\u007f")
            text += f".{shown[:_SHOWN]}" if text else shown[:_SHOWN]
    return text


@attrs.frozen(eq=False)
class Source:
    """A parsed text: its tree, and what is needed to find lines in it."""

    text: str
    format: Format
    tree: dict[str, Any]

    @cached_property
    def _lines(self) -> Mapping[Path, int]:
        return _Scan(self.format).lines(self.text)

    def line_of(self, path: Path) -> int | None:
        """The line of a key, or of the nearest table around it that has one."""
        for size in range(len(path), 0, -1):
            if (line := self._lines.get(path[:size])) is not None:
                return line
        return None


def parse(text: str | bytes, *, format: Format, max_bytes: int) -> Source:  # noqa: A002 - the word people look for
    """Parse a text; nothing of its meaning is judged yet."""
    size = len(text)
    if size > max_bytes:
        msg = (
            f"a clinic file has at most {max_bytes} bytes, got {size}; put bookings into calendars (.ics), or split it"
        )
        raise LimitExceededError(msg, limit=max_bytes, got=size)
    if format not in ("toml", "json"):
        msg = f"the format of a clinic file is toml or json, got {format!r}"
        raise InvalidValueError(msg, got=format)
    plain = _decoded(text, format).removeprefix("\ufeff").replace("\r\n", "\n")
    _refuse_depth(plain, format)
    try:
        tree = tomllib.loads(plain) if format == "toml" else _parse_json(plain)
    except InvalidClinicError:
        raise
    except json.JSONDecodeError as error:
        raise _unreadable(format, f"{error.msg.lower()} in column {error.colno}", error.lineno) from None
    except ValueError as error:
        raise _unreadable(format, *_told(str(error), plain)) from None
    return Source(plain, format, tree)


def _decoded(text: str | bytes, format: Format) -> str:  # noqa: A002 - as in parse
    try:
        return text if isinstance(text, str) else text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise _unreadable(format, f"it is not UTF-8 text (byte {error.start})", line) from None


def _refuse_depth(text: str, format: Format) -> None:  # noqa: A002 - as in parse
    """Refuse, before anything is parsed, tables, lists and dotted keys that are nested beyond any use.

    What is open is counted with the dots of the keys that lead to it. Quoted text and comments count for nothing.
    """
    toml = format == "toml"
    dots, depth, line = [0], 0, 1
    for match in _PIECE.finditer(text):
        piece = match[0]
        sign = piece[0]
        if sign in "[{":
            dots.append(0)
            depth += 1
        elif sign in "]}":
            if len(dots) > 1:  # one bracket too many is the parser's to refuse
                depth -= dots.pop() + 1
        elif sign == "," or (sign == "\n" and len(dots) == 1):
            depth -= dots[-1]
            dots[-1] = 0
        elif toml and sign != "#" and sign not in _QUOTES:
            dots[-1] += piece.count(".")
            depth += piece.count(".")
        if depth > _DEEPEST:
            reason = f"its tables, lists and dotted keys are nested too deeply, over {_DEEPEST} in each other"
            raise _unreadable(format, reason, line)
        line += piece.count("\n")


def _told(message: str, text: str) -> tuple[str, int | None]:
    """The reason and the line in a message of a parser."""
    reason = message[:1].lower() + message[1:]
    if found := _TOML_LINE.fullmatch(reason):
        return found[1], int(found[2])
    if reason.endswith(_AT_END):
        return reason.removesuffix(_AT_END), text.rstrip("\n").count("\n") + 1
    # The one error without a place is the interpreter's own, and its advice is for who writes programs.
    return "a whole number has too many digits", _line_of_digits(text)


def _line_of_digits(text: str) -> int | None:
    """The line of the first number that is longer than the interpreter reads; quoted text and comments are none."""
    most = sys.get_int_max_str_digits()
    for match in _PIECE.finditer(text):
        if len(match[0]) > most and _DIGITS.fullmatch(match[0]):
            return text.count("\n", 0, match.start()) + 1
    return None


def _unreadable(format: Format, reason: str, line: int | None) -> InvalidClinicError:  # noqa: A002 - as in parse
    msg = f"the text is not {format.upper()}: {reason}"
    return InvalidClinicError(msg, key="", line=line, got=reason, allowed=format)


def _parse_json(text: str) -> dict[str, Any]:
    def constant(name: str) -> object:
        raise _unreadable("json", f"a number is finite, got {name}", None)

    tree = json.loads(text, object_pairs_hook=_without_twins, parse_constant=constant)
    if not isinstance(tree, dict):
        raise _unreadable("json", "a clinic file is an object, {...}", 1)
    return tree


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise _unreadable("json", f"a key stands once in its object, got {key[:_SHOWN]!r} twice", None)
        found[key] = value
    return found


class _Frame:
    """A table or list that is being read: where it stands, and the key or number of the value that comes next."""

    def __init__(self, path: Path, *, is_list: bool, in_value: bool = False) -> None:
        self.path = path
        self.is_list = is_list
        self.in_value = is_list or in_value
        self.key: list[str] = []
        self.index = 0

    @property
    def place(self) -> Path:
        return (*self.path, self.index) if self.is_list else (*self.path, *self.key)


class _Scan:
    """One pass over the pieces of a text, with a stack of open tables and lists."""

    def __init__(self, format: Format) -> None:  # noqa: A002 - as in parse
        self.toml = format == "toml"
        self.separator = "=" if self.toml else ":"
        # JSON is one value; TOML is the inside of a table.
        self.stack = [_Frame((), is_list=False, in_value=not self.toml)]
        self.found: dict[Path, int] = {}
        self.counts: dict[Path, int] = {}
        self.header: list[str] | None = None
        self.brackets = 0
        self.line = 1

    def lines(self, text: str) -> dict[Path, int]:
        for match in _PIECE.finditer(text + "\n"):
            piece = match[0]
            if piece == "\n":
                self._end_line()
            elif piece[0] != "#":
                self._take(piece)
            self.line += piece.count("\n")
        return self.found

    def _end_line(self) -> None:
        base = self.stack[0]
        if self.header is not None:
            base.path = self._resolved(self.header)
            self.found.setdefault(base.path, self.line)
            self.header = None
        if self.toml and len(self.stack) == 1:
            base.key, base.in_value = [], False

    def _resolved(self, parts: list[str]) -> Path:
        """A header's path, with the number of the table where an earlier header made a list of tables."""
        path: Path = ()
        for number, part in enumerate(parts, 1):
            path = (*path, part)
            if number == len(parts) and self.brackets > 1:
                self.counts[path] = self.counts.get(path, -1) + 1
            if path in self.counts:
                path = (*path, self.counts[path])
        return path

    def _take(self, piece: str) -> None:
        top = self.stack[-1]
        if self.header is not None:
            if piece == "[":
                self.brackets += 1
            elif piece != "]":
                self.header += _parts(piece, toml=True)
        elif top.in_value:
            self._take_value(top, piece)
        elif piece == self.separator:
            top.in_value = True
            for size in range(len(top.path) + 1, len(top.place) + 1):
                self.found.setdefault(top.place[:size], self.line)
        elif piece == "[":
            self.header, self.brackets = [], 1
        elif piece == "}":
            self.stack.pop()
        else:
            top.key += _parts(piece, toml=self.toml)

    def _take_value(self, top: _Frame, piece: str) -> None:
        if piece in "[{":
            self.found.setdefault(top.place, self.line)
            self.stack.append(_Frame(top.place, is_list=piece == "["))
        elif piece in "]}":
            self.stack.pop()
        elif piece != ",":
            self.found.setdefault(top.place, self.line)
        elif top.is_list:
            top.index += 1
        else:
            top.key, top.in_value = [], False


def _parts(piece: str, *, toml: bool) -> list[str]:
    """The parts of a key's piece: quoted text is one, dots part the rest."""
    if piece[0] in "\"'":
        return [piece[1:-1]]
    return [part for part in piece.split(".") if part] if toml else [piece]
