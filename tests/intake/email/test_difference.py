"""The new words of an answer by comparison with ours: quotes of every make, and nothing of the customer's is lost."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amends.intake.channels.email.difference import marked
from amends.intake.channels.email.reply_text import reply_text

OURS = (
    "Dear Maya,\n\nthank you for telling us about the kettle. We are very sorry that it leaks and that nobody answered you "
    "for nine days.\n\nWe will send you a new one by Friday.\n\nKind regards,\nBob Example"
)
WORDS = st.lists(st.text(alphabet="abcdefgh", min_size=1, max_size=6), min_size=1, max_size=60)


def new_words(theirs: str, *ours: str) -> str | None:
    """What `filing` makes of it."""
    found = marked(theirs, ours)
    return None if found is None else reply_text(found)


@pytest.mark.parametrize(
    "quote",
    [
        OURS,
        "\n".join(f"> {line}" for line in OURS.split("\n")),
        "\n".join(f"| {line}" for line in OURS.split("\n")),
        OURS.replace(" ", "\n"),
        OURS.replace("\n", " "),
        OURS.upper(),
        OURS.replace("\n\n", "\n \n\t\n"),
    ],
    ids=["bare", "marked", "barred", "a word a line", "one line", "shouting", "spaced"],
)
@pytest.mark.parametrize(
    "introduction", ["", "Tus 2 Mar 2026 09:00, Care <care@x.example> sau:\n", "care@x.example 09:00:\n"]
)
def test_a_quote_is_found_however_it_is_made_up(quote: str, introduction: str) -> None:
    assert new_words(f"It came, but it is green.\n\n{introduction}{quote}", OURS) == "It came, but it is green."


def test_answers_below_and_between_our_words_stay() -> None:
    first, _blank, second, *rest = OURS.split("\n")
    text = "\n".join([first, "", second, "", "It was eleven days.", "", *rest, "", "And on Friday I am away."])
    found = new_words(text, OURS)
    assert found is not None
    assert "It was eleven days." in found
    assert "And on Friday I am away." in found
    assert "very sorry" not in found


def test_a_sentence_of_ours_inside_a_line_of_theirs_stays() -> None:
    assert marked("You wrote: We will send you a new one by Friday. It is Monday.", [OURS]) is None


def test_the_customer_s_own_short_words_are_not_taken_for_a_quote() -> None:
    ours = f"{OURS}\n\nYou wrote: I want my money back."
    assert marked("I want my money back.", [ours]) is None


def test_a_line_a_person_wrote_above_the_quote_stays() -> None:
    assert new_words(f"My answer:\n\n{OURS}\n\nNo.", OURS) == "My answer:\n\n\n\nNo.".replace("\n\n\n\n", "\n\n")


@given(WORDS, WORDS)
def test_words_that_are_not_ours_are_never_marked(theirs: list[str], ours: list[str]) -> None:
    text = "\n".join(f"Z{word}" for word in theirs)
    assert marked(text, [" ".join(ours)]) is None


@given(WORDS, st.lists(st.text(alphabet="abcdefgh", min_size=1, max_size=6), min_size=12, max_size=60))
def test_a_whole_quote_below_new_words_is_always_found(new: list[str], ours: list[str]) -> None:
    text = "\n".join(f"Z{word}" for word in new)
    found = marked(f"{text}\n\n{' '.join(ours)}", [" ".join(ours)])
    assert found is not None
    kept = [line for line in found.split("\n") if line and not line.startswith(">")]
    assert kept == text.split("\n")


@settings(max_examples=60)
@given(st.text(max_size=400), st.lists(st.text(max_size=400), max_size=3))
def test_no_input_makes_it_fail(theirs: str, ours: list[str]) -> None:
    found = marked(theirs, ours)
    assert found is None or isinstance(found, str)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("a " * 500_000, "a " * 500_000),
        ("a b c d " * 100_000, "a b c d e " * 100_000),
        ("\n" * 1_000_000, OURS),
        ("> " * 500_000, OURS),
        ("x" * 1_500_000, "x" * 1_500_000),
        (OURS * 3_000, OURS),
    ],
    ids=["one word", "almost a run", "empty lines", "marks", "one long word", "the same again"],
)
def test_hostile_texts_take_no_longer_than_their_length(theirs: str, ours: str) -> None:
    began = time.process_time()
    marked(theirs, [ours] * 10)
    assert time.process_time() - began < 12
