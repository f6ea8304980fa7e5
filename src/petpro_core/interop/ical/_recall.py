"""What PetPro writes beside the standard's words: keys of a clinic file, as JSON in one property.

Source: ADR 17.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from petpro_core.errors import InvalidClinicError
from petpro_core.interop.clinic._source import parse
from petpro_core.interop.ical._lines import unescaped
from petpro_core.interop.ical._model import ContentLine, escaped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from petpro_core.interop.ical._lines import Property

__all__ = ["WRITTEN_BY_US", "Tree", "memory", "recalled"]

Tree = dict[str, Any]

WRITTEN_BY_US: Final = "a calendar that write_clinic has written; read_busy and read_hours read those of others"


def memory(name: str, tree: Tree) -> ContentLine:
    """Write keys and values as a property."""
    return ContentLine(name, escaped(json.dumps(tree, ensure_ascii=False, separators=(",", ":"))))


def recalled(named: Property, keys: Iterable[str]) -> Tree:
    """Read the keys and values of such a property; only these keys may stand in it.

    Raises:
        InvalidCalendarError: it is no JSON table, is nested too deep, or has another key.
    """
    text = unescaped(named.value)
    try:
        tree: Tree = parse(text, format="json", max_bytes=max(1, len(text))).tree
    except InvalidClinicError as error:
        raise named.error(error.message, allowed=WRITTEN_BY_US) from None
    allowed = tuple(keys)
    if unknown := [key for key in tree if key not in allowed]:
        raise named.error("this key has no place here", got=unknown[0], allowed=", ".join(allowed))
    return tree
