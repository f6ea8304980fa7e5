"""FHIR R4 schedules and slots, in and out, and the files of SMART Scheduling Links.

A ``ScheduleBundle`` is what is published. ``read_bundle`` and ``write_bundle`` lead from it to JSON and back,
``bundle_of_clinic`` makes one of a clinic and its answers, ``clinic_of_bundle`` makes a clinic of one, and
``write_smart`` gives the files that a web server publishes.

>>> from petpro_core.intervals import Interval
>>> slots = [PublishedSlot(Interval.from_us(0, 1_800_000_000), "free")]
>>> bundle = ScheduleBundle(PublishedSchedule("ana", Actor("Practitioner/ana", "Dr. Ana Alvarez"), slots))
>>> read_bundle(write_bundle(bundle)) == bundle
True
"""

from __future__ import annotations

from petpro_core.interop.fhir._adopting import clinic_of_bundle
from petpro_core.interop.fhir._ids import fhir_id
from petpro_core.interop.fhir._publishing import bundle_of_clinic
from petpro_core.interop.fhir._reading import read_bundle
from petpro_core.interop.fhir._smart import PublishedPlace, write_smart
from petpro_core.interop.fhir._writing import write_bundle
from petpro_core.interop.fhir.model import (
    Actor,
    Concept,
    PublishedSchedule,
    PublishedSlot,
    ScheduleBundle,
    SlotStatus,
)

__all__ = [
    "Actor",
    "Concept",
    "PublishedPlace",
    "PublishedSchedule",
    "PublishedSlot",
    "ScheduleBundle",
    "SlotStatus",
    "bundle_of_clinic",
    "clinic_of_bundle",
    "fhir_id",
    "read_bundle",
    "write_bundle",
    "write_smart",
]
