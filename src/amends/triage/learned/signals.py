"""What the label is weighed from: the word lists' evidence, the model's scores and a few facts about the message, as numbers.

The weights stand in `data/model.json` under `blend`; training works them out on scores of texts that the model had not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log1p

from amends.triage.evidence import Evidence
from amends.triage.grammar import words
from amends.triage.learned.features import Passage, passages
from amends.triage.learned.model import UNHAPPY, Model

_LEAST, _MOST = -1.5, 3.0
_WHY = words("why")
SIGNALS = (
    "rules", "silent_rules", "model_most", "model_mean", "dismissed", "solved", "third_party", "own_fault", "asking",
    "questions", "why", "thanks", "hypothetical", "joining", "chat", "length",
)  # fmt: skip


def signals(evidence: Evidence, rule_weight: float, scores: Sequence[float]) -> dict[str, float]:
    """Return the signals of a message.

    Args:
        rule_weight: what the word lists say, 0 at the point where it is as likely as not.
        scores: the model's score of each passage; none when there are no words.
    """
    context = evidence.context
    sentences = range(len(evidence.text.sentences))
    asked = sum(evidence.text.is_question(number) for number in sentences)
    told = [max(-6.0, min(6.0, score)) for score in scores]
    return {
        "rules": max(_LEAST, min(_MOST, rule_weight)),
        "silent_rules": float(not evidence.findings and not evidence.feelings),
        "model_most": max(told, default=0.0),
        "model_mean": sum(told) / len(told) if told else 0.0,
        "dismissed": float(evidence.dismissed is not None),
        "solved": float(evidence.solved is not None),
        "third_party": float("third party" in context),
        "own_fault": float("own fault" in context),
        "asking": float("asking" in context),
        "questions": asked / max(1, len(sentences)),
        "why": float(bool(_WHY.intersection(evidence.text.forms))),
        "thanks": float("thanks" in context),
        "hypothetical": float("hypothetical" in context),
        "joining": float("joining" in context),
        "chat": float(evidence.text.channel == "chat"),
        "length": log1p(len(told)),
    }


def scored_passages(evidence: Evidence, using: Model) -> list[tuple[Passage, float]]:
    """Return the passages of a message with the model's score of each for dissatisfaction."""
    return [(one, using.score(one.words, UNHAPPY)) for one in passages(evidence.text)]


def blended(found: dict[str, float], weights: dict[str, float], bias: float) -> float:
    """Return the score of a message: the weighed sum of its signals."""
    return bias + sum(weights[name] * value for name, value in found.items())
