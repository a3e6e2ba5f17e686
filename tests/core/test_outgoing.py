"""Requests of the server to other servers: only to public places, whatever names, numbers and redirects pretend."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from amends.core import outgoing
from amends.core.outgoing import (
    BadAnswer,
    ForbiddenAddress,
    HostUnknown,
    NoConnection,
    OutgoingError,
    TooLarge,
    TooManyRedirects,
    TooSlow,
    UnusableRequest,
    request,
)

Talk = Callable[[socket.socket, bytes], None]


class Server:
    """A server that reads one request a connection and lets the test say, byte for byte, what comes back."""

    def __init__(
        self, talk: Talk, address: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        self.requests: list[bytes] = []
        self._talk, self._tls = talk, tls
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((address, port))
        self._socket.listen(8)
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(5)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                asked = _read(connection)
                self.requests.append(asked)
                self._talk(connection, asked)

    def stop(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


def _read(connection: socket.socket) -> bytes:
    asked = b""
    while b"\r\n\r\n" not in asked:
        asked += connection.recv(4096)
    head, _, body = asked.partition(b"\r\n\r\n")
    length = next((int(one[15:]) for one in head.lower().split(b"\r\n") if one.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(4096)
    return head + b"\r\n\r\n" + body


@contextmanager
def serving(talk: Talk, **options: object) -> Iterator[Server]:
    server = Server(talk, **options)  # type: ignore[arg-type]  # passed on
    try:
        yield server
    finally:
        server.stop()


def saying(status: str, *headers: str, body: bytes = b"") -> Talk:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]).encode()
    return lambda connection, _asked: connection.sendall(head + body)


@pytest.fixture(autouse=True)
def _no_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AMENDS_OUTGOING_ALLOW", raising=False)


@pytest.fixture
def loopback_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMENDS_OUTGOING_ALLOW", "127.0.0.1")


def names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let the resolver give these answers one after the other; returns the names that it was asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *kinds: int, **kind: int) -> object:
        with suppress(ValueError):
            ip_address(host)
            return real(host, port, *kinds, **kind)  # a number is itself: nobody is asked
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET6 if ":" in one else socket.AF_INET, 1, 6, "", (one, port)) for one in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "[::]",
        "[fe80::1]",
        "[fec0::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "127.0.0.1.",
    ],
)
def test_no_address_that_is_not_public_is_asked_however_it_is_spelt(host: str) -> None:
    with pytest.raises((ForbiddenAddress, HostUnknown, UnusableRequest)):
        request("GET", f"https://{host}/")


@pytest.mark.parametrize("spelling", ["2130706433", "0x7f000001", "0177.1", "127.1"])
def test_numbers_that_this_machine_reads_as_loopback_are_refused_as_loopback(spelling: str) -> None:
    with pytest.raises(ForbiddenAddress):
        request("GET", f"https://{spelling}/")


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "64:ff9b::5db8:d822", "::ffff:93.184.216.34"])
def test_public_addresses_count_as_public(address: str) -> None:
    assert outgoing.is_public(ip_address(address))


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, ["93.184.216.34", "2606:4700::1111", "10.0.0.5"])
    with pytest.raises(ForbiddenAddress, match=r"feeds\.example"):
        request("GET", "https://feeds.example/")


def test_a_name_that_changes_its_address_after_the_check_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMENDS_OUTGOING_ALLOW", "127.0.0.2")
    with (
        serving(saying("200 OK", body=b"the checked one"), address="127.0.0.2") as checked,
        serving(saying("200 OK", body=b"the machine's own"), port=checked.port) as own,
    ):
        asked = names(monkeypatch, ["127.0.0.2"], ["127.0.0.1"])
        answer = request("GET", f"http://rebind.example:{checked.port}/x")
        assert answer.body == b"the checked one"
        assert asked == ["rebind.example"]
        assert b"Host: rebind.example" in checked.requests[0]
        with pytest.raises(ForbiddenAddress):
            request("GET", f"http://rebind.example:{checked.port}/x")
        assert own.requests == []


def test_a_public_answer_first_and_a_private_one_later_leads_to_the_public_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = names(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    assert outgoing.checked_addresses(httpx.URL("https://rebind.example/")) == ["93.184.216.34"]
    assert asked == ["rebind.example"]
    with pytest.raises(ForbiddenAddress):
        outgoing.checked_addresses(httpx.URL("https://rebind.example/"))


@pytest.mark.usefixtures("loopback_allowed")
@pytest.mark.parametrize(
    "to",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/",
        "//10.0.0.1/",
        "http://[::ffff:10.0.0.1]/",
    ],
)
def test_a_redirect_goes_through_the_same_door(to: str) -> None:
    with serving(saying("302 Found", f"Location: {to}")) as server, pytest.raises(ForbiddenAddress):
        request("GET", f"http://127.0.0.1:{server.port}/")


@pytest.mark.usefixtures("loopback_allowed")
@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://93.184.216.34/", "gopher://93.184.216.34:70/"])
def test_a_redirect_to_something_else_than_http_is_refused(to: str) -> None:
    with serving(saying("302 Found", f"Location: {to}")) as server, pytest.raises(UnusableRequest):
        request("GET", f"http://127.0.0.1:{server.port}/")


@pytest.mark.usefixtures("loopback_allowed")
def test_three_redirects_are_followed_and_no_more() -> None:
    left = [3]

    def talk(connection: socket.socket, asked: bytes) -> None:
        if left[0] == 0:
            saying("200 OK", body=b"here")(connection, asked)
        else:
            left[0] -= 1
            saying("302 Found", f"Location: /{left[0]}")(connection, asked)

    with serving(talk) as server:
        answer = request("GET", f"http://127.0.0.1:{server.port}/start")
        assert answer.body == b"here"
        assert answer.url.endswith("/0")
        left[0] = 4
        with pytest.raises(TooManyRedirects):
            request("GET", f"http://127.0.0.1:{server.port}/start")


@pytest.mark.usefixtures("loopback_allowed")
def test_no_secret_follows_a_redirect_to_another_host() -> None:
    with (
        serving(saying("200 OK")) as other,
        serving(saying("302 Found", f"Location: http://127.0.0.1:{other.port}/")) as first,
        serving(saying("307 Temporary Redirect", f"Location: http://127.0.0.1:{other.port}/")) as keeping,
    ):
        secrets = {"Authorization": "Bearer top", "apikey": "top", "Cookie": "top"}
        assert request("GET", f"http://127.0.0.1:{first.port}/", headers=secrets).status == 200
        assert b"Bearer top" in first.requests[0]
        assert b"top" not in other.requests[0]
        with pytest.raises(ForbiddenAddress):
            request("POST", f"http://127.0.0.1:{keeping.port}/", form={"client_secret": "top"})
        assert len(other.requests) == 1


@pytest.mark.usefixtures("loopback_allowed")
def test_a_post_that_is_redirected_becomes_a_get_without_its_body() -> None:
    def talk(connection: socket.socket, asked: bytes) -> None:
        moved = asked.startswith(b"POST")
        saying(*(("303 See Other", "Location: /done") if moved else ("200 OK",)))(connection, asked)

    with serving(talk) as server:
        request("POST", f"http://127.0.0.1:{server.port}/", json={"a": 1})
        assert server.requests[1].startswith(b"GET /done")
        assert b'{"a"' not in server.requests[1]


def test_http_is_only_for_hosts_on_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, ["93.184.216.34"])
    with pytest.raises(ForbiddenAddress, match="https"):
        request("GET", "http://feeds.example/")


def test_the_list_takes_hosts_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(saying("200 OK")) as server:
        for listed in ("127.0.0.1", "127.0.0.0/8", "10.0.0.0/8, localhost", "LOCALHOST."):
            monkeypatch.setenv("AMENDS_OUTGOING_ALLOW", listed)
            host = "localhost" if "host" in listed.lower() else "127.0.0.1"
            assert request("GET", f"http://{host}:{server.port}/").status == 200
        monkeypatch.setenv("AMENDS_OUTGOING_ALLOW", "10.0.0.0/8,example.com")
        with pytest.raises(ForbiddenAddress):
            request("GET", f"http://127.0.0.1:{server.port}/")


@pytest.mark.parametrize(
    "url",
    ["", "x", "ftp://example.com/", "file:///etc/passwd", "https://", "https://user:word@example.com/", "https://a b/",
     "https://example.com:99999/", "https://exa\x00mple.com/", "https://" + "a" * 300 + "/", "https://\u202e/"],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_refused_in_words(url: str) -> None:
    with pytest.raises((UnusableRequest, HostUnknown)):
        request("GET", url)


@pytest.mark.usefixtures("loopback_allowed")
def test_a_header_with_a_line_break_is_refused() -> None:
    with serving(saying("200 OK")) as server, pytest.raises(UnusableRequest):
        request("GET", f"http://127.0.0.1:{server.port}/", headers={"X": "a\r\nHost: b"})


@pytest.mark.usefixtures("loopback_allowed")
def test_a_huge_body_is_refused_by_its_length_before_it_is_read() -> None:
    def huge(connection: socket.socket, _asked: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        time.sleep(3)

    with serving(huge) as server:
        begun = time.monotonic()
        with pytest.raises(TooLarge):
            request("GET", f"http://127.0.0.1:{server.port}/")
        assert time.monotonic() - begun < 2


@pytest.mark.usefixtures("loopback_allowed")
def test_a_body_without_end_is_left_at_the_limit() -> None:
    sent = [0]

    def endless(connection: socket.socket, _asked: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while sent[0] < 50_000_000:
            connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
            sent[0] += 0x10000

    with serving(endless) as server, pytest.raises(TooLarge):
        request("GET", f"http://127.0.0.1:{server.port}/", max_bytes=100_000)
    assert sent[0] < 20_000_000


@pytest.mark.usefixtures("loopback_allowed")
def test_a_small_answer_that_unpacks_into_a_huge_one_is_refused() -> None:
    bomb = gzip.compress(b"0" * 20_000_000)
    with serving(saying("200 OK", "Content-Encoding: gzip", body=bomb)) as server, pytest.raises(TooLarge):
        request("GET", f"http://127.0.0.1:{server.port}/", max_bytes=1_000_000)


@pytest.mark.usefixtures("loopback_allowed")
@pytest.mark.parametrize("body", [gzip.compress(b"hello")[:-4], b"not gzip"])
def test_a_damaged_packing_is_a_bad_answer(body: bytes) -> None:
    with serving(saying("200 OK", "Content-Encoding: gzip", body=body)) as server, pytest.raises(BadAnswer):
        request("GET", f"http://127.0.0.1:{server.port}/")


@pytest.mark.usefixtures("loopback_allowed")
@pytest.mark.parametrize("slow_from", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"])
def test_a_server_that_drips_gets_no_more_than_the_time(slow_from: bytes) -> None:
    def drip(connection: socket.socket, _asked: bytes) -> None:
        connection.sendall(slow_from)
        for letter in b"HTTP/1.1 200 OK\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaa":
            connection.sendall(bytes([letter]))
            time.sleep(0.1)

    with serving(drip) as server:
        begun = time.monotonic()
        with pytest.raises(TooSlow):
            request("GET", f"http://127.0.0.1:{server.port}/", timeout=0.7)
        assert time.monotonic() - begun < 1.5


@pytest.mark.usefixtures("loopback_allowed")
def test_headers_without_end_are_left() -> None:
    def many(connection: socket.socket, _asked: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for number in range(100_000):
            connection.sendall(b"X-%d: y\r\n" % number)

    with serving(many) as server, pytest.raises((BadAnswer, NoConnection)):
        request("GET", f"http://127.0.0.1:{server.port}/", timeout=5)


@pytest.mark.usefixtures("loopback_allowed")
def test_what_is_not_http_and_what_breaks_off_are_errors_of_ours() -> None:
    with serving(lambda connection, _: connection.sendall(b"SSH-2.0-hello\r\n")) as server, pytest.raises(BadAnswer):
        request("GET", f"http://127.0.0.1:{server.port}/")
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
    with serving(lambda connection, _: connection.sendall(half)) as server, pytest.raises(OutgoingError):
        request("GET", f"http://127.0.0.1:{server.port}/")
    with pytest.raises(NoConnection):
        request("GET", f"http://127.0.0.1:{server.port}/")


@pytest.mark.usefixtures("loopback_allowed")
def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with serving(saying("200 OK", body=b"direct")) as server:
        assert request("GET", f"http://127.0.0.1:{server.port}/").body == b"direct"


@pytest.mark.usefixtures("loopback_allowed")
def test_the_body_goes_out_as_asked_and_the_answer_comes_back_whole() -> None:
    body = gzip.compress(b'{"ok": [1, 2]}')
    headers = ("Content-Encoding: gzip", "Link: <a>; rel=next", "Link: <b>; rel=prev", "X-RateLimit-Remaining: 3")
    with serving(saying("404 Not Found", *headers, body=body)) as server:
        url = f"http://127.0.0.1:{server.port}/path?kept=1"
        answer = request("POST", url, params={"page": 2}, json={"text": "ü"})
        assert (answer.status, answer.json()) == (404, {"ok": [1, 2]})
        assert answer.headers["link"] == "<a>; rel=next, <b>; rel=prev"
        assert answer.headers["x-ratelimit-remaining"] == "3"
        assert server.requests[0].startswith(b"POST /path?kept=1&page=2 HTTP/1.1")
        assert '"text":"ü"'.encode() in server.requests[0]
        request("POST", url, form={"a": "b c"})
        assert server.requests[1].endswith(b"a=b+c")
        request("PUT", url, content=b"raw")
        assert server.requests[2].endswith(b"raw")
        with pytest.raises(ValueError, match="at most one"):
            request("POST", url, form={"a": "b"}, content=b"c")


@pytest.mark.usefixtures("loopback_allowed")
def test_no_error_and_no_answer_shows_a_secret_of_the_address() -> None:
    with serving(saying("200 OK", "Set-Cookie: s3cret", body=b"s3cret")) as server:
        url = f"http://127.0.0.1:{server.port}/p?token=s3cret"
        assert "s3cret" not in repr(request("GET", url)).replace("Set-Cookie", "").partition("headers")[0]
    with pytest.raises(NoConnection) as caught:
        request("GET", url)
    assert "s3cret" not in str(caught.value)


def certified(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS with a certificate for `name`, and the file of the authority that signed it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(tz=UTC)  # noqa: TID251  # a certificate is dated by the machine's clock
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    authority, secret = folder / "authority.pem", folder / "key.pem"
    authority.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, secret)
    return context, authority


def test_the_certificate_must_be_the_names_although_we_connect_to_a_number(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tls, authority = certified(tmp_path, "reviews.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    monkeypatch.setenv("AMENDS_OUTGOING_ALLOW", "127.0.0.1")
    names(monkeypatch, ["127.0.0.1"])
    with serving(saying("200 OK", body=b"safe"), tls=tls) as server:
        assert request("GET", f"https://reviews.example:{server.port}/").body == b"safe"
        with pytest.raises(NoConnection):
            request("GET", f"https://other.example:{server.port}/")
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(NoConnection):
            request("GET", f"https://reviews.example:{server.port}/")
