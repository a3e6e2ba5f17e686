"""In a serious case somebody at the top writes: proposed by rules, in the customer's own words, with four eyes, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from tests.people import House, actor, new_complaint, person

from amends.accounts.public import SYSTEM, Role, User
from amends.cases.public import (
    Complaint,
    Message,
    Person,
    add_point,
    assign,
    hide_from,
    portal_token,
    record_assessment,
)
from amends.core import clock
from amends.core.errors import BadInput, Conflict, NotAllowed, NotFound
from amends.notifications.models import StandIn
from amends.notifications.public import unread
from amends.routing.criteria_rules import Facts, read_criteria
from amends.routing.leadership import (
    decline_letter,
    leaders_for,
    letter_of,
    prepare_letter,
    propose_letter,
    return_letter,
    send_letter,
)
from amends.routing.letter_models import LeadershipLetter
from amends.routing.models import FiredCriterion

WORDS = "I have spoken to the workshop in person. They keep a new Aria One ready for you."


def prepare(complaint: Complaint, by: User, leader: User, words: str = WORDS) -> LeadershipLetter:
    return prepare_letter(actor=actor(by), complaint_id=complaint.pk, leader_id=leader.pk, own_words=words)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (Facts(death=True), {"letter_death"}),
        (Facts(safety=True), {"letter_safety"}),
        (Facts(severity=4), {"letter_severity"}),
        (Facts(severity=3), set()),
        (Facts(clock_percent=200), {"letter_delay"}),
        (Facts(value=5001), {"letter_value"}),  # type: ignore[arg-type]  # compares like a Decimal
        (Facts(failed_tries=3), {"letter_failures"}),
    ],
)
def test_the_criteria_say_when_somebody_at_the_top_writes(facts: Facts, expected: set[str]) -> None:
    rules = read_criteria()
    assert {one.key for one in rules.matching(facts) if one.action == "letter"} == expected


def test_a_grave_case_proposes_one_letter_by_whichever_rule_holds_first(
    house: House, complaint: Complaint, alice: User, dora: User
) -> None:
    assign(actor=actor(alice), complaint_id=complaint.pk, owner_id=alice.pk)
    for severity in (4, 4):
        record_assessment(actor=SYSTEM, complaint_id=complaint.pk, values={"severity": severity, "safety": True})
    letter = LeadershipLetter.objects.get()
    assert (letter.state, letter.leader, letter.key) == ("proposed", dora, "letter_safety")
    did = dict(FiredCriterion.objects.filter(action="letter").values_list("key", "did"))
    assert did == {"letter_safety": "letter", "letter_severity": "nothing"}
    assert sum("that Dora Example signs" in one.title for one in unread(alice.pk)) == 1


def test_the_letter_says_the_customers_own_points_and_is_signed_by_the_leader(
    complaint: Complaint, alice: User, dora: User
) -> None:
    add_point(actor=actor(alice), complaint_id=complaint.pk, words="I have waited nine days")
    prepare(complaint, alice, dora)
    assert any("waits for you to read" in one.title for one in unread(dora.pk))
    assert not Message.objects.filter(complaint=complaint, direction="out", kind="letter").exists()
    letter = send_letter(actor=actor(dora), complaint_id=complaint.pk)
    message = letter.message
    assert message is not None
    assert (message.kind, message.purpose, message.state, message.author, message.automatic) == (
        "letter", "leadership_letter", "queued", dora, False,
    )  # fmt: skip
    for words in ("Hello Maya Okafor,", "“I have waited nine days”", WORDS, "I answer for London shop", "Dora Example"):
        assert words in message.text
    assert "on their behalf" not in message.text
    assert any("on its way" in one.title for one in unread(alice.pk))


def test_it_goes_once_whoever_presses_twice(complaint: Complaint, alice: User, dora: User) -> None:
    prepare(complaint, alice, dora)
    send_letter(actor=actor(dora), complaint_id=complaint.pk)
    for again in (
        lambda: send_letter(actor=actor(dora), complaint_id=complaint.pk),
        lambda: prepare(complaint, alice, dora),
        lambda: decline_letter(actor=actor(dora), complaint_id=complaint.pk, reason="Enough."),
    ):
        with pytest.raises(Conflict):
            again()
    assert propose_letter(complaint_id=complaint.pk, why="Again.", key="") is None
    assert Message.objects.filter(complaint=complaint, purpose="leadership_letter").count() == 1


def test_nobody_sends_what_they_wrote_and_nobody_else_signs(
    complaint: Complaint, alice: User, lena: User, dora: User
) -> None:
    prepare(complaint, dora, dora)
    with pytest.raises(NotAllowed):
        send_letter(actor=actor(dora), complaint_id=complaint.pk)
    prepare(complaint, alice, dora)
    for other in (alice, lena):
        with pytest.raises(NotAllowed):
            send_letter(actor=actor(other), complaint_id=complaint.pk)
    with pytest.raises(IntegrityError, match="leadership_letter_"), transaction.atomic():
        LeadershipLetter.objects.filter(complaint=complaint).update(state="sent", decided_by=alice)


def test_whoever_stands_in_for_the_leader_may_send_it_and_the_letter_says_so(
    complaint: Complaint, alice: User, lena: User, dora: User
) -> None:
    prepare(complaint, alice, dora)
    now = clock.now()
    StandIn.objects.create(user=dora, stand_in=lena, first=now - timedelta(days=1), last=now + timedelta(days=1))
    message = send_letter(actor=actor(lena), complaint_id=complaint.pk).message
    assert message is not None
    assert "Dora Example is away these days; Lena Example sends you this letter on their behalf." in message.text
    assert message.author == lena


def test_a_letter_that_comes_back_is_written_anew(complaint: Complaint, alice: User, dora: User) -> None:
    prepare(complaint, alice, dora)
    with pytest.raises(BadInput):
        return_letter(actor=actor(dora), complaint_id=complaint.pk, reason=" ")
    return_letter(actor=actor(dora), complaint_id=complaint.pk, reason="Say what we do about the shop.")
    assert any("came back" in one.title for one in unread(alice.pk))
    with pytest.raises(Conflict):
        send_letter(actor=actor(dora), complaint_id=complaint.pk)
    letter = prepare(complaint, alice, dora, "The shop gets a second till.")
    assert (letter.state, letter.reason) == ("waiting", "")


def test_a_lead_may_say_that_no_letter_is_needed_and_no_rule_proposes_it_again(
    complaint: Complaint, alice: User, lena: User, dora: User
) -> None:
    assert propose_letter(complaint_id=complaint.pk, why="A rule.", key="letter_severity") is not None
    with pytest.raises(NotAllowed):
        decline_letter(actor=actor(alice), complaint_id=complaint.pk, reason="No.")
    decline_letter(actor=actor(lena), complaint_id=complaint.pk, reason="The director rang.")
    assert propose_letter(complaint_id=complaint.pk, why="A rule.", key="letter_delay") is None


def test_directors_sign_before_leads_the_nearest_first_and_never_whom_it_is_about(
    house: House, complaint: Complaint, lena: User, dora: User, ada: User
) -> None:
    near = person("Nina", [(house.london, Role.DIRECTOR)])
    assert leaders_for(complaint) == [near, dora, lena]
    hide_from(actor=SYSTEM, complaint_id=complaint.pk, user_ids=[near.pk])
    assert leaders_for(complaint) == [dora, lena]


def test_where_nobody_could_sign_nothing_is_proposed(complaint: Complaint, alice: User) -> None:
    assert propose_letter(complaint_id=complaint.pk, why="A rule.", key="") is None
    with pytest.raises(BadInput, match="who signs"):
        prepare(complaint, alice, alice)


def test_a_customer_without_an_address_is_not_written_to_by_mail(house: House, alice: User, dora: User) -> None:
    complaint = new_complaint(house.london, complainant=Person(name="Maya", phone="+44 7700 900123"))
    with pytest.raises(BadInput, match="by post"):
        prepare(complaint, alice, dora)


def test_the_letter_is_in_the_customers_language_and_a_death_has_words_of_its_own(
    house: House, dora: User, lena: User
) -> None:
    german = new_complaint(
        house.berlin,
        complainant=Person(name="Jana Vogel", email="jana@example.org", language="de"),
        subject="Vertrag meines Vaters",
        text="Mein Vater ist verstorben, und Sie buchen weiter ab.",
    )
    Complaint.objects.filter(pk=german.pk).update(language="de")
    writer = person("Karl", [(house.berlin, Role.AGENT)], [house.berlin_team])
    prepare(german, writer, dora, "Ich habe die Abbuchungen heute selbst angehalten.")
    message = send_letter(actor=actor(dora), complaint_id=german.pk).message
    assert message is not None
    assert message.language == "de"
    assert "Beileid" in message.text
    assert "Ich habe die Abbuchungen heute selbst angehalten." in message.text


def test_outsiders_and_empty_words_are_refused(complaint: Complaint, alice: User, charlie: User, dora: User) -> None:
    with pytest.raises(NotFound):
        prepare(complaint, charlie, dora)
    for words in ("", "  \x00 ", "x" * 4001):
        with pytest.raises(BadInput):
            prepare(complaint, alice, dora, words)


def test_the_panel_and_the_api_show_the_letter(
    client: Client, complaint: Complaint, alice: User, dora: User, charlie: User, token: str
) -> None:
    where = f"/cases/{complaint.reference}/leadership-letter/"
    client.force_login(charlie)
    assert client.post(where, {"leader": dora.pk, "own_words": WORDS}).status_code == 404
    client.force_login(alice)
    hx = {"HX-Request": "true"}
    assert client.post(where, {"leader": "x\x00", "own_words": WORDS}, headers=hx).status_code == 422
    page = client.post(where, {"leader": dora.pk, "own_words": WORDS}, headers=hx).content.decode()
    assert "Waits for approval" in page
    assert "Sign and send it" not in page
    assert client.post(f"{where}send/", headers=hx).status_code == 403
    client.force_login(dora)
    panel = client.get(f"/cases/{complaint.reference}/panels/leadership/").content.decode()
    assert "Sign and send it" in panel
    assert "I answer for London shop" in panel
    assert portal_token(complaint.public_id) not in panel
    assert "approved by Dora Example" in client.post(f"{where}send/", headers=hx).content.decode()
    bearer = {"Authorization": f"Bearer {token}"}
    said = client.get(f"/api/v1/complaints/{complaint.reference}", headers=bearer).json()["leadership_letter"]
    assert (said["state"], said["leader"], said["prepared_by"]) == ("sent", "Dora Example", "Alice Example")
    again = client.post(
        f"/api/v1/complaints/{complaint.reference}/leadership-letter",
        {"reason": "Grave."}, content_type="application/json", headers=bearer,
    )  # fmt: skip
    assert again.status_code == 409
    assert letter_of(complaint) is not None
