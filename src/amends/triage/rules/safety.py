"""Whether somebody was or may be hurt, or there was fire; a sign of suicidal despair counts too."""

from __future__ import annotations

from amends.triage.evidence import Evidence
from amends.triage.lexicon import Hit
from amends.triage.rules.context import Earlier, flag
from amends.triage.values import Judgement

FIELD = "safety"
DESPAIR = frozenset({"despair", "verzweiflung"})


def judge(evidence: Evidence, earlier: Earlier) -> Judgement:
    """Negated, imagined and figurative words do not count; signs of despair always do."""
    return flag(evidence, FIELD, [hit for hit in evidence.hits(FIELD) if _counts(evidence, hit)])


def _counts(evidence: Evidence, hit: Hit) -> bool:
    if evidence.dismissed is not None and evidence.dismissed.group.name == "spam":
        return False
    if hit.group.name in DESPAIR:
        return True
    return not evidence.negated(hit) and not evidence.only_asked(hit)
