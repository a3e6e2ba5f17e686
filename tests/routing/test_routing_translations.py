"""Every word of the pages and messages of routing is there in German."""

from __future__ import annotations

import gettext
from pathlib import Path

from tests.workspace.test_translations import _words_of_code, _words_of_template

import amends.routing

ROOT = Path(str(amends.routing.__path__[0]))
CODE = (
    "rulesets", "sentences", "wording", "desk", "stuck", "models", "places", "web/rules", "web/rule_form", "web/stuck",
    "criteria", "criteria_rules", "callbacks", "callback_models", "web/criteria", "web/panels",
    "leadership", "letter_models", "web/leadership", "web/special",
    "leaving", "ways", "paths", "templatetags/people", "web/presence", "web/desk", "web/desk_forms", "web/desk_words", "web/week_form",
    "web/paths", "web/units",
)  # fmt: skip
PAGES = (
    "rules", "rule", "simulation", "stuck", "criteria", "callbacks", "panel_callback", "panel_handoff", "attempts",
    "attempt_form", "panel_leadership", "panel_special", "special_list", "special_lists",
    "presence", "presence_menu", "desk", "desk_person", "desk_person_form", "week", "paths", "path", "units", "unit",
)  # fmt: skip


def test_every_word_of_the_rules_and_the_desk_has_its_german() -> None:
    words = {word for name in CODE for word in _words_of_code((ROOT / f"{name}.py").read_text())}
    for name in PAGES:
        words |= set(_words_of_template((ROOT / "templates" / "routing" / f"{name}.html").read_text()))
    with (ROOT / "locale/de/LC_MESSAGES/django.mo").open("rb") as compiled:
        catalogue = gettext.GNUTranslations(compiled)._catalog  # type: ignore[attr-defined]  # as in the workspace's test
    known = {key[0] if isinstance(key, tuple) else key for key in catalogue}
    keys = {f"{context}\x04{word}" if context else word for context, word in words}
    assert len(keys) > 80
    assert sorted(keys - known) == []
