"""What laws have found, and stays found: each case with the answer that is right, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from petpro_core.testing import laws
from petpro_core.testing.corpus import CorpusQuestion, load_corpus

FOLDER: Final = Path(__file__).parent / "found"
QUESTIONS: Final = load_corpus({path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.json"))})


@pytest.mark.parametrize("question", QUESTIONS, ids=[question.name for question in QUESTIONS])
def test_what_was_found_stays_found(question: CorpusQuestion) -> None:
    question.check()
    laws.explanations_add_up(question.case)
