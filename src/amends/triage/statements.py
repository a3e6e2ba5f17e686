"""Statements that nothing explains away: how dissatisfaction is implied when no known word of failure is used.

"The suitcase handle jammed on its first trip" has no word from any list. But somebody who writes to an organisation and
tells of a thing of theirs, without asking, asking for something, thanking or giving particulars, seldom does it for
pleasure. Each such clause is weak evidence; what it is about decides how weak.
"""

from __future__ import annotations

from dataclasses import dataclass

from amends.triage.evidence import Evidence
from amends.triage.grammar import words
from amends.triage.lexicon import Group, Hit
from amends.triage.text import Span

_OURS = words("addressed")
_THINGS = words("things")
_SELF = words("self")
_POSSESSIVE = words("possessive")
_FEWEST_WORDS = 5
_SUBJECT_REACH = 6
_ABOUT_OURS = 1.3
_ABOUT_OURS_LATE = 0.9
_ABOUT_A_THING = 1.2
_ABOUT_SOMETHING_OF_THEIRS = 0.7
_ABOUT_SELF = 0.4
_BESIDE_A_REQUEST = 0.5
_SILENT = frozenset(
    {"information", "asking", "thanks", "hypothetical", "withdrawn", "solved", "own fault", "automatic"}
)
STATEMENT = Group(name="statement", phrases=("statement",))
"""What a clause counts as that tells of something without a known word of failure."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A clause that tells of something, with how much it speaks for dissatisfaction."""

    span: Span
    weight: float

    @property
    def hit(self) -> Hit:
        """The clause as a found phrase."""
        return Hit(self.span.first, self.span.last, STATEMENT)


def statements(evidence: Evidence) -> list[Statement]:
    """Return the telling clauses of the body, strongest first."""
    if evidence.text.channel == "chat":
        # Turns of a chat answer questions and give particulars: there a bare statement says nothing.
        return []
    requests = bool(evidence.context.get("asking") or evidence.context.get("thanks"))
    good = {evidence.clause_of(hit.first) for hit in evidence.hits("sentiment") if hit.group.weight > 0}
    silent = {evidence.clause_of(hit.first) for name in _SILENT for hit in evidence.context.get(name, [])}
    silent |= _taken_back(evidence)
    found = []
    for number, span in enumerate(evidence.text.clauses):
        if number in silent or number in good or not evidence.text.in_body(span.first):
            continue
        weight = _weight(evidence, span) * (_BESIDE_A_REQUEST if requests else 1.0)
        if weight > 0:
            found.append(Statement(span, weight))
    return sorted(found, key=lambda statement: (-statement.weight, statement.span.first))


def _taken_back(evidence: Evidence) -> set[int]:
    """The clauses that name a problem only to deny it: "there was never a problem"."""
    hits = [*evidence.hits("issues"), *evidence.hits("safety")]
    return {evidence.clause_of(hit.first) for hit in hits if evidence.share(hit)[0] == 0}


def _weight(evidence: Evidence, span: Span) -> float:
    tokens = evidence.text.tokens[span.first : span.last]
    if sum(token.is_word for token in tokens) < _FEWEST_WORDS or evidence.text.is_question(span.sentence):
        return 0.0
    share, _ = evidence.share(Hit(span.first, span.last, STATEMENT))
    return share * _about(evidence, span)


def _about(evidence: Evidence, span: Span) -> float:
    """Tell by the first determiner or pronoun what the clause is about."""
    about = 0.0
    for index in range(span.first, min(span.first + _SUBJECT_REACH, span.last)):
        form = evidence.text.forms[index]
        if form in _OURS and evidence.addresses(index):
            return _ABOUT_OURS
        if form in _SELF:
            about = max(about, _ABOUT_SELF)
            break
        if form in _POSSESSIVE:
            about = _ABOUT_SOMETHING_OF_THEIRS
        if form in _THINGS:
            return _ABOUT_A_THING
    late = any(
        evidence.text.forms[index] in _OURS and evidence.addresses(index) for index in range(span.first, span.last)
    )
    return max(about, _ABOUT_OURS_LATE) if late else about
