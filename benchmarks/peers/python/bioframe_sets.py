"""Set algebra by bioframe: merge for the union, subtract for the difference, overlap for the intersection."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))  # python -I leaves the script's own folder out

from measured import main  # type: ignore[import-not-found]  # it lies beside this script


def prepare(question: dict[str, Any]) -> Any:
    """Read both sides into frames."""
    import pandas as pd

    left, right = (
        pd.DataFrame({"chrom": "1", "start": starts, "end": ends})
        for starts, ends in (np.load(path) for path in question["sides"])
    )
    return question["operation"], left, right


def run(prepared: Any) -> Any:
    """Do the one operation that is asked for."""
    import bioframe
    import pandas as pd

    operation, left, right = prepared
    if operation == "union":
        return bioframe.merge(pd.concat([left, right]))
    if operation == "difference":
        return bioframe.subtract(left, right)
    return bioframe.overlap(left, right, how="inner", return_overlap=True)


def common(frame: Any) -> tuple[Any, Any]:
    """Give the columns of the answer in order."""
    first, last = ("overlap_start", "overlap_end") if "overlap_start" in frame else ("start", "end")
    starts, ends = (frame[name].to_numpy(dtype=np.int64) for name in (first, last))
    order = np.argsort(starts)
    return starts[order], ends[order]


main(prepare, run, common)
