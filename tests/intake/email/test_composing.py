"""Mail that leaves: readable by anybody, and nothing from outside becomes a header."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amends.intake.channels.email.charsets import clean
from amends.intake.channels.email.composing import (
    OutgoingFile,
    OutgoingMail,
    UnusableAddressError,
    compose,
    one_line,
)
from amends.intake.channels.email.model import Address, MailKind
from amends.intake.channels.email.parsing import parse

MOMENT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def outgoing(**changes: object) -> OutgoingMail:
    """A mail of ours with some fields changed."""
    values: dict[str, object] = {
        "sender": Address("Jo Weber, Care", "care@example.com"),
        "recipient": Address("Petra Lang", "petra@example.org"),
        "reply_to": Address("", "care+token@example.com"),
        "subject": "Ihr Wasserkocher – wir kümmern uns",
        "text": "Guten Tag,\n\nich kümmere mich.\n",
        "message_id": "<abc.17@example.com>",
        "date": MOMENT,
    }
    return OutgoingMail(**{**values, **changes})  # type: ignore[arg-type]  # the tests choose the fields


def test_what_is_written_can_be_read_again():
    file = OutgoingFile("Rückgabe.pdf", "application/pdf", b"%PDF")
    raw = compose(
        outgoing(
            html="<p>ich <b>kümmere</b> mich</p>",
            files=[file],
            in_reply_to="<q@x.example>",
            references=["<p@x.example>"],
        )
    ).as_bytes()
    mail = parse(raw)
    assert mail.subject == "Ihr Wasserkocher – wir kümmern uns"
    assert mail.from_ == Address("Jo Weber, Care", "care@example.com")
    assert mail.to == (Address("Petra Lang", "petra@example.org"),)
    assert mail.reply_to == (Address("", "care+token@example.com"),)
    assert mail.text.replace("\r", "") == "Guten Tag,\n\nich kümmere mich."
    assert mail.html is not None
    assert "<b>kümmere</b>" in mail.html
    assert [(one.name, one.data) for one in mail.attachments] == [("Rückgabe.pdf", b"%PDF")]
    assert (mail.message_id, mail.in_reply_to, mail.references) == (
        "<abc.17@example.com>",
        "<q@x.example>",
        ("<p@x.example>", "<q@x.example>"),
    )
    assert mail.date == MOMENT
    assert mail.problems == ()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998


def test_the_same_message_twice_has_the_same_identifier():
    assert compose(outgoing())["Message-ID"] == compose(outgoing())["Message-ID"] == "<abc.17@example.com>"


def test_automatic_mail_says_so_and_is_answered_by_no_machine():
    raw = compose(outgoing(automatic=True, in_reply_to="<q@x.example>")).as_bytes()
    assert b"Auto-Submitted: auto-replied" in raw
    assert parse(raw).kind is MailKind.AUTO_REPLY
    assert b"Auto-Submitted" not in compose(outgoing()).as_bytes()


@pytest.mark.parametrize(
    "evil", ["x\r\nBcc: all@example.org", "x\nBcc: all@example.org", "x\x00\x0bBcc: y", "x\u2028Bcc: y", "x\rBcc: y"]
)
def test_nothing_from_outside_becomes_a_header(evil: str):
    raw = compose(
        outgoing(
            subject=evil, sender=Address(evil, "care@example.com"), recipient=Address(evil, "petra@example.org"),
            in_reply_to=f"<{evil}>", references=[evil, f"<{evil}@x>"], files=[OutgoingFile(evil, f"text/plain; x={evil}", b"1")],
        )
    ).as_bytes()  # fmt: skip
    head = raw.split(b"\r\n\r\n")[0]
    assert not any(line.lower().startswith(b"bcc") for line in raw.splitlines())
    assert b"In-Reply-To" not in head


@pytest.mark.parametrize(
    "address",
    [
        "",
        "petra",
        "@example.org",
        "petra@",
        "petra\r\n@example.org",
        "a b@example.org",
        "petra@exa mple.org",
        "p..l@example.org",
        "ü@example.org",
        "a@b@c",
        "petra@-",
    ],
)
def test_an_address_no_mail_can_go_to_is_refused(address: str):
    with pytest.raises(UnusableAddressError):
        compose(outgoing(recipient=Address("", address)))


def test_a_domain_with_umlauts_is_written_in_ascii():
    assert "xn--mller-kva.example" in str(compose(outgoing(recipient=Address("", "info@müller.example")))["To"])


def test_a_message_id_that_is_none_is_a_mistake_of_ours():
    with pytest.raises(ValueError, match="Message-ID"):
        compose(outgoing(message_id="<x>\r\nBcc: y"))


ANYTHING = st.text(max_size=120)


@settings(max_examples=300, deadline=None)
@given(
    subject=ANYTHING,
    name=ANYTHING,
    text=ANYTHING,
    html=ANYTHING,
    file=ANYTHING,
    file_type=ANYTHING,
    data=st.binary(max_size=60),
)
def test_any_words_can_be_sent_and_read_again(
    subject: str, name: str, text: str, html: str, file: str, file_type: str, data: bytes
):
    raw = compose(
        outgoing(
            subject=subject,
            sender=Address(name, "care@example.com"),
            text=text,
            html=html,
            files=[OutgoingFile(file, file_type, data)],
        )
    ).as_bytes()
    mail = parse(raw)
    assert [one.address for one in mail.to] == ["petra@example.org"]
    assert mail.from_ is not None
    assert mail.from_.address == "care@example.com"
    assert mail.message_id == "<abc.17@example.com>"
    assert mail.subject.replace(" ", "") == one_line(subject).replace(" ", "")
    assert mail.text.strip() == clean(text).strip() or not clean(text).strip()
    assert [one.data for one in mail.attachments if one.type != "text/html"] == [data]
