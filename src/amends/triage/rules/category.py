"""What the message is mainly about: the aspect of its weightiest point, weighed with what the words sound like."""

from __future__ import annotations

from collections import Counter

from amends.triage.evidence import Evidence, Finding
from amends.triage.learned.features import passages
from amends.triage.learned.model import Model, model
from amends.triage.lexicon import FULL_LANGUAGES
from amends.triage.rules.context import Earlier
from amends.triage.values import Judgement, Reason

FIELD = "category"
_FIRST = 1.5
_FARTHEST = 8.0


def judge(evidence: Evidence, earlier: Earlier) -> Judgement:
    """The points decide; without any, the nouns do; the linear model decides where neither is sure."""
    findings: list[Finding] = earlier["points"].extra.get("findings", [])
    weights = _weights(findings)
    sounds = _sounds(evidence, earlier)
    if not sounds:
        return _by_rules(evidence, earlier, findings, weights)
    bonus = model().description.category_word_list_bonus
    scores = dict(sounds)
    for aspect, weight in weights.items():
        share = weight / max(weights.values())
        scores[aspect] = scores.get(aspect, -_FARTHEST) + share * bonus[_kind(findings, aspect)]
    value = max(scores, key=lambda aspect: scores[aspect])
    return Judgement(FIELD, value, tuple(_reasons(evidence, earlier, findings, value, sounds)))


def _kind(findings: list[Finding], aspect: str) -> str:
    """Say how sure the word lists are of an aspect: a firm phrase, a vague one, or only a statement nothing explains away."""
    mine = [one for one in findings if one.aspect == aspect]
    if any(one.firm and one.name != "statement" for one in mine):
        return "firm"
    return "statement" if all(one.name == "statement" for one in mine) else "vague"


def _weights(findings: list[Finding]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for finding in findings:
        # People name the main thing first: what comes first needs more than a little to be outweighed.
        share = 1.0 if weights else _FIRST
        weights[finding.aspect] = weights.get(finding.aspect, 0.0) + share * finding.weight
    return weights


def _sounds(evidence: Evidence, earlier: Earlier) -> dict[str, float]:
    """Return the model's scores by aspect for the strongest passage; empty where it does not decide."""
    if evidence.language not in FULL_LANGUAGES or earlier["label"].value == "other":
        return {}
    told: tuple[str, ...] = earlier["label"].extra.get("told", ())
    if not told:
        return {}
    using = model()
    first = passages(evidence.text)[0].words
    found = using.scores(told, using.aspects)
    if first != told:
        # A long story says at its beginning what it is about, and at its worst place what hurts.
        opening = using.scores(first, using.aspects)
        found = {aspect: (score + opening[aspect]) / 2 for aspect, score in found.items()}
    return found


def _reasons(
    evidence: Evidence, earlier: Earlier, findings: list[Finding], value: str, sounds: dict[str, float]
) -> list[Reason]:
    first = next((finding for finding in findings if finding.aspect == value and finding.name != "statement"), None)
    told: tuple[str, ...] = earlier["label"].extra.get("told", ())
    using: Model = model()
    words = ", ".join(f"“{word}”" for word in using.strongest(told, value)) or "nothing in particular"
    learned = Reason(FIELD, value, f"model {using.description.version}: {words} sound like it")
    if first is None:
        return [learned]
    return [Reason(FIELD, value, f"rule category: {evidence.quote(first.hit)} ({first.name})"), learned]


def _by_rules(evidence: Evidence, earlier: Earlier, findings: list[Finding], weights: dict[str, float]) -> Judgement:
    if weights:
        value = max(weights, key=lambda aspect: weights[aspect])
        first = next(finding for finding in findings if finding.aspect == value)
        because = f"rule category: {evidence.quote(first.hit)} ({first.name})"
        return Judgement(FIELD, value, (Reason(FIELD, value, because),))
    topics = Counter(hit.group.aspect or "other" for hit in evidence.objects)
    if topics and earlier["label"].value != "other":
        value = topics.most_common(1)[0][0]
        return Judgement(FIELD, value, (Reason(FIELD, value, "rule category: the nouns of the message"),))
    return Judgement(FIELD, "other", (Reason(FIELD, "other", "rule category: nothing points to an aspect"),))
