"""What the writer asks for, in their own words, when they say it."""

from __future__ import annotations

from amends.triage.evidence import Evidence
from amends.triage.grammar import words
from amends.triage.lexicon import Hit
from amends.triage.rules.context import Earlier
from amends.triage.rules.points import phrase
from amends.triage.text import Span
from amends.triage.values import Judgement, Reason

FIELD = "desired_outcome"
_STOPS = words("wish_ends")


def judge(evidence: Evidence, earlier: Earlier) -> Judgement:
    """Return the strongest wish, from its first word to the end of its sentence or its threat."""
    if earlier["label"].value == "other":
        return Judgement(FIELD, None)
    hits = [hit for hit in evidence.hits(FIELD) if evidence.text.in_body(hit.first) and not evidence.negated(hit)]
    if not hits:
        return Judgement(FIELD, None)
    best = max(hits, key=lambda hit: (hit.group.weight, -hit.first))
    words = phrase(evidence, _to_end(evidence, best))
    return Judgement(
        FIELD, words, (Reason(FIELD, words, f"rule desired_outcome: {evidence.quote(best)} ({best.group.name})"),)
    )


def _to_end(evidence: Evidence, hit: Hit) -> Span:
    span = evidence.text.sentences[evidence.sentence_of(hit)]
    forms = evidence.text.forms
    for index in range(hit.last, span.last):
        if forms[index] in _STOPS:
            return Span(hit.first, index, span.sentence)
    return Span(hit.first, span.last, span.sentence)
