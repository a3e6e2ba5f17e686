"""`amends mail`: takes mail over SMTP and LMTP, and reads the mailboxes. It only keeps what comes; the worker reads it."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from amends.cli import environment
from amends.cli.errors import CommandError
from amends.cli.web import listen

if TYPE_CHECKING:
    from amends.intake.channels.email.certificate import Certificate
    from amends.intake.channels.email.listener import Door

SUMMARY = "take mail over SMTP and LMTP, read the mailboxes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where it listens is in the environment; parts may be left to another process or machine."""
    parts = parser.add_mutually_exclusive_group()
    parts.add_argument("--no-mailboxes", action="store_true", help="only listen; read no mailboxes here")
    parts.add_argument("--only-mailboxes", action="store_true", help="only read the mailboxes; do not listen")


def main(arguments: argparse.Namespace) -> int:
    """Work until SIGTERM or Ctrl-C."""
    os.environ.setdefault("AMENDS_PROCESS", "mail")
    where = environment.read()
    host = os.environ.get("AMENDS_SMTP_HOST") or "127.0.0.1"
    with ExitStack() as stack:
        first = None
        if not arguments.only_mailboxes:
            # Before anything slow: a taken port is said at once.
            first = stack.enter_context(listen(host, where.smtp_port, variable="AMENDS_SMTP_PORT"))
        stack.enter_context(environment.django_ready())
        certificate = _certificate()
        doors = [] if first is None else _doors(first, host, certificate, stack)
        asyncio.run(_serve(doors, certificate, read_mailboxes=not arguments.no_mailboxes))
    return 0


def _certificate() -> Certificate | None:
    from django.conf import settings

    from amends.intake.channels.email.certificate import Certificate

    if not settings.AMENDS_MAIL_CERTIFICATE:
        if settings.AMENDS_SMTPS_PORT or settings.AMENDS_MAIL_REQUIRE_TLS:
            raise CommandError("TLS for mail needs a certificate: set AMENDS_MAIL_CERTIFICATE (and AMENDS_MAIL_KEY).")
        return None
    return Certificate(settings.AMENDS_MAIL_CERTIFICATE, settings.AMENDS_MAIL_KEY)


def _doors(first: socket.socket, host: str, certificate: Certificate | None, stack: ExitStack) -> list[Door]:
    """Every way in that the settings name; the sockets are closed with the stack."""
    from django.conf import settings

    from amends.intake.channels.email.listener import Door, Protocol

    tls = None if certificate is None else certificate.context
    doors = [Door(first, tls=tls)]
    if settings.AMENDS_SMTPS_PORT:
        listening = stack.enter_context(listen(host, settings.AMENDS_SMTPS_PORT, variable="AMENDS_SMTPS_PORT"))
        doors.append(Door(listening, tls=tls, implicit=True))
    if settings.AMENDS_LMTP_PORT:
        listening = stack.enter_context(listen(host, settings.AMENDS_LMTP_PORT, variable="AMENDS_LMTP_PORT"))
        doors.append(Door(listening, Protocol.LMTP))
    if settings.AMENDS_LMTP_SOCKET:
        doors.append(Door(stack.enter_context(_socket_file(Path(settings.AMENDS_LMTP_SOCKET))), Protocol.LMTP))
    return doors


def _socket_file(path: Path) -> socket.socket:
    """A listening socket in the file system, for owner and group; one that a dead process left behind is replaced."""
    if path.is_socket():
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            if probe.connect_ex(str(path)) == 0:
                raise CommandError(f"Somebody listens at {path} already: set another AMENDS_LMTP_SOCKET.")
        path.unlink()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(str(path))
        path.chmod(0o660)
        listening.listen(100)
    except OSError as problem:
        listening.close()
        raise CommandError(f"The socket {path} cannot be made ({problem.strerror}): see AMENDS_LMTP_SOCKET.") from None
    return listening


async def _serve(doors: list[Door], certificate: Certificate | None, *, read_mailboxes: bool) -> None:
    from django.conf import settings

    from amends.intake.channels.email.incoming.reader import Readers
    from amends.intake.channels.email.listener import Rules, serve

    stop = asyncio.Event()
    end_reading = threading.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    rules = Rules(
        size_limit=settings.AMENDS_MAIL_SIZE_LIMIT,
        domains=tuple(settings.AMENDS_MAIL_ACCEPT_DOMAINS),
        connections=settings.AMENDS_MAIL_CONNECTIONS,
        idle_seconds=settings.AMENDS_MAIL_IDLE_SECONDS,
        require_tls=settings.AMENDS_MAIL_REQUIRE_TLS,
    )
    reading = threading.Thread(target=Readers().run, args=(end_reading,), name="mailboxes")
    following = None if certificate is None else loop.create_task(certificate.follow())
    if read_mailboxes:
        reading.start()
    try:
        await serve(doors, rules=rules, stop=stop)
    finally:
        end_reading.set()
        if following is not None:
            following.cancel()
        if reading.is_alive():
            await loop.run_in_executor(None, reading.join, 12)
