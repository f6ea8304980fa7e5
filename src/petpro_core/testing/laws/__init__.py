"""The laws, as functions of a plain case: each asks the judge, and raises ``LawBrokenError`` if its answer breaks it.

The names say what holds. The cases come from ``petpro_core.testing.strategies.cases`` or from anywhere else; where a
law holds only under conditions, the function leaves out what does not fit, and says so. For laws about rules of your
own there is ``petpro_core.testing.suites``.

Source: ADR 14.
"""

from petpro_core.testing.laws._changes import (
    more_busy_adds_nothing,
    more_hours_remove_nothing,
    order_does_not_matter,
    shifted,
    stays_valid,
    vanished_conflicts,
    weeks_shift_the_answer,
)
from petpro_core.testing.laws._explanations import explanations_add_up, fixes_are_accepted
from petpro_core.testing.laws._facts import LawBrokenError, booked, boundary_starts, found
from petpro_core.testing.laws._index import (
    IndexFollower,
    index_is_saved_whole,
    index_is_the_search,
    index_keeps_up,
)
from petpro_core.testing.laws._one_judge import (
    accepted_is_offered,
    counts_and_firsts_agree,
    masks_are_the_oracles,
    offered_is_the_oracles,
    refused_runs_are_unbroken,
    rows_stand_alone,
    searches_add_up,
    stranded_is_the_oracles,
    waivers_clear_their_bits,
)
from petpro_core.testing.laws._time import (
    conversions_are_the_clocks,
    occurrences_are_the_oracles,
    sets_are_their_ticks,
)

__all__ = [
    "IndexFollower",
    "LawBrokenError",
    "accepted_is_offered",
    "booked",
    "boundary_starts",
    "conversions_are_the_clocks",
    "counts_and_firsts_agree",
    "explanations_add_up",
    "fixes_are_accepted",
    "found",
    "index_is_saved_whole",
    "index_is_the_search",
    "index_keeps_up",
    "masks_are_the_oracles",
    "more_busy_adds_nothing",
    "more_hours_remove_nothing",
    "occurrences_are_the_oracles",
    "offered_is_the_oracles",
    "order_does_not_matter",
    "refused_runs_are_unbroken",
    "rows_stand_alone",
    "searches_add_up",
    "sets_are_their_ticks",
    "shifted",
    "stays_valid",
    "stranded_is_the_oracles",
    "vanished_conflicts",
    "waivers_clear_their_bits",
    "weeks_shift_the_answer",
]
