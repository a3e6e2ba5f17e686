"""What the linear model looks at: words, pairs of words and parts of words, each as a number. Pure, and quick without numpy.

Signs, digits and redactions ("XXXX") are left out or evened out: they tell where a text comes from, not what it means.
Training and scoring both use these functions, so that they cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from zlib import crc32

from amends.triage.text import Span, Text

BUCKETS = 1 << 16
"""How many numbers there are for features; two features that share one are told apart no more."""

FEATURES_VERSION = 1
_FEWEST_PART, _MOST_PART = 3, 5
_LONGEST_WORD = 24
_REDACTED = frozenset({"xx", "xxxx", "xxx"})
_NUMBER = "0"
_PASSAGE_WORDS = 45
_FEWEST_PASSAGE_WORDS = 6
MOST_PASSAGES = 60
"""Of a longer text the first passages are looked at: about 2,500 words."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Some sentences of a text: their tokens [first, last) and their words as the model sees them."""

    first: int
    last: int
    words: tuple[str, ...]


def passages(text: Text) -> list[Passage]:
    """Cut a text into passages of whole sentences, up to 45 words unless a sentence is longer; without words, none."""
    made: list[Passage] = []
    first, words = 0, list[str]()
    for sentence in text.sentences:
        fresh = model_words(text.forms[sentence.first : sentence.last])
        if len(words) + len(fresh) > _PASSAGE_WORDS and len(words) >= _FEWEST_PASSAGE_WORDS:
            made.append(Passage(first, sentence.first, tuple(words)))
            first, words = sentence.first, []
        words += fresh
        if len(made) >= MOST_PASSAGES:
            return made
    if words:
        made.append(Passage(first, len(text.forms), tuple(words)))
    return made


def passage_of(text: Text, span: Span) -> Passage:
    """Return the tokens of a span as a passage of their own."""
    return Passage(span.first, span.last, tuple(model_words(text.forms[span.first : span.last])))


def model_words(forms: Iterable[str]) -> list[str]:
    """Return the words of folded tokens: no signs, every number as "0", no apostrophes, no redactions."""
    found = []
    for form in forms:
        if form[0].isdigit():
            found.append(_NUMBER)
        elif form[0].isalpha():
            word = form.replace("'", "")
            if word not in _REDACTED:
                found.append(word)
    return found


def features(words: Sequence[str]) -> tuple[frozenset[int], frozenset[int]]:
    """Return the numbers of the words and pairs of a passage, and those of the parts of its words."""
    whole = {_number("w", word) for word in words}
    whole.update(_number("p", f"{one} {two}") for one, two in pairwise(words))
    parts: set[int] = set()
    for word in set(words):
        parts.update(parts_of(word))
    return frozenset(whole), frozenset(parts)


def word_number(word: str) -> int:
    """Return the number of a single word."""
    return _number("w", word)


@lru_cache(maxsize=8192)
def parts_of(word: str) -> tuple[int, ...]:
    """Return the numbers of the parts of 3 to 5 letters of a word, its edges marked."""
    marked = f"<{word[:_LONGEST_WORD]}>"
    return tuple(
        _number("c", marked[start : start + length])
        for length in range(_FEWEST_PART, _MOST_PART + 1)
        for start in range(len(marked) - length + 1)
    )


def _number(kind: str, words: str) -> int:
    return crc32(f"{kind}{words}".encode("utf-8", "replace")) % BUCKETS
