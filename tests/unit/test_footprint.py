"""How far a visit reaches from its start.

Berlin's clocks go from 03:00 back to 02:00 on 2026-10-25 (01:00 UTC) and from 02:00 to 03:00 on 2026-03-29 (01:00 UTC).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from petpro_core.intervals import ALWAYS, to_us
from petpro_core.slots import CalendarDays, Footprint, SlotRules
from petpro_core.timezones import load_zone

HOUR = 3_600_000_000
BERLIN, UTC_ZONE = load_zone("Europe/Berlin"), load_zone("UTC")


def us(month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    return to_us(datetime(2026, month, day, hour, minute, tzinfo=UTC))


def stay(days: int, *zones: str, of_row: list[int] | None = None) -> Footprint:
    window = us(1, 1), us(12, 31)
    rows = None if of_row is None else np.array(of_row)
    return Footprint.of(SlotRules(CalendarDays(days)), [load_zone(zone) for zone in zones], rows, window)


ELAPSED = Footprint.of(SlotRules(timedelta(hours=1)), [BERLIN], None, (0, 1))


class TestElapsed:
    def test_an_elapsed_visit_is_as_long_everywhere(self) -> None:
        assert ELAPSED.lengths(None, np.array([0, us(10, 25)])).tolist() == [HOUR, HOUR]
        assert ELAPSED.pieces(0) == [(ALWAYS.start_us, ALWAYS.end_us, HOUR)]

    def test_starts_that_meet_an_interval(self) -> None:
        source, first, after = ELAPSED.touching(None, np.array([10 * HOUR]), np.array([11 * HOUR]), before=5, after=7)
        # With 7 us after it, a visit from 09:00 less 7 us on ends as the interval begins: the next one meets it.
        assert (source, first.tolist(), after.tolist()) == (None, [9 * HOUR - 6], [11 * HOUR + 5])

    def test_starts_that_end_in_an_interval(self) -> None:
        source, first, after = ELAPSED.ending_in(None, np.array([10 * HOUR]), np.array([11 * HOUR]))
        assert (source, first.tolist(), after.tolist()) == (None, [9 * HOUR + 1], [10 * HOUR + 1])


class TestStays:
    @pytest.mark.parametrize(
        ("start", "hours"),
        [
            (us(7, 1, 13), 24),
            # 15:00 in summer to 15:00 in winter.
            (us(10, 24, 13), 25),
            # 02:30 on Saturday: on Sunday 02:30 exists twice, and the first is meant.
            (us(10, 24, 0, 30), 24),
            # 03:00 on Saturday: on Sunday 03:00 is in winter time already.
            (us(10, 24, 1), 25),
            # The first and the second 02:30 of Sunday to 02:30 on Monday.
            (us(10, 25, 0, 30), 25),
            (us(10, 25, 1, 30), 24),
            (us(3, 28, 14), 23),
            # 02:30 on Saturday: on Sunday it does not exist and is read as 03:30.
            (us(3, 28, 1, 30), 24),
            (us(3, 28, 2), 23),
            (us(3, 29, 1), 24),
        ],
    )
    def test_a_stay_of_a_day_over_clock_changes(self, start: int, hours: int) -> None:
        assert stay(1, "Europe/Berlin").lengths(None, np.array([start])).tolist() == [hours * HOUR]

    def test_long_stays_end_by_the_clock_too(self) -> None:
        # In 2027 summer time lasts from 28 March to 31 October.
        lengths = stay(365, "Europe/Berlin").lengths(None, np.array([us(1, 2), us(3, 28, 12), us(10, 26)]))
        assert [length // HOUR - 365 * 24 for length in lengths.tolist()] == [0, -1, -1]

    def test_pieces_follow_on_each_other(self) -> None:
        pieces = stay(1, "Europe/Berlin").pieces(0)
        assert (pieces[0][0], pieces[-1][1]) == (us(1, 1), us(12, 31))
        assert all(before[1] == after[0] for before, after in pairwise(pieces))
        assert {length // HOUR for _, _, length in pieces} == {23, 24, 25}

    def test_rows_in_several_zones(self) -> None:
        both = stay(1, "Europe/Berlin", "UTC", of_row=[1, 0, 1])
        starts = np.array([us(10, 24, 13)] * 3)
        assert both.lengths(np.array([0, 1, 2]), starts).tolist() == [24 * HOUR, 25 * HOUR, 24 * HOUR]
        # Without rows there is only one, and it is at home in the first.
        assert both.lengths(None, starts[:1]).tolist() == [25 * HOUR]

    def test_starts_whose_stay_meets_an_interval(self) -> None:
        noon = np.array([us(10, 25, 12)]), np.array([us(10, 25, 13)])
        source, first, after = stay(1, "Europe/Berlin").touching(None, *noon, before=0, after=0)
        assert source is not None
        met = sorted((low, high) for low, high in zip(first.tolist(), after.tolist(), strict=True) if low < high)
        # Stays from noon less 25 hours on end after the interval begins: the day before was 25 hours long.
        assert (met[0][0], met[-1][1]) == (us(10, 24, 11) + 1, us(10, 25, 13))
        assert set(source.tolist()) == {0}

    def test_intervals_of_rows_in_several_zones(self) -> None:
        both = stay(1, "Europe/Berlin", "UTC", of_row=[1, 0])
        starts, ends = np.array([us(10, 25, 12)] * 2), np.array([us(10, 25, 13)] * 2)
        source, first, after = both.ending_in(np.array([0, 1]), starts, ends)
        assert source is not None
        found: dict[int, list[tuple[int, int]]] = {0: [], 1: []}
        for row, low, high in zip(source.tolist(), first.tolist(), after.tolist(), strict=True):
            found[row].append((low, high))
        assert found == {0: [(us(10, 24, 12) + 1, us(10, 24, 13) + 1)], 1: [(us(10, 24, 11) + 1, us(10, 24, 12) + 1)]}
