"""Zones at odd clock changes: one file per case, with the lines of `zdump` that it was worked out from by hand."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from petpro_core.errors import RepeatedTimeError, SkippedTimeError
from petpro_core.timezones import Disambiguation, Instants, LocalTimes, load_zone

CASES = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parent / "zones").glob("*.json"))
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def us(moment: str) -> int:
    return (datetime.fromisoformat(moment).replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


def days(text: str) -> int:
    return (date.fromisoformat(text) - EPOCH.date()).days


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_wall_clock_times_to_instants(case: dict[str, Any]) -> None:
    zone = load_zone(case["zone"])
    for row in case["to_utc"]:
        local = datetime.fromisoformat(row["local"])
        for policy in (Disambiguation.COMPATIBLE, Disambiguation.EARLIER, Disambiguation.LATER):
            assert zone.to_utc(local, disambiguation=policy) == datetime.fromisoformat(row[policy.value]), (row, policy)
        refusal = {0: SkippedTimeError, 2: RepeatedTimeError}.get(row["shown"])
        if refusal is None:
            assert zone.to_utc(local, disambiguation=Disambiguation.REJECT) == datetime.fromisoformat(row["compatible"])
        else:
            with pytest.raises(refusal):
                zone.to_utc(local, disambiguation=Disambiguation.REJECT)
    walls = LocalTimes(np.array([us(row["local"]) for row in case["to_utc"]], np.int64))
    for policy in (Disambiguation.COMPATIBLE, Disambiguation.EARLIER, Disambiguation.LATER):
        assert zone.to_utc_us(walls, disambiguation=policy).tolist() == [
            us(row[policy.value]) for row in case["to_utc"]
        ]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_instants_to_wall_clock_times_and_days(case: dict[str, Any]) -> None:
    zone = load_zone(case["zone"])
    for row in case["to_local"]:
        assert zone.to_local(datetime.fromisoformat(row["instant"])).isoformat() == row["local"]
        assert zone.to_local_us(Instants(np.array([us(row["instant"])]))).tolist() == [us(row["local"])]
    for row in case["day_starts"]:
        assert zone.day_starts(days(row["day"]), days(row["day"])).tolist() == [us(row["starts"])], row
    for row in case["day_of"]:
        assert zone.day_of(Instants(np.array([us(row["instant"])]))).tolist() == [days(row["day"])], row
