"""The complaint form: everything a person writes gets in once, and machines and harm stay out."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.people import House

from amends.cases.public import Attachment, Complaint, Message
from amends.core import clock
from amends.intake.channels.web import guard
from amends.intake.channels.web.files import MAX_FILE, MAX_FILES, sniff
from amends.intake.channels.web.models import FormUse

MONDAY = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40
GOOD: dict[str, Any] = {
    "text": "My speaker crackles since the update. I called twice and nobody rang back.",
    "wish": "A speaker that works.",
    "product": "Aria One",
    "order": "N-4711",
    "happened_on": "2026-02-27",
    "name": "Maya Okafor",
    "email": "Maya@Example.org",
    "phone": "",
    "for_somebody": "",
    "fax_extension": "",
}


def stamp(age: timedelta = timedelta(minutes=2), at: datetime = MONDAY) -> str:
    return guard.new_stamp(at - age)


def send(
    client: Client, path: str = "/complain/", *, at: datetime = MONDAY, address: str = "192.0.2.1", **change: Any
) -> Any:
    data = {**GOOD, "stamp": stamp(at=at), **change}
    with clock.frozen_at(at):
        return client.post(
            path, {name: value for name, value in data.items() if value is not None}, REMOTE_ADDR=address
        )


def test_what_was_written_becomes_a_complaint_with_a_reference_and_a_page(client: Client, house: House) -> None:
    answer = send(client)
    assert answer.status_code == 302, answer.content.decode()
    complaint = Complaint.objects.get()
    assert answer["Location"].startswith(f"/p/{complaint.public_id.hex}.")
    assert complaint.channel == "web"
    assert complaint.unit == house.root
    assert complaint.product == house.speaker
    assert complaint.text == GOOD["text"]
    assert complaint.desired_outcome == "A speaker that works."
    assert complaint.attributes == {"order": "N-4711", "happened_on": "2026-02-27"}
    assert complaint.customer.email == "maya@example.org"
    assert complaint.language == "en"
    page = client.get(answer["Location"]).content.decode()
    assert complaint.reference is not None
    assert complaint.reference in page


def test_a_double_click_makes_one_complaint(client: Client, house: House) -> None:
    one = stamp()
    first, second = send(client, stamp=one), send(client, stamp=one)
    assert first["Location"] == second["Location"]
    assert Complaint.objects.count() == 1
    assert FormUse.objects.count() == 1


def test_the_same_page_sent_again_with_other_words_asks_first(client: Client, house: House) -> None:
    one = stamp()
    send(client, stamp=one)
    again = send(client, stamp=one, text="Something quite different has happened now.")
    assert again.status_code == 422
    assert "before with other words" in again.content.decode()
    fresh = re.search(r'name="stamp" value="([^"]+)"', again.content.decode())
    assert fresh is not None
    assert Complaint.objects.count() == 1
    assert send(client, stamp=fresh[1], text="Something quite different has happened now.").status_code == 302
    assert Complaint.objects.count() == 2


def test_a_shop_has_its_own_address_and_an_old_one_loses_no_complaint(client: Client, house: House) -> None:
    assert send(client, "/complain/london/").status_code == 302
    assert Complaint.objects.get().unit == house.london
    assert client.get("/complain/closed-shop/").status_code == 200
    assert send(client, "/complain/closed-shop/", text="The poster still hangs.").status_code == 302
    assert Complaint.objects.get(text="The poster still hangs.").unit == house.root


def test_a_shop_can_be_chosen_in_the_form(client: Client, house: House) -> None:
    assert "Laden Berlin" in client.get("/complain/").content.decode()
    assert send(client, shop="berlin").status_code == 302
    assert Complaint.objects.get().unit == house.berlin
    assert send(client, shop="northlight", text="Another matter.").status_code == 422


def test_somebody_may_write_for_somebody_else(client: Client, house: House) -> None:
    send(client, for_somebody="Grandma Okafor")
    complaint = Complaint.objects.get()
    assert complaint.customer.name == "Grandma Okafor"
    assert complaint.representative is not None
    assert complaint.representative.email == "maya@example.org"


def test_the_language_of_the_browser_is_the_language_of_the_form_and_the_complaint(
    client: Client, house: House
) -> None:
    page = client.get("/complain/", headers={"Accept-Language": "de-AT,de;q=0.9"})
    assert 'lang="de"' in page.content.decode()
    with clock.frozen_at(MONDAY):
        client.post("/complain/", {**GOOD, "stamp": stamp()}, headers={"Accept-Language": "de-AT,de;q=0.9"})
    assert Complaint.objects.get().language == "de"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"text": ""}, "tell us what happened"),
        ({"text": " \x00 "}, "tell us what happened"),
        ({"text": "x" * 60_000}, "50000"),
        ({"email": "", "phone": ""}, "e-mail address or a phone number"),
        ({"email": "not an address"}, "does not look like an e-mail"),
        ({"name": "x" * 10_000}, "200"),
        ({"happened_on": "2999-01-01"}, "cannot be right"),
        ({"happened_on": "yesterday"}, "31.12.2025"),
        ({"shop": "\x00"}, "Select a valid choice"),
        ({"fax_extension": "SEO"}, "trap for machines"),
    ],
)
def test_a_mistake_is_said_beside_its_field_and_nothing_is_lost(
    client: Client, house: House, change: dict[str, str], words: str
) -> None:
    answer = send(client, **change)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert 'aria-invalid="true"' in page
    assert "A speaker that works." in page
    assert Complaint.objects.count() == 0


@pytest.mark.parametrize("bad", ["", "x", "1.2.3", "\x00", "9" * 5000, None])
def test_a_submission_without_our_stamp_gets_a_second_chance_and_stores_nothing(
    client: Client, house: House, bad: str | None
) -> None:
    answer = send(client, stamp=bad)
    assert answer.status_code == 422
    assert "press the button once more" in answer.content.decode()
    assert Complaint.objects.count() == 0


def test_a_stamp_cannot_be_made_up_or_made_older(client: Client, house: House) -> None:
    opened, key, signature = stamp().split(".")
    assert guard.read_stamp(f"{int(opened) - 60}.{key}.{signature}") is None
    assert guard.read_stamp(f"{opened}.{'0' * 32}.{signature}") is None


def test_nobody_writes_in_a_second_or_after_three_days(client: Client, house: House) -> None:
    assert send(client, stamp=stamp(timedelta(seconds=1))).status_code == 422
    assert send(client, stamp=stamp(timedelta(days=3))).status_code == 422
    assert Complaint.objects.count() == 0


def test_a_flood_from_one_visitor_is_stopped_and_another_is_not(client: Client, house: House) -> None:
    for number in range(guard.PER_VISITOR):
        assert send(client, text=f"Case {number}", email=f"p{number}@example.org").status_code == 302
    refused = send(client, text="One more", email="more@example.org")
    assert refused.status_code == 429
    assert "One more" in refused.content.decode()
    assert send(client, text="From elsewhere", email="x@example.org", address="198.51.100.7").status_code == 302
    later = MONDAY + timedelta(minutes=61)
    assert send(client, text="Later", email="y@example.org", at=later).status_code == 302


def test_one_address_cannot_be_flooded_with_our_letters(client: Client, house: House) -> None:
    for number in range(guard.PER_ADDRESS):
        assert send(client, text=f"Case {number}", address=f"192.0.2.{number}").status_code == 302
    assert send(client, text="One more", address="192.0.2.99").status_code == 429


def test_visitors_are_counted_without_keeping_their_address(client: Client, house: House) -> None:
    send(client, address="2001:db8:1:2:3:4:5:6")
    use = FormUse.objects.get()
    assert "2001" not in use.visitor
    same_net = guard.visitor_hash("2001:db8:1:2::9", MONDAY)
    assert use.visitor == same_net
    assert guard.visitor_hash("2001:db8:1:2::9", MONDAY + timedelta(days=1)) != same_net
    assert guard.visitor_hash("rubbish", MONDAY) == guard.visitor_hash("", MONDAY)
    send(client, at=MONDAY + timedelta(days=3), text="Later")
    assert FormUse.objects.count() == 1


def upload(name: str, data: bytes, kind: str = "application/octet-stream") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, kind)


def test_files_come_along_with_the_type_their_bytes_have(client: Client, house: House) -> None:
    assert (
        send(
            client, files=[upload("../../photo of me.exe.png", PNG, "text/html"), upload("bill.pdf", b"%PDF-1.7 x")]
        ).status_code
        == 302
    )
    kept = {one.name: one.content_type for one in Attachment.objects.all()}
    assert kept == {"photo of me.exe.png": "image/png", "bill.pdf": "application/pdf"}
    assert Message.objects.get().attachments.count() == 2


def office(*names: str, mimetype: str = "") -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, "x")
    return held.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("run.exe", b"MZ\x90\x00" + b"\x00" * 100),
        ("photo.png", b"MZ\x90\x00" + b"\x00" * 100),
        ("run", b"\x7fELF" + b"\x00" * 100),
        ("page.html", b"<!DOCTYPE html><script>alert(1)</script>"),
        ("page.txt", b"  <html><script>alert(1)</script>"),
        ("drawing.svg", b"<svg xmlns='x' onload='alert(1)'/>"),
        ("drawing.png", b"<svg onload='alert(1)'/>"),
        ("script.txt", b"#!/bin/sh\nrm -rf /"),
        ("archive.zip", office("harmless.txt")),
        ("macro.docx", office("word/document.xml", "word/vbaProject.bin")),
        ("broken.docx", b"PK\x03\x04broken"),
        ("nothing.png", b""),
        ("bytes.txt", b"\x00\x01\x02"),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 100),
        ("b.bmp", b"BMW drives well"),
    ],
)
def test_files_that_could_do_harm_are_refused_by_name(client: Client, house: House, name: str, data: bytes) -> None:
    answer = send(client, files=[upload(name, data)])
    assert answer.status_code == 422
    assert f"“{name}”" in answer.content.decode()
    assert Complaint.objects.count() == 0
    assert "My speaker crackles" in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.jpg", b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        ("a.heic", b"\x00\x00\x00\x18ftypheic", "image/heic"),
        ("a.mp4", b"\x00\x00\x00\x18ftypisom", "video/mp4"),
        ("a.mov", b"\x00\x00\x00\x14ftypqt  ", "video/quicktime"),
        ("a.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        ("a.wav", b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wav"),
        (
            "a.docx",
            office("word/document.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (
            "a.odt",
            office("content.xml", mimetype="application/vnd.oasis.opendocument.text"),
            "application/vnd.oasis.opendocument.text",
        ),
        ("a.txt", "Größe".encode("latin-1"), "text/plain"),
        ("a.csv", b"a;b\n1;2", "text/csv"),
    ],
)
def test_harmless_files_are_known_by_their_bytes(name: str, data: bytes, kind: str) -> None:
    assert sniff(name, data) == kind


def test_too_many_and_too_large_files_are_refused_in_words(client: Client, house: House) -> None:
    many = send(client, files=[upload(f"{number}.png", PNG) for number in range(MAX_FILES + 1)])
    assert many.status_code == 422
    assert f"at most {MAX_FILES} files" in many.content.decode()
    large = send(client, files=[upload("film.png", PNG + b"\x00" * MAX_FILE)])
    assert large.status_code == 422
    assert "larger than 10 MB" in large.content.decode()
    assert Complaint.objects.count() == 0


def test_a_broken_body_is_a_clear_error(client: Client, house: House) -> None:
    answer = client.post("/complain/", data=b"--x\r\nrubbish", content_type="multipart/form-data; boundary=x")
    assert answer.status_code in (400, 422)
    answer = client.post("/complain/", data=b"x" * 13_000_000, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 413
    assert client.put("/complain/").status_code == 405


def test_a_link_can_bring_the_product_along(client: Client, house: House) -> None:
    page = client.get("/complain/?product=Aria%20One&order=%3Cb%3E7%00").content.decode()
    assert 'value="Aria One"' in page
    assert "<b>7" not in page


def test_the_form_asks_for_no_cookie_and_is_no_page_of_the_staff(client: Client, house: House) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert send(strict).status_code == 302
    assert strict.cookies == {}


def test_before_the_house_is_set_up_the_form_says_so(client: Client, db: None) -> None:
    assert client.get("/complain/").status_code == 422
