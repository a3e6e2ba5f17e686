"""`amends web`: the web server, one process. `amends run` and any process manager may start several."""

from __future__ import annotations

import argparse
import os
import socket
import warnings

from amends.cli import environment
from amends.cli.errors import CommandError

SUMMARY = "serve the pages and the API"
SOCKET_VARIABLE = "AMENDS_WEB_FD"
GRACE_SECONDS = 5  # live-news connections never end by themselves


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments: AMENDS_HOST and AMENDS_PORT say where."""
    del parser


def main(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    del arguments
    os.environ.setdefault("AMENDS_PROCESS", "web")
    where = environment.read()
    inherited = os.environ.pop(SOCKET_VARIABLE, "")
    # Before anything slow: a taken port is said at once.
    listener = socket.socket(fileno=int(inherited)) if inherited else listen(where.host, where.port)
    with listener, environment.django_ready(warm_up=_load_pages):
        _serve(listener)
    return 0


def listen(host: str, port: int, *, variable: str = "AMENDS_PORT") -> socket.socket:
    """A listening socket.

    Raises:
        CommandError: the port is taken, not allowed, or the address is not one of this machine.
    """
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        named = variable.replace("PORT", "HOST")
        raise CommandError(f"{named} is “{host}”, which is no address ({error.strerror}): correct it.") from None
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(1024)
    except PermissionError:
        listener.close()
        raise CommandError(f"Port {port} is reserved for root: choose one above 1023 with {variable}=….") from None
    except OSError as error:
        listener.close()
        raise CommandError(
            f"Port {port} on {host} cannot be used ({error.strerror}): end the program that uses it, "
            f"or choose another port with {variable}={port + 1 if port < 65535 else 8001}."
        ) from None
    return listener


def _load_pages() -> None:
    """Import every page while the database is still being brought up to date."""
    from django.urls import get_resolver

    import amends.config.asgi

    assert amends.config.asgi.application is not None
    _ = get_resolver().url_patterns


def _serve(listener: socket.socket) -> None:
    import uvicorn

    # WhiteNoise reads our small style sheets and scripts synchronously and only once for each visitor.
    warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous iterators")
    behind_proxy = os.environ.get("AMENDS_BEHIND_PROXY") == "1"
    config = uvicorn.Config(
        "amends.config.asgi:application",
        http="httptools",
        loop="uvloop",
        ws="none",
        lifespan="off",
        access_log=False,  # it would write tokens and search words; core.logs has its own
        log_config=None,
        server_header=False,
        proxy_headers=behind_proxy,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=20,
    )
    uvicorn.Server(config).run(sockets=[listener])
