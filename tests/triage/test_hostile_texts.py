"""No text makes the assessment fail, hang or lie about what it read."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amends.triage.assess import assess
from amends.triage.text import ASSESSED_CHARACTERS, Text

MILLION = 1_000_000
PATTERNS = {
    "one word": "a",
    "negators": "not ",
    "a phrase": "charged twice ",
    "half a phrase with gaps": "never so so so ",
    "signs": ",;",
    "openers": "but broken, ",
    "quotes": "> x\n",
    "full stops": ".",
    "NUL": "\x00",
    "combining marks": "a\u0301",
    "half surrogates": "\ud83d broken ",
    "hyphens": "a-",
    "numbers": "1.1",
    "solutions": "thank for has been sorted but broken ",
    "third parties": "my old provider is broken; ",
    "conditions": "what if it breaks. ",
    "Chinese": "包裹",
    "apostrophes": "n't'",
    "line ends": "\r\n\r\n",
}
WORDS = ["but", "and", "not", "the", "lamp", "is", "broken", ",", ".", ";", "!", "?", ">", "\n", "you", "kaputt"]
SECONDS = 3.0
"""Measured at most 0.4 s each; the limit is for a busy machine and still far from what a quadratic rule would take."""


@pytest.mark.parametrize("name", PATTERNS)
def test_a_megabyte_of_hostile_text_is_assessed_in_no_time(name: str) -> None:
    pattern = PATTERNS[name]
    text = pattern * (MILLION // len(pattern))
    assess("warm up: the lamp is broken, die Lampe ist kaputt")
    began = time.process_time()
    said = assess(text, subject=text)
    assert time.process_time() - began < SECONDS
    json.dumps(said.as_json())


def test_a_text_that_is_cut_says_so() -> None:
    said = assess("The lamp is broken. " * 2_000)
    because = [reason.because for reason in said.reasons if reason.field == "text"]
    assert because == [f"only the first {ASSESSED_CHARACTERS} of 40000 characters were assessed"]


def test_what_stands_behind_the_cut_is_not_quoted() -> None:
    said = assess("x " * ASSESSED_CHARACTERS + "The lamp is broken.")
    assert said.points == ()


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400), st.text(max_size=60))
def test_any_text_at_all_gets_a_whole_assessment_that_quotes_exactly(text: str, subject: str) -> None:
    said = assess(text, subject=subject, channel="chat")
    assert said.severity in (1, 2, 3, 4)
    assert -1 <= said.sentiment <= 1
    assert 0 <= said.probability <= 1
    for point in said.points:
        assert point.words
        assert point.words in text
    assert said.desired_outcome is None or said.desired_outcome in text


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(WORDS),
        max_size=60,
    )
)
def test_clauses_and_sentences_cover_the_text_in_order(words: list[str]) -> None:
    text = Text(" ".join(words))
    ends = [0, *(span.last for span in text.sentences)]
    assert ends == sorted(ends)
    assert ends[-1] == len(text.tokens)
    for clause in text.clauses:
        sentence = text.sentences[clause.sentence]
        assert sentence.first <= clause.first < clause.last <= sentence.last
