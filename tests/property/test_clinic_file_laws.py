"""A clinic file that is written is read back equal: people, roles, visits and the queue too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from petpro_core.interop.clinic import Clinic, ClinicResource, ClinicService, clinic_tree, read_clinic, write_clinic
from petpro_core.testing.strategies.whole_clinics import clinics

if TYPE_CHECKING:
    from collections.abc import Mapping

# An example draws, writes and reads a whole clinic.
FEW: Final = settings(max_examples=max(10, settings().max_examples // 4))


def parts(many: Mapping[str, ClinicService] | Mapping[str, ClinicResource]) -> list[tuple[object, ...]]:
    return [attrs.astuple(one, recurse=False) for one in many.values()]


@FEW
@given(clinics(), st.sampled_from(("json", "toml")))
def test_a_clinic_that_is_written_is_read_back_equal(clinic: Clinic, form: Literal["json", "toml"]) -> None:
    text = write_clinic(clinic, format=form)
    again = read_clinic(text, format=form)
    assert parts(again.services) == parts(clinic.services)
    assert parts(again.resources) == parts(clinic.resources)
    assert again.skills == clinic.skills
    assert again.visits == clinic.visits
    assert again.queue == clinic.queue
    assert again.bookings == clinic.bookings
    assert again.names == clinic.names
    assert clinic_tree(again) == clinic_tree(clinic)
    assert write_clinic(again, format=form) == text


@FEW
@given(clinics())
def test_what_is_asked_about_is_what_the_file_says(clinic: Clinic) -> None:
    """Every service is a visit whose roles name whom the file names, and what takes one resource is one role."""
    table = clinic.resource_table()
    assert table.handles.tolist() == [one.handle for one in clinic.resources.values()]
    for service in clinic.services.values():
        kind = service.service_type(clinic.resources)
        assert kind.duration == service.rules[0].duration
        assert kind.roles == (service.roles or kind.roles)
        if service.takes_one:
            (role,) = kind.roles
            rules = kind.rules_for(role)
            assert rules == service.rules[0]
