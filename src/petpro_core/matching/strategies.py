"""Who should: named strategies that order candidates, the choice with its reason, and a record that replays it.

A strategy gives every candidate a score, smaller is better. Several are lexicographic: the second looks only at those
whom the first finds equal, exactly or within its tolerance. What is still equal then goes to the earlier start, and
then to the smaller handle; so the same input has the same answer, in whatever order it came.

Source: docs/how-to/share-work.md, where the strategies are compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack

import attrs
import numpy as np

from petpro_core._checks import as_kind, as_whole, frozen
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import Int64Array, from_us, to_us
from petpro_core.matching._candidates import Candidates
from petpro_core.matching._loads import NOT_YET, Familiarity, LoadTable
from petpro_core.matching._scores import (
    Criterion,
    Grounds,
    Order,
    Strategy,
    as_criteria,
    as_criterion,
    as_order,
    scores_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    Strategies = Strategy | Criterion | str | Iterable[Strategy | Criterion | str]

__all__ = [
    "NOT_YET",
    "CandidateRanking",
    "Candidates",
    "Choice",
    "ChoiceRecord",
    "Considered",
    "Criterion",
    "Familiarity",
    "LoadTable",
    "Order",
    "Strategy",
    "choose",
    "rank_candidates",
]

_TIES: Final = ("start", "resource", "end", "place")
_ALONE: Final = "only_candidate"
_NOBODY: Final = "no_candidates"


class Considered(TypedDict, total=False):
    """What a choice may look at beside the candidates; a strategy that needs what is not told refuses.

    Attributes:
        loads: What everybody has got so far; everybody who may be chosen stands in it.
        familiarity: Who knows the patient.
        priority: The practice's order: handles from first to last, or a number for each, smaller first.
        preferred: Whom the client asks for, likewise.
        avoided: Handles whom the client does not want.
    """

    loads: LoadTable | None
    familiarity: Familiarity | None
    priority: Order | None
    preferred: Order
    avoided: Iterable[int]


@attrs.frozen
class Choice:
    """Who was chosen, and what decided it; ``resources`` is empty where there was nobody to choose.

        >>> choose(Candidates.from_columns(resource=[], start=[], end=[]), strategies="soonest").decided_by
        'no_candidates'

    Attributes:
        place: The candidate's place among those given; ``None`` where there was none.
        resources: Its people, the first one names it.
        start: When the first of them starts, in UTC; ``None`` where there was no candidate.
        end: When the last of them ends.
        scores: Its score by each strategy, in their order.
        decided_by: What told it from all that were left: the word of a strategy, ``start``, ``resource``, ``end`` or
            ``place`` where all strategies found it equal to others, ``only_candidate`` or ``no_candidates``.

    Source: ADR 2 (a reason with every answer).
    """

    place: int | None
    resources: tuple[int, ...]
    start: datetime | None
    end: datetime | None
    scores: tuple[int, ...]
    decided_by: str

    @property
    def resource(self) -> int | None:
        """The handle of the first of its people; ``None`` where there was no candidate."""
        return self.resources[0] if self.resources else None


@attrs.frozen(eq=False, repr=False)
class CandidateRanking:
    """All candidates in order; it iterates as ``Choice`` objects, each as it would be chosen from those that are left.

        >>> candidates = Candidates.from_columns(resource=[8, 7], start=[0, 0], end=[60_000_000] * 2)
        >>> [choice.resource for choice in rank_candidates(candidates, strategies="soonest")]
        [7, 8]

    Attributes:
        candidates: What was ranked.
        strategies: By what.
        places: int64[n]: the candidates' places, best first.
        scores: int64[n, k]: the score of each candidate, in the order in which they were given, by each strategy.

    Source: ADR 2.
    """

    candidates: Candidates
    strategies: tuple[Criterion, ...]
    places: Int64Array
    scores: Int64Array
    _decided: Int64Array

    def __len__(self) -> int:
        """How many candidates."""
        return len(self.places)

    def __getitem__(self, number: int) -> Choice:
        """The choice of one rank, 0 is the best; a negative one counts from the last."""
        rank = range(len(self))[number]
        return _choice(self.candidates, self.strategies, self.scores, int(self.places[rank]), int(self._decided[rank]))

    def __iter__(self) -> Iterator[Choice]:
        """Every candidate as an object, best first (about 5 microseconds each)."""
        return (self[rank] for rank in range(len(self)))

    def __repr__(self) -> str:
        """Say how much there is, and by what."""
        return (
            f"<CandidateRanking of {len(self)} candidates by {', '.join(str(one.strategy) for one in self.strategies)}>"
        )


def _choice(
    candidates: Candidates, criteria: Sequence[Criterion], scores: Int64Array, place: int, decided: int
) -> Choice:
    rows = slice(int(candidates.offsets[place]), int(candidates.offsets[place + 1]))
    names = [str(one.strategy) for one in criteria] + [*_TIES, _ALONE]
    return Choice(
        place,
        candidates.people(place),
        from_us(int(candidates.start[rows].min())),
        from_us(int(candidates.end[rows].max())),
        tuple(scores[place].tolist()),
        names[decided],
    )


def _grounds(candidates: Candidates, considered: Considered) -> Grounds:
    as_kind("candidates", candidates, Candidates)
    priority, preferred = considered.get("priority"), as_order("preferred", considered.get("preferred", ()))
    avoided = tuple(as_whole("avoided", handle) for handle in considered.get("avoided", ()))
    if both := sorted(set(avoided) & set(preferred)):
        msg = f"nobody is preferred and avoided at once, got {both} in both"
        raise InvalidValueError(msg, name="avoided", got=both)
    return Grounds(
        candidates=candidates,
        loads=considered.get("loads"),
        familiarity=considered.get("familiarity"),
        priority=None if priority is None else as_order("priority", priority),
        preferred=preferred,
        avoided=avoided,
    )


# Columns to compare one after another: the scores, and then what tells equals apart.
def _keys(candidates: Candidates, scores: Int64Array) -> Int64Array:
    if len(candidates.resource) == len(candidates):
        people = candidates.resource
    else:
        named = [candidates.people(place) for place in range(len(candidates))]
        number = {name: rank for rank, name in enumerate(sorted(set(named)))}
        people = np.array([number[name] for name in named], np.int64)
    ties = (candidates.best(candidates.start), people, candidates.worst(candidates.end), np.arange(len(candidates)))
    return np.concatenate([scores, np.stack(ties, axis=1)], axis=1)


# In: places in any order, at least one. Out: the one that is left when each column in turn keeps those within its slack
# of its least value (the last column is different everywhere), and the number of the column that left it alone.
def _pick(keys: Int64Array, slack: Sequence[int], places: Int64Array) -> tuple[int, int]:
    decided = keys.shape[1]
    for number, loose in enumerate(slack):
        if len(places) == 1:
            break
        column = keys[places, number]
        places, decided = places[column <= column.min() + loose], number
    return int(places[0]), decided


# Without tolerances a rank is a sort, and what tells two neighbours apart is the first column in which they differ.
def _sorted(keys: Int64Array) -> tuple[Int64Array, Int64Array]:
    order = np.lexsort(keys.T[::-1])
    differs = keys[order[1:]] != keys[order[:-1]]
    return order, np.append(differs.argmax(axis=1), keys.shape[1])[: len(order)]


# With a tolerance "equal" is not transitive, so that no sort will do: the rank is the choice from all, then the choice
# from all others, and so on. Sorted by the first column, those within its slack of the least are the first few.
def _peeled(keys: Int64Array, slack: Sequence[int]) -> tuple[Int64Array, Int64Array]:
    left = np.lexsort(keys.T[::-1])
    first = keys[left, 0]
    order, decided = np.empty_like(left), np.empty_like(left)
    for rank in range(len(left)):
        near = int(first.searchsorted(first[0] + slack[0], "right"))
        place, number = _pick(keys, slack, left[:near])
        # One left of several: the first column has told it from those that were not near.
        decided[rank] = 0 if near == 1 < len(left) else number
        order[rank] = place
        gone = int((left[:near] == place).argmax())
        left, first = np.delete(left, gone), np.delete(first, gone)
    return order, decided


def rank_candidates(
    candidates: Candidates, *, strategies: Strategies = Strategy.FEWEST_MINUTES, **considered: Unpack[Considered]
) -> CandidateRanking:
    """Order all candidates: who would be chosen, who if that one were not there, and so on.

        >>> candidates = Candidates.from_columns(resource=[7, 8, 9], start=[0] * 3, end=[60_000_000] * 3)
        >>> loads = LoadTable.from_columns([7, 8, 9], booked_us=[600_000_000, 0, 60_000_000])
        >>> [choice.resource for choice in rank_candidates(candidates, loads=loads)]
        [8, 9, 7]

    Cost: a sort without tolerances (1,000 candidates in less than a millisecond), with them a pass for each rank.

    Args:
        candidates: As in ``choose``, likewise all others.
        strategies: The first decides, the next among those it finds equal.
        **considered: ``loads, familiarity, priority, preferred, avoided``.

    Raises:
        InvalidValueError: As ``choose``.

    Source: ADR 2.
    """
    criteria = as_criteria(strategies)
    scores, slack = scores_of(_grounds(candidates, considered), criteria)
    keys = _keys(candidates, scores)
    order, decided = _peeled(keys, [*slack, *(0 for _ in _TIES)]) if any(slack) else _sorted(keys)
    return CandidateRanking(candidates, criteria, frozen(order), frozen(scores), frozen(decided))


def choose(
    candidates: Candidates, *, strategies: Strategies = Strategy.FEWEST_MINUTES, **considered: Unpack[Considered]
) -> Choice:
    """Choose among candidates: the best by the first strategy; among equals the best by the next.

        >>> from datetime import timedelta
        >>> candidates = Candidates.from_columns(resource=[7, 8], start=[0, 0], end=[1_800_000_000] * 2)
        >>> loads = LoadTable.from_columns([7, 8], booked_us=[3_600_000_000, 4_800_000_000])
        >>> choose(candidates, loads=loads).resource
        7
        >>> near = Strategy.FEWEST_MINUTES.within(timedelta(minutes=30))
        >>> choice = choose(candidates, strategies=[near, "preference"], loads=loads, preferred=[8])
        >>> choice.resource, choice.decided_by
        (8, 'preference')

    Args:
        candidates: From whom; without any the answer says so.
        strategies: Strategies, their words, or criteria with tolerances; the first decides, the next among those it
            finds equal. A single one needs no list.
        **considered: ``loads`` for strategies that share, ``familiarity`` for CONTINUITY, ``priority``, ``preferred``
            and ``avoided``.

    Raises:
        InvalidValueError: A strategy twice or unknown, one that needs what is not told, a candidate who does not stand
            in the loads, or a handle both preferred and avoided.
        OutOfRangeError: Loads and weights so large that their product leaves 62 bits.

    Source: ADR 2; the default by the comparison in docs/how-to/share-work.md.
    """
    return _chosen(_grounds(candidates, considered), as_criteria(strategies))[0]


def _chosen(grounds: Grounds, criteria: Sequence[Criterion]) -> tuple[Choice, Int64Array]:
    candidates = grounds.candidates
    scores, slack = scores_of(grounds, criteria)
    if not len(candidates):
        return Choice(None, (), None, None, (), _NOBODY), scores
    keys = _keys(candidates, scores)
    place, decided = _pick(keys, [*slack, *(0 for _ in _TIES)], np.arange(len(candidates)))
    return _choice(candidates, criteria, scores, place, decided), scores


@attrs.frozen
class ChoiceRecord:
    """A choice with all that it was made from, as plain data: what a practice keeps to answer "why she?" later.

        >>> candidates = Candidates.from_columns(resource=[7, 8], start=[0, 0], end=[1_800_000_000] * 2)
        >>> record = ChoiceRecord.of(candidates, strategies=["priority"], priority=[8, 7])
        >>> record.choice.resource, record.replay() == record.choice
        (8, True)
        >>> ChoiceRecord.from_plain(record.to_plain()) == record
        True

    Attributes:
        inputs: Candidates, strategies with tolerances and everything considered, as dicts, lists and numbers.
        scores: The score of each candidate by each strategy.
        choice: What was chosen.

    Source: ADR 2.
    """

    inputs: Mapping[str, Any]
    scores: tuple[tuple[int, ...], ...]
    choice: Choice

    @classmethod
    def of(
        cls,
        candidates: Candidates,
        *,
        strategies: Strategies = Strategy.FEWEST_MINUTES,
        **considered: Unpack[Considered],
    ) -> ChoiceRecord:
        """Choose, and keep what the choice was made from.

        Raises:
            InvalidValueError: As ``choose``.
        """
        criteria, grounds = as_criteria(strategies), _grounds(candidates, considered)
        inputs: dict[str, Any] = {
            "candidates": candidates.to_plain(),
            "strategies": [[str(one.strategy), one.amount] for one in criteria],
            "loads": None if grounds.loads is None else grounds.loads.to_plain(),
            "familiarity": None if grounds.familiarity is None else grounds.familiarity.to_plain(),
            "priority": None if grounds.priority is None else [list(pair) for pair in grounds.priority.items()],
            "preferred": [list(pair) for pair in grounds.preferred.items()],
            "avoided": list(grounds.avoided),
        }
        choice, scores = _chosen(grounds, criteria)
        return cls(inputs, tuple(map(tuple, scores.tolist())), choice)

    def replay(self) -> Choice:
        """Choose again from what was kept; equal to ``choice`` unless somebody has changed the record."""
        kept = self.inputs
        loads, met, priority = kept["loads"], kept["familiarity"], kept["priority"]
        return choose(
            Candidates.from_columns(**kept["candidates"]),
            strategies=[as_criterion(word, amount) for word, amount in kept["strategies"]],
            loads=None if loads is None else LoadTable.from_columns(**loads),
            familiarity=None if met is None else Familiarity.from_columns(**met),
            priority=None if priority is None else dict(priority),
            preferred=dict(kept["preferred"]),
            avoided=kept["avoided"],
        )

    def to_plain(self) -> dict[str, Any]:
        """Dicts, lists, text and numbers, ready for JSON; instants are microseconds since 1970."""
        choice = attrs.asdict(self.choice, recurse=False) | {
            "resources": list(self.choice.resources),
            "start": None if self.choice.start is None else to_us(self.choice.start),
            "end": None if self.choice.end is None else to_us(self.choice.end),
            "scores": list(self.choice.scores),
        }
        return {"inputs": dict(self.inputs), "scores": [list(row) for row in self.scores], "choice": choice}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> ChoiceRecord:
        """The record that ``to_plain`` gave, from JSON or as it is.

        Raises:
            InvalidValueError: It is no such record.
        """
        try:
            told = plain["choice"]
            choice = Choice(
                told["place"],
                tuple(told["resources"]),
                None if told["start"] is None else from_us(told["start"]),
                None if told["end"] is None else from_us(told["end"]),
                tuple(told["scores"]),
                told["decided_by"],
            )
            return cls(dict(plain["inputs"]), tuple(map(tuple, plain["scores"])), choice)
        except (KeyError, TypeError) as reason:
            msg = f"a record of a choice has inputs, scores and choice as to_plain gives them, got {plain!r}"
            raise InvalidValueError(msg, name="record", got=plain) from reason
