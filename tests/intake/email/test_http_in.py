"""Mail that providers deliver by HTTP: only when it is set up, only when it is theirs, kept before the answer, once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from tests.people import House, actor, new_complaint

from amends.accounts.public import User
from amends.cases.public import Complaint, Message, reply
from amends.core import clock
from amends.intake.channels.email import services
from amends.intake.channels.email.models import MailOutcome, MailState, RawMail

KEY = "signing-key"
SIGN_IN = {"Authorization": "Basic " + base64.b64encode(b"amends:agreed").decode()}
RAW = (
    "From: Maya <maya@example.org>\r\nTo: care@amends.localhost\r\nSubject: Kettle\r\nMessage-ID: <k1@example.org>\r\n"
    "\r\nIt leaks, and the Ümläut too.\r\n"
)
POSTMARK: dict[str, Any] = {
    "FromFull": {"Email": "maya@example.org", "Name": "Maya Okafor"},
    "ToFull": [{"Email": "care@amends.localhost", "Name": ""}],
    "OriginalRecipient": "care@amends.localhost",
    "Subject": "Kettle",
    "MessageID": "a8c1040e-db1c-4e18-ac79-bc5f64c7ce2c",
    "Date": "Thu, 5 Nov 2026 16:59:01 +0200",
    "TextBody": "It leaks.",
    "HtmlBody": "<p>It leaks.</p>",
    "Headers": [
        {"Name": "Return-Path", "Value": "<maya@example.org>"},
        {"Name": "Message-ID", "Value": "<k2@example.org>"},
    ],
    "Attachments": [
        {"Name": "kettle.txt", "Content": base64.b64encode(b"photo of a kettle").decode(), "ContentType": "text/plain"}
    ],
}


@pytest.fixture(autouse=True)
def providers(settings: Any, house: House) -> None:
    """All providers set up, with a secret and a key."""
    settings.AMENDS_MAIL_PROVIDERS = ["mailgun", "postmark", "sendgrid", "sparkpost", "mailjet"]
    settings.ANYMAIL = {"WEBHOOK_SECRET": "amends:agreed", "MAILGUN_WEBHOOK_SIGNING_KEY": KEY}


def signed(**fields: str) -> dict[str, str]:
    """A form as Mailgun signs it."""
    token, timestamp = "t" * 50, "1795381767"
    signature = hmac.new(KEY.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    return {"token": token, "timestamp": timestamp, "signature": signature, **fields}


def post_json(client: Client, provider: str, body: Any, **more: Any) -> Any:
    """As a provider that sends JSON."""
    headers = more.pop("headers", SIGN_IN)
    return client.post(f"/mail/in/{provider}/", data=body, content_type="application/json", headers=headers)


def process_all() -> None:
    """What the worker does."""
    for number in RawMail.objects.filter(state=MailState.RECEIVED).order_by("pk").values_list("pk", flat=True):
        services.process(raw_mail_id=number)


def test_mailgun_delivers_the_whole_mail_and_its_envelope(client: Client):
    fields = signed(sender="bounce@example.org", recipient="care@amends.localhost", **{"body-mime": RAW})
    answer = client.post("/mail/in/mailgun/mime", data=fields, headers=SIGN_IN)
    assert (answer.status_code, answer.content) == (200, b"kept 1\n")
    row = RawMail.objects.get()
    assert bytes(row.data) == RAW.encode()
    assert (row.source, row.envelope_from, row.envelope_to) == (
        "http:mailgun", "bounce@example.org", ["care@amends.localhost"],
    )  # fmt: skip
    process_all()
    assert "Ümläut" in Complaint.objects.get().text


def test_a_wrong_signature_is_refused_and_nothing_is_kept(client: Client):
    fields = signed(sender="x@example.org", recipient="care@amends.localhost", **{"body-mime": RAW})
    fields["signature"] = "0" * 64
    assert client.post("/mail/in/mailgun/", data=fields, headers=SIGN_IN).status_code == 403
    assert client.post("/mail/in/mailgun/", data={"body-mime": RAW}, headers=SIGN_IN).status_code == 403
    assert RawMail.objects.count() == 0


def test_an_empty_signing_key_signs_for_nobody(client: Client, settings: Any):
    settings.ANYMAIL = {"WEBHOOK_SECRET": "", "MAILGUN_WEBHOOK_SIGNING_KEY": ""}
    fields = signed(sender="x@example.org", recipient="care@amends.localhost", **{"body-mime": RAW})
    fields["signature"] = hmac.new(b"", f"{fields['timestamp']}{fields['token']}".encode(), hashlib.sha256).hexdigest()
    assert client.post("/mail/in/mailgun/", data=fields).status_code == 404
    assert post_json(client, "postmark", POSTMARK).status_code == 404


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic " + base64.b64encode(b"amends:other").decode()}])
@pytest.mark.parametrize("provider", ["postmark", "sparkpost", "sendgrid", "mailjet", "mailgun"])
def test_a_stranger_is_refused(client: Client, provider: str, headers: dict[str, str]):
    assert post_json(client, provider, POSTMARK, headers=headers).status_code == 403
    assert RawMail.objects.count() == 0


@pytest.mark.parametrize("path", ["/mail/in/postmark/", "/mail/in/nobody/", "/mail/in/base/", "/mail/events/mailgun/"])
def test_addresses_exist_only_for_providers_that_are_set_up(client: Client, settings: Any, path: str):
    settings.AMENDS_MAIL_PROVIDERS = []
    assert client.post(path, headers=SIGN_IN).status_code == 404
    assert client.head(path).status_code == 404


def test_a_provider_can_look_whether_the_address_is_there(client: Client):
    assert client.head("/mail/in/postmark/").status_code == 200
    assert client.get("/mail/in/postmark/").status_code == 405


def test_postmark_with_the_whole_mail_is_kept_byte_for_byte(client: Client):
    assert post_json(client, "postmark", {**POSTMARK, "RawEmail": RAW}).status_code == 200
    assert bytes(RawMail.objects.get().data) == RAW.encode()


def test_a_mail_in_parts_is_put_together_with_its_files(client: Client):
    assert post_json(client, "postmark", POSTMARK).status_code == 200
    process_all()
    complaint = Complaint.objects.get()
    assert (complaint.subject, complaint.text, complaint.customer.email) == ("Kettle", "It leaks.", "maya@example.org")
    files = [one for message in complaint.messages.all() for one in message.attachments.all()]
    assert [(one.name, bytes(one.blob.data)) for one in files] == [("kettle.txt", b"photo of a kettle")]


@pytest.mark.parametrize("body", [POSTMARK, {**POSTMARK, "RawEmail": RAW}])
def test_the_same_delivery_twice_is_one_complaint(client: Client, body: dict[str, Any]):
    for _time in range(3):
        assert post_json(client, "postmark", body).status_code == 200
    process_all()
    assert Complaint.objects.count() == 1
    assert RawMail.objects.filter(outcome=MailOutcome.DUPLICATE).count() == 2


def test_sparkpost_delivers_several_at_once_in_base64_too(client: Client):
    def event(number: int, **content: Any) -> dict[str, Any]:
        raw = RAW.replace("k1@", f"s{number}@")
        return {"msys": {"relay_message": {
            "protocol": "smtp", "msg_from": "maya@example.org", "rcpt_to": "care@amends.localhost",
            "content": {"email_rfc822": raw, "email_rfc822_is_base64": False, **content},
        }}}  # fmt: skip

    encoded = base64.b64encode(RAW.encode()).decode()
    body = [event(1), event(2, email_rfc822=encoded, email_rfc822_is_base64=True)]
    assert post_json(client, "sparkpost", body).status_code == 200
    assert [bytes(one.data) for one in RawMail.objects.order_by("pk")] == [
        RAW.replace("k1@", "s1@").encode(),
        RAW.encode(),
    ]


def test_sendgrid_delivers_the_raw_mail(client: Client):
    envelope = json.dumps({"from": "maya@example.org", "to": ["care@amends.localhost"]})
    answer = client.post("/mail/in/sendgrid/", data={"email": RAW, "envelope": envelope}, headers=SIGN_IN)
    assert answer.status_code == 200
    assert bytes(RawMail.objects.get().data) == RAW.encode()
    assert RawMail.objects.get().envelope_to == ["care@amends.localhost"]


def test_mailjet_delivers_parts(client: Client):
    body = {
        "Sender": "maya@example.org", "Recipient": "care@amends.localhost", "Date": "20261105T165901",
        "From": "Maya <maya@example.org>", "Subject": "Kettle",
        "Headers": {"From": ["Maya <maya@example.org>"], "To": ["care@amends.localhost"], "Subject": ["Kettle"]},
        "Parts": [{"Headers": {"Content-Type": "text/plain; charset=utf-8"}, "ContentRef": "Text-part"}],
        "Text-part": "It leaks.", "SpamAssassinScore": "0.6",
    }  # fmt: skip
    assert post_json(client, "mailjet", body).status_code == 200
    process_all()
    assert Complaint.objects.get().text == "It leaks."


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"no": "mail"}', b"\x00\xff", b"null", b'{"FromFull": "\\u0000"}'])
def test_what_cannot_be_read_is_kept_for_a_person(client: Client, body: bytes):
    answer = client.post("/mail/in/postmark/", data=body, content_type="application/json", headers=SIGN_IN)
    assert answer.status_code == 200
    row = RawMail.objects.get()
    if row.state == MailState.QUARANTINED:
        assert bytes(row.data) == body
        assert "Postmark" in row.reason


def test_reports_about_sent_mail_are_no_mail(client: Client):
    answer = post_json(client, "postmark", {"RecordType": "Bounce", "MessageID": "x"})
    assert answer.status_code == 422
    assert RawMail.objects.count() == 0


def test_a_mail_that_is_too_large_is_refused(client: Client, settings: Any):
    settings.AMENDS_MAIL_SIZE_LIMIT = 1000
    assert post_json(client, "postmark", {**POSTMARK, "TextBody": "x" * 5000}).status_code == 422


def test_a_mail_above_the_limit_of_forms_but_not_of_mail_is_kept(client: Client):
    raw = RAW + "x" * 14_000_000
    assert post_json(client, "postmark", {**POSTMARK, "RawEmail": raw}).status_code == 200
    fields = signed(sender="x@example.org", recipient="care@amends.localhost", **{"body-mime": raw})
    assert client.post("/mail/in/mailgun/mime", data=fields, headers=SIGN_IN).status_code == 200
    assert RawMail.objects.count() == 2
    assert all(len(bytes(one.data)) > 14_000_000 for one in RawMail.objects.all())


def test_when_it_cannot_be_kept_the_provider_is_told_to_come_again(client: Client, monkeypatch: pytest.MonkeyPatch):
    def away(**_values: object) -> int:
        raise OperationalError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(services, "store", away)
        assert post_json(client, "postmark", POSTMARK).status_code == 503
    assert RawMail.objects.count() == 0


@pytest.fixture
def sent(house: House, alice: User) -> Message:
    """A message of ours that a relay has taken."""
    complaint = new_complaint(house.london)
    message = reply(actor=actor(alice), complaint_id=complaint.pk, text="Hello Maya, I am on it.")
    Message.objects.filter(pk=message.pk).update(state="sent", sent_at=clock.now(), message_id="m1@amends.localhost")
    message.refresh_from_db()
    return message


def mailgun_event(**data: Any) -> dict[str, Any]:
    """A report as Mailgun signs it."""
    given = {
        "id": "e1", "timestamp": 1795381767.1, "recipient": "maya@example.org",
        "message": {"headers": {"message-id": "m1@amends.localhost"}}, **data,
    }  # fmt: skip
    return {"signature": signed(), "event-data": given}


def post_event(client: Client, body: Any) -> Any:
    """To the address of reports."""
    return client.post("/mail/events/mailgun/", data=body, content_type="application/json", headers=SIGN_IN)


def test_a_report_of_delivery_marks_our_message(client: Client, sent: Message):
    answer = post_event(client, mailgun_event(event="delivered"))
    assert (answer.status_code, answer.content) == (200, b"noted 1\n")
    sent.refresh_from_db()
    assert sent.state == "delivered"


def test_a_report_of_a_bounce_marks_our_message(client: Client, sent: Message):
    body = mailgun_event(
        event="failed", severity="permanent", **{"delivery-status": {"code": 550, "message": "550 no"}}
    )
    assert post_event(client, body).status_code == 200
    sent.refresh_from_db()
    assert (sent.state, sent.bounce) == ("bounced", "hard")


def test_reports_of_strangers_and_about_nothing_of_ours_change_nothing(client: Client, sent: Message):
    body = mailgun_event(event="failed", severity="permanent")
    assert post_event(client, {**body, "signature": {**body["signature"], "signature": "0" * 64}}).status_code == 403
    other = mailgun_event(event="delivered", message={"headers": {"message-id": "x@elsewhere.example"}})
    assert post_event(client, other).content == b"noted 0\n"
    sent.refresh_from_db()
    assert sent.state == "sent"
