"""An unhappy answer is asked at once what would have made it better, and is a complaint whatever the customer does next."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.people import House, actor

from amends.accounts.public import SYSTEM, User
from amends.audit.public import Record
from amends.cases.public import Complaint, Message
from amends.core import clock
from amends.intake.channels.survey.answering import PER_VISITOR, register_due
from amends.intake.channels.survey.models import AnswerState, Survey, SurveyAnswer, SurveyRecipient
from amends.intake.channels.survey.recipients import NewRecipient, add_recipients
from amends.intake.channels.survey.surveys import create_survey
from amends.intake.channels.survey.tokens import token_of

MONDAY = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def survey(house: House) -> Survey:
    return create_survey(actor=SYSTEM, name="After the visit", unit=house.london, kind="nps")


def link(survey: Survey, way: str = "") -> str:
    return f"/ask/{way}{token_of('survey-link', survey.key)}/"


def stamp_of(page: Any) -> str:
    found = re.search(r'name="stamp" value="([^"]+)"', page.content.decode())
    assert found is not None
    return found[1]


def choose(client: Client, address: str, score: int | str, *, stamp: str = "", **headers: str) -> Any:
    stamp = stamp or stamp_of(client.get(address.partition("?")[0]))
    return client.post(address, {"stamp": stamp, "score": score}, **headers)  # type: ignore[arg-type]  # REMOTE_ADDR


def test_the_first_click_is_stored_at_once_and_asks_for_the_story(client: Client, survey: Survey) -> None:
    with clock.frozen_at(MONDAY):
        answer = choose(client, link(survey), 3)
        assert answer.status_code == 302
        stored = SurveyAnswer.objects.get()
        assert (stored.score, stored.state, stored.source) == (3, AnswerState.WAITING, "link")
        assert stored.due_at == MONDAY + timedelta(minutes=10)
        page = client.get(answer["Location"]).content.decode()
    assert "What would have made it better?" in page
    assert 'name="email"' in page
    assert Complaint.objects.count() == 0


def test_the_story_makes_the_complaint_received_when_the_customer_clicked(client: Client, survey: Survey) -> None:
    with clock.frozen_at(MONDAY):
        where = choose(client, link(survey), 3)["Location"]
    with clock.frozen_at(MONDAY + timedelta(minutes=4)):
        answer = client.post(
            where, {"words": "I waited an hour at the counter.", "name": "Maya Okafor", "email": "Maya@Example.org"}
        )
    assert answer.status_code == 200
    assert "See what happens next" in answer.content.decode()
    complaint = Complaint.objects.get()
    assert complaint.channel == "survey"
    assert complaint.unit == survey.unit
    assert complaint.text == "I waited an hour at the counter."
    assert complaint.customer.email == "maya@example.org"
    assert complaint.received_at == MONDAY
    assert complaint.attributes["score"] == 3
    assert complaint.attributes["score_scale"] == "0-10"
    assert complaint.attributes["survey"] == "After the visit"
    assert "anonymous" not in complaint.attributes
    assert SurveyAnswer.objects.get().complaint == complaint


def test_whoever_leaves_after_the_click_is_a_complaint_after_ten_minutes_with_what_there_is(
    client: Client, survey: Survey
) -> None:
    with clock.frozen_at(MONDAY):
        choose(client, link(survey), 2)
    with clock.frozen_at(MONDAY + timedelta(minutes=9, seconds=59)):
        assert register_due() == 0
        assert Complaint.objects.count() == 0
    with clock.frozen_at(MONDAY + timedelta(minutes=10)):
        assert register_due() == 1
        assert register_due() == 0
    complaint = Complaint.objects.get()
    assert complaint.subject == "Not satisfied: 2 of 10 (After the visit)"
    assert complaint.text == "Not satisfied: 2 of 10. No words were left."
    assert complaint.attributes["anonymous"] == "yes"
    assert complaint.attributes["without_words"] == "yes"
    assert complaint.received_at == MONDAY


def test_a_late_story_joins_the_same_complaint_and_brings_the_address(client: Client, survey: Survey) -> None:
    with clock.frozen_at(MONDAY):
        where = choose(client, link(survey), 2)["Location"]
    with clock.frozen_at(MONDAY + timedelta(minutes=11)):
        register_due()
    with clock.frozen_at(MONDAY + timedelta(minutes=40)):
        client.post(where, {"words": "The heating was off.", "name": "Maya", "email": "maya@example.org"})
        client.post(where, {"words": "The heating was off.", "name": "Maya", "email": "maya@example.org"})
    complaint = Complaint.objects.select_related("customer").get()
    joined = Message.objects.filter(complaint=complaint, direction="in").order_by("id")
    assert [one.text for one in joined] == ["Not satisfied: 2 of 10. No words were left.", "The heating was off."]
    assert complaint.customer.email == "maya@example.org"


def test_the_address_of_somebody_known_already_breaks_nothing(
    client: Client, survey: Survey, complaint: Complaint
) -> None:
    with clock.frozen_at(MONDAY):
        where = choose(client, link(survey), 2)["Location"]
    with clock.frozen_at(MONDAY + timedelta(minutes=11)):
        register_due()
        client.post(where, {"words": "Cold.", "name": complaint.customer.name, "email": complaint.customer.email})
    late = Message.objects.get(text="Cold.")
    assert late.from_address == complaint.customer.email


def test_a_happy_answer_is_stored_thanked_and_counted_but_no_complaint(client: Client, survey: Survey) -> None:
    with clock.frozen_at(MONDAY):
        where = choose(client, link(survey), 9)["Location"]
        page = client.get(where).content.decode()
        assert "Thank you" in page
        assert "How can I reach you" not in page
        client.post(where, {"words": "Lovely staff."})
    with clock.frozen_at(MONDAY + timedelta(hours=1)):
        register_due()
    stored = SurveyAnswer.objects.get()
    assert (stored.state, stored.words) == (AnswerState.COUNTED, "Lovely staff.")
    assert Complaint.objects.count() == 0


@pytest.mark.parametrize(
    ("kind", "unhappy", "content"),
    [("nps", [0, 6], [7, 10]), ("satisfaction", [1, 2], [3, 5]), ("effort", [5, 7], [1, 4])],
)
def test_the_thresholds_of_each_kind(
    client: Client, house: House, kind: str, unhappy: list[int], content: list[int]
) -> None:
    survey = create_survey(actor=SYSTEM, name=kind, unit=house.london, kind=kind)
    for score in (*unhappy, *content):
        choose(client, link(survey), score)
    waiting = SurveyAnswer.objects.filter(state="waiting").values_list("score", flat=True)
    assert sorted(waiting) == unhappy


def test_a_survey_may_set_its_own_threshold(client: Client, house: House) -> None:
    survey = create_survey(actor=SYSTEM, name="x", unit=house.london, kind="satisfaction", unhappy_bound=3)
    choose(client, link(survey), 3)
    assert SurveyAnswer.objects.get().state == "waiting"


def test_opening_links_counts_for_nothing(client: Client, house: House, survey: Survey) -> None:
    add_recipients(actor=SYSTEM, survey_id=survey.pk, people=[NewRecipient("maya@example.org")])
    own = f"/ask/me/{token_of('survey-recipient', SurveyRecipient.objects.get().key)}/"
    for address in (link(survey), own):
        for score in range(11):
            assert client.get(f"{address}?score={score}").status_code == 200
            assert client.head(f"{address}?score={score}").status_code in (200, 405)
    assert SurveyAnswer.objects.count() == 0


def test_a_link_with_a_score_shows_one_button_that_the_script_presses(client: Client, survey: Survey) -> None:
    page = client.get(f"{link(survey)}?score=4").content.decode()
    assert "data-submit-at-once" in page
    assert re.search(r'<button type="submit"[^>]*name="score" value="4"', page)
    assert "data-submit-at-once" not in client.get(f"{link(survey)}?score=11").content.decode()


def test_a_double_click_is_one_answer(client: Client, survey: Survey) -> None:
    page = client.get(link(survey))
    one, two = (choose(client, link(survey), 3, stamp=stamp_of(page)) for _ in range(2))
    assert one["Location"] == two["Location"]
    assert SurveyAnswer.objects.count() == 1


def test_a_wrong_click_can_be_mended_until_it_is_a_complaint(client: Client, survey: Survey) -> None:
    stamp = stamp_of(client.get(link(survey)))
    with clock.frozen_at(clock.now()):
        choose(client, link(survey), 1, stamp=stamp)
        choose(client, link(survey), 10, stamp=stamp)
        assert (SurveyAnswer.objects.get().score, SurveyAnswer.objects.get().state) == (10, "counted")
        choose(client, link(survey), 1, stamp=stamp)
        register_due(clock.now() + timedelta(minutes=10))
        choose(client, link(survey), 10, stamp=stamp)
    assert SurveyAnswer.objects.get().score == 1
    assert Complaint.objects.count() == 1


def test_each_recipient_has_one_answer_with_what_is_known_of_them(client: Client, survey: Survey) -> None:
    person = NewRecipient(
        "Maya@Example.org", "Maya Okafor", "de", "+44 7700 900123", {"order": "N-1", "product": "Aria One"}
    )
    add_recipients(actor=SYSTEM, survey_id=survey.pk, people=[person])
    own = f"/ask/me/{token_of('survey-recipient', SurveyRecipient.objects.get().key)}/"
    assert 'lang="de"' in client.get(own).content.decode()
    first = choose(client, own, 0)
    again = client.get(own)
    assert again.status_code == 302
    assert again["Location"] == first["Location"]
    page = client.get(first["Location"]).content.decode()
    assert 'name="email"' not in page
    client.post(first["Location"], {"words": "Kaputt geliefert."})
    complaint = Complaint.objects.select_related("customer", "product").get()
    assert complaint.customer.email == "maya@example.org"
    assert complaint.language == "de"
    assert complaint.product is not None
    assert complaint.attributes["order"] == "N-1"
    assert complaint.subject.startswith("Nicht zufrieden: 0 von 10")


def test_a_phone_number_alone_is_a_way_to_answer(client: Client, survey: Survey) -> None:
    where = choose(client, link(survey), 2)["Location"]
    client.post(where, {"words": "Rude.", "phone": "+44 20 7946 0999"})
    complaint = Complaint.objects.select_related("customer").get()
    assert complaint.customer.phone == "+44 20 7946 0999"
    assert "anonymous" not in complaint.attributes


@pytest.mark.parametrize("score", ["", "11", "-1", "3.5", "nine", "\x00", "9" * 5000])
def test_a_score_off_the_scale_is_refused(client: Client, survey: Survey, score: str) -> None:
    assert choose(client, link(survey), score).status_code == 422
    assert SurveyAnswer.objects.count() == 0


@pytest.mark.parametrize("stamp", ["", "x", "1.2.3", "\x00"])
def test_a_page_that_was_not_ours_asks_once_more(client: Client, survey: Survey, stamp: str) -> None:
    answer = client.post(link(survey), {"stamp": stamp, "score": "3"})
    assert answer.status_code == 422
    assert "data-submit-at-once" in answer.content.decode()


@pytest.mark.parametrize("token", ["x", "0" * 32 + "." + "a" * 24, "%00", "x" * 3000])
@pytest.mark.parametrize("way", ["", "me/", "frame/", "answer/"])
def test_a_wrong_link_is_a_page_that_says_so(client: Client, survey: Survey, way: str, token: str) -> None:
    assert client.get(f"/ask/{way}{token}/").status_code == 404


def test_tokens_of_one_purpose_open_nothing_else(client: Client, survey: Survey) -> None:
    choose(client, link(survey), 3)
    foreign = token_of("survey-link", SurveyAnswer.objects.get().key)
    assert client.get(f"/ask/answer/{foreign}/").status_code == 404


def test_odd_words_are_cleaned_and_too_long_ones_kept_in_the_form(client: Client, survey: Survey) -> None:
    where = choose(client, link(survey), 3)["Location"]
    assert client.post(where, {"words": "x" * 30_000}).status_code == 422
    assert client.post(where, {"words": "", "email": ""}).status_code == 422
    assert client.post(where, {"words": "a", "email": "not an address"}).status_code == 422
    assert Complaint.objects.count() == 0
    assert (
        client.post(
            where, {"words": "a\x00b \ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")}
        ).status_code
        == 200
    )
    assert Complaint.objects.get().text.startswith("ab")


def test_a_machine_is_stopped_and_a_busy_counter_is_not(client: Client, survey: Survey) -> None:
    stamp = [stamp_of(client.get(link(survey))) for _ in range(PER_VISITOR + 1)]
    for one in stamp[:-1]:
        assert choose(client, link(survey), 9, stamp=one).status_code == 302
    assert choose(client, link(survey), 9, stamp=stamp[-1]).status_code == 429
    other = choose(client, link(survey), 9, stamp=stamp[-1], REMOTE_ADDR="192.0.2.9")
    assert other.status_code == 302


def test_a_closed_survey_says_so_and_stores_nothing(client: Client, survey: Survey, ada: User) -> None:
    from amends.intake.channels.survey.surveys import set_open

    stamp = stamp_of(client.get(link(survey)))
    set_open(actor=actor(ada), survey_id=survey.pk, open_=False)
    assert choose(client, link(survey), 3, stamp=stamp).status_code == 410
    assert "over" in client.get(link(survey)).content.decode()
    assert SurveyAnswer.objects.count() == 0


def test_only_the_sites_of_the_survey_may_frame_it(client: Client, house: House, survey: Survey) -> None:
    framed = create_survey(
        actor=SYSTEM, name="site", unit=house.london, kind="nps", origins=["https://www.northlight.example/"]
    )
    page = client.get(link(framed, "frame/"))
    assert "frame-ancestors https://www.northlight.example" in page["Content-Security-Policy"]
    assert "X-Frame-Options" not in page
    answer = choose(client, link(framed, "frame/"), 3)
    inside = client.get(answer["Location"])
    assert "frame-ancestors https://www.northlight.example" in inside["Content-Security-Policy"]
    for address in (link(framed), link(survey, "frame/")):
        page = client.get(address)
        assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
        assert page["X-Frame-Options"] == "DENY"
    assert SurveyAnswer.objects.get().source == "embedded"


def test_the_way_of_a_qr_code_is_kept(client: Client, survey: Survey) -> None:
    stamp = stamp_of(client.get(f"{link(survey)}?via=qr&score=2"))
    choose(client, f"{link(survey)}?via=qr", 2, stamp=stamp)
    assert SurveyAnswer.objects.get().source == "qr"


def test_the_record_has_the_answer_without_a_name_or_word(client: Client, survey: Survey) -> None:
    where = choose(client, link(survey), 3)["Location"]
    client.post(where, {"words": "Secret words", "email": "maya@example.org"})
    rows = Record.objects.filter(chain=f"survey:{survey.pk}")
    assert {row.kind for row in rows} >= {"survey_created", "survey_answered"}
    assert not any("maya" in str(row.data) or "Secret" in str(row.data) for row in Record.objects.all())
