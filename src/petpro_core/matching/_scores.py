"""One column of scores for each strategy, for all candidates at once; smaller is better.

All scores are int64 and exact: a score that rounds is rounded down to a whole microsecond, the same on every machine.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from petpro_core._checks import as_choice, as_length, as_whole
from petpro_core.errors import InvalidValueError, OutOfRangeError
from petpro_core.intervals import Int64Array, duration_us
from petpro_core.matching._work import place_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from petpro_core.matching._candidates import Candidates
    from petpro_core.matching._loads import Familiarity, LoadTable

__all__ = ["Criterion", "Grounds", "Order", "Strategy", "as_criteria", "as_criterion", "as_order", "scores_of"]

_MOST_TOLERANCE: Final = 1_000_000
_MEETING: Final = 1_000_000  # one visit of the pet weighs more than all of the client's
_ROOM: Final = 2**62

Order = Sequence[int] | Mapping[int, int]
"""Handles from first to last, or a number for each handle, smaller first. Who is not named comes last."""


class Strategy(enum.StrEnum):
    """A named way to choose; each gives every candidate a score, and the least is best.

    - ``SOONEST``: the earliest start, in microseconds since 1970.
    - ``FEWEST_MINUTES``: the least booked time for one's weight, as somebody of the greatest weight would feel it: the
      booked microseconds times the greatest weight divided by one's own. The default.
    - ``ROUND_ROBIN``: who is furthest behind their share of the visits; smooth, so that turns are spread. With
      everybody free it is the smooth weighted round robin of load balancers.
    - ``LEAST_RECENT``: whose last visit starts earliest. Simple, well known, and unfair: who is rarely free is always
      next, and weights count for nothing.
    - ``PRIORITY``: an order or numbers of the practice's.
    - ``CONTINUITY``: who has seen the pet most often, then its client.
    - ``PREFERENCE``: whom the client asks for, in their order; whom they want to avoid comes last.
    - ``LEAST_COST``: the caller's own number for each candidate.

    Where a candidate has several people the most loaded counts (the last in the order, the most recent), for continuity
    and preference the one who is known or asked for best; one person to be avoided is enough.

        >>> Strategy.FEWEST_MINUTES.within(timedelta(minutes=30))
        Criterion(strategy=<Strategy.FEWEST_MINUTES: 'fewest_minutes'>, tolerance=datetime.timedelta(seconds=1800))

    Source: for the smooth round robin the upstream module of nginx (commit 52327e0627f4, 2012).
    """

    SOONEST = "soonest"
    FEWEST_MINUTES = "fewest_minutes"
    ROUND_ROBIN = "round_robin"
    LEAST_RECENT = "least_recent"
    PRIORITY = "priority"
    CONTINUITY = "continuity"
    PREFERENCE = "preference"
    LEAST_COST = "least_cost"

    def within(self, tolerance: timedelta | int) -> Criterion:
        """The strategy with a tolerance: whoever is that near to the best counts as equal to them."""
        return Criterion(self, tolerance)


_IN_TIME: Final = (Strategy.SOONEST, Strategy.FEWEST_MINUTES, Strategy.LEAST_RECENT)


def _as_strategy(value: Strategy | str) -> Strategy:
    return as_choice(Strategy, "strategy", value)


@attrs.frozen
class Criterion:
    """A strategy, and how far from the best still counts as equal to it.

        >>> Criterion("priority").tolerance
        0

    Attributes:
        strategy: Its word is taken too.
        tolerance: For ``SOONEST``, ``FEWEST_MINUTES`` and ``LEAST_RECENT`` a length of time, 0 to 3,660 days; else a
            whole number from 0 to 1,000,000: turns, numbers of the order, visits of the pet, units of cost. 0 = none.

    Raises:
        InvalidValueError: No such strategy, or a tolerance of another type or outside its bounds.

    Source: ADR 2 (no order without its reason).
    """

    strategy: Strategy = attrs.field(converter=_as_strategy)
    tolerance: timedelta | int = 0

    def __attrs_post_init__(self) -> None:
        """Refuse minutes for what is counted, and counts for what is measured in time."""
        if self.strategy in _IN_TIME and self.tolerance != 0:
            as_length(f"the tolerance of {self.strategy}", self.tolerance)
        elif self.strategy not in _IN_TIME:
            as_whole(f"the tolerance of {self.strategy}", self.tolerance, 0, _MOST_TOLERANCE)

    @property
    def amount(self) -> int:
        """The tolerance as a whole number: microseconds, or as it is."""
        return duration_us(self.tolerance) if isinstance(self.tolerance, timedelta) else self.tolerance


def as_criterion(word: str, amount: int) -> Criterion:
    """A criterion from its word and its tolerance as a whole number, the inverse of ``amount``."""
    return Criterion(word, timedelta(microseconds=amount) if _as_strategy(word) in _IN_TIME else amount)


def as_criteria(value: Strategy | Criterion | str | Iterable[Strategy | Criterion | str]) -> tuple[Criterion, ...]:
    """Criteria in order of their weight, each strategy once; a single one needs no list.

    Raises:
        InvalidValueError: No criterion, something else, or a strategy twice.
    """
    given = (value,) if isinstance(value, str | Criterion) else tuple(value)
    criteria = tuple(one if isinstance(one, Criterion) else Criterion(one) for one in given)
    if not criteria or len({one.strategy for one in criteria}) < len(criteria):
        msg = f"strategies are at least one, each once, got {[str(one.strategy) for one in criteria]}"
        raise InvalidValueError(msg, name="strategies", got=[str(one.strategy) for one in criteria])
    return criteria


def as_order(name: str, value: Order) -> dict[int, int]:
    """A number for each handle that is named; smaller comes first.

    Raises:
        InvalidValueError: No handles, or one twice.
    """
    if isinstance(value, Mapping):
        most = _MOST_TOLERANCE
        return {as_whole(name, handle): as_whole(name, rank, -most, most) for handle, rank in value.items()}
    handles = [as_whole(name, handle) for handle in value]
    if len(set(handles)) < len(handles):
        msg = f"{name} names everybody once, got {handles}"
        raise InvalidValueError(msg, name=name, got=handles)
    return {handle: rank for rank, handle in enumerate(handles)}


@attrs.frozen(eq=False, kw_only=True)
class Grounds:
    """Everything that a choice looks at. ``None`` = not told: a strategy that needs it refuses."""

    candidates: Candidates
    loads: LoadTable | None
    familiarity: Familiarity | None
    priority: Mapping[int, int] | None
    preferred: Mapping[int, int]
    avoided: tuple[int, ...]

    def loads_for(self, strategy: Strategy) -> tuple[LoadTable, Int64Array]:
        """The loads, and the row of each person in them."""
        if self.loads is None:
            msg = f"the strategy {strategy} compares loads, got none; give loads=LoadTable.of(...)"
            raise InvalidValueError(msg, name="loads", strategy=strategy)
        place, listed = place_of(self.loads.resource, self.candidates.resource)
        if not listed.all():
            missing = sorted(set(self.candidates.resource[~listed].tolist()))
            msg = f"everybody who may be chosen stands in the loads, got nothing about {missing}; count them too"
            raise InvalidValueError(msg, name="loads", missing=missing)
        return self.loads, place


Scored = tuple[Int64Array, int]
"""A score for each candidate, and how much of it a tolerance of 1 is."""


def _soonest(given: Grounds) -> Scored:
    return given.candidates.best(given.candidates.start), 1


# The floor of booked * greatest / weight, without the product: booked = whole * weight + rest.
def _fewest_minutes(given: Grounds) -> Scored:
    loads, place = given.loads_for(Strategy.FEWEST_MINUTES)
    greatest = int(loads.weight.max(initial=1))
    whole, rest = np.divmod(loads.booked_us, loads.weight)
    if (int(whole.max(initial=0)) + 1) * greatest >= _ROOM:
        msg = (
            f"booked time times the greatest weight stays below 2**62, got a greatest weight of {greatest}; use smaller"
        )
        raise OutOfRangeError(msg, name="weight", got=greatest)
    felt = whole * greatest + rest * greatest // loads.weight
    return given.candidates.worst(felt[place]), 1


# With N visits given, the smooth round robin gives the next to the greatest (N + 1) * weight - visits * all weights:
# each gains its weight by every visit of the team, and pays all weights for one of its own.
def _round_robin(given: Grounds) -> Scored:
    loads, place = given.loads_for(Strategy.ROUND_ROBIN)
    every, visits = int(loads.weight.sum()), int(loads.visits.sum())
    if (visits + 1) * max(every, 1) >= _ROOM:
        msg = f"visits times all weights stay below 2**62, got {visits} visits and weights of {every}; use smaller ones"
        raise OutOfRangeError(msg, name="weight", got=every, visits=visits)
    ahead = loads.visits * every - (visits + 1) * loads.weight
    return given.candidates.worst(ahead[place]), every


def _least_recent(given: Grounds) -> Scored:
    loads, place = given.loads_for(Strategy.LEAST_RECENT)
    return given.candidates.worst(loads.last_us[place]), 1


def _ranks(given: Grounds, order: Mapping[int, int]) -> Int64Array:
    last = max(order.values(), default=-1) + 1
    return np.array([order.get(handle, last) for handle in given.candidates.resource.tolist()], np.int64)


def _priority(given: Grounds) -> Scored:
    if given.priority is None:
        msg = "the strategy priority follows an order, got none; give priority=[handle, ...] or {handle: number}"
        raise InvalidValueError(msg, name="priority", strategy=Strategy.PRIORITY)
    return given.candidates.worst(_ranks(given, given.priority)), 1


def _continuity(given: Grounds) -> Scored:
    if given.familiarity is None:
        msg = "the strategy continuity looks at past visits, got none; give familiarity=Familiarity.of(...)"
        raise InvalidValueError(msg, name="familiarity", strategy=Strategy.CONTINUITY)
    known, people = given.familiarity, given.candidates.resource
    place, met = place_of(known.resource, people)
    score = np.zeros(len(people), np.int64)
    score[met] = -(known.pet_visits * _MEETING + known.client_visits)[place[met]]
    return given.candidates.best(score), _MEETING


def _preference(given: Grounds) -> Scored:
    score = given.candidates.best(_ranks(given, given.preferred))
    last = max(given.preferred.values(), default=-1) + 2
    unwanted = given.candidates.worst(np.isin(given.candidates.resource, given.avoided).astype(np.int64))
    return np.where(unwanted, last, score), 1


def _least_cost(given: Grounds) -> Scored:
    return given.candidates.cost, 1


_SCORES: Final[Mapping[Strategy, Callable[[Grounds], Scored]]] = {
    Strategy.SOONEST: _soonest,
    Strategy.FEWEST_MINUTES: _fewest_minutes,
    Strategy.ROUND_ROBIN: _round_robin,
    Strategy.LEAST_RECENT: _least_recent,
    Strategy.PRIORITY: _priority,
    Strategy.CONTINUITY: _continuity,
    Strategy.PREFERENCE: _preference,
    Strategy.LEAST_COST: _least_cost,
}


def scores_of(grounds: Grounds, criteria: Sequence[Criterion]) -> tuple[Int64Array, list[int]]:
    """A column of scores for each criterion, int64[n, k], and the tolerance of each in the units of its scores."""
    scored = [_SCORES[one.strategy](grounds) for one in criteria]
    table = np.stack([column for column, _ in scored], axis=1)
    return table, [one.amount * unit for one, (_, unit) in zip(criteria, scored, strict=True)]
