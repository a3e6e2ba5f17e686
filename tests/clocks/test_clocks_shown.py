"""Clocks in the API's complaint and in the panel beside a case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation
from pydantic import TypeAdapter
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, User
from amends.cases.public import Complaint
from amends.clocks.public import pack_problems, stop
from amends.clocks.sections import read_clocks
from amends.core import clock
from amends.core.panels import panels
from amends.core.sections import sections

RECEIVED = datetime(2026, 4, 1, 9, tzinfo=UTC)


def received(house: House) -> Complaint:
    house.london.rule_packs = ["house", "uk-fca-disp"]
    house.london.save(update_fields=["rule_packs"])
    with clock.frozen_at(RECEIVED):
        return new_complaint(house.london)


def test_the_api_gives_each_clock_with_its_local_date_state_and_reason(house: House) -> None:
    complaint = received(house)
    section = sections.get("clocks")
    assert section is not None
    with clock.frozen_at(RECEIVED + timedelta(minutes=6)):
        out = TypeAdapter(section.annotation).dump_python(section.read(complaint), mode="json")
    assert [(one["kind"], one["due"], one["state"]) for one in out] == [
        ("acknowledge", "2026-04-01T10:05:00+01:00", "breached"),
        ("summary_resolution", "2026-04-08T17:00:00+01:00", "running"),
        ("final_response", "2026-04-10T23:59:59+01:00", "running"),
        ("final_response", "2026-05-27T23:59:59+01:00", "running"),
    ]
    assert all(one["why"].endswith((" house 2026-01-01", " uk-fca-disp 2026-06-01")) for one in out)
    assert {one["certainty"] for one in out} == {"confirmed"}


def test_the_reason_follows_the_language(house: House) -> None:
    complaint = received(house)
    with translation.override("de"):
        assert read_clocks(complaint)[0].why.startswith("5 Minuten nach dem Eingang")
    with translation.override("fr"):
        assert read_clocks(complaint)[0].why.startswith("5 minutes after receipt")


def panel_of(complaint: Complaint, user: User, language: str = "en") -> str:
    panel = panels.get("clocks")
    assert panel is not None
    with translation.override(language):
        context = {**panel.context(actor(user), complaint), "complaint": complaint, "panel": panel}
        return " ".join(render_to_string(panel.template, context).split())


def test_the_panel_shows_every_clock_with_state_date_reason_and_source(house: House, alice: User) -> None:
    complaint = received(house)
    stop(actor=SYSTEM, complaint_id=complaint.pk, event="acknowledged", at=RECEIVED + timedelta(minutes=7))
    with clock.frozen_at(RECEIVED + timedelta(hours=1)):
        page = panel_of(complaint, alice)
    assert page.startswith('<section id="panel-clocks" class="panel"')
    assert "Kept too late" in page
    assert "Wed 1 Apr 2026, 10:07" in page
    assert "Fri 10 Apr 2026</time>" in page
    assert "without Sat, Sun, Good Friday (3 Apr) and Easter Monday (6 Apr)" in page
    assert 'href="https://handbook.fca.org.uk/handbook/disp1/disp1s6?date=01-06-2026"' in page


def test_the_panel_speaks_german(house: House, alice: User) -> None:
    complaint = received(house)
    with clock.frozen_at(RECEIVED + timedelta(minutes=4)):
        page = panel_of(complaint, alice, "de")
    assert "Bald fällig" in page
    assert "Eingang bestätigen" in page
    assert "5 Arbeitstage nach dem Eingang" in page


def test_an_empty_panel_says_why(house: House, alice: User) -> None:
    house.london.rule_packs = ["gone"]
    house.london.save(update_fields=["rule_packs"])
    assert "No clock has started" in panel_of(new_complaint(house.london), alice)


def test_the_doctor_is_told_about_packs_that_units_name_and_nobody_has(house: House) -> None:
    assert pack_problems(["house", "uk-fca-disp"]) == []
    (problem,) = pack_problems(["gone", "house"])
    assert problem.startswith("There is no rule pack 'gone'")


def test_the_panel_has_its_own_address_and_is_no_business_of_an_outsider(
    house: House, client: Client, alice: User, charlie: User
) -> None:
    complaint = received(house)
    complaint.refresh_from_db()
    address = f"/cases/{complaint.reference}/panels/clocks/"
    client.force_login(alice)
    page = client.get(address, headers={"HX-Request": "true"})
    assert page.status_code == 200
    assert page.content.decode().count('id="panel-clocks"') == 1
    client.force_login(charlie)
    assert client.get(address).status_code == 404
