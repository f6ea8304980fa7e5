"""Timings of PetPro beside its peers, every answer checked equal: ``python -m benchmarks``.

The peers that use `zoneinfo` must read the same zone data as PetPro, which is the `tzdata` package's and never the
host's; `zoneinfo` prefers the host's files unless it is told otherwise, and that is done here, before any zone is
loaded.
"""

from __future__ import annotations

import zoneinfo

__all__: list[str] = []

zoneinfo.reset_tzpath(to=[])
