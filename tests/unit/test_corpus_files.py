"""The files of a corpus: read, checked, refused where they say nothing, and written from a case."""

from __future__ import annotations

import json
from typing import Any

import pytest

from petpro_core.errors import InvalidValueError
from petpro_core.testing.corpus import CorpusQuestion, Refused, load_corpus, save_case
from petpro_core.testing.laws import LawBrokenError
from petpro_core.testing.oracle import instant

HOURS = {"zone": "UTC", "hours": [{"days": {"monday": ["09:00-10:00"]}}]}
CASE: dict[str, Any] = {
    "now": "2026-11-20T00:00Z",
    "within": ["2026-11-23T09:00Z", "2026-11-23T10:00Z"],
    "rules": {"duration": "30m"},
    "calendars": [{"handle": 1, "schedules": [HOURS]}],
}
STARTS = ["2026-11-23T09:00Z", "2026-11-23T09:15Z", "2026-11-23T09:30Z"]


def file_of(**more: Any) -> str:
    question = {"ask": "an hour", "case": CASE, "offered": [STARTS]} | more
    return json.dumps({"title": "T.", "why": "W.", "questions": [question]})


def test_a_case_is_written_and_read() -> None:
    late = instant("2026-11-23T09:30:00.000001Z")
    text = save_case(CASE, title="T.", why="W.", ask="an hour", refused=[(0, late)])
    (question,) = load_corpus({"hour": text})
    assert (question.name, question.case) == ("hour: an hour", CASE)
    assert question.offered == (tuple(map(instant, STARTS)),)
    assert question.refused == (Refused(0, late, frozenset({"closed", "off_grid"})),)
    assert json.loads(text)["questions"][0]["refused"][0]["start"] == "2026-11-23T09:30:00.000001Z"
    question.check()


def test_what_else_is_in_a_question_is_kept() -> None:
    (question,) = load_corpus({"hour": file_of(merged=[1, 2])})
    assert question.more == {"merged": [1, 2]}


def test_wrong_answers_are_found() -> None:
    (short,) = load_corpus({"hour": file_of(offered=[STARTS[:2]])})
    for check in (short.check, short.check_oracle, short.check_judge):
        with pytest.raises(LawBrokenError, match="question='hour: an hour'"):
            check()
    wrong = [{"row": 0, "start": "2026-11-23T09:10Z", "reasons": ["busy"]}]
    (refused,) = load_corpus({"hour": file_of(refused=wrong)})
    with pytest.raises(LawBrokenError, match="the oracle refuses"):
        refused.check_oracle()
    with pytest.raises(LawBrokenError, match="the check of many refuses"):
        refused.check_judge()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "a file of a corpus is JSON"),
        ("[" * 100_000, "a file of a corpus is JSON"),
        ("[]", "title, why, questions is missing in f"),
        ('{"title": "T."}', "why, questions is missing in f"),
        ('{"title": "T.", "why": "", "questions": [1]}', "says why it is there"),
        ('{"title": "T.", "why": "W.", "questions": []}', "asks something"),
        ('{"title": "T.", "why": "W.", "questions": [{"ask": "a"}]}', "case, offered is missing"),
        (file_of(refused=[{"row": 0}]), "start, reasons is missing"),
        (file_of(offered=[]), "each calendar has its list of starts, got 0 lists for 'an hour' in f"),
    ],
)
def test_a_file_that_says_nothing_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidValueError, match=message) as caught:
        load_corpus({"f": text})
    assert (caught.value.code, caught.value.file) == ("invalid_value", "f")


def test_a_case_without_a_reason_is_not_kept() -> None:
    with pytest.raises(InvalidValueError, match="says why it is there"):
        save_case(CASE, title="T.", why="")


def test_a_question_may_be_made_by_hand() -> None:
    CorpusQuestion("by hand", "an hour", CASE, (tuple(map(instant, STARTS)),)).check()
