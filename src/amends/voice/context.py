"""What a letter about a complaint can say: the values of its placeholders, safe to send."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings as django_settings

from amends.accounts.public import User, unit_settings
from amends.cases.public import Complaint, points_of, portal_token
from amends.core.text import clean_line, shorten
from amends.voice.dates import answer_day, day_words, local_day
from amends.voice.letterfile import language_for
from amends.voice.people import contact_of
from amends.voice.phrasebook import about, feeling
from amends.voice.regimes import regime_due

QUOTE_LIMIT = 200
POINTS_LIMIT = 6
NAME_LIMIT = 60
_ADDRESS = re.compile(
    r"https?:|www\.|\S@\S|<|>|\b[\w-]+\.(?:com|net|org|info|biz|io|ru|cn|xyz|top|shop|online|site|de|uk)\b",
    re.IGNORECASE,
)
_ODD_IN_NAME = re.compile(r"[\d/:@<>{}\[\]|#=&%$€£!?*]")


def letter_language(complaint: Complaint) -> str:
    """The language to write in: the customer's, else the complaint's, else the unit's, else English."""
    person = complaint.representative or complaint.customer
    return language_for(complaint.language, person.language, unit_settings(complaint.unit_id).language)


def letter_context(complaint: Complaint, *, language: str, author: User | None = None) -> dict[str, Any]:
    """The values that every kind of letter may use; callers add those of their kind.

    `name, reference, portal_url, product, about, points, wish, answer_by, author_name, author_line, author_phone`,
    `organisation`, `regime` and `regime_by`: texts (empty when not known), except `points`, a list of the customer's
    words in quotation marks.
    """
    settings = unit_settings(complaint.unit_id)
    contact = contact_of(complaint, settings, language, author)
    day = answer_day(complaint, settings.timezone)
    return {
        "name": _addressee(complaint),
        "reference": complaint.reference or "",
        "portal_url": f"{django_settings.AMENDS_PUBLIC_URL}/p/{portal_token(complaint.public_id)}/",
        "product": complaint.product.name if complaint.product else "",
        "about": about(complaint.category, language),
        "feeling": feeling(complaint.category, language),
        "points": [quoted(words, language) for words in _point_words(complaint)],
        "wish": repeatable(complaint.desired_outcome),
        "answer_by": day_words(day, language) if day else "",
        "author_name": contact.name,
        "author_line": contact.line,
        "author_phone": contact.phone,
        "organisation": settings.sender_name,
        **_regime(complaint, language),
    }


def _regime(complaint: Complaint, language: str) -> dict[str, str]:
    """The rules that set a deadline which the letter has to name, and its day; empty texts when none does."""
    found = regime_due(complaint, language)
    if found is None:
        return {"regime": "", "regime_by": ""}
    return {"regime": found.title, "regime_by": day_words(local_day(found.due, found.zone), language)}


def _addressee(complaint: Complaint) -> str:
    """The name to greet, or nothing when it cannot be one: a form must not make us send somebody's advertisement."""
    name = clean_line((complaint.representative or complaint.customer).name)
    return "" if len(name) > NAME_LIMIT or _ODD_IN_NAME.search(name) or _ADDRESS.search(name) else name


def _point_words(complaint: Complaint) -> list[str]:
    words = [repeatable(point.words) for point in points_of(complaint)]
    return [one for one in words if one][:POINTS_LIMIT]


def repeatable(words: str) -> str:
    """The customer's words as one line to repeat in a letter, or nothing when they hold an address: whoever fills in a
    stranger's e-mail address must not be able to send them links through us."""
    line = shorten(words, QUOTE_LIMIT)
    return "" if _ADDRESS.search(line) else line


def quoted(words: str, language: str) -> str:
    """Words in the quotation marks of the language."""
    return f"„{words}“" if language == "de" else f"“{words}”"
