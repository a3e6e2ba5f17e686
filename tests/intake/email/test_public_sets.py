"""Every mail of the public sets, whole. The rates below are the ones in docs/reference/mail.md."""

import json
from pathlib import Path

import pytest
from bench import mail_sets as mail_figures
from tests.intake.email.test_hostile_input import check

from amends.intake.channels.email.model import MailKind, ParsedMail
from amends.intake.channels.email.parsing import parse

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


@pytest.mark.parametrize(("name", "least"), [("talon", 22), ("reply_parser_github", 22), ("reply_parser_zapier", 24)])
def test_the_answers_of_the_reply_sets_are_exactly_the_expected_ones(mail_sets: Path, name: str, least: int):
    expected = json.loads(mail_figures.EXPECTED.read_text(encoding="utf-8"))
    found = mail_figures.compare_answers(name, mail_sets / name, expected)
    assert found["exact"] >= least, found["wrong"]
    # talon takes a name below a rule for a signature; without contact data we keep it.
    assert set(found["wrong"]) <= {"reply-separated-by-hr.html"}


@pytest.mark.filterwarnings("ignore")  # the other reader warns about malformed headers
@pytest.mark.parametrize("name", ["bounces", "chatwoot", "enmime", "flanker", "mikel_mail", "talon"])
def test_fields_and_files_agree_with_another_reader(mail_sets: Path, name: str):
    found = mail_figures.measure(name, mail_sets / name, {})
    assert found["exceptions"] == []
    agree = found["agree"]
    assert agree["files"][0] == agree["files"][1]
    together = [sum(agree[field][place] for field in ("subject", "from", "to")) for place in (0, 1)]
    # The rest are malformed headers that the other reader loses or leaves undecoded.
    assert together[0] / together[1] >= 0.96, found["different"]
