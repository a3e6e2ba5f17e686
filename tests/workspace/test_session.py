"""Coming in: sign-in, its limits, and the first run."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from tests.people import House

from amends.accounts.public import Unit, User
from amends.core import clock
from amends.workspace.models import SignInAttempt
from amends.workspace.services import PER_ADDRESS

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
FIRST = {
    "name": "Kestrel Bikes", "country": "de", "timezone": "Europe/Berlin", "language": "de",
    "person": "Ina Kranz", "email": "ina@kestrel.example", "password": "a long enough phrase",
}  # fmt: skip


def sign_in(client: Client, email: str, password: str, **more: str) -> int:
    return client.post("/sign-in/", {"email": email, "password": password, **more}).status_code


def test_right_password_leads_to_the_page_that_was_wanted(alice: User) -> None:
    answer = Client().post("/sign-in/", {"email": alice.email.upper(), "password": PASSWORD, "next": "/queue/team/"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/queue/team/")


def test_nobody_is_led_to_another_site(alice: User) -> None:
    answer = Client().post("/sign-in/", {"email": alice.email, "password": PASSWORD, "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/"


def test_wrong_password_unknown_address_and_former_colleague_get_the_same_answer(alice: User, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    answers = [
        Client().post("/sign-in/", {"email": email, "password": password})
        for email, password in ((alice.email, "wrong"), ("nobody@northlight.example", "wrong"), (bob.email, PASSWORD))
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert all("do not belong together" in answer.text for answer in answers)


def test_guessing_must_wait_even_with_the_right_password_and_then_may_go_on(alice: User) -> None:
    for _ in range(PER_ADDRESS):
        assert sign_in(Client(), alice.email, "guess") == 422
    assert sign_in(Client(), alice.email, PASSWORD) == 429
    with clock.frozen_at(clock.now() + timedelta(minutes=16)):
        assert sign_in(Client(), alice.email, PASSWORD) == 302


def test_attempts_hold_no_address(alice: User) -> None:
    sign_in(Client(), alice.email, "guess")
    assert all("alice" not in source for source in SignInAttempt.objects.values_list("source", flat=True))


def test_sign_in_is_safe_from_other_sites(alice: User) -> None:
    answer = Client(enforce_csrf_checks=True).post("/sign-in/", {"email": alice.email, "password": PASSWORD})
    assert answer.status_code == 403


def test_empty_system_asks_for_the_organisation_and_signs_its_administrator_in(db: None) -> None:
    client = Client()
    assert client.get("/").headers["Location"] == "/first-run/"
    assert client.get("/first-run/").status_code == 200
    answer = client.post("/first-run/", FIRST, follow=True)
    assert answer.redirect_chain[-1][0] == "/queue/all/"
    root = Unit.objects.get()
    assert (root.name, root.country, root.timezone) == ("Kestrel Bikes", "DE", "Europe/Berlin")


def test_first_run_names_every_mistake_and_creates_nothing(db: None) -> None:
    answer = Client().post("/first-run/", {**FIRST, "password": "short", "country": "Germany"})
    assert answer.status_code == 422
    assert answer.text.count('class="mistake"') >= 2
    assert not Unit.objects.exists()


def test_first_run_is_closed_once_there_is_an_organisation(house: House) -> None:
    answer = Client().post("/first-run/", FIRST)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert not User.objects.filter(email=FIRST["email"]).exists()


def test_sign_out_ends_the_session(alice: User) -> None:
    client = Client()
    sign_in(client, alice.email, PASSWORD)
    client.post("/sign-out/")
    assert client.get("/queue/mine/").status_code == 302
