"""Changes of an instance and all later ones (RANGE=THISANDFUTURE), as people make them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from petpro_core.errors import InvalidCalendarError
from petpro_core.interop.ical import CalendarFeed, read_busy
from petpro_core.intervals import Interval, IntervalSet
from petpro_core.timezones import load_zone

MARCH = Interval(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
SERIES = ["DTSTART;TZID=America/New_York:20260302T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY"]
THIRD = "RECURRENCE-ID;TZID=America/New_York;RANGE=THISANDFUTURE:20260316T090000"


def read(*events: list[str], skip_bad: bool = False, zone: str = "UTC") -> CalendarFeed:
    lines = [line for event in events for line in ("BEGIN:VEVENT", "UID:one", *event, "END:VEVENT")]
    text = "\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR"])
    return read_busy(text, within=MARCH, zone=load_zone(zone), skip_bad=skip_bad)


def shown(feed: CalendarFeed) -> list[str]:
    return [f"{one.start:%d %H:%M}-{one.end:%d %H:%M}" for one in feed.busy]


def test_later_instances_move_with_it_and_keep_their_time_over_a_clock_change() -> None:
    later = ["RECURRENCE-ID;TZID=America/New_York;RANGE=THISANDFUTURE:20260302T090000"]
    moved = read(SERIES, [*later, "DTSTART;TZID=America/New_York:20260303T110000", "DURATION:PT2H"])
    assert shown(moved) == [
        "03 16:00-03 18:00",
        "10 15:00-10 17:00",
        "17 15:00-17 17:00",
        "24 15:00-24 17:00",
        "31 15:00-31 17:00",
    ]


def test_a_change_holds_up_to_the_next_one() -> None:
    first = [THIRD, "DTSTART;TZID=America/New_York:20260316T100000", "DURATION:PT30M"]
    second = [THIRD.replace("0316", "0323"), "DTSTART;TZID=America/New_York:20260323T080000", "DURATION:PT10M"]
    expected = ["02 14:00-02 15:00", "09 13:00-09 14:00", "16 14:00-16 14:30", "23 12:00-23 12:10", "30 12:00-30 12:10"]
    assert shown(read(SERIES, first, second)) == shown(read(second, first, SERIES)) == expected


def test_what_is_changed_one_by_one_stays() -> None:
    later = [THIRD, "DTSTART;TZID=America/New_York:20260316T100000", "DURATION:PT1H"]
    single = ["RECURRENCE-ID;TZID=America/New_York:20260323T090000", "DTSTART:20260324T000000Z", "DURATION:PT1H"]
    assert shown(read(SERIES, later, single))[2:] == ["16 14:00-16 15:00", "24 00:00-24 01:00", "30 14:00-30 15:00"]
    own = ["RECURRENCE-ID;TZID=America/New_York:20260316T090000", "DTSTART:20260317T000000Z", "DURATION:PT1H"]
    assert shown(read(SERIES, later, own))[2:] == ["17 00:00-17 01:00", "23 14:00-23 15:00", "30 14:00-30 15:00"]


def test_cancelled_from_here_on() -> None:
    cancelled = [THIRD, "STATUS:CANCELLED"]
    assert shown(read(SERIES, cancelled)) == ["02 14:00-02 15:00", "09 13:00-09 14:00"]
    taken_up = [THIRD.replace("0316", "0330"), "DTSTART;TZID=America/New_York:20260330T090000", "DURATION:PT1H"]
    assert shown(read(SERIES, cancelled, taken_up))[2:] == ["30 13:00-30 14:00"]


def test_busy_from_here_on() -> None:
    free = [*SERIES, "TRANSP:TRANSPARENT"]
    later = [THIRD, "DTSTART;TZID=America/New_York:20260316T090000", "DURATION:PT1H"]
    assert shown(read(free, later)) == ["16 13:00-16 14:00", "23 13:00-23 14:00", "30 13:00-30 14:00"]


def test_exceptions_and_added_dates_of_the_series_hold() -> None:
    more = ["EXDATE;TZID=America/New_York:20260323T090000", "RDATE;TZID=America/New_York:20260319T120000"]
    later = [THIRD, "DTSTART;TZID=America/New_York:20260316T110000", "DURATION:PT1H"]
    assert shown(read([*SERIES, *more], later))[2:] == ["16 15:00-16 16:00", "19 18:00-19 19:00", "30 15:00-30 16:00"]


def test_another_zone_keeps_the_distance_of_the_days() -> None:
    """Moved to 15:00 in Berlin, where the clock changes on the 29th."""
    later = [THIRD, "DTSTART;TZID=Europe/Berlin:20260316T150000", "DURATION:PT1H"]
    assert shown(read(SERIES, later))[2:] == ["16 14:00-16 15:00", "23 14:00-23 15:00", "30 13:00-30 14:00"]


def test_all_day_series() -> None:
    days = ["DTSTART;VALUE=DATE:20260302", "RRULE:FREQ=WEEKLY"]
    later = ["RECURRENCE-ID;VALUE=DATE;RANGE=THISANDFUTURE:20260316", "DTSTART;VALUE=DATE:20260317", "DURATION:P2D"]
    assert shown(read(days, later))[2:] == ["17 00:00-19 00:00", "24 00:00-26 00:00", "31 00:00-01 00:00"]


def test_the_newest_version_counts_and_of_equal_ones_both() -> None:
    old = [THIRD, "DTSTART;TZID=America/New_York:20260316T200000", "DURATION:PT1H"]
    new = [THIRD, "DTSTART;TZID=America/New_York:20260316T100000", "DURATION:PT1H", "SEQUENCE:1"]
    assert shown(read(SERIES, new, old))[2:] == ["16 14:00-16 15:00", "23 14:00-23 15:00", "30 14:00-30 15:00"]
    both = read(SERIES, old, [line for line in new if not line.startswith("SEQ")])
    assert len(both.busy) == 2 + 6


def test_instances_come_into_the_window_from_far_away() -> None:
    far = ["DTSTART:20240101T090000Z", "DURATION:PT1H", "RRULE:FREQ=YEARLY;COUNT=3"]
    later = ["RECURRENCE-ID;RANGE=THISANDFUTURE:20250101T090000Z", "DTSTART:20250311T090000Z", "DURATION:PT1H"]
    assert shown(read(far, later)) == ["11 09:00-11 10:00"]


@pytest.mark.parametrize(
    ("events", "line"),
    [
        ([[THIRD, "DTSTART:20260316T090000Z"]], 4),
        ([SERIES, ["RECURRENCE-ID;VALUE=DATE;RANGE=THISANDFUTURE:20260316", "DTSTART:20260316T090000Z"]], 10),
        ([["DTSTART;VALUE=DATE:20260302"], [THIRD, "DTSTART:20260316T090000Z"]], 8),
        ([SERIES, [THIRD.replace("FUTURE", "PRIOR"), "DTSTART:20260316T090000Z"]], 10),
        ([SERIES, [THIRD, "DTSTART:20260316T090000Z", "RRULE:FREQ=DAILY"]], 12),
    ],
)
def test_a_change_that_cannot_be_made_out_is_refused(events: list[list[str]], line: int) -> None:
    with pytest.raises(InvalidCalendarError) as caught:
        read(*events)
    assert caught.value.line == line
    feed = read(*events, skip_bad=True)
    assert feed.skipped
    assert feed.known == IntervalSet.empty()


def test_a_series_that_cannot_be_read_leaves_its_changes_in_doubt() -> None:
    later = [THIRD, "DTSTART;TZID=America/New_York:20260302T090000", "DURATION:PT1H"]
    feed = read([*SERIES[:2], "RRULE:ODD"], later, skip_bad=True)
    assert [one.line for one in feed.skipped] == [6, 10]
    assert feed.known == IntervalSet.empty()


def test_a_cancelled_series_without_a_start_has_nothing_to_change() -> None:
    later = [THIRD, "DTSTART:20260316T200000Z", "DURATION:PT1H"]
    assert shown(read(["STATUS:CANCELLED"], later)) == ["16 20:00-16 21:00"]
