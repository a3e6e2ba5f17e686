"""What other domains may use of letters."""

from amends.voice.choosing import VoiceFileError
from amends.voice.configured import letter_problems
from amends.voice.context import letter_context, letter_language, quoted, repeatable
from amends.voice.dates import AnswerDate, answer_dates, answer_day, day_words, local_day
from amends.voice.letterfile import KINDS, language_for, languages
from amends.voice.mourning_words import speaks_of_a_death
from amends.voice.people import Contact, contact_of
from amends.voice.regimes import RegimeDue, RegimeSource, regime_sources
from amends.voice.rendering import MissingValueError, Rendered, render
from amends.voice.services import acknowledge

__all__ = [
    "KINDS",
    "AnswerDate",
    "Contact",
    "MissingValueError",
    "RegimeDue",
    "RegimeSource",
    "Rendered",
    "VoiceFileError",
    "acknowledge",
    "answer_dates",
    "answer_day",
    "contact_of",
    "day_words",
    "language_for",
    "languages",
    "letter_context",
    "letter_language",
    "letter_problems",
    "local_day",
    "quoted",
    "regime_sources",
    "render",
    "repeatable",
    "speaks_of_a_death",
]
