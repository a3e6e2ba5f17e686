"""Which language the message is in: stop words decide English and German, a detector the rest."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from amends.triage.text import Text
from amends.triage.values import Judgement, Reason

if TYPE_CHECKING:
    from lingua import LanguageDetector

FIELD = "language"
FALLBACK = "en"
# The languages told apart. More would cost memory and mistakes on short texts; the low-accuracy models of these
# 22 take about 25 MB, the exact ones more than 400 MB.
DETECTED = (
    "ENGLISH GERMAN FRENCH SPANISH ITALIAN PORTUGUESE DUTCH POLISH TURKISH CZECH SWEDISH DANISH ROMANIAN HUNGARIAN "
    "GREEK RUSSIAN UKRAINIAN ARABIC CHINESE JAPANESE KOREAN HINDI"
).split()
_SAMPLE_CHARACTERS = 1_000
_ENOUGH_STOP_WORDS = 2
_CLEAR_LEAD = 2.0
_SURE = 0.5
# Function words that the other language does not have; folded as in text.fold.
_STOP_WORDS = {
    "en": frozenset(
        """the and you your my i is are was were have has had with for this that it not of to be but they we she
        what when why how which from been would could will just there's it's i'm don't didn't can't me our their""".split()
    ),
    "de": frozenset(
        """der die das und ich ist nicht sie mit ein eine einen fuer auf ihre ihr ihnen wir haben habe hat wurde bei
        aber auch mein meine von zu den dem des im es sind noch nur wie wenn dass bitte kein keine seit nach uns mir mich
        beim vom zum bin war als oder schon wieder sehr was wo""".split()
    ),
}
_SHARED = {"war", "was", "die", "hat", "an", "in", "so", "am", "will", "bin", "not", "be"}


def judge(text: Text) -> Judgement:
    """Return the ISO 639-1 code of the language, with the reason."""
    code, because = _decide(text)
    return Judgement(FIELD, code, (Reason(FIELD, code, because),))


def _decide(text: Text) -> tuple[str, str]:
    forms = [token.form for token in text.tokens[:400] if token.is_word and not token.form[0].isdigit()]
    if not forms:
        return FALLBACK, "rule language: there are no words; English is assumed"
    counts = {code: sum(form in words and form not in _SHARED for form in forms) for code, words in _STOP_WORDS.items()}
    best, other = sorted(counts, key=lambda code: counts[code], reverse=True)
    enough = counts[best] >= _ENOUGH_STOP_WORDS and counts[best] / len(forms) >= 0.12
    if enough and counts[best] >= _CLEAR_LEAD * max(counts[other], 0.5):
        return best, f"rule language: {counts[best]} of {len(forms)} words are common {best} words"
    return _detect(text, best if counts[best] > counts[other] else FALLBACK)


def _detect(text: Text, fallback: str) -> tuple[str, str]:
    confidence = _detector().compute_language_confidence_values(text.assessed[:_SAMPLE_CHARACTERS])
    top = confidence[0] if confidence else None
    known = {entry.language.iso_code_639_1.name.lower(): entry.value for entry in confidence}
    if top is not None and top.value >= _SURE:
        code = top.language.iso_code_639_1.name.lower()
        return code, f"rule language: the detector is {top.value:.0%} sure"
    for code in ("en", "de"):
        # Short replies ("ok danke") are nobody's language for sure: prefer the two that have word lists.
        if known.get(code, 0.0) > 0 and top is not None and known[code] >= top.value / 2:
            return code, "rule language: too short to be sure; the likelier of English and German"
    return fallback, "rule language: too short or too mixed to be sure; the fallback is used"


@cache
def _detector() -> LanguageDetector:
    """Build the detector on first use: many messages never need it."""
    from lingua import Language, LanguageDetectorBuilder  # noqa: PLC0415  # loaded only when needed: memory and start time

    languages = [getattr(Language, name) for name in DETECTED]
    return LanguageDetectorBuilder.from_languages(*languages).with_low_accuracy_mode().build()
