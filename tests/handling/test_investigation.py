"""The guided investigation of a case."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from amends.accounts.public import SYSTEM, User, customer_actor
from amends.audit.public import records_of
from amends.cases.public import Complaint, NewFile, access_complaint, receive_message, record_assessment
from amends.core.errors import BadInput, NotAllowed, NotFound
from amends.handling.models import AnswerVersion
from amends.handling.public import answer_question, answers_of, investigation_of, playbook_for
from tests.people import House, actor, new_complaint

pytestmark = pytest.mark.django_db


@pytest.fixture
def device_case(complaint: Complaint) -> Complaint:
    """A complaint that was found to be about the goods."""
    return record_assessment(actor=SYSTEM, complaint_id=complaint.pk, values={"category": "goods_quality"})


def test_the_first_answer_starts_the_investigation_and_is_on_record_without_its_words(
    alice: User, device_case: Complaint
) -> None:
    answer_question(
        actor=actor(alice), complaint_id=device_case.pk, question_key="context", text="Bought in May, used daily"
    )
    device_case.refresh_from_db()
    assert device_case.phase == "investigating"
    rows = [row for row in records_of(f"complaint:{device_case.pk}") if row.kind == "question_answered"]
    assert rows[0].data["question"] == "context"
    assert "May" not in str(rows[0].data)


def test_an_answer_is_one_and_its_earlier_wordings_stay(alice: User, bob: User, device_case: Complaint) -> None:
    for who, text in ((alice, "Nothing"), (alice, "Nothing"), (bob, "An update on 3 May")):
        answer_question(actor=actor(who), complaint_id=device_case.pk, question_key="changes", text=text)
    assert [(one.text, one.author_name) for one in answers_of(device_case)] == [("An update on 3 May", "Bob Example")]
    assert list(AnswerVersion.objects.values_list("number", "text")) == [(1, "Nothing"), (2, "An update on 3 May")]


def test_a_choice_opens_its_branch_and_what_was_answered_never_disappears(
    alice: User, device_case: Complaint, django_assert_num_queries: Any
) -> None:
    answer_question(actor=actor(alice), complaint_id=device_case.pk, question_key="part", text="power")
    answer_question(
        actor=actor(alice), complaint_id=device_case.pk, question_key="charger", text="The one from the box"
    )
    answer_question(actor=actor(alice), complaint_id=device_case.pk, question_key="part", text="mechanical")
    shown = access_complaint(actor(alice), device_case.pk)
    with django_assert_num_queries(2):
        playbook, asked = investigation_of(shown, "de")
    keys = [one.question.key for one in asked]
    assert playbook.key == "device"
    assert "charger" in keys
    assert "version" not in keys
    assert next(one for one in asked if one.question.key == "part").shown == "Gehäuse oder bewegliches Teil"


def test_a_case_keeps_the_playbook_it_was_begun_with(alice: User, device_case: Complaint) -> None:
    answer_question(actor=actor(alice), complaint_id=device_case.pk, question_key="part", text="power")
    changed = record_assessment(
        actor=SYSTEM, complaint_id=device_case.pk, values={"category": "billing"}, corrected=True
    )
    assert playbook_for(changed).key == "device"


@pytest.mark.parametrize(
    ("key", "text"), [("nonsense", "x"), ("context", " \x00 "), ("context", "x" * 20_001), ("part", "something else")]
)
def test_an_answer_that_does_not_fit_is_refused(alice: User, device_case: Complaint, key: str, text: str) -> None:
    with pytest.raises(BadInput):
        answer_question(actor=actor(alice), complaint_id=device_case.pk, question_key=key, text=text)
    device_case.refresh_from_db()
    assert device_case.phase == "registered"


def test_outsiders_and_readers_cannot_answer(charlie: User, conny: User, device_case: Complaint) -> None:
    for who, error in ((charlie, NotFound), (conny, NotAllowed)):
        with pytest.raises(error):
            answer_question(actor=actor(who), complaint_id=device_case.pk, question_key="context", text="x")


def test_files_of_the_case_are_evidence_and_those_of_another_are_not(
    alice: User, house: House, device_case: Complaint
) -> None:
    def file_in(about: Complaint, name: str) -> int:
        who = customer_actor(complaint_id=about.pk, name="Maya Okafor")
        files = [NewFile(name=name, content_type="image/png", data=name.encode())]
        message = receive_message(actor=who, complaint_id=about.pk, channel="portal", text="Look", files=files)
        return message.attachments.get().pk

    mine, foreign = file_in(device_case, "meter.png"), file_in(new_complaint(house.london, text="Other"), "other.png")
    given: dict[str, Any] = {"actor": actor(alice), "complaint_id": device_case.pk, "question_key": "context"}
    answer = answer_question(**given, text="See the picture", evidence=[mine])
    assert [one.name for one in answer.evidence.all()] == ["meter.png"]
    answer_question(**given, text="See the picture, left")
    assert answer.evidence.count() == 1, "a new wording keeps its files"
    with pytest.raises(BadInput, match="files of this case"):
        answer_question(**given, text="See the picture", evidence=[mine, foreign])
    client = Client()
    client.force_login(alice)
    html = client.get(f"/cases/{device_case.reference}/panels/investigation/").content.decode()
    assert "meter.png" in html
    assert "other.png" not in html
    client.post(f"/cases/{device_case.reference}/questions/context/", {"text": "See the picture, left"})
    assert answer.evidence.count() == 0, "no file is ticked in the form"
