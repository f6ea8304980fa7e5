"""Strategies for what repeats, beside rules and recurrences: single weekdays of them, and what they expand to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from petpro_core.recurrence import Occurrences, WeekdayNum, expand
from petpro_core.testing.strategies.recurring import build_recurrence, plain_recurrences

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["occurrences", "weekday_nums"]


def weekday_nums() -> SearchStrategy[WeekdayNum]:
    """Weekdays, all of them or the n-th one, from the end too."""
    return st.builds(WeekdayNum, st.integers(0, 6), st.none() | st.integers(1, 53) | st.integers(-53, -1))


def occurrences() -> SearchStrategy[Occurrences]:
    """What drawn recurrences expand to in a window near their start; nothing at all among it."""
    return plain_recurrences().map(lambda drawn: expand(build_recurrence(drawn[0]), within=drawn[1]))
