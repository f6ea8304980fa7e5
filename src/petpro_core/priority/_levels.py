"""One level of urgency: its tier, its head start, its rate, and how long it should wait at most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from petpro_core._checks import NONE, ZERO, length, whole
from petpro_core.errors import InvalidValueError

if TYPE_CHECKING:
    from datetime import timedelta

__all__ = ["MOST_RATE", "MOST_TIER", "UrgencyLevel", "word"]

MOST_RATE: Final = 10_000
"""The fastest rate: times the longest wait (3,660 days) in microseconds it still fits into int64."""
MOST_TIER: Final = 1_000


def word(_: object, attribute: attrs.Attribute[str], value: object) -> None:
    """Refuse what is no text, or one without a letter; a validator of attrs."""
    if not isinstance(value, str) or not value.strip():
        msg = f"{attribute.name} is a word that is not empty, got {value!r}"
        raise InvalidValueError(msg, name=attribute.name, got=value, allowed="a word")


@attrs.frozen
class UrgencyLevel:
    """One level of a triage list.

        >>> from datetime import timedelta
        >>> urgent = UrgencyLevel("orange", head_start=timedelta(minutes=225), target=timedelta(minutes=15))
        >>> urgent.name, urgent.tier, urgent.alert_after
        ('orange', 0, datetime.timedelta(seconds=900))

    Attributes:
        code: The word by which entries name it; never changes.
        name: What people read; by default the code.
        tier: 0 to 1,000. Nobody of a later tier ever stands before somebody of an earlier one: 0 is overtaken by no
            other tier.
        head_start: Under ``HEAD_START`` the level ranks as if it had come so much earlier; 0 to 3,660 days. Only
            differences within a tier matter.
        rate: Under ``ACCUMULATING`` the points that each unit of waiting earns; 1 to 10,000. Only ratios within a tier
            matter.
        target: How long it should wait at most, 0 to 3,660 days; ``None`` = no target.
        alert_after: The wait that raises an alert; by default the target. A list that tells a range (30 to 60 minutes)
            has its lower end as the target and its upper end here.

    Raises:
        InvalidValueError: A value of another type, or one outside its bounds; an alert before its target.

    Source: explanation/priority.md.
    """

    code: str = attrs.field(validator=word)
    name: str = attrs.field(
        default=attrs.Factory(lambda self: self.code, takes_self=True), validator=word, kw_only=True
    )
    tier: int = attrs.field(default=0, validator=whole(0, MOST_TIER), kw_only=True)
    head_start: timedelta = attrs.field(default=ZERO, validator=length(), kw_only=True)
    rate: int = attrs.field(default=1, validator=whole(1, MOST_RATE), kw_only=True)
    target: timedelta | None = attrs.field(default=None, validator=length(beside=(NONE,)), kw_only=True)
    alert_after: timedelta | None = attrs.field(
        default=attrs.Factory(lambda self: self.target, takes_self=True), validator=length(beside=(NONE,)), kw_only=True
    )

    def __attrs_post_init__(self) -> None:
        """Refuse an alert that comes before the target is missed."""
        if self.target is not None and self.alert_after is not None and self.alert_after < self.target:
            msg = (
                f"alert_after is at least the target, got {self.alert_after} for {self.target} of level {self.code!r}; "
                "leave it out to be alerted at the target"
            )
            raise InvalidValueError(msg, name="alert_after", got=self.alert_after, target=self.target)
