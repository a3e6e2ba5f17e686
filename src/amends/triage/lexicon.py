"""Word lists as data, and the matcher that finds their phrases in a text.

A phrase is words in a row, in a small notation that cannot run away (no regular expressions):

    word       this word              word*   a word that begins so          *word   a word that ends so
    a|b        either                 <name>  a word of the named class      ..      up to 3 other words, ... up to 6

Matching never leaves a sentence. The cost is linear in the text: each token is looked up once, and each phrase that
starts at it is followed for a bounded number of steps.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache

from pydantic import BaseModel, ConfigDict, Field

from amends.triage.grammar import DATA, read_yaml
from amends.triage.text import Text, fold

FULL_LANGUAGES = ("en", "de")
SHORT_LANGUAGES = ("fr", "es", "it", "nl", "pl")
"""Languages with a short list only: label, points and category can be told, the flags hardly."""
LANGUAGES = FULL_LANGUAGES + SHORT_LANGUAGES
_GAPS = {"..": 3, "...": 6}
_SHORTEST_STEM = 3
_KNOWN_FORMS = 10_000


class Group(BaseModel):
    """Phrases that mean the same to a rule."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    phrases: tuple[str, ...] = Field(min_length=1)
    aspect: str | None = None
    weight: float = 1.0
    severity: int | None = Field(default=None, ge=1, le=4)


class WordList(BaseModel):
    """One data file: the phrases of one field in one language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = Field(ge=1)
    source: str
    language: str
    field: str
    groups: tuple[Group, ...] = ()
    classes: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase found: tokens [first, last) of the text."""

    first: int
    last: int
    group: Group


Step = tuple[int, int]
"""How many tokens may be skipped before it, and the number of the element that must stand there."""


class Matcher:
    """Finds all phrases of some groups. Build it once per word list; it is immutable afterwards."""

    def __init__(self, groups: tuple[Group, ...], classes: dict[str, str]) -> None:
        self._classes = classes
        # Words come again and again; what they fit is remembered, within bounds.
        self._known: dict[str, frozenset[int]] = {}
        self._elements: dict[str, int] = {}
        self._exact: dict[str, set[int]] = defaultdict(set)
        self._starts: dict[str, set[int]] = defaultdict(set)
        self._ends: dict[str, set[int]] = defaultdict(set)
        self._phrases: dict[int, list[tuple[tuple[Step, ...], Group]]] = defaultdict(list)
        for group in groups:
            for phrase in group.phrases:
                steps = self._compile(phrase)
                self._phrases[steps[0][1]].append((steps[1:], group))

    def _compile(self, phrase: str) -> tuple[Step, ...]:
        steps: list[Step] = []
        gap = 0
        for part in phrase.split():
            if part in _GAPS:
                gap = _GAPS[part]
                continue
            steps.append((gap, self._element(part)))
            gap = 0
        if not steps or gap:
            raise ValueError(f"The phrase {phrase!r} must begin and end with a word.")
        return tuple(steps)

    def _element(self, part: str) -> int:
        if part in self._elements:
            return self._elements[part]
        number = self._elements[part] = len(self._elements)
        for alternative in self._alternatives(part):
            stem = fold(alternative.strip("*"))
            if not stem:
                raise ValueError(f"The word {part!r} matches everything.")
            if "*" in stem:
                raise ValueError(f"The word {part!r} has a star inside: it may only begin or end with one.")
            if alternative.endswith("*"):
                self._starts[stem].add(number)
            elif alternative.startswith("*"):
                self._ends[stem].add(number)
            else:
                self._exact[stem].add(number)
        return number

    def _alternatives(self, part: str) -> list[str]:
        found: list[str] = []
        for alternative in part.split("|"):
            if alternative.startswith("<") and alternative.endswith(">"):
                found.extend(self._classes[alternative[1:-1]].split())
            else:
                found.append(alternative)
        return found

    def _elements_of(self, form: str) -> frozenset[int]:
        found: set[int] = set(self._exact.get(form, ()))
        if form.endswith("'s"):
            found |= self._exact.get(form[:-2], set())
        for length in range(min(_SHORTEST_STEM, len(form)), len(form) + 1):
            found |= self._starts.get(form[:length], set())
            found |= self._ends.get(form[-length:], set())
        return frozenset(found)

    def find(self, text: Text) -> list[Hit]:
        """Return the hits in text order; of hits of one group with the same start only the longest."""
        if len(self._known) > _KNOWN_FORMS:
            self._known.clear()
        for form in set(text.forms).difference(self._known):
            self._known[form] = self._elements_of(form)
        known = self._known
        at = [known[form] for form in text.forms]
        best: dict[tuple[int, str], Hit] = {}
        for sentence in text.sentences:
            for first in range(sentence.first, sentence.last):
                for element in at[first]:
                    for steps, group in self._phrases.get(element, ()):
                        last = _follow(steps, at, first + 1, sentence.last)
                        key = (first, group.name)
                        if last and (key not in best or best[key].last < last):
                            best[key] = Hit(first, last, group)
        return sorted(best.values(), key=lambda hit: (hit.first, hit.last))


def _follow(steps: tuple[Step, ...], at: list[frozenset[int]], position: int, end: int) -> int:
    """Return the end of the phrase that continues at `position`, or 0."""
    if not steps:
        return position
    gap, element = steps[0]
    for start in range(position, min(position + gap + 1, end)):
        if element in at[start]:
            last = _follow(steps[1:], at, start + 1, end)
            if last:
                return last
    return 0


@cache
def word_list(field: str, language: str) -> WordList:
    """Read and check one data file. A missing file is an empty list; a wrong one raises ValueError."""
    path = DATA / f"{field}.{language}.yaml"
    if not path.exists():
        return WordList(version=1, source="none", language=language, field=field)
    return WordList.model_validate(read_yaml(path))


@cache
def matcher(field: str, language: str) -> Matcher:
    """Return the matcher for one field in one language (made once, kept)."""
    return Matcher(word_list(field, language).groups, word_list("classes", language).classes)


def find(text: Text, field: str, language: str) -> list[Hit]:
    """Return the phrases of `field` in the text. Languages without word lists have none."""
    return matcher(field, language).find(text) if language in LANGUAGES else []
