"""Proposals: written, approved, sent, answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from amends.accounts.public import SYSTEM, Role, User, actor_for_secret, create_token, customer_actor
from amends.audit.public import records_of
from amends.cases.public import Complaint, Message, Person, messages_of, move, take
from amends.core import clock
from amends.core.errors import BadInput, Conflict, NotAllowed, NotFound, Refused
from amends.handling.models import Approval, AuthorityLimit, Promise, Proposal, Remedy
from amends.handling.public import (
    NewRemedy,
    answer_proposal,
    decide_approval,
    draft_proposal,
    proposal_for_customer,
    proposals_of,
    send_proposal,
    similar_cases,
    withdraw_proposal,
)
from amends.notifications.public import unread
from tests.handling.fixtures import APOLOGY, CREDIT, MONDAY, REFUND, STEPS, draft
from tests.people import House, actor, new_complaint, person

pytestmark = pytest.mark.django_db
BIG = replace(REFUND, amount=Decimal(150))


@pytest.fixture(autouse=True)
def _monday() -> Any:
    with clock.frozen_at(MONDAY):
        yield


def customer(complaint: Complaint) -> Any:
    return customer_actor(complaint_id=complaint.pk, name="Maya Okafor")


def sent(user: User, complaint: Complaint, **values: Any) -> Proposal:
    return send_proposal(actor=actor(user), proposal_id=draft(actor(user), complaint, **values).pk)


def kinds(complaint: Complaint) -> list[str]:
    return [row.kind for row in records_of(f"complaint:{complaint.pk}")]


def test_a_proposal_within_the_limit_goes_to_the_customer_with_everything_in_it(
    alice: User, complaint: Complaint
) -> None:
    proposal = sent(alice, complaint)
    complaint.refresh_from_db()
    assert (proposal.state, complaint.phase) == ("sent", "proposed")
    message = Message.objects.get(complaint=complaint, kind="proposal")
    assert (message.state, message.to_address, message.author) == ("queued", "maya@example.org", alice)
    for words in (
        "80.00 GBP",
        "Wednesday 4 March 2026",
        "Friday 6 March 2026",
        "The card must still be valid.",
        "/p/",
        complaint.reference,
    ):
        assert words in message.text
    assert "proposal_sent" in kinds(complaint)


def test_a_german_customer_reads_german(charlie: User, house: House) -> None:
    about = new_complaint(house.berlin, complainant=Person(name="Uwe Kranz", email="uwe@example.org", language="de"))
    sent(charlie, about, remedies=(replace(REFUND, currency="EUR"),))
    text = Message.objects.get(complaint=about, kind="proposal").text
    assert "Erstattung (80,00 EUR)" in text
    assert "zwischen Mittwoch, 4. März 2026 und Freitag, 6. März 2026" in text


def test_without_an_address_the_proposal_stands_on_the_customers_page_at_once(alice: User, house: House) -> None:
    by_phone = new_complaint(
        house.london, channel="phone", complainant=Person(name="Maya Okafor", phone="+44 7700 900123")
    )
    sent(alice, by_phone)
    message = Message.objects.get(complaint=by_phone, kind="proposal")
    assert (message.channel, message.state) == ("portal", "sent")


def test_above_the_limit_the_lead_is_asked_and_nothing_leaves(
    alice: User, lena: User, dora: User, complaint: Complaint
) -> None:
    proposal = sent(alice, complaint, remedies=(BIG,))
    complaint.refresh_from_db()
    assert (proposal.state, complaint.phase) == ("awaiting_approval", "registered")
    assert not Message.objects.filter(complaint=complaint, kind="proposal").exists()
    assert [note.kind for note in unread(lena.pk) if note.kind == "approval_asked"] == ["approval_asked"]
    assert not [note for note in unread(dora.pk) if note.kind == "approval_asked"], (
        "a director does not hear of every voucher"
    )


def test_the_lead_approves_and_the_agent_signs_what_goes_out(alice: User, lena: User, complaint: Complaint) -> None:
    proposal = sent(alice, complaint, remedies=(BIG,))
    decide_approval(actor=actor(lena), proposal_id=proposal.pk, granted=True, reason="Nine days are too long")
    proposal.refresh_from_db()
    assert proposal.state == "sent"
    message = Message.objects.get(complaint=complaint, kind="proposal")
    assert message.author == alice
    assert "approval_given" in kinds(complaint)
    assert [note.kind for note in unread(alice.pk) if note.kind == "approval_given"] == ["approval_given"]


def test_a_refused_approval_gives_the_draft_back_with_a_reason(alice: User, lena: User, complaint: Complaint) -> None:
    proposal = sent(alice, complaint, remedies=(BIG,))
    with pytest.raises(BadInput):
        decide_approval(actor=actor(lena), proposal_id=proposal.pk, granted=False)
    decide_approval(actor=actor(lena), proposal_id=proposal.pk, granted=False, reason="A repair is enough")
    again = draft(actor(alice), complaint)
    assert (again.pk, again.state) == (proposal.pk, "draft")
    assert Remedy.objects.filter(proposal=again).count() == 2
    assert send_proposal(actor=actor(alice), proposal_id=again.pk).state == "sent"


def test_nobody_approves_their_own_proposal(lena: User, dora: User, complaint: Complaint) -> None:
    proposal = sent(lena, complaint, remedies=(replace(REFUND, amount=Decimal(2500)),))
    with pytest.raises(NotAllowed, match="Somebody else"):
        decide_approval(actor=actor(lena), proposal_id=proposal.pk, granted=True)
    decide_approval(actor=actor(dora), proposal_id=proposal.pk, granted=True)


def test_the_author_may_not_approve_what_a_colleague_asked_for(
    alice: User, lena: User, dora: User, complaint: Complaint
) -> None:
    proposal = draft(actor(lena), complaint, remedies=(BIG,))
    send_proposal(actor=actor(alice), proposal_id=proposal.pk)
    with pytest.raises(NotAllowed, match="Somebody else"):
        decide_approval(actor=actor(lena), proposal_id=proposal.pk, granted=True)
    assert decide_approval(actor=actor(dora), proposal_id=proposal.pk, granted=True).state == "sent"


def test_an_approver_needs_enough_authority_too(alice: User, lena: User, dora: User, complaint: Complaint) -> None:
    proposal = sent(alice, complaint, remedies=(replace(REFUND, amount=Decimal(2500)),))
    with pytest.raises(NotAllowed, match="above your own limit"):
        decide_approval(actor=actor(lena), proposal_id=proposal.pk, granted=True)
    with pytest.raises(NotAllowed):
        decide_approval(actor=actor(alice), proposal_id=proposal.pk, granted=True)


def test_when_nobody_may_approve_the_agent_is_told_so(alice: User, lena: User, complaint: Complaint) -> None:
    proposal = draft(actor(alice), complaint, remedies=(replace(REFUND, amount=Decimal(2500)),))
    with pytest.raises(Refused, match="Nobody else"):
        send_proposal(actor=actor(alice), proposal_id=proposal.pk)
    proposal.refresh_from_db()
    assert proposal.state == "draft"


def test_a_role_in_another_unit_gives_no_authority_here(house: House, complaint: Complaint) -> None:
    mixed = person("Mira", [(house.london, Role.AGENT), (house.berlin, Role.DIRECTOR)])
    with pytest.raises(Refused):
        sent(mixed, complaint, remedies=(BIG,))


def test_a_program_can_give_nothing_alone_until_it_has_a_limit(alice: User, lena: User, complaint: Complaint) -> None:
    program = actor_for_secret(create_token(actor=SYSTEM, name="erp", scopes=["work"]))
    assert program is not None
    assert send_proposal(actor=program, proposal_id=draft(program, complaint).pk).state == "awaiting_approval"
    AuthorityLimit.objects.create(role="token", currency="GBP", amount=Decimal(100))
    proposal = proposals_of(complaint)[0].proposal
    withdraw_proposal(actor=actor(alice), proposal_id=proposal.pk, reason="Try again")
    assert send_proposal(actor=program, proposal_id=draft(program, complaint).pk).state == "sent"


def test_the_customer_accepts_and_our_steps_become_promises(alice: User, complaint: Complaint) -> None:
    take(actor=actor(alice), complaint_id=complaint.pk)
    proposal = sent(alice, complaint)
    answer_proposal(
        actor=customer(complaint), proposal_id=proposal.pk, answer="accepted", words="Thank you, that is fair."
    )
    complaint.refresh_from_db()
    assert complaint.phase == "agreed"
    promises = list(Promise.objects.filter(complaint=complaint).order_by("due_at"))
    assert [(one.what, one.due_latest) for one in promises] == [
        ("Refund 80 GBP to the card", date(2026, 3, 6)),
        ("Confirm the closing of the case", date(2026, 3, 10)),
    ], "what the customer does is no promise of ours"
    assert any(message.text == "Thank you, that is fair." for message in messages_of(complaint))
    assert "proposal_accepted" in [note.kind for note in unread(alice.pk)]


def test_accepting_twice_is_accepting_once(alice: User, complaint: Complaint) -> None:
    proposal = sent(alice, complaint)
    for _ in range(2):
        answer_proposal(actor=customer(complaint), proposal_id=proposal.pk, answer="accepted")
    assert Promise.objects.filter(complaint=complaint).count() == 2
    assert kinds(complaint).count("proposal_answered") == 1
    with pytest.raises(Conflict):
        answer_proposal(actor=customer(complaint), proposal_id=proposal.pk, answer="declined")


def test_declining_leads_back_to_the_investigation_and_a_second_proposal(alice: User, complaint: Complaint) -> None:
    proposal = sent(alice, complaint)
    answer_proposal(actor=customer(complaint), proposal_id=proposal.pk, answer="declined")
    complaint.refresh_from_db()
    assert complaint.phase == "investigating"
    assert sent(alice, complaint).number == 2
    assert Message.objects.filter(complaint=complaint, kind="proposal").count() == 2


def test_wanting_something_else_needs_words_and_they_arrive_as_a_message(alice: User, complaint: Complaint) -> None:
    proposal = sent(alice, complaint)
    with pytest.raises(BadInput):
        answer_proposal(actor=customer(complaint), proposal_id=proposal.pk, answer="other")
    answer_proposal(actor=customer(complaint), proposal_id=proposal.pk, answer="other", words="A new one, please.")
    complaint.refresh_from_db()
    assert complaint.phase == "investigating"
    assert complaint.waiting_for_us_since is not None
    assert proposals_of(complaint)[0].proposal.state == "other_wanted"


def test_a_colleague_records_an_answer_with_how_it_was_given(alice: User, complaint: Complaint) -> None:
    proposal = sent(alice, complaint)
    with pytest.raises(BadInput, match="how the customer answered"):
        answer_proposal(actor=actor(alice), proposal_id=proposal.pk, answer="accepted")
    answer_proposal(actor=actor(alice), proposal_id=proposal.pk, answer="accepted", words="On the phone, 10:40")
    proposal.refresh_from_db()
    assert (proposal.answered_by, proposal.answer_words) == ("agent", "On the phone, 10:40")


def test_of_options_the_customer_chooses_one_and_only_its_steps_are_promised(alice: User, complaint: Complaint) -> None:
    refund = replace(REFUND, option=2)
    steps = (replace(STEPS[0], option=2), replace(STEPS[2], what="Book the credit", option=1), STEPS[2])
    proposal = sent(alice, complaint, remedies=(APOLOGY, CREDIT, refund), steps=steps)
    assert "You choose one of these" in Message.objects.get(complaint=complaint, kind="proposal").text
    with pytest.raises(BadInput, match="1, 2"):
        answer_proposal(actor=customer(complaint), proposal_id=proposal.pk, answer="accepted")
    answer_proposal(actor=customer(complaint), proposal_id=proposal.pk, answer="accepted", option=1)
    assert set(Promise.objects.values_list("what", flat=True)) == {"Book the credit", "Confirm the closing of the case"}


def test_a_late_yes_gives_us_the_days_we_had_asked_for(alice: User, complaint: Complaint) -> None:
    proposal = sent(alice, complaint)
    with clock.frozen_at(MONDAY + timedelta(days=14)):
        answer_proposal(actor=customer(complaint), proposal_id=proposal.pk, answer="accepted")
    assert [one.due_latest for one in Promise.objects.order_by("due_at")] == [date(2026, 3, 20), date(2026, 3, 24)]


def test_a_step_whose_day_has_passed_is_not_sent(alice: User, complaint: Complaint) -> None:
    proposal = draft(actor(alice), complaint)
    with clock.frozen_at(MONDAY + timedelta(days=5)), pytest.raises(BadInput, match="step 1"):
        send_proposal(actor=actor(alice), proposal_id=proposal.pk)


def test_the_customer_never_sees_a_draft_or_an_approval(alice: User, lena: User, complaint: Complaint) -> None:
    proposal = sent(alice, complaint, remedies=(BIG,))
    assert proposal_for_customer(complaint) is None
    decide_approval(actor=actor(lena), proposal_id=proposal.pk, granted=True, reason="internal words")
    seen = proposal_for_customer(complaint)
    assert seen is not None
    assert seen.approval is None
    withdraw_proposal(actor=actor(alice), proposal_id=proposal.pk, reason="The price was wrong")
    complaint.refresh_from_db()
    assert (complaint.phase, proposal_for_customer(complaint)) == ("investigating", None)


def test_a_move_on_the_case_page_takes_the_proposal_along(alice: User, house: House) -> None:
    states = {}
    for action in ("agree", "decline", "investigate", "withdraw"):
        about = new_complaint(house.london)
        sent(alice, about)
        move(actor=actor(alice), complaint_id=about.pk, action=action, reason="They rang")
        states[action] = (Proposal.objects.get(complaint=about).state, Promise.objects.filter(complaint=about).count())
    assert states == {
        "agree": ("accepted", 2),
        "decline": ("declined", 0),
        "investigate": ("withdrawn", 0),
        "withdraw": ("withdrawn", 0),
    }


def verbs(proposal: Proposal, about: Complaint) -> list[Callable[[Any], Any]]:
    return [
        lambda who: draft_proposal(actor=who, complaint_id=about.pk, summary="x", remedies=(APOLOGY,), steps=STEPS),
        lambda who: send_proposal(actor=who, proposal_id=proposal.pk),
        lambda who: decide_approval(actor=who, proposal_id=proposal.pk, granted=False, reason="x"),
        lambda who: answer_proposal(actor=who, proposal_id=proposal.pk, answer="accepted", words="x"),
        lambda who: withdraw_proposal(actor=who, proposal_id=proposal.pk, reason="x"),
    ]


def test_an_outsider_finds_nothing_and_a_reader_may_do_nothing(
    charlie: User, conny: User, house: House, alice: User, complaint: Complaint
) -> None:
    boss = person("Berta", [(house.berlin, Role.DIRECTOR)])
    proposal = draft(actor(alice), complaint)
    for verb in verbs(proposal, complaint):
        with pytest.raises(NotFound):
            verb(actor(boss))
        with pytest.raises(NotAllowed):
            verb(actor(conny))
        with pytest.raises((NotFound, NotAllowed)):
            verb(actor(charlie))


def test_a_customer_can_answer_only_their_own_proposal_and_nothing_else(
    alice: User, house: House, complaint: Complaint
) -> None:
    proposal = sent(alice, complaint)
    stranger = customer(new_complaint(house.london, text="Another one"))
    for verb in verbs(proposal, complaint):
        with pytest.raises((NotFound, NotAllowed)):
            verb(stranger)
    with pytest.raises(NotFound):
        answer_proposal(actor=stranger, proposal_id=2**70, answer="accepted")


@pytest.mark.parametrize(
    "values",
    [
        {"summary": " \x00 "},
        {"summary": "x" * 20_001},
        {"remedies": ()},
        {"remedies": (REFUND,) * 21},
        {"remedies": (NewRemedy("gold"),)},
        {"steps": ()},
        {"steps": STEPS * 7},
    ],
)
def test_a_proposal_that_says_nothing_or_too_much_is_refused(
    alice: User, complaint: Complaint, values: dict[str, Any]
) -> None:
    with pytest.raises(BadInput):
        draft(actor(alice), complaint, **values)
    assert not Proposal.objects.exists()


def test_the_database_holds_the_rules_also_against_ourselves(alice: User, lena: User, complaint: Complaint) -> None:
    proposal = sent(alice, complaint, remedies=(BIG,))
    attempts: list[Callable[[], object]] = [
        lambda: Proposal.objects.create(
            complaint=complaint, number=9, summary="x", author_key="user:1", author_name="x", created_at=MONDAY
        ),
        lambda: Proposal.objects.filter(pk=proposal.pk).update(state="accepted"),
        lambda: Proposal.objects.filter(pk=proposal.pk).update(state="sent"),
        lambda: Remedy.objects.filter(proposal=proposal).update(amount=Decimal(-1)),
        lambda: proposal.steps.update(due_earliest=date(2027, 1, 1)),
        lambda: Approval.objects.update(decided_key=f"user:{alice.pk}", decided_at=MONDAY, granted=True),
        lambda: Approval.objects.update(granted=True),
        lambda: AuthorityLimit.objects.create(role="agent", currency="gbp", amount=1),
    ]
    for attempt in attempts:
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()


def test_similar_cases_show_what_was_given_and_only_what_one_may_see(
    alice: User, charlie: User, house: House, django_assert_num_queries: Any
) -> None:
    for amount in (40, 60, 95):
        about = new_complaint(house.london, text=f"Number {amount}")
        proposal = sent(alice, about, remedies=(replace(REFUND, amount=Decimal(amount)), APOLOGY))
        answer_proposal(actor=customer(about), proposal_id=proposal.pk, answer="accepted")
    fresh = new_complaint(house.london, text="The next one")
    who = actor(alice)
    with django_assert_num_queries(1):
        similar = similar_cases(who, fresh)
    assert similar.count == 3
    assert [(one.currency, one.lowest, one.middle, one.highest) for one in similar.spreads] == [
        ("GBP", Decimal("40.00"), Decimal("60.00"), Decimal("95.00"))
    ]
    assert similar.latest[0].kinds == ("refund", "apology")
    assert similar_cases(actor(charlie), fresh).count == 0
