"""Every word of the staff's pages is there in German, and what is compiled is what is written."""

from __future__ import annotations

import ast
import gettext
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils.translation.template import templatize

import amends
from amends.workspace.catalogue import CatalogueError, compile_catalogue

ROOT = Path(str(amends.__path__[0]))
WORKSPACE = ROOT / "workspace"
CALLS = {"gettext", "gettext_lazy", "_"}
Word = tuple[str | None, str]


def _words_of_code(source: str) -> Iterator[Word]:
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        values = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if node.func.id in CALLS and values:
            yield None, values[0]
        elif node.func.id == "pgettext":
            yield values[0], values[1]


def _words_of_template(source: str) -> Iterator[Word]:
    for quoted in re.findall(r"""\b_?(?:gettext|_)\(u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\)""", templatize(source)):
        yield None, ast.literal_eval(quoted)


def _words() -> set[Word]:
    found: set[Word] = set()
    for path in WORKSPACE.rglob("*.py"):
        found |= set(_words_of_code(path.read_text()))
    for path in WORKSPACE.rglob("*.html"):
        found |= set(_words_of_template(path.read_text()))
    return found


def _german() -> gettext.GNUTranslations:
    source = (WORKSPACE / "locale/de/LC_MESSAGES/django.po").read_text()
    return gettext.GNUTranslations(io.BytesIO(compile_catalogue(source)))


def test_every_word_of_the_workspace_has_its_german() -> None:
    words, german = _words(), _german()
    assert len(words) > 200
    untranslated = object()
    catalogue = german._catalog  # type: ignore[attr-defined]  # the only way to tell "same word" from "missing"
    missing = [
        word
        for context, word in words
        if catalogue.get(f"{context}\x04{word}" if context else word, untranslated) is untranslated
    ]
    assert sorted(missing) == []


def test_translations_keep_every_placeholder() -> None:
    for key, value in _german()._catalog.items():  # type: ignore[attr-defined]  # as above
        if isinstance(key, str) and isinstance(value, str) and key:
            assert sorted(re.findall(r"%\(\w+\)\w", key)) == sorted(re.findall(r"%\(\w+\)\w", value)), key


@pytest.mark.parametrize("source", sorted(ROOT.rglob("locale/*/LC_MESSAGES/*.po")), ids=lambda path: path.parts[-5])
def test_compiled_translations_say_what_is_written(source: Path) -> None:
    hint = "run: python -m django compile_translations"
    written = gettext.GNUTranslations(io.BytesIO(compile_catalogue(source.read_text())))
    with source.with_suffix(".mo").open("rb") as compiled:
        assert gettext.GNUTranslations(compiled)._catalog == written._catalog, hint  # type: ignore[attr-defined]  # as above


def test_plurals_contexts_and_fuzzy_entries_are_understood() -> None:
    compiled = compile_catalogue(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n'
        '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
        'msgctxt "a"\nmsgid "one"\nmsgstr "eins"\n\n#, fuzzy\nmsgid "two"\nmsgstr "zwei"\n\n'
        'msgid "%d file"\nmsgid_plural "%d files"\nmsgstr[0] "%d Datei"\nmsgstr[1] "%d Dateien"\n'
    )
    german = gettext.GNUTranslations(io.BytesIO(compiled))
    assert german.pgettext("a", "one") == "eins"
    assert german.gettext("two") == "two"
    assert [german.ngettext("%d file", "%d files", number) for number in (1, 2)] == ["%d Datei", "%d Dateien"]


@pytest.mark.parametrize(
    "broken",
    [
        'msgid "a"\nmsgstr "b"\n\nmsgid "a"\nmsgstr "c"',
        'msgid a"',
        '"lost"',
        'word "x"',
        'msgid "a"\nmsgid "b"',
        "msgid 3",
    ],
)
def test_a_broken_catalogue_is_refused_with_its_line(broken: str) -> None:
    with pytest.raises(CatalogueError, match=r"^line \d+: "):
        compile_catalogue(broken)
