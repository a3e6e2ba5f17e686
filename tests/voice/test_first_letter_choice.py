"""Which first letter goes out is data: by channel, category, severity, language, regime, organisation and unit."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings
from tests.people import House, new_complaint

from amends.accounts.public import SYSTEM, Unit
from amends.cases.public import Complaint, Message, Person, record_assessment
from amends.core import clock
from amends.voice.choosing import BUILT_IN, Choice, LetterFacts, VoiceFileError, choose_letter, read_choice
from amends.voice.configured import letter_problems
from amends.voice.decision import Acknowledge
from amends.voice.letterfile import LETTERS, letter
from amends.voice.services import acknowledge

MONDAY = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
FACTS = LetterFacts(
    channel="web", category="delivery", severity=2, language="en", regimes=("house",), organisation="northlight",
    units=("northlight", "london"),
)  # fmt: skip


def sent(complaint: Complaint, **values: Any) -> Message:
    given = {"language": "en", "label": "complaint", "category": "delivery", "severity": 2, **values}
    with clock.frozen_at(MONDAY):
        record_assessment(actor=SYSTEM, complaint_id=complaint.pk, values=given, points=[("it came late", "delivery")])
        assert acknowledge(complaint_id=complaint.pk) is Acknowledge.BY_LETTER
    return Message.objects.get(complaint=complaint, kind="acknowledgement")


def received(unit: Unit, **values: Any) -> Complaint:
    with clock.frozen_at(MONDAY):
        return new_complaint(unit, **values)


def rules(*rows: dict[str, Any]) -> Choice:
    return Choice.model_validate({"version": "1", "source": "us", "rule": list(rows)})


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({"channels": ["email", "web"]}, True),
        ({"channels": ["email"]}, False),
        ({"categories": ["delivery"]}, True),
        ({"categories": ["price"]}, False),
        ({"severity_from": 2}, True),
        ({"severity_from": 3}, False),
        ({"languages": ["en"]}, True),
        ({"languages": ["de"]}, False),
        ({"regimes": ["uk-fca-disp", "house"]}, True),
        ({"regimes": ["uk-fca-disp"]}, False),
        ({"organisations": ["northlight"]}, True),
        ({"organisations": ["southlight"]}, False),
        ({"units": ["london"]}, True),
        ({"units": ["berlin"]}, False),
        ({"channels": ["web"], "units": ["berlin"]}, False),
        ({}, True),
    ],
)
def test_a_rule_holds_only_when_each_of_its_conditions_does(when: dict[str, Any], holds: bool) -> None:
    one = rules({"says": "one rule", "when": when, "letter": "acknowledgement-x"})
    assert choose_letter(one, "acknowledgement", FACTS) == ("acknowledgement-x" if holds else "acknowledgement")


def test_the_first_rule_that_holds_is_taken() -> None:
    both = rules(
        {"says": "the first", "letter": "acknowledgement-a"}, {"says": "the second", "letter": "acknowledgement-b"}
    )
    assert choose_letter(both, "acknowledgement", FACTS) == "acknowledgement-a"


def test_every_letter_that_the_rules_name_exists_in_both_languages() -> None:
    for rule in read_choice().rule:
        for language in ("en", "de"):
            assert letter(rule.letter, language).language == language


@pytest.mark.django_db
def test_a_serious_case_an_answer_to_a_survey_and_lost_data_get_words_of_their_own(house: House) -> None:
    serious = sent(received(house.london), severity=3)
    assert "the people responsible here were told of it" in serious.text
    frank = sent(received(house.london, channel="survey"))
    assert "Thank you for your frank words" in frank.text
    german = Person(name="Jonas Weber", email="jonas@example.org", language="de")
    data = sent(received(house.berlin, complainant=german), category="privacy_data", language="de")
    assert "keine Passwörter" in data.text
    plain = sent(received(house.london))
    for words in ("responsible here", "frank words", "passwords"):
        assert words not in plain.text


@pytest.mark.django_db
def test_under_the_fca_rules_the_letter_says_which_deadline_applies_to_the_final_response(house: House) -> None:
    assert "rules “" not in sent(received(house.london)).text
    Unit.objects.filter(pk=house.london.pk).update(rule_packs=["house", "uk-fca-disp"])
    text = sent(received(house.london)).text
    assert "the rules “FCA complaints rules (DISP)” apply" in text
    assert "my final response by Monday 27 April 2026 at the latest" in text
    german = Person(name="Jonas Weber", email="jonas@example.org", language="de")
    text = sent(received(house.london, complainant=german), language="de").text
    assert "„Beschwerderegeln der FCA (DISP)“" in text or "“Beschwerderegeln der FCA (DISP)”" in text
    assert "27. April 2026" in text


@pytest.mark.django_db
def test_an_own_folder_takes_the_place_of_letters_and_rules(house: House, tmp_path: Path, settings: Settings) -> None:
    own = (LETTERS / "acknowledgement.en.toml").read_text().replace("Thank you for telling us", "Ta for telling us")
    own = own.replace('kind = "acknowledgement"', 'kind = "acknowledgement-shop"')
    (tmp_path / "acknowledgement-shop.en.toml").write_text(own)
    (tmp_path / BUILT_IN.name).write_text(
        'version = "1"\nsource = "us"\n[[rule]]\nsays = "the London shop"\nwhen = { units = ["london"] }\n'
        'letter = "acknowledgement-shop"\n'
    )
    settings.AMENDS_LETTERS_DIR = str(tmp_path)
    assert letter_problems() == []
    assert "Ta for telling us" in sent(received(house.london)).text
    assert "Thank you for telling us" in sent(received(house.berlin)).text


@pytest.mark.django_db
def test_a_wrong_own_letter_is_named_with_its_place_and_the_customer_gets_ours(
    house: House, tmp_path: Path, settings: Settings
) -> None:
    settings.AMENDS_LETTERS_DIR = str(tmp_path)
    path = tmp_path / "acknowledgement.en.toml"
    path.write_text((LETTERS / path.name).read_text().replace("numbered = [", "numbred = ["))
    (problem,) = letter_problems()
    assert problem.startswith(f"{path}, line 68: block.")
    assert "numbred" in problem
    assert "Thank you for telling us" in sent(received(house.london)).text


def test_wrong_rules_are_refused_with_file_place_and_reason(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / BUILT_IN.name
    head = 'version = "1"\nsource = "us"\n[[rule]]\nsays = "one"\n'
    for words, place in (
        (f"{head}letter = 5\n", "rule.0.letter"),
        (f'{head}letter = "a"\nwhen = {{ severity_from = 9 }}\n', "rule.0.when.severity_from"),
        (f'{head}letter = "a"\ncolour = "red"\n', "rule.0.colour"),
        ("version = ,\n", "line 1"),
    ):
        path.write_text(words)
        read_choice.cache_clear()
        with pytest.raises(VoiceFileError, match=place) as refused:
            read_choice(path)
        assert str(refused.value).startswith(f"{path}, line ")
    path.write_text(f'{head}letter = "acknowledgement-gone"\n')
    read_choice.cache_clear()
    settings.AMENDS_LETTERS_DIR = str(tmp_path)
    assert letter_problems() == [
        problem for problem in letter_problems() if problem.startswith(f"{path}: rule.0.letter: There is no letter")
    ]
    assert len(letter_problems()) == 1
    settings.AMENDS_LETTERS_DIR = str(tmp_path / "gone")
    assert letter_problems() == [f"{tmp_path / 'gone'}: there is no such folder"]


def test_a_folder_of_letters_cannot_be_left(tmp_path: Path) -> None:
    shutil.copy(LETTERS / "survey.en.toml", tmp_path / "survey.en.toml")
    for name in ("../survey", "acknowledgement-../x", "closing", "survey-X"):
        with pytest.raises(ValueError, match="no letter"):
            letter(name, "en", tmp_path)
