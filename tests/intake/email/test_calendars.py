"""Invitations in words."""

import pytest

from amends.intake.channels.email.calendars import in_words
from amends.intake.channels.email.parsing import parse

EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260302T093000Z\r\n"
    "SUMMARY:Call about the kettle\r\nDTSTART:20260302T093000Z\r\nDTEND:20260302T100000Z\r\nLOCATION:Cologne\r\n"
    "ORGANIZER;CN=Petra:mailto:petra@example.org\r\nDESCRIPTION:It leaks\\, still.\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
WORDS = "Invitation: Call about the kettle\n2026-03-02 09:30 UTC – 2026-03-02 10:00 UTC\nCologne\npetra@example.org\n\nIt leaks, still."
HEAD = "From: petra@example.org\r\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\r\n\r\n"


def test_an_invitation_without_other_text_is_read_in_words_and_kept_as_a_file():
    mail = parse((HEAD + EVENT).encode())
    assert mail.text == WORDS
    assert [(one.type, one.data) for one in mail.attachments] == [("text/calendar", EVENT.encode())]


def test_a_cancellation_and_a_whole_day_are_said():
    day = EVENT.replace("METHOD:REQUEST", "METHOD:CANCEL").replace(
        "DTSTART:20260302T093000Z", "DTSTART;VALUE=DATE:20260302"
    )
    found = in_words(day.replace("DTEND:20260302T100000Z\r\n", "").encode())
    assert found is not None
    assert found.startswith("Cancelled: Call about the kettle\n2026-03-02\n")


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "BEGIN:VCALENDAR",
        "nonsense",
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:never\r\nEND:VEVENT\r\nEND:VCALENDAR",
        "\x00" * 50,
    ],
)
def test_a_broken_invitation_is_kept_as_a_file(broken: str):
    mail = parse((HEAD + broken).encode())
    assert mail.kind.value == "message"
    assert len(mail.attachments) <= 1
