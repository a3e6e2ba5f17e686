"""A session with an IMAP server that only ever reads: the folder is opened with EXAMINE and bodies come by BODY.PEEK."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from threading import Event
from typing import Any, Final

from imapclient import IMAPClient, SocketTimeout  # type: ignore[import-untyped]  # the library has no marker
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError  # type: ignore[import-untyped]  # same

from amends.core.errors import BadInput
from amends.core.text import shorten
from amends.intake.channels.email.incoming.oauth import Tokens, TokenSource
from amends.intake.channels.email.incoming.secret_places import read_secret
from amends.intake.channels.email.models import Mailbox, MailboxAuth, MailboxTLS, OAuthGrant

CONNECT_SECONDS: Final = 20
READ_SECONDS: Final = 120
IDLE_STEP_SECONDS: Final = 1.0
RENEW_SECONDS: Final = 180.0
"""IDLE is begun anew after this long. The standard allows 29 minutes, but a connection that a router has silently
forgotten is noticed only then, and an acknowledgement is due in five minutes."""


class MailboxTrouble(Exception):
    """The mailbox cannot be read now; the text is for the administrator and carries no secret."""


class SessionBroken(MailboxTrouble):
    """The connection is gone or out of step: a new one is needed."""


class MessageRefused(MailboxTrouble):
    """The server said no to these messages; the connection is still good."""


@dataclass(frozen=True, slots=True)
class Folder:
    """What the server says of an opened folder."""

    uid_validity: int
    exists: int


class Session:
    """An open folder. Every method may raise `SessionBroken`."""

    def __init__(self, client: IMAPClient, folder: Folder) -> None:
        self._client = client
        self.folder = folder
        self.can_idle = bool(client.has_capability("IDLE"))

    def uids(self, after: int = 0) -> list[int]:
        """The numbers of all messages above `after`, ascending."""
        with _errors():
            # NOOP first: only then some servers say what is new. `n:*` always names the last one too.
            self._client.noop()
            found = self._client.search(["UID", f"{after + 1}:*"])
        return sorted(int(uid) for uid in found if int(uid) > after)

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """Octets of each message that is still there."""
        with _errors():
            answer = self._client.fetch(list(uids), ["RFC822.SIZE"])
        return {int(uid): int(one.get(b"RFC822.SIZE", 0)) for uid, one in answer.items()}

    def dates(self, uids: Sequence[int]) -> dict[int, datetime]:
        """When each message came into the folder, by the server."""
        with _errors():
            answer = self._client.fetch(list(uids), ["INTERNALDATE"])
        return {int(uid): one[b"INTERNALDATE"] for uid, one in answer.items() if one.get(b"INTERNALDATE")}

    def bodies(self, uids: Sequence[int], *, only_header: bool = False) -> dict[int, bytes]:
        """The bytes of each message that is still there; nothing is marked as read.

        Raises:
            MessageRefused: the server does not give at least one of them.
        """
        part = "HEADER" if only_header else ""
        with _errors():
            answer = self._client.fetch(list(uids), [f"BODY.PEEK[{part}]"])
        bodies: dict[int, bytes] = {}
        for uid, one in answer.items():
            raw = one.get(f"BODY[{part}]".encode())
            if not isinstance(raw, bytes):
                raise MessageRefused("The server answered without the message.")
            bodies[int(uid)] = raw
        return bodies

    def wait(self, stop: Event, seconds: float) -> None:
        """Return when something happened in the folder, when `stop` is set, or after that many seconds."""
        if not self.can_idle:
            stop.wait(seconds)
            return
        until = time.monotonic() + min(seconds, RENEW_SECONDS)
        with _errors():
            self._client.idle()
            while not stop.is_set() and time.monotonic() < until:
                began = time.monotonic()
                said = self._client.idle_check(timeout=IDLE_STEP_SECONDS)
                if any(_is_news(one) for one in said):
                    break
                if not said and time.monotonic() - began < IDLE_STEP_SECONDS / 2:
                    break  # the other end closed: the next command says so
            self._client.idle_done()


def _is_news(response: Any) -> bool:
    """Whether a line said during IDLE is about messages, and not "still here"."""
    return isinstance(response, tuple) and len(response) > 1 and response[0] not in (b"OK", b"NO", b"BAD")


@contextmanager
def open_session(mailbox: Mailbox, tokens: Tokens) -> Iterator[Session]:
    """Connect, sign in and open the folder for reading only; sign out at the end.

    Raises:
        MailboxTrouble: any of it did not work.
    """
    client = _connected(mailbox)
    try:
        _sign_in(client, mailbox, tokens)
        client.normalise_times = False
        try:
            status = client.select_folder(mailbox.folder, readonly=True)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as problem:
            raise MailboxTrouble(f"The folder cannot be opened: {shorten(str(problem), 200)}") from None
        validity = status.get(b"UIDVALIDITY")
        if not isinstance(validity, int):
            raise MailboxTrouble("The server gives no UIDVALIDITY: without it, messages cannot be told apart.")
        yield Session(client, Folder(uid_validity=validity, exists=int(status.get(b"EXISTS", 0))))
    except (IMAPClientAbortError, OSError, ssl.SSLError) as problem:
        raise SessionBroken(_sentence(problem)) from None
    finally:
        _leave(client)


def _leave(client: IMAPClient) -> None:
    try:
        client.socket().settimeout(5)
        client.logout()
    except (IMAPClientError, OSError, AttributeError, ValueError):
        # Nothing is lost by a farewell that nobody hears; the socket must go in any case.
        with suppress(IMAPClientError, OSError, AttributeError):
            client.shutdown()


def _connected(mailbox: Mailbox) -> IMAPClient:
    if mailbox.tls == MailboxTLS.NONE and not _is_here(mailbox.host):
        raise MailboxTrouble("Without TLS only a server on this machine is used: choose TLS.")
    context = ssl.create_default_context()
    try:
        client = IMAPClient(
            mailbox.host,
            port=mailbox.port,
            ssl=mailbox.tls == MailboxTLS.IMPLICIT,
            ssl_context=context,
            timeout=SocketTimeout(CONNECT_SECONDS, READ_SECONDS),
        )
    except (OSError, IMAPClientError, ssl.SSLError, UnicodeError) as problem:
        raise SessionBroken(f"No connection: {_sentence(problem)}") from None
    if mailbox.tls == MailboxTLS.STARTTLS:
        try:
            client.starttls(context)
        except (OSError, IMAPClientError, ssl.SSLError) as problem:
            _leave(client)
            raise SessionBroken(f"STARTTLS did not work: {_sentence(problem)}") from None
    return client


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _sign_in(client: IMAPClient, mailbox: Mailbox, tokens: Tokens) -> None:
    """With the password, or with an access token; a token that is refused is replaced once."""
    try:
        if mailbox.auth == MailboxAuth.PASSWORD:
            client.login(mailbox.user, read_secret(mailbox.secret))
            return
        source = token_source(mailbox)
        try:
            client.oauth2_login(mailbox.user, tokens.token(source))
        except LoginError:
            tokens.forget(source)
            client.oauth2_login(mailbox.user, tokens.token(source))
    except LoginError as problem:
        raise MailboxTrouble(f"The server refused the sign-in: {shorten(str(problem), 200)}") from None
    except BadInput as problem:
        raise MailboxTrouble(problem.message) from None


def token_source(mailbox: Mailbox) -> TokenSource:
    """Where this mailbox's access tokens come from."""
    return TokenSource(
        url=mailbox.token_url,
        client_id=mailbox.client_id,
        scope=mailbox.scope,
        grant=mailbox.grant or OAuthGrant.REFRESH_TOKEN,
        secret=mailbox.secret,
        client_secret=mailbox.client_secret,
    )


@contextmanager
def _errors() -> Iterator[None]:
    """The library's errors as ours."""
    try:
        yield
    except (IMAPClientAbortError, OSError, ssl.SSLError) as problem:
        raise SessionBroken(_sentence(problem)) from None
    except IMAPClientError as problem:
        raise MessageRefused(shorten(str(problem), 200)) from None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as problem:
        # An answer that the library cannot read: what follows on this connection cannot be trusted.
        raise SessionBroken(f"The server's answer cannot be read ({type(problem).__name__}).") from None


def _sentence(problem: BaseException) -> str:
    return shorten(f"{type(problem).__name__}: {problem}", 200)
