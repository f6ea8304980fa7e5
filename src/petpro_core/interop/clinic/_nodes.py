"""A value of the tree with its place: typed reading, and errors that name line, key, what was got, what is allowed."""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from datetime import date, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

import attrs

from petpro_core.errors import (
    InvalidClinicError,
    InvalidValueError,
    RepeatedTimeError,
    SkippedTimeError,
    UnknownTimeZoneError,
)
from petpro_core.interop.clinic._source import Path, Source, dotted
from petpro_core.intervals import from_us, to_us
from petpro_core.timezones import Disambiguation, TimeZone, load_zone

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

__all__ = ["Node"]

_SHOWN: Final = 60
_WIDEST: Final = 128
_LONGEST_TEXT: Final = 200
_LARGEST: Final = 1_000_000
_ID: Final = re.compile(r"[\w.-]{1,64}")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?")


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    # Python refuses to write numbers of very many digits in tens, and nobody would read them.
    text = f"{value:#x}" if isinstance(value, int) and value.bit_length() > _WIDEST else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


@attrs.frozen(eq=False)
class Node:
    """One value of the file, the path to it and the text it came from."""

    value: Any
    path: Path
    source: Source

    # --- errors -------------------------------------------------------------------------------------------------------

    def error(self, rule: str, *, allowed: str | None = None, got: str | None = None) -> InvalidClinicError:
        """An error about this value: the rule, what was got, the way out."""
        shown = _shown(self.value) if got is None else got
        return self._error(f"{rule}, got {shown}" + (f"; {allowed}" if allowed else ""), got=shown, allowed=allowed)

    def _error(self, message: str, *, got: str, allowed: str | None, **more: Any) -> InvalidClinicError:  # noqa: ANN401 - values of an error
        key = dotted(self.path)
        return InvalidClinicError(
            f"{key}: {message}" if key else message,
            key=key,
            line=self.source.line_of(self.path),
            got=got,
            allowed=allowed,
            **more,
        )

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Say of an error of the core's own constructors where in the file it comes from."""
        try:
            yield
        except InvalidClinicError:
            raise
        except (InvalidValueError, UnknownTimeZoneError) as error:
            named = error.values.get("name")
            # A constructor that names the attribute it refuses names the key, where the two are spelled alike.
            at = self.find(named) if isinstance(self.value, dict) and isinstance(named, str) else None
            node = at or self
            message = error.message
            raise node._error(message, got=_shown(node.value), allowed=None, cause=error.code) from None  # noqa: SLF001 - itself
        except OverflowError:
            raise self.error("times lie in the years 1 to 9999") from None

    # --- tables and lists ---------------------------------------------------------------------------------------------

    def table(self, *allowed: str) -> Node:
        """Itself, once it is known to be a table without unknown keys."""
        if not isinstance(self.value, dict):
            raise self.error(f"a table with {_listed(allowed)} stands here")
        for key in self.value:
            if key not in allowed:
                close = get_close_matches(key, allowed, n=1)
                way_out = f"did you mean {close[0]}?" if close else f"known here: {_listed(allowed)}"
                raise self.child(key).error("this key is not known", allowed=way_out, got=repr(key[:_SHOWN]))
        return self

    def child(self, step: str | int) -> Node:
        """The value under a key or number that is there."""
        return Node(self.value[step], (*self.path, step), self.source)

    def find(self, key: str) -> Node | None:
        """The value under a key, or ``None``."""
        return self.child(key) if key in self.value else None

    def need(self, key: str) -> Node:
        """The value under a key that must be there."""
        found = self.find(key)
        if found is None:
            raise self._error(f"the key {key} is needed here", got="nothing", allowed=key)
        return found

    def each(self, key: str) -> list[Node]:
        """The values of the list under a key; none where the key is not there."""
        found = self.find(key)
        return [] if found is None else found.items()

    def items(self) -> list[Node]:
        """The values of a list."""
        if not isinstance(self.value, list):
            raise self.error("a list stands here: [...]")
        return [self.child(number) for number in range(len(self.value))]

    def one_or_more(self) -> list[Node]:
        """The values of a list, or the one value that stands without one."""
        return self.items() if isinstance(self.value, list) else [self]

    # --- single values ------------------------------------------------------------------------------------------------

    def text(self, longest: int = _LONGEST_TEXT) -> str:
        """Text that can be shown: not empty, without line breaks and control characters."""
        if not isinstance(self.value, str):
            raise self.error("text stands here, in quotes")
        if not 0 < len(self.value) <= longest or not self.value.isprintable():
            raise self.error(f"text has 1 to {longest} characters that can be printed, in one line")
        return self.value

    def ident(self) -> str:
        """An id of this file's own things: it is typed on a command line, so it is short and plain."""
        text = self.text()
        if not _ID.fullmatch(text):
            raise self.error("an id has 1 to 64 letters, digits, dots, hyphens or underscores")
        return text

    def key_of_somebody(self) -> str:
        """An id of somebody else's (a client, a booking): any text, or a whole number."""
        return str(self.whole()) if isinstance(self.value, int) else self.text()

    def choice(self, options: Collection[str], what: str) -> str:
        """One of some words."""
        text = self.text()
        if text not in options:
            close = get_close_matches(text, options, n=1)
            allowed = f"allowed: {_listed(options)}" if options else f"the file has no {what}"
            raise self.error(f"no such {what}", allowed=f"did you mean {close[0]}? {allowed}" if close else allowed)
        return text

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            raise self.error("true or false stands here")
        return self.value

    def whole(self, lowest: int = 0, highest: int = _LARGEST) -> int:
        """A whole number between bounds."""
        number = self.value
        if isinstance(number, bool) or not isinstance(number, int) or not lowest <= number <= highest:
            raise self.error(f"a whole number from {lowest} to {highest} stands here")
        return number

    def rate(self) -> float:
        """A share: a number from 0 to 1."""
        number = self.value
        if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= 1:
            raise self.error("a number from 0 to 1 stands here")
        return float(number)

    def day(self) -> date:
        """A date without a time."""
        value = self.value
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if isinstance(value, str) and _DAY.fullmatch(value):
            with suppress(ValueError):  # a day that no calendar has is refused as any other text
                return date.fromisoformat(value)
        raise self.error("a date is written YYYY-MM-DD")

    def zone(self) -> TimeZone:
        """A zone by its key."""
        with self.blamed():
            return load_zone(self.text())

    def instant(self, zone: TimeZone) -> datetime:
        """A moment: with an offset as it is, without one by the wall clock of ``zone``, where it exists once."""
        moment = self.value
        if isinstance(moment, str) and _MOMENT.fullmatch(moment):
            with suppress(ValueError):  # what no clock shows is refused below with the rest
                moment = datetime.fromisoformat(moment)
        if not isinstance(moment, datetime):
            raise self.error(
                "a moment is written YYYY-MM-DDTHH:MM, with an offset (-05:00, Z) or by the clinic's clock"
            )
        with self.blamed():
            if moment.tzinfo is not None:
                return from_us(to_us(moment))
            try:
                return zone.to_utc(moment, disambiguation=Disambiguation.REJECT)
            except (RepeatedTimeError, SkippedTimeError) as error:
                first, last = (
                    zone.to_local(zone.to_utc(moment, disambiguation=side)).isoformat(timespec="minutes")
                    for side in (Disambiguation.EARLIER, Disambiguation.LATER)
                )
                twice = isinstance(error, RepeatedTimeError)
                what = "comes twice when the clock goes back" if twice else "is skipped when the clock goes forward"
                raise self.error(f"this time {what} in {zone.key}", allowed=f"write {first} or {last}") from None


def _listed(words: Collection[str]) -> str:
    shown = sorted(words)[:20] if not isinstance(words, tuple) else list(words)
    return ", ".join(shown) + (", ..." if len(words) > len(shown) else "")
