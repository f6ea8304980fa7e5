"""A value of a FHIR text with its place: typed reading, and errors that name the path, what was got, the way out."""

from __future__ import annotations

import json
import re
from calendar import monthrange
from contextlib import contextmanager, suppress
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

from petpro_core.errors import InvalidBundleError, InvalidValueError, LimitExceededError
from petpro_core.interop.clinic._source import dotted
from petpro_core.intervals import DAY_US, FIRST_US, LAST_US, from_us, to_us
from petpro_core.schedules.weekly import day_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from petpro_core.interop.clinic._source import Path
    from petpro_core.timezones import TimeZone

__all__ = ["Format", "Node", "parse"]

Format = Literal["json", "ndjson"]

_SHOWN: Final = 60
_INSTANT: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d(?::?\d\d)?)")
_DATE: Final = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
# What JSON can tell by an escape, and UTF-8 cannot.
_HALF: Final = re.compile("[\ud800-\udfff]")
_TICK_DIGITS: Final = 6
# Where nobody says whose days are meant, a day is known only while it is that day everywhere: from its beginning twelve
# hours behind UTC to its end fourteen hours ahead of it.
_LAST_BEGINNING_US: Final = DAY_US // 2
_FIRST_END_US: Final = -14 * DAY_US // 24


@attrs.frozen(eq=False)
class Node:
    """One value, the path to it, and its line where the text is one resource a line."""

    value: Any
    path: Path = ()
    line: int | None = None

    def error(self, rule: str, *, got: str | None = None, allowed: str | None = None) -> InvalidBundleError:
        """An error about this value: the rule, what was got, the way out."""
        shown = _shown(self.value) if got is None else got
        return self._error(f"{rule}, got {shown}" + (f"; {allowed}" if allowed else ""), got=shown, allowed=allowed)

    def _error(self, message: str, *, got: str, allowed: str | None) -> InvalidBundleError:
        path = dotted(self.path)
        places = ["" if self.line is None else f"line {self.line}", path, message]
        return InvalidBundleError(": ".join(filter(None, places)), path=path, line=self.line, got=got, allowed=allowed)

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Say of an error of the model's constructors where in the text it comes from."""
        try:
            yield
        except InvalidBundleError:
            raise
        except InvalidValueError as error:
            got = _shown(error.values.get("got", self.value))
            raise self._error(error.message, got=got, allowed=error.values.get("allowed")) from None

    # --- objects and lists --------------------------------------------------------------------------------------------

    def table(self) -> Node:
        """Itself, once it is known to be an object."""
        if not isinstance(self.value, dict):
            raise self.error("an object stands here, {...}")
        return self

    def find(self, key: str) -> Node | None:
        """The value under a key, or ``None``."""
        return Node(self.value[key], (*self.path, key), self.line) if key in self.value else None

    def need(self, key: str) -> Node:
        """The value under a key that must be there."""
        found = self.find(key)
        if found is None:
            raise self.error(f"{key} is needed here", got="nothing", allowed=f"add {key}")
        return found

    def each(self, key: str) -> list[Node]:
        """The objects of the list under a key; none where the key is not there."""
        found = self.find(key)
        if found is None:
            return []
        if not isinstance(found.value, list):
            raise found.error("a list stands here, [...]")
        return [Node(one, (*found.path, number), self.line).table() for number, one in enumerate(found.value)]

    # --- single values ------------------------------------------------------------------------------------------------

    def text(self) -> str:
        """Text that is not empty, and that can be written again."""
        if not isinstance(self.value, str) or not self.value:
            raise self.error("text stands here, which is not empty")
        if _HALF.search(self.value):
            raise self.error("text is made of whole characters", got=ascii(self.value), allowed="no half of a pair")
        return self.value

    def words(self, key: str) -> str:
        """The text under a key; empty where the key is not there."""
        found = self.find(key)
        return "" if found is None else found.text()

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            raise self.error("true or false stands here")
        return self.value

    def instant(self) -> datetime:
        """A moment, told to the second at least and with its offset."""
        text = self.text()
        found = _INSTANT.fullmatch(text)
        fraction = (found[2] or "").rstrip("0") if found else ""
        if found and len(fraction) <= _TICK_DIGITS:
            with suppress(ValueError, OverflowError):  # what no clock shows is refused below with the rest
                moment = datetime.fromisoformat(f"{found[1]}.{fraction.ljust(_TICK_DIGITS, '0')}{found[3]}")
                return from_us(to_us(moment))
        raise self.error(
            "an instant is written YYYY-MM-DDThh:mm:ss with an offset, to the microsecond at most",
            allowed="as 2026-11-23T09:00:00-05:00",
        )

    def moment(self, zone: TimeZone | None, *, last: bool) -> datetime:
        """A moment, or the beginning of a day, month or year, or (``last``) its end."""
        found = _DATE.fullmatch(self.text())
        if found is None:
            return self.instant()
        with suppress(ValueError):  # a day that no calendar has is refused below
            year, month, day = (None if part is None else int(part) for part in found.groups())
            until = date(year or 0, month or (12 if last else 1), 1)
            until = until.replace(day=day or (monthrange(until.year, until.month)[1] if last else 1))
            number = day_number(until) + last
            if zone is not None:
                if until == (date.max if last else date.min):
                    # Its edge may lie beyond the calendar, where no zone is asked; the other edge is a day away.
                    away = DAY_US if last else -DAY_US
                    inner = int(zone.day_starts(number - away // DAY_US, number - away // DAY_US)[0])
                    return from_us(min(max(inner + away, FIRST_US), LAST_US))
                return from_us(int(zone.day_starts(number, number)[0]))
            return from_us(number * DAY_US + (_FIRST_END_US if last else _LAST_BEGINNING_US))
        raise self.error("a date is written YYYY, YYYY-MM or YYYY-MM-DD and lies in the years 1 to 9999")


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


# --- from text to a tree ----------------------------------------------------------------------------------------------


def parse(source: str | bytes | Mapping[str, Any], *, format: Format, max_bytes: int) -> list[Node]:  # noqa: A002 - the word people look for
    """The objects of a text: one, or one for each line that is not blank. What was parsed already is taken as it is."""
    if format not in ("json", "ndjson"):
        msg = f"the format of a FHIR text is json or ndjson, got {format!r}"
        raise InvalidValueError(msg, name="format", got=format)
    if not isinstance(source, (str, bytes)):
        return [Node(source).table()]
    if len(source) > max_bytes:
        msg = f"a FHIR text has at most max_bytes={max_bytes} bytes, got {len(source)}; raise max_bytes"
        raise LimitExceededError(msg, limit=max_bytes, got=len(source), bound="max_bytes")
    text = _decoded(source).removeprefix("\ufeff")
    if format == "json":
        return [Node(_tree(text, None)).table()]
    lines = enumerate(text.split("\n"), 1)
    return [Node(_tree(line, number), (), number).table() for number, line in lines if line.strip()]


def _decoded(source: str | bytes) -> str:
    try:
        return source if isinstance(source, str) else source.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _unreadable(
            f"it is not UTF-8 (byte {error.start})", error.object[: error.start].count(b"\n") + 1
        ) from None


def _tree(text: str, line: int | None) -> object:
    def constant(name: str) -> object:
        raise _unreadable(f"a number is finite, got {name}", line)

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        # The last of two would win in silence, and a slot could be busy by the first.
        found = dict(pairs)
        if len(found) < len(pairs):
            raise _unreadable("a key stands twice in its object", line)
        return found

    try:
        return json.loads(text, object_pairs_hook=once, parse_constant=constant)
    except json.JSONDecodeError as error:
        raise _unreadable(f"{error.msg.lower()} in column {error.colno}", line or error.lineno) from None
    except RecursionError:
        raise _unreadable("it is nested too deeply", line) from None
    except InvalidBundleError:
        raise
    except ValueError:  # the interpreter reads no numbers of very many digits
        raise _unreadable("a number has too many digits", line) from None


def _unreadable(reason: str, line: int | None) -> InvalidBundleError:
    place = "" if line is None else f"line {line}: "
    return InvalidBundleError(f"{place}the text is not JSON: {reason}", path="", line=line, got=reason, allowed="json")
