"""Send budgets: over every kind of mail, for each address and each case, however many workers; a person is never kept back by a machine."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, User
from amends.audit.public import records_of
from amends.cases.budget import BudgetError, Limit, Sent, decide, parse_budget
from amends.cases.models import BudgetEntry
from amends.cases.public import (
    Complaint,
    Message,
    MessageState,
    assign,
    cancel_message,
    claim_for_sending,
    forget_old_entries,
    mark_sent,
    queue_message,
    reply,
    return_to_queue,
    send_anyway,
    take_from_budget,
)
from amends.core import clock
from amends.core.errors import NotFound
from amends.notifications.public import Notification

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def automatic(case: Complaint, number: int = 0) -> Message:
    """A message that a program wrote."""
    message = queue_message(
        actor=SYSTEM, complaint_id=case.pk, kind="message", subject="s", text=f"Notice {number}", automatic=True
    )
    assert message is not None
    return message


@pytest.mark.parametrize(
    "text",
    ["recipient 10", "10/1h", "case ten/1h", "case 0/1h", "case 1/8d", "case 1/0m", "everybody 1/1h", "case 1/1y"],
)
def test_a_budget_that_cannot_be_read_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BudgetError, match="recipient 10/10m"):
        parse_budget(text)


def test_the_budget_of_the_settings_is_read(settings: Settings) -> None:
    assert parse_budget(settings.AMENDS_MAIL_BUDGET) == (
        Limit("recipient", 10, timedelta(minutes=10)),
        Limit("recipient", 30, timedelta(days=1)),
        Limit("case", 10, timedelta(hours=1)),
    )
    assert parse_budget(" ") == ()


@given(st.lists(st.integers(0, 10_000), max_size=60), st.integers(1, 20), st.integers(1, 100))
def test_letting_mail_out_when_the_budget_allows_never_exceeds_it(waits: list[int], count: int, minutes: int) -> None:
    limit = Limit("case", count, timedelta(minutes=minutes))
    now, sent = NOW, []
    for wait in waits:
        now += timedelta(seconds=wait)
        held = decide([limit], sent, automatic=True, now=now)
        if held is None:
            sent.append(Sent(now, automatic=True, same_recipient=False, same_case=True))
        else:
            assert now < held.until <= now + limit.window
            assert decide([limit], sent, automatic=True, now=held.until) is None
        window = [one for one in sent if one.at > now - limit.window]
        assert len(window) <= count


def test_over_the_budget_it_waits_with_its_reason_and_an_alarm(
    house: House, alice: User, complaint: Complaint, settings: Settings
) -> None:
    settings.AMENDS_MAIL_BUDGET = "case 3/1h"
    assign(actor=SYSTEM, complaint_id=complaint.pk, owner_id=alice.pk)
    with clock.frozen_at(NOW):
        messages = [automatic(complaint, number) for number in range(5)]
        claimed = [claim_for_sending(message_id=one.pk) is not None for one in messages]
    assert claimed == [True, True, True, False, False]
    held = messages[3]
    held.refresh_from_db()
    assert (held.state, held.held_at, held.not_before) == (MessageState.QUEUED, NOW, NOW + timedelta(hours=1))
    assert "limit" in held.state_reason
    assert Notification.objects.filter(user=alice, kind="message_held").count() == 2
    assert [one.kind for one in records_of(f"complaint:{complaint.pk}")].count("message_held") == 2
    with clock.frozen_at(NOW + timedelta(hours=1, seconds=1)):
        assert claim_for_sending(message_id=held.pk) is not None  # held, not lost
    held.refresh_from_db()
    assert (held.state, held.held_at) == (MessageState.SENDING, None)


def test_a_person_s_reply_is_never_kept_back_by_what_programs_sent(
    house: House, alice: User, complaint: Complaint, settings: Settings
) -> None:
    settings.AMENDS_MAIL_BUDGET, settings.AMENDS_MAIL_BUDGET_PERSONS = "recipient 1/1d", "recipient 2/1d"
    settings.AMENDS_UNDO_SECONDS = 0
    for number in range(4):
        claim_for_sending(message_id=automatic(complaint, number).pk)
    replies = [reply(actor=actor(alice), complaint_id=complaint.pk, text=f"Reply {n}") for n in range(3)]
    got = [claim_for_sending(message_id=one.pk) is not None for one in replies if one is not None]
    assert got == [True, True, False]


def test_the_address_counts_over_all_its_cases_and_kinds_of_mail(
    house: House, complaint: Complaint, settings: Settings
) -> None:
    settings.AMENDS_MAIL_BUDGET = "recipient 3/1d"
    other = new_complaint(house.london, text="Another thing entirely.")
    assert take_from_budget(recipient=" MAYA@example.org", complaint_id=None, automatic=True) is None
    assert claim_for_sending(message_id=automatic(complaint).pk) is not None
    assert claim_for_sending(message_id=automatic(other).pk) is not None
    assert claim_for_sending(message_id=automatic(complaint).pk) is None
    held = take_from_budget(recipient="maya@example.org", complaint_id=None, automatic=True)
    assert held is not None
    assert held.limit.count == 3
    assert take_from_budget(recipient="somebody@example.org", complaint_id=None, automatic=True) is None


def test_a_second_attempt_of_the_same_message_counts_once(complaint: Complaint, settings: Settings) -> None:
    settings.AMENDS_MAIL_BUDGET = "case 1/1h"
    message = automatic(complaint)
    for _attempt in range(3):
        assert claim_for_sending(message_id=message.pk) is not None
        return_to_queue(message_id=message.pk, reason="not now", not_before=clock.now())
    assert BudgetEntry.objects.count() == 1


def test_a_person_lets_a_held_message_go_and_an_outsider_does_not(
    house: House, alice: User, charlie: User, complaint: Complaint, settings: Settings
) -> None:
    settings.AMENDS_MAIL_BUDGET = "case 1/1h"
    claim_for_sending(message_id=automatic(complaint).pk)
    held = automatic(complaint, 1)
    assert claim_for_sending(message_id=held.pk) is None
    with pytest.raises(NotFound):
        send_anyway(actor=actor(charlie), message_id=held.pk)
    send_anyway(actor=actor(alice), message_id=held.pk)
    assert claim_for_sending(message_id=held.pk) is not None


def test_a_held_message_can_be_called_back(house: House, alice: User, complaint: Complaint, settings: Settings) -> None:
    settings.AMENDS_MAIL_BUDGET = "case 1/1h"
    claim_for_sending(message_id=automatic(complaint).pk)
    held = automatic(complaint, 1)
    claim_for_sending(message_id=held.pk)
    assert cancel_message(actor=actor(alice), message_id=held.pk)
    held.refresh_from_db()
    assert (held.state, held.held_at) == (MessageState.CANCELLED, None)


def test_no_budget_holds_nothing(complaint: Complaint, settings: Settings) -> None:
    settings.AMENDS_MAIL_BUDGET = ""
    assert all(claim_for_sending(message_id=automatic(complaint, n).pk) for n in range(15))


def test_old_entries_are_forgotten_and_young_ones_are_not(complaint: Complaint) -> None:
    take_from_budget(recipient="a@example.org", complaint_id=None, automatic=True)
    with clock.frozen_at(clock.now() - timedelta(days=9)):
        take_from_budget(recipient="a@example.org", complaint_id=None, automatic=True)
    assert forget_old_entries() == 1
    assert BudgetEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_eight_workers_together_keep_the_budget(house: House, complaint: Complaint, settings: Settings) -> None:
    settings.AMENDS_MAIL_BUDGET = "recipient 5/1d"
    cases = [complaint, *(new_complaint(house.london, text=f"Case {number}.") for number in range(3))]
    messages = [automatic(cases[number % 4], number) for number in range(16)]
    claimed: list[int] = []
    failures: list[Exception] = []

    def work(mine: list[Message]) -> None:
        try:
            for one in mine:
                if claim_for_sending(message_id=one.pk) is not None:
                    claimed.append(one.pk)
                    mark_sent(message_id=one.pk)
        except Exception as failure:  # noqa: BLE001  # whatever it is, the test must see it
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(messages[number::8],)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert len(claimed) == 5
    assert Message.objects.filter(state=MessageState.SENT).count() == 5
    assert Message.objects.filter(held_at__isnull=False).count() == 11
