"""Why a start is refused, as data: the coarse ``Reason`` bits, the finer ``Kind`` and the ``Conflict``.

A ``Reason`` is one bit of a mask, so that a million starts carry their reasons in one column. A ``Kind`` refines one
bit for a reader (busy: overlap, buffer, hold, full) and never makes a "no" out of nothing: where a kind stands, its
bit is set.

Source: ADR 2 (one judge), ADR 4 (reasons).
"""

from __future__ import annotations

import enum
import operator
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from petpro_core.intervals import Interval

__all__ = ["CAPS", "Conflict", "Kind", "Reason", "Waiver"]


class Reason(enum.IntFlag):
    """One bit for each rule that can refuse a start; a mask of 0 means "bookable".

    The numbers are for masks in memory; what is stored or sent is ``code``, which never changes.

        >>> [reason.code for reason in Reason.CLOSED | Reason.NOTICE]
        ['closed', 'notice']
    """

    CLOSED = 1
    OFF_GRID = 2
    NOTICE = 4
    HORIZON = 8
    BUSY = 16
    TOO_BIG = 32
    UNKNOWN = 64
    CLIENT_BUSY = 128
    GAP = 256
    DURATION = 512
    CAP_DAY = 1024
    CAP_WEEK = 2048
    CAP_MONTH = 4096
    CLIENT_CAP = 8192
    DEADLINE = 16384
    STATUS = 32768
    RELEASE = 65536
    STRANDS = 131072
    NOT_QUALIFIED = 262144

    @classmethod
    def _missing_(cls, value: object) -> Reason:
        """Read a number out of a column of masks as well as a plain int."""
        mask: Reason = super()._missing_(operator.index(value))  # type: ignore[arg-type]  # index refuses what is no number
        return mask

    @property
    def code(self) -> str:
        """The stable code of a single reason, for JSON and for programs."""
        return (self.name or "").lower()


class Kind(enum.StrEnum):
    """What exactly a reason means for one conflict; the values are stable codes."""

    CLOSED = "closed"
    BREAK = "break"
    HOLIDAY = "holiday"
    TIME_OFF = "time_off"
    OFF_GRID = "off_grid"
    NOTICE = "notice"
    HORIZON = "horizon"
    OVERLAP = "overlap"
    BUFFER = "buffer"
    HOLD = "hold"
    FULL = "full"
    TOO_BIG = "too_big"
    UNKNOWN = "unknown"
    CLIENT_BUSY = "client_busy"
    GAP = "gap"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    CAP = "cap"
    DEADLINE = "deadline"
    STATUS = "status"
    RELEASE = "release"
    STRANDS = "strands"
    NOBODY_ELIGIBLE = "nobody_eligible"
    NOBODY_ON_DUTY = "nobody_on_duty"


class Waiver(enum.StrEnum):
    """A rule that a caller with the right may set aside, by name. Overlap is never among them.

        >>> Waiver.RELEASE.reasons.code
        'release'

    Source: ADR 4, ADR 20.
    """

    GRID = "grid"
    NOTICE = "notice"
    HORIZON = "horizon"
    CAP = "cap"
    HOURS = "hours"
    DEADLINE = "deadline"
    RELEASE = "release"
    STRANDS = "strands"

    @property
    def reasons(self) -> Reason:
        """The bits that this waiver clears."""
        return _WAIVED[self]


CAPS: Final = Reason.CAP_DAY | Reason.CAP_WEEK | Reason.CAP_MONTH | Reason.CLIENT_CAP
"""The bits of all caps."""

_WAIVED: Final = {
    Waiver.GRID: Reason.OFF_GRID,
    Waiver.NOTICE: Reason.NOTICE,
    Waiver.HORIZON: Reason.HORIZON,
    Waiver.CAP: CAPS,
    Waiver.HOURS: Reason.CLOSED,
    Waiver.DEADLINE: Reason.DEADLINE,
    Waiver.RELEASE: Reason.RELEASE,
    Waiver.STRANDS: Reason.STRANDS,
}


@attrs.frozen
class Conflict:
    """One reason against one proposal, with what stands in the way.

        >>> conflict = Conflict(Reason.BUSY, Kind.BUFFER, resource_id=7, ref=41)
        >>> conflict.reason.code, str(conflict.kind), conflict.ref
        ('busy', 'buffer', 41)

    Attributes:
        reason: The bit that the judge set.
        kind: What it means here; refines ``reason``.
        interval: What stands in the way: the booking's occupied time, the break, the day whose cap is reached.
        refused_starts: The unbroken run of starts around the proposal that this reason refuses. Its ``end`` is the
            first later start that this reason allows.
        resource_id: The handle of the calendar that refused.
        ref: The source: a booking's number, or the name of the rule (a holiday, a break, a cap).
        limit: What the rule allows (bookings or units as a count, time in microseconds).
        actual: What was got, in the unit of ``limit``.

    Source: ADR 2 (one judge), ADR 13 (reasons).
    """

    reason: Reason
    kind: Kind
    interval: Interval | None = None
    refused_starts: Interval | None = None
    resource_id: int | None = None
    ref: int | str | None = None
    limit: int | None = None
    actual: int | None = None
