"""Is this request really from whom it says, and is it new? (PURE: values and `now` in, decision out)

What is signed differs from sender to sender; `SignatureRule` says how, as data. Sources of the built-in styles:
Standard Webhooks (timestamp, body and id in one HMAC-SHA256), Typeform (base64 HMAC-SHA256 of the body, `sha256=`),
SurveyMonkey (base64 HMAC-SHA1 of the body, keyed with `client id&secret`), Qualtrics event subscriptions (hexadecimal
HMAC-SHA512 of the form field MSG) and Twilio (base64 HMAC-SHA1 of the address and the sorted form fields).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_FORM_FIELDS = 500
_PLACES = re.compile(r"\{([a-z]+)\}")
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,80}$")]


class BadSignatureError(Exception):
    """The request is not accepted; the text says why, without anything of the request."""


class SignatureRule(BaseModel):
    """How a sender signs.

    Attributes:
        style: `parts` signs the text `signed`; `field` signs one field of the form and carries the signature in another;
            `address` signs the address and the sorted fields (Twilio); `token` sends the secret itself in the header.
        signed: for `parts`, of `{id}`, `{timestamp}` and `{body}`, for example `{timestamp}.{body}`.
        prefix: before each signature in the header; several signatures are separated by spaces.
        tolerance_seconds: how old or early a signed timestamp may be.
        secret_prefix: when the secrets begin with it, the rest is base64 of the key.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    style: Literal["parts", "field", "address", "token"] = "parts"
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    header: HeaderName | None = None
    prefix: Annotated[str, Field(max_length=20)] = ""
    signed: str = "{body}"
    timestamp_header: HeaderName | None = None
    delivery_header: HeaderName | None = None
    tolerance_seconds: Annotated[int, Field(ge=10, le=86400)] = 300
    field: str = ""
    signature_field: str = ""
    secret_prefix: str = ""

    @model_validator(mode="after")
    def _is_whole(self) -> SignatureRule:
        if self.style == "field":
            if not (self.field and self.signature_field):
                raise ValueError("the style `field` needs field and signature_field")
            return self
        if self.header is None:
            raise ValueError(f"the style `{self.style}` needs the header that carries the signature")
        if self.style == "parts":
            self._check_parts()
        return self

    def _check_parts(self) -> None:
        places = set(_PLACES.findall(self.signed))
        if "body" not in places or places - {"id", "timestamp", "body"}:
            raise ValueError("signed must hold {body}, and besides only {id} and {timestamp}")
        if "timestamp" in places and self.timestamp_header is None:
            raise ValueError("signed holds {timestamp}, so timestamp_header is needed")
        if "id" in places and self.delivery_header is None:
            raise ValueError("signed holds {id}, so delivery_header is needed")


def verify(
    rule: SignatureRule, *, secrets: Sequence[str], headers: Mapping[str, str], body: bytes, url: str, now: datetime
) -> str:
    """Check a request; what comes back names its signed content, for telling a repetition (64 hexadecimal characters).

    Args:
        secrets: the newest first; any of them may have signed, so that a secret can be changed without a gap.
        headers: names without regard to case.
        url: the public address of the request, with its query.

    Raises:
        BadSignatureError: it is not signed by any of the secrets, or is too old.
    """
    given = {name.lower(): value for name, value in headers.items()}
    if not secrets:
        raise BadSignatureError("There is no secret for this webhook.")
    content, signatures = _content(rule, given, body, url)
    if rule.timestamp_header is not None and "{timestamp}" in rule.signed:
        _check_age(given.get(rule.timestamp_header.lower(), ""), rule, now)
    found = False
    for secret in secrets:
        expected = secret.encode() if rule.style == "token" else _digest(rule, secret, content)
        for signature in signatures:
            found |= hmac.compare_digest(expected, signature)
    if not found:
        raise BadSignatureError("The signature does not fit.")
    by_id = rule.style == "parts" and "{id}" in rule.signed and rule.delivery_header
    name = f"id:{given.get(rule.delivery_header.lower(), '')}".encode() if by_id and rule.delivery_header else content
    return hashlib.sha256(name).hexdigest()


def _content(rule: SignatureRule, given: Mapping[str, str], body: bytes, url: str) -> tuple[bytes, list[bytes]]:
    """What was signed, and the signatures that came with it."""
    if rule.style == "field":
        form = dict(_form(body))
        if rule.field not in form or rule.signature_field not in form:
            raise BadSignatureError("A signed field of the form is missing.")
        return form[rule.field].encode(), _decoded(rule, form[rule.signature_field])
    header = given.get((rule.header or "").lower(), "")
    if not header:
        raise BadSignatureError("The signature is missing.")
    if rule.style == "token":
        return body, [header.removeprefix(rule.prefix).strip().encode()]
    if rule.style == "address":
        pairs = sorted(set(_form(body)))
        return (url + "".join(name + value for name, value in pairs)).encode(), _decoded(rule, header)
    return _parts(rule, given, body), _decoded(rule, header)


def _parts(rule: SignatureRule, given: Mapping[str, str], body: bytes) -> bytes:
    values = {"body": body}
    for place, header in (("timestamp", rule.timestamp_header), ("id", rule.delivery_header)):
        if header is not None:
            values[place] = given.get(header.lower(), "").encode()
    pieces = _PLACES.split(rule.signed)
    if any(not values[place] for place in pieces[1::2] if place != "body"):
        raise BadSignatureError("A signed header is missing.")
    return b"".join(values[piece] if place % 2 else piece.encode() for place, piece in enumerate(pieces))


def _form(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS)
    except ValueError as error:
        raise BadSignatureError("The form cannot be read.") from error


def _decoded(rule: SignatureRule, header: str) -> list[bytes]:
    """The signatures of a header; what cannot be decoded is none."""
    found = []
    for part in header.split()[:10]:
        if not part.startswith(rule.prefix):
            continue
        text = part.removeprefix(rule.prefix)
        try:
            found.append(bytes.fromhex(text) if rule.encoding == "hex" else base64.b64decode(text, validate=True))
        except (ValueError, binascii.Error):
            continue
    return found


def _digest(rule: SignatureRule, secret: str, content: bytes) -> bytes:
    key = secret.encode()
    if rule.secret_prefix and secret.startswith(rule.secret_prefix):
        key = _unpacked(secret.removeprefix(rule.secret_prefix))
    return hmac.new(key, content, rule.algorithm).digest()


def _unpacked(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return text.encode()


def _check_age(text: str, rule: SignatureRule, now: datetime) -> None:
    if not re.fullmatch(r"\d{9,11}", text):
        raise BadSignatureError("The timestamp must be seconds since 1970.")
    if abs(now - datetime.fromtimestamp(int(text), tz=UTC)) > timedelta(seconds=rule.tolerance_seconds):
        raise BadSignatureError("The timestamp is too old or too far ahead.")
