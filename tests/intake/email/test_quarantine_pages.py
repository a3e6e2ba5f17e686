"""The quarantine's pages: seen by those who may, and by nobody else."""

from __future__ import annotations

import pytest
from django.test import Client

from amends.accounts.public import User
from amends.intake.channels.email import services
from amends.intake.channels.email.models import RawMail

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
    number = services.store(raw=EVIL, envelope_from="evil@example.org", envelope_to=["care@amends.localhost"])
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
    client: Client, lena: User, house: object, django_assert_max_num_queries
):
    client.force_login(lena)
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
