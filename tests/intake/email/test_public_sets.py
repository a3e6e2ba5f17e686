"""Every mail of the public sets, whole. The rates below are the ones in docs/reference/mail.md."""

from pathlib import Path

import pytest
from tests.intake.email.test_hostile_input import check

from amends.intake.channels.email.html import to_text
from amends.intake.channels.email.model import MailKind, ParsedMail
from amends.intake.channels.email.parsing import parse
from amends.intake.channels.email.reply_text import reply_text

pytestmark = pytest.mark.shared_data

SETS = ["bounces", "chatwoot", "enmime", "flanker", "mikel_mail", "reply_parser_github", "reply_parser_zapier", "talon"]


def mails(folder: Path, pattern: str = "*") -> dict[str, ParsedMail]:
    """Every file below a folder, parsed."""
    return {path.name: parse(path.read_bytes()) for path in sorted(folder.rglob(pattern)) if path.is_file()}


@pytest.mark.parametrize("name", SETS)
def test_every_file_of_every_set_is_read(mail_sets: Path, name: str):
    found = mails(mail_sets / name)
    assert found
    for mail in found.values():
        check(mail)


def test_the_bounces_are_recognised_with_their_recipient(mail_sets: Path):
    found = mails(mail_sets / "bounces")
    reports = {name: mail for name, mail in found.items() if mail.kind in {MailKind.BOUNCE, MailKind.DELIVERY_NOTICE}}
    others = {name for name in found if name not in reports}
    assert len(found) == 629
    assert len(reports) >= 623
    # Out-of-office answers and one person who forwards a bounce: none of these is a delivery report.
    assert {name.rsplit("-", 1)[0] for name in others} <= {"rfc3834", "lhost-sendmail"}
    assert not any(mail.answerable for name, mail in found.items() if name != "lhost-sendmail-14.eml")
    bounces = [mail.bounce for mail in reports.values() if mail.kind is MailKind.BOUNCE]
    assert all(bounce is not None for bounce in bounces)
    with_recipient = [bounce for bounce in bounces if bounce and bounce.recipient]
    with_status = [bounce for bounce in bounces if bounce and bounce.status]
    assert len(with_recipient) == len(bounces)
    assert len(with_status) / len(bounces) > 0.84


def test_ordinary_mail_is_not_taken_for_a_bounce(mail_sets: Path):
    for name in ("talon", "reply_parser_github", "reply_parser_zapier"):
        assert {mail.kind for mail in mails(mail_sets / name).values()} == {MailKind.MESSAGE}
    bounced = {name for name, mail in mails(mail_sets / "chatwoot").items() if mail.kind is MailKind.BOUNCE}
    assert bounced == {"bounced_with_no_from.eml"}


def test_talon_replies_are_found(mail_sets: Path):
    for name, mail in mails(mail_sets / "talon" / "standard_replies", "*.eml").items():
        # Two expectations keep the signature, which is no part of what we look for.
        assert mail.reply_text == "Hello", name
    for path in sorted((mail_sets / "talon").rglob("*.html")):
        reply = reply_text(to_text(path.read_bytes().decode("utf-8", "replace")))
        for quoted in ("Hello! How are you?", "Sasha", "Test message"):
            assert quoted not in reply, path.name
        assert reply.split("\n")[0] in {"Hi. I am fine.", "Hi", "Reply"}, path.name


REPLIES = {
    "correct_sig.txt": "this is an email with a correct -- signature.",
    "email_1_3.txt": "Oh thanks.\n\nHaving the function would be great.",
    "email_1_4.txt": "Awesome! I haven't had another problem with it.",
    "email_1_6.txt": "I get proper rendering as well.",
    "email_1_7.txt": ":+1:",
    "email_1_8.txt": "I will reply under this one\n\nand under this.",
    "email_2_1.txt": "Outlook with a reply",
    "email_2_2.txt": "Outlook with a reply directly above line",
    "email_BlackBerry.txt": "Here is another email",
    "email_iPhone.txt": "Here is another email",
    "email_multi_word_sent_from_my_mobile_device.txt": "Here is another email",
    "email_sent_from_my_not_signature.txt": "Here is another email\n\nSent from my desk, is much easier then my mobile phone.",
    "email_gmail.txt": "This is a test for inbox replying to a github message.",
    "email_headers_no_delimiter.txt": "And another reply!",
}
REPLY_STARTS = {
    "email_1_1.txt": "Hi folks", "email_1_2.txt": "Hi,", "email_1_5.txt": "One: Here's", "email_2_3.txt": "Outlook with a reply",
    "email_bullets.txt": "test 2 this should list second", "email_long_quote.txt": "Hi folks", "greedy_on.txt": "On your remote host",
    "email_one_is_not_on.txt": "Thank, this is really helpful.", "email_partial_quote_header.txt": "On your remote host",
    "email_sig_delimiter_in_middle_of_line.txt": "Hi there!", "pathological.txt": "I think you're onto something.",
}  # fmt: skip


@pytest.mark.parametrize("name", ["reply_parser_github", "reply_parser_zapier"])
def test_quoted_replies_are_cut(mail_sets: Path, name: str):
    paths = sorted((mail_sets / name).rglob("*.txt"))
    assert len(paths) >= 22
    for path in paths:
        reply = reply_text(path.read_text(encoding="utf-8"))
        if path.name in REPLIES:
            assert reply == REPLIES[path.name], path.name
        else:
            assert reply.startswith(REPLY_STARTS[path.name]), path.name
            assert "wrote:" not in reply, path.name
            assert "_______" not in reply, path.name
