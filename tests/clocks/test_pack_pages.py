"""People read the rule packs and let them work out dates; the page says what is not confirmed."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import translation
from pytest_django import Settings
from tests.people import House, new_complaint

from amends.accounts.public import User
from amends.clocks.library import packs
from amends.clocks.sentences import clock_words, unconfirmed_words

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(client: Client, alice: User, house: House) -> Client:
    client.force_login(alice)
    return client


def text(page: str) -> str:
    return " ".join(page.split())


def ask(client: Client, key: str, **values: str) -> tuple[int, str]:
    answer = client.get(f"/clocks/packs/{key}/?{urlencode(values)}")
    return answer.status_code, text(answer.content.decode())


def test_every_pack_is_listed_with_what_is_not_confirmed_and_who_counts_by_it(reader: Client, house: House) -> None:
    house.london.rule_packs = ["house", "uk-fca-disp"]
    house.london.save(update_fields=["rule_packs"])
    page = text(reader.get("/clocks/packs/").content.decode())
    for pack in packs().values():
        assert f"/clocks/packs/{pack.key}/" in page
    assert page.count(f"In force for:</strong> {house.london.name}") == 2
    assert "1 point not confirmed" in page


@pytest.mark.parametrize("key", sorted(packs()))
@pytest.mark.parametrize("language", ["en", "de"])
def test_each_pack_says_everything_it_has(reader: Client, key: str, language: str) -> None:
    pack = packs()[key]
    page = text(reader.get(f"/clocks/packs/{key}/", headers={"Accept-Language": language}).content.decode())
    with translation.override(language):
        words = [clock_words(pack, rule) for rule in pack.clocks]
        doubts = unconfirmed_words(pack)
    escaped = page.replace("&#x27;", "'").replace("&quot;", '"').replace("&amp;", "&")
    for one in words:
        for said in (one.title, one.sentence, one.stopped_by, one.source.document, *one.only_where, *one.not_where):
            assert said in escaped, said
    for doubt in doubts:
        assert f"<li>{doubt}</li>" in escaped
    assert bool(doubts) == ("Not confirmed: these" in escaped or "Nicht bestätigt: Diese" in escaped)
    for name in pack.required_fields:
        assert name.replace("_", " ") in escaped
    assert pack.version.isoformat() in page


def test_a_clock_is_a_sentence_in_both_languages() -> None:
    pack = packs()["uk-fca-disp"]
    with translation.override("en"):
        english = [clock_words(pack, rule).sentence for rule in pack.clocks]
    with translation.override("de"):
        german = [clock_words(pack, rule).sentence for rule in pack.clocks]
    assert english == [
        "3 working days after receipt, to the close of business.",
        "8 weeks (56 calendar days) after receipt, to the end of that day.",
        "6 months after the final response, to the end of that day.",
    ]
    assert german[1] == "8 Wochen (56 Kalendertage) nach dem Eingang, bis zum Ende des Tages."


def test_the_calculator_gives_dates_and_says_why(reader: Client) -> None:
    status, page = ask(
        reader, "uk-fca-disp", received="2026-04-01T23:30", event="received", timezone="Europe/London",
        country="GB", subdivision="SCT",
    )  # fmt: skip
    assert status == 200
    assert "Tue 7 Apr 2026, 17:00:00" in page
    assert "Wed 27 May 2026" in page
    assert "3 working days after receipt on Wed 1 Apr 2026, until close of business (17:00), without Sat, Sun" in page


def test_the_calculator_asks_for_the_facts_of_the_pack(reader: Client) -> None:
    place = {"timezone": "Europe/London", "country": "GB", "subdivision": "ENG", "event": "received"}
    _status, plain = ask(reader, "uk-housing", received="2026-03-02T09:00", **place)
    assert "Thu 19 Mar 2026" not in plain
    _status, stated = ask(
        reader, "uk-housing", received="2026-03-02T09:00", **place, **{"fact-acknowledged": "2026-03-05"}
    )
    assert "Thu 19 Mar 2026" in stated
    _status, longer = ask(
        reader, "uk-housing", received="2026-03-02T09:00", **place,
        **{"fact-acknowledged": "2026-03-05", "fact-extension": "on"},
    )  # fmt: skip
    assert "Thu 2 Apr 2026" in longer


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"received": "soon"}, "Write a date and a time"),
        ({"received": ""}, "This field is required"),
        ({"received": "9999-12-31T23:59"}, "The start lies outside the years"),
        ({"timezone": "Mars/Phobos"}, "There is no such time zone"),
        ({"timezone": "x" * 65}, "at most 64 characters"),
        ({"country": "ZZ"}, "There are no public holidays for country"),
        ({"subdivision": "QQ"}, "is not a part of GB"),
        ({"event": "nothing"}, "not one of the available choices"),
    ],
)
def test_what_cannot_be_worked_out_is_said_beside_the_form(reader: Client, change: dict[str, str], said: str) -> None:
    good = {"received": "2026-03-02T09:00", "event": "received", "timezone": "Europe/London", "country": "GB"}
    status, page = ask(reader, "uk-fca-disp", **(good | change))
    assert status == 400
    assert said in page.replace("&#x27;", "'")


def test_a_pack_that_nobody_has_is_not_found(reader: Client) -> None:
    for key in ("nothing", "..%2Fhouse", "x" * 500, "%00"):
        assert reader.get(f"/clocks/packs/{key}/").status_code == 404


def test_the_versions_that_clocks_run_by_are_counted(reader: Client, house: House) -> None:
    new_complaint(house.london)
    page = text(reader.get("/clocks/packs/house/").content.decode())
    assert "2 clocks run by it" in page
    assert "No clock runs by these rules." in text(reader.get("/clocks/packs/sg-mas/").content.decode())


def test_a_wrong_file_of_our_own_is_said_on_the_page(reader: Client, settings: Settings, tmp_path: Path) -> None:
    settings.AMENDS_PACKS_DIR = str(tmp_path)
    (tmp_path / "ours.yaml").write_text("key: ours\nversion: never\n")
    page = text(reader.get("/clocks/packs/").content.decode())
    assert "ours.yaml, line 2: version: " in page
    assert "/clocks/packs/house/" in page


def test_an_outsider_finds_no_rules(client: Client, house: House) -> None:
    assert client.get("/clocks/packs/").status_code in (302, 404)
    assert client.get("/clocks/packs/house/").status_code in (302, 404)
