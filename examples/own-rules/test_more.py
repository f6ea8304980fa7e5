"""A law of the practice's own, and answers that were worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from practice import ANA, BEN, POLICY, SURGERY

from petpro_core import from_us
from petpro_core.testing import laws
from petpro_core.testing.corpus import CorpusQuestion, load_corpus
from petpro_core.testing.strategies import around

CORPUS = load_corpus({path.stem: path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("corpus/*")})


@given(case=around([ANA, BEN], rules=SURGERY, policy=POLICY))
def test_no_surgery_begins_off_the_half_hour(case: dict[str, Any]) -> None:
    for starts in laws.found(case):
        assert all(ANA.zone.to_local(from_us(start)).minute in {0, 30} for start in starts)


@pytest.mark.parametrize("question", CORPUS, ids=[question.name for question in CORPUS])
def test_what_was_worked_out_by_hand(question: CorpusQuestion) -> None:
    question.check()
