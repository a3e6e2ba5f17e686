"""A real SMTP server for the tests: the relay that our mail goes to."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiosmtpd.smtp import SMTP, Envelope, Session

from amends.intake.channels.email.model import ParsedMail
from amends.intake.channels.email.parsing import parse


@dataclass
class Relay:
    """What it was given, and what it answers."""

    port: int = 0
    mails: list[bytes] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep it, or answer what the test wants."""
        del server, session
        if self.answers:
            answer = self.answers.pop(0)
            if not answer.startswith("250"):
                return answer
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(content)
        self.envelopes.append((envelope.mail_from or "", [str(one) for one in envelope.rcpt_tos]))
        return "250 2.0.0 Taken"

    def parsed(self) -> list[ParsedMail]:
        """What it was given, read."""
        return [parse(one) for one in self.mails]


@contextmanager
def running_relay(tls: ssl.SSLContext | None = None) -> Iterator[Relay]:
    """A relay on a free port of this machine, in a thread with its own event loop; with `tls` it takes mail after STARTTLS only."""
    relay = Relay()
    listening = socket.create_server(("127.0.0.1", 0))
    relay.port = listening.getsockname()[1]
    loop = asyncio.new_event_loop()

    def one_connection() -> SMTP:
        return SMTP(relay, hostname="relay.test", loop=loop, tls_context=tls, require_starttls=tls is not None)

    async def serve(stop: asyncio.Event) -> None:
        server = await loop.create_server(one_connection, sock=listening)
        await stop.wait()
        server.close()
        await asyncio.sleep(0.05)

    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve(stop)))
    thread.start()
    try:
        yield relay
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
