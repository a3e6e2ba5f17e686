"""The word lists are data: each file keeps to its schema, and the notation does what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from amends.triage.grammar import DATA, words
from amends.triage.lexicon import FULL_LANGUAGES, Group, Matcher, WordList, word_list
from amends.triage.text import Text, fold
from amends.triage.values import ASPECTS

FILES = sorted(DATA.glob("*.??.yaml"))
FIELDS = ("issues", "objects", "dissatisfaction", "context", "safety", "vulnerable", "legal_or_media", "severity",
          "desired_outcome", "sentiment", "classes")  # fmt: skip


def found(phrase: str, text: str, **classes: str) -> list[str]:
    message = Text(text)
    hits = Matcher((Group(name="x", phrases=(phrase,)),), classes).find(message)
    return [message.words(hit.first, hit.last) for hit in hits]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_keeps_to_the_schema_and_says_version_and_source(path: Path) -> None:
    listed = WordList.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert f"{listed.field}.{listed.language}.yaml" == path.name
    assert listed.source == "own work"
    for group in listed.groups:
        assert group.aspect is None or group.aspect.rstrip("?") in ASPECTS, group.name
        assert len(set(group.phrases)) == len(group.phrases), group.name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_phrase_compiles_and_finds_itself(path: Path) -> None:
    listed = word_list(*path.name.split(".")[:2])
    classes = word_list("classes", listed.language).classes
    for group in listed.groups:
        for phrase in group.phrases:
            written = " ".join(example(part, classes) for part in phrase.split() if part.strip("."))
            matcher = Matcher((Group(name=group.name, phrases=(phrase,)),), classes)
            assert matcher.find(Text(written)), f"{phrase!r} does not find {written!r}"


def example(part: str, classes: dict[str, str]) -> str:
    """The shortest word that fits one part of a phrase."""
    first = part.split("|", maxsplit=1)[0]
    if first.startswith("<"):
        first = classes[first[1:-1]].split()[0]
    return first.strip("*")


def test_english_and_german_have_every_list() -> None:
    for language in FULL_LANGUAGES:
        for field in FIELDS:
            listed = word_list(field, language)
            assert listed.groups or listed.classes, (field, language)


@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        ("broken", "a broken lamp, unbroken", ["broken"]),
        ("brok*", "broken brokered broke", ["broken", "brokered", "broke"]),
        ("*akku", "Der Ersatzakku ist leer", ["Ersatzakku"]),
        ("charged .. twice", "charged my card really twice", ["charged my card really twice"]),
        ("charged .. twice", "charged my old card really often twice", []),
        ("late|slow", "slow and late", ["slow", "late"]),
        ("<not> arrived", "never arrived", ["never arrived"]),
        ("never again", "never. again", []),
        ("übel", "UEBEL übel", ["UEBEL", "übel"]),
        ("shop", "the shop's fault", ["shop's"]),
        ("can't", "I can’t", ["can’t"]),
    ],
)
def test_the_notation_means_what_it_says(phrase: str, text: str, expected: list[str]) -> None:
    assert found(phrase, text, **{"not": "never not"}) == expected


@pytest.mark.parametrize("phrase", ["*", "..", "a ..", "", "a|* b", "a*b"])
def test_a_phrase_that_cannot_be_matched_as_meant_is_refused(phrase: str) -> None:
    with pytest.raises(ValueError, match=r"must begin and end|matches everything|star inside"):
        found(phrase, "text")


def test_an_unknown_key_in_a_file_is_refused() -> None:
    with pytest.raises(ValidationError, match="wieght"):
        WordList.model_validate(
            {
                "version": 1,
                "source": "x",
                "language": "en",
                "field": "x",
                "groups": [{"name": "a", "phrases": ["b"], "wieght": 2}],
            }
        )


def test_the_single_words_are_written_in_their_folded_form() -> None:
    listed = yaml.safe_load((DATA / "grammar.yaml").read_text(encoding="utf-8"))["words"]
    for name in listed:
        if name != "detected_languages":
            assert all(fold(word) == word for word in words(name)), name
