from __future__ import annotations

import numpy as np
import pytest

from petpro_core.reasons import Conflict, Kind, Reason, Waiver

CODES = {
    1: "closed",
    2: "off_grid",
    4: "notice",
    8: "horizon",
    16: "busy",
    32: "too_big",
    64: "unknown",
    128: "client_busy",
    256: "gap",
    512: "duration",
    1024: "cap_day",
    2048: "cap_week",
    4096: "cap_month",
    8192: "client_cap",
    16384: "deadline",
    32768: "status",
    65536: "release",
    131072: "strands",
    262144: "not_qualified",
}


def test_bits_and_codes_never_change() -> None:
    assert {reason.value: reason.code for reason in Reason} == CODES


def test_a_mask_tells_its_reasons_in_order() -> None:
    assert [reason.code for reason in Reason(16 | 1 | 4)] == ["closed", "notice", "busy"]


def test_a_mask_of_nothing_has_no_code() -> None:
    assert (list(Reason(0)), Reason(0).code) == ([], "")


def test_masks_out_of_a_column_are_read() -> None:
    masks = np.array([0, 20], np.uint32)
    assert [Reason(mask) for mask in masks] == [Reason(0), Reason.NOTICE | Reason.BUSY]


@pytest.mark.parametrize("wrong", [1.5, "closed", None])
def test_what_is_no_number_is_no_mask(wrong: object) -> None:
    with pytest.raises(TypeError):
        Reason(wrong)  # type: ignore[arg-type]  # that is the case


@pytest.mark.parametrize(
    ("waiver", "clears"),
    [
        (Waiver.GRID, Reason.OFF_GRID),
        (Waiver.NOTICE, Reason.NOTICE),
        (Waiver.HORIZON, Reason.HORIZON),
        (Waiver.CAP, Reason.CAP_DAY | Reason.CAP_WEEK | Reason.CAP_MONTH | Reason.CLIENT_CAP),
        (Waiver.HOURS, Reason.CLOSED),
        (Waiver.DEADLINE, Reason.DEADLINE),
        (Waiver.RELEASE, Reason.RELEASE),
        (Waiver.STRANDS, Reason.STRANDS),
    ],
)
def test_each_waiver_clears_its_bits(waiver: Waiver, clears: Reason) -> None:
    assert waiver.reasons == clears


def test_no_waiver_sets_aside_what_is_held() -> None:
    waived = Reason(0)
    for waiver in Waiver:
        waived |= waiver.reasons
    kept = Reason.BUSY | Reason.TOO_BIG | Reason.UNKNOWN | Reason.CLIENT_BUSY | Reason.GAP | Reason.DURATION
    assert not waived & (kept | Reason.STATUS | Reason.NOT_QUALIFIED)


def test_words_are_their_codes() -> None:
    assert (Kind("time_off"), Waiver("cap")) == (Kind.TIME_OFF, Waiver.CAP)
    assert f"{Kind.OVERLAP} {Waiver.HOURS}" == "overlap hours"


def test_a_conflict_says_nothing_that_it_does_not_know() -> None:
    bare = Conflict(Reason.CLOSED, Kind.CLOSED)
    assert (bare.interval, bare.refused_starts, bare.resource_id, bare.ref, bare.limit, bare.actual) == (None,) * 6
