"""Time zones as arrays: wall-clock times to instants and back, one or a million, with the ambiguous ones decided aloud.

Zones come from the ``tzdata`` package (:func:`load_zone`), from given clock changes or from a zone file's bytes; the
host's own zone files are never read, so that an answer can be reproduced from :data:`TZDATA_VERSION`. Leap seconds do
not exist here.
"""

from __future__ import annotations

from petpro_core.timezones._catalogue import TZDATA_VERSION, as_zone, load_zone, zone_keys
from petpro_core.timezones._zones import Disambiguation, Instants, LocalTimes, TimeZone

__all__ = [
    "TZDATA_VERSION",
    "Disambiguation",
    "Instants",
    "LocalTimes",
    "TimeZone",
    "as_zone",
    "load_zone",
    "zone_keys",
]
