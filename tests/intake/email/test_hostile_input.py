"""Random and hostile bytes: always an answer, in bounded time and memory."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amends.intake.channels.email.model import ParsedMail
from amends.intake.channels.email.parsing import MAX_TEXT, parse

PIECES = [
    b"From: ", b"To: ", b"Subject: ", b"Date: ", b"Message-ID: ", b"References: ", b"Content-Type: ", b"multipart/mixed; boundary=b",
    b"multipart/report; report-type=delivery-status; boundary=\"", b"message/rfc822", b"message/delivery-status", b"text/html; charset=",
    b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: quoted-printable", b"Content-Disposition: attachment; filename*0*=",
    b"=?utf-8?B?", b"=?utf-8?Q?=", b"?=", b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\n\n", b"--b", b"--b--", b"\t", b" ", b";", b",", b"<", b">", b"(",  # noqa: E501
    b")", b"\"", b"\\", b"'", b"@", b":", b"=", b"%", b"utf-8''%FF", b"\x00", b"\xff", b"\xc3", b"\xe2\x80", b"<b>", b"<table><td>", b"</div>", b"&#0;",  # noqa: E501
    b"&#xD800;", b"x-uuencode", b"begin 644 a\n", b"utf-16", b"utf-7", b"+2AA-", b"iso-2022-jp", b"\x1b$B", b"> ", b"On x wrote:\n", b"-- \n", b"5.1.1",  # noqa: E501
]  # fmt: skip


def check(mail: ParsedMail) -> None:
    """What holds for every mail: only storable text, and everything is there."""
    for text in (mail.text, mail.reply_text, mail.subject, mail.html or "", *(one.name for one in mail.attachments)):
        assert "\x00" not in text
        text.encode("utf-8")
    if mail.from_:
        (mail.from_.name + mail.from_.address).encode("utf-8")
    for problem in mail.problems:
        assert problem
    for one in mail.attachments:
        assert one.name
        assert "/" not in one.name


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=600))
def test_random_bytes_always_give_a_mail(raw: bytes):
    check(parse(raw))


@settings(max_examples=600, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=8)), max_size=60))
def test_random_pieces_of_mail_always_give_a_mail(pieces: list[bytes]):
    check(parse(b"".join(pieces)))


def nested(depth: int) -> bytes:
    """Multiparts in multiparts."""
    lines = [b"From: a@example.org"]
    for level in range(depth):
        lines += [b"Content-Type: multipart/mixed; boundary=b%d" % level, b"", b"--b%d" % level]
    return b"\r\n".join([*lines, b"", b"deep words"])


HOSTILE = {
    "deep multiparts": nested(3000),
    "deep messages": b"From: a@e.org\n" + b"Content-Type: message/rfc822\n\n" * 50_000,
    "a million parts": b"From: a@e.org\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 400_000,
    "a long header": b"Subject: " + b"x" * 5_000_000 + b"\n\nbody",
    "many headers": b"".join(b"X-%d: y\n" % number for number in range(200_000)) + b"\nbody",
    "unfinished encoded words": b"Subject: " + b"=?utf-8?Q?" * 100_000 + b"\n\nbody",
    "many addresses": b"To: " + b"a@e.org, " * 200_000 + b"\n\nbody",
    "open comments": b"From: " + b"(" * 500_000 + b"\n\nbody",
    "open quotes": b"From: " + b'"' * 99_999 + b"\n\nbody",
    "colons": b"To: a@e.org" + b":" * 500_000 + b"\n\nbody",
    "parameters": b"Content-Type: text/plain" + b'; a="b' * 100_000 + b"\n\nbody",
    "continuations": b"Content-Type: text/plain" + b"".join(b"; name*%d=x" % number for number in range(50_000)) + b"\n\nbody",
    "deep html": b"Content-Type: text/html\n\n" + b"<div>" * 300_000,
    "open formatting": b"Content-Type: text/html\n\n" + b"".join(b"<font color=%d>" % n for n in range(2000)) + b"<p>x" * 60_000,
    "hidden formatting": b"Content-Type: text/html\n\n" + b"".join(b'<b a="<%d">' % n for n in range(2000)) + b"<p>x" * 60_000,
    "ampersands": b"Content-Type: text/html\n\n" + b"&" * 2_000_000,
    "angle brackets": b"Content-Type: text/html\n\n" + b"<" * 2_000_000,
    "open tags": b"Content-Type: text/html\n\n" + b"<b " * 170_000,
    "open conditionals": b"Content-Type: text/html\n\n" + b"<!--[if " * 60_000,
    "data addresses": b"Content-Type: text/html\n\n" + b"<img src='data:image/png;base64," * 15_000,
    "a huge text": b"Subject: x\n\n" + b"word " * 3_000_000,
    "one long line of quotes": b"Subject: x\n\n" + b">" * 2_000_000,
    "attribution lines": b"Subject: x\n\n" + b"On Monday 12:30 somebody@example.org\n" * 50_000,
    "header lines": b"Subject: x\n\n" + b"From: x\n" * 100_000,
    "spaces": b"Subject: x\n\n" + b" " * 3_000_000 + b"x",
    "lines of dashes": b"Subject: Re: x\n\nhello\n" + (b"-" * 390 + b"\n") * 4000,
    "titles between dashes": b"Subject: Re: x\n\nhello\n" + b"----------- x -----------\n" * 60_000,
    "rules of stars": b"Subject: Re: x\n\nhello\n" + b"* " * 40 * 20_000,
    "a subject of stars": b"From: postmaster@e.org\nSubject: " + b"*" * 60_000 + b"\n\nnot delivered",
    "signature dashes": b"Subject: x\n\nhello\n" + b"--\n" * 100_000 + b"long line " * 500,
    "bounce words": b"From: mailer-daemon@e.org\nSubject: failure notice\n\n" + b"a.b.c.d." * 200_000 + b"4.4.4.4 " * 50_000,
    "bounce addresses": b"From: <>\nSubject: failure notice\n\n" + b"a" * 200_000 + b"@" + b"b." * 100_000,
    "many bytes of latin": b"Content-Type: text/plain; charset=utf-8\n\n" + bytes(range(128, 256)) * 20_000,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_costs_bounded_work(name: str):
    started = time.process_time()
    mail = parse(HOSTILE[name])
    check(mail)
    assert len(mail.text) <= MAX_TEXT
    assert len(mail.attachments) <= 500
    # Far above what it takes (0.1 to 2 s), far below what quadratic work would take.
    assert time.process_time() - started < 15


def test_words_beyond_the_bounds_are_kept_as_a_file():
    deep = parse(nested(3000))
    assert any("deeper" in problem for problem in deep.problems)
    assert b"deep words" in b"".join(one.data for one in deep.attachments)
    many = parse(HOSTILE["a million parts"])
    assert any("parts" in problem for problem in many.problems)
    assert sum(one.size for one in many.attachments) > 2_000_000


@pytest.mark.parametrize(
    "line",
    [
        "https://shop.example/mobile/" + "x" * 250,
        "gmail" + "y" * 250,
        "iphone " * 40,
        "von meinem " + "a.b " * 70,
        "sent from " + "a " * 140,
        "caution external email " * 15,
        "- " * 150,
    ],
)
def test_a_short_line_costs_next_to_nothing(line: str):
    raw = f"From: a@e.org\nSubject: Re: x\n\nThe kettle leaks.\n\n{line}".encode()
    started = time.process_time()
    check(parse(raw))
    assert time.process_time() - started < 1
