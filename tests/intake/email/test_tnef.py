"""winmail.dat: packages that Outlook makes, built here piece by piece."""

import struct

import pytest

from amends.intake.channels.email import rich_text, tnef
from amends.intake.channels.email.parsing import parse


def attribute(level: int, number: int, content: bytes) -> bytes:
    """One attribute with its checksum."""
    return struct.pack("<BII", level, number, len(content)) + content + struct.pack("<H", sum(content) % 65536)


def text(number: int, value: str) -> bytes:
    """A property of UTF-16 text."""
    raw = (value + "\x00").encode("utf-16-le")
    return struct.pack("<HHII", 0x1F, number, 1, len(raw)) + raw + b"\x00" * (-len(raw) % 4)


def binary(number: int, raw: bytes, kind: int = 0x102) -> bytes:
    """A property of bytes."""
    return struct.pack("<HHII", kind, number, 1, len(raw)) + raw + b"\x00" * (-len(raw) % 4)


def properties(*each: bytes) -> bytes:
    """A block of properties."""
    return struct.pack("<I", len(each)) + b"".join(each)


def packed(*attributes: bytes) -> bytes:
    """A whole package."""
    return b"\x78\x9f\x3e\x22\x01\x00" + attribute(1, 0x00069007, struct.pack("<II", 1252, 0)) + b"".join(attributes)


NAMED = (
    struct.pack("<HH", 0x1F, 0x8001) + b"G" * 16 + struct.pack("<II", 1, 6) + "ab\x00".encode("utf-16-le") + b"\x00\x00"
)
NAMED += struct.pack("<II", 1, 4) + "x\x00".encode("utf-16-le")
FILE = (
    attribute(2, 0x00069002, b"\x01\x00\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00")
    + attribute(2, 0x00018010, b"RECHNU~1.PDF\x00")
    + attribute(2, 0x0006800F, b"%PDF\x00\x01bytes")
    + attribute(
        2,
        0x00069005,
        properties(NAMED, text(0x3707, "Rechnung März.pdf"), text(0x370E, "application/pdf"), text(0x3712, "<pic@1>")),
    )
)
RICH = b"{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0 A;}}Der Kessel leckt \\'fcberall\\par Seit \\u8364?20 Mai{\\*\\hidden x}\\par}"


def stored(rich: bytes) -> bytes:
    """Rich text in its uncompressed form."""
    return struct.pack("<II4sI", len(rich) + 12, len(rich), b"MELA", 0) + rich


def mail(package: bytes, body: bytes = b"") -> bytes:
    """A mail with that package."""
    return (
        b"From: a@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
        + body
        + b"\r\n--b\r\n"
        b"Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        + package
        + b"\r\n--b--\r\n"
    )


def test_the_files_of_a_package_are_attachments():
    found = parse(mail(packed(FILE), b"see file"))
    assert found.text == "see file"
    assert [(one.name, one.type, one.data, one.content_id) for one in found.attachments[1:]] == [
        ("Rechnung März.pdf", "application/pdf", b"%PDF\x00\x01bytes", "pic@1")
    ]
    assert found.problems == ("NUL bytes removed", "no Message-ID")


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (binary(0x1009, stored(RICH)), "Der Kessel leckt überall\nSeit €20 Mai"),
        (binary(0x1013, b"<html><body><p>Der Kessel leckt</p></body></html>"), "Der Kessel leckt"),
        (text(0x1000, "Der Kessel leckt"), "Der Kessel leckt"),
    ],
)
def test_the_body_of_a_package_is_the_text_when_there_is_no_other(block: bytes, expected: str):
    package = packed(attribute(1, 0x00069003, properties(block)), FILE)
    found = parse(mail(package))
    assert found.text == expected
    assert parse(mail(package, b"other words")).text == "other words"
    assert [one.name for one in found.attachments] == ["winmail.dat", "Rechnung März.pdf"]


def test_a_message_inside_a_package_gives_its_files():
    inner = packed(attribute(1, 0x0002800C, b"inner words\x00"), FILE)
    outer = packed(
        attribute(2, 0x00069002, b"\x01\x00"),
        attribute(2, 0x00069005, properties(binary(0x3701, b"I" * 16 + inner, kind=0x0D))),
    )
    names = [one.name for one in parse(mail(outer, b"x")).attachments]
    assert names == ["winmail.dat", "message.txt", "Rechnung März.pdf"]


def test_a_damaged_package_gives_what_could_be_read_and_says_so():
    whole = packed(FILE, FILE)
    for cut in range(4, len(whole), 11):
        package = tnef.unpack(whole[:cut])
        assert package is None or package.damaged or package.files or cut < 60
    found = parse(mail(packed(FILE) + struct.pack("<BII", 2, 0x0006800F, 99999) + b"x", b"see"))
    assert [one.name for one in found.attachments] == ["winmail.dat", "Rechnung März.pdf"]
    assert any("damaged" in problem for problem in found.problems)
    assert [one.name for one in parse(mail(b"no package at all", b"see")).attachments] == ["winmail.dat"]


def test_compressed_rich_text_is_undone():
    # Literal bytes, then a reference into what was just written, then one into the dictionary everybody shares.
    literal = b"{\\rtf1 hello "
    data = b"\x00" + literal[:8] + b"\xe0" + literal[8:]
    start = len(rich_text.PRELOAD)
    data += struct.pack(">H", ((start + 7) << 4) | (6 - 2)) + struct.pack(">H", (0 << 4) | (6 - 2))
    end = start + len(literal) + 12
    data += struct.pack(">H", end << 4)
    compressed = struct.pack("<II4sI", len(data) + 12, 5000, b"LZFu", 0) + data
    assert rich_text.decompress(compressed) == b"{\\rtf1 hello hello {\\rtf1"
    assert rich_text.decompress(compressed[:20]) == b"{\\r"
    assert rich_text.decompress(b"short") == b""
    assert rich_text.decompress(b"\x00" * 8 + b"XXXX" + b"\x00" * 8) == b""
