"""Is any mail missing? The counts that must agree, the page that shows them, and who hears of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from tests.people import House, actor

from amends.accounts.public import SYSTEM, User, create_token
from amends.audit.public import Record
from amends.cli import checks
from amends.cli.findings import Level
from amends.core import clock
from amends.core.errors import NotAllowed
from amends.intake.channels.email import services
from amends.intake.channels.email.alarm import look_after_mail
from amends.intake.channels.email.incoming import cursor
from amends.intake.channels.email.incoming.mailboxes import LIMITS, add_mailbox, change_mailbox
from amends.intake.channels.email.models import Mailbox, MailTally, RawMail
from amends.intake.channels.email.tally import mail_health
from amends.notifications.public import Notification

VALUES: dict[str, Any] = {
    "name": "Care", "host": "imap.example.org", "user": "care", "secret": "env:AMENDS_MAILBOX_SECRET_CARE",
}  # fmt: skip


def take(number: int, process: bool = True) -> int:
    """A mail that came."""
    raw = f"From: maya{number}@example.org\r\nSubject: Kettle {number}\r\n\r\nIt leaks.\r\n".encode()
    mail = services.store(raw=raw, envelope_from="", envelope_to=["care@amends.localhost"])
    if process:
        services.process(raw_mail_id=mail)
    return mail


@pytest.fixture
def box(house: House) -> Mailbox:
    """A mailbox that nobody reads."""
    return add_mailbox(actor=SYSTEM, values={**VALUES, "unit_id": house.root.pk})


def test_what_came_is_counted_apart_and_agrees(house: House):
    for number in range(3):
        take(number)
    found = mail_health()
    assert (found.accepted, found.present, found.missing, found.good) == (3, 3, 0, True)


def test_a_mail_that_is_not_kept_is_not_counted(house: House):
    with transaction.atomic():
        take(1, process=False)
        transaction.set_rollback(True)
    assert mail_health().good
    assert MailTally.objects.count() == 0


def test_a_deleted_mail_is_noticed_by_page_metrics_doctor_and_people(
    client: Client, house: House, ada: User, lena: User, tmp_path: Any
):
    take(1)
    RawMail.objects.filter(pk=take(2, process=False)).delete()
    found = mail_health()
    assert (found.missing, found.good) == (1, False)
    client.force_login(ada)
    page = client.get("/health/").content.decode()
    assert "1 mail was taken in and is not there any more" in page
    assert "amends_mails_missing 1.0" in client.get("/metrics").content.decode()
    where: Any = None
    assert any(
        one.level is Level.BAD and "2 mails were taken in, 1 are there" in one.what
        for one in checks.mail_balance(where)
    )
    assert look_after_mail() == 1
    assert look_after_mail() == 0
    told = Notification.objects.get()
    assert (told.user, told.url) == (ada, "/health/")


def test_a_mail_that_nobody_reads_is_noticed_after_five_minutes(house: House, ada: User):
    take(1, process=False)
    assert mail_health().good
    with clock.frozen_at(clock.now() + timedelta(minutes=6)):
        assert mail_health().overdue == 1
        assert look_after_mail() == 1


@pytest.mark.parametrize("hour", [12, 23])
def test_a_mailbox_that_cannot_be_read_is_told_after_a_quarter_of_an_hour_and_again_a_day_later(
    box: Mailbox, ada: User, hour: int
):
    moment = clock.now().replace(hour=hour, minute=35) + timedelta(days=1)  # with 23:35 midnight lies between
    for minutes, told in ((0, 0), (10, 0), (20, 1), (30, 0), (24 * 60 + 20, 1)):
        with clock.frozen_at(moment + timedelta(minutes=minutes)):
            cursor.note_trouble(mailbox_id=box.pk, problem="The server refused the sign-in.")
            assert look_after_mail() == told, minutes
    cursor.note_contact(mailbox_id=box.pk)
    assert mail_health().good


def test_the_doctor_looks_at_each_mailbox(box: Mailbox):
    where: Any = None

    def said() -> str:
        return " ".join(f"{one.level} {one.what}" for one in checks.mail_balance(where))

    assert "has never been read" in said()
    cursor.note_contact(mailbox_id=box.pk)
    assert "ok The mailbox “Care” is read." in said()
    cursor.note_trouble(mailbox_id=box.pk, problem="No connection")
    assert "WRONG The mailbox “Care” cannot be read" in said()
    with clock.frozen_at(clock.now() + timedelta(hours=1)):
        cursor.note_contact(mailbox_id=box.pk)
    with clock.frozen_at(clock.now() + timedelta(hours=2)):
        assert "was last read 60 minutes ago" in said()


def test_the_pages_of_mailboxes_are_for_administrators(client: Client, box: Mailbox, lena: User, charlie: User):
    for person in (lena, charlie):
        client.force_login(person)
        for path in ("/mailboxes/", "/mailboxes/add/", f"/mailboxes/{box.pk}/"):
            assert client.get(path).status_code == 404
        assert client.post(f"/mailboxes/{box.pk}/try/").status_code == 404
    client.force_login(charlie)
    assert client.get("/health/").status_code == 404
    with pytest.raises(NotAllowed):
        change_mailbox(actor=actor(lena), mailbox_id=box.pk, values={"active": False})


def test_a_lead_sees_the_health_but_no_mailbox_of_another_unit(client: Client, box: Mailbox, lena: User):
    client.force_login(lena)
    page = client.get("/health/").content.decode()
    assert "No mail is missing" in page
    assert "imap.example.org" not in page


def test_an_administrator_adds_changes_and_tries_a_mailbox(client: Client, ada: User, house: House):
    client.force_login(ada)
    form = {**VALUES, "unit_id": house.london.pk, "host": "127.0.0.1", "port": 1, "tls": "implicit", "folder": "INBOX",
            "auth": "password", "active": "on"}  # fmt: skip
    assert client.post("/mailboxes/add/", form).status_code == 302
    box = Mailbox.objects.get()
    assert (box.unit, box.active, box.port) == (house.london, True, 1)
    assert "Care" in client.get("/mailboxes/").content.decode()
    before = box.changed_at
    assert client.post(f"/mailboxes/{box.pk}/", {**form, "folder": "Complaints", "active": ""}).status_code == 302
    box.refresh_from_db()
    assert (box.folder, box.active) == ("Complaints", False)
    assert box.changed_at > before
    tried = client.post(f"/mailboxes/{box.pk}/try/", follow=True).content.decode()
    assert "No connection" in tried or "is not set" in tried
    assert [one.kind for one in Record.objects.filter(chain="mailboxes").order_by("pk")] == [
        "mailbox_added",
        "mailbox_changed",
    ]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"secret": "hunter2"}, "never kept here"),
        ({"secret": "env:DATABASE_URL"}, "never kept here"),
        ({"host": "bad host"}, "name of the IMAP server"),
        ({"port": "70000"}, "65535"),
        ({"auth": "oauth2"}, "https://"),
        ({"name": "\x00"}, ""),
        ({"address": "nobody"}, "e-mail address"),
    ],
)
def test_wrong_values_are_said_at_their_place(
    client: Client, ada: User, house: House, wrong: dict[str, str], words: str
):
    client.force_login(ada)
    form = {**VALUES, "unit_id": house.london.pk, "port": 993, "tls": "implicit", "folder": "INBOX", "auth": "password"}
    answer = client.post("/mailboxes/add/", {**form, **wrong})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "mistake" in page
    assert words in page
    assert not Mailbox.objects.exists()


def test_two_mailboxes_cannot_have_one_name(client: Client, ada: User, box: Mailbox, house: House):
    client.force_login(ada)
    form = {**VALUES, "unit_id": house.london.pk, "port": 993, "tls": "implicit", "folder": "INBOX", "auth": "password"}
    assert "this name already" in client.post("/mailboxes/add/", form).content.decode()


def api(client: Client, method: str, path: str, key: str, /, **body: Any) -> Any:
    """Ask the API."""
    headers = {"Authorization": f"Bearer {key}"}
    more = {"data": body, "content_type": "application/json"} if method != "get" else {}
    return getattr(client, method)(f"/api/v1{path}", headers=headers, **more)


def test_mailboxes_in_the_api(client: Client, house: House):
    secret = create_token(actor=SYSTEM, name="admin", scopes=["admin"])
    made = api(client, "post", "/mailboxes", secret, **VALUES, unit="berlin")
    assert made.status_code == 201
    assert made.json()["unit"] == "berlin"
    number = made.json()["id"]
    assert [one["name"] for one in api(client, "get", "/mailboxes", secret).json()] == ["Care"]
    changed = api(client, "patch", f"/mailboxes/{number}", secret, active=False)
    assert (changed.status_code, changed.json()["active"], changed.json()["host"]) == (200, False, "imap.example.org")
    assert api(client, "post", f"/mailboxes/{number}/try", secret).json()["works"] is False
    assert api(client, "patch", "/mailboxes/999999", secret, active=False).status_code == 404
    assert (
        api(
            client, "post", "/mailboxes", secret, **{**VALUES, "name": "x", "secret": "hunter2"}, unit="berlin"
        ).status_code
        == 422
    )


def test_mailboxes_in_the_api_are_for_administrators_of_their_unit(client: Client, box: Mailbox, house: House):
    worker = create_token(actor=SYSTEM, name="worker", scopes=["work", "read", "intake", "quarantine"])
    assert api(client, "get", "/mailboxes", worker).status_code == 403
    berlin = create_token(actor=SYSTEM, name="berlin", scopes=["admin"], unit=house.berlin)
    assert api(client, "get", "/mailboxes", berlin).json() == []
    assert api(client, "patch", f"/mailboxes/{box.pk}", berlin, active=False).status_code == 404
    assert api(client, "post", "/mailboxes", berlin, **{**VALUES, "name": "mine"}, unit="london").status_code == 422


def test_health_and_quarantine_in_the_api(client: Client, house: House):
    secret = create_token(actor=SYSTEM, name="q", scopes=["quarantine"])
    number = services.store(raw=b"List-Id: <l>\n\nx", envelope_from="", envelope_to=["care@amends.localhost"])
    services.process(raw_mail_id=number)
    found = api(client, "get", "/mail/health", secret).json()
    assert (found["good"], found["accepted"], found["quarantined"]) == (True, 1, 1)
    berlin = create_token(actor=SYSTEM, name="b", scopes=["quarantine"], unit=house.berlin)
    assert api(client, "get", "/quarantine", berlin).json() == []
    assert api(client, "post", f"/quarantine/{number}/again", berlin).status_code == 404
    assert api(client, "post", f"/quarantine/{number}/again", secret).status_code == 202
    services.process(raw_mail_id=number)
    made = api(client, "post", f"/quarantine/{number}/by-hand", secret, unit="london", name="Maya", text="It leaks.")
    assert made.status_code == 201
    assert made.json()["reference"].startswith("AM-")


def test_the_limits_are_those_of_the_table():
    assert {name: Mailbox._meta.get_field(name).max_length for name in LIMITS} == LIMITS


def test_the_pages_speak_german(client: Client, ada: User, box: Mailbox):
    User.objects.filter(pk=ada.pk).update(language="de")
    ada.refresh_from_db()
    client.force_login(ada)
    german = {"Accept-Language": "de"}
    assert "Keine Mail fehlt" in client.get("/health/", headers=german).content.decode()
    assert "Verbindung prüfen" in client.get("/mailboxes/", headers=german).content.decode()
    assert "Mails darin gehören zu" in client.get(f"/mailboxes/{box.pk}/", headers=german).content.decode()
