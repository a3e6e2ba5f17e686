"""Access tokens for mailboxes at Microsoft 365, Google and whoever else speaks OAuth 2 (RFC 6749)."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import Any, Final

from amends.core.errors import BadInput
from amends.core.outgoing import OutgoingError, request
from amends.core.text import clean_line
from amends.intake.channels.email.incoming.secret_places import read_secret, replace_secret

log = logging.getLogger(__name__)

EARLIER_SECONDS: Final = 300.0
"""A token is renewed this long before it ends, so that it holds for the sign-in it was got for."""
UNSAID_SECONDS: Final = 600.0
LONGEST_SECONDS: Final = 86_400.0


class NoToken(BadInput):
    """No access token could be had; the sentence says why, without secrets."""


@dataclass(frozen=True, slots=True)
class TokenSource:
    """Where access tokens come from. `secret` and `client_secret` are places of secrets, not secrets."""

    url: str
    client_id: str
    scope: str
    grant: str
    secret: str
    client_secret: str


class Tokens:
    """The tokens of one process, each kept until shortly before its end. May be used by several threads."""

    def __init__(self) -> None:
        self._kept: dict[TokenSource, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def token(self, source: TokenSource) -> str:
        """An access token that holds for some minutes more.

        Raises:
            NoToken: it was refused, or the server cannot be reached.
        """
        with self._lock:
            value, until = self._kept.get(source, ("", 0.0))
        if time.monotonic() < until:
            return value
        value, seconds = _fetch(source)
        with self._lock:
            self._kept[source] = (value, time.monotonic() + max(0.0, seconds - EARLIER_SECONDS))
        return value

    def forget(self, source: TokenSource) -> None:
        """The mail server did not take it: the next one is a new one."""
        with self._lock:
            self._kept.pop(source, None)


def _fetch(source: TokenSource) -> tuple[str, float]:
    """A new access token and the seconds it holds."""
    form = {"grant_type": source.grant, "client_id": source.client_id}
    if source.scope:
        form["scope"] = source.scope
    if source.client_secret:
        form["client_secret"] = read_secret(source.client_secret)
    if source.grant == "refresh_token":
        form["refresh_token"] = read_secret(source.secret)
    try:
        answer = request(
            "POST", source.url, form=form, headers={"Accept": "application/json"}, timeout=20, max_bytes=200_000
        )
        body = answer.json()
    except OutgoingError as problem:
        raise NoToken(f"The token server could not be asked: {problem}") from None
    if not isinstance(body, dict):
        raise NoToken("The token server's answer is not what OAuth 2 prescribes.")
    token = body.get("access_token")
    if answer.status != 200 or not isinstance(token, str) or not token:
        raise NoToken(f"The token server refused ({answer.status}: {_reason(body)}).")
    _keep_newer(source, body.get("refresh_token"), form.get("refresh_token", ""))
    return token, _seconds(body.get("expires_in"))


def _reason(body: dict[str, Any]) -> str:
    """The error's code of RFC 6749; its description may name people and is left out."""
    return clean_line(str(body.get("error", "no reason given")))[:80]


def _seconds(value: object) -> float:
    try:
        return min(float(str(value)), LONGEST_SECONDS) if value is not None else UNSAID_SECONDS
    except ValueError:
        return UNSAID_SECONDS


def _keep_newer(source: TokenSource, newer: object, used: str) -> None:
    """Some servers exchange the refresh token at each use: the newer one has to be kept, or access ends some day."""
    if source.grant != "refresh_token" or not isinstance(newer, str) or newer in ("", used):
        return
    try:
        if not replace_secret(source.secret, newer):
            log.warning("refresh_token_exchanged_but_in_a_variable")
    except OSError as problem:
        log.warning("refresh_token_not_kept", extra={"kind": type(problem).__name__})
