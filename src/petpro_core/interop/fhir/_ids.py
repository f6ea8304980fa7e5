"""Ids of FHIR from ids of a clinic, the same in every run."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from petpro_core.interop.fhir.model import ID

if TYPE_CHECKING:
    from collections.abc import Container

__all__ = ["distinct", "fhir_id"]

_OTHER: Final = re.compile(r"[^A-Za-z0-9.\-]+")
_KEPT: Final = 47
_DIGITS: Final = 16


def fhir_id(text: str) -> str:
    """The text itself where FHIR allows it as an id; else what it allows of it, and a digest of all of it.

    >>> fhir_id("ana"), fhir_id("puppy_class")
    ('ana', 'puppy-class-9d3d87e85cae9330')
    """
    if ID.fullmatch(text):
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    return f"{_OTHER.sub('-', text)[:_KEPT]}-{digest}"


def distinct(text: str, taken: Container[str]) -> str:
    """The text, or where it is taken the text with the first number that is not, as an id of FHIR."""
    found, number = fhir_id(text), 1
    while found in taken:
        number += 1
        found = fhir_id(f"{text}.{number}")
    return found
