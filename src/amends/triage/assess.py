"""The assessment of a message by small rules in a fixed order. Pure: text in, judgement out.

To replace a rule, put another function of the same shape in RULES; to teach one new words, edit data/*.yaml.
"""

from __future__ import annotations

from collections.abc import Callable

from amends.triage.evidence import Evidence
from amends.triage.rules import (
    category,
    desired_outcome,
    label,
    language,
    legal_or_media,
    points,
    safety,
    sentiment,
    severity,
    vulnerable,
)
from amends.triage.rules.context import Earlier
from amends.triage.text import ASSESSED_CHARACTERS, Text
from amends.triage.values import Assessment, Judgement, Reason

Rule = Callable[[Evidence, Earlier], Judgement]

RULES: tuple[tuple[str, Rule], ...] = (
    ("sentiment", sentiment.judge),
    ("safety", safety.judge),
    ("vulnerable", vulnerable.judge),
    ("legal_or_media", legal_or_media.judge),
    ("label", label.judge),
    ("points", points.judge),
    ("category", category.judge),
    ("severity", severity.judge),
    ("desired_outcome", desired_outcome.judge),
)
"""The rules in the order in which they are asked; each sees the judgements of those before it. Language comes first."""


RULES_VERSION = 2
"""Counted up with every change of rules or data that can change a judgement: it is kept with each stored assessment."""


def mood(text: str) -> float:
    """How a message feels, from -1 to 1: what `assess` says of its sentiment, without the rest."""
    message = Text(text, channel="email", subject="", language_hint="")
    spoken = language.judge(message)
    value: float = sentiment.judge(Evidence(message, spoken.value), {"language": spoken}).value
    return value


def assess(text: str, *, channel: str = "email", subject: str = "", language_hint: str = "") -> Assessment:
    """Return what the rules say about one message, each field with its reasons.

    Only the first 20,000 characters of the text are looked at. The subject counts towards everything except the points
    and the wish, which quote the text. `language_hint` (ISO 639-1) decides where the text is too short to tell.
    Never raises for any text.
    """
    message = Text(text, channel=channel, subject=subject, language_hint=language_hint)
    spoken = language.judge(message)
    evidence = Evidence(message, spoken.value)
    made: dict[str, Judgement] = {"language": spoken}
    for field, rule in RULES:
        made[field] = rule(evidence, made)
    reasons = [reason for judgement in made.values() for reason in judgement.reasons]
    if message.was_cut:
        because = f"only the first {ASSESSED_CHARACTERS} of {len(text)} characters were assessed"
        reasons.append(Reason("text", ASSESSED_CHARACTERS, because))
    return Assessment(
        **{field: made[field].value for field in made},
        probability=made["label"].extra["probability"],
        reasons=tuple(reasons),
    )
