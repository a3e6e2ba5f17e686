"""`amends mail`: the SMTP listener, one process. It only keeps what comes; the worker reads it."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket

from amends.cli import environment
from amends.cli.web import listen

SUMMARY = "take mail over SMTP and keep it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments: AMENDS_SMTP_HOST and AMENDS_SMTP_PORT say where."""
    del parser


def main(arguments: argparse.Namespace) -> int:
    """Listen until SIGTERM or Ctrl-C."""
    del arguments
    os.environ.setdefault("AMENDS_PROCESS", "mail")
    where = environment.read()
    host = os.environ.get("AMENDS_SMTP_HOST") or "127.0.0.1"
    # Before anything slow: a taken port is said at once.
    with listen(host, where.smtp_port, variable="AMENDS_SMTP_PORT") as listening, environment.django_ready():
        asyncio.run(_serve(listening))
    return 0


async def _serve(listening: socket.socket) -> None:
    from django.conf import settings

    from amends.intake.channels.email.listener import serve

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(listening, size_limit=settings.AMENDS_MAIL_SIZE_LIMIT, stop=stop)
