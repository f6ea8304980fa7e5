"""Distinct people for overlapping roles, seniors beside juniors, and who is short together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from petpro_core.errors import InvalidValueError
from petpro_core.matching import Has, Lack, Pairing, Resource, ResourceTable, Role, RoleTable, Shortage, covered, pair

SURGERY, DENTAL = 1, 2


def provider(handle: int, *, junior: bool = False, **levels: str) -> Resource:
    skills: Any = {{"surgery": SURGERY, "dental": DENTAL}[name]: level for name, level in levels.items()}
    return Resource(handle, "provider", skills=skills, supervised=junior)


EXPERT, VET, OTHER, ROOM = (
    provider(7, surgery="expert"),
    provider(8, surgery="basic"),
    provider(9),
    Resource(20, "room"),
)
TABLE = ResourceTable.of([EXPERT, VET, OTHER, ROOM])
ANYBODY, SURGEON, LEADER, THEATRE = (
    Role("provider"),
    Role("provider", Has(SURGERY)),
    Role("provider", Has(SURGERY, "expert")),
    Role("room"),
)


def test_two_vets_of_whom_one_is_an_expert_are_two() -> None:
    found = pair(RoleTable.of(TABLE, [SURGEON, LEADER, THEATRE]))
    assert found == Pairing(((1,), (0,), (3,)), ((8,), (7,), (20,)))
    assert found.found


def test_one_cannot_be_both() -> None:
    alone = RoleTable.of(ResourceTable.of([EXPERT, OTHER]), [SURGEON, LEADER])
    assert pair(alone).shortage == Shortage(Lack.TOO_FEW_TOGETHER, (0, 1), 2, (7,))
    assert alone.shortage == pair(alone).shortage


def test_who_is_preferred_comes_first_as_far_as_all_roles_are_filled() -> None:
    roles = RoleTable.of(TABLE, [ANYBODY, SURGEON])
    assert pair(roles).handles == ((7,), (8,))
    assert pair(roles, order=[2, 1, 0, 3]).handles == ((9,), (8,))
    assert pair(roles, [True, False, True, True]).handles == ((9,), (7,))
    assert pair(roles, [[True, True, True, False], [True, False, False, False]]).handles == ((8,), (7,))


def test_rows_of_a_role_stand_in_the_order_of_preference() -> None:
    two = RoleTable.of(TABLE, [Role("provider", count=2)])
    assert pair(two).handles == ((7, 8),)
    assert pair(two, order=[3, 2, 0, 1]).handles == ((9, 7),)


def test_everybody_means_everybody_who_fits_whoever_is_free() -> None:
    roles = RoleTable.of(TABLE, [ANYBODY, Role("provider", Has(SURGERY), "all")])
    assert roles.needs.tolist() == [1, 2]
    assert pair(roles).handles == ((9,), (7, 8))
    shortage = pair(roles, [True, False, True, True]).shortage
    assert shortage == Shortage(Lack.TOO_FEW_ON_DUTY, (1,), 2, (7,))


def test_many_who_all_come_leave_the_others_to_other_roles() -> None:
    table = ResourceTable.of([Resource(number, "provider") for number in range(300)])
    roles = RoleTable.of(table, [ANYBODY, Role("provider", count="all", among=range(290))])
    assert pair(roles).handles == ((290,), tuple(range(290)))


@pytest.mark.parametrize(
    ("roles", "candidates", "shortage"),
    [
        ([Role("provider", Has(9))], None, Shortage(Lack.NO_SUCH_SKILL, (0,), 1, ())),
        ([THEATRE, Role("equipment")], None, Shortage(Lack.NOBODY_ELIGIBLE, (1,), 1, ())),
        ([Role("provider", count=4)], None, Shortage(Lack.TOO_FEW_ELIGIBLE, (0,), 4, (7, 8, 9))),
        ([ANYBODY, LEADER], [False, True, True, True], Shortage(Lack.NOBODY_ON_DUTY, (1,), 1, ())),
        ([Role("provider", count=2)], [False, True, False, True], Shortage(Lack.TOO_FEW_ON_DUTY, (0,), 2, (8,))),
        ([ANYBODY, Role("provider", count=3)], None, Shortage(Lack.TOO_FEW_TOGETHER, (0, 1), 4, (7, 8, 9))),
        # One role that is short by itself is named alone, though another wants the same one.
        ([LEADER, Role("provider", Has(SURGERY, "expert"), 2)], None, Shortage(Lack.TOO_FEW_ELIGIBLE, (1,), 2, (7,))),
        # The room is no part of the matter, and is not named.
        ([THEATRE, LEADER, SURGEON, SURGEON], None, Shortage(Lack.TOO_FEW_TOGETHER, (1, 2, 3), 3, (7, 8))),
    ],
)
def test_a_shortage_names_the_roles_that_are_short_and_no_others(
    roles: list[Role], candidates: list[bool] | None, shortage: Shortage
) -> None:
    compiled = RoleTable.of(TABLE, roles)
    assert pair(compiled, candidates) == Pairing((), (), shortage)
    assert pair(compiled, candidates, order=[3, 2, 1, 0]).shortage == shortage


# --- supervision ----------------------------------------------------------------------------------------------------

JUNIOR = provider(5, junior=True, surgery="basic")


def paired(people: list[Resource], *roles: Role) -> tuple[tuple[int, ...], ...] | Lack:
    found = pair(RoleTable.of(ResourceTable.of(people), roles))
    return found.handles if found.shortage is None else found.shortage.lack


def test_a_junior_alone_does_not_count() -> None:
    assert paired([JUNIOR], SURGEON) is Lack.NO_SENIOR
    assert paired([JUNIOR, OTHER], SURGEON, ANYBODY) is Lack.NO_SENIOR
    assert paired([JUNIOR, VET], SURGEON) == ((8,),)


def test_a_junior_counts_beside_a_senior_in_whatever_role() -> None:
    assert paired([JUNIOR, VET], SURGEON, SURGEON) == ((5,), (8,))
    assert paired([JUNIOR, VET], Role("provider", Has(SURGERY), 2)) == ((5, 8),)
    assert paired([JUNIOR, VET], SURGEON, ANYBODY) == ((5,), (8,))


def test_a_senior_is_preferred_last_where_a_junior_needs_one() -> None:
    # 5 and 9 come first, but 9 may not stand by: so the senior takes the other place.
    assert paired([JUNIOR, OTHER, VET], SURGEON, ANYBODY) == ((5,), (8,))
    # Where nobody may stand by, the junior is passed over; for the other role any senior will do.
    strict = Role("provider", Has(SURGERY), supervision=Has(SURGERY, "expert"))
    assert paired([JUNIOR, VET, OTHER], strict, ANYBODY) == ((8,), (5,))
    assert paired([JUNIOR, OTHER, EXPERT], strict, ANYBODY) == ((5,), (7,))


def test_a_role_may_be_for_juniors_alone() -> None:
    assert paired([JUNIOR], Role("provider", Has(SURGERY), alone=True)) == ((5,),)


def test_a_room_watches_over_nobody() -> None:
    room = Resource(20, "room", skills={SURGERY: "expert"})
    assert paired([JUNIOR, room], SURGEON, THEATRE) is Lack.NO_SENIOR


def test_rules_of_two_roles_are_kept_by_two_seniors_or_by_one() -> None:
    surgeon = Role("provider", Has(SURGERY))
    dentist = Role("provider", Has(DENTAL))
    pupil = provider(6, junior=True, dental="basic")
    both, one = provider(7, surgery="expert", dental="expert"), provider(18, dental="basic")
    assert paired([JUNIOR, pupil, both], surgeon, dentist, ANYBODY) == ((5,), (6,), (7,))
    assert paired([JUNIOR, pupil, VET, one], surgeon, dentist, ANYBODY) == ((5,), (18,), (8,))
    assert paired([JUNIOR, pupil, VET, one], surgeon, dentist, ANYBODY, ANYBODY) == ((5,), (6,), (8,), (18,))
    found = pair(RoleTable.of(ResourceTable.of([JUNIOR, pupil, VET]), [surgeon, dentist, ANYBODY]))
    assert found.shortage == Shortage(Lack.NO_SENIOR, (1,), 1, ())


def test_seniors_who_are_all_needed_elsewhere_are_named() -> None:
    # Two rules that can be kept one by one, and not together: one place is left, and two seniors would have to take it.
    surgeon, dentist = Role("provider", Has(SURGERY), among=[5]), Role("provider", Has(DENTAL), among=[6])
    pupil, one = provider(6, junior=True, dental="basic"), provider(8, dental="basic")
    found = pair(RoleTable.of(ResourceTable.of([JUNIOR, pupil, EXPERT, one]), [surgeon, dentist, ANYBODY]))
    assert found.shortage == Shortage(Lack.NO_SENIOR, (0, 1), 1, (7, 8))
    third = pair(RoleTable.of(ResourceTable.of([JUNIOR, pupil, EXPERT, one]), [surgeon, dentist, ANYBODY, ANYBODY]))
    assert third.handles == ((5,), (6,), (7,), (8,))


# --- counting -------------------------------------------------------------------------------------------------------


def test_counting_many_moments() -> None:
    roles = RoleTable.of(TABLE, [SURGEON, LEADER, THEATRE])
    free = [[1, 1, 0, 1], [1, 0, 1, 1], [0, 0, 0, 0], [1, 1, 1, 0]]
    assert covered(roles, np.array(free, bool)).tolist() == [True, False, False, False]
    assert covered(roles, np.zeros((4, 0), bool)).tolist() == []
    assert roles.coverage_decides
    together = [one for one in roles.coverage if one.roles == (0, 1)]
    assert [(one.need, one.rows.tolist()) for one in together] == [(2, [0, 1])]
    # Roles that share nobody are counted apart, and not together as well.
    assert (0, 2) not in [one.roles for one in roles.coverage]


def test_roles_that_take_the_same_are_counted_together() -> None:
    roles = RoleTable.of(TABLE, [ANYBODY, ANYBODY, Role("provider", count=2)])
    assert [(one.roles, one.need) for one in roles.coverage] == [((0, 1, 2), 4)]
    assert not covered(roles, np.ones((4, 1), bool)).any()


def test_roles_that_are_linked_by_others_are_counted_together() -> None:
    table = ResourceTable.of([Resource(number, "provider") for number in range(4)])
    chain = [Role("provider", among=[0, 1]), Role("provider", among=[2, 3]), Role("provider", among=[1, 2])]
    assert (0, 1, 2) in [one.roles for one in RoleTable.of(table, chain).coverage]


def test_many_kinds_of_role_are_pruned_and_left_to_the_pairing() -> None:
    table = ResourceTable.of([Resource(number, "provider") for number in range(9)])
    roles = RoleTable.of(table, [Role("provider", among=[number, number + 1]) for number in range(8)])
    assert not roles.coverage_decides
    sizes = {len(one.roles) for one in roles.coverage}
    assert sizes == {1, 2, 8}
    assert covered(roles, np.ones((9, 2), bool)).tolist() == [True, True]


def test_juniors_leave_the_last_word_to_the_pairing() -> None:
    roles = RoleTable.of(ResourceTable.of([JUNIOR]), SURGEON)
    assert covered(roles, [[True]]).tolist() == [True]
    assert not roles.coverage_decides
    assert not pair(roles).found


def test_a_role_that_nobody_fills_is_covered_nowhere() -> None:
    roles = RoleTable.of(TABLE, [Role("equipment")])
    assert covered(roles, np.ones((4, 2), bool)).tolist() == [False, False]


# --- what is refused ------------------------------------------------------------------------------------------------


def test_a_role_table_says_what_it_is() -> None:
    roles = RoleTable.of(TABLE, [SURGEON, THEATRE], group=None, location=4)
    assert repr(roles) == "<RoleTable of 2 roles over 4 resources>"
    assert roles.roles == (SURGEON, THEATRE)
    assert [one.lack for one in roles.matches] == [None, None]
    for column in (roles.eligible, roles.needs):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 0


ROLES = RoleTable.of(TABLE, [SURGEON, THEATRE])


@pytest.mark.parametrize(
    "build",
    [
        lambda: RoleTable.of(TABLE, []),
        lambda: RoleTable.of(TABLE, ["vet"]),  # type: ignore[list-item]
        lambda: RoleTable.of([EXPERT], [SURGEON]),  # type: ignore[arg-type]
        lambda: pair([SURGEON]),  # type: ignore[arg-type]
        lambda: pair(ROLES, [True]),
        lambda: pair(ROLES, [1, 1, 1, 1]),
        lambda: pair(ROLES, [[True] * 4] * 3),
        lambda: pair(ROLES, order=[0, 1, 2]),
        lambda: pair(ROLES, order=[0, 1, 2, 2]),
        lambda: pair(ROLES, order=[0.5]),  # type: ignore[list-item]
        lambda: covered(SURGEON, [[True]]),  # type: ignore[arg-type]
        lambda: covered(ROLES, [True] * 4),
        lambda: covered(ROLES, [[True]] * 3),
        lambda: covered(ROLES, [[1]] * 4),
    ],
)
def test_what_cannot_be_asked_is_refused(build: Any) -> None:
    with pytest.raises(InvalidValueError):
        build()
