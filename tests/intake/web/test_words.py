"""Every word of the form, the widget and the chat is there in German."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import translation
from tests.workspace.test_translations import _words_of_code, _words_of_template

import amends

ROOT = Path(str(amends.__path__[0]))
PLACES = [
    ROOT / "intake/channels/web",
    ROOT / "intake/channels/chat",
    ROOT / "intake/templates/intake/web",
    ROOT / "intake/templates/intake/chat",
    ROOT / "portal",
]
SAME = {"Chat", "Chats", "Logo", "Text", "Name"}


@pytest.mark.parametrize("place", PLACES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_every_word_has_its_german(place: Path) -> None:
    words = {word for path in place.rglob("*.py") for _context, word in _words_of_code(path.read_text())}
    words |= {word for path in place.rglob("*.html") for _context, word in _words_of_template(path.read_text())}
    words |= {word for path in place.rglob("*.py") for word in _lazy_words(path.read_text())}
    assert words
    with translation.override("de"):
        missing = sorted(word for word in words if word and translation.gettext(word) == word and word not in SAME)
    assert missing == []


def _lazy_words(source: str) -> set[str]:
    return {word for _context, word in _words_of_code(source.replace("_lazy(", "_("))}
