"""The listener: takes mail over SMTP or LMTP, and says 250 only when the bytes are committed.

Everything else happens later, in jobs. When the database is away the answer is 451 and the relay keeps the mail: no
mail is ever in our hands alone. Whatever is understood wrongly can be read again from the bytes.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax
from django.db import close_old_connections, connection

from amends.core.text import normalise_email
from amends.intake.channels.email import services

log = logging.getLogger(__name__)
# aiosmtpd writes addresses of senders and receivers into its log; ours has no personal data.
logging.getLogger("mail.log").setLevel(logging.ERROR)

WRITERS = 4
MAX_RECIPIENTS = 100
KEPT = "250 2.0.0 Kept"
TRY_AGAIN = "451 4.3.0 The mail could not be kept, please send it again later"
NOT_OURS = "550 5.7.1 Mail for this domain is not taken here"
TOO_MANY = b"421 4.7.0 Too many connections, please come again\r\n"


class Protocol(StrEnum):
    """What is spoken at a door."""

    SMTP = "smtp"
    LMTP = "lmtp"


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds at every door.

    Attributes:
        size_limit: octets of one mail at most; announced in EHLO and kept.
        domains: whose mail is taken, lower case; empty: any.
        connections: at once, over all doors; more are asked to come again.
        idle_seconds: who says nothing for so long is hung up on.
        require_tls: no mail over SMTP before TLS.
    """

    size_limit: int
    domains: tuple[str, ...] = ()
    connections: int = 50
    idle_seconds: float = 300.0
    require_tls: bool = False


@dataclass(frozen=True, slots=True)
class Door:
    """A listening socket, and what is spoken there.

    Attributes:
        tls: the certificate for STARTTLS, or for TLS from the first byte when `implicit`.
    """

    listening: socket.socket
    protocol: Protocol = Protocol.SMTP
    tls: ssl.SSLContext | None = None
    implicit: bool = False


@dataclass(slots=True)
class Crowd:
    """How many are connected now."""

    limit: int
    inside: set[int] = field(default_factory=set)


class _Guarded:
    """What both protocols have in common: a limit of connections, and lines as long as real mail has them."""

    line_length_limit = 8 * 1024 * 1024
    """Real mail has lines far beyond the 1,000 octets of the standard."""
    crowd: Crowd

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let somebody in, or ask them to come again."""
        if id(self) not in self.crowd.inside and len(self.crowd.inside) >= self.crowd.limit:
            assert isinstance(transport, asyncio.WriteTransport)
            transport.write(TOO_MANY)
            transport.close()
            return
        self.crowd.inside.add(id(self))
        super().connection_made(transport)  # type: ignore[misc]  # the protocol comes after this class

    def connection_lost(self, error: Exception | None) -> None:
        """One fewer."""
        if id(self) in self.crowd.inside:
            self.crowd.inside.discard(id(self))
            super().connection_lost(error)  # type: ignore[misc]  # the protocol comes after this class

    def eof_received(self) -> bool | None:
        """The other end has no more to say."""
        return super().eof_received() if id(self) in self.crowd.inside else None  # type: ignore[misc]  # as above

    def data_received(self, data: bytes) -> None:
        """Who was not let in is not listened to."""
        if id(self) in self.crowd.inside:
            super().data_received(data)  # type: ignore[misc]  # as above


class Server(_Guarded, SMTP):
    """SMTP (RFC 5321)."""


class LocalServer(_Guarded, LMTP):
    """LMTP (RFC 2033): the same with an answer for each recipient, also when a mail is refused for its size."""

    _answers = 1

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802  # the name aiosmtpd calls
        """Remember how many answers are due; the library forgets the recipients before it answers."""
        self._answers = len(self.envelope.rcpt_tos) if self.envelope else 1
        try:
            await super().smtp_DATA(arg)
        finally:
            self._answers = 1

    async def push(self, status: Any) -> None:
        """Say it, as often as it is due."""
        again = max(1, self._answers) - 1 if isinstance(status, str) and status.startswith(("552 ", "500 ")) else 0
        for _answer in range(again + 1):
            await super().push(status)


class Receiver:
    """What is done at each step of a delivery."""

    def __init__(self, protocol: Protocol, rules: Rules, writers: ThreadPoolExecutor) -> None:
        self._protocol = protocol
        self._domains = frozenset(rules.domains)
        self._writers = writers

    async def handle_RCPT(  # noqa: N802  # the name aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        """Every recipient is ours, unless the domains were named; what reaches this port is for the relay to decide."""
        del server, session, rcpt_options
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 Too many recipients, please send the rest in another delivery"
        if self._domains and domain_of(address) not in self._domains:
            return NOT_OURS
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802  # the name aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the bytes; 250 only after the commit."""
        del server, session
        content = envelope.content
        raw = content if isinstance(content, bytes) else (content or "").encode("utf-8", "surrogateescape")
        recipients = [str(address) for address in envelope.rcpt_tos]
        keep = partial(_keep, raw, envelope.mail_from or "", recipients, self._protocol.value)
        loop = asyncio.get_running_loop()
        try:
            number = await loop.run_in_executor(self._writers, keep)
        except Exception:
            # Whatever it was, the sender still has the mail and must know that we do not.
            log.exception("mail_not_kept", extra={"bytes": len(raw)})
            answer = TRY_AGAIN
        else:
            log.info("mail_kept", extra={"raw_mail": number, "bytes": len(raw)})
            answer = f"{KEPT} as {number}"
        # LMTP wants one answer for each recipient; they have one fate, because the mail is kept once for all of them.
        return "\r\n".join([answer] * (len(recipients) if self._protocol is Protocol.LMTP else 1))


def domain_of(address: str) -> str:
    """The domain of an address in ASCII and lower case; empty when it has none."""
    domain = normalise_email(address).rpartition("@")[2].rstrip(".")
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return domain


def _keep(raw: bytes, envelope_from: str, envelope_to: list[str], source: str) -> int:
    """In a writer's thread: one transaction on a connection that is known to work."""
    close_old_connections()
    try:
        return services.store(raw=raw, envelope_from=envelope_from, envelope_to=envelope_to, source=source)
    except Exception:
        connection.close()
        raise
    finally:
        close_old_connections()


async def serve(doors: Sequence[Door], *, rules: Rules, stop: asyncio.Event) -> None:
    """Take mail at all doors until `stop` is set; deliveries in hand get some seconds.

    Args:
        doors: bound and listening.
        stop: set it to end.
    """
    loop = asyncio.get_running_loop()
    writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="mail-writer")
    crowd = Crowd(rules.connections)
    servers = []
    for door in doors:
        made = partial(_protocol, door, rules, Receiver(door.protocol, rules, writers), crowd)
        tls = door.tls if door.implicit else None
        if door.listening.family == socket.AF_UNIX:
            servers.append(await loop.create_unix_server(made, sock=door.listening, ssl=tls))
        else:
            servers.append(await loop.create_server(made, sock=door.listening, ssl=tls))
    try:
        await stop.wait()
    finally:
        for server in servers:
            server.close()
        await loop.run_in_executor(None, partial(writers.shutdown, wait=True))


def _protocol(door: Door, rules: Rules, receiver: Receiver, crowd: Crowd) -> SMTP:
    """One connection's conversation."""
    starttls = door.tls if door.protocol is Protocol.SMTP and not door.implicit else None
    values: dict[str, Any] = {
        "data_size_limit": rules.size_limit,
        "enable_SMTPUTF8": True,
        "hostname": socket.gethostname(),
        "ident": "Amends",
        "timeout": rules.idle_seconds,
        "tls_context": starttls,
        "require_starttls": rules.require_tls and starttls is not None,
        "loop": asyncio.get_running_loop(),
    }
    kind = LocalServer if door.protocol is Protocol.LMTP else Server
    made = kind(receiver, **values)
    made.crowd = crowd
    return made
