"""The things that went wrong on our side, each once, in the writer's own words."""

from __future__ import annotations

from dataclasses import dataclass

from amends.triage.evidence import Evidence, Finding
from amends.triage.lexicon import Hit
from amends.triage.rules.context import Earlier
from amends.triage.rules.safety import DESPAIR
from amends.triage.text import Span
from amends.triage.values import Judgement, Point, Reason

FIELD = "points"
MOST_POINTS = 12
_ENOUGH = 1.0
_FEWEST_WORDS = 3
_LONGEST = 320
_EDGE_WORDS = frozenset("and but or so then und aber oder denn , ; - – — ( ) : . \" “ „ ” « » ' ’ ! ? *".split()) | {"because", "weil"}
_VAGUE = frozenset({"generic failure", "allgemein"})


@dataclass(frozen=True, slots=True)
class _Candidate:
    span: Span
    finding: Finding


def judge(evidence: Evidence, earlier: Earlier) -> Judgement:
    """Return a list of points in text order; a message that is neither complaint nor concern has none."""
    if earlier["label"].value == "other":
        return Judgement(FIELD, ())
    chosen = _select(_candidates(evidence))
    points: list[Point] = []
    reasons: list[Reason] = []
    for candidate in chosen[:MOST_POINTS]:
        words = phrase(evidence, candidate.span)
        points.append(Point(words, candidate.finding.aspect))
        because = f"rule points: {evidence.quote(candidate.finding.hit)} ({candidate.finding.name})"
        reasons.append(Reason(FIELD, words, because))
    for hit in _harm_apart(evidence, earlier, chosen):
        words = phrase(evidence, evidence.clause_span(hit.first))
        if all(words != point.words for point in points):
            points.append(Point(words, "safety"))
            reasons.append(Reason(FIELD, words, f"rule points: {evidence.quote(hit)} (harm or danger)"))
    return Judgement(FIELD, tuple(points), tuple(reasons), {"findings": [candidate.finding for candidate in chosen]})


def _candidates(evidence: Evidence) -> list[_Candidate]:
    """The strongest problem of each clause, in text order."""
    best: dict[int, Finding] = {}
    for finding in evidence.findings:
        known = best.get(finding.clause)
        if not evidence.text.in_body(finding.hit.first):
            continue
        if finding.weight >= _ENOUGH and (known is None or _rank(finding) > _rank(known)):
            best[finding.clause] = finding
    clauses = evidence.text.clauses
    return [_Candidate(_widened(evidence, clause, clauses), best[clause]) for clause in sorted(best)]


def _rank(finding: Finding) -> tuple[float, bool, int]:
    return finding.weight, finding.firm, finding.hit.last - finding.hit.first


def _widened(evidence: Evidence, clause: int, clauses: tuple[Span, ...]) -> Span:
    """A clause of one or two words says nothing alone: take the one before it along, in the same sentence."""
    span = clauses[clause]
    words = sum(token.is_word for token in evidence.text.tokens[span.first : span.last])
    if words < _FEWEST_WORDS and clause > 0 and clauses[clause - 1].sentence == span.sentence:
        return Span(clauses[clause - 1].first, span.last, span.sentence)
    return span


def _select(candidates: list[_Candidate]) -> list[_Candidate]:
    """Drop what only repeats: the same kind again, vague words beside clear ones, the next clause on the same aspect."""
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


def _harm_apart(evidence: Evidence, earlier: Earlier, chosen: list[_Candidate]) -> list[Hit]:
    """Harm told in words of its own, at most once: injury or danger outside the clauses that are points already."""
    hits: list[Hit] = earlier["safety"].extra.get("hits", [])
    taken = {index for candidate in chosen for index in range(candidate.span.first, candidate.span.last)}
    hits = [hit for hit in hits if evidence.text.in_body(hit.first)]
    apart = [hit for hit in hits if hit.group.name not in DESPAIR and not taken.intersection(range(hit.first, hit.last))]
    return apart[:1]


def phrase(evidence: Evidence, span: Span) -> str:
    """Return the exact words of a span without the joining words and signs at its edges."""
    forms = evidence.text.forms
    first, last = span.first, span.last
    while first < last and forms[first] in _EDGE_WORDS:
        first += 1
    while last > first and forms[last - 1] in _EDGE_WORDS:
        last -= 1
    words = evidence.text.words(first, last)
    return words if len(words) <= _LONGEST else words[:_LONGEST].rsplit(None, 1)[0]
