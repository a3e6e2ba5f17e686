"""A message is a complaint, a concern put right at once, or something else; in doubt a person says which, and can take it back."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from amends.accounts.public import SYSTEM, Scope, User, actor_for_user, create_token
from amends.audit.public import records_of
from amends.cases.public import Complaint, Message, receive_message
from amends.clocks.models import Clock
from amends.core import clock
from amends.core.errors import BadInput, Conflict, NotFound
from amends.triage import jobs
from amends.triage.lanes import Facts, LaneName, lane_of
from amends.triage.learned.model import model
from amends.triage.lists import lane_list
from amends.triage.models import JudgedMessage, Lane, LaneDecision
from amends.triage.public import assess_complaint, correct, decide_lane, take_back_lane
from amends.voice.decision import Acknowledge
from amends.voice.services import acknowledge, overdue_acknowledgements
from tests.people import House, new_complaint

pytestmark = pytest.mark.urls("tests.triage.urls")
CALM = "Hello, could you please tell me what time you open on Saturday? Many thanks in advance."
BROKEN = "The kettle broke after four days and nobody answers my e-mails. I want my money back."
MILD = "Lovely teapot, the lid is slightly loose, not a big deal."


def assessed(house: House, text: str, *, channel: str = "email") -> Complaint:
    complaint = new_complaint(house.london, text=text, channel=channel, subject="")
    assess_complaint(actor=SYSTEM, complaint_id=complaint.pk)
    complaint.refresh_from_db()
    return complaint


def lane(complaint: Complaint) -> str:
    return Lane.objects.get(complaint=complaint).lane


def running(complaint: Complaint) -> int:
    return Clock.objects.filter(complaint=complaint, stopped_at=None).count()


@pytest.mark.parametrize(
    ("label", "probability", "language", "channel", "delicate", "expected"),
    [
        ("complaint", 0.9, "en", "email", False, LaneName.COMPLAINT),
        ("concern", 0.9, "en", "email", False, LaneName.TO_DECIDE),
        ("other", 0.3, "en", "email", False, LaneName.TO_DECIDE),
        ("other", 0.05, "en", "email", False, LaneName.OTHER),
        ("other", 0.05, "en", "chat", False, LaneName.OTHER),
        ("other", 0.05, "en", "web", False, LaneName.TO_DECIDE),
        ("other", 0.05, "en", "phone", False, LaneName.TO_DECIDE),
        ("other", 0.05, "en", "email", True, LaneName.TO_DECIDE),
        ("complaint", 0.5, "fi", "email", False, LaneName.TO_DECIDE),
    ],
)
def test_the_middle_the_mild_and_the_form_go_to_a_person(
    label: str, probability: float, language: str, channel: str, delicate: bool, expected: LaneName
) -> None:
    facts = Facts(label, probability, language, channel, delicate, low=0.1, high=0.6)
    assert lane_of(facts) is expected


def test_a_complaint_keeps_its_clocks_and_gets_its_letter(house: House) -> None:
    complaint = assessed(house, BROKEN)
    assert lane(complaint) == "complaint"
    assert running(complaint) > 0
    assert acknowledge(complaint_id=complaint.pk) is Acknowledge.BY_LETTER


def test_a_mere_question_by_mail_gets_no_letter_and_no_clock_but_stays_in_a_list(house: House, alice: User) -> None:
    complaint = assessed(house, CALM)
    assert lane(complaint) == "other"
    assert running(complaint) == 0
    assert complaint.next_due_at is None or Complaint.objects.get(pk=complaint.pk).next_due_at is None
    assert acknowledge(complaint_id=complaint.pk) is Acknowledge.PERHAPS_NO_COMPLAINT
    assert not Message.objects.filter(complaint=complaint, direction="out").exists()
    assert complaint.pk not in overdue_acknowledgements(clock.now() + timedelta(minutes=5))
    rows, following = lane_list(actor_for_user(alice), "other")
    assert [one.complaint.pk for one in rows] == [complaint.pk]
    assert following is None


def test_what_came_over_the_form_is_never_put_aside_by_the_model(house: House) -> None:
    complaint = assessed(house, CALM, channel="web")
    assert lane(complaint) == "to_decide"
    assert running(complaint) > 0
    assert acknowledge(complaint_id=complaint.pk) is Acknowledge.BY_LETTER


def test_something_else_that_is_a_complaint_after_all_has_had_its_clocks_since_the_receipt(
    house: House, alice: User
) -> None:
    complaint = assessed(house, CALM)
    before = {one.pk: (one.started_at, one.due_at) for one in Clock.objects.filter(complaint=complaint)}
    assert before
    with clock.frozen_at(clock.now() + timedelta(hours=3)):
        decide_lane(actor=actor_for_user(alice), complaint_id=complaint.pk, lane="complaint")
        again = Clock.objects.filter(complaint=complaint, stopped_at=None)
        assert {one.pk: (one.started_at, one.due_at) for one in again} == before
        assert all(one.started_at == complaint.received_at for one in again)
    complaint.refresh_from_db()
    assert complaint.label == "complaint"
    assert complaint.next_due_at is not None
    assert acknowledge(complaint_id=complaint.pk) is Acknowledge.BY_LETTER


def test_a_person_puts_a_message_aside_and_takes_it_back(house: House, alice: User) -> None:
    complaint = assessed(house, BROKEN)
    actor = actor_for_user(alice)
    clocks = running(complaint)
    row = decide_lane(actor=actor, complaint_id=complaint.pk, lane="other")
    complaint.refresh_from_db()
    assert (row.by_person, row.by_name, complaint.label) == (True, alice.name, "other")
    assert running(complaint) == 0
    row = take_back_lane(actor=actor, complaint_id=complaint.pk)
    complaint.refresh_from_db()
    assert (row.lane, complaint.label, running(complaint)) == ("complaint", "complaint", clocks)
    with pytest.raises(Conflict):
        take_back_lane(actor=actor, complaint_id=complaint.pk)
    kept = LaneDecision.objects.filter(complaint=complaint).order_by("id").values_list("before", "after", "taken_back")
    assert list(kept) == [("complaint", "other", False), ("other", "complaint", True)]
    kinds = [one.kind for one in records_of(f"complaint:{complaint.pk}")]
    assert kinds.count("lane_decided") == 3


def test_a_concern_says_what_was_done_and_is_resolved_by_it(house: House, alice: User) -> None:
    complaint = assessed(house, MILD)
    assert lane(complaint) == "to_decide"
    actor = actor_for_user(alice)
    with pytest.raises(BadInput):
        decide_lane(actor=actor, complaint_id=complaint.pk, lane="concern", done="  ")
    decide_lane(actor=actor, complaint_id=complaint.pk, lane="concern", done="Sent a new lid by post.")
    complaint.refresh_from_db()
    assert (complaint.phase, complaint.outcome) == ("resolved", "resolved_informally")
    assert (complaint.label, complaint.outcome_reason) == ("concern", "Sent a new lid by post.")
    take_back_lane(actor=actor, complaint_id=complaint.pk)
    complaint.refresh_from_db()
    assert (complaint.phase, lane(complaint)) == ("investigating", "to_decide")


def test_a_decision_of_a_person_is_not_overruled_by_a_new_assessment(house: House, alice: User) -> None:
    complaint = assessed(house, BROKEN)
    decide_lane(actor=actor_for_user(alice), complaint_id=complaint.pk, lane="other")
    Complaint.objects.filter(pk=complaint.pk).update(text=BROKEN + " This is a formal complaint.")
    assess_complaint(actor=SYSTEM, complaint_id=complaint.pk)
    complaint.refresh_from_db()
    assert (lane(complaint), complaint.label) == ("other", "other")


def test_correcting_the_label_moves_the_message_to_its_lane(house: House, alice: User) -> None:
    complaint = assessed(house, BROKEN)
    correct(actor=actor_for_user(alice), complaint_id=complaint.pk, values={"label": "other"})
    assert (lane(complaint), running(complaint)) == ("other", 0)


def test_a_done_case_is_not_put_aside(house: House, alice: User) -> None:
    complaint = assessed(house, MILD)
    decide_lane(actor=actor_for_user(alice), complaint_id=complaint.pk, lane="concern", done="Lid sent.")
    with pytest.raises(Conflict):
        decide_lane(actor=actor_for_user(alice), complaint_id=complaint.pk, lane="other")


def test_the_lane_remembers_the_model_and_its_thresholds(house: House) -> None:
    complaint = assessed(house, BROKEN)
    row = Lane.objects.get(complaint=complaint)
    used = model().description
    assert row.thresholds == f"{used.version} {used.low:.3f}-{used.high:.3f}"
    assert row.probability == complaint.probability
    assert not row.by_person


def test_the_database_wants_to_know_what_was_done(house: House) -> None:
    row = Lane.objects.get(complaint=assessed(house, BROKEN))
    with pytest.raises(IntegrityError), transaction.atomic():
        Lane.objects.filter(pk=row.pk).update(lane="concern", by_person=True)


def test_an_outsider_neither_sees_nor_decides(house: House, charlie: User) -> None:
    complaint = assessed(house, MILD)
    actor = actor_for_user(charlie)
    assert lane_list(actor, "to_decide")[0] == []
    with pytest.raises(NotFound):
        decide_lane(actor=actor, complaint_id=complaint.pk, lane="other")
    browser = Client()
    browser.force_login(charlie)
    for route in ("lane", "lane/back"):
        assert browser.post(f"/cases/{complaint.reference}/{route}/", {"lane": "other"}).status_code == 404
    assert complaint.reference not in browser.get("/lanes/").content.decode()


def test_the_list_pages_by_key_in_the_order_of_receipt(house: House, alice: User) -> None:
    made = [assessed(house, MILD) for _ in range(5)]
    actor = actor_for_user(alice)
    first, cursor = lane_list(actor, "to_decide", limit=2)
    assert cursor is not None
    second, cursor = lane_list(actor, "to_decide", after=cursor, limit=2)
    assert cursor is not None
    third, cursor = lane_list(actor, "to_decide", after=cursor, limit=2)
    assert cursor is None
    assert [one.complaint.pk for one in (*first, *second, *third)] == [one.pk for one in made]
    with CaptureQueriesContext(
        connection,
    ) as asked:
        lane_list(actor, "to_decide")
    assert len(asked) <= 3
    with pytest.raises(BadInput):
        lane_list(actor, "to_decide", after="nonsense")
    with pytest.raises(BadInput):
        lane_list(actor, "complaint")


def test_the_page_decides_with_one_button_and_offers_to_take_it_back(house: House, alice: User) -> None:
    complaint = assessed(house, MILD)
    browser = Client()
    browser.force_login(alice)
    page = browser.get("/lanes/").content.decode()
    assert str(complaint.reference) in page
    for key in ("c", "o", "f"):
        assert f'data-key="{key}"' in page
    answer = browser.post(f"/cases/{complaint.reference}/lane/", {"lane": "other", "from": "to_decide"})
    assert answer.status_code == 302
    page = browser.get(answer["Location"]).content.decode()
    assert "Take it back" in page
    browser.post(f"/cases/{complaint.reference}/lane/back/", {"from": "to_decide"})
    assert lane(complaint) == "to_decide"
    assert browser.get("/lanes/nowhere/").status_code == 404
    assert browser.post(f"/cases/{complaint.reference}/lane/", {"lane": "x"}).status_code == 422
    assert browser.get("/lanes/?after=zzz").status_code in (400, 422)


def test_the_api_lists_decides_and_takes_back(house: House) -> None:
    complaint = assessed(house, MILD)
    secret = create_token(actor=SYSTEM, name="script", scopes=[Scope.READ, Scope.WORK])
    browser = Client(headers={"authorization": f"Bearer {secret}"})
    listed = browser.get("/api/v1/lanes/to_decide").json()
    assert [one["reference"] for one in listed["items"]] == [complaint.reference]
    address = f"/api/v1/complaints/{complaint.reference}/lane"
    said = browser.put(address, json.dumps({"lane": "concern", "done": "Lid sent."}), content_type="application/json")
    assert (said.status_code, said.json()["lane"], said.json()["by"]) == (200, "concern", "script")
    assert browser.delete(address).json()["lane"] == "to_decide"


def later(complaint: Complaint, text: str) -> Message:
    return receive_message(
        actor=SYSTEM, complaint_id=complaint.pk, channel="email", text=text, from_address=complaint.customer.email
    )


def test_every_later_message_gets_its_probability_once(house: House) -> None:
    complaint = assessed(house, BROKEN)
    calm, angry = later(complaint, "Here is the photo you asked for."), later(complaint, BROKEN)
    for _ in range(2):
        jobs.judge_message(message_id=calm.pk)
        jobs.judge_message(message_id=angry.pk)
    told = dict(JudgedMessage.objects.values_list("message_id", "probability"))
    assert told[calm.pk] < 0.5 < told[angry.pk]
    assert len(told) == 2
    assert lane(complaint) == "complaint"
    assert jobs.judge_message(message_id=987_654_321) == "there is no such message"


def test_an_unhappy_later_message_brings_a_case_back_that_was_put_aside(house: House, alice: User) -> None:
    complaint = assessed(house, CALM)
    decide_lane(actor=actor_for_user(alice), complaint_id=complaint.pk, lane="other")
    jobs.judge_message(message_id=later(complaint, "Thanks, that is all.").pk)
    assert (lane(complaint), running(complaint)) == ("other", 0)
    jobs.judge_message(message_id=later(complaint, "I stood in front of a locked door. This is unacceptable!").pk)
    assert lane(complaint) == "to_decide"
    assert running(complaint) > 0
