"""The public harness draws every type that the core offers."""

from __future__ import annotations

import enum
import importlib
import inspect
import pkgutil

import attrs
import pytest

import petpro_core
from petpro_core.testing import strategies

FLOORS = (
    "petpro_core",
    "petpro_core.index",
    "petpro_core.matching",
    "petpro_core.priority",
    "petpro_core.recurrence",
    "petpro_core.repair",
    "petpro_core.visits",
)
# What is made by asking a question, and holds on to what was asked, is not drawn but made from `cases`.
MADE = {"HoursCache"}


def types() -> list[type]:
    """Every public class that is neither an error nor a set of words."""
    found: dict[str, type] = {}
    for floor in FLOORS:
        module = importlib.import_module(floor)
        found |= {name: getattr(module, name) for name in module.__all__ if inspect.isclass(getattr(module, name))}
    kinds = [kind for kind in found.values() if not issubclass(kind, (Exception, enum.Enum))]
    return [kind for kind in kinds if kind.__name__ not in MADE]


@pytest.mark.parametrize("kind", types(), ids=lambda kind: kind.__name__)
def test_a_public_type_has_a_strategy(kind: type) -> None:
    assert kind in strategies.BY_TYPE, "give it a strategy in petpro_core.testing.strategies"


def test_frozen_types_of_all_floors_are_public_where_they_are_looked_for() -> None:
    floors = {module.name for module in pkgutil.iter_modules(petpro_core.__path__, "petpro_core.")}
    assert {name for name in FLOORS if "." in name} <= floors
    assert any(attrs.has(kind) for kind in types())
