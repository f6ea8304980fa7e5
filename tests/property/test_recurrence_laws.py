"""Every occurrence equals the oracle's, many rows equal each row, and windows add up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petpro_core.intervals import Interval
from petpro_core.recurrence import Recurrence, RecurrenceRule, expand, expand_batch, wall_times
from petpro_core.testing._recurrence import expanded, occurrences
from petpro_core.testing.strategies.recurring import (
    build_recurrence,
    plain_recurrences,
    position_texts,
    recurrence_rules,
    recurrences,
    rule_texts,
    skip_texts,
    span_of,
    starts,
    week_texts,
    windows,
)

EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - wall times, in no zone
# A rule is judged in milliseconds, so a night judges ten times the profile's examples: 100,000 rules.
TIMES: Final = 10 if settings.get_current_profile_name() == "nightly" else 1
MANY: Final = settings(max_examples=TIMES * settings().max_examples)
KINDS: Final = {"any": rule_texts(), "skip": skip_texts(), "positions": position_texts(), "weeks": week_texts()}
Drawn = tuple[dict[str, Any], Interval]


def us(wall: datetime) -> int:
    """Count the microseconds of a wall time."""
    return (wall - EPOCH) // timedelta(microseconds=1)


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
@MANY
@given(start=starts(), counted=st.booleans(), drawn=st.data())
def test_wall_times_are_the_oracles(
    kind: st.SearchStrategy[str], start: datetime, counted: bool, drawn: st.DataObject
) -> None:
    text = drawn.draw(kind)
    low, high = drawn.draw(windows(start, span_of(text)))
    expected = [us(wall) for wall in occurrences(text, start, high, with_start=counted) if wall >= low]
    rule = RecurrenceRule.parse(text)
    found = wall_times(rule, us(start), us(low), us(high), limit=1_000_000, with_start=counted)
    assert found.tolist() == expected


@given(drawn=plain_recurrences())
def test_occurrences_are_the_oracles(drawn: Drawn) -> None:
    plain, within = drawn
    found = expand(build_recurrence(plain), within=within)
    assert list(zip(found.starts.tolist(), found.ends.tolist(), strict=True)) == expanded(
        plain, within.start_us, within.end_us
    )


@given(drawn=st.lists(plain_recurrences(), max_size=6))
def test_a_batch_equals_its_rows(drawn: list[Drawn]) -> None:
    rows = [build_recurrence(plain) for plain, _ in drawn]
    within = drawn[0][1] if drawn else Interval.from_us(0, 1)
    many = expand_batch(rows, within=within)
    assert len(many.counts) == len(rows)
    for number, row in enumerate(rows):
        one = expand(row, within=within)
        assert many.row(number).starts.tolist() == one.starts.tolist()
        assert many.row(number).ends.tolist() == one.ends.tolist()


@given(drawn=plain_recurrences(), cut=st.floats(0.01, 0.99))
def test_adjoining_windows_add_up(drawn: Drawn, cut: float) -> None:
    recurrence, within = build_recurrence(drawn[0]), drawn[1]
    middle = within.start_us + max(1, int((within.end_us - within.start_us) * cut))
    if not within.start_us < middle < within.end_us:
        return
    parts = [
        expand(recurrence, within=Interval.from_us(*edges))
        for edges in ((within.start_us, middle), (middle, within.end_us))
    ]
    whole = expand(recurrence, within=within)
    assert [*parts[0], *parts[1]] == list(whole)


@given(text=rule_texts(), start=starts(), cycles=st.integers(1, 3))
def test_the_calendar_repeats_after_four_hundred_years(text: str, start: datetime, cycles: int) -> None:
    later, rule = cycles * 146_097 * 86_400_000_000, RecurrenceRule.parse(text)
    low, high = us(start), us(start + span_of(text))
    found = wall_times(rule, low, low, high, limit=1_000_000)
    moved = wall_times(rule, low + later, low + later, high + later, limit=1_000_000)
    assert (found + later).tolist() == moved.tolist()


@given(text=rule_texts(), start=starts())
def test_a_count_takes_the_first_of_the_rule_without_it(text: str, start: datetime) -> None:
    kept = [part for part in text.split(";") if not part.startswith("COUNT")]
    low, high = us(start), us(start + span_of(text))
    every = wall_times(RecurrenceRule.parse(";".join(kept)), low, low, high, limit=1_000_000).tolist()
    for count in {1, 2, len(every), len(every) + 1} - {0}:
        rule = RecurrenceRule.parse(";".join([*kept, f"COUNT={count}"]))
        assert wall_times(rule, low, low, high, limit=1_000_000).tolist() == every[:count]
        late = low + (high - low) // 3
        assert wall_times(rule, low, late, high, limit=1_000_000).tolist() == [
            wall for wall in every[:count] if wall >= late
        ]


@given(rule=recurrence_rules())
def test_a_rule_is_read_back_from_its_text(rule: RecurrenceRule) -> None:
    assert RecurrenceRule.parse(str(rule)) == rule
    assert RecurrenceRule.parse(f"RRULE:{str(rule).lower()}") == rule


@given(recurrence=recurrences())
def test_busy_time_covers_every_occurrence(recurrence: Recurrence) -> None:
    begin = recurrence.start_us
    found = expand(recurrence, within=Interval.from_us(begin - 1, begin + 86_400_000_000))
    (busy,) = found.busy()
    assert all(busy.covers(one) for one in found)
