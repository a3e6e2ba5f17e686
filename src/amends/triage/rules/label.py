"""Complaint, concern or neither, with the probability that dissatisfaction with us is expressed."""

from __future__ import annotations

from math import exp

from amends.triage.evidence import Evidence, Finding
from amends.triage.learned.model import MILD, UNHAPPY, Model, model, probability
from amends.triage.learned.signals import blended, scored_passages, signals
from amends.triage.lexicon import FULL_LANGUAGES, LANGUAGES, Hit
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
_MILD_SENTENCES = 4
_MOST_NAMED = 50
_FELT = 1.0
"""Fainter feelings are single words such as "never" and "no", which stand in every denial."""
_FAINT_LIMIT = 0.05
_STRONG = frozenset({"complains", "strong feeling", "beschwert sich", "starkes gefühl"})
_ANGRY = -0.75


def judge(evidence: Evidence, earlier: Earlier) -> Judgement:
    """Weigh the problems and feelings found; mild wording of one small thing makes a concern."""
    if evidence.language not in LANGUAGES:
        return _unknown(evidence)
    weight = rule_weight(evidence, earlier)
    if evidence.language not in FULL_LANGUAGES:
        return _judged(evidence, earlier, round(1 / (1 + exp(-_STEEPNESS * weight)), 2), ())
    using = model()
    scored = scored_passages(evidence, using)
    found = signals(evidence, weight, [score for _, score in scored])
    likely = round(probability(blended(found, using.description.blend, using.description.blend_bias)), 2)
    by_rules = round(1 / (1 + exp(-_STEEPNESS * weight)), 2)
    if evidence.context.get("indifferent") and evidence.dismissed is None:
        # "Meh": two or three words are too few for the model, and the word lists know them.
        likely = max(likely, by_rules)
    strongly = any(hit.group.name in _STRONG and weight >= _FELT for hit, weight in evidence.feelings)
    if strongly or (evidence.findings and earlier["sentiment"].value <= _ANGRY):
        # "Terrible service": who says it so strongly is not overruled by what usually stands beside such words.
        likely = max(likely, by_rules)
    if _all_taken_back(evidence):
        # "No longer broken": single words and pairs cannot tell a problem from its end, the rules can.
        likely = min(likely, by_rules)
    strongest = max(scored, key=lambda one: one[1], default=None)
    told = strongest[0].words if strongest else ()
    return _judged(evidence, earlier, likely, told)


def _all_taken_back(evidence: Evidence) -> bool:
    """Return whether problems are named, and every one is negated, put right or somebody else's."""
    if evidence.findings or any(weight >= _FELT for _, weight in evidence.feelings):
        return False
    named = [*evidence.hits("issues"), *evidence.hits("safety")][:_MOST_NAMED]
    return bool(named) and all(evidence.share(hit)[0] == 0 for hit in named)


def _judged(evidence: Evidence, earlier: Earlier, likely: float, told: tuple[str, ...]) -> Judgement:
    """Settle the label. `told` are the words of the passage that speaks most for dissatisfaction, for the model to explain."""
    label: Label = "other"
    if likely >= _COMPLAINT_FROM:
        label = "concern" if is_mild(evidence, earlier) or _sounds_mild(evidence, earlier, told) else "complaint"
    reasons = _reasons(evidence, label, likely)
    if told:
        reasons = (*reasons, _learned_reason(model(), told))
    return Judgement(FIELD, label, reasons, {"probability": likely, "told": told})


def _sounds_mild(evidence: Evidence, earlier: Earlier, told: tuple[str, ...]) -> bool:
    """Return whether the model takes a short message for a small matter and nothing in it speaks against that."""
    if not told or len(evidence.text.sentences) > _MILD_SENTENCES or len(evidence.findings) > 1:
        return False
    if any(earlier[field].value for field in ("safety", "vulnerable", "legal_or_media")) or evidence.feelings:
        return False
    using = model()
    return probability(using.score(told, MILD)) >= using.description.mild_from


def _learned_reason(using: Model, told: tuple[str, ...]) -> Reason:
    """Say what the linear model thought of the strongest passage, and which of its words spoke for dissatisfaction."""
    score = probability(using.score(told, UNHAPPY))
    words = ", ".join(f"“{word}”" for word in using.strongest(told, UNHAPPY)) or "no word"
    return Reason(
        "probability", round(score, 2), f"model {using.description.version}: {words} spoke for dissatisfaction"
    )


def rule_weight(evidence: Evidence, earlier: Earlier) -> float:
    """Return what the word lists say for dissatisfaction: above 0 more than against it."""
    weight = evidence_weight(evidence) + _harm_weight(evidence, earlier)
    if weight < _MIDDLE:
        weight += _diminishing([statement.weight for statement in statements(evidence)][:_STATEMENTS])
    indifferent = [hit for hit in evidence.context.get("indifferent", []) if evidence.dismissed is None]
    if indifferent:
        weight += indifferent[0].group.weight
    return weight - _MIDDLE


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


def _reasons(evidence: Evidence, label: Label, likely: float) -> tuple[Reason, ...]:
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
        Reason("probability", likely, "rule label: the words above, weighed with what the model says"),
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
