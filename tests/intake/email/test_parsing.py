"""One fixture for each classic trap, in our own words."""

import hashlib
from datetime import UTC, datetime

import pytest
from tests.intake.email.conftest import crlf

from amends.intake.channels.email.model import Address, MailKind
from amends.intake.channels.email.parsing import parse

PLAIN = crlf("""
From: Petra Lang <petra@example.org>
To: care@example.com
Subject: Kettle leaks
Date: Mon, 2 Mar 2026 09:30:00 +0100
Message-ID: <one@example.org>

My kettle leaks since Friday.
""")


def test_a_plain_mail_is_read_whole():
    mail = parse(PLAIN)
    assert mail.kind is MailKind.MESSAGE
    assert mail.from_ == Address("Petra Lang", "petra@example.org")
    assert mail.to == (Address("", "care@example.com"),)
    assert mail.subject == "Kettle leaks"
    assert mail.date == datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
    assert mail.message_id == "<one@example.org>"
    assert mail.text == "My kettle leaks since Friday."
    assert mail.html is None
    assert mail.answerable
    assert mail.problems == ()


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"\r\n\r\n", b"\x00" * 50, b":", b"From", b"no header, only words\n", b"\xff\xfe"]
)
def test_no_input_is_too_poor(raw: bytes):
    mail = parse(raw)
    assert mail.problems
    assert "\x00" not in mail.text


def test_words_without_any_header_are_the_text():
    assert parse(b"I want to complain about my bill\nplease").text == "I want to complain about my bill\nplease"


@pytest.mark.parametrize(
    ("declared", "used"),
    [
        ("iso-8859-1", "utf-8"),
        ("us-ascii", "utf-8"),
        ("windows-1252", "utf-8"),
        ("iso-8859-1", "cp1252"),
        ("us-ascii", "cp1252"),
        ("utf-8", "cp1252"),
        ("x-unknown", "utf-8"),
        ("utf8mb4", "utf-8"),
        ("iso-8859-15", "iso-8859-15"),
        ("utf-16", "utf-16"),
        ("UTF-16LE", "utf-16-le"),
        ("utf-7", "utf-7"),
        ("rot13", "utf-8"),
        ("zlib", "utf-8"),
        ("idna", "utf-8"),
    ],
)
def test_text_survives_a_wrong_or_odd_character_set(declared: str, used: str):
    words = "Die Gebühr über 40 € ist mir völlig unverständlich, schöne Grüße aus Köln"
    head = f"From: a@example.org\r\nContent-Type: text/plain; charset={declared}\r\n\r\n".encode()
    assert parse(head + words.encode(used)).text == words


@pytest.mark.parametrize(
    ("declared", "used", "words"),
    [
        ("shift_jis", "cp932", "返品したいのですが、①まだ返事がありません。"),
        ("gb2312", "gb18030", "我的訂單還沒有到，请尽快退款。"),
        ("ks_c_5601-1987", "cp949", "환불을 받지 못했습니다. 똠방각하"),
        ("big5", "big5hkscs", "我要投訴，產品壞了。"),
        ("iso-2022-jp", "iso2022_jp", "電話がつながりません"),
        ("us-ascii", "iso2022_jp", "電話がつながりません"),
        ("koi8-r", "koi8-r", "Посылка не пришла, верните деньги"),
        ("windows-1251", "cp1251", "Посылка не пришла, верните деньги"),
        ("windows-1256", "cp1256", "لم يصل الطرد حتى الآن"),
        ("iso-8859-8-i", "iso8859-8", "החבילה לא הגיעה"),
    ],
)
def test_other_scripts_are_read(declared: str, used: str, words: str):
    head = f"From: a@example.org\r\nContent-Type: text/plain; charset={declared}\r\n\r\n".encode()
    assert parse(head + words.encode(used)).text == words


def test_a_subject_may_be_encoded_in_every_wrong_way():
    cases = {
        b"=?utf-8?B?R2Vyw6R0IGRlZmVrdA==?=": "Gerät defekt",
        b"=?utf-8?B?R2Vyw6R0IGRlZmVrdA?=": "Gerät defekt",  # no padding
        b"=?utf-8?Q?Ger=C3=A4t_?= =?utf-8?Q?defekt?=": "Gerät defekt",
        b"=?utf-8?Q?Ger=C3?= =?utf-8?Q?=A4t?=": "Gerät",  # a character cut in two words
        b"=?iso-8859-1?q?Ger=E4t defekt?=": "Gerät defekt",  # a space inside a word
        "Gerät defekt".encode(): "Gerät defekt",
        "Gerät defekt".encode("latin-1"): "Gerät defekt",
        b"=?nonsense?Q?Ger=C3=A4t?=": "Gerät",
        b"=?utf-8?X?abc?=": "=?utf-8?X?abc?=",
        b"a\r\n\tfolded\r\n  line": "a folded line",
    }
    for raw, expected in cases.items():
        assert parse(b"From: a@example.org\r\nSubject: " + raw + b"\r\n\r\nx").subject == expected


@pytest.mark.parametrize(
    ("raw", "name", "address"),
    [
        ("petra@example.org", "", "petra@example.org"),
        ("<petra@example.org>", "", "petra@example.org"),
        ("petra@example.org (Petra Lang)", "Petra Lang", "petra@example.org"),
        ('"Lang, Petra" <petra@example.org>', "Lang, Petra", "petra@example.org"),
        ("Lang, Petra <petra@example.org>", "Lang, Petra", "petra@example.org"),
        ("=?utf-8?Q?M=C3=BCller=2C_J=C3=B6rg?= <j@example.org>", "Müller, Jörg", "j@example.org"),
        ("petra@home.example <petra@example.org>", "petra@home.example", "petra@example.org"),
        ("Petra petra@example.org", "Petra", "petra@example.org"),
        ('"Petra <petra@example.org>', "Petra", "petra@example.org"),
        ("Petra <petra@example.org", "Petra", "petra@example.org"),
        ("Petra < petra@example.org >", "Petra", "petra@example.org"),
        ("Petra <mailto:petra@example.org>", "Petra", "petra@example.org"),
        ("=?utf-8?B?UGV0cmEgPHBldHJhQGV4YW1wbGUub3JnPg==?=", "Petra", "petra@example.org"),
        ("(((((((((((((((((((( petra@example.org", "", "petra@example.org"),
    ],
)
def test_a_sender_is_found_in_every_spelling(raw: str, name: str, address: str):
    sender = parse(f"From: {raw}\r\n\r\nx".encode()).from_
    assert sender == Address(name, address)


def test_a_list_of_receivers_with_groups_semicolons_and_commas():
    mail = parse(b'To: Team: a@example.org, "B, b" <b@example.org>;, c@example.org; d@example.org\r\n\r\nx')
    assert [one.address for one in mail.to] == ["a@example.org", "b@example.org", "c@example.org", "d@example.org"]
    assert parse(b"To: undisclosed-recipients:;\r\n\r\nx").to == ()


def test_without_from_the_next_best_header_names_the_sender():
    mail = parse(b"Reply-To: Petra <petra@example.org>\r\nSubject: x\r\n\r\nmy text")
    assert mail.from_ == Address("Petra", "petra@example.org")
    assert any("Reply-To" in problem for problem in mail.problems)
    assert parse(b"Return-Path: <petra@example.org>\r\n\r\nmy text").from_ == Address("", "petra@example.org")


@pytest.mark.parametrize(
    "raw", ["yesterday", "Mon, 99 Foo 2026", "Mon, 2 Mar 99999 09:30:00 +9999", "", "1 Jan 1801 00:00"]
)
def test_an_impossible_date_is_no_date(raw: str):
    mail = parse(f"From: a@example.org\r\nDate: {raw}\r\n\r\nx".encode())
    assert mail.date is None
    assert any(problem.startswith("Date") for problem in mail.problems)


def test_identifiers_and_references():
    mail = parse(
        b"From: a@example.org\r\nMessage-ID:  <me@example.org>\r\nIn-Reply-To: <b@x> <c@x>\r\n"
        b"References: <a@x>\r\n <b@x>,<broken\r\n\r\nx"
    )
    assert (mail.message_id, mail.in_reply_to) == ("<me@example.org>", "<b@x>")
    assert mail.references == ("<a@x>", "<b@x>", "<c@x>")
    assert parse(b"From: a@example.org\r\nMessage-ID: \r\n\r\nx").message_id is None


ALTERNATIVE = crlf("""
From: a@example.org
Content-Type: multipart/mixed; boundary="out"

preamble
--out
Content-Type: multipart/alternative; boundary=in

--in
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Plain w=C3=B6rds
--in
Content-Type: text/html; charset=utf-8

<p>Rich <b onclick="x()">w&ouml;rds</b><script>alert(1)</script><img src="https://track.example/p.gif"><img src="cid:pic"></p>
--in--
--out
Content-Type: image/png; name="../../etc/pass\\"wd.png"
Content-Transfer-Encoding: base64
Content-ID: <pic>
Content-Disposition: inline

iVBORw0KGgo=
--out
Content-Type: application/octet-stream
Content-Disposition: attachment; filename*0*=utf-8''Rechn; filename*1*=ung%20%C3%BC.pdf

pdf
--out--
epilogue
""")


def test_a_mail_with_everything():
    mail = parse(ALTERNATIVE)
    assert mail.text == "Plain wörds"
    assert mail.html is not None
    for forbidden in ("script", "onclick", "alert", "track.example"):
        assert forbidden not in mail.html
    assert 'src="cid:pic"' in mail.html
    picture, file = mail.attachments
    assert (picture.name, picture.type, picture.content_id, picture.inline) == ("passwd.png", "image/png", "pic", True)
    assert picture.data == b"\x89PNG\r\n\x1a\n"
    assert picture.sha256 == hashlib.sha256(picture.data).hexdigest()
    assert (file.name, file.data) == ("Rechnung ü.pdf", b"pdf")


@pytest.mark.parametrize(
    "evil",
    [
        "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "<a href='javascript:alert(1)'>x</a>",
        "<iframe src='https://e.example'></iframe>", "<body background='https://e.example/x'>",
        "<div style=\"background:url('https://e.example/x')\">x</div>", "<form action='https://e.example'><input>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>", "<meta http-equiv=refresh content='0;url=//e.example'>",
        "<link rel=stylesheet href='https://e.example/x.css'>", "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<img srcset='https://e.example/x 2x'>", "<video poster='https://e.example/x'>", "<b><p>" * 40 + "<style>@import 'https://e.example'",
    ],
)  # fmt: skip
def test_html_cannot_run_or_load_anything(evil: str):
    html = parse(b"From: a@example.org\r\nContent-Type: text/html\r\n\r\n" + evil.encode()).html or ""
    for forbidden in ("onerror", "onload", "javascript:", "e.example", "<svg", "<form", "<style", "<meta", "data:text"):
        assert forbidden not in html


def test_html_alone_gives_text_with_links_and_lists():
    mail = parse(
        b"From: a@example.org\r\nContent-Type: text/html; charset=iso-8859-1\r\n\r\n"
        b"<html><head><title>no</title></head><body><p>Gr\xfc\xdfe</p><ul><li>one<li>two</ul>"
        b"<p>see <a href='https://example.org/a'>this page</a><br>end</p></body></html>"
    )
    assert mail.text == "Grüße\n\n- one\n- two\n\nsee this page <https://example.org/a>\nend"


def test_a_forwarded_mail_is_a_file_with_the_name_of_its_subject():
    raw = (
        b"From: a@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nlook at this\r\n--b\r\n"
        b"Content-Type: message/rfc822\r\n\r\nSubject: Your order\r\nContent-Type: text/plain\r\n\r\ninner\r\n--b--\r\n"
    )
    mail = parse(raw)
    assert mail.text == "look at this"
    assert [one.name for one in mail.attachments] == ["Your order.eml"]
    assert b"inner" in mail.attachments[0].data


def test_boundaries_that_are_missing_wrong_or_unclosed_lose_no_word():
    unclosed = parse(
        b"From: a@e.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nfirst\r\n--b\r\n\r\nlast words"
    )
    assert unclosed.text == "first\nlast words"
    wrong = parse(
        b"From: a@e.org\r\nContent-Type: multipart/mixed; boundary=z\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nwords\r\n--b--"
    )
    assert wrong.text == "words"
    none = parse(b"From: a@e.org\r\nContent-Type: multipart/mixed; boundary=z\r\n\r\njust words")
    assert none.text == "just words"
    similar = parse(
        b"From: a@e.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/alternative; boundary=bb\r\n\r\n"
        b"--bb\r\n\r\ninner\r\n--bb--\r\n--b\r\n\r\nouter\r\n--b--"
    )
    assert similar.text == "inner\nouter"


@pytest.mark.parametrize(
    ("encoding", "body", "text"),
    [
        ("base64", "aGVsbG8gd29ybGQ", "hello world"),
        ("base64", "aGVs\r\nbG8g!!d29ybGQ=\r\n-- \r\nfooter", None),
        ("quoted-printable", "caf=C3=A9 =ZZ soft=\r\nbreak", "café =ZZ softbreak"),
        ("x-uuencode", "begin 644 a.txt\r\n+:&5L;&\\@=V]R;&0\r\n`\r\nend", "hello world"),
        ("8bit; foo", "plain", "plain"),
        ("nonsense", "plain", "plain"),
        ("", "plain", "plain"),
    ],
)
def test_transfer_encodings_damaged_or_unknown(encoding: str, body: str, text: str | None):
    mail = parse(
        f"From: a@e.org\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}".encode()
    )
    if text is None:
        assert mail.text.startswith("hello world")
    else:
        assert mail.text == text


def test_flowed_text_is_joined():
    raw = b"From: a@e.org\r\nContent-Type: text/plain; format=flowed\r\n\r\nOne long \r\nline.\r\n> quoted \r\n> too\r\nNext."
    assert parse(raw).text == "One long line.\n> quoted too\nNext."


def test_header_traps():
    assert parse(b"From a@e.org Mon Mar  2 2026\nFrom: a@e.org\nSubject: mbox line\n\nx").subject == "mbox line"
    assert parse(b"From: a@e.org\nSubject: no empty line\nHello there").subject.startswith("no empty line")
    assert parse(b"\r\n\r\nFrom: a@e.org\r\nSubject: late\r\n\r\nx").subject == "late"
    assert parse(b"From: a@e.org\rSubject: old mac\r\rbody").text == "body"
    assert parse(b"      \r\nFrom: a@e.org\r\nSubject: after spaces\r\n\r\nx").subject == "after spaces"
    assert (
        parse(b"To: a@e.org,\r\n \r\n\tb@e.org\r\nSubject: folded over nothing\r\n\r\nx").subject
        == "folded over nothing"
    )
    assert parse(b"From : a@e.org\r\nSubject : spaces\r\n\r\nx").subject == "spaces"
    broken = parse(b"From: a@e.org\r\nbroken header line\r\nSubject: after\r\n\r\nx")
    assert broken.subject == "after"
    assert broken.problems


@pytest.mark.parametrize(
    ("extra", "kind", "answerable"),
    [
        ("Auto-Submitted: auto-replied", MailKind.AUTO_REPLY, False),
        ("Auto-Submitted: no", MailKind.MESSAGE, True),
        ("X-Autoreply: yes", MailKind.AUTO_REPLY, False),
        ("Precedence: auto_reply", MailKind.AUTO_REPLY, False),
        ("Precedence: bulk", MailKind.LIST, False),
        ("List-Id: <news.example.org>", MailKind.LIST, False),
        ("X-Auto-Response-Suppress: All", MailKind.MESSAGE, False),
        ("X-Loop: care@example.com", MailKind.MESSAGE, False),
        ("Return-Path: <>", MailKind.MESSAGE, False),
        ("Subject: Automatic reply: your mail", MailKind.AUTO_REPLY, False),
        ("Subject: Abwesenheitsnotiz: Re: Ihr Anliegen", MailKind.AUTO_REPLY, False),
        ("Subject: Re: Automatic reply: your mail", MailKind.MESSAGE, True),
        ("Subject: Returned mail was never refunded", MailKind.MESSAGE, True),
        ("Subject: Undelivered parcel!", MailKind.MESSAGE, True),
        ("Subject: Delivery failed again, I am furious", MailKind.MESSAGE, True),
    ],
)
def test_the_kind_decides_whether_a_machine_may_answer(extra: str, kind: MailKind, answerable: bool):
    mail = parse(f"From: a@example.org\r\n{extra}\r\n\r\nThe parcel could not be delivered, it was returned.".encode())
    assert (mail.kind, mail.answerable) == (kind, answerable)


REPORT = crlf("""
From: Mail Delivery System <MAILER-DAEMON@mx.example.net>
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; petra@example.org
Action: ACTION
Status: STATUS
Diagnostic-Code: smtp; WORDS

--b
Content-Type: text/rfc822-headers

Message-ID: <ours.17@amends.example>
--b--
""").decode()


@pytest.mark.parametrize(
    ("action", "status", "words", "kind", "hard"),
    [
        ("failed", "5.1.1", "550 no such user", MailKind.BOUNCE, True),
        ("failed", "5.2.2", "552 mailbox full", MailKind.BOUNCE, False),
        ("failed", "4.4.1", "connection timed out", MailKind.BOUNCE, False),
        ("failed", "5.0.0", "550 5.7.1 refused", MailKind.BOUNCE, True),
        ("delayed", "4.4.1", "will be retried", MailKind.DELIVERY_NOTICE, False),
    ],
)
def test_a_delivery_report_names_recipient_status_and_our_message(
    action: str, status: str, words: str, kind: MailKind, hard: bool
):
    mail = parse(REPORT.replace("ACTION", action).replace("STATUS", status).replace("WORDS", words).encode())
    assert mail.kind is kind
    assert mail.bounce is not None
    assert mail.bounce.recipient == "petra@example.org"
    assert mail.bounce.hard is hard
    assert mail.bounce.message_ids == ("<ours.17@amends.example>",)


def test_a_customer_who_forwards_a_bounce_is_still_a_customer():
    mail = parse(
        b"From: petra@example.org\r\nSubject: Fwd: Undelivered Mail Returned to Sender\r\n\r\nYour address does not work!\r\n"
        b"> <care@example.com>: 550 5.1.1 user unknown\r\n"
    )
    assert mail.kind is MailKind.MESSAGE


def test_file_names_keep_their_extension_and_lose_their_tricks():
    def name_of(declared: str) -> str:
        head = f'From: a@e.org\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename="{declared}"\r\n\r\nx'
        return parse(head.encode()).attachments[0].name

    assert name_of("C:\\\\Users\\\\me\\\\bill.pdf") == "bill.pdf"
    assert name_of("x" * 4000 + ".pdf").endswith("x.pdf")
    assert len(name_of("x" * 4000 + ".pdf")) == 150
    assert name_of("bill\u202efdp.exe") == "billfdp.exe"
    assert name_of("..") == "attachment-1.pdf"


def test_a_body_of_a_megabyte_and_a_half_is_read_whole():
    line = "My kettle leaks, and here is the log of it, line by line.\n"
    body = line * 27_000
    plain = parse(f"From: a@example.org\r\n\r\n{body}".encode())
    assert plain.text.count("kettle") == plain.reply_text.count("kettle") == 27_000
    html = parse(
        f"From: a@example.org\r\nContent-Type: text/html\r\n\r\n<div>{body.replace(chr(10), '<br>')}</div>".encode()
    )
    assert html.text.count("kettle") == html.reply_text.count("kettle") == 27_000
    assert html.html is not None
    assert html.html.count("kettle") == 27_000


def test_every_recipient_is_kept_in_order_and_number():
    to = ", ".join(f"Person {number} <p{number}@example.org>" for number in range(45))
    mail = parse(f"From: a@example.org\r\nTo: {to}\r\nTo: p1@example.org, p1@example.org\r\n\r\nx".encode())
    assert [one.address for one in mail.to] == [
        *(f"p{number}@example.org" for number in range(45)),
        "p1@example.org",
        "p1@example.org",
    ]


def test_images_of_the_mail_keep_their_place_and_those_from_elsewhere_are_not_loaded():
    html = '<p>before<img src="cid:pic@1" alt="the kettle">between<img src="https://track.example/x.gif" onerror="x()">after</p>'
    raw = (
        "From: a@example.org\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
        f"{html}\r\n--b\r\nContent-Type: image/png; name=k.png\r\nContent-ID: <pic@1>\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\niVBO\r\n--b--"
    )
    mail = parse(raw.encode())
    assert mail.html is not None
    assert 'before<img src="cid:pic@1" alt="the kettle">between' in mail.html
    assert "track.example" not in mail.html
    assert "onerror" not in mail.html
    assert [(one.content_id, one.inline) for one in mail.attachments] == [("pic@1", True)]
    assert mail.text == "before[the kettle]betweenafter"


def test_a_closing_boundary_may_carry_junk_but_a_longer_boundary_is_another():
    raw = (
        b"From: a@e.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nwords\r\n--b\r\n"
        b"Content-Type: application/pdf; name=a.pdf\r\n\r\nbytes\r\n--b-->\r\nnot part of it\r\n"
    )
    assert [(one.name, one.data) for one in parse(raw).attachments] == [("a.pdf", b"bytes")]


def test_recipients_that_are_not_disclosed_are_none():
    for header in (
        "undisclosed-recipients:;",
        "Undisclosed recipients  :(nobody(that I know))  ;",
        "(Empty list)(start)Undisclosed recipients:;",
    ):
        assert parse(f"From: a@example.org\r\nTo: {header}\r\n\r\nx".encode()).to == ()


def test_japanese_with_the_characters_of_vendors_is_read():
    mail = parse(
        b"From: a@e.org\nSubject: =?iso-2022-jp?B?GyRCLSEtIhsoQg==?=\nContent-Type: text/plain; charset=iso-2022-jp\n\n"
        b"\x1b$B-!\x1b(B and more"
    )
    assert (mail.subject, mail.text) == ("①②", "① and more")


def test_utf8_under_the_label_of_an_asian_set_is_read_as_what_it_is():
    words = "您好,水壶坏了,请给我打电话"
    raw = b"From: a@e.org\nContent-Type: text/plain; charset=gb2312\n\n" + words.encode()
    assert parse(raw).text == words
    assert parse(raw.replace(words.encode(), words.encode("gb2312"))).text == words


def test_a_file_that_was_written_into_the_text_is_taken_out():
    mail = parse(b"From: a@e.org\n\nHello, see the file.\n\nbegin 644 note.txt\n,2&5L;&\\@6F%M;6%D\n`\nend\n\nBye\n")
    assert mail.text.split() == ["Hello,", "see", "the", "file.", "Bye"]
    assert [(one.name, one.type, one.data) for one in mail.attachments] == [("note.txt", "text/plain", b"Hello Zammad")]
    prose = parse(b"From: a@e.org\n\nbegin 644 words of mine\nThey never end.\nend\n")
    assert "They never end." in prose.text
    assert not prose.attachments


def test_an_encoded_file_without_its_first_line_is_decoded():
    raw = (
        b'From: a@e.org\nContent-Type: application/msword; name="a.doc"\nContent-Disposition: attachment\n'
        b"Content-Transfer-Encoding: x-uuencode\n\n,2&5L;&\\@6F%M;6%D\n`\n"
    )
    assert [one.data for one in parse(raw).attachments] == [b"Hello Zammad"]


def test_what_a_scanner_appends_in_words_to_a_coded_part_is_no_part_of_it():
    head = b"From: a@e.org\nContent-Type: %s\nContent-Transfer-Encoding: base64\n\n"
    footer = b"\n________________\nThis mail was scanned by Tea Guard\n"
    file = parse(head % b"application/pdf; name=a.pdf" + b"JVBERi0x\nLjQK\n" + footer)
    assert [one.data for one in file.attachments] == [b"%PDF-1.4\n"]
    text = parse(head % b"text/plain; charset=utf-8" + b"SGVsbG8g\nd29ybGQh\n" + footer)
    assert text.text == "Hello world!"


def test_a_part_without_a_type_has_the_type_of_its_name():
    raw = (
        b"From: a@e.org\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\nContent-Disposition: attachment; filename=x.pdf\n"
        b"Content-Transfer-Encoding: base64\n\nJVBERg==\n--b\nContent-Type: application-x-gzip; name=y.xml.gz\n\nx\n--b--\n"
    )
    assert [(one.name, one.type) for one in parse(raw).attachments] == [
        ("x.pdf", "application/pdf"),
        ("y.xml.gz", "application/gzip"),
    ]


def test_spaces_inside_a_quoted_local_part_belong_to_the_address():
    sender = parse(b'From: Admin <"System Administrator"@example.org>\n\nx').from_
    assert sender is not None
    assert sender.address == '"System Administrator"@example.org'


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-03-02T09:30:00Z", "2026-03-02T09:30:00+00:00"),
        ("2026-03-02 09:30:00 +0100", "2026-03-02T09:30:00+01:00"),
        ("20260302T093000Z", "2026-03-02T09:30:00+00:00"),
        ("Mon, 2 Mar 2026 09:30:00 +01:00", "2026-03-02T09:30:00+01:00"),
        ("Mon, 2 Mar 2026 09:30:00 GMT+0100", "2026-03-02T09:30:00+01:00"),
        ("Mon, 2 Mar 2026 09:30:00 +0200 (CEST)", "2026-03-02T09:30:00+02:00"),
        ("Mon, 2 Mar 2026 09:30:00 CET", "2026-03-02T09:30:00+01:00"),
        ("Mon Mar 2 09:30:00 CEST 2026", "2026-03-02T09:30:00+02:00"),
        ("lun., 2 mars 2026 09:30:00 +0100", "2026-03-02T09:30:00+01:00"),
        ("=?utf-8?Q?Mo=2C_2_M=C3=A4rz_2026_09=3A30=3A00_=2B0100?=", "2026-03-02T09:30:00+01:00"),
        ("03/02/2026 9:30:00 PM", "2026-03-02T21:30:00+00:00"),
        ("Mon, 2 Mar 126 09:30:00 +0000", "2026-03-02T09:30:00+00:00"),
        ("Mon, 2 Mar 2026 09:30:60 +0000", "2026-03-02T09:30:59+00:00"),
    ],
)
def test_dates_that_nearly_follow_the_standard_are_read(written: str, meant: str):
    date = parse(f"From: a@e.org\nDate: {written}\n\nx".encode()).date
    assert date is not None
    assert date.isoformat() == meant


@pytest.mark.parametrize("written", ["2026-13-45T99:99:99Z", "Mon, 31 Feb 2026 09:30:00 +0000", "soon", "9", "+99:99"])
def test_what_no_clock_shows_is_no_date(written: str):
    mail = parse(f"From: a@e.org\nDate: {written}\n\nx".encode())
    assert mail.date is None
    assert any("Date" in problem for problem in mail.problems)
