"""Without a relay, a message may become a file: once, whole, and for its case only."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from pytest_django import Settings

from amends.accounts.public import SYSTEM
from amends.cases.public import Complaint, Message, queue_message
from amends.intake.channels.email.outbox import deliver


@pytest.fixture
def letter(complaint: Complaint, settings: Settings) -> Message:
    settings.EMAIL_HOST = ""
    message = queue_message(
        actor=SYSTEM, complaint_id=complaint.pk, kind="message", subject="Your speaker", text="I am on it."
    )
    assert message is not None
    return message


@pytest.mark.django_db(transaction=True)
def test_a_message_becomes_a_file(letter: Message, settings: Settings, tmp_path: Path) -> None:
    settings.AMENDS_MAIL_FOLDER = str(tmp_path / "outgoing")
    deliver(message_id=letter.pk)
    (path,) = (tmp_path / "outgoing").iterdir()
    mail = message_from_bytes(path.read_bytes(), policy=default)
    assert mail["Message-ID"] == f"<{letter.message_id}>"
    assert mail["To"] == "maya@example.org"
    letter.refresh_from_db()
    assert letter.state == "sent"


@pytest.mark.django_db(transaction=True)
def test_a_folder_that_cannot_be_written_keeps_the_message(letter: Message, settings: Settings, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    settings.AMENDS_MAIL_FOLDER = str(blocked / "outgoing")
    deliver(message_id=letter.pk)
    letter.refresh_from_db()
    assert letter.state == "queued"
    assert "folder" in letter.state_reason
