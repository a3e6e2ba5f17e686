"""The things that went wrong on our side, each once, in the writer's own words."""

from __future__ import annotations

from dataclasses import dataclass

from amends.triage.evidence import Evidence, Finding
from amends.triage.grammar import words
from amends.triage.learned.features import passage_of
from amends.triage.learned.model import UNHAPPY, model
from amends.triage.lexicon import FULL_LANGUAGES, Hit
from amends.triage.rules.context import Earlier
from amends.triage.rules.safety import DESPAIR
from amends.triage.statements import STATEMENT, statements
from amends.triage.text import Span
from amends.triage.values import Judgement, Point, Reason

FIELD = "points"
MOST_POINTS = 12
_ENOUGH = 1.0
_FEWEST_WORDS = 3
_LONGEST = 320
_EDGES = words("edges") | frozenset(",;-–—():.\"“„”«»'’!?*…")
_JOINERS = words("joiners")
_WISHES = frozenset({"plea", "bitte"})
_WISH_REACH = 1
_MOST_CLAUSES = 40
_VAGUE = frozenset({"generic failure", "allgemein"})


@dataclass(frozen=True, slots=True)
class _Candidate:
    span: Span
    finding: Finding


def judge(evidence: Evidence, earlier: Earlier) -> Judgement:
    """Return a list of points in text order; a message that is neither complaint nor concern has none."""
    if earlier["label"].value == "other":
        return Judgement(FIELD, ())
    chosen = [_without_harm(evidence, earlier, one) for one in _select(_candidates(evidence))]
    points: list[Point] = []
    reasons: list[Reason] = []
    for candidate in chosen[:MOST_POINTS]:
        quoted = phrase(evidence, candidate.span)
        points.append(Point(quoted, candidate.finding.aspect))
        because = f"rule points: {evidence.quote(candidate.finding.hit)} ({candidate.finding.name})"
        reasons.append(Reason(FIELD, quoted, because))
    for hit, span in _harm_apart(evidence, earlier, chosen):
        quoted = phrase(evidence, span)
        if all(quoted != point.words for point in points):
            points.append(Point(quoted, "safety"))
            reasons.append(Reason(FIELD, quoted, f"rule points: {evidence.quote(hit)} (harm or danger)"))
    return Judgement(FIELD, tuple(points), tuple(reasons), {"findings": [candidate.finding for candidate in chosen]})


def _candidates(evidence: Evidence) -> list[_Candidate]:
    """The strongest problem of each clause, in text order."""
    best: dict[int, Finding] = {}
    wishes = _wishes(evidence)
    for finding in evidence.findings:
        if finding.clause in wishes:
            continue
        known = best.get(finding.clause)
        if not evidence.text.in_body(finding.hit.first):
            continue
        if finding.weight >= _ENOUGH and (known is None or _rank(finding) > _rank(known)):
            best[finding.clause] = finding
    clauses = evidence.text.clauses
    if not best:
        return _implied(evidence)
    return [_Candidate(_widened(evidence, clause, clauses), best[clause]) for clause in sorted(best)]


def _implied(evidence: Evidence) -> list[_Candidate]:
    """The strongest statement that nothing explains away, when no word of failure was found; else what sounds worst."""
    found = [statement.span for statement in statements(evidence)[:1]] or _worst_clause(evidence)
    return [
        _Candidate(span, Finding(_hit(span), evidence.clause_of(span.first), _aspect(evidence, span), 1.0, firm=False))
        for span in found
    ]


def _hit(span: Span) -> Hit:
    return Hit(span.first, span.last, STATEMENT)


def _worst_clause(evidence: Evidence) -> list[Span]:
    """The clause that speaks most for dissatisfaction by the linear model, in a message that it takes for a complaint."""
    if evidence.language not in FULL_LANGUAGES or evidence.text.channel == "chat":
        return []
    long_enough = [
        (passage_of(evidence.text, clause).words, clause)
        for clause in evidence.text.clauses[:_MOST_CLAUSES]
        if evidence.text.in_body(clause.first)
    ]
    scored = [(model().score(words, UNHAPPY), clause) for words, clause in long_enough if len(words) >= _FEWEST_WORDS]
    best = max(scored, key=lambda one: one[0], default=None)
    return [best[1]] if best is not None and best[0] > 0 else []


def _aspect(evidence: Evidence, span: Span) -> str:
    """What a clause without a known word of failure is about: its nouns say so; the model knows more words than the lists."""
    named = any(span.first <= hit.first < span.last for hit in evidence.objects)
    if named or evidence.language not in FULL_LANGUAGES:
        return evidence.aspect_of(span)
    scores = model().scores(passage_of(evidence.text, span).words, model().aspects)
    return max(scores, key=lambda aspect: scores[aspect])


def _rank(finding: Finding) -> tuple[float, bool, int]:
    return finding.weight, finding.firm, -finding.hit.first


def _wishes(evidence: Evidence) -> set[int]:
    """The clauses that begin with a wish: "please send the missing one" is no point of its own."""
    hits = [hit for hit in evidence.hits("desired_outcome") if hit.group.name in _WISHES]
    found = {evidence.clause_of(hit.first): hit.first for hit in reversed(hits)}
    return {clause for clause, first in found.items() if first - evidence.text.clauses[clause].first <= _WISH_REACH}


def _widened(evidence: Evidence, clause: int, clauses: tuple[Span, ...]) -> Span:
    """A clause of one or two words says nothing alone: take the one before it along, in the same sentence."""
    span = clauses[clause]
    count = sum(token.is_word for token in evidence.text.tokens[span.first : span.last])
    if count < _FEWEST_WORDS and clause > 0 and clauses[clause - 1].sentence == span.sentence:
        return Span(clauses[clause - 1].first, span.last, span.sentence)
    return span


def _select(candidates: list[_Candidate]) -> list[_Candidate]:
    """Drop what only repeats: the same kind again, vague words beside clear ones, one aspect twice in a sentence."""
    clear = [candidate for candidate in candidates if candidate.finding.name not in _VAGUE]
    pool = clear or candidates
    kept: list[_Candidate] = []
    for candidate in pool:
        if not any(_repeats(candidate, other) for other in kept):
            kept.append(candidate)
    return kept


def _repeats(candidate: _Candidate, other: _Candidate) -> bool:
    same_aspect = candidate.finding.aspect == other.finding.aspect
    near = candidate.span.sentence - other.span.sentence <= 0
    return same_aspect and (near or candidate.finding.name == other.finding.name or not candidate.finding.firm)


def _harms(evidence: Evidence, earlier: Earlier) -> list[Hit]:
    hits: list[Hit] = earlier["safety"].extra.get("hits", [])
    return [hit for hit in hits if hit.group.name not in DESPAIR and evidence.text.in_body(hit.first)]


def _without_harm(evidence: Evidence, earlier: Earlier, candidate: _Candidate) -> _Candidate:
    """Cut "and burned my hand" off "the kettle leaked and burned my hand": the harm is a point of its own."""
    span, finding = candidate.span, candidate.finding
    for hit in _harms(evidence, earlier):
        if finding.hit.last <= hit.first < span.last:
            for index in range(finding.hit.last, hit.first):
                if evidence.text.forms[index] in _JOINERS:
                    return _Candidate(Span(span.first, index, span.sentence), finding)
    return candidate


def _harm_apart(evidence: Evidence, earlier: Earlier, chosen: list[_Candidate]) -> list[tuple[Hit, Span]]:
    """Harm told in words of its own, at most once: injury or danger outside the words that are points already."""
    taken = {index for candidate in chosen for index in range(candidate.span.first, candidate.span.last)}
    for hit in _harms(evidence, earlier):
        if taken.isdisjoint(range(hit.first, hit.last)):
            clause = evidence.clause_span(hit.first)
            first = max([clause.first, *(index + 1 for index in taken if clause.first <= index < hit.first)])
            return [(hit, Span(first, clause.last, clause.sentence))]
    return []


def phrase(evidence: Evidence, span: Span) -> str:
    """Return the exact words of a span without the joining words and signs at its edges."""
    forms = evidence.text.forms
    first, last = span.first, span.last
    while first < last and forms[first] in _EDGES:
        first += 1
    while last > first and forms[last - 1] in _EDGES:
        last -= 1
    quoted = evidence.text.words(first, last)
    return quoted if len(quoted) <= _LONGEST else quoted[:_LONGEST].rsplit(None, 1)[0]
