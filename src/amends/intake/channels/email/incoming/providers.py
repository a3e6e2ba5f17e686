"""Mail that a provider delivers by HTTP: django-anymail knows their formats and signatures, we keep the mail.

The library's views would send Django signals, in which an error can be lost; so only their checking and their reading
is used, and what they read is kept here, in the same transaction that the answer stands for.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import warnings
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any, Final

from anymail.exceptions import (  # type: ignore[import-untyped]  # the library has no marker
    AnymailConfigurationError,
    AnymailNotSupportedWarning,
    AnymailWebhookValidationFailure,
)
from anymail.webhooks.base import AnymailBasicAuthMixin  # type: ignore[import-untyped]  # the same
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import transaction
from django.http import HttpRequest

from amends.cases.public import mark_bounced, mark_delivered, message_by_message_id
from amends.core.errors import AmendsError, BadInput, NotAllowed, NotFound
from amends.core.outage import database_is_away
from amends.intake.channels.email import identity, services
from amends.intake.channels.email.incoming.amazon import AmazonInboundView, MailElsewhereError, raw_of
from amends.intake.channels.email.incoming.brevo import BrevoView

log = logging.getLogger(__name__)

CLASSES: Final[Mapping[str, str]] = {
    "amazon_ses": "Amazon SES",
    "brevo": "Brevo",
    "mailgun": "Mailgun",
    "mailjet": "Mailjet",
    "postmark": "Postmark",
    "sendgrid": "SendGrid",
    "sparkpost": "SparkPost",
}
"""The providers that can be named in AMENDS_MAIL_PROVIDERS, and how the library calls them."""
TELL_OUR_MESSAGE_ID: Final = frozenset({"mailgun", "sendgrid"})
"""Those whose reports about sent mail carry the Message-ID that we gave it; others name only a number of their own."""
OWN_READERS: Final[Mapping[str, Callable[[], Any]]] = {"amazon_ses": AmazonInboundView, "brevo": BrevoView}
"""Where the library's reader is not enough: see there."""
ASK_FOR_SIGN_IN: Final = frozenset({"amazon_ses"})
"""Those who give the agreed secret only after an answer 401."""
LARGER_BY: Final = 2
"""A mail inside of JSON or a form is larger than itself."""


def view_of(provider: str, kind: str) -> Any:
    """The library's reader for a provider that is set up; `kind` is Inbound or Tracking.

    Raises:
        NotFound: it is not named in AMENDS_MAIL_PROVIDERS, or it has no secret and would be open to everybody.
    """
    name = CLASSES.get(provider)
    if name is None or provider not in settings.AMENDS_MAIL_PROVIDERS or not has_secret(provider):
        raise NotFound
    if kind == "Inbound" and provider in OWN_READERS:
        return OWN_READERS[provider]()
    module = import_module(f"anymail.webhooks.{provider}")
    with warnings.catch_warnings():
        # The library's authors can no longer test with an account there; our own tests hold its format.
        warnings.simplefilter("ignore", AnymailNotSupportedWarning)
        return getattr(module, f"{name}{kind}WebhookView")()


def has_secret(provider: str) -> bool:
    """Whether a stranger could be told from the provider. An empty signing key signs for everybody."""
    if provider == "mailgun":
        return bool(settings.ANYMAIL["MAILGUN_WEBHOOK_SIGNING_KEY"])
    return ":" in settings.ANYMAIL["WEBHOOK_SECRET"]


def take_in(*, provider: str, request: HttpRequest) -> list[int]:
    """Keep the mails of one call; their ids, once they are committed. What cannot be read is kept as it came.

    Raises:
        BadInput: the provider sends something else than incoming mail to this address.
        NotAllowed: the call is not signed, or not by the provider.
        NotFound: the provider is not set up.
        TryAgainError: something that is needed could not be fetched; the provider keeps the mail.
    """
    view = view_of(provider, "Inbound")
    body, readable = _checked_body(view, request)
    source = f"http:{provider}"
    try:
        found = _mails(view, request, readable=readable)
    except AnymailConfigurationError as wrong:
        raise BadInput(f"This address takes incoming mail: {wrong}") from None
    except AmendsError:
        raise
    except MailElsewhereError as why:
        words = f"{CLASSES[provider]} tells of a mail that is not in its message: {why}. Fetch it there by hand."
        return [services.store(raw=body, envelope_from="", envelope_to=[], source=source, quarantine=words)]
    except Exception as mistake:
        if database_is_away(mistake):
            raise
        # The provider would give up after some tries: what it sent is kept, and a person looks at it.
        log.warning("provider_mail_not_read", extra={"kind": type(mistake).__name__, "bytes": len(body)})
        words = (
            f"What {CLASSES[provider]} delivered could not be read ({type(mistake).__name__}); it is kept as it came."
        )
        return [services.store(raw=body, envelope_from="", envelope_to=[], source=source, quarantine=words)]
    with transaction.atomic():
        return [
            services.store(
                raw=raw,
                envelope_from=str(message.envelope_sender or ""),
                envelope_to=_recipients(message.envelope_recipient),
                source=source,
            )
            for raw, message in found
        ]


def note_events(*, provider: str, request: HttpRequest) -> int:
    """Note what a provider reports about mail we sent: arrived, came back, complained about. How many were ours.

    Raises:
        BadInput: what it sends cannot be read.
        NotAllowed: the call is not signed, or not by the provider.
        NotFound: the provider is not set up, or its reports do not name our messages.
    """
    if provider not in TELL_OUR_MESSAGE_ID:
        raise NotFound
    view = view_of(provider, "Tracking")
    body, readable = _checked_body(view, request)
    if not readable:
        raise BadInput(f"{len(body):,} bytes are too many for a report.")
    try:
        events = list(view.parse_events(request))
    except (AnymailConfigurationError, ValueError, KeyError, TypeError, AttributeError, SuspiciousOperation):
        raise BadInput("This address takes reports about sent mail, in the provider's format.") from None
    return sum(_note(event) for event in events)


def _mails(view: Any, request: HttpRequest, *, readable: bool) -> list[tuple[bytes, Any]]:
    """The bytes of each mail in the call, and what the library made of it."""
    if not readable:
        raise RequestDataTooBig
    return [(_raw(event), event.message) for event in view.parse_events(request)]


def _note(event: Any) -> bool:
    message = message_by_message_id(identity.bare(str(event.message_id or "")))
    if message is None:
        return False
    kind = str(event.event_type)
    if kind == "delivered":
        return mark_delivered(message_id=message.pk)
    if kind in {"bounced", "rejected", "failed"}:
        hard = kind != "bounced" or _is_hard(event)
        return bool(mark_bounced(message_id=message.pk, hard=hard, reason=f"The provider says: {kind}."))
    return False


def _is_hard(event: Any) -> bool:
    """A bounce is for good unless the other server answered with a temporary code."""
    return not str(event.mta_response or "").lstrip().startswith("4")


def _checked_body(view: Any, request: HttpRequest) -> tuple[bytes, bool]:
    """The body of a call that is known to come from the provider, and whether Django can read it as a form.

    A stranger's is not even read when a secret was agreed.
    """
    agreed = bool(settings.ANYMAIL["WEBHOOK_SECRET"])
    try:
        if agreed:
            AnymailBasicAuthMixin.validate_request(view, request)
        limit = settings.AMENDS_MAIL_SIZE_LIMIT * LARGER_BY
        body = request.read(limit + 1)
        if len(body) > limit:
            raise BadInput(f"More than {limit:,} bytes are not taken at once.")
        # `request.body` has the limit of the pages' forms, which is far below that of mail.
        request._body = body  # noqa: SLF001  # where Django keeps what was read
        view.run_validators(request)
    except AnymailWebhookValidationFailure:
        raise NotAllowed("The call does not carry the secret or the signature that was agreed.") from None
    except RequestDataTooBig:
        # A form's fields have a limit of their own. With a secret the provider is known without the form's signature.
        if not agreed:
            raise BadInput("The form is too large to see its signature: agree on a secret as well.") from None
        return body, False
    return body, True


def _raw(event: Any) -> bytes:
    """The mail as it came to the provider, where it tells; else one that is put together from what it tells."""
    whole = _whole(event.esp_event)
    return whole if whole is not None else _rebuilt(event.message)


def _whole(told: Any) -> bytes | None:
    """The raw mail within what the provider sends: a form's field, or a value of JSON."""
    if isinstance(told, HttpRequest):
        fields = [told.POST.get(name) for name in ("body-mime", "email")]
        text = next((one for one in fields if one), None)
        return None if text is None else text.encode("utf-8", "surrogateescape")
    if not isinstance(told, Mapping):
        return None
    if "notificationType" in told:
        return raw_of(told)
    if isinstance(told.get("RawEmail"), str):
        return str(told["RawEmail"]).encode("utf-8", "surrogateescape")
    content = told.get("msys", {}).get("relay_message", {}).get("content", {})
    text = content.get("email_rfc822")
    if not isinstance(text, str):
        return None
    return base64.b64decode(text) if content.get("email_rfc822_is_base64") else text.encode("utf-8", "surrogateescape")


def _rebuilt(message: Any) -> bytes:
    """A mail from parts; the same parts always give the same bytes, so that a second delivery is known as one."""
    digest = hashlib.sha256()
    for part in message.walk():
        if not part.is_multipart():
            digest.update(str(part.get_payload()).encode("utf-8", "surrogateescape"))
    for number, part in enumerate(message.walk()):
        if part.get_content_maintype() == "multipart":
            part.set_boundary(f"amends-{number}-{digest.hexdigest()[:24]}")
    return bytes(message.as_bytes())


def _recipients(told: object) -> list[str]:
    """The envelope's recipients, however the provider writes them."""
    if not told:
        return []
    given: Iterable[object] = told if isinstance(told, list | tuple) else str(told).split(",")
    return [one for one in (str(address).strip() for address in given) if one][:100]
