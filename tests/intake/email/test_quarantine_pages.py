"""The quarantine's pages: seen by those who may, and by nobody else."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.people import House, person

from amends.accounts.public import Role, Unit, User
from amends.cases.public import Complaint
from amends.intake.channels.email import services, views
from amends.intake.channels.email.models import MailOutcome, RawMail

EVIL = b"""From: <script>x()</script> <evil@example.org>
Subject: <img src=x onerror=x()>
List-Id: <l.example.org>
Content-Type: text/html

<p>Buy <script>y()</script>now</p>
"""
ROUTES = ["", "{0}/", "{0}/raw/"]


@pytest.fixture
def held(house: object) -> RawMail:
    """A mail in quarantine."""
    Unit.objects.filter(key="london").update(inbound_address="london@amends.localhost")
    number = services.store(raw=EVIL, envelope_from="evil@example.org", envelope_to=["london@amends.localhost"])
    services.process(raw_mail_id=number)
    return RawMail.objects.get(pk=number)


def test_a_lead_sees_the_mail_with_its_reason_and_nothing_in_it_runs(client: Client, lena: User, held: RawMail):
    client.force_login(lena)
    listed = client.get("/quarantine/")
    assert listed.status_code == 200
    assert "1 mails received = 0 stored + 1 here + 0 being read." in listed.content.decode()
    shown = client.get(f"/quarantine/{held.pk}/").content.decode()
    assert "mailing list" in shown
    assert "Buy now" in shown
    for running in ("<script>x", "<script>y", "<img src=x"):
        assert running not in shown + listed.content.decode()


def test_the_raw_mail_is_the_same_bytes_and_only_to_be_saved(client: Client, lena: User, held: RawMail):
    client.force_login(lena)
    answer = client.get(f"/quarantine/{held.pk}/raw/")
    assert answer.content == EVIL
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize("route", ROUTES)
def test_an_outsider_and_an_agent_find_nothing(client: Client, charlie: User, held: RawMail, route: str):
    client.force_login(charlie)
    assert client.get(f"/quarantine/{route.format(held.pk)}").status_code == 404
    for verb in ("release", "discard"):
        assert client.post(f"/quarantine/{held.pk}/{verb}/").status_code == 404
    held.refresh_from_db()
    assert held.state == "quarantined"


@pytest.mark.parametrize("route", ROUTES)
def test_nobody_signed_in_is_asked_to(client: Client, held: RawMail, route: str):
    assert client.get(f"/quarantine/{route.format(held.pk)}").status_code == 302


def test_release_and_discard_from_the_page(client: Client, lena: User, held: RawMail):
    client.force_login(lena)
    assert client.get(f"/quarantine/{held.pk}/release/").status_code == 405
    assert client.post(f"/quarantine/{held.pk}/release/").status_code == 302
    held.refresh_from_db()
    assert held.complaint is not None
    assert client.post(f"/quarantine/{held.pk}/discard/").status_code == 409
    assert client.get(f"/quarantine/{held.pk}/").status_code == 404


@pytest.mark.parametrize("number", ["0", "99999999999", "9" * 40, "-1", "x"])
def test_no_such_mail_is_404(client: Client, lena: User, number: str):
    client.force_login(lena)
    assert client.get(f"/quarantine/{number}/").status_code == 404
    assert client.post(f"/quarantine/{number}/release/").status_code == 404


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "٣", "5"])
def test_a_strange_page_mark_is_ignored(client: Client, lena: User, held: RawMail, before: str):
    client.force_login(lena)
    assert client.get("/quarantine/", {"before": before}).status_code == 200


def test_the_list_takes_a_constant_number_of_queries(
    client: Client, ada: User, house: object, django_assert_max_num_queries
):
    client.force_login(ada)
    for number in range(60):
        mail = services.store(raw=b"List-Id: <l>\n\n%d" % number, envelope_from="", envelope_to=[])
        services.process(raw_mail_id=mail)
    with django_assert_max_num_queries(14):
        page = client.get("/quarantine/").content.decode()
    assert page.count("<article") == 50
    assert "?before=" in page


def test_the_quarantine_speaks_german_too(client: Client, lena: User, held: RawMail):
    User.objects.filter(pk=lena.pk).update(language="de")
    lena.refresh_from_db()
    client.force_login(lena)
    listed = client.get("/quarantine/", headers={"Accept-Language": "de"}).content.decode()
    assert "Mails, die einen Menschen brauchen" in listed
    assert "über eine Mailingliste" in listed
    assert "1 Mails eingegangen = 0 abgelegt + 1 hier" in listed


def test_mail_for_no_unit_or_another_unit_is_not_for_everybody(client: Client, lena: User, ada: User, house: House):
    Unit.objects.filter(key="berlin").update(inbound_address="berlin@amends.localhost")
    numbers = []
    for address in ("berlin@amends.localhost", "nobody@elsewhere.example", "care@amends.localhost"):
        number = services.store(raw=b"List-Id: <l>\n\n" + address.encode(), envelope_from="", envelope_to=[address])
        services.process(raw_mail_id=number)
        numbers.append(number)
    client.force_login(lena)
    assert "<article" not in client.get("/quarantine/").content.decode()
    for number in numbers:
        assert client.get(f"/quarantine/{number}/").status_code == 404
        assert client.get(f"/quarantine/{number}/raw/").status_code == 404
        for verb in ("release", "discard", "again", "by-hand"):
            assert client.post(f"/quarantine/{number}/{verb}/").status_code == 404
    client.force_login(ada)
    assert client.get("/quarantine/").content.decode().count("<article") == 3
    client.force_login(person("Bettina", [(house.berlin, Role.LEAD)]))
    assert client.get("/quarantine/").content.decode().count("<article") == 1
    assert client.get(f"/quarantine/{numbers[0]}/").status_code == 200


def test_try_again_reads_the_mail_once_more(client: Client, lena: User, held: RawMail):
    client.force_login(lena)
    assert client.post(f"/quarantine/{held.pk}/again/").status_code == 302
    held.refresh_from_db()
    assert (held.state, held.reason) == ("received", "")
    assert services.process(raw_mail_id=held.pk) == "quarantined"
    held.refresh_from_db()
    assert "mailing list" in held.reason


BY_HAND = {"name": "Maya Okafor", "email": "maya@example.org", "subject": "Kettle", "text": "It leaks, she says."}


def test_a_mail_can_be_registered_by_hand_with_its_bytes_as_a_file(
    client: Client, lena: User, held: RawMail, house: House
):
    client.force_login(lena)
    answer = client.post(f"/quarantine/{held.pk}/by-hand/", {**BY_HAND, "unit": house.london.pk})
    assert answer.status_code == 302
    held.refresh_from_db()
    assert (held.state, held.outcome) == ("stored", MailOutcome.COMPLAINT)
    complaint = Complaint.objects.get()
    assert held.complaint == complaint
    assert (complaint.text, complaint.customer.email, complaint.unit) == (
        "It leaks, she says.", "maya@example.org", house.london,
    )  # fmt: skip
    files = [one for message in complaint.messages.all() for one in message.attachments.all()]
    assert [bytes(one.blob.data) for one in files] == [EVIL]
    assert client.post(f"/quarantine/{held.pk}/by-hand/", {**BY_HAND, "unit": house.london.pk}).status_code == 404
    assert Complaint.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [{"text": ""}, {"name": "", "email": ""}, {"email": "no address"}, {"unit": "999999"}, {"unit": "x"}, {"text": "\x00"},
     {"name": "x" * 400}],
)  # fmt: skip
def test_what_is_wrong_in_it_is_said_and_what_was_written_stays(
    client: Client, lena: User, held: RawMail, house: House, wrong: dict[str, str]
):
    client.force_login(lena)
    given = {**BY_HAND, "unit": str(house.london.pk), **wrong}
    answer = client.post(f"/quarantine/{held.pk}/by-hand/", given)
    assert answer.status_code == 422
    assert "mistake" in answer.content.decode()
    held.refresh_from_db()
    assert held.state == "quarantined"


def test_by_hand_a_lead_registers_only_for_units_they_see(client: Client, lena: User, held: RawMail, house: House):
    client.force_login(lena)
    answer = client.post(f"/quarantine/{held.pk}/by-hand/", {**BY_HAND, "unit": house.berlin.pk})
    assert answer.status_code == 422
    assert "Berlin" not in answer.content.decode()


def test_a_mail_that_breaks_the_reading_can_still_be_seen_and_registered(
    client: Client, lena: User, held: RawMail, house: House, monkeypatch: pytest.MonkeyPatch
):
    def broken(_raw: bytes) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(views, "parse", broken)
    client.force_login(lena)
    shown = client.get(f"/quarantine/{held.pk}/")
    assert shown.status_code == 200
    assert "Register by hand" in shown.content.decode()
    assert "Make a complaint of it" not in shown.content.decode()
    assert client.post(f"/quarantine/{held.pk}/by-hand/", {**BY_HAND, "unit": house.london.pk}).status_code == 302
