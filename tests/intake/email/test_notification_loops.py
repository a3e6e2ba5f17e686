"""Mail to our own staff cannot start a loop: it is counted, and what machines answer to it becomes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from tests.intake.email.conftest import crlf
from tests.intake.email.test_filing import MAILBOX, arrive, report
from tests.notifications.test_deliveries import Mailbox, mailbox, unused_tcp_port  # noqa: F401  # fixtures, by their names
from tests.people import House, actor

from amends.accounts.public import User
from amends.cases.public import Complaint, Message
from amends.intake.channels.email.models import RawMail
from amends.notifications import sending
from amends.notifications.models import Delivery, Notification
from amends.notifications.public import notify
from amends.notifications.wishes import set_wishes

AWAY = """
From: {address}
To: {to}
Subject: Automatic reply: news
Message-ID: <away{number}@example.net>
In-Reply-To: <alert.{number}@amends.localhost>
Auto-Submitted: auto-replied

I am away until Monday.
"""


@pytest.mark.parametrize("machine", ["away", "bounce"])
def test_news_by_mail_that_machines_answer_stay_below_a_cap_and_raise_nothing(
    house: House,
    alice: User,
    mailbox: Mailbox,  # noqa: F811  # the fixture
    machine: str,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> None:
    monkeypatch.setattr(sending, "PER_HOUR", 5)
    set_wishes(actor=actor(alice), by_email="all", quiet_from=None, quiet_until=None, timezone="")
    for number in range(12):
        told = notify(
            users=[alice.pk], kind="news", title=f"News {number}", url="/", complaint_id=None, key=f"n{number}"
        )
        assert told == 1
        for one in Delivery.objects.filter(state="queued"):
            sending.deliver(delivery_id=one.pk)
        if machine == "away":
            raw = crlf(AWAY.format(address=alice.email, to=MAILBOX, number=number))
            arrive(raw, envelope_from=alice.email)
        else:
            arrive(report(returned=f"Message-ID: <alert.{number}@amends.localhost>\n"), envelope_from="")
    assert len(mailbox.mails) == 5
    assert all(b"Auto-Submitted: auto-generated" in one for one in mailbox.mails)
    assert Notification.objects.count() == 12, "the page has all of them, and nothing was added by the answers"
    assert not Complaint.objects.exists()
    assert not Message.objects.exists()
    assert set(RawMail.objects.values_list("outcome", flat=True)) <= {"auto_reply", "bounce", "duplicate"}
