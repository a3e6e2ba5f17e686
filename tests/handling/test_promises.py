"""Promises: kept, explained, broken, and the ledger of all."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from amends.accounts.public import User, customer_actor
from amends.audit.public import records_of
from amends.cases.public import Complaint, Message, move, take
from amends.core import clock
from amends.core.errors import BadInput, Conflict, NotAllowed, NotFound
from amends.handling.models import Delay, Promise, Step
from amends.handling.public import (
    answer_proposal,
    complete_step,
    explain_delay,
    keep_promise,
    promise,
    promise_rate,
    promises_of,
    send_proposal,
    sweep_promises,
)
from amends.handling.selectors.promises import PAGE, ledger
from amends.notifications.public import unread
from tests.handling.fixtures import MONDAY, draft
from tests.people import House, actor, new_complaint

pytestmark = pytest.mark.django_db
THURSDAY = datetime(2026, 3, 5, 12, tzinfo=UTC)
SATURDAY = datetime(2026, 3, 7, 0, 0, 1, tzinfo=UTC)


@pytest.fixture
def agreed(alice: User, complaint: Complaint) -> Complaint:
    """A case of Alice's whose proposal was accepted on Monday."""
    with clock.frozen_at(MONDAY):
        take(actor=actor(alice), complaint_id=complaint.pk)
        proposal = send_proposal(actor=actor(alice), proposal_id=draft(actor(alice), complaint).pk)
        owner = customer_actor(complaint_id=complaint.pk, name="Maya Okafor")
        answer_proposal(actor=owner, proposal_id=proposal.pk, answer="accepted")
    complaint.refresh_from_db()
    return complaint


def steps_of(complaint: Complaint) -> list[Step]:
    return list(Step.objects.filter(proposal__complaint=complaint))


def told(user: User, kind: str) -> int:
    return sum(note.kind == kind for note in unread(user.pk))


def test_the_first_step_done_starts_the_carrying_out_and_keeps_its_promise(alice: User, agreed: Complaint) -> None:
    refund = steps_of(agreed)[0]
    with clock.frozen_at(THURSDAY):
        complete_step(actor=actor(alice), step_id=refund.pk, note="Payment reference 4711")
    agreed.refresh_from_db()
    kept = promises_of(agreed)[0]
    assert (agreed.phase, kept.state, kept.done_note) == ("carrying_out", "kept", "Payment reference 4711")
    assert [row.kind for row in records_of(f"complaint:{agreed.pk}")].count("step_done") == 1


def test_a_step_is_done_once(alice: User, agreed: Complaint) -> None:
    refund = steps_of(agreed)[0]
    with clock.frozen_at(THURSDAY):
        complete_step(actor=actor(alice), step_id=refund.pk)
        with pytest.raises(Conflict, match="already"):
            complete_step(actor=actor(alice), step_id=refund.pk)


def test_what_was_done_cannot_lie_in_the_future(alice: User, agreed: Complaint) -> None:
    with clock.frozen_at(THURSDAY), pytest.raises(BadInput):
        complete_step(actor=actor(alice), step_id=steps_of(agreed)[0].pk, at=THURSDAY + timedelta(hours=1))


def test_a_step_of_a_draft_cannot_be_done(alice: User, complaint: Complaint) -> None:
    proposal = draft(actor(alice), complaint)
    with pytest.raises(Conflict, match="not accepted"):
        complete_step(actor=actor(alice), step_id=proposal.steps.all()[0].pk)


def test_the_owner_is_reminded_once_before_the_day_and_told_once_after_it(alice: User, agreed: Complaint) -> None:
    before = datetime(2026, 3, 5, 8, 59, tzinfo=UTC)
    assert sweep_promises(now=before) == 0
    assert sweep_promises(now=before + timedelta(minutes=2)) == 1
    assert sweep_promises(now=before + timedelta(minutes=3)) == 0
    assert told(alice, "promise_due") == 1
    assert sweep_promises(now=datetime(2026, 3, 6, 23, 59, tzinfo=UTC)) == 0, "the day is not over"
    assert sweep_promises(now=SATURDAY) == 1
    assert sweep_promises(now=SATURDAY) == 0
    assert told(alice, "promise_broken") == 1
    assert [one.state for one in promises_of(agreed)] == ["broken", "open"]


def test_the_day_ends_where_the_customer_was_promised_it(charlie: User, house: House) -> None:
    with clock.frozen_at(MONDAY):
        about = new_complaint(house.berlin)
        promise(actor=actor(charlie), complaint_id=about.pk, what="Rückruf", due=date(2026, 3, 3))
    assert sweep_promises(now=datetime(2026, 3, 3, 22, 59, tzinfo=UTC)) == 1, "only the reminder"
    assert sweep_promises(now=datetime(2026, 3, 3, 23, 0, tzinfo=UTC)) == 1
    assert promises_of(about)[0].state == "broken"


def test_a_delay_explained_in_time_is_no_broken_promise(alice: User, agreed: Complaint) -> None:
    first = promises_of(agreed)[0]
    with clock.frozen_at(THURSDAY):
        explain_delay(
            actor=actor(alice), promise_id=first.pk, new_due=date(2026, 3, 12), reason="The bank is closed on Friday."
        )
    letter = Message.objects.get(complaint=agreed, kind="delay_notice")
    for words in (
        "Friday 6 March 2026",
        "Thursday 12 March 2026",
        "The bank is closed on Friday.",
        "Refund 80 GBP to the card",
    ):
        assert words in letter.text
    sweep_promises(now=SATURDAY)
    first.refresh_from_db()
    assert (first.state, first.first_due, first.due_latest, first.runs) == (
        "explained",
        date(2026, 3, 6),
        date(2026, 3, 12),
        True,
    )
    with clock.frozen_at(datetime(2026, 3, 12, 15, tzinfo=UTC)):
        complete_step(actor=actor(alice), step_id=first.step_id or 0)
    first.refresh_from_db()
    assert (first.state, first.runs) == ("explained", False)


def test_an_explanation_after_the_day_tells_the_customer_but_the_promise_is_broken(
    alice: User, agreed: Complaint
) -> None:
    first = promises_of(agreed)[0]
    with clock.frozen_at(SATURDAY):
        explain_delay(
            actor=actor(alice), promise_id=first.pk, new_due=date(2026, 3, 12), reason="The bank returned it."
        )
    first.refresh_from_db()
    assert first.state == "broken"
    assert "only now" in Message.objects.get(complaint=agreed, kind="delay_notice").text
    assert Delay.objects.get().in_time is False
    assert sweep_promises(now=SATURDAY + timedelta(days=30)) == 1, "only the other promise of the case"


def test_an_explained_promise_that_is_late_again_is_broken(alice: User, agreed: Complaint) -> None:
    first = promises_of(agreed)[0]
    with clock.frozen_at(THURSDAY):
        explain_delay(actor=actor(alice), promise_id=first.pk, new_due=date(2026, 3, 9), reason="The bank is closed.")
    sweep_promises(now=datetime(2026, 3, 10, 0, 1, tzinfo=UTC))
    first.refresh_from_db()
    assert first.state == "broken"


@pytest.mark.parametrize(
    ("new_due", "reason"),
    [(date(2026, 3, 12), " "), (date(2026, 3, 6), "x"), (date(2026, 3, 1), "x"), (date(9026, 3, 1), "x")],
)
def test_a_delay_needs_a_reason_and_a_later_day(alice: User, agreed: Complaint, new_due: date, reason: str) -> None:
    with clock.frozen_at(THURSDAY), pytest.raises(BadInput):
        explain_delay(actor=actor(alice), promise_id=promises_of(agreed)[0].pk, new_due=new_due, reason=reason)
    assert not Message.objects.filter(kind="delay_notice").exists()


def test_a_promise_can_be_given_and_kept_without_a_proposal(alice: User, complaint: Complaint) -> None:
    with clock.frozen_at(MONDAY):
        made = promise(actor=actor(alice), complaint_id=complaint.pk, what="Ring back", due=date(2026, 3, 2))
        with pytest.raises(BadInput):
            promise(actor=actor(alice), complaint_id=complaint.pk, what="Ring back", due=date(2026, 3, 1))
        assert keep_promise(actor=actor(alice), promise_id=made.pk, note="Spoke with Maya").state == "kept"
        with pytest.raises(Conflict):
            keep_promise(actor=actor(alice), promise_id=made.pk)


def test_keeping_the_promise_of_a_step_does_the_step(alice: User, agreed: Complaint) -> None:
    with clock.frozen_at(THURSDAY):
        kept = keep_promise(actor=actor(alice), promise_id=promises_of(agreed)[0].pk)
    assert (kept.state, steps_of(agreed)[0].done_at) == ("kept", THURSDAY)


def test_a_withdrawn_complaint_lets_go_of_its_promises(alice: User, agreed: Complaint) -> None:
    move(actor=actor(alice), complaint_id=agreed.pk, action="withdraw", reason="They found it")
    assert {one.state for one in promises_of(agreed)} == {"released"}
    assert sweep_promises(now=SATURDAY + timedelta(days=90)) == 0


def test_the_rate_counts_what_has_ended(alice: User, charlie: User, agreed: Complaint) -> None:
    with clock.frozen_at(THURSDAY):
        complete_step(actor=actor(alice), step_id=steps_of(agreed)[0].pk)
        rate = promise_rate(actor(alice))
        assert (rate.kept, rate.explained, rate.broken, rate.running, rate.share(rate.kept)) == (1, 0, 0, 1, 1.0)
        assert promise_rate(actor(charlie)).ended == 0, "another unit's promises are not theirs to count"
        assert promise_rate(actor(charlie)).share(0) is None


def test_the_ledger_pages_without_leaving_one_out(
    alice: User, house: House, complaint: Complaint, django_assert_num_queries: Any
) -> None:
    with clock.frozen_at(MONDAY):
        for number in range(PAGE + 7):
            promise(
                actor=actor(alice),
                complaint_id=complaint.pk,
                what=f"No {number}",
                due=date(2026, 3, 2) + timedelta(days=number // 9),
            )
    who = actor(alice)
    with django_assert_num_queries(2):
        first = ledger(who, "running")
    second = ledger(who, "running", after=first.older)
    assert [len(first.promises), len(second.promises), second.older] == [PAGE, 7, ""]
    assert len({one.pk for one in first.promises + second.promises}) == PAGE + 7
    with pytest.raises(BadInput):
        ledger(who, "running", after="broken")


def test_outsiders_find_no_promise(charlie: User, conny: User, agreed: Complaint) -> None:
    target = promises_of(agreed)[0]
    step = steps_of(agreed)[0]
    for verb in (
        lambda who: complete_step(actor=who, step_id=step.pk),
        lambda who: keep_promise(actor=who, promise_id=target.pk),
        lambda who: explain_delay(actor=who, promise_id=target.pk, new_due=date(2026, 4, 1), reason="x"),
        lambda who: promise(actor=who, complaint_id=agreed.pk, what="x", due=date(2099, 1, 1)),
    ):
        with pytest.raises(NotFound):
            verb(actor(charlie))
        with pytest.raises(NotAllowed):
            verb(actor(conny))
        with pytest.raises(NotAllowed):
            verb(customer_actor(complaint_id=agreed.pk, name="Maya"))


def test_the_database_holds_the_rules(alice: User, agreed: Complaint) -> None:
    one = promises_of(agreed)[0]
    for change in (
        {"state": "kept"},
        {"state": "broken"},
        {"state": "maybe"},
        {"what": ""},
        {"due_earliest": date(2027, 1, 1)},
        {"done_at": MONDAY},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Promise.objects.filter(pk=one.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Delay.objects.create(
            promise=one, old_due=MONDAY, new_due=MONDAY, reason="x", in_time=True, by_name="x", at=MONDAY
        )


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_break_a_promise_once(alice: User, agreed: Complaint) -> None:
    start = threading.Barrier(2)
    changed: list[int] = []

    def sweep() -> None:
        try:
            start.wait(timeout=10)
            changed.append(sweep_promises(now=SATURDAY))
        finally:
            connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sum(changed) == 1
    assert [row.kind for row in records_of(f"complaint:{agreed.pk}")].count("promise_broken") == 1
    assert told(alice, "promise_broken") == 1
