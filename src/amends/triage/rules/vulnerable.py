"""Whether the writer, or the person concerned, is in a vulnerable situation now."""

from __future__ import annotations

from amends.triage.evidence import Evidence
from amends.triage.lexicon import Hit
from amends.triage.rules.context import Earlier, flag
from amends.triage.values import Judgement

FIELD = "vulnerable"
_CHILD = "child"
_NEAR_SENTENCES = 1


def judge(evidence: Evidence, earlier: Earlier) -> Judgement:
    """Illness, disability, age, loss and need count; children count when harm or ill treatment stands near them."""
    hits = [hit for hit in evidence.hits(FIELD) if not evidence.negated(hit) and evidence.dismissed is None]
    harmed = _harmed_sentences(evidence, earlier)
    return flag(evidence, FIELD, [hit for hit in hits if hit.group.name != _CHILD or _near(evidence, hit, harmed)])


def _harmed_sentences(evidence: Evidence, earlier: Earlier) -> set[int]:
    dangers: list[Hit] = earlier["safety"].extra.get("hits", [])
    manners = [finding.hit for finding in evidence.findings if finding.aspect == "staff_manner"]
    return {evidence.sentence_of(hit) for hit in [*dangers, *manners]}


def _near(evidence: Evidence, hit: Hit, sentences: set[int]) -> bool:
    own = evidence.sentence_of(hit)
    return any(abs(own - sentence) <= _NEAR_SENTENCES for sentence in sentences)
