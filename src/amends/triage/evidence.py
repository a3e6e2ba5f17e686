"""What the words of a message speak for, after everything that takes it back has been weighed.

A found phrase is *live* unless it is negated ("no longer broken"), only asked or imagined ("what if it breaks"), about
somebody else ("my old provider"), the writer's own doing, or already put right. Each cancelled phrase keeps its cause,
so that the reasons can say it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from amends.triage.grammar import words
from amends.triage.lexicon import Hit, find
from amends.triage.text import Span, Text

NEGATORS = words("negators")
# A definite thing between a negator and a problem means the problem exists: "did not repair the broken lamp".
_DEFINITE = words("definite")
_NEGATION_REACH = 3
_NOT_YET = words("not_yet")
_ADDRESSED = words("addressed")
_WHY = words("why")
_TURNS = words("turns")
_CONTINUATIONS = 3
_SOLVED_TRIED = 5
_AUTOMATIC_TOKENS = 120
_VICTIMS = words("victims")
UNKNOWN_THING = "goods_quality"
"""What a statement is about when it names nothing that is known: most often it is a thing that somebody bought."""
ABOUT_OTHERS = "it is about somebody else"
# In chats questions often come without their mark: short ones are known by their first word.
_UNMARKED_QUESTION = 18
_QUESTION_WORDS = words("question_words")
_FAINT = 0.15
"""The share of its weight that a problem keeps when it is only asked about."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem found: its place, its aspect (settled by the nouns beside it), its weight after all doubts."""

    hit: Hit
    clause: int
    aspect: str
    weight: float
    firm: bool

    @property
    def name(self) -> str:
        """The name of the phrase group that was found."""
        return self.hit.group.name


class Evidence:
    """All findings on one text in one language. Everything is computed when first asked for."""

    def __init__(self, text: Text, language: str) -> None:
        self.text = text
        self.language = language
        self._hits: dict[str, list[Hit]] = {}
        self._clause_starts = [clause.first for clause in text.clauses]

    def hits(self, field: str) -> list[Hit]:
        """Return the phrases of a field that do not touch a mask of their own field ("heart attack, figuratively")."""
        if field not in self._hits:
            found = find(self.text, field, self.language)
            masked = _tokens_of(hit for hit in found if hit.group.name == "mask")
            self._hits[field] = [
                hit for hit in found if hit.group.name != "mask" and masked.isdisjoint(range(hit.first, hit.last))
            ]
        return self._hits[field]

    @cached_property
    def context(self) -> dict[str, list[Hit]]:
        """The phrases of context.*.yaml by the name of their group."""
        found: dict[str, list[Hit]] = {}
        for hit in find(self.text, "context", self.language):
            found.setdefault(hit.group.name, []).append(hit)
        return found

    @cached_property
    def _in_sentence(self) -> dict[tuple[str, int], list[Hit]]:
        """The context phrases by group and sentence, so that no check walks through the whole message."""
        found: dict[tuple[str, int], list[Hit]] = defaultdict(list)
        for name, hits in self.context.items():
            for hit in hits:
                found[name, self.sentence_of(hit)].append(hit)
        return dict(found)

    @cached_property
    def _masked(self) -> set[int]:
        """The tokens that only look like a negation or a problem ("not only")."""
        return _tokens_of(self.context.get("mask", []))

    def clause_of(self, token: int) -> int:
        """Return the number of the clause that holds the token."""
        return max(0, bisect_right(self._clause_starts, token) - 1)

    def clause_span(self, token: int) -> Span:
        """Return the clause that holds the token."""
        return self.text.clauses[self.clause_of(token)]

    def sentence_of(self, hit: Hit) -> int:
        """Return the number of the sentence of a hit."""
        return self.text.sentence_of_token[hit.first]

    @cached_property
    def dismissed(self) -> Hit | None:
        """The words that take the whole message out: withdrawn, automatic, unwanted advertising or extortion."""
        for name in ("withdrawn", "spam", "automatic"):
            for hit in self.context.get(name, []):
                # "If you do not pay two bitcoin" is extortion all the same; "she was out of the office" inside a long
                # story is no automatic reply.
                if (name == "spam" or not self.negated(hit)) and (
                    name != "automatic" or len(self.text.tokens) <= _AUTOMATIC_TOKENS
                ):
                    return hit
        return None

    @cached_property
    def solved(self) -> Hit | None:
        """The last words that say that the matter has been put right."""
        forms = self.text.forms
        for hit in reversed(self.context.get("solved", [])[-_SOLVED_TRIED:]):
            start = max(self.text.sentences[self.sentence_of(hit)].first, hit.first - 4)
            if not _NOT_YET & set(forms[start : hit.last]) - {"longer"}:
                return hit
        return None

    def negated(self, hit: Hit) -> bool:
        """Return whether a negator stands right before the hit, in its clause."""
        forms = self.text.forms
        if forms[hit.first] in NEGATORS:
            return False
        start = self.clause_span(hit.first).first
        for index in range(hit.first - 1, max(start, hit.first - _NEGATION_REACH) - 1, -1):
            if forms[index] in _DEFINITE:
                return False
            if forms[index] in NEGATORS and index not in self._masked:
                return True
        return False

    def share(self, hit: Hit) -> tuple[float, str]:
        """Return how much of its weight a hit keeps, and what takes the rest ("" when nothing does)."""
        if self.dismissed is not None:
            return 0.0, "the message is withdrawn, automatic or unwanted advertising"
        if self.negated(hit) or self._masked.issuperset(range(hit.first, hit.last)):
            return 0.0, "it is negated"
        if self._about_others(hit):
            return 0.0, ABOUT_OTHERS
        if self._own_doing(hit):
            return 0.0, "it is the writer's own doing"
        if self._put_right(hit):
            return 0.0, "it has been put right"
        if self.only_asked(hit):
            return _FAINT, "it is only asked or imagined"
        return 1.0, ""

    def only_asked(self, hit: Hit) -> bool:
        """Return whether the hit stands in a mere question or in a condition."""
        sentence = self.sentence_of(hit)
        if any(other.first <= hit.last for other in self._in_sentence.get(("hypothetical", sentence), [])):
            return True
        span = self.text.sentences[sentence]
        asked = self.text.is_question(sentence) or span.last - span.first <= _UNMARKED_QUESTION
        if not asked or _WHY & set(self.text.forms[span.first : span.last]):
            return False
        if not self.text.is_question(sentence) and self.text.forms[span.first] not in _QUESTION_WORDS:
            return False
        limit = self.clause_span(hit.first).first
        first = min(limit, hit.first)
        asking = self._in_sentence.get(("asking", sentence), [])
        return any(other.first <= first + 2 and other.first <= hit.first for other in asking)

    def _about_others(self, hit: Hit) -> bool:
        sentence = self.sentence_of(hit)
        # "My old provider was a disaster: rude, late …": what follows a colon still speaks of them.
        for _ in range(_CONTINUATIONS):
            if sentence == 0 or ("third party", sentence) in self._in_sentence or not self._continues(sentence):
                break
            sentence -= 1
        if ("third party", sentence) not in self._in_sentence:
            return False
        # "I am fed up with my provider and want to try yours" speaks to us, and still of them.
        return self.clause_of(hit.first) not in self._addressing or ("joining", sentence) in self._in_sentence

    @cached_property
    def _addressing(self) -> set[int]:
        """The clauses that speak to us: "you", "your", "Sie", "Ihr"."""
        return {
            self.clause_of(index)
            for index, form in enumerate(self.text.forms)
            if form in _ADDRESSED and self.addresses(index)
        }

    def addresses(self, index: int) -> bool:
        """German "sie/ihr" mean "you" only with a capital letter."""
        return self.language != "de" or self.text.words(index, index + 1)[0].isupper()

    def _continues(self, sentence: int) -> bool:
        last = self.text.sentences[sentence - 1].last - 1
        return self.text.forms[last] in {":", ";"}

    def _own_doing(self, hit: Hit) -> bool:
        return ("own fault", self.sentence_of(hit)) in self._in_sentence

    def _put_right(self, hit: Hit) -> bool:
        if self.solved is None:
            return False
        if hit.first < self.solved.last or not self.text.in_body(hit.first):
            return self.sentence_of(hit) >= self.sentence_of(self.solved) - 1 or not self._trouble_after_solution
        if self.sentence_of(hit) != self.sentence_of(self.solved):
            return False
        return not _TURNS & set(self.text.forms[self.solved.last : hit.first])

    @cached_property
    def _trouble_after_solution(self) -> bool:
        """Whether problems follow the words of solution: then only what stands beside them is solved."""
        end = self.text.sentences[self.sentence_of(self.solved)].last if self.solved else 0
        later = (hit for hit in self.hits("issues") if hit.first >= end and self.text.in_body(hit.first))
        return any(not self.negated(hit) and not self.only_asked(hit) for hit in later)

    @cached_property
    def objects(self) -> list[Hit]:
        """The nouns that say what a clause is about."""
        return find(self.text, "objects", self.language)

    @cached_property
    def _objects_in(self) -> dict[int, list[Hit]]:
        """The nouns by clause."""
        found: dict[int, list[Hit]] = defaultdict(list)
        for hit in self.objects:
            found[self.clause_of(hit.first)].append(hit)
        return dict(found)

    @cached_property
    def findings(self) -> list[Finding]:
        """The live problems in text order."""
        found = []
        for hit in self.hits("issues"):
            share, _ = self.share(hit)
            if share > 0:
                aspect, firm = self._aspect(hit)
                found.append(Finding(hit, self.clause_of(hit.first), aspect, hit.group.weight * share, firm))
        return found

    def _aspect(self, hit: Hit) -> tuple[str, bool]:
        """Settle the aspect of a problem by the nearest noun; returns it and whether it is sure."""
        given = hit.group.aspect
        if given and not given.endswith("?"):
            return given, True
        clause = self.clause_of(hit.first)
        near = [
            other
            for other in self._objects_in.get(clause, [])
            if (other.last <= hit.first or hit.last <= other.first) and not _is_the_thing_itself(given, other)
        ]
        if near:
            closest = min(near, key=lambda other: (other.first >= hit.last, abs(other.first - hit.first)))
            return closest.group.aspect or "other", True
        if given:
            return given.rstrip("?"), False
        if not self.objects:
            return "other", False
        before = bisect_right(self.objects, hit.first, key=lambda other: other.first)
        return self.objects[max(0, before - 1)].group.aspect or "other", False

    def aspect_of(self, span: Span) -> str:
        """Return what most nouns of a clause are about; people count only when nothing else is named."""
        aspects = [hit.group.aspect or "other" for hit in self._objects_in.get(self.clause_of(span.first), [])]
        if not aspects:
            return UNKNOWN_THING
        if aspects[0] == "staff_manner" and _VICTIMS & set(self.text.forms[span.first : span.last]):
            return "staff_manner"
        things = [aspect for aspect in aspects if aspect != "staff_manner"] or aspects
        return max(things, key=things.count)

    @cached_property
    def feelings(self) -> list[tuple[Hit, float]]:
        """The live expressions of dissatisfaction with their weights."""
        weighed = [(hit, hit.group.weight * self.share(hit)[0]) for hit in self.hits("dissatisfaction")]
        return [(hit, weight) for hit, weight in weighed if weight > 0]

    def quote(self, hit: Hit) -> str:
        """Return the words of a hit in quotation marks, at most 80 characters."""
        words = " ".join(self.text.words(hit.first, hit.last).split())
        return f"“{words[:79]}…”" if len(words) > 80 else f"“{words}”"


def _is_the_thing_itself(given: str | None, other: Hit) -> bool:
    """A sofa that has not come is a matter of delivery, whatever sofas are."""
    return given == "delivery?" and other.group.aspect == "goods_quality"


def _tokens_of(hits: Iterable[Hit]) -> set[int]:
    return {index for hit in hits for index in range(hit.first, hit.last)}
