"""Only what is signed by one of our secrets, lately, gets in; and the styles of known senders are understood."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from amends.intake.webhooks.mapping import load, moment_of
from amends.intake.webhooks.signatures import BadSignatureError, SignatureRule, verify

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
SECRET = "a-secret-of-enough-length"
BODY = b'{"id": "r1", "score": 3}'
URL = "https://care.example.org/hooks/telephone/?x=1"


def digest(secret: str, content: bytes, algorithm: str = "sha256") -> bytes:
    return hmac.new(secret.encode(), content, algorithm).digest()


def check(rule: SignatureRule, headers: dict[str, str], *, body: bytes = BODY, secrets: list[str] | None = None) -> str:
    return verify(rule, secrets=secrets or [SECRET], headers=headers, body=body, url=URL, now=NOW)


def telephone(body: bytes = BODY, stamp: str = STAMP, secret: str = SECRET) -> dict[str, str]:
    signature = digest(secret, stamp.encode() + b"." + body).hex()
    return {"X-Amends-Timestamp": stamp, "X-Amends-Signature": f"sha256={signature}"}


TELEPHONE = load("telephone").signature


def test_a_right_signature_names_what_was_signed() -> None:
    assert check(TELEPHONE, telephone()) == hashlib.sha256(STAMP.encode() + b"." + BODY).hexdigest()
    assert check(TELEPHONE, {name.lower(): value for name, value in telephone().items()})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Amends-Timestamp": STAMP},
        telephone(secret="another-secret-of-length"),
        telephone(body=BODY + b" "),
        telephone() | {"X-Amends-Timestamp": str(int(STAMP) + 1)},
        telephone() | {"X-Amends-Signature": "sha256="},
        telephone() | {"X-Amends-Signature": "sha256=zz"},
        telephone() | {"X-Amends-Signature": "sha256=ä"},
        telephone() | {"X-Amends-Signature": telephone()["X-Amends-Signature"].removeprefix("sha256=")},
        telephone() | {"X-Amends-Signature": telephone()["X-Amends-Signature"][:-2]},
    ],
)
def test_everything_else_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(BadSignatureError):
        check(TELEPHONE, headers)


@pytest.mark.parametrize("seconds", [-301, 301, -86400, 10**9])
def test_an_old_or_early_timestamp_is_refused_although_rightly_signed(seconds: int) -> None:
    stamp = str(int((NOW + timedelta(seconds=0)).timestamp()) + seconds)
    with pytest.raises(BadSignatureError, match="too old"):
        check(TELEPHONE, telephone(stamp=stamp))


@pytest.mark.parametrize("stamp", ["", "now", "1.5", "9" * 40, "\u0661" * 10])
def test_a_timestamp_that_is_no_number_is_refused(stamp: str) -> None:
    with pytest.raises(BadSignatureError):
        check(TELEPHONE, telephone(stamp=stamp))


def test_both_secrets_hold_while_one_is_changed() -> None:
    headers = telephone(secret="the-old-secret-of-length")
    assert check(TELEPHONE, headers, secrets=[SECRET, "the-old-secret-of-length"])
    with pytest.raises(BadSignatureError):
        check(TELEPHONE, headers, secrets=[SECRET])
    with pytest.raises(BadSignatureError, match="no secret"):
        verify(TELEPHONE, secrets=[], headers=headers, body=BODY, url=URL, now=NOW)


def test_standard_webhooks() -> None:
    key = base64.b64encode(b"k" * 32).decode()
    signature = base64.b64encode(
        hmac.new(b"k" * 32, b"msg_1." + STAMP.encode() + b"." + BODY, "sha256").digest()
    ).decode()
    headers = {"webhook-id": "msg_1", "webhook-timestamp": STAMP, "webhook-signature": f"v1,AAAA v1,{signature}"}
    rule = load("survey").signature
    named = check(rule, headers, secrets=[f"whsec_{key}"])
    assert named == hashlib.sha256(b"id:msg_1").hexdigest()
    with pytest.raises(BadSignatureError):
        check(rule, headers | {"webhook-id": "msg_2"}, secrets=[f"whsec_{key}"])


def test_typeform() -> None:
    signature = "sha256=" + base64.b64encode(digest(SECRET, BODY)).decode()
    assert check(load("typeform").signature, {"Typeform-Signature": signature})


def test_surveymonkey() -> None:
    secret = "client-id-4711&client-secret"
    signature = base64.b64encode(digest(secret, BODY, "sha1")).decode()
    assert check(load("surveymonkey").signature, {"Sm-Signature": signature}, secrets=[secret])


def test_qualtrics_signs_one_field_of_the_form() -> None:
    message = '{"Status":"Complete","SurveyID":"SV_1","ResponseID":"R_1"}'
    signature = digest(SECRET, message.encode(), "sha512").hex()
    from urllib.parse import urlencode

    body = urlencode({"HMAC": signature, "MSG": message, "Topic": "t"}).encode()
    assert check(load("qualtrics").signature, {}, body=body)
    with pytest.raises(BadSignatureError):
        check(load("qualtrics").signature, {}, body=body.replace(b"Complete", b"Partial_"))
    with pytest.raises(BadSignatureError):
        check(load("qualtrics").signature, {}, body=b"\xff\xfe=1")


def test_twilio_signs_the_address_and_the_sorted_fields() -> None:
    body = b"To=%2B442079460000&CallSid=CA1&CallStatus=ringing&Empty="
    signed = URL + "CallSidCA1CallStatusringingEmptyTo+442079460000"
    signature = base64.b64encode(digest(SECRET, signed.encode(), "sha1")).decode()
    assert check(load("twilio").signature, {"X-Twilio-Signature": signature}, body=body)
    with pytest.raises(BadSignatureError):
        check(load("twilio").signature, {"X-Twilio-Signature": signature}, body=body + b"&More=1")


def test_a_token_in_a_header() -> None:
    rule = SignatureRule(style="token", header="Authorization", prefix="Bearer ")
    assert check(rule, {"Authorization": f"Bearer {SECRET}"})
    with pytest.raises(BadSignatureError):
        check(rule, {"Authorization": "Bearer x"})


@pytest.mark.parametrize(
    "values",
    [
        {"style": "parts"},
        {"style": "field", "field": "MSG"},
        {"header": "X", "signed": "{timestamp}"},
        {"header": "X", "signed": "{timestamp}.{body}"},
        {"header": "X", "signed": "{id}.{body}"},
        {"header": "X", "signed": "{body}{secret}"},
        {"header": "X\n"},
        {"header": "X", "algorithm": "md5"},
        {"header": "X", "tolerance_seconds": 10**6},
    ],
)
def test_a_rule_that_cannot_hold_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SignatureRule(**values)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02T09:30:00Z", NOW),
        ("2026-03-02T10:30:00+01:00", NOW),
        ("2026-03-02 09:30:00", NOW),
        (STAMP, NOW),
        ("Mon, 02 Mar 2026 09:30:00 +0000", NOW),
        ("yesterday", None),
        ("", None),
        ("99999999999", datetime.fromtimestamp(99999999999, tz=UTC)),
        ("Mon, 99 Foo", None),
    ],
)
def test_moments_in_the_ways_others_write_them(text: str, moment: datetime | None) -> None:
    assert moment_of(text) == moment
