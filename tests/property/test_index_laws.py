"""Law 2 for prepared indexes: after any changes every answer is that of a fresh search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from petpro_core.testing import laws
from petpro_core.testing.strategies import cases

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

# An example compiles and searches a dozen times.
FEW: Final = settings(max_examples=max(10, settings().max_examples // 4))
Case = dict[str, Any]
MINUTE = 60_000_000
TIMES = {"start", "end", "occupied_start", "occupied_end"}


def moved(booking: Case, by: int) -> Case:
    parts = [{k: v + by if k in TIMES else v for k, v in part.items()} for part in booking["allocations"]]
    until = booking.get("held_until")
    return booking | {"allocations": parts, "held_until": None if until is None else until + by}


@st.composite
def changed_cases(draw: DrawFn) -> tuple[Case, list[Case]]:
    """A case, and changes whose bookings come from another case, moved to where this one lies."""
    case = draw(cases(months=False))
    other = draw(cases(rows=len(case["calendars"]), months=False))
    by = case["within"][0] - other["within"][0]
    fresh = [moved(booking, by) | {"id": 500 + place} for place, booking in enumerate(other["bookings"])]
    pick = st.integers(0, 20)
    every: list[st.SearchStrategy[Any]] = [
        st.fixed_dictionaries({"remove": pick}),
        st.fixed_dictionaries({"pass": st.sampled_from(["fresh", "almost", 0, 1, 10 * MINUTE, 60 * MINUTE])}),
    ]
    if fresh:
        every.append(st.fixed_dictionaries({"add": st.sampled_from(fresh)}))
        every.append(st.fixed_dictionaries({"replace": pick, "by": st.sampled_from(fresh)}))
    # Feeds of the other case know other times, so that they are taken from this one, doubled.
    if case["feeds"]:
        every.append(st.fixed_dictionaries({"feed": st.sampled_from(case["feeds"])}))
    return case, draw(st.lists(st.one_of(every), max_size=6))


@FEW
@given(case=cases())
def test_law_2_an_index_is_the_search(case: Case) -> None:
    laws.index_is_the_search(case)


@FEW
@given(changed=changed_cases())
def test_law_2_an_index_keeps_up(changed: tuple[Case, list[Case]]) -> None:
    laws.index_keeps_up(*changed)


@FEW
@given(changed=changed_cases())
def test_an_index_is_saved_whole(changed: tuple[Case, list[Case]]) -> None:
    laws.index_is_saved_whole(*changed)


@FEW
@given(case=cases())
def test_a_change_that_does_not_fit_changes_nothing(case: Case) -> None:
    follower = laws.IndexFollower(case | {"bookings": []})
    index = follower.index
    follower.apply({"remove": 0})
    follower.apply({"replace": 7, "by": {}})
    assert follower.index is index
    follower = laws.IndexFollower(case)
    index = follower.index
    for booking in case["bookings"]:
        follower.apply({"add": booking})
    assert follower.index is index
