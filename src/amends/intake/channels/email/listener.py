"""The SMTP listener: takes mail from the relay in front of it, and says 250 only when the bytes are committed.

Everything else happens later, in jobs. When the database is away the answer is 451 and the relay keeps the mail: no
mail is ever in our hands alone. Whatever is understood wrongly can be read again from the bytes.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import close_old_connections, connection

from amends.intake.channels.email import services

log = logging.getLogger(__name__)
# aiosmtpd writes addresses of senders and receivers into its log; ours has no personal data.
logging.getLogger("mail.log").setLevel(logging.ERROR)

WRITERS = 4
MAX_RECIPIENTS = 100
GRACE_SECONDS = 10
KEPT = "250 2.0.0 Kept"
TRY_AGAIN = "451 4.3.0 The mail could not be kept, please send it again later"


class Server(SMTP):
    """The protocol with one thing made wider: real mail has lines far beyond the 1,000 octets of the standard."""

    line_length_limit = 8 * 1024 * 1024


class Receiver:
    """What is done at each step of a delivery."""

    def __init__(self) -> None:
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="mail-writer")

    async def handle_RCPT(  # noqa: N802  # the name aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        """Every recipient is ours: which domains reach this port is for the relay in front to decide."""
        del server, session, rcpt_options
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 Too many recipients, please send the rest in another delivery"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802  # the name aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the bytes; 250 only after the commit."""
        del server, session
        content = envelope.content
        raw = content if isinstance(content, bytes) else (content or "").encode("utf-8", "surrogateescape")
        keep = partial(_keep, raw, envelope.mail_from or "", [str(address) for address in envelope.rcpt_tos])
        loop = asyncio.get_running_loop()
        try:
            number = await loop.run_in_executor(self._writers, keep)
        except Exception:
            # Whatever it was, the sender still has the mail and must know that we do not.
            log.exception("mail_not_kept", extra={"bytes": len(raw)})
            return TRY_AGAIN
        log.info("mail_kept", extra={"raw_mail": number, "bytes": len(raw)})
        return f"{KEPT} as {number}"

    def close(self) -> None:
        """Let the writers finish what they have."""
        self._writers.shutdown(wait=True)


def _keep(raw: bytes, envelope_from: str, envelope_to: list[str]) -> int:
    """In a writer's thread: one transaction on a connection that is known to work."""
    close_old_connections()
    try:
        return services.store(raw=raw, envelope_from=envelope_from, envelope_to=envelope_to)
    except Exception:
        connection.close()
        raise
    finally:
        close_old_connections()


async def serve(listening: socket.socket, *, size_limit: int, stop: asyncio.Event) -> None:
    """Take mail on a listening socket until `stop` is set; deliveries in hand get some seconds.

    Args:
        listening: bound and listening.
        size_limit: octets of one mail at most; announced in EHLO and kept.
        stop: set it to end.
    """
    loop = asyncio.get_running_loop()
    receiver = Receiver()

    def protocol() -> Server:
        return Server(
            receiver,
            data_size_limit=size_limit,
            enable_SMTPUTF8=True,
            hostname=socket.gethostname(),
            ident="Amends",
            loop=loop,
        )

    server = await loop.create_server(protocol, sock=listening)
    try:
        await stop.wait()
    finally:
        server.close()
        await loop.run_in_executor(None, receiver.close)
