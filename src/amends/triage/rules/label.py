"""Complaint, concern or neither, with the probability that dissatisfaction with us is expressed."""

from __future__ import annotations

from math import exp

from amends.triage.evidence import Evidence, Finding
from amends.triage.lexicon import LANGUAGES, Hit
from amends.triage.rules.context import Earlier
from amends.triage.statements import statements
from amends.triage.values import Judgement, Label, Reason

FIELD = "label"
_SHARES = (1.0, 0.6, 0.4, 0.3)
"""How much the strongest, second … piece of evidence counts: the fifth adds nothing new."""
_STEEPNESS = 1.7
_MIDDLE = 1.15
"""The evidence at which it is as likely as not. One plain failure ("broken") weighs 1.7."""
_COMPLAINT_FROM = 0.5
_HARM = 1.7
_STATEMENTS = 2
_FAINT_LIMIT = 0.05
_STRONG = frozenset({"complains", "strong feeling", "beschwert sich", "starkes gefühl"})
_ANGRY = -0.75


def judge(evidence: Evidence, earlier: Earlier) -> Judgement:
    """Weigh the problems and feelings found; mild wording of one small thing makes a concern."""
    if evidence.language not in LANGUAGES:
        return _unknown(evidence)
    weight = evidence_weight(evidence) + _harm_weight(evidence, earlier)
    if weight < _MIDDLE:
        weight += _diminishing([statement.weight for statement in statements(evidence)][:_STATEMENTS])
    indifferent = [hit for hit in evidence.context.get("indifferent", []) if evidence.dismissed is None]
    if indifferent:
        weight += indifferent[0].group.weight
    probability = round(1 / (1 + exp(-_STEEPNESS * (weight - _MIDDLE))), 2)
    label: Label = "other"
    if probability >= _COMPLAINT_FROM:
        label = "concern" if is_mild(evidence, earlier) else "complaint"
    return Judgement(FIELD, label, _reasons(evidence, label, probability), {"probability": probability})


def _unknown(evidence: Evidence) -> Judgement:
    """Without word lists nothing is known; a complaint must not be missed, so a person decides."""
    because = (
        f"rule label: there are no word lists for {evidence.language} yet; taken as a complaint until a person decides"
    )
    return Judgement(FIELD, "complaint", (Reason(FIELD, "complaint", because),), {"probability": 0.5})


def evidence_weight(evidence: Evidence) -> float:
    """Return the sum of what speaks for dissatisfaction: the best problem of each clause, and the feelings."""
    by_clause: dict[int, float] = {}
    for finding in evidence.findings:
        by_clause[finding.clause] = max(by_clause.get(finding.clause, 0.0), finding.weight)
    return _diminishing(list(by_clause.values())) + _diminishing([weight for _, weight in evidence.feelings])


def _harm_weight(evidence: Evidence, earlier: Earlier) -> float:
    """Harm counts even where no failure is named: "the kettle burned my hand"."""
    hits: list[Hit] = earlier["safety"].extra.get("hits", [])
    return max((_HARM * evidence.share(hit)[0] for hit in hits), default=0.0)


def _diminishing(weights: list[float]) -> float:
    return sum(weight * share for weight, share in zip(sorted(weights, reverse=True), _SHARES, strict=False))


def is_mild(evidence: Evidence, earlier: Earlier) -> bool:
    """Return whether one small matter is told without anger, harm or threat."""
    if any(earlier[field].value for field in ("safety", "vulnerable", "legal_or_media")):
        return False
    if any(hit.group.name in _STRONG for hit, _ in evidence.feelings) or earlier["sentiment"].value <= _ANGRY:
        return False
    context = evidence.context
    if context.get("indifferent") and len(evidence.findings) <= 2:
        return True
    if len({finding.clause for finding in evidence.findings if finding.weight >= 1}) > 2:
        return False
    polite = bool(context.get("asks small thing")) and bool(context.get("thanks")) and len(evidence.text.sentences) <= 5
    clauses = {finding.clause for finding in evidence.findings}
    slight = any(not clauses or evidence.clause_of(hit.first) in clauses for hit in context.get("slight", []))
    return bool(context.get("mild")) or slight or polite


def _reasons(evidence: Evidence, label: Label, probability: float) -> tuple[Reason, ...]:
    told: list[str] = []
    if evidence.dismissed is not None:
        told.append(f"{evidence.quote(evidence.dismissed)} ({evidence.dismissed.group.name})")
    told += [f"{evidence.quote(finding.hit)} ({finding.name})" for finding in _strongest(evidence.findings)]
    told += [f"{evidence.quote(hit)} ({hit.group.name})" for hit, _ in evidence.feelings[:2]]
    if label == "concern":
        names = ("mild", "slight", "indifferent", "asks small thing")
        told += [f"{evidence.quote(hit)} (mild)" for name in names for hit in evidence.context.get(name, [])[:1]][:2]
    if label == "other":
        told += _cancelled(evidence)
    words = ", ".join(dict.fromkeys(told)) or "no words of dissatisfaction"
    return (
        Reason(FIELD, label, f"rule label: {words}"),
        Reason("probability", probability, "rule label: weight of the words above"),
    )


def _strongest(findings: list[Finding]) -> list[Finding]:
    return sorted((finding for finding in findings if finding.weight > _FAINT_LIMIT), key=lambda f: -f.weight)[:3]


def _cancelled(evidence: Evidence) -> list[str]:
    told = []
    for hit in evidence.hits("issues")[:20]:
        share, cause = evidence.share(hit)
        if share < 1 and cause:
            told.append(f"{evidence.quote(hit)} does not count: {cause}")
    return told[:2]
