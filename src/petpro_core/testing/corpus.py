"""Cases with their answers, kept as JSON: read, checked against the judge and the oracle, and written from a failure.

A file is one object. ``case`` is in the words of ``petpro_core.testing.oracle``, instants may be ISO 8601 text::

    {
        "title": "A hold that eats a whole class.",
        "why": "One sentence for whoever reads it in two years.",
        "questions": [
            {
                "ask": "two seats",
                "case": {"now": ..., "within": ..., "rules": ..., "calendars": ...},
                "offered": [["2026-11-23T09:00Z"]],
                "refused": [{"row": 0, "start": "2026-11-23T09:30Z", "reasons": ["busy"]}],
            }
        ],
    }

``offered`` has a list of starts for each calendar, all that are inside ``within``; ``refused`` names single starts with
every reason against them, and may be left out. Other entries are kept in ``more`` for tests of one's own.

The core opens no files: texts come in by name, as ``{path.stem: path.read_text() for path in folder.glob("*.json")}``.

Source: ADR 14.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import attrs

from petpro_core.decisions import check_booking, find_slots
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import from_us
from petpro_core.testing.cases import build
from petpro_core.testing.laws._facts import codes_of, masks_at, must_equal
from petpro_core.testing.oracle import Case, Oracle, instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["CorpusQuestion", "Refused", "load_corpus", "save_case"]

_FILE: Final = ("title", "why", "questions")
_QUESTION: Final = ("ask", "case", "offered")
_REFUSED: Final = ("row", "start", "reasons")


@attrs.frozen
class Refused:
    """A start that is refused.

    Attributes:
        row: The place of its calendar in the case.
        start: In microseconds since 1970-01-01T00:00Z.
        reasons: The code of every reason, and of no other.
    """

    row: int
    start: int
    reasons: frozenset[str]


@attrs.frozen
class CorpusQuestion:
    """One question of a corpus, with its answer.

    Attributes:
        file: The name of the text that it stands in.
        ask: What is asked, in a few words.
        case: The question as a plain dict.
        offered: For each calendar every start that is offered, in microseconds.
        refused: Single starts with their reasons.
        more: What else stands in the question.
    """

    file: str
    ask: str
    case: Case
    offered: tuple[tuple[int, ...], ...]
    refused: tuple[Refused, ...] = ()
    more: Mapping[str, Any] = attrs.field(factory=dict)

    @property
    def name(self) -> str:
        """File and question, as a test is called by them."""
        return f"{self.file}: {self.ask}"

    def check_oracle(self) -> None:
        """Ask the oracle.

        Raises:
            LawBrokenError: It answers otherwise.
        """
        oracle = Oracle(self.case)
        for row, starts in enumerate(self.offered):
            must_equal("the oracle offers", oracle.offered(row), list(starts), question=self.name, row=row)
        for one in self.refused:
            facts = {"question": self.name, "row": one.row, "start": one.start}
            must_equal("the oracle refuses", oracle.refusals(one.row, one.start), set(one.reasons), **facts)

    def check_judge(self) -> None:
        """Ask the search, the check of many and the check of one.

        Raises:
            LawBrokenError: One of them answers otherwise.
        """
        q = build(self.case)
        table = find_slots(q.calendars, within=q.within, **q.asked)
        got = [table.row(row).tolist() for row in range(len(q.rows))]
        must_equal("the search offers", got, list(map(list, self.offered)), question=self.name)
        for one in self.refused:
            facts = {"question": self.name, "row": one.row, "start": one.start}
            (mask,) = masks_at(q, one.row, [one.start])
            must_equal("the check of many refuses", codes_of(mask), set(one.reasons), **facts)
            handle = int(q.calendars.handles[one.row])
            told = check_booking(q.rows[one.row], start=from_us(one.start), handle=handle, **q.asked)
            must_equal("the check of one refuses", {c.reason.code for c in told}, set(one.reasons), **facts)

    def check(self) -> None:
        """Ask both, the oracle first: where it is wrong the corpus is.

        Raises:
            LawBrokenError: One of them answers otherwise.
        """
        self.check_oracle()
        self.check_judge()


def load_corpus(files: Mapping[str, str]) -> tuple[CorpusQuestion, ...]:
    """The questions of a corpus.

        >>> text = save_case(
        ...     {
        ...         "now": "2026-11-20T00:00Z",
        ...         "within": ["2026-11-23T09:00Z", "2026-11-23T10:00Z"],
        ...         "rules": {"duration": "30m"},
        ...         "calendars": [
        ...             {"handle": 1, "schedules": [{"zone": "UTC", "hours": [{"days": {"monday": ["09:00-10:00"]}}]}]}
        ...         ],
        ...     },
        ...     title="A plain hour.",
        ...     why="Three starts of half an hour fit into an hour by the quarter.",
        ... )
        >>> (question,) = load_corpus({"plain_hour": text})
        >>> question.name, len(question.offered[0])
        ('plain_hour: 2026-11-23T09:00Z to 2026-11-23T10:00Z', 3)
        >>> question.check()

    Args:
        files: The JSON texts by name.

    Raises:
        InvalidValueError: A text is no JSON, has another form or says nothing; ``file`` is its name.

    Source: ADR 14.
    """
    return tuple(question for name, text in files.items() for question in _questions(name, text))


def _questions(file: str, text: str) -> list[CorpusQuestion]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as reason:
        msg = f"a file of a corpus is JSON, got {reason} in {file}"
        raise InvalidValueError(msg, file=file) from None
    title, why, questions = _entries(file, whole, _FILE)
    if not (isinstance(questions, list) and questions and title and why):
        msg = f"a file of a corpus has a title, says why it is there and asks something, and {file} does not"
        raise InvalidValueError(msg, file=file)
    return [_question(file, question) for question in questions]


def _entries(file: str, plain: Any, names: tuple[str, ...]) -> list[Any]:  # noqa: ANN401  # whatever JSON may hold
    missing = [name for name in names if name not in plain] if isinstance(plain, dict) else list(names)
    if missing:
        msg = (
            f"an object with {', '.join(names)} stands here in a corpus, and {', '.join(missing)} is missing in {file}"
        )
        raise InvalidValueError(msg, file=file, missing=missing)
    return [plain[name] for name in names]


def _question(file: str, plain: Any) -> CorpusQuestion:  # noqa: ANN401  # whatever JSON may hold
    ask, case, offered = _entries(file, plain, _QUESTION)
    refused = [_entries(file, one, _REFUSED) for one in plain.get("refused", ())]
    rows = tuple(tuple(map(instant, starts)) for starts in offered)
    if len(rows) != len(case.get("calendars", ())):
        msg = f"each calendar has its list of starts, got {len(rows)} lists for {ask!r} in {file}"
        raise InvalidValueError(msg, file=file, got=len(rows))
    return CorpusQuestion(
        file,
        ask,
        case,
        rows,
        tuple(Refused(row, instant(start), frozenset(reasons)) for row, start, reasons in refused),
        {name: value for name, value in plain.items() if name not in {*_QUESTION, "refused"}},
    )


def save_case(
    case: Case, *, title: str, why: str, ask: str | None = None, refused: Iterable[tuple[int, int]] = ()
) -> str:
    """The text of a file with one case: a failure that is to stay found. ``load_corpus`` shows an example.

    The answers written are the oracle's; read them, since a corpus is right by a person's word.

    Args:
        case: As a failing law shows it.
        title: What goes wrong, as a sentence.
        why: Why the answer is right.
        ask: The question in a few words; by default where starts are looked for.
        refused: Place of the calendar and start of whatever else is worth keeping, with all its reasons.

    Raises:
        InvalidValueError: Title or why is empty.

    Source: ADR 14.
    """
    oracle = Oracle(case)
    rows = range(len(case["calendars"]))
    question = {
        "ask": " to ".join(map(_written, oracle.within)) if ask is None else ask,
        "case": case,
        "offered": [[_written(start) for start in oracle.offered(row)] for row in rows],
        "refused": [
            {"row": row, "start": _written(start), "reasons": sorted(oracle.refusals(row, start))}
            for row, start in refused
        ],
    }
    text = json.dumps({"title": title, "why": why, "questions": [question]}, indent=1, ensure_ascii=False) + "\n"
    load_corpus({title: text})
    return text


def _written(moment: int) -> str:
    text = from_us(moment).replace(tzinfo=None).isoformat(timespec="auto" if moment % 60_000_000 else "minutes")
    return f"{text}Z"
