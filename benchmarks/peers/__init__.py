"""Other ways to the same answers, each written as its own users would write it.

Each search peer has `prepare` (columns into the form it likes best, not timed, which favours the peer), `find` (timed,
from rules to starts) and `common` (its answer as CSR arrays, not timed).
"""

from __future__ import annotations

__all__: list[str] = []
