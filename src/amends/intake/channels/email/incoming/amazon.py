"""Mail that Amazon SES delivers through an SNS topic, with the mail itself inside of the notification.

The library's reader for it needs Amazon's own client library, and does not check signatures. So the envelope is read
here: SNS signs every message with a key whose certificate lies on one of its own hosts. Anybody can have a topic of
their own signed in this way; that the call is meant for us is known by the secret in its address, which is why this
provider does not exist without one.

A rule that only puts the mail into S3 tells us of a mail without its words: that is kept, and a person is told.
"""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from anymail.exceptions import (  # type: ignore[import-untyped]  # the library has no marker
    AnymailConfigurationError,
    AnymailWebhookValidationFailure,
)
from anymail.inbound import AnymailInboundMessage  # type: ignore[import-untyped]  # the same
from anymail.signals import AnymailInboundEvent, EventType  # type: ignore[import-untyped]  # the same
from anymail.webhooks.base import AnymailBaseWebhookView  # type: ignore[import-untyped]  # the same
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.http import HttpRequest

from amends.core import clock, outgoing
from amends.core.errors import AmendsError, NotAllowed

log = logging.getLogger(__name__)

CERTIFICATE: Final = re.compile(
    r"https://sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?/SimpleNotificationService-[A-Za-z0-9]{1,80}\.pem"
)
"""Where SNS keeps its certificates; any other place would let the sender bring a key of their own."""
CONFIRMATION: Final = re.compile(r"https://sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?/\?[!-~]{1,2000}")
SIGNED: Final[Mapping[str, tuple[str, ...]]] = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
"""Which fields the signature covers, in its order, for each type of message."""
HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303  # Amazon chooses
"""What the versions of the signature are made over; 1 is what a topic has unless its owner chose 2."""


class TryAgainError(AmendsError):
    """Amazon could not be asked for something just now: it keeps the mail and calls again."""

    status = 503
    code = "try_again"


class MailElsewhereError(ValueError):
    """The notification names a mail that it does not carry."""


class AmazonInboundView(AnymailBaseWebhookView):  # type: ignore[misc]  # the library has no types
    """What `providers` needs of a reader of the library, for Amazon SES."""

    esp_name = "Amazon SES"

    def validate_request(self, request: HttpRequest) -> None:
        """The signature of SNS; the secret was checked before.

        Raises:
            AnymailWebhookValidationFailure: it was not signed by SNS.
            TryAgainError: its certificate could not be fetched.
        """
        check_signature(_message(request))

    def parse_events(self, request: HttpRequest) -> list[Any]:
        """The mail of a notification; none of a question whether we want them, which is answered with yes."""
        told = _message(request)
        if told["Type"] == "SubscriptionConfirmation":
            _confirm(str(told.get("SubscribeURL", "")))
            return []
        if told["Type"] != "Notification":
            log.warning("mail_topic_unsubscribed")
            return []
        notification = _notification(str(told.get("Message", "")))
        return [] if notification is None else [_event(notification)]


def _message(request: HttpRequest) -> Mapping[str, Any]:
    try:
        told = json.loads(request.body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or told.get("Type") not in SIGNED:
        raise AnymailWebhookValidationFailure("It is no message of SNS.")
    return told


def check_signature(told: Mapping[str, Any]) -> None:
    """Whether SNS signed this message.

    Raises:
        AnymailWebhookValidationFailure: it did not.
        TryAgainError: its certificate could not be fetched.
    """
    address = str(told.get("SigningCertURL", ""))
    algorithm = HASHES.get(str(told.get("SignatureVersion", "")))
    if algorithm is None or not CERTIFICATE.fullmatch(address):
        raise AnymailWebhookValidationFailure("It is not signed in a way that SNS signs.")
    key = certificate_at(address).public_key()
    if not isinstance(key, RSAPublicKey):
        raise AnymailWebhookValidationFailure("It is not signed in a way that SNS signs.")
    try:
        signature = base64.b64decode(str(told.get("Signature", "")), validate=True)
        key.verify(signature, text_to_sign(told), PKCS1v15(), algorithm)
    except (InvalidSignature, ValueError):
        raise AnymailWebhookValidationFailure("The signature is not that of SNS.") from None


def text_to_sign(told: Mapping[str, Any]) -> bytes:
    """Name and value of each signed field that is there, a line each."""
    fields = [name for name in SIGNED[str(told["Type"])] if told.get(name) is not None]
    return "".join(f"{name}\n{told[name]}\n" for name in fields).encode("utf-8", "surrogatepass")


def certificate_at(address: str) -> x509.Certificate:
    """The certificate that lies there, when it is valid now; the host was looked at, and TLS shows that it is Amazon's.

    Raises:
        AnymailWebhookValidationFailure: it is no certificate, or its time is over.
        TryAgainError: it could not be fetched.
    """
    try:
        certificate = x509.load_pem_x509_certificate(_fetched(address))
    except ValueError:
        raise AnymailWebhookValidationFailure("There is no certificate where the message says.") from None
    if not certificate.not_valid_before_utc <= clock.now() <= certificate.not_valid_after_utc:
        raise AnymailWebhookValidationFailure("The certificate of the signature is not valid now.")
    return certificate


@lru_cache(maxsize=16)
def _fetched(address: str) -> bytes:
    """Only what came with 200 is remembered: an error is raised."""
    return _asked(address, "The certificate of Amazon SNS could not be fetched").body


def _asked(address: str, words: str) -> outgoing.Answer:
    try:
        answer = outgoing.request("GET", address, timeout=10, max_bytes=100_000)
    except outgoing.OutgoingError as trouble:
        raise TryAgainError(f"{words}: {trouble}") from None
    if answer.status != 200:
        raise TryAgainError(f"{words}: the answer was {answer.status}.")
    return answer


def _confirm(address: str) -> None:
    if not CONFIRMATION.fullmatch(address):
        raise NotAllowed("The address for the confirmation is not one of SNS.")
    _asked(address, "The subscription could not be confirmed")
    log.info("mail_topic_subscribed")


def _notification(text: str) -> Mapping[str, Any] | None:
    """What SES says; None for its first words to a new topic."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        if text.startswith("Successfully validated SNS topic"):
            return None
        raise
    if not isinstance(found, dict) or "notificationType" not in found:
        raise AnymailConfigurationError("what came is no notification about a mail.")
    kind = str(found["notificationType"])
    if kind == "AmazonSnsSubscriptionSucceeded":
        return None
    if kind != "Received":
        raise AnymailConfigurationError("what came is a report about sent mail.")
    return found


def _event(notification: Mapping[str, Any]) -> Any:
    if not isinstance(notification.get("content"), str):
        raise MailElsewhereError("the rule must publish the mail to SNS, not put it into S3")
    message = AnymailInboundMessage()  # the bytes are kept as they are; only the envelope is told in this way
    message.envelope_sender = str(notification.get("mail", {}).get("source") or "")
    message.envelope_recipient = [str(one) for one in notification.get("receipt", {}).get("recipients") or []]
    return AnymailInboundEvent(event_type=EventType.INBOUND, esp_event=notification, message=message)


def raw_of(notification: Mapping[str, Any]) -> bytes:
    """The mail inside of a notification, byte for byte when the rule encodes it in Base64."""
    content = str(notification["content"])
    encoding = str(notification.get("receipt", {}).get("action", {}).get("encoding", ""))
    if encoding.upper() == "BASE64":
        return base64.b64decode(content)
    return content.encode("utf-8", "surrogateescape")
