"""Recurrence rules by python-dateutil-rs, which takes the name of dateutil and knows no zones: UTC only."""

from __future__ import annotations

import re
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))  # python -I leaves the script's own folder out

from measured import main  # type: ignore[import-not-found]  # it lies beside this script

EPOCH = datetime.fromisoformat("1970-01-01")
US = timedelta(microseconds=1)


def prepare(question: dict[str, Any]) -> Any:
    """Parse the rules."""
    from dateutil.rrule import rrulestr

    # As with dateutil, UNTIL has no zone where DTSTART has none.
    texts = [re.sub(r"(UNTIL=\d{8}T\d{6})Z", r"\1", case["rule"]) for case in question["cases"]]
    starts = [datetime.fromisoformat(case["start"]) for case in question["cases"]]
    rules = [rrulestr(text, dtstart=start) for text, start in zip(texts, starts, strict=True)]
    low, high = (EPOCH + us * US for us in question["within"])
    return rules, low, high - timedelta(seconds=1)


def run(prepared: Any) -> Any:
    """Expand each."""
    rules, low, high = prepared
    return [rule.between(low, high, inc=True) for rule in rules]


def common(rows: Any) -> tuple[Any, Any]:
    """Give (offsets, microseconds)."""
    return np.cumsum([0, *map(len, rows)]), np.array([(at - EPOCH) // US for row in rows for at in row], np.int64)


main(prepare, run, common)
