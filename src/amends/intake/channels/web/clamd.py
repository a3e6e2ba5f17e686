"""Asking a ClamAV daemon about a file, over TCP or a unix socket.

Protocol: the manual page clamd(8). `zINSTREAM` and a NUL byte, then pieces, each after its length as four bytes in network
order, then a length of zero; the answer ends with a NUL byte: `stream: OK`, `stream: <name> FOUND`, or an error.
"""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass

PIECE = 64 * 1024
CONNECT_SECONDS, ANSWER_SECONDS = 3.0, 60.0
LONGEST_ANSWER = 4096


class ScannerAwayError(Exception):
    """The scanner cannot be reached or did not say what it found; its text has no names in it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the scanner says: `found` names the harm, empty is none; `too_large` when it will not look at so much."""

    found: str = ""
    too_large: bool = False


@dataclass(frozen=True, slots=True)
class Scanner:
    """Where the daemon listens: a unix socket, or a host and a port."""

    path: str = ""
    host: str = ""
    port: int = 3310

    def scan(self, data: bytes) -> Verdict:
        """What these bytes are.

        Raises:
            ScannerAwayError: ask again later.
        """
        try:
            with self._connect() as wire:
                wire.settimeout(ANSWER_SECONDS)
                _send(wire, data)
                answer = _answer(wire)
        except (OSError, ValueError) as trouble:
            raise ScannerAwayError(f"The virus scanner cannot be reached ({type(trouble).__name__}).") from None
        return _verdict(answer)

    def _connect(self) -> socket.socket:
        if not self.path:
            return socket.create_connection((self.host, self.port), timeout=CONNECT_SECONDS)
        wire = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            wire.settimeout(CONNECT_SECONDS)
            wire.connect(self.path)
        except OSError:
            wire.close()
            raise
        return wire


def configured() -> Scanner | None:
    """The scanner of the environment, or None when there is none."""
    path, host = os.environ.get("AMENDS_CLAMD_SOCKET", ""), os.environ.get("AMENDS_CLAMD_HOST", "")
    if not path and not host:
        return None
    return Scanner(path=path, host=host, port=int(os.environ.get("AMENDS_CLAMD_PORT", "3310")))


def _send(wire: socket.socket, data: bytes) -> None:
    """The bytes in pieces. A daemon that has read enough closes its side early: its answer is there all the same."""
    try:
        wire.sendall(b"zINSTREAM\0")
        for start in range(0, len(data), PIECE):
            piece = data[start : start + PIECE]
            wire.sendall(struct.pack("!I", len(piece)) + piece)
        wire.sendall(struct.pack("!I", 0))
    except (BrokenPipeError, ConnectionResetError):
        return


def _answer(wire: socket.socket) -> str:
    answer = b""
    while len(answer) < LONGEST_ANSWER and (piece := wire.recv(LONGEST_ANSWER)):
        answer += piece
        if b"\0" in answer:
            break
    return answer.partition(b"\0")[0].decode("utf-8", "replace").strip()


def _verdict(answer: str) -> Verdict:
    if answer.endswith(" FOUND"):
        return Verdict(found=answer.removeprefix("stream: ").removesuffix(" FOUND").strip()[:200] or "unknown")
    if answer == "stream: OK":
        return Verdict()
    if "size limit exceeded" in answer:
        return Verdict(too_large=True)
    raise ScannerAwayError("The virus scanner did not say what it found.")
