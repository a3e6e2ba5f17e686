"""A real IMAP server for the tests: Dovecot on a free port of this machine, with a folder of its own."""

from __future__ import annotations

import contextlib
import getpass
import imaplib
import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

PROGRAMS = ("dovecot", "/usr/sbin/dovecot")
PASSWORD = "correct horse"


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program() -> str:
    """Dovecot's path; skips where it is not installed, and fails in CI."""
    for name in PROGRAMS:
        if found := shutil.which(name):
            return found
    if os.environ.get("CI"):
        pytest.fail("There is no Dovecot in CI: install the packages dovecot-core and dovecot-imapd.")
    pytest.skip("there is no Dovecot: install the packages dovecot-core and dovecot-imapd")


class TokenServer(ThreadingHTTPServer):
    """Gives access tokens by OAuth 2, and tells Dovecot which of them hold."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _TokenRequests)
        self.asked: list[dict[str, str]] = []
        self.answers: list[tuple[int, dict[str, Any]]] = []
        self.valid: set[str] = set()
        self.refresh_tokens = {"refresh-1"}
        self.rotate = False
        self.number = 0
        self.address = f"http://127.0.0.1:{self.server_address[1]}"


class _TokenRequests(BaseHTTPRequestHandler):
    server: TokenServer

    def do_POST(self) -> None:
        """The token endpoint (RFC 6749), and introspection (RFC 7662) for Dovecot."""
        length = int(self.headers.get("Content-Length", 0))
        form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
        self._answer(*(self._introspect(form) if self.path.startswith("/introspect") else self._token(form)))

    def _introspect(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        active = form.get("token", "") in self.server.valid
        return 200, {"active": active, **({"username": "care", "email": "care"} if active else {})}

    def _token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        server = self.server
        server.asked.append(form)
        if server.answers:
            return server.answers.pop(0)
        if form["grant_type"] == "refresh_token" and form.get("refresh_token") not in server.refresh_tokens:
            return 400, {"error": "invalid_grant"}
        if form["grant_type"] == "client_credentials" and form.get("client_secret") != "client-pass":
            return 401, {"error": "invalid_client"}
        server.number += 1
        server.valid.add(f"access-{server.number}")
        body: dict[str, Any] = {"access_token": f"access-{server.number}", "expires_in": 3600, "token_type": "Bearer"}
        if server.rotate:
            body["refresh_token"] = f"refresh-{server.number + 1}"
            server.refresh_tokens = {body["refresh_token"]}
        return 200, body

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name http.server calls
        """Nothing."""


@contextlib.contextmanager
def token_server() -> Iterator[TokenServer]:
    """A running token server."""
    server = TokenServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


@dataclass
class Dovecot:
    """The server: start it, stop it, and look into its folders as another mail program would."""

    home: Path
    port: int
    tls_port: int
    certificate: Path
    token_server: str = ""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start and wait until it greets."""
        config = self.home / "dovecot.conf"
        config.write_text(self._config())
        with (self.home / "server.log").open("ab") as log:
            self.process = subprocess.Popen([program(), "-F", "-c", str(config)], stdout=log, stderr=log)
        for _attempt in range(200):
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                imaplib.IMAP4("127.0.0.1", self.port, timeout=2).shutdown()
                return
            time.sleep(0.05)
        pytest.fail(f"Dovecot did not start: {(self.home / 'server.log').read_text()[-2000:]}")

    def stop(self) -> None:
        """Stop it, as an outage does."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    @contextlib.contextmanager
    def client(self, user: str = "care", folder: str = "INBOX") -> Iterator[imaplib.IMAP4]:
        """Another mail program, which reads, marks, moves and deletes."""
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        client.login(user, PASSWORD)
        client.select(folder)
        try:
            yield client
        finally:
            client.logout()

    def deliver(self, *mails: bytes, user: str = "care") -> None:
        """Put mails into the inbox."""
        with self.client(user) as client:
            for raw in mails:
                status, answer = client.append("INBOX", "", "", raw)
                assert status == "OK", answer

    def _config(self) -> str:
        user = "nobody" if os.geteuid() == 0 else getpass.getuser()
        person = pwd.getpwnam(user)
        if os.geteuid() == 0:
            os.chown(self.home / "mail", person.pw_uid, person.pw_gid)
        plain = "\n".join(f"{name}:{{PLAIN}}{PASSWORD}" for name in ("care", "berlin", "third"))
        (self.home / "users").write_text(plain + "\n")
        oauth = ""
        if self.token_server:
            (self.home / "oauth.conf").write_text(
                f"introspection_mode = post\nintrospection_url = {self.token_server}/introspect\n"
                "username_attribute = username\nactive_attribute = active\nactive_value = true\n"
            )
            oauth = (
                "passdb {\n driver = oauth2\n mechanisms = xoauth2 oauthbearer\n "
                f"args = {self.home}/oauth.conf\n}}\nauth_mechanisms = plain login xoauth2 oauthbearer\n"
            )
        services = "\n".join(
            f"service {name} {{\n chroot =\n{' user = ' + user if os.geteuid() else ''}\n}}"
            for name in ("anvil", "imap-login", "stats", "log", "auth", "auth-worker", "config", "imap")
            if name not in {"log", "config"}
        )
        return f"""
base_dir = {self.home}/run
state_dir = {self.home}/state
log_path = {self.home}/dovecot.log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {_group(person.pw_gid)}
ssl = yes
ssl_cert = <{self.certificate}
ssl_key = <{self.certificate}
disable_plaintext_auth = no
mail_location = maildir:{self.home}/mail/%u
mail_uid = {person.pw_uid}
mail_gid = {person.pw_gid}
first_valid_uid = 1
first_valid_gid = 1
mail_max_userip_connections = 50
{oauth}
passdb {{
 driver = passwd-file
 args = scheme=PLAIN username_format=%u {self.home}/users
}}
userdb {{
 driver = static
 args = uid={person.pw_uid} gid={person.pw_gid} home={self.home}/mail/%u
}}
service imap-login {{
 inet_listener imap {{
  port = {self.port}
 }}
 inet_listener imaps {{
  port = {self.tls_port}
 }}
}}
{services}
"""


def _group(number: int) -> str:
    import grp

    return grp.getgrgid(number).gr_name


def make_certificate(folder: Path) -> Path:
    """A certificate for this machine, with its key in the same file."""
    path, key = folder / "server.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + key.read_bytes())
    return path


@contextlib.contextmanager
def running_dovecot(token_address: str = "") -> Iterator[Dovecot]:
    """A fresh server with the empty mailboxes care, berlin and third."""
    program()
    # The path of a socket may have 107 bytes: pytest's own folders are too deep.
    home = Path(tempfile.mkdtemp(prefix="dove-", dir="/tmp"))
    home.chmod(0o755)
    for name in ("mail", "run", "state"):
        (home / name).mkdir()
    server = Dovecot(home, free_port(), free_port(), make_certificate(home), token_address)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
