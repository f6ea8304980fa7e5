"""The zones of the installed ``tzdata`` package, and of nothing else: the host's zone files are never read."""

from __future__ import annotations

from datetime import tzinfo
from difflib import get_close_matches
from functools import cache
from importlib import import_module, resources
from typing import Final

from petpro_core._checks import as_kind
from petpro_core.errors import UnknownTimeZoneError
from petpro_core.timezones._zones import TimeZone

__all__ = ["TZDATA_VERSION", "as_zone", "load_zone", "zone_keys"]

_PACKAGE: Final = "tzdata"

TZDATA_VERSION: Final[str] = str(import_module(_PACKAGE).IANA_VERSION)
"""The release of the IANA time zone database that answers come from, such as ``2026f``."""

_LONGEST_GUESS: Final = 64


@cache
def zone_keys() -> frozenset[str]:
    """Give the keys of all zones of the ``tzdata`` package, links included.

    >>> "Europe/Berlin" in zone_keys()
    True

    Source: the file ``zones`` of the package.
    """
    return frozenset(resources.files(_PACKAGE).joinpath("zones").read_text(encoding="utf-8").split())


@cache
def load_zone(key: str) -> TimeZone:
    """Load the zone of an IANA key, written exactly as in :func:`zone_keys`; the same object each time.

    A link (``Asia/Calcutta``) is a zone with its own key, and so is not equal to its target.

    Raises:
        UnknownTimeZoneError: the package has no such key; the error's ``suggestions`` are the closest ones.

    >>> from datetime import datetime
    >>> load_zone("America/New_York").to_utc(datetime(2026, 3, 8, 2, 30)).isoformat()
    '2026-03-08T07:30:00+00:00'
    >>> try:
    ...     load_zone("america/new_york")
    ... except UnknownTimeZoneError as error:
    ...     print(error.suggestions)
    ('America/New_York',)

    Source: RFC 9636; https://www.iana.org/time-zones.
    """
    # Only a listed key is ever made into a path, so that no key can leave the package's folder.
    if key not in zone_keys():
        suggestions = _suggestions(key)
        way_out = f"did you mean {' or '.join(suggestions)}?" if suggestions else "see zone_keys()"
        msg = f"a zone is a key of tzdata {TZDATA_VERSION}, got {key[:_LONGEST_GUESS]!r}; {way_out}"
        raise UnknownTimeZoneError(msg, key=key, suggestions=suggestions)
    data = resources.files(_PACKAGE).joinpath("zoneinfo", *key.split("/")).read_bytes()
    return TimeZone.from_tzif(key, data)


def _suggestions(key: str) -> tuple[str, ...]:
    wanted = key[:_LONGEST_GUESS].strip().casefold().replace(" ", "_")
    folded = {known.casefold(): known for known in sorted(zone_keys())}
    if wanted in folded:
        return (folded[wanted],)
    cities = [known for name, known in folded.items() if name.endswith(f"/{wanted}")]
    close = [folded[name] for name in get_close_matches(wanted, folded, n=3)]
    return tuple(dict.fromkeys([*cities, *close]))[:3]


def as_zone(value: TimeZone | str | tzinfo) -> TimeZone:
    """A compiled zone as it is; a key, or a ``ZoneInfo`` by its key, through ``load_zone``: the host has no say.

    >>> as_zone("Europe/Berlin").key
    'Europe/Berlin'

    Raises:
        UnknownTimeZoneError: No zone of that key.
        InvalidValueError: The value is neither a zone nor a key.
    """
    key = getattr(value, "key", None) if isinstance(value, tzinfo) else value
    if isinstance(key, str):
        return load_zone(key)
    as_kind("zone", value, TimeZone, str)
    return value  # type: ignore[return-value]  # as_kind has refused everything else
