"""Reasons for refused rows are in the language of whoever imports: the check, the run, the preview and the report."""

from __future__ import annotations

import ast
import gettext
import re
from pathlib import Path

import pytest
from django.utils import translation
from tests.people import House, actor

from amends.accounts.public import SYSTEM, User
from amends.intake.channels import imports
from amends.intake.channels.imports import services
from amends.intake.channels.imports.models import ImportProblem, ImportRun
from amends.intake.channels.imports.proposing import preview

FOLDER = Path(str(imports.__path__[0]))
ROWS = "\n".join(
    [
        "id,subject,received_at,unit",
        "1,Kettle,yesterday,",
        "4,,2026-01-02,",
        "5,Kettle,2026-01-02,,too,many",
        f"6,{'x' * 600},2026-01-02,",
        "7,Kettle,2026-01-02,",
    ]
)
GERMAN = [
    "received_at: „yesterday“ ist kein Datum der Form ISO 8601.",
    "Sagen Sie, was schiefging: Betreff und Text sind beide leer.",
    "6 Werte, aber die erste Zeile nennt 4 Spalten",
    "subject ist länger als 500 Zeichen.",
]


@pytest.fixture
def grete(ada: User) -> User:
    """An administrator who reads German."""
    User.objects.filter(pk=ada.pk).update(language="de")
    ada.refresh_from_db()
    return ada


@pytest.mark.parametrize("other", ["en", "de"])
def test_the_check_the_preview_and_the_run_give_german_reasons(house: House, grete: User, other: str) -> None:
    who = actor(grete)
    file = services.keep_file(actor=who, name="rows.csv", chunks=[ROWS.encode()], unit=house.root)
    with translation.override("de"):
        shown = [one.problem for one in preview(services.opened(who, file)) if one.problem]
    assert sorted(shown) == sorted(GERMAN)
    services.start_check(actor=who, file_id=file.pk)
    file.refresh_from_db()
    with translation.override(other):  # whatever the worker spoke before
        services.check(file_id=file.pk, token=file.check_token)
    assert sorted(ImportProblem.objects.values_list("reason", flat=True)) == sorted(GERMAN)
    run = services.start(actor=who, file_id=file.pk)
    with translation.override(other):
        services.proceed(run_id=run.pk)
    run = ImportRun.objects.get(pk=run.pk)
    assert (run.created, run.refused) == (1, 4)
    assert sorted(run.problems.values_list("reason", flat=True)) == sorted(GERMAN)


def test_a_program_gets_the_organisations_language(house: House) -> None:
    file = services.keep_file(actor=SYSTEM, name="rows.csv", chunks=[ROWS.encode()], unit=house.root)
    run = services.start(actor=SYSTEM, file_id=file.pk)
    with translation.override("de"):
        services.proceed(run_id=run.pk)
    assert "received_at: “yesterday” is not a date of the form ISO 8601." in set(
        run.problems.values_list("reason", flat=True)
    )


def test_every_reason_has_its_german() -> None:
    with (FOLDER / "locale/de/LC_MESSAGES/django.mo").open("rb") as file:
        german = gettext.GNUTranslations(file)
    found = 0
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                (words, *_rest) = node.args
                assert isinstance(words, ast.Constant)
                translated = german.gettext(str(words.value))
                assert translated != words.value or len(str(words.value)) < 12, words.value
                names = re.findall(r"%\(\w+\)s", str(words.value))
                assert sorted(names) == sorted(re.findall(r"%\(\w+\)s", translated)), words.value
                found += 1
    assert found > 30
