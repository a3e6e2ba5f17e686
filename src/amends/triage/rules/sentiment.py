"""How the message feels, from -1 (bitter) to 1 (delighted)."""

from __future__ import annotations

from math import sqrt

from amends.triage.evidence import ABOUT_OTHERS, Evidence
from amends.triage.lexicon import Hit
from amends.triage.rules.context import Earlier
from amends.triage.statements import statements
from amends.triage.values import Judgement, Reason

FIELD = "sentiment"
_SOFTNESS = 18.0
"""How much feeling it takes to come near ±1: a sum s becomes s / sqrt(s² + 18)."""
_NEGATED_GOOD = -0.8
_NEGATED_BAD = -0.3
_LIMIT = 40.0
_PROBLEM = 0.8
_MILDLY = 0.3
_MOST_PROBLEMS = 6.0
"""A plain report of a failure is a little bitter even without a feeling word."""


def judge(evidence: Evidence, earlier: Earlier) -> Judgement:
    """Sum the weights of the feeling words, turned round where negated."""
    hits = _outermost(evidence.hits(FIELD))
    weighed = [(hit, _weight(evidence, hit)) for hit in hits]
    told = evidence.findings or statements(evidence)[:1]
    problems = min(_MOST_PROBLEMS, sum(one.weight for one in told))
    if any(evidence.context.get(name) for name in ("mild", "slight", "indifferent")):
        problems *= _MILDLY
    total = max(-_LIMIT, min(_LIMIT, sum(weight for _, weight in weighed) - _PROBLEM * problems))
    value = round(total / sqrt(total * total + _SOFTNESS), 2)
    telling = sorted(weighed, key=lambda pair: -abs(pair[1]))[:3]
    words = ", ".join(evidence.quote(hit) for hit, _ in telling) or "no feeling words"
    return Judgement(FIELD, value, (Reason(FIELD, value, f"rule sentiment: {words}"),))


def _weight(evidence: Evidence, hit: Hit) -> float:
    weight = hit.group.weight
    if not evidence.negated(hit):
        share, cause = evidence.share(hit)
        # Anger at others is anger; a problem that is withdrawn, solved or only asked about is none.
        return weight if weight > 0 or cause == ABOUT_OTHERS else weight * share
    return weight * (_NEGATED_GOOD if weight > 0 else _NEGATED_BAD)


def _outermost(hits: list[Hit]) -> list[Hit]:
    """Keep one hit for each place: the one that starts first and is longest."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.first, -hit.last)):
        if not kept or hit.first >= kept[-1].last:
            kept.append(hit)
    return kept
