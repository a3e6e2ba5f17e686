"""Files and the virus scanner: harm is refused in words and never stored; what nobody can check now waits, and its words do not."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.intake.web.test_complaint_form import PNG, send
from tests.people import House

from amends.cases.public import Attachment, Blob, Complaint, Message, portal_token
from amends.core import clock
from amends.intake.channels.web import clamd, guard, scanning
from amends.intake.channels.web.jobs import scan_held_files
from amends.intake.channels.web.models import HeldFile

# The test file that every scanner knows as harmful without being so, in two pieces so that none stops at this file.
HARM = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
STREAM_MAX = 1024 * 1024


class Daemon(socketserver.StreamRequestHandler):
    """Speaks the part of clamd(8) that we use, and checks that we do: `zINSTREAM`, pieces with lengths, an end."""

    def handle(self) -> None:
        command = b""
        while not command.endswith(b"\0"):
            command += self.rfile.read(1)
        if command != b"zINSTREAM\0":
            self.wfile.write(b"UNKNOWN COMMAND\0")
            return
        data = b""
        while length := struct.unpack("!I", self.rfile.read(4))[0]:
            data += self.rfile.read(length)
            if len(data) > STREAM_MAX:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        self.wfile.write(b"stream: Eicar-Test-Signature FOUND\0" if HARM in data else b"stream: OK\0")


class TcpDaemon(socketserver.ThreadingTCPServer):
    daemon_threads = True


class UnixDaemon(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@contextmanager
def running(server: socketserver.BaseServer) -> Iterator[None]:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield
    server.shutdown()
    server.server_close()


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = TcpDaemon(("127.0.0.1", 0), Daemon)
    monkeypatch.setenv("AMENDS_CLAMD_HOST", "127.0.0.1")
    monkeypatch.setenv("AMENDS_CLAMD_PORT", str(server.server_address[1]))
    with running(server):
        yield


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A scanner that is configured but not there; calling this starts one in its place."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("AMENDS_CLAMD_HOST", "127.0.0.1")
    monkeypatch.setenv("AMENDS_CLAMD_PORT", str(port))

    def start() -> None:
        server = TcpDaemon(("127.0.0.1", 0), Daemon)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AMENDS_CLAMD_PORT", str(server.server_address[1]))

    return start


def picture(more: bytes = b"") -> SimpleUploadedFile:
    return SimpleUploadedFile("photo.png", PNG + more)


def test_harm_is_found_over_tcp_and_over_a_socket_and_clean_files_pass(tmp_path: Path) -> None:
    tcp, unix = TcpDaemon(("127.0.0.1", 0), Daemon), UnixDaemon(str(tmp_path / "clamd.ctl"), Daemon)
    with running(tcp), running(unix):
        for scanner in (
            clamd.Scanner(host="127.0.0.1", port=int(tcp.server_address[1])),
            clamd.Scanner(path=str(tmp_path / "clamd.ctl")),
        ):
            assert scanner.scan(b"") == clamd.Verdict()
            assert scanner.scan(b"x" * (3 * clamd.PIECE + 1)) == clamd.Verdict()
            assert scanner.scan(b"x" * 200_000 + HARM) == clamd.Verdict(found="Eicar-Test-Signature")
            assert scanner.scan(b"x" * (2 * STREAM_MAX)).too_large


@pytest.mark.parametrize("answer", [b"", b"stream: lstat() failed ERROR\0", b"UNKNOWN COMMAND\0", b"\xff\xfe\0"])
def test_an_answer_that_says_nothing_is_no_clean_bill(answer: bytes) -> None:
    class Odd(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.request.settimeout(1)
            self.rfile.read(14)
            self.wfile.write(answer)

    server = TcpDaemon(("127.0.0.1", 0), Odd)
    with running(server), pytest.raises(clamd.ScannerAwayError):
        clamd.Scanner(host="127.0.0.1", port=int(server.server_address[1])).scan(b"")


def test_a_harmful_file_is_refused_in_words_and_nothing_is_stored(client: Client, house: House, daemon: None) -> None:
    answer = send(client, files=picture(HARM))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "found something harmful in “photo.png”" in page
    assert "My speaker crackles" in page, "the words stay in the form"
    assert not Complaint.objects.exists()
    assert not Blob.objects.exists()
    assert not HeldFile.objects.exists()


def test_a_clean_file_comes_along(client: Client, house: House, daemon: None) -> None:
    assert send(client, files=picture()).status_code == 302
    assert Attachment.objects.get().name == "photo.png"
    assert not HeldFile.objects.exists()


def test_while_the_scanner_is_away_the_complaint_is_taken_and_its_files_wait(
    client: Client, house: House, away: Callable[[], None]
) -> None:
    assert send(client, files=picture()).status_code == 302
    complaint = Complaint.objects.get()
    assert not Attachment.objects.exists()
    held = HeldFile.objects.get()
    assert held.data is not None
    assert "photo.png" in Message.objects.get(complaint=complaint, direction="internal").text
    assert scan_held_files(timestamp=0) == 0
    away()
    assert scan_held_files(timestamp=0) == 1
    assert scan_held_files(timestamp=0) == 0
    attachment = Attachment.objects.get()
    assert bytes(attachment.blob.data) == PNG
    assert (attachment.message.complaint, attachment.message.direction) == (complaint, "in")
    held.refresh_from_db()
    assert (held.state, held.data) == ("released", None)


def test_a_held_file_that_turns_out_harmful_is_thrown_away_and_said(
    client: Client, house: House, away: Callable[[], None]
) -> None:
    send(client, files=picture(HARM))
    away()
    assert scan_held_files(timestamp=0) == 1
    held = HeldFile.objects.get()
    assert (held.state, held.data) == ("refused", None)
    assert not Attachment.objects.exists()
    assert not Blob.objects.exists()
    notes = Message.objects.filter(direction="internal").values_list("text", flat=True)
    assert any("refused a file" in note for note in notes)


def test_who_stops_scanning_gets_the_files_that_waited(
    client: Client, house: House, away: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    send(client, files=picture())
    monkeypatch.delenv("AMENDS_CLAMD_HOST")
    assert scanning.scan_held_files() == 1
    assert Attachment.objects.count() == 1


def test_files_on_the_customers_page_wait_too(client: Client, complaint: Complaint, away: Callable[[], None]) -> None:
    address = f"/p/{portal_token(complaint.public_id)}/message/"

    def write(text: str) -> Any:
        stamp = guard.new_stamp(clock.now())
        return client.post(address, {"text": text, "stamp": stamp, "files": picture()})

    assert write("").status_code == 422
    assert write("Here is the photo.").status_code == 302
    assert HeldFile.objects.get().message.text == "Here is the photo."
    away()
    assert scan_held_files(timestamp=0) == 1
    assert Attachment.objects.get().message.complaint == complaint
