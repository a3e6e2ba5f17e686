"""Whether law, a regulator, a consumer body or the press has been brought in or threatened."""

from __future__ import annotations

from amends.triage.evidence import Evidence
from amends.triage.rules.context import Earlier, flag
from amends.triage.values import Judgement

FIELD = "legal_or_media"


def judge(evidence: Evidence, earlier: Earlier) -> Judgement:
    """The police alone do not count. Words that mean something else ("food court") are masked in the word list."""
    if evidence.dismissed is not None:
        return Judgement(FIELD, False)
    return flag(evidence, FIELD, [hit for hit in evidence.hits(FIELD) if not evidence.negated(hit)])
