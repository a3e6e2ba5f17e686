"""The staff's pages of surveys: make one, see what it says, and see nothing of another unit's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.people import House

from amends.accounts.public import SYSTEM, User, create_token
from amends.core import clock
from amends.intake.channels.survey.answering import Click, Story, click, register_due, tell
from amends.intake.channels.survey.figures import figures
from amends.intake.channels.survey.kinds import Mood, kinds, score_of
from amends.intake.channels.survey.models import AnswerSource, Survey, SurveyRecipient
from amends.intake.channels.survey.surveys import create_survey


@pytest.fixture
def survey(house: House) -> Survey:
    made = create_survey(actor=SYSTEM, name="After the visit", unit=house.london, kind="nps")
    for number, score in enumerate([10, 10, 9, 8, 6, 0]):
        click(click=Click(survey_id=made.pk, score=score, source=AnswerSource.LINK, once=f"x{number}"))
    return made


GOOD = {"name": "New one", "unit": "london", "kind": "satisfaction", "origins": "https://shop.example\n"}


def test_a_survey_is_made_with_the_form(client: Client, house: House, bob: User) -> None:
    client.force_login(bob)
    answer = client.post("/surveys/", GOOD)
    made = Survey.objects.get()
    assert answer.status_code == 302
    assert (made.unit, made.kind, made.origins, made.created_by) == (
        house.london,
        "satisfaction",
        ["https://shop.example"],
        bob,
    )
    page = client.get(answer["Location"]).content.decode()
    assert "/ask/" in page
    assert "&lt;iframe" in page
    assert client.post("/surveys/", GOOD).status_code == 422


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "x" * 300},
        {"kind": "mood"},
        {"unit": "moon"},
        {"origins": "http://x/path"},
        {"origins": "javascript:alert(1)"},
        {"origins": "https://a b"},
        {"origins": "*"},
        {"origins": "https://[::1"},
        {"question": "x" * 301},
    ],
)
def test_a_mistake_is_said_and_nothing_is_made(client: Client, house: House, bob: User, change: dict[str, str]) -> None:
    client.force_login(bob)
    assert client.post("/surveys/", {**GOOD, **change}).status_code == 422
    assert Survey.objects.count() == 0


def test_the_page_says_the_figures_and_leads_to_the_cases(client: Client, survey: Survey, bob: User) -> None:
    from datetime import timedelta

    register_due(clock.now() + timedelta(minutes=11))
    client.force_login(bob)
    page = client.get(f"/surveys/{survey.pk}/").content.decode()
    assert "NPS 16.7" in page
    assert page.count('href="/cases/AM-') == 2
    assert "6 answers" in page
    assert "NPS 16.7" in client.get("/surveys/").content.decode()


def test_the_qr_code_is_an_svg(client: Client, survey: Survey, bob: User) -> None:
    client.force_login(bob)
    picture = client.get(f"/surveys/{survey.pk}/qr.svg")
    assert picture["Content-Type"] == "image/svg+xml"
    assert b"<svg" in picture.content


def test_a_list_is_uploaded(client: Client, survey: Survey, bob: User) -> None:
    client.force_login(bob)
    file = SimpleUploadedFile("people.csv", "email;name\nmaya@example.org;Jörg\nbroken;x".encode("cp1252"))
    page = client.post(f"/surveys/{survey.pk}/recipients/", {"file": file}).content.decode()
    assert "no usable e-mail address" in page
    assert SurveyRecipient.objects.get().name == "Jörg"
    assert client.post(f"/surveys/{survey.pk}/recipients/", {"text": "name\nx"}).status_code == 422
    assert client.post(f"/surveys/{survey.pk}/recipients/", {"text": "\x00"}).status_code == 422


def test_outsider_sees_no_survey_of_another_unit(client: Client, survey: Survey, charlie: User, alice: User) -> None:
    client.force_login(charlie)
    for path in ("", "qr.svg"):
        assert client.get(f"/surveys/{survey.pk}/{path}").status_code == 404
    for path in ("recipients/", "switch/"):
        assert client.post(f"/surveys/{survey.pk}/{path}", {"open": "no"}).status_code == 404
    assert "After the visit" not in client.get("/surveys/").content.decode()
    client.force_login(alice)
    assert client.get(f"/surveys/{survey.pk}/").status_code == 200
    assert client.post(f"/surveys/{survey.pk}/switch/", {"open": "no"}).status_code == 404, "an agent looks, no more"
    assert client.get(f"/surveys/{10**30}/").status_code == 404


def test_a_survey_is_closed_and_opened_again(client: Client, survey: Survey, bob: User) -> None:
    client.force_login(bob)
    client.post(f"/surveys/{survey.pk}/switch/", {"open": "no"})
    survey.refresh_from_db()
    assert survey.closed_at is not None
    client.post(f"/surveys/{survey.pk}/switch/", {"open": "yes"})
    survey.refresh_from_db()
    assert survey.closed_at is None


def test_the_pages_are_in_german(client: Client, survey: Survey, bob: User) -> None:
    client.force_login(bob)
    page = client.get(f"/surveys/{survey.pk}/?lang=de").content.decode()
    assert "Neueste Antworten" in page
    assert "16,7" in page
    assert 'width="33.3"' in page or 'width="100.0"' in page, "numbers of the chart are for the browser"


def test_figures_of_the_api(client: Client, survey: Survey) -> None:
    token = create_token(actor=SYSTEM, name="t", scopes=["review"])
    headers = {"Authorization": f"Bearer {token}"}
    one: dict[str, Any] = client.get(f"/api/v1/surveys/{survey.pk}", headers=headers).json()
    assert (one["responses"], one["happy"], one["unhappy"], one["value"]) == (6, 3, 2, 16.7)
    assert one["low"] < 16.7 < one["high"]
    assert one["rows"][0] == {"score": 0, "count": 1, "share": 16.7, "mood": "unhappy"}
    assert len(client.get("/api/v1/surveys", headers=headers).json()) == 1
    listed = client.get(f"/api/v1/surveys/{survey.pk}/answers", headers=headers).json()
    assert [row["score"] for row in listed] == [0, 6, 8, 9, 10, 10]
    body = json.dumps({"name": "n", "unit": "london", "kind": "effort", "unhappy_bound": 6})
    made = client.post("/api/v1/surveys", data=body, content_type="application/json", headers=headers)
    assert made.status_code == 201
    closed = client.post(
        f"/api/v1/surveys/{made.json()['id']}/state",
        data='{"open": false}',
        content_type="application/json",
        headers=headers,
    )
    assert closed.json()["closed"] is True


def test_the_net_promoter_score_and_its_interval() -> None:
    found = figures("nps", kinds()["nps"], {10: 50, 8: 30, 3: 20})
    assert (found.value, found.happy, found.unhappy) == (30.0, 50, 20)
    assert found.low is not None
    assert found.high is not None
    assert 13 < found.low < 15
    assert 44 < found.high < 46
    assert figures("nps", kinds()["nps"], {}).value is None
    few = figures("nps", kinds()["nps"], {10: 1})
    assert few.value == 100.0
    assert few.low is not None
    assert few.low < 20, "one answer proves little"


def test_the_share_of_happy_answers() -> None:
    found = figures("satisfaction", kinds()["satisfaction"], {5: 8, 4: 1, 1: 1})
    assert (found.value, found.low, found.high) == (90.0, 59.6, 98.2)
    assert found.mean == 4.5
    easy = figures("effort", kinds()["effort"], {1: 1, 7: 1})
    assert (easy.happy, easy.unhappy, easy.value) == (1, 1, 50.0)


@pytest.mark.parametrize(
    ("text", "score"), [("0", 0), ("10", 10), ("9.0", 9), (" 7 ", 7), ("4.5", None), ("+3", None), ("٣", None)]
)
def test_scores_as_others_write_them(text: str, score: int | None) -> None:
    assert score_of(text, kinds()["nps"]) == score


def test_moods() -> None:
    assert [kinds()["satisfaction"].mood(score) for score in (2, 3, 4)] == [Mood.UNHAPPY, Mood.NEUTRAL, Mood.HAPPY]


def test_a_story_of_nobody_is_still_told(house: House, survey: Survey) -> None:
    answer = click(click=Click(survey_id=survey.pk, score=1, source=AnswerSource.QR, once="anonymous"))
    told = tell(answer_id=answer.pk, story=Story(words="The lift was broken."))
    assert told.complaint is not None
    assert told.complaint.customer.email == told.complaint.customer.phone == ""
    assert told.complaint.attributes["anonymous"] == "yes"
