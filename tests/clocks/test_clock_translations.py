"""Every word of the clocks' pages and messages is there in German."""

from __future__ import annotations

import ast
import gettext
from pathlib import Path

from tests.workspace.test_translations import _words_of_code, _words_of_template

import amends.clocks

ROOT = Path(str(amends.clocks.__path__[0]))


def counted_words(source: str) -> set[tuple[None, str]]:
    """The singulars of `ngettext`, which stand for both forms in the catalogue."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return {
        (None, str(ast.literal_eval(call.args[0])))
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "ngettext"
    }


def test_every_word_of_the_clocks_has_its_german() -> None:
    words = set()
    for path in ROOT.rglob("*.py"):
        words |= set(_words_of_code(path.read_text())) | counted_words(path.read_text())
    for path in (ROOT / "templates").rglob("*.html"):
        words |= set(_words_of_template(path.read_text()))
    with (ROOT / "locale/de/LC_MESSAGES/django.mo").open("rb") as compiled:
        catalogue = gettext.GNUTranslations(compiled)._catalog  # type: ignore[attr-defined]  # as in the workspace's test
    known = {key[0] if isinstance(key, tuple) else key for key in catalogue}
    assert len(words) > 100
    assert sorted(word for _context, word in words if word not in known) == []
