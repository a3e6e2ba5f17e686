"""The one way in which the server itself asks another server something by HTTP.

An address may come from a person (a feed, a webhook), so each request is guarded: the host is resolved once, every
address it has must be public, and the connection goes to exactly an address that was looked at; a name that changes
its address in between gains nothing. Redirects are followed only through the same door. Only https, unless the host
is on the organisation's own list AMENDS_OUTGOING_ALLOW (host names, addresses or networks, separated by commas), which
also opens addresses that are not public. Proxies of the environment are not used.

Errors say the host at most: paths, queries and headers may carry secrets.
"""

from __future__ import annotations

import json as json_module
import logging
import os
import socket
import ssl
import time
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final

import httpcore
import httpx

MAX_REDIRECTS: Final = 3
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
SAFE_ELSEWHERE: Final = frozenset({"accept", "accept-language", "accept-encoding", "user-agent"})
"""Headers that may follow a redirect to another host; any other may be a secret of the first one."""
PORTS: Final = {"https": 443, "http": 80}
PIECE: Final = 65_536

# Public by their number, but inside a cloud they answer to the machine itself with its secrets or its network.
NEVER: Final = (ip_network("168.63.129.16/32"),)
NAT64: Final = ip_network("64:ff9b::/96")
"""How a network without IPv4 writes IPv4 addresses (RFC 6052): such an address is as public as the one inside."""

logging.getLogger("httpcore").setLevel(logging.WARNING)  # at DEBUG it writes the headers of answers

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class OutgoingError(Exception):
    """A request that did not become an answer; the text is fit to be shown and names the host at most."""


class UnusableRequest(OutgoingError):
    """The address or a header cannot be used as it stands: not https, no host, a password in the address."""


class ForbiddenAddress(OutgoingError):
    """The host is, or has, an address that is not public and not on the list."""


class HostUnknown(OutgoingError):
    """The name has no address, at least not now."""


class NoConnection(OutgoingError):
    """No connection, one that broke, or a certificate that does not hold."""


class TooSlow(OutgoingError):
    """The answer was not complete in time."""


class TooLarge(OutgoingError):
    """The answer is larger than allowed."""


class TooManyRedirects(OutgoingError):
    """The server sent us from place to place."""


class BadAnswer(OutgoingError):
    """The answer is not HTTP, cannot be unpacked, or is not the JSON that was asked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status.

    Attributes:
        headers: without regard to case; several of one name are joined by commas.
        body: unpacked, at most `max_bytes`.
        url: the address that answered, after redirects.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    url: str = field(repr=False)

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            BadAnswer: it is none.
        """
        try:
            return json_module.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise BadAnswer("The answer is not the JSON that was asked for.") from error


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str | int] | None = None,
    json: object | None = None,
    form: Mapping[str, str] | None = None,
    content: bytes | None = None,
    timeout: float = 20.0,
    max_bytes: int = 5_000_000,
) -> Answer:
    """Ask another server and read its whole answer, or raise.

    Args:
        params: added to the query of `url`.
        json, form, content: the body, at most one of them.
        timeout: seconds for everything from the resolving to the last byte.
        max_bytes: of the answer, as it comes and unpacked.

    Raises:
        OutgoingError: one of the kinds above. An answer with an error status is no error here.
    """
    deadline = time.monotonic() + timeout
    asked = _built(method, url, headers or {}, params, json, form, content)
    for _ in range(MAX_REDIRECTS + 1):
        answer = _ask(asked, deadline, max_bytes)
        to = answer.headers.get("location")
        if answer.status not in REDIRECTS or not to:
            return answer
        asked = _redirected(asked, answer.status, to)
    raise TooManyRedirects(f"{asked.url.host} redirected us more than {MAX_REDIRECTS} times.")


def _built(
    method: str,
    url: str,
    headers: Mapping[str, str],
    params: Mapping[str, str | int] | None,
    json: object | None,
    form: Mapping[str, str] | None,
    content: bytes | None,
) -> httpx.Request:
    if sum(body is not None for body in (json, form, content)) > 1:
        raise ValueError("Give at most one of json, form and content.")
    sent = httpx.Headers({"User-Agent": "Amends", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"})
    try:
        target = httpx.URL(url)
        if params:
            target = target.copy_merge_params(params)
        sent.update(headers)
        return httpx.Request(method, target, headers=sent, json=json, data=form, content=content)
    except (httpx.InvalidURL, TypeError, ValueError, UnicodeError) as error:
        raise UnusableRequest("The address or a header of the request cannot be used.") from error


def _redirected(asked: httpx.Request, status: int, to: str) -> httpx.Request:
    """The request that follows a redirect: nothing that may be secret goes to another host."""
    try:
        target = asked.url.join(to)
    except (httpx.InvalidURL, ValueError) as error:
        raise BadAnswer(f"{asked.url.host} redirected us to something that is no address.") from error
    same_host = _origin(target) == _origin(asked.url)
    becomes_get = status == 303 or (status in (301, 302) and asked.method == "POST")
    method = "GET" if becomes_get and asked.method != "HEAD" else asked.method
    body = b"" if method != asked.method else asked.content
    if body and not same_host:
        raise ForbiddenAddress(f"{asked.url.host} redirected what we send to another host; that is not followed.")
    dropped = {"host", "content-length", "transfer-encoding"} | (set() if body else {"content-type"})
    headers = {
        name: value
        for name, value in asked.headers.items()
        if name not in dropped and (same_host or name in SAFE_ELSEWHERE)
    }
    return httpx.Request(method, target, headers=headers, content=body or None)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or PORTS.get(url.scheme)


def _ask(asked: httpx.Request, deadline: float, max_bytes: int) -> Answer:
    """One request to one checked address."""
    addresses = checked_addresses(asked.url)
    host = asked.url.host
    try:
        with (
            httpcore.ConnectionPool(
                ssl_context=_tls(), max_connections=1, network_backend=_Pinned(addresses, deadline)
            ) as pool,
            pool.stream(
                asked.method,
                str(asked.url),
                headers=asked.headers.raw,
                content=asked.content,
            ) as response,
        ):
            headers = httpx.Headers(response.headers)
            body = _unpacked(_collected(response.iter_stream(), headers, max_bytes), headers, max_bytes)
            return Answer(response.status, headers, body, str(asked.url))
    except httpcore.TimeoutException as error:
        raise TooSlow(f"{host} did not answer in time.") from error
    except httpcore.NetworkError as error:
        raise NoConnection(f"No connection to {host}, or it broke ({type(error).__name__}).") from error
    except httpcore.RemoteProtocolError as error:
        raise BadAnswer(f"{host} answered with something that is not HTTP.") from error
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
        raise UnusableRequest("The address or a header of the request cannot be used.") from error
    except ssl.SSLError as error:
        raise NoConnection(f"No safe connection to {host} ({type(error).__name__}).") from error


def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=True)  # only SSL_CERT_FILE and SSL_CERT_DIR, for an own authority


def _collected(pieces: Iterable[bytes], headers: httpx.Headers, max_bytes: int) -> bytes:
    """The body as it comes over the wire, no longer than allowed, whatever its length was said to be."""
    said = headers.get("content-length", "0")
    if said.isascii() and said.isdigit() and int(said[:20]) > max_bytes:
        raise TooLarge(f"The answer is larger than {max_bytes:,} bytes.")
    collected = bytearray()
    for piece in pieces:
        collected += piece
        if len(collected) > max_bytes:
            raise TooLarge(f"The answer is larger than {max_bytes:,} bytes.")
    return bytes(collected)


def _unpacked(body: bytes, headers: httpx.Headers, max_bytes: int) -> bytes:
    """The body without its content encoding; a small answer that unpacks into a huge one is refused."""
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity") or not body:
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise BadAnswer("The answer is packed in a way that we did not ask for.")
    wbits = zlib.MAX_WBITS | 32 if encoding != "deflate" or body[:1] == b"\x78" else -zlib.MAX_WBITS
    unpacker = zlib.decompressobj(wbits)
    try:
        unpacked = unpacker.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise BadAnswer("The answer cannot be unpacked.") from error
    if len(unpacked) > max_bytes:
        raise TooLarge(f"The answer is larger than {max_bytes:,} bytes once unpacked.")
    if not unpacker.eof:
        raise BadAnswer("The answer ended too early.")
    return unpacked


def checked_addresses(url: httpx.URL) -> list[str]:
    """The addresses of a URL's host, all of which we may connect to.

    Raises:
        UnusableRequest: not http(s), no host, or a password in it.
        HostUnknown: the name does not resolve.
        ForbiddenAddress: at least one address is not public, or http for a host that is not on the list.
    """
    if url.scheme not in PORTS or not url.host:
        raise UnusableRequest("Only addresses that begin with https:// can be asked.")
    if url.userinfo:
        raise UnusableRequest("An address with a user name or password in it is not used: give them as a secret.")
    hosts, networks = _allowed(os.environ.get("AMENDS_OUTGOING_ALLOW", ""))
    host = url.raw_host.decode("ascii").lower().rstrip(".")
    addresses = _resolved(host, url.port or PORTS[url.scheme])
    known = host in hosts
    for address in addresses:
        listed = known or any(address in network for network in networks)
        if not listed and not is_public(address):
            raise ForbiddenAddress(f"{url.host} is not a public address; AMENDS_OUTGOING_ALLOW can allow it.")
        if not listed and url.scheme != "https":
            raise ForbiddenAddress(f"{url.host} is only asked by https://; AMENDS_OUTGOING_ALLOW can allow more.")
    return [str(address) for address in addresses]


def _allowed(listed: str) -> tuple[set[str], list[Network]]:
    """The organisation's own list: names on one side, addresses and networks on the other."""
    hosts: set[str] = set()
    networks: list[Network] = []
    for entry in filter(None, (one.strip().lower() for one in listed.split(","))):
        try:
            networks.append(ip_network(entry, strict=False))
        except ValueError:
            hosts.add(entry.rstrip("."))
    return hosts, networks


def _resolved(host: str, port: int) -> list[Address]:
    """Every address of the host, asked for once; also what strange spellings of numbers mean to this machine."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise HostUnknown(f"The name {host[:100]} has no address.") from error
    addresses = dict.fromkeys(_plain(ip_address(str(one[4][0]).partition("%")[0])) for one in found)
    if not addresses:
        raise HostUnknown(f"The name {host[:100]} has no address.")
    return list(addresses)


def _plain(address: Address) -> Address:
    """An IPv4 address in the clothes of IPv6 is that IPv4 address."""
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def is_public(address: Address) -> bool:
    """Whether an address is one of the open internet, and leads nowhere else through a tunnel or a translation."""
    address = _plain(address)
    if isinstance(address, IPv6Address):
        if address in NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
        inside = (address.sixtofour, *(address.teredo or ()))
        if address.is_site_local or not all(is_public(one) for one in inside if one is not None):
            return False
    if any(address in network for network in NEVER):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


class _Pinned(httpcore.NetworkBackend):
    """Connects only to the addresses that were looked at, within the time; the name stays for TLS and Host."""

    def __init__(self, addresses: list[str], deadline: float) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first of the addresses that answers; `host` is not resolved again."""
        del host, timeout
        trouble: Exception | None = None
        for number, address in enumerate(self._addresses):
            share = _left(self._deadline) / (len(self._addresses) - number)
            try:
                stream = self._backend.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                trouble = error
            else:
                return _Timed(stream, self._deadline)
        raise trouble or httpcore.ConnectError("no address")


class _Timed(httpcore.NetworkStream):
    """A connection on which everything together takes no longer than the deadline, however small its pieces are."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """At most `max_bytes`, in what is left of the time."""
        del timeout
        return self._stream.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Everything, in pieces, in what is left of the time."""
        del timeout
        for start in range(0, len(buffer), PIECE):
            self._stream.write(buffer[start : start + PIECE], _left(self._deadline))

    def close(self) -> None:
        """End the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Go on encrypted; the certificate must be the one of the name, not of the number."""
        del timeout
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline)), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """What the connection knows of itself."""
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time is over")
    return left
