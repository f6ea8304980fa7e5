"""Resources and tables of them: what is refused, who is found, who is on duty."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from petpro_core import ALWAYS, BookingTable, Calendar, Schedule, SlotRules, TimeOff, WeeklyHours, find_slots
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import Interval
from petpro_core.matching import Has, Proficiency, Resource, ResourceKind, ResourceTable, SkillLevels

if TYPE_CHECKING:
    from collections.abc import Callable


def monday(first: int, last: int) -> Interval:
    return Interval(datetime(2026, 11, 23, first, tzinfo=UTC), datetime(2026, 11, 23, last, tzinfo=UTC))


def hours(*ranges: str, time_off: tuple[TimeOff, ...] = (), location: int | None = None) -> Calendar:
    return Calendar(Schedule("UTC", WeeklyHours({"monday": list(ranges)}), location=location), time_off)


TABLE = ResourceTable.of(
    [
        Resource(7, "provider", hours("08:00-12:00"), skills={1: "expert", 2: "basic"}, groups=[1, 3], weight=5),
        Resource(8, ResourceKind.PROVIDER, skills={1: "advanced"}, locations=4, supervised=True),
        Resource(20, "room", hours("00:00-24:00"), locations=[4, 5]),
        Resource(30, "equipment"),
    ]
)


def test_a_resource_is_as_it_was_given() -> None:
    one = Resource(7, "provider", skills={2: "basic", 1: Proficiency.EXPERT}, groups=3, locations=[5, 4], name="Ana")
    assert (one.kind, one.groups, one.locations, one.weight, one.supervised) == (
        ResourceKind.PROVIDER,
        (3,),
        (4, 5),
        1,
        False,
    )
    assert one.skills == {1: "expert", 2: "basic"}
    assert isinstance(one.skills, SkillLevels)
    for again in (copy.deepcopy(one), pickle.loads(pickle.dumps(one))):  # noqa: S301 - our own bytes
        assert again == one
        assert hash(again) == hash(one)


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (lambda: Resource(-1, "provider"), "handle"),
        (lambda: Resource(7, "vet"), "kind"),
        (lambda: Resource(7, "provider", Schedule("UTC")), "calendar"),  # type: ignore[arg-type]
        (lambda: Resource(7, "provider", skills={-1: "basic"}), "skill"),
        (lambda: Resource(7, "provider", skills=[1]), "skills"),  # type: ignore[arg-type]
        (lambda: Resource(7, "provider", groups=[1, 1]), "groups"),
        (lambda: Resource(7, "provider", locations=["x"]), "locations"),  # type: ignore[list-item]
        (lambda: Resource(7, "provider", weight=0), "weight"),
        (lambda: Resource(7, "provider", weight=-3), "weight"),
        (lambda: Resource(7, "provider", weight=0.5), "weight"),  # type: ignore[arg-type]
        (lambda: Resource(7, "room", supervised=True), "supervised"),
        (lambda: Resource(7, "provider", supervised=1), "supervised"),  # type: ignore[arg-type]
        (lambda: Resource(7, "provider", name=None), "name"),  # type: ignore[arg-type]
        (lambda: ResourceTable.of([Resource(7, "room"), Resource(7, "provider")]), "resources"),
        (lambda: ResourceTable.of([7]), "resources"),  # type: ignore[list-item]
    ],
)
def test_what_makes_no_resource_is_refused(build: Callable[[], object], name: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        build()
    assert caught.value.name == name


def test_a_table_has_columns_that_stay() -> None:
    assert TABLE.handles.tolist() == [7, 8, 20, 30]
    assert TABLE.weights.tolist() == [5, 1, 1, 1]
    assert TABLE.supervised.tolist() == [False, True, False, False]
    assert TABLE.skills == (1, 2)
    assert ResourceTable.of(TABLE) is TABLE
    assert len(ResourceTable.of(Resource(1, "room"))) == 1
    assert repr(TABLE) == "<ResourceTable of 4 resources>"
    for column in (TABLE.handles, TABLE.weights, TABLE.supervised):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 1


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [7, 8, 20, 30]),
        ({"requirement": Has(1, "expert")}, [7]),
        ({"requirement": ~Has(1, "expert")}, [8, 20, 30]),
        ({"requirement": Has(9)}, []),
        ({"requirement": ~Has(9), "kind": "provider"}, [7, 8]),
        ({"kind": ResourceKind.ROOM}, [20]),
        ({"group": 3}, [7]),
        ({"group": 2}, []),
        ({"location": 4}, [7, 8, 20, 30]),
        ({"location": 5}, [7, 20, 30]),
        ({"location": 6}, [7, 30]),
    ],
)
def test_filters(asked: dict[str, Any], found: list[int]) -> None:
    assert TABLE.handles[TABLE.match(**asked)].tolist() == found


def test_a_mask_is_the_callers_own() -> None:
    mask = TABLE.match()
    mask[:] = False
    assert TABLE.match().all()


@pytest.mark.parametrize("asked", [{"requirement": 1}, {"kind": "vet"}, {"group": -1}, {"location": "x"}])
def test_filters_refuse_what_they_cannot_ask(asked: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError):
        TABLE.match(**asked)


@pytest.mark.parametrize("rows", [0, 1, 63, 64, 65, 200])
def test_tables_of_every_length(rows: int) -> None:
    table = ResourceTable.of([Resource(n, "room", skills={1: "basic"} if n % 3 else {}) for n in range(rows)])
    assert table.match().tolist() == [True] * rows
    assert table.match(Has(1)).tolist() == [bool(n % 3) for n in range(rows)]
    assert table.match(~Has(1)).tolist() == [not n % 3 for n in range(rows)]
    assert table.match(~Has(2), kind="provider").tolist() == [False] * rows


def test_rows_are_found_by_handle() -> None:
    assert TABLE.row_of(20) == 2
    assert TABLE.among([20, 99]).tolist() == [False, False, True, False]
    with pytest.raises(InvalidValueError, match="put that one into the table first") as caught:
        TABLE.row_of(99)
    assert caught.value.got == 99


def test_who_is_on_duty_is_open_for_all_of_it() -> None:
    assert TABLE.on_duty(monday(8, 12)).tolist() == [True, False, True, False]
    assert TABLE.on_duty(monday(11, 13)).tolist() == [False, False, True, False]
    off = Resource(9, "provider", hours("08:00-12:00", time_off=(TimeOff(monday(9, 10)),)))
    assert ResourceTable.of(off).on_duty(monday(8, 9)).tolist() == [True]
    assert ResourceTable.of(off).on_duty(monday(8, 12)).tolist() == [False]
    there = ResourceTable.of(Resource(9, "provider", hours("08:00-12:00", location=4)))
    assert there.on_duty(monday(8, 9), location=5).tolist() == [False]
    assert ResourceTable.of(Resource(8, "provider")).on_duty(monday(8, 9)).tolist() == [False]
    with pytest.raises(InvalidValueError):
        TABLE.on_duty(None)  # type: ignore[arg-type]


def test_calendars_of_some_rows_can_be_searched() -> None:
    chosen = TABLE.calendars(np.array([True, False, True, False]))
    assert chosen.handles.tolist() == [7, 20]
    found = find_slots(
        chosen,
        busy=BookingTable.empty(known=ALWAYS),
        rules=SlotRules(monday(8, 12).duration),
        within=monday(0, 9),
        now=datetime(2026, 11, 20, tzinfo=UTC),
    )
    assert {slot.resource_id for slot in found} == {7, 20}
    with pytest.raises(InvalidValueError, match=r"got none for \[8, 30\]"):
        TABLE.calendars()
    with pytest.raises(InvalidValueError, match="of shape"):
        TABLE.calendars([True])
