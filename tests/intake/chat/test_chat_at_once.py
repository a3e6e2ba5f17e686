"""The same things at the same moment: nothing doubles, and the page and the mail never both have an answer."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from tests.people import actor

from amends.accounts.public import SYSTEM, User
from amends.cases.public import Complaint, Message
from amends.core import clock
from amends.intake.channels.chat import services
from amends.intake.channels.chat.models import Chat
from amends.intake.channels.chat.saying import customer_says

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], object]) -> None:
    """Run all of them in threads that start together; a failure of one is a failure of the test."""
    start = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        try:
            start.wait(10)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        for found in [pool.submit(copy_context().run, run, act) for act in acts]:  # the frozen clock goes along
            found.result(timeout=60)


def test_a_line_that_is_sent_many_times_at_once_is_in_the_case_once(complaint: Complaint, alice: User) -> None:
    chat = services.open_chat(actor=SYSTEM, complaint=complaint)
    chat.complaint = complaint
    me = actor(alice)
    at_once(
        *[lambda: customer_says(chat=chat, text="Hello?", key="key-00001")] * 4,
        *[lambda: services.agent_says(actor=me, complaint_id=complaint.pk, text="Yes.", key="key-00002")] * 4,
        *[lambda: services.open_chat(actor=SYSTEM, complaint=complaint)] * 2,
    )
    assert sorted(Message.objects.filter(channel="chat").values_list("text", flat=True)) == ["Hello?", "Yes."]
    assert Chat.objects.count() == 1


@pytest.mark.parametrize("round_", range(5))
def test_the_page_and_the_mail_never_both_have_an_answer(complaint: Complaint, alice: User, round_: int) -> None:
    chat = services.open_chat(actor=SYSTEM, complaint=complaint)
    chat.complaint = complaint
    lines = []
    for number in range(3):
        line = services.agent_says(
            actor=actor(alice), complaint_id=complaint.pk, text=f"{round_}.{number}.", key=f"key-{number:05}"
        )
        assert line is not None
        lines.append(line.pk)
    later = clock.now() + timedelta(minutes=2)

    def pass_on() -> None:
        services.hand_over(message_id=lines[0])

    with clock.frozen_at(later):
        at_once(pass_on, pass_on, lambda: services.seen(chat=chat, up_to=lines[-1]), pass_on)
    states = dict(Message.objects.filter(pk__in=lines).values_list("pk", "state"))
    assert states == dict.fromkeys(lines, "sent")
    letters = list(Message.objects.filter(channel="email", kind="message").values_list("text", flat=True))
    assert len(letters) <= 1
    shown = Chat.objects.get().customer_seen
    assert letters or shown == lines[-1]
    if letters:  # the mail won: it has all of them
        assert all(f"{round_}.{number}." in letters[0] for number in range(3))
