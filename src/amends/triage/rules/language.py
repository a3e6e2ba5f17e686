"""Which language the message is in: stop words decide English and German, a detector the rest."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from amends.triage.grammar import words
from amends.triage.lexicon import LANGUAGES
from amends.triage.text import Text
from amends.triage.values import Judgement, Reason

if TYPE_CHECKING:
    from lingua import LanguageDetector

FIELD = "language"
FALLBACK = "en"
# The languages told apart. More would cost memory and mistakes on short texts; the low-accuracy models of these
# 22 take about 25 MB, the exact ones more than 400 MB.
DETECTED = sorted(words("detected_languages"))
_SAMPLE_CHARACTERS = 1_000
_ENOUGH_STOP_WORDS = 2
_CLEAR_LEAD = 2.0
_KNOWN = words("language_codes")
_SURE = 0.6
_VERY_SURE = 0.9
"""Names, codes and addresses look like some rare language or other: that one must be clear."""
_ENOUGH_WORDS = 5
_STOP_WORD_SHARE = 0.12
_SHORT = 4
# Function words that the other language does not have.
_STOP_WORDS = {"en": words("stop_words_en"), "de": words("stop_words_de")}


def judge(text: Text) -> Judgement:
    """Return the ISO 639-1 code of the language, with the reason."""
    code, because = _decide(text)
    return Judgement(FIELD, code, (Reason(FIELD, code, because),))


def _decide(text: Text) -> tuple[str, str]:
    fallback = text.language_hint if text.language_hint in _KNOWN else FALLBACK
    forms = [token.form for token in text.tokens[:400] if token.is_word and not token.form[0].isdigit()]
    if not forms:
        return fallback, "rule language: there are no words; the language given before, or English, is assumed"
    counts = {code: sum(form in common for form in forms) for code, common in _STOP_WORDS.items()}
    best, other = sorted(counts, key=lambda code: counts[code], reverse=True)
    short = len(forms) <= _SHORT and counts[other] == 0
    enough = counts[best] >= (1 if short else _ENOUGH_STOP_WORDS) and counts[best] / len(forms) >= _STOP_WORD_SHARE
    if enough and counts[best] >= _CLEAR_LEAD * max(counts[other], 0.5):
        return best, f"rule language: {counts[best]} of {len(forms)} words are common {best} words"
    return _detect(text, best if counts[best] > counts[other] and fallback == FALLBACK else fallback)


def _detect(text: Text, fallback: str) -> tuple[str, str]:
    # Half surrogate pairs cannot be handed to the detector; what they were is lost anyway.
    sample = text.assessed[:_SAMPLE_CHARACTERS].encode("utf-8", "replace").decode("utf-8")
    confidence = _detector().compute_language_confidence_values(sample)
    top = confidence[0] if confidence else None
    known = {entry.language.iso_code_639_1.name.lower(): entry.value for entry in confidence}
    long_enough = len(text.forms) >= _ENOUGH_WORDS or not text.assessed[:_SAMPLE_CHARACTERS].isascii()
    code = top.language.iso_code_639_1.name.lower() if top is not None else fallback
    if top is not None and long_enough and top.value >= (_SURE if code in LANGUAGES else _VERY_SURE):
        return code, f"rule language: the detector is {top.value:.0%} sure"
    for code in dict.fromkeys([fallback, "en", "de"]):
        # Short replies ("ok danke") are nobody's language for sure: prefer the two that have word lists.
        if known.get(code, 0.0) > 0 and top is not None and known[code] >= top.value / 2:
            return code, "rule language: too short to be sure; the language given before, English or German fits"
    return fallback, "rule language: too short or too mixed to be sure; the fallback is used"


@cache
def _detector() -> LanguageDetector:
    """Build the detector on first use: many messages never need it."""
    from lingua import Language, LanguageDetectorBuilder  # loaded only when needed: memory and start time

    languages = [getattr(Language, name) for name in DETECTED]
    return LanguageDetectorBuilder.from_languages(*languages).with_low_accuracy_mode().build()
