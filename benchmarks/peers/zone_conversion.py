"""Wall clock to UTC by other libraries: a column of local microseconds in, a column of UTC microseconds out.

The libraries that work on objects get their objects made beforehand, which favours them.
"""

from __future__ import annotations

import importlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks._measure import Contender, Missing
from benchmarks.data import EPOCH, zone_of

if TYPE_CHECKING:
    from datetime import datetime
    from types import ModuleType

    from benchmarks._measure import Int64Array

__all__ = ["by_zoneinfo", "contenders", "naive"]

HOUR_US = 3_600_000_000


def naive(local_us: Int64Array) -> list[datetime]:
    """Give wall-clock times as datetimes without a zone."""
    return [EPOCH + timedelta(microseconds=us) for us in local_us.tolist()]


def by_zoneinfo(local_us: Int64Array, times: list[datetime], key: str) -> Int64Array:
    """Convert one by one with zoneinfo, the offsets turned into numbers as cheaply as can be."""
    # zoneinfo gives the same few timedelta objects again and again, so a dict turns them into numbers once.
    known: dict[timedelta | None, int] = {}
    zone = zone_of(key)
    offsets = np.empty(len(times), np.int64)
    for i, offset in enumerate(map(zone.utcoffset, times)):
        if offset not in known:
            assert offset is not None
            known[offset] = offset // timedelta(microseconds=1)
        offsets[i] = known[offset]
    return local_us - offsets


def _by_whenever(times: list[Any], key: str) -> Int64Array:
    nanoseconds = (at.assume_tz(key, disambiguation="compatible").timestamp(unit="nanosecond") for at in times)
    return np.fromiter(nanoseconds, np.int64, len(times)) // 1000


def _by_pandas(pandas: ModuleType, local_us: Int64Array, key: str) -> Int64Array:
    # A wall time inside the gap is pushed on by the gap's hour, one that exists twice is the summer one, the first.
    index = pandas.DatetimeIndex(local_us.view("datetime64[us]"))
    summer = np.ones(len(local_us), np.bool_)
    zoned = index.tz_localize(key, ambiguous=summer, nonexistent=pandas.Timedelta(hours=1))
    answer: Int64Array = np.asarray(zoned.asi8, np.int64)
    return answer


def _by_polars(polars: ModuleType, local_us: Int64Array, key: str) -> Int64Array:
    def convert(us: Int64Array) -> Any:
        series = polars.Series(us).cast(polars.Datetime("us"))
        return series.dt.replace_time_zone(key, ambiguous="earliest", non_existent="null").to_physical()

    zoned = convert(local_us)
    answer: Int64Array = zoned.fill_null(0).to_numpy().copy()
    # polars has no word for "the offset before the gap": the few times inside it go round again, an hour later.
    skipped = zoned.is_null().to_numpy()
    if skipped.any():
        answer[skipped] = convert(local_us[skipped] + HOUR_US).to_numpy()
    return answer


def contenders(local_us: Int64Array, key: str) -> list[Contender | Missing]:
    """Give zoneinfo, whenever, pandas and polars, each missing one by its name."""
    found: list[Contender | Missing] = [
        Contender(
            "zoneinfo",
            lambda: naive(local_us),
            lambda times: by_zoneinfo(local_us, times, key),
            lambda a: (a,),
            repeat=3,
        )
    ]
    for name in ("whenever", "pandas", "polars"):
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError:
            found.append(Missing(name))
            continue
        found.append(_contender(name, module, local_us, key))
    return found


def _contender(name: str, module: ModuleType, local_us: Int64Array, key: str) -> Contender:
    if name == "whenever":
        return Contender(
            name,
            lambda: [module.PlainDateTime(at) for at in naive(local_us)],
            lambda times: _by_whenever(times, key),
            lambda a: (a,),
            repeat=3,
        )
    by = _by_pandas if name == "pandas" else _by_polars
    return Contender(name, lambda: local_us, lambda us: by(module, us, key), lambda a: (a,), repeat=5)
