"""Mail by HTTP from Amazon SES (signed by SNS) and from Brevo (files fetched from its API), in the shapes they publish."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.x509.oid import NameOID
from django.test import Client
from tests.intake.email.test_http_in import SIGN_IN, post_json, process_all
from tests.people import House

from amends.cases.public import Complaint
from amends.core import clock
from amends.core.outgoing import Answer
from amends.intake.channels.email.incoming import amazon, brevo
from amends.intake.channels.email.models import MailOutcome, MailState, RawMail

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:complaints"
RAW = (
    b"From: Maya <maya@example.org>\r\nTo: care@amends.localhost\r\nSubject: Kettle\r\nMessage-ID: <k9@example.org>\r\n"
    b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\nIt leaks \xfcberall.\r\n"
)


@pytest.fixture(autouse=True)
def providers(settings: Any, house: House) -> None:
    """Both set up, with a secret."""
    settings.AMENDS_MAIL_PROVIDERS = ["amazon_ses", "brevo"]
    settings.ANYMAIL = {"WEBHOOK_SECRET": "amends:agreed", "MAILGUN_WEBHOOK_SIGNING_KEY": ""}


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    """What only Amazon has."""
    return generate_private_key(65537, 2048)


def certificate_of(key: RSAPrivateKey, begins: datetime = NOW - timedelta(days=30)) -> bytes:
    """A certificate for a year."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM)


class Web:
    """What lies on Amazon's hosts. The network ends here; everything before and after is the real thing."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []

    def request(self, _method: str, url: str, **_how: Any) -> Answer:
        self.asked.append(url)
        if url not in self.files:
            raise amazon.outgoing.NoConnection("No connection.")
        return Answer(200, {}, self.files[url], url)


@pytest.fixture
def web(key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """Amazon's hosts with the certificate, on a day on which it is valid."""
    found = Web()
    found.files[CERTIFICATE] = certificate_of(key)
    monkeypatch.setattr(amazon.outgoing, "request", found.request)
    amazon._fetched.cache_clear()
    with clock.frozen_at(NOW):
        yield found
    amazon._fetched.cache_clear()


def notification(content: bytes = RAW, **changes: Any) -> dict[str, Any]:
    """What SES says of a mail that came."""
    action = {"type": "SNS", "topicArn": TOPIC, "encoding": "BASE64"}
    return {
        "notificationType": "Received",
        "receipt": {"recipients": ["care@amends.localhost"], "spamVerdict": {"status": "PASS"}, "action": action},
        "mail": {"source": "bounce@example.org", "messageId": "d6iitobk75ur44p8kdnnp7g2n800", "destination": []},
        "content": base64.b64encode(content).decode(),
    } | changes


def signed(key: RSAPrivateKey, message: Any, version: str = "2", **changes: str) -> dict[str, str]:
    """A message of SNS."""
    told = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": "2026-03-02T09:30:00.000Z",
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE,
        **changes,
    }
    algorithm = hashes.SHA256() if version == "2" else hashes.SHA1()
    told["Signature"] = base64.b64encode(key.sign(amazon.text_to_sign(told), PKCS1v15(), algorithm)).decode()
    return told


def post(client: Client, told: Any, **more: Any) -> Any:
    """As SNS posts: JSON that says it is text."""
    headers = {"x-amz-sns-message-type": "Notification", **more.pop("headers", SIGN_IN)}
    return client.post(
        "/mail/in/amazon_ses/", json.dumps(told), content_type="text/plain; charset=UTF-8", headers=headers
    )


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_signed_notification_is_kept_byte_for_byte_with_its_envelope(
    client: Client, web: Web, key: RSAPrivateKey, version: str
) -> None:
    answer = post(client, signed(key, notification(), version))
    assert (answer.status_code, answer.content) == (200, b"kept 1\n")
    row = RawMail.objects.get()
    assert bytes(row.data) == RAW
    assert (row.source, row.envelope_from, row.envelope_to) == (
        "http:amazon_ses", "bounce@example.org", ["care@amends.localhost"],
    )  # fmt: skip
    process_all()
    assert Complaint.objects.get().text == "It leaks überall."


def test_what_is_signed_is_what_amazon_documents() -> None:
    """The string to sign of the documentation's example, field by field."""
    told = {
        "Type": "Notification", "MessageId": "m", "TopicArn": "t", "Subject": "s", "Message": "My Test\nMessage",
        "Timestamp": "2012-06-05T04:37:04.321Z", "SignatureVersion": "1", "Signature": "x", "UnsubscribeURL": "u",
    }  # fmt: skip
    assert amazon.text_to_sign(told) == (
        b"Message\nMy Test\nMessage\nMessageId\nm\nSubject\ns\nTimestamp\n2012-06-05T04:37:04.321Z\nTopicArn\nt\n"
        b"Type\nNotification\n"
    )


def test_the_certificate_is_fetched_once_and_the_same_mail_twice_is_one_complaint(
    client: Client, web: Web, key: RSAPrivateKey
) -> None:
    for _time in range(3):
        assert post(client, signed(key, notification())).status_code == 200
    process_all()
    assert Complaint.objects.count() == 1
    assert RawMail.objects.filter(outcome=MailOutcome.DUPLICATE).count() == 2
    assert web.asked == [CERTIFICATE]


@pytest.mark.parametrize(
    "change",
    [
        {"Message": json.dumps(notification(b"From: x@example.org\n\nForged."))},
        {"Signature": base64.b64encode(b"x" * 256).decode()},
        {"Signature": "no base64 !"},
        {"Signature": ""},
        {"SignatureVersion": "3"},
        {"TopicArn": "arn:aws:sns:eu-west-1:999999999999:another"},
        {"Type": "SubscriptionConfirmation"},
        {"Type": "Something"},
    ],
)
def test_what_sns_did_not_sign_is_refused_and_nothing_is_kept(
    client: Client, web: Web, key: RSAPrivateKey, change: dict[str, str]
) -> None:
    assert post(client, {**signed(key, notification()), **change}).status_code == 403
    assert RawMail.objects.count() == 0


@pytest.mark.parametrize(
    "place",
    [
        "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-0.pem",
        "https://evil.example/SimpleNotificationService-0.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-0.pem",
        "https://sns.eu-west-1.amazonaws.com/../bucket/SimpleNotificationService-0.pem",
        f"{CERTIFICATE}\n",
        "",
    ],
)
def test_a_certificate_from_anywhere_else_is_not_even_fetched(client: Client, web: Web, place: str) -> None:
    forger = generate_private_key(65537, 2048)
    web.files[place] = certificate_of(forger)
    assert post(client, signed(forger, notification(), SigningCertURL=place)).status_code == 403
    assert web.asked == []


def test_an_old_certificate_signs_nothing(client: Client, web: Web, key: RSAPrivateKey) -> None:
    web.files[CERTIFICATE] = certificate_of(key, NOW - timedelta(days=400))
    assert post(client, signed(key, notification())).status_code == 403
    web.files[CERTIFICATE] = b"<html>"
    amazon._fetched.cache_clear()
    assert post(client, signed(key, notification())).status_code == 403


def test_when_the_certificate_cannot_be_fetched_amazon_is_asked_to_come_again(
    client: Client, web: Web, key: RSAPrivateKey
) -> None:
    kept = web.files.pop(CERTIFICATE)
    assert post(client, signed(key, notification())).status_code == 503
    assert RawMail.objects.count() == 0
    web.files[CERTIFICATE] = kept
    assert post(client, signed(key, notification())).status_code == 200


def test_the_secret_is_asked_for_and_needed(client: Client, web: Web, key: RSAPrivateKey, settings: Any) -> None:
    asked = post(client, signed(key, notification()), headers={})
    assert asked.status_code == 401
    assert asked.headers["WWW-Authenticate"].startswith("Basic ")
    wrong = {"Authorization": "Basic " + base64.b64encode(b"amends:other").decode()}
    assert post(client, signed(key, notification()), headers=wrong).status_code == 403
    settings.ANYMAIL = {"WEBHOOK_SECRET": "", "MAILGUN_WEBHOOK_SIGNING_KEY": ""}
    assert post(client, signed(key, notification()), headers={}).status_code == 404
    assert RawMail.objects.count() == 0


def test_a_subscription_is_confirmed_only_when_signed_and_only_at_amazon(
    client: Client, web: Web, key: RSAPrivateKey
) -> None:
    place = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=x&Token=2336"
    web.files[place] = b"<ConfirmSubscriptionResponse/>"
    asked = {"Type": "SubscriptionConfirmation", "Token": "2336", "SubscribeURL": place}
    assert post(client, signed(key, "You have chosen to subscribe", **asked)).content == b"kept 0\n"
    assert web.asked == [CERTIFICATE, place]
    elsewhere = {**asked, "SubscribeURL": "https://169.254.169.254/?x"}
    assert post(client, signed(key, "You have chosen to subscribe", **elsewhere)).status_code == 403
    forged = {**signed(key, "You have chosen"), **asked}
    assert post(client, forged).status_code == 403
    assert web.asked == [CERTIFICATE, place]
    assert RawMail.objects.count() == 0


def test_a_mail_that_lies_in_s3_is_told_to_a_person_and_not_lost(client: Client, web: Web, key: RSAPrivateKey) -> None:
    told = notification()
    del told["content"]
    told["receipt"]["action"] = {"type": "S3", "bucketName": "mail", "objectKey": "d6iitobk75ur44p8kdnnp7g2n800"}
    assert post(client, signed(key, told)).status_code == 200
    row = RawMail.objects.get()
    assert row.state == MailState.QUARANTINED
    assert "S3" in row.reason
    assert b"d6iitobk75ur44p8kdnnp7g2n800" in bytes(row.data)


def test_first_words_of_a_topic_and_reports_about_sent_mail_are_no_mail(
    client: Client, web: Web, key: RSAPrivateKey
) -> None:
    words = "Successfully validated SNS topic for Amazon SES event publishing."
    assert post(client, signed(key, words)).content == b"kept 0\n"
    assert post(client, signed(key, {"notificationType": "AmazonSnsSubscriptionSucceeded"})).content == b"kept 0\n"
    assert post(client, signed(key, {"notificationType": "Bounce", "bounce": {}})).status_code == 422
    assert post(client, signed(key, {"eventType": "Delivery"})).status_code == 422
    assert RawMail.objects.count() == 0


@pytest.mark.parametrize("message", ["{", "\x00", '{"notificationType": "Received", "content": "%%%", "receipt": 3}'])
def test_a_notification_that_cannot_be_read_is_kept_for_a_person(
    client: Client, web: Web, key: RSAPrivateKey, message: str
) -> None:
    assert post(client, signed(key, message)).status_code == 200
    row = RawMail.objects.get()
    assert row.state == MailState.QUARANTINED
    assert "Amazon SES" in row.reason


BREVO: dict[str, Any] = {
    "Uuid": ["aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"],
    "MessageId": "<b1@example.org>",
    "InReplyTo": None,
    "From": {"Name": "Maya Okafor", "Address": "maya@example.org"},
    "To": [{"Name": None, "Address": "care@amends.localhost"}],
    "Subject": "Kettle",
    "Headers": {
        "Received": ["by one", "by two"],
        "From": "Maya Okafor <maya@example.org>",
        "To": "care@amends.localhost",
        "Subject": "Kettle",
        "Message-ID": "<b1@example.org>",
        "Content-Type": "multipart/mixed",
        "MIME-Version": "1.0",
    },
    "SpamScore": 2.9,
    "RawHtmlBody": "<p>It leaks überall.</p>\r\n",
    "RawTextBody": "It leaks überall.\r\n",
    "Attachments": [],
}
FILES = [
    {"Name": "Foto ü.txt", "ContentType": "text/plain", "ContentLength": 9, "ContentID": None, "DownloadToken": "a/b"},
    {
        "Name": "gone.pdf",
        "ContentType": "application/pdf",
        "ContentLength": 3,
        "ContentID": None,
        "DownloadToken": "gone",
    },
]


class Api(BaseHTTPRequestHandler):
    """Brevo's API of files."""

    asked: list[tuple[str, str]]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("api-key", "")))
        body = {"/inbound/attachments/a%2Fb": b"a picture"}.get(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_arguments: Any) -> None:
        return


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """A server on this machine that gives files; what it was asked."""
    asked: list[tuple[str, str]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Api,), {"asked": asked}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AMENDS_OUTGOING_ALLOW", "127.0.0.1")
    monkeypatch.setenv("AMENDS_BREVO_API_KEY", "xkeysib-1")
    monkeypatch.setattr(brevo, "API", f"http://127.0.0.1:{server.server_port}/")
    yield asked
    server.shutdown()
    server.server_close()


def test_brevo_delivers_several_mails_at_once_in_parts(client: Client) -> None:
    other = {**BREVO, "Headers": {**BREVO["Headers"], "Message-ID": "<b2@example.org>", "From": "jan@example.org"}}
    other |= {"RawTextBody": "Two kettles leak.", "RawHtmlBody": None}
    assert post_json(client, "brevo", {"items": [BREVO, other]}).content == b"kept 2\n"
    process_all()
    found = Complaint.objects.order_by("pk").values_list("customer__email", "subject", "text")
    assert list(found) == [
        ("maya@example.org", "Kettle", "It leaks überall."),
        ("jan@example.org", "Kettle", "Two kettles leak."),
    ]


def test_brevo_files_are_fetched_with_the_key_and_a_missing_one_is_said(
    client: Client, api: list[tuple[str, str]]
) -> None:
    assert post_json(client, "brevo", {"items": [{**BREVO, "Attachments": FILES}]}).status_code == 200
    process_all()
    message = Complaint.objects.get().messages.get(direction="in")
    files = {one.name: bytes(one.blob.data) for one in message.attachments.all()}
    assert files["Foto ü.txt"] == b"a picture"
    assert b"gone.pdf came with this mail and is not here: Brevo answered 404" in files["gone.pdf.missing.txt"]
    assert set(api) == {("/inbound/attachments/a%2Fb", "xkeysib-1"), ("/inbound/attachments/gone", "xkeysib-1")}


def test_without_a_key_the_words_are_kept_all_the_same(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AMENDS_BREVO_API_KEY", raising=False)
    assert post_json(client, "brevo", {"items": [{**BREVO, "Attachments": FILES[:1]}]}).status_code == 200
    process_all()
    complaint = Complaint.objects.get()
    assert complaint.text == "It leaks überall."
    (file,) = complaint.messages.get(direction="in").attachments.all()
    assert b"AMENDS_BREVO_API_KEY is not set" in bytes(file.blob.data)


def test_a_file_larger_than_a_mail_may_be_is_not_taken(
    client: Client, api: list[tuple[str, str]], settings: Any
) -> None:
    settings.AMENDS_MAIL_SIZE_LIMIT = 2000
    view = brevo.BrevoView()
    view._room = 5
    part = view._fetch_attachment(FILES[0])
    assert b"larger than 5 bytes" in part.get_content_bytes()


def test_brevo_twice_is_one_and_reports_are_no_mail(client: Client, api: list[tuple[str, str]]) -> None:
    for _time in range(2):
        assert post_json(client, "brevo", {"items": [{**BREVO, "Attachments": FILES[:1]}]}).status_code == 200
    process_all()
    assert Complaint.objects.count() == 1
    assert RawMail.objects.filter(outcome=MailOutcome.DUPLICATE).count() == 1
    assert post_json(client, "brevo", {"event": "delivered"}).status_code == 422


@pytest.mark.parametrize("body", [{"items": [3]}, {"items": [{"Headers": 3}]}, {"items": None}, [], "x"])
def test_what_brevo_sends_and_cannot_be_read_is_kept_for_a_person(client: Client, body: Any) -> None:
    assert post_json(client, "brevo", body).status_code == 200
    assert RawMail.objects.get().state == MailState.QUARANTINED


@pytest.mark.parametrize("provider", ["brevo", "amazon_ses"])
def test_a_stranger_is_refused_and_without_a_secret_there_is_no_address(
    client: Client, settings: Any, provider: str
) -> None:
    wrong = {"Authorization": "Basic " + base64.b64encode(b"amends:other").decode()}
    assert post_json(client, provider, {"items": [BREVO]}, headers=wrong).status_code == 403
    settings.ANYMAIL = {"WEBHOOK_SECRET": "", "MAILGUN_WEBHOOK_SIGNING_KEY": ""}
    assert post_json(client, provider, {"items": [BREVO]}).status_code == 404
    assert client.post(f"/mail/events/{provider}/", {}, headers=SIGN_IN).status_code == 404
    assert RawMail.objects.count() == 0
