"""Mail that Brevo delivers: the words come with the call, the files are fetched from its API with the key of the account.

The library fetches without a limit of time or size, and one file that is not there would cost the whole mail. Here the
words are always kept; a file that could not be fetched is a line of text in its place, which says what is missing.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from anymail.inbound import AnymailInboundMessage  # type: ignore[import-untyped]  # the library has no marker
from anymail.webhooks.brevo import BrevoInboundWebhookView  # type: ignore[import-untyped]  # the same
from django.conf import settings

from amends.core import outgoing
from amends.intake.channels.email.charsets import clean

log = logging.getLogger(__name__)

API: Final = "https://api.brevo.com/v3/"
TRIES: Final = 2
SECONDS: Final = 10.0


class BrevoView(BrevoInboundWebhookView):  # type: ignore[misc]  # the library has no types
    """The library's reader, with our way of asking another server."""

    def __init__(self) -> None:
        super().__init__(api_key=os.environ.get("AMENDS_BREVO_API_KEY", ""), api_url=API)
        self._room = int(settings.AMENDS_MAIL_SIZE_LIMIT)

    def _fetch_attachment(self, attachment: Mapping[str, Any]) -> Any:
        name = clean(str(attachment.get("Name") or "file"))
        try:
            answer = self._asked(str(attachment["DownloadToken"]))
        except _MissingError as why:
            log.warning("provider_file_not_fetched", extra={"reason": str(why)})
            words = f"The file {name} came with this mail and is not here: {why}\n".encode()
            kind = "text/plain; charset=utf-8"
            return AnymailInboundMessage.construct_attachment(kind, words, filename=f"{name}.missing.txt")
        self._room -= len(answer.body)
        return AnymailInboundMessage.construct_attachment(
            content_type=answer.headers.get("content-type") or str(attachment.get("ContentType") or ""),
            content=answer.body,
            filename=name,
            content_id=attachment.get("ContentID"),
        )

    def _asked(self, token: str) -> outgoing.Answer:
        """The file, from its own server only.

        Raises:
            _MissingError: why it is not here.
        """
        if not self.api_key:
            raise _MissingError("AMENDS_BREVO_API_KEY is not set, so files cannot be fetched from Brevo.")
        why = ""
        for _try in range(TRIES):
            try:
                answer = outgoing.request(
                    "GET",
                    f"{self.api_url}inbound/attachments/{quote(token, safe='')}",
                    headers={"api-key": self.api_key},
                    timeout=SECONDS,
                    max_bytes=max(self._room, 1),
                )
            except outgoing.OutgoingError as trouble:
                why = str(trouble)
                continue
            if answer.status == 200:
                return answer
            why = f"Brevo answered {answer.status}."
        raise _MissingError(why)


class _MissingError(Exception):
    """A file that could not be fetched; the text says why."""
