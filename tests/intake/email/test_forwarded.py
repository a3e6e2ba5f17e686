"""The message inside a forwarded mail: who wrote it first, when, about what, and its words."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from amends.intake.channels.email.dates import moment
from amends.intake.channels.email.model import Address
from amends.intake.channels.email.parsing import parse

FILLED = {
    "{P}": "Petra Lang <petra@example.org>", "{M}": "Petra Lang [mailto:petra@example.org]", "{S}": "shop@example.com",
          "{K}": "Kettle leaks", "{F}": "---------- Forwarded message ---------", "{T}": "Mon, 2 Mar 2026 09:30:00 +0000"
}  # fmt: skip
GMAIL = "{F}\nFrom: {P}\nDate: Mon, Mar 2, 2026 at 9:30 AM\nSubject: {K}\nTo: <{S}>\n\n\n"
BLOCKS = {
    "gmail": ("Fwd: {K}", GMAIL),
    "gmail de": ("Fwd: {K}", "{F}\nVon: {P}\nDate: Mo., 2. März 2026 um 09:30 Uhr\nSubject: {K}\nTo: <{S}>\n\n"),
    "apple": ("Fwd: {K}", "Begin forwarded message:\n\n> From: {P}\n> Subject: {K}\n> Date: 2 March 2026 at 09:30:00 GMT\n> To: {S}\n> \n> "),  # noqa: E501
    "apple de": ("Fwd: {K}", "Anfang der weitergeleiteten Nachricht:\n\nVon: {P}\nBetreff: {K}\nDatum: 2. März 2026 um 09:30:00 UTC\nAn: {S}\n\n"),  # noqa: E501
    "apple fr": ("Fwd: {K}", "Début du message transféré :\n\nDe: {P}\nObjet: {K}\nDate: 2 mars 2026 à 09:30:00 UTC\nÀ: {S}\n\n"),
    "outlook": ("FW: {K}", "From: {P}\nSent: Monday, March 2, 2026 9:30 AM\nTo: {S}\nSubject: {K}\n\n"),
    "outlook mailto": ("FW: {K}", "-----Original Message-----\nFrom: {M}\nSent: Monday, March 2, 2026 9:30 AM\nTo: {S}\nSubject: {K}\n\n"),
    "outlook de": ("WG: {K}", "Von: {P}\nGesendet: Montag, 2. März 2026 09:30\nAn: {S}\nBetreff: {K}\n\n"),
    "outlook es": ("RV: {K}", "De: {P}\nEnviado: lunes, 2 de marzo de 2026 9:30\nPara: {S}\nAsunto: {K}\n\n"),
    "outlook nl": ("FW: {K}", "Van: {P}\nVerzonden: maandag 2 maart 2026 09:30\nAan: {S}\nOnderwerp: {K}\n\n"),
    "outlook pl": ("PD: {K}", "Od: {P}\nWysłano: poniedziałek, 2 marca 2026 09:30\nDo: {S}\nTemat: {K}\n\n"),
    "thunderbird": ("Fwd: {K}", "-------- Forwarded Message --------\nSubject: \t{K}\nDate: \t{T}\nFrom: \t{P}\nTo: \t{S}\n\n\n"),
    "thunderbird de": ("Fwd: {K}", "-------- Weitergeleitete Nachricht --------\nBetreff: \t{K}\nDatum: \t{T}\nVon: \t{P}\nAn: \t{S}\n\n"),
    "yahoo": ("Fw: {K}", "----- Forwarded Message -----\nFrom: {P}\nTo: {S}\nSent: Monday, March 2, 2026 at 09:30:00 AM GMT\nSubject: {K}\n\n"),  # noqa: E501
}  # fmt: skip


def filled(template: str) -> str:
    """The names put in."""
    for key, value in FILLED.items():
        template = template.replace(key, value)
    return template


@pytest.mark.parametrize("name", BLOCKS)
def test_the_author_of_a_forwarded_message_is_read_out_of_the_text(name: str):
    subject, block = (filled(words) for words in BLOCKS[name])
    body = f"Please take care of this.\n\n{block}It leaks since Friday.\n\nPetra"
    raw = (
        f"From: Shop <shop@example.com>\r\nSubject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}"
    )
    original = parse(raw.encode()).original
    assert original is not None
    assert original.from_ == Address("Petra Lang", "petra@example.org")
    assert original.subject == "Kettle leaks"
    assert original.date == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    assert [one.address for one in original.to] == ["shop@example.com"]
    assert original.text.startswith("It leaks since Friday.")
    assert not original.attached


def test_a_forwarded_message_without_a_note_is_still_read_and_kept():
    mail = parse(f"From: a@example.org\r\nSubject: Fwd: x\r\n\r\n{filled(GMAIL)}It leaks.".encode())
    assert mail.original is not None
    assert "It leaks." in mail.reply_text


def test_an_attached_message_is_the_original():
    mail = parse(
        b"From: shop@example.com\r\nSubject: for you\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee file\r\n--b\r\n"
        b"Content-Type: message/rfc822\r\n\r\nFrom: Petra Lang <petra@example.org>\r\nSubject: Kettle\r\nMessage-ID: <k@example.org>\r\n"
        b"Date: Mon, 2 Mar 2026 09:30:00 +0100\r\n\r\nIt leaks.\r\n\r\n> old words\r\n--b--\r\n"
    )
    assert mail.original is not None
    assert mail.original.attached
    assert mail.original.from_ == Address("Petra Lang", "petra@example.org")
    assert (mail.original.subject, mail.original.message_id, mail.original.text) == (
        "Kettle",
        "<k@example.org>",
        "It leaks.",
    )
    assert [one.type for one in mail.attachments] == ["message/rfc822"]


@pytest.mark.parametrize(
    "body",
    [
        "My kettle leaks.",
        "It leaks.\n\nOn 2 March 2026 at 09:30, Care <care@example.com> wrote:\n> sorry",
        "It leaks.\n\nFrom: Care <care@example.com>\nSent: Monday, 2 March 2026 09:30\nTo: Petra\nSubject: RE: Kettle\n\nsorry",
    ],
)
def test_an_answer_forwards_nothing(body: str):
    assert parse(f"From: petra@example.org\r\nSubject: Re: Kettle\r\n\r\n{body}".encode()).original is None


def test_a_bounce_forwards_nothing():
    mail = parse(
        b"From: mailer-daemon@example.org\r\nSubject: failure notice\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\r\n"
        b"no such user\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: care@example.com\r\n\r\nhello\r\n--b--\r\n"
    )
    assert mail.original is None


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Mon, 2 Mar 2026 09:30:00 +0100", datetime(2026, 3, 2, 9, 30, tzinfo=timezone(timedelta(hours=1)))),
        ("lundi 2 mars 2026 09:30", datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
        ("Monday, March 2, 2026 9:30 PM", datetime(2026, 3, 2, 21, 30, tzinfo=UTC)),
        ("02.03.2026 09:30", datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
        ("3/2/2026 9:30 AM", datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
        ("2026-03-02 09:30", datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
        ("2026年3月2日 9:30", datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
        ("понедельник, 2 марта 2026 г., 9:30", datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
        ("yesterday", None),
        ("99.99.9999 99:99", None),
        ("", None),
    ],
)
def test_dates_for_people_are_read(words: str, expected: datetime | None):
    assert moment(words) == expected
