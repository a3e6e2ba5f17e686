"""What the message is mainly about: the aspect of its weightiest point."""

from __future__ import annotations

from collections import Counter

from amends.triage.evidence import Evidence, Finding
from amends.triage.rules.context import Earlier
from amends.triage.values import Judgement, Reason

FIELD = "category"
_FIRST = 1.5


def judge(evidence: Evidence, earlier: Earlier) -> Judgement:
    """The points decide; without any, the nouns do; without those it is "other"."""
    findings: list[Finding] = earlier["points"].extra.get("findings", [])
    weights: Counter[str] = Counter()
    for finding in findings:
        # People name the main thing first: what comes first needs more than a little to be outweighed.
        share = 1.0 if weights else _FIRST
        weights[finding.aspect] += share * finding.weight  # type: ignore[assignment]  # a Counter adds floats as well
    if weights:
        value = max(weights, key=lambda aspect: weights[aspect])
        first = next(finding for finding in findings if finding.aspect == value)
        return Judgement(
            FIELD, value, (Reason(FIELD, value, f"rule category: {evidence.quote(first.hit)} ({first.name})"),)
        )
    topics = Counter(hit.group.aspect or "other" for hit in evidence.objects)
    if topics and earlier["label"].value != "other":
        value = topics.most_common(1)[0][0]
        return Judgement(FIELD, value, (Reason(FIELD, value, "rule category: the nouns of the message"),))
    return Judgement(FIELD, "other", (Reason(FIELD, "other", "rule category: nothing points to an aspect"),))
